// Package rule is Microsoft's own rule for reservations, to be set beside ours: the quantity of one size, at one scope, over one lookback,
// with which its hours would have cost least (domain 2.1). It reads what Microsoft's recommender answered (the bodies of
// reservationRecommendations and reservationRecommendationDetails, legacy and modern) and computes it again.
//
// Hours are micro-instances, 1e6 for one instance during the whole hour; money is exact, in whatever unit the rates are. It refuses what is
// no such answer.
package rule

import (
	"slices"
	"sort"

	"sizeterm/analyzer/demand"
	"sizeterm/recommend/bill"
)

// Rule is the rule asked about some hours: the quantity among those that occurred with which they would have cost least,
//
//	cost(q) = q·H·r + p·Σ max(0, u_h − q)
//
// It sees neither other sizes of the group nor how long demand lasts. Of equal costs the smaller quantity is taken.
type Rule struct {
	hours []int64 // rising
	above []int64 // sum of hours[i:]
	rate  bill.Exact
	price bill.Exact
}

// Option is one quantity under the rule, in money over the hours, under the names of Microsoft's own answer.
type Option struct {
	Quantity    int64
	OnDemand    bill.Exact // what the hours cost with nothing reserved
	Reservation bill.Exact // q·H·r
	Overage     bill.Exact // what lies above q, at the on-demand rate
}

// Total is what the hours cost with the quantity reserved.
func (o Option) Total() bill.Exact { return o.Reservation.Add(o.Overage) }

// Saving is OnDemand less Total.
func (o Option) Saving() bill.Exact { return o.OnDemand.Sub(o.Total()) }

// New asks the rule about the micro-instances that ran in each hour, the on-demand rate and the reservation rate, both an instance-hour.
// No hours are no usage: the best is 0. hours is not kept.
func New(hours []int64, rate, reserved bill.Exact) Rule {
	r := Rule{hours: slices.Sorted(slices.Values(hours)), rate: rate, price: reserved}
	r.above = make([]int64, len(hours)+1)
	for i, n := range slices.Backward(r.hours) {
		r.above[i] = r.above[i+1] + n
	}
	return r
}

// Reserving asks the same hours and rate about another reservation rate.
func (r Rule) Reserving(reserved bill.Exact) Rule {
	r.price = reserved
	return r
}

// At returns what a quantity costs.
func (r Rule) At(q int64) Option {
	over := func(q int64) bill.Exact {
		i := sort.Search(len(r.hours), func(i int) bool { return r.hours[i] > q*demand.Full })
		return r.rate.Mul(bill.Frac(r.above[i]-int64(len(r.hours)-i)*q*demand.Full, demand.Full))
	}
	return Option{Quantity: q, OnDemand: over(0), Overage: over(q), Reservation: r.price.Mul(bill.Whole(q)).Mul(bill.Whole(int64(len(r.hours))))}
}

// Best tries every quantity that occurred: an hour in which a machine ran in part counts it whole.
func (r Rule) Best() Option {
	best := r.At(0)
	last := int64(0)
	for _, n := range r.hours {
		q := (n + demand.Full - 1) / demand.Full
		if q <= last {
			continue
		}
		last = q
		if o := r.At(q); o.Total().Cmp(best.Total()) < 0 {
			best = o
		}
	}
	return best
}
