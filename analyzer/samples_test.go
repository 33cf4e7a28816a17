package analyzer_test

import (
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
)

func measured(rows []usage.SampleRow, change func(*usage.SampleRow)) []usage.SampleRow {
	for i := range rows {
		change(&rows[i])
	}
	return rows
}

func TestSamplesFindTheirMachine(t *testing.T) {
	set := "/subscriptions/s1/resourcegroups/rg1/providers/microsoft.compute/virtualmachinescalesets/web"
	instance := func(vm string) []usage.ChargeRow {
		return with(days(vm, 0, 7, 24), func(r *usage.ChargeRow) { r.Resource = set })
	}
	billed := join(days("app", 0, 7, 24), instance("web_0"), instance("web_1"),
		days("twin", 0, 7, 24), with(days("twin", 0, 7, 24), func(r *usage.ChargeRow) { r.Resource += "2" }))
	for _, c := range []struct {
		name, resource, vm string
		want               []string
	}{
		{"by resource id", charge("app", 0, 0).Resource, "", []string{"app"}},
		{"by a name that one machine has", "APP", "", []string{"app"}},
		{"not by a name that two have", "twin", "", nil},
		{"not by the name of a full id of another group", "/subscriptions/s9/app", "", nil},
		{"instance of a scale set", set, "web_1", []string{"web_1"}},
		{"instance by its own id", set + "/virtualmachines/0", "", []string{"web_0"}},
		{"scale set as a whole", set, "", []string{"web_0", "web_1"}},
		{"unknown instance", set, "web_7", nil},
	} {
		rows := measured(samples("app", 0, 7, 0, 24, 500, 900), func(r *usage.SampleRow) { r.Resource, r.VM = c.resource, c.vm })
		out := analyze(t, analyzer.Options{}, charges(billed...), metrics(rows...))
		var got []string
		for _, vm := range out.VMs {
			if vm.CPUAvg.Samples > 0 {
				got = append(got, vm.Name)
			}
		}
		require.Equal(t, c.want, got, c.name)
		require.Equal(t, c.want == nil, contains(codes(out.Warnings), "metrics_without_charges"), c.name)
		require.Contains(t, codes(out.Warnings), "charges_without_metrics", c.name)
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// Resized on the fourth day: the samples of each day belong to the size of the day.
func TestAResizedMachineIsTwo(t *testing.T) {
	rows := with(days("a", 0, 7, 24), func(r *usage.ChargeRow) {
		if r.Line >= 3 {
			r.Size = "Standard_D8s_v5"
		}
	})
	out := analyze(t, analyzer.Options{}, charges(rows...),
		metrics(append(samples("a", 0, 3, 0, 24, 8000, 9000), samples("a", 3, 7, 0, 24, 4000, 4500)...)...))
	require.Len(t, out.VMs, 2)
	require.EqualValues(t, 8000, out.VMs[0].CPUAvg.P50)
	require.EqualValues(t, 8000, out.VMs[0].CPUAvg.Max)
	require.EqualValues(t, 4*288, out.VMs[1].CPUAvg.Samples)
	require.EqualValues(t, 4000, out.VMs[1].CPUAvg.P50)
	require.EqualValues(t, -1, out.VMs[0].Week[0], "a week does not tell sizes apart")
}

func TestStates(t *testing.T) {
	memory := func(rows []usage.SampleRow) []usage.SampleRow {
		return measured(rows, func(r *usage.SampleRow) { r.MemoryUsed = ptr(int32(4000)) })
	}
	for _, c := range []struct {
		name string
		rows []usage.SampleRow
		want analyzer.State
	}{
		{"measured", memory(samples("a", 0, 14, 0, 24, 500, 900)), analyzer.StateOK},
		{"idle", samples("a", 0, 14, 0, 24, 100, 299), analyzer.StateIdle},
		{"idle but for the last days", append(samples("a", 0, 13, 0, 24, 100, 200), samples("a", 13, 14, 0, 24, 900, 290)...), analyzer.StateMemoryUnknown},
		{"busy peaks", samples("a", 0, 14, 0, 24, 100, 300), analyzer.StateMemoryUnknown},
		{"six days", memory(samples("a", 0, 6, 0, 24, 500, 900)), analyzer.StateTooFew},
		{"none", nil, analyzer.StateNoMetrics},
	} {
		out := analyze(t, analyzer.Options{}, charges(days("a", 0, 14, 24)...), metrics(c.rows...))
		require.Equal(t, c.want, out.VMs[0].State, c.name)
	}
}

func TestOffTimeIsNotIdle(t *testing.T) {
	out := analyze(t, analyzer.Options{}, charges(days("a", 0, 14, 8)...), metrics(samples("a", 0, 14, 8, 16, 6000, 7000)...))
	require.EqualValues(t, 6000, out.VMs[0].CPUAvg.P50, "16 hours a day without samples weigh nothing")
	require.EqualValues(t, 14*8*3600, out.VMs[0].CPUAvg.Seconds)
}

func TestPartsOfRowsBelongTogether(t *testing.T) {
	cpu := samples("a", 0, 7, 0, 24, 500, 900)
	memory := measured(samples("a", 0, 7, 0, 24, 0, 0), func(r *usage.SampleRow) { r.CPUAvg, r.CPUMax, r.MemoryUsed = nil, nil, ptr(int32(6000)) })
	out := analyze(t, analyzer.Options{}, charges(days("a", 0, 7, 24)...), metrics(cpu...), metrics(memory...))
	require.EqualValues(t, 2016, out.VMs[0].Memory.Samples)
	require.EqualValues(t, 2016, out.VMs[0].CPUAvg.Samples)
	require.EqualValues(t, 500, out.VMs[0].CPUAvg.P50)
}

func TestARowWithoutMeasuresIsNoSignOfLife(t *testing.T) {
	empty := measured(samples("a", 0, 7, 0, 24, 0, 0), func(r *usage.SampleRow) { r.CPUAvg, r.CPUMax = nil, nil })
	out := analyze(t, analyzer.Options{}, charges(days("a", 0, 7, 8)...), metrics(append(empty, samples("a", 0, 7, 9, 17, 5, 9)...)...))
	require.True(t, out.Pools[0].Exact)
	require.EqualValues(t, demand.Full, out.Pools[0].Members[0].Series.Stacked[16])
	require.Zero(t, out.Pools[0].Members[0].Series.Stacked[0])
}

// Weighted by seconds: 100 h of hourly samples at 10 % and 1 h of one-minute samples at 90 %. By count the latter would
// be P50.
func TestSamplesOfSeveralLengths(t *testing.T) {
	var rows []usage.SampleRow
	for h := range int64(100) {
		r := sample("a", day(0)+h*3600, 1000, 1000)
		r.Seconds = 3600
		rows = append(rows, r)
	}
	for m := range int64(60) {
		r := sample("a", day(5)+m*60, 9000, 9000)
		r.Seconds = 60
		rows = append(rows, r)
	}
	odd := sample("a", day(6), 9500, 9500)
	odd.Seconds = 61
	rows = append(rows, odd)
	out := analyze(t, analyzer.Options{}, charges(days("a", 0, 7, 24)...), metrics(rows...))
	d := out.VMs[0].CPUAvg
	require.EqualValues(t, 161, d.Samples)
	require.EqualValues(t, 101*3600+61, d.Seconds)
	require.EqualValues(t, 1000, d.P95)
	require.EqualValues(t, 9000, d.P99, "360000 of 363661 seconds are 98.99 %")
	require.Nil(t, d.Type7)
}

func TestImpossibleRowsAreCounted(t *testing.T) {
	negative, zero, early := sample("a", day(0), -1, 5), sample("a", day(0), 5, 5), sample("a", -10, 5, 5)
	zero.Seconds = 0
	out := analyze(t, analyzer.Options{}, charges(days("a", 0, 7, 24)...), metrics(negative, zero, early))
	require.Subset(t, codes(out.Warnings), []string{"impossible_samples", "impossible_times"})
	require.Zero(t, out.VMs[0].CPUAvg.Samples)
	require.EqualValues(t, 1, out.VMs[0].CPUMax.Samples, "the other value of the row counts")
}

// Half of the bandwidth and of the operations of a B20ms; the limits are the catalog's.
func TestShareOfTheDiskLimits(t *testing.T) {
	const size = catalog.Size("Standard_B20ms")
	limit, _ := size.Shape()
	rows := measured(samples("a", 0, 7, 0, 24, 1, 2), func(r *usage.SampleRow) {
		r.DiskRead, r.DiskWrite, r.DiskOps = ptr(limit.DiskBytesPerSecond/4), ptr(limit.DiskBytesPerSecond/4), ptr(limit.DiskIOPS*1000/2)
	})
	out := analyze(t, analyzer.Options{}, charges(with(days("a", 0, 7, 24), func(r *usage.ChargeRow) { r.Size = string(size) })...), metrics(rows...))
	require.InDelta(t, 5000, int(out.VMs[0].DiskBandwidth.P95), 2, "13 bits of the number are kept")
	require.InDelta(t, 5000, int(out.VMs[0].DiskOperations.P95), 2)
}

func TestMetricsWithoutAnyCharges(t *testing.T) {
	rows := measured(samples("a", 0, 7, 8, 16, 500, 900), func(r *usage.SampleRow) {
		r.Resource, r.Size, r.Region = "trace-1", "Standard_D4s_v5", "westeurope"
	})
	out := analyze(t, analyzer.Options{}, metrics(rows...))
	require.Equal(t, 7, out.Window.Days())
	require.Len(t, out.Profiles, 1)
	require.EqualValues(t, 900, out.Profiles[0].CPUMax.P95)
	require.EqualValues(t, 7*8e6, out.Profiles[0].Hours)
	require.EqualValues(t, demand.Full, out.Profiles[0].Concurrency.Max)
	require.Equal(t, 1, out.Profiles[0].VMs)
	require.Equal(t, "trace-1", out.VMs[0].Name)
	require.Equal(t, analyzer.StateMemoryUnknown, out.VMs[0].State)
	require.Empty(t, out.Pools)
	require.Empty(t, out.Coverage)
}

func TestNothing(t *testing.T) {
	out := analyze(t, analyzer.Options{})
	require.Zero(t, out.Window.Hours())
	require.Empty(t, out.VMs)
	out = analyze(t, analyzer.Options{}, charges(), metrics())
	require.Empty(t, out.Profiles)
}

// The record is built on a checked allocator: every buffer must be free once the record is, whatever the accumulator kept.
func TestAddKeepsNothingOfTheRecord(t *testing.T) {
	checked := memory.NewCheckedAllocator(memory.NewGoAllocator())
	a := analyzer.New(analyzer.Options{})
	for range 2 {
		b := array.NewRecordBuilder(checked, usage.SampleSchema)
		require.NoError(t, b.Field(0).(*array.BinaryDictionaryBuilder).AppendString("m"))
		for i := 1; i < 4; i++ {
			b.Field(i).AppendNull()
		}
		b.Field(4).(*array.Int64Builder).Append(day(0))
		b.Field(5).(*array.Int32Builder).Append(300)
		b.Field(6).(*array.Int32Builder).Append(1234)
		for i := 7; i < 16; i++ {
			b.Field(i).AppendNull()
		}
		b.Field(16).(*array.Int64Builder).Append(1)
		rec := b.NewRecord()
		b.Release()
		require.NoError(t, a.Add(rec))
		rec.Release()
	}
	checked.AssertSize(t, 0)
	out, err := a.Analysis()
	require.NoError(t, err)
	require.EqualValues(t, 1234, out.VMs[0].CPUAvg.Max)
}

func TestRefusals(t *testing.T) {
	a := analyzer.New(analyzer.Options{})
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Int64}}, nil), []arrow.Array{emptyInts()}, 0)
	require.ErrorContains(t, a.Add(rec), "neither the charge nor the sample schema")
	require.ErrorContains(t, a.Merge(analyzer.New(analyzer.Options{LookbackDays: 7})), "different options")
	require.NoError(t, a.Merge(analyzer.New(analyzer.Options{MinAge: 7 * 24 * time.Hour})))
}

func emptyInts() arrow.Array {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	defer b.Release()
	return b.NewArray()
}
