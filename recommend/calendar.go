package recommend

import (
	"slices"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
)

// Payment is what falls due on one day under both billing plans, for the lines of the plan and for what it keeps for later days, at
// today's prices. The totals of both plans are equal.
type Payment struct {
	Date                       time.Time
	Upfront, Monthly           money.Amount // of the lines
	LaterUpfront, LaterMonthly money.Amount // of later[]: purchases for later days and renewals
}

// addMonths returns the same day of the month so many months later, the last day where that month is shorter.
func addMonths(t time.Time, months int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, min(t.Day(), first.AddDate(0, 1, -1).Day())-1)
}

// monthOf numbers the calendar months.
func monthOf(t time.Time) int { return 12*t.Year() + int(t.Month()) }

// payments returns what a purchase pays and when: all at once, or a part a month that add up to it.
func payments(total money.Amount, term pricing.Term, from time.Time, billingPlan string) []Cash {
	if billingPlan == "upfront" {
		return []Cash{{from, total}}
	}
	var list []Cash
	for i, part := range total.Split(12 * term.Years()) {
		list = append(list, Cash{addMonths(from, i), part})
	}
	return list
}

// schedule fills the calendar of both billing plans for the whole term of everything that is bought now or later.
func (t *Total) schedule(p *Plan) error {
	days := map[time.Time]*Payment{}
	add := func(list []Cash, field func(*Payment) *money.Amount) error {
		for _, c := range list {
			day := days[c.Date]
			if day == nil {
				zero := money.New(0, t.Currency)
				day = &Payment{Date: c.Date, Upfront: zero, Monthly: zero, LaterUpfront: zero, LaterMonthly: zero}
				days[c.Date] = day
			}
			sum := field(day)
			var err error
			if *sum, err = sum.Add(c.Amount); err != nil {
				return err
			}
		}
		return nil
	}
	both := func(total money.Amount, term pricing.Term, from time.Time, upfront, monthly func(*Payment) *money.Amount) error {
		if err := add(payments(total, term, from, "upfront"), upfront); err != nil {
			return err
		}
		return add(payments(total, term, from, "monthly"), monthly)
	}
	for i := range p.Lines {
		if l := &p.Lines[i]; l.Customer == t.Customer && l.Currency == t.Currency {
			if err := both(l.TotalPrice, l.Term, p.AsOf, func(d *Payment) *money.Amount { return &d.Upfront }, func(d *Payment) *money.Amount { return &d.Monthly }); err != nil {
				return err
			}
		}
	}
	for i := range p.Later {
		if l := &p.Later[i]; l.Customer == t.Customer && l.Currency == t.Currency && l.Term.Years() > 0 {
			if err := both(l.TotalPrice, l.Term, l.Date, func(d *Payment) *money.Amount { return &d.LaterUpfront }, func(d *Payment) *money.Amount { return &d.LaterMonthly }); err != nil {
				return err
			}
		}
	}
	for _, day := range days {
		t.Calendar = append(t.Calendar, *day)
	}
	slices.SortFunc(t.Calendar, func(a, b Payment) int { return a.Date.Compare(b.Date) })
	return nil
}

// dearest returns what the dearest calendar month pays under a billing plan, in micro-units, everything planned for later counted.
func (t *Total) dearest(billingPlan string) int64 {
	months, most := map[int]int64{}, int64(0)
	for _, c := range t.Calendar {
		paid := c.Monthly.Micros + c.LaterMonthly.Micros
		if billingPlan == "upfront" {
			paid = c.Upfront.Micros + c.LaterUpfront.Micros
		}
		months[monthOf(c.Date)] += paid
		most = max(most, months[monthOf(c.Date)])
	}
	return most
}
