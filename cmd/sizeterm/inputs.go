package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sizeterm/analyzer"
	"sizeterm/analyzer/shard"
	"sizeterm/ingest"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/sheet"
	"sizeterm/recommend"
)

// reading are the flags of commands that read usage files.
type reading struct {
	locale, rejectsPath string
	asOf                string
	lookback            int
	limits              []string
	currency, customer  string   // of files that name none
	currencies          []string // CUSTOMER=CODE, or CODE of all others
}

func (r *reading) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	r.fileFlags(cmd)
	f.StringVar(&r.rejectsPath, "rejects", "", "write the rows that were refused, with file, line, column, value and reason, to this CSV")
	f.StringVar(&r.asOf, "as-of", "", "day of the plan, YYYY-MM-DD (default: the day after the last usage day)")
	f.IntVar(&r.lookback, "lookback", 0, "days of usage to look at, ending at --as-of (default: all that the files hold, in whole weeks)")
}

// fileFlags are the flags that say how files are read.
func (r *reading) fileFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&r.locale, "locale", "", "decimal mark and date order of the files where they do not decide it, e.g. de-DE")
	f.StringVar(&r.currency, "file-currency", "", "currency of files that name none, e.g. EUR")
	f.StringVar(&r.customer, "file-customer", "", "customer of files that name none")
	f.StringSliceVar(&r.currencies, "customer-currency", nil, "currency that a customer is billed in, CUSTOMER=EUR, or EUR for all others (repeatable): rows in another one are set apart")
	r.limitFlag(f)
}

// limitFlag is the flag of what a file may hold.
func (r *reading) limitFlag(f *pflag.FlagSet) {
	f.StringSliceVar(&r.limits, "limit", nil, "limit on what a file, a price sheet too, may hold, e.g. record=2MiB (repeatable): record, field, columns, rows, unpacked, ratio, entries, depth, rejects")
}

// programWritten is a day that no right clock precedes: a clock that does is not asked whether a row lies in the future.
var programWritten = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

// files turns the flags into those of ingest. Rows of days to come are refused: one of them would move the whole window.
func (r *reading) files() (ingest.Options, error) {
	opts := ingest.Options{Locale: r.locale, Customer: r.customer, Currency: strings.ToUpper(r.currency), Now: time.Now().UTC()}
	if opts.Now.Before(programWritten) {
		opts.Now = programWritten
	}
	if c := opts.Currency; c != "" && !isCurrency(c) {
		return opts, usageError("", "--file-currency: %q: want a currency code such as EUR", r.currency)
	}
	for _, text := range r.currencies {
		customer, code, named := strings.Cut(text, "=")
		if !named {
			customer, code = "*", text
		}
		customer, code = strings.ToLower(strings.TrimSpace(customer)), strings.ToUpper(strings.TrimSpace(code))
		if customer == "" || !isCurrency(code) {
			return opts, usageError("", "--customer-currency: %q: want CUSTOMER=EUR, or EUR for all others", text)
		}
		if before, twice := opts.Currencies[customer]; twice && before != code {
			return opts, usageError("", "--customer-currency: %q: %s is said already", text, before)
		}
		if opts.Currencies == nil {
			opts.Currencies = map[string]string{}
		}
		opts.Currencies[customer] = code
	}
	for _, l := range r.limits {
		if err := opts.Limits.Set(l); err != nil {
			return opts, usageError("", "--limit: %w", err)
		}
	}
	return opts, nil
}

// isCurrency reports whether a code has the form of ISO 4217.
func isCurrency(code string) bool {
	return len(code) == 3 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// options turns the flags into those of the analyzer.
func (r *reading) options(minAge time.Duration) (analyzer.Options, error) {
	opts := analyzer.Options{LookbackDays: r.lookback, MinAge: minAge}
	if r.lookback < 0 {
		return opts, usageError("", "--lookback: %d: want a number of days, or 0 for all", r.lookback)
	}
	if r.asOf != "" {
		day, err := time.Parse("2006-01-02", r.asOf)
		if err != nil {
			return opts, usageError("", "--as-of: %q: want a day as YYYY-MM-DD", r.asOf)
		}
		opts.AsOf = day
	}
	return opts, nil
}

// gathered is everything that the files of one run hold.
type gathered struct {
	accumulator *analyzer.Accumulator
	held        []usage.Holding
	hasList     bool
	prices      []sheet.Snapshot
	policies    []policyFile
	files       []recommend.File
	summaries   []ingest.Summary
	rejects     []ingest.RowError
	rejected    int64
	rows        int64
	bar         *progress
	names       map[string]string // of inputs, short: see shortNames
	opts        analyzer.Options
	partials    *shard.Store // nil: nothing is kept
}

// shortNames gives each input its base name, or its whole name where two share a base name: a plan does not depend on where
// on a machine the files lay.
func shortNames(inputs []ingest.Input) map[string]string {
	count := map[string]int{}
	for _, in := range inputs {
		count[path.Base(in.Name)]++
	}
	names := map[string]string{}
	for _, in := range inputs {
		names[in.Name] = in.Name
		if base := path.Base(in.Name); count[base] == 1 {
			names[in.Name] = base
		}
	}
	return names
}

// short returns the short name of an input.
func (g *gathered) short(in ingest.Input) string {
	if name, ok := g.names[in.Name]; ok {
		return name
	}
	return path.Base(in.Name)
}

// discover lists the files that paths name; none at all is an error.
func (c *common) discover(paths []string, limits ingest.Limits) ([]ingest.Input, error) {
	inputs, err := ingest.DiscoverWithin(paths, c.in, limits)
	if err != nil {
		return nil, refused("Name an existing file or folder, or - for standard input.", err)
	}
	if len(inputs) == 0 {
		return nil, refused("Put a cost or usage export there, or name another folder; sizeterm demo --out FOLDER writes files to try with.", fmt.Errorf("%s: no file in it", strings.Join(paths, ", ")))
	}
	return inputs, nil
}

// gather reads every input named by paths: usage and samples into an accumulator, lists and prices beside it. A file of no
// known kind is an error that names it.
func (c *common) gather(ctx context.Context, paths []string, r *reading, opts analyzer.Options) (*gathered, error) {
	files, err := r.files()
	if err != nil {
		return nil, err
	}
	inputs, err := c.discover(paths, files.Limits)
	if err != nil {
		return nil, err
	}
	inputs, err = c.distinct(inputs)
	if err != nil {
		return nil, err
	}
	return c.collect(ctx, inputs, func(ingest.Input) ingest.Options { return files }, opts, nil)
}

// collect reads inputs, each as its options say. Where there is a store of partials, what an earlier run has read of the same
// bytes is not read again.
func (c *common) collect(ctx context.Context, inputs []ingest.Input, files func(ingest.Input) ingest.Options, opts analyzer.Options, partials *shard.Store) (*gathered, error) {
	g := &gathered{accumulator: analyzer.New(opts), names: shortNames(inputs), opts: opts, partials: partials}
	total := int64(0)
	for _, in := range inputs {
		total += in.Size
	}
	bar := c.newProgress(total, "reading")
	defer bar.close()
	g.bar = bar
	for _, in := range inputs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := c.read(ctx, g, in, files(in)); err != nil {
			return nil, err
		}
		bar.add(in.Size)
	}
	sort.Slice(g.files, func(i, j int) bool { return g.files[i].Name < g.files[j].Name })
	return g, nil
}

// distinct drops inputs whose bytes another input already brings: the same file twice counts once.
func (c *common) distinct(inputs []ingest.Input) ([]ingest.Input, error) {
	twins, err := ingest.Duplicates(inputs)
	if err != nil {
		return nil, refused("", err)
	}
	var kept []ingest.Input
	for i, in := range inputs {
		if first, twice := twins[i]; twice {
			c.note("%s: the same bytes as %s: counted once", in.Name, inputs[first].Name)
			continue
		}
		kept = append(kept, in)
	}
	return kept, nil
}

// headBytes is how much of a file is looked at to find its kind.
const headBytes = 64 << 10

// read puts one input where it belongs.
func (c *common) read(ctx context.Context, g *gathered, in ingest.Input, files ingest.Options) error {
	if isNote(in.Name) {
		c.note("%s: a text for people, set aside", in.Name)
		g.files = append(g.files, recommend.File{Name: g.short(in), Kind: "note"})
		return nil
	}
	head, err := headOf(in)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return refused("", err)
	}
	if isPolicy(head) {
		text, err := wholeOf(in)
		g.policies = append(g.policies, policyFile{in.Name, text})
		g.files = append(g.files, recommend.File{Name: g.short(in), Kind: "policy", SHA256: sum(text)})
		return err
	}
	if _, ok := sheet.Detect(head); ok {
		return g.readPrices(in, files.Limits)
	}
	if g.partials != nil {
		err = g.readPartial(ctx, in, files)
	} else {
		err = c.readUsage(ctx, g, in, files)
	}
	if pricesInstead(in, files.Limits, err) {
		return g.readPrices(in, files.Limits)
	}
	return err
}

// isNote reports whether a file of a folder is documentation by its name: a README or Markdown page is no input.
func isNote(name string) bool {
	base := strings.ToLower(path.Base(name))
	return strings.HasPrefix(base, "readme") || strings.HasSuffix(base, ".md")
}

// unpacked opens an input as it is but for gzip: price sheets and policies have readers of their own.
func unpacked(in ingest.Input) (io.ReadCloser, error) {
	f, err := in.Open()
	if err != nil {
		return nil, err
	}
	buffered := bufio.NewReader(f)
	magic, _ := buffered.Peek(2)
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return readCloser{buffered, f}, nil
	}
	plain, err := gzip.NewReader(buffered)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return readCloser{plain, f}, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

// headOf returns the first bytes of an input, unpacked. What cannot be unpacked has no head here: the reader of usage
// files opens it again and names the damage.
func headOf(in ingest.Input) ([]byte, error) {
	f, err := unpacked(in)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, headBytes)
	n, err := io.ReadFull(f, head)
	if n > 0 || errors.Is(err, io.EOF) {
		err = nil
	}
	return head[:n], err
}

// maxPolicy is the size that no policy file exceeds.
const maxPolicy = 1 << 20

func wholeOf(in ingest.Input) ([]byte, error) {
	f, err := unpacked(in)
	if err != nil {
		return nil, refused("", fmt.Errorf("%s: %w", in.Name, err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPolicy+1))
	if err != nil {
		return nil, refused("", fmt.Errorf("%s: %w", in.Name, err))
	}
	if len(text) > maxPolicy {
		return nil, refused("A policy holds rules only: see docs/POLICY.md.", fmt.Errorf("%s: more than %d bytes, which no policy has", in.Name, maxPolicy))
	}
	return text, nil
}

// readPrices reads a price file into the book's material, within the limits that hold for every file.
func (g *gathered) readPrices(in ingest.Input, l ingest.Limits) error {
	f, err := ingest.AsText(in, l).Open() // gzip and zip are unpacked there
	if err != nil {
		return refused("", fmt.Errorf("%s: %w", in.Name, err))
	}
	defer f.Close()
	digest, err := hashOnDisk(in)
	if err != nil {
		return refused("", fmt.Errorf("%s: %w", in.Name, err))
	}
	limits := sheet.Limits{Unpacked: l.Unpacked, Ratio: l.Ratio, Entries: l.Entries, Record: l.Record, Field: l.Field, Columns: l.Columns, Depth: l.Depth}
	source, offers, rejects, err := limits.ReadAt(g.short(in), f, time.Time{})
	if errors.Is(err, sheet.ErrTooLarge) {
		return refused("--limit NAME=N sets what a file may hold: see docs/FORMATS.md.", err)
	}
	if err != nil {
		return refused("A price file holds one price a line: see docs/FORMATS.md.", err)
	}
	source.SHA256 = digest
	g.prices = append(g.prices, sheet.Snapshot{Source: source, Offers: offers})
	file := recommend.File{Name: g.short(in), SHA256: source.SHA256, Kind: "prices", Dialect: source.Kind, Rows: int64(max(source.Read, source.Rows+len(rejects))), Rejected: int64(len(rejects))}
	file.Accepted = file.Rows - file.Rejected
	g.files = append(g.files, file)
	for _, reject := range rejects {
		g.rejects = append(g.rejects, ingest.RowError{File: in.Name, Line: int64(reject.Line), Column: reject.Column, Value: reject.Value, Err: reject.Err})
	}
	g.rejected += int64(len(rejects))
	g.rows += file.Rows
	return nil
}

// readUsage reads charges, samples or a reservation list.
func (c *common) readUsage(ctx context.Context, g *gathered, in ingest.Input, files ingest.Options) error {
	reader, err := ingest.NewReader(in, files)
	if err != nil {
		return refused(wayOut(err), err)
	}
	defer reader.Close()
	for reader.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := g.accumulator.Add(reader.Record()); err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
		g.bar.within(min(reader.BytesRead(), in.Size))
	}
	if err := reader.Err(); err != nil {
		return refused(wayOut(err), err)
	}
	g.add(in, reader.Summary(), reader.Holdings(), reader.Rejects())
	return nil
}

// readPartial reads charges, samples or a reservation list, or takes what an earlier run kept of them.
func (g *gathered) readPartial(ctx context.Context, in ingest.Input, files ingest.Options) error {
	work := shard.Work{Inputs: []ingest.Input{in}, Reading: files, Analysis: g.opts, Store: g.partials, Runner: shard.Local{Workers: 1}}
	result, err := work.Run(ctx)
	if err != nil {
		return refused(wayOut(err), err)
	}
	if err := g.accumulator.Merge(result.Accumulator); err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	file := result.Files[0]
	var rejects []ingest.RowError
	for _, reject := range file.Rejects {
		rejects = append(rejects, reject.RowError())
	}
	g.add(in, file.Summary, file.Holdings, rejects)
	return nil
}

// analysis is what the rows say, with a warning for each file and customer whose rows were set apart for their currency; of one
// customer alone where only names it.
func (g *gathered) analysis(only string) (*analyzer.Analysis, error) {
	var lost []analyzer.RefusedSamples
	for _, s := range g.summaries {
		for _, f := range s.Refused {
			lost = append(lost, analyzer.RefusedSamples{Resource: f.Resource, VM: f.VM, Rows: f.Rows, First: f.Say(g.short(ingest.Input{Name: s.Name}))})
		}
	}
	g.accumulator.SetRefused(lost)
	found, err := g.accumulator.Analysis()
	if err != nil {
		return nil, err
	}
	for _, s := range g.summaries {
		for _, n := range s.Notices {
			if n.Code == "other_currency" && strings.Contains(n.Detail, only) {
				found.Warnings = append(found.Warnings, analyzer.Warning{Code: n.Code, Subject: g.short(ingest.Input{Name: s.Name}), Detail: fmt.Sprintf("%s: %d are set apart", n.Detail, n.Rows)})
			}
		}
	}
	return found, nil
}

// add notes what a file of usage held beside its rows.
func (g *gathered) add(in ingest.Input, s ingest.Summary, held []usage.Holding, rejects []ingest.RowError) {
	if s.Kind == ingest.KindReservations {
		g.hasList = g.hasList || s.Dialect == "reservation-list"
		for _, h := range held {
			h.File = g.short(in)
			g.held = append(g.held, h)
		}
	}
	g.summaries = append(g.summaries, s)
	g.rejects = append(g.rejects, rejects...)
	g.rejected += s.Rejected
	g.rows += s.Rows
	g.files = append(g.files, fileOf(g.short(in), s))
}
