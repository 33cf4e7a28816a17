package sheet

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
)

func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d
}

// lines shows offers as one line each: size region os term price currency since line flags.
func lines(offers []pricing.Offer) []string {
	var out []string
	for _, o := range offers {
		price := o.Rate.Decimal()
		if o.Term != pricing.PayAsYouGo {
			price = o.Total.Decimal()
		}
		since := "-"
		if !o.Since.IsZero() {
			since = o.Since.Format(time.DateOnly)
		}
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s %s %s %s %s", strings.TrimPrefix(string(o.Size), "Standard_"), o.Region, o.OS, o.Term,
			price, o.Currency, since, o.Line, strings.Join(o.Suspect, "|"))))
	}
	return out
}

func refused(rejects []Reject) []string {
	var out []string
	for _, r := range rejects {
		out = append(out, r.Error())
	}
	return out
}

// readText reads a file given as text and checks that every row is accounted for.
func readText(t *testing.T, text string, asOf time.Time) (pricing.Source, []string, []string) {
	t.Helper()
	source, offers, rejects, err := ReadAt("prices.csv", strings.NewReader(text), asOf)
	require.NoError(t, err)
	account(t, source, offers, rejects)
	return source, lines(offers), refused(rejects)
}

func account(t testing.TB, source pricing.Source, offers []pricing.Offer, rejects []Reject) {
	t.Helper()
	skipped := 0
	for _, s := range source.Skipped {
		require.Positive(t, s.Rows)
		skipped += s.Rows
	}
	require.Equal(t, len(rejects), source.Rejected)
	require.Equal(t, len(offers), source.Rows)
	require.LessOrEqual(t, skipped+source.Rejected, source.Read, "rows are skipped or rejected once")
	for _, o := range offers {
		require.True(t, o.Rate > 0 || o.Total.Micros > 0, "no price is zero")
		require.Equal(t, source.Name, o.Source)
	}
	b := pricing.NewBuilder()
	b.Add(source, offers)
	_, err := b.Build()
	require.NoError(t, err, "a book takes what a reader gives")
}

func skipsOf(s pricing.Source) map[string]int {
	out := map[string]int{}
	for _, skip := range s.Skipped {
		out[skip.Reason] = skip.Rows
	}
	return out
}

func TestNegotiatedPrices(t *testing.T) {
	source, offers, rejects := readText(t, `# agreed in March
Size,Region,OS,Term,Unit,Price,Currency,Since,Note
D4s v5,West Europe,linux,PAYG,1 Hour,0.198,EUR,2026-03-01,deal
Standard_D4s_v5,westeurope,Windows,PAYG,100 Hours,38.2,EUR,2026-03-01,
Standard_D4s_v5,westeurope,,P1Y,term,1002.50,EUR,2026-03-01,"a ""quoted"" note, with comma"
Standard_D4s_v5,westeurope,Linux,P3Y,,1890,EUR,,
Standard_D4s_v9,westeurope,Linux,PAYG,,1,EUR,,
Standard_D8s_v5,Atlantis,Linux,PAYG,,1,EUR,,
Standard_D8s_v5,westeurope,RHEL,PAYG,,1,EUR,,
Standard_D8s_v5,westeurope,Linux,P5Y,,1,EUR,,
Standard_D8s_v5,westeurope,Linux,P1Y,1 Hour,0.1,EUR,,
Standard_D8s_v5,westeurope,Windows,P1Y,,1000,EUR,,
Standard_D8s_v5,westeurope,Linux,PAYG,1 Month,100,EUR,,
Standard_D8s_v5,westeurope,Linux,PAYG,,"0,396",EUR,,
Standard_D8s_v5,westeurope,Linux,PAYG,,0,EUR,,
Standard_D8s_v5,westeurope,Linux,PAYG,,,EUR,,
Standard_D8s_v5,westeurope,Linux,PAYG,,0.4,XYZ,,
Standard_D8s_v5,westeurope,Linux,PAYG,,0.4,EUR,tomorrow,
Standard_D8s_v5,westeurope,Linux,PAYG,,0.12345678901,EUR,,
short,row
`, time.Time{})
	require.Equal(t, []string{
		"D4s_v5 westeurope Linux PAYG 0.198 EUR 2026-03-01 line 3",
		"D4s_v5 westeurope Windows PAYG 0.382 EUR 2026-03-01 line 4",
		"D4s_v5 westeurope Linux P1Y 1002.50 EUR 2026-03-01 line 5",
		"D4s_v5 westeurope Linux P3Y 1890.00 EUR - line 6",
	}, offers)
	require.Equal(t, []string{
		`7: column "size": "Standard_D4s_v9": not a size that is known`,
		`8: column "region": "Atlantis": not a region that is known`,
		`9: column "os": "RHEL": "RHEL": not Linux or Windows`,
		`10: column "term": "P5Y": "P5Y": not one of PAYG, P1Y, P3Y`,
		`11: column "unit": "1 Hour": a reservation price is the total of the term`,
		`12: column "os": "Windows": reservations are of base compute: Linux`,
		`13: column "unit": "1 Month": not a known number of hours`,
		`14: column "price": "0,396": "0,396": not a plain decimal number`,
		`15: column "price": "0": a price above zero is wanted`,
		`16: column "price": "": missing`,
		`17: column "currency": "XYZ": "XYZ": not a currency code of ISO 4217`,
		`18: column "since": "tomorrow": not a day such as 2026-11-24`,
		`19: column "price": "0.12345678901": "0.12345678901": more decimals than can be kept exactly`,
		`20: 2 instead of 9: another number of cells than the header`,
	}, rejects)
	require.Equal(t, "negotiated", source.Kind)
	require.Equal(t, day("2026-03-01"), source.AsOf)
	require.Equal(t, 18, source.Read)
	require.Equal(t, 14, source.Rejected)
	require.EqualValues(t, "EUR", source.Currency)
	require.Len(t, source.SHA256, 64)
}

func TestNewestInForceCountsAndConflictsStayVisible(t *testing.T) {
	text := `size;region;term;price;currency;since
D4s_v5;westeurope;PAYG;0.20;USD;2025-01-01
D4s_v5;westeurope;PAYG;0.19;USD;2026-01-01
D4s_v5;westeurope;PAYG;0.18;USD;2026-12-01
D4s_v5;westeurope;PAYG;0.20;USD;2025-06-01
D8s_v5;westeurope;PAYG;0.40;USD;2026-01-01
D8s_v5;westeurope;PAYG;0.41;USD;2026-01-01
D8s_v5;westeurope;PAYG;0.40;USD;2026-01-01
`
	source, offers, rejects := readText(t, text, day("2026-11-24"))
	require.Equal(t, []string{
		"D4s_v5 westeurope Linux PAYG 0.19 USD 2026-01-01 line 3",
		"D8s_v5 westeurope Linux PAYG 0.4 USD 2026-01-01 line 6 and 7 conflict_in_source",
	}, offers)
	require.Equal(t, []string{"7: Standard_D8s_v5 in westeurope, Linux PAYG: 0.41 USD here, 0.4 USD in line 6: two prices for one thing from one day"}, rejects)
	require.Equal(t, map[string]int{skipFuture: 1, skipSuperseded: 1, skipSame: 1}, skipsOf(source))
	require.Equal(t, day("2026-11-24"), source.AsOf)
}

// Without a day given, the newest effective date of the file is its day.
func TestRowsThatEndedBeforeTheFileAreNoPrices(t *testing.T) {
	source, offers, rejects := readText(t, page(nil,
		item("Standard_D4s_v5", "D4s v5", "0.23", "effectiveStartDate", "2026-06-01T00:00:00Z"),
		item("Standard_D8s_v5", "D8s v5", "0.5", "effectiveStartDate", "2024-06-01T00:00:00Z", "effectiveEndDate", "2026-06-01T00:00:00Z"),
		item("Standard_D16s_v5", "D16s v5", "0.9", "effectiveStartDate", "2024-06-01T00:00:00Z", "effectiveEndDate", "9999-12-31T00:00:00Z"),
		item("Standard_D32s_v5", "D32s v5", "1.8", "effectiveStartDate", "soon", "effectiveEndDate", "later"),
	), time.Time{})
	require.Equal(t, []string{"D4s_v5 westeurope Linux PAYG 0.23 USD 2026-06-01 item 1", "D16s_v5 westeurope Linux PAYG 0.9 USD 2024-06-01 item 3"}, offers)
	require.Equal(t, map[string]int{skipExpired: 1}, skipsOf(source))
	require.Len(t, rejects, 1, "a row is rejected once")
	require.Equal(t, day("2026-06-01"), source.AsOf)
}

// item returns a retail item of a machine in West Europe; changes are key, value pairs.
func item(size, sku, price string, changes ...any) map[string]any {
	m := map[string]any{"currencyCode": "USD", "tierMinimumUnits": 0.0, "retailPrice": json.Number(price), "unitPrice": json.Number(price),
		"armRegionName": "westeurope", "location": "EU West", "effectiveStartDate": "2024-05-01T00:00:00Z", "meterId": "m-" + sku,
		"meterName": sku, "productId": "P", "skuId": "P/" + sku, "productName": "Virtual Machines Test Series", "skuName": sku,
		"serviceName": "Virtual Machines", "serviceFamily": "Compute", "unitOfMeasure": "1 Hour", "type": "Consumption",
		"isPrimaryMeterRegion": true, "armSkuName": size}
	for i := 0; i < len(changes); i += 2 {
		m[changes[i].(string)] = changes[i+1]
	}
	return m
}

func page(next any, items ...map[string]any) string {
	if items == nil {
		items = []map[string]any{}
	}
	text, err := json.Marshal(map[string]any{"BillingCurrency": "USD", "CustomerEntityId": "Default", "CustomerEntityType": "Retail",
		"Items": items, "NextPageLink": next, "Count": len(items)})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestRetailRowsAreChosen(t *testing.T) {
	reservation := func(size, sku, price, term string, more ...any) map[string]any {
		return item(size, sku, price, append([]any{"type", "Reservation", "reservationTerm", term}, more...)...)
	}
	text := page(nil,
		item("Standard_D4s_v5", "D4s v5", "0.23"),
		item("Standard_D4s_v5", "D4s v5", "0.414", "productName", "Virtual Machines Dsv5 Series Windows"),
		reservation("Standard_D4s_v5", "D4s v5", "1189.0", "1 Year"),
		reservation("Standard_D4s_v5", "D4s v5", "2236", "3 Years"),
		item("Standard_D4s_v5", "D4s v5", "0.25", "effectiveStartDate", "2022-01-01T00:00:00Z"),
		item("Standard_D4s_v5", "D4s v5 Spot", "0.03", "meterName", "D4s v5 Spot"),
		item("Standard_D4s_v5", "D4s v5 Low Priority", "0.05", "meterName", "D4s v5 Low Priority"),
		item("Standard_D4s_v5", "D4s v5", "0.23", "type", "DevTestConsumption"),
		item("Standard_D4s_v5", "D4s v5", "0.20", "meterName", "D4s v5 - Expired"),
		item("Standard_D4s_v5", "D4s v5", "0.21", "productName", "Virtual Machines Dsv5 Promo Series"),
		item("Standard_D4as_v5", "D4as v5", "0.392", "productName", "Dasv5 Series Cloud Services"),
		item("Standard_D4as_v5", "D4as v5", "0.392", "productName", "Dasv5 Series CloudServices"),
		item("", "Dsv3_Type4", "4.1", "productName", "DSv3 Series Dedicated Host"),
		item("Standard_D4s_v5", "D4s v5", "0.29", "isPrimaryMeterRegion", false),
		item("Standard_D4s_v5", "D4s v5", "0.19", "tierMinimumUnits", 100.0),
		item("Standard_D8s_v5", "D8s v5", "0.0"),
		item("Standard_D4ds_v5", "D4ds v5", "0.9", "serviceName", "Azure Database for PostgreSQL"),
		item("Standard_A1", "A1", "0.027", "productName", "Virtual Machines A Series Basic"),
		reservation("Standard_HB120rs_v2", "HB120rs v2", "60000", "5 Years"),
		reservation("Standard_D4s_v5", "D4s v5", "1500", "1 Year", "productName", "Virtual Machines Dsv5 Series Windows"),
		item("", "E4s v5", "0.304"),
		item("D16s_v5", "D16s v5", "9.2e-1"),
	)
	source, offers, rejects := readText(t, text, day("2026-11-24"))
	require.Equal(t, []string{
		"D4s_v5 westeurope Linux PAYG 0.23 USD 2024-05-01 item 1",
		"D4s_v5 westeurope Windows PAYG 0.414 USD 2024-05-01 item 2",
		"D4s_v5 westeurope Linux P1Y 1189.00 USD 2024-05-01 item 3",
		"D4s_v5 westeurope Linux P3Y 2236.00 USD 2024-05-01 item 4",
		"E4s_v5 westeurope Linux PAYG 0.304 USD 2024-05-01 item 21",
		"D16s_v5 westeurope Linux PAYG 0.92 USD 2024-05-01 item 22",
	}, offers)
	require.Empty(t, rejects)
	require.Equal(t, map[string]int{skipSpot: 2, skipDevTest: 1, skipExpired: 1, skipPromo: 1, skipServices: 2, skipHost: 1, skipRegion: 1,
		skipTier: 1, skipZero: 1, skipService: 1, skipBasic: 1, skipTerm: 1, skipWindows: 1, skipSuperseded: 1}, skipsOf(source))
	require.Equal(t, "retail", source.Kind)
	require.Equal(t, 22, source.Read)
}

func TestRetailRejects(t *testing.T) {
	_, offers, rejects := readText(t, page(nil,
		item("Standard_D4s_v9", "D4s v9", "0.2"),
		item("Standard_D4s_v5", "D8s v5", "0.2"),
		item("Standard_D4s_v5", "D4s v5", "0.2", "armRegionName", ""),
		item("Standard_D4s_v5", "D4s v5", "0.2", "armRegionName", "moonbase"),
		item("Standard_D4s_v5", "D4s v5", "0.2", "unitPrice", json.Number("0.3")),
		item("Standard_D4s_v5", "D4s v5", "0.2", "unitOfMeasure", "1 GB Hour"),
		item("Standard_D4s_v5", "D4s v5", "-0.2"),
		item("Standard_D4s_v5", "D4s v5", "1e999"),
		item("Standard_D4s_v5", "D4s v5", "0.2", "currencyCode", ""),
		item("Standard_D4s_v5", "D4s v5", "0.2", "effectiveStartDate", "soon"),
		item("Standard_D4s_v5", "D4s v5", "0.2", "retailPrice", "free", "unitPrice", "free"),
		item("Standard_D4s_v5", "D4s v5", "0.2", "meterName", 7),
	), time.Time{})
	require.Empty(t, offers)
	require.Len(t, rejects, 12)
	require.Equal(t, `2: column "armSkuName": "Standard_D4s_v5": "D8s v5": names another size than the row's other columns`, rejects[1])
	require.Equal(t, `3: column "armRegionName": "": missing`, rejects[2])
}

func TestRetailForms(t *testing.T) {
	one, two := item("Standard_D4s_v5", "D4s v5", "0.23"), item("Standard_D8s_v5", "D8s v5", "0.46")
	bare, err := json.Marshal([]any{one, two})
	require.NoError(t, err)
	for name, text := range map[string]string{
		"pages one after another": page("https://next", one) + "\n" + page(nil, two),
		"array of pages":          "[" + page("https://next", one) + "," + page(nil, two) + "]",
		"array of items":          string(bare),
		"byte order mark":         "\xef\xbb\xbf" + page(nil, one, two),
	} {
		source, offers, rejects := readText(t, text, time.Time{})
		require.Len(t, offers, 2, name)
		require.Empty(t, rejects, name)
		require.Empty(t, source.Note, name)
	}
	source, _, _ := readText(t, page("https://next", one), time.Time{})
	require.Contains(t, source.Note, "the list goes on")
	source, _, _ = readText(t, page(nil, item("Standard_D4s_v5", "D4s v5", "0.2", "currencyCode", "EUR")), time.Time{})
	require.Contains(t, source.Note, "reference conversions")
	for name, text := range map[string]string{
		"cut inside an item": page(nil, one, two)[:400],
		"cut behind an item": strings.TrimSuffix(page(nil, one, two), "}"),
		"fewer than counted": strings.Replace(page(nil, one, two), `"Count":2`, `"Count":3`, 1),
	} {
		_, _, _, err := Read("cut.json", strings.NewReader(text))
		require.ErrorIs(t, err, ErrIncomplete, name)
	}
	_, _, _, err = Read("bad.json", strings.NewReader(page(nil, one)+"}"))
	require.Error(t, err)
}

const eaExport = "EnrollmentNumber,MeterID,MeterName,MeterType,MeterCategory,MeterSubCategory,ServiceFamily,Product,SkuID,ProductID,MeterRegion,UnitOfMeasure,PartNumber,EffectiveStartDate,EffectiveEndDate,UnitPrice,BasePrice,MarketPrice,CurrencyCode,IncludedQuantity,OfferID,Term,PriceType\n"

func TestEnterpriseSheetExported(t *testing.T) {
	source, offers, rejects := readText(t, "\xef\xbb\xbf"+eaExport+
		`100,a,D2 v3/D2s v3,1 Compute Hour,Virtual Machines,Dv3/DSv3 Series,Compute,Virtual Machines Dv3/DSv3 Series - D2 v3/D2s v3 - EU West,S,P,EU West,100 Hours,AAA,11/01/2026,,9.60,10.8,12,EUR,0,MS-AZR-0017P,,Consumption
100,b,D2 v3/D2s v3,1 Compute Hour,Virtual Machines,Dv3/DSv3 Series Windows,Compute,x,S,P,EU West,10 Hours,AAB,11/01/2026,,1.88,1.88,2,EUR,0,MS-AZR-0017P,,Consumption
100,c,D2 v3/D2s v3,1 Compute Hour,Virtual Machines,Dv3/DSv3 Series Windows,Compute,x,S,P,EU West,10 Hours,AAC,11/01/2026,,0.96,1,2,EUR,0,MS-AZR-0148P,,Consumption
100,d,D2 v3/D2s v3 Low Priority,,Virtual Machines,Dv3/DSv3 Series,Compute,x,S,P,EU West,100 Hours,AAD,11/01/2026,,2,2,2,EUR,0,MS-AZR-0017P,,Consumption
100,e,B1s,,Virtual Machines,BS Series,Compute,"Reserved VM Instance, Standard_B1s, UK South, 3 Years",S,P,UK South,1 Hour,AAE,11/01/2026,,117,117,130,EUR,0,MS-AZR-0017P,P3Y,ReservedInstance
100,f,B1s,,Virtual Machines,BS Series,Compute,Virtual Machines BS Series - B1s - UK South,S,P,UK South,1 Hour,AAF,11/01/2026,,55,55,60,EUR,0,MS-AZR-0017P,P1Y,ReservedInstance
100,g,B1s,,Virtual Machines,BS Series,Compute,x,S,P,UK South,1 Hour,AAG,11/01/2026,,0.009,0.009,0.01,EUR,0,MS-AZR-0017P,P1Y,SavingsPlan
100,g,B1s,,Virtual Machines,BS Series,Compute,x,S,P,UK South,1 Hour,AAG,11/01/2026,,0.009,0.009,0.01,EUR,0,MS-AZR-0017P,P1Y,Savings Plan
100,h,Standard SSD,,Storage,SSD,Storage,x,S,P,EU West,1 Month,AAH,11/01/2026,,1,1,1,EUR,0,MS-AZR-0017P,,Consumption
100,i,B2s,,Virtual Machines,BS Series,Compute,x,S,P,Nowhere,1 Hour,AAI,11/01/2026,,1,1,1,EUR,0,MS-AZR-0017P,,Consumption
100,j,B2s,,Virtual Machines,BS Series,Compute,x,S,P,UK South,1/Month,AAJ,11/01/2026,,10,10,10,EUR,0,MS-AZR-0017P,P3Y,ReservedInstance
100,k,X99z,,Virtual Machines,X Series,Compute,x,S,P,UK South,1 Hour,AAK,11/01/2026,,10,10,10,EUR,0,MS-AZR-0017P,,Consumption
100,l,B4ms,,Virtual Machines,BS Series,Compute,x,S,P,UK South,1 Hour,AAL,11/01/2026,11/02/2026,0.2,0.2,0.2,EUR,0,MS-AZR-0017P,,Consumption
`, day("2026-11-24"))
	require.Equal(t, []string{
		"D2_v3 westeurope Linux PAYG 0.096 EUR 2026-11-01 line 2",
		"D2s_v3 westeurope Linux PAYG 0.096 EUR 2026-11-01 line 2",
		"D2_v3 westeurope Windows PAYG 0.188 EUR 2026-11-01 line 3",
		"D2s_v3 westeurope Windows PAYG 0.188 EUR 2026-11-01 line 3",
		"B1s uksouth Linux P3Y 117.00 EUR 2026-11-01 line 6",
		"B1s uksouth Linux P1Y 55.00 EUR 2026-11-01 line 7",
	}, offers)
	require.Equal(t, []string{
		`11: column "MeterRegion": "Nowhere": not a region that is known`,
		`12: column "UnitOfMeasure": "1/Month": a reservation price is the total of the term`,
		`13: column "MeterName": "X99z": not a size that is known`,
	}, rejects)
	require.Equal(t, map[string]int{skipDevTest: 1, skipSpot: 1, skipSavingsPlan: 2, skipService: 1, skipExpired: 1}, skipsOf(source))
	require.Equal(t, "price sheet", source.Kind)
}

func TestEnterpriseSheetDownloaded(t *testing.T) {
	_, offers, rejects := readText(t, `Price Sheet Report for billing period - 202611

Meter ID,Meter name,Meter category,Meter sub-category,Meter region,Unit of measure,Part number,Unit price,Currency code,Included quantity,Offer Id,Term,Price type
a,D8 v4,Virtual Machines,Dv4 Series,EU West,100 Hours,AAF-1,46.0,USD,0,MS-AZR-0017P,,Consumption
b,D8 v4,Virtual Machines,Dv4 Series,EU West,1 Hour,AAF-2,2377,USD,0,MS-AZR-0017P,P1Y,ReservedInstance
`, time.Time{})
	require.Equal(t, []string{"D8_v4 westeurope Linux PAYG 0.46 USD - line 4", "D8_v4 westeurope Linux P1Y 2377.00 USD - line 5"}, offers)
	require.Empty(t, rejects)
}

func TestCustomerSheets(t *testing.T) {
	_, offers, rejects := readText(t, `BillingAccountId,BillingAccountName,BillingProfileId,BillingProfileName,ServiceFamily,Product,ProductId,SkuId,UnitOfMeasure,MeterId,MeterName,MeterType,MeterCategory,MeterSubCategory,MeterRegion,TierMinimumUnits,EffectiveStartDate,EffectiveEndDate,UnitPrice,BasePrice,MarketPrice,Currency,BillingCurrency,Term,PriceType
b,B,p,P,Compute,Virtual Machines Dsv5 Series - D4s v5 - PL Central,I,0001,1 Hour,m,D4s v5,,Virtual Machines,Dsv5 Series,PL Central,0,2026-11-01T00:00:00.0000000Z,,0.219,0.219,0.23,USD,PLN,,Consumption
b,B,p,P,Compute,"Reserved VM Instance, Standard_D4s_v5, PL Central, 1 Year",I,0002,1 Hour,m,D4s v5,,Virtual Machines,Dsv5 Series,PL Central,0,2026-11-01T00:00:00.0000000Z,,1189,1189,1189,USD,PLN,P1Y,ReservedInstance
b,B,p,P,Compute,Virtual Machines Dsv5 Series - D4s v5 - PL Central,I,0003,1 Hour,m,D4s v5,,Virtual Machines,Dsv5 Series,PL Central,500,2026-11-01T00:00:00.0000000Z,,0.2,0.2,0.2,USD,PLN,,Consumption
`, time.Time{})
	want := []string{"D4s_v5 polandcentral Linux PAYG 0.219 USD 2026-11-01 line 2", "D4s_v5 polandcentral Linux P1Y 1189.00 USD 2026-11-01 line 3"}
	require.Equal(t, want, offers)
	require.Empty(t, rejects)
	_, offers, _ = readText(t, `meterId,meterName,meterCategory,meterSubCategory,meterRegion,unitOfMeasure,unitPrice,currency,includedQuantity,term,priceType
m,D4s v5,Virtual Machines,Dsv5 Series,PL Central,1 Hour,0.219,USD,0,,Consumption
`, time.Time{})
	require.Equal(t, []string{"D4s_v5 polandcentral Linux PAYG 0.219 USD - line 2"}, offers)
}

const partnerHeader = "ProductTitle,ProductID,SKuId,SkuTitle,Publisher,SkuDescription,UnitOfMeasure,TermDuration,Market,Currency,UnitPrice,PricingTierRangeMin,PricingTierRangeMax,EffectiveStartDate,EffectiveEndDate,MeterIds,MeterType,Tags\n"

const partnerRows = `Reserved VM Instance,DZ1,0001,"Reserved VM Instance, Standard_ND40rs_v2, US West 2, 1 Year",Microsoft,free text: Basic,1 Hour,P1Y,US,USD,123456,1,,11/01/2026,11/30/2026,,,
Reserved VM Instance,DZ1,0002,"Reserved VM Instance, Standard_D4s_v5, US West 2, 3 Years",Microsoft,,1 Hour,P3Y,US,USD,1866,1,,11/01/2026,,,,
Virtual Machines Dsv5 Series,DZ2,0003,Virtual Machines Dsv5 Series - D4s v5 - US West 2,Microsoft,,1 Hour,P1M,US,USD,0.192,0,,11/01/2026,,m,1 Compute Hour,
SSD Storage,DZ3,0004,P10,Microsoft,,1/Month,P1M,US,USD,20,0,,11/01/2026,,m,,
Virtual Machines Dsv5 Series,DZ2,0005,D8s v5,Microsoft,,1 Hour,P1M,US,USD,0.384,0,,11/01/2026,,m,,
`

func TestPartnerCenterList(t *testing.T) {
	source, offers, rejects := readText(t, partnerHeader+partnerRows, day("2026-11-24"))
	require.Equal(t, []string{
		"ND40rs_v2 westus2 Linux P1Y 123456.00 USD 2026-11-01 line 2",
		"D4s_v5 westus2 Linux P3Y 1866.00 USD 2026-11-01 line 3",
		"D4s_v5 westus2 Linux PAYG 0.192 USD 2026-11-01 line 4",
	}, offers)
	require.Equal(t, []string{`6: column "SkuTitle": "": missing`}, rejects)
	require.Contains(t, source.Note, "before partner earned credit")
	require.Equal(t, map[string]int{skipService: 1}, skipsOf(source))
}

func TestArchives(t *testing.T) {
	var zipped bytes.Buffer
	z := zip.NewWriter(&zipped)
	for name, text := range map[string]string{"b.csv": partnerHeader + partnerRows, "readme.txt": "hello"} {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = w.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	source, offers, _, err := ReadAt("list.zip", bytes.NewReader(zipped.Bytes()), day("2026-11-24"))
	require.NoError(t, err)
	require.Len(t, offers, 3)
	require.Equal(t, "list.zip", source.Name)
	_, _, _, err = Read("cut.zip", bytes.NewReader(zipped.Bytes()[:zipped.Len()/2]))
	require.Error(t, err)

	var packed bytes.Buffer
	g := gzip.NewWriter(&packed)
	_, err = g.Write([]byte(partnerHeader + partnerRows))
	require.NoError(t, err)
	require.NoError(t, g.Close())
	_, offers, _, err = ReadAt("list.csv.gz", bytes.NewReader(packed.Bytes()), day("2026-11-24"))
	require.NoError(t, err)
	require.Len(t, offers, 3)
	_, _, _, err = Read("cut.gz", bytes.NewReader(packed.Bytes()[:packed.Len()-9]))
	require.Error(t, err)
	var bomb, bombs bytes.Buffer
	g, z = gzip.NewWriter(&bomb), zip.NewWriter(&bombs)
	f, err := z.Create("a.csv")
	require.NoError(t, err)
	for _, w := range []io.Writer{g, f} {
		_, err = io.WriteString(w, partnerHeader+partnerRows)
		require.NoError(t, err)
		_, err = w.Write(bytes.Repeat([]byte("\n"), 32<<20))
		require.NoError(t, err)
	}
	require.NoError(t, g.Close())
	require.NoError(t, z.Close())
	_, _, _, err = Read("bomb.gz", &bomb)
	require.ErrorIs(t, err, ErrTooLarge)
	_, _, _, err = Read("bomb.zip", &bombs)
	require.ErrorIs(t, err, ErrTooLarge)
	var none bytes.Buffer
	z = zip.NewWriter(&none)
	_, err = z.Create("only.txt")
	require.NoError(t, err)
	require.NoError(t, z.Close())
	_, _, _, err = Read("none.zip", bytes.NewReader(none.Bytes()))
	require.ErrorIs(t, err, ErrUnknown)
}

func TestFilesThatAreRefused(t *testing.T) {
	header := "size,region,term,price,currency,since\n"
	for name, text := range map[string]string{
		"empty":            "",
		"blanks":           " \n\t\n",
		"header only":      header,
		"no header":        "1,2,3\n4,5,6\n",
		"utf-16":           "\xff\xfes\x00i\x00",
		"a usage export":   "Date,MeterName,MeterCategory,UnitOfMeasure,UnitPrice,PartNumber,Quantity\n",
		"an image":         "\x89PNG\r\n\x1a\n",
		"other JSON":       `{"value":[]}`,
		"day before month": header + "D4s_v5,westeurope,PAYG,0.2,USD,03/04/2026\nD8s_v5,westeurope,PAYG,0.2,USD,24/11/2026\n",
		"open quote":       header + `D4s_v5,westeurope,PAYG,0.2,USD,"2026` + "\n",
		"price twice":      "size,region,term,price,currency,price\nD4s_v5,westeurope,PAYG,0.2,USD,0.3\n",
	} {
		_, offers, _, err := Read(name, strings.NewReader(text))
		require.Error(t, err, name)
		require.Nil(t, offers, name)
		require.ErrorContains(t, err, name, "the error names the file")
	}
	_, _, _, err := Read("long", strings.NewReader(header+strings.Repeat("x", 1<<20+10)))
	require.ErrorIs(t, err, ErrTooLarge)
	_, _, _, err = Read("endless quote", strings.NewReader(header+"\""+strings.Repeat("x\n", 1<<20)))
	require.ErrorIs(t, err, ErrTooLarge)
}

func TestSnapshotRoundTrip(t *testing.T) {
	source, offers, _, err := Read("deal.csv", strings.NewReader(`size,region,os,term,price,currency,since
D4s_v5,westeurope,Linux,PAYG,0.0123456789,EUR,2026-03-01
D4s_v5,westeurope,Linux,P1Y,1002.505,EUR,
D4s_v5,westeurope,Windows,PAYG,0.4,EUR,
D8s_v5,westeurope,Linux,PAYG,0.4,EUR,
D8s_v5,westeurope,Linux,PAYG,0.5,EUR,
`))
	require.NoError(t, err)
	var first, second bytes.Buffer
	require.NoError(t, WriteSnapshot(&first, Snapshot{source, offers}))
	back, again, rejects, err := Read("saved", bytes.NewReader(first.Bytes()))
	require.NoError(t, err)
	require.Empty(t, rejects)
	require.Equal(t, "deal.csv", back.Name)
	require.Equal(t, source.AsOf, back.AsOf)
	require.Equal(t, source.Kind, back.Kind)
	require.ElementsMatch(t, lines(offers), lines(again))
	require.NoError(t, WriteSnapshot(&second, Snapshot{back, again}))
	require.Equal(t, first.String(), second.String(), "the same offers give the same bytes")
	for name, text := range map[string]string{
		"changed": strings.Replace(first.String(), "1002.505", "1002.504", 1),
		"cut":     first.String()[:first.Len()-40],
		"no hash": strings.Replace(first.String(), "# sha256", "# other", 1),
		"added":   first.String() + "Standard_D2s_v5,westeurope,Linux,PAYG,0.1,EUR,,,\n",
	} {
		_, _, _, err := Read(name, strings.NewReader(text))
		require.Error(t, err, name)
	}
}

func TestDetectClaimsPricesOnly(t *testing.T) {
	check := func(text string, want Kind) {
		t.Helper()
		got, ok := Detect([]byte(text))
		require.Equal(t, want != 0, ok, text)
		if ok {
			require.Equal(t, want, got)
		}
	}
	check(eaExport, EnterpriseSheet)
	check(partnerHeader, PartnerList)
	check("size,region,term,price,currency\n", Negotiated)
	check("\xef\xbb\xbfSize;Region;OS;Term;Price;Currency\n", Negotiated)
	check(page(nil), RetailPages)
	check(page(nil, item("Standard_D4s_v5", "D4s v5", "1")), RetailPages)
	check(snapshotMagic, SavedSnapshot)
	for _, text := range []string{"", "{", "[1,2]", `{"value":[{"properties":{}}]}`, "timestamp,value\n1,2\n", "size,region\n", "# only\n# comments\n"} {
		check(text, 0)
	}
	root := "../../../shared/data"
	claimed := map[string]Kind{"retail_prices_page_D8_v4_westeurope.json": RetailPages, "retail_prices_items_M8ms_eastus_reservation.json": RetailPages}
	found := 0
	for _, folder := range []string{"exports", "api_examples", "exports/locale_samples", "finops_open_data", "traces/nab", "."} {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.*"))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			kind, ok := Detect(text[:min(len(text), headSize)])
			want, ours := claimed[filepath.Base(file)]
			require.Equal(t, ours, ok, file)
			require.Equal(t, want, kind, file)
			found++
		}
	}
	t.Logf("%d collected files", found)
}

// The worked row of the collected examples: D8_v4, 2377 for one year, 4594 for three, 0.46 an hour.
func TestCollectedRetailPages(t *testing.T) {
	for file, want := range map[string][]string{
		"retail_prices_page_D8_v4_westeurope.json": {"D8_v4 westeurope Linux P1Y 2377.00 USD 2020-08-01 item 1",
			"D8_v4 westeurope Linux PAYG 0.46 USD 2020-08-01 item 2", "D8_v4 westeurope Linux P3Y 4594.00 USD 2020-08-01 item 3"},
		"retail_prices_items_M8ms_eastus_reservation.json": {"M8ms eastus Linux P3Y 11297.00 USD 2018-05-01 item 1",
			"M8ms eastus Linux P1Y 7740.00 USD 2018-05-01 item 2"},
	} {
		text, err := os.ReadFile(filepath.Join("../../../shared/data/api_examples", file))
		if err != nil {
			t.Logf("without the collected examples: %v", err)
			continue
		}
		_, offers, rejects := readText(t, string(text), time.Time{})
		require.Equal(t, want, offers)
		require.Empty(t, rejects)
	}
}

func TestHourUnits(t *testing.T) {
	for unit, want := range map[string]int64{"1 Hour": 1, "1 Hours": 1, "1 hour": 1, "1 1 Hour": 1, "1/Hour": 1, "1 /Hour": 1, "Hours": 1,
		"10 Hour": 10, "10 Hours": 10, "50 Hours": 50, "100 Hour": 100, "100 Hours": 100, "100 Core Hours": 100, "100 Core Hrs": 100,
		"150 Hours": 150, "1000 Hours": 1000, "100000 Hours": 100000, "1 hora": 1, "1 小时": 1, "1/小时": 1, "10K/Hour": 10000, "1K/Hour": 1000} {
		got, ok := hoursOf(unit)
		require.True(t, ok, unit)
		require.Equal(t, want, got, unit)
	}
	for _, unit := range []string{"", "1", "1 GB Hour", "10 GB Hours", "1/Month", "100", "1 GB/Hour", "0 Hours", "99999999999 Hours", "10 Relay Hours", "K/Hour"} {
		_, ok := hoursOf(unit)
		require.False(t, ok, unit)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("size,region,term,price,currency\nD4s v5,westeurope,PAYG,0.1,USD\n"))
	f.Add([]byte(partnerHeader + partnerRows))
	f.Add([]byte(eaExport))
	f.Add([]byte(page(nil, item("Standard_D4s_v5", "D4s v5", "0.2"), item("", "x", "1e5", "type", "Reservation"))))
	f.Add([]byte(snapshotMagic + "# name: a\n# as_of: 2026-01-01\n# rows: 0\n# sha256: x\nsize\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		source, offers, rejects, err := ReadAt("fuzz", bytes.NewReader(data), day("2026-11-24"))
		if err != nil {
			if offers != nil || rejects != nil {
				t.Fatal("an unusable file gave prices")
			}
			return
		}
		skipped := 0
		for _, s := range source.Skipped {
			skipped += s.Rows
		}
		if len(rejects)+skipped > source.Read {
			t.Fatalf("%d rejected and %d skipped of %d rows", len(rejects), skipped, source.Read)
		}
		b := pricing.NewBuilder()
		b.Add(source, offers)
		if _, err := b.Build(); err != nil && source.Kind != "" && !strings.HasPrefix(string(data), snapshotMagic) {
			t.Fatal(err)
		}
		for _, o := range offers {
			if _, ok := catalog.SizeOf(string(o.Size)); !ok && !strings.HasPrefix(string(data), snapshotMagic) {
				t.Fatalf("%s is no size", o.Size)
			}
		}
	})
}
