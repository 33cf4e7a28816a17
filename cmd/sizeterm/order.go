package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/recommend/order"
)

// orderClock is the clock of approvals and purchases; orderPoint hears of each delicate place. Tests replace both.
var (
	orderClock = func() time.Time { return time.Now().UTC() }
	orderPoint func(string)
)

// ordering are the flags that every order command has.
type ordering struct {
	*common
	file, as, factsPath string
	customer            string
	all                 bool
	policy              order.Policy
	output              string
}

func newOrder(c *common) *cobra.Command {
	o := &ordering{common: c, policy: order.DefaultPolicy()}
	cmd := &cobra.Command{
		Use:   "order",
		Short: "From a plan's line to a purchase: draft, request, approve, buy, prove",
		Long: `Orders go from a plan to a purchase in steps, each by a person and each in a journal that cannot be changed unseen:

  draft      make orders of the lines of a JSON plan
  request    ask for them
  approve    allow them, by another person, naming their sum; holds for 72 hours
  submit     buy them: a dry run unless --execute is given
  bought     or record a purchase that you made by hand in the portal
  reconcile  ask the vendor what became of purchases whose answer was not heard
  scope      set a narrower scope afterwards, the second step under the Azure plan
  verify     prove it with next month's files: bought, charged as quoted, used, saved
  refund     value another scope, an exchange or a refund of what is not used; returned records what went back
  remind     what runs out or renews itself soon
  webhook    tell other systems of every step, and take word of purchases from the partner's own shop

Nothing is bought twice: an order is sent once, and one whose outcome is unknown is asked about, never sent again.
Who acts is what --as says, the user of the operating system by default: it names people, it does not check them.
Who can write the order file can write anything into it; order audit verify finds what was changed afterwards.`,
		Example: `  sizeterm recommend --output json testdata/contoso > plan.json
  sizeterm order draft plan.json --subscription 11111111-1111-4111-8111-111111111111
  sizeterm order request --all --as anna
  sizeterm order approve --all --as bob --amount "136816.00 USD"
  sizeterm order export --all --format steps`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return usageError("Try: sizeterm order draft plan.json, or sizeterm order --help", "no subcommand of order given")
		},
	}
	f := cmd.PersistentFlags()
	f.StringVar(&o.file, "orders", "", "order file, or the address of a PostgreSQL database: postgres://… (default: orders.db in the state folder of the user)")
	f.StringVar(&o.as, "as", "", "who acts (default: the user of the operating system)")
	f.StringVar(&o.factsPath, "facts", "", "JSON file with what is known of customers and subscriptions (sizeterm.facts/1)")
	capFlags(f, &o.policy)
	cmd.AddCommand(o.draftCommand(), o.requestCommand(), o.approveCommand(), o.rejectCommand(), o.cancelCommand(), o.statusCommand(),
		o.exportCommand(), o.importCommand(), o.submitCommand(), o.reconcileCommand(), o.boughtCommand(), o.scopeCommand(),
		o.verifyCommand(), o.refundCommand(), o.returnedCommand(), o.remindCommand(), o.journalCommand(), o.webhookCommand(), o.auditCommand())
	return cmd
}

// capFlags are the limits of what may be approved.
func capFlags(f *pflag.FlagSet, p *order.Policy) {
	f.TextVar(&p.CapCustomer, "cap-customer", order.Cap{}, "most that may be committed for one customer, in each currency")
	f.TextVar(&p.CapMonth, "cap-month", order.Cap{}, "most that may be approved in one month, in each currency")
	f.TextVar(&p.CapApprover, "cap-approver", order.Cap{}, "most that one person may approve in one month, in each currency")
}

// choosing adds the flags that choose orders.
func (o *ordering) choosing(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&o.all, "all", false, "every order for which the step is next")
	cmd.Flags().StringVar(&o.customer, "customer", "", "only orders of this customer")
	return cmd
}

// actor is who acts.
func (o *ordering) actor() (string, error) {
	if o.as != "" {
		return o.as, nil
	}
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "", usageError("Give --as NAME.", "who acts is not known")
	}
	return u.Username, nil
}

// path is the order file.
func (o *ordering) path() (string, error) {
	if o.file != "" {
		return o.file, nil
	}
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", usageError("Give --orders FILE.", "no folder for the order file: %w", err)
		}
		dir = filepath.Join(home, ".local", "state")
	}
	dir = filepath.Join(dir, "sizeterm")
	return filepath.Join(dir, "orders.db"), os.MkdirAll(dir, 0o700)
}

// desk opens the orders and calls fn with a desk on them.
func (o *ordering) desk(ctx context.Context, fn func(d *order.Desk, s *store.Orders, actor string) error) error {
	return o.partner(ctx, func(d *order.Desk, p *store.Partner, actor string) error { return fn(d, p.Orders(), actor) })
}

// partner opens the database of the orders and calls fn with a desk on them and with all that is beside them.
func (o *ordering) partner(ctx context.Context, fn func(d *order.Desk, p *store.Partner, actor string) error) error {
	actor, err := o.actor()
	if err != nil {
		return err
	}
	path, err := o.path()
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, path)
	if err != nil {
		return refused("--orders names the order file.", err)
	}
	p := s.Partner(store.Local)
	d := &order.Desk{Store: p.Orders(), Policy: o.policy, Now: orderClock, Point: orderPoint}
	return errors.Join(explainedRefusal(fn(d, p, actor)), s.Close())
}

// explainedRefusal gives a refusal its exit code and its way out.
func explainedRefusal(err error) error {
	var r *order.Refusal
	if !errors.As(err, &r) {
		return err
	}
	return refused(r.WayOut, err)
}

// facts reads the facts file where one is given.
func (o *ordering) facts() (map[string]order.Facts, error) { return factsIn(o.factsPath) }

// factsIn reads a facts file; no path is no facts.
func factsIn(path string) (map[string]order.Facts, error) {
	if path == "" {
		return map[string]order.Facts{}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, refused("--facts names a JSON file.", err)
	}
	defer f.Close()
	facts, err := order.ReadFacts(f)
	if err != nil {
		return nil, refused("", fmt.Errorf("%s: %w", path, err))
	}
	return facts, nil
}

// pick returns the orders that args name, or with --all those in one of the states. The journal hears of an unknown one.
func (o *ordering) pick(ctx context.Context, d *order.Desk, actor string, args []string, states ...order.State) ([]order.Order, error) {
	all, err := d.Orders(ctx)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 && !o.all && o.customer == "" {
		return nil, usageError("sizeterm order status lists the orders.", "no order named: give ids, --customer or --all")
	}
	var picked []order.Order
	for _, x := range all {
		named := slices.Contains(args, x.ID)
		inState := len(args) == 0 && (len(states) == 0 || slices.Contains(states, x.State))
		if (named || inState) && (o.customer == "" || strings.EqualFold(o.customer, x.Line.Customer)) {
			picked = append(picked, x)
		}
	}
	for _, id := range args {
		if !slices.ContainsFunc(picked, func(x order.Order) bool { return x.ID == id }) {
			r := &order.Refusal{Order: id, Code: "unknown_order", Detail: "there is no such order", WayOut: "sizeterm order status lists them"}
			return nil, errors.Join(r, d.Refuse(ctx, actor, r))
		}
	}
	if len(picked) == 0 {
		return nil, refused("sizeterm order status lists the orders.", errors.New("no order for which this is the next step"))
	}
	return picked, nil
}

func idsOf(orders []order.Order) []string {
	ids := make([]string, 0, len(orders))
	for _, x := range orders {
		ids = append(ids, x.ID)
	}
	return ids
}

func (o *ordering) draftCommand() *cobra.Command {
	var subscription string
	cmd := &cobra.Command{
		Use: "draft PLAN.json", Short: "Make orders of the lines of a JSON plan; drafting twice makes nothing twice", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, err := o.readPlan(args[0])
			if err != nil {
				return err
			}
			if subscription != "" {
				for i := range plan.Lines {
					if plan.Lines[i].Subscription == "" {
						plan.Lines[i].Subscription = strings.ToLower(subscription)
					}
				}
			}
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, actor string) error {
				done, err := d.Draft(cmd.Context(), actor, plan, o.customer)
				if err != nil {
					return err
				}
				if len(done) == 0 {
					return refused("", errors.New("the plan has no line to order"))
				}
				for _, x := range done {
					note := x.Note
					if x.New {
						note = "new"
					}
					fmt.Fprintf(o.out, "%s  %s  %d x %s %s %s  %s  %s\n", x.Order.ID, x.Order.State, x.Order.Line.Quantity, x.Order.Line.Size, x.Order.Line.Region, x.Order.Line.Term, x.Order.Line.TotalPrice, note)
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&o.customer, "customer", "", "only lines of this customer")
	cmd.Flags().StringVar(&subscription, "subscription", "", "Azure subscription that carries purchases of lines that name none")
	return cmd
}

func (o *ordering) readPlan(path string) (*order.Plan, error) {
	in := io.Reader(o.in)
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, refused("Make one: sizeterm recommend --output json PATH… > plan.json", err)
		}
		defer f.Close()
		in = f
	}
	plan, err := order.ReadPlan(in)
	if err != nil {
		return nil, refused("Make one: sizeterm recommend --output json PATH… > plan.json", fmt.Errorf("%s: %w", path, err))
	}
	return plan, nil
}

// step is a command that moves orders by one step and prints where they are then.
func (o *ordering) step(use, short string, states []order.State, do func(ctx context.Context, d *order.Desk, actor string, picked []order.Order) error) *cobra.Command {
	return o.choosing(&cobra.Command{
		Use: use + " [ID…]", Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, actor string) error {
				picked, err := o.pick(cmd.Context(), d, actor, args, states...)
				if err != nil {
					return err
				}
				if err := do(cmd.Context(), d, actor, picked); err != nil {
					return err
				}
				return o.printStates(cmd.Context(), d, idsOf(picked))
			})
		},
	})
}

func (o *ordering) printStates(ctx context.Context, d *order.Desk, ids []string) error {
	all, err := d.Orders(ctx)
	if err != nil {
		return err
	}
	for _, x := range all {
		if slices.Contains(ids, x.ID) {
			fmt.Fprintf(o.out, "%s  %s  %s\n", x.ID, x.State, x.Line.TotalPrice)
		}
	}
	return nil
}

func (o *ordering) requestCommand() *cobra.Command {
	return o.step("request", "Ask for drafts, and again for orders that expired or failed", []order.State{order.Draft},
		func(ctx context.Context, d *order.Desk, actor string, picked []order.Order) error {
			return d.Request(ctx, actor, idsOf(picked)...)
		})
}

func (o *ordering) approveCommand() *cobra.Command {
	var amount string
	cmd := o.step("approve", "Allow requested orders to be bought; not by who requested them", []order.State{order.Requested},
		func(ctx context.Context, d *order.Desk, actor string, picked []order.Order) error {
			sum, err := parseAmount(amount)
			if err != nil {
				return err
			}
			return d.Approve(ctx, actor, sum, idsOf(picked)...)
		})
	cmd.Flags().DurationVar(&o.policy.ApprovalLife, "valid", o.policy.ApprovalLife, "how long the approval holds")
	cmd.Flags().BoolVar(&o.policy.AcrossWays, "across-ways", false, "also what was requested on a page of the service: its people and those of --as could be one")
	cmd.Flags().StringVar(&amount, "amount", "", `their sum with its currency, as you read it: "136816.00 USD"`)
	return cmd
}

func (o *ordering) rejectCommand() *cobra.Command {
	var reason string
	cmd := o.step("reject", "Refuse requested orders, or take an approval back, for good", []order.State{order.Requested},
		func(ctx context.Context, d *order.Desk, actor string, picked []order.Order) error {
			return d.Reject(ctx, actor, reason, idsOf(picked)...)
		})
	cmd.Flags().StringVar(&reason, "reason", "", "why")
	return cmd
}

func (o *ordering) cancelCommand() *cobra.Command {
	var reason string
	cmd := o.step("cancel", "Close orders that were not bought, or that the vendor cancelled", []order.State{order.Draft, order.Requested},
		func(ctx context.Context, d *order.Desk, actor string, picked []order.Order) error {
			return d.Cancel(ctx, actor, reason, idsOf(picked)...)
		})
	cmd.Flags().StringVar(&reason, "reason", "", "why")
	return cmd
}

func (o *ordering) auditCommand() *cobra.Command {
	var kept string
	cmd := &cobra.Command{
		Use: "audit", Short: "The journal: verify that nothing in it was changed",
		RunE: func(cmd *cobra.Command, args []string) error {
			return usageError("Try: sizeterm order audit verify", "no subcommand of audit given")
		},
	}
	verify := &cobra.Command{
		Use: "verify", Short: "Find any edit, deletion, swap or cut of the journal, and any order that differs from it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.desk(cmd.Context(), func(d *order.Desk, s *store.Orders, _ string) error { return o.verifyAudit(cmd.Context(), d, s, kept) })
		},
	}
	verify.Flags().StringVar(&kept, "head", "", "NUMBER:HASH that an earlier run printed and you kept elsewhere")
	cmd.AddCommand(verify)
	return cmd
}

func (o *ordering) verifyAudit(ctx context.Context, d *order.Desk, s *store.Orders, kept string) error {
	beside, err := s.Head()
	if err != nil {
		return refused("", err)
	}
	heads := []order.Head{beside}
	if kept != "" {
		head, err := store.ParseHead(kept)
		if err != nil {
			return usageError("", "--head: %w", err)
		}
		heads = append(heads, head)
	}
	if err := s.Check(ctx); err != nil {
		return refused("", err)
	}
	audit, err := d.Audit(ctx, heads...)
	if err != nil {
		return refused("Put back the last copy that verifies, and compare it with the vendor's books.", err)
	}
	head := audit.Head()
	fmt.Fprintf(o.out, "%d entries, %d of them refusals: every one follows from the one before it, and the orders are what they say\nhead %d:%s\n", audit.Entries, audit.Refusals, head.Seq, head.Hash)
	return nil
}
