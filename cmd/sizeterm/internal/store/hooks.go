package store

import (
	"context"
	"database/sql"
	"time"

	"sizeterm/recommend/order/hook"
)

// LastDelivery implements hook.Outbox.
func (p *Partner) LastDelivery(ctx context.Context, endpoint string) (int64, error) {
	var last int64
	err := p.row(ctx, "SELECT coalesce(max(seq), 0) FROM deliveries WHERE tenant = $1 AND endpoint = $2", []any{endpoint}, &last)
	return last, err
}

// AddDeliveries implements hook.Outbox: all of them, or none.
func (p *Partner) AddDeliveries(ctx context.Context, all []hook.Delivery) error {
	if len(all) == 0 {
		return nil
	}
	return p.In(ctx, func(p *Partner, _ *sql.Tx) error {
		for _, d := range all {
			if _, err := p.exec(ctx, "INSERT INTO deliveries (tenant, endpoint, seq, state, attempts, due, error) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, endpoint, seq) DO NOTHING",
				d.Endpoint, d.Seq, d.State, d.Attempts, micros(d.Next), d.Error); err != nil {
				return err
			}
		}
		return nil
	})
}

// Deliveries implements hook.Outbox.
func (p *Partner) Deliveries(ctx context.Context, endpoint, state string, now time.Time, limit int) ([]hook.Delivery, error) {
	var all []hook.Delivery
	err := p.each(ctx, "SELECT seq, attempts, due, error FROM deliveries WHERE tenant = $1 AND endpoint = $2 AND state = $3 AND due <= $4 ORDER BY seq"+limited(limit), []any{endpoint, state, micros(now)}, func(r *sql.Rows) error {
		d := hook.Delivery{Endpoint: endpoint, State: state}
		var due int64
		err := r.Scan(&d.Seq, &d.Attempts, &due, &d.Error)
		d.Next = instant(due)
		all = append(all, d)
		return err
	})
	return all, err
}

// SetDelivery implements hook.Outbox. One that is delivered stays so, whatever another process says that tried it too.
func (p *Partner) SetDelivery(ctx context.Context, d hook.Delivery) error {
	_, err := p.exec(ctx, "UPDATE deliveries SET state = $4, attempts = $5, due = $6, error = $7 WHERE tenant = $1 AND endpoint = $2 AND seq = $3 AND state <> 'done'",
		d.Endpoint, d.Seq, d.State, d.Attempts, micros(d.Next), d.Error)
	return err
}

// Endpoint is an address to which events of the journal are posted.
type Endpoint struct {
	URL     string
	Secrets string // sealed by whoever keeps it
	Author  string
	Created time.Time
}

// Endpoints returns the endpoints of the tenant, by address.
func (p *Partner) Endpoints(ctx context.Context) ([]Endpoint, error) {
	var all []Endpoint
	err := p.each(ctx, "SELECT url, secrets, author, created FROM endpoints WHERE tenant = $1 ORDER BY url", nil, func(r *sql.Rows) error {
		var e Endpoint
		var created int64
		err := r.Scan(&e.URL, &e.Secrets, &e.Author, &created)
		e.Created = instant(created)
		all = append(all, e)
		return err
	})
	return all, err
}

// PutEndpoint adds an endpoint, or gives one that is there other secrets.
func (p *Partner) PutEndpoint(ctx context.Context, e Endpoint) error {
	_, err := p.exec(ctx, "INSERT INTO endpoints (tenant, url, secrets, author, created) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, url) DO UPDATE SET secrets = excluded.secrets", e.URL, e.Secrets, e.Author, micros(e.Created))
	return err
}

// RemoveEndpoint takes an endpoint away. What was delivered to it stays known: an endpoint that comes again is told what is new.
func (p *Partner) RemoveEndpoint(ctx context.Context, url string) error {
	return p.one(ctx, "DELETE FROM endpoints WHERE tenant = $1 AND url = $2", url)
}

// Entries is the number of the last entry of the tenant's journal, 0 where there is none.
func (p *Partner) Entries(ctx context.Context) (int64, error) {
	var last int64
	err := p.row(ctx, "SELECT coalesce(max(seq), 0) FROM journal WHERE tenant = $1", nil, &last)
	return last, err
}
