package store

import (
	"context"
	"database/sql"
	"time"
)

// Told returns what was told last of each subject by a channel: a plan of a customer, an upload. A plan is an outbox of
// itself: it is kept in one transaction, and is to be told as long as it is not here.
func (p *Partner) Told(ctx context.Context, channel string) (map[string]string, error) {
	all := map[string]string{}
	err := p.each(ctx, "SELECT subject, what FROM told WHERE tenant = $1 AND channel = $2", []any{channel}, func(r *sql.Rows) error {
		var subject, what string
		err := r.Scan(&subject, &what)
		all[subject] = what
		return err
	})
	return all, err
}

// SetTold notes what was told of a subject by a channel.
func (p *Partner) SetTold(ctx context.Context, channel, subject, what string, at time.Time) error {
	_, err := p.exec(ctx, "INSERT INTO told (tenant, channel, subject, what, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, channel, subject) DO UPDATE SET what = excluded.what, at = excluded.at",
		channel, subject, what, micros(at))
	return err
}
