package pricing

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/pricing/money"
)

// Domain 4.5: list 0.519, credit 15 %: the partner's own cost is 0.44115, and a
// reservation at 0.302549 breaks even at 58.3 % of list and 68.6 % of that cost.
func TestPartnerEarnedCredit(t *testing.T) {
	terms := PartnerTerms{CreditBasisPoints: 1500}
	require.NoError(t, terms.Check())
	cost, err := terms.CostRate(rate(t, "0.519"))
	require.NoError(t, err)
	require.Equal(t, "0.44115", cost.Decimal())
	reserved := float64(rate(t, "0.302549"))
	require.InDelta(t, 0.583, reserved/float64(rate(t, "0.519")), 0.0005)
	require.InDelta(t, 0.686, reserved/float64(cost), 0.0005)
	lost, err := terms.CreditLost(money.New(1_000_000_000, "USD"))
	require.NoError(t, err)
	require.Equal(t, "150.00 USD", lost.String())
}

func TestMarkup(t *testing.T) {
	terms := PartnerTerms{MarkupBasisPoints: -500, ReservationMarkupBasisPoints: 1000}
	require.NoError(t, terms.Check())
	price, err := terms.PriceRate(rate(t, "0.2"))
	require.NoError(t, err)
	require.Equal(t, "0.19", price.Decimal())
	total, err := terms.PriceTotal(money.New(1_189_000_000, "USD"))
	require.NoError(t, err)
	require.Equal(t, "1307.90 USD", total.String())
	same, err := PartnerTerms{}.CostRate(12345)
	require.NoError(t, err)
	require.Equal(t, money.Rate(12345), same)
	for _, bad := range []PartnerTerms{{CreditBasisPoints: -1}, {CreditBasisPoints: 10_001}, {MarkupBasisPoints: -10_000}, {ReservationMarkupBasisPoints: -10_000}} {
		require.Error(t, bad.Check())
	}
}

func TestInstalmentsAddUp(t *testing.T) {
	// 1189 / 12 = 99.0833..: four months of 99.09 less.. 1189 = 4 x 99.09 + 8 x 99.08 (396.36 + 792.64).
	months := Instalments(money.New(1_189_000_000, "USD"), OneYear)
	require.Len(t, months, 12)
	require.Equal(t, "99.09", months[0].Decimal())
	require.Equal(t, "99.08", months[11].Decimal())
	require.Panics(t, func() { Instalments(money.New(1, "USD"), PayAsYouGo) })
	rapid.Check(t, func(t *rapid.T) {
		total := money.New(rapid.Int64Range(0, 1e15).Draw(t, "micros"), rapid.SampledFrom([]money.Code{"USD", "JPY"}).Draw(t, "currency"))
		term := rapid.SampledFrom([]Term{OneYear, ThreeYear}).Draw(t, "term")
		var sum money.Sum
		parts := Instalments(total, term)
		require.Len(t, parts, term.Months())
		for _, p := range parts {
			sum.AddAmount(p)
		}
		got, err := sum.Amount(total.Currency)
		require.NoError(t, err)
		require.Equal(t, total, got)
	})
}

func TestHybridBenefitCores(t *testing.T) {
	for vcpus, want := range map[int]int{1: 8, 2: 8, 8: 8, 9: 16, 16: 16, 20: 24, 96: 96} {
		require.Equal(t, want, HybridBenefitCores(vcpus), "%d vCPUs", vcpus)
	}
}

func TestConversion(t *testing.T) {
	euro := Conversion{From: "USD", To: "EUR", Rate: rate(t, "0.86"), On: day("2026-01-26"), Source: "test"}
	got, err := euro.Convert(money.New(100_000_000, "USD"))
	require.NoError(t, err)
	require.Equal(t, "86.00 EUR", got.String())
	require.Panics(t, func() { _, _ = euro.Convert(money.New(1, "EUR")) })
}
