package fleet

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func metricsText(t *testing.T, m Metrics) (Count, string) {
	t.Helper()
	var b bytes.Buffer
	n, err := m.Write(&b)
	require.NoError(t, err)
	return n, b.String()
}

func TestMetricsFile(t *testing.T) {
	n, text := metricsText(t, Metrics{Seed: 1, Machines: 20, Days: 7})
	require.Equal(t, int64(len(text)), n.Bytes)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	require.Equal(t, n.Rows, int64(len(lines)-1))
	require.Equal(t, strings.TrimSuffix(MetricsHeader, "\n"), lines[0])
	require.InDelta(t, 277, float64(n.Bytes)/float64(n.Rows), 12, "bytes a row")
	require.NotContains(t, text, `"`)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	last := ""
	for _, row := range rows[1:] {
		if len(row) != 11 || row[0] < last {
			t.Fatalf("%v after %s", row, last)
		}
		last = row[0]
	}
	require.Less(t, n.Rows, int64(20*7*288), "some machines are off at night")
}

// The three orders hold the same rows.
func TestOrdersHoldTheSameRows(t *testing.T) {
	sorted := map[Order][]string{}
	texts := map[Order]string{}
	for _, order := range []Order{ByTime, ByMachine, Shuffled} {
		_, texts[order] = metricsText(t, Metrics{Seed: 5, Machines: 7, Days: 2, Order: order})
		sorted[order] = strings.Split(texts[order], "\n")
		slices.Sort(sorted[order])
	}
	require.Equal(t, sorted[ByTime], sorted[ByMachine])
	require.Equal(t, sorted[ByTime], sorted[Shuffled])
	require.NotEqual(t, texts[ByTime], texts[ByMachine])
	require.NotEqual(t, texts[ByTime], texts[Shuffled])
}

func TestPermutationIsABijection(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(1, 5000).Draw(t, "n")
		p := newPermutation(rapid.Uint64().Draw(t, "seed"), n)
		seen := make([]bool, n)
		for i := range n {
			at := p.at(i)
			if at >= n || seen[at] {
				t.Fatalf("%d of %d goes to %d", i, n, at)
			}
			seen[at] = true
		}
	})
}

func TestCostsFile(t *testing.T) {
	var b bytes.Buffer
	n, err := Costs{Seed: 1, Machines: 300, Days: 31}.Write(&b)
	require.NoError(t, err)
	require.Equal(t, int64(b.Len()), n.Bytes)
	require.Equal(t, int64(300*31*6), n.Rows)
	require.InDelta(t, costsRow, float64(n.Bytes)/float64(n.Rows), 60, "bytes a row")
	text, found := strings.CutPrefix(b.String(), "\ufeff")
	require.True(t, found)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows[0], 60)
	require.Len(t, rows, int(n.Rows)+1)
	compute, broken, long := 0, 0, 0
	for _, row := range rows[1:] {
		if row[22] == "Virtual Machines" {
			compute++
			require.Contains(t, row[52], `"ServiceType":"Standard_`)
		}
		if strings.Contains(row[53], "\n") {
			broken++
		}
		if len(row[42]) > 16 {
			long++
		}
	}
	require.Equal(t, 300*31, compute)
	require.InDelta(t, float64(n.Rows)/20_000, broken, 6, "line breaks inside tags")
	require.Positive(t, long, "costs of many digits")
}

// What these seeds gave when the generator was written: files of other versions must be comparable.
func TestSameSeedSameBytes(t *testing.T) {
	sum := func(write func(io.Writer) (Count, error)) [32]byte {
		h := sha256.New()
		_, err := write(h)
		require.NoError(t, err)
		return [32]byte(h.Sum(nil))
	}
	a, b := Metrics{Seed: 3, Machines: 9, Days: 1, Order: Shuffled}, Costs{Seed: 3, Machines: 9, Days: 2}
	require.Equal(t, sum(a.Write), sum(a.Write))
	require.Equal(t, sum(b.Write), sum(b.Write))
	a.Seed, b.Seed = 4, 4
	require.NotEqual(t, sum(a.Write), sum(Metrics{Seed: 3, Machines: 9, Days: 1, Order: Shuffled}.Write))
	require.NotEqual(t, sum(b.Write), sum(Costs{Seed: 3, Machines: 9, Days: 2}.Write))
}

func TestSizesOfFiles(t *testing.T) {
	require.InDelta(t, 451, MetricsOf(1, 1_000_000_000, 0, 30).Machines, 15, "1 GB over 30 days")
	require.InDelta(t, 13_500, MetricsOf(1, 1_000_000_000, 0, 1).Machines, 500, "1 GB of one day")
	require.InDelta(t, 30, MetricsOf(1, 1_000_000_000, 451, 0).Days, 2)
	require.InDelta(t, 4_300, CostsOf(1, 1_000_000_000).Machines, 100)
	require.Equal(t, Metrics{Seed: 1, Machines: 1, Days: 1}, MetricsOf(1, 10, 0, 0))
	got, err := Orders("shuffled")
	require.NoError(t, err)
	require.Equal(t, Shuffled, got)
	_, err = Orders("none")
	require.ErrorContains(t, err, `order "none"`)
}

type full struct{ left int }

var errFull = errors.New("disk full")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAFullDiskIsAnError(t *testing.T) {
	_, err := Metrics{Seed: 1, Machines: 50, Days: 1}.Write(&full{left: 300_000})
	require.ErrorIs(t, err, errFull)
	_, err = Costs{Seed: 1, Machines: 50, Days: 3}.Write(&full{left: 300_000})
	require.ErrorIs(t, err, errFull)
}

func TestNumbers(t *testing.T) {
	require.Equal(t, "12.50", string(appendPercent(nil, 125_000)))
	require.Equal(t, "0.0001", string(appendPercent(nil, 1)))
	require.Equal(t, "3.141", string(appendPercent(nil, 31_410)))
	require.Equal(t, "24", string(appendMicro(nil, 24_000_000)))
	require.Equal(t, "0.032258", string(appendMicro(nil, 32_258)))
	require.Equal(t, "12.5", string(appendMicro(nil, 12_500_000)))
	require.Equal(t, "0.115", price4(1150))
	require.Equal(t, "1.84", price4(18_400))
	require.Equal(t, "2", price4(20_000))
}

func BenchmarkMetrics(b *testing.B) {
	benchmark(b, Metrics{Seed: 1, Machines: 451, Days: 1}.Write)
}
func BenchmarkMetricsShuffled(b *testing.B) {
	benchmark(b, Metrics{Seed: 1, Machines: 451, Days: 1, Order: Shuffled}.Write)
}
func BenchmarkCosts(b *testing.B) { benchmark(b, Costs{Seed: 1, Machines: 1000, Days: 3}.Write) }

func benchmark(b *testing.B, write func(io.Writer) (Count, error)) {
	for b.Loop() {
		n, err := write(io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n.Bytes)
	}
}
