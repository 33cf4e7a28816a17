package web

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// program calls the API with a key.
type program struct {
	t    *testing.T
	base string
	key  string
}

// keyFor makes a key by the page of an admin.
func keyFor(t *testing.T, s *service, tenant string, scopes ...string) *program {
	t.Helper()
	admin := s.as(tenant, "keymaker", Admin)
	status, _, text := admin.post("/keys", url.Values{"name": {"erp"}, "scope": scopes, "days": {"30"}})
	require.Equal(t, http.StatusOK, status, text)
	return &program{t, s.URL, follow(t, text, `sizeterm_[A-Za-z0-9_-]{49}`)}
}

// call returns the answer as its status, headers and JSON.
func (p *program) call(method, path, body string, header ...string) (int, http.Header, map[string]any) {
	p.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, p.base+path, in)
	require.NoError(p.t, err)
	r.Header.Set("Authorization", "Bearer "+p.key)
	if body != "" && method != "PUT" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	out := map[string]any{}
	if len(text) > 0 {
		require.NoError(p.t, json.Unmarshal(text, &out), "%s %s: %s", method, path, text)
	}
	return resp.StatusCode, resp.Header, out
}

func TestAProgramUploadsReadsAndAsks(t *testing.T) {
	s := newService(t, withDesks)
	p := keyFor(t, s, "home", scopeRead, scopeUpload, scopeRequest)
	status, header, file := p.call("PUT", "/api/v1/uploads/usage.csv", "a,b\n1,2\n")
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, "usage.csv", file["name"])
	again, _, same := p.call("PUT", "/api/v1/uploads/usage.csv", "a,b\n1,2\n")
	require.Equal(t, http.StatusCreated, again)
	require.Equal(t, file["id"], same["id"], "the same bytes give the same receipt")
	status, _, one := p.call("GET", header.Get("Location"), "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, file["id"], one["id"])

	_, _, customers := p.call("GET", "/api/v1/customers", "")
	customer := customers["items"].([]any)[0].(map[string]any)
	status, header, plan := p.call("GET", "/api/v1/plans/latest", "")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "sizeterm.plan/1", plan["schema"])
	require.Equal(t, `"plan-home"`, header.Get("ETag"))

	// All lines, three a page, are those of the plan.
	var lines []string
	cursor := ""
	for {
		status, _, page := p.call("GET", "/api/v1/plans/latest/lines?limit=3&customer="+customer["key"].(string)+"&cursor="+cursor, "")
		require.Equal(t, http.StatusOK, status)
		for _, row := range page["items"].([]any) {
			lines = append(lines, row.(map[string]any)["id"].(string))
		}
		next, more := page["next"].(string)
		if !more {
			break
		}
		cursor = next
	}
	require.Len(t, lines, len(plan["lines"].([]any)))

	body := `{"customer":"` + customer["id"].(string) + `","lines":["` + lines[0] + `"]}`
	status, _, missing := p.call("POST", "/api/v1/orders", body)
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, "urn:sizeterm:problem:idempotency-key-missing", missing["type"])
	status, _, made := p.call("POST", "/api/v1/orders", body, "Idempotency-Key", "one")
	require.Equal(t, http.StatusCreated, status, made)
	status, _, repeated := p.call("POST", "/api/v1/orders", body, "Idempotency-Key", "one")
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, made, repeated)
	status, _, reused := p.call("POST", "/api/v1/orders", strings.Replace(body, lines[0], lines[1], 1), "Idempotency-Key", "one")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, "urn:sizeterm:problem:idempotency-key-reused", reused["type"])

	id := made["orders"].([]any)[0].(map[string]any)["id"].(string)
	status, header, _ = p.call("GET", "/api/v1/orders/"+id, "")
	require.Equal(t, http.StatusOK, status)
	require.NotEmpty(t, header.Get("ETag"))
	status, _, _ = p.call("POST", "/api/v1/orders/"+id+"/approve", `{"amount":"1","currency":"USD"}`, "If-Match", header.Get("ETag"))
	require.Equal(t, http.StatusForbidden, status, "no key approves")
	status, _, page := p.call("GET", "/api/v1/orders?state=requested", "")
	require.Equal(t, http.StatusOK, status)
	require.Len(t, page["items"], 1)
}

func TestAFileForACustomer(t *testing.T) {
	s := newService(t, withDesks)
	p := keyFor(t, s, "home", allScopes...)
	_, _, file := p.call("PUT", "/api/v1/uploads/metrics.csv?customer=Northwind", "a")
	require.Equal(t, []any{"Northwind"}, file["parts"].([]any)[0].(map[string]any)["customers"])
	s.memory.Refresh(t.Context(), "home")
	_, _, page := p.call("GET", "/api/v1/customers", "")
	customer := page["items"].([]any)[0].(map[string]any)
	_, _, file = p.call("PUT", "/api/v1/uploads/metrics.csv?customer="+customer["key"].(string), "b")
	require.Equal(t, []any{customer["id"]}, file["parts"].([]any)[0].(map[string]any)["customers"], "by its key")
}

func TestWatchersAreFew(t *testing.T) {
	var w watching
	var leave []func()
	for range watchersEach {
		f, ok := w.enter("ann")
		require.True(t, ok)
		leave = append(leave, f)
	}
	_, ok := w.enter("ann")
	require.False(t, ok)
	_, ok = w.enter("bob")
	require.True(t, ok)
	leave[0]()
	_, ok = w.enter("ann")
	require.True(t, ok)
}

func TestApprovalNeedsTheStateThatWasRead(t *testing.T) {
	s, _ := requested(t)
	bob := s.as("home", "bob", Approver)
	id := follow(t, bob.page("/orders"), `o-[0-9a-f]{12}`)
	_, header, text := bob.get("/api/v1/orders/" + id)
	var o apiOrderView
	require.NoError(t, json.Unmarshal([]byte(text), &o))
	body, err := json.Marshal(map[string]string{"amount": o.TotalPrice, "currency": o.Currency})
	require.NoError(t, err)
	approve := func(match string) (int, string) {
		r, err := http.NewRequest("POST", s.URL+"/api/v1/orders/"+id+"/approve", strings.NewReader(string(body)))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/json")
		if match != "" {
			r.Header.Set("If-Match", match)
		}
		resp, err := bob.Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(answer)
	}
	status, _ := approve("")
	require.Equal(t, http.StatusPreconditionRequired, status)
	status, _ = approve(`"` + id + `-1"`)
	require.Equal(t, http.StatusPreconditionFailed, status)
	status, answer := approve(header.Get("ETag"))
	require.Equal(t, http.StatusOK, status, answer)
	require.Contains(t, answer, `"state":"approved"`)
	status, _ = approve(header.Get("ETag"))
	require.Equal(t, http.StatusPreconditionFailed, status, "two tabs: one approval")
}

func TestKeysEnd(t *testing.T) {
	s := newService(t, withDesks)
	p := keyFor(t, s, "home", scopeRead)
	status, _, _ := p.call("GET", "/api/v1/uploads", "")
	require.Equal(t, http.StatusOK, status)
	status, _, _ = p.call("PUT", "/api/v1/uploads/x.csv", "a\n")
	require.Equal(t, http.StatusForbidden, status, "its scope is to read")
	status, _, _ = (&program{t, s.URL, newKey()}).call("GET", "/api/v1/uploads", "")
	require.Equal(t, http.StatusUnauthorized, status)
	require.False(t, soundKey(""))
	require.True(t, soundKey(p.key))
	for _, k := range s.memory.keys {
		require.NotContains(t, k.MAC, p.key)
	}
	s.clock.turn(30 * 24 * time.Hour)
	status, _, _ = p.call("GET", "/api/v1/uploads", "")
	require.Equal(t, http.StatusUnauthorized, status, "it has expired")

	q := keyFor(t, s, "home", scopeRead)
	admin := s.as("home", "boss", Admin)
	for _, id := range regexp.MustCompile(`/keys/[0-9a-f]{32}/revoke`).FindAllString(admin.page("/keys"), -1) {
		status, _, _ = admin.post(id, nil)
		require.Equal(t, http.StatusSeeOther, status)
	}
	status, _, _ = q.call("GET", "/api/v1/uploads", "")
	require.Equal(t, http.StatusUnauthorized, status, "it was revoked")
}

func TestCallersAreSlowedDown(t *testing.T) {
	s := newService(t, withDesks)
	p := keyFor(t, s, "home", scopeRead)
	for range apiBurst {
		status, _, _ := p.call("GET", "/api/v1/uploads", "")
		require.Equal(t, http.StatusOK, status)
	}
	status, header, body := p.call("GET", "/api/v1/uploads", "")
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, "1", header.Get("Retry-After"))
	require.Equal(t, "application/problem+json", header.Get("Content-Type"))
	require.EqualValues(t, http.StatusTooManyRequests, body["status"])
	s.clock.turn(time.Second / apiRate)
	status, _, _ = p.call("GET", "/api/v1/uploads", "")
	require.Equal(t, http.StatusOK, status)
}
