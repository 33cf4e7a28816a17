package ingest

import (
	"bytes"
	"strings"

	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
)

// The slots of charges, in the order of chargeFields.
const (
	cDay = iota
	cDayEnd
	cQuantity
	cPricingQuantity
	cBlock
	cUnit
	cPricingUnit
	cCost
	cEffectivePrice
	cUnitPrice
	cListPrice
	cCurrency
	cPricingCurrency
	cFX
	cCustomer
	cCustomerName
	cAccount
	cAccountName
	cSubscription
	cSubscriptionName
	cGroup
	cResource
	cRegion
	cLocation
	cProduct
	cCategory
	cServiceName
	cSubcategory
	cMeter
	cService
	cCharge
	cClass
	cStatus
	cModel
	cModelSub
	cBenefitType
	cReservation
	cBenefit
	cOrder
	cOrderName
	cInfo
	cTags
	cPublisher
	cPECApplied
	cPeriodStart
	cPeriodEnd
	cIsActual
	cIsAmortized
)

var chargeFields = []string{
	"day", "dayend", "quantity", "pricingquantity", "block", "unit", "pricingunit", "cost", "effectiveprice", "unitprice", "listprice",
	"currency", "pricingcurrency", "fx", "customer", "customername", "account", "accountname", "subscription", "subscriptionname",
	"group", "resource", "region", "location", "product", "category", "servicename", "subcategory", "meter", "service", "charge", "class",
	"status", "model", "modelsub", "benefittype", "reservation", "benefit", "order", "ordername", "info", "tags", "publisher",
	"pecapplied", "periodstart", "periodend", "isactual", "isamortized",
}

// daySeconds is the length of a billing day.
const daySeconds = 86400

// chargeMapper turns rows of a cost file into charges. It belongs to one goroutine.
type chargeMapper struct {
	base
	batch    usage.ChargeBatch
	clock    dialect.Clock
	mark     byte
	focus    bool
	partner  bool
	invoice  bool
	export   string
	dataset  string
	currency string            // of files without a column for it
	customer string            // of files that name none
	latest   int64             // rows that begin later are rejected
	billedIn map[string]string // Options.Currencies

	day, dayEnd, periodEnd        memo[dayOf]
	currencies, charges           memo[string]
	customers, names              memo[string]
	subscriptions, groups         memo[string]
	benefits, orderSizes, orderOf memo[string]
	regions                       memo[place]
	plans                         memo[bool]
	categories                    memo[category]
	units                         memo[dialect.Unit]
	classes                       combos[*class]
	subjects                      combos[*subject]
	nextClass                     uint32

	lines []InvoiceLine
	links map[Link]bool
	link  Link // of the row before
}

// dayOf is a parsed date.
type dayOf struct {
	second int64
	err    error
	serial bool
}

// facts is a row on its way to a charge.
type facts struct {
	usage.ChargeRow
	cost     dialect.Decimal
	charge   string // folded charge type
	category category
	info     *machine
	benefit  []byte
	notices  []remark // of identify
}

// remark is a notice about each row of a subject.
type remark struct{ code, detail string }

// note adds a notice.
func (f *facts) note(code, detail string) { f.notices = append(f.notices, remark{code, detail}) }

// take maps one row: it is accepted, rejected or set apart, exactly one of the three.
func (m *chargeMapper) take(r *row) {
	m.tally.rows++
	c := m.classOf(r)
	cost, micros, ok := m.money(r, c)
	if !ok {
		return
	}
	start, end, ok := m.dated(r)
	if !ok {
		return
	}
	if c.reason != "" {
		m.setApart(r, &c.facts, &c.counts, c.reason, cost)
		return
	}
	s := m.subjectOf(r, c)
	if s.reason != "" {
		if s.detail != "" {
			m.tally.notice(s.reason+"\x00"+s.facts.Customer, s.detail)
		}
		m.setApart(r, &c.facts, &s.counts, s.reason, cost)
		return
	}
	f := s.facts
	f.cost, f.Cost, f.Start, f.End, f.Line = cost, micros, start, end, r.line
	if !m.amounts(r, &f) {
		return
	}
	for _, n := range f.notices {
		m.tally.notice(n.code, n.detail)
	}
	m.prices(r, &f)
	m.accept(r, &f, s)
}

// accept adds a row that is a charge.
func (m *chargeMapper) accept(r *row, f *facts, s *subject) {
	span := f.End - f.Start
	if f.Kind == usage.Compute && f.Hours > span*1_000_000/3600 {
		m.tally.notice("several_instances", "rows of more hours than their day has stand for several instances")
	}
	m.remember(r, f)
	m.batch.Add(&f.ChargeRow, &s.texts)
	m.tally.accepted++
	if s.counts.total == nil {
		s.counts.total = m.tally.total(f.Currency, f.Kind.String())
		name(&m.tally.customers, f.Customer)
		name(&m.tally.currencies, f.Currency)
	}
	s.counts.total.add(f.cost)
	m.tally.period(f.Start, f.End)
	if f.Kind == usage.Compute && (m.tally.grain == 0 || span < m.tally.grain) {
		m.tally.grain = span
	}
}

// setApart counts a row that is no charge of a machine or commitment.
func (m *chargeMapper) setApart(r *row, f *facts, c *counts, reason string, cost dialect.Decimal) {
	if c.total == nil {
		c.total, c.apart = m.tally.total(f.Currency, "apart"), m.tally.apartFor(reason)
	}
	c.total.add(cost)
	*c.apart++
	if m.tally.accepted == 0 && (m.has(cCustomer) || m.has(cAccount)) {
		var who facts
		m.owner(r, &who)
		for _, n := range who.notices {
			m.tally.notice(n.code, n.detail)
		}
		name(&m.tally.others, who.Customer)
	}
}

// money reads the cost, exact and in micro-units, which every row must have, as it must have a currency.
func (m *chargeMapper) money(r *row, c *class) (cost dialect.Decimal, micros int64, ok bool) {
	cell := r.text(cCost)
	var err error
	if absent(cell) {
		if !m.partner { // Partner Center lists reserved hours without an amount
			return cost, 0, m.repeated(r, cCost, errBlank)
		}
	} else {
		if m.invoice {
			cell = unsigned(cell)
		}
		if cost, err = dialect.ParseDecimal(cell, m.mark); err != nil {
			return cost, 0, m.repeated(r, cCost, err)
		}
	}
	if micros, _, err = cost.Units(6); err != nil {
		return cost, 0, m.reject(r, cCost, err)
	}
	if c.facts.Currency == "" {
		return cost, 0, m.reject(r, cCurrency, errCurrency)
	}
	return cost, micros, true
}

// unsigned takes the currency sign off an amount: the reconciliation files of Partner Center may carry one.
func unsigned(cell []byte) []byte {
	minus := bytes.HasPrefix(cell, []byte{'-'})
	rest := bytes.TrimPrefix(cell, []byte{'-'})
	for _, sign := range []string{"$", "€", "£"} {
		if after, ok := bytes.CutPrefix(rest, []byte(sign)); ok {
			if minus {
				return append([]byte{'-'}, after...)
			}
			return after
		}
	}
	return cell
}

// currencyOf returns a currency code in upper case, "" where it is none.
func currencyOf(cell []byte) string {
	if len(cell) != 3 {
		return ""
	}
	code := strings.ToUpper(string(cell))
	if strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return code
}

// repeated rejects a row, or sets it apart where it is the header once more.
func (m *chargeMapper) repeated(r *row, slot int, err error) bool {
	if dialect.Fold(string(r.text(slot))) == dialect.Fold(m.plan.names[m.plan.column[slot]]) {
		m.tally.setApart("header_repeated")
		return false
	}
	return m.reject(r, slot, err)
}

// dated reads the period.
func (m *chargeMapper) dated(r *row) (start, end int64, ok bool) {
	day := m.day.get(r.text(cDay), m.readDay)
	if day.err != nil {
		return 0, 0, m.repeated(r, cDay, day.err)
	}
	if day.serial {
		m.tally.notice("serial_dates", "dates are day numbers of a spreadsheet")
	}
	start, end = day.second, day.second-day.second%daySeconds+daySeconds
	if m.has(cDayEnd) {
		last := m.dayEnd.get(r.text(cDayEnd), m.readDay)
		if last.err != nil || last.second <= start {
			return 0, 0, m.reject(r, cDayEnd, dialect.ErrTime)
		}
		end = last.second
	} else if day.second%daySeconds != 0 && !m.partner {
		start = day.second - day.second%daySeconds
	}
	if start >= firstDay && (m.tally.firstDay == 0 || start < m.tally.firstDay) {
		m.tally.firstDay = start
	}
	m.tally.days.add(start)
	if m.tally.lastDay = max(m.tally.lastDay, end); m.has(cPeriodEnd) {
		if last := m.periodEnd.get(r.text(cPeriodEnd), m.readDay); last.err == nil {
			m.tally.periodEnd = max(m.tally.periodEnd, last.second)
		}
	}
	switch {
	case start < firstDay:
		return 0, 0, m.reject(r, cDay, errPast)
	case m.latest > 0 && start > m.latest:
		return 0, 0, m.reject(r, cDay, errFuture)
	}
	return start, end, true
}

// firstDay is 2014-01-01: Azure's virtual machines are hardly older, and exports never.
const firstDay = 1388534400

func (m *chargeMapper) readDay(cell []byte) dayOf {
	if absent(cell) {
		return dayOf{err: errBlank}
	}
	second, err := m.instant(m.clock, cell)
	return dayOf{second: second, err: err, serial: err == nil && len(cell) == 5}
}

// amounts reads the hours of the row.
func (m *chargeMapper) amounts(r *row, f *facts) bool {
	if f.Kind == usage.Purchase || m.invoice {
		return true
	}
	slot := cQuantity
	cell := r.text(cQuantity)
	if absent(cell) && m.focus {
		slot, cell = cPricingQuantity, r.text(cPricingQuantity)
	}
	if absent(cell) {
		if f.Kind == usage.Unused || f.Kind == usage.Adjustment {
			return true
		}
		return m.reject(r, slot, errBlank)
	}
	quantity, err := dialect.ParseDecimal(cell, m.mark)
	if err != nil {
		return m.reject(r, slot, err)
	}
	if slot == cPricingQuantity {
		if block, err := dialect.ParseDecimal(r.text(cBlock), m.mark); err == nil && !block.IsZero() {
			quantity, _ = quantity.Mul(block)
		}
	}
	if f.Kind == usage.Adjustment && !m.units.get(r.text(m.unitSlot()), func(cell []byte) dialect.Unit { return dialect.UnitOf(string(cell)) }).Hours {
		return true
	}
	if quantity.Negative && !f.cost.Negative && f.Model != usage.Reservation && f.Model != usage.SavingsPlan && f.Kind == usage.Compute {
		return m.reject(r, slot, errNegative)
	}
	if f.Hours, _, err = quantity.Units(6); err != nil {
		return m.reject(r, slot, err)
	}
	f.HasHours = true
	return true
}

func (m *chargeMapper) rows() rowset { return rowset{charges: &m.batch} }
