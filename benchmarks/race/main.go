// Command race measures sizeterm's reading and analysis against its peers on the same files: every racer runs once in each
// round, in turn, so that a busy neighbour hits all alike; the figures are medians, and a ratio is the median of the ratios
// of one round. The first run of each warms up and is not counted. Racers must agree on the answer.
//
//	go run ./benchmarks/race -size 1GB        # all of it: writes benchmarks/results/DATE-1GB.md and prints which goals were reached
//	go run ./benchmarks/race -size 100MB -contests A,B -slow -out -
//
// The peers are a module of their own (benchmarks/peers), built here with cgo. Polars runs where -python names an interpreter
// that has it, or where the folder of the race has one in venv (python3 -m venv DIR/venv; DIR/venv/bin/pip install polars).
// Racers that cannot be started are listed as absent. After the tables stands which goal was reached.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are the flags.
type options struct {
	size, contests, dir, out, python, only string
	rounds                                 int
	slow                                   bool
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("race", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.size, "size", "100MB", "size of the files")
	flags.StringVar(&o.contests, "contests", allContests, "contests, separated by commas")
	flags.StringVar(&o.dir, "dir", filepath.Join(os.TempDir(), "sizeterm-race"), "`folder` of files and programs; kept, so that a second race is quick")
	flags.StringVar(&o.out, "out", "", "write the tables to this Markdown `file`; - is standard output (default benchmarks/results/DATE-SIZE.md)")
	flags.StringVar(&o.python, "python", "", "`interpreter` that has polars (default DIR/venv/bin/python)")
	flags.StringVar(&o.only, "only", "", "racers to run, by the start of their names, separated by commas; all otherwise")
	flags.IntVar(&o.rounds, "rounds", 7, "rounds")
	flags.BoolVar(&o.slow, "slow", false, "also the readers that take seconds for 100 MB")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if o.out == "" {
		o.out = filepath.Join("benchmarks", "results", time.Now().UTC().Format(time.DateOnly)+"-"+o.size+".md")
	}
	if venv := filepath.Join(o.dir, "venv", "bin", "python"); o.python == "" {
		if _, err := os.Stat(venv); err == nil {
			o.python = venv
		}
	}
	text, goals, err := o.race(ctx, stderr)
	if err == nil && o.out != "-" {
		err = os.WriteFile(o.out, []byte(text), 0o644)
		text = goals
	}
	if err == nil {
		_, err = io.WriteString(stdout, text)
	}
	if err != nil {
		fmt.Fprintln(stderr, "race:", err)
		return 1
	}
	return 0
}

// allContests are all that there are.
const allContests = "A,shuffled,wide,B,gzip,parquet,parquetB,days3,days60"

// race runs all contests and returns the report, and the part of it that says which goals were reached.
func (o *options) race(ctx context.Context, log io.Writer) (all, goals string, err error) {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return "", "", err
	}
	absent, err := build(ctx, o.dir, log)
	if err != nil {
		return "", "", err
	}
	var report strings.Builder
	fmt.Fprintf(&report, "# Race of %s files\n\n%s, %d cores, %s, %s, %d rounds. Times are medians; \"x ours\" is the median over the rounds of racer / sizeterm in the same round.\n",
		o.size, processor(), runtime.NumCPU(), runtime.Version(), time.Now().UTC().Format(time.DateOnly), o.rounds)
	for _, a := range absent {
		fmt.Fprintf(&report, "Absent: %s.\n", a)
	}
	var done []raced
	for _, name := range strings.Split(o.contests, ",") {
		c, err := o.contest(ctx, name, log)
		if err != nil {
			return "", "", fmt.Errorf("contest %s: %w", name, err)
		}
		results, err := c.run(ctx, o.rounds, log)
		if err != nil {
			return "", "", fmt.Errorf("contest %s: %w", name, err)
		}
		report.WriteString(c.table(results))
		done = append(done, raced{name, c, results})
	}
	goals = goalTable(done)
	return report.String() + goals, goals, nil
}

// build compiles the programs into dir. What cannot be built is absent, and the race goes on without it.
func build(ctx context.Context, dir string, log io.Writer) (absent []string, err error) {
	for _, b := range []struct{ name, in, pkg string }{
		{"fleet", ".", "./benchmarks/fleet/cmd/fleet"}, {"core", ".", "./benchmarks/core"},
		{"duckdb", "benchmarks/peers", "./duckdb"}, {"readers", "benchmarks/peers", "./readers"},
	} {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, b.name), b.pkg)
		cmd.Dir = b.in
		if text, err := cmd.CombinedOutput(); err != nil {
			if b.name == "fleet" {
				return nil, fmt.Errorf("build %s: %w\n%s", b.pkg, err, text)
			}
			fmt.Fprintf(log, "build %s: %v\n%s", b.pkg, err, text)
			absent = append(absent, b.name+" (does not build)")
			_ = os.Remove(filepath.Join(dir, b.name)) // an old one must not race
		}
	}
	return absent, nil
}

// racer is one program on one file.
type racer struct {
	name string
	args []string
	ours bool
	// answers reports that the program prints the peers' common answer, to be compared.
	answers bool
	slow    bool
	few     bool // a floor that takes long: it runs in fewRounds rounds only
	env     []string
}

type contest struct {
	title  string
	file   string
	bytes  int64
	racers []racer
}

// contest makes the file where it is not there, and the racers that can run.
func (o *options) contest(ctx context.Context, name string, log io.Writer) (*contest, error) {
	form, flags, ending, of := "A", []string{"-metrics"}, ".csv", ""
	title := "metrics, rows by time"
	switch name {
	case "A":
	case "shuffled":
		title, flags = "metrics, rows shuffled", []string{"-order", "shuffled", "-metrics"}
	case "wide":
		title, flags = "metrics, many machines, one day", []string{"-days", "1", "-metrics"}
	case "days3", "days60": // equal machines, twenty times the input: what memory grows with
		machines := map[string]string{"100MB": "45", "4GB": "1804"}[o.size]
		if machines == "" {
			machines = "451"
		}
		title, flags = "metrics of "+machines+" machines, "+name[4:]+" days", []string{"-machines", machines, "-days", name[4:], "-metrics"}
	case "gzip":
		title, ending = "metrics, gzip", ".csv.gz"
	case "B":
		title, form, flags = "cost export", "B", []string{"-costs"}
	case "parquet":
		title, ending, of = "metrics, Parquet with snappy, written by DuckDB", ".parquet", "A"
	case "parquetB":
		title, form, ending, of = "cost export, Parquet with snappy, written by DuckDB", "B", ".parquet", "B"
	default:
		return nil, errors.New("unknown: not " + strings.ReplaceAll(allContests, ",", ", "))
	}
	file := filepath.Join(o.dir, name+"-"+o.size+ending)
	if _, err := os.Stat(file); err != nil && of != "" {
		if err := o.convert(ctx, of, form, file, log); err != nil {
			return nil, err
		}
	} else if err != nil {
		cmd := exec.CommandContext(ctx, filepath.Join(o.dir, "fleet"), append([]string{"-size", o.size}, append(flags, file)...)...)
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("make %s: %w\n%s", file, err, text)
		}
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	c := &contest{title: fmt.Sprintf("%s: %s", name, title), file: file, bytes: info.Size()}
	for _, r := range o.racers(name, form, file) {
		if _, err := exec.LookPath(r.args[0]); err != nil || (r.slow && !o.slow) || !o.chosen(r.name) {
			continue
		}
		c.racers = append(c.racers, r)
	}
	fmt.Fprintf(log, "%s: %s, %d bytes, %d racers\n", name, file, c.bytes, len(c.racers))
	return c, nil
}

// convert makes the Parquet file from the text of another contest.
func (o *options) convert(ctx context.Context, of, form, file string, log io.Writer) error {
	from, err := o.contest(ctx, of, log)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(o.dir, "duckdb"), "-form", form, "-file", from.file, "-copy", file)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make %s: %w\n%s", file, err, text)
	}
	return nil
}

// chosen reports whether -only names the racer or names none.
func (o *options) chosen(name string) bool {
	if o.only == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(o.only, ","), func(start string) bool { return strings.HasPrefix(name, start) })
}

func (o *options) racers(name, form, file string) []racer {
	at := func(program string) string { return filepath.Join(o.dir, program) }
	out := []racer{{name: "sizeterm", ours: true, args: []string{at("core"), "-workers", "2", file}}}
	if name != "gzip" && name != "shuffled" && name != "wide" {
		out = append(out, racer{name: "sizeterm, 1 worker", args: []string{at("core"), "-workers", "1", file}})
	}
	duck := func(title string, more ...string) racer {
		return racer{name: title, answers: true, args: append([]string{at("duckdb"), "-form", form, "-file", file}, more...)}
	}
	out = append(out, duck("DuckDB, typed, 2 threads"))
	if form == "A" {
		out = append(out, duck("DuckDB, typed, grouping sets", "-query", "sets"))
	}
	floors := []racer{{name: "wc -l", args: []string{"wc", "-l", file}}, {name: "cat", args: []string{"cat", file}}}
	switch name {
	case "days3", "days60":
		return out[:1]
	case "parquet", "parquetB":
		return out
	case "shuffled", "wide":
		return append(out, floors...)
	case "gzip":
		return append(out, racer{name: "klauspost inflate alone", args: []string{at("readers"), "-with", "inflate", "-file", file}})
	}
	if o.python != "" {
		out = append(out, racer{name: "Polars, 2 threads", answers: true, env: []string{"POLARS_MAX_THREADS=2"},
			args: []string{o.python, filepath.Join("benchmarks", "peers", "polars_peer.py"), form, file}})
	}
	reader := func(with string, slow bool) racer {
		return racer{name: with, answers: true, slow: slow, few: true, args: []string{at("readers"), "-with", with, "-form", form, "-file", file}}
	}
	out = append(out, reader("encoding/csv", false), reader("gocsv", true))
	if form == "A" {
		out = append(out, reader("arrow", true))
	}
	return append(out, floors...)
}

// table prints the medians.
func (c *contest) table(laps [][]lap) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s (%.3f GB)\n\n| racer | wall s | cpu s | peak MB | GB/s | x ours |\n|---|---:|---:|---:|---:|---:|\n", c.title, float64(c.bytes)/1e9)
	ours := slices.IndexFunc(c.racers, func(r racer) bool { return r.ours })
	for i, r := range c.racers {
		seconds := median(laps[i], wall)
		ratio := "-"
		if ours >= 0 {
			ratio = fmt.Sprintf("%.2f", middle(ratios(laps[i], laps[ours], wall)))
		}
		fmt.Fprintf(&b, "| %s | %.3f | %.3f | %.0f | %.2f | %s |\n", r.name, seconds,
			median(laps[i], cpu),
			median(laps[i], func(l lap) float64 { return float64(l.peak) / 1e6 }), float64(c.bytes)/1e9/seconds, ratio)
	}
	return b.String()
}

func median(laps []lap, of func(lap) float64) float64 {
	values := make([]float64, len(laps))
	for i, l := range laps {
		values[i] = of(l)
	}
	slices.Sort(values)
	return middle(values)
}

// middle returns the median of sorted values; of an even number, the mean of the two in the middle.
func middle(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// processor names the machine's processor, as far as the system says it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimLeft(name, "\t :")
		}
	}
	return runtime.GOARCH
}
