package contoso

import (
	"bytes"
	"encoding/csv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing/money"
)

func nextOf(t *testing.T, course Course) map[string][]byte {
	t.Helper()
	total := money.New(45_838_000_000, "USD")
	files, err := Next(Seed, []Bought{
		{ReservationOrder: "order-a", Name: "sizeterm-a", Size: "Standard_D2s_v5", Region: "polandcentral", Term: "P3Y", Quantity: 41, Total: total, Monthly: true, At: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)},
		{ReservationOrder: "order-b", Name: "sizeterm-b", Size: "Standard_E4s_v5", Region: "westeurope", Term: "P3Y", Quantity: 2, Total: money.New(5_796_000_000, "USD"), At: time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)},
	}, course)
	require.NoError(t, err)
	byName := map[string][]byte{}
	for _, f := range files {
		byName[f.Name] = f.Text
	}
	return byName
}

// The month after: a reservation never covers more than its hours, one that is deaf covers nothing, each is charged once, and
// the same input gives the same bytes.
func TestTheMonthAfter(t *testing.T) {
	files := nextOf(t, Course{Deaf: []string{"westeurope/Standard_E4s_v5"}})
	require.Equal(t, files, nextOf(t, Course{Deaf: []string{"westeurope/Standard_E4s_v5"}}))
	_, rows := table(t, files["cost-export-2026-11.csv.gz"])
	covered := map[string]int{}
	paid := map[string]int{}
	for _, row := range rows {
		require.Regexp(t, `^11/\d\d/2026$`, row["date"])
		order := row["productOrderId"]
		if row["chargeType"] == "Purchase" {
			paid[order]++
		} else if row["PricingModel"] == "Reservation" {
			covered[order]++
		}
	}
	require.Positive(t, covered["order-a"])
	require.Zero(t, covered["order-b"])
	require.Equal(t, 1, paid["order-a"])
	require.Equal(t, 1, paid["order-b"])

	details, err := csv.NewReader(bytes.NewReader(files["reservation-details-2026-11.csv"])).ReadAll()
	require.NoError(t, err)
	used, reserved := map[[2]string]float64{}, map[[2]string]float64{}
	for _, row := range details[1:] {
		key := [2]string{row[4], row[9]}
		used[key] += rat64(t, row[10])
		reserved[key] = rat64(t, row[6])
	}
	for key, hours := range used {
		require.LessOrEqual(t, hours, reserved[key]+1e-6, "%v", key)
	}
	require.Equal(t, 41.0*15, reserved[[2]string{"order-a", "11/01/2026"}], "from 9 o'clock on")
	invoice, err := csv.NewReader(bytes.NewReader(files["reconciliation-2026-11.csv"])).ReadAll()
	require.NoError(t, err)
	require.Len(t, invoice, 1+2+1+1) // header, two new, an instalment of 2024, a licence
}

func rat64(t *testing.T, text string) float64 {
	f, _ := rat(t, text).Float64()
	return f
}
