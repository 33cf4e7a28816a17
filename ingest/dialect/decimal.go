package dialect

import (
	"encoding/binary"
	"errors"
	"math/big"
	"math/bits"
	"strings"
)

// Errors of numbers. Each says what the text is not, because the text itself stands beside it in the message.
var (
	// ErrNumber says that a text is not a plain decimal number in the file's notation.
	ErrNumber = errors.New("not a number")
	// ErrMark says that a text has a comma, dot or blank that reads as a decimal mark or as a thousands mark.
	ErrMark = errors.New("ambiguous decimal or thousands mark")
	// ErrRange says that a number has an exponent or more digits than any amount or quantity has.
	ErrRange = errors.New("number out of range")
)

// maxExponent bounds exponents: 1e100000 must not make anybody write out a hundred thousand digits.
const maxExponent = 30

// Decimal is an exact decimal number: +-(Hi·2^64 + Lo) · 10^-Scale. The zero Decimal is 0.
type Decimal struct {
	Hi, Lo   uint64
	Scale    int16
	Negative bool
}

// ParseDecimal reads a number whose decimal mark is mark ('.' or ','). It takes a sign, up to 38 significant digits and an
// exponent within +-30; a percent sign is for the caller to cut. With mark ',' dots and blanks may part groups of three
// digits, because locales that write a decimal comma write those too; with mark '.' commas may where a point follows
// ("1,234.50"), and a comma alone is ErrMark, because "1,234" is one number in London and another one in Berlin.
// Apostrophes part groups as in Switzerland. NaN, infinities, hexadecimal numbers and underscores are
// ErrNumber.
func ParseDecimal(text []byte, mark byte) (Decimal, error) {
	var d Decimal
	i := 0
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		d.Negative = text[0] == '-'
		i = 1
	}
	start := i
	var lo uint64
	for i < len(text) && text[i]-'0' < 10 {
		lo = lo*10 + uint64(text[i]-'0')
		i++
	}
	whole, significant := i-start, i-start
	if lo == 0 && whole <= 19 { // leading zeros are no digits, here and behind the mark
		significant = 0
	}
	if i < len(text) && text[i] == mark {
		i++
		point := i
		for lo == 0 && i < len(text) && text[i] == '0' {
			i++
		}
		significant -= i - point
		for i+8 <= len(text) {
			eight, ok := eightDigits(binary.LittleEndian.Uint64(text[i:]))
			if !ok {
				break
			}
			lo = lo*1e8 + eight
			i += 8
		}
		for i < len(text) && text[i]-'0' < 10 {
			lo = lo*10 + uint64(text[i]-'0')
			i++
		}
		d.Scale = int16(i - point)
		significant += i - point
	}
	if digits := whole + int(d.Scale); i == len(text) && 0 < digits && digits <= 64 && significant <= 19 {
		d.Lo = lo
		return d.signed(), nil
	}
	return parseSlow(text, mark)
}

// eightDigits returns the number whose digits are the bytes of x, the first lowest; false where they are not all digits.
func eightDigits(x uint64) (uint64, bool) {
	x ^= 0x3030303030303030
	if ((x+0x7676767676767676)|x)&0x8080808080808080 != 0 {
		return 0, false
	}
	x = x*10 + x>>8
	return ((x&0x000000ff000000ff)*0x000f424000000064 + (x>>16&0x000000ff000000ff)*0x0000271000000001) >> 32, true
}

// signed makes -0 zero.
func (d Decimal) signed() Decimal {
	if d.Hi|d.Lo == 0 {
		d.Negative = false
	}
	return d
}

// parseSlow reads what the short path of ParseDecimal did not: many digits, exponents, thousands marks, and faults.
func parseSlow(text []byte, mark byte) (Decimal, error) {
	s := apart(string(text))
	if before, _, ok := strings.Cut(s, "."); ok && mark == '.' && strings.Contains(before, ",") {
		var err error
		if s, err = pointed(s); err != nil {
			return Decimal{}, err
		}
	} else if mark == ',' {
		var err error
		if s, err = dotted(s); err != nil {
			return Decimal{}, err
		}
	} else if strings.ContainsAny(s, ", \u00a0\u202f\u2009") {
		if strings.Trim(s, "+-0123456789., \u00a0\u202f\u2009") != "" {
			return Decimal{}, ErrNumber
		}
		return Decimal{}, ErrMark
	}
	mantissa, exponent, hasExponent := cutExponent(s)
	var d Decimal
	if mantissa != "" && (mantissa[0] == '-' || mantissa[0] == '+') {
		d.Negative = mantissa[0] == '-'
		mantissa = mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || (hasExponent && exponent == "") {
		return Decimal{}, ErrNumber
	}
	for _, part := range [2]string{whole, fraction} {
		for i := range len(part) {
			if part[i]-'0' > 9 {
				return Decimal{}, ErrNumber
			}
			if !d.push(part[i] - '0') {
				return Decimal{}, ErrRange
			}
		}
	}
	scale := len(fraction)
	if hasExponent {
		e, err := smallInt(exponent)
		if err != nil {
			return Decimal{}, err
		}
		scale -= e
	}
	if scale > 1000 {
		return Decimal{}, ErrRange
	}
	d.Scale = int16(scale)
	return d.signed(), nil
}

// push appends a digit; false when 128 bits do not hold it.
func (d *Decimal) push(digit byte) bool {
	hi1, lo := bits.Mul64(d.Lo, 10)
	hi2, hi := bits.Mul64(d.Hi, 10)
	lo, carry := bits.Add64(lo, uint64(digit), 0)
	hi, carry = bits.Add64(hi, hi1, carry)
	d.Hi, d.Lo = hi, lo
	return hi2 == 0 && carry == 0 && hi < 1<<63
}

// cutExponent cuts "1.2E-05" at its E.
func cutExponent(s string) (mantissa, exponent string, found bool) {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// smallInt reads an exponent within +-maxExponent.
func smallInt(s string) (int, error) {
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	if s == "" {
		return 0, ErrNumber
	}
	n := 0
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return 0, ErrNumber
		}
		if n = n*10 + int(s[i]-'0'); n > maxExponent {
			n = maxExponent + 1
		}
	}
	if n > maxExponent {
		return 0, ErrRange
	}
	if negative {
		n = -n
	}
	return n, nil
}

// dotted rewrites "1.234,56" and "1 234,56" as "1234.56". Groups must have three digits.
func dotted(s string) (string, error) {
	whole, fraction, comma := strings.Cut(s, ",")
	if strings.ContainsAny(fraction, ",. \u00a0\u202f\u2009") {
		return "", ErrMark
	}
	marks := 0
	for _, mark := range []string{".", "\u00a0", "\u202f", "\u2009", " "} {
		if strings.Contains(whole, mark) {
			whole = strings.ReplaceAll(whole, mark, ".")
			marks++
		}
	}
	groups := strings.Split(whole, ".")
	if marks > 1 || len(groups) > 1 && !threes(groups) {
		return "", ErrMark
	}
	s = strings.Join(groups, "")
	if comma {
		s += "." + fraction
	}
	return s, nil
}

// pointed rewrites "1,234,567.89" as "1234567.89".
func pointed(s string) (string, error) {
	s, err := dotted(strings.NewReplacer(".", ",", ",", ".").Replace(s))
	return s, err
}

// apart takes the apostrophes out of "1'234.50", where they part groups of three digits.
func apart(s string) string {
	s = strings.ReplaceAll(s, "\u2019", "'")
	rest := strings.TrimLeft(s, "+-0123456789'")
	groups := strings.Split(strings.TrimSuffix(s, rest), "'")
	if !threes(groups) {
		return s
	}
	return strings.Join(groups, "") + rest
}

// threes reports whether groups are those of a number that is written in thousands: one to three digits, with a sign or
// none, and three digits in each other group.
func threes(groups []string) bool {
	for i, g := range groups {
		if i == 0 {
			g = strings.TrimLeft(g, "+-")
		}
		if strings.Trim(g, "0123456789") != "" || len(g) == 0 || len(g) > 3 || i > 0 && len(g) != 3 {
			return false
		}
	}
	return true
}

// IsZero reports whether d is 0.
func (d Decimal) IsZero() bool { return d.Hi|d.Lo == 0 }

// Neg returns -d.
func (d Decimal) Neg() Decimal {
	d.Negative = !d.Negative
	return d.signed()
}

// Mul returns the exact product, and false where 127 bits do not hold it.
func (d Decimal) Mul(e Decimal) (Decimal, bool) {
	if d.Hi != 0 {
		d, e = e, d
	}
	if d.Hi != 0 {
		return Decimal{}, false
	}
	hi1, lo := bits.Mul64(d.Lo, e.Lo)
	hi2, hi := bits.Mul64(d.Lo, e.Hi)
	hi, carry := bits.Add64(hi, hi1, 0)
	p := Decimal{Hi: hi, Lo: lo, Scale: d.Scale + e.Scale, Negative: d.Negative != e.Negative}
	return p.signed(), hi2 == 0 && carry == 0 && hi < 1<<63
}

// pow10 holds the powers of ten that fit 64 bits.
var pow10 = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// Units returns d in units of 10^-places, rounded half to even once, whether that was exact, and ErrRange where 63 bits do
// not hold it.
func (d Decimal) Units(places int) (units int64, exact bool, err error) {
	shift := places - int(d.Scale)
	var u uint64
	exact = true
	switch {
	case d.IsZero():
		return 0, true, nil
	case shift >= 0 && shift < len(pow10) && d.Hi == 0:
		hi, lo := bits.Mul64(d.Lo, pow10[shift])
		if hi != 0 {
			return 0, false, ErrRange
		}
		u = lo
	case shift < 0 && -shift < len(pow10) && d.Hi < pow10[-shift]:
		by := pow10[-shift]
		q, r := bits.Div64(d.Hi, d.Lo, by)
		exact = r == 0
		if half := by - r; r > half || (r == half && q&1 == 1) {
			q++
		}
		u = q
	default:
		return d.bigUnits(shift)
	}
	if u > 1<<63-1 {
		return 0, false, ErrRange
	}
	if d.Negative {
		return -int64(u), exact, nil
	}
	return int64(u), exact, nil
}

// bigUnits is Units for the numbers that two machine words do not divide.
func (d Decimal) bigUnits(shift int) (int64, bool, error) {
	n, exact := d.big(), true
	if shift >= 0 {
		n.Mul(n, bigPow10(shift))
	} else {
		by, r := bigPow10(-shift), new(big.Int)
		n.QuoRem(n, by, r)
		exact = r.Sign() == 0
		if c := r.Lsh(r, 1).CmpAbs(by); c > 0 || (c == 0 && n.Bit(0) == 1) {
			n.Add(n, big.NewInt(1))
		}
	}
	if d.Negative {
		n.Neg(n)
	}
	if !n.IsInt64() {
		return 0, false, ErrRange
	}
	return n.Int64(), exact, nil
}

// big returns the magnitude as an integer.
func (d Decimal) big() *big.Int {
	n := new(big.Int).SetUint64(d.Hi)
	return n.Add(n.Lsh(n, 64), new(big.Int).SetUint64(d.Lo))
}

func bigPow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// HalfUp returns d in units of 10^-places, a half rounded away from zero, as percentages are; ErrRange where 62 bits do not
// hold it.
func (d Decimal) HalfUp(places int) (int64, error) {
	units, _, err := d.Units(places + 1)
	if err != nil {
		return 0, err
	}
	if int(d.Scale) > places+1 { // more digits than one behind the place: cut them, the first decides
		cut, _, err := d.bigUnitsDown(places + 1)
		if err != nil {
			return 0, err
		}
		units = cut
	}
	if units < 0 {
		return -((-units + 5) / 10), nil
	}
	return (units + 5) / 10, nil
}

// bigUnitsDown is Units rounded toward zero.
func (d Decimal) bigUnitsDown(places int) (int64, bool, error) {
	n, r := d.big(), new(big.Int)
	n.QuoRem(n, bigPow10(int(d.Scale)-places), r)
	if d.Negative {
		n.Neg(n)
	}
	if !n.IsInt64() {
		return 0, false, ErrRange
	}
	return n.Int64(), r.Sign() == 0, nil
}
