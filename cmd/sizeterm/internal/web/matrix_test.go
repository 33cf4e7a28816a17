package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest/archive"
	"sizeterm/ingest/upload"
)

// caller is one way to come to a route.
type caller struct {
	name  string
	role  Role // within the tenant that owns the objects of "own"
	key   []string
	stale bool
	away  bool // of the other tenant: what is own and what is another's change places
	enter func(r *http.Request)
}

// objects are the ids by which each kind of object is tried: the caller's own tenant's, another tenant's, one that does not
// exist, and texts that are no id.
type objects map[string]map[string]string

// world is a service with two tenants that have one of everything.
type world struct {
	*service
	door    *upload.Door
	callers []caller
	ids     objects
}

// newWorld makes tenants "home" and "away"; every caller but those of "away" belongs to "home".
func newWorld(t *testing.T) *world {
	w := &world{ids: objects{"unfinished": {}}}
	w.door = newDoor(t)
	w.service = newService(t, withDesks, func(o *Options) { o.Home, o.Door, o.Happened, o.Rules = "home", w.door, over{}, &fewRules{} })
	for _, tenant := range []string{"home", "away"} {
		w.fill(tenant)
	}
	for _, kind := range []string{"customer", "pool", "machine", "traced", "upload", "unfinished", "order", "person", "key", "webhook", "plan"} {
		w.ids[kind]["missing"], w.ids[kind]["malformed"] = strings.Repeat("0", 32), "%00%2e%2e%2f'"
	}
	return w
}

// newDoor opens a door behind which files wait to be finished.
func newDoor(t *testing.T) *upload.Door {
	dir := t.TempDir()
	a, err := archive.Open(t.Context(), filepath.Join(dir, "archive"), "")
	require.NoError(t, err)
	d, err := upload.New(upload.Options{Dir: filepath.Join(dir, "unfinished"), Archive: a, Now: func() time.Time { return testDay }, Limits: upload.Limits{OpenUser: 1000, Open: 1000},
		Owner: func(r *http.Request) (upload.Owner, error) {
			tenant, id := Asking(r.Context())
			return upload.Owner{Tenant: tenant, Author: id}, nil
		},
		Record: func(_ context.Context, f upload.File) (upload.Receipt, error) {
			return upload.Receipt{ID: "recorded", Name: f.Name, Size: f.Size, SHA256: f.SHA256, State: "received", Fresh: true}, nil
		}})
	require.NoError(t, err)
	return d
}

// over is what happened where nothing more will: its streams end at once.
type over struct{}

func (over) Events(context.Context, string, int64) ([]Event, error) { return nil, io.EOF }
func (over) LastEvent(context.Context, string) (int64, error)       { return 0, nil }

// begun makes an unfinished upload of each tenant, new ones where earlier requests have finished or removed them.
func (w *world) begun() {
	for which, tenant := range map[string]string{"own": "home", "other": "away"} {
		as := func(r *http.Request) *httptest.ResponseRecorder {
			r.Header.Set("Tus-Resumable", "1.0.0")
			answer := httptest.NewRecorder()
			w.door.ServeHTTP(answer, r.WithContext(withPrincipal(r.Context(), Principal{Tenant: tenant, ID: "sender"})))
			return answer
		}
		if as(httptest.NewRequest("HEAD", "/"+w.ids["unfinished"][which], nil)).Code == http.StatusOK {
			continue
		}
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Upload-Length", "3")
		r.Header.Set("Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte("x.csv")))
		answer := as(r)
		require.Equal(w.t, http.StatusCreated, answer.Code)
		w.ids["unfinished"][which] = path.Base(answer.Header().Get("Location"))
	}
}

// tus makes a request one of the protocol, where the route is behind the door.
func tus(r *http.Request, rt route) {
	if !strings.HasPrefix(rt.path, "/api/v1/uploads") || rt.scope != scopeUpload || rt.method == "PUT" {
		return
	}
	r.Header.Set("Tus-Resumable", "1.0.0")
	if rt.method == http.MethodPost && rt.object != "" {
		r.Header.Set("X-HTTP-Method-Override", http.MethodPatch)
	}
	r.Header.Set("Upload-Offset", "0")
	r.Header.Set("Upload-Length", "1000000")
	r.Header.Set("Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte("x.csv")))
	r.Header.Set("Content-Type", "application/offset+octet-stream")
}

func (w *world) fill(tenant string) {
	t := w.t
	admin, analyst := w.as(tenant, tenant+"-boss", Admin), w.as(tenant, tenant+"-asker", Analyst)
	_, err := w.memory.Receive(t.Context(), Sent{Tenant: tenant, By: "x", Name: tenant + ".csv"}, strings.NewReader(tenant))
	require.NoError(t, err)
	analyst.post("/demo", nil)
	customer := follow(t, analyst.page("/"), `/customers/[0-9a-f]{16}`)
	page := analyst.page(customer)
	line := regexp.MustCompile(`name="line" value="([^"]+)"`).FindStringSubmatch(page)[1]
	analyst.post(customer+"/orders", url.Values{"line": {line}})
	admin.post("/webhooks", url.Values{"url": {"https://" + tenant + ".example/hook"}})
	admin.post("/keys", url.Values{"name": {tenant}, "scope": {scopeRead}, "days": {"0"}})
	set := func(kind, id string) {
		if w.ids[kind] == nil {
			w.ids[kind] = map[string]string{}
		}
		if tenant == "home" {
			w.ids[kind]["own"] = id
		} else {
			w.ids[kind]["other"] = id
		}
	}
	set("customer", strings.TrimPrefix(customer, "/customers/"))
	set("traced", line)
	set("pool", regexp.MustCompile(`/pools/([^"#]+)`).FindStringSubmatch(page)[1])
	set("machine", regexp.MustCompile(`/machines/([0-9a-f]{16})`).FindStringSubmatch(analyst.page(customer + "/machines"))[1])
	set("upload", w.memory.uploads[tenant][0].ID)
	set("order", follow(t, analyst.page("/orders"), `o-[0-9a-f]{12}`))
	set("person", tenant+"-asker")
	set("webhook", w.memory.hooks[tenant][0].ID())
	set("key", strings.TrimPrefix(follow(t, admin.page("/keys"), `/keys/[0-9a-f]{32}`), "/keys/"))
	set("plan", "plan-"+tenant)
}

// signedIn is a caller with a session.
func (w *world) signedIn(name, tenant string, role Role) caller {
	b := w.as(tenant, name, role)
	at, err := url.Parse(w.URL)
	require.NoError(w.t, err)
	cookies := b.Jar.Cookies(at)
	return caller{name: name, role: role, enter: func(r *http.Request) {
		for _, c := range cookies {
			r.AddCookie(c)
		}
	}}
}

// withKey is a caller with a key of the tenant.
func (w *world) withKey(name, tenant string, scopes ...string) caller {
	p := keyFor(w.t, w.service, tenant, scopes...)
	return caller{name: name, role: Analyst, key: scopes, enter: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+p.key) }}
}

// request makes the request of a route for an object; ok is false where the route has none of the kind.
func (w *world) request(rt route, which string, away bool) (*http.Request, bool) {
	home := "own"
	if away {
		home = "other"
	}
	if rt.object == "unfinished" {
		w.begun()
	}
	path := strings.TrimSuffix(rt.path, "{$}")
	replaced := false
	for _, field := range regexp.MustCompile(`\{([a-z]+)\}`).FindAllStringSubmatch(path, -1) {
		kind := field[1]
		if kind == "upload" {
			kind = rt.object
		}
		id, known := w.ids[kind][which]
		switch field[1] {
		case "asset", "name":
			id, known = "x.css", true
		case "customer":
			if rt.object == "pool" || rt.object == "machine" || strings.Contains(rt.path, "{traced}") {
				id = w.ids["customer"][home]
			} else {
				replaced = true
			}
		default:
			replaced = true
		}
		require.True(w.t, known, "the matrix has no object for %s of %s", field[0], rt.pattern())
		path = strings.Replace(path, field[0], id, 1)
	}
	form := url.Values{"do": {"role"}, "role": {"viewer"}, "name": {"n" + which}, "scope": {"read"}, "password": {"short"}, "link": {"guessed"}}
	if rt.object == "order in the form" {
		form.Set("order", w.ids["order"][which])
		form.Set("amount", "0.01 USD")
		form.Set("reason", "matrix")
		replaced = true
	}
	if !replaced && which != home {
		return nil, false
	}
	body, kind := form.Encode(), "application/x-www-form-urlencoded"
	if strings.HasPrefix(rt.path, "/api/") {
		body, kind = `{"customer":"x","lines":["y"]}`, "application/json"
		if strings.HasSuffix(rt.path, "/approve") {
			body = `{"amount":"1","currency":"USD"}`
		}
	}
	var in io.Reader
	if rt.method != "GET" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequest(rt.method, w.URL+path, in)
	require.NoError(w.t, err)
	if rt.method != "GET" {
		r.Header.Set("Content-Type", kind)
	}
	tus(r, rt)
	r.Header.Set("Accept", "application/json") // an answer, not a way to the sign-in
	r.Header.Set("If-Match", `"none"`)
	return r, true
}

// judged is what the policy says: refused before the route runs, or let through.
func judged(rt route, c caller) int {
	switch {
	case rt.need == Nobody:
		return 0
	case c.role == Nobody:
		return http.StatusUnauthorized
	case c.key != nil && !contains(c.key, rt.scope):
		return http.StatusForbidden
	case c.role < rt.need, c.stale && rt.fresh:
		return http.StatusForbidden
	}
	return 0
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

// TestWhoMayWhat tries every route as every caller with every kind of object, and asks that each is answered as the policy
// says: refused before anything is looked up, or let through; and that what is another tenant's is answered exactly like what
// does not exist.
func TestWhoMayWhat(t *testing.T) {
	w := newWorld(t)
	all := append(w.server.routes(), w.server.apiRoutes...)
	cells := 0
	for i, rt := range all {
		if i == 0 || endsSessions(all[i-1]) {
			w.callers = w.everyone()
		}
		for _, c := range w.callers {
			cells += w.try(rt, c)
			w.server.buckets.kept = nil // the rate of callers is not what is tested
		}
	}
	t.Logf("%d cells", cells)
	require.GreaterOrEqual(t, cells, 1500)
}

// endsSessions reports whether a route signs its callers out.
func endsSessions(rt route) bool { return strings.HasSuffix(rt.path, "/sign-out") }

// everyone is every kind of caller, each signed in anew.
func (w *world) everyone() []caller {
	t := w.t
	w.server.attempts.failed = nil // sign-ins that failed are not what is tested
	callers := []caller{
		{name: "nobody", enter: func(*http.Request) {}},
		{name: "forged session", enter: func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "sizeterm", Value: "forged"}) }},
		{name: "wrong key", enter: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+newKey()) }},
		{name: "no key at all", enter: func(r *http.Request) { r.Header.Set("Authorization", "Bearer secret") }},
		w.signedIn("own viewer", "home", Viewer), w.signedIn("own analyst", "home", Analyst), w.signedIn("own approver", "home", Approver), w.signedIn("own admin", "home", Admin),
		w.withKey("key that reads", "home", scopeRead), w.withKey("key that uploads", "home", scopeUpload), w.withKey("key of all scopes", "home", allScopes...),
	}
	revoked := w.withKey("revoked key", "home", allScopes...)
	for i := range w.memory.keys {
		if k := &w.memory.keys[i]; k.Tenant == "home" && len(k.Scopes) == len(allScopes) && i == len(w.memory.keys)-1 {
			k.Revoked = testDay
		}
	}
	revoked.role, revoked.key = Nobody, nil
	gone := w.signedIn("shut out", "home", Admin)
	require.NoError(t, w.memory.Save(t.Context(), Person{Tenant: "home", ID: "shut out", Role: Admin, Disabled: true}))
	gone.role = Nobody
	stale := w.signedIn("admin of an hour ago", "home", Admin)
	stale.stale = true
	callers = append(callers, revoked, gone, stale)
	for _, role := range givenRoles {
		c := w.signedIn("their "+role.String(), "away", role)
		c.away = true
		callers = append(callers, c)
	}
	return callers
}

// try makes the requests of a route as a caller, one for each kind of object, and returns how many there were.
func (w *world) try(rt route, c caller) (cells int) {
	t := w.t
	answers := map[string]string{}
	for _, which := range []string{"own", "missing", "malformed", "other"} {
		seen := which
		if c.away {
			seen = map[string]string{"own": "other", "other": "own"}[which]
			if seen == "" {
				seen = which
			}
		}
		r, ok := w.request(rt, seen, c.away)
		if !ok {
			continue
		}
		c.enter(r)
		if c.stale {
			w.clock.turn(freshFor + 1)
		}
		status, answer := w.send(r, rt)
		if c.stale {
			w.clock.turn(-freshFor - 1)
		}
		answers[which] = answer
		cells++
		cell := fmt.Sprintf("%s as %s, object %s: %.600s", rt.pattern(), c.name, which, answer)
		if want := judged(rt, c); want != 0 {
			require.Equal(t, want, status, cell)
			continue
		}
		require.NotContains(t, []int{http.StatusUnauthorized, http.StatusInternalServerError}, status, cell)
		if rt.path != "/sign-in" && rt.need != Nobody {
			require.NotEqual(t, http.StatusForbidden, status, cell)
		}
		if rt.object == "unfinished" && which == "own" {
			require.NotEqual(t, http.StatusNotFound, status, cell)
		}
		if rt.object != "" && which == "other" {
			require.Equal(t, answers["missing"], answer, "another tenant's object: "+cell)
			require.Contains(t, []int{http.StatusNotFound, http.StatusConflict}, status, cell)
		}
	}
	return cells
}

// send returns the status and all of an answer that could tell two apart.
func (w *world) send(r *http.Request, rt route) (int, string) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	for _, name := range []string{"Date", "RateLimit", "Set-Cookie", "Retry-After"} { // of the moment, not of the object
		resp.Header.Del(name)
	}
	var head bytes.Buffer
	require.NoError(w.t, resp.Header.Write(&head)) // sorted
	return resp.StatusCode, fmt.Sprintf("%d %s%s", resp.StatusCode, &head, body)
}

// TestReadingChangesNothing asks for every page that is read and compares what is stored before and after.
func TestReadingChangesNothing(t *testing.T) {
	w := newWorld(t)
	admin := w.signedIn("own admin", "home", Admin)
	state := func() string {
		d, err := w.server.Desk("home")
		require.NoError(t, err)
		orders, err := d.Orders(t.Context())
		require.NoError(t, err)
		return fmt.Sprint(w.memory.uploads, w.memory.people, len(w.memory.keys), w.memory.keys, len(w.memory.links), len(w.memory.answers), orders)
	}
	before := state()
	for _, rt := range append(w.server.routes(), w.server.apiRoutes...) {
		if r, ok := w.request(rt, "own", false); ok && rt.method == "GET" {
			admin.enter(r)
			w.send(r, rt)
		}
		w.clock.turn(1e9)
	}
	require.Equal(t, before, state())
}
