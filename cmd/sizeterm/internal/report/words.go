package report

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// amount is money for people: rounded to the minor unit, thousands apart, the currency behind: "1,482.00 USD".
func amount(a money.Amount) string { return strings.TrimSpace(figure(a) + " " + string(a.Currency)) }

// figure is amount without the currency, for columns whose heading names it.
func figure(a money.Amount) string { return thousands(a.Round()) }

// thousands sets commas into the whole part of a decimal text.
func thousands(decimal string) string {
	sign := ""
	if strings.HasPrefix(decimal, "-") {
		sign, decimal = "-", decimal[1:]
	}
	whole, rest, dotted := strings.Cut(decimal, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	if dotted {
		b.WriteString("." + rest)
	}
	return b.String()
}

// count is a whole number for people.
func count(n int64) string { return thousands(strconv.FormatInt(n, 10)) }

// percent is a share for people, one decimal: 0.294 is "29.4 %".
func percent(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "unknown"
	}
	text := strconv.FormatFloat(v*100, 'f', 1, 64)
	if text == "-0.0" {
		text = "0.0"
	}
	return text + " %"
}

// percentUp is a bound on a share for people: rounded up to one decimal, so that it stays one.
func percentUp(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return percent(v)
	}
	return percent(math.Ceil(v*1000-1e-9) / 1000)
}

// overload is the share of time in which a size would have been too small, between its bounds, for people.
func overload(low, high float64) string {
	switch a, b := percent(low), percentUp(high); {
	case high == 0:
		return "none"
	case a == b:
		return a
	case a == percent(0):
		return "at most " + b
	default:
		return a + " to " + b
	}
}

// shareOf is part as percent of whole, and false where whole is nothing or less.
func shareOf(part, whole money.Amount) (string, bool) {
	if whole.Micros <= 0 {
		return "", false
	}
	v, _ := new(big.Rat).SetFrac64(part.Micros, whole.Micros).Float64()
	return percent(v), true
}

// months is a number of months for people.
func months(v float64) string { return plural(strconv.FormatFloat(v, 'f', 1, 64), "month") }

// plural is n with its noun: "1 day", "2 days".
func plural(n, noun string) string {
	if n == "1" || n == "1.0" {
		return n + " " + noun
	}
	return n + " " + noun + "s"
}

// countOf is a counted noun.
func countOf(n int, noun string) string { return plural(count(int64(n)), noun) }

// day is a date for people.
func day(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(time.DateOnly)
}

// lastDay is the last day of a span whose end is exclusive.
func lastDay(end time.Time) string {
	if end.IsZero() {
		return "unknown"
	}
	return day(end.Add(-time.Nanosecond))
}

// units is millionths of a unit for people, two decimals: hours of machines, instances at once. It rounds half up.
func units(v int64) string {
	const half = 5_000
	if v < 0 {
		return "-" + units(-v)
	}
	hundredth := (v + half) / 10_000
	return thousands(fmt.Sprintf("%d.%02d", hundredth/100, hundredth%100))
}

// term is the length of a commitment for people.
func term(years int) string {
	if years == 0 {
		return "pay-as-you-go"
	}
	return plural(strconv.Itoa(years), "year")
}

// shortSize drops the prefix that all names of sizes share.
func shortSize(size catalog.Size) string { return strings.TrimPrefix(clean(string(size)), "Standard_") }

// clean makes foreign text fit for one line of a terminal or a page: control characters, invisible and
// direction-changing characters and broken UTF-8 become visible escapes.
func clean(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r < 0x80 && !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case !visible(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// plain reports whether s is printable ASCII, which most text is.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// visible reports whether r takes room on a screen and changes nothing around it. Joiners, direction marks, tags and
// private characters do not; blanks other than the plain one could hide a difference.
func visible(r rune) bool {
	return unicode.IsPrint(r) && !unicode.Is(unicode.Other, r) && !unicode.Is(unicode.Variation_Selector, r)
}

// shorten cuts s in the middle so that it takes at most width columns: both ends of a name tell it apart.
func shorten(s string, width int) string {
	if text.StringWidthWithoutEscSequences(s) <= width {
		return s
	}
	if width < 3 {
		return strings.Repeat(".", max(width, 0))
	}
	runes := []rune(s)
	head, tail := (width-1+1)/2, (width-1)/2
	front, back := "", ""
	for _, r := range runes {
		if text.StringWidthWithoutEscSequences(front+string(r)) > head {
			break
		}
		front += string(r)
	}
	for i := len(runes) - 1; i >= 0; i-- {
		if text.StringWidthWithoutEscSequences(string(runes[i])+back) > tail {
			break
		}
		back = string(runes[i]) + back
	}
	return front + "…" + back
}

// wrap breaks s at blanks into lines of at most width columns; a longer word is shortened in the middle, for it is a name.
// A percent sign stays with its number.
func wrap(s string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, word := range wordsOf(s) {
		word = shorten(word, width)
		n := text.StringWidthWithoutEscSequences(word)
		switch {
		case line == "":
			line, used = word, n
		case used+1+n <= width:
			line, used = line+" "+word, used+1+n
		default:
			lines = append(lines, line)
			line, used = word, n
		}
	}
	return append(lines, line)
}

// wordsOf splits at blanks, but not between a number and its percent sign.
func wordsOf(s string) []string {
	var out []string
	for word := range strings.FieldsSeq(s) {
		if n := len(out); n > 0 && word[0] == '%' && unicode.IsDigit(rune(out[n-1][len(out[n-1])-1])) {
			out[n-1] += " " + word
			continue
		}
		out = append(out, word)
	}
	return out
}

// join lists words with commas and a last "and".
func join(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
