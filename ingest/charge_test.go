package ingest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
	"sizeterm/ingest/usage"
)

func day(text string) int64 {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t.Unix()
}

func TestPartnerExport(t *testing.T) {
	got := readText(t, table(mpaHeader, vmRow()), ingest.Options{})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects)
	require.Equal(t, []usage.ChargeRow{{
		Customer: "c0ffee00-0000-4000-8000-000000000001", CustomerName: "Contoso, Ltd.", Subscription: "1caaa5a3-2b66-438e-8ab4-bce37d518c5d", SubscriptionName: "Production",
		ResourceGroup: "rg-web", Resource: "/subscriptions/1caaa5a3-2b66-438e-8ab4-bce37d518c5d/resourcegroups/rg-web/providers/microsoft.compute/virtualmachines/web01",
		VM: "web01", Size: "Standard_D2s_v5", Region: "westeurope", OS: "linux", Kind: usage.Compute, Model: usage.OnDemand, Start: day("2026-10-05"), End: day("2026-10-06"),
		Hours: 24_000_000, HasHours: true, Rate: 1_150_000_000, HasRate: true, ListRate: 1_150_000_000, HasListRate: true, Cost: 2_760_000, Currency: "EUR",
		Tags: `{"env":"prod"}`, Export: "actual", Dataset: "|test.csv", Line: 2,
	}}, got.charges)
	s := got.summary
	require.Equal(t, "mpa-2021-10-01", s.Dialect)
	require.Equal(t, []string{"c0ffee00-0000-4000-8000-000000000001"}, s.Customers)
	require.Equal(t, []ingest.Total{{Currency: "EUR", Kind: "compute", Rows: 1, Cost: "2.76"}}, s.Totals)
	require.Equal(t, 24*time.Hour, s.Grain)
	require.Equal(t, "2026-10-05", s.From.Format(time.DateOnly))
	require.Len(t, s.SHA256, 64)
}

func TestAgreementsOfCostManagement(t *testing.T) {
	ea := vmRow(cells{"resourcegroup": "RG-Web", "billingcurrencycode": "EUR"})
	for dialect, file := range map[string]string{"mpa-2021-10-01": table(mpaHeader, vmRow()), "mca-2021-10-01": table(mcaHeader, vmRow()), "ea-2024-08-01": table(eaHeader, ea)} {
		got := readText(t, file, ingest.Options{})
		require.NoError(t, got.err, dialect)
		require.Equal(t, dialect, got.summary.Dialect)
		require.Len(t, got.charges, 1, dialect)
		c := got.charges[0]
		require.Equal(t, "Standard_D2s_v5", c.Size)
		require.EqualValues(t, 24_000_000, c.Hours)
		require.EqualValues(t, 2_760_000, c.Cost)
		require.Equal(t, "rg-web", c.ResourceGroup)
		require.EqualValues(t, 1_150_000_000, c.Rate)
		if dialect != "mpa-2021-10-01" {
			require.Equal(t, "9a12f056-5f0f-4d3a-8f3f-000000000001:9a12f056_2019-05-31", c.Customer)
		}
	}
}

// The real Enterprise Agreement files of the FinOps toolkit: a reservation purchase, a covered scale-set instance and a
// savings-plan instance, with sums worked out by adding the column Cost in a spreadsheet.
func TestRealEnterpriseFiles(t *testing.T) {
	if path, ok := sharedFile(t, "exports/EA_ActualCost_Small.csv"); ok {
		got := readFile(t, path)
		require.EqualValues(t, 11, got.summary.Rows)
		require.Len(t, got.charges, 1)
		c := got.charges[0]
		require.Equal(t, usage.Purchase, c.Kind)
		require.Equal(t, usage.Reservation, c.Model)
		require.False(t, c.HasHours, "an instalment is no hour of usage")
		require.False(t, c.HasRate)
		require.EqualValues(t, 3_250_000, c.Cost)
		require.Equal(t, "49ed0e4d-8e0c-4f1f-af2c-67c865056615", c.Benefit)
		require.Equal(t, "Standard_B1s", c.BenefitSize)
		require.Equal(t, "uksouth", c.Region)
		require.Equal(t, "actual", c.Export)
	}
	if path, ok := sharedFile(t, "exports/EA_AmortizedCost_Small_part1.csv"); ok {
		got := readFile(t, path)
		require.EqualValues(t, 15, got.summary.Rows)
		require.Equal(t, "amortized", got.summary.Export)
		require.Len(t, got.charges, 2)
		covered, plan := got.charges[0], got.charges[1]
		require.Equal(t, "aks-agentpool-42850074-vmss_1", covered.VM, "an instance of a scale set has its own name")
		require.True(t, strings.HasSuffix(covered.Resource, "/virtualmachinescalesets/aks-agentpool-42850074-vmss"))
		require.Equal(t, "Standard_DS2_v2", covered.Size)
		require.Equal(t, "Standard_DS1_v2", covered.BenefitSize)
		require.EqualValues(t, 200, covered.BenefitRatio)
		require.EqualValues(t, 8_000_000, covered.Hours, "the row's quantity, not ConsumedQuantity of AdditionalInfo")
		require.Equal(t, "f39d1c73-af74-4308-9083-fbf5efab37d1", covered.Benefit)
		require.False(t, covered.HasRate, "no price is taken from a reservation row")
		require.Equal(t, "eastus", covered.Region)
		require.EqualValues(t, 493_152, covered.Cost)
		require.Equal(t, usage.SavingsPlan, plan.Model)
		require.EqualValues(t, 320_856, plan.Hours)
		require.EqualValues(t, 416_000_000, plan.Rate)
		require.EqualValues(t, 6_000, plan.Cost, "0.006000000468 rounded once")
	}
}

func readFile(t *testing.T, path string) read {
	t.Helper()
	inputs, err := ingest.Discover([]string{path}, nil)
	require.NoError(t, err)
	require.Len(t, inputs, 1)
	got := readInput(t, inputs[0], ingest.Options{})
	require.NoError(t, got.err)
	return got
}

func TestRatesAreConvertedToBillingCurrency(t *testing.T) {
	usd := vmRow(cells{"pricingcurrency": "USD", "exchangeratepricingtobilling": "0.85", "unitprice": "0.096", "paygprice": "0.1"})
	got := readText(t, table(mpaHeader, usd), ingest.Options{})
	require.EqualValues(t, 816_000_000, got.charges[0].Rate, "0.096 USD x 0.85 = 0.0816 EUR")
	require.EqualValues(t, 850_000_000, got.charges[0].ListRate)
	odd := vmRow(cells{"pricingcurrency": "USD", "exchangeratepricingtobilling": "0.858663918942126052", "unitprice": "0.096"})
	got = readText(t, table(mpaHeader, odd), ingest.Options{})
	// 0.096 x 0.858663918942126052 = 0.082431736218444100992
	require.EqualValues(t, 824_317_362, got.charges[0].Rate)
	require.Equal(t, "rate_rounded", got.summary.Notices[1].Code, "behind open_month")
	none := vmRow(cells{"pricingcurrency": "USD", "exchangeratepricingtobilling": ""})
	got = readText(t, table(mpaHeader, none), ingest.Options{})
	require.False(t, got.charges[0].HasRate, "without an exchange rate there is no price")
}

func TestRowsThatAreNoMachineTime(t *testing.T) {
	check := func(name string, kind usage.Kind, apart string, change cells) {
		t.Helper()
		got := readText(t, table(mpaHeader, vmRow(change)), ingest.Options{})
		require.NoError(t, got.err, name)
		require.Empty(t, got.rejects, name)
		if apart != "" {
			require.Equal(t, []ingest.SetApart{{Reason: apart, Rows: 1}}, got.summary.SetApart, name)
			require.Equal(t, "apart", got.summary.Totals[0].Kind)
			return
		}
		require.Len(t, got.charges, 1, name)
		require.Equal(t, kind, got.charges[0].Kind, name)
	}
	check("machine", usage.Compute, "", cells{})
	check("storage", 0, "not_a_virtual_machine", cells{"metercategory": "Storage", "additionalinfo": ""})
	check("licence by usage type", usage.Software, "", cells{"additionalinfo": `{"UsageType":"ComputeHR_SW","ServiceType":"Standard_B1s"}`})
	check("licence by category", usage.Software, "", cells{"metercategory": "Virtual Machines Licenses"})
	check("licence by category of Partner Center", usage.Software, "", cells{"metercategory": "Virtual Machine Licenses"})
	check("capacity reservation", 0, "capacity_reservation", cells{"additionalinfo": `{"UsageType":"ComputeCR","ServiceType":"Standard_D2s_v5"}`})
	check("purchase", usage.Purchase, "", cells{"chargetype": "Purchase", "pricingmodel": "Reservation", "unitofmeasure": "1 Hour", "quantity": "1"})
	check("unused", usage.Unused, "", cells{"chargetype": "UnusedReservation", "pricingmodel": "Reservation", "quantity": "0"})
	check("unused benefits of Partner Center", usage.Unused, "", cells{"chargetype": "UnusedBenefits", "pricingmodel": "Reservation"})
	check("refund of a reservation", usage.Adjustment, "", cells{"chargetype": "Refund", "pricingmodel": "Reservation", "costinbillingcurrency": "-20"})
	check("marketplace purchase", 0, "other_purchase", cells{"chargetype": "Purchase", "metercategory": "SaaS"})
	check("reservation of a database", 0, "other_commitment", cells{"chargetype": "Purchase", "pricingmodel": "Reservation", "metercategory": "SQL Database", "productname": "SQL Database Reserved", "productordername": "SQL reserved vCore"})
	check("tax", 0, "other_adjustment", cells{"chargetype": "Tax", "metercategory": ""})
	check("megabytes of a machine", 0, "not_hours", cells{"unitofmeasure": "1 GB"})
}

func TestModels(t *testing.T) {
	check := func(want usage.Model, change cells) {
		t.Helper()
		got := readText(t, table(mpaHeader, vmRow(change)), ingest.Options{})
		require.NoError(t, got.err)
		require.Equal(t, want, got.charges[0].Model)
		require.Equal(t, want == usage.OnDemand || want == usage.SavingsPlan, got.charges[0].HasRate)
	}
	check(usage.OnDemand, cells{})
	check(usage.OnDemand, cells{"pricingmodel": "On Demand"})
	check(usage.OnDemand, cells{"pricingmodel": ""})
	check(usage.Spot, cells{"pricingmodel": "Spot"})
	check(usage.Spot, cells{"pricingmodel": "", "metername": "D2s v5 Spot"})
	check(usage.Spot, cells{"pricingmodel": "OnDemand", "metername": "D2s v5 Low Priority"})
	check(usage.Reservation, cells{"pricingmodel": "Reservation"})
	check(usage.Reservation, cells{"pricingmodel": "", "reservationid": "f39d1c73-af74-4308-9083-fbf5efab37d1"})
	check(usage.OnDemand, cells{"pricingmodel": "", "reservationid": "00000000-0000-0000-0000-000000000000"})
	check(usage.Reservation, cells{"pricingmodel": "", "benefitid": "/providers/Microsoft.Capacity/reservationOrders/a/reservations/b"})
	check(usage.SavingsPlan, cells{"pricingmodel": "SavingsPlan"})
	check(usage.SavingsPlan, cells{"pricingmodel": "", "benefitid": "/providers/Microsoft.BillingBenefits/savingsPlanOrders/a/savingsPlans/b"})
}

func TestWindowsAndHybridBenefit(t *testing.T) {
	got := readText(t, table(mpaHeader,
		vmRow(cells{"metersubcategory": "Dsv5 Series Windows"}),
		vmRow(cells{"additionalinfo": `{"UsageType":"ComputeHR","ImageType":"Windows Server BYOL","ServiceType":"Standard_D2s_v5"}`}),
	), ingest.Options{})
	require.Equal(t, "windows", got.charges[0].OS)
	require.Empty(t, got.charges[0].Licence)
	require.Equal(t, "linux", got.charges[1].OS)
	require.Equal(t, "hybrid_benefit", got.charges[1].Licence)
}

func TestRejectedRowsNameTheirPlace(t *testing.T) {
	file := table(mpaHeader,
		vmRow(cells{"tags": "{\"note\":\"two\nlines\"}"}), // the row after it begins on line 4
		vmRow(cells{"quantity": "n.a."}), vmRow(cells{"date": "31/31/2026"}), vmRow(cells{"costinbillingcurrency": "1,234"}), vmRow(cells{"billingcurrency": "Euro"}), vmRow())
	got := readText(t, file, ingest.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.charges, 2)
	require.EqualValues(t, 8, got.charges[1].Line)
	want := []string{
		`test.csv:4: column "quantity": "n.a.": not a number`,
		`test.csv:5: column "date": "31/31/2026": not a date or time`,
		`test.csv:6: column "costInBillingCurrency": "1,234": ambiguous decimal or thousands mark`,
		`test.csv:7: column "billingCurrency": "Euro": not a currency code`,
	}
	for i, r := range got.rejects {
		require.Equal(t, want[i], r.Error())
	}
	require.Len(t, got.rejects, len(want))
}

func TestFilesThatAreRefused(t *testing.T) {
	check := func(text string, want error, says string) {
		t.Helper()
		got := readText(t, text, ingest.Options{})
		require.ErrorIs(t, got.err, want)
		require.ErrorContains(t, got.err, says)
		require.True(t, strings.HasPrefix(got.err.Error(), "test.csv: "), got.err)
	}
	check("", ingest.ErrEmpty, "empty")
	check("  \n \n", ingest.ErrEmpty, "empty")
	check(mpaHeader+"\n", ingest.ErrNoRows, "mpa-2021-10-01")
	check("a,b\n1,2\n", ingest.ErrUnknownKind, `columns ["a" "b"]`)
	check("a,b\n1,2\n", ingest.ErrUnknownKind, "accepted are cost and usage exports")
	check(strings.Replace(table(mpaHeader, vmRow()), "additionalInfo", "notes", 1), ingest.ErrMissingColumn, "AdditionalInfo alone names the size")
	check(strings.Replace(table(mpaHeader, vmRow()), "additionalInfo", "additionalInfos", 1), ingest.ErrMissingColumn, `is "additionalInfos" meant?`)
	check(strings.Replace(table(mpaHeader, vmRow()), ",quantity,", ",quanttiy,", 1), ingest.ErrMissingColumn, `is "quanttiy" meant?`)
	check(strings.Replace(table(mpaHeader, vmRow()), "serviceInfo1", "date", 1), ingest.ErrHeader, "same name")
}

func TestOrderOfColumnsDecidesNothing(t *testing.T) {
	want := readText(t, table(mpaHeader, vmRow()), ingest.Options{})
	names := strings.Split(mpaHeader, ",")
	for i, j := 0, len(names)-1; i < j; i, j = i+1, j-1 {
		names[i], names[j] = names[j], names[i]
	}
	got := readText(t, table(strings.Join(names, ","), vmRow()), ingest.Options{})
	require.Equal(t, want.charges, got.charges)
}

func TestAnOpenMonthIsProvisional(t *testing.T) {
	notices := func(day string) []ingest.Notice {
		return readText(t, table(mpaHeader, vmRow(cells{"date": day})), ingest.Options{}).summary.Notices
	}
	require.Equal(t, []ingest.Notice{{Code: "open_month", Detail: "the billing period lasts until 2026-10-31 and the file until 2026-10-15: its days are provisional"}}, notices("10/15/2026"))
	require.Empty(t, notices("10/31/2026"))
}

func TestNoFileLeaksAReader(t *testing.T) {
	r, err := ingest.NewReader(input("a.csv", []byte(table(mpaHeader, vmRow()))), ingest.Options{})
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.False(t, r.Next())
	_, err = ingest.Discover([]string{"no/such/file.csv"}, nil)
	require.ErrorContains(t, err, "no/such/file.csv: no such file")
	require.False(t, errors.Is(err, ingest.ErrEmpty))
}

func TestDaysThatAFileHolds(t *testing.T) {
	got := readText(t, table(mpaHeader, vmRow(cells{"date": "10/31/2026"}), vmRow(cells{"date": "10/01/2026"}), vmRow(cells{"date": "10/02/2026"}), vmRow(cells{"date": "10/01/2026"})), ingest.Options{})
	at := func(d int) time.Time { return time.Date(2026, 10, d, 0, 0, 0, 0, time.UTC) }
	require.Equal(t, []time.Time{at(1), at(2), at(31)}, got.summary.Days)
}
