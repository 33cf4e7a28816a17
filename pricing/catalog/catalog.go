// Package catalog knows which virtual machine sizes, flexibility groups and
// regions exist, what they are, and on which dates reservations of them are
// sold. It holds facts only: no prices, no judgement of use.
//
// The tables are embedded, made by gen/main.go from public files, and parsed
// once when first asked. Units are whole numbers and in the names: MiB, 1/100
// of a ratio, 1/100 of a percent. What the sources do not say is unknown: a
// lookup returns false, a field documents its value for "not known". A name
// that is not in the tables is never guessed at.
package catalog

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

//go:embed sizes.csv.gz regions.csv.gz
var tables embed.FS

// Version names the state of the embedded tables: the day of their newest part.
const Version = "2026-11-28"

// Provenance says where one embedded table comes from.
type Provenance struct {
	Table, Source, AsOf string
}

// Sources lists where the embedded facts come from and of which day they are.
func Sources() []Provenance {
	return []Provenance{
		{"sizes, regions and zones", "resource SKU dumps of 45 regions, DarrenJohns/djtools-azure-vm-sku-locator f31f817", "2026-08-01"},
		{"temp disk, GPU", "pricing calculator, sstybel/azure-vm-price-importer 6c01879", "2026-01-26"},
		{"disk and network limits of sizes", "MicrosoftDocs/azure-compute-docs, pages of the series", "2026-11-28"},
		{"flexibility groups and ratios", "microsoft/finops-toolkit InstanceSizeFlexibility.csv 5b32714", "2026-11-24"},
		{"burst baseline and credits", "MicrosoftDocs/azure-compute-docs bv1, bsv2, basv2, bpsv2", "2026-11-24"},
		{"region spellings", "microsoft/finops-toolkit Regions.csv 04d370f", "2026-05-20"},
		{"reservation dates", legacySource, "2026-07-01"},
		{"exchange, refund and waiting rules", policySource, "2026-01-31"},
	}
}

// rows returns the cells of an embedded table, its header first. The tables
// are made by our own generator and tested: a broken one is a broken build.
func rows(name string) [][]string {
	packed, err := tables.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("catalog: %v", err))
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(fmt.Sprintf("catalog: %s: %v", name, err))
	}
	r := csv.NewReader(z)
	r.Comment = '#'
	out, err := r.ReadAll()
	if err != nil {
		panic(fmt.Sprintf("catalog: %s: %v", name, err))
	}
	return out
}

// number reads a whole number of an embedded table; blank is missing.
func number(text string, missing int64) int64 {
	if text == "" {
		return missing
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("catalog: %q: %v", text, err))
	}
	return n
}

// letters returns text in lower case with everything but letters and digits dropped.
func letters(text string) string {
	clean := true
	for i := range len(text) {
		if c := text[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9') {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			b.WriteByte(c)
		case 'A' <= c && c <= 'Z':
			b.WriteByte(c + 'a' - 'A')
		case c >= 0x80:
			b.WriteByte(c) // no name has these: keep them, so that nothing matches
		}
	}
	return b.String()
}
