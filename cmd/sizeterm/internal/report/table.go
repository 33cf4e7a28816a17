package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"sizeterm/pricing"
	"sizeterm/recommend"
)

// examples is the number of remarks a code that Markdown and the table of an analysis show without Verbose.
const examples = 2

// labelWidth is the width of the labels of facts.
const labelWidth = 15

// page is a text of limited width in the making.
type page struct {
	bytes.Buffer
	width int
	color bool
}

// writeTable writes the story for a terminal.
func writeTable(w io.Writer, plan *recommend.Plan, opts Options) error {
	s := newStory(plan, true)
	out := &page{width: opts.width(), color: opts.Color}
	out.heading(s.Title)
	out.paragraph(0, s.Period)
	for _, said := range displayWords(opts.Display) {
		out.paragraph(0, said)
	}
	out.answer(plan.Answer)
	if opts.Verbose {
		out.full(s)
	} else {
		out.brief(s)
	}
	return out.flush(w)
}

// full prints all of a story.
func (p *page) full(s *story) {
	for i := range s.Customers {
		p.customer(&s.Customers[i])
	}
	p.remarks("Not recommended, and why", s.Not, true)
	p.reference(s.Reference)
	p.asked(s.Plan)
	p.remarks("Warnings", s.Warnings, true)
	p.basis(s)
}

// flush writes the page, no line wider than it may be whatever happened before.
func (p *page) flush(w io.Writer) error {
	for line := range strings.Lines(p.String()) {
		body := strings.TrimRight(line, "\n")
		if text.StringWidthWithoutEscSequences(body) > p.width {
			line = shorten(body, p.width) + "\n"
		}
		if _, err := io.WriteString(w, line); err != nil {
			return fmt.Errorf("write table: %w", err)
		}
	}
	return nil
}

// escapes of ECMA-48, used only where the caller found a terminal that wants them.
const (
	bold  = "\x1b[1m"
	green = "\x1b[32m"
	reset = "\x1b[0m"
)

// styled sets a whole text in a style where colour is allowed.
func (p *page) styled(style, s string) string {
	if !p.color {
		return s
	}
	return style + s + reset
}

// heading is a title over a rule.
func (p *page) heading(title string) {
	title = shorten(clean(title), p.width)
	fmt.Fprintf(p, "%s\n%s\n", p.styled(bold, title), strings.Repeat("═", text.StringWidthWithoutEscSequences(title)))
}

// section is a smaller title with an empty line before it.
func (p *page) section(title string) {
	title = shorten(clean(title), p.width)
	fmt.Fprintf(p, "\n%s\n%s\n", p.styled(bold, title), strings.Repeat("─", text.StringWidthWithoutEscSequences(title)))
}

// paragraph wraps text, each line indented.
func (p *page) paragraph(indent int, s string) {
	for _, line := range wrap(clean(s), p.width-indent) {
		fmt.Fprintf(p, "%*s%s\n", indent, "", line)
	}
}

// fact prints a label and its sentences beside it; several are told apart by dashes.
func (p *page) fact(f fact, indent int) {
	if len(f.Texts) == 0 {
		return
	}
	label := f.Label
	for _, sentence := range f.Texts {
		mark := ""
		if len(f.Texts) > 1 {
			mark = "- "
		}
		room := p.width - indent - labelWidth - len(mark)
		for i, line := range wrap(clean(sentence), room) {
			if i > 0 {
				mark = strings.Repeat(" ", len(mark))
			}
			if f.Label == "Saving" && i == 0 && label != "" {
				line = p.styled(green, line)
			}
			fmt.Fprintf(p, "%*s%-*s%s%s\n", indent, "", labelWidth, label, mark, line)
			label = ""
		}
	}
}

// customer prints the headline of a customer, its lines at a glance, and a block for each.
func (p *page) customer(c *customerStory) {
	p.section(c.Title)
	for _, f := range c.Facts {
		p.fact(f, 0)
	}
	if len(c.Lines) > 0 {
		p.WriteString("\n")
		p.indented(p.overview(c))
	}
	for i := range c.Lines {
		l := &c.Lines[i]
		fmt.Fprintf(p, "\n%s\n", p.styled(bold, shorten(clean(fmt.Sprintf("%d. %s", l.Number, l.Title)), p.width)))
		for _, f := range l.Facts {
			p.fact(f, 3)
		}
	}
	p.later(c.Later, len(c.Later))
	if len(c.Resizes) > 0 {
		p.WriteString("\nResize first\n")
		p.indented(p.resizes(c.Resizes))
	}
}

// indented prints a block of lines as it is.
func (p *page) indented(block string) { fmt.Fprintln(p, block) }

// overview is the table of a customer's lines.
func (p *page) overview(c *customerStory) string {
	columns := []column{
		{Head: "", Right: true}, {Head: "Buy", Min: 10}, {Head: "Region", Min: 8}, {Head: "Term"}, {Head: "Qty", Right: true},
		{Head: "Total, " + clean(string(c.Currency)), Right: true, Optional: 2}, {Head: "Saves a month", Right: true},
		{Head: "Busy", Right: true, Optional: 3}, {Head: "Needed", Right: true, Optional: 4}, {Head: "Earned back", Optional: 1},
	}
	var rows [][]string
	for i := range c.Lines {
		l := c.Lines[i].Line
		rows = append(rows, []string{
			fmt.Sprint(c.Lines[i].Number), shortSize(l.Size), string(l.Region), term(l.Term.Years()), count(l.Quantity),
			figure(l.TotalPrice), figure(l.SavingMonth), busyShare(&l.Marginal), neededShare(&l.Marginal), earnedBack(l),
		})
	}
	return grid(columns, rows, p.width)
}

// neededShare is what the last unit had to exceed: at least the share from which it pays.
func neededShare(m *recommend.Marginal) string {
	if v := max(m.Required, m.Threshold); v > 0 {
		return percent(v)
	}
	return "-"
}

// busyShare is how busy the last unit is.
func busyShare(m *recommend.Marginal) string {
	if !m.Last.Has {
		return "-"
	}
	return percent(m.Last.Value)
}

// earnedBack is the day on which a line is expected to have earned its price: of its forecast where it has one, else if use stays as it was.
func earnedBack(l *recommend.Line) string {
	months, date := earned(l)
	if !months.Has || date.IsZero() {
		return "not in term"
	}
	return day(date)
}

// earned is how many months a line is expected to need to earn its price, and the day on which it has.
func earned(l *recommend.Line) (recommend.Fraction, time.Time) {
	if f := l.Forecast; f != nil {
		return f.BreakEvenMonths, f.BreakEvenDate
	}
	return l.BreakEvenMonths, l.BreakEvenDate
}

// resizes is the table of machines that should change their size.
func (p *page) resizes(list []recommend.Resize) string {
	return grid(resizeColumns, rowsOf(list, resizeCells), p.width)
}

// lastPart is the name at the end of a resource identifier.
func lastPart(resource string) string {
	return resource[strings.LastIndexByte(strings.TrimRight(resource, "/"), '/')+1:]
}

// remarks prints groups of coded remarks, a few examples of each unless all are asked for.
func (p *page) remarks(title string, groups []remarks, verbose bool) {
	if len(groups) == 0 {
		return
	}
	p.section(title)
	for _, g := range groups {
		p.paragraph(0, fmt.Sprintf("%s: %s (%s)", g.Code, g.Words, count(int64(len(g.Items)))))
		for i, item := range g.Items {
			if i == examples && !verbose && len(g.Items) > examples+1 {
				fmt.Fprintf(p, "  … and %s more; --verbose or --output json lists them\n", count(int64(len(g.Items)-examples)))
				break
			}
			p.remark(item)
		}
	}
}

// remark prints one remark: the subject, shortened to a line, and its detail.
func (p *page) remark(r remark) {
	subject := shorten(clean(r.Subject), p.width-4)
	switch {
	case r.Detail == "":
		p.paragraph(2, "- "+subject)
	case subject == "":
		p.bullet(clean(r.Detail))
	default:
		p.bullet(subject + ": " + clean(r.Detail))
	}
}

// bullet prints wrapped text behind a dash.
func (p *page) bullet(s string) {
	for i, line := range wrap(s, p.width-4) {
		mark := "  - "
		if i > 0 {
			mark = "    "
		}
		p.WriteString(mark + line + "\n")
	}
}

// reference prints Microsoft's own recommendation beside ours.
func (p *page) reference(list []referenceStory) {
	if len(list) == 0 {
		return
	}
	p.section("Microsoft's own rule on the same hours")
	p.indented(grid(referenceColumns, rowsOf(list, referenceRow), p.width))
	var said []string
	for i := range list {
		for _, d := range list[i].Differences {
			if !slices.Contains(said, d) {
				said = append(said, d)
			}
		}
	}
	if len(said) == 0 {
		return
	}
	p.WriteString("Why ours differs:\n")
	for _, d := range said {
		p.bullet(clean(d))
	}
}

// referenceColumns are the columns of Microsoft's recommendation beside ours.
var referenceColumns = []column{
	{Head: "Pool", Min: 12}, {Head: "Term"}, {Head: "Looks back", Right: true, Optional: 2}, {Head: "Counted in", Min: 8}, {Head: "Theirs", Right: true},
	{Head: "Ours", Right: true}, {Head: "Theirs would save", Right: true, Optional: 1},
}

func referenceRow(r *referenceStory) []string {
	return []string{
		r.Pool, term(r.Years), countOf(r.LookbackDays, "day"), r.Unit, thousands(string(share(r.Theirs))), thousands(string(share(r.Ours))), amount(r.Saving),
	}
}

// basis prints what the plan was made from.
func (p *page) basis(s *story) {
	p.section("Made from")
	p.indented(grid(inputColumns, inputRows(s.Plan), p.width))
	p.WriteString("\n")
	p.indented(grid(sourceColumns, sourceRows(s.Plan), p.width))
	p.WriteString("\n")
	for _, f := range s.Basis {
		p.fact(f, 0)
	}
}

// inputColumns are the columns of the files that were read.
var inputColumns = []column{
	{Head: "File", Min: 16}, {Head: "Kind"}, {Head: "Dialect", Min: 8, Optional: 3}, {Head: "Rows", Right: true}, {Head: "Rejected", Right: true},
	{Head: "From"}, {Head: "To"}, {Head: "Grain", Optional: 2}, {Head: "SHA-256", Optional: 1},
}

// inputRows are the files that were read.
func inputRows(p *recommend.Plan) [][]string {
	var rows [][]string
	folder := commonFolder(p.Files)
	for i := range p.Files {
		f := &p.Files[i]
		from, to := "", ""
		if !f.From.IsZero() {
			from, to = day(f.From), lastDay(f.To)
		}
		rows = append(rows, []string{strings.TrimPrefix(f.Name, folder), f.Kind, f.Dialect, count(f.Rows), count(f.Rejected), from, to, f.Grain, digest(f.SHA256)})
	}
	return rows
}

// commonFolder is the folder, with its slash, in which all of several files are; empty where there is none.
func commonFolder(files []recommend.File) string {
	if len(files) < 2 {
		return ""
	}
	folder := files[0].Name
	for i := range files {
		for !strings.HasPrefix(files[i].Name, folder) || !strings.HasSuffix(folder, "/") {
			cut := strings.LastIndexByte(strings.TrimSuffix(folder, "/"), '/')
			if cut < 0 {
				return ""
			}
			folder = folder[:cut+1]
		}
	}
	return folder
}

// sourceColumns are the columns of the price sources.
var sourceColumns = []column{
	{Head: "Prices from", Min: 16}, {Head: "Kind"}, {Head: "As of"}, {Head: "Currency"}, {Head: "Rows", Right: true}, {Head: "SHA-256", Optional: 1},
}

// sourceRows are the price sources with their dates.
func sourceRows(p *recommend.Plan) [][]string { return rowsOf(p.Prices, sourceRow) }

func sourceRow(s *pricing.Source) []string {
	return []string{s.Name, s.Kind, day(s.AsOf), string(s.Currency), count(int64(s.Rows)), digest(s.SHA256)}
}

// rowsOf maps a slice to rows of texts.
func rowsOf[T any](in []T, row func(*T) []string) [][]string {
	var rows [][]string
	for i := range in {
		rows = append(rows, row(&in[i]))
	}
	return rows
}

// digest is the beginning of a hash, enough for a person to compare.
func digest(sum string) string {
	const shown = 12
	if len(sum) <= shown {
		return sum
	}
	return sum[:shown]
}
