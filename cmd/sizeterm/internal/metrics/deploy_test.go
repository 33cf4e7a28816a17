package metrics

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const deploy = "../../../../deploy/"

var seriesName = regexp.MustCompile(`sizeterm[_:][a-z0-9_:]+`)

// Every series that the rules, their tests and the dashboard name is one that the program shows or a rule records, and every
// series of the program is on the dashboard.
func TestDeployedNamesExist(t *testing.T) {
	known := map[string]bool{}
	for _, line := range strings.Split(exposition(t, busy(t, 1)), "\n") {
		name, _, _ := strings.Cut(strings.Fields(line + " -")[0], "{")
		known[name] = true
		if strings.HasSuffix(name, "_seconds") {
			known[name+"_bucket"], known[name+"_sum"], known[name+"_count"] = true, true, true
		}
	}
	rules, err := os.ReadFile(deploy + "prometheus/sizeterm.rules.yml")
	require.NoError(t, err)
	for _, record := range regexp.MustCompile(`record: (\S+)`).FindAllStringSubmatch(string(rules), -1) {
		known[record[1]] = true
	}
	shown := map[string]bool{}
	for _, file := range []string{"prometheus/sizeterm.rules.yml", "grafana/sizeterm.json"} {
		text, err := os.ReadFile(deploy + file)
		require.NoError(t, err)
		for _, line := range strings.Split(string(text), "\n") {
			if !strings.Contains(line, "expr") {
				continue
			}
			for _, name := range seriesName.FindAllString(line, -1) {
				require.True(t, known[name], "%s names %s, which nothing shows", file, name)
				shown[name] = true
			}
		}
	}
	for name := range known {
		if strings.HasPrefix(name, "sizeterm_") && !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count") {
			require.True(t, shown[name] || shown[name+"_bucket"] || shown[strings.TrimSuffix(name, "_bucket")] || name == "sizeterm_rows_total", "no panel or rule shows %s", name)
		}
	}
}

// The dashboard is JSON of panels that each have a title and a query, and no two share a number.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile(deploy + "grafana/sizeterm.json")
	require.NoError(t, err)
	var board struct {
		UID    string
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &board))
	require.Equal(t, "sizeterm", board.UID)
	seen := map[int]bool{}
	for _, p := range board.Panels {
		require.NotEmpty(t, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		require.False(t, seen[p.ID], p.Title)
		seen[p.ID] = true
	}
}

// docs/OPERATIONS.md lists every series.
func TestSeriesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../../docs/OPERATIONS.md")
	require.NoError(t, err)
	families, err := busy(t, 1).registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "sizeterm_") {
			require.Contains(t, string(doc), "`"+f.GetName()+"`")
		}
	}
}
