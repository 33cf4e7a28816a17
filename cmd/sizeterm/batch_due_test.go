package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/metrics"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/recommend/order"
)

// The orders of the demo were bought on 2026-11-01, one of them for a year: it runs out on 2027-11-01. It is told 30 days before and 7
// days before, once each, also by a channel that is new.
func TestWhatRunsOutIsToldOnce(t *testing.T) {
	ctx := context.Background()
	p, err := openPipeline(ctx, &common{streams: streams{out: io.Discard, err: io.Discard}}, house{dataDir: filepath.Join(t.TempDir(), "data")}, recommending{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.close()) }()
	bought := boughtDemo(t, p)
	var year *order.Order
	for i := range bought {
		if bought[i].Line.Term.Years() == 1 {
			year = &bought[i]
		}
	}
	require.NotNil(t, year)
	b := &batching{mail: mailing{server: "mail.example:25"}}
	for _, day := range []struct {
		day  string
		want int // the stage, 0 where nothing is told
	}{{"2027-10-01", 0}, {"2027-10-03", 30}, {"2027-10-04", 0}, {"2027-10-26", 7}, {"2027-10-27", 0}, {"2027-11-02", 0}} {
		p.now = func() time.Time { at, _ := time.Parse(time.DateOnly, day.day); return at.Add(3 * time.Hour) }
		require.NoError(t, b.openChannels(ctx, p))
		n, err := b.newsOf(ctx, p, mailChannel)
		require.NoError(t, err)
		if day.want == 0 {
			require.Empty(t, n.Due, day.day)
			continue
		}
		require.Len(t, n.Due, 1, day.day)
		require.Equal(t, day.want, n.Due[0].Stage)
		require.Equal(t, year.Token(), n.Due[0].Reservation)
		require.Equal(t, store.Local, n.Due[0].Tenant)
		require.Contains(t, digest(n), "Due soon")
		if day.want == 30 {
			require.NoError(t, n.done(ctx, p, mailChannel))
			continue
		}
		toldByNight(t, p)
	}
}

// toldByNight runs the night of the service twice: the mail and each webhook of the tenant hear once of the order that runs out, also the
// webhook that was away in the first night, which kept nothing from the others.
func toldByNight(t *testing.T, p *pipeline) {
	var err error
	p.metrics = metrics.New(release)
	p.hooks, err = newWebhooks(p.db, make([]byte, secretBytes), true)
	require.NoError(t, err)
	shops := []*shop{newShop(t), newShop(t)}
	for _, s := range shops {
		s.secret, err = p.hooks.PutWebhook(t.Context(), store.Local, "ann", s.URL)
		require.NoError(t, err)
	}
	mail, address := fakeMail(t)
	s := &serving{mail: mailing{server: address, from: "sizeterm@partner.example", to: []string{"anna@partner.example"}}}
	shops[0].status = http.StatusServiceUnavailable
	require.NoError(t, s.night(t.Context(), p))
	require.Contains(t, <-mail, "1 due soon")
	require.Empty(t, shops[0].taken)
	shops[0].status = http.StatusOK
	require.NoError(t, s.night(t.Context(), p))
	for _, s := range shops {
		require.Equal(t, []string{"reservation.due"}, s.taken)
	}
}

// Ends and planned purchases of a plan are near within 30 days.
func TestDueOfAPlan(t *testing.T) {
	var document []laterLine
	require.NoError(t, json.Unmarshal([]byte(`[
		{"id":"due-1","action":"expires","date":"2026-11-20T00:00:00Z","reservation":"r1","customer":"c","region":"westeurope","size":"Standard_D2s_v5","term":"","quantity":3},
		{"id":"later-2","action":"buy","date":"2026-11-20T00:00:00Z","reservation":null,"customer":"c","region":"westeurope","size":"Standard_D2s_v5","term":"P3Y","quantity":2},
		{"id":"due-3","action":"expires","date":"2027-03-15T00:00:00Z","reservation":"r3","customer":"c","region":"westeurope","size":"Standard_D2s_v5","term":"","quantity":3}]`), &document))
	now := time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	list := dueOfPlan(document, now, nil)
	require.Len(t, list, 2)
	require.Equal(t, []any{"r1", 19, 30, "later-2"}, []any{list[0].Reservation, list[0].Days, list[0].Stage, list[1].Reservation})
	require.Contains(t, list[1].Detail, "means to buy it on 2026-11-20")
	list = dueOfPlan(document, now, []order.Order{{Result: &order.Result{ReservationOrder: "r1"}}})
	require.Len(t, list, 1)
}
