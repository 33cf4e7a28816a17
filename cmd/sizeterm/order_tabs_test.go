package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/order"
	"sizeterm/recommend/order/vendortest"
)

// post sends a form as a browser does and returns the status.
func (s *served) post(client *http.Client, path string, form url.Values) int {
	client = &http.Client{Jar: client.Jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm(s.base+path, form)
	require.NoError(s.t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	require.NoError(s.t, resp.Body.Close())
	return resp.StatusCode
}

// colleague lets another person in and returns the browser of that person.
func (s *served) colleague(name, role string) *http.Client {
	resp, err := s.client.PostForm(s.base+"/people", url.Values{"name": {name}, "role": {role}})
	require.NoError(s.t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, resp.Body.Close())
	link := regexp.MustCompile(`link=([A-Za-z0-9_-]{43})`).FindSubmatch(text)
	require.NotNil(s.t, link, "%s", text)
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	client := &http.Client{Jar: jar}
	require.Equal(s.t, http.StatusSeeOther, s.post(client, "/sign-in", url.Values{"link": {string(link[1])}}))
	return client
}

// atOnce runs everything at once.
func atOnce(all ...func()) {
	var wg sync.WaitGroup
	for _, f := range all {
		wg.Go(f)
	}
	wg.Wait()
}

// Two tabs of the service and two command lines ask for the same lines at once, two tabs approve them at once, and two command lines
// buy them at once: there is one order of each line, one approval, and one purchase.
func TestTabsAndTerminalsBuyOnce(t *testing.T) {
	ctx := context.Background()
	clock, wait, header := orderClock, orderWait, orderHeader
	t.Cleanup(func() { orderClock, orderWait, orderHeader = clock, wait, header })
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	orderClock = func() time.Time { return at }
	orderWait = func(context.Context, time.Duration) error { return nil }
	orderHeader = map[string]string{"X-Test-Now": at.Format(time.RFC3339)}

	dir, _ := recorded(t)
	s := serveIt(t, "serve", "--data-dir", dir, "--nightly", "0")
	customer := regexp.MustCompile(`/customers/[0-9a-f]{16}`).FindString(s.page("/", "Contoso Ltd"))
	document := s.page("/api/v1/plans/latest", "sizeterm.plan/1")
	plan, err := order.ReadPlan(strings.NewReader(document))
	require.NoError(t, err)
	path := filepath.Join(dir, "plan.json")
	require.NoError(t, os.WriteFile(path, []byte(document), 0o600))
	form := url.Values{}
	for _, l := range plan.Lines {
		form.Add("line", l.ID)
	}
	cli := func(args ...string) (int, string) {
		var out bytes.Buffer
		code := run(ctx, append([]string{"order", "--orders", filepath.Join(dir, "sizeterm.db"), "--as", "carl"}, args...), strings.NewReader(""), &out, &out)
		return code, out.String()
	}
	tab := func() { s.post(s.client, customer+"/orders", form) }
	terminal := func() { cli("draft", path); cli("request", "--all") }
	atOnce(tab, terminal, tab, terminal)
	desk := func() []order.Order {
		_, text := cli("status", "--output", "json")
		var body struct {
			Orders []struct{ ID, State, Line string }
		}
		require.NoError(t, json.Unmarshal([]byte(text), &body), text)
		var all []order.Order
		for _, o := range body.Orders {
			all = append(all, order.Order{ID: o.ID, State: order.State(o.State)})
		}
		return all
	}
	orders := desk()
	require.Len(t, orders, len(plan.Lines), "one order of each line")
	ids := url.Values{"subscription": {"ef2f86c0-a726-43b6-9f85-5c9027d26c36"}}
	for _, o := range orders {
		require.Equal(t, order.Requested, o.State)
		ids.Add("order", o.ID)
	}

	// Who signed in names the subscription and is the requester from then on; another person approves in two tabs.
	require.Equal(t, http.StatusSeeOther, s.post(s.client, "/orders/subscription", ids))
	bob := s.colleague("Bob", "approver")
	mine := s.client
	s.client = bob
	page := s.page("/orders", "Approve all")
	s.client = mine
	amount := regexp.MustCompile(`name="amount" value="([^"]+)"><button class="button">Approve all`).FindStringSubmatch(page)[1]
	approve := url.Values{"amount": {amount}, "order": ids["order"]}
	statuses := make([]int, 2)
	atOnce(func() { statuses[0] = s.post(bob, "/orders/approve", approve) }, func() { statuses[1] = s.post(bob, "/orders/approve", approve) })
	require.ElementsMatch(t, []int{http.StatusSeeOther, http.StatusConflict}, statuses)
	_, journal := cli("journal")
	require.Equal(t, len(orders), len(regexp.MustCompile(`(?m)  approved +o-`).FindAllString(journal, -1)))

	vendor, err := vendortest.New(vendortest.Config{Ledger: filepath.Join(dir, "ledger"), Offers: vendortest.OffersOf(plan)})
	require.NoError(t, err)
	server := httptest.NewServer(vendor)
	defer server.Close()
	facts := filepath.Join(dir, "facts.json")
	require.NoError(t, os.WriteFile(facts, []byte(`{"schema":"sizeterm.facts/1","customers":[{"customer":"`+plan.Lines[0].Customer+`","country":"PL","agreement":"azure-plan","role":"admin-agent","access":true,
 "subscriptions":[{"id":"`+ids.Get("subscription")+`","tenant":"`+plan.Lines[0].Customer+`","state":"active","registered":true,"partner_on_record":"5357564"}]}]}`), 0o600))
	buy := func() {
		cli("submit", "--all", "--via", "arm", "--execute", "--arm-url", server.URL, "--facts", facts, "--accept", "resizes_first")
	}
	atOnce(buy, buy)
	bought := map[string]int{}
	for _, p := range vendor.Purchases() {
		bought[p.Token]++
	}
	require.Len(t, bought, len(orders))
	for token, n := range bought {
		require.Equal(t, 1, n, token)
	}
	for _, o := range desk() {
		require.Equal(t, order.Executed, o.State)
	}
	require.Zero(t, s.stop())
}
