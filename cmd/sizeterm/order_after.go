package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/place"
)

func (o *ordering) boughtCommand() *cobra.Command {
	var hand order.Hand
	var paid string
	cmd := &cobra.Command{
		Use: "bought ID", Short: "Record a purchase that you made by hand in the portal", Args: cobra.ExactArgs(1),
		Long: `Records that an approved order was bought by a person, who followed "order export --format steps". It is then proved like
any other. The price paid is the approved one; another price has to be approved first.`,
		Example: `  sizeterm order bought o-4f1d --vendor-order 311qiN8iFwkv --paid "45838.00 USD" --as anna`,
		RunE: func(cmd *cobra.Command, args []string) error {
			sum, err := parseAmount(paid)
			if err != nil {
				return err
			}
			hand.Paid = sum
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, actor string) error {
				if err := d.Bought(cmd.Context(), actor, hand, args[0]); err != nil {
					return err
				}
				return o.printStates(cmd.Context(), d, args)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&hand.VendorOrder, "vendor-order", "", "order id of Partner Center")
	f.StringVar(&hand.ReservationOrder, "reservation-order", "", "reservation order id of Azure")
	f.StringVar(&paid, "paid", "", `total of the whole term as the portal showed it: "45838.00 USD"`)
	return cmd
}

func (o *ordering) scopeCommand() *cobra.Command {
	var h hosts
	var execute, done bool
	cmd := &cobra.Command{
		Use: "scope [ID…]", Short: "The second step under the Azure plan: set the scope that an order wants after its purchase",
		Long: `Under the Azure plan a reservation is shared at its purchase. This prints the calls that narrow it to the scope of the
order; --execute makes them, --done records that a person did it in the portal.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, actor string) error {
				picked, err := o.pick(cmd.Context(), d, actor, args, order.Executed, order.Reconciled, order.Verified)
				if err != nil {
					return err
				}
				if len(args) == 0 {
					picked = left(picked)
				}
				if len(picked) == 0 {
					o.note("no order has a scope that is left to set")
					return nil
				}
				if !execute && !done {
					return o.printScope(picked)
				}
				capacity := &place.Capacity{Link: place.Link{Wire: newHTTPWire(), Wait: orderWait, Point: orderPoint}, Base: h.arm}
				for i := range picked {
					if execute {
						if err := capacity.Rescope(cmd.Context(), &picked[i]); err != nil {
							return vendorError(err)
						}
					}
					if err := d.Rescoped(cmd.Context(), actor, picked[i].ID); err != nil {
						return err
					}
				}
				return o.printStates(cmd.Context(), d, idsOf(picked))
			})
		},
	}
	h.flags(cmd)
	cmd.Flags().BoolVar(&execute, "execute", false, "really set it")
	cmd.Flags().BoolVar(&done, "done", false, "record that it was done by hand")
	cmd.MarkFlagsMutuallyExclusive("execute", "done")
	return o.choosing(cmd)
}

func left(orders []order.Order) []order.Order {
	var kept []order.Order
	for i := range orders {
		if orders[i].ScopeLeft() {
			kept = append(kept, orders[i])
		}
	}
	return kept
}

// vendorError says that a remote failed, unless it was a refusal.
func vendorError(err error) error {
	if errors.Is(err, order.ErrRefused) {
		return err
	}
	return &hintError{code: exitUnavailable, err: err, hint: "Try again: setting a scope twice does no harm."}
}

func (o *ordering) printScope(picked []order.Order) error {
	type scopeCalls struct {
		Order string       `json:"order"`
		Scope string       `json:"scope"`
		Calls []place.Step `json:"calls"`
	}
	all := []scopeCalls{}
	for i := range picked {
		all = append(all, scopeCalls{picked[i].ID, picked[i].Line.Scope, place.ScopeSteps(&picked[i])})
	}
	out := json.NewEncoder(o.out)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(map[string]any{"schema": "sizeterm.calls/1", "orders": all})
}

func (o *ordering) journalCommand() *cobra.Command {
	var after int64
	cmd := &cobra.Command{
		Use: "journal [ID]", Short: "What happened, to all orders or to one", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choose("output", o.output, "table", "json"); err != nil {
				return err
			}
			id := ""
			if len(args) == 1 {
				id = args[0]
			}
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, _ string) error {
				facts, err := d.Journal(cmd.Context(), id, after, 0)
				if err != nil {
					return err
				}
				return o.printJournal(facts)
			})
		},
	}
	cmd.Flags().Int64Var(&after, "after", 0, "only entries with a higher number")
	cmd.Flags().StringVar(&o.output, "output", "table", "table, or json: one object a line")
	return cmd
}

func (o *ordering) printJournal(facts []order.Fact) error {
	if o.output == "json" {
		out := json.NewEncoder(o.out)
		for _, f := range facts {
			if err := out.Encode(f); err != nil {
				return err
			}
		}
		return nil
	}
	out := tabwriter.NewWriter(o.out, 0, 4, 2, ' ', 0)
	for _, f := range facts {
		fmt.Fprintf(out, "%d\t%s\t%s\t%s\t%s\t%s\n", f.Seq, f.At.Format(time.RFC3339), printable(f.Actor), f.Kind, printable(f.Order), printable(f.Reason))
	}
	return out.Flush()
}

func (o *ordering) remindCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "remind [PATH…]", Short: "Reservations that run out, or renew themselves, within 30 and within 7 days",
		Long: "Looks at the orders that were bought here, and at the reservation lists among the files. For a daily job.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choose("output", o.output, "table", "json"); err != nil {
				return err
			}
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, _ string) error {
				due, err := o.reminders(cmd.Context(), d, args)
				if err != nil {
					return err
				}
				return o.printReminders(due)
			})
		},
	}
	cmd.Flags().StringVar(&o.output, "output", "table", "table or json")
	return cmd
}

func (o *ordering) reminders(ctx context.Context, d *order.Desk, paths []string) ([]order.Reminder, error) {
	all, err := d.Orders(ctx)
	if err != nil {
		return nil, err
	}
	due := d.Reminders(all)
	if len(paths) == 0 {
		return due, nil
	}
	held, err := o.lists(ctx, paths)
	if err != nil {
		return nil, err
	}
	for _, c := range held {
		if orderOf(all, c.Order) != nil {
			continue
		}
		if r, ok := order.Remind(d.Now(), c.End, c.AutoRenew); ok {
			r.Reservation, r.Customer, r.What = c.ID, c.Customer, fmt.Sprintf("%d x %s %s", c.Quantity, c.Size, c.Region)
			due = append(due, r)
		}
	}
	return due, nil
}

// orderOf finds the order that bought a reservation order of the vendor.
func orderOf(all []order.Order, reservationOrder string) *order.Order {
	for i := range all {
		if r := all[i].Result; r != nil && reservationOrder != "" && r.ReservationOrder == reservationOrder {
			return &all[i]
		}
	}
	return nil
}

func (o *ordering) printReminders(due []order.Reminder) error {
	if o.output == "json" {
		if due == nil {
			due = []order.Reminder{}
		}
		out := json.NewEncoder(o.out)
		out.SetIndent("", "  ")
		return out.Encode(map[string]any{"schema": "sizeterm.reminders/1", "reminders": due})
	}
	for _, r := range due {
		fmt.Fprintf(o.out, "%d days: %s  %s  %s\n  %s\n", r.Days, printable(r.Reservation), printable(r.Customer), r.What, r.Detail)
	}
	if len(due) == 0 {
		o.note("nothing runs out within 30 days")
	}
	return nil
}
