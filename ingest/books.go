package ingest

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"sizeterm/ingest/dialect"
)

// InvoiceLine is a line of an invoice reconciliation file that concerns a reservation of virtual machines, as a purchase is
// proved with it. Amounts are exact decimal text with a point, in Currency but for UnitPrice, which is in PricingCurrency;
// "" is "the file does not say".
type InvoiceLine struct {
	Invoice, Order, Alternate, ReservationOrder string // ids; Order is Partner Center's, all lower case but Invoice
	Customer, Product, Charge, Cycle            string // Charge as printed; Cycle is TermAndBillingCycle
	Frequency                                   string // "Monthly", or "" where it was paid at once
	Quantity, Billable                          string
	UnitPrice, PricingCurrency                  string // EffectiveUnitPrice
	Exchange                                    string // from pricing to billing currency
	Subtotal, Tax, Total, Currency              string
	Day                                         time.Time // ChargeStartDate, UTC
	File                                        string
	Line                                        int64
}

// Transaction is one row of a reservation transactions file: a purchase, one instalment of it, or what takes it back.
type Transaction struct {
	Day              time.Time
	Event            string // "purchase", "refund", "cancel" or "exchange"
	Order, Name      string // reservation order, and the name it was bought under
	Size, Region     string
	TermMonths       int
	Quantity         int64
	Amount, Currency string // exact decimal text, "" where the file does not say
	Recurring        bool
	File             string
	Line             int64
}

// Link says that a reservation belongs to a reservation order: usage names the one, invoices name the other.
type Link struct{ Order, Reservation string }

// The slots of invoices: those of charges, then these.
const (
	iVendorOrder = cIsAmortized + 1 + iota
	iAlternate
	iNumber
	iBillable
	iPricedAt
	iPricedIn
	iExchange
	iCycle
	iTax
	iTotal
)

var invoiceFields = append(slices.Clone(chargeFields), "vendororder", "alternate", "invoicenumber", "billable", "pricedat", "pricedin", "exchange", "cycle", "tax", "total")

// remember keeps what proves a purchase: lines of invoices, and which order a reservation belongs to.
func (m *chargeMapper) remember(r *row, f *facts) {
	if m.invoice {
		m.lines = append(m.lines, m.invoiceLine(r, f))
		return
	}
	if f.Benefit == "" {
		return
	}
	order := m.orderOf.get(f.benefit, orderInPath)
	if order == "" && f.BenefitSize != "" { // the order of the row is that of a reservation, not of the plan that bills it
		order = m.benefits.get(r.text(cOrder), benefitID)
	}
	link := Link{order, f.Benefit}
	if link == m.link || order == "" || order == f.Benefit {
		return
	}
	m.link = link
	if m.links == nil {
		m.links = map[Link]bool{}
	}
	m.links[link] = true
}

// orderInPath returns the order in "/providers/Microsoft.Capacity/reservationOrders/{order}/reservations/{id}", else "".
func orderInPath(cell []byte) string {
	const mark = "reservationorders/"
	text := lower(cell)
	at := strings.Index(text, mark)
	if at < 0 {
		return ""
	}
	order, _, _ := strings.Cut(text[at+len(mark):], "/")
	return order
}

func (m *chargeMapper) invoiceLine(r *row, f *facts) InvoiceLine {
	text := func(slot int) string { return string(r.text(slot)) }
	amount := func(slot int) string {
		d, ok, err := m.number(r, slot, m.mark)
		if err != nil || !ok {
			return ""
		}
		return exactText(d)
	}
	return InvoiceLine{
		Invoice: text(iNumber), Order: lower(r.text(iVendorOrder)), Alternate: lower(r.text(iAlternate)), ReservationOrder: benefitID(r.text(cOrder)),
		Customer: f.Customer, Product: text(cProduct), Charge: text(cCharge), Cycle: text(cOrderName), Frequency: text(iCycle),
		Quantity: amount(cQuantity), Billable: amount(iBillable), UnitPrice: amount(iPricedAt), PricingCurrency: currencyOf(bytes.ToUpper(r.text(iPricedIn))),
		Exchange: amount(iExchange), Subtotal: exactText(f.cost), Tax: amount(iTax), Total: amount(iTotal), Currency: f.Currency,
		Day: time.Unix(f.Start, 0).UTC(), File: m.file, Line: r.line,
	}
}

func exactText(d dialect.Decimal) string {
	var sum dialect.Total
	sum.Add(d)
	return sum.String()
}

// deal keeps a row of transactions. It returns false where the row was rejected.
func (m *reportMapper) deal(r *row, t Transaction) bool {
	t.Event, t.Name, t.File, t.Line = dialect.Fold(string(r.text(pEvent))), string(r.text(pOrderName)), m.file, r.line
	t.Currency, t.Recurring = currencyOf(r.text(pCurrency)), equalFold(r.text(pFrequency), "recurring")
	d, ok, err := m.number(r, pAmount, m.mark)
	if err != nil {
		return m.reject(r, pAmount, err)
	}
	if ok {
		t.Amount = exactText(d)
	}
	m.deals = append(m.deals, t)
	return true
}

// InvoiceLines returns the lines of an invoice that concern reservations of machines, by line, once Next has returned
// false; none for other files.
func (r *Reader) InvoiceLines() []InvoiceLine {
	var all []InvoiceLine
	for _, m := range r.mappers {
		if c, ok := m.(*chargeMapper); ok && r.done {
			all = append(all, c.lines...)
		}
	}
	slices.SortFunc(all, func(a, b InvoiceLine) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// Transactions returns the rows of a transactions file in the order of the file, once Next has returned false.
func (r *Reader) Transactions() []Transaction {
	if m, ok := r.mappers[0].(*reportMapper); ok && r.done {
		return m.deals
	}
	return nil
}

// Links returns which reservation belongs to which order, sorted, as far as a cost file or a report says it, once Next has
// returned false.
func (r *Reader) Links() []Link {
	found := map[Link]bool{}
	for _, m := range r.mappers {
		switch m := m.(type) {
		case *chargeMapper:
			for link := range m.links {
				found[link] = true
			}
		case *reportMapper:
			for _, u := range m.uses {
				if u.Order != "" && u.Order != u.Reservation {
					found[Link{u.Order, u.Reservation}] = true
				}
			}
		}
	}
	var all []Link
	for link := range found {
		if r.done {
			all = append(all, link)
		}
	}
	slices.SortFunc(all, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Reservation, b.Reservation))
	})
	return all
}
