//go:build engines

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"sizeterm/benchmarks/fleet/contoso"
)

// tab is a page of a real browser.
type tab struct {
	t   *testing.T
	ctx context.Context
	axe string // the source of axe-core
	// looked holds the paths of the pages that were asked about.
	looked map[string]bool
}

// openBrowser starts Chromium with an empty profile.
func openBrowser(t *testing.T) *tab {
	t.Helper()
	path := os.Getenv("SIZETERM_TEST_CHROMIUM")
	require.NotEmpty(t, path, "source .ci/engines and call engines_start")
	axe, err := os.ReadFile(filepath.Join(os.Getenv("SIZETERM_TEST_NPM"), "node_modules", "axe-core", "axe.min.js"))
	require.NoError(t, err)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	allocated, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	return &tab{t, ctx, string(axe), map[string]bool{}}
}

func (b *tab) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, actions...), what)
}

// eval returns what a script gives, or what its promise keeps.
func eval[T any](b *tab, script string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err)
	return value
}

// click presses the first link or button whose text begins with the label, once it is there.
func (b *tab) click(label string) {
	b.t.Helper()
	found := fmt.Sprintf(`[...document.querySelectorAll("a, button")].find(e => e.textContent.trim().startsWith(%q))`, label)
	for range 100 {
		there, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.readyState === "complete" && !!(`+found+`)`))
		if err == nil && there {
			b.do("click "+label, chromedp.Evaluate[chromedp.Void](`(`+found+`).click()`))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatalf("nothing to click says %q", label)
}

// sees waits until the page says want, looking again for a minute: files are read and plans made meanwhile.
func (b *tab) sees(want string) {
	b.t.Helper()
	text := ""
	for range 600 {
		said, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.readyState === "complete" ? document.body.textContent : ""`))
		if text = said; err == nil && strings.Contains(text, want) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatalf("the page never said %q: %s", want, text)
}

// settles waits until nothing is being worked on: until then the page looks again by itself.
func (b *tab) settles() {
	b.t.Helper()
	for range 600 {
		working, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.readyState !== "complete" || document.body.textContent.includes("Working on it")`))
		if err == nil && !working {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatal("it never ended")
}

// sound asks axe-core about the page as it is, in light and on a dark phone, and that nothing is wider than either.
func (b *tab) sound(name string) {
	b.t.Helper()
	b.settles()
	b.looked[eval[string](b, "location.pathname")] = true
	for _, mode := range []struct {
		scheme string
		width  int64
	}{{"light", 1280}, {"dark", 390}} {
		_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: mode.scheme}}})
		require.NoError(b.t, err)
		b.do("width", chromedp.EmulateViewport(mode.width, 900))
		eval[int](b, b.axe+"; 0")
		found := eval[[]string](b, `axe.run({resultTypes: ["violations"]}).then(r => r.violations.map(v => v.id + ": " + v.nodes[0].html))`)
		require.Empty(b.t, found, "%s, %s, %d wide", name, mode.scheme, mode.width)
		require.LessOrEqual(b.t, eval[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0, "%s is wider than %d", name, mode.width)
		b.shot(fmt.Sprintf("%s-%s-%d", name, mode.scheme, mode.width))
		b.walk(fmt.Sprintf("%s, %s, %d wide", name, mode.scheme, mode.width), int(mode.width/60))
	}
	b.do("wide again", chromedp.EmulateViewport(1280, 900))
}

// shot keeps a picture of the page where SIZETERM_TEST_SHOTS names a folder.
func (b *tab) shot(name string) {
	dir := os.Getenv("SIZETERM_TEST_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}

// TestJourney goes the whole way in a real browser: first start, demo, uploads, plan, what-if, request, approval by another
// person, export, and the scrape that shows it; each page is asked whether everybody can use it.
func TestJourney(t *testing.T) {
	files := t.TempDir()
	require.NoError(t, contoso.Write(files, contoso.Seed))
	s, link := startIt(t, "serve", "--data-dir", t.TempDir())
	ann := openBrowser(t)
	ann.do("sign in", chromedp.Navigate(link.String()))
	ann.sound("sign-in")
	ann.click("Sign in")
	ann.sees("Look at the demo first")
	ann.sound("first-start")
	ann.click("Look at the demo first")
	ann.sees("Contoso Ltd")

	ann.click("Uploads")
	var paths []string
	entries, err := os.ReadDir(files)
	require.NoError(t, err)
	for _, e := range entries {
		paths = append(paths, filepath.Join(files, e.Name()))
	}
	ann.do("upload", chromedp.SetUploadFiles("input[type=file]", paths))
	ann.sees("4 of 4 files sent, 4 of them here already")
	ann.sees("all 31, 2026-10-01 to 2026-10-31")
	ann.sound("uploads")

	ann.do("portfolio", chromedp.Navigate(s.base+"/"))
	ann.sees("Contoso Ltd")
	ann.sound("portfolio")
	ann.click("Contoso Ltd")
	ann.sees("What to buy")
	ann.sound("customer")
	customer := eval[string](ann, "location.href")
	ann.click("sg-app-02")
	ann.sees("Sizes that were compared")
	ann.sound("machine")
	ann.click("Machines")
	ann.sees("those that save the most")
	ann.sound("machines")
	ann.do("prices", chromedp.Navigate(s.base+"/prices"))
	ann.sound("prices")
	ann.do("back", chromedp.Navigate(customer))
	ann.click("Try another quantity")
	ann.sees("What was compared")
	eval[int](ann, `(() => { const n = document.querySelector("form[data-what-if] input[type=number]"); n.value = 1; n.dispatchEvent(new Event("input")); return 0 })()`)
	ann.sees("This would save")
	ann.sound("what-if")
	ann.click("Trace these figures")
	ann.sees("Where this comes from")
	ann.sound("trace")

	ann.do("back", chromedp.Navigate(customer), chromedp.Click(`input[name=line]`))
	ann.click("Request the ticked lines")
	ann.sees("yours: another person approves")
	ann.click("People")
	ann.sees("Let somebody in")
	ann.do("invite", chromedp.SendKeys(`form.stack input[name=name]`, "Bob"), chromedp.SetValue(`form.stack select[name=role]`, "approver"))
	ann.click("Make a link")
	ann.sees("It is shown only now")
	ann.sound("people")
	bobs := eval[string](ann, `document.getElementById("link").textContent`)

	bob := openBrowser(t)
	bob.do("sign in", chromedp.Navigate(bobs))
	bob.click("Sign in")
	bob.sees("Contoso Ltd")
	bob.click("Orders")
	bob.sees("To approve")
	bob.sound("orders")
	bob.click("Approve ")
	bob.sees("Approved, to buy")
	bob.do("order", chromedp.Click(`main table a`))
	bob.sees("Approved by")
	bob.sound("order")
	calls := eval[string](bob, `fetch(document.querySelector("a[href$='format=arm']").href).then(r => r.text())`)
	var exported struct {
		Schema string `json:"schema"`
		Orders []struct {
			State string `json:"state"`
		} `json:"orders"`
	}
	require.NoError(t, json.Unmarshal([]byte(calls), &exported))
	require.Equal(t, "sizeterm.calls/1", exported.Schema)
	require.Equal(t, "approved", exported.Orders[0].State)
	require.Contains(t, s.page("/metrics", "sizeterm_"), `sizeterm_recommendations{`)

	steps := eval[string](bob, `location.pathname + "/export?format=page"`)
	for _, page := range [][2]string{{"days", customer + "/days"}, {"policy", customer + "/policy?key=terms"}, {"printed", customer + "/plan.html"}, {"journal", s.base + "/journal"}, {"verification", s.base + "/verification"},
		{"verified", s.base + "/verification/report?format=html"}, {"steps", s.base + steps}, {"together", s.base + "/orders/export?state=approved&format=page"}, {"webhooks", s.base + "/webhooks"}, {"keys", s.base + "/keys"},
		{"account", s.base + "/account"}, {"missing", s.base + "/nothing"}} {
		ann.do(page[0], chromedp.Navigate(page[1]))
		ann.sound(page[0])
	}
	maps.Copy(ann.looked, bob.looked)
	everyPage(t, ann.looked)
}

// everyPage fails where a page of the service is not among the paths that were looked at.
func everyPage(t *testing.T, looked map[string]bool) {
	t.Helper()
	elsewhere := map[string]bool{"/assets/{asset}": true, "/events": true, "/metrics": true, "/livez": true, "/readyz": true, "/healthz": true, // no pages
		"/sign-in/provider": true, "/sign-in/callback": true, "/sign-in/front-channel-logout": true, // they lead on
		"/uploads/state": true, "/uploads/{upload}/row": true, "/customers/{customer}/pools/{pool}/what-if": true, // parts of pages
		"/customers/{customer}/plan.xlsx": true, "/uploads/{upload}/rejects.csv": true} // files
	text, err := os.ReadFile(filepath.Join("internal", "web", "testdata", "routes.txt"))
	require.NoError(t, err)
	mux, lacking := http.NewServeMux(), map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		fields := strings.Fields(line)
		if method, path := fields[0], fields[1]; method == http.MethodGet && !strings.HasPrefix(path, "/api/") {
			mux.HandleFunc(path, http.NotFound)
			if !elsewhere[path] {
				lacking[path] = true
			}
		}
	}
	for path := range looked {
		r, err := http.NewRequest(http.MethodGet, path, nil)
		require.NoError(t, err)
		_, pattern := mux.Handler(r)
		delete(lacking, pattern)
	}
	require.Empty(t, lacking, "pages that nobody looks at: add them to the journey")
}
