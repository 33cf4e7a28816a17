package forecast

import "math"

// Draws are made by counting, not by a running state: the word for a key, a path and a week is a hash of the three (the finalizer of
// splitmix64, whose outputs over a counter pass the usual batteries). Whoever computes it, and when, it is the same.

const gamma = 0x9e3779b97f4a7c15

// mix spreads every bit of x over the whole word.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// keyOf returns the key of a pool's draws.
func keyOf(seed uint64, id string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return mix(h ^ mix(seed+gamma))
}

// pathKey returns the key of one path of a pool, word the n-th word under a key.
func pathKey(key uint64, path int) uint64 { return mix(key + uint64(path+1)*gamma) }
func word(key uint64, n int) uint64       { return mix(key + uint64(n+1)*gamma) }

// uniform returns a number inside (0, 1).
func uniform(w uint64) float64 { return (float64(w>>11) + 0.5) / (1 << 53) }

// normal returns the standard normal quantile of a uniform word.
func normal(w uint64) float64 { return float64(math.Sqrt2 * math.Erfinv(float64(2*uniform(w))-1)) }

// Words of a path beside those of its weeks, which count from 0.
const (
	wordLoss = 1 << 20 << iota
	wordScale
	wordTrend
	wordPrice  // and the next years'
	wordShapes // and the next mostShapes
)

// tableOf returns 64 quantiles, at the middles of 64 equal shares, of a distribution given by its quantile function.
func tableOf(quantile func(float64) float64) []float64 {
	table := make([]float64, 64)
	for i := range table {
		table[i] = quantile((float64(i) + 0.5) / 64)
	}
	return table
}

// at draws from a table, between its entries.
func at(table []float64, u float64) float64 {
	x := float64(u*float64(len(table))) - 0.5
	i := int(math.Floor(x))
	if i < 0 {
		return table[0]
	}
	if i+1 >= len(table) {
		return table[len(table)-1]
	}
	return table[i] + float64((table[i+1]-table[i])*(x-float64(i)))
}
