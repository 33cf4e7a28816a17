package analyzer

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"time"

	"sizeterm/analyzer/demand"
)

// Rhythm says when a machine runs and how its load moves: what a schedule, and the doubt about a level, rest on. Times are
// UTC. A share that cannot be told is -1.
type Rhythm struct {
	// Running is the share of the window's hours, from the first day on which the machine was billed and without days
	// that no file covers, that it was billed; Weekdays and Weekend the same of Monday to Friday, and of Saturday and
	// Sunday. Several instances exceed 100 %.
	Running, Weekdays, Weekend Percent
	// LongestGap is the longest time off between two times on. Where the hours of a day are not known, the whole day
	// counts as on: it is a lower bound.
	LongestGap time.Duration
	// Pattern is "always" (99 % of the hours), "office_hours" (off on weekends and from 20:00 to 06:00), "weekdays" (off
	// on weekends), "part_of_day" (on every day, at most 20 hours) or "irregular"; "" where it is not billed.
	Pattern string
	// First and Second are the mean CPU averages of the two halves of the days with samples, and Step the second less the
	// first, in hundredths of a point. Trend is the slope of the line through the daily means, per week.
	First, Second Percent
	Step, Trend   Percent
	// Day, Night and Free are the mean CPU averages from 06:00 to 20:00 on weekdays, the rest of weekdays, and weekends.
	Day, Night, Free Percent
}

// The limits of patterns, in hundredths of a percent of the hours, and of drift.
const (
	alwaysOn   = 9900
	nearlyOff  = 500
	partOfADay = 8334 // 20 of 24 hours
	// driftPoints is the step between halves beyond which the past is a doubtful guide: 5 points, and a quarter of the
	// larger half. A level that moves more than the distance between two percentiles makes either meaningless.
	driftPoints = 500
)

// office reports whether an hour of the day is between 06:00 and 20:00.
func office(hour int) bool { return hour >= 6 && hour < 20 }

// clock gathers when a machine was billed.
type clock struct {
	week [168]int64 // micro-hours by hour of the week, partial days spread evenly
	on   []uint64   // hours of the window, a bit each; all hours of days that are not known
}

// newClock returns an empty clock of so many days, in the memory of on where that is enough.
func newClock(on []uint64, days int) clock {
	on = resized(on, (24*days+63)/64)
	clear(on)
	return clock{on: on}
}

// day marks the hours of a day of the window.
func (c *clock) day(at int, weekHour int, hours *[24]int64, known bool) {
	for h, micro := range hours {
		c.week[(weekHour+h)%168] += micro
		if micro > 0 || !known {
			hour := 24*at + h
			c.on[hour/64] |= 1 << (hour % 64)
		}
	}
}

// hourOfWeek returns the hour of the week, from Monday 00:00, at which a day starts.
func hourOfWeek(day int32) int { return (int(day) + 3) % 7 * 24 }

// rhythm describes when an entry is billed whose days are on the clock.
func (r *run) rhythm(e *entry) {
	out := &e.vm.Rhythm
	covered := r.coveredHours(e)
	used, all := [3]int64{}, [3]int64{} // office hours, other hours of weekdays, weekends
	for h := range covered {
		part := dayPart(h)
		used[part] += r.clock.week[h]
		all[part] += covered[h] * demand.Full
	}
	out.Running = percentOf(used[0]+used[1]+used[2], all[0]+all[1]+all[2])
	out.Weekdays, out.Weekend = percentOf(used[0]+used[1], all[0]+all[1]), percentOf(used[2], all[2])
	out.LongestGap = r.clock.longestGap(r.byID[e.customer].gap.hours)
	exact := e.known.Hours == e.known.Metered
	switch night := percentOf(used[1], all[1]); {
	case e.known.Hours == 0:
	case out.Running >= alwaysOn:
		out.Pattern = "always"
	case exact && all[2] > 0 && out.Weekend <= nearlyOff && night <= nearlyOff:
		out.Pattern = "office_hours"
	case all[2] > 0 && out.Weekend <= nearlyOff:
		out.Pattern = "weekdays"
	case out.Running <= partOfADay && out.LongestGap <= 24*time.Hour && out.Weekend > nearlyOff:
		out.Pattern = "part_of_day"
	default:
		out.Pattern = "irregular"
	}
}

// dayPart returns 0 for office hours, 1 for the rest of weekdays and 2 for weekends.
func dayPart(hourOfWeek int) int {
	switch {
	case hourOfWeek >= 5*24:
		return 2
	case office(hourOfWeek % 24):
		return 0
	}
	return 1
}

// percentOf returns part/whole in hundredths of a percent, -1 where the whole is nothing.
func percentOf(part, whole int64) Percent {
	if whole <= 0 {
		return -1
	}
	return Percent(min(1<<31-1, max(0, part*10_000+whole/2)/whole))
}

// coveredHours counts the covered hours of the window since the machine was first billed, by hour of the week.
func (r *run) coveredHours(e *entry) *[168]int64 {
	gap, from := &r.byID[e.customer].gap, r.days+1
	if len(e.days) > 0 {
		from = max(0, e.days[0].day-r.first) + 1
	}
	if gap.covered == nil || gap.from != from {
		gap.from, gap.covered = from, &[168]int64{}
		for d := from - 1; d < r.days; d++ {
			if _, missing := slices.BinarySearch(gap.days, int(d)); !missing {
				for h := range 24 {
					gap.covered[hourOfWeek(r.first+d)+h]++
				}
			}
		}
	}
	return gap.covered
}

// longestGap returns the longest run of hours off between two hours on; hours that no file covers, a bit each, count as on.
func (c *clock) longestGap(gaps []uint64) time.Duration {
	longest, last := 0, -1
	for i, on := range c.on {
		if last < 0 {
			known := on &^ gaps[i]
			if known == 0 {
				continue
			}
			first := bits.TrailingZeros64(known)
			on = (on | gaps[i]) >> first << first
			last = 64*i + first - 1
		}
		for on |= gaps[i] &^ before(last+1-64*i); on != 0; {
			at := bits.TrailingZeros64(on)
			n := bits.TrailingZeros64(^(on >> at))
			longest, last = max(longest, 64*i+at-last-1), 64*i+at+n-1
			on &^= before(at + n)
		}
	}
	return time.Duration(longest) * time.Hour
}

// before returns the bits below n, at most 64 of them.
func before(n int) uint64 {
	if n <= 0 {
		return 0
	}
	return ^uint64(0) >> (64 - min(n, 64))
}

// dailySum is the CPU average of a day: hundredths x seconds, and seconds.
type dailySum struct {
	day          int32
	sum, seconds int64
}

// joinDays sorts sums by day and adds up those of one day.
func joinDays(out []dailySum) []dailySum {
	slices.SortFunc(out, func(x, y dailySum) int { return cmp.Compare(x.day, y.day) })
	merged := out[:0]
	for _, d := range out {
		if n := len(merged); n > 0 && merged[n-1].day == d.day {
			merged[n-1].sum += d.sum
			merged[n-1].seconds += d.seconds
			continue
		}
		merged = append(merged, d)
	}
	return merged
}

// meanOf returns the mean of days, -1 where there are none.
func meanOf(days []dailySum) Percent {
	sum, seconds := int64(0), int64(0)
	for _, d := range days {
		sum += d.sum
		seconds += d.seconds
	}
	if seconds == 0 {
		return -1
	}
	return Percent((sum + seconds/2) / seconds)
}

// load describes how the CPU average moves.
func (out *Rhythm) load(days []dailySum, week *[168]Percent) {
	half := (len(days) + 1) / 2
	out.First, out.Second = meanOf(days[:len(days)-half]), meanOf(days[len(days)-half:])
	if out.First >= 0 && out.Second >= 0 {
		out.Step, out.Trend = out.Second-out.First, slope(days)
	}
	sum, n := [3]int64{}, [3]int64{}
	for h, v := range week {
		if v >= 0 {
			sum[dayPart(h)] += int64(v)
			n[dayPart(h)]++
		}
	}
	for part, to := range []*Percent{&out.Day, &out.Night, &out.Free} {
		*to = -1
		if n[part] > 0 {
			*to = Percent((sum[part] + n[part]/2) / n[part])
		}
	}
}

// slope returns the slope of the least-squares line through the daily means, per week, towards zero.
func slope(days []dailySum) Percent {
	var n, sx, sy, sxx, sxy int64
	for _, d := range days {
		x, y := int64(d.day-days[0].day), (d.sum+d.seconds/2)/d.seconds
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	if below := n*sxx - sx*sx; below > 0 {
		return Percent(7 * (n*sxy - sx*sy) / below)
	}
	return 0
}

// drifts reports whether the level moved so much that a percentile of the whole says little.
func (out *Rhythm) drifts() bool {
	step := max(out.Step, -out.Step)
	return step > driftPoints && 4*step > max(out.First, out.Second)
}

// doubts writes the warnings of a machine's figures.
func (r *run) doubts(e *entry, sampleDays int) {
	vm := e.vm
	warn := func(is bool, code, format string, args ...any) {
		if is {
			vm.Warnings = append(vm.Warnings, Warning{code, vm.Name, fmt.Sprintf(format, args...)})
		}
	}
	warn(vm.Refused.Rows > 0, string(StateRefused), "%s", vm.Refused.First)
	if vm.CPUAvg.Samples+vm.CPUMax.Samples == 0 {
		return
	}
	warn(vm.CPUMax.Samples == 0, "average_only", "no interval maxima: peaks inside an interval are not seen")
	warn(vm.Censored > 0, "censored", "%d.%02d %% of the time at the ceiling: more was wanted than measured", vm.Censored/100, vm.Censored%100)
	warn(vm.Rhythm.drifts(), "drift", "mean CPU moved from %d.%02d %% to %d.%02d %% between the halves of its days",
		vm.Rhythm.First/100, vm.Rhythm.First%100, vm.Rhythm.Second/100, vm.Rhythm.Second%100)
	warn(vm.Memory.Samples == 0, "memory_unknown", "no memory was measured")
	warn(e.split, "resized", "had several sizes: hours of the week and overload are not told apart")
	warn(len(e.machines) == 0, "scale_set_average", "measured as the average of its scale set only")
	warn(sampleDays < minDaysOfCPU, "too_few_samples", "samples on %d days, fewer than %d", sampleDays, minDaysOfCPU)
}
