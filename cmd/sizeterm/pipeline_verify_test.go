package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/benchmarks/fleet/contoso"
	"sizeterm/cmd/sizeterm/internal/metrics"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/ingest/upload"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/vendortest"
)

// boughtDemo orders the demo's plan in the database of a service, and buys it by hand on the first of November.
func boughtDemo(t *testing.T, p *pipeline) []order.Order {
	t.Helper()
	ctx := context.Background()
	stay := filepath.Join(t.TempDir(), "sizes-stay.yaml")
	require.NoError(t, os.WriteFile(stay, []byte("schema: sizeterm.policy/1\nresize: false\n"), 0o600))
	var out, errs bytes.Buffer
	require.Zero(t, run(ctx, []string{"recommend", "--quiet", "--output", "json", "--policy", stay, "../../testdata/contoso"}, strings.NewReader(""), &out, &errs), errs.String())
	plan, err := order.ReadPlan(&out)
	require.NoError(t, err)
	at := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	d := &order.Desk{Store: p.db.Partner(store.Local).Orders(), Policy: order.DefaultPolicy(), Now: func() time.Time { return at }}
	drafted, err := d.Draft(ctx, "anna", plan, "")
	require.NoError(t, err)
	for i, one := range drafted {
		id, total := one.Order.ID, one.Order.Line.TotalPrice
		require.NoError(t, d.Request(ctx, "anna", id))
		require.NoError(t, d.Approve(ctx, "bob", total, id))
		require.NoError(t, d.Bought(ctx, "anna", order.Hand{ReservationOrder: "r-" + string(rune('a'+i)), Paid: total}, id))
	}
	all, err := d.Orders(ctx)
	require.NoError(t, err)
	return all
}

// monthAfter are the files of November, in which one line is used in part and one applies to nothing.
func monthAfter(t *testing.T, bought []order.Order) []contoso.File {
	t.Helper()
	var ledger []vendortest.Purchase
	for i := range bought {
		o := &bought[i]
		l := &o.Line
		ledger = append(ledger, vendortest.Purchase{Token: o.Token(), Via: "arm", ID: o.Result.ReservationOrder, Quantity: l.Quantity, Total: l.TotalPrice.Decimal(), Currency: string(l.TotalPrice.Currency),
			At: o.Attempt.At, Size: string(l.Size), Region: string(l.Region), Term: l.Term.String(), Plan: l.BillingPlan})
	}
	sold, err := contoso.SoldOf(ledger)
	require.NoError(t, err)
	files, err := contoso.Next(contoso.Seed, sold, contoso.Course{Slack: []string{"southeastasia/Standard_E2s_v5"}, Deaf: []string{"westeurope/Standard_E4s_v5"}})
	require.NoError(t, err)
	return files
}

// New files are compared with what was bought: findings by month are kept, orders become verified, and the metrics say what
// came true. The same files and orders are not compared again.
func TestTheServiceComparesWhatCame(t *testing.T) {
	ctx := context.Background()
	p, err := openPipeline(ctx, &common{streams: streams{out: io.Discard, err: io.Discard}}, house{dataDir: filepath.Join(t.TempDir(), "data")}, recommending{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.close()) }()
	p.now = func() time.Time { return time.Date(2026, 12, 8, 9, 0, 0, 0, time.UTC) }
	p.metrics = metrics.New("test")
	bought := boughtDemo(t, p)
	customer := bought[0].Line.Customer
	partner := p.db.Partner(store.Local)
	require.NoError(t, p.verifyNow(ctx, store.Local, customer), "no file yet: nothing to compare")

	for _, f := range monthAfter(t, bought) {
		sum, size, err := p.archive.Put(ctx, bytes.NewReader(f.Data))
		require.NoError(t, err)
		receipt, err := p.record(ctx, upload.File{Owner: upload.Owner{Tenant: store.Local, Author: "ann"}, Name: f.Name, Size: size, SHA256: sum})
		require.NoError(t, err)
		require.NoError(t, p.read(ctx, store.Local, receipt.ID))
	}
	b, o := &batching{recommending: recommending{common: p.common}}, &outcome{} // what a batch does by itself, without a service
	customers, err := partner.Customers(ctx)
	require.NoError(t, err)
	require.NoError(t, b.prove(ctx, p, store.Local, customers, o))
	require.Empty(t, o.Failed)
	months, err := partner.Proofs(ctx)
	require.NoError(t, err)
	require.Len(t, months, 1)
	require.Equal(t, "2026-11", months[0].Month)
	require.Len(t, months[0].Findings, len(bought))
	used := map[string]int{}
	promised, realised := money.New(0, "USD"), money.New(0, "USD")
	for _, f := range months[0].Findings {
		used[f.Applied.Verdict]++
		promised, _ = promised.Add(f.Saving.Promised.Amount)
		realised, _ = realised.Add(f.Saving.Realised.Amount)
	}
	require.Equal(t, 1, used["unused"])
	require.NotZero(t, used["partly"])
	require.Equal(t, promised, months[0].Sums[0].Promised.Amount)
	require.Equal(t, realised, months[0].Sums[0].Realised.Amount)

	d := &order.Desk{Store: partner.Orders()}
	all, err := d.Orders(ctx)
	require.NoError(t, err)
	for _, o := range all {
		require.Equal(t, order.Verified, o.State, o.ID)
	}
	facts, err := d.Journal(ctx, "", 0, 0)
	require.NoError(t, err)
	require.NoError(t, p.verifyNow(ctx, store.Local, customer))
	again, err := d.Journal(ctx, "", 0, 0)
	require.NoError(t, err)
	require.Len(t, again, len(facts), "compared once")

	answer := httptest.NewRecorder()
	p.metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	scraped := answer.Body.String()
	require.Contains(t, scraped, fmt.Sprintf(`sizeterm_orders{state="verified"} %d`, len(bought)))
	require.Contains(t, scraped, `sizeterm_realised_ratio{currency="USD"} 0.`)
	require.Contains(t, scraped, `sizeterm_promised_saving_amount{currency="USD"}`)
}
