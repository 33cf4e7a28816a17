package analyzer

// levels is the number of capacities at which overload is bounded, and levelStep their distance in hundredths of a point
// of the machine: 2.5 % to 100 %. Halves, quarters and eighths of a machine are among them.
const (
	levels    = 40
	levelStep = 250
)

// overload bounds, for each level, the milliseconds in which a machine used more than that, from the lowest, average and
// highest CPU of each interval (algorithms 3.2).
type overload struct {
	lo, hi  [levels]int64
	seconds int64
}

// add bounds the part f of an interval that was above each level t: 0 where the highest is at most t, 1 where the lowest
// is above it, and otherwise (avg-t)/(max-t) <= f <= (avg-min)/(t-min). lo is rounded down and hi up, so that the sums
// stay bounds. A missing lowest is 0.
func (o *overload) add(low, avg, high int32, seconds int64) {
	o.seconds += seconds
	ms := seconds * 1000
	for i := range levels {
		t := int32(i+1) * levelStep
		switch {
		case high <= t:
			return
		case low > t:
			o.lo[i] += ms
			o.hi[i] += ms
		default:
			if avg > t {
				o.lo[i] += ms * int64(avg-t) / int64(high-t)
			}
			if t > low && avg-low < t-low {
				o.hi[i] += (ms*int64(avg-low) + int64(t-low) - 1) / int64(t-low)
			} else {
				o.hi[i] += ms
			}
		}
	}
}

// plus returns the sum of both, either of which may be nil.
func (o *overload) plus(other *overload) *overload {
	if other == nil {
		return o
	}
	sum := *other
	if o != nil {
		for i := range levels {
			sum.lo[i] += o.lo[i]
			sum.hi[i] += o.hi[i]
		}
		sum.seconds += o.seconds
	}
	return &sum
}
