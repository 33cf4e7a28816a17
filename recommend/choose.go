package recommend

import (
	"fmt"
	"math"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// netDemand returns, for the periods of one year of an ahead, the units (source ratio x 100, times 1e6) that existing
// reservations leave, hour by hour of a year: the window's hours stand for those of the period.
func (a *ahead) netDemand(from, to int) (solve.Demand, error) {
	net := a.net()
	var parts []solve.Demand
	for i, part := range a.parts {
		if part.year < from || part.year >= to {
			continue
		}
		var levels []solve.Level
		first := a.slots[i]
		for k := range a.count {
			levels = append(levels, solve.Level{Units: net[first+k], Weight: a.count[k]})
		}
		d, err := solve.NewDemand(levels)
		if err != nil {
			return solve.Demand{}, err
		}
		if d, err = d.Times(part.hours, a.hours*a.weight); err != nil {
			return solve.Demand{}, err
		}
		parts = append(parts, d)
	}
	return solve.Sum(parts...)
}

// kernel is a pool as the kernels of package solve want it: one purchasable size as the step, one price a unit.
type kernel struct {
	offer pricing.Offer
	step  int64 // units that one instance covers
	payg  int64 // price of that many units for one hour, in 1e-10 times scale
	scale int64
	ratio int64
}

// kernelOf states the pool for the cheapest offer of term.
func (d *decision) kernelOf(term pricing.Term) (kernel, bool) {
	offer, ok := d.cheapest(term)
	if !ok {
		return kernel{}, false
	}
	k := kernel{offer: offer, ratio: d.market.ratios[offer.Size], scale: 1}
	k.step = k.ratio * demand.Full
	if d.market.uniform() {
		// The price of the step is that of any size in use times the quotient of the ratios; the scale keeps it whole.
		best := int64(math.MaxInt64)
		for _, size := range sortedSizes(d.market.rates) {
			g := gcd(k.ratio, d.market.ratios[size])
			if scale := d.market.ratios[size] / g; scale < best {
				best, k.scale = scale, scale
				k.payg = int64(d.market.rates[size].rate) * (k.ratio / g)
			}
		}
		return k, true
	}
	k.payg = int64(math.Round(d.unitPrice() * float64(k.ratio)))
	return k, true
}

// cost returns the price of one instance for the whole term in the kernel's money.
func (k kernel) cost() (int64, error) {
	const limit = math.MaxInt64 / 10_000
	if k.offer.Total.Micros > limit/k.scale {
		return 0, fmt.Errorf("%s %s: %s: %w", k.offer.Size, k.offer.Term, k.offer.Total.Decimal(), money.ErrOverflow)
	}
	return k.offer.Total.Micros * 10_000 * k.scale, nil
}

// newsvendor returns what is best to buy of one term when the window repeats: every unit that is used more than r/p of the
// hours (algorithms 1.1).
func (d *decision) newsvendor(term pricing.Term) ([]Purchase, error) {
	pool, k, ok, err := d.termPool(term)
	if err != nil || !ok {
		return nil, err
	}
	q, err := pool.Best()
	if err != nil {
		return nil, err
	}
	buy := func(n int64) order { return order{ticketKey{k.offer.Size, term, 0}: n} }
	q = d.polish(d.low, q, buy)
	return d.fill(term, k, q), nil
}

// termPool states the year ahead for the newsvendor of one term: the cost of one instance is that of one year.
func (d *decision) termPool(term pricing.Term) (solve.Pool, kernel, bool, error) {
	k, ok := d.kernelOf(term)
	if !ok {
		return solve.Pool{}, k, false, nil
	}
	net, err := d.low.netDemand(0, 1)
	if err != nil {
		return solve.Pool{}, k, false, err
	}
	cost, err := k.cost()
	if err != nil {
		return solve.Pool{}, k, false, err
	}
	years := int64(term.Years())
	return solve.Pool{Demand: net, Step: k.step, Payg: k.payg * years, Cost: cost}, k, true, nil
}

// polish moves a quantity to the exact optimum of the simulator where prices a unit differ and the kernel saw only their
// average. The cost under proportional coverage is convex, so the walk ends at the optimum.
func (d *decision) polish(a *ahead, q int64, buy func(int64) order) int64 {
	if d.market.uniform() {
		return q
	}
	cost := func(n int64) bill.Exact { return a.evaluate(buy(n)).cost() }
	best := cost(q)
	for {
		if q > 0 {
			if c := cost(q - 1); c.Cmp(best) <= 0 {
				q, best = q-1, c
				continue
			}
		}
		c := cost(q + 1)
		if c.Cmp(best) >= 0 {
			return q
		}
		q, best = q+1, c
	}
}

// fill turns a quantity of the kernel's size into the cheapest sizes that cover as much: the size itself where prices are
// proportional, else what the covering recursion finds.
func (d *decision) fill(term pricing.Term, k kernel, q int64) []Purchase {
	if q == 0 {
		return nil
	}
	return []Purchase{{k.offer.Size, term, q}}
}

// mixed is the optimum of both terms over the policy's horizon: what to buy now and what is expected to be renewed.
type mixed struct {
	horizon    solve.Horizon
	best       solve.Mix
	one, three kernel
	now        []Purchase
}

// mix returns what is best to buy today when the demand ends with the policy's probability each month and one-year
// purchases can be renewed while it lasts (algorithms 1.2).
func (d *decision) mix(in *Input) (mixed, error) {
	if len(d.terms) == 0 {
		return mixed{}, nil
	}
	m, err := d.horizon(in)
	if err != nil {
		return m, err
	}
	if m.best, err = m.horizon.Best(); err != nil {
		return m, err
	}
	m.best.ThreeYear = d.polish(d.expected, m.best.ThreeYear, func(n int64) order { return m.order(solve.Mix{ThreeYear: n, OneYear: m.best.OneYear}) })
	m.best.OneYear[0] = d.polish(d.expected, m.best.OneYear[0], func(n int64) order {
		years := append([]int64{n}, m.best.OneYear[1:]...)
		return m.order(solve.Mix{ThreeYear: m.best.ThreeYear, OneYear: years})
	})
	buy := append(d.fill(pricing.ThreeYear, m.three, m.best.ThreeYear), d.fill(pricing.OneYear, m.one, m.best.OneYear[0])...)
	m.now = d.sortPurchases(buy)
	return m, nil
}

// order states a mix for the simulator.
func (m mixed) order(x solve.Mix) order {
	o := order{ticketKey{m.three.offer.Size, pricing.ThreeYear, 0}: x.ThreeYear}
	for year, n := range x.OneYear {
		o[ticketKey{m.one.offer.Size, pricing.OneYear, year}] = n
	}
	return o
}

// withRenewals returns what a choice buys over the whole horizon: one-year purchases are renewed as they are, those of the
// mix as the kernel found best for each year.
func (d *decision) withRenewals(choice Choice, buy []Purchase, m mixed) order {
	if choice == Mixed {
		return m.order(m.best)
	}
	o := orderOf(buy)
	for _, p := range buy {
		for year := 1; p.Term == pricing.OneYear && year < d.expected.years; year++ {
			o[ticketKey{p.Size, p.Term, year}] = p.Quantity
		}
	}
	return o
}

// never is a price that no unit is worth: it stands for a term that cannot be bought.
const never = math.MaxInt64 / 4

// horizon states the policy's horizon for the kernel of two terms with renewals. Where the terms' cheapest sizes differ,
// the one-year price enters a unit of the three-year size.
func (d *decision) horizon(in *Input) (mixed, error) {
	m := mixed{}
	kernels := map[pricing.Term]kernel{}
	for _, term := range d.terms {
		if k, ok := d.kernelOf(term); ok {
			kernels[term] = k
		}
	}
	var hasOne, hasThree bool
	m.one, hasOne = kernels[pricing.OneYear]
	if m.three, hasThree = kernels[pricing.ThreeYear]; !hasThree {
		m.three = m.one
	}
	m.horizon = solve.Horizon{Step: m.three.step, Payg: m.three.payg, OneYear: never, ThreeYear: never}
	var err error
	if hasThree {
		if m.horizon.ThreeYear, err = m.three.cost(); err != nil {
			return m, err
		}
	}
	if hasOne {
		m.one.scale = m.three.scale
		if m.horizon.OneYear, err = m.one.cost(); err != nil {
			return m, err
		}
		if m.one.step != m.three.step {
			m.horizon.OneYear = int64(math.Round(float64(m.horizon.OneYear) / float64(m.one.step) * float64(m.three.step)))
		}
	}
	for year := range d.expected.years {
		net, err := d.expected.netDemand(year, year+1)
		if err != nil {
			return m, err
		}
		alive := survivors(in.Policy.MonthlyLoss, int64(12*year))
		m.horizon.Years = append(m.horizon.Years, solve.Year{Demand: net, AliveNum: alive, AliveDen: weightScale, NoPurchase: !hasOne})
	}
	return m, nil
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// unitName says what one step of a term is.
func unitName(size catalog.Size) string { return "1 x " + string(size) }
