package solve

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"sizeterm/recommend/bill"
)

// Blend is a pool whose pay-as-you-go price per unit differs between sizes. Which usage a reservation covers is then not the
// customer's choice, so the cost of a quantity is an interval: [best, worst] with the proportional cost inside (reference 1.4).
// Quantities are chosen on proportional coverage; a purchase should also save in the worst case.
//
// It wants hours in their order. Existing reservations are subtracted before. Years of different weight are different Blends.
type Blend struct {
	step  int64
	cost  int64
	total []int64 // units in each hour
	money []int64 // units x price in each hour
	best  []layer
	worst []layer
}

// layer is price x Above of a demand: the best and the worst cost are sums of them.
type layer struct {
	demand Demand
	price  int64
}

// Mixed is the hourly usage of one size.
type Mixed struct {
	Units []int64 // in every hour
	Payg  int64   // pay-as-you-go price of one Step of units for one hour
}

// NewBlend prepares a pool. step and cost are those of Pool: units that quantity 1 covers, and its price for all the hours given. It
// fails on rows of different length, on negative numbers, and with ErrTooLarge where units x price x hours exceed 63 bits.
func NewBlend(step, cost int64, rows []Mixed) (*Blend, error) {
	if step < 1 || cost < 0 {
		return nil, fmt.Errorf("step %d, cost %d: want at least 1 and 0", step, cost)
	}
	b := &Blend{step: step, cost: cost}
	sum := uint64(0)
	for i, r := range rows {
		if i == 0 {
			b.total, b.money = make([]int64, len(r.Units)), make([]int64, len(r.Units))
		}
		if len(r.Units) != len(b.total) {
			return nil, fmt.Errorf("rows[%d]: %d hours, not %d", i, len(r.Units), len(b.total))
		}
		for t, u := range r.Units {
			if u < 0 || r.Payg < 0 {
				return nil, fmt.Errorf("rows[%d]: %d units at a price of %d: negative", i, u, r.Payg)
			}
			w := product(uint64(u), uint64(max(1, r.Payg)))
			if sum += w[0]; w[1] != 0 || w[0] > math.MaxInt64 || sum > math.MaxInt64 {
				return nil, fmt.Errorf("rows[%d]: %w", i, ErrTooLarge)
			}
			b.total[t] += u
			b.money[t] += u * r.Payg
		}
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(x, y Mixed) int { return cmp.Compare(y.Payg, x.Payg) })
	var err error
	if b.best, err = layers(rows); err != nil {
		return nil, err
	}
	slices.Reverse(rows)
	b.worst, err = layers(rows)
	return b, err
}

// layers writes the cost of covering rows in their order as Σ (price_k - price_k+1) (S_k - capacity)+, S_k the units of rows 1..k.
func layers(rows []Mixed) ([]layer, error) {
	var all []layer
	var sum []int64
	for i, r := range rows {
		if i == 0 {
			sum = make([]int64, len(r.Units))
		}
		for t, u := range r.Units {
			sum[t] += u
		}
		next := int64(0)
		if i+1 < len(rows) {
			next = rows[i+1].Payg
		}
		if r.Payg == next {
			continue
		}
		d, err := Hourly(sum)
		if err != nil {
			return nil, err
		}
		all = append(all, layer{d, r.Payg - next})
	}
	return all, nil
}

// Most returns the quantity that covers the peak.
func (b *Blend) Most() int64 {
	most := int64(0)
	for _, u := range b.total {
		most = max(most, (u-1)/b.step+1)
	}
	return most
}

// Total returns the cost of quantity q when coverage goes in the given order.
func (b *Blend) Total(q int64, order bill.Order) bill.Exact {
	sum := bill.Whole(b.cost).Mul(bill.Whole(q))
	switch order {
	case bill.Proportional:
		return sum.Add(b.rest(q))
	case bill.LowestFirst:
		return sum.Add(b.sum(b.worst, q))
	}
	return sum.Add(b.sum(b.best, q))
}

func (b *Blend) sum(layers []layer, q int64) bill.Exact {
	sum := bill.Exact{}
	for _, l := range layers {
		sum = sum.Add(l.demand.Above(q * b.step).Mul(bill.Frac(l.price, b.step)))
	}
	return sum
}

// rest is the proportional pay-as-you-go cost: in each hour money x (1 - capacity/total). The fractions are added by denominator.
func (b *Blend) rest(q int64) bill.Exact {
	var terms []bill.Exact
	whole := bill.Exact{}
	for t, u := range b.total {
		switch {
		case q == 0:
			whole = whole.Add(bill.Whole(b.money[t]))
		case u > q*b.step:
			terms = append(terms, bill.Whole(b.money[t]).Mul(bill.Frac(u-q*b.step, u)))
		}
	}
	return whole.Add(pairwise(terms)).Quo(bill.Whole(b.step))
}

// pairwise adds fractions in a tree, so that large denominators arise only near its root.
func pairwise(terms []bill.Exact) bill.Exact {
	switch n := len(terms); n {
	case 0:
		return bill.Exact{}
	case 1:
		return terms[0]
	default:
		return pairwise(terms[:n/2]).Add(pairwise(terms[n/2:]))
	}
}

// rough is rest in floating point, good to 1e-9 of the cost without reservations.
func (b *Blend) rough(q int64) float64 {
	sum, capacity := 0.0, float64(q)*float64(b.step)
	for t, u := range b.total {
		if d := float64(u); d > capacity {
			sum += float64(b.money[t]) * (1 - capacity/d)
		}
	}
	return sum / float64(b.step)
}

// Best returns the smallest quantity of least cost in the given order. Best-case and proportional costs are convex and searched by
// halves; the worst case is not, and every quantity is tried.
func (b *Blend) Best(order bill.Order) int64 {
	most := b.Most()
	if order != bill.LowestFirst {
		return search(most, func(q int64) bool { return !b.worthOneMore(q, order) })
	}
	best, least := int64(0), b.Total(0, order)
	for q := int64(1); q <= most; q++ {
		if cost := b.Total(q, order); cost.Cmp(least) < 0 {
			best, least = q, cost
		}
	}
	return best
}

// worthOneMore reports whether q+1 costs less than q. Floating point decides where the difference is far above its error.
func (b *Blend) worthOneMore(q int64, order bill.Order) bool {
	if order == bill.Proportional {
		gain := b.rough(q) - b.rough(q+1) - float64(b.cost)
		if math.Abs(gain) > 1e-9*(b.rough(0)+float64(b.cost)) {
			return gain > 0
		}
	}
	return b.Total(q+1, order).Cmp(b.Total(q, order)) < 0
}
