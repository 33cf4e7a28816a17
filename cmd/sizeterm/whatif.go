package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// asking are the flags that ask what if: the plan is made as usual, made again with the change, and both are compared.
type asking struct {
	set    []string
	growth string
	scope  string
	terms  []string
	// limits on cash, as decimal texts
	maxUpfront, budget string
}

func (a *asking) flags(f *pflag.FlagSet) {
	f.StringArrayVar(&a.set, "set", nil, "what if N of a line were bought: LINE=N with its number or id, POOL/SIZE/TERM=N, or microsoft: what Microsoft's own rule buys on the same hours (repeatable)")
	f.StringVar(&a.growth, "growth", "", "what if usage changed by N% in every hour, such as 10% or -20%")
	f.StringVar(&a.maxUpfront, "max-upfront", "", "what if all were paid up front, and at most AMOUNT")
	f.StringVar(&a.budget, "budget", "", "what if no month's payments might exceed AMOUNT")
	f.StringVar(&a.scope, "scope", "", "what if the plan's reservations applied to one scope alone: shared, subscription, resource_group, or the name of one (SUBSCRIPTION or SUBSCRIPTION/GROUP)")
	f.StringSliceVar(&a.terms, "terms", nil, "what if only these terms could be bought: P1Y, P3Y")
}

// change returns the question that the flags ask of a plan made under a policy; ok is false where they ask nothing.
func (a *asking) change(policy recommend.Policy) (c recommend.Change, ok bool, err error) {
	for _, text := range a.set {
		if strings.EqualFold(text, "microsoft") {
			c.Rule = true
			continue
		}
		id, number, found := strings.Cut(text, "=")
		n, err := strconv.ParseInt(number, 10, 64)
		if !found || id == "" || err != nil || n < 0 {
			return c, false, usageError("", "--set: %q: want LINE=N, POOL/SIZE/TERM=N or microsoft", text)
		}
		c.Set = append(c.Set, recommend.Setting{ID: id, Quantity: n})
	}
	if c.Growth, err = parseGrowth(a.growth); err != nil {
		return c, false, err
	}
	c.Scope = a.scope
	changed := policy
	if len(a.terms) > 0 {
		changed.Terms = a.terms
		c.Policy = &changed
	}
	for name, text := range map[string]string{"max-upfront": a.maxUpfront, "budget": a.budget} {
		if text == "" {
			continue
		}
		micros, err := parseLimitOfCash(text)
		if err != nil {
			return c, false, usageError("", "--%s: %q: want an amount such as 10000 or 99.50", name, text)
		}
		if c.Policy = &changed; name == "budget" {
			changed.MaxMonth = &micros
		} else {
			changed.MaxUpfront, changed.BillingPlan = &micros, "upfront"
		}
	}
	if c.Policy != nil {
		if err := c.Policy.Validate(); err != nil {
			return c, false, usageError("", "--%w", err)
		}
	}
	return c, len(c.Set) > 0 || c.Rule || c.Growth != 0 || c.Scope != "" || c.Policy != nil, nil
}

// parseLimitOfCash reads an amount of any currency in micro-units.
func parseLimitOfCash(text string) (int64, error) {
	amount, err := money.Parse(text, "USD") // only the digits matter here
	if err == nil && amount.Micros < 0 {
		err = fmt.Errorf("negative")
	}
	return amount.Micros, err
}

// parseGrowth reads a percentage as a share.
func parseGrowth(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !percent || !(v > -100 && v <= 10_000) {
		return 0, usageError("", "--growth: %q: want a percentage above -100%%, such as 10%% or -20%%", text)
	}
	return v / 100, nil
}

// ask makes the plan that answers a question, or the plan itself where nothing is asked.
func (a *asking) ask(in recommend.Input) (*recommend.Plan, error) {
	change, asked, err := a.change(in.Policy)
	if err != nil {
		return nil, err
	}
	if !asked {
		return recommend.Recommend(in)
	}
	plan, err := recommend.WhatIf(in, nil, change)
	if err != nil && strings.HasPrefix(err.Error(), "set: ") {
		return nil, usageError("Run once without --set: lines are numbered, --output json shows the ids of pools.", "--%w", err)
	}
	if err != nil && strings.HasPrefix(err.Error(), "scope: ") {
		return nil, usageError("--scope takes shared, subscription, resource_group, the id of a subscription or SUBSCRIPTION/GROUP.", "--%w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("what if: %w", err)
	}
	return plan, nil
}
