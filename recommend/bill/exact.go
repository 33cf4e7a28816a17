package bill

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
)

// Exact is a rational number without rounding. The zero Exact is 0. It is a value: no method changes its receiver, and copies may be
// used from several goroutines. Numbers whose reduced numerator and denominator fit in 63 bits are kept in two machine words; the rest
// falls back to math/big, slower and just as exact.
type Exact struct {
	num, den int64    // reduced, den > 0; den 0 stands for 1, so that the zero value is 0
	wide     *big.Rat // set when the reduced number needs more than 63 bits; never changed once set
}

// Whole returns the integer n.
func Whole(n int64) Exact { return Exact{num: n, den: 1} }

// Frac returns num/den. It panics when den is 0: a caller's mistake.
func Frac(num, den int64) Exact {
	if den == 0 {
		panic("bill: fraction with denominator 0")
	}
	if num == math.MinInt64 || den == math.MinInt64 {
		return FromRat(big.NewRat(num, den))
	}
	if den < 0 {
		num, den = -num, -den
	}
	if den == 1 {
		return Exact{num: num, den: 1}
	}
	g := gcd(magnitude(num), uint64(den))
	return Exact{num: num / int64(g), den: den / int64(g)}
}

// FromRat returns the value of r, which is copied.
func FromRat(r *big.Rat) Exact {
	x := owned(r)
	if x.wide != nil {
		x.wide = new(big.Rat).Set(r)
	}
	return x
}

// owned returns the value of r, which nobody else may change from now on.
func owned(r *big.Rat) Exact {
	n, d := r.Num(), r.Denom()
	if n.IsInt64() && d.IsInt64() && n.Int64() != math.MinInt64 {
		return Exact{num: n.Int64(), den: d.Int64()}
	}
	return Exact{wide: r}
}

// Rat returns the value as a new big.Rat that the caller owns.
func (x Exact) Rat() *big.Rat {
	if x.wide != nil {
		return new(big.Rat).Set(x.wide)
	}
	return big.NewRat(x.num, x.denominator())
}

// Add returns x + y.
func (x Exact) Add(y Exact) Exact {
	if x.wide == nil && y.wide == nil {
		if sum, ok := addSmall(x, y); ok {
			return sum
		}
	}
	return owned(new(big.Rat).Add(x.rat(), y.rat()))
}

// Sub returns x - y.
func (x Exact) Sub(y Exact) Exact { return x.Add(y.Neg()) }

// Neg returns -x.
func (x Exact) Neg() Exact {
	if x.wide != nil {
		return Exact{wide: new(big.Rat).Neg(x.wide)}
	}
	return Exact{num: -x.num, den: x.den}
}

// Mul returns x * y.
func (x Exact) Mul(y Exact) Exact {
	if x.wide == nil && y.wide == nil {
		if product, ok := mulSmall(x, y); ok {
			return product
		}
	}
	return owned(new(big.Rat).Mul(x.rat(), y.rat()))
}

// Quo returns x / y. It panics when y is 0: a caller's mistake.
func (x Exact) Quo(y Exact) Exact {
	if y.Sign() == 0 {
		panic("bill: division by 0")
	}
	if y.wide == nil {
		return x.Mul(Frac(y.denominator(), y.num))
	}
	return owned(new(big.Rat).Quo(x.rat(), y.wide))
}

// Cmp returns -1, 0 or +1 as x is below, equal to or above y.
func (x Exact) Cmp(y Exact) int {
	if x.wide == nil && y.wide == nil {
		dx, dy := x.denominator(), y.denominator()
		if dx == dy {
			return compare(x.num, y.num)
		}
		if sx, sy := x.Sign(), y.Sign(); sx != sy {
			return compare(int64(sx), int64(sy))
		}
		ah, al := bits.Mul64(magnitude(x.num), uint64(dy))
		bh, bl := bits.Mul64(magnitude(y.num), uint64(dx))
		order := compareWords(ah, al, bh, bl)
		if x.num < 0 {
			return -order
		}
		return order
	}
	return x.rat().Cmp(y.rat())
}

// Sign returns -1, 0 or +1.
func (x Exact) Sign() int {
	if x.wide != nil {
		return x.wide.Sign()
	}
	return compare(x.num, 0)
}

// IsWhole reports whether the value is an integer.
func (x Exact) IsWhole() bool {
	if x.wide != nil {
		return x.wide.IsInt()
	}
	return x.denominator() == 1
}

// Float returns the nearest float64: for pictures and estimates, never for money that is printed.
func (x Exact) Float() float64 {
	if x.wide != nil {
		f, _ := x.wide.Float64()
		return f
	}
	if d := x.denominator(); d != 1 {
		return float64(x.num) / float64(d)
	}
	return float64(x.num)
}

// String returns "n" for an integer and "num/den" in lowest terms otherwise, the form of resopt-case/1.
func (x Exact) String() string {
	if x.wide != nil {
		return x.wide.RatString()
	}
	if d := x.denominator(); d != 1 {
		return fmt.Sprintf("%d/%d", x.num, d)
	}
	return fmt.Sprint(x.num)
}

// Round returns the nearest integer, halves to the even neighbour. ok is false when it does not fit in an int64.
func (x Exact) Round() (n int64, ok bool) {
	r := x.rat()
	quotient, rest := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int)) // floor, 0 <= rest < denominator
	twice := rest.Lsh(rest, 1).Cmp(r.Denom())
	if twice > 0 || twice == 0 && quotient.Bit(0) == 1 {
		quotient.Add(quotient, big.NewInt(1))
	}
	return quotient.Int64(), quotient.IsInt64()
}

// MarshalText writes the form of String.
func (x Exact) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// ParseExact reads an integer, a decimal ("0.8") or a fraction ("4/5"), all exactly. Exponents are refused.
func ParseExact(text string) (Exact, error) {
	for _, c := range text {
		if (c < '0' || c > '9') && c != '-' && c != '/' && c != '.' {
			return Exact{}, fmt.Errorf("%q: not a number like 3, 0.8 or 4/5", text)
		}
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return Exact{}, fmt.Errorf("%q: not a number like 3, 0.8 or 4/5", text)
	}
	return FromRat(r), nil
}

// rat returns the value for reading only: it may be shared.
func (x Exact) rat() *big.Rat {
	if x.wide != nil {
		return x.wide
	}
	return big.NewRat(x.num, x.denominator())
}

func (x Exact) denominator() int64 {
	if x.den == 0 {
		return 1
	}
	return x.den
}

func addSmall(x, y Exact) (Exact, bool) {
	dx, dy := x.denominator(), y.denominator()
	if dx == dy {
		n, ok := addInt(x.num, y.num)
		if !ok {
			return Exact{}, false
		}
		return Frac(n, dx), true
	}
	if sum, ok := overCommon(x, y, dx, dy); ok {
		return sum, true
	}
	// The product of the denominators is too large; their least common multiple may not be.
	g := int64(gcd(uint64(dx), uint64(dy)))
	if g == 1 {
		return Exact{}, false
	}
	return overCommon(x, y, dx/g, dy)
}

// overCommon adds over the common denominator part * dy, where part is that of x without factors which dy has too.
func overCommon(x, y Exact, part, dy int64) (Exact, bool) {
	a, okA := mulInt(x.num, dy/(x.denominator()/part))
	b, okB := mulInt(y.num, part)
	n, okN := addInt(a, b)
	d, okD := mulInt(part, dy)
	if !(okA && okB && okN && okD) {
		return Exact{}, false
	}
	return Frac(n, d), true
}

func mulSmall(x, y Exact) (Exact, bool) {
	dx, dy := x.denominator(), y.denominator()
	n, okN := mulInt(x.num, y.num)
	d, okD := mulInt(dx, dy)
	if okN && okD {
		return Frac(n, d), true
	}
	// Reduced crosswise before it is multiplied, the product is in lowest terms.
	g, h := int64(gcd(magnitude(x.num), uint64(dy))), int64(gcd(magnitude(y.num), uint64(dx)))
	n, okN = mulInt(x.num/g, y.num/h)
	d, okD = mulInt(dx/h, dy/g)
	return Exact{num: n, den: d}, okN && okD
}

// addInt and mulInt refuse math.MinInt64 as a result, so that a small number can always be negated.
func addInt(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (a^sum)&(b^sum) >= 0 && sum != math.MinInt64
}

func mulInt(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// gcd is the binary algorithm: shifts and subtractions, several times faster than divisions.
func gcd(a, b uint64) uint64 {
	if a == 0 || b == 0 {
		return a | b
	}
	shift := bits.TrailingZeros64(a | b)
	a >>= bits.TrailingZeros64(a)
	for b != 0 {
		b >>= bits.TrailingZeros64(b)
		if a > b {
			a, b = b, a
		}
		b -= a
	}
	return a << shift
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func compareWords(ah, al, bh, bl uint64) int {
	switch {
	case ah != bh && ah < bh, ah == bh && al < bl:
		return -1
	case ah != bh || al != bl:
		return 1
	}
	return 0
}
