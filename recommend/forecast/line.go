package forecast

import (
	"math"
	"slices"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// lines returns what each purchase adds, in the order of purchase: three years before one.
func (f *Fan) lines(three, one int64) []Line {
	var lines []Line
	if three > 0 {
		lines = append(lines, f.line(pricing.ThreeYear, 0, three))
	}
	if one > 0 {
		lines = append(lines, f.line(pricing.OneYear, three, one))
	}
	return lines
}

// line evaluates a quantity on top of what is below it.
func (f *Fan) line(term pricing.Term, below, quantity int64) Line {
	price := f.pool.Prices.OneYear
	if term == pricing.ThreeYear {
		price = f.pool.Prices.ThreeYear
	}
	months := int64(12 * term.Years())
	saving := make([]int64, f.paths)
	for y := range term.Years() {
		from, to := y*daysOfYear, (y+1)*daysOfYear
		before, after := f.above(below, from, to), f.above(below+quantity, from, to)
		for i := range saving {
			saving[i] += f.worth(before[i]-after[i], i, y)
		}
	}
	total, worst := quantity*price.Micros, 0
	for i := range saving {
		if saving[i] -= total; saving[i] < 0 {
			worst++
		}
	}
	l := Line{Term: term, Quantity: quantity, Loss: float64(worst) / float64(f.paths), SavingMonth: f.interval(saving, months)}
	sorted := slices.Clone(saving)
	slices.Sort(sorted)
	tail := max(1, int(f.policy.Tail*float64(f.paths)+0.5))
	l.Shortfall = f.mean(sorted[:tail], months)
	f.earnBack(&l, below, total)
	l.DropToLoss = f.dropToLoss(below, quantity, total, term)
	f.hoursUnknown(&l, below)
	return l
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
func (f *Fan) earnBack(l *Line, below, total int64) {
	days := l.Term.Years() * daysOfYear
	earned, goal := 0.0, float64(total)*float64(f.paths)*weightOfHour*1e8/float64(max(1, f.pool.Prices.Payg))
	for w, use := range f.byWeek(below, below+l.Quantity)[:(days+6)/7] {
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

// byWeek returns what all paths together use between two quantities on one day of each week, weighed with their price in 1e-4.
func (f *Fan) byWeek(below, top int64) []float64 {
	sums := make([]float64, weeksOfFan)
	table := make([]int64, len(f.cells))
	for _, p := range f.periods {
		for c := range f.cells {
			table[c] = f.cells[c].above(p.existing+below*fine) - f.cells[c].above(p.existing+top*fine)
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
func (f *Fan) dropToLoss(below, quantity, total int64, term pricing.Term) float64 {
	full := float64(f.pool.Prices.Payg) / 10_000 * float64(term.Hours())
	saves := func(level float64) bool {
		return (f.usedAt(level, float64(below+quantity))-f.usedAt(level, float64(below)))*full > float64(total)
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
func (f *Fan) hoursUnknown(l *Line, below int64) {
	if f.pool.Units.Exact() {
		return
	}
	other := f.pool
	other.Units.Stacked = other.Units.Flat
	flat := newFan(&other, f.out, f.policy)
	if high := flat.line(l.Term, below, l.Quantity).SavingMonth.P95; high.Micros > l.SavingMonth.P95.Micros {
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
