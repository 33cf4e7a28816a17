package recommend

import (
	"fmt"
	"math"
	"slices"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// netDemand returns, for the hours [from, to) ahead, the units (source ratio x 100, times 1e6) that existing reservations and
// planned purchases leave, hour by hour: the window's hours stand for those of the period.
func (a *ahead) netDemand(from, to int64, planned order) (solve.Demand, error) {
	first, last := a.partsBetween(from, to)
	return a.netDemandOf(first, last, planned)
}

// netDemandOf is netDemand for a range of parts.
func (a *ahead) netDemandOf(first, last int, planned order) (solve.Demand, error) {
	var parts []solve.Demand
	for i := first; i < last; i++ {
		d, err := solve.NewDemand(a.leveled(i, planned))
		if err != nil {
			return solve.Demand{}, err
		}
		if d, err = d.Times(a.parts[i].hours, a.hours*a.weight); err != nil {
			return solve.Demand{}, err
		}
		parts = append(parts, d)
	}
	return solve.Sum(parts...)
}

// leveled returns the levels of a part less what planned purchases cover in it.
func (a *ahead) leveled(i int, planned order) []solve.Level {
	capacity := int64(0)
	for key, n := range planned {
		if at := a.parts[i].from; key.at <= at && at < key.at+key.term.Hours() {
			capacity += n * a.problem.Sizes[string(key.size)].Ratio * demand.Full
		}
	}
	if capacity == 0 {
		return a.levels[i]
	}
	left := slices.Clone(a.levels[i])
	for j := range left {
		left[j].Units = max(0, left[j].Units-capacity)
	}
	return left
}

// kernel is a pool as the kernels of package solve want it: one purchasable size as the step, one price a unit.
type kernel struct {
	offer pricing.Offer
	ratio int64 // of the step, source ratio x 100
	payg  int64 // price of one step for one hour, in 1e-10 times scale
	scale int64
}

// step returns the units that one step covers.
func (k kernel) step() int64 { return k.ratio * demand.Full }

// kernelOf states the pool for one offer, or for steps of another ratio.
func (d *decision) kernelOf(offer pricing.Offer, ratio int64) kernel {
	k := kernel{offer: offer, ratio: ratio, scale: 1}
	if !d.market.uniform() {
		k.payg = int64(math.Round(d.unitPrice() * float64(ratio)))
		return k
	}
	// The price of the step is that of any size in use times the quotient of the ratios; the scale keeps it whole.
	best := int64(math.MaxInt64)
	for _, size := range sortedSizes(d.market.rates) {
		g := gcd(ratio, d.market.ratios[size])
		if scale := d.market.ratios[size] / g; scale < best {
			best, k.scale = scale, scale
			k.payg = int64(d.market.rates[size].rate) * (ratio / g)
		}
	}
	return k
}

// cost returns a term total in the kernel's money.
func (k kernel) cost(total money.Amount) (int64, error) {
	const limit = math.MaxInt64 / 10_000
	if total.Micros > limit/k.scale {
		return 0, fmt.Errorf("%s %s: %s: %w", k.offer.Size, k.offer.Term, total.Decimal(), money.ErrOverflow)
	}
	return total.Micros * 10_000 * k.scale, nil
}

// newsvendor returns what is best to buy of one term when the window repeats: every unit that is used more than r/p of the
// hours (algorithms 1.1).
func (d *decision) newsvendor(term pricing.Term) ([]Purchase, error) {
	pool, k, ok, err := d.termPool(term)
	if err != nil || !ok {
		return nil, err
	}
	if d.lumpy(pool.Demand) {
		return d.cover(term)
	}
	q, err := pool.Best()
	if err != nil {
		return nil, err
	}
	q = d.polish(d.low, q, func(n int64) order { return order{ticketKey{k.offer.Size, term, 0}: n} })
	return purchases(k.offer, q), nil
}

func purchases(offer pricing.Offer, q int64) []Purchase {
	if q == 0 {
		return nil
	}
	return []Purchase{{offer.Size, offer.Term, q}}
}

// termPool states the year ahead for the newsvendor of one term.
func (d *decision) termPool(term pricing.Term) (solve.Pool, kernel, bool, error) {
	offer, ok := d.step(term)
	if !ok {
		return solve.Pool{}, kernel{}, false, nil
	}
	pool, k, err := d.poolOf(offer, d.market.ratios[offer.Size])
	return pool, k, true, err
}

// poolOf states the year ahead in steps of a ratio. Costs are those of the whole term, so the pay-as-you-go price counts
// its years.
func (d *decision) poolOf(offer pricing.Offer, ratio int64) (solve.Pool, kernel, error) {
	k := d.kernelOf(offer, ratio)
	net, err := d.low.netDemand(0, pricing.HoursOfYear, d.later)
	if err != nil {
		return solve.Pool{}, k, err
	}
	cost, err := k.cost(offer.Total)
	return solve.Pool{Demand: net, Step: k.step(), Payg: k.payg * int64(offer.Term.Years()), Cost: cost}, k, err
}

// polish moves a quantity to the exact optimum of the simulator where prices a unit differ and the kernel saw only their
// average. The cost under proportional coverage is convex.
func (d *decision) polish(a *ahead, q int64, buy func(int64) order) int64 {
	if d.market.uniform() {
		return q
	}
	return lowest(q, a.slack(), func(n int64) float64 {
		payg, commitment := a.rough(buy(n))
		return payg + commitment
	}, func(n int64) bill.Exact { return a.evaluate(buy(n)).cost() })
}

// mixed is the optimum of both terms over the policy's horizon: what to buy now and what is expected to be renewed.
type mixed struct {
	horizon    solve.Horizon
	one, three kernel
	now        []Purchase
	whole      order // today's purchases and the renewals of later years
	staggered  bool  // found as a flow of commitments that start on several days
	covered    bool  // found by covering with several sizes; optimum is then its exact cost over the horizon
	optimum    bill.Exact
}

// mix returns what is best to buy today when the demand ends with the policy's probability each month and one-year
// purchases can be renewed while it lasts (algorithms 1.2).
func (d *decision) mix(in *Input) (mixed, error) {
	if len(d.terms) == 0 {
		return mixed{}, nil
	}
	if d.staggered() {
		return d.mixStaggered(in)
	}
	m, err := d.horizon(in)
	if err != nil {
		return m, err
	}
	if d.lumpy(m.horizon.Years[0].Demand) {
		return d.coverMix(m)
	}
	best, err := m.horizon.Best()
	if err != nil {
		return m, err
	}
	best.ThreeYear = d.polish(d.expected, best.ThreeYear, func(n int64) order { return m.order(solve.Mix{ThreeYear: n, OneYear: best.OneYear}) })
	if m.one.ratio > 0 { // one year is sold
		best.OneYear[0] = d.polish(d.expected, best.OneYear[0], func(n int64) order {
			return m.order(solve.Mix{ThreeYear: best.ThreeYear, OneYear: append([]int64{n}, best.OneYear[1:]...)})
		})
	}
	m.whole = m.order(best)
	m.now = d.sortPurchases(append(purchases(m.three.offer, best.ThreeYear), purchases(m.one.offer, best.OneYear[0])...))
	return m, nil
}

// order states a mix for the simulator.
func (m mixed) order(x solve.Mix) order {
	o := order{ticketKey{m.three.offer.Size, pricing.ThreeYear, 0}: x.ThreeYear}
	for year, n := range x.OneYear { // counted in steps of three years
		if n == 0 {
			continue
		}
		o[ticketKey{m.one.offer.Size, pricing.OneYear, hoursOfYears(year)}] = n * m.three.ratio / m.one.ratio
	}
	return o
}

// withRenewals returns what purchases of today come to over the horizon when those for one year are renewed as they are.
func (d *decision) withRenewals(buy []Purchase) order {
	o := orderOf(buy)
	for _, p := range buy {
		for year := 1; p.Term == pricing.OneYear && year < d.expected.years; year++ {
			o[ticketKey{p.Size, p.Term, hoursOfYears(year)}] = p.Quantity
		}
	}
	return o
}

// never is a price that no unit is worth: it stands for a term that cannot be bought.
const never = math.MaxInt64 / 4

// horizon states the policy's horizon for the kernel of two terms with renewals. Where the steps of the terms differ, the
// one-year price enters for as many units as a three-year step has.
func (d *decision) horizon(in *Input) (mixed, error) {
	m := mixed{}
	one, hasOne := d.step(pricing.OneYear)
	three, hasThree := d.step(pricing.ThreeYear)
	hasOne, hasThree = hasOne && slices.Contains(d.terms, pricing.OneYear), hasThree && slices.Contains(d.terms, pricing.ThreeYear)
	if !hasThree {
		three = one
	}
	m.three = d.kernelOf(three, d.market.ratios[three.Size])
	m.one = m.three
	m.one.offer, m.one.ratio = one, d.market.ratios[one.Size]
	m.horizon = solve.Horizon{Step: m.three.step(), Payg: m.three.payg, OneYear: never, ThreeYear: never}
	var err error
	if hasThree {
		if m.horizon.ThreeYear, err = m.three.cost(three.Total); err != nil {
			return m, err
		}
	}
	if hasOne {
		if m.horizon.OneYear, err = m.one.cost(one.Total); err != nil {
			return m, err
		}
		if m.one.ratio != m.three.ratio {
			m.horizon.OneYear = int64(math.Round(float64(m.horizon.OneYear) / float64(m.one.ratio) * float64(m.three.ratio)))
		}
	}
	for year := range d.expected.years {
		net, err := d.expected.netDemand(hoursOfYears(year), hoursOfYears(year+1), nil)
		if err != nil {
			return m, err
		}
		alive := survivors(d.loss, int64(12*year))
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
