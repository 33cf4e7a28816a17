package analyzer

import (
	"cmp"
	"slices"

	"sizeterm/analyzer/demand"
)

// calendar says when a machine was measured. Machines that never stop are most of a fleet, so that whole days are kept as
// spans.
type calendar struct {
	parts []dayMarks // days that were measured in part, sorted
	whole []span     // days that were measured in every slot, sorted, apart from each other
}

// dayMarks says when a machine was measured on a day.
type dayMarks struct {
	day   int32
	marks demand.Day
}

// span is the days [from, to).
type span struct{ from, to int32 }

// mark marks the seconds [from, to) of a day, which may end on the next.
func (c *calendar) mark(day int32, from, to int) {
	if marks := c.open(day); marks != nil {
		marks.Mark(from, to)
		c.close(day, marks)
	}
	if over := to - daySeconds; over > 0 {
		c.mark(day+1, 0, over)
	}
}

// open returns the marks of a day, which are to be closed before another day is opened; nil where it is whole.
func (c *calendar) open(day int32) *demand.Day {
	at, found := c.part(day)
	if found {
		return &c.parts[at].marks
	}
	if _, whole := c.span(day); whole {
		return nil
	}
	c.parts = slices.Insert(c.parts, at, dayMarks{day: day})
	return &c.parts[at].marks
}

// close moves a day that became a whole one.
func (c *calendar) close(day int32, marks *demand.Day) {
	if marks.Whole() {
		at, _ := c.part(day)
		c.parts = slices.Delete(c.parts, at, at+1)
		c.fill(day)
	}
}

// part finds a day among those measured in part.
func (c *calendar) part(day int32) (at int, found bool) {
	switch n := len(c.parts); {
	case n == 0 || c.parts[n-1].day < day:
		return n, false
	case c.parts[n-1].day == day:
		return n - 1, true
	}
	return slices.BinarySearchFunc(c.parts, day, func(d dayMarks, day int32) int { return cmp.Compare(d.day, day) })
}

// span finds the first span that ends after a day, and says whether the day is in it.
func (c *calendar) span(day int32) (at int, whole bool) {
	if n := len(c.whole); n > 0 && c.whole[n-1].to <= day {
		return n, false
	}
	at, _ = slices.BinarySearchFunc(c.whole, day, func(s span, day int32) int {
		if s.to <= day {
			return -1
		}
		return 1
	})
	return at, at < len(c.whole) && c.whole[at].from <= day
}

// fill makes a day a whole one.
func (c *calendar) fill(day int32) {
	at, _ := c.span(day)
	before, after := at > 0 && c.whole[at-1].to == day, at < len(c.whole) && c.whole[at].from == day+1
	switch {
	case before && after:
		c.whole[at-1].to = c.whole[at].to
		c.whole = slices.Delete(c.whole, at, at+1)
	case before:
		c.whole[at-1].to++
	case after:
		c.whole[at].from--
	default:
		c.whole = slices.Insert(c.whole, at, span{day, day + 1})
	}
}

// on returns the marks of a day, and false where it was not measured.
func (c *calendar) on(day int32) (demand.Day, bool) {
	if _, whole := c.span(day); whole {
		return demand.WholeDay, true
	}
	if at, found := c.part(day); found {
		return c.parts[at].marks, true
	}
	return demand.Day{}, false
}

// each calls yield for the days that were measured, in rising order.
func (c *calendar) each(yield func(day int32, marks *demand.Day)) {
	at := 0
	partsBefore := func(day int32) {
		for ; at < len(c.parts) && c.parts[at].day < day; at++ {
			yield(c.parts[at].day, &c.parts[at].marks)
		}
	}
	whole := demand.WholeDay
	for _, s := range c.whole {
		partsBefore(s.from)
		for day := s.from; day < s.to; day++ {
			yield(day, &whole)
		}
	}
	partsBefore(1<<31 - 1)
}

// count returns the number of days that were measured.
func (c *calendar) count() int {
	n := len(c.parts)
	for _, s := range c.whole {
		n += int(s.to - s.from)
	}
	return n
}

// add marks more of a day.
func (c *calendar) add(day int32, more *demand.Day) {
	if marks := c.open(day); marks != nil {
		marks.Merge(more)
		c.close(day, marks)
	}
}

// merge marks what other marks.
func (c *calendar) merge(other *calendar) {
	other.each(func(day int32, marks *demand.Day) {
		c.add(day, marks)
	})
}
