package ingest

import "bytes"

// table is a chunk in which every row has as many cells as the header: cells are found by counting.
type table struct {
	data    []byte   // the whole buffer, so that loads may reach beyond the last row
	ends    []uint32 // see layout.positions: cell c of row r lies between ends[r*columns+c]+1 and ends[r*columns+c+1]
	columns int
	rows    int
	line    int64 // of the first row
}

// table returns the chunk as a table, and false where some row has another number of cells, line breaks inside of cells,
// text that is no text, nothing but delimiters, or more bytes than a cell may have.
func (c *chunk) table(s *splitter) (table, bool) {
	l, columns := c.layout, len(s.slotOf)
	if !c.sound || l.wrapped || columns < 2 || l.lines == 0 || l.cut != len(c.data) {
		return table{}, false
	}
	if l.odd && (soundText(c.data) != nil || bytes.Contains(c.data, bom)) {
		return table{}, false
	}
	ends := l.positions()
	t := table{data: c.buf.bytes, ends: ends, columns: columns, rows: l.lines, line: c.line}
	if len(ends)-1 != t.rows*columns {
		return table{}, false
	}
	for i, from := columns, uint32(0); i < len(ends); i += columns {
		end := ends[i] + 1
		if c.data[end-1] != '\n' || int(end-from) > s.field || c.data[from] == s.delim && hollow(c.data[from:end], s.delim) {
			return table{}, false
		}
		from = end
	}
	return t, true // as many line feeds as rows, and each ends one
}

// each calls take for the rows from one to another, which r becomes in turn.
func (t *table) each(from, to int, r *row, p *plan, take func()) {
	r.data, r.cols = t.data, &p.cols
	for i := from; i < to; i++ {
		r.ends = t.ends[i*t.columns : (i+1)*t.columns+1]
		r.line = t.line + int64(i)
		take()
	}
}

// cell returns where the cell of a column lies that is not the last one.
func (t *table) cell(row, col int) (from, to int) {
	at := row*t.columns + col
	return int(t.ends[at] + 1), int(t.ends[at+1])
}

// cut returns where a cell of any column lies, without a carriage return behind it.
func (t *table) cut(row, col int) (from, to int) {
	from, to = t.cell(row, col)
	if col == t.columns-1 && to > from && t.data[to-1] == '\r' {
		to--
	}
	return from, to
}
