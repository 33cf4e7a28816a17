package rightsize

import (
	"fmt"
	"slices"

	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// reserve returns the best purchases for given sizes. Usage of one size that the same commitments reach is covered alike, so rows add
// up, and what is left is as small as the number of sizes in use. A pool of one price a unit is bought for by the exact kernels,
// another small one by branch and bound, and a large one by a search along each offer. With prove, Bound is proved for these sizes;
// without it only where that costs nothing.
func reserve(p *bill.Problem, choice []int, o JointOptions, prove bool) (Outcome, error) {
	rows, risk := collapse(p, choice)
	out := Outcome{Decision: bill.Decision{Purchases: map[string]int64{}}}
	for _, part := range parts(rows) {
		one, err := reservePart(part, o, prove)
		if err != nil {
			return Outcome{}, err
		}
		for id, n := range one.Decision.Purchases {
			if n > 0 {
				out.Decision.Purchases[id] = n
			}
		}
		out.Bound = out.Bound.Add(one.Bound)
	}
	var err error
	if out.Bill, err = bill.Evaluate(rows, out.Decision); err != nil {
		return Outcome{}, err
	}
	out.Bound = out.Bound.Add(risk)
	out.Bill.Risk, out.Bill.Objective = risk, out.Bill.Objective.Add(risk)
	out.Decision.Sizes = sizesOf(p, choice)
	return out, nil
}

// collapse adds up the machines of each size and scope. A scope is cut to the deepest node that a commitment has above it: what no
// commitment tells apart costs the same.
func collapse(p *bill.Problem, choice []int) (*bill.Problem, bill.Exact) {
	rows, at, cut := *p, map[[2]string]int{}, newCut(p)
	rows.VMs, rows.Evaluations = nil, nil
	risk := bill.Exact{}
	for v, j := range choice {
		vm := &p.VMs[v]
		c := vm.Candidates[j]
		risk = risk.Add(bill.Whole(c.Risk))
		key := [2]string{cut.scope(vm.Scope), c.Size}
		i, ok := at[key]
		if !ok {
			i = len(rows.VMs)
			at[key] = i
			rows.VMs = append(rows.VMs, bill.VM{ID: fmt.Sprint(i), Scope: key[0], Candidates: []bill.Candidate{{Size: c.Size}}, Run: make([]int64, len(p.Slots))})
		}
		for t, run := range vm.Run {
			rows.VMs[i].Run[t] += run
		}
	}
	return &rows, risk
}

// cut finds the deepest node above a scope.
type cut struct {
	nodes []string // the deepest first
	known map[string]string
}

func newCut(p *bill.Problem) *cut {
	c := &cut{known: map[string]string{}}
	for i := range p.Offers {
		c.nodes = append(c.nodes, p.Offers[i].Scope)
	}
	for i := range p.Existing {
		c.nodes = append(c.nodes, p.Existing[i].Scope)
	}
	slices.SortFunc(c.nodes, func(a, b string) int { return len(b) - len(a) })
	c.nodes = slices.Compact(c.nodes)
	return c
}

func (c *cut) scope(scope string) string {
	if known, ok := c.known[scope]; ok {
		return known
	}
	c.known[scope] = "-" // a root that no commitment has
	for _, node := range c.nodes {
		if inside(node, scope) { // of nodes of one length, only one can contain it
			c.known[scope] = node
			break
		}
	}
	return c.known[scope]
}

// caseWork is the number of rows x slots up to which branch and bound finds purchases fast.
const caseWork = 400

func reservePart(p *bill.Problem, o JointOptions, prove bool) (Outcome, error) {
	if len(p.Offers) == 0 {
		return evaluated(p, nil)
	}
	if buy, ok := kernel(p); ok {
		return evaluated(p, buy)
	}
	if len(p.VMs)*len(p.Slots) <= caseWork || p.Rules.UpfrontBudget != nil || p.Rules.MinNewUtilization != nil {
		s, err := solve.Case(p, solve.Options{Nodes: o.Nodes})
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{s.Decision, s.Bill, s.Bound}, nil
	}
	buy, err := descend(p)
	if err != nil {
		return Outcome{}, err
	}
	out, err := evaluated(p, buy)
	if err != nil || !prove {
		out.Bound = bill.Exact{}
		return out, err
	}
	out.Bound, err = provedBound(p, out, o)
	return out, err
}

// evaluated returns purchases that are known to be the best, with their cost as the bound.
func evaluated(p *bill.Problem, buy map[string]int64) (Outcome, error) {
	d := bill.Decision{Purchases: buy}
	b, err := bill.Evaluate(p, d)
	return Outcome{d, b, b.Objective}, err
}

// provedBound raises a bound for purchases that were searched for.
func provedBound(p *bill.Problem, found Outcome, o JointOptions) (bill.Exact, error) {
	d, err := newDual(p)
	if err != nil {
		return bill.Exact{}, err
	}
	l := &loop{dual: d, limits: o, best: found, choice: make([]int, len(p.VMs)), has: true, bound: -1e300}
	l.consider(l.newPrices())
	l.consider(l.fromPlan(l.choice, found.Decision.Purchases))
	l.ascend(o.Steps)
	return l.floor(), nil
}

// chain is a pool of one node and group, where every unit costs the same by the hour: one offer for the whole time, and others whose
// times do not overlap.
type chain struct {
	p      *bill.Problem
	step   int64
	long   int   // index of the offer for the whole time, -1 without
	short  []int // by period
	period []int // of each slot, -1 where only the long one is active
	net    []int64
}

// kernel buys exactly for a chain; ok is false where the part is none. Existing reservations may sit at any scope: with one price a
// unit the units that remain are the same in every order of coverage (reference 1.5).
func kernel(p *bill.Problem) (map[string]int64, bool) {
	c := &chain{p: p, long: -1}
	if p.Rules.UpfrontBudget != nil || p.Rules.MinNewUtilization != nil || !c.uniform() || !c.ranges() {
		return nil, false
	}
	c.remain()
	return c.buy()
}

// uniform reports whether all is of one group and price a unit, and whether every offer reaches everything.
func (c *chain) uniform() bool {
	p := c.p
	first := p.Sizes[p.Offers[0].Size]
	same := func(name string) bool {
		s := p.Sizes[name]
		return s.Group == first.Group && bill.Whole(s.Payg).Mul(bill.Whole(first.Ratio)).Cmp(bill.Whole(first.Payg).Mul(bill.Whole(s.Ratio))) == 0
	}
	for i := range p.Offers {
		o := &p.Offers[i]
		if o.Kind != bill.Reservation || !same(o.Size) {
			return false
		}
		for v := range p.VMs {
			if !inside(o.Scope, p.VMs[v].Scope) {
				return false
			}
		}
	}
	for i := range p.Existing {
		if p.Existing[i].Kind != bill.Reservation || p.Sizes[p.Existing[i].Size].Group != first.Group {
			return false
		}
		for j := range p.Offers { // applied before what is bought, or at the same node: units are used once either way
			if !inside(p.Offers[j].Scope, p.Existing[i].Scope) {
				return false
			}
		}
	}
	for v := range p.VMs {
		if !same(p.VMs[v].Candidates[0].Size) {
			return false
		}
	}
	return true
}

// ranges picks the offers: of one range the cheapest a unit, which must come in the smallest step. Its order is that of the problem,
// so that of equal offers the first counts.
func (c *chain) ranges() bool {
	p := c.p
	best := map[[2]int]int{}
	var order [][2]int
	for i := range p.Offers {
		o := &p.Offers[i]
		if o.From == o.To || o.MaxQty == 0 {
			continue
		}
		ratio := p.Sizes[o.Size].Ratio
		if c.step == 0 {
			c.step = ratio
		}
		if ratio != c.step {
			return false
		}
		key := [2]int{o.From, o.To}
		j, ok := best[key]
		if !ok {
			order = append(order, key)
		}
		if !ok || o.Price < p.Offers[j].Price {
			best[key] = i
		}
	}
	c.period = make([]int, len(p.Slots))
	for t := range c.period {
		c.period[t] = -1
	}
	for _, key := range order {
		if key[0] == 0 && key[1] == len(p.Slots) {
			c.long = best[key]
			continue
		}
		for t := key[0]; t < key[1]; t++ {
			if c.period[t] >= 0 {
				return false
			}
			c.period[t] = len(c.short)
		}
		c.short = append(c.short, best[key])
	}
	return c.long >= 0 || len(c.short) > 0
}

// remain finds the units of each slot that existing reservations leave, the deepest node first.
func (c *chain) remain() {
	p := c.p
	var nodes []string
	for i := range p.Existing {
		nodes = append(nodes, p.Existing[i].Scope)
	}
	slices.SortFunc(nodes, func(a, b string) int { return len(b) - len(a) })
	nodes = slices.Compact(nodes)
	c.net = make([]int64, len(p.Slots))
	use := make([]int64, len(p.VMs))
	for t := range p.Slots {
		for v := range p.VMs {
			use[v] = p.VMs[v].Run[t] * p.Sizes[p.VMs[v].Candidates[0].Size].Ratio
		}
		for _, node := range nodes {
			capacity := int64(0)
			for i := range p.Existing {
				if e := &p.Existing[i]; e.Scope == node && e.From <= t && t < e.To {
					capacity += e.Qty * p.Sizes[e.Size].Ratio * p.RunDenominator
				}
			}
			for v := range use {
				if inside(node, p.VMs[v].Scope) {
					taken := min(use[v], capacity)
					use[v], capacity = use[v]-taken, capacity-taken
				}
			}
		}
		for _, u := range use {
			c.net[t] += u
		}
	}
}

// buy finds the quantities: of each period alone, and of the long offer the smallest with which one more costs at least what it frees,
// which in a period is the price of a short one while some are bought there, and else what the next unit would be used for (1.2).
func (c *chain) buy() (map[string]int64, bool) {
	p := c.p
	price := p.Sizes[p.Offers[max(c.long, 0)].Size].Payg
	pools := make([]solve.Pool, len(c.short)+1) // the last is of the slots without a short offer
	levels := make([][]solve.Level, len(pools))
	for t, slot := range p.Slots {
		i := c.period[t]
		if i < 0 {
			i = len(c.short)
		}
		levels[i] = append(levels[i], solve.Level{Units: c.net[t], Weight: slot.Hours})
	}
	most := int64(0)
	alone := make([]int64, len(c.short))
	for i := range pools {
		demand, err := solve.NewDemand(levels[i])
		if err != nil {
			return nil, false
		}
		pools[i] = solve.Pool{Demand: demand, Step: c.step * p.RunDenominator, Payg: price}
		most = max(most, demand.Max()/pools[i].Step+1)
		if i < len(c.short) {
			pools[i].Cost = p.Offers[c.short[i]].Price
			if alone[i], err = pools[i].Best(); err != nil {
				return nil, false
			}
		}
	}
	long := int64(0)
	if c.long >= 0 {
		long = firstWhere(most, func(q int64) bool { return c.worth(pools, alone, q).Cmp(bill.Whole(p.Offers[c.long].Price)) <= 0 })
	}
	return c.order(alone, long)
}

// worth is what one more of the long offer after q frees.
func (c *chain) worth(pools []solve.Pool, alone []int64, q int64) bill.Exact {
	sum := bill.Exact{}
	for i := range pools {
		if i < len(alone) && q < alone[i] {
			sum = sum.Add(bill.Whole(pools[i].Cost))
			continue
		}
		use := pools[i].Marginal(q).Mul(pools[i].Demand.Hours())
		sum = sum.Add(use.Mul(bill.Whole(pools[i].Payg)))
	}
	return sum
}

// order writes the quantities down; it is false where a limit binds, which is another problem.
func (c *chain) order(alone []int64, long int64) (map[string]int64, bool) {
	buy := map[string]int64{}
	put := func(i int, n int64) bool {
		if n > 0 {
			buy[c.p.Offers[i].ID] = n
		}
		return n <= c.p.Offers[i].MaxQty
	}
	if c.long >= 0 && !put(c.long, long) {
		return nil, false
	}
	for i, at := range c.short {
		if !put(at, max(0, alone[i]-long)) {
			return nil, false
		}
	}
	return buy, true
}

// firstWhere returns the first number from 0 to most where a condition that stays true holds, most where it never does.
func firstWhere(most int64, holds func(int64) bool) int64 {
	low, high := int64(0), most
	for low < high {
		if mid := low + (high-low)/2; holds(mid) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// descend searches along one offer after another, and along exchanges of two, in steps that become finer. Costs are convex along each
// where coverage is at its best or proportional.
func descend(p *bill.Problem) (map[string]int64, error) {
	sim, err := bill.NewSimulator(p)
	if err != nil {
		return nil, err
	}
	choice, quantity := make([]int, len(p.VMs)), make([]int64, len(p.Offers))
	price := make([]float64, len(p.Offers))
	top := int64(1)
	for i := range p.Offers {
		price[i] = sim.CommitmentOf(i).Float()
		top = max(top, peak(p, i))
	}
	cost := func() float64 {
		sum := sim.Estimate(choice, quantity)
		for i, n := range quantity {
			sum += price[i] * float64(n)
		}
		return sum
	}
	best := cost()
	better := func() bool {
		if c := cost(); c < best*(1-1e-12) {
			best = c
			return true
		}
		return false
	}
	step := int64(1)
	for step < top {
		step *= 2
	}
	moves := exchanges(p)
	for ; step >= 1; step /= 2 {
		for moved := true; moved; {
			moved = false
			for _, m := range moves {
				moved = m.try(p, quantity, step, better) || moved
			}
		}
	}
	buy := map[string]int64{}
	for i, n := range quantity {
		if n > 0 {
			buy[p.Offers[i].ID] = n
		}
	}
	return buy, nil
}

// exchange is more of one offer and less of another, or a change of one alone where n is 0.
type exchange struct {
	i, j int
	m, n int64
}

// exchanges returns each offer alone, and each pair in proportion to what a quantity of 1 covers, rounded down and up.
func exchanges(p *bill.Problem) (out []exchange) {
	capacity := func(i int) int64 {
		if o := &p.Offers[i]; o.Kind == bill.Reservation {
			return p.Sizes[o.Size].Ratio
		}
		return max(1, p.Offers[i].Step)
	}
	for i := range p.Offers {
		out = append(out, exchange{i: i, m: 1})
		for j := range p.Offers {
			if i == j {
				continue
			}
			part := int64(1)
			if p.Offers[i].Kind == p.Offers[j].Kind {
				part = max(1, capacity(i)/capacity(j))
			}
			for n := max(1, part-1); n <= part+1; n++ {
				out = append(out, exchange{i, j, 1, n})
			}
		}
	}
	return out
}

// try makes an exchange of step times, in both directions, and keeps it where it is better.
func (m exchange) try(p *bill.Problem, quantity []int64, step int64, better func() bool) bool {
	for _, by := range []int64{step, -step} {
		x, y := quantity[m.i]+by*m.m, quantity[m.j]-by*m.n
		if x < 0 || x > p.Offers[m.i].MaxQty || m.n != 0 && (y < 0 || y > p.Offers[m.j].MaxQty) {
			continue
		}
		quantity[m.i] += by * m.m
		quantity[m.j] -= by * m.n
		if better() {
			return true
		}
		quantity[m.i] -= by * m.m
		quantity[m.j] += by * m.n
	}
	return false
}

// peak is more than could ever be used at once of an offer.
func peak(p *bill.Problem, i int) int64 {
	o := &p.Offers[i]
	most := 0.0
	for t := o.From; t < o.To; t++ {
		sum := 0.0
		for v := range p.VMs {
			size := p.VMs[v].Candidates[0].Size
			switch run := float64(p.VMs[v].Run[t]); {
			case o.Kind == bill.SavingsPlan:
				sum += run * float64(o.Rates[size]) / float64(max(1, o.Step))
			case p.Sizes[size].Group == p.Sizes[o.Size].Group:
				sum += run * float64(p.Sizes[size].Ratio) / float64(p.Sizes[o.Size].Ratio)
			}
		}
		most = max(most, sum/float64(p.RunDenominator)+1)
	}
	return int64(min(most, float64(o.MaxQty), 1e15))
}
