package analyzer_test

import (
	"bufio"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
)

// traces is where the collected real series lie; a test says so and goes on where they are absent.
const traces = "../../shared/data/traces"

// eachLine calls yield with the cells of every line after the header.
func eachLine(t *testing.T, name string, yield func(cells []string)) bool {
	f, err := os.Open(filepath.Join(traces, name))
	if err != nil {
		t.Logf("%s is not here: %v", name, err)
		return false
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		r = z
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for first := true; lines.Scan(); first = false {
		if !first {
			yield(strings.Split(lines.Text(), ","))
		}
	}
	require.NoError(t, lines.Err())
	return true
}

// hundredths reads a decimal percentage, rounded half up from its text.
func hundredths(t *testing.T, text string) int32 {
	whole, rest, _ := strings.Cut(text, ".")
	rest += "000"
	v, err := strconv.ParseInt(whole+rest[:2], 10, 32)
	require.NoError(t, err, text)
	if rest[2] >= '5' {
		v++
	}
	return int32(v)
}

// series is an independent reference: every value, by machine and measure, sorted when asked.
type series map[string]*[2][]int32

func (s series) add(name string, avg, high int32) {
	if s[name] == nil {
		s[name] = &[2][]int32{}
	}
	s[name][0] = append(s[name][0], avg)
	s[name][1] = append(s[name][1], high)
}

// compare checks every quantile, the maximum, the mean and type 7 against the sorted values.
func compare(t *testing.T, name string, got analyzer.Distribution, values []int32) {
	slices.Sort(values)
	n := len(values)
	rank := func(percent int) analyzer.Percent { return analyzer.Percent(values[(n*percent+99)/100-1]) }
	sum := int64(0)
	for _, v := range values {
		sum += int64(v)
	}
	want := analyzer.Distribution{Samples: int64(n), Seconds: got.Seconds, P50: rank(50), P90: rank(90), P95: rank(95), P99: rank(99),
		Max: analyzer.Percent(values[n-1]), Mean: analyzer.Percent((2*sum + int64(n)) / int64(2*n)), Type7: got.Type7}
	require.Equal(t, want, got, name)
	require.NotNil(t, got.Type7, name)
	at := (n - 1) * 95
	low, high := values[at/100], values[min(at/100+1, n-1)]
	require.EqualValues(t, low+(int32(at%100)*(high-low)+50)/100, got.Type7.P95, name)
}

// check analyses rows and compares every machine and the whole with the reference.
func check(t *testing.T, ref series, rows []usage.SampleRow) {
	a := analyzer.New(analyzer.Options{})
	for part := range slices.Chunk(rows, 50_000) {
		rec := metrics(part...)
		require.NoError(t, a.Add(rec))
		rec.Release()
	}
	out, err := a.Analysis()
	require.NoError(t, err)
	require.Len(t, out.VMs, len(ref))
	whole := [2][]int32{}
	for _, vm := range out.VMs {
		for i := range whole {
			whole[i] = append(whole[i], ref[vm.Name][i]...)
		}
		compare(t, vm.Name, vm.CPUAvg, ref[vm.Name][0])
		compare(t, vm.Name, vm.CPUMax, ref[vm.Name][1])
	}
	compare(t, "all", out.Profiles[0].CPUAvg, whole[0])
	compare(t, "all", out.Profiles[0].CPUMax, whole[1])
	require.Equal(t, len(ref), out.Profiles[0].VMP95.N)
	require.Len(t, out.Groupings, 3)
	for _, g := range out.Groupings {
		require.Equal(t, out.Profiles[0].CPUAvg, g.CPUAvg, "%s of the same machines", g.By)
		require.Equal(t, out.Profiles[0].VMP95, g.VMP95)
	}
}

// week0 is a Monday, from which the traces without dates count.
const week0 = 1_759_104_000

func TestAzureTraceEqualsSortedValues(t *testing.T) {
	ref := series{}
	var rows []usage.SampleRow
	if !eachLine(t, "azure_v2/azure_v2_readings.csv.gz", func(c []string) {
		start, err := strconv.ParseInt(c[1], 10, 64)
		require.NoError(t, err)
		low, high, avg := hundredths(t, c[2]), hundredths(t, c[3]), hundredths(t, c[4])
		ref.add(c[0], avg, high)
		rows = append(rows, usage.SampleRow{Resource: c[0], Start: week0 + start, Seconds: 300, CPUMin: &low, CPUAvg: &avg, CPUMax: &high})
	}) {
		return
	}
	// The window is the last 28 of 30 days: keep those in the reference too.
	kept := series{}
	for _, r := range rows {
		if r.Start >= week0+2*86_400 {
			kept.add(r.Resource, *r.CPUAvg, *r.CPUMax)
		}
	}
	require.Less(t, len(kept["azv2-01"][0]), len(ref["azv2-01"][0]))
	check(t, kept, rows)
}

func TestPlanetLabEqualsSortedValues(t *testing.T) {
	ref := series{}
	var rows []usage.SampleRow
	eachLine(t, "planetlab/planetlab_20110303.csv.gz", func(c []string) {
		if !strings.HasSuffix(c[0], "1") { // a tenth of 1 052 machines
			return
		}
		for i, cell := range c[1:] {
			if cell == "" {
				continue
			}
			v := hundredths(t, cell)
			ref.add(c[0], v, v)
			rows = append(rows, usage.SampleRow{Resource: c[0], Start: week0 + int64(i)*300, Seconds: 300, CPUAvg: &v, CPUMax: &v})
		}
	})
	if len(rows) > 0 {
		check(t, ref, rows)
	}
}

// Bitbrains reads up to 106 % of CPU and has hours of 36 samples; each hourly row is one sample here.
func TestBitbrainsEqualsSortedValues(t *testing.T) {
	ref := series{}
	var rows []usage.SampleRow
	eachLine(t, "bitbrains_rnd/bitbrains_rnd_hourly.csv.gz", func(c []string) {
		start, err := strconv.ParseInt(c[2], 10, 64)
		require.NoError(t, err)
		if c[0] != "2013-8" || !strings.HasSuffix(c[1], "1") || start < 1_375_401_600 || start >= 1_375_401_600+28*86_400 { // 2 to 29 August: four weeks; a fifth of 250 machines
			return
		}
		avg, high, name := hundredths(t, c[6]), hundredths(t, c[8]), "vm"+c[1]
		ref.add(name, avg, high)
		rows = append(rows, usage.SampleRow{Resource: name, Start: start, Seconds: 3600, CPUAvg: &avg, CPUMax: &high})
	})
	if len(rows) > 0 {
		check(t, ref, rows)
	}
}

func TestNABEqualsSortedValues(t *testing.T) {
	ref := series{}
	var rows []usage.SampleRow
	for _, name := range []string{"ec2_cpu_utilization_24ae8d", "ec2_cpu_utilization_5f5533", "rds_cpu_utilization_cc0c53"} {
		i := int64(0)
		eachLine(t, "nab/"+name+".csv", func(c []string) {
			v := hundredths(t, c[1])
			ref.add(name, v, v)
			rows = append(rows, usage.SampleRow{Resource: name, Start: week0 + 300*i, Seconds: 300, CPUAvg: &v, CPUMax: &v})
			i++
		})
	}
	if len(rows) > 0 {
		check(t, ref, rows) // 14 days
	}
}
