package dialect_test

import (
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/ingest/dialect"
)

func decimal(t *testing.T, text string) dialect.Decimal {
	t.Helper()
	d, err := dialect.ParseDecimal([]byte(text), '.')
	require.NoError(t, err, text)
	return d
}

func sum(d ...dialect.Decimal) string {
	var total dialect.Total
	for _, x := range d {
		total.Add(x)
	}
	return total.String()
}

func TestDecimalsAreExact(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "+5": "5", "1.50": "1.5", ".5": "0.5", "5.": "5", "1.2E-05": "0.000012", "1e3": "1000", "-0.149": "-0.149",
		"0.0000000072922557592391990000": "0.000000007292255759239199", "12345678901234567890123456789.123456789": "12345678901234567890123456789.123456789",
	} {
		require.Equal(t, want, sum(decimal(t, text)), text)
	}
	for text, want := range map[string]error{
		"": dialect.ErrNumber, "-": dialect.ErrNumber, ".": dialect.ErrNumber, "1e": dialect.ErrNumber, "0x1p4": dialect.ErrNumber, "NaN": dialect.ErrNumber, "1_000": dialect.ErrNumber, "1,234": dialect.ErrMark,
		"1 234": dialect.ErrMark, "1e31": dialect.ErrRange, "1e100000": dialect.ErrRange, "1e-400": dialect.ErrRange, strings.Repeat("9", 60): dialect.ErrRange,
	} {
		_, err := dialect.ParseDecimal([]byte(text), '.')
		require.ErrorIs(t, err, want, text)
	}
}

func TestDecimalComma(t *testing.T) {
	for text, want := range map[string]string{"1,5": "1.5", "1.234,56": "1234.56", "1.234": "1234", "12": "12", "1\u00a0234,5": "1234.5", "1'234,5": "1234.5", "-1.234.567,8": "-1234567.8"} {
		d, err := dialect.ParseDecimal([]byte(text), ',')
		require.NoError(t, err, text)
		require.Equal(t, want, sum(d), text)
	}
	for _, text := range []string{"1.23", "1.2345,6", "1,2,3", "1,2.3", "1234.567", "1.2e3", "1 234.567,5", "1'234,5'6"} {
		_, err := dialect.ParseDecimal([]byte(text), ',')
		require.Error(t, err, text)
	}
}

// Sums, products and roundings against math/big.
func TestDecimalsEqualRationals(t *testing.T) {
	number := rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,14})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, err1 := dialect.ParseDecimal([]byte(a), '.')
		y, err2 := dialect.ParseDecimal([]byte(b), '.')
		ra, _ := new(big.Rat).SetString(a)
		rb, _ := new(big.Rat).SetString(b)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		got, _ := new(big.Rat).SetString(sum(x, y, y.Neg(), x))
		if got.Cmp(new(big.Rat).Add(ra, ra)) != 0 {
			t.Fatalf("sum of %s and %s: %s", a, b, got)
		}
		if p, ok := x.Mul(y); ok {
			if got, _ := new(big.Rat).SetString(sum(p)); got.Cmp(new(big.Rat).Mul(ra, rb)) != 0 {
				t.Fatalf("%s x %s: %s", a, b, got)
			}
		}
		units, exact, err := x.Units(6)
		scaled := new(big.Rat).Mul(ra, big.NewRat(1_000_000, 1))
		diff := new(big.Rat).Sub(scaled, new(big.Rat).SetInt64(units))
		half := new(big.Rat).Abs(diff).Cmp(big.NewRat(1, 2))
		if err != nil || half > 0 || (half == 0 && units%2 != 0) || exact != (diff.Sign() == 0) {
			t.Fatalf("%s in millionths: %d exact %v: %v", a, units, exact, err)
		}
	})
}

func TestTotalsMerge(t *testing.T) {
	var a, b dialect.Total
	a.Add(decimal(t, "1.5"))
	b.Add(decimal(t, "-2.25"))
	b.Add(decimal(t, "100"))
	a.Merge(&b)
	require.Equal(t, "99.25", a.String())
	require.Equal(t, "0", new(dialect.Total).String())
}

func TestHalfUp(t *testing.T) {
	for text, want := range map[string]int64{"12.345": 1235, "12.344999": 1234, "0.005": 1, "99.995": 10000, "-0.005": -1, "7": 700, "12.3449999999999999999999": 1234} {
		got, err := decimal(t, text).HalfUp(2)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
}

func TestClock(t *testing.T) {
	us, eu := dialect.Clock{Order: dialect.MonthFirst, Serial: true}, dialect.Clock{Order: dialect.DayFirst}
	check := func(c dialect.Clock, text, want string) {
		t.Helper()
		second, err := c.Parse([]byte(text))
		if want == "" {
			require.Error(t, err, text)
			return
		}
		require.NoError(t, err, text)
		require.Equal(t, want, time.Unix(second, 0).UTC().Format(time.RFC3339), text)
	}
	check(us, "2026-10-05", "2026-10-05T00:00:00Z")
	check(us, "2026-10-05T01:02:03Z", "2026-10-05T01:02:03Z")
	check(us, "2026-10-05T01:02Z", "2026-10-05T01:02:00Z")
	check(us, "2026-10-05 01:02:03.1234567", "2026-10-05T01:02:03Z")
	check(us, "2026-10-05T01:00:00-07:00", "2026-10-05T08:00:00Z")
	check(us, "2026-10-05T01:00:00+0530", "2026-10-04T19:30:00Z")
	check(us, "10/5/2026", "2026-10-05T00:00:00Z")
	check(us, "8/20/2026, 1:00:00.000 PM", "2026-08-20T13:00:00Z")
	check(us, "8/20/2026 12:30 AM", "2026-08-20T00:30:00Z")
	check(us, "20261005", "2026-10-05T00:00:00Z")
	check(us, "46300", "2026-10-05T00:00:00Z")
	check(us, "46300.0", "2026-10-05T00:00:00Z")
	check(us, "46300.01042", "2026-10-05T00:15:00Z") // five decimals, as a spreadsheet shows 900/86400
	check(us, "46300,99653", "2026-10-05T23:55:00Z")
	check(us, "05-Oct-26", "2026-10-05T00:00:00Z")
	check(us, "5 October 2026 13:00", "2026-10-05T13:00:00Z")
	check(us, "Oct 5, 2026", "2026-10-05T00:00:00Z")
	check(us, "2026年10月5日", "2026-10-05T00:00:00Z")
	check(us, "2026년 10월 5일 09:30", "2026-10-05T09:30:00Z")
	check(eu, "5. 10. 2026", "2026-10-05T00:00:00Z")
	check(eu, "5. 10. 2026. 7:05", "2026-10-05T07:05:00Z")
	check(eu, "5.10.2026", "2026-10-05T00:00:00Z")
	check(eu, "05.10.2026 14:00", "2026-10-05T14:00:00Z")
	check(dialect.Clock{Epoch: 1}, "1790000000", "2026-09-21T14:13:20Z")
	check(dialect.Clock{Epoch: 1000}, "1790000000999", "2026-09-21T14:13:20Z")
	check(dialect.Clock{Epoch: 1, Base: 1546300800}, "300", "2019-01-01T00:05:00Z")
	for _, bad := range []string{"", "x", "2026-13-01", "2026-02-29", "2026-10-05T24:00:00Z", "2026-10-05T00:60:00Z", "2026-10-05T00:00:61Z", "2026-10-05Tx", "13/13/2026", "1/1/126", "2026-10-05T01:00:00+99:00", "10/5/2026x", "10/5-2026", "46300.5x", "1.5", "5-Okt-26", "Oct 2026", "32-Oct-26", "年月日"} {
		check(us, bad, "")
	}
	check(dialect.Clock{}, "03/04/2026", "")
	check(dialect.Clock{}, "04/04/2026", "2026-04-04T00:00:00Z")
}

// Every day of eighty years against the standard library.
func TestClockEqualsTime(t *testing.T) {
	for d := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() < 2050; d = d.AddDate(0, 0, 1) {
		second, err := dialect.Clock{}.Parse([]byte(d.Format(time.DateOnly)))
		require.NoError(t, err)
		require.Equal(t, d.Unix(), second)
	}
}

func TestOrderOf(t *testing.T) {
	for text, want := range map[string]dialect.Order{"25/04/2026": dialect.DayFirst, "04/25/2026": dialect.MonthFirst, "03.04.2026": dialect.DayFirst, "03/04/2026": dialect.OrderUnknown} {
		got, ok := dialect.OrderOf([]byte(text))
		require.True(t, ok)
		require.Equal(t, want, got, text)
	}
	_, ok := dialect.OrderOf([]byte("2026-10-05"))
	require.False(t, ok)
}

func TestFold(t *testing.T) {
	for text, want := range map[string]string{"MeterSubCategory": "metersubcategory", "Meter Sub-Category": "metersubcategory", "_ResourceId": "resourceid", "\ufeffDate": "date", "TimeGenerated [UTC]": "timegenerated",
		"日期(Date)": "date", "x_SkuDetails": "xskudetails", "Timestamp [ms]": "timestamp[ms]"} {
		require.Equal(t, want, dialect.Fold(text), text)
	}
}

func TestRecogniseNamesTheNearest(t *testing.T) {
	_, err := dialect.Recognise([]string{"timestamp", "resource", "cpu_maks"})
	require.ErrorIs(t, err, dialect.ErrUnknownKind)
	require.ErrorContains(t, err, "cpu_maks")
	_, err = dialect.Recognise([]string{"ChargePeriodStart", "BilledCost", "ChargeCategory", "BilingCurrency", "ResourceId"})
	require.ErrorIs(t, err, dialect.ErrMissingColumn)
	require.ErrorContains(t, err, `is "BilingCurrency" meant?`)
	m, err := dialect.Recognise([]string{"timestamp", "vm", "cpu_avg"})
	require.NoError(t, err)
	require.Equal(t, "metrics-long", m.Family)
	require.Contains(t, m.Missing, "memavail")
	require.NotEmpty(t, dialect.Families())
}

func TestInfo(t *testing.T) {
	info := dialect.ParseInfo([]byte(`{"UsageType":"ComputeHR","ImageType":"Windows Server BYOL","ServiceType":"Standard_DS2_v2","VMName":"w","ReservationId":"R","ReservationOrderId":"O","RINormalizationRatio":2.0,"AHB":"True"}`))
	ratio, _, err := info.Ratio.Units(2)
	require.NoError(t, err)
	require.EqualValues(t, 200, ratio)
	info.Ratio = dialect.Decimal{}
	require.Equal(t, dialect.Info{Size: "Standard_DS2_v2", VMName: "w", UsageType: "ComputeHR", ImageType: "Windows Server BYOL", Reserved: "R", Order: "O", AHB: true}, info)
	require.Equal(t, "Standard_B1s", dialect.ParseInfo([]byte(`{"x_InstanceType":"Other","x_ServiceType":"Standard_B1s"}`)).Size)
	damaged := dialect.ParseInfo([]byte(`{"ServiceType": "Standard_B1s", "VMName":"w1", broken`))
	require.True(t, damaged.Damaged)
	require.Equal(t, "w1", damaged.VMName)
}

// thousands is a number written in groups of three digits, all parted by one mark.
var thousands = regexp.MustCompile("^[+-]?[0-9]{1,3}((,[0-9]{3})+|('[0-9]{3}|\u2019[0-9]{3})+|(\\.[0-9]{3})+|( [0-9]{3})+|(\u00a0[0-9]{3})+|(\u202f[0-9]{3})+|(\u2009[0-9]{3})+)")

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"1", "-1.5e-5", "1.234,56", "9999999999999999999", ",", "1e30", "13'e30", "1'234.50", "1'234.5'6", "1,234.50", "1.2e3", "1 234.567,5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, mark := range []byte{'.', ','} {
			d, err := dialect.ParseDecimal([]byte(text), mark)
			if err != nil {
				continue
			}
			plain := text
			if groups := thousands.FindString(text); groups != "" && strings.TrimLeft(groups, "+-0123456789")[0] != mark {
				plain = regexp.MustCompile("[^0-9+-]").ReplaceAllString(groups, "") + text[len(groups):]
			}
			if mark == ',' {
				plain = strings.Replace(plain, ",", ".", 1)
			}
			want, ok := new(big.Rat).SetString(plain)
			got, _ := new(big.Rat).SetString(sum(d))
			if !ok || want.Cmp(got) != 0 {
				t.Fatalf("%q with the mark %q: %s, math/big reads %v", text, mark, got, want)
			}
		}
	})
}

func FuzzClock(f *testing.F) {
	for _, s := range []string{"2026-10-05T01:02:03.5+02:00", "8/20/2026, 1:00:00 PM", "31.12.2026", "46300"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range []dialect.Clock{{}, {Order: dialect.DayFirst, Serial: true}, {Epoch: 1}} {
			second, err := c.Parse([]byte(text))
			if err == nil && len(text) == 20 && strings.HasSuffix(text, "Z") && text[10] == 'T' {
				want, err := time.Parse(time.RFC3339, text)
				if err != nil || want.Unix() != second {
					t.Fatalf("%q: %d, time reads %v %v", text, second, want, err)
				}
			}
		}
	})
}

func FuzzInfo(f *testing.F) {
	f.Add([]byte(`{"ServiceType":"a","RINormalizationRatio":1e9}`))
	f.Add([]byte(`"ServiceType":"a"`))
	f.Fuzz(func(t *testing.T, text []byte) { dialect.ParseInfo(text) })
}

func TestEveryDialectIsDescribed(t *testing.T) {
	for _, name := range append(dialect.Families(), "ea-2024-08-01", "mca-2019-10-01", "mpa-2021-10-01", "csp-2021-10-01", "payg-2019-11-01", "focus-1.2", "ea-classic") {
		if name != "cost" && name != "focus" { // families whose dialects have versions
			require.NotEqual(t, name, dialect.Describe(name))
		}
	}
	require.Equal(t, "unknown", dialect.Describe("unknown"))
}
