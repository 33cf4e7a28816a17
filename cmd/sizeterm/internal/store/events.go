package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Event is progress that somebody may be watching: of an upload, a plan or a run.
type Event struct {
	Seq     int64 // rises within a tenant; the Last-Event-ID of a stream
	At      time.Time
	Kind    string // such as "upload" or "plan"
	Subject string // id of what it is about
	Body    string // JSON
}

// Emit adds an event and returns its number. The events of a tenant are seen in the order of their numbers, none later
// than one behind it.
func (p *Partner) Emit(ctx context.Context, e Event) (int64, error) {
	err := p.In(ctx, func(p *Partner, _ *sql.Tx) error {
		// The row of the tenant is locked until the transaction ends, so numbers become visible in their order.
		if err := p.row(ctx, "UPDATE tenants SET events = events + 1 WHERE id = $1 /* the tenant */ RETURNING events", nil, &e.Seq); err != nil {
			return err
		}
		_, err := p.exec(ctx, "INSERT INTO events (tenant, seq, at, kind, subject, body) VALUES ($1, $2, $3, $4, $5, $6)", e.Seq, micros(e.At), e.Kind, e.Subject, e.Body)
		return err
	})
	return e.Seq, err
}

// Events lists at most limit events (0 is 100) behind the number after, the oldest first.
func (p *Partner) Events(ctx context.Context, after int64, limit int) ([]Event, error) {
	var all []Event
	err := p.each(ctx, "SELECT seq, at, kind, subject, body FROM events WHERE tenant = $1 AND seq > $2 ORDER BY seq"+limited(limit), []any{after}, func(r *sql.Rows) error {
		var e Event
		var at int64
		err := r.Scan(&e.Seq, &at, &e.Kind, &e.Subject, &e.Body)
		e.At = instant(at)
		all = append(all, e)
		return err
	})
	return all, err
}

// LastEvent returns the number of the newest event, 0 where there was none.
func (p *Partner) LastEvent(ctx context.Context) (int64, error) {
	var seq int64
	err := p.row(ctx, "SELECT events FROM tenants WHERE id = $1 /* the tenant */", nil, &seq)
	return seq, err
}

// Lease takes the lease called name for the holder until now+ttl: where it is free, has run out, or is the holder's
// already. It returns false where another has it.
func (s *Store) Lease(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error) {
	var got string
	err := s.write.QueryRowContext(ctx, "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE leases.holder = excluded.holder OR leases.until <= $4 RETURNING holder",
		name, holder, micros(now.Add(ttl)), micros(now)).Scan(&got)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Release gives a lease back.
func (s *Store) Release(ctx context.Context, name, holder string) error {
	_, err := s.write.ExecContext(ctx, "DELETE FROM leases WHERE name = $1 AND holder = $2", name, holder)
	return err
}

// LeaseHolder returns who has a lease at now and until when; ErrNotFound where it is free.
func (s *Store) LeaseHolder(ctx context.Context, name string, now time.Time) (holder string, until time.Time, err error) {
	var n int64
	err = s.read.QueryRowContext(ctx, "SELECT holder, until FROM leases WHERE name = $1 AND until > $2", name, micros(now)).Scan(&holder, &n)
	return holder, instant(n), told(err)
}
