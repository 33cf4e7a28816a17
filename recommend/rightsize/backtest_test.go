package rightsize

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// traces is where public traces are when they are at hand.
const traces = "../../../shared/data/traces"

// trace is one machine of a trace with its vCPUs.
type trace struct {
	name   string
	vcpus  float64
	series []Load
	parts  int // of an interval of which average and highest are known; 0 where the lowest is
}

// rows reads a CSV, plain or gzipped; nil where it is absent.
func rows(t *testing.T, name string, comma rune) [][]string {
	f, err := os.Open(filepath.Join(traces, name))
	if err != nil {
		t.Logf("%s: not here: %v", name, err)
		return nil
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		r, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	c := csv.NewReader(r)
	c.Comma, c.ReuseRecord, c.FieldsPerRecord, c.LazyQuotes = comma, false, -1, true
	out, err := c.ReadAll()
	require.NoError(t, err, name)
	return out[1:]
}

func points(t *testing.T, text string) Percent {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	require.NoError(t, err)
	return Percent(v*100 + 0.5)
}

func whole64(t *testing.T, text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return n
}

// azure reads the Azure v2 sample: 12 machines, 30 days of 5-minute lowest, highest and average.
func azure(t *testing.T) (out []trace) {
	cores := map[string]float64{}
	for _, r := range rows(t, "azure_v2/azure_v2_vms.csv", ',') {
		cores[r[0]], _ = strconv.ParseFloat(r[8], 64)
	}
	for _, r := range rows(t, "azure_v2/azure_v2_readings.csv.gz", ',') {
		if len(out) == 0 || out[len(out)-1].name != r[0] {
			out = append(out, trace{name: r[0], vcpus: cores[r[0]]})
		}
		l := Load{Start: whole64(t, r[1]), Seconds: 300, Low: points(t, r[2]), High: points(t, r[3]), Avg: points(t, r[4])}
		out[len(out)-1].series = append(out[len(out)-1].series, l)
	}
	return out
}

// bitbrains reads the hourly summary of 250 machines over three months: average and highest of the 5-minute samples.
func bitbrains(t *testing.T) (out []trace) {
	byVM := map[string]*trace{}
	var order []string
	for _, r := range rows(t, "bitbrains_rnd/bitbrains_rnd_hourly.csv.gz", ',') {
		v := byVM[r[1]]
		if v == nil {
			v = &trace{name: "bb" + r[1], parts: 12}
			byVM[r[1]], order = v, append(order, r[1])
		}
		v.vcpus, _ = strconv.ParseFloat(r[4], 64)
		l := Load{Start: whole64(t, r[2]), Seconds: 3600, High: points(t, r[8]), Avg: points(t, r[6])}
		l.Avg = min(l.Avg, l.High)
		v.series = append(v.series, l)
	}
	for _, name := range order {
		if v := byVM[name]; len(v.series) > 28*24 && v.vcpus > 0 {
			slices.SortStableFunc(v.series, func(a, b Load) int { return cmp.Compare(a.Start, b.Start) })
			out = append(out, *v)
		}
	}
	return out
}

// overloaded returns the upper bound of the share of the time above a threshold. Of an interval of equal parts of which the highest
// and the average are known, the others above the threshold number at most (parts x average - highest) / threshold.
func (v *trace) overloaded(judge *Machine, from int, c Percent) float64 {
	if v.parts == 0 {
		return judge.overloadAt(c).High
	}
	sum, n := int64(0), int64(v.parts)
	for _, l := range v.series[from:] {
		if l.High > c {
			sum += min(n, 1+max(0, n*int64(l.Avg+1)-int64(l.High))/int64(c))
		}
	}
	return float64(sum) / float64(n*int64(len(v.series)-from))
}

// pick returns the smallest of the halves of a machine that a rule admits.
func pick(vcpus float64, fits func(Percent) bool) Percent {
	at := whole
	for _, c := range []Percent{5000, 2500, 1250, 625} {
		if vcpus*float64(c) < float64(whole) || !fits(c) {
			break
		}
		at = c
	}
	return at
}

func testSizer(t *testing.T, change func(*Policy)) *Sizer {
	p := DefaultPolicy()
	if change != nil {
		change(&p)
	}
	s, err := New(Options{AsOf: testDay, Policy: &p, Prices: func(catalog.Size, catalog.Region, pricing.OS, money.Code) (money.Rate, bool) { return 0, false }})
	require.NoError(t, err)
	return s
}

// scored is what a rule did to a fleet.
type scored struct {
	saved, all   float64
	over, shifts int // machines above 1 % out of sample, and of these those whose level shifted
	worst        float64
}

// shifted reports whether the level of the second half is above that of the first by more than the limits of the drift gate: what no
// quantile protects from, and what the gate stops at the next look.
func shifted(fit, judge *Machine, c Percent) bool {
	m := Machine{First: fit.CPUAvg.Mean, Second: judge.CPUAvg.Mean}
	return m.drifts(c)
}

// score fits a rule on the first half of each trace and judges it on the second.
func score(fleet []trace, fits func(*Machine, Percent) bool) (r scored) {
	for i := range fleet {
		v := &fleet[i]
		half := len(v.series) / 2
		var fit, judge Machine
		fit.Measure(v.series[:half])
		judge.Measure(v.series[half:])
		c := pick(v.vcpus, func(c Percent) bool { return fits(&fit, c) })
		r.all += v.vcpus
		r.saved += v.vcpus * float64(whole-c) / float64(whole)
		if o := v.overloaded(&judge, half, c); c < whole && o > 0.01 {
			r.over++
			r.worst = max(r.worst, o)
			if shifted(&fit, &judge, c) {
				r.shifts++
			}
		}
	}
	return r
}

// TestBacktest is the evidence of issue 7: sizes chosen on the first half of each trace, judged on the second.
func TestBacktest(t *testing.T) {
	ours, oneGo := testSizer(t, nil), testSizer(t, func(p *Policy) { p.OneStep = false })
	quantile := testSizer(t, func(p *Policy) { p.OneStep, p.Overload = false, 0 })
	by := func(s *Sizer) func(*Machine, Percent) bool {
		return func(m *Machine, c Percent) bool { _, ok := s.cpuFits(m, &kind{}, c); return ok }
	}
	rules := []struct {
		name string
		fits func(*Machine, Percent) bool
	}{
		{"P95(avg) <= 80 %", func(m *Machine, c Percent) bool { return fits(m.CPUAvg.P95, 8000, c) }},
		{"P95(max) <= 80 %", func(m *Machine, c Percent) bool { return fits(m.CPUMax.P95, 8000, c) }},
		{"P99(max) <= 90 %", func(m *Machine, c Percent) bool { return fits(m.CPUMax.P99, 9000, c) }},
		{"ours without the bound", by(quantile)}, {"ours", by(oneGo)}, {"ours, first cycle", by(ours)},
	}
	var all []tested
	for _, of := range []struct {
		name  string
		fleet []trace
	}{{"azure v2", azure(t)}, {"bitbrains", bitbrains(t)}} {
		name, fleet := of.name, of.fleet
		if len(fleet) == 0 {
			continue
		}
		results := map[string]scored{}
		shown := tested{trace: name, machines: len(fleet), results: results}
		for _, rule := range rules {
			r := score(fleet, rule.fits)
			results[rule.name] = r
			if rule.name != "ours without the bound" {
				shown.rules = append(shown.rules, rule.name)
			}
			t.Logf("%-10s %-24s %3d machines, saved %6.2f %%, above 1 %%: %2d (level shift %d), worst %.1f %%", name, rule.name, len(fleet), 100*r.saved/r.all, r.over, r.shifts, 100*r.worst)
		}
		all = append(all, shown)
		our, theirs := results["ours"], results["P99(max) <= 90 %"]
		require.LessOrEqual(t, float64(our.over-our.shifts), 0.03*float64(len(fleet)), name)
		require.GreaterOrEqual(t, our.saved, theirs.saved, name)
	}
	if len(all) == 2 {
		pinned(t, all)
	}
}
