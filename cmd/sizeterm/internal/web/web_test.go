package web

import (
	"bytes"
	"context"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFirstStartToPlan(t *testing.T) {
	s := newService(t)
	b := s.as("home", "ann", Admin)
	require.Contains(t, b.page("/"), "Upload files")
	require.Contains(t, b.page("/"), "Look at the demo first")

	status, header, _ := b.post("/demo", nil)
	require.Equal(t, http.StatusSeeOther, status)
	require.Equal(t, "/", header.Get("Location"))
	first := b.page("/")
	require.Contains(t, first, "Contoso Ltd")
	customer := b.page(follow(t, first, `/customers/[0-9a-f]{16}`))
	for _, want := range []string{"What to buy", "The demand behind it", "Microsoft's figure beside ours", "Not recommended, and why", "cost-export-2026-10.csv.gz", "<svg class=\"sketch\""} {
		require.Contains(t, customer, want)
	}
	pool := b.page(follow(t, customer, `/customers/[0-9a-f]{16}/pools/[^"#]+`))
	require.Contains(t, pool, "What was compared")
	require.Contains(t, pool, "pay-as-you-go")
}

func TestPagesAreLight(t *testing.T) {
	s := newService(t)
	b := s.as("home", "ann", Admin)
	b.post("/demo", nil)
	first := b.page("/")
	customer := follow(t, first, `/customers/[0-9a-f]{16}`)
	style, script := b.page(follow(t, first, `/assets/style\.[0-9a-f]+\.css`)), b.page(follow(t, first, `/assets/page\.[0-9a-f]+\.js`))
	pool := follow(t, b.page(customer), `/customers/[0-9a-f]{16}/pools/[^"#]+`)
	for _, path := range []string{"/", customer, pool, "/uploads"} {
		text := b.page(path)
		require.Less(t, len(text)+len(style)+len(script), 200<<10, "weight of %s", path)
		for _, forbidden := range []string{" style=", "<style", "onclick", "<script>", "http://", "https://"} {
			require.NotContains(t, text, forbidden, path)
		}
	}
}

func TestUploadByForm(t *testing.T) {
	s := newService(t)
	b := s.as("home", "ann", Analyst)
	send := func(files map[string]string) (int, string) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for name, text := range files {
			part, err := form.CreateFormFile("file", name)
			require.NoError(t, err)
			_, err = part.Write([]byte(text))
			require.NoError(t, err)
		}
		require.NoError(t, form.Close())
		status, _, text := b.do("POST", "/uploads", form.FormDataContentType(), &body)
		return status, text
	}
	status, _ := send(map[string]string{"usage.csv": "a,b\n1,2\n", "more <b>.csv": "c\n"})
	require.Equal(t, http.StatusSeeOther, status)
	page := b.page("/uploads")
	require.Contains(t, page, "usage.csv")
	require.Contains(t, page, "more &lt;b&gt;.csv")
	status, header, _ := b.get(follow(t, page, `/uploads/[0-9a-f]{64}/rejects\.csv`))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, `attachment; filename="rejects.csv"`, header.Get("Content-Disposition"))

	status, text := send(nil)
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, text, "No file was chosen")
	status, _, _ = b.post("/uploads", url.Values{"file": {"x"}})
	require.Equal(t, http.StatusUnsupportedMediaType, status)
}

func TestUploadsEndAtTheLimit(t *testing.T) {
	s := newService(t, func(o *Options) { o.MaxUpload = 1000 })
	b := s.as("home", "ann", Analyst)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "x.csv")
	require.NoError(t, err)
	_, err = part.Write(make([]byte, 2<<20))
	require.NoError(t, err)
	require.NoError(t, form.Close())
	status, _, _ := b.do("POST", "/uploads", form.FormDataContentType(), &body)
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
}

func TestLinksWorkOnceAndExpire(t *testing.T) {
	s := newService(t)
	require.NoError(t, s.memory.Save(context.Background(), Person{Tenant: "home", ID: "ann", Name: "Ann", Role: Admin}))
	enter := func(link string) int {
		_, secret, _ := strings.Cut(link, "link=")
		status, _, _ := s.visitor().post("/sign-in", url.Values{"link": {secret}})
		return status
	}
	made := func() string {
		link, err := s.server.NewLink(t.Context(), "home", "ann", time.Hour)
		require.NoError(t, err)
		return link
	}
	link := made()
	require.Contains(t, s.visitor().page(link), "one-time link", "looking at a link does not use it")
	require.Equal(t, http.StatusSeeOther, enter(link))
	require.Equal(t, http.StatusGone, enter(link))
	late := made()
	s.clock.turn(time.Hour)
	require.Equal(t, http.StatusGone, enter(late))
	require.Equal(t, http.StatusGone, enter("link=guessed"))
}

func TestSessionsEndWithThePerson(t *testing.T) {
	s := newService(t)
	b := s.as("home", "ann", Viewer)
	b.page("/")
	require.NoError(t, s.memory.Save(context.Background(), Person{Tenant: "home", ID: "ann", Role: Viewer, Disabled: true}))
	status, header, _ := b.get("/")
	require.Equal(t, http.StatusSeeOther, status)
	require.Equal(t, "/sign-in", header.Get("Location"))

	c := s.as("home", "bob", Viewer)
	status, _, _ = c.post("/sign-out", nil)
	require.Equal(t, http.StatusSeeOther, status)
	status, _, _ = c.get("/")
	require.Equal(t, http.StatusSeeOther, status)
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	s := newService(t, func(o *Options) { o.Secure = true })
	for _, path := range []string{"/", "/sign-in", "/nowhere", "/livez", "/api/nowhere"} {
		_, header, _ := s.visitor().get(path)
		require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.NotContains(t, header.Get("Content-Security-Policy"), "unsafe", path)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "DENY", header.Get("X-Frame-Options"), path)
		require.NotEmpty(t, header.Get("Strict-Transport-Security"), path)
		require.Empty(t, header.Get("Access-Control-Allow-Origin"), path)
	}
}

func TestForgedRequestsAreRefused(t *testing.T) {
	s := newService(t)
	b := s.as("home", "ann", Admin)
	for _, c := range []struct {
		site, origin string
		want         int
	}{
		{"same-origin", "", http.StatusSeeOther}, {"none", "", http.StatusSeeOther}, {"", s.URL, http.StatusSeeOther}, {"", "", http.StatusSeeOther},
		{"cross-site", "", http.StatusForbidden}, {"same-site", "", http.StatusForbidden}, {"", "https://evil.example", http.StatusForbidden}, {"", "null", http.StatusForbidden},
	} {
		r, err := http.NewRequest("POST", s.URL+"/plan", nil)
		require.NoError(t, err)
		r.Header.Set("Accept", "text/html")
		for name, value := range map[string]string{"Sec-Fetch-Site": c.site, "Origin": c.origin} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		resp, err := b.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, c.want, resp.StatusCode, "site %q, origin %q", c.site, c.origin)
	}
}

func TestLogsNameNoCustomer(t *testing.T) {
	s := newService(t)
	b := s.as("home", "ann", Admin)
	b.post("/demo", nil)
	b.page(follow(t, b.page("/"), `/customers/[0-9a-f]{16}`))
	b.get("/customers/canary-4711?plan=canary-4712")
	text := s.log.String()
	require.Contains(t, text, `"route":"/customers/{customer}"`)
	for _, canary := range []string{"Contoso", "canary", "c0dc4a63", "127.0.0.1"} {
		require.NotContains(t, text, canary)
	}
}

func TestServeStopsWhenAsked(t *testing.T) {
	s := New(Options{Receiver: newMemory(), Files: newMemory(), Plans: newMemory(), People: newMemory()})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	resp, err := http.Get("http://" + l.Addr().String() + "/livez")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	stop()
	require.NoError(t, <-done)
}
