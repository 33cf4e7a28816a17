package web

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend"
)

func TestWhatIfIsTheSimulators(t *testing.T) {
	s := newService(t)
	b := s.as("home", "ann", Viewer)
	require.NoError(t, s.memory.Refresh(t.Context(), "home"))
	plan := demoPlan()
	line := &plan.Lines[0]
	at := "/customers/" + slug(line.Customer) + "/pools/" + line.Pool
	page := b.page(at)
	require.Contains(t, page, "Try another quantity, growth or scope")
	require.NotContains(t, page, "This would save")

	field := string(line.Size) + "/" + line.Term.String()
	want, err := recommend.WhatIf(demo().Input, nil, recommend.Change{Set: []recommend.Setting{{ID: line.Pool + "/" + field, Quantity: 1}}})
	require.NoError(t, err)
	saving := ""
	for i := range want.Pools {
		if p := &want.Pools[i]; p.ID == line.Pool {
			saving = chosenOf(p).Saving.Round() + " " + string(p.Currency)
		}
	}
	whole := b.page(at + "?" + field + "=1")
	require.Contains(t, regexp.MustCompile(`,(\d{3})`).ReplaceAllString(whole, "$1"), ">"+saving+"<", "what the simulator says of the whole plan")
	part := b.page(at + "/what-if?" + field + "=1")
	require.Contains(t, part, "This would save")
	require.NotContains(t, part, "<html")
	for _, bad := range []string{"-1", "x", "100001", "1.5"} {
		status, _, _ := b.get(at + "?" + field + "=" + bad)
		require.Equal(t, http.StatusBadRequest, status, bad)
	}
}

// Growth and scope are the simulator's too: the plan's own quantities on usage that grew, and applied to one subscription.
func TestGrowthAndScopeAreTried(t *testing.T) {
	s := newService(t)
	b := s.as("home", "ann", Viewer)
	require.NoError(t, s.memory.Refresh(t.Context(), "home"))
	plan := demoPlan()
	line := &plan.Lines[0]
	at := "/customers/" + slug(line.Customer) + "/pools/" + line.Pool
	page := b.page(at)
	require.Contains(t, page, `name="growth"`)
	require.Contains(t, page, `<option value="subscription">`)
	set := []recommend.Setting{}
	for _, l := range plan.Lines {
		if l.Pool == line.Pool {
			set = append(set, recommend.Setting{ID: l.ID, Quantity: l.Quantity})
		}
	}
	for query, change := range map[string]recommend.Change{"?growth=-50": {Growth: -0.5, Set: set}, "?scope=subscription": {Scope: "subscription", Set: set}} {
		want, err := recommend.WhatIf(demo().Input, nil, change)
		require.NoError(t, err)
		saving := ""
		for i := range want.Pools {
			if p := &want.Pools[i]; p.ID == line.Pool {
				saving = chosenOf(p).Saving.Round() + " " + string(p.Currency)
			}
		}
		part := b.page(at + "/what-if" + query)
		require.Contains(t, regexp.MustCompile(`,(\d{3})`).ReplaceAllString(part, "$1"), ">"+saving+"<", query)
	}
	for _, bad := range []string{"growth=-100", "growth=x", "scope=elsewhere"} {
		status, _, _ := b.get(at + "?" + bad)
		require.Equal(t, http.StatusBadRequest, status, bad)
	}
}
