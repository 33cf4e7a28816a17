package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rooms lists for each room the rooms of ours, and the modules outside the standard library, that it may import: the table
// of the design. A room that is not listed may import everything, and only cmd/sizeterm and the benchmarks are not.
var rooms = map[string][]string{
	"pricing/catalog":     {},
	"pricing/money":       {},
	"ingest/usage":        {"arrow"},
	"ingest/dialect":      {"pricing/catalog", "text"},
	"ingest":              {"ingest/usage", "ingest/dialect", "pricing/catalog", "arrow", "compress", "text", "parquet", "sys"},
	"ingest/archive":      {"blob"},
	"ingest/upload":       {"ingest/archive", "sys"},
	"pricing":             {"pricing/catalog", "pricing/money"},
	"pricing/sheet":       {"pricing", "pricing/catalog", "pricing/money", "gocsv", "compress"},
	"analyzer/quantile":   {},
	"analyzer/demand":     {"pricing/catalog"},
	"analyzer":            {"ingest/usage", "pricing/catalog", "analyzer/quantile", "analyzer/demand", "arrow"},
	"analyzer/shard":      {"analyzer", "ingest", "arrow", "ingest/usage"},
	"recommend/bill":      {"pricing/catalog", "pricing/money", "pricing", "analyzer/demand", "analyzer/quantile", "gonum"},
	"recommend/solve":     {"recommend/bill", "pricing/catalog", "pricing/money", "pricing", "analyzer/demand", "analyzer/quantile", "gonum"},
	"recommend/rule":      {"recommend/bill", "analyzer/demand"},
	"recommend":           {"recommend/rule", "recommend/bill", "recommend/solve", "recommend/rightsize", "recommend/forecast", "pricing/catalog", "pricing/money", "pricing", "analyzer/demand", "analyzer/quantile", "analyzer", "gonum"},
	"benchmarks/fleet":    {"pricing/catalog", "pricing/money", "ingest/usage"},
	"recommend/rightsize": {"recommend/bill", "recommend/solve", "pricing/catalog", "pricing/money", "pricing", "analyzer/demand", "analyzer/quantile", "gonum"},
	"recommend/forecast":  {"recommend/bill", "recommend/solve", "recommend/rightsize", "pricing/catalog", "pricing/money", "pricing", "analyzer/demand", "analyzer/quantile", "gonum"},
	"recommend/order":     {"recommend", "recommend/bill", "pricing/catalog", "pricing/money", "pricing", "ingest/usage", "prometheus", "azure"},
}

// modules are the names under which the table knows modules.
var modules = map[string]string{
	"github.com/apache/arrow/": "arrow", "github.com/klauspost/compress": "compress", "github.com/gocarina/gocsv": "gocsv",
	"gonum.org/v1/gonum": "gonum", "golang.org/x/text": "text", "golang.org/x/sys": "sys",
	"github.com/prometheus/": "prometheus", "github.com/Azure/azure-sdk-for-go/": "azure", "github.com/parquet-go/": "parquet", "gocloud.dev/": "blob",
}

// forbidden are packages that the decision must not know: it reads no clock, no file and no network.
var forbidden = []string{"net/http", "os", "github.com/apache/arrow/"}

func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "sizeterm/...").Output()
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		path, imports, _ := strings.Cut(line, " ")
		room := strings.TrimPrefix(path, "sizeterm/")
		allowed, listed := rooms[room]
		if strings.HasPrefix(room, "recommend/order/") && !listed { // its own folders know it, and what it knows
			allowed, listed = append([]string{"recommend/order"}, rooms["recommend/order"]...), !strings.Contains(room, "test")
		}
		if !listed {
			require.True(t, strings.HasPrefix(room, "cmd/") || room == "docs" || strings.HasPrefix(room, "benchmarks") || strings.Contains(room, "test") || strings.Contains(room, "/internal/") || strings.HasSuffix(room, "/gen"),
				"%s is a room without a row in the table: add it", room)
			continue
		}
		seen[room] = true
		for _, imported := range strings.Fields(imports) {
			if name, ours := strings.CutPrefix(imported, "sizeterm/"); ours {
				require.True(t, slices.Contains(allowed, name), "%s must not import %s", room, name)
			} else if strings.Contains(strings.Split(imported, "/")[0], ".") {
				require.True(t, slices.Contains(allowed, moduleOf(imported)), "%s must not import %s", room, imported)
			}
			if strings.HasPrefix(room, "recommend") && !strings.HasPrefix(room, "recommend/order") {
				for _, bad := range forbidden {
					require.False(t, imported == bad || strings.HasSuffix(bad, "/") && strings.HasPrefix(imported, bad), "%s must not import %s", room, imported)
				}
			}
		}
	}
	require.True(t, seen["recommend"] && seen["ingest"], "go list named no rooms: the test saw nothing")
}

func moduleOf(path string) string {
	for prefix, name := range modules {
		if strings.HasPrefix(path, prefix) {
			return name
		}
	}
	return path
}
