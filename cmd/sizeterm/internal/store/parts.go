package store

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// UploadPart is what reading found in one file of an upload. Total = Accepted + Rejected rows.
type UploadPart struct {
	Name      string    `json:"name"` // the upload's, with the path within an archive behind it
	Kind      string    `json:"kind"`
	Dialect   string    `json:"dialect,omitempty"`
	Grain     string    `json:"grain,omitempty"`
	First     time.Time `json:"first,omitzero"`
	Last      time.Time `json:"last,omitzero"` // exclusive
	Total     int64     `json:"total"`
	Accepted  int64     `json:"accepted"`
	Rejected  int64     `json:"rejected"`
	Days      Days      `json:"days,omitempty"` // of its rows; none where rows cover more than a day
	Customers []string  `json:"customers,omitempty"`
	Missing   []string  `json:"missing,omitempty"` // what it does not tell and a better plan needs, each a clause
	Notices   []string  `json:"notices,omitempty"` // what is odd about it, each a clause
	Refused   string    `json:"refused,omitempty"` // why it cannot be used
}

// Days are days, YYYY-MM-DD, sorted. They are kept as runs: years of them are a few bytes.
type Days []string

// MarshalText implements encoding.TextMarshaler.
func (d Days) MarshalText() ([]byte, error) { return []byte(daysText(d)), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Days) UnmarshalText(text []byte) error {
	*d = daysOf(string(text))
	return nil
}

// daysText writes sorted days as runs: "2026-10-01+30" is October.
func daysText(days []string) string {
	var runs []string
	for i := 0; i < len(days); {
		first, err := time.Parse(time.DateOnly, days[i])
		n := 1
		for err == nil && i+n < len(days) && days[i+n] == first.AddDate(0, 0, n).Format(time.DateOnly) {
			n++
		}
		run := days[i]
		if n > 1 {
			run += "+" + strconv.Itoa(n-1)
		}
		runs = append(runs, run)
		i += n
	}
	return strings.Join(runs, " ")
}

// longestRun bounds what a damaged text can make: a century of days.
const longestRun = 36_525

// daysOf reads what daysText wrote.
func daysOf(text string) []string {
	var days []string
	for run := range strings.FieldsSeq(text) {
		day, more, _ := strings.Cut(run, "+")
		days = append(days, day)
		first, err := time.Parse(time.DateOnly, day)
		n, _ := strconv.Atoi(more) // "" is none
		for i := 1; err == nil && i <= min(n, longestRun); i++ {
			days = append(days, first.AddDate(0, 0, i).Format(time.DateOnly))
		}
	}
	return days
}

// partsText is the parts as the database keeps them.
func partsText(parts []UploadPart) (string, error) {
	if len(parts) == 0 {
		return "", nil
	}
	text, err := json.Marshal(parts)
	return string(text), err
}
