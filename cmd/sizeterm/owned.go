package main

import (
	"fmt"
	"strings"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
	"sizeterm/recommend"
)

// owned is what the lists and transactions of all files together say is owned, and whether there was a list at all. What they
// leave open becomes warnings of the analysis.
func (g *gathered) owned(found *analyzer.Analysis) (all []recommend.Existing, hasList bool) {
	commitments, doubts := usage.Owned(g.held)
	owners := ownersOf(found)
	nobody, first := 0, ""
	for _, c := range commitments {
		if c.Customer == "" {
			if c.Customer = owners.of(&c); c.Customer == "" && len(owners.customers) > 1 {
				nobody++
				first = max(first, c.ID)
			}
		}
		all = append(all, existing(c))
	}
	if nobody > 0 {
		doubts = append(doubts, usage.Doubt{Code: "reservation_customer_unknown", Subject: first, Detail: fmt.Sprintf(
			"%d reservations whose list names no customer, and which no usage names, are counted for each of %d customers: give the list a column customer, or read it with --file-customer", nobody, len(owners.customers))})
	}
	for _, d := range doubts {
		found.Warnings = append(found.Warnings, analyzer.Warning{Code: d.Code, Subject: d.Subject, Detail: d.Detail})
	}
	return all, g.hasList || len(all) > 0
}

// owners says whose a reservation is that names no customer: usage names reservations, and subscriptions have one customer.
type owners struct {
	customers     map[string]bool
	benefits      map[string]string
	subscriptions map[string]string // "" where two customers have it
}

func ownersOf(found *analyzer.Analysis) owners {
	o := owners{customers: map[string]bool{}, benefits: map[string]string{}, subscriptions: map[string]string{}}
	for i := range found.VMs {
		vm := &found.VMs[i]
		if vm.Customer == "" {
			continue
		}
		o.customers[vm.Customer] = true
		if before, ok := o.subscriptions[vm.Subscription]; ok && before != vm.Customer {
			o.subscriptions[vm.Subscription] = ""
			continue
		}
		o.subscriptions[vm.Subscription] = vm.Customer
	}
	for _, in := range found.Inferred {
		o.benefits[in.Benefit] = in.Customer
	}
	return o
}

// of returns the customer of a reservation, "" where nothing tells it.
func (o owners) of(c *usage.Commitment) string {
	for _, id := range [2]string{c.ID, c.Order} {
		if customer := o.benefits[id]; customer != "" {
			return customer
		}
	}
	scope, _, _ := strings.Cut(strings.TrimPrefix(c.Scope, "/subscriptions/"), "/")
	for _, subscription := range [2]string{scope, c.Subscription} {
		if customer := o.subscriptions[subscription]; subscription != "" && customer != "" {
			return customer
		}
	}
	return ""
}
