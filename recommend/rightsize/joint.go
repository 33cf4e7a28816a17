package rightsize

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// JointOptions limits the work of Joint. The zero JointOptions is ready to use.
type JointOptions struct {
	// Nodes is how many nodes a branch and bound may examine in each part of the problem; 0 means 2 000.
	Nodes int
	// Steps is how many steps of the price loop a large part gets; 0 means 1 000. A part with little work gets twice as many. It ends before where the gap is below 0.05 %.
	Steps int
}

// Outcome is one way to decide, with its bill by the simulator and a proved bound: nothing of the same kind costs less.
type Outcome struct {
	Decision bill.Decision
	Bill     bill.Bill
	Bound    bill.Exact
}

// Gap returns (objective - bound)/objective, 0 for an objective of 0.
func (o *Outcome) Gap() bill.Exact {
	return solve.Certificate{Cost: o.Bill.Objective, Bound: o.Bound}.Gap()
}

// Together is the three plans that are shown beside each other. Joint costs at most as much as either of the others. Savings do not
// add up: what a resize frees under a reservation is saved once.
type Together struct {
	Today       bill.Bill // sizes as they are, nothing bought
	ResizeOnly  Outcome   // sizes chosen, nothing bought: existing reservations still apply
	ReserveOnly Outcome   // sizes as they are
	Joint       Outcome
	Parts       int // parts of the problem that nothing ties together
	Large       int // of these: solved by the price loop, because branch and bound alone would not end
}

// Joint decides sizes and reservations of a problem together (reference 1.8 and 7E). The problem splits into parts that nothing ties
// together; a small part is solved by branch and bound, exactly where the nodes suffice; a large part by a price loop: prices of
// units in each hour prove a bound and point each machine to a size, the purchases for those sizes are exact, and the machines that
// hardly care are tried elsewhere. Equal machines are priced once. The same problem gives the same plan.
//
// It fails on a meaningless problem, and on rules that staying as it is breaks.
func Joint(p *bill.Problem, o JointOptions) (*Together, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if o.Nodes <= 0 {
		o.Nodes = 2000
	}
	if o.Steps <= 0 {
		o.Steps = 1000
	}
	p = ordered(p)
	out := &Together{}
	var err error
	if out.Today, err = bill.Evaluate(p, bill.Decision{}); err != nil {
		return nil, err
	}
	empty := *p
	empty.Offers, empty.Evaluations = nil, nil
	if out.ResizeOnly, err = out.solve(&empty, o); err != nil {
		return nil, fmt.Errorf("sizes alone: %w", err)
	}
	stay := make([]int, len(p.VMs))
	if out.ReserveOnly, err = reserve(p, stay, o, true); err != nil {
		return nil, fmt.Errorf("reservations alone: %w", err)
	}
	out.Parts, out.Large = 0, 0
	if out.Joint, err = out.solve(p, o); err != nil {
		return nil, fmt.Errorf("sizes and reservations: %w", err)
	}
	bound := out.Joint.Bound
	after, err := reserve(p, choiceOf(p, out.ResizeOnly.Decision), o, false)
	if err != nil {
		return nil, fmt.Errorf("reservations after sizes: %w", err)
	}
	for _, other := range []Outcome{after, out.ReserveOnly, {Decision: out.ResizeOnly.Decision, Bill: out.ResizeOnly.Bill}} {
		if other.Bill.Feasible && other.Bill.Objective.Cmp(out.Joint.Bill.Objective) < 0 {
			out.Joint = other
		}
	}
	out.Joint.Bound = bound
	return out, nil
}

// ordered returns the problem with machines and commitments by id, so that their order changes nothing.
func ordered(p *bill.Problem) *bill.Problem {
	own := *p
	own.VMs, own.Offers, own.Existing = slices.Clone(p.VMs), slices.Clone(p.Offers), slices.Clone(p.Existing)
	slices.SortFunc(own.VMs, func(a, b bill.VM) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(own.Offers, func(a, b bill.Offer) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(own.Existing, func(a, b bill.Existing) int { return cmp.Compare(a.ID, b.ID) })
	return &own
}

// solve decides a problem part by part and adds up.
func (t *Together) solve(p *bill.Problem, o JointOptions) (Outcome, error) {
	out := Outcome{Decision: bill.Decision{Purchases: map[string]int64{}, Sizes: map[string]string{}}}
	for _, part := range parts(p) {
		t.Parts++
		one, err := t.solvePart(part, o)
		if err != nil {
			return Outcome{}, err
		}
		for id, n := range one.Decision.Purchases {
			out.Decision.Purchases[id] = n
		}
		for id, size := range one.Decision.Sizes {
			out.Decision.Sizes[id] = size
		}
		out.Bound = out.Bound.Add(one.Bound)
	}
	var err error
	out.Bill, err = bill.Evaluate(p, out.Decision)
	return out, err
}

// smallWork is the work (machines x candidates x slots) up to which branch and bound is worth while, and smallFree the number of
// machines with a choice.
const (
	smallWork = 6_000
	smallFree = 16
)

// patient returns the options for a part of so much work: one whose steps take no time gets twice as many.
func (o JointOptions) patient(work int) JointOptions {
	o.Steps *= max(1, min(2, 200_000/max(1, work)))
	return o
}

func (t *Together) solvePart(p *bill.Problem, o JointOptions) (Outcome, error) {
	p = solve.MergeSlots(p)
	free, work := 0, 0
	for v := range p.VMs {
		work += len(p.VMs[v].Candidates) * len(p.Slots)
		if len(p.VMs[v].Candidates) > 1 {
			free++
		}
	}
	if free == 0 {
		return reserve(p, make([]int, len(p.VMs)), o, true)
	}
	if free <= smallFree && work <= smallWork {
		s, err := solve.Case(p, solve.Options{Nodes: o.Nodes})
		if err != nil {
			return Outcome{}, err
		}
		out := Outcome{s.Decision, s.Bill, s.Bound}
		if s.Complete {
			return out, nil
		}
		t.Large++
		return priceLoop(p, o.patient(work), &out)
	}
	t.Large++
	return priceLoop(p, o.patient(work), nil)
}

// parts splits a problem into what no commitment, budget or choice of size ties together.
func parts(p *bill.Problem) []*bill.Problem {
	n, m := len(p.VMs), len(p.Offers)
	set := newSets(n + m + len(p.Existing) + 1)
	nodes := map[string][]int{} // by group, and "" for savings plans: the commitments
	add := func(c *bill.Commitment, at int) {
		key := ""
		if c.Kind == bill.Reservation {
			key = p.Sizes[c.Size].Group
		}
		nodes[key] = append(nodes[key], at)
	}
	commitment := func(at int) *bill.Commitment {
		if at < n+m {
			return &p.Offers[at-n].Commitment
		}
		return &p.Existing[at-n-m].Commitment
	}
	for i := range p.Offers {
		add(&p.Offers[i].Commitment, n+i)
		if p.Rules.UpfrontBudget != nil {
			set.join(n+i, n+m+len(p.Existing))
		}
	}
	for i := range p.Existing {
		add(&p.Existing[i].Commitment, n+m+i)
	}
	for v := range p.VMs {
		vm := &p.VMs[v]
		for _, c := range vm.Candidates {
			for _, at := range nodes[p.Sizes[c.Size].Group] {
				if inside(commitment(at).Scope, vm.Scope) {
					set.join(v, at)
				}
			}
			for _, at := range nodes[""] {
				if _, ok := commitment(at).Rates[c.Size]; ok && inside(commitment(at).Scope, vm.Scope) {
					set.join(v, at)
				}
			}
		}
	}
	return gather(p, set)
}

// gather returns the sub-problems of the sets, in the order of their first machine. Machines that nothing ties are one part each.
func gather(p *bill.Problem, set sets) []*bill.Problem {
	n, m := len(p.VMs), len(p.Offers)
	at, out := map[int]*bill.Problem{}, []*bill.Problem{}
	part := func(i int) *bill.Problem {
		root := set.find(i)
		if at[root] == nil {
			own := *p
			own.VMs, own.Offers, own.Existing, own.Evaluations = nil, nil, nil, nil
			at[root], out = &own, append(out, &own)
		}
		return at[root]
	}
	for v := range p.VMs {
		own := part(v)
		own.VMs = append(own.VMs, p.VMs[v])
	}
	for i := range p.Offers {
		own := part(n + i)
		own.Offers = append(own.Offers, p.Offers[i])
	}
	for i := range p.Existing {
		own := part(n + m + i)
		own.Existing = append(own.Existing, p.Existing[i])
	}
	return slices.DeleteFunc(out, func(own *bill.Problem) bool { return len(own.VMs) == 0 })
}

// sets is union-find.
type sets []int

func newSets(n int) sets {
	s := make(sets, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (s sets) find(i int) int {
	for s[i] != i {
		s[i] = s[s[i]]
		i = s[i]
	}
	return i
}

func (s sets) join(i, j int) { s[s.find(i)] = s.find(j) }

// inside reports whether the usage at scope lies inside node.
func inside(node, scope string) bool { return scope == node || strings.HasPrefix(scope, node+"/") }

func sizesOf(p *bill.Problem, choice []int) map[string]string {
	sizes := make(map[string]string, len(choice))
	for v, j := range choice {
		sizes[p.VMs[v].ID] = p.VMs[v].Candidates[j].Size
	}
	return sizes
}

// choiceOf turns sizes into candidate indexes; a machine without one stays.
func choiceOf(p *bill.Problem, d bill.Decision) []int {
	choice := make([]int, len(p.VMs))
	for v := range p.VMs {
		size, ok := d.Sizes[p.VMs[v].ID]
		if i := slices.IndexFunc(p.VMs[v].Candidates, func(c bill.Candidate) bool { return c.Size == size }); ok && i > 0 {
			choice[v] = i
		}
	}
	return choice
}

// Frame says how machines become rows of a problem.
type Frame struct {
	Scope  string // path of the machine, such as "shared/subscription/resource group"
	Run    []int64
	Unit   int64 // units of the problem's money in 1e-10 of the currency, at least 1
	Months int64 // that the slots of the problem stand for: a risk of each month counts so often
}

// Row returns a machine with its sizes as a row of a problem, the size of today first, and the sizes that the row names. Sizes are
// named by region, name and licence, groups by region. A machine that the policy leaves alone has its size alone; a size that saves
// too little is left out, one that an owned reservation could cover (Policy.Groups) is not.
func (s *Sizer) Row(m *Machine, a *Advice, f Frame) (bill.VM, map[string]bill.Size, error) {
	vm, sizes := bill.VM{ID: m.ID, Scope: f.Scope, Run: f.Run}, map[string]bill.Size{}
	if len(a.Alternatives) == 0 {
		return vm, nil, fmt.Errorf("%s: no size with a price", m.ID)
	}
	fixed := s.fixed(m)
	for i := range a.Alternatives {
		alt := &a.Alternatives[i]
		if i > 0 && (fixed || !alt.Feasible || alt.Why.Code == "small_saving" && !s.owned(alt.Size)) {
			continue
		}
		name := SizeName(m, alt.Size)
		size := bill.Size{Group: string(m.Region) + "/" + string(alt.Size), Ratio: 100, Payg: int64(alt.Rate) * f.Unit, Software: int64(alt.Software) * f.Unit}
		if group, ok := alt.Size.Group(); ok {
			size.Group, size.Ratio = string(m.Region)+"/"+group.Name, group.Ratio
		}
		sizes[name] = size
		risk := (alt.RiskOnce.Micros + alt.RiskMonth.Micros*f.Months) * 10_000
		if risk/10_000 != alt.RiskOnce.Micros+alt.RiskMonth.Micros*f.Months || risk > 1<<62/f.Unit {
			return vm, nil, fmt.Errorf("%s on %s: risk does not fit", m.ID, alt.Size)
		}
		vm.Candidates = append(vm.Candidates, bill.Candidate{Size: name, Risk: risk * f.Unit})
	}
	return vm, sizes, nil
}

// SizeName returns the name under which Row puts a size of a machine into a problem.
func SizeName(m *Machine, size catalog.Size) string {
	name := string(m.Region) + "/" + string(size)
	if marketOf(m).os == pricing.Windows {
		name += "/windows"
	}
	return name
}

func (s *Sizer) fixed(m *Machine) bool {
	_, excused := s.policy.excused(m, s.asOf)
	return excused || m.Young || m.Spot
}

func (s *Sizer) owned(size catalog.Size) bool {
	group, ok := size.Group()
	return ok && slices.Contains(s.policy.Groups, group.Name)
}

// Sequence returns the days on which a joint plan is carried out from a day on: resizes first, because a purchase is hard to undo and
// has the size of after; then a wait, until usage shows the new sizes, and the purchase of what a new run says; then a wait again,
// before its utilisation is verified and anything further is bought. The waits are those of the policy table of the catalog.
func Sequence(from time.Time) (resize, buy, verify time.Time) {
	wait := catalog.RulesOn(from).WaitDays
	return from, from.AddDate(0, 0, wait), from.AddDate(0, 0, 2*wait)
}
