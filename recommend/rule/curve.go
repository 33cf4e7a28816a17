package rule

import (
	"fmt"
	"slices"

	"sizeterm/analyzer/demand"
	"sizeterm/recommend/bill"
)

// details reads the answer with the curve and asks our rule the same.
func (p *properties) details() Answer {
	a := Answer{Kind: "details", Scope: p.Scope, Size: p.Resource.Product, Region: p.Resource.Region, Term: p.Savings.ReservationOrderTerm,
		LookbackDays: days(p.Savings.LookBackPeriod), Currency: p.Currency, Quantity: p.Savings.RecommendedQuantity.Exact}
	if len(p.Resource.AppliedScopes) > 0 {
		a.Subscription = p.Resource.AppliedScopes[0]
	}
	a.judge()
	rate, reserved := p.Resource.OnDemandRate.Exact, p.Resource.ReservationRate.Exact
	if rate.Sign() <= 0 || reserved.Sign() <= 0 {
		a.Wrong = append(a.Wrong, "a rate is missing: nothing can be computed again")
		return a
	}
	c := &Curve{}
	for _, o := range p.Savings.CalculatedSavings {
		c.Points = append(c.Points, Point{Quantity: o.Quantity.Exact, OnDemand: o.OnDemandCost.Exact, Reservation: o.ReservationCost.Exact, Overage: o.OverageCost.Exact,
			Total: o.TotalReservationCost.Exact, Saving: o.Savings.Exact})
	}
	slices.SortStableFunc(c.Points, func(x, y Point) int { return x.Quantity.Cmp(y.Quantity) })
	hours, times := c.hoursOf(p.Usage.UsageData, rate, reserved)
	if len(hours) == 0 {
		a.Wrong = append(a.Wrong, "neither usage nor a curve from which the hours could be made")
		return a
	}
	a.Curve = c
	rule := New(hours, rate.Mul(times), reserved.Mul(times))
	c.ask(&a, rule)
	c.choose(&a, rule)
	return a
}

// choose compares the quantity that is recommended with what our rule takes. A curve that was cut short, as published ones are, and does
// not hold that quantity leaves only a range. A tie is no disagreement: ours takes the smaller quantity.
func (c *Curve) choose(a *Answer, rule Rule) {
	best := rule.Best()
	c.Ours, c.Most = best.Quantity, best.Quantity
	listed := slices.ContainsFunc(c.Points, func(p Point) bool { return p.Quantity.Cmp(a.Quantity) == 0 })
	q, ok := a.Quantity.Round()
	ok = ok && a.Quantity.IsWhole() && q >= 0 && q <= mostInstances
	if c.From == "curve" && !listed {
		c.Ours, c.Most = c.bracket(rule.rate.Float(), rule.price.Quo(rule.rate).Float()*float64(c.Hours))
	}
	switch {
	case c.Most > c.Ours && (!ok || q < c.Ours || q > c.Most):
		a.Wrong = append(a.Wrong, fmt.Sprintf("recommendedQuantity is %s, our rule takes %d to %d", a.Quantity, c.Ours, c.Most))
	case c.Most == c.Ours && (!ok || !near(rule.At(q).Total(), best.Total()) && q != c.Ours):
		a.Wrong = append(a.Wrong, fmt.Sprintf("recommendedQuantity is %s, our rule takes %d", a.Quantity, c.Ours))
	}
}

// ask compares every point with our rule.
func (c *Curve) ask(a *Answer, rule Rule) {
	for i := range c.Points {
		pt := &c.Points[i]
		q, ok := pt.Quantity.Round()
		if !ok || !pt.Quantity.IsWhole() || q < 0 || q > mostInstances {
			a.Wrong = append(a.Wrong, fmt.Sprintf("quantity %s is no whole number of instances", pt.Quantity))
			continue
		}
		pt.Ours = rule.At(q)
		for _, figure := range []struct {
			name         string
			theirs, ours bill.Exact
		}{{"onDemandCost", pt.OnDemand, pt.Ours.OnDemand}, {"reservationCost", pt.Reservation, pt.Ours.Reservation}, {"overageCost", pt.Overage, pt.Ours.Overage},
			{"totalReservationCost", pt.Total, pt.Ours.Total()}, {"savings", pt.Saving, pt.Ours.Saving()}} {
			if !near(figure.theirs, figure.ours) {
				a.Wrong = append(a.Wrong, fmt.Sprintf("%s of %d is %.6f, ours is %.6f", figure.name, q, figure.theirs.Float(), figure.ours.Float()))
			}
		}
		if pt.Quantity.Cmp(a.Quantity) == 0 {
			a.NetSavings = pt.Saving
		}
	}
}

// hoursOf returns the micro-instances of the hours behind the curve, and by how many times its money exceeds that of these hours: some
// published answers are stated for a year. Where the usage is cut short, as in most samples, or left out, the hours are made from the curve.
func (c *Curve) hoursOf(usage []number, rate, reserved bill.Exact) (hours []int64, times bill.Exact) {
	sum := bill.Exact{}
	for _, n := range usage {
		micro, ok := n.Mul(bill.Whole(demand.Full)).Round()
		if !ok || micro < 0 || micro > mostInstances*demand.Full || len(usage) > mostHours {
			return nil, bill.Exact{}
		}
		hours, sum = append(hours, micro), sum.Add(n.Exact)
	}
	whole, own := bill.Whole(1), bill.Whole(int64(len(hours)))
	if len(c.Points) == 0 {
		c.Hours, c.From = int64(len(hours)), "usage"
		return hours, whole
	}
	span, at := bill.Exact{}, -1
	for i := range c.Points {
		if c.Points[i].Quantity.Sign() > 0 && c.Points[i].Reservation.Sign() > 0 {
			at = i
		}
	}
	if at < 0 {
		return nil, bill.Exact{}
	}
	span = c.Points[at].Reservation.Quo(reserved.Mul(c.Points[at].Quantity))
	c.Hours, _ = span.Round()
	if sum.Sign() > 0 {
		times = c.Points[at].OnDemand.Quo(rate.Mul(sum))
		if near(times.Mul(own), span) {
			c.From = "usage"
			return hours, times
		}
	}
	c.From = "curve"
	return c.shape(rate), whole
}

// Bounds that no answer reaches and that keep sums within 63 bits: the hours of three years, and instances at once.
const (
	mostHours     = 3 * 8784
	mostInstances = 100_000
)

// shape makes hours whose usage above each quantity of the curve is the overage that it says: what lies between two quantities fills the
// first hours. Its money is that of the curve, and so is its best quantity among those of the curve.
func (c *Curve) shape(rate bill.Exact) []int64 {
	if c.Hours < 1 || c.Hours > mostHours {
		return nil
	}
	hours := make([]int64, c.Hours)
	above, level := c.Points[0].OnDemand.Quo(rate), int64(0)
	for i := range c.Points {
		q, ok := c.Points[i].Quantity.Round()
		if !ok || q <= level || q > mostInstances {
			continue
		}
		left := c.Points[i].Overage.Quo(rate)
		layer, ok := above.Sub(left).Mul(bill.Frac(demand.Full, q-level)).Round() // micro-hours of each unit between
		if !ok || layer > mostHours*demand.Full {
			return nil
		}
		for h := range hours {
			hours[h] += min(demand.Full, max(0, layer-int64(h)*demand.Full)) * (q - level)
		}
		above, level = left, q
	}
	if rest, ok := above.Mul(bill.Whole(demand.Full)).Round(); ok && rest > 0 && rest < mostInstances*mostHours*demand.Full { // above the largest quantity
		hours[0] += rest
	}
	return hours
}
