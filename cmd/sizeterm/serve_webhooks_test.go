package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/hook"
)

// shop is somebody else's server that hears of orders.
type shop struct {
	*httptest.Server
	secret string
	taken  []string // types of events
	status int
}

func newShop(t *testing.T) *shop {
	s := &shop{status: http.StatusOK}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		secret, err := hook.ParseSecret(s.secret)
		if err == nil {
			_, err = hook.Verify(r.Header.Get, body, []hook.Secret{secret}, time.Now())
		}
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if s.status == http.StatusOK {
			_, after, _ := strings.Cut(string(body), `"type":"`)
			kind, _, _ := strings.Cut(after, `"`)
			s.taken = append(s.taken, kind)
		}
		w.WriteHeader(s.status)
	}))
	t.Cleanup(s.Close)
	return s
}

// The service tells an address of each step of an order, once where it is taken; what was given up is listed and sent again; the
// secret lies sealed in the database, and an address of a private network is told nothing.
func TestTheServiceTellsWebhooks(t *testing.T) {
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "sizeterm.db"))
	require.NoError(t, err)
	defer db.Close()
	at := time.Now().UTC()
	w, err := newWebhooks(db, make([]byte, secretBytes), true)
	require.NoError(t, err)
	w.now = func() time.Time { return at }
	to := newShop(t)
	to.secret, err = w.PutWebhook(ctx, store.Local, "ann", to.URL)
	require.NoError(t, err)
	kept, err := db.Partner(store.Local).Endpoints(ctx)
	require.NoError(t, err)
	require.NotContains(t, kept[0].Secrets, to.secret)
	require.NoError(t, w.TestWebhook(ctx, store.Local, to.URL))
	require.Equal(t, []string{"sizeterm.webhook.test"}, to.taken)

	d := &order.Desk{Store: db.Partner(store.Local).Orders(), Policy: order.DefaultPolicy(), Now: w.now}
	unit := money.New(1_118_000_000, "USD")
	line := order.Line{ID: "l-1", Customer: "contoso", Scope: "shared", Region: "polandcentral", Size: "Standard_D2s_v5", Term: pricing.ThreeYear, Quantity: 1, Flexible: true, BillingPlan: "upfront",
		UnitPrice: unit, TotalPrice: unit, AsOf: at}
	drafted, err := d.Draft(ctx, "anna", &order.Plan{SHA256: strings.Repeat("ab", 32), AsOf: at, Lines: []order.Line{line}}, "")
	require.NoError(t, err)
	seen := map[string]int64{}
	require.NoError(t, w.round(ctx, seen))
	require.NoError(t, w.round(ctx, seen))
	require.Equal(t, []string{"sizeterm.webhook.test", "sizeterm.order.drafted"}, to.taken)

	// A new secret: the one before signs as well, so nothing is lost while the shop changes.
	second, err := w.PutWebhook(ctx, store.Local, "ann", to.URL)
	require.NoError(t, err)
	require.NoError(t, w.TestWebhook(ctx, store.Local, to.URL))
	to.secret = second
	require.NoError(t, w.TestWebhook(ctx, store.Local, to.URL))

	to.status = http.StatusGone
	require.NoError(t, d.Request(ctx, "anna", drafted[0].Order.ID))
	require.NoError(t, w.round(ctx, seen))
	listed, err := w.Webhooks(ctx, store.Local)
	require.NoError(t, err)
	require.Len(t, listed[0].Dead, 1)
	require.Contains(t, listed[0].Dead[0].Error, "410")
	to.status = http.StatusOK
	n, err := w.SendAgain(ctx, store.Local, to.URL)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.NoError(t, w.round(ctx, seen))
	require.Equal(t, "sizeterm.order.requested", to.taken[len(to.taken)-1])
	listed, err = w.Webhooks(ctx, store.Local)
	require.NoError(t, err)
	require.Empty(t, listed[0].Dead)
	require.Zero(t, listed[0].Waiting)

	public, err := newWebhooks(db, make([]byte, secretBytes), false)
	require.NoError(t, err)
	require.ErrorContains(t, public.TestWebhook(ctx, store.Local, to.URL), "private network")
	for _, bad := range []string{to.URL, "http://shop.example", "https://user:word@shop.example", "ftp://x", ""} {
		_, err = public.PutWebhook(ctx, store.Local, "ann", bad)
		require.ErrorIs(t, err, web.ErrAddress, bad)
	}
	other, err := newWebhooks(db, append(make([]byte, secretBytes-1), 1), true)
	require.NoError(t, err)
	require.ErrorContains(t, other.TestWebhook(ctx, store.Local, to.URL), "sealed with another key")
	require.NoError(t, w.RemoveWebhook(ctx, store.Local, to.URL))
	require.ErrorIs(t, w.RemoveWebhook(ctx, store.Local, to.URL), web.ErrNone)
}

func TestNoPrivateAddressIsDialled(t *testing.T) {
	for address, ok := range map[string]bool{
		"93.184.216.34:443": true, "[2606:2800:220:1:248:1893:25c8:1946]:443": true, "127.0.0.1:80": false, "10.1.2.3:443": false, "192.168.0.1:443": false, "172.16.9.9:443": false,
		"169.254.169.254:80": false, "100.64.1.1:443": false, "[::1]:443": false, "[fd00::1]:443": false, "[fe80::1]:443": false, "[::ffff:127.0.0.1]:443": false, "0.0.0.0:80": false, "x": false,
	} {
		require.Equal(t, ok, publicOnly("tcp", address, nil) == nil, address)
	}
}
