package analyzer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/ingest/usage"
)

// Of 31 days the last 28 are the window; the three before lead. A machine runs 6 hours on the first of them and is gone before the window in
// another subscription; a reservation covers one of two machines from the second day on.
func TestDaysBeforeTheWindow(t *testing.T) {
	gone := with(days("gone", 0, 1, 6), func(r *usage.ChargeRow) { r.Subscription = "s0" })
	covered := with(days("b", 1, 31, 24), func(r *usage.ChargeRow) { r.Model, r.Benefit = usage.Reservation, "res" })
	out := analyze(t, analyzer.Options{}, charges(join(days("a", 0, 31, 24), days("b", 0, 1, 24), covered, gone)...))
	require.Equal(t, 3, out.Lead)
	require.Equal(t, 28, out.Window.Days())
	pool := out.Pools[0]
	m := pool.Members[0]
	require.Len(t, m.Lead, 72)
	require.EqualValues(t, 2*demand.Full, m.Lead[0])
	require.Len(t, m.CoveredDays, 31)
	require.Zero(t, m.CoveredDays[0])
	require.EqualValues(t, demand.FullDay, m.CoveredDays[1])
	require.EqualValues(t, 28*demand.FullDay, m.Covered, "that of the window alone")
	require.Len(t, pool.Left, 1)
	require.EqualValues(t, demand.Full/4, pool.Left[0].Lead[23], "6 hours of which nothing is known, over 24")
	require.Empty(t, pool.LeadGaps)

	out = analyze(t, analyzer.Options{LookbackDays: 7}, charges(days("a", 0, 70, 24)...))
	require.Equal(t, 53, out.Lead, "60 days, whatever the window")
	out = analyze(t, analyzer.Options{}, charges(days("a", 0, 70, 24)...))
	require.Zero(t, out.Lead)
	require.Nil(t, out.Pools[0].Members[0].Lead)
	out = analyze(t, analyzer.Options{}, charges(join(days("a", 0, 1, 24), days("a", 2, 10, 24))...))
	require.Equal(t, []int{1}, out.Pools[0].LeadGaps)
}
