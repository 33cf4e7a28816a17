package main

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/recommend"
)

var update = flag.Bool("update", false, "write what the program prints into the golden files and the documents")

// top is the top folder of the repository as the tests see it.
var top, _ = filepath.Abs("../..")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sizeterm": func() { os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// The commands, each as a user would type it: testdata/script/*.txtar.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, Cmds: orderCommands,
		Setup: func(env *testscript.Env) error {
			env.Setenv("DEMO", filepath.Join(top, "testdata", "contoso"))
			env.Setenv("SHARED", filepath.Join(top, "..", "shared"))
			return nil
		},
		Condition: func(name string) (bool, error) {
			_, err := os.Stat(filepath.Join(top, "..", "shared"))
			return name == "shared" && err == nil, nil
		},
	})
}

// output runs the program at the top of the repository and returns what it prints.
func output(t *testing.T, args ...string) string {
	t.Helper()
	t.Chdir(top)
	var out, errs bytes.Buffer
	code := run(context.Background(), args, strings.NewReader(""), &out, &errs)
	require.Zero(t, code, errs.String())
	return out.String()
}

// demoPlans are the plans of the demo that this process has printed, by their format.
var demoPlans sync.Map

// demoPlan returns what the program prints for the demo in one format. It is printed once: TestDemoPlanIsPinned says what it is.
func demoPlan(t *testing.T, format string) string {
	t.Helper()
	text, ok := demoPlans.Load(format)
	if !ok {
		text = output(t, "recommend", "--quiet", "--output", format, "testdata/contoso")
		demoPlans.Store(format, text)
	}
	return text.(string)
}

// golden compares text with a file of testdata, or writes it with -update.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(top, "cmd", "sizeterm", "testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text, "%s; -update rewrites it", name)
}

// The demo's plan is pinned in every format, on two threads and on one: same input, same bytes.
func TestDemoPlanIsPinned(t *testing.T) {
	names := map[string]string{"table": "demo.txt", "json": "demo.json", "csv": "demo.csv", "markdown": "demo.md"}
	for format, name := range names {
		golden(t, name, demoPlan(t, format))
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var out bytes.Buffer
	r := &recommending{common: &common{quiet: true, streams: streams{in: strings.NewReader(""), out: &out, err: io.Discard}}}
	opts, err := r.options(recommend.DefaultPolicy().MinAge)
	require.NoError(t, err)
	t.Chdir(top)
	g, err := r.gather(t.Context(), []string{"testdata/contoso"}, &r.reading, opts)
	require.NoError(t, err)
	plan, err := r.plan(g)
	require.NoError(t, err)
	for format := range names {
		out.Reset()
		require.NoError(t, r.print(plan, report.Format(format), g))
		require.Equal(t, demoPlan(t, format), out.String(), "%s on one thread", format)
	}
}

// blocks returns the commands of the console blocks of a document, each with the lines below it.
func blocks(t *testing.T, path string) [][2]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, path))
	require.NoError(t, err)
	var found [][2]string
	for _, block := range strings.Split(string(text), "```console\n")[1:] {
		block, _, _ = strings.Cut(block, "```\n")
		for _, part := range strings.Split("\n"+block, "\n$ ")[1:] {
			command, want, _ := strings.Cut(part, "\n")
			found = append(found, [2]string{command, strings.TrimSuffix(want, "\n")})
		}
	}
	return found
}

// What the README and the method note say that the program prints is what it prints: each console block that begins with
// the program is run, and the lines below it must be in its output in their order, "..." standing for what is left out.
func TestDocumentsPrintWhatTheProgramPrints(t *testing.T) {
	ran := 0
	for _, path := range []string{"README.md", "docs/METHOD.md", "docs/ARCHITECTURE.md"} {
		for _, block := range blocks(t, path) {
			args, ok := strings.CutPrefix(block[0], "go run ./cmd/sizeterm ")
			if !ok || block[1] == "" {
				continue
			}
			ran++
			rest := output(t, strings.Fields(args)...)
			for _, piece := range strings.Split(block[1], "\n...\n") {
				at := strings.Index(rest, strings.TrimSuffix(piece, "\n..."))
				require.GreaterOrEqual(t, at, 0, "%s: %s does not print, in this order:\n%s", path, block[0], piece)
				rest = rest[at+len(strings.TrimSuffix(piece, "\n...")):]
			}
		}
	}
	require.Positive(t, ran, "no document shows the program")
}
