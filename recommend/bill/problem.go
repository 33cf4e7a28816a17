package bill

import (
	"cmp"
	"fmt"
	"strings"
)

// Schema names the JSON form of a Problem.
const Schema = "resopt-case/1"

// Order says which usage a reservation covers when not all of it can be covered: Azure applies the benefit "first come, first served",
// so the order is a given, not a choice.
type Order string

// The three orders. HighestFirst is the best case and LowestFirst the worst one of a customer without savings plans.
const (
	HighestFirst Order = "highest_payg_first" // the highest pay-as-you-go price per unit first; ties by size, then scope
	LowestFirst  Order = "lowest_payg_first"  // the lowest price per unit first; same ties
	Proportional Order = "proportional"       // every eligible row is reduced by the same fraction
)

// Kind is what a commitment is.
type Kind string

// The two kinds of commitments.
const (
	Reservation Kind = "reservation"  // capacity of one size, usable by its flexibility group
	SavingsPlan Kind = "savings_plan" // money per hour, spent on whatever has a rate
)

// Slot is a period of identical hours.
type Slot struct {
	Hours int64
}

// Size is a VM size that can be run or reserved.
type Size struct {
	Group string // flexibility group; units never pass from one group to another
	Ratio int64  // capacity units of one instance inside Group, at least 1
	Payg  int64  // pay-as-you-go price of one instance-hour, compute only
	// Software is the price of one instance-hour of the licence meters that continue whatever covers the compute (Windows, SQL, RHEL).
	Software int64
}

// VM is a row of usage: instances that run alike and all take the same size.
type VM struct {
	ID         string
	Scope      string // path, such as "shared/subscription/resource group"
	Candidates []Candidate
	Run        []int64 // for each slot: average number of instances in every hour, times Problem.RunDenominator
}

// Candidate is a size that a VM may take. The first candidate is the size it has now.
type Candidate struct {
	Size string
	Risk int64 // pseudo-cost of the choice: in the objective, not in the cash
}

// Commitment is what an Offer sells and what an Existing has bought. From and To are a half-open range of slots.
type Commitment struct {
	ID    string
	Kind  Kind
	Scope string // the node of the path at which it applies
	From  int
	To    int
	Size  string           // of a reservation
	Step  int64            // of a savings plan: money per hour that quantity 1 commits
	Rates map[string]int64 // of a savings plan: price per instance-hour by size; a size without one is not eligible
}

// Offer is a commitment that can be bought.
type Offer struct {
	Commitment
	Price   int64 // of a reservation: total of the whole range for quantity 1, paid whether used or not
	MaxQty  int64
	Upfront int64 // cash at purchase for quantity 1, counted against Rules.UpfrontBudget
}

// Existing is a commitment that was bought before. It is sunk: it costs nothing here, and applies in the same order as new ones.
type Existing struct {
	Commitment
	Qty int64
}

// Rules are the circumstances of a Problem. A nil constraint is none.
type Rules struct {
	Order             Order
	UpfrontBudget     *int64
	MinNewUtilization *Exact // in [0, 1]
}

// Problem is usage, prices and what was bought already. Money is in integer micro-units of Currency; as nothing is rounded inside,
// a caller with finer prices may use any other unit throughout.
type Problem struct {
	ID             string
	Title, Teaches string
	Currency       string
	Slots          []Slot
	RunDenominator int64 // at least 1
	Sizes          map[string]Size
	VMs            []VM
	Offers         []Offer
	Existing       []Existing
	Rules          Rules
	Evaluations    []Decision // decisions that the file asks to evaluate; the answers beside them are not read
}

// Decision is how much to buy and which size each VM takes. An offer without a quantity is not bought, and a VM without a size keeps
// its first candidate.
type Decision struct {
	Purchases map[string]int64
	Sizes     map[string]string
}

// Validate returns the first thing that makes the Problem meaningless, naming its field, or nil.
func (p *Problem) Validate() error {
	if p.RunDenominator < 1 {
		return fmt.Errorf("run_denominator: %d: want at least 1", p.RunDenominator)
	}
	for i, hours := 0, int64(0); i < len(p.Slots); i++ {
		if p.Slots[i].Hours < 0 {
			return fmt.Errorf("slots[%d].hours: %d: negative", i, p.Slots[i].Hours)
		}
		var ok bool
		if hours, ok = addInt(hours, p.Slots[i].Hours); !ok {
			return fmt.Errorf("slots[%d].hours: %d: too large, all hours together must fit in 63 bits", i, p.Slots[i].Hours)
		}
	}
	for _, name := range sortedKeys(p.Sizes) {
		if err := p.Sizes[name].validate(); err != nil {
			return fmt.Errorf("sizes[%q].%w", name, err)
		}
	}
	seen := map[string]bool{}
	for i := range p.VMs {
		if err := p.validateVM(&p.VMs[i], seen); err != nil {
			return fmt.Errorf("vms[%d].%w", i, err)
		}
	}
	return cmp.Or(p.validateCommitments(), p.Rules.validate())
}

func (s Size) validate() error {
	switch {
	case s.Group == "":
		return fmt.Errorf("group: empty")
	case s.Ratio < 1:
		return fmt.Errorf("ratio: %d: want at least 1", s.Ratio)
	case s.Payg < 0:
		return fmt.Errorf("payg_micro: %d: negative", s.Payg)
	case s.Software < 0:
		return fmt.Errorf("software_micro: %d: negative", s.Software)
	}
	return nil
}

func (p *Problem) validateVM(vm *VM, seen map[string]bool) error {
	if err := newID(vm.ID, seen); err != nil {
		return err
	}
	if err := checkScope(vm.Scope); err != nil {
		return err
	}
	if len(vm.Run) != len(p.Slots) {
		return fmt.Errorf("run: %d values for %d slots", len(vm.Run), len(p.Slots))
	}
	for t, run := range vm.Run {
		if run < 0 {
			return fmt.Errorf("run[%d]: %d: negative", t, run)
		}
	}
	if len(vm.Candidates) == 0 {
		return fmt.Errorf("candidates: none")
	}
	known := map[string]bool{}
	for j, c := range vm.Candidates {
		if _, ok := p.Sizes[c.Size]; !ok {
			return fmt.Errorf("candidates[%d].size: %q: not in sizes", j, c.Size)
		}
		if known[c.Size] {
			return fmt.Errorf("candidates[%d].size: %q: twice", j, c.Size)
		}
		known[c.Size] = true
	}
	return nil
}

func (p *Problem) validateCommitments() error {
	seen := map[string]bool{}
	for i := range p.Offers {
		o := &p.Offers[i]
		err := cmp.Or(newID(o.ID, seen), p.validateCommitment(&o.Commitment), notNegative("price_micro", o.Price),
			notNegative("max_qty", o.MaxQty), notNegative("upfront_micro", o.Upfront))
		if err != nil {
			return fmt.Errorf("offers[%d].%w", i, err)
		}
	}
	seen = map[string]bool{}
	for i := range p.Existing {
		e := &p.Existing[i]
		err := cmp.Or(newID(e.ID, seen), p.validateCommitment(&e.Commitment), notNegative("qty", e.Qty))
		if err != nil {
			return fmt.Errorf("existing[%d].%w", i, err)
		}
	}
	return nil
}

func (p *Problem) validateCommitment(c *Commitment) error {
	if err := checkScope(c.Scope); err != nil {
		return err
	}
	if c.From < 0 || c.From > c.To {
		return fmt.Errorf("from: %d: want 0 to %d", c.From, c.To)
	}
	if c.To > len(p.Slots) {
		return fmt.Errorf("to: %d: there are %d slots", c.To, len(p.Slots))
	}
	switch c.Kind {
	case Reservation:
		if _, ok := p.Sizes[c.Size]; !ok {
			return fmt.Errorf("size: %q: not in sizes", c.Size)
		}
	case SavingsPlan:
		if c.Step < 0 {
			return fmt.Errorf("step_micro: %d: negative", c.Step)
		}
		for _, name := range sortedKeys(c.Rates) {
			if _, ok := p.Sizes[name]; !ok {
				return fmt.Errorf("rates_micro[%q]: not in sizes", name)
			}
			if c.Rates[name] < 0 {
				return fmt.Errorf("rates_micro[%q]: %d: negative", name, c.Rates[name])
			}
		}
	default:
		return fmt.Errorf("kind: %q: want %q or %q", c.Kind, Reservation, SavingsPlan)
	}
	return nil
}

func (r *Rules) validate() error {
	switch r.Order {
	case HighestFirst, LowestFirst, Proportional:
	default:
		return fmt.Errorf("rules.coverage_order: %q: want %q, %q or %q", r.Order, HighestFirst, LowestFirst, Proportional)
	}
	if r.UpfrontBudget != nil && *r.UpfrontBudget < 0 {
		return fmt.Errorf("rules.upfront_budget_micro: %d: negative", *r.UpfrontBudget)
	}
	if u := r.MinNewUtilization; u != nil && (u.Sign() < 0 || u.Cmp(Whole(1)) > 0) {
		return fmt.Errorf("rules.min_new_utilization: %s: want 0 to 1", u)
	}
	return nil
}

func newID(id string, seen map[string]bool) error {
	if id == "" {
		return fmt.Errorf("id: empty")
	}
	if seen[id] {
		return fmt.Errorf("id: %q: twice", id)
	}
	seen[id] = true
	return nil
}

func checkScope(scope string) error {
	for _, part := range strings.Split(scope, "/") {
		if part == "" {
			return fmt.Errorf("scope: %q: want a path without empty parts", scope)
		}
	}
	return nil
}

func notNegative(field string, n int64) error {
	if n < 0 {
		return fmt.Errorf("%s: %d: negative", field, n)
	}
	return nil
}

// contains reports whether the usage at scope lies inside node: equal to it or below it.
func contains(node, scope string) bool {
	return strings.HasPrefix(scope, node) && (len(scope) == len(node) || scope[len(node)] == '/')
}

func depth(path string) int { return strings.Count(path, "/") + 1 }
