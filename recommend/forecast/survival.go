package forecast

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"sizeterm/pricing/money"
)

// Life is one machine as far as it was seen: from its age when the window began, or 0 when it was created inside it, to its age when
// it was last seen. Ages are days.
type Life struct {
	From, To int
	Ended    bool    // it ended at To; false when the window ended first
	Units    float64 // its weight, in units of its pool
}

// Survival is the share of machines that reach an age: the estimator of Kaplan and Meier with delayed entry. Who came into view at an
// age was at risk from that age on only; counting from birth would see only those that lived to be seen.
type Survival struct {
	ages   []int
	shares []float64 // after each age
	last   int       // greatest age at which anybody was at risk
}

// NewSurvival estimates from lives, each weighted by its units. It fails on ages that are negative or fall.
func NewSurvival(lives []Life) (Survival, error) {
	var ages []int
	s := Survival{}
	for i, l := range lives {
		if l.From < 0 || l.To < l.From || !(l.Units >= 0) {
			return s, fmt.Errorf("lives[%d]: from day %d to day %d, %v units: want rising ages and at least 0 units", i, l.From, l.To, l.Units)
		}
		s.last = max(s.last, l.To)
		if l.Ended {
			ages = append(ages, l.To)
		}
	}
	slices.Sort(ages)
	share := 1.0
	for _, age := range slices.Compact(ages) {
		dead, risk := 0.0, 0.0
		for _, l := range lives {
			if l.From < age && l.To >= age || l.From == age && l.To == age {
				risk += l.Units
				if l.Ended && l.To == age {
					dead += l.Units
				}
			}
		}
		if risk > 0 {
			share *= 1 - dead/risk
		}
		s.ages, s.shares = append(s.ages, age), append(s.shares, share)
	}
	return s, nil
}

// At returns the share that lives beyond an age, and whether anybody was seen at it: beyond, the last share stands.
func (s Survival) At(age int) (share float64, seen bool) {
	i := sort.SearchInts(s.ages, age+1)
	if i == 0 {
		return 1, age <= s.last
	}
	return s.shares[i-1], age <= s.last
}

// Remaining returns which share of today's units is left in the middle of each of the next months when no machine that ends is
// replaced: the stress case. lives are today's machines, their age in To. Beyond the ages that were seen a machine ends with
// probability beyond a month, which is an assumption; observed is the share of all unit-months for which none was needed.
func (s Survival) Remaining(lives []Life, months int, beyond float64) (shares []float64, observed float64) {
	shares = make([]float64, months)
	total, seenUnits := 0.0, 0.0
	for _, l := range lives {
		if l.Ended {
			continue
		}
		total += l.Units
		now, _ := s.At(min(l.To, s.last))
		for m := range shares {
			at := l.To + int((float64(m)+0.5)*daysOfYear/12)
			then, _ := s.At(min(at, s.last))
			if at <= s.last {
				seenUnits += l.Units
			}
			if now > 0 {
				shares[m] += l.Units * then / now * math.Pow(1-beyond, float64(max(0, at-max(l.To, s.last)))*12/daysOfYear)
			}
		}
	}
	if total == 0 {
		return shares, 0
	}
	for m := range shares {
		shares[m] /= total
	}
	return shares, seenUnits / (total * float64(months))
}

// Stress returns what a decision saves a month, over the terms of its lines, when the demand shrinks to the given shares of today's,
// one for each month; after them the last one stands.
func (f *Fan) Stress(d Decision, shares []float64) money.Amount {
	if len(f.shapes) == 0 || len(shares) == 0 || len(d.Lines) == 0 {
		return f.amount(0)
	}
	months := 12 * d.Lines[0].Term.Years()
	rate := float64(f.pool.Prices.Payg) / 10_000 * daysOfYear / 12 * hoursOfDay
	saving := -float64(d.ThreeYear)*float64(f.pool.Prices.ThreeYear.Micros) - float64(d.OneYear)*float64(f.pool.Prices.OneYear.Micros)
	for m := range months {
		q := d.ThreeYear
		if m < 12 {
			q += d.OneYear
		}
		saving += rate * f.usedAt(shares[min(m, len(shares)-1)], float64(q))
	}
	return f.amount(saving / float64(months))
}

// usedAt returns how many of q units are in use on average at a share of today's level, above what is owned for good.
func (f *Fan) usedAt(share, q float64) float64 {
	used := 0.0
	for _, s := range f.shapes {
		for i, v := range s.height {
			d := max(0, float64(v)*share-float64(f.periods[len(f.periods)-1].existing)) / fine
			used += float64(s.hours[i]) * min(d, q)
		}
	}
	return used / float64(hoursOfWeek*len(f.shapes))
}

// Persistence is how lasting layers of demand were: of the units that were worth a reservation in one month, the share that still was
// some months later.
type Persistence struct {
	Months int
	Share  float64
	Layers int64 // unit-months behind it; 0: nobody was seen that long, and Share is NaN
}

// Persist measures persistence over pools, at each of months. A month is four weeks; a unit is worth a reservation when it is used in
// more than threshold of the hours.
func Persist(pools []Pool, threshold float64, months ...int) []Persistence {
	out := make([]Persistence, len(months))
	worth := make([][]int64, len(pools))
	for i := range pools {
		p := &pools[i]
		for from := p.days() % 28; from+28 <= p.days(); from += 28 {
			worth[i] = append(worth[i], layers(p.Units.Stacked[from*hoursOfDay:(from+28)*hoursOfDay], p.Step, threshold))
		}
	}
	for k, m := range months {
		still := int64(0)
		for _, w := range worth {
			for j := 0; m > 0 && j+m < len(w); j++ {
				out[k].Layers += w[j]
				still += min(w[j], w[j+m])
			}
		}
		out[k].Months, out[k].Share = m, float64(still)/float64(out[k].Layers)
	}
	return out
}

// layers returns how many steps are used in more than threshold of the hours.
func layers(hours []int64, step int64, threshold float64) int64 {
	return int64(sort.Search(int(slices.Max(hours)/step)+1, func(q int) bool {
		used := 0.0
		for _, u := range hours {
			used += float64(min(step, max(0, u-int64(q)*step)))
		}
		return used <= threshold*float64(step)*float64(len(hours))
	}))
}
