package ingest_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
)

// exported is a row of a Parquet export, in the types that exports use.
type exported struct {
	Date              time.Time `parquet:"Date,timestamp(millisecond)"`
	SubscriptionID    string    `parquet:"SubscriptionId,dict"`
	MeterCategory     string    `parquet:"MeterCategory,dict"`
	ResourceID        string    `parquet:"ResourceId"`
	ResourceLocation  *string   `parquet:"ResourceLocation,optional,dict"`
	Quantity          float64   `parquet:"Quantity"`
	UnitOfMeasure     string    `parquet:"UnitOfMeasure,dict"`
	Cost              int64     `parquet:"Cost,decimal(4:18)"`
	BillingCurrency   string    `parquet:"BillingCurrency,dict"`
	AdditionalInfo    *string   `parquet:"AdditionalInfo,optional"`
	BillingAccountID  string    `parquet:"BillingAccountId,dict"`
	IsAzureCreditable bool      `parquet:"IsAzureCreditEligible"`
}

func parquetFile(t testing.TB, rows int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[exported](&b, parquet.Compression(&parquet.Snappy))
	info, region := vmInfo, "westeurope"
	for i := range rows {
		row := exported{Date: time.Date(2026, 10, 1+i%30, 0, 0, 0, 0, time.UTC), SubscriptionID: "S", MeterCategory: "Virtual Machines", ResourceID: "/subscriptions/s/x/vm", ResourceLocation: &region,
			Quantity: 23.200004, UnitOfMeasure: "1 Hour", Cost: 27600, BillingCurrency: "EUR", AdditionalInfo: &info, BillingAccountID: "B"}
		if i%3 == 2 {
			row.MeterCategory, row.AdditionalInfo = "Storage", nil
		}
		_, err := w.Write([]exported{row})
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestParquetExport(t *testing.T) {
	data := parquetFile(t, 300)
	name := filepath.Join(t.TempDir(), "part_0.snappy.parquet")
	require.NoError(t, os.WriteFile(name, data, 0o600))
	file, err := ingest.Discover([]string{name}, nil)
	require.NoError(t, err)
	for _, in := range []ingest.Input{file[0], input("memory", data)} {
		got := readInput(t, in, ingest.Options{})
		require.NoError(t, got.err)
		require.Len(t, got.charges, 200)
		c := got.charges[0]
		require.Equal(t, day("2026-10-01"), c.Start)
		require.EqualValues(t, 23_200_004, c.Hours)
		require.EqualValues(t, 2_760_000, c.Cost)
		require.Equal(t, "Standard_D2s_v5", c.Size)
		require.EqualValues(t, 1, c.Line, "the number of the row")
		require.Equal(t, "552", got.summary.Totals[1].Cost)
		require.Len(t, got.summary.SHA256, 64)
	}
}

// A damaged Parquet file is refused or read; it never ends the process.
func TestDamagedParquet(t *testing.T) {
	data := parquetFile(t, 120)
	rng := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 400 {
		bad := bytes.Clone(data)
		for range 1 + rng.IntN(4) {
			bad[4+rng.IntN(len(bad)-4)] ^= byte(1 + rng.IntN(255))
		}
		if rng.IntN(5) == 0 {
			bad = bad[:rng.IntN(len(bad))]
		}
		if len(bad) < 5 {
			continue
		}
		if got := skim(input("bad.parquet", bad), ingest.Options{}); got.err != nil {
			refused++
		}
	}
	require.Positive(t, refused)
	t.Logf("%d of 400 damaged files were refused, none ended the process", refused)
	require.ErrorIs(t, skim(input("cut.parquet", data[:len(data)/2]), ingest.Options{}).err, ingest.ErrDamaged)
	require.ErrorIs(t, skim(input("rows.parquet", data), ingest.Options{Limits: ingest.Limits{Rows: 100}}).err, ingest.ErrTooLarge)
}

func FuzzParquet(f *testing.F) {
	f.Add(parquetFile(f, 3))
	f.Fuzz(func(_ *testing.T, data []byte) {
		skim(input("fuzz.parquet", data), ingest.Options{Limits: ingest.Limits{Unpacked: 1 << 20}})
	})
}
