package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"sizeterm/ingest/dialect"
)

// parquetTable turns a Parquet file into a CSV text, so that everything behind it reads one form.
//
// parquet-go was chosen over the reader of arrow v15, which panics in goroutines of its own on damaged files, where no
// caller can recover, and is not maintained. parquet-go decodes in the goroutine that asks (no page index, no bloom
// filter, no read-ahead), so that whatever a damaged file makes it do ends in Read below and refuses the file; before
// a page is touched, the sizes that the footer declares are held against the size of the file and the limits.
//
// Only the columns that the form of the file needs are decoded, page by page, and the others left empty. Two row groups are
// decoded at once, in goroutines of this package, and come out in their order.
type parquetTable struct {
	leaf   []format.SchemaElement
	needed []bool
	groups []parquet.RowGroup // not begun
	begun  []*groupText
	flat   bool // every row has one value in every column
	out    []byte
	block  []byte // out is the rest of it
	err    error
	stop   chan struct{}
	ended  bool
	work   sync.WaitGroup
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
	t = &parquetTable{groups: f.RowGroups(), flat: true, stop: make(chan struct{})}
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
	for _, path := range f.Schema().Columns() {
		if leaf, ok := f.Schema().Lookup(path...); !ok || leaf.Node.Repeated() || len(path) > 1 {
			t.flat = false
		}
	}
	t.need(names)
	for i, name := range names {
		t.out = appendCell(t.out, i, []byte(name))
	}
	t.out = append(t.out, '\n')
	return t, nil
}

// need finds out which columns the form of the file needs: all, where it is not known.
func (t *parquetTable) need(names []string) {
	t.needed = make([]bool, len(names))
	match, err := dialect.Recognise(names)
	for i := range t.needed {
		t.needed[i] = err != nil || match.Wide
	}
	if err == nil {
		for _, col := range match.Column {
			t.needed[col] = true
		}
	}
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
	for len(t.out) == 0 {
		if t.err != nil {
			return 0, t.err
		}
		t.err = t.next()
	}
	n = copy(p, t.out)
	t.out = t.out[n:]
	return n, nil
}

// next takes the next block of text.
func (t *parquetTable) next() error {
	for len(t.begun) < 2 && len(t.groups) > 0 && !t.ended {
		g := &groupText{table: t, group: t.groups[0], blocks: make(chan []byte, 2), free: make(chan []byte, 4)}
		t.groups, t.begun = t.groups[1:], append(t.begun, g)
		t.work.Add(1)
		go g.run()
	}
	if len(t.begun) == 0 {
		return io.EOF
	}
	g := t.begun[0]
	if t.block != nil {
		select {
		case g.free <- t.block[:0]:
		default:
		}
		t.block = nil
	}
	block, ok := <-g.blocks
	if !ok {
		t.begun = t.begun[1:]
		return g.err
	}
	t.out, t.block = block, block
	return nil
}

// Close ends the goroutines.
func (t *parquetTable) Close() error {
	if !t.ended {
		t.ended = true
		close(t.stop)
	}
	t.work.Wait()
	return nil
}

// groupText is a row group on its way into text.
type groupText struct {
	table   *parquetTable
	group   parquet.RowGroup
	blocks  chan []byte
	free    chan []byte // blocks that were read
	err     error       // set before blocks is closed
	columns []columnValues
	out     []byte
}

// blockRows is the number of rows that are decoded at a time.
const blockRows = 512

// run writes the row group into blocks. Whatever a damaged file makes the decoder do ends here.
func (g *groupText) run() {
	defer g.table.work.Done()
	defer close(g.blocks)
	defer func() {
		if err := damagedBy(recover()); err != nil {
			g.err = err
		}
		for i := range g.columns {
			g.columns[i].close()
		}
	}()
	if g.table.flat {
		g.err = g.byColumn()
	} else {
		g.err = g.byRow()
	}
}

// send hands a block over; false where nobody wants it.
func (g *groupText) send() bool {
	select {
	case g.blocks <- g.out:
	case <-g.table.stop:
		return false
	}
	select {
	case g.out = <-g.free:
	default:
		g.out = make([]byte, 0, cap(g.out))
	}
	return true
}

// byColumn decodes the needed columns of some rows at a time.
func (g *groupText) byColumn() error {
	chunks := g.group.ColumnChunks()
	for i, need := range g.table.needed {
		if need {
			c := columnValues{at: i, pages: chunks[i].Pages(), element: &g.table.leaf[i]}
			scale, timestamp, date := logical(c.element)
			c.whole = scale == 0 && timestamp == 0 && !date && !isDecimal(c.element)
			g.columns = append(g.columns, c)
		}
	}
	for left := g.group.NumRows(); left > 0; left -= blockRows {
		n := int(min(left, blockRows))
		for i := range g.columns {
			if err := g.columns[i].read(n); err != nil {
				return fmt.Errorf("parquet: %w: %w", err, ErrDamaged)
			}
		}
		for row := range n {
			g.row(row)
		}
		for i := range g.columns {
			g.columns[i].release()
		}
		if !g.send() {
			return nil
		}
	}
	return nil
}

// row writes a row of the block.
func (g *groupText) row(row int) {
	at, spare := 0, true
	for i := range g.columns {
		c := &g.columns[i]
		for ; at < c.at; at++ {
			g.out = blank(g.out, at, &spare)
		}
		g.out = c.append(g.out, row)
		at++
	}
	for ; at < len(g.table.leaf); at++ {
		g.out = blank(g.out, at, &spare)
	}
	g.out = append(g.out, '\n')
}

// blank writes a cell of a column that is not needed. The first of a row holds something, so that the row is no blank one.
func blank(out []byte, at int, first *bool) []byte {
	if at > 0 {
		out = append(out, ',')
	}
	if *first {
		out = append(out, '-')
	}
	*first = false
	return out
}

// byRow decodes whole rows, of files with lists or groups in them.
func (g *groupText) byRow() (err error) {
	rows := g.group.Rows()
	defer func() { err = errors.Join(err, rows.Close()) }()
	buf, record := make([]parquet.Row, blockRows), make([][]byte, len(g.table.leaf))
	for {
		n, err := rows.ReadRows(buf)
		for _, row := range buf[:n] {
			clear(record)
			for _, v := range row {
				if at := v.Column(); at >= 0 && at < len(record) && !v.IsNull() {
					record[at] = appendText(nil, v, &g.table.leaf[at])
				}
			}
			for i, cell := range record {
				g.out = appendCell(g.out, i, cell)
			}
			g.out = append(g.out, '\n')
		}
		if len(g.out) > 0 && !g.send() {
			return nil
		}
		switch {
		case errors.Is(err, io.EOF) || (err == nil && n == 0):
			return nil
		case err != nil:
			return fmt.Errorf("parquet: %w: %w", err, ErrDamaged)
		}
	}
}

// columnValues reads the values of one column of a row group.
type columnValues struct {
	at      int
	pages   parquet.Pages
	element *format.SchemaElement
	values  parquet.ValueReader
	page    parquet.Page
	used    []parquet.Page // that values of the block lie in
	block   [blockRows]parquet.Value
	whole   bool // an integer is a number without decimals, and bytes are a text
	known   [256]plainText
	last    parquet.Value // the value written last, and its text
	text    []byte
	scratch []byte
}

// read reads the next n values.
func (c *columnValues) read(n int) error {
	for have := 0; have < n; {
		if c.values == nil {
			page, err := c.pages.ReadPage()
			if err != nil {
				return err
			}
			c.page, c.values = page, page.Values()
		}
		got, err := c.values.ReadValues(c.block[have:n])
		have += got
		if errors.Is(err, io.EOF) || (err == nil && got == 0) {
			c.used, c.page, c.values = append(c.used, c.page), nil, nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// release gives back the pages of the block that are done.
func (c *columnValues) release() {
	if len(c.used) > 0 { // the text of the last value lies there
		c.last = parquet.Value{}
		c.text = c.text[:0]
		c.known = [256]plainText{}
	}
	for _, page := range c.used {
		parquet.Release(page)
	}
	c.used = c.used[:0]
}

func (c *columnValues) close() {
	if c.page != nil {
		c.used = append(c.used, c.page)
	}
	c.release()
	c.pages.Close()
}

// append writes the cell of a row of the block.
func (c *columnValues) append(out []byte, row int) []byte {
	v := &c.block[row]
	if v.IsNull() {
		if c.at > 0 {
			out = append(out, ',')
		}
		return out
	}
	switch kind := v.Kind(); {
	case kind == parquet.Double:
		return appendDouble(c.comma(out), v.Double())
	case kind == parquet.Int64 && c.whole:
		return strconv.AppendInt(c.comma(out), v.Int64(), 10)
	case kind == parquet.ByteArray && c.whole:
		if cell := v.ByteArray(); len(cell) == 0 || c.isPlain(cell) {
			return append(c.comma(out), cell...)
		}
	}
	if len(c.text) == 0 || !sameValue(c.last, *v) { // values repeat: the text of the one before is kept
		c.scratch = appendText(c.scratch[:0], *v, c.element)
		c.text = appendCell(c.text[:0], c.at, c.scratch)
		c.last = *v
	}
	return append(out, c.text...)
}

func (c *columnValues) comma(out []byte) []byte {
	if c.at > 0 {
		out = append(out, ',')
	}
	return out
}

// isPlain reports whether a text needs no quotes. Texts of a dictionary lie at the same place each time: what was found
// out is kept by place until a page is given back.
func (c *columnValues) isPlain(cell []byte) bool {
	at := &c.known[uintptr(unsafe.Pointer(&cell[0]))*0x9e3779b97f4a7c15>>56]
	if at.first != &cell[0] || at.length != len(cell) {
		*at = plainText{&cell[0], len(cell), plainCell(cell)}
	}
	return at.plain
}

// plainText is a text that was looked at.
type plainText struct {
	first  *byte
	length int
	plain  bool
}

// sameValue reports whether two values are surely equal: texts where they lie at the same place.
func sameValue(a, b parquet.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case parquet.Int32, parquet.Int64, parquet.Float, parquet.Double, parquet.Boolean:
		return a.Uint64() == b.Uint64()
	case parquet.ByteArray, parquet.FixedLenByteArray:
		x, y := a.ByteArray(), b.ByteArray()
		return len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0])
	}
	return false
}

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
