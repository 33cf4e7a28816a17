package ingest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
)

// What is looked at first may end within a quoted cell. The rows before it were not weighed then, so that days of a file
// that begins with the day were read as months, wherever the cut fell into a cell with quotes.
func TestNotationWhereTheHeadEndsInsideOfQuotes(t *testing.T) {
	for shift := range 8 {
		var rows []cells
		for d := range 28 {
			day := time.Date(2026, 10, 1+d, 0, 0, 0, 0, time.UTC)
			for m := range 12 {
				rows = append(rows, vmRow(cells{
					"date": day.Format("02-01-2006"), "resourceid": fmt.Sprintf("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm%d", m),
					"billingperiodstartdate": "", "billingperiodenddate": "", "serviceperiodstartdate": "", "serviceperiodenddate": "",
					"tags": `{"note": "` + strings.Repeat("x", 300+20*shift) + `"}`,
				}))
			}
		}
		got := readText(t, table(mpaHeader, rows...), ingest.Options{})
		require.NoError(t, got.err)
		require.Empty(t, got.rejects)
		require.Equal(t, "2026-10-01", got.summary.From.Format(time.DateOnly))
		require.Equal(t, "2026-10-29", got.summary.To.Format(time.DateOnly))
	}
}
