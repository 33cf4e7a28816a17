package forecast_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/forecast"
)

// Four machines: A is born and dies at 10 days; B comes into view at 30 days and dies at 40; C comes into view at 20 and is there at 50;
// D is born and is there at 15. At 10 days A and D are at risk: 1/2. At 40 days B and C: 1/2 of that, 1/4. Counted from birth, four
// and two would be at risk: 3/8.
func TestKaplanMeierWithDelayedEntry(t *testing.T) {
	lives := []forecast.Life{{0, 10, true, 1}, {30, 40, true, 1}, {20, 50, false, 1}, {0, 15, false, 1}}
	s, err := forecast.NewSurvival(lives)
	require.NoError(t, err)
	for age, want := range map[int]float64{0: 1, 9: 1, 10: 0.5, 39: 0.5, 40: 0.25, 50: 0.25} {
		share, seen := s.At(age)
		require.InDelta(t, want, share, 1e-12, age)
		require.True(t, seen)
	}
	_, seen := s.At(51)
	require.False(t, seen)

	// C is 50 days old and D 15. Half a month later (15 days) D is at 30, still 1/2 of 1/2; C is beyond what was seen.
	shares, observed := s.Remaining(lives, 2, 0)
	require.InDelta(t, 1, shares[0], 1e-12)
	require.InDelta(t, (1+0.5)/2, shares[1], 1e-12, "a month and a half later D is past 40 days, S(60)/S(15) = 1/2")
	require.InDelta(t, 0.25, observed, 1e-12, "one of four machine-months")
	worse, _ := s.Remaining(lives, 2, 0.1)
	require.Less(t, worse[1], shares[1])
	none, observed := s.Remaining(nil, 3, 0)
	require.Equal(t, []float64{0, 0, 0}, none)
	require.Zero(t, observed)
	_, err = forecast.NewSurvival([]forecast.Life{{5, 3, true, 1}})
	require.Error(t, err)
	_, err = forecast.NewSurvival([]forecast.Life{{0, 3, true, math.NaN()}})
	require.Error(t, err)
}

// Ten steps for three years cost 12 460. When only half of them are used, 5 x 0.12 x 26 280 = 15 768: 3 308 are saved, 91.89 a month;
// when none is, 346.11 a month are lost.
func TestStressByHand(t *testing.T) {
	f := fanOf(t, steady("p", 10, 91), calm())
	d := decide(t, f, both)
	require.InDelta(t, 91.89, float64(f.Stress(d, []float64{0.5}).Micros)/1e6, 0.5)
	require.InDelta(t, -346.11, float64(f.Stress(d, []float64{0}).Micros)/1e6, 0.01)
	require.Zero(t, f.Stress(forecast.Decision{}, []float64{1}).Micros)
}

// Ten units worth a reservation in the first month, six in the second, eight in the third: after a month 6 + 6 of 10 + 6 are left, after
// two 8 of 10.
func TestPersistence(t *testing.T) {
	p := steady("p", 10, 84)
	for h := range p.Units.Flat {
		if m := h / 24 / 28; m > 0 {
			p.Units.Flat[h] = int64(4+2*m) * stepUnits
		}
	}
	got := forecast.Persist([]forecast.Pool{p}, 0.4, 1, 2, 12)
	require.InDelta(t, 0.75, got[0].Share, 1e-12)
	require.EqualValues(t, 16, got[0].Layers)
	require.InDelta(t, 0.8, got[1].Share, 1e-12)
	require.Zero(t, got[2].Layers)
	require.True(t, math.IsNaN(got[2].Share))
}

// No more than a quarter of 8 expires in a quarter: two now, two in each of the next three quarters, which forgo three, six and nine
// months of what two of eight save.
func TestLadder(t *testing.T) {
	policy := calm()
	policy.ExpirePerQuarter = 0.25
	f := fanOf(t, steady("p", 8, 91), policy)
	d := decide(t, f, both)
	require.EqualValues(t, 8, d.ThreeYear)
	got := f.Ladder(d)
	require.Len(t, got, 4)
	month := float64(d.Lines[0].SavingMonth.Mean.Micros) / 4
	for i, tranche := range got {
		require.Equal(t, pricing.ThreeYear, tranche.Term)
		require.Equal(t, i, tranche.Quarters)
		require.EqualValues(t, 2, tranche.Quantity)
		require.InDelta(t, month*3*float64(i), float64(tranche.Delay.Micros), 2)
	}
	free := fanOf(t, steady("p", 8, 91), calm())
	require.Len(t, free.Ladder(d), 1, "no limit: all at once")
	require.Empty(t, free.Ladder(forecast.Decision{}))
}

func TestRefundIsALineOfItsOwn(t *testing.T) {
	p := forecast.DefaultPolicy()
	p.MonthlyLoss, p.LossMonths = 0.03, 1e6
	f := fanOf(t, steady("p", 20, 91), p)
	d := decide(t, f, both)
	require.NotEmpty(t, d.Lines)
	none := f.Refund(d)
	require.Zero(t, none.Saving.Micros, "no cap, no refund")

	p.Refund.Cap = money.New(50_000_000_000, "USD")
	f = fanOf(t, steady("p", 20, 91), p)
	require.Equal(t, d.Lines, decide(t, f, both).Lines, "the option is never in the headline")
	free := f.Refund(d)
	require.Positive(t, free.Saving.Micros)
	require.Zero(t, free.Capped)
	require.Positive(t, free.CapShare)
	require.LessOrEqual(t, free.CapShare, 20*1246/50_000.0)

	p.Refund.Fee = 0.12
	fee := fanOf(t, steady("p", 20, 91), p).Refund(d)
	require.Less(t, fee.Saving.Micros, free.Saving.Micros)
	p.Refund = forecast.RefundRule{Cap: money.New(5_000_000_000, "USD")}
	capped := fanOf(t, steady("p", 20, 91), p).Refund(d)
	require.Less(t, capped.Saving.Micros, free.Saving.Micros)
	require.Positive(t, capped.Capped)
	require.LessOrEqual(t, capped.Cancelled.P95.Micros, int64(5_000_000_000))
}

// Ten steps for 60 days, five for the 60 after: decided after 28 days, all five rules that buy hold ten. Thirty-two days at ten and sixty
// at five are 0.12 x 24 x (320 + 300) = 1 785.60 at pay-as-you-go; ten for a year cost 6 490 x 92/365 = 1 635.84 by the day. Who knew
// buys five: 5 x 649 x 92/365 + 5 x 32 x 24 x 0.12 = 817.92 + 460.80 = 1 278.72, which saves 506.88.
func TestReplayByHand(t *testing.T) {
	p := steady("p", 10, 120)
	for h := 60 * 24; h < 120*24; h++ {
		p.Units.Flat[h] = 5 * stepUnits
	}
	b, err := forecast.Run([]forecast.Pool{p}, forecast.Spec{Policy: calm(), Terms: forecast.Terms{OneYear: true}, EveryDays: 1000})
	require.NoError(t, err)
	require.Len(t, b.Trials, 1)
	trial := b.Trials[0]
	require.True(t, trial.Censored, "the series ends before the year")
	require.Equal(t, 92, trial.Days)
	require.Equal(t, "1785.60", trial.Payg.Round())
	require.Equal(t, "506.88", trial.Clairvoyant.Round())
	for i, want := range []string{"149.76", "0.00", "149.76", "149.76", "149.76"} {
		o := trial.Outcomes[i]
		require.Equal(t, forecast.Rules()[i], o.Rule)
		require.Equal(t, want, o.Saving.Round(), o.Rule)
	}
	s, err := b.Summarize(nil)
	require.NoError(t, err)
	require.Equal(t, 1, s.Censored)
	require.InDelta(t, 149.76/506.88, s.Scores[0].Capture, 1e-4)
	require.Equal(t, "357.12", s.Scores[0].Regret.Round())
}

// The replay against the bill simulator: the same hours as one row of usage and one reservation each day by the day.
func TestReplayAgainstTheBillSimulator(t *testing.T) {
	p := fleet("weekly", 9, 100)
	p.Prices.ThreeYear = money.Amount{}
	b, err := forecast.Run([]forecast.Pool{p}, forecast.Spec{Policy: forecast.DefaultPolicy(), Terms: forecast.Terms{OneYear: true}, FirstDay: 60, EveryDays: 1000})
	require.NoError(t, err)
	trial := b.Trials[0]
	for _, o := range trial.Outcomes {
		problem := &bill.Problem{ID: "p", RunDenominator: demand.Full * 200, Rules: bill.Rules{Order: bill.HighestFirst},
			Sizes: map[string]bill.Size{"D2s_v5": {Group: "g", Ratio: 1, Payg: 1_200_000_000}}}
		vm := bill.VM{ID: "v", Scope: "shared", Candidates: []bill.Candidate{{Size: "D2s_v5"}}}
		for _, u := range p.Units.Stacked[60*24:] {
			problem.Slots, vm.Run = append(problem.Slots, bill.Slot{Hours: 1}), append(vm.Run, u)
		}
		problem.VMs = []bill.VM{vm}
		problem.Offers = []bill.Offer{{Commitment: bill.Commitment{ID: "r", Kind: bill.Reservation, Scope: "shared", To: len(problem.Slots), Size: "D2s_v5"}, MaxQty: 1000}}
		nothing, err := bill.Evaluate(problem, bill.Decision{})
		require.NoError(t, err)
		with, err := bill.Evaluate(problem, bill.Decision{Purchases: map[string]int64{"r": int64(o.OneYear)}})
		require.NoError(t, err)
		price := bill.Whole(6_490_000_000_000).Mul(bill.Frac(40, 365)).Mul(bill.Whole(int64(o.OneYear)))
		saving, _ := nothing.Payg.Sub(with.Payg).Sub(price).Quo(bill.Whole(10_000)).Round()
		require.Equal(t, saving, o.Saving.Micros, o.Rule)
	}
}

func TestBacktestRefusals(t *testing.T) {
	_, err := forecast.Run([]forecast.Pool{steady("p", 1, 28)}, forecast.Spec{Policy: forecast.DefaultPolicy()})
	require.ErrorIs(t, err, forecast.ErrTooShort)
	other := steady("q", 1, 90)
	other.Prices.OneYear.Currency, other.Prices.ThreeYear.Currency = "EUR", "EUR"
	_, err = forecast.Run([]forecast.Pool{steady("p", 1, 90), other}, forecast.Spec{Policy: forecast.DefaultPolicy()})
	require.ErrorContains(t, err, "currency")
	bad := steady("p", 1, 90)
	bad.Sizes = []forecast.Size{{Name: "x", Ratio: 0}}
	_, err = forecast.Run([]forecast.Pool{bad}, forecast.Spec{Policy: forecast.DefaultPolicy(), Terms: both})
	require.ErrorContains(t, err, "ratio 0")
	empty, err := (&forecast.Backtest{}).Summarize(nil)
	require.NoError(t, err)
	require.Zero(t, empty.Trials)
}

// What is known at an origin decides: changing the future of a pool changes no purchase, and threads change nothing at all.
func TestNothingOfTheFutureIsSeen(t *testing.T) {
	policy := forecast.DefaultPolicy()
	policy.Paths = 50
	spec := forecast.Spec{Policy: policy, Terms: both, FirstDay: 56, EveryDays: 1000}
	a, b := portfolio(5, 1, 120), portfolio(5, 1, 120)
	for i := range b {
		for h := 56 * 24; h < len(b[i].Units.Flat); h++ {
			b[i].Units.Flat[h] = stepUnits
		}
	}
	one, err := forecast.Run(a, spec)
	require.NoError(t, err)
	two, err := forecast.Run(b, spec)
	require.NoError(t, err)
	for i := range one.Trials {
		for k := range one.Trials[i].Outcomes {
			require.Equal(t, one.Trials[i].Outcomes[k].OneYear, two.Trials[i].Outcomes[k].OneYear)
			require.Equal(t, one.Trials[i].Outcomes[k].ThreeYear, two.Trials[i].Outcomes[k].ThreeYear)
		}
	}
	spec.Threads = 4
	again, err := forecast.Run(a, spec)
	require.NoError(t, err)
	require.Equal(t, one, again)
}

// Prices of the day, existing reservations and gaps reach the replay.
func TestReplayUnderCircumstances(t *testing.T) {
	p := steady("p", 10, 120)
	p.Existing = []forecast.Cover{{Units: 10 * stepUnits, Days: 2000}}
	p.Gaps = []int{100}
	b, err := forecast.Run([]forecast.Pool{p}, forecast.Spec{Policy: calm(), Terms: both, EveryDays: 1000})
	require.NoError(t, err)
	require.Zero(t, b.Trials[0].Payg.Micros, "all of it is owned")
	for _, o := range b.Trials[0].Outcomes {
		require.Zero(t, o.OneYear+o.ThreeYear, o.Rule)
	}
	p.Existing = nil
	asked := 0
	b, err = forecast.Run([]forecast.Pool{p}, forecast.Spec{Policy: calm(), Terms: both, EveryDays: 1000, PricesAt: func(q *forecast.Pool, day int) forecast.Prices {
		asked++
		require.Equal(t, 28, day)
		return forecast.Prices{Payg: q.Prices.Payg, OneYear: q.Prices.OneYear}
	}})
	require.NoError(t, err)
	require.Positive(t, asked)
	require.Zero(t, b.Trials[0].Outcomes[0].ThreeYear, "three years were not sold on that day")
	require.EqualValues(t, 10, b.Trials[0].Outcomes[0].OneYear)
	require.Equal(t, "2620.80", b.Trials[0].Payg.Round(), "91 of 92 days: 10 x 24 x 0.12 x 91")
}

// Ten days on which a step was always used: the lower end (5 %) of Beta(11, 1) is 0.05^(1/11) = 0.762. Seven days: 0.05^(1/8) = 0.688.
func TestSureByHand(t *testing.T) {
	always := func(days int) []int64 { return steady("p", 5, days).Units.Stacked }
	require.EqualValues(t, 5, forecast.Sure(always(10), stepUnits, 10, 0.761, forecast.Use{Mean: 0.5}))
	require.Zero(t, forecast.Sure(always(10), stepUnits, 10, 0.763, forecast.Use{Mean: 0.5}))
	require.EqualValues(t, 5, forecast.Sure(always(7), stepUnits, 7, 0.687, forecast.Use{Mean: 0.5}))
	require.Zero(t, forecast.Sure(always(7), stepUnits, 7, 0.689, forecast.Use{Mean: 0.5}))
	require.Zero(t, forecast.Sure(nil, stepUnits, 7, 0.5, forecast.Use{Mean: 0.5}))
}

// Machines of office hours that rest on the weekend with which a series begins have not appeared inside it; a week of rest is no weekend.
func TestAWeekendIsNotTheBeginning(t *testing.T) {
	p := steady("p", 5, 28)
	for h := range p.Units.Flat {
		if h/24%7 < 2 {
			p.Units.Flat[h] = 0
		}
	}
	b := fanOf(t, p, forecast.DefaultPolicy()).Basis()
	require.Zero(t, b.Began)
	require.Equal(t, 28, b.Days)
	for h := range 24 * 7 {
		p.Units.Flat[h] = 0
	}
	b = fanOf(t, p, forecast.DefaultPolicy()).Basis()
	require.Equal(t, 9, b.Began)
	require.Equal(t, 19, b.Days)
}

// The prior of a new pool is that of the peers: of its customer's established pools, leaning on the partner's, leaning on a half. Three pools
// used 0.9 of the hours and the default that is worth four: (2.7 + 2) / 7; the customer of all three: (2.7 + 4 · 4.7/7) / 7.
func TestUseOfPeers(t *testing.T) {
	var pools []forecast.Pool
	for i := range 3 {
		p := steady(fmt.Sprint(i), 10, 56)
		p.Customer = "old"
		for d := range 56 {
			for h := range 24 {
				if (24*d+h)%10 == 9 {
					p.Units.Flat[24*d+h], p.Units.Stacked[24*d+h] = 0, 0
				}
			}
		}
		pools = append(pools, p)
	}
	short := steady("new", 5, 56)
	short.Customer = "new"
	for d := range 42 {
		short.Gaps = append(short.Gaps, d)
	}
	clear(short.Units.Flat[:42*24])
	pf, err := forecast.NewPortfolio(append(pools, short), forecast.DefaultPolicy())
	require.NoError(t, err)
	require.InDelta(t, 4.7/7, pf.Use("new").Mean, 1e-3)
	require.InDelta(t, (2.7+4*4.7/7)/7, pf.Use("old").Mean, 1e-3)
	require.Equal(t, 3, pf.Use("new").Pools, "two weeks are no evidence for others")
	hours := steady("p", 5, 10).Units.Stacked
	require.EqualValues(t, 5, forecast.Sure(hours, stepUnits, 10, 0.76, pf.Use("old")))
	require.Zero(t, forecast.Sure(hours, stepUnits, 10, 0.76, forecast.Use{Mean: 0.3}))
}

// Fourteen days that repeat the week before are fourteen days; a step that was used in the first week only has told less than two.
func TestDaysThatSayTheSameAgain(t *testing.T) {
	series := func(on func(day int) bool) (hours []int64) {
		for d := range 14 {
			units := int64(0)
			if on(d) {
				units = stepUnits
			}
			hours = append(hours, slices.Repeat([]int64{units}, 24)...)
		}
		return hours
	}
	half := forecast.Use{Mean: 0.5}
	least := func(n, u float64) float64 { return distuv.Beta{Alpha: 1 + n*u, Beta: 1 + n*(1-u)}.Quantile(0.05) }
	for _, c := range []struct {
		on   func(day int) bool
		n, u float64
	}{
		{func(int) bool { return true }, 14, 1},
		{func(d int) bool { return d%7 < 5 }, 14, 5. / 7},
		{func(d int) bool { return d < 7 }, 14 * 3.0 / 25, 0.5}, // r = (12 - 1)/14, (1-r)/(1+r) = 3/25
	} {
		hours := series(c.on)
		require.EqualValues(t, 1, forecast.Sure(hours, stepUnits, 14, least(c.n, c.u)-0.003, half))
		require.Zero(t, forecast.Sure(hours, stepUnits, 14, least(c.n, c.u)+0.003, half))
	}
}
