package ingest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest/dialect"
)

func TestReasonIsOneOfReasons(t *testing.T) {
	for _, r := range reasons {
		got := RowError{Err: fmt.Errorf("march.csv: %w", r.err)}.Reason()
		require.Equal(t, r.word, got)
		require.Contains(t, Reasons(), got)
	}
	require.Equal(t, "other", RowError{Err: errors.New("n/a")}.Reason())
	require.Equal(t, "time", RowError{Err: dialect.ErrOrder}.Reason())
	seen := map[string]bool{}
	for _, word := range Reasons() {
		require.False(t, seen[word], word)
		seen[word] = true
	}
}
