package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"sizeterm/ingest/dialect"
)

// part is one of several tables in a file: a title alone on its line, and the line of names below it.
type part struct {
	line  int64 // of the names
	title string
	dial  string // the dialect of the names; "" where they are of none
	err   error  // why they are of none
}

// several explains why a file was not recognised where it holds several tables, as old downloads do that have a statement above the
// daily rows; other errors, and those of files with one table, it returns as they are.
func several(why error, head []byte, delims []byte) error {
	if !errors.Is(why, ErrUnknownKind) && !errors.Is(why, ErrMissingColumn) {
		return why
	}
	for _, delim := range delims {
		parts := partsOf(head, delim)
		if len(parts) < 2 {
			continue
		}
		nearest, lines := parts[0], make([]string, len(parts))
		for i, p := range parts {
			lines[i] = fmt.Sprintf("%d (%q)", p.line, p.title)
			if nearest.dial == "" && (p.dial != "" || rank(p.err) >= rank(nearest.err)) {
				nearest = p
			}
		}
		text := strings.Join(lines, ", ")
		if nearest.dial != "" {
			return fmt.Errorf("tables begin at lines %s, that of line %d is %s: %w: %w", text, nearest.line, nearest.dial, ErrTables, ErrUnknownKind)
		}
		return fmt.Errorf("tables begin at lines %s: %w; line %d: %w", text, ErrTables, nearest.line, nearest.err)
	}
	return why
}

// partsOf finds the tables of a text, at most ten of them.
func partsOf(head []byte, delim byte) (parts []part) {
	s := splitter{delim: delim, field: len(head)}
	title := ""
	for line := int64(1); len(head) > 0 && len(parts) < 10; line++ {
		cells, end, err := s.all(head)
		if err != nil {
			return parts
		}
		switch filled := filledCells(cells); {
		case filled == 1 && len(cells[0]) > 0:
			title = strings.TrimSpace(string(cells[0]))
		case filled == 0:
		case title != "" && filled >= 3 && areNames(cells):
			names := make([]string, len(cells))
			for i, c := range cells {
				names[i] = strings.TrimSpace(string(c))
			}
			p := part{line: line, title: title}
			if match, err := dialect.Recognise(names); err == nil {
				p.dial = match.Dialect
			} else {
				p.err = err
			}
			parts, title = append(parts, p), ""
		default:
			title = ""
		}
		line += int64(bytes.Count(head[:max(0, end-1)], newline))
		head = head[end:]
	}
	return parts
}

// filledCells counts the cells that are not empty.
func filledCells(cells [][]byte) (n int) {
	for _, c := range cells {
		if len(bytes.TrimSpace(c)) > 0 {
			n++
		}
	}
	return n
}

// areNames reports whether cells look like the names of columns: short, and none begins with a digit.
func areNames(cells [][]byte) bool {
	for _, c := range cells {
		if c = bytes.TrimSpace(c); len(c) > 64 || len(c) > 0 && c[0] >= '0' && c[0] <= '9' {
			return false
		}
	}
	return true
}
