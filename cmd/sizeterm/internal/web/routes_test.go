package web

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the expected files anew")

// TestRoutesAreKnown compares the routes with those that somebody has thought about, in testdata/routes.txt: the role that each
// asks for, the scope of keys, the object of the matrix, and whether it wants a fresh sign-in. Nothing is registered beside the
// table.
func TestRoutesAreKnown(t *testing.T) {
	s := newService(t)
	var lines []string
	for _, rt := range append(s.server.routes(), s.server.apiRoutes...) {
		scope, object, fresh := rt.scope, rt.object, ""
		if scope == "" {
			scope = "-"
		}
		if object == "" {
			object = "-"
		}
		if rt.fresh {
			fresh = " fresh"
		}
		lines = append(lines, fmt.Sprintf("%-55s %-8s %-8s %s%s", rt.pattern(), rt.need, scope, object, fresh))
	}
	slices.Sort(lines)
	text := strings.Join(lines, "\n") + "\n"
	file := filepath.Join("testdata", "routes.txt")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	known, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(known), text, "a route is new or asks for something else: look at each line of testdata/routes.txt, then go test -run RoutesAreKnown -update")

	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	registered := 0
	for _, name := range sources {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		if !strings.HasSuffix(name, "_test.go") {
			registered += strings.Count(string(source), "mux.Handle(") + strings.Count(string(source), "mux.HandleFunc(")
		}
	}
	require.Equal(t, 2, registered, "routes are registered by mount and by apiMux, which put each into the table")
}
