package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// traced is one reading of a public trace: the average and the maximum of CPU, as its file spells them; "" is not measured.
type traced struct {
	vm        string
	at        int64 // seconds since 1970
	seconds   int64
	avg, high string
}

// traceRows reads the lines of a trace below its header; ok is false where the traces are not at hand.
func traceRows(t *testing.T, name, separator string, each func(line int64, cells []string)) (ok bool) {
	f, err := os.Open(filepath.Join(top, "..", "shared", "data", "traces", name))
	if err != nil {
		t.Logf("%s is not here, and the test goes on without it: %v", name, err)
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
	for line := int64(0); lines.Scan(); line++ {
		if line > 0 {
			each(line, strings.Split(lines.Text(), separator))
		}
	}
	require.NoError(t, lines.Err())
	return true
}

// traceWeek is a Monday from which traces without dates count.
const traceWeek = 1_759_104_000

// planetLab has a machine a row and a reading every five minutes of one day a column.
func planetLab(t *testing.T) (rows []traced) {
	traceRows(t, "planetlab/planetlab_20110303.csv.gz", ",", func(line int64, c []string) {
		if line%4 != 1 { // a quarter of 1 052 machines
			return
		}
		for i, cell := range c[1:] {
			rows = append(rows, traced{c[0], traceWeek + 300*int64(i), 300, cell, ""})
		}
	})
	return rows
}

// nab has a machine a file. Its clock jumps by an hour twice; a line is five minutes after the line before.
func nab(t *testing.T) (rows []traced) {
	for _, name := range []string{"ec2_cpu_utilization_24ae8d", "ec2_cpu_utilization_5f5533", "ec2_cpu_utilization_825cc2", "ec2_cpu_utilization_c6585a", "rds_cpu_utilization_cc0c53"} {
		traceRows(t, "nab/"+name+".csv", ",", func(line int64, c []string) {
			rows = append(rows, traced{name, traceWeek + 300*line, 300, c[1], ""})
		})
	}
	return rows
}

// bitbrainsHours has a row a machine and hour. Rows above 100 % of CPU, which its own raw files are allowed and our plain form
// is not, are left out: the command refuses them.
func bitbrainsHours(t *testing.T) (rows []traced) {
	traceRows(t, "bitbrains_rnd/bitbrains_rnd_hourly.csv.gz", ",", func(_ int64, c []string) {
		at, err := strconv.ParseInt(c[2], 10, 64)
		require.NoError(t, err)
		avg, err := strconv.ParseFloat(c[6], 64)
		require.NoError(t, err)
		high, err := strconv.ParseFloat(c[8], 64)
		require.NoError(t, err)
		if c[0] == "2013-8" && max(avg, high) <= 100 && strings.HasSuffix(c[1], "1") { // a fifth of 250 machines
			rows = append(rows, traced{"vm" + c[1], at, 3600, c[6], c[8]})
		}
	})
	return rows
}

// azureV2 are the readings of twelve machines for thirty days.
func azureV2(t *testing.T) (rows []traced) {
	traceRows(t, "azure_v2/azure_v2_readings.csv.gz", ",", func(_ int64, c []string) {
		at, err := strconv.ParseInt(c[1], 10, 64)
		require.NoError(t, err)
		rows = append(rows, traced{c[0], traceWeek + at, 300, c[4], c[3]})
	})
	return rows
}

// The command gives, for every machine of the public traces and for all of them together, the percentiles that sorting the
// values of the file gives: nearest rank over values rounded half up to 0.01, what DuckDB calls quantile_disc.
func TestAnalyzeOfTracesEqualsSortedValues(t *testing.T) {
	for name, read := range map[string]func(*testing.T) []traced{"planetlab": planetLab, "nab": nab, "bitbrains": bitbrainsHours, "azure v2": azureV2} {
		t.Run(name, func(t *testing.T) {
			rows := read(t)
			if len(rows) == 0 {
				return
			}
			file := filepath.Join(t.TempDir(), "metrics.csv")
			require.NoError(t, os.WriteFile(file, longForm(rows), 0o600))
			var got struct {
				Window   struct{ From, To time.Time }
				Profiles []measured
				VMs      []measured
			}
			require.NoError(t, json.Unmarshal([]byte(output(t, "analyze", "--quiet", "--output", "json", file)), &got))
			avg, high, machines := map[string][]int64{}, map[string][]int64{}, map[string]bool{}
			for _, r := range rows {
				machines[r.vm] = machines[r.vm] || r.avg != "" || r.high != ""
				if r.at < got.Window.From.Unix() || r.at >= got.Window.To.Unix() {
					continue
				}
				for _, key := range []string{r.vm, ""} {
					avg[key], high[key] = withCell(t, avg[key], r.avg), withCell(t, high[key], r.high)
				}
			}
			require.Len(t, got.Profiles, 1)
			require.Len(t, got.VMs, len(machines))
			for _, v := range append(got.VMs, got.Profiles...) {
				v.CPUAvg.require(t, v.Name, avg[v.Name])
				v.CPUMax.require(t, v.Name, high[v.Name])
			}
		})
	}
}

// longForm writes rows as metrics of our own plain form.
func longForm(rows []traced) []byte {
	var out []byte
	out = append(out, "timestamp,vm,grain_seconds,cpu_avg,cpu_max\n"...)
	for _, r := range rows {
		out = fmt.Appendf(out, "%s,%s,%d,%s,%s\n", time.Unix(r.at, 0).UTC().Format(time.RFC3339), r.vm, r.seconds, r.avg, r.high)
	}
	return out
}

// withCell appends a cell as hundredths of a percent, rounded half up from its decimals.
func withCell(t *testing.T, to []int64, cell string) []int64 {
	if cell == "" {
		return to
	}
	whole, rest, _ := strings.Cut(cell, ".")
	rest += "000"
	v, err := strconv.ParseInt(whole+rest[:2], 10, 64)
	require.NoError(t, err, cell)
	if rest[2] >= '5' {
		v++
	}
	return append(to, v)
}

// measured is a machine or a size in the output of analyze.
type measured struct {
	Name           string
	CPUAvg, CPUMax *percentiles
}

// UnmarshalJSON reads the keys with underscores.
func (m *measured) UnmarshalJSON(text []byte) error {
	keys := struct {
		Name   string       `json:"name"`
		CPUAvg *percentiles `json:"cpu_avg"`
		CPUMax *percentiles `json:"cpu_max"`
	}{}
	err := json.Unmarshal(text, &keys)
	m.Name, m.CPUAvg, m.CPUMax = keys.Name, keys.CPUAvg, keys.CPUMax
	return err
}

type percentiles struct {
	P50, P90, P95, P99, Max json.Number
	Samples                 int
}

// require compares with sorted values; no values want no percentiles.
func (p *percentiles) require(t *testing.T, name string, values []int64) {
	t.Helper()
	if len(values) == 0 {
		require.Nil(t, p, name)
		return
	}
	require.NotNil(t, p, name)
	slices.Sort(values)
	at := func(percent int) json.Number {
		return json.Number(strconv.FormatFloat(float64(values[(len(values)*percent+99)/100-1])/100, 'f', -1, 64))
	}
	require.Equal(t, percentiles{at(50), at(90), at(95), at(99), at(100), len(values)}, *p, name)
}
