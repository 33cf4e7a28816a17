package forecast_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/forecast"
)

// newcomers hides all but the last two weeks before the first day of advice of every third customer.
func newcomers(pools []forecast.Pool, first int) map[string]bool {
	are := map[string]bool{}
	for i := range pools {
		if i/3%3 != 0 { // a fleet is three pools
			continue
		}
		are[pools[i].ID] = true
		for d := range first - 14 {
			pools[i].Gaps = append(pools[i].Gaps, d)
			clear(pools[i].Units.Flat[24*d : 24*d+24])
		}
	}
	return are
}

// A customer of two weeks in a portfolio that is known for half a year buys one year at most, and the range of its demand is honest: it holds
// what comes in a year, and is wider than that of the same pools with their whole history.
func TestNewCustomersAreHonestlyWide(t *testing.T) {
	const first, days = 182, 365
	policy := policyOfTests()
	policy.Paths = 60
	known, pools := portfolio(7000001, 6, first+days), portfolio(7000001, 6, first+days)
	are := newcomers(pools, first)
	b, err := forecast.Run(pools, forecast.Spec{Policy: policy, Terms: both, FirstDay: first, ReplayDays: days, EveryDays: 1 << 20, Threads: 2})
	require.NoError(t, err)
	s, err := b.Summarize(func(x *forecast.Trial) bool { return are[x.Pool] })
	require.NoError(t, err)
	t.Logf("%d pools, %d bought; demand held %.3f, savings %.3f", s.Trials, s.Bought, s.Demand, s.Coverage)
	require.GreaterOrEqual(t, s.Demand, 0.82, "36 pools: 85 % less half a standard error")
	require.GreaterOrEqual(t, s.Coverage, 0.85)
	for i := range b.Trials {
		if x := &b.Trials[i]; are[x.Pool] {
			require.Zero(t, x.Outcomes[0].ThreeYear, x.Pool)
		}
	}
	wide := func(all []forecast.Pool, policy forecast.Policy) (spans []float64) {
		for i := range all {
			all[i] = forecast.Until(&all[i], first)
		}
		pf, err := forecast.NewPortfolio(all, policy)
		require.NoError(t, err)
		for i := range all {
			if !are[all[i].ID] {
				continue
			}
			f, err := pf.Fan(&all[i])
			require.NoError(t, err)
			bands := f.Bands(0.05, 0.5, 0.95)
			spans = append(spans, (bands[2][12]-bands[0][12])/max(1, bands[1][12]))
		}
		return spans
	}
	policy.MonthlyLoss, policy.LossMonths = 1e-9, 1e9 // the level alone
	with, without := wide(known, policy), wide(pools, policy)
	wider := 0
	for i := range with {
		if without[i] > with[i] {
			wider++
		}
	}
	slices.Sort(with)
	slices.Sort(without)
	t.Logf("nine of ten futures of the level span %.3f of it after a quarter (median of pools), with the whole history %.3f; wider in %d of %d pools", without[len(without)/2], with[len(with)/2], wider, len(with))
	require.Greater(t, without[len(without)/2], 1.1*with[len(with)/2])
}
