package recommend_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// A year has 8 760 hours and a month 730: r is the term total over 8 760 hours a year, and r x 730 is a twelfth of a one-year total.
func TestHoursOfRates(t *testing.T) {
	in := input(t, book(t, tariff{"Standard_D2s_v5", "0.10", "525.60", "1051.20"}), member("Standard_D2s_v5", always(1, 672)))
	in.Policy.PartnerCreditRate = 0.15
	for terms, want := range map[string]float64{"P1Y": 525.60 / 8760 / 0.10, "P3Y": 1051.20 / 26280 / 0.10} {
		in.Policy.Terms = []string{terms}
		p := plan(t, in)
		require.InDelta(t, want, p.Lines[0].Marginal.Threshold, 1e-9, terms)
		require.InDelta(t, want*0.10*730, float64(p.Lines[0].Partner.CostMonth.Micros)/1e6, 1e-6, terms)
	}
}

// A reservation price is the total of the whole term as printed, never rebuilt from an hourly figure: 1 000.01 is no whole number of
// 1e-10 an hour.
func TestReservationPriceIsTheTermTotal(t *testing.T) {
	p := plan(t, input(t, book(t, tariff{"Standard_D2s_v5", "0.10", "", "1000.01"}), member("Standard_D2s_v5", always(3, 672))))
	require.Equal(t, []string{"1000.01", "3000.03"}, []string{p.Lines[0].UnitPrice.Decimal(), p.Lines[0].TotalPrice.Decimal()})
}

// Negotiated sheet before the customer's rows before the public list, and the source is on the line.
func TestPrecedenceOfPrices(t *testing.T) {
	offers := func(source, hour string) []pricing.Offer {
		rate, err := money.ParseRate(hour)
		require.NoError(t, err)
		total, err := money.Parse("400.00", "USD")
		require.NoError(t, err)
		one := pricing.Offer{Size: d2s.size, Region: region, Term: pricing.PayAsYouGo, Rate: rate, Currency: "USD", Source: source}
		two := one
		two.Term, two.Rate, two.Total = pricing.OneYear, 0, total
		return []pricing.Offer{one, two}
	}
	for _, c := range []struct{ sheet, rows, list, want, source string }{
		{"0.08", "0.09", "0.10", "0.08", "sheet"}, {"", "0.09", "0.10", "0.09", "own rows"}, {"", "", "0.10", "0.1", "list"}, {"0.08", "", "0.10", "0.08", "sheet"},
	} {
		b := pricing.NewBuilder()
		b.Add(pricing.Source{Name: "list", AsOf: asOf.AddDate(0, 0, -9), Currency: "USD", Kind: "retail"}, offers("list", c.list))
		if c.sheet != "" {
			b.Add(pricing.Source{Name: "sheet", AsOf: asOf.AddDate(0, 0, -5), Currency: "USD", Kind: "negotiated"}, offers("sheet", c.sheet))
		}
		built, err := b.Build()
		require.NoError(t, err)
		m := member(d2s.size, always(4, 672))
		if c.rows != "" {
			rate, err := money.ParseRate(c.rows)
			require.NoError(t, err)
			m.Rate = int64(rate)
		}
		p := plan(t, input(t, built, m))
		require.Equal(t, c.want, p.Pools[0].Rates[0].Rate.Decimal(), "%+v", c)
		require.Contains(t, p.Pools[0].Rates[0].Source, c.source)
		require.Contains(t, strings.Join(p.Lines[0].Evidence, "\n"), c.source)
	}
}

// For Windows p is the base compute price: the saving is that of Linux, and the licence is its own cost, the same on both sides.
func TestWindowsComparesComputeWithCompute(t *testing.T) {
	linux := member("Standard_D2s_v5", always(4, 672))
	windows := linux
	windows.OS, windows.Rate = "windows", 1_460_000_000 // 0.10 and a licence of 0.046
	a, b := plan(t, input(t, book(t, d2s), linux)), plan(t, input(t, book(t, d2s), windows))
	require.Equal(t, a.Lines[0].SavingMonth, b.Lines[0].SavingMonth)
	require.Equal(t, a.Totals[0].PayGMonth, b.Totals[0].PayGMonth)
	require.Equal(t, "134.32", b.Totals[0].SoftwareMonth.Decimal(), "4 x 0.046 x 730")
	require.Equal(t, "123.648", strings.TrimRight(b.Pools[0].SoftwareCost.Decimal(), "0"), "4 x 0.046 x 672")
	billed := linux
	billed.Licences = 123_648_000 // the same licence in rows of its own, over 672 hours
	c := plan(t, input(t, book(t, d2s), billed))
	require.Equal(t, b.Totals[0].SoftwareMonth, c.Totals[0].SoftwareMonth)
	require.Equal(t, b.Pools[0].SoftwareCost, c.Pools[0].SoftwareCost)
	require.Equal(t, a.Lines[0].SavingMonth, c.Lines[0].SavingMonth)
}

// Whether a list says that a reservation renews itself or not, the plan says how it was counted.
func TestBothCasesOfRenewalAreSaid(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	for renews, code := range map[bool]string{true: "auto_renew", false: "reservation_expires"} {
		e := owned(2, asOf.AddDate(0, 6, 0))
		e.AutoRenew = renews
		in.Existing = []recommend.Existing{e}
		require.Contains(t, warnings(plan(t, in)), code)
	}
}

// E is a step function over the horizon: two owned until month 6 and one until month 18 leave 2, 4 and 5 of five machines.
func TestOwnedReservationsAreAStepFunction(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(5, 672)))
	in.Policy.Terms, in.Policy.MonthlyLoss, in.Policy.LossMonths = []string{"P3Y"}, 0, 1e9
	in.Existing = []recommend.Existing{owned(2, asOf.AddDate(0, 6, 0)), owned(1, asOf.AddDate(0, 18, 0))}
	in.Existing[1].ID = "r2"
	p := plan(t, in)
	require.EqualValues(t, 2, p.Lines[0].Quantity)
	require.Equal(t, []string{"buy 2 2027-05-02 P3Y", "expires 2 2027-05-02 PAYG", "buy 1 2028-05-02 P3Y", "expires 1 2028-05-02 PAYG"}, dueTexts(p))
}

// The table of DESIGN's rules of calculation in docs/METHOD.md names a test for each sentence; every one of them exists.
func TestEverySentenceHasItsTest(t *testing.T) {
	text, err := os.ReadFile("../docs/METHOD.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "## 12. Rules and their tests")
	require.True(t, found)
	known := map[string]bool{}
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			known[filepath.ToSlash(filepath.Dir(path)[3:])+" "+m[1]] = true
		}
		return err
	}))
	names := regexp.MustCompile("`([a-z/]+) (Test\\w+)`").FindAllStringSubmatch(table, -1)
	require.Greater(t, len(names), 30)
	for _, n := range names {
		require.True(t, known[n[1]+" "+n[2]], "%s %s", n[1], n[2])
	}
}
