package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
	require.Equal(t, 0, s.stop())

	again := serveIt(t, "serve", "--data-dir", dir)
	require.Equal(t, saving, headline(t, again.page("/", "Contoso Ltd")))
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
	var plan, told strings.Builder
	require.Equal(t, 0, run(t.Context(), []string{"recommend", "--output", "json", "../../testdata/contoso"}, strings.NewReader(""), &plan, io.Discard))
	var read struct {
		Lines []struct {
			ID    string `json:"id"`
			Total string `json:"total_price"`
		} `json:"lines"`
	}
	require.NoError(t, json.Unmarshal([]byte(plan.String()), &read))
	require.Equal(t, 0, run(t.Context(), []string{"explain", read.Lines[0].ID, "../../testdata/contoso"}, strings.NewReader(""), &told, io.Discard))
	require.Contains(t, strings.ReplaceAll(told.String(), ",", ""), "Total: "+read.Lines[0].Total)
	require.NotContains(t, told.String(), "DIFFERS")
	require.Contains(t, told.String(), "sha256 ")
	require.Equal(t, exitInputRefused, run(t.Context(), []string{"explain", "line-nothing", "../../testdata/contoso"}, strings.NewReader(""), io.Discard, io.Discard))
	require.Equal(t, exitUsage, run(t.Context(), []string{"explain", "line-nothing"}, strings.NewReader(""), io.Discard, io.Discard))
}
