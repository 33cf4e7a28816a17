// Package money counts amounts of one currency in whole millionths and hourly
// rates in whole ten-billionths, so that the same input gives the same bytes
// however it is split, ordered or summed.
//
// Units: Amount.Micros is 1e-6 of the currency, Rate is 1e-10 of the currency
// per hour, hours are micro-hours (1e-6 h). Products are taken in 128 bits and
// rounded half to even exactly once, where the doc comment says so.
//
// The package refuses rather than guesses: a result that does not fit is
// ErrOverflow, text that is not a plain decimal is ErrSyntax, a rate with more
// decimals than it can keep is ErrPrecision. Adding two currencies is a bug of
// the caller and panics.
package money

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
)

var (
	// ErrSyntax says that a text is not a plain decimal number or not a currency.
	ErrSyntax = errors.New("not a plain decimal number")
	// ErrCurrency says that a text is not a currency code of ISO 4217.
	ErrCurrency = errors.New("not a currency code of ISO 4217")
	// ErrOverflow says that an exact result does not fit the integer that holds it.
	ErrOverflow = errors.New("amount out of range")
	// ErrPrecision says that a rate has more decimals than can be kept exactly.
	ErrPrecision = errors.New("more decimals than can be kept exactly")
)

const (
	microDigits   = 6              // decimals of an Amount
	microsPerOne  = 1_000_000      // Amount.Micros of one unit of the currency
	rateDigits    = 10             // decimals of a Rate
	atomsPerMicro = 10_000_000_000 // 1e-16 units of a Sum in one micro-unit
)

// Amount is an exact sum of money: Micros millionths of Currency. It holds up
// to about 9.2e12 units. The zero Amount, nothing of no currency, may be added
// to any amount and is the start of a running total.
type Amount struct {
	Micros   int64
	Currency Code
}

// New returns the amount of micros millionths of c.
func New(micros int64, c Code) Amount { return Amount{Micros: micros, Currency: c} }

// Parse reads plain decimal text ("1482.00", "-0.5") as an amount of c.
// The decimal mark is a dot; exponents, blanks and thousands marks are
// ErrSyntax. More than six decimals are rounded half to even, once.
func Parse(text string, c Code) (Amount, error) {
	d, err := scan(text, microDigits)
	if err != nil {
		return Amount{}, fmt.Errorf("%q: %w", text, err)
	}
	micros, err := d.rounded()
	if err != nil {
		return Amount{}, fmt.Errorf("%q: %w", text, err)
	}
	return Amount{Micros: micros, Currency: c}, nil
}

// Add returns a + b. The result does not fit: ErrOverflow. Two currencies: panic.
func (a Amount) Add(b Amount) (Amount, error) {
	c := common(a, b)
	sum := a.Micros + b.Micros
	if (sum > a.Micros) != (b.Micros > 0) && b.Micros != 0 {
		return Amount{}, fmt.Errorf("%s + %s %s: %w", a.Decimal(), b.Decimal(), c, ErrOverflow)
	}
	return Amount{Micros: sum, Currency: c}, nil
}

// Sub returns a - b. The result does not fit: ErrOverflow. Two currencies: panic.
func (a Amount) Sub(b Amount) (Amount, error) {
	c := common(a, b)
	diff := a.Micros - b.Micros
	if (diff < a.Micros) != (b.Micros > 0) && b.Micros != 0 {
		return Amount{}, fmt.Errorf("%s - %s %s: %w", a.Decimal(), b.Decimal(), c, ErrOverflow)
	}
	return Amount{Micros: diff, Currency: c}, nil
}

// Mul returns n times a, or ErrOverflow.
func (a Amount) Mul(n int64) (Amount, error) { return a.MulDiv(n, 1) }

// MulDiv returns a * num / den, the product taken in 128 bits and rounded half
// to even once. A zero den panics; a result that does not fit is ErrOverflow.
func (a Amount) MulDiv(num, den int64) (Amount, error) {
	if den == 0 {
		panic("money: MulDiv by zero")
	}
	micros, err := mulDiv(a.Micros, num, den)
	if err != nil {
		return Amount{}, fmt.Errorf("%s %s * %d / %d: %w", a.Decimal(), a.Currency, num, den, err)
	}
	return Amount{Micros: micros, Currency: a.Currency}, nil
}

// Cmp returns -1, 0 or +1 as a is less than, equal to or greater than b.
// Two currencies: panic.
func (a Amount) Cmp(b Amount) int {
	common(a, b)
	return cmp.Compare(a.Micros, b.Micros)
}

// IsZero reports whether a is nothing, of whatever currency.
func (a Amount) IsZero() bool { return a.Micros == 0 }

// Decimal returns the exact decimal text of a: at least the minor digits of its
// currency, at most six, no zeros behind the minor digits ("1482.00", "0.104").
func (a Amount) Decimal() string {
	return format(magnitude(a.Micros), a.Micros < 0, microDigits, a.Currency.MinorUnits())
}

// Round returns a for people: rounded half to even to the minor units of its
// currency ("1482.00", JPY "1482"). Arithmetic never uses it.
func (a Amount) Round() string {
	minor := a.Currency.MinorUnits()
	quo, rem := bits.Div64(0, magnitude(a.Micros), pow10(microDigits-minor))
	quo = halfEven(quo, rem, pow10(microDigits-minor))
	return format(quo, a.Micros < 0 && quo > 0, minor, minor)
}

// String returns the exact decimal and the currency, "1482.00 USD".
func (a Amount) String() string { return a.Decimal() + " " + string(a.Currency) }

// common returns the currency that a and b share. The zero Amount shares any.
func common(a, b Amount) Code {
	switch {
	case a.Currency == b.Currency, b == Amount{}:
		return a.Currency
	case a == Amount{}:
		return b.Currency
	}
	panic(fmt.Sprintf("money: %s and %s in one sum", a, b))
}

// mulDiv returns x * num / den rounded half to even.
func mulDiv(x, num, den int64) (int64, error) {
	negative := (x < 0) != (num < 0) != (den < 0)
	hi, lo := bits.Mul64(magnitude(x), magnitude(num))
	d := magnitude(den)
	if hi >= d {
		return 0, ErrOverflow
	}
	quo, rem := bits.Div64(hi, lo, d)
	return signed(quo, rem, d, negative)
}
