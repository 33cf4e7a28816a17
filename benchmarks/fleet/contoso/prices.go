package contoso

import (
	"fmt"
	"strings"
)

// price is a price in 1e-8 of a dollar.
type price int64

// usd reads a decimal text of at most 8 decimals; it panics on anything else, which only a wrong table can hold.
func usd(text string) price {
	whole, part, _ := strings.Cut(text, ".")
	v := price(0)
	for _, c := range whole + (part + "00000000")[:8] {
		if c < '0' || c > '9' || len(part) > 8 {
			panic("contoso: price " + text)
		}
		v = v*10 + price(c-'0')
	}
	return v
}

// decimal prints a number with so many decimals, without the zeros at its end.
func decimal(v int64, decimals int) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	text := fmt.Sprintf("%0*d", decimals+1, v)
	whole, part := text[:len(text)-decimals], strings.TrimRight(text[len(text)-decimals:], "0")
	if part == "" {
		return sign + whole
	}
	return sign + whole + "." + part
}

func (p price) String() string { return decimal(int64(p), 8) }

// rates are the pay-as-you-go prices an hour of one size in one region.
type rates struct{ linux, windows string }

// listPrices are retail list prices, USD an hour, as two or three public collections of the retail price list agree on them
// in 2026 (January to September): plain virtual machines, not the products for Cloud Services whose price some lists give
// as Linux. Spot is Linux. Poland Central's FX4mds v2 is invented, because no list at hand has a price of it; the demo needs
// a size in use without a price in the book.
var listPrices = map[string]map[string]rates{
	"polandcentral": {
		"D2s_v5": {"0.115", "0.207"}, "D4s_v5": {"0.23", "0.414"}, "D8s_v5": {"0.46", "0.828"}, "D16s_v5": {"0.92", "1.656"},
		"E4s_v5": {"0.304", "0.488"}, "E8s_v5": {"0.608", "0.976"}, "E16s_v5": {"1.216", "1.952"},
		"D2as_v5": {"0.104", "0.196"}, "D4as_v5": {"0.208", "0.392"}, "D8as_v5": {"0.416", "0.784"},
		"D4ds_v5": {"0.272", "0.456"}, "B2s_v2": {"0.096", "0.105"}, "FX4mds_v2": {"0.4368", ""},
		"D8as_v5 Spot": {"0.076877", ""},
	},
	"southeastasia": {
		"D2s_v5": {"0.12", "0.212"}, "D4s_v5": {"0.24", "0.424"}, "D8s_v5": {"0.48", "0.848"},
		"E8s_v5": {"0.608", "0.976"}, "E16s_v5": {"1.216", "1.952"}, "D4as_v5": {"0.216", "0.4"},
		"D8ds_v5": {"0.564", "0.932"}, "B2s_v2": {"0.106", "0.115"},
	},
	"westeurope": {
		"D4s_v5": {"0.23", "0.414"}, "D8s_v5": {"0.46", "0.828"}, "E8s_v5": {"0.608", "0.976"}, "D4ds_v5": {"0.272", "0.456"},
		"B2s_v2": {"0.096", "0.105"}, "D4s_v3": {"0.24", "0.424"}, "D8s_v3": {"0.48", "0.848"},
	},
}

// sheetRow is one size of the partner's own sheet of West Europe: prices an hour and totals of whole terms, "" where it is
// not offered. All are invented.
type sheetRow struct {
	size, linux, windows, year, three, since string
}

var ownSheet = []sheetRow{
	{"Standard_B2s_v2", "0.0941", "0.1031", "487", "941", "2026-07-01"},
	{"Standard_B4s_v2", "0.1882", "0.2062", "972", "1878", "2026-07-01"},
	{"Standard_D2ds_v5", "0.1333", "0.2253", "689", "", "2026-07-01"},
	{"Standard_D2s_v3", "0.1176", "0.2096", "607", "1160", "2026-01-01"},
	{"Standard_D2s_v5", "0.1127", "0.2047", "582", "1096", "2026-07-01"},
	{"Standard_D4ds_v5", "0.2666", "0.4506", "1378", "", "2026-07-01"},
	{"Standard_D4s_v3", "0.2352", "0.4192", "1214", "2320", "2026-01-01"},
	{"Standard_D4s_v5", "0.2254", "0.4094", "1164", "2192", "2026-07-01"},
	{"Standard_D8ds_v5", "0.5332", "0.9012", "2756", "", "2026-07-01"},
	{"Standard_D8s_v3", "0.4704", "0.8384", "2428", "4640", "2026-01-01"},
	{"Standard_D8s_v5", "0.4508", "0.8188", "2328", "4384", "2026-07-01"},
	{"Standard_D16s_v5", "0.9016", "1.6376", "4656", "8768", "2026-07-01"},
	{"Standard_E4s_v5", "0.298", "0.482", "1540", "2898", "2026-07-01"},
	{"Standard_E8s_v5", "0.596", "0.964", "3080", "5796", "2026-07-01"},
	{"Standard_E16s_v5", "1.192", "1.928", "6160", "11592", "2026-07-01"},
}

// priceSheet prints the partner's sheet in the plain form of a negotiated price list.
func priceSheet() []byte {
	var b strings.Builder
	b.WriteString("size,region,os,term,unit,price,currency,since,note\n")
	line := func(r sheetRow, os, term, unit, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%s,westeurope,%s,%s,%s,%s,USD,%s,%s\n", r.size, os, term, unit, text, r.since, "illustrative: invented for the demo")
		}
	}
	for _, r := range ownSheet {
		line(r, "linux", "PAYG", "1 Hour", r.linux)
		line(r, "windows", "PAYG", "1 Hour", r.windows)
		line(r, "linux", "P1Y", "term", r.year)
		line(r, "linux", "P3Y", "term", r.three)
	}
	return []byte(b.String())
}

// listPrice and ownPrice return the price an hour of retail and of this customer. They differ in West Europe only.
func listPrice(region, size, os string) price {
	r, ok := listPrices[region][size]
	if !ok {
		panic("contoso: no price of " + size + " in " + region)
	}
	if os == "windows" {
		return usd(r.windows)
	}
	return usd(r.linux)
}

func ownPrice(region, size, os string) price {
	if region == "westeurope" {
		for _, r := range ownSheet {
			if r.size == "Standard_"+size {
				if os == "windows" {
					return usd(r.windows)
				}
				return usd(r.linux)
			}
		}
	}
	return listPrice(region, size, os)
}
