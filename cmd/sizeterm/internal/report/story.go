package report

import (
	"fmt"
	"sort"
	"strings"

	"sizeterm/analyzer"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// A story is the plan in words, in the order in which a person reads it. The table, Markdown, HTML and XLSX show the same
// story, so that no face says more or less than another. Its texts hold foreign names as they came: whoever prints them
// cleans and escapes them.
type story struct {
	Title     string
	Period    string
	Customers []customerStory
	Not       []remarks
	Reference []referenceStory
	Warnings  []remarks
	Basis     []fact
	Plan      *recommend.Plan
}

// fact is a labelled statement of one or several sentences.
type fact struct {
	Label string
	Texts []string
}

// textsOf returns the sentences of the fact with the given label.
func textsOf(facts []fact, label string) []string {
	for _, f := range facts {
		if f.Label == label {
			return f.Texts
		}
	}
	return nil
}

// customerStory is one customer in one currency.
type customerStory struct {
	Title    string
	Total    *recommend.Total
	Currency money.Code
	Facts    []fact
	Brief    []fact // the headline in a line or two a fact
	Notes    []note
	Lines    []lineStory
	Later    []recommend.Later
	Resizes  []recommend.Resize
	ShowBack []recommend.ShowBack
	Cash     []recommend.Cash
}

// lineStory is one order line with its reasons. Number counts from 1 through the whole plan.
type lineStory struct {
	Number int
	Title  string
	Line   *recommend.Line
	Facts  []fact
}

// remarks are statements that share a code.
type remarks struct {
	Code, Words string
	Items       []remark
}

type remark struct{ Subject, Detail string }

// referenceStory is Microsoft's own recommendation for one pool and term beside ours, both in units of the pool.
type referenceStory struct {
	PoolID       string
	Pool         string // group and region
	Unit         string // size in which both are counted
	Years        int
	LookbackDays int
	Theirs, Ours float64
	Bought       string // theirs, size by size
	Saving       money.Amount
	Differences  []string
}

// newStory tells a plan. With partner, lines speak of the partner's cost and margin.
func newStory(p *recommend.Plan, partner bool) *story {
	s := &story{
		Title:    "Reservation plan as of " + day(p.AsOf),
		Period:   fmt.Sprintf("Usage from %s to %s (%s). A month is 730 hours, a year 8,760.", day(p.Window.From), lastDay(p.Window.To), countOf(p.Window.Days(), "day")),
		Not:      groupNot(p.NotRecommended),
		Warnings: groupWarnings(p.Warnings),
		Basis:    basisFacts(p),
		Plan:     p,
	}
	pools := map[string]*recommend.Pool{}
	for i := range p.Pools {
		pools[p.Pools[i].ID] = &p.Pools[i]
	}
	number := 0
	for _, total := range totalsOf(p) {
		c := customerStory{
			Title: customerTitle(total), Total: total, Currency: total.Currency,
			Cash: total.Cash, ShowBack: total.ShowBack, Resizes: resizesOf(p, total), Later: laterOf(p, total),
		}
		for i := range p.Lines {
			line := &p.Lines[i]
			if line.Customer != total.Customer || line.Currency != total.Currency {
				continue
			}
			number++
			c.Lines = append(c.Lines, lineStory{
				Number: number, Line: line, Title: lineTitle(line), Facts: lineFacts(line, pools[line.Pool], p, partner),
			})
		}
		c.Facts = customerFacts(total, c.Lines, pools, p)
		c.Brief, c.Notes = briefFacts(total, c.Lines, pools, p), notesOf(c.Lines, pools, p)
		if common := textsOf(c.Facts, beforeBuying); len(common) > 0 {
			c.Brief = append(c.Brief, fact{beforeBuying, []string{strings.Join(common, "; ")}})
		}
		s.Customers = append(s.Customers, c)
	}
	s.Reference = referenceOf(p)
	return s
}

// totalsOf returns the totals, and an empty one for each customer and currency that has lines but no total.
func totalsOf(p *recommend.Plan) []*recommend.Total {
	type key struct {
		customer string
		currency money.Code
	}
	var totals []*recommend.Total
	seen := map[key]bool{}
	for i := range p.Totals {
		totals = append(totals, &p.Totals[i])
		seen[key{p.Totals[i].Customer, p.Totals[i].Currency}] = true
	}
	for i := range p.Lines {
		k := key{p.Lines[i].Customer, p.Lines[i].Currency}
		if !seen[k] {
			seen[k] = true
			totals = append(totals, &recommend.Total{Customer: k.customer, Currency: k.currency})
		}
	}
	return totals
}

// customerTitle names a customer: its name, its identifier and the currency.
func customerTitle(t *recommend.Total) string {
	title := t.Customer
	switch {
	case t.CustomerName != "" && t.CustomerName != t.Customer:
		title = t.CustomerName + " (" + shorten(t.Customer, 36) + ")"
	case t.Customer == "":
		title = "customer not named"
	}
	return title + ", " + string(t.Currency)
}

// resizesOf returns the resizes of a customer's machines in one currency.
func resizesOf(p *recommend.Plan, t *recommend.Total) []recommend.Resize {
	if len(p.Resizes) == 0 {
		return nil
	}
	owner := map[string]string{}
	for i := range p.VMs {
		owner[p.VMs[i].Resource] = p.VMs[i].Customer
	}
	return bySaving(keep(p.Resizes, func(r *recommend.Resize) bool {
		return owner[r.VM] == t.Customer && (r.SavingMonth.Currency == t.Currency || r.SavingMonth.Currency == "")
	}))
}

// groupNot groups what was not recommended by reason, the most frequent first.
func groupNot(list []recommend.NotRecommended) []remarks {
	return group(len(list), func(i int) (string, remark) {
		detail := list[i].Detail
		if list[i].Way != "" {
			detail = strings.TrimSuffix(detail, ".") + "; instead: " + list[i].Way
		}
		return list[i].Reason, remark{list[i].Subject, detail}
	})
}

// groupWarnings groups warnings by code, the most frequent first.
func groupWarnings(list []analyzer.Warning) []remarks {
	return group(len(list), func(i int) (string, remark) {
		return list[i].Code, remark{list[i].Subject, list[i].Detail}
	})
}

// group gathers n coded remarks by code: larger groups first, then by code; inside a group the order stays.
func group(n int, at func(int) (string, remark)) []remarks {
	index := map[string]int{}
	var groups []remarks
	for i := range n {
		code, item := at(i)
		k, ok := index[code]
		if !ok {
			k = len(groups)
			index[code] = k
			groups = append(groups, remarks{Code: code, Words: codeWords(code)})
		}
		groups[k].Items = append(groups[k].Items, item)
	}
	sort.SliceStable(groups, func(i, j int) bool {
		if len(groups[i].Items) != len(groups[j].Items) {
			return len(groups[i].Items) > len(groups[j].Items)
		}
		return groups[i].Code < groups[j].Code
	})
	return groups
}
