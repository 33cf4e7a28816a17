package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	call := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := run(args, &out, &errs)
		return code, out.String(), errs.String()
	}
	code, plain, errs := call("-metrics", "-", "-size", "200kB", "-days", "1")
	require.Zero(t, code, errs)
	require.Greater(t, len(plain), 60_000, "two or three machines, some of which are off half the day")
	require.Contains(t, errs, "rows")

	name := filepath.Join(dir, "m.csv.gz")
	code, _, errs = call("-metrics", name, "-size", "200kB", "-days", "1")
	require.Zero(t, code, errs)
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	text, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Equal(t, plain, string(text), "gzip holds the same")

	code, costs, _ := call("-costs", "-", "-machines", "2", "-days", "1")
	require.Zero(t, code)
	require.Equal(t, 1+2*6, bytes.Count([]byte(costs), []byte("\r\n")))

	for want, args := range map[int][][]string{
		1: {{"-metrics", filepath.Join(dir, "no", "folder")}, {"-costs", "-", "-size", "ten"}, {"-metrics", "-", "-order", "any"}, {"-costs", "-", "-size", "9999999GB"}},
		2: {{}, {"-unknown"}},
	} {
		for _, a := range args {
			code, _, errs := call(a...)
			require.Equal(t, want, code, a)
			require.NotEmpty(t, errs)
		}
	}
}
