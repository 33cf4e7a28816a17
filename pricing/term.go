// Package pricing holds what machines cost at one instant: a Book of offers,
// each with the source that printed it and its date.
//
// Units: pay-as-you-go is a money.Rate per instance and hour, a reservation the
// total of its whole term for one instance, exactly as printed; a year has
// 8 760 hours and a month 730 in every comparison. Prices are of base compute:
// Linux means base compute, Windows adds its licence.
//
// A Book answers with an offer or with an error that wraps ErrNoOffer and says
// why: there is no price, it is in another currency, or it is not to be
// trusted. It never answers with zero, a neighbour's price or another day's.
package pricing

import (
	"fmt"
	"strings"
)

// Hours of a month and of a year in every rate and comparison: a reservation
// rate times HoursOfMonth is the term total divided by its months, exactly.
const (
	HoursOfMonth = 730
	HoursOfYear  = 8760
)

// Term is how long a price binds: not at all, one year or three.
type Term uint8

// The terms.
const (
	PayAsYouGo Term = iota
	OneYear
	ThreeYear
	terms
)

// ParseTerm reads "PAYG", "P1Y", "P3Y", "1 Year" or "3 Years" in any case.
func ParseTerm(text string) (Term, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "payg":
		return PayAsYouGo, nil
	case "p1y", "1 year", "1year":
		return OneYear, nil
	case "p3y", "3 years", "3years":
		return ThreeYear, nil
	}
	return 0, fmt.Errorf("%q: not one of PAYG, P1Y, P3Y", text)
}

// String returns "PAYG", "P1Y" or "P3Y".
func (t Term) String() string {
	switch t {
	case PayAsYouGo:
		return "PAYG"
	case OneYear:
		return "P1Y"
	case ThreeYear:
		return "P3Y"
	}
	return fmt.Sprintf("Term(%d)", uint8(t))
}

// Years returns 0, 1 or 3.
func (t Term) Years() int {
	switch t {
	case OneYear:
		return 1
	case ThreeYear:
		return 3
	}
	return 0
}

// Hours returns the hours of the whole term: 0, 8 760 or 26 280.
func (t Term) Hours() int64 { return int64(t.Years()) * HoursOfYear }

// Months returns the months of the whole term: 0, 12 or 36.
func (t Term) Months() int { return t.Years() * 12 }

// OS is what the price includes beside the machine.
type OS uint8

// The operating systems that have prices of their own.
const (
	Linux   OS = iota // base compute, nothing else
	Windows           // base compute and the Windows Server licence
	systems
)

// ParseOS reads "Linux" or "Windows" in any case.
func ParseOS(text string) (OS, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "linux":
		return Linux, nil
	case "windows":
		return Windows, nil
	}
	return 0, fmt.Errorf("%q: not Linux or Windows", text)
}

// String returns "Linux" or "Windows".
func (o OS) String() string {
	switch o {
	case Linux:
		return "Linux"
	case Windows:
		return "Windows"
	}
	return fmt.Sprintf("OS(%d)", uint8(o))
}
