package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/order/hook"
)

// From the command line to an endpoint and back: each step is told, a failure is kept, a dead endpoint makes dead letters,
// and a message of the shop is taken once.
func TestWebhooks(t *testing.T) {
	b := newBuying(t)
	var mutex sync.Mutex // the endpoint answers in goroutines of its own
	var got []http.Header
	var bodies []string
	status := http.StatusNoContent
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mutex.Lock()
		defer mutex.Unlock()
		got, bodies = append(got, r.Header), append(bodies, string(body))
		w.WriteHeader(status)
	}))
	defer server.Close()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	env := []string{"SIZETERM_WEBHOOK_SECRET=" + secret, "SIZETERM_WEBHOOK_URL=" + server.URL}
	run := func(want int, args ...string) string {
		t.Helper()
		mutex.Unlock()
		defer mutex.Lock()
		code, out, errs := b.run(env, append([]string{"webhook"}, args...)...)
		require.Equal(t, want, code, "%v: %s%s", args, out, errs)
		return out + errs
	}
	mutex.Lock()
	defer mutex.Unlock()
	require.Contains(t, run(0, "test"), "taken")
	require.Contains(t, bodies[0], "sizeterm.webhook.test")
	b.approve()
	status = http.StatusGone
	require.Contains(t, run(5, "send"), "dead letters 6") // two orders, three steps each
	require.Contains(t, run(0, "dead"), "410")
	status = http.StatusNoContent
	require.Contains(t, run(0, "retry"), "6 due again")
	require.Contains(t, run(0, "send"), "delivered 6")
	require.Contains(t, run(0, "send"), "delivered 0")
	require.Equal(t, got[1].Get("Webhook-Id"), got[7].Get("Webhook-Id"), "the same event, the same id")
	key, err := hook.ParseSecret(secret)
	require.NoError(t, err)
	_, err = hook.Verify(got[7].Get, []byte(bodies[7]), []hook.Secret{key}, b.now)
	require.NoError(t, err)

	// The shop says that it bought an order; a replay of the message, and a copy with another sum, are refused.
	id := ""
	for order := range b.states() {
		id = max(id, order)
	}
	paid := "3738.00"
	if !strings.Contains(b.do("status", id), "3738") {
		paid = "2956.00"
	}
	body := `{"specversion":"1.0","id":"x","source":"shop","type":"sizeterm.order.bought","data":{"order":"` + id + `","vendor_order":"V-1","paid":"` + paid + `","currency":"USD"}}`
	text := hook.Message("msg_1", b.now, []byte(body), []hook.Secret{key})
	take := func(text string) (int, string) {
		b.stdin = bytes.NewReader([]byte(text))
		defer func() { b.stdin = nil }()
		mutex.Unlock()
		defer mutex.Lock()
		code, out, errs := b.run(env, "webhook", "take")
		return code, out + errs
	}
	code, out := take(strings.Replace(text, paid, "1.00", 1))
	require.Equal(t, 3, code)
	require.Contains(t, out, "webhook_signature")
	code, out = take(text)
	require.Zero(t, code, out)
	require.Equal(t, "executed", b.states()[id])
	code, out = take(text)
	require.Equal(t, 3, code)
	require.Contains(t, out, "webhook_replayed")
	require.Contains(t, b.do("journal"), "webhook_replayed")
	b.do("audit", "verify")

	for _, bad := range [][]string{{"send", "--webhook-url", "http://shop.example/hook"}, {"test", "--webhook-url", "not a url"}} {
		require.NotContains(t, run(5, bad...), secret)
	}
	code, out, errs := b.run([]string{"SIZETERM_WEBHOOK_SECRET=short", "SIZETERM_WEBHOOK_URL=" + server.URL}, "webhook", "test")
	require.Equal(t, 3, code, out)
	require.NotContains(t, errs, "short")
}
