package sheet

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
)

var update = flag.Bool("update", false, "rewrite docs/PRICES.md")

const pricesDoc = "../../docs/PRICES.md"

// The page is written from the book itself, so that it cannot say more than the
// program holds: go test ./pricing/sheet -run PricesPage -update
func TestPricesPage(t *testing.T) {
	want := pricesPage(book(t))
	if *update {
		require.NoError(t, os.WriteFile(pricesDoc, []byte(want), 0o644))
	}
	got, err := os.ReadFile(pricesDoc)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run with -update")
}

func pricesPage(b *pricing.Book) string {
	out := &strings.Builder{}
	out.WriteString(`# What the embedded price book holds

This page is written from the book by a test of ` + "`pricing/sheet`" + `; change it with
` + "`go test ./pricing/sheet -run PricesPage -update`" + `. All prices are public list prices in USD, without
partner discount and before tax. Prices of your own (` + "`--prices`" + `) go over them, one by one.

A reservation price is the total of its term for one instance, base compute. Reservations are held for
Poland Central and nine Asia-Pacific regions, because only there a current list with true totals was found;
no discount is carried from another region or another year. Everywhere else bring your price sheet or run
` + "`sizeterm prices fetch`" + `.

`)
	writeSources(out, b)
	writeFlags(out, b)
	writeDiscounts(out, b)
	writeSample(out, b)
	writeRegions(out, b)
	return out.String()
}

func writeSources(out *strings.Builder, b *pricing.Book) {
	fmt.Fprintf(out, "## Sources\n\nThe later of two sources counts. Book hash `%s`.\n\n| source | prices of | offers |\n|---|---|---:|\n", b.Hash()[:16])
	for _, s := range b.Sources() {
		fmt.Fprintf(out, "| %s | %s | %d |\n", s.Name, s.AsOf.Format("2006-01-02"), s.Rows)
	}
}

func writeFlags(out *strings.Builder, b *pricing.Book) {
	counts := map[string]int{}
	for _, o := range b.Suspects() {
		for _, f := range o.Suspect {
			counts[f]++
		}
	}
	out.WriteString("\n## Prices that are refused or flagged\n\n" +
		"A refused price is answered with its reason instead of a figure; a flag shows beside every line that uses the price.\n\n" +
		"| flag | offers | refused | meaning |\n|---|---:|---|---|\n")
	meaning := map[string]string{
		pricing.FlagLinuxEqualsWindows: "base compute costs as much as Windows: the price of the Cloud Services product of that name",
		pricing.FlagUnverified:         "the size shares its name with a Cloud Services product and nothing shows whose price it is",
		pricing.FlagSuspectInSource:    "marked as doubtful where it was collected: far above another source",
		pricing.FlagAboveOther:         "above another source by what Windows costs",
		pricing.FlagFarOffGroup:        "per unit of its flexibility group at least twice off: price or ratio is wrong",
		pricing.FlagOffGroup:           "per unit of its flexibility group a quarter above or a fifth below the median",
		pricing.FlagAbovePAYG:          "the reservation costs more than pay-as-you-go all the time",
	}
	for _, f := range slices.Sorted(maps.Keys(counts)) {
		refused := "no"
		if pricing.Refuses(f) {
			refused = "yes"
		}
		fmt.Fprintf(out, "| %s | %d | %s | %s |\n", f, counts[f], refused, meaning[f])
	}
}

// discounts returns the sorted discounts, in basis points, of the reservations
// of a term in regions that take accepts.
func discounts(b *pricing.Book, term pricing.Term, take func(catalog.Region) bool) []int {
	var out []int
	for o := range b.All() {
		if o.Term != term || !take(o.Region) {
			continue
		}
		for _, p := range b.Explain(o.Size, o.Region, day("2026-11-24")).Prices {
			if p.Offer.Term == term && p.HasDiscount && p.Refused == "" {
				out = append(out, p.DiscountBasisPoints)
			}
		}
	}
	slices.Sort(out)
	return out
}

// rank returns the nearest-rank quantile.
func rank(sorted []int, percent int) int {
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

func writeDiscounts(out *strings.Builder, b *pricing.Book) {
	out.WriteString("\n## Discount of a reservation against pay-as-you-go all the time\n\n" +
		"Quantiles by nearest rank, Linux; in the second line of each pair what the collection itself reports.\n\n" +
		"| where | term | sizes | p01 | p10 | p50 | p90 | p99 |\n|---|---|---:|---:|---:|---:|---:|---:|\n")
	poland := func(r catalog.Region) bool { return r == "polandcentral" }
	for _, row := range []struct {
		where     string
		term      pricing.Term
		take      func(catalog.Region) bool
		collected string
	}{
		{"Poland Central", pricing.OneYear, poland, "| as collected | P1Y | 853 | 0.351 | 0.380 | 0.410 | 0.411 | 0.426 |\n"},
		{"Poland Central", pricing.ThreeYear, poland, "| as collected | P3Y | 849 | 0.580 | 0.610 | 0.620 | 0.630 | 0.721 |\n"},
		{"nine Asia-Pacific regions", pricing.OneYear, func(r catalog.Region) bool { return !poland(r) }, "| as collected | P1Y | 161 | between 0.38 and 0.44 | | | | |\n"},
		{"nine Asia-Pacific regions", pricing.ThreeYear, func(r catalog.Region) bool { return !poland(r) }, "| as collected | P3Y | 161 | between 0.60 and 0.63 | | | | |\n"},
	} {
		d := discounts(b, row.term, row.take)
		fmt.Fprintf(out, "| %s | %s | %d ", row.where, row.term, len(d))
		for _, p := range []int{1, 10, 50, 90, 99} {
			fmt.Fprintf(out, "| %.3f ", float64(rank(d, p))/10_000)
		}
		out.WriteString("|\n" + row.collected)
	}
}

// sampleSizes and sampleRegions are compared with the collected files, price by
// price, in TestTwentySizesInThreeRegions.
var (
	sampleSizes = []string{"D2s_v5", "D4s_v5", "D8s_v5", "D16s_v5", "D2as_v5", "D4as_v5", "D8as_v5", "D2ds_v5", "D4ds_v5", "D8ds_v5",
		"E2s_v5", "E4s_v5", "E8s_v5", "E16s_v5", "B2s_v2", "D4s_v4", "E4s_v4", "D4as_v6", "E8as_v6", "F8as_v6"}
	sampleRegions = []catalog.Region{"polandcentral", "westeurope", "southeastasia"}
)

func writeSample(out *strings.Builder, b *pricing.Book) {
	out.WriteString("\n## Twenty sizes in three regions\n\nUSD: per hour, one year, three years. A test compares each with the collected files.\n\n| size |")
	for _, r := range sampleRegions {
		fmt.Fprintf(out, " %s PAYG | P1Y | P3Y |", r.Name())
	}
	out.WriteString("\n|---|" + strings.Repeat("---:|", 3*len(sampleRegions)) + "\n")
	for _, short := range sampleSizes {
		fmt.Fprintf(out, "| %s |", short)
		for _, r := range sampleRegions {
			for _, term := range []pricing.Term{pricing.PayAsYouGo, pricing.OneYear, pricing.ThreeYear} {
				o, err := b.Offer(catalog.Size("Standard_"+short), r, pricing.Linux, term, "USD")
				switch {
				case err != nil:
					out.WriteString(" – |")
				case term == pricing.PayAsYouGo:
					fmt.Fprintf(out, " %s |", o.Rate.Decimal())
				default:
					fmt.Fprintf(out, " %s |", o.Total.Round())
				}
			}
		}
		out.WriteString("\n")
	}
}

// coverage counts the sizes of a region by what is known of them.
type coverage struct {
	linux, refused, windows, one, three int
	sources                             map[string]bool
}

func writeRegions(out *strings.Builder, b *pricing.Book) {
	regions, letters := map[catalog.Region]*coverage{}, map[string]string{}
	for _, l := range lists {
		letters[l.name] = l.letter
	}
	for o := range b.All() {
		c := regions[o.Region]
		if c == nil {
			c = &coverage{sources: map[string]bool{}}
			regions[o.Region] = c
		}
		refused := slices.ContainsFunc(o.Suspect, pricing.Refuses)
		switch {
		case refused:
			c.refused++
		case o.OS == pricing.Windows:
			c.windows++
		case o.Term == pricing.OneYear:
			c.one++
		case o.Term == pricing.ThreeYear:
			c.three++
		default:
			c.linux++
		}
		c.sources[letters[o.Source]] = true
	}
	out.WriteString("\n## Coverage by region\n\nSizes with a usable price; `refused` counts prices that are not. Sources:")
	for i, l := range lists {
		fmt.Fprintf(out, "%s %s %s of %s", cmp.Or(strings.Repeat(";", min(i, 1)), ""), l.letter, strings.TrimPrefix(l.name, "embedded: "), l.asOf)
	}
	out.WriteString(".\n\n| region | PAYG base compute | PAYG Windows | 1 year | 3 years | refused | sources |\n|---|---:|---:|---:|---:|---:|---|\n")
	for _, r := range slices.Sorted(maps.Keys(regions)) {
		c := regions[r]
		fmt.Fprintf(out, "| %s | %d | %d | %d | %d | %d | %s |\n", r.Name(), c.linux, c.windows, c.one, c.three, c.refused,
			strings.Join(slices.Sorted(maps.Keys(c.sources)), " "))
	}
}

// The quantiles that the collection reports hold for the book to the third decimal.
func TestDiscountsAgreeWithTheCollection(t *testing.T) {
	b := book(t)
	poland := func(r catalog.Region) bool { return r == "polandcentral" }
	check := func(term pricing.Term, want map[int]int) {
		t.Helper()
		d := discounts(b, term, poland)
		require.Greater(t, len(d), 840)
		for percent, points := range want {
			require.InDelta(t, points, rank(d, percent), 15, "%s p%02d", term, percent)
		}
	}
	check(pricing.OneYear, map[int]int{1: 3510, 10: 3800, 50: 4100, 90: 4110, 99: 4260})
	check(pricing.ThreeYear, map[int]int{1: 5800, 10: 6100, 50: 6200, 90: 6300, 99: 7210})
}
