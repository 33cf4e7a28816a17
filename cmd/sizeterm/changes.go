package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"sizeterm/pricing/money"
)

// planFacts is what is compared of two plans: the fields of sizeterm.plan/1 that carry the decision.
type planFacts struct {
	Schema string `json:"schema"`
	AsOf   string `json:"as_of"`
	Lines  []struct {
		ID        string `json:"id"`
		Region    string `json:"region"`
		Size      string `json:"size"`
		Term      string `json:"term"`
		Currency  string `json:"currency"`
		UnitPrice string `json:"unit_price"`
		Saving    string `json:"saving_month"`
		Quantity  int64  `json:"quantity"`
	} `json:"lines"`
	Totals []struct {
		Currency string `json:"currency"`
		PayG     string `json:"payg_month"`
		Plan     string `json:"plan_month"`
		Saving   struct {
			Joint string `json:"joint"`
		} `json:"saving_month"`
	} `json:"totals"`
	Prices []struct {
		Source string `json:"source"`
		SHA256 string `json:"sha256"`
	} `json:"prices"`
}

// change is one difference between two plans, in money a month.
type change struct {
	What     string `json:"what"` // "payg", "plan", "saving" or "line"
	Line     string `json:"line,omitempty"`
	Before   string `json:"before"` // amounts; of a line its saving, "0.00" where it was not there
	After    string `json:"after"`
	Delta    string `json:"delta"`
	Currency string `json:"currency"`
	Why      string `json:"why"`
}

// changes compares two plans of one customer. The first plan of a customer has none.
func changes(before, after []byte) ([]change, error) {
	var a, b planFacts
	if err := json.Unmarshal(after, &b); err != nil {
		return nil, err
	}
	if before == nil {
		return nil, nil
	}
	if err := json.Unmarshal(before, &a); err != nil {
		return nil, err
	}
	list, err := changedTotals(&a, &b)
	if err != nil {
		return nil, err
	}
	lines, err := changedLines(&a, &b)
	return append(list, lines...), err
}

// delta makes a change of two amounts; ok is false where they are equal.
func delta(what, before, after, currency string) (c change, ok bool, err error) {
	code, err := money.ParseCode(currency)
	if err != nil {
		return c, false, err
	}
	x, err := money.Parse(before, code)
	if err != nil {
		return c, false, err
	}
	y, err := money.Parse(after, code)
	if err != nil {
		return c, false, err
	}
	d, err := y.Sub(x)
	return change{What: what, Before: x.Round(), After: y.Round(), Delta: d.Round(), Currency: currency}, d.Micros != 0, err
}

func changedTotals(a, b *planFacts) (list []change, err error) {
	type sums struct{ payg, plan, saving string }
	was, is := map[string]sums{}, map[string]sums{}
	var currencies []string
	for _, t := range a.Totals {
		was[t.Currency] = sums{t.PayG, t.Plan, t.Saving.Joint}
		currencies = append(currencies, t.Currency)
	}
	for _, t := range b.Totals {
		is[t.Currency] = sums{t.PayG, t.Plan, t.Saving.Joint}
		currencies = append(currencies, t.Currency)
	}
	slices.Sort(currencies)
	nothing := sums{"0.00", "0.00", "0.00"}
	for _, c := range slices.Compact(currencies) {
		x, found := was[c]
		if !found {
			x = nothing
		}
		y, found := is[c]
		if !found {
			y = nothing
		}
		for _, part := range []struct{ what, before, after, why string }{
			{"payg", x.payg, y.payg, "usage at pay-as-you-go prices, before any purchase: machines that came, went or run at other hours, or other pay-as-you-go prices"},
			{"plan", x.plan, y.plan, "what it costs with the plan carried out"},
			{"saving", x.saving, y.saving, "the difference of the two"},
		} {
			d, changed, err := delta(part.what, part.before, part.after, c)
			if err != nil {
				return nil, err
			}
			if d.Why = part.why; changed {
				list = append(list, d)
			}
		}
	}
	return list, nil
}

func changedLines(a, b *planFacts) (list []change, err error) {
	type place struct{ was, is int }
	places := map[string]*place{}
	var ids []string
	at := func(id string) *place {
		if places[id] == nil {
			places[id] = &place{-1, -1}
			ids = append(ids, id)
		}
		return places[id]
	}
	for i := range a.Lines {
		at(a.Lines[i].ID).was = i
	}
	for i := range b.Lines {
		at(b.Lines[i].ID).is = i
	}
	slices.Sort(ids)
	for _, id := range ids {
		p := places[id]
		line, before, after, why := a.Lines[max(p.was, 0):], "0.00", "0.00", ""
		if p.is >= 0 {
			line = b.Lines[p.is:]
			after = line[0].Saving
		}
		if p.was >= 0 {
			before = a.Lines[p.was].Saving
		}
		switch {
		case p.was < 0:
			why = fmt.Sprintf("new: %d are worth buying now", b.Lines[p.is].Quantity)
		case p.is < 0:
			why = fmt.Sprintf("gone: %d were worth buying, none is now, or they were bought", a.Lines[p.was].Quantity)
		default:
			x, y := a.Lines[p.was], b.Lines[p.is]
			var reasons []string
			if x.Quantity != y.Quantity {
				reasons = append(reasons, fmt.Sprintf("%d instead of %d, as the demand that lasts has changed", y.Quantity, x.Quantity))
			}
			if x.UnitPrice != y.UnitPrice {
				reasons = append(reasons, fmt.Sprintf("one costs %s instead of %s for the term", y.UnitPrice, x.UnitPrice))
			}
			if why = strings.Join(reasons, "; "); why == "" {
				why = "the same purchase is used more or less, or pay-as-you-go prices have changed"
			}
		}
		d, changed, err := delta("line", before, after, line[0].Currency)
		if err != nil {
			return nil, err
		}
		d.Line, d.Why = fmt.Sprintf("%s in %s, %s", line[0].Size, line[0].Region, line[0].Term), why
		if changed || p.was < 0 || p.is < 0 || a.Lines[p.was].Quantity != b.Lines[p.is].Quantity {
			list = append(list, d)
		}
	}
	return list, nil
}

// writeChanges prints changes as Markdown.
func writeChanges(w io.Writer, name string, first bool, list []change) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# What changed for %s\n\n", printable(name))
	switch {
	case first:
		b.WriteString("This is the first plan.\n")
	case len(list) == 0:
		b.WriteString("Nothing in money: files, prices or rules changed, and the decision stands.\n")
	default:
		b.WriteString("Amounts a month.\n\n| what | before | now | change | why |\n|---|--:|--:|--:|---|\n")
		for _, c := range list {
			what := c.What
			if c.Line != "" {
				what = c.Line
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s %s | %s |\n", what, c.Before, c.After, c.Delta, c.Currency, c.Why)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
