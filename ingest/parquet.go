package ingest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
)

// parquetTable turns a Parquet file into a CSV text, so that everything behind it reads one form.
//
// parquet-go was chosen over the reader of arrow v15, which panics in goroutines of its own on damaged files, where no
// caller can recover, and is not maintained. parquet-go decodes in the goroutine that asks (no page index, no bloom
// filter, no read-ahead), so that whatever a damaged file makes it do ends in Read below and refuses the file; before
// a page is touched, the sizes that the footer declares are held against the size of the file and the limits.
type parquetTable struct {
	file   *parquet.File
	groups []parquet.RowGroup
	rows   parquet.Rows
	buf    []parquet.Row
	leaf   []format.SchemaElement
	out    bytes.Buffer
	csv    *csv.Writer
	err    error
}

// newParquetTable opens a file and writes its header.
func newParquetTable(r io.ReaderAt, size int64, limits Limits) (t *parquetTable, err error) {
	defer func() { err = errors.Join(err, damagedBy(recover())) }()
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.SkipMagicBytes(false))
	if err != nil {
		return nil, fmt.Errorf("parquet: %w: %w", err, ErrDamaged)
	}
	if err := declared(f, size, limits); err != nil {
		return nil, err
	}
	t = &parquetTable{file: f, groups: f.RowGroups(), buf: make([]parquet.Row, 64)}
	t.csv = csv.NewWriter(&t.out)
	var names []string
	for _, e := range f.Metadata().Schema {
		if e.NumChildren.V > 0 {
			continue
		}
		t.leaf = append(t.leaf, e)
		names = append(names, e.Name)
	}
	if len(names) > limits.Columns {
		return nil, fmt.Errorf("%d columns, at most %d: %w", len(names), limits.Columns, ErrTooLarge)
	}
	return t, t.csv.Write(names)
}

// declared holds what the footer declares against the file and the limits.
func declared(f *parquet.File, size int64, limits Limits) error {
	if f.NumRows() > limits.Rows {
		return fmt.Errorf("%d rows, at most %d: %w", f.NumRows(), limits.Rows, ErrTooLarge)
	}
	var unpacked int64
	for _, g := range f.Metadata().RowGroups {
		for _, c := range g.Columns {
			m := c.MetaData
			if m.TotalCompressedSize < 0 || m.TotalCompressedSize > size || m.TotalUncompressedSize < 0 || m.NumValues < 0 || m.DataPageOffset < 0 || m.DataPageOffset >= size {
				return fmt.Errorf("parquet: a column lies outside of the file: %w", ErrDamaged)
			}
			if m.TotalUncompressedSize > slack && m.TotalUncompressedSize/limits.Ratio > m.TotalCompressedSize {
				return fmt.Errorf("parquet: a column unpacks to more than %d times its size: %w", limits.Ratio, ErrTooLarge)
			}
			unpacked += m.TotalUncompressedSize
		}
	}
	if unpacked > limits.Unpacked {
		return fmt.Errorf("parquet: %d bytes unpacked, at most %d: %w", unpacked, limits.Unpacked, ErrTooLarge)
	}
	return nil
}

// damagedBy turns a panic of the decoder into the error of a file, nil into none.
func damagedBy(panicked any) error {
	if panicked == nil {
		return nil
	}
	return fmt.Errorf("parquet: %v: %w", panicked, ErrDamaged)
}

// Read returns the CSV.
func (t *parquetTable) Read(p []byte) (n int, err error) {
	defer func() {
		if d := damagedBy(recover()); d != nil {
			n, err, t.err = 0, d, d
		}
	}()
	for t.out.Len() == 0 {
		if t.err != nil {
			return 0, t.err
		}
		t.err = t.step()
		t.csv.Flush()
	}
	return t.out.Read(p)
}

// step decodes some rows.
func (t *parquetTable) step() error {
	if t.rows == nil {
		if len(t.groups) == 0 {
			return io.EOF
		}
		t.rows, t.groups = t.groups[0].Rows(), t.groups[1:]
	}
	n, err := t.rows.ReadRows(t.buf)
	record := make([]string, len(t.leaf))
	for _, row := range t.buf[:n] {
		clear(record)
		for _, v := range row {
			if at := v.Column(); at >= 0 && at < len(record) && !v.IsNull() {
				record[at] = parquetText(v, &t.leaf[at])
			}
		}
		if err := t.csv.Write(record); err != nil {
			return err
		}
	}
	switch {
	case errors.Is(err, io.EOF) || (err == nil && n == 0):
		err = t.rows.Close()
		t.rows = nil
		if err != nil {
			return fmt.Errorf("parquet: %w: %w", err, ErrDamaged)
		}
	case err != nil:
		return fmt.Errorf("parquet: %w: %w", err, ErrDamaged)
	}
	return nil
}

// parquetText returns a value as the text that a CSV export has for it.
func parquetText(v parquet.Value, e *format.SchemaElement) string {
	scale, timestamp, date := logical(e)
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.FormatBool(v.Boolean())
	case parquet.Int32:
		if date {
			return time.Unix(int64(v.Int32())*daySeconds, 0).UTC().Format(time.DateOnly)
		}
		return scaled(int64(v.Int32()), scale)
	case parquet.Int64:
		if timestamp > 0 {
			return time.Unix(v.Int64()/timestamp, 0).UTC().Format(time.RFC3339)
		}
		return scaled(v.Int64(), scale)
	case parquet.Int96:
		return int96(v.Int96()).Format(time.RFC3339)
	case parquet.Float:
		return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32)
	case parquet.Double:
		return strconv.FormatFloat(v.Double(), 'g', -1, 64)
	}
	if _, ok := e.LogicalType.Value.(*format.DecimalType); ok {
		n := new(big.Int).SetBytes(v.ByteArray()) // two's complement, the highest byte first
		if b := v.ByteArray(); len(b) > 0 && b[0] >= 0x80 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
		}
		return n.String() + "e-" + strconv.Itoa(scale)
	}
	return string(v.ByteArray())
}

// logical returns the decimals of a decimal, the units in a second of a timestamp, and whether a number is a day.
func logical(e *format.SchemaElement) (scale int, timestamp int64, date bool) {
	scale = int(e.Scale.V)
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

// scaled writes an integer with decimals.
func scaled(n int64, decimals int) string {
	if decimals <= 0 || decimals > 30 {
		return strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10) + "e-" + strconv.Itoa(decimals)
}

// int96 reads the old timestamps: nanoseconds of a Julian day.
func int96(v deprecated.Int96) time.Time {
	const julian1970 = 2440588
	return time.Unix((int64(v[2])-julian1970)*daySeconds, int64(uint64(v[1])<<32|uint64(v[0]))).UTC()
}

// readerAt returns an input as random access: itself where it is a file, else a temporary copy that is removed when it
// is closed.
func readerAt(r io.Reader, file io.ReadCloser, limits Limits) (io.ReaderAt, int64, io.Closer, error) {
	if f, ok := file.(*os.File); ok {
		info, err := f.Stat()
		if err != nil {
			return nil, 0, nil, err
		}
		return f, info.Size(), io.NopCloser(nil), nil
	}
	f, err := os.CreateTemp("", "sizeterm-parquet-")
	if err != nil {
		return nil, 0, nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, 0, nil, errors.Join(err, f.Close())
	}
	size, err := io.Copy(f, io.LimitReader(r, limits.Unpacked))
	if err != nil {
		return nil, 0, nil, errors.Join(err, f.Close())
	}
	return f, size, f, nil
}
