package analyzer

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"sizeterm/analyzer/quantile"
)

// sampleView resolves the machines of sample records. It remembers the dictionaries of the record before, because a
// reader shares them between records and they may hold every machine of a customer.
type sampleView struct {
	texts [4]dictionary // resource, vm, size, region
	last  []lastMachine // by dictionary index of the resource
}

type lastMachine struct {
	vm, size, region int32 // as dictionary.raw gives them
	machine          *machine
}

// dictionary is the texts of one column and the word of each index met so far.
type dictionary struct {
	buffers [2]*memory.Buffer // identity: offsets and bytes, kept so that they are not made again at the same place
	length  int
	words   []uint32 // 1 + word index
	values  *array.String
	index   []int32
	column  arrow.Array
	nulls   bool // some rows are null
	none    bool // all are
}

// set points d at a column, and reports whether its dictionary is another one than before.
func (d *dictionary) set(column arrow.Array) bool {
	dict := column.(*array.Dictionary)
	d.values, d.index = dict.Dictionary().(*array.String), dict.Indices().(*array.Int32).Int32Values()
	d.column, d.nulls, d.none = column, column.NullN() > 0, column.NullN() == column.Len()
	data := d.values.Data()
	var buffers [2]*memory.Buffer
	copy(buffers[:], data.Buffers()[1:])
	if d.words != nil && buffers == d.buffers && d.values.Len() == d.length && data.Offset() == 0 {
		return false
	}
	d.buffers, d.length, d.words = buffers, d.values.Len(), make([]uint32, d.values.Len())
	return true
}

// release drops what points into the record.
func (d *dictionary) release() { d.values, d.index, d.column = nil, nil, nil }

// at returns the word of a row, 0 where it is null.
func (d *dictionary) at(w *words, row int) uint32 {
	if d.nulls && d.column.IsNull(row) {
		return 0
	}
	at := d.index[row]
	if d.words[at] == 0 {
		d.words[at] = 1 + w.id(strings.Clone(d.values.Value(int(at))))
	}
	return d.words[at] - 1
}

// raw returns the dictionary index of a row, -1 where it is null.
func (d *dictionary) raw(row int) int32 {
	if d.nulls && (d.none || d.column.IsNull(row)) {
		return -1
	}
	return d.index[row]
}

// addSamples counts the rows of a record of usage.SampleSchema.
func (a *Accumulator) addSamples(rec arrow.Record) error {
	v, changed := &a.view, false
	for i := range v.texts {
		changed = v.texts[i].set(rec.Column(i)) || changed
	}
	if changed {
		v.last = make([]lastMachine, v.texts[0].length)
	}
	defer func() {
		for i := range v.texts {
			v.texts[i].release()
		}
	}()
	rows := samplesOf(rec)
	end := int64(1<<63 - 1)
	if !a.opts.AsOf.IsZero() {
		end = floorDay(a.opts.AsOf.Unix()) * daySeconds
	}
	for i, start := range rows.start {
		if start >= end || a.filter.parts > 1 && !a.wants(v.texts[0].at(&a.words, i)) {
			continue
		}
		if rows.seconds[i] <= 0 || start < 0 || start > lastDay*daySeconds {
			a.undated++
			continue
		}
		if err := a.addSample(a.machineOf(i), &rows, i); err != nil {
			return err
		}
	}
	a.spare()
	return nil
}

// machineOf returns the machine of a row.
func (a *Accumulator) machineOf(row int) *machine {
	v := &a.view
	if d := &v.texts[0]; !d.nulls {
		last := &v.last[d.index[row]]
		vm, size, region := v.texts[1].raw(row), v.texts[2].raw(row), v.texts[3].raw(row)
		if last.machine == nil || last.vm != vm || last.size != size || last.region != region {
			*last = lastMachine{vm, size, region, a.machine(a.sampleKeyAt(row))}
		}
		return last.machine
	}
	return a.machine(a.sampleKeyAt(row))
}

func (a *Accumulator) sampleKeyAt(row int) sampleKey {
	t := &a.view.texts
	return sampleKey{t[0].at(&a.words, row), t[1].at(&a.words, row), t[2].at(&a.words, row), t[3].at(&a.words, row)}
}

// sampleRows are the columns of a record of samples.
type sampleRows struct {
	start                                         []int64
	seconds                                       []int32
	cpuAvg, cpuMax, cpuMin, used                  ints[int32]
	free, netOut, diskRead, diskWrite, operations ints[int64]
	large                                         bool // one of the latter has a value
}

// ints is a nullable column.
type ints[T int32 | int64] struct {
	values []T
	bits   []byte // validity; nil when no row is null
	offset int
	none   bool // every row is null
}

func (c *ints[T]) at(row int) (T, bool) {
	if c.none {
		return 0, false
	}
	if c.bits != nil {
		if at := c.offset + row; c.bits[at/8]>>(at%8)&1 == 0 {
			return 0, false
		}
	}
	return c.values[row], true
}

func intsOf[T int32 | int64](column arrow.Array, values []T) ints[T] {
	out := ints[T]{values: values, none: column.NullN() == column.Len()}
	if column.NullN() > 0 {
		out.bits, out.offset = column.NullBitmapBytes(), column.Data().Offset()
	}
	return out
}

func samplesOf(rec arrow.Record) sampleRows {
	short := func(i int) ints[int32] {
		return intsOf(rec.Column(i), rec.Column(i).(*array.Int32).Int32Values())
	}
	long := func(i int) ints[int64] {
		return intsOf(rec.Column(i), rec.Column(i).(*array.Int64).Int64Values())
	}
	out := sampleRows{
		start: long(4).values, seconds: short(5).values, cpuAvg: short(6), cpuMax: short(7), cpuMin: short(8),
		free: long(9), used: short(10), netOut: long(12), diskRead: long(13), diskWrite: long(14), operations: long(15),
	}
	out.large = !(out.free.none && out.netOut.none && out.diskRead.none && out.diskWrite.none && out.operations.none)
	return out
}

// addSample counts one row. A row without any measure says nothing, not even that the machine ran.
func (a *Accumulator) addSample(m *machine, r *sampleRows, i int) error {
	start, seconds := r.start[i], r.seconds[i]
	hour := uint64(start) / 3600 // rows before 1970 were left out
	day := int32(hour / 24)
	if len(m.segments) > maxSegments {
		return fmt.Errorf("analyzer: more than %d days and lengths of samples of one machine", maxSegments)
	}
	s := spot{a: a, machine: m, day: day, seconds: seconds}
	avg, hasAvg := a.percent(&r.cpuAvg, i)
	high, hasHigh := a.percent(&r.cpuMax, i)
	if hasAvg {
		s.add(cpuAvg, clip(avg))
		m.top[cpuAvg] = max(m.top[cpuAvg], avg)
		if seconds <= 3600 {
			if m.week == nil {
				m.week = &week{}
			}
			m.week.add(hour, int64(seconds), int64(avg))
		}
	}
	if hasHigh {
		s.add(cpuMax, clip(high))
		m.top[cpuMax] = max(m.top[cpuMax], high)
		if low, _ := a.percent(&r.cpuMin, i); hasAvg {
			m.bounds().add(min(low, avg), avg, max(high, avg), int64(seconds))
		} else {
			m.bounds().addMax(high, int64(seconds))
		}
	}
	if used, ok := a.percent(&r.used, i); ok {
		s.add(memoryUsed, clip(used))
		m.top[memoryUsed] = max(m.top[memoryUsed], used)
	}
	if r.large {
		a.addLarge(&s, r, i)
	}
	if s.any && seconds <= 3600 {
		from := int(start - int64(day)*daySeconds)
		m.marks(day).Mark(from, from+int(seconds))
		if over := from + int(seconds) - daySeconds; over > 0 {
			m.marks(day+1).Mark(0, over)
		}
	}
	return nil
}

// addLarge counts the measures that are kept as coded numbers.
func (a *Accumulator) addLarge(s *spot, r *sampleRows, i int) {
	large := func(which measure, unit int64, columns ...*ints[int64]) {
		sum, any := int64(0), false
		for _, c := range columns {
			if v, ok := c.at(i); ok && v < 0 {
				a.refused++
			} else if ok {
				sum, any = sum+v, true
			}
		}
		if any {
			s.add(which, code((sum+unit/2)/unit))
		}
	}
	large(memoryFree, freeUnit, &r.free)
	large(networkOut, 125, &r.netOut) // 125 bytes are a kilobit
	large(diskBandwidth, 1000, &r.diskRead, &r.diskWrite)
	large(diskOps, 1000, &r.operations) // thousandths
}

// percent returns a value of a percentage; a negative one is impossible and counts as missing.
func (a *Accumulator) percent(column *ints[int32], row int) (int32, bool) {
	v, ok := column.at(row)
	if ok && v < 0 {
		a.refused++
		return 0, false
	}
	return v, ok
}

func clip(v int32) uint16 { return uint16(min(v, 1<<16-1)) }

// maxSegments leaves room for the parts of one more sample below 65536.
const maxSegments = 65_000

// spot is where the values of one row go.
type spot struct {
	a       *Accumulator
	machine *machine
	day     int32
	seconds int32
	any     bool
}

// add adds a value. Samples of a usual length have a segment a day and length. Samples of an odd length, which may be a
// different one each time, are split into powers of two, so that the number of segments of a day is bounded.
func (s *spot) add(which measure, value uint16) {
	s.any = true
	m, track := s.machine, s.machine.track(which)
	if usual(s.seconds) {
		s.a.put(track, m.segment(segment{day: s.day, seconds: s.seconds}), value)
		return
	}
	rest := uint32(s.seconds)
	for extra := false; rest != 0; extra = true {
		top := uint32(1) << (bits.Len32(rest) - 1)
		s.a.put(track, m.segment(segment{s.day, int32(top), extra}), value)
		rest -= top
	}
}

// usual reports whether metrics are commonly kept in intervals of so many seconds.
func usual(seconds int32) bool {
	switch seconds {
	case 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400:
		return true
	}
	return false
}

// rawValues is the number of values that an accumulator keeps as they came, two bytes each. Beyond it the values of each
// machine are packed, a day at a time, into about half a byte each; packing and unpacking takes longer than all the rest.
//
//	rawValues   bytes a value   processor time of a 5-minute average, added and analysed (BenchmarkSamples)
//	 all           2             47 ns
//	   0         0.5             90 ns
//	   4M       8-16 MB, then 0.5 each
const rawValues = 4 << 20

// While memory is spared, values are packed when a new day begins and at least packSome are there, and at packMost.
const (
	packSome = 128
	packMost = 320
)

// put adds a value to a track.
func (a *Accumulator) put(t *quantile.Track, segment, value uint16) {
	a.raw++
	if a.sparing {
		if n, last := t.Raw(); n >= packSome && (last != segment || n >= packMost) {
			t.Pack()
		}
	}
	t.Add(segment, value)
}

// spare begins to pack once there are many values.
func (a *Accumulator) spare() {
	if a.sparing || a.raw <= rawValues {
		return
	}
	a.sparing = true
	for _, m := range a.machines {
		m.seal()
	}
}
