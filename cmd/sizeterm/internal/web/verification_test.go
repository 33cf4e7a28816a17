package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/order"
	"sizeterm/recommend/order/prove"
)

// provenMonth is November of the demo's customer, in which one order is used by half and one not at all.
func provenMonth(t *testing.T, customer string, orders ...string) prove.Month {
	t.Helper()
	text := `{"customer":"C","month":"2026-11","at":"2026-12-08T09:00:00Z",
	"findings":[
	{"order":"O1","line":"l-1","state":"verified","customer":"C","month":"2026-11","what":"8 x Standard_E2s_v5 southeastasia P3Y","currency":"USD","days":28,
	 "bought":{"verdict":"bought","detail":"as ordered","source":"x"},"charged":{"verdict":"as_quoted","expected":"100","charged":"100","difference":"0","source":"x"},
	 "applied":{"verdict":"partly","utilization":0.5,"reserved_hours":"2","used_hours":"1","source":"x","way_out":"order refund values it"},
	 "saving":{"known":true,"promised":"522.77","realised":"114.77","difference":"-408","value":"1","cost":"1","rate_from":"x","split":{"late_start":"-6.53","price":"0.31","other_reservation":"0","scope":"0","demand":"-401.78"}}},
	{"order":"O2","line":"l-2","state":"verified","customer":"C","month":"2026-11","what":"2 x Standard_E4s_v5 westeurope P3Y","currency":"USD","days":28,
	 "bought":{"verdict":"not_found","detail":"no file shows it","source":""},"charged":{"verdict":"not_in_files","expected":"0","charged":"0","difference":"0","source":""},
	 "applied":{"verdict":"unused","utilization":0,"reserved_hours":"2","used_hours":"0","source":"x"},"saving":{"known":false,"promised":"0","realised":"0","difference":"0","value":"0","cost":"0","detail":"no usage",
	 "split":{"late_start":"0","price":"0","other_reservation":"0","scope":"0","demand":"0"}}}],
	"sums":[{"customer":"C","month":"2026-11","currency":"USD","orders":2,"promised":"522.77","realised":"114.77","difference":"-408","charged":"100","unknown":1,"fee":"0",
	 "split":{"late_start":"-6.53","price":"0.31","other_reservation":"0","scope":"0","demand":"-401.78"}}],
	"unmatched_charges":[{"customer":"C","what":"Standard_D4s_v5 <b>","day":"2026-11-15","amount":"310.55","currency":"USD","source":"x","detail":"nobody ordered it here"}],"unmatched_orders":[]}`
	text = strings.ReplaceAll(text, `"C"`, `"`+customer+`"`)
	for i, id := range orders {
		text = strings.ReplaceAll(text, []string{`"O1"`, `"O2"`}[i], `"`+id+`"`)
	}
	var m prove.Month
	require.NoError(t, json.Unmarshal([]byte(text), &m))
	return m
}

// What came true stands on the page of its own, on those of orders and customers, and in the API; another tenant sees none of it.
func TestWhatCameTrueIsShown(t *testing.T) {
	var months []prove.Month
	s, ann := requested(t, func(o *Options) {
		o.Proofs = func(_ context.Context, tenant string) ([]prove.Month, error) {
			if tenant != "home" {
				return nil, nil
			}
			return months, nil
		}
		o.Due = func(_ context.Context, tenant string, orders []order.Order) ([]order.Reminder, error) {
			if tenant != "home" || len(orders) == 0 {
				return nil, nil
			}
			at := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
			return []order.Reminder{{Order: orders[0].ID, Reservation: "r<1>", Customer: strings.ToLower(demoPlan().Totals[0].Customer), What: "3 x Standard_D2s_v5", Ends: at, Days: 1, Detail: "it runs out"},
				{Reservation: "later-2", Customer: "gone", What: "2 x Standard_D4s_v5", Ends: at, Detail: "buy it"}}, nil
		}
	})
	require.Contains(t, ann.page("/verification"), "Nothing was bought yet")
	require.NotContains(t, ann.page("/orders"), "What came true")
	id := follow(t, ann.page("/orders"), `o-[0-9a-f]{12}`)
	months = []prove.Month{provenMonth(t, strings.ToLower(demoPlan().Totals[0].Customer), id)}

	page := ann.page("/verification")
	for _, want := range []string{"22.0 %", "late start -6.53", "demand -401.78", "522.77", "114.77", "0 %", "50 %", "not known", "Charges without an order", "310.55", "&lt;b&gt;", "Contoso"} {
		require.Contains(t, page, want)
	}
	require.Contains(t, ann.page("/orders"), "22.0 %")
	require.Contains(t, ann.page("/orders/"+id), "order refund values it")
	portfolio := ann.page("/")
	require.Contains(t, portfolio, "Came true of what was promised")
	require.Contains(t, portfolio, "22.0 %")
	require.Contains(t, portfolio, "To approve")
	require.Contains(t, portfolio, "1 day old")
	_, soon, _ := strings.Cut(portfolio, "Due soon:")
	for _, want := range []string{`<a href="/customers/` + slug(demoPlan().Totals[0].Customer) + `">Contoso`, `<a href="/orders/` + id + `">3 x Standard_D2s_v5`, "r&lt;1&gt;", "2026-11-20 <small>in 1 day<", `<th scope="row">gone</th>`, "today"} {
		require.Contains(t, soon, want)
	}
	for format, want := range map[string]string{"html": "What the reservations saved", "csv": "order,line,state", "json": "sizeterm.proof/1"} {
		status, _, text := ann.get("/verification/report?format=" + format)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, text, want)
	}
	status, _, _ := ann.get("/verification/report?format=pdf")
	require.Equal(t, http.StatusBadRequest, status)

	var list struct{ Items []apiFinding }
	status, _, text := ann.do("GET", "/api/v1/verification?order="+id, "", nil)
	require.Equal(t, http.StatusOK, status, text)
	require.NoError(t, json.Unmarshal([]byte(text), &list))
	require.Len(t, list.Items, 1)
	require.Equal(t, "114.77", list.Items[0].Realised)
	require.Equal(t, "partly", list.Items[0].Used)
	require.InDelta(t, 0.5, *list.Items[0].Utilization, 0)

	away := s.as("away", "eve", Admin)
	require.NotContains(t, away.page("/verification"), "522.77")
}

// All orders of a state are exported at once, and an order that was asked for on a command line is asked for anew by somebody who
// signed in before another person approves.
func TestOrdersOfACommandLine(t *testing.T) {
	s, ann := requested(t)
	status, _, text := ann.get("/orders/export?state=requested&format=csv")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, strings.Count(ann.page("/orders"), "yours: another person approves"), strings.Count(strings.TrimSpace(text), "\n"), "a row an order below the names")
	status, _, _ = ann.get("/orders/export?state=approved&format=csv")
	require.Equal(t, http.StatusNotFound, status)

	id := follow(t, ann.page("/orders"), `o-[0-9a-f]{12}`)
	require.Contains(t, ann.page("/orders/"+id), "Checks before a purchase")
	require.Contains(t, ann.page("/orders/"+id), "subscription named")
	status, _, _ = ann.post("/orders/subscription", url.Values{"order": {id}, "subscription": {"not one"}})
	require.Equal(t, http.StatusBadRequest, status)
	d, err := s.server.Desk("home")
	require.NoError(t, err)
	require.NoError(t, d.Request(t.Context(), "ann on a terminal", id))
	require.NotContains(t, ann.page("/orders/"+id), "Approve ")
	bob := s.as("home", "bob", Approver)
	require.NotContains(t, bob.page("/orders/"+id), "Approve ")
	require.Contains(t, bob.page("/orders/"+id), "which checks no names")
	var o order.Order
	all, err := d.Orders(t.Context())
	require.NoError(t, err)
	for _, one := range all {
		if one.ID == id {
			o = one
		}
	}
	status, _, text = bob.post("/orders/approve", url.Values{"order": {id}, "amount": {o.Line.TotalPrice.String()}})
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, text, "that could be one person")

	form := hidden(t, ann.page("/orders/"+id), "anew")
	status, _, text = ann.post("/orders/request", form)
	require.Equal(t, http.StatusSeeOther, status, text)
	status, _, text = bob.post("/orders/approve", hidden(t, bob.page("/orders/"+id), "Approve "))
	require.Equal(t, http.StatusSeeOther, status, text)
}
