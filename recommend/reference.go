package recommend

import (
	"fmt"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/rule"
)

// references computes what Microsoft's own rule recommends on the hours of the plan's own figures, with the sizes that the plan leaves:
// for each size by itself, at the shared scope. It is what the plan is compared with; what Microsoft's recommender itself would print is in
// Plan.Asked.
func (d *decision) references(in *Input) ([]Reference, error) {
	if len(d.market.rates) == 0 {
		return nil, nil
	}
	var refs []Reference
	for _, size := range sortedSizes(d.market.rates) {
		asks := rule.New(d.instances(size), rateOf(d.market.rates[size].rate), rateOf(0))
		for _, term := range termsOf {
			offer, ok := d.offerOf(Purchase{Size: size, Term: term})
			if !ok {
				continue
			}
			ref, err := d.reference(offer, asks)
			if err != nil {
				return nil, err
			}
			if ref.Quantity > 0 {
				ref.LookbackDays = in.Analysis.Window.Days() - d.first
				ref.Difference, ref.pool = d.difference(ref), d.result.ID
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
		scaleTo(total, used-covered, used)
	}
	return withoutGaps(total, d.pool.Gaps)[d.unseen():]
}

// scaleTo multiplies hours by a share, at least 0.
func scaleTo(hours []int64, part, whole int64) {
	share := bill.Frac(max(0, part), whole)
	for h := range hours {
		hours[h], _ = bill.Whole(hours[h]).Mul(share).Round()
	}
}

// reference asks the rule about one offer.
func (d *decision) reference(offer pricing.Offer, asks rule.Rule) (Reference, error) {
	best := asks.Reserving(bill.Frac(offer.Total.Micros, offer.Term.Hours())).Best()
	ref := Reference{
		Customer: d.pool.Customer, Scope: sharedScope, Region: d.pool.Region, Size: offer.Size, Term: offer.Term, Currency: d.currency, Quantity: best.Quantity,
	}
	var err error
	if ref.CostWithout, err = amountOf(best.OnDemand, d.currency); err != nil {
		return ref, err
	}
	if ref.CostWith, err = amountOf(best.Total(), d.currency); err != nil {
		return ref, err
	}
	ref.NetSavings, err = ref.CostWithout.Sub(ref.CostWith)
	return ref, err
}

// rateOf is a rate in micro-units an hour.
func rateOf(rate money.Rate) bill.Exact { return bill.Frac(int64(rate), 10_000) }

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
