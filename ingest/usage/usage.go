// Package usage is the vocabulary of what was used: the two Arrow schemas that stand between reading and analysis, typed
// views of their records, builders that write them, and the list entry of a reservation that a customer already owns.
//
// Charges say what was billed, one row a billed line of a virtual machine or of a commitment; samples say what was
// measured, one row an interval of a resource. Units: hours are int64 micro-hours (1e-6 h), money is int64 micro-units of
// the row's currency, rates are int64 1e-10 currency units an hour, percentages are int32 hundredths of a point, memory is
// bytes, times are UTC seconds. A null is "the file does not say" and never zero. Texts that identify something
// (customer, subscription, resource group, resource) are lower case, because the sources disagree about it.
//
// The package refuses nothing itself: a view of a record of another schema is an error, and everything else was decided
// by the reader that built the record.
package usage

import "time"

// Kind says what a billed row is for.
type Kind uint8

// The kinds of a charge. Rows that concern no virtual machine and no commitment (storage, network, support) never
// become charges: the reader counts them and sets them apart.
const (
	// Compute is virtual machine time: hours of one size.
	Compute Kind = iota + 1
	// Software is a licence meter beside a virtual machine (Windows, RHEL, SQL): money, but no compute hours.
	Software
	// Purchase is the buying, or one instalment, of a reservation or savings plan: never usage.
	Purchase
	// Unused is the part of a reservation or savings plan that nothing used, as amortized exports list it.
	Unused
	// Adjustment is a refund, credit, tax or rounding row that belongs to one of the above.
	Adjustment
)

// String returns the kind as files and pages write it.
func (k Kind) String() string {
	switch k {
	case Compute:
		return "compute"
	case Software:
		return "software"
	case Purchase:
		return "purchase"
	case Unused:
		return "unused"
	case Adjustment:
		return "adjustment"
	}
	return "unknown"
}

// Model is the pricing model under which a row was billed.
type Model uint8

// The pricing models. UnknownModel is "the file does not say".
const (
	UnknownModel Model = iota
	OnDemand
	Reservation
	SavingsPlan
	Spot
)

// String returns the model in FinOps words.
func (m Model) String() string {
	switch m {
	case OnDemand:
		return "on_demand"
	case Reservation:
		return "reservation"
	case SavingsPlan:
		return "savings_plan"
	case Spot:
		return "spot"
	}
	return "unknown"
}

// MicroHour is one hour in the unit of the column hours.
const MicroHour = 1_000_000

// Commitment is one reservation that a customer already owns, as a reservation list states it.
type Commitment struct {
	// ID and Order are the reservation and reservation order identifiers, lower case; Order may be empty.
	ID, Order string
	// Customer is the customer identifier as in charges, lower case; empty when the list does not say, and then usage or
	// the subscription tells it, or it belongs to the only customer of the run.
	Customer string
	// Subscription is the one that the reservation was bought with, lower case; empty where the list does not say.
	Subscription string
	// Scope is "shared", "/subscriptions/{guid}" or "/subscriptions/{guid}/resourcegroups/{name}", lower case.
	Scope string
	// Size and Region are canonical names of the catalog.
	Size, Region string
	// Quantity is the number of instances reserved, at least 1.
	Quantity int64
	// TermMonths is 1, 12, 36 or 60; 0 when the list does not say.
	TermMonths int
	// Start and End bound the term, End exclusive. A zero Start means "already running"; End is never zero.
	Start, End time.Time
	// AutoRenew is what the list says; false when it says nothing.
	AutoRenew bool
	// ExactSize is true when instance size flexibility is off (capacity priority).
	ExactSize bool
	// Agreement is "csp", "ea", "mca" or empty; a reservation bought under EA is never netted against CSP demand.
	Agreement string
	// File and Line say where it stands.
	File string
	Line int64
}
