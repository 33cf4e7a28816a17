package analyzer

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"sizeterm/ingest/usage"
)

const daySeconds = 86_400

// cellKey names the charges of one resource group and UTC day as one data set tells them. Which data sets of a day count
// is decided when all are known: see settle.
type cellKey struct {
	customer, subscription, group uint32
	day                           int32 // days since 1970
	dataset                       uint32
}

// cell holds the charges of one data set: one kind of export only, because actual and amortized charges are the same
// usage told twice.
type cell struct {
	export, dataset uint32
	lines           []line
	clean           int   // lines[:clean] are sorted and distinct
	rows, dropped   int64 // rows in lines, and rows of other exports
}

// line is the sum of the rows of a cell that differ in nothing but amounts.
type line struct {
	resource, vm, sku, tags uint32
	hour                    int8 // of the day, -1 where only the day is known
	long                    bool // the row covered more than a day
	hours, cost             int64
	rate, list              int64 // the highest of the rows
}

// sku is the rest of what tells lines apart; few are distinct.
type sku struct {
	size, region, os, licence, currency, benefit, benefitSize uint32
	ratio                                                     int64
	kind                                                      usage.Kind
	model                                                     usage.Model
}

// chargeView is the texts of records of charges, by the columns of usage.ChargeSchema.
type chargeView [26]dictionary

// chargeRows are the numbers of a record of charges.
type chargeRows struct {
	kind, model                        []uint8
	start, end, cost                   []int64
	hours, benefitRatio, rate, listing ints[int64]
}

func chargesOf(rec arrow.Record) chargeRows {
	short := func(i int) []uint8 { return rec.Column(i).(*array.Uint8).Uint8Values() }
	long := func(i int) ints[int64] {
		return intsOf(rec.Column(i), rec.Column(i).(*array.Int64).Int64Values())
	}
	return chargeRows{kind: short(11), model: short(12), start: long(13).values, end: long(14).values, cost: long(21).values,
		hours: long(15), benefitRatio: long(18), rate: long(19), listing: long(20)}
}

// addCharges counts the rows of a record of usage.ChargeSchema.
func (a *Accumulator) addCharges(rec arrow.Record) {
	v := &a.charged
	for i := range v {
		if rec.Column(i).DataType().ID() == arrow.DICTIONARY {
			v[i].set(rec.Column(i))
			defer v[i].release()
		}
	}
	c := chargesOf(rec)
	end := int64(1<<63 - 1)
	if !a.opts.AsOf.IsZero() {
		end = floorDay(a.opts.AsOf.Unix()) * daySeconds
	}
	for i, start := range c.start {
		word := func(column int) uint32 { return v[column].at(&a.words, i) }
		if start >= end || !a.wants(word(5)) {
			continue
		}
		until := c.end[i]
		if kind := usage.Kind(c.kind[i]); kind != usage.Compute && kind != usage.Software {
			until = start // money belongs to its first day
		}
		if start < 0 || max(until, start) > lastDay*daySeconds || until-start > longest {
			a.undated++
			continue
		}
		customer, subscription := word(0), word(2)
		a.name(nameKey{true, customer}, word(1))
		a.name(nameKey{false, subscription}, word(3))
		l := line{resource: word(5), vm: word(6), tags: word(23), hour: -1, cost: c.cost[i]}
		l.sku = a.sku(sku{size: word(7), region: word(8), os: word(9), licence: word(10), currency: word(22),
			benefit: word(16), benefitSize: word(17), ratio: known(&c.benefitRatio, i), kind: usage.Kind(c.kind[i]), model: usage.Model(c.model[i])})
		l.hours, l.rate, l.list = known(&c.hours, i), known(&c.rate, i), known(&c.listing, i)
		export, dataset := word(24), word(25)
		key := cellKey{customer: customer, subscription: subscription, group: word(4), dataset: dataset}
		for part := range days(start, until, l) {
			key.day = part.day
			a.cell(key).add(a, part.line, export, dataset)
		}
	}
}

func (a *Accumulator) cell(key cellKey) *cell {
	if a.cellLast != nil && a.cellKey == key {
		return a.cellLast
	}
	c := a.cells[key]
	if c == nil {
		c = &cell{}
		a.cells[key] = c
	}
	a.cellKey, a.cellLast = key, c
	return c
}

func known(column *ints[int64], row int) int64 {
	if v, ok := column.at(row); ok {
		return v
	}
	return 0
}

func (a *Accumulator) sku(s sku) uint32 {
	if len(a.skuList) > 0 && a.skuList[a.skuLast] == s {
		return a.skuLast
	}
	id, ok := a.skus[s]
	if !ok {
		id = uint32(len(a.skuList))
		a.skus[s] = id
		a.skuList = append(a.skuList, s)
	}
	a.skuLast = id
	return id
}

// lastDay is the day from which on a date is a mistake, 2200-01-01, and longest the seconds of the longest period of use
// that is believed, a year.
const (
	lastDay = 84_006
	longest = 366 * daySeconds
)

// part is the share of a line that falls on one day.
type part struct {
	day  int32
	line line
}

// days yields the parts of a line whose row covers [start, end). A row within one hour says in which hour. A row of more
// than one day is spread by its seconds, each part rounded so that the parts add up.
func days(start, end int64, l line) func(yield func(part) bool) {
	return func(yield func(part) bool) {
		first := floorDay(start)
		if end <= start || floorDay(end-1) == first {
			if hour := start - first*daySeconds; end > start && hour/3600 == (end-1-first*daySeconds)/3600 {
				l.hour = int8(hour / 3600)
			}
			yield(part{int32(first), l})
			return
		}
		l.long = end-start > daySeconds
		doneHours, doneCost := int64(0), int64(0)
		for day := first; day <= floorDay(end-1); day++ {
			passed, p := min(end, (day+1)*daySeconds)-start, l
			p.hours = share(l.hours, passed, end-start) - doneHours
			p.cost = share(l.cost, passed, end-start) - doneCost
			doneHours, doneCost = doneHours+p.hours, doneCost+p.cost
			if !yield(part{int32(day), p}) {
				return
			}
		}
	}
}

// floorDay returns the days since 1970 of UTC seconds.
func floorDay(seconds int64) int64 {
	day := seconds / daySeconds
	if seconds%daySeconds < 0 {
		day--
	}
	return day
}

// share returns amount*part/whole towards zero, for 0 <= part <= whole.
func share(amount, part, whole int64) int64 {
	if amount < 0 {
		return -share(-amount, part, whole)
	}
	hi, lo := bits.Mul64(uint64(amount), uint64(part))
	out, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(out)
}

// preference of the kinds of export; the rest are 0.
var preference = map[string]int{"actual": 4, "amortized": 3, "focus": 2, "usage": 1}

// outranks compares two exports of the same usage.
func (a *Accumulator) outranks(export, dataset, otherExport, otherDataset uint32) int {
	if export == otherExport && dataset == otherDataset {
		return 0
	}
	e, o := a.words.texts[export], a.words.texts[otherExport]
	return cmp.Or(cmp.Compare(preference[e], preference[o]), cmp.Compare(e, o),
		cmp.Compare(a.words.texts[dataset], a.words.texts[otherDataset]))
}

// add counts one line of an export.
func (c *cell) add(a *Accumulator, l line, export, dataset uint32) {
	if c.rows == 0 {
		c.export, c.dataset = export, dataset
	}
	switch order := a.outranks(export, dataset, c.export, c.dataset); {
	case order < 0:
		c.dropped++
		return
	case order > 0:
		c.supersede(export, dataset)
	}
	c.rows++
	c.append(l)
}

// supersede forgets the lines for those of another export.
func (c *cell) supersede(export, dataset uint32) {
	c.dropped += c.rows
	c.export, c.dataset, c.lines, c.clean, c.rows = export, dataset, nil, 0, 0
}

func (c *cell) append(l line) {
	c.lines = append(c.lines, l)
	if len(c.lines) > 2*c.clean+64 {
		c.tidy()
	}
}

// tidy sorts the lines by what tells them apart and adds those up that differ in amounts only.
func (c *cell) tidy() {
	if c.clean == len(c.lines) {
		return
	}
	slices.SortFunc(c.lines, line.compare)
	out := c.lines[:0]
	for _, l := range c.lines {
		if n := len(out); n > 0 && out[n-1].compare(l) == 0 {
			last := &out[n-1]
			last.hours += l.hours
			last.cost += l.cost
			last.rate = max(last.rate, l.rate)
			last.list = max(last.list, l.list)
			continue
		}
		out = append(out, l)
	}
	c.lines, c.clean = out, len(out)
}

func (l line) compare(o line) int {
	long := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(l.resource, o.resource), cmp.Compare(l.vm, o.vm), cmp.Compare(l.sku, o.sku),
		cmp.Compare(l.tags, o.tags), cmp.Compare(l.hour, o.hour), cmp.Compare(long(l.long), long(o.long)))
}

// mergeCells adds the cells of other, whose words move to ours.
func (a *Accumulator) mergeCells(other *Accumulator, move []uint32) {
	skus := make([]uint32, len(other.skuList))
	for i, s := range other.skuList {
		s.size, s.region, s.os, s.licence = move[s.size], move[s.region], move[s.os], move[s.licence]
		s.currency, s.benefit, s.benefitSize = move[s.currency], move[s.benefit], move[s.benefitSize]
		skus[i] = a.sku(s)
	}
	for key, from := range other.cells {
		key.customer, key.subscription, key.group, key.dataset = move[key.customer], move[key.subscription], move[key.group], move[key.dataset]
		to, export, dataset := a.cell(key), move[from.export], move[from.dataset]
		to.dropped += from.dropped
		if to.rows == 0 {
			to.export, to.dataset = export, dataset
		}
		switch order := a.outranks(export, dataset, to.export, to.dataset); {
		case order < 0:
			to.dropped += from.rows
			continue
		case order > 0:
			to.supersede(export, dataset)
		}
		to.rows += from.rows
		for _, l := range from.lines {
			l.resource, l.vm, l.tags, l.sku = move[l.resource], move[l.vm], move[l.tags], skus[l.sku]
			to.append(l)
		}
	}
}
