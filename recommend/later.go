package recommend

import (
	"slices"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// mostStarts is how many ends of owned reservations are tried as days to buy on, those of the most units first. All of them are
// counted until they end; a pool with more distinct ends buys for the others on the days tried.
const mostStarts = 12

// dates returns the hours after the day of the plan at which something can be bought for the first time: today, and where an
// owned reservation of the pool ends within the horizon without renewing itself.
func (d *decision) dates(years int) []int64 {
	units, end := map[int64]int64{}, hoursOfYears(years)
	for _, e := range d.existing {
		if at := hourAhead(d.asOf, e.Until, end); !e.AutoRenew && at > 0 && at < end {
			units[at] += e.Quantity * d.market.ratios[e.Size]
		}
	}
	var ends []int64
	for at := range units {
		ends = append(ends, at)
	}
	slices.SortFunc(ends, func(a, b int64) int {
		if units[a] != units[b] {
			return int(min(1, max(-1, units[b]-units[a])))
		}
		return int(min(1, max(-1, a-b)))
	})
	starts := append([]int64{0}, ends[:min(len(ends), mostStarts)]...)
	slices.Sort(starts)
	return starts
}

// staggered reports whether purchases can start on several days, or terms do not fit the horizon: then they are decided as a flow.
func (d *decision) staggered() bool { return len(d.starts) > 1 || d.expected.years != 3 }

// flow is a pool for the kernel of staggered commitments; tickets are the offers behind its starts.
type flow struct {
	kernel  kernel
	problem solve.Stagger
	tickets []ticketKey
	ratio   int64 // of one step
}

// flowOf states the time ahead a for the kernel of staggered commitments, in steps of a ratio: for each term the cheapest price of
// so many units. Later purchases are those that are still sold on their day.
func (d *decision) flowOf(a *ahead, terms []pricing.Term, ratio int64, offerOf func(pricing.Term) (pricing.Offer, bool)) (flow, error) {
	offer, _ := offerOf(terms[0])
	f := flow{kernel: d.kernelOf(offer, ratio), ratio: ratio}
	f.problem = solve.Stagger{Step: f.kernel.step(), Payg: f.kernel.payg}
	for i := range a.parts {
		net, err := a.netDemandOf(i, i+1, nil)
		if err != nil {
			return f, err
		}
		f.problem.Spans = append(f.problem.Spans, solve.Span{Demand: net})
	}
	for i, t := range a.offers {
		offer, ok := offerOf(t.term)
		if !ok || offer.Size != t.size || !slices.Contains(terms, t.term) || t.at > 0 && !d.soldAt(t.ticketKey) {
			continue
		}
		from, to := a.partsBetween(t.at, t.at+t.term.Hours())
		cost := a.prices[i].Mul(bill.Frac(f.kernel.scale, 3)).Mul(bill.Frac(ratio, d.market.ratios[t.size]))
		f.problem.Starts = append(f.problem.Starts, solve.Start{From: from, To: to, Cost: cost})
		f.tickets = append(f.tickets, t.ticketKey)
	}
	return f, nil
}

// soldAt reports whether reservations of a size and term are still sold on the day of a ticket.
func (d *decision) soldAt(t ticketKey) bool {
	return catalog.Eligible(t.size, t.term.Years(), d.day(t.at)).OK
}

// day returns the day that lies so many hours after the day of the plan; years of 8 760 hours are years of the calendar.
func (d *decision) day(at int64) time.Time {
	for _, start := range d.starts {
		if years := (at - start) / pricing.HoursOfYear; at >= start && (at-start)%pricing.HoursOfYear == 0 {
			return d.asOf.Add(time.Duration(start)*time.Hour).AddDate(int(years), 0, 0)
		}
	}
	return d.asOf.Add(time.Duration(at) * time.Hour)
}

// order turns quantities of the flow's starts into what is bought of each ticket, whole instances only.
func (f flow) order(d *decision, quantities []int64) order {
	o := order{}
	for j, key := range f.tickets {
		if n := quantities[j] * f.ratio / d.market.ratios[key.size]; n > 0 {
			o[key] = n
		}
	}
	return o
}

// stagger returns what is best to buy today and on each later day, of the given terms, over the time ahead a.
func (d *decision) stagger(a *ahead, terms []pricing.Term) (order, error) {
	if len(terms) == 0 {
		return nil, nil
	}
	f, err := d.flowOf(a, terms, d.divisorOf(terms), d.step)
	if err != nil {
		return nil, err
	}
	quantities, err := f.problem.Best()
	if err != nil {
		return nil, err
	}
	o := f.order(d, quantities)
	if d.market.uniform() && !d.mixesSizes() {
		return o, nil
	}
	return d.refine(a, o, f.tickets), nil
}

// divisorOf returns the greatest common divisor of the ratios of the sizes in which terms are counted.
func (d *decision) divisorOf(terms []pricing.Term) int64 {
	g := int64(0)
	for _, term := range terms {
		if offer, ok := d.step(term); ok {
			g = gcd(g, d.market.ratios[offer.Size])
		}
	}
	return max(1, g)
}

// refineLimit is the most evaluations that refine makes; each is a run of the simulator.
const refineLimit = 400

// refine walks from an order to neighbours of one instance more or fewer while that lowers the cost. It is needed where sizes or
// prices a unit differ, which the flow does not see; the certificate shows what remains.
func (d *decision) refine(a *ahead, o order, tickets []ticketKey) order {
	best := a.evaluate(o).cost()
	for evaluations := 0; evaluations < refineLimit; {
		improved := false
		for _, key := range tickets {
			for _, step := range []int64{-1, 1} {
				next := o.with(key, step)
				if next == nil {
					continue
				}
				evaluations++
				if cost := a.evaluate(next).cost(); cost.Cmp(best) < 0 {
					o, best, improved = next, cost, true
				}
			}
		}
		if !improved {
			break
		}
	}
	return o
}

// with returns the order with n more of a ticket, nil where that is fewer than none.
func (o order) with(key ticketKey, n int64) order {
	if o[key]+n < 0 {
		return nil
	}
	next := order{}
	for k, q := range o {
		next[k] = q
	}
	next[key] += n
	return next
}

// split parts an order into what is bought today and what is planned for later.
func (o order) split(d *decision) (now []Purchase, later order) {
	later = order{}
	for key, n := range o {
		switch {
		case n == 0:
		case key.at == 0:
			now = append(now, Purchase{key.size, key.term, n})
		default:
			later[key] = n
		}
	}
	return d.sortPurchases(now), later
}

// mixStaggered is mix where purchases can start on several days.
func (d *decision) mixStaggered(in *Input) (mixed, error) {
	m := mixed{staggered: true}
	var err error
	if m.whole, err = d.stagger(d.expected, d.terms); err != nil {
		return m, err
	}
	if d.mixesSizes() {
		if err := d.coverOrStagger(&m, in); err != nil {
			return m, err
		}
	}
	m.now, _ = m.whole.split(d)
	return m, nil
}

// coverOrStagger takes the covering with several sizes and no later purchase instead, where that is expected to cost less.
func (d *decision) coverOrStagger(m *mixed, in *Input) error {
	h, err := d.horizon(in)
	if err != nil || d.expected.years != 3 || !d.lumpy(h.horizon.Years[0].Demand) {
		return err
	}
	cover, err := d.coverMix(h)
	if err == nil && d.expected.evaluate(cover.whole).cost().Cmp(d.expected.evaluate(m.whole).cost()) < 0 {
		m.whole = cover.whole
	}
	return err
}

// staggerBound returns what no plan undercuts, today's purchases, later ones and renewals counted, in the simulator's money over
// the horizon. Where a unit costs differently in the sizes on sale, all have the cheapest price of their term, and where
// pay-as-you-go prices a unit differ, every span by itself the luckiest order of coverage at the prices of the flow's proof
// (weak duality).
func (d *decision) staggerBound() (bill.Exact, error) {
	ratio, offerOf := d.divisorOf(d.terms), d.step
	if d.mixesSizes() {
		ratio, offerOf = d.divisor(), d.cheapest
	}
	f, err := d.flowOf(d.expected, d.terms, ratio, offerOf)
	if err != nil {
		return bill.Exact{}, err
	}
	quantities, err := f.problem.Best()
	if err != nil {
		return bill.Exact{}, err
	}
	back := bill.Frac(3, f.kernel.scale)
	if d.market.uniform() {
		return f.problem.Total(quantities).Mul(back), nil
	}
	prices, _ := f.problem.Prices(quantities)
	spec := aheadSpec{years: d.expected.years, existing: d.existing, order: bill.HighestFirst, loss: d.loss, probe: ratio}
	lucky, err := newAhead(d.pool, d.market, d.recent(d.classes[0]), d.expected.parts, spec)
	if err != nil {
		return bill.Exact{}, err
	}
	nothing := lucky.evaluate(nil).payg
	bound := nothing
	for i, part := range lucky.parts {
		key := ticketKey{probeSize, pricing.PayAsYouGo, part.from}
		bound = bound.Sub(nothing.Sub(lucky.least(nothing, key, prices[i].Mul(back))))
	}
	return bound, nil
}
