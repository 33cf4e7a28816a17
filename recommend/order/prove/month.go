package prove

import (
	"encoding/json"
	"slices"
	"time"

	"sizeterm/pricing/money"
)

// Month is the proof of one customer and calendar month: what is kept of a report, and shown over the months.
type Month struct {
	Customer        string          `json:"customer"`
	Month           string          `json:"month"` // 2026-11
	At              time.Time       `json:"at"`    // when it was compared
	Findings        []Finding       `json:"findings"`
	Sums            []CustomerMonth `json:"sums"` // one a currency
	UnmatchedCharge []Unmatched     `json:"unmatched_charges"`
	UnmatchedOrder  []Unmatched     `json:"unmatched_orders"`
}

// Months splits a report by customer and month, in that order.
func (r *Report) Months() []Month {
	var all []Month
	of := func(customer, month string) *Month {
		at := slices.IndexFunc(all, func(m Month) bool { return m.Customer == customer && m.Month == month })
		if at < 0 {
			at = len(all)
			all = append(all, Month{Customer: customer, Month: month, At: r.At, Findings: []Finding{}, Sums: []CustomerMonth{}, UnmatchedCharge: []Unmatched{}, UnmatchedOrder: []Unmatched{}})
		}
		return &all[at]
	}
	for _, f := range r.Findings {
		m := of(f.Customer, f.Month)
		m.Findings = append(m.Findings, f)
	}
	for _, s := range r.Customers {
		m := of(s.Customer, s.Month)
		m.Sums = append(m.Sums, s)
	}
	for _, u := range r.UnmatchedCharge {
		m := of(u.Customer, u.Day[:min(7, len(u.Day))])
		m.UnmatchedCharge = append(m.UnmatchedCharge, u)
	}
	for _, u := range r.UnmatchedOrder {
		m := of(u.Customer, u.Day[:min(7, len(u.Day))])
		m.UnmatchedOrder = append(m.UnmatchedOrder, u)
	}
	slices.SortFunc(all, func(x, y Month) int {
		return slices.Compare([]string{x.Customer, x.Month}, []string{y.Customer, y.Month})
	})
	return all
}

// UnmarshalText reads what MarshalText writes; the currency stands beside it and is set by whoever knows it.
func (s *Sum) UnmarshalText(text []byte) error {
	a, err := money.Parse(string(text), "")
	s.Amount = a
	return err
}

// UnmarshalJSON reads a finding and gives its amounts their currency.
func (f *Finding) UnmarshalJSON(text []byte) error {
	type plain Finding
	if err := json.Unmarshal(text, (*plain)(f)); err != nil {
		return err
	}
	s := &f.Saving
	in(f.Currency, &f.Charged.Expected, &f.Charged.Amount, &f.Charged.Difference, &s.Promised, &s.Realised, &s.Difference, &s.Value, &s.Cost)
	s.Split.in(f.Currency)
	return nil
}

// UnmarshalJSON reads a sum of findings and gives its amounts their currency.
func (m *CustomerMonth) UnmarshalJSON(text []byte) error {
	type plain CustomerMonth
	if err := json.Unmarshal(text, (*plain)(m)); err != nil {
		return err
	}
	in(m.Currency, &m.Promised, &m.Realised, &m.Difference, &m.Charged, &m.Fee)
	m.Split.in(m.Currency)
	return nil
}

// UnmarshalJSON reads a charge or an order and gives its amount its currency.
func (u *Unmatched) UnmarshalJSON(text []byte) error {
	type plain Unmatched
	if err := json.Unmarshal(text, (*plain)(u)); err != nil {
		return err
	}
	in(u.Currency, &u.Amount)
	return nil
}

func (s *Split) in(currency string) {
	in(currency, &s.LateStart, &s.Price, &s.OtherReservation, &s.Scope, &s.Demand)
}

func in(currency string, sums ...*Sum) {
	for _, s := range sums {
		s.Currency = money.Code(currency)
	}
}

// Joined puts months side by side in one report, made at an instant.
func Joined(at time.Time, months []Month) *Report {
	r := &Report{Schema: "sizeterm.proof/1", At: at, Findings: []Finding{}, Customers: []CustomerMonth{}, Invoices: []InvoiceSum{}, UnmatchedCharge: []Unmatched{}, UnmatchedOrder: []Unmatched{}, Warnings: []string{}}
	for _, m := range months {
		r.Findings = append(r.Findings, m.Findings...)
		r.Customers = append(r.Customers, m.Sums...)
		r.UnmatchedCharge = append(r.UnmatchedCharge, m.UnmatchedCharge...)
		r.UnmatchedOrder = append(r.UnmatchedOrder, m.UnmatchedOrder...)
	}
	return r
}
