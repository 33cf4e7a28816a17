package demand_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/analyzer/demand"
)

func date(day int) time.Time { return time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC) }

func TestWindow(t *testing.T) {
	w := demand.Window{From: date(1), To: date(8)}
	require.Equal(t, 168, w.Hours())
	require.Equal(t, 7, w.Days())
	hour, ok := w.Hour(date(2).Add(90 * time.Minute))
	require.True(t, ok)
	require.Equal(t, 25, hour)
	_, ok = w.Hour(date(8))
	require.False(t, ok, "To is exclusive")
	_, ok = w.Hour(date(1).Add(-time.Second))
	require.False(t, ok)
	require.Zero(t, demand.Window{From: date(2), To: date(1)}.Hours())
}

// Two machines with 24 h and 8 h: Flat 1 1/3 all day; Stacked 2 for 8 hours, then 1. Above one unit: Flat 24 x 1/3 = 8 h,
// Stacked 8 x 1 = 8 h; above 1.5 units: Flat 0, Stacked 8 x 0.5 = 4 h.
func TestPartialDayHasTwoProfiles(t *testing.T) {
	s := demand.NewSeries(24)
	s.AddDay(0, 24*demand.Full)
	require.True(t, s.Exact())
	s.AddDay(0, 8*demand.Full)
	require.False(t, s.Exact())
	require.EqualValues(t, 1_333_334, s.Flat[0], "the remainder of 8e6/24 = 333333 r 8 goes to the first 8 hours")
	require.EqualValues(t, 1_333_333, s.Flat[8])
	require.EqualValues(t, 2*demand.Full, s.Stacked[7])
	require.EqualValues(t, demand.Full, s.Stacked[8])
	require.EqualValues(t, 32*demand.Full, s.Sum())
	flat, stacked := s.Above(demand.Full)
	require.EqualValues(t, 8*demand.Full, flat)
	require.EqualValues(t, 8*demand.Full, stacked)
	flat, stacked = s.Above(1_500_000)
	require.EqualValues(t, 0, flat)
	require.EqualValues(t, 4*demand.Full, stacked)
}

// 30 h of one row are a machine for the whole day and one for 6 hours.
func TestMoreThanADayIsSeveralInstances(t *testing.T) {
	s := demand.NewSeries(48)
	s.AddDay(1, 30*demand.Full)
	require.EqualValues(t, 0, s.Stacked[23])
	require.EqualValues(t, 2*demand.Full, s.Stacked[24+5])
	require.EqualValues(t, demand.Full, s.Stacked[24+6])
	require.EqualValues(t, 1_250_000, s.Flat[24])
	require.Panics(t, func() { s.AddDay(0, -1) })
}

func TestSharedArrays(t *testing.T) {
	a, b := demand.NewSeries(24), demand.NewSeries(24)
	a.AddHour(3, 500_000)
	b.AddDay(0, 6*demand.Full)
	sum := demand.NewSeries(24)
	sum.Add(a)
	require.True(t, sum.Exact())
	sum.Add(b)
	sum.Add(a)
	require.EqualValues(t, 1_250_000, sum.Flat[3])
	require.EqualValues(t, 2_000_000, sum.Stacked[3])
	require.EqualValues(t, 500_000, a.Stacked[3], "adding leaves the other as it was")
	double := sum.Times(200)
	require.EqualValues(t, 250_000_000, double.Flat[3])
	require.EqualValues(t, 400_000_000, double.Stacked[3])
	exact := a.Times(2)
	require.True(t, exact.Exact())
	require.Panics(t, func() { a.Times(1 << 62) })
	require.Panics(t, func() { a.Add(demand.NewSeries(48)) })
	require.True(t, demand.NewSeries(0).Exact())
}

func TestWithoutGaps(t *testing.T) {
	s := demand.NewSeries(72)
	s.AddDay(0, 24*demand.Full)
	s.AddDay(2, 12*demand.Full)
	kept := s.Without([]int{1})
	require.Len(t, kept.Flat, 48)
	require.EqualValues(t, s.Sum(), kept.Sum())
	require.EqualValues(t, demand.Full, kept.Stacked[24])
	require.EqualValues(t, demand.Full/2, kept.Flat[24])
	require.Equal(t, s, s.Without(nil))
}

func TestPercentiles(t *testing.T) {
	var out [3]int64
	require.True(t, demand.Percentiles(out[:], []int64{5, 1, 4, 2, 3}, 0, 5000, 9500))
	require.Equal(t, [3]int64{1, 3, 5}, out)
	require.False(t, demand.Percentiles(out[:], nil, 5000))
}

// TestTruthLiesBetween draws machines that run at random hours of a day, tells the series only their hours, and checks
// that the usage above every quantity lies between that of Flat (Jensen) and that of Stacked (comonotone).
func TestTruthLiesBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		truth, told := demand.NewSeries(24), demand.NewSeries(24)
		for range rapid.IntRange(1, 12).Draw(t, "machines") {
			hours, total := rapid.SliceOfN(rapid.SampledFrom([]int64{0, 0, demand.Full, 250_000}), 24, 24).Draw(t, "hours"), int64(0)
			for h, micro := range hours {
				truth.AddHour(h, micro)
				total += micro
			}
			told.AddDay(0, total)
		}
		require.Equal(t, truth.Sum(), told.Sum())
		for quantity := int64(0); quantity <= 13*demand.Full; quantity += demand.Full / 4 {
			flat, stacked := told.Above(quantity)
			above, _ := truth.Above(quantity)
			require.LessOrEqual(t, flat, above+24, "the remainders of 24 divisions")
			require.LessOrEqual(t, above, stacked)
		}
	})
}

// Measured 08:00 to 12:30, billed 4.5 h: the four hours and half of the fifth.
func TestMeteredHours(t *testing.T) {
	var d demand.Day
	d.Mark(8*3600, 12*3600+1800)
	require.Equal(t, 12, d.Slots(8))
	require.Equal(t, 6, d.Slots(12))
	hours, ok := d.Hours(4_500_000)
	require.True(t, ok)
	want := [24]int64{8: demand.Full, 9: demand.Full, 10: demand.Full, 11: demand.Full, 12: demand.Full / 2}
	require.Equal(t, want, hours)

	hours, ok = d.Hours(4_900_000)
	require.True(t, ok, "0.4 h more were billed than measured")
	require.EqualValues(t, 900_000, hours[12])
	hours, ok = d.Hours(4_050_000)
	require.True(t, ok, "0.45 h fewer")
	require.EqualValues(t, 900_000, hours[8], "54 slots share 4.05 h: 12 x 0.075")
	_, ok = d.Hours(6_000_000)
	require.False(t, ok, "1.5 h of metrics are missing")
	_, ok = d.Hours(0)
	require.False(t, ok)
	_, ok = d.Hours(25 * demand.Full)
	require.False(t, ok, "several instances")
}

func TestMarkStaysInsideTheDay(t *testing.T) {
	var d, e demand.Day
	d.Mark(86_300, 86_700)
	require.Equal(t, 1, d.Slots(23))
	e.Mark(-5, 0)
	e.Mark(10, 10)
	require.Equal(t, demand.Day{}, e, "nothing of the day")
	e.Mark(0, 1)
	d.Merge(&e)
	require.Equal(t, 1, d.Slots(0))
}

func TestMeteredHoursKeepTheTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d demand.Day
		for range rapid.IntRange(1, 6).Draw(t, "runs") {
			from := rapid.IntRange(0, 86_399).Draw(t, "from")
			d.Mark(from, from+rapid.IntRange(1, 30_000).Draw(t, "seconds"))
		}
		measured := int64(0)
		for h := range 24 {
			measured += int64(d.Slots(h)) * demand.Full / 12
		}
		micro := measured + rapid.Int64Range(-3*demand.Full, 3*demand.Full).Draw(t, "difference")
		hours, ok := d.Hours(micro)
		if !ok {
			return
		}
		sum := int64(0)
		for _, v := range hours {
			require.GreaterOrEqual(t, v, int64(0))
			require.LessOrEqual(t, v, int64(demand.Full))
			sum += v
		}
		require.Equal(t, micro, sum)
	})
}
