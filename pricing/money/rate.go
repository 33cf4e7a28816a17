package money

import "fmt"

// Rate is a price per hour in 1e-10 of a currency that stands beside it. It
// holds up to about 922 million units per hour.
type Rate int64

// ParseRate reads plain decimal text as a rate. A digit other than zero behind
// the tenth decimal is ErrPrecision: a printed price is kept or refused, never
// rounded.
func ParseRate(text string) (Rate, error) {
	d, err := scan(text, rateDigits)
	if err != nil {
		return 0, fmt.Errorf("%q: %w", text, err)
	}
	if !d.exact() {
		return 0, fmt.Errorf("%q: %w", text, ErrPrecision)
	}
	units, err := d.rounded()
	if err != nil {
		return 0, fmt.Errorf("%q: %w", text, err)
	}
	return Rate(units), nil
}

// Decimal returns the exact decimal text of r without zeros at the end ("0.104", "3").
func (r Rate) Decimal() string {
	return format(magnitude(int64(r)), r < 0, rateDigits, 0)
}

// PerHours returns what microHours millionths of an hour cost at r in currency
// c, rounded half to even to micro-units once, or ErrOverflow.
func (r Rate) PerHours(microHours int64, c Code) (Amount, error) {
	micros, err := mulDiv(int64(r), microHours, atomsPerMicro)
	if err != nil {
		return Amount{}, fmt.Errorf("%s %s/h * %d micro-hours: %w", r.Decimal(), c, microHours, err)
	}
	return Amount{Micros: micros, Currency: c}, nil
}

// MulDiv returns r * num / den, rounded half to even once: a price per block of
// hours to a price per hour, or a rate after a markup. Zero den panics.
func (r Rate) MulDiv(num, den int64) (Rate, error) {
	if den == 0 {
		panic("money: MulDiv by zero")
	}
	units, err := mulDiv(int64(r), num, den)
	if err != nil {
		return 0, fmt.Errorf("%s/h * %d / %d: %w", r.Decimal(), num, den, err)
	}
	return Rate(units), nil
}
