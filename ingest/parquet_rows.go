package ingest

import (
	"fmt"
	"math"

	"sizeterm/ingest/usage"
)

// rowsOfBlock maps the rows of a block.
func (r *Reader) rowsOfBlock(m mapper, b *block) (out parsed) {
	defer func() {
		if err := damagedBy(recover()); err != nil {
			out = parsed{err: err}
		}
	}()
	before := begin(m)
	at := row{block: b, cols: &r.plan.cols}
	take := func(from, to int) {
		for at.n = from; at.n < to; at.n++ {
			if at.line = b.line + int64(at.n); !b.odd || r.sound(baseOf(m), &at) {
				m.take(&at)
			}
		}
	}
	if samples, plain := m.(*sampleMapper); plain && samples.runs.ok && samples.mark == '.' && !b.odd {
		for from, to := 0, 0; from < b.rows; from = to {
			if to = min(from+runRows, b.rows); !samples.takeBlock(b, from, to) {
				take(from, to)
			}
		}
	} else {
		take(0, b.rows)
	}
	b.free()
	return r.parsed(m, before)
}

// sound reports whether the cells of a row are texts within the limits, and rejects it where they are not, as a row of text.
func (r *Reader) sound(b *base, at *row) bool {
	length, long, bad := 0, -1, -1
	var fault error
	for col := range at.block.columns {
		cell := at.block.cell(at.n, col)
		if length += len(cell); len(cell) > r.limits.Field && long < 0 {
			long = col
		}
		if bad < 0 {
			if fault = faultOf(cell); fault != nil {
				bad = col
			}
		}
	}
	switch {
	case length >= r.limits.Record:
		b.fatal = fmt.Errorf("row %d is longer than %d bytes: %w", at.line, r.limits.Record, ErrTooLarge)
		return false
	case long >= 0:
		bad, fault = long, errField
	case bad < 0:
		return true
	}
	b.tally.rows++
	b.rejectAs(at.line, r.plan.names[bad], at.block.cell(at.n, bad), fault)
	return false
}

// takeBlock maps some rows of a block, or none of them and returns false: takeRun of typed columns.
func (m *sampleMapper) takeBlock(b *block, from, to int) bool {
	u, c, n := &m.runs, &m.cols, to-from
	start, seconds := grown(&c.Start, n), grown(&c.Seconds, n)
	u.nulls = false
	done := m.blockTimes(b, from, start) && m.blockGrains(b, from, seconds)
	for i := range u.percents {
		done = done && m.blockPercents(b.columns[u.percents[i].col], from, grown(u.percents[i].to, n))
	}
	for i := range u.wholes {
		w := &u.wholes[i]
		done = done && m.blockWholes(b.columns[w.col], from, w, grown(w.to, n), seconds)
	}
	return m.taken(done && m.blockNames(b, from, n), b.line+int64(from), start, seconds)
}

// The years that times of exports are of: written as text and read again, they are the same second.
const year2000, year2100 = 946684800, 4102444800

// blockTimes reads the times.
func (m *sampleMapper) blockTimes(b *block, from int, out []int64) bool {
	u := &m.runs
	c := b.columns[u.time]
	if c == nil {
		return false
	}
	if c.timestamp == 0 {
		for i := range out {
			cell := b.cell(from+i, u.time)
			if len(cell) == 0 || string(cell) != string(u.time20.cell) && !m.newTime(cell) {
				return false
			}
			out[i] = u.time20.second
		}
		return true
	}
	values, ok := c.longsOf(from, from+len(out), usage.NullInt, &u.longs)
	if !ok {
		return false
	}
	last, second := int64(0), int64(0)
	for i, v := range values {
		if v != last {
			last, second = v, v/c.timestamp
		}
		if second < year2000 || second >= year2100 || m.latest > 0 && second > m.latest {
			return false
		}
		out[i] = second
	}
	return true
}

// blockGrains reads the lengths of the intervals.
func (m *sampleMapper) blockGrains(b *block, from int, out []int32) bool {
	u := &m.runs
	for i := range out {
		seconds := m.grain
		if u.grain >= 0 {
			if cell := b.cell(from+i, u.grain); len(cell) > 0 {
				seconds = m.grains.get(cell, grainOf)
			}
		}
		if seconds < 1 || seconds > 31*daySeconds {
			return false
		}
		out[i] = int32(seconds)
	}
	return true
}

// blockPercents reads shares as hundredths of a point.
func (m *sampleMapper) blockPercents(c *blockColumn, from int, out []int32) bool {
	most := int64(10_000)
	if m.over {
		most = 1e7
	}
	if c.none(from, from+len(out)) {
		m.runs.nulls = true
		for i := range out {
			out[i] = usage.NullPercent
		}
		return true
	}
	if values, ok := c.doublesOf(from, from+len(out), &m.runs.doubles); ok {
		limit := float64(most) / 100
		for i, v := range values {
			if v != v && c.null(from+i) {
				out[i], m.runs.nulls = usage.NullPercent, true
				continue
			}
			h, ok := hundredthsOf(v)
			if out[i] = h; !ok || v > limit {
				return false
			}
		}
		return true
	}
	values, ok := c.longsOf(from, from+len(out), usage.NullInt, &m.runs.longs)
	if !ok || !c.whole() {
		return false
	}
	for i, v := range values {
		switch {
		case v == usage.NullInt && c.null(from+i):
			out[i], m.runs.nulls = usage.NullPercent, true
		case v < 0 || v > most/100:
			return false
		default:
			out[i] = int32(100 * v)
		}
	}
	return true
}

// null reports whether a row is null.
func (c *blockColumn) null(row int) bool { return c.at != nil && c.at[row] < 0 }

// hundredthsOf returns v in hundredths, a half rounded up in the shortest decimal that reads as v; false for what is not
// between 0 and 100 000, and for the few numbers of which only their text tells. That decimal is less than 1e-10 away.
func hundredthsOf(v float64) (int32, bool) {
	if !(v >= 0 && v <= 1e5) {
		return 0, false
	}
	shifted := v*100 + 0.5
	whole := math.Floor(shifted)
	if rest := shifted - whole; rest > 1e-6 && rest < 1-1e-6 {
		return int32(whole), true
	}
	units := math.Round(v * 1e4) // see appendDouble
	if units/1e4 != v {
		return 0, false
	}
	return int32((int64(units) + 50) / 100), true
}

// blockWholes reads whole numbers.
func (m *sampleMapper) blockWholes(c *blockColumn, from int, w *wholeRun, out []int64, seconds []int32) bool {
	if c.none(from, from+len(out)) {
		m.runs.nulls = true
		for i := range out {
			out[i] = usage.NullInt
		}
		return true
	}
	values, ok := c.longsOf(from, from+len(out), usage.NullInt, &m.runs.longs)
	if !ok {
		values, ok = c.roundedOf(from, from+len(out), &m.runs)
	} else {
		ok = c.whole()
	}
	if !ok {
		return false
	}
	per := divider{}
	for i, v := range values {
		switch {
		case v == usage.NullInt && c.null(from+i):
			m.runs.nulls = true
		case v < 0 || v > 1e16:
			return false
		case w.counted:
			v = int64(per.rounded(uint64(v), uint64(seconds[i])))
		case w.unit > 1:
			if v > 1<<62/w.unit {
				return false
			}
			v *= w.unit
		}
		out[i] = v
	}
	return true
}

// roundedOf returns doubles as integers, rounded half to even; false where there is one of which only its text tells how.
func (c *blockColumn) roundedOf(from, to int, u *runs) (values []int64, ok bool) {
	doubles, ok := c.doublesOf(from, to, &u.doubles)
	if !ok {
		return nil, false
	}
	u.longs = u.longs[:0]
	for i, v := range doubles {
		n := math.Floor(v)
		rest := v - n
		switch {
		case v != v && c.null(from+i):
			u.longs = append(u.longs, usage.NullInt)
			continue
		case !(v >= 0 && v < 1e15) || rest != 0 && (v > 1e9 || math.Abs(rest-0.5) < 1e-6):
			return nil, false
		case rest > 0.5:
			n++
		}
		u.longs = append(u.longs, int64(n))
	}
	return u.longs, true
}

// codedNames knows the machines of a row group by the code of their resource.
type codedNames struct {
	dict  *dictOf
	names []codedName
}

type codedName struct {
	codes                      [3]int32 // of the other columns, -1 for null; names that are not known have -2
	resource, vm, size, region int32
}

// blockNames reads the machines.
func (m *sampleMapper) blockNames(b *block, from, n int) bool {
	c, others := &m.cols, [3]int{sVM, sSize, sRegion}
	resource := grown(&c.Resource, n)
	to := [3]*[]int32{&c.VM, &c.Size, &c.Region}
	var out [3][]int32
	var columns [3]*blockColumn
	first := b.columns[m.plan.column[sResource]]
	coded := first != nil && first.dict != nil
	for k, slot := range others {
		if m.mapped[slot] {
			out[k] = grown(to[k], n)
			columns[k] = b.columns[m.plan.column[slot]]
			coded = coded && (columns[k].dict != nil || columns[k].none(0, b.rows))
		}
	}
	r := row{block: b, cols: &m.plan.cols}
	known := &m.runs.coded
	if coded && known.dict != first.dict {
		*known = codedNames{dict: first.dict, names: make([]codedName, len(first.dict.texts))}
		for i := range known.names {
			known.names[i].codes[0] = -2
		}
	}
	var one codedName
	for i := range n {
		name, codes := &one, [3]int32{-1, -1, -1}
		if coded {
			at := first.index(from + i)
			if at < 0 {
				return false
			}
			name = &known.names[first.codes[at]]
			for k, column := range columns {
				if column != nil && column.dict != nil {
					if at := column.index(from + i); at >= 0 {
						codes[k] = column.codes[at]
					}
				}
			}
		}
		if !coded || name.codes != codes {
			if r.n = from + i; absent(r.text(sResource)) {
				return false
			}
			var of sampleOf
			m.who(&r, &of)
			*name = codedName{codes, of.resource, of.vm, of.size, of.region}
		}
		resource[i] = name.resource
		for k, index := range [3]int32{name.vm, name.size, name.region} {
			if out[k] != nil {
				out[k][i] = index
			}
		}
	}
	return true
}

// index returns where the value of a row lies, -1 for null.
func (c *blockColumn) index(row int) int {
	if c.at != nil {
		return int(c.at[row])
	}
	return row
}
