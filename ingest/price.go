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
	f.Rate, f.HasRate = m.rate(r, cUnitPrice)
	if !f.HasRate && f.Model == usage.OnDemand {
		if cell := r.text(cPECApplied); !absent(cell) && !denied(cell) {
			m.tally.notice("price_after_credit", "the only price of these rows is after the partner earned credit, so none was taken from them")
		} else {
			f.Rate, f.HasRate = m.rate(r, cEffectivePrice)
		}
	}
	f.ListRate, f.HasListRate = m.rate(r, cListPrice)
	if m.partner {
		f.ListRate, f.HasListRate = f.Rate, f.HasRate
	}
}

// denied reports whether a cell says no, in whatever language a spreadsheet wrote it.
func denied(cell []byte) bool {
	yes, ok := dialect.Truth(cell)
	return ok && !yes
}

// rate reads a price an hour at 1e-10 of the billing currency: exact where it has at most ten decimals, rounded half to even
// once where it has more or is converted. A price of nothing is no price.
func (m *chargeMapper) rate(r *row, slot int) (int64, bool) {
	cell := r.text(slot)
	if absent(cell) {
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
	if err != nil {
		m.tally.notice("rate_out_of_range", "prices that cannot be kept exactly enough were not taken")
		return 0, false
	}
	if !exact {
		m.tally.notice("rate_rounded", "prices with more than ten decimals, or converted, were rounded half to even to 1e-10 an hour")
	}
	return units, units > 0
}
