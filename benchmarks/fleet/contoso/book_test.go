package contoso

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/pricing/sheet"
)

// The prices in the rows are those of the book that sizeterm carries, and the one size without a price has none there
// either: the demo neither shows a mismatch nor a price that came from nowhere.
func TestTheBookHasThePricesOfTheRows(t *testing.T) {
	book, err := sheet.EmbeddedBook()
	require.NoError(t, err)
	for region, sizes := range listPrices {
		for size, p := range sizes {
			if strings.HasSuffix(size, " Spot") {
				continue
			}
			for os, text := range map[pricing.OS]string{pricing.Linux: p.linux, pricing.Windows: p.windows} {
				offer, err := book.Offer(catalog.Size("Standard_"+size), catalog.Region(region), os, pricing.PayAsYouGo, "USD")
				if size == "FX4mds_v2" {
					require.ErrorIs(t, err, pricing.ErrNoOffer)
					continue
				}
				require.NoError(t, err, "%s %s %v", region, size, os)
				want, err := money.ParseRate(text)
				require.NoError(t, err)
				require.Equal(t, want, offer.Rate, "%s %s %v", region, size, os)
			}
		}
	}
}

// Both regions that run on the embedded book can be reserved there in every pool of the demo but the one without a price.
func TestTheBookHasReservationsOfTheDemo(t *testing.T) {
	book, err := sheet.EmbeddedBook()
	require.NoError(t, err)
	for _, m := range demo().customer.machines {
		if m.region == "westeurope" || m.size == "FX4mds_v2" || m.spot {
			continue
		}
		for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
			_, err := book.Offer(catalog.Size("Standard_"+m.size), catalog.Region(m.region), pricing.Linux, term, "USD")
			require.NoError(t, err, "%s %s %v", m.region, m.size, term)
		}
	}
}

func TestThePriceSheetIsRead(t *testing.T) {
	text := priceSheet()
	kind, known := sheet.Detect(text)
	require.True(t, known)
	require.Equal(t, sheet.Negotiated, kind)
	source, offers, rejects, err := sheet.Read("price-sheet-westeurope.csv", bytes.NewReader(text))
	require.NoError(t, err)
	require.Empty(t, rejects)
	require.Equal(t, money.Code("USD"), source.Currency)
	require.Len(t, offers, bytes.Count(text, []byte("\n"))-1)
	for _, m := range demo().customer.machines {
		if m.region != "westeurope" {
			continue
		}
		found := 0
		for _, o := range offers {
			if o.Size == catalog.Size("Standard_"+m.size) && o.Term == pricing.PayAsYouGo {
				found++
			}
		}
		require.Equal(t, 2, found, "%s: Linux and Windows", m.size)
	}
}

// The sizes have the memory that the metrics were made for.
func TestSizesAreThoseOfTheCatalog(t *testing.T) {
	for size, gib := range memoryGiB {
		shape, known := catalog.Size("Standard_" + size).Shape()
		require.True(t, known, size)
		require.Equal(t, gib*1024, shape.MemoryMiB, size)
		require.Equal(t, coresOf(size), shape.VCPUs, size)
	}
}
