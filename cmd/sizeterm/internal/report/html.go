package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"unicode/utf8"

	"sizeterm/recommend"
)

//go:embed page.html
var pageText string

// pageTemplate is the page of a plan. Every text passes "say", which shows hidden characters, and the escaping of
// html/template; nothing is trusted but the drawings of our own, which stand in images and so cannot act.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"say": clean, "figure": figure, "amount": amount, "count": count, "term": term, "day": day,
	"drawing": drawing, "short": shortSize, "last": lastPart, "sentence": remark.sentence,
	"laterTitle":    func() string { return laterTitle },
	"calendarTable": func(t *recommend.Total) tableData { return tableData{calendarColumns, rowsOf(t.Calendar, calendarRow)} },
	"laterTable":    func(list []recommend.Later) tableData { return tableData{laterColumns, rowsOf(list, laterRow)} },
	"tally":         func(n int) string { return count(int64(n)) },
	"tight":         func(s string) bool { return utf8.RuneCountInString(s) <= 20 }, // a date or a size is not broken over lines
	"dict":          func(title string, groups []remarks) remarksData { return remarksData{title, groups} },
	"resize":        func(r recommend.Resize) []string { return resizeCells(&r) },
}).Parse(pageText))

// pageData is what the template sees.
type pageData struct {
	*story
	Version   string
	Answer    *answerData
	Display   []string
	Pictures  []Picture
	Reference tableData
	Inputs    tableData
	Prices    tableData
}

// remarksData is a section of remarks.
type remarksData struct {
	Title  string
	Groups []remarks
}

// tableData is a plain table.
type tableData struct {
	Columns []column
	Rows    [][]string
}

// answerData is what a change makes of the plan.
type answerData struct {
	Asked, Notes  []string
	Totals, Lines tableData
}

func newAnswerData(a *recommend.Answer) *answerData {
	if a == nil {
		return nil
	}
	return &answerData{a.Asked, a.Notes, tableData{answerTotalColumns, answerTotals(a)}, tableData{answerLineColumns, answerLines(a)}}
}

// writeHTML writes one self-contained page without scripts or outside addresses: light and dark, and fit for printing.
func writeHTML(w io.Writer, plan *recommend.Plan, opts Options) error {
	s := newStory(plan, opts.PartnerView)
	data := pageData{
		story: s, Version: opts.Version, Pictures: opts.pictures(), Answer: newAnswerData(plan.Answer), Display: displayWords(opts.Display),
		Reference: tableData{referenceColumns, rowsOf(s.Reference, referenceRow)},
		Inputs:    tableData{inputColumns, inputRows(plan)},
		Prices:    tableData{sourceColumns, sourceRows(plan)},
	}
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, data); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	if _, err := w.Write(page.Bytes()); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	return nil
}

// pictures are those that the page may show.
func (o Options) pictures() []Picture {
	if o.Customer == "" {
		return o.Pictures
	}
	return keep(o.Pictures, func(p *Picture) bool { return p.Customer == o.Customer })
}

// drawing is an SVG as the address of an image: inside one no script runs and nothing is fetched.
func drawing(svg []byte) template.URL {
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg))
}
