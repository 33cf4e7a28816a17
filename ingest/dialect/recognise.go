package dialect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind says what a file is about.
type Kind string

// The kinds of files.
const (
	Charges         Kind = "charges"
	Samples         Kind = "samples"
	Reservations    Kind = "reservations"
	Recommendations Kind = "recommendations"
	Unknown         Kind = "unknown"
)

// Errors of recognising a file.
var (
	// ErrUnknownKind says that a header belongs to no known form.
	ErrUnknownKind = errors.New("not a file of a known kind")
	// ErrMissingColumn says that a file is of a known form but lacks a column that it cannot be read without.
	ErrMissingColumn = errors.New("required column missing")
	// ErrHeader says that the header itself cannot be trusted: a column twice, or a character that deceives the eye.
	ErrHeader = errors.New("unusable header")
)

// Match is the outcome of recognising a header.
type Match struct {
	Kind    Kind
	Family  string         // the set of columns: "cost", "focus", "metrics-long" ...
	Dialect string         // with the version where the columns tell it: "mpa-2021-10-01"
	Column  map[string]int // column of each field that the file has
	Missing []string       // optional fields that the file lacks and a better answer needs
	Orders  Order          // the order of dates with slashes in the vendor's own files
	Wide    bool           // one column a machine
}

// Recognise says which known form a header has. The error wraps ErrUnknownKind, ErrMissingColumn or ErrHeader and says
// what was found, what would be accepted, and which near miss may be meant.
func Recognise(header []string) (*Match, error) {
	folded := make([]string, len(header))
	for i, h := range header {
		if why := suspicious(h); why != "" {
			return nil, fmt.Errorf("header %d %+q %s: %w", i+1, h, why, ErrHeader)
		}
		folded[i] = Fold(h)
	}
	for i, h := range header { // the tables of Log Analytics have ResourceId and _ResourceId, which say the same
		if own := folded[i]; strings.HasPrefix(strings.TrimSpace(h), "_") && slices.Index(folded, own) != i || strings.HasPrefix(h, "_") && slices.Contains(folded[i+1:], own) {
			folded[i] = "_" + own
		}
	}
	for _, f := range families {
		if !f.matches(folded) {
			continue
		}
		if err := duplicates(header, folded); err != nil {
			return nil, err
		}
		return f.match(header, folded)
	}
	return nil, unknown(header, folded)
}

// matches reports whether the marks of the family are there.
func (f *family) matches(folded []string) bool {
	has := func(alternatives string) bool {
		for a := range strings.SplitSeq(alternatives, "|") {
			if a != "" && slices.Contains(folded, a) {
				return true
			}
		}
		return false
	}
	for _, w := range f.without {
		if has(w) {
			return false
		}
	}
	for _, m := range f.marks {
		if !has(m) {
			return false
		}
	}
	if !f.wide {
		return true
	}
	for len(folded) > 1 && folded[len(folded)-1] == "" { // a spreadsheet's empty columns
		folded = folded[:len(folded)-1]
	}
	return len(folded) > 1 && slices.Contains(f.fields["time"], folded[0]) && !slices.ContainsFunc(folded[1:], nameless)
}

// nameless reports whether a column of a wide table cannot be the name of a machine: it is a field of the long form, or a
// word that tools give to values.
func nameless(folded string) bool {
	for _, headers := range sampleFields {
		if slices.Contains(headers, folded) {
			return true
		}
	}
	return folded == "" || valueWord(folded)
}

// valueWord reports whether a header is a word that tools give to values.
func valueWord(folded string) bool {
	switch folded {
	case "value", "val", "average", "maximum", "minimum", "total", "count", "metricname", "countername", "countervalue", "metric":
		return true
	}
	return false
}

// match maps the columns.
func (f *family) match(header, folded []string) (*Match, error) {
	m := &Match{Kind: f.kind, Family: f.name, Dialect: f.name, Column: map[string]int{}, Orders: f.orders, Wide: f.wide}
	for field, headers := range f.fields {
		for _, h := range headers {
			if at := slices.Index(folded, h); at >= 0 {
				m.Column[field] = at
				break
			}
		}
	}
	if f.version != nil {
		m.Dialect = f.version(func(h string) bool { return slices.Contains(folded, h) }, folded[0])
	}
	for _, field := range f.need {
		if _, ok := m.Column[field]; !ok {
			return nil, f.missing(field, header, folded)
		}
	}
	for _, field := range slices.Sorted(keysOf(f.fields)) {
		if _, ok := m.Column[field]; !ok {
			m.Missing = append(m.Missing, field)
		}
	}
	return m, nil
}

func keysOf(m map[string][]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// wayOut says how to get a column that people leave out.
var wayOut = map[string]string{
	"info": "; AdditionalInfo alone names the size of a virtual machine (ServiceType), and without it nothing can be recommended: " +
		"export cost details with all columns from Cost Management > Exports, or take the daily rated usage file from Partner Center, " +
		"instead of a grouped or trimmed report",
	"cost": "; usage without its costs, such as the daily rows of old downloads, is not enough: export cost details of these days from Cost Management > Exports",
}

// missing explains that a field has no column.
func (f *family) missing(field string, header, folded []string) error {
	names := f.fields[field]
	text := fmt.Sprintf("%s file: no column %s", f.name, strings.Join(names, " or "))
	if at, ok := nearest(folded, names); ok {
		text += fmt.Sprintf("; is %q meant?", strings.TrimSpace(header[at]))
	}
	return fmt.Errorf("%s%s: %w", text, wayOut[field], ErrMissingColumn)
}

// nearest returns the header that is at most two letters away from one of names.
func nearest(folded, names []string) (int, bool) {
	best, at := 3, -1
	for i, h := range folded {
		for _, n := range names {
			if d := near(h, n); d < best && len(n) > 3 && h != "" {
				best, at = d, i
			}
		}
	}
	return at, at >= 0
}

// duplicates refuses a header that names a column twice, for then nobody knows which one is meant.
func duplicates(header, folded []string) error {
	seen := map[string]int{}
	for i, h := range folded {
		if h == "" {
			continue
		}
		if before, ok := seen[h]; ok {
			return fmt.Errorf("columns %d %q and %d %q have the same name: %w", before+1, header[before], i+1, header[i], ErrHeader)
		}
		seen[h] = i
	}
	return nil
}

// unknown explains that no family fits: the nearest one, and what it would need.
func unknown(header, folded []string) error {
	var best *family
	most := 0
	for _, f := range families {
		n := 0
		for _, headers := range f.fields {
			for _, h := range headers {
				if slices.Contains(folded, h) {
					n++
					break
				}
			}
		}
		if n > most {
			best, most = f, n
		}
	}
	if has := func(h string) bool { return slices.Contains(folded, h) }; has("commitment") && (has("savingsplanid") || has("term") && !has("quantity")) {
		return fmt.Errorf("a list of savings plans, which is not read: what they cover is in the cost export, so leave the list out: %w", ErrUnknownKind)
	}
	shown := header[:min(len(header), 8)]
	text := fmt.Sprintf("columns %q", shown)
	if len(header) > len(shown) {
		text += fmt.Sprintf(" and %d more", len(header)-len(shown))
	}
	if best != nil && most > 1 {
		text += fmt.Sprintf(" are nearest to %s, which needs", best.name)
		var lacks []string
		for _, mark := range best.marks {
			alternatives := strings.Split(mark, "|")
			if !slices.ContainsFunc(alternatives, func(a string) bool { return slices.Contains(folded, a) }) {
				lacks = append(lacks, strings.Join(alternatives[:min(len(alternatives), 4)], " or "))
			}
		}
		text += " " + strings.Join(lacks, " and ")
		for _, l := range lacks {
			if at, ok := nearest(folded, strings.Split(l, " or ")); ok {
				text += fmt.Sprintf(" (is %q meant?)", header[at])
			}
		}
	}
	if len(folded) > 1 && slices.Contains(narrowFields["time"], folded[0]) {
		if at := slices.IndexFunc(folded[1:], valueWord); at >= 0 {
			text += fmt.Sprintf("; %q names neither a machine nor what was measured: name the column after one of them, such as cpu_avg beside a column vm", header[at+1])
		}
	}
	return fmt.Errorf("%s; accepted are %s: %w", text, accepted, ErrUnknownKind)
}

// accepted is the short list of the known forms; docs/FORMATS.md has the long one.
const accepted = "cost and usage exports (Cost Management, FOCUS, Partner Center), metrics (one row or column a machine, Azure Monitor, " +
	"Log Analytics), reservation lists, details, transactions and recommendations"

// Families returns the names of the known forms, in the order in which they are tried.
func Families() []string {
	names := make([]string, len(families))
	for i, f := range families {
		names[i] = f.name
	}
	return names
}
