package prove

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// Partner Center cuts amounts, it does not round them: each product of a line is cut to two decimals (documented for both
// forms of lines). cent is one of those, in micros.
const cent = 10_000

// cut drops what is below two decimals, towards zero.
func cut(micros bill.Exact) bill.Exact {
	cents := micros.Quo(bill.Whole(cent))
	r := cents.Rat()
	n := r.Num()
	n.Quo(n, r.Denom())
	if !n.IsInt64() {
		return micros
	}
	return bill.Whole(n.Int64()).Mul(bill.Whole(cent))
}

// micros turns units of money into micros.
func micros(x bill.Exact) bill.Exact { return x.Mul(bill.Whole(1_000_000)) }

// rounding names the rule by which the subtotal of a line comes from its price, quantity and exchange rate; "" where it
// comes from neither.
//
//	usage    ROUNDDOWN(ROUNDDOWN(price x quantity, 2) x rate, 2)
//	licence  ROUNDDOWN(price x rate, 2) x quantity
func (l *InvoiceLine) rounding() string {
	price, ok := exactOf(l.UnitPrice)
	quantity, okQ := exactOf(orElse(l.Billable, l.Quantity))
	subtotal, okS := exactOf(l.Subtotal)
	if !ok || !okQ || !okS {
		return ""
	}
	rate, ok := exactOf(l.Exchange)
	if !ok {
		rate = bill.Whole(1)
	}
	want := micros(subtotal)
	switch {
	case cut(cut(micros(price.Mul(quantity))).Mul(rate)).Cmp(want) == 0:
		return "per line: cut(cut(price x quantity) x rate)"
	case cut(micros(price.Mul(rate))).Mul(quantity).Cmp(want) == 0:
		return "per instance: cut(price x rate) x quantity"
	}
	return ""
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// purchase reports whether the line charges something: not a credit, not a cancellation.
func (l *InvoiceLine) purchase() bool {
	switch strings.ToLower(l.Charge) {
	case "cancelimmediate", "removequantity", "customercredit", "refund", "credit":
		return false
	}
	return true
}

// due is what the quote says for one calendar month: nothing, the total, or the instalments that fall into it.
func (c *claim) due(m month) (money.Amount, error) {
	l := &c.o.Line
	none := money.New(0, l.TotalPrice.Currency)
	if l.BillingPlan == "upfront" {
		if monthOf(c.from).name == m.name {
			return l.TotalPrice, nil
		}
		return none, nil
	}
	n := int(m.from.Month()) - int(c.from.Month()) + 12*(m.from.Year()-c.from.Year())
	parts := pricing.Instalments(l.TotalPrice, l.Term)
	if n < 0 || n >= len(parts) {
		return none, nil
	}
	part := parts[n]
	back := int64(0)
	for _, r := range c.o.Returns {
		if r.At.Before(m.from) {
			back += r.Quantity
		}
	}
	return part.MulDiv(max(l.Quantity-back, 0), l.Quantity)
}

// charged compares the charges of a month with the quote. Invoices say most, then transactions, then cost rows; sources
// are never added to each other.
func (c *claim) charged(m month) (Charged, error) {
	expected, err := c.due(m)
	if err != nil {
		return Charged{}, err
	}
	currency := expected.Currency
	out := Charged{Expected: Sum{expected}, Amount: Sum{money.New(0, currency)}, Difference: Sum{money.New(0, currency)}}
	if found, err := c.invoiced(m, &out); found || err != nil {
		return out, err
	}
	if found, err := c.transacted(m, &out); found || err != nil {
		return out, err
	}
	if found, err := c.exported(m, &out); found || err != nil {
		return out, err
	}
	switch {
	case expected.IsZero():
		out.Verdict, out.Detail = nothingDue, "it was paid before"
	case c.covers(m) || c.invoices(m):
		out.Verdict, out.Detail = notCharged, "files with purchases cover the day, and do not have it"
		out.Difference, err = difference(out.Amount, out.Expected)
	default:
		out.Verdict, out.Detail = notInFiles, "no invoice, transactions or purchase rows of this month among the files"
	}
	return out, err
}

func difference(a, b Sum) (Sum, error) {
	d, err := a.Sub(b.Amount)
	return Sum{d}, err
}

// covers reports whether a cost export that lists purchases covers the day on which the month's charge fell due.
func (c *claim) covers(m month) bool {
	if !slices.ContainsFunc(c.books.rowsOf(c.o.Line.Customer), func(r row) bool { return r.export == "actual" || r.export == "focus" }) {
		return false
	}
	from, to, ok := c.books.span(c.o.Line.Customer)
	at := dayOf(c.from)
	if m.from.After(c.from) {
		at = dayOf(time.Date(m.from.Year(), m.from.Month(), min(c.from.Day(), m.to.AddDate(0, 0, -1).Day()), 0, 0, 0, 0, time.UTC))
	}
	return ok && from <= at && at < to
}

// invoices reports whether the files hold an invoice of the month that concerns the customer.
func (c *claim) invoices(m month) bool {
	for _, l := range c.books.lines {
		if l.Customer == c.o.Line.Customer && monthOf(l.Day).name == m.name {
			return true
		}
	}
	return false
}

// judge sets verdict and difference of what was charged. n is the number of charges.
func (c *claim) judge(out *Charged, n int) error {
	var err error
	if out.Difference, err = difference(out.Amount, out.Expected); err != nil {
		return err
	}
	// What cutting two decimals an instance can take away, and as much in the other direction for sources that round.
	tolerance := cent * max(c.o.Line.Quantity, 1)
	off := max(out.Difference.Micros, -out.Difference.Micros)
	switch {
	case off <= tolerance && !out.Expected.IsZero():
		out.Verdict = asQuoted
		if off > 0 {
			out.Detail = fmt.Sprintf("%s of rounding", out.Difference.Decimal())
		}
	case n > 1 && out.Amount.Micros >= 2*out.Expected.Micros-tolerance && out.Expected.Micros > 0:
		out.Verdict, out.Detail = chargedTwice, fmt.Sprintf("%d charges in one month", n)
	case out.Expected.IsZero() && off <= tolerance:
		out.Verdict = nothingDue
	default:
		out.Verdict, out.Detail = chargedOther, fmt.Sprintf("%d charges come to %s, quoted was %s", n, out.Amount, out.Expected)
	}
	return nil
}

// invoiced reads the lines of an invoice. They are compared in the pricing currency, in which the quote was.
func (c *claim) invoiced(m month, out *Charged) (bool, error) {
	currency, n, pricing := out.Expected.Currency, 0, ""
	var sum, billed bill.Exact
	for i := range c.lines {
		l := &c.lines[i]
		if monthOf(l.Day).name != m.name || !l.purchase() {
			continue
		}
		subtotal, ok := exactOf(l.Subtotal)
		if !ok {
			continue
		}
		n++
		billed = billed.Add(micros(subtotal))
		out.BillingCurrency, out.Exchange, out.Invoice, out.Source = l.Currency, l.Exchange, l.Invoice, fmt.Sprintf("%s:%d", l.File, l.Line)
		pricing = l.PricingCurrency
		out.Rounding = orElse(l.rounding(), "follows neither rule of rounding")
		price, okP := exactOf(l.UnitPrice)
		quantity, okQ := exactOf(orElse(l.Billable, l.Quantity))
		switch {
		case money.Code(l.Currency) == currency:
			sum = sum.Add(micros(subtotal))
		case money.Code(l.PricingCurrency) == currency && okP && okQ:
			sum = sum.Add(micros(price.Mul(quantity)))
		default:
			out.Verdict, out.Detail = chargedOther, fmt.Sprintf("billed in %s, priced in %s: the order is in %s", l.Currency, orElse(l.PricingCurrency, "no known currency"), currency)
			return true, nil
		}
	}
	if n == 0 {
		return false, nil
	}
	charged, err := amountOf(sum, currency)
	if err != nil {
		return true, err
	}
	total, err := amountOf(billed, money.Code(out.BillingCurrency))
	if err != nil {
		return true, err
	}
	out.Amount, out.Billed = Sum{charged}, total.Decimal()
	err = c.judge(out, n)
	if out.Verdict == chargedOther && pricing != "" && pricing != string(currency) {
		out.Detail += fmt.Sprintf("; it is priced in %s at %s: what is billed in %s moves with the month's exchange rate", pricing, orElse(out.Exchange, "no known rate"), currency)
	}
	return true, err
}

// transacted reads reservation transactions.
func (c *claim) transacted(m month, out *Charged) (bool, error) {
	var sum bill.Exact
	n := 0
	for _, t := range c.deals {
		amount, ok := exactOf(t.Amount)
		if monthOf(t.Day).name != m.name || t.Event != "purchase" || !ok {
			continue
		}
		out.Source = fmt.Sprintf("%s:%d", t.File, t.Line)
		if t.Currency != "" && money.Code(t.Currency) != out.Expected.Currency {
			out.Verdict, out.Billed, out.BillingCurrency = chargedOther, t.Amount, t.Currency
			out.Detail = fmt.Sprintf("charged in %s, ordered in %s: an invoice has both", t.Currency, out.Expected.Currency)
			return true, nil
		}
		sum, n = sum.Add(micros(amount)), n+1
	}
	if n == 0 {
		return false, nil
	}
	charged, err := amountOf(sum, out.Expected.Currency)
	if err != nil {
		return true, err
	}
	out.Amount = Sum{charged}
	return true, c.judge(out, n)
}

// exported reads purchase rows of cost exports.
func (c *claim) exported(m month, out *Charged) (bool, error) {
	sum, n := money.New(0, out.Expected.Currency), 0
	for _, p := range c.paid {
		if monthOf(p.Day).name != m.name || p.Refund {
			continue
		}
		out.Source = p.Export + " cost rows"
		if p.Cost.Currency != sum.Currency {
			out.Verdict, out.Billed, out.BillingCurrency = chargedOther, p.Cost.Decimal(), string(p.Cost.Currency)
			out.Detail = fmt.Sprintf("charged in %s, ordered in %s: an invoice has both", p.Cost.Currency, sum.Currency)
			return true, nil
		}
		var err error
		if sum, err = sum.Add(p.Cost); err != nil {
			return true, err
		}
		n++
	}
	if n == 0 {
		return false, nil
	}
	out.Amount = Sum{sum}
	return true, c.judge(out, n)
}
