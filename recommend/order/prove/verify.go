package prove

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/order"
)

// Options of a proof.
type Options struct {
	Now time.Time
	// FeeShare is the partner's share of a realised saving in basis points, 0 for none. A saving below 0 earns none.
	FeeShare int64
}

// claim is an order with everything of the books that belongs to it.
type claim struct {
	o      *order.Order
	books  *Books
	orders map[string]bool // reservation orders of the vendor that are this order
	lines  []InvoiceLine
	deals  []Transaction
	paid   []charge
	from   time.Time // of the purchase
	to     time.Time // end of the term, exclusive
}

// ErrNothing says that the files hold neither usage nor purchases.
var ErrNothing = errors.New("no file says anything about usage or purchases")

// Verify proves the orders that were sent against the books, by order and month. Months are those of the files from the
// month of the purchase on; an order whose month no file covers has one finding that says so.
// Where the books hold nothing the error is ErrNothing.
func Verify(orders []order.Order, b *Books, opts Options) (*Report, error) {
	if len(b.cells) == 0 && len(b.lines) == 0 && len(b.deals) == 0 && len(b.uses) == 0 && len(b.purchases) == 0 {
		return nil, ErrNothing
	}
	r := &Report{Schema: "sizeterm.proof/1", At: opts.Now, Findings: []Finding{}, Customers: []CustomerMonth{}, Invoices: []InvoiceSum{},
		UnmatchedCharge: []Unmatched{}, UnmatchedOrder: []Unmatched{}, Warnings: []string{}}
	claims := b.claims(orders)
	for _, c := range claims {
		for _, m := range c.months(opts.Now) {
			f, err := c.finding(m, claims)
			if err != nil {
				return nil, fmt.Errorf("order %s: %s: %w", c.o.ID, m.name, err)
			}
			r.Findings = append(r.Findings, f)
		}
	}
	if err := r.addUp(opts.FeeShare); err != nil {
		return nil, err
	}
	if err := b.match(r, claims); err != nil {
		return nil, err
	}
	if b.replaced > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d days of a resource group are in two exports: the more telling kind, or the later export, counts", b.replaced))
	}
	return r, nil
}

// sent are the states of orders that the vendor has heard of.
var sent = []order.State{order.Sending, order.Executed, order.Unknown, order.Reconciled, order.Verified, order.Exchanged, order.Cancelled, order.Failed}

// claims finds what belongs to each order, in the order of customers and ids.
func (b *Books) claims(orders []order.Order) []*claim {
	var all []*claim
	for i := range orders {
		o := &orders[i]
		if o.Attempt == nil || !slices.Contains(sent, o.State) || o.State == order.Cancelled && o.Result == nil {
			continue
		}
		c := &claim{o: o, books: b, orders: map[string]bool{}, from: o.Attempt.At.UTC()}
		c.to = c.from.AddDate(o.Line.Term.Years(), 0, 0)
		c.gather()
		if o.State == order.Failed && c.bought().Verdict == notFound {
			continue // as it should be
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(x, y *claim) int {
		return cmp.Or(cmp.Compare(x.o.Line.Customer, y.o.Line.Customer), cmp.Compare(x.o.ID, y.o.ID))
	})
	return all
}

// gather collects lines, transactions and charges of the order. Each can name a reservation order that others only name.
func (c *claim) gather() {
	vendor := ""
	if r := c.o.Result; r != nil {
		vendor = strings.ToLower(r.VendorOrder)
		c.add(r.ReservationOrder)
	}
	for round := 0; round < 2; round++ { // the second sees orders that the first one found
		c.lines, c.deals = nil, nil
		for _, l := range c.books.lines {
			if (vendor != "" && (l.Order == vendor || l.Alternate == vendor)) || c.orders[l.ReservationOrder] {
				c.lines = append(c.lines, l)
				c.add(l.ReservationOrder)
			}
		}
		for _, t := range c.books.deals {
			if t.Name == c.o.Token() || c.orders[t.Order] {
				c.deals = append(c.deals, t)
				c.add(t.Order)
			}
		}
	}
	// Who bought by hand may have said so later: the vendor's own day counts.
	for _, t := range c.deals {
		if t.Event == "purchase" && t.Day.Before(c.from) {
			c.from, c.to = t.Day, t.Day.AddDate(c.o.Line.Term.Years(), 0, 0)
		}
	}
	for _, p := range c.books.charges() {
		if c.mine(p.Benefit) {
			c.paid = append(c.paid, p)
		}
	}
}

func (c *claim) add(reservationOrder string) {
	if reservationOrder != "" {
		c.orders[strings.ToLower(reservationOrder)] = true
	}
}

// mine reports whether a benefit, a reservation or its order, is of this order.
func (c *claim) mine(benefit string) bool {
	return benefit != "" && (c.orders[benefit] || c.orders[c.books.order(benefit)])
}

// month is one calendar month in UTC.
type month struct {
	name     string
	from, to time.Time
}

func monthOf(t time.Time) month {
	from := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	return month{from.Format("2006-01"), from, from.AddDate(0, 1, 0)}
}

// months are those of the files in which the order ran.
func (c *claim) months(now time.Time) []month {
	seen := map[string]month{}
	put := func(t time.Time) {
		if m := monthOf(t.UTC()); m.to.After(c.from) && m.from.Before(c.to) {
			seen[m.name] = m
		}
	}
	if from, to, ok := c.books.span(c.o.Line.Customer); ok {
		for d := from; d < to; d++ {
			put(d.time())
		}
	}
	for _, l := range c.lines {
		put(l.Day)
	}
	for _, t := range c.deals {
		put(t.Day)
	}
	for _, u := range c.books.uses {
		if c.mine(u.Reservation) || c.mine(u.Order) {
			put(u.Day)
		}
	}
	if len(seen) == 0 {
		put(c.from)
	}
	var all []month
	for _, m := range seen {
		all = append(all, m)
	}
	slices.SortFunc(all, func(x, y month) int { return cmp.Compare(x.name, y.name) })
	return all
}

// finding proves one order in one month.
func (c *claim) finding(m month, all []*claim) (Finding, error) {
	l := &c.o.Line
	f := Finding{
		Order: c.o.ID, Line: l.ID, State: string(c.o.State), Customer: l.Customer, Name: c.books.names[l.Customer], Month: m.name, Currency: string(l.TotalPrice.Currency),
		What:   fmt.Sprintf("%d x %s %s %s", l.Quantity, l.Size, l.Region, l.Term),
		Bought: c.bought(),
	}
	for id := range c.orders {
		f.ReservationOrder = max(f.ReservationOrder, id)
	}
	var err error
	if f.Charged, err = c.charged(m); err != nil {
		return f, err
	}
	w := c.window(m)
	f.Days = int(w.days())
	u := c.usage(w)
	f.Applied = c.applied(w, u)
	f.Saving, err = c.saving(m, w, u, &f.Charged, all)
	return f, err
}

// bought says whether the files show the purchase, and whether it is what was ordered.
func (c *claim) bought() Bought {
	l := &c.o.Line
	var differs []string
	differ := func(name, got, want string) {
		if got != "" && got != want {
			differs = append(differs, fmt.Sprintf("%s %s, ordered %s", name, got, want))
		}
	}
	for _, t := range c.deals {
		if t.Event != "purchase" {
			continue
		}
		differ("size", t.Size, string(l.Size))
		differ("region", t.Region, string(l.Region))
		differ("term", fmt.Sprintf("%d months", t.TermMonths), fmt.Sprintf("%d months", l.Term.Months()))
		differ("quantity", fmt.Sprint(t.Quantity), fmt.Sprint(l.Quantity))
		return boughtAs(differs, fmt.Sprintf("%s:%d", t.File, t.Line))
	}
	for i := range c.lines {
		if q, ok := exactOf(c.lines[i].Quantity); ok && c.lines[i].purchase() {
			differ("quantity", q.String(), fmt.Sprint(l.Quantity))
		}
		if c.lines[i].purchase() {
			return boughtAs(differs, fmt.Sprintf("%s:%d", c.lines[i].File, c.lines[i].Line))
		}
	}
	for _, h := range c.books.held {
		if c.mine(h.ID) || c.mine(h.Order) {
			differ("size", h.Size, string(l.Size))
			differ("region", h.Region, string(l.Region))
			differ("quantity", fmt.Sprint(h.Quantity), fmt.Sprint(c.o.Held()))
			return boughtAs(differs, fmt.Sprintf("%s:%d", h.File, h.Line))
		}
	}
	if len(c.paid) > 0 {
		if p := c.paid[0]; p.Size != "" {
			differ("size", p.Size, string(l.Size))
		}
		return boughtAs(differs, "purchase rows of the cost export")
	}
	for _, r := range c.books.rowsOf(l.Customer) {
		if c.mine(r.benefit) {
			return boughtAs(nil, "usage that it covered")
		}
	}
	for _, u := range c.books.uses {
		if c.mine(u.Reservation) || c.mine(u.Order) {
			differ("size", u.Size, string(l.Size))
			return boughtAs(differs, fmt.Sprintf("%s:%d", u.File, u.Line))
		}
	}
	if c.o.Result != nil {
		return Bought{notFound, "the vendor said yes, the files do not show it", ""}
	}
	return Bought{notFound, "no file shows it", ""}
}

func boughtAs(differs []string, source string) Bought {
	if len(differs) > 0 {
		return Bought{isDifferent, strings.Join(differs, "; "), source}
	}
	return Bought{isBought, "as ordered", source}
}

// window is the part of a month that the usage files cover: whole is from the plan's day on, run is from the purchase on.
type window struct {
	whole, run [2]time.Time // from, to exclusive; empty where from is not before to
	complete   [2]day       // whole days from two days after the purchase on
}

// settleDays is how long after a purchase usage is not complete: the purchase day has part of its hours, and the vendor
// needs a day to apply a new reservation.
const settleDays = 2

func (c *claim) window(m month) window {
	from, to, ok := c.books.span(c.o.Line.Customer)
	if !ok {
		from, to = dayOf(m.from), dayOf(m.from)
		for _, u := range c.books.uses {
			if (c.mine(u.Reservation) || c.mine(u.Order)) && !u.Day.Before(m.from) && u.Day.Before(m.to) {
				to = max(to, dayOf(u.Day)+1)
			}
		}
	}
	start, end := latest(m.from, from.time(), c.o.Line.AsOf.UTC()), earliest(m.to, to.time(), c.to)
	w := window{whole: [2]time.Time{start, end}, run: [2]time.Time{latest(start, c.from), end}}
	w.complete = [2]day{max(dayOf(start), dayOf(c.from)+settleDays), dayOf(end)}
	return w
}

func (w *window) days() day { return max(0, w.complete[1]-w.complete[0]) }

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

func earliest(times ...time.Time) time.Time { return slices.MinFunc(times, time.Time.Compare) }

// seconds is the length of a span, 0 where it is empty.
func seconds(span [2]time.Time) int64 { return max(0, span[1].Unix()-span[0].Unix()) }

// owned is the number of instance-seconds of a span that the order owned: returns take their part.
func (c *claim) owned(span [2]time.Time) bill.Exact {
	total := bill.Whole(c.o.Line.Quantity).Mul(bill.Whole(seconds(span)))
	for _, r := range c.o.Returns {
		after := [2]time.Time{latest(span[0], r.At.UTC()), span[1]}
		total = total.Sub(bill.Whole(r.Quantity).Mul(bill.Whole(seconds(after))))
	}
	return total
}

// used is what the rows say of an order within its window, in hours of its own size.
type used struct {
	byDay    map[day]bill.Exact // covered hours, micro
	reserved map[day]bill.Exact // where details say it
	rows     []row              // that the order covered
	unused   money.Amount       // cost of hours that nothing used, of amortized exports
	amortise bool               // the rows have amortised costs
	source   string
}

// usage gathers what the order covered in the run of a window.
func (c *claim) usage(w window) used {
	u := used{byDay: map[day]bill.Exact{}, reserved: map[day]bill.Exact{}}
	from, to := dayOf(w.run[0]), dayOf(w.run[1])
	for _, r := range c.books.rowsOf(c.o.Line.Customer) {
		if r.day < from || r.day >= to || !c.mine(r.benefit) || r.model != usage.Reservation {
			continue
		}
		u.amortise = u.amortise || r.export == "amortized"
		u.source = r.export + " cost rows"
		if r.kind == usage.Unused {
			u.unused.Micros += r.cost
			continue
		}
		u.rows = append(u.rows, r)
		u.byDay[r.day] = u.byDay[r.day].Add(c.ownHours(&r))
	}
	details := map[day]bill.Exact{}
	for key, x := range c.books.dailyUses(func(x *Use) bool { return within(x.Day, from, to) && (c.mine(x.Reservation) || c.mine(x.Order)) }) {
		details[key.day] = details[key.day].Add(bill.Whole(x.used))
		u.reserved[key.day] = u.reserved[key.day].Add(bill.Whole(x.reserved))
	}
	if len(u.rows) == 0 && len(details) > 0 {
		u.byDay, u.source = details, "reservation details"
	}
	return u
}

// ownHours are the hours of a covered row in hours of the ordered size, micro.
func (c *claim) ownHours(r *row) bill.Exact {
	hours := bill.Whole(r.hours)
	if r.ratio > 0 {
		return hours.Mul(bill.Frac(r.ratio, 100))
	}
	return hours.Mul(ratioOf(r.size, c.o.Line.Size))
}

// ratioOf is how many hours of size b one hour of size a is worth, 1 where they share no group.
func ratioOf(a, b catalog.Size) bill.Exact {
	x, okA := a.Group()
	y, okB := b.Group()
	if a == b || !okA || !okB || x.Name != y.Name || y.Ratio == 0 {
		return bill.Whole(1)
	}
	return bill.Frac(x.Ratio, y.Ratio)
}

// exactOf reads decimal text.
func exactOf(text string) (bill.Exact, bool) {
	if text == "" {
		return bill.Exact{}, false
	}
	x, err := bill.ParseExact(text)
	return x, err == nil
}

// amountOf rounds micros once.
func amountOf(micros bill.Exact, c money.Code) (money.Amount, error) {
	n, ok := micros.Round()
	if !ok {
		return money.Amount{}, money.ErrOverflow
	}
	return money.New(n, c), nil
}
