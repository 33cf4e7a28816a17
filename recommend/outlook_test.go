package recommend_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/recommend"
)

// steps is demand of so many instances in each week.
func steps(weeks ...int64) (hours []int64) {
	for _, n := range weeks {
		hours = append(hours, always(n, 168)...)
	}
	return hours
}

func weeksOf(n int64, weeks int) []int64 { return slices.Repeat([]int64{n}, weeks) }

// Four D2s_v5 all the time at 0.10 against 0.04: 175.20 a month when nothing changes, which no future exceeds by more than the price
// cuts; a loss when more than 1 - r/p = 60 % falls away at once.
func TestEachLineHasAForecast(t *testing.T) {
	p := plan(t, input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672))))
	require.Len(t, p.Lines, 1)
	l, f := p.Lines[0], p.Lines[0].Forecast
	require.NotNil(t, f)
	require.Equal(t, "175.20", l.SavingMonth.Decimal())
	require.LessOrEqual(t, f.P95.Micros, l.SavingMonth.Micros)
	require.Less(t, f.SavingMonthMean.Micros, l.SavingMonth.Micros)
	require.Less(t, f.P5.Micros, f.SavingMonthMean.Micros)
	require.InDelta(t, 0.6, f.DropToLoss, 0.01)
	require.InDelta(t, 0.2, f.LossProbability, 0.08, "1 - 0.98^14.4 = 25 % end before 40 %% of 36 months, some of them in part")
	require.Equal(t, 4, f.Weeks)
	require.Len(t, f.Wide, 1, "few weeks: %q", f.Wide)
	lasts := p.Pools[0].Persistence.Lasts
	require.True(t, lasts[0] > lasts[1] && lasts[1] > lasts[2] && lasts[2] > 0.3, "%v", lasts)
}

// The policy's loss stands until a year of pools has been watched, and then moves with what was seen.
func TestMonthlyLossRestsOnEvidence(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	p := plan(t, in)
	require.Equal(t, 0.02, p.Pools[0].Persistence.MonthlyLoss)
	require.Contains(t, p.Pools[0].Persistence.Source, "policy: an assumption")

	calm := portfolioOf(t, func(int) []int64 { return weeksOf(4, 52) })
	loss := calm.Pools[0].Persistence.MonthlyLoss
	require.InDelta(t, 4.0/(200+10*51/4.345), loss, 0.0005, "no loss in 117 pool-months leaves 4 of 317")
	require.Contains(t, calm.Pools[0].Persistence.Source, "0 broke away in 117 pool-months")

	stormy := portfolioOf(t, func(i int) []int64 {
		if i%2 == 1 {
			return append(weeksOf(9, 30), weeksOf(1, 22)...)
		}
		return weeksOf(4, 52)
	})
	require.Greater(t, stormy.Pools[0].Persistence.MonthlyLoss, 2*loss)
	require.NotEqual(t, calm.Pools[0].Chosen, recommend.PAYG)
}

// portfolioOf plans ten customers' pools of the same size.
func portfolioOf(t *testing.T, weeks func(int) []int64) *recommend.Plan {
	t.Helper()
	var in recommend.Input
	for i := range 10 {
		one := input(t, book(t, d2s), member("Standard_D2s_v5", steps(weeks(i)...)))
		one.Analysis.Pools[0].Customer = fmt.Sprintf("c%d", i)
		if i == 0 {
			in = one
			continue
		}
		in.Analysis.Pools = append(in.Analysis.Pools, one.Analysis.Pools[0])
	}
	return plan(t, in)
}

// The refund option is a line of its own: cancelling idle units adds to what is expected, takes part of the USD 50 000 cap, and changes
// no other figure. A ladder of a quarter buys at most a quarter of the units in each quarter.
func TestOptionsStandBesideThePlan(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(8, 672)))
	p := plan(t, in)
	refund := p.Pools[0].Outlook.Refund
	require.NotNil(t, refund)
	require.Positive(t, refund.SavingMonth.Micros)
	require.True(t, refund.CapShare > 0 && refund.CapShare < 0.2, "eight times 1 051.20 is 17 %% of the cap at most: %v", refund.CapShare)
	require.Empty(t, p.Pools[0].Outlook.Ladder)
	require.Len(t, p.Pools[0].Outlook.Bands[0], 157)
	require.Len(t, p.Pools[0].Outlook.Savings, 200)

	// The cap is far away and there is no fee: exchanging cannot add more. Nothing else is known of machines here.
	exchange := p.Pools[0].Outlook.Exchange
	require.Equal(t, refund.SavingMonth, exchange.SavingMonth)
	require.Equal(t, refund.CancelledP95, exchange.ReplacedP95)
	require.Equal(t, "2027-02-01", exchange.Ends.Format("2006-01-02"))
	require.Nil(t, p.Pools[0].Outlook.Stress)
	require.True(t, p.Lines[0].Forecast.BreakEvenMonths.Value > p.Lines[0].BreakEvenMonths.Value, "what may end is earned back later than what goes on")
	require.True(t, p.Lines[0].Forecast.BreakEvenDate.After(p.Lines[0].BreakEvenDate))

	in.Policy.ExpirePerQuarter = 0.25
	spread := plan(t, in)
	quarters := map[int]int64{}
	for _, tranche := range spread.Pools[0].Outlook.Ladder {
		quarters[tranche.Quarters] += tranche.Quantity
	}
	require.Equal(t, map[int]int64{0: 2, 1: 2, 2: 2, 3: 2}, quarters)
	require.Equal(t, p.Lines[0].SavingMonth, spread.Lines[0].SavingMonth)
	require.Equal(t, p.Lines[0].Forecast, spread.Lines[0].Forecast)
}

// A hundred times the demand meets the cap of USD 50 000: exchanges, which take none of it, could add more.
func TestExchangesBeyondTheCap(t *testing.T) {
	p := plan(t, input(t, book(t, d2s), member("Standard_D2s_v5", always(800, 672))))
	o := p.Pools[0].Outlook
	require.Greater(t, o.Exchange.SavingMonth.Micros, o.Refund.SavingMonth.Micros)
	require.LessOrEqual(t, o.Refund.CapShare, 1.0)
	require.Contains(t, fmt.Sprint(p.Lines[0].Reasons), "what is bought from 2027-02-01 on cannot be exchanged")

	late := input(t, book(t, d2s), member("Standard_D2s_v5", always(8, 672)))
	late.Analysis.AsOf = time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	require.Nil(t, plan(t, late).Pools[0].Outlook.Exchange)
}

// Four machines of one size, seen for 200 days: two are there from the first day to the last, one of unknown age ended after 100 days,
// one began on day 100 and is there. Unknown ages: 1 end in (200 + 200 + 100) x 12/365 = 16.438 months, with 12 months at 2 % of the policy
// (1 + 0.24)/(16.438 + 12) = 4.36 % a month; nothing is known of the young one beyond its 100 days, so after twelve months (11.5, the
// middle of the last) 0.9564^11.5 = 59.9 % of the old are left.
func TestStressByHand(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 200*24)))
	from, to := in.Analysis.Window.From, in.Analysis.Window.To
	day := func(n int) time.Time { return from.AddDate(0, 0, n) }
	in.Analysis.Coverage = []analyzer.Coverage{{Customer: "c1", From: from, To: to}}
	machine := func(name string, first, last int) analyzer.VM {
		return analyzer.VM{Customer: "c1", Currency: "USD", Name: name, Size: "Standard_D2s_v5", Region: region, FirstSeen: day(first), LastSeen: day(last), Hours: 1_000_000 * 24 * 200, State: analyzer.StateNoMetrics}
	}
	in.Analysis.VMs = []analyzer.VM{machine("a", 0, 200), machine("b", 0, 200), machine("c", 0, 100)}
	s := plan(t, in).Pools[0].Outlook.Stress
	require.NotNil(t, s)
	require.InDelta(t, 0.0436, s.MonthlyEnd, 0.0001)
	require.InDelta(t, 0.599, s.Lasts[0], 0.001)
	require.Equal(t, 1, s.Ended)

	in.Analysis.VMs = append(in.Analysis.VMs, machine("d", 100, 200))
	young := plan(t, in).Pools[0].Outlook.Stress
	require.Equal(t, 4, young.Machines)
	require.InDelta(t, 0.599, young.Lasts[0], 0.002, "nobody that began inside the files was seen to end: it ends like the others")
	require.Less(t, s.SavingMonth.Micros, plan(t, in).Lines[0].SavingMonth.Micros)
}

// At the flip the two terms save the same: 3.93 % at 0.6 and 0.4 of pay-as-you-go (algorithms 1.2).
func TestTheFlipCurveTurnsAtTheFlip(t *testing.T) {
	pool := plan(t, input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))).Pools[0]
	for _, f := range pool.Outlook.Flip {
		require.Equal(t, f.MonthlyLoss < pool.Persistence.FlipsAt.Value, f.ThreeYear.Cmp(f.OneYear) > 0, "%+v", f)
	}
	require.Equal(t, "43.80", pool.Outlook.Flip[0].ThreeYear.Decimal(), "0.06 x 730")
}

// A level that fell is what a commitment meets: twenty until ten weeks ago, eight since. The window alone would buy twenty.
func TestFallenDemandIsNotBoughtAgain(t *testing.T) {
	p := plan(t, input(t, book(t, d2s), member("Standard_D2s_v5", steps(append(weeksOf(20, 30), weeksOf(8, 10)...)...))))
	require.EqualValues(t, 8, quantity(p.Pools[0].Compare[len(p.Pools[0].Compare)-1].Buy))
	require.Contains(t, warnings(p), "demand_fell")
	for _, l := range p.Lines {
		require.LessOrEqual(t, l.Quantity, int64(8))
	}
}

// What rose is bought although most of the window knew less; all money of the pool is that of the last four weeks then: 20 machines at
// 0.10 in 672 hours are 1 344.
func TestRisenDemandIsBought(t *testing.T) {
	p := plan(t, input(t, book(t, d2s), member("Standard_D2s_v5", steps(append(weeksOf(8, 30), weeksOf(20, 10)...)...))))
	require.Contains(t, warnings(p), "demand_rose")
	require.Equal(t, 672, p.Pools[0].Hours)
	require.Equal(t, "1344.00", p.Pools[0].PayGCost.Decimal())
	require.Equal(t, "1344.00", p.Pools[0].GrossCost.Decimal())
	require.EqualValues(t, 20*demand.Full, p.Pools[0].Units.P50)
	require.EqualValues(t, 20, p.Lines[0].Quantity)
	require.Equal(t, 1.0, p.Lines[0].Marginal.Last.Value)
	require.Equal(t, 28, p.Reference[0].LookbackDays)
	require.EqualValues(t, 20, p.Reference[0].Quantity)
}

func TestEndedDemandIsNotBought(t *testing.T) {
	p := plan(t, input(t, book(t, d2s), member("Standard_D2s_v5", append(always(20, 39*168), always(0, 168)...))))
	require.Empty(t, p.Lines)
	require.Contains(t, reasons(p), "ended")
}

// Gaps are unknown, a demand that appeared is young, daily data has two profiles: each is named beside the range.
func TestWhatWidensAForecastIsNamed(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", steps(append(weeksOf(0, 4), weeksOf(6, 20)...)...)))
	pool := &in.Analysis.Pools[0]
	pool.Gaps, pool.Days = []int{100, 101}, 166
	pool.Members[0].Series.Stacked = slices.Clone(pool.Members[0].Series.Flat)
	for h := range 24 {
		pool.Members[0].Series.Stacked[24*140+h] = 12 * demand.Full * int64((23-h)/12)
	}
	pool.Exact = false
	p := plan(t, in)
	require.NotEmpty(t, p.Lines)
	require.Len(t, p.Lines[0].Forecast.Wide, 3, "%q", p.Lines[0].Forecast.Wide)
}

// The forecast of a pool does not depend on the order in which pools come.
func TestForecastDoesNotDependOnOrder(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", steps(4, 5, 4, 6, 5, 5)))
	other := in.Analysis.Pools[0]
	other.Customer = "c2"
	in.Analysis.Pools = []analyzer.Pool{in.Analysis.Pools[0], other}
	first := plan(t, in)
	slices.Reverse(in.Analysis.Pools)
	second := plan(t, in)
	require.Equal(t, first.Lines, second.Lines)
}

// A customer that is gone from the files while others' usage goes on gets nothing more for three years: in one file for all customers its
// machines ended, in a file of its own the last days are missing. A few days may be those of an older export.
func TestACustomerThatVanishedIsNotReserved(t *testing.T) {
	for days, bought := range map[int]bool{0: true, 6: true, 7: false, 20: false} {
		in := input(t, book(t, d2s), member("Standard_D2s_v5", always(5, 672)))
		in.Analysis.Coverage[0].To = in.Analysis.AsOf.AddDate(0, 0, -days)
		in.Analysis.Coverage = append(in.Analysis.Coverage, analyzer.Coverage{Customer: "c2", To: in.Analysis.AsOf})
		for d := range days {
			in.Analysis.Pools[0].Gaps = append(in.Analysis.Pools[0].Gaps, 28-days+d)
		}
		in.Analysis.Pools[0].Days -= days
		p := plan(t, in)
		require.Equal(t, bought, len(p.Lines) > 0, "%d days: %v", days, reasons(p))
		require.Equal(t, bought, refusal(p, "usage_stops") == "")
		if !bought {
			require.Contains(t, refusal(p, "usage_stops"), fmt.Sprintf("%d days more of others", days))
		}
	}
}
