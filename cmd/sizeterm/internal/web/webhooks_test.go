package web

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// An admin adds a webhook, sees its secret once, tests it, reads its dead letters and sends them again; nobody else does.
func TestWebhooksOfAnAdmin(t *testing.T) {
	s := newService(t)
	ann := s.as("home", "ann", Admin)
	status, _, page := ann.post("/webhooks", url.Values{"url": {"https://shop.example/hook"}})
	require.Equal(t, http.StatusOK, status, page)
	require.Contains(t, page, "whsec_shown")
	page = ann.page("/webhooks")
	require.NotContains(t, page, "whsec_shown")
	for _, want := range []string{"https://shop.example/hook", "status 500", "2 events to be sent or repeated", "by ann"} {
		require.Contains(t, page, want)
	}
	at := follow(t, page, `/webhooks/[0-9a-f]{32}`)
	do := func(at, what string) (int, string) {
		status, _, page := ann.post(at, url.Values{"do": {what}})
		return status, page
	}
	_, page = do(at, "test")
	require.Contains(t, page, "took the test")
	_, page = do(at, "again")
	require.Contains(t, page, "gets 1 dead letter again")
	_, page = do(at, "secret")
	require.Contains(t, page, "whsec_shown")
	status, _ = do(at, "explode")
	require.Equal(t, http.StatusBadRequest, status)

	ann.post("/webhooks", url.Values{"url": {"https://broken.example/"}})
	_, page = do("/webhooks/"+(&Webhook{URL: "https://broken.example/"}).ID(), "test")
	require.Contains(t, page, "did not take the test")
	require.Equal(t, []string{"home https://shop.example/hook", "home https://broken.example/"}, s.memory.posted)
	_, page = do(at, "remove")
	require.NotContains(t, page, "<h2>https://shop.example/hook")
	for _, bad := range []string{"", "http://shop.example", "javascript:alert(1)"} {
		status, _, _ = ann.post("/webhooks", url.Values{"url": {bad}})
		require.Equal(t, http.StatusBadRequest, status, bad)
	}
	bob := s.as("home", "bob", Approver)
	status, _, _ = bob.get("/webhooks")
	require.Equal(t, http.StatusForbidden, status)
	require.NotContains(t, bob.page("/"), "/webhooks")
}
