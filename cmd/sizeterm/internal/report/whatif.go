package report

import (
	"strings"

	"sizeterm/recommend"
)

// answerView is what a change makes of a plan.
type answerView struct {
	Asked  []string          `json:"asked"`
	Notes  []string          `json:"notes"`
	Totals []totalChangeView `json:"totals"`
	Lines  []lineChangeView  `json:"lines"`
}

type totalChangeView struct {
	Customer      string `json:"customer"`
	Currency      string `json:"currency"`
	PlanBefore    string `json:"plan_month_before"`
	PlanAfter     string `json:"plan_month_after"`
	SavingBefore  string `json:"saving_month_before"`
	SavingAfter   string `json:"saving_month_after"`
	Cost          string `json:"plan_month_difference"`
	Saving        string `json:"saving_month_difference"`
	UpfrontBefore string `json:"upfront_before"`
	UpfrontAfter  string `json:"upfront_after"`
}

type lineChangeView struct {
	ID           string `json:"id"`
	Pool         string `json:"pool"`
	Customer     string `json:"customer"`
	Region       string `json:"region"`
	Size         string `json:"size"`
	Term         string `json:"term"`
	Currency     string `json:"currency"`
	ScopeBefore  string `json:"scope_before"`
	ScopeAfter   string `json:"scope_after"`
	Before       int64  `json:"quantity_before"`
	After        int64  `json:"quantity_after"`
	SavingBefore string `json:"saving_month_before"`
	SavingAfter  string `json:"saving_month_after"`
}

// newAnswerView is nil where nothing was asked.
func newAnswerView(a *recommend.Answer) *answerView {
	if a == nil {
		return nil
	}
	return &answerView{
		Asked: texts(a.Asked), Notes: texts(a.Notes),
		Totals: list(a.Totals, func(t *recommend.TotalChange) totalChangeView {
			return totalChangeView{
				Customer: t.Customer, Currency: string(t.Currency), PlanBefore: exact(t.Before.PlanMonth), PlanAfter: exact(t.After.PlanMonth),
				SavingBefore: exact(t.Before.Joint), SavingAfter: exact(t.After.Joint), Cost: exact(t.Cost), Saving: exact(t.Saving), UpfrontBefore: exact(t.Before.Upfront), UpfrontAfter: exact(t.After.Upfront),
			}
		}),
		Lines: list(a.Lines, func(l *recommend.LineChange) lineChangeView {
			return lineChangeView{
				ID: l.ID, Pool: l.Pool, Customer: l.Customer, Region: string(l.Region), Size: string(l.Size), Term: l.Term.String(), Currency: string(l.Currency),
				ScopeBefore: l.ScopeBefore, ScopeAfter: l.ScopeAfter, Before: l.Before, After: l.After, SavingBefore: exact(l.SavingBefore), SavingAfter: exact(l.SavingAfter),
			}
		}),
	}
}

// Tables of an answer: the bottom lines, and the lines that change.
var (
	answerTotalColumns = []column{{Head: "Customer", Min: 12}, {Head: "A month", Min: 8}, {Head: "Plan", Right: true}, {Head: "What if", Right: true}, {Head: "Difference", Right: true}}
	answerLineColumns  = []column{
		{Head: "Buy", Min: 10}, {Head: "Region", Min: 8}, {Head: "Term"}, {Head: "Qty", Right: true}, {Head: "What if", Right: true},
		{Head: "Saves a month", Right: true}, {Head: "What if", Right: true},
	}
)

// answerTotals are the rows of the bottom lines.
func answerTotals(a *recommend.Answer) [][]string {
	var rows [][]string
	for i := range a.Totals {
		t := &a.Totals[i]
		name := customerTitle(&t.After)
		row := func(what string, before, after func(*recommend.Total) string, difference string) {
			rows = append(rows, []string{name, what, before(&t.Before), after(&t.After), difference})
			name = ""
		}
		paid := func(t *recommend.Total) string { return figure(t.PlanMonth) }
		saved := func(t *recommend.Total) string { return figure(t.Joint) }
		first := func(t *recommend.Total) string {
			if len(t.Cash) == 0 {
				return figure(t.Upfront)
			}
			return figure(t.Cash[0].Amount)
		}
		row("cost", paid, paid, figure(t.Cost))
		row("saving", saved, saved, figure(t.Saving))
		row("first payment", first, first, "")
	}
	return rows
}

// answerLines are the rows of the lines that change; a line of another scope names it by the end of its id.
func answerLines(a *recommend.Answer) [][]string {
	return rowsOf(a.Lines, func(l *recommend.LineChange) []string {
		buy := shortSize(l.Size)
		if l.ScopeAfter != "" && l.ScopeAfter != l.ScopeBefore && l.ScopeBefore != "" {
			name := l.ScopeAfter[strings.LastIndexByte(l.ScopeAfter, '/')+1:]
			buy += " in …" + name[max(0, len(name)-12):]
		}
		return []string{buy, string(l.Region), term(l.Term.Years()), count(l.Before), count(l.After), figure(l.SavingBefore), figure(l.SavingAfter)}
	})
}

// answer prints what a change makes of the plan, before the plan as changed.
func (p *page) answer(a *recommend.Answer) {
	if a == nil {
		return
	}
	p.section("What if")
	for _, said := range a.Asked {
		p.hanging("- ", said, noLimit)
	}
	p.WriteString("\n")
	p.indented(grid(answerTotalColumns, answerTotals(a), p.width))
	if len(a.Lines) == 0 {
		p.paragraph(0, "No line changes.")
	} else {
		p.WriteString("\n")
		p.indented(grid(answerLineColumns, answerLines(a), p.width))
	}
	for _, note := range a.Notes {
		p.hanging("- ", note, noLimit)
	}
	p.paragraph(0, "The plan below is the changed one.")
}
