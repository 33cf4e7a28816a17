package forecast

import (
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// sureTail is the lower end at which a short history is believed: one chance in twenty that the truth is lower.
const sureTail = 0.05

// Use is what is believed of the share of hours in which a step of demand is used, before its own days are seen: a Beta distribution of
// this mean that is worth useDays days.
type Use struct {
	Mean  float64
	Pools int // of peers behind it; 0: no pool of the partner is known for four weeks, and Mean is a half
}

// useDays is what the peers are worth against the days of a pool itself, and leanPools how many pools of a customer weigh as much as all of
// the partner, and of the partner as much as the default of a half.
//
//	peers' steps used     10 days of full use are believed to be at least    14 days   27 days
//	30 %                  71 %                                               78 %      87 %
//	50 %, or no peers     76 %                                               82 %      90 %
//	90 %                  91 %                                               94 %      96 %
const useDays, leanPools = 2, 4

// Use returns what is believed of a step of a new pool: the mean of its customer's established pools, leaning on that of all pools.
func (pf *Portfolio) Use(customer string) Use {
	c, ok := pf.customers[customer]
	if !ok {
		c = pf.partner
	}
	return Use{c.use, int(pf.partner.usePools)}
}

// stepUse returns the share of hours in which a step below the highest of the last four weeks was used, on the mean of all steps: mean over
// highest. It is known of pools of four weeks or more.
func (h *past) stepUse(p *Pool) (share float64, ok bool) {
	if h.days < RecentDays || h.ended {
		return 0, false
	}
	units := recent(p.Units.Stacked, p.Gaps, min(RecentDays, p.days()))
	if len(units) == 0 || slices.Max(units) == 0 {
		return 0, false
	}
	sum := 0.0
	for _, u := range units {
		sum += float64(u)
	}
	return sum / float64(len(units)) / float64(slices.Max(units)), true
}

// Sure returns the greatest quantity all of whose steps are used in more than threshold of the hours even at the lower end of what so many
// days can tell. The share of hours in which a step is used has a Beta posterior: the peers' days of prior, and each distinct day as one
// observation, because the hours of a day say the same thing again; less where the days say the same thing again too (algorithms 2.5).
func Sure(hours []int64, step int64, days int, threshold float64, prior Use) int64 {
	if len(hours) == 0 || step < 1 {
		return 0
	}
	most := slices.Max(hours)/step + 1
	for q := range most {
		used := make([]float64, 0, len(hours)/hoursOfDay+1)
		u := 0.0
		for h, units := range hours {
			if h%hoursOfDay == 0 {
				used = append(used, 0)
			}
			used[len(used)-1] += float64(min(step, max(0, units-q*step))) / float64(step)
		}
		for _, day := range used {
			u += day / float64(len(hours))
		}
		n := float64(days) * distinct(used)
		if (distuv.Beta{Alpha: useDays*prior.Mean + n*u, Beta: useDays*(1-prior.Mean) + n*(1-u)}).Quantile(sureTail) <= threshold {
			return q
		}
	}
	return most
}

// distinct returns how much of its own a day tells beside the days before it: (1-r)/(1+r), with r the correlation of a day with the next. Where
// two weeks are known it is that of what differs from the other weeks, for a rhythm of the week is no surprise. A run of days that are
// always, or never, used is as many distinct ones.
//
//	days of a step               14 days count as
//	used all the time            14
//	office days of two weeks     14
//	used in the first week only  1.7
func distinct(days []float64) float64 {
	left := slices.Clone(days)
	rhythm := 1
	if len(days) >= 14 {
		rhythm = 7
	}
	for w := range rhythm {
		mean, n := 0.0, 0.0
		for d := w; d < len(days); d += rhythm {
			mean, n = mean+days[d], n+1
		}
		for d := w; d < len(days); d += rhythm {
			left[d] -= mean / n
		}
	}
	together, alone := 0.0, 0.0
	for d, x := range left {
		alone += x * x
		if d > 0 {
			together += x * left[d-1]
		}
	}
	if alone < 1e-9 || together <= 0 {
		return 1
	}
	r := min(0.9, together/alone)
	return (1 - r) / (1 + r)
}

// surely is Sure for one year of the pool, from the day on which its demand began.
func (p *Pool) surely(h *past, m market, prior Use) int64 {
	hours := recent(p.Units.Stacked, p.Gaps, p.days()-h.since)
	owned := p.owned()
	for i := range hours {
		hours[i] = max(0, hours[i]-owned)
	}
	return Sure(hours, p.Step, h.days, float64(m.one)/(float64(m.payg)*daysOfYear*hoursOfDay), prior)
}

// owned returns the units of existing reservations that do not end before they would be bought again.
func (p *Pool) owned() int64 {
	units := int64(0)
	for _, e := range p.Existing {
		if e.Days > nextPlan {
			units += e.Units
		}
	}
	return units
}
