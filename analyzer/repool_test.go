package analyzer_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
)

// Without changes the pools are those of the analysis; with them every hour of a machine is in the pool of its new size, and nowhere
// else.
func TestRepool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dice(rapid.Uint32().Draw(t, "seed"))
		a := analyzer.New(analyzer.Options{})
		addAll(t, a, drawCharges(&d, 1+d.n(120)), drawSamples(&d, d.n(200)), 50)
		out, err := a.Analysis()
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(out.Pools, out.Repool(nil, nil)), "the same pools")
		changes, want := map[int]analyzer.Change{}, int64(0)
		moved := map[catalog.Size]int64{}
		for i := range out.VMs {
			hours := out.VMs[i].Demand(out.Window.Days()).Sum()
			want += hours
			if d.n(2) == 0 {
				size := pick(&d, catalog.Size("Standard_E4s_v5"), "Standard_D2s_v5", "Standard_NC24", "")
				changes[i] = analyzer.Change{Size: size}
				moved[size] += hours
			}
		}
		want -= moved[""]
		got, bySize := int64(0), map[catalog.Size]int64{}
		for _, pool := range out.Repool(changes, nil) {
			require.Equal(t, pool.Exact, exact(pool))
			for _, m := range pool.Members {
				got += m.Series.Sum()
				bySize[m.Size] += m.Series.Sum()
			}
		}
		require.Equal(t, want, got)
		require.Equal(t, moved["Standard_E4s_v5"], bySize["Standard_E4s_v5"])
		require.Equal(t, moved["Standard_NC24"], bySize["Standard_NC24"])
	})
}

func exact(p analyzer.Pool) bool {
	for _, m := range p.Members {
		if !m.Series.Exact() {
			return false
		}
	}
	return true
}

// A machine that runs through and gets office hours uses 70 of the 168 hours of a week.
func TestRepoolSchedule(t *testing.T) {
	a := analyzer.New(analyzer.Options{})
	var rows []usage.ChargeRow
	for i := range 28 {
		rows = append(rows, charge("vm", i, 24))
	}
	addAll(t, a, rows, nil, 100)
	out, err := a.Analysis()
	require.NoError(t, err)
	office := func(hour int) bool {
		at := out.Window.From.Add(time.Duration(hour) * time.Hour)
		return at.Weekday() >= 1 && at.Weekday() <= 5 && at.Hour() >= 6 && at.Hour() < 20
	}
	pools := out.Repool(map[int]analyzer.Change{0: {Size: out.VMs[0].Size, Schedule: office}}, nil)
	require.Equal(t, int64(4*70*demand.Full), pools[0].Members[0].Series.Sum())
}
