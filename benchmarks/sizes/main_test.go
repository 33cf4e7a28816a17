package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A small fleet is decided, and the table says what was measured beside the goals.
func TestRun(t *testing.T) {
	var out, errs bytes.Buffer
	file := filepath.Join(t.TempDir(), "sizes.md")
	require.Equal(t, 0, run([]string{"-machines", "20", "-days", "8", "-out", file}, &out, &errs), errs.String())
	require.Contains(t, out.String(), "20 machines, 8 days of 300 s")
	require.Contains(t, out.String(), "| gap of the joint plan | 0.1 % |")
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, out.String(), string(written))
	require.Equal(t, 2, run([]string{"-unknown"}, &out, &errs))
}
