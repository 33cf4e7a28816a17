package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/fileblob"

	"sizeterm/cmd/sizeterm/internal/store"
)

// listening is a webhook that can be away.
type listening struct {
	mu     sync.Mutex
	events []planEvent
	away   bool
}

func (l *listening) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var e planEvent
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil || l.away {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	l.events = append(l.events, e)
}

// smallExport puts the rows of three machines of the demo's cost export into a folder: a plan of a moment.
func smallExport(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	f, err := os.Open(filepath.Join(top, "testdata", "contoso", "cost-export-2026-10.csv.gz"))
	require.NoError(t, err)
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	require.NoError(t, err)
	text, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	var kept []string
	for i, line := range strings.SplitAfter(string(text), "\n") {
		if i == 0 || strings.Contains(line, "sg-web-0") {
			kept = append(kept, line)
		}
	}
	require.Greater(t, len(kept), 31)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cost.csv"), []byte(strings.Join(kept, "")), 0o600))
}

// TestNewsOutliveTheRun makes plans whose run dies before it tells them, as the service between two runs does too: the next run
// tells them, once, with what changed since the plan that was told last.
func TestNewsOutliveTheRun(t *testing.T) {
	t.Setenv("SIZETERM_WEBHOOK_SECRET", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	ctx := context.Background()
	dir := t.TempDir()
	hooked := &listening{}
	server := httptest.NewServer(hooked)
	defer server.Close()
	smallExport(t, filepath.Join(dir, "watch"))
	args := []string{"--data-dir", dir, "--watch", filepath.Join(dir, "watch"), "--out", filepath.Join(dir, "reports"), "--webhook", server.URL + "/hook"}
	batch := func(want int, more ...string) string {
		t.Helper()
		code, said := batchRun(t, append(args, more...)...)
		require.Equal(t, want, code, said)
		return said
	}
	var customer string
	replan := func(policy string) (stored store.Plan) { // what a run leaves that is killed right after the plan is kept
		p, err := openPipeline(ctx, &common{streams: streams{out: io.Discard, err: io.Discard}}, house{dataDir: dir}, recommending{})
		require.NoError(t, err)
		defer func() { require.NoError(t, p.close()) }()
		require.NoError(t, p.db.Partner(store.Local).SetPolicy(ctx, customer, policy))
		stored, made, err := p.plan(ctx, store.Local, customer, "batch")
		require.NoError(t, err)
		require.NotNil(t, made)
		return stored
	}

	code, said := batchRun(t, args[:6]...)
	require.Zero(t, code, said)
	batch(0)
	require.Empty(t, hooked.events, "what was there before the channel is no news")
	changes, err := filepath.Glob(filepath.Join(dir, "reports", "*", "*", "changes.md"))
	require.NoError(t, err)
	require.Len(t, changes, 1)
	customer = filepath.Base(filepath.Dir(filepath.Dir(changes[0])))

	one := replan("schema: sizeterm.policy/1\nterms: [P1Y]\n")
	batch(0)
	require.Len(t, hooked.events, 1)
	require.Equal(t, one.ID, hooked.events[0].ID)
	require.Equal(t, "Contoso Ltd", hooked.events[0].Data.Name)
	require.NotEmpty(t, hooked.events[0].Data.Changes)
	require.FileExists(t, filepath.Join(hooked.events[0].Data.Reports, "plan.html"), "its reports were written too")
	text, err := os.ReadFile(filepath.Join(hooked.events[0].Data.Reports, "changes.md"))
	require.NoError(t, err)
	require.Contains(t, string(text), "P1Y")
	batch(0)
	require.Len(t, hooked.events, 1, "once")

	hooked.away = true
	replan("schema: sizeterm.policy/1\nterms: [P3Y]\n")
	require.Contains(t, batch(exitUnavailable), "webhook http://127.0.0.1")
	last := replan("schema: sizeterm.policy/1\nresize: false\n")
	hooked.away = false
	batch(0)
	require.Len(t, hooked.events, 2, "of two plans that were not told the newest is")
	require.Equal(t, last.ID, hooked.events[1].ID)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "watch", "poison.csv"), []byte("this is no table\n"), 0o600))
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	mail := func(address string) []string {
		return []string{"--smtp", address, "--mail-from", "a@b.example", "--mail-to", "c@d.example"}
	}
	require.Contains(t, batch(exitUnavailable, mail(closed.Addr().String())...), "mail:")
	mails, address := fakeMail(t)
	batch(0, mail(address)...)
	require.Contains(t, <-mails, "Subject: sizeterm: 0 new plans, 1 refused", "the file that was refused in the run before")
	batch(0, mail(closed.Addr().String())...)
}

func TestReportsInAContainer(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(from, "pictures"), 0o700))
	for _, name := range []string{"plan.html", "changes.md", "pictures/demand.svg"} {
		require.NoError(t, os.WriteFile(filepath.Join(from, filepath.FromSlash(name)), []byte(name), 0o600))
	}
	bucket, err := fileblob.OpenBucket(to, nil)
	require.NoError(t, err)
	defer bucket.Close()
	require.NoError(t, copyInto(t.Context(), bucket, "contoso/2026-11-01-ab", from))
	for name, want := range map[string]string{"plan.html": "text/html; charset=utf-8", "changes.md": "text/markdown; charset=utf-8", "pictures/demand.svg": "image/svg+xml"} {
		text, err := bucket.ReadAll(t.Context(), "contoso/2026-11-01-ab/"+name)
		require.NoError(t, err)
		require.Equal(t, name, string(text))
		about, err := bucket.Attributes(t.Context(), "contoso/2026-11-01-ab/"+name)
		require.NoError(t, err)
		require.Equal(t, want, about.ContentType)
	}

	dir := t.TempDir()
	smallExport(t, filepath.Join(dir, "watch"))
	code, said := batchRun(t, "--data-dir", dir, "--watch", filepath.Join(dir, "watch"), "--out", "mem://")
	require.Zero(t, code, said)
	code, said = batchRun(t, "--data-dir", dir, "--database", "postgres://127.0.0.1:1/none")
	require.Equal(t, exitUnavailable, code, said)
	code, said = batchRun(t, "--data-dir", dir, "--out", "nothing://canary?token=secret")
	require.Equal(t, exitUnavailable, code, said)
	require.Contains(t, said, "the container of the reports cannot be written")
	require.NotContains(t, strings.ReplaceAll(said, "nothing://canary", ""), "secret")
}
