package report

import (
	"fmt"
	"io"

	"sizeterm/recommend"
	"sizeterm/recommend/forecast"
)

// ruleWords says who decided.
var ruleWords = map[forecast.Rule]string{
	forecast.ByPlan: "this program", forecast.ByNothing: "nothing bought", forecast.ByLookback: "last four weeks repeated",
	forecast.ByVendor: "Microsoft's rule", forecast.ByFloor: "always-on floor", forecast.ByFan: "fan of futures",
}

// RuleWords says who decided, for people.
func RuleWords(r forecast.Rule) string { return ruleWords[r] }

// writePastTable writes a backtest for a terminal.
func writePastTable(w io.Writer, p *Past, opts Options) error {
	out := &page{width: opts.width(), color: opts.Color}
	out.heading("What past advice would have earned, as of " + day(p.AsOf))
	s := p.Spec
	again := ""
	if s.AgainDays > 0 {
		again = fmt.Sprintf(" Every rule was asked again every %s, its own purchases counted as owned.", countOf(s.AgainDays, "day"))
	}
	out.paragraph(0, fmt.Sprintf("Usage from %s to %s (%s). Each pool was decided on every %s from %s on, knowing only what came before and the prices "+
		"of that day, and followed for %s. Reservations count by the day of their term; those already owned are left out.%s",
		day(p.Window.From), lastDay(p.Window.To), countOf(p.Window.Days(), "day"), ordinalDays(s.EveryDays), day(p.Window.From.AddDate(0, 0, s.FirstDays)), countOf(s.ReplayDays, "day"), again))
	for i := range p.Results {
		r := &p.Results[i]
		customers := customersOf(r)
		names := append([]string{""}, customers...)
		if len(customers) == 1 || !opts.Verbose {
			names = names[:1]
		}
		for _, customer := range names {
			if err := out.pastResult(p, r, customer); err != nil {
				return err
			}
		}
	}
	if len(p.Left) > 0 {
		out.section("Left out, and why")
		for _, n := range p.Left {
			out.bullet(clean(n.Subject + ": " + n.Detail))
		}
	}
	return out.flush(w)
}

func ordinalDays(n int) string {
	if n == 1 {
		return "day"
	}
	return countOf(n, "day")
}

// pastResult writes the sums over one currency, or one customer of it.
func (p *page) pastResult(past *Past, r *recommend.Past, customer string) error {
	s, err := r.Result.Summarize(ofCustomer(customer))
	if err != nil {
		return err
	}
	title := "All customers"
	if customers := customersOf(r); customer != "" || len(customers) == 1 {
		if customer == "" {
			customer = customers[0]
		}
		if title = past.Names[customer]; title == "" {
			title = customer
		}
	}
	p.section(clean(title) + ", " + string(r.Currency))
	text := fmt.Sprintf("%s of %s; %s until the files end, shorter than asked", countOf(s.Trials, "decision"), countOf(len(r.Pools), "pool"), countOf(s.Censored, "replay"))
	if r.Result.TooLate > 0 {
		text += fmt.Sprintf("; %d too late to be followed", r.Result.TooLate)
	}
	text += fmt.Sprintf(". Pay-as-you-go would have cost %s; who knew the future would have saved %s.", amount(s.Payg), amount(s.Clairvoyant))
	p.paragraph(0, text)
	columns := []column{{Head: "Rule", Min: 14}, {Head: "Saved, " + string(r.Currency), Right: true}, {Head: "of the best", Right: true},
		{Head: "Regret, " + string(r.Currency), Right: true}, {Head: "of PAYG", Right: true}, {Head: "Lost in", Right: true}, {Head: "Worst", Right: true}}
	var rows [][]string
	for _, score := range s.Scores {
		regret, _ := shareOf(score.Regret, s.Payg)
		rows = append(rows, []string{ruleWords[score.Rule], figure(score.Saving), percent(score.Capture), figure(score.Regret), regret, percent(score.Loss), percent(score.Worst)})
	}
	p.indented(grid(columns, rows, p.width))
	p.paragraph(0, "Regret: what the best possible would have saved beyond the rule. Lost in: decisions that cost more than pay-as-you-go. Worst: the greatest such loss, of what the pool cost before.")
	if s.Bought > 0 {
		outside := ""
		if s.Less+s.More > 0 {
			outside = fmt.Sprintf("; %s saved less and %s more", percent(s.Less), percent(s.More))
		}
		if s.More > 0 {
			outside += fmt.Sprintf(", by at most %s of pay-as-you-go", percent(s.MoreBy))
		}
		p.paragraph(0, fmt.Sprintf("Ranges: the saving of %s of %s lay between the forecast's 5th and 95th percentile (nominal 90 %%)%s. The demand of %s of all decisions lay in its range.",
			percent(s.Coverage), countOf(s.Bought, "purchase"), outside, percent(s.Demand)))
	} else {
		p.paragraph(0, "Nothing was bought on any day, so no range could be judged.")
	}
	return nil
}
