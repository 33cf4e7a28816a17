package analyzer

import (
	"math"
	"math/bits"

	"sizeterm/analyzer/quantile"
)

// levels is the number of capacities at which overload is bounded, and levelStep their distance in hundredths of a point
// of the machine: 2.5 % to 100 %. Halves, quarters and eighths of a machine are among them.
const (
	levels    = 40
	levelStep = 250
)

// Overload bounds the time in which a machine used more CPU than a smaller one would have, from the lowest, average and
// highest value of each measured interval (algorithms 3.2). The bounds are of what was measured, and say nothing about
// the future.
type Overload struct {
	Seconds     int64 // measured
	AverageOnly bool  // no interval maxima: the upper bound is all that averages allow, and seldom useful
	above       []bound
}

// bound is the least and the most milliseconds above a level; those of levels that were never reached are not kept.
type bound struct{ lo, hi int64 }

// reach makes room for the lowest n levels.
func (o *Overload) reach(n int) {
	if n > len(o.above) {
		above := make([]bound, n)
		copy(above, o.above)
		o.above = above
	}
}

// of returns the bounds of a level.
func (o *Overload) of(level int) bound {
	if level < len(o.above) {
		return o.above[level]
	}
	return bound{}
}

// trim forgets levels that were not reached for any time.
func (o *Overload) trim() {
	for n := len(o.above); n > 0 && o.above[n-1] == (bound{}); n-- {
		o.above = o.above[:n-1]
	}
}

// At returns the least and the most milliseconds of Seconds in which the use was above a threshold of the machine. A
// threshold between two of the kept levels (multiples of 2.5 %) gets the bounds that hold for both: it is above no less
// often than the next higher level, and no more often than the next lower one.
func (o *Overload) At(threshold Percent) (lo, hi int64) {
	below, above := int(threshold)/levelStep-1, (int(threshold)+levelStep-1)/levelStep-1
	hi = o.Seconds * 1000
	if below >= 0 {
		hi = o.of(min(below, levels-1)).hi
	}
	if above < levels {
		lo = o.of(max(above, 0)).lo
	}
	return lo, hi
}

// add bounds the part f of an interval that was above each level t: 0 where the highest is at most t, 1 where the lowest
// is above it, and otherwise (avg-t)/(max-t) <= f <= (avg-min)/(t-min). lo is rounded down and hi up, so that the sums
// stay bounds. A missing lowest is 0. It needs low <= avg <= high.
func (o *Overload) add(low, avg, high int32, seconds int64) {
	ms := seconds * 1000
	whole, some := o.partly(uint64(ms), low, avg, high)
	for i := range some {
		if i < whole {
			o.above[i].lo += ms
		}
		o.above[i].hi += ms
	}
	o.Seconds += seconds
}

// partly adds what an interval was above of levels for a part of it, and returns of how many of the lowest levels it was
// above for all of it, and of how many it may have been.
func (o *Overload) partly(ms uint64, low, avg, high int32) (whole, some int32) {
	end := min(levels, max(0, high-1)/levelStep)
	whole = min(levels, max(0, low-1)/levelStep)
	some = max(whole, min(avg/levelStep, end))
	o.reach(int(end))
	for i := whole; i < some; i++ {
		level := (i + 1) * levelStep
		o.above[i].lo += int64(quotient(ms*uint64(avg-level), uint32(high-level)))
	}
	for i := some; i < end; i++ {
		level := uint32(i+1) * levelStep
		o.above[i].hi += int64(quotient(ms*uint64(avg-low)+uint64(level)-uint64(low)-1, level-uint32(low)))
	}
	return whole, some
}

// tally counts intervals of one length that were above a level for all of it, until they are added up for each level.
type tally struct {
	ms     uint64
	n      int64
	lo, hi [levels + 1]uint32 // by the number of levels that they were above
}

// add counts an interval, and adds what it was above of other levels to o.
func (t *tally) add(o *Overload, low, avg, high int32) {
	t.n++
	whole, some := o.partly(t.ms, low, avg, high)
	t.lo[whole]++
	t.hi[some]++
}

// into adds up the intervals.
func (t *tally) into(o *Overload) {
	o.Seconds += t.n * int64(t.ms) / 1000
	lo, hi := int64(0), int64(0)
	for i := len(o.above) - 1; i >= 0; i-- { // none is above a level that was not reached
		lo += int64(t.lo[i+1])
		hi += int64(t.hi[i+1])
		o.above[i].lo += lo * int64(t.ms)
		o.above[i].hi += hi * int64(t.ms)
	}
}

// inverses are 2^64/d of the differences of percentages; multiplying by one takes a quarter of the time of dividing.
var inverses = func() (out [10_241]uint64) {
	for d := range out[1:] {
		out[d+1] = math.MaxUint64 / uint64(d+1)
	}
	return out
}()

// quotient returns x/d for d > 0.
func quotient(x uint64, d uint32) uint64 {
	if d >= uint32(len(inverses)) {
		return x / uint64(d)
	}
	q, _ := bits.Mul64(x, inverses[d]) // at most one too low
	if x-q*uint64(d) >= uint64(d) {
		q++
	}
	return q
}

// addMax bounds an interval of which only the highest value is known.
func (o *Overload) addMax(high int32, seconds int64) {
	o.Seconds += seconds
	n := min(levels, int(max(0, high-1)/levelStep))
	o.reach(n)
	for i := range n {
		o.above[i].hi += seconds * 1000
	}
}

// plus adds other.
func (o *Overload) plus(other *Overload) {
	o.Seconds += other.Seconds
	o.reach(len(other.above))
	for i, b := range other.above {
		o.above[i].lo += b.lo
		o.above[i].hi += b.hi
	}
}

// ofAverages bounds overload from averages alone. The highest of an interval is at most the whole machine, unless the
// average is more, and the lowest at least nothing: add with 0 and 100 %, summed up before each level divides once.
func ofAverages(s *quantile.Summary) *Overload {
	o := &Overload{AverageOnly: true, Seconds: s.Seconds(), above: make([]bound, levels)}
	var seconds, value [levels + 1]int64 // of averages up to 100 %, by how many levels lie below
	full := int64(0)                     // seconds of averages above 100 %
	s.Parts(func(v int32, n int64) {
		if v > levels*levelStep {
			full += n
			return
		}
		below := max(0, v-1) / levelStep
		seconds[below] += n
		value[below] += n * int64(v)
	})
	belowValue, aboveValue, aboveSeconds := int64(0), int64(0), int64(0)
	for i := range seconds {
		aboveValue += value[i]
		aboveSeconds += seconds[i]
	}
	for i := range levels {
		t := int64(i+1) * levelStep
		belowValue += value[i]
		aboveValue -= value[i]
		aboveSeconds -= seconds[i]
		o.above[i].lo, o.above[i].hi = 1000*full, 1000*(full+aboveSeconds)+(1000*belowValue+t-1)/t
		if aboveSeconds > 0 {
			o.above[i].lo += 1000 * (aboveValue - t*aboveSeconds) / (levels*levelStep - t)
		}
	}
	return o
}

// overloadOf returns the bounds of a machine, nil where nothing was measured or several sizes were.
func overloadOf(e *entry, machines []*machine, averages *quantile.Summary) *Overload {
	var out *Overload
	for _, m := range machines {
		if m.overload != nil && !e.split {
			if out == nil {
				out = &Overload{}
			}
			out.plus(m.overload)
		}
	}
	if out == nil && !e.split && averages.Samples() > 0 {
		out = ofAverages(averages)
	}
	if out != nil {
		out.trim()
	}
	return out
}
