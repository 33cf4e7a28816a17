package report

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// A page holds no script, fetches nothing and shows names as text.
func TestHTMLIsSelfContained(t *testing.T) {
	plan := contosoPlan()
	plan.Totals[0].CustomerName = `<script>alert(1)</script>" onload="x`
	plan.Lines[0].Reasons = []string{`<img src=x onerror=alert(1)>`, `{{.Secret}}`, "javascript:alert(1)"}
	plan.NotRecommended[0].Subject = `</li><iframe src="http://evil">`
	page := string(render(t, plan, HTML, Options{Version: `1"><b>`, Pictures: []Picture{{Title: "<i>", Alt: `"><script>`, SVG: []byte("<svg><script>alert(1)</script></svg>")}}}))
	for _, bad := range []string{"<script", "<iframe", "<img src=x", "onload=\"", "href=", "src=\"http", "url(", "@import", "<i>", "<link"} {
		require.NotContains(t, page, bad)
	}
	require.Contains(t, page, "{{.Secret}}")
	require.Contains(t, page, `src="data:image/svg&#43;xml;base64,`+strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte("<svg><script>alert(1)</script></svg>")), "+", "&#43;"))
	require.Contains(t, page, "default-src 'none'")
}

// Every element that is opened is closed, whatever the plan holds.
func TestHTMLIsWellFormed(t *testing.T) {
	void := map[string]bool{"meta": true, "img": true}
	for _, plan := range []*recommend.Plan{contosoPlan(), twoCustomers(), emptyPlan(), randomPlan(1, 9)} {
		d := xml.NewDecoder(bytes.NewReader(render(t, plan, HTML, version)))
		d.Strict, d.Entity = false, xml.HTMLEntity
		d.AutoClose = []string{"meta", "img"}
		var open []string
		for {
			token, err := d.RawToken()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			switch e := token.(type) {
			case xml.StartElement:
				if !void[e.Name.Local] {
					open = append(open, e.Name.Local)
				}
			case xml.EndElement:
				require.NotEmpty(t, open)
				require.Equal(t, open[len(open)-1], e.Name.Local)
				open = open[:len(open)-1]
			}
		}
		require.Empty(t, open)
	}
}

// A customer's page says nothing of the partner's cost unless it is asked to.
func TestHTMLAndXLSXHideThePartner(t *testing.T) {
	require.NotContains(t, string(render(t, contosoPlan(), HTML, version)), "58.63")
	require.Contains(t, string(render(t, contosoPlan(), HTML, Options{PartnerView: true})), "margin 58.63")
	rows := sheetRows(t, render(t, contosoPlan(), XLSX, version), "Order lines")
	require.NotContains(t, strings.Join(rows[0], "|"), "Margin")
	rows = sheetRows(t, render(t, contosoPlan(), XLSX, Options{PartnerView: true}), "Order lines")
	require.Contains(t, strings.Join(rows[1], "|"), "58.63")
}

// What a partner sends to a customer holds no word of the partner's cost, margin or credit, in any form; a plan that is made of them is
// not sent at all.
func TestNothingOfThePartnerReachesTheCustomer(t *testing.T) {
	plan := contosoPlan()
	customer := plan.Lines[0].Customer
	side := &recommend.PartnerView{Threshold: 0.7177, GoodFor: recommend.Customer}
	for _, amount := range []*money.Amount{&side.CostMonth, &side.PriceMonth, &side.MarginMonth, &side.CreditLostMonth, &side.SavingMonth, &side.CustomerSavingMonth} {
		*amount = money.New(7_177_717_700, plan.Lines[0].Currency) // a canary
	}
	plan.Lines[0].Partner = side
	plan.Lines[0].Reasons = append([]string{side.Words()}, plan.Lines[0].Reasons...)
	for _, format := range []Format{Markdown, HTML, XLSX} {
		document := string(render(t, plan, format, Options{Version: "test", Customer: customer}))
		if format == XLSX {
			document = ""
			book := openBook(t, render(t, plan, format, Options{Version: "test", Customer: customer}))
			for _, name := range book.GetSheetList() {
				rows, err := book.GetRows(name)
				require.NoError(t, err)
				document += fmt.Sprint(rows)
			}
		}
		for _, canary := range []string{"7177", "7,177", "71.8", "Margin", "earned credit", "cost-2026-11.csv", "partner's"} {
			require.NotContains(t, document, canary, format)
		}
	}
	require.Contains(t, string(render(t, plan, HTML, Options{Version: "test", PartnerView: true})), "earned credit")
	require.NotNil(t, plan.Lines[0].Partner, "the plan itself stays as it is")
	for _, change := range []func(*recommend.Policy){func(p *recommend.Policy) { p.Objective = recommend.Partner }, func(p *recommend.Policy) { p.Markup = 0.1 }} {
		own := *plan
		change(&own.Policy)
		require.ErrorIs(t, Write(io.Discard, &own, HTML, Options{Customer: customer}), ErrPartnerFigures)
	}
}

func openBook(t *testing.T, doc []byte) *excelize.File {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(doc))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, book.Close()) })
	return book
}

func sheetRows(t *testing.T, doc []byte, name string) [][]string {
	t.Helper()
	rows, err := openBook(t, doc).GetRows(name, excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	return rows
}

func TestXLSXHoldsThePlan(t *testing.T) {
	doc := render(t, contosoPlan(), XLSX, version)
	require.Equal(t, []string{"Summary", "Order lines", "Resize first", "Later", "Why", "Payments", "Calendar", "Show-back", "Not recommended", "Microsoft's rule", "Microsoft's recommender", "Sizes", "Machines", "Warnings", "Made from"},
		openBook(t, doc).GetSheetList())
	lines := sheetRows(t, doc, "Order lines")
	require.Len(t, lines, 3)
	require.Equal(t, []string{"1", "Contoso <b>Ltd</b> (" + contoso + "), USD", "Standard_D4s_v5", "polandcentral", "3 years", "6", "shared", "", "on", "monthly", "2345", "14070", "USD", "525.37"}, lines[1][:14])
	require.Len(t, sheetRows(t, doc, "Payments"), 37)
	formatted, err := openBook(t, doc).GetCellValue("Order lines", "L2")
	require.NoError(t, err)
	require.Equal(t, "14,070.00", formatted)
	due, err := openBook(t, doc).GetCellValue("Payments", "B2")
	require.NoError(t, err)
	require.Equal(t, "2026-11-24", due)
	require.Len(t, sheetRows(t, render(t, emptyPlan(), XLSX, version), "Order lines"), 1)
}

// No cell of a workbook is a formula or would become one, and none holds a control character (ASVS 1.2.10).
func TestXLSXIsSafe(t *testing.T) {
	plan := contosoPlan()
	plan.NotRecommended = append(plan.NotRecommended, recommend.NotRecommended{Subject: "+1", Reason: "@x", Detail: "-2\x1b[2J"})
	book := openBook(t, render(t, plan, XLSX, version))
	texts := 0
	for _, name := range book.GetSheetList() {
		rows, err := book.GetRows(name, excelize.Options{RawCellValue: true})
		require.NoError(t, err)
		for i, row := range rows {
			for j, value := range row {
				at, err := excelize.CoordinatesToCellName(j+1, i+1)
				require.NoError(t, err)
				formula, err := book.GetCellFormula(name, at)
				require.NoError(t, err)
				require.Empty(t, formula)
				kind, err := book.GetCellType(name, at)
				require.NoError(t, err)
				if kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString {
					texts++
					require.False(t, value != "" && strings.ContainsRune("=+-@", rune(value[0])), "%s!%s: %q", name, at, value)
					require.NotContains(t, value, "\x1b")
				}
			}
		}
	}
	require.Greater(t, texts, 100)
}

// The number in a cell prints as the exact decimal: no cent is lost up to fifteen digits.
func TestAmountsInCellsAreExact(t *testing.T) {
	plan := contosoPlan()
	for micros, want := range map[int64]string{1: "0.000001", 123_456_789_012_345: "123456789.012345", -10_000: "-0.01", 999_999_999_990_000: "999999999.99"} {
		plan.Totals[0].Upfront = money.New(micros, "USD")
		rows := sheetRows(t, render(t, plan, XLSX, version), "Summary")
		require.Equal(t, want, strings.TrimPrefix(rows[1][8], "+"))
	}
}
