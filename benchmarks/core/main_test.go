package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/benchmarks/fleet"
)

// file writes a benchmark file into a folder of the test.
func file(t *testing.T, name string, write func(*bytes.Buffer) error) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, write(&b))
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

func call(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	require.Zero(t, run(args, &out, &errs), errs.String())
	var r result
	require.NoError(t, json.Unmarshal(out.Bytes(), &r))
	return r
}

// The figures of the race are right: P95 and maximum of each machine equal those of sorting all of its readings, rounded
// half up to hundredths, nearest rank. 28 days are whole weeks, so that the analyzer's window is the file.
func TestMetricsAgainstSorting(t *testing.T) {
	path := file(t, "a.csv", func(b *bytes.Buffer) error {
		_, err := fleet.Metrics{Seed: 11, Machines: 6, Days: 28, Order: fleet.Shuffled}.Write(b)
		return err
	})
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	require.NoError(t, err)
	machines, groups := map[string][]int64{}, map[string]bool{}
	for _, row := range rows[1:] {
		cpu, err := strconv.ParseFloat(row[5], 64)
		require.NoError(t, err)
		machines[row[2]] = append(machines[row[2]], int64(math.Floor(cpu*100+0.5+1e-9)))
		groups[row[3]+row[4]] = true
	}
	var p95, top int64
	for _, values := range machines {
		slices.Sort(values)
		p95 += values[(len(values)*95+99)/100-1] // nearest rank: ceil(0.95 n)
		top += values[len(values)-1]
	}
	got := call(t, path)
	require.Equal(t, int64(len(rows)-1), got.Rows)
	require.Equal(t, got.Rows, got.Accepted)
	require.Equal(t, [2]int{len(machines), len(groups)}, [2]int{got.Machines, got.Profiles})
	require.Equal(t, [2]int64{p95, top}, [2]int64{got.P95, got.Max})
}

func TestCosts(t *testing.T) {
	path := file(t, "b.csv", func(b *bytes.Buffer) error {
		_, err := fleet.Costs{Seed: 11, Machines: 20, Days: 7}.Write(b)
		return err
	})
	one, two := call(t, "-workers", "1", path), call(t, "-workers", "2", "-hash", path)
	require.Equal(t, int64(20*7*6), one.Rows)
	require.Equal(t, int64(20*7), one.Accepted, "one row of six is compute")
	require.Zero(t, one.Rejected)
	require.Equal(t, 20, one.Machines)
	one.HeapMB, two.HeapMB = 0, 0
	require.Equal(t, one, two, "the number of workers changes nothing")
	require.Zero(t, call(t, "-read", path).Machines)
}

func TestProfilesAndRefusals(t *testing.T) {
	dir := t.TempDir()
	path := file(t, "b.csv", func(b *bytes.Buffer) error {
		_, err := fleet.Costs{Seed: 11, Machines: 1, Days: 1}.Write(b)
		return err
	})
	call(t, "-cpuprofile", filepath.Join(dir, "cpu"), "-memprofile", filepath.Join(dir, "mem"), path)
	for _, name := range []string{"cpu", "mem"} {
		_, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
	}
	var out, errs bytes.Buffer
	require.Equal(t, 1, run([]string{filepath.Join(dir, "none.csv")}, &out, &errs))
	require.Equal(t, 1, run([]string{"-cpuprofile", filepath.Join(dir, "no", "folder"), path}, &out, &errs))
	require.Equal(t, 1, run([]string{"-memprofile", filepath.Join(dir, "no", "folder"), path}, &out, &errs))
	require.Equal(t, 2, run([]string{"-unknown"}, &out, &errs))
}

// The demo customer is read without a single reject, and what it holds is what its README says.
func TestDemo(t *testing.T) {
	got := call(t, filepath.Join("..", "..", "testdata", "contoso", "cost-export-2026-10.csv.gz"), filepath.Join("..", "..", "testdata", "contoso", "metrics-2026-10.csv.gz"))
	require.Zero(t, got.Rejected)
	require.Equal(t, 16, got.Pools)
	require.Equal(t, 77, got.Machines, "63 machines, one of them in two sizes, and 13 instances of the scale set")
}
