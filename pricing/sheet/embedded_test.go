package sheet

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// raw calls take with every row of a collected file, the oracle of the embedded
// prices; false without the file.
func raw(t *testing.T, name string, take func(cell func(column string) string)) bool {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../shared/data", name))
	if err != nil {
		t.Logf("without the collected files only the tables themselves are tested: %v", err)
		return false
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		r, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	rows := csv.NewReader(r)
	rows.ReuseRecord = true
	header, err := rows.Read()
	require.NoError(t, err)
	columns := map[string]int{}
	for i, name := range header {
		columns[name] = i
	}
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return true
		}
		require.NoError(t, err)
		take(func(column string) string { return row[columns[column]] })
	}
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
	payg, totals = map[string]string{}, map[string]string{}
	take := func(cell func(string) string) {
		key := strings.Clone(cell("region") + " " + cell("arm_sku_name") + " ")
		switch cell("price_type") {
		case "Reservation":
			totals[key+cell("term")] = strings.Clone(cell("term_total"))
		case "Consumption":
			r, err := money.ParseRate(cell("price_per_hour"))
			require.NoError(t, err)
			payg[key] = r.Decimal()
		}
	}
	found := raw(t, "retail_prices.csv.gz", func(cell func(string) string) {
		listed := cell("source") == "azure-pricing-radar" || cell("source") == "azure-vm-price-importer" ||
			cell("source") == "karpenter-azure" && cell("region") == "southeastasia"
		if listed && cell("os") == "Linux" && cell("hybrid_benefit") == "" {
			take(cell)
		}
	}) && raw(t, "retail_prices_apac_v5.csv", take)
	if !found {
		return nil, nil
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

// Every price of the book is printed in a collected file, digit by digit: none
// is derived, none is rounded.
func TestEveryEmbeddedPriceIsPrintedSomewhere(t *testing.T) {
	printed := map[string]bool{}
	take := func(cell func(string) string, benefit string) {
		price := cell("price_per_hour")
		if cell("price_type") == "Reservation" {
			price = cell("term_total")
		}
		if cell("currency") != "USD" || benefit != "" || cell("price_type") != "Consumption" && cell("price_type") != "Reservation" {
			return
		}
		if a, err := money.ParseRate(price); err == nil {
			printed[cell("region")+"|"+strings.TrimSpace(cell("arm_sku_name"))+"|"+cell("os")+"|"+cell("term")+"|"+a.Decimal()] = true
		}
	}
	if !raw(t, "retail_prices.csv.gz", func(cell func(string) string) { take(cell, cell("hybrid_benefit")) }) ||
		!raw(t, "retail_prices_apac_v5.csv", func(cell func(string) string) { take(cell, "") }) {
		return
	}
	years := map[pricing.Term]string{pricing.OneYear: "1 Year", pricing.ThreeYear: "3 Years"}
	for o := range book(t).All() {
		price := o.Rate.Decimal()
		if o.Term != pricing.PayAsYouGo {
			price = strings.TrimSuffix(o.Total.Decimal(), ".00")
		}
		key := string(o.Region) + "|" + string(o.Size) + "|" + o.OS.String() + "|" + years[o.Term] + "|" + price
		if !printed[key] {
			t.Fatalf("%s of %s: printed nowhere", key, o.Source)
		}
	}
}

// Laws of a true price list: a longer term costs less per year, every
// reservation less than pay-as-you-go, Windows at least as much as base compute.
func TestEmbeddedPricesMakeSense(t *testing.T) {
	b := book(t)
	checked := 0
	for o := range b.All() {
		if o.Term == pricing.PayAsYouGo || len(o.Suspect) > 0 {
			continue
		}
		linux, err := b.Offer(o.Size, o.Region, pricing.Linux, pricing.PayAsYouGo, "USD")
		if err != nil {
			continue
		}
		full, err := linux.Cost(o.Term)
		require.NoError(t, err)
		require.Negative(t, o.Total.Cmp(full), "%s %s %s", o.Size, o.Region, o.Term)
		require.Zero(t, o.Total.Micros%1_000_000, "totals are whole dollars")
		if one, err := b.Offer(o.Size, o.Region, pricing.Linux, pricing.OneYear, "USD"); err == nil && o.Term == pricing.ThreeYear {
			thrice, err := one.Total.Mul(3)
			require.NoError(t, err)
			require.Negative(t, o.Total.Cmp(thrice), "%s %s", o.Size, o.Region)
		}
		checked++
	}
	require.Greater(t, checked, 2000)
	for o := range b.All() {
		if o.OS == pricing.Windows {
			_, err := b.SoftwareRate(o.Size, o.Region, "USD")
			if err != nil {
				require.ErrorIs(t, err, pricing.ErrNoOffer)
			}
		}
	}
}

// Inside a group the price of a reservation follows the ratio: the discount of
// a group is one. (Data README: median spread 0.06 %, p90 0.23 %.)
func TestReservationsFollowTheRatio(t *testing.T) {
	b := book(t)
	type cell struct {
		region catalog.Region
		group  string
		term   pricing.Term
	}
	lowest, highest := map[cell]float64{}, map[cell]float64{}
	for o := range b.All() {
		g, ok := o.Size.Group()
		if o.Term == pricing.PayAsYouGo || !ok || len(o.Suspect) > 0 {
			continue
		}
		c, unit := cell{o.Region, g.Name, o.Term}, float64(o.Total.Micros)/float64(g.Ratio)
		if lowest[c] == 0 || unit < lowest[c] {
			lowest[c] = unit
		}
		highest[c] = max(highest[c], unit)
	}
	wide := 0
	for c := range lowest {
		if highest[c] > 1.01*lowest[c] {
			wide++
		}
	}
	require.Greater(t, len(lowest), 180)
	require.Less(t, wide, len(lowest)/10, "groups whose prices differ by more than 1 %%")
}

// The promise of the book: at most 60 MiB while it is built.
func TestBookLoadIsSmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := NewBook()
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(60<<20), "bytes allocated, freed or not")
}

func TestExplainAnEmbeddedSize(t *testing.T) {
	e := book(t).Explain("Standard_D4s_v5", "polandcentral", day("2026-11-24"))
	require.True(t, e.OneYear.OK && e.ThreeYear.OK && e.Grouped && e.ShapeKnown)
	require.Len(t, e.Prices, 4)
	for _, p := range e.Prices {
		require.True(t, p.Counts)
		require.NotZero(t, p.Source.AsOf)
		require.Positive(t, p.AgeDays)
	}
	require.Equal(t, 4099, e.Prices[1].DiscountBasisPoints) // 1 - 1189 / (0.23 x 8760) = 0.40987
}
