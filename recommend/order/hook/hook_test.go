package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

// The vector of the reference implementation of Standard Webhooks.
func TestPublishedSignature(t *testing.T) {
	s, err := ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.NoError(t, err)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", s.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)))
	for _, bad := range []string{"", "whsec_", "whsec_c2hvcnQ=", "whsec_!!", strings.Repeat("A", 100)} {
		_, err := ParseSecret(bad)
		require.Error(t, err, bad)
	}
}

var (
	start  = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	secret = Secret(strings.Repeat("k", 32))
	other  = Secret(strings.Repeat("o", 32))
)

func get(h map[string]string) func(string) string { return func(name string) string { return h[name] } }

func TestVerify(t *testing.T) {
	body := []byte(`{"a":1}`)
	h := Headers("msg_1", start, body, []Secret{other, secret}) // one is being replaced
	id, err := Verify(get(h), body, []Secret{secret}, start.Add(5*time.Minute))
	require.NoError(t, err)
	require.Equal(t, "msg_1", id)
	for name, c := range map[string]struct {
		change func(map[string]string) []byte
		now    time.Time
		want   error
	}{
		"another body":      {func(map[string]string) []byte { return []byte(`{"a":2}`) }, start, ErrSignature},
		"another id":        {func(h map[string]string) []byte { h[headerID] = "msg_2"; return body }, start, ErrSignature},
		"another time":      {func(h map[string]string) []byte { h[headerTime] = "1"; return body }, start, ErrSignature},
		"no time":           {func(h map[string]string) []byte { delete(h, headerTime); return body }, start, ErrSignature},
		"no signature":      {func(h map[string]string) []byte { delete(h, headerSignature); return body }, start, ErrSignature},
		"another signature": {func(h map[string]string) []byte { h[headerSignature] = "v1,AAAA v2,b"; return body }, start, ErrSignature},
		"too old":           {func(map[string]string) []byte { return body }, start.Add(301 * time.Second), ErrTime},
		"from the future":   {func(map[string]string) []byte { return body }, start.Add(-301 * time.Second), ErrTime},
	} {
		h := Headers("msg_1", start, body, []Secret{secret})
		_, err := Verify(get(h), c.change(h), []Secret{secret}, c.now)
		require.ErrorIs(t, err, c.want, name)
	}
}

// memory is an Outbox for tests.
type memory struct{ all map[string]Delivery }

func key(endpoint string, seq int64) string { return fmt.Sprint(endpoint, "|", seq) }

func (m *memory) LastDelivery(_ context.Context, endpoint string) (last int64, err error) {
	for _, d := range m.all {
		if d.Endpoint == endpoint {
			last = max(last, d.Seq)
		}
	}
	return last, nil
}

func (m *memory) AddDeliveries(_ context.Context, all []Delivery) error {
	for _, d := range all {
		if _, ok := m.all[key(d.Endpoint, d.Seq)]; !ok {
			m.all[key(d.Endpoint, d.Seq)] = d
		}
	}
	return nil
}

func (m *memory) Deliveries(_ context.Context, endpoint, state string, now time.Time, limit int) ([]Delivery, error) {
	var due []Delivery
	for _, d := range m.all {
		if d.Endpoint == endpoint && d.State == state && !d.Next.After(now) {
			due = append(due, d)
		}
	}
	slices.SortFunc(due, func(a, b Delivery) int { return int(a.Seq - b.Seq) })
	return due[:min(limit, len(due))], nil
}

func (m *memory) SetDelivery(_ context.Context, d Delivery) error {
	m.all[key(d.Endpoint, d.Seq)] = d
	return nil
}

// world is a desk with one approved order, a sender and an endpoint that answers what a test says.
type world struct {
	*Sender
	now    time.Time
	id     string
	box    *memory
	posts  []map[string]string
	bodies [][]byte
	status int
	err    error
}

func newWorld(t *testing.T) *world {
	w := &world{now: start, box: &memory{map[string]Delivery{}}, status: 204}
	desk := &order.Desk{Store: order.NewMemory(), Policy: order.DefaultPolicy(), Now: func() time.Time { return w.now }}
	w.Sender = &Sender{Desk: desk, Outbox: w.box, Source: "urn:sizeterm:test", Post: func(_ context.Context, _ string, h map[string]string, body []byte) (int, error) {
		w.posts, w.bodies = append(w.posts, h), append(w.bodies, body)
		return w.status, w.err
	}}
	ctx := context.Background()
	price := money.New(1_118_000_000, "USD")
	p := &order.Plan{SHA256: strings.Repeat("a", 64), AsOf: start, Lines: []order.Line{{ID: "line-1", Customer: "c", Subscription: "s", Scope: "shared", Region: "polandcentral", Size: "Standard_D2s_v5",
		Term: pricing.ThreeYear, Quantity: 1, Flexible: true, BillingPlan: "monthly", UnitPrice: price, TotalPrice: price, SavingMonth: money.New(1, "USD"), AsOf: start}}}
	made, err := desk.Draft(ctx, "anna", p, "")
	require.NoError(t, err)
	w.id = made[0].Order.ID
	require.NoError(t, desk.Request(ctx, "anna", w.id))
	require.Error(t, desk.Approve(ctx, "anna", price, w.id)) // refused: nobody outside is told
	require.NoError(t, desk.Approve(ctx, "bob", price, w.id))
	return w
}

var shop = Endpoint{URL: "https://shop.example/hook", Secrets: []Secret{secret}}

func (w *world) run(t *testing.T, want Sent) {
	t.Helper()
	got, err := w.Run(context.Background(), shop)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// Every transition arrives once, in order, as a CloudEvent whose signature holds.
func TestEveryTransitionIsTold(t *testing.T) {
	w := newWorld(t)
	w.run(t, Sent{Delivered: 3})
	w.run(t, Sent{})
	for i, kind := range []string{"drafted", "requested", "approved"} {
		_, err := Verify(get(w.posts[i]), w.bodies[i], []Secret{secret}, w.now)
		require.NoError(t, err)
		var e map[string]any
		require.NoError(t, json.Unmarshal(w.bodies[i], &e))
		require.Equal(t, "1.0", e["specversion"])
		require.Equal(t, "sizeterm.order."+kind, e["type"])
		require.Equal(t, w.posts[i][headerID], e["id"])
		require.Equal(t, w.id, e["subject"])
		for _, required := range []string{"id", "source", "specversion", "type"} { // CloudEvents 1.0
			require.NotEmpty(t, e[required])
		}
	}
	require.Contains(t, string(w.bodies[2]), `"state":"approved"`)
	require.Contains(t, string(w.bodies[0]), `"state":"draft"`, "as it was then")
}

// A failure is repeated with the same id after the times of the schedule, then it is a dead letter; a person sends it again.
func TestRepetitionsAndDeadLetters(t *testing.T) {
	w := newWorld(t)
	w.status = 503
	w.run(t, Sent{Failed: 3})
	first := w.posts[0][headerID]
	w.run(t, Sent{}) // too early
	for _, wait := range schedule[:len(schedule)-1] {
		w.now = w.now.Add(wait)
		w.run(t, Sent{Failed: 3})
	}
	require.Equal(t, first, w.posts[len(w.posts)-3][headerID])
	w.now = w.now.Add(schedule[len(schedule)-1])
	w.err = errors.New("no answer")
	w.run(t, Sent{Dead: 3})
	w.now = w.now.Add(1000 * time.Hour)
	w.run(t, Sent{})
	w.status, w.err = 200, nil
	n, err := w.Again(context.Background(), shop.URL)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	w.run(t, Sent{Delivered: 3})
	require.Equal(t, first, w.posts[len(w.posts)-3][headerID])
}

func TestAnEndpointThatIsGone(t *testing.T) {
	w := newWorld(t)
	w.status = 410
	w.run(t, Sent{Dead: 3})
}

// A process that ends between the answer and the note delivers again, with the same id.
func TestAtLeastOnce(t *testing.T) {
	w := newWorld(t)
	w.run(t, Sent{Delivered: 3})
	d := w.box.all[key(shop.URL, 1)]
	d.State = Pending
	w.box.all[key(shop.URL, 1)] = d
	w.run(t, Sent{Delivered: 1})
	require.Equal(t, w.posts[0][headerID], w.posts[3][headerID])
}

func TestTheTestButton(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Test(context.Background(), shop))
	require.Contains(t, string(w.bodies[0]), "sizeterm.webhook.test")
	w.status = 401
	require.ErrorContains(t, w.Test(context.Background(), shop), "status 401")
}

// A message of the partner's shop is taken once; what is refused is in the journal, except what anybody can send.
func TestIncomingMessages(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	body := []byte(`{"specversion":"1.0","id":"1","source":"shop","type":"sizeterm.order.bought","data":{"order":"` + w.id + `","vendor_order":"V-1","paid":"1118.00","currency":"USD"}}`)
	take := func(id string, at time.Time, body []byte, s Secret) error {
		return Take(ctx, w.Desk, get(Headers(id, at, body, []Secret{s})), body, []Secret{secret})
	}
	code := func(err error) string {
		var r *order.Refusal
		require.True(t, errors.As(err, &r), "%v", err)
		return r.Code
	}
	entries := func() int {
		facts, err := w.Desk.Journal(ctx, "", 0, 0)
		require.NoError(t, err)
		return len(facts)
	}
	before := entries()
	require.Equal(t, "webhook_signature", code(take("m1", w.now, body, other)))
	require.Equal(t, before, entries())
	require.Equal(t, "webhook_time", code(take("m1", w.now.Add(-time.Hour), body, secret)))
	require.Equal(t, "webhook_type", code(take("m1", w.now, []byte(`{"specversion":"1.0","type":"x"}`), secret)))
	require.Equal(t, "wrong_currency", code(take("m1", w.now, []byte(strings.Replace(string(body), "USD", "EUR", 1)), secret)))
	require.Equal(t, "price_changed", code(take("m1", w.now, []byte(strings.Replace(string(body), "1118.00", "1.00", 1)), secret)))
	require.Equal(t, "unknown_order", code(take("m1", w.now, []byte(strings.Replace(string(body), w.id, "o-x", 1)), secret)))
	require.Equal(t, before+5, entries())
	require.NoError(t, take("m1", w.now, body, secret))
	require.Equal(t, "webhook_replayed", code(take("m1", w.now, body, secret)))
	require.Equal(t, "already_sent", code(take("m2", w.now, body, secret)))
	_, err := w.Desk.Audit(ctx)
	require.NoError(t, err)
}
