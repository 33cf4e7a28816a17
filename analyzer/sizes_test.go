package analyzer_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
)

// sizesOf leaves of profiles what sizes alone say.
func sizesOf(profiles []analyzer.Profile) []analyzer.Profile {
	out := make([]analyzer.Profile, len(profiles))
	for i, p := range profiles {
		out[i] = analyzer.Profile{Key: p.Key, VMs: p.VMs, CPUAvg: p.CPUAvg, CPUMax: p.CPUMax, Memory: p.Memory, Warnings: p.Warnings, Untimed: true}
	}
	return out
}

// fleetRows returns samples of some machines of a few sizes, each on all days: averages, maxima and free memory, odd lengths and
// values above 100 % among them.
func fleetRows(rng *rand.Rand, machines, days int) (out []usage.SampleRow) {
	for slot := range days * 288 {
		for m := range machines {
			r := sample(fmt.Sprintf("m%02d", m), day(0)+300*int64(slot), int32(rng.IntN(6000)), 0)
			r.Resource, r.VM = r.Resource+fmt.Sprint(m), ""
			r.Size, r.Region = [...]string{"Standard_D2s_v5", "Standard_D4s_v5", "Standard_E4s_v5"}[m%3], [...]string{"westeurope", "northeurope"}[m%2]
			r.CPUMax = ptr(*r.CPUAvg + int32(rng.IntN(3000)))
			if m%4 != 0 {
				r.MemoryAvailable = ptr(rng.Int64N(8 << 30))
			}
			switch rng.IntN(500) {
			case 0:
				r.CPUMax = ptr(int32(70_000))
			case 1:
				r.Seconds = 301
			case 2:
				r.CPUAvg = nil
			}
			out = append(out, r)
		}
	}
	return out
}

// What is kept of sizes alone is what a whole analysis says of them, in any order of rows, in parts that are merged, and through
// the encoding.
func TestSizesOnlyEqualsTheWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	rows := fleetRows(rng, 14, 9)
	whole := analyze(t, analyzer.Options{}, metrics(rows...))
	opts := analyzer.Options{SizesOnly: true}
	var want []byte
	for _, order := range []string{"by time", "shuffled", "in parts"} {
		if order == "shuffled" {
			rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		}
		parts := []*analyzer.Accumulator{analyzer.New(opts), analyzer.New(opts)}
		for i := 0; i < len(rows); i += 5000 {
			part := parts[0]
			if order == "in parts" {
				part = parts[i/5000%2]
			}
			require.NoError(t, part.Add(metrics(rows[i:min(len(rows), i+5000)]...)))
		}
		require.NoError(t, parts[0].Merge(parts[1]))
		code, err := parts[0].MarshalBinary()
		require.NoError(t, err)
		if want == nil {
			want = code
		}
		require.Equal(t, want, code, order)
		var again analyzer.Accumulator
		require.NoError(t, again.UnmarshalBinary(code))
		for _, a := range []*analyzer.Accumulator{parts[0], &again} {
			got, err := a.Analysis()
			require.NoError(t, err)
			require.Equal(t, sizesOf(whole.Profiles), got.Profiles, order)
			require.Empty(t, got.VMs)
			require.Equal(t, whole.Window, got.Window)
			require.Len(t, got.Groupings, 2)
		}
	}
}

func TestSizesOnlyRefusesCharges(t *testing.T) {
	a := analyzer.New(analyzer.Options{SizesOnly: true})
	require.ErrorIs(t, a.Add(charges(charge("a", 0, 24))), analyzer.ErrSizesOnly)
	require.Error(t, a.Merge(analyzer.New(analyzer.Options{})))
}

// sizeRecords returns averages of machines by time, four of each size and region.
func sizeRecords(machines, slots int) (out []arrow.Record) {
	c, d := usage.NewSampleColumns(nil), dice(1)
	names, sizes, regions := make([]int32, machines), make([]int32, machines), make([]int32, machines)
	for m := range names {
		names[m] = c.ResourceWords.Index(fmt.Sprintf("/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm%06d", m))
		sizes[m], regions[m] = c.SizeWords.Index(fmt.Sprintf("Standard_X%d", m/4%100)), c.RegionWords.Index(fmt.Sprintf("region%d", m/400))
	}
	for slot := range slots {
		for m := range machines {
			c.Resource, c.Size, c.Region = append(c.Resource, names[m]), append(c.Size, sizes[m]), append(c.Region, regions[m])
			c.Start, c.Seconds, c.Line = append(c.Start, day(0)+int64(slot)*300), append(c.Seconds, 300), append(c.Line, 1)
			c.CPUAvg = append(c.CPUAvg, int32(200+13*(m%40)+d.n(300)+d.n(300)))
			if c.Len() == 8192 {
				out = append(out, c.Record())
			}
		}
	}
	return append(out, c.Record())
}

// BenchmarkSizesOnly adds averages of 2000 sizes and regions by time, 10 million samples of 8000 machines, from batches in memory,
// and analyses them; processor nanoseconds a sample.
func BenchmarkSizesOnly(b *testing.B) {
	records := sizeRecords(8000, 1250)
	n := float64(8000 * 1250)
	low := [2]float64{1e9, 1e9}
	for b.Loop() {
		a := analyzer.New(analyzer.Options{SizesOnly: true})
		start := cpu()
		for _, rec := range records {
			require.NoError(b, a.Add(rec))
		}
		added := cpu()
		out, err := a.Analysis()
		require.NoError(b, err)
		require.Len(b, out.Profiles, 2000)
		low[0], low[1] = min(low[0], float64(added-start)/n), min(low[1], float64(cpu()-added)/n)
	}
	b.ReportMetric(low[0], "add-ns/sample")
	b.ReportMetric(low[1], "analyse-ns/sample")
}
