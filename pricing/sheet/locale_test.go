package sheet

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A price sheet that a spreadsheet of a country with decimal commas saved again: 0,21 an hour, 1.200,00 and 1200,5 for terms. What
// may be 1.2 or 1200 is no price.
func TestPriceSheetWithDecimalCommas(t *testing.T) {
	text := "size;region;os;term;unit;price;currency;since\n" +
		"Standard_D4s_v5;westeurope;Linux;PAYG;1 Hour;0,21;EUR;01.10.2026\n" +
		"Standard_D4s_v5;westeurope;Linux;P1Y;term;1.200,00;EUR;01.10.2026\n" +
		"Standard_D4s_v5;westeurope;Linux;P3Y;term;2300,5;EUR;01.10.2026\n" +
		"Standard_D8s_v5;westeurope;Linux;P3Y;term;1.234;EUR;01.10.2026\n" +
		"Standard_D8s_v5;westeurope;Linux;PAYG;1 Hour;0.42;EUR;01.10.2026\n"
	source, offers, rejects, err := Read("preise.csv", strings.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, "2026-10-01", source.AsOf.Format("2006-01-02"))
	require.Len(t, offers, 4)
	require.Equal(t, "0.21", offers[0].Rate.Decimal())
	require.EqualValues(t, 1_200_000_000, offers[1].Total.Micros)
	require.EqualValues(t, 2_300_500_000, offers[2].Total.Micros)
	require.Equal(t, "0.42", offers[3].Rate.Decimal())
	require.Len(t, rejects, 1)
	require.Equal(t, 5, rejects[0].Line)
	require.Equal(t, "1.234 or 1234", rejects[0].Value)
	_, offers, rejects, err = Read("a.csv", strings.NewReader("size,region,term,price,currency,since\nD4s_v5,westeurope,P1Y,\"1,200\",EUR,2026-10-01\nD4s_v5,westeurope,PAYG,0.2,EUR,2026-10-01\n"))
	require.NoError(t, err)
	require.Len(t, offers, 1)
	require.Len(t, rejects, 1, "a comma in a table with commas decides nothing")
}
