package solve

import (
	"fmt"

	"sizeterm/recommend/bill"
)

// Year is one period of a horizon at whose start one-year reservations can be bought.
type Year struct {
	// Demand of the period. Where it may have ended by then, its hours are weighted with the probability that it lasts (Demand.Times).
	Demand Demand
	// Alive is the probability that a renewal at the start of the year takes place, Num/Den; zero Den means certain.
	AliveNum, AliveDen int64
	// NoPurchase is a period in which no one-year reservation is bought: the years after the first when renewals are not counted on.
	NoPurchase bool
}

// Horizon is a pool over several years with a one-year and a three-year price. Three-year reservations are bought at the start and
// cover every year; one-year ones cover the year in which they are bought.
//
// With x3 of three years, the best total in a year is max(x3, z) with z the newsvendor quantity of that year alone, so only x3 is
// searched: its cost is convex and falls while Σ over years of min(OneYear Alive, Payg use(x3)/Step) exceeds ThreeYear (reference 1.2).
// Two periods, the second one with NoPurchase, are the two-term chain.
type Horizon struct {
	Step      int64 // units that quantity 1 covers in every hour
	Payg      int64 // pay-as-you-go price of Step units for one hour
	OneYear   int64 // price of quantity 1 for one year
	ThreeYear int64 // price of quantity 1 for the whole horizon
	Years     []Year
}

// Mix is how much to buy: three years at the start, one year at the start of each year.
type Mix struct {
	ThreeYear int64
	OneYear   []int64 // by year; only the first is a purchase now, the others are what is expected to be renewed
}

// Best returns the mix of least expected cost. Ties go to fewer three-year, then to fewer one-year reservations, which is never the
// greater commitment. It fails on negative prices, a Step below 1, and weights that do not fit (ErrTooLarge).
func (h Horizon) Best() (Mix, error) {
	years, den, err := h.scaled()
	if err != nil {
		return Mix{}, err
	}
	one := product(uint64(h.OneYear), uint64(h.Step))
	three := product(uint64(h.ThreeYear), uint64(h.Step)).times(uint64(den))
	most := int64(0)
	for _, y := range years {
		most = max(most, y.Demand.steps(h.Step))
	}
	// saved is what one more for three years saves after q: in each year a one-year reservation, or the use of the unit at pay-as-you-go
	// if that is less, which it is exactly when the year would not have bought it.
	saved := func(q int64) wide {
		var sum wide
		for _, y := range years {
			gain := y.Demand.use(q, h.Step).times(uint64(h.Payg))
			if buy := one.times(uint64(y.AliveNum)); !y.NoPurchase && buy.cmp(gain) < 0 {
				gain = buy
			}
			sum = sum.add(gain)
		}
		return sum
	}
	mix := Mix{OneYear: make([]int64, len(years))}
	mix.ThreeYear = search(most, func(q int64) bool { return saved(q).cmp(three) <= 0 })
	for i, y := range years {
		if y.NoPurchase {
			continue
		}
		limit := one.times(uint64(y.AliveNum))
		z := search(y.Demand.steps(h.Step), func(q int64) bool { return y.Demand.use(q, h.Step).times(uint64(h.Payg)).cmp(limit) <= 0 })
		mix.OneYear[i] = max(0, z-mix.ThreeYear)
	}
	return mix, nil
}

// scaled returns the years with one common denominator for hours and probabilities; AliveNum is then a count of it.
func (h Horizon) scaled() ([]Year, int64, error) {
	den, demands := int64(1), make([]Demand, len(h.Years))
	for i, y := range h.Years {
		demands[i] = y.Demand
		if err := checkPrices(h.Step, y.Demand, h.Payg, h.OneYear, h.ThreeYear); err != nil {
			return nil, 0, err
		}
		if y.AliveDen == 0 {
			continue
		}
		if y.AliveNum < 0 || y.AliveNum > y.AliveDen {
			return nil, 0, fmt.Errorf("years[%d]: alive %d/%d: want 0 to 1", i, y.AliveNum, y.AliveDen)
		}
		var ok bool
		if den, ok = mul(den/gcd(den, y.AliveDen), y.AliveDen); !ok {
			return nil, 0, fmt.Errorf("years[%d]: alive %d/%d: %w", i, y.AliveNum, y.AliveDen, ErrTooLarge)
		}
	}
	demands, den, err := common(demands, den)
	if err != nil {
		return nil, 0, err
	}
	years := make([]Year, len(h.Years))
	for i, y := range h.Years {
		years[i] = Year{Demand: demands[i], AliveNum: den, AliveDen: den, NoPurchase: y.NoPurchase}
		if y.AliveDen != 0 {
			years[i].AliveNum = den / y.AliveDen * y.AliveNum
		}
	}
	return years, den, nil
}

// Total returns the expected cost of a mix. It panics when m has another number of years.
func (h Horizon) Total(m Mix) bill.Exact {
	sum := bill.Whole(h.ThreeYear).Mul(bill.Whole(m.ThreeYear))
	for i, y := range h.Years {
		sum = sum.Add(bill.Whole(h.OneYear).Mul(bill.Whole(m.OneYear[i])).Mul(y.alive()))
		sum = sum.Add(Pool{Demand: y.Demand, Step: h.Step, Payg: h.Payg}.Rest(m.ThreeYear + m.OneYear[i]))
	}
	return sum
}

func (y Year) alive() bill.Exact {
	if y.AliveDen == 0 {
		return bill.Whole(1)
	}
	return bill.Frac(y.AliveNum, y.AliveDen)
}

// Certify proves that no mix with one more or one fewer three-year reservation, completed at its best in every year, costs less, which
// for this convex cost means that none does. ok is false when one does, or when m does not fit the horizon.
func (h Horizon) Certify(m Mix) (Certificate, bool) {
	years, den, err := h.scaled()
	if err != nil || len(m.OneYear) != len(years) {
		return Certificate{}, false
	}
	c := Certificate{Cost: h.Total(m), Relaxed: h.relaxed(years, den)}
	c.Bound = c.Cost
	for x3 := max(0, m.ThreeYear-1); x3 <= m.ThreeYear+1; x3++ {
		if h.Total(h.Complete(x3)).Cmp(c.Cost) < 0 {
			c.Bound = c.Relaxed
			return c, false
		}
	}
	return c, true
}

// relaxed is the cost at the best fractional quantities, which lie on levels of demand.
func (h Horizon) relaxed(years []Year, den int64) bill.Exact {
	demands, three := make([]Demand, len(years)), product(uint64(h.ThreeYear), uint64(den))
	for i, y := range years {
		demands[i] = y.Demand
	}
	x3 := searchLevels(demands, func(level int64) bool {
		var sum wide
		for _, y := range years {
			gain := y.Demand.busy(level).times(uint64(h.Payg))
			if buy := product(uint64(h.OneYear), uint64(y.AliveNum)); !y.NoPurchase && buy.cmp(gain) < 0 {
				gain = buy
			}
			sum = sum.add(gain)
		}
		return sum.cmp(three) <= 0
	})
	total := bill.Frac(h.ThreeYear, h.Step).Mul(bill.Whole(x3))
	for _, y := range years {
		z, buy := x3, product(uint64(h.OneYear), uint64(y.AliveNum))
		if !y.NoPurchase {
			z = max(x3, searchLevels([]Demand{y.Demand}, func(level int64) bool { return y.Demand.busy(level).times(uint64(h.Payg)).cmp(buy) <= 0 }))
		}
		total = total.Add(bill.Frac(h.OneYear, h.Step).Mul(bill.Frac(y.AliveNum, den)).Mul(bill.Whole(z - x3)))
		total = total.Add(Pool{Demand: y.Demand, Step: h.Step, Payg: h.Payg}.restAbove(z))
	}
	return total
}

// Complete buys in each year what is best beside x3.
func (h Horizon) Complete(x3 int64) Mix {
	m := Mix{ThreeYear: x3, OneYear: make([]int64, len(h.Years))}
	for i, y := range h.Years {
		if y.NoPurchase {
			continue
		}
		// Minimising alive OneYear z + rest(z) is the newsvendor with hours divided by alive; compare by cost to stay exact.
		pool := Pool{Demand: y.Demand, Step: h.Step, Payg: h.Payg}
		unit := bill.Whole(h.OneYear).Mul(y.alive())
		z := search(y.Demand.steps(h.Step), func(q int64) bool { return pool.Rest(q).Sub(pool.Rest(q+1)).Cmp(unit) <= 0 })
		m.OneYear[i] = max(0, z-x3)
	}
	return m
}
