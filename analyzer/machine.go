package analyzer

import (
	"cmp"
	"math/bits"
	"slices"

	"sizeterm/analyzer/quantile"
)

// measure is one of the quantities of which a machine's values are kept.
type measure uint8

const (
	cpuAvg        measure = iota // hundredths of a percent
	cpuMax                       // hundredths of a percent
	memoryUsed                   // hundredths of a percent
	memoryFree                   // units of freeUnit bytes, coded
	networkOut                   // kilobits per second, coded
	diskBandwidth                // kilobytes per second read and written, coded
	diskOps                      // operations per second, coded
	measures
)

// freeUnit is the unit of free memory before it is coded: 64 KiB, a hundredth of a point of 640 MiB.
const freeUnit = 64 << 10

// code is a 2-byte form of a large number that keeps its order and 12 to 13 bits of it: numbers below 4096 are exact, and
// others are rounded half up to a multiple of a power of two, at most 1/8192 away. A quantile of coded numbers is the
// coded quantile. The highest is 8191 << 14.
func code(v int64) uint16 {
	if v < 4096 {
		return uint16(max(0, v))
	}
	drop := bits.Len64(uint64(v)) - 13
	if drop > 0 {
		if v = (v + int64(1)<<(drop-1)) >> drop; v == 8192 {
			v, drop = 4096, drop+1
		}
	}
	drop = max(drop, 0)
	if drop > 14 {
		return quantile.Limit
	}
	return uint16(4096*drop + int(v))
}

// decode returns the number that c stands for.
func decode(c uint16) int64 {
	if c < 4096 {
		return int64(c)
	}
	return int64(c%4096+4096) << (c/4096 - 1)
}

// sampleKey names what samples are of, in the words of their file.
type sampleKey struct{ resource, vm, size, region uint32 }

func (k sampleKey) moved(move []uint32) sampleKey {
	return sampleKey{move[k.resource], move[k.vm], move[k.size], move[k.region]}
}

// machine holds the samples of one thing.
type machine struct {
	segments []segment
	order    []uint16 // indexes of segments, sorted
	hint     int      // index of the segment used last
	tracks   [measures]*quantile.Track
	top      [measures]int32 // exact highest value of percentages
	days     calendar
	hours    loads
	week     *week
	overload *Overload
	staged   []staged // rows that are in none of the above yet
	key      sampleKey
	lane     uint32 // where its samples wait; 0 none
}

// segment is a day and the seconds of its samples. The values of segments that are extra were counted as samples in
// another one: they are a part of an odd length.
type segment struct {
	day     int32
	seconds int32
	extra   bool
}

func (s segment) compare(o segment) int {
	switch {
	case s.day != o.day || s.seconds != o.seconds:
		return cmp.Or(cmp.Compare(s.day, o.day), cmp.Compare(s.seconds, o.seconds))
	case s.extra == o.extra:
		return 0
	case o.extra:
		return -1
	}
	return 1
}

// week sums the CPU averages by hour of the week from Monday 00:00 UTC; add takes hours since 1970.
type week struct {
	low     [168]uint32  // of hundredths x seconds
	high    *[168]uint32 // what low does not hold; nil nothing
	seconds [168]uint32
}

func (w *week) add(hour uint64, sum, seconds int64) {
	w.plus(int((hour+72)%168), sum, seconds) // 1970-01-01 was a Thursday
}

// plus adds to an hour of the week.
func (w *week) plus(at int, sum, seconds int64) {
	w.seconds[at] += uint32(seconds)
	total := uint64(w.low[at]) + uint64(sum)
	w.low[at] = uint32(total)
	if total>>32 != 0 {
		if w.high == nil {
			w.high = &[168]uint32{}
		}
		w.high[at] += uint32(total >> 32)
	}
}

// sum returns hundredths x seconds of an hour of the week.
func (w *week) sum(at int) int64 {
	sum := int64(w.low[at])
	if w.high != nil {
		sum |= int64(w.high[at]) << 32
	}
	return sum
}

func (a *Accumulator) machine(key sampleKey) *machine {
	m := a.machines[key]
	if m == nil {
		m = &machine{key: key}
		a.machines[key] = m
	}
	return m
}

// segment returns the index of s, making it where it is new.
func (m *machine) segment(s segment) uint16 {
	if m.hint < len(m.segments) && m.segments[m.hint] == s {
		return uint16(m.hint)
	}
	at, found := slices.BinarySearchFunc(m.order, s, func(i uint16, s segment) int { return m.segments[i].compare(s) })
	if !found {
		m.order = slices.Insert(m.order, at, uint16(len(m.segments)))
		m.segments = append(m.segments, s)
	}
	m.hint = int(m.order[at])
	return m.order[at]
}

func (m *machine) track(which measure) *quantile.Track {
	if m.tracks[which] == nil {
		m.tracks[which] = &quantile.Track{}
	}
	return m.tracks[which]
}

func (m *machine) bounds() *Overload {
	if m.overload == nil {
		m.overload = &Overload{}
	}
	return m.overload
}

// merge adds what other holds.
func (m *machine) merge(other *machine) {
	segments := make([]uint16, len(other.segments))
	for i, s := range other.segments {
		segments[i] = m.segment(s)
	}
	for which, track := range other.tracks {
		if track != nil {
			m.track(measure(which)).Merge(track, segments)
		}
		m.top[which] = max(m.top[which], other.top[which])
	}
	m.days.merge(&other.days)
	other.hours.each(func(d *loadedDay) { m.hours.on(d.day).plus(&d.hours) })
	if w := other.week; w != nil {
		if m.week == nil {
			m.week = &week{}
		}
		for h := range w.low {
			m.week.plus(h, w.sum(h), int64(w.seconds[h]))
		}
	}
	if other.overload != nil {
		m.bounds().plus(other.overload)
	}
}

// trim gives back the memory that gathering needs. What is packed goes to shelves, of which hours may outlive the machine.
func (m *machine) trim(values, hours *quantile.Shelf) {
	for _, track := range m.tracks {
		if track != nil {
			track.Trim(values)
		}
	}
	m.hours.tidy(hours)
	m.segments, m.order = trimmed(m.segments), trimmed(m.order)
	m.days.parts, m.days.whole = trimmed(m.days.parts), trimmed(m.days.whole)
}

// trimmed returns s in memory of its own size where it has more.
func trimmed[T any](s []T) []T {
	if cap(s) <= len(s)+len(s)/16 {
		return s
	}
	return append(make([]T, 0, len(s)), s...)
}
