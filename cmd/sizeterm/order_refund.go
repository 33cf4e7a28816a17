package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/place"
	"sizeterm/recommend/order/prove"
)

// refunding are the flags of order refund.
type refunding struct {
	*ordering
	prices []string
	rate   string
	reason string
	every  bool
}

func (o *ordering) refundCommand() *cobra.Command {
	r := &refunding{ordering: o}
	cmd := &cobra.Command{
		Use: "refund PATH…", Short: "What to do with reservations that are not used well: another scope, an exchange, a refund", Args: cobra.MinimumNArgs(1),
		Long: `Values, for each reservation that is not fully used in the files (cost exports, reservation lists, details, transactions):
keeping it, another scope, giving back the part that is not used, exchanging it. Each value is the bill simulator's, with the days of
the files repeated until the reservation ends, against keeping it as it is. Of what an exchange buys only a loss counts: what it
gains could be had by buying it without an exchange.

Refunds are prorated by UTC days at the lower of purchase price and today's, count against the customer's cap of 50 000 USD of
cancelled commitment in 365 days (instalments still to come included; the money that comes back is shown as the other reading of the
rule), and have no fee today; 12 % are reserved by the vendor. An exchange must not cost less than what is handed in, and what is
bought from 2027-02-01 on cannot be exchanged. JSON has the bodies of the calls. Nothing is sent.`,
		Example: `  sizeterm order refund november/ reservations.csv
  sizeterm order refund november/ --all --output json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choose("output", o.output, "table", "json"); err != nil {
				return err
			}
			return r.run(cmd.Context(), args)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&r.prices, "prices", nil, "price sheet over the embedded prices (repeatable)")
	f.StringVar(&r.rate, "usd-rate", "", "US dollars for one unit of the reservations' currency, for the cap: 1.0825")
	f.StringVar(&r.reason, "return-reason", "Other", "reason in the body of the return call")
	f.BoolVar(&r.every, "all", false, "also reservations that are fully used")
	f.StringVar(&o.customer, "customer", "", "only reservations of this customer")
	f.StringVar(&o.output, "output", "table", "table or json")
	return cmd
}

func (r *refunding) run(ctx context.Context, paths []string) error {
	books, err := r.readBooks(ctx, paths)
	if err != nil {
		return err
	}
	book, err := (&recommending{common: r.common, prices: r.prices}).book(&gathered{})
	if err != nil {
		return err
	}
	usd, err := r.dollars()
	if err != nil {
		return err
	}
	return r.desk(ctx, func(d *order.Desk, _ *store.Orders, _ string) error {
		orders, err := d.Orders(ctx)
		if err != nil {
			return err
		}
		all := prove.OwnedOf(orders, books, book)
		terms := prove.Terms{Now: d.Now(), Book: book, Ledger: prove.LedgerOf(orders, books), USD: usd}
		advice := []prove.Advice{}
		for _, h := range all {
			if r.customer != "" && !strings.EqualFold(h.Customer, r.customer) || !h.End.After(d.Now()) {
				continue
			}
			a, err := prove.Advise(h, all, books, terms)
			if err != nil {
				return err
			}
			if r.every || a.Utilization == nil || *a.Utilization < 0.995 {
				advice = append(advice, a)
			}
		}
		if r.output == "json" {
			return r.printJSON(advice)
		}
		return r.printAdvice(advice)
	})
}

// dollars turns amounts into US dollars at the rate that was given.
func (r *refunding) dollars() (func(money.Amount) (money.Amount, bool), error) {
	if r.rate == "" {
		return nil, nil
	}
	rate, err := money.ParseRate(r.rate)
	if err != nil || rate <= 0 {
		return nil, usageError("", "--usd-rate: %q: want a number above 0", r.rate)
	}
	return func(a money.Amount) (money.Amount, bool) {
		out, err := pricing.Conversion{From: a.Currency, To: "USD", Rate: rate}.Convert(a)
		return out, err == nil
	}, nil
}

func (r *refunding) printAdvice(advice []prove.Advice) error {
	for _, a := range advice {
		used := "use not known"
		if a.Utilization != nil {
			used = fmt.Sprintf("%.0f %% used", *a.Utilization*100)
		}
		name := a.Order
		if name == "" {
			name = a.Reservation
		}
		fmt.Fprintf(r.out, "%s  %s  %s  %s\n", printable(name), printable(a.Customer), a.What, used)
		if a.Note != "" {
			fmt.Fprintf(r.out, "  note: %s\n", a.Note)
		}
		for _, c := range a.Choices {
			allowed := ""
			if !c.Allowed {
				allowed = "  NOT ALLOWED"
			}
			fmt.Fprintf(r.out, "  %-8s  %-48s  %12s %s%s\n", c.Action, c.Detail, c.Value.Round(), c.Value.Currency, allowed)
			if c.Action == "refund" || c.Action == "exchange" {
				fmt.Fprintf(r.out, "            left to run %s, money back %s, fee %s, at most %s\n", c.Commitment.Round(), c.Refund.Round(), c.Fee.Round(), c.FeeAtMost.Round())
			}
			for _, u := range c.Cap {
				fmt.Fprintf(r.out, "            cap (%s): %s of %s USD after it\n", u.Reading, u.After.Round(), u.Limit.Round())
			}
			for _, reason := range c.Reasons {
				fmt.Fprintf(r.out, "            %s\n", reason)
			}
		}
	}
	if len(advice) == 0 {
		r.note("every reservation of the files is fully used")
	}
	return nil
}

// advised is an advice with the calls of its choices.
type advised struct {
	Order            string          `json:"order,omitempty"`
	Reservation      string          `json:"reservation"`
	ReservationOrder string          `json:"reservation_order"`
	Customer         string          `json:"customer"`
	What             string          `json:"what"`
	Ends             time.Time       `json:"ends"`
	Utilization      *float64        `json:"utilization"`
	Note             string          `json:"note,omitempty"`
	Choices          []advisedChoice `json:"choices"`
}

type advisedChoice struct {
	prove.Choice
	Currency string       `json:"currency"`
	Calls    []place.Step `json:"calls,omitempty"`
}

func (r *refunding) printJSON(advice []prove.Advice) error {
	all := []advised{}
	for _, a := range advice {
		one := advised{a.Order, a.Reservation, a.ReservationOrder, a.Customer, a.What, a.End, a.Utilization, a.Note, []advisedChoice{}}
		for _, c := range a.Choices {
			one.Choices = append(one.Choices, advisedChoice{c, string(c.Value.Currency), r.calls(&a.Owned, &c)})
		}
		all = append(all, one)
	}
	out := json.NewEncoder(r.out)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(map[string]any{"schema": "sizeterm.advice/1", "reservations": all})
}

// calls are those of a choice; none where no file names the reservation's id, or where the choice is not allowed.
func (r *refunding) calls(h *prove.Owned, c *prove.Choice) []place.Step {
	id, err := h.ID()
	if err != nil || !c.Allowed {
		return nil
	}
	back := place.Returned{ReservationID: id, Quantity: c.Quantity}
	switch c.Action {
	case "refund":
		return place.RefundSteps(h.ReservationOrder, back, r.reason)
	case "exchange":
		return place.ExchangeSteps(exchangeOrder(h, c.New), back)
	case "rescope":
		o := &order.Order{Line: order.Line{Scope: strings.TrimPrefix(c.Detail, "to ")}, Result: &order.Result{ReservationOrder: h.ReservationOrder}}
		return place.ScopeSteps(o)
	}
	return nil
}

// exchangeOrder is what an exchange buys, as the body of a purchase needs it.
func exchangeOrder(h *prove.Owned, n *prove.NewBuy) *order.Order {
	term, _ := pricing.ParseTerm(n.Term)
	plan := "upfront"
	if h.Monthly {
		plan = "monthly"
	}
	line := order.Line{Customer: h.Customer, Subscription: "{subscription}", Scope: "shared", Term: term, Quantity: n.Quantity, Flexible: true, BillingPlan: plan, TotalPrice: n.Total.Amount}
	line.Size, line.Region = catalog.Size(n.Size), catalog.Region(n.Region)
	return &order.Order{ID: "exchange-" + h.ReservationOrder, Line: line}
}

func (o *ordering) returnedCommand() *cobra.Command {
	var r order.Return
	var commitment, refund string
	cmd := &cobra.Command{
		Use: "returned ID", Short: "Record that instances of an order went back to the vendor, in a refund or an exchange", Args: cobra.ExactArgs(1),
		Long: `Records what the vendor confirmed. Refunds count against the customer's cap for 365 days. With its last instance the order
is closed.`,
		Example: `  sizeterm order returned o-4f1d --quantity 3 --commitment "2412.00 USD" --refund "804.00 USD"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if r.Commitment, err = parseAmount(commitment); err != nil {
				return err
			}
			if r.Refund, err = parseAmount(refund); err != nil {
				return err
			}
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, actor string) error {
				if err := d.Returned(cmd.Context(), actor, args[0], r); err != nil {
					return err
				}
				return o.printStates(cmd.Context(), d, args)
			})
		},
	}
	f := cmd.Flags()
	f.Int64Var(&r.Quantity, "quantity", 0, "instances that went back")
	f.StringVar(&commitment, "commitment", "", "what was left to run of them, as order refund prints it")
	f.StringVar(&refund, "refund", "", "money that came back")
	f.BoolVar(&r.Exchange, "exchange", false, "it was an exchange: no cap")
	return cmd
}
