package fleet

import "math/bits"

// Rand is a small deterministic source of numbers (splitmix64). Equal seeds and names give equal numbers for ever: no
// generator of the standard library stands behind it. The zero value is the source of seed 0 without names.
type Rand struct{ state uint64 }

// NewRand returns the source of a seed and of the names of what it is for, so that adding one machine changes no other.
func NewRand(seed uint64, names ...string) Rand {
	r := Rand{state: seed}
	for _, name := range names {
		for i := range len(name) {
			r.state = scramble(r.state ^ uint64(name[i])*0x100000001b3)
		}
		r.state = scramble(r.state + 0x9e3779b97f4a7c15)
	}
	return r
}

func scramble(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Uint64 returns the next 64 bits.
func (r *Rand) Uint64() uint64 {
	r.state += 0x9e3779b97f4a7c15
	return scramble(r.state)
}

// Below returns a number from 0 to n-1. n must be positive.
func (r *Rand) Below(n int) int {
	high, _ := bits.Mul64(r.Uint64(), uint64(n))
	return int(high)
}

// Between returns a number from low to high, both included.
func (r *Rand) Between(low, high int) int { return low + r.Below(high-low+1) }

// GUID returns an identifier in the form of a random UUID (version 4), lower case.
func (r *Rand) GUID() string {
	const digits = "0123456789abcdef"
	out := []byte("00000000-0000-4000-8000-000000000000")
	word, left := uint64(0), 0
	for i, c := range out {
		if c == '-' || i == 14 {
			continue
		}
		if left == 0 {
			word, left = r.Uint64(), 16
		}
		nibble := word & 15
		word, left = word>>4, left-1
		if i == 19 {
			nibble = 8 | nibble&3
		}
		out[i] = digits[nibble]
	}
	return string(out)
}
