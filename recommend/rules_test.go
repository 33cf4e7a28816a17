package recommend_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// d2s is a tariff at r/p of 0.6 for one year and 0.4 for three.
var d2s = tariff{"Standard_D2s_v5", "0.10", "525.60", "1051.20"}

func owned(quantity int64, until time.Time) recommend.Existing {
	return recommend.Existing{ID: "r1", Customer: "c1", Scope: "shared", Size: "Standard_D2s_v5", Region: region, Quantity: quantity, Until: until}
}

// DESIGN section 4: the demand is that of the hours used, covered or not, less what remains of existing reservations. Four
// machines with two owned for years to come leave two to buy; taking the two off the uncovered rows as well would leave none.
func TestExistingReservationsAreNettedOnce(t *testing.T) {
	m := member("Standard_D2s_v5", always(4, 672))
	m.Covered = 2 * 672 * demand.Full // the rows say that two were covered
	in := input(t, book(t, d2s), m)
	in.Existing = []recommend.Existing{owned(2, asOf.AddDate(9, 0, 0))}
	p := plan(t, in)
	require.EqualValues(t, 2, quantity(compared(t, p, recommend.P1Y).Buy))
	require.Equal(t, "134.40", p.Pools[0].PayGCost.Decimal(), "two machines at 0.10 for 672 h")
	require.Equal(t, "268.80", p.Pools[0].GrossCost.Decimal())
}

// What was bought last week covers nothing in the window and everything from now on: buying it again would be wrong.
func TestWhatWasBoughtLastWeekIsNotBoughtAgain(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	e := owned(4, asOf.AddDate(3, 0, -7))
	e.From = asOf.AddDate(0, 0, -7)
	in.Existing = []recommend.Existing{e}
	p := plan(t, in)
	require.Empty(t, p.Lines)
	require.Contains(t, reasons(p), "covered_by_existing")
}

// Four machines are served by a reservation that ends next month. Bought now, four for one year cost 4 x 0.06 x 8760 and serve
// eleven months; bought when the owned ones end, they serve twelve for the same price: nothing now, four then, at the price of
// three years (0.04), which at 2 % loss a month beats one year (method note, section 1.2). Without the owned ones: four now.
func TestExpiryNextMonthIsBoughtNextMonth(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	end := asOf.Add(730 * time.Hour)
	in.Existing = []recommend.Existing{owned(4, end)}
	p := plan(t, in)
	require.Empty(t, p.Lines)
	require.Contains(t, reasons(p), "buy_later")
	require.Equal(t, []string{"buy 4 2026-12-02 P3Y", "expires 4 2026-12-02 PAYG"}, dueTexts(p))
	require.Equal(t, "175.20", p.Later[0].SavingMonth.Decimal(), "4 x (0.10 - 0.04) x 730")
	require.Zero(t, p.Pools[0].Certificate.Gap)

	in.Existing = nil
	require.EqualValues(t, 4, plan(t, in).Lines[0].Quantity)
}

// Two of four are owned until next month: two now, two then, and the second unit now is not taken for one that is served.
func TestPartOfTheDemandIsBoughtWhenTheOwnedPartEnds(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	in.Existing = []recommend.Existing{owned(2, asOf.Add(730*time.Hour))}
	p := plan(t, in)
	require.Len(t, p.Lines, 1)
	require.EqualValues(t, 2, p.Lines[0].Quantity)
	require.InDelta(t, 1, p.Lines[0].Marginal.Last.Value, 1e-9)
	require.InDelta(t, 0, p.Lines[0].Marginal.Next.Value, 1e-9, "what is planned for next month serves it")
	require.Contains(t, dueTexts(p), "buy 2 2026-12-02 P3Y")
	require.Contains(t, strings.Join(p.Lines[0].Reasons, "\n"), "2 x Standard_D2s_v5 for 3 years are planned for 2026-12-02")

	in.Existing[0].AutoRenew = true
	p = plan(t, in)
	require.Empty(t, p.Later, "it renews itself")
	require.EqualValues(t, 2, p.Lines[0].Quantity)
	require.Contains(t, warnings(p), "auto_renew")
}

// One year only: what is bought now is renewed each year, what is owned is replaced when it ends.
func TestRenewalsAreListed(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(3, 672)))
	in.Policy.Terms = []string{"P1Y"}
	in.Existing = []recommend.Existing{owned(1, asOf.AddDate(0, 6, 0))}
	p := plan(t, in)
	require.EqualValues(t, 2, p.Lines[0].Quantity)
	require.Equal(t, []string{
		"buy 1 2027-05-02 P1Y", "expires 1 2027-05-02 PAYG", "renew 2 2027-11-02 P1Y", "renew 1 2028-05-02 P1Y", "renew 2 2028-11-02 P1Y", "renew 1 2029-05-02 P1Y",
	}, dueTexts(p))
}

func dueTexts(p *recommend.Plan) (texts []string) {
	for _, l := range p.Later {
		texts = append(texts, fmt.Sprintf("%s %d %s %s", l.Action, l.Quantity, l.Date.Format(time.DateOnly), l.Term))
	}
	return texts
}

// A reservation of one subscription that keeps its scope (flexibility off) does not serve another one.
func TestNarrowScopeServesItsOwn(t *testing.T) {
	a, b := member("Standard_D2s_v5", always(1, 672)), member("Standard_D2s_v5", always(3, 672))
	b.Subscription = "s2"
	in := input(t, book(t, d2s), a, b)
	e := owned(2, asOf.AddDate(9, 0, 0))
	e.Scope, e.ExactSize = "/subscriptions/s1", true
	in.Existing = []recommend.Existing{e}
	require.EqualValues(t, 3, quantity(compared(t, plan(t, in), recommend.P1Y).Buy), "one of the two is idle")
	in.Existing[0].Scope = "/subscriptions/s2/resourcegroups/rg1"
	require.EqualValues(t, 2, quantity(compared(t, plan(t, in), recommend.P1Y).Buy))
	in.Existing[0].Scope = "shared"
	require.EqualValues(t, 2, quantity(compared(t, plan(t, in), recommend.P1Y).Buy))
}

// Without size flexibility a reservation serves its size alone.
func TestExactSizeServesItsSize(t *testing.T) {
	tariffs := book(t, d2s, tariff{"Standard_D4s_v5", "0.20", "1051.20", "2102.40"})
	in := input(t, tariffs, member("Standard_D2s_v5", always(2, 672)), member("Standard_D4s_v5", always(1, 672)))
	e := owned(4, asOf.AddDate(9, 0, 0))
	in.Existing = []recommend.Existing{e}
	require.Zero(t, quantity(compared(t, plan(t, in), recommend.P1Y).Buy), "4 units for 2 + 2")
	in.Existing[0].ExactSize = true
	require.EqualValues(t, 2, quantity(compared(t, plan(t, in), recommend.P1Y).Buy), "the D4s is left")
}

// Reservations of an enterprise agreement do not follow a subscription to CSP: they are said and never netted.
func TestReservationsOfAnotherAgreementAreNotNetted(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	e := owned(4, asOf.AddDate(9, 0, 0))
	e.Agreement = "ea"
	in.Existing = []recommend.Existing{e}
	p := plan(t, in)
	require.EqualValues(t, 4, quantity(compared(t, p, recommend.P1Y).Buy))
	require.Contains(t, warnings(p), "ea_reservation")
}

// The gates of DESIGN section 4: below 7 complete days nothing, below 28 one year only.
func TestGatesByCompleteDays(t *testing.T) {
	for _, c := range []struct {
		days  int
		lines int
		term  pricing.Term
	}{{6, 0, 0}, {7, 1, pricing.OneYear}, {27, 1, pricing.OneYear}, {28, 1, pricing.ThreeYear}} {
		in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
		in.Analysis.Pools[0].Days = c.days
		p := plan(t, in)
		require.Len(t, p.Lines, c.lines, "%d days", c.days)
		if c.lines > 0 {
			require.Equal(t, c.term, p.Lines[0].Term, "%d days", c.days)
		}
		require.Equal(t, c.days < 28, len(reasons(p)) > 0 && p.NotRecommended[0].Reason == "too_few_days", "%d days", c.days)
	}
}

// A size without a price is named and decided about by nobody; the others of its group are.
func TestMissingPriceIsSaidAndNeverZero(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)), member("Standard_D8s_v5", always(1, 672)))
	p := plan(t, in)
	require.Contains(t, reasons(p), "no_price")
	require.EqualValues(t, 4, quantity(compared(t, p, recommend.P1Y).Buy))
	require.Equal(t, "268.80", p.Pools[0].PayGCost.Decimal())

	in = input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	in.Analysis.Pools[0].Currency = "EUR" // the book has dollars only
	p = plan(t, in)
	require.Empty(t, p.Lines)
	require.Contains(t, reasons(p), "no_price")
}

// The price on the customer's own rows wins over a public list; a negotiated sheet wins over both.
func TestPriceOfTheRowsWinsOverThePublicList(t *testing.T) {
	m := member("Standard_D2s_v5", always(4, 672))
	m.Rate = 900_000_000 // 0.09
	p := plan(t, input(t, book(t, d2s), m))
	require.Equal(t, "241.92", p.Pools[0].PayGCost.Decimal())
	require.Contains(t, warnings(p), "price_mismatch")
	require.Contains(t, p.Pools[0].Rates[0].Source, "own rows")
}

// Series that are no longer sold are refused by date and term: Dv3 ended on 2026-07-01 for both terms.
func TestEligibilityComesBeforeArithmetic(t *testing.T) {
	in := input(t, book(t, tariff{"Standard_D2s_v3", "0.10", "525.60", "1051.20"}), member("Standard_D2s_v3", always(4, 672)))
	require.Empty(t, plan(t, in).Lines)
	in.Analysis.AsOf = time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	require.NotEmpty(t, plan(t, in).Lines)
}

// One year beats three when the demand is unlikely to last (algorithms 1.2: 5 % a month at 0.6 and 0.4), and the loss at
// which it flips is where 1 + x + x^2 = c3/c1 = 2: x = 0.618, 3.93 % a month.
func TestPersistenceDecidesBetweenOneYearAndThree(t *testing.T) {
	for loss, want := range map[float64]recommend.Choice{0: recommend.P3Y, 0.01: recommend.P3Y, 0.03: recommend.P3Y, 0.05: recommend.P1Y} {
		in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
		in.Policy.MonthlyLoss = loss
		p := plan(t, in)
		require.Equal(t, want, p.Pools[0].Chosen, "%v", loss)
		require.InDelta(t, 0.0393, p.Pools[0].Persistence.FlipsAt.Value, 0.0001)
		require.Zero(t, p.Pools[0].Certificate.Gap)
	}
}

// The expected costs over 36 months of algorithms 1.2, for one unit at 100 a month: 1440 against 1924, 1566 and 1319.
func TestExpectedCostsOfTheReference(t *testing.T) {
	for loss, want := range map[float64]float64{0.01: 1924, 0.03: 1566, 0.05: 1319} {
		in := input(t, book(t, tariff{"Standard_D2s_v5", "0.1369863014", "720.00", "1440.00"}), member("Standard_D2s_v5", always(1, 672)))
		in.Policy.MonthlyLoss = loss
		p := plan(t, in)
		one, three := compared(t, p, recommend.P1Y), compared(t, p, recommend.P3Y)
		months := func(a money.Amount) float64 { return float64(a.Micros) / 1e6 / 672 * 26280 }
		require.InDelta(t, want-1440, months(three.ExpectedSaving)-months(one.ExpectedSaving), 1, "%v", loss)
	}
}

// Unequal prices a unit: what is covered first is not ours to choose, so the saving is a range, and the bound holds.
func TestUnequalPricesGiveARange(t *testing.T) {
	var busy []int64
	for range 28 {
		busy = append(append(busy, always(1, 12)...), always(0, 12)...)
	}
	b := book(t, d2s, tariff{"Standard_D4s_v5", "0.26", "1051.20", "2102.40"})
	in := input(t, b, member("Standard_D2s_v5", always(3, 672)), member("Standard_D4s_v5", busy))
	p := plan(t, in)
	row := compared(t, p, recommend.P1Y)
	require.EqualValues(t, 3, quantity(row.Buy))
	require.Less(t, row.SavingLow.Micros, row.SavingHigh.Micros)
	require.LessOrEqual(t, row.SavingLow.Micros, row.Saving.Micros)
	require.LessOrEqual(t, p.Pools[0].Certificate.Bound.Micros, p.Pools[0].Certificate.Cost.Micros)
	require.Less(t, p.Pools[0].Certificate.Gap, 0.05, "the luckiest order of coverage is not far below proportional coverage")
	require.Positive(t, p.Pools[0].Certificate.Bound.Micros)
}

// Prices that are not proportional: two of the small size cost more than one of twice its ratio, so the large one is bought.
func TestDearSmallSizesAreCoveredByLargeOnes(t *testing.T) {
	b := book(t, tariff{"Standard_D2s_v5", "0.10", "600.00", ""}, tariff{"Standard_D4s_v5", "0.20", "900.00", ""})
	in := input(t, b, member("Standard_D2s_v5", always(5, 672)))
	row := compared(t, plan(t, in), recommend.P1Y)
	require.Equal(t, []recommend.Purchase{
		{Size: "Standard_D4s_v5", Term: pricing.OneYear, Quantity: 2}, {Size: "Standard_D2s_v5", Term: pricing.OneYear, Quantity: 1},
	}, row.Buy, "2 x 900 + 600 = 2400; five small ones cost 3000, three large ones 2700")
}

// Two currencies of one customer are two sets of pools and totals.
func TestCurrenciesAreNeverAdded(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	other := in.Analysis.Pools[0]
	other.Currency = "EUR"
	other.Members = []analyzer.Member{member("Standard_D2s_v5", always(2, 672))}
	other.Members[0].Rate = 1_000_000_000
	in.Analysis.Pools = append(in.Analysis.Pools, other)
	p := plan(t, in)
	require.Len(t, p.Totals, 2)
	require.Equal(t, money.Code("EUR"), p.Totals[0].Currency)
	require.Equal(t, "146.00", p.Totals[0].PayGMonth.Decimal(), "2 x 0.10 x 730 from the rows; no reservation price in EUR")
}

// Laws on random pools: scaling money scales the plan, a dearer reservation never raises a quantity, less use never raises
// it, the order of members changes nothing, and no choice costs more than paying as you go.
func TestLaws(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		hours := make([]int64, 336)
		for h := range hours {
			hours[h] = int64(random.IntN(6))
			if h%24 > 8 && h%24 < 18 {
				hours[h] += int64(random.IntN(8))
			}
		}
		small, large := member("Standard_D2s_v5", hours), member("Standard_D4s_v5", always(int64(random.IntN(3)), 336))
		base := book(t, d2s, tariff{"Standard_D4s_v5", "0.20", "1051.20", "2102.40"})
		p := plan(t, input(t, base, small, large))
		require.Equal(t, p.Pools, plan(t, input(t, base, large, small)).Pools, "order of members")

		tenfold := book(t, tariff{"Standard_D2s_v5", "1.00", "5256.00", "10512.00"}, tariff{"Standard_D4s_v5", "2.00", "10512.00", "21024.00"})
		scaled := plan(t, input(t, tenfold, small, large))
		require.Equal(t, p.Pools[0].Chosen, scaled.Pools[0].Chosen)
		dear := book(t, tariff{"Standard_D2s_v5", "0.10", "600.00", "1200.00"}, tariff{"Standard_D4s_v5", "0.20", "1200.00", "2400.00"})
		dearer := plan(t, input(t, dear, small, large))
		less := plan(t, input(t, base, small))
		for _, choice := range []recommend.Choice{recommend.P1Y, recommend.P3Y} {
			row := compared(t, p, choice)
			require.Equal(t, row.Buy, compared(t, scaled, choice).Buy)
			require.InDelta(t, row.Saving.Micros*10, compared(t, scaled, choice).Saving.Micros, 10)
			require.LessOrEqual(t, quantity(compared(t, dearer, choice).Buy), quantity(row.Buy))
			require.LessOrEqual(t, quantity(compared(t, less, choice).Buy), quantity(row.Buy))
			require.GreaterOrEqual(t, row.Saving.Micros, int64(0))
			require.Equal(t, row.PayGCost.Micros-row.Cost.Micros, row.Saving.Micros)
		}
		require.Zero(t, p.Pools[0].Certificate.Gap)
	}
}

// Cash: twelve or thirty-six instalments that add up to the total, or all of it at once.
func TestCashAddsUpToTheTotal(t *testing.T) {
	for _, billing := range []string{"monthly", "upfront"} {
		in := input(t, book(t, tariff{"Standard_D2s_v5", "0.10", "525.61", "1051.23"}), member("Standard_D2s_v5", always(4, 672)))
		in.Policy.BillingPlan = billing
		p := plan(t, in)
		sum := int64(0)
		for _, c := range p.Totals[0].Cash {
			sum += c.Amount.Micros
		}
		require.Equal(t, p.Lines[0].TotalPrice.Micros, sum, billing)
		require.Len(t, p.Totals[0].Cash, map[string]int{"monthly": 36, "upfront": 1}[billing])
	}
}

// The partner's side: the earned credit of 15 % on pay-as-you-go is lost on what a reservation covers, and the threshold
// rises from r/p to r/(p x 0.85) (domain 4.5 with its sample rates: 58.3 % to 68.6 %).
func TestPartnerView(t *testing.T) {
	in := input(t, book(t, tariff{"Standard_D2s_v5", "0.519", "2650.33", ""}), member("Standard_D2s_v5", always(1, 672)))
	in.Policy.PartnerCreditRate, in.Policy.Markup = 0.15, 0.10
	l := plan(t, in).Lines[0]
	require.InDelta(t, 0.583, l.Marginal.Threshold, 0.0005)
	require.InDelta(t, 0.686, l.Partner.Threshold, 0.0005)
	require.Equal(t, "56.83", l.Partner.CreditLostMonth.Round(), "0.519 x 730 x 0.15")
	require.Equal(t, "220.86", l.Partner.CostMonth.Round(), "2650.33 / 12")
	require.Equal(t, "22.09", l.Partner.MarginMonth.Round())
}

func warnings(p *recommend.Plan) (codes []string) {
	for _, w := range p.Warnings {
		codes = append(codes, w.Code)
	}
	return codes
}

// Prices beyond the age that the policy allows recommend nothing and say so.
func TestPricesTooOldRecommendNothing(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	in.Policy.MaxPriceAge = 9 * 24 * time.Hour // the list is ten days old
	p := plan(t, in)
	require.Empty(t, p.Lines)
	require.Contains(t, reasons(p), "price_too_old")
	in.Policy.MaxPriceAge = 11 * 24 * time.Hour
	require.NotEmpty(t, plan(t, in).Lines)
}

// A price that the book refuses as suspect is no price, and the plan says why.
func TestSuspectPriceIsRefused(t *testing.T) {
	source := pricing.Source{Name: "odd list", AsOf: asOf, Currency: "USD", Kind: "retail"}
	b := pricing.NewBuilder()
	b.Add(source, []pricing.Offer{{Size: "Standard_D2s_v5", Region: region, Term: pricing.PayAsYouGo, Rate: 1_000_000_000, Currency: "USD", Source: source.Name, Suspect: []string{pricing.FlagLinuxEqualsWindows}}})
	built, err := b.Build()
	require.NoError(t, err)
	p := plan(t, input(t, built, member("Standard_D2s_v5", always(4, 672))))
	require.Contains(t, reasons(p), "suspect_price")
	require.Empty(t, p.Lines)
}

// Coverage in the rows without a reservation list: what is owned is unknown, so buying is off for that usage.
func TestBuyingIsOffWhileReservationsAreUnknown(t *testing.T) {
	m := member("Standard_D2s_v5", always(4, 672))
	m.Covered = 672 * demand.Full
	in := input(t, book(t, d2s), m)
	in.HasList = false
	p := plan(t, in)
	require.Empty(t, p.Lines)
	require.Contains(t, reasons(p), "reservations_unknown")
	in.HasList = true
	require.NotEmpty(t, plan(t, in).Lines, "a list that holds none is an answer")
}

// Days that no file covers are unknown, not idle: four machines seen on 21 of 28 days are four machines.
func TestMissingDaysAreNotIdle(t *testing.T) {
	hours := always(4, 672)
	for h := 240; h < 408; h++ {
		hours[h] = 0 // days 10 to 16
	}
	in := input(t, book(t, d2s), member("Standard_D2s_v5", hours))
	in.Analysis.Pools[0].Gaps, in.Analysis.Pools[0].Days = []int{10, 11, 12, 13, 14, 15, 16}, 21
	p := plan(t, in)
	row := compared(t, p, recommend.P1Y)
	require.EqualValues(t, 4, quantity(row.Buy))
	require.Equal(t, 1.0, row.Utilization.Value)
	require.Equal(t, 504, p.Pools[0].Hours)
	require.Equal(t, "201.60", p.Pools[0].PayGCost.Decimal(), "4 x 0.10 x 504 h")
	require.Equal(t, "116.80", p.Lines[0].SavingMonth.Decimal(), "4 x 0.04 x 730, one year only below 28 days")
	require.EqualValues(t, 4, p.Reference[0].Quantity)
}

// DESIGN section 4: usage under an existing savings plan is not worth its pay-as-you-go price. Four machines, of which a plan covered
// half of the hours: two are left to reserve, 2 x 0.10 x 672 = 134.40; without the rule four would be bought for usage that is paid.
func TestUsageUnderASavingsPlanIsSunk(t *testing.T) {
	m := member("Standard_D2s_v5", always(4, 672))
	m.PlanCovered = 2 * 672 * demand.Full
	in := input(t, book(t, d2s), m)
	p := plan(t, in)
	require.EqualValues(t, 2, quantity(compared(t, p, recommend.P3Y).Buy))
	require.Equal(t, "134.40", p.Pools[0].PayGCost.Decimal())
	require.Contains(t, warnings(p), "savings_plan_usage")
	require.EqualValues(t, 4*demand.Full, in.Analysis.Pools[0].Members[0].Series.Flat[0], "the input is not touched")
}
