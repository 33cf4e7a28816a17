package forecast

import (
	"math"
	"sort"

	"sizeterm/pricing/money"
)

// Option is what the right to cancel adds to a decision: a line of its own, never a part of the expected saving.
type Option struct {
	// Saving is the mean that cancelling adds, over the three years.
	Saving money.Amount
	// Cancelled is the commitment cancelled in the worst twelve months of a path, and CapShare the share of the customer's cap that its
	// 95th percentile takes. The cap is the customer's: shares of several pools add up.
	Cancelled Interval
	CapShare  float64
	// Capped is the share of paths in which the cap stopped a cancellation.
	Capped float64
}

// weeksOfReview is how often a cancellation is considered, and how far it looks back.
const weeksOfReview = 4

// Refund returns the worth of cancelling, every four weeks, the units that were used less than their threshold in the four weeks before.
// What is cancelled is prorated by the day, less the policy's fee, and never more in twelve months than the policy's cap. Without a cap
// in the policy it is zero.
func (f *Fan) Refund(d Decision) Option {
	o := Option{Saving: f.amount(0)}
	if f.policy.Refund.Cap.Micros <= 0 || d.OneYear+d.ThreeYear == 0 {
		o.Cancelled = f.interval([]int64{0}, 1)
		return o
	}
	gain, cancelled := make([]int64, f.paths), make([]int64, f.paths)
	total := 0.0
	for i := range f.paths {
		r := review{fan: f, path: i, one: d.OneYear, three: d.ThreeYear}
		r.run()
		gain[i], cancelled[i] = int64(math.Round(r.gain)), int64(math.Round(r.worst))
		total += float64(gain[i])
		if r.capped {
			o.Capped += 1 / float64(f.paths)
		}
	}
	o.Saving = f.amount(total / float64(f.paths))
	o.Cancelled = f.interval(cancelled, 1)
	o.CapShare = float64(o.Cancelled.P95.Micros) / float64(f.policy.Refund.Cap.Micros)
	return o
}

// Exchange returns what exchanging the same units, when they are idle, could add at most: what is given back counts in full, without cap
// or fee, as if the customer would buy other reservations of as much anyhow. Cancelled is what must find such use; CapShare is 0.
func (f *Fan) Exchange(d Decision) Option {
	free := *f
	free.policy.Refund = RefundRule{Cap: money.New(math.MaxInt64/4, f.pool.currency())}
	o := free.Refund(d)
	o.CapShare, o.Capped = 0, 0
	return o
}

// review is one path of a fan on which units are cancelled as they fall idle.
type review struct {
	fan        *Fan
	path       int
	one, three int64 // still held
	gain       float64
	worst      float64 // most cancelled in twelve months
	capped     bool
	history    []cancellation
}

type cancellation struct {
	day   int
	value float64
}

// run walks the path: what is cancelled earns its refund and then covers nothing.
func (r *review) run() {
	one, three := r.one, r.three
	prices := r.fan.pool.Prices
	for w := weeksOfReview; w+weeksOfReview <= weeksOfFan; w += weeksOfReview {
		if day := 7 * w; day >= daysOfYear {
			r.one, one = 0, 0
		}
		r.cancel(w)
		for v := w; v < min(w+weeksOfReview, weeksOfFan); v++ {
			lost := r.between(v, r.three+r.one, three+one)
			price := float64(r.fan.price[r.path*years+min(years-1, 7*v/daysOfYear)]) / 10_000
			r.gain -= float64(lost) * float64(prices.Payg) / 10_000 * price
		}
	}
}

// cancel gives back what was not worth its price in the weeks before w.
func (r *review) cancel(w int) {
	p := r.fan.pool.Prices
	keep := func(total money.Amount, years int) int64 {
		threshold := float64(total.Micros) * 10_000 / (float64(p.Payg) * float64(years*daysOfYear*hoursOfDay))
		return int64(sort.Search(int(r.one+r.three), func(q int) bool {
			used := 0.0
			for v := w - weeksOfReview; v < w; v++ {
				used += r.between(v, int64(q), int64(q+1))
			}
			return used <= threshold*weeksOfReview*hoursOfWeek
		}))
	}
	day := 7 * w
	if r.three > 0 {
		if n := r.three - keep(p.ThreeYear, years); n > 0 {
			r.three -= r.refund(n, p.ThreeYear, day, daysOfFan)
		}
	}
	if r.one > 0 {
		if n := r.one - max(0, keep(p.OneYear, 1)-r.three); n > 0 {
			r.one -= r.refund(min(n, r.one), p.OneYear, day, daysOfYear)
		}
	}
}

// refund cancels as many of n as the cap allows and returns how many.
func (r *review) refund(n int64, total money.Amount, day, term int) int64 {
	each := float64(total.Micros) * float64(term-day) / float64(term)
	year := 0.0
	for _, c := range r.history {
		if c.day > day-daysOfYear {
			year += c.value
		}
	}
	if most := int64((float64(r.fan.policy.Refund.Cap.Micros) - year) / each); most < n {
		n, r.capped = max(0, most), true
	}
	if n == 0 {
		return 0
	}
	value := float64(n) * each
	r.history = append(r.history, cancellation{day, value})
	r.worst = max(r.worst, year+value)
	r.gain += value * (1 - r.fan.policy.Refund.Fee)
	return n
}

// between returns the step-hours of a week that lie between two quantities, above what is owned already.
func (r *review) between(week int, low, high int64) float64 {
	c := r.fan.cell[r.path*weeksOfFan+week]
	if c < 0 || low >= high {
		return 0
	}
	existing := int64(0)
	for _, p := range r.fan.periods {
		if p.from <= week && week < p.to {
			existing = p.existing
		}
	}
	cell := &r.fan.cells[c]
	return float64(cell.above(existing+low*fine)-cell.above(existing+high*fine)) / fine
}
