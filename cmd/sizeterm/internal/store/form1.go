package store

import (
	"context"
	"database/sql"
	"errors"
)

// The first form of our files held the orders of one team and their journal, before there were tenants. setAside and
// takeOver bring such a file to the form of today: the old tables keep their rows under other names until the new ones
// are there.

// setAside renames the tables of a file of the first form.
func setAside(ctx context.Context, tx *sql.Tx) error {
	var form int
	if err := tx.QueryRowContext(ctx, "SELECT user_version FROM pragma_user_version").Scan(&form); err != nil {
		return err
	}
	if form == 0 {
		return nil
	}
	if form != 1 {
		return ErrNewer
	}
	rows, err := tx.QueryContext(ctx, "SELECT name FROM sqlite_schema WHERE type = 'trigger'")
	if err != nil {
		return err
	}
	var statements []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return errors.Join(err, rows.Close())
		}
		statements = append(statements, "DROP TRIGGER "+name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	statements = append(statements, "DROP INDEX orders_open", "DROP TABLE transitions", "ALTER TABLE orders RENAME TO orders_form1",
		"ALTER TABLE journal RENAME TO journal_form1", "PRAGMA user_version = 0")
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// takeOver moves the rows that setAside left into the tables of today, those of the local tenant.
func takeOver(ctx context.Context, tx *sql.Tx) error {
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'orders_form1'").Scan(&n); err != nil || n == 0 {
		return err
	}
	for _, statement := range []string{
		"INSERT INTO orders (tenant, id, lineage, state, revision, body) SELECT 'local', id, lineage, state, revision, body FROM orders_form1",
		"INSERT INTO journal (tenant, seq, event, prev, hash) SELECT 'local', seq, event, prev, hash FROM journal_form1",
		"DROP TABLE orders_form1", "DROP TABLE journal_form1",
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
