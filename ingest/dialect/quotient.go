package dialect

import (
	"math"
	"math/big"
)

// Float returns the nearest float: for comparing sizes of numbers, never for amounts.
func (d Decimal) Float() float64 {
	f, _ := new(big.Rat).SetFrac(d.big(), big.NewInt(1)).Float64()
	f *= math.Pow10(-int(d.Scale))
	if d.Negative {
		return -f
	}
	return f
}

// Over returns d/n in units of 10^-places, rounded half to even once, for positive n, whether that was exact, and ErrRange
// where 63 bits do not hold it.
func (d Decimal) Over(n int64, places int) (units int64, exact bool, err error) {
	num, den := d.big(), big.NewInt(n)
	if shift := places - int(d.Scale); shift >= 0 {
		num.Mul(num, bigPow10(shift))
	} else {
		den.Mul(den, bigPow10(-shift))
	}
	rest := new(big.Int)
	num.QuoRem(num, den, rest)
	if exact = rest.Sign() == 0; !exact {
		if c := rest.Lsh(rest, 1).Cmp(den); c > 0 || c == 0 && num.Bit(0) == 1 {
			num.Add(num, big.NewInt(1))
		}
	}
	if d.Negative {
		num.Neg(num)
	}
	if !num.IsInt64() {
		return 0, false, ErrRange
	}
	return num.Int64(), exact, nil
}
