package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/ingest/dialect"
)

// apartText says why sound rows are set apart.
var apartText = map[string]string{
	"not_a_virtual_machine":     "storage, network and other services",
	"other_purchase":            "purchases of other things than reservations",
	"other_commitment":          "reservations of other things than machines",
	"other_adjustment":          "credits, taxes and roundings of other services",
	"invoice_line":              "lines of the invoice that buy no reservation",
	"capacity_reservation":      "capacity that was held and not used",
	"not_hours":                 "meters that count no hours",
	"no_value":                  "intervals in which nothing was measured: they are missing, not zero",
	"other_metric":              "counters that nothing here needs",
	"one_of_several_processors": "single processors, which are not the machine",
	"header_repeated":           "the header once more",
	"monthly_summary":           "summaries by month, which tell no day",
	"not_in_force":              "reservations that ended, were cancelled or became others",
	"other_currency":            "rows in another currency than their customer's: see --customer-currency",
	"other_cost_view":           "the same money in the other view of cost",
}

// lackText says what a file does not tell and what follows.
var lackText = map[string]string{
	"charges price":         "prices: those of the price book are used, which know no discount of yours",
	"charges model":         "the pricing model: reserved and Spot hours are told by what else they leave",
	"charges currency":      "the currency of its amounts: say --file-currency",
	"charges customer":      "whose it is: say --file-customer",
	"charges tags":          "tags: no show-back by tag",
	"samples cpu":           "CPU: right-sizing is not possible",
	"samples cpu_max":       "the greatest CPU of an interval: shorter peaks stay unknown",
	"samples memory":        "memory: no smaller size is recommended for a machine whose memory is unknown",
	"samples network":       "network: it is not compared with what a size can send",
	"reservations customer": "whose each reservation is: taken to be the one customer's of the files",
	"reservations scope":    "the scope of each reservation: taken to be shared",
	"reservations start":    "when each reservation began",
}

// print writes the file for people.
func (f *checked) print(w io.Writer) {
	fmt.Fprintln(w, printable(f.Name))
	line := func(label, format string, args ...any) {
		fmt.Fprintf(w, "  %-10s %s\n", label, printable(fmt.Sprintf(format, args...)))
	}
	line("is", "%s", f.what())
	if f.From != "" {
		line("period", "%s", f.period())
	}
	var setApart int64
	for _, a := range f.SetApart {
		setApart += a.Rows
	}
	if f.Rows > 0 && setApart > 0 {
		line("rows", "%d read, %d accepted, %d refused; %d of the accepted set apart", f.Rows, f.Accepted, f.Rejected, setApart)
	} else if f.Rows > 0 {
		line("rows", "%d read, %d accepted, %d refused", f.Rows, f.Accepted, f.Rejected)
	}
	for _, a := range f.SetApart {
		line("set apart", "%d: %s", a.Rows, apartText[a.Reason])
	}
	if n := len(f.Customers); n > shownCustomers {
		line("customers", "%s and %d more", strings.Join(f.Customers[:shownCustomers], ", "), n-shownCustomers)
	} else if n > 0 {
		line("customers", "%s", strings.Join(f.Customers, ", "))
	}
	if len(f.Currencies) > 0 {
		line("currencies", "%s", strings.Join(f.Currencies, ", "))
	}
	for _, t := range f.Totals {
		line("cost", "%s %s %s in %d rows", t.Cost, t.Currency, t.Kind, t.Rows)
	}
	for _, n := range f.Notices {
		line("note", "%s", n)
	}
	for _, m := range f.Missing {
		line("lacks", "%s", lackText[f.Kind+" "+m])
	}
	for _, r := range f.Refusals {
		line("refused", "%s", r)
	}
	if f.Refused != "" {
		line("REFUSED", "%s", strings.TrimPrefix(f.Refused, f.Name+": "))
		if f.Way != "" {
			line("way out", "%s", f.Way)
		}
	}
	fmt.Fprintln(w)
}

// shownCustomers is how many customers check names of one file.
const shownCustomers = 5

// what says what a file is.
func (f *checked) what() string {
	if f.Dialect == "" {
		return f.Kind
	}
	text := f.Kind + ": " + dialect.Describe(f.Dialect)
	if !strings.HasPrefix(text, f.Kind+": "+f.Dialect) {
		text += " (" + f.Dialect + ")"
	}
	switch f.Export {
	case "actual", "amortized":
		text += ", " + f.Export + " costs"
	}
	if f.Encoding != "" && f.Encoding != "utf-8" {
		text += ", " + f.Encoding
	}
	return text
}

// period says which time a file is about: days where it has days.
func (f *checked) period() string {
	const midnight = "T00:00:00Z"
	from, to := f.From, f.To
	text := from + " to " + to
	if strings.HasSuffix(from, midnight) && strings.HasSuffix(to, midnight) {
		text = strings.TrimSuffix(from, midnight) + " to " + strings.TrimSuffix(to, midnight) + " (not included)"
	}
	if f.Grain != "" {
		text += ", by " + f.Grain
	}
	return text
}

// missing says what would make a better plan.
func missing(all []checked) []string {
	var have []string
	for _, f := range all {
		have = append(have, f.Dialect)
		if f.Refused == "" {
			have = append(have, f.Kind)
		}
	}
	return append(report.Lacking(have), overlaps(all)...)
}

// overlaps names exports that tell days of one customer twice: they are never added.
func overlaps(all []checked) []string {
	var lines []string
	for i, a := range all {
		for _, b := range all[:i] {
			if a.Kind != "charges" || b.Kind != "charges" || a.Dataset == b.Dataset || a.From >= b.To || b.From >= a.To || a.Export == "invoice" || b.Export == "invoice" ||
				!slices.ContainsFunc(a.Customers, func(c string) bool { return slices.Contains(b.Customers, c) }) {
				continue
			}
			why := "of each day the later export counts"
			if a.Export != b.Export {
				why = "actual and other costs are the same money, and of each day one of them counts"
			}
			lines = append(lines, printable(fmt.Sprintf("%s and %s overlap: %s, they are not added", b.Name, a.Name, why)))
		}
	}
	return lines
}

// printable escapes what a terminal would act on: names and values of files are not trusted.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\ufffd'
		}
		return r
	}, text)
}
