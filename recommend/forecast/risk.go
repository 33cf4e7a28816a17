package forecast

import (
	"fmt"
	"slices"

	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// risk weighs the mean against the worst paths. What is risked is the saving of what is bought now, over its own term: the mean of its
// worst Tail (CVaR of the shortfall). The cost itself is not what is risked: it is high where demand is high, and fearing it would
// buy more (reference 1.10).
//
// The saving of each path is concave in the two quantities, its worst mean is, and the expected cost with renewals is convex; so is
// their weighted sum. The search is in floating point, in micro-units; money that is printed is not.
type risk struct {
	fan      *Fan
	horizon  solve.Horizon
	neutral  solve.Mix
	one      float64
	three    float64
	nothing  float64 // expected pay-as-you-go of three years
	year     map[int64][]float64
	rest     map[int64][]float64
	expected map[int64]float64
}

func (f *Fan) newRisk(h solve.Horizon, neutral solve.Mix, m market) *risk {
	r := &risk{fan: f, horizon: h, neutral: neutral, one: float64(m.one) / 10_000, three: float64(m.three) / 10_000,
		year: map[int64][]float64{}, rest: map[int64][]float64{}, expected: map[int64]float64{}}
	for _, y := range h.Years {
		r.nothing += solve.Pool{Demand: y.Demand, Step: 1, Payg: h.Payg}.Rest(0).Float() / 10_000
	}
	return r
}

// Careful returns the quantities of Pool.Step that the policy's risk aversion makes of those that were chosen; without aversion, and
// where the fan stops the advice, they stay.
func (f *Fan) Careful(three, one int64, terms Terms) (carefulThree, carefulOne int64, err error) {
	if f.policy.RiskAversion == 0 || f.basis.Stopped() {
		return three, one, nil
	}
	m, err := marketOf(f.pool.Prices, terms.OneYear, terms.ThreeYear)
	if err != nil {
		return 0, 0, fmt.Errorf("pool %q: %w", f.pool.ID, err)
	}
	h, _, err := f.horizon(m)
	if err != nil {
		return 0, 0, err
	}
	neutral, err := h.Best()
	if err != nil {
		return 0, 0, fmt.Errorf("pool %q: %w", f.pool.ID, err)
	}
	carefulThree, carefulOne = f.newRisk(h, neutral, m).search(three, one)
	return min(carefulThree, three), min(carefulOne, three+one-min(carefulThree, three)), nil
}

// covered returns for each path what q units save at pay-as-you-go in the first year, and in the two after it.
func (r *risk) covered(q int64) (year, rest []float64) {
	if r.year[q] == nil {
		r.year[q], r.rest[q] = r.fan.covered(q, 0, 1), r.fan.covered(q, 1, years)
	}
	return r.year[q], r.rest[q]
}

// covered returns the money at pay-as-you-go that a quantity covers in each path in the years [from, to), in micro-units.
func (f *Fan) covered(q int64, from, to int) []float64 {
	money, rate := make([]float64, f.paths), float64(f.pool.Prices.Payg)/(weightOfHour*1e8)
	for y := from; y < to; y++ {
		left := f.above(q, y*daysOfYear, (y+1)*daysOfYear)
		for i, all := range f.used[y] {
			money[i] += float64(float64(all-left[i]) * rate * float64(f.price[i*years+y]))
		}
	}
	return money
}

// now returns the saving in each path of what is bought now.
func (r *risk) now(three, one int64) []float64 {
	year, _ := r.covered(three + one)
	_, rest := r.covered(three)
	saving := make([]float64, len(year))
	for i := range saving {
		saving[i] = year[i] + rest[i] - float64(r.three*float64(three)) - float64(r.one*float64(one))
	}
	return saving
}

// later returns the expected cost of the second and third year beside three-year reservations, renewals as they are best then.
func (r *risk) later(three int64) float64 {
	if cost, ok := r.expected[three]; ok {
		return cost
	}
	cost := bill.Exact{}
	for i, y := range r.horizon.Years[1:] {
		z := max(three, r.neutral.ThreeYear+r.neutral.OneYear[i+1])
		if z > three {
			cost = cost.Add(bill.Whole(r.horizon.OneYear).Mul(bill.Whole(z - three)).Mul(bill.Frac(y.AliveNum, y.AliveDen)))
		}
		cost = cost.Add(solve.Pool{Demand: y.Demand, Step: 1, Payg: r.horizon.Payg}.Rest(z))
	}
	r.expected[three] = cost.Float() / 10_000
	return r.expected[three]
}

// saving returns what three years are expected to save, renewals included.
func (r *risk) saving(three, one int64) float64 {
	first := solve.Pool{Demand: r.horizon.Years[0].Demand, Step: 1, Payg: r.horizon.Payg}.Rest(three+one).Float() / 10_000
	return r.nothing - first - r.later(three) - float64(r.three*float64(three)) - float64(r.one*float64(one))
}

// value is what is made as large as possible.
func (r *risk) value(three, one int64) float64 {
	worst := worstMean(r.now(three, one), r.fan.policy.Tail)
	a := r.fan.policy.RiskAversion
	return float64((1-a)*r.saving(three, one)) + float64(a*worst)
}

// worstMean returns the mean of the lowest share of values.
func worstMean(values []float64, share float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	n := max(1, int(share*float64(len(sorted))+0.5))
	total := 0.0
	for _, v := range sorted[:n] {
		total += v
	}
	return total / float64(n)
}

// search walks from the neutral quantities to the best ones. Steps halve while none helps, in the two quantities, in their sum and in
// exchanges of one for the other; it ends where no step of one does.
func (r *risk) search(three, one int64) (int64, int64) {
	best := r.value(three, one)
	for step := max(1, (three+one)/4); step > 0; {
		moved := false
		for _, by := range [][2]int64{{-1, 0}, {0, -1}, {-1, 1}, {1, -1}, {1, 0}, {0, 1}} {
			t, o := three+by[0]*step, one+by[1]*step
			if t < 0 || o < 0 || o > 0 && r.horizon.Years[0].NoPurchase {
				continue
			}
			if v := r.value(t, o); v > best {
				best, three, one, moved = v, t, o, true
			}
		}
		if !moved {
			step /= 2
		}
	}
	return three, one
}
