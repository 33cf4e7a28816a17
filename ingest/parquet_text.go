package ingest

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// plainCell reports whether a cell needs no quotes.
func plainCell(cell []byte) bool {
	return len(cell) == 0 || cell[0] != ' ' && bytes.IndexByte(cell, ',') < 0 && bytes.IndexByte(cell, '"') < 0 && bytes.IndexByte(cell, '\n') < 0 && bytes.IndexByte(cell, '\r') < 0
}

// appendCell writes a cell of a CSV, quoted where it has to be.
func appendCell(out []byte, at int, cell []byte) []byte {
	if at > 0 {
		out = append(out, ',')
	}
	if plainCell(cell) {
		return append(out, cell...)
	}
	out = append(out, '"')
	for {
		i := bytes.IndexByte(cell, '"')
		if i < 0 {
			return append(append(out, cell...), '"')
		}
		out = append(append(out, cell[:i+1]...), '"')
		cell = cell[i+1:]
	}
}

// appendText appends a value as the text that a CSV export has for it.
func appendText(out []byte, v parquet.Value, e *format.SchemaElement) []byte {
	scale, timestamp, date := logical(e)
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.AppendBool(out, v.Boolean())
	case parquet.Int32:
		if date {
			return time.Unix(int64(v.Int32())*daySeconds, 0).UTC().AppendFormat(out, time.DateOnly)
		}
		return scaled(out, int64(v.Int32()), scale)
	case parquet.Int64:
		if timestamp > 0 {
			return time.Unix(v.Int64()/timestamp, 0).UTC().AppendFormat(out, time.RFC3339)
		}
		return scaled(out, v.Int64(), scale)
	case parquet.Int96:
		return int96(v.Int96()).AppendFormat(out, time.RFC3339)
	case parquet.Float:
		return strconv.AppendFloat(out, float64(v.Float()), 'g', -1, 32)
	case parquet.Double:
		return appendDouble(out, v.Double())
	}
	if isDecimal(e) {
		n := new(big.Int).SetBytes(v.ByteArray()) // two's complement, the highest byte first
		if b := v.ByteArray(); len(b) > 0 && b[0] >= 0x80 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return append(n.Append(out, 10), "e-"+strconv.Itoa(scale)...)
	}
	return append(out, v.ByteArray()...)
}

// appendDouble appends the shortest decimal that reads as v. Of decimals of at most 15 digits no two read as the same
// number, so that one with four decimals that does is the shortest.
func appendDouble(out []byte, v float64) []byte {
	units := math.Round(v * 1e4)
	if !(units >= 0 && units < 1e15) || units/1e4 != v || v != 0 && v < 1e-4 {
		return strconv.AppendFloat(out, v, 'g', -1, 64)
	}
	n := int64(units)
	out = strconv.AppendInt(out, n/10_000, 10)
	if n %= 10_000; n == 0 {
		return out
	}
	out = append(out, '.')
	for by := int64(1000); n > 0; by /= 10 {
		out = append(out, byte('0'+n/by))
		n %= by
	}
	return out
}

// isDecimal reports whether values are integers with decimals.
func isDecimal(e *format.SchemaElement) bool {
	_, ok := e.LogicalType.Value.(*format.DecimalType)
	return ok || e.ConvertedType.Valid && e.ConvertedType.V == deprecated.Decimal
}

// logical returns the decimals of a decimal, the units in a second of a timestamp, and whether a number is a day.
func logical(e *format.SchemaElement) (scale int, timestamp int64, date bool) {
	scale = int(e.Scale.V)
	if e.LogicalType.Value == nil && e.ConvertedType.Valid { // as older writers say it
		switch e.ConvertedType.V {
		case deprecated.Date:
			date = true
		case deprecated.TimestampMillis:
			timestamp = 1000
		case deprecated.TimestampMicros:
			timestamp = 1_000_000
		}
	}
	switch lt := e.LogicalType.Value.(type) {
	case *format.TimestampType:
		timestamp = 1_000_000
		switch lt.Unit.Value.(type) {
		case *format.MilliSeconds:
			timestamp = 1000
		case *format.NanoSeconds:
			timestamp = 1_000_000_000
		}
	case *format.DateType:
		date = true
	case *format.DecimalType:
		scale = int(lt.Scale)
	}
	return scale, timestamp, date
}

// scaled appends an integer with decimals.
func scaled(out []byte, n int64, decimals int) []byte {
	out = strconv.AppendInt(out, n, 10)
	if decimals > 0 && decimals <= 30 {
		out = strconv.AppendInt(append(out, "e-"...), int64(decimals), 10)
	}
	return out
}

// int96 reads the old timestamps: nanoseconds of a Julian day.
func int96(v deprecated.Int96) time.Time {
	const julian1970 = 2440588
	return time.Unix((int64(v[2])-julian1970)*daySeconds, int64(uint64(v[1])<<32|uint64(v[0]))).UTC()
}
