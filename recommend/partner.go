package recommend

import (
	"fmt"
	"math"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
)

// Sides of a purchase. The customer compares the reservation with the pay-as-you-go price, the partner with that price less the partner
// earned credit, which ends on what a reservation covers.
const (
	Customer = "customer"
	Partner  = "partner"
	Both     = "both"
	Neither  = "neither" // only what was set by hand
)

// terms returns what stands between list, cost and price.
func (p Policy) terms() pricing.PartnerTerms {
	return pricing.PartnerTerms{CreditBasisPoints: basisPoints(p.PartnerCreditRate), MarkupBasisPoints: basisPoints(p.Markup), ReservationMarkupBasisPoints: basisPoints(p.Markup)}
}

// payer returns what pay-as-you-go at list costs the side whose cost is minimised: list for the customer, list less the earned credit for
// the partner, rounded to 1e-10 an hour.
func (p Policy) payer(list money.Rate) money.Rate {
	if p.Objective != Partner {
		return list
	}
	cost, err := p.terms().CostRate(list)
	if err != nil { // a share of a rate fits where the rate did
		return list
	}
	return cost
}

// priceWords says what was done to a pay-as-you-go price of a source.
func (p Policy) priceWords(source string) string {
	if p.Objective != Partner || p.PartnerCreditRate == 0 {
		return source
	}
	return fmt.Sprintf("%s, less %s partner earned credit", source, percent(p.PartnerCreditRate))
}

// partner returns the line as both sides see it; nil where the policy knows neither credit nor markup, and no
// price list of the customer.
func (d *decision) partner(l *Line, before, after order, in *Input) (*PartnerView, error) {
	credit, markup := in.Policy.PartnerCreditRate, in.Policy.Markup
	if credit == 0 && markup == 0 && in.CustomerBook == nil {
		return nil, nil
	}
	terms := in.Policy.terms()
	v := &PartnerView{}
	var err error
	if v.CostMonth, err = l.TotalPrice.MulDiv(1, int64(12*l.Term.Years())); err != nil {
		return nil, err
	}
	unit, err := in.soldUnit(l)
	if err != nil {
		return nil, err
	}
	if v.PriceMonth, err = unit.MulDiv(l.Quantity, int64(12*l.Term.Years())); err != nil {
		return nil, err
	}
	if v.MarginMonth, err = v.PriceMonth.Sub(v.CostMonth); err != nil {
		return nil, err
	}
	avoided, err := d.low.amount(d.low.evaluate(before).payg.Sub(d.low.evaluate(after).payg), pricing.HoursOfMonth, d.currency)
	if err != nil {
		return nil, err
	}
	if in.Policy.Objective == Partner { // avoided at the partner's cost: back to list
		if avoided, err = avoided.MulDiv(10_000, int64(10_000-terms.CreditBasisPoints)); err != nil {
			return nil, err
		}
	}
	if v.CreditLostMonth, err = terms.CreditLost(avoided); err != nil {
		return nil, err
	}
	return v, v.sides(l, in.Policy)
}

// sides fills thresholds and savings of both sides, and for whom the line is good: whoever's threshold the last unit exceeds, as far as
// it is known, and who saves.
func (v *PartnerView) sides(l *Line, policy Policy) error {
	kept, err := 1-policy.PartnerCreditRate, error(nil)
	if policy.Objective == Partner {
		v.Threshold, v.CustomerThreshold, v.SavingMonth = l.Marginal.Threshold, l.Marginal.Threshold*kept, l.SavingMonth
		v.CustomerSavingMonth, err = l.SavingMonth.Add(v.CreditLostMonth)
	} else {
		v.Threshold, v.CustomerThreshold, v.CustomerSavingMonth = l.Marginal.Threshold/kept, l.Marginal.Threshold, l.SavingMonth
		v.SavingMonth, err = l.SavingMonth.Sub(v.CreditLostMonth)
	}
	v.judge(l)
	return err
}

// judge says for whom a line is good.
func (v *PartnerView) judge(l *Line) {
	good := func(saving money.Amount, threshold float64) bool {
		return saving.Micros > 0 && (!l.Marginal.Last.Has || l.Marginal.Last.Value > threshold)
	}
	switch partner, customer := good(v.SavingMonth, v.Threshold), good(v.CustomerSavingMonth, v.CustomerThreshold); {
	case partner && customer:
		v.GoodFor = Both
	case customer:
		v.GoodFor = Customer
	case partner:
		v.GoodFor = Partner
	default:
		v.GoodFor = Neither
	}
}

// soldUnit returns what the customer pays for one instance of a line: by its own list, else the partner's price and the markup.
func (in *Input) soldUnit(l *Line) (money.Amount, error) {
	if in.CustomerBook != nil {
		if offer, err := in.CustomerBook.Offer(l.Size, l.Region, pricing.Linux, l.Term, l.Currency); err == nil {
			return offer.Total, nil
		}
	}
	return in.Policy.terms().SoldTotal(l.UnitPrice)
}

// Words says for whom a line is not good; empty where it is good for both.
func (v *PartnerView) Words() string {
	switch v.GoodFor {
	case Customer:
		return fmt.Sprintf("good for the customer only: the partner's earned credit ends, so that the last unit would have to be used %s of the hours and the partner's own cost changes by %s %s a month",
			percent(v.Threshold), money.New(-v.SavingMonth.Micros, v.SavingMonth.Currency).Round(), v.SavingMonth.Currency)
	case Partner:
		return fmt.Sprintf("good for the partner only: for the customer the last unit would have to be used %s of the hours", percent(v.CustomerThreshold))
	case Neither:
		return "good for neither side"
	}
	return ""
}

// basisPoints turns a share into 1/100 of a percent.
func basisPoints(share float64) int { return int(math.Round(share * 10_000)) }

// margins fills what stays with the partner of each bottom line.
func (p *Plan) margins(in *Input) error {
	sold := p.ForCustomer()
	if in.Policy.PartnerCreditRate == 0 && in.Policy.Markup == 0 && in.Policy.CustomerPrices == "" || sold == nil {
		return nil
	}
	for i := range p.Totals {
		m, err := p.margin(&p.Totals[i], &sold.Totals[i], in.Policy)
		if err != nil {
			return fmt.Errorf("recommend: the margin of %s: %w", p.Totals[i].Customer, err)
		}
		p.Totals[i].Margin = m
	}
	return nil
}

// margin sets what the customer pays against what the partner does. A commitment earns no credit.
func (p *Plan) margin(t, sold *Total, policy Policy) (*Margin, error) {
	committed := money.New(0, t.Currency)
	for i := range p.Lines {
		l := &p.Lines[i]
		if l.Customer != t.Customer || l.Currency != t.Currency {
			continue
		}
		month, err := l.TotalPrice.MulDiv(1, int64(12*l.Term.Years()))
		if err == nil {
			committed, err = committed.Add(month)
		}
		if err != nil {
			return nil, err
		}
	}
	hourly, err := t.PlanMonth.Sub(committed)
	if err != nil {
		return nil, err
	}
	m := &Margin{PriceToday: sold.PayGMonth, PricePlan: sold.PlanMonth}
	if m.CreditToday, m.CostToday, err = policy.ofHours(t.PayGMonth); err != nil {
		return nil, err
	}
	if m.CreditPlan, m.CostPlan, err = policy.ofHours(hourly); err != nil {
		return nil, err
	}
	if m.CostPlan, err = m.CostPlan.Add(committed); err != nil {
		return nil, err
	}
	if m.Today, err = m.PriceToday.Sub(m.CostToday); err != nil {
		return nil, err
	}
	m.Plan, err = m.PricePlan.Sub(m.CostPlan)
	return m, err
}

// ofHours returns the credit on pay-as-you-go that a plan states, and what it costs less that: the objective Partner states it so already.
func (p Policy) ofHours(payg money.Amount) (credit, cost money.Amount, err error) {
	points := int64(p.terms().CreditBasisPoints)
	if p.Objective == Partner {
		credit, err = payg.MulDiv(points, 10_000-points)
		return credit, payg, err
	}
	if credit, err = p.terms().CreditLost(payg); err != nil {
		return credit, payg, err
	}
	cost, err = payg.Sub(credit)
	return credit, cost, err
}
