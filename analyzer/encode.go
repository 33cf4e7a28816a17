package analyzer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"sizeterm/analyzer/demand"
	"sizeterm/analyzer/quantile"
	"sizeterm/ingest/usage"
)

// CoreVersion changes with whatever changes the result of the same rows: the encoding, or a rule of the accumulation.
// Partial results of another version must not be merged.
const CoreVersion = "6"

// magic opens an encoding; its last byte is the version of the format.
const magic = "sizeterm.acc\x06"

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
	for rank, at := range m.order {
		ranks[at] = uint16(rank)
		s := m.segments[at]
		extra := uint64(0)
		if s.extra {
			extra = 1
		}
		w.signed(int64(s.day))
		w.unsigned(uint64(s.seconds)<<1 | extra)
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
	for h := range k.low {
		w.unsigned(uint64(k.seconds[h]))
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

// UnmarshalBinary sets a to what MarshalBinary encoded. It refuses, wrapping quantile.ErrDamaged, bytes that are not a whole
// encoding of this version, and leaves a as it was then.
func (a *Accumulator) UnmarshalBinary(data []byte) error {
	if len(data) < len(magic)+sha256.Size || string(data[:len(magic)]) != magic {
		return fmt.Errorf("analyzer: not an encoding of this version: %w", quantile.ErrDamaged)
	}
	body, sum := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return fmt.Errorf("analyzer: checksum %x, want %x: %w", sum[:4], want[:4], quantile.ErrDamaged)
	}
	out, err := decodeBody(body[len(magic):])
	if err != nil {
		return err
	}
	*a = *out
	return nil
}

// decodeBody reads what stands between the magic and the checksum.
func decodeBody(body []byte) (*Accumulator, error) {
	r := &reader{rest: body}
	var opts Options
	if asOf := r.signed(); asOf != -1<<63 {
		opts.AsOf = time.Unix(0, asOf).UTC()
	}
	opts.LookbackDays, opts.MinAge = int(r.signed()), time.Duration(r.signed())
	if opts.MinAge == 0 {
		opts.MinAge = -1 // no age limit; the zero value would be the default
	}
	sizes := r.unsigned()
	r.bad = r.bad || sizes > 1
	opts.SizesOnly = sizes == 1
	r.a = New(opts)
	for range r.count(1) {
		text := string(r.take(r.unsigned()))
		if _, again := r.a.words.index[text]; again {
			r.bad = true
			break
		}
		r.a.words.id(text)
	}
	r.readSkus()
	r.readCells()
	for range r.count(3) {
		kind, id, name := r.unsigned(), r.word(), r.word()
		r.a.name(nameKey{kind == 1, id}, name)
	}
	for range r.count(4) {
		key := sampleKey{r.word(), r.word(), r.word(), r.word()}
		if r.bad || r.a.machines[key] != nil {
			r.bad = true
			break
		}
		r.readMachine(r.a.machine(key))
	}
	r.a.refused, r.a.undated = int64(r.unsigned()), int64(r.unsigned())
	if r.bad || len(r.rest) > 0 {
		return nil, fmt.Errorf("analyzer: %d bytes before the end: %w", len(r.rest), quantile.ErrDamaged)
	}
	return r.a, nil
}

// reader decodes an accumulator; bad is set once the bytes are not an encoding, and everything read then is zero.
type reader struct {
	a    *Accumulator
	rest []byte
	bad  bool
}

func (r *reader) unsigned() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || r.bad {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) signed() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 || r.bad {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

// count reads the number of things that take at least size bytes each.
func (r *reader) count(size uint64) uint64 {
	n := r.unsigned()
	if n > uint64(len(r.rest))/size {
		r.bad = true
		return 0
	}
	return n
}

func (r *reader) word() uint32 {
	v := r.unsigned()
	if v >= uint64(len(r.a.words.texts)) {
		r.bad = true
		return 0
	}
	return uint32(v)
}

// day reads a day.
func (r *reader) day() int32 {
	v := r.signed()
	if v < 0 || v > lastDay+longest/daySeconds {
		r.bad = true
	}
	return int32(v)
}

func (r *reader) readSkus() {
	for range r.count(10) {
		s := sku{size: r.word(), region: r.word(), os: r.word(), licence: r.word(), currency: r.word(), benefit: r.word(), benefitSize: r.word()}
		s.ratio = r.signed()
		if kinds := r.take(2); kinds != nil {
			s.kind, s.model = usage.Kind(kinds[0]), usage.Model(kinds[1])
		}
		if _, again := r.a.skus[s]; again {
			r.bad = true
			return
		}
		r.a.sku(s)
	}
}

func (r *reader) readCells() {
	for range r.count(9) {
		key := cellKey{customer: r.word(), subscription: r.word(), group: r.word(), day: r.day()}
		c := &cell{export: r.word(), dataset: r.word(), rows: int64(r.unsigned()), dropped: int64(r.unsigned())}
		key.dataset = c.dataset
		for range r.count(9) {
			l := line{resource: r.word(), vm: r.word(), tags: r.word()}
			at := r.unsigned()
			l.sku = uint32(at)
			flags := r.unsigned()
			l.hour, l.long = int8(flags&31)-1, flags&32 != 0
			l.hours, l.cost, l.rate, l.list = r.signed(), r.signed(), r.signed(), r.signed()
			if at >= uint64(len(r.a.skuList)) || flags > 63 || flags&31 > 24 {
				r.bad = true
			}
			if r.bad {
				return
			}
			c.lines = append(c.lines, l)
		}
		if r.bad || r.a.cells[key] != nil || c.rows <= 0 || c.dropped < 0 {
			r.bad = true
			return
		}
		c.tidy()
		r.a.cells[key] = c
	}
}

func (r *reader) readMachine(m *machine) {
	n := r.count(2)
	if n > 1<<16 {
		r.bad = true
		return
	}
	for at := range n {
		s := segment{day: r.day()}
		seconds := r.unsigned()
		s.seconds, s.extra = int32(seconds>>1&(1<<31-1)), seconds&1 != 0
		if r.bad || seconds>>1 == 0 || seconds>>32 != 0 || int(m.segment(s)) != int(at) {
			r.bad = true
			return
		}
	}
	for which := range m.tracks {
		m.top[which] = int32(min(r.unsigned(), 1<<31-1))
		code := r.take(r.unsigned())
		if r.bad || len(code) == 0 {
			continue
		}
		track := &quantile.Track{}
		if err := track.UnmarshalBinary(code); err != nil {
			r.bad = true
			return
		}
		track.Each(func(segment uint16, _ []uint16) { r.bad = r.bad || uint64(segment) >= n })
		m.tracks[which] = track
	}
	last := int32(-1)
	for range r.count(41) {
		d := dayMarks{day: r.day()}
		for i := range d.marks {
			if b := r.take(8); b != nil {
				d.marks[i] = binary.LittleEndian.Uint64(b)
			}
		}
		if r.bad || d.day <= last {
			r.bad = true
			return
		}
		last = d.day
		m.days.add(d.day, &d.marks)
	}
	r.readHours(m)
	r.readWeek(m)
}

func (r *reader) readHours(m *machine) {
	for range r.count(97) {
		d := loadedDay{day: r.day()}
		for i := range d.hours {
			if b := r.take(4); b != nil {
				d.hours[i] = hourCell{binary.LittleEndian.Uint16(b), b[2], b[3]}
			}
		}
		if r.bad || !m.hours.packed.follows(d.day) {
			r.bad = true
			return
		}
		m.hours.packed.append(&d)
	}
}

func (r *reader) readWeek(m *machine) {
	if r.unsigned() == 1 {
		m.week = &week{}
		for h := range m.week.low {
			seconds := int64(r.unsigned())
			m.week.plus(h, int64(r.unsigned()), seconds)
		}
	}
	if r.unsigned() == 1 {
		m.overload = &Overload{Seconds: int64(r.unsigned())}
		m.overload.reach(levels)
		for i := range levels {
			m.overload.above[i] = bound{int64(r.unsigned()), int64(r.unsigned())}
		}
		m.overload.trim()
	}
}
