package recommend

import (
	"slices"
	"sort"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// unitPremium is how much dearer a unit of the smallest size may be than that of the cheapest before sizes are mixed.
//
//	premium   what it is                                                    what is done
//	<= 0.5 %  totals rounded to whole currency units                        the smallest size: the finest steps for a later
//	                                                                        exchange, refund or change of scope
//	> 0.5 %   a real difference (6 of 164 groups in the embedded prices)    the cheapest mix that covers as much
const unitPremium = 0.005

// coverLimit is the most steps of demand for which sizes are mixed exactly; the time of two terms grows with its square.
const coverLimit = 1200

// step returns the offer in which one term is counted: the smallest size whose price a unit is near the lowest.
func (d *decision) step(term pricing.Term) (pricing.Offer, bool) {
	cheapest, ok := d.cheapest(term)
	if !ok {
		return cheapest, false
	}
	for _, o := range d.market.offers[term] { // the smallest ratio first
		if d.perUnit(o) <= d.perUnit(cheapest)*(1+unitPremium) {
			return o, true
		}
	}
	return cheapest, true
}

// perUnit is the term total of one unit of ratio 0.01, for comparisons with a tolerance.
func (d *decision) perUnit(o pricing.Offer) float64 {
	return float64(o.Total.Micros) / float64(d.market.ratios[o.Size])
}

// lumpy reports whether the sizes on sale differ in price a unit, so that covering the demand is a choice of sizes.
func (d *decision) lumpy(net solve.Demand) bool {
	return net.Max()/(d.divisor()*demand.Full) <= coverLimit && d.mixesSizes()
}

// mixesSizes reports whether a unit costs differently in the sizes on sale, or the terms are counted in different sizes.
func (d *decision) mixesSizes() bool {
	steps := map[int64]bool{}
	for _, term := range d.terms {
		cheapest, ok := d.cheapest(term)
		if step, ok := d.step(term); ok {
			steps[d.market.ratios[step.Size]] = true
		}
		for _, o := range d.market.offers[term] {
			if ok && d.perUnit(o) > d.perUnit(cheapest)*(1+unitPremium) {
				return true
			}
		}
	}
	return len(steps) > 1
}

// divisor returns the greatest common divisor of the ratios of all sizes on sale: the step of a covering.
func (d *decision) divisor() int64 {
	g := int64(0)
	for _, term := range d.terms {
		for _, o := range d.market.offers[term] {
			g = gcd(g, d.market.ratios[o.Size])
		}
	}
	return max(1, g)
}

// packs states the offers of a term as packs of steps.
func (d *decision) packs(term pricing.Term, k kernel) ([]solve.Pack, error) {
	var packs []solve.Pack
	for _, o := range d.market.offers[term] {
		cost, err := k.cost(o.Total)
		if err != nil {
			return nil, err
		}
		packs = append(packs, solve.Pack{Name: string(o.Size), Ratio: d.market.ratios[o.Size] / k.ratio, Cost: cost})
	}
	return packs, nil
}

// cover returns the cheapest purchase of one term where the prices of sizes are not proportional (algorithms 1.3).
func (d *decision) cover(term pricing.Term) ([]Purchase, error) {
	offer, _ := d.cheapest(term)
	pool, k, err := d.poolOf(offer, d.divisor())
	if err != nil {
		return nil, err
	}
	packs, err := d.packs(term, k)
	if err != nil {
		return nil, err
	}
	buy, _, err := solve.BestCover(pool, packs)
	return d.sortPurchases(bought(buy, term)), err
}

// coverMix is mix where the prices of sizes are not proportional.
func (d *decision) coverMix(m mixed) (mixed, error) {
	k := d.kernelOf(m.three.offer, d.divisor())
	h := m.horizon
	h.Step, h.Payg = k.step(), k.payg
	var one, three []solve.Pack
	var err error
	for _, term := range d.terms {
		packs, failed := d.packs(term, k)
		if failed != nil {
			return m, failed
		}
		if term == pricing.OneYear {
			one = packs
		} else {
			three = packs
		}
	}
	m.covered = true
	switch {
	case len(three) == 0:
		err = m.coverYears(h, one, k)
	case len(one) == 0:
		err = m.coverWhole(h, three, k)
	default:
		err = m.coverBoth(h, one, three, k)
	}
	m.now = d.sortPurchases(m.now)
	return m, err
}

// coverBoth covers with both terms: one year is renewed in each year as is best beside the three-year reservations.
func (m *mixed) coverBoth(h solve.Horizon, one, three []solve.Pack, k kernel) error {
	best, optimum, err := h.BestCover(one, three)
	if err != nil {
		return err
	}
	m.optimum = optimum.Mul(bill.Frac(3, k.scale))
	m.now = bought(best.ThreeYear, pricing.ThreeYear)
	m.whole = orderOf(m.now)
	for year, packages := range best.OneYear {
		m.add(year, packages, pricing.OneYear)
	}
	return nil
}

// coverYears covers with one-year reservations alone: each year is a pool of its own, whose hours and prices are weighed
// with the chance that it comes. A weighed price is rounded to 1e-10 of the currency.
func (m *mixed) coverYears(h solve.Horizon, one []solve.Pack, k kernel) error {
	m.whole = order{}
	for year, y := range h.Years {
		packs := slices.Clone(one)
		for i := range packs {
			packs[i].Cost, _ = bill.Whole(packs[i].Cost).Mul(bill.Frac(y.AliveNum, y.AliveDen)).Round()
		}
		buy, proof, err := solve.BestCover(solve.Pool{Demand: y.Demand, Step: h.Step, Payg: h.Payg}, packs)
		if err != nil {
			return err
		}
		m.add(year, buy, pricing.OneYear)
		m.optimum = m.optimum.Add(proof.Bound.Mul(bill.Frac(3, k.scale)))
	}
	return nil
}

// coverWhole covers with three-year reservations alone: the horizon is one pool.
func (m *mixed) coverWhole(h solve.Horizon, three []solve.Pack, k kernel) error {
	var years []solve.Demand
	for _, y := range h.Years {
		years = append(years, y.Demand)
	}
	whole, err := solve.Sum(years...)
	if err != nil {
		return err
	}
	buy, proof, err := solve.BestCover(solve.Pool{Demand: whole, Step: h.Step, Payg: h.Payg}, three)
	if err != nil {
		return err
	}
	m.whole = order{}
	m.add(0, buy, pricing.ThreeYear)
	m.optimum = proof.Bound.Mul(bill.Frac(3, k.scale))
	return nil
}

// add adds what is bought at the start of a year; what is bought at the start of the first is bought now.
func (m *mixed) add(year int, packages []solve.Package, term pricing.Term) {
	for _, p := range bought(packages, term) {
		m.whole[ticketKey{p.Size, p.Term, hoursOfYears(year)}] += p.Quantity
		if year == 0 {
			m.now = append(m.now, p)
		}
	}
}

func bought(packages []solve.Package, term pricing.Term) []Purchase {
	var buy []Purchase
	for _, p := range packages {
		if p.Quantity > 0 {
			buy = append(buy, Purchase{catalog.Size(p.Name), term, p.Quantity})
		}
	}
	sort.Slice(buy, func(i, j int) bool { return buy[i].Size < buy[j].Size })
	return buy
}
