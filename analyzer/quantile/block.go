package quantile

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"sync"
)

// A block is the values of one segment by Elias and Fano: segment, count and lowest value as varints, a byte that says how
// many low bits are kept apart, the number of buckets less one as a varint, then the buckets, a one for each value in it and
// a zero at its end, and the low bits of the values in the order of their buckets. A bucket is the values whose high bits are
// equal. With as many buckets as values, or up to twice as many, that is 2 to 3 bits a value and the low bits.
//
// Sorted values have sorted low bits in each bucket, and then the block is canonical; in memory they stand as they came.

// packer is the memory that packing needs. Everything in it is 0 between two blocks.
type packer struct {
	at     []uint32 // by bucket: where the bit of its next value goes
	ones   []uint64 // the buckets
	lowest []uint16 // low bits
}

var packers = sync.Pool{New: func() any { return &packer{} }}

// append appends the block of values in any order to out.
func (p *packer) append(out []byte, segment uint16, values []uint16) []byte {
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	n, spread := len(values), int(high-low)
	keep := max(0, bits.Len32(uint32(spread/n))-1) & 15
	buckets := spread>>keep + 1
	p.place(values, low, keep, buckets)
	out = binary.AppendUvarint(out, uint64(segment))
	out = binary.AppendUvarint(out, uint64(n))
	out = binary.AppendUvarint(out, uint64(low))
	out = append(out, uint8(keep))
	out = binary.AppendUvarint(out, uint64(buckets-1))
	first, second := sizes(n, buckets, keep)
	head := len(out)
	out = slices.Grow(out, first+second+16)[:head+first+second+16] // words are written whole
	for i := range p.ones {
		binary.LittleEndian.PutUint64(out[head+8*i:], p.ones[i])
	}
	clear(p.ones)
	if keep > 0 {
		pack(out[head+first:], p.lowest, keep)
	}
	return out[:head+first+second]
}

// sizes returns the bytes of the buckets and of the low bits.
func sizes(n, buckets, keep int) (first, second int) {
	return (n + buckets + 7) / 8, (n*keep + 7) / 8
}

// place sets the bits of the buckets and orders the low bits.
func (p *packer) place(values []uint16, low uint16, keep, buckets int) {
	p.at = slices.Grow(p.at[:0], buckets)[:buckets]
	at := p.at
	for _, v := range values {
		at[(v-low)>>(keep&15)]++
	}
	next := uint32(0)
	for b, n := range at {
		at[b] = next
		next += n + 1
	}
	words := (len(values) + buckets + 63) / 64
	p.ones, p.lowest = slices.Grow(p.ones[:0], words)[:words], resized(p.lowest, len(values))
	ones, lowest, mask := p.ones, p.lowest, uint16(1)<<keep-1
	for _, v := range values {
		v -= low
		b := v >> (keep & 15)
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
	segment       uint16
	low           uint16
	n             int
	keep, buckets int
}

// headOf reads the head of the first block of data, and returns what follows it.
func headOf(data []byte) (h head, rest []byte, err error) {
	r := reader{rest: data}
	segment, n, low := r.number(), r.number(), r.number()
	if r.bad || segment > Limit || n == 0 || n > 8*uint64(len(r.rest)) || low > Limit || len(r.rest) < 2 || r.rest[0] > 15 {
		return h, nil, fmt.Errorf("quantile: head of a block: %w", ErrDamaged)
	}
	keep := int(r.rest[0])
	r.rest = r.rest[1:]
	buckets := r.number() + 1
	if r.bad || buckets > Limit+1 {
		return h, nil, fmt.Errorf("quantile: buckets of a block: %w", ErrDamaged)
	}
	h = head{uint16(segment), uint16(low), int(n), keep, int(buckets)}
	if first, second := sizes(h.n, h.buckets, keep); first+second > len(r.rest) {
		return h, nil, fmt.Errorf("quantile: block of %d values: %w", n, ErrDamaged)
	}
	return h, r.rest, nil
}

// blockHead returns the segment of the first block, where what follows it begins, and the size of the block.
func blockHead(block []byte) (segment uint16, after, size int) {
	h, rest, _ := headOf(block)
	first, second := sizes(h.n, h.buckets, h.keep)
	_, after = binary.Uvarint(block)
	return h.segment, after, len(block) - len(rest) + first + second
}

// unpack appends the values of the first block of data, in the order of their buckets, and returns the data after it. It is
// an error when the block does not hold what its head says.
func unpack(data []byte, values []uint16) (segment uint16, out []uint16, rest []byte, err error) {
	h, body, err := headOf(data)
	if err != nil {
		return 0, values, nil, err
	}
	first, second := sizes(h.n, h.buckets, h.keep)
	rest = body[first+second:]
	if len(rest) < 8 { // words are read whole
		body = append(slices.Clone(body[:first+second]), 0, 0, 0, 0, 0, 0, 0, 0)
	}
	done := len(values)
	out = slices.Grow(values, h.n)[:done+h.n]
	if got := h.values(out[done:], body[:first+8], body[first:]); got != h.n {
		return 0, values, nil, fmt.Errorf("quantile: %d values of %d in a block: %w", got, h.n, ErrDamaged)
	}
	return h.segment, out, rest, nil
}

// values sets out to the values, and returns how many there are. There are eight bytes more than needed of ones and lows.
func (h *head) values(out []uint16, ones, lows []byte) int {
	i, keep, mask, position := 0, h.keep&15, uint64(1)<<h.keep-1, 0
	for base := 0; base < h.n+h.buckets; base += 64 {
		word := binary.LittleEndian.Uint64(ones[base/8:])
		if left := h.n + h.buckets - base; left < 64 {
			word &= 1<<left - 1
		}
		for ; word != 0 && i < len(out); word &= word - 1 {
			bucket := base + bits.TrailingZeros64(word) - i
			out[i] = h.low + uint16(bucket<<keep) + uint16(binary.LittleEndian.Uint64(lows[position>>3:])>>(position&7)&mask)
			position += keep
			i++
		}
	}
	return i
}
