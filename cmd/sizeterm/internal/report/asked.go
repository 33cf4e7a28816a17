package report

import (
	"fmt"
	"slices"
	"strings"

	"sizeterm/recommend"
)

// asked prints what Microsoft's recommender says of the usage as it was billed: a row for each size, scope and term, a column for each
// lookback.
func (p *page) asked(plan *recommend.Plan) {
	if len(plan.Asked) == 0 {
		return
	}
	p.section("Microsoft's own rule as its recommender asks it, by scope and days looked back")
	days := lookbacksOf(plan)
	columns := []column{{Head: "Size", Min: 8}, {Head: "Region", Optional: 1}, {Head: "Scope", Min: 8}, {Head: "Term"}}
	for _, n := range days {
		columns = append(columns, column{Head: countOf(n, "day"), Right: true})
	}
	p.indented(grid(columns, askedRows(plan.Asked, days), p.width))
	for _, said := range uncoveredWords(plan.Lookbacks) {
		p.bullet(said)
	}
	p.bullet(clean("Each cell is a quantity and what it would have saved in these days; rows are alternatives and never add up. " + askedDiffers))
}

// askedDiffers is why the plan differs from every row.
const askedDiffers = "Ours differs because the rule sees one size at the sizes of today and repeats the past for the whole term, while the plan decides for " +
	"all sizes that share a reservation, after resizing, with what is owned until it ends and how long demand lasts; every row in the JSON says it for itself."

// lookbacksOf lists the days that some customer's files cover.
func lookbacksOf(plan *recommend.Plan) []int {
	var days []int
	for _, l := range plan.Lookbacks {
		if l.Covered && !slices.Contains(days, l.Days) {
			days = append(days, l.Days)
		}
	}
	slices.Sort(days)
	return days
}

// askedRows puts the lookbacks of a size, scope and term into one row; list is sorted by them.
func askedRows(list []recommend.Reference, days []int) [][]string {
	var rows [][]string
	at := map[string]int{}
	for i := range list {
		r := &list[i]
		key := strings.Join([]string{r.Customer, string(r.Currency), string(r.Region), string(r.Size), r.Scope, r.Term.String()}, "\x00")
		row, seen := at[key]
		if !seen {
			row, at[key] = len(rows), len(rows)
			rows = append(rows, append([]string{shortSize(r.Size), string(r.Region), scopeName(r.Scope), term(r.Term.Years())}, make([]string, len(days))...))
		}
		if j := slices.Index(days, r.LookbackDays); j >= 0 {
			rows[row][4+j] = fmt.Sprintf("%s, %s", count(r.Quantity), figure(r.NetSavings))
		}
	}
	return rows
}

// scopeName is a scope without its path.
func scopeName(scope string) string {
	if scope == "shared" {
		return scope
	}
	return lastPart(scope)
}

// uncoveredWords says once for each lookback what the files do not hold, and for how many customers where there are several.
func uncoveredWords(list []recommend.Reach) []string {
	var out []string
	for i := range list {
		l := &list[i]
		if l.Detail == "" {
			continue
		}
		if said := clean(fmt.Sprintf("%d days: %s", l.Days, l.Detail)); !slices.Contains(out, said) {
			out = append(out, said)
		}
	}
	return out
}

// askedTab is a row for each size, scope, term and lookback of Microsoft's rule on the usage as it was billed.
func askedTab(plan *recommend.Plan) tab {
	t := tab{name: "Microsoft's recommender", columns: []tabColumn{
		{"Customer", 38}, {"Scope", 50}, {"Region", 16}, {"Size", 22}, {"Term", 10}, {"Looks back, days", 12}, {"Quantity", 10}, {"Cost without", 16}, {"Cost with", 16},
		{"Saving of these days", 18}, {"Currency", 10}, {"Why ours differs", 100},
	}}
	for i := range plan.Asked {
		r := &plan.Asked[i]
		t.rows = append(t.rows, []any{
			r.Customer, r.Scope, string(r.Region), string(r.Size), term(r.Term.Years()), r.LookbackDays, r.Quantity, r.CostWithout, r.CostWith, r.NetSavings,
			string(r.Currency), r.Difference,
		})
	}
	return t
}
