package prove

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest/usage"
	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

const (
	customer = "c0ffee00-0000-4000-8000-000000000001"
	subA     = "aaaaaaaa-0000-4000-8000-000000000001"
	subB     = "bbbbbbbb-0000-4000-8000-000000000002"
	resOrder = "0rder000-0000-4000-8000-000000000001"
	resID    = "re5e0000-0000-4000-8000-000000000001"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func usd(text string) money.Amount {
	a, err := money.Parse(text, "USD")
	if err != nil {
		panic(err)
	}
	return a
}

// bought is the order of the examples: 2 x Standard_D4s_v5 for a year, bought on 2026-11-02 at midnight. One costs 876 USD,
// 0.10 an hour; on demand it is 0.20 an hour. Two that always run save 2 x 730 x 0.10 = 146 USD in 730 hours.
func bought(plan string) order.Order {
	line := order.Line{ID: "line-1", Customer: customer, Subscription: subA, Scope: "shared", Region: "westeurope", Size: "Standard_D4s_v5", Term: pricing.OneYear,
		Quantity: 2, Flexible: true, BillingPlan: plan, UnitPrice: usd("876"), TotalPrice: usd("1752"), SavingMonth: usd("146"), Rate: 2_000_000_000, AsOf: at("2026-11-01T00:00:00Z")}
	return order.Order{ID: "o-1", State: order.Reconciled, Line: line, Plan: "plan-1", Attempt: &order.Attempt{Via: "arm", At: at("2026-11-02T00:00:00Z")},
		Result: &order.Result{ReservationOrder: resOrder, VendorOrder: "V-1"}}
}

// file is a made-up cost export of November 2026.
type file struct {
	batch  usage.ChargeBatch
	export string
}

func (f *file) row(r usage.ChargeRow) {
	r.Customer, r.Currency, r.Region, r.Dataset = customer, "USD", orElse(r.Region, "westeurope"), "d1"
	r.Export = orElse(f.export, "actual")
	r.End = r.Start + daySeconds
	f.batch.Append(r)
}

// runs adds a machine of a size that runs all day from one day of November to another, both included.
func (f *file) runs(sub, size string, from, to int, benefit string) {
	for d := from; d <= to; d++ {
		r := usage.ChargeRow{Subscription: sub, ResourceGroup: "rg", Size: size, OS: "linux", Kind: usage.Compute, Model: usage.OnDemand,
			Start: time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC).Unix(), Hours: 24_000_000, HasHours: true}
		if benefit == "" {
			r.Rate, r.HasRate, r.Cost = 2_000_000_000, true, 4_800_000
			if size == "Standard_D2s_v5" {
				r.Rate, r.Cost = 1_000_000_000, 2_400_000
			}
		} else {
			r.Model, r.Benefit = usage.Reservation, benefit
		}
		f.row(r)
	}
}

func (f *file) into(t *testing.T, b *Books) *Books {
	t.Helper()
	rec := f.batch.Record()
	defer rec.Release()
	c, err := usage.ChargesOf(rec)
	require.NoError(t, err)
	b.AddCharges(c)
	b.AddLink(resID, resOrder)
	return b
}

func prove(t *testing.T, b *Books, orders ...order.Order) *Report {
	t.Helper()
	r, err := Verify(orders, b, Options{Now: at("2026-12-08T00:00:00Z")})
	require.NoError(t, err)
	for _, m := range r.Months() { // what is kept is what was found
		text, err := json.Marshal(m)
		require.NoError(t, err)
		var again Month
		require.NoError(t, json.Unmarshal(text, &again))
		require.Equal(t, m, again)
	}
	for _, f := range r.Findings {
		s := f.Saving.Split
		sum := s.LateStart.Micros + s.Price.Micros + s.OtherReservation.Micros + s.Scope.Micros + s.Demand.Micros
		require.Equal(t, f.Saving.Difference.Micros, sum, "the parts add up")
		require.Equal(t, f.Saving.Realised.Micros-f.Saving.Promised.Micros, f.Saving.Difference.Micros)
	}
	return r
}

// split is the split of the only finding, in whole decimals.
func split(r *Report) string {
	s := r.Findings[0].Saving
	return fmt.Sprintf("promised %s realised %s late %s price %s other %s scope %s demand %s", s.Promised.Decimal(), s.Realised.Decimal(), s.Split.LateStart.Decimal(),
		s.Split.Price.Decimal(), s.Split.OtherReservation.Decimal(), s.Split.Scope.Decimal(), s.Split.Demand.Decimal())
}

// Worked by hand. November has 720 hours: promised 146 x 720 / 730 = 144.00. It ran from the 2nd, 696 hours: 139.20, so that
// 4.80 is late start. Two machines: 2 x 696 x 0.20 = 278.40 on demand, less 2 x 696 x 0.10 = 139.20.
func TestSavingThatCameTrue(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D4s_v5", 1, 1, "")
	f.runs(subA, "Standard_D4s_v5", 1, 1, "")
	f.runs(subA, "Standard_D4s_v5", 2, 30, resID)
	f.runs(subB, "Standard_D4s_v5", 2, 30, resID)
	r := prove(t, f.into(t, &Books{}), bought("upfront"))
	require.Equal(t, "promised 144.00 realised 139.20 late -4.80 price 0.00 other 0.00 scope 0.00 demand 0.00", split(r))
	a := r.Findings[0].Applied
	require.Equal(t, full, a.Verdict)
	require.Equal(t, 1.0, *a.Utilization)
	require.Equal(t, "1296.000", a.ReservedHours) // 2 x 24 x 27 days, the 4th to the 30th
	require.Equal(t, isBought, r.Findings[0].Bought.Verdict)
	require.Equal(t, "139.20", r.Customers[0].Realised.Decimal())
}

// DESIGN section 4: charges are verified by the real days of the term. Three years from 2026-11-02 hold a 29 February, 1 096 days, so that
// 29 of them cost 5256 x 29 / 1096 = 139.072993 instead of 139.20, the plan's 8 760 hours a year: the rest is a price that is lower by
// 0.127007.
func TestLeapDayMakesTheHourCheaper(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D4s_v5", 2, 30, resID)
	f.runs(subB, "Standard_D4s_v5", 2, 30, resID)
	o := bought("upfront")
	o.Line.Term, o.Line.UnitPrice, o.Line.TotalPrice = pricing.ThreeYear, usd("2628"), usd("5256")
	r := prove(t, f.into(t, &Books{}), o)
	s := r.Findings[0].Saving
	require.Equal(t, "139.072993", s.Cost.Decimal())
	require.Equal(t, "139.327007", s.Realised.Decimal())
	require.Equal(t, "0.127007", s.Split.Price.Decimal())
}

// A reservation of D4s covers machines of half and of double its size by their ratio.
func TestOtherSizesOfTheGroupCount(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D8s_v5", 2, 30, resID) // as much as two D4s
	r := prove(t, f.into(t, &Books{}), bought("upfront"))
	require.Equal(t, full, r.Findings[0].Applied.Verdict)
	// No on-demand price of D8s in the files: the plan's, doubled.
	require.Equal(t, "139.20", r.Findings[0].Saving.Realised.Decimal())
	require.Equal(t, "the plan", r.Findings[0].Saving.RateFrom)
}

// Half is used: value 139.20, cost 139.20, realised 0. Nothing else ran: it is demand.
func TestLessDemand(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D4s_v5", 1, 1, "")
	f.runs(subA, "Standard_D4s_v5", 2, 30, resID)
	r := prove(t, f.into(t, &Books{}), bought("upfront"))
	require.Equal(t, "promised 144.00 realised 0.00 late -4.80 price 0.00 other 0.00 scope 0.00 demand -139.20", split(r))
	require.Equal(t, partly, r.Findings[0].Applied.Verdict)
	require.Equal(t, "50 %", r.Findings[0].Applied.Percent())
	require.NotEmpty(t, r.Findings[0].Applied.WayOut)
}

// The other machine ran on demand in a subscription that the reservation never served: it does not reach it. Whole days
// count, the 3rd to the 30th: 28 x 24 x 0.20 = 134.40; what is left of 139.20 stays with demand.
func TestUsageOutOfReachIsScope(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D4s_v5", 2, 30, resID)
	f.runs(subB, "Standard_D4s_v5", 1, 30, "")
	r := prove(t, f.into(t, &Books{}), bought("upfront"))
	require.Equal(t, "promised 144.00 realised 0.00 late -4.80 price 0.00 other 0.00 scope -134.40 demand -4.80", split(r))
}

// Another reservation, bought after the plan, covers the other machine.
func TestUsageThatAnotherReservationTook(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D4s_v5", 1, 1, "")
	f.runs(subA, "Standard_D4s_v5", 2, 30, resID)
	f.runs(subB, "Standard_D4s_v5", 2, 30, "other")
	b := f.into(t, &Books{})
	b.AddHeld(usage.Holding{Commitment: usage.Commitment{ID: "other", Start: at("2026-11-01T12:00:00Z"), End: at("2027-11-01T00:00:00Z")}})
	require.Equal(t, "promised 144.00 realised 0.00 late -4.80 price 0.00 other -134.40 scope 0.00 demand -4.80", split(prove(t, b, bought("upfront"))))
	// The plan knew a reservation that was older: then it is demand.
	b.held[0].Start = at("2026-01-01T00:00:00Z")
	require.Equal(t, "promised 144.00 realised 0.00 late -4.80 price 0.00 other 0.00 scope 0.00 demand -139.20", split(prove(t, b, bought("upfront"))))
}

// Charged 10 % more than quoted: 139.20 of cost become 153.12. And an on-demand price of 0.19 instead of 0.20: 1392 hours
// are worth 13.92 less.
func TestPrices(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D4s_v5", 1, 1, "")
	f.runs(subA, "Standard_D4s_v5", 2, 30, resID)
	f.runs(subB, "Standard_D4s_v5", 2, 30, resID)
	f.row(usage.ChargeRow{Kind: usage.Purchase, Model: usage.Reservation, Benefit: resOrder, BenefitSize: "Standard_D4s_v5", Start: at("2026-11-02T00:00:00Z").Unix(), Cost: 160_600_000})
	r := prove(t, f.into(t, &Books{}), bought("monthly"))
	require.Equal(t, chargedOther, r.Findings[0].Charged.Verdict)
	require.Equal(t, "146.00", r.Findings[0].Charged.Expected.Decimal()) // 1752 / 12
	require.Equal(t, "14.60", r.Findings[0].Charged.Difference.Decimal())
	require.Equal(t, "promised 144.00 realised 125.28 late -4.80 price -13.92 other 0.00 scope 0.00 demand 0.00", split(r))

	g := &file{}
	g.row(usage.ChargeRow{Subscription: subA, ResourceGroup: "x", Size: "Standard_D4s_v5", OS: "linux", Kind: usage.Compute, Model: usage.OnDemand,
		Start: at("2026-11-01T00:00:00Z").Unix(), Hours: 24_000_000, HasHours: true, Rate: 1_900_000_000, HasRate: true, Cost: 4_560_000})
	g.runs(subA, "Standard_D4s_v5", 2, 30, resID)
	g.runs(subB, "Standard_D4s_v5", 2, 30, resID)
	require.Equal(t, "promised 144.00 realised 125.28 late -4.80 price -13.92 other 0.00 scope 0.00 demand 0.00", split(prove(t, g.into(t, &Books{}), bought("upfront"))))
}

// Never applied: 0 used. Both machines run on demand: the reservation does not reach them.
func TestNeverApplied(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D4s_v5", 1, 30, "")
	f.runs(subB, "Standard_D4s_v5", 1, 30, "")
	r := prove(t, f.into(t, &Books{}), bought("upfront"))
	require.Equal(t, unused, r.Findings[0].Applied.Verdict)
	require.Equal(t, "0 %", r.Findings[0].Applied.Percent())
	require.Equal(t, notFound, r.Findings[0].Bought.Verdict)
	require.Equal(t, notCharged, r.Findings[0].Charged.Verdict)
	require.Equal(t, "-139.20", r.Findings[0].Saving.Realised.Decimal())
	// 28 whole days x 48 h x 0.20 = 268.80 of 278.40
	require.Equal(t, "promised 144.00 realised -139.20 late -4.80 price 0.00 other 0.00 scope -268.80 demand -9.60", split(r))
	require.Len(t, r.UnmatchedOrder, 1)
}

// Reservation details alone say how much is used, of the hours that they name.
func TestDetailsAlone(t *testing.T) {
	b := &Books{}
	for d := 4; d <= 30; d++ {
		for vm := range 2 { // the reserved hours stand on each row
			b.AddUses(Use{Reservation: resID, Order: resOrder, Size: "Standard_D4s_v5", Resource: fmt.Sprint(vm), Day: time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC), Reserved: 48_000_000, Used: 12_000_000})
		}
	}
	r := prove(t, b, bought("upfront"))
	a := r.Findings[0].Applied
	require.Equal(t, partly, a.Verdict)
	require.Equal(t, 0.5, *a.Utilization)
	require.Equal(t, "1296.000", a.ReservedHours)
	require.Equal(t, notInFiles, r.Findings[0].Charged.Verdict)
}

// Amortized exports carry their own costs: they count, with the hours that nothing used.
func TestAmortizedRows(t *testing.T) {
	f := &file{export: "amortized"}
	f.runs(subA, "Standard_D4s_v5", 1, 1, "")
	for d := 2; d <= 30; d++ {
		start := time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC).Unix()
		f.row(usage.ChargeRow{Subscription: subA, ResourceGroup: "rg", Size: "Standard_D4s_v5", OS: "linux", Kind: usage.Compute, Model: usage.Reservation, Benefit: resID, Start: start, Hours: 24_000_000, HasHours: true, Cost: 2_500_000})
		f.row(usage.ChargeRow{Kind: usage.Unused, Model: usage.Reservation, Benefit: resID, Start: start, Cost: 2_500_000})
	}
	r := prove(t, f.into(t, &Books{}), bought("upfront"))
	// 29 x 4.80 = 139.20 of value, 29 x 5.00 = 145.00 of cost
	require.Equal(t, "-5.80", r.Findings[0].Saving.Realised.Decimal())
	require.Equal(t, "-5.80", r.Findings[0].Saving.Split.Price.Decimal())
}

func line(charge, subtotal string) InvoiceLine {
	return InvoiceLine{Invoice: "G1", Order: "v-1", ReservationOrder: resOrder, Customer: customer, Charge: charge, Quantity: "2", Billable: "2", UnitPrice: "73", PricingCurrency: "USD",
		Exchange: "0.9213", Subtotal: subtotal, Tax: "10.00", Total: "144.50", Currency: "EUR", Day: at("2026-11-02T00:00:00Z"), File: "recon.csv", Line: 2}
}

// An instalment of 2 x 73 = 146 USD at 0.9213: cut(cut(146) x 0.9213) = 134.50, not 134.51.
func TestInvoiceInAnotherCurrency(t *testing.T) {
	b := &Books{}
	b.AddInvoice(line("new", "134.50"))
	r := prove(t, b, bought("monthly"))
	c := r.Findings[0].Charged
	require.Equal(t, asQuoted, c.Verdict, c.Detail)
	require.Equal(t, "134.50", c.Billed)
	require.Equal(t, "EUR", c.BillingCurrency)
	require.Equal(t, "per line: cut(cut(price x quantity) x rate)", c.Rounding)
	require.Equal(t, "134.50", r.Invoices[0].Matched.Decimal())
	require.Equal(t, "0.00", r.Invoices[0].Unmatched.Decimal())
	require.Empty(t, r.UnmatchedCharge)

	for _, c := range []struct {
		lines   []InvoiceLine
		verdict string
	}{
		{[]InvoiceLine{line("new", "134.50"), line("cycleCharge", "134.50")}, chargedTwice},
		{[]InvoiceLine{func() InvoiceLine { l := line("new", "200.00"); l.UnitPrice = "108.55"; return l }()}, chargedOther},
		{[]InvoiceLine{func() InvoiceLine { l := line("new", "134.50"); l.PricingCurrency = "GBP"; return l }()}, chargedOther},
		{[]InvoiceLine{line("cancelImmediate", "-134.50")}, notCharged},
	} {
		b := &Books{}
		b.AddInvoice(c.lines...)
		r := prove(t, b, bought("monthly"))
		require.Equal(t, c.verdict, r.Findings[0].Charged.Verdict, "%+v", r.Findings[0].Charged)
	}
}

// An order in the billing currency, while the vendor prices in dollars: what differs says that the rate moves.
func TestBilledInTheOrdersCurrency(t *testing.T) {
	o := bought("monthly")
	for _, a := range []*money.Amount{&o.Line.UnitPrice, &o.Line.TotalPrice, &o.Line.SavingMonth} {
		a.Currency = "EUR"
	}
	b := &Books{}
	b.AddInvoice(line("new", "134.50"))
	c := prove(t, b, o).Findings[0].Charged
	require.Equal(t, chargedOther, c.Verdict)
	require.Equal(t, "-11.50", c.Difference.Decimal()) // 134.50 - 146
	require.Contains(t, c.Detail, "priced in USD at 0.9213")
}

func TestRoundingRules(t *testing.T) {
	for _, c := range []struct {
		price, quantity, rate, subtotal, rule string
	}{
		{"73", "2", "0.9213", "134.50", "per line"},    // 146 x 0.9213 = 134.5098
		{"31.055", "5", "1", "155.27", "per line"},     // 155.275
		{"31.055", "5", "1", "155.25", "per instance"}, // 31.05 x 5
		{"31.055", "5", "1", "155.28", ""},             // rounded, not cut
	} {
		l := InvoiceLine{UnitPrice: c.price, Billable: c.quantity, Exchange: c.rate, Subtotal: c.subtotal}
		if c.rule == "" {
			require.Empty(t, l.rounding(), "%+v", c)
			continue
		}
		require.True(t, strings.HasPrefix(l.rounding(), c.rule), "%+v: %s", c, l.rounding())
	}
}

// Charges that nobody ordered, and orders that nobody charged, are both listed.
func TestUnmatchedOnBothSides(t *testing.T) {
	stray := line("new", "55.00")
	stray.Order, stray.ReservationOrder, stray.Line = "v-9", "someone-else", 3
	b := &Books{}
	b.AddInvoice(line("new", "134.50"), stray)
	second := bought("monthly")
	second.ID, second.Result = "o-2", &order.Result{VendorOrder: "v-2"}
	r := prove(t, b, bought("monthly"), second)
	require.Len(t, r.UnmatchedCharge, 1)
	require.Equal(t, "recon.csv:3", r.UnmatchedCharge[0].Source)
	require.Len(t, r.UnmatchedOrder, 1)
	require.Equal(t, "o-2", r.UnmatchedOrder[0].Order)
	require.Equal(t, "55.00", r.Invoices[0].Unmatched.Decimal())
	require.Equal(t, "189.50", r.Invoices[0].Subtotal.Decimal())
}

// Transactions name the order by the name that it was bought under, and show what was really bought.
func TestTransactions(t *testing.T) {
	deal := Transaction{Day: at("2026-11-02T00:00:00Z"), Event: "purchase", Order: "found", Name: "sizeterm-o-1", Size: "Standard_D4s_v5", Region: "westeurope", TermMonths: 12, Quantity: 2, Amount: "1752.00", Currency: "USD", File: "t.csv", Line: 2}
	o := bought("upfront")
	o.State, o.Result = order.Unknown, nil
	b := &Books{}
	b.AddTransactions(deal)
	r := prove(t, b, o)
	require.Equal(t, isBought, r.Findings[0].Bought.Verdict)
	require.Equal(t, asQuoted, r.Findings[0].Charged.Verdict)
	require.Equal(t, "found", r.Findings[0].ReservationOrder)
	deal.Quantity = 3
	b = &Books{}
	b.AddTransactions(deal)
	require.Equal(t, "quantity 3, ordered 2", prove(t, b, o).Findings[0].Bought.Detail)
}

// The purchase day and the day after are not judged.
func TestTooEarlyToJudge(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D4s_v5", 1, 3, "")
	r := prove(t, f.into(t, &Books{}), bought("upfront"))
	require.Equal(t, tooEarly, r.Findings[0].Applied.Verdict)
	require.Nil(t, r.Findings[0].Applied.Utilization)
}

// Two exports of one kind: the later counts. An actual and an amortized one are never added.
func TestExportsAreNotAdded(t *testing.T) {
	b := &Books{}
	for _, export := range []string{"actual", "amortized", "actual"} {
		f := &file{export: export}
		f.runs(subA, "Standard_D4s_v5", 2, 30, resID)
		f.into(t, b)
	}
	require.Equal(t, "50 %", prove(t, b, bought("upfront")).Findings[0].Applied.Percent(), "rows of one dataset are one file's, and those of the other export do not count")
}

func TestFaces(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D4s_v5", 1, 1, "")
	f.runs(subA, "Standard_D4s_v5", 2, 30, resID)
	b := f.into(t, &Books{})
	b.names[customer] = "=cmd <b>Contoso</b>"
	b.AddInvoice(line("new", "134.50"))
	r, err := Verify([]order.Order{bought("monthly")}, b, Options{Now: at("2026-12-08T00:00:00Z"), FeeShare: 1500})
	require.NoError(t, err)
	for _, format := range Formats {
		var one, two bytes.Buffer
		require.NoError(t, r.Write(&one, format))
		require.NoError(t, r.Write(&two, format))
		require.Equal(t, one.String(), two.String())
		require.Contains(t, one.String(), "o-1")
		switch format {
		case "csv":
			rows, err := csv.NewReader(&one).ReadAll()
			require.NoError(t, err)
			require.Len(t, rows, 2)
			require.Equal(t, "'=cmd <b>Contoso</b>", rows[1][4])
		case "html":
			require.NotContains(t, one.String(), "<b>Contoso")
		case "json":
			require.NoError(t, json.Unmarshal(one.Bytes(), &map[string]any{}))
		}
	}
	require.Error(t, r.Write(&bytes.Buffer{}, "pdf"))
	_, err = Verify(nil, &Books{}, Options{})
	require.Error(t, err)
}

// Whatever the files hold: the parts add up (prove checks it), use is never below 0, and the same books give the same bytes.
func TestLawsOnRandomMonths(t *testing.T) {
	sizes := []string{"Standard_D2s_v5", "Standard_D4s_v5", "Standard_D8s_v5", "Standard_E2s_v5"}
	for seed := range uint64(120) {
		random := rand.New(rand.NewPCG(seed, 9))
		f := &file{export: []string{"actual", "amortized", "focus", "usage"}[random.IntN(4)]}
		for range 1 + random.IntN(12) {
			from := 1 + random.IntN(30)
			benefit := []string{"", resID, resOrder, "other"}[random.IntN(4)]
			f.runs([]string{subA, subB}[random.IntN(2)], sizes[random.IntN(4)], from, from+random.IntN(31-from), benefit)
		}
		b := f.into(t, &Books{})
		if random.IntN(2) == 0 {
			b.AddHeld(usage.Holding{Commitment: usage.Commitment{ID: "other", Start: at("2026-11-05T00:00:00Z"), End: at("2027-11-05T00:00:00Z")}})
		}
		if random.IntN(2) == 0 {
			b.AddInvoice(line("new", []string{"134.50", "99.99", "0", "-5"}[random.IntN(4)]))
		}
		o := bought([]string{"upfront", "monthly"}[random.IntN(2)])
		o.Line.Scope = []string{"shared", "/subscriptions/" + subA, "/subscriptions/" + subA + "/resourcegroups/rg"}[random.IntN(3)]
		if random.IntN(3) == 0 {
			o.Returns = []order.Return{{At: at("2026-11-15T00:00:00Z"), Quantity: 1, Commitment: usd("1"), Refund: usd("1")}}
		}
		r := prove(t, b, o)
		for _, f := range r.Findings {
			require.True(t, f.Applied.Utilization == nil || *f.Applied.Utilization >= 0, "seed %d", seed)
			s := f.Saving.Split
			require.True(t, s.Scope.Micros <= 0 && s.OtherReservation.Micros <= 0 && s.LateStart.Micros <= 0, "seed %d: these are losses", seed)
		}
		var one, two bytes.Buffer
		require.NoError(t, r.Write(&one, "json"))
		require.NoError(t, prove(t, b, o).Write(&two, "json"))
		require.Equal(t, one.String(), two.String(), "seed %d", seed)
	}
}
