package report

import (
	"math"
	"strconv"
	"strings"
	"time"

	"sizeterm/analyzer"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// number is a JSON number with a fixed text, so that no float formatting decides the bytes.
type number string

// MarshalJSON writes the text as it is; the empty number is null.
func (n number) MarshalJSON() ([]byte, error) {
	if n == "" {
		return []byte("null"), nil
	}
	return []byte(n), nil
}

// shareDigits is the number of decimals of shares, ratios and utilisations in JSON and CSV.
const shareDigits = 6

// share returns v with at most six decimals; a value that is not finite has none.
func share(v float64) number {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	text := strconv.FormatFloat(v, 'f', shareDigits, 64)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" {
		return "0"
	}
	return number(text)
}

// fraction returns f as a share, empty where it is absent.
func fraction(f recommend.Fraction) number {
	if !f.Has {
		return ""
	}
	return share(f.Value)
}

// millionths returns v / 1e6 exactly: hours from micro-hours, instances from micro-instances.
func millionths(v int64) number { return scaled(v, 6) }

// hundredths returns v / 100 exactly: percent from hundredths of a point, ratios from hundredths.
func hundredths(v int64) number { return scaled(v, 2) }

// scaled returns v / 10^digits exactly, without trailing zeros.
func scaled(v int64, digits int) number {
	text := strconv.FormatInt(v, 10)
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	if short := digits + 1 - len(text); short > 0 {
		text = strings.Repeat("0", short) + text
	}
	whole, rest := text[:len(text)-digits], strings.TrimRight(text[len(text)-digits:], "0")
	if rest != "" {
		rest = "." + rest
	}
	if whole == "0" && rest == "" {
		sign = ""
	}
	return number(sign + whole + rest)
}

// exact is an amount for programs: the decimal as a string.
func exact(a money.Amount) string { return a.Decimal() }

// instant is a time for programs: RFC 3339 in UTC, whole seconds; the zero time is empty.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// optionalInstant is instant with null for the zero time.
func optionalInstant(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := instant(t)
	return &text
}

// optionalText is text with null for the empty text.
func optionalText(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// percentOf returns hundredths of a percent point as a percent number.
func percentOf(p analyzer.Percent) number { return hundredths(int64(p)) }
