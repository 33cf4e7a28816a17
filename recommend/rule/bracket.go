package rule

import "math"

// bracket returns the least and the greatest quantity that the rule can take where the curve leaves quantities out. The hours of a unit never
// rise with the quantity, and a unit pays while it is used more than T = H·r/p hours. Of a segment of n units that are used S hours together, x
// pay: each is used at most cap hours, as the mean unit before the segment, and one that does not pay at most T, so S <= x·cap + (n − x)·T; one
// that pays more than T, any other at least floor hours, as the mean unit behind it, so S > x·T + (n − x)·floor. Above the last quantity the
// number of units is not known, and their floor is 0. The rule tries quantities that occurred, an hour in which a machine ran in part counting it
// whole, so it may take one more than pays. threshold is T; overage is turned into hours by rate.
func (c *Curve) bracket(rate, threshold float64) (least, most int64) {
	type segment struct {
		from, units int64
		hours       float64
	}
	var segments []segment
	level, above := int64(0), c.Points[0].OnDemand.Float()/rate
	for i := range c.Points {
		q, ok := c.Points[i].Quantity.Round()
		if !ok || q <= level || q > mostInstances {
			continue
		}
		left := c.Points[i].Overage.Float() / rate
		segments = append(segments, segment{level, q - level, above - left})
		level, above = q, left
	}
	const noise = 1e-6 // of a unit: money is printed with some digits
	most = level + int64(max(0, math.Ceil(above/threshold+noise)-1))
	limit := float64(c.Hours)
	for i, s := range segments {
		mean, floor := s.hours/float64(s.units), 0.0
		if i+1 < len(segments) {
			floor = segments[i+1].hours / float64(segments[i+1].units)
		}
		if mean > threshold {
			pays := math.Ceil((s.hours-float64(s.units)*threshold)/(max(limit, mean)-threshold) - noise)
			least = s.from + max(1, min(s.units, int64(pays)))
		}
		if floor < threshold {
			if pays := math.Ceil((s.hours-float64(s.units)*floor)/(threshold-floor)+noise) - 1; pays < float64(s.units) {
				most = min(most, s.from+int64(max(0, pays)))
			}
		}
		limit = min(limit, mean)
	}
	return least, max(least, most) + 1
}
