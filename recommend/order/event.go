package order

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing/money"
)

// Event is one thing that happened to an order. Only the fields of its kind are set.
type Event struct {
	Order    string    `json:"order"`
	Kind     string    `json:"kind"`
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"`            // person or program
	Way      Way       `json:"way,omitempty"`    // how the actor was identified
	Behind   string    `json:"behind,omitempty"` // the person who answers for a program
	Line     *Line     `json:"line,omitempty"`
	Plan     string    `json:"plan,omitempty"` // SHA-256 of the plan
	Approval *Approval `json:"approval,omitempty"`
	Attempt  *Attempt  `json:"attempt,omitempty"`
	Result   *Result   `json:"result,omitempty"`
	Return   *Return   `json:"return,omitempty"`
	Message  string    `json:"message,omitempty"` // id of the webhook that brought it
	Reason   string    `json:"reason,omitempty"`  // code, then a sentence
}

// Return is what went back to the vendor of one order, whole or in part, as he counted it.
type Return struct {
	At       time.Time `json:"at"`
	Quantity int64     `json:"quantity"`
	// Commitment is what was left to run of it, prorated by day: what a cap on cancelled commitment counts. Refund is the
	// money that came back.
	Commitment money.Amount `json:"commitment"`
	Refund     money.Amount `json:"refund"`
	Exchange   bool         `json:"exchange,omitempty"` // exchanges do not count against the cap
}

// Approval is the permission to buy what Hash names, until Expires, Expires excluded.
type Approval struct {
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
	Hash    string    `json:"hash"`
}

// Attempt is one try to buy: what the vendor needs to recognise a repetition of it.
type Attempt struct {
	Number int       `json:"number"`
	Via    string    `json:"via"` // "partner-center", "arm" or "portal": by a person
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	// Lease is the instant until which the process that tries is trusted to be alive.
	Lease            time.Time `json:"lease"`
	RequestID        string    `json:"request_id,omitempty"`        // Partner Center: the MS-RequestId of the checkout
	Cart             string    `json:"cart,omitempty"`              // Partner Center
	ReservationOrder string    `json:"reservation_order,omitempty"` // ARM: minted by calculatePrice
	// Accepted lists the checks that nobody could answer and that By took upon himself.
	Accepted []string `json:"accepted,omitempty"`
}

// Result is what the vendor's books hold of the purchase.
type Result struct {
	VendorOrder      string        `json:"vendor_order,omitempty"`      // Partner Center order
	ReservationOrder string        `json:"reservation_order,omitempty"` // Azure reservation order
	Status           string        `json:"status,omitempty"`            // as the vendor puts it
	Quoted           *money.Amount `json:"quoted,omitempty"`            // the quote just before the purchase
	At               time.Time     `json:"at"`
}

// Order is one purchase from plan to proof. It is the sum of its events: Apply is the only way to change one.
type Order struct {
	ID        string    `json:"id"`
	Lineage   string    `json:"lineage"`
	State     State     `json:"state"`
	Revision  int64     `json:"revision"` // events applied
	Line      Line      `json:"line"`
	Plan      string    `json:"plan"`
	Drafted   time.Time `json:"drafted"`
	Requester string    `json:"requester,omitempty"`
	Way       Way       `json:"way,omitempty"`    // how the requester was identified
	Behind    string    `json:"behind,omitempty"` // the person who answers for a requester that is a program
	Approval  *Approval `json:"approval,omitempty"`
	Attempt   *Attempt  `json:"attempt,omitempty"`
	Result    *Result   `json:"result,omitempty"`
	Asked     int       `json:"asked,omitempty"` // reconciliations that found nothing yet
	// Scoped is when the narrower scope was set after a purchase that was shared; nil where it was not, or need not be.
	Scoped  *time.Time `json:"scoped,omitempty"`
	Returns []Return   `json:"returns,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	Changed time.Time  `json:"changed"` // of the last event
}

// Ends is the day on which the reservation runs out, zero where it was not bought.
func (o *Order) Ends() time.Time {
	if o.Result == nil || o.Attempt == nil {
		return time.Time{}
	}
	return o.Attempt.At.AddDate(o.Line.Term.Years(), 0, 0)
}

// Held is how many instances are still owned: what was bought less what went back, 0 where nothing was bought.
func (o *Order) Held() int64 {
	if o.Result == nil || !slices.Contains([]State{Executed, Reconciled, Verified}, o.State) {
		return 0
	}
	left := o.Line.Quantity
	for _, r := range o.Returns {
		left -= r.Quantity
	}
	return max(left, 0)
}

// ScopeLeft reports whether the reservation still applies everywhere though the order wants it narrower: a purchase in
// Partner Center under the Azure plan, or by hand, is shared, and its scope is set in a second step.
func (o *Order) ScopeLeft() bool {
	return o.Held() > 0 && o.Line.Scope != "shared" && o.Attempt.Via != "arm" && o.Scoped == nil
}

// Token is the mark under which the vendor's books hold the purchase: a tag, or the friendly name of a cart line.
func (o *Order) Token() string { return "sizeterm-" + o.ID }

// ErrTransition says that an order cannot go from its state by the event.
var ErrTransition = errors.New("no such transition")

// Apply changes the order by e, or returns an error and changes nothing: where the table of transitions has no such move
// (ErrTransition), or where the event itself breaks a rule: an approval by the requester, of another hash, already
// expired; a sending without a valid approval.
func (o *Order) Apply(e Event) error {
	to, ok := moves[e.Kind][o.State]
	if !ok {
		return fmt.Errorf("order %s: %s of an order that is %q: %w", e.Order, e.Kind, o.State, ErrTransition)
	}
	if o.ID != "" && o.ID != e.Order {
		return fmt.Errorf("order %s: event of order %s", o.ID, e.Order)
	}
	if err := o.check(e); err != nil {
		return fmt.Errorf("order %s: %s: %w", e.Order, e.Kind, err)
	}
	o.take(e)
	o.State, o.Changed = to, e.At
	o.Revision++
	return nil
}

// check judges what the table of transitions cannot see.
func (o *Order) check(e Event) error {
	if e.Order == "" || e.Actor == "" || e.At.IsZero() {
		return errors.New("an event names its order, its actor and its instant")
	}
	if r := e.Return; r != nil {
		switch {
		case r.Quantity < 1 || r.Quantity > o.Held():
			return fmt.Errorf("it gives back %d of the %d that are left", r.Quantity, o.Held())
		case r.Commitment.Micros < 0 || r.Refund.Micros < 0:
			return errors.New("its amounts are below 0")
		}
	}
	switch e.Kind {
	case kindDrafted, kindChanged, kindRequoted:
		if e.Line == nil {
			return errors.New("it brings no line")
		}
		if o.ID != "" && (e.Line.ID != o.Line.ID || e.Line.Customer != o.Line.Customer || e.Line.UnitPrice.Currency != o.Line.UnitPrice.Currency) {
			return errors.New("an order keeps its line, its customer and its currency")
		}
		return e.Line.Check()
	case kindApproved:
		return o.checkApproval(e)
	case kindSending:
		switch {
		case e.Attempt == nil:
			return errors.New("it brings no attempt")
		case o.Approval == nil || o.Approval.Hash != o.Line.Hash():
			return errors.New("the approval is not about this line and price")
		case !e.At.Before(o.Approval.Expires):
			return fmt.Errorf("the approval expired on %s", o.Approval.Expires.Format(time.RFC3339))
		}
	case kindSaved:
		if e.Attempt == nil || e.Attempt.Number != o.Attempt.Number {
			return errors.New("it is not of the attempt under way")
		}
	case kindReturned:
		if e.Return == nil {
			return errors.New("it brings no return")
		}
	case kindExecuted, kindReconciled:
		if e.Result == nil || e.Result.VendorOrder == "" && e.Result.ReservationOrder == "" {
			return errors.New("it names no order of the vendor")
		}
	}
	return nil
}

func (o *Order) checkApproval(e Event) error {
	switch {
	case e.Approval == nil:
		return errors.New("it brings no approval")
	case e.Approval.By != e.Actor:
		return errors.New("it is in another person's name")
	case o.AskedBy(e.Actor):
		return fmt.Errorf("%q requested it: another person approves", e.Actor)
	case e.Approval.Hash != o.Line.Hash():
		return errors.New("it is about another line or price")
	case !e.Approval.Expires.After(e.At):
		return errors.New("it has expired already")
	}
	return nil
}

// AskedBy reports whether the person asked for the order, by himself or by a program that he answers for. "Anna" is "anna".
func (o *Order) AskedBy(person string) bool {
	return strings.EqualFold(person, o.Requester) || o.Behind != "" && person == o.Behind
}

// take copies what the event brings.
func (o *Order) take(e Event) {
	switch e.Kind {
	case kindDrafted:
		o.ID, o.Plan, o.Line, o.Drafted = e.Order, e.Plan, *e.Line, e.At
		o.Lineage = e.Line.lineage()
	case kindChanged:
		o.Line, o.Approval = *e.Line, nil
		if o.State != Draft {
			o.Requester, o.Way, o.Behind = e.Actor, e.Way, e.Behind // who changes a line wants it so, and cannot approve it
		}
	case kindRequoted:
		o.Line, o.Approval = *e.Line, nil
	case kindRequested:
		o.Requester, o.Way, o.Behind, o.Approval = e.Actor, e.Way, e.Behind, nil
	case kindApproved:
		o.Approval = e.Approval
	case kindExpired, kindRejected, kindCancelled:
		o.Approval = nil
	case kindSending, kindSaved:
		o.Attempt, o.Asked = e.Attempt, 0
	case kindAsked:
		o.Asked++
	case kindScoped:
		at := e.At
		o.Scoped = &at
	case kindExecuted, kindReconciled, kindVerified, kindExchanged:
		if e.Result != nil {
			o.Result = e.Result
		}
	}
	if e.Return != nil {
		o.Returns = append(slices.Clone(o.Returns), *e.Return)
	}
	o.Reason = e.Reason
}

// Refusal reports whether the event only records that something was refused: it changes no order.
func (e *Event) Refusal() bool { return e.Kind == kindRefused }
