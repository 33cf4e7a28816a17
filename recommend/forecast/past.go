package forecast

import (
	"math"
	"slices"
)

// past is what one pool's history says, in whole weeks that end on the day of the decision.
type past struct {
	days   int       // with data since the demand appeared
	since  int       // first day of demand
	gaps   int       // days without file since then
	levels []float64 // mean units of each week, the oldest first; NaN where a day of it is missing
	from   []int     // first hour of each week
	ended  bool      // nothing runs any more

	changes []float64 // log2 of week over week, breaks left out
	spread  float64   // mean square of changes
	noise   float64   // variance of the part of a level that is gone the week after
	lasting float64   // variance of the part of a week's change that stays
	trend   float64   // mean change of the last quarter
	months  float64   // in which a break could have been seen
	use     float64   // share of hours in which a step was used in the last four weeks, on the mean of all steps
	hasUse  bool
	breaks  []float64 // share of the level that each break left, 0 for an end
}

// weeksOfMonth is the length of a month of 730 hours.
const weeksOfMonth = 730.0 / hoursOfWeek

// pastOf reads the history of a pool.
func pastOf(p *Pool) past {
	units := p.Units.Stacked
	h := past{since: p.days()}
	sums := make([]float64, p.days())
	missing := make([]bool, p.days())
	for _, g := range p.Gaps {
		if g >= 0 && g < len(missing) {
			missing[g] = true
		}
	}
	for d := range sums {
		for _, u := range units[d*hoursOfDay : (d+1)*hoursOfDay] {
			sums[d] += float64(u)
		}
		if sums[d] > 0 && h.since == len(sums) {
			h.since = d
		}
	}
	h.rests(sums, missing)
	for d := h.since; d < len(sums); d++ {
		if missing[d] {
			h.gaps++
		} else {
			h.days++
		}
	}
	for d := len(sums)%7 + (max(0, h.since-len(sums)%7)+6)/7*7; d+7 <= len(sums); d += 7 {
		level := 0.0
		for i := d; i < d+7; i++ {
			level += sums[i] / hoursOfWeek
			if missing[i] {
				level = math.NaN()
			}
		}
		h.levels, h.from = append(h.levels, level), append(h.from, d*hoursOfDay)
	}
	h.ended = h.silent(sums, missing)
	h.use, h.hasUse = h.stepUse(p)
	h.findBreaks()
	h.measure()
	return h
}

// rests takes back that the demand began inside the series where it merely rested at its start, as it did later: machines of office hours
// do not run on the weekend with which a window may begin.
func (h *past) rests(sums []float64, missing []bool) {
	longest, run := 0, 0
	for d := h.since; d < len(sums); d++ {
		if run++; sums[d] > 0 || missing[d] {
			longest, run = max(longest, run-1), 0
		}
	}
	if h.since <= longest {
		h.since = 0
	}
}

// silent reports whether the demand is gone: no use on the last three days that the files cover, after use before. A pool that often
// pauses that long is at rest, not gone.
func (h *past) silent(sums []float64, missing []bool) bool {
	rest, longest, run := 0, 0, 0
	for d := h.since; d < len(sums); d++ {
		switch {
		case missing[d]:
		case sums[d] > 0:
			longest, run = max(longest, run), 0
		default:
			run++
		}
	}
	rest = run
	return h.since == len(sums) || rest >= 3 && rest > longest
}

// A break is a week in which less than half is left of the level of breakWeeks before, and from which the demand does not come back
// to breakBack of it. The changes that led there do not count as drift.
const breakWeeks, breakLeft, breakBack = 8, 0.5, 0.7

func (h *past) findBreaks() {
	n := len(h.levels)
	broken := make([]bool, n)
	watched := 0
	for w := 1; w < n; w++ {
		before := math.NaN()
		for v := max(0, w-breakWeeks); v < w; v++ {
			if !broken[v] && !(h.levels[v] <= before) {
				before = h.levels[v]
			}
		}
		if math.IsNaN(before) || before == 0 || math.IsNaN(h.levels[w]) {
			continue
		}
		watched++
		if h.levels[w] >= breakLeft*before || w+1 >= n {
			continue
		}
		left, least := 0.0, h.levels[w]
		for v := w; v < n; v++ {
			left = max(left, h.levels[v])
			if v < w+breakWeeks && h.levels[v] < least {
				least = h.levels[v]
			}
		}
		if left >= breakBack*before {
			continue
		}
		h.breaks = append(h.breaks, least/before)
		end := min(n, w+breakWeeks)
		for v := max(1, w-breakWeeks); v < end; v++ {
			broken[v] = true
		}
		w = end - 1
	}
	h.months = float64(watched) / weeksOfMonth
	for w := 1; w < n; w++ {
		if a, b := h.levels[w-1], h.levels[w]; a > 0 && b > 0 && !broken[w] {
			h.changes = append(h.changes, math.Log2(b/a))
		} else {
			h.changes = append(h.changes, math.NaN())
		}
	}
	h.limitRises()
}

// limitRises cuts rises down to what the pool shows otherwise: its greatest fall, or three times its median change, or 2 %. A project
// that arrived once is not a sign that the rest of the demand walks; falls count in full.
func (h *past) limitRises() {
	known := h.known()
	if len(known) == 0 {
		return
	}
	fall := 0.0
	for i, c := range known {
		fall = max(fall, -c)
		known[i] = math.Abs(c)
	}
	slices.Sort(known)
	most := max(fall, 3*known[len(known)/2], math.Log2(1.02))
	for i, c := range h.changes {
		if c > most {
			h.changes[i] = most
		}
	}
}

// measure splits the changes of level into what lasts and what is gone the week after. Over k weeks the mean square of a change is
// k lasting + 2 noise (a random walk seen with noise), so two spans tell both.
func (h *past) measure() {
	h.spread, _ = h.square(1)
	if math.IsNaN(h.spread) {
		h.spread = 0
	}
	span := 1
	for _, k := range []int{2, 4, 8} {
		if 3*k <= len(h.changes) || k == 2 && len(h.changes) >= 3 {
			span = k
		}
	}
	h.lasting = h.spread
	if long, n := h.square(span); span > 1 && n > 0 {
		h.lasting = max(0, (long-h.spread)/float64(span-1))
		h.noise = max(0, (h.spread-h.lasting)/2)
	}
	sum, n := 0.0, 0
	for _, c := range h.changes[max(0, len(h.changes)-weeksOfQuarter):] {
		if !math.IsNaN(c) {
			sum, n = sum+c, n+1
		}
	}
	if n > 0 {
		h.trend = sum / float64(n)
	}
}

// square returns the mean square of changes over k weeks in a row, and how many there are.
func (h *past) square(k int) (float64, int) {
	sum, n := 0.0, 0
	for i := 0; i+k <= len(h.changes); i++ {
		change := 0.0
		for _, c := range h.changes[i : i+k] {
			change += c
		}
		if !math.IsNaN(change) {
			sum, n = sum+float64(change*change), n+1
		}
	}
	return sum / float64(n), n
}

// known returns the changes that are numbers.
func (h *past) known() []float64 {
	return slices.DeleteFunc(slices.Clone(h.changes), math.IsNaN)
}

// filter returns the level of each week freed of noise, as it was known in that week: the steady state of Kalman's filter for a level
// that walks with variance lasting and is seen with variance noise.
func filter(levels []float64, lasting, noise float64) []float64 {
	gain := 1.0
	if noise > 0 {
		q := lasting / noise
		gain = max(0.1, (math.Sqrt(q*q+4*q)-q)/2)
	}
	out := make([]float64, len(levels))
	last, seen := math.NaN(), 0.0
	for i, l := range levels {
		switch {
		case !(l > 0):
		case !(last > 0) || l < breakLeft*last:
			last, seen = l, 1 // a new start, or a break: what was before says nothing
		default:
			seen++
			last *= math.Exp2(max(gain, 1/seen) * math.Log2(l/last))
		}
		out[i] = last
	}
	return out
}

// forms returns the changes less their mean, over their spread: what a week's change looks like beside its size.
func (h *past) forms() []float64 {
	known := h.known()
	if h.spread <= least || len(known) < 2 {
		return nil
	}
	mean := 0.0
	for _, c := range known {
		mean += c / float64(len(known))
	}
	for i, c := range known {
		known[i] = (c - mean) / math.Sqrt(h.spread)
	}
	slices.Sort(known)
	return known
}
