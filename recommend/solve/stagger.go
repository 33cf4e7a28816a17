package solve

import (
	"fmt"
	"math/big"

	"sizeterm/recommend/bill"
)

// Span is a part of the time ahead between two dates at which something starts or ends.
type Span struct {
	// Demand of the span, after existing reservations. Where it may have ended by then, its hours are weighted with the probability
	// that it lasts (Demand.Times).
	Demand Demand
}

// Start is one commitment that can be bought: it covers the spans [From, To) in full, for Cost. Where the purchase happens only with
// some probability, Cost is weighted with it.
type Start struct {
	From, To int
	Cost     bill.Exact
}

// Stagger is a pool whose commitments start and end at different dates: some now, some when an owned reservation ends, renewals later.
//
// Every commitment covers consecutive spans, so the problem is a flow: boundaries of spans are nodes, a commitment is an arc from its
// start to its end, and what a span leaves to pay-as-you-go is an arc across it whose cost is convex. The integer optimum is a flow of
// least cost (reference 1.2, class C). It is found by cancelling cycles of negative cost in steps of 2^k, ..., 2, 1; that none is left
// at step 1 is the proof. Starts must not be decomposed by layers of demand: D = (1, 2, 1) with a commitment of two spans at 3 and
// pay-as-you-go at 2 costs 6, by layers 7.
type Stagger struct {
	Step   int64 // units that quantity 1 covers in every hour
	Payg   int64 // pay-as-you-go price of Step units for one hour
	Spans  []Span
	Starts []Start
}

// Best returns the quantity of each start at which the expected cost is least; of equal ones, the smallest commitment. It fails on negative
// prices, a Step below 1, a Start outside the spans, and weights that do not fit (ErrTooLarge).
func (s Stagger) Best() ([]int64, error) {
	f, err := s.flow(make([]int64, len(s.Starts)))
	if err != nil {
		return nil, err
	}
	most := int64(1)
	for _, d := range f.demand {
		most = max(most, d.steps(s.Step))
	}
	step := int64(1)
	for step < most {
		step *= 2
	}
	for ; step >= 1; step /= 2 {
		for f.improve(step) {
		}
	}
	return f.bought, nil
}

// Total returns the expected cost of quantities, one for each start. It panics when there are fewer of them.
func (s Stagger) Total(bought []int64) bill.Exact {
	sum := bill.Exact{}
	for j, start := range s.Starts {
		sum = sum.Add(start.Cost.Mul(bill.Whole(bought[j])))
	}
	for i, z := range s.covered(bought) {
		sum = sum.Add(Pool{Demand: s.Spans[i].Demand, Step: s.Step, Payg: s.Payg}.Rest(z))
	}
	return sum
}

func (s Stagger) covered(bought []int64) []int64 {
	z := make([]int64, len(s.Spans))
	for j, start := range s.Starts {
		for i := start.From; i < start.To; i++ {
			z[i] += bought[j]
		}
	}
	return z
}

// Certify proves that quantities are optimal: no exchange of one (a cycle of the flow) is cheaper, which for this convex cost means that
// nothing is. ok is false when one is, or when the quantities do not fit. Relaxed is the value of Prices.
func (s Stagger) Certify(bought []int64) (Certificate, bool) {
	if len(bought) != len(s.Starts) {
		return Certificate{}, false
	}
	cost := s.Total(bought)
	prices, ok := s.Prices(bought)
	if !ok {
		return Certificate{Cost: cost}, false
	}
	c := Certificate{Cost: cost, Bound: cost}
	for i, y := range prices {
		p := Pool{Demand: s.Spans[i].Demand, Step: s.Step, Payg: s.Payg}
		c.Relaxed = c.Relaxed.Add(p.least(y))
	}
	return c, true
}

// least returns the least of the cost of whole quantities when one costs y.
func (p Pool) least(y bill.Exact) bill.Exact {
	q := search(p.Demand.steps(p.Step), func(q int64) bool {
		return p.Rest(q).Sub(p.Rest(q+1)).Cmp(y) <= 0
	})
	return p.Rest(q).Add(y.Mul(bill.Whole(q)))
}

// Prices returns for each span what covering one more there is worth at the optimum: at least 0, and together over the spans of a start
// at most its Cost. Any such prices bound the cost of every plan from below: each span by itself, at its price, costs no more than its
// part of the plan. ok is false where bought is not optimal.
func (s Stagger) Prices(bought []int64) (prices []bill.Exact, ok bool) {
	f, err := s.flow(bought)
	if err != nil {
		return nil, false
	}
	if cycle := f.search(1); cycle != nil {
		return nil, false
	}
	for i := range s.Spans {
		y := new(big.Rat).SetFrac(new(big.Int).Sub(f.price(i+1), f.price(i)), f.den)
		prices = append(prices, bill.FromRat(y))
	}
	return prices, true
}

// price returns the potential of a node without the commitment counted below it: the nearest multiple of 2^tieBits.
func (f *flow) price(node int) *big.Int {
	half := new(big.Int).Lsh(big.NewInt(1), tieBits-1)
	return half.Rsh(half.Add(half, f.height[node]), tieBits)
}

// tieBits is the room below the cost in which the commitment is counted, so that of equal costs the smaller commitment wins.
const tieBits = 256

// flow is the state of the search. Money is multiplied with den, shifted by tieBits, and the commitment added: one integer to compare.
type flow struct {
	s       Stagger
	demand  []Demand   // with one denominator
	den     *big.Int   // of all money, the denominator of demand times Step times that of the costs
	payg    *big.Int   // what a unit-hour, as demand counts it, costs
	cost    []*big.Int // of one of each start
	bought  []int64
	covered []int64
	height  []*big.Int // potentials of the nodes after a search without a cycle
}

func (s Stagger) flow(bought []int64) (*flow, error) {
	f := &flow{s: s, bought: bought, covered: s.covered(bought)}
	demands := make([]Demand, len(s.Spans))
	for i, span := range s.Spans {
		demands[i] = span.Demand
		if err := checkPrices(s.Step, span.Demand, s.Payg); err != nil {
			return nil, err
		}
	}
	den := int64(1)
	var err error
	if f.demand, den, err = common(demands, 1); err != nil {
		return nil, err
	}
	scale := big.NewInt(1) // of the costs
	for j, start := range s.Starts {
		if start.From < 0 || start.From >= start.To || start.To > len(s.Spans) {
			return nil, fmt.Errorf("starts[%d]: spans %d to %d of %d", j, start.From, start.To, len(s.Spans))
		}
		if start.Cost.Sign() < 0 {
			return nil, fmt.Errorf("starts[%d]: cost %s: negative", j, start.Cost)
		}
		d := start.Cost.Rat().Denom()
		g := new(big.Int).GCD(nil, nil, scale, d)
		scale.Mul(scale, new(big.Int).Quo(d, g))
	}
	f.den = new(big.Int).Mul(product(uint64(den), uint64(s.Step)).int(), scale)
	f.payg = new(big.Int).Mul(big.NewInt(s.Payg), scale)
	f.payg.Lsh(f.payg, tieBits)
	for _, start := range s.Starts {
		r := start.Cost.Rat()
		c := new(big.Int).Mul(r.Num(), new(big.Int).Quo(f.den, r.Denom()))
		tie := new(big.Int).Set(c)
		f.cost = append(f.cost, c.Lsh(c, tieBits).Add(c, tie))
	}
	return f, nil
}

// arc is a way to change the plan by one step: start j bought (+1) or not (-1), or span i covered more (-1) or less (+1).
type arc struct {
	from, to    int
	start, span int // the other one is -1
	sign        int64
	cost        *big.Int
}

// arcs lists the changes by step that are possible, and what they cost.
func (f *flow) arcs(step int64) []arc {
	var arcs []arc
	n := big.NewInt(step)
	for j, start := range f.s.Starts {
		c := new(big.Int).Mul(f.cost[j], n)
		arcs = append(arcs, arc{start.From, start.To, j, -1, +1, c})
		if f.bought[j] >= step {
			arcs = append(arcs, arc{start.To, start.From, j, -1, -1, new(big.Int).Neg(c)})
		}
	}
	for i := range f.s.Spans {
		rest := func(q int64) wide { return f.demand[i].above(q * f.s.Step) }
		here := rest(f.covered[i])
		if f.covered[i] <= f.demand[i].steps(f.s.Step) {
			saved := here.sub(rest(f.covered[i] + step)).int()
			arcs = append(arcs, arc{i + 1, i, -1, i, -1, saved.Mul(saved, f.payg).Neg(saved)})
		} else {
			arcs = append(arcs, arc{i + 1, i, -1, i, -1, new(big.Int)})
		}
		if f.covered[i] >= step {
			lost := rest(f.covered[i] - step).sub(here).int()
			arcs = append(arcs, arc{i, i + 1, -1, i, +1, lost.Mul(lost, f.payg)})
		}
	}
	return arcs
}

// improve cancels one cycle of negative cost by step and reports whether there was one.
func (f *flow) improve(step int64) bool {
	cycle := f.search(step)
	for _, a := range cycle {
		if a.start >= 0 {
			f.bought[a.start] += a.sign * step
		}
	}
	if cycle != nil {
		f.covered = f.s.covered(f.bought)
	}
	return cycle != nil
}

// search returns a cycle of negative cost (Bellman-Ford), or nil; then height holds the potentials.
func (f *flow) search(step int64) []arc {
	arcs := f.arcs(step)
	nodes := len(f.s.Spans) + 1
	f.height = make([]*big.Int, nodes)
	for i := range f.height {
		f.height[i] = new(big.Int)
	}
	via := make([]int, nodes)
	changed, sum := -1, new(big.Int)
	for range nodes {
		changed = -1
		for k := range arcs {
			a := &arcs[k]
			if sum.Add(f.height[a.from], a.cost); sum.Cmp(f.height[a.to]) < 0 {
				f.height[a.to].Set(sum)
				via[a.to], changed = k, a.to
			}
		}
		if changed < 0 {
			return nil
		}
	}
	at := changed
	for range nodes { // certainly on the cycle
		at = arcs[via[at]].from
	}
	var cycle []arc
	for end := at; ; {
		a := arcs[via[at]]
		cycle = append(cycle, a)
		if at = a.from; at == end {
			return cycle
		}
	}
}
