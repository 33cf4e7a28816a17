package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"reflect"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Sessions keeps the sessions of signed-in people. It is a Store, a CtxStore and an IterableStore of alexedwards/scs. A
// token is kept as its SHA-256 only, so whoever reads the database can take over no session.
type Sessions struct {
	s   *Store
	now func() time.Time
}

// Sessions returns the sessions, which expire by the clock now.
func (s *Store) Sessions(now func() time.Time) *Sessions { return &Sessions{s, now} }

func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// FindCtx returns the data of a session that has not expired.
func (x *Sessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = x.s.read.QueryRowContext(ctx, "SELECT data FROM sessions WHERE token = $1 AND expires > $2", hashed(token), micros(x.now())).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// CommitCtx keeps the data of a session. Each request of a session moves its end; where nothing else changed and it moves by
// less than a sixteenth of the time left, nothing is written, so that pages do not wait for who writes.
func (x *Sessions) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	if x.holds(ctx, token, data, expires) {
		return nil
	}
	_, err := x.s.write.ExecContext(ctx, "INSERT INTO sessions (token, data, expires) VALUES ($1, $2, $3) ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires = excluded.expires", hashed(token), data, micros(expires))
	return err
}

// holds reports whether the session is kept with the same content and nearly the same end.
func (x *Sessions) holds(ctx context.Context, token string, data []byte, expires time.Time) bool {
	var kept []byte
	var until int64
	if err := x.s.read.QueryRowContext(ctx, "SELECT data, expires FROM sessions WHERE token = $1", hashed(token)).Scan(&kept, &until); err != nil {
		return false
	}
	moved := micros(expires) - until
	return moved >= 0 && moved < (micros(expires)-micros(x.now()))/16 && sameSession(kept, data)
}

// sameSession compares two encoded sessions by what they say: the encoding orders their values by chance.
func sameSession(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	end, values, err := scs.GobCodec{}.Decode(a)
	other, others, err2 := scs.GobCodec{}.Decode(b)
	return err == nil && err2 == nil && end.Equal(other) && reflect.DeepEqual(values, others)
}

// DeleteCtx ends a session.
func (x *Sessions) DeleteCtx(ctx context.Context, token string) error {
	_, err := x.s.write.ExecContext(ctx, "DELETE FROM sessions WHERE token = $1", hashed(token))
	return err
}

// AllCtx returns the data of every session that has not expired, by the hash of its token.
func (x *Sessions) AllCtx(ctx context.Context) (map[string][]byte, error) {
	rows, err := x.s.read.QueryContext(ctx, "SELECT token, data FROM sessions WHERE expires > $1", micros(x.now()))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string][]byte{}
	for rows.Next() {
		var token string
		var data []byte
		if err := rows.Scan(&token, &data); err != nil {
			return nil, err
		}
		all[token] = data
	}
	return all, rows.Err()
}

// Find implements scs.Store.
func (x *Sessions) Find(token string) ([]byte, bool, error) {
	return x.FindCtx(context.Background(), token)
}

// Commit implements scs.Store.
func (x *Sessions) Commit(token string, data []byte, expires time.Time) error {
	return x.CommitCtx(context.Background(), token, data, expires)
}

// Delete implements scs.Store.
func (x *Sessions) Delete(token string) error { return x.DeleteCtx(context.Background(), token) }

// All implements scs.IterableStore.
func (x *Sessions) All() (map[string][]byte, error) { return x.AllCtx(context.Background()) }

// Sweep forgets what has expired by now: sessions, links, and progress older than a day.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	for _, q := range []struct {
		query  string
		before time.Time
	}{
		{"DELETE FROM sessions WHERE expires <= $1", now},
		{"DELETE FROM links WHERE expires <= $1", now},
		{"DELETE FROM events WHERE at <= $1", now.Add(-24 * time.Hour)},
	} {
		if _, err := s.write.ExecContext(ctx, q.query, micros(q.before)); err != nil {
			return err
		}
	}
	return nil
}
