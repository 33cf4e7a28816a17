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
	alone    []int64 // what each branch would buy for one year if nothing were bought for three
	one      float64
	three    float64
	nothing  float64 // expected pay-as-you-go of three years
	year     map[int64][]float64
	rest     map[int64][]float64
	expected map[int64]float64
}

func (f *Fan) newRisk(h solve.Horizon, m market) (*risk, error) {
	r := &risk{fan: f, horizon: h, one: float64(m.one) / 10_000, three: float64(m.three) / 10_000,
		year: map[int64][]float64{}, rest: map[int64][]float64{}, expected: map[int64]float64{}}
	without := h
	without.ThreeYear = m.payg*daysOfFan*hoursOfDay + 1
	mix, err := without.Best()
	if err != nil {
		return nil, fmt.Errorf("pool %q: %w", f.pool.ID, err)
	}
	r.alone = mix.OneYear
	for _, y := range h.Years {
		r.nothing += solve.Pool{Demand: y.Demand, Step: 1, Payg: h.Payg}.Rest(0).Float() / 10_000
	}
	return r, nil
}

// Within returns the quantities of least expected cost on the fan, one-year renewals as recourse, among those that buy at most so many
// steps for three years and three+one in all; with the policy's risk aversion those that weigh best. Neutral is the best without these
// limits and without aversion. Without aversion both are exact for the sample: the cost is convex in the three-year quantity x and in the
// total z of the first year, and within limits on both the best is min(x*, three) and, above it, min(z*, three+one). Where the fan
// stops the advice nothing is bought.
func (f *Fan) Within(three, one int64, terms Terms) (Decision, error) {
	d := Decision{Basis: f.basis}
	if f.basis.Stopped() {
		return d, nil
	}
	m, err := marketOf(f.pool.Prices, terms.OneYear, terms.ThreeYear)
	if err != nil {
		return d, fmt.Errorf("pool %q: %w", f.pool.ID, err)
	}
	h, _, err := f.horizon(m)
	if err != nil {
		return d, err
	}
	if d.Neutral, err = h.Best(); err != nil {
		return d, fmt.Errorf("pool %q: %w", f.pool.ID, err)
	}
	r, err := f.newRisk(h, m)
	if err != nil {
		return d, err
	}
	d.ThreeYear = min(d.Neutral.ThreeYear, three)
	d.OneYear = max(d.ThreeYear, min(r.alone[0], three+one)) - d.ThreeYear
	if f.policy.RiskAversion > 0 {
		d.ThreeYear, d.OneYear = r.search(d.ThreeYear, d.OneYear, limits{three, three + one})
	}
	d.Saving = f.amount(r.saving(d.ThreeYear, d.OneYear) / (years * 12))
	return d, nil
}

// limits are the greatest quantities that may be bought for three years, and in all.
type limits struct{ three, all int64 }

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
		z := max(three, r.alone[i+1])
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

// search walks from quantities to the best ones within limits. Steps halve while none helps, in the two quantities, in their sum and in
// exchanges of one for the other; it ends where no step of one does.
func (r *risk) search(three, one int64, most limits) (int64, int64) {
	best := r.value(three, one)
	for step := max(1, (three+one)/4); step > 0; {
		moved := false
		for _, by := range [][2]int64{{-1, 0}, {0, -1}, {-1, 1}, {1, -1}, {1, 0}, {0, 1}} {
			t, o := three+by[0]*step, one+by[1]*step
			if t < 0 || o < 0 || t > most.three || t+o > most.all || o > 0 && r.horizon.Years[0].NoPurchase {
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
