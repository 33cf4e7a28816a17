// Package prove compares what was ordered with what the vendor's files say afterwards: was it bought, was it charged as
// quoted, is it used, and did the saving come true. It also values what can be done with a reservation that is not used
// well: another scope, an exchange, a refund.
//
// Books gathers the files; Verify reads them. Hours are micro-hours, money is exact until it is printed, days are UTC. An
// estimate never stands in for something that the files do not hold: what is not there is "not in the files".
package prove

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// InvoiceLine is a line of an invoice reconciliation file about reservations: see ingest.InvoiceLine, whose fields it has.
type InvoiceLine struct {
	Invoice, Order, Alternate, ReservationOrder string
	Customer, Product, Charge, Cycle            string
	Frequency                                   string
	Quantity, Billable                          string
	UnitPrice, PricingCurrency                  string
	Exchange                                    string
	Subtotal, Tax, Total, Currency              string
	Day                                         time.Time
	File                                        string
	Line                                        int64
}

// Transaction is a row of reservation transactions: see ingest.Transaction.
type Transaction struct {
	Day              time.Time
	Event            string
	Order, Name      string
	Size, Region     string
	TermMonths       int
	Quantity         int64
	Amount, Currency string
	Recurring        bool
	File             string
	Line             int64
}

// Use is what was used of a reservation on one day: see ingest.ReservationUse.
type Use struct {
	Reservation, Order, Size, Resource string
	Day                                time.Time
	Reserved, Used                     int64
	File                               string
	Line                               int64
}

// day counts UTC days from 1970-01-01.
type day int64

const daySeconds = 86400

func dayOf(t time.Time) day { return day(t.Unix() / daySeconds) }

func (d day) time() time.Time { return time.Unix(int64(d)*daySeconds, 0).UTC() }

// cellID is what a later export replaces as a whole.
type cellID struct {
	customer, subscription, group string
	day                           day
}

// origin is the export that a row came from.
type origin struct{ export, dataset string }

// what is one kind of use within a cell. ratio is the row's normalisation against the reservation x 100, 0 unknown.
type what struct {
	size     catalog.Size
	region   catalog.Region
	currency money.Code
	model    usage.Model
	kind     usage.Kind
	benefit  string
	ratio    int64
}

// quantity adds up rows of one kind: hours, and their cost as billed.
type quantity struct {
	hours int64
	cost  int64
}

// row is a quantity with everything that it is about.
type row struct {
	cellID
	what
	quantity
	export string
}

// scope is the path of the row in the words of a reservation's scope.
func (r *row) inScope(scope string) bool {
	if scope == "shared" {
		return true
	}
	sub, group, ok := strings.Cut(strings.TrimPrefix(scope, "/subscriptions/"), "/resourcegroups/")
	return r.subscription == sub && (!ok || r.group == group)
}

// rateKey finds an on-demand price.
type rateKey struct {
	customer string
	region   catalog.Region
	size     catalog.Size
	currency money.Code
}

// Books is what the files of some months hold. The zero value is empty.
type Books struct {
	cells     map[cellID]map[origin]map[what]*quantity
	purchases map[cellID]map[origin][]charge
	rates     map[rateKey]map[money.Rate]int64 // hours at each price, Linux compute on demand
	orderOf   map[string]string                // of a reservation
	lines     []InvoiceLine
	deals     []Transaction
	dealt     once[Transaction]
	invoiced  once[InvoiceLine]
	uses      []Use
	holdings  []usage.Holding
	held      []usage.Commitment // what holdings together say
	doubts    []usage.Doubt
	names     map[string]string
	replaced  int

	// Worked out when asked for, and forgotten when rows are added.
	chosen    []row // of the exports that count, sorted by customer first
	purchased []charge
	spans     map[string][2]day
}

// charge is one purchase, instalment or correction of a reservation in a cost export.
type charge struct {
	Customer, Benefit string
	Day               time.Time
	Cost              money.Amount
	Size              string
	Refund            bool
	Export            string
	Line              int64
}

// AddCharges takes rows of a cost file. What is no machine and no reservation is passed over.
func (b *Books) AddCharges(c *usage.Charges) {
	b.chosen, b.purchased, b.spans = nil, nil, nil
	if b.cells == nil {
		b.cells, b.purchases = map[cellID]map[origin]map[what]*quantity{}, map[cellID]map[origin][]charge{}
		b.rates, b.names = map[rateKey]map[money.Rate]int64{}, map[string]string{}
	}
	for i := range c.Len() {
		kind, model := usage.Kind(c.Kind[i]), usage.Model(c.Model[i])
		cell := cellID{c.Customer.Text(i), c.Subscription.Text(i), c.ResourceGroup.Text(i), day(c.Start[i] / daySeconds)}
		from := origin{c.Export.Text(i), c.Dataset.Text(i)}
		if name := c.CustomerName.Text(i); name != "" {
			b.names[cell.customer] = name
		}
		currency := money.Code(c.Currency.Text(i))
		switch {
		case kind == usage.Purchase || kind == usage.Adjustment && model == usage.Reservation:
			if model != usage.Reservation {
				continue
			}
			byOrigin := b.purchases[cell]
			if byOrigin == nil {
				byOrigin = map[origin][]charge{}
				b.purchases[cell] = byOrigin
			}
			byOrigin[from] = append(byOrigin[from], charge{Customer: cell.customer, Benefit: c.Benefit.Text(i), Day: time.Unix(c.Start[i], 0).UTC(),
				Cost: money.New(c.Cost[i], currency), Size: c.BenefitSize.Text(i), Refund: kind == usage.Adjustment, Export: from.export, Line: c.Line[i]})
		case kind == usage.Compute || kind == usage.Unused && model == usage.Reservation:
			b.addUse(c, i, cell, from, what{catalog.Size(c.Size.Text(i)), catalog.Region(c.Region.Text(i)), currency, model, kind, c.Benefit.Text(i), 0})
		}
	}
}

// addUse adds hours of machines, or hours that nothing used.
func (b *Books) addUse(c *usage.Charges, i int, cell cellID, from origin, w what) {
	hours, _ := c.Hours.At(i)
	w.ratio, _ = c.BenefitRatio.At(i)
	if rate, ok := c.Rate.At(i); ok && w.kind == usage.Compute && w.model == usage.OnDemand && c.OS.Text(i) != "windows" && rate > 0 && hours > 0 {
		key := rateKey{cell.customer, w.region, w.size, w.currency}
		if b.rates[key] == nil {
			b.rates[key] = map[money.Rate]int64{}
		}
		b.rates[key][money.Rate(rate)] += hours
	}
	if b.cells[cell] == nil {
		b.cells[cell] = map[origin]map[what]*quantity{}
	}
	if b.cells[cell][from] == nil {
		b.cells[cell][from] = map[what]*quantity{}
	}
	q := b.cells[cell][from][w]
	if q == nil {
		q = &quantity{}
		b.cells[cell][from][w] = q
	}
	q.hours += hours
	q.cost += c.Cost[i]
}

// AddInvoice takes lines of a reconciliation file.
func (b *Books) AddInvoice(lines ...InvoiceLine) {
	for _, l := range lines {
		row := l
		row.File, row.Line = "", 0
		if !b.invoiced.again(row, l.File) {
			b.lines = append(b.lines, l)
		}
		if l.Order != "" && l.ReservationOrder != "" {
			b.link(l.ReservationOrder, l.ReservationOrder)
		}
	}
}

// AddTransactions takes rows of reservation transactions.
func (b *Books) AddTransactions(deals ...Transaction) {
	for _, t := range deals {
		row := t
		row.File, row.Line = "", 0
		if !b.dealt.again(row, t.File) {
			b.deals = append(b.deals, t)
		}
	}
}

// AddUses takes rows of reservation details or summaries.
func (b *Books) AddUses(uses ...Use) { b.uses = append(b.uses, uses...) }

// AddLink takes what a file says: a reservation belongs to a reservation order.
func (b *Books) AddLink(reservation, order string) { b.link(reservation, order) }

// AddHeld takes what a list of reservations, or transactions, say is owned.
func (b *Books) AddHeld(held ...usage.Holding) {
	b.holdings = append(b.holdings, held...)
	b.held, b.doubts = usage.Owned(b.holdings)
	for _, c := range b.held {
		if c.Order != "" {
			b.link(c.ID, c.Order)
		}
	}
}

// Doubts returns what the files leave open about what is owned.
func (b *Books) Doubts() []usage.Doubt { return b.doubts }

// Held returns the reservations that the files list.
func (b *Books) Held() []usage.Commitment { return b.held }

func (b *Books) link(reservation, order string) {
	if b.orderOf == nil {
		b.orderOf = map[string]string{}
	}
	if reservation != "" && order != "" {
		b.orderOf[strings.ToLower(reservation)] = strings.ToLower(order)
	}
}

// order is the reservation order that a benefit belongs to: rows name a reservation, or its order.
func (b *Books) order(benefit string) string {
	if o, ok := b.orderOf[benefit]; ok {
		return o
	}
	return benefit
}

// rank orders exports by how much they say of usage; exports of different kinds are never added.
func rank(o origin) int {
	return slices.Index([]string{"usage", "focus", "actual", "amortized"}, o.export)
}

// best returns the export that counts in a cell: the most telling kind, of it the latest.
func best[T any](byOrigin map[origin]T, allowed func(origin) bool) (origin, bool) {
	var chosen origin
	found := false
	for o := range byOrigin {
		if allowed(o) && (!found || cmp.Or(cmp.Compare(rank(o), rank(chosen)), cmp.Compare(o.dataset, chosen.dataset)) > 0) {
			chosen, found = o, true
		}
	}
	return chosen, found
}

// rows returns the rows that count, sorted by everything that tells them apart.
func (b *Books) rows() []row {
	if b.chosen != nil {
		return b.chosen
	}
	for id, byOrigin := range b.cells {
		o, _ := best(byOrigin, func(origin) bool { return true })
		b.replaced += len(byOrigin) - 1
		for w, q := range byOrigin[o] {
			b.chosen = append(b.chosen, row{id, w, *q, o.export})
		}
	}
	slices.SortFunc(b.chosen, func(x, y row) int {
		return cmp.Or(cmp.Compare(x.customer, y.customer), cmp.Compare(x.day, y.day), cmp.Compare(x.subscription, y.subscription), cmp.Compare(x.group, y.group),
			cmp.Compare(x.region, y.region), cmp.Compare(x.size, y.size), cmp.Compare(x.benefit, y.benefit), cmp.Compare(x.model, y.model),
			cmp.Compare(x.kind, y.kind), cmp.Compare(x.currency, y.currency), cmp.Compare(x.ratio, y.ratio))
	})
	return b.chosen
}

// rowsOf returns the rows of one customer.
func (b *Books) rowsOf(customer string) []row {
	all := b.rows()
	from, _ := slices.BinarySearchFunc(all, customer, func(r row, c string) int { return cmp.Compare(r.customer, c) })
	to := from
	for to < len(all) && all[to].customer == customer {
		to++
	}
	return all[from:to]
}

// charges returns purchases and corrections of the exports that count, by day.
func (b *Books) charges() []charge {
	if b.purchased != nil {
		return b.purchased
	}
	all := []charge{}
	for _, byOrigin := range b.purchases {
		// Amortized exports have no purchases, and invoices are read line by line.
		if o, ok := best(byOrigin, func(o origin) bool { return o.export != "invoice" }); ok {
			all = append(all, byOrigin[o]...)
		}
	}
	slices.SortFunc(all, func(x, y charge) int {
		return cmp.Or(x.Day.Compare(y.Day), cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Benefit, y.Benefit), cmp.Compare(x.Line, y.Line))
	})
	b.purchased = all
	return all
}

// span is the days of usage that the files hold of a customer, to exclusive; ok is false where they hold none.
func (b *Books) span(customer string) (from, to day, ok bool) {
	if b.spans == nil {
		b.spans = map[string][2]day{}
		for _, r := range b.rows() {
			if r.kind != usage.Compute {
				continue
			}
			s, seen := b.spans[r.customer]
			if !seen {
				s = [2]day{r.day, r.day + 1}
			}
			b.spans[r.customer] = [2]day{min(s[0], r.day), max(s[1], r.day+1)}
		}
	}
	s, ok := b.spans[customer]
	return s[0], s[1], ok
}

// rate is the on-demand price that the customer paid for most hours of a size. Where the files show none of the size it
// follows by the ratio from the nearest size of its flexibility group; scaled says so. 0 where they show none of the group.
func (b *Books) rate(k rateKey) (rate money.Rate, scaled bool) {
	if rate := b.paid(k); rate > 0 {
		return rate, false
	}
	mine, ok := k.size.Group()
	if !ok {
		return 0, false
	}
	nearest := int64(-1)
	for _, size := range catalog.GroupSizes(mine.Name) { // sorted
		other, _ := size.Group()
		off := max(other.Ratio-mine.Ratio, mine.Ratio-other.Ratio)
		paid := b.paid(rateKey{k.customer, k.region, size, k.currency})
		if paid == 0 || nearest >= 0 && off >= nearest {
			continue
		}
		if r, err := paid.MulDiv(mine.Ratio, other.Ratio); err == nil {
			rate, nearest = r, off
		}
	}
	return rate, true
}

// paid is the on-demand price of most hours of exactly this size.
func (b *Books) paid(k rateKey) money.Rate {
	var most money.Rate
	for rate, hours := range b.rates[k] {
		if best := b.rates[k][most]; hours > best || hours == best && rate < most {
			most = rate
		}
	}
	return most
}
