package forecast

import (
	"math"
	"slices"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// lines returns what each purchase of a decision adds, in the order of purchase: three years before one.
func (f *Fan) lines(three, one int64) []Line {
	var buy []Purchase
	if three > 0 {
		buy = append(buy, Purchase{pricing.ThreeYear, three * f.pool.Step, three * f.pool.Prices.ThreeYear.Micros})
	}
	if one > 0 {
		buy = append(buy, Purchase{pricing.OneYear, one * f.pool.Step, one * f.pool.Prices.OneYear.Micros})
	}
	lines := f.Worth(buy)
	for i := range lines {
		lines[i].Quantity = buy[i].Units / f.pool.Step
	}
	return lines
}

// Purchase is a line to be judged: units that it covers in every hour, for a total of the whole term in micro-units of the currency of
// the pool's prices.
type Purchase struct {
	Term  pricing.Term
	Units int64
	Total int64
}

// Worth returns what each of several purchases made today adds to those before it, over its own term: what a plan prints of its lines,
// whichever way their quantities were chosen. Quantity is left 0.
func (f *Fan) Worth(purchases []Purchase) []Line {
	var lines []Line
	below := int64(0)
	for _, p := range purchases {
		lines = append(lines, f.line(p, f.height(below), f.height(below+p.Units)))
		below += p.Units
	}
	return lines
}

// height turns units into 256ths of a step.
func (f *Fan) height(units int64) int64 {
	return int64(math.Round(float64(units) * fine / float64(f.pool.Step)))
}

// line evaluates a purchase that covers what lies between two heights.
func (f *Fan) line(p Purchase, below, top int64) Line {
	months := int64(12 * p.Term.Years())
	saving, worst := f.savings(p, below, top), 0
	for _, s := range saving {
		if s < 0 {
			worst++
		}
	}
	l := Line{Term: p.Term, Loss: float64(worst) / float64(f.paths), SavingMonth: f.interval(saving, months)}
	sorted := slices.Clone(saving)
	slices.Sort(sorted)
	tail := max(1, int(f.policy.Tail*float64(f.paths)+0.5))
	l.Shortfall = f.mean(sorted[:tail], months)
	f.earnBack(&l, below, top, p.Total)
	l.DropToLoss = f.dropToLoss(p, below, top)
	f.hoursUnknown(&l, p, below, top)
	return l
}

// savings returns what a purchase saves in each path over its term.
func (f *Fan) savings(p Purchase, below, top int64) []int64 {
	saving := make([]int64, f.paths)
	for y := range p.Term.Years() {
		from, to := y*daysOfYear, (y+1)*daysOfYear
		before, after := f.aboveHeight(below, from, to), f.aboveHeight(top, from, to)
		for i := range saving {
			saving[i] += f.worth(before[i]-after[i], i, y)
		}
	}
	for i := range saving {
		saving[i] -= p.Total
	}
	return saving
}

// interval returns mean and percentiles of savings over months, a month.
func (f *Fan) interval(saving []int64, months int64) Interval {
	sorted := slices.Clone(saving)
	slices.Sort(sorted)
	rank := func(share float64) []int64 {
		at := max(1, int(math.Ceil(share*float64(len(sorted))-1e-9))) - 1
		return sorted[at : at+1]
	}
	return Interval{Mean: f.mean(sorted, months), P5: f.mean(rank(0.05), months), P95: f.mean(rank(0.95), months)}
}

// mean returns the mean of micro-units over months, rounded once.
func (f *Fan) mean(values []int64, months int64) (a money.Amount) {
	sum := bill.Exact{}
	for _, v := range values {
		sum = sum.Add(bill.Whole(v))
	}
	a.Micros, _ = sum.Quo(bill.Whole(int64(len(values)) * months)).Round()
	a.Currency = f.pool.currency()
	return a
}

// earnBack finds the month in which what is covered, on the mean of all paths, has reached the total.
func (f *Fan) earnBack(l *Line, below, top, total int64) {
	days := l.Term.Years() * daysOfYear
	earned, goal := 0.0, float64(total)*float64(f.paths)*weightOfHour*1e8/float64(max(1, f.pool.Prices.Payg))
	for w, use := range f.byWeek(below, top)[:(days+6)/7] {
		n := daysIn(w, 0, days)
		if week := use * float64(n); week > 0 && earned+week >= goal {
			at := float64(7*w) + float64(n)*(goal-earned)/week
			l.BreakEvenMonths, l.EarnedBack = at*12/daysOfYear, true
			return
		} else {
			earned += week
		}
	}
}

// byWeek returns what all paths together use between two heights on one day of each week, weighed with their price in 1e-4.
func (f *Fan) byWeek(below, top int64) []float64 {
	sums := make([]float64, weeksOfFan)
	table := make([]int64, len(f.cells))
	for _, p := range f.periods {
		for c := range f.cells {
			table[c] = f.cells[c].above(p.existing+below) - f.cells[c].above(p.existing+top)
		}
		for w := p.from; w < p.to; w++ {
			total := int64(0)
			for i := range f.paths {
				if c := f.cell[i*weeksOfFan+w]; c >= 0 {
					total += table[c] * int64(f.price[i*years+min(years-1, 7*w/daysOfYear)]) // a week that begins in a year counts for it
				}
			}
			sums[w] = float64(total)
		}
	}
	return sums
}

// dropToLoss finds by halving how far today's demand must fall for a line to save nothing, shapes taken as often as each other.
func (f *Fan) dropToLoss(p Purchase, below, top int64) float64 {
	full := float64(f.pool.Prices.Payg) / 10_000 * float64(p.Term.Hours())
	saves := func(level float64) bool {
		return (f.usedAt(level, float64(top)/fine)-f.usedAt(level, float64(below)/fine))*full > float64(p.Total)
	}
	if !saves(1) {
		return 0
	}
	low, high := 0.0, 1.0
	for range 30 {
		if mid := (low + high) / 2; saves(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return math.Round((1-high)*1e6) / 1e6
}

// hoursUnknown widens the interval of a pool whose hours are bounded by two profiles: the upper end is that of hours spread flat.
func (f *Fan) hoursUnknown(l *Line, p Purchase, below, top int64) {
	if f.pool.Units.Exact() {
		return
	}
	if f.flat == nil {
		other := f.pool
		other.Units.Stacked = other.Units.Flat
		f.flat = newFan(&other, f.out, f.policy)
	}
	if high := f.flat.interval(f.flat.savings(p, below, top), int64(12*p.Term.Years())).P95; high.Micros > l.SavingMonth.P95.Micros {
		l.SavingMonth.P95 = high
	}
}

// over returns for each path the saving of a decision's lines in the first days, reservations charged by the day, and the step-hours
// used in them, in 1/1792.
func (f *Fan) over(d Decision, days int) (saving, used []int64) {
	saving, used = make([]int64, f.paths), make([]int64, f.paths)
	three, one := d.ThreeYear*f.pool.Prices.ThreeYear.Micros, d.OneYear*f.pool.Prices.OneYear.Micros
	gross := *f
	gross.periods = []period{{0, weeksOfFan, 0}}
	for y := 0; y*daysOfYear < days; y++ {
		from, to := y*daysOfYear, min(days, (y+1)*daysOfYear)
		q, price := d.ThreeYear, bill.Frac(three*int64(to-from), daysOfFan)
		if y == 0 {
			q, price = q+d.OneYear, price.Add(bill.Frac(one*int64(to-from), daysOfYear))
		}
		cost, _ := price.Round()
		before, after, all := f.above(0, from, to), f.above(q, from, to), gross.above(0, from, to)
		for i := range saving {
			saving[i] += f.worth(before[i]-after[i], i, y) - cost
			used[i] += all[i]
		}
	}
	return saving, used
}
