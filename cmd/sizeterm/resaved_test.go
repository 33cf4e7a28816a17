package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The demo's cost export as a German spreadsheet saves it (semicolons, decimal commas, days first) gives the same plan.
func TestAResavedExportGivesTheSamePlan(t *testing.T) {
	header, rows := exportRows(t)
	table, err := csv.NewReader(strings.NewReader(header + strings.Join(rows, ""))).ReadAll()
	require.NoError(t, err)
	for _, row := range table[1:] {
		for i, name := range table[0] {
			name = strings.ToLower(name)
			switch date := strings.Split(row[i], "/"); {
			case strings.Contains(name, "date") && len(date) == 3:
				row[i] = date[1] + "." + date[0] + "." + date[2]
			case name == "quantity", strings.HasSuffix(name, "price"), strings.HasPrefix(name, "cost"), strings.HasPrefix(name, "paygcost"), strings.HasPrefix(name, "exchangeratepricing"):
				row[i] = strings.Replace(row[i], ".", ",", 1)
			}
		}
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = ';', true
	require.NoError(t, w.WriteAll(table))
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Kosten Oktober.csv"), []byte("\ufeff"+b.String()), 0o600))
	for _, file := range []string{"metrics-2026-10.csv.gz", "reservations.csv", "price-sheet-westeurope.csv"} {
		require.NoError(t, os.Symlink(filepath.Join(top, "testdata", "contoso", file), filepath.Join(dir, file)))
	}
	require.Equal(t, demoPlan(t, "csv"), output(t, "recommend", "--quiet", "--output", "csv", dir))
}
