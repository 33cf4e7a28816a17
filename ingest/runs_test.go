package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// readAs reads a text in one goroutine, by columns where that is open and asked for, and returns all that came of it. It
// also says how many of the rows were read by columns.
func readAs(t *testing.T, text []byte, byColumns bool) (out []string, fast bool) {
	t.Helper()
	in := Input{Name: "runs.csv", Size: int64(len(text)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}
	opts := Options{SkipHash: true}
	file, err := openText(in, opts)
	require.NoError(t, err)
	r := &Reader{in: in, opts: opts, limits: opts.Limits.filled(), text: file}
	require.NoError(t, r.prepare())
	m := r.newMapper().(*sampleMapper)
	fast, m.runs.ok = m.runs.ok, m.runs.ok && byColumns
	c := &chunker{r: file, delim: r.plan.delim, limits: r.limits, line: r.plan.firstLine}
	for {
		run, err := c.next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		p := r.rowsOf(m, run)
		if p.found.len() > 0 {
			rec := p.found.record()
			json, err := rec.MarshalJSON()
			require.NoError(t, err)
			out = append(out, string(json))
			rec.Release()
		}
		for _, e := range p.rejects {
			out = append(out, e.Error())
		}
	}
	m.tally.fill(&r.summary)
	return append(out, fmt.Sprintf("%+v", r.summary)), fast
}

// metricsText returns a random file of metrics; odd is how many cells of a thousand are not plain.
func metricsText(rng *rand.Rand, rows, odd int) []byte {
	pick := func(texts ...string) string { return texts[rng.IntN(len(texts))] }
	columns := []string{"subscription_id", "resource_id", "vm_size", "region", "cpu_percent", "available_memory_bytes", "network_in_bytes", "disk_read_bytes"}
	if rng.IntN(2) == 0 {
		columns = append(columns, "grain_seconds")
	}
	if rng.IntN(2) == 0 {
		columns = append(columns, "cpu_max", "memory_used_percent")
	}
	if rng.IntN(4) == 0 { // machines are no longer named in one place
		rng.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
	}
	columns = append([]string{"timestamp"}, columns...)
	var b bytes.Buffer
	end := pick("\n", "\r\n")
	b.WriteString(strings.Join(columns, ",") + end)
	for i := range rows {
		vm := rng.IntN(5)
		for c, name := range columns {
			if c > 0 {
				b.WriteByte(',')
			}
			cell := map[string]func() string{
				"timestamp":              func() string { return fmt.Sprintf("2026-10-%02dT%02d:%02d:00Z", 5+i/2880, i/120%24, i/10%12*5) },
				"subscription_id":        func() string { return "s-1" },
				"resource_id":            func() string { return fmt.Sprintf("/subscriptions/s-1/vm/Web%d", vm) },
				"vm_size":                func() string { return "Standard_D2s_v5" },
				"region":                 func() string { return pick("westeurope", "westeurope", "northeurope") },
				"cpu_percent":            func() string { return strconv.FormatFloat(rng.Float64()*100, 'f', rng.IntN(9), 64) },
				"cpu_max":                func() string { return strconv.FormatFloat(rng.Float64()*100, 'f', rng.IntN(5), 64) },
				"memory_used_percent":    func() string { return strconv.Itoa(rng.IntN(101)) },
				"available_memory_bytes": func() string { return strconv.FormatInt(rng.Int64N(1<<rng.IntN(54)+1), 10) },
				"grain_seconds":          func() string { return pick("300", "300", "300", "PT5M", "") },
			}[name]
			text := strconv.FormatInt(rng.Int64N(1<<(1+rng.IntN(40))), 10)
			if cell != nil {
				text = cell()
			}
			if rng.IntN(1000) < odd {
				text = pick("", "", " 12 ", `"7"`, "n/a", "-1", "1e3", "100.01", "12345678901234567", "1.5.5", ".5", "5.", "99.999", "2026-10-05T25:00:00Z",
					"2026-10-05 00:05:00", `" x, y"`, "null", "1,5", "é", "12:34", "9999999999999999", "10000", "99999.5")
				if strings.Contains(text, ",") && text[0] != '"' {
					text = `"` + text + `"`
				}
			}
			b.WriteString(text)
		}
		b.WriteString(end)
	}
	return b.Bytes()
}

func TestColumnsAtOnceEqualRowByRow(t *testing.T) {
	byColumns := 0
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 11))
		text := metricsText(rng, 5+rng.IntN(900), []int{0, 1, 30}[seed%3])
		got, fast := readAs(t, text, true)
		want, _ := readAs(t, text, false)
		require.Equal(t, want, got, "seed %d\n%.600s", seed, text)
		if fast {
			byColumns++
		}
	}
	require.Greater(t, byColumns, 100)
}

func TestWordsOfDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(rapid.StringMatching(`[0-9]{0,5}[.,/:x]?[0-9]{0,5}`).Draw(t, "text"))
		if len(text) == 0 || len(text) > 8 {
			return
		}
		var word [8]byte
		copy(word[:], text)
		for i := len(text); i < 8; i++ {
			word[i] = rapid.Byte().Draw(t, "behind")
		}
		for _, mark := range []byte{'.', ','} {
			want, ok := hundredths(text, mark)
			got, same := hundredths8(binary.LittleEndian.Uint64(word[:]), len(text), ones*uint64(mark^'0'))
			if ok != same || ok && got != want {
				t.Fatalf("%q: %d %v, want %d %v", text, got, same, want, ok)
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		d := divider{}
		by := rapid.Uint64Range(1, 31*86400).Draw(t, "by")
		v := rapid.Uint64Range(0, 1e16).Draw(t, "v")
		if got, want := d.rounded(v, by), (v+by/2)/by; got != want {
			t.Fatalf("%d/%d: %d, want %d", v, by, got, want)
		}
	})
	for text, want := range map[string]int64{"15:04:05": 54245, "00:00:00": 0, "23:59:59": 86399, "24:00:00": -1, "12:60:00": -1, "12:00:60": -1, "1a:00:00": -1, "12-00:00": -1, "12:0:000": -1} {
		second, ok := daytime8(binary.LittleEndian.Uint64([]byte(text)))
		require.Equal(t, want >= 0, ok, text)
		if ok {
			require.Equal(t, want, second, text)
		}
	}
}
