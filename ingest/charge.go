package ingest

import (
	"bytes"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"

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
	currency string // of files without a column for it
	customer string // of files that name none
	latest   int64  // rows that begin later are rejected

	day, dayEnd, periodEnd                       memo[dayOf]
	currencies                                   memo[string]
	customers, accounts, names, owners           memo[string]
	subscriptions, subscriptionNames, groups     memo[string]
	resources, tails, tags, benefits, orderSizes memo[string]
	regions                                      memo[place]
	infos                                        memo[*machine]
	charges                                      memo[string]
	windows, plans                               memo[bool]
	categories                                   memo[category]
	units                                        memo[dialect.Unit]
	orderOf                                      memo[string]

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
}

// take maps one row: it is accepted, rejected or set apart, exactly one of the three.
func (m *chargeMapper) take(r *row) {
	m.tally.rows++
	var f facts
	if !m.money(r, &f) || !m.dated(r, &f) {
		return
	}
	m.classify(r, &f)
	if reason := m.apart(r, &f); reason != "" {
		m.tally.cost(f.Currency, "apart", f.cost)
		m.tally.setApart(reason)
		if m.tally.accepted == 0 && (m.has(cCustomer) || m.has(cAccount)) {
			m.owner(r, &f)
			name(&m.tally.others, f.Customer)
		}
		return
	}
	if !m.amounts(r, &f) {
		return
	}
	m.identify(r, &f)
	m.prices(r, &f)
	if span := f.End - f.Start; f.Kind == usage.Compute && f.Hours > span*1_000_000/3600 {
		m.tally.notice("several_instances", "rows of more hours than their day has stand for several instances")
	}
	f.Export, f.Dataset, f.Line = m.export, m.dataset, r.line
	m.remember(r, &f)
	m.batch.Add(&f.ChargeRow)
	m.tally.accepted++
	m.tally.cost(f.Currency, f.Kind.String(), f.cost)
	m.tally.period(f.Start, f.End)
	if span := f.End - f.Start; f.Kind == usage.Compute && (m.tally.grain == 0 || span < m.tally.grain) {
		m.tally.grain = span
	}
	name(&m.tally.customers, f.Customer)
	name(&m.tally.currencies, f.Currency)
}

// money reads cost and currency, which every row must have.
func (m *chargeMapper) money(r *row, f *facts) bool {
	cell := r.text(cCost)
	if absent(cell) {
		if !m.partner { // Partner Center lists reserved hours without an amount
			return m.repeated(r, cCost, errBlank)
		}
	} else {
		if m.invoice {
			cell = unsigned(cell)
		}
		var err error
		if f.cost, err = dialect.ParseDecimal(cell, m.mark); err != nil {
			return m.repeated(r, cCost, err)
		}
	}
	var err error
	if f.Cost, _, err = f.cost.Units(6); err != nil {
		return m.reject(r, cCost, err)
	}
	f.Currency = m.currency
	if m.has(cCurrency) {
		f.Currency = m.currencies.get(r.text(cCurrency), currencyOf)
	}
	if f.Currency == "" {
		return m.reject(r, cCurrency, errCurrency)
	}
	return true
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
func (m *chargeMapper) dated(r *row, f *facts) bool {
	day := m.day.get(r.text(cDay), m.readDay)
	if day.err != nil {
		return m.repeated(r, cDay, day.err)
	}
	if day.serial {
		m.tally.notice("serial_dates", "dates are day numbers of a spreadsheet")
	}
	f.Start, f.End = day.second, day.second-day.second%daySeconds+daySeconds
	if m.has(cDayEnd) {
		end := m.dayEnd.get(r.text(cDayEnd), m.readDay)
		if end.err != nil || end.second <= f.Start {
			return m.reject(r, cDayEnd, dialect.ErrTime)
		}
		f.End = end.second
	} else if day.second%daySeconds != 0 && !m.partner {
		f.Start = day.second - day.second%daySeconds
	}
	if f.Start >= firstDay && (m.tally.firstDay == 0 || f.Start < m.tally.firstDay) {
		m.tally.firstDay = f.Start
	}
	m.tally.days.add(f.Start)
	if m.tally.lastDay = max(m.tally.lastDay, f.End); m.has(cPeriodEnd) {
		if end := m.periodEnd.get(r.text(cPeriodEnd), m.readDay); end.err == nil {
			m.tally.periodEnd = max(m.tally.periodEnd, end.second)
		}
	}
	switch {
	case f.Start < firstDay:
		return m.reject(r, cDay, errPast)
	case m.latest > 0 && f.Start > m.latest:
		return m.reject(r, cDay, errFuture)
	}
	return true
}

// firstDay is 2014-01-01: Azure's virtual machines are hardly older, and exports never.
const firstDay = 1388534400

func (m *chargeMapper) readDay(cell []byte) dayOf {
	if absent(cell) {
		return dayOf{err: errBlank}
	}
	second, err := m.clock.Parse(cell)
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

// flush returns the gathered rows, nil when there are none.
func (m *chargeMapper) flush() arrow.Record {
	if m.batch.Len() == 0 {
		return nil
	}
	return m.batch.Record()
}

func (m *chargeMapper) len() int { return m.batch.Len() }
