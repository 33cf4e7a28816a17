package forecast_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/forecast"
)

// On the paths themselves no other quantity within the limits costs less: the cost is convex in the three-year quantity and in the total,
// so the neighbours in both, together and apart, prove it. What the limits leave out is not bought, and where they bind nothing more is.
func TestWithinIsExactForTheSample(t *testing.T) {
	policy := forecast.DefaultPolicy()
	policy.Paths = 40
	bound := 0
	for seed := range uint64(6) {
		f := fanOf(t, fleet(kinds[seed], seed, 120), policy)
		free, err := f.Within(1<<40, 0, both)
		require.NoError(t, err)
		for _, limit := range [][2]int64{{1 << 40, 0}, {free.ThreeYear / 2, free.ThreeYear}, {free.ThreeYear / 2, 0}, {0, free.ThreeYear + 3}} {
			d, err := f.Within(limit[0], limit[1], both)
			require.NoError(t, err)
			require.LessOrEqual(t, d.ThreeYear, limit[0])
			require.LessOrEqual(t, d.ThreeYear+d.OneYear, limit[0]+limit[1])
			if d.ThreeYear == limit[0] || d.ThreeYear+d.OneYear == limit[0]+limit[1] {
				bound++
			}
			cost, err := f.SampleCost(d.ThreeYear, d.OneYear, both)
			require.NoError(t, err)
			for _, by := range [][2]int64{{-1, 0}, {0, -1}, {-1, 1}, {1, -1}, {1, 0}, {0, 1}} {
				three, one := d.ThreeYear+by[0], d.OneYear+by[1]
				if three < 0 || one < 0 || three > limit[0] || three+one > limit[0]+limit[1] {
					continue
				}
				other, err := f.SampleCost(three, one, both)
				require.NoError(t, err)
				require.LessOrEqual(t, cost.Cmp(other), 0, "%s %d: %d + %d within %v costs more than %d + %d", kinds[seed], seed, d.ThreeYear, d.OneYear, limit, three, one)
			}
		}
	}
	require.Greater(t, bound, 5)
}

// A plan that decides on the fan never buys more than the recent hours support, and buys as the fan does where they support it.
func TestChooseOnFan(t *testing.T) {
	window := forecast.DefaultPolicy()
	window.Paths = 60
	onFan := window
	onFan.OnFan = true
	less := 0
	for i, kind := range kinds {
		p := fleet(kind, uint64(i), 120)
		choose := func(policy forecast.Policy) forecast.Decision {
			pf, err := forecast.NewPortfolio([]forecast.Pool{p}, policy)
			require.NoError(t, err)
			d, err := pf.Choose(&p, both)
			require.NoError(t, err)
			return d
		}
		recent, ahead := choose(window), choose(onFan)
		require.LessOrEqual(t, ahead.ThreeYear, recent.ThreeYear, kind)
		require.LessOrEqual(t, ahead.ThreeYear+ahead.OneYear, recent.ThreeYear+recent.OneYear, kind)
		fan := decide(t, fanOf(t, p, window), both)
		require.LessOrEqual(t, ahead.ThreeYear, fan.ThreeYear, kind)
		if ahead.ThreeYear+ahead.OneYear < recent.ThreeYear+recent.OneYear {
			less++
		}
	}
	require.Positive(t, less)
}
