package ingest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
)

// Recommendation is one row of Microsoft's own reservation recommendations: its opinion, kept to be shown beside ours. The
// money covers the look-back window and neither a month nor the term, and rows of different scope, term or look-back
// overlap, so that nobody may add them.
type Recommendation struct {
	Customer, Scope, Subscription string // lower case; Scope "shared" or "single"
	Size, Region                  string // canonical, or the text where the catalog does not know it
	Quantity                      string // of Size, exact decimal; never of the normalised size
	TermMonths, LookbackDays      int
	CostWithout, CostWith         string // exact decimals, "" where the file does not say
	NetSavings                    string
	Currency                      string // "" where the file does not say
	File                          string
	Line                          int64
}

// ReservationUse is what one resource used of a reservation on one day, or what a whole reservation was used where
// Resource is empty. Hours are micro-hours of the reserved size.
type ReservationUse struct {
	Reservation, Order, Size, Resource string
	Day                                time.Time
	Reserved, Used                     int64
	File                               string
	Line                               int64
}

// The slots of reservation details, transactions and recommendations, in the order of reportFields.
const (
	pDay = iota
	pID
	pOrder
	pSize
	pResource
	pReserved
	pUsed
	pQuantity
	pEvent
	pRegion
	pTerm
	pFrequency
	pScope
	pLookback
	pWithout
	pWith
	pSavings
	pCurrency
	pSavingsCurrency
	pSubscription
	pResourceType
	pOrderName
	pAmount
)

var reportFields = []string{"day", "id", "order", "size", "resource", "reserved", "used", "quantity", "event", "region", "term", "frequency", "scope", "lookback",
	"without", "with", "savings", "currency", "savingscurrency", "subscription", "resourcetype", "ordername", "amount"}

// reportMapper reads the reports about reservations. It belongs to one goroutine.
type reportMapper struct {
	base
	customer string // of files that name none, "" where nobody said it
	clock    dialect.Clock
	mark     byte
	opinions []Recommendation
	uses     []ReservationUse
	orders   map[string]*usage.Holding
	deals    []Transaction
}

// take maps one row.
func (m *reportMapper) take(r *row) {
	m.tally.rows++
	var ok bool
	switch m.plan.match.Family {
	case "reservation-recommendations":
		ok = m.opinion(r)
	case "reservation-transactions":
		ok = m.transaction(r)
	default:
		ok = m.use(r)
	}
	if ok {
		m.tally.accepted++
	}
}

// opinion reads a recommendation.
func (m *reportMapper) opinion(r *row) bool {
	if kind := r.text(pResourceType); len(kind) > 0 && !hasFold(kind, "virtualmachine") && !hasFold(kind, "microsoft.compute") {
		m.tally.setApart("not_a_virtual_machine")
		return false
	}
	o := Recommendation{File: m.file, Line: r.line, Size: sizeOf(string(r.text(pSize))), Region: string(r.text(pRegion)), Scope: lower(r.text(pScope)),
		Subscription: subscriptionOf(r.text(pSubscription)), TermMonths: termMonths(string(r.text(pTerm)))}
	if region, ok := catalog.RegionOf(o.Region); ok {
		o.Region = string(region)
	}
	if o.TermMonths == 0 {
		return m.reject(r, pTerm, errTerm)
	}
	o.LookbackDays = int(small(strings.Trim(string(r.text(pLookback)), "LastDy ")))
	for _, c := range []struct {
		slot int
		to   *string
	}{{pQuantity, &o.Quantity}, {pWithout, &o.CostWithout}, {pWith, &o.CostWith}, {pSavings, &o.NetSavings}} {
		d, ok, err := m.amount(r, c.slot, &o)
		if err != nil {
			return m.reject(r, c.slot, err)
		}
		if ok {
			var sum dialect.Total
			sum.Add(d)
			*c.to = sum.String()
		}
	}
	for _, slot := range [2]int{pSavingsCurrency, pCurrency} {
		if code := currencyOf(r.text(slot)); code != "" {
			o.Currency = code
			break
		}
	}
	m.opinions = append(m.opinions, o)
	return true
}

// amount reads an amount of a recommendation: a number, or the JSON that exports for Microsoft Customer Agreements hold.
func (m *reportMapper) amount(r *row, slot int, o *Recommendation) (dialect.Decimal, bool, error) {
	cell := r.text(slot)
	if len(cell) == 0 || cell[0] != '{' {
		return m.number(r, slot, m.mark)
	}
	amount, currency, ok := amountOf(cell)
	if !ok {
		return dialect.Decimal{}, false, dialect.ErrNumber
	}
	o.Currency = currencyOf([]byte(currency))
	d, err := dialect.ParseDecimal([]byte(amount), '.')
	return d, err == nil, err
}

// day reads the day of a row.
func (m *reportMapper) day(r *row) (time.Time, bool) {
	second, err := m.instant(m.clock, r.text(pDay))
	if err != nil {
		return time.Time{}, m.reject(r, pDay, err)
	}
	m.tally.period(second, second+daySeconds)
	return time.Unix(second, 0).UTC(), true
}

// use reads what was used of a reservation.
func (m *reportMapper) use(r *row) bool {
	day, ok := m.day(r)
	if !ok {
		return false
	}
	u := ReservationUse{File: m.file, Line: r.line, Day: day, Reservation: benefitID(r.text(pID)), Order: lower(r.text(pOrder)), Size: sizeOf(string(r.text(pSize))), Resource: lower(r.text(pResource))}
	for _, c := range []struct {
		slot int
		to   *int64
	}{{pReserved, &u.Reserved}, {pUsed, &u.Used}} {
		d, ok, err := m.number(r, c.slot, m.mark)
		if err == nil && ok {
			*c.to, _, err = d.Units(6)
		}
		if err != nil || !ok {
			return m.reject(r, c.slot, orErr(err, errBlank))
		}
		if *c.to < 0 {
			return m.reject(r, c.slot, dialect.ErrRange)
		}
	}
	if d, ok, err := m.number(r, pQuantity, m.mark); err == nil && ok {
		if quantity, _, err := d.Units(0); err == nil && quantity > 0 && u.Reserved/quantity > 25*usage.MicroHour {
			m.tally.notice("monthly_summary", "rows that reserve more than a day has: months in one row, which prove no day; ask for the grain daily")
			m.tally.setApart("monthly_summary")
			return false
		}
	}
	m.tally.grain = daySeconds
	m.uses = append(m.uses, u)
	return true
}

// transaction reads a purchase or what takes it back.
func (m *reportMapper) transaction(r *row) bool {
	day, ok := m.day(r)
	if !ok {
		return false
	}
	size, known := catalog.SizeOf(string(r.text(pSize)))
	if !known {
		m.tally.setApart("not_a_virtual_machine")
		return false
	}
	region, known := catalog.RegionOf(string(r.text(pRegion)))
	if !known {
		return m.reject(r, pRegion, errNoRegion)
	}
	months := termMonths(string(r.text(pTerm)))
	if months == 0 {
		return m.reject(r, pTerm, errTerm)
	}
	d, err := dialect.ParseDecimal(r.text(pQuantity), m.mark)
	if err != nil {
		return m.reject(r, pQuantity, err)
	}
	quantity, _, err := d.Units(0)
	if err != nil {
		return m.reject(r, pQuantity, err)
	}
	back := quantity < 0
	if back {
		quantity = -quantity
	}
	id := lower(r.text(pOrder))
	if !m.deal(r, Transaction{Day: day, Order: id, Size: string(size), Region: string(region), TermMonths: months, Quantity: quantity}) {
		return false
	}
	h := m.orders[id]
	if h == nil {
		h = &usage.Holding{Dealt: true, Commitment: usage.Commitment{ID: id, Order: id, Customer: m.customer, Subscription: subscriptionOf(r.text(pSubscription)), Scope: "shared", Size: string(size), Region: string(region), TermMonths: months, File: m.file, Line: r.line}}
		m.orders[id] = h
	}
	deal := m.deals[len(m.deals)-1]
	switch event := deal.Event; {
	case event == "purchase" && !back, event == "exchange" && !back && deal.Amount != "" && deal.Amount[0] != '-': // an exchange gives back and buys; instalments of a monthly plan repeat the purchase
		if h.Start.IsZero() || day.Before(h.Start) {
			h.Size, h.Region, h.TermMonths = string(size), string(region), months
			h.Start, h.End, h.Quantity, h.Line, h.Monthly = day, day.AddDate(0, months, 0), quantity, r.line, deal.Recurring
		}
	case event == "purchase", event == "refund", event == "cancel", event == "exchange":
		h.Returns = append(h.Returns, usage.Return{Day: day, Event: event, Quantity: quantity, Amount: deal.Amount})
	default:
		m.tally.notice("unknown_event", "transactions that are neither purchase, refund, cancel nor exchange")
	}
	return true
}

// holdings returns what the transactions say of each order, in the order of their lines.
func (m *reportMapper) holdings() []usage.Holding {
	var all []usage.Holding
	for _, h := range m.orders {
		all = append(all, *h)
	}
	slices.SortFunc(all, func(a, b usage.Holding) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

func (m *reportMapper) rows() rowset { return rowset{} }
