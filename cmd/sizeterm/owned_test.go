package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/ingest"
	"sizeterm/ingest/usage"
)

// Two customers, and lists that name none: usage that a reservation covered names its customer, a subscription has one, and of
// the rest the plan says that it counts twice. The same list read twice counts once.
func TestReservationsOfNobodyFindTheirCustomer(t *testing.T) {
	found := &analyzer.Analysis{VMs: []analyzer.VM{{Customer: "c1", Subscription: "s1"}, {Customer: "c2", Subscription: "s2"}, {Customer: "c1", Subscription: "both"}, {Customer: "c2", Subscription: "both"}},
		Inferred: []analyzer.Inferred{{Customer: "c2", Benefit: "covers"}}}
	row := func(id, scope, bought string) usage.Holding {
		return usage.Holding{Commitment: usage.Commitment{ID: id, Scope: scope, Subscription: bought, Size: "Standard_D2s_v5", Region: "westeurope", Quantity: 1, End: time.Unix(2e9, 0)}}
	}
	g := &gathered{}
	for _, name := range []string{"october.csv", "november.csv"} {
		g.add(ingest.Input{Name: name}, ingest.Summary{Kind: ingest.KindReservations, Dialect: "reservation-list"}, []usage.Holding{
			row("covers", "shared", ""), row("scoped", "/subscriptions/s1/resourcegroups/rg", ""), row("bought", "shared", "s1"), row("unclear", "shared", "both")}, nil)
	}
	all, hasList := g.owned(found)
	require.True(t, hasList)
	of := map[string]string{}
	for _, e := range all {
		of[e.ID] = e.Customer
	}
	require.Len(t, all, 4)
	require.Equal(t, map[string]string{"covers": "c2", "scoped": "c1", "bought": "c1", "unclear": ""}, of)
	require.Len(t, found.Warnings, 1)
	require.Equal(t, "reservation_customer_unknown", found.Warnings[0].Code)
}
