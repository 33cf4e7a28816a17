package plot

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer/demand"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
	"sizeterm/recommend/forecast"
)

// A pool of four units whose futures stay, fall or end.
func foreseen() *recommend.Pool {
	o := &recommend.Outlook{History: []float64{4, math.NaN(), 4, 4.5}}
	for _, end := range []float64{0, 2, 4, 4.5, 6} {
		var band []float64
		for w := range 157 {
			band = append(band, 4+(end-4)*float64(w)/156)
		}
		o.Bands = append(o.Bands, band)
	}
	for i := range 20 {
		o.Savings = append(o.Savings, money.New(int64(i-4)*10_000_000, "USD"))
	}
	for _, h := range []float64{0, 0.02, 0.05, 0.1} {
		o.Flip = append(o.Flip, recommend.FlipPoint{MonthlyLoss: h, OneYear: money.New(30_000_000-int64(2e8*h), "USD"), ThreeYear: money.New(50_000_000-int64(6e8*h), "USD")})
	}
	return &recommend.Pool{Group: "Dsv5 Series", Region: "southeastasia", UnitSize: "Standard_D2s_v5", Currency: "USD", Outlook: o,
		Persistence: recommend.Persistence{MonthlyLoss: 0.02, FlipsAt: recommend.Fraction{Value: 0.05, Has: true}, Lasts: [3]float64{0.8, 0.7, 0.6}}}
}

func TestOutlookPicturesSayWhatTheyShow(t *testing.T) {
	pool := foreseen()
	fan, ok := Fan(pool)
	require.True(t, ok)
	require.Contains(t, fan.Alt, "80.0 %, 70.0 % and 60.0 % are expected after one, two and three years")
	chances, ok := Chances(pool)
	require.True(t, ok)
	require.Contains(t, chances.Alt, "in 20 futures: 55 USD a month on average, from -40 (5th percentile) to 140 (95th); 20.0 % lose", "mean of -40, -30 … 150")
	flip, ok := Flip(pool)
	require.True(t, ok)
	require.Contains(t, flip.Alt, "At 2.0 % a month three years are expected to save more; from 5.0 % on one year")
	pool.Persistence.MonthlyLoss = 0.06
	flip, _ = Flip(pool)
	require.Contains(t, flip.Alt, "At 6.0 % a month one year, renewed while the demand lasts, is expected to save more")
	for _, pic := range []Picture{fan, chances, flip} {
		var a, b bytes.Buffer
		require.NoError(t, pic.SVG(&a))
		require.NoError(t, pic.SVG(&b))
		require.Equal(t, a.String(), b.String(), "the same plan gives the same bytes")
		require.NotContains(t, a.String(), "NaN")
	}
	for _, draw := range []func(*recommend.Pool) (Picture, bool){Fan, Chances, Flip} {
		_, ok := draw(&recommend.Pool{})
		require.False(t, ok, "nothing was foreseen")
	}
}

func TestPicturesOfABacktest(t *testing.T) {
	usd := func(n int64) money.Amount { return money.New(n*1_000_000, "USD") }
	result := &forecast.Backtest{}
	for i := range int64(6) {
		trial := forecast.Trial{Pool: "p", Origin: int(28 + 7*i), Days: 28, Payg: usd(100), Before: usd(100), Clairvoyant: usd(60), Has: true,
			Predicted: forecast.Interval{Mean: usd(40), P5: usd(-10), P95: usd(50)}, Realised: usd(45 + 2*i), DemandRank: [2]float64{0.1 * float64(i), 0.1 * float64(i+1)}}
		for range forecast.Rules() {
			trial.Outcomes = append(trial.Outcomes, forecast.Outcome{Saving: usd(30 + i)})
		}
		result.Trials = append(result.Trials, trial)
	}
	past := &report.Past{Window: demand.Window{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}, Spec: recommend.PastSpec{ReplayDays: 28},
		Results: []recommend.Past{{Currency: "USD", Result: result}}}
	names, err := WritePast(t.TempDir(), past)
	require.NoError(t, err)
	require.Equal(t, []string{"backtest_usd_rules", "backtest_usd_ranges", "backtest_usd_ranks"}, names)
	ranges, _ := Ranges(past, &past.Results[0])
	require.Contains(t, ranges.Alt, "3 of 6 purchases (50.0 %) lay inside", "45, 47 and 49 of 50")
	rules, _ := Rules(past, &past.Results[0])
	require.Contains(t, rules.Alt, "this program saved 54.2 % of the best", "195 of 360")
}
