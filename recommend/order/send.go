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

// Placer speaks to one vendor API. Package place has them.
type Placer interface {
	// Quote asks for today's price and buys nothing. A *Refusal says that the vendor does not sell the line.
	Quote(ctx context.Context, o *Order) (Quote, error)
	// Place buys, at most once: before the call that buys it saves what it needs to recognise the purchase again, and it
	// asks the vendor's books first where the order was tried before.
	Place(ctx context.Context, o *Order, save func(Attempt) error) Outcome
	// Find asks the vendor's books for the order's token. An error says that they could not be read whole.
	Find(ctx context.Context, o *Order) (Finding, error)
}

// Quote is the price of the whole line now.
type Quote struct {
	Total money.Amount
	Via   string // "partner-center" or "arm"
	// ReservationOrder is the id under which ARM will keep the purchase; empty elsewhere.
	ReservationOrder string
}

// Answer is what is known after a purchase was tried.
type Answer string

// The answers. NotBought is said only where it is certain.
const (
	Bought    Answer = "bought"
	NotBought Answer = "not bought"
	NoAnswer  Answer = "no answer"
)

// Outcome is what Place found out.
type Outcome struct {
	Answer Answer
	Result Result // where bought
	Reason string
}

// Finding is what the vendor's books hold of an order.
type Finding struct {
	Results []Result // one for each purchase; more than one is a disaster that is reported
	Pending bool     // the books say that it is under way
}

// Sent is what became of one order that was submitted or reconciled.
type Sent struct {
	Order string
	State State
	Err   error // nil, a *Refusal, or why the vendor could not be asked
}

// Submission is how orders are bought.
type Submission struct {
	Placer Placer
	Facts  map[string]Facts // by customer
	Accept []string         // codes of checks with verdict "ask" that the buyer answers for
}

// Submit buys approved orders, one after the other: checks, a fresh quote, then the purchase. An order that is sending or
// was sent is refused, however many ask at once. A quote that differs from the approved price sends the order back to
// approval. Submit returns what became of each; the error is of the store.
func (d *Desk) Submit(ctx context.Context, actor string, s Submission, ids ...string) ([]Sent, error) {
	var done []Sent
	for _, id := range distinct(ids) {
		sent, err := d.submit(ctx, actor, &s, id)
		if err != nil {
			return done, err
		}
		done = append(done, sent)
	}
	return done, nil
}

func (d *Desk) submit(ctx context.Context, actor string, s *Submission, id string) (Sent, error) {
	// 1. Is it allowed at all?
	o, refusal, err := d.ready(ctx, s, id)
	if err != nil {
		return Sent{}, err
	}
	if refusal != nil {
		return Sent{id, o.State, refusal}, d.Refuse(ctx, actor, refusal)
	}
	// 2. At which price, today?
	quote, err := s.Placer.Quote(ctx, &o)
	if errors.As(err, &refusal) {
		return Sent{id, o.State, refusal}, d.Refuse(ctx, actor, refusal)
	}
	if err != nil {
		return Sent{id, o.State, fmt.Errorf("order %s: no quote, nothing was sent: %w", id, err)}, nil
	}
	if refusal, err := d.compare(ctx, actor, &o, quote); refusal != nil || err != nil {
		return Sent{id, Requested, refusal}, err
	}
	// 3. Only one caller gets past this write.
	o, refusal, err = d.start(ctx, actor, s, &o, quote)
	if err != nil {
		return Sent{}, err
	}
	if refusal != nil {
		return Sent{id, o.State, refusal}, d.Refuse(ctx, actor, refusal)
	}
	// 4. The purchase, given up well before the lease ends.
	return d.place(ctx, actor, s.Placer, &o, quote)
}

// ready loads the order and judges whether it may be sent.
func (d *Desk) ready(ctx context.Context, s *Submission, id string) (Order, *Refusal, error) {
	var o Order
	var refusal *Refusal
	err := d.Store.Read(ctx, func(tx Tx) error {
		all, err := tx.Orders()
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(o Order) bool { return o.ID == id })
		if at < 0 {
			refusal = &Refusal{Order: id, Code: "unknown_order", Detail: "there is no such order", WayOut: "sizeterm order status lists them"}
			return nil
		}
		o = all[at]
		if refusal = d.sendable(&o); refusal == nil {
			refusal = d.clear(&o, s, all)
		}
		return nil
	})
	return o, refusal, err
}

// sendable refuses what is not approved now.
func (d *Desk) sendable(o *Order) *Refusal {
	switch {
	case slices.Contains([]State{Sending, Executed, Unknown, Reconciled, Verified}, o.State):
		return &Refusal{Order: o.ID, Code: "already_sent", Detail: fmt.Sprintf("it is %s", o.State), WayOut: "sizeterm order reconcile asks the vendor what became of it"}
	case o.State != Approved:
		return &Refusal{Order: o.ID, Code: "not_approved", Detail: fmt.Sprintf("it is %s", o.State), WayOut: "request it, and have another person approve it"}
	case !d.Now().Before(o.Approval.Expires):
		return &Refusal{Order: o.ID, Code: "expired", Detail: "its approval expired on " + o.Approval.Expires.Format(time.RFC3339), WayOut: "request it again"}
	case o.Approval.Hash != o.Line.Hash():
		return &Refusal{Order: o.ID, Code: "changed", Detail: "it is not what was approved", WayOut: "request it again"}
	}
	return nil
}

// clear refuses an order with a check that stops it, or with a question that nobody answered.
func (d *Desk) clear(o *Order, s *Submission, all []Order) *Refusal {
	var facts *Facts
	if f, ok := s.Facts[o.Line.Customer]; ok {
		facts = &f
	}
	for _, c := range d.Preflight(o, facts, all) {
		if c.Verdict == stop || c.Verdict == ask && !slices.Contains(s.Accept, c.Code) {
			way := c.WayOut
			if c.Verdict == ask {
				way += "; or --accept " + c.Code
			}
			return &Refusal{Order: o.ID, Code: c.Code, Detail: c.Detail, WayOut: way}
		}
	}
	return nil
}

// compare sends an order whose quote differs back to approval, with the new price on it.
func (d *Desk) compare(ctx context.Context, actor string, o *Order, q Quote) (*Refusal, error) {
	approved := o.Line.TotalPrice
	if q.Total.Currency != approved.Currency {
		r := &Refusal{Order: o.ID, Code: "wrong_currency", Detail: fmt.Sprintf("the vendor quotes %s, approved was %s", q.Total, approved), WayOut: "make the plan in the currency in which the vendor bills"}
		line := o.Line
		return r, d.once(ctx, o, Event{Order: o.ID, Kind: kindRequoted, At: d.Now(), Actor: actor, Line: &line, Reason: r.reason()})
	}
	diff, err := q.Total.Sub(approved)
	if err != nil {
		return nil, err
	}
	allowed, err := approved.MulDiv(d.Policy.QuoteTolerance, 10_000)
	if err != nil {
		return nil, err
	}
	// A total is whole units of price: what their rounding leaves over is no difference.
	if max(diff.Micros, -diff.Micros) <= max(allowed.Micros, o.Line.Quantity-1) {
		return nil, nil
	}
	line := o.Line
	if line.UnitPrice, err = q.Total.MulDiv(1, line.Quantity); err != nil {
		return nil, err
	}
	if line.TotalPrice, err = line.UnitPrice.Mul(line.Quantity); err != nil {
		return nil, err
	}
	line.PriceSource, line.PriceAsOf = "quote of "+q.Via, d.Now()
	r := &Refusal{Order: o.ID, Code: "price_changed", Detail: fmt.Sprintf("the vendor asks %s, approved was %s", q.Total, approved), WayOut: "it was requested again at the new price: approve that, or cancel"}
	if line.Check() != nil {
		line = o.Line // a price that is none, 0 for example: nothing to approve, and nothing to buy
	}
	return r, d.once(ctx, o, Event{Order: o.ID, Kind: kindRequoted, At: d.Now(), Actor: actor, Line: &line, Reason: r.reason()})
}

// once appends an event if the order is still as it was read.
func (d *Desk) once(ctx context.Context, o *Order, e Event) error {
	return d.update(ctx, func(tx *noting) error {
		now, _, err := tx.Order(o.ID)
		if err != nil || now.Revision != o.Revision {
			return err
		}
		return tx.Append(e)
	})
}

// start writes "sending", unless somebody else did, or the order changed, since it was read.
func (d *Desk) start(ctx context.Context, actor string, s *Submission, read *Order, q Quote) (Order, *Refusal, error) {
	var o Order
	var refusal *Refusal
	err := d.update(ctx, func(tx *noting) error {
		var err error
		refusal = nil
		if o, _, err = tx.Order(read.ID); err != nil {
			return err
		}
		all, err := tx.Orders()
		if err != nil {
			return err
		}
		if refusal = d.sendable(&o); refusal == nil {
			refusal = d.clear(&o, s, all)
		}
		if refusal == nil && o.Revision != read.Revision {
			refusal = &Refusal{Order: o.ID, Code: "changed", Detail: "somebody changed it just now", WayOut: "look at it and submit again"}
		}
		if refusal != nil {
			return nil
		}
		now := d.Now()
		attempt := &Attempt{Number: 1, Via: q.Via, By: actor, At: now, Lease: now.Add(d.Policy.Lease), ReservationOrder: q.ReservationOrder, Accepted: s.Accept}
		if o.Attempt != nil {
			attempt.Number = o.Attempt.Number + 1
			attempt.Cart = o.Attempt.Cart // a cart that may still be open is used again, never a second one
		}
		attempt.RequestID = requestID(o.ID, attempt.Number)
		if err := tx.Append(Event{Order: o.ID, Kind: kindSending, At: now, Actor: actor, Attempt: attempt}); err != nil {
			return err
		}
		o, _, err = tx.Order(o.ID)
		return err
	})
	return o, refusal, err
}

// requestID is the vendor's idempotency key of one attempt, in the form of a GUID.
func requestID(id string, number int) string {
	h := hashOf("sizeterm.request/1", id, fmt.Sprint(number))
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:32]}, "-")
}

// place buys and writes down what came of it, even where ctx is done by then.
func (d *Desk) place(ctx context.Context, actor string, placer Placer, o *Order, q Quote) (Sent, error) {
	keep := context.WithoutCancel(ctx)
	save := func(a Attempt) error {
		err := d.update(keep, func(tx *noting) error {
			return tx.Append(Event{Order: o.ID, Kind: kindSaved, At: d.Now(), Actor: actor, Attempt: &a})
		})
		if err == nil {
			o.Attempt = &a
		}
		return err
	}
	limited, cancel := context.WithTimeout(ctx, d.Policy.Lease/2)
	defer cancel()
	d.point("before place")
	outcome := placer.Place(limited, o, save)
	d.point("after place")
	e := Event{Order: o.ID, At: d.Now(), Actor: actor, Reason: outcome.Reason}
	switch outcome.Answer {
	case Bought:
		result := outcome.Result
		result.At, result.Quoted = e.At, &q.Total
		e.Kind, e.Result = kindExecuted, &result
	case NotBought:
		e.Kind = kindFailed
	default:
		e.Kind = kindLost
	}
	if err := d.update(keep, func(tx *noting) error { return tx.Append(e) }); err != nil {
		return Sent{}, fmt.Errorf("order %s: the vendor's answer is %q and could not be written down; reconcile asks him again: %w", o.ID, outcome.Answer, err)
	}
	return Sent{Order: o.ID, State: moves[e.Kind][Sending]}, nil
}

// Reconcile asks the vendor's books about orders that were sent. An order is settled where the books show it, or where they
// show nothing long enough after the attempt; an order whose process died while sending is unknown first. placers are by
// the name that their quotes bear.
func (d *Desk) Reconcile(ctx context.Context, actor string, placers map[string]Placer, ids ...string) ([]Sent, error) {
	var done []Sent
	for _, id := range distinct(ids) {
		sent, err := d.reconcile(ctx, actor, placers, id)
		if err != nil {
			return done, err
		}
		done = append(done, sent)
	}
	return done, nil
}

func (d *Desk) reconcile(ctx context.Context, actor string, placers map[string]Placer, id string) (Sent, error) {
	o, refusal, err := d.recover(ctx, actor, id)
	if err != nil {
		return Sent{}, err
	}
	if refusal != nil {
		return Sent{id, o.State, refusal}, nil
	}
	if o.State == Reconciled || o.State == Verified {
		return Sent{Order: id, State: o.State}, nil
	}
	placer, ok := placers[o.Attempt.Via]
	if !ok {
		return Sent{id, o.State, fmt.Errorf("order %s: it was sent by %s, which cannot be asked now", id, o.Attempt.Via)}, nil
	}
	d.point("before find")
	found, err := placer.Find(ctx, &o)
	d.point("after find")
	if err != nil {
		return Sent{id, o.State, fmt.Errorf("order %s: it stays %s: the vendor's books could not be read: %w", id, o.State, err)}, nil
	}
	if len(found.Results) > 1 {
		r := &Refusal{Order: id, Code: "bought_twice", Detail: fmt.Sprintf("the vendor's books hold %d purchases under %s: %s", len(found.Results), o.Token(), namesOf(found.Results)),
			WayOut: "return all but one at once; refunds are counted against the customer's limit"}
		return Sent{id, o.State, r}, d.Refuse(ctx, actor, r)
	}
	e := d.settle(&o, found)
	e.Order, e.Actor, e.At = id, actor, d.Now()
	if err := d.once(ctx, &o, e); err != nil {
		return Sent{}, err
	}
	return Sent{Order: id, State: moves[e.Kind][o.State]}, nil
}

// recover loads an order that was sent, and declares one unknown whose process no longer holds the lease.
func (d *Desk) recover(ctx context.Context, actor, id string) (Order, *Refusal, error) {
	var o Order
	var refusal *Refusal
	err := d.update(ctx, func(tx *noting) error {
		var ok bool
		var err error
		refusal = nil
		if o, ok, err = tx.Order(id); err != nil {
			return err
		}
		switch {
		case !ok:
			refusal = &Refusal{Order: id, Code: "unknown_order", Detail: "there is no such order", WayOut: "sizeterm order status lists them"}
		case o.Attempt == nil || !slices.Contains([]State{Sending, Executed, Failed, Unknown, Reconciled, Verified}, o.State):
			refusal = &Refusal{Order: id, Code: "not_sent", Detail: fmt.Sprintf("it is %s: there is nothing to ask about", o.State)}
		case o.State == Sending && d.Now().Before(o.Attempt.Lease):
			refusal = &Refusal{Order: id, Code: "sending", Detail: "another process may be sending it until " + o.Attempt.Lease.Format(time.RFC3339), WayOut: "ask again after that"}
		case o.State == Sending:
			if err := tx.Append(Event{Order: id, Kind: kindLost, At: d.Now(), Actor: actor, Reason: "interrupted: the process that sent it ended without an answer"}); err != nil {
				return err
			}
			o, _, err = tx.Order(id)
			return err
		}
		return nil
	})
	return o, refusal, err
}

// settle decides what a finding means for an order.
func (d *Desk) settle(o *Order, found Finding) Event {
	switch {
	case len(found.Results) == 1:
		result := found.Results[0]
		result.At = d.Now()
		if o.Result != nil {
			result.Quoted = o.Result.Quoted
		}
		return Event{Kind: kindReconciled, Result: &result}
	case o.State == Unknown && !found.Pending && !d.Now().Before(o.Attempt.At.Add(d.Policy.Settle)):
		return Event{Kind: kindFailed, Reason: "the vendor's books hold no such purchase: nothing was bought"}
	}
	return Event{Kind: kindAsked, Reason: fmt.Sprintf("the vendor's books do not show it yet (asked %d times)", o.Asked+1)}
}

func namesOf(results []Result) string {
	var names []string
	for _, r := range results {
		names = append(names, r.VendorOrder+r.ReservationOrder)
	}
	return strings.Join(names, ", ")
}
