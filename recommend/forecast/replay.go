package forecast

import (
	"fmt"
	"slices"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// replay is one pool from one origin on.
type replay struct {
	pool     *Pool
	known    *portfolios
	from, to int
	trial    Trial
	payg     bill.Exact
}

func newReplay(p *Pool, day int, known *portfolios) *replay {
	end := min(p.days(), day+known.spec.ReplayDays)
	return &replay{pool: p, known: known, from: day, to: end,
		trial: Trial{Pool: p.ID, Customer: p.Customer, Origin: day, Days: end - day, Censored: end < day+known.spec.ReplayDays}}
}

func (r *replay) run() (*Trial, error) {
	var err error
	if r.payg, err = r.rest(nil, r.from, r.to); err != nil {
		return nil, err
	}
	if r.trial.Payg, err = r.amount(r.payg); err != nil {
		return nil, err
	}
	if r.trial.Before, err = r.before(); err != nil {
		return nil, err
	}
	for _, rule := range Rules() {
		if err = r.follow(rule); err != nil {
			return nil, fmt.Errorf("pool %q: %s: %w", r.pool.ID, rule, err)
		}
	}
	if err = r.clairvoyant(); err != nil {
		return nil, fmt.Errorf("pool %q: %w", r.pool.ID, err)
	}
	return &r.trial, nil
}

// before returns the cost of the last weeks known, as long as the replay.
func (r *replay) before() (money.Amount, error) {
	hours := recent(r.pool.Units.Stacked[:r.from*hoursOfDay], r.pool.Gaps, min(lookbackDays, r.from))
	d, err := solve.Hourly(hours)
	if err != nil {
		return money.Amount{}, err
	}
	a := bill.Frac(int64(r.pool.Prices.Payg), r.pool.Step).Mul(bill.Frac(int64(r.to-r.from)*hoursOfDay, max(1, int64(len(hours)))))
	return r.amount(d.Above(0).Mul(a))
}

// knownOn returns the pool as it was on a day, with what is held by then as existing reservations.
func (r *replay) knownOn(day int, held []holding) Pool {
	p := r.pool.until(day)
	if at := r.known.spec.PricesAt; at != nil {
		p.Prices = at(r.pool, day)
	}
	p.Existing = nil
	for _, e := range r.pool.Existing {
		if left := e.Days - (day - r.from); left > 0 {
			p.Existing = append(p.Existing, Cover{e.Units, left, true})
		}
	}
	for _, h := range held {
		if h.to > day {
			p.Existing = append(p.Existing, Cover{h.units, h.to - day, true})
		}
	}
	return p
}

// follow lets a rule buy at the origin and again as often as the specification says, and bills what came.
func (r *replay) follow(rule Rule) error {
	out := Outcome{Rule: rule}
	held, err := r.ask(func(p *Pool) ([]holding, error) { return r.buy(rule, p) })
	if err != nil {
		return err
	}
	for _, h := range held {
		steps := float64(h.units) / float64(r.pool.Step)
		switch {
		case h.from > r.from:
		case h.to-h.from == daysOfYear:
			out.OneYear += steps
		default:
			out.ThreeYear += steps
		}
	}
	if out.Saving, err = r.saved(held); err != nil {
		return err
	}
	r.trial.Outcomes = append(r.trial.Outcomes, out)
	return nil
}

// ask lets a buyer decide on each day of advice on what is known by then, and returns all that it bought.
func (r *replay) ask(buy func(known *Pool) ([]holding, error)) (held []holding, err error) {
	for day := r.from; day < r.to; day += r.known.spec.AgainDays {
		p := r.knownOn(day, held)
		bought, err := buy(&p)
		if err != nil {
			return nil, err
		}
		held = append(held, bought...)
	}
	return held, nil
}

// saved returns what holdings saved over the replay.
func (r *replay) saved(held []holding) (money.Amount, error) {
	cost, err := r.cost(held)
	if err != nil {
		return money.Amount{}, err
	}
	return r.amount(r.payg.Sub(cost))
}

func (r *replay) buy(rule Rule, p *Pool) ([]holding, error) {
	if rule != ByPlan && rule != ByFan {
		return rule.buy(p, r.known.spec.Terms)
	}
	pf, err := r.known.on(p.days())
	if err != nil {
		return nil, err
	}
	if rule == ByFan {
		fan, err := pf.Fan(p)
		if err != nil {
			return nil, err
		}
		d, err := fan.Decide(r.known.spec.Terms)
		return p.holdings(d), err
	}
	d, err := pf.Choose(p, r.known.spec.Terms)
	if err != nil {
		return nil, err
	}
	bought := p.holdings(d)
	if p.days() == r.from {
		r.trial.Reasons = d.Basis.Reasons
		fan, err := pf.Fan(p)
		if err != nil {
			return nil, err
		}
		return bought, r.judge(fan, d, bought)
	}
	return bought, nil
}

// holdings returns the purchases of a decision.
func (p *Pool) holdings(d Decision) []holding {
	var bought []holding
	if d.ThreeYear > 0 {
		bought = append(bought, p.holding(d.ThreeYear*p.Step, pricing.ThreeYear))
	}
	if d.OneYear > 0 {
		bought = append(bought, p.holding(d.OneYear*p.Step, pricing.OneYear))
	}
	return bought
}

// cost returns what the replay cost with holdings: their price by the day, and what they left at pay-as-you-go.
func (r *replay) cost(held []holding) (bill.Exact, error) {
	sum, err := r.rest(held, r.from, r.to)
	for _, h := range held {
		sum = sum.Add(h.price.Mul(bill.Frac(int64(min(h.to, r.to)-h.from), int64(h.to-h.from))))
	}
	return sum, err
}

// rest returns the pay-as-you-go cost of the days [from, to) beside holdings and what the customer owned at the origin. Days that no
// file covers cost nothing: nobody knows what ran.
func (r *replay) rest(held []holding, from, to int) (bill.Exact, error) {
	net := r.net(from, to)
	at := 0
	for day := from; day < to; day++ {
		if slices.Contains(r.pool.Gaps, day) {
			continue
		}
		units := int64(0)
		for _, h := range held {
			if h.from <= day && day < h.to {
				units += h.units
			}
		}
		for range hoursOfDay {
			net[at] = max(0, net[at]-units)
			at++
		}
	}
	d, err := solve.Hourly(net)
	if err != nil {
		return bill.Exact{}, err
	}
	return d.Above(0).Mul(bill.Frac(int64(r.pool.Prices.Payg), r.pool.Step)), nil
}

// net returns the units of the days [from, to) that files cover, less what the customer owned at the origin.
func (r *replay) net(from, to int) []int64 {
	var net []int64
	for day := from; day < to; day++ {
		if slices.Contains(r.pool.Gaps, day) {
			continue
		}
		owned := int64(0)
		for _, e := range r.pool.Existing {
			if r.from+e.Days > day {
				owned += e.Units
			}
		}
		for _, u := range r.pool.Units.Stacked[day*hoursOfDay : (day+1)*hoursOfDay] {
			net = append(net, max(0, u-owned))
		}
	}
	return net
}

// clairvoyant buys with the future known: the exact kernel on what came.
func (r *replay) clairvoyant() error {
	m, err := marketOf(r.pool.Prices, r.known.spec.Terms.OneYear, r.known.spec.Terms.ThreeYear)
	if err != nil {
		return err
	}
	h := solve.Horizon{Step: r.pool.Step, Payg: m.payg, OneYear: m.one, ThreeYear: m.three}
	h.ThreeYear, _ = bill.Whole(m.three).Mul(bill.Frac(int64(r.to-r.from), daysOfFan)).Round()
	for from := r.from; from < r.to; from += daysOfYear {
		to := min(r.to, from+daysOfYear)
		d, err := solve.Hourly(r.net(from, to))
		if err != nil {
			return err
		}
		h.Years = append(h.Years, solve.Year{Demand: d, AliveNum: int64(to - from), AliveDen: daysOfYear, NoPurchase: m.noOne})
	}
	mix, err := h.Best()
	if err != nil {
		return err
	}
	r.trial.Clairvoyant, err = r.amount(r.payg.Sub(h.Total(mix)))
	return err
}

func (r *replay) amount(x bill.Exact) (money.Amount, error) {
	n, ok := x.Quo(bill.Whole(10_000)).Round()
	if !ok {
		return money.Amount{}, fmt.Errorf("%s: %w", x, money.ErrOverflow)
	}
	return money.New(n, r.pool.currency()), nil
}

// judge compares what the fan said of the purchase over the replay with what came.
func (r *replay) judge(fan *Fan, d Decision, bought []holding) error {
	days := r.to - r.from
	now, mean := fan.over(d, days)
	cost, err := r.cost(bought)
	if err != nil {
		return err
	}
	t := &r.trial
	if t.Realised, err = r.amount(r.payg.Sub(cost)); err != nil {
		return err
	}
	t.Predicted, t.Has = fan.interval(now, 1), len(bought) > 0
	t.Rank = rankOf(now, t.Realised.Micros)
	used := 0.0
	for _, u := range recent(r.pool.Units.Stacked[:r.to*hoursOfDay], r.pool.Gaps, days) {
		used += float64(u)
	}
	t.DemandRank = rankOf(mean, int64(used/float64(r.pool.Step)*weightOfHour))
	return nil
}

// rankOf returns the share of values below x and up to x.
func rankOf(values []int64, x int64) [2]float64 {
	var rank [2]float64
	for _, v := range values {
		if v < x {
			rank[0] += 1 / float64(len(values))
		}
		if v <= x {
			rank[1] += 1 / float64(len(values))
		}
	}
	return rank
}
