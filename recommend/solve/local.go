package solve

import (
	"math"

	"sizeterm/recommend/bill"
)

// preferred is the decision that prices point at: each VM on its cheapest candidate, each offer where its reduced cost leads it, and
// half way where that is about nothing.
func (s *explorer) preferred(p *prices, b *box) *guess {
	s.lagrange(p, b, nil, s.value)
	g := &guess{choice: make([]int, len(b.allowed)), amounts: append([]int64(nil), b.lo...)}
	for v := range g.choice {
		g.choice[v] = first(b.allowed[v])
		for j, ok := range b.allowed[v] {
			if ok && s.value.size[v][j] < s.value.size[v][g.choice[v]] {
				g.choice[v] = j
			}
		}
	}
	for i, cost := range s.value.offer {
		if math.Abs(cost) < 1e-6*s.commit[i] {
			g.amounts[i] += (b.hi[i] - b.lo[i]) / 2
		} else if cost < 0 {
			g.amounts[i] = b.hi[i]
		}
	}
	return g
}

// improve walks from a decision to better ones: one offer or one VM at a time, then two offers against each other, then a VM with an
// offer, until nothing helps. What it finds only makes the proof faster.
func (s *explorer) improve(from *guess) {
	if s.blind {
		return
	}
	w := &walk{explorer: s, choice: from.choice, amounts: from.amounts, cost: math.Inf(1)}
	if !w.accept() { // it breaks a rule: nothing bought breaks none
		clear(w.amounts)
		w.accept()
	}
	for range 50 {
		if !w.single() && !w.pairs() && !w.resize() {
			break
		}
	}
}

// walk is a decision that is being improved.
type walk struct {
	*explorer
	choice  []int
	amounts []int64
	cost    float64
}

// accept keeps the decision that is in place when it is cheaper and breaks no rule.
func (w *walk) accept() bool {
	cost := w.estimate(w.choice, w.amounts)
	if cost >= w.cost-w.tolerance || !w.lawful() {
		return false
	}
	w.cost = cost
	if cost <= w.limit {
		w.try(w.choice, w.amounts)
	}
	return true
}

// lawful reports whether the rules allow the decision. Quantities are in range already.
func (w *walk) lawful() bool {
	if w.p.Rules.MinNewUtilization != nil {
		return w.sim.Run(w.choice, w.amounts).Feasible
	}
	cash := bill.Exact{}
	for i, n := range w.amounts {
		cash = cash.Add(bill.Whole(n).Mul(bill.Whole(w.p.Offers[i].Upfront)))
	}
	return w.p.Rules.UpfrontBudget == nil || cash.Cmp(bill.Whole(*w.p.Rules.UpfrontBudget)) <= 0
}

// line tries values of one offer: all of a short range, else a coarse grid that becomes finer around the best.
func (w *walk) line(i int) (changed bool) {
	at := w.amounts[i]
	for step := max(1, w.most[i]/32); ; step = max(1, step/4) {
		from, to := max(0, at-32*step), min(w.most[i], at+32*step)
		for n := from; n <= to; n += step {
			w.amounts[i] = n
			if w.accept() {
				at, changed = n, true
			}
		}
		w.amounts[i] = at
		if step == 1 {
			return changed
		}
	}
}

func (w *walk) single() (changed bool) {
	for i := range w.amounts {
		changed = w.line(i) || changed
	}
	for v := range w.choice {
		at := w.choice[v]
		for j := range w.payg[v] {
			w.choice[v] = j
			if w.accept() {
				at, changed = j, true
			}
		}
		w.choice[v] = at
	}
	return changed
}

// pairs moves a few of one offer into another.
func (w *walk) pairs() bool {
	for i := range w.amounts {
		for k := range w.amounts {
			a, b := w.amounts[i], w.amounts[k]
			for d := int64(1); i != k && d <= min(a, 4); d++ {
				for e := int64(1); e <= min(w.most[k]-b, 8); e++ {
					w.amounts[i], w.amounts[k] = a-d, b+e
					if w.accept() {
						return true
					}
				}
			}
			w.amounts[i], w.amounts[k] = a, b
		}
	}
	return false
}

// resize changes a VM and one offer together.
func (w *walk) resize() bool {
	for v := range w.choice {
		size := w.choice[v]
		for j := range w.payg[v] {
			for i := range w.amounts {
				n := w.amounts[i]
				for m := max(0, n-4); j != size && m <= min(w.most[i], n+4); m++ {
					w.choice[v], w.amounts[i] = j, m
					if w.accept() {
						return true
					}
				}
				w.choice[v], w.amounts[i] = size, n
			}
		}
	}
	return false
}
