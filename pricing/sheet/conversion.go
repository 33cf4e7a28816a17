package sheet

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
)

//go:embed conversions.csv
var conversionTable string

// conversionDay is the day of the embedded conversions.
const conversionDay = "2026-01-26"

// ReferenceConversion returns what the public retail list takes for one USD
// where it shows prices in another currency. It serves for reading a plan in a
// currency, never for paying or for comparing: only USD prices are real. False
// where the list has no such currency.
func ReferenceConversion(to money.Code) (pricing.Conversion, bool) {
	c, ok := conversions()[to]
	return c, ok
}

var conversions = sync.OnceValue(func() map[money.Code]pricing.Conversion {
	on, err := time.Parse(time.DateOnly, conversionDay)
	if err != nil {
		panic(fmt.Sprintf("sheet: %v", err))
	}
	out := map[money.Code]pricing.Conversion{}
	for line := range strings.Lines(conversionTable) {
		code, factor, ok := strings.Cut(strings.TrimSpace(line), ",")
		to, err := money.ParseCode(code)
		if !ok || err != nil {
			continue // comments and header
		}
		rate, err := money.ParseRate(factor)
		if err != nil {
			panic(fmt.Sprintf("sheet: conversions.csv: %v", err))
		}
		out[to] = pricing.Conversion{From: "USD", To: to, Rate: rate, On: on,
			Source: "reference conversion of the public retail list (pricing calculator, sstybel/azure-vm-price-importer 6c01879)"}
	}
	return out
})
