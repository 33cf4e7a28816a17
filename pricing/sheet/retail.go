package sheet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
)

// retailItem is one item of the retail prices API, as far as it is used.
type retailItem struct {
	CurrencyCode         string      `json:"currencyCode"`
	TierMinimumUnits     json.Number `json:"tierMinimumUnits"`
	ReservationTerm      string      `json:"reservationTerm"`
	RetailPrice          json.Number `json:"retailPrice"`
	UnitPrice            json.Number `json:"unitPrice"`
	ArmRegionName        string      `json:"armRegionName"`
	EffectiveStartDate   string      `json:"effectiveStartDate"`
	EffectiveEndDate     string      `json:"effectiveEndDate"`
	MeterID              string      `json:"meterId"`
	MeterName            string      `json:"meterName"`
	SkuID                string      `json:"skuId"`
	ProductName          string      `json:"productName"`
	SkuName              string      `json:"skuName"`
	ServiceName          string      `json:"serviceName"`
	UnitOfMeasure        string      `json:"unitOfMeasure"`
	Type                 string      `json:"type"`
	IsPrimaryMeterRegion bool        `json:"isPrimaryMeterRegion"`
	ArmSkuName           string      `json:"armSkuName"`
}

var retailNames = &columnNames{size: "armSkuName", region: "armRegionName", unit: "unitOfMeasure", price: "retailPrice",
	currency: "currencyCode", term: "reservationTerm", since: "effectiveStartDate", until: "effectiveEndDate"}

// readRetail reads pages of the retail prices API: one object, several one
// after another, an array of pages, or an array of items.
func (c *chooser) readRetail(r io.Reader) error {
	d := json.NewDecoder(&guarded{r: r, limits: c.limits})
	d.UseNumber()
	p := &pages{c: c, d: d}
	for {
		if err := p.value(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	if c.read == 0 {
		return fmt.Errorf("pages without an item: %w", ErrIncomplete)
	}
	if p.next != "" {
		c.note("the list goes on behind its last page: a part of it was read")
	}
	return nil
}

// pages walks the JSON without holding more than an item.
type pages struct {
	c    *chooser
	d    *json.Decoder
	next string // of the last page
}

// value reads one page or one array; io.EOF at the end of the file.
func (p *pages) value() error {
	token, err := p.d.Token()
	if err != nil {
		return cutOff(err, true)
	}
	switch token {
	case json.Delim('{'):
		return p.page()
	case json.Delim('['):
		return p.array()
	}
	return fmt.Errorf("%v: a page of prices is wanted: %w", token, ErrUnknown)
}

// array reads pages or items up to the end of an array.
func (p *pages) array() error {
	for p.d.More() {
		var raw json.RawMessage
		if err := p.d.Decode(&raw); err != nil {
			return cutOff(err, false)
		}
		if strings.Contains(string(raw), `"Items"`) {
			inner := &pages{c: p.c, d: json.NewDecoder(strings.NewReader(string(raw)))}
			inner.d.UseNumber()
			if err := inner.value(); err != nil {
				return err
			}
			p.next = inner.next
			continue
		}
		var item retailItem
		if err := json.Unmarshal(raw, &item); err != nil {
			p.c.read++
			p.c.reject(p.c.read, "", "", err)
			continue
		}
		p.c.retail(&item)
	}
	_, err := p.d.Token()
	return cutOff(err, false)
}

// page reads one page behind its opening brace.
func (p *pages) page() error {
	items, count := 0, int64(-1)
	p.next = ""
	for p.d.More() {
		token, err := p.d.Token()
		if err != nil {
			return cutOff(err, false)
		}
		switch token {
		case "Items":
			if items, err = p.items(); err != nil {
				return err
			}
		case "NextPageLink":
			var next *string
			if err := p.d.Decode(&next); err != nil {
				return cutOff(err, false)
			}
			if next != nil {
				p.next = *next
			}
		case "Count":
			if err := p.d.Decode(&count); err != nil {
				return cutOff(err, false)
			}
		default:
			var other json.RawMessage
			if err := p.d.Decode(&other); err != nil {
				return cutOff(err, false)
			}
		}
	}
	if _, err := p.d.Token(); err != nil {
		return cutOff(err, false)
	}
	if count >= 0 && count != int64(items) {
		return fmt.Errorf("the page counts %d items and holds %d: %w", count, items, ErrIncomplete)
	}
	return nil
}

// items reads the array of items of a page and returns how many there were.
func (p *pages) items() (int, error) {
	if token, err := p.d.Token(); err != nil || token != json.Delim('[') {
		return 0, errors.Join(fmt.Errorf("items: an array is wanted: %w", ErrUnknown), err)
	}
	n := 0
	for p.d.More() {
		var item retailItem
		err := p.d.Decode(&item)
		var syntax *json.SyntaxError
		switch {
		case errors.As(err, &syntax), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
			return n, cutOff(err, false)
		case errors.Is(err, ErrTooLarge):
			return n, err
		case err != nil: // one odd item is a bad row, not a bad file
			p.c.read++
			p.c.reject(p.c.read, "", "", err)
		default:
			p.c.retail(&item)
		}
		n++
	}
	_, err := p.d.Token()
	return n, cutOff(err, false)
}

// cutOff turns the end of a file inside a value into ErrIncomplete.
func cutOff(err error, between bool) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) && !between {
		return fmt.Errorf("the file ends inside a page: %w", ErrIncomplete)
	}
	return err
}

// retail chooses one item.
func (c *chooser) retail(item *retailItem) {
	c.read++
	switch {
	case item.ServiceName != "Virtual Machines":
		c.skip(skipService)
		return
	case !item.IsPrimaryMeterRegion:
		c.skip(skipRegion)
		return
	case item.CurrencyCode != "USD":
		c.note("only USD is the true price of the retail list: other currencies are reference conversions")
	}
	price, ok := plain(item.RetailPrice)
	unit, okUnit := plain(item.UnitPrice)
	if !ok || !okUnit || item.UnitPrice != "" && unit != price {
		c.reject(c.read, "unitPrice", string(item.UnitPrice), fmt.Errorf("retailPrice is %q: one price is wanted", item.RetailPrice))
		return
	}
	tier, _ := plain(item.TierMinimumUnits)
	c.take(&meterRow{line: c.read, product: item.ProductName, meter: item.MeterName, sku: item.SkuName, armSku: item.ArmSkuName,
		region: item.ArmRegionName, unit: item.UnitOfMeasure, price: price, currency: item.CurrencyCode, kind: item.Type,
		term: item.ReservationTerm, since: item.EffectiveStartDate, until: item.EffectiveEndDate, tier: tier, names: retailNames})
}

// plain writes a JSON number without exponent; "" stays "".
func plain(n json.Number) (string, bool) {
	text := string(n)
	if !strings.ContainsAny(text, "eE") {
		return strings.TrimSuffix(text, ".0"), true
	}
	if _, exponent, _ := strings.Cut(strings.ToLower(text), "e"); len(exponent) > 3 {
		return "", false // 1e1000 is no price, and long to write out
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return "", false
	}
	precision, exact := r.FloatPrec()
	return r.FloatString(precision), exact
}
