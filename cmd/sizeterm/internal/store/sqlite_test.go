package store

import (
	"context"
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/order"
)

func TestOnlyTheOwnerReadsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	opened(t, path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// An old copy of the file is put back: the head that was kept beside it says so.
func TestAnOldFilePutBackIsFound(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "store.db")
	s := opened(t, path)
	_, d, ids := filled(t, s)
	require.NoError(t, s.Backup(ctx, path+".old"))
	require.ErrorIs(t, s.Backup(ctx, path+".old"), fs.ErrExist)
	require.NoError(t, d.Reject(ctx, "carol", "too dear", ids[2]))
	require.NoError(t, s.Close())
	require.NoError(t, os.Rename(path+".old", path))
	_ = os.Remove(path + "-wal")
	s = opened(t, path)
	head, err := s.Partner(Local).Orders().Head()
	require.NoError(t, err)
	require.EqualValues(t, 8, head.Seq)
	_, err = desk(s.Partner(Local).Orders()).Audit(ctx, head)
	require.ErrorIs(t, err, order.ErrTampered)
	require.ErrorContains(t, err, "entry 8")
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

	for name, statement := range map[string]string{
		"tables": "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)",
		"moves":  "DROP TRIGGER transitions_done; INSERT INTO transitions VALUES ('draft', 'gifted'); UPDATE rules SET sum = 'newer'",
		"form":   "PRAGMA user_version = 7",
	} {
		newer := filepath.Join(dir, name+".db")
		s := opened(t, newer)
		_, err = s.write.Exec(statement)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		_, err = Open(ctx, newer)
		require.ErrorIs(t, err, ErrNewer, name)
	}

	text := filepath.Join(dir, "text.db")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o600))
	_, err = Open(ctx, text)
	require.Error(t, err)
	_, err = Open(ctx, filepath.Join(dir, "missing", "store.db"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// testdata/form1.sql is an order file of the first form, as sqlite3 .dump prints it, with the orders of filled.
func TestTheFirstFormIsTakenOver(t *testing.T) {
	ctx := context.Background()
	dump, err := os.ReadFile("testdata/form1.sql")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "orders.db")
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	_, err = db.Exec(string(dump))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	for range 2 {
		s := opened(t, path)
		o := s.Partner(Local).Orders()
		audit, err := desk(o).Audit(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 7, audit.Entries)
		_, err = s.write.Exec("DELETE FROM journal")
		require.ErrorContains(t, err, "append-only")
		require.NoError(t, s.Check(ctx))
		require.NoError(t, s.Close())
	}
}

// The tables of both engines are the same but for the names of the types.
func TestBothEnginesHaveTheSameTables(t *testing.T) {
	files, err := fs.ReadDir(migrations, "migrations/sqlite")
	require.NoError(t, err)
	words := strings.NewReplacer(") STRICT;", ");", " INTEGER", " BIGINT", " BLOB", " BYTEA", "json_extract(body, '$.revision')", "(body::jsonb ->> 'revision')::bigint",
		"json_extract(body, '$.id')", "(body::jsonb ->> 'id')", "json_extract(body, '$.lineage')", "(body::jsonb ->> 'lineage')", "json_extract(body, '$.state')", "(body::jsonb ->> 'state')")
	for _, f := range files {
		lite, err := fs.ReadFile(migrations, "migrations/sqlite/"+f.Name())
		require.NoError(t, err)
		post, err := fs.ReadFile(migrations, "migrations/postgres/"+f.Name())
		require.NoError(t, err)
		require.Equal(t, words.Replace(string(lite)), string(post), f.Name())
	}
}

func TestVersionFloor(t *testing.T) {
	for version, want := range map[string]bool{"3.51.3": true, "3.51.10": true, "3.52.0": true, "4.0.0": true, "3.51.2": false, "3.50.9": false, "2.99.99": false, "": false, "3.51.x": false} {
		require.Equal(t, want, recent(version), version)
	}
}
