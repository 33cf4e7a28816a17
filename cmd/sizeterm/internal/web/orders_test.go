package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/order"
)

// withDesks gives each tenant of a service a desk of its own, in memory.
func withDesks(o *Options) {
	var mu sync.Mutex
	desks := map[string]*order.Desk{}
	now := o.Now
	o.Desk = func(tenant string) (*order.Desk, error) {
		mu.Lock()
		defer mu.Unlock()
		if desks[tenant] == nil {
			desks[tenant] = &order.Desk{Store: order.NewMemory(), Policy: order.DefaultPolicy(), Now: now}
		}
		return desks[tenant], nil
	}
}

// requested opens a service on which ann has asked for every line of the demo.
func requested(t *testing.T, change ...func(*Options)) (s *service, ann *browser) {
	s = newService(t, append(change, withDesks)...)
	ann = s.as("home", "ann", Analyst)
	ann.post("/demo", nil)
	path := follow(t, ann.page("/"), `/customers/[0-9a-f]{16}`)
	lines := regexp.MustCompile(`name="line" value="([^"]+)"`).FindAllStringSubmatch(ann.page(path), -1)
	require.NotEmpty(t, lines)
	form := url.Values{}
	for _, l := range lines {
		form.Add("line", l[1])
	}
	status, header, text := ann.post(path+"/orders", form)
	require.Equal(t, http.StatusSeeOther, status, text)
	require.Equal(t, "/orders", header.Get("Location"))
	return s, ann
}

// hidden returns the hidden fields of the form whose button says label.
func hidden(t *testing.T, page, label string) url.Values {
	t.Helper()
	for _, form := range regexp.MustCompile(`(?s)<form.*?</form>`).FindAllString(page, -1) {
		if strings.Contains(form, label) {
			values := url.Values{}
			for _, f := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(form, -1) {
				values.Add(f[1], f[2])
			}
			return values
		}
	}
	t.Fatalf("no form says %q", label)
	return nil
}

func TestAnotherPersonApproves(t *testing.T) {
	s, ann := requested(t)
	require.Contains(t, ann.page("/orders"), "yours: another person approves")
	bob := s.as("home", "bob", Approver)
	page := bob.page("/orders")
	form := hidden(t, page, "Approve all")
	status, _, text := bob.post("/orders/approve", form)
	require.Equal(t, http.StatusSeeOther, status, text)
	require.Contains(t, bob.page("/orders"), "Approved, to buy")
	id := follow(t, bob.page("/orders"), `/orders/o-[0-9a-f]+`)
	require.Contains(t, bob.page(id), "Approved by")
	for format, want := range map[string]string{"steps": "Partner Center", "csv": "quantity", "arm": "sizeterm.calls/1", "partner-center": "catalog", "page": "<html", "xlsx": "PK"} {
		status, header, body := bob.get(id + "/export?format=" + format)
		require.Equal(t, http.StatusOK, status, format)
		require.Contains(t, strings.ToLower(body), strings.ToLower(want), format)
		require.NotEmpty(t, header.Get("Content-Type"), format)
	}
	status, _, _ = bob.get(id + "/export?format=exe")
	require.Equal(t, http.StatusBadRequest, status)
	require.Contains(t, bob.page("/journal"), "approved")
}

func TestApprovalIsRefused(t *testing.T) {
	s, _ := requested(t)
	bob := s.as("home", "bob", Approver)
	form := hidden(t, bob.page("/orders"), "Approve all")

	wrong := url.Values{"order": form["order"], "amount": {"1.00 USD"}}
	status, _, text := bob.post("/orders/approve", wrong)
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, text, "read the orders again")
	for _, amount := range []string{"", "1", "x USD", "1.00 US", "1e3 USD"} {
		status, _, _ = bob.post("/orders/approve", url.Values{"order": form["order"], "amount": {amount}})
		require.Equal(t, http.StatusBadRequest, status, "%q", amount)
	}
	status, _, _ = bob.post("/orders/approve", url.Values{"order": {"o-000000000000"}, "amount": form["amount"]})
	require.Equal(t, http.StatusNotFound, status)

	s.clock.turn(freshFor + time.Second)
	status, _, text = bob.post("/orders/approve", form)
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, text, "Sign in again")

	self, _ := s.memory.Person(t.Context(), "home", "ann")
	self.Role = Approver
	require.NoError(t, s.memory.Save(t.Context(), self))
	ann := s.as("home", "ann", Approver)
	status, _, text = ann.post("/orders/approve", form)
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, text, "another person approves")
}

func TestAskingTwiceMakesNothingTwice(t *testing.T) {
	s, ann := requested(t)
	count := strings.Count(ann.page("/orders"), "yours: another person approves")
	path := follow(t, ann.page("/"), `/customers/[0-9a-f]{16}`)
	line := regexp.MustCompile(`name="line" value="([^"]+)"`).FindStringSubmatch(ann.page(path))[1]
	status, _, _ := ann.post(path+"/orders", url.Values{"line": {line}})
	require.Equal(t, http.StatusSeeOther, status)
	require.Equal(t, count, strings.Count(ann.page("/orders"), "yours: another person approves"))
	status, _, _ = ann.post(path+"/orders", url.Values{"line": {"made-up"}})
	require.Equal(t, http.StatusConflict, status)
	status, _, _ = ann.post(path+"/orders", nil)
	require.Equal(t, http.StatusBadRequest, status)

	id := follow(t, ann.page("/orders"), `o-[0-9a-f]{12}`)
	status, _, _ = ann.post("/orders/cancel", url.Values{"order": {id}, "reason": {"changed my mind"}})
	require.Equal(t, http.StatusSeeOther, status)
	require.Contains(t, ann.page("/orders/"+id), "changed my mind")
	bob := s.as("home", "bob", Approver)
	other := hidden(t, bob.page("/orders"), "Approve all")["order"][0]
	status, _, _ = bob.post("/orders/reject", url.Values{"order": {other}, "reason": {"too much"}})
	require.Equal(t, http.StatusSeeOther, status)
	require.Contains(t, bob.page("/orders/"+other), "too much")
}

func TestPeopleComeAndGo(t *testing.T) {
	s := newService(t, func(o *Options) { o.Home = "home" })
	ann := s.as("home", "ann", Admin)
	status, _, text := ann.post("/people", url.Values{"name": {"Bob"}, "role": {"viewer"}})
	require.Equal(t, http.StatusOK, status)
	secret := strings.TrimPrefix(follow(t, text, `link=[A-Za-z0-9_-]{43}`), "link=")
	bob := s.visitor()
	status, _, _ = bob.post("/sign-in", url.Values{"link": {secret}})
	require.Equal(t, http.StatusSeeOther, status)
	require.Contains(t, bob.page("/"), "Bob")

	status, _, text = bob.post("/account/password", url.Values{"password": {"short"}})
	require.Equal(t, http.StatusBadRequest, status, text)
	status, _, _ = bob.post("/account/password", url.Values{"password": {"correct horse battery"}})
	require.Equal(t, http.StatusSeeOther, status)
	again := s.visitor()
	status, header, _ := again.post("/sign-in", url.Values{"name": {"bob"}, "password": {"correct horse battery"}, "next": {"/uploads"}})
	require.Equal(t, http.StatusSeeOther, status)
	require.Equal(t, "/uploads", header.Get("Location"))

	id := follow(t, ann.page("/people"), `/people/[0-9a-f]{32}`)
	status, _, _ = ann.post(id, url.Values{"do": {"shut-out"}})
	require.Equal(t, http.StatusOK, status)
	status, _, _ = bob.get("/")
	require.Equal(t, http.StatusSeeOther, status, "shut out at once")
	status, _, _ = again.post("/sign-in", url.Values{"name": {"bob"}, "password": {"correct horse battery"}})
	require.Equal(t, http.StatusForbidden, status)
	status, _, _ = ann.post("/people/ann", url.Values{"do": {"role"}, "role": {"viewer"}})
	require.Equal(t, http.StatusConflict, status, "nobody changes themselves")
	status, _, _ = ann.post("/people", url.Values{"name": {"BOB"}, "role": {"viewer"}})
	require.Equal(t, http.StatusConflict, status)
}

func TestGuessingIsSlowedDown(t *testing.T) {
	s := newService(t, func(o *Options) { o.Home = "home" })
	guess := func() int {
		status, _, _ := s.visitor().post("/sign-in", url.Values{"name": {"ann"}, "password": {"guess"}})
		return status
	}
	for range failuresAMinute {
		require.Equal(t, http.StatusForbidden, guess())
	}
	require.Equal(t, http.StatusTooManyRequests, guess())
	s.clock.turn(time.Minute)
	require.Equal(t, http.StatusForbidden, guess())
}

func TestNobodyIsSentElsewhere(t *testing.T) {
	for in, want := range map[string]string{"/orders": "/orders", "//evil.example": "/", "https://evil.example": "/", `/\evil.example`: "/", "": "/", "/a\r\nb": "/"} {
		require.Equal(t, want, localPath(in), "%q", in)
	}
}
