package report

import (
	"strings"
	"unicode/utf8"
)

// formulaStarts are the characters with which a spreadsheet takes text for a formula, in their plain and full-width forms
// (OWASP ASVS 1.2.10).
const formulaStarts = "=+-@\t\r\n＝＋－＠"

// cell makes foreign text safe as a cell of a spreadsheet: hidden characters become escapes, and text that would be
// taken for a formula gets a leading quote. Numbers of our own do not pass through here, so negative amounts stay numbers.
func cell(s string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " \u00a0"))
	if s != "" && strings.ContainsRune(formulaStarts, first) {
		return "'" + clean(s)
	}
	return clean(s)
}

// cells joins a list of texts into one cell.
func cells(list []string) string { return cell(strings.Join(list, "; ")) }
