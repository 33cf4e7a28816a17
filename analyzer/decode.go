package analyzer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"sizeterm/analyzer/quantile"
	"sizeterm/ingest/usage"
)

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
		length := r.unsigned()
		s.length = uint32(length)
		if r.bad || length>>1 == 0 || length>>32 != 0 || int(m.segment(s)) != int(at) || m.order != nil {
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
		m.week = r.week()
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

// week reads what was measured of each hour of the week.
func (r *reader) week() *week {
	var seconds, sums [168]int64
	unit := int64(0)
	for h := range seconds {
		seconds[h], sums[h] = int64(r.unsigned()), int64(r.unsigned())
		r.bad = r.bad || seconds[h] < 0 || sums[h] < 0
		unit = gcd(unit, gcd(seconds[h], sums[h]))
	}
	out := &week{unit: unit}
	for h := range seconds {
		if unit > 0 {
			out.counts.add(h, uint64(seconds[h]/unit))
			out.sums.add(h, uint64(sums[h]/unit))
		}
	}
	return out
}
