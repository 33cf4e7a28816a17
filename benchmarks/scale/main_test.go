package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A small run prints a line a point, and a picture of both.
func TestRun(t *testing.T) {
	var out, errs bytes.Buffer
	file := filepath.Join(t.TempDir(), "scaling.svg")
	require.Equal(t, 0, run([]string{"-most", "300000", "-picture", file}, &out, &errs), errs.String())
	require.Equal(t, 2, strings.Count(out.String(), "| 1000 | 1 | 288000 |"), out.String())
	picture, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(picture), "<svg")
	out.Reset()
	require.Equal(t, 0, run([]string{"-most", "300000", "-sizes", "50", "-measures", "1"}, &out, &errs), errs.String())
	require.Equal(t, 2, strings.Count(out.String(), "| 1000 | 1 | 288000 |"), out.String())
	require.Equal(t, 2, run([]string{"-unknown"}, &out, &errs))
}

// The feed gives every machine every slot once.
func TestFeed(t *testing.T) {
	f := newFeed(5, 8, 10, 4, 0)
	rows := int64(0)
	for rec := f.next(); rec != nil; rec = f.next() {
		rows += rec.NumRows()
		rec.Release()
	}
	require.EqualValues(t, 3*10*perDay, rows)
}
