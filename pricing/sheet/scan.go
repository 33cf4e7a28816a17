package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

var (
	errQuote   = errors.New("quote in the middle of a cell")
	errColumns = errors.New("another number of cells than the header")
)

// scanner reads records of delimited text with the line they begin on. Unlike
// encoding/csv it bounds a record, so that a quote that never closes is found, and it makes strings only of the cells that
// are asked for, which is most of the time of reading a price sheet.
type scanner struct {
	r       *bufio.Reader
	limits  Limits
	at      int  // line of the record, from 1
	lines   int  // lines read so far
	comma   byte // found in the first record
	record  []byte
	quotes  int // in record
	cells   [][]byte
	scratch []byte
	err     error
	bad     error // why the record is no row
}

func newScanner(r io.Reader, limits Limits) *scanner {
	return &scanner{limits: limits, r: bufio.NewReaderSize(r, headSize)}
}

// next reads a record; false at the end or on an error, which err holds. A
// record with bad quotes sets bad and has no cells.
func (s *scanner) next() bool {
	s.bad, s.cells = nil, s.cells[:0]
	s.at = s.lines + 1
	if !s.line() {
		return false
	}
	if s.comma == 0 {
		s.comma = separator(s.record)
	}
	for s.quotes%2 == 1 { // a line break inside quotes
		if len(s.record) > s.limits.Record {
			s.err = fmt.Errorf("line %d: a quote does not close: %w", s.at, ErrTooLarge)
			return false
		}
		if !s.more() {
			if s.err == nil {
				s.err = fmt.Errorf("line %d: a quote does not close: %w", s.at, ErrIncomplete)
			}
			return false
		}
	}
	s.split()
	if s.tooLong() {
		s.bad, s.cells = errField, s.cells[:0]
	}
	return true
}

// tooLong reports whether a cell of the record is beyond its limit.
func (s *scanner) tooLong() bool {
	return len(s.record) > s.limits.Field && slices.ContainsFunc(s.cells, func(cell []byte) bool { return len(cell) > s.limits.Field })
}

// line reads the next line that is not blank into record, without its end.
func (s *scanner) line() bool {
	for {
		s.record, s.quotes = s.record[:0], 0
		if !s.more() {
			return false
		}
		if len(bytes.TrimSpace(s.record)) > 0 {
			return true
		}
		s.at = s.lines + 1
	}
}

// more appends a line to record; a line break that was left out comes first.
func (s *scanner) more() bool {
	if len(s.record) > 0 {
		s.record = append(s.record, '\n')
	}
	for {
		part, err := s.r.ReadSlice('\n')
		s.record = append(s.record, part...)
		s.quotes += bytes.Count(part, []byte{'"'})
		if len(s.record) > s.limits.Record {
			s.err = fmt.Errorf("line %d: %w", s.at, ErrTooLarge)
			return false
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && !errors.Is(err, io.EOF) {
			s.err = err
			return false
		}
		if err != nil && len(part) == 0 {
			return false
		}
		s.lines++
		s.record = bytes.TrimSuffix(bytes.TrimSuffix(s.record, []byte{'\n'}), []byte{'\r'})
		return true
	}
}

// separator is the likeliest of comma, semicolon and tab in a header.
func separator(line []byte) byte {
	best, most := byte(','), 0
	for _, c := range []byte{',', ';', '\t'} {
		if n := bytes.Count(line, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// split cuts record into cells.
func (s *scanner) split() {
	s.scratch = s.scratch[:0]
	rest := s.record
	if bytes.IndexByte(rest, '"') < 0 {
		for {
			i := bytes.IndexByte(rest, s.comma)
			if i < 0 {
				s.cells = append(s.cells, rest)
				return
			}
			s.cells = append(s.cells, rest[:i])
			rest = rest[i+1:]
		}
	}
	for {
		cell, after, ok := s.cell(rest)
		if !ok {
			s.bad, s.cells = errQuote, s.cells[:0]
			return
		}
		s.cells = append(s.cells, cell)
		if after == nil {
			return
		}
		rest = after
	}
}

// cell cuts the first cell off; after is nil behind the last one.
func (s *scanner) cell(rest []byte) (cell, after []byte, ok bool) {
	if len(rest) == 0 || rest[0] != '"' {
		i := bytes.IndexByte(rest, s.comma)
		if i < 0 {
			i = len(rest)
		} else {
			after = rest[i+1:]
		}
		return rest[:i], after, bytes.IndexByte(rest[:i], '"') < 0
	}
	rest = rest[1:]
	start := len(s.scratch)
	for {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			return nil, nil, false
		}
		s.scratch = append(s.scratch, rest[:i]...)
		rest = rest[i+1:]
		switch {
		case len(rest) == 0:
			return s.scratch[start:len(s.scratch):len(s.scratch)], nil, true
		case rest[0] == s.comma:
			return s.scratch[start:len(s.scratch):len(s.scratch)], rest[1:], true
		case rest[0] != '"':
			return nil, nil, false
		}
		s.scratch = append(s.scratch, '"')
		rest = rest[1:]
	}
}

// header returns the columns of the record by folded name; of two equal names
// none is returned, so that a file which has a column twice is not guessed at.
func (s *scanner) header() map[string]int {
	columns, twice := map[string]int{}, map[string]bool{}
	for i, cell := range s.cells {
		name := fold(string(cell))
		if _, taken := columns[name]; taken {
			twice[name] = true
		}
		columns[name] = i
	}
	for name := range twice {
		delete(columns, name)
	}
	return columns
}

// text returns the cell of a column without blanks around it.
func (s *scanner) text(column int) string {
	if column < 0 || column >= len(s.cells) {
		return ""
	}
	return strings.TrimSpace(string(s.cells[column]))
}

// comment reports whether the record is a line that begins with #.
func (s *scanner) comment() bool { return len(s.record) > 0 && s.record[0] == '#' }
