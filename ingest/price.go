package ingest

import (
	"bytes"

	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
)

// prices reads the on-demand and the list price an hour in billing currency.
func (m *chargeMapper) prices(r *row, f *facts) {
	if f.Kind != usage.Compute || f.Model == usage.Reservation || f.Model == usage.Spot {
		return
	}
	if m.focus && f.Model == usage.SavingsPlan && r.text(cUnitPrice) == nil {
		return
	}
	per := m.pricedHours(r, f)
	f.Rate, f.HasRate = m.rate(r, cUnitPrice, per)
	if !f.HasRate && f.Model == usage.OnDemand {
		if cell := r.text(cPECApplied); !absent(cell) && !denied(cell) {
			m.tally.notice("price_after_credit", "the only price of these rows is after the partner earned credit, so none was taken from them")
		} else {
			f.Rate, f.HasRate = m.rate(r, cEffectivePrice, per)
		}
	}
	f.ListRate, f.HasListRate = m.rate(r, cListPrice, per)
	if m.partner {
		f.ListRate, f.HasListRate = f.Rate, f.HasRate
	}
}

// pricedHours returns the hours that the prices of a row are for: those of its unit ("100 Hours") where its cost shows that, 1
// where its cost shows that they are for one hour, and 0 where it shows neither. The quantity is hours either way.
func (m *chargeMapper) pricedHours(r *row, f *facts) int64 {
	block := m.blockOf(r)
	if block <= 1 {
		return 1
	}
	unit, ok1, _ := m.number(r, cUnitPrice, m.mark)
	if unit.IsZero() {
		unit, ok1, _ = m.number(r, cEffectivePrice, m.mark)
	}
	quantity, ok2, _ := m.number(r, cQuantity, m.mark)
	if !ok1 || !ok2 || f.Model != usage.OnDemand || f.cost.IsZero() {
		return 0
	}
	value := unit.Float() * quantity.Float()
	if fx, ok, _ := m.number(r, cFX, m.mark); ok && !fx.IsZero() && !m.focus && !bytes.EqualFold(r.text(cPricingCurrency), r.text(cCurrency)) {
		value *= fx.Float()
	}
	switch ratio := value / f.cost.Float(); {
	case ratio > 0.5 && ratio < 2: // discounts and the earned credit are less than that
		return 1
	case ratio > float64(block)/2 && ratio < float64(block)*2:
		return block
	}
	return 0
}

// blockOf returns the hours of the unit of a row, 1 where it names none.
func (m *chargeMapper) blockOf(r *row) int64 {
	if block, ok, _ := m.number(r, cBlock, m.mark); ok && m.focus {
		if hours, exact, err := block.Units(0); err == nil && exact && hours > 0 {
			return hours
		}
	}
	slot := m.unitSlot()
	if m.focus {
		slot = cPricingUnit
	}
	unit := m.units.get(r.text(slot), func(cell []byte) dialect.Unit { return dialect.UnitOf(string(cell)) })
	return max(1, unit.Block)
}

// denied reports whether a cell says no, in whatever language a spreadsheet wrote it.
func denied(cell []byte) bool {
	yes, ok := dialect.Truth(cell)
	return ok && !yes
}

// rate reads a price an hour at 1e-10 of the billing currency: exact where it has at most ten decimals, rounded half to even
// once where it has more or is converted. A price of nothing is no price.
func (m *chargeMapper) rate(r *row, slot int, per int64) (int64, bool) {
	cell := r.text(slot)
	if absent(cell) {
		return 0, false
	}
	if per == 0 {
		m.tally.notice("price_of_unknown_unit", "prices of which the row does not show whether they are for an hour or for its unit were not taken")
		return 0, false
	}
	price, err := dialect.ParseDecimal(cell, m.mark)
	if err != nil || price.IsZero() || price.Negative {
		return 0, false
	}
	if !m.focus && m.has(cPricingCurrency) && !bytes.EqualFold(r.text(cPricingCurrency), r.text(cCurrency)) {
		fx, err := dialect.ParseDecimal(r.text(cFX), m.mark)
		if err != nil || fx.IsZero() || fx.Negative {
			m.tally.notice("no_exchange_rate", "prices in another currency than the bill, without an exchange rate, were not taken")
			return 0, false
		}
		var ok bool
		if price, ok = price.Mul(fx); !ok {
			m.tally.notice("rate_out_of_range", "prices that cannot be kept exactly enough were not taken")
			return 0, false
		}
	}
	units, exact, err := price.Units(10)
	if per > 1 && err == nil {
		units, exact, err = price.Over(per, 10)
	}
	if err != nil {
		m.tally.notice("rate_out_of_range", "prices that cannot be kept exactly enough were not taken")
		return 0, false
	}
	if !exact {
		m.tally.notice("rate_rounded", "prices with more than ten decimals, or converted, were rounded half to even to 1e-10 an hour")
	}
	return units, units > 0
}
