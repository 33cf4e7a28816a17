package sheet

import (
	"bytes"
	"strings"
)

// usageColumns are what usage exports, cost exports and metrics have and no
// price file has: a file with one of them is theirs, whatever prices it holds.
var usageColumns = []string{"quantity", "usagequantity", "consumedquantity", "date", "usagedate", "usagedatetime", "usagestart",
	"cost", "costinbillingcurrency", "pretaxcost", "billedcost", "effectivecost", "subscriptionid", "subscriptionguid", "resourceid",
	"instanceid", "instancename", "timestamp", "timegenerated", "reservationid", "chargetype"}

// tableKinds name the columns that make a CSV file a price file, most special first.
var tableKinds = []struct {
	kind    Kind
	columns []string
}{
	{PartnerList, []string{"producttitle", "skutitle", "unitprice", "currency", "termduration"}},
	{CustomerSheet, []string{"metercategory", "metername", "unitprice", "unitofmeasure", "pricetype", "billingprofileid"}},
	{EnterpriseSheet, []string{"metercategory", "metername", "unitprice", "unitofmeasure", "partnumber"}},
	{CustomerSheet, []string{"metercategory", "metername", "unitprice", "unitofmeasure", "pricetype", "currency"}},
	{Negotiated, []string{"size", "region", "term", "price", "currency"}},
}

// headerWithin is in how many of the first lines the header is looked for:
// downloads have a preamble, our own files comments.
const headerWithin = 40

// Detect recognises a price file by how it begins; 64 KiB are enough. It claims
// no usage, cost or metrics export, though they hold prices too.
func Detect(head []byte) (Kind, bool) {
	head = bytes.TrimPrefix(head, byteOrderMark)
	if bytes.HasPrefix(head, []byte(snapshotMagic)) {
		return SavedSnapshot, true
	}
	trimmed := bytes.TrimLeft(head, " \t\r\n")
	if len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		if isRetail(trimmed) {
			return RetailPages, true
		}
		return 0, false
	}
	s := newScanner(bytes.NewReader(head), Limits{}.filled())
	for range headerWithin {
		s.comma = 0
		if !s.next() {
			return 0, false
		}
		if kind, ok := tableKind(s.header()); ok {
			return kind, true
		}
	}
	return 0, false
}

func isRetail(head []byte) bool {
	has := func(key string) bool { return bytes.Contains(head, []byte(`"`+key+`"`)) }
	return has("retailPrice") && has("meterName") && has("unitOfMeasure") ||
		has("Items") && has("BillingCurrency") && has("CustomerEntityType")
}

// tableKind tells which kind of price file has these columns.
func tableKind(columns map[string]int) (Kind, bool) {
	for _, name := range usageColumns {
		if _, ok := columns[name]; ok {
			return 0, false
		}
	}
	for _, k := range tableKinds {
		all := true
		for _, name := range k.columns {
			if _, ok := columns[name]; !ok {
				all = false
				break
			}
		}
		if all {
			return k.kind, true
		}
	}
	return 0, false
}

// fold returns a header cell in lower case, letters and digits only.
func fold(cell string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 0x80:
			return r // no column has these: keep them, so that nothing matches
		}
		return -1
	}, cell)
}
