package sheet

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// scanAll reads every record with the line it begins on.
func scanAll(text string) (cells [][]string, at []int, bad []int, err error) {
	s := newScanner(strings.NewReader(text), Limits{}.filled())
	for s.next() {
		if s.bad != nil {
			bad = append(bad, s.at)
			continue
		}
		var record []string
		for _, c := range s.cells {
			record = append(record, string(c))
		}
		cells, at = append(cells, record), append(at, s.at)
	}
	return cells, at, bad, s.err
}

func TestScannerReadsRecordsWithTheirLines(t *testing.T) {
	cells, at, bad, err := scanAll("a,b\r\n\n1,\"x,\"\"y\"\"\nz\"\r\n  \n,\n\"\",last")
	require.NoError(t, err)
	require.Empty(t, bad)
	require.Equal(t, [][]string{{"a", "b"}, {"1", "x,\"y\"\nz"}, {"", ""}, {"", "last"}}, cells)
	require.Equal(t, []int{1, 3, 6, 7}, at)
}

func TestScannerFindsTheSeparator(t *testing.T) {
	for _, sep := range []string{",", ";", "\t"} {
		cells, _, _, err := scanAll(strings.ReplaceAll("a|b|c\n1|2|3\n", "|", sep))
		require.NoError(t, err)
		require.Equal(t, [][]string{{"a", "b", "c"}, {"1", "2", "3"}}, cells)
	}
	cells, _, _, err := scanAll("one column\nwith, comma\n")
	require.NoError(t, err)
	require.Len(t, cells[1], 2)
}

func TestScannerMarksBadQuotes(t *testing.T) {
	for _, line := range []string{`a"b"c`, `"a"b,c`, `a,b""`, `"a" ,b`} {
		_, _, bad, err := scanAll("h,i\n" + line + "\n1,2\n")
		require.NoError(t, err, line)
		require.Equal(t, []int{2}, bad, line)
	}
	_, _, _, err := scanAll("h\n\"open\n1\n2\n")
	require.ErrorIs(t, err, ErrIncomplete)
	require.ErrorContains(t, err, "line 2")
}

// Whatever encoding/csv writes, the scanner reads as it was.
func TestScannerAgreesWithTheStandardLibrary(t *testing.T) {
	cell := rapid.StringMatching(`[ -~\n]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(2, 6).Draw(t, "width")
		table := rapid.SliceOfN(rapid.SliceOfN(cell, width, width), 1, 10).Draw(t, "table")
		header := make([]string, width) // the header decides the separator
		for i := range header {
			header[i] = "h"
		}
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		require.NoError(t, w.WriteAll(append([][]string{header}, table...)))
		r := csv.NewReader(bytes.NewReader(text.Bytes()))
		want, err := r.ReadAll()
		require.NoError(t, err)
		got, _, bad, err := scanAll(text.String())
		require.NoError(t, err)
		require.Empty(t, bad)
		require.Equal(t, want, got)
	})
}

func FuzzScanner(f *testing.F) {
	f.Add("a,b\n1,\"2\n3\"\n")
	f.Add("\"\"\"\"")
	f.Fuzz(func(t *testing.T, text string) {
		cells, at, bad, err := scanAll(text)
		if lines := strings.Count(text, "\n") + 1; len(cells)+len(bad) > lines {
			t.Fatalf("%d records in %d lines", len(cells)+len(bad), lines)
		}
		for i := range at {
			if i > 0 && at[i] <= at[i-1] {
				t.Fatal("lines do not rise")
			}
		}
		if err != nil || len(bad) > 0 || strings.ContainsAny(text, "\r;\t") {
			return
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		if err != nil {
			return
		}
		kept := want[:0]
		for _, record := range want {
			if len(record) > 1 || strings.TrimSpace(record[0]) != "" {
				kept = append(kept, record)
			}
		}
		n := 0
		for _, record := range cells {
			if len(record) > 1 || strings.TrimSpace(record[0]) != "" {
				n++
			}
		}
		if n != len(kept) {
			t.Fatalf("%d records, the standard library has %d", n, len(kept))
		}
	})
}
