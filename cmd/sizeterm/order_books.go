package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

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
		n, err := o.readBook(ctx, books, in)
		if err != nil {
			return nil, err
		}
		rejected += n
	}
	if rejected > 0 {
		o.note("%d rows were refused: sizeterm check says which and why", rejected)
	}
	return books, nil
}

// readBook reads one file and returns how many of its rows were refused.
func (o *ordering) readBook(ctx context.Context, books *prove.Books, in ingest.Input) (int64, error) {
	if head, err := headOf(in); err == nil {
		if _, prices := sheet.Detect(head); prices || isPolicy(head) || isNote(in.Name) {
			o.note("%s: no file of charges or usage, set aside", in.Name)
			return 0, nil
		}
	}
	r, err := ingest.NewReader(in, ingest.Options{})
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
	books.AddHeld(r.Commitments()...)
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

func (o *ordering) verifyCommand() *cobra.Command {
	var out, share string
	var record bool
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
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choose("output", o.output, prove.Formats...); err != nil {
				return err
			}
			points, err := basisPoints(share)
			if err != nil {
				return err
			}
			books, err := o.readBooks(cmd.Context(), args)
			if err != nil {
				return err
			}
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, actor string) error {
				return o.verify(cmd.Context(), d, actor, books, prove.Options{Now: d.Now(), FeeShare: points}, out, record)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.output, "output", "table", "table, json, csv or html")
	f.StringVar(&out, "out", "", "write to this file")
	f.StringVar(&o.customer, "customer", "", "only orders of this customer")
	f.StringVar(&share, "fee-share", "", "your share of the realised saving, for the bill: 15%")
	f.BoolVar(&record, "record", true, "record orders that the files show as verified")
	return cmd
}

// basisPoints reads "15%" or "12.5%".
func basisPoints(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	var whole, part int64
	bad := usageError("", "--fee-share: %q: want a percentage from 0%% to 100%%", text)
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

func (o *ordering) verify(ctx context.Context, d *order.Desk, actor string, books *prove.Books, opts prove.Options, out string, record bool) error {
	all, err := d.Orders(ctx)
	if err != nil {
		return err
	}
	if o.customer != "" {
		all = slices.DeleteFunc(all, func(x order.Order) bool { return x.Line.Customer != o.customer })
	}
	report, err := prove.Verify(all, books, opts)
	if err != nil {
		return refused("Name the files of the months after the purchase.", err)
	}
	if record {
		if err := d.Proved(ctx, actor, report.Proofs()); err != nil {
			return err
		}
	}
	write := func(w io.Writer) error { return report.Write(w, o.output) }
	if out != "" {
		return writeFile(out, write)
	}
	w := bufio.NewWriter(o.out)
	return errors.Join(write(w), w.Flush())
}
