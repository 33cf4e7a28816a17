package forecast

import (
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// Until returns a pool as it was known after some days.
func Until(p *Pool, days int) Pool { return p.until(days) }

// Follow replays a pool from a day on under a rule of a test's own: known is what is known on a day of advice, what is held by then
// included, and the answer is how many steps to buy for one and for three years.
func Follow(p *Pool, day int, spec Spec, buy func(known *Pool) (one, three int64, err error)) (money.Amount, error) {
	r := newReplay(p, day, &portfolios{spec: spec.withDefaults()})
	var err error
	if r.payg, err = r.rest(nil, r.from, r.to); err != nil {
		return money.Amount{}, err
	}
	held, err := r.ask(func(known *Pool) ([]holding, error) {
		one, three, err := buy(known)
		return known.holdings(Decision{OneYear: one, ThreeYear: three}), err
	})
	if err != nil {
		return money.Amount{}, err
	}
	return r.saved(held)
}

// SampleCost returns the exact expected cost on a fan's sample of quantities of today, renewals of one year as they are best then.
func (f *Fan) SampleCost(three, one int64, terms Terms) (bill.Exact, error) {
	m, err := marketOf(f.pool.Prices, terms.OneYear, terms.ThreeYear)
	if err != nil {
		return bill.Exact{}, err
	}
	h, _, err := f.horizon(m)
	if err != nil {
		return bill.Exact{}, err
	}
	mix := solve.Mix{ThreeYear: three, OneYear: make([]int64, len(h.Years))}
	mix.OneYear[0] = one
	for i := 1; i < len(h.Years); i++ { // the cost is convex in each renewal alone
		for cost := h.Total(mix); ; {
			mix.OneYear[i]++
			if more := h.Total(mix); more.Cmp(cost) < 0 {
				cost = more
				continue
			}
			mix.OneYear[i]--
			break
		}
	}
	return h.Total(mix), nil
}
