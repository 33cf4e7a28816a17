package hook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"sizeterm/recommend/order"
)

// States of a delivery.
const (
	Pending = "pending"
	Done    = "done"
	Dead    = "dead"
)

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	Endpoint string    `json:"endpoint"`
	Seq      int64     `json:"seq"` // of the journal
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next"` // not before
	Error    string    `json:"error,omitempty"`
}

// Outbox keeps deliveries. It survives the end of the process.
type Outbox interface {
	// LastDelivery is the highest number that the endpoint has a delivery of, 0 where it has none.
	LastDelivery(ctx context.Context, endpoint string) (int64, error)
	// AddDeliveries adds deliveries; those that are there already stay as they are.
	AddDeliveries(ctx context.Context, all []Delivery) error
	// Deliveries lists those of an endpoint in a state that are due at now, by number, at most limit.
	Deliveries(ctx context.Context, endpoint, state string, now time.Time, limit int) ([]Delivery, error)
	// SetDelivery writes what became of one.
	SetDelivery(ctx context.Context, d Delivery) error
}

// schedule is how long to wait after each failed attempt, as Standard Webhooks proposes; after the last one a delivery is a
// dead letter: three days and four hours in all.
var schedule = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// Endpoint is somebody who wants to be told.
type Endpoint struct {
	URL     string
	Secrets []Secret // the first is the newest
}

// Sender tells endpoints what the journal says.
type Sender struct {
	Desk   *order.Desk
	Outbox Outbox
	Source string // of the events, a URI
	// Post makes one call. An error says that no answer was heard.
	Post func(ctx context.Context, url string, header map[string]string, body []byte) (status int, err error)
}

// Sent counts what a Run did.
type Sent struct{ Delivered, Failed, Dead int }

// batch is how many deliveries one Run makes.
const batch = 500

// Run delivers what is due to one endpoint: new entries of the journal and earlier failures. Several may run at once; then
// an event may arrive twice, with one id.
func (s *Sender) Run(ctx context.Context, e Endpoint) (Sent, error) {
	var sent Sent
	events, err := s.enqueue(ctx, e.URL)
	if err != nil {
		return sent, err
	}
	due, err := s.Outbox.Deliveries(ctx, e.URL, Pending, s.Desk.Now(), batch)
	if err != nil {
		return sent, err
	}
	for _, d := range due {
		event, ok := events[d.Seq]
		if !ok {
			return sent, fmt.Errorf("webhook: delivery of entry %d: the journal has none", d.Seq)
		}
		if err := s.deliver(ctx, e, &d, &event); err != nil {
			return sent, err
		}
		switch d.State {
		case Done:
			sent.Delivered++
		case Dead:
			sent.Dead++
		default:
			sent.Failed++
		}
	}
	return sent, nil
}

// enqueue reads the journal, adds deliveries of what is new and returns the events by number.
func (s *Sender) enqueue(ctx context.Context, endpoint string) (map[int64]Event, error) {
	last, err := s.Outbox.LastDelivery(ctx, endpoint)
	if err != nil {
		return nil, err
	}
	facts, err := s.Desk.Journal(ctx, "", 0, 0)
	if err != nil {
		return nil, err
	}
	events, orders := map[int64]Event{}, map[string]*order.Order{}
	var fresh []Delivery
	for i := range facts {
		f := &facts[i]
		if f.Event.Refusal() {
			continue
		}
		o := orders[f.Order]
		if o == nil {
			o = &order.Order{}
			orders[f.Order] = o
		}
		if err := o.Apply(f.Event); err != nil {
			return nil, fmt.Errorf("webhook: entry %d: %w", f.Seq, err)
		}
		if !Told(f) {
			continue
		}
		events[f.Seq] = eventOf(s.Source, f, o)
		if f.Seq > last {
			fresh = append(fresh, Delivery{Endpoint: endpoint, Seq: f.Seq, State: Pending, Next: f.At})
		}
	}
	return events, s.Outbox.AddDeliveries(ctx, fresh)
}

// deliver makes one attempt and writes down what came of it. The write happens after the answer: a process that ends between
// them delivers again.
func (s *Sender) deliver(ctx context.Context, e Endpoint, d *Delivery, event *Event) error {
	body, err := event.body()
	if err != nil {
		return err
	}
	now := s.Desk.Now()
	status, err := s.Post(ctx, e.URL, Headers(event.ID, now, body, e.Secrets), body)
	d.Attempts++
	switch {
	case err == nil && status/100 == 2:
		d.State, d.Error = Done, ""
	case err == nil && status == 410:
		d.State, d.Error = Dead, "410: the endpoint wants nothing more"
	case d.Attempts > len(schedule):
		d.State, d.Error = Dead, failure(status, err)
	default:
		d.Error, d.Next = failure(status, err), now.Add(schedule[d.Attempts-1])
	}
	return s.Outbox.SetDelivery(context.WithoutCancel(ctx), *d)
}

func failure(status int, err error) string {
	if err == nil {
		return fmt.Sprintf("status %d", status)
	}
	text := err.Error()
	return text[:min(len(text), 300)]
}

// Test sends a message that concerns no order, once, and says how it was answered: what the test button of a page does.
func (s *Sender) Test(ctx context.Context, e Endpoint) error {
	now := s.Desk.Now()
	sum := sha256.Sum256([]byte("test " + now.Format(time.RFC3339Nano)))
	event := Event{SpecVersion: "1.0", ID: "evt_test_" + hex.EncodeToString(sum[:8]), Source: s.Source, Type: "sizeterm.webhook.test", Time: now, ContentType: "application/json"}
	body, err := event.body()
	if err != nil {
		return err
	}
	status, err := s.Post(ctx, e.URL, Headers(event.ID, now, body, e.Secrets), body)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("status %d", status)
	}
	if err != nil {
		return fmt.Errorf("webhook %s: %w", e.URL, err)
	}
	return nil
}

// Again makes dead letters of an endpoint due once more, with all their attempts before them, and says how many.
func (s *Sender) Again(ctx context.Context, endpoint string) (int, error) {
	dead, err := s.Outbox.Deliveries(ctx, endpoint, Dead, s.Desk.Now(), batch)
	if err != nil {
		return 0, err
	}
	for _, d := range dead {
		d.State, d.Attempts, d.Next = Pending, 0, s.Desk.Now()
		if err := s.Outbox.SetDelivery(ctx, d); err != nil {
			return 0, err
		}
	}
	return len(dead), nil
}
