package quantile

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Track keeps values apart by segment, such as a day, so that a distribution can be formed over any set of segments. The
// values of a segment are a multiset: their order is forgotten, which is what makes them small. They are kept as they
// came, two bytes each, until they are packed into blocks of about log2(range/count) + 2 bits each: 288 values of a day
// between 0 and 10 % need 145 bytes instead of 576. The zero value is empty and ready.
type Track struct {
	raw    []uint16 // values not packed yet
	runs   []run    // their segments
	lent   []lent   // values not packed yet that stand elsewhere
	packed []byte   // blocks; a segment may have several
	blocks int32    // in packed
	last   int32    // highest segment of a block + 1
	mixed  bool     // the segments of the blocks do not rise strictly
}

// run is a stretch of raw values of one segment; it ends where the next begins.
type run struct {
	start   uint32
	segment uint16
}

// Page is memory of values that Lend refers to.
type Page [1 << 15]uint16

// lent is a stretch of values on a page.
type lent struct {
	page           *Page
	at, n, segment uint16
}

func (l *lent) values() []uint16 { return l.page[l.at:][:l.n] }

// Lend adds n values of a page, from at on, to a segment, where they stand: nobody may change them from then on. Several tracks may
// refer to the same ones.
func (t *Track) Lend(segment uint16, page *Page, at, n uint16) {
	if n > 0 {
		t.lent = append(t.lent, lent{page, at, n, segment})
	}
}

// ReserveLent makes room for n calls of Lend.
func (t *Track) ReserveLent(n int) { t.lent = slices.Grow(t.lent, n) }

// Add adds values to a segment.
func (t *Track) Add(segment uint16, values ...uint16) {
	if len(values) == 0 {
		return
	}
	if n := len(t.runs); n == 0 || t.runs[n-1].segment != segment {
		t.runs = append(t.runs, run{uint32(len(t.raw)), segment})
	}
	t.raw = append(t.raw, values...)
}

// Reserve makes room for n values to come, for those that Add keeps as they are.
func (t *Track) Reserve(n int) { t.raw = slices.Grow(t.raw, n) }

// packSome and packMost are when Put packs: when a new segment begins and at least packSome values wait, and at packMost.
// Values of which fewer than packTogether at a time are of one segment wait until there are packScattered, since a block for
// a few costs more than they do. Values that come packBlock at a time become a block at once.
const (
	packSome      = 128
	packMost      = 320
	packTogether  = 16
	packScattered = 768
	packBlock     = 96
	packLot       = 1 << 14 // of lent values
)

// Put adds values to a segment and packs those that wait once they are worth it.
func (t *Track) Put(segment uint16, values []uint16) {
	if len(values) >= packBlock {
		t.block(segment, values)
		return
	}
	n, last := t.Raw()
	switch {
	case n < packTogether*len(t.runs):
		if n >= packScattered {
			t.Pack()
		}
	case n >= packSome && (last != segment || n >= packMost):
		t.Pack()
	}
	t.Add(segment, values...)
}

// Raw returns how many values are not packed, and the segment of the last of them.
func (t *Track) Raw() (n int, segment uint16) {
	if len(t.runs) == 0 {
		return 0, 0
	}
	return len(t.raw), t.runs[len(t.runs)-1].segment
}

// Empty reports whether nothing was added.
func (t *Track) Empty() bool { return len(t.raw) == 0 && len(t.lent) == 0 && len(t.packed) == 0 }

// Bytes returns the memory that t holds beside itself, what it refers to left out.
func (t *Track) Bytes() int { return 2*cap(t.raw) + 8*cap(t.runs) + 16*cap(t.lent) + cap(t.packed) }

// Pack packs the values that are not. A block for each segment in rising order is smallest: call it when segments change,
// rather than in the middle of one.
func (t *Track) Pack() {
	if len(t.raw) == 0 && len(t.lent) == 0 {
		return
	}
	if len(t.raw) < packTogether*len(t.runs) {
		t.packScattered()
	} else {
		for i := range t.runs {
			t.block(t.runs[i].segment, t.stretch(i))
		}
	}
	t.raw, t.runs = t.raw[:0], t.runs[:0]
	t.packLent()
	if int(t.blocks) > 4*int(t.last)+16 {
		t.repack()
	}
}

// packLent packs the values that stand elsewhere: those of one segment that follow each other together, up to packLot.
func (t *Track) packLent() {
	var lot []uint16
	for i := range t.lent {
		l := &t.lent[i]
		if lot = append(lot, l.values()...); i+1 == len(t.lent) || t.lent[i+1].segment != l.segment || len(lot) >= packLot {
			t.block(l.segment, lot)
			lot = lot[:0]
		}
	}
	t.lent = nil
}

// stretch returns the values of a run.
func (t *Track) stretch(i int) []uint16 {
	if i+1 < len(t.runs) {
		return t.raw[t.runs[i].start:t.runs[i+1].start]
	}
	return t.raw[t.runs[i].start:]
}

// packScattered packs raw values whose segments change all the time.
func (t *Track) packScattered() {
	keys := make([]uint32, 0, len(t.raw))
	for i := range t.runs {
		for _, v := range t.stretch(i) {
			keys = append(keys, uint32(t.runs[i].segment)<<16|uint32(v))
		}
	}
	sorted, values := radixSort(keys, make([]uint32, len(keys))), t.raw
	for from := 0; from < len(sorted); {
		segment, n := uint16(sorted[from]>>16), 0
		for from+n < len(sorted) && uint16(sorted[from+n]>>16) == segment {
			values[n] = uint16(sorted[from+n])
			n++
		}
		t.block(segment, values[:n])
		from += n
	}
}

// Seal packs everything as small as can be, and gives back what gathering needs. Adding stays possible.
func (t *Track) Seal() {
	t.order()
	t.Trim(nil)
}

// Trim packs what is not packed and gives back what gathering needs, without a second look at what is. The blocks go to a shelf,
// which may be nil.
func (t *Track) Trim(shelf *Shelf) {
	t.Pack()
	t.raw, t.runs = nil, nil
	shelf.Take(&t.packed)
}

// order packs what is not and gives every segment one block, in rising order.
func (t *Track) order() {
	t.Pack()
	if t.mixed {
		t.repack()
	}
}

// Each calls yield for the segments that have values, in rising order, with their values in rising order. The slice is
// used again for the next segment.
func (t *Track) Each(yield func(segment uint16, values []uint16)) {
	t.order()
	b := bins.Get().(*binned)
	defer bins.Put(b)
	t.Parts(func(segment uint16, values []uint16) {
		b.sort(values)
		yield(segment, values)
	})
}

// Parts calls yield with all values in parts of one segment each, in no particular order, a segment once or more often.
// It changes nothing, so that several goroutines may call it; the slices are not to be kept.
func (t *Track) Parts(yield func(segment uint16, values []uint16)) {
	var buffer []uint16
	for rest := t.packed; len(rest) > 0; {
		var segment uint16
		segment, buffer, rest, _ = unpack(rest, buffer[:0])
		yield(segment, buffer)
	}
	for i := range t.runs {
		yield(t.runs[i].segment, t.stretch(i))
	}
	for i := range t.lent {
		yield(t.lent[i].segment, t.lent[i].values())
	}
}

// Segments calls yield for the segment of each block and run, without looking at values; one may come more than once.
func (t *Track) Segments(yield func(segment uint16)) {
	for rest := t.packed; len(rest) > 0; {
		segment, _, size := blockHead(rest)
		yield(uint16(segment))
		rest = rest[size:]
	}
	for i := range t.runs {
		yield(t.runs[i].segment)
	}
	for i := range t.lent {
		yield(t.lent[i].segment)
	}
}

// Merge adds what other holds, with its segment i becoming segments[i]. The other stays as it was.
func (t *Track) Merge(other *Track, segments []uint16) {
	for rest := other.packed; len(rest) > 0; {
		segment, after, size := blockHead(rest)
		t.packed = append(binary.AppendUvarint(t.packed, uint64(segments[segment])), rest[after:size]...)
		t.count(segments[segment])
		rest = rest[size:]
	}
	for i := range other.runs {
		t.Add(segments[other.runs[i].segment], other.stretch(i)...)
	}
	t.ReserveLent(len(other.lent))
	for _, l := range other.lent {
		l.segment = segments[l.segment]
		t.lent = append(t.lent, l)
	}
	if int(t.blocks) > 4*int(t.last)+16 {
		t.repack()
	}
}

// block appends one block of values in any order.
func (t *Track) block(segment uint16, values []uint16) {
	p := packers.Get().(*packer)
	t.packed = p.append(t.packed, segment, values)
	packers.Put(p)
	t.count(segment)
}

// count notes a new block.
func (t *Track) count(segment uint16) {
	t.mixed = t.mixed || int32(segment) < t.last
	t.blocks++
	t.last = max(t.last, int32(segment)+1)
}

// repack writes one block a segment, in rising order.
func (t *Track) repack() {
	var segments [][]uint16
	for rest := t.packed; len(rest) > 0; {
		segment, _, _ := blockHead(rest)
		for int(segment) >= len(segments) {
			segments = append(segments, nil)
		}
		_, segments[segment], rest, _ = unpack(rest, segments[segment])
	}
	t.packed, t.blocks, t.last, t.mixed = make([]byte, 0, len(t.packed)), 0, 0, false
	for segment, values := range segments {
		if len(values) > 0 {
			t.block(uint16(segment), values)
		}
	}
}

// MarshalBinary returns the canonical encoding: tracks of the same values in the same segments have the same bytes.
func (t *Track) MarshalBinary() ([]byte, error) {
	out := []byte{trackVersion}
	p := packers.Get().(*packer)
	defer packers.Put(p)
	t.Each(func(segment uint16, values []uint16) { out = p.append(out, segment, values) })
	return out, nil
}

// UnmarshalBinary sets t to what MarshalBinary encoded. It refuses, wrapping ErrDamaged, whatever MarshalBinary would not
// have written.
func (t *Track) UnmarshalBinary(data []byte) error {
	if len(data) == 0 || data[0] != trackVersion {
		return fmt.Errorf("quantile: first byte is not version %d: %w", trackVersion, ErrDamaged)
	}
	out, last := Track{packed: slices.Clone(data[1:])}, -1
	p, b := packers.Get().(*packer), bins.Get().(*binned)
	defer packers.Put(p)
	defer bins.Put(b)
	var buffer []uint16
	var again []byte
	for rest := out.packed; len(rest) > 0; {
		segment, values, after, err := unpack(rest, buffer[:0])
		if err != nil {
			return err
		}
		b.sort(values)
		again = p.append(again[:0], segment, values)
		if int(segment) <= last || string(again) != string(rest[:len(rest)-len(after)]) {
			return fmt.Errorf("quantile: block of segment %d: %w", segment, ErrDamaged)
		}
		last, rest, buffer = int(segment), after, values
		out.blocks++
		out.last = int32(segment) + 1
	}
	*t = out
	return nil
}
