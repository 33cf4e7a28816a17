package solve

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"sizeterm/recommend/bill"
)

// Pool is the demand of one flexibility group over the span of one term, and what a quantity of 1 costs and covers. All pay-as-you-go
// prices per unit are equal here; see Blend where they are not.
//
// The cost of quantity q is Cost q + Payg/Step Σ W (d - q Step)+. It is convex in q, so one more is worth buying exactly while the
// marginal utilisation of the next one exceeds Threshold; equality buys nothing (algorithm reference 1.1, the newsvendor).
type Pool struct {
	Demand Demand
	Step   int64 // units that quantity 1 covers in every hour, at least 1
	Payg   int64 // pay-as-you-go price of Step units for one hour
	Cost   int64 // price of quantity 1 for the whole span, used or not
}

// check refuses what would give a wrong answer rather than none.
func (p Pool) check() error { return checkPrices(p.Step, p.Demand, p.Payg, p.Cost) }

func checkPrices(step int64, d Demand, prices ...int64) error {
	for _, price := range prices {
		if price < 0 {
			return fmt.Errorf("price: %d: negative", price)
		}
	}
	if step < 1 || step > math.MaxInt64/2-d.Max() {
		return fmt.Errorf("step: %d units: want at least 1 and less than 2^62", step)
	}
	return nil
}

// Best returns the smallest quantity of least cost: the smallest q with Payg use(q) <= Cost Step. It takes a binary search, because use
// falls with q. It fails on a negative price and on a Step below 1.
func (p Pool) Best() (int64, error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	return p.best(), nil
}

func (p Pool) best() int64 {
	cost := product(uint64(p.Cost), uint64(p.Step)).times(uint64(p.Demand.denominator()))
	return search(p.Demand.steps(p.Step), func(q int64) bool {
		return p.Demand.use(q, p.Step).times(uint64(p.Payg)).cmp(cost) <= 0
	})
}

// search returns the smallest q in [0, n] for which stop holds, where n stands for "always".
func search(n int64, stop func(q int64) bool) int64 {
	return int64(sort.Search(int(n), func(i int) bool { return stop(int64(i)) }))
}

// Marginal returns the marginal utilisation of one more after q, u(q) = Σ W min(1, (d/Step - q)+) / Σ W, in [0, 1]; 0 without hours.
// The last of q bought has Marginal(q-1).
func (p Pool) Marginal(q int64) bill.Exact {
	hours := p.Demand.hours()
	if hours == (wide{}) {
		return bill.Exact{}
	}
	return p.Demand.use(q, p.Step).over(hours.times(uint64(p.Step)))
}

// Threshold returns r/p, the share of the span for which one must be in use to earn its price: Cost / (Payg x hours). ok is false
// where Payg or the hours are 0 and nothing can be earned.
func (p Pool) Threshold() (share bill.Exact, ok bool) {
	full := p.Demand.Hours().Mul(bill.Whole(p.Payg))
	if full.Sign() == 0 {
		return bill.Exact{}, false
	}
	return bill.Whole(p.Cost).Quo(full), true
}

// Total returns what quantity q costs: the purchase and the pay-as-you-go rest.
func (p Pool) Total(q int64) bill.Exact { return bill.Whole(p.Cost).Mul(bill.Whole(q)).Add(p.Rest(q)) }

// Rest returns the pay-as-you-go cost that remains with quantity q.
func (p Pool) Rest(q int64) bill.Exact {
	return p.restAbove(q * p.Step)
}

// Certificate is the proof of a result. Nothing of the same problem costs less than Bound. Cost equals Bound where the kernel is exact.
type Certificate struct {
	Cost, Bound bill.Exact
	// Relaxed is the bound of the linear relaxation (fractional quantities), the value of the dual prices: weaker than Bound, and valid
	// for every order of coverage.
	Relaxed bill.Exact
}

// Gap returns (Cost - Bound)/Cost in [0, 1], and 0 for a Cost of 0.
func (c Certificate) Gap() bill.Exact {
	if c.Cost.Sign() == 0 {
		return bill.Exact{}
	}
	return c.Cost.Sub(c.Bound).Quo(c.Cost)
}

// Certify proves that q is optimal: the cost is convex in q, and neither neighbour is cheaper. ok is false when one is.
// Relaxed comes from the dual prices y = Payg W above the critical level and a common share of it at that level, whose sum is Cost
// (reference 1.1): it equals the cost at the best fractional quantity, which lies on a level of demand.
func (p Pool) Certify(q int64) (Certificate, bool) {
	cost := p.Total(q)
	ok := q >= 0 && cost.Cmp(p.Total(q+1)) <= 0 && (q == 0 || cost.Cmp(p.Total(q-1)) <= 0)
	c := Certificate{Cost: cost, Bound: cost, Relaxed: p.relaxed()}
	if !ok {
		c.Bound = c.Relaxed
	}
	return c, ok
}

func (p Pool) relaxed() bill.Exact {
	cost := product(uint64(p.Cost), 1).times(uint64(p.Demand.denominator()))
	level := searchLevels([]Demand{p.Demand}, func(level int64) bool {
		return p.Demand.busy(level).times(uint64(p.Payg)).cmp(cost) <= 0
	})
	return bill.Frac(p.Cost, p.Step).Mul(bill.Whole(level)).Add(p.restAbove(level))
}

// restAbove is Rest for a capacity in units.
func (p Pool) restAbove(level int64) bill.Exact {
	return p.Demand.Above(level).Mul(bill.Frac(p.Payg, p.Step))
}

// searchLevels returns the lowest of 0 and the levels of demands for which stop holds; the greatest level stands for "always".
func searchLevels(demands []Demand, stop func(level int64) bool) int64 {
	levels := []int64{0}
	for _, d := range demands {
		for _, part := range d.parts {
			levels = append(levels, part.h.units...)
		}
	}
	slices.Sort(levels)
	levels = slices.Compact(levels)
	return levels[search(int64(len(levels)-1), func(i int64) bool { return stop(levels[i]) })]
}

// Point is one quantity of a savings curve.
type Point struct {
	Quantity int64
	Total    bill.Exact
	Marginal bill.Exact // utilisation of the next one after Quantity
}

// Curve returns the cost over the quantity from 0 to the peak of demand, at most `most` points (at least 2) at even distances, always
// with the first, the last, the best and its two neighbours. Prices must be in order: see Best.
func (p Pool) Curve(most int) []Point {
	last, best := p.Demand.steps(p.Step), p.best()
	quantities := []int64{0, last, best, max(0, best-1), min(last, best+1)}
	for n, i := int64(max(2, most-3)), int64(1); i < n-1 && i < last; i++ {
		if n > last {
			quantities = append(quantities, i)
		} else {
			quantities = append(quantities, i*last/(n-1))
		}
	}
	slices.Sort(quantities)
	var curve []Point
	for _, q := range slices.Compact(quantities) {
		curve = append(curve, Point{q, p.Total(q), p.Marginal(q)})
	}
	return curve
}
