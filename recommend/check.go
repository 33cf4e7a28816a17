package recommend

import (
	"fmt"
	"slices"

	"sizeterm/pricing/money"
)

// unitsOf returns the percentiles over the hours of a series, by nearest rank.
func unitsOf(hours []int64) Units {
	if len(hours) == 0 {
		return Units{}
	}
	sorted := slices.Clone(hours)
	slices.Sort(sorted)
	rank := func(bp int) int64 { return sorted[max(1, (len(sorted)*bp+9999)/10000)-1] }
	sum := int64(0)
	for _, n := range sorted {
		sum += n
	}
	return Units{P50: rank(5000), P95: rank(9500), Max: sorted[len(sorted)-1], Mean: sum / int64(len(sorted))}
}

// withoutGaps returns the hours of the days that the files cover.
func withoutGaps(hours []int64, gaps []int) []int64 {
	var covered []int64
	for h, n := range hours {
		if !slices.Contains(gaps, h/24) {
			covered = append(covered, n)
		}
	}
	return covered
}

// check asserts the money invariants of order lines before a plan leaves the package. A line that breaks one would lose
// money, so the plan is refused rather than printed.
func (p *Plan) check(decisions []*decision) error {
	byPool := map[string]*decision{}
	for _, d := range decisions {
		byPool[d.result.ID] = d
	}
	sums := map[string]money.Amount{}
	for i := range p.Lines {
		l := &p.Lines[i]
		d := byPool[l.Pool]
		if err := l.check(d); err != nil {
			return fmt.Errorf("recommend: line %s (%d x %s %s): %w", l.ID, l.Quantity, l.Size, l.Term, err)
		}
		sum, ok := sums[l.Pool]
		if !ok {
			sum = money.New(0, l.Currency)
		}
		var err error
		if sums[l.Pool], err = sum.Add(l.SavingWindow); err != nil {
			return err
		}
	}
	for pool, sum := range sums {
		d := byPool[pool]
		if row, ok := d.chosenRow(); ok && differ(row.Saving, sum, int64(len(row.Buy))) {
			return fmt.Errorf("recommend: pool %s: the lines save %s, the pool %s", pool, sum.Decimal(), row.Saving.Decimal())
		}
	}
	return nil
}

// check asserts what must hold of one line.
func (l *Line) check(d *decision) error {
	row, _ := d.chosenRow()
	byHand := row.Choice == Set // evaluated, not recommended: it may lose
	switch {
	case l.Quantity < 1:
		return fmt.Errorf("quantity %d", l.Quantity)
	case l.Currency != d.currency || l.TotalPrice.Currency != d.currency:
		return fmt.Errorf("currency %s in a pool of %s", l.Currency, d.currency)
	case l.UnitPrice.Micros <= 0:
		return fmt.Errorf("price %s", l.UnitPrice.Decimal())
	case !byHand && row.SavingLow.Micros <= 0: // M1
		return fmt.Errorf("the pool saves %s at worst", row.SavingLow.Decimal())
	case row.Saving.Cmp(row.PayGCost) >= 0: // M3
		return fmt.Errorf("a saving of %s on a cost of %s", row.Saving.Decimal(), row.PayGCost.Decimal())
	case !byHand && l.Marginal.Last.Has && d.market.uniform() && l.Marginal.Last.Value <= l.Marginal.Threshold && len(row.Buy) == 1 && !d.changes(): // M1
		return fmt.Errorf("the last unit is used %v, at or below the threshold %v", l.Marginal.Last.Value, l.Marginal.Threshold)
	case l.BillingPlan != "upfront" && l.BillingPlan != "monthly": // M13
		return fmt.Errorf("billing plan %q", l.BillingPlan)
	}
	most := int64(0) // M2
	for _, bound := range append([]*ahead{d.low, d.long}, d.bounds...) {
		most = max(most, bound.most())
	}
	if step := l.Ratio * 1_000_000; !byHand && l.Quantity > 1 && (l.Quantity-1)*step >= most {
		return fmt.Errorf("quantity %d exceeds the peak of the uncovered demand", l.Quantity)
	}
	return nil
}

// changes reports whether existing reservations start or end within the horizon, so that the year ahead differs from the
// years after it.
func (d *decision) changes() bool { return len(d.long.parts) > d.long.years || len(d.starts) > 1 }

// differ reports whether two sums that should be equal differ by more than the rounding of n parts.
func differ(a, b money.Amount, n int64) bool {
	apart := a.Micros - b.Micros
	return max(apart, -apart) > n+1
}
