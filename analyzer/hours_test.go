package analyzer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
)

// The hours of a machine by hand, from 5-minute samples: averages of 10, 20 and 30 % four times each with a highest value of 55.01 %
// are an hour of 20 % that reached 55.5 %; half an hour measured is 1 800 seconds; without a highest value nothing bounds the hour.
func TestHourlyCPU(t *testing.T) {
	rows := samples("app", 0, 7, 0, 24, 500, 700)
	for i := range rows[:12] {
		rows[i].CPUAvg = ptr(int32(1000 * (1 + i/4)))
	}
	rows[2].CPUMax = ptr(int32(5501))
	rows = append(rows[:12:12], rows[18:]...)
	rows[len(rows)-1].CPUMax = nil
	out := analyze(t, analyzer.Options{}, charges(days("app", 0, 7, 24)...), metrics(rows...))
	got := out.VMs[0].HourlyCPU()
	require.Len(t, got, 7*24)
	start := day(0) / 3600
	require.Equal(t, analyzer.HourLoad{Hour: start, Seconds: 3600, Avg: 2000, High: 5550}, got[0])
	require.Equal(t, analyzer.HourLoad{Hour: start + 1, Seconds: 1800, Avg: 500, High: 700}, got[1])
	require.Greater(t, got[len(got)-1].High, analyzer.Percent(10_000))
}
