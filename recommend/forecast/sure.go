package forecast

import (
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// sureTail is the lower end at which a short history is believed: one chance in twenty that the truth is lower.
const sureTail = 0.05

// Sure returns the greatest quantity whose last step is used in more than threshold of the hours even at the lower end of what so many
// days can tell. The share of hours in which a step is used has a Beta posterior: a day's worth of prior on each side, and each distinct
// day counts as one observation, because the hours of a day say the same thing again (algorithms 2.5).
//
//	days   a step that was always used is believed to be used at least
//	7      69 %
//	14     82 %
//	27     90 %
func Sure(hours []int64, step int64, days int, threshold float64) int64 {
	if len(hours) == 0 || step < 1 {
		return 0
	}
	n := float64(days)
	return int64(sort.Search(int(slices.Max(hours)/step)+1, func(q int) bool {
		u := 0.0
		for _, units := range hours {
			u += float64(min(step, max(0, units-int64(q)*step)))
		}
		u /= float64(step) * float64(len(hours))
		return distuv.Beta{Alpha: 1 + n*u, Beta: 1 + n*(1-u)}.Quantile(sureTail) <= threshold
	}))
}

// surely is Sure for one year of the pool, from the day on which its demand began.
func (p *Pool) surely(h *past, m market) int64 {
	hours := recent(p.Units.Stacked, p.Gaps, p.days()-h.since)
	owned := p.owned()
	for i := range hours {
		hours[i] = max(0, hours[i]-owned)
	}
	return Sure(hours, p.Step, h.days, float64(m.one)/(float64(m.payg)*daysOfYear*hoursOfDay))
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
