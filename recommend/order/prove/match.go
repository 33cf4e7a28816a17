package prove

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

// match lists charges without an order, orders without a charge, and what each invoice adds up to.
func (b *Books) match(r *Report, claims []*claim) error {
	if err := b.invoiceSums(r, claims); err != nil {
		return err
	}
	b.loose(r, claims)
	for _, c := range claims {
		if len(c.lines) > 0 || len(c.deals) > 0 || len(c.paid) > 0 || c.o.State == order.Sending {
			continue
		}
		if !c.covers(monthOf(c.from)) && !c.invoices(monthOf(c.from)) {
			continue // no file of that day
		}
		r.UnmatchedOrder = append(r.UnmatchedOrder, Unmatched{Order: c.o.ID, Customer: c.o.Line.Customer, What: fmt.Sprintf("%d x %s %s %s", c.o.Line.Quantity, c.o.Line.Size, c.o.Line.Region, c.o.Line.Term),
			Day: c.from.Format(time.DateOnly), Amount: Sum{c.o.Line.TotalPrice}, Currency: string(c.o.Line.TotalPrice.Currency), Source: string(c.o.State),
			Detail: "the files cover the day of the purchase and hold no charge for it"})
	}
	return nil
}

// claimed reports whether some order explains a line.
func claimed[T comparable](claims []*claim, of func(*claim) []T, x T) bool {
	return slices.ContainsFunc(claims, func(c *claim) bool { return slices.Contains(of(c), x) })
}

// loose lists charges that no order explains: of invoices, else of transactions, else of cost exports, so that one charge is
// listed once.
func (b *Books) loose(r *Report, claims []*claim) {
	put := func(customer, what string, at time.Time, amount money.Amount, source, benefit string) {
		detail := "nobody ordered it here"
		for _, h := range b.held {
			if benefit != "" && (h.Order == benefit || h.ID == benefit) {
				detail = "a reservation of the list, bought before or elsewhere"
			}
		}
		r.UnmatchedCharge = append(r.UnmatchedCharge, Unmatched{Customer: customer, What: what, Day: at.Format(time.DateOnly), Amount: Sum{amount}, Currency: string(amount.Currency), Source: source, Detail: detail})
	}
	for _, l := range b.lines {
		if amount, err := money.Parse(l.Subtotal, money.Code(l.Currency)); err == nil && !claimed(claims, func(c *claim) []InvoiceLine { return c.lines }, l) {
			put(l.Customer, l.Product+", "+l.Charge, l.Day, amount, fmt.Sprintf("%s:%d", l.File, l.Line), l.ReservationOrder)
		}
	}
	if len(b.lines) == 0 {
		for _, t := range b.deals {
			if claimed(claims, func(c *claim) []Transaction { return c.deals }, t) {
				continue
			}
			amount, _ := money.Parse(orElse(t.Amount, "0"), money.Code(t.Currency))
			put("", fmt.Sprintf("%s, %d x %s %s", t.Event, t.Quantity, t.Size, t.Region), t.Day, amount, fmt.Sprintf("%s:%d", t.File, t.Line), t.Order)
		}
	}
	if len(b.lines) == 0 && len(b.deals) == 0 {
		for _, p := range b.charges() {
			if !slices.ContainsFunc(claims, func(c *claim) bool { return c.mine(p.Benefit) }) {
				put(p.Customer, "reservation "+p.Size, p.Day, p.Cost, p.Export+" cost rows", b.order(p.Benefit))
			}
		}
	}
	slices.SortStableFunc(r.UnmatchedCharge, func(x, y Unmatched) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Day, y.Day), cmp.Compare(x.Source, y.Source))
	})
}

// invoiceSums adds up the reservation lines of each invoice by currency.
func (b *Books) invoiceSums(r *Report, claims []*claim) error {
	index := map[[2]string]int{}
	for _, l := range b.lines {
		key := [2]string{l.Invoice, l.Currency}
		at, ok := index[key]
		if !ok {
			at = len(r.Invoices)
			index[key] = at
			zero := Sum{money.New(0, money.Code(l.Currency))}
			r.Invoices = append(r.Invoices, InvoiceSum{Invoice: l.Invoice, Currency: l.Currency, Subtotal: zero, Tax: zero, Total: zero, Matched: zero, Unmatched: zero})
		}
		s := &r.Invoices[at]
		s.Lines++
		into := []*Sum{&s.Subtotal, &s.Unmatched}
		if claimed(claims, func(c *claim) []InvoiceLine { return c.lines }, l) {
			into[1] = &s.Matched
		}
		for _, part := range []struct {
			text string
			to   []*Sum
		}{{l.Subtotal, into}, {l.Tax, []*Sum{&s.Tax}}, {l.Total, []*Sum{&s.Total}}} {
			amount, err := money.Parse(orElse(part.text, "0"), money.Code(l.Currency))
			if err != nil {
				return fmt.Errorf("%s:%d: %w", l.File, l.Line, err)
			}
			for _, to := range part.to {
				if err := add(to, Sum{amount}); err != nil {
					return err
				}
			}
		}
		if l.rounding() == "" && l.UnitPrice != "" {
			s.Detail = "a line does not follow from its price, quantity and exchange rate"
		}
	}
	slices.SortFunc(r.Invoices, func(x, y InvoiceSum) int {
		return cmp.Or(cmp.Compare(x.Invoice, y.Invoice), cmp.Compare(x.Currency, y.Currency))
	})
	return nil
}
