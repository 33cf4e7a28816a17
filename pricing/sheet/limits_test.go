package sheet

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each limit holds at its value and not one above it.
func TestLimits(t *testing.T) {
	const header, row = "size,region,term,price,currency,note", "\nD4s_v5,westeurope,PAYG,0.2,USD,"
	read := func(l Limits, text string) error {
		_, _, rejects, err := l.ReadAt("a", strings.NewReader(text), time.Time{})
		if len(rejects) > 0 {
			return rejects[0].Err
		}
		return err
	}
	extra := func(text string) string {
		return page(nil, item("Standard_D4s_v5", "D4s v5", "0.2", "extra", json.RawMessage(text)))
	}
	for name, c := range map[string]struct {
		limits Limits
		file   func(n int) string
		limit  int
		want   error
	}{
		"unpacked": {Limits{Unpacked: 200}, func(n int) string { return header + row + strings.Repeat("\n", n-len(header+row)) }, 200, ErrTooLarge},
		"record":   {Limits{Record: 100}, func(n int) string { return header + row + strings.Repeat("x", n-len(row)+1) }, 100, ErrTooLarge},
		"field":    {Limits{Field: 50}, func(n int) string { return header + row + strings.Repeat("x", n) }, 50, errField},
		"columns":  {Limits{Columns: 20}, func(n int) string { return header + strings.Repeat(",", n-6) + row + strings.Repeat(",", n-6) }, 20, ErrTooLarge},
		"entries":  {Limits{Entries: 5}, func(n int) string { return zipOf(t, n, header+row) }, 5, ErrTooLarge},
		"depth":    {Limits{Depth: 10}, func(n int) string { return extra(strings.Repeat("[", n-3) + strings.Repeat("]", n-3)) }, 10, ErrTooLarge},
		"text":     {Limits{Field: 50}, func(n int) string { return extra(`"[\"` + strings.Repeat("x", n-3) + `"`) }, 50, ErrTooLarge},
	} {
		require.NoError(t, read(c.limits, c.file(c.limit-1)), "%s: below the limit", name)
		require.NoError(t, read(c.limits, c.file(c.limit)), "%s: at the limit", name)
		require.ErrorIs(t, read(c.limits, c.file(c.limit+1)), c.want, "%s: above the limit", name)
		require.NoError(t, read(Limits{-1, -1, -1, -1, -1, -1, -1}, c.file(c.limit+1)), "%s: no limit", name)
	}
	require.ErrorIs(t, read(Limits{}, header+row+strings.Repeat("x", 64<<10+1)), errField, "the standard limit of a cell")
}

// The ratio counts from 4 MiB on. A larger limit lets more through, so that it is checked from the other side.
func TestLimitOfTheRatio(t *testing.T) {
	text := "size,region,term,price,currency\nD4s_v5,westeurope,PAYG,0.2,USD\n" + strings.Repeat(strings.Repeat(" ", 1023)+"\n", ratioSlack>>10)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := io.WriteString(z, text)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	ratio := int64(1)
	for int64(len(text))/ratio > int64(packed.Len()) {
		ratio++
	}
	for limit, want := range map[int64]error{ratio - 1: ErrTooLarge, ratio: nil, ratio + 1: nil, -1: nil, 0: ErrTooLarge} {
		_, _, _, err := Limits{Ratio: limit}.ReadAt("a.gz", bytes.NewReader(packed.Bytes()), time.Time{})
		require.ErrorIs(t, err, want, "%d", limit)
	}
}

// zipOf packs a text n times.
func zipOf(t *testing.T, n int, text string) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := range n {
		w, err := z.Create(fmt.Sprintf("%d.csv", i))
		require.NoError(t, err)
		_, err = io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.String()
}
