package order

import (
	"errors"
	"fmt"
	"time"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Policy holds the limits within which a Desk acts.
type Policy struct {
	ApprovalLife time.Duration // how long an approval holds
	// QuoteTolerance is how much more or less than the approved total the quote before the purchase may be, in basis
	// points of the approved total; 0 is "not at all".
	QuoteTolerance int64
	PriceAge       time.Duration // older prices are pointed out before the purchase
	WaitDays       int           // days after a purchase before another plan for the same machines is bought
	// Lease is how long a process that is sending is trusted to be alive; it gives up well before.
	Lease time.Duration
	// Settle is how long after an attempt the vendor's books are not yet believed when they show nothing: new orders may
	// be missing from lists for 15 minutes.
	Settle time.Duration
	// CapCustomer limits the commitment of one customer that is approved or bought, CapMonth what is approved in one
	// calendar month (UTC) over all customers, CapApprover what one person approves in that month. Each holds for each
	// currency by itself.
	CapCustomer, CapMonth, CapApprover Cap
	// AcrossWays lets people approve what was requested by somebody who was identified in another way.
	AcrossWays bool
}

// Cap is a limit of money in whichever currency is compared. The zero Cap is no limit; a limit of 0 allows nothing, and so
// does one below 0.
type Cap struct {
	Set    bool
	Micros int64
}

// DefaultPolicy is what holds where nothing else is said:
//
//	approval life   72 h: over a weekend, not over a price list
//	tolerance       0: any other price goes back to approval
//	price age       24 h
//	waiting days    those of the vendor's rules, the longest that the documents name
//	lease           10 min: five times what a purchase with its repetitions takes
//	settle          30 min: 15 min of missing lists, the longest attempt, and a margin
func DefaultPolicy() Policy {
	return Policy{
		ApprovalLife: 72 * time.Hour, PriceAge: 24 * time.Hour, WaitDays: catalog.RulesOn(time.Time{}).WaitDays,
		Lease: 10 * time.Minute, Settle: 30 * time.Minute,
	}
}

// UnmarshalText reads a limit as a decimal number; empty text is none.
func (c *Cap) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = Cap{}
		return nil
	}
	amount, err := money.Parse(string(text), "")
	if err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	*c = Cap{Set: true, Micros: amount.Micros}
	return nil
}

// MarshalText writes the limit as UnmarshalText reads it.
func (c Cap) MarshalText() ([]byte, error) {
	if !c.Set {
		return nil, nil
	}
	return []byte(money.New(c.Micros, "").Decimal()), nil
}

// over reports whether sum is beyond the cap.
func (c Cap) over(sum money.Amount) bool { return c.Set && sum.Micros > max(c.Micros, 0) }

// ErrRefused is what every Refusal is.
var ErrRefused = errors.New("refused")

// Refusal says why something was not done, and what would help. Whatever was refused is in the journal; nothing was sent.
type Refusal struct {
	Order  string // id, or what was given for one
	Code   string // "requester_approves", "expired", "cap_customer" ...
	Detail string
	WayOut string
}

// Error implements error.
func (r *Refusal) Error() string { return fmt.Sprintf("order %s: %s (%s)", r.Order, r.Detail, r.Code) }

// Is makes every refusal ErrRefused.
func (r *Refusal) Is(target error) bool { return target == ErrRefused }

// reason is how a refusal stands in the journal.
func (r *Refusal) reason() string { return r.Code + ": " + r.Detail }
