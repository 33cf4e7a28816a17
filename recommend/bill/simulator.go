package bill

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// Bill is what a decision costs, exactly. Amounts are in the unit of the Problem (micro-units of its currency).
type Bill struct {
	Objective  Exact // Commitment + Payg + Software + Risk: what is minimised
	Commitment Exact // prices of bought reservations and the hourly commitments of bought savings plans
	Payg       Exact // usage that nothing covered, compute only
	Software   Exact // licence meters: they continue whatever covers the compute
	Risk       Exact // pseudo-cost of the chosen sizes; no cash
	Upfront    Exact // cash at purchase; a part of Commitment that falls due at once, not an addition to it
	Feasible   bool
	Violations []string // why not Feasible, in the order of the rules
	Nodes      []NodeUse
	Rows       []RowUse
}

// NodeUse says how well the new reservations of one scope node and flexibility group are used.
type NodeUse struct {
	Node, Group string
	New         Exact // unit-hours bought
	Used        Exact // of which used; existing units count as used before new ones
}

// Key returns "node|group", the name of the pair in resopt-case/1.
func (n NodeUse) Key() string { return n.Node + "|" + n.Group }

// Utilization returns Used/New in [0, 1], and 0 for units that are never active.
func (n NodeUse) Utilization() Exact {
	if n.New.Sign() == 0 {
		return Exact{}
	}
	return n.Used.Quo(n.New)
}

// RowUse is the usage of one size in one scope, in instance-hours: Used = Reserved + Planned + Paid. It is what a show-back adds up.
type RowUse struct {
	Scope, Size string
	Used        Exact
	Reserved    Exact // covered by reservations, existing or new
	Planned     Exact // covered by savings plans
	Paid        Exact // charged at the pay-as-you-go price
	Payg        Exact // money for Paid
	Software    Exact // money for the licence meters of Used
}

// MarshalJSON writes the form of an entry of `evaluations` in resopt-case/1. Software costs appear only where there are any.
func (b Bill) MarshalJSON() ([]byte, error) {
	utilization := map[string]string{}
	for _, n := range b.Nodes {
		utilization[n.Key()] = n.Utilization().String()
	}
	software := ""
	if b.Software.Sign() != 0 {
		software = b.Software.String()
	}
	return json.Marshal(struct {
		Objective   Exact             `json:"objective_micro"`
		Commitment  Exact             `json:"commitment_micro"`
		Payg        Exact             `json:"payg_micro"`
		Software    string            `json:"software_micro,omitempty"`
		Risk        Exact             `json:"risk_micro"`
		Upfront     Exact             `json:"upfront_micro"`
		Feasible    bool              `json:"feasible"`
		Utilization map[string]string `json:"utilization"`
	}{b.Objective, b.Commitment, b.Payg, software, b.Risk, b.Upfront, b.Feasible, utilization})
}

// Evaluate returns the bill of one decision. It fails on a meaningless Problem and on a decision that names an unknown offer, VM or
// size, or a negative quantity; a decision that only breaks a rule (budget, utilisation, more than max_qty) is evaluated and marked
// infeasible. Who evaluates many decisions of one Problem keeps a Simulator.
func Evaluate(p *Problem, d Decision) (Bill, error) {
	s, err := NewSimulator(p)
	if err != nil {
		return Bill{}, err
	}
	return s.Evaluate(d)
}

// Simulator evaluates decisions of one Problem, which must not change meanwhile. It reuses its memory: not for several goroutines at once.
type Simulator struct {
	layout *layout
	exact  *meter[Exact]
	rough  *meter[approx]
}

// NewSimulator prepares p, or returns what is wrong with it.
func NewSimulator(p *Problem) (*Simulator, error) {
	l, err := newLayout(p)
	if err != nil {
		return nil, err
	}
	return &Simulator{l, newMeter(l, Whole), newMeter(l, func(n int64) approx { return approx(n) })}, nil
}

// Evaluate returns the bill of d with all its parts; see the function of the same name.
func (s *Simulator) Evaluate(d Decision) (Bill, error) {
	choice, quantity, err := s.Resolve(d)
	if err != nil {
		return Bill{}, err
	}
	s.exact.detail = true
	defer func() { s.exact.detail = false }()
	b := s.Run(choice, quantity)
	b.Rows = s.rowUses(choice)
	return b, nil
}

// Resolve turns a Decision into positions: for each VM the index of its candidate, for each offer its quantity.
func (s *Simulator) Resolve(d Decision) (choice []int, quantity []int64, err error) {
	p := s.layout.problem
	choice, quantity = make([]int, len(p.VMs)), make([]int64, len(p.Offers))
	for _, id := range sortedKeys(d.Purchases) {
		i := slices.IndexFunc(p.Offers, func(o Offer) bool { return o.ID == id })
		if i < 0 {
			return nil, nil, fmt.Errorf("purchases[%q]: no such offer", id)
		}
		if quantity[i] = d.Purchases[id]; quantity[i] < 0 {
			return nil, nil, fmt.Errorf("purchases[%q]: %d: negative", id, quantity[i])
		}
	}
	for _, id := range sortedKeys(d.Sizes) {
		v := slices.IndexFunc(p.VMs, func(vm VM) bool { return vm.ID == id })
		if v < 0 {
			return nil, nil, fmt.Errorf("sizes[%q]: no such vm", id)
		}
		size := d.Sizes[id]
		if choice[v] = slices.IndexFunc(p.VMs[v].Candidates, func(c Candidate) bool { return c.Size == size }); choice[v] < 0 {
			return nil, nil, fmt.Errorf("sizes[%q]: %q: not a candidate", id, size)
		}
	}
	return choice, quantity, nil
}

// Run is Evaluate by position, without Rows: choice holds a candidate index for each VM, quantity a number for each offer. It panics
// on slices of another length.
func (s *Simulator) Run(choice []int, quantity []int64) Bill {
	m, p := s.exact, s.layout.problem
	m.apply(choice, quantity)
	b := Bill{}
	for i, q := range quantity {
		b.Commitment = b.Commitment.Add(s.CommitmentOf(i).Mul(Whole(q)))
		b.Upfront = b.Upfront.Add(Whole(p.Offers[i].Upfront).Mul(Whole(q)))
	}
	for i := range m.rows {
		b.Payg = b.Payg.Add(s.price(i, m.paid[i].value()))
	}
	for v, j := range choice {
		b.Risk = b.Risk.Add(Whole(p.VMs[v].Candidates[j].Risk))
		b.Software = b.Software.Add(s.SoftwareOf(v, j))
	}
	b.Objective = b.Commitment.Add(b.Payg).Add(b.Software).Add(b.Risk)
	b.Nodes = s.nodeUses(quantity)
	b.Violations = s.violations(&b, quantity)
	b.Feasible = len(b.Violations) == 0
	return b
}

// Estimate returns the pay-as-you-go cost of a decision in floating point: the same recipe as Run, some ten times faster, for a
// search that must discard what is plainly dearer. Its error stays below 1e-12 of the cost without any commitment.
func (s *Simulator) Estimate(choice []int, quantity []int64) float64 {
	m := s.rough
	m.apply(choice, quantity)
	sum := 0.0
	for i := range m.rows {
		r := &m.rows[i]
		sum += float64(m.paid[i].value()) * float64(r.Payg) / (float64(r.Ratio) * float64(s.layout.problem.RunDenominator))
	}
	return sum
}

// CommitmentOf returns what quantity 1 of offer i costs: the price of a reservation, or the hourly step of a plan times its hours.
func (s *Simulator) CommitmentOf(i int) Exact {
	o := &s.layout.problem.Offers[i]
	if o.Kind == Reservation {
		return Whole(o.Price)
	}
	hours := Exact{}
	for _, slot := range s.layout.problem.Slots[o.From:o.To] {
		hours = hours.Add(Whole(slot.Hours))
	}
	return hours.Mul(Whole(o.Step))
}

// SoftwareOf returns what the licence meters of VM v cost when it takes candidate j.
func (s *Simulator) SoftwareOf(v, j int) Exact {
	p := s.layout.problem
	price := s.layout.rows[s.layout.rowOf[v][j]].Software
	if price == 0 {
		return Exact{}
	}
	hours := Exact{}
	for t, slot := range p.Slots {
		hours = hours.Add(Whole(slot.Hours).Mul(Whole(p.VMs[v].Run[t])))
	}
	return hours.Mul(Whole(price)).Quo(Whole(p.RunDenominator))
}

// price turns unit-hours of a row, times the run denominator, into money.
func (s *Simulator) price(row int, unitHours Exact) Exact {
	return s.instances(row, unitHours).Mul(Whole(s.layout.rows[row].Payg))
}

func (s *Simulator) instances(row int, unitHours Exact) Exact {
	return unitHours.Quo(Whole(s.layout.rows[row].Ratio).Mul(Whole(s.layout.problem.RunDenominator)))
}

func (s *Simulator) nodeUses(quantity []int64) []NodeUse {
	var uses []NodeUse
	den := Whole(s.layout.problem.RunDenominator)
	for i := range s.layout.nodes {
		n := &s.layout.nodes[i]
		if slices.ContainsFunc(n.offers, func(o int32) bool { return quantity[o] > 0 }) {
			uses = append(uses, NodeUse{n.path, n.group, s.exact.bought[i].value().Quo(den), s.exact.used[i].value().Quo(den)})
		}
	}
	slices.SortFunc(uses, func(a, b NodeUse) int { return cmp.Compare(a.Key(), b.Key()) })
	return uses
}

func (s *Simulator) violations(b *Bill, quantity []int64) []string {
	var broken []string
	p := s.layout.problem
	for i, q := range quantity {
		if o := &p.Offers[i]; q > o.MaxQty {
			broken = append(broken, fmt.Sprintf("%s: quantity %d is above %d", o.ID, q, o.MaxQty))
		}
	}
	if limit := p.Rules.UpfrontBudget; limit != nil && b.Upfront.Cmp(Whole(*limit)) > 0 {
		broken = append(broken, fmt.Sprintf("upfront %s is above the budget of %d", b.Upfront, *limit))
	}
	if least := p.Rules.MinNewUtilization; least != nil {
		for _, n := range b.Nodes {
			if n.Utilization().Cmp(*least) < 0 {
				broken = append(broken, fmt.Sprintf("%s: utilisation %s is below %s", n.Key(), n.Utilization(), *least))
			}
		}
	}
	return broken
}

func (s *Simulator) rowUses(choice []int) []RowUse {
	m, p := s.exact, s.layout.problem
	uses := make([]RowUse, len(m.rows))
	for v, j := range choice {
		u := &uses[m.rowOf[v][j]]
		u.Software = u.Software.Add(s.SoftwareOf(v, j))
		for t, slot := range p.Slots {
			u.Used = u.Used.Add(Whole(slot.Hours).Mul(Whole(p.VMs[v].Run[t])))
		}
	}
	for i := range uses {
		u, r := &uses[i], &m.rows[i]
		u.Scope, u.Size = r.scope, r.size
		u.Used = u.Used.Quo(Whole(p.RunDenominator))
		u.Reserved, u.Paid = s.instances(i, m.reserved[i].value()), s.instances(i, m.paid[i].value())
		u.Planned = u.Used.Sub(u.Reserved).Sub(u.Paid)
		u.Payg = u.Paid.Mul(Whole(r.Payg))
	}
	uses = slices.DeleteFunc(uses, func(u RowUse) bool { return u.Used.Sign() == 0 })
	slices.SortFunc(uses, func(a, b RowUse) int { return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Size, b.Size)) })
	return uses
}
