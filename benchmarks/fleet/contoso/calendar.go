package contoso

import (
	"time"

	"sizeterm/benchmarks/fleet"
)

// The month: 31 days from Thursday 2026-10-01 00:00 UTC. No local midnight matters, a billing day is a UTC day.
const (
	days     = 31
	dayLen   = 24 * 60
	monthLen = days * dayLen
)

var monthStart = time.Date(2026, time.October, 1, 0, 0, 0, 0, time.UTC)

// span is a stretch of running time in minutes of the month, to exclusive.
type span struct{ from, to int }

// zone is the offset of local time in minutes at a minute of the month.
type zone func(minute int) int

// europe is UTC+2 until the clocks go back on Sunday 2026-10-25 at 01:00 UTC, then UTC+1.
func europe(minute int) int {
	if minute < 24*dayLen+60 {
		return 120
	}
	return 60
}

// singapore is UTC+8 all year.
func singapore(int) int { return 480 }

// hourOfWeek returns the hour of the week in local time, 0 to 167 from Monday 00:00.
func hourOfWeek(minute int, z zone) int {
	const thursday = 3 * 24
	local := minute + z(minute)
	return (thursday + local/60) % 168
}

// schedule gives the stretches in which a machine runs.
type schedule func(z zone, r *fleet.Rand) []span

// always runs all month.
func always(zone, *fleet.Rand) []span { return []span{{0, monthLen}} }

// during runs between two minutes of the month.
func during(from, to int) schedule {
	return func(zone, *fleet.Rand) []span { return []span{{from, to}} }
}

// at is a minute of the month by day (1 to 31), hour and minute in UTC.
func at(day, hour, minute int) int { return (day-1)*dayLen + hour*60 + minute }

// office runs on local weekdays from one hour to another: an automation starts it within a few minutes of the full hour, and
// stops it a little later than planned; now and then somebody works late.
func office(from, to int) schedule {
	return func(z zone, r *fleet.Rand) []span {
		var out []span
		for day := range days + 1 {
			start := day*dayLen + from*60
			start -= z(start)
			stop := day*dayLen + to*60
			stop -= z(stop)
			if w := hourOfWeek(start, z) / 24; w > 4 {
				continue
			}
			start, stop = start+r.Below(4), stop+r.Between(1, 9)
			if r.Below(12) == 0 {
				stop += r.Between(20, 150)
			}
			out = appendInside(out, start, stop)
		}
		return out
	}
}

// nights runs from 22:00 local time for some hours, as capacity allows: a Spot machine is evicted when it is needed
// elsewhere, and some nights it does not start at all.
func nights(z zone, r *fleet.Rand) []span {
	var out []span
	for day := range days + 1 {
		start := day*dayLen + 22*60
		start += r.Below(30) - z(start)
		if r.Below(6) == 0 {
			continue
		}
		length := 360
		if r.Below(4) == 0 {
			length = r.Between(15, 300) // evicted
		}
		out = appendInside(out, start, start+length)
	}
	return out
}

// weekdaysOf runs in the opening hours of a shop, 9 to 21 local, on the weekdays and Saturday of one week of the month (0 to 4).
func weekdaysOf(week int) schedule {
	return func(z zone, r *fleet.Rand) []span {
		var out []span
		for day := range days {
			start := day*dayLen + 9*60
			start -= z(start)
			if w := hourOfWeek(start, z) / 24; (day+3)/7 != week || w > 5 {
				continue
			}
			out = appendInside(out, start+r.Between(-40, 90), start+12*60-r.Between(-30, 120))
		}
		return out
	}
}

// appendInside adds the part of a stretch that lies inside the month.
func appendInside(out []span, from, to int) []span {
	from, to = max(from, 0), min(to, monthLen)
	if from >= to {
		return out
	}
	return append(out, span{from, to})
}

// minutes returns how long the stretches run between two minutes.
func minutes(spans []span, from, to int) int {
	n := 0
	for _, s := range spans {
		n += max(0, min(s.to, to)-max(s.from, from))
	}
	return n
}
