package forecast

import "sizeterm/pricing/money"

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
