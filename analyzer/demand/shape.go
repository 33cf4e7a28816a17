package demand

import (
	"cmp"
	"math/bits"
	"slices"
)

// Shape says how the usage of a day whose hours are not known lies on the usage whose hours are, so that Flat and Stacked
// of the sum stay bounds. With known usage that is the same in every hour they are what their names say. Where it has
// peaks, usage above a quantity is highest when the unknown usage lies in the hours of the peaks, and lowest when it fills
// the valleys: spreading it evenly, or stacking it into the first hours, would be neither.
type Shape struct {
	order [24]int   // hours by falling known usage: Stacked fills them in turn
	fill  [24]int64 // of total, the part of each hour in Flat
	total int64
	even  bool
}

// ShapeOf returns the shape of a day. known is the usage of each hour that is known; total is the usage whose hours are
// not, and most what it can be in one hour at most, which is as many machines as have some of it. All are in one unit,
// micro-units x ratio. It panics when total does not fit below most.
func ShapeOf(known *[24]int64, total, most int64) Shape {
	if total < 0 || total > 24*most {
		panic("demand: more usage than the machines of a day can have")
	}
	s := Shape{total: total, even: slices.Min(known[:]) == slices.Max(known[:])}
	for h := range s.order {
		s.order[h] = h
	}
	slices.SortStableFunc(s.order[:], func(x, y int) int { return cmp.Compare(known[y], known[x]) })
	if s.even || total == 0 {
		s.even = true
		return s
	}
	// The highest level to which the valleys can be filled, no hour by more than most.
	filled := func(level int64) (sum int64) {
		for h, v := range known {
			s.fill[h] = min(most, max(0, level-v))
			sum += s.fill[h]
		}
		return sum
	}
	low, high := slices.Min(known[:]), slices.Max(known[:])+most+1 // filled(low) is 0, filled(high) is 24*most
	for high-low > 1 {
		if middle := low + (high-low)/2; filled(middle) <= total {
			low = middle
		} else {
			high = middle
		}
	}
	rest := total - filled(low)
	for h := 0; rest > 0; h++ { // less than one a hour that the next level would fill
		if known[h] <= low && s.fill[h] < most {
			s.fill[h]++
			rest--
		}
	}
	return s
}

// AddShaped adds the micro-hours, at most 24 hours, that one machine ran on a day whose hours are not known, in the shape
// of the day.
func (s *Series) AddShaped(day int, micro int64, shape *Shape) {
	if shape.even || micro > FullDay {
		s.AddDay(day, micro)
		return
	}
	s.part()
	from, rest := 24*day, micro
	for _, h := range shape.order {
		used := min(rest, Full)
		s.Stacked[from+h] += used
		rest -= used
	}
	sum, done := int64(0), int64(0)
	for h, part := range shape.fill {
		sum += part
		hi, lo := bits.Mul64(uint64(micro), uint64(sum))
		upTo, _ := bits.Div64(hi, lo, uint64(shape.total))
		s.Flat[from+h] += int64(upTo) - done
		done = int64(upTo)
	}
}
