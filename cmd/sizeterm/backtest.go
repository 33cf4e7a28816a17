package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"sizeterm/analyzer"
	"sizeterm/cmd/sizeterm/internal/plot"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/pricing"
	"sizeterm/pricing/sheet"
	"sizeterm/recommend"
	"sizeterm/recommend/forecast"
)

// backtesting are the flags of backtest: those of recommend that say what is read, and when and how long is judged.
type backtesting struct {
	recommending
	spec recommend.PastSpec
}

func newBacktest(c *common) *cobra.Command {
	b := &backtesting{recommending: recommending{common: c}}
	cmd := &cobra.Command{
		Use:   "backtest [FLAGS] PATH...",
		Short: "What past advice would have earned, beside simpler rules and whoever knew the future",
		Long: `Takes every pool back to past days, decides as a plan of that day would have (only what came before, the prices of that day),
and bills what really came. It prints the saving, the regret against the best that was possible, how often a decision lost
money, and whether the ranges of the forecasts held, beside buying nothing, the last weeks repeated, Microsoft's rule and
the always-on floor. With --again every rule is asked again as often, as whoever buys each month what the plan of that month
says. It needs usage of at least eight weeks; a replay that the files cut short is counted as such.

Prices: several sheets of --prices of different dates count from their dates on; where a day has no older price, the oldest
known one stands in.`,
		Example: `  sizeterm backtest exports/
  sizeterm backtest --every 28 --replay 365 --again 28 exports/
  sizeterm backtest --history 90 --every 28 --replay 365 --output json exports/`,
		Args: wantPaths,
		RunE: func(cmd *cobra.Command, args []string) error { return b.run(cmd, args) },
	}
	b.reading.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&b.output, "output", "table", "table, json or csv")
	f.StringVar(&b.out, "out", "", "also write the backtest in every format and its pictures into this folder")
	f.StringArrayVar(&b.prices, "prices", nil, "price sheet over the embedded prices (repeatable; the last one wins)")
	f.StringVar(&b.policyPath, "policy", "", "YAML file with the rules of the plan")
	f.IntVar(&b.spec.FirstDays, "history", 28, "days of usage before the first decision")
	f.IntVar(&b.spec.EveryDays, "every", 7, "days from one decision to the next")
	f.IntVar(&b.spec.ReplayDays, "replay", 90, "days for which a decision is followed, 28 to 1095")
	f.IntVar(&b.spec.AgainDays, "again", 0, "days after which each rule is asked again while it is followed, its purchases counted as owned; 0: it decides once")
	f.BoolVarP(&b.verbose, "verbose", "v", false, "each customer by itself, too")
	return cmd
}

func (b *backtesting) run(cmd *cobra.Command, paths []string) error {
	format, err := b.check()
	if err != nil {
		return err
	}
	opts, err := b.options(-1) // of every age: a machine that is young today was not yet there then
	if err != nil {
		return err
	}
	g, err := b.gather(cmd.Context(), paths, &b.reading, opts)
	if err != nil {
		return err
	}
	past, err := b.past(g)
	if err != nil {
		return err
	}
	if err := writeRejects(b.rejectsPath, g.rejects); err != nil {
		return err
	}
	show := report.Options{Version: release, Width: terminalWidth(b.common.out, report.MaxWidth), Color: b.color(), Verbose: b.verbose}
	if b.out != "" {
		if err := writePast(b.out, past, show); err != nil {
			return err
		}
		b.note("backtest and pictures written to %s", b.out)
	}
	out := bufio.NewWriter(b.common.out)
	if err := report.WritePast(out, past, format, show); err != nil {
		return err
	}
	return out.Flush()
}

// check reads the flags that could be wrong.
func (b *backtesting) check() (report.Format, error) {
	format, err := report.ParseFormat(b.output)
	if err == nil {
		err = choose("output", string(format), "table", "json", "csv")
	}
	switch s := b.spec; {
	case err != nil:
		return format, usageError("", "--output: %w", err)
	case s.FirstDays < 7:
		return format, usageError("", "--history: %d: want at least 7 days", s.FirstDays)
	case s.EveryDays < 1:
		return format, usageError("", "--every: %d: want at least 1 day", s.EveryDays)
	case s.AgainDays < 0:
		return format, usageError("", "--again: %d: want at least 1 day, or 0 to decide once", s.AgainDays)
	case s.ReplayDays < 28 || s.ReplayDays > 1095:
		return format, usageError("", "--replay: %d: want 28 to 1095 days", s.ReplayDays)
	}
	return format, nil
}

// past judges what was read.
func (b *backtesting) past(g *gathered) (*report.Past, error) {
	policy, err := loadPolicy(g.policies, b.policyPath)
	if err != nil {
		return nil, err
	}
	if _, err := g.customerBook(policy.CustomerPrices); err != nil { // nothing is decided at it
		return nil, err
	}
	book, err := b.book(g)
	if err != nil {
		return nil, err
	}
	g.accumulator.SetMinAge(policy.MinAge)
	analysis, err := g.accumulator.Analysis()
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(analysis.VMs, func(vm analyzer.VM) bool { return vm.Hours > 0 && vm.Customer != "" }) {
		return nil, refused("Give a cost or usage export that holds virtual machines; sizeterm check PATH says what a file holds.",
			fmt.Errorf("no hours of a virtual machine in %s", filesText(len(g.files))))
	}
	b.spec.Threads = runtime.GOMAXPROCS(0)
	b.spec.BookAt = booksByDate(g.prices)
	results, left, err := recommend.LookBack(recommend.Input{Analysis: analysis, Book: book, Policy: policy}, b.spec)
	if errors.Is(err, forecast.ErrTooShort) {
		return nil, refused(longer(analysis.Window.Days()), err)
	}
	if err != nil {
		return nil, err
	}
	if len(results) == 0 {
		return nil, refused("Give a price sheet with --prices, or fetch live prices.", fmt.Errorf("none of the %d pools has the prices that a backtest needs", len(left)))
	}
	names := map[string]string{}
	for _, c := range analysis.Coverage {
		names[c.Customer] = c.Name
	}
	return &report.Past{AsOf: analysis.AsOf, Window: analysis.Window, Spec: b.spec, Results: results, Left: left, Prices: book.Sources(), Names: names}, nil
}

// longer says what would be enough for a backtest where the files hold so many days.
func longer(days int) string {
	const followed, least = 28, 7
	if history := days - followed; history >= least {
		return fmt.Sprintf("Give the exports of more months: eight weeks and more say something; --history %d would decide once on the first %d days.", history, history)
	}
	return fmt.Sprintf("Give the exports of more months, in one folder or as several paths: eight weeks at least (%d days with --history %d), half a year to judge one year.", followed+least, least)
}

// booksByDate returns the book as it was known on a day: the sheets of that day or before, the others never. Where all sheets are
// younger, the oldest day's stand in. Each book is built once.
func booksByDate(sheets []sheet.Snapshot) func(time.Time) (*pricing.Book, error) {
	built := map[int]*pricing.Book{}
	sorted := slices.Clone(sheets)
	slices.SortStableFunc(sorted, func(a, b sheet.Snapshot) int { return a.Source.AsOf.Compare(b.Source.AsOf) })
	return func(day time.Time) (*pricing.Book, error) {
		known := 0
		for known < len(sorted) && (!sorted[known].Source.AsOf.After(day) || sorted[known].Source.AsOf.Equal(sorted[0].Source.AsOf)) {
			known++
		}
		if built[known] == nil {
			book, err := sheet.NewBook(sorted[:known]...)
			if err != nil {
				return nil, err
			}
			built[known] = book
		}
		return built[known], nil
	}
}

// writePast writes the backtest in every format and its pictures into dir.
func writePast(dir string, past *report.Past, opts report.Options) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if _, err := plot.WritePast(dir, past); err != nil {
		return err
	}
	opts.Color, opts.Width, opts.Verbose = false, report.MaxWidth, true
	for _, format := range []report.Format{report.Table, report.JSON, report.CSV} {
		write := func(w io.Writer) error { return report.WritePast(w, past, format, opts) }
		if err := writeFile(filepath.Join(dir, "backtest."+extension(format)), write); err != nil {
			return err
		}
	}
	return nil
}
