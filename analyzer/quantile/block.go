package quantile

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"sort"
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
	low, high, n := values[0], values[0], len(values)
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	whole := zoneOf(low, high-low, n)
	p.count(values, &whole)
	lower, upper, two := p.cut(&whole)
	out = binary.AppendUvarint(out, uint64(segment))
	if !two {
		out = appendVarints(out, 2*n, int(low), int(whole.spread))
		return p.body(out, values, &whole)
	}
	clear(p.at)
	p.part(values, upper.low)
	out = appendVarints(out, 2*n+1, int(low), int(lower.spread), upper.n, int(upper.spread))
	p.count(p.parts[0], &lower)
	out = p.body(out, p.parts[0], &lower)
	p.count(p.parts[1], &upper)
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

// below returns the number of values in the buckets before one.
func (p *packer) below(bucket, n int) int {
	if bucket == len(p.at) {
		return n
	}
	return int(p.at[bucket]) - bucket
}

// zoneHead is about what a second zone says of itself, in bytes, and fewValues those of which it is not asked.
const (
	zoneHead  = 4
	fewValues = 32
)

// cut looks whether counted values are smaller in two zones. It asks only where three quarters are in one half of the buckets, and tries
// two cuts: a quarter or a sixteenth of the values are the few. In 30 days of 12 machines of the Azure trace of 2019 that are bytes a
// machine (averages and maxima):
//
//	one zone                  4733 6988
//	a cut at a quarter        3483 5509
//	these two                 3250 5346
//	the best of ten           3201 5211
func (p *packer) cut(whole *zone) (lower, upper zone, two bool) {
	n, half := whole.n, whole.buckets/2
	if n < fewValues {
		return lower, upper, false
	}
	ranks, after := [2]int{3 * n / 4, 15 * n / 16}, 1
	switch first := p.below(half, n); {
	case first <= n/4:
		ranks, after = [2]int{n / 4, n / 16}, 0
	case first < ranks[0]:
		return lower, upper, false
	}
	least := whole.bytes() - zoneHead
	for _, rank := range ranks {
		bucket := after + sort.Search(whole.buckets-1, func(b int) bool { return p.below(b+1, n) > rank })
		in, end := p.below(bucket, n), bucket<<whole.keep // values and spread below the cut
		if in == 0 || in == n {
			continue
		}
		l, u := zoneOf(whole.low, uint16(end-1), in), zoneOf(whole.low+uint16(end), whole.spread-uint16(end), n-in)
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

// body appends buckets and low bits of counted values.
func (p *packer) body(out []byte, values []uint16, z *zone) []byte {
	p.place(values, z)
	ones, lows := z.sizes()
	head := len(out)
	out = slices.Grow(out, ones+lows+16)[:head+ones+lows+16] // words are written whole
	for i := range p.ones {
		binary.LittleEndian.PutUint64(out[head+8*i:], p.ones[i])
	}
	clear(p.ones)
	if z.keep > 0 {
		pack(out[head+ones:], p.lowest, z.keep)
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

// pack writes keep bits of each value; eight bytes more than they take are overwritten.
func pack(out []byte, values []uint16, keep int) {
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
