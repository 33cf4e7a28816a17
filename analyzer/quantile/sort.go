package quantile

import (
	"math/bits"
	"slices"
	"sync"
)

// binned sorts values by counting each. Everything in it is 0 between two sorts, so that a sort touches what it needs.
type binned struct {
	counts [Limit + 1]uint16
	some   [(Limit + 1) / 64]uint64 // a bit for each value that is there
}

var bins = sync.Pool{New: func() any { return &binned{} }}

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
