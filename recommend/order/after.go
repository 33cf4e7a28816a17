package order

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing/money"
)

// ViaPortal is the way of a person who bought in the vendor's portal.
const ViaPortal = "portal"

// Hand is a purchase that a person made in the portal, or that the partner's own shop made.
type Hand struct {
	VendorOrder, ReservationOrder string
	Paid                          money.Amount // as the vendor showed it, for the whole term
	Message                       string       // id of the webhook that told of it, "" where a person did
}

// Bought records a purchase that was made by hand: of an order that is approved now, for the price that was approved. From
// then on it is proved like any other. A second record of the same order is refused.
func (d *Desk) Bought(ctx context.Context, actor string, h Hand, id string) error {
	if h.VendorOrder == "" && h.ReservationOrder == "" {
		return d.refuse(ctx, actor, &Refusal{Order: id, Code: "no_vendor_order", Detail: "the vendor's order is not named", WayOut: "copy the order or reservation order id from the portal"})
	}
	var refusal *Refusal
	err := d.update(ctx, func(tx *noting) error {
		refusal = nil
		o, ok, err := tx.Order(id)
		if err != nil {
			return err
		}
		if !ok {
			refusal = unknownOrder(id)
		} else if refusal = d.sendable(&o); refusal == nil {
			refusal = paidAsApproved(&o, h.Paid)
		}
		if refusal != nil {
			return tx.Append(d.refused(actor, refusal))
		}
		now := d.Now()
		number := 1
		if o.Attempt != nil {
			number = o.Attempt.Number + 1
		}
		attempt := &Attempt{Number: number, Via: ViaPortal, By: actor, At: now, Lease: now, ReservationOrder: strings.ToLower(h.ReservationOrder)}
		if err := tx.Append(Event{Order: id, Kind: kindSending, At: now, Actor: actor, Attempt: attempt, Message: h.Message}); err != nil {
			return err
		}
		result := &Result{VendorOrder: h.VendorOrder, ReservationOrder: strings.ToLower(h.ReservationOrder), Status: "by hand", Quoted: &h.Paid, At: now}
		return tx.Append(Event{Order: id, Kind: kindExecuted, At: now, Actor: actor, Result: result, Message: h.Message, Reason: "bought by hand"})
	})
	if err != nil || refusal == nil {
		return err
	}
	return refusal
}

// paidAsApproved refuses another price than the approved one, but for what whole units of price leave over.
func paidAsApproved(o *Order, paid money.Amount) *Refusal {
	want := o.Line.TotalPrice
	if paid.Currency != want.Currency {
		return &Refusal{Order: o.ID, Code: "wrong_currency", Detail: fmt.Sprintf("paid was %s, approved was %s", paid, want), WayOut: "name the sum in the currency of the order"}
	}
	if off := paid.Micros - want.Micros; max(off, -off) >= max(o.Line.Quantity, 1)*10_000 { // a cent an instance
		return &Refusal{Order: o.ID, Code: "price_changed", Detail: fmt.Sprintf("paid was %s, approved was %s", paid, want),
			WayOut: "it was bought at a price that nobody approved: have the new price approved (order import, approve), then record it"}
	}
	return nil
}

// Proof is what the vendor's files say of an order.
type Proof struct {
	Order            string
	Text             string
	ReservationOrder string // as the files name it, "" where they do not
	Complete         bool   // charges or usage were compared, not only found
}

// Proved records what the files of the vendor show. An order whose answer was not heard, or that was only executed, is
// reconciled by them; one with charges or usage to compare is verified. Orders that are in no state for it are left alone.
func (d *Desk) Proved(ctx context.Context, actor string, proofs []Proof) error {
	return d.update(ctx, func(tx *noting) error {
		for _, p := range proofs {
			if err := d.prove(tx, actor, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Desk) prove(tx *noting, actor string, p Proof) error {
	o, ok, err := tx.Order(p.Order)
	if err != nil || !ok {
		return err
	}
	now := d.Now()
	if o.State == Executed || o.State == Unknown || o.State == Failed {
		result := Result{At: now, Status: "in the vendor's files"}
		if o.Result != nil {
			result = *o.Result
		}
		if result.ReservationOrder == "" {
			result.ReservationOrder = p.ReservationOrder
		}
		if result.VendorOrder == "" && result.ReservationOrder == "" {
			return nil // no name of the vendor's to keep
		}
		if err := tx.Append(Event{Order: o.ID, Kind: kindReconciled, At: now, Actor: actor, Result: &result, Reason: "found in the vendor's files"}); err != nil {
			return err
		}
		if o, _, err = tx.Order(p.Order); err != nil {
			return err
		}
	}
	if !p.Complete || o.State != Reconciled && o.State != Verified || o.State == Verified && o.Reason == p.Text {
		return nil
	}
	return tx.Append(Event{Order: o.ID, Kind: kindVerified, At: now, Actor: actor, Reason: p.Text})
}

// Rescoped records that the scope was set after the purchase, the second step under the Azure plan.
func (d *Desk) Rescoped(ctx context.Context, actor string, ids ...string) error {
	return d.act(ctx, actor, ids, func(_ []Order, o Order) (Event, *Refusal) {
		if !o.ScopeLeft() {
			return Event{}, &Refusal{Order: o.ID, Code: "no_scope_step", Detail: "no change of scope is left to do", WayOut: "sizeterm order status says what is next"}
		}
		return Event{Kind: kindScoped, Reason: "the scope is " + o.Line.Scope}, nil
	})
}

// Returned records that instances of an order went back to the vendor, in a refund or an exchange. Where nothing is left
// the order is closed: cancelled, or exchanged.
func (d *Desk) Returned(ctx context.Context, actor, id string, r Return) error {
	return d.act(ctx, actor, []string{id}, func(_ []Order, o Order) (Event, *Refusal) {
		r.At = d.Now()
		kind := kindReturned
		if r.Quantity >= o.Held() && o.Held() > 0 {
			if r.Quantity, kind = o.Held(), kindCancelled; r.Exchange {
				kind = kindExchanged
			}
		}
		return Event{Kind: kind, Return: &r, Reason: fmt.Sprintf("%d went back", r.Quantity)}, nil
	})
}

// Fact is one entry of the journal as people read it.
type Fact struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
	Event
}

// Journal returns the entries with a number above after, of one order only where order is not empty, at most limit of
// them; 0 is all.
func (d *Desk) Journal(ctx context.Context, order string, after int64, limit int) ([]Fact, error) {
	var facts []Fact
	err := d.Store.Journal(ctx, func(e Entry) error {
		if e.Seq <= after {
			return nil
		}
		f := Fact{Seq: e.Seq, Hash: e.Hash}
		if err := json.Unmarshal([]byte(e.Event), &f.Event); err != nil {
			return fmt.Errorf("journal: entry %d: %w", e.Seq, err)
		}
		if order != "" && f.Order != order {
			return nil
		}
		facts = append(facts, f)
		if limit > 0 && len(facts) >= limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return facts, err
}

// errEnough ends the reading of a journal early.
var errEnough = errors.New("enough")

// Heard reports whether a webhook with the id was taken before.
func (d *Desk) Heard(ctx context.Context, message string) (bool, error) {
	facts, err := d.Journal(ctx, "", 0, 0)
	return slices.ContainsFunc(facts, func(f Fact) bool { return message != "" && f.Message == message }), err
}

// refuse journals a refusal and returns it.
func (d *Desk) refuse(ctx context.Context, actor string, r *Refusal) error {
	if err := d.Refuse(ctx, actor, r); err != nil {
		return err
	}
	return r
}

func unknownOrder(id string) *Refusal {
	return &Refusal{Order: id, Code: "unknown_order", Detail: "there is no such order", WayOut: "sizeterm order status lists them"}
}

// Reminder says that a reservation runs out soon, or renews itself.
type Reminder struct {
	Order       string    `json:"order,omitempty"` // "" for one that was not ordered here
	Reservation string    `json:"reservation"`     // token of the order, or the vendor's id
	Customer    string    `json:"customer"`
	What        string    `json:"what"` // "3 x Standard_D2s_v5 polandcentral P3Y"
	Ends        time.Time `json:"ends"`
	Days        int       `json:"days"`  // whole days left
	Stage       int       `json:"stage"` // 30 or 7: the reminder that is due
	AutoRenew   bool      `json:"auto_renew"`
	Detail      string    `json:"detail"`
}

// Remind returns the reminder that is due on the day of now for a reservation that ends at ends: 30 days before and again
// 7 days before; ok is false where neither is. days are counted in UTC.
func Remind(now, ends time.Time, autoRenew bool) (r Reminder, ok bool) {
	day := 24 * time.Hour
	left := int(ends.UTC().Truncate(day).Sub(now.UTC().Truncate(day)) / day)
	r = Reminder{Ends: ends, Days: left, AutoRenew: autoRenew}
	switch {
	case left < 0 || left > 30:
		return r, false
	case left <= 7:
		r.Stage = 7
	default:
		r.Stage = 30
	}
	r.Detail = fmt.Sprintf("it runs out on %s and its machines go to pay-as-you-go: make a new plan", ends.Format(time.DateOnly))
	if autoRenew {
		r.Detail = fmt.Sprintf("it renews itself on %s at the price of that day, for the same term: check that it is still wanted, or turn renewal off", ends.Format(time.DateOnly))
	}
	return r, true
}

// Reminders returns what is due of the orders that were bought. They never renew themselves: purchases say so.
func (d *Desk) Reminders(orders []Order) []Reminder {
	var due []Reminder
	for i := range orders {
		o := &orders[i]
		if o.Held() == 0 {
			continue
		}
		if r, ok := Remind(d.Now(), o.Ends(), false); ok {
			r.Order, r.Reservation, r.Customer = o.ID, o.Token(), o.Line.Customer
			r.What = fmt.Sprintf("%d x %s %s %s", o.Held(), o.Line.Size, o.Line.Region, o.Line.Term)
			due = append(due, r)
		}
	}
	return due
}
