package analyzer_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
)

// batches returns 5-minute samples of machines, in the order of machines or of time, over some days. A record is 8192
// rows, and all share one dictionary, as those of a reader do.
func batches(machines, days int, byTime, maxima bool) []arrow.Record {
	var out []arrow.Record
	c, d := usage.NewSampleColumns(nil), dice(1)
	names := make([]int32, machines)
	for m := range names {
		names[m] = c.ResourceWords.Index(fmt.Sprintf("/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm%06d", m))
	}
	sizes := []int32{c.SizeWords.Index("Standard_D2s_v5"), c.SizeWords.Index("Standard_D4s_v5")}
	region := c.RegionWords.Index("westeurope")
	add := func(m, slot int) {
		avg := int32(200 + 13*(m%40) + d.n(300) + d.n(300))
		c.Resource, c.Size, c.Region = append(c.Resource, names[m]), append(c.Size, sizes[m%2]), append(c.Region, region)
		c.Start, c.Seconds, c.Line = append(c.Start, day(0)+int64(slot)*300), append(c.Seconds, 300), append(c.Line, 1)
		c.CPUAvg = append(c.CPUAvg, avg)
		if maxima {
			c.CPUMax = append(c.CPUMax, avg+int32(d.n(1000)))
		}
		if c.Len() == 8192 {
			out = append(out, c.Record())
		}
	}
	outer, inner := machines, days*288
	if byTime {
		outer, inner = inner, outer
	}
	for i := range outer {
		for j := range inner {
			if byTime {
				add(j, i)
			} else {
				add(i, j)
			}
		}
	}
	return append(out, c.Record())
}

// shuffled returns the rows of records in any order.
func shuffled(t require.TestingT, records []arrow.Record) []arrow.Record {
	type place struct{ record, row int }
	var places []place
	views := make([]*usage.Samples, len(records))
	for i, rec := range records {
		var err error
		views[i], err = usage.SamplesOf(rec)
		require.NoError(t, err)
		for row := range int(rec.NumRows()) {
			places = append(places, place{i, row})
		}
	}
	d := dice(7)
	for i := range places {
		j := (d.n(1<<12)<<12 | d.n(1<<12)) % (i + 1)
		places[i], places[j] = places[j], places[i]
	}
	c := usage.NewSampleColumns(nil)
	var out []arrow.Record
	for _, p := range places {
		s := views[p.record]
		c.Resource, c.Size = append(c.Resource, c.ResourceWords.Index(s.Resource.Text(p.row))), append(c.Size, c.SizeWords.Index(s.Size.Text(p.row)))
		c.Region = append(c.Region, c.RegionWords.Index("westeurope"))
		c.Start, c.Seconds, c.Line = append(c.Start, s.Start[p.row]), append(c.Seconds, 300), append(c.Line, 1)
		c.CPUAvg, c.CPUMax = append(c.CPUAvg, s.CPUAvg.Values[p.row]), append(c.CPUMax, s.CPUMax.Values[p.row])
		if c.Len() == 8192 {
			out = append(out, c.Record())
		}
	}
	return append(out, c.Record())
}

// cpu returns the processor time of this process, which other work on the machine does not lengthen as much as the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSamples adds records and analyses them; figures are processor nanoseconds a sample of each, the lowest of all
// rounds because other work on the machine only lengthens them, and bytes of the accumulator a machine.
func BenchmarkSamples(b *testing.B) {
	for _, c := range []struct {
		name           string
		machines, days int
		byTime, maxima bool
	}{
		{"machines in turn", 300, 30, false, false},
		{"time in turn", 300, 30, true, false},
		{"time in turn, averages and maxima", 300, 30, true, true},
		{"100000 machines, 1 day", 100_000, 1, true, false},
		{"rows shuffled", 300, 7, true, true},
	} {
		if c.machines > 1000 && testing.Short() {
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			records := batches(c.machines, c.days, c.byTime, c.maxima)
			if c.name == "rows shuffled" {
				records = shuffled(b, records)
			}
			samples := float64(c.machines * c.days * 288)
			adding, analysing := time.Hour, time.Hour
			var held float64
			for b.Loop() {
				before := heap()
				a := analyzer.New(analyzer.Options{})
				start := cpu()
				for _, rec := range records {
					require.NoError(b, a.Add(rec))
				}
				adding = min(adding, cpu()-start)
				start = cpu()
				out, err := a.Analysis()
				require.NoError(b, err)
				analysing = min(analysing, cpu()-start)
				require.Len(b, out.VMs, c.machines)
				out = nil
				held = float64(heap()-before) / float64(c.machines)
				runtime.KeepAlive(a)
			}
			b.ReportMetric(float64(adding)/samples, "add-ns/sample")
			b.ReportMetric(float64(analysing)/samples, "analyse-ns/sample")
			b.ReportMetric(held, "bytes/machine")
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
