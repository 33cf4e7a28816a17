package money

import (
	"math/bits"
	"slices"
)

// Allocate shares a out in proportion to weights, exactly: the parts add up to
// a. Each part is cut down to micro-units first, and what is left over goes, a
// micro-unit each, to the largest remainders; of equal remainders the earlier
// part wins, so callers order the weights by id. Weights below zero, no weights
// or only zero weights panic.
func (a Amount) Allocate(weights []int64) []Amount {
	return a.allocate(weights, 1)
}

// Split shares a out over n equal parts that add up to a, the larger parts
// first. An amount of whole minor units gives parts of whole minor units: the
// instalments of a bill. n below one panics.
func (a Amount) Split(n int) []Amount {
	if n < 1 {
		panic("money: Split into no parts")
	}
	weights := make([]int64, n)
	for i := range weights {
		weights[i] = 1
	}
	grain := int64(pow10(microDigits - a.Currency.MinorUnits()))
	if a.Micros%grain != 0 {
		grain = 1
	}
	return a.allocate(weights, grain)
}

// allocate shares a out in multiples of grain, which divides it.
func (a Amount) allocate(weights []int64, grain int64) []Amount {
	total := totalWeight(weights)
	units, negative := magnitude(a.Micros)/uint64(grain), a.Micros < 0
	parts := make([]uint64, len(weights))
	remainders := make([]uint64, len(weights))
	order := make([]int, len(weights))
	left := units
	for i, w := range weights {
		hi, lo := bits.Mul64(units, uint64(w))
		parts[i], remainders[i] = bits.Div64(hi, lo, total)
		left -= parts[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int {
		switch {
		case remainders[x] > remainders[y]:
			return -1
		case remainders[x] < remainders[y]:
			return 1
		}
		return 0
	})
	for _, i := range order[:left] {
		parts[i]++
	}
	out := make([]Amount, len(weights))
	for i, p := range parts {
		micros := int64(p * uint64(grain))
		if negative {
			micros = -micros
		}
		out[i] = Amount{Micros: micros, Currency: a.Currency}
	}
	return out
}

func totalWeight(weights []int64) uint64 {
	var total uint64
	for _, w := range weights {
		if w < 0 {
			panic("money: Allocate by a negative weight")
		}
		total += uint64(w)
		if total > 1<<63 {
			panic("money: Allocate by weights above 2^63")
		}
	}
	if total == 0 {
		panic("money: Allocate by no weight")
	}
	return total
}
