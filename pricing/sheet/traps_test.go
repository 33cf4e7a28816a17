package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
)

// one reads a price file that holds one row for D4s_v5 and returns its offer,
// or the reject.
func one(t *testing.T, text string) (*pricing.Offer, *Reject) {
	t.Helper()
	source, offers, rejects, err := Read("trap", strings.NewReader(text))
	require.NoError(t, err)
	account(t, source, offers, rejects)
	require.LessOrEqual(t, len(offers)+len(rejects), 1)
	switch {
	case len(offers) == 1:
		return &offers[0], nil
	case len(rejects) == 1:
		return nil, &rejects[0]
	}
	return nil, nil
}

// The ways a price stands in a file: each reader takes and refuses the same texts.
var carriers = map[string]func(price string) string{
	"negotiated": func(p string) string {
		return "size,region,term,price,currency\nD4s_v5,westeurope,PAYG,\"" + strings.ReplaceAll(p, `"`, `""`) + "\",USD\n"
	},
	"EA sheet": func(p string) string {
		return eaExport + "1,a,D4s v5,,Virtual Machines,Dsv5 Series,Compute,x,S,P,EU West,1 Hour,A,,,\"" + p + "\",,,USD,0,O,,Consumption\n"
	},
	"partner list": func(p string) string {
		return partnerHeader + "Virtual Machines Dsv5 Series,P,1,Virtual Machines Dsv5 Series - D4s v5 - EU West,Microsoft,,1 Hour,P1M,US,USD,\"" + p + "\",0,,,,,,\n"
	},
}

func TestNumbersAreTakenAsPrintedOrRefused(t *testing.T) {
	taken := map[string]string{"0.23": "0.23", " 0.23 ": "0.23", "0.2300000000": "0.23", "0.0000000001": "0.0000000001",
		"010": "10", "+0.5": "0.5", ".5": "0.5", "100000": "100000"}
	refused := []string{"0,23", "1,234.5", "1.234,56", "1 234", "1\u00a0234", "NaN", "Inf", "-Inf", "0x1p4", "1_000", "1e3", "1e400", "1e-400",
		"1e100000", "$0.23", "0.23 USD", "(0.23)", "23%", "-0.23", "-0", "٠.٢٣", "0.23x", "0..23", "0.123456789012", "N/A", "NULL", "-",
		"99999999999999999999", "922337204"}
	for name, file := range carriers {
		for text, want := range taken {
			o, reject := one(t, file(text))
			require.Nil(t, reject, "%s %q: %v", name, text, reject)
			require.Equal(t, want, o.Rate.Decimal(), "%s %q", name, text)
		}
		for _, text := range refused {
			o, reject := one(t, file(text))
			require.Nil(t, o, "%s %q", name, text)
			require.NotNil(t, reject, "%s %q", name, text)
			require.ErrorContains(t, reject, "rice", "the column is named")
		}
		o, _ := one(t, file(""))
		require.Nil(t, o, "a blank price is no price")
	}
}

// Trap 1: the unit of a reservation says 1 Hour, its price is of the whole term.
func TestTrapReservationUnitIsNotHourly(t *testing.T) {
	o, _ := one(t, page(nil, item("Standard_D8_v4", "D8 v4", "2377", "type", "Reservation", "reservationTerm", "1 Year", "unitOfMeasure", "1 Hour")))
	require.Equal(t, "2377.00 USD", o.Total.String())
	require.Zero(t, o.Rate)
	hour, err := o.Hourly()
	require.NoError(t, err)
	require.Equal(t, "0.271347", hour.Decimal()) // 2377 / 8760
}

// Trap 18 and check 13: 100 Hours at 5.00 are 0.05 an hour, 250 hours 12.50.
func TestTrapBlockPrices(t *testing.T) {
	o, _ := one(t, strings.Replace(carriers["EA sheet"]("5.00"), "1 Hour", "100 Hours", 1))
	require.Equal(t, "0.05", o.Rate.Decimal())
	cost, err := o.Rate.PerHours(250_000_000, "USD")
	require.NoError(t, err)
	require.Equal(t, "12.50", cost.Decimal())
	for _, unit := range []string{"1 GB Hour", "1/Month", "1", "1 Day", ""} {
		o, reject := one(t, strings.Replace(carriers["EA sheet"]("5.00"), "1 Hour", unit, 1))
		require.Nil(t, o, unit)
		require.Equal(t, "UnitOfMeasure", reject.Column)
	}
}

// Trap 51 and the data's traps 1, 3 and 4: what shares the name of a size and is another price.
func TestTrapRowsThatLookLikeTheSize(t *testing.T) {
	for name, change := range map[string][]any{
		"Spot":                {"meterName", "D4s v5 Spot", "skuName", "D4s v5 Spot"},
		"Low Priority":        {"meterName", "D4s v5 Low Priority", "skuName", "D4s v5 Low Priority"},
		"Dev/Test":            {"type", "DevTestConsumption"},
		"expired meter":       {"meterName", "D4s v5 - Expired"},
		"Promo":               {"productName", "Virtual Machines Dsv5 Promo Series"},
		"Cloud Services":      {"productName", "Dsv5 Series Cloud Services"},
		"CloudServices":       {"productName", "Virtual Machines Dsv5 Series CloudServices"},
		"Dedicated Host":      {"productName", "Dsv5 Series Dedicated Host"},
		"DedicatedHost":       {"productName", "Dsv5 Series DedicatedHost"},
		"other service":       {"serviceName", "Azure Database for PostgreSQL"},
		"licences":            {"serviceName", "Virtual Machines Licenses"},
		"not primary":         {"isPrimaryMeterRegion", false},
		"second tier":         {"tierMinimumUnits", 10.5},
		"free":                {"meterName", "D4s v5 Free"},
		"zero":                {"retailPrice", json.Number("0.0"), "unitPrice", json.Number("0.0")},
		"five years":          {"type", "Reservation", "reservationTerm", "5 Years"},
		"Windows reservation": {"type", "Reservation", "reservationTerm", "1 Year", "productName", "Virtual Machines Dsv5 Series Windows"},
	} {
		o, reject := one(t, page(nil, item("Standard_D4s_v5", "D4s v5", "0.1", change...)))
		require.Nil(t, o, name)
		require.Nil(t, reject, "%s is skipped, nothing is wrong with it", name)
	}
}

// Trap 31: with Windows is another price than base compute.
func TestTrapWindowsIsNotBaseCompute(t *testing.T) {
	o, _ := one(t, page(nil, item("Standard_D4s_v5", "D4s v5", "0.414", "productName", "Virtual Machines Dsv5 Series Windows")))
	require.Equal(t, pricing.Windows, o.OS)
	o, _ = one(t, strings.Replace(carriers["EA sheet"]("0.414"), "Dsv5 Series,", "Dsv5 Series Windows,", 1))
	require.Equal(t, pricing.Windows, o.OS)
}

// Trap 26: three vocabularies of regions name one place.
func TestTrapRegionVocabularies(t *testing.T) {
	for _, text := range []string{"westeurope", "West Europe", "EU West", "WESTEUROPE", "west europe"} {
		o, reject := one(t, strings.Replace(carriers["negotiated"]("1"), "westeurope", text, 1))
		require.Nil(t, reject, text)
		require.EqualValues(t, "westeurope", o.Region)
	}
	_, reject := one(t, strings.Replace(carriers["negotiated"]("1"), "westeurope", "Virginia", 1))
	require.Equal(t, "region", reject.Column, "a data centre's town is not a region")
}

// Trap 19, 20, 21: case, order and byte order mark of a header make no difference.
func TestTrapHeaders(t *testing.T) {
	want, _ := one(t, carriers["EA sheet"]("0.23"))
	header, row, _ := strings.Cut(strings.TrimSpace(carriers["EA sheet"]("0.23")), "\n")
	names, cells := strings.Split(header, ","), strings.Split(row, ",")
	for i, j := 0, len(names)-1; i < j; i, j = i+1, j-1 {
		names[i], names[j], cells[i], cells[j] = names[j], names[i], cells[j], cells[i]
	}
	for name, text := range map[string]string{
		"reversed":        strings.Join(names, ",") + "\n" + strings.Join(cells, ",") + "\n",
		"upper case":      strings.ToUpper(header) + "\n" + row,
		"byte order mark": "\xef\xbb\xbf" + header + "\r\n" + row + "\r\n",
		"blanks":          strings.ReplaceAll(header, ",", " , ") + "\n" + row,
		"semicolons":      strings.ReplaceAll(header+"\n"+row, ",", ";"),
		"tabs":            strings.ReplaceAll(header+"\n"+row, ",", "\t"),
		"preamble":        "Price Sheet; of November\n\n" + header + "\n" + row,
	} {
		got, reject := one(t, text)
		require.Nil(t, reject, "%s: %v", name, reject)
		want.Line = got.Line
		require.Equal(t, want, got, name)
	}
}

func TestArchivesThatAreRefused(t *testing.T) {
	pack := func(files int, header func(i int) *zip.FileHeader) []byte {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		for i := range files {
			w, err := z.CreateHeader(header(i))
			require.NoError(t, err)
			_, err = io.WriteString(w, carriers["negotiated"]("1"))
			require.NoError(t, err)
		}
		require.NoError(t, z.Close())
		return out.Bytes()
	}
	many := pack(101, func(i int) *zip.FileHeader { return &zip.FileHeader{Name: fmt.Sprintf("%d.csv", i)} })
	_, _, _, err := Read("many", bytes.NewReader(many))
	require.ErrorIs(t, err, ErrTooLarge)
	link := pack(1, func(int) *zip.FileHeader {
		h := &zip.FileHeader{Name: "link.csv"}
		h.SetMode(fs.ModeSymlink | 0o777)
		return h
	})
	_, _, _, err = Read("link", bytes.NewReader(link))
	require.ErrorIs(t, err, ErrUnknown, "a link is no file")
	locked := pack(1, func(int) *zip.FileHeader { return &zip.FileHeader{Name: "a.csv", Flags: 1} })
	_, _, _, err = Read("locked", bytes.NewReader(locked))
	require.Error(t, err)
	escape := pack(1, func(int) *zip.FileHeader { return &zip.FileHeader{Name: "../../a.csv"} })
	_, offers, _, err := Read("escape", bytes.NewReader(escape))
	require.True(t, err != nil || len(offers) == 1, "nothing is written anywhere: a name cannot escape")
	two := pack(2, func(i int) *zip.FileHeader { return &zip.FileHeader{Name: fmt.Sprintf("%d.csv", i)} })
	source, offers, _, err := Read("two", bytes.NewReader(two))
	require.NoError(t, err)
	require.Len(t, offers, 1, "parts of one list")
	require.Equal(t, 2, source.Read)
}

func TestReadingStopsAtTheLimit(t *testing.T) {
	r := &limited{r: strings.NewReader("0123456789"), left: 5}
	_, err := io.ReadAll(r)
	require.ErrorIs(t, err, ErrTooLarge)
	all, err := io.ReadAll(&limited{r: strings.NewReader("01234"), left: 5})
	require.NoError(t, err)
	require.Equal(t, "01234", string(all))
}

// failing breaks off after some text, as a network file does.
type failing struct{ r io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestABrokenReadIsNoList(t *testing.T) {
	for name, file := range carriers {
		_, offers, _, err := Read(name, failing{strings.NewReader(file("1"))})
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, name)
		require.Nil(t, offers)
	}
}

func TestReferenceConversions(t *testing.T) {
	euro, ok := ReferenceConversion("EUR")
	require.True(t, ok)
	require.Equal(t, "0.93606", euro.Rate.Decimal())
	require.Equal(t, day("2026-01-26"), euro.On)
	_, ok = ReferenceConversion("USD")
	require.False(t, ok)
	_, ok = ReferenceConversion("CZK")
	require.False(t, ok)
	raw(t, "fx_rates_azure_2026-01-26.csv", func(cell func(string) string) {
		c, ok := ReferenceConversion(money.Code(cell("currency")))
		require.Equal(t, cell("currency") != "USD", ok, cell("currency"))
		if ok {
			require.Equal(t, strings.TrimSuffix(cell("retail_conversion_from_usd"), ".0"), c.Rate.Decimal())
		}
	})
}

func TestSinceOfNegotiatedPricesDecides(t *testing.T) {
	_, offers, _, err := ReadAt("deal", strings.NewReader("size,region,term,price,currency,since\nD4s v5,westeurope,PAYG,0.1,USD,2026-11-24\nD8s v5,westeurope,PAYG,0.2,USD,2026-11-25\n"),
		time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Len(t, offers, 1, "a price holds from its day, not before")
}
