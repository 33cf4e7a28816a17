package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
	callers []caller
	ids     objects
}

// newWorld makes tenants "home" and "away"; every caller but those of "away" belongs to "home".
func newWorld(t *testing.T) *world {
	s := newService(t, withDesks, func(o *Options) { o.Home = "home" })
	w := &world{service: s, ids: objects{}}
	for _, tenant := range []string{"home", "away"} {
		w.fill(tenant)
	}
	for _, kind := range []string{"customer", "pool", "traced", "upload", "order", "person", "key", "plan"} {
		w.ids[kind]["missing"], w.ids[kind]["malformed"] = strings.Repeat("0", 32), "%00%2e%2e%2f'"
	}
	return w
}

func (w *world) fill(tenant string) {
	t := w.t
	admin, analyst := w.as(tenant, tenant+"-boss", Admin), w.as(tenant, tenant+"-asker", Analyst)
	_, err := w.memory.Receive(t.Context(), tenant, "x", tenant+".csv", strings.NewReader(tenant))
	require.NoError(t, err)
	analyst.post("/demo", nil)
	customer := follow(t, analyst.page("/"), `/customers/[0-9a-f]{16}`)
	page := analyst.page(customer)
	line := regexp.MustCompile(`name="line" value="([^"]+)"`).FindStringSubmatch(page)[1]
	analyst.post(customer+"/orders", url.Values{"line": {line}})
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
	set("upload", w.memory.uploads[tenant][0].ID)
	set("order", follow(t, analyst.page("/orders"), `o-[0-9a-f]{12}`))
	set("person", tenant+"-asker")
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
	path := strings.TrimSuffix(rt.path, "{$}")
	replaced := false
	for _, field := range regexp.MustCompile(`\{([a-z]+)\}`).FindAllStringSubmatch(path, -1) {
		id := w.ids[field[1]][which]
		switch field[1] {
		case "asset", "name":
			id = "x.css"
		case "customer":
			if rt.object == "pool" || strings.Contains(rt.path, "{traced}") {
				id = w.ids["customer"][home]
			} else {
				replaced = true
			}
		default:
			replaced = true
		}
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
	w.callers = []caller{
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
	w.callers = append(w.callers, revoked, gone, stale)
	for _, role := range givenRoles {
		c := w.signedIn("their "+role.String(), "away", role)
		c.away = true
		w.callers = append(w.callers, c)
	}

	all := append(w.server.routes(), w.server.apiRoutes...)
	slices.SortStableFunc(all, func(a, b route) int { return strings.Count(a.path, "sign-out") - strings.Count(b.path, "sign-out") }) // it ends the session
	cells := 0
	for _, rt := range all {
		for _, c := range w.callers {
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
				cell := fmt.Sprintf("%s as %s, object %s: %s", rt.pattern(), c.name, which, answer)
				if want := judged(rt, c); want != 0 {
					require.Equal(t, want, status, cell)
					continue
				}
				require.NotContains(t, []int{http.StatusUnauthorized, http.StatusInternalServerError}, status, cell)
				if rt.path != "/sign-in" && rt.need != Nobody {
					require.NotEqual(t, http.StatusForbidden, status, cell)
				}
				if rt.object != "" && which == "other" {
					require.Equal(t, answers["missing"], answer, "another tenant's object: "+cell)
					require.Contains(t, []int{http.StatusNotFound, http.StatusConflict}, status, cell)
				}
			}
			w.server.buckets.kept = nil // the rate of callers is not what is tested
		}
	}
	t.Logf("%d cells", cells)
	require.GreaterOrEqual(t, cells, 1500)
}

// send returns the status and all of an answer that could tell two apart.
func (w *world) send(r *http.Request, rt route) (int, string) {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	text := string(body)
	if len(text) > 400 {
		text = text[:400]
	}
	return resp.StatusCode, fmt.Sprintf("%d %s %s %s", resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("Location"), text)
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
