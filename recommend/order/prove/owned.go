package prove

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"sizeterm/ingest/usage"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/order"
)

// Owned is a reservation that something can be done with: one that was ordered here, or one of a list.
type Owned struct {
	Order            string // ours, "" for one that was not ordered here
	Reservation      string // the vendor's id, "" where no file names it
	ReservationOrder string
	Customer, Scope  string
	Size             catalog.Size
	Region           catalog.Region
	Term             pricing.Term
	Quantity         int64
	Start, End       time.Time
	Total            money.Amount // paid, or to be paid, for the whole term and quantity
	Monthly          bool
	Flexible         bool
	// Estimated says that no file tells the price: it is that of the book today.
	Estimated bool
}

// days counts UTC days from a to b.
func days(a, b time.Time) int64 { return int64(dayOf(b.UTC()) - dayOf(a.UTC())) }

// remainder is what is left to run of quantity instances on a day: the commitment, prorated by UTC days, and of that what
// was paid already and would come back as money.
func (h *Owned) remainder(on time.Time, quantity int64) (commitment, paid money.Amount, err error) {
	term, left := days(h.Start, h.End), min(max(days(on, h.End), 0), days(h.Start, h.End))
	if term < 1 || quantity < 0 || quantity > h.Quantity {
		return commitment, paid, fmt.Errorf("%d of %d instances over %d days", quantity, h.Quantity, term)
	}
	share, err := h.Total.MulDiv(quantity, h.Quantity)
	if err != nil {
		return commitment, paid, err
	}
	if commitment, err = share.MulDiv(left, term); err != nil || !h.Monthly {
		return commitment, commitment, err
	}
	// Instalments fall due at the start and a month after each other; what they paid beyond the days that are over comes back.
	due := 0
	for due < h.Term.Months() && !h.Start.AddDate(0, due, 0).After(on) {
		due++
	}
	sum := money.New(0, h.Total.Currency)
	for _, part := range pricing.Instalments(share, h.Term)[:due] {
		if sum, err = sum.Add(part); err != nil {
			return commitment, paid, err
		}
	}
	used, err := share.Sub(commitment)
	if err != nil {
		return commitment, paid, err
	}
	if paid, err = sum.Sub(used); err != nil {
		return commitment, paid, err
	}
	return commitment, money.New(max(paid.Micros, 0), paid.Currency), nil
}

// errNoReservation says that no file names the reservation's id.
var errNoReservation = errors.New("no file names the id of the reservation: give a reservation list or details")

// ID is the full id of the reservation, as the calls on it take it.
func (h *Owned) ID() (string, error) {
	if h.Reservation == "" || h.ReservationOrder == "" {
		return "", errNoReservation
	}
	return "/providers/microsoft.capacity/reservationOrders/" + h.ReservationOrder + "/reservations/" + h.Reservation, nil
}

// OwnedOf lists what the customers own: orders that were bought here, and reservations of the lists that no order explains.
// Prices that no file tells are those of the book.
func OwnedOf(orders []order.Order, b *Books, book *pricing.Book) []*Owned {
	var all []*Owned
	claims := b.claims(orders)
	for _, c := range claims {
		l := &c.o.Line
		if c.o.Held() == 0 {
			continue
		}
		h := &Owned{Order: c.o.ID, Customer: l.Customer, Scope: "shared", Size: l.Size, Region: l.Region, Term: l.Term, Quantity: c.o.Held(), Start: c.from, End: c.to,
			Monthly: l.BillingPlan == "monthly", Flexible: l.Flexible}
		if !c.o.ScopeLeft() {
			h.Scope = l.Scope
		}
		h.Total, _ = l.UnitPrice.Mul(h.Quantity)
		for id := range c.orders {
			h.ReservationOrder = max(h.ReservationOrder, id)
		}
		for reservation, of := range b.orderOf {
			if of == h.ReservationOrder && reservation != of {
				h.Reservation = max(h.Reservation, reservation)
			}
		}
		all = append(all, h)
	}
	for _, x := range b.held {
		if slices.ContainsFunc(claims, func(c *claim) bool { return c.mine(x.ID) || c.mine(x.Order) }) || x.Agreement == "ea" {
			continue
		}
		all = append(all, b.listed(&x, book))
	}
	slices.SortStableFunc(all, func(x, y *Owned) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Order, y.Order), cmp.Compare(x.Reservation, y.Reservation))
	})
	return all
}

// listed is a reservation of a list with its price: that of its purchase where transactions tell it, else that of the book.
func (b *Books) listed(x *usage.Commitment, book *pricing.Book) *Owned {
	h := &Owned{Reservation: x.ID, ReservationOrder: orElse(x.Order, x.ID), Customer: x.Customer, Scope: x.Scope, Size: catalog.Size(x.Size), Region: catalog.Region(x.Region), Quantity: x.Quantity,
		Start: x.Start, End: x.End, Flexible: !x.ExactSize, Term: pricing.OneYear, Estimated: true}
	if x.TermMonths == 36 {
		h.Term = pricing.ThreeYear
	}
	if h.Start.IsZero() {
		h.Start = h.End.AddDate(-h.Term.Years(), 0, 0)
	}
	for k := range b.rates {
		if k.customer == h.Customer {
			h.Total.Currency = max(h.Total.Currency, k.currency)
		}
	}
	if o, err := book.Offer(h.Size, h.Region, pricing.Linux, h.Term, h.Total.Currency); err == nil {
		h.Total, _ = o.Total.Mul(h.Quantity)
	}
	for _, t := range b.deals {
		amount, err := money.Parse(orElse(t.Amount, "x"), money.Code(t.Currency))
		if t.Order != h.ReservationOrder || t.Event != "purchase" || err != nil || t.Quantity == 0 {
			continue
		}
		if t.Recurring {
			amount, _ = amount.Mul(int64(h.Term.Months()))
		}
		h.Total, _ = amount.MulDiv(h.Quantity, t.Quantity)
		h.Monthly, h.Estimated = t.Recurring, false
		break
	}
	return h
}

// useOf is how much of a reservation is used in the files, from two days after it began on; nil where they hold no such day.
func (b *Books) useOf(h *Owned) *float64 {
	from, to, ok := b.span(h.Customer)
	first := max(from, dayOf(h.Start)+settleDays)
	to = min(to, dayOf(h.End))
	if !ok || first >= to {
		return nil
	}
	mine := map[string]bool{h.ReservationOrder: true, h.Reservation: true}
	delete(mine, "")
	var hours bill.Exact
	for _, r := range b.rowsOf(h.Customer) {
		if r.day < first || r.day >= to || r.kind != usage.Compute || !mine[r.benefit] && !mine[b.order(r.benefit)] {
			continue
		}
		ratio := ratioOf(r.size, h.Size)
		if r.ratio > 0 {
			ratio = bill.Frac(r.ratio, 100)
		}
		hours = hours.Add(bill.Whole(r.hours).Mul(ratio))
	}
	f := roundShare(hours.Quo(bill.Whole(h.Quantity * 24 * int64(to-first)).Mul(bill.Whole(1_000_000))))
	return &f
}
