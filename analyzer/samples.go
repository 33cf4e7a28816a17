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
	last  []lastLane    // by dictionary index of the resource
}

// lastLane is the lane of the machine that a resource was last, and what told the machine.
type lastLane struct {
	turn             uint32
	vm, size, region int32 // as dictionary.index has them
	lane             uint32
}

// dictionary is the texts of one column and the word of each index met so far.
type dictionary struct {
	buffers [2]*memory.Buffer // identity: offsets and bytes, kept so that they are not made again at the same place
	length  int
	turn    uint32      // changes when the dictionary does
	words   []knownWord // by index
	values  *array.String
	index   []int32 // by row, -1 where it is null
	own     []int32 // memory for index
	nothing []int32 // -1 for every row of a column without values
}

// knownWord is the word of a dictionary index. That of an earlier turn is a guess: readers only append to dictionaries.
type knownWord struct{ word, turn uint32 }

// set points d at a column, and reports whether its dictionary is another one than before.
func (d *dictionary) set(column arrow.Array) bool {
	dict := column.(*array.Dictionary)
	d.values, d.index = dict.Dictionary().(*array.String), dict.Indices().(*array.Int32).Int32Values()
	if column.NullN() > 0 {
		d.index = d.masked(column)
	}
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

// masked returns the indexes of a column in which some rows are null.
func (d *dictionary) masked(column arrow.Array) []int32 {
	if column.NullN() == column.Len() {
		for len(d.nothing) < column.Len() {
			d.nothing = append(d.nothing, -1)
		}
		return d.nothing[:column.Len()]
	}
	d.own = append(d.own[:0], d.index...)
	for i := range d.own {
		if column.IsNull(i) {
			d.own[i] = -1
		}
	}
	return d.own
}

// release drops what points into the record.
func (d *dictionary) release() { d.values, d.index = nil, nil }

// at returns the word of a row, 0 where it is null.
func (d *dictionary) at(w *words, row int) uint32 {
	at := d.index[row]
	if at < 0 {
		return 0
	}
	known := &d.words[at]
	if known.turn != d.turn {
		text := d.values.Value(int(at))
		if known.turn == 0 || w.texts[known.word] != text {
			known.word = w.borrowed(text)
		}
		known.turn = d.turn
	}
	return known.word
}

// addSamples counts the rows of a record of usage.SampleSchema.
func (a *Accumulator) addSamples(rec arrow.Record) error {
	v, changed := &a.view, false
	for i := range v.texts {
		changed = v.texts[i].set(rec.Column(i)) || changed
	}
	if changed {
		v.turn++
		v.last = append(v.last, make([]lastLane, max(0, v.texts[0].length-len(v.last)))...)
	}
	defer func() {
		for i := range v.texts {
			v.texts[i].release()
		}
	}()
	a.batch.read(rec)
	defer func() { a.batch.rows = sampleRows{} }()
	if a.opts.SizesOnly {
		return a.addSizes()
	}
	if err := a.addBatch(); err != nil {
		return err
	}
	a.stage.put(&a.batch, len(a.batch.to))
	return nil
}

// addBatch gives every row of the batch its place on the stage.
func (a *Accumulator) addBatch() error {
	b, v := &a.batch, &a.view
	start, seconds, has, to := b.rows.start, b.rows.seconds, b.has, b.to
	seconds, has, to = seconds[:len(start)], has[:len(start)], to[:len(start)]
	resource, vm, size, region := v.texts[0].index[:len(start)], v.texts[1].index[:len(start)], v.texts[2].index[:len(start)], v.texts[3].index[:len(start)]
	for i := range start {
		if r := resource[i]; uint(r) < uint(len(v.last)) {
			last := &v.last[r]
			if last.turn == v.turn && last.vm == vm[i] && last.size == size[i] && last.region == region[i] {
				l := &a.stage.lanes[last.lane]
				if l.next == start[i] && l.room > 0 && l.seconds == seconds[i] && l.has == has[i] {
					to[i] = l.at
					l.at++
					l.room--
					l.next += int64(l.seconds)
					continue
				}
			}
		}
		to[i] = 0
		if a.counts(i) {
			if err := a.addRow(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// counts reports whether a row is of a time and a machine that are to be counted.
func (a *Accumulator) counts(row int) bool {
	start := a.batch.rows.start[row]
	if start >= a.until() || a.filter.parts > 1 && !a.wants(a.view.texts[0].at(&a.words, row)) {
		return false
	}
	if a.batch.rows.seconds[row] <= 0 || start < 0 || start > lastDay*daySeconds {
		a.undated++
		return false
	}
	return true
}

// until returns the instant from which on samples do not count.
func (a *Accumulator) until() int64 {
	if a.opts.AsOf.IsZero() {
		return 1<<63 - 1
	}
	return floorDay(a.opts.AsOf.Unix()) * daySeconds
}

// laneAt returns the lane of the machine of a row.
func (a *Accumulator) laneAt(row int) uint32 {
	v := &a.view
	resource, vm, size, region := v.texts[0].index[row], v.texts[1].index[row], v.texts[2].index[row], v.texts[3].index[row]
	if resource < 0 {
		return a.stage.laneOf(a.machine(a.sampleKeyAt(row)))
	}
	last := &v.last[resource]
	if last.turn != v.turn || last.vm != vm || last.size != size || last.region != region {
		key := a.sampleKeyAt(row)
		if m := a.stage.machines[last.lane]; m == nil || m.key != key {
			last.lane = a.stage.laneOf(a.machine(key))
		}
		last.turn, last.vm, last.size, last.region = v.turn, vm, size, region
	}
	return last.lane
}

func (a *Accumulator) sampleKeyAt(row int) sampleKey {
	t := &a.view.texts
	return sampleKey{t[0].at(&a.words, row), t[1].at(&a.words, row), t[2].at(&a.words, row), t[3].at(&a.words, row)}
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
