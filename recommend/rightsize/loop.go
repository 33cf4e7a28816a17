package rightsize

import (
	"cmp"
	"math"
	"slices"

	"sizeterm/recommend/bill"
)

// goodGap is the gap at which the price loop ends.
const goodGap = 0.0005

// loop is a run of the price loop: the best plan and the best bound so far.
type loop struct {
	*dual
	limits JointOptions
	best   Outcome
	choice []int
	has    bool
	bound  float64
	prices prices
	tried  map[string]bool
}

// priceLoop decides a large part. known is a plan with a bound that was found before, or nil.
func priceLoop(p *bill.Problem, o JointOptions, known *Outcome) (Outcome, error) {
	d, err := newDual(p)
	if err != nil {
		return Outcome{}, err
	}
	l := &loop{dual: d, limits: o, bound: math.Inf(-1), tried: map[string]bool{}}
	if known != nil {
		l.best, l.choice, l.has, l.bound = *known, choiceOf(p, known.Decision), true, known.Bound.Float()
	}
	if err := l.run(o.Steps); err != nil {
		return Outcome{}, err
	}
	if known == nil || l.floor().Cmp(known.Bound) > 0 {
		l.best.Bound = l.floor()
	} else {
		l.best.Bound = known.Bound
	}
	if l.best.Bound.Cmp(l.best.Bill.Objective) > 0 {
		l.best.Bound = l.best.Bill.Objective
	}
	return l.best, nil
}

// floor turns the bound into an exact one, below its rounding errors.
func (l *loop) floor() bill.Exact {
	scale := math.Abs(l.bound) + math.Abs(l.best.Bill.Objective.Float())
	for i := range l.sources {
		for t, e := range l.sources[i].existing {
			scale += e * l.sources[i].worth * l.hours[t]
		}
	}
	return exactFloor(l.bound - 1e-10*scale)
}

// run alternates between prices and plans: the first plans come from staying and from plain prices, then the bound rises in steps, and
// whenever it has risen for a while the sizes that it prefers are bought for exactly.
func (l *loop) run(steps int) error {
	if err := l.try(make([]int, len(l.p.VMs))); err != nil {
		return err
	}
	l.consider(l.newPrices())
	for range 6 { // from plan to prices to plan, until it repeats
		l.consider(l.fromPlan(l.choice, l.best.Decision.Purchases))
		l.dual.bound(l.prices, nil)
		before := len(l.tried)
		if err := l.try(l.dual.choice()); err != nil {
			return err
		}
		if len(l.tried) == before || l.done() {
			break
		}
	}
	for round := 0; round < 4 && !l.done(); round++ {
		l.ascend(steps / 4)
		l.dual.bound(l.prices, nil)
		if err := l.try(l.dual.choice()); err != nil {
			return err
		}
		if err := l.polish(); err != nil {
			return err
		}
		l.consider(l.fromPlan(l.choice, l.best.Decision.Purchases))
	}
	return nil
}

// done reports whether the gap is small enough.
func (l *loop) done() bool {
	cost := l.best.Bill.Objective.Float()
	return cost-l.bound <= goodGap*math.Abs(cost)
}

// try buys for sizes and keeps the plan when it is the cheapest.
func (l *loop) try(choice []int) error {
	key := make([]byte, len(choice))
	for v, j := range choice {
		key[v] = byte(j)
	}
	if l.tried[string(key)] {
		return nil
	}
	l.tried[string(key)] = true
	out, err := reserve(l.p, choice, l.limits, false)
	if err != nil {
		return err
	}
	if !l.has || out.Bill.Feasible && (!l.best.Bill.Feasible || out.Bill.Objective.Cmp(l.best.Bill.Objective) < 0) {
		l.best, l.choice, l.has = out, slices.Clone(choice), true
	}
	return nil
}

// consider keeps prices that prove more than those kept.
func (l *loop) consider(y prices) {
	l.settle(y)
	if value := l.dual.bound(y, nil); l.prices == nil || value > l.bound {
		l.prices, l.bound = y, max(l.bound, value)
	}
}

// ascend raises the bound by projected supergradient steps of Polyak's length towards the cost of the best plan, a little turned
// towards the direction before.
func (l *loop) ascend(steps int) {
	at, move, slope := l.prices.clone(), l.newPrices(), l.newPrices()
	pace, stale := 0.1, 0
	target := l.best.Bill.Objective.Float()
	bought := l.capacity()
	for range steps {
		value := l.dual.bound(at, slope)
		if value > l.bound {
			l.prices, l.bound, stale = at.clone(), value, 0
		} else if stale++; stale >= 15 {
			pace, stale = pace*0.8, 0
		}
		if target-l.bound <= goodGap/2*math.Abs(target) || pace < 1e-4 {
			return
		}
		norm := 0.0
		for i := range slope {
			for t, g := range slope[i] {
				g -= bought[i][t]
				if at[i][t] <= 0 && g < 0 || at[i][t] >= l.sources[i].worth*l.hours[t] && g > 0 || !l.sources[i].capable[t] {
					g = 0
				}
				move[i][t] = 0.93*move[i][t] + 0.07*g
				x := move[i][t] * l.sources[i].worth * l.hours[t]
				norm += x * x
			}
		}
		if norm == 0 {
			return
		}
		step := pace * (target - value) / norm
		for i := range at {
			for t := range at[i] {
				scale := l.sources[i].worth * l.hours[t]
				at[i][t] += step * scale * scale * move[i][t]
			}
		}
		for i := range l.offers {
			if l.best.Decision.Purchases[l.p.Offers[i].ID] > 0 {
				l.shift(at[l.offers[i].source], &l.offers[i])
			}
		}
		l.settle(at)
	}
}

// shift moves the prices of the slots of an offer by a common amount, each within its range, so that they add up to what the offer
// costs: the nearest such prices.
func (l *loop) shift(y []float64, o *offer) {
	s := &l.sources[o.source]
	sum := func(by float64) float64 {
		total := 0.0
		for t, on := range o.active {
			if top := s.worth * l.hours[t]; on {
				total += min(top, max(0, y[t]-by*top*top))
			}
		}
		return total * o.capacity
	}
	low, high := 0.0, 0.0
	for t, on := range o.active {
		if top := s.worth * l.hours[t]; on && top > 0 {
			low, high = min(low, (y[t]-top)/(top*top)), max(high, y[t]/(top*top))
		}
	}
	for range 30 {
		if mid := low + (high-low)/2; sum(mid) > o.price {
			low = mid
		} else {
			high = mid
		}
	}
	for t, on := range o.active {
		if top := s.worth * l.hours[t]; on {
			y[t] = min(top, max(0, y[t]-high*top*top))
		}
	}
}

// capacity returns what the best plan buys of each source in each slot. In the direction of ascent it stands for the price of the
// offers: prices rise where demand exceeds what is owned and bought, and fall where it does not, and their sum stays about what the
// offers cost.
func (l *loop) capacity() prices {
	out := l.newPrices()
	for i := range l.offers {
		o := &l.offers[i]
		for t, on := range o.active {
			if on {
				out[o.source][t] += o.capacity * float64(l.best.Decision.Purchases[l.p.Offers[i].ID])
			}
		}
	}
	return out
}

// polish moves the machines that hardly care at the best prices. What a move changes is judged with the purchases as they are, slot by
// slot and source by source; then purchases are made anew, and the plan is kept if it is cheaper.
func (l *loop) polish() error {
	l.dual.bound(l.prices, nil)
	type near struct {
		v, j   int
		margin float64
	}
	var list []near
	for v := range l.p.VMs {
		c := &l.classes[l.classOf[v]]
		for j := range c.cost {
			if j != l.choice[v] {
				list = append(list, near{v, j, c.cost[j] - c.cost[l.choice[v]]})
			}
		}
	}
	slices.SortFunc(list, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.margin, b.margin), cmp.Compare(a.v, b.v), cmp.Compare(a.j, b.j))
	})
	const most = 400
	w := l.newWalk()
	changed := false
	for i, n := range list {
		if i == most {
			break
		}
		changed = w.move(n.v, n.j) || changed
	}
	if !changed {
		return nil
	}
	return l.try(w.choice)
}

// walk holds a plan while machines are moved: what is left in each source and slot, and who pays by the hour, with units going to
// whoever comes: the order of coverage matters little for the sign of a move.
type walk struct {
	*loop
	choice []int
	free   prices // capacity less demand of each source; below 0 it is paid by the hour
}

func (l *loop) newWalk() *walk {
	w := &walk{loop: l, choice: slices.Clone(l.choice), free: l.capacity()}
	for i := range l.sources {
		for t, e := range l.sources[i].existing {
			w.free[i][t] += e
		}
	}
	for v, j := range w.choice {
		w.add(v, j, 1)
	}
	return w
}

// add puts the usage of a machine on a candidate into the first source that reaches it, or takes it out.
func (w *walk) add(v, j int, sign float64) {
	c := &w.classes[w.classOf[v]]
	r := &w.rows[w.pairs[c.pair[j]].row]
	if len(r.sources) == 0 {
		return
	}
	s, weight := r.sources[0], r.weights[0]*sign
	for t, run := range c.run {
		w.free[s][t] -= run * weight
	}
}

// cost returns what a machine on a candidate adds to what is paid, given what the others take.
func (w *walk) cost(v, j int) float64 {
	c := &w.classes[w.classOf[v]]
	r := &w.rows[w.pairs[c.pair[j]].row]
	sum := c.fixed[j]
	for t, run := range c.run {
		covered := 0.0
		if len(r.sources) > 0 {
			covered = min(run, max(0, w.free[r.sources[0]][t])/r.weights[0])
		}
		sum += (run - covered) * r.payg * w.hours[t]
	}
	return sum
}

// move moves a machine when that is cheaper.
func (w *walk) move(v, j int) bool {
	was := w.choice[v]
	if was == j {
		return false
	}
	w.add(v, was, -1)
	if w.cost(v, j) < w.cost(v, was) {
		w.add(v, j, 1)
		w.choice[v] = j
		return true
	}
	w.add(v, was, 1)
	return false
}
