package rightsize

import (
	"encoding/binary"
	"math"
	"math/big"
	"runtime"
	"slices"
	"sort"
	"sync"

	"sizeterm/recommend/bill"
)

// dual is a part of a problem laid out for the price loop: prices of at least 0 for a unit of each source of coverage in each slot
// prove a lower bound for every decision and every order of coverage (reference 1.8, 7). Everything is float64 and only bounds and
// guides; what a decision costs is the simulator's business.
type dual struct {
	p       *bill.Problem
	hours   []float64
	back    []int // for each slot of the problem, the merged slot
	sources []source
	offers  []offer
	rows    []usage
	pairs   []pair
	classes []class
	classOf []int // of each machine
}

// source is capacity at one scope node: units of a flexibility group, or the hourly money of a savings plan.
type source struct {
	existing []float64
	worth    float64 // the most that a unit is worth for an hour
	capable  []bool
}

// offer is quantity 1 of something that can be bought.
type offer struct {
	source          int
	active          []bool // by merged slot
	capacity, price float64
}

// usage is what is priced alike: a size, reached by the same sources.
type usage struct {
	payg    float64
	sources []int
	weights []float64
	price   []float64 // by slot: the least that an instance costs
	from    []int     // index into sources of what is cheapest, -1 for pay-as-you-go
	demand  []float64
}

// pair is a pattern of hours on a row: what an instance with those hours costs there is summed once, whoever runs so.
type pair struct {
	run   []float64
	row   int
	cost  float64
	count float64 // machines that chose it
}

// class is machines that cannot be told apart.
type class struct {
	vms   []int
	run   []float64
	pair  []int // by candidate
	fixed []float64
	cost  []float64
	at    int // the cheapest candidate at the prices
}

func newDual(p *bill.Problem) (*dual, error) {
	sim, err := bill.NewSimulator(p)
	if err != nil {
		return nil, err
	}
	d := &dual{p: p}
	d.mergeSlots()
	homes := d.laySources(sim)
	at := index{map[string]int{}, map[string]int{}, map[[2]int]int{}}
	classAt := map[string]int{}
	d.classOf = make([]int, len(p.VMs))
	for v := range p.VMs {
		vm := &p.VMs[v]
		key := binary.AppendUvarint([]byte(vm.Scope), 0)
		for _, c := range vm.Candidates {
			key = binary.AppendVarint(append(append(key, c.Size...), 0), c.Risk)
		}
		for _, run := range vm.Run {
			key = binary.AppendVarint(key, run)
		}
		i, ok := classAt[string(key)]
		if !ok {
			i = len(d.classes)
			classAt[string(key)] = i
			d.classes = append(d.classes, d.newClass(sim, v, at, homes))
		}
		d.classes[i].vms, d.classOf[v] = append(d.classes[i].vms, v), i
	}
	for i := range d.rows {
		r := &d.rows[i]
		for k, s := range r.sources {
			d.sources[s].worth = max(d.sources[s].worth, r.payg/r.weights[k])
		}
	}
	return d, nil
}

// mergeSlots joins slots with the same usage and the same commitments.
func (d *dual) mergeSlots() {
	at := map[string]int{}
	for t, slot := range d.p.Slots {
		key := []byte{}
		for v := range d.p.VMs {
			key = binary.AppendVarint(key, d.p.VMs[v].Run[t])
		}
		bit := func(c *bill.Commitment) {
			key = append(key, '0')
			if c.From <= t && t < c.To {
				key[len(key)-1] = '1'
			}
		}
		for i := range d.p.Offers {
			bit(&d.p.Offers[i].Commitment)
		}
		for i := range d.p.Existing {
			bit(&d.p.Existing[i].Commitment)
		}
		i, ok := at[string(key)]
		if !ok {
			i = len(d.hours)
			at[string(key)] = i
			d.hours = append(d.hours, 0)
		}
		d.hours[i] += float64(slot.Hours)
		d.back = append(d.back, i)
	}
}

// home is a commitment's source: reservations of one node and group share one.
type home struct {
	commitment *bill.Commitment
	source     int
}

func (d *dual) laySources(sim *bill.Simulator) []home {
	var homes []home
	at := map[[2]string]int{}
	place := func(c *bill.Commitment) int {
		key := [2]string{c.Scope, d.p.Sizes[c.Size].Group}
		if i, ok := at[key]; ok && c.Kind == bill.Reservation {
			return i
		}
		i := len(d.sources)
		d.sources = append(d.sources, source{existing: make([]float64, len(d.hours)), capable: make([]bool, len(d.hours))})
		if c.Kind == bill.Reservation {
			at[key] = i
		}
		homes = append(homes, home{c, i})
		return i
	}
	for i := range d.p.Existing {
		e := &d.p.Existing[i]
		s := place(&e.Commitment)
		for t, on := range d.active(&e.Commitment) {
			if on && e.Qty > 0 {
				d.sources[s].existing[t] += float64(e.Qty) * d.capacity(&e.Commitment)
				d.sources[s].capable[t] = true
			}
		}
	}
	for i := range d.p.Offers {
		o := &d.p.Offers[i]
		s := place(&o.Commitment)
		next := offer{source: s, active: d.active(&o.Commitment), capacity: d.capacity(&o.Commitment), price: sim.CommitmentOf(i).Float()}
		for t, on := range next.active {
			d.sources[s].capable[t] = d.sources[s].capable[t] || on && o.MaxQty > 0
		}
		d.offers = append(d.offers, next)
	}
	return homes
}

func (d *dual) active(c *bill.Commitment) []bool {
	on := make([]bool, len(d.hours))
	for t := c.From; t < c.To; t++ {
		on[d.back[t]] = true
	}
	return on
}

func (d *dual) capacity(c *bill.Commitment) float64 {
	if c.Kind == bill.SavingsPlan {
		return float64(c.Step)
	}
	return float64(d.p.Sizes[c.Size].Ratio)
}

// index finds what was laid out before: rows, patterns of hours, pairs.
type index struct {
	rows, runs map[string]int
	pairs      map[[2]int]int
}

func (d *dual) newClass(sim *bill.Simulator, v int, at index, homes []home) class {
	vm := &d.p.VMs[v]
	pattern := []byte{}
	c := class{run: make([]float64, len(d.hours)), cost: make([]float64, len(vm.Candidates))}
	for t, run := range vm.Run {
		c.run[d.back[t]] = float64(run) / float64(d.p.RunDenominator)
		pattern = binary.AppendVarint(pattern, run)
	}
	run, ok := at.runs[string(pattern)]
	if !ok {
		run = len(at.runs)
		at.runs[string(pattern)] = run
	}
	for j, candidate := range vm.Candidates {
		u := usage{payg: float64(d.p.Sizes[candidate.Size].Payg), price: make([]float64, len(d.hours)), from: make([]int, len(d.hours)), demand: make([]float64, len(d.hours))}
		key := []byte(candidate.Size)
		for _, h := range homes {
			if w, ok := d.weight(h.commitment, candidate.Size); ok && inside(h.commitment.Scope, vm.Scope) {
				u.sources, u.weights = append(u.sources, h.source), append(u.weights, w)
				key = binary.AppendUvarint(append(key, 0), uint64(h.source))
			}
		}
		i, ok := at.rows[string(key)]
		if !ok {
			i = len(d.rows)
			at.rows[string(key)] = i
			d.rows = append(d.rows, u)
		}
		k, ok := at.pairs[[2]int{run, i}]
		if !ok {
			k = len(d.pairs)
			at.pairs[[2]int{run, i}] = k
			d.pairs = append(d.pairs, pair{run: c.run, row: i})
		}
		c.pair = append(c.pair, k)
		c.fixed = append(c.fixed, float64(candidate.Risk)+sim.SoftwareOf(v, j).Float())
	}
	return c
}

// weight returns how much of a commitment one instance of a size takes.
func (d *dual) weight(c *bill.Commitment, size string) (float64, bool) {
	if c.Kind == bill.SavingsPlan {
		rate, ok := c.Rates[size]
		return float64(rate), ok && rate > 0
	}
	s := d.p.Sizes[size]
	return float64(s.Ratio), s.Group == d.p.Sizes[c.Size].Group
}

// prices are by source and merged slot, for a unit during the whole slot.
type prices [][]float64

func (d *dual) newPrices() prices {
	y := make(prices, len(d.sources))
	for i := range y {
		y[i] = make([]float64, len(d.hours))
	}
	return y
}

func (y prices) clone() prices {
	out := make(prices, len(y))
	for i := range y {
		out[i] = slices.Clone(y[i])
	}
	return out
}

// settle brings prices into the range where they prove the most and no offer is worth more than it costs: then its best quantity is
// none, whatever its limit. Where a source has nothing to give, its price is infinite in effect.
func (d *dual) settle(y prices) {
	for i := range y {
		s := &d.sources[i]
		for t := range y[i] {
			top := s.worth * d.hours[t]
			switch {
			case !s.capable[t]:
				y[i][t] = top
			default:
				y[i][t] = min(top, max(0, y[i][t]))
			}
		}
	}
	for i := range d.offers {
		o := &d.offers[i]
		sum := 0.0
		for t, on := range o.active {
			if on {
				sum += y[o.source][t]
			}
		}
		if sum *= o.capacity; sum > o.price {
			for t, on := range o.active {
				if on {
					y[o.source][t] *= o.price / sum
				}
			}
		}
	}
}

// bound values prices: every machine on its cheapest candidate, less what existing capacity is worth. Prices must be settled. slope,
// when given, becomes the direction in which the bound rises.
func (d *dual) bound(y prices, slope prices) float64 {
	for i := range d.rows {
		d.rows[i].apply(y, d.hours)
	}
	sum := 0.0
	for i := range d.sources {
		for t, e := range d.sources[i].existing {
			sum -= e * y[i][t]
			if slope != nil {
				slope[i][t] = -e
			}
		}
	}
	d.price()
	for i := range d.classes {
		c := &d.classes[i]
		c.at = 0
		for j, k := range c.pair {
			if c.cost[j] = c.fixed[j] + d.pairs[k].cost; c.cost[j] < c.cost[c.at] {
				c.at = j
			}
		}
		sum += c.cost[c.at] * float64(len(c.vms))
		d.pairs[c.pair[c.at]].count += float64(len(c.vms))
	}
	if slope != nil {
		d.draw(slope)
	}
	return sum
}

// draw adds the units that the chosen candidates take of each source.
func (d *dual) draw(slope prices) {
	for i := range d.pairs {
		if q := &d.pairs[i]; q.count > 0 {
			demand := d.rows[q.row].demand
			for t, run := range q.run {
				demand[t] += q.count * run
			}
		}
	}
	for i := range d.rows {
		r := &d.rows[i]
		for t, k := range r.from {
			if k >= 0 {
				slope[r.sources[k]][t] += r.demand[t] * r.weights[k]
			}
		}
	}
}

// price sums the pairs on all processors; each is on its own, so that the result does not depend on how many there are.
func (d *dual) price() {
	workers := min(runtime.GOMAXPROCS(0), 1+len(d.pairs)*len(d.hours)/50_000)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := w; i < len(d.pairs); i += workers {
				q := &d.pairs[i]
				q.cost, q.count = dot(q.run, d.rows[q.row].price), 0
			}
		}()
	}
	wait.Wait()
}

// apply finds for each slot the cheapest way to serve an instance.
func (r *usage) apply(y prices, hours []float64) {
	for t, h := range hours {
		r.price[t], r.from[t], r.demand[t] = h*r.payg, -1, 0
	}
	for k, s := range r.sources {
		w := r.weights[k]
		for t, price := range y[s] {
			if cost := w * price; cost < r.price[t] {
				r.price[t], r.from[t] = cost, k
			}
		}
	}
}

// dot sums in four strands: the order is fixed, and the processor does not wait for each addition.
func dot(a, b []float64) float64 {
	var s0, s1, s2, s3 float64
	b = b[:len(a)]
	t := 0
	for ; t+3 < len(a); t += 4 {
		s0 += a[t] * b[t]
		s1 += a[t+1] * b[t+1]
		s2 += a[t+2] * b[t+2]
		s3 += a[t+3] * b[t+3]
	}
	for ; t < len(a); t++ {
		s0 += a[t] * b[t]
	}
	return s0 + s1 + s2 + s3
}

// choice returns the candidate of each machine that the last prices prefer; of equal ones the earliest.
func (d *dual) choice() []int {
	out := make([]int, len(d.p.VMs))
	for v, c := range d.classOf {
		out[v] = d.classes[c].at
	}
	return out
}

// fromPlan returns prices that a decision suggests: an hour in which demand exceeds the capacity is worth the pay-as-you-go price, one
// in which it falls short nothing, and those about the last unit share what the price of the offer leaves. For one offer of a source
// these are the optimal prices of the newsvendor.
func (d *dual) fromPlan(choice []int, bought map[string]int64) prices {
	y := d.newPrices()
	step := make([]float64, len(d.sources))
	room := d.newPrices()
	for i := range d.sources {
		copy(room[i], d.sources[i].existing)
	}
	for i := range d.offers {
		o := &d.offers[i]
		step[o.source] = max(step[o.source], o.capacity)
		for t, on := range o.active {
			if on {
				room[o.source][t] += o.capacity * float64(bought[d.p.Offers[i].ID])
			}
		}
	}
	for v, j := range choice {
		c := &d.classes[d.classOf[v]]
		r := &d.rows[d.pairs[c.pair[j]].row]
		for k, s := range r.sources {
			for t, run := range c.run {
				room[s][t] -= run * r.weights[k]
			}
		}
	}
	near := make([][]bool, len(d.sources))
	for i := range y {
		near[i] = make([]bool, len(d.hours))
		for t, left := range room[i] {
			top := d.sources[i].worth * d.hours[t]
			switch near[i][t] = math.Abs(left) < step[i]; {
			case near[i][t]:
				y[i][t] = top
			case left < 0:
				y[i][t] = top
			}
		}
	}
	d.share(y, near)
	d.settle(y)
	return y
}

// share lowers the prices of the hours about the last unit until an offer is worth what it costs; shorter offers first, so that a
// longer one finds what they left.
func (d *dual) share(y prices, near [][]bool) {
	order := make([]int, len(d.offers))
	length := make([]float64, len(d.offers))
	for i := range order {
		order[i] = i
		for t, on := range d.offers[i].active {
			if on {
				length[i] += d.hours[t]
			}
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return length[order[a]] < length[order[b]] })
	for _, i := range order {
		o := &d.offers[i]
		firm, soft := 0.0, 0.0
		for t, on := range o.active {
			switch {
			case !on:
			case near[o.source][t]:
				soft += y[o.source][t]
			default:
				firm += y[o.source][t]
			}
		}
		if soft == 0 || (firm+soft)*o.capacity <= o.price {
			continue
		}
		part := max(0, o.price/o.capacity-firm) / soft
		for t, on := range o.active {
			if on && near[o.source][t] {
				y[o.source][t] *= part
			}
		}
	}
}

// exactFloor returns the greatest integer that is not above f.
func exactFloor(f float64) bill.Exact {
	n, _ := big.NewFloat(math.Floor(f)).Int(nil)
	return bill.FromRat(new(big.Rat).SetInt(n))
}
