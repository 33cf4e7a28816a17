package sheet

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// raw reads a collected file, the oracle of the embedded prices; nil without it.
func raw(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../shared/data", name))
	if err != nil {
		t.Logf("without the collected files only the tables themselves are tested: %v", err)
		return nil
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		r, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	rows, err := csv.NewReader(r).ReadAll()
	require.NoError(t, err)
	var out []map[string]string
	for _, row := range rows[1:] {
		m := make(map[string]string, len(row))
		for i, name := range rows[0] {
			m[name] = row[i]
		}
		out = append(out, m)
	}
	return out
}

func book(t testing.TB) *pricing.Book {
	t.Helper()
	b, err := EmbeddedBook()
	require.NoError(t, err)
	return b
}

func TestEmbeddedBookCoversWhatItSays(t *testing.T) {
	b := book(t)
	require.Len(t, b.Sources(), 5)
	for _, s := range b.Sources() {
		require.Positive(t, s.Rows, s.Name)
		require.Equal(t, "embedded", s.Kind)
		require.Len(t, s.SHA256, 64)
		require.True(t, s.AsOf.Year() == 2026, s.Name)
	}
	regions, terms := map[catalog.Region]bool{}, map[pricing.Term]map[catalog.Region]int{1: {}, 2: {}}
	for o := range b.All() {
		regions[o.Region] = true
		_, known := catalog.SizeOf(string(o.Size))
		require.True(t, known, "%s is no size", o.Size)
		got, known := catalog.RegionOf(string(o.Region))
		require.True(t, known && got == o.Region, o.Region)
		if o.Term != pricing.PayAsYouGo {
			terms[o.Term][o.Region]++
		}
		require.NotEmpty(t, o.Line)
	}
	require.GreaterOrEqual(t, len(regions), 57)
	require.Equal(t, 853, terms[pricing.OneYear]["polandcentral"])
	require.Equal(t, 849, terms[pricing.ThreeYear]["polandcentral"])
	require.Len(t, terms[pricing.OneYear], 10, "Poland and nine APAC regions, no other: a discount is never carried over")
}

// Worked by hand from the collected raw files: one pair of figures a line, read
// off the price page of the size and region named.
func TestTwentySizesInThreeRegions(t *testing.T) {
	b := book(t)
	check := func(size catalog.Size, region catalog.Region, payg, oneYear, threeYear string) {
		t.Helper()
		o, err := b.Offer(size, region, pricing.Linux, pricing.PayAsYouGo, "USD")
		require.NoError(t, err)
		require.Equal(t, payg, o.Rate.Decimal(), "%s %s", size, region)
		for term, want := range map[pricing.Term]string{pricing.OneYear: oneYear, pricing.ThreeYear: threeYear} {
			o, err := b.Offer(size, region, pricing.Linux, term, "USD")
			if want == "" {
				require.ErrorIs(t, err, pricing.ErrNoOffer, "%s %s %s", size, region, term)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, want+".00", o.Total.Decimal(), "%s %s %s", size, region, term)
		}
	}
	check("Standard_D4s_v5", "polandcentral", "0.23", "1189", "2236")
	check("Standard_E32s_v5", "polandcentral", "2.432", "12570", "23648")
	check("Standard_B2s_v2", "australiaeast", "0.106", "546", "1055")
	check("Standard_D4as_v5", "westeurope", "0.208", "", "")
	// 20 sizes x 3 regions against the raw files.
	payg, totals := rawPrices(t)
	if payg == nil {
		return
	}
	compared := 0
	for _, short := range sampleSizes {
		for _, region := range sampleRegions {
			size := catalog.Size("Standard_" + short)
			key := string(region) + " " + string(size) + " "
			want, ok := payg[key]
			require.True(t, ok, key)
			check(size, region, want, totals[key+"1 Year"], totals[key+"3 Years"])
			compared++
		}
	}
	require.Equal(t, 60, compared)
}

// rawPrices reads pay-as-you-go rates and term totals from files that name the
// product (or, in Poland, from the calculator), not from those of the table.
func rawPrices(t *testing.T) (payg, totals map[string]string) {
	rows := raw(t, "retail_prices.csv.gz")
	if rows == nil {
		return nil, nil
	}
	payg, totals = map[string]string{}, map[string]string{}
	take := func(row map[string]string) {
		key := row["region"] + " " + row["arm_sku_name"] + " "
		if row["price_type"] == "Reservation" {
			totals[key+row["term"]] = row["term_total"]
		} else {
			r, err := money.ParseRate(row["price_per_hour"])
			require.NoError(t, err)
			payg[key] = r.Decimal()
		}
	}
	for _, row := range rows {
		listed := row["source"] == "azure-pricing-radar" || row["source"] == "azure-vm-price-importer" ||
			row["source"] == "karpenter-azure" && row["region"] == "southeastasia"
		if listed && row["os"] == "Linux" && row["hybrid_benefit"] == "" && (row["price_type"] == "Consumption" || row["price_type"] == "Reservation") {
			take(row)
		}
	}
	for _, row := range raw(t, "retail_prices_apac_v5.csv") {
		if row["price_type"] == "Consumption" || row["price_type"] == "Reservation" {
			take(row)
		}
	}
	return payg, totals
}

// Trap 1 of the data: the Cloud Services product has the name and no Windows in it.
func TestCloudServicesPricesAreRefused(t *testing.T) {
	b := book(t)
	for _, c := range []struct {
		size   catalog.Size
		region catalog.Region
	}{{"Standard_D4as_v5", "uksouth"}, {"Standard_D4as_v5", "germanywestcentral"}, {"Standard_D4as_v5", "francesouth"}, {"Standard_B16s_v2", "swedensouth"}} {
		_, err := b.Offer(c.size, c.region, pricing.Linux, pricing.PayAsYouGo, "USD")
		var e *pricing.NoOfferError
		require.ErrorAs(t, err, &e, "%s %s", c.size, c.region)
		require.Equal(t, pricing.ReasonSuspect, e.Reason)
	}
	// The APAC list names the product and has the true price.
	o, err := b.Offer("Standard_D4as_v5", "southindia", pricing.Linux, pricing.PayAsYouGo, "USD")
	require.NoError(t, err)
	require.Equal(t, "0.243", o.Rate.Decimal())
	require.Contains(t, o.Source, "azure-price-my")
}

// Of every size that shares its name with a Cloud Services product no Linux
// price that can be used lies near the Windows price of its region.
func TestNoLinuxPriceIsNearWindows(t *testing.T) {
	b := book(t)
	for o := range b.All() {
		series := strings.HasSuffix(string(o.Size), "as_v5") || strings.HasSuffix(string(o.Size), "ads_v5")
		if o.OS != pricing.Windows || !series || strings.Contains(string(o.Size), "C") {
			continue
		}
		linux, err := b.Offer(o.Size, o.Region, pricing.Linux, pricing.PayAsYouGo, "USD")
		if err == nil {
			require.Less(t, float64(linux.Rate), 0.85*float64(o.Rate), "%s %s", o.Size, o.Region)
		}
	}
}

// One reservation of the list is printed at half the price per unit of its
// group: a size with constrained cores costs as much as its parent.
func TestSuspectReservationsAreFew(t *testing.T) {
	b := book(t)
	for _, o := range b.Suspects() {
		if o.Term != pricing.PayAsYouGo {
			require.Equal(t, catalog.Size("Standard_E96-48s_v6"), o.Size)
		}
	}
	_, err := b.Offer("Standard_E96-48s_v6", "polandcentral", pricing.Linux, pricing.OneYear, "USD")
	require.ErrorIs(t, err, pricing.ErrNoOffer)
}

func TestEmbeddedIsTheSameEveryTime(t *testing.T) {
	again, err := NewBook()
	require.NoError(t, err)
	require.Equal(t, book(t).Hash(), again.Hash())
	mine := Embedded()
	mine[0].Offers[0].Rate = 1
	require.NotEqual(t, mine[0].Offers[0].Rate, Embedded()[0].Offers[0].Rate, "callers get their own offers")
}

func BenchmarkEmbeddedBook(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewBook(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOffer(b *testing.B) {
	prices := book(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := prices.Offer("Standard_D4s_v5", "westeurope", pricing.Linux, pricing.PayAsYouGo, "USD"); err != nil {
			b.Fatal(err)
		}
	}
}
