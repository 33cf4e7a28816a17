package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/paper"
	"sizeterm/recommend/order/place"
)

// hosts are where the vendor is reached; empty for his own addresses.
type hosts struct{ arm, partnerCenter, sales string }

func (h *hosts) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&h.arm, "arm-url", "", "address of Azure Resource Manager, of a national cloud for example")
	f.StringVar(&h.partnerCenter, "partner-center-url", "", "address of the Partner Center API")
	f.StringVar(&h.sales, "partner-prices-url", "", "address of the Partner Center price sheets")
}

// placers are the ways to buy.
func (h *hosts) placers(facts map[string]order.Facts) map[string]order.Placer {
	link := place.Link{Wire: newHTTPWire(), Wait: orderWait, Point: orderPoint}
	return map[string]order.Placer{
		place.ViaCapacity:      &place.Capacity{Link: link, Base: h.arm},
		place.ViaPartnerCenter: &place.PartnerCenter{Link: link, Base: h.partnerCenter, Sales: h.sales, Facts: facts},
	}
}

// orderWait is how a purchase waits between repetitions; tests do not wait.
var orderWait = waitFor

// waitFor waits, or returns early where the program is told to end.
func waitFor(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *ordering) submitCommand() *cobra.Command {
	var h hosts
	var via string
	var accept []string
	var tolerance string
	var execute bool
	cmd := &cobra.Command{
		Use: "submit [ID…]", Short: "Buy approved orders; without --execute a dry run that sends nothing",
		Long: `Buys approved orders, one after the other: the checks, a fresh quote, then the purchase. A quote that differs from the
approved price sends the order back to approval. Without --execute nothing is sent and nothing is asked: the checks and the
calls are printed.

Tokens come from the environment: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET_FILE (or _SECRET, or
AZURE_CLIENT_CERTIFICATE_PATH, or a managed identity); for the app+user flow of Partner Center also
PARTNER_CENTER_REFRESH_TOKEN_FILE.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := choose("via", via, place.ViaPartnerCenter, place.ViaCapacity); err != nil {
				return err
			}
			facts, err := o.facts()
			if err != nil {
				return err
			}
			if o.policy.QuoteTolerance, err = basisPoints("quote-tolerance", tolerance); err != nil {
				return err
			}
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, actor string) error {
				if _, err := d.Expire(cmd.Context(), actor); err != nil {
					return err
				}
				picked, err := o.pick(cmd.Context(), d, actor, args, order.Approved)
				if err != nil {
					return err
				}
				if !execute {
					return o.dryRun(cmd.Context(), d, picked, dry{via, facts, accept})
				}
				s := order.Submission{Placer: h.placers(facts)[via], Facts: facts, Accept: accept}
				sent, err := d.Submit(cmd.Context(), actor, s, idsOf(picked)...)
				return o.told(sent, err)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&via, "via", place.ViaPartnerCenter, "partner-center or arm")
	f.BoolVar(&execute, "execute", false, "really buy")
	f.StringVar(&tolerance, "quote-tolerance", "", "how much the quote before the purchase may differ from the approved total: 0.5%; none at all by default")
	f.StringArrayVar(&accept, "accept", nil, "code of a check that asks, for which you answer (repeatable)")
	h.flags(cmd)
	return o.choosing(cmd)
}

// dry is how orders would be bought.
type dry struct {
	via    string
	facts  map[string]order.Facts
	accept []string
}

// dryRun prints what would stop the orders, and what would be sent.
func (o *ordering) dryRun(ctx context.Context, d *order.Desk, picked []order.Order, how dry) error {
	all, err := d.Orders(ctx)
	if err != nil {
		return err
	}
	for i := range picked {
		x := &picked[i]
		checks := d.Preflight(x, factsOf(how.facts, x), all)
		stops := x.State != order.Approved
		for _, c := range checks {
			stops = stops || c.Verdict.Stops() || c.Verdict.Asks() && !slices.Contains(how.accept, c.Code)
		}
		verdict := "would be bought"
		if stops {
			verdict = "would be refused"
		}
		o.note("%s  %s  %s: %s", x.ID, x.State, x.Line.TotalPrice, verdict)
		if !o.quiet {
			printChecks(o.err, checks)
		}
	}
	if err := paper.Export(o.out, how.via, picked, how.facts); err != nil {
		return err
	}
	o.note("dry run: nothing was sent. --execute buys.")
	return nil
}

// told prints what became of orders and chooses the exit code: refused, not heard, or not bought.
func (o *ordering) told(sent []order.Sent, err error) error {
	var refusals, remote []error
	for _, s := range sent {
		fmt.Fprintf(o.out, "%s  %s\n", s.Order, s.State)
		switch {
		case errors.Is(s.Err, order.ErrRefused):
			refusals = append(refusals, s.Err)
		case s.Err != nil:
			remote = append(remote, s.Err)
		case s.State == order.Unknown:
			remote = append(remote, fmt.Errorf("order %s: whether it was bought is not known yet: nothing is sent again", s.Order))
		case s.State == order.Failed:
			refusals = append(refusals, fmt.Errorf("order %s: not bought: sizeterm order status %s says why", s.Order, s.Order))
		}
	}
	switch {
	case err != nil:
		return err
	case len(refusals) > 0:
		joined := errors.Join(append(refusals, remote...)...)
		var r *order.Refusal
		if errors.As(joined, &r) {
			return refused(r.WayOut, joined)
		}
		return refused("", joined)
	case len(remote) > 0:
		return &hintError{code: exitUnavailable, err: errors.Join(remote...), hint: "Ask the vendor again in a quarter of an hour: sizeterm order reconcile --all"}
	}
	return nil
}

func (o *ordering) reconcileCommand() *cobra.Command {
	var h hosts
	cmd := &cobra.Command{
		Use: "reconcile [ID…]", Short: "Ask the vendor's books about orders that were sent; buys nothing",
		RunE: func(cmd *cobra.Command, args []string) error {
			facts, err := o.facts()
			if err != nil {
				return err
			}
			return o.desk(cmd.Context(), func(d *order.Desk, _ *store.Orders, actor string) error {
				picked, err := o.pick(cmd.Context(), d, actor, args, order.Sending, order.Unknown, order.Executed)
				if err != nil {
					return err
				}
				sent, err := d.Reconcile(cmd.Context(), actor, h.placers(facts), idsOf(picked)...)
				return o.told(sent, err)
			})
		},
	}
	h.flags(cmd)
	return o.choosing(cmd)
}
