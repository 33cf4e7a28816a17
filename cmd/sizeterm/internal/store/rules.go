package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sizeterm/recommend/order"
)

// enforce writes the rules into the database where other ones stand in it. They are made from package order, which has the
// one list of transitions.
func (s *Store) enforce(ctx context.Context, tx *sql.Tx) error {
	if !s.Embedded() {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(7527026)"); err != nil {
			return err
		}
	}
	wanted := s.rules()
	digest := sha256.Sum256([]byte(wanted))
	sum := hex.EncodeToString(digest[:])
	var stored string
	if err := tx.QueryRowContext(ctx, "SELECT sum FROM rules").Scan(&stored); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if stored == sum {
		return nil
	}
	if err := knownMoves(ctx, tx); err != nil {
		return err
	}
	if err := s.dropRules(ctx, tx); err != nil {
		return err
	}
	if s.Embedded() {
		if err := takeOver(ctx, tx); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, wanted); err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO rules (one, sum) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET sum = excluded.sum", sum)
	return err
}

// knownMoves refuses a database whose orders move in ways that this program does not know.
func knownMoves(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, "SELECT src, dst FROM transitions")
	if err != nil {
		return err
	}
	defer rows.Close()
	known := order.Transitions()
	for rows.Next() {
		var t [2]order.State
		if err := rows.Scan(&t[0], &t[1]); err != nil {
			return err
		}
		if !slices.Contains(known, t) {
			return fmt.Errorf("%w: orders move from %q to %q", ErrNewer, t[0], t[1])
		}
	}
	return rows.Err()
}

// guarded are the tables that have triggers.
var guarded = []string{"transitions", "orders", "journal", "audit"}

// dropRules takes the triggers off, and the transitions out.
func (s *Store) dropRules(ctx context.Context, tx *sql.Tx) error {
	query := "SELECT tgname, relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT tgisinternal AND c.relnamespace = current_schema()::regnamespace"
	if s.Embedded() {
		query = "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger'"
	}
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	var drops []string
	for rows.Next() {
		var name, table string
		if err := rows.Scan(&name, &table); err != nil {
			return errors.Join(err, rows.Close())
		}
		if slices.Contains(guarded, table) && s.Embedded() {
			drops = append(drops, "DROP TRIGGER "+name)
		} else if slices.Contains(guarded, table) {
			drops = append(drops, "DROP TRIGGER "+name+" ON "+table)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, statement := range append(drops, "DROP INDEX IF EXISTS orders_open", "DELETE FROM transitions") {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// rules are the statements that make the triggers and the list of transitions.
func (s *Store) rules() string {
	var moves, closed []string
	states := map[order.State]bool{}
	for _, t := range order.Transitions() {
		moves = append(moves, fmt.Sprintf("('%s','%s')", t[0], t[1]))
		for _, state := range t {
			if state != "" && !state.Open() && !states[state] {
				closed = append(closed, "'"+string(state)+"'")
			}
			states[state] = true
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO transitions (src, dst) VALUES %s;\n", strings.Join(moves, ","))
	fmt.Fprintf(&b, "CREATE UNIQUE INDEX orders_open ON orders (tenant, lineage) WHERE state NOT IN (%s);\n", strings.Join(closed, ","))
	for _, r := range rules() {
		b.WriteString(r.statement(s.Embedded()))
	}
	return b.String()
}

// rule is one trigger: what is refused of a table, when, and why.
type rule struct {
	name, event, table, when, why string
}

// rules lists them. A when without words refuses always.
func rules() []rule {
	list := []rule{
		{"orders_born", "INSERT", "orders", "NEW.revision <> 1 OR NOT EXISTS (SELECT 1 FROM transitions WHERE src = '' AND dst = NEW.state)", "an order is born as a draft"},
		{"orders_move", "UPDATE", "orders", "NOT EXISTS (SELECT 1 FROM transitions WHERE src = OLD.state AND dst = NEW.state)", "no such transition"},
		{"orders_revise", "UPDATE", "orders", "NEW.revision <> OLD.revision + 1 OR NEW.id <> OLD.id OR NEW.lineage <> OLD.lineage OR NEW.tenant <> OLD.tenant", "an order changes one revision at a time"},
		{"orders_kept", "DELETE", "orders", "", "an order is never deleted"},
		{"transitions_done", "INSERT", "transitions", "", "the transitions are fixed"},
		{"transitions_stay", "UPDATE", "transitions", "", "the transitions are fixed"},
		{"transitions_kept", "DELETE", "transitions", "", "the transitions are fixed"},
	}
	for _, table := range []string{"journal", "audit"} {
		follows := fmt.Sprintf("NEW.seq <> 1 + coalesce((SELECT max(seq) FROM %[1]s WHERE tenant = NEW.tenant), 0) OR NEW.prev <> coalesce((SELECT hash FROM %[1]s WHERE tenant = NEW.tenant ORDER BY seq DESC LIMIT 1), '')", table)
		list = append(list,
			rule{table + "_follows", "INSERT", table, follows, "an entry follows from the one before it"},
			rule{table + "_stays", "UPDATE", table, "", "the " + table + " is append-only"},
			rule{table + "_kept", "DELETE", table, "", "the " + table + " is append-only"})
	}
	return list
}

// statement is the rule in the words of the engine.
func (r rule) statement(embedded bool) string {
	if embedded {
		when := ""
		if r.when != "" {
			when = "\n\tWHEN " + r.when
		}
		return fmt.Sprintf("CREATE TRIGGER %s BEFORE %s ON %s%s\n\tBEGIN SELECT RAISE(ABORT, '%s'); END;\n", r.name, r.event, r.table, when, r.why)
	}
	when := "true"
	if r.when != "" {
		when = r.when
	}
	result := "NEW"
	if r.event == "DELETE" {
		result = "OLD"
	}
	return fmt.Sprintf("CREATE OR REPLACE FUNCTION %[1]s() RETURNS trigger LANGUAGE plpgsql AS $rule$ BEGIN IF %[4]s THEN RAISE EXCEPTION '%[5]s' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN %[6]s; END $rule$;\nCREATE TRIGGER %[1]s BEFORE %[2]s ON %[3]s FOR EACH ROW EXECUTE FUNCTION %[1]s();\n",
		r.name, r.event, r.table, when, r.why, result)
}
