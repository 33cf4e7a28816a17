package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// poorPlan is what a plan says of pools whose history is poor.
type poorPlan struct {
	Lines []struct {
		Region, Term string
		Quantity     int
		Forecast     *struct{ Wide []string }
	}
	NotRecommended []struct{ Subject, Reason, Detail string } `json:"not_recommended"`
}

// in returns the term that is bought in a region, "" for nothing, and what makes its forecast wide.
func (p poorPlan) in(region string) (term, wide string) {
	for _, l := range p.Lines {
		if l.Region == region && l.Forecast != nil {
			term, wide = term+l.Term, wide+strings.Join(l.Forecast.Wide, "; ")
		}
	}
	return term, wide
}

// why returns the reasons for which nothing, or not for three years, is bought.
func (p poorPlan) why() string {
	var all []string
	for _, n := range p.NotRecommended {
		if n.Reason != "no_metrics" {
			all = append(all, n.Subject+" "+n.Reason+": "+n.Detail)
		}
	}
	return strings.Join(all, "\n")
}

// beside copies an export and adds the same machines in Poland Central, on other days.
func beside(t *testing.T, export, poland string) string {
	text, err := os.ReadFile(poland)
	require.NoError(t, err)
	_, rows, _ := strings.Cut(string(text), "\n")
	rows = strings.NewReplacer("southeastasia", "polandcentral", "sg-", "pl-", "/resourceGroups/", "/resourceGroups/pl-").Replace(rows)
	f, err := os.OpenFile(export, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteString(rows)
	require.NoError(t, err)
	return export
}

// Whatever is poor about a history widens the range or stops the advice, and the plan says which and why: gaps, a window of less than two
// weeks, a demand that began or ended inside the window, daily data.
func TestPoorHistories(t *testing.T) {
	all := func(string, int) bool { return true }
	ask := func(export string) (p poorPlan) {
		t.Helper()
		code, out, errs := try("recommend", "--output", "json", export)
		require.Zero(t, code, errs)
		require.NoError(t, json.Unmarshal([]byte(out), &p))
		return p
	}
	const asia, poland = "southeastasia", "polandcentral"

	term, wide := ask(longExport(t, 56, func(_ string, day int) bool { return day != 20 && day != 33 })).in(asia)
	require.Equal(t, "P3Y", term)
	require.Contains(t, wide, "2 days that no file covers")
	require.Contains(t, wide, "the files tell the hours of a day only by number", "two machines run part of the day, and nothing measured them")

	short := ask(longExport(t, 10, all))
	term, wide = short.in(asia)
	require.Equal(t, "P1Y", term)
	require.Contains(t, wide, "7 days with data, fewer than 28: one year only", "the window is whole weeks")
	require.Contains(t, short.why(), "three years need at least 28")

	none := ask(longExport(t, 5, all))
	require.Empty(t, none.Lines)
	require.Contains(t, none.why(), "too_few_days: the files cover 5 complete days of the window; a commitment needs at least 7")

	began := ask(beside(t, longExport(t, 56, all), longExport(t, 56, func(_ string, day int) bool { return day >= 36 })))
	term, _ = began.in(asia)
	require.Equal(t, "P3Y", term, "the other region has its whole history")
	term, wide = began.in(poland)
	require.NotContains(t, term, "P3Y")
	require.Contains(t, began.why(), "too_few_days: its demand began on 2026-10-12, 20 complete days ago; three years need at least 28")
	if term != "" {
		require.Contains(t, wide, "the demand began on day")
	}

	late := ask(beside(t, longExport(t, 56, all), longExport(t, 56, func(_ string, day int) bool { return day >= 52 })))
	term, _ = late.in(poland)
	require.Empty(t, term)

	ended := ask(beside(t, longExport(t, 56, all), longExport(t, 56, func(_ string, day int) bool { return day < 45 })))
	term, _ = ended.in(poland)
	require.Empty(t, term)
	require.Contains(t, ended.why(), "ended: the demand ended inside the window: nothing ran on the last three days")
}
