package analyzer

import (
	"cmp"
	"math/bits"
	"slices"

	"sizeterm/analyzer/demand"
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
	days     []dayMarks      // sorted by day
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

// dayMarks says when a machine was measured on a day, and how busy it was in each of its hours.
type dayMarks struct {
	day   int32
	marks demand.Day
	hours hoursOfDay
}

// week sums the CPU averages by hour of the week from Monday 00:00 UTC; add takes hours since 1970.
type week struct {
	sum     [168]int64 // hundredths x seconds
	seconds [168]uint32
}

func (w *week) add(hour uint64, sum, seconds int64) {
	at := (hour + 72) % 168 // 1970-01-01 was a Thursday
	w.sum[at] += sum
	w.seconds[at] += uint32(seconds)
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

// marks returns what is known of a day.
func (m *machine) marks(day int32) *dayMarks {
	n := len(m.days)
	if n > 0 && m.days[n-1].day == day {
		return &m.days[n-1]
	}
	at, found := slices.BinarySearchFunc(m.days, day, func(d dayMarks, day int32) int { return cmp.Compare(d.day, day) })
	if !found {
		m.days = slices.Insert(m.days, at, dayMarks{day: day})
	}
	return &m.days[at]
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
	for i := range other.days {
		d := m.marks(other.days[i].day)
		d.marks.Merge(&other.days[i].marks)
		d.hours.plus(&other.days[i].hours)
	}
	if w := other.week; w != nil {
		if m.week == nil {
			m.week = &week{}
		}
		for h := range w.sum {
			m.week.sum[h] += w.sum[h]
			m.week.seconds[h] += w.seconds[h]
		}
	}
	if other.overload != nil {
		m.bounds().plus(other.overload)
	}
}

// trim gives back the memory that gathering needs.
func (m *machine) trim() {
	for _, track := range m.tracks {
		if track != nil {
			track.Trim()
		}
	}
	m.segments, m.order, m.days = slices.Clip(m.segments), slices.Clip(m.order), slices.Clip(m.days)
}
