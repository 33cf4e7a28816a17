package ingest

import (
	"bytes"
	"encoding/binary"
	"slices"

	"sizeterm/ingest/usage"
)

// Samples are read a column at a time, some hundred rows together: loops that do one thing. They take plain cells only;
// where a cell of a block is anything else (quoted, blank around it, out of range, no number), the whole block is read row
// by row as other tables are, so that only one place decides what is accepted.

// runRows is the number of rows of a block: about 70 KB of text, which stays in the second-level cache.
const runRows = 256

// runs is how a file's samples are read by columns.
type runs struct {
	ok          bool // they can be
	time, grain int  // columns; grain is -1 where all rows have the same
	first, last int  // the columns from the first to the last that name the machine
	percents    []percentRun
	wholes      []wholeRun
	names       names
	time20      isoDay
	cell        []byte // of the last grain, and what it means
	seconds     int64
	nulls       bool // some measures of the block are null
	coded       codedNames
	longs       []int64 // room for values of Parquet columns
	doubles     []float64
}

// percentRun is a column of shares and where they go.
type percentRun struct {
	col int
	to  *[]int32
}

// wholeRun is a column of whole numbers and where they go.
type wholeRun struct {
	col     int
	to      *[]int64
	unit    int64
	counted bool // an interval: divided by its seconds
}

// planRuns decides whether the columns of the file can be read so.
func (m *sampleMapper) planRuns() {
	u := &m.runs
	*u = runs{grain: -1, first: maxSlots << 10, last: -1}
	col := func(slot int) int { return m.plan.column[slot] }
	if !m.mapped[sTime] || !m.mapped[sResource] || m.mapped[sMemFree] || m.mapped[sDiskOps] || m.mapped[sDiskReadOps] || m.mapped[sDiskWriteOps] ||
		(m.mapped[sSeconds] && m.mapped[sGrain]) {
		return
	}
	u.time = col(sTime)
	for _, slot := range [2]int{sSeconds, sGrain} {
		if m.mapped[slot] {
			u.grain = col(slot)
		}
	}
	for _, slot := range [4]int{sResource, sVM, sSize, sRegion} {
		if m.mapped[slot] {
			u.first, u.last = min(u.first, col(slot)), max(u.last, col(slot))
		}
	}
	measures := []int{u.time, u.grain}
	for _, p := range append(m.percent[:], percentColumn{sMemUsed, &m.cols.MemoryUsed}) {
		if m.mapped[p.slot] {
			u.percents = append(u.percents, percentRun{col(p.slot), p.to})
			measures = append(measures, col(p.slot))
		}
	}
	if slot, unit := m.available(); m.mapped[slot] {
		u.wholes = append(u.wholes, wholeRun{col: col(slot), to: &m.cols.MemoryAvailable, unit: unit})
		measures = append(measures, col(slot))
	}
	for _, r := range m.rates {
		if r.slot >= 0 {
			u.wholes = append(u.wholes, wholeRun{col: col(r.slot), to: r.to, unit: 1, counted: r.counted})
			measures = append(measures, col(r.slot))
		}
	}
	inside := func(col int) bool { return col >= u.first && col <= u.last }
	u.ok = !slices.ContainsFunc(measures, inside)
}

// takeTable maps all rows of a table.
func (m *sampleMapper) takeTable(t *table, at *row) {
	for from, to := 0, 0; from < t.rows; from = to {
		if to = min(from+runRows, t.rows); !m.takeRun(t, from, to) {
			t.each(from, to, at, m.plan, func() { m.take(at) })
		}
	}
}

// takeRun maps the rows of a block, or none of them and returns false.
func (m *sampleMapper) takeRun(t *table, from, to int) bool {
	u, c, n := &m.runs, &m.cols, to-from
	start, seconds := grown(&c.Start, n), grown(&c.Seconds, n)
	u.nulls = false
	done := m.times20(t, from, start) && m.grainsOf(t, from, seconds)
	for i := range u.percents {
		done = done && m.percentsOf(t, from, u.percents[i].col, grown(u.percents[i].to, n))
	}
	for i := range u.wholes {
		w := &u.wholes[i]
		done = done && m.wholesOf(t, from, w, grown(w.to, n), seconds)
	}
	return m.taken(done && m.namesOf(t, from, n), t.line+int64(from), start, seconds)
}

// taken ends rows of which all columns were read, where they were: the first is of a line. If not, or where one of the rows has no
// measure, it takes all of them back and returns false.
func (m *sampleMapper) taken(done bool, first int64, start []int64, seconds []int32) bool {
	c, n := &m.cols, len(start)
	if before := c.Len() - n; !done || m.runs.nulls && !m.allMeasured(before, n) {
		c.Truncate(before)
		return false
	}
	line := grown(&c.Line, n)
	for i := range line {
		line[i] = first + int64(i)
	}
	m.tallied(start, seconds)
	return true
}

// grown makes the column n rows longer and returns these.
func grown[T any](column *[]T, n int) []T {
	before := len(*column)
	*column = slices.Grow(*column, n)[:before+n]
	return (*column)[before:]
}

// tallied adds accepted rows to the tally.
func (m *sampleMapper) tallied(start []int64, seconds []int32) {
	first, end, grain := start[0], int64(0), seconds[0]
	for i, at := range start {
		first, end, grain = min(first, at), max(end, at+int64(seconds[i])), min(grain, seconds[i])
	}
	m.tally.rows += int64(len(start))
	m.tally.accepted += int64(len(start))
	if m.tally.period(first, end); first/daySeconds != (end-1)/daySeconds {
		for _, at := range start {
			m.tally.days.add(at)
		}
	}
	if m.tally.grain == 0 || int64(grain) < m.tally.grain {
		m.tally.grain = int64(grain)
	}
}

// allMeasured reports whether each of the last n rows has a measure.
func (m *sampleMapper) allMeasured(before, n int) bool {
	for i := before; i < before+n; i++ {
		some := false
		for _, p := range m.runs.percents {
			some = some || (*p.to)[i] != usage.NullPercent
		}
		for _, w := range m.runs.wholes {
			some = some || (*w.to)[i] != usage.NullInt
		}
		if !some {
			return false
		}
	}
	return true
}

// grainsOf reads the lengths of the intervals.
func (m *sampleMapper) grainsOf(t *table, from int, out []int32) bool {
	u := &m.runs
	if u.grain < 0 {
		for i := range out {
			out[i] = int32(m.grain)
		}
		return true
	}
	for i := range out {
		lo, hi := t.cut(from+i, u.grain)
		if cell := t.data[lo:hi]; u.cell == nil || !bytes.Equal(cell, u.cell) {
			u.seconds = m.grain
			if len(cell) > 0 {
				u.seconds = m.grains.get(cell, grainOf)
			}
			if u.cell = append(u.cell[:0], cell...); u.seconds < 1 || u.seconds > 31*daySeconds {
				u.cell = nil
				return false
			}
		}
		out[i] = int32(u.seconds)
	}
	return true
}

// percentsOf reads shares as hundredths of a point.
func (m *sampleMapper) percentsOf(t *table, from, col int, out []int32) bool {
	most := int32(10_000)
	if m.over {
		most = 1e7
	}
	mark := ones * uint64(m.mark^'0')
	ends, data, at, last := t.ends, t.data, from*t.columns+col, col == t.columns-1
	for i := range out {
		lo, hi := int(ends[at]+1), int(ends[at+1])
		if at += t.columns; last && hi > lo && data[hi-1] == '\r' {
			hi--
		}
		if hi == lo {
			out[i], m.runs.nulls = usage.NullPercent, true
			continue
		}
		v, ok := int32(0), false
		if hi-lo <= 8 && lo+8 <= len(data) {
			v, ok = hundredths8(binary.LittleEndian.Uint64(data[lo:lo+8]), hi-lo, mark)
		} else {
			v, ok = hundredths(data[lo:hi], m.mark)
		}
		if out[i] = v; !ok || v > most {
			return false
		}
	}
	return true
}

// wholesOf reads numbers of up to 16 digits.
func (m *sampleMapper) wholesOf(t *table, from int, w *wholeRun, out []int64, seconds []int32) bool {
	per := divider{}
	ends, data, at, last := t.ends, t.data, from*t.columns+w.col, w.col == t.columns-1
	for i := range out {
		lo, hi := uint64(ends[at]+1), uint64(ends[at+1])
		if at += t.columns; last && hi > lo && data[hi-1] == '\r' {
			hi--
		}
		n := hi - lo
		if n == 0 {
			out[i], m.runs.nulls = usage.NullInt, true
			continue
		}
		if n > 16 || hi < 16 {
			return false
		}
		cell := data[hi-16 : hi : hi]
		before := 64 - 8*min(n, 8) // bits of other cells
		x := (binary.LittleEndian.Uint64(cell[8:]) ^ ones*'0') >> (before & 63) << (before & 63)
		v, bad := eightDigits(x), notDigits(x)
		if n > 8 {
			before = 128 - 8*n
			y := (binary.LittleEndian.Uint64(cell) ^ ones*'0') >> (before & 63) << (before & 63)
			v += eightDigits(y) * 1e8
			bad |= notDigits(y)
		}
		if bad&highs != 0 {
			return false
		}
		switch {
		case w.counted:
			v = per.rounded(v, uint64(seconds[i]))
		case w.unit > 1:
			if v > 1<<62/uint64(w.unit) {
				return false
			}
			v *= uint64(w.unit)
		}
		out[i] = int64(v)
	}
	return true
}

// isoDay is the time cell of the row before, and the day of the last one that was written as 2026-10-05T12:00:00Z.
type isoDay struct {
	cell   []byte
	second int64
	day    [11]byte
	start  int64
}

// times20 reads the times: the same as in the row before, or one of the same day, or any other.
func (m *sampleMapper) times20(t *table, from int, out []int64) bool {
	d := &m.runs.time20
	for i := range out {
		lo, hi := t.cut(from+i, m.runs.time)
		cell := t.data[lo:hi]
		if len(cell) == 0 {
			return false
		}
		if !bytes.Equal(cell, d.cell) && !m.newTime(cell) {
			return false
		}
		out[i] = d.second
	}
	return true
}

// newTime reads a time that is another one than that of the row before.
func (m *sampleMapper) newTime(cell []byte) bool {
	d := &m.runs.time20
	plain := len(cell) == 20 && cell[19] == 'Z' && cell[4] == '-' && cell[7] == '-' && cell[10] == 'T'
	if plain && d.start != 0 && [11]byte(cell[:11]) == d.day {
		second, ok := daytime8(binary.LittleEndian.Uint64(cell[11:19]))
		if !ok || m.latest > 0 && d.start+second > m.latest {
			return false
		}
		d.cell, d.second = append(d.cell[:0], cell...), d.start+second
		return true
	}
	second, err := m.instant(m.clock, cell)
	if err != nil || m.latest > 0 && second > m.latest {
		return false
	}
	d.cell, d.second = append(d.cell[:0], cell...), second
	if plain {
		d.day, d.start = [11]byte(cell[:11]), second-second%daySeconds
	}
	return true
}
