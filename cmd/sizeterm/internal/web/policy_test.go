package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// fewRules keeps two rules of every customer; a value is "P1Y" or "no".
type fewRules struct {
	set   RuleSet
	tried int
}

func (f *fewRules) Rules(_ context.Context, tenant, customer string) (Ruling, error) {
	own := ""
	if f.set.Value != "" {
		own = "terms: " + f.set.Value
	}
	return Ruling{Own: own, Mark: "m" + f.set.Value, Rules: []Rule{
		{Key: "terms", Value: "both", Default: "both", Source: "default", Effect: "terms that may be bought", Tries: true},
		{Key: "sizing.exempt", Value: "a<b", Default: "none", Source: "house.yaml", Effect: "machines that stay", Own: true},
	}, Changes: []RuleChange{{At: testDay, By: "ann", Detail: "terms: [P1Y], was both"}}}, nil
}

func (f *fewRules) SetRule(_ context.Context, _ string, s RuleSet) error {
	if s.Mark != "m"+f.set.Value {
		return ErrRulesMoved
	}
	if s.Value == "never" {
		return &RuleError{"terms: never: no such term"}
	}
	f.set = s
	return nil
}

func (f *fewRules) Alternatives(policy recommend.Policy, key, more string) ([]RuleTry, error) {
	f.tried++
	one := policy
	one.Terms = []string{"P1Y"}
	if key != "terms" {
		return nil, nil
	}
	return []RuleTry{{Value: "[P1Y]", Policy: one}, {Value: "both", Policy: policy, Now: true}}, nil
}

func TestRulesAndWhatTheyDo(t *testing.T) {
	rules := &fewRules{}
	s := newService(t, withDesks, func(o *Options) { o.Rules = rules })
	b := s.as("home", "ann", Viewer)
	s.memory.Refresh(t.Context(), "home")
	customer := follow(t, b.page("/"), `/customers/[0-9a-f]{16}`)
	require.Contains(t, b.page(customer), customer+"/policy")
	page := b.page(customer + "/policy")
	for _, want := range []string{"terms that may be bought", "a&lt;b", "house.yaml", "2026-11-02 09:00", "[P1Y], was both"} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, `name="mark"`, "who reads changes nothing")

	page = b.page(customer + "/policy?key=terms") // behind the page, which waits for a moment only
	for began := time.Now(); strings.Contains(page, "data-again") && time.Since(began) < time.Minute; page = b.page(customer + "/policy?key=terms") {
		require.Contains(t, page, "to compute: each is a whole plan")
	}
	require.Contains(t, page, `<tr class="chosen"><th scope="row">both <small>now</small></th>`)
	// The row of the value that holds is the plan itself; buying for one year only saves less.
	amount := report.Funcs()["amount"].(func(money.Amount) string)
	totals := demoPlan().Totals
	require.Len(t, totals, 1)
	one := recommend.DefaultPolicy()
	one.Terms = []string{"P1Y"}
	in := demo().Input
	in.Policy = one
	other, err := recommend.Recommend(in)
	require.NoError(t, err)
	require.NotEqual(t, totals[0].Joint, other.Totals[0].Joint)
	for _, total := range []recommend.Total{totals[0], other.Totals[0]} {
		require.Contains(t, page, "<td class=\"n\">"+amount(total.Joint)+"</td>")
	}
	status, _, _ := b.get(customer + "/policy?key=nothing")
	require.Equal(t, http.StatusNotFound, status)
	status, _, _ = b.post(customer+"/policy", url.Values{"key": {"terms"}, "value": {"[P1Y]"}, "mark": {"m"}})
	require.Equal(t, http.StatusForbidden, status)

	c := s.as("home", "bob", Approver)
	page = c.page(customer + "/policy?key=sizing.exempt")
	require.Contains(t, page, `name="mark" value="m"`)
	require.Contains(t, page, "no other plan can be shown of it")
	require.Contains(t, page, "Take it back")
	set := func(value, mark string) (int, string) {
		status, _, text := c.post(customer+"/policy", url.Values{"key": {"terms"}, "value": {value}, "mark": {mark}})
		return status, text
	}
	status, text := set("never", "m")
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, text, "no such term")
	status, _ = set("[P1Y]", "m")
	require.Equal(t, http.StatusSeeOther, status)
	require.Equal(t, "bob", rules.set.By)
	require.True(t, strings.HasPrefix(demoPlan().Totals[0].Customer, rules.set.Customer), "the customer by its own id")
	status, _ = set("[P3Y]", "m")
	require.Equal(t, http.StatusConflict, status, "two tabs")
	require.Contains(t, c.page(customer+"/policy"), "terms: [P1Y]")
}

// Tables beyond what the service computes at once are not begun, and the page says so.
func TestTablesOfEffectsAreFew(t *testing.T) {
	stop := make(chan struct{})
	all := newTables(stop)
	all.slot <- struct{}{} // somebody computes
	in := demo()
	c := &customerView{ID: demoPlan().Totals[0].Customer, Plan: demoPlan(), Whole: &in}
	tries := []RuleTry{{Value: "now", Now: true}, {Value: "other", Policy: recommend.DefaultPolicy()}}
	for i := range tablesWaiting { // nothing here waits for the slot, which is not given back
		e := all.of(c, string(rune('a'+i)), tries)
		require.Len(t, e.Rows, 1, "the plan that there is needs no computing")
		require.Equal(t, 1, e.Pending)
	}
	require.True(t, all.of(c, "more", tries).Busy)
	require.Equal(t, 1, all.of(c, "a", tries).Pending, "one that is begun goes on")
	close(stop)
	require.Eventually(t, func() bool { all.mu.Lock(); defer all.mu.Unlock(); return all.count == 0 }, 10*time.Second, time.Millisecond)
}
