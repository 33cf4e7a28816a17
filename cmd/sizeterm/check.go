package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"sizeterm/ingest"
	"sizeterm/pricing/sheet"
	"sizeterm/recommend"
)

// checked is what was found out about one file.
type checked struct {
	Name       string         `json:"name"`
	Kind       string         `json:"kind"`
	Dialect    string         `json:"dialect,omitempty"`
	Export     string         `json:"export,omitempty"` // "actual", "amortized", "focus", "usage", "invoice"
	Dataset    string         `json:"-"`
	Encoding   string         `json:"encoding,omitempty"`
	SHA256     string         `json:"sha256,omitempty"`
	Rows       int64          `json:"rows"`
	Accepted   int64          `json:"accepted"`
	Rejected   int64          `json:"rejected"`
	SetApart   []apart        `json:"set_apart"`
	From       string         `json:"from,omitempty"`
	To         string         `json:"to,omitempty"`
	Grain      string         `json:"grain,omitempty"`
	Customers  []string       `json:"customers"`
	Currencies []string       `json:"currencies"`
	Totals     []checkedTotal `json:"totals"`
	Notices    []string       `json:"notices"`
	Missing    []string       `json:"missing"`
	Refusals   []string       `json:"refusals"`
	Refused    string         `json:"refused,omitempty"` // why the whole file cannot be used
	Way        string         `json:"way,omitempty"`     // out of Refused
	days       []time.Time    // on which its rows begin
}

type apart struct {
	Reason string `json:"reason"`
	Rows   int64  `json:"rows"`
}

type checkedTotal struct {
	Currency string `json:"currency"`
	Kind     string `json:"kind"`
	Rows     int64  `json:"rows"`
	Cost     string `json:"cost"`
}

// noCurrency is the code of ISO 4217 for none.
const noCurrency = "XXX"

// shownRefusals is how many refused rows check prints of one file.
const shownRefusals = 10

func newCheck(c *common) *cobra.Command {
	var r reading
	var output string
	cmd := &cobra.Command{
		Use:   "check PATH...",
		Short: "What each file is, its period and grain, what would be refused and why",
		Long: `Reads each file as recommend would and says what it is, which period and grain it has, how many rows it holds, which
rows were set apart and why, which would be refused, and what is missing for a better plan. Exit code 3 when a file
or a row would be refused.`,
		Example: `  sizeterm check testdata/contoso
  sizeterm check --output json export.csv | jq .rejected`,
		Args: wantPaths,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choose("output", output, "table", "json"); err != nil {
				return err
			}
			return c.check(cmd.Context(), args, &r, output)
		},
	}
	r.fileFlags(cmd)
	cmd.Flags().StringVar(&r.rejectsPath, "rejects", "", "write the rows that would be refused to this CSV")
	cmd.Flags().StringVar(&output, "output", "table", "table, or json: one object a file and line")
	return cmd
}

func (c *common) check(ctx context.Context, paths []string, r *reading, output string) error {
	opts, err := r.files()
	if err != nil {
		return err
	}
	inputs, err := c.discover(paths, opts.Limits)
	if err != nil {
		return err
	}
	twins, err := ingest.Duplicates(inputs)
	if err != nil {
		return refused("", err)
	}
	out := bufio.NewWriter(c.out)
	var all []checked
	var rejects []ingest.RowError
	for i, in := range inputs {
		if err := ctx.Err(); err != nil {
			return err
		}
		file, bad := c.checkFile(ctx, in, opts)
		if first, twice := twins[i]; twice {
			file.Notices = append(file.Notices, fmt.Sprintf("the same bytes as %s: counted once", inputs[first].Name))
			file.Dataset = inputs[first].Dataset
		}
		rejects = append(rejects, bad...)
		all = append(all, file)
		if output == "json" {
			if err := json.NewEncoder(out).Encode(file); err != nil {
				return err
			}
			continue
		}
		file.print(out)
	}
	if output == "table" {
		for _, line := range missing(all) {
			fmt.Fprintln(out, line)
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if err := writeRejects(r.rejectsPath, rejects); err != nil {
		return err
	}
	return verdict(all)
}

// verdict is the error of a check that found something to refuse.
func verdict(all []checked) error {
	files, rows := 0, int64(0)
	for _, f := range all {
		if f.Refused != "" {
			files++
		}
		rows += f.Rejected
	}
	if files == 0 && rows == 0 {
		return nil
	}
	return refused("recommend goes on without refused rows; it stops at a refused file.", fmt.Errorf("%d of %d files and %d rows would be refused", files, len(all), rows))
}

// checkFile reads one input to its end.
func (c *common) checkFile(ctx context.Context, in ingest.Input, opts ingest.Options) (checked, []ingest.RowError) {
	f := checked{Name: in.Name, Dataset: in.Dataset, SetApart: []apart{}, Customers: []string{}, Currencies: []string{}, Totals: []checkedTotal{}, Notices: []string{}, Missing: []string{}, Refusals: []string{}}
	if isNote(in.Name) {
		f.Kind = "note"
		f.Notices = append(f.Notices, "a text for people: set aside")
		return f, nil
	}
	head, _ := headOf(in) // what cannot be read is refused below, by name
	if isPolicy(head) {
		f.Kind = "policy"
		text, err := wholeOf(in)
		if err == nil {
			p := recommend.DefaultPolicy()
			err = policyFile{in.Name, text}.apply(&p)
		}
		if err != nil {
			f.Refused = err.Error()
		}
		return f, nil
	}
	if _, ok := sheet.Detect(head); ok {
		return f.prices(in, opts.Limits)
	}
	return f.usage(ctx, in, opts)
}

// prices checks a price file.
func (f checked) prices(in ingest.Input, limits ingest.Limits) (checked, []ingest.RowError) {
	g := &gathered{}
	f.Kind = "prices"
	if err := g.readPrices(in, limits); err != nil {
		f.Refused = err.Error()
		return f, nil
	}
	file := g.files[0]
	f.Dialect, f.SHA256, f.Rows, f.Accepted, f.Rejected = file.Dialect, file.SHA256, file.Rows, file.Accepted, file.Rejected
	dated := "of no date, which counts as old"
	if at := g.prices[0].Source.AsOf; !at.IsZero() {
		dated = "dated " + at.Format(time.DateOnly)
	}
	f.Notices = append(f.Notices, fmt.Sprintf("%d prices of %s, %s", len(g.prices[0].Offers), g.prices[0].Source.Currency, dated))
	f.refusals(g.rejects)
	return f, g.rejects
}

// usage checks a file of charges, samples or reservations.
func (f checked) usage(ctx context.Context, in ingest.Input, opts ingest.Options) (checked, []ingest.RowError) {
	reader, err := ingest.NewReader(in, opts)
	if pricesInstead(in, opts.Limits, err) {
		return f.prices(in, opts.Limits)
	}
	if err != nil {
		f.Kind, f.Refused, f.Way = "unknown", err.Error(), wayOut(err)
		if errors.Is(err, ingest.ErrNoRows) || errors.Is(err, ingest.ErrEmpty) {
			f.Kind = "empty"
		}
		return f, nil
	}
	defer reader.Close()
	for reader.Next() && ctx.Err() == nil {
	}
	s := reader.Summary()
	f.Kind, f.Dialect, f.Export, f.Encoding, f.SHA256 = string(s.Kind), s.Dialect, s.Export, s.Encoding, s.SHA256
	f.Rows, f.Rejected, f.Accepted = s.Rows, s.Rejected, s.Rows-s.Rejected
	if !s.From.IsZero() {
		f.From, f.To = s.From.Format(time.RFC3339), s.To.Format(time.RFC3339)
	}
	f.Grain, f.Customers = grainText(s.Grain), append(f.Customers, s.Customers...)
	f.Missing, f.days = append(f.Missing, s.Missing...), s.Days
	for _, t := range s.Totals {
		if t.Currency != noCurrency && !slices.Contains(f.Currencies, t.Currency) {
			f.Currencies = append(f.Currencies, t.Currency)
		}
	}
	for _, a := range s.SetApart {
		f.SetApart = append(f.SetApart, apart{a.Reason, a.Rows})
	}
	for _, t := range s.Totals {
		f.Totals = append(f.Totals, checkedTotal{t.Currency, t.Kind, t.Rows, t.Cost})
	}
	for _, n := range s.Notices {
		if n.Rows > 0 {
			n.Detail += fmt.Sprintf(" (%d rows)", n.Rows)
		}
		f.Notices = append(f.Notices, n.Detail)
	}
	if err := reader.Err(); err != nil {
		f.Refused, f.Way = err.Error(), wayOut(err)
	}
	f.refusals(reader.Rejects())
	return f, reader.Rejects()
}

func (f *checked) refusals(rejects []ingest.RowError) {
	for i, reject := range rejects {
		if i == shownRefusals {
			f.Refusals = append(f.Refusals, fmt.Sprintf("and %d more: write them all with --rejects PATH", f.Rejected-shownRefusals))
			return
		}
		f.Refusals = append(f.Refusals, reject.Error())
	}
}
