package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// part is a file of a kind with days of October 2026.
func part(kind string, customers []string, first, last int) Part {
	p := Part{Name: kind + ".csv", Kind: kind, Customers: customers}
	for d := first; d <= last; d++ {
		p.Days = append(p.Days, testDay.AddDate(0, 0, d-33).Format("2006-01-02")) // testDay is 2 November
	}
	return p
}

func TestCoverageNamesGaps(t *testing.T) {
	uploads := []Upload{
		{State: "accepted", Parts: []Part{part("charges", []string{"a", "b"}, 1, 3), part("charges", []string{"a"}, 6, 7)}},
		{State: "accepted", Parts: []Part{part("charges", []string{"a"}, 9, 9), part("charges", []string{"a"}, 11, 11), part("charges", []string{"a"}, 13, 13)}},
		{State: "accepted", Parts: []Part{part("samples", nil, 2, 5)}},
		{State: "refused", Parts: []Part{part("charges", []string{"c"}, 1, 3)}},
	}
	c := coverageOf(uploads, func(id string) string { return "the " + id })
	require.Equal(t, "2026-10-01", c.From.Format("2006-01-02"))
	require.Equal(t, "2026-10-13", c.To.Format("2006-01-02"))
	require.Len(t, c.Rows, 2, "what was set aside covers nothing")
	a, b := c.Rows[0], c.Rows[1]
	require.Equal(t, []string{"the a", "the b"}, []string{a.Name, b.Name})
	require.Equal(t, "8 of 13, 2026-10-01 to 2026-10-13; missing: 2026-10-04 to 2026-10-05, 2026-10-08, 2026-10-10, and 1 more", a.Kinds[0].Words)
	require.Equal(t, []run{{"has", 0, 3}, {"lack", 3, 2}, {"has", 5, 2}, {"lack", 7, 1}, {"has", 8, 1}, {"lack", 9, 1}, {"has", 10, 1}, {"lack", 11, 1}, {"has", 12, 1}}, a.Kinds[0].Runs)
	require.Equal(t, "all 3, 2026-10-01 to 2026-10-03", b.Kinds[0].Words)
	require.Equal(t, "all 4, 2026-10-02 to 2026-10-05", b.Kinds[1].Words, "measurements that name no customer concern all")
	require.Equal(t, []run{{"has", 1, 4}}, b.Kinds[1].Runs)
	require.Equal(t, "none: sizes cannot be judged", days(nil).words("none: sizes cannot be judged"))

	page := calendarOf(covered{}, heldBy(uploads)["a"])
	require.Len(t, page.Months, 1)
	cells := page.Months[0].Days
	require.Len(t, cells, 31)
	require.Equal(t, "2026-10-02: charges.csv, samples.csv", cells[1].Title)
	require.Equal(t, [][2]string{{"charges", "out"}, {"lack", "samples"}, {"out", "out"}}, [][2]string{{cells[0].Upper, cells[0].Lower}, {cells[3].Upper, cells[3].Lower}, {cells[13].Upper, cells[13].Lower}})
}

func TestUploadsPageSaysWhatIsThere(t *testing.T) {
	s := newService(t)
	b := s.as("home", "ann", Viewer)
	require.Contains(t, b.page("/uploads"), "Nothing was sent yet")
	_, err := s.memory.Receive(t.Context(), Sent{Tenant: "home", By: "ann", Name: "cost <1>.csv"}, strings.NewReader("x"))
	require.NoError(t, err)
	page := b.page("/uploads")
	for _, want := range []string{"cost &lt;1&gt;.csv", "1 thing missing", "lacks tags: no show-back by tag", "3 of 5, 2026-10-01 to 2026-10-05; missing: 2026-10-03 to 2026-10-04", "no metrics: utilisation"} {
		require.Contains(t, page, want)
	}
	require.NotContains(t, page, "Choose files", "a viewer sends nothing")
	calendar := b.page(follow(t, page, `/customers/[0-9a-f]{16}/days`))
	require.Contains(t, calendar, "Contoso Ltd")
	require.Contains(t, calendar, "2026-10-05: cost &lt;1&gt;.csv")
	_, header, row := b.get("/uploads/" + s.memory.uploads["home"][0].ID + "/row")
	require.Contains(t, row, "<table>")
	require.Contains(t, header.Get("Content-Type"), "text/html")
	require.Contains(t, b.page("/uploads/state"), "3 of 5")
	status, _, _ := b.get("/uploads?before=nothing")
	require.Equal(t, http.StatusNotFound, status)
}
