package report

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// column is a column of a grid on a terminal.
type column struct {
	Head     string
	Right    bool // numbers stand at the right
	Min      int  // narrowest width to which texts may be shortened; 0 is never
	Optional int  // not 0: left out where the grid would be too wide, the lowest first
}

// grid renders rows under columns in at most width screen columns: long names are shortened in the middle, and optional
// columns are left out. A number is never shortened.
func grid(columns []column, rows [][]string, width int) string {
	for i := range rows {
		for j := range rows[i] {
			rows[i][j] = clean(rows[i][j])
		}
	}
	widths, drop := fit(columns, rows, width)
	t := table.NewWriter()
	t.SetStyle(gridStyle())
	var head table.Row
	var configs []table.ColumnConfig
	for j, c := range columns {
		if drop[j] {
			continue
		}
		align := text.AlignLeft
		if c.Right {
			align = text.AlignRight
		}
		head = append(head, c.Head)
		configs = append(configs, table.ColumnConfig{Number: len(head), Align: align, AlignHeader: align})
	}
	t.AppendHeader(head)
	t.SetColumnConfigs(configs)
	for _, row := range rows {
		var out table.Row
		for j, value := range row {
			if !drop[j] {
				out = append(out, shorten(value, widths[j]))
			}
		}
		t.AppendRow(out)
	}
	return trimRight(t.Render())
}

// gap is the room between two columns.
const gap = 2

// fit returns the width of each column and which columns are left out.
func fit(columns []column, rows [][]string, width int) (widths []int, drop []bool) {
	widths, drop = make([]int, len(columns)), make([]bool, len(columns))
	for j, c := range columns {
		widths[j] = text.StringWidthWithoutEscSequences(c.Head)
		for _, row := range rows {
			widths[j] = max(widths[j], text.StringWidthWithoutEscSequences(row[j]))
		}
	}
	over := func() int {
		sum := -gap
		for j := range widths {
			if !drop[j] {
				sum += widths[j] + gap
			}
		}
		return sum - width
	}
	for over() > 0 {
		if j := widest(columns, widths, drop, comfort); j >= 0 {
			widths[j]--
		} else if j := dispensable(columns, drop); j >= 0 {
			drop[j] = true
		} else if j := widest(columns, widths, drop, 1); j >= 0 {
			widths[j]--
		} else {
			break
		}
	}
	return widths, drop
}

// comfort times its narrowest width is the width to which a column is shortened before others are left out.
const comfort = 2

// widest returns the widest column that can still be shortened to ease times its narrowest width, or -1.
func widest(columns []column, widths []int, drop []bool, ease int) int {
	found := -1
	for j, c := range columns {
		floor := max(c.Min*ease, text.StringWidthWithoutEscSequences(c.Head))
		if c.Min > 0 && !drop[j] && widths[j] > floor && (found < 0 || widths[j] > widths[found]) {
			found = j
		}
	}
	return found
}

// dispensable returns the column that is left out next, or -1.
func dispensable(columns []column, drop []bool) int {
	found := -1
	for j, c := range columns {
		if c.Optional > 0 && !drop[j] && (found < 0 || c.Optional < columns[found].Optional) {
			found = j
		}
	}
	return found
}

// gridStyle is plain columns under a ruled heading.
func gridStyle() table.Style {
	style := table.StyleLight
	style.Box.PaddingLeft, style.Box.PaddingRight = "", strings.Repeat(" ", gap)
	style.Options = table.Options{SeparateHeader: true}
	style.Format = table.FormatOptions{}
	return style
}

// trimRight removes blanks at the ends of lines, and the rule under the heading that stands above them.
func trimRight(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	if len(lines) > 1 {
		lines[1] = strings.TrimSuffix(lines[1], strings.Repeat("─", gap))
	}
	return strings.Join(lines, "\n")
}
