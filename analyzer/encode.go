package analyzer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"sizeterm/analyzer/demand"
	"sizeterm/analyzer/quantile"
)

// CoreVersion changes with whatever changes the result of the same rows: the encoding, or a rule of the accumulation.
// Partial results of another version must not be merged.
const CoreVersion = "7"

// magic opens an encoding; its last byte is the version of the format.
const magic = "sizeterm.acc\x07"

// MarshalBinary returns the canonical encoding: accumulators of the same rows and options have the same bytes, however
// the rows arrived. It is the options, a sorted table of the texts, the charges and the samples, all as varints and
// sorted, and the SHA-256 of everything before.
func (a *Accumulator) MarshalBinary() ([]byte, error) {
	if err := a.drainAll(); err != nil {
		return nil, err
	}
	w := &writer{a: a, out: []byte(magic)}
	w.options()
	w.rank()
	w.writeTexts()
	w.writeSkus()
	w.writeCells()
	w.writeNames()
	if err := w.writeMachines(); err != nil {
		return nil, err
	}
	w.unsigned(uint64(a.refused))
	w.unsigned(uint64(a.undated))
	sum := sha256.Sum256(w.out)
	return append(w.out, sum[:]...), nil
}

// writer encodes an accumulator. Words are written as their rank among the sorted texts in use.
type writer struct {
	a        *Accumulator
	out      []byte
	texts    []string
	words    []uint64 // rank by word
	skus     []sku    // in use, with ranks for words, sorted
	skuRank  map[uint32]uint64
	cells    []cellRef
	machines []sampleKey
}

func (w *writer) unsigned(v uint64) { w.out = binary.AppendUvarint(w.out, v) }
func (w *writer) signed(v int64)    { w.out = binary.AppendVarint(w.out, v) }
func (w *writer) word(id uint32)    { w.unsigned(w.words[id]) }

func (w *writer) options() {
	o := w.a.opts
	asOf := int64(-1 << 63)
	if !o.AsOf.IsZero() {
		asOf = o.AsOf.UnixNano()
	}
	w.signed(asOf)
	w.signed(int64(o.LookbackDays))
	w.signed(int64(o.minAge()))
	sizes := uint64(0)
	if o.SizesOnly {
		sizes = 1
	}
	w.unsigned(sizes)
}

// rank finds the words and skus in use and their order.
func (w *writer) rank() {
	a := w.a
	used := make([]bool, len(a.words.texts))
	usedSkus := map[uint32]bool{}
	mark := func(ids ...uint32) {
		for _, id := range ids {
			used[id] = true
		}
	}
	for key, c := range a.cells {
		c.tidy()
		w.cells = append(w.cells, cellRef{key, c})
		mark(key.customer, key.subscription, key.group, c.export, c.dataset)
		for _, l := range c.lines {
			mark(l.resource, l.vm, l.tags)
			usedSkus[l.sku] = true
		}
	}
	for id := range usedSkus {
		s := &a.skuList[id]
		mark(s.size, s.region, s.os, s.licence, s.currency, s.benefit, s.benefitSize)
	}
	for key, name := range a.names {
		mark(key.id, name)
	}
	for key := range a.machines {
		w.machines = append(w.machines, key)
		mark(key.resource, key.vm, key.size, key.region)
	}
	for id, text := range a.words.texts {
		if used[id] && id != 0 {
			w.texts = append(w.texts, text)
		}
	}
	slices.Sort(w.texts)
	w.words = make([]uint64, len(a.words.texts))
	for rank, text := range w.texts {
		w.words[a.words.index[text]] = uint64(rank + 1)
	}
	w.rankSkus(usedSkus)
}

func (w *writer) rankSkus(used map[uint32]bool) {
	ids := make([]uint32, 0, len(used))
	keys := map[uint32][]byte{}
	for id := range used {
		ids = append(ids, id)
		s, at := &w.a.skuList[id], len(w.out)
		for _, word := range []uint32{s.size, s.region, s.os, s.licence, s.currency, s.benefit, s.benefitSize} {
			w.word(word)
		}
		w.signed(s.ratio)
		w.out = append(w.out, uint8(s.kind), uint8(s.model))
		keys[id] = bytes.Clone(w.out[at:])
		w.out = w.out[:at]
	}
	slices.SortFunc(ids, func(x, y uint32) int { return bytes.Compare(keys[x], keys[y]) })
	w.skuRank = map[uint32]uint64{}
	for rank, id := range ids {
		w.skuRank[id] = uint64(rank)
		w.skus = append(w.skus, w.a.skuList[id])
	}
}

func (w *writer) writeTexts() {
	w.unsigned(uint64(len(w.texts)))
	for _, text := range w.texts {
		w.unsigned(uint64(len(text)))
		w.out = append(w.out, text...)
	}
}

func (w *writer) writeSkus() {
	w.unsigned(uint64(len(w.skus)))
	for _, s := range w.skus {
		for _, word := range []uint32{s.size, s.region, s.os, s.licence, s.currency, s.benefit, s.benefitSize} {
			w.word(word)
		}
		w.signed(s.ratio)
		w.out = append(w.out, uint8(s.kind), uint8(s.model))
	}
}

func (w *writer) writeCells() {
	ranks := func(k cellRef) []uint64 {
		return []uint64{w.words[k.customer], w.words[k.subscription], w.words[k.group], uint64(int64(k.day) + 1<<31), w.words[k.cellKey.dataset]}
	}
	slices.SortFunc(w.cells, func(x, y cellRef) int { return slices.Compare(ranks(x), ranks(y)) })
	w.unsigned(uint64(len(w.cells)))
	for _, c := range w.cells {
		w.word(c.customer)
		w.word(c.subscription)
		w.word(c.group)
		w.signed(int64(c.day))
		w.word(c.export)
		w.word(c.cell.dataset)
		w.unsigned(uint64(c.rows))
		w.unsigned(uint64(c.dropped))
		lines := slices.Clone(c.lines)
		key := func(l line) line { // the same line in ranks, which compare like texts
			l.resource, l.vm, l.tags = uint32(w.words[l.resource]), uint32(w.words[l.vm]), uint32(w.words[l.tags])
			l.sku = uint32(w.skuRank[l.sku])
			return l
		}
		for i, l := range lines {
			lines[i] = key(l)
		}
		slices.SortFunc(lines, line.compare)
		w.unsigned(uint64(len(lines)))
		for _, l := range lines {
			for _, rank := range []uint32{l.resource, l.vm, l.tags, l.sku} {
				w.unsigned(uint64(rank))
			}
			long := uint64(0)
			if l.long {
				long = 32
			}
			w.unsigned(uint64(l.hour+1) | long)
			for _, v := range []int64{l.hours, l.cost, l.rate, l.list} {
				w.signed(v)
			}
		}
	}
}

func (w *writer) writeNames() {
	var rows [][3]uint64
	for key, name := range w.a.names {
		kind := uint64(0)
		if key.customer {
			kind = 1
		}
		rows = append(rows, [3]uint64{kind, w.words[key.id], w.words[name]})
	}
	slices.SortFunc(rows, func(x, y [3]uint64) int { return slices.Compare(x[:], y[:]) })
	w.unsigned(uint64(len(rows)))
	for _, row := range rows {
		for _, v := range row {
			w.unsigned(v)
		}
	}
}

func (w *writer) writeMachines() error {
	slices.SortFunc(w.machines, w.a.compareSamples)
	w.unsigned(uint64(len(w.machines)))
	for _, key := range w.machines {
		for _, id := range []uint32{key.resource, key.vm, key.size, key.region} {
			w.word(id)
		}
		if err := w.writeMachine(w.a.machines[key]); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) writeMachine(m *machine) error {
	ranks := make([]uint16, len(m.segments))
	w.unsigned(uint64(len(m.segments)))
	for rank := range ranks {
		at := m.ranked(rank)
		ranks[at] = uint16(rank)
		w.signed(int64(m.segments[at].day))
		w.unsigned(uint64(m.segments[at].length))
	}
	for which, track := range m.tracks {
		w.unsigned(uint64(m.top[which]))
		if track == nil {
			w.unsigned(0)
			continue
		}
		var sorted quantile.Track
		sorted.Merge(track, ranks)
		code, err := sorted.MarshalBinary()
		if err != nil {
			return fmt.Errorf("analyzer: %w", err)
		}
		w.unsigned(uint64(len(code)))
		w.out = append(w.out, code...)
	}
	w.unsigned(uint64(m.days.count()))
	m.days.each(func(day int32, marks *demand.Day) {
		w.signed(int64(day))
		for _, word := range marks {
			w.out = binary.LittleEndian.AppendUint64(w.out, word)
		}
	})
	m.hours.tidy(nil)
	w.unsigned(uint64(m.hours.packed.count()))
	m.hours.packed.each(func(d *loadedDay) {
		w.signed(int64(d.day))
		for _, c := range d.hours {
			w.out = append(binary.LittleEndian.AppendUint16(w.out, c.sum), c.high, c.quarters)
		}
	})
	w.writeWeek(m.week)
	w.writeOverload(m.overload)
	return nil
}

func (w *writer) writeWeek(k *week) {
	if k == nil {
		w.unsigned(0)
		return
	}
	w.unsigned(1)
	for h := range 168 {
		w.unsigned(uint64(k.seconds(h)))
		w.unsigned(uint64(k.sum(h)))
	}
}

func (w *writer) writeOverload(o *Overload) {
	if o == nil {
		w.unsigned(0)
		return
	}
	w.unsigned(1)
	w.unsigned(uint64(o.Seconds))
	for i := range levels {
		w.unsigned(uint64(o.of(i).lo))
		w.unsigned(uint64(o.of(i).hi))
	}
}
