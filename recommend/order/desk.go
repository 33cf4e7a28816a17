package order

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing/money"
)

// Desk is where people and programs act on orders. Every method journals what it did and what it refused, and an act on
// several orders is done for all of them or for none.
type Desk struct {
	Store  Store
	Policy Policy
	// Now is the clock; it returns UTC.
	Now func() time.Time
	// Way is how whoever acts here was identified, and Behind the person who answers for a program that acts.
	Way    Way
	Behind string
	// Notify, where set, hears of every event after it was stored.
	Notify func(Event)
	// Point, where set, is called with the name of each place at which an interruption would be delicate: before and
	// after each write and each call to the vendor. Tests stop the process there.
	Point func(name string)
}

// Drafted is what became of one line of a plan.
type Drafted struct {
	Order Order
	New   bool
	// Note says why an order that was there before was left as it is, "" where there is nothing to say.
	Note string
}

// Draft makes an order of each line of the plan, of one customer only where customer is not empty. A line whose need has
// an open order already gets that order: drafting twice makes nothing twice. An order that is still a draft takes the
// plan's newer quantity and price.
func (d *Desk) Draft(ctx context.Context, actor string, p *Plan, customer string) ([]Drafted, error) {
	var done []Drafted
	err := d.update(ctx, func(tx *noting) error {
		done = nil
		for i := range p.Lines {
			line := &p.Lines[i]
			if customer != "" && !strings.EqualFold(line.Customer, customer) {
				continue
			}
			drafted, err := d.draft(tx, actor, p, line)
			if err != nil {
				return err
			}
			done = append(done, drafted)
		}
		return nil
	})
	return done, err
}

func (d *Desk) draft(tx *noting, actor string, p *Plan, line *Line) (Drafted, error) {
	orders, err := tx.Orders()
	if err != nil {
		return Drafted{}, err
	}
	lineage, closed := line.lineage(), 0
	for _, o := range orders {
		if o.Lineage != lineage {
			continue
		}
		if !o.State.Open() {
			closed++
			continue
		}
		return d.redraft(tx, actor, o, line)
	}
	id := "o-" + hashOf("sizeterm.order/1", lineage, fmt.Sprint(closed))[:12]
	e := Event{Order: id, Kind: kindDrafted, At: d.Now(), Actor: actor, Line: line, Plan: p.SHA256}
	if err := tx.Append(e); err != nil {
		return Drafted{}, err
	}
	o, _, err := tx.Order(id)
	return Drafted{Order: o, New: true}, err
}

// redraft meets an order that is open for the same need.
func (d *Desk) redraft(tx *noting, actor string, o Order, line *Line) (Drafted, error) {
	if o.Line.Hash() == line.Hash() {
		return Drafted{Order: o}, nil
	}
	if o.State != Draft {
		return Drafted{Order: o, Note: fmt.Sprintf("the plan now says %d x %s, the order is %s with %d x %s: cancel it, or change it by CSV",
			line.Quantity, line.UnitPrice, o.State, o.Line.Quantity, o.Line.UnitPrice)}, nil
	}
	fresh := *line
	if fresh.Subscription == "" {
		fresh.Subscription = o.Line.Subscription // named by hand since
	}
	if err := tx.Append(Event{Order: o.ID, Kind: kindChanged, At: d.Now(), Actor: actor, Line: &fresh, Reason: "a newer plan"}); err != nil {
		return Drafted{}, err
	}
	o, _, err := tx.Order(o.ID)
	return Drafted{Order: o, Note: "updated from the newer plan"}, err
}

// Request asks for orders: drafts, orders whose approval expired or whose purchase failed, and orders that somebody requested
// who was identified in another way: they are then the actor's.
func (d *Desk) Request(ctx context.Context, actor string, ids ...string) error {
	return d.act(ctx, actor, ids, func(_ []Order, o Order) (Event, *Refusal) {
		if o.State == Requested && o.Way.checked() == d.Way.checked() {
			return Event{}, &Refusal{Order: o.ID, Code: "not_now", Detail: fmt.Sprintf("%q requested it already", o.Requester), WayOut: "another person approves"}
		}
		return Event{Kind: kindRequested}, nil
	})
}

// Approve allows the orders to be bought until the policy's approval life ends. amount is their total, said by the
// approver: he approves a sum that he has read. The requester of an order, a wrong sum, and a sum above a cap are refused.
func (d *Desk) Approve(ctx context.Context, actor string, amount money.Amount, ids ...string) error {
	now := d.Now()
	ids = distinct(ids)
	return d.act(ctx, actor, ids, func(all []Order, o Order) (Event, *Refusal) {
		if r := d.approvable(&o, actor); r != nil {
			return Event{}, r
		}
		if r := d.sumIs(all, ids, o, amount); r != nil {
			return Event{}, r
		}
		if r := d.caps(all, ids, o, actor, now); r != nil {
			return Event{}, r
		}
		return Event{Kind: kindApproved, Approval: &Approval{By: actor, At: now, Expires: now.Add(d.Policy.ApprovalLife), Hash: o.Line.Hash()}}, nil
	})
}

// sumIs compares the sum that the approver named with that of the orders.
func (d *Desk) sumIs(all []Order, ids []string, o Order, said money.Amount) *Refusal {
	sum, err := total(all, o.Line.TotalPrice.Currency, func(x *Order) bool { return slices.Contains(ids, x.ID) })
	switch {
	case err != nil:
		return &Refusal{Order: o.ID, Code: "sum", Detail: err.Error(), WayOut: "approve fewer orders at once"}
	case said.Currency != o.Line.TotalPrice.Currency:
		return &Refusal{Order: o.ID, Code: "wrong_currency", Detail: fmt.Sprintf("it is in %s, the sum was named in %s", o.Line.TotalPrice.Currency, said.Currency),
			WayOut: "approve the orders of one currency at a time"}
	case sum != said:
		return &Refusal{Order: o.ID, Code: "wrong_sum", Detail: fmt.Sprintf("the orders come to %s, approved was %s", sum, said), WayOut: "read the orders again: their prices or quantities changed"}
	}
	return nil
}

// total adds the commitments of the orders in one currency that want chooses.
func total(all []Order, currency money.Code, want func(*Order) bool) (money.Amount, error) {
	sum := money.New(0, currency)
	for i := range all {
		if all[i].Line.TotalPrice.Currency != currency || !want(&all[i]) {
			continue
		}
		var err error
		if sum, err = sum.Add(all[i].Line.TotalPrice); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// caps judges the order as if all of ids were approved.
func (d *Desk) caps(all []Order, ids []string, o Order, approver string, now time.Time) *Refusal {
	month := now.Format("2006-01")
	counts := func(x *Order) bool { return x.State.Committed() || slices.Contains(ids, x.ID) }
	approval := func(x *Order) (by, in string) {
		if slices.Contains(ids, x.ID) || x.Approval == nil {
			return approver, month
		}
		return x.Approval.By, x.Approval.At.Format("2006-01")
	}
	for _, limit := range []struct {
		code, what string
		cap        Cap
		want       func(*Order) bool
	}{
		{"cap_customer", "the customer's commitment", d.Policy.CapCustomer, func(x *Order) bool { return x.Line.Customer == o.Line.Customer }},
		{"cap_month", "what is approved this month", d.Policy.CapMonth, func(x *Order) bool { _, in := approval(x); return in == month }},
		{"cap_approver", "what the approver allowed this month", d.Policy.CapApprover, func(x *Order) bool { by, in := approval(x); return by == approver && in == month }},
	} {
		sum, err := total(all, o.Line.TotalPrice.Currency, func(x *Order) bool { return counts(x) && limit.want(x) })
		if err != nil {
			return &Refusal{Order: o.ID, Code: limit.code, Detail: err.Error()}
		}
		if limit.cap.over(sum) {
			return &Refusal{Order: o.ID, Code: limit.code, WayOut: "approve less, or have the cap raised",
				Detail: fmt.Sprintf("%s would be %s, allowed is %s", limit.what, sum, money.New(max(limit.cap.Micros, 0), sum.Currency))}
		}
	}
	return nil
}

// Reject refuses requested orders, or takes an approval back, for good.
func (d *Desk) Reject(ctx context.Context, actor, reason string, ids ...string) error {
	return d.act(ctx, actor, ids, func(_ []Order, o Order) (Event, *Refusal) {
		return Event{Kind: kindRejected, Reason: reason}, nil
	})
}

// Cancel closes orders. One that was bought is cancelled here only after the vendor cancelled it.
func (d *Desk) Cancel(ctx context.Context, actor, reason string, ids ...string) error {
	return d.act(ctx, actor, ids, func(_ []Order, o Order) (Event, *Refusal) {
		return Event{Kind: kindCancelled, Reason: reason}, nil
	})
}

// Exchange closes orders that the vendor exchanged for others.
func (d *Desk) Exchange(ctx context.Context, actor, reason string, ids ...string) error {
	return d.act(ctx, actor, ids, func(_ []Order, o Order) (Event, *Refusal) {
		return Event{Kind: kindExchanged, Reason: reason}, nil
	})
}

// Verify records that bills and usage of orders were compared with the promise; reason says with what result.
func (d *Desk) Verify(ctx context.Context, actor, reason string, ids ...string) error {
	return d.act(ctx, actor, ids, func(_ []Order, o Order) (Event, *Refusal) {
		return Event{Kind: kindVerified, Reason: reason}, nil
	})
}

// Change gives orders new lines, as a reviewed CSV brings them: an order that was approved is asked for again, by actor.
func (d *Desk) Change(ctx context.Context, actor string, lines map[string]Line) error {
	ids := make([]string, 0, len(lines))
	for id := range lines {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return d.act(ctx, actor, ids, func(_ []Order, o Order) (Event, *Refusal) {
		line := lines[o.ID]
		if err := line.Check(); err != nil {
			return Event{}, &Refusal{Order: o.ID, Code: "bad_line", Detail: err.Error(), WayOut: "correct the row"}
		}
		return Event{Kind: kindChanged, Line: &line, Reason: "changed by hand"}, nil
	})
}

// Expire closes the approvals that ran out. It returns the orders.
func (d *Desk) Expire(ctx context.Context, actor string) ([]string, error) {
	var expired []string
	now := d.Now()
	err := d.update(ctx, func(tx *noting) error {
		expired = nil
		orders, err := tx.Orders()
		if err != nil {
			return err
		}
		for _, o := range orders {
			if o.State == Approved && !now.Before(o.Approval.Expires) {
				expired = append(expired, o.ID)
				if err := tx.Append(Event{Order: o.ID, Kind: kindExpired, At: now, Actor: actor, Reason: "approved until " + o.Approval.Expires.Format(time.RFC3339)}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return expired, err
}

// Refuse journals something that was refused outside of the desk, a file of another customer for example.
func (d *Desk) Refuse(ctx context.Context, actor string, r *Refusal) error {
	return d.update(ctx, func(tx *noting) error { return tx.Append(d.refused(actor, r)) })
}

// Orders returns all orders, sorted by customer and id.
func (d *Desk) Orders(ctx context.Context) ([]Order, error) {
	var all []Order
	err := d.Store.Read(ctx, func(tx Tx) error {
		var err error
		all, err = tx.Orders()
		return err
	})
	slices.SortStableFunc(all, func(a, b Order) int { return strings.Compare(a.Line.Customer, b.Line.Customer) })
	return all, err
}

// Audit reads the whole journal and compares it with the orders and with heads that were kept elsewhere.
func (d *Desk) Audit(ctx context.Context, kept ...Head) (*Audit, error) {
	audit := NewAudit()
	seen := map[int64]*Entry{}
	err := d.Store.Journal(ctx, func(e Entry) error {
		for _, h := range kept {
			if h.Seq == e.Seq {
				seen[e.Seq] = &e
			}
		}
		return audit.Add(e)
	})
	if err != nil {
		return audit, err
	}
	for _, h := range kept {
		if err := h.Anchored(seen[h.Seq]); err != nil {
			return audit, err
		}
	}
	orders, err := d.Orders(ctx)
	if err != nil {
		return audit, err
	}
	return audit, audit.Compare(orders)
}

// act does one thing to each order, or refuses all of them where one is refused.
func (d *Desk) act(ctx context.Context, actor string, ids []string, step func(all []Order, o Order) (Event, *Refusal)) error {
	var refusals []error
	ids = distinct(ids)
	err := d.update(ctx, func(tx *noting) error {
		refusals = nil
		all, err := tx.Orders()
		if err != nil {
			return err
		}
		events := make([]Event, 0, len(ids))
		for _, id := range ids {
			e, r := d.judge(all, id, actor, step)
			if r != nil {
				refusals = append(refusals, r)
				if err := tx.Append(d.refused(actor, r)); err != nil {
					return err
				}
				continue
			}
			events = append(events, e)
		}
		if len(refusals) > 0 {
			return nil // only the refusals are kept
		}
		for _, e := range events {
			if err := tx.Append(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return errors.Join(refusals...)
}

// distinct drops repeated ids and keeps their order.
func distinct(ids []string) []string {
	var kept []string
	for _, id := range ids {
		if !slices.Contains(kept, id) {
			kept = append(kept, id)
		}
	}
	return kept
}

// judge makes the event of one order, or the refusal.
func (d *Desk) judge(all []Order, id, actor string, step func([]Order, Order) (Event, *Refusal)) (Event, *Refusal) {
	at := slices.IndexFunc(all, func(o Order) bool { return o.ID == id })
	if at < 0 {
		return Event{}, &Refusal{Order: id, Code: "unknown_order", Detail: "there is no such order", WayOut: "sizeterm order status lists them"}
	}
	e, r := step(all, all[at])
	if r != nil {
		return e, r
	}
	e.Order, e.Actor, e.At = id, actor, d.Now()
	e.Way, e.Behind = d.Way, d.Behind
	trial := all[at]
	if err := trial.Apply(e); err != nil {
		return e, &Refusal{Order: id, Code: "not_now", Detail: fmt.Sprintf("%s is not possible while it is %s: %v", e.Kind, all[at].State, err), WayOut: "sizeterm order status says what is next"}
	}
	return e, nil
}

// maxReason bounds what a refusal brings into the journal.
const maxReason = 500

func (d *Desk) refused(actor string, r *Refusal) Event {
	order, reason := r.Order, r.reason()
	return Event{Order: order[:min(len(order), maxReason)], Kind: kindRefused, At: d.Now(), Actor: actor, Reason: reason[:min(len(reason), maxReason)]}
}

// noting is a transaction that remembers its events, to tell of them once they are stored.
type noting struct {
	Tx
	way    Way
	behind string
	events []Event
}

func (n *noting) Append(e Event) error {
	e.Way, e.Behind = n.way, n.behind
	if err := n.Tx.Append(e); err != nil {
		return err
	}
	n.events = append(n.events, e)
	return nil
}

// update runs one transaction and tells of its events.
func (d *Desk) update(ctx context.Context, fn func(*noting) error) error {
	tx := &noting{}
	d.point("before write")
	err := d.Store.Update(ctx, func(inner Tx) error {
		*tx = noting{Tx: inner, way: d.Way, behind: d.Behind}
		return fn(tx)
	})
	if err != nil {
		return err
	}
	d.point("after write")
	if d.Notify != nil {
		for _, e := range tx.events {
			d.Notify(e)
		}
	}
	return nil
}

func (d *Desk) point(name string) {
	if d.Point != nil {
		d.Point(name)
	}
}
