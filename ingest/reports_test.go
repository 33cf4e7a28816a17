package ingest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
)

// Invented rows under the published headers of reservation reports and of Partner Center's invoices.

// report reads a report to its end.
func report(t *testing.T, text string, opts ingest.Options) (*ingest.Reader, ingest.Summary) {
	t.Helper()
	r, err := ingest.NewReader(input("report.csv", []byte(text)), opts)
	require.NoError(t, err)
	for r.Next() {
	}
	require.NoError(t, r.Err())
	return r, r.Summary()
}

var reservationWords = cells{
	"instanceflexibilitygroup": "Dsv5 Series", "instanceflexibilityratio": "2", "instanceid": webServer, "kind": "Reservation", "reservationorderid": "ORDER-1", "reservationid": "RI-1",
	"reservedhours": "48", "skuname": "Standard_D4s_v5", "totalreservedquantity": "2", "usagedate": "10/15/2026", "usedhours": "23.5", "purchasedquantity": "2", "utilizedpercentage": "49",
	"amount": "1200.5", "armskuname": "Standard_D4s_v5", "billingfrequency": "OneTime", "currency": "EUR", "eventdate": "2026-01-15T00:00:00Z", "eventtype": "Purchase", "quantity": "2",
	"region": "westeurope", "reservationordername": "VM_RI_01", "term": "P1Y", "sku": "Standard_D4s_v5", "location": "westeurope", "costwithnoreservedinstances": "100.5", "firstusagedate": "2026-09-15",
	"lookbackperiod": "Last30Days", "netsavings": "40.5", "normalizedsize": "Standard_D2s_v5", "recommendedquantity": "3", "recommendedquantitynormalized": "6", "resourcetype": "VirtualMachines",
	"scope": "Shared", "totalcostwithreservedinstances": "60",
}

func TestReservationDetailsAndSummaries(t *testing.T) {
	for header, name := range map[string]string{reservationDetailsHeader: "reservation-details", reservationSummaryHeader: "reservation-summaries"} {
		for _, text := range []string{csvOf(records(header, reservationWords, cells{}), ',', true),
			csvOf(rewriteReport(records(header, reservationWords, cells{})), ';', true)} {
			r, s := report(t, text, ingest.Options{})
			require.Equal(t, name, s.Dialect)
			require.Empty(t, r.Rejects())
			require.Nil(t, owned(r), "what was used tells no end: it is no list of what is owned")
			want := ingest.ReservationUse{Reservation: "ri-1", Order: "order-1", Size: "Standard_D4s_v5", Day: time.Date(2026, 10, 15, 0, 0, 0, 0, time.UTC),
				Reserved: 48_000_000, Used: 23_500_000, File: "report.csv", Line: 2}
			if name == "reservation-details" {
				want.Resource = strings.ToLower(webServer)
			}
			require.Equal(t, []ingest.ReservationUse{want}, r.ReservationUses())
			require.Equal(t, 24*time.Hour, s.Grain)
		}
	}
}

// rewriteReport writes decimal commas and days first.
func rewriteReport(table [][]string) [][]string {
	return everyRow(table, func(row []string) []string {
		for i := range row {
			row[i] = strings.NewReplacer("10/15/2026", "15.10.2026", "23.5", "23,5", "100.5", "100,5", "40.5", "40,5", "1200.5", "1200,5").Replace(row[i])
		}
		return row
	})
}

func TestReservationTransactions(t *testing.T) {
	for _, header := range []string{transactionsEA, transactionsMCA} {
		rows := []cells{{}, {"eventdate": "2026-02-15T00:00:00Z"}, {"eventtype": "Refund", "quantity": "1", "amount": "-600", "eventdate": "2026-03-01T00:00:00Z"},
			{"reservationorderid": "SQL", "armskuname": "SQL Database vCore"}, {"reservationorderid": "order-2", "term": "P3Y", "quantity": "5"}}
		for _, text := range []string{csvOf(records(header, reservationWords, rows...), ',', true), csvOf(rewriteReport(records(header, reservationWords, rows...)), ';', true)} {
			r, s := report(t, text, ingest.Options{})
			require.Equal(t, "reservation-transactions", s.Dialect)
			require.Empty(t, r.Rejects())
			require.Equal(t, []ingest.SetApart{{Reason: "not_a_virtual_machine", Rows: 1}}, s.SetApart)
			got := owned(r)
			require.Len(t, got, 2)
			require.Equal(t, []int64{1, 5}, []int64{got[0].Quantity, got[1].Quantity}, "two bought, an instalment not counted again, one given back; five")
			require.Equal(t, "2027-01-15", got[0].End.Format(time.DateOnly))
			require.Equal(t, "2029-01-15", got[1].End.Format(time.DateOnly))
			require.Equal(t, []string{"order-1", "order-2"}, []string{got[0].Order, got[1].Order})
		}
	}
}

func TestReservationRecommendationsOfBothAgreements(t *testing.T) {
	want := ingest.Recommendation{Scope: "shared", Size: "Standard_D4s_v5", Region: "westeurope", Quantity: "3", TermMonths: 12, LookbackDays: 30, CostWithout: "100.5", CostWith: "60",
		NetSavings: "40.5", File: "report.csv", Line: 2}
	for _, header := range []string{recommendationsEA, recommendationsMCA} {
		r, s := report(t, csvOf(records(header, reservationWords, cells{}, cells{"resourcetype": "SqlDatabases"}), ',', true), ingest.Options{})
		require.Equal(t, "reservation-recommendations", s.Dialect)
		require.Empty(t, r.Rejects())
		require.Equal(t, []ingest.Recommendation{want}, r.Recommendations(), "the quantity of the size itself; the money of the look-back")
		require.Equal(t, []ingest.SetApart{{Reason: "not_a_virtual_machine", Rows: 1}}, s.SetApart)
		require.EqualValues(t, 1, s.Accepted)
	}
	// The export for Microsoft Customer Agreements may hold amounts as JSON, and the look-back as a number.
	r, _ := report(t, csvOf(records(recommendationsMCA, reservationWords, cells{"netsavings": `{"currency":"EUR","value":40.5}`,
		"costwithnoreservedinstances": `{"currency":"EUR","value":100.5}`, "totalcostwithreservedinstances": `{"currency":"EUR","value":60.0}`, "lookbackperiod": "30"}), ',', true), ingest.Options{})
	require.Empty(t, r.Rejects())
	want.Currency = "EUR"
	require.Equal(t, []ingest.Recommendation{want}, r.Recommendations())
}

var invoiceWords = cells{
	"partnerid": "p", "customerid": "C1", "customername": "Contoso", "invoicenumber": "G001", "orderid": "o", "orderdate": "10/3/2026", "productid": "DZH318Z0BQ35", "skuid": "00MK",
	"skuname": "Standard_D4s_v5 | EU West | 1 Year", "productname": "Reserved VM Instance", "chargetype": "new", "unitprice": "1000", "effectiveunitprice": "1000", "quantity": "2", "subtotal": "2000",
	"taxtotal": "380", "total": "2380", "currency": "EUR", "subscriptiondescription": "Reserved VM Instance, Standard_D4s_v5, EU West, 1 Year", "subscriptionid": "billing-id", "chargestartdate": "10/3/2026",
	"chargeenddate": "10/2/2027", "termandbillingcycle": "One-Year Reservation, billed upfront", "billablequantity": "2", "reservationorderid": "ORDER-1", "subscriptionstartdate": "10/3/2026",
	"subscriptionenddate": "10/2/2027", "pctobcexchangeratedate": "10/31/2026",
}

func TestInvoiceReconciliation(t *testing.T) {
	for header, name := range map[string]string{invoiceHeader: "partner-center-invoice", oneTimeHeader: "partner-center-onetime-2018"} {
		licence := cells{"productname": "Microsoft 365 E3", "skuname": "Microsoft 365 E3", "termandbillingcycle": "One-Month commitment", "subscriptiondescription": ""}
		database := cells{"productname": "SQL Database Reserved Capacity", "skuname": "SQL vCore", "subscriptiondescription": "SQL Database Reserved vCore"}
		got := readText(t, csvOf(records(header, invoiceWords, cells{}, licence, database, cells{"chargetype": "cancelImmediate", "subtotal": "-500", "quantity": "1"}), ',', true), ingest.Options{})
		require.NoError(t, got.err)
		require.Empty(t, got.rejects)
		require.Equal(t, name, got.summary.Dialect)
		require.Equal(t, "invoice", got.summary.Export)
		require.Len(t, got.charges, 2)
		c := got.charges[0]
		require.Equal(t, usage.Purchase, c.Kind)
		require.EqualValues(t, 2_000_000_000, c.Cost)
		require.False(t, c.HasHours, "two reservations are no two hours")
		require.Equal(t, "c1", c.Customer)
		require.Equal(t, usage.Adjustment, got.charges[1].Kind)
		require.EqualValues(t, -500_000_000, got.charges[1].Cost)
		require.Equal(t, []ingest.SetApart{{Reason: "invoice_line", Rows: 1}, {Reason: "other_commitment", Rows: 1}}, got.summary.SetApart)
		if name == "partner-center-invoice" {
			require.Equal(t, "order-1", c.Benefit)
		}
	}
}

func TestLegacyUsageReconciliation(t *testing.T) {
	row := cells{"partnerid": "p", "customercompanyname": "Contoso", "invoicenumber": "D02", "chargestartdate": "2/1/2019 0:00", "chargeenddate": "2/28/2019 23:59", "servicename": "VIRTUAL MACHINES",
		"servicetype": "Standard_D2_v2", "consumedquantity": "11", "includedquantity": "0", "overagequantity": "11", "listprice": "$0.0808", "pretaxcharges": "$0.89", "taxamount": "$0.08", "posttaxtotal": "$0.97",
		"currency": "USD", "chargetype": "Assess usage fee for current cycle", "usagedate": "2/14/2019 0:00", "project": "web01"}
	got := readText(t, csvOf(records(legacyHeader, row, cells{}, cells{"pretaxcharges": "1.11"}), ',', true), ingest.Options{})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects, "amounts of this file carry a currency sign")
	require.Equal(t, "partner-center-usage-145p", got.summary.Dialect)
	require.Empty(t, got.charges, "it names neither machine nor size")
	require.EqualValues(t, 2, got.summary.SetApart[0].Rows)
	require.Equal(t, "2", got.summary.Totals[0].Cost)
	require.Equal(t, "2019-02-14", got.summary.From.Format(time.DateOnly), "the file's days are known although no row of it is used")
	require.Equal(t, []string{"contoso"}, got.summary.Customers)
}

// The list that the portal's page of reservations exports, and the answers of the Capacity API.
func TestReservationListsOfTheVendor(t *testing.T) {
	portal := "Name,Reservation Id,Reservation order Id,Status,Expiration date,Purchase date,Term,Scope,Scope subscription,Scope resource group,Type,Product name,Region,Quantity,Utilization % 1 Day,Auto-renew\n" +
		"VM_RI_1,RI-1,ORDER-1,Succeeded,1/15/2027,1/15/2026,One year,Shared,,,Virtual machine,Standard_D4s_v5,West Europe,2,100,WAHR\n" +
		"VM_RI_2,RI-2,ORDER-2,Succeeded,1/15/2029,1/15/2026,Three years,Single resource group,1CAAA5A3-2b66-438e-8ab4-bce37d518c5d,RG-Web,Virtual machine,Standard_D4s_v5,West Europe,1,100,Off\n" +
		"VM_RI_3,RI-3,ORDER-3,Cancelled,1/15/2027,1/15/2026,One year,Shared,,,Virtual machine,Standard_D4s_v5,West Europe,9,0,Off\n" +
		"SQL_RI,RI-4,ORDER-4,Succeeded,1/15/2027,1/15/2026,One year,Shared,,,SQL Database,SQLDB_GP_Compute_Gen5,West Europe,9,0,Off\n"
	api := `{"value":[{"sku":{"name":"Standard_D4s_v5"},"location":"westeurope","type":"microsoft.capacity/reservationOrders/reservations",
	"id":"/providers/microsoft.capacity/reservationOrders/ORDER-1/reservations/RI-1","name":"ORDER-1/RI-1","properties":{"reservedResourceType":"VirtualMachines","instanceFlexibility":"On","displayName":"VM_RI_1",
	"appliedScopeType":"Shared","quantity":2,"provisioningState":"Succeeded","expiryDate":"2027-01-15","effectiveDateTime":"2026-01-15T00:00:00Z","term":"P1Y","renew":true}},
	{"sku":{"name":"Standard_D4s_v5"},"location":"westeurope","id":"/providers/microsoft.capacity/reservationOrders/ORDER-2/reservations/RI-2","properties":{"reservedResourceType":"VirtualMachines",
	"instanceFlexibility":"Off","appliedScopes":["/subscriptions/1CAAA5A3-2b66-438e-8ab4-bce37d518c5d"],"appliedScopeType":"Single","quantity":1,"provisioningState":"Succeeded","expiryDate":"2029-01-15","term":"P3Y"}},
	{"sku":{"name":"Standard_D4s_v5"},"location":"westeurope","id":"x","properties":{"reservedResourceType":"VirtualMachines","quantity":1,"provisioningState":"Cancelled","expiryDate":"2029-01-15"}}]}`
	for name, text := range map[string]string{"portal": portal, "API": api} {
		got := readText(t, text, ingest.Options{})
		require.NoError(t, got.err, name)
		require.Empty(t, got.rejects, name)
		require.Equal(t, "reservation-list", got.summary.Dialect)
		require.Len(t, got.commitments, 2, name)
		a, b := got.commitments[0], got.commitments[1]
		require.Equal(t, []any{"ri-1", "shared", "Standard_D4s_v5", "westeurope", int64(2), 12, true, false}, []any{a.ID, a.Scope, a.Size, a.Region, a.Quantity, a.TermMonths, a.AutoRenew, a.ExactSize}, name)
		require.Equal(t, "2027-01-15", a.End.Format(time.DateOnly))
		require.Equal(t, "2026-01-15", a.Start.Format(time.DateOnly))
		require.True(t, strings.HasPrefix(b.Scope, "/subscriptions/1caaa5a3-2b66-438e-8ab4-bce37d518c5d"), b.Scope)
		require.Equal(t, name == "portal", strings.HasSuffix(b.Scope, "/resourcegroups/rg-web"))
		require.Equal(t, name == "API", b.ExactSize)
		require.Equal(t, "not_in_force", got.summary.SetApart[len(got.summary.SetApart)-1].Reason)
	}
}

// The file names no customer: the one that is said holds for lists and transactions as it does for charges. Rows that are not in
// force are told, because an older list may still have them.
func TestReservationsWithoutCustomerBelongToTheNamedOne(t *testing.T) {
	list := "Reservation Id,Status,Expiration date,Product name,Region,Quantity,Billing subscription Id\nR1,Succeeded,2027-01-15,Standard_D4s_v5,westeurope,2,1CAAA5A3-2b66-438e-8ab4-bce37d518c5d\nR2,Split,2027-01-15,Standard_D4s_v5,westeurope,2,\n"
	for _, text := range []string{list, csvOf(records(transactionsMCA, reservationWords, cells{"purchasingsubscriptionguid": "1CAAA5A3-2b66-438e-8ab4-bce37d518c5d"}), ',', true)} {
		r, _ := report(t, text, ingest.Options{Customer: "C1"})
		got := r.Holdings()
		require.Equal(t, "c1", got[0].Customer)
		require.Equal(t, "1caaa5a3-2b66-438e-8ab4-bce37d518c5d", got[0].Subscription)
		require.Equal(t, text == list, len(got) == 2 && got[1].Ended && got[1].ID == "r2")
	}
}

// An exchange gives one order back and buys another; where its rows say only that, the sign of the amount tells which.
func TestExchangesGiveBackAndBuy(t *testing.T) {
	r, _ := report(t, csvOf(records(transactionsMCA, reservationWords, cells{}, cells{"eventtype": "Exchange", "amount": "-600", "quantity": "2", "eventdate": "2026-03-01"},
		cells{"eventtype": "Exchange", "amount": "900", "quantity": "3", "eventdate": "2026-03-01", "reservationorderid": "order-2", "term": "P3Y"}), ',', true), ingest.Options{})
	got := owned(r)
	require.Len(t, got, 1)
	require.Equal(t, []any{"order-2", int64(3), "2029-03-01"}, []any{got[0].ID, got[0].Quantity, got[0].End.Format(time.DateOnly)})
}

// The Capacity API of today leaves appliedScopes null and tells the scope in appliedScopeProperties; read as shared, a reservation of one
// subscription would cover all.
func TestScopesOfTheCapacityAPI(t *testing.T) {
	const sub, shared = "/subscriptions/1caaa5a3-2b66-438e-8ab4-bce37d518c5d", "shared"
	for scope, want := range map[string]string{
		`"appliedScopeType":"Single","appliedScopes":null,"appliedScopeProperties":{"displayName":"Prod","subscriptionId":"/subscriptions/1CAAA5A3-2b66-438e-8ab4-bce37d518c5d/"}`:               sub,
		`"appliedScopeType":"Single","appliedScopeProperties":{"subscriptionId":"1caaa5a3-2b66-438e-8ab4-bce37d518c5d"}`:                                                                         sub,
		`"appliedScopeType":"Single","appliedScopes":null,"appliedScopeProperties":{"resourceGroupId":"/subscriptions/1caaa5a3-2b66-438e-8ab4-bce37d518c5d/resourceGroups/RG"}`:                  sub + "/resourcegroups/rg",
		`"appliedScopeType":"Single","appliedScopes":["/subscriptions/1CAAA5A3-2b66-438e-8ab4-bce37d518c5d"],"appliedScopeProperties":{"subscriptionId":"1caaa5a3-2b66-438e-8ab4-bce37d518c5d"}`: sub,
		`"appliedScopeType":"Single","appliedScopes":["/subscriptions/1caaa5a3-2b66-438e-8ab4-bce37d518c5d","/subscriptions/2caaa5a3-2b66-438e-8ab4-bce37d518c5d"]`:                              shared,
		`"appliedScopeType":"Shared","appliedScopes":null,"billingScopeId":"/subscriptions/1caaa5a3-2b66-438e-8ab4-bce37d518c5d"`:                                                                shared,
		`"appliedScopeType":"Single"`: shared, // it says no more: counted for all
	} {
		got := readText(t, `[{"id":"/providers/microsoft.capacity/reservationOrders/O/reservations/R","location":"westeurope","sku":{"name":"Standard_D4s_v5"},"properties":{"quantity":1,"expiryDate":"2027-01-15",`+scope+`}}]`, ingest.Options{})
		require.NoError(t, got.err, scope)
		require.Len(t, got.commitments, 1, scope)
		require.Equal(t, want, got.commitments[0].Scope, scope)
		require.Equal(t, "o", got.commitments[0].Order)
	}
}

// A summary by month reserves 4 x 744 hours in one row: as one day it would be 31 days of use. 4 x 24 is a day.
func TestMonthlySummariesAreNoDays(t *testing.T) {
	r, s := report(t, csvOf(records(reservationSummaryHeader, reservationWords, cells{"reservedhours": "2976", "usedhours": "2900", "purchasedquantity": "4", "totalreservedquantity": "4"},
		cells{"reservedhours": "96", "purchasedquantity": "4", "totalreservedquantity": "4"}), ',', true), ingest.Options{})
	require.Len(t, r.ReservationUses(), 1)
	require.Equal(t, []ingest.SetApart{{Reason: "monthly_summary", Rows: 1}}, s.SetApart)
	r, _ = report(t, csvOf(records(reservationDetailsHeader, reservationWords, cells{"usedhours": "-1"}), ',', true), ingest.Options{})
	require.ErrorIs(t, r.Rejects()[0].Err, dialect.ErrRange)
}

// A list of savings plans is no list of reservations; the refusal says what to do.
func TestListsOfSavingsPlansAreRefusedWithAWayOut(t *testing.T) {
	for _, text := range []string{"Name,Savings plan ID,Status,Expiration date,Term,Scope,Commitment,Currency\nSP1,p1,Succeeded,1/15/2027,One year,Shared,1.5,USD\n",
		`{"value":[{"id":"/providers/Microsoft.BillingBenefits/savingsPlanOrders/O/savingsPlans/P","sku":{"name":"Compute_Savings_Plan"},"properties":{"term":"P1Y","commitment":{"currencyCode":"USD","amount":1.5},"expiryDateTime":"2027-01-15"}}]}`} {
		_, err := ingest.NewReader(input("plans", []byte(text)), ingest.Options{})
		require.ErrorIs(t, err, ingest.ErrUnknownKind)
		require.ErrorContains(t, err, "leave the list out")
	}
}
