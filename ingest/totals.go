package ingest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"sizeterm/ingest/dialect"
)

// errTotals says that a row holds sums of others: a charge that counted twice.
var errTotals = errors.New("a row of totals: its sum is not added to those of the rows")

// totalsRow is the cost that a row of totals prints.
type totalsRow struct {
	line int64
	text string
	cost dialect.Decimal
}

// totalWords are how people and spreadsheets name such a row, in the languages of Excel's and the portals' users.
var totalWords = map[string]bool{
	"total": true, "totals": true, "subtotal": true, "sum": true, "gesamt": true, "insgesamt": true, "gesamtsumme": true, "gesamtergebnis": true, "summe": true,
	"zwischensumme": true, "totale": true, "totaal": true, "eindtotaal": true, "suma": true, "soma": true, "razem": true, "summa": true, "celkem": true,
	"összesen": true, "всего": true, "итого": true, "합계": true, "총계": true, "合計": true, "合计": true, "小計": true, "小计": true, "总计": true, "總計": true,
}

// isTotalWord reports whether the first or the last word of a cell says that its row is one of totals: "Total", "Grand Total", "Contoso Gesamt".
func isTotalWord(cell []byte) bool {
	if len(cell) == 0 || len(cell) > 64 {
		return false
	}
	words := strings.FieldsFunc(strings.ToLower(string(cell)), func(r rune) bool { return !unicode.IsLetter(r) })
	return len(words) > 0 && (totalWords[words[0]] || totalWords[words[len(words)-1]])
}

// notNames are the slots of numbers and of what they are in: a row of totals may have them, and nothing else.
var notNames = func() (set [cIsAmortized + 1]bool) {
	for _, slot := range []int{cQuantity, cPricingQuantity, cBlock, cUnit, cPricingUnit, cCost, cEffectivePrice, cUnitPrice, cListPrice, cCurrency, cPricingCurrency, cFX} {
		set[slot] = true
	}
	return set
}()

// reject rejects a row as base does; one that holds the sums of others in words of its own.
func (m *chargeMapper) reject(r *row, slot int, why error) bool {
	if !m.isTotals(r) {
		return m.base.reject(r, slot, why)
	}
	m.base.reject(r, cCost, errTotals)
	cell := r.text(cCost)
	if cost, err := dialect.ParseDecimal(cell, m.mark); err == nil {
		m.tally.sums = append(m.tally.sums, totalsRow{r.line, valueOf(cell), cost})
	}
	return false
}

// isTotals reports whether a row without day, resource and size has nothing but numbers, or names itself one of totals.
func (m *chargeMapper) isTotals(r *row) bool {
	named, empty := false, true
	for slot := range notNames {
		if !m.mapped[slot] || notNames[slot] {
			continue
		}
		cell := r.text(slot)
		word := isTotalWord(cell)
		if (slot == cDay || slot == cResource || slot == cInfo) && !word && !absent(cell) {
			return false
		}
		named, empty = named || word, empty && absent(cell)
	}
	if named = named || isTotalWord(r.text(cUnit)) || isTotalWord(r.text(cCurrency)); !named && !empty {
		return false
	}
	for _, slot := range [2]int{cCost, cQuantity} {
		if _, err := dialect.ParseDecimal(r.text(slot), m.mark); err == nil && m.mapped[slot] {
			return true
		}
	}
	return false
}

// areTotals reports whether the cells of a row that is too short or too long are a word for totals and numbers.
func areTotals(cells [][]byte) bool {
	named, numbers := false, 0
	for _, c := range cells {
		c = bytes.TrimSpace(c)
		switch {
		case len(c) == 0:
		case !named && numbers == 0 && isTotalWord(c):
			named = true
		case bytes.ContainsAny(c[:1], "-+0123456789"):
			numbers++
		default:
			return false
		}
	}
	return named && numbers > 0
}

// checkTotals says whether the last row of totals is what the rows of the file add up to.
func checkTotals(all *tally, add func(code, detail string)) {
	if len(all.sums) == 0 {
		return
	}
	last := slices.MaxFunc(all.sums, func(a, b totalsRow) int { return cmp.Compare(a.line, b.line) })
	currencies := map[string]bool{}
	var sum dialect.Total
	for key, total := range all.totals {
		currencies[key.currency] = true
		sum.Merge(&total.sum)
	}
	text := fmt.Sprintf("line %d is a row of totals (%s), which is not added: ", last.line, last.text)
	switch {
	case len(currencies) > 1:
		text += "the rows are in several currencies, and are not compared with it"
	case sum.Near(last.cost):
		text += "the rows that were read add up to the same"
	default:
		text += fmt.Sprintf("the rows that were read add up to %s: see whether rows are missing or were refused, or whether it sums only some", sum.String())
	}
	add("totals_row", text)
}
