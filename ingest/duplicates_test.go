package ingest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
)

func TestDuplicatesFindsEqualBytesUnderOtherNames(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.csv": "one", "b.csv": "two", "c.csv": "one", "d.csv": "longer"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	inputs, err := ingest.Discover([]string{dir}, nil)
	require.NoError(t, err)
	twins, err := ingest.Duplicates(inputs)
	require.NoError(t, err)
	require.Equal(t, map[int]int{2: 0}, twins, "c.csv is a.csv; b.csv is only as long")
}
