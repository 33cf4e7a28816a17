package ingest

import (
	"fmt"

	"sizeterm/ingest/dialect"
)

// mapper turns rows of text into rows of columns. It belongs to one goroutine.
type mapper interface {
	take(r *row)
	rows() rowset // that were accepted so far
}

// base is what every mapper needs: the plan of the file, and where to count.
type base struct {
	file    string
	plan    *plan
	tally   tally
	rejects []RowError
	refused refusals // of the chunk
	keep    int      // most rejects kept
	fatal   error    // refuses the whole file
	strict  bool     // a date that contradicts the order of the file is fatal: nobody said which one holds
	mapped  [maxSlots]bool
}

func newBase(in Input, p *plan, limits Limits) base {
	b := base{file: in.Name, plan: p, keep: limits.Rejects}
	for _, slot := range p.slots {
		b.mapped[slot] = true
	}
	return b
}

// has reports whether the file has a column for a slot.
func (b *base) has(slot int) bool { return b.mapped[slot] }

// header returns the header of a slot as printed, "" where the file has no such column.
func (b *base) header(slot int) string {
	if !b.mapped[slot] {
		return ""
	}
	return b.plan.names[b.plan.column[slot]]
}

// reject counts a row as rejected because of one of its cells. It returns false, so that a mapper can return it.
func (b *base) reject(r *row, slot int, err error) bool {
	b.rejectAs(r.line, b.header(slot), r.text(slot), err)
	return false
}

func (b *base) rejectAs(line int64, column string, value []byte, err error) {
	b.tally.rejected++
	if len(b.rejects) < b.keep {
		b.rejects = append(b.rejects, RowError{File: b.file, Line: line, Column: column, Value: valueOf(value), Err: err})
	}
}

// instant reads a time. One that proves the other order of day and month than the rows before it were read in refuses the
// file, where no locale says which: a spreadsheet turned some of its dates and left the others as text, and what was read
// before may be other days.
func (b *base) instant(c dialect.Clock, cell []byte) (int64, error) {
	if b.strict && b.fatal == nil && c.Contradicts(cell) {
		b.fatal = fmt.Errorf("date %q and those before it cannot both be right: %w", cell, dialect.ErrOrder)
	}
	return c.Parse(cell)
}

// number reads an optional number; ok is false where the cell says nothing.
func (b *base) number(r *row, slot int, mark byte) (d dialect.Decimal, ok bool, err error) {
	cell := r.text(slot)
	if absent(cell) {
		return d, false, nil
	}
	d, err = dialect.ParseDecimal(cell, mark)
	return d, err == nil, err
}
