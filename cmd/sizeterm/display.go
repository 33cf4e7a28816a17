package main

import (
	"fmt"
	"strings"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/pricing/sheet"
	"sizeterm/recommend"
)

// conversionsTo returns how the amounts of a plan are shown in a currency: nothing where it is billed in it already or none is asked for.
func conversionsTo(text string, plan *recommend.Plan) ([]pricing.Conversion, error) {
	if text == "" {
		return nil, nil
	}
	to, err := money.ParseCode(strings.ToUpper(text))
	if err != nil {
		return nil, usageError("", "--currency: %q: want a currency code such as EUR", text)
	}
	for i := 1; i < len(plan.Totals); i++ { // sorted by customer
		if plan.Totals[i].Customer == plan.Totals[i-1].Customer {
			return nil, usageError("", "--currency: customer %s is billed in several currencies, which must not look like one", plan.Totals[i].Customer)
		}
	}
	var list []pricing.Conversion
	seen := map[money.Code]bool{to: true}
	for i := range plan.Totals {
		from := plan.Totals[i].Currency
		if seen[from] {
			continue
		}
		seen[from] = true
		c, err := conversion(from, to)
		if err != nil {
			return nil, usageError("Leave --currency out to see the currencies that are billed.", "--currency: %w", err)
		}
		list = append(list, c)
	}
	return list, nil
}

// conversion crosses two currencies over USD, in which the public list states them.
func conversion(from, to money.Code) (pricing.Conversion, error) {
	one := pricing.Conversion{From: "USD", To: "USD", Rate: 1e10}
	a, b := one, one
	var ok bool
	if from != "USD" {
		if a, ok = sheet.ReferenceConversion(from); !ok || a.Rate == 0 {
			return a, fmt.Errorf("no rate from %s to %s is known", from, to)
		}
	}
	if to != "USD" {
		if b, ok = sheet.ReferenceConversion(to); !ok {
			return b, fmt.Errorf("no rate from %s to %s is known", from, to)
		}
	}
	rate, err := money.New(int64(b.Rate), to).MulDiv(1e10, int64(a.Rate))
	if err != nil {
		return a, err
	}
	known := b
	if to == "USD" {
		known = a
	}
	return pricing.Conversion{From: from, To: to, Rate: money.Rate(rate.Micros), On: known.On, Source: known.Source}, nil
}
