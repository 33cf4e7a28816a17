package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

var (
	figures = regexp.MustCompile(`\d[\d,]*\.\d{2,}`)
	quoted  = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	tags    = regexp.MustCompile(`<[^>]*>`)
)

// amountsIn collects the amounts of a text, exactly and as people read them; short ones can be anything.
func amountsIn(text string) map[string]bool {
	found := map[string]bool{}
	for _, figure := range figures.FindAllString(text, -1) {
		figure = strings.ReplaceAll(figure, ",", "")
		if a, err := money.Parse(figure, "USD"); err == nil && len(a.Round()) >= 6 {
			found[figure], found[a.Round()] = true, true
		}
	}
	return found
}

// No amount of the partner's plan stands in a document for the customer, in any format, and what stands there reconciles: quantities times
// prices are totals, and lines and changes are the saving. Files of the README's example with a markup of 7.3 %, an earned credit and the partner's
// own cost as the objective.
func TestCustomerDocumentsHoldNothingOfThePartners(t *testing.T) {
	r := &recommending{common: &common{quiet: true, streams: streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard}}, policyPath: filepath.Join(t.TempDir(), "rules.yaml")}
	opts, err := r.options(recommend.DefaultPolicy().MinAge)
	require.NoError(t, err)
	g, err := r.gather(t.Context(), []string{"../../testdata/contoso"}, &r.reading, opts)
	require.NoError(t, err)
	rules := "schema: sizeterm.policy/1\nmarkup: 0.073\npartner_credit_rate: 0.15\nobjective: partner\n"
	require.NoError(t, os.WriteFile(r.policyPath, []byte(rules), 0o600))
	plan, err := r.plan(g)
	require.NoError(t, err)
	require.NotEmpty(t, plan.Lines)
	require.NotNil(t, plan.Totals[0].Margin)
	customer := plan.Totals[0].Customer
	write := func(format report.Format, opts report.Options) string {
		var b bytes.Buffer
		require.NoError(t, report.Write(&b, plan, format, opts))
		return b.String()
	}
	partners := amountsIn(strings.Join(quoted.FindAllString(write(report.JSON, report.Options{}), -1), "\n")) // numbers are counts and shares
	theirs := write(report.JSON, report.Options{CustomerView: true})
	for own := range amountsIn(theirs) {
		delete(partners, own)
	}
	require.Greater(t, len(partners), 500)
	documents := map[report.Format]string{
		report.HTML:     html.UnescapeString(tags.ReplaceAllString(write(report.HTML, report.Options{Customer: customer}), " ")),
		report.Markdown: write(report.Markdown, report.Options{Customer: customer}),
		report.CSV:      write(report.CSV, report.Options{Customer: customer}),
		report.XLSX:     cellsOf(t, write(report.XLSX, report.Options{Customer: customer})),
	}
	for format, text := range documents {
		require.Greater(t, len(amountsIn(text)), 20, format)
		for figure := range amountsIn(text) {
			require.False(t, partners[figure], "%s: %s is the partner's", format, figure)
		}
		for _, word := range []string{"markup", "Margin", "earned credit", "price-sheet-westeurope", "cost-export"} {
			require.NotContains(t, text, word, format)
		}
	}
	reconciles(t, theirs)
}

// reconciles checks the arithmetic of a plan document.
func reconciles(t *testing.T, text string) {
	t.Helper()
	var plan struct {
		Lines []struct {
			Quantity    int64  `json:"quantity"`
			UnitPrice   string `json:"unit_price"`
			TotalPrice  string `json:"total_price"`
			SavingMonth string `json:"saving_month"`
		} `json:"lines"`
		Resizes []struct {
			Alone string `json:"saving_month_alone"`
		} `json:"resizes"`
		Totals []struct {
			PayG   string `json:"payg_month"`
			Plan   string `json:"plan_month"`
			Saving struct {
				Joint string `json:"joint"`
			} `json:"saving_month"`
			Cash []struct {
				Amount string `json:"amount"`
			} `json:"cash"`
		} `json:"totals"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &plan))
	micros := func(s string) int64 {
		a, err := money.Parse(s, "USD")
		require.NoError(t, err)
		return a.Micros
	}
	saving, price, paid := int64(0), int64(0), int64(0)
	for _, l := range plan.Lines {
		require.Equal(t, micros(l.TotalPrice), l.Quantity*micros(l.UnitPrice))
		require.Zero(t, micros(l.UnitPrice)%10_000, "a price in whole cents: %s", l.UnitPrice)
		saving, price = saving+micros(l.SavingMonth), price+micros(l.TotalPrice)
	}
	for _, r := range plan.Resizes {
		saving += micros(r.Alone)
	}
	total := plan.Totals[0]
	for _, c := range total.Cash {
		paid += micros(c.Amount)
	}
	require.Equal(t, price, paid)
	require.Equal(t, micros(total.Saving.Joint), saving)
	require.Equal(t, micros(total.PayG)-saving, micros(total.Plan))
}

// cellsOf returns all text of a workbook.
func cellsOf(t *testing.T, book string) string {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(book), int64(len(book)))
	require.NoError(t, err)
	var all strings.Builder
	for _, f := range z.File {
		if !strings.Contains(f.Name, "sheet") && !strings.Contains(f.Name, "sharedStrings") {
			continue
		}
		part, err := f.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(part)
		require.NoError(t, err)
		all.WriteString(tags.ReplaceAllString(string(text), " "))
	}
	return all.String()
}
