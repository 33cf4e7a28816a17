// Package report turns one Plan, or one Analysis, into what people and programs read: a table for a terminal, JSON, CSV,
// Markdown, a printable HTML page and a workbook.
//
// It is the only place that rounds and that prints percent. Money is printed as the exact decimal for programs and rounded
// half to even to the minor unit of its currency for people; shares become percent for people only; times are UTC. It
// computes no amount: every figure was in the Plan.
//
// Text that came from a file (names of machines, customers and files) is never trusted: control and direction characters
// are shown as escapes, cells that a spreadsheet would take for a formula get a leading quote, and HTML and Markdown are
// escaped. The same Plan gives the same bytes.
package report

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/recommend"
)

// Format names one face of a plan.
type Format string

// The formats that Write knows. WriteAnalysis knows Table, JSON and CSV.
const (
	Table    Format = "table"
	JSON     Format = "json"
	CSV      Format = "csv"
	Markdown Format = "markdown"
	HTML     Format = "html"
	XLSX     Format = "xlsx"
)

// ErrFormat says that a format does not exist, or not for what is to be written.
var ErrFormat = errors.New("no such output format")

// Formats lists the formats of a plan in the order in which help texts name them.
func Formats() []Format { return []Format{Table, JSON, CSV, Markdown, HTML, XLSX} }

// ParseFormat reads the name of a format in any case.
func ParseFormat(text string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if strings.EqualFold(strings.TrimSpace(text), string(f)) {
			return f, nil
		}
		names = append(names, string(f))
	}
	return "", fmt.Errorf("output %q: %w; there are %s", text, ErrFormat, strings.Join(names, ", "))
}

// MaxWidth is the number of columns that no line of a table exceeds.
const MaxWidth = 100

// minWidth is the narrowest table that can still be read.
const minWidth = 80

// ErrPartnerFigures says that no page for a customer can be made of a plan: its costs are the partner's, and it could not be stated at the
// prices that the customer pays.
var ErrPartnerFigures = errors.New("the plan is made of the partner's own costs")

// Options says how a plan is shown. The zero Options works.
type Options struct {
	// Version is the program's version, printed in JSON and at the foot of pages.
	Version string
	// Width is the number of columns of a table, 80 to 100; 0 is 100.
	Width int
	// Color allows bold and colour escapes in a table.
	Color bool
	// Verbose adds to a table the reasons of each line, everything that was not recommended and every row of Microsoft's
	// own rule; without it a table is what a person reads first.
	Verbose bool
	// PartnerView shows the partner's cost, margin and lost credit in Markdown, HTML and XLSX too, which are otherwise at the prices that
	// the customer pays. Table, JSON and CSV stay with the partner and always hold them, unless CustomerView asks for the customer's.
	PartnerView, CustomerView bool
	// Customer keeps one customer's part of the plan; empty keeps all. A page for a customer must name it.
	Customer string
	// Display shows the amounts of a table, Markdown and HTML in other currencies, and says so; JSON, CSV and XLSX keep what is billed.
	Display []pricing.Conversion
	// Pictures are shown in HTML in their order, only the customer's own where Customer is given.
	Pictures []Picture
}

// Picture is an SVG drawing for a page, with the words for those who cannot see it. Customer is whose it is: a page for one
// customer shows no other's.
type Picture struct {
	Title, Alt string
	Customer   string
	SVG        []byte
}

// width returns the columns of a table.
func (o Options) width() int {
	if o.Width == 0 {
		return MaxWidth
	}
	return min(max(o.Width, minWidth), MaxWidth)
}

// Write writes plan to w in the given format. An unknown format is ErrFormat; other errors come from w.
func Write(w io.Writer, plan *recommend.Plan, format Format, opts Options) error {
	if !opts.PartnerView && (opts.CustomerView || opts.Customer != "" || format == Markdown || format == HTML || format == XLSX) {
		if plan = forCustomer(plan); plan == nil {
			return ErrPartnerFigures
		}
	}
	plan = onlyCustomer(plan, opts.Customer)
	if format == Table || format == Markdown || format == HTML {
		var err error
		if plan, err = displayed(plan, opts.Display); err != nil {
			return err
		}
	}
	switch format {
	case Table:
		return writeTable(w, plan, opts)
	case JSON:
		return writeJSON(w, newPlanView(plan, opts.Version, opts.Display))
	case CSV:
		return writeLinesCSV(w, plan)
	case Markdown:
		return writeMarkdown(w, plan, opts)
	case HTML:
		return writeHTML(w, plan, opts)
	case XLSX:
		return writeXLSX(w, plan, opts)
	}
	return fmt.Errorf("plan as %q: %w", string(format), ErrFormat)
}

// WriteAnalysis writes the profiles and machines of a to w as Table, JSON or CSV; another format is ErrFormat.
func WriteAnalysis(w io.Writer, a *analyzer.Analysis, format Format, opts Options) error {
	switch format {
	case Table:
		return writeAnalysisTable(w, a, opts)
	case JSON:
		return writeJSON(w, newAnalysisView(a, opts.Version))
	case CSV:
		return writeAnalysisCSV(w, a)
	}
	return fmt.Errorf("analysis as %q: %w; there are table, json and csv", string(format), ErrFormat)
}
