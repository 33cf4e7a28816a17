package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/recommend/order"
)

// due is a reminder as channels tell it, once for each stage: 30 days before and again 7 days before.
type due struct {
	Tenant string `json:"tenant"`
	ID     string `json:"id"` // a repetition has the same
	order.Reminder
}

// reminders are what runs out, renews itself or is planned within 30 days: of the orders that were bought, which are among those of
// the tenant, and of the newest plans.
func (p *pipeline) reminders(ctx context.Context, tenant string, orders []order.Order) ([]order.Reminder, error) {
	list := (&order.Desk{Now: p.now}).Reminders(orders)
	t := p.db.Partner(tenant)
	latest, err := t.LatestPlans(ctx)
	if err != nil {
		return nil, err
	}
	for _, plan := range latest {
		later, err := p.laterOf(ctx, t, plan)
		if err != nil {
			return nil, fmt.Errorf("plan %s: %w", plan.ID, err)
		}
		list = append(list, dueOfPlan(later, p.now(), orders)...)
	}
	return list, nil
}

// addDue adds the reminders that were not told.
func addDue(ctx context.Context, p *pipeline, t *store.Partner, known map[string]string, n *news) error {
	all, err := (&order.Desk{Store: t.Orders(), Policy: order.DefaultPolicy(), Now: p.now}).Orders(ctx)
	if err != nil {
		return err
	}
	list, err := p.reminders(ctx, t.Tenant(), all)
	if err != nil {
		return err
	}
	for _, r := range list {
		subject := fmt.Sprintf("due %s %s %d", r.Reservation, r.Ends.Format(time.DateOnly), r.Stage)
		if known[subject] == "" {
			n.Due = append(n.Due, due{t.Tenant(), sum([]byte(t.Tenant() + " " + subject))[:32], r})
			n.dueTold = append(n.dueTold, told{t.Tenant(), subject, "yes"})
		}
	}
	return nil
}

// laterLine is a line of later[] of a plan document.
type laterLine struct {
	ID, Action, Customer, Region, Size, Term string
	Reservation                              *string
	Date                                     time.Time
	Quantity                                 int64
}

// laterKept is what was read of a customer's newest plan: documents are large, and pages ask often.
type laterKept struct {
	plan  string
	lines []laterLine
}

// laterOf reads what a plan says of later days.
func (p *pipeline) laterOf(ctx context.Context, t *store.Partner, plan store.Plan) ([]laterLine, error) {
	key := t.Tenant() + "\x00" + plan.Customer
	if kept, ok := p.later.Load(key); ok && kept.(laterKept).plan == plan.ID {
		return kept.(laterKept).lines, nil
	}
	document, err := t.PlanDocument(ctx, plan.ID)
	if err != nil {
		return nil, err
	}
	var read struct {
		Later []laterLine `json:"later"`
	}
	if err := json.Unmarshal(document, &read); err != nil {
		return nil, err
	}
	p.later.Store(key, laterKept{plan.ID, read.Later})
	return read.Later, nil
}

// dueOfPlan says which owned reservations end soon, and which purchases and renewals are planned for days that are near. A
// reservation that was ordered here is reminded of by its order.
func dueOfPlan(later []laterLine, now time.Time, orders []order.Order) []order.Reminder {
	var list []order.Reminder
	for _, l := range later {
		r, near := order.Remind(now, l.Date, false)
		if !near || l.Action == "expires" && l.Reservation != nil && orderOf(orders, *l.Reservation) != nil {
			continue
		}
		r.Reservation, r.Customer, r.What = l.ID, l.Customer, fmt.Sprintf("%d x %s %s", l.Quantity, l.Size, l.Region)
		switch {
		case l.Action != "expires":
			r.What += " " + l.Term
			r.Detail = fmt.Sprintf("the plan means to %s it on %s: make a new plan on fresh usage, and order what it says", l.Action, l.Date.Format(time.DateOnly))
		case l.Reservation != nil:
			r.Reservation = *l.Reservation
		}
		list = append(list, r)
	}
	return list
}

// tellDue posts an event for each reminder to one webhook, and notes each that was taken. away is the error of a webhook that takes none.
func (n *news) tellDue(ctx context.Context, p *pipeline, channel string, to *target) (away, err error) {
	for i, r := range n.Due {
		err := send(ctx, to, r.ID, "reservation.due", r)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil { // it is away: the next events would wait in vain
			return fmt.Errorf("webhook %s: %w", masked(to.address), err), nil
		}
		one := n.dueTold[i]
		if err := p.db.Partner(one.tenant).SetTold(ctx, channel, one.subject, one.what, now()); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// due tells the webhooks of every tenant what is due of that tenant. One that takes nothing is told in the next run, and does not stop the others.
func (w *webhooks) due(ctx context.Context, p *pipeline) error {
	tenants, err := p.db.Tenants(ctx)
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		t := p.db.Partner(tenant.ID)
		kept, err := t.Endpoints(ctx)
		if err != nil {
			return err
		}
		for _, e := range kept {
			if err := w.dueTo(ctx, p, t, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *webhooks) dueTo(ctx context.Context, p *pipeline, t *store.Partner, e store.Endpoint) error {
	channel, n := channelOf("webhook", e.URL), &news{}
	known, err := t.Told(ctx, channel)
	if err != nil {
		return err
	}
	if err := addDue(ctx, p, t, known, n); err != nil {
		return err
	}
	sealed, away := w.endpoint(t.Tenant(), e)
	if away == nil {
		away, err = n.tellDue(ctx, p, channel, &target{e.URL, "urn:sizeterm:" + t.Tenant(), sealed.Secrets, w.post})
	}
	if away != nil {
		w.log.Warn("a webhook could not be told what is due", "tenant", t.Tenant(), "error", away)
	}
	return err
}
