package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

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

func desk(o *Orders) *order.Desk {
	return &order.Desk{Store: o, Policy: order.DefaultPolicy(), Now: func() time.Time { return start }}
}

// filled returns the orders of the local tenant: a draft, a requested and an approved one.
func filled(t *testing.T, s *Store) (*Orders, *order.Desk, []string) {
	t.Helper()
	o := s.Partner(Local).Orders()
	d := desk(o)
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
	return o, d, ids
}

func state(all []order.Order, id string) order.State {
	for _, o := range all {
		if o.ID == id {
			return o.State
		}
	}
	return ""
}

func TestOrdersSurviveTheProcess(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			ctx := context.Background()
			address := e.address(t)
			s := opened(t, address)
			_, d, ids := filled(t, s)
			before, err := d.Orders(ctx)
			require.NoError(t, err)
			require.NoError(t, s.Close())

			s = opened(t, address)
			o := s.Partner(Local).Orders()
			after, err := desk(o).Orders(ctx)
			require.NoError(t, err)
			require.Equal(t, before, after)
			require.Equal(t, []order.State{order.Draft, order.Requested, order.Approved}, []order.State{state(after, ids[0]), state(after, ids[1]), state(after, ids[2])})
			head, err := o.Head()
			require.NoError(t, err)
			audit, err := desk(o).Audit(ctx, head)
			require.NoError(t, err)
			if s.Embedded() {
				require.Equal(t, audit.Head(), head)
			}
			require.EqualValues(t, 7, audit.Entries) // 3 drafted, 2 requested, 1 approved, 1 refused
			require.EqualValues(t, 1, audit.Refusals)
			require.NoError(t, o.Check(ctx))
		})
	}
}

// written is the row of an order, changed by change, as columns: state, revision, body.
func written(t *testing.T, o *Orders, id string, change func(map[string]any)) []any {
	t.Helper()
	var body string
	require.NoError(t, o.s.read.QueryRow("SELECT body FROM orders WHERE id = $1", id).Scan(&body))
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &fields))
	change(fields)
	text, err := json.Marshal(fields)
	require.NoError(t, err)
	return []any{fields["state"], fields["revision"], string(text)}
}

// Whoever writes past the program meets the same rules in the database.
func TestTheDatabaseHoldsTheRules(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		o, _, ids := filled(t, s)
		draft := ids[0]
		set := func(name string, value any) func(map[string]any) {
			return func(m map[string]any) { m[name] = value }
		}
		row := func(change func(map[string]any)) []any { return append(written(t, o, draft, change), draft) }
		born := func(id, lineage, state string) []any {
			return []any{id, lineage, state, fmt.Sprintf(`{"id":%q,"lineage":%q,"state":%q,"revision":1}`, id, lineage, state)}
		}
		var lineage string
		require.NoError(t, s.read.QueryRow("SELECT lineage FROM orders WHERE id = $1", draft).Scan(&lineage))
		const update = "UPDATE orders SET state = $1, revision = $2, body = $3 WHERE id = $4"
		const insert = "INSERT INTO orders (tenant, id, lineage, state, revision, body) VALUES ('local', $1, $2, $3, 1, $4)"
		for _, c := range []struct {
			name, statement string
			args            []any
			want            string
		}{
			{"a state that cannot follow", update, row(func(m map[string]any) { m["state"], m["revision"] = "executed", 2 }), "no such transition"},
			{"a state that the body does not say", "UPDATE orders SET state = 'requested', revision = 2 WHERE id = $1", []any{draft}, "(?i)check constraint"},
			{"two revisions at once", update, row(func(m map[string]any) { m["state"], m["revision"] = "requested", 3 }), "one revision at a time"},
			{"a body that the revision does not say", "UPDATE orders SET body = $2 WHERE id = $1", []any{draft, row(set("revision", 9))[2]}, "(?i)one revision at a time|check constraint|no such transition"},
			{"an order of another tenant", "UPDATE orders SET tenant = 'x', revision = 2 WHERE id = $1", []any{draft}, "one revision|transition|(?i)constraint"},
			{"a deleted order", "DELETE FROM orders", nil, "never deleted"},
			{"an order born approved", insert, born("o-x", "l", "approved"), "born as a draft"},
			{"a second open order of a need", insert, born("o-y", lineage, "draft"), "(?i)unique"},
			{"an edited entry", "UPDATE journal SET event = '{}' WHERE seq = 1", nil, "append-only"},
			{"a deleted entry", "DELETE FROM journal WHERE seq = 7", nil, "append-only"},
			{"an entry that follows from nothing", "INSERT INTO journal (tenant, seq, event, prev, hash) VALUES ('local', 9, '{}', '', 'x')", nil, "follows from"},
			{"a new transition", "INSERT INTO transitions (src, dst) VALUES ('draft', 'executed')", nil, "fixed"},
			{"a changed transition", "UPDATE transitions SET dst = 'executed' WHERE src = 'draft'", nil, "fixed"},
			{"fewer transitions", "DELETE FROM transitions", nil, "fixed"},
		} {
			t.Run(c.name, func(t *testing.T) {
				_, err := s.write.Exec(c.statement, c.args...)
				require.Error(t, err)
				require.Regexp(t, c.want, err.Error())
			})
		}
	})
}

// A database whose guards were taken off and whose rows were changed is found by the audit, with the head that was kept.
func TestAuditFindsWhatTheGuardsDidNotStop(t *testing.T) {
	ctx := context.Background()
	statements := func(list ...string) func(*testing.T, *Orders) {
		return func(t *testing.T, o *Orders) {
			for _, statement := range list {
				_, err := o.s.write.Exec(statement)
				require.NoError(t, err)
			}
		}
	}
	for _, c := range []struct {
		name string
		do   func(*testing.T, *Orders)
	}{
		{"an edited amount in the journal", statements(`UPDATE journal SET event = replace(event, '"Micros":204000000', '"Micros":104000000') WHERE seq = 3`)},
		{"an edited actor", statements("UPDATE journal SET event = replace(event, 'bob', 'eve') WHERE seq = 6")},
		{"a deleted entry", statements("DELETE FROM journal WHERE seq = 4")},
		{"the first entry deleted", statements("DELETE FROM journal WHERE seq = 1")},
		{"the last entry cut", statements("DELETE FROM journal WHERE seq = 7")},
		{"everything cut", statements("DELETE FROM journal")},
		{"two entries swapped", statements("UPDATE journal SET seq = -1 WHERE seq = 4", "UPDATE journal SET seq = 4 WHERE seq = 5", "UPDATE journal SET seq = 5 WHERE seq = -1")},
		{"an order that approves itself", statements(`UPDATE orders SET state = 'approved', body = replace(body, '"state":"draft"', '"state":"approved"') WHERE state = 'draft'`)},
		{"a deleted order", statements("DELETE FROM orders WHERE state = 'draft'")},
		{"an edited order", func(t *testing.T, o *Orders) {
			change := func(m map[string]any) { m["line"].(map[string]any)["quantity"] = 200 }
			rewrite(t, o, "approved", change)
		}},
		{"cut entries and their order together", func(t *testing.T, o *Orders) {
			statements("DELETE FROM journal WHERE seq > 5")(t, o)
			rewrite(t, o, "approved", func(m map[string]any) {
				m["state"], m["revision"] = "requested", 2
				delete(m, "approval")
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, s *Store) {
				o, d, _ := filled(t, s)
				audit, err := d.Audit(ctx)
				require.NoError(t, err)
				unguarded(t, s)
				c.do(t, o)
				_, err = d.Audit(ctx, audit.Head())
				require.ErrorIs(t, err, order.ErrTampered)
				if s.Embedded() {
					kept, err := o.Head()
					require.NoError(t, err)
					require.Equal(t, audit.Head(), kept)
				}
			})
		})
	}
}

// rewrite changes the order in the state.
func rewrite(t *testing.T, o *Orders, state string, change func(map[string]any)) {
	t.Helper()
	var id string
	require.NoError(t, o.s.read.QueryRow("SELECT id FROM orders WHERE state = $1", state).Scan(&id))
	_, err := o.s.write.Exec("UPDATE orders SET state = $1, revision = $2, body = $3 WHERE id = $4", append(written(t, o, id, change), id)...)
	require.NoError(t, err)
}

func unguarded(t *testing.T, s *Store) {
	t.Helper()
	if !s.Embedded() {
		for _, table := range guarded {
			_, err := s.write.Exec("ALTER TABLE " + table + " DISABLE TRIGGER USER")
			require.NoError(t, err)
		}
		return
	}
	rows, err := s.read.Query("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
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
		_, err := s.write.Exec("DROP TRIGGER " + name)
		require.NoError(t, err)
	}
}

// What an update wrote is gone when it returns an error, whatever it was.
func TestAFailedUpdateLeavesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		o, d, _ := filled(t, s)
		before, err := d.Orders(ctx)
		require.NoError(t, err)
		boom := errors.New("boom")
		p := plan(5)
		require.ErrorIs(t, o.Update(ctx, func(tx order.Tx) error {
			line := p.Lines[4]
			require.NoError(t, tx.Append(order.Event{Order: "o-new", Kind: "drafted", At: start, Actor: "anna", Line: &line, Plan: p.SHA256}))
			_, ok, err := tx.Order("o-new")
			require.NoError(t, err)
			require.True(t, ok, "a transaction sees its own writes")
			return boom
		}), boom)
		require.ErrorIs(t, o.Update(ctx, func(tx order.Tx) error {
			return tx.Append(order.Event{Order: before[0].ID, Kind: "executed", At: start, Actor: "anna"})
		}), order.ErrTransition)
		require.Error(t, o.Read(ctx, func(tx order.Tx) error { return tx.Append(order.Event{Kind: "refused"}) }))
		after, err := d.Orders(ctx)
		require.NoError(t, err)
		require.Equal(t, before, after)
		audit, err := d.Audit(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 7, audit.Entries)
	})
}

// Two stores on one database, as two processes have it, opened at once: the updates follow one another.
func TestTwoOpeningsOfOneDatabase(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			address := e.address(t)
			stores, errs := make([]*Store, 2), make([]error, 2)
			var wait sync.WaitGroup
			for i := range stores {
				wait.Go(func() {
					if stores[i], errs[i] = Open(context.Background(), address); errs[i] != nil {
						return
					}
					d := desk(stores[i].Partner(Local).Orders())
					for n := range 10 {
						p := plan(n + 1)
						if _, errs[i] = d.Draft(context.Background(), "anna", p, p.Lines[n].Customer); errs[i] != nil {
							return
						}
					}
				})
			}
			wait.Wait()
			require.NoError(t, errors.Join(errs...))
			d := desk(stores[0].Partner(Local).Orders())
			orders, err := d.Orders(context.Background())
			require.NoError(t, err)
			require.Len(t, orders, 10)
			audit, err := d.Audit(context.Background())
			require.NoError(t, err)
			require.EqualValues(t, 10, audit.Entries)
			for _, s := range stores {
				require.NoError(t, s.Close())
			}
		})
	}
}

// The orders and the journals of two tenants know nothing of each other.
func TestTenantsHaveOrdersOfTheirOwn(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		one, two := partners(t, s)
		for i, p := range []*Partner{one, two, s.Partner(Local)} {
			_, err := desk(p.Orders()).Draft(ctx, "anna", plan(i+1), "")
			require.NoError(t, err)
		}
		for i, p := range []*Partner{one, two, s.Partner(Local)} {
			head, err := p.Orders().Head()
			require.NoError(t, err)
			audit, err := desk(p.Orders()).Audit(ctx, head)
			require.NoError(t, err)
			require.EqualValues(t, i+1, audit.Entries)
		}
		_, err := desk(s.Partner("nobody").Orders()).Draft(ctx, "anna", plan(1), "")
		require.Error(t, err)
	})
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
