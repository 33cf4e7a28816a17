package report

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"sizeterm/analyzer"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// tab is one sheet of a workbook: a heading and rows of texts, numbers, amounts and dates.
type tab struct {
	name    string
	columns []tabColumn
	rows    [][]any
}

// tabColumn is a column and its width in characters.
type tabColumn struct {
	head  string
	width float64
}

// writeXLSX writes a workbook: a summary, the order lines and what they rest on. Texts are never formulas; amounts and
// counts are numbers that can be added.
func writeXLSX(w io.Writer, plan *recommend.Plan, opts Options) error {
	book := excelize.NewFile()
	defer book.Close()
	styles, err := newTabStyles(book)
	if err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	for i, t := range tabsOf(plan, opts) {
		if i == 0 {
			err = book.SetSheetName("Sheet1", t.name)
		} else {
			_, err = book.NewSheet(t.name)
		}
		if err == nil {
			err = t.write(book, styles)
		}
		if err != nil {
			return fmt.Errorf("write xlsx: sheet %q: %w", t.name, err)
		}
	}
	if err := book.SetDocProps(&excelize.DocProperties{Title: "Reservation plan", Creator: "sizeterm", Created: instant(plan.AsOf), Modified: instant(plan.AsOf)}); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	packed, err := book.WriteToBuffer()
	if err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	if err := repack(w, packed.Bytes()); err != nil {
		return fmt.Errorf("write xlsx: %w", err)
	}
	return nil
}

// repack writes the parts of a workbook in the order of their names and without times: the library writes them in the order
// of a map, and the same plan must give the same bytes.
func repack(w io.Writer, packed []byte) error {
	in, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return err
	}
	slices.SortFunc(in.File, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		part, err := f.Open()
		if err != nil {
			return err
		}
		to, err := out.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate})
		if err == nil {
			_, err = io.Copy(to, part)
		}
		if err := errors.Join(err, part.Close()); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// tabStyles are the styles of cells, by what a cell holds. Amounts have as many decimals as their currency.
type tabStyles struct {
	head, text, date int
	money            [5]int
}

func newTabStyles(book *excelize.File) (s tabStyles, err error) {
	add := func(style excelize.Style) int {
		var id int
		if err == nil {
			id, err = book.NewStyle(&style)
		}
		return id
	}
	s.head = add(excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E6F0F7"}},
		Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	s.text = add(excelize.Style{Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	iso := "yyyy-mm-dd"
	s.date = add(excelize.Style{CustomNumFmt: &iso, Alignment: &excelize.Alignment{Vertical: "top"}})
	for digits := range s.money {
		format := "#,##0"
		for i := range digits {
			if i == 0 {
				format += "."
			}
			format += "0"
		}
		s.money[digits] = add(excelize.Style{CustomNumFmt: &format, Alignment: &excelize.Alignment{Vertical: "top"}})
	}
	return s, err
}

// write streams the sheet: the heading stays in view and can be filtered.
func (t *tab) write(book *excelize.File, styles tabStyles) error {
	if err := t.forPaper(book); err != nil {
		return err
	}
	out, err := book.NewStreamWriter(t.name)
	if err != nil {
		return err
	}
	heading := make([]any, len(t.columns))
	for j, c := range t.columns {
		heading[j] = excelize.Cell{StyleID: styles.head, Value: c.head}
		if err := out.SetColWidth(j+1, j+1, c.width); err != nil {
			return err
		}
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if err := out.SetRow("A1", heading); err != nil {
		return err
	}
	for i, row := range t.rows {
		values := make([]any, len(row))
		for j, v := range row {
			values[j] = styles.cell(v)
		}
		if err := out.SetRow("A"+strconv.Itoa(i+2), values); err != nil {
			return err
		}
	}
	return out.Flush()
}

// forPaper makes a sheet print on pages as wide as all its columns, the heading on each.
func (t *tab) forPaper(book *excelize.File) error {
	landscape, a4, wide, anyHeight, fit := "landscape", 9, 1, 0, true
	if err := book.SetSheetProps(t.name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	if err := book.SetPageLayout(t.name, &excelize.PageLayoutOptions{Orientation: &landscape, Size: &a4, FitToWidth: &wide, FitToHeight: &anyHeight}); err != nil {
		return err
	}
	return book.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: "'" + strings.ReplaceAll(t.name, "'", "''") + "'!$1:$1", Scope: t.name})
}

// cell turns a value into a cell. An amount becomes the number with the same decimal text; a text is made harmless.
func (s tabStyles) cell(v any) excelize.Cell {
	switch v := v.(type) {
	case money.Amount:
		return excelize.Cell{StyleID: s.money[min(v.Currency.MinorUnits(), len(s.money)-1)], Value: float(v.Decimal())}
	case number:
		if v == "" {
			return excelize.Cell{}
		}
		return excelize.Cell{Value: float(string(v))}
	case int:
		return excelize.Cell{Value: v}
	case int64:
		return excelize.Cell{Value: v}
	case time.Time:
		if v.IsZero() {
			return excelize.Cell{}
		}
		return excelize.Cell{StyleID: s.date, Value: v.UTC()}
	case string:
		return excelize.Cell{StyleID: s.text, Value: cell(v)}
	}
	return excelize.Cell{StyleID: s.text, Value: cell(fmt.Sprint(v))}
}

// float is the number nearest to a decimal text; a cell can hold no other. Up to fifteen digits it prints as the same text.
func float(decimal string) float64 {
	v, err := strconv.ParseFloat(decimal, 64)
	if err != nil {
		panic("report: " + decimal + " is not a decimal") // our own text: a bug of this package
	}
	return v
}

// tabsOf lays the plan out in sheets.
func tabsOf(plan *recommend.Plan, opts Options) []tab {
	s := newStory(plan, opts.PartnerView)
	return []tab{
		summaryTab(s), linesTab(s, opts.PartnerView), resizesTab(s), laterTab(s), whyTab(s), cashTab(s), calendarTab(s), showBackTab(s), notTab("Not recommended", s.Not), referenceTab(s), askedTab(plan),
		profilesTab(plan), machinesTab(plan), notTab("Warnings", s.Warnings), sourcesTab(s),
	}
}

// summaryTab is a row for each customer and currency.
func summaryTab(s *story) tab {
	t := tab{name: "Summary", columns: []tabColumn{
		{"Customer", 42}, {"Currency", 10}, {"Now, compute a month", 18}, {"Software a month", 16}, {"With this plan", 16}, {"Saving a month", 16},
		{"Saving, low end", 16}, {"Saving, high end", 16}, {"Up front", 14}, {"Lines to buy", 12},
	}}
	for i := range s.Customers {
		c := &s.Customers[i]
		t.rows = append(t.rows, []any{
			c.Title, string(c.Currency), c.Total.PayGMonth, c.Total.SoftwareMonth, c.Total.PlanMonth, c.Total.Joint, c.Total.SavingLow, c.Total.SavingHigh,
			c.Total.Upfront, len(c.Lines),
		})
	}
	return t
}

// linesTab is a row for each order line.
func linesTab(s *story, partner bool) tab {
	t := tab{name: "Order lines", columns: []tabColumn{
		{"No.", 6}, {"Customer", 38}, {"Size", 22}, {"Region", 16}, {"Term", 10}, {"Quantity", 10}, {"Scope", 14}, {"Subscription", 38}, {"Size flexibility", 16},
		{"Billing", 10}, {"Each, whole term", 16}, {"Total", 16}, {"Currency", 10}, {"Saves a month", 14}, {"Low end", 14}, {"High end", 14}, {"Saves over the term", 18},
		{"Earned back after months", 14}, {"Earned back on", 14}, {"Last unit busy", 12}, {"Next unit busy", 12}, {"Pays from", 12}, {"Price from", 40}, {"Partner on record", 18}, {"Line", 24},
	}}
	if partner {
		t.columns = append(t.columns, tabColumn{"Partner cost a month", 16}, tabColumn{"Price a month", 16}, tabColumn{"Margin a month", 16}, tabColumn{"Credit lost a month", 16}, tabColumn{"Partner needs busy", 14})
	}
	for i := range s.Customers {
		for _, story := range s.Customers[i].Lines {
			l := story.Line
			back, on := earned(l)
			row := []any{
				story.Number, s.Customers[i].Title, string(l.Size), string(l.Region), term(l.Term.Years()), l.Quantity, l.Scope, l.Subscription, flexibility(l.Flexible),
				l.BillingPlan, l.UnitPrice, l.TotalPrice, string(l.Currency), l.SavingMonth, l.SavingMonthLow, l.SavingMonthHigh, l.SavingTerm,
				fraction(back), on, fraction(l.Marginal.Last), fraction(l.Marginal.Next), share(l.Marginal.Threshold), l.PriceSource, l.PartnerOnRecord, l.ID,
			}
			if v := l.Partner; partner && v != nil {
				row = append(row, v.CostMonth, v.PriceMonth, v.MarginMonth, v.CreditLostMonth, share(v.Threshold))
			}
			t.rows = append(t.rows, row)
		}
	}
	return t
}

// whyTab is a row for each statement about a customer or a line.
func whyTab(s *story) tab {
	t := tab{name: "Why", columns: []tabColumn{{"About", 44}, {"What", 18}, {"Statement", 110}}}
	add := func(about string, facts []fact) {
		for _, f := range facts {
			for _, sentence := range f.Texts {
				t.rows = append(t.rows, []any{about, f.Label, sentence})
			}
		}
	}
	for i := range s.Customers {
		c := &s.Customers[i]
		add(c.Title, c.Facts)
		for _, l := range c.Lines {
			add(fmt.Sprintf("%d. %s", l.Number, l.Title), l.Facts)
		}
	}
	add("this plan", s.Basis)
	return t
}

// resizesTab is a row for each machine that should change.
func resizesTab(s *story) tab {
	t := tab{name: "Resize first", columns: []tabColumn{
		{"Customer", 42}, {"Machine", 30}, {"Machines", 10}, {"From", 22}, {"To", 22}, {"Action", 14}, {"Overload, at least", 14}, {"Overload, at most", 14}, {"Now, a month", 14},
		{"Then, a month", 14}, {"Saves a month beside reservations", 18}, {"Saves a month without any", 18}, {"Licences saved", 14}, {"Currency", 10}, {"Fit of 100", 10},
		{"Reasons", 100}, {"Resource", 60}, {"Resize", 24},
	}}
	for i := range s.Customers {
		for j := range s.Customers[i].Resizes {
			r := &s.Customers[i].Resizes[j]
			bounds := newBoundsView(r.OverloadLow, r.OverloadHigh, r.OverloadKnown)
			t.rows = append(t.rows, []any{
				s.Customers[i].Title, lastPart(r.VM), r.Machines, string(r.From), string(r.To), actionWords(r.Action), bounds.Low, bounds.High, r.CostMonthBefore,
				r.CostMonthAfter, r.SavingMonth, r.AloneMonth, r.SoftwareMonth, string(r.SavingMonth.Currency), r.Fit.Score(),
				strings.Join(r.Reasons, "; "), r.VM, r.ID,
			})
		}
	}
	return t
}

// cashTab is a row for each payment.
func cashTab(s *story) tab {
	t := tab{name: "Payments", columns: []tabColumn{{"Customer", 42}, {"Due", 14}, {"Amount", 16}, {"Currency", 10}}}
	for i := range s.Customers {
		for _, c := range s.Customers[i].Cash {
			t.rows = append(t.rows, []any{s.Customers[i].Title, c.Date, c.Amount, string(s.Customers[i].Currency)})
		}
	}
	return t
}

// showBackTab is a row for each subscription, resource group or tag.
func showBackTab(s *story) tab {
	t := tab{name: "Show-back", columns: []tabColumn{{"Customer", 42}, {"By", 18}, {"Name", 60}, {"Now, a month", 16}, {"With this plan", 16}, {"Currency", 10}}}
	for i := range s.Customers {
		for _, b := range s.Customers[i].ShowBack {
			t.rows = append(t.rows, []any{s.Customers[i].Title, b.By, b.Key, b.PayGMonth, b.PlanMonth, string(s.Customers[i].Currency)})
		}
	}
	return t
}

// notTab is a row for each remark.
func notTab(name string, groups []remarks) tab {
	t := tab{name: name, columns: []tabColumn{{"Reason", 24}, {"In words", 48}, {"Subject", 60}, {"Detail", 100}}}
	for _, g := range groups {
		for _, r := range g.Items {
			t.rows = append(t.rows, []any{g.Code, g.Words, r.Subject, r.Detail})
		}
	}
	return t
}

// referenceTab is a row for each pool and term of Microsoft's own rule.
func referenceTab(s *story) tab {
	t := tab{name: "Microsoft's rule", columns: []tabColumn{
		{"Pool", 40}, {"Term", 10}, {"Looks back, days", 12}, {"Counted in", 18}, {"Theirs", 10}, {"Ours", 10}, {"Theirs would save", 18}, {"Currency", 10}, {"Theirs, size by size", 50},
	}}
	for i := range s.Reference {
		r := &s.Reference[i]
		t.rows = append(t.rows, []any{r.Pool, term(r.Years), r.LookbackDays, r.Unit, share(r.Theirs), share(r.Ours), r.Saving, string(r.Saving.Currency), r.Bought})
	}
	return t
}

// profilesTab is a row for each size in use.
func profilesTab(plan *recommend.Plan) tab {
	t := tab{name: "Sizes", columns: []tabColumn{
		{"Customer", 38}, {"Region", 16}, {"Size", 22}, {"Machines", 10}, {"Hours", 12}, {"At once P50", 12}, {"At once P95", 12}, {"At once max", 12},
		{"CPU P50 %", 10}, {"CPU P95 %", 10}, {"CPU max %", 10}, {"Peak P95 %", 10}, {"Memory P95 %", 12},
	}}
	for i := range plan.Profiles {
		p := &plan.Profiles[i]
		t.rows = append(t.rows, []any{
			p.Customer, string(p.Region), string(p.Size), p.VMs, millionths(p.Hours), millionths(p.Concurrency.P50), millionths(p.Concurrency.P95), millionths(p.Concurrency.Max),
			measured(p.CPUAvg, p.CPUAvg.P50), measured(p.CPUAvg, p.CPUAvg.P95), measured(p.CPUAvg, p.CPUAvg.Max), measured(p.CPUMax, p.CPUMax.P95), measured(p.Memory, p.Memory.P95),
		})
	}
	return t
}

// measured is a percent, and empty where nothing was measured.
func measured(d analyzer.Distribution, p analyzer.Percent) number {
	if d.Samples == 0 {
		return ""
	}
	return percentOf(p)
}

// machinesTab is a row for each machine.
func machinesTab(plan *recommend.Plan) tab {
	t := tab{name: "Machines", columns: []tabColumn{
		{"Customer", 38}, {"Machine", 28}, {"Resource group", 24}, {"Subscription", 38}, {"Size", 22}, {"Region", 16}, {"System", 10}, {"Hours", 12},
		{"CPU P95 %", 10}, {"Peak P95 %", 10}, {"Memory P95 %", 12}, {"State", 18},
	}}
	for i := range plan.VMs {
		m := &plan.VMs[i]
		t.rows = append(t.rows, []any{
			m.Customer, m.Name, m.ResourceGroup, m.Subscription, string(m.Size), string(m.Region), m.OS, millionths(m.Hours),
			measured(m.CPUAvg, m.CPUAvg.P95), measured(m.CPUMax, m.CPUMax.P95), measured(m.Memory, m.Memory.P95), string(m.State),
		})
	}
	return t
}

// sourcesTab is a row for each file and price source.
func sourcesTab(s *story) tab {
	t := tab{name: "Made from", columns: []tabColumn{{"What", 12}, {"Name", 60}, {"Kind", 16}, {"From or as of", 14}, {"To", 14}, {"Rows", 12}, {"Rejected", 10}, {"SHA-256", 66}}}
	for i := range s.Plan.Files {
		f := &s.Plan.Files[i]
		t.rows = append(t.rows, []any{"file", f.Name, f.Kind, f.From, f.To, f.Rows, f.Rejected, f.SHA256})
	}
	for i := range s.Plan.Prices {
		p := &s.Plan.Prices[i]
		t.rows = append(t.rows, []any{"prices", p.Name, p.Kind, p.AsOf, time.Time{}, p.Rows, int64(0), p.SHA256})
	}
	return t
}
