package analyzer_test

import (
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/ingest/usage"
)

// day0 is a Monday, the first day of the tests' files.
var day0 = time.Date(2026, 9, 28, 0, 0, 0, 0, time.UTC)

func day(n int) int64 { return day0.AddDate(0, 0, n).Unix() }

// charge returns a day of a machine on demand.
func charge(vm string, n int, hours float64) usage.ChargeRow {
	return usage.ChargeRow{
		Customer: "c1", CustomerName: "Contoso", Subscription: "s1", ResourceGroup: "rg1",
		Resource: "/subscriptions/s1/resourcegroups/rg1/providers/microsoft.compute/virtualmachines/" + vm, VM: vm,
		Size: "Standard_D4s_v5", Region: "westeurope", OS: "linux", Kind: usage.Compute, Model: usage.OnDemand,
		Start: day(n), End: day(n + 1), Hours: int64(hours * usage.MicroHour), HasHours: true,
		Rate: 2_300_000_000, HasRate: true, Cost: int64(hours * 230_000), Currency: "EUR", Export: "actual", Dataset: "d1", Line: int64(n),
	}
}

// days returns rows of the same hours on days [from, to).
func days(vm string, from, to int, hours float64) (out []usage.ChargeRow) {
	for n := from; n < to; n++ {
		out = append(out, charge(vm, n, hours))
	}
	return out
}

func with(rows []usage.ChargeRow, change func(*usage.ChargeRow)) []usage.ChargeRow {
	for i := range rows {
		change(&rows[i])
	}
	return rows
}

func ptr[T any](v T) *T { return &v }

// sample returns 5 minutes of a machine.
func sample(vm string, start int64, avg, high int32) usage.SampleRow {
	return usage.SampleRow{Resource: charge(vm, 0, 0).Resource, Start: start, Seconds: 300, CPUAvg: ptr(avg), CPUMax: ptr(high)}
}

// samples returns the 5-minute samples of hours [from, to) of days [first, last).
func samples(vm string, first, last, from, to int, avg, high int32) (out []usage.SampleRow) {
	for n := first; n < last; n++ {
		for start := day(n) + int64(from)*3600; start < day(n)+int64(to)*3600; start += 300 {
			out = append(out, sample(vm, start, avg, high))
		}
	}
	return out
}

func charges(rows ...usage.ChargeRow) arrow.Record {
	var b usage.ChargeBatch
	for _, r := range rows {
		b.Append(r)
	}
	return b.Record()
}

func metrics(rows ...usage.SampleRow) arrow.Record {
	var b usage.SampleBatch
	for _, r := range rows {
		b.Append(r)
	}
	return b.Record()
}

func analyze(t require.TestingT, opts analyzer.Options, records ...arrow.Record) *analyzer.Analysis {
	a := analyzer.New(opts)
	for _, rec := range records {
		require.NoError(t, a.Add(rec))
		rec.Release()
	}
	out, err := a.Analysis()
	require.NoError(t, err)
	return out
}

func codes(warnings []analyzer.Warning) (out []string) {
	for _, w := range warnings {
		out = append(out, w.Code)
	}
	return out
}

// Two machines over four weeks: one always on, one 8 hours a day. 28 x 24 + 28 x 8 = 896 hours.
func TestDemandOfAPool(t *testing.T) {
	out := analyze(t, analyzer.Options{}, charges(append(days("a", 0, 28, 24), days("b", 0, 28, 8)...)...))
	require.Equal(t, demand.Window{From: day0, To: day0.AddDate(0, 0, 28)}, out.Window)
	require.Equal(t, out.Window.To, out.AsOf)
	require.Len(t, out.Pools, 1)
	pool := out.Pools[0]
	group, _ := pool.Members[0].Size.Group()
	require.Equal(t, group.Name, pool.Group)
	require.True(t, pool.Flexible)
	require.False(t, pool.Exact)
	require.Equal(t, 28, pool.Days)
	require.Empty(t, pool.Gaps)
	require.Equal(t, analyzer.Known{Hours: 896e6, Billed: 672e6, Metered: 672e6}, pool.Known)
	require.Len(t, pool.Members, 1)
	m := pool.Members[0]
	require.Equal(t, 2, m.VMs)
	require.Equal(t, group.Ratio, m.Ratio)
	require.EqualValues(t, 2_300_000_000, m.Rate)
	require.EqualValues(t, 896e6, m.Series.Sum())
	require.EqualValues(t, 2*demand.Full, m.Series.Stacked[7])
	require.EqualValues(t, demand.Full, m.Series.Stacked[8])
	require.EqualValues(t, 1_333_333, m.Series.Flat[23])

	require.Len(t, out.Profiles, 1)
	p := out.Profiles[0]
	require.EqualValues(t, 896e6, p.Hours)
	require.EqualValues(t, 1_333_333, p.Concurrency.P50)
	require.Equal(t, 2, p.VMs)
	require.Zero(t, p.CPUAvg.Samples)
	require.Equal(t, analyzer.StateNoMetrics, out.VMs[0].State)
	require.Equal(t, "Contoso", out.Coverage[0].Name)
	require.Equal(t, 28, out.Coverage[0].Days)
}

// Machine b runs 08:00 to 16:00, and its samples say so: the pool is known to the hour.
func TestMetricsTellTheHours(t *testing.T) {
	out := analyze(t, analyzer.Options{}, charges(append(days("a", 0, 28, 24), days("b", 0, 28, 8)...)...),
		metrics(samples("b", 0, 28, 8, 16, 500, 900)...))
	pool := out.Pools[0]
	require.True(t, pool.Exact)
	require.Equal(t, analyzer.Known{Hours: 896e6, Billed: 672e6, Metered: 896e6}, pool.Known)
	require.Equal(t, pool.Known, out.Coverage[0].Known)
	require.EqualValues(t, demand.Full, pool.Members[0].Series.Stacked[7])
	require.EqualValues(t, 2*demand.Full, pool.Members[0].Series.Stacked[8])
	require.EqualValues(t, demand.Full, pool.Members[0].Series.Flat[16])
}

// Machine a is measured from 08:00 to 16:00; b is billed 8 hours a day and not measured. Above one unit the most that can
// be used is 8 h a day, when both run at once, and the least is nothing: Flat puts b beside a, and not on the whole day.
func TestUnknownHoursLieOnTheKnownPeaksOfThePool(t *testing.T) {
	b := with(days("b", 0, 7, 8), func(r *usage.ChargeRow) { r.ResourceGroup = "rg2" })
	out := analyze(t, analyzer.Options{}, charges(append(b, days("a", 0, 7, 8)...)...), metrics(samples("a", 0, 7, 8, 16, 500, 900)...))
	pool, total := out.Pools[0], demand.NewSeries(168)
	for _, m := range pool.Members {
		total.Add(m.Series)
	}
	flat, stacked := total.Above(demand.Full)
	require.Zero(t, flat)
	require.EqualValues(t, 7*8e6, stacked)
	require.EqualValues(t, 2*demand.Full, total.Stacked[8])
	require.EqualValues(t, 500_000, total.Flat[0], "8 hours over the 16 that a leaves")
	require.False(t, pool.Exact)
	require.Equal(t, analyzer.Known{Hours: 112e6, Metered: 56e6}, pool.Known)
}

func TestMetricsOfAMachine(t *testing.T) {
	rows := samples("a", 0, 7, 0, 24, 1000, 2000)
	rows[0].CPUAvg, rows[0].CPUMax = ptr(int32(9000)), ptr(int32(10_000))
	for i := range rows {
		rows[i].MemoryAvailable, rows[i].NetOut = ptr(int64(4<<30)), ptr(int64(1_250_000))
	}
	out := analyze(t, analyzer.Options{}, charges(days("a", 0, 7, 24)...), metrics(rows...))
	vm := out.VMs[0]
	require.Equal(t, analyzer.StateOK, vm.State)
	require.EqualValues(t, 2016, vm.CPUAvg.Samples)
	require.EqualValues(t, 1000, vm.CPUAvg.P99)
	require.EqualValues(t, 9000, vm.CPUAvg.Max)
	require.EqualValues(t, 10_000, vm.CPUMax.Max)
	require.EqualValues(t, 1004, vm.CPUAvg.Mean, "(2015 x 10 + 90) / 2016 = 10.0397")
	require.EqualValues(t, 7500, vm.Memory.P50, "4 of 16 GiB are free")
	require.EqualValues(t, 10_000, vm.NetworkOut.P95, "1.25 MB/s are 10 000 kbit/s")
	require.EqualValues(t, 1667, vm.Week[0], "(90 + 11 x 10) / 12 = 16.67")
	require.EqualValues(t, 1000, vm.Week[1])
	require.Equal(t, 1, out.Profiles[0].VMP95.N)
	require.EqualValues(t, 2000, out.Profiles[0].VMP95.Max)
	require.EqualValues(t, vm.CPUMax, out.Profiles[0].CPUMax)
}
