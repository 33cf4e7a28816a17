package ingest_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
)

// The traps of the domain reference, section 13, as far as reading files can fall into them; each test has its number.

// one reads one changed row and returns its charge.
func one(t *testing.T, change cells) usage.ChargeRow {
	t.Helper()
	got := readText(t, table(mpaHeader, vmRow(change)), ingest.Options{})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects)
	require.Len(t, got.charges, 1)
	return got.charges[0]
}

func TestTrap02RecurringPurchaseIsNoHourOfUsage(t *testing.T) {
	c := one(t, cells{"chargetype": "Purchase", "pricingmodel": "Reservation", "unitofmeasure": "1 Hour", "quantity": "1", "effectiveprice": "3.25", "unitprice": "3.25", "costinbillingcurrency": "3.25"})
	require.Equal(t, usage.Purchase, c.Kind)
	require.False(t, c.HasHours)
	require.False(t, c.HasRate)
}

// The forms without a charge type list an instalment as one hour of a machine: the resource tells what was bought.
func TestTrap02PurchaseWithoutAChargeType(t *testing.T) {
	for _, header := range []string{eaHeader2019, paygHeader} {
		bought := vmRow(cells{"instanceid": "/providers/Microsoft.Capacity/reservationOrders/9c1f/reservations/", "usagedatetime": "10/05/2026", "usagequantity": "1", "resourcerate": "613", "pretaxcost": "613", "currency": "EUR", "additionalinfo": ""})
		used := vmRow(cells{"instanceid": vmRow()["resourceid"], "usagedatetime": "10/05/2026", "usagequantity": "24", "resourcerate": "0.115", "pretaxcost": "2.76", "currency": "EUR"})
		got := readText(t, table(header, bought, used), ingest.Options{})
		require.NoError(t, got.err)
		require.Len(t, got.charges, 2)
		require.Equal(t, usage.Purchase, got.charges[0].Kind)
		require.False(t, got.charges[0].HasHours)
		require.Equal(t, usage.Compute, got.charges[1].Kind)
	}
}

// Hours without a unit are hours where AdditionalInfo says so; a unit that nobody listed sets them apart, and is named.
func TestTrap18UnitThatNobodyKnows(t *testing.T) {
	for unit, code := range map[string]string{"": "no_unit", "1 Std.": "", "1 tick": "not_hours"} {
		got := readText(t, table(mpaHeader, vmRow(cells{"unitofmeasure": unit})), ingest.Options{})
		require.NoError(t, got.err)
		if code == "not_hours" {
			require.Equal(t, []ingest.SetApart{{Reason: "not_hours", Rows: 1}}, got.summary.SetApart)
			require.Contains(t, noticed(got, code), `the unit "1 tick" of rows that AdditionalInfo calls machine hours`)
			continue
		}
		require.Len(t, got.charges, 1)
		require.EqualValues(t, 24_000_000, got.charges[0].Hours)
		require.Equal(t, code != "", noticed(got, code) != "")
	}
}

// Rows in another currency than their customer's count as set apart, their money with them; other customers keep theirs.
func TestCurrencyOfACustomer(t *testing.T) {
	other := cells{"customertenantid": "11111111-2222-3333-4444-555555555555", "billingcurrency": "GBP"}
	got := readText(t, table(mpaHeader, vmRow(), vmRow(cells{"billingcurrency": "USD", "costinbillingcurrency": "3"}), vmRow(other)), billedIn(contosoTenant, "EUR"))
	require.NoError(t, got.err)
	require.Equal(t, []ingest.SetApart{{Reason: "other_currency", Rows: 1}}, got.summary.SetApart)
	require.Equal(t, "rows of the customer "+contosoTenant+" are in USD, and EUR is its currency", noticed(got, "other_currency"))
	require.Equal(t, []ingest.Total{{Currency: "EUR", Kind: "compute", Rows: 1, Cost: "2.76"}, {Currency: "GBP", Kind: "compute", Rows: 1, Cost: "2.76"}, {Currency: "USD", Kind: "apart", Rows: 1, Cost: "3"}}, got.summary.Totals)
}

// noticed returns what a notice says, "" where there is none.
func noticed(got read, code string) string {
	for _, n := range got.summary.Notices {
		if n.Code == code {
			return n.Detail
		}
	}
	return ""
}

func TestTrap03ActualAndAmortizedAreToldApart(t *testing.T) {
	covered := cells{"pricingmodel": "Reservation", "reservationid": "r", "unitprice": ""}
	for want, price := range map[string]string{"actual": "0", "amortized": "0.07"} {
		got := readText(t, table(mpaHeader, vmRow(), vmRow(covered, cells{"effectiveprice": price})), ingest.Options{})
		require.Equal(t, want, got.summary.Export)
		require.Equal(t, want, got.charges[0].Export, "every row of the file says so")
	}
	got := readText(t, table(mpaHeader, vmRow(), vmRow(cells{"chargetype": "UnusedSavingsPlan", "pricingmodel": "SavingsPlan"})), ingest.Options{})
	require.Equal(t, "amortized", got.summary.Export)
	late := strings.Repeat(strings.SplitAfter(table(mpaHeader, vmRow()), "\n")[1], 2000)
	file := table(mpaHeader, vmRow()) + late + strings.SplitAfter(table(mpaHeader, vmRow(covered, cells{"effectiveprice": "0.07"})), "\n")[1]
	require.Equal(t, "amortized", readText(t, file, ingest.Options{}).charges[0].Export, "the sign may stand behind the head of the file")
	focus := readText(t, focusFile(cells{"billedcost": "2", "effectivecost": "9"}), ingest.Options{})
	require.Equal(t, "focus", focus.summary.Export)
	require.EqualValues(t, 2_000_000, focus.charges[0].Cost, "billed, never billed and effective together")
}

func TestTrap04NoPriceFromReservationRows(t *testing.T) {
	c := one(t, cells{"pricingmodel": "Reservation", "reservationid": "r", "effectiveprice": "0", "unitprice": "0.115", "paygprice": "0"})
	require.False(t, c.HasRate)
	require.False(t, c.HasListRate)
	c = one(t, cells{"unitprice": "0", "effectiveprice": "0.1"})
	require.EqualValues(t, 1_000_000_000, c.Rate, "the effective price where the negotiated one is empty")
	c = one(t, cells{"unitprice": "", "effectiveprice": "0.1", "partnerearnedcreditapplied": "True"})
	require.False(t, c.HasRate, "a price after partner earned credit is no price of the customer")
}

func TestTrap05CoveredUsageKeepsItsHours(t *testing.T) {
	c := one(t, cells{"pricingmodel": "Reservation", "reservationid": "R1", "effectiveprice": "0", "costinbillingcurrency": "0"})
	require.Equal(t, usage.Compute, c.Kind)
	require.Equal(t, usage.Reservation, c.Model)
	require.EqualValues(t, 24_000_000, c.Hours)
	require.Equal(t, "r1", c.Benefit)
}

func TestTrap06SizeComesFromServiceType(t *testing.T) {
	c := one(t, cells{"metername": "D2 v2/DS2 v2", "additionalinfo": `{"ServiceType":"Standard_DS2_v2"}`})
	require.Equal(t, "Standard_DS2_v2", c.Size)
	require.Empty(t, one(t, cells{"metername": "D2s v5", "additionalinfo": ""}).Size, "no size rather than one from the meter")
}

func TestTrap07LicencesAreNoCompute(t *testing.T) {
	require.Equal(t, usage.Software, one(t, cells{"metercategory": "Virtual Machines Licenses"}).Kind)
	require.Equal(t, usage.Software, one(t, cells{"additionalinfo": `{"UsageType":"ComputeHR_SW","ServiceType":"Standard_B1s"}`}).Kind)
	windows := one(t, cells{"metercategory": "Virtual Machines Licenses", "metersubcategory": "Windows Server", "metername": "Reservation-Windows Svr (8 Core)"})
	require.Equal(t, "windows", windows.OS)
	sql := one(t, cells{"metercategory": "Virtual Machines Licenses", "metersubcategory": "SQL Server Standard", "metername": "SQL Server Standard - 1-4 vCPU VM", "productname": "Virtual Machines Licenses - SQL Server Standard"})
	require.Empty(t, sql.OS, "a licence that no meter of a machine holds")
}

func TestTrap08ConsumedQuantityIsNotTheQuantity(t *testing.T) {
	require.EqualValues(t, 8_000_000, one(t, cells{"quantity": "8", "additionalinfo": `{"ServiceType":"Standard_D2s_v5","ConsumedQuantity":1.0}`}).Hours)
}

func TestTrap09ScaleSetInstancesByName(t *testing.T) {
	set := "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web"
	got := readText(t, table(mpaHeader,
		vmRow(cells{"resourceid": set, "additionalinfo": `{"ServiceType":"Standard_D2s_v5","VMName":"WEB_1"}`}),
		vmRow(cells{"resourceid": set, "additionalinfo": `{"ServiceType":"Standard_D2s_v5","VMName":"web_2"}`})), ingest.Options{})
	require.Equal(t, []string{"web_1", "web_2"}, []string{got.charges[0].VM, got.charges[1].VM})
	require.Equal(t, got.charges[0].Resource, got.charges[1].Resource)
	three := one(t, cells{"resourceid": set + "/virtualMachines/3", "additionalinfo": `{"ServiceType":"Standard_D2s_v5"}`})
	require.Equal(t, []string{got.charges[0].Resource, "web_3"}, []string{three.Resource, three.VM})
}

func TestTrap10CreditsAreKeptToBeNetted(t *testing.T) {
	c := one(t, cells{"quantity": "-1", "costinbillingcurrency": "-0.149"})
	require.EqualValues(t, -1_000_000, c.Hours)
	require.EqualValues(t, -149_000, c.Cost)
	require.EqualValues(t, -5_000_000, one(t, cells{"quantity": "-5", "costinbillingcurrency": "0", "pricingmodel": "Reservation"}).Hours, "covered hours taken back cost nothing")
	require.EqualValues(t, 1, one(t, cells{"quantity": "0.000001"}).Hours)
}

func TestTrap11DailyGrainIsSaid(t *testing.T) {
	got := readText(t, table(mpaHeader, vmRow()), ingest.Options{})
	require.Equal(t, 24*time.Hour, got.summary.Grain)
	require.EqualValues(t, 86400, got.charges[0].End-got.charges[0].Start)
}

func TestTrap14MissingSamplesAreNoZeros(t *testing.T) {
	doc := `{"timespan":"x","interval":"PT1M","value":[{"id":"/subscriptions/s/providers/Microsoft.Compute/virtualMachines/Web/providers/Microsoft.Insights/metrics/Percentage CPU",
	"name":{"value":"Percentage CPU"},"unit":"Percent","timeseries":[{"metadatavalues":[],"data":[{"timeStamp":"2026-10-05T00:00:00Z","average":1.5,"maximum":9},{"timeStamp":"2026-10-05T00:01:00Z"}]}]}]}`
	got := readText(t, doc, ingest.Options{})
	require.NoError(t, got.err)
	require.Equal(t, []ingest.SetApart{{Reason: "no_value", Rows: 1}}, got.summary.SetApart)
	require.Len(t, got.samples, 1)
	s := got.samples[0]
	require.Equal(t, "/subscriptions/s/providers/microsoft.compute/virtualmachines/web", s.Resource)
	require.EqualValues(t, 60, s.Seconds)
	require.EqualValues(t, 150, *s.CPUAvg)
	require.EqualValues(t, 900, *s.CPUMax)
	require.Nil(t, s.CPUMin)
}

func TestTrap15FreeMemoryIsNotUsedMemory(t *testing.T) {
	file := "TimeGenerated,Computer,ObjectName,CounterName,InstanceName,CounterValue\n" +
		"2026-10-05T00:00:00Z,w,Memory,Available MBytes,,2048\n2026-10-05T00:01:00Z,w,Memory,% Used Memory,Memory,75\n2026-10-05T00:02:00Z,w,Processor,% Processor Time,_Total,5\n" +
		"2026-10-05T00:03:00Z,w,Processor,% Processor Time,0,50\n2026-10-05T00:04:00Z,w,System,Uptime,,50\n"
	got := readText(t, file, ingest.Options{})
	require.NoError(t, got.err)
	require.Equal(t, "perf", got.summary.Dialect)
	require.Len(t, got.samples, 3)
	require.EqualValues(t, 2<<30, *got.samples[0].MemoryAvailable)
	require.Nil(t, got.samples[0].MemoryUsed)
	require.EqualValues(t, 7500, *got.samples[1].MemoryUsed)
	require.EqualValues(t, 500, *got.samples[2].CPUAvg)
	insights := "TimeGenerated [UTC],Computer,Namespace,Name,Val,Tags\n" +
		`"10/5/2026, 1:00:00.000 PM",w,Memory,AvailableMB,1024,"{""vm.azm.ms/memorySizeMB"":4096}"` + "\n" + `"10/25/2026, 1:01:00.000 PM",w,Network,WriteBytesPerSecond,10.4,{}` + "\n"
	got = readText(t, insights, ingest.Options{})
	require.NoError(t, got.err)
	require.EqualValues(t, 7500, *got.samples[0].MemoryUsed)
	require.EqualValues(t, 1<<30, *got.samples[0].MemoryAvailable)
	require.Equal(t, day("2026-10-05")+13*3600, got.samples[0].Start)
	require.EqualValues(t, 10, *got.samples[1].NetOut)
}

func TestTrap16NetworkTotalsBecomeRates(t *testing.T) {
	got := readText(t, "TimeGenerated,_ResourceId,MetricName,Average,Minimum,Maximum,Total,TimeGrain\n2026-10-05T00:00:00Z,/x/Web,Network Out Total,,,,6000,PT1M\n"+
		"2026-10-05T00:00:00Z,/x/Web,Available Memory Bytes,900,800,,,PT1M\n", ingest.Options{})
	require.NoError(t, got.err)
	require.Equal(t, "azure-metrics", got.summary.Dialect)
	require.EqualValues(t, 100, *got.samples[0].NetOut)
	require.EqualValues(t, 800, *got.samples[1].MemoryAvailable, "the least free memory of the interval")
}

func TestTrap17PercentagesOfDisksAreNotAveraged(t *testing.T) {
	row := func(metric string) string { return "2026-10-05T00:00:00Z,vm," + metric + ",90,99,1,5,PT5M\n" }
	got := readText(t, "TimeGenerated,ResourceId,MetricName,Average,Maximum,Minimum,Total,TimeGrain\n"+row("Data Disk IOPS Consumed Percentage")+row("OS Disk Bandwidth Consumed Percentage")+row("Percentage CPU"), ingest.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.samples, 1, "a share of one disk is no measure of the machine")
	require.Equal(t, []ingest.SetApart{{Reason: "other_metric", Rows: 2}}, got.summary.SetApart)
}

func TestTrap20OrderOfColumnsDecidesNothing(t *testing.T) {
	old := readText(t, csvOf(records(eaHeaderOct, words, cells{}), ',', true), ingest.Options{})
	other := readText(t, csvOf(records(eaHeader2023, words, cells{}), ',', true), ingest.Options{})
	require.Equal(t, "ea-2021-10-01", old.summary.Dialect)
	require.Equal(t, "ea-2023-12-01", other.summary.Dialect)
	require.Equal(t, old.charges, other.charges)
}

func TestTrap29PricesAfterPartnerCreditAreNotTheCustomers(t *testing.T) {
	for _, applied := range []string{"True", "TRUE", "1", "WAHR", "PRAWDA", "vrai"} {
		c := one(t, cells{"unitprice": "", "effectiveprice": "0.0978", "partnerearnedcreditapplied": applied})
		require.False(t, c.HasRate, "%s: 15 %% less than the customer pays", applied)
	}
	for _, applied := range []string{"", "False", "0", "FALSCH", "FAŁSZ", "faux"} {
		require.True(t, one(t, cells{"unitprice": "", "effectiveprice": "0.115", "partnerearnedcreditapplied": applied}).HasRate, applied)
	}
}

func TestTrap35And36RecommendationsKeepTheirWindowAndScope(t *testing.T) {
	rows := []cells{{}, {"lookbackperiod": "Last7Days", "netsavings": "9"}, {"scope": "Single", "subscriptionid": "S", "term": "P3Y"}}
	r, _ := report(t, csvOf(records(recommendationsEA, reservationWords, rows...), ',', true), ingest.Options{})
	got := r.Recommendations()
	require.Len(t, got, 3, "kept as they are and never added")
	require.Equal(t, []int{30, 7, 30}, []int{got[0].LookbackDays, got[1].LookbackDays, got[2].LookbackDays}, "money of the look-back, not of a month")
	require.Equal(t, []string{"shared", "shared", "single"}, []string{got[0].Scope, got[1].Scope, got[2].Scope})
	require.Equal(t, 36, got[2].TermMonths)
}

func TestTrap18UnitsOfMeasure(t *testing.T) {
	for _, unit := range []string{"1 Hour", "1 Hours", "10 Hours", "100 Hours", "1 hora", "1 小时", "1/Hour", "Hours"} {
		require.EqualValues(t, 24_000_000, one(t, cells{"unitofmeasure": unit}).Hours, "%s: quantities of usage files are single hours", unit)
	}
	require.Equal(t, dialect.Unit{Block: 10000, Hours: true}, dialect.UnitOf("10K/Hour"), "looked up, not computed")
	require.Equal(t, dialect.Unit{Block: 1, Hours: true}, dialect.UnitOf("1 1 Hour"))
	require.False(t, dialect.UnitOf("1 GB/Month").Hours)
}

func TestTrap19HeadersByFoldedName(t *testing.T) {
	want := one(t, cells{})
	for _, header := range []string{strings.ToUpper(mpaHeader), strings.ToLower(mpaHeader), strings.ReplaceAll(mpaHeader, "resourceLocation", "Resource Location")} {
		got := readText(t, table(header, vmRow()), ingest.Options{})
		require.NoError(t, got.err)
		require.Equal(t, want, got.charges[0])
	}
	for old, now := range map[string]string{"CostInBillingCurrency": "Cost", "BillingCurrencyCode": "BillingCurrency", "ProductName": "Product"} {
		header := strings.Replace(eaHeader, old, now, 1)
		got := readText(t, table(header, vmRow(cells{"cost": "2.76", "billingcurrency": "EUR", "billingcurrencycode": "EUR", "product": "Virtual Machines"})), ingest.Options{})
		require.NoError(t, got.err)
		require.EqualValues(t, 2_760_000, got.charges[0].Cost)
	}
}

func TestTrap21MarksQuotesAndSpreadsheets(t *testing.T) {
	want := one(t, cells{})
	file := table(mpaHeader, vmRow(cells{"date": "05.10.2026", "billingperiodstartdate": "01.10.2026", "billingperiodenddate": "31.10.2026", "quantity": "24,0",
		"costinbillingcurrency": "2,76", "unitprice": "0,115", "paygprice": "0,115", "effectiveprice": "0,115"}))
	semicolons := "\ufeff" + strings.ReplaceAll(strings.ReplaceAll(strings.Split(file, "\n")[0], ",", ";"), "\r", "") + "\n" + strings.ReplaceAll(quoteAll(strings.Split(file, "\n")[1]), `","`, `";"`) + "\n"
	got := readText(t, semicolons, ingest.Options{})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects)
	require.Equal(t, want, got.charges[0], "a file that a German spreadsheet saved again says the same")
}

// quoteAll quotes every cell of a CSV line.
func quoteAll(line string) string {
	var out strings.Builder
	quoted := false
	out.WriteByte('"')
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '"' && quoted && i+1 < len(line) && line[i+1] == '"':
			out.WriteString(`""`)
			i++
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ',' && !quoted:
			out.WriteString(`","`)
		default:
			out.WriteByte(line[i])
		}
	}
	return out.String() + `"`
}

func TestTrap22DayAndMonthByTheWholeColumn(t *testing.T) {
	first := cells{"date": "03/04/2026", "billingperiodstartdate": "03/01/2026", "billingperiodenddate": "03/31/2026"}
	require.Equal(t, day("2026-03-04"), one(t, first).Start, "the billing period decides it")
	british := cells{"date": "03/04/2026", "billingperiodstartdate": "01/04/2026", "billingperiodenddate": "30/04/2026"}
	require.Equal(t, day("2026-04-03"), one(t, british).Start)
	file := table(mpaHeader, vmRow(first), vmRow(cells{"date": "30/04/2026"}))
	got := readText(t, file, ingest.Options{Locale: "en-US"})
	require.NoError(t, got.err)
	require.Len(t, got.rejects, 1, "where dates contradict each other, a locale decides, and what contradicts it is rejected")
	// Days 1 to 3 of October, saved in London: the first of October to the third of it, never days of January to March.
	var days []cells
	for d := 1; d <= 3; d++ {
		days = append(days, cells{"usagedatetime": fmt.Sprintf("%02d/10/2026", d)})
	}
	got = readText(t, csvOf(records(paygHeader, words, days...), ',', true), ingest.Options{})
	require.ErrorIs(t, got.err, dialect.ErrOrder, "nothing decides it, and the vendor's order would make one day of three months")
	got = readText(t, csvOf(records(paygHeader, words, days...), ',', true), ingest.Options{Locale: "en-GB"})
	require.NoError(t, got.err)
	require.Equal(t, day("2026-10-03"), got.charges[2].Start)
	got = readText(t, csvOf(records(paygHeader, words, cells{"usagedatetime": "10/01/2026"}, cells{"usagedatetime": "10/02/2026"}, cells{"usagedatetime": "10/03/2026"}), ',', true), ingest.Options{})
	require.NoError(t, got.err, "as the vendor writes it")
	require.Equal(t, day("2026-10-03"), got.charges[2].Start)
}

// A locale is for files that decide nothing: one run reads files of several countries.
func TestALocaleDoesNotTurnWhatAFileProves(t *testing.T) {
	native := csvOf(records(mpaHeader, words, cells{"costinbillingcurrency": "2.760"}, cells{}), ',', true)
	got := readText(t, native, ingest.Options{Locale: "de-DE"})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects)
	require.EqualValues(t, 2_760_000, got.charges[0].Cost, "not two thousand")
	require.Equal(t, day("2026-10-15"), got.charges[0].Start)
	vague := "timestamp;vm;grain_seconds;network_out_bytes\n2026-10-05T00:00:00Z;a;300;1.500\n"
	require.ErrorIs(t, readText(t, vague, ingest.Options{}).err, dialect.ErrMark, "1.5 or 1500?")
	got = readText(t, vague, ingest.Options{Locale: "de-DE"})
	require.EqualValues(t, 5, *got.samples[0].NetOut)
	got = readText(t, strings.ReplaceAll(vague, ";", ","), ingest.Options{})
	require.NoError(t, got.err, "tables with commas come from where numbers have points")
}

func TestTrap23TagsWithoutBraces(t *testing.T) {
	require.JSONEq(t, `{"env":"prod","org":"trey"}`, one(t, cells{"tags": `"env": "prod","org": "trey"`}).Tags)
	require.JSONEq(t, `{"env":"prod"}`, one(t, cells{"tags": `{"env":"prod"}`}).Tags)
	require.Empty(t, one(t, cells{"tags": "{}"}).Tags)
}

func TestTrap24AdditionalInfo(t *testing.T) {
	for info, size := range map[string]string{
		`{  "ImageType": null,  "ServiceType": "Standard_B1s",  "VMName": null }`: "Standard_B1s", `{"ServiceType":"Standard_B1s","VMName":"a`: "Standard_B1s",
		`"ServiceType":"Standard_B1s"`: "Standard_B1s", "null": "", "{}": "", "": "", "garbage": "",
	} {
		require.Equal(t, size, one(t, cells{"additionalinfo": info}).Size, info)
	}
	utilization := `{"totalCount":1,"items":[{"usageStartTime":"2026-10-05T00:00:00-07:00","usageEndTime":"2026-10-05T01:00:00-07:00","resource":{"id":"m","name":"D2s v5","category":"Virtual Machines","subcategory":"Dsv5 Series","region":"EU West"},
	"quantity":1.0,"unit":"1 Hour","infoFields":{},"instanceData":{"resourceUri":"/subscriptions/S1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/w","location":"westeurope","tags":{"a":"b"},"additionalInfo":{"ServiceType":"Standard_D2s_v5"}},"attributes":{"objectType":"AzureUtilizationRecord"}}]}`
	got := readText(t, utilization, ingest.Options{Customer: "contoso"})
	require.NoError(t, got.err)
	c := got.charges[0]
	require.Equal(t, "Standard_D2s_v5", c.Size, "an object instead of a text")
	require.Equal(t, day("2026-10-05")+7*3600, c.Start)
	require.EqualValues(t, 3600, c.End-c.Start, "hourly")
	require.Equal(t, "contoso", c.Customer)
	require.Equal(t, "s1", c.Subscription)
	require.Equal(t, `{"a":"b"}`, c.Tags)
	require.Equal(t, "usage", c.Export)
}

func TestTrap25CapitalsDoNotMatter(t *testing.T) {
	a := one(t, cells{"resourceid": "/SUBSCRIPTIONS/ABC/resourceGroups/G/x/VM1", "resourcegroupname": "G", "resourcelocation": "WestEurope", "additionalinfo": `{"ServiceType":"standard_d2s_V5"}`})
	b := one(t, cells{"resourceid": "/subscriptions/abc/resourcegroups/g/x/vm1", "resourcegroupname": "g", "resourcelocation": "westeurope", "additionalinfo": `{"ServiceType":"Standard_D2s_v5"}`})
	require.Equal(t, a, b)
}

func TestTrap26RegionIsTheDataCentre(t *testing.T) {
	require.Equal(t, "southcentralus", one(t, cells{"meterregion": "Texas", "resourcelocation": "SouthCentralUS"}).Region)
	require.Equal(t, "westeurope", one(t, cells{"resourcelocation": "EU West"}).Region)
}

// partnerHeader is that of the daily rated usage file (partner-center documentation, 2023-10).
const partnerHeader = "PartnerId,PartnerName,CustomerId,CustomerName,CustomerDomainName,CustomerCountry,MPNID,ResellerMPNID,InvoiceNumber,ProductId,SkuId,AvailabilityId,SkuName,ProductName,PublisherName," +
	"PublisherId,SubscriptionDescription,SubscriptionId,ChargeStartDate,ChargeEndDate,UsageDate,MeterType,MeterCategory,MeterId,MeterSubCategory,MeterName,MeterRegion,Unit,ResourceLocation,ConsumedService," +
	"ResourceGroup,ResourceURI,ChargeType,UnitPrice,Quantity,UnitType,BillingPreTaxTotal,BillingCurrency,PricingPreTaxTotal,PricingCurrency,ServiceInfo1,ServiceInfo2,Tags,AdditionalInfo,EffectiveUnitPrice," +
	"PCToBCExchangeRate,PCToBCExchangeRateDate,EntitlementId,EntitlementDescription,PartnerEarnedCreditPercentage,CreditPercentage,CreditType,BenefitOrderId,BenefitId,BenefitType"

func partnerRow(more cells) cells {
	row := cells{"customerid": "C1", "customername": "Contoso", "subscriptionid": "PLATFORM-ID", "entitlementid": "AZURE-SUB", "usagedate": "10/05/2026", "chargestartdate": "10/01/2026", "chargeenddate": "10/31/2026",
		"metercategory": "Virtual Machines", "metersubcategory": "Dsv5 Series", "metername": "D2s v5", "unit": "1 Hour", "unittype": "1 Hour", "resourcelocation": "westeurope", "resourcegroup": "G",
		"resourceuri": "/subscriptions/azure-sub/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/w", "chargetype": "new", "unitprice": "0.1", "quantity": "24", "billingpretaxtotal": "1.7", "billingcurrency": "EUR",
		"pricingcurrency": "USD", "pctobcexchangerate": "0.85", "additionalinfo": vmInfo, "effectiveunitprice": "0.085"}
	for k, v := range more {
		row[k] = v
	}
	return row
}

func TestTrap27EntitlementIsTheSubscription(t *testing.T) {
	got := readText(t, table(partnerHeader, partnerRow(nil)), ingest.Options{})
	require.NoError(t, got.err)
	require.Equal(t, "partner-center-daily-rated", got.summary.Dialect)
	c := got.charges[0]
	require.Equal(t, "azure-sub", c.Subscription)
	require.EqualValues(t, 850_000_000, c.Rate, "0.1 USD before partner earned credit x 0.85")
	require.Equal(t, "c1", c.Customer)
}

func TestTrap28ReservedHoursWithoutCost(t *testing.T) {
	got := readText(t, table(partnerHeader, partnerRow(nil), partnerRow(cells{"billingpretaxtotal": "", "unitprice": "0", "benefittype": "Reservation", "benefitid": "R9"})), ingest.Options{})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects)
	c := got.charges[1]
	require.Equal(t, usage.Reservation, c.Model)
	require.Equal(t, "r9", c.Benefit)
	require.Zero(t, c.Cost)
	require.EqualValues(t, 24_000_000, c.Hours)
}

func TestTrap37ModernAndLegacyRecommendations(t *testing.T) {
	modern := `{"value":[{"kind":"modern","location":"northeurope","sku":"Standard_D8s_v3","properties":{"lookBackPeriod":60,"term":"P3Y","costWithNoReservedInstances":{"currency":"EUR","value":100.5},
	"recommendedQuantity":4,"recommendedQuantityNormalized":16.0,"normalizedSize":"Standard_D2s_v3","totalCostWithReservedInstances":{"currency":"EUR","value":60},"netSavings":{"currency":"EUR","value":40.5},"scope":"Shared","skuName":"Standard_D8s_v3","resourceType":"virtualMachines"}}]}`
	r, err := ingest.NewReader(input("modern.json", []byte(modern)), ingest.Options{})
	require.NoError(t, err)
	require.False(t, r.Next())
	require.NoError(t, r.Err())
	require.Equal(t, []ingest.Recommendation{{Scope: "shared", Size: "Standard_D8s_v3", Region: "northeurope", Quantity: "4", TermMonths: 36, LookbackDays: 60, CostWithout: "100.5", CostWith: "60",
		NetSavings: "40.5", Currency: "EUR", File: "modern.json", Line: 1}}, r.Recommendations(), "quantity of the size, not of the normalised size; money of the look-back")
	if path, ok := sharedFile(t, "api_examples/ReservationRecommendationsBySubscription.json"); ok {
		in, err := ingest.Discover([]string{path}, nil)
		require.NoError(t, err)
		r, err := ingest.NewReader(in[0], ingest.Options{})
		require.NoError(t, err)
		require.False(t, r.Next())
		got := r.Recommendations()
		require.Len(t, got, 2)
		require.Equal(t, 7, got[0].LookbackDays)
		require.Equal(t, "4.634521202630137", got[0].NetSavings)
		require.Equal(t, "Standard_DS1_v2", got[1].Size)
	}
}

func TestTrap34QuantityOfTheSizeItself(t *testing.T) {
	csv := "SKU,Location,CostWithNoReservedInstances,FirstUsageDate,InstanceFlexibilityRatio,InstanceFlexibilityGroup,LookBackPeriod,MeterId,NetSavings,NormalizedSize,RecommendedQuantity,RecommendedQuantityNormalized,ResourceType,Scope,SubscriptionId,SkuProperties,Term,TotalCostWithReservedInstances\n" +
		"Standard_D8s_v3,West Europe,10,2026-10-01,4,DSv3 Series,Last30Days,m,4,Standard_D2s_v3,4,16,VirtualMachines,Shared,,[],P1Y,6\n"
	r, err := ingest.NewReader(input("r.csv", []byte(csv)), ingest.Options{})
	require.NoError(t, err)
	require.False(t, r.Next())
	require.NoError(t, r.Err())
	require.Equal(t, "4", r.Recommendations()[0].Quantity)
	require.Equal(t, "Standard_D8s_v3", r.Recommendations()[0].Size)
	require.Equal(t, ingest.KindRecommendations, r.Summary().Kind)
}

func TestTrap55CostsAreSummedExactly(t *testing.T) {
	got := readText(t, table(mpaHeader, vmRow(cells{"costinbillingcurrency": "0.1"}), vmRow(cells{"costinbillingcurrency": "0.2"}), vmRow(cells{"costinbillingcurrency": "0.0000000072922557592391990000"})), ingest.Options{})
	require.Equal(t, "0.300000007292255759239199", got.summary.Totals[0].Cost)
}

func TestTrap57TheLaterExportSortsBehind(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	datasets := func() []string {
		in, err := ingest.Discover([]string{dir}, nil)
		require.NoError(t, err)
		var all []string
		for _, i := range in {
			all = append(all, strings.ReplaceAll(i.Dataset, filepath.ToSlash(dir), "DIR"))
		}
		return all
	}
	write("usage (1).csv", table(mpaHeader, vmRow(cells{"date": "10/30/2026"})))
	write("usage.csv", table(mpaHeader, vmRow(cells{"date": "10/15/2026"})))
	require.Equal(t, []string{"2026-10-30T00:00:00Z|DIR/usage (1)", "2026-10-15T00:00:00Z|DIR/usage"}, datasets(), "by the newest day that they hold, not by name")
	require.NoError(t, os.RemoveAll(dir))
	write("e/20261001-20261031/202610150930/guid/part_0_0001.csv", table(mpaHeader, vmRow()))
	write("e/20261001-20261031/202610150930/guid/part_1_0001.csv", table(mpaHeader, vmRow()))
	got := datasets()
	require.Equal(t, got[0], got[1], "parts of one export are one dataset")
	require.True(t, strings.HasPrefix(got[0], "2026-10-15T09:30:00Z|"))
	require.NoError(t, os.RemoveAll(dir))
	write("m/part_0.csv", table(mpaHeader, vmRow()))
	write("m/part_1.csv", table(mpaHeader, vmRow()))
	write("m/other.csv", metricsHeader+"\n"+timeCell("2026-10-05")+"\n")
	write("m/manifest.json", `{"exportConfig":{"exportName":"daily","type":"AmortizedCost"},"runInfo":{"submittedTime":"2026-11-02T08:00:00.123Z"},"blobs":[{"blobName":"a/b/part_0.csv"},{"blobName":"a/b/part_1.csv"}]}`)
	require.Equal(t, []string{"2026-11-02T08:00:00Z|DIR/m|daily", "2026-11-02T08:00:00Z|DIR/m|daily", "|DIR/m/other"}, datasets())
	in, err := ingest.Discover([]string{dir}, nil)
	require.NoError(t, err)
	require.Equal(t, "amortized", readInput(t, in[0], ingest.Options{}).charges[0].Export, "the manifest says it")
}

func TestTrap58NoSubscriptionIsNull(t *testing.T) {
	require.Empty(t, one(t, cells{"subscriptionid": "00000000-0000-0000-0000-000000000000", "resourceid": "/providers/x"}).Subscription)
	require.Empty(t, one(t, cells{"subscriptionid": "", "resourceid": "/providers/x"}).Subscription)
	require.Equal(t, usage.Unused, one(t, cells{"subscriptionid": "", "resourceid": "", "chargetype": "UnusedReservation", "pricingmodel": "Reservation"}).Kind, "such rows are kept")
}

func TestTrap59LegitimateDuplicatesAreKept(t *testing.T) {
	got := readText(t, table(mpaHeader, vmRow(), vmRow()), ingest.Options{})
	require.Len(t, got.charges, 2)
	require.Equal(t, "5.52", got.summary.Totals[0].Cost)
}

func TestTrap60BucketsOfThePublicDataset(t *testing.T) {
	id := strings.Repeat("x", 64)
	file := fmt.Sprintf("%s,%s,%s,0,2591400,99.5,10.25,50,Unknown,>24,>64\n%s,%s,%s,300,600,5,1,2,Unknown,2,4\n", id, id, id, "y"+id[1:], id, id)
	got := readText(t, file, ingest.Options{})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects)
	require.Len(t, got.samples, 2)
	require.EqualValues(t, 2591400, got.samples[0].Seconds)
	require.EqualValues(t, 1025, *got.samples[0].CPUAvg)
	require.EqualValues(t, 9950, *got.samples[0].CPUMax, "the maximum, not the P95 of maxima")
	readings := fmt.Sprintf("0,%s,1,3,2\n300,%s,1,3,2.5\n", id, id)
	got = readText(t, readings, ingest.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.samples, 2)
	require.EqualValues(t, 300, got.samples[1].Seconds)
	require.EqualValues(t, 250, *got.samples[1].CPUAvg)
}

// focusHeader has the columns of FOCUS 1.0 that matter here.
const focusHeader = "BilledCost,BillingAccountId,BillingAccountName,BillingCurrency,ChargeCategory,ChargeClass,ChargeDescription,ChargePeriodEnd,ChargePeriodStart,CommitmentDiscountId,CommitmentDiscountStatus," +
	"CommitmentDiscountType,ConsumedQuantity,ConsumedUnit,ContractedUnitPrice,EffectiveCost,ListUnitPrice,PricingCategory,PricingQuantity,PricingUnit,RegionId,ResourceId,ServiceName,SubAccountId,SubAccountName,Tags," +
	"x_CustomerId,x_PricingBlockSize,x_ResourceGroupName,x_SkuDetails,x_SkuMeterCategory,x_SkuMeterName,x_SkuMeterSubcategory,x_SkuOrderName"

func focusRow(more cells) cells {
	row := cells{"billedcost": "2.4", "effectivecost": "2.4", "billingaccountid": "b", "billingcurrency": "USD", "chargecategory": "Usage", "chargeperiodstart": "2026-10-05T00:00Z", "chargeperiodend": "2026-10-06T00:00Z",
		"consumedquantity": "24", "consumedunit": "Hours", "contractedunitprice": "0.1", "listunitprice": "0.12", "pricingcategory": "Standard", "regionid": "westeurope", "servicename": "Virtual Machines",
		"resourceid": "/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/w", "subaccountid": "/subscriptions/S", "x_customerid": "C", "x_skudetails": vmInfo,
		"x_skumetercategory": "Virtual Machines", "x_skumetersubcategory": "Dsv5 Series Windows"}
	for k, v := range more {
		row[k] = v
	}
	return row
}

func focusFile(more cells) string { return table(focusHeader, focusRow(more)) }

func TestFocus(t *testing.T) {
	check := func(change cells, want func(c usage.ChargeRow)) {
		t.Helper()
		got := readText(t, focusFile(change), ingest.Options{})
		require.NoError(t, got.err)
		require.Empty(t, got.rejects)
		require.Len(t, got.charges, 1)
		want(got.charges[0])
	}
	check(nil, func(c usage.ChargeRow) {
		require.Equal(t, "s", c.Subscription)
		require.Equal(t, "c", c.Customer)
		require.Equal(t, "windows", c.OS)
		require.EqualValues(t, 1_000_000_000, c.Rate)
		require.EqualValues(t, 1_200_000_000, c.ListRate)
		require.Equal(t, "Standard_D2s_v5", c.Size)
	})
	check(cells{"chargeperiodstart": "2026-10-05T03:00:00Z", "chargeperiodend": "2026-10-05T04:00:00Z", "consumedquantity": "1"}, func(c usage.ChargeRow) { require.EqualValues(t, 3600, c.End-c.Start) })
	check(cells{"pricingcategory": "Dynamic"}, func(c usage.ChargeRow) { require.Equal(t, usage.Spot, c.Model) })
	reservation := "/providers/Microsoft.Capacity/reservationOrders/O/reservations/R"
	check(cells{"pricingcategory": "Committed", "commitmentdiscountid": reservation, "commitmentdiscounttype": "Reservation", "commitmentdiscountstatus": "Used"}, func(c usage.ChargeRow) {
		require.Equal(t, usage.Reservation, c.Model)
		require.Equal(t, "r", c.Benefit)
		require.False(t, c.HasRate)
	})
	check(cells{"pricingcategory": "Committed", "commitmentdiscountid": reservation, "commitmentdiscountstatus": "Unused"}, func(c usage.ChargeRow) { require.Equal(t, usage.Unused, c.Kind) })
	check(cells{"chargecategory": "Purchase", "pricingcategory": "Standard", "commitmentdiscountid": reservation, "consumedquantity": "NULL"}, func(c usage.ChargeRow) { require.Equal(t, usage.Purchase, c.Kind) })
	check(cells{"chargecategory": "Purchase", "chargeclass": "Correction", "commitmentdiscountid": reservation, "consumedquantity": ""}, func(c usage.ChargeRow) { require.Equal(t, usage.Adjustment, c.Kind) })
	check(cells{"consumedquantity": "", "pricingquantity": "0.24", "x_pricingblocksize": "100"}, func(c usage.ChargeRow) { require.EqualValues(t, 24_000_000, c.Hours) })
}

func TestInvoicesAndTransactions(t *testing.T) {
	invoice := "PartnerId,CustomerId,CustomerName,InvoiceNumber,OrderId,OrderDate,ProductId,SkuId,SkuName,ProductName,ChargeType,UnitPrice,Quantity,Subtotal,TaxTotal,Total,Currency,SubscriptionId,ChargeStartDate,ChargeEndDate,TermAndBillingCycle,BillableQuantity,BillingFrequency,ReservationOrderId\n" +
		"p,C1,Contoso,G1,o,10/3/2026,DZH,1,D2s v5 | EU West | 3 Years,Reserved VM Instance,new,500,2,1000,0,1000,EUR,s,10/3/2026,10/31/2026,Three Years Reservation Upfront,2,,RO1\n" +
		"p,C1,Contoso,G1,o,10/3/2026,DZH,1,Microsoft 365,Microsoft 365,new,10,2,20,0,20,EUR,s,10/1/2026,10/31/2026,One-Month commitment,2,Monthly,RO2\n"
	got := readText(t, invoice, ingest.Options{})
	require.NoError(t, got.err)
	require.Equal(t, "invoice", got.summary.Export)
	require.Len(t, got.charges, 1)
	require.Equal(t, usage.Purchase, got.charges[0].Kind)
	require.Equal(t, "ro1", got.charges[0].Benefit)
	require.Equal(t, []ingest.SetApart{{Reason: "invoice_line", Rows: 1}}, got.summary.SetApart, "an order id alone makes no reservation")
	transactions := "Amount,ArmSkuName,BillingFrequency,Currency,EventDate,EventType,Quantity,Region,ReservationOrderId,ReservationOrderName,Term\n" +
		"10,Standard_D2s_v5,Recurring,EUR,2026-01-15,Purchase,3,westeurope,O1,x,P1Y\n10,Standard_D2s_v5,Recurring,EUR,2026-02-15,Purchase,3,westeurope,O1,x,P1Y\n-5,Standard_D2s_v5,OneTime,EUR,2026-03-15,Refund,1,westeurope,O1,x,P1Y\n" +
		"-5,Standard_D2s_v5,OneTime,EUR,2026-03-15,Refund,1,westeurope,O2,x,P1Y\n"
	got = readText(t, transactions, ingest.Options{})
	require.NoError(t, got.err)
	require.Len(t, got.commitments, 1)
	c := got.commitments[0]
	require.EqualValues(t, 2, c.Quantity, "three bought, instalments not counted again, one given back")
	require.Equal(t, "2027-01-15", c.End.Format(time.DateOnly))
	details := "InstanceId,ReservationOrderId,ReservationId,ReservedHours,SkuName,TotalReservedQuantity,UsageDate,UsedHours\n/x/VM,O,R,24,Standard_D2s_v5,1,2026-10-05,12.5\n"
	r, err := ingest.NewReader(input("d.csv", []byte(details)), ingest.Options{})
	require.NoError(t, err)
	require.False(t, r.Next())
	require.Equal(t, []ingest.ReservationUse{{Reservation: "r", Order: "o", Size: "Standard_D2s_v5", Resource: "/x/vm", Day: time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC), Reserved: 24_000_000, Used: 12_500_000,
		File: "d.csv", Line: 2}}, r.ReservationUses())
}

func TestClassicEnterpriseDownload(t *testing.T) {
	file := "使用情况报告,,\n,,\n\"日期(Date)\",\"订阅 GUID(SubscriptionGuid)\",\"产品(Product)\",\"实例 ID(Instance ID)\",\"资源组(Resource Group)\",\"资源位置(Resource Location)\",\"服务(Consumed Service)\",\"数量(Consumed Quantity)\",\"单位(Unit of Measure)\",\"类别(Meter Category)\",\"名称(Meter Name)\",\"费率(ResourceRate)\",\"费用(ExtendedCost)\",\"标签(Tags)\",\"信息(AdditionalInfo)\"\n" +
		"10/15/2026,S1,虚拟机,/subscriptions/s1/resourceGroups/g/x/vm1,g,chinaeast2,Microsoft.Compute,24,1 小时,Virtual Machines,D2s v5,0.5,12,,\"{\"\"ServiceType\"\":\"\"Standard_D2s_v5\"\"}\"\n"
	got := readText(t, file, ingest.Options{Currency: "CNY", Customer: "contoso"})
	require.NoError(t, got.err)
	require.Equal(t, "ea-classic", got.summary.Dialect)
	c := got.charges[0]
	require.Equal(t, "CNY", c.Currency)
	require.EqualValues(t, 4, c.Line)
	require.EqualValues(t, 5_000_000_000, c.Rate)
	require.EqualValues(t, 24_000_000, c.Hours)
	require.Equal(t, "no_currency", got.summary.Notices[0].Code)
}

func TestWorkersChangeNothing(t *testing.T) {
	var b strings.Builder
	b.WriteString(mpaHeader + "\n")
	row := strings.SplitAfter(table(mpaHeader, vmRow()), "\n")[1]
	for i := range 3000 {
		switch i % 97 {
		case 11:
			b.WriteString("bad \"row\n")
		case 50:
			b.WriteString(strings.Replace(row, "10/05/2026", "10/99/2026", 1))
		default:
			b.WriteString(row)
		}
	}
	in := input("test.csv", []byte(b.String()))
	in.Size = -1
	want := readInput(t, in, ingest.Options{Workers: 1})
	got := readInput(t, in, ingest.Options{Workers: 3, BatchRows: 100})
	require.NoError(t, got.err)
	require.Equal(t, want, got)
	require.Positive(t, got.summary.Rejected)
}

func TestStdinIsReadTwice(t *testing.T) {
	in, err := ingest.Discover([]string{"-"}, io.MultiReader(strings.NewReader(table(mpaHeader, vmRow()))))
	require.NoError(t, err)
	for range 2 {
		require.Len(t, readInput(t, in[0], ingest.Options{}).charges, 1)
	}
}

// Usage rows of a unit such as "100 Hours" repeat the price of the sheet in some files, which is for 100 hours; the cost of the
// row says which it is: 250 hours at 5.00 for 100 cost 12.50, at 0.05 an hour as well.
func TestTrap18PricesOfBlocks(t *testing.T) {
	rate := func(change cells) int64 {
		change["quantity"] = "250"
		return one(t, change).Rate
	}
	require.EqualValues(t, 500_000_000, rate(cells{"unitofmeasure": "100 Hours", "unitprice": "5.00", "effectiveprice": "0.05", "costinbillingcurrency": "12.5"}), "for the unit")
	require.EqualValues(t, 500_000_000, rate(cells{"unitofmeasure": "100 Hours", "unitprice": "0.05", "effectiveprice": "0.05", "costinbillingcurrency": "12.5"}), "for an hour")
	require.EqualValues(t, 500_000_000, rate(cells{"unitofmeasure": "100 Hours", "unitprice": "", "effectiveprice": "5.00", "costinbillingcurrency": "12.5"}), "for the unit, the effective price alone")
	require.EqualValues(t, 550_000_000, rate(cells{"unitofmeasure": "100 Hours", "unitprice": "5.00", "costinbillingcurrency": "13.75", "pricingcurrency": "USD", "exchangeratepricingtobilling": "1.1"}), "with an exchange rate")
	require.EqualValues(t, 500_000_000, rate(cells{"unitofmeasure": "10 Hours", "unitprice": "0.5", "costinbillingcurrency": "10.625"}), "after an earned credit of 15 %")
	require.EqualValues(t, 0, rate(cells{"unitofmeasure": "100 Hours", "unitprice": "5.00", "effectiveprice": "0", "costinbillingcurrency": "0"}), "nothing tells")
	require.EqualValues(t, 5_000_000_000, rate(cells{"unitofmeasure": "1 Hour", "unitprice": "0.5", "costinbillingcurrency": "12.5"}), "a unit of one hour leaves no doubt")
}
