package recommend

import (
	"errors"
	"fmt"
	"slices"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
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
func (p *Plan) check(decisions []*decision, in *Input) error {
	byPool := map[string]*decision{}
	for _, d := range decisions {
		byPool[d.result.ID] = d
	}
	sums := map[string]money.Amount{}
	for i := range p.Lines {
		l := &p.Lines[i]
		d := byPool[l.Pool]
		for _, assert := range []func(*decision, *Input) error{l.check, l.checkCurrency, l.checkPrice, l.checkGates} {
			if err := assert(d, in); err != nil {
				return fmt.Errorf("recommend: line %s (%d x %s %s): %w", l.ID, l.Quantity, l.Size, l.Term, err)
			}
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
		if row, ok := d.chosenRow(); ok && differ(row.Saving, sum, int64(len(row.Buy))) { // M5
			return fmt.Errorf("recommend: pool %s: the lines save %s, the pool %s", pool, sum.Decimal(), row.Saving.Decimal())
		}
		if err := errors.Join(d.checkPool(), d.checkTie(), d.checkMonotone()); err != nil {
			return fmt.Errorf("recommend: pool %s: %w", pool, err)
		}
	}
	return p.checkTotals()
}

// checkPool asserts what must hold of a pool in which something is bought.
func (d *decision) checkPool() error {
	row, _ := d.chosenRow()
	commitment := bill.Exact{}
	for _, p := range row.Buy {
		commitment = commitment.Add(bill.Whole(d.totalOf(p).Micros).Mul(bill.Frac(p.Quantity*int64(d.result.Hours), p.Term.Hours())))
	}
	now := d.low.evaluate(orderOf(row.Buy))
	rest, err := d.low.amount(now.payg, int64(d.result.Hours), d.currency)
	if err != nil {
		return err
	}
	price, ok := commitment.Round()
	if cost := money.New(price+rest.Micros, d.currency); !ok || differ(cost, row.Cost, 2) { // M4: what is bought is subtracted once, and whole
		return fmt.Errorf("commitments of %d and a rest of %s, a cost of %s", price, rest.Decimal(), row.Cost.Decimal())
	}
	for _, other := range d.result.Compare { // M11: no term that is expected to save more was passed over
		if d.result.Chosen != Set && d.sold == nil && !d.result.Limited && d.result.Held == "" && other.SavingLow.Micros > 0 && differ(other.ExpectedSaving, row.ExpectedSaving, 1) && other.ExpectedSaving.Cmp(row.ExpectedSaving) > 0 && !samePurchases(other.Buy, row.Buy) {
			return fmt.Errorf("%s is expected to save %s, %s only %s", other.Choice, other.ExpectedSaving.Decimal(), row.Choice, row.ExpectedSaving.Decimal())
		}
	}
	return nil
}

// checkTie asserts that what is bought is expected to cost less than buying nothing at all, for a tie is won by pay-as-you-go, and where
// the choice is proved best that the last unit of each term saves something by itself (M10).
func (d *decision) checkTie() error {
	if d.result.Chosen == Set || d.sold != nil {
		return nil
	}
	spent := d.expected.evaluate(d.whole).cost()
	if d.expected.evaluate(nil).cost().Cmp(spent) <= 0 {
		return fmt.Errorf("it is not expected to cost less than pay-as-you-go")
	}
	if d.result.Certificate.Gap > 0 || d.result.Limited || !d.market.uniform() || d.mixesSizes() || d.staggered() {
		return nil
	}
	row, _ := d.chosenRow()
	for _, p := range row.Buy {
		if d.expected.evaluate(d.whole.with(ticketKey{p.Size, p.Term, 0}, -1)).cost().Cmp(spent) < 0 {
			return fmt.Errorf("one %s %s less is expected to cost less", p.Size, p.Term)
		}
	}
	return nil
}

// checkMonotone asserts that a dearer reservation is not bought more, nor anything of it when it costs as much as pay-as-you-go in every
// hour (M12).
func (d *decision) checkMonotone() error {
	for _, term := range d.terms {
		pool, k, ok, err := d.termPool(term)
		if err != nil || !ok {
			return err
		}
		quantity, err := pool.Best()
		if err != nil {
			return err
		}
		for _, dearer := range []int64{pool.Cost + pool.Cost/20 + 1, k.payg * term.Hours()} {
			if dearer < pool.Cost {
				continue
			}
			pool.Cost = dearer
			less, err := pool.Best()
			if err != nil {
				return err
			}
			if less > quantity {
				return fmt.Errorf("%s: %d are bought at a price, %d at a higher one", term, quantity, less)
			}
		}
	}
	return nil
}

// checkTotals asserts that the bottom lines are the sums of their lines, and the calendar pays for all of them (M5, M13).
func (p *Plan) checkTotals() error {
	limit, limited := p.Policy.limit()
	for i := range p.Totals {
		t := &p.Totals[i]
		saving, price, paid := int64(0), int64(0), int64(0)
		for j := range p.Lines {
			if l := &p.Lines[j]; l.Customer == t.Customer && l.Currency == t.Currency {
				saving, price = saving+l.SavingMonth.Micros, price+l.TotalPrice.Micros
			}
		}
		for j := range p.Resizes {
			if r := &p.Resizes[j]; r.Customer == t.Customer && r.AloneMonth.Currency == t.Currency {
				saving += r.AloneMonth.Micros
			}
		}
		for _, c := range t.Cash {
			paid += c.Amount.Micros
		}
		switch {
		case saving != t.Joint.Micros:
			return fmt.Errorf("recommend: %s: lines and resizes save %d micro-units a month, the total says %d", t.Customer, saving, t.Joint.Micros)
		case limited && t.dearest(p.Policy.BillingPlan) > limit:
			return fmt.Errorf("recommend: %s: a month pays %d micro-units, the limit is %d", t.Customer, t.dearest(p.Policy.BillingPlan), limit)
		case price != t.scheduled(func(c *Payment) money.Amount { return c.Upfront }) || price != t.scheduled(func(c *Payment) money.Amount { return c.Monthly }):
			return fmt.Errorf("recommend: %s: the lines cost %d micro-units, the calendars of the billing plans pay another sum", t.Customer, price)
		case price != paid:
			return fmt.Errorf("recommend: %s: the lines cost %d micro-units, the calendar pays %d", t.Customer, price, paid)
		}
	}
	return nil
}

// scheduled adds up one side of the calendar.
func (t *Total) scheduled(side func(*Payment) money.Amount) int64 {
	sum := int64(0)
	for i := range t.Calendar {
		sum += side(&t.Calendar[i]).Micros
	}
	return sum
}

// checkCurrency asserts that every amount of a line is in the currency of its pool (M6).
func (l *Line) checkCurrency(d *decision, _ *Input) error {
	amounts := []money.Amount{l.UnitPrice, l.TotalPrice, l.SavingWindow, l.SavingMonth, l.SavingMonthLow, l.SavingMonthHigh, l.SavingTerm}
	if p := l.Partner; p != nil {
		amounts = append(amounts, p.CostMonth, p.PriceMonth, p.MarginMonth, p.CreditLostMonth, p.SavingMonth, p.CustomerSavingMonth)
	}
	if f := l.Forecast; f != nil {
		amounts = append(amounts, f.SavingMonthMean, f.P5, f.P95)
	}
	for _, a := range amounts {
		if a.Currency != d.currency {
			return fmt.Errorf("%s %s in a pool of %s", a.Decimal(), a.Currency, d.currency)
		}
	}
	if l.Currency != d.currency || d.currency != money.Code(d.pool.Currency) {
		return fmt.Errorf("currency %s, usage in %s", l.Currency, d.pool.Currency)
	}
	return nil
}

// checkPrice asserts that the price of a line is the book's, of this size, region, term and currency, with its source (M7).
func (l *Line) checkPrice(_ *decision, in *Input) error {
	offer, err := in.Book.Offer(l.Size, l.Region, pricing.Linux, l.Term, l.Currency)
	switch {
	case err != nil:
		return err
	case offer.Total != l.UnitPrice:
		return fmt.Errorf("price %s, the book says %s", l.UnitPrice.Decimal(), offer.Total.Decimal())
	case l.PriceSource == "":
		return fmt.Errorf("a price without a source")
	}
	total, err := l.UnitPrice.Mul(l.Quantity)
	if err == nil && total != l.TotalPrice {
		err = fmt.Errorf("%d x %s is not %s", l.Quantity, l.UnitPrice.Decimal(), l.TotalPrice.Decimal())
	}
	return err
}

// checkGates asserts that the files cover enough days for the term, and that what is owned is known (M8).
func (l *Line) checkGates(d *decision, in *Input) error {
	least := in.Policy.MinDaysOneYear
	if l.Term.Years() > 1 {
		least = in.Policy.MinDaysNormal
	}
	if d.pool.Days < least {
		return fmt.Errorf("%d complete days, %d are needed", d.pool.Days, least)
	}
	if d.covered() > 0 && !in.HasList {
		return fmt.Errorf("reservations covered some of the usage, and no list of them was given")
	}
	return nil
}

// check asserts what must hold of one line.
func (l *Line) check(d *decision, _ *Input) error {
	row, _ := d.chosenRow()
	byHand := row.Choice == Set || d.sold != nil // evaluated, not recommended: it may lose
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
