package main

import (
	"bytes"
	"io"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"sizeterm/ingest"
)

// priceRow has the columns of a price sheet export that decide.
type priceRow struct {
	BillingProfileId, MeterCategory, MeterSubCategory, MeterName, MeterRegion, Product string
	UnitOfMeasure, Currency, Term, PriceType                                           string
	UnitPrice                                                                          float64
}

// Cost Management exports price sheets as CSV or Parquet, and spreadsheets save them as UTF-16: the prices are the same, and the
// hash is that of the file. A Parquet file of usage stays refused for what it is.
func TestPriceSheetsInParquetAndUTF16(t *testing.T) {
	rows := []priceRow{
		{"b", "Virtual Machines", "Virtual Machines Dsv5 Series", "D2s v5", "AP Southeast", "Virtual Machines Dsv5 Series - D2s v5 - AP Southeast", "100 Hours", "USD", "", "Consumption", 12},
		{"b", "Virtual Machines", "Virtual Machines Dsv5 Series", "D2s v5", "AP Southeast", "Reserved VM Instance, Standard_D2s_v5, AP Southeast, 1 Year", "1 Hour", "USD", "P1Y", "ReservedInstance", 600.25},
	}
	var table bytes.Buffer
	require.NoError(t, parquet.Write(&table, rows))
	csv := "BillingProfileId,MeterCategory,MeterSubCategory,MeterName,MeterRegion,Product,UnitOfMeasure,Currency,Term,PriceType,UnitPrice\n" +
		"b,Virtual Machines,Virtual Machines Dsv5 Series,D2s v5,AP Southeast,Virtual Machines Dsv5 Series - D2s v5 - AP Southeast,100 Hours,USD,,Consumption,12\n" +
		"b,Virtual Machines,Virtual Machines Dsv5 Series,D2s v5,AP Southeast,\"Reserved VM Instance, Standard_D2s_v5, AP Southeast, 1 Year\",1 Hour,USD,P1Y,ReservedInstance,600.25\n"
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(csv))
	require.NoError(t, err)
	read := func(name string, data []byte) *gathered {
		in := ingest.Input{Name: name, Size: int64(len(data)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
		g := &gathered{}
		require.NoError(t, g.readPrices(in, ingest.Limits{}), name)
		require.Empty(t, g.rejects, name)
		digest, err := hashOnDisk(in)
		require.NoError(t, err)
		require.Equal(t, digest, g.files[0].SHA256)
		if name == "prices.parquet" {
			_, err := ingest.NewReader(in, ingest.Options{})
			require.True(t, pricesInstead(in, ingest.Limits{}, err))
		}
		return g
	}
	want := read("prices.csv", []byte(csv)).prices[0].Offers
	require.Len(t, want, 2)
	for name, data := range map[string][]byte{"prices.parquet": table.Bytes(), "prices.txt": wide} {
		got := read(name, data).prices[0].Offers
		for i := range got {
			got[i].Source = want[i].Source
		}
		require.Equal(t, want, got, name)
	}
	var other bytes.Buffer
	require.NoError(t, parquet.Write(&other, []struct{ A, B string }{{"x", "y"}}))
	in := ingest.Input{Name: "other.parquet", Size: -1, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(other.Bytes())), nil }}
	_, err = ingest.NewReader(in, ingest.Options{})
	require.Error(t, err)
	require.False(t, pricesInstead(in, ingest.Limits{}, err))
}
