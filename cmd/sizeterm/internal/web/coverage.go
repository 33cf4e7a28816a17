package web

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"sizeterm/cmd/sizeterm/internal/report"
)

// coverage is which days of which customers files hold.
type coverage struct {
	From, To time.Time // first and last day of the strips
	Months   []mark    // where months begin on them, in 500ths of their width
	Rows     []covered // by name
	More     int       // customers that have no row here
}

// covered is the days of one customer.
type covered struct {
	Customer, Name string
	Width          int // days of the strip
	Kinds          []coveredKind
}

// coveredKind is the days of one kind of files.
type coveredKind struct {
	Kind  string // "charges" or "samples"
	Days  int
	Words string // how many days, from when to when, and what is missing
	Runs  []run
	held  days
}

// run is a stretch of days on a strip: "has" rows, or "lack"s them between days that have.
type run struct {
	Class        string
	From, Length int
}

// mark is a word at a place of a drawing.
type mark struct {
	At   int
	Name string
}

// days is a set of days since 1970, with the files that hold each.
type days map[int][]string

const day = 24 * time.Hour

// dayOf numbers a day; ok is false where the text is none.
func dayOf(text string) (n int, ok bool) {
	at, err := time.Parse(time.DateOnly, text)
	return int(at.Unix() / int64(day/time.Second)), err == nil
}

func dateOf(n int) time.Time { return time.Unix(int64(n)*int64(day/time.Second), 0).UTC() }

// span is the first and last day of the set.
func (d days) span() (first, last int, ok bool) {
	for n := range d {
		if !ok {
			first, last, ok = n, n, true
		}
		first, last = min(first, n), max(last, n)
	}
	return first, last, ok
}

// The most that the strips and the calendar show: rows that one can look over, and three years.
const (
	mostStrips   = 50
	stripDays    = 400
	calendarDays = 3 * 366
)

// coveredKinds are the kinds of files that have days, and what it means to have none.
var coveredKinds = []struct{ kind, none string }{
	{"charges", "none: no plan without them"},
	{"samples", "none: sizes cannot be judged"},
}

// heldBy returns the days of every customer and kind. What names no customer concerns all.
func heldBy(uploads []Upload) map[string]map[string]days {
	all := map[string]map[string]days{}
	common := map[string]days{}
	put := func(to map[string]days, p *Part) {
		if to[p.Kind] == nil {
			to[p.Kind] = days{}
		}
		for _, text := range p.Days {
			if n, ok := dayOf(text); ok {
				to[p.Kind][n] = append(to[p.Kind][n], p.Name)
			}
		}
	}
	for i := range uploads {
		if uploads[i].State != "accepted" {
			continue
		}
		for j := range uploads[i].Parts {
			p := &uploads[i].Parts[j]
			if len(p.Customers) == 0 {
				put(common, p)
			}
			for _, c := range p.Customers {
				if all[c] == nil {
					all[c] = map[string]days{}
				}
				put(all[c], p)
			}
		}
	}
	for _, kinds := range all {
		for kind, held := range common {
			if kinds[kind] == nil {
				kinds[kind] = days{}
			}
			for n, files := range held {
				kinds[kind][n] = append(kinds[kind][n], files...)
			}
		}
	}
	return all
}

// coverageOf lays the days of all customers side by side; name calls a customer.
func coverageOf(uploads []Upload, name func(string) string) coverage {
	var c coverage
	first, last, any := 0, 0, false
	for customer, kinds := range heldBy(uploads) {
		row := covered{Customer: customer, Name: name(customer)}
		for _, k := range coveredKinds {
			held := kinds[k.kind]
			row.Kinds = append(row.Kinds, coveredKind{Kind: k.kind, Days: len(held), Words: held.words(k.none), held: held})
			if a, b, ok := held.span(); ok {
				if !any {
					first, last, any = a, b, true
				}
				first, last = min(first, a), max(last, b)
			}
		}
		c.Rows = append(c.Rows, row)
	}
	slices.SortFunc(c.Rows, func(a, b covered) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Customer, b.Customer))
	})
	if !any {
		return coverage{}
	}
	if len(c.Rows) > mostStrips {
		c.More, c.Rows = len(c.Rows)-mostStrips, c.Rows[:mostStrips]
	}
	first = max(first, last-stripDays+1)
	c.From, c.To = dateOf(first), dateOf(last)
	c.Months = monthMarks(first, last)
	for i := range c.Rows {
		c.Rows[i].Width = last - first + 1
		for j := range c.Rows[i].Kinds {
			k := &c.Rows[i].Kinds[j]
			k.Runs = k.held.runs(first, last)
		}
	}
	return c
}

// runs are the stretches of the set between two days.
func (d days) runs(first, last int) []run {
	var all []run
	begin, end, _ := d.span()
	for n := max(first, begin); n <= min(last, end); n++ {
		class := "lack"
		if len(d[n]) > 0 {
			class = "has"
		}
		if k := len(all) - 1; k >= 0 && all[k].Class == class {
			all[k].Length++
		} else {
			all = append(all, run{class, n - first, 1})
		}
	}
	return all
}

// gapsNamed is how many gaps are named.
const gapsNamed = 3

// words says how many days there are and which are missing between them.
func (d days) words(none string) string {
	first, last, ok := d.span()
	if !ok {
		return none
	}
	date := func(n int) string { return dateOf(n).Format(time.DateOnly) }
	text := date(first)
	if last > first {
		text += " to " + date(last)
	}
	var gaps []string
	for _, r := range d.runs(first, last) {
		if r.Class == "has" {
			continue
		}
		gap := date(first + r.From)
		if r.Length > 1 {
			gap += " to " + date(first+r.From+r.Length-1)
		}
		gaps = append(gaps, gap)
	}
	span := last - first + 1
	switch {
	case len(gaps) == 0:
		return fmt.Sprintf("all %d, %s", span, text)
	case len(gaps) > gapsNamed:
		gaps = append(gaps[:gapsNamed], fmt.Sprintf("and %d more", len(gaps)-gapsNamed))
	}
	return fmt.Sprintf("%d of %d, %s; missing: %s", len(d), span, text, strings.Join(gaps, ", "))
}

// monthMarks are the months that begin between two days, in 500ths of the way; every third one where there are many.
func monthMarks(first, last int) []mark {
	var all []mark
	from, to := dateOf(first), dateOf(last)
	every := 1
	if last-first > 200 {
		every = 3
	}
	if from.Day() > 1 && last-first < 45 {
		all = append(all, mark{0, from.Format("2 Jan 2006")})
	}
	for at := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC); !at.After(to); at = at.AddDate(0, 1, 0) {
		n := int(at.Unix()/int64(day/time.Second)) - first
		if n < 0 || every > 1 && int(at.Month())%every != 1 || 500*n/(last-first+1) > 450 {
			continue
		}
		all = append(all, mark{500 * n / (last - first + 1), at.Format("Jan 2006")})
	}
	return all
}

// daysPage is the calendar of one customer.
type daysPage struct {
	Row           covered
	Months        []month
	Heads         []mark
	Width, Height int
	Files         []coveredFile
}

// month is a row of the calendar.
type month struct {
	Name string
	Text int // baseline of the name
	Days []cell
}

// cell is a day: its upper half says whether there are charges, the lower whether samples.
type cell struct {
	X, Y, Low           int
	Upper, Lower, Title string
}

// coveredFile is a file that has rows of the customer.
type coveredFile struct {
	Upload string
	Part   *Part
	Words  string
}

// The calendar's own units.
const (
	calendarLeft, calendarTop = 80, 18
	cellWidth, rowHeight      = 20, 26
	halfHeight                = 9
)

func (s *Server) daysOf(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	uploads, err := s.Files.Uploads(ctx, principalOf(ctx).Tenant)
	if err != nil {
		return err
	}
	held := heldBy(uploads)
	for customer, kinds := range held {
		if slug(customer) != r.PathValue("customer") {
			continue
		}
		page := calendarOf(covered{Customer: customer, Name: s.customerName(ctx)(customer)}, kinds)
		page.Files = filesOf(uploads, customer)
		s.render(w, r, http.StatusOK, "days", page.Row.Name, page)
		return nil
	}
	return ErrNone
}

// filesOf lists the files with rows of a customer, and those of none in particular that have days.
func filesOf(uploads []Upload, customer string) []coveredFile {
	var all []coveredFile
	for i := range uploads {
		for j := range uploads[i].Parts {
			p := &uploads[i].Parts[j]
			if uploads[i].State != "accepted" || !slices.Contains(p.Customers, customer) && (len(p.Customers) > 0 || len(p.Days) == 0) {
				continue
			}
			held := days{}
			for _, text := range p.Days {
				if n, ok := dayOf(text); ok {
					held[n] = []string{p.Name}
				}
			}
			all = append(all, coveredFile{uploads[i].ID, p, held.words("")})
		}
	}
	return all
}

// calendarOf draws the months of a customer, the newest first.
func calendarOf(row covered, kinds map[string]days) daysPage {
	page := daysPage{Width: calendarLeft + 31*cellWidth, Height: calendarTop}
	first, last, any := 0, 0, false
	for _, k := range coveredKinds {
		row.Kinds = append(row.Kinds, coveredKind{Kind: k.kind, Days: len(kinds[k.kind]), Words: kinds[k.kind].words(k.none)})
		if a, b, ok := kinds[k.kind].span(); ok {
			if !any {
				first, last, any = a, b, true
			}
			first, last = min(first, a), max(last, b)
		}
	}
	page.Row = row
	if !any {
		return page
	}
	for n := 1; n <= 31; n += 5 {
		page.Heads = append(page.Heads, mark{calendarLeft + (n-1)*cellWidth + cellWidth/2 - 1, fmt.Sprint(n)})
	}
	first = max(first, last-calendarDays)
	for at := dateOf(last); int(at.Unix()/int64(day/time.Second)) >= first || at.Month() == dateOf(first).Month() && at.Year() == dateOf(first).Year(); at = time.Date(at.Year(), at.Month(), 0, 0, 0, 0, 0, time.UTC) {
		page.Months = append(page.Months, monthOf(at, page.Height, kinds))
		page.Height += rowHeight
	}
	return page
}

// monthOf is the row of the month of a day.
func monthOf(at time.Time, y int, kinds map[string]days) month {
	m := month{Name: at.Format("Jan 2006"), Text: y + 13}
	charges, samples := kinds["charges"], kinds["samples"]
	for d := time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC); d.Month() == at.Month(); d = d.AddDate(0, 0, 1) {
		n := int(d.Unix() / int64(day/time.Second))
		c := cell{X: calendarLeft + (d.Day()-1)*cellWidth, Y: y, Low: y + halfHeight, Upper: charges.class(n, "charges"), Lower: samples.class(n, "samples")}
		c.Title = d.Format(time.DateOnly) + ": " + filesWords(slices.Concat(charges[n], samples[n]))
		m.Days = append(m.Days, c)
	}
	return m
}

// class says how a day of the set is drawn: by the word has, "lack" between days that are there, or "out".
func (d days) class(n int, has string) string {
	first, last, ok := d.span()
	switch {
	case len(d[n]) > 0:
		return has
	case ok && n > first && n < last:
		return "lack"
	}
	return "out"
}

// filesWords names the files of a day.
func filesWords(files []string) string {
	const named = 4
	switch n := len(files); {
	case n == 0:
		return "no file"
	case n > named:
		return strings.Join(files[:named], ", ") + fmt.Sprintf(" and %d more", n-named)
	}
	return strings.Join(files, ", ")
}

// lackingOf says what would make better plans.
func lackingOf(uploads []Upload) []string {
	var have []string
	for i := range uploads {
		for j := range uploads[i].Parts {
			if p := &uploads[i].Parts[j]; uploads[i].State == "accepted" {
				have = append(have, p.Kind, p.Dialect)
			}
		}
	}
	if len(have) == 0 {
		return nil
	}
	return report.Lacking(have)
}
