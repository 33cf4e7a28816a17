package order

import "slices"

// State is where an order stands.
type State string

// The states. An order is born as Draft; Rejected, Cancelled and Exchanged are final.
const (
	Draft      State = "draft"      // made from a plan, nobody has asked for it
	Requested  State = "requested"  // somebody wants it
	Approved   State = "approved"   // somebody else allowed it, for a time and at a price
	Sending    State = "sending"    // the vendor is being spoken to
	Executed   State = "executed"   // the vendor said yes
	Failed     State = "failed"     // the vendor said no, or his books show that nothing was bought
	Unknown    State = "unknown"    // the answer was not heard: ask, never send again
	Reconciled State = "reconciled" // the vendor's books show exactly this purchase
	Verified   State = "verified"   // bills and usage were compared with the promise
	Rejected   State = "rejected"
	Expired    State = "expired" // the approval ran out before the purchase
	Cancelled  State = "cancelled"
	Exchanged  State = "exchanged"
)

// Kinds of events.
const (
	kindDrafted    = "drafted"
	kindChanged    = "changed"
	kindRequested  = "requested"
	kindApproved   = "approved"
	kindRejected   = "rejected"
	kindExpired    = "expired"
	kindCancelled  = "cancelled"
	kindRequoted   = "requoted" // the quote before the purchase differed: back to approval
	kindSending    = "sending"
	kindSaved      = "saved" // what the vendor needs to recognise a repetition is on disk
	kindExecuted   = "executed"
	kindFailed     = "failed"
	kindLost       = "lost"  // no answer was heard
	kindAsked      = "asked" // the vendor's books do not say yet
	kindReconciled = "reconciled"
	kindVerified   = "verified"
	kindExchanged  = "exchanged"
	kindScoped     = "scoped"   // the narrower scope was set, the second step under the Azure plan
	kindReturned   = "returned" // a part of it went back to the vendor
	kindRefused    = "refused"  // somebody wanted what is not allowed: nothing changes
)

// moves says to which state each kind of event takes an order, by the state in which it finds it. What is not listed does
// not exist, here and in the database.
var moves = map[string]map[State]State{
	kindDrafted:    {"": Draft},
	kindChanged:    {Draft: Draft, Requested: Requested, Approved: Requested, Expired: Requested, Failed: Requested},
	kindRequested:  {Draft: Requested, Requested: Requested, Expired: Requested, Failed: Requested},
	kindApproved:   {Requested: Approved},
	kindRejected:   {Requested: Rejected, Approved: Rejected},
	kindExpired:    {Approved: Expired},
	kindCancelled:  {Draft: Cancelled, Requested: Cancelled, Approved: Cancelled, Expired: Cancelled, Failed: Cancelled, Reconciled: Cancelled, Verified: Cancelled},
	kindRequoted:   {Approved: Requested},
	kindSending:    {Approved: Sending},
	kindSaved:      {Sending: Sending},
	kindExecuted:   {Sending: Executed},
	kindFailed:     {Sending: Failed, Unknown: Failed},
	kindLost:       {Sending: Unknown},
	kindAsked:      {Unknown: Unknown, Executed: Executed, Failed: Failed},
	kindReconciled: {Executed: Reconciled, Unknown: Reconciled, Failed: Reconciled},
	kindVerified:   {Reconciled: Verified, Verified: Verified},
	kindExchanged:  {Reconciled: Exchanged, Verified: Exchanged},
	kindScoped:     {Executed: Executed, Reconciled: Reconciled, Verified: Verified},
	kindReturned:   {Reconciled: Reconciled, Verified: Verified},
}

// Transitions lists every pair of states between which an order can move, sorted: what a store enforces. The first of a
// pair is "" for the birth of an order.
func Transitions() [][2]State {
	var all [][2]State
	for _, byState := range moves {
		for from, to := range byState {
			if pair := [2]State{from, to}; !slices.Contains(all, pair) {
				all = append(all, pair)
			}
		}
	}
	slices.SortFunc(all, func(a, b [2]State) int {
		return slices.Compare([]string{string(a[0]), string(a[1])}, []string{string(b[0]), string(b[1])})
	})
	return all
}

// Open reports whether an order in the state still holds its lineage: a second order for the same need is not made.
func (s State) Open() bool { return s != Rejected && s != Cancelled && s != Exchanged }

// Committed reports whether an order in the state counts as money that is, or may be, committed: what caps add up.
func (s State) Committed() bool {
	return slices.Contains([]State{Approved, Sending, Executed, Unknown, Reconciled, Verified}, s)
}
