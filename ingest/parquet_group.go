package ingest

import (
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// groupBlocks is a row group on its way into blocks.
type groupBlocks struct {
	table  *parquetTable
	group  parquet.RowGroup
	meta   *format.RowGroup
	blocks chan *block
	err    error         // set before blocks is closed
	pages  []columnPages // nil for columns that are not needed
}

// blockRows is the most rows of a block. A block ends where a page of one of its columns ends.
const blockRows = 4096

// run cuts the row group into blocks. Whatever a damaged file makes the decoder do ends here.
func (g *groupBlocks) run() {
	defer g.table.work.Done()
	defer close(g.blocks)
	defer func() {
		if err := damagedBy(recover()); err != nil {
			g.err = err
		}
		for _, p := range g.pages {
			if p != nil {
				p.close()
			}
		}
	}()
	t := g.table
	g.pages = make([]columnPages, len(t.needed))
	for i, need := range t.needed {
		if need {
			g.pages[i] = g.column(i)
		}
	}
	for left := int(g.group.NumRows()); left > 0; {
		b, err := g.cut(min(left, blockRows))
		if err != nil {
			g.err = fmt.Errorf("parquet: %w: %w", err, ErrDamaged)
			return
		}
		left -= b.rows
		select {
		case g.blocks <- b:
		case <-t.stop:
			return
		}
	}
}

// column returns the pages of a column.
func (g *groupBlocks) column(i int) columnPages {
	t, chunk := g.table, g.group.ColumnChunks()[i]
	if p := newRawPages(t.file, chunk, &g.meta.Columns[i].MetaData, t.forms[i]); p != nil {
		p.field, p.book = t.field, &t.books[i]
		return p
	}
	return g.decoded(i)
}

// decoded returns the pages of a column as parquet-go decodes them.
func (g *groupBlocks) decoded(i int) columnPages {
	t := g.table
	return &pageReader{valueForm: t.forms[i], pages: g.group.ColumnChunks()[i].Pages(), field: t.field, book: &t.books[i]}
}

// ready prepares the next rows of a column.
func (g *groupBlocks) ready(i int) (int, error) {
	left, err := g.pages[i].ready()
	if p, raw := g.pages[i].(*rawPages); raw && errors.Is(err, errUnusual) && !p.begun {
		g.pages[i] = g.decoded(i)
		return g.pages[i].ready()
	}
	return left, err
}

// cut takes the next rows, at most n.
func (g *groupBlocks) cut(n int) (*block, error) {
	for i, p := range g.pages {
		if p != nil {
			left, err := g.ready(i)
			if err != nil {
				return nil, err
			}
			n = min(n, left)
		}
	}
	b, long := &block{rows: n, columns: make([]*blockColumn, len(g.pages))}, 0
	for i, p := range g.pages {
		if p != nil {
			column, err := p.take(n)
			if err != nil {
				return nil, err
			}
			b.columns[i] = column
			odd, longest := b.columns[i].odd(g.table.field)
			b.odd, long = b.odd || odd, long+longest
		}
	}
	b.odd = b.odd || long > g.table.record
	return b, nil
}
