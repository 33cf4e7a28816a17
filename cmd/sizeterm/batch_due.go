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

// addDue adds what runs out, renews itself or is planned soon and was not told: of the orders that were bought, and of the newest plans.
func (b *batching) addDue(ctx context.Context, p *pipeline, t *store.Partner, known map[string]string, n *news) error {
	d := &order.Desk{Store: t.Orders(), Policy: order.DefaultPolicy(), Now: p.now}
	all, err := d.Orders(ctx)
	if err != nil {
		return err
	}
	reminders := d.Reminders(all)
	latest, err := t.LatestPlans(ctx)
	if err != nil {
		return err
	}
	for _, plan := range latest {
		document, err := t.PlanDocument(ctx, plan.ID)
		if err != nil {
			return err
		}
		planned, err := dueOfPlan(document, p.now(), all)
		if err != nil {
			return fmt.Errorf("plan %s: %w", plan.ID, err)
		}
		reminders = append(reminders, planned...)
	}
	for _, r := range reminders {
		subject := fmt.Sprintf("due %s %s %d", r.Reservation, r.Ends.Format(time.DateOnly), r.Stage)
		if known[subject] == "" {
			n.Due = append(n.Due, due{t.Tenant(), sum([]byte(t.Tenant() + " " + subject))[:32], r})
			n.dueTold = append(n.dueTold, told{t.Tenant(), subject, "yes"})
		}
	}
	return nil
}

// dueOfPlan reads off a plan document which owned reservations end soon, and which purchases and renewals are planned for days that are
// near. A reservation that was ordered here is reminded of by its order.
func dueOfPlan(document []byte, now time.Time, orders []order.Order) ([]order.Reminder, error) {
	var plan struct {
		Later []struct {
			ID, Action, Customer, Region, Size, Term string
			Reservation                              *string
			Date                                     time.Time
			Quantity                                 int64
		} `json:"later"`
	}
	if err := json.Unmarshal(document, &plan); err != nil {
		return nil, err
	}
	var list []order.Reminder
	for _, l := range plan.Later {
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
	return list, nil
}
