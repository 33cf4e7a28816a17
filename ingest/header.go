package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"sizeterm/ingest/dialect"
)

// header is the head of a table: what it is, and where its rows begin.
type header struct {
	match *dialect.Match
	names []string // as printed
	delim byte
	rows  int   // offset of the first row in the text
	line  int64 // physical line of the first row
	least int   // cells that a row has at least
}

// titleLines is how many lines before the header a file may have: a sep= line, a title, a note, a blank line.
const titleLines = 20

// findHeader looks for the header in the first lines of head, for each delimiter that a table may have.
func findHeader(head []byte, limits Limits, whole bool) (*header, error) {
	delims := []byte{',', ';', '\t', '|'}
	start, line := 0, int64(1)
	if rest, ok := bytes.CutPrefix(head, []byte("sep=")); ok && len(rest) > 1 && (rest[1] == '\n' || rest[1] == '\r') {
		delims = []byte{rest[0]}
		start = bytes.IndexByte(head, '\n') + 1
		line = 2
	}
	var best error
	for _, delim := range delims {
		h, err := headerAt(head, start, line, delim, limits)
		if err == nil {
			return h, nil
		}
		if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrDamaged) {
			return nil, err
		}
		if best == nil || rank(err) > rank(best) {
			best = err
		}
	}
	return nil, several(best, head, delims)
}

// rank says how near an error came to recognising the file.
func rank(err error) int {
	switch {
	case errors.Is(err, ErrHeader):
		return 3
	case errors.Is(err, ErrMissingColumn):
		return 2
	case errors.Is(err, errOneColumn):
		return 0
	}
	return 1
}

var errOneColumn = errors.New("one column")

// headerAt looks for a header that is cut by delim.
func headerAt(head []byte, start int, line int64, delim byte, limits Limits) (*header, error) {
	s := splitter{delim: delim, field: limits.Field}
	var best error
	for range titleLines {
		if start >= len(head) {
			break
		}
		end, state := firstRowEnd(head[start:], delim)
		if state == rowOpen {
			if len(head)-start >= min(limits.Record, headBytes/2) {
				return nil, fmt.Errorf("line %d: a quote opens and does not close within %d bytes: %w", line, len(head)-start, ErrTooLarge)
			}
			return nil, fmt.Errorf("line %d: a quote opens and never closes: %w", line, ErrDamaged)
		}
		if state == rowCut && len(head) >= headBytes/2 && start == 0 {
			return nil, fmt.Errorf("line %d is longer than %d bytes: %w", line, len(head), ErrTooLarge)
		}
		cells, _, err := s.all(head[start:])
		if err != nil {
			best = worse(best, fmt.Errorf("line %d: %w: %w", line, err, ErrUnknownKind))
		} else if h, err := recognise(cells, delim, limits); err == nil {
			h.rows = start + end
			h.line = line + int64(bytes.Count(head[start:start+end], newline))
			if state == rowCut {
				h.line++
			}
			return h, nil
		} else {
			best = worse(best, err)
		}
		line += int64(bytes.Count(head[start:start+end], newline))
		start += end
	}
	if best == nil {
		best = ErrEmpty
	}
	return nil, best
}

// worse keeps the error that came nearest.
func worse(a, b error) error {
	if a == nil || rank(b) > rank(a) {
		return b
	}
	return a
}

// recognise maps one line that may be the header.
func recognise(cells [][]byte, delim byte, limits Limits) (*header, error) {
	names := make([]string, len(cells))
	for i, c := range cells {
		names[i] = strings.TrimSpace(string(c))
	}
	if len(names) > limits.Columns {
		return nil, fmt.Errorf("%d columns, at most %d: %w", len(names), limits.Columns, ErrTooLarge)
	}
	match, err := dialect.Recognise(names)
	if err != nil {
		if len(names) == 1 {
			err = fmt.Errorf("%w: %w", err, errOneColumn)
		}
		return nil, err
	}
	return &header{match: match, names: names, delim: delim, least: namedColumns(names)}, nil
}
