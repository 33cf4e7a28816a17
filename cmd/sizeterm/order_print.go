package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/paper"
)

// parseAmount reads "136816.00 USD".
func parseAmount(text string) (money.Amount, error) {
	number, currency, ok := strings.Cut(strings.TrimSpace(text), " ")
	if !ok {
		return money.Amount{}, usageError(`Write it as "136816.00 USD": the sum that you read.`, "--amount: %q: not a number and a currency", text)
	}
	code, err := money.ParseCode(strings.TrimSpace(currency))
	if err != nil {
		return money.Amount{}, usageError("", "--amount: %w", err)
	}
	sum, err := money.Parse(number, code)
	if err != nil {
		return sum, usageError("", "--amount: %q: %w", number, err)
	}
	return sum, nil
}

// shownOrder is an order as status --output json prints it.
type shownOrder struct {
	ID               string          `json:"id"`
	State            order.State     `json:"state"`
	Line             string          `json:"line"`
	Customer         string          `json:"customer"`
	Subscription     string          `json:"subscription"`
	Scope            string          `json:"scope"`
	Region           string          `json:"region"`
	Size             string          `json:"size"`
	Term             string          `json:"term"`
	Quantity         int64           `json:"quantity"`
	BillingPlan      string          `json:"billing_plan"`
	UnitPrice        string          `json:"unit_price"`
	TotalPrice       string          `json:"total_price"`
	Currency         string          `json:"currency"`
	SavingMonth      string          `json:"saving_month"`
	PartnerOnRecord  string          `json:"partner_on_record"`
	Requester        string          `json:"requester"`
	Approval         *order.Approval `json:"approval"`
	Attempt          *order.Attempt  `json:"attempt"`
	VendorOrder      string          `json:"vendor_order"`
	ReservationOrder string          `json:"reservation_order"`
	Reason           string          `json:"reason"`
	Changed          time.Time       `json:"changed"`
	Checks           []order.Check   `json:"checks"`
}

func shown(o *order.Order, checks []order.Check) shownOrder {
	l := &o.Line
	s := shownOrder{
		ID: o.ID, State: o.State, Line: l.ID, Customer: l.Customer, Subscription: l.Subscription, Scope: l.Scope, Region: string(l.Region), Size: string(l.Size),
		Term: l.Term.String(), Quantity: l.Quantity, BillingPlan: l.BillingPlan, UnitPrice: l.UnitPrice.Decimal(), TotalPrice: l.TotalPrice.Decimal(),
		Currency: string(l.UnitPrice.Currency), SavingMonth: l.SavingMonth.Decimal(), PartnerOnRecord: l.PartnerOnRecord, Requester: o.Requester,
		Approval: o.Approval, Attempt: o.Attempt, Reason: o.Reason, Changed: o.Changed, Checks: checks,
	}
	if o.Result != nil {
		s.VendorOrder, s.ReservationOrder = o.Result.VendorOrder, o.Result.ReservationOrder
	}
	return s
}

func (o *ordering) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "status [ID…]", Short: "Where orders stand, what stops them and what is next",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choose("output", o.output, "table", "json"); err != nil {
				return err
			}
			facts, err := o.facts()
			if err != nil {
				return err
			}
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, actor string) error {
				if _, err := d.Expire(cmd.Context(), actor); err != nil {
					return err
				}
				all, err := d.Orders(cmd.Context())
				if err != nil {
					return err
				}
				picked := all
				if len(args) > 0 || o.customer != "" {
					if picked, err = o.pick(cmd.Context(), d, actor, args); err != nil {
						return err
					}
				}
				if o.output == "json" {
					return o.statusJSON(d, picked, all, facts)
				}
				return o.statusTable(d, picked, all, facts, len(args) > 0)
			})
		},
	}
	cmd.Flags().StringVar(&o.output, "output", "table", "table or json")
	cmd.Flags().StringVar(&o.customer, "customer", "", "only orders of this customer")
	return cmd
}

func factsOf(facts map[string]order.Facts, o *order.Order) *order.Facts {
	if f, ok := facts[o.Line.Customer]; ok {
		return &f
	}
	return nil
}

func (o *ordering) statusJSON(d *order.Desk, picked, all []order.Order, facts map[string]order.Facts) error {
	body := struct {
		Schema string       `json:"schema"`
		Orders []shownOrder `json:"orders"`
	}{Schema: "sizeterm.orders/1", Orders: []shownOrder{}}
	for i := range picked {
		body.Orders = append(body.Orders, shown(&picked[i], d.Preflight(&picked[i], factsOf(facts, &picked[i]), all)))
	}
	out := json.NewEncoder(o.out)
	out.SetIndent("", "  ")
	return out.Encode(body)
}

// statusTable prints one row an order; what stops it and what is asked below, everything where orders are named.
func (o *ordering) statusTable(d *order.Desk, picked, all []order.Order, facts map[string]order.Facts, verbose bool) error {
	if len(picked) == 0 {
		o.note("no orders: sizeterm order draft plan.json makes some")
		return nil
	}
	out := tabwriter.NewWriter(o.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(out, "order\tstate\tcustomer\tquantity\tsize\tregion\tterm\ttotal\tsaves a month\tnext")
	for i := range picked {
		x := &picked[i]
		l := &x.Line
		fmt.Fprintf(out, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", x.ID, x.State, printable(l.Customer), l.Quantity, l.Size, l.Region, l.Term, l.TotalPrice.Round()+" "+string(l.TotalPrice.Currency), l.SavingMonth.Round(), next(x))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	for i := range picked {
		x := &picked[i]
		if x.Reason != "" && (verbose || x.State == order.Failed || x.State == order.Unknown || x.State == order.Requested) {
			fmt.Fprintf(o.out, "\n%s: %s\n", x.ID, printable(x.Reason))
		}
		if verbose {
			printChecks(o.out, d.Preflight(x, factsOf(facts, x), all))
		}
	}
	return nil
}

func printChecks(w io.Writer, checks []order.Check) {
	for _, c := range checks {
		fmt.Fprintf(w, "  %-5s %-24s %s\n", c.Verdict, c.Code, printable(c.Detail))
		if c.WayOut != "" {
			fmt.Fprintf(w, "  %-5s %-24s -> %s\n", "", "", printable(c.WayOut))
		}
	}
}

// next is what has to happen to an order.
func next(o *order.Order) string {
	if o.ScopeLeft() {
		if o.State == order.Executed {
			return "reconcile, then scope"
		}
		return "scope: set it to " + o.Line.Scope
	}
	switch o.State {
	case order.Draft:
		return "request"
	case order.Requested:
		return "approve, not by " + printable(o.Requester)
	case order.Approved:
		return "submit before " + o.Approval.Expires.Format("2006-01-02 15:04Z")
	case order.Sending, order.Unknown, order.Executed:
		return "reconcile"
	case order.Failed, order.Expired:
		return "request again, or cancel"
	case order.Reconciled:
		return "verify, with next month's files"
	}
	return ""
}

func (o *ordering) exportCommand() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use: "export [ID…]", Short: "Orders on paper: portal steps, a printable page, CSV, or the calls of an API",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choose("format", format, paper.Formats...); err != nil {
				return err
			}
			facts, err := o.facts()
			if err != nil {
				return err
			}
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, actor string) error {
				picked, err := o.pick(cmd.Context(), d, actor, args)
				if err != nil {
					return err
				}
				write := func(w io.Writer) error { return paper.Export(w, format, picked, facts) }
				if out != "" {
					return writeFile(out, write)
				}
				w := bufio.NewWriter(o.out)
				if err := write(w); err != nil {
					return err
				}
				return w.Flush()
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "steps", "steps, page (HTML to print), csv, xlsx, partner-center or arm")
	cmd.Flags().StringVar(&out, "out", "", "write to this file")
	return o.choosing(cmd)
}

func (o *ordering) importCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "import ORDERS.csv", Short: "Take back a reviewed CSV or workbook; a changed order is requested again, in the name of who changed it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, actor string) error {
				return o.importFile(cmd.Context(), d, actor, args[0])
			})
		},
	}
	cmd.Flags().StringVar(&o.customer, "customer", "", "refuse the file where it has orders of another customer")
	return cmd
}

func (o *ordering) importFile(ctx context.Context, d *order.Desk, actor, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return refused("Make one: sizeterm order export --all --format csv", err)
	}
	defer f.Close()
	all, err := d.Orders(ctx)
	if err != nil {
		return err
	}
	changed, err := paper.ReadCSV(f, all, o.customer)
	if err != nil {
		return o.refuseFile(ctx, d, actor, path, err)
	}
	if len(changed) == 0 {
		o.note("%s: nothing differs", path)
		return nil
	}
	if err := d.Change(ctx, actor, changed); err != nil {
		return err
	}
	ids := make([]string, 0, len(changed))
	for id := range changed {
		ids = append(ids, id)
	}
	return o.printStates(ctx, d, ids)
}

// refuseFile journals each refusal of a file, of which nothing is taken.
func (o *ordering) refuseFile(ctx context.Context, d *order.Desk, actor, path string, err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return refused("", fmt.Errorf("%s: %w", path, err))
	}
	for _, one := range joined.Unwrap() {
		var r *order.Refusal
		if errors.As(one, &r) {
			if err := d.Refuse(ctx, actor, r); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("%s: nothing was taken from it:\n%w", path, err)
}
