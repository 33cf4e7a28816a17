package sheet

import (
	"cmp"
	"fmt"
	"strings"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// meterRow is a row of a list that prices meters, its cells as text. A column
// that the list does not have is "".
type meterRow struct {
	line                              int
	product, subcategory, meter, sku  string
	armSku, title                     string
	region                            string
	unit, price, currency, kind, term string
	since, until, tier                string
	names                             *columnNames
}

// columnNames say how the list calls its columns, for rejects.
type columnNames struct {
	size, region, unit, price, currency, term, since, until string
}

// take chooses one row of a meter list: the rules of which rows are prices of
// machines, then size, region and price. The caller has seen to it that the row
// is of the service Virtual Machines.
func (c *chooser) take(row *meterRow) {
	if reason := row.skip(); reason != "" {
		c.skip(reason)
		return
	}
	term, reason := row.termOf()
	if reason != "" {
		c.skip(reason)
		return
	}
	offer := pricing.Offer{Term: term}
	if row.windows() {
		offer.OS = pricing.Windows
		if term != pricing.PayAsYouGo {
			c.skip(skipWindows)
			return
		}
	}
	sizes, region, ok := c.place(row)
	if !ok {
		return
	}
	offer.Region = region
	if !c.price(row, &offer) || !c.inForce(row, &offer) {
		return
	}
	c.add(row.line, offer, sizes...)
}

// skip returns why the words of a row rule it out, "" when they do not.
func (row *meterRow) skip() string {
	words := strings.ToLower(row.product + "|" + row.subcategory + "|" + row.meter + "|" + row.sku)
	for _, rule := range []struct{ word, reason string }{
		{"spot", skipSpot}, {"low priority", skipSpot}, {"cloud services", skipServices}, {"cloudservices", skipServices},
		{"dedicated host", skipHost}, {"dedicatedhost", skipHost}, {"- expired", skipExpired}, {"expired", skipExpired},
		{"promo", skipPromo}, {"special", skipPromo}, {" free", skipPromo}, {"dev/test", skipDevTest}, {"devtest", skipDevTest},
		{" basic", skipBasic},
	} {
		if strings.Contains(words, rule.word) {
			return rule.reason
		}
	}
	switch k := fold(row.kind); {
	case strings.Contains(k, "devtest"):
		return skipDevTest
	case k == "savingsplan":
		return skipSavingsPlan
	}
	if !isZero(row.tier) {
		return skipTier
	}
	if isZero(row.price) && row.price != "" {
		return skipZero
	}
	return ""
}

// termOf returns the term of a row, or why it is skipped.
func (row *meterRow) termOf() (pricing.Term, string) {
	switch kind := fold(row.kind); {
	case kind == "consumption", kind == "" && row.term == "":
		return pricing.PayAsYouGo, ""
	}
	term, err := pricing.ParseTerm(row.term)
	if err != nil || term == pricing.PayAsYouGo {
		return 0, skipTerm
	}
	return term, ""
}

func (row *meterRow) windows() bool {
	return strings.Contains(row.product, "Windows") || strings.Contains(row.subcategory, "Windows")
}

// place finds the sizes and the region of a row.
func (c *chooser) place(row *meterRow) ([]catalog.Size, catalog.Region, bool) {
	size, where := titleOf(row.title)
	regionText := cmp.Or(row.region, where)
	region, ok := catalog.RegionOf(regionText)
	if !ok {
		err := errRegion
		if regionText == "" {
			err = errMissing
		}
		c.reject(row.line, row.names.region, regionText, err)
		return nil, "", false
	}
	named := cmp.Or(row.armSku, size)
	if named != "" {
		s, ok := catalog.SizeOf(named)
		if !ok {
			c.reject(row.line, row.names.size, named, errSize)
			return nil, "", false
		}
		if other, ok := catalog.SizeOf(row.sku); ok && other != s {
			c.reject(row.line, row.names.size, named, fmt.Errorf("%q: %w", row.sku, errTwoSizes))
			return nil, "", false
		}
		return []catalog.Size{s}, region, true
	}
	text := cmp.Or(row.meter, row.sku)
	var sizes []catalog.Size
	for part := range strings.SplitSeq(text, "/") { // "D2 v3/D2s v3" is one price of two sizes
		s, ok := catalog.SizeOf(part)
		if !ok {
			c.reject(row.line, row.names.size, text, errSize)
			return nil, "", false
		}
		sizes = append(sizes, s)
	}
	return sizes, region, true
}

// titleOf reads size and region from titles such as "Reserved VM Instance,
// Standard_B1s, UK South, 3 Years" and "Virtual Machines BS Series - B1s - UK
// South"; "" where they do not say.
func titleOf(title string) (size, region string) {
	if parts := strings.Split(title, ", "); len(parts) == 4 && parts[0] == reservedTitle {
		return parts[1], parts[2]
	}
	if parts := strings.Split(title, " - "); len(parts) >= 3 && strings.HasPrefix(parts[0], "Virtual Machines") {
		if !strings.Contains(parts[len(parts)-2], "/") {
			size = parts[len(parts)-2]
		}
		return size, parts[len(parts)-1]
	}
	return "", ""
}

// price reads currency, price and unit of a row.
func (c *chooser) price(row *meterRow, offer *pricing.Offer) bool {
	currency, err := money.ParseCode(row.currency)
	if err != nil {
		c.reject(row.line, row.names.currency, row.currency, err)
		return false
	}
	offer.Currency = currency
	if row.price == "" {
		c.reject(row.line, row.names.price, row.price, errMissing)
		return false
	}
	if offer.Term != pricing.PayAsYouGo {
		if strings.Contains(strings.ToLower(row.unit), "month") {
			c.reject(row.line, row.names.unit, row.unit, errTotal)
			return false
		}
		offer.Total, err = money.Parse(row.price, currency)
		if err == nil && offer.Total.Micros <= 0 {
			err = errPrice
		}
	} else {
		block, ok := hoursOf(row.unit)
		if !ok {
			c.reject(row.line, row.names.unit, row.unit, errUnit)
			return false
		}
		offer.Rate, err = ratePer(row.price, block)
	}
	if err != nil {
		c.reject(row.line, row.names.price, row.price, err)
		return false
	}
	return true
}

// ratePer returns the rate of a price for a block of hours.
func ratePer(price string, block int64) (money.Rate, error) {
	rate, err := money.ParseRate(price)
	if err != nil {
		return 0, err
	}
	if rate, err = rate.MulDiv(1, block); err != nil {
		return 0, err
	}
	if rate <= 0 {
		return 0, errPrice
	}
	return rate, nil
}
