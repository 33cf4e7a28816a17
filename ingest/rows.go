package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"sizeterm/ingest/dialect"
)

// job is a chunk, or a block of a Parquet file, on its way through a worker.
type job struct {
	chunk
	block  *block
	err    error
	result chan parsed
}

// parsed is what a worker made of a chunk.
type parsed struct {
	found    rowset
	rejects  []RowError
	refused  []Refused
	rows     int64
	rejected int64
	err      error // the chunk could not be parsed to its end
}

// parse takes chunks and parses them until there are no more. A worker that takes a chunk reads it itself: it is in the
// cache of its processor then.
func (r *Reader) parse(m mapper) {
	defer r.work.Done()
	for j := r.claim(); j != nil; j = r.claim() {
		if j.block != nil {
			j.result <- r.rowsOfBlock(m, j.block)
		} else {
			j.result <- r.rowsOf(m, j.chunk)
		}
	}
}

// claim reads the next chunk and queues it in the order of the file; nil when there is none.
func (r *Reader) claim() *job {
	r.turn.Lock()
	defer r.turn.Unlock()
	if r.ended {
		return nil
	}
	j := &job{result: make(chan parsed, 1)}
	var err error
	if r.blocks != nil {
		j.block, err = r.blocks.next()
	} else {
		j.chunk, err = r.nextChunk()
	}
	j.err = err
	if !errors.Is(err, io.EOF) {
		select {
		case r.queue <- j:
		case <-r.stop:
			err = io.EOF
		}
	}
	if err != nil {
		r.ended = true
		close(r.queue)
		return nil
	}
	return j
}

// nextChunk reads the next chunk; a fault of ours refuses the file.
func (r *Reader) nextChunk() (run chunk, err error) {
	defer func() {
		if f := fault(recover()); f != nil {
			err = f
		}
	}()
	return r.chunks.next()
}

// rowsOf parses one chunk.
func (r *Reader) rowsOf(m mapper, c chunk) (out parsed) {
	defer func() {
		if err := fault(recover()); err != nil {
			out = parsed{err: err}
		}
	}()
	before := begin(m)
	s := r.plan.splitter(r.opts)
	at := row{line: c.line}
	_, isWide := m.(*wideMapper)
	t, even := c.table(&s)
	switch samples, plain := m.(*sampleMapper); {
	case isWide || !c.sound:
		r.slowRows(m, &s, &c, &at)
	case !even:
		r.fastRows(m, &s, &c, &at)
	case plain && samples.runs.ok:
		samples.takeTable(&t, &at)
	default:
		t.each(0, t.rows, &at, r.plan, func() { m.take(&at) })
	}
	c.free()
	return r.parsed(m, before)
}

// counted is what a tally had counted before a chunk.
type counted struct{ rows, rejected int64 }

// begin makes a mapper ready for the next chunk.
func begin(m mapper) counted {
	b := baseOf(m)
	b.rejects, b.refused = nil, refusals{}
	return counted{b.tally.rows, b.tally.rejected}
}

// parsed returns what a mapper made of a chunk.
func (r *Reader) parsed(m mapper, before counted) (out parsed) {
	b := baseOf(m)
	if b.fatal != nil {
		return parsed{err: b.fatal}
	}
	out.found = r.emptyRows(m)
	out.found.swap(m.rows())
	out.rejects, out.refused, out.rows, out.rejected = b.rejects, b.refused.list, b.tally.rows-before.rows, b.tally.rejected-before.rejected
	return out
}

// emptyRows returns a rowset for what a mapper found, one that was read where there is one.
func (r *Reader) emptyRows(m mapper) rowset {
	select {
	case s := <-r.used:
		return s
	default:
		return m.rows().like()
	}
}

// fastRows parses a chunk whose quotes are where they belong.
func (r *Reader) fastRows(m mapper, s *splitter, c *chunk, at *row) {
	b := baseOf(m)
	at.data = c.data
	odd, wrapped, columns := c.layout.odd, c.layout.wrapped, len(s.slotOf)
	for from := 0; from < len(c.data); {
		begin := from
		if odd && bytes.HasPrefix(c.data[from:], bom) {
			begin += len(bom)
		}
		end, cells, err := s.fast(c, begin, at)
		text := c.data[from:end]
		if odd && err == nil {
			err = soundText(text)
		}
		switch {
		case hollow(text, s.delim):
		case cells != columns:
			if len(bytes.TrimSpace(text)) == 0 {
				break
			}
			if _, _, spare := s.split(text, at); err == nil && spare == nil {
				m.take(at)
			} else {
				r.bad(b, s, text, at.line, errColumns)
			}
			at.data = c.data
		case err != nil:
			r.bad(b, s, text, at.line, err)
		case cells == 1 && len(bytes.TrimSpace(text)) == 0:
		default:
			m.take(at)
		}
		at.line++
		if wrapped {
			at.line += int64(bytes.Count(text[:len(text)-1], newline))
		}
		from = end
	}
}

// slowRows parses a chunk in which some rows break the rules, and wide tables.
func (r *Reader) slowRows(m mapper, s *splitter, c *chunk, at *row) {
	b := baseOf(m)
	wide, isWide := m.(*wideMapper)
	for data := c.data; len(data) > 0; {
		end, blank, err := s.split(data, at)
		text := data[:end]
		data = data[end:]
		if !blank && err == nil && c.layout.odd {
			err = soundText(text)
		}
		switch {
		case blank, hollow(text, s.delim):
		case err != nil:
			r.bad(b, s, text, at.line, err)
		case isWide:
			cells, _, _ := s.all(text)
			wide.takeCells(cells, at.line)
		default:
			m.take(at)
		}
		at.line += int64(bytes.Count(text, newline))
	}
}

// hollow reports whether a row is delimiters alone, as spreadsheets write below a table that was longer once.
func hollow(text []byte, delim byte) bool {
	if text[0] != delim {
		return false
	}
	for _, b := range text {
		if b != delim && b != '\r' && b != '\n' && b != ' ' {
			return false
		}
	}
	return true
}

// bad rejects a row that is not well formed.
func (r *Reader) bad(b *base, s *splitter, text []byte, line int64, err error) {
	b.tally.rows++
	column, value := "", bytes.TrimRight(text, "\r\n")
	switch {
	case errors.Is(err, errColumns):
		cells, _, _ := s.all(text)
		if other := another(cells); other != "" && b.fatal == nil {
			b.fatal = fmt.Errorf("line %d begins another table (%s): %w: %w", line, other, ErrTables, ErrDamaged)
		}
		why := errColumns
		if r.plan.match.Kind == KindCharges && areTotals(cells) {
			why = errTotals
		}
		err = fmt.Errorf("%d cells, the header has %d: %w", len(cells), len(r.plan.names), why)
	case errors.Is(err, errUTF8), errors.Is(err, errControl), errors.Is(err, errField):
		cells, _, _ := s.all(text)
		for i, c := range cells {
			if i < len(r.plan.names) && (len(c) > s.field && errors.Is(err, errField) || !errors.Is(err, errField) && soundText(c) != nil) {
				column, value = r.plan.names[i], c
				break
			}
		}
	}
	b.rejectAs(line, column, value, err)
	if n := len(b.rejects); n > 0 && column == "" {
		b.rejects[n-1].Value = valueOf(value)
	}
}

// another returns the dialect of which a row of the wrong length is the header, "" where it is none: then two files of
// different kinds were put one behind the other, and the rows below belong to the second.
func another(cells [][]byte) string {
	if len(cells) < 3 {
		return ""
	}
	names := make([]string, len(cells))
	for i, c := range cells {
		if names[i] = string(c); len(c) == 0 || len(c) > 64 || c[0] >= '0' && c[0] <= '9' {
			return "" // no header has such a cell, and this must be quick
		}
	}
	match, err := dialect.Recognise(names)
	if err != nil {
		return ""
	}
	return match.Dialect
}

// baseOf returns the base of a mapper.
func baseOf(m mapper) *base {
	switch m := m.(type) {
	case *chargeMapper:
		return &m.base
	case *sampleMapper:
		return &m.base
	case *wideMapper:
		return &m.base
	case *reservationMapper:
		return &m.base
	case *narrowMapper:
		return &m.base
	case *reportMapper:
		return &m.base
	}
	panic("ingest: a mapper without base")
}
