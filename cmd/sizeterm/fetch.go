package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"sizeterm/ingest"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/pricing/sheet"
)

func newPricesImport(c *common) *cobra.Command {
	var out string
	var r reading
	cmd := &cobra.Command{
		Use:   "import --out SNAPSHOT PATH",
		Short: "Read a price sheet, say what is in it, and write it as a snapshot",
		Long: `Reads a price sheet (negotiated CSV, EA, MCA or MPA sheet, Partner Center list, saved retail pages) and writes what it
holds as a snapshot: one compact file with source, date, currency and hash, which --prices and recommend read.`,
		Example: "  sizeterm prices import --out west.snapshot.csv price-sheet.zip",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || out == "" {
				return usageError("Try: sizeterm prices import --out west.snapshot.csv price-sheet.csv", "want one PATH and --out")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			opts, err := r.files()
			if err != nil {
				return err
			}
			inputs, err := ingest.DiscoverWithin(args, c.in, opts.Limits)
			if err != nil {
				return refused("", err)
			}
			g := &gathered{names: shortNames(inputs)}
			for _, in := range inputs {
				if err := g.readPrices(in, opts.Limits); err != nil {
					return err
				}
			}
			if len(g.prices) != 1 {
				return refused("", fmt.Errorf("%s: holds %d price sheets: import one at a time", args[0], len(g.prices)))
			}
			for i, reject := range g.rejects {
				if i == shownRefusals {
					c.note("and %d more", len(g.rejects)-shownRefusals)
					break
				}
				c.note("refused: %s", printable(reject.Error()))
			}
			return c.writeSnapshot(out, g.prices[0])
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "snapshot file to write")
	r.limitFlag(cmd.Flags())
	return cmd
}

func (c *common) writeSnapshot(path string, s sheet.Snapshot) error {
	if err := writeFile(path, func(w io.Writer) error { return sheet.WriteSnapshot(w, s) }); err != nil {
		return err
	}
	c.note("%d prices of %s, dated %s, written to %s", len(s.Offers), printable(s.Source.Name), s.Source.AsOf.Format(time.DateOnly), path)
	return nil
}

// fetching are the flags of prices fetch.
type fetching struct {
	*common
	regions             []string
	currency, out, asOf string
	url, pages          string
	attempts            int
}

func newPricesFetch(c *common) *cobra.Command {
	f := &fetching{common: c}
	cmd := &cobra.Command{
		Use:   "fetch --region REGION... --out SNAPSHOT",
		Short: "Fetch live retail prices and write them as a snapshot",
		Long: `Asks the public retail price list for all VM and reservation prices of the regions, page by page to its end, and
writes a snapshot. A list that is cut, changes under way or refers to itself is an error, never a shorter list. Exit code 5
when the list cannot be reached: try again, with --pages FOLDER it goes on where it stopped.`,
		Example: "  sizeterm prices fetch --region westeurope --region northeurope --out europe.snapshot.csv",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.regions, "region", nil, "region in any spelling (repeatable)")
	flags.StringVar(&f.currency, "currency", "USD", "currency; only USD is the real price, the others are reference conversions")
	flags.StringVar(&f.out, "out", "", "snapshot file to write")
	flags.StringVar(&f.asOf, "as-of", "", "day of the prices, YYYY-MM-DD (default: today)")
	flags.StringVar(&f.pages, "pages", "", "existing folder in which pages are kept, so that an interrupted fetch goes on")
	flags.IntVar(&f.attempts, "attempts", 6, "how often a page is asked for before the list counts as unavailable")
	flags.StringVar(&f.url, "url", "", "address of the price list (default: the public one)")
	return cmd
}

func (f *fetching) run(ctx context.Context) error {
	if len(f.regions) == 0 || f.out == "" {
		return usageError("Try: sizeterm prices fetch --region westeurope --out europe.snapshot.csv", "want at least one --region and --out")
	}
	query := sheet.Query{AsOf: time.Now().UTC()}
	for _, text := range f.regions {
		region, ok := catalog.RegionOf(text)
		if !ok {
			return usageError("", "--region: %q: no such region", text)
		}
		query.Regions = append(query.Regions, region)
	}
	var err error
	if query.Currency, err = money.ParseCode(f.currency); err != nil {
		return usageError("", "--currency: %w", err)
	}
	if f.asOf != "" {
		if query.AsOf, err = time.Parse(time.DateOnly, f.asOf); err != nil {
			return usageError("", "--as-of: %q: want a day as YYYY-MM-DD", f.asOf)
		}
	}
	fetcher := sheet.Fetcher{Client: &http.Client{Timeout: time.Minute}, URL: f.url, Attempts: f.attempts, Sleep: sleep,
		Progress: func(pages, items int) { f.note("%d pages, %d items", pages, items) }}
	if f.pages != "" {
		fetcher.Store = sheet.Folder(f.pages)
	}
	snapshot, _, err := fetcher.Fetch(ctx, query)
	if errors.Is(err, sheet.ErrUnavailable) {
		return &hintError{code: exitUnavailable, err: err, hint: "Try again later; --pages FOLDER keeps what was fetched."}
	}
	if err != nil {
		return err
	}
	return f.writeSnapshot(f.out, snapshot)
}

// sleep waits, or returns early when the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
