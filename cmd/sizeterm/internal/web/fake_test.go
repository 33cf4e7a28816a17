package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/ingest"
	"sizeterm/pricing/sheet"
	"sizeterm/recommend"
)

// demoPlan is the plan of the demo's cost export, made once: what pages show of it, other tests have judged.
func demoPlan() *recommend.Plan { return demo().Plan }

// demo is the plan with what it was made of.
var demo = sync.OnceValue(func() Planned {
	inputs, err := ingest.Discover([]string{"../../../../testdata/contoso/cost-export-2026-10.csv.gz"}, nil)
	if err != nil {
		panic(err)
	}
	policy := recommend.DefaultPolicy()
	acc := analyzer.New(analyzer.Options{MinAge: policy.MinAge})
	reader, err := ingest.NewReader(inputs[0], ingest.Options{})
	if err != nil {
		panic(err)
	}
	defer reader.Close()
	for reader.Next() {
		if err := acc.Add(reader.Record()); err != nil {
			panic(err)
		}
	}
	analysis, err := acc.Analysis()
	if err != nil {
		panic(err)
	}
	book, err := sheet.NewBook()
	if err != nil {
		panic(err)
	}
	in := recommend.Input{Analysis: analysis, Book: book, Policy: policy, Files: []recommend.File{{Name: "cost-export-2026-10.csv.gz", Kind: "charges", Rows: 4381, Accepted: 4381}}}
	plan, err := recommend.Recommend(in)
	if err != nil {
		panic(err)
	}
	return Planned{Plan: plan, Input: in}
})

// memory is everything that a server asks for, as long as a test lasts.
type memory struct {
	mu      sync.Mutex
	uploads map[string][]Upload
	plans   map[string]Planned
	people  []Person
	links   map[string]Person
	until   map[string]time.Time
	keys    []Key
	answers map[string]memoryAnswer
	hooks   map[string][]Webhook // by tenant
	posted  []string
}

type memoryAnswer struct {
	request string
	Answer
}

func newMemory() *memory {
	return &memory{uploads: map[string][]Upload{}, plans: map[string]Planned{}, links: map[string]Person{}, until: map[string]time.Time{}, answers: map[string]memoryAnswer{}, hooks: map[string][]Webhook{}}
}

// Receive makes the plan at once, which a service leaves to its jobs.
func (m *memory) Receive(ctx context.Context, in Sent, body io.Reader) (Upload, error) {
	tenant := in.Tenant
	text, err := io.ReadAll(body)
	if err != nil {
		return Upload{}, err
	}
	sum := sha256.Sum256(text)
	defer func() { _ = m.Refresh(ctx, tenant) }() // it cannot fail
	customer := demoPlan().Totals[0].Customer
	if tenant == "away" {
		customer = elsewhere(demoPlan()).Totals[0].Customer
	}
	if in.Customer != "" {
		customer = in.Customer
	}
	up := Upload{ID: hex.EncodeToString(sum[:]), Name: in.Name, State: "accepted", Size: int64(len(text)), By: in.By, At: testDay, Parts: []Part{{Name: in.Name, Kind: "charges", Rows: 3, Accepted: 2, Rejected: 1, Customers: []string{customer},
		Days: []string{"2026-10-01", "2026-10-02", "2026-10-05"}, From: testDay.AddDate(0, 0, -32).Truncate(day), To: testDay.AddDate(0, 0, -27).Truncate(day), Missing: []string{"tags: no show-back by tag"}}}}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, known := range m.uploads[tenant] {
		if known.ID == up.ID {
			return known, nil
		}
	}
	m.uploads[tenant] = append([]Upload{up}, m.uploads[tenant]...)
	return up, nil
}

func (m *memory) Uploads(_ context.Context, tenant string) ([]Upload, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.uploads[tenant], nil
}

func (m *memory) Upload(_ context.Context, tenant, id string) (Upload, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, up := range m.uploads[tenant] {
		if up.ID == id {
			return up, nil
		}
	}
	return Upload{}, ErrNone
}

func (m *memory) Rejects(_ context.Context, tenant, id string, w io.Writer) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, up := range m.uploads[tenant] {
		if up.ID == id {
			_, err := io.WriteString(w, "file,line,column,value,reason\n")
			return err
		}
	}
	return ErrNone
}

func (m *memory) Plan(_ context.Context, tenant, id string) (Planned, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.plans[tenant]; ok && (id == "" || id == p.ID) {
		return p, nil
	}
	return Planned{}, ErrNone
}

func (m *memory) Refresh(_ context.Context, tenant string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	plan := demoPlan()
	if tenant == "away" {
		plan = elsewhere(plan)
	}
	m.plans[tenant] = Planned{ID: "plan-" + tenant, At: testDay, Plan: plan, Input: demo().Input}
	return nil
}

// elsewhere is the plan of another partner's customer: the same figures under other names.
func elsewhere(p *recommend.Plan) *recommend.Plan {
	q := *p
	const customer = "11111111-2222-3333-4444-555555555555"
	q.Totals, q.Pools, q.Lines, q.VMs, q.Profiles = slices.Clone(p.Totals), slices.Clone(p.Pools), slices.Clone(p.Lines), slices.Clone(p.VMs), slices.Clone(p.Profiles)
	for i := range q.Totals {
		q.Totals[i].Customer, q.Totals[i].CustomerName = customer, "Elsewhere"
	}
	for i := range q.Pools {
		q.Pools[i].Customer, q.Pools[i].ID = customer, "e"+q.Pools[i].ID
	}
	for i := range q.Lines {
		q.Lines[i].Customer, q.Lines[i].Pool, q.Lines[i].ID = customer, "e"+q.Lines[i].Pool, "e"+q.Lines[i].ID
	}
	for i := range q.VMs {
		q.VMs[i].Customer = customer
	}
	for i := range q.Profiles {
		q.Profiles[i].Customer = customer
	}
	return &q
}

func (m *memory) Progress(context.Context, string) (Progress, error) { return Progress{}, nil }

func (m *memory) Person(_ context.Context, tenant, id string) (Person, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.people {
		if p.Tenant == tenant && p.ID == id {
			return p, nil
		}
	}
	return Person{}, ErrNone
}

func (m *memory) People(_ context.Context, tenant string) ([]Person, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Person
	for _, p := range m.people {
		if p.Tenant == tenant {
			all = append(all, p)
		}
	}
	return all, nil
}

func (m *memory) Save(_ context.Context, person Person) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, p := range m.people {
		if p.Tenant == person.Tenant && p.ID == person.ID {
			m.people[i] = person
			return nil
		}
	}
	m.people = append(m.people, person)
	return nil
}

func (m *memory) BySubject(_ context.Context, issuer, subject string) (Person, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.people {
		if p.Issuer == issuer && p.Subject == subject && subject != "" {
			return p, nil
		}
	}
	return Person{}, ErrNone
}

func (m *memory) AddLink(_ context.Context, tenant, person, mac string, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.links[mac], m.until[mac] = Person{Tenant: tenant, ID: person}, until
	return nil
}

func (m *memory) UseLink(_ context.Context, mac string, now time.Time) (Person, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok := m.links[mac]
	delete(m.links, mac)
	if !ok || !now.Before(m.until[mac]) {
		return Person{}, ErrNone
	}
	return p, nil
}

func (m *memory) Key(_ context.Context, mac string, now time.Time) (Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.keys {
		if k.MAC == mac {
			return k, nil
		}
	}
	return Key{}, ErrNone
}

func (m *memory) Keys(_ context.Context, tenant string) ([]Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Key
	for _, k := range m.keys {
		if k.Tenant == tenant {
			all = append(all, k)
		}
	}
	return all, nil
}

func (m *memory) SaveKey(_ context.Context, k Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k.Revoked.IsZero() {
		m.keys = append(m.keys, k)
		return nil
	}
	for i := range m.keys {
		if m.keys[i].Tenant == k.Tenant && m.keys[i].ID == k.ID && m.keys[i].Revoked.IsZero() {
			m.keys[i].Revoked = k.Revoked
			return nil
		}
	}
	return ErrNone
}

func (m *memory) Webhooks(_ context.Context, tenant string) ([]Webhook, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.hooks[tenant]), nil
}

func (m *memory) PutWebhook(_ context.Context, tenant, by, url string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !strings.HasPrefix(url, "https://") {
		return "", ErrAddress
	}
	if !slices.ContainsFunc(m.hooks[tenant], func(h Webhook) bool { return h.URL == url }) {
		m.hooks[tenant] = append(m.hooks[tenant], Webhook{URL: url, Author: by, Created: testDay, Waiting: 2, Dead: []DeadLetter{{Seq: 3, Attempts: 10, Error: "status 500"}}})
	}
	return "whsec_shown", nil
}

func (m *memory) RemoveWebhook(_ context.Context, tenant, url string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hooks[tenant] = slices.DeleteFunc(m.hooks[tenant], func(h Webhook) bool { return h.URL == url })
	return nil
}

func (m *memory) TestWebhook(_ context.Context, tenant, url string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.posted = append(m.posted, tenant+" "+url)
	if strings.Contains(url, "broken") {
		return errors.New("status 500")
	}
	return nil
}

func (m *memory) SendAgain(context.Context, string, string) (int, error) { return 1, nil }

func (m *memory) Claim(_ context.Context, tenant, route, key, request string) (*Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := tenant + "|" + route + "|" + key
	known, ok := m.answers[at]
	switch {
	case !ok:
		m.answers[at] = memoryAnswer{request: request}
		return nil, nil
	case known.request != request:
		return nil, ErrReused
	case known.Status == 0:
		return nil, ErrRunning
	}
	return &known.Answer, nil
}

func (m *memory) Keep(_ context.Context, tenant, route, key string, a Answer) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := tenant + "|" + route + "|" + key
	if a.Status == 0 {
		delete(m.answers, at)
		return nil
	}
	m.answers[at] = memoryAnswer{m.answers[at].request, a}
	return nil
}

// testDay is the instant at which the clock of tests stands.
var testDay = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// clock is a clock that tests turn.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// service is a server under test.
type service struct {
	*httptest.Server
	t      *testing.T
	server *Server
	memory *memory
	clock  *clock
	log    *bytes.Buffer
}

func newService(t *testing.T, change ...func(*Options)) *service {
	t.Helper()
	m, c, log := newMemory(), &clock{at: testDay}, &bytes.Buffer{}
	o := Options{Receiver: m, Files: m, Plans: m, People: m, Links: m, Keys: m, Answers: m, Hooks: m, Posts: m, Secret: make([]byte, 32), Now: c.now, Log: slog.New(slog.NewJSONHandler(&lockedWriter{w: log}, nil)),
		Demo: func(ctx context.Context, tenant, _ string) error { return m.Refresh(ctx, tenant) }}
	for _, f := range change {
		f(&o)
	}
	s := New(o)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return &service{Server: web, t: t, server: s, memory: m, clock: c, log: log}
}

// lockedWriter lets several goroutines log.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// browser is somebody's browser.
type browser struct {
	*http.Client
	t    *testing.T
	base string
}

// visitor opens a browser in which nobody is signed in. It follows no redirects.
func (s *service) visitor() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	return &browser{&http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, s.t, s.URL}
}

// as opens a browser in which a new person of the tenant is signed in.
func (s *service) as(tenant, id string, role Role) *browser {
	s.t.Helper()
	require.NoError(s.t, s.memory.Save(context.Background(), Person{Tenant: tenant, ID: id, Name: id, Role: role}))
	b := s.visitor()
	link, err := s.server.NewLink(s.t.Context(), tenant, id, time.Hour)
	require.NoError(s.t, err)
	_, secret, _ := strings.Cut(link, "link=")
	status, _, _ := b.post("/sign-in", url.Values{"link": {secret}})
	require.Equal(s.t, http.StatusSeeOther, status)
	return b
}

// do sends a request as a browser does and returns the answer.
func (b *browser) do(method, path, contentType string, body io.Reader) (int, http.Header, string) {
	b.t.Helper()
	r, err := http.NewRequest(method, b.base+path, body)
	require.NoError(b.t, err)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	resp, err := b.Do(r)
	require.NoError(b.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return resp.StatusCode, resp.Header, string(text)
}

func (b *browser) get(path string) (int, http.Header, string) { return b.do("GET", path, "", nil) }

func (b *browser) post(path string, form url.Values) (int, http.Header, string) {
	return b.do("POST", path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// page returns a page that must be there.
func (b *browser) page(path string) string {
	b.t.Helper()
	status, _, text := b.get(path)
	require.Equal(b.t, http.StatusOK, status, "%s: %s", path, text)
	return text
}

// follow returns the first address on a page that the pattern matches.
func follow(t *testing.T, page, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindString(page)
	require.NotEmpty(t, found, "no %s on the page", pattern)
	return found
}
