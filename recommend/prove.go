package recommend

import (
	"math"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// prove fills the proof of what was chosen: marginal utilisations, the certificate, the savings curves and the loss of
// demand at which the choice between one year and three turns.
func (d *decision) prove(m mixed) error {
	row, _ := d.chosenRow()
	bought := map[pricing.Term]int64{} // units of ratio 0.01
	for _, p := range row.Buy {
		bought[p.Term] += p.Quantity * d.market.ratios[p.Size]
	}
	for _, term := range d.terms {
		pool, k, ok, err := d.termPool(term)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		layers := bought[term]
		if term == pricing.OneYear {
			layers += bought[pricing.ThreeYear]
		}
		d.result.Marginal = append(d.result.Marginal, d.marginal(pool, k, layers/k.ratio))
		if err := d.curve(term, pool, k); err != nil {
			return err
		}
	}
	d.result.Persistence.FlipsAt = d.flip()
	if d.draft {
		return nil
	}
	return d.certify(m)
}

// marginal returns how busy the last of q units is and how busy the next one would be.
func (d *decision) marginal(pool solve.Pool, k kernel, q int64) Marginal {
	term := k.offer.Term
	m := Marginal{Term: term, Unit: unitName(k.offer.Size)}
	if q > 0 {
		m.Last = Fraction{pool.Marginal(q - 1).Float(), true}
	}
	next := pool.Marginal(q)
	m.Next = Fraction{next.Float(), true}
	if share, ok := pool.Threshold(); ok {
		m.Threshold = share.Float()
		m.TieAtThreshold = next.Cmp(share) == 0
	}
	m.Required = m.Threshold / lasting(d.loss, term)
	return m
}

// lasting returns the share of a term's months that demand lasts on average when it ends with probability loss each month.
func lasting(loss float64, term pricing.Term) float64 {
	sum := 0.0
	months := 12 * term.Years()
	for m := range months {
		sum += math.Pow(1-loss, float64(m))
	}
	return sum / float64(months)
}

// curvePoints is how many quantities a savings curve shows at most.
const curvePoints = 60

// curve fills the saving of every quantity of one term over the year ahead, scaled to the window.
func (d *decision) curve(term pricing.Term, pool solve.Pool, k kernel) error {
	nothing := pool.Total(0)
	for _, point := range pool.Curve(curvePoints) {
		saving := nothing.Sub(point.Total).Quo(bill.Whole(int64(term.Years()) * k.scale)).Mul(bill.Whole(3))
		amount, err := d.low.amount(saving, int64(d.result.Hours), d.currency)
		if err != nil {
			return err
		}
		d.result.Curve[term] = append(d.result.Curve[term], Point{point.Quantity, amount})
	}
	return nil
}

// certify bounds the expected cost over the policy's horizon from below: no mix of both terms costs less. With one price a
// unit the bound is the optimum itself; where prices differ it is that of the luckiest order of coverage.
func (d *decision) certify(m mixed) error {
	var err error
	hours := int64(d.result.Hours)
	spent := d.expected.evaluate(d.whole).cost()
	if d.result.Certificate.Cost, err = d.expected.amount(spent, hours, d.currency); err != nil {
		return err
	}
	d.result.Certificate.Bound = d.result.Certificate.Cost
	if len(d.terms) == 0 {
		return nil
	}
	bound, err := d.lowerBound(m)
	if err != nil {
		return err
	}
	if bound.Cmp(spent) < 0 {
		if d.result.Certificate.Bound, err = d.expected.amount(bound, hours, d.currency); err != nil {
			return err
		}
	}
	if c := d.result.Certificate; c.Cost.Micros > 0 {
		d.result.Certificate.Gap = float64(c.Cost.Micros-c.Bound.Micros) / float64(c.Cost.Micros)
	}
	return nil
}

// lowerBound returns what no mix undercuts, in the simulator's money over the horizon.
func (d *decision) lowerBound(m mixed) (bill.Exact, error) {
	switch {
	case m.staggered || !d.market.uniform():
		return d.staggerBound()
	case m.covered:
		return m.optimum, nil
	}
	best, err := m.horizon.Best()
	if err != nil {
		return bill.Exact{}, err
	}
	certificate, _ := m.horizon.Certify(best)
	return certificate.Bound.Mul(bill.Frac(3, m.three.scale)), nil
}

// least returns the least cost over the quantity of one ticket at a price, from the pay-as-you-go cost of nothing on: the
// cost is convex in the quantity.
func (a *ahead) least(nothing bill.Exact, key ticketKey, price bill.Exact) bill.Exact {
	cost := func(q int64) bill.Exact {
		if q == 0 {
			return nothing
		}
		return a.evaluate(order{key: q}).payg.Add(price.Mul(bill.Whole(q)))
	}
	each := price.Float()
	return cost(lowest(0, a.slack(), func(q int64) float64 {
		payg, _ := a.rough(order{key: q})
		return payg + each*float64(q)
	}, cost))
}

// flip returns the monthly loss of demand at which a unit in use all the time costs the same under three years and under
// one year renewed while it lasts: 1 + x + x^2 = c3/c1 with x the share that lasts a year (algorithms 1.2).
func (d *decision) flip() Fraction {
	one, hasOne := d.cheapest(pricing.OneYear)
	three, hasThree := d.cheapest(pricing.ThreeYear)
	if !hasOne || !hasThree || len(d.terms) < 2 {
		return Fraction{}
	}
	perUnit := func(o pricing.Offer) float64 { return float64(o.Total.Micros) / float64(d.market.ratios[o.Size]) }
	quotient := perUnit(three) / perUnit(one)
	if quotient <= 1 || quotient >= 3 {
		return Fraction{}
	}
	x := (-1 + math.Sqrt(4*quotient-3)) / 2
	return Fraction{1 - math.Pow(x, 1.0/12), true}
}

// units returns the units of the pool in each hour of the window, in millionths of the unit size: after the reservations
// that are live on the day of the plan, and before.
func (d *decision) units() (net, gross demand.Series) {
	_, ratio := d.unit()
	series := func(c hourClasses, existing []Existing) []int64 {
		units := netUnits(problem(c, d.market, []period{{hours: 1, live: indexes(existing)}}, existing, d.order), sharedScope)
		hours := make([]int64, len(c.class))
		for h, class := range c.class {
			if class != noClass {
				hours[h] = units[class] / ratio
			}
		}
		return hours
	}
	var live []Existing
	for _, e := range d.existing {
		if !e.From.After(d.asOf) {
			live = append(live, e)
		}
	}
	net = demand.Series{Stacked: series(d.classes[0], live)}
	gross = demand.Series{Stacked: series(d.classes[0], nil)}
	if net.Flat, gross.Flat = net.Stacked, gross.Stacked; !d.pool.Exact {
		net.Flat, gross.Flat = series(d.classes[1], live), series(d.classes[1], nil)
	}
	return net, gross
}

func indexes(list []Existing) []int {
	var at []int
	for i := range list {
		at = append(at, i)
	}
	return at
}
