package sheet

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
)

// reservedTitle begins the titles of reservations.
const reservedTitle = "Reserved VM Instance"

// table is a CSV price file under reading.
type table struct {
	*scanner
	columns map[string]int
	width   int
}

// column returns the place of the first of names that the table has, or -1.
func (t *table) column(names ...string) int {
	for _, name := range names {
		if i, ok := t.columns[name]; ok {
			return i
		}
	}
	return -1
}

// amount returns a number of the table with a decimal point. Tables with semicolons or tabs are saved where a comma is the
// decimal mark, and a dot parts thousands: one such as 1.234 is no number there, because it may be either.
func (t *table) amount(column int) string {
	text := t.text(column)
	if t.comma != ';' && t.comma != '\t' {
		return text
	}
	whole, fraction, comma := strings.Cut(text, ",")
	groups := strings.FieldsFunc(whole, func(r rune) bool { return r == '.' || r == ' ' || r == '\u00a0' || r == '\u202f' || r == '\'' })
	grouped := len(groups) > 1 && len(groups[0]) <= 3 && groups[0] != "0"
	for _, g := range groups[min(1, len(groups)):] {
		grouped = grouped && len(g) == 3
	}
	switch {
	case comma && len(groups) <= 1 && !strings.Contains(whole, "."), comma && grouped:
		return strings.Join(groups, "") + "." + fraction
	case !comma && grouped && len(groups) == 2 && strings.Contains(whole, "."):
		return text + " or " + strings.Join(groups, "")
	}
	return text
}

// readTable reads a CSV file whose header decides what it is.
func (c *chooser) readTable(r io.Reader, kind Kind) error {
	t := &table{scanner: newScanner(r, c.limits)}
	for {
		t.comma = 0 // a preamble may have other separators than the table
		if !t.next() {
			return errors.Join(t.err, fmt.Errorf("no header: %w", ErrUnknown))
		}
		if errors.Is(t.bad, errField) {
			return fmt.Errorf("line %d: %w: %w", t.at, t.bad, ErrTooLarge)
		}
		t.columns = t.header()
		if found, ok := tableKind(t.columns); ok && found == kind {
			break
		}
	}
	if t.width = len(t.cells); t.width > c.limits.Columns {
		return fmt.Errorf("%d columns, at most %d: %w", t.width, c.limits.Columns, ErrTooLarge)
	}
	take := c.rowReader(kind, t)
	for t.next() {
		if t.comment() {
			continue
		}
		c.read++
		switch {
		case t.bad != nil:
			c.reject(t.at, "", "", t.bad)
		case len(t.cells) != t.width:
			c.reject(t.at, "", "", fmt.Errorf("%d instead of %d: %w", len(t.cells), t.width, errColumns))
		default:
			take()
		}
	}
	if t.err != nil || c.fatal != nil {
		return cmp.Or(t.err, c.fatal)
	}
	if c.read == 0 {
		return fmt.Errorf("%s without a row: %w", kind, ErrUnknown)
	}
	return nil
}

// rowReader returns what reads the current record of t.
func (c *chooser) rowReader(kind Kind, t *table) func() {
	switch kind {
	case Negotiated:
		return c.negotiated(t)
	case PartnerList:
		return c.partner(t)
	}
	return c.agreement(t)
}

// negotiated reads the plain CSV of our own; see the package comment.
func (c *chooser) negotiated(t *table) func() {
	size, region, os, term := t.column("size"), t.column("region"), t.column("os"), t.column("term")
	unit, price, currency, since := t.column("unit"), t.column("price"), t.column("currency"), t.column("since")
	names := &columnNames{size: "size", region: "region", unit: "unit", price: "price", currency: "currency", term: "term", since: "since"}
	return func() {
		offer := pricing.Offer{}
		var ok bool
		var err error
		if offer.Size, ok = catalog.SizeOf(t.text(size)); !ok {
			c.reject(t.at, "size", t.text(size), errSize)
			return
		}
		if offer.Region, ok = catalog.RegionOf(t.text(region)); !ok {
			c.reject(t.at, "region", t.text(region), errRegion)
			return
		}
		if text := t.text(os); text != "" {
			if offer.OS, err = pricing.ParseOS(text); err != nil {
				c.reject(t.at, "os", text, err)
				return
			}
		}
		if offer.Term, err = pricing.ParseTerm(t.text(term)); err != nil {
			c.reject(t.at, "term", t.text(term), err)
			return
		}
		row := &meterRow{line: t.at, unit: t.text(unit), price: t.amount(price), currency: t.text(currency), since: t.text(since), names: names}
		if !c.ownUnit(row, &offer) || !c.price(row, &offer) || !c.inForce(row, &offer) {
			return
		}
		c.add(t.at, offer, offer.Size)
	}
}

// ownUnit reads the unit column of the plain CSV: hours for pay-as-you-go,
// "term" for reservations, either left out.
func (c *chooser) ownUnit(row *meterRow, offer *pricing.Offer) bool {
	unit := strings.ToLower(row.unit)
	switch {
	case offer.Term == pricing.PayAsYouGo && unit == "":
		row.unit = "1 Hour"
	case offer.Term != pricing.PayAsYouGo && unit != "" && unit != "term":
		c.reject(row.line, "unit", row.unit, errTotal)
		return false
	case offer.Term != pricing.PayAsYouGo && offer.OS != pricing.Linux:
		c.reject(row.line, "os", offer.OS.String(), errors.New("reservations are of base compute: Linux"))
		return false
	}
	return true
}

// agreement reads the price sheets of EA, MCA and MPA, exported and downloaded.
func (c *chooser) agreement(t *table) func() {
	category, subcategory, meter := t.column("metercategory"), t.column("metersubcategory"), t.column("metername")
	product, region := t.column("product", "productname"), t.column("meterregion")
	unit, price := t.column("unitofmeasure"), t.column("unitprice")
	currency := t.column("currency", "currencycode")
	kind, term, tier, offer := t.column("pricetype"), t.column("term"), t.column("tierminimumunits", "includedquantity"), t.column("offerid")
	since, until := t.column("effectivestartdate"), t.column("effectiveenddate")
	names := &columnNames{size: "MeterName", region: "MeterRegion", unit: "UnitOfMeasure", price: "UnitPrice", currency: "Currency",
		term: "Term", since: "EffectiveStartDate", until: "EffectiveEndDate"}
	row := &meterRow{names: names}
	return func() {
		machine := string(t.cells[category]) == "Virtual Machines"
		reserved := product >= 0 && bytes.HasPrefix(t.cells[product], []byte(reservedTitle))
		if !machine && !reserved {
			c.skip(skipService)
			return
		}
		if strings.HasSuffix(t.text(offer), "-0148P") { // the enterprise Dev/Test offer
			c.skip(skipDevTest)
			return
		}
		*row = meterRow{line: t.at, subcategory: t.text(subcategory), meter: t.text(meter), region: t.text(region),
			unit: t.text(unit), price: t.amount(price), currency: t.text(currency), kind: t.text(kind), term: t.text(term),
			tier: t.amount(tier), since: t.text(since), until: t.text(until), names: names}
		if reserved {
			row.title = t.text(product)
		} else {
			row.product = t.text(product)
		}
		c.take(row)
	}
}

// partner reads the Partner Center price list. It has no columns for size and
// region: both stand in a title.
func (c *chooser) partner(t *table) func() {
	c.note("Partner Center: reservation rows are the partner's price, consumption rows are retail before partner earned credit")
	titles := []int{t.column("skutitle"), t.column("producttitle"), t.column("skudescription")}
	unit, price, currency := t.column("unitofmeasure"), t.column("unitprice"), t.column("currency")
	term, tier := t.column("termduration"), t.column("pricingtierrangemin")
	since, until := t.column("effectivestartdate"), t.column("effectiveenddate")
	names := &columnNames{size: "SkuTitle", region: "SkuTitle", unit: "UnitOfMeasure", price: "UnitPrice", currency: "Currency",
		term: "TermDuration", since: "EffectiveStartDate", until: "EffectiveEndDate"}
	return func() {
		row := &meterRow{line: t.at, unit: t.text(unit), price: t.amount(price), currency: t.text(currency), term: t.text(term),
			since: t.text(since), until: t.text(until), tier: t.amount(tier), names: names}
		machine := false
		for i, column := range titles {
			title := t.text(column)
			machine = machine || strings.HasPrefix(title, reservedTitle) || strings.HasPrefix(title, "Virtual Machines ")
			if i < 2 { // a description may have any words
				row.product += "|" + title
			}
			if size, _ := titleOf(title); size != "" && row.title == "" {
				row.title = title
			}
		}
		if !machine {
			c.skip(skipService)
			return
		}
		if both := t.text(titles[1]) + " - " + t.text(titles[0]); row.title == "" {
			if size, _ := titleOf(both); size != "" { // the series in one title, size and region in the other
				row.title = both
			}
		}
		if strings.HasPrefix(row.title, reservedTitle) {
			row.kind = "Reservation"
		} else {
			row.term = "" // consumption bills by the month: that is no term of the price
		}
		if row.tier == "1" {
			row.tier = "" // the range of the first tier begins with 0 or 1
		}
		c.take(row)
	}
}
