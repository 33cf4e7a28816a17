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
	c.change(day, func(d *demand.Day) { d.Mark(from, to) })
	if over := to - daySeconds; over > 0 {
		c.change(day+1, func(d *demand.Day) { d.Mark(0, over) })
	}
}

// change marks more of a day.
func (c *calendar) change(day int32, more func(*demand.Day)) {
	if _, whole := c.span(day); whole {
		return
	}
	at, found := c.part(day)
	var marks demand.Day
	if found {
		marks = c.parts[at].marks
	}
	more(&marks)
	switch {
	case marks.Whole():
		if found {
			c.parts = slices.Delete(c.parts, at, at+1)
		}
		c.fill(day)
	case found:
		c.parts[at].marks = marks
	default:
		c.parts = slices.Insert(c.parts, at, dayMarks{day, marks})
	}
}

// part finds a day among those measured in part.
func (c *calendar) part(day int32) (at int, found bool) {
	if n := len(c.parts); n > 0 && c.parts[n-1].day < day {
		return n, false
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

// merge marks what other marks.
func (c *calendar) merge(other *calendar) {
	other.each(func(day int32, marks *demand.Day) {
		c.change(day, func(d *demand.Day) { d.Merge(marks) })
	})
}
