package solve

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"sizeterm/recommend/bill"
)

// model is a component laid out for search: everything in float64, where only what is plainly dearer is discarded. The simulator
// decides the rest exactly.
type model struct {
	p         *bill.Problem
	sim       *bill.Simulator
	hours     []float64
	run       [][]float64  // instances by VM and slot
	fixed     [][]float64  // risk and software by VM and candidate
	payg      [][]float64  // price of an instance-hour by VM and candidate
	uses      [][][]use    // sources that can cover a VM on a candidate
	sources   []source     // what covers: one for each (scope, group) with reservations, one for each savings plan
	commit    []float64    // price of quantity 1 by offer
	exact     []bill.Exact // the same, exactly
	most      []int64      // no larger quantity of an offer can be useful
	classes   [][]place    // VMs and candidates of one scope and size, which are covered alike
	classOf   [][]int      // the class of a VM on a candidate
	twin      []int        // the VM before that is equal in everything but its name, or -1
	double    []int        // a later offer that is equal in everything but its id, or -1
	worth     *prices      // the most that a unit of each source can be worth
	budget    float64      // negative: none
	tolerance float64      // far above the rounding errors of any cost of this model
}

// place is a VM on one of its candidates.
type place struct{ vm, candidate int }

// source is capacity: units of a reservation node, or the hourly money of a savings plan.
type source struct {
	path, group string    // group is empty for a savings plan
	existing    []float64 // by slot
	offers      []share
	inside      []int // reservation nodes strictly below this one, same group
}

type share struct {
	offer    int
	capacity float64 // of quantity 1 per hour
	from, to int
}

// use is a source that covers an instance, and how much of it one instance takes.
type use struct {
	source int
	weight float64
}

func newModel(p *bill.Problem) (*model, error) {
	sim, err := bill.NewSimulator(p)
	if err != nil {
		return nil, err
	}
	m := &model{p: p, sim: sim, budget: -1}
	for _, slot := range p.Slots {
		m.hours = append(m.hours, float64(slot.Hours))
	}
	if b := p.Rules.UpfrontBudget; b != nil {
		m.budget = float64(*b)
	}
	for i := range p.Offers {
		if most := m.useful(&p.Offers[i]); most > 1<<52 {
			return nil, fmt.Errorf("offer %q: max_qty: up to %d can be of use: %w", p.Offers[i].ID, most, ErrTooLarge)
		}
		m.exact = append(m.exact, sim.CommitmentOf(i))
		m.commit = append(m.commit, m.exact[i].Float())
		m.most = append(m.most, m.useful(&p.Offers[i]))
	}
	m.laySources()
	for v := range p.VMs {
		m.layVM(v)
	}
	m.layClasses()
	m.capCommitments()
	m.layDoubles()
	m.worth = m.scales()
	m.tolerance = 1e-10 * m.gross()
	return m, nil
}

// useful returns the largest quantity that is not plainly idle in its last unit: what covers the peak inside the scope with every VM on
// its thirstiest candidate. More costs no less, covers nothing more and is used worse.
func (m *model) useful(o *bill.Offer) int64 {
	peak, one := bill.Exact{}, bill.Whole(o.Step)
	if o.Kind == bill.Reservation {
		one = bill.Whole(m.p.Sizes[o.Size].Ratio)
	}
	if one.Sign() == 0 {
		return 0
	}
	for t := o.From; t < o.To; t++ {
		sum := bill.Exact{}
		for v := range m.p.VMs {
			vm, most := &m.p.VMs[v], int64(0)
			for _, c := range vm.Candidates {
				if w, ok := weight(m.p, &o.Commitment, c.Size); ok && within(o.Scope, vm.Scope) {
					most = max(most, w)
				}
			}
			sum = sum.Add(bill.Whole(most).Mul(bill.Whole(vm.Run[t])))
		}
		if sum.Cmp(peak) > 0 {
			peak = sum
		}
	}
	n, ok := peak.Quo(one.Mul(bill.Whole(m.p.RunDenominator))).Round() // n+1 is at least the next integer
	if !ok || n == math.MaxInt64 {
		return o.MaxQty
	}
	return min(o.MaxQty, n+1)
}

func (m *model) laySources() {
	at := map[[2]string]int{}
	home := func(c *bill.Commitment) int {
		key := [2]string{c.Scope, m.p.Sizes[c.Size].Group}
		i, ok := at[key]
		if !ok || c.Kind == bill.SavingsPlan {
			i = len(m.sources)
			m.sources = append(m.sources, source{path: c.Scope, existing: make([]float64, len(m.hours))})
			if c.Kind == bill.Reservation {
				at[key] = i
				m.sources[i].group = key[1]
			}
		}
		return i
	}
	for v := range m.p.VMs {
		m.uses = append(m.uses, make([][]use, len(m.p.VMs[v].Candidates)))
	}
	for i := range m.p.Existing {
		e := &m.p.Existing[i]
		at := home(&e.Commitment)
		for t := e.From; t < e.To; t++ {
			m.sources[at].existing[t] += float64(e.Qty) * m.capacity(&e.Commitment)
		}
		m.reach(&e.Commitment, at)
	}
	for i := range m.p.Offers {
		o := &m.p.Offers[i]
		at := home(&o.Commitment)
		m.sources[at].offers = append(m.sources[at].offers, share{i, m.capacity(&o.Commitment), o.From, o.To})
		m.reach(&o.Commitment, at)
	}
	for i := range m.sources {
		for j := range m.sources {
			a, b := &m.sources[i], &m.sources[j]
			if a.group != "" && a.group == b.group && a.path != b.path && within(a.path, b.path) {
				a.inside = append(a.inside, j)
			}
		}
	}
}

func (m *model) capacity(c *bill.Commitment) float64 {
	if c.Kind == bill.SavingsPlan {
		return float64(c.Step)
	}
	return float64(m.p.Sizes[c.Size].Ratio)
}

// reach notes for each VM and candidate that a source, the home of c, covers it.
func (m *model) reach(c *bill.Commitment, at int) {
	for v := range m.p.VMs {
		if !within(c.Scope, m.p.VMs[v].Scope) {
			continue
		}
		for j, candidate := range m.p.VMs[v].Candidates {
			w, ok := weight(m.p, c, candidate.Size)
			known := slices.ContainsFunc(m.uses[v][j], func(u use) bool { return u.source == at })
			if ok && !known {
				m.uses[v][j] = append(m.uses[v][j], use{at, float64(w)})
			}
		}
	}
}

func (m *model) layVM(v int) {
	vm := &m.p.VMs[v]
	run, fixed, payg := make([]float64, len(m.hours)), make([]float64, len(vm.Candidates)), make([]float64, len(vm.Candidates))
	for t := range run {
		run[t] = float64(vm.Run[t]) / float64(m.p.RunDenominator)
	}
	for j, c := range vm.Candidates {
		fixed[j] = float64(c.Risk) + m.sim.SoftwareOf(v, j).Float()
		payg[j] = float64(m.p.Sizes[c.Size].Payg)
	}
	m.run, m.fixed, m.payg = append(m.run, run), append(m.fixed, fixed), append(m.payg, payg)
	m.twin = append(m.twin, -1)
	for w := v - 1; w >= 0; w-- {
		if o := &m.p.VMs[w]; o.Scope == vm.Scope && slices.Equal(o.Candidates, vm.Candidates) && slices.Equal(o.Run, vm.Run) {
			m.twin[v] = w
			break
		}
	}
}

// layDoubles finds equal offers. Buying from the later one is as good and canonical: of two, the earlier is bought only when the later
// is sold out.
func (m *model) layDoubles() {
	for i := range m.p.Offers {
		m.double = append(m.double, -1)
		a := &m.p.Offers[i]
		for k := i + 1; k < len(m.p.Offers); k++ {
			b := &m.p.Offers[k]
			if a.Kind == b.Kind && a.Scope == b.Scope && a.From == b.From && a.To == b.To && a.Size == b.Size && a.Step == b.Step &&
				a.Price == b.Price && a.Upfront == b.Upfront && maps.Equal(a.Rates, b.Rates) {
				m.double[i] = k
				break
			}
		}
	}
}

func (m *model) layClasses() {
	at := map[[2]string]int{}
	for v, vm := range m.p.VMs {
		m.classOf = append(m.classOf, make([]int, len(vm.Candidates)))
		for j, c := range vm.Candidates {
			key := [2]string{vm.Scope, c.Size}
			i, ok := at[key]
			if !ok {
				i = len(m.classes)
				at[key] = i
				m.classes = append(m.classes, nil)
			}
			m.classes[i] = append(m.classes[i], place{v, j})
			m.classOf[v][j] = i
		}
	}
}

// capCommitments leaves out quantities whose price alone exceeds what everything costs without commitments, with a factor of two to
// spare. A single absurd price would otherwise drown the tolerance.
func (m *model) capCommitments() {
	commit := m.commit
	m.commit = nil
	most := 2 * m.gross()
	m.commit = commit
	for i, c := range commit {
		if c > 0 && most/c < float64(m.most[i]) {
			m.most[i] = int64(most / c)
		}
	}
}

// gross is more than any cost that is ever added up.
func (m *model) gross() float64 {
	sum := 1.0
	for i, c := range m.commit {
		sum += c * float64(m.most[i])
	}
	for v := range m.run {
		dearest, fixed := slices.Max(m.payg[v]), 0.0
		for _, f := range m.fixed[v] {
			fixed = max(fixed, f, -f)
		}
		sum += fixed
		for t, h := range m.hours {
			sum += h * m.run[v][t] * dearest
		}
	}
	return sum
}
