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
	s.pick(out, s.ranks(basisPoints))
	return true
}

// ranks returns the ranks of shares in what pick counts: the values where they are kept and all of one weight, so that
// the rank among them is the rank among the seconds; else the seconds.
func (s *Summary) ranks(basisPoints []int) []int64 {
	total := s.seconds
	if s.counts == nil {
		total = int64(len(s.values))
	}
	out := make([]int64, len(basisPoints))
	for i, bp := range basisPoints {
		out[i] = Rank(total, bp)
	}
	return out
}

// Type7 sets out to the interpolated quantiles that Excel's PERCENTILE.INC and numpy compute (Hyndman-Fan type 7) at
// rising shares in basis points, every sample counting once, rounded half up. It is false when s is empty or its samples
// do not all have the same seconds.
func (s *Summary) Type7(out []int32, basisPoints ...int) bool {
	_, ok := s.Both(make([]int32, len(basisPoints)), out, basisPoints...)
	return ok
}

// Both is Quantiles into nearest and Type7 into seven at once, in half the time.
func (s *Summary) Both(nearest, seven []int32, basisPoints ...int) (ok, typed bool) {
	if s.Samples() == 0 {
		return false, false
	}
	n, step := len(basisPoints), int64(1)
	if s.counts != nil {
		step = s.weight
	}
	ranks := s.ranks(basisPoints)
	if typed = s.weight > 0; typed {
		for _, bp := range basisPoints {
			low := interpolated(s.Samples(), bp).rank
			ranks = append(ranks, low*step, min(low+1, s.Samples())*step)
		}
	}
	rising := slices.Clone(ranks)
	slices.Sort(rising)
	found := make([]int32, len(rising))
	s.pick(found, rising)
	value := func(i int) int64 {
		at, _ := slices.BinarySearch(rising, ranks[i])
		return int64(found[at])
	}
	for i, bp := range basisPoints {
		nearest[i] = int32(value(i))
		if typed {
			low, high := value(n+2*i), value(n+2*i+1)
			seven[i] = int32((low*10_000 + interpolated(s.Samples(), bp).rest*(high-low) + 5_000) / 10_000)
		}
	}
	return true, typed
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
		s.pickKept(out, ranks)
		return
	}
	sum, next := int64(0), 0
	for v := s.low; v < len(s.counts); v++ {
		sum += s.counts[v]
		for next < len(ranks) && sum >= ranks[next] {
			out[next] = int32(v)
			next++
		}
		if next == len(ranks) {
			return
		}
	}
}

// sortUpTo is the number of values up to which sorting them is faster than selecting a dozen ranks.
const sortUpTo = 512

// pickKept is pick of values that are kept as they are.
func (s *Summary) pickKept(out []int32, ranks []int64) {
	n := len(s.values)
	if s.sorted < n && n > sortUpTo {
		selectRanks(s.values, out, ranks)
		return
	}
	if s.sorted < n && !settled(s.values) {
		b := bins.Get().(*binned)
		b.sort(s.values)
		bins.Put(b)
	}
	s.sorted = n
	for i, rank := range ranks {
		out[i] = int32(s.values[rank-1])
	}
}

// settled sorts values that are nearly sorted, as those of a block are, and gives up on others.
func settled(values []uint16) bool {
	moves := 4 * len(values)
	for i := 1; i < len(values); i++ {
		v, at := values[i], i
		for at > 0 && values[at-1] > v {
			values[at] = values[at-1]
			at--
		}
		values[at] = v
		if moves -= i - at; moves < 0 {
			return false
		}
	}
	return true
}

// selectRanks sets out to the values at rising ranks from 1, by two passes: it counts the high ten bits, finds the bucket
// in which each rank falls, and counts the low six bits of those buckets only.
func selectRanks(values []uint16, out []int32, ranks []int64) {
	high := highBits(values)
	var table [1024]uint8 // index into low of a bucket that holds a rank; 0 of all others, which is counted for nobody and without a branch
	low := make([][64]uint32, 1, 1+len(ranks))
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
			table[bucket] = uint8(len(low) - 1)
		}
	}
	for _, v := range values {
		low[table[v>>6]][v&63]++
	}
	for i, bucket := range buckets {
		sum, counts := int64(0), &low[table[bucket]]
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
