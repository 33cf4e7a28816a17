package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"sizeterm/analyzer"
	"sizeterm/cmd/sizeterm/internal/plot"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/ingest"
	"sizeterm/pricing"
	"sizeterm/pricing/sheet"
	"sizeterm/recommend"
)

// recommending are the flags of the main job.
type recommending struct {
	*common
	reading
	asking
	output, out, policyPath, maxRejects, currency string
	prices, failOn                                []string
	only                                          string // customer; "" is all
	view                                          string // "", "partner" or "customer"
	customerPrices                                string // file of the customer's price list
	verbose                                       bool
}

func newRecommend(c *common) *cobra.Command {
	r := &recommending{common: c}
	cmd := &cobra.Command{
		Use:   "recommend [FLAGS] PATH...",
		Short: "Files in, one plan out: which reservations to buy, for how long, and why",
		Long: `Reads cost exports, metrics, reservation lists, price sheets and a policy (files or folders, .gz and .zip too,
- for standard input), finds out from the content which is which, and prints one plan for each customer.

The embedded prices cover Poland Central and nine Asia-Pacific regions with reservations, and pay-as-you-go in all
regions; for others give your own price sheet with --prices or put it beside the usage files.`,
		Example: `  sizeterm recommend testdata/contoso
  sizeterm recommend --output json --out plan exports/ metrics.csv.gz reservations.csv
  sizeterm recommend --prices my-price-sheet.csv --as-of 2026-11-01 export.csv
  sizeterm recommend --set 3=40 --growth 10% testdata/contoso`,
		Args: wantPaths,
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd, args) },
	}
	r.reading.flags(cmd)
	f := cmd.Flags()
	r.asking.flags(f)
	f.StringVar(&r.output, "output", "table", "table, json, csv, markdown, html or xlsx")
	f.StringVar(&r.out, "out", "", "also write the plan in every format and a picture of each pool into this folder")
	f.StringArrayVar(&r.prices, "prices", nil, "price sheet over the embedded prices (repeatable; the last one wins)")
	f.StringVar(&r.customerPrices, "customer-prices", "", "price list of the customer, in any form that --prices reads: documents for it are at these prices, and decide nothing")
	f.StringVar(&r.policyPath, "policy", "", "YAML file with the rules of the plan")
	f.StringVar(&r.maxRejects, "max-rejects", "", "most rows that may be refused, as a number or N%; above it the exit code is 4")
	f.StringArrayVar(&r.failOn, "fail-on", nil, "exit with 6 when a rule holds: warning:CODE, reason:CODE, saving-below:AMOUNT, no-lines (repeatable)")
	f.StringVar(&r.currency, "currency", "", "show amounts in this currency, with rate and date; for reading only, nothing is decided in it")
	f.StringVar(&r.view, "view", "", "whose figures: partner or customer, at the prices that the customer pays (default: customer for markdown, html and xlsx)")
	f.BoolVarP(&r.verbose, "verbose", "v", false, "list everything that was not recommended")
	return cmd
}

func (r *recommending) run(cmd *cobra.Command, paths []string) error {
	format, err := report.ParseFormat(r.output)
	if err != nil {
		return usageError("", "--output: %w", err)
	}
	if r.view != "" && r.view != recommend.Customer && r.view != recommend.Partner {
		return usageError("", "--view: %q: want partner or customer", r.view)
	}
	rules, err := parseRules(r.failOn)
	if err != nil {
		return err
	}
	limit, err := parseLimit(r.maxRejects)
	if err != nil {
		return err
	}
	opts, err := r.options(recommend.DefaultPolicy().MinAge)
	if err != nil {
		return err
	}
	g, err := r.gather(cmd.Context(), paths, &r.reading, opts)
	if err != nil {
		return err
	}
	plan, err := r.plan(g)
	if err != nil {
		return err
	}
	if err := r.print(plan, format, g); err != nil {
		return err
	}
	if over := limit.exceeded(g.rejected, g.rows); over != "" {
		return &hintError{code: exitTooManyBad, err: fmt.Errorf("%s", over), hint: "Write them to a file with --rejects PATH, mend and send them again."}
	}
	return rules.broken(plan)
}

// plan makes the plan of what was read.
func (r *recommending) plan(g *gathered) (*recommend.Plan, error) {
	in, err := r.input(g)
	if err != nil {
		return nil, err
	}
	plan, err := r.ask(in)
	if err != nil {
		return nil, err
	}
	return plan, nil
}

// input is what a plan is made of.
func (r *recommending) input(g *gathered) (recommend.Input, error) {
	var none recommend.Input
	policy, err := loadPolicy(g.policies, r.policyPath)
	if err != nil {
		return none, err
	}
	if r.customerPrices != "" {
		if policy.CustomerPrices, err = r.readCustomerPrices(g); err != nil {
			return none, err
		}
	}
	list, err := g.customerBook(policy.CustomerPrices)
	if err != nil {
		return none, err
	}
	book, err := r.book(g)
	if err != nil {
		return none, err
	}
	g.accumulator.SetMinAge(policy.MinAge)
	analysis, err := g.analysis(r.only)
	if err != nil {
		return none, err
	}
	owned, hasList := g.owned(analysis)
	// A machine without a customer was only measured: no charge names it.
	if !slices.ContainsFunc(analysis.VMs, func(vm analyzer.VM) bool { return vm.Hours > 0 && vm.Customer != "" }) {
		return none, refused("Give a cost or usage export that holds virtual machines; sizeterm check PATH says what a file holds.",
			fmt.Errorf("no hours of a virtual machine in %s", filesText(len(g.files))))
	}
	if r.only != "" {
		analysis = ofCustomer(analysis, r.only)
	}
	return recommend.Input{Analysis: analysis, Existing: owned, HasList: hasList, Book: book, CustomerBook: list, Policy: policy, Files: g.files}, nil
}

// filesText says in how many files nothing was found.
func filesText(n int) string {
	if n == 1 {
		return "the one file given"
	}
	return fmt.Sprintf("any of the %d files given", n)
}

// book lays the price files of the inputs and those of --prices over the embedded prices.
func (r *recommending) book(g *gathered) (*pricing.Book, error) {
	files, err := r.files()
	if err != nil {
		return nil, err
	}
	over := g.prices
	for _, path := range r.prices {
		inputs, err := ingest.DiscoverWithin([]string{path}, r.in, files.Limits)
		if err != nil {
			return nil, refused("--prices names a price sheet.", err)
		}
		for _, in := range inputs {
			if isNote(in.Name) {
				continue
			}
			if err := g.readPrices(in, files.Limits); err != nil {
				return nil, err
			}
		}
		over = g.prices
	}
	return sheet.NewBook(over...)
}

// readCustomerPrices reads the file of --customer-prices and returns its name.
func (r *recommending) readCustomerPrices(g *gathered) (string, error) {
	files, err := r.files()
	if err != nil {
		return "", err
	}
	inputs, err := ingest.DiscoverWithin([]string{r.customerPrices}, r.in, files.Limits)
	if err == nil && len(inputs) != 1 {
		err = fmt.Errorf("%s: %d files, want one price list", r.customerPrices, len(inputs))
	}
	if err != nil {
		return "", refused("--customer-prices names a price list.", err)
	}
	return g.short(inputs[0]), g.readPrices(inputs[0], files.Limits)
}

// customerBook takes the price list of that name out of the prices, and returns it as a book: it is never the partner's. Of two files of
// the name the later counts. It is nil where there is none of the name, or no name.
func (g *gathered) customerBook(name string) (*pricing.Book, error) {
	var list *sheet.Snapshot
	g.prices = slices.DeleteFunc(g.prices, func(s sheet.Snapshot) bool {
		own := name != "" && (strings.EqualFold(s.Source.Name, name) || strings.EqualFold(path.Base(s.Source.Name), name))
		if own {
			list = &s
		}
		return own
	})
	if list == nil {
		return nil, nil
	}
	b := pricing.NewBuilder()
	b.Add(list.Source, list.Offers)
	return b.Build()
}

// print writes the plan to standard output, and files where they are wanted.
func (r *recommending) print(plan *recommend.Plan, format report.Format, g *gathered) error {
	if err := writeRejects(r.rejectsPath, g.rejects); err != nil {
		return err
	}
	opts := report.Options{Version: release, Width: terminalWidth(r.common.out, report.MaxWidth), Color: r.color(), Verbose: r.verbose,
		PartnerView: r.view == recommend.Partner, CustomerView: r.view == recommend.Customer}
	var err error
	if opts.Display, err = conversionsTo(r.currency, plan); err != nil {
		return err
	}
	if r.out != "" {
		if err := writeFolder(r.out, plan, opts); err != nil {
			return err
		}
		r.note("plan and pictures written to %s", r.out)
	}
	out := bufio.NewWriter(r.common.out)
	if err := report.Write(out, plan, format, opts); err != nil {
		return noCustomerView(err, plan)
	}
	return out.Flush()
}

// noCustomerView says what can be done where a plan has no figures for the customer.
func noCustomerView(err error, plan *recommend.Plan) error {
	if !errors.Is(err, report.ErrPartnerFigures) {
		return err
	}
	for _, w := range plan.Warnings {
		if w.Code == "no_customer_view" {
			err = fmt.Errorf("%w: %s", err, w.Detail)
		}
	}
	return &hintError{code: exitUnexpected, err: err, hint: "--view partner writes it at the partner's prices."}
}

// writeFolder writes the plan in every format and the pictures into dir. Where the customer pays other prices than those of the plan, all
// of that is the partner's view, and the folder customers holds for each customer what can be sent to it.
func writeFolder(dir string, plan *recommend.Plan, opts report.Options) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if _, err := plot.WriteDir(dir, plan); err != nil {
		return err
	}
	opts.Color, opts.Width = false, report.MaxWidth
	sold := plan.ForCustomer()
	opts.PartnerView, opts.CustomerView = sold != plan, false
	var err error
	if opts.Pictures, err = plot.ForReport(plan); err != nil {
		return err
	}
	for _, format := range report.Formats() {
		write := func(w io.Writer) error { return report.Write(w, plan, format, opts) }
		if err := writeFile(filepath.Join(dir, "plan."+extension(format)), write); err != nil {
			return err
		}
	}
	if sold == plan || sold == nil {
		return nil
	}
	return writeSold(filepath.Join(dir, "customers"), sold, opts)
}

// writeSold writes for each customer the documents at its own prices.
func writeSold(dir string, sold *recommend.Plan, opts report.Options) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var err error
	if opts.Pictures, err = plot.ForReport(sold); err != nil {
		return err
	}
	opts.PartnerView = false
	taken := map[string]string{} // whose a name is
	for i := range sold.Totals {
		opts.Customer = sold.Totals[i].Customer
		name := plainName(opts.Customer)
		if owner, ok := taken[name]; ok && owner != opts.Customer {
			name += "-" + sum([]byte(opts.Customer))[:8]
		}
		if _, done := taken[name]; done || opts.Customer == "" {
			continue
		}
		taken[name] = opts.Customer
		for _, format := range []report.Format{report.HTML, report.XLSX, report.Markdown} {
			write := func(w io.Writer) error { return report.Write(w, sold, format, opts) }
			if err := writeFile(filepath.Join(dir, name+"."+extension(format)), write); err != nil {
				return err
			}
		}
	}
	return nil
}

func extension(f report.Format) string {
	switch f {
	case report.Table:
		return "txt"
	case report.Markdown:
		return "md"
	}
	return string(f)
}

// writeFile writes a file whole or not at all.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".sizeterm-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	out := bufio.NewWriter(f)
	if err := write(out); err != nil {
		_ = f.Close()
		return err
	}
	if err := out.Flush(); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// syncDir makes what was renamed into dir survive a power cut.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// writeRejects writes the quarantine where one is wanted.
func writeRejects(path string, rejects []ingest.RowError) error {
	if path == "" {
		return nil
	}
	return writeFile(path, func(w io.Writer) error { return ingest.WriteRejects(w, rejects) })
}

// limit is the most rows that may be refused: a number or a share of the rows read.
type limit struct {
	set     bool
	rows    int64
	percent float64
}

func parseLimit(text string) (limit, error) {
	if text == "" {
		return limit{}, nil
	}
	if share, ok := strings.CutSuffix(text, "%"); ok {
		p, err := strconv.ParseFloat(share, 64)
		if err != nil || !(p >= 0 && p <= 100) {
			return limit{}, usageError("", "--max-rejects: %q: want a number of rows, or a percentage from 0%% to 100%%", text)
		}
		return limit{set: true, rows: -1, percent: p}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return limit{}, usageError("", "--max-rejects: %q: want a number of rows, or a percentage like 1%%", text)
	}
	return limit{set: true, rows: n}, nil
}

// exceeded says in words that too many rows were refused, "" where they were not.
func (l limit) exceeded(rejected, rows int64) string {
	switch {
	case !l.set:
	case l.rows >= 0 && rejected > l.rows:
		return fmt.Sprintf("%d rows refused, at most %d allowed", rejected, l.rows)
	case l.rows < 0 && float64(rejected)*100 > l.percent*float64(rows):
		return fmt.Sprintf("%d of %d rows refused, at most %v %% allowed", rejected, rows, l.percent)
	}
	return ""
}
