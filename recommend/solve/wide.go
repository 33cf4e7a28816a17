package solve

import (
	"math/big"
	"math/bits"

	"sizeterm/recommend/bill"
)

// wide is an unsigned integer of 192 bits, the least significant word first. Products of a price, a weight and a number of units need
// more than 128 bits when a pool is large and its weights carry probabilities; 192 are always enough within the limits that Demand checks.
type wide [3]uint64

func product(a, b uint64) wide {
	hi, lo := bits.Mul64(a, b)
	return wide{lo, hi}
}

func (w wide) add(v wide) wide {
	var sum wide
	var carry uint64
	for i := range w {
		sum[i], carry = bits.Add64(w[i], v[i], carry)
	}
	return sum
}

func (w wide) sub(v wide) wide {
	var rest wide
	var borrow uint64
	for i := range w {
		rest[i], borrow = bits.Sub64(w[i], v[i], borrow)
	}
	return rest
}

func (w wide) times(n uint64) wide {
	var p wide
	var carry uint64
	for i := range w {
		hi, lo := bits.Mul64(w[i], n)
		var c uint64
		p[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c
	}
	return p
}

func (w wide) cmp(v wide) int {
	for i := len(w) - 1; i >= 0; i-- {
		switch {
		case w[i] < v[i]:
			return -1
		case w[i] > v[i]:
			return 1
		}
	}
	return 0
}

// over returns w/den as an exact number.
func (w wide) over(den wide) bill.Exact {
	return bill.FromRat(new(big.Rat).SetFrac(w.int(), den.int()))
}

func (w wide) int() *big.Int {
	n := new(big.Int)
	for i := len(w) - 1; i >= 0; i-- {
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(w[i]))
	}
	return n
}
