package forecast

import (
	"cmp"
	"fmt"
	"slices"

	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// groups is how many groups of paths of like level renew alike. What a group buys is best for its paths together, so a renewal knows
// how high demand is then and not what becomes of it.
const groups = 5

// market is the prices of a step as whole numbers of 1e-10 of the currency.
type market struct {
	payg, one, three int64
	noOne            bool
}

// marketOf turns prices into whole numbers. A term that is not to be had costs more than it could ever save.
func marketOf(p Prices, oneYear, threeYear bool) (market, error) {
	const scale, most = 10_000, 1 << 62 / 10_000
	m := market{payg: int64(p.Payg)}
	if p.OneYear.Micros > most || p.ThreeYear.Micros > most || m.payg > most/(daysOfFan*hoursOfDay) {
		return m, fmt.Errorf("prices: %w", money.ErrOverflow)
	}
	m.one, m.three = p.OneYear.Micros*scale, p.ThreeYear.Micros*scale
	if m.noOne = !oneYear || m.one <= 0; m.noOne {
		m.one = m.payg*daysOfYear*hoursOfDay + 1
	}
	if !threeYear || m.three <= 0 {
		m.three = m.payg*daysOfFan*hoursOfDay + 1
	}
	return m, nil
}

// branch is a group of paths in one year: what is decided together.
type branch struct {
	year  int
	paths []int
}

// branches returns the first year with all paths, and for each later year the groups of paths that are alive at its start, by level.
func (f *Fan) branches() []branch {
	all := make([]int, f.paths)
	for i := range all {
		all[i] = i
	}
	list := []branch{{0, all}}
	for y := 1; y < years; y++ {
		w := y * daysOfYear / 7
		at := func(i int) int16 { return f.level[i*weeksOfFan+w] }
		alive := slices.DeleteFunc(slices.Clone(all), func(i int) bool { return at(i) == gone })
		slices.SortFunc(alive, func(a, b int) int { return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a, b)) })
		for g := range groups {
			if part := alive[g*len(alive)/groups : (g+1)*len(alive)/groups]; len(part) > 0 {
				list = append(list, branch{y, part})
			}
		}
	}
	return list
}

// scale of weights: hours of a shape count in sevenths (its days), and demand in 256ths of a step.
const weightOfHour = 7 * fine

// demandOf returns the demand of a branch, net of existing reservations: expected over all paths, in steps. An hour with a fractional
// number of steps is split between the two whole numbers around it, which keeps what lies above every whole number.
func (f *Fan) demandOf(b branch) (solve.Demand, error) {
	counts := make([]int64, len(f.cells))
	var weights []int64
	for _, p := range f.periods {
		from, to := max(p.from, b.year*daysOfYear/7), min(p.to, ((b.year+1)*daysOfYear+6)/7)
		if from >= to {
			continue
		}
		clear(counts)
		for _, i := range b.paths {
			row := f.cell[i*weeksOfFan : (i+1)*weeksOfFan]
			for w := from; w < to; w++ {
				if c := row[w]; c >= 0 {
					counts[c] += int64(daysIn(w, b.year*daysOfYear, (b.year+1)*daysOfYear))
				}
			}
		}
		for c, n := range counts {
			if n > 0 {
				weights = f.cells[c].spread(weights, n, p.existing)
			}
		}
	}
	var levels []solve.Level
	for units, weight := range weights {
		if weight > 0 && units > 0 {
			levels = append(levels, solve.Level{Units: int64(units), Weight: weight})
		}
	}
	d, err := solve.NewDemand(levels)
	if err != nil {
		return d, fmt.Errorf("pool %q: %w", f.pool.ID, err)
	}
	return d.Times(1, weightOfHour*int64(f.paths))
}

// spread adds the hours of a cell, n times, to the weights of whole steps.
func (c *cell) spread(weights []int64, n, existing int64) []int64 {
	if top := (c.height[0]-existing)/fine + 2; top > int64(len(weights)) {
		weights = slices.Grow(weights, int(top)-len(weights))[:top]
	}
	before := int64(0)
	for i, v := range c.height {
		hours := c.hours[i] - before
		before = c.hours[i]
		if v -= existing; v <= 0 {
			break
		}
		weights[v/fine] += n * hours * (fine - v%fine)
		weights[v/fine+1] += n * hours * (v % fine)
	}
	return weights
}

// horizon states the fan for the exact kernel: one entry for every branch, weighted with how likely it is and what it costs then.
func (f *Fan) horizon(m market) (solve.Horizon, []branch, error) {
	h := solve.Horizon{Step: 1, Payg: m.payg, OneYear: m.one, ThreeYear: m.three}
	all := f.branches()
	for _, b := range all {
		d, err := f.demandOf(b)
		if err != nil {
			return h, nil, err
		}
		price := f.meanPrice(b)
		if d, err = d.Times(price, 10_000); err != nil {
			return h, nil, fmt.Errorf("pool %q: %w", f.pool.ID, err)
		}
		h.Years = append(h.Years, solve.Year{Demand: d, AliveNum: int64(len(b.paths)) * price, AliveDen: 10_000 * int64(f.paths), NoPurchase: m.noOne})
	}
	return h, all, nil
}

// meanPrice returns the prices of a branch against today's, in 1e-4. A cut is as likely for every level of demand, so the mean over
// all paths of the year stands for each group.
func (f *Fan) meanPrice(b branch) int64 {
	total := int64(0)
	for i := range f.paths {
		total += int64(f.price[i*years+b.year])
	}
	return total / int64(f.paths)
}

// above is what is used in each path, in some days, above a quantity, in 1/1792 of a step-hour. Existing reservations come first.
func (f *Fan) above(quantity int64, from, to int) []int64 {
	return f.aboveHeight(quantity*fine, from, to)
}

// aboveHeight is above for 256ths of a step.
func (f *Fan) aboveHeight(height int64, from, to int) []int64 {
	sums := make([]int64, f.paths)
	table := make([]int64, len(f.cells))
	for _, p := range f.periods {
		first, end := max(p.from, from/7), min(p.to, (to+6)/7)
		if first >= end {
			continue
		}
		for c := range f.cells {
			table[c] = f.cells[c].above(p.existing + height)
		}
		for i := range sums {
			for w, c := range f.cell[i*weeksOfFan+first : i*weeksOfFan+end] {
				if c >= 0 {
					sums[i] += table[c] * int64(daysIn(first+w, from, to))
				}
			}
		}
	}
	return sums
}

// worth turns use of one path in one year into micro-units of the currency, rounded once.
func (f *Fan) worth(use int64, path, year int) int64 {
	x := bill.Whole(use).Mul(bill.Whole(int64(f.pool.Prices.Payg))).Mul(bill.Frac(int64(f.price[path*years+year]), weightOfHour*10_000*10_000))
	n, _ := x.Round()
	return n
}
