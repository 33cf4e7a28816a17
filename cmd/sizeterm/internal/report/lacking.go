package report

import "slices"

// Lacking says, in sentences without their full stop, what would make a better plan than files of the kinds and dialects in have.
func Lacking(have []string) []string {
	var lines []string
	for _, m := range []struct {
		text string
		any  []string
	}{
		{"no cost or usage export: no plan is possible without one", []string{"charges"}},
		{"no metrics: utilisation and the hours of partial days stay unknown, right-sizing is not possible", []string{"samples"}},
		{"no reservation list: existing reservations are not counted; give one before buying", []string{"reservation-list", "reservation-transactions"}},
		{"no price sheet: prices are those in the rows and the list prices of the price book", []string{"prices"}},
	} {
		if !slices.ContainsFunc(have, func(kind string) bool { return slices.Contains(m.any, kind) }) {
			lines = append(lines, m.text)
		}
	}
	return lines
}
