package ingest

import (
	"bytes"
	"fmt"
	"strings"

	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
)

// category is what a meter category means.
type category uint8

const (
	categoryOther category = iota
	categoryVM
	categoryLicence
)

// categoryOf reads a meter category or a FOCUS service name.
func categoryOf(cell []byte) category {
	switch dialect.Fold(string(cell)) {
	case "virtualmachines", "virtualmachine", "virtualmachinescalesets":
		return categoryVM
	case "virtualmachineslicenses", "virtualmachinelicenses":
		return categoryLicence
	}
	return categoryOther
}

// class is what the cells say in which few rows differ: what was charged, how, and in which currency.
type class struct {
	number uint32
	facts  facts
	reason string // why its rows are set apart, "" where AdditionalInfo has a say in that, or where they are charges
	counts counts // of rows that are set apart
}

// counts is where rows are counted, once one was.
type counts struct {
	total *totalOf
	apart *int64
}

// classSlots are the cells that a class is made of: what currencyOf, classify and apart look at.
var classSlots = []int{cCurrency, cCategory, cServiceName, cProduct, cMeter, cCharge, cClass, cStatus, cModel, cModelSub, cBenefitType, cReservation, cBenefit,
	cOrderName, cUnit, cPricingUnit, cIsActual, cIsAmortized}

// classOf returns the class of a row.
func (m *chargeMapper) classOf(r *row) *class {
	if known := m.classes.find(r, 0); known != nil {
		return known.value
	}
	c := &class{number: m.nextClass}
	m.nextClass++
	f := &c.facts
	f.Currency = m.currency
	if m.has(cCurrency) {
		f.Currency = m.currencies.get(r.text(cCurrency), currencyOf)
	}
	if m.classify(r, f); f.category == categoryOther || m.invoice {
		c.reason = m.apart(r, f)
	}
	return m.classes.add(c).value
}

// otherCurrency is why rows are set apart that are in another currency than Options.Currencies names for their customer.
const otherCurrency = "other_currency"

// subject is who and what a row of a class is about.
type subject struct {
	facts  facts // the texts are in texts alone, but for those that rows are counted by
	texts  usage.ChargeTexts
	reason string
	detail string // what the notice of a row says that is set apart for a reason of its own
	counts counts
}

// subjectSlots are the cells that tell subjects of a class apart: what identify looks at, but for those of the class.
var subjectSlots = []int{cCustomer, cCustomerName, cAccount, cAccountName, cSubscription, cSubscriptionName, cGroup, cResource, cRegion, cLocation,
	cSubcategory, cOrder, cInfo, cTags}

// subjectOf returns the subject of a row.
func (m *chargeMapper) subjectOf(r *row, c *class) *subject {
	if known := m.subjects.find(r, c.number); known != nil {
		return known.value
	}
	s := &subject{facts: c.facts}
	f := &s.facts
	if cell := r.text(cInfo); len(cell) > 0 && f.category != categoryOther {
		if f.info = readInfo(cell); f.info.UsageType == "ComputeHR_SW" {
			f.category = categoryLicence
		}
	}
	m.bought(r, f)
	if s.reason = m.apart(r, f); s.reason == "" {
		m.identify(r, f)
		s.reason, s.detail = m.foreign(f)
		f.Export, f.Dataset = m.export, m.dataset
		s.texts = m.batch.Texts(&f.ChargeRow)
		f.info = nil
		f.SubscriptionName, f.ResourceGroup, f.Resource, f.VM, f.Tags = "", "", "", "", ""
	}
	if s.reason == "not_hours" && f.info != nil && f.info.UsageType == "ComputeHR" {
		s.detail = fmt.Sprintf("the unit %q of rows that AdditionalInfo calls machine hours is no known unit of hours: they are set apart", valueOf(r.text(m.unitSlot())))
	}
	return m.subjects.add(s).value
}

// mappedOf returns those of some slots that the file has.
func (b *base) mappedOf(slots []int) (mapped []int) {
	for _, slot := range slots {
		if b.mapped[slot] {
			mapped = append(mapped, slot)
		}
	}
	return mapped
}

// classify finds charge type, category and pricing model.
func (m *chargeMapper) classify(r *row, f *facts) {
	f.category = m.categories.get(r.text(cCategory), categoryOf)
	if m.focus && !m.has(cCategory) { // the published sample, and what others write: without Microsoft's own columns
		product := r.text(cProduct)
		if f.category = categoryOf(r.text(cServiceName)); f.category == categoryOther && bytes.HasPrefix(product, []byte("Virtual Machines ")) {
			f.category = categoryVM
		}
		if f.category == categoryVM && hasFold(product, "license") {
			f.category = categoryLicence
		}
	}
	f.charge = m.chargeOf(r)
	f.benefit = bytes.Clone(r.text(cBenefit))
	if absent(f.benefit) {
		f.benefit = nil
	}
	f.Model = m.modelOf(r, f)
}

// chargeOf returns the folded charge type in the words of Cost Management.
func (m *chargeMapper) chargeOf(r *row) string {
	charge := m.charges.get(r.text(cCharge), func(cell []byte) string { return dialect.Fold(string(cell)) })
	if m.focus {
		switch {
		case bytes.EqualFold(r.text(cStatus), []byte("Unused")):
			return "unusedreservation"
		case bytes.EqualFold(r.text(cClass), []byte("Correction")) && charge == "purchase":
			return "refund"
		}
		return charge
	}
	if m.partner {
		switch charge {
		case "refund", "cancelimmediate", "customercredit", "credit":
			return "refund"
		}
		return "usage"
	}
	if charge == "" || charge == "unusedbenefits" {
		return map[string]string{"": "usage", "unusedbenefits": "unusedreservation"}[charge]
	}
	return charge
}

// modelOf returns the pricing model, from the columns that say it and else from the signs that a benefit leaves.
func (m *chargeMapper) modelOf(r *row, f *facts) usage.Model {
	model := r.text(cModel)
	meter := r.text(cMeter)
	switch {
	case equalFold(model, "reservation"):
		return usage.Reservation
	case equalFold(model, "savingsplan"), equalFold(model, "savings plan"):
		return usage.SavingsPlan
	case equalFold(model, "spot"), equalFold(model, "dynamic"), endsFold(meter, "spot"), endsFold(meter, "low priority"):
		return usage.Spot
	case f.charge == "unusedsavingsplan", f.benefit != nil && m.plans.get(f.benefit, isPlan), hasFold(r.text(cBenefitType), "savings"), hasFold(r.text(cModelSub), "savings"):
		return usage.SavingsPlan
	case f.charge == "unusedreservation", f.benefit != nil, equalFold(model, "committed"):
		return usage.Reservation
	case m.has(cReservation) && !absent(r.text(cReservation)) && !zeroGUID(r.text(cReservation)):
		return usage.Reservation
	}
	return usage.OnDemand
}

// isPlan reports whether a benefit is a savings plan.
func isPlan(benefit []byte) bool {
	return hasFold(benefit, "billingbenefits") || hasFold(benefit, "savingsplan")
}

func equalFold(cell []byte, word string) bool {
	return len(cell) == len(word) && bytes.EqualFold(cell, []byte(word))
}

func endsFold(cell []byte, word string) bool {
	return len(cell) >= len(word) && bytes.EqualFold(cell[len(cell)-len(word):], []byte(word))
}

func hasFold(cell []byte, word string) bool {
	return len(cell) >= len(word) && bytes.Contains(bytes.ToLower(cell), []byte(word))
}

// zeroGUID reports whether a cell is the GUID that stands for none.
func zeroGUID(cell []byte) bool { return len(cell) > 0 && len(bytes.Trim(cell, "0-")) == 0 }

// apart returns why a sound row is no charge of a machine or commitment, "" where it is one, and sets its kind.
func (m *chargeMapper) apart(r *row, f *facts) string {
	if m.invoice {
		return m.invoiced(r, f)
	}
	if m.otherView(r) {
		return "other_cost_view"
	}
	commitment := f.Model == usage.Reservation || f.Model == usage.SavingsPlan
	machines := f.category != categoryOther || f.Model == usage.SavingsPlan || (commitment && m.reservesMachines(r))
	switch {
	case f.charge == "purchase" && !commitment:
		return "other_purchase"
	case f.charge == "purchase" || strings.HasPrefix(f.charge, "unused"):
		if !machines {
			return "other_commitment"
		}
		f.Kind = usage.Purchase
		if f.charge != "purchase" {
			f.Kind = usage.Unused
		}
	case f.charge == "usage" || f.charge == "adjustment" && m.focus:
		switch f.category {
		case categoryOther:
			return "not_a_virtual_machine"
		case categoryLicence:
			f.Kind = usage.Software
		default:
			f.Kind = usage.Compute
			if f.info != nil && f.info.UsageType == "ComputeCR" {
				return "capacity_reservation"
			}
			if !m.hours(r, f) {
				return "not_hours"
			}
		}
		if f.charge == "adjustment" {
			f.Kind = usage.Adjustment
		}
	case f.category != categoryOther || commitment && machines:
		f.Kind = usage.Adjustment
	default:
		return "other_adjustment"
	}
	return ""
}

// hours reports whether a row of a machine counts hours: its unit says so, or AdditionalInfo does where the unit is empty.
func (m *chargeMapper) hours(r *row, f *facts) bool {
	cell := r.text(m.unitSlot())
	if m.units.get(cell, func(cell []byte) dialect.Unit { return dialect.UnitOf(string(cell)) }).Hours {
		return true
	}
	if f.info == nil || f.info.UsageType != "ComputeHR" || !absent(cell) {
		return false
	}
	f.note("no_unit", "rows without a unit count hours because AdditionalInfo says so")
	return true
}

// bought makes a row without a charge type a purchase where what was charged is a reservation or savings plan itself: the old
// forms list an instalment as one hour of a machine that does not exist.
func (m *chargeMapper) bought(r *row, f *facts) {
	if f.charge != "usage" || f.info != nil && f.info.Size != "" || !absent(r.text(cCharge)) {
		return
	}
	switch resource := r.text(cResource); {
	case hasFold(resource, "/microsoft.capacity/reservationorders/"):
		f.charge, f.Model = "purchase", usage.Reservation
	case hasFold(resource, "/microsoft.billingbenefits/"):
		f.charge, f.Model = "purchase", usage.SavingsPlan
	}
}

// foreign says that a row is in another currency than that of its customer, "" where it is not or nobody named one.
func (m *chargeMapper) foreign(f *facts) (reason, detail string) {
	want, ok := m.billedIn[f.Customer]
	if !ok {
		want = m.billedIn["*"]
	}
	if want == "" || f.Currency == want || f.Currency == noCurrency {
		return "", ""
	}
	return otherCurrency, fmt.Sprintf("rows of the customer %s are in %s, and %s is its currency", f.Customer, f.Currency, want)
}

// otherView reports whether a row belongs to the other view of cost alone, in files that hold both: actual and amortized
// charges are the same money told twice.
func (m *chargeMapper) otherView(r *row) bool {
	slot := cIsActual
	if m.export == "amortized" {
		slot = cIsAmortized
	}
	return m.has(slot) && denied(r.text(slot))
}

// invoiced returns why a line of an invoice is no purchase of a reservation of machines. The order id stands on lines of
// other products as well, so that only the term and the product tell it.
func (m *chargeMapper) invoiced(r *row, f *facts) string {
	if !hasFold(r.text(cOrderName), "reservation") && !hasFold(r.text(cProduct), "reserv") {
		return "invoice_line"
	}
	if !m.reservesMachines(r) && !hasFold(r.text(cProduct), "vm") {
		return "other_commitment"
	}
	f.Kind, f.Model = usage.Purchase, usage.Reservation
	switch dialect.Fold(string(r.text(cCharge))) {
	case "cancelimmediate", "removequantity", "customercredit", "refund":
		f.Kind = usage.Adjustment
	}
	return ""
}

// reservesMachines reports whether a commitment row is about virtual machines, by what the order or product is called.
func (m *chargeMapper) reservesMachines(r *row) bool {
	for _, slot := range [...]int{cOrderName, cProduct, cMeter} {
		cell := r.text(slot)
		if hasFold(cell, "vm instance") || hasFold(cell, "virtual machine") {
			return true
		}
	}
	return false
}

// unitSlot returns the slot of the unit of the quantity.
func (m *chargeMapper) unitSlot() int {
	if m.focus && !m.has(cUnit) {
		return cPricingUnit
	}
	return cUnit
}
