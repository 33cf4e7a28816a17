package dialect

import (
	"fmt"
	"strings"
	"unicode"
)

// Fold returns the form in which headers are compared: lower case, without blanks, underscores, hyphens, byte order marks
// and a trailing "[UTC]". Of a bilingual header "名称(Consumed Quantity)" it keeps the English part.
func Fold(header string) string {
	if i := strings.IndexByte(header, '('); i > 0 && strings.HasSuffix(strings.TrimSpace(header), ")") && !ascii(header[:i]) {
		header = strings.TrimSuffix(strings.TrimSpace(header[i+1:]), ")")
	}
	var b strings.Builder
	for _, r := range header {
		switch {
		case unicode.IsSpace(r), r == '_', r == '-', r == '\ufeff', r == '"':
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r + 'a' - 'A')
		case r > 127:
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSuffix(b.String(), "[utc]")
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] > 127 {
			return false
		}
	}
	return true
}

// suspicious returns why a header cell must not be trusted: it holds a character that cannot be seen, one that turns the
// direction of writing, a control character, or letters of two scripts that look alike. "" is "nothing".
func suspicious(header string) string {
	latin, other := false, false
	for _, r := range strings.TrimPrefix(header, "\ufeff") {
		switch {
		case r == '\ufffd':
			return "holds a character that is not text"
		case r != '\ufeff' && (unicode.Is(unicode.Cf, r) || (unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t')):
			return fmt.Sprintf("holds the invisible character U+%04X", r)
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.Is(unicode.Cyrillic, r) || unicode.Is(unicode.Greek, r) || (r >= 0xff01 && r <= 0xff5e):
			other = true
		}
	}
	if latin && other {
		return "mixes letters of two alphabets that look alike"
	}
	return ""
}

// near returns the distance of two folded headers, at most 3: inserted, dropped and changed letters.
func near(a, b string) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 2 {
		return 3
	}
	row := make([]int, len(a)+1)
	for i := range row {
		row[i] = i
	}
	for j := 1; j <= len(b); j++ {
		diagonal := row[0]
		row[0] = j
		for i := 1; i <= len(a); i++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost = 1 + min(diagonal, row[i], row[i-1])
			}
			diagonal, row[i] = row[i], cost
		}
	}
	return min(row[len(a)], 3)
}
