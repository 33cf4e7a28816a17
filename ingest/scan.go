package ingest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"unicode/utf8"
)

// chunkBytes is how much text one worker parses at a time; it fits the second-level cache (1 MiB was 12 to 24 % slower).
const chunkBytes = 256 << 10

// chunk is a run of whole rows.
type chunk struct {
	data []byte
	line int64 // physical line on which it begins
}

// chunker cuts a text into runs of whole rows. It knows quotes as encoding/csv does: a quote opens a cell only at the
// cell's first byte; a row that breaks the rules ends at the next line end.
type chunker struct {
	r      io.Reader
	delim  byte
	limits Limits
	line   int64
	carry  []byte
	done   bool
}

// next returns the next run of rows, or io.EOF.
func (c *chunker) next() (chunk, error) {
	if c.done && len(c.carry) == 0 {
		return chunk{}, io.EOF
	}
	buf := make([]byte, max(chunkBytes, 2*len(c.carry)))
	n := copy(buf, c.carry)
	for {
		for !c.done && n < len(buf) {
			m, err := c.r.Read(buf[n:])
			n += m
			if errors.Is(err, io.EOF) {
				c.done = true
			} else if err != nil {
				return chunk{}, err
			}
		}
		cut, open := lastRowEnd(buf[:n], c.delim, c.done)
		if c.done && open >= 0 {
			return chunk{}, fmt.Errorf("line %d: a quote opens and never closes: %w", c.line+int64(bytes.Count(buf[:open], newline)), ErrDamaged)
		}
		if c.done {
			cut = n
			if n > 0 && buf[n-1] == 0 {
				return chunk{}, fmt.Errorf("ends with NUL bytes, as after a power cut: %w", ErrDamaged)
			}
		}
		if cut > 0 {
			out := chunk{data: buf[:cut:cut], line: c.line}
			c.line += int64(bytes.Count(out.data, newline))
			c.carry = buf[cut:n]
			if len(out.data) >= c.limits.Record {
				return out, c.long(out)
			}
			return out, nil
		}
		if n == 0 {
			return chunk{}, io.EOF
		}
		if n > c.limits.Record {
			return chunk{}, c.tooLong(open)
		}
		buf = append(buf, make([]byte, len(buf))...)
	}
}

var newline = []byte{'\n'}

// tooLong explains a row that has no end within the limit.
func (c *chunker) tooLong(open int) error {
	if open >= 0 {
		return fmt.Errorf("line %d: a quote opens and does not close within %d bytes: %w", c.line, c.limits.Record, ErrTooLarge)
	}
	return fmt.Errorf("line %d: row is longer than %d bytes: %w", c.line, c.limits.Record, ErrTooLarge)
}

// long refuses a run that holds a row beyond the limit.
func (c *chunker) long(run chunk) error {
	line := run.line
	for pos := 0; pos < len(run.data); {
		end, _ := firstRowEnd(run.data[pos:], c.delim)
		if end > c.limits.Record {
			return fmt.Errorf("line %d: row is longer than %d bytes: %w", line, c.limits.Record, ErrTooLarge)
		}
		line += int64(bytes.Count(run.data[pos:pos+end], newline))
		pos += end
	}
	return nil
}

// lastRowEnd returns the offset behind the last whole row of data, which begins with a row, and the offset of a quote
// that opens a cell and does not close, -1 if there is none. final says that the text ends with data.
func lastRowEnd(data []byte, delim byte, final bool) (cut, open int) {
	if bytes.IndexByte(data, '"') < 0 {
		return bytes.LastIndexByte(data, '\n') + 1, -1
	}
	for pos := 0; pos < len(data); {
		end, state := firstRowEnd(data[pos:], delim)
		switch state {
		case rowOpen:
			return cut, pos + end
		case rowCut:
			if !final {
				return cut, -1
			}
		}
		pos += end
		cut = pos
	}
	return cut, -1
}

type rowState uint8

const (
	rowWhole rowState = iota // ends with a line end
	rowCut                   // ends with the data, no line end
	rowOpen                  // ends inside of a quoted cell; the offset is that of the quote
)

// firstRowEnd returns the offset behind the first row of data.
func firstRowEnd(data []byte, delim byte) (end int, state rowState) {
	pos := 0
	if bytes.HasPrefix(data, bom) {
		pos = len(bom)
	}
	for {
		rest := data[pos:]
		line := bytes.IndexByte(rest, '\n')
		if line < 0 {
			line = len(rest)
		}
		quote := bytes.IndexByte(rest[:line], '"')
		if quote < 0 {
			return endOf(data, pos+line)
		}
		at := pos + quote
		if quote > 0 && rest[quote-1] != delim {
			return endOf(data, pos+line) // a bare quote: the row is bad up to its line end
		}
		closing, ok := closeOf(data, at+1)
		if !ok {
			return at, rowOpen
		}
		pos = closing + 1
		if pos == len(data) {
			return pos, rowCut
		}
		if b := data[pos]; b != delim && b != '\n' && (b != '\r' || (pos+1 < len(data) && data[pos+1] != '\n')) {
			line := bytes.IndexByte(data[pos:], '\n')
			if line < 0 {
				return len(data), rowCut
			}
			return pos + line + 1, rowWhole
		}
		if data[pos] == delim {
			pos++
		}
	}
}

// endOf returns the offset behind the line end at pos.
func endOf(data []byte, pos int) (int, rowState) {
	if pos >= len(data) {
		return len(data), rowCut
	}
	return pos + 1, rowWhole
}

// closeOf returns the offset of the quote that closes a cell whose text begins at pos.
func closeOf(data []byte, pos int) (int, bool) {
	for {
		q := bytes.IndexByte(data[pos:], '"')
		if q < 0 {
			return 0, false
		}
		pos += q
		if pos+1 >= len(data) || data[pos+1] != '"' {
			return pos, true
		}
		pos += 2
	}
}

// row is one row as cells in the order of the reader's slots. A cell without a column is nil.
type row struct {
	cell    [maxSlots][]byte
	doubled uint64 // slots whose cell still has doubled quotes
	line    int64
	cells   int
}

// maxSlots bounds the columns that any form needs.
const maxSlots = 64

// splitter parses rows of a chunk into slots.
type splitter struct {
	delim  byte
	slotOf []int8 // slot of each column; -1 is not needed
	field  int    // most bytes of a cell
}

// split parses the row at the beginning of data and returns the offset behind it. blank is true for a row without text.
func (s *splitter) split(data []byte, r *row) (end int, blank bool, err error) {
	r.doubled = 0
	line := bytes.IndexByte(data, '\n')
	end = line + 1
	if line < 0 {
		line, end = len(data), len(data)
	}
	if bytes.IndexByte(data[:line], '"') >= 0 {
		return s.quoted(data, r)
	}
	text := data[:line]
	if n := len(text); n > 0 && text[n-1] == '\r' {
		text = text[:n-1]
	}
	if len(text) > 2 && text[0] == bom[0] && text[1] == bom[1] && text[2] == bom[2] {
		text = text[3:]
	}
	col := 0
	for {
		at := bytes.IndexByte(text, s.delim)
		cell := text
		if at >= 0 {
			cell = text[:at]
		}
		if col < len(s.slotOf) {
			if slot := s.slotOf[col]; slot >= 0 {
				r.cell[slot] = cell
			}
		}
		if len(cell) > s.field {
			err = errField
		}
		col++
		if at < 0 {
			break
		}
		text = text[at+1:]
	}
	r.cells = col
	if col != len(s.slotOf) {
		if col == 1 && len(bytes.TrimSpace(data[:line])) == 0 {
			return end, true, nil
		}
		err = errColumns
	}
	return end, col == 1 && len(s.slotOf) == 1 && len(text) == 0, err
}

// quoted parses a row with quotes.
func (s *splitter) quoted(data []byte, r *row) (end int, blank bool, err error) {
	end, state := firstRowEnd(data, s.delim)
	if state == rowOpen {
		return len(data), false, errQuote
	}
	text := data[:end]
	if state == rowWhole {
		text = text[:len(text)-1]
		if n := len(text); n > 0 && text[n-1] == '\r' {
			text = text[:n-1]
		}
	}
	text = bytes.TrimPrefix(text, bom)
	col := 0
	for {
		var cell []byte
		var more, doubled bool
		cell, text, more, doubled, err = s.cell(text)
		if err != nil {
			r.cells = col
			return end, false, err
		}
		if len(cell) > s.field {
			err = errField
		}
		if col < len(s.slotOf) {
			if slot := s.slotOf[col]; slot >= 0 {
				r.cell[slot] = cell
				if doubled {
					r.doubled |= 1 << slot
				}
			}
		}
		col++
		if !more {
			break
		}
		if err != nil {
			return end, false, err
		}
	}
	r.cells = col
	if col != len(s.slotOf) && err == nil {
		err = errColumns
	}
	return end, false, err
}

// cell takes the first cell off text. more says that another one follows, doubled that quotes in it are doubled.
func (s *splitter) cell(text []byte) (cell, rest []byte, more, doubled bool, err error) {
	if len(text) == 0 || text[0] != '"' {
		at := bytes.IndexByte(text, s.delim)
		if at < 0 {
			cell = text
		} else {
			cell, rest, more = text[:at], text[at+1:], true
		}
		if bytes.IndexByte(cell, '"') >= 0 {
			err = errQuote
		}
		return cell, rest, more, false, err
	}
	closing, ok := closeOf(text, 1)
	if !ok {
		return nil, nil, false, false, errQuote
	}
	cell = text[1:closing]
	doubled = bytes.IndexByte(cell, '"') >= 0
	if closing+1 == len(text) {
		return cell, nil, false, doubled, nil
	}
	if text[closing+1] != s.delim {
		return nil, nil, false, false, errQuote
	}
	return cell, text[closing+2:], true, doubled, nil
}

// all returns every cell of the row at the beginning of data, for headers and for messages.
func (s *splitter) all(data []byte) (cells [][]byte, end int, err error) {
	end, state := firstRowEnd(data, s.delim)
	if state == rowOpen {
		return nil, len(data), errQuote
	}
	text := bytes.TrimSuffix(bytes.TrimSuffix(bytes.TrimPrefix(data[:end], bom), newline), []byte{'\r'})
	for more := true; more; {
		var cell []byte
		var doubled bool
		cell, text, more, doubled, err = s.cell(text)
		if err != nil {
			return cells, end, err
		}
		if doubled {
			cell = bytes.ReplaceAll(cell, []byte(`""`), []byte(`"`))
		}
		cells = append(cells, cell)
	}
	return cells, end, nil
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// clean reports whether data is ASCII without control characters but tab, line feed and carriage return.
func clean(data []byte) bool {
	controls := 0
	var high uint64
	i := 0
	for ; i+8 <= len(data); i += 8 {
		x := binary.LittleEndian.Uint64(data[i:])
		high |= x
		if c := ^((x | highs) - 0x20*ones) & highs; c != 0 {
			controls += bits.OnesCount64(c)
		}
	}
	for ; i < len(data); i++ {
		high |= uint64(data[i])
		if data[i] < 0x20 {
			controls++
		}
	}
	if high&highs != 0 {
		return false
	}
	return controls == 0 || controls == bytes.Count(data, newline)+bytes.Count(data, []byte{'\r'})+bytes.Count(data, []byte{'\t'})
}

// soundText returns why a row is no text: invalid UTF-8 or a control character.
func soundText(data []byte) error {
	if !utf8.Valid(data) {
		return errUTF8
	}
	for i, b := range data {
		if b < 0x20 && b != '\t' && b != '\n' && (b != '\r' || i+1 < len(data) && data[i+1] != '\n' && i+1 != len(data)) {
			return errControl
		}
		if b == 0x7f {
			return errControl
		}
	}
	return nil
}
