package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The order of rows, and how they are spread over files, change no line of a plan; the same days told again by a later
// file change nothing either.
func TestRowsInAnyOrderAndFileGiveTheSamePlan(t *testing.T) {
	joint, stay := demoPlan(t, "csv"), sizesStay(t)
	alone := output(t, "recommend", "--quiet", "--output", "csv", "--policy", stay, "testdata/contoso")
	header, rows := exportRows(t)
	random := rand.New(rand.NewPCG(3, 5))
	shuffled := append([]string(nil), rows...)
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	var odd, even []string
	for i, row := range rows {
		if i%2 == 0 {
			even = append(even, row)
		} else {
			odd = append(odd, row)
		}
	}
	for name, files := range map[string]map[string][]string{
		"shuffled":               {"cost.csv": shuffled},
		"cut in two":             {"first.csv": rows[:len(rows)/2], "second.csv": rows[len(rows)/2:]},
		"dealt to two":           {"odd.csv": odd, "even.csv": even},
		"told twice":             {"cost.csv": rows, "cost-again.csv": shuffled},
		"a month to date before": {"a-until-20th.csv": rows[:len(rows)*2/3], "b-whole.csv": rows},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, lines := range files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(header+strings.Join(lines, "")), 0o600))
			}
			for _, file := range []string{"metrics-2026-10.csv.gz", "reservations.csv", "price-sheet-westeurope.csv"} {
				require.NoError(t, os.Symlink(filepath.Join(top, "testdata", "contoso", file), filepath.Join(dir, file)))
			}
			require.Equal(t, alone, output(t, "recommend", "--quiet", "--output", "csv", "--policy", stay, dir))
			if name == "shuffled" || name == "told twice" { // also with the sizes of machines, which takes longer
				require.Equal(t, joint, output(t, "recommend", "--quiet", "--output", "csv", dir))
			}
		})
	}
}

// exportRows returns the header and the rows of the demo's cost export, with their line ends.
func exportRows(t *testing.T) (header string, rows []string) {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join(top, "testdata", "contoso", "cost-export-2026-10.csv.gz"))
	require.NoError(t, err)
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	text, err := io.ReadAll(plain)
	require.NoError(t, err)
	lines := strings.SplitAfter(string(text), "\n")
	return lines[0], lines[1 : len(lines)-1]
}
