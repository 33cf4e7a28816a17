// Package demand holds the units that a pool uses in each hour of a window, and the two profiles between which the truth
// lies when only the hours of a day are known.
//
// A daily export says that a machine ran q hours of a day, not which ones. Flat spreads them evenly over the 24 hours of
// the day; Stacked puts them into the first hours of the day, for every machine alike, so that all partial machines run
// at once. For every quantity Q the usage above Q lies between that of Flat and that of Stacked (Jensen's bound and the
// comonotone bound; checked by a test on random days): Flat gives the highest saving of a reservation and Stacked the
// lowest. Where the hours are known (24-hour days, hourly rows, metric timestamps) both profiles hold the same values.
//
// Units: micro-instances, 1e6 for one instance during the whole hour. The package is free of Arrow, money and prices.
package demand

import "time"

// Full is one instance during a whole hour.
const Full = 1_000_000

// Window is the range of hours that is analysed: From and To are UTC midnights, To exclusive.
type Window struct {
	From, To time.Time
}

// Hours returns the number of hours in the window, at least 0.
func (w Window) Hours() int { return max(0, int(w.To.Sub(w.From)/time.Hour)) }

// Days returns the number of days in the window.
func (w Window) Days() int { return w.Hours() / 24 }

// Hour returns the index of the hour that holds t, and false where t is outside the window.
func (w Window) Hour(t time.Time) (int, bool) {
	if t.Before(w.From) || !t.Before(w.To) {
		return 0, false
	}
	return int(t.Sub(w.From) / time.Hour), true
}

// Series is the demand in each hour of a window, in micro-instances (or micro-units once multiplied by a ratio).
// Flat and Stacked have equal lengths and equal sums over each day; they share one array where the hours are exact.
type Series struct {
	Flat, Stacked []int64
}
