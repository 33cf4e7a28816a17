package analyzer

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// sampleView resolves the machines of sample records. It remembers what it found out from the record before, because a
// reader shares dictionaries between records, and they may hold every machine of a customer.
type sampleView struct {
	texts [4]dictionary // resource, vm, size, region
	turn  uint32        // changes when one of the dictionaries does
	last  []lastMachine // by dictionary index of the resource
}

type lastMachine struct {
	turn             uint32
	vm, size, region int32 // as dictionary.raw gives them
	key              sampleKey
	machine          *machine
}

// dictionary is the texts of one column and the word of each index met so far.
type dictionary struct {
	buffers [2]*memory.Buffer // identity: offsets and bytes, kept so that they are not made again at the same place
	length  int
	turn    uint32      // changes when the dictionary does
	words   []knownWord // by index
	values  *array.String
	index   []int32
	column  arrow.Array
	nulls   bool // some rows are null
	none    bool // all are
}

// knownWord is the word of a dictionary index. That of an earlier turn is a guess: readers only append to dictionaries.
type knownWord struct{ word, turn uint32 }

// set points d at a column, and reports whether its dictionary is another one than before.
func (d *dictionary) set(column arrow.Array) bool {
	dict := column.(*array.Dictionary)
	d.values, d.index = dict.Dictionary().(*array.String), dict.Indices().(*array.Int32).Int32Values()
	d.column, d.nulls, d.none = column, column.NullN() > 0, column.NullN() == column.Len()
	data := d.values.Data()
	var buffers [2]*memory.Buffer
	copy(buffers[:], data.Buffers()[1:])
	if d.turn > 0 && buffers == d.buffers && d.values.Len() == d.length && data.Offset() == 0 {
		return false
	}
	d.buffers, d.length, d.turn = buffers, d.values.Len(), d.turn+1
	d.words = slices.Grow(d.words, max(0, d.length-len(d.words)))
	for len(d.words) < d.length {
		d.words = append(d.words, knownWord{})
	}
	return true
}

// release drops what points into the record.
func (d *dictionary) release() { d.values, d.index, d.column = nil, nil, nil }

// at returns the word of a row, 0 where it is null.
func (d *dictionary) at(w *words, row int) uint32 {
	if d.nulls && d.column.IsNull(row) {
		return 0
	}
	known := &d.words[d.index[row]]
	if known.turn != d.turn {
		text := d.values.Value(int(d.index[row]))
		if known.turn == 0 || w.texts[known.word] != text {
			known.word = w.borrowed(text)
		}
		known.turn = d.turn
	}
	return known.word
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
		v.turn++
		v.last = append(v.last, make([]lastMachine, max(0, v.texts[0].length-len(v.last)))...)
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
	return a.spare()
}

// machineOf returns the machine of a row.
func (a *Accumulator) machineOf(row int) *machine {
	v := &a.view
	d := &v.texts[0]
	if d.nulls && d.column.IsNull(row) {
		return a.machine(a.sampleKeyAt(row))
	}
	last := &v.last[d.index[row]]
	vm, size, region := v.texts[1].raw(row), v.texts[2].raw(row), v.texts[3].raw(row)
	if last.turn != v.turn || last.vm != vm || last.size != size || last.region != region {
		if key := a.sampleKeyAt(row); last.machine == nil || key != last.key {
			last.key, last.machine = key, a.machine(key)
		}
		last.turn, last.vm, last.size, last.region = v.turn, vm, size, region
	}
	return last.machine
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

// percent returns a value of a percentage; a negative one is impossible and counts as missing.
func (a *Accumulator) percent(column *ints[int32], row int) (int32, bool) {
	v, ok := column.at(row)
	if ok && v < 0 {
		a.refused++
		return 0, false
	}
	return v, ok
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

// spare begins to pack once there are many values.
func (a *Accumulator) spare() error {
	if a.sparing || a.raw <= rawValues {
		return nil
	}
	a.sparing = true
	for _, m := range a.machines {
		if err := a.drain(m); err != nil {
			return err
		}
		m.seal()
	}
	return nil
}
