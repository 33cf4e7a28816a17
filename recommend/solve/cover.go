package solve

import (
	"cmp"
	"fmt"
	"slices"

	"sizeterm/recommend/bill"
)

// Pack is a size that can be reserved: its ratio in kernel steps and the price of one for the whole span.
type Pack struct {
	Name  string
	Ratio int64 // at least 1; divide the ratios of a group by their common divisor first
	Cost  int64
}

// Package is how many of one Pack to buy.
type Package struct {
	Name     string
	Quantity int64
}

// Covering is the covering knapsack of a flexibility group: for every number of steps q the least price K(q) of reservations whose
// ratios add up to q or more. Overshoot is allowed, because a larger size can be cheaper than the exact sum (reference 1.3).
// Where prices are proportional to ratios there is nothing to cover: buy the smallest size with a Pool.
type Covering struct {
	packs []Pack
	cost  []int64 // K(q)
	pick  []int32 // the pack to take first at q
}

// Cover fills K(0..most). Ties go to the larger size, then to the name. It fails without packs, on a ratio below 1, on a negative
// price, and when a sum of prices exceeds 63 bits.
func Cover(packs []Pack, most int64) (*Covering, error) {
	if len(packs) == 0 {
		return nil, fmt.Errorf("packs: none")
	}
	c := &Covering{packs: slices.Clone(packs), cost: make([]int64, most+1), pick: make([]int32, most+1)}
	slices.SortFunc(c.packs, func(a, b Pack) int { return cmp.Or(cmp.Compare(b.Ratio, a.Ratio), cmp.Compare(a.Name, b.Name)) })
	for _, p := range c.packs {
		if p.Ratio < 1 || p.Cost < 0 {
			return nil, fmt.Errorf("packs: %q: ratio %d at a price of %d", p.Name, p.Ratio, p.Cost)
		}
	}
	for q := int64(1); q <= most; q++ {
		c.cost[q] = -1
		for i, p := range c.packs {
			sum := p.Cost + c.cost[max(0, q-p.Ratio)]
			if sum < 0 {
				return nil, fmt.Errorf("packs: %q: price of %d steps: %w", p.Name, q, ErrTooLarge)
			}
			if c.cost[q] < 0 || sum < c.cost[q] {
				c.cost[q], c.pick[q] = sum, int32(i)
			}
		}
	}
	return c, nil
}

// Cost returns K(q) for q from 0 to the most that was asked of Cover.
func (c *Covering) Cost(q int64) int64 { return c.cost[q] }

// Packages returns what K(q) buys, the largest ratio first, and its steps, at least q.
func (c *Covering) Packages(q int64) (buy []Package, steps int64) {
	count := make([]int64, len(c.packs))
	for q > 0 {
		i := c.pick[q]
		count[i]++
		steps += c.packs[i].Ratio
		q -= c.packs[i].Ratio
	}
	for i, n := range count {
		if n > 0 {
			buy = append(buy, Package{c.packs[i].Name, n})
		}
	}
	return buy, steps
}

// BestCover returns the cheapest purchase for a pool in which a step is covered by packs at their prices (p.Cost is not read): the
// least K(q) + rest(q) over every q, because K is not convex. Ties go to the smaller commitment. The result is exact, and
// Certificate.Relaxed is the bound with all steps at the least price per step.
func BestCover(p Pool, packs []Pack) (buy []Package, proof Certificate, err error) {
	if err := p.check(); err != nil {
		return nil, Certificate{}, err
	}
	c, err := Cover(packs, p.Demand.steps(p.Step))
	if err != nil {
		return nil, Certificate{}, err
	}
	cost := p.covered(c)
	best := int64(0)
	for q := int64(1); q < int64(len(cost)); q++ {
		if cost[q].cmp(cost[best]) < 0 {
			best = q
		}
	}
	buy, steps := c.Packages(best)
	total := bill.Whole(c.Cost(best)).Add(p.Rest(steps))
	cheap := slices.MinFunc(packs, func(a, b Pack) int { return bill.Frac(a.Cost, a.Ratio).Cmp(bill.Frac(b.Cost, b.Ratio)) })
	p.Step, p.Payg, p.Cost = p.Step*cheap.Ratio, p.Payg*cheap.Ratio, cheap.Cost // at fractional quantities only the price per step counts
	return buy, Certificate{Cost: total, Bound: total, Relaxed: p.relaxed()}, nil
}

// covered returns K(q) + rest(q) for every q, times Step and the denominator of the weights.
func (p Pool) covered(c *Covering) []wide {
	unit := product(uint64(p.Step), uint64(p.Demand.denominator()))
	cost := make([]wide, len(c.cost))
	for q := range cost {
		cost[q] = p.Demand.above(int64(q) * p.Step).times(uint64(p.Payg)).add(unit.times(uint64(c.cost[q])))
	}
	return cost
}

// MixCover is a Mix in packages.
type MixCover struct {
	ThreeYear []Package
	OneYear   [][]Package // by year
}

// BestCover is Horizon.Best where the prices of sizes are not proportional to their ratios: h.OneYear and h.ThreeYear are not read, one
// and three are the packs of each term. It tries every number of three-year steps with every number of one-year steps in each year, so
// its time grows with the square of the peak: some 20 ms at 1 000 steps and three years. The result is exact.
func (h Horizon) BestCover(one, three []Pack) (MixCover, bill.Exact, error) {
	years, den, err := h.scaled()
	if err != nil {
		return MixCover{}, bill.Exact{}, err
	}
	most := int64(0)
	for _, y := range years {
		most = max(most, y.Demand.steps(h.Step))
	}
	k1, err := Cover(one, most)
	if err != nil {
		return MixCover{}, bill.Exact{}, fmt.Errorf("one year: %w", err)
	}
	k3, err := Cover(three, most)
	if err != nil {
		return MixCover{}, bill.Exact{}, fmt.Errorf("three years: %w", err)
	}
	unit := product(uint64(h.Step), 1)
	total, pick := make([]wide, most+1), make([][]int64, len(years))
	for q := range total {
		total[q] = unit.times(uint64(den)).times(uint64(k3.cost[q]))
	}
	for i, y := range years {
		rest := make([]wide, most+1)
		for q := range rest {
			rest[q] = y.Demand.above(int64(q) * h.Step).times(uint64(h.Payg))
		}
		pick[i] = make([]int64, most+1)
		for q := range total {
			least := rest[q]
			for x := int64(1); !y.NoPurchase && int64(q)+x <= most; x++ {
				cost := unit.times(uint64(y.AliveNum)).times(uint64(k1.cost[x])).add(rest[int64(q)+x])
				if cost.cmp(least) < 0 {
					least, pick[i][q] = cost, x
				}
			}
			total[q] = total[q].add(least)
		}
	}
	best := 0
	for q := range total {
		if total[q].cmp(total[best]) < 0 {
			best = q
		}
	}
	mix := MixCover{OneYear: make([][]Package, len(years))}
	mix.ThreeYear, _ = k3.Packages(int64(best))
	for i := range years {
		mix.OneYear[i], _ = k1.Packages(pick[i][best])
	}
	return mix, total[best].over(unit.times(uint64(den))), nil
}
