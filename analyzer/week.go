package analyzer

import "slices"

// week sums the CPU averages of a machine by hour of the week from Monday 00:00 UTC. Most samples of a machine are of one length,
// so that their number and the sum of their values say all, and these are small.
type week struct {
	unit   int64  // seconds: the length of every sample is a multiple of it; 0 where there are none
	counts planes // units that were measured
	sums   planes // of hundredths x units
}

// hourOf returns the hour of the week of an hour since 1970-01-01, a Thursday.
func hourOf(hour int64) int { return int((hour + 72) % 168) }

// fit makes the unit a divisor of so many seconds.
func (w *week) fit(seconds int64) {
	if w.unit == 0 {
		w.unit = seconds
	}
	if seconds%w.unit == 0 {
		return
	}
	unit := gcd(w.unit, seconds)
	w.counts, w.sums = w.counts.times(uint64(w.unit/unit)), w.sums.times(uint64(w.unit/unit))
	w.unit = unit
}

// add counts n samples of an hour of the week, each of so many seconds, and the sum of their values.
func (w *week) add(at int, sum, n, seconds int64) {
	units := uint64(1)
	if seconds != w.unit {
		w.fit(seconds)
		units = uint64(seconds / w.unit)
	}
	w.counts.add(at, uint64(n)*units)
	w.sums.add(at, uint64(sum)*units)
}

// merge adds what other holds.
func (w *week) merge(other *week) {
	if other.unit == 0 {
		return
	}
	if w.unit == 0 {
		*w = week{other.unit, slices.Clone(other.counts), slices.Clone(other.sums)}
		return
	}
	w.fit(other.unit)
	units := uint64(other.unit / w.unit)
	for h := range 168 {
		n := other.counts.at(h)
		if n == 0 {
			continue
		}
		w.counts.add(h, n*units)
		w.sums.add(h, other.sums.at(h)*units)
	}
}

// seconds returns what was measured of an hour of the week.
func (w *week) seconds(at int) int64 { return int64(w.counts.at(at)) * w.unit }

// sum returns hundredths x seconds of an hour of the week.
func (w *week) sum(at int) int64 { return int64(w.sums.at(at)) * w.unit }

func gcd(x, y int64) int64 {
	for y != 0 {
		x, y = y, x%y
	}
	return x
}

// planes are numbers of the 168 hours of a week, the lowest byte of each first, then the next of each where some number needs it.
type planes []uint8

func (p *planes) add(at int, v uint64) {
	for b := *p; v != 0; at += 168 {
		if at >= len(b) {
			b = append(make(planes, 0, len(b)+168), b...)[:len(b)+168]
			*p = b
		}
		v += uint64(b[at])
		b[at] = uint8(v)
		v >>= 8
	}
}

func (p planes) at(at int) (v uint64) {
	for shift := 0; at < len(p); at += 168 {
		v |= uint64(p[at]) << shift
		shift += 8
	}
	return v
}

func (p planes) times(factor uint64) (out planes) {
	for h := range 168 {
		out.add(h, p.at(h)*factor)
	}
	return out
}
