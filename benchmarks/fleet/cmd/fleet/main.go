// Command fleet writes made-up input files: the demo customer, and metrics and cost files of any size for benchmarks.
//
//	fleet -demo DIR                                    the files of testdata/contoso
//	fleet -next DIR -ledger FILE                       the month after, with what the fake vendor sold at work
//	fleet -metrics FILE -size 1GB                      5-minute metrics of 30 days (form A)
//	fleet -metrics FILE -size 1GB -order shuffled      the same rows without any order; also "machine"
//	fleet -metrics FILE -size 1GB -days 1              many machines for a day
//	fleet -metrics FILE -size 2GB -machines 451        so many days as it takes
//	fleet -costs FILE -size 1GB                        cost export of 30 days (form B)
//	fleet -stories FILE -days 730 -machines 12         cost export of six customers, stable to shutting down, for backtest
//
// FILE may be "-", and ends in .gz for gzip. The same flags give the same bytes before gzip.
package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"sizeterm/benchmarks/fleet"
	"sizeterm/benchmarks/fleet/contoso"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options are the flags.
type options struct {
	demo, metrics, costs, size, order string
	stories                           string
	next, ledger, slack, deaf         string
	seed                              uint64
	machines, days                    int
}

var errUsage = errors.New("say one of -demo, -next, -metrics, -costs and -stories")

func run(args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.demo, "demo", "", "write the demo customer into this `folder`")
	flags.StringVar(&o.next, "next", "", "write the demo's month after into this `folder`")
	flags.StringVar(&o.ledger, "ledger", "", "ledger `file` of the fake vendor, for -next")
	flags.StringVar(&o.slack, "slack", "", "lines that are to be used in part, for -next: region/size, separated by commas")
	flags.StringVar(&o.deaf, "deaf", "", "lines that are to apply to nothing, for -next")
	flags.StringVar(&o.metrics, "metrics", "", "write metrics (form A) to this `file`")
	flags.StringVar(&o.costs, "costs", "", "write a cost export (form B) to this `file`")
	flags.StringVar(&o.stories, "stories", "", "write a cost export of six customers whose demand is stable, grows, ... over -days (730) to this `file`, -machines (12) each")
	flags.StringVar(&o.size, "size", "100MB", "about how much: a `number` of bytes, MB or GB (10^6, 10^9)")
	flags.StringVar(&o.order, "order", "time", "order of the metrics: time, machine or shuffled")
	flags.IntVar(&o.machines, "machines", 0, "number of machines; 0 follows from the size")
	flags.IntVar(&o.days, "days", 0, "number of days; 0 is 30, or follows from size and machines")
	flags.Uint64Var(&o.seed, "seed", contoso.Seed, "same seed, same bytes")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	switch err := o.write(stdout, stderr); {
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "fleet:", err)
		flags.Usage()
		return 2
	case err != nil:
		fmt.Fprintln(stderr, "fleet:", err)
		return 1
	}
	return 0
}

func (o *options) write(stdout, stderr io.Writer) error {
	bytes, err := sizeOf(o.size)
	if err != nil {
		return err
	}
	order, err := fleet.Orders(o.order)
	if err != nil {
		return err
	}
	switch {
	case o.next != "":
		return contoso.WriteNext(o.next, o.seed, o.ledger, contoso.Course{Slack: strings.Split(o.slack, ","), Deaf: strings.Split(o.deaf, ",")})
	case o.demo != "":
		return contoso.Write(o.demo, o.seed)
	case o.metrics != "":
		days := o.days
		if days == 0 && o.machines == 0 {
			days = 30
		}
		m := fleet.MetricsOf(o.seed, bytes, o.machines, days)
		m.Order = order
		return save(o.metrics, stdout, stderr, m.Write)
	case o.costs != "":
		c := fleet.CostsOf(o.seed, bytes)
		if o.machines > 0 {
			c.Machines = o.machines
		}
		if o.days > 0 {
			c.Days = o.days
		}
		return save(o.costs, stdout, stderr, c.Write)
	case o.stories != "":
		return save(o.stories, stdout, stderr, func(w io.Writer) (fleet.Count, error) {
			return fleet.WriteStories(w, o.seed, cmp.Or(o.machines, 12), cmp.Or(o.days, 730))
		})
	}
	return errUsage
}

// save writes to a file, gzip where its name says so, or to standard output.
func save(name string, stdout, stderr io.Writer, write func(io.Writer) (fleet.Count, error)) (err error) {
	out := stdout
	if name != "-" {
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	n, err := packed(name, out, write)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Fprintf(stderr, "%s: %d rows, %d bytes\n", name, n.Rows, n.Bytes)
	return nil
}

func packed(name string, out io.Writer, write func(io.Writer) (fleet.Count, error)) (fleet.Count, error) {
	if !strings.HasSuffix(name, ".gz") {
		return write(out)
	}
	b := bufio.NewWriterSize(out, 1<<20)
	z := gzip.NewWriter(b)
	n, err := write(z)
	return n, errors.Join(err, z.Close(), b.Flush())
}

// sizeOf reads "100MB", "1GB" or a number of bytes.
func sizeOf(text string) (int64, error) {
	digits, factor := text, int64(1)
	for suffix, f := range map[string]int64{"kB": 1e3, "MB": 1e6, "GB": 1e9} {
		if rest, ok := strings.CutSuffix(text, suffix); ok {
			digits, factor = rest, f
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > 1e15/factor {
		return 0, fmt.Errorf("size %q: not a number of bytes, kB, MB or GB", text)
	}
	return n * factor, nil
}
