package solve

import "math"

// box is a set of decisions: the candidates that each VM may still take, and a range for each quantity.
type box struct {
	allowed [][]bool
	lo, hi  []int64
}

func (m *model) wholeBox() *box {
	b := &box{lo: make([]int64, len(m.commit)), hi: append([]int64(nil), m.most...)}
	for v := range m.payg {
		all := make([]bool, len(m.payg[v]))
		for j := range all {
			all[j] = true
		}
		b.allowed = append(b.allowed, all)
	}
	return b
}

func (b *box) clone() *box {
	c := &box{lo: append([]int64(nil), b.lo...), hi: append([]int64(nil), b.hi...), allowed: make([][]bool, len(b.allowed))}
	for v := range b.allowed {
		c.allowed[v] = append([]bool(nil), b.allowed[v]...)
	}
	return c
}

// count returns how many decisions the box holds, at most limit.
func (b *box) count(limit int) int {
	n := 1
	for i := range b.lo {
		width := b.hi[i] - b.lo[i] + 1
		if width > int64(limit) || n*int(width) > limit {
			return limit
		}
		n *= int(width)
	}
	for _, a := range b.allowed {
		if n *= ones(a); n > limit {
			return limit
		}
	}
	return n
}

func ones(a []bool) int {
	n := 0
	for _, ok := range a {
		if ok {
			n++
		}
	}
	return n
}

func first(a []bool) int {
	for j, ok := range a {
		if ok {
			return j
		}
	}
	return -1
}

func last(a []bool) int {
	for j := len(a) - 1; j >= 0; j-- {
		if a[j] {
			return j
		}
	}
	return -1
}

// choice returns the sizes of a box in which every VM has one left.
func (b *box) choice() (choice []int, fixed bool) {
	choice = make([]int, len(b.allowed))
	for v, a := range b.allowed {
		if ones(a) != 1 {
			return nil, false
		}
		choice[v] = first(a)
	}
	return choice, true
}

// propagate removes what twins and the budget exclude. It reports false when nothing is left. Equal VMs can exchange their sizes, so
// only decisions in which a twin takes no earlier candidate than the one before it are kept; the canonical one is among them.
func (m *model) propagate(b *box) bool {
	for v := range b.allowed {
		if w := m.twin[v]; w >= 0 {
			for j, from := 0, first(b.allowed[w]); j < from; j++ {
				b.allowed[v][j] = false
			}
		}
		if ones(b.allowed[v]) == 0 {
			return false
		}
	}
	for v := len(b.allowed) - 1; v >= 0; v-- {
		if w := m.twin[v]; w >= 0 {
			for j := last(b.allowed[v]) + 1; j < len(b.allowed[w]); j++ {
				b.allowed[w][j] = false
			}
			if ones(b.allowed[w]) == 0 {
				return false
			}
		}
	}
	for i, k := range m.double {
		switch {
		case k < 0:
		case b.lo[i] > 0:
			b.lo[k] = m.most[k]
		case b.hi[k] < m.most[k]:
			b.hi[i] = 0
		}
	}
	return m.afford(b)
}

// afford lowers quantities to what the budget leaves beside the least of the others.
func (m *model) afford(b *box) bool {
	if m.budget >= 0 {
		left := m.budget
		for i, n := range b.lo {
			left -= float64(n) * float64(m.p.Offers[i].Upfront)
		}
		slack := 1e-9 * (1 + m.budget)
		if left < -slack {
			return false
		}
		for i := range b.hi {
			if u := float64(m.p.Offers[i].Upfront); u > 0 {
				b.hi[i] = min(b.hi[i], b.lo[i]+int64(math.Min((left+slack)/u, 1e15)))
			}
		}
	}
	for i := range b.lo {
		if b.lo[i] > b.hi[i] {
			return false
		}
	}
	return true
}

// trim removes from a box what its bound proves to cost more than limit: a quantity, or a size, whose own price already exceeds it.
func (m *model) trim(b *box, at *bound, limit float64) (changed bool) {
	room := limit - at.value
	if room < 0 {
		room = 0
	}
	for i, cost := range at.offer {
		width := b.hi[i] - b.lo[i]
		if width == 0 || cost == 0 {
			continue
		}
		if far := math.Floor(room / math.Abs(cost)); far < float64(width) {
			changed = true
			if cost > 0 {
				b.hi[i] = b.lo[i] + int64(far)
			} else {
				b.lo[i] = b.hi[i] - int64(far)
			}
		}
	}
	for v := range b.allowed {
		for j, ok := range b.allowed[v] {
			if ok && at.size[v][j]-at.least[v] > room {
				b.allowed[v][j] = false
				changed = true
			}
		}
	}
	return changed
}

// hopeless reports whether no decision of a box reaches the least utilisation that the rules ask of new units. In each slot a node can
// use at most the usage that deeper nodes leave when they buy their least. Only for boxes whose sizes are fixed.
func (m *model) hopeless(b *box, choice []int) bool {
	rule := m.p.Rules.MinNewUtilization
	if rule == nil {
		return false
	}
	least := rule.Float()
	for i := range m.sources {
		s := &m.sources[i]
		if s.group == "" || !bought(s, b) {
			continue
		}
		margin, scale := 0.0, 0.0
		for t, h := range m.hours {
			lo, hi := 0.0, 0.0
			for _, o := range s.offers {
				if o.from <= t && t < o.to {
					lo += o.capacity * float64(b.lo[o.offer])
					hi += o.capacity * float64(b.hi[o.offer])
				}
			}
			usable := max(0, m.left(i, t, b, choice)-s.existing[t])
			n := min(max(usable, lo), hi)
			margin += h * (min(n, usable) - least*n)
			scale += h * (hi + usable)
		}
		if margin < -1e-9*(1+scale) {
			return true
		}
	}
	return false
}

func bought(s *source, b *box) bool {
	for _, o := range s.offers {
		if b.lo[o.offer] > 0 {
			return true
		}
	}
	return false
}

// left returns the units of usage that reach node i in slot t when the nodes below it hold their least capacity.
func (m *model) left(i, t int, b *box, choice []int) float64 {
	s, sum := &m.sources[i], 0.0
	for v, j := range choice {
		for _, u := range m.uses[v][j] {
			if u.source == i {
				sum += m.run[v][t] * u.weight
			}
		}
	}
	for _, k := range s.inside {
		n := &m.sources[k]
		capacity := n.existing[t]
		for _, o := range n.offers {
			if o.from <= t && t < o.to {
				capacity += o.capacity * float64(b.lo[o.offer])
			}
		}
		sum -= min(capacity, m.left(k, t, b, choice))
	}
	return sum
}
