package solve

import "math"

// relaxed returns the dual prices of the linear relaxation of a box (fractional quantities and sizes, and coverage at its best) and its
// solution rounded to a decision. Both are nil where the program would be too large; prices are then found by ascent alone.
func (m *model) relaxed(b *box) (*prices, *guess) {
	l := m.program(b)
	if len(l.right)*(len(l.gain)+1) > rootCells {
		return nil, nil
	}
	s := newSimplex(len(l.right), len(l.gain))
	for i, right := range l.right {
		s.a[i][len(l.gain)] = max(0, right)
	}
	copy(s.a[len(l.right)], l.gain)
	for _, t := range l.terms {
		s.a[t.row][t.column] += t.value
	}
	dual := s.solve(rootWork)
	p := &prices{source: make([][]float64, len(m.sources))}
	for i := range p.source {
		p.source[i] = make([]float64, len(m.hours))
		for t := range p.source[i] {
			if row := l.sourceRow[i][t]; row >= 0 {
				p.source[i][t] = dual[row] / l.scale[i]
			} else {
				p.source[i][t] = m.worth.source[i][t]
			}
		}
	}
	if l.cashRow >= 0 {
		p.cash = dual[l.cashRow] / max(1, m.budget)
	}
	return p, m.rounded(b, l, s.values())
}

// guess is a decision to start an improvement from.
type guess struct {
	choice  []int
	amounts []int64
}

// rounded gives each VM the candidate with its largest share and each offer the nearest quantity.
func (m *model) rounded(b *box, l *program, x []float64) *guess {
	g := &guess{choice: make([]int, len(b.allowed)), amounts: append([]int64(nil), b.lo...)}
	share := make([]float64, len(b.allowed))
	for v := range share {
		g.choice[v], share[v] = first(b.allowed[v]), 1
	}
	for _, c := range l.shares {
		share[c.vm] -= x[c.column]
	}
	for _, c := range l.shares {
		if x[c.column] > share[c.vm] {
			share[c.vm], g.choice[c.vm] = x[c.column], c.candidate
		}
	}
	for _, c := range l.quantities {
		g.amounts[c.candidate] = min(b.hi[c.candidate], b.lo[c.candidate]+int64(math.Round(x[c.column])))
	}
	return g
}

// program is the relaxation in the form of simplex: the variables are quantities above the least of the box, shares of VMs that leave
// their first allowed candidate, and covered instances by (class, slot, source). Gains are against buying the least and staying.
type program struct {
	gain      []float64
	right     []float64
	terms     []term
	sourceRow [][]int
	scale     []float64 // by source: its rows are divided by the most that one instance takes
	cashRow   int

	shares     []meaning // columns that move a VM to a candidate
	quantities []meaning // columns that buy an offer, which stands in candidate
}

type meaning struct{ column, vm, candidate int }

type term struct {
	row, column int
	value       float64
}

func (l *program) column(gain float64) int {
	l.gain = append(l.gain, gain)
	return len(l.gain) - 1
}

func (l *program) row(right float64) int {
	l.right = append(l.right, right)
	return len(l.right) - 1
}

func (l *program) set(row, column int, value float64) {
	if value != 0 {
		l.terms = append(l.terms, term{row, column, value})
	}
}

func (m *model) program(b *box) *program {
	l := &program{cashRow: -1, scale: m.weights(), sourceRow: make([][]int, len(m.sources))}
	if m.budget >= 0 {
		l.cashRow = l.row(1)
	}
	for i := range m.sources {
		l.sourceRow[i] = make([]int, len(m.hours))
		for t := range m.hours {
			l.sourceRow[i][t] = m.capacityRow(l, b, i, t)
		}
	}
	for i := range m.sources {
		for _, s := range m.sources[i].offers {
			m.quantityColumn(l, b, i, s)
		}
	}
	usage := m.usageRows(l, b)
	for v, allowed := range b.allowed {
		m.sizeColumns(l, usage, v, allowed)
	}
	return l
}

// weights returns by source the most that one instance takes.
func (m *model) weights() []float64 {
	most := make([]float64, len(m.sources))
	for i := range most {
		most[i] = 1
	}
	for v := range m.uses {
		for _, uses := range m.uses[v] {
			for _, u := range uses {
				most[u.source] = max(most[u.source], u.weight)
			}
		}
	}
	return most
}

// capacityRow limits what a source covers in a slot; -1 where it has nothing to give.
func (m *model) capacityRow(l *program, b *box, i, t int) int {
	s := &m.sources[i]
	room, any := s.existing[t], s.existing[t] > 0
	for _, o := range s.offers {
		if o.from <= t && t < o.to {
			room += o.capacity * float64(b.lo[o.offer])
			any = any || b.hi[o.offer] > 0
		}
	}
	if !any {
		return -1
	}
	return l.row(room / l.scale[i])
}

func (m *model) quantityColumn(l *program, b *box, i int, s share) {
	if l.cashRow >= 0 {
		l.right[l.cashRow] -= float64(b.lo[s.offer]) * float64(m.p.Offers[s.offer].Upfront) / max(1, m.budget)
	}
	if b.hi[s.offer] == b.lo[s.offer] {
		return
	}
	n := l.column(-m.commit[s.offer])
	l.quantities = append(l.quantities, meaning{column: n, candidate: s.offer})
	l.set(l.row(float64(b.hi[s.offer]-b.lo[s.offer])), n, 1)
	for t := s.from; t < s.to; t++ {
		if row := l.sourceRow[i][t]; row >= 0 {
			l.set(row, n, -s.capacity/l.scale[i])
		}
	}
	if l.cashRow >= 0 {
		l.set(l.cashRow, n, float64(m.p.Offers[s.offer].Upfront)/max(1, m.budget))
	}
}

// usageRows limits what is covered of a class (scope and size) in a slot to its usage, with the columns that cover it.
func (m *model) usageRows(l *program, b *box) [][]int {
	usage := make([][]int, len(m.classes))
	for c, class := range m.classes {
		usage[c] = make([]int, len(m.hours))
		for t := range m.hours {
			usage[c][t] = -1
			run, most := 0.0, 0.0
			for _, at := range class {
				if b.allowed[at.vm][at.candidate] {
					most += m.run[at.vm][t]
					if first(b.allowed[at.vm]) == at.candidate {
						run += m.run[at.vm][t]
					}
				}
			}
			if most == 0 {
				continue
			}
			usage[c][t] = l.row(run)
			worth := m.hours[t] * m.payg[class[0].vm][class[0].candidate]
			for _, u := range m.uses[class[0].vm][class[0].candidate] {
				if row := l.sourceRow[u.source][t]; row >= 0 {
					f := l.column(worth)
					l.set(usage[c][t], f, 1)
					l.set(row, f, u.weight/l.scale[u.source])
				}
			}
		}
	}
	return usage
}

// sizeColumns moves shares of a VM from its first allowed candidate to the others.
func (m *model) sizeColumns(l *program, usage [][]int, v int, allowed []bool) {
	home, one := first(allowed), -1
	for j := home + 1; j < len(allowed); j++ {
		if !allowed[j] {
			continue
		}
		x := l.column(m.plain(v, home) - m.plain(v, j))
		l.shares = append(l.shares, meaning{x, v, j})
		if one < 0 {
			one = l.row(1)
		}
		l.set(one, x, 1)
		for t, run := range m.run[v] {
			if run > 0 {
				l.set(usage[m.classOf[v][home]][t], x, run)
				l.set(usage[m.classOf[v][j]][t], x, -run)
			}
		}
	}
}

// plain is the cost of a VM on a candidate without any coverage.
func (m *model) plain(v, j int) float64 {
	sum := m.fixed[v][j]
	for t, run := range m.run[v] {
		sum += m.hours[t] * m.payg[v][j] * run
	}
	return sum
}

// sharper returns the prices with the higher bound for a box among those given and those of its relaxation, and what the relaxation
// rounds to, if it was solved.
func (m *model) sharper(given *prices, b *box, value *bound) (*prices, float64, *guess) {
	m.lagrange(given, b, nil, value)
	best := value.value
	p, g := m.relaxed(b)
	if p == nil {
		return given, best, nil
	}
	if m.lagrange(p, b, nil, value); value.value > best && !math.IsNaN(value.value) {
		return p, value.value, g
	}
	return given, best, g
}
