package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/jobs"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/ingest/upload"
	"sizeterm/recommend/order/hook"
)

// batchRun runs the command and returns its exit code and what it said.
func batchRun(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(context.Background(), append([]string{"batch", "--settle", "0"}, args...), strings.NewReader(""), &out, &errs)
	return code, errs.String()
}

// demoExports puts the demo's files into a folder, but for the metrics.
func demoExports(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for _, name := range []string{"cost-export-2026-10.csv.gz", "price-sheet-westeurope.csv", "reservations.csv"} {
		text, err := os.ReadFile(filepath.Join(top, "testdata", "contoso", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
	}
}

// While one run has the lease another one ends at once with 0 and does nothing.
func TestTheSecondRunEndsAtOnce(t *testing.T) {
	dir := t.TempDir()
	db, err := store.Open(context.Background(), filepath.Join(dir, "sizeterm.db"))
	require.NoError(t, err)
	defer db.Close()
	got, err := db.Lease(context.Background(), batchLease, "other", time.Now(), time.Hour)
	require.NoError(t, err)
	require.True(t, got)
	smallExport(t, filepath.Join(dir, "watch"))
	code, said := batchRun(t, "--data-dir", dir, "--watch", filepath.Join(dir, "watch"))
	require.Zero(t, code, said)
	require.Contains(t, said, "another run is at work")
	holder, _, err := db.LeaseHolder(context.Background(), batchLease, time.Now())
	require.NoError(t, err)
	require.Equal(t, "other", holder, "it ended without waiting for the lease")
	uploads, err := db.Partner(store.Local).Uploads(context.Background(), store.UploadFilter{})
	require.NoError(t, err)
	require.Empty(t, uploads)
	require.NoError(t, db.Release(context.Background(), batchLease, "other"))
	code, said = batchRun(t, "--data-dir", dir, "--watch", filepath.Join(dir, "watch"))
	require.Zero(t, code, said)
	_, _, err = db.LeaseHolder(context.Background(), batchLease, time.Now())
	require.ErrorIs(t, err, store.ErrNotFound, "the lease is given back")
}

// A customer whose rules are broken has no plan, and the others have theirs.
func TestOneBrokenCustomerStopsNobody(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	db, err := store.Open(ctx, filepath.Join(dir, "sizeterm.db"))
	require.NoError(t, err)
	defer db.Close()
	p := db.Partner(store.Local)
	require.NoError(t, p.PutCustomer(ctx, store.Customer{ID: "aaa-broken", Created: time.Now()}))
	require.NoError(t, p.SetPolicy(ctx, "aaa-broken", "schema: sizeterm.policy/1\nno_such_key: 1\n"))
	demoExports(t, filepath.Join(dir, "watch"))
	stay := sizesStay(t)
	code, said := batchRun(t, "--data-dir", dir, "--watch", filepath.Join(dir, "watch"), "--policy", stay)
	require.Equal(t, exitInputRefused, code, said)
	require.Contains(t, said, "aaa-broken: ")
	require.Contains(t, said, "1 plans made, 0 unchanged, 1 failed")
	_, said = batchRun(t, "--quiet", "--data-dir", dir, "--policy", stay)
	require.Contains(t, said, "aaa-broken: ", "what is refused is an error, which --quiet does not hide")
	plans, err := p.LatestPlans(ctx)
	require.NoError(t, err)
	require.Len(t, plans, 1)
	customer, err := p.Customer(ctx, plans[0].Customer)
	require.NoError(t, err)
	require.Equal(t, "Contoso Ltd", customer.Name)
	require.Len(t, plans[0].Totals, 1)
	require.EqualValues(t, 11_913_116_239, plans[0].Totals[0].PayG) // the README's 11,913.12
}

// The service's way: an upload enqueues its reading, that its plan; a poisoned file is set aside with its reason.
func TestUploadsBecomePlansByJobs(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	p, err := openPipeline(ctx, &common{streams: streams{out: io.Discard, err: io.Discard}}, house{dataDir: dir}, recommending{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.close()) }()
	p.queue, err = jobs.Open(ctx, p.db, p, jobs.Options{Poll: 20 * time.Millisecond})
	require.NoError(t, err)
	require.NoError(t, p.queue.Start(ctx))
	defer func() { require.NoError(t, p.queue.Stop(ctx)) }()
	owner := upload.Owner{Tenant: store.Local, Author: "anna"}
	f, err := os.Open(filepath.Join(top, "testdata", "contoso", "cost-export-2026-10.csv.gz"))
	require.NoError(t, err)
	defer f.Close()
	good, err := p.take(ctx, owner, "cost.csv.gz", f)
	require.NoError(t, err)
	bad, err := p.take(ctx, owner, "notes.csv", strings.NewReader("this is no table\n"))
	require.NoError(t, err)
	again, err := p.take(ctx, owner, "other.csv", strings.NewReader("this is no table\n"))
	require.NoError(t, err)
	require.False(t, again.Fresh)
	require.Equal(t, bad.ID, again.ID)
	tenant := p.db.Partner(store.Local)
	require.Eventually(t, func() bool { plans, err := tenant.LatestPlans(ctx); return err == nil && len(plans) == 1 }, 60*time.Second, 50*time.Millisecond)
	require.Eventually(t, func() bool { u, err := tenant.Upload(ctx, bad.ID); return err == nil && u.State == store.UploadRefused }, 60*time.Second, 50*time.Millisecond)
	u, err := tenant.Upload(ctx, bad.ID)
	require.NoError(t, err)
	require.Contains(t, u.Reason, "not a file of a known kind")
	require.NotContains(t, u.Reason, "archive", "no folder of ours")
	u, err = tenant.Upload(ctx, good.ID)
	require.NoError(t, err)
	require.Equal(t, store.UploadAccepted, u.State)
	require.Equal(t, u.Total, u.Accepted+u.Rejected)
	require.Len(t, u.Customers, 1)
	require.Equal(t, "2026-10-01", u.First.Format(time.DateOnly)) // an export of October
	require.Len(t, u.Days, 31)
	require.Len(t, u.Parts, 1)
	require.Len(t, u.Parts[0].Days, 31)
	partials := func() (all []string) {
		require.NoError(t, filepath.WalkDir(filepath.Join(dir, "partials"), func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				info, _ := d.Info()
				all = append(all, path+info.ModTime().String())
			}
			return err
		}))
		return all
	}
	left := partials()
	require.NotEmpty(t, left)
	c, uploads, _, err := p.basis(ctx, tenant, u.Customers[0])
	require.NoError(t, err)
	_, _, err = p.decide(ctx, c, uploads)
	require.NoError(t, err)
	require.Equal(t, left, partials(), "a plan that is begun again reads the partials and writes none")
	events, err := tenant.Events(ctx, 0, 100)
	require.NoError(t, err)
	var states []string
	for _, e := range events {
		if e.Subject == good.ID {
			states = append(states, e.Body)
		}
	}
	require.Equal(t, []string{`{"id":"` + good.ID + `","state":"received"}`, `{"id":"` + good.ID + `","state":"reading"}`, `{"id":"` + good.ID + `","state":"accepted"}`}, states)
	_, err = tenant.VerifyAudit(ctx)
	require.NoError(t, err)
}

// A plan's event is signed, repeated with the same id, and taken once; mail holds the same words.
func TestWebhooksAndMail(t *testing.T) {
	const secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" // 32 digits in base64
	t.Setenv("SIZETERM_WEBHOOK_SECRET", secret)
	parsed, err := hook.ParseSecret(secret)
	require.NoError(t, err)
	var mu sync.Mutex
	var ids []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		id, err := hook.Verify(r.Header.Get, body, []hook.Secret{parsed}, time.Now())
		ids = append(ids, id)
		if err != nil || len(ids) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	mail, address := fakeMail(t)
	n := &news{Plans: []newPlan{{Tenant: "local", Customer: "c", Name: "Contoso", Plan: "p1", Lines: 3, Changes: []change{{What: "saving", Before: "10.00", After: "12.50", Delta: "2.50", Currency: "USD"}}}}, Refused: []string{"x.csv: no table"}}
	hooks := telling{urls: []string{server.URL + "/token"}}
	require.NoError(t, hooks.check())
	to := &target{hooks.urls[0], "urn:sizeterm", []hook.Secret{parsed}, postHook}
	require.NoError(t, send(context.Background(), to, n.Plans[0].Plan, "recommendation.created", n.Plans[0]))
	require.Equal(t, []string{"p1", "p1"}, ids)

	m := mailing{server: address, from: "sizeterm@partner.example", to: []string{"anna@partner.example"}}
	require.NoError(t, m.check())
	require.NoError(t, m.send(n))
	text := <-mail
	require.Contains(t, text, "Subject: sizeterm: 1 new plans, 1 refused")
	_, body, _ := strings.Cut(text, "\n\n")
	plain, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(strings.TrimSpace(body), "\n", ""))
	require.NoError(t, err)
	require.Equal(t, "Contoso\n  saving: 12.50, was 10.00 (2.50 USD a month)\n\nFiles that were refused\n  x.csv: no table\n", string(plain))

	server.Close()
	err = send(context.Background(), to, n.Plans[0].Plan, "recommendation.created", n.Plans[0])
	require.Error(t, err)
	require.NotContains(t, err.Error(), "token", "the path of a webhook may be its secret")
}

// fakeMail takes one mail.
func fakeMail(t *testing.T) (<-chan string, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	mails := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "220 mail.example\r\n")
		lines := bufio.NewScanner(conn)
		var data []string
		reading := false
		for lines.Scan() {
			line := lines.Text()
			switch {
			case reading && line == ".":
				reading = false
				mails <- strings.Join(data, "\n")
				fmt.Fprint(conn, "250 taken\r\n")
			case reading:
				data = append(data, line)
			case line == "DATA":
				reading = true
				fmt.Fprint(conn, "354 go on\r\n")
			case line == "QUIT":
				fmt.Fprint(conn, "221 bye\r\n")
				return
			default:
				fmt.Fprint(conn, "250 ok\r\n")
			}
		}
	}()
	return mails, listener.Addr().String()
}

func TestMasked(t *testing.T) {
	for in, want := range map[string]string{
		"postgres://u:p@h:5432/d?sslmode=require&password=p": "postgres://u:***@h:5432/d?password=***&sslmode=require",
		"azblob://c?storage_account=a&sas=xyz":               "azblob://c?sas=***&storage_account=a",
		"https://hooks.example/T0/B0/x":                      "https://hooks.example/***",
		"postgres://u:p@h:port/d":                            "postgres://***",
		"/srv/exports":                                       "/srv/exports",
	} {
		require.Equal(t, want, masked(in))
	}
	require.Equal(t, "***", maskedSetting("client-secret", "x"))
	require.Equal(t, "/run/secret", maskedSetting("secret-file", "/run/secret"))
}

// Two plans by hand: 4 of A at 100.00 stay but cost less, 2 of B go, 1 of C comes.
func TestChangesBetweenPlans(t *testing.T) {
	line := func(id, size, price, saving string, n int) string {
		return fmt.Sprintf(`{"id":%q,"region":"westeurope","size":%q,"term":"P1Y","currency":"EUR","unit_price":%q,"saving_month":%q,"quantity":%d}`, id, size, price, saving, n)
	}
	plan := func(payg, cost, saving string, lines ...string) []byte {
		return []byte(`{"totals":[{"currency":"EUR","payg_month":"` + payg + `","plan_month":"` + cost + `","saving_month":{"joint":"` + saving + `"}}],"lines":[` + strings.Join(lines, ",") + `]}`)
	}
	before := plan("1000.00", "700.00", "300.00", line("a", "A", "100.00", "200.00", 4), line("b", "B", "50.00", "100.00", 2))
	after := plan("1000.00", "650.00", "350.00", line("a", "A", "90.00", "250.00", 4), line("c", "C", "50.00", "100.00", 1))
	list, err := changes(before, after)
	require.NoError(t, err)
	var got []string
	for _, c := range list {
		got = append(got, strings.Join([]string{c.What, c.Line, c.Before, c.After, c.Delta, c.Currency}, "|"))
	}
	require.Equal(t, []string{
		"plan||700.00|650.00|-50.00|EUR", "saving||300.00|350.00|50.00|EUR",
		"line|A in westeurope, P1Y|200.00|250.00|50.00|EUR", "line|B in westeurope, P1Y|100.00|0.00|-100.00|EUR", "line|C in westeurope, P1Y|0.00|100.00|100.00|EUR",
	}, got)
	require.Contains(t, list[2].Why, "90.00 instead of 100.00")
	require.Contains(t, list[3].Why, "gone")
	require.Contains(t, list[4].Why, "new")
	first, err := changes(nil, after)
	require.NoError(t, err)
	require.Empty(t, first)
	_, err = changes(before, []byte("{"))
	require.Error(t, err)
}
