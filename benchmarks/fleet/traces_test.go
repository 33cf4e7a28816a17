package fleet

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tables of shapes.go are measured here: the test computes each of them from the traces and compares. It prints the
// Go text of what it measured where they differ, which is how the tables were made.
func TestShapesAreThoseOfTheTraces(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "traces")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		t.Log("traces are not here: the tables are taken as they stand")
		return
	}
	got := [len(shapes)]shape{}
	azure := readAzure(t, filepath.Join(dir, "azure_v2", "azure_v2_readings.csv.gz"))
	for a, vms := range map[Archetype][]string{
		Steady: {"02", "06", "07", "08"}, Interactive: {"12", "13", "16", "17", "18"}, Evening: {"01"}, Bursty: {"03", "11"},
	} {
		got[a] = azureShape(azure, vms)
	}
	got[Office], got[Nightly], got[Flat] = bitbrainsShapes(t, filepath.Join(dir, "bitbrains_rnd", "bitbrains_rnd_hourly.csv.gz"))
	for _, a := range Archetypes() {
		if got[a] != shapes[a] {
			t.Errorf("%v: measured\n%s", a, goText(got[a]))
		}
	}
	levels := map[string][13]int32{"azure": azureLevels(t, filepath.Join(dir, "azure_v2", "azure_v2_vmtable_sample.csv"))}
	require.Equal(t, levels["azure"], azureAverage, "average CPU of 250 machines of Azure V2")
	require.Equal(t, planetLabLevels(t, filepath.Join(dir, "planetlab")), planetLabAverage, "average CPU of the machine days of PlanetLab")
}

// reading is the average and the maximum of one interval, percent.
type reading struct {
	at       int64
	avg, max float64
}

// readTable calls row with the named columns of each row of a CSV file, gzip or plain.
func readTable(t *testing.T, name string, columns []string, row func([]string)) {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		in, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	r := csv.NewReader(in)
	r.ReuseRecord = true
	head, err := r.Read()
	require.NoError(t, err)
	at := make([]int, len(columns))
	for i, c := range columns {
		at[i] = slices.Index(head, c)
	}
	cells := make([]string, len(columns))
	for {
		rec, err := r.Read()
		if err == io.EOF {
			return
		}
		require.NoError(t, err)
		for i, c := range at {
			cells[i] = rec[c]
		}
		row(cells)
	}
}

func number(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return v
}

// readAzure returns the 5-minute readings of each machine gathered into intervals of 15 minutes: the mean of the averages
// and the largest maximum.
func readAzure(t *testing.T, name string) map[string][]reading {
	type sum struct {
		n        int
		avg, max float64
	}
	sums := map[string]map[int64]*sum{}
	readTable(t, name, []string{"vm", "timestamp_s", "max_cpu", "avg_cpu"}, func(c []string) {
		vm := strings.Clone(strings.TrimPrefix(c[0], "azv2-"))
		if sums[vm] == nil {
			sums[vm] = map[int64]*sum{}
		}
		at := int64(number(c[1])) / 900
		s := sums[vm][at]
		if s == nil {
			s = &sum{}
			sums[vm][at] = s
		}
		s.n, s.avg, s.max = s.n+1, s.avg+number(c[3]), max(s.max, number(c[2]))
	})
	out := map[string][]reading{}
	for vm, by := range sums {
		for at, s := range by {
			out[vm] = append(out[vm], reading{at: at * 900, avg: s.avg / float64(s.n), max: s.max})
		}
		sort.Slice(out[vm], func(i, j int) bool { return out[vm][i].at < out[vm][j].at })
	}
	return out
}

// azureShape pools the machines of one archetype. The weekday of the trace's first second is unknown, so all days are alike.
func azureShape(by map[string][]reading, vms []string) shape {
	var hours [24]float64
	var residual, peak []float64
	stay := 0.0
	for _, vm := range vms {
		rs := by[vm]
		mean := 0.0
		for _, r := range rs {
			mean += r.avg / float64(len(rs))
		}
		var sums, counts [24]float64
		for _, r := range rs {
			h := r.at / 3600 % 24
			sums[h], counts[h] = sums[h]+r.avg/mean, counts[h]+1
		}
		own := make([]float64, len(rs))
		for i, r := range rs {
			h := r.at / 3600 % 24
			own[i] = r.avg / mean / (sums[h] / counts[h])
			peak = append(peak, r.max/max(r.avg, 0.01))
		}
		for h := range hours {
			hours[h] += sums[h] / counts[h] / float64(len(vms))
		}
		residual = append(residual, own...)
		stay += lagOne(own) / float64(len(vms))
	}
	s := shape{Residual: thousandths(residual), Peak: thousandths(peak), Stay: int32(math.Round(1000 * max(0, stay)))}
	for d := range s.Week {
		for h := range hours {
			s.Week[d][h] = int32(math.Round(1000 * hours[h]))
		}
	}
	return s
}

// lagOne returns the autocorrelation of the logarithms of values at a lag of one interval.
func lagOne(values []float64) float64 {
	logs, mean := make([]float64, len(values)), 0.0
	for i, v := range values {
		logs[i] = math.Log(max(v, 0.01))
		mean += logs[i] / float64(len(values))
	}
	product, square := 0.0, 0.0
	for i := range logs {
		square += (logs[i] - mean) * (logs[i] - mean)
		if i > 0 {
			product += (logs[i] - mean) * (logs[i-1] - mean)
		}
	}
	return product / square
}

// thousandths returns the values at the ranks of shapes.go, nearest rank, in thousandths.
func thousandths(values []float64) (out [13]int32) {
	for i, v := range atRanks(values) {
		out[i] = int32(math.Round(1000 * v))
	}
	return out
}

func atRanks(values []float64) (out [13]float64) {
	slices.Sort(values)
	for i, r := range ranks {
		out[i] = values[min(len(values)-1, int(r)*len(values)/1024)]
	}
	return out
}

// bitbrainsShapes pools machines by their own rhythm. A machine is "office" when its mean between 8 and 18 h of weekdays is more
// than 1.8 times that of 0 to 6 h and its weekend days are below 0.6 of its weekdays, "nightly" when the first ratio is below
// 0.6, "flat" between 0.8 and 1.25. The factors are medians over the machines, set to a weekly mean of 1.
func bitbrainsShapes(t *testing.T, name string) (office, nightly, flat shape) {
	by := map[string][]reading{}
	readTable(t, name, []string{"vm", "hour_epoch_s", "cpu_avg_pct", "cpu_max_pct"}, func(c []string) {
		vm := strings.Clone(c[0])
		by[vm] = append(by[vm], reading{at: int64(number(c[1])), avg: number(c[2]), max: number(c[3])})
	})
	groups := map[Archetype][]rhythm{}
	for _, rs := range by {
		r, ok := rhythmOf(rs)
		if !ok {
			continue
		}
		work, night, rest := r.between(0, 5, 8, 18), r.between(0, 5, 0, 6), r.between(5, 7, 8, 18)
		switch {
		case work > 1.8*night && rest < 0.6*work:
			groups[Office] = append(groups[Office], r)
		case work < 0.6*night:
			groups[Nightly] = append(groups[Nightly], r)
		case work > 0.8*night && work < 1.25*night:
			groups[Flat] = append(groups[Flat], r)
		}
	}
	return pool(groups[Office]), pool(groups[Nightly]), pool(groups[Flat])
}

// rhythm is what one machine of the trace does in a week, as multiples of its mean.
type rhythm struct {
	week           [168]float64
	residual, peak []float64
	stay           float64
}

// between returns the mean of the hours from a to b of the days from d to e.
func (r *rhythm) between(d, e, a, b int) float64 {
	sum := 0.0
	for day := d; day < e; day++ {
		for h := a; h < b; h++ {
			sum += r.week[day*24+h]
		}
	}
	return sum / float64((e-d)*(b-a))
}

// rhythmOf leaves out machines with less than four weeks and those that do nothing (mean below 0.05 %).
func rhythmOf(rs []reading) (r rhythm, ok bool) {
	mean := 0.0
	for _, x := range rs {
		mean += x.avg / float64(len(rs))
	}
	if len(rs) < 4*168 || mean < 0.05 {
		return r, false
	}
	var counts [168]float64
	hour := func(at int64) int64 { return (at/86400+3)%7*24 + at/3600%24 }
	for _, x := range rs {
		h := hour(x.at)
		r.week[h], counts[h] = r.week[h]+x.avg/mean, counts[h]+1
	}
	for h := range r.week {
		r.week[h] /= max(1, counts[h])
	}
	for _, x := range rs {
		r.residual = append(r.residual, x.avg/mean/max(0.02, r.week[hour(x.at)]))
		r.peak = append(r.peak, x.max/max(0.05, x.avg))
	}
	r.stay = lagOne(r.residual)
	return r, true
}

func pool(group []rhythm) (s shape) {
	var week [3][24]float64
	var residual, peak []float64
	for day, days := range [3][2]int{{0, 5}, {5, 6}, {6, 7}} {
		for h := range 24 {
			var values []float64
			for i := range group {
				values = append(values, group[i].between(days[0], days[1], h, h+1))
			}
			slices.Sort(values)
			week[day][h] = values[len(values)/2]
		}
	}
	total := 0.0
	for h := range 24 {
		total += (5*week[0][h] + week[1][h] + week[2][h]) / 168
	}
	var stays []float64
	for i := range group {
		residual, peak = append(residual, group[i].residual...), append(peak, group[i].peak...)
		stays = append(stays, group[i].stay)
	}
	slices.Sort(stays)
	for day := range week {
		for h := range 24 {
			s.Week[day][h] = int32(math.Round(1000 * week[day][h] / total))
		}
	}
	s.Residual, s.Peak = thousandths(residual), thousandths(peak)
	s.Stay = int32(math.Round(1000 * max(0, stays[len(stays)/2])))
	return s
}

// azureLevels returns the average CPU of the 250 sampled machines at the ranks, in hundredths of a percent.
func azureLevels(t *testing.T, name string) (out [13]int32) {
	var values []float64
	readTable(t, name, []string{"avg_cpu"}, func(c []string) { values = append(values, number(c[0])) })
	for i, v := range atRanks(values) {
		out[i] = int32(math.Round(100 * v))
	}
	return out
}

// planetLabLevels returns the mean of each machine and day of the six files at the ranks, in hundredths of a percent.
func planetLabLevels(t *testing.T, dir string) (out [13]int32) {
	names, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	require.NoError(t, err)
	var values []float64
	columns := make([]string, 288)
	for i := range columns {
		columns[i] = fmt.Sprintf("t%03d", i)
	}
	for _, name := range names {
		readTable(t, name, columns, func(c []string) {
			sum, n := 0.0, 0.0
			for _, text := range c {
				if v := number(text); !math.IsNaN(v) {
					sum, n = sum+v, n+1
				}
			}
			values = append(values, sum/max(1, n))
		})
	}
	for i, v := range atRanks(values) {
		out[i] = int32(math.Round(100 * v))
	}
	return out
}

// goText prints a shape as it stands in shapes.go.
func goText(s shape) string {
	list := func(v []int32) string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ", "), "[]") }
	var b strings.Builder
	fmt.Fprintf(&b, "\tWeek: [3][24]int32{\n")
	for _, day := range s.Week {
		fmt.Fprintf(&b, "\t\t{%s},\n", list(day[:]))
	}
	fmt.Fprintf(&b, "\t},\n\tResidual: [13]int32{%s},\n\tPeak: [13]int32{%s},\n\tStay: %d,\n", list(s.Residual[:]), list(s.Peak[:]), s.Stay)
	return b.String()
}
