package store

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDaysAreKeptAsRuns(t *testing.T) {
	for _, c := range []struct {
		days []string
		text string
	}{
		{nil, ""},
		{[]string{"2026-10-01"}, "2026-10-01"},
		{[]string{"2026-10-30", "2026-10-31", "2026-11-01", "2026-11-03"}, "2026-10-30+2 2026-11-03"},
		{[]string{"2024-02-28", "2024-02-29", "2024-03-01"}, "2024-02-28+2"},
	} {
		require.Equal(t, c.text, daysText(c.days))
		require.Equal(t, c.days, daysOf(c.text))
	}
	require.Equal(t, []string{"2026-11-24", "2026-11-25"}, daysOf("2026-11-24 2026-11-25"), "as the first form kept them")
	require.Equal(t, []string{"x"}, daysOf("x+3"))
}
