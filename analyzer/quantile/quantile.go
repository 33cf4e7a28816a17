// Package quantile keeps exact, mergeable distributions of whole numbers between 0 and 65535, such as percentages in
// hundredths of a point, each observed for a number of seconds.
//
// A quantile is the nearest rank (Hyndman-Fan type 1): the smallest value such that at least the asked share of all
// seconds was at it or below. Shares are basis points and ranks are integers in 128 bits, because a rank computed in
// floating point is sometimes one too high (rank 8 instead of 7 for 28 % of 25 values). Sums are integers, so every
// result is the same for any order of values and any tree of merges.
//
// Few values are kept as they are, two bytes each, and selected by radix; many are kept as a vector of seconds by value.
// A value above Limit is counted at Limit, and the exact maximum is remembered. Sketches (t-digest, DDSketch) would bound
// the memory of unbounded domains, at the price of errors or of answers that depend on the order of merges; this domain is
// bounded, so they have nothing to offer.
package quantile

import (
	"fmt"
	"math/bits"
)

// Limit is the highest value told apart: 655.35 % in hundredths of a point.
const Limit = 1<<16 - 1

// few is the number of values up to which they are kept as they are. A vector of the seconds of CPU percentages needs
// 80 KB; below this number the values themselves need less than a fifth of that, and adding one writes to one cache line.
//
//	few       bytes a group   ns a value, 2 000 groups of 5 000 values added in turn and queried
//	    0          80 000     (the vectors leave the cache)
//	8 192          16 384     measured by BenchmarkGroups
const few = 8192

// Summary is a distribution of values, each with the seconds that it was observed for. The zero value is empty and ready.
// It is not safe for use by several goroutines at once.
type Summary struct {
	values  []uint16 // while few and all of one weight
	sorted  int      // so many of them, from the first on, are sorted
	weight  int64    // seconds of every value so far, 0 when empty, -1 when they differ
	counts  []int64  // seconds by value, once many; nil before
	low     int      // no value in counts is lower
	spare   []int64  // memory for counts, all 0
	samples int64    // in counts
	seconds int64    // in counts
	max     int32    // in counts, and of values above Limit
}

// Add counts a value observed for the given seconds. It panics when the value is negative or seconds is not positive.
func (s *Summary) Add(value int32, seconds int64) {
	if n := len(s.values); seconds == s.weight && uint32(value) <= Limit && n > 0 && n < cap(s.values) { // there are some, and room for few
		s.values = append(s.values, uint16(value))
		return
	}
	s.add(value, seconds)
}

func (s *Summary) add(value int32, seconds int64) {
	if value < 0 || seconds <= 0 {
		panic(fmt.Sprintf("quantile: value %d for %d seconds", value, seconds))
	}
	s.max = max(s.max, value)
	v := uint16(min(value, Limit))
	if s.weigh(seconds, 1) {
		s.values = append(s.roomy(1), v)
		return
	}
	s.at(v, v)
	s.counts[v] += seconds
	s.samples++
	s.seconds += seconds
}

// AddValues counts values that were each observed for the given seconds. It panics when seconds is not positive.
func (s *Summary) AddValues(values []uint16, seconds int64) {
	if len(values) == 0 {
		return
	}
	if seconds <= 0 {
		panic(fmt.Sprintf("quantile: values for %d seconds", seconds))
	}
	if s.weigh(seconds, len(values)) {
		s.values = append(s.roomy(len(values)), values...)
		return
	}
	s.count(values, seconds)
	s.samples += int64(len(values))
	s.seconds += seconds * int64(len(values))
}

// count counts values in the vector, which ends at the highest one so far and is empty below low.
func (s *Summary) count(values []uint16, seconds int64) {
	low := min(s.low, len(s.counts))
	counts := s.counts[low:]
	for i, v := range values {
		if at := int(v) - low; uint(at) < uint(len(counts)) {
			counts[at] += seconds
			continue
		}
		s.at(v, v)
		s.count(values[i:], seconds)
		return
	}
	s.max = max(s.max, int32(len(s.counts)-1))
}

// roomy returns the kept values with room for n more, doubling it: append adds a quarter, and copies them three times as often.
func (s *Summary) roomy(n int) []uint16 {
	have := len(s.values)
	if have+n <= cap(s.values) {
		return s.values
	}
	return append(make([]uint16, 0, min(few, max(have+n, 2*have, 16))), s.values...)
}

// weigh notes the weight of n values to come, and reports whether they are to be kept as they are. If not, they go to the
// vector.
func (s *Summary) weigh(seconds int64, n int) bool {
	if s.weight == 0 {
		s.weight = seconds
	}
	if s.weight == seconds && s.counts == nil && len(s.values)+n <= few {
		return true
	}
	s.spread()
	if s.weight != seconds {
		s.weight = -1
	}
	return false
}

// AddExtra adds seconds to values that are already counted as samples: a sample whose length was split into several
// parts is one AddValues and then AddExtra. The weights count as differing from then on.
func (s *Summary) AddExtra(values []uint16, seconds int64) {
	s.spread()
	samples := s.samples
	s.AddValues(values, seconds)
	s.samples = samples
	if len(values) > 0 {
		s.weight = -1
	}
}

// Raise says that the true maximum was at least value: for values that were counted at Limit.
func (s *Summary) Raise(value int32) {
	if s.Samples() > 0 {
		s.max = max(s.max, value)
	}
}

// Merge adds the distribution of other, which stays as it was.
func (s *Summary) Merge(other *Summary) {
	if other.Samples() == 0 {
		return
	}
	if other.counts == nil {
		s.AddValues(other.values, other.weight)
		s.max = max(s.max, other.max)
		return
	}
	s.spread()
	top := int(other.top())
	s.at(uint16(min(other.low, top)), uint16(top))
	counts := s.counts[other.low : top+1]
	for v, seconds := range other.counts[other.low : top+1] {
		counts[v] += seconds
	}
	s.seconds += other.seconds
	s.samples += other.samples
	s.max = max(s.max, other.max)
	switch {
	case s.weight == 0:
		s.weight = other.weight
	case s.weight != other.weight:
		s.weight = -1
	}
}

// Reset empties s and keeps its memory.
func (s *Summary) Reset() {
	counts := s.counts
	if counts == nil {
		counts = s.spare
	}
	clear(counts[min(s.low, len(counts)):])
	*s = Summary{values: s.values[:0], spare: counts[:0]}
}

// Expect says that about n values are to come. Many are counted from the start, where they would be kept up to a number
// that is right for thousands of summaries at once: for one whose vector stays in the cache.
func (s *Summary) Expect(n int) {
	if n > 1024 {
		s.spread()
	}
}

// Samples returns the number of values added.
func (s *Summary) Samples() int64 { return s.samples + int64(len(s.values)) }

// Seconds returns the sum of their seconds.
func (s *Summary) Seconds() int64 { return s.seconds + int64(len(s.values))*max(0, s.weight) }

// Max returns the highest value added, above Limit too; 0 when empty.
func (s *Summary) Max() int32 {
	top := s.max
	if n := len(s.values); n > 0 && s.sorted == n {
		return max(top, int32(s.values[n-1]))
	}
	for _, v := range s.values {
		top = max(top, int32(v))
	}
	return top
}

// Mean returns the mean over the seconds, rounded half up, values above Limit counting as Limit; 0 when empty.
func (s *Summary) Mean() int32 {
	if s.Samples() == 0 {
		return 0
	}
	if s.counts == nil {
		sum := int64(0)
		for _, v := range s.values {
			sum += int64(v)
		}
		n := int64(len(s.values))
		return int32((2*sum + n) / (2 * n))
	}
	if s.seconds < 1<<46 { // below 2^62 with any value
		sum := int64(0)
		for v, seconds := range s.counts[s.low:] {
			sum += int64(s.low+v) * seconds
		}
		return int32((sum + s.seconds/2) / s.seconds)
	}
	var hi, lo uint64
	for v, seconds := range s.counts {
		h, l := bits.Mul64(uint64(v), uint64(seconds))
		var carry uint64
		lo, carry = bits.Add64(lo, l, 0)
		hi += h + carry
	}
	lo, carry := bits.Add64(lo, uint64(s.seconds)/2, 0)
	mean, _ := bits.Div64(hi+carry, lo, uint64(s.seconds))
	return int32(mean)
}

// From returns the seconds of the values that are at least value.
func (s *Summary) From(value int32) int64 {
	if value > Limit {
		value = Limit
	}
	sum := int64(0)
	for _, v := range s.values {
		if int32(v) >= value {
			sum += s.weight
		}
	}
	for v := max(s.low, int(value)); v < len(s.counts); v++ {
		sum += s.counts[v]
	}
	return sum
}

// Each calls yield for every value that has seconds, in rising order.
func (s *Summary) Each(yield func(value int32, seconds int64)) {
	if s.counts == nil && len(s.values) > 0 {
		var wide Summary
		wide.Merge(s)
		wide.spread()
		s = &wide
	}
	s.eachCount(yield)
}

// eachCount calls yield for the values in the vector.
func (s *Summary) eachCount(yield func(value int32, seconds int64)) {
	for v := s.low; v < len(s.counts); v++ {
		if seconds := s.counts[v]; seconds != 0 {
			yield(int32(v), seconds)
		}
	}
}

// Parts calls yield with values and their seconds in no particular order, a value once or more often: Each without sorting.
func (s *Summary) Parts(yield func(value int32, seconds int64)) {
	for _, v := range s.values {
		yield(int32(v), s.weight)
	}
	s.eachCount(yield)
}

// spread moves the kept values into the vector of seconds, and makes it where there is none.
func (s *Summary) spread() {
	if s.counts == nil {
		if s.counts, s.spare, s.low = s.spare, nil, Limit; s.counts == nil {
			s.counts = make([]int64, 0, 1024)
		}
	}
	if len(s.values) == 0 {
		return
	}
	s.samples, s.seconds, s.max = s.Samples(), s.Seconds(), s.Max()
	low := uint16(Limit)
	for _, v := range s.values {
		low = min(low, v)
	}
	s.at(low, uint16(min(s.max, Limit)))
	for _, v := range s.values {
		s.counts[v] += s.weight
	}
	s.values, s.sorted = s.values[:0], 0
}

// at makes room for values from low to high in the vector, doubling it so that rising values do not copy it again and again.
func (s *Summary) at(low, high uint16) {
	s.low = min(s.low, int(low))
	need := int(high) + 1
	if need <= len(s.counts) {
		return
	}
	if need > cap(s.counts) {
		size := min(Limit+1, max(need, 2*cap(s.counts)))
		if need <= 10_001 && size > 10_001 { // percentages end at 100.00: no room for twice that
			size = 10_001
		}
		grown := make([]int64, len(s.counts), size)
		copy(grown, s.counts)
		s.counts = grown
	}
	s.counts = s.counts[:need]
}

// top returns the highest value in the vector, 0 when it is empty.
func (s *Summary) top() int32 {
	for v := len(s.counts) - 1; v > 0; v-- {
		if s.counts[v] != 0 {
			return int32(v)
		}
	}
	return 0
}
