package prove

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/ingest/usage"
	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

func spanOf(from, to day) [2]time.Time { return [2]time.Time{from.time(), to.time()} }

// value is what covered hours would have cost on demand, in micros, at the prices of now and of the plan. known is false
// where a price is missing: then nothing is concluded.
type value struct {
	now, plan bill.Exact
	from      string // where the prices of now come from
	known     bool
}

// value prices the covered rows. The price of now is the customer's own on-demand price of the size in the files; where
// they show none it is the plan's, by the ratio of the size, as is the price of the plan.
func (c *claim) value(u used) value {
	v := value{known: true}
	l := &c.o.Line
	sources := map[string]bool{}
	price := func(hours bill.Exact, rate money.Rate, ratio bill.Exact) bill.Exact { // 1e-10 an hour x micro-hours = 1e-10 micros
		return hours.Mul(bill.Whole(int64(rate))).Mul(ratio).Quo(bill.Whole(10_000_000_000))
	}
	one := bill.Whole(1)
	add := func(r *row) {
		hours, ratio := bill.Whole(r.hours), ratioOf(r.size, l.Size)
		now, scaled := c.books.rate(rateKey{l.Customer, r.region, r.size, r.currency})
		switch {
		case now > 0 && !scaled:
			sources["the customer's on-demand rows"] = true
			v.now = v.now.Add(price(hours, now, one))
		case l.Rate > 0: // as planned: a price that the files do not show has not changed
			sources["the plan"] = true
			v.now = v.now.Add(price(hours, l.Rate, ratio))
		case now > 0:
			sources["on-demand rows of another size of the group"] = true
			v.now = v.now.Add(price(hours, now, one))
		default:
			v.known = false
		}
		if l.Rate > 0 {
			v.plan = v.plan.Add(price(hours, l.Rate, ratio))
		} else {
			v.plan = v.plan.Add(price(hours, now, one))
		}
	}
	for i := range u.rows {
		add(&u.rows[i])
		if u.rows[i].currency != l.TotalPrice.Currency {
			v.known = false
		}
	}
	if len(u.rows) == 0 { // reservation details: hours of the reserved size
		var hours bill.Exact
		for _, h := range u.byDay {
			hours = hours.Add(h)
		}
		n, ok := hours.Round()
		if r := (row{what: what{size: l.Size, region: l.Region, currency: l.TotalPrice.Currency}, quantity: quantity{hours: n}}); ok && n > 0 {
			add(&r)
		}
	}
	var names []string
	for name := range sources {
		names = append(names, name)
	}
	slices.Sort(names)
	v.from = strings.Join(names, "; ")
	return v
}

// cost is the reservation amortised over the span by its real seconds, at a price of the whole term.
func (c *claim) cost(span [2]time.Time, total bill.Exact) bill.Exact {
	term := [2]time.Time{c.from, c.to}
	perInstance := total.Quo(bill.Whole(c.o.Line.Quantity))
	return perInstance.Mul(c.owned(span)).Quo(bill.Whole(seconds(term)))
}

// saving compares promise and result over the same hours and splits the difference.
func (c *claim) saving(m month, w window, u used, charged *Charged, all []*claim) (Saving, error) {
	l := &c.o.Line
	currency := l.TotalPrice.Currency
	s := Saving{}
	for _, sum := range []*Sum{&s.Promised, &s.Realised, &s.Difference, &s.Value, &s.Cost, &s.Split.LateStart, &s.Split.Price, &s.Split.OtherReservation, &s.Split.Scope, &s.Split.Demand} {
		*sum = Sum{money.New(0, currency)}
	}
	if _, _, ok := c.books.span(l.Customer); !ok && len(u.byDay) == 0 || seconds(w.whole) == 0 {
		s.Detail = "no usage of the month among the files"
		return s, nil
	}
	v := c.value(u)
	if !v.known {
		s.Detail = "an on-demand price is missing, or is in another currency: the saving is not known"
		return s, nil
	}
	s.Known, s.RateFrom = true, v.from
	// 1. The promise over the hours of the files, and over those in which it ran.
	rate := bill.Whole(l.SavingMonth.Micros).Quo(bill.Whole(pricing.HoursOfMonth * 3600))
	promised, running := rate.Mul(bill.Whole(seconds(w.whole))), rate.Mul(bill.Whole(seconds(w.run)))
	// 2. What came true, at the prices of now and at those of the plan, which counts 8 760 hours a year: a leap day in the
	// term makes the hour a little cheaper, which is price too.
	planCost := bill.Whole(l.TotalPrice.Micros).Quo(bill.Whole(l.Quantity)).Mul(c.owned(w.run)).Quo(bill.Whole(l.Term.Hours() * 3600))
	nowCost := c.costNow(u, c.cost(w.run, bill.Whole(l.TotalPrice.Micros)), charged)
	realised, planned := v.now.Sub(nowCost), v.plan.Sub(planCost)
	// 3. The rest of the gap is usage that is not covered: taken by others, out of reach, or not there.
	gap := planned.Sub(running)
	other, scope := c.missed(w, u, all)
	other, scope = limit(other, gap), bill.Exact{}.Add(scope)
	scope = limit(scope, gap.Sub(other))
	return s, s.fill(currency, promised, realised, v.now, nowCost, running.Sub(promised), realised.Sub(planned), other, scope)
}

// costNow is the reservation as it was really charged: the amortised rows where there are some, else the quote times what
// was charged for it.
func (c *claim) costNow(u used, plan bill.Exact, charged *Charged) bill.Exact {
	if u.amortise {
		sum := bill.Whole(u.unused.Micros)
		for _, r := range u.rows {
			sum = sum.Add(bill.Whole(r.cost))
		}
		return sum
	}
	if charged.Verdict == chargedOther && charged.Expected.Micros > 0 && charged.Amount.Micros > 0 {
		return plan.Mul(bill.Frac(charged.Amount.Micros, charged.Expected.Micros))
	}
	return plan
}

// limit keeps a loss within a gap: a reason explains no more than there is to explain. Both are at most 0 where they count.
func limit(loss, gap bill.Exact) bill.Exact {
	if gap.Sign() >= 0 || loss.Sign() >= 0 {
		return bill.Exact{}
	}
	if loss.Cmp(gap) < 0 {
		return gap
	}
	return loss
}

// fill rounds once what is promised, realised, worth and cost, and the parts but demand; what rounding leaves over goes to
// demand, so that the parts add up.
func (s *Saving) fill(c money.Code, exact ...bill.Exact) error {
	into := []*Sum{&s.Promised, &s.Realised, &s.Value, &s.Cost, &s.Split.LateStart, &s.Split.Price, &s.Split.OtherReservation, &s.Split.Scope}
	for i, x := range exact {
		a, err := amountOf(x, c)
		if err != nil {
			return err
		}
		*into[i] = Sum{a}
	}
	var err error
	if s.Difference, err = difference(s.Realised, s.Promised); err != nil {
		return err
	}
	rest := s.Difference.Amount
	for _, part := range into[4:] {
		if rest, err = rest.Sub(part.Amount); err != nil {
			return err
		}
	}
	s.Split.Demand = Sum{rest}
	return nil
}

// missed values, as losses, the unused hours of each whole day for which there was usage that another reservation took, and
// usage that the reservation did not reach. What another reservation took counts only where it was bought after the plan
// and not by it: the plan knew the others.
func (c *claim) missed(w window, u used, all []*claim) (other, scope bill.Exact) {
	l := &c.o.Line
	rate := l.Rate
	if rate == 0 {
		rate, _ = c.books.rate(rateKey{l.Customer, l.Region, l.Size, l.TotalPrice.Currency})
	}
	later := c.later(all)
	served := map[string]bool{}
	for _, r := range u.rows {
		served[r.subscription] = true
	}
	taken, open := map[day]bill.Exact{}, map[day]bill.Exact{}
	for _, r := range c.books.rowsOf(l.Customer) {
		if r.kind != usage.Compute || r.region != l.Region || !c.fits(&r) {
			continue
		}
		switch {
		case r.model == usage.Reservation && !c.mine(r.benefit) && r.inScope(l.Scope) && later(r.benefit):
			taken[r.day] = taken[r.day].Add(c.ownHours(&row{what: what{size: r.size}, quantity: r.quantity}))
		case r.model == usage.OnDemand && r.inScope(l.Scope) && !served[r.subscription]:
			open[r.day] = open[r.day].Add(c.ownHours(&row{what: what{size: r.size}, quantity: r.quantity}))
		}
	}
	for d := dayOf(w.run[0]) + 1; d < dayOf(w.run[1]); d++ {
		idle := c.owned(spanOf(d, d+1)).Mul(bill.Frac(1_000_000, 3600)).Sub(u.byDay[d])
		lost := least(idle, taken[d])
		other = other.Sub(lost)
		scope = scope.Sub(least(idle.Sub(lost), open[d]))
	}
	toMicros := bill.Frac(int64(rate), 10_000_000_000)
	return other.Mul(toMicros), scope.Mul(toMicros)
}

func least(a, b bill.Exact) bill.Exact {
	if a.Sign() <= 0 || b.Sign() <= 0 {
		return bill.Exact{}
	}
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

// fits reports whether the reservation could cover the row: its size, or another of its group where it is flexible.
func (c *claim) fits(r *row) bool {
	l := &c.o.Line
	if r.size == l.Size {
		return true
	}
	x, okX := r.size.Group()
	y, okY := l.Size.Group()
	return l.Flexible && okX && okY && x.Name == y.Name
}

// later tells the reservations that began after the plan and that it did not buy itself.
func (c *claim) later(all []*claim) func(benefit string) bool {
	asOf := c.o.Line.AsOf
	return func(benefit string) bool {
		for _, x := range all {
			if x.mine(benefit) {
				return x.o.Plan != c.o.Plan && x.from.After(asOf)
			}
		}
		for _, h := range c.books.held {
			if h.ID == benefit || h.Order != "" && h.Order == c.books.order(benefit) {
				return h.Start.After(asOf)
			}
		}
		for _, t := range c.books.deals {
			if t.Order == c.books.order(benefit) && t.Event == "purchase" {
				return !t.Recurring && t.Day.After(asOf)
			}
		}
		return false
	}
}

// addUp sums findings by customer, month and currency.
func (r *Report) addUp(share int64) error {
	index := map[string]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		key := f.Customer + "|" + f.Month + "|" + f.Currency
		at, ok := index[key]
		if !ok {
			at = len(r.Customers)
			index[key] = at
			zero := Sum{money.New(0, money.Code(f.Currency))}
			r.Customers = append(r.Customers, CustomerMonth{Customer: f.Customer, Name: f.Name, Month: f.Month, Currency: f.Currency, Promised: zero, Realised: zero,
				Difference: zero, Charged: zero, Fee: zero, Split: Split{zero, zero, zero, zero, zero}})
		}
		m := &r.Customers[at]
		m.Orders++
		if err := add(&m.Charged, f.Charged.Amount); err != nil {
			return err
		}
		if !f.Saving.Known {
			m.Unknown++
			continue
		}
		s := &f.Saving
		for _, pair := range [][2]*Sum{{&m.Promised, &s.Promised}, {&m.Realised, &s.Realised}, {&m.Difference, &s.Difference}, {&m.Split.LateStart, &s.Split.LateStart}, {&m.Split.Price, &s.Split.Price},
			{&m.Split.OtherReservation, &s.Split.OtherReservation}, {&m.Split.Scope, &s.Split.Scope}, {&m.Split.Demand, &s.Split.Demand}} {
			if err := add(pair[0], *pair[1]); err != nil {
				return err
			}
		}
	}
	for i := range r.Customers {
		m := &r.Customers[i]
		if m.Realised.Micros > 0 && share > 0 {
			fee, err := m.Realised.MulDiv(share, 10_000)
			if err != nil {
				return fmt.Errorf("fee: %w", err)
			}
			m.Fee = Sum{fee}
		}
	}
	return nil
}

func add(to *Sum, x Sum) error {
	sum, err := to.Add(x.Amount)
	if err == nil {
		*to = Sum{sum}
	}
	return err
}
