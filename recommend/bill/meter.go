package bill

// number is what the meter calculates with: Exact for every figure that is printed, approx for a search that discards what is
// plainly dearer. One recipe serves both, so that they cannot drift apart.
type number[T any] interface {
	Add(T) T
	Sub(T) T
	Mul(T) T
	Quo(T) T
	Cmp(T) int
	Sign() int
	whole() bool
}

func (x Exact) whole() bool { return x.wide == nil && x.den <= 1 }

// approx is a float64 that calculates like Exact.
type approx float64

func (x approx) Add(y approx) approx { return x + y }
func (x approx) Sub(y approx) approx { return x - y }
func (x approx) Mul(y approx) approx { return x * y }
func (x approx) Quo(y approx) approx { return x / y }
func (x approx) whole() bool         { return true }
func (x approx) Sign() int           { return x.Cmp(0) }
func (x approx) Cmp(y approx) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// meter applies commitments to usage, slot by slot. Usage is counted in units (ratio x instances) times the run denominator.
type meter[T number[T]] struct {
	*layout
	of       func(int64) T
	quantity []T // bought, by offer
	units    []T // capacity of the bought quantity, by offer, times the run denominator
	run      []int64
	use      []T // what no commitment has covered yet, by row
	paid     []total[T]
	reserved []total[T] // covered by reservations, by row; kept only in detail
	used     []total[T] // units of new reservations used, by node
	bought   []total[T] // units of new reservations there were, by node
	detail   bool
}

func newMeter[T number[T]](l *layout, of func(int64) T) *meter[T] {
	return &meter[T]{
		layout: l, of: of, quantity: make([]T, len(l.problem.Offers)), units: make([]T, len(l.problem.Offers)),
		run: make([]int64, len(l.rows)), use: make([]T, len(l.rows)),
		paid: make([]total[T], len(l.rows)), reserved: make([]total[T], len(l.rows)),
		used: make([]total[T], len(l.nodes)), bought: make([]total[T], len(l.nodes)),
	}
}

// apply runs all slots for sizes (a candidate by VM) and quantities (by offer).
func (m *meter[T]) apply(choice []int, quantity []int64) {
	for i := range m.rows {
		m.paid[i].reset()
		m.reserved[i].reset()
	}
	for i := range m.nodes {
		m.used[i].reset()
		m.bought[i].reset()
	}
	den := m.of(m.problem.RunDenominator)
	for i, q := range quantity {
		m.quantity[i] = m.of(q)
		if m.nodeOf[i] >= 0 {
			m.units[i] = m.quantity[i].Mul(m.of(m.problem.Sizes[m.problem.Offers[i].Size].Ratio)).Mul(den)
		}
	}
	for t, slot := range m.problem.Slots {
		m.fill(choice, t)
		hours := m.of(slot.Hours)
		m.reserve(t, hours, den)
		for i := range m.plans {
			m.spend(&m.plans[i], t, den)
		}
		for i := range m.use {
			if m.use[i].Sign() != 0 {
				m.paid[i].add(hours.Mul(m.use[i]))
			}
		}
	}
}

func (m *meter[T]) fill(choice []int, t int) {
	clear(m.run)
	for v := range m.problem.VMs {
		m.run[m.rowOf[v][choice[v]]] += m.problem.VMs[v].Run[t]
	}
	for i, n := range m.run {
		m.use[i] = m.of(n * m.rows[i].Ratio) // fits: checkUsage
	}
}

// reserve applies reservations, the most restricted scope first. Units that find no usage are lost.
func (m *meter[T]) reserve(t int, hours, den T) {
	for i := range m.nodes {
		n := &m.nodes[i]
		existing := m.of(n.existing[t]).Mul(den)
		bought := m.of(0)
		for _, o := range n.offers {
			if offer := &m.problem.Offers[o]; offer.From <= t && t < offer.To {
				bought = bought.Add(m.units[o])
			}
		}
		capacity := existing.Add(bought)
		if capacity.Sign() == 0 {
			continue
		}
		covered := m.cover(n, capacity)
		if bought.Sign() == 0 {
			continue
		}
		m.bought[i].add(hours.Mul(bought))
		if covered.Cmp(existing) > 0 { // existing units are used first: they are paid for already
			m.used[i].add(hours.Mul(covered.Sub(existing)))
		}
	}
	if m.detail {
		for i, n := range m.run {
			m.reserved[i].add(hours.Mul(m.of(n * m.rows[i].Ratio).Sub(m.use[i])))
		}
	}
}

// cover takes up to capacity units off the rows of a node and returns how many it took.
func (m *meter[T]) cover(n *capacity, capacity T) T {
	if m.problem.Rules.Order == Proportional {
		return m.share(n, capacity)
	}
	rest := capacity
	for _, r := range n.rows {
		if m.use[r].Cmp(rest) >= 0 {
			m.use[r] = m.use[r].Sub(rest)
			return capacity
		}
		rest = rest.Sub(m.use[r])
		m.use[r] = m.of(0)
	}
	return capacity.Sub(rest)
}

func (m *meter[T]) share(n *capacity, capacity T) T {
	eligible := m.of(0)
	for _, r := range n.rows {
		eligible = eligible.Add(m.use[r])
	}
	if eligible.Cmp(capacity) <= 0 {
		for _, r := range n.rows {
			m.use[r] = m.of(0)
		}
		return eligible
	}
	left := eligible.Sub(capacity).Quo(eligible)
	for _, r := range n.rows {
		if m.use[r].Sign() != 0 {
			m.use[r] = m.use[r].Mul(left)
		}
	}
	return capacity
}

// spend applies a savings plan: the greatest percentage discount first, the last instance in part, the rest of the hour is lost.
func (m *meter[T]) spend(p *plan, t int, den T) {
	if t < p.from || t >= p.to {
		return
	}
	quantity := m.of(p.qty)
	if p.offer >= 0 {
		quantity = m.quantity[p.offer]
	}
	if quantity.Sign() == 0 {
		return // not bought: it covers nothing, at a rate of 0 neither
	}
	rest := quantity.Mul(m.of(p.step)).Mul(den) // money per hour, times the run denominator
	for i, r := range p.rows {
		if m.use[r].Sign() == 0 {
			continue
		}
		rate, ratio := m.of(p.rates[i]), m.of(m.rows[r].Ratio)
		need := m.use[r].Mul(rate).Quo(ratio)
		if need.Cmp(rest) > 0 {
			m.use[r] = need.Sub(rest).Mul(ratio).Quo(rate)
			return
		}
		rest = rest.Sub(need)
		m.use[r] = m.of(0)
	}
}

// total adds many numbers. Fractions wait and are added in pairs at the end: adding thousands with different denominators one after
// the other would carry a huge denominator from the start.
type total[T number[T]] struct {
	sum   T
	parts []T
}

func (s *total[T]) reset() {
	var zero T
	s.sum, s.parts = zero, s.parts[:0]
}

func (s *total[T]) add(x T) {
	if x.whole() {
		s.sum = s.sum.Add(x)
	} else {
		s.parts = append(s.parts, x)
	}
}

// value returns the sum. It consumes the parts.
func (s *total[T]) value() T {
	for n := len(s.parts); n > 0; n = len(s.parts) {
		if n == 1 {
			s.sum = s.sum.Add(s.parts[0])
			s.parts = s.parts[:0]
			break
		}
		half := n / 2
		for i := range half {
			s.parts[i] = s.parts[2*i].Add(s.parts[2*i+1])
		}
		if n%2 == 1 {
			s.parts[half] = s.parts[n-1]
			half++
		}
		s.parts = s.parts[:half]
	}
	return s.sum
}
