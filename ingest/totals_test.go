package ingest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
)

// A row of totals below a cost export is rejected in words of its own and compared with the rows: two days of 24 hours at 0.46 cost 22.08.
func TestTotalsBelowTheRows(t *testing.T) {
	const header = "SubscriptionGuid,ResourceGroup,ResourceLocation,UsageDateTime,MeterCategory,MeterName,UsageQuantity,ResourceRate,PreTaxCost,ConsumedService,InstanceId,AdditionalInfo,Currency,UnitOfMeasure\n"
	row := func(day, cost string) string {
		return "s,g1,westeurope," + day + ",Virtual Machines,D8s v5,24,0.46," + cost + `,Microsoft.Compute,/subscriptions/s/resourceGroups/g1/providers/Microsoft.Compute/virtualMachines/vm1,"{""ServiceType"":""Standard_D8s_v5""}",USD,1 Hour` + "\n"
	}
	rows := header + row("2026-10-05", "11.04") + row("2026-10-06", "11.04")
	const words, same = "a row of totals: its sum is not added to those of the rows", "line 4 is a row of totals (22.08), which is not added: the rows that were read add up to the same"
	for name, c := range map[string]struct{ last, reason, notice string }{
		"numbers alone":         {",,,,,,48,,22.08,,,,,", words, same},
		"with the currency":     {",,,,,,48,,22.08,,,,USD,", words, same},
		"a word":                {"Total,,,,,,48,,22.08,,,,,", words, same},
		"German":                {",,,Gesamt,,,48,,22.08,,,,,", words, same},
		"of a subscription":     {"Contoso Summe,g1,,,,,48,,22.08,,,,USD,", words, same},
		"printed from a float":  {"Grand Total,,,,,,48,,22.080000000000002,,,,,", words, "line 4 is a row of totals (22.080000000000002), which is not added: the rows that were read add up to the same"},
		"another sum":           {"Total,,,,,,72,,33.12,,,,,", words, "line 4 is a row of totals (33.12), which is not added: the rows that were read add up to 22.08: see whether rows are missing or were refused, or whether it sums only some"},
		"of hours alone":        {"Total,,,,,,48,,,,,,,", words, ""},
		"short":                 {"Total,22.08", "2 cells, the header has 14: " + words, ""},
		"no row of totals":      {",,,,Virtual Machines,,24,,11.04,,,,USD,", "empty, and a row needs it", ""},
		"a charge, no currency": {strings.Replace(strings.TrimSpace(row("2026-10-07", "11.04")), "USD", "", 1), "not a currency code", ""},
	} {
		got := readText(t, rows+c.last+"\n", ingest.Options{})
		require.NoError(t, got.err, name)
		require.Len(t, got.rejects, 1, name)
		require.Equal(t, c.reason, got.rejects[0].Err.Error(), name)
		require.EqualValues(t, 4, got.rejects[0].Line, name)
		require.Equal(t, []ingest.Total{{Currency: "USD", Kind: "compute", Rows: 2, Cost: "22.08"}}, got.summary.Totals, name)
		notice := ""
		for _, n := range got.summary.Notices {
			if n.Code == "totals_row" {
				notice = n.Detail
			}
		}
		require.Equal(t, c.notice, notice, name)
	}
}
