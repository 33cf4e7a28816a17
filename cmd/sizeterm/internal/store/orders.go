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

	"sizeterm/recommend/order"
)

// Orders is the order.Store of one tenant. With SQLite, beside the file lies FILE.head with the end of the journal
// (FILE.TENANT.head where the tenant is not Local), so that a journal that is cut, or a file that is put back, is found by
// the next audit.
type Orders struct {
	s      *Store
	tenant string
}

// Orders returns the orders of the tenant.
func (p *Partner) Orders() *Orders { return &Orders{p.s, p.tenant} }

// Update implements order.Store.
func (o *Orders) Update(ctx context.Context, fn func(order.Tx) error) error {
	var head order.Head
	err := o.s.in(ctx, o.s.write, func(db *sql.Tx) error {
		if !o.s.Embedded() { // SQLite has one writer anyway
			if _, err := db.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext('orders'), hashtext($1))", o.tenant); err != nil {
				return err
			}
		}
		t := &orderTx{ctx: ctx, db: db, tenant: o.tenant}
		err := db.QueryRowContext(ctx, "SELECT seq, hash FROM journal WHERE tenant = $1 ORDER BY seq DESC LIMIT 1", o.tenant).Scan(&t.head.Seq, &t.head.Hash)
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
	if err != nil || head.Seq == 0 || !o.s.Embedded() {
		return err
	}
	if err := o.writeHead(head); err != nil {
		return fmt.Errorf("%s: entry %d is stored, the head beside the file is not: %w", o.s.path, head.Seq, err)
	}
	return nil
}

// reading runs fn on a state between two updates.
func (o *Orders) reading(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := o.s.read.BeginTx(ctx, o.s.snapshot())
	if err != nil {
		return err
	}
	return errors.Join(fn(tx), rolledBack(tx))
}

// snapshot are the options of a transaction that sees one state. SQLite's always do.
func (s *Store) snapshot() *sql.TxOptions {
	if s.Embedded() {
		return nil
	}
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// Read implements order.Store.
func (o *Orders) Read(ctx context.Context, fn func(order.Tx) error) error {
	return o.reading(ctx, func(db *sql.Tx) error {
		return fn(&orderTx{ctx: ctx, db: db, tenant: o.tenant, readOnly: true})
	})
}

// Journal implements order.Store.
func (o *Orders) Journal(ctx context.Context, yield func(order.Entry) error) error {
	return o.reading(ctx, func(db *sql.Tx) error {
		rows, err := db.QueryContext(ctx, "SELECT seq, event, prev, hash FROM journal WHERE tenant = $1 ORDER BY seq", o.tenant)
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

// headPath is where the end of the journal is kept.
func (o *Orders) headPath() string {
	if o.tenant == Local {
		return o.s.path + ".head"
	}
	return o.s.path + "." + filepath.Base(o.tenant) + ".head"
}

// Head returns the end of the journal as it was kept beside the file; the zero Head where nothing was kept, as with
// PostgreSQL.
func (o *Orders) Head() (order.Head, error) {
	if !o.s.Embedded() {
		return order.Head{}, nil
	}
	text, err := os.ReadFile(o.headPath())
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
func (o *Orders) writeHead(h order.Head) error {
	f, err := os.CreateTemp(filepath.Dir(o.s.path), ".head-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintf(f, "%d:%s\n", h.Seq, h.Hash)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), o.headPath())
}

// orderTx implements order.Tx.
type orderTx struct {
	ctx      context.Context
	db       *sql.Tx
	tenant   string
	head     order.Head
	readOnly bool
}

func (t *orderTx) Order(id string) (order.Order, bool, error) {
	var o order.Order
	var body string
	err := t.db.QueryRowContext(t.ctx, "SELECT body FROM orders WHERE tenant = $1 AND id = $2", t.tenant, id).Scan(&body)
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

func (t *orderTx) Orders() ([]order.Order, error) {
	rows, err := t.db.QueryContext(t.ctx, "SELECT id, body FROM orders WHERE tenant = $1 ORDER BY id", t.tenant)
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

func (t *orderTx) Append(e order.Event) error {
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
	if _, err := t.db.ExecContext(t.ctx, "INSERT INTO journal (tenant, seq, event, prev, hash) VALUES ($1, $2, $3, $4, $5)", t.tenant, entry.Seq, entry.Event, entry.Prev, entry.Hash); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	t.head = order.Head{Seq: entry.Seq, Hash: entry.Hash}
	return nil
}

// apply writes the order after the event. The database judges the move once more.
func (t *orderTx) apply(e order.Event) error {
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
		_, err = t.db.ExecContext(t.ctx, "UPDATE orders SET state = $2, revision = $3, body = $4 WHERE tenant = $1 AND id = $5", t.tenant, string(o.State), o.Revision, string(body), o.ID)
	} else {
		_, err = t.db.ExecContext(t.ctx, "INSERT INTO orders (tenant, id, lineage, state, revision, body) VALUES ($1, $2, $3, $4, $5, $6)", t.tenant, o.ID, o.Lineage, string(o.State), o.Revision, string(body))
	}
	if err != nil {
		return fmt.Errorf("order %s: %w", o.ID, err)
	}
	return nil
}

// Check asks the database whether it is sound.
func (o *Orders) Check(ctx context.Context) error { return o.s.Check(ctx) }
