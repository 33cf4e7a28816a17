package ingest

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/stretchr/testify/require"
)

// DuckDB and older writers say the type of a column in the old way only.
func TestParquetTypesOfOlderWriters(t *testing.T) {
	text := func(kind deprecated.ConvertedType, scale int32, v any) string {
		e := format.SchemaElement{ConvertedType: thrift.New(kind), Scale: thrift.New(scale)}
		return string(appendText(nil, parquet.ValueOf(v), &e))
	}
	require.Equal(t, "2026-10-01", text(deprecated.Date, 0, int32(20727)))
	require.Equal(t, "2026-10-05T00:00:01Z", text(deprecated.TimestampMillis, 0, int64(1791158401000)))
	require.Equal(t, "2026-10-05T00:00:01Z", text(deprecated.TimestampMicros, 0, int64(1791158401000000)))
	require.Equal(t, "276e-2", text(deprecated.Decimal, 2, int64(276)))
	require.Equal(t, "-2e-4", text(deprecated.Decimal, 4, []byte{0xff, 0xfe}))
}

func TestDoublesAreTheShortestDecimals(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200_000 {
		v := float64(rng.Int64N(1<<rng.IntN(54)+1)) / math.Pow10(rng.IntN(7))
		text := string(appendDouble(nil, v))
		got, err := strconv.ParseFloat(text, 64)
		require.NoError(t, err)
		require.Equal(t, v, got, text)
	}
}
