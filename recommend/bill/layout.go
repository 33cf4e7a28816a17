package bill

import (
	"cmp"
	"fmt"
	"slices"
)

// layout is a Problem with every order of application worked out once: which rows a node covers, in which order, and so on.
type layout struct {
	problem *Problem
	rows    []row
	rowOf   [][]int32 // for each VM and candidate: its row
	nodes   []capacity
	nodeOf  []int32 // for each offer: its node, or -1 for a savings plan
	plans   []plan
}

// row is the usage of one size in one scope.
type row struct {
	scope, size string
	Size
}

// capacity is a node of the scope path together with a flexibility group: what is reserved there covers rows in their order.
type capacity struct {
	path, group string
	rows        []int32
	existing    []int64 // units in each slot
	offers      []int32
}

// plan is a savings plan that can apply: one offer, or one existing commitment.
type plan struct {
	id       string
	scope    string
	offer    int32 // -1 when it exists already
	qty      int64
	step     int64
	from, to int
	rows     []int32 // greatest percentage discount first
	rates    []int64 // beside rows
}

func newLayout(p *Problem) (*layout, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	l := &layout{problem: p}
	l.layRows()
	if err := l.layNodes(); err != nil {
		return nil, err
	}
	l.layPlans()
	return l, l.checkUsage()
}

func (l *layout) layRows() {
	known := map[[2]string]int32{}
	for _, vm := range l.problem.VMs {
		rows := make([]int32, len(vm.Candidates))
		for j, c := range vm.Candidates {
			key := [2]string{vm.Scope, c.Size}
			at, ok := known[key]
			if !ok {
				at = int32(len(l.rows))
				known[key] = at
				l.rows = append(l.rows, row{scope: vm.Scope, size: c.Size, Size: l.problem.Sizes[c.Size]})
			}
			rows[j] = at
		}
		l.rowOf = append(l.rowOf, rows)
	}
}

func (l *layout) layNodes() error {
	p := l.problem
	at := map[[2]string]int32{}
	node := func(c *Commitment) int32 {
		key := [2]string{c.Scope, p.Sizes[c.Size].Group}
		i, ok := at[key]
		if !ok {
			i = int32(len(l.nodes))
			at[key] = i
			l.nodes = append(l.nodes, capacity{path: key[0], group: key[1], existing: make([]int64, len(p.Slots))})
		}
		return i
	}
	for i := range p.Existing {
		e := &p.Existing[i]
		if e.Kind != Reservation {
			continue
		}
		n := &l.nodes[node(&e.Commitment)]
		for t := e.From; t < e.To; t++ {
			units, ok := mulInt(e.Qty, p.Sizes[e.Size].Ratio)
			sum, fits := addInt(n.existing[t], units)
			if !ok || !fits {
				return fmt.Errorf("existing[%d].qty: %d: too large", i, e.Qty)
			}
			n.existing[t] = sum
		}
	}
	offerNode := make([]int32, len(p.Offers))
	for i := range p.Offers {
		offerNode[i] = -1
		if o := &p.Offers[i]; o.Kind == Reservation {
			offerNode[i] = node(&o.Commitment)
		}
	}
	l.sortNodes(offerNode)
	return nil
}

// sortNodes puts the deepest path first, then orders by path and group, and joins rows and offers to their nodes.
func (l *layout) sortNodes(offerNode []int32) {
	order := make([]int32, len(l.nodes))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := &l.nodes[a], &l.nodes[b]
		return cmp.Or(cmp.Compare(depth(y.path), depth(x.path)), cmp.Compare(x.path, y.path), cmp.Compare(x.group, y.group))
	})
	sorted := make([]capacity, len(order))
	moved := make([]int32, len(order))
	for to, from := range order {
		sorted[to] = l.nodes[from]
		moved[from] = int32(to)
		sorted[to].rows = l.covered(&sorted[to])
	}
	l.nodes, l.nodeOf = sorted, offerNode
	for i, at := range offerNode {
		if at >= 0 {
			l.nodeOf[i] = moved[at]
			n := &l.nodes[moved[at]]
			n.offers = append(n.offers, int32(i))
		}
	}
}

// covered lists the rows inside a node in the order in which it covers them.
func (l *layout) covered(n *capacity) []int32 {
	var rows []int32
	for i := range l.rows {
		if r := &l.rows[i]; r.Group == n.group && contains(n.path, r.scope) {
			rows = append(rows, int32(i))
		}
	}
	sign := 1
	if l.problem.Rules.Order == LowestFirst {
		sign = -1
	}
	slices.SortFunc(rows, func(a, b int32) int {
		x, y := &l.rows[a], &l.rows[b]
		perUnit := Frac(y.Payg, y.Ratio).Cmp(Frac(x.Payg, x.Ratio))
		return cmp.Or(sign*perUnit, cmp.Compare(x.size, y.size), cmp.Compare(x.scope, y.scope))
	})
	return rows
}

func (l *layout) layPlans() {
	p := l.problem
	for i := range p.Existing {
		if e := &p.Existing[i]; e.Kind == SavingsPlan {
			l.plans = append(l.plans, l.newPlan(&e.Commitment, -1, e.Qty))
		}
	}
	for i := range p.Offers {
		if o := &p.Offers[i]; o.Kind == SavingsPlan {
			l.plans = append(l.plans, l.newPlan(&o.Commitment, int32(i), 0))
		}
	}
	slices.SortStableFunc(l.plans, func(a, b plan) int {
		return cmp.Or(cmp.Compare(depth(b.scope), depth(a.scope)), cmp.Compare(a.id, b.id))
	})
}

func (l *layout) newPlan(c *Commitment, offer int32, qty int64) plan {
	n := plan{id: c.ID, scope: c.Scope, offer: offer, qty: qty, step: c.Step, from: c.From, to: c.To}
	for i := range l.rows {
		if _, ok := c.Rates[l.rows[i].size]; ok && contains(c.Scope, l.rows[i].scope) {
			n.rows = append(n.rows, int32(i))
		}
	}
	slices.SortFunc(n.rows, func(a, b int32) int {
		x, y := &l.rows[a], &l.rows[b]
		return cmp.Or(compareDiscount(c.Rates[x.size], x.Payg, c.Rates[y.size], y.Payg), cmp.Compare(x.size, y.size), cmp.Compare(x.scope, y.scope))
	})
	for _, i := range n.rows {
		n.rates = append(n.rates, c.Rates[l.rows[i].size])
	}
	return n
}

// compareDiscount orders by rate/payg, the lowest first. Usage that costs nothing anyway comes last.
func compareDiscount(rateA, paygA, rateB, paygB int64) int {
	if paygA == 0 || paygB == 0 {
		return cmp.Compare(paygB, paygA) // the one with a price first; equal when neither has one
	}
	return Frac(rateA, paygA).Cmp(Frac(rateB, paygB))
}

// checkUsage makes sure that the units of a slot, with all VMs at their largest, fit in an int64, so that no sum over rows overflows.
func (l *layout) checkUsage() error {
	for t := range l.problem.Slots {
		sum, ok := int64(0), true
		for i, vm := range l.problem.VMs {
			most := int64(0)
			for _, r := range l.rowOf[i] {
				most = max(most, l.rows[r].Ratio)
			}
			units, fits := mulInt(vm.Run[t], most)
			if sum, ok = addInt(sum, units); !ok || !fits {
				return fmt.Errorf("vms[%d].run[%d]: %d: too large", i, t, vm.Run[t])
			}
		}
	}
	return nil
}
