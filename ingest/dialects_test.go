package ingest_test

import (
	"encoding/csv"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"

	"sizeterm/ingest"
	"sizeterm/ingest/dialect"
	"sizeterm/ingest/usage"
)

// One invented machine and day in the words of every cost export: Standard_D4s_v5 in West Europe, 24 hours for 5.52 EUR.
const webServer = "/subscriptions/1CAAA5A3-2b66-438e-8ab4-bce37d518c5d/resourceGroups/RG-Web/providers/Microsoft.Compute/virtualMachines/Web01"

// words are the cells of that row by folded header, whatever a form calls them.
var words = cells{
	"date": "10/15/2026", "usagedatetime": "10/15/2026", "usagedate": "10/15/2026", "quantity": "24", "usagequantity": "24", "consumedquantity": "24",
	"unitofmeasure": "1 Hour", "unit": "1 Hour", "unittype": "1 Hour", "effectiveprice": "0.23", "resourcerate": "0.23", "effectiveunitprice": "0.23", "unitprice": "0.23",
	"paygprice": "0.24", "marketprice": "0.24", "cost": "5.52", "costinbillingcurrency": "5.52", "pretaxcost": "5.52", "extendedcost": "5.52", "billingpretaxtotal": "5.52",
	"costinpricingcurrency": "5.52", "costinusd": "6.01", "paygcostinbillingcurrency": "5.76", "paygcostinusd": "6.27", "pricingpretaxtotal": "5.52",
	"billingcurrency": "EUR", "billingcurrencycode": "EUR", "currency": "EUR", "pricingcurrency": "EUR", "pricingcurrencycode": "EUR", "exchangeratepricingtobilling": "1",
	"exchangerate": "1", "pctobcexchangerate": "1", "exchangeratedate": "10/01/2026", "billingperiodstartdate": "10/01/2026", "billingperiodenddate": "10/31/2026",
	"serviceperiodstartdate": "10/01/2026", "serviceperiodenddate": "10/31/2026", "chargestartdate": "10/1/2026", "chargeenddate": "10/31/2026",
	"billingaccountid": "8611537", "billingaccountname": "Contoso GmbH", "customertenantid": "C0FFEE00-0000-4000-8000-000000000001", "customername": "Contoso GmbH",
	"customerid": "C0FFEE00-0000-4000-8000-000000000001", "partnertenantid": "dddddddd-0000-4000-8000-000000000001", "partnername": "Fabrikam",
	"subscriptionid": "1CAAA5A3-2b66-438e-8ab4-bce37d518c5d", "subscriptionguid": "1CAAA5A3-2b66-438e-8ab4-bce37d518c5d", "entitlementid": "1CAAA5A3-2b66-438e-8ab4-bce37d518c5d",
	"subscriptionname": "Produktion", "entitlementdescription": "Produktion", "resourcegroup": "RG-Web", "resourcegroupname": "RG-Web", "resourceid": webServer, "instanceid": webServer,
	"instancename": webServer, "resourceuri": webServer, "resourcename": "Web01", "resourcelocation": "westeurope", "location": "EU West", "resourcelocationnormalized": "westeurope",
	"meterregion": "EU West", "metercategory": "Virtual Machines", "metersubcategory": "Dsv5 Series", "metername": "D4s v5", "meterid": "e2f7-4b1c", "product": "Virtual Machines Dsv5 Series - D4s v5 - EU West",
	"productname": "Virtual Machines Dsv5 Series - D4s v5 - EU West", "consumedservice": "Microsoft.Compute", "chargetype": "Usage", "frequency": "UsageBased", "pricingmodel": "OnDemand",
	"publishertype": "Azure", "tags": `{"env":"prod"}`, "isactualcost": "True", "isamortizedcost": "True", "servicename": "Virtual Machines", "billingmonth": "20261001",
	"additionalinfo": `{"UsageType":"ComputeHR","ImageType":null,"ServiceType":"Standard_D4s_v5","VMName":null,"VCPUs":4}`,
}

// focusWords are the same in the words of FOCUS.
var focusWords = cells{
	"billedcost": "5.52", "effectivecost": "5.52", "listcost": "5.76", "contractedcost": "5.52", "billingaccountid": "8611537", "billingcurrency": "EUR",
	"billingperiodstart": "2026-10-01T00:00Z", "billingperiodend": "2026-11-01T00:00Z", "chargeperiodstart": "2026-10-15T00:00Z", "chargeperiodend": "2026-10-16T00:00Z",
	"chargecategory": "Usage", "chargefrequency": "Usage-Based", "chargedescription": "Virtual Machines Dsv5 Series - D4s v5 - EU West", "consumedquantity": "24", "consumedunit": "Hours",
	"contractedunitprice": "0.23", "listunitprice": "0.24", "pricingcategory": "Standard", "pricingquantity": "24", "pricingunit": "Hours", "xpricingblocksize": "1", "xpricingunitdescription": "1 Hour",
	"regionid": "westeurope", "regionname": "West Europe", "resourceid": strings.ToLower(webServer), "resourcename": "web01", "resourcetype": "Virtual machine", "servicename": "Virtual Machines",
	"subaccountid": "/subscriptions/1caaa5a3-2b66-438e-8ab4-bce37d518c5d", "subaccountname": "Produktion", "xcustomerid": "C0FFEE00-0000-4000-8000-000000000001", "xcustomername": "Contoso GmbH",
	"xresourcegroupname": "RG-Web", "xskumetercategory": "Virtual Machines", "xskumetersubcategory": "Dsv5 Series", "xskumetername": "D4s v5", "skumeter": "D4s v5", "tags": `{"env":"prod"}`,
	"xskudetails": `{"UsageType":"ComputeHR","ServiceType":"Standard_D4s_v5","VCPUs":4}`, "skupricedetails": `{"x_UsageType":"ComputeHR","x_ServiceType":"Standard_D4s_v5","x_VCPUs":4}`,
	"xeffectiveunitprice": "0.23", "xbillingaccountid": "8611537",
}

// records returns header and rows of a form, each row the invented one with changes.
func records(header string, from cells, changes ...cells) [][]string {
	names := strings.Split(header, ",")
	table := [][]string{names}
	for _, change := range changes {
		row := make([]string, len(names))
		for i, n := range names {
			key := dialect.Fold(n)
			row[i] = from[key]
			if v, ok := change[key]; ok {
				row[i] = v
			}
		}
		table = append(table, row)
	}
	return table
}

// csvOf writes records as a spreadsheet or an exporter would.
func csvOf(table [][]string, delim rune, crlf bool) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = delim, crlf
	_ = w.WriteAll(table)
	return b.String()
}

// costForm is one cost export.
type costForm struct {
	dialect, header string
	words           cells
	customer        string // of the row
	noCurrency      bool
}

const tenant = "c0ffee00-0000-4000-8000-000000000001"

func costForms() []costForm {
	return []costForm{
		{dialect: "ea-2024-08-01", header: eaHeader, words: words, customer: "8611537"},
		{dialect: "ea-2023-12-01", header: eaHeader2023, words: words, customer: "8611537"},
		{dialect: "ea-2021-10-01", header: eaHeaderOct, words: words, customer: "8611537"},
		{dialect: "ea-2021-01-01", header: eaHeaderJan, words: words, customer: "8611537"},
		{dialect: "ea-2020-01-01", header: eaHeader2020, words: words, customer: "8611537"},
		{dialect: "ea-2023-sample", header: eaHeaderSample, words: words, customer: "8611537"},
		{dialect: "ea-2019-10-01", header: eaHeader2019, words: words, customer: "unnamed", noCurrency: true},
		{dialect: "ea-2019-07-02-preview", header: eaHeaderPreview, words: words, customer: "unnamed", noCurrency: true},
		{dialect: "mca-2021-10-01", header: mcaHeader, words: words, customer: "8611537"},
		{dialect: "mca-2019-11-01", header: mcaHeaderNov, words: words, customer: "8611537"},
		{dialect: "mca-2019-10-01", header: mcaHeaderOct, words: words, customer: "8611537"},
		{dialect: "mpa-2021-10-01", header: mpaHeader, words: words, customer: tenant},
		{dialect: "mpa-2021-01-01", header: mpaHeaderJan, words: words, customer: tenant},
		{dialect: "mpa-2019-11-01", header: mpaHeaderNov, words: words, customer: tenant},
		{dialect: "csp-2021-10-01", header: cspHeader, words: words, customer: tenant},
		{dialect: "payg-2019-11-01", header: paygHeader, words: words, customer: "unnamed"},
		{dialect: "ea-classic", header: classicHeader, words: words, customer: "unnamed", noCurrency: true},
		{dialect: "focus-1.0", header: focusHeader10, words: focusWords, customer: tenant},
		{dialect: "focus-1.2-preview", header: focusHeader12Preview, words: focusWords, customer: tenant},
		{dialect: "focus-1.2", header: focusHeader12, words: focusWords, customer: tenant},
		{dialect: "partner-center-daily-rated", header: partnerDaily, words: words, customer: tenant},
	}
}

// sameMachine checks that a row is the invented one.
func sameMachine(t *testing.T, f costForm, c usage.ChargeRow, day string) {
	t.Helper()
	require.Equal(t, "Standard_D4s_v5", c.Size)
	require.Equal(t, "westeurope", c.Region)
	require.Equal(t, f.customer, c.Customer)
	require.Equal(t, "1caaa5a3-2b66-438e-8ab4-bce37d518c5d", c.Subscription)
	require.Equal(t, strings.ToLower(webServer), c.Resource)
	require.Equal(t, "web01", c.VM)
	require.Equal(t, "rg-web", c.ResourceGroup)
	require.Equal(t, "linux", c.OS)
	require.Equal(t, usage.Compute, c.Kind)
	require.Equal(t, usage.OnDemand, c.Model)
	require.EqualValues(t, 24_000_000, c.Hours)
	require.EqualValues(t, 5_520_000, c.Cost)
	require.EqualValues(t, 2_300_000_000, c.Rate, "0.23 an hour in 1e-10")
	require.True(t, c.HasRate)
	require.EqualValues(t, ingestDay(day), c.Start)
	require.EqualValues(t, 86400, c.End-c.Start)
	if f.noCurrency {
		require.Equal(t, "XXX", c.Currency)
	} else {
		require.Equal(t, "EUR", c.Currency)
	}
	require.Equal(t, `{"env":"prod"}`, c.Tags)
}

func ingestDay(text string) int64 { return day(text) }

// threeDays are the changes of three rows: the days 13, 14 and 15 of October. The first decides the order of day and month.
func threeDays(f costForm) []cells {
	var days []cells
	for d := 13; d <= 15; d++ {
		days = append(days, cells{"date": fmt.Sprintf("10/%d/2026", d), "usagedatetime": fmt.Sprintf("10/%d/2026", d), "usagedate": fmt.Sprintf("10/%d/2026", d),
			"chargeperiodstart": fmt.Sprintf("2026-10-%dT00:00Z", d), "chargeperiodend": fmt.Sprintf("2026-10-%dT00:00Z", d+1)})
	}
	return days
}

// Every cost export is told by its header and read the same.
func TestEveryCostExportIsRecognisedAndRead(t *testing.T) {
	for _, f := range costForms() {
		t.Run(f.dialect, func(t *testing.T) {
			got := readText(t, csvOf(records(f.header, f.words, threeDays(f)...), ',', true), ingest.Options{})
			require.NoError(t, got.err)
			require.Empty(t, got.rejects)
			require.Equal(t, f.dialect, got.summary.Dialect)
			require.Len(t, got.charges, 3)
			for i, c := range got.charges {
				sameMachine(t, f, c, fmt.Sprintf("2026-10-%d", 13+i))
			}
		})
	}
}

// numeric and dated are the columns that a spreadsheet rewrites when it saves a file.
var (
	numeric = strings.Fields(`quantity usagequantity consumedquantity effectiveprice resourcerate effectiveunitprice unitprice paygprice marketprice cost costinbillingcurrency
		pretaxcost extendedcost billingpretaxtotal costinpricingcurrency costinusd paygcostinbillingcurrency paygcostinusd pricingpretaxtotal exchangeratepricingtobilling exchangerate
		pctobcexchangerate billedcost effectivecost listcost contractedcost contractedunitprice listunitprice pricingquantity xpricingblocksize xeffectiveunitprice`)
	dated = strings.Fields(`date usagedatetime usagedate exchangeratedate billingperiodstartdate billingperiodenddate serviceperiodstartdate serviceperiodenddate chargestartdate
		chargeenddate billingperiodstart billingperiodend chargeperiodstart chargeperiodend`)
)

// rewrite applies number to the numeric and date to the dated cells.
func rewrite(table [][]string, number, date func(string) string) [][]string {
	out := [][]string{table[0]}
	for _, row := range table[1:] {
		row = slices.Clone(row)
		for i, name := range table[0] {
			switch key := dialect.Fold(name); {
			case row[i] == "":
			case slices.Contains(numeric, key):
				row[i] = number(row[i])
			case slices.Contains(dated, key):
				row[i] = date(row[i])
			}
		}
		out = append(out, row)
	}
	return out
}

// asDate writes a date of the forms above in another layout, whose verbs are {Y}, {M} and {D}.
func asDate(layout string) func(string) string {
	return func(cell string) string {
		var y, m, d int
		if n, _ := fmt.Sscanf(cell, "%d-%d-%dT", &y, &m, &d); n < 3 {
			_, _ = fmt.Sscanf(cell, "%d/%d/%d", &m, &d, &y)
		}
		return strings.NewReplacer("{Y}", fmt.Sprintf("%04d", y), "{M}", fmt.Sprintf("%02d", m), "{D}", fmt.Sprintf("%02d", d)).Replace(layout)
	}
}

// asIs keeps a cell.
func asIs(cell string) string { return cell }

// comma writes a number with a decimal comma.
func comma(cell string) string { return strings.Replace(cell, ".", ",", 1) }

// everyRow changes each row, the header too.
func everyRow(table [][]string, change func(row []string) []string) [][]string {
	var out [][]string
	for _, row := range table {
		out = append(out, change(slices.Clone(row)))
	}
	return out
}

// header changes the header alone.
func headerOf(table [][]string, change func(string) string) [][]string {
	names := slices.Clone(table[0])
	for i := range names {
		names[i] = change(names[i])
	}
	return append([][]string{names}, table[1:]...)
}

// resaves are the ways in which exports reach us, each with the bytes that become of a table.
func resaves() map[string]func(table [][]string) []byte {
	text := func(s string) []byte { return []byte(s) }
	return map[string]func([][]string) []byte{
		"mark": func(t [][]string) []byte { return text("\ufeff" + csvOf(t, ',', true)) },
		"quoted header": func(t [][]string) []byte {
			return text("\ufeff\"" + strings.Join(t[0], `","`) + "\"\r\n" + csvOf(t[1:], ',', true))
		},
		"LF":            func(t [][]string) []byte { return text(csvOf(t, ',', false)) },
		"CR":            func(t [][]string) []byte { return text(strings.ReplaceAll(csvOf(t, ',', false), "\n", "\r")) },
		"tabs":          func(t [][]string) []byte { return text(csvOf(t, '\t', true)) },
		"UTF-16 tabs":   func(t [][]string) []byte { return utf16Of(csvOf(t, '\t', true), false) },
		"UTF-16 big":    func(t [][]string) []byte { return utf16Of(csvOf(t, ',', true), true) },
		"capitals":      func(t [][]string) []byte { return text(csvOf(headerOf(t, strings.ToUpper), ',', true)) },
		"small letters": func(t [][]string) []byte { return text(csvOf(headerOf(t, strings.ToLower), ',', true)) },
		"blanks": func(t [][]string) []byte {
			return text(csvOf(headerOf(t, func(n string) string { return " " + n + " " }), ',', true))
		},
		"gzip":        func(t [][]string) []byte { return gzipped(csvOf(t, ',', true)) },
		"zip":         func(t [][]string) []byte { return zipped(nil, csvOf(t, ',', true)) },
		"empty lines": func(t [][]string) []byte { return text(strings.ReplaceAll(csvOf(t, ',', true), "\r\n", "\r\n\r\n")) },
		"lines of commas": func(t [][]string) []byte {
			return text(csvOf(t, ',', true) + strings.Repeat(strings.Repeat(",", len(t[0])-1)+"\r\n", 3))
		},
		"sep line":        func(t [][]string) []byte { return text("sep=;\r\n" + csvOf(t, ';', true)) },
		"quoted sep line": func(t [][]string) []byte { return text("\"sep=;\"\r\n" + csvOf(t, ';', true)) },
		"title lines": func(t [][]string) []byte {
			return text("Usage of October" + strings.Repeat(",", len(t[0])-1) + "\r\n" + strings.Repeat(",", len(t[0])-1) + "\r\n" + csvOf(t, ',', true))
		},
		"shuffled": func(t [][]string) []byte {
			order := rand.New(rand.NewSource(7)).Perm(len(t[0]))
			return text(csvOf(everyRow(t, func(row []string) []string {
				out := make([]string, len(row))
				for i, at := range order {
					out[i] = row[at]
				}
				return out
			}), ',', true))
		},
		"more columns": func(t [][]string) []byte {
			n := 0
			return text(csvOf(everyRow(t, func(row []string) []string {
				n++
				if n == 1 {
					return append([]string{"Anmerkung"}, append(row, "x_Team")...)
				}
				return append([]string{"geprüft, ok"}, append(row, "A\nB")...)
			}), ',', true))
		},
		"empty columns behind": func(t [][]string) []byte {
			return text(csvOf(everyRow(t, func(row []string) []string { return append(row, "", "", "") }), ',', true))
		},
		"a comma behind each row": func(t [][]string) []byte {
			return text(strings.Join(t[0], ",") + "\r\n" + strings.ReplaceAll(csvOf(t[1:], ',', true), "\r\n", ",\r\n"))
		},
		"German": func(t [][]string) []byte { return text(csvOf(rewrite(t, comma, asDate("{D}.{M}.{Y}")), ';', true)) },
		"German with hours": func(t [][]string) []byte {
			return text("\ufeff" + csvOf(rewrite(t, comma, asDate("{D}.{M}.{Y} 00:00")), ';', true))
		},
		"German Windows": func(t [][]string) []byte {
			t[1][slices.Index(t[0], nameColumn(t[0]))] = "Büro Größe"
			b, _ := charmap.Windows1252.NewEncoder().String(csvOf(rewrite(t, comma, asDate("{D}.{M}.{Y}")), ';', true))
			return text(b)
		},
		"French":   func(t [][]string) []byte { return text(csvOf(rewrite(t, comma, asDate("{D}/{M}/{Y}")), ';', true)) },
		"Polish":   func(t [][]string) []byte { return text(csvOf(rewrite(t, comma, asDate("{Y}-{M}-{D}")), ';', true)) },
		"Dutch":    func(t [][]string) []byte { return text(csvOf(rewrite(t, comma, asDate("{D}-{M}-{Y}")), ';', true)) },
		"British":  func(t [][]string) []byte { return text(csvOf(rewrite(t, asIs, asDate("{D}/{M}/{Y}")), ',', true)) },
		"Swedish":  func(t [][]string) []byte { return text(csvOf(rewrite(t, comma, asDate("{Y}-{M}-{D}")), ',', true)) },
		"Japanese": func(t [][]string) []byte { return text(csvOf(rewrite(t, asIs, asDate("{Y}/{M}/{D}")), ',', true)) },
		"American with hours": func(t [][]string) []byte {
			return text(csvOf(rewrite(t, asIs, asDate("{M}/{D}/{Y} 12:00:00 AM")), ',', true))
		},
		"short years": func(t [][]string) []byte {
			return text(csvOf(rewrite(t, asIs, func(cell string) string { return strings.Replace(asDate("{M}/{D}/{Y}")(cell), "/20", "/", 1) }), ',', true))
		},
		"Hungarian": func(t [][]string) []byte { return text(csvOf(rewrite(t, comma, asDate("{Y}.{M}.{D}.")), ';', true)) },
		"ISO": func(t [][]string) []byte {
			return text(csvOf(rewrite(t, asIs, asDate("{Y}-{M}-{D}T00:00:00Z")), ',', true))
		},
		"ISO long": func(t [][]string) []byte {
			return text(csvOf(rewrite(t, asIs, asDate("{Y}-{M}-{D}T00:00:00.0000000Z")), ',', true))
		},
		"digits": func(t [][]string) []byte { return text(csvOf(rewrite(t, asIs, asDate("{Y}{M}{D}")), ',', true)) },
		"scientific": func(t [][]string) []byte {
			return text(csvOf(rewrite(t, func(cell string) string {
				return strings.NewReplacer("5.52", "5.52E+00", "0.23", "2.3E-01").Replace(cell)
			}, asIs), ',', true))
		},
		"scientific, German": func(t [][]string) []byte {
			return text(csvOf(rewrite(t, func(cell string) string {
				return comma(strings.NewReplacer("5.52", "5.52E+00", "0.23", "2.3E-01").Replace(cell))
			}, asDate("{D}.{M}.{Y}")), ';', true))
		},
		"all quoted": func(t [][]string) []byte {
			var b strings.Builder
			for _, row := range t {
				for i, cell := range row {
					if i > 0 {
						b.WriteByte(',')
					}
					b.WriteString(`"` + strings.ReplaceAll(cell, `"`, `""`) + `"`)
				}
				b.WriteString("\r\n")
			}
			return text(b.String())
		},
	}
}

// nameColumn is a column of names that nobody compares.
func nameColumn(names []string) string {
	for _, n := range names {
		switch dialect.Fold(n) {
		case "subscriptionname", "subaccountname", "entitlementdescription", "servicetier", "accountname":
			return n
		}
	}
	return names[0]
}

// Whatever a spreadsheet, a mailer or a script did to an export, the same charges come out of it.
func TestResavedExportsReadTheSame(t *testing.T) {
	all := resaves()
	for _, f := range costForms() {
		for _, how := range slices.Sorted(maps.Keys(all)) {
			if f.dialect == "ea-classic" && how == "German Windows" {
				continue // its Chinese headers cannot be written so
			}
			t.Run(f.dialect+"/"+how, func(t *testing.T) {
				data := all[how](records(f.header, f.words, threeDays(f)...))
				inputs, err := verdict{data: data}.inputs(t)
				require.NoError(t, err)
				require.Len(t, inputs, 1)
				got := readInput(t, inputs[0], ingest.Options{})
				require.NoError(t, got.err)
				require.Empty(t, got.rejects)
				require.Len(t, got.charges, 3)
				for i, c := range got.charges {
					sameMachine(t, f, c, fmt.Sprintf("2026-10-%d", 13+i))
				}
			})
		}
	}
}

// Thousands are parted where the file proves how.
func TestThousandsMarks(t *testing.T) {
	check := func(name string, want int64, how func([][]string) string, cost string, more ...string) {
		t.Helper()
		changes := []cells{{"date": "10/15/2026", "costinbillingcurrency": cost, "quantity": "24"}}
		for _, m := range more {
			changes = append(changes, cells{"costinbillingcurrency": m})
		}
		got := readText(t, how(records(mpaHeader, words, changes...)), ingest.Options{})
		require.NoError(t, got.err, name)
		require.Empty(t, got.rejects, name)
		require.Equal(t, want, got.charges[0].Cost, name)
	}
	english := func(t [][]string) string { return csvOf(t, ',', true) }
	german := func(t [][]string) string {
		row := rewrite(t, func(cell string) string {
			if strings.ContainsAny(cell, " ,\u00a0\u202f") {
				return cell
			}
			return comma(cell)
		}, asDate("{D}.{M}.{Y}"))
		return csvOf(row, ';', true)
	}
	check("English", 1_234_560_000, english, "1,234.56")
	check("English, twice", 1_234_567_890_000, english, "1,234,567.89")
	check("Swiss", 1_234_560_000, english, "1'234.56")
	check("Swiss, typographic", 1_234_560_000, english, "1’234.56")
	check("German", 1_234_560_000, german, "1.234,56")
	check("German, no decimals", 1_234_000_000, func(t [][]string) string { return strings.Replace(german(t), "5555", "1.234", 1) }, "5555")
	check("French", 1_234_560_000, german, "1\u202f234,56")
	check("Polish", 1_234_560_000, german, "1\u00a0234,56")
	got := readText(t, csvOf(records(mpaHeader, words, cells{"costinbillingcurrency": "1,234"}, cells{}), ',', true), ingest.Options{})
	require.Len(t, got.rejects, 1, "a comma alone is one number in London and another one in Berlin")
}

// Lines that end with CR CR LF, as programs write that translate line ends twice.
func TestLineEndsTranslatedTwice(t *testing.T) {
	text := strings.ReplaceAll(csvOf(records(mpaHeader, words, cells{}, cells{}), ',', true), "\r\n", "\r\r\n")
	got := readText(t, text, ingest.Options{})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects)
	require.Len(t, got.charges, 2)
}

// The older answers of the Consumption API nest what is said of the meter, and files that hold both views of cost give one.
func TestUsageDetailsOfTheAPI(t *testing.T) {
	doc := `{"value":[{"kind":"legacy","tags":{"env":"prod"},"properties":{"billingAccountId":"8611537","billingPeriodStartDate":"2026-10-01T00:00:00.0000000Z","billingPeriodEndDate":"2026-10-31T00:00:00.0000000Z",
	"subscriptionId":"1CAAA5A3-2b66-438e-8ab4-bce37d518c5d","date":"2026-10-15T00:00:00.0000000Z","product":"Virtual Machines Dsv5 Series - D4s v5 - EU West","meterId":"m",
	"meterDetails":{"meterName":"D4s v5","meterCategory":"Virtual Machines","meterSubCategory":"Dsv5 Series","unitOfMeasure":"1 Hour"},"quantity":24,"effectivePrice":0.23,"cost":5.52,"unitPrice":0.23,
	"billingCurrency":"EUR","resourceLocation":"westeurope","consumedService":"Microsoft.Compute","resourceId":"` + webServer + `","resourceGroup":"RG-Web","chargeType":"Usage",
	"additionalInfo":"{\"UsageType\":\"ComputeHR\",\"ServiceType\":\"Standard_D4s_v5\"}","pricingModel":"OnDemand"}}]}`
	got := readText(t, doc, ingest.Options{})
	require.NoError(t, got.err)
	require.Empty(t, got.rejects)
	require.Len(t, got.charges, 1)
	sameMachine(t, costForm{customer: "8611537"}, got.charges[0], "2026-10-15")
	both := csvOf(records(eaHeaderPreview, words, cells{}, cells{"isactualcost": "False", "reservationid": "r", "resourcerate": "0.07"}, cells{"isamortizedcost": "FALSCH"}), ',', true)
	got = readText(t, both, ingest.Options{})
	require.NoError(t, got.err)
	require.Equal(t, []ingest.SetApart{{Reason: "other_cost_view", Rows: 1}}, got.summary.SetApart)
	require.Len(t, got.charges, 2)
}

// Hourly charge periods of FOCUS exports are kept: 24 rows of an hour are the day, and 1.0r2 has the columns of 1.0.
func TestHourlyChargePeriods(t *testing.T) {
	for _, f := range costForms() {
		if !strings.HasPrefix(f.dialect, "focus") {
			continue
		}
		var hours []cells
		for h := range 24 {
			at := ingestTime(2026, 10, 15, h)
			hours = append(hours, cells{"chargeperiodstart": at.Format(time.RFC3339), "chargeperiodend": at.Add(time.Hour).Format("2006-01-02T15:04Z"),
				"consumedquantity": "1", "pricingquantity": "1", "billedcost": "0.23", "effectivecost": "0.23"})
		}
		got := readText(t, csvOf(records(f.header, f.words, hours...), ',', true), ingest.Options{})
		require.NoError(t, got.err)
		require.Len(t, got.charges, 24, f.dialect)
		require.Equal(t, time.Hour, got.summary.Grain)
		require.Equal(t, "5.52", got.summary.Totals[0].Cost, "24 x 0.23")
		for h, c := range got.charges {
			require.EqualValues(t, ingestTime(2026, 10, 15, h).Unix(), c.Start)
			require.EqualValues(t, 3600, c.End-c.Start)
			require.EqualValues(t, 1_000_000, c.Hours)
		}
	}
}

func ingestTime(year, month, day, hour int) time.Time {
	return time.Date(year, time.Month(month), day, hour, 0, 0, 0, time.UTC)
}
