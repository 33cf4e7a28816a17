package ingest

import (
	"bytes"
	"unicode/utf8"
)

// row is one row as cells in the order of the reader's slots. A cell without a column is empty.
type row struct {
	data   []byte
	at     [maxSlots]span
	quoted uint64 // slots whose cell was quoted, so that quotes in it may be doubled
	line   int64

	ends []uint32         // of a row of a table, instead of at and quoted: see layout.positions
	cols *[maxSlots]int16 // column of each slot, -1 for none

	block *block // of a row of a Parquet file, instead of data and ends
	n     int    // its number in the block
}

// span is where a cell lies in the data of its row.
type span struct{ from, to uint32 }

// maxSlots bounds the columns that any form needs.
const maxSlots = 64

// cell returns the cell of a slot without the quotes around it, and whether it had them.
func (r *row) cell(slot int) (cell []byte, quoted bool) {
	if r.block != nil {
		if col := r.cols[slot]; col >= 0 {
			return r.block.cell(r.n, int(col)), false
		}
		return nil, false
	}
	if r.ends == nil {
		at := r.at[slot]
		return r.data[at.from:at.to:at.to], r.quoted&(1<<slot) != 0
	}
	col := int(r.cols[slot])
	if col < 0 {
		return nil, false
	}
	from, to := r.ends[col]+1, r.ends[col+1]
	if to > from && col == len(r.ends)-2 && r.data[to-1] == '\r' {
		to--
	}
	if to > from+1 && r.data[from] == '"' {
		return r.data[from+1 : to-1 : to-1], true
	}
	return r.data[from:to:to], false
}

// text returns the cell of a slot without blanks around it and with its quotes undoubled; empty where there is none.
func (r *row) text(slot int) []byte {
	cell, quoted := r.cell(slot)
	if len(cell) == 0 {
		return nil
	}
	if first, last := cell[0], cell[len(cell)-1]; first <= ' ' || last <= ' ' || (first|last) >= 0x80 {
		cell = bytes.TrimSpace(cell)
	}
	if quoted && bytes.IndexByte(cell, '"') >= 0 {
		return bytes.ReplaceAll(cell, []byte(`""`), []byte(`"`))
	}
	return cell
}

// field returns the cell of a field, nil where the file has no such column.
func (r *row) field(slots map[string]int, name string) []byte {
	if slot, ok := slots[name]; ok {
		return r.text(slot)
	}
	return nil
}

// soundText returns why a row is no text: invalid UTF-8 or a control character.
func soundText(data []byte) error {
	if !utf8.Valid(data) {
		return errUTF8
	}
	for i, b := range data {
		if b < 0x20 && b != '\t' && b != '\n' && (b != '\r' || i+1 < len(data) && data[i+1] != '\n' && data[i+1] != '\r') {
			return errControl
		}
		if b == 0x7f {
			return errControl
		}
	}
	return nil
}
