package ingest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math/bits"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The scanner against encoding/csv, the plain masks against the wide ones, and the fast way through a chunk against the
// slow one.

// records is what a text holds: cells and the physical line on which each row begins.
type records struct {
	rows  [][]string
	lines []int64
	bad   int
}

// way is how a chunk is read: by counting cells where it is a table, else by the bits of its layout where it is sound,
// else byte by byte.
type way int

const (
	asTable way = iota
	byBits
	slowly
)

// scanAll reads a text of columns cells a row with the chunker, by the fastest way that is open from best on.
func scanAll(t testing.TB, text []byte, columns int, best way) (records, error) {
	t.Helper()
	limits := Limits{}.filled()
	c := &chunker{r: bytes.NewReader(text), delim: ',', limits: limits, line: 1}
	s := splitter{delim: ',', slotOf: make([]int8, columns), least: columns, field: limits.Field}
	for i := range s.slotOf {
		s.slotOf[i] = int8(i)
	}
	p := plan{slotOf: s.slotOf}
	for i := range p.cols {
		p.cols[i] = int16(i)
	}
	var out records
	var at row
	take := func(data []byte, line int64, err error) {
		if err != nil {
			out.bad++
			return
		}
		cells := make([]string, columns)
		for i := range cells {
			cell, quoted := at.cell(i)
			if quoted {
				cell = bytes.ReplaceAll(cell, []byte(`""`), []byte(`"`))
			}
			cells[i] = string(cell)
		}
		out.rows, out.lines = append(out.rows, cells), append(out.lines, line)
		_ = data
	}
	for {
		run, err := c.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		line := run.line
		if table, even := run.table(&s); even && best == asTable {
			table.each(0, table.rows, &at, &p, func() { take(nil, at.line, nil) })
			run.free()
			continue
		}
		for from := 0; from < len(run.data); {
			var end int
			if run.sound && best != slowly {
				at.data = run.data
				var cells int
				end, cells, err = s.fast(&run, from, &at)
				if text := run.data[from:end]; len(bytes.TrimSpace(text)) == 0 {
					line, from = line+1, end
					continue
				}
				if cells > columns && err == nil {
					_, _, err = s.split(run.data[from:end], &at)
				} else if cells != columns {
					err = errColumns
				}
			} else {
				var blank bool
				var n int
				n, blank, err = s.split(run.data[from:], &at)
				if end = from + n; blank {
					line, from = line+int64(bytes.Count(run.data[from:end], newline)), end
					continue
				}
			}
			take(run.data[from:end], line, err)
			line += int64(bytes.Count(run.data[from:end], newline))
			from = end
		}
		run.free()
	}
}

// oracle reads a text with encoding/csv, rows of blanks left out as we do.
func oracle(text []byte, columns int) (rows [][]string, lines []int64, blank int, err error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, lines, blank, nil
		}
		if err != nil {
			return nil, nil, 0, err
		}
		if len(record) == 1 && strings.TrimSpace(record[0]) == "" && columns > 1 {
			blank++ // nothing to us, unless it is quoted
			continue
		}
		line, _ := r.FieldPos(0)
		rows, lines = append(rows, record), append(lines, int64(line))
	}
}

// made returns a random text of rows of columns cells by RFC 4180.
func made(rng *rand.Rand, rows, columns int) []byte {
	var b bytes.Buffer
	alphabet := []string{"a", "bc", "0.5", "", " ", ",", "\"", "\n", "\r\n", "ü", "{\"k\": \"v\"}", "2026-10-05", strings.Repeat("x", 70)}
	end := []string{"\n", "\r\n"}[rng.IntN(2)]
	for range rows {
		for i := range columns {
			if i > 0 {
				b.WriteByte(',')
			}
			var cell string
			for range rng.IntN(4) {
				cell += alphabet[rng.IntN(len(alphabet))]
			}
			if strings.ContainsAny(cell, ",\"\r\n") || rng.IntN(5) == 0 {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			b.WriteString(cell)
		}
		b.WriteString(end)
	}
	return b.Bytes()
}

// TestScannerEqualsEncodingCSV compares generated records; SIZETERM_DIFFERENTIAL_RECORDS sets how many.
func TestScannerEqualsEncodingCSV(t *testing.T) {
	want := 60_000
	if n, err := strconv.Atoi(os.Getenv("SIZETERM_DIFFERENTIAL_RECORDS")); err == nil {
		want = n
	}
	compared := 0
	for seed := uint64(1); compared < want; seed++ {
		rng := rand.New(rand.NewPCG(seed, 4180))
		columns := 1 + rng.IntN(12)
		if columns == 1 {
			columns = 2
		}
		rows := 1 + rng.IntN(50)
		if seed%40 == 0 {
			rows = 20_000 / columns // several chunks
		}
		text := made(rng, rows, columns)
		compared += compare(t, text, columns)
	}
	t.Logf("%d records equal", compared)
}

// compare checks one text and returns its number of records.
func compare(t testing.TB, text []byte, columns int) int {
	t.Helper()
	rows, lines, blank, err := oracle(text, columns)
	if err != nil {
		return 0
	}
	got, err := scanAll(t, text, columns, asTable)
	require.NoError(t, err, "%q", text)
	whole := 0
	for i, row := range rows {
		if len(row) < columns || strings.TrimSpace(strings.Join(row[columns:], "")) != "" {
			continue
		}
		row = row[:columns] // empty cells behind the last column count for nothing
		require.Less(t, whole, len(got.rows), "%q: row %q is missing", text, row)
		for j := range row { // encoding/csv turns CRLF inside of quotes into LF
			if g := strings.ReplaceAll(got.rows[whole][j], "\r\n", "\n"); g != row[j] {
				t.Fatalf("%.400q: row %d cell %d: %q, encoding/csv reads %q", text, i, j, g, row[j])
			}
		}
		if got.lines[whole] != lines[i] {
			t.Fatalf("%.400q: row %d on line %d, encoding/csv says %d", text, i, got.lines[whole], lines[i])
		}
		whole++
	}
	require.Len(t, got.rows, whole)
	require.GreaterOrEqual(t, got.bad, len(rows)-whole)
	require.LessOrEqual(t, got.bad, len(rows)-whole+blank)
	return len(rows)
}

func FuzzScan(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "\"a\nb\",\"c\"\"d\"\r\n", "a\"b,c\nd,e\n", "\"a\"b,c\n", "\"open,\n", "a,b", ",\n,\n", "\"\"\"\",x\n", "x,\"\"\"y\"\"\"\n"} {
		f.Add([]byte(seed), uint8(2))
	}
	f.Fuzz(func(t *testing.T, text []byte, n uint8) {
		columns := int(n%8) + 2
		slow, err := scanAll(t, text, columns, slowly)
		for _, way := range []way{asTable, byBits} {
			fast, err2 := scanAll(t, text, columns, way)
			require.Equal(t, err == nil, err2 == nil)
			require.Equal(t, slow, fast, "two ways differ on %q", text)
		}
		if !loneCR(text) && !bytes.Contains(text, bom) && !bytes.HasSuffix(text, []byte{0}) {
			compare(t, text, columns)
		}
	})
}

// loneCR reports whether a carriage return stands anywhere but before a line feed: encoding/csv takes it as text there.
func loneCR(text []byte) bool {
	return bytes.Count(text, []byte("\r")) != bytes.Count(text, []byte("\r\n"))
}

// FuzzLayout compares the assembly with plain Go, and both with each byte.
func FuzzLayout(f *testing.F) {
	f.Add([]byte("a,b\"c\r\n\t\x00\x80"), byte(','))
	f.Add([]byte(strings.Repeat(`"a ""b""",,"`+"\r\n"+`",`+"\r\n", 9)), byte(','))
	f.Add([]byte(strings.Repeat("x", 63)+"\r\n"+strings.Repeat("y", 62)+`,"`+strings.Repeat("z", 63)+`"`+"\r\n"+strings.Repeat("1,2", 50)+"\x7f"), byte(','))
	f.Fuzz(func(t *testing.T, text []byte, delim byte) {
		if delim == '"' || delim == '\n' || delim == '\r' {
			return
		}
		data := make([]byte, (len(text)+63)&^63)
		copy(data, text)
		ends, plain := make([]uint64, len(data)/64), make([]uint64, len(data)/64)
		s, p := scan{before: 1}, scan{before: 1}
		scanBlocks(data, delim, ends, &s)
		scanPlain(data, delim, plain, &p)
		require.Equal(t, p.broken, s.broken)
		if s.broken == 0 {
			require.Equal(t, plain, ends)
			require.Equal(t, [2]bool{p.odd != 0, p.wrapped != 0}, [2]bool{s.odd != 0, s.wrapped != 0})
			p.odd, p.wrapped = s.odd, s.wrapped
			require.Equal(t, p, s)
			at, want := make([]uint32, len(data)+64), make([]uint32, len(data)+64)
			flatten(ends, at)
			flattenPlain(plain, want)
			n := 0
			for _, w := range plain {
				n += bits.OnesCount64(w)
			}
			require.Equal(t, want[:n], at[:n])
		}
		for b := range len(data) / 64 {
			m := masksOf(data[64*b:64*b+64], delim)
			for i, c := range data[64*b : 64*b+64] {
				bit := uint64(1) << i
				odd := c >= 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
				want := [5]bool{c == delim, c == '\n', c == '"', c == '\r', odd}
				got := [5]bool{m.delim&bit != 0, m.line&bit != 0, m.quote&bit != 0, m.cr&bit != 0, m.odd&bit != 0}
				require.Equal(t, want, got, "byte %d %q", i, c)
			}
		}
	})
}

// FuzzReader reads anything as a file of each kind: nothing panics, and every row is accepted once, rejected once or set
// apart once.
func FuzzReader(f *testing.F) {
	f.Add([]byte("timestamp,vm,grain_seconds,cpu_avg\n2026-10-05T00:00:00Z,a,300,1\n"))
	f.Add([]byte("[{\"timestamp\":\"2026-10-05T00:00:00Z\",\"vm\":\"a\",\"grain_seconds\":300,\"cpu_avg\":1}]"))
	f.Add([]byte("reservation_id,region,size,quantity,end\nr,westeurope,Standard_D2s_v5,1,2027-01-01\n"))
	f.Add([]byte("Date,SubscriptionGuid,MeterCategory,ResourceId,Quantity,UnitOfMeasure,Cost,AdditionalInfo\n10/15/2026,s,Virtual Machines,/x,24,1 Hour,1,{}\n"))
	f.Add([]byte("sep=;\ntimestamp;web\n01.02.2026;1,5\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := Input{Name: "fuzz", Size: int64(len(data)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
		r, err := NewReader(in, Options{Limits: Limits{Record: 1 << 16}})
		if err != nil {
			return
		}
		var rows int64
		for r.Next() {
			rows += r.Record().NumRows()
		}
		if r.Err() != nil {
			return
		}
		s := r.Summary()
		apart := int64(0)
		for _, a := range s.SetApart {
			apart += a.Rows
		}
		require.Equal(t, s.Rows, s.Accepted+s.Rejected+apart)
		if s.Kind == KindCharges || s.Kind == KindSamples {
			require.Equal(t, s.Accepted, rows)
		}
	})
}

func TestMadeTextsOfManyChunks(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	text := made(rng, 60_000, 5)
	require.Greater(t, len(text), 3*chunkBytes)
	fast, err := scanAll(t, text, 5, asTable)
	require.NoError(t, err)
	slow, err := scanAll(t, text, 5, slowly)
	require.NoError(t, err)
	require.Equal(t, len(slow.rows), len(fast.rows))
	require.Equal(t, slow.lines, fast.lines)
}
