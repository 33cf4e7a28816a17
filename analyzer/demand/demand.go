// Package demand holds the units that a pool uses in each hour of a window, and the two profiles between which the truth
// lies when only the hours of a day are known.
//
// A daily export says that a machine ran q hours of a day, not which ones. Flat spreads them evenly over the 24 hours of
// the day; Stacked puts them into the first hours of the day, for every machine alike, so that all partial machines run
// at once. For every quantity Q the usage above Q lies between that of Flat and that of Stacked (Jensen's bound and the
// comonotone bound; checked by a test on random days): Flat gives the highest saving of a reservation and Stacked the
// lowest. Where the hours are known (24-hour days, hourly rows, metric timestamps) both profiles hold the same values.
// The bounds are of the usage that is summed up: profiles of several members add hour by hour, Flat to Flat and Stacked
// to Stacked. Where part of a day's usage is known to the hour and has peaks, the unknown part must be laid on them for an
// upper bound, and into the valleys for a lower one: see Shape.
//
// Units: micro-instances, 1e6 for one instance during the whole hour. The package is free of Arrow, money and prices.
package demand

import (
	"fmt"
	"math/bits"
	"slices"
	"time"
)

// Full is one instance during a whole hour.
const Full = 1_000_000

// FullDay is one instance during a whole day, in micro-hours.
const FullDay = 24 * Full

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

// NewSeries returns the series of no demand over hours hours, exact so far.
func NewSeries(hours int) Series {
	flat := make([]int64, hours)
	return Series{Flat: flat, Stacked: flat}
}

// Exact reports whether Flat and Stacked are the same in every hour.
func (s Series) Exact() bool { return s.shared() || slices.Equal(s.Flat, s.Stacked) }

// Sum returns the micro-hours of the window.
func (s Series) Sum() int64 {
	sum := int64(0)
	for _, v := range s.Flat {
		sum += v
	}
	return sum
}

// AddHour adds usage that is known to lie in one hour: micro-instances of it.
func (s Series) AddHour(hour int, micro int64) {
	s.Flat[hour] += micro
	if !s.shared() {
		s.Stacked[hour] += micro
	}
}

// AddHours adds usage that is known to lie in the hours of a day: micro-instances of each.
func (s Series) AddHours(day int, micro *[24]int64) {
	flat := s.Flat[24*day:][:24]
	for h, v := range micro {
		flat[h] += v
	}
	if s.shared() {
		return
	}
	stacked := s.Stacked[24*day:][:24]
	for h, v := range micro {
		stacked[h] += v
	}
}

// AddDay adds the micro-hours that one machine ran on a day whose hours are not known: evenly to Flat, the remainder of
// the division to the first hours, and from the first hour on to Stacked. More than 24 hours are several instances:
// as many whole days as there are, and one machine with the rest. It panics when micro is negative.
func (s *Series) AddDay(day int, micro int64) {
	if micro < 0 {
		panic(fmt.Sprintf("demand: %d micro-hours", micro))
	}
	from := 24 * day
	if whole := micro / FullDay; whole > 0 {
		for h := range 24 {
			s.AddHour(from+h, whole*Full)
		}
		micro -= whole * FullDay
	}
	if micro == 0 {
		return
	}
	s.part()
	for h := range int64(24) {
		s.Flat[from+int(h)] += micro / 24
		if h < micro%24 {
			s.Flat[from+int(h)]++
		}
	}
	for h := from; micro > 0; h++ {
		used := min(micro, Full)
		s.Stacked[h] += used
		micro -= used
	}
}

// Add adds the demand of other, hour by hour. It panics when the lengths differ.
func (s *Series) Add(other Series) {
	if len(s.Flat) != len(other.Flat) {
		panic(fmt.Sprintf("demand: %d hours and %d hours", len(s.Flat), len(other.Flat)))
	}
	if !other.shared() {
		s.part()
	}
	for h, v := range other.Flat {
		s.Flat[h] += v
	}
	if !s.shared() {
		for h, v := range other.Stacked {
			s.Stacked[h] += v
		}
	}
}

// Times returns the demand multiplied by n, such as a ratio: units x 100 of a flexibility group. It panics when an hour
// does not fit into 63 bits, which takes a hundred million instances.
func (s Series) Times(n int64) Series {
	out := Series{Flat: times(s.Flat, n)}
	out.Stacked = out.Flat
	if !s.shared() {
		out.Stacked = times(s.Stacked, n)
	}
	return out
}

// Without returns the demand of the days that are not in gaps, which are days of the window counted from 0, in order.
// Days that no file covers are not days without demand: leave them out before asking in how many hours a unit is used.
func (s Series) Without(gaps []int) Series {
	if len(gaps) == 0 {
		return s
	}
	out := Series{Flat: without(s.Flat, gaps)}
	out.Stacked = out.Flat
	if !s.shared() {
		out.Stacked = without(s.Stacked, gaps)
	}
	return out
}

// Above returns the micro-hours above a quantity, of Flat and of Stacked: what would be paid by the hour beside
// reservations of that quantity. The first is never above the second.
func (s Series) Above(quantity int64) (flat, stacked int64) {
	above := func(values []int64) int64 {
		sum := int64(0)
		for _, v := range values {
			sum += max(0, v-quantity)
		}
		return sum
	}
	flat = above(s.Flat)
	if s.shared() {
		return flat, flat
	}
	return flat, above(s.Stacked)
}

// Percentiles sets out to the values of hours at shares in basis points by nearest rank, every hour counting once. It is
// false when there are no hours.
func Percentiles(out []int64, hours []int64, basisPoints ...int) bool {
	if len(hours) == 0 {
		return false
	}
	sorted := slices.Clone(hours)
	slices.Sort(sorted)
	for i, bp := range basisPoints {
		rank := (int64(len(sorted))*int64(bp) + 9_999) / 10_000
		out[i] = sorted[max(1, rank)-1]
	}
	return true
}

func (s Series) shared() bool {
	return len(s.Flat) == 0 || len(s.Stacked) == len(s.Flat) && &s.Flat[0] == &s.Stacked[0]
}

// part gives Stacked an array of its own.
func (s *Series) part() {
	if s.shared() {
		s.Stacked = slices.Clone(s.Flat)
	}
}

func times(values []int64, n int64) []int64 {
	out := make([]int64, len(values))
	for i, v := range values {
		hi, lo := bits.Mul64(uint64(v), uint64(n))
		if v < 0 || n < 0 || hi != 0 || lo > 1<<63-1 {
			panic(fmt.Sprintf("demand: %d micro-instances times %d", v, n))
		}
		out[i] = int64(lo)
	}
	return out
}

func without(values []int64, gaps []int) []int64 {
	out := make([]int64, 0, len(values))
	for day := 0; 24*day < len(values); day++ {
		if _, gap := slices.BinarySearch(gaps, day); !gap {
			out = append(out, values[24*day:min(len(values), 24*day+24)]...)
		}
	}
	return out
}
