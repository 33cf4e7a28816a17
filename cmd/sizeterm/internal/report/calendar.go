package report

import (
	"fmt"
	"slices"

	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// paymentView is what falls due on one day under both billing plans.
type paymentView struct {
	Date         string `json:"date"`
	Upfront      string `json:"upfront"`
	Monthly      string `json:"monthly"`
	LaterUpfront string `json:"later_upfront"`
	LaterMonthly string `json:"later_monthly"`
}

func newPaymentView(p *recommend.Payment) paymentView {
	return paymentView{instant(p.Date), exact(p.Upfront), exact(p.Monthly), exact(p.LaterUpfront), exact(p.LaterMonthly)}
}

// calendarColumns are the columns of what falls due under both billing plans.
var calendarColumns = []column{
	{Head: "Due"}, {Head: "If paid up front", Right: true}, {Head: "If paid monthly", Right: true}, {Head: "Later, up front", Right: true, Optional: 1}, {Head: "Later, monthly", Right: true, Optional: 1},
}

func calendarRow(p *recommend.Payment) []string {
	return []string{day(p.Date), figure(p.Upfront), figure(p.Monthly), figure(p.LaterUpfront), figure(p.LaterMonthly)}
}

// otherPlan says what the lines would pay at first under the billing plan that was not chosen; the total is the same.
func otherPlan(t *recommend.Total, chosen string) string {
	if len(t.Calendar) == 0 {
		return ""
	}
	first, last, total := t.Calendar[0], t.Calendar[0], money.New(0, t.Currency)
	for _, p := range t.Calendar {
		total.Micros += p.Upfront.Micros
		if p.Monthly.Micros > 0 {
			last = p
		}
	}
	if chosen == "upfront" {
		return fmt.Sprintf("if paid monthly: %s on %s and so on until %s, the same %s in all", figure(first.Monthly), day(first.Date), day(last.Date), figure(total))
	}
	return fmt.Sprintf("if paid up front: %s on %s, the same in all", amount(total), day(first.Date))
}

// nonEmpty drops empty sentences.
func nonEmpty(sentences ...string) []string {
	return slices.DeleteFunc(sentences, func(s string) bool { return s == "" })
}

// calendarTab is a row for each day on which something falls due under either billing plan.
func calendarTab(s *story) tab {
	t := tab{name: "Calendar", columns: []tabColumn{{"Customer", 42}, {"Due", 14}, {"If paid up front", 16}, {"If paid monthly", 16}, {"Later, up front", 16}, {"Later, monthly", 16}, {"Currency", 10}}}
	for i := range s.Customers {
		c := &s.Customers[i]
		for j := range c.Total.Calendar {
			p := &c.Total.Calendar[j]
			t.rows = append(t.rows, []any{c.Title, p.Date, p.Upfront, p.Monthly, p.LaterUpfront, p.LaterMonthly, string(c.Currency)})
		}
	}
	return t
}
