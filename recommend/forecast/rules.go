package forecast

import (
	"fmt"
	"slices"

	"sizeterm/pricing"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// Rule is a way to decide what to buy.
type Rule string

// The rules that a backtest compares.
const (
	ByPlan     Rule = "plan"      // what a plan buys: Portfolio.Choose
	ByNothing  Rule = "nothing"   // pay-as-you-go for all
	ByLookback Rule = "lookback"  // the last weeks repeated: the newsvendor of the whole pool
	ByVendor   Rule = "microsoft" // the same for each size by itself
	ByFloor    Rule = "always_on" // what ran in every hour of the last weeks
	ByFan      Rule = "fan"       // least expected cost on the paths of a fan: Fan.Decide
)

// Rules lists them in the order of a report.
func Rules() []Rule { return []Rule{ByPlan, ByNothing, ByLookback, ByVendor, ByFloor, ByFan} }

// lookbackDays is what the rules without a forecast look at.
const lookbackDays = 28

// holding is a reservation that was bought: units in each hour, for a price in 1e-10.
type holding struct {
	units    int64
	price    bill.Exact // of its whole term
	from, to int        // days of the series
}

// buy returns what a rule other than the forecast buys for a pool as it is known: existing reservations are netted by the day.
func (r Rule) buy(p *Pool, terms Terms) ([]holding, error) {
	days := min(lookbackDays, p.days())
	switch r {
	case ByNothing:
		return nil, nil
	case ByVendor:
		if len(p.Sizes) > 0 {
			return bySize(p, days, terms)
		}
	case ByFloor:
		return alwaysOn(p, days, terms), nil
	}
	return newsvendor(p, recent(p.Units.Stacked, p.Gaps, days), p.Step, terms)
}

// recent returns the last days that files cover.
func recent(units []int64, gaps []int, days int) []int64 {
	var out []int64
	for d := len(units)/hoursOfDay - days; d < len(units)/hoursOfDay; d++ {
		if !slices.Contains(gaps, d) {
			out = append(out, units[d*hoursOfDay:(d+1)*hoursOfDay]...)
		}
	}
	return out
}

// newsvendor buys, of the term that saves most when the hours repeat, every step that is used more than its threshold.
func newsvendor(p *Pool, units []int64, step int64, terms Terms) ([]holding, error) {
	net := slices.Clone(units)
	for h := range net {
		net[h] = max(0, net[h]-p.live())
	}
	d, err := solve.Hourly(net)
	if err != nil || len(net) == 0 {
		return nil, err
	}
	var best []holding
	most := bill.Exact{}
	for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
		total, ok := p.total(term, terms)
		if !ok {
			continue
		}
		span, err := d.Times(term.Hours(), int64(len(net)))
		if err != nil {
			return nil, err
		}
		// Both prices are those of Pool.Step: another step costs the same a unit, and the quantity depends on their quotient alone.
		pool := solve.Pool{Demand: span, Step: step, Payg: int64(p.Prices.Payg), Cost: total.Micros * 10_000}
		q, err := pool.Best()
		if err != nil {
			return nil, err
		}
		saving := pool.Rest(0).Sub(pool.Total(q)).Quo(bill.Whole(int64(term.Years())))
		if saving.Cmp(most) > 0 {
			most, best = saving, []holding{p.holding(q*step, term)}
		}
	}
	return best, nil
}

// bySize is Microsoft's rule: each size by itself, as if the others did not share its reservations.
func bySize(p *Pool, days int, terms Terms) ([]holding, error) {
	var all []holding
	for _, s := range p.Sizes {
		if s.Ratio < 1 || len(s.Units) != len(p.Units.Stacked) {
			return nil, fmt.Errorf("pool %q: size %q: ratio %d and %d hours", p.ID, s.Name, s.Ratio, len(s.Units))
		}
		// In instances a size costs what its ratio of steps costs, so both prices scale alike and the threshold does not change.
		own := *p
		own.Existing = nil
		bought, err := newsvendor(&own, recent(s.Units, p.Gaps, days), s.Ratio, terms)
		if err != nil {
			return nil, err
		}
		all = append(all, bought...)
	}
	left := p.live()
	for i := range all { // what is owned already counts against the sizes in their order
		take := min(left, all[i].units)
		left -= take
		all[i] = p.holding(all[i].units-take, p.termOf(all[i]))
	}
	return slices.DeleteFunc(all, func(h holding) bool { return h.units == 0 }), nil
}

// alwaysOn buys what ran in every hour, for the longest term.
func alwaysOn(p *Pool, days int, terms Terms) []holding {
	units := recent(p.Units.Stacked, p.Gaps, days)
	if len(units) == 0 {
		return nil
	}
	q := max(0, slices.Min(units)-p.live()) / p.Step
	for _, term := range []pricing.Term{pricing.ThreeYear, pricing.OneYear} {
		if _, ok := p.total(term, terms); ok && q > 0 {
			return []holding{p.holding(q*p.Step, term)}
		}
	}
	return nil
}

// live returns the units of existing reservations.
func (p *Pool) live() int64 {
	units := int64(0)
	for _, e := range p.Existing {
		if e.Days > 0 {
			units += e.Units
		}
	}
	return units
}

// holding returns a purchase on the last day of what is known.
func (p *Pool) holding(units int64, term pricing.Term) holding {
	total, _ := p.total(term, Terms{true, true})
	return holding{units: units, price: bill.Whole(total.Micros).Mul(bill.Frac(units, p.Step)).Mul(bill.Whole(10_000)),
		from: p.days(), to: p.days() + term.Years()*daysOfYear}
}

func (p *Pool) termOf(h holding) pricing.Term {
	if h.to-h.from == daysOfYear {
		return pricing.OneYear
	}
	return pricing.ThreeYear
}
