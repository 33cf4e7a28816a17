// Package store keeps orders and their journal in one SQLite file, behind the interfaces that package order declares.
//
// The rules of package order stand in the database again, as constraints and triggers: an order is born as a draft, moves
// only along the listed transitions, one revision at a time, is never deleted, and at most one order of a lineage is open;
// a row of the journal follows from the one before it and is never changed. What Update has returned survives the end of
// the process and a power cut (synchronous=FULL). Beside the file lies FILE.head with the end of the journal, so that a
// journal that is cut, or a file that is put back, is found by the next audit.
//
// SQLite below 3.51.3 can damage its write-ahead log and is refused.
package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"sizeterm/recommend/order"
)

// SQLite is an order.Store in one file. It is safe for several goroutines and several processes of one machine.
type SQLite struct {
	db   *sql.DB
	path string
}

// Errors of Open.
var (
	// ErrNewer says that a newer program wrote the file.
	ErrNewer = errors.New("written by a newer sizeterm")
	// ErrForeign says that the file is a database, but not ours.
	ErrForeign = errors.New("not a sizeterm order file")
	// ErrVersion says that the SQLite in this program is too old to be trusted.
	ErrVersion = errors.New("SQLite below 3.51.3")
)

// Open opens the file, or makes it, readable by its owner only.
func Open(ctx context.Context, path string) (*SQLite, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+escape.Replace(path)+"?_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &SQLite{db: db, path: path}
	if err := s.prepare(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// escape keeps the marks of a URI in a path from ending it.
var escape = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

// Close closes the file.
func (s *SQLite) Close() error { return s.db.Close() }

// prepare checks the versions and makes the tables of an empty file.
func (s *SQLite) prepare(ctx context.Context) error {
	var version string
	if err := s.db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	if !recent(version) {
		return fmt.Errorf("%w: %s", ErrVersion, version)
	}
	return s.in(ctx, "BEGIN IMMEDIATE", func(c *sql.Conn) error {
		var id, form, tables int
		if err := c.QueryRowContext(ctx, "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)").Scan(&id, &form, &tables); err != nil {
			return err
		}
		switch {
		case id == applicationID && form == formVersion:
			return nil
		case id == applicationID && form > formVersion:
			return fmt.Errorf("%w: form %d, this program knows %d", ErrNewer, form, formVersion)
		case id != 0 || tables != 0:
			return ErrForeign
		}
		_, err := c.ExecContext(ctx, schema())
		return err
	})
}

// recent reports whether version is 3.51.3 or later.
func recent(version string) bool {
	floor := []int{3, 51, 3}
	for i, part := range strings.SplitN(version, ".", 3) {
		n, err := strconv.Atoi(part)
		if err != nil || n < floor[i] {
			return false
		}
		if n > floor[i] {
			return true
		}
	}
	return true
}

// in runs fn on one connection between begin and COMMIT.
func (s *SQLite) in(ctx context.Context, begin string, fn func(*sql.Conn) error) error {
	c, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, begin); err != nil {
		return err
	}
	// What was begun is ended whatever happens to ctx or fn: a connection goes back to the pool without a transaction.
	done := context.WithoutCancel(ctx)
	committed := false
	defer func() {
		if !committed {
			_, _ = c.ExecContext(done, "ROLLBACK")
		}
	}()
	if err := fn(c); err != nil {
		return err
	}
	if _, err := c.ExecContext(done, "COMMIT"); err != nil {
		return err
	}
	committed = true
	return nil
}

// Update implements order.Store.
func (s *SQLite) Update(ctx context.Context, fn func(order.Tx) error) error {
	var head order.Head
	err := s.in(ctx, "BEGIN IMMEDIATE", func(c *sql.Conn) error {
		t := &tx{ctx: ctx, c: c}
		err := c.QueryRowContext(ctx, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").Scan(&t.head.Seq, &t.head.Hash)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		before := t.head
		if err := fn(t); err != nil {
			return err
		}
		if t.head != before {
			head = t.head
		}
		return nil
	})
	if err != nil || head.Seq == 0 {
		return err
	}
	if err := s.writeHead(head); err != nil {
		return fmt.Errorf("%s: entry %d is stored, the head beside the file is not: %w", s.path, head.Seq, err)
	}
	return nil
}

// Read implements order.Store.
func (s *SQLite) Read(ctx context.Context, fn func(order.Tx) error) error {
	return s.in(ctx, "BEGIN", func(c *sql.Conn) error { return fn(&tx{ctx: ctx, c: c, readOnly: true}) })
}

// Journal implements order.Store.
func (s *SQLite) Journal(ctx context.Context, yield func(order.Entry) error) error {
	return s.in(ctx, "BEGIN", func(c *sql.Conn) error {
		rows, err := c.QueryContext(ctx, "SELECT seq, event, prev, hash FROM journal ORDER BY seq")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e order.Entry
			if err := rows.Scan(&e.Seq, &e.Event, &e.Prev, &e.Hash); err != nil {
				return err
			}
			if err := yield(e); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// Check asks SQLite whether the file is sound.
func (s *SQLite) Check(ctx context.Context) error {
	return s.in(ctx, "BEGIN", func(c *sql.Conn) error {
		var text string
		if err := c.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&text); err != nil {
			return err
		}
		if text != "ok" {
			return fmt.Errorf("%s: integrity: %s: %w", s.path, text, order.ErrTampered)
		}
		return nil
	})
}

// Head returns the end of the journal as it was kept beside the file; the zero Head where nothing was kept.
func (s *SQLite) Head() (order.Head, error) {
	text, err := os.ReadFile(s.path + ".head")
	if errors.Is(err, os.ErrNotExist) {
		return order.Head{}, nil
	}
	if err != nil {
		return order.Head{}, err
	}
	return ParseHead(strings.TrimSpace(string(text)))
}

// ParseHead reads SEQ:HASH.
func ParseHead(text string) (order.Head, error) {
	seq, hash, ok := strings.Cut(text, ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	if !ok || err != nil || n < 1 || len(hash) != 64 {
		return order.Head{}, fmt.Errorf("%q: not a head of the form NUMBER:HASH", text)
	}
	return order.Head{Seq: n, Hash: hash}, nil
}

// writeHead replaces the head beside the file, whole or not at all.
func (s *SQLite) writeHead(h order.Head) error {
	f, err := os.CreateTemp(filepath.Dir(s.path), ".head-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintf(f, "%d:%s\n", h.Seq, h.Hash)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), s.path+".head")
}

// tx implements order.Tx on one connection.
type tx struct {
	ctx      context.Context
	c        *sql.Conn
	head     order.Head
	readOnly bool
}

func (t *tx) Order(id string) (order.Order, bool, error) {
	var o order.Order
	var body string
	err := t.c.QueryRowContext(t.ctx, "SELECT body FROM orders WHERE id = ?", id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return o, false, nil
	}
	if err != nil {
		return o, false, err
	}
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		return o, false, fmt.Errorf("order %s: %w", id, err)
	}
	return o, true, nil
}

func (t *tx) Orders() ([]order.Order, error) {
	rows, err := t.c.QueryContext(t.ctx, "SELECT id, body FROM orders ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []order.Order
	for rows.Next() {
		var id, body string
		if err := rows.Scan(&id, &body); err != nil {
			return nil, err
		}
		var o order.Order
		if err := json.Unmarshal([]byte(body), &o); err != nil {
			return nil, fmt.Errorf("order %s: %w", id, err)
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

func (t *tx) Append(e order.Event) error {
	if t.readOnly {
		return errors.New("store: an event appended while reading")
	}
	entry, err := order.Seal(t.head, e)
	if err != nil {
		return err
	}
	if !e.Refusal() {
		if err := t.apply(e); err != nil {
			return err
		}
	}
	if _, err := t.c.ExecContext(t.ctx, "INSERT INTO journal (seq, event, prev, hash) VALUES (?, ?, ?, ?)", entry.Seq, entry.Event, entry.Prev, entry.Hash); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	t.head = order.Head{Seq: entry.Seq, Hash: entry.Hash}
	return nil
}

// apply writes the order after the event. The database judges the move once more.
func (t *tx) apply(e order.Event) error {
	o, known, err := t.Order(e.Order)
	if err != nil {
		return err
	}
	if err := o.Apply(e); err != nil {
		return err
	}
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if known {
		_, err = t.c.ExecContext(t.ctx, "UPDATE orders SET state = ?, revision = ?, body = ? WHERE id = ?", o.State, o.Revision, string(body), o.ID)
	} else {
		_, err = t.c.ExecContext(t.ctx, "INSERT INTO orders (id, lineage, state, revision, body) VALUES (?, ?, ?, ?, ?)", o.ID, o.Lineage, o.State, o.Revision, string(body))
	}
	if err != nil {
		return fmt.Errorf("order %s: %w", o.ID, err)
	}
	return nil
}
