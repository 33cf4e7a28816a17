package ingest

import (
	"sizeterm/ingest/dialect"
)

// plan says which column of a file goes into which slot.
type plan struct {
	match       *dialect.Match
	names       []string
	delim       byte
	rowsAt      int
	firstLine   int64
	slots       map[string]int  // slot of each field that the file has
	column      [maxSlots]int   // column of each slot
	cols        [maxSlots]int16 // the same, -1 for slots without
	slotOf      []int8
	least       int // cells that a row has at least
	exportFixed string
}

// newPlan lays out the slots of a header; fields is the order in which the mapper wants them.
func newPlan(h *header, fields []string) *plan {
	p := &plan{match: h.match, names: h.names, delim: h.delim, rowsAt: h.rows, firstLine: h.line, least: h.least, slots: map[string]int{}, slotOf: make([]int8, len(h.names))}
	for i := range p.slotOf {
		p.slotOf[i] = -1
	}
	for slot := range p.cols {
		p.cols[slot] = -1
	}
	for slot, field := range fields {
		if col, ok := h.match.Column[field]; ok && p.slotOf[col] < 0 {
			p.slots[field] = slot
			p.slotOf[col] = int8(slot)
			p.column[slot], p.cols[slot] = col, int16(col)
		}
	}
	return p
}

func (p *plan) splitter(opts Options) splitter {
	return splitter{delim: p.delim, slotOf: p.slotOf, least: p.least, field: opts.Limits.filled().Field}
}
