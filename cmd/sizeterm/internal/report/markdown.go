package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"sizeterm/recommend"
)

// writeMarkdown writes the story as GitHub-flavoured Markdown for a ticket, a wiki or a mail.
func writeMarkdown(w io.Writer, plan *recommend.Plan, opts Options) error {
	s := newStory(plan, opts.PartnerView)
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n", md(s.Title), md(s.Period))
	for _, said := range displayWords(opts.Display) {
		fmt.Fprintf(&b, "\n%s\n", md(said))
	}
	mdAnswer(&b, plan.Answer)
	for i := range s.Customers {
		mdCustomer(&b, &s.Customers[i])
	}
	mdRemarks(&b, "Not recommended, and why", s.Not, opts.Verbose)
	mdReference(&b, s.Reference)
	mdRemarks(&b, "Warnings", s.Warnings, opts.Verbose)
	b.WriteString("\n## Made from\n\n")
	mdGrid(&b, inputColumns, inputRows(plan))
	b.WriteString("\n")
	mdGrid(&b, sourceColumns, sourceRows(plan))
	b.WriteString("\n")
	mdFacts(&b, s.Basis)
	if opts.Version != "" {
		fmt.Fprintf(&b, "\nsizeterm %s\n", md(opts.Version))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write markdown: %w", err)
	}
	return nil
}

// markup are the characters that Markdown or the HTML in it could obey.
var markup = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "|", `\|`, "#", `\#`, "~", `\~`,
	"{", `\{`, "}", `\}`, "!", `\!`, "@", "&#64;", "://", "&#58;//",
)

// md makes text harmless in Markdown: no markup, no link, no mention.
func md(s string) string { return markup.Replace(clean(s)) }

// mdCustomer writes one customer.
func mdCustomer(b *strings.Builder, c *customerStory) {
	fmt.Fprintf(b, "\n## %s\n\n", md(c.Title))
	mdFacts(b, c.Facts)
	if len(c.Lines) > 0 {
		columns := []column{
			{Head: "", Right: true}, {Head: "Buy"}, {Head: "Region"}, {Head: "Term"}, {Head: "Quantity", Right: true},
			{Head: "Each, " + string(c.Currency), Right: true}, {Head: "Total", Right: true}, {Head: "Saves a month", Right: true}, {Head: "Over the term", Right: true},
		}
		b.WriteString("\n")
		mdGrid(b, columns, rowsOf(c.Lines, func(l *lineStory) []string {
			return []string{
				fmt.Sprint(l.Number), string(l.Line.Size), string(l.Line.Region), term(l.Line.Term.Years()), count(l.Line.Quantity),
				figure(l.Line.UnitPrice), figure(l.Line.TotalPrice), figure(l.Line.SavingMonth), figure(l.Line.SavingTerm),
			}
		}))
	}
	for i := range c.Lines {
		fmt.Fprintf(b, "\n### %d. %s\n\n", c.Lines[i].Number, md(c.Lines[i].Title))
		mdFacts(b, c.Lines[i].Facts)
	}
	if len(c.Later) > 0 {
		fmt.Fprintf(b, "\n### %s\n\n", laterTitle)
		mdGrid(b, laterColumns, rowsOf(c.Later, laterRow))
	}
	if len(c.Resizes) > 0 {
		b.WriteString("\n### Resize first\n\n")
		mdGrid(b, resizeColumns, rowsOf(c.Resizes, resizeCells))
		for i := range c.Resizes {
			r := &c.Resizes[i]
			fmt.Fprintf(b, "\n- **%s:**\n", md(lastPart(r.VM)))
			for _, reason := range r.Reasons {
				fmt.Fprintf(b, "  - %s\n", md(reason))
			}
		}
	}
}

// mdAnswer writes what a change makes of the plan.
func mdAnswer(b *strings.Builder, a *recommend.Answer) {
	if a == nil {
		return
	}
	b.WriteString("\n## What if\n\n")
	for _, said := range a.Asked {
		fmt.Fprintf(b, "- %s\n", md(said))
	}
	b.WriteString("\n")
	mdGrid(b, answerTotalColumns, answerTotals(a))
	if len(a.Lines) > 0 {
		b.WriteString("\n")
		mdGrid(b, answerLineColumns, answerLines(a))
	}
	for i, note := range a.Notes {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "- %s\n", md(note))
	}
	b.WriteString("\nThe plan below is the changed one.\n")
}

// mdFacts writes facts as a list.
func mdFacts(b *strings.Builder, facts []fact) {
	for _, f := range facts {
		switch len(f.Texts) {
		case 0:
		case 1:
			fmt.Fprintf(b, "- **%s:** %s\n", md(f.Label), md(f.Texts[0]))
		default:
			fmt.Fprintf(b, "- **%s:**\n", md(f.Label))
			for _, sentence := range f.Texts {
				fmt.Fprintf(b, "  - %s\n", md(sentence))
			}
		}
	}
}

// mdRemarks writes groups of coded remarks.
func mdRemarks(b *strings.Builder, title string, groups []remarks, verbose bool) {
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", title)
	for _, g := range groups {
		fmt.Fprintf(b, "- **%s** (%s): %s\n", md(g.Code), count(int64(len(g.Items))), md(g.Words))
		for i, item := range g.Items {
			if i == examples && !verbose && len(g.Items) > examples+1 {
				fmt.Fprintf(b, "  - … and %s more\n", count(int64(len(g.Items)-examples)))
				break
			}
			fmt.Fprintf(b, "  - %s\n", md(item.sentence()))
		}
	}
}

// sentence is a remark in one line.
func (r remark) sentence() string {
	switch {
	case r.Detail == "":
		return r.Subject
	case r.Subject == "":
		return r.Detail
	}
	return r.Subject + ": " + r.Detail
}

// mdReference writes Microsoft's own recommendation beside ours.
func mdReference(b *strings.Builder, list []referenceStory) {
	if len(list) == 0 {
		return
	}
	b.WriteString("\n## Microsoft's own rule on the same hours\n\n")
	mdGrid(b, append(slices.Clone(referenceColumns), column{Head: "Theirs, size by size"}, column{Head: "Why ours differs"}), rowsOf(list, func(r *referenceStory) []string {
		return append(referenceRow(r), r.Bought, strings.Join(r.Differences, "; "))
	}))
}

// mdGrid writes a table.
func mdGrid(b *strings.Builder, columns []column, rows [][]string) {
	for _, c := range columns {
		b.WriteString("| " + md(c.Head) + " ")
	}
	b.WriteString("|\n")
	for _, c := range columns {
		if c.Right {
			b.WriteString("|---:")
		} else {
			b.WriteString("|---")
		}
	}
	b.WriteString("|\n")
	for _, row := range rows {
		for _, value := range row {
			b.WriteString("| " + md(value) + " ")
		}
		b.WriteString("|\n")
	}
}
