package quantile

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"sync"
)

// A block is the values of one segment by Elias and Fano: segment, twice the count, lowest value and spread (highest less lowest) as
// varints, then the buckets, a one for each value in it and a zero at its end, and the low bits of the values in the order of their
// buckets. A bucket is the values whose high bits are equal. With as many buckets as values, or up to twice as many, that is 2 to
// 3 bits a value and the low bits, whose number follows from count and spread.
//
// Most of a day are often close together, and a few far above or below: then buckets that fit both are mostly empty, or hold too much.
// Such values stand in two zones, which say themselves what a block of one says: the count is one more than twice it, and behind the
// spread of the lower zone are the count and the spread of the upper one, which begins where the last bucket of the lower ends.
//
// Sorted values have sorted low bits in each bucket, and then the block is canonical; in memory they stand as they came.

// zone is values between two bounds.
type zone struct {
	low, spread   uint16
	n             int
	keep, buckets int // low bits kept apart, and the rest
}

func zoneOf(low, spread uint16, n int) zone {
	keep := max(0, bits.Len32(uint32(spread)/uint32(n))-1)
	return zone{low, spread, n, keep, int(spread)>>keep + 1}
}

// sizes returns the bytes of the buckets and of the low bits.
func (z *zone) sizes() (ones, lows int) { return (z.n + z.buckets + 7) / 8, (z.n*z.keep + 7) / 8 }

func (z *zone) bytes() int {
	ones, lows := z.sizes()
	return ones + lows
}

// packer is the memory that packing needs. Buckets in it are 0 between two blocks.
type packer struct {
	at     []uint32    // by bucket: where the bit of its next value goes
	ones   []uint64    // the buckets
	lowest []uint16    // low bits
	parts  [2][]uint16 // values of two zones
}

var packers = sync.Pool{New: func() any { return &packer{} }}

// append appends the block of values in any order to out.
func (p *packer) append(out []byte, segment uint16, values []uint16) []byte {
	low, high, sum := values[0], values[0], 0
	for _, v := range values {
		low, high = min(low, v), max(high, v)
		sum += int(v)
	}
	whole := zoneOf(low, high-low, len(values))
	lower, upper, two := whole.cut(values, sum)
	out = binary.AppendUvarint(out, uint64(segment))
	if !two {
		return p.body(appendVarints(out, 2*whole.n, int(low), int(whole.spread)), values, &whole)
	}
	p.part(values, upper.low)
	out = appendVarints(out, 2*whole.n+1, int(low), int(lower.spread), upper.n, int(upper.spread))
	out = p.body(out, p.parts[0], &lower)
	return p.body(out, p.parts[1], &upper)
}

func appendVarints(out []byte, numbers ...int) []byte {
	for _, v := range numbers {
		out = binary.AppendUvarint(out, uint64(v))
	}
	return out
}

// count sets at to where the bits of each bucket begin.
func (p *packer) count(values []uint16, z *zone) {
	p.at = slices.Grow(p.at[:0], z.buckets)[:z.buckets]
	at, low, keep := p.at, z.low, z.keep&15
	for _, v := range values {
		at[(v-low)>>keep]++
	}
	next := uint32(0)
	for b, n := range at {
		at[b] = next
		next += n + 1
	}
}

// zoneHead is about what a second zone says of itself, in bytes, and fewValues those of which it is not asked.
const (
	zoneHead  = 4
	fewValues = 32
)

// cut looks whether values of a sum are smaller in two zones. It asks only where they lie in one third of their spread on average, and
// tries to cut where the distance from that end is a power of two. In 30 days of 12 machines of the Azure trace of 2019 that are bytes
// a machine (averages and maxima):
//
//	one zone                              4733 6988
//	powers of two                         3300 5286
//	the best of ten shares of the values  3201 5211, and a pass over all buckets to know them
func (z *zone) cut(values []uint16, sum int) (lower, upper zone, two bool) {
	distance, all := sum-z.n*int(z.low), z.n*int(z.spread)
	high := 3*(all-distance) <= all
	if z.n < fewValues || z.spread == 0 || 3*distance > all && !high {
		return lower, upper, false
	}
	from, flip := z.low, uint16(0)
	if high { // the distance from the highest is that of the complements
		from, flip = ^(z.low + z.spread), ^uint16(0)
	}
	var bits0, bits1 [32]uint32 // values by the bits of their distance, in two: most fall into few
	for i, v := range values {
		at := bits.Len16((v^flip)-from) & 31
		if i%2 == 0 {
			bits0[at]++
		} else {
			bits1[at]++
		}
	}
	near, least := 0, z.bytes()-zoneHead
	for width := range 16 {
		near += int(bits0[width] + bits1[width])
		if near == z.n {
			break
		}
		if 2*near < z.n {
			continue
		}
		in, end := near, 1<<width // values and spread below the cut
		if high {
			in, end = z.n-near, int(z.spread)-end+1
		}
		l, u := zoneOf(z.low, uint16(end-1), in), zoneOf(z.low+uint16(end), z.spread-uint16(end), z.n-in)
		if size := l.bytes() + u.bytes(); size < least {
			lower, upper, two, least = l, u, true, size
		}
	}
	return lower, upper, two
}

// part takes values apart.
func (p *packer) part(values []uint16, cut uint16) {
	few, many := resized(p.parts[0], len(values)), resized(p.parts[1], len(values))
	i, j := 0, 0
	for _, v := range values { // without branches: neither is foreseeable
		few[i], many[j] = v, v
		is := int((uint32(v) - uint32(cut)) >> 31)
		i, j = i+is, j+1-is
	}
	p.parts = [2][]uint16{few[:i], many[:j]}
}

// body appends buckets and low bits of values.
func (p *packer) body(out []byte, values []uint16, z *zone) []byte {
	p.count(values, z)
	p.place(values, z)
	ones, lows := z.sizes()
	head := len(out)
	out = slices.Grow(out, ones+lows+16)[:head+ones+lows+16] // words are written whole
	for i := range p.ones {
		binary.LittleEndian.PutUint64(out[head+8*i:], p.ones[i])
	}
	clear(p.ones)
	if z.keep > 0 {
		PackBits(out[head+ones:], p.lowest, z.keep)
	}
	return out[:head+ones+lows]
}

// place sets the bits of the buckets and orders the low bits.
func (p *packer) place(values []uint16, z *zone) {
	words := (len(values) + z.buckets + 63) / 64
	p.ones, p.lowest = slices.Grow(p.ones[:0], words)[:words], resized(p.lowest, len(values))
	at, ones, lowest, low, keep, mask := p.at, p.ones, p.lowest, z.low, z.keep&15, uint16(1)<<z.keep-1
	for _, v := range values {
		v -= low
		b := v >> keep
		bit := at[b]
		at[b] = bit + 1
		ones[bit/64] |= 1 << (bit % 64)
		lowest[bit-uint32(b)] = v & mask
	}
	clear(at)
}

func resized(s []uint16, n int) []uint16 { return slices.Grow(s[:0], n)[:n] }

// PackBits writes so many bits of each value, at most 16, one behind the other from the lowest on; eight bytes more than they take are
// overwritten.
func PackBits(out []byte, values []uint16, keep int) {
	word, used, to := uint64(0), 0, 0
	for _, v := range values {
		word |= uint64(v) << (used & 63)
		if used += keep; used >= 32 {
			binary.LittleEndian.PutUint32(out[to:], uint32(word))
			word >>= 32
			used -= 32
			to += 4
		}
	}
	binary.LittleEndian.PutUint64(out[to:], word)
}

// head is what a block says of itself.
type head struct {
	segment uint16
	zones   [2]zone
	n       int // zones in use
}

// headOf reads the head of the first block of data, and returns what follows it.
func headOf(data []byte) (h head, rest []byte, err error) {
	r := reader{rest: data}
	segment, count, low, spread := r.number(), r.number(), r.number(), r.number()
	upper, top := uint64(0), uint64(0)
	if count%2 != 0 {
		upper, top = r.number(), r.number()
	}
	n := count / 2
	if r.bad || segment > Limit || low > Limit || spread > Limit || top > Limit || low+spread+top > Limit || n == 0 || n > 8*uint64(len(r.rest)) ||
		count%2 != 0 && (upper == 0 || upper >= n || low+spread+top == Limit) {
		return h, nil, fmt.Errorf("quantile: head of a block: %w", ErrDamaged)
	}
	h.segment, h.n = uint16(segment), 1
	h.zones[0] = zoneOf(uint16(low), uint16(spread), int(n-upper))
	if upper > 0 {
		h.zones[1], h.n = zoneOf(uint16(low+spread+1), uint16(top), int(upper)), 2
	}
	if h.bytes() > len(r.rest) {
		return h, nil, fmt.Errorf("quantile: block of %d values: %w", n, ErrDamaged)
	}
	return h, r.rest, nil
}

// bytes returns the size of what follows the head.
func (h *head) bytes() (size int) {
	for i := range h.zones[:h.n] {
		size += h.zones[i].bytes()
	}
	return size
}

// blockHead returns the segment of the first block, where what follows it begins, and the size of the block.
func blockHead(block []byte) (segment uint16, after, size int) {
	h, rest, _ := headOf(block)
	_, after = binary.Uvarint(block)
	return h.segment, after, len(block) - len(rest) + h.bytes()
}

// unpack appends the values of the first block of data, in the order of their buckets, and returns the data after it. It is
// an error when the block does not hold what its head says.
func unpack(data []byte, values []uint16) (segment uint16, out []uint16, rest []byte, err error) {
	h, body, err := headOf(data)
	if err != nil {
		return 0, values, nil, err
	}
	size := h.bytes()
	rest = body[size:]
	if len(rest) < 8 { // words are read whole
		body = append(slices.Clone(body[:size]), 0, 0, 0, 0, 0, 0, 0, 0)
	}
	out = values
	for i := range h.zones[:h.n] {
		z := &h.zones[i]
		ones, lows := z.sizes()
		done := len(out)
		out = slices.Grow(out, z.n)[:done+z.n]
		if got := z.values(out[done:], body[:ones+8], body[ones:]); got != z.n {
			return 0, values, nil, fmt.Errorf("quantile: %d values of %d in a block: %w", got, z.n, ErrDamaged)
		}
		body = body[ones+lows:]
	}
	return h.segment, out, rest, nil
}

// values sets out to the values, and returns how many there are. There are eight bytes more than needed of ones and lows.
func (z *zone) values(out []uint16, ones, lows []byte) int {
	i, keep, mask, position := 0, z.keep&15, uint64(1)<<z.keep-1, 0
	for base := 0; base < z.n+z.buckets; base += 64 {
		word := binary.LittleEndian.Uint64(ones[base/8:])
		if left := z.n + z.buckets - base; left < 64 {
			word &= 1<<left - 1
		}
		for ; word != 0 && i < len(out); word &= word - 1 {
			bucket := base + bits.TrailingZeros64(word) - i
			out[i] = z.low + uint16(bucket<<keep) + uint16(binary.LittleEndian.Uint64(lows[position>>3:])>>(position&7)&mask)
			position += keep
			i++
		}
	}
	return i
}
