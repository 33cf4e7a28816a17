package quantile

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"sync"
)

// Track keeps values apart by segment, such as a day, so that a distribution can be formed over any set of segments. The
// values of a segment are a multiset: their order is forgotten, which is what makes them small. They are kept as they
// came, two bytes each, until Pack sorts them and writes Rice-coded differences, about log2(range/count) + 1.5 bits each:
// 288 values of a day between 0 and 10 % need 130 bytes instead of 576. The zero value is empty and ready.
type Track struct {
	raw    []uint16 // values not packed yet
	runs   []run    // their segments
	packed []byte   // blocks: segment, count, lowest value, parameter, differences; a segment may have several
	blocks int32    // in packed
	last   int32    // highest segment of a block + 1
	mixed  bool     // the segments of the blocks do not rise strictly
}

// run is a stretch of raw values of one segment; it ends where the next begins.
type run struct {
	start   uint32
	segment uint16
}

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

// packSome and packMost are when Put packs: when a new segment begins and at least packSome values wait, and at packMost.
// Values that come packBlock at a time become a block at once.
const (
	packSome  = 128
	packMost  = 320
	packBlock = 96
)

// Put adds values to a segment and packs those that wait once they are worth it.
func (t *Track) Put(segment uint16, values []uint16) {
	if len(values) >= packBlock {
		b := bins.Get().(*binned)
		t.packed = b.appendBlock(t.packed, segment, values)
		t.count(segment)
		bins.Put(b)
		return
	}
	if n, last := t.Raw(); n >= packSome && (last != segment || n >= packMost) {
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
func (t *Track) Empty() bool { return len(t.raw) == 0 && len(t.packed) == 0 }

// Bytes returns the memory that t holds beside itself.
func (t *Track) Bytes() int { return 2*cap(t.raw) + 8*cap(t.runs) + cap(t.packed) }

// Pack packs the values that are not. A block for each segment in rising order is smallest: call it when segments change,
// rather than in the middle of one.
func (t *Track) Pack() {
	if len(t.raw) == 0 {
		return
	}
	if len(t.raw) < 16*len(t.runs) {
		t.packScattered()
	} else {
		b := bins.Get().(*binned)
		for i := range t.runs {
			values := t.stretch(i)
			b.sort(values)
			t.block(t.runs[i].segment, values)
		}
		bins.Put(b)
	}
	t.raw, t.runs = t.raw[:0], t.runs[:0]
	if int(t.blocks) > 4*int(t.last)+16 {
		t.repack()
	}
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
	t.Trim()
}

// Trim packs what is not packed and gives back what gathering needs, without a second look at what is.
func (t *Track) Trim() {
	t.Pack()
	t.raw, t.runs = nil, nil
	if cap(t.packed) > len(t.packed)+len(t.packed)/16 {
		t.packed = slices.Clone(t.packed)[:len(t.packed):len(t.packed)]
	}
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
	t.Parts(yield)
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
	if int(t.blocks) > 4*int(t.last)+16 {
		t.repack()
	}
}

// block appends one block of sorted values.
func (t *Track) block(segment uint16, values []uint16) {
	t.packed = appendBlock(t.packed, segment, values)
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
			slices.Sort(values)
			t.block(uint16(segment), values)
		}
	}
}

// binned sorts values by counting each. Everything in it is 0 between two sorts, so that a sort touches what it needs.
type binned struct {
	counts [Limit + 1]uint16
	some   [(Limit + 1) / 64]uint64 // a bit for each value that is there
}

var bins = sync.Pool{New: func() any { return &binned{} }}

// appendBlock appends the block of values in any order.
func (b *binned) appendBlock(out []byte, segment uint16, values []uint16) []byte {
	var room [512]uint16
	sorted := append(room[:0], values...)
	b.sort(sorted)
	return appendBlock(out, segment, sorted)
}

// sort sorts up to 65535 values; more are sorted in the common way.
func (b *binned) sort(values []uint16) {
	if len(values) > Limit {
		slices.Sort(values)
		return
	}
	low, high := uint16(Limit), uint16(0)
	for _, v := range values {
		b.counts[v]++
		b.some[v/64] |= 1 << (v % 64)
		low, high = min(low, v), max(high, v)
	}
	n := 0
	for w := int(low) / 64; w <= int(high)/64; w++ {
		for some := b.some[w]; some != 0; some &= some - 1 {
			v := uint16(64*w + bits.TrailingZeros64(some))
			for ; b.counts[v] > 0; b.counts[v]-- {
				values[n] = v
				n++
			}
		}
		b.some[w] = 0
	}
}

// radixSort sorts values by a pass over each of their bytes, using scratch of the same length, and returns the slice of
// the two that holds the result. A byte that all values share takes no pass.
func radixSort[T uint16 | uint32](values, scratch []T) []T {
	all, any := values[0], values[0]
	for _, v := range values {
		all &= v
		any |= v
	}
	for shift := 0; shift < 32 && (all^any)>>shift != 0; shift += 8 {
		if uint8((all^any)>>shift) == 0 {
			continue
		}
		var at [256]uint32
		for _, v := range values {
			at[uint8(v>>shift)]++
		}
		sum := uint32(0)
		for b := range at {
			at[b], sum = sum, sum+at[b]
		}
		for _, v := range values {
			b := uint8(v >> shift)
			scratch[at[b]] = v
			at[b]++
		}
		values, scratch = scratch, values
	}
	return values
}

// A block is: segment, count, lowest value and length of the rest as varints, one byte for the Rice parameter, and the
// differences of the sorted values: the quotient in unary (zeros, then a one), then the parameter's number of low bits.

// appendBlock appends the block of sorted values to out.
func appendBlock(out []byte, segment uint16, values []uint16) []byte {
	n := len(values)
	spread := uint32(values[n-1] - values[0])
	parameter := max(0, bits.Len32(spread/uint32(n)))
	if parameter > 0 {
		parameter--
	}
	out = binary.AppendUvarint(out, uint64(segment))
	out = binary.AppendUvarint(out, uint64(n))
	out = binary.AppendUvarint(out, uint64(values[0]))
	out = append(out, uint8(parameter))
	size := int(spread>>parameter) + n*(1+parameter) // bits at most: the quotients add up to no more
	var room [1024]byte
	code := room[:0]
	if size/8+16 > len(room) {
		code = make([]byte, 0, size/8+16)
	}
	var word uint64 // bits not written yet, the first lowest
	used := 0
	for i := 1; i < n; i++ {
		d := uint64(values[i] - values[i-1])
		q := d >> parameter
		for ; q >= 32; q -= 32 {
			used += 32
			code, word, used = flush(code, word, used)
		}
		word |= (1 | (d&(1<<parameter-1))<<1) << (used + int(q)) // at most 31 + 31 + 16 bits, of which those beyond 64 come next
		if used += int(q) + 1; used >= 32 {
			code, word, used = flush(code, word, used)
			word |= (d & (1<<parameter - 1)) << used
		}
		used += parameter
		code, word, used = flush(code, word, used)
	}
	for ; used > 0; used -= 8 {
		code = append(code, byte(word))
		word >>= 8
	}
	out = binary.AppendUvarint(out, uint64(len(code)))
	return append(out, code...)
}

// flush writes 32 bits of word once it holds as many.
func flush(out []byte, word uint64, used int) ([]byte, uint64, int) {
	if used >= 32 {
		return binary.LittleEndian.AppendUint32(out, uint32(word)), word >> 32, used - 32
	}
	return out, word, used
}

// blockHead returns the segment of the first block, where what follows it begins, and the size of the block.
func blockHead(block []byte) (segment uint16, after, size int) {
	s, at := binary.Uvarint(block)
	after = at
	for range 2 {
		_, n := binary.Uvarint(block[at:])
		at += n
	}
	length, n := binary.Uvarint(block[at+1:])
	return uint16(s), after, at + 1 + n + int(length)
}

// unpack appends the values of the first block of data, and returns the data after it. It is an error when the block is
// not what appendBlock writes; blocks made in this process are.
func unpack(data []byte, values []uint16) (segment uint16, out []uint16, rest []byte, err error) {
	r := reader{rest: data}
	s, n, first := r.number(), r.number(), r.number()
	if r.bad || s > Limit || n == 0 || first > Limit || len(r.rest) < 2 || r.rest[0] > 15 {
		return 0, values, nil, fmt.Errorf("quantile: head of a block: %w", ErrDamaged)
	}
	parameter := int(r.rest[0])
	r.rest = r.rest[1:]
	length := r.number()
	if r.bad || length > uint64(len(r.rest)) || n-1 > 8*length {
		return 0, values, nil, fmt.Errorf("quantile: block of %d bytes: %w", length, ErrDamaged)
	}
	code, rest := r.rest[:length], r.rest[length:]
	values = append(slices.Grow(values, int(n)), uint16(first))
	done := len(values)
	values, position := unpackFast(values, code, int(n)-1, parameter)
	b := bitReader{code: code[position/8:]}
	b.skip(position % 8)
	value := uint32(values[len(values)-1])
	for range int(n) - 1 - (len(values) - done) {
		value += b.difference(parameter)
		if b.bad || value > Limit {
			return 0, values, nil, fmt.Errorf("quantile: differences of a block: %w", ErrDamaged)
		}
		values = append(values, uint16(value))
	}
	return uint16(s), values, rest, nil
}

// unpackFast appends up to n values, each the one before and a difference, while eight whole bytes of code are ahead and
// the difference lies within what one load gives. It returns the bits that it used. There is room for n values.
func unpackFast(values []uint16, code []byte, n, parameter int) ([]uint16, int) {
	position, value, mask := 0, uint32(values[len(values)-1]), uint64(1)<<parameter-1
	for n > 0 && position/8+8 <= len(code) {
		word, left := binary.LittleEndian.Uint64(code[position/8:])>>(position%8), 64-position%8
		begin := left
		for n > 0 {
			zeros := bits.TrailingZeros64(word)
			length := zeros + 1 + parameter
			if length > left {
				break
			}
			next := value + uint32(zeros)<<parameter + uint32(word>>(zeros+1)&mask)
			if next > Limit {
				return values, position + begin - left
			}
			value = next
			word, left = word>>length, left-length
			values = append(values, uint16(value))
			n--
		}
		if left == begin {
			break
		}
		position += begin - left
	}
	return values, position
}

// bitReader reads Rice codes.
type bitReader struct {
	code []byte
	word uint64
	have int
	bad  bool
}

// fill makes at least 32 bits ready while there are as many.
func (b *bitReader) fill() {
	if b.have > 32 {
		return
	}
	if len(b.code) >= 4 {
		b.word |= uint64(binary.LittleEndian.Uint32(b.code)) << b.have
		b.code = b.code[4:]
		b.have += 32
		return
	}
	for len(b.code) > 0 && b.have <= 56 {
		b.word |= uint64(b.code[0]) << b.have
		b.code = b.code[1:]
		b.have += 8
	}
}

// skip passes over the low bits of the first byte.
func (b *bitReader) skip(n int) {
	if n > 0 {
		b.fill()
		b.word >>= n
		b.have -= n
	}
}

// difference reads one difference.
func (b *bitReader) difference(parameter int) uint32 {
	quotient := 0
	for {
		b.fill()
		zeros := bits.TrailingZeros64(b.word)
		if zeros < b.have {
			quotient += zeros
			b.word >>= zeros + 1
			b.have -= zeros + 1
			break
		}
		if quotient += b.have; b.have == 0 || quotient > Limit {
			b.bad = true
			return 0
		}
		b.word, b.have = 0, 0
	}
	b.fill()
	if b.have < parameter {
		b.bad = true
		return 0
	}
	low := uint32(b.word) & (1<<parameter - 1)
	b.word >>= parameter
	b.have -= parameter
	return uint32(quotient)<<parameter | low
}

// MarshalBinary returns the canonical encoding: tracks of the same values in the same segments have the same bytes.
func (t *Track) MarshalBinary() ([]byte, error) {
	out := []byte{version}
	t.Each(func(segment uint16, values []uint16) { out = appendBlock(out, segment, values) })
	return out, nil
}

// UnmarshalBinary sets t to what MarshalBinary encoded. It refuses, wrapping ErrDamaged, whatever MarshalBinary would not
// have written.
func (t *Track) UnmarshalBinary(data []byte) error {
	if len(data) == 0 || data[0] != version {
		return fmt.Errorf("quantile: first byte is not version %d: %w", version, ErrDamaged)
	}
	out, last := Track{packed: slices.Clone(data[1:])}, -1
	var buffer []uint16
	var again []byte
	for rest := out.packed; len(rest) > 0; {
		segment, values, after, err := unpack(rest, buffer[:0])
		if err != nil {
			return err
		}
		again = appendBlock(again[:0], segment, values)
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
