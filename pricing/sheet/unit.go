package sheet

import (
	"strconv"
	"strings"
)

// hourUnits are the spellings of an hour, in lower case without blanks, that
// follow the number of hours a price is for. The lists are the vendor's own
// (finops-toolkit 04d370f PricingUnits.csv): a unit that is not here, such as
// "10 GB Hours", is not an hour of a machine.
var hourUnits = map[string]bool{"hour": true, "hours": true, "hr": true, "hrs": true, "corehours": true, "corehrs": true,
	"instancehours": true, "/hour": true, "hora": true, "小时": true, "/小时": true, "computehour": true, "computehours": true}

// hoursOf returns for how many hours a unit of measure is: "1 Hour" 1, "100
// Hours" 100, "10K/Hour" 10000, "Hours" 1.
func hoursOf(unit string) (int64, bool) {
	text := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(unit)), " ", "")
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	block := int64(1)
	if digits > 0 {
		n, err := strconv.ParseInt(text[:digits], 10, 64)
		if err != nil || n < 1 || n > 10_000_000 {
			return 0, false
		}
		block, text = n, text[digits:]
	}
	if unit := strings.TrimSpace(unit); strings.HasPrefix(unit, "1 1 ") { // "1 1 Hour" is one hour
		block = 1
	}
	if rest, ok := strings.CutPrefix(text, "k/"); ok && digits > 0 {
		block, text = block*1000, "/"+rest
	}
	return block, hourUnits[text]
}
