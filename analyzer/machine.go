package analyzer

import (
	"cmp"
	"math/bits"
	"slices"
	"sort"

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
	order    []uint16 // indexes of segments, sorted; nil where they are in order
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

// segment is a day and the length of its samples: twice their seconds, and one more where they are extra, that is where their values
// were counted as samples in another segment: they are a part of an odd length.
type segment struct {
	day    int32
	length uint32
}

func segmentOf(day, seconds int32, extra bool) segment {
	s := segment{day, 2 * uint32(seconds)}
	if extra {
		s.length++
	}
	return s
}

func (s segment) seconds() int64 { return int64(s.length / 2) }
func (s segment) extra() bool    { return s.length%2 != 0 }

func (s segment) compare(o segment) int {
	return cmp.Or(cmp.Compare(s.day, o.day), cmp.Compare(s.length, o.length))
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
	n := len(m.segments)
	at, found := n, false
	if n > 0 && s.compare(m.segments[m.ranked(n-1)]) <= 0 {
		at, found = sort.Find(n, func(rank int) int { return s.compare(m.segments[m.ranked(rank)]) })
	}
	if !found {
		if m.order == nil && at < n {
			m.order = make([]uint16, n, n+1)
			for i := range m.order {
				m.order[i] = uint16(i)
			}
		}
		if m.order != nil {
			m.order = slices.Insert(m.order, at, uint16(n))
		}
		m.segments = append(m.segments, s)
	}
	m.hint = m.ranked(at)
	return uint16(m.hint)
}

// ranked returns the index of a segment by its place in their order.
func (m *machine) ranked(rank int) int {
	if m.order == nil {
		return rank
	}
	return int(m.order[rank])
}

func (m *machine) track(which measure) *quantile.Track {
	if m.tracks[which] == nil {
		m.tracks[which] = &quantile.Track{}
	}
	return m.tracks[which]
}

func (m *machine) weekly() *week {
	if m.week == nil {
		m.week = &week{}
	}
	return m.week
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
		m.weekly().merge(w)
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
