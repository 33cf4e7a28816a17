package quantile_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer/quantile"
)

// Bytes of every size keep what they hold, have no room to grow into their neighbours', and stay where they are the second time.
func TestShelfKeepsBytes(t *testing.T) {
	var all, want [][]byte
	for i := range 300 {
		b := append(bytes.Repeat([]byte{byte(i)}, i*i), 0) // up to 89 KB, some above what is put on a board
		want, all = append(want, bytes.Clone(b)), append(all, append(make([]byte, 0, len(b)+i%3), b...))
	}
	var shelf quantile.Shelf
	for i := range all {
		shelf.Take(&all[i])
	}
	shelf.Close()
	for i := range all {
		require.Equal(t, want[i], all[i])
		require.Equal(t, len(all[i]), cap(all[i]))
		at := &all[i][0]
		shelf.Take(&all[i])
		require.Same(t, at, &all[i][0])
	}
	require.Zero(t, testing.AllocsPerRun(1, shelf.Close))
	own := make([]byte, 3, 9)
	(*quantile.Shelf)(nil).Take(&own)
	require.Equal(t, 3, cap(own))
}
