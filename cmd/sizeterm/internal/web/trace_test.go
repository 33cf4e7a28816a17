package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/report"
)

func TestEveryFigureComputedAgainIsTheSame(t *testing.T) {
	plan := demoPlan()
	for i := range plan.Lines {
		trace, ok := report.TraceOf(plan, plan.Lines[i].ID)
		require.True(t, ok)
		require.NotEmpty(t, trace.Machines, "line %s", plan.Lines[i].ID)
		require.NotEmpty(t, trace.Prices[0].Date, "line %s: %s", plan.Lines[i].ID, trace.Prices[0].Source)
		for _, step := range trace.Steps {
			require.False(t, step.Differs, "line %s: %+v", plan.Lines[i].ID, step)
		}
	}
	for i := range plan.Pools {
		trace, ok := report.TraceOf(plan, plan.Pools[i].ID)
		require.True(t, ok)
		for _, step := range trace.Steps {
			require.False(t, step.Differs, "pool %s: %+v", plan.Pools[i].ID, step)
		}
	}
	_, ok := report.TraceOf(plan, "nothing")
	require.False(t, ok)
}

func TestTracePricesAndWhatTheCustomerGets(t *testing.T) {
	s := newService(t)
	b := s.as("home", "ann", Viewer)
	status, _, _ := b.get("/prices")
	require.Equal(t, http.StatusOK, status, "no plan yet")
	require.NoError(t, s.memory.Refresh(t.Context(), "home"))
	line := &demoPlan().Lines[0]
	at := "/customers/" + slug(line.Customer)
	page := b.page(at + "/trace/" + line.ID)
	for _, want := range []string{"quantity × price of one for the whole term", "Machines", "cost-export-2026-10.csv.gz", "sizeterm explain " + line.ID} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "differs")
	require.Contains(t, b.page("/prices"), "embedded: ")

	printed := b.page(at + "/plan.html")
	require.Contains(t, printed, "Contoso Ltd")
	require.NotContains(t, printed, "cost-export-2026-10", "names of files stay with the partner")
	_, header, book := b.get(at + "/plan.xlsx")
	require.True(t, strings.HasPrefix(book, "PK"))
	require.Equal(t, `attachment; filename="plan.xlsx"`, header.Get("Content-Disposition"))
}
