package recommend

import (
	"cmp"
	"math"
	"slices"

	"sizeterm/pricing"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// pairs reports whether the quantities of a pool are few and plain enough to try them all.
func (d *decision) pairs() bool {
	if d.staggered() || !d.market.uniform() || d.mixesSizes() || len(d.mixed.horizon.Years) == 0 {
		return false
	}
	n := d.peak() + 1
	return n*n <= mostOptions
}

// peak returns the most steps that are ever in use.
func (d *decision) peak() int64 {
	most := int64(0)
	for _, y := range d.mixed.horizon.Years {
		most = max(most, (y.Demand.Max()+d.mixed.horizon.Step-1)/d.mixed.horizon.Step)
	}
	return most
}

// allowances lists what a pool can do under a budget: nothing now, its best at many prices of cash, and where quantities are few every
// pair of them. Each saves in the worst reading of the hours too.
func (d *decision) allowances(in *Input) ([]allowance, error) {
	nothing := order{}
	for key, n := range d.whole { // what is planned for later takes no cash now
		if key.at > 0 && d.opens(key.at) {
			nothing[key] = n
		}
	}
	orders := []order{nothing}
	if now, _ := d.whole.split(d); len(now) > 0 {
		orders = append(orders, d.whole)
		if d.pairs() {
			orders = append(orders, d.everyPair()...)
		} else {
			priced, err := d.priced(in)
			if err != nil {
				return nil, err
			}
			orders = append(orders, priced...)
		}
	}
	var list []allowance
	for _, o := range orders {
		a, err := d.allowanceOf(o, in)
		if err != nil {
			return nil, err
		}
		if a.cash > 0 && (!d.pays(o) || d.exceeds(o)) {
			continue
		}
		list = append(list, a)
	}
	slices.SortStableFunc(list, func(a, b allowance) int { return cmp.Or(cmp.Compare(a.cash, b.cash), cmp.Compare(b.saving, a.saving)) })
	var front []allowance
	for _, a := range list {
		if len(front) == 0 || a.saving > front[len(front)-1].saving {
			front = append(front, a)
		}
	}
	return front, nil
}

// pays reports whether what is bought now saves something in every reading of the usage.
func (d *decision) pays(o order) bool {
	buy, _ := o.split(d)
	now := orderOf(buy)
	for _, a := range append([]*ahead{d.low}, d.bounds...) {
		if a.evaluate(nil).cost().Cmp(a.evaluate(now).cost()) <= 0 {
			return false
		}
	}
	return true
}

// everyPair lists every quantity of both terms today, each with the renewals of it that are best then: no more is counted on later
// than what cash allows now.
func (d *decision) everyPair() []order {
	h, peak := d.mixed.horizon, d.peak()
	if h.ThreeYear == never && h.OneYear == never {
		return nil
	}
	one, three := h.OneYear != never, h.ThreeYear != never
	var list []order
	for x3 := int64(0); x3 <= peak && (three || x3 == 0); x3++ {
		mix := h.Complete(x3)
		for x1 := int64(0); x1+x3 <= peak && (one || x1 == 0); x1++ {
			renewed := solve.Mix{ThreeYear: x3, OneYear: slices.Clone(mix.OneYear)}
			renewed.OneYear[0] = x1
			for year := 1; year < len(renewed.OneYear); year++ {
				renewed.OneYear[year] = min(renewed.OneYear[year], renewed.OneYear[year-1])
			}
			list = append(list, d.mixed.order(renewed))
		}
	}
	return list
}

// rationed is a pool under a limit on cash, for the kernel of staggered commitments: what is bought today or when an owned reservation
// ends can be renewed year by year, never more of it. A chain is a purchase with so many renewals.
type rationed struct {
	flow
	chains [][]ticketKey
}

func (d *decision) rationedFlow() (rationed, error) {
	f, err := d.flowOf(d.expected, d.terms, d.divisorOf(d.terms), d.step)
	if err != nil {
		return rationed{}, err
	}
	r := rationed{flow: f}
	r.problem.Starts, r.tickets = nil, nil
	at := map[ticketKey]int{}
	for j, key := range f.tickets {
		at[key] = j
	}
	for j, key := range f.tickets {
		if !slices.Contains(d.starts, key.at) {
			continue
		}
		chain, start := []ticketKey{key}, f.problem.Starts[j]
		for {
			r.chains, r.problem.Starts = append(r.chains, slices.Clone(chain)), append(r.problem.Starts, start)
			next := ticketKey{key.size, key.term, chain[len(chain)-1].at + key.term.Hours()}
			k, ok := at[next]
			if !ok {
				break
			}
			chain = append(chain, next)
			start.To, start.Cost = f.problem.Starts[k].To, start.Cost.Add(f.problem.Starts[k].Cost)
		}
	}
	return r, nil
}

// order turns quantities of chains into what is bought of each ticket.
func (r rationed) order(d *decision, quantities []int64) order {
	o := order{}
	for j, chain := range r.chains {
		for _, key := range chain {
			if n := quantities[j] * r.ratio / d.market.ratios[key.size]; n > 0 {
				o[key] += n
			}
		}
	}
	return o
}

// priced lists what is best at each of many prices of cash, with neighbours.
func (d *decision) priced(in *Input) ([]order, error) {
	r, err := d.rationedFlow()
	if err != nil {
		return nil, err
	}
	var list []order
	for step := 1; step <= priceSteps; step++ {
		quantities, _, err := d.bestAt(r, float64(step*step)/100, in)
		if err != nil {
			return nil, err
		}
		list = append(list, r.order(d, quantities))
		for j, chain := range r.chains {
			for _, n := range []int64{-2, -1, 1} {
				if chain[0].at == 0 && quantities[j]+n >= 0 {
					next := slices.Clone(quantities)
					next[j] += n
					list = append(list, r.order(d, next))
				}
			}
		}
	}
	return list, nil
}

// bestAt returns what is best when a unit of cash today costs price units of saving a month: a flow in which today's purchases cost more.
// cost is its optimum, the price of the cash included, in the simulator's money.
func (d *decision) bestAt(r rationed, price float64, in *Input) (quantities []int64, cost bill.Exact, err error) {
	instalments := func(t pricing.Term) int64 {
		if in.Policy.BillingPlan == "upfront" {
			return 1
		}
		return int64(12 * t.Years())
	}
	starts := slices.Clone(r.problem.Starts)
	for j, chain := range r.chains {
		key := chain[0]
		if key.at > 0 {
			continue
		}
		total := d.totalOf(Purchase{key.size, key.term, 1}).Micros
		cash := bill.Frac(total, instalments(key.term)).Mul(bill.Frac(r.ratio, d.market.ratios[key.size]))
		month := bill.Whole(moneyScale).Mul(bill.Frac(d.expected.horizonHours(), pricing.HoursOfMonth)).Mul(bill.Frac(r.kernel.scale, 3))
		starts[j].Cost = starts[j].Cost.Add(cash.Mul(month).Mul(bill.Frac(int64(math.Round(price*1e6)), 1_000_000)))
	}
	r.problem.Starts = starts
	if quantities, err = r.problem.Best(); err != nil {
		return nil, cost, err
	}
	return quantities, r.problem.Total(quantities).Mul(bill.Frac(3, r.kernel.scale)), nil
}

// most returns more than a customer's pools can save within a limit: their best at a price of cash, plus the limit at that price.
func most(group []*decision, limit int64, price float64, in *Input) (float64, error) {
	sum := math.Round(price*1e6) / 1e6 * float64(limit)
	for _, d := range group {
		if len(d.terms) == 0 {
			continue
		}
		free, err := d.allowanceOf(d.whole, in)
		if err != nil {
			return 0, err
		}
		c := d.result.Certificate // without a limit nothing saves more than this
		best := float64(free.saving) + float64(c.Cost.Micros-c.Bound.Micros)*float64(pricing.HoursOfMonth)/float64(max(1, d.result.Hours))
		if d.market.uniform() && !d.mixesSizes() {
			r, err := d.rationedFlow()
			if err != nil {
				return 0, err
			}
			_, cost, err := d.bestAt(r, price, in)
			if err != nil {
				return 0, err
			}
			saved, err := d.expected.amount(d.expected.evaluate(nil).cost().Sub(cost), pricing.HoursOfMonth, d.currency)
			if err != nil {
				return 0, err
			}
			best = min(best, float64(saved.Micros)+1)
		}
		sum += best
	}
	return sum, nil
}
