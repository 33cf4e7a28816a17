package quantile

import (
	"math/bits"
	"slices"
)

// Quantile returns the value at the given share in basis points (9500 is P95) by nearest rank over the seconds: the
// smallest value such that at least that share of the seconds is at it or below. 0 gives the lowest value and 10000 the
// highest told apart (use Max for the exact one). It is false when s is empty, and panics on another share.
func (s *Summary) Quantile(basisPoints int) (int32, bool) {
	var out [1]int32
	if !s.Quantiles(out[:], basisPoints) {
		return 0, false
	}
	return out[0], true
}

// Quantiles sets out to the values at rising shares in basis points, as Quantile does. It is false when s is empty.
func (s *Summary) Quantiles(out []int32, basisPoints ...int) bool {
	if s.Samples() == 0 {
		return false
	}
	ranks := make([]int64, len(basisPoints))
	total := s.seconds
	if s.counts == nil {
		total = int64(len(s.values)) // all weights are equal: the rank among the values is the rank among the seconds
	}
	for i, bp := range basisPoints {
		ranks[i] = Rank(total, bp)
	}
	s.pick(out, ranks)
	return true
}

// Type7 sets out to the interpolated quantiles that Excel's PERCENTILE.INC and numpy compute (Hyndman-Fan type 7) at
// rising shares in basis points, every sample counting once, rounded half up. It is false when s is empty or its samples
// do not all have the same seconds.
func (s *Summary) Type7(out []int32, basisPoints ...int) bool {
	if s.Samples() == 0 || s.weight <= 0 {
		return false
	}
	step := int64(1)
	if s.counts != nil {
		step = s.weight
	}
	ranks := make([]int64, 0, 2*len(basisPoints))
	for _, bp := range basisPoints {
		low := interpolated(s.Samples(), bp).rank
		ranks = append(ranks, low*step, min(low+1, s.Samples())*step)
	}
	rising := slices.Clone(ranks)
	slices.Sort(rising) // two close shares may ask for low, low+1, low, low+1
	found := make([]int32, len(rising))
	s.pick(found, rising)
	values := make([]int32, len(ranks))
	for i, rank := range ranks {
		at, _ := slices.BinarySearch(rising, rank)
		values[i] = found[at]
	}
	for i, bp := range basisPoints {
		low, high := int64(values[2*i]), int64(values[2*i+1])
		out[i] = int32((low*10_000 + interpolated(s.Samples(), bp).rest*(high-low) + 5_000) / 10_000)
	}
	return true
}

// interpolated returns where the type 7 quantile of n samples stands: the rank from 1 of the sample at or below it, and
// the ten-thousandths of the way from there to the next.
func interpolated(n int64, basisPoints int) struct{ rank, rest int64 } {
	hi, lo := bits.Mul64(uint64(n-1), uint64(basisPoints))
	quo, rem := bits.Div64(hi, lo, 10_000)
	return struct{ rank, rest int64 }{int64(quo) + 1, int64(rem)}
}

// Rank returns the nearest rank of a share in basis points among n: the smallest whole number of at least n*share, at
// least 1 and computed without rounding. It panics when the share is not in [0, 10000].
func Rank(n int64, basisPoints int) int64 {
	if basisPoints < 0 || basisPoints > 10_000 {
		panic("quantile: share outside 0..10000 basis points")
	}
	hi, lo := bits.Mul64(uint64(n), uint64(basisPoints))
	lo, carry := bits.Add64(lo, 9_999, 0)
	rank, _ := bits.Div64(hi+carry, lo, 10_000)
	return max(1, int64(rank))
}

// pick sets out to the values at rising ranks from 1.
func (s *Summary) pick(out []int32, ranks []int64) {
	if s.counts == nil {
		selectRanks(s.values, out, ranks)
		return
	}
	sum, next := int64(0), 0
	for v, seconds := range s.counts {
		sum += seconds
		for next < len(ranks) && sum >= ranks[next] {
			out[next] = int32(v)
			next++
		}
		if next == len(ranks) {
			return
		}
	}
}

// selectRanks sets out to the values at rising ranks from 1, by two passes: it counts the high ten bits, finds the bucket
// in which each rank falls, and counts the low six bits of those buckets only.
func selectRanks(values []uint16, out []int32, ranks []int64) {
	high := highBits(values)
	var table [1024]uint8 // 1 + index into low of a bucket that holds a rank
	low := make([][64]uint32, 0, len(ranks))
	buckets, rest := make([]int, len(ranks)), make([]int64, len(ranks))
	bucket, before := 0, int64(0)
	for i, rank := range ranks {
		for before+int64(high[bucket]) < rank {
			before += int64(high[bucket])
			bucket++
		}
		buckets[i], rest[i] = bucket, rank-before
		if table[bucket] == 0 {
			low = append(low, [64]uint32{})
			table[bucket] = uint8(len(low))
		}
	}
	for _, v := range values {
		if t := table[v>>6]; t != 0 {
			low[t-1][v&63]++
		}
	}
	for i, bucket := range buckets {
		sum, counts := int64(0), &low[table[bucket]-1]
		for b := range counts {
			if sum += int64(counts[b]); sum >= rest[i] {
				out[i] = int32(bucket<<6 | b)
				break
			}
		}
	}
}

// highBits counts the high ten bits of values, in two tables in turn: values that follow each other are alike, and
// counting in the same place twice in a row waits for the first to be written.
func highBits(values []uint16) *[1024]uint32 {
	var high, odd [1024]uint32
	pairs := values[:len(values)&^1]
	for i := 0; i < len(pairs); i += 2 {
		high[pairs[i]>>6]++
		odd[pairs[i+1]>>6]++
	}
	for _, v := range values[len(pairs):] {
		high[v>>6]++
	}
	for b, n := range odd {
		high[b] += n
	}
	return &high
}
