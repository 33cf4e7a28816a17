package pricing

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing/catalog"
)

func TestExplainTellsEverything(t *testing.T) {
	book := build(t, []Offer{payg(t, "Standard_D4s_v5", Linux, "0.25"), payg(t, "Standard_D4s_v5", Windows, "0.434"), reserved("Standard_D4s_v5", OneYear, 1189)},
		[]Offer{payg(t, "Standard_D4s_v5", Linux, "0.23")})
	e := book.Explain("Standard_D4s_v5", "westeurope", day("2026-11-24"))
	require.True(t, e.ShapeKnown && e.Grouped && e.Offered && e.OfferedKnown)
	require.Equal(t, 4, e.Shape.VCPUs)
	require.Equal(t, "Dsv5 Series", e.Group.Name)
	require.Equal(t, "standardDSv5Family", e.Family)
	require.True(t, e.OneYear.OK && e.ThreeYear.OK)
	require.Len(t, e.Prices, 4)
	require.Equal(t, []bool{true, false, true, true}, []bool{e.Prices[0].Counts, e.Prices[1].Counts, e.Prices[2].Counts, e.Prices[3].Counts})
	require.Equal(t, "b", e.Prices[0].Source.Name)
	require.Equal(t, 23, e.Prices[0].AgeDays)
	require.Equal(t, OneYear, e.Prices[2].Offer.Term)
	require.True(t, e.Prices[2].HasDiscount)
	require.Equal(t, 4099, e.Prices[2].DiscountBasisPoints) // 1 - 1189/(0.23 x 8760) = 1 - 1189/2014.8 = 0.40987
	require.False(t, e.Prices[0].HasDiscount)

	old := book.Explain("Standard_D4s_v3", "westeurope", day("2026-11-24"))
	require.Equal(t, catalog.ReasonNoLongerSold, old.OneYear.Reason)
	require.Empty(t, old.Prices)
	none := book.Explain("nothing", "nowhere", day("2026-11-24"))
	require.False(t, none.ShapeKnown || none.Grouped || none.OfferedKnown || none.OneYear.OK)
	require.Equal(t, FlagConflict, refusal([]string{FlagAbovePAYG, FlagConflict}))
}
