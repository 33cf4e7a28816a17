package forecast

import (
	"math"
	"math/bits"
	"slices"
)

// shape is a past week as the hours at each height, in 256ths of a step at today's level, falling.
type shape struct {
	height, hours []int32
}

// cell is a shape at a level: its heights scaled, falling, and running sums, so that what is above a height takes one search.
type cell struct {
	height []int64
	hours  []int64
	volume []int64
}

// takeShapes turns the last whole weeks into shapes at today's level. Where no week is whole, one is put together from the days that
// are there, each weekday from itself where possible.
func (f *Fan) takeShapes() {
	if f.shapes != nil {
		return
	}
	h := &f.out.past
	smooth := filter(h.levels, square(f.out.size), f.out.noise)
	today := math.NaN()
	if n := len(smooth); n > 0 {
		today = smooth[n-1]
	}
	units := f.pool.Units.Stacked
	if today > 0 {
		for w := len(h.levels) - 1; w >= 0 && len(f.shapes) < mostShapes; w-- {
			if l := h.levels[w]; l >= 0 && smooth[w] > 0 {
				f.shapes = append(f.shapes, newShape(units[h.from[w]:h.from[w]+hoursOfWeek], today/smooth[w], f.pool.Step))
			}
		}
	} else if week := f.patchedWeek(); week != nil {
		f.shapes = []shape{newShape(week, 1, f.pool.Step)}
	}
	f.basis.Shapes = len(f.shapes)
}

// patchedWeek returns a week of hours from the covered days, nil where there are none.
func (f *Fan) patchedWeek() []int64 {
	units, n := f.pool.Units.Stacked, f.pool.days()
	covered := func(d int) bool { return d >= f.out.past.since && !slices.Contains(f.pool.Gaps, d) }
	var week []int64
	for i := range 7 {
		best := -1
		for d := range n {
			if covered(d) && (best < 0 || (d-n+7*n)%7 == i || (best-n+7*n)%7 != i) {
				best = d
			}
		}
		if best < 0 {
			return nil
		}
		week = append(week, units[best*hoursOfDay:(best+1)*hoursOfDay]...)
	}
	return week
}

func newShape(units []int64, scale float64, step int64) shape {
	heights := make([]int32, len(units))
	for i, u := range units {
		heights[i] = int32(min(math.MaxInt32, math.Round(float64(u)*scale*fine/float64(step))))
	}
	slices.SortFunc(heights, func(a, b int32) int { return int(b) - int(a) })
	s := shape{}
	for i, v := range heights {
		if i > 0 && v == s.height[len(s.height)-1] {
			s.hours[len(s.hours)-1]++
			continue
		}
		s.height, s.hours = append(s.height, v), append(s.hours, 1)
	}
	return s
}

// scaled returns the shape at a level.
func (s shape) scaled(level int) cell {
	factor := uint64(math.Round(math.Exp2(float64(level)/levelsOfOctave) * (1 << 20)))
	n := len(s.height)
	all := make([]int64, 3*n)
	c := cell{all[:n:n], all[n : 2*n : 2*n], all[2*n:]}
	hours, volume := int64(0), int64(0)
	for i, v := range s.height {
		hi, lo := bits.Mul64(uint64(v), factor)
		c.height[i] = int64(hi<<44 | lo>>20)
		hours += int64(s.hours[i])
		volume += c.height[i] * int64(s.hours[i])
		c.hours[i], c.volume[i] = hours, volume
	}
	return c
}

// above returns the hours times 256ths of a step above a height.
func (c *cell) above(height int64) int64 {
	lo, hi := 0, len(c.height)
	for lo < hi {
		if mid := (lo + hi) / 2; c.height[mid] > height {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0
	}
	return c.volume[lo-1] - height*c.hours[lo-1]
}
