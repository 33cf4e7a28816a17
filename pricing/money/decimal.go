package money

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// scanned is a scanned number: units at the wanted scale and what lies behind.
type scanned struct {
	negative bool
	units    uint64
	overflow bool
	next     byte // first digit behind the scale, 0..9
	sticky   bool // some digit after it is not zero
}

// scan reads [+-]digits[.digits] keeping places decimals.
func scan(text string, places int) (scanned, error) {
	var d scanned
	if text != "" && (text[0] == '-' || text[0] == '+') {
		d.negative = text[0] == '-'
		text = text[1:]
	}
	whole, frac, _ := strings.Cut(text, ".")
	if whole == "" && frac == "" {
		return d, ErrSyntax
	}
	for i := range len(whole) {
		if !d.push(whole[i]) {
			return d, ErrSyntax
		}
	}
	for i := range max(len(frac), places) {
		digit := byte('0')
		if i < len(frac) {
			digit = frac[i]
		}
		if i < places {
			if !d.push(digit) {
				return d, ErrSyntax
			}
			continue
		}
		if digit < '0' || digit > '9' {
			return d, ErrSyntax
		}
		if i == places {
			d.next = digit - '0'
		} else if digit != '0' {
			d.sticky = true
		}
	}
	return d, nil
}

// push appends one digit to the units; false when it is none.
func (d *scanned) push(digit byte) bool {
	if digit < '0' || digit > '9' {
		return false
	}
	hi, lo := bits.Mul64(d.units, 10)
	sum, carry := bits.Add64(lo, uint64(digit-'0'), 0)
	d.overflow = d.overflow || hi != 0 || carry != 0
	d.units = sum
	return true
}

// exact reports whether nothing lies behind the scale.
func (d scanned) exact() bool { return d.next == 0 && !d.sticky }

// rounded returns the signed units, rounded half to even.
func (d scanned) rounded() (int64, error) {
	if d.overflow {
		return 0, ErrOverflow
	}
	// Twenty parts a unit keep "exactly a half" apart from "a bit more".
	rem := uint64(d.next) * 2
	if d.sticky {
		rem++
	}
	return signed(d.units, rem, 20, d.negative)
}

// format writes units at the given scale with at least minimum decimals.
func format(units uint64, negative bool, places, minimum int) string {
	digits := strconv.FormatUint(units, 10)
	if short := places + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	whole, frac := digits[:len(digits)-places], digits[len(digits)-places:]
	for len(frac) > minimum && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	out := whole
	if frac != "" {
		out += "." + frac
	}
	if negative {
		out = "-" + out
	}
	return out
}

// halfEven returns quo + rem/d rounded half to even; it wraps to 0 past the
// largest uint64, which the caller sees as a result below quo.
func halfEven(quo, rem, d uint64) uint64 {
	half := d - rem // rem > half: above the middle; rem == half: in the middle
	if rem > half || (rem == half && quo%2 == 1) {
		return quo + 1
	}
	return quo
}

// signed rounds quo + rem/d half to even and gives it its sign.
func signed(quo, rem, d uint64, negative bool) (int64, error) {
	rounded := halfEven(quo, rem, d)
	switch {
	case rounded < quo:
		return 0, ErrOverflow
	case negative && rounded <= 1<<63:
		return int64(-rounded), nil // two's complement: -2^63 fits
	case !negative && rounded <= math.MaxInt64:
		return int64(rounded), nil
	}
	return 0, ErrOverflow
}

// magnitude returns |x|, right for the smallest integer too.
func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// pow10 returns 10^n for n in 0..19.
func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
