package ingest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
)

// drained reads an input to its end and returns the reader.
func drained(t *testing.T, text string) *ingest.Reader {
	t.Helper()
	r, err := ingest.NewReader(input("file", []byte(text)), ingest.Options{})
	require.NoError(t, err)
	for r.Next() {
	}
	require.NoError(t, r.Err())
	return r
}

const invoiceHead = "PartnerId,CustomerId,InvoiceNumber,OrderId,OrderDate,ProductName,ChargeType,UnitPrice,Quantity,Subtotal,TaxTotal,Total,Currency,SubscriptionId,ChargeStartDate,ChargeEndDate,TermAndBillingCycle,EffectiveUnitPrice,AlternateId,BillableQuantity,BillingFrequency,PricingCurrency,PCToBCExchangeRate,ReservationOrderId\n"

// What proves a purchase survives reading, in native form and as a spreadsheet saves it in a country of decimal commas; the
// licence line, whose reservation order the documents fill too, is none.
func TestInvoiceLines(t *testing.T) {
	native := invoiceHead +
		`p,C0FFEE00-0000-4000-8000-000000000001,G1,AbC,11/1/2026,"Reserved VM Instance, Standard_D2s_v5, EU West, 3 Years",new,30.444,10,280.47,0,280.47,EUR,s,11/13/2026,12/12/2026,Reservation - P3Y,30.444444,alt-1,10,Monthly,USD,0.9213,ORDER-1` + "\n" +
		`p,c,G1,z,11/1/2026,Microsoft 365 E3,new,33.75,40,1350,0,1350,EUR,s,11/13/2026,12/12/2026,1 Year,33.75,,40,Monthly,USD,1,order-2` + "\n"
	lines := drained(t, native).InvoiceLines()
	require.Len(t, lines, 1)
	l := lines[0]
	require.Equal(t, ingest.InvoiceLine{Invoice: "G1", Order: "abc", Alternate: "alt-1", ReservationOrder: "order-1", Customer: "c0ffee00-0000-4000-8000-000000000001",
		Product: "Reserved VM Instance, Standard_D2s_v5, EU West, 3 Years", Charge: "new", Cycle: "Reservation - P3Y", Frequency: "Monthly", Quantity: "10", Billable: "10",
		UnitPrice: "30.444444", PricingCurrency: "USD", Exchange: "0.9213", Subtotal: "280.47", Tax: "0", Total: "280.47", Currency: "EUR",
		Day: time.Date(2026, 11, 13, 0, 0, 0, 0, time.UTC), File: "file", Line: 2}, l)
	// As a spreadsheet saves it: semicolons, decimal commas, days first.
	saved := strings.NewReplacer(",", ";", "11/13/2026", "13.11.2026", "12/12/2026", "12.12.2026", "11/1/2026", "01.11.2026", "\"", "").Replace(
		strings.ReplaceAll(native, `"Reserved VM Instance, Standard_D2s_v5, EU West, 3 Years"`, "Reserved VM Instance Standard_D2s_v5"))
	for _, number := range []string{"30.444444", "30.444;", "280.47", "33.75", "0.9213"} {
		saved = strings.ReplaceAll(saved, number, strings.ReplaceAll(number, ".", ","))
	}
	lines = drained(t, saved).InvoiceLines()
	require.Len(t, lines, 1)
	require.Equal(t, "30.444444", lines[0].UnitPrice)
	require.Equal(t, "280.47", lines[0].Subtotal)
	require.Equal(t, "0.9213", lines[0].Exchange)
	require.Equal(t, 13, lines[0].Day.Day())
	require.Empty(t, drained(t, native).Transactions())
}

func TestTransactions(t *testing.T) {
	const text = "amount,armSkuName,billingFrequency,currency,eventDate,eventType,quantity,region,reservationOrderId,reservationOrderName,term\n" +
		"1752.00,Standard_D4s_v5,OneTime,USD,11/02/2026,Purchase,2,westeurope,ORDER-1,sizeterm-o-1,P1Y\n" +
		"-804.5,Standard_D4s_v5,OneTime,USD,12/02/2026,Refund,-1,westeurope,order-1,sizeterm-o-1,P1Y\n"
	r := drained(t, text)
	all := r.Transactions()
	require.Len(t, all, 2)
	require.Equal(t, ingest.Transaction{Day: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), Event: "purchase", Order: "order-1", Name: "sizeterm-o-1", Size: "Standard_D4s_v5", Region: "westeurope",
		TermMonths: 12, Quantity: 2, Amount: "1752", Currency: "USD", File: "file", Line: 2}, all[0])
	require.Equal(t, "refund", all[1].Event)
	require.Equal(t, "-804.5", all[1].Amount)
	require.EqualValues(t, 1, owned(r)[0].Quantity, "what is left of it")
}

// Which order a reservation belongs to: by the path of the benefit, and by the rows of reservation details.
func TestLinks(t *testing.T) {
	const details = "InstanceFlexibilityGroup,InstanceFlexibilityRatio,InstanceId,Kind,ReservationOrderId,ReservationId,ReservedHours,SkuName,TotalReservedQuantity,UsageDate,UsedHours\n" +
		"g,1,/subscriptions/s/vm,Microsoft.Compute,ORDER-1,RES-1,48,Standard_D4s_v5,2,11/04/2026,12\n"
	require.Equal(t, []ingest.Link{{Order: "order-1", Reservation: "res-1"}}, drained(t, details).Links())
	const costs = "date,quantity,unitOfMeasure,costInBillingCurrency,billingCurrency,effectivePrice,unitPrice,SubscriptionId,ResourceId,resourceLocation,meterCategory,meterName,chargeType,additionalInfo,reservationId,benefitId,PricingModel,productOrderId,productOrderName,customerTenantId\n" +
		`11/04/2026,24,1 Hour,0,USD,0,,s,/subscriptions/s/vm,westeurope,Virtual Machines,D4s v5,Usage,"{""ServiceType"":""Standard_D4s_v5""}",res-2,/providers/Microsoft.Capacity/reservationOrders/ORDER-2/reservations/RES-2,Reservation,azure-plan,Azure plan,c` + "\n" +
		`11/04/2026,24,1 Hour,0,USD,0,,s,/subscriptions/s/vm2,westeurope,Virtual Machines,D4s v5,Usage,"{""ServiceType"":""Standard_D4s_v5""}",res-3,,Reservation,azure-plan,Azure plan,c` + "\n" +
		`11/04/2026,24,1 Hour,0,USD,0,,s,/subscriptions/s/vm3,westeurope,Virtual Machines,D4s v5,Usage,"{""ServiceType"":""Standard_D4s_v5""}",res-4,,Reservation,order-4,"Reserved VM Instance, Standard_D4s_v5, EU West, 1 Year",c` + "\n"
	require.Equal(t, []ingest.Link{{Order: "order-2", Reservation: "res-2"}, {Order: "order-4", Reservation: "res-4"}}, drained(t, costs).Links())
}
