package fleet

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest/usage"
)

// hoursOf returns the micro-hours of each day, and of each size over all.
func hoursOf(h History) (days []int64, sizes map[string]int64) {
	days, sizes = make([]int64, h.Days), map[string]int64{}
	for row := range h.Charges() {
		days[(row.Start-h.From.Unix())/86_400] += row.Hours
		sizes[row.Size] += row.Hours
	}
	return days, sizes
}

func mean(days []int64) float64 {
	sum := int64(0)
	for _, d := range days {
		sum += d
	}
	return float64(sum) / float64(len(days)) / 24e6
}

func TestStories(t *testing.T) {
	from := time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)
	history := func(s Story) ([]int64, map[string]int64) {
		return hoursOf(History{Seed: 1, Story: s, Machines: 30, From: from, Days: 730})
	}
	stable, _ := history(Stable)
	require.InDelta(t, 30, mean(stable[:90]), 0.3)
	require.InDelta(t, 30, mean(stable[640:]), 0.3)

	growing, _ := history(Growing)
	require.InDelta(t, 30, mean(growing[:7]), 0.5)
	require.InDelta(t, 45, mean(growing[360:370]), 1, "half as many again after a year")

	weekly, _ := history(Weekly)
	require.InDelta(t, 30, float64(weekly[3])/24e6, 1, "2025-01-04 is a Saturday")
	require.InDelta(t, 45, float64(weekly[5])/24e6, 1.5, "a Monday: 30 machines all day and 30 for 12 hours")

	seasonal, _ := history(Seasonal)
	require.InDelta(t, 30, mean(seasonal[100:130]), 0.3)
	require.InDelta(t, 45, mean(seasonal[305:360]), 0.4, "November and December")

	_, sizes := history(Migrating)
	require.Positive(t, sizes["Standard_D4s_v5"])
	require.Greater(t, sizes["Standard_D4as_v5"], sizes["Standard_D4s_v5"])

	down, _ := history(ShuttingDown)
	require.InDelta(t, 30, mean(down[:365]), 0.3)
	require.InDelta(t, 10, mean(down[365:]), 0.3)
}

func TestHistoryRows(t *testing.T) {
	h := History{Seed: 2, Story: Stable, Machines: 3, From: time.Date(2026, time.October, 1, 0, 0, 0, 0, time.UTC), Days: 3}
	var batch usage.ChargeBatch
	for row := range h.Charges() {
		batch.Append(row)
		// 24 h at 0.23 dollars: 5.52
		if row.Size == "Standard_D4s_v5" && row.Hours == 24_000_000 {
			require.Equal(t, int64(5_520_000), row.Cost)
		}
	}
	require.Equal(t, 9, batch.Len())
	rec := batch.Record()
	defer rec.Release()
	charges, err := usage.ChargesOf(rec)
	require.NoError(t, err)
	require.Equal(t, 9, charges.Len())
	for range h.Charges() {
		break // a reader may stop early
	}
	require.Equal(t, []string{"stable", "growing", "weekly", "seasonal", "migrating", "shutting down"}, func() (names []string) {
		for _, s := range Stories() {
			names = append(names, s.String())
		}
		return names
	}())
}

// Every row of the histories is a row of the export, with as many fields as the header, and the hours add up.
func TestWriteStories(t *testing.T) {
	var out bytes.Buffer
	n, err := WriteStories(&out, 7, 3, 60)
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(out.Bytes())).ReadAll()
	require.NoError(t, err)
	require.Equal(t, n.Rows, int64(len(rows)-1))
	require.EqualValues(t, out.Len(), n.Bytes)
	hours, want := 0.0, int64(0)
	for _, row := range rows[1:] {
		h, err := strconv.ParseFloat(row[12], 64)
		require.NoError(t, err)
		hours += h
	}
	for _, story := range Stories() {
		days, _ := hoursOf(History{Seed: 7, Story: story, Machines: 3, From: time.Date(2026, time.September, 2, 0, 0, 0, 0, time.UTC), Days: 60})
		for _, d := range days {
			want += d
		}
	}
	require.InDelta(t, float64(want)/1e6, hours, 1e-3)
}
