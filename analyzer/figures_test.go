package analyzer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
)

// Two machines are at 10 % all the time, a third runs one hour a day at 90 %: of the pooled fleet time 7 of 343 hours, 2 %, so that its P95
// is 10 %; of three machines one has a P95 of 90 %. Two figures under two names.
func TestFleetTimeAndMachinesAreTwoFigures(t *testing.T) {
	rows := join(days("a", 0, 7, 24), days("b", 0, 7, 24), days("c", 0, 7, 1))
	measured := append(append(samples("a", 0, 7, 0, 24, 1000, 1000), samples("b", 0, 7, 0, 24, 1000, 1000)...), samples("c", 0, 7, 9, 10, 9000, 9000)...)
	p := analyze(t, analyzer.Options{}, charges(rows...), metrics(measured...)).Profiles[0]
	require.EqualValues(t, 1000, p.CPUAvg.P95)
	require.Equal(t, analyzer.Spread{N: 3, P50: 1000, P90: 9000, Max: 9000}, p.VMP95)
}

// Five values 10 to 50 %: the nearest rank of P95 is 50 %, what Excel calls PERCENTILE.INC is 48 %, and stands beside it under its own name
// (algorithms.md 4.1).
func TestType7StandsApart(t *testing.T) {
	measured := samples("a", 0, 1, 0, 1, 0, 0)[:5]
	for i := range measured {
		v := int32(1000 * (i + 1))
		measured[i].CPUAvg, measured[i].CPUMax = &v, &v
	}
	d := analyze(t, analyzer.Options{}, charges(days("a", 0, 7, 24)...), metrics(measured...)).VMs[0].CPUAvg
	require.EqualValues(t, 5000, d.P95)
	require.EqualValues(t, 4800, d.Type7.P95)
}
