package demand_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/analyzer/demand"
)

// One machine is known to run from 12:00 to 24:00; another ran 12 hours of the day. Above one unit at most 12 h are used
// (both at once), at least none (the other ran in the morning). Evenly spread it would be 6 h, and stacked from the first
// hour none.
func TestUnknownHoursLieOnKnownPeaks(t *testing.T) {
	var known [24]int64
	s := demand.NewSeries(48)
	for h := 12; h < 24; h++ {
		known[h] = demand.Full
		s.AddHour(24+h, demand.Full)
	}
	shape := demand.ShapeOf(&known, 12*demand.Full, demand.Full)
	s.AddShaped(1, 12*demand.Full, &shape)
	flat, stacked := s.Above(demand.Full)
	require.EqualValues(t, 0, flat)
	require.EqualValues(t, 12*demand.Full, stacked)
	require.EqualValues(t, demand.Full, s.Flat[24])
	require.EqualValues(t, 2*demand.Full, s.Stacked[24+12])
	require.Zero(t, s.Stacked[24])
	require.EqualValues(t, 24*demand.Full, s.Sum())
}

func TestEvenKnownUsageIsFlatAndStacked(t *testing.T) {
	known := [24]int64{}
	for h := range known {
		known[h] = 3 * demand.Full
	}
	shape := demand.ShapeOf(&known, 7*demand.Full, demand.Full)
	shaped, plain := demand.NewSeries(24), demand.NewSeries(24)
	shaped.AddShaped(0, 7*demand.Full, &shape)
	plain.AddDay(0, 7*demand.Full)
	require.Equal(t, plain, shaped)
	require.Panics(t, func() { demand.ShapeOf(&known, 25*demand.Full, demand.Full) })
}

// TestTruthLiesBetweenOnKnownUsage draws machines, tells the series the hours of some and only the day of others, each
// with a ratio, and checks the bounds of the usage above every quantity.
func TestTruthLiesBetweenOnKnownUsage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var known [24]int64
		var unknown, most int64
		truth, told := demand.NewSeries(24), demand.NewSeries(24)
		type machine struct{ micro, ratio int64 }
		var told2 []machine
		for range rapid.IntRange(1, 10).Draw(t, "machines") {
			ratio := rapid.SampledFrom([]int64{100, 200, 133}).Draw(t, "ratio")
			hours := rapid.SliceOfN(rapid.SampledFrom([]int64{0, demand.Full, 250_000}), 24, 24).Draw(t, "hours")
			tell, total := rapid.Bool().Draw(t, "tell"), int64(0)
			for h, micro := range hours {
				truth.AddHour(h, ratio*micro)
				if tell {
					known[h] += ratio * micro
					told.AddHour(h, ratio*micro)
				}
				total += micro
			}
			if !tell {
				unknown, most = unknown+ratio*total, most+ratio*demand.Full
				told2 = append(told2, machine{total, ratio})
			}
		}
		shape := demand.ShapeOf(&known, unknown, most)
		for _, m := range told2 {
			s := demand.NewSeries(24)
			s.AddShaped(0, m.micro, &shape)
			require.Equal(t, m.micro, s.Sum())
			told.Add(s.Times(m.ratio))
		}
		require.Equal(t, truth.Sum(), told.Sum())
		slack := int64(24 * 200 * len(told2)) // the remainders of divisions
		for quantity := int64(0); quantity <= 2100*demand.Full; quantity += 25 * demand.Full {
			flat, stacked := told.Above(quantity)
			above, _ := truth.Above(quantity)
			require.LessOrEqual(t, flat, above+slack)
			require.LessOrEqual(t, above, stacked)
		}
	})
}
