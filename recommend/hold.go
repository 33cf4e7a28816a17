package recommend

import (
	"fmt"
	"slices"
	"time"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/recommend/forecast"
)

// young counts the gates of a pool whose demand began inside the window from the day on which it began: what was not there yet says
// nothing of how it will be used.
func (d *decision) young(basis forecast.Basis, in *Input) {
	if basis.Began == 0 {
		return
	}
	if d.days = min(d.pool.Days, basis.Days); len(d.terms) == 0 || d.days >= in.Policy.MinDaysNormal {
		return
	}
	subject := fmt.Sprintf("%s in %s", d.pool.Group, d.pool.Region)
	began := in.Analysis.Window.From.AddDate(0, 0, basis.Began).Format(time.DateOnly)
	if d.days < in.Policy.MinDaysOneYear {
		d.terms = nil
		d.refuse(subject, "too_few_days", fmt.Sprintf("its demand began on %s, %d complete days ago; a commitment needs at least %d", began, d.days, in.Policy.MinDaysOneYear))
		return
	}
	if slices.Contains(d.terms, pricing.ThreeYear) {
		d.terms = slices.DeleteFunc(d.terms, func(t pricing.Term) bool { return t == pricing.ThreeYear })
		d.refuse(subject+", "+pricing.ThreeYear.String(), "too_few_days", fmt.Sprintf("its demand began on %s, %d complete days ago; three years need at least %d", began, d.days, in.Policy.MinDaysNormal))
	}
}

// careful returns what is left of the choice when a short history is believed at its lower end only, and losses weigh as much as the
// policy says; why is empty where that changes nothing.
func (d *decision) careful(in *Input) (whole order, why string, err error) {
	if d.result.Chosen == Set || d.result.Chosen == PAYG {
		return d.whole, "", nil
	}
	if d.days < in.Policy.MinDaysNormal {
		if whole, why = d.surely(in); why != "" {
			return whole, why, nil
		}
	}
	if in.Policy.onFan() && in.ahead.portfolio != nil {
		return d.onFan(in)
	}
	return d.whole, "", nil
}

// surely keeps one-year purchases to the units that are used enough even at the lower end of what the days since the demand began tell.
func (d *decision) surely(in *Input) (whole order, why string) {
	offer, ok := d.step(pricing.OneYear)
	threshold := d.threshold(pricing.OneYear)
	if !ok || !threshold.Has {
		return d.whole, ""
	}
	began := d.result.Demand.Stacked[24*d.began:]
	gaps := make([]int, 0, len(d.pool.Gaps))
	for _, g := range d.pool.Gaps {
		gaps = append(gaps, g-d.began)
	}
	prior, peers := forecast.Use{Mean: 0.5}, ""
	if in.ahead.portfolio != nil {
		if prior = in.ahead.portfolio.Use(d.pool.Customer); prior.Pools > 0 {
			peers = fmt.Sprintf(", beside %d pools known for longer, whose steps are used %s of the hours", prior.Pools, percent(prior.Mean))
		}
	}
	ratio := d.market.ratios[offer.Size]
	most := forecast.Sure(withoutGaps(began, gaps), ratio*demand.Full/d.result.UnitRatio, d.days, threshold.Value, prior) * ratio
	before := d.whole.unitsNow(d, pricing.OneYear)
	if before <= most {
		return d.whole, ""
	}
	return d.whole.upTo(d, pricing.OneYear, most), fmt.Sprintf("%d days are a short history: %s of %s is bought, what is used enough even at the lower end (5 %%) of what so few days tell%s",
		d.days, d.unitsText(most), d.unitsText(before), peers)
}

// onFan takes of the choice what costs least on the pool's futures, the worst of them weighed as the policy says.
func (d *decision) onFan(in *Input) (whole order, why string, err error) {
	d.fanPool(in)
	fan, err := in.ahead.portfolio.Fan(&d.ahead)
	if err != nil {
		return nil, "", err
	}
	ratio := d.result.UnitRatio
	three, one := d.whole.unitsNow(d, pricing.ThreeYear)/ratio, d.whole.unitsNow(d, pricing.OneYear)/ratio
	can := func(t pricing.Term) bool { return slices.Contains(d.terms, t) }
	best, err := fan.Within(three, one, forecast.Terms{OneYear: can(pricing.OneYear), ThreeYear: can(pricing.ThreeYear)})
	if err != nil {
		return nil, "", err
	}
	d.futures = fmt.Sprintf("decided on %d futures: of what the recent hours support, %s cost least over three years, renewals included", best.Basis.Paths, d.termsText(best.ThreeYear, best.OneYear))
	d.fanSaves = best.Saving
	if best.ThreeYear == three && best.OneYear == one {
		return d.whole, "", nil
	}
	whole = d.whole.upTo(d, pricing.ThreeYear, best.ThreeYear*ratio).upTo(d, pricing.OneYear, best.OneYear*ratio)
	if offer, ok := d.step(pricing.OneYear); ok && best.OneYear > one {
		whole[ticketKey{offer.Size, pricing.OneYear, 0}] += (best.OneYear - one) * ratio / d.market.ratios[offer.Size]
	}
	words := "the futures support less than the recent hours"
	if a := in.Policy.RiskAversion; a > 0 {
		words = "the policy weighs the worst futures with " + percent(a)
	}
	return whole, fmt.Sprintf("%s: %s instead of %s", words, d.termsText(best.ThreeYear, best.OneYear), d.termsText(three, one)), nil
}

// termsText says quantities of the unit size for three years and for one.
func (d *decision) termsText(three, one int64) string {
	ratio := d.result.UnitRatio
	switch {
	case three == 0 && one == 0:
		return "nothing"
	case three == 0:
		return d.unitsText(one*ratio) + " for one year"
	case one == 0:
		return d.unitsText(three*ratio) + " for three years"
	}
	return d.unitsText(three*ratio) + " for three years and " + d.unitsText(one*ratio) + " for one"
}

// hold makes the pool buy what is left, and says why.
func (d *decision) hold(whole order, why string) error {
	if sameOrder(d.whole, whole) {
		return d.prove(d.mixed)
	}
	d.result.Held = why
	return d.restrict(whole)
}

// exceeds reports whether an order buys more today, of three years or of both terms, than caution left.
func (d *decision) exceeds(o order) bool {
	if d.result.Held == "" {
		return false
	}
	three, one := d.whole.unitsNow(d, pricing.ThreeYear), d.whole.unitsNow(d, pricing.OneYear)
	otherThree, otherOne := o.unitsNow(d, pricing.ThreeYear), o.unitsNow(d, pricing.OneYear)
	return otherThree > three || otherThree+otherOne > three+one
}

// unitsNow returns the units, as ratios count them, that are bought today for a term.
func (o order) unitsNow(d *decision, term pricing.Term) int64 {
	units := int64(0)
	for key, n := range o {
		if key.at == 0 && key.term == term {
			units += n * d.market.ratios[key.size]
		}
	}
	return units
}

// upTo returns the order with at most so many units bought today for a term; of several sizes the largest are kept. No more is renewed
// after a year than is bought today.
func (o order) upTo(d *decision, term pricing.Term, most int64) order {
	left := order{}
	var keys []ticketKey
	for key, n := range o {
		left[key] = n
		if key.at == 0 && key.term == term {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b ticketKey) int {
		if ra, rb := d.market.ratios[a.size], d.market.ratios[b.size]; ra != rb {
			return int(rb - ra)
		}
		return slices.Compare([]byte(a.size), []byte(b.size))
	})
	for _, key := range keys {
		ratio := d.market.ratios[key.size]
		n := min(left[key], most/ratio)
		most -= n * ratio
		if left[key] = n; n == 0 {
			delete(left, key)
		}
		for again := range o {
			if again.size == key.size && again.term == term && again.at > 0 && again.at%pricing.HoursOfYear == 0 && !d.opens(again.at) {
				if left[again] = min(left[again], n); n == 0 {
					delete(left, again)
				}
			}
		}
	}
	return left
}

// unitsText says units, as ratios count them, in sizes of the pool's unit.
func (d *decision) unitsText(units int64) string {
	return fmt.Sprintf("%d x %s", units/d.result.UnitRatio, sizeText(d.result.UnitSize))
}
