package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/ingest"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/sheet"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/prove"
)

// readBooks reads the vendor's files of some months: cost exports, reconciliation files, reservation details and summaries,
// transactions, lists. Files of another known kind are passed over with a note.
func (o *ordering) readBooks(ctx context.Context, paths []string) (*prove.Books, error) {
	inputs, err := ingest.Discover(paths, o.in)
	if err != nil {
		return nil, refused("Name an existing file or folder, or - for standard input.", err)
	}
	if inputs, err = o.distinct(inputs); err != nil {
		return nil, err
	}
	books := &prove.Books{}
	rejected := int64(0)
	for _, in := range inputs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := o.readBook(ctx, books, in, ingest.Options{})
		if err != nil {
			return nil, err
		}
		rejected += n
	}
	for _, d := range books.Doubts() {
		o.note("%s: %s", d.Subject, d.Detail)
	}
	if rejected > 0 {
		o.note("%d rows were refused: sizeterm check says which and why", rejected)
	}
	return books, nil
}

// readBook reads one file and returns how many of its rows were refused.
func (c *common) readBook(ctx context.Context, books *prove.Books, in ingest.Input, opts ingest.Options) (int64, error) {
	if head, err := headOf(in); err == nil {
		if _, prices := sheet.Detect(head); prices || isPolicy(head) || isNote(in.Name) {
			c.note("%s: no file of charges or usage, set aside", in.Name)
			return 0, nil
		}
	}
	r, err := ingest.NewReader(in, opts)
	if err != nil {
		return 0, refused(wayOut(err), err)
	}
	defer r.Close()
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if !r.Record().Schema().Equal(usage.ChargeSchema) {
			continue // metrics prove nothing here
		}
		charges, err := usage.ChargesOf(r.Record())
		if err != nil {
			return 0, fmt.Errorf("%s: %w", in.Name, err)
		}
		books.AddCharges(charges)
	}
	if err := r.Err(); err != nil {
		return 0, refused(wayOut(err), err)
	}
	books.AddHeld(r.Holdings()...)
	for _, l := range r.InvoiceLines() {
		books.AddInvoice(prove.InvoiceLine(l))
	}
	for _, t := range r.Transactions() {
		books.AddTransactions(prove.Transaction(t))
	}
	for _, l := range r.Links() {
		books.AddLink(l.Reservation, l.Order)
	}
	for _, u := range r.ReservationUses() {
		books.AddUses(prove.Use(u))
	}
	return r.RejectCount(), nil
}

// lists reads the reservations that the files list.
func (o *ordering) lists(ctx context.Context, paths []string) ([]usage.Commitment, error) {
	books, err := o.readBooks(ctx, paths)
	if err != nil {
		return nil, err
	}
	return books.Held(), nil
}

// verifying are the flags of order verify.
type verifying struct {
	*ordering
	out    string
	share  string
	record bool
}

func (o *ordering) verifyCommand() *cobra.Command {
	v := &verifying{ordering: o}
	cmd := &cobra.Command{
		Use: "verify PATH…", Short: "Was it bought, charged as quoted, used, and did the saving come true", Args: cobra.MinimumNArgs(1),
		Long: `Compares the orders that were sent with the files of the months after: cost exports, invoice reconciliation files,
reservation details and summaries, reservation transactions, reservation lists. By order and month it says

  bought    as ordered, or what differs; not found
  charged   as quoted, in the currency of the order, with the vendor's rules of rounding; invoices are added up by currency
  used      0 %, 1 to 99 %, 100 %: three findings with three ways out; the first two days after a purchase do not count
  saving    promised and realised over the same hours, the difference split into late start, price, another reservation,
            scope and demand; the parts add up to it

and which charges have no order, and which orders no charge. An order that the files show is recorded as verified.`,
		Example: `  sizeterm order verify cost-export-2026-11.csv.gz reconciliation-2026-11.csv
  sizeterm order verify november/ --output html --out november.html --fee-share 15%`,
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.output, "output", "table", "table, json, csv or html")
	f.StringVar(&v.out, "out", "", "write to this file")
	f.StringVar(&o.customer, "customer", "", "only orders of this customer")
	f.StringVar(&v.share, "fee-share", "", "your share of the realised saving, for the bill: 15%")
	f.BoolVar(&v.record, "record", true, "record orders that the files show as verified, and keep what was found for the pages of the service")
	return cmd
}

func (v *verifying) run(ctx context.Context, paths []string) error {
	if err := choose("output", v.output, prove.Formats...); err != nil {
		return err
	}
	points, err := basisPoints("fee-share", v.share)
	if err != nil {
		return err
	}
	books, err := v.readBooks(ctx, paths)
	if err != nil {
		return err
	}
	return v.partner(ctx, func(d *order.Desk, p *store.Partner, actor string) error {
		all, err := d.Orders(ctx)
		if err != nil {
			return err
		}
		if v.customer != "" {
			all = slices.DeleteFunc(all, func(x order.Order) bool { return !strings.EqualFold(x.Line.Customer, v.customer) })
		}
		report, err := prove.Verify(all, books, prove.Options{Now: d.Now(), FeeShare: points})
		if err != nil {
			return refused("Name the files of the months after the purchase.", err)
		}
		if v.record {
			if err := d.Proved(ctx, actor, report.Proofs()); err != nil {
				return err
			}
			if err := v.keep(ctx, p, report); err != nil {
				return err
			}
		}
		return v.print(report)
	})
}

// keep keeps what was found by customer and month.
func (v *verifying) keep(ctx context.Context, p *store.Partner, report *prove.Report) error {
	months := slices.DeleteFunc(report.Months(), func(m prove.Month) bool { return v.customer != "" && !strings.EqualFold(m.Customer, v.customer) })
	return p.PutProofs(ctx, "", months)
}

func (v *verifying) print(report *prove.Report) error {
	write := func(w io.Writer) error { return report.Write(w, v.output) }
	if v.out != "" {
		return writeFile(v.out, write)
	}
	w := bufio.NewWriter(v.common.out)
	return errors.Join(write(w), w.Flush())
}

// basisPoints reads the "15%" or "12.5%" of a flag.
func basisPoints(flag, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	var whole, part int64
	bad := usageError("", "--%s: %q: want a percentage from 0%% to 100%%", flag, text)
	if n, _ := fmt.Sscanf(text, "%d.%2d%%", &whole, &part); n != 2 {
		if n, err := fmt.Sscanf(text, "%d%%", &whole); n != 1 || err != nil {
			return 0, bad
		}
	} else if len(text) > 3 && text[len(text)-3] == '.' {
		part *= 10
	}
	points := whole*100 + part
	if whole < 0 || points > 10_000 {
		return 0, bad
	}
	return points, nil
}
