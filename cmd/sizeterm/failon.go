package main

import (
	"fmt"
	"strings"

	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// rules are the --fail-on rules of a run.
type rules []rule

// rule is one of them: a kind and its value.
type rule struct {
	kind, value string
	amount      money.Amount
}

// parseRules reads warning:CODE, reason:CODE, saving-below:AMOUNT and no-lines.
func parseRules(texts []string) (rules, error) {
	var all rules
	for _, text := range texts {
		kind, value, _ := strings.Cut(text, ":")
		r := rule{kind: kind, value: value}
		switch {
		case kind == "no-lines" && value == "":
		case (kind == "warning" || kind == "reason") && value != "":
		case kind == "saving-below":
			amount, err := money.Parse(value, "XXX")
			if err != nil {
				return nil, usageError("", "--fail-on: %q: %w", text, err)
			}
			r.amount = amount
		default:
			return nil, usageError("", "--fail-on: %q: want warning:CODE, reason:CODE, saving-below:AMOUNT or no-lines", text)
		}
		all = append(all, r)
	}
	return all, nil
}

// broken returns an error that names the first rule that holds.
func (all rules) broken(plan *recommend.Plan) error {
	for _, r := range all {
		if why := r.holds(plan); why != "" {
			return &hintError{code: exitFailOn, err: fmt.Errorf("--fail-on %s: %s", strings.TrimSuffix(r.kind+":"+r.value, ":"), why)}
		}
	}
	return nil
}

// holds says why the rule holds, "" where it does not.
func (r rule) holds(plan *recommend.Plan) string {
	switch r.kind {
	case "no-lines":
		if len(plan.Lines) == 0 {
			return "nothing is worth buying"
		}
	case "warning":
		for _, w := range plan.Warnings {
			if w.Code == r.value {
				return w.Subject + ": " + w.Detail
			}
		}
	case "reason":
		for _, n := range plan.NotRecommended {
			if n.Reason == r.value {
				return n.Subject + ": " + n.Detail
			}
		}
	case "saving-below":
		for _, t := range plan.Totals {
			if t.Joint.Micros < r.amount.Micros {
				return fmt.Sprintf("customer %s saves %s %s a month", t.Customer, t.Joint.Round(), t.Currency)
			}
		}
	}
	return ""
}
