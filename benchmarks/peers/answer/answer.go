// Package answer is what every peer prints of a benchmark file, so that a race is between equal answers: counts, and sums
// of the figures that each computed, rounded far below what they mean.
package answer

import (
	"encoding/json"
	"io"
	"math"
	"slices"
)

// Answer is the sum of what was computed. Of form A: groups are size and region, machines are resources, cells are group and
// hour, Quantiles adds P50, P90, P95 and P99 (type 7, linear) of each group and machine, Max adds each machine's maximum. Of
// form B: groups are size and region, machines are resource and pricing model, cells are group and day, Costs counts
// subscription, category and day, Hours adds the compute hours and Dollars the cost of all rows.
type Answer struct {
	Rows      int64   `json:"rows"`
	Groups    int64   `json:"groups"`
	Machines  int64   `json:"machines"`
	Cells     int64   `json:"cells"`
	Costs     int64   `json:"costs,omitempty"`
	Quantiles float64 `json:"quantiles,omitempty"`
	Max       float64 `json:"max,omitempty"`
	Hours     float64 `json:"hours,omitempty"`
	Dollars   float64 `json:"dollars,omitempty"`
}

// Print writes the answer as one line of JSON; sums are rounded to 3 decimals, because float sums depend on their order.
func (a Answer) Print(w io.Writer) error {
	for _, v := range []*float64{&a.Quantiles, &a.Max, &a.Hours, &a.Dollars} {
		*v = math.Round(*v*1e3) / 1e3
	}
	return json.NewEncoder(w).Encode(a)
}

// Levels are the quantiles of a benchmark.
var Levels = [...]float64{0.5, 0.9, 0.95, 0.99}

// AddQuantiles sorts the values and adds their quantiles.
func (a *Answer) AddQuantiles(values []float64) {
	slices.Sort(values)
	for _, p := range Levels {
		at := p * float64(len(values)-1)
		low := int(at)
		high := min(low+1, len(values)-1)
		a.Quantiles += values[low] + (values[high]-values[low])*(at-float64(low))
	}
}
