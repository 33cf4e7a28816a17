package recommend_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// Where the order of coverage moves the saving, the line carries the unluckiest and the luckiest reading, and the bottom line is the sum
// of what is decided on, not of the lucky ends.
func TestUnluckyAndLuckyEndsTravelWithTheLine(t *testing.T) {
	var busy []int64
	for range 28 {
		busy = append(append(busy, always(1, 12)...), always(0, 12)...)
	}
	in := input(t, book(t, d2s, tariff{"Standard_D4s_v5", "0.26", "1051.20", "2102.40"}), member("Standard_D2s_v5", always(3, 672)), member("Standard_D4s_v5", busy))
	in.Policy.Terms = []string{"P1Y"}
	p := plan(t, in)
	low, saving, high := int64(0), int64(0), int64(0)
	for _, l := range p.Lines {
		low, saving, high = low+l.SavingMonthLow.Micros, saving+l.SavingMonth.Micros, high+l.SavingMonthHigh.Micros
	}
	require.Less(t, low, saving)
	require.Less(t, saving, high)
	row := compared(t, p, recommend.P1Y)
	require.Less(t, row.SavingLow.Micros, row.Saving.Micros)
	require.Equal(t, saving, p.Totals[0].ReserveOnly.Micros)
	require.Equal(t, low, p.Totals[0].SavingLow.Micros)
}

// A price to a partner or a negotiated one is never set against a public list price: nothing is bought, and the reason is said.
func TestNegotiatedReservationIsNotSetAgainstAListPrice(t *testing.T) {
	rate, err := money.ParseRate("0.10")
	require.NoError(t, err)
	total, err := money.Parse("400.00", "USD")
	require.NoError(t, err)
	b := pricing.NewBuilder()
	size := d2s.size
	b.Add(pricing.Source{Name: "list", AsOf: asOf, Currency: "USD", Kind: "retail"}, []pricing.Offer{{Size: size, Region: region, Term: pricing.PayAsYouGo, Rate: rate, Currency: "USD", Source: "list"}})
	b.Add(pricing.Source{Name: "sheet", AsOf: asOf, Currency: "USD", Kind: "negotiated"}, []pricing.Offer{{Size: size, Region: region, Term: pricing.OneYear, Total: total, Currency: "USD", Source: "sheet"}})
	mixed, err := b.Build()
	require.NoError(t, err)
	p := plan(t, input(t, mixed, member(size, always(4, 672))))
	require.Empty(t, p.Lines)
	require.Contains(t, reasons(p), "price_basis")
}

// The expectation by hand: at a loss of 3 % a month, a unit at 100 a month costs 100 (1 - 0.97^36)/0.03 = 2 220 over 36 months at
// pay-as-you-go (method note 1.9) and 1 440 for three years, due whatever happens: 780 are expected to be saved.
func TestExpectedSavingByHand(t *testing.T) {
	in := input(t, book(t, tariff{"Standard_D2s_v5", "0.1369863014", "720.00", "1440.00"}), member("Standard_D2s_v5", always(1, 672)))
	in.Policy.MonthlyLoss = 0.03
	row := compared(t, plan(t, in), recommend.P3Y)
	require.InDelta(t, 780, float64(row.ExpectedSaving.Micros)/1e6/672*26280, 1)
}

// A dearer reservation is never bought more, a better used unit never less (M12), and nothing that exactly breaks even (M10).
func TestDearerIsNeverBoughtMore(t *testing.T) {
	last := int64(1 << 40)
	for _, total := range []string{"100.00", "300.00", "450.00", "525.60", "700.00", "876.00", "900.00"} {
		in := input(t, book(t, tariff{d2s.size, "0.10", total, ""}), member(d2s.size, append(always(4, 336), always(2, 336)...)))
		n := quantity(compared(t, plan(t, in), recommend.P1Y).Buy)
		require.LessOrEqual(t, n, last, total)
		last = n
	}
	require.Zero(t, last, "876.00 is 8 760 hours at 0.10: it saves nothing")
}
