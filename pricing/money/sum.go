package money

import (
	"fmt"
	"math/bits"
)

// Sum adds amounts and products of rate and hours exactly, in 128 bits and
// units of 1e-16 of the currency, and is rounded once when it is read. The
// order of additions and how they are split over several sums make no
// difference. The zero Sum is empty and ready.
type Sum struct {
	hi       int64  // two's complement, upper half
	lo       uint64 // lower half
	currency Code   // of the first amount added
	overflow bool   // sticky: the total once left 128 bits
}

// AddAmount adds a. Amounts of two currencies in one Sum panic.
func (s *Sum) AddAmount(a Amount) {
	s.claim(a.Currency)
	s.addProduct(a.Micros, atomsPerMicro)
}

// AddProduct adds what microHours millionths of an hour cost at r, unrounded.
func (s *Sum) AddProduct(r Rate, microHours int64) { s.addProduct(int64(r), microHours) }

// AddSum adds another sum, as if its parts had been added here. Two currencies panic.
func (s *Sum) AddSum(t Sum) {
	s.claim(t.currency)
	s.overflow = s.overflow || t.overflow
	s.add(t.hi, t.lo)
}

// SubSum subtracts another sum, exactly. Two currencies panic.
func (s *Sum) SubSum(t Sum) {
	s.claim(t.currency)
	s.overflow = s.overflow || t.overflow || (t.hi == minHigh && t.lo == 0)
	lo, carry := bits.Add64(^t.lo, 1, 0)
	hi, _ := bits.Add64(^uint64(t.hi), 0, carry)
	s.add(int64(hi), lo)
}

// Amount returns the total in c, rounded half to even to micro-units. A total
// that does not fit is ErrOverflow; a currency other than that of the amounts
// added panics.
func (s Sum) Amount(c Code) (Amount, error) {
	s.claim(c)
	negative, hi, lo := s.hi < 0, uint64(s.hi), s.lo
	if negative {
		var carry uint64
		lo, carry = bits.Add64(^lo, 1, 0)
		hi, _ = bits.Add64(^hi, 0, carry)
	}
	if s.overflow || hi >= atomsPerMicro {
		return Amount{}, fmt.Errorf("sum in %s: %w", c, ErrOverflow)
	}
	quo, rem := bits.Div64(hi, lo, atomsPerMicro)
	micros, err := signed(quo, rem, atomsPerMicro, negative)
	if err != nil {
		return Amount{}, fmt.Errorf("sum in %s: %w", c, err)
	}
	return Amount{Micros: micros, Currency: c}, nil
}

// Cmp returns -1, 0 or +1 as s is less than, equal to or greater than t, exactly.
func (s Sum) Cmp(t Sum) int {
	switch {
	case s.hi != t.hi && s.hi < t.hi, s.hi == t.hi && s.lo < t.lo:
		return -1
	case s.hi == t.hi && s.lo == t.lo:
		return 0
	}
	return 1
}

const minHigh = -1 << 63

func (s *Sum) claim(c Code) {
	switch {
	case c == "" || c == s.currency:
	case s.currency == "":
		s.currency = c
	default:
		panic(fmt.Sprintf("money: %s and %s in one sum", s.currency, c))
	}
}

func (s *Sum) addProduct(x, y int64) {
	hi, lo := bits.Mul64(magnitude(x), magnitude(y)) // below 2^126: never negative as a signed number
	if (x < 0) != (y < 0) {
		var carry uint64
		lo, carry = bits.Add64(^lo, 1, 0)
		hi, _ = bits.Add64(^hi, 0, carry)
	}
	s.add(int64(hi), lo)
}

func (s *Sum) add(hi int64, lo uint64) {
	low, carry := bits.Add64(s.lo, lo, 0)
	high, _ := bits.Add64(uint64(s.hi), uint64(hi), carry)
	if (s.hi < 0) == (hi < 0) && (int64(high) < 0) != (hi < 0) {
		s.overflow = true
	}
	s.hi, s.lo = int64(high), low
}
