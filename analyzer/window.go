package analyzer

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sizeterm/analyzer/demand"
	"sizeterm/ingest/usage"
)

// nearlyDay is what a machine that ran all day is billed at least: exports lose some seconds of 24 hours.
const nearlyDay = demand.FullDay - demand.Full/100

// run is one analysis on its way: what the steps hand to each other.
type run struct {
	a         *Accumulator
	cells     []cellRef // by customer, subscription, group and day
	customers []*customer
	byID      map[uint32]*customer
	window    demand.Window
	first     int32 // day of window.From
	days      int32 // of the window
	lead      int32 // days before first that the files hold and a lookback reaches
	asOf      time.Time
	things    []*thing
	names     machineNames
	clock     clock      // of the entry that is placed
	byName    []*machine // with samples, sorted
	out       *Analysis
}

// longestLookback is how many days before the end of the window anybody asks for: Microsoft's recommender looks back 7, 30 or 60.
const longestLookback = 60

// cellRef is a cell with its name.
type cellRef struct {
	cellKey
	*cell
}

// customer is what the cells of one customer cover.
type customer struct {
	id       uint32
	name     string
	days     map[int32]bool // with used hours
	from, to int32          // first day, and the day after the last
	partial  bool           // the last day is not complete
	currency map[uint32]bool
	exports  map[uint32]bool
	dropped  int64
	known    Known
	gap      gaps
}

// gaps is the days of the window that a customer's files do not cover, from 0, and their hours, a bit each.
type gaps struct {
	days    []int
	hours   []uint64
	from    int32       // covered is of machines that are billed from this day of the window on, counted from 1
	covered *[168]int64 // covered hours by hour of the week
}

func (a *Accumulator) text(id uint32) string { return a.words.texts[id] }

// collect sorts the cells and finds what each customer's files cover.
func (r *run) collect() {
	for key, c := range r.a.cells {
		c.tidy()
		r.cells = append(r.cells, cellRef{key, c})
	}
	r.adopt()
	text := r.a.text
	slices.SortFunc(r.cells, func(x, y cellRef) int {
		return cmp.Or(cmp.Compare(text(x.customer), text(y.customer)), cmp.Compare(text(x.subscription), text(y.subscription)),
			cmp.Compare(text(x.group), text(y.group)), cmp.Compare(x.day, y.day), r.a.outranks(y.export, y.cell.dataset, x.export, x.cell.dataset))
	})
	r.cells = r.a.settle(r.cells)
	r.billedTwice()
	for _, ref := range r.cells {
		c := r.customer(ref.customer)
		c.dropped += ref.dropped
		c.exports[ref.export] = true
		for _, l := range ref.lines {
			s := &r.a.skuList[l.sku]
			c.currency[s.currency] = true
			if s.kind == usage.Compute && l.hours != 0 && !c.days[ref.day] {
				c.cover(ref.day)
			}
		}
	}
	for _, c := range r.customers {
		c.partial = r.lastDayPartial(c)
	}
}

func (r *run) customer(id uint32) *customer {
	c := r.byID[id]
	if c == nil {
		c = &customer{id: id, name: r.a.text(id), days: map[int32]bool{}, currency: map[uint32]bool{}, exports: map[uint32]bool{}}
		r.byID[id] = c
		r.customers = append(r.customers, c)
	}
	return c
}

func (c *customer) cover(day int32) {
	if len(c.days) == 0 {
		c.from, c.to = day, day+1
	}
	c.from, c.to = min(c.from, day), max(c.to, day+1)
	c.days[day] = true
}

// lastDayPartial reports whether the last day of a customer's files was cut off: more than half of the machines that ran
// all of the day before and were billed on the last day have less than 24 hours on it. Exports of a running month end in
// the middle of a day, and taking that for a day of little demand would lower every level.
func (r *run) lastDayPartial(c *customer) bool {
	last := c.to - 1
	if !c.days[last] || !c.days[last-1] {
		return false
	}
	type name struct{ resource, vm uint32 }
	hours := map[name][2]int64{}
	for _, ref := range r.cells {
		if ref.customer != c.id || ref.day < last-1 || ref.day > last {
			continue
		}
		for _, l := range ref.lines {
			if r.a.skuList[l.sku].kind == usage.Compute {
				n := name{l.resource, l.vm}
				h := hours[n]
				h[ref.day-last+1] += l.hours
				hours[n] = h
			}
		}
	}
	full, short := 0, 0
	for _, h := range hours {
		if h[0] >= nearlyDay && h[1] > 0 {
			full++
			if h[1] < nearlyDay {
				short++
			}
		}
	}
	return 2*short > full
}

// end returns the day after the last complete day.
func (c *customer) end() int32 {
	if c.partial {
		return c.to - 1
	}
	return c.to
}

// gaps returns the days of the window, from 0, that the customer's files do not cover.
func (c *customer) gaps(first, days int32) []int {
	var out []int
	for d := range days {
		if day := first + d; !c.days[day] || day >= c.end() {
			out = append(out, int(d))
		}
	}
	return out
}

// choose sets the window: the last whole weeks before its end, which is AsOf or the end of the last complete day.
func (r *run) choose() {
	first, end, last := int32(0), int32(0), int32(0)
	span := func(from, complete, to int32) {
		if end == 0 || from < first {
			first = from
		}
		end, last = max(end, complete), max(last, to)
	}
	for _, c := range r.customers {
		if len(c.days) > 0 {
			span(c.from, c.end(), c.to)
		}
	}
	if end == 0 {
		for _, m := range r.a.machines {
			for _, s := range m.segments {
				span(s.day, s.day+1, s.day+1)
			}
		}
	}
	r.asOf = dayTime(last)
	if asOf := r.a.opts.AsOf; !asOf.IsZero() {
		r.asOf = asOf.UTC()
		end = min(end, int32(floorDay(asOf.Unix())))
	}
	held := min(longestLookback, end-first)
	if back := int32(r.a.opts.LookbackDays); back > 0 {
		first = max(first, end-back)
	}
	r.days = max(0, end-first)
	if weeks := r.days / 7; weeks > 0 {
		r.days = 7 * weeks
	}
	r.first, r.lead = end-r.days, max(0, held-r.days)
	for _, c := range r.customers {
		c.gap = gaps{days: c.gaps(r.first, r.days), hours: make([]uint64, (24*int(r.days)+63)/64)}
		for _, day := range c.gap.days {
			for h := 24 * day; h < 24*day+24; h++ {
				c.gap.hours[h/64] |= 1 << (h % 64)
			}
		}
	}
	r.window = demand.Window{From: dayTime(r.first), To: dayTime(end)}
}

// leads reports whether a day lies before the window where a lookback reaches.
func (r *run) leads(day int32) bool { return day >= r.first-r.lead && day < r.first }

// inside reports whether a day is in the window.
func (r *run) inside(day int32) bool { return day >= r.first && day < r.first+r.days }

func dayTime(day int32) time.Time { return time.Unix(int64(day)*daySeconds, 0).UTC() }

// coverage writes what the files of each customer cover.
func (r *run) coverage() {
	for _, c := range r.customers {
		out := Coverage{Customer: c.name, Name: r.a.text(r.a.names[nameKey{true, c.id}]), Partial: c.partial,
			Superseded: c.dropped, Known: c.known, Currencies: r.texts(c.currency), Exports: r.texts(c.exports)}
		if len(c.days) > 0 {
			out.From, out.To = dayTime(c.from), dayTime(c.to)
		}
		for day := c.from; day < c.to; day++ {
			switch {
			case !c.days[day]:
				out.Missing = append(out.Missing, dayTime(day))
			case day < c.end():
				out.Days++
			}
		}
		r.out.Coverage = append(r.out.Coverage, out)
		r.coverageWarnings(c, &out)
	}
}

func (r *run) coverageWarnings(c *customer, out *Coverage) {
	if n := len(out.Missing); n > 0 {
		r.warn("missing_days", c.name, fmt.Sprintf("%d days between %s and %s have no usage row; they count as unknown, not as idle",
			n, out.From.Format(time.DateOnly), out.To.Format(time.DateOnly)))
	}
	if c.partial {
		r.warn("partial_last_day", c.name, fmt.Sprintf("%s is cut off: the window ends before it", dayTime(c.to-1).Format(time.DateOnly)))
	}
	if c.dropped > 0 {
		r.warn("superseded_rows", c.name, fmt.Sprintf("%d rows are left out because a later export, or another kind of export, states the same days again", c.dropped))
	}
}

// texts returns the texts of a set of words, sorted.
func (r *run) texts(set map[uint32]bool) []string {
	var out []string
	for id := range set {
		if id != 0 {
			out = append(out, r.a.text(id))
		}
	}
	slices.Sort(out)
	return out
}

func (r *run) warn(code, subject, detail string) {
	r.out.Warnings = append(r.out.Warnings, Warning{code, subject, detail})
}
