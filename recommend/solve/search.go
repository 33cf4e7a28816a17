package solve

import (
	"container/heap"
	"math"

	"sizeterm/recommend/bill"
)

// found is a decision with its exact cost.
type found struct {
	objective, commitment, quantity bill.Exact
	choice                          []int
	amounts                         []int64
}

// before reports whether f is to be preferred: the lower objective; then, among equals, the canonical one: the least commitment, then
// the least total quantity, then the smallest quantities in the order of the offers, then the earliest candidates.
func (f *found) before(g *found) bool {
	if c := f.objective.Cmp(g.objective); c != 0 {
		return c < 0
	}
	if c := f.commitment.Cmp(g.commitment); c != 0 {
		return c < 0
	}
	if c := f.quantity.Cmp(g.quantity); c != 0 {
		return c < 0
	}
	for i := range f.amounts {
		if f.amounts[i] != g.amounts[i] {
			return f.amounts[i] < g.amounts[i]
		}
	}
	for v := range f.choice {
		if f.choice[v] != g.choice[v] {
			return f.choice[v] < g.choice[v]
		}
	}
	return false
}

// explorer is branch and bound over boxes of decisions of one component, the box with the lowest bound first.
type explorer struct {
	*model
	best  *found
	limit float64 // the cost of best plus the tolerance: what exceeds it cannot be optimal, whatever the rounding errors
	queue queue
	nodes int
	looks int
	leaf  int  // boxes of so few decisions are enumerated
	blind bool // no attempts to improve
	value *bound
	floor float64 // the lowest bound that was left unexplored
}

type node struct {
	*box
	prices *prices
	bound  float64
	serial int // ties in the queue are first come, first served: the same run every time
}

type queue []*node

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].bound < q[j].bound || q[i].bound == q[j].bound && q[i].serial < q[j].serial
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*node)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

const (
	rootSteps = 100           // price steps for the whole problem
	rootCells = 2_000_000     // of the largest relaxation that is solved for it
	rootWork  = 1_500_000_000 // cells that it may change: some seconds
	nodeSteps = 12            // and for each part of it
	leafSize  = 24            // boxes of so few decisions are enumerated
)

func newExplorer(m *model) *explorer {
	s := &explorer{model: m, limit: math.Inf(1), value: m.newBound(), floor: math.Inf(1), leaf: leafSize}
	s.try(make([]int, len(m.run)), make([]int64, len(m.commit)))
	return s
}

// try evaluates a decision exactly and keeps it when it is better than the best so far. It reports whether it was kept.
func (s *explorer) try(choice []int, amounts []int64) bool {
	b := s.sim.Run(choice, amounts)
	if !b.Feasible {
		return false
	}
	f := &found{objective: b.Objective, commitment: b.Commitment}
	for _, n := range amounts {
		f.quantity = f.quantity.Add(bill.Whole(n))
	}
	f.choice, f.amounts = append([]int(nil), choice...), append([]int64(nil), amounts...)
	if s.best != nil && !f.before(s.best) {
		return false
	}
	s.best = f
	s.limit = f.objective.Float() + s.tolerance
	return true
}

// estimate is the cost of a decision in floating point.
func (s *explorer) estimate(choice []int, amounts []int64) float64 {
	sum := s.sim.Estimate(choice, amounts)
	for i, n := range amounts {
		sum += float64(n) * s.commit[i]
	}
	for v, j := range choice {
		sum += s.fixed[v][j]
	}
	return sum
}

// run explores until nothing is left or the number of nodes is reached.
func (s *explorer) solve(most int) {
	root := s.wholeBox()
	if !s.propagate(root) {
		return
	}
	start, _, guessed := s.sharper(s.newPrices(), root, s.value)
	s.improve(&guess{choice: make([]int, len(s.run)), amounts: make([]int64, len(s.commit))})
	s.improve(s.preferred(start, root))
	if guessed != nil {
		s.improve(guessed)
	}
	start, value := s.ascend(start, root, s.best.objective.Float(), rootSteps)
	heap.Push(&s.queue, &node{box: root, prices: start, bound: value})
	for len(s.queue) > 0 {
		n := heap.Pop(&s.queue).(*node)
		if n.bound > s.limit {
			break // and so are all others
		}
		if s.nodes++; s.nodes > most {
			s.floor = n.bound
			break
		}
		s.explore(n)
	}
}

// explore shrinks a box, discards it, enumerates it or halves it.
func (s *explorer) explore(n *node) {
	if !s.shrink(n) {
		return
	}
	choice, fixed := n.choice()
	if fixed && s.dominated(n, choice) {
		return
	}
	if s.looks++; s.looks&(s.looks-1) == 0 { // ever more rarely: after 1, 2, 4, 8 boxes
		s.improve(s.preferred(n.prices, n.box))
	}
	if n.count(s.leaf+1) <= s.leaf {
		s.enumerate(n.box)
		return
	}
	for _, child := range s.branch(n, fixed) {
		s.nodes++
		if !s.propagate(child) {
			continue
		}
		prices, value := s.ascend(n.prices, child, s.best.objective.Float(), nodeSteps)
		if value = max(value, n.bound); value <= s.limit {
			heap.Push(&s.queue, &node{box: child, prices: prices, bound: value, serial: s.nodes})
		}
	}
}

// shrink trims a box by its bound until nothing changes. It reports false when the box is proved worse than the best.
func (s *explorer) shrink(n *node) bool {
	for {
		s.lagrange(n.prices, n.box, nil, s.value)
		n.bound = max(n.bound, s.value.value)
		if n.bound > s.limit {
			return false
		}
		if !s.trim(n.box, s.value, s.limit) {
			return true
		}
		if !s.propagate(n.box) {
			return false
		}
	}
}

// dominated discards a box with fixed sizes by monotony: more capacity never raises the pay-as-you-go rest, in any order of coverage
// and with savings plans, so no decision of it costs less than its least commitment with the rest that its most capacity leaves.
// Where that is a tie to the last digit, only a smaller commitment would still win.
func (s *explorer) dominated(n *node, choice []int) bool {
	if s.hopeless(n.box, choice) {
		return true
	}
	value := s.estimate(choice, n.hi)
	for i := range n.lo {
		value -= float64(n.hi[i]-n.lo[i]) * s.commit[i]
	}
	n.bound = max(n.bound, value)
	if value > s.limit {
		return true
	}
	if value < s.limit-3*s.tolerance {
		return false
	}
	least, quantity, objective := bill.Exact{}, bill.Exact{}, s.sim.Run(choice, n.hi)
	for i := range n.lo {
		least = least.Add(s.exact[i].Mul(bill.Whole(n.lo[i])))
		quantity = quantity.Add(bill.Whole(n.lo[i]))
	}
	switch objective.Objective.Sub(objective.Commitment).Add(least).Cmp(s.best.objective) {
	case -1:
		return false
	case 1:
		return true
	}
	if c := least.Cmp(s.best.commitment); c != 0 {
		return c > 0
	}
	return quantity.Cmp(s.best.quantity) > 0
}

// enumerate tries every decision of a box.
func (s *explorer) enumerate(b *box) {
	choice, amounts := make([]int, len(b.allowed)), append([]int64(nil), b.lo...)
	for v, a := range b.allowed {
		choice[v] = first(a)
	}
	for {
		if s.estimate(choice, amounts) <= s.limit {
			s.try(choice, amounts)
		}
		if !b.advance(choice, amounts) {
			return
		}
	}
}

// advance steps to the next decision of a box, the last VM fastest. It reports false after the last one.
func (b *box) advance(choice []int, amounts []int64) bool {
	for v := len(choice) - 1; v >= 0; v-- {
		for j := choice[v] + 1; j < len(b.allowed[v]); j++ {
			if b.allowed[v][j] {
				choice[v] = j
				return true
			}
		}
		choice[v] = first(b.allowed[v])
	}
	for i := len(amounts) - 1; i >= 0; i-- {
		if amounts[i] < b.hi[i] {
			amounts[i]++
			return true
		}
		amounts[i] = b.lo[i]
	}
	return false
}

// branch splits a box: first by the sizes of the VM that matters most, then the range of the offer that does, in halves.
func (s *explorer) branch(n *node, fixed bool) []*box {
	if !fixed {
		v := s.widestVM(n)
		var children []*box
		for j, ok := range n.allowed[v] {
			if !ok {
				continue
			}
			child := n.clone()
			clear(child.allowed[v])
			child.allowed[v][j] = true
			children = append(children, child)
		}
		return children
	}
	widest, width := 0, -1.0
	for i := range n.lo {
		if w := float64(n.hi[i]-n.lo[i]) * (s.commit[i] + s.tolerance); n.hi[i] > n.lo[i] && w > width {
			widest, width = i, w
		}
	}
	low, high := n.clone(), n.clone()
	low.hi[widest] = n.lo[widest] + (n.hi[widest]-n.lo[widest])/2
	high.lo[widest] = low.hi[widest] + 1
	return []*box{low, high}
}

// widestVM returns the undecided VM with the greatest pay-as-you-go cost: its size moves the bound most.
func (s *explorer) widestVM(n *node) int {
	widest, width := -1, -1.0
	for v, a := range n.allowed {
		if ones(a) < 2 {
			continue
		}
		sum := 0.0
		for t, run := range s.model.run[v] {
			sum += run * s.hours[t] * s.payg[v][first(a)]
		}
		if sum > width {
			widest, width = v, sum
		}
	}
	return widest
}
