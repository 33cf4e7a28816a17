package ingest

import (
	"bytes"
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

// classify finds charge type, category, machine and pricing model.
func (m *chargeMapper) classify(r *row, f *facts) {
	f.category = m.categories.get(r.text(cCategory), categoryOf)
	if f.category == categoryOther && m.focus && !m.has(cCategory) { // the published sample: only the description says it
		if product := r.text(cProduct); bytes.HasPrefix(product, []byte("Virtual Machines ")) {
			f.category = categoryVM
			if hasFold(product, "license") {
				f.category = categoryLicence
			}
		}
	}
	f.charge = m.chargeOf(r)
	f.benefit = r.text(cBenefit)
	if absent(f.benefit) {
		f.benefit = nil
	}
	f.Model = m.modelOf(r, f)
	if f.category == categoryOther && f.Model != usage.Reservation && f.Model != usage.SavingsPlan {
		return
	}
	if cell := r.raw(cInfo); len(cell) > 0 && f.category != categoryOther {
		f.info = m.infos.get(cell, func(cell []byte) *machine { return readInfo(r.text(cInfo)) })
		if f.info.UsageType == "ComputeHR_SW" {
			f.category = categoryLicence
		}
	}
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
			if !m.units.get(r.text(m.unitSlot()), func(cell []byte) dialect.Unit { return dialect.UnitOf(string(cell)) }).Hours {
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
