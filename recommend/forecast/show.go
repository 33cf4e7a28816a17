package forecast

import (
	"math"
	"slices"
)

// Bands returns, for each week ahead, the mean demand of that week at each of the shares of paths, in units: what a picture of the fan
// shows. Existing reservations are not subtracted. Shares are from 0 to 1, by nearest rank.
func (f *Fan) Bands(shares ...float64) [][]float64 {
	mean := make([]float64, len(f.cells))
	for i := range f.cells {
		mean[i] = float64(f.cells[i].above(0)) / hoursOfWeek / fine * float64(f.pool.Step)
	}
	bands := make([][]float64, len(shares))
	values := make([]float64, f.paths)
	for w := range weeksOfFan {
		for i := range values {
			values[i] = 0
			if c := f.cell[i*weeksOfFan+w]; c >= 0 {
				values[i] = mean[c]
			}
		}
		slices.Sort(values)
		for k, share := range shares {
			at := max(1, int(math.Ceil(share*float64(len(values))-1e-9))) - 1
			bands[k] = append(bands[k], values[at])
		}
	}
	return bands
}

// History returns the mean demand of each whole week before the fan, in units, the oldest first; NaN where a day is unknown.
func (f *Fan) History() []float64 { return slices.Clone(f.out.past.levels) }

// Together returns what purchases made today save a month together in each path, rising, in micro-units: each over its own term, so
// that means add up. Empty without purchases.
func (f *Fan) Together(purchases []Purchase) []int64 {
	if len(purchases) == 0 {
		return nil
	}
	sums := make([]int64, f.paths)
	below := int64(0)
	for _, p := range purchases {
		months := int64(12 * p.Term.Years())
		for i, s := range f.savings(p, f.height(below), f.height(below+p.Units)) {
			sums[i] += s / months
		}
		below += p.Units
	}
	slices.Sort(sums)
	return sums
}

// Decision states purchases as a decision, for what is asked of one: quantities in steps, rounded to the nearest.
func (f *Fan) Decision(purchases []Purchase) Decision {
	d := Decision{Basis: f.basis, Lines: f.Worth(purchases)}
	for i, p := range purchases {
		q := int64(math.Round(float64(p.Units) / float64(f.pool.Step)))
		d.Lines[i].Quantity = q
		if p.Term.Years() == 1 {
			d.OneYear += q
		} else {
			d.ThreeYear += q
		}
	}
	return d
}
