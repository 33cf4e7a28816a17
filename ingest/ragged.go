package ingest

import "bytes"

// savedRows is how many rows a spreadsheet writes with the same number of cells: it leaves out the empty cells behind the
// last one that any row of the block has, so that rows without a reservation end before its columns.
const savedRows = 16

// ragged reports whether the rows of head, of which the first is row above of its table (the header is row 0 where nothing
// stands above it), end as a spreadsheet ends them: rows of one block have the same number of cells, those of the first
// block as many as the header, and those of some later block fewer. A row that damage made shorter than its neighbours
// is no sign of that, and neither is a single row at the end.
func ragged(head []byte, delim byte, columns, above int) bool {
	s := splitter{delim: delim, field: len(head)}
	block, width, rows, short := 0, columns, above, 0
	for n := above; len(head) > 0; n++ {
		cells, end, err := s.all(head)
		if err != nil {
			return false
		}
		head = head[end:]
		if n/savedRows != block {
			block, width, rows = n/savedRows, len(cells), 0
		}
		if len(cells) != width || width > columns || len(cells) == 1 {
			return false
		}
		if rows++; width < columns && rows > 1 {
			short++
		}
	}
	return short > 0
}

// namedColumns returns the number of columns up to the last one that has a name.
func namedColumns(names []string) int {
	n := len(names)
	for n > 1 && names[n-1] == "" {
		n--
	}
	return n
}

// rowsIn counts the rows of a text that ends with a whole row.
func rowsIn(text []byte, delim byte) int {
	n := 0
	for len(bytes.TrimSpace(text)) > 0 {
		end, _ := firstRowEnd(text, delim)
		text = text[end:]
		n++
	}
	return n
}
