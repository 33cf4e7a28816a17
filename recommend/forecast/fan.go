package forecast

import (
	"fmt"
	"math"
	"slices"
)

// The three years of a fan, in days and in weeks that are begun.
const (
	daysOfYear     = 365
	years          = 3
	daysOfFan      = years * daysOfYear
	weeksOfFan     = (daysOfFan + 6) / 7
	weeksOfQuarter = 13
	mostShapes     = weeksOfQuarter // weeks of the past that serve as shapes
)

// Levels are whole thirty-seconds of an octave beside today's, between a 256th and 16 times of it.
const (
	levelsOfOctave = 32
	lowestLevel    = -8 * levelsOfOctave
	highestLevel   = 4 * levelsOfOctave
)

// fine is the resolution of demand in a fan: 256ths of a step.
const fine = 256

// Basis says on what a fan rests.
type Basis struct {
	Days, Weeks int // with data; whole weeks
	Began       int // day of the series on which the demand began, from 0
	Shapes      int // weeks that serve as shapes
	Paths       int // futures that are drawn
	// MonthlyLoss is the mean probability that the demand breaks away in a month, from Source. Persistence is the share of today's
	// level that is expected after 12, 24 and 36 months, what is above today's level not counted.
	MonthlyLoss float64
	Source      string
	Persistence [years]float64
	// Losses were seen in Months pool-months of the partner's history, this customer's included; 0 months is no evidence.
	Losses, Months float64
	// Measured says that these are enough to move the policy's loss. PlannedLoss is what quantities are chosen with: the mean of what is
	// believed, to 1e-6, where measured, else the policy's. A fan always draws from what is believed.
	Measured    bool
	PlannedLoss float64
	// WeeklyDrift is the standard deviation of the lasting part of a week's change, Trend the change a week that is assumed for a
	// quarter before it fades, both as shares.
	WeeklyDrift, Trend float64
	Reasons            []Reason
}

// Stopped reports whether one of the reasons stops advice.
func (b *Basis) Stopped() bool {
	return slices.ContainsFunc(b.Reasons, func(r Reason) bool { return r.Stops })
}

// Fan is a sample of futures of one pool, for one goroutine at a time.
type Fan struct {
	pool    Pool
	policy  Policy
	out     outlook
	basis   Basis
	shapes  []shape
	paths   int
	level   []int16  // of each path in each week, in 32nds of an octave beside today's; gone when the demand ended
	cell    []int32  // of each path in each week: what is used in its hours, an index into cells; -1 for nothing
	price   []uint16 // of each path in each year, in 1e-4 of today's
	cells   []cell
	periods []period
	flat    *Fan           // of the same futures with hours spread flat, where it was needed
	used    [years][]int64 // above 0 of each path in each year
}

const gone = math.MinInt16

// period is a run of weeks in which the same existing reservations are live.
type period struct {
	from, to int   // weeks
	existing int64 // in 256ths of a step
}

// Fan draws the futures of a pool. A pool about which nothing can be said still has a fan, whose Basis stops the advice.
func (pf *Portfolio) Fan(p *Pool) (*Fan, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return newFan(p, pf.outlook(p), pf.policy), nil
}

// Basis returns what a fan of the pool would rest on, without drawing it: Shapes, Paths and Persistence stay 0.
func (pf *Portfolio) Basis(p *Pool) (Basis, error) {
	if err := p.check(); err != nil {
		return Basis{}, err
	}
	f := &Fan{pool: *p, policy: pf.policy, out: pf.outlook(p)}
	f.explain()
	return f.basis, nil
}

func newFan(p *Pool, out outlook, policy Policy) *Fan {
	f := &Fan{pool: *p, policy: policy, out: out, paths: policy.Paths}
	f.explain()
	f.basis.Paths = f.paths
	f.draw(nil)
	return f
}

// Basis returns on what the fan rests.
func (f *Fan) Basis() Basis { return f.basis }

// explain fills what is said beside the figures: gates and reasons.
func (f *Fan) explain() {
	h := &f.out.past
	f.basis = Basis{Days: h.days, Weeks: len(h.levels), Began: h.since, MonthlyLoss: f.out.mean, Source: f.out.source, Losses: f.out.losses, Months: f.out.months,
		WeeklyDrift: math.Exp2(f.out.size) - 1, Trend: math.Exp2(f.out.trend) - 1}
	f.basis.Measured, f.basis.PlannedLoss = f.out.months >= leastLossMonths, f.policy.MonthlyLoss
	if f.basis.Measured {
		f.basis.PlannedLoss = math.Round(f.out.mean*millionth) / millionth
	} else {
		f.basis.Source = fmt.Sprintf("policy: an assumption, not measured; the files watch %.1f pool-months, fewer than the %d that would tell", f.out.months, leastLossMonths)
	}
	say := func(stops bool, code, format string, args ...any) {
		f.basis.Reasons = append(f.basis.Reasons, Reason{Code: code, Detail: fmt.Sprintf(format, args...), Stops: stops})
	}
	switch {
	case h.days < f.policy.MinDaysOneYear:
		say(true, tooFewDays, "%d days with data; a commitment needs at least %d", h.days, f.policy.MinDaysOneYear)
	case h.ended:
		say(true, ended, "nothing ran on the last three days")
	case h.days < f.policy.MinDaysNormal:
		say(false, shortHistory, "%d days with data, fewer than %d: one year only, and only what is used at the lower end", h.days, f.policy.MinDaysNormal)
	}
	if p := f.pool.Prices; p.Payg <= 0 || p.OneYear.Micros <= 0 && p.ThreeYear.Micros <= 0 {
		say(true, noPrice, "no pay-as-you-go price, or no reservation to be had")
	}
	if h.since > 0 && !h.ended {
		say(false, appeared, "the demand began on day %d of %d", h.since+1, f.pool.days())
	}
	if h.gaps > 0 {
		say(false, gapsInFiles, "%d days that no file covers", h.gaps)
	}
	if n := len(h.known()); n < weeksOfQuarter {
		say(false, fewWeeks, "%d changes of level from week to week: drift leans on other pools", n)
	}
	if !f.pool.Units.Exact() {
		say(false, unknownHours, "the files tell the hours of a day only by number")
	}
}

// draw makes the paths. With a loss it is the same for every path instead of drawn: the same luck under another persistence.
func (f *Fan) draw(loss *float64) {
	f.takeShapes()
	f.level = make([]int16, f.paths*weeksOfFan)
	f.cell = make([]int32, f.paths*weeksOfFan)
	f.price = make([]uint16, f.paths*years)
	trend := f.trendByWeek()
	key := keyOf(f.policy.Seed, f.pool.ID)
	for i := range f.paths {
		k := pathKey(key, i)
		f.drawPath(k, f.level[i*weeksOfFan:(i+1)*weeksOfFan], f.cell[i*weeksOfFan:(i+1)*weeksOfFan], trend, loss)
		price := 10_000.0
		for y := range years {
			if y > 0 && uniform(word(k, wordPrice+y)) < f.policy.PriceCutChance {
				price *= 1 - f.policy.PriceCut
			}
			f.price[i*years+y] = uint16(math.Round(price))
		}
	}
	f.fillCells()
	for y := range years {
		f.used[y] = f.above(0, y*daysOfYear, (y+1)*daysOfYear)
	}
	f.persist()
}

// trendByWeek is how much of a trend is left in each week: all of it for a quarter, then half as much every four weeks.
func (f *Fan) trendByWeek() []float64 {
	share := make([]float64, weeksOfFan)
	for w := range share {
		if share[w] = 1; w >= weeksOfQuarter {
			share[w] = math.Exp2(-float64(w-weeksOfQuarter+1) / 4)
		}
	}
	return share
}

// drawPath draws one path: for each week one word, of which 16 bits choose the shape, 24 the change and 24 whether the demand breaks.
func (f *Fan) drawPath(key uint64, level []int16, cells []int32, trend []float64, loss *float64) {
	o := &f.out
	size := o.size * f.looseness(key) * f.policy.Widening
	slope := o.trend + float64(o.unsure*normal(word(key, wordTrend)))
	monthly := at(o.loss, uniform(word(key, wordLoss)))
	if loss != nil {
		monthly = *loss
	}
	weekly := 1 - math.Pow(1-monthly, 1/weeksOfMonth)
	limit := uint64(weekly * (1 << 24))
	weeks := f.weeksOf(key)
	at, dead := 0.0, len(f.shapes) == 0 || o.past.ended
	for w := range level {
		if dead {
			level[w], cells[w] = gone, -1
			continue
		}
		x := word(key, w)
		if x&(1<<24-1) < limit {
			left := o.drawLeft(mix(x))
			if dead = left < 1.0/256; dead {
				level[w], cells[w] = gone, -1
				continue
			}
			at += math.Log2(left)
		}
		at += float64(slope*trend[w]) + float64(size*o.drawShape(x>>24&(1<<24-1)))
		at = min(max(at, lowestLevel/levelsOfOctave), highestLevel/levelsOfOctave)
		l := int(math.Floor(at*levelsOfOctave + 0.5))
		level[w] = int16(l)
		cells[w] = int32(weeks[int(x>>48)*len(weeks)>>16])*levelsInAll + int32(l-lowestLevel)
	}
}

// weeksOf returns the weeks of the past from which a path takes its shapes: as many as there are, drawn with repetition (the bootstrap),
// because a few weeks tell only roughly how often a week is like each of them. Without it a quarter with two short outages promised the
// same share of outages for ever, and the ranges of pools that hardly move held 66 % over 90 days; with it 83 %.
func (f *Fan) weeksOf(key uint64) []int {
	weeks := make([]int, len(f.shapes))
	for i := range weeks {
		weeks[i] = int(word(key, wordShapes+i)>>32) * len(weeks) >> 32
	}
	return weeks
}

const levelsInAll = highestLevel - lowestLevel + 1

// looseness is by how much a path drifts more or less than believed: the square root of freedom over a chi-square draw (by the
// approximation of Wilson and Hilferty), which makes the spread of the paths that of Student's t.
func (f *Fan) looseness(key uint64) float64 {
	v := f.out.freedom
	c := 2 / (9 * v)
	cube := 1 - c + float64(normal(word(key, wordScale))*math.Sqrt(c))
	return 1 / math.Sqrt(max(0.1, cube*cube*cube))
}

// drawShape draws the form of a week's change from 24 bits.
func (o *outlook) drawShape(x uint64) float64 {
	u, from := float64(x)/(1<<24), 0
	low, high := 0.0, 1.0
	switch {
	case u < o.chance[0]:
		high = o.chance[0]
	case u < o.chance[1]:
		from, low, high = 1, o.chance[0], o.chance[1]
	default:
		from, low = 2, o.chance[1]
	}
	table := o.shapes[from]
	return table[min(len(table)-1, int(float64(len(table))*(u-low)/(high-low)))]
}

// drawLeft draws what a break leaves of the level.
func (o *outlook) drawLeft(x uint64) float64 {
	table := defaultLeft
	if uniform(x) < o.leftOwn {
		table = o.left
	}
	return table[int(uint64(len(table))*(mix(x)>>32)>>32)]
}

// fillCells numbers the shapes at levels that occur and prepares them, and finds the periods of existing reservations.
func (f *Fan) fillCells() {
	number := make([]int32, len(f.shapes)*levelsInAll)
	f.cells = nil
	for i, c := range f.cell {
		if c < 0 {
			continue
		}
		if number[c] == 0 {
			f.cells = append(f.cells, f.shapes[c/levelsInAll].scaled(int(c%levelsInAll)+lowestLevel))
			number[c] = int32(len(f.cells))
		}
		f.cell[i] = number[c] - 1
	}
	f.periods = f.ownedByWeek()
}

// nextPlan is how many days before its end a reservation is bought again at the earliest. (With 31 days instead of 7, asked every four
// weeks, the month bought twice cost stable fleets 4 % of pay-as-you-go.)
const nextPlan = 7

// ownedByWeek cuts the weeks of a fan where existing reservations end.
func (f *Fan) ownedByWeek() []period {
	end := func(e Cover) int {
		if e.Renewed && e.Days > nextPlan {
			return weeksOfFan
		}
		return min(weeksOfFan, (max(0, e.Days)+6)/7)
	}
	cuts := []int{0, weeksOfFan}
	for _, e := range f.pool.Existing {
		cuts = append(cuts, end(e))
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var periods []period
	for i := 1; i < len(cuts); i++ {
		live := int64(0)
		for _, e := range f.pool.Existing {
			if end(e) >= cuts[i] {
				live += e.Units
			}
		}
		periods = append(periods, period{cuts[i-1], cuts[i], int64(math.Round(float64(live) * fine / float64(f.pool.Step)))})
	}
	return periods
}

// persist fills the share of today's level that is there at the end of each year.
func (f *Fan) persist() {
	f.basis.Persistence = [years]float64{}
	for y := range years {
		w := min(weeksOfFan-1, (y+1)*daysOfYear/7)
		for i := range f.paths {
			if l := f.level[i*weeksOfFan+w]; l != gone {
				f.basis.Persistence[y] += min(1, math.Exp2(float64(l)/levelsOfOctave)) / float64(f.paths)
			}
		}
	}
}

// daysIn returns how many days of week w lie in [from, to).
func daysIn(w, from, to int) int { return max(0, min(7*w+7, to)-max(7*w, from)) }
