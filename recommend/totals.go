package recommend

import (
	"fmt"
	"slices"
	"sort"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// totalKey names a bottom line: one customer in one currency, for two currencies never add.
type totalKey struct {
	customer string
	currency money.Code
}

// total adds up the customers.
func (p *Plan) total(decisions, today []*decision, sizes *sizing, budgets map[totalKey]*Budget, in *Input) error {
	totals := map[totalKey]*Total{}
	of := func(d *decision) *Total {
		key := totalKey{d.pool.Customer, d.currency}
		if totals[key] == nil {
			totals[key] = newTotal(key, in)
			totals[key].Budget = budgets[key]
		}
		return totals[key]
	}
	// Costs without a plan are of the sizes of today, costs with it of those that were chosen.
	for _, d := range today {
		if d.low == nil {
			continue
		}
		if err := of(d).add(d); err != nil {
			return err
		}
		if err := of(d).showBack(d, true, slices.Contains(decisions, d)); err != nil {
			return err
		}
	}
	for _, d := range decisions {
		if d.low == nil || slices.Contains(today, d) {
			continue
		}
		if err := of(d).showBack(d, false, true); err != nil {
			return err
		}
	}
	for _, l := range p.Lines {
		if err := totals[totalKey{l.Customer, l.Currency}].addLine(&l, p.AsOf); err != nil {
			return err
		}
	}
	for _, r := range p.Rescopes {
		if t := totals[totalKey{r.Customer, r.Currency}]; t != nil {
			var err error
			if t.Rescoped, err = t.Rescoped.Add(r.SavingMonth); err != nil {
				return err
			}
		}
	}
	if err := sizes.total(p, totals); err != nil {
		return err
	}
	for _, t := range totals {
		var err error
		if t.PlanMonth, err = t.PayGMonth.Sub(t.Joint); err != nil {
			return err
		}
		if err = t.schedule(p); err != nil {
			return err
		}
		sort.Slice(t.Cash, func(i, j int) bool { return t.Cash[i].Date.Before(t.Cash[j].Date) })
		sort.Slice(t.ShowBack, func(i, j int) bool {
			return t.ShowBack[i].By+"\x00"+t.ShowBack[i].Key < t.ShowBack[j].By+"\x00"+t.ShowBack[j].Key
		})
		p.Totals = append(p.Totals, *t)
	}
	sort.Slice(p.Totals, func(i, j int) bool {
		a, b := p.Totals[i], p.Totals[j]
		return a.Customer+"\x00"+string(a.Currency) < b.Customer+"\x00"+string(b.Currency)
	})
	return nil
}

func newTotal(key totalKey, in *Input) *Total {
	zero := money.New(0, key.currency)
	t := &Total{
		Customer: key.customer, Currency: key.currency, PayGMonth: zero, SoftwareMonth: zero, PlanMonth: zero,
		ResizeOnly: zero, ReserveOnly: zero, Forced: zero, Joint: zero, SoftwareSaved: zero, Rescoped: zero, SavingLow: zero, SavingHigh: zero, Upfront: zero,
	}
	for _, c := range in.Analysis.Coverage {
		if c.Customer == key.customer {
			t.CustomerName = c.Name
		}
	}
	return t
}

// add adds what a pool costs a month without and with the plan.
func (t *Total) add(d *decision) error {
	nothing := d.low.evaluate(nil)
	payg, err := d.low.amount(nothing.payg, pricing.HoursOfMonth, d.currency)
	if err != nil {
		return err
	}
	software, err := d.low.amount(d.low.software(), pricing.HoursOfMonth, d.currency)
	if err != nil {
		return err
	}
	if t.PayGMonth, err = t.PayGMonth.Add(payg); err != nil {
		return err
	}
	if t.SoftwareMonth, err = t.SoftwareMonth.Add(software); err != nil {
		return err
	}
	return nil
}

// addLine adds what a line saves and when it is paid.
func (t *Total) addLine(l *Line, asOf time.Time) error {
	var err error
	for _, part := range []struct {
		sum  *money.Amount
		more money.Amount
	}{{&t.ReserveOnly, l.SavingMonth}, {&t.Joint, l.SavingMonth}, {&t.SavingLow, l.SavingMonthLow}, {&t.SavingHigh, l.SavingMonthHigh}} {
		if *part.sum, err = part.sum.Add(part.more); err != nil {
			return err
		}
	}
	if l.BillingPlan == "upfront" {
		if t.Upfront, err = t.Upfront.Add(l.TotalPrice); err != nil {
			return err
		}
	}
	for _, c := range payments(l.TotalPrice, l.Term, asOf, l.BillingPlan) {
		if err := t.pay(c.Date, c.Amount); err != nil {
			return err
		}
	}
	return nil
}

// pay adds a payment on a day.
func (t *Total) pay(day time.Time, amount money.Amount) error {
	for i := range t.Cash {
		if t.Cash[i].Date.Equal(day) {
			var err error
			t.Cash[i].Amount, err = t.Cash[i].Amount.Add(amount)
			return err
		}
	}
	t.Cash = append(t.Cash, Cash{day, amount})
	return nil
}

// showBack shares the cost of a pool among the subscriptions and resource groups that use it: pay-as-you-go as it falls,
// the new reservations by the units that each uses of them. A pool of other sizes than today's has only the costs of the plan, and one
// that was left only those of today.
func (t *Total) showBack(d *decision, today, planned bool) error {
	row, _ := d.chosenRow()
	before, after, err := d.low.rows(orderOf(row.Buy))
	if err != nil {
		return err
	}
	commitment := d.low.evaluate(orderOf(row.Buy)).commitment
	covered := bill.Exact{}
	gain := make([]bill.Exact, len(after))
	for i := range after {
		gain[i] = before[i].Paid.Sub(after[i].Paid).Mul(bill.Whole(d.low.usage.Sizes[after[i].Size].Ratio))
		covered = covered.Add(gain[i])
	}
	for i := range after {
		plan := d.low.ahead(after[i].Payg)
		if covered.Sign() > 0 {
			plan = plan.Add(commitment.Mul(gain[i]).Quo(covered))
		}
		was, err := d.low.amount(d.low.ahead(before[i].Payg), pricing.HoursOfMonth, d.currency)
		if err != nil {
			return err
		}
		is, err := d.low.amount(plan, pricing.HoursOfMonth, d.currency)
		if err != nil {
			return err
		}
		if !today {
			was = money.New(0, d.currency)
		}
		if !planned {
			is = money.New(0, d.currency)
		}
		for _, slice := range [][2]string{{"subscription", subscriptionOf(after[i].Scope)}, {"resource_group", groupOf(after[i].Scope)}} {
			if err := t.share(slice[0], slice[1], was, is); err != nil {
				return err
			}
		}
	}
	return nil
}

// rows returns the use of each scope and size without and with an order, from the usage as it is. Their sums must be the
// costs that the plan was made on.
func (a *ahead) rows(o order) (before, after []bill.RowUse, err error) {
	usage := *a.usage
	usage.Offers = nil
	with := bill.Decision{Purchases: map[string]int64{}}
	for i, t := range a.offers {
		if q := o[t.ticketKey]; q > 0 {
			offer := a.problem.Offers[i]
			offer.From, offer.To = 0, len(usage.Slots)
			usage.Offers = append(usage.Offers, offer)
			with.Purchases[offer.ID] = q
		}
	}
	sim, err := bill.NewSimulator(&usage)
	if err != nil {
		return nil, nil, fmt.Errorf("show-back: %w", err)
	}
	for i, decision := range []bill.Decision{{}, with} {
		b, err := sim.Evaluate(decision)
		if err != nil {
			return nil, nil, fmt.Errorf("show-back: %w", err)
		}
		if planned := a.evaluate([]order{nil, o}[i]).payg; planned.Cmp(a.ahead(b.Payg)) != 0 {
			return nil, nil, fmt.Errorf("show-back: the rows cost %s, the plan %s", a.ahead(b.Payg), planned)
		}
		if i == 0 {
			before = b.Rows
		} else {
			after = b.Rows
		}
	}
	return before, after, nil
}

// share adds to one slice of the show-back.
func (t *Total) share(by, key string, was, is money.Amount) error {
	for i := range t.ShowBack {
		s := &t.ShowBack[i]
		if s.By == by && s.Key == key {
			var err error
			if s.PayGMonth, err = s.PayGMonth.Add(was); err != nil {
				return err
			}
			s.PlanMonth, err = s.PlanMonth.Add(is)
			return err
		}
	}
	t.ShowBack = append(t.ShowBack, ShowBack{by, key, was, is})
	return nil
}

// subscriptionOf and groupOf read the parts of a path of usage.
func subscriptionOf(scope string) string { return part(scope, 1) }

func groupOf(scope string) string { return part(scope, 1) + "/" + part(scope, 2) }

func part(scope string, n int) string {
	for ; n > 0; n-- {
		for i := 0; i < len(scope); i++ {
			if scope[i] == '/' {
				scope = scope[i+1:]
				break
			}
		}
	}
	for i := 0; i < len(scope); i++ {
		if scope[i] == '/' {
			return scope[:i]
		}
	}
	return scope
}
