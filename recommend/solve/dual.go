package solve

import "math"

// prices are the dual prices of a bound: for each source and slot the worth of one unit of it during the whole slot, and the worth of
// a unit of cash when there is a budget. Any prices of at least 0 prove a bound (reference section 7).
type prices struct {
	source [][]float64
	cash   float64
}

// bound is what prices prove for a box of decisions.
type bound struct {
	value float64
	size  [][]float64 // cost of each VM on each candidate, at the prices
	least []float64   // the least of them that the box allows
	offer []float64   // reduced cost of quantity 1
}

func (m *model) newPrices() *prices {
	p := &prices{source: make([][]float64, len(m.sources))}
	for i := range p.source {
		p.source[i] = make([]float64, len(m.hours))
		for t := range m.hours {
			if !m.capable(i, t) {
				p.source[i][t] = m.worth.source[i][t]
			}
		}
		for _, s := range m.sources[i].offers { // start where no offer loses: its price per unit and hour
			hours := 0.0
			for t := s.from; t < s.to; t++ {
				hours += m.hours[t]
			}
			if hours == 0 || s.capacity == 0 {
				continue
			}
			for t := s.from; t < s.to; t++ {
				worth := m.commit[s.offer] / (s.capacity * hours) * m.hours[t]
				if p.source[i][t] == 0 || worth < p.source[i][t] {
					p.source[i][t] = worth
				}
			}
		}
	}
	return p
}

// capable reports whether a source can have capacity in a slot. Where it cannot, its price is set so high that nothing uses it.
func (m *model) capable(i, t int) bool {
	for _, s := range m.sources[i].offers {
		if s.from <= t && t < s.to {
			return true
		}
	}
	return m.sources[i].existing[t] > 0
}

func (p *prices) clone() *prices {
	c := &prices{source: make([][]float64, len(p.source)), cash: p.cash}
	for i := range p.source {
		c.source[i] = append([]float64(nil), p.source[i]...)
	}
	return c
}

// lagrange values a box at prices: every VM takes its cheapest candidate, each instance the cheapest of pay-as-you-go and the sources
// that reach it; every offer takes the end of its range that its reduced cost prefers. slope, when given, is filled with the
// supergradient, the demand that each source would see less its capacity.
func (m *model) lagrange(p *prices, b *box, slope *prices, into *bound) {
	into.value = 0
	if slope != nil {
		slope.cash = 0
		for i := range slope.source {
			for t := range slope.source[i] {
				slope.source[i][t] = -m.sources[i].existing[t]
			}
		}
	}
	for i := range m.sources {
		for t, e := range m.sources[i].existing {
			into.value -= e * p.source[i][t]
		}
	}
	for v := range m.run {
		into.least[v] = math.Inf(1)
		cheapest := 0
		for j := range m.payg[v] {
			if !b.allowed[v][j] {
				continue
			}
			into.size[v][j] = m.priced(p, v, j)
			if into.size[v][j] < into.least[v] {
				into.least[v], cheapest = into.size[v][j], j
			}
		}
		into.value += into.least[v]
		if slope != nil {
			m.draw(p, slope, v, cheapest)
		}
	}
	m.reduce(p, b, slope, into)
}

// priced returns the cost of a VM on a candidate at prices.
func (m *model) priced(p *prices, v, j int) float64 {
	sum := m.fixed[v][j]
	for t, run := range m.run[v] {
		if run == 0 {
			continue
		}
		least := m.hours[t] * m.payg[v][j]
		for _, u := range m.uses[v][j] {
			least = min(least, u.weight*p.source[u.source][t])
		}
		sum += run * least
	}
	return sum
}

// draw adds the use of sources by a VM to slope.
func (m *model) draw(p, slope *prices, v, j int) {
	for t, run := range m.run[v] {
		least, from, weight := m.hours[t]*m.payg[v][j], -1, 0.0
		for _, u := range m.uses[v][j] {
			if cost := u.weight * p.source[u.source][t]; cost < least {
				least, from, weight = cost, u.source, u.weight
			}
		}
		if from >= 0 {
			slope.source[from][t] += run * weight
		}
	}
}

func (m *model) reduce(p *prices, b *box, slope *prices, into *bound) {
	for i := range m.sources {
		for _, s := range m.sources[i].offers {
			cost := m.commit[s.offer] + p.cash*float64(m.p.Offers[s.offer].Upfront)
			for t := s.from; t < s.to; t++ {
				cost -= s.capacity * p.source[i][t]
			}
			into.offer[s.offer] = cost
			n := float64(b.lo[s.offer])
			if cost < 0 {
				n = float64(b.hi[s.offer])
			}
			into.value += cost * n
			if slope == nil {
				continue
			}
			slope.cash += n * float64(m.p.Offers[s.offer].Upfront)
			for t := s.from; t < s.to; t++ {
				slope.source[i][t] -= s.capacity * n
			}
		}
	}
	if m.budget >= 0 {
		into.value -= p.cash * m.budget
		if slope != nil {
			slope.cash -= m.budget
		}
	}
}

func (m *model) newBound() *bound {
	b := &bound{size: make([][]float64, len(m.run)), least: make([]float64, len(m.run)), offer: make([]float64, len(m.commit))}
	for v := range b.size {
		b.size[v] = make([]float64, len(m.payg[v]))
	}
	return b
}

// ascend improves prices by a projected supergradient with Polyak's step towards target, the cost of the incumbent, and returns the
// best prices found and their value. Steps are measured in the pay-as-you-go worth of each source, so that units and money mix.
func (m *model) ascend(from *prices, b *box, target float64, steps int) (*prices, float64) {
	best, at := from, from.clone()
	scale, slope, move, value := m.worth, from.clone(), from.clone(), m.newBound()
	m.lagrange(best, b, nil, value)
	top, pace, stale := value.value, 1.0, 0
	clearPrices(move)
	for range steps {
		if top >= target {
			break
		}
		m.lagrange(at, b, slope, value)
		if value.value > top+m.tolerance {
			best, top, stale = at.clone(), value.value, 0
		} else if stale++; stale >= 5 {
			pace, stale = pace*0.7, 0
		}
		norm := m.blend(move, slope, scale)
		if norm == 0 {
			break
		}
		step := pace * (target - value.value) / norm
		for i := range at.source {
			for t := range at.source[i] {
				at.source[i][t] = max(0, at.source[i][t]+step*scale.source[i][t]*scale.source[i][t]*move.source[i][t])
			}
		}
		at.cash = max(0, at.cash+step*scale.cash*scale.cash*move.cash)
	}
	return best, top
}

// blend turns the last direction a little towards slope and returns its squared length; it avoids the zigzag of plain slopes.
func (m *model) blend(move, slope, scale *prices) float64 {
	const keep = 0.5
	norm := 0.0
	for i := range move.source {
		for t := range move.source[i] {
			move.source[i][t] = keep*move.source[i][t] + (1-keep)*slope.source[i][t]
			x := move.source[i][t] * scale.source[i][t]
			norm += x * x
		}
	}
	if m.budget >= 0 {
		move.cash = keep*move.cash + (1-keep)*slope.cash
		norm += move.cash * move.cash * scale.cash * scale.cash
	}
	return norm
}

// scales is the most that each price can be worth: the pay-as-you-go price of what one unit covers.
func (m *model) scales() *prices {
	s := &prices{source: make([][]float64, len(m.sources))}
	worth := make([]float64, len(m.sources))
	for v := range m.uses {
		for j, uses := range m.uses[v] {
			for _, u := range uses {
				if u.weight > 0 {
					worth[u.source] = max(worth[u.source], m.payg[v][j]/u.weight)
				}
			}
		}
	}
	for i := range s.source {
		s.source[i] = make([]float64, len(m.hours))
		for t, h := range m.hours {
			s.source[i][t] = h * worth[i]
		}
	}
	for i, o := range m.p.Offers {
		if m.budget >= 0 && o.Upfront > 0 {
			s.cash = max(s.cash, m.commit[i]/float64(o.Upfront), 1)
		}
	}
	return s
}

func clearPrices(p *prices) {
	p.cash = 0
	for i := range p.source {
		clear(p.source[i])
	}
}
