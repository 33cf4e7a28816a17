package analyzer_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
)

// rhythmOf returns the rhythm of a machine with the given hours billed on each of 14 days from a Monday.
func rhythmOf(t *testing.T, rows []usage.ChargeRow, measured ...usage.SampleRow) analyzer.VM {
	out := analyze(t, analyzer.Options{}, charges(append(rows, days("other", 0, 14, 24)...)...), metrics(measured...))
	require.Equal(t, "a", out.VMs[0].Name)
	return out.VMs[0]
}

func weekdays(hours float64) (out []usage.ChargeRow) {
	for n := range 14 {
		if n%7 < 5 {
			out = append(out, charge("a", n, hours))
		}
	}
	return out
}

func TestPatterns(t *testing.T) {
	var office, nights []usage.SampleRow
	for n := range 14 {
		if n%7 < 5 {
			office = append(office, samples("a", n, n+1, 8, 18, 500, 900)...)
		}
		nights = append(nights, samples("a", n, n+1, 0, 6, 500, 900)...)
	}
	for _, c := range []struct {
		want    string
		rows    []usage.ChargeRow
		metrics []usage.SampleRow
		running analyzer.Percent
		gap     time.Duration
	}{
		{"always", days("a", 0, 14, 24), nil, 10_000, 0},
		{"weekdays", weekdays(10), nil, 2976, 48 * time.Hour},                                           // 100 of 336 h; days are not known to the hour
		{"office_hours", weekdays(10), office, 2976, 62 * time.Hour},                                    // Friday 18:00 to Monday 08:00
		{"part_of_day", days("a", 0, 14, 6), nights, 2500, 18 * time.Hour},                              // 06:00 to 24:00
		{"irregular", append(days("a", 0, 3, 24), days("a", 9, 14, 24)...), nil, 5714, 144 * time.Hour}, // 192 of 336 h
		{"always", days("a", 4, 14, 24), nil, 10_000, 0},                                                // since it was first seen
	} {
		vm := rhythmOf(t, c.rows, c.metrics...)
		require.Equal(t, c.want, vm.Rhythm.Pattern)
		require.Equal(t, c.running, vm.Rhythm.Running, c.want)
		require.Equal(t, c.gap, vm.Rhythm.LongestGap, c.want)
	}
	vm := rhythmOf(t, weekdays(12))
	require.EqualValues(t, 5000, vm.Rhythm.Weekdays)
	require.EqualValues(t, 0, vm.Rhythm.Weekend)
}

func TestAGapInTheFilesIsNoGapOfTheMachine(t *testing.T) {
	out := analyze(t, analyzer.Options{}, charges(append(days("a", 0, 5, 24), days("a", 8, 14, 24)...)...))
	require.Zero(t, out.VMs[0].Rhythm.LongestGap)
	require.Equal(t, "always", out.VMs[0].Rhythm.Pattern)
}

// The mean jumps from 10 % to 30 % after a week. The line through 7 days of 10 and 7 of 30 has the slope
// sum((x-6.5)(y-20)) / sum((x-6.5)^2) = 490/227.5 = 2.1538 points a day, 15.07 a week.
func TestDrift(t *testing.T) {
	vm := rhythmOf(t, days("a", 0, 14, 24), append(samples("a", 0, 7, 0, 24, 1000, 1500), samples("a", 7, 14, 0, 24, 3000, 3500)...)...)
	r := vm.Rhythm
	require.EqualValues(t, 1000, r.First)
	require.EqualValues(t, 3000, r.Second)
	require.EqualValues(t, 2000, r.Step)
	require.EqualValues(t, 1507, r.Trend)
	require.Contains(t, codes(vm.Warnings), "drift")
	require.Equal(t, 14, vm.SampleDays)

	flat := rhythmOf(t, days("a", 0, 14, 24), samples("a", 0, 14, 0, 24, 1000, 1500)...)
	require.NotContains(t, codes(flat.Warnings), "drift")
	require.Zero(t, flat.Rhythm.Trend)
}

func TestDayParts(t *testing.T) {
	var rows []usage.SampleRow
	for n := range 14 {
		level := int32(1000)
		if n%7 >= 5 {
			level = 100
		}
		rows = append(rows, samples("a", n, n+1, 6, 20, level, level)...)
		rows = append(rows, samples("a", n, n+1, 20, 24, 200, 200)...)
	}
	r := rhythmOf(t, days("a", 0, 14, 24), rows...).Rhythm
	require.EqualValues(t, 1000, r.Day)
	require.EqualValues(t, 200, r.Night)
	require.EqualValues(t, 122, r.Free, "(14 hours x 1 + 4 hours x 2) / 18 = 1.22")
}

func TestCensoredAndOtherDoubts(t *testing.T) {
	rows := append(samples("a", 0, 3, 0, 24, 5000, 6000), samples("a", 3, 4, 0, 24, 9900, 10_000)...)
	vm := rhythmOf(t, days("a", 0, 14, 24), rows...)
	require.EqualValues(t, 2500, vm.Censored)
	require.Equal(t, []string{"censored", "drift", "memory_unknown", "too_few_samples"}, codes(vm.Warnings))
	for i := range rows {
		rows[i].CPUMax = nil
	}
	vm = rhythmOf(t, days("a", 0, 14, 24), rows...)
	require.Contains(t, codes(vm.Warnings), "average_only")
	require.True(t, vm.Overload.AverageOnly)
}

// An interval of 300 s with min 10, average 20, max 60 %: above 50 % at least max(0, (20-50)/(60-50)) = 0 and at most
// (20-10)/(50-10) = 1/4; above 15 % at least (20-15)/(60-15) = 1/9 and at most 1, and above 16 %
// at least what holds for 17.5 %, 2.5/42.5; above 5 % all of it; above 60 % never.
func TestOverloadOfOneInterval(t *testing.T) {
	row := sample("a", day(0), 2000, 6000)
	row.CPUMin = ptr(int32(1000))
	o := rhythmOf(t, days("a", 0, 14, 24), row).Overload
	for _, c := range []struct {
		threshold analyzer.Percent
		lo, hi    int64
	}{
		{5000, 0, 75_000}, {1500, 33_333, 300_000}, {500, 300_000, 300_000}, {6000, 0, 0}, {100, 300_000, 300_000},
		{5100, 0, 75_000}, {1600, 17_647, 300_000}, {9999, 0, 0}, {20_000, 0, 0},
	} {
		lo, hi := o.At(c.threshold)
		require.Equal(t, [2]int64{c.lo, c.hi}, [2]int64{lo, hi}, "%v", c.threshold)
	}
}

// TestOverloadHoldsTheTruth draws intervals of minutes, tells the analyzer their lowest, average and highest, and checks
// that the bounds hold the true time above any threshold.
func TestOverloadHoldsTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := rapid.SampledFrom([]string{"all", "no minimum", "maximum only", "average only"}).Draw(t, "known")
		threshold := rapid.IntRange(1, 10_000).Draw(t, "threshold")
		var rows []usage.SampleRow
		truth := int64(0)
		for i := range 20 {
			minutes := rapid.SliceOfN(rapid.Int32Range(0, 2_000), 5, 5).Draw(t, "minutes")
			low, high, sum := int32(10_000), int32(0), int32(0)
			for _, v := range minutes {
				v *= 5 // so that the average is exact
				low, high, sum = min(low, v), max(high, v), sum+v
				if int(v) > threshold {
					truth += 60_000
				}
			}
			row := usage.SampleRow{Resource: "m", Start: day(0) + int64(i)*300, Seconds: 300, CPUAvg: ptr(sum / 5), CPUMax: &high, CPUMin: &low}
			switch known {
			case "no minimum":
				row.CPUMin = nil
			case "maximum only":
				row.CPUMin, row.CPUAvg = nil, nil
			case "average only":
				row.CPUMin, row.CPUMax = nil, nil
			}
			rows = append(rows, row)
		}
		out := analyze(t, analyzer.Options{}, metrics(rows...))
		lo, hi := out.VMs[0].Overload.At(analyzer.Percent(threshold))
		require.LessOrEqual(t, lo, truth)
		require.GreaterOrEqual(t, hi, truth)
	})
}
