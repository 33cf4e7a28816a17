package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer/demand"
	"sizeterm/cmd/sizeterm/internal/jobs"
	"sizeterm/cmd/sizeterm/internal/metrics"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/ingest/upload"
	"sizeterm/recommend"
)

// served is a service that runs in this process.
type served struct {
	t      *testing.T
	base   string
	client *http.Client
	stop   func() int
}

// serveIt starts the program with the given arguments, and signs in with the link that it prints.
func serveIt(t *testing.T, args ...string) *served {
	t.Helper()
	s, link := startIt(t, args...)
	resp, err := s.client.PostForm(s.base+"/sign-in", url.Values{"link": {link.Query().Get("link")}})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return s
}

// startIt starts the program with the given arguments and returns the link that it prints.
func startIt(t *testing.T, args ...string) (*served, *url.URL) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append(args, "--listen", "127.0.0.1:0"), strings.NewReader(""), in, io.Discard)
		_ = in.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	link, err := url.Parse(regexp.MustCompile(`http://\S+`).FindString(line))
	require.NoError(t, err)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	s := &served{t: t, base: "http://" + link.Host, client: &http.Client{Jar: jar}}
	stopped := false
	s.stop = func() int {
		if stopped {
			return 0
		}
		stopped = true
		cancel()
		s.client.CloseIdleConnections()
		return <-code
	}
	t.Cleanup(func() { s.stop() })
	return s, link
}

// page returns a page once it says want.
func (s *served) page(path, want string) string {
	s.t.Helper()
	text := ""
	for range 600 {
		r, err := http.NewRequest("GET", s.base+path, nil)
		require.NoError(s.t, err)
		r.Header.Set("Accept", "text/html")
		resp, err := s.client.Do(r)
		require.NoError(s.t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(s.t, err)
		require.NoError(s.t, resp.Body.Close())
		if text = string(body); strings.Contains(text, want) {
			return text
		}
		time.Sleep(50 * time.Millisecond) // another process would wait like this
	}
	s.t.Fatalf("%s never said %q: %s", path, want, text)
	return ""
}

func TestServeKeepsWhatWasSent(t *testing.T) {
	dir := t.TempDir()
	s := serveIt(t, "serve", "--data-dir", dir)
	s.page("/", "Look at the demo first")
	resp, err := s.client.Post(s.base+"/demo", "", nil)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	saving := headline(t, s.page("/", "Contoso Ltd"))
	var printed strings.Builder
	require.Equal(t, 0, run(t.Context(), []string{"recommend", "../../testdata/contoso"}, strings.NewReader(""), &printed, io.Discard))
	require.Contains(t, printed.String(), "Saving         "+saving+" USD a month", "the command line says the same of the same files")
	require.Contains(t, s.page("/uploads", "reservations.csv"), "156,357")
	s.tracesHold()
	require.Equal(t, 0, s.stop())

	again := serveIt(t, "serve", "--data-dir", dir)
	require.Equal(t, saving, headline(t, again.page("/", "Contoso Ltd")))
}

// tracesHold follows the headline, each resize and some other machines to what they come from.
func (s *served) tracesHold() {
	customer := regexp.MustCompile(`/customers/[0-9a-f]{16}`).FindString(s.page("/", "Contoso Ltd"))
	total := s.page(customer+"/trace/total", "Where this comes from")
	require.Contains(s.t, total, "a plan that only reserves")
	require.NotContains(s.t, total, "it differs")
	resized := 0
	for _, at := range regexp.MustCompile(customer+`/machines/[0-9a-f]{16}`).FindAllString(s.page(customer+"/machines", "machines"), 40) {
		machine := s.page(at, "Billed and measured")
		trace := regexp.MustCompile(customer + `/trace/resize-[0-9a-f]+`).FindString(machine)
		if trace == "" {
			require.Contains(s.t, machine, "Keep ")
			continue
		}
		resized++
		require.Contains(s.t, machine, "Sizes that were compared")
		require.NotContains(s.t, s.page(trace, "Where this comes from"), "it differs")
	}
	require.Greater(s.t, resized, 10, "those that save the most come first")
}

// A file that was acknowledged is recorded and planned by jobs; another one is set aside with its reason; the metrics say so,
// and right after the next start too.
func TestServeReadsByJobs(t *testing.T) {
	dir := t.TempDir()
	s := serveIt(t, "serve", "--data-dir", dir, "--nightly", "0")
	send := func(name string, body io.Reader) string {
		r, err := http.NewRequest("PUT", s.base+"/api/v1/uploads/"+name, body)
		require.NoError(t, err)
		resp, err := s.client.Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusCreated, resp.StatusCode)
		var file struct{ ID, State string }
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&file))
		return file.ID
	}
	cost, err := os.ReadFile("../../testdata/contoso/cost-export-2026-10.csv.gz")
	require.NoError(t, err)
	id := send("cost.csv.gz", bytes.NewReader(cost))
	require.Equal(t, id, send("again.csv.gz", bytes.NewReader(cost)), "the same bytes: the same receipt")
	events, err := s.client.Get(s.base + "/events")
	require.NoError(t, err)
	defer events.Body.Close()
	require.Equal(t, "text/event-stream", events.Header.Get("Content-Type"))
	require.NotEmpty(t, s.inPieces("notes.csv", "this is", " no table\n"), "the receipt of the file")
	told := bufio.NewScanner(events.Body)
	for told.Scan() && !strings.Contains(told.Text(), `"refused"`) {
	}
	require.Contains(t, told.Text(), "not a file of a known kind")
	send("notes.csv", strings.NewReader("this is no table\n"))
	require.Contains(t, s.page("/uploads", "set aside"), "not a file of a known kind")
	first := headline(t, s.page("/", "Contoso Ltd"))
	said := s.page("/metrics", `sizeterm_jobs_total{kind="plan",result="done"}`)
	require.Contains(t, said, `sizeterm_uploads_total{result="accepted"} 2`)
	require.Contains(t, said, `sizeterm_uploads_total{result="duplicate"} 2`)
	require.Contains(t, said, `sizeterm_uploads_total{result="refused"} 1`)
	require.Contains(t, said, "sizeterm_plans 1")
	require.Contains(t, said, `sizeterm_queue_jobs{state="waiting"}`)
	require.Equal(t, 0, s.stop())

	again := serveIt(t, "serve", "--data-dir", dir, "--nightly", "0")
	require.Contains(t, again.page("/metrics", "sizeterm_"), "sizeterm_plans 1", "before anything was made")
	require.Equal(t, first, headline(t, again.page("/", "Contoso Ltd")))
	require.Contains(t, again.page("/uploads", "cost.csv.gz"), "set aside")
}

// inPieces sends a file by tus in two pieces.
func (s *served) inPieces(name, first, second string) string {
	call := func(method, address, at, body string) *http.Response {
		r, err := http.NewRequest(method, address, strings.NewReader(body))
		require.NoError(s.t, err)
		r.Header.Set("Tus-Resumable", "1.0.0")
		r.Header.Set("Upload-Offset", at)
		if method == "POST" {
			r.Header.Set("Upload-Length", strconv.Itoa(len(first+second)))
			r.Header.Set("Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte(name)))
		} else {
			r.Header.Set("Content-Type", "application/offset+octet-stream")
		}
		resp, err := s.client.Do(r)
		require.NoError(s.t, err)
		require.NoError(s.t, resp.Body.Close())
		return resp
	}
	begun := call("POST", s.base+"/api/v1/uploads", "0", "")
	require.Equal(s.t, http.StatusCreated, begun.StatusCode)
	at := s.base + begun.Header.Get("Location")
	require.Equal(s.t, http.StatusNoContent, call("PATCH", at, "0", first).StatusCode)
	require.Equal(s.t, strconv.Itoa(len(first)), call("HEAD", at, "0", "").Header.Get("Upload-Offset"))
	done := call("PATCH", at, strconv.Itoa(len(first)), second)
	require.Equal(s.t, http.StatusNoContent, done.StatusCode)
	return done.Header.Get("Upload-Receipt")
}

// recorded is a folder in which a file was acknowledged by a process that ended before anybody read it.
func recorded(t *testing.T) (dir string, reopen func() *pipeline) {
	dir = t.TempDir()
	reopen = func() *pipeline {
		p, err := openPipeline(t.Context(), &common{streams: streams{out: io.Discard, err: io.Discard}}, house{dataDir: dir}, recommending{})
		require.NoError(t, err)
		return p
	}
	p := reopen()
	cost, err := os.Open("../../testdata/contoso/cost-export-2026-10.csv.gz")
	require.NoError(t, err)
	defer cost.Close()
	_, err = p.take(t.Context(), upload.Owner{Tenant: store.Local, Author: "anna"}, "cost.csv.gz", cost)
	require.NoError(t, err)
	require.NoError(t, p.close())
	return dir, reopen
}

func TestServeGoesOnWithWhatWasLeft(t *testing.T) {
	dir, _ := recorded(t)
	s := serveIt(t, "serve", "--data-dir", dir, "--nightly", "0")
	s.page("/", "Contoso Ltd")
}

// The nightly run reads what nobody has read and makes the plan, and the metrics say so.
func TestServeByNight(t *testing.T) {
	dir, reopen := recorded(t)
	p := reopen()
	defer func() { require.NoError(t, p.close()) }()
	p.metrics = metrics.New(release)
	p.night = func(ctx context.Context) error { return (&serving{house: house{dataDir: dir}}).night(ctx, p) }
	require.NoError(t, p.Do(t.Context(), jobs.Job{What: jobs.Batch}))
	plans, err := p.db.Partner(store.Local).LatestPlans(t.Context())
	require.NoError(t, err)
	require.Len(t, plans, 1)
	answer := httptest.NewRecorder()
	p.metrics.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	require.Contains(t, answer.Body.String(), "sizeterm_batch_customers_planned 1")
	require.Contains(t, answer.Body.String(), "sizeterm_plans 1")
}

// The plans of several customers stand side by side, each with its own window.
func TestPlansTogether(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 10, n, 0, 0, 0, 0, time.UTC) }
	one := func(customer string, from, to int) *web.Planned {
		return &web.Planned{ID: customer, Plan: &recommend.Plan{AsOf: day(to), Window: demand.Window{From: day(from), To: day(to)}, Totals: []recommend.Total{{Customer: customer}},
			Files: []recommend.File{{Name: "prices.csv", SHA256: "p"}, {Name: customer + ".csv", SHA256: customer}}}}
	}
	a, b := one("a", 1, 15), one("b", 8, 29)
	require.Nil(t, together(nil))
	require.Same(t, a, together(map[string]*web.Planned{"a": a}))
	whole := together(map[string]*web.Planned{"b": b, "a": a})
	require.Equal(t, demand.Window{From: day(1), To: day(29)}, whole.Plan.Window)
	require.Equal(t, day(29), whole.Plan.AsOf)
	require.Equal(t, []recommend.Total{{Customer: "a"}, {Customer: "b"}}, whole.Plan.Totals)
	require.Len(t, whole.Plan.Files, 3, "the price sheet of both once")
	require.Same(t, b, whole.Customers["b"])
	require.Len(t, a.Plan.Totals, 1, "what was put together is untouched")
	require.Len(t, a.Plan.Files, 2)
}

// headline is the large figure of a page.
func headline(t *testing.T, page string) string {
	t.Helper()
	found := regexp.MustCompile(`class="figure">([0-9,.]+) `).FindStringSubmatch(page)
	require.NotNil(t, found, page)
	return found[1]
}

func TestDemoOpensFilled(t *testing.T) {
	s := serveIt(t, "demo")
	s.page("/", "Contoso Ltd")
}

func TestDemoWritesItsFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	require.Equal(t, 0, run(context.Background(), []string{"demo", "--out", dir}, strings.NewReader(""), io.Discard, io.Discard))
	made, err := os.ReadFile(filepath.Join(dir, "reservations.csv"))
	require.NoError(t, err)
	kept, err := os.ReadFile("../../testdata/contoso/reservations.csv")
	require.NoError(t, err)
	require.Equal(t, string(kept), string(made))
}

func TestPlainNames(t *testing.T) {
	for in, want := range map[string]string{
		"usage.csv": "usage.csv", "../../etc/passwd": "passwd", `C:\data\x.csv`: "x.csv", ".hidden": "hidden", "": "file", "a\nb.csv": "a_b.csv", "…": "…",
	} {
		require.Equal(t, want, plainName(in), "%q", in)
	}
	require.LessOrEqual(t, len(plainName(strings.Repeat("ä", 200)+".csv.gz")), 120)
	require.True(t, strings.HasSuffix(plainName(strings.Repeat("ä", 200)+".csv.gz"), ".csv.gz"))
}

func TestExplainSaysWhatThePageSays(t *testing.T) {
	var told strings.Builder
	plan := demoPlan(t, "json")
	demo := filepath.Join(top, "testdata", "contoso")
	var read struct {
		Lines []struct {
			ID    string `json:"id"`
			Total string `json:"total_price"`
		} `json:"lines"`
	}
	require.NoError(t, json.Unmarshal([]byte(plan), &read))
	require.Equal(t, 0, run(t.Context(), []string{"explain", read.Lines[0].ID, demo}, strings.NewReader(""), &told, io.Discard))
	require.Contains(t, strings.ReplaceAll(told.String(), ",", ""), "Total: "+read.Lines[0].Total)
	require.NotContains(t, told.String(), "DIFFERS")
	require.Contains(t, told.String(), "sha256 ")
	require.Equal(t, exitInputRefused, run(t.Context(), []string{"explain", "line-nothing", "--policy", sizesStay(t), demo}, strings.NewReader(""), io.Discard, io.Discard))
	require.Equal(t, exitUsage, run(t.Context(), []string{"explain", "line-nothing"}, strings.NewReader(""), io.Discard, io.Discard))
}
