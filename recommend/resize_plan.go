package recommend

import (
	"sizeterm/analyzer"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/rightsize"
)

// Resize is one machine (or scale set) that should run on another size, on a schedule, with fewer instances, or not at all. What it
// saves is stated twice, and both add up: SavingMonth of all resizes is what resizing adds to a plan that only reserves, and
// AloneMonth of all resizes and SavingMonth of all lines are together the saving of the plan.
type Resize struct {
	ID, VM       string // VM is the resource, or the name where the files know no resource
	Customer     string
	Name         string
	Region       catalog.Region
	Machines     int // 1, or the instances of a scale set that are sized together
	From, To     catalog.Size
	Action       string // "resize", "shutdown", "schedule" or "scale_in"
	OverloadLow  float64
	OverloadHigh float64
	// OverloadKnown is false where nothing bounds it.
	OverloadKnown bool
	// CostMonthBefore and CostMonthAfter are compute and licence of a month in which the machine runs as it did, at pay-as-you-go.
	CostMonthBefore, CostMonthAfter money.Amount
	// SavingMonth is what the change frees beside reservations, at their marginal price: compute only.
	SavingMonth money.Amount
	// WithoutMonth is what the plan would cost more a month, licences too, without this one change: decided again where WithoutExact,
	// else at what a unit of its pools is worth in the plan. Those of several changes do not add up.
	WithoutMonth money.Amount
	WithoutExact bool
	// AloneMonth is what it frees where nothing is bought, existing reservations counted: compute only.
	AloneMonth money.Amount
	// SoftwareMonth is what it saves in licences, the same with and without reservations.
	SoftwareMonth money.Amount
	Fit           rightsize.Fit
	Reasons       []string
	Lost, Check   []string
	Alternatives  []rightsize.Alternative // the size of today first
	Frontier      []int                   // of Alternatives, by rising saving
	Chosen        int                     // of Alternatives; 0 where the action is not a resize

	subject               *subject
	rateFell, licenceFell float64 // in micro-units a month, by the price an hour of both sizes
}

// Forced reports whether the change is made whatever it saves, because the size of today retires.
func (r *Resize) Forced() bool {
	return r.subject != nil && r.subject.advice.Forced && r.Action == string(rightsize.Resize)
}

// Sized is what was found out about the size of one machine, whether or not it changes.
type Sized struct {
	Customer, VM, Name string
	Size, To           catalog.Size
	Action             string // "keep" and those of Resize
	State              analyzer.State
	Reasons            []rightsize.Reason
	Reference          rightsize.Reference
	Idle               rightsize.Idle
	Upsize, Successor  catalog.Size
	Bound              float64 // see rightsize.Advice
	Blocks             int
	// Frontier is the choice to make for the machine (of a scale set for its first instance, for all): no other size has both less
	// overload and more saving. It begins with the size of today.
	Frontier []FrontierPoint
}

// FrontierPoint is a size with the overload that it would have had and what it saves a month by the hour, licence included.
type FrontierPoint struct {
	Size      catalog.Size
	Low, High float64
	Saving    money.Amount
	Feasible  bool
}

// Sizing says how well the sizes were decided, over all customers.
type Sizing struct {
	Machines   int     // that were judged
	Free       int     // that had a choice
	Gap        float64 // the largest of all customers: how far the joint plan can be from the best one of the year ahead at worst
	Parts      int     // of the joint problems, that nothing ties together
	FellBack   int     // components in which sizes of another plan cost less once reservations were decided exactly
	ResizeDate string  // when to resize, buy and verify: see rightsize.Sequence
	BuyDate    string
	VerifyDate string
}
