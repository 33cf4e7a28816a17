package ingest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"sizeterm/ingest/dialect"
)

// parquetTable is a Parquet file: a source of blocks of rows for the reader, and of CSV text for whoever looks at the head of
// a file, or looks for something in all of it.
//
// parquet-go was chosen over the reader of arrow v15, which panics in goroutines of its own on damaged files, where no
// caller can recover, and is not maintained. parquet-go decodes in the goroutine that asks (no page index, no bloom
// filter, no read-ahead), so that whatever a damaged file makes it do ends in groupBlocks.run and refuses the file; before
// a page is touched, the sizes that the footer declares are held against the size of the file and the limits.
//
// Only the columns that the form of the file needs are decoded, page by page. Two row groups are decoded at once, in
// goroutines of this package, and come out in their order.
type parquetTable struct {
	leaf    []format.SchemaElement
	forms   []valueForm
	books   []codeBook // by column
	needed  []bool
	field   int // most bytes of a cell
	record  int // most bytes of a row
	file    io.ReaderAt
	groups  []parquet.RowGroup // not begun
	metas   []format.RowGroup  // of these
	begun   []*groupBlocks
	line    int64 // of the next block
	flat    bool  // every row has one value in every column
	rows    parquet.Rows
	out     []byte
	space   []byte // out is the rest of it
	current *block // on its way into text, from row at on
	at      int
	seen    []*block // that became text, while the reader may want them once more
	passed  bool     // it may not
	err     error
	stop    chan struct{}
	ended   bool
	work    sync.WaitGroup
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
	t = &parquetTable{file: r, groups: f.RowGroups(), metas: f.Metadata().RowGroups, flat: true, stop: make(chan struct{}), line: 1, field: limits.Field, record: limits.Record}
	var names []string
	for _, e := range f.Metadata().Schema {
		if e.NumChildren.V > 0 {
			continue
		}
		form := valueForm{decimal: isDecimal(&e)}
		form.scale, form.timestamp, form.date = logical(&e)
		t.leaf, t.forms = append(t.leaf, e), append(t.forms, form)
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
	t.books = make([]codeBook, len(t.leaf))
	for i := range t.forms {
		t.forms[i].element = &t.leaf[i]
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
		if t.flat {
			t.err = t.blockText()
		} else {
			t.err = t.rowText()
		}
	}
	n = copy(p, t.out)
	t.out = t.out[n:]
	return n, nil
}

// headRows is how many rows are kept for the reader while their text is looked at.
const headRows = 1 << 15

// blockText writes some rows.
func (t *parquetTable) blockText() error {
	if t.current == nil {
		b, err := t.fetch()
		if err != nil {
			return err
		}
		if t.current, t.at = b, 0; !t.passed {
			t.seen = append(t.seen, b)
		}
		if b.line > headRows {
			t.pass()
		}
	}
	const some = 256
	b, out := t.current, t.space[:0]
	to := min(t.at+some, b.rows)
	for ; t.at < to; t.at++ {
		out = t.appendRow(out, b, t.at)
	}
	if t.out, t.space = out, out; t.at == b.rows {
		if t.current = nil; t.passed {
			b.free()
		}
	}
	return nil
}

// pass says that the blocks that became text will not be wanted once more.
func (t *parquetTable) pass() {
	for _, b := range t.seen {
		if b != t.current {
			b.free()
		}
	}
	t.seen, t.passed = nil, true
}

// appendRow writes a row.
func (t *parquetTable) appendRow(out []byte, b *block, row int) []byte {
	spare := true
	for col := range b.columns {
		if b.columns[col] == nil {
			out = blank(out, col, &spare)
		} else {
			out = appendCell(out, col, b.cell(row, col))
		}
	}
	return append(out, '\n')
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

// again makes the reader's blocks begin with the first one, and reports whether that can be: nobody read far into the text.
func (t *parquetTable) again() bool { return t.flat && !t.passed }

// next returns the next block, io.EOF behind the last one.
func (t *parquetTable) next() (*block, error) {
	if len(t.seen) > 0 {
		b := t.seen[0]
		t.seen, t.passed = t.seen[1:], true
		return b, nil
	}
	return t.fetch()
}

// fetch takes the next block of the file.
func (t *parquetTable) fetch() (*block, error) {
	for {
		for len(t.begun) < 2 && len(t.groups) > 0 && !t.ended {
			g := &groupBlocks{table: t, group: t.groups[0], meta: &t.metas[0], blocks: make(chan *block, 2)}
			t.groups, t.metas, t.begun = t.groups[1:], t.metas[1:], append(t.begun, g)
			t.work.Add(1)
			go g.run()
		}
		if len(t.begun) == 0 {
			return nil, io.EOF
		}
		g := t.begun[0]
		if b, ok := <-g.blocks; ok {
			b.line = t.line
			t.line += int64(b.rows)
			return b, nil
		}
		if t.begun = t.begun[1:]; g.err != nil {
			return nil, g.err
		}
	}
}

// Close ends the goroutines.
func (t *parquetTable) Close() error {
	if !t.ended {
		t.ended = true
		close(t.stop)
	}
	t.work.Wait()
	if t.rows != nil {
		return t.rows.Close()
	}
	return nil
}

// rowText decodes whole rows, of files with lists or groups in them.
func (t *parquetTable) rowText() (err error) {
	defer func() { err = errors.Join(err, damagedBy(recover())) }()
	if t.rows == nil {
		if len(t.groups) == 0 {
			return io.EOF
		}
		t.rows, t.groups = t.groups[0].Rows(), t.groups[1:]
	}
	buf, record := make([]parquet.Row, 256), make([][]byte, len(t.leaf))
	n, err := t.rows.ReadRows(buf)
	out := t.space[:0]
	for _, row := range buf[:n] {
		clear(record)
		for _, v := range row {
			if at := v.Column(); at >= 0 && at < len(record) && !v.IsNull() {
				record[at] = appendText(nil, v, &t.leaf[at])
			}
		}
		for i, cell := range record {
			out = appendCell(out, i, cell)
		}
		out = append(out, '\n')
	}
	t.out, t.space = out, out
	if errors.Is(err, io.EOF) || err == nil && n == 0 {
		err, t.rows = t.rows.Close(), nil
		return err
	}
	if err != nil {
		return fmt.Errorf("parquet: %w: %w", err, ErrDamaged)
	}
	return nil
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
