package recommend

import (
	"fmt"
	"slices"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// references computes what Microsoft's own rule recommends on the same window: for each size by itself, shared scope, the
// quantity among those that occurred with the lowest cost of the window (domain 2.1). It sees neither the flexibility
// group nor how long demand lasts, which is why it differs from the plan.
func (d *decision) references(in *Input) ([]Reference, error) {
	if len(d.market.rates) == 0 {
		return nil, nil
	}
	var refs []Reference
	for _, size := range sortedSizes(d.market.rates) {
		hours := d.instances(size)
		for _, term := range termsOf {
			offer, ok := d.offerOf(Purchase{Size: size, Term: term})
			if !ok {
				continue
			}
			ref, err := d.reference(offer, hours)
			if err != nil {
				return nil, err
			}
			if ref.Quantity > 0 {
				ref.LookbackDays = in.Analysis.Window.Days() - d.first
				ref.Difference = d.difference(ref)
				refs = append(refs, ref)
			}
		}
	}
	return refs, nil
}

// instances returns the micro-instances of one size in each hour of the window, Flat, less what a reservation covered on
// the rows: Microsoft's rule leaves covered usage out. The rows do not say which hours were covered, so it is taken off
// evenly.
func (d *decision) instances(size catalog.Size) []int64 {
	total := make([]int64, len(d.classes[0].class))
	used, covered := int64(0), int64(0)
	for i := range d.pool.Members {
		member := &d.pool.Members[i]
		if member.Size != size {
			continue
		}
		covered += member.Covered
		for h, n := range member.Series.Flat {
			total[h] += n
			used += n
		}
	}
	if used > 0 && covered > 0 {
		share := bill.Frac(max(0, used-covered), used)
		for h := range total {
			total[h], _ = bill.Whole(total[h]).Mul(share).Round()
		}
	}
	return withoutGaps(total, d.pool.Gaps)[d.unseen():]
}

// reference finds the quantity of one offer with the lowest cost over the window.
func (d *decision) reference(offer pricing.Offer, hours []int64) (Reference, error) {
	ref := Reference{
		Customer: d.pool.Customer, Scope: sharedScope, Region: d.pool.Region, Size: offer.Size, Term: offer.Term, Currency: d.currency,
	}
	rate := d.market.rates[offer.Size].rate
	quantities := []int64{0}
	for _, n := range hours {
		quantities = append(quantities, (n+demand.Full-1)/demand.Full)
	}
	slices.Sort(quantities)
	var best, nothing bill.Exact
	for i, q := range slices.Compact(quantities) {
		cost := windowCost(q, offer, rate, hours)
		if i == 0 {
			best, nothing = cost, cost
		}
		if cost.Cmp(best) < 0 {
			best, ref.Quantity = cost, q
		}
	}
	var err error
	if ref.CostWithout, err = amountOf(nothing, d.currency); err != nil {
		return ref, err
	}
	if ref.CostWith, err = amountOf(best, d.currency); err != nil {
		return ref, err
	}
	ref.NetSavings, err = ref.CostWithout.Sub(ref.CostWith)
	return ref, err
}

// windowCost is q·H·r + p·Σ max(0, u_h − q) in micro-units.
func windowCost(q int64, offer pricing.Offer, rate money.Rate, hours []int64) bill.Exact {
	over := int64(0)
	for _, n := range hours {
		over += max(0, n-q*demand.Full)
	}
	reserved := bill.Whole(offer.Total.Micros).Mul(bill.Whole(q)).Mul(bill.Frac(int64(len(hours)), offer.Term.Hours()))
	return reserved.Add(bill.Whole(int64(rate)).Mul(bill.Frac(over, demand.Full)).Quo(bill.Whole(10_000)))
}

func amountOf(micros bill.Exact, currency money.Code) (money.Amount, error) {
	n, ok := micros.Round()
	if !ok {
		return money.Amount{}, fmt.Errorf("%s: %w", micros, money.ErrOverflow)
	}
	return money.New(n, currency), nil
}

// difference says in one sentence why the plan differs from the rule.
func (d *decision) difference(ref Reference) string {
	row, _ := d.chosenRow()
	ours := int64(0)
	for _, p := range row.Buy {
		ours += p.Quantity * d.market.ratios[p.Size]
	}
	switch {
	case ours == 0:
		return "the plan buys nothing for this pool: see not_recommended"
	case d.pool.Flexible && len(sizesOf(d.pool)) > 1:
		return fmt.Sprintf("the rule sees %s alone; the plan decides for all sizes of %s together, whose reservations are interchangeable, and weighs how long the demand lasts", sizeText(ref.Size), d.pool.Group)
	case row.Choice != Choice(ref.Term.String()):
		return "the rule repeats the window for the whole term; the plan weighs one year against three by how long the demand lasts"
	}
	return "same usage; the plan decides on the worst case of unknown hours, nets existing reservations to their expiry and weighs how long the demand lasts"
}
