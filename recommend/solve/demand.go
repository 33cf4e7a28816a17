package solve

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sort"

	"sizeterm/recommend/bill"
)

// ErrTooLarge says that numbers do not fit: the sum of units x hours must stay below 2^63, weights below 2^40.
var ErrTooLarge = errors.New("demand is too large")

// Level is a number of units that is in use during Weight hours.
type Level struct {
	Units, Weight int64
}

// Demand is how many units are in use during how many hours, without their order: all that the cost of one pool depends on. A unit
// is whatever the caller counts in, for example millionths of the smallest size (then 1 500 000 is one and a half instances, or one
// instance for the whole hour and one for half of it). Existing reservations are subtracted before, hour by hour.
//
// A Demand can stand for another number of hours than it was measured in, and for periods that count with a probability: Times and
// Sum make weighted mixtures without copying hours. It does not change and may be shared. The zero Demand is no hours at all.
type Demand struct {
	parts []part
	den   int64 // weights of parts are num/den; 0 stands for 1
}

type part struct {
	h   *histogram
	num int64
}

// histogram keeps levels from high to low with running sums, so that the sum over all hours above a level takes one binary search.
type histogram struct {
	units  []int64 // falling
	weight []int64 // sum of the weights of levels 0..i
	volume []int64 // sum of units x weight of levels 0..i
}

const mostWeight = 1 << 40

// Hourly returns the Demand of hours that count once each, such as the hours of a window.
func Hourly(units []int64) (Demand, error) {
	for _, u := range units {
		if u < 0 {
			return Demand{}, fmt.Errorf("units: %d: negative", u)
		}
	}
	levels := sortUnits(units)
	h := newHistogram(len(levels))
	for i := len(levels) - 1; i >= 0; i-- {
		if err := h.push(levels[i], 1); err != nil {
			return Demand{}, err
		}
	}
	return Demand{parts: []part{{h, 1}}, den: 1}, nil
}

// NewDemand returns the Demand of weighted levels, in any order, with repetitions as they come.
func NewDemand(levels []Level) (Demand, error) {
	sorted := slices.Clone(levels)
	slices.SortFunc(sorted, func(a, b Level) int {
		switch {
		case a.Units > b.Units:
			return -1
		case a.Units < b.Units:
			return 1
		}
		return 0
	})
	h := newHistogram(len(sorted))
	for _, l := range sorted {
		if l.Units < 0 || l.Weight < 0 {
			return Demand{}, fmt.Errorf("units: %d during %d hours: negative", l.Units, l.Weight)
		}
		if err := h.push(l.Units, l.Weight); err != nil {
			return Demand{}, err
		}
	}
	return Demand{parts: []part{{h, 1}}, den: 1}, nil
}

// sortUnits returns a sorted copy of numbers of at least 0. Hours of a year are sorted three times faster by digits of 11 bits than by
// comparison; below some hundred values the counters cost more than they save.
func sortUnits(units []int64) []int64 {
	const digit, fewest = 11, 256
	sorted := slices.Clone(units)
	if len(sorted) < fewest {
		slices.Sort(sorted)
		return sorted
	}
	most := slices.Max(sorted)
	other := make([]int64, len(sorted))
	for shift := 0; shift < 63 && most>>shift > 0; shift += digit {
		var at [1 << digit]int32
		for _, u := range sorted {
			at[u>>shift&(1<<digit-1)]++
		}
		sum := int32(0)
		for i, n := range at {
			at[i] = sum
			sum += n
		}
		for _, u := range sorted {
			d := u >> shift & (1<<digit - 1)
			other[at[d]] = u
			at[d]++
		}
		sorted, other = other, sorted
	}
	return sorted
}

func newHistogram(n int) *histogram {
	all := make([]int64, 3*n)
	return &histogram{units: all[:0:n], weight: all[n : n : 2*n], volume: all[2*n : 2*n : 3*n]}
}

func (h *histogram) push(units, weight int64) error {
	if weight == 0 {
		return nil
	}
	var hours, volume int64
	last := len(h.units) - 1
	if last >= 0 {
		hours, volume = h.weight[last], h.volume[last]
	}
	hi, lo := bits.Mul64(uint64(units), uint64(weight))
	if hours += weight; hi != 0 || lo > 1<<63-1-uint64(volume) || hours >= mostWeight || weight >= mostWeight {
		return fmt.Errorf("%d units during %d hours: %w", units, weight, ErrTooLarge)
	}
	volume += int64(lo)
	if last >= 0 && h.units[last] == units {
		h.weight[last], h.volume[last] = hours, volume
		return nil
	}
	h.units, h.weight, h.volume = append(h.units, units), append(h.weight, hours), append(h.volume, volume)
	return nil
}

// above returns the sum of weight x (units - level) over the levels above level.
func (h *histogram) above(level int64) uint64 {
	n := sort.Search(len(h.units), func(i int) bool { return h.units[i] <= level })
	if n == 0 {
		return 0
	}
	return uint64(h.volume[n-1]) - uint64(level)*uint64(h.weight[n-1]) // level x weight <= volume: every one of these units is above level
}

func (h *histogram) hours() int64 {
	if len(h.weight) == 0 {
		return 0
	}
	return h.weight[len(h.weight)-1]
}

// Times returns the same demand with every hour counting num/den times: 730/672 turns four weeks into a month, a share alive weighs
// a period by its probability. It fails on a negative num, a den below 1, and a factor whose terms exceed 2^40.
func (d Demand) Times(num, den int64) (Demand, error) {
	if num < 0 || den < 1 {
		return Demand{}, fmt.Errorf("factor %d/%d: want a fraction of at least 0", num, den)
	}
	g := gcd(num, den)
	scaled := Demand{den: d.denominator()}
	var ok bool
	if scaled.den, ok = mul(scaled.den, den/g); !ok {
		return Demand{}, fmt.Errorf("factor %d/%d: %w", num, den, ErrTooLarge)
	}
	for _, p := range d.parts {
		n, ok := mul(p.num, num/g)
		if !ok {
			return Demand{}, fmt.Errorf("factor %d/%d: %w", num, den, ErrTooLarge)
		}
		scaled.parts = append(scaled.parts, part{p.h, n})
	}
	return scaled.reduced(), nil
}

// Sum returns the demand of all hours of its arguments together. Parts that came from one Demand stay one part, however often it is used.
func Sum(demands ...Demand) (Demand, error) {
	all := Demand{den: 1}
	var err error
	if demands, all.den, err = common(demands, 1); err != nil {
		return Demand{}, err
	}
	for _, d := range demands {
		for _, p := range d.parts {
			at := slices.IndexFunc(all.parts, func(q part) bool { return q.h == p.h })
			if at < 0 {
				all.parts = append(all.parts, p)
			} else if all.parts[at].num += p.num; all.parts[at].num >= mostWeight {
				return Demand{}, fmt.Errorf("weights of %d periods: %w", len(demands), ErrTooLarge)
			}
		}
	}
	return all.reduced(), nil
}

// common brings demands to one denominator, a multiple of least.
func common(demands []Demand, least int64) ([]Demand, int64, error) {
	den := least
	for _, d := range demands {
		var ok bool
		if den, ok = mul(den/gcd(den, d.denominator()), d.denominator()); !ok {
			return nil, 0, fmt.Errorf("weights of %d periods: %w", len(demands), ErrTooLarge)
		}
	}
	scaled := make([]Demand, len(demands))
	for i, d := range demands {
		scaled[i] = Demand{den: den}
		for _, p := range d.parts {
			n, ok := mul(p.num, den/d.denominator())
			if !ok {
				return nil, 0, fmt.Errorf("weights of %d periods: %w", len(demands), ErrTooLarge)
			}
			scaled[i].parts = append(scaled[i].parts, part{p.h, n})
		}
	}
	return scaled, den, nil
}

func (d Demand) denominator() int64 { return max(1, d.den) }

func (d Demand) reduced() Demand {
	g := d.denominator()
	for _, p := range d.parts {
		g = gcd(g, p.num)
	}
	d.den = d.denominator() / g
	for i := range d.parts { // d.parts is fresh wherever this is called
		d.parts[i].num /= g
	}
	return d
}

// Max returns the most units that are ever in use.
func (d Demand) Max() int64 {
	most := int64(0)
	for _, p := range d.parts {
		if p.num > 0 && len(p.h.units) > 0 {
			most = max(most, p.h.units[0])
		}
	}
	return most
}

// Hours returns how many hours the Demand stands for.
func (d Demand) Hours() bill.Exact {
	return d.hours().over(product(uint64(d.denominator()), 1))
}

// Above returns the unit-hours in use above a level: what capacity of that many units leaves uncovered.
func (d Demand) Above(level int64) bill.Exact {
	return d.above(level).over(product(uint64(d.denominator()), 1))
}

// hours and above are times the denominator.
func (d Demand) hours() wide {
	var sum wide
	for _, p := range d.parts {
		sum = sum.add(product(uint64(p.h.hours()), uint64(p.num)))
	}
	return sum
}

func (d Demand) above(level int64) wide {
	var sum wide
	for _, p := range d.parts {
		sum = sum.add(product(p.h.above(level), uint64(p.num)))
	}
	return sum
}

// busy returns the hours, times the denominator, in which more than level is in use.
func (d Demand) busy(level int64) wide {
	var sum wide
	for _, p := range d.parts {
		if n := sort.Search(len(p.h.units), func(i int) bool { return p.h.units[i] <= level }); n > 0 {
			sum = sum.add(product(uint64(p.h.weight[n-1]), uint64(p.num)))
		}
	}
	return sum
}

// use returns the unit-hours, times the denominator, of the step-th unit block after q of them: Σ W min(step, (d - q step)+).
func (d Demand) use(q, step int64) wide {
	return d.above(q * step).sub(d.above((q + 1) * step))
}

// steps returns how many whole steps reach the maximum.
func (d Demand) steps(step int64) int64 {
	most := d.Max()
	n := most / step
	if n*step < most {
		n++
	}
	return n
}

func mul(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return int64(lo), hi == 0 && lo < mostWeight
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, 1)
}
