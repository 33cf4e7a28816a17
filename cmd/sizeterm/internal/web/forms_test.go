package web

import (
	"bytes"
	"html"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// form is a form of a page as a browser without scripts has it.
type form struct {
	method, action string
	files          bool
	fields         url.Values
	button         string // what the button says
}

var (
	formText   = regexp.MustCompile(`(?s)<form([^>]*)>(.*?)</form>`)
	fieldText  = regexp.MustCompile(`(?s)<(input|button)([^>]*)>(?:([^<]*)</button>)?`)
	selectText = regexp.MustCompile(`(?s)<select([^>]*)>(.*?)</select>`)
	optionText = regexp.MustCompile(`<option([^>]*)>([^<]*)`)
	attribute  = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// attributes are those of a tag; one without a value is its own.
func attributes(tag string) map[string]string {
	all := map[string]string{}
	for _, a := range attribute.FindAllStringSubmatch(tag, -1) {
		all[a[1]] = html.UnescapeString(a[2])
	}
	for _, word := range strings.Fields(attribute.ReplaceAllString(tag, "")) {
		all[word] = word
	}
	return all
}

// typed is what somebody types into an empty field.
func typed(field map[string]string) string {
	switch {
	case field["type"] == "url":
		return "https://partner.example/hook"
	case field["name"] == "subscription":
		return "11111111-2222-4333-8444-555555555555"
	case field["type"] == "password", field["name"] == "name":
		return "several words"
	}
	return "10"
}

// formsOf are the forms of a page, one for each of their buttons, filled in by somebody in a hurry: what must be, nothing else.
func formsOf(page string) []form {
	var all []form
	for _, f := range formText.FindAllStringSubmatch(page, -1) {
		head := attributes(f[1])
		base := form{method: strings.ToUpper(head["method"]), action: head["action"], files: head["enctype"] != "", fields: url.Values{}}
		var buttons []map[string]string
		for _, field := range fieldText.FindAllStringSubmatch(f[2], -1) {
			a := attributes(field[2])
			switch {
			case field[1] == "button":
				a["says"] = field[3]
				buttons = append(buttons, a)
			case a["name"] == "" || a["type"] == "file":
			case a["type"] == "checkbox":
				if len(base.fields[a["name"]]) == 0 { // the first of several
					base.fields.Add(a["name"], a["value"])
				}
			case a["value"] != "" || a["required"] == "":
				base.fields.Add(a["name"], a["value"])
			default:
				base.fields.Add(a["name"], typed(a))
			}
		}
		for _, s := range selectText.FindAllStringSubmatch(f[2], -1) {
			options := optionText.FindAllStringSubmatch(s[2], -1)
			value, given := attributes(options[0][1])["value"]
			if !given { // without one of its own, an option is worth what it says
				value = options[0][2]
			}
			base.fields.Add(attributes(s[1])["name"], value)
		}
		for _, b := range buttons {
			one := base
			one.fields, one.button = url.Values{}, b["says"]
			for name, values := range base.fields {
				one.fields[name] = values
			}
			if b["name"] != "" {
				one.fields.Add(b["name"], b["value"])
			}
			all = append(all, one)
		}
	}
	return all
}

// send submits a form as a browser does.
func (b *browser) send(f form) (int, string) {
	b.t.Helper()
	switch {
	case f.method == http.MethodGet:
		at, _, _ := strings.Cut(f.action, "#")
		status, _, text := b.get(at + "?" + f.fields.Encode())
		return status, text
	case f.files:
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		part, err := m.CreateFormFile("file", "x.csv")
		require.NoError(b.t, err)
		_, err = part.Write([]byte("a,b\n1,2\n"))
		require.NoError(b.t, err)
		require.NoError(b.t, m.Close())
		status, _, text := b.do(f.method, f.action, m.FormDataContentType(), &body)
		return status, text
	}
	status, _, text := b.post(f.action, f.fields)
	return status, text
}

// pagesRead are the addresses of all pages that are read, in the order of the routes, as an admin of home finds them.
func (w *world) pagesRead(b *browser) []string {
	var all []string
	for _, rt := range w.server.routes() {
		r, ok := w.request(rt, "own", false)
		if !ok || rt.method != http.MethodGet || rt.path == "/events" {
			continue
		}
		if status, _, text := b.get(r.URL.RequestURI()); status == http.StatusOK && strings.Contains(text, "<title>") { // no part of a page, no file
			all = append(all, r.URL.RequestURI())
		}
	}
	return append(all, "/customers/"+w.ids["customer"]["own"]+"/policy?key=sizing.exempt", "/sign-in?link=used")
}

// TestEveryFormWorksWithoutScript submits every form of every page with the fields that it has, one button after another, each on
// the page as it is then.
func TestEveryFormWorksWithoutScript(t *testing.T) {
	w := newWorld(t)
	admin := w.as("home", "carol", Admin)
	sent := map[string]bool{}
	pages := w.pagesRead(admin)
	for _, path := range append(pages, pages...) { // what was sent makes orders that have other buttons
		for _, first := range formsOf(admin.page(path)) {
			name := first.method + " " + first.action + " " + strings.TrimSpace(first.button)
			if sent[name] || first.action == "/sign-out" || first.action == "/account/sign-out" || first.action == "/sign-in" || first.action == "/orders/import" {
				continue
			}
			sent[name] = true
			for _, now := range formsOf(admin.page(path)) {
				if now.method == first.method && now.action == first.action && now.button == first.button {
					w.server.buckets.kept = nil
					status, text := admin.send(now)
					require.Less(t, status, 400, "%s on %s with %v: %s", name, path, now.fields, text)
					break
				}
			}
		}
	}
	elsewhere := map[string]bool{"/sign-in": true, "/sign-out": true, "/account/sign-out": true, backChannelPath: true, "/demo": true, "/plan": true, // signing in and out, an empty portfolio, programs
		"/orders/request": true, "/orders/cancel": true, // orders of other states
		"/orders/import": true} // a reviewed file: TestReviewedOrdersComeBack
	for _, rt := range w.server.routes() {
		path := regexp.QuoteMeta(rt.path)
		path = regexp.MustCompile(`\\\{[a-z]+\\\}`).ReplaceAllString(path, "[^/ ]+")
		form := regexp.MustCompile("^POST " + path + " ")
		if rt.method == http.MethodPost && !strings.HasPrefix(rt.path, "/api/") && !elsewhere[rt.path] {
			require.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(sent)), form.MatchString), "no page has a form for %s: %v", rt.pattern(), sent)
		}
	}
	t.Logf("%d forms", len(sent))
	status, text := admin.send(formsOf(admin.page("/account"))[0])
	require.Equal(t, http.StatusSeeOther, status, text)
	require.Equal(t, "/sign-out", formsOf(w.as("home", "carol", Admin).page("/"))[0].action, "the first form of every page signs out")
}

// TestEveryLinkLeadsSomewhere follows every link of every page.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	w := newWorld(t)
	admin := w.as("home", "carol", Admin)
	seen := map[string]bool{}
	for _, path := range w.pagesRead(admin) {
		page := admin.page(path)
		require.Regexp(t, `<title>[^<]+ – sizeterm</title>|<title>(Reservation plan|What the reservations)[^<]+</title>`, page, path)
		for _, link := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(page, -1) {
			to, fragment, _ := strings.Cut(html.UnescapeString(link[1]), "#")
			if to == "" {
				require.Contains(t, page, `id="`+fragment+`"`, "%s leads to a place that %s does not have", link[1], path)
			}
			if to == "" || seen[to] || !strings.HasPrefix(to, "/") {
				continue
			}
			seen[to] = true
			w.server.buckets.kept = nil
			status, _, text := admin.get(to)
			require.Less(t, status, 400, "%s on %s: %s", to, path, text)
			if fragment != "" {
				require.Contains(t, text, `id="`+fragment+`"`, "%s on %s", link[1], path)
			}
		}
	}
	t.Logf("%d addresses", len(seen))
}
