package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// plan makes a plan of n lines, each in a region of its own where there are enough.
func plan(n int) *order.Plan {
	p := &order.Plan{SHA256: strings.Repeat("a", 64), AsOf: start}
	for i := range n {
		unit := money.New(1_000_000*int64(100+i), "USD")
		total, _ := unit.Mul(2)
		p.Lines = append(p.Lines, order.Line{
			ID: fmt.Sprintf("line-%d", i), Customer: fmt.Sprintf("customer-%03d", i), Scope: "shared", Region: "westeurope", Size: "Standard_D2s_v5",
			Term: pricing.ThreeYear, Quantity: 2, Flexible: true, BillingPlan: "monthly", UnitPrice: unit, TotalPrice: total, SavingMonth: unit, AsOf: start,
		})
	}
	return p
}

func open(t *testing.T, path string) (*SQLite, *order.Desk) {
	t.Helper()
	s, err := Open(context.Background(), path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s, &order.Desk{Store: s, Policy: order.DefaultPolicy(), Now: func() time.Time { return start }}
}

// filled returns a desk with three orders: a draft, a requested and an approved one.
func filled(t *testing.T, path string) (*SQLite, *order.Desk, []string) {
	t.Helper()
	s, d := open(t, path)
	ctx := context.Background()
	drafted, err := d.Draft(ctx, "anna", plan(3), "")
	require.NoError(t, err)
	var ids []string
	for _, x := range drafted {
		require.True(t, x.New)
		ids = append(ids, x.Order.ID)
	}
	require.NoError(t, d.Request(ctx, "anna", ids[1], ids[2]))
	require.NoError(t, d.Approve(ctx, "bob", money.New(204_000_000, "USD"), ids[2])) // 2 x 102.00
	require.ErrorIs(t, d.Approve(ctx, "anna", money.New(202_000_000, "USD"), ids[1]), order.ErrRefused)
	return s, d, ids
}

func TestOrdersSurviveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders?#%.db") // marks that must not end the name
	s, d, ids := filled(t, path)
	before, err := d.Orders(context.Background())
	require.NoError(t, err)
	require.NoError(t, s.Close())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	s, d = open(t, path)
	after, err := d.Orders(context.Background())
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, []order.State{order.Draft, order.Requested, order.Approved}, []order.State{state(after, ids[0]), state(after, ids[1]), state(after, ids[2])})
	head, err := s.Head()
	require.NoError(t, err)
	audit, err := d.Audit(context.Background(), head)
	require.NoError(t, err)
	require.Equal(t, audit.Head(), head)
	require.EqualValues(t, 7, audit.Entries) // 3 drafted, 2 requested, 1 approved, 1 refused
	require.EqualValues(t, 1, audit.Refusals)
	require.NoError(t, s.Check(context.Background()))
}

func state(all []order.Order, id string) order.State {
	for _, o := range all {
		if o.ID == id {
			return o.State
		}
	}
	return ""
}

// Whoever writes past the program meets the same rules in the database.
func TestTheDatabaseHoldsTheRules(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.db")
	s, _, ids := filled(t, path)
	for _, c := range []struct{ name, statement, want string }{
		{"a state that cannot follow", "UPDATE orders SET state = 'executed', revision = revision + 1, body = json_set(body, '$.state', 'executed', '$.revision', revision + 1) WHERE id = '" + ids[0] + "'", "no such transition"},
		{"a state that the body does not say", "UPDATE orders SET state = 'requested', revision = revision + 1 WHERE id = '" + ids[0] + "'", "CHECK constraint"},
		{"a body that the revision does not say", "UPDATE orders SET body = json_set(body, '$.revision', 9) WHERE id = '" + ids[0] + "'", "one revision at a time|CHECK constraint|no such transition"},
		{"a deleted order", "DELETE FROM orders", "never deleted"},
		{"an order born approved", `INSERT INTO orders (id, lineage, state, revision, body) VALUES ('o-x', 'l', 'approved', 1, '{"id":"o-x","lineage":"l","state":"approved","revision":1}')`, "born as a draft"},
		{"a second open order of a need", "INSERT INTO orders (id, lineage, state, revision, body) SELECT 'o-y', lineage, 'draft', 1, json_object('id', 'o-y', 'lineage', lineage, 'state', 'draft', 'revision', 1) FROM orders WHERE id = '" + ids[0] + "'", "UNIQUE"},
		{"an edited entry", "UPDATE journal SET event = '{}' WHERE seq = 1", "append-only"},
		{"a deleted entry", "DELETE FROM journal WHERE seq = 7", "append-only"},
		{"an entry that follows from nothing", "INSERT INTO journal (seq, event, prev, hash) VALUES (9, '{}', '', 'x')", "follows from"},
		{"a new transition", "INSERT INTO transitions (src, dst) VALUES ('draft', 'executed')", "fixed"},
		{"a changed transition", "UPDATE transitions SET dst = 'executed' WHERE src = 'draft'", "fixed"},
		{"fewer transitions", "DELETE FROM transitions", "fixed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.db.Exec(c.statement)
			require.Error(t, err)
			require.Regexp(t, c.want, err.Error())
		})
	}
}

// A file whose guards were taken off and whose rows were changed is found by the audit.
func TestAuditFindsWhatTheGuardsDidNotStop(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct{ name, statement string }{
		{"an edited amount in the journal", `UPDATE journal SET event = replace(event, '"Micros":204000000', '"Micros":104000000') WHERE seq = 3`},
		{"an edited actor", "UPDATE journal SET event = replace(event, 'bob', 'eve') WHERE seq = 6"},
		{"a deleted entry", "DELETE FROM journal WHERE seq = 4"},
		{"the first entry deleted", "DELETE FROM journal WHERE seq = 1"},
		{"the last entry cut", "DELETE FROM journal WHERE seq = 7"},
		{"everything cut", "DELETE FROM journal"},
		{"two entries swapped", "UPDATE journal SET seq = -1 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = 5; UPDATE journal SET seq = 5 WHERE seq = -1"},
		{"an edited order", "UPDATE orders SET body = json_set(body, '$.line.quantity', 200) WHERE state = 'approved'"},
		{"an order that approves itself", "UPDATE orders SET state = 'approved', body = json_set(body, '$.state', 'approved') WHERE state = 'draft'"},
		{"a deleted order", "DELETE FROM orders WHERE state = 'draft'"},
		{"cut entry and its order together", "DELETE FROM journal WHERE seq > 5; UPDATE orders SET state = 'requested', revision = 2, body = json_remove(json_set(body, '$.state', 'requested', '$.revision', 2), '$.approval') WHERE state = 'approved'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "orders.db")
			s, d, _ := filled(t, path)
			unguarded(t, s.db)
			_, err := s.db.Exec(c.statement)
			require.NoError(t, err)
			head, err := s.Head()
			require.NoError(t, err)
			_, err = d.Audit(ctx, head)
			require.ErrorIs(t, err, order.ErrTampered)
		})
	}
}

func unguarded(t *testing.T, db *sql.DB) {
	t.Helper()
	rows, err := db.Query("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
	require.NoError(t, err)
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Close())
	require.NotEmpty(t, names)
	for _, name := range names {
		_, err := db.Exec("DROP TRIGGER " + name)
		require.NoError(t, err)
	}
}

// An old copy of the file is put back: the head that was kept elsewhere says so.
func TestAnOldFilePutBackIsFound(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "orders.db")
	s, d, ids := filled(t, path)
	_, err := s.db.Exec("VACUUM INTO ?", path+".old")
	require.NoError(t, err)
	require.NoError(t, d.Reject(ctx, "carol", "too dear", ids[2]))
	require.NoError(t, s.Close())
	require.NoError(t, os.Rename(path+".old", path))
	_ = os.Remove(path + "-wal")
	s, d = open(t, path)
	head, err := s.Head()
	require.NoError(t, err)
	require.EqualValues(t, 8, head.Seq)
	_, err = d.Audit(ctx, head)
	require.ErrorIs(t, err, order.ErrTampered)
	require.ErrorContains(t, err, "entry 8")
}

// What an update wrote is gone when it returns an error, whatever it was.
func TestAFailedUpdateLeavesNothing(t *testing.T) {
	ctx := context.Background()
	s, d, _ := filled(t, filepath.Join(t.TempDir(), "orders.db"))
	before, err := d.Orders(ctx)
	require.NoError(t, err)
	boom := errors.New("boom")
	p := plan(5)
	require.ErrorIs(t, s.Update(ctx, func(tx order.Tx) error {
		line := p.Lines[4]
		require.NoError(t, tx.Append(order.Event{Order: "o-new", Kind: "drafted", At: start, Actor: "anna", Line: &line, Plan: p.SHA256}))
		_, ok, err := tx.Order("o-new")
		require.NoError(t, err)
		require.True(t, ok, "a transaction sees its own writes")
		return boom
	}), boom)
	require.ErrorIs(t, s.Update(ctx, func(tx order.Tx) error {
		return tx.Append(order.Event{Order: before[0].ID, Kind: "executed", At: start, Actor: "anna"})
	}), order.ErrTransition)
	require.Error(t, s.Read(ctx, func(tx order.Tx) error { return tx.Append(order.Event{Kind: "refused"}) }))
	after, err := d.Orders(ctx)
	require.NoError(t, err)
	require.Equal(t, before, after)
	audit, err := d.Audit(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 7, audit.Entries)
}

// Two stores on one file, as two processes have it: the updates follow one another.
func TestTwoOpeningsOfOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.db")
	_, one := open(t, path)
	_, two := open(t, path)
	var wait sync.WaitGroup
	errs := make([]error, 2)
	for i, d := range []*order.Desk{one, two} {
		wait.Go(func() {
			for n := range 10 {
				p := plan(n + 1)
				if _, err := d.Draft(context.Background(), "anna", p, p.Lines[n].Customer); err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	wait.Wait()
	require.NoError(t, errors.Join(errs...))
	orders, err := one.Orders(context.Background())
	require.NoError(t, err)
	require.Len(t, orders, 10)
	audit, err := two.Audit(context.Background())
	require.NoError(t, err)
	require.EqualValues(t, 10, audit.Entries)
}

func TestForeignAndNewerFilesAreRefused(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	foreign := filepath.Join(dir, "foreign.db")
	db, err := sql.Open("sqlite", "file:"+foreign)
	require.NoError(t, err)
	_, err = db.Exec("CREATE TABLE things (id INTEGER)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = Open(ctx, foreign)
	require.ErrorIs(t, err, ErrForeign)

	newer := filepath.Join(dir, "newer.db")
	s, _ := open(t, newer)
	_, err = s.db.Exec("PRAGMA user_version = 99")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = Open(ctx, newer)
	require.ErrorIs(t, err, ErrNewer)

	text := filepath.Join(dir, "text.db")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o600))
	_, err = Open(ctx, text)
	require.Error(t, err)
	_, err = Open(ctx, filepath.Join(dir, "missing", "orders.db"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestVersionFloor(t *testing.T) {
	for version, want := range map[string]bool{"3.51.3": true, "3.51.10": true, "3.52.0": true, "4.0.0": true, "3.51.2": false, "3.50.9": false, "2.99.99": false, "": false, "3.51.x": false} {
		require.Equal(t, want, recent(version), version)
	}
}

func TestParseHead(t *testing.T) {
	hash := strings.Repeat("0f", 32)
	h, err := ParseHead("12:" + hash)
	require.NoError(t, err)
	require.Equal(t, order.Head{Seq: 12, Hash: hash}, h)
	for _, bad := range []string{"", "12", "0:" + hash, "-1:" + hash, "x:" + hash, "12:short"} {
		_, err := ParseHead(bad)
		require.Error(t, err, bad)
	}
}
