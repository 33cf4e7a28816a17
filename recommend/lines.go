package recommend

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// id names what a thing is about, not its figures: it stays the same from run to run.
func id(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return parts[0] + "-" + hex.EncodeToString(sum[:6])
}

// linesOf turns the purchases that were chosen for a pool into order lines. The saving of the pool is attributed in the
// order of purchase, long terms and large sizes first: each line gets what it adds to those before it, so that the lines
// sum to the pool.
func (d *decision) linesOf(in *Input) ([]Line, error) {
	row, ok := d.chosenRow()
	if !ok || len(row.Buy) == 0 {
		return nil, nil
	}
	if d.lines != nil {
		return d.lines, nil
	}
	var lines []Line
	done := order{}
	for _, p := range row.Buy {
		line, err := d.line(p, done, in)
		if err != nil {
			return nil, err
		}
		done[ticketKey{p.Size, p.Term, 0}] += p.Quantity
		lines = append(lines, line)
	}
	d.lines = lines
	return lines, nil
}

func (d *decision) chosenRow() (Compared, bool) {
	for _, row := range d.result.Compare {
		if row.Choice == d.result.Chosen {
			return row, d.result.Chosen != PAYG
		}
	}
	return Compared{}, false
}

// line makes the order line of p, bought after the order before it.
func (d *decision) line(p Purchase, before order, in *Input) (Line, error) {
	offer, ok := d.offerOf(p)
	if !ok {
		return Line{}, fmt.Errorf("pool %s: no offer for %s %s", d.result.ID, p.Size, p.Term)
	}
	l := Line{
		ID: id("line", d.pool.Customer, d.lineScope(), string(d.pool.Region), string(p.Size), p.Term.String()), Pool: d.result.ID,
		Customer: d.pool.Customer, Subscription: d.scope.subscription, Scope: d.scope.String(), Region: d.pool.Region, Size: p.Size, Term: p.Term, Quantity: p.Quantity,
		Ratio: d.market.ratios[p.Size], Flexible: d.pool.Flexible, BillingPlan: in.Policy.BillingPlan,
		UnitPrice: offer.Total, Currency: d.currency, PriceSource: priceSource(offer), PartnerOnRecord: in.Policy.PartnerOnRecord,
		Marginal: d.marginalOf(p.Term),
	}
	l.NormalizedSize, l.QuantityNormalized = d.normalized(p)
	var err error
	if l.TotalPrice, err = offer.Total.Mul(p.Quantity); err != nil {
		return l, err
	}
	after := order{}
	for k, q := range before {
		after[k] = q
	}
	after[ticketKey{p.Size, p.Term, 0}] += p.Quantity
	if err := d.lineSavings(&l, before, after); err != nil {
		return l, err
	}
	d.lineBreakEven(&l, before, after, in)
	l.Partner, err = d.partner(&l, before, after, in)
	d.explain(&l, offer, in)
	return l, err
}

// lineScope is the scope that the ID of a line names: a question of another scope is asked of the same line.
func (d *decision) lineScope() string {
	if d.piece {
		return d.scope.name
	}
	return sharedScope
}

// lineSavings fills the savings of a line: what it adds under each reading of the usage.
func (d *decision) lineSavings(l *Line, before, after order) error {
	var err error
	saved := func(a *ahead, hours int64) money.Amount {
		var m money.Amount
		if err == nil {
			m, err = a.amount(a.evaluate(before).cost().Sub(a.evaluate(after).cost()), hours, d.currency)
		}
		return m
	}
	l.SavingWindow, l.SavingMonth = saved(d.low, int64(d.result.Hours)), saved(d.low, pricing.HoursOfMonth)
	l.SavingMonthLow, l.SavingMonthHigh = l.SavingMonth, l.SavingMonth
	for _, bound := range d.bounds {
		other := saved(bound, pricing.HoursOfMonth)
		l.SavingMonthLow, l.SavingMonthHigh = lesser(l.SavingMonthLow, other), greater(l.SavingMonthHigh, other)
	}
	if l.Term == pricing.OneYear {
		l.SavingTerm = saved(d.low, pricing.HoursOfYear)
	} else {
		l.SavingTerm = saved(d.long, l.Term.Hours())
	}
	return err
}

// lineBreakEven fills the months until the usage that the line covers would have cost its term total at pay-as-you-go.
func (d *decision) lineBreakEven(l *Line, before, after order, in *Input) {
	avoided := d.low.evaluate(before).payg.Sub(d.low.evaluate(after).payg)
	if avoided.Sign() <= 0 {
		return
	}
	months := bill.Whole(l.TotalPrice.Micros).Mul(bill.Whole(moneyScale)).Quo(avoided).Mul(bill.Whole(12)).Float()
	if months > float64(12*l.Term.Years()) {
		return
	}
	l.BreakEvenMonths = Fraction{months, true}
	l.BreakEvenDate = afterMonths(in.Analysis.AsOf, months)
}

// afterMonths returns the day on which so many months, of a twelfth of 365 days, are over.
func afterMonths(day time.Time, months float64) time.Time {
	return day.AddDate(0, 0, int(months*365/12+0.999999))
}

// offerOf returns the offer that p buys.
func (d *decision) offerOf(p Purchase) (pricing.Offer, bool) {
	for _, o := range d.market.offers[p.Term] {
		if o.Size == p.Size {
			return o, true
		}
	}
	return pricing.Offer{}, false
}

// normalized returns the smallest size of the group that can be bought, and the quantity counted in it.
func (d *decision) normalized(p Purchase) (catalog.Size, float64) {
	size, ratio := d.unit()
	return size, float64(p.Quantity*d.market.ratios[p.Size]) / float64(ratio)
}

func (d *decision) marginalOf(term pricing.Term) Marginal {
	for _, m := range d.result.Marginal {
		if m.Term == term {
			return m
		}
	}
	return Marginal{Term: term}
}

func priceSource(o pricing.Offer) string {
	text := o.Source
	if !o.Since.IsZero() {
		text += ", effective " + o.Since.Format(time.DateOnly)
	}
	if o.Line != "" {
		text += " (" + o.Line + ")"
	}
	return text
}

// explain says in words why the line is worth buying, what it rests on and what could make it wrong.
func (d *decision) explain(l *Line, offer pricing.Offer, in *Input) {
	m := l.Marginal
	verdict := catalog.Eligible(l.Size, l.Term.Years(), in.Analysis.AsOf)
	l.Eligibility = append(l.Eligibility, fmt.Sprintf("reservations of this size for %s are sold on %s: %s", years(l.Term), in.Analysis.AsOf.Format(time.DateOnly), yes(verdict.OK)),
		"scope is shared at purchase under the Azure plan; a narrower scope is a second step",
		"check before buying: active and registered subscription, agreement, market, agents' access", l.quotaWords())
	if d.piece {
		l.Eligibility = append(l.Eligibility, d.pieceWords()...)
	}
	if d.result.Chosen == Set {
		l.Reasons = append(l.Reasons, d.setWords())
	}
	if m.Last.Has {
		l.Reasons = append(l.Reasons, fmt.Sprintf("the last unit (%s) is used %s of the hours, %s the %s it must be used to pay for itself", m.Unit, percent(m.Last.Value), aboveOrNot(m), percent(m.Threshold)))
	}
	if m.Next.Has {
		l.Reasons = append(l.Reasons, fmt.Sprintf("the next unit would be used %s; needed: %s, because the demand is assumed to end with %s a month", percent(m.Next.Value), percent(m.Required), percent(d.result.Persistence.MonthlyLoss)))
	}
	if m.TieAtThreshold {
		l.Reasons = append(l.Reasons, "the next unit would exactly break even: the smaller quantity is taken")
	}
	if d.result.Persistence.FlipsAt.Has {
		l.Reasons = append(l.Reasons, fmt.Sprintf("three years beat one year renewed while the demand ends with less than %s a month", percent(d.result.Persistence.FlipsAt.Value)))
	}
	if !d.pool.Exact {
		l.Reasons = append(l.Reasons, "some hours of the day are not known; decided on the worst case (all partial machines at the same hours), the range shows both ends")
	}
	if len(offer.Suspect) > 0 {
		l.Reasons = append(l.Reasons, "the reservation price looks odd: "+strings.Join(offer.Suspect, ", ")+"; ask for it again before buying")
	}
	if l.Partner != nil && l.Partner.Words() != "" {
		l.Reasons = append(l.Reasons, l.Partner.Words())
	}
	for _, e := range d.existing {
		if e.widened != "" {
			l.Reasons = append(l.Reasons, fmt.Sprintf("existing reservation %s: %d x %s until %s is counted first, its scope widened from %s to %s: do that before buying", e.ID, e.Quantity, e.Size, e.Until.Format(time.DateOnly), e.widened, e.Scope))
			continue
		}
		l.Reasons = append(l.Reasons, fmt.Sprintf("existing reservation %s: %d x %s until %s is counted first", e.ID, e.Quantity, e.Size, e.Until.Format(time.DateOnly)))
	}
	l.Reasons = append(l.Reasons, d.plannedBeside()...)
	l.Evidence = append(l.Evidence, fmt.Sprintf("usage of %d complete days, %s to %s", d.pool.Days, in.Analysis.Window.From.Format(time.DateOnly), in.Analysis.Window.To.Format(time.DateOnly)))
	for _, rate := range d.result.Rates {
		l.Evidence = append(l.Evidence, fmt.Sprintf("pay-as-you-go %s: %s %s an hour, %s", rate.Size, rate.Rate.Decimal(), d.currency, rate.Source))
	}
	l.Evidence = append(l.Evidence, fmt.Sprintf("reservation %s %s: %s %s for the term, %s", l.Size, l.Term, offer.Total.Decimal(), d.currency, priceSource(offer)))
}

func aboveOrNot(m Marginal) string {
	if m.Last.Value > m.Threshold {
		return "above"
	}
	return "not above"
}

// setWords says that a quantity was set by hand, and what the plan would have chosen.
func (d *decision) setWords() string {
	best := d.result.Compare[0]
	for _, row := range d.result.Compare {
		if row.Choice != Set && row.ExpectedSaving.Cmp(best.ExpectedSaving) > 0 {
			best = row
		}
	}
	var parts []string
	for _, p := range best.Buy {
		parts = append(parts, fmt.Sprintf("%d x %s for %s", p.Quantity, p.Size, years(p.Term)))
	}
	if len(parts) == 0 {
		parts = []string{"nothing"}
	}
	if !d.scope.shared() {
		return fmt.Sprintf("evaluated for %s alone, by hand; the plan's own choice applies everywhere and is %s", d.scope, strings.Join(parts, " and "))
	}
	return "set by hand; the plan's own choice is " + strings.Join(parts, " and ")
}

// plannedBeside says what the plan buys later for the same demand.
func (d *decision) plannedBeside() []string {
	var keys []ticketKey
	for key := range d.later {
		if d.opens(key.at) {
			keys = append(keys, key)
		}
	}
	sort.Slice(keys, func(i, j int) bool {
		a, b := keys[i], keys[j]
		return a.at < b.at || a.at == b.at && (a.term > b.term || a.term == b.term && a.size < b.size)
	})
	var said []string
	for _, key := range keys {
		said = append(said, fmt.Sprintf("%d x %s for %s are planned for %s, when owned reservations end: bought now they would be paid twice until then",
			d.later[key], key.size, years(key.term), d.day(key.at).Format(time.DateOnly)))
	}
	return said
}

func years(t pricing.Term) string {
	if t.Years() == 1 {
		return "one year"
	}
	return fmt.Sprintf("%d years", t.Years())
}

func yes(ok bool) string {
	if ok {
		return "yes"
	}
	return "no"
}

// percent prints a share for a sentence.
func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
