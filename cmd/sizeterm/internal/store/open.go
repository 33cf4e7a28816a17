package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of PostgreSQL
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"modernc.org/sqlite" // the driver of SQLite
	sqlite3 "modernc.org/sqlite/lib"
)

// Store is an open database.
type Store struct {
	write, read *sql.DB // one and the same with PostgreSQL
	path        string  // of the SQLite file, empty with PostgreSQL
}

// Local is the tenant of a program that one team starts for itself; every database has it from the beginning.
const Local = "local"

// Errors of this package.
var (
	// ErrNotFound says that there is no such thing, or that it is another tenant's.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that somebody else was faster, or that such a thing is there already.
	ErrConflict = errors.New("conflict")
	// ErrNewer says that a newer program wrote the database.
	ErrNewer = errors.New("written by a newer sizeterm")
	// ErrForeign says that the file is a database, but not ours.
	ErrForeign = errors.New("not a database of sizeterm")
	// ErrVersion says that the SQLite in this program is too old to be trusted.
	ErrVersion = errors.New("SQLite below 3.51.3")
)

// applicationID marks our SQLite files: "sizo".
const applicationID = 0x73697a6f

//go:embed migrations
var migrations embed.FS

// Open opens the database at address, and makes or migrates its tables where that is due: PostgreSQL where address begins
// with postgres:// or postgresql://, else the SQLite file at that path, which it makes readable by its owner only.
func Open(ctx context.Context, address string) (*Store, error) {
	s, err := connect(address)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		err = errors.Join(err, s.Close())
		if s.path != "" {
			return nil, fmt.Errorf("%s: %w", s.path, err)
		}
		return nil, fmt.Errorf("postgres: %w", err) // the address may hold a password
	}
	return s, nil
}

// connect opens the pools. SQLite has one connection that writes, because only one can, and some that read beside it.
func connect(address string) (*Store, error) {
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		db, err := sql.Open("pgx", address)
		if err != nil {
			return nil, errors.New("postgres: the address cannot be understood") // and is not repeated: it may hold a password
		}
		db.SetMaxOpenConns(16)
		db.SetConnMaxIdleTime(5 * time.Minute)
		return &Store{write: db, read: db}, nil
	}
	f, err := os.OpenFile(address, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	const pragmas = "_pragma=busy_timeout(20000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	uri := "file:" + escape.Replace(address) + "?" + pragmas
	write, err := sql.Open("sqlite", uri+"&_pragma=journal_mode(WAL)&_txlock=immediate") // the file keeps the mode: who reads need not ask for it
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", uri+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(4)
	return &Store{write: write, read: read, path: address}, nil
}

// escape keeps the marks of a URI in a path from ending it.
var escape = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")

// Close closes the database.
func (s *Store) Close() error {
	if s.read == s.write {
		return s.write.Close()
	}
	return errors.Join(s.read.Close(), s.write.Close())
}

// Embedded reports whether the database is an SQLite file, and not a server.
func (s *Store) Embedded() bool { return s.path != "" }

// DB returns the pool that writes, for the queue of jobs, which keeps its tables beside ours.
func (s *Store) DB() *sql.DB { return s.write }

// Reading returns the pool that only reads: it waits for no writer.
func (s *Store) Reading() *sql.DB { return s.read }

// prepare checks whose database it is and brings it to the form that this program knows.
func (s *Store) prepare(ctx context.Context) error {
	// Two programs may open a new file at once. While one of them turns its journal to WAL, SQLite tells the other that it is
	// busy without waiting for busy_timeout (sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY"); then one of them
	// migrates and the other finds it done.
	if s.Embedded() {
		if err := patiently(ctx, s.recognise, busy); err != nil {
			return err
		}
	}
	if err := patiently(ctx, s.migrate, func(err error) bool { return !errors.Is(err, ErrNewer) }); err != nil {
		return err
	}
	return s.in(ctx, s.write, func(tx *sql.Tx) error { return s.enforce(ctx, tx) })
}

// patiently repeats do for some two seconds, until it succeeds, the context ends or it fails with an error that passes not.
func patiently(ctx context.Context, do func(context.Context) error, passes func(error) bool) error {
	for n := 1; ; n++ {
		err := do(ctx)
		if err == nil || n == 100 || ctx.Err() != nil || !passes(err) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// busy reports whether another connection holds the SQLite file; the low byte of a code is its class (sqlite.org/rescode.html).
func busy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}

// recognise refuses files that are not ours and libraries that are too old, and marks a new file.
func (s *Store) recognise(ctx context.Context) error {
	var version string
	if err := s.write.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	if !recent(version) {
		return fmt.Errorf("%w: %s", ErrVersion, version)
	}
	return s.in(ctx, s.write, func(tx *sql.Tx) error {
		var id, tables int
		if err := tx.QueryRowContext(ctx, "SELECT (SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_schema)").Scan(&id, &tables); err != nil {
			return err
		}
		switch {
		case id == applicationID:
			return setAside(ctx, tx)
		case id != 0 || tables != 0:
			return ErrForeign
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
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

// migrate applies the migrations that the database has not seen.
func (s *Store) migrate(ctx context.Context) error {
	dialect, dir := goose.DialectPostgres, "migrations/postgres"
	options := []goose.ProviderOption{goose.WithLogger(goose.NopLogger())}
	if s.Embedded() {
		dialect, dir = goose.DialectSQLite3, "migrations/sqlite"
	} else {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, dir)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, s.write, files, options...)
	if err != nil {
		return err
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > target {
		return fmt.Errorf("%w: form %d, this program knows %d", ErrNewer, current, target)
	}
	_, err = provider.Up(ctx)
	return err
}

// in runs fn in one transaction of db.
func (s *Store) in(ctx context.Context, db *sql.DB, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		if failed := rolledBack(tx); failed != nil {
			return errors.Join(err, failed)
		}
		return err
	}
	return tx.Commit()
}

func rolledBack(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// Ready reports whether the database takes writes.
func (s *Store) Ready(ctx context.Context) error {
	return s.in(ctx, s.write, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE rules SET sum = sum WHERE one = 1")
		return err
	})
}

// Check asks SQLite whether the file is sound; PostgreSQL has tools of its own for that.
func (s *Store) Check(ctx context.Context) error {
	if !s.Embedded() {
		return s.read.PingContext(ctx)
	}
	var text string
	if err := s.read.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&text); err != nil {
		return err
	}
	if text != "ok" {
		return fmt.Errorf("%s: integrity: %s", s.path, text)
	}
	rows, err := s.read.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		return fmt.Errorf("%s: a row refers to one that is not there", s.path)
	}
	return rows.Err()
}

// Backup writes a copy of the state of one instant into a new file, while others write. It is for SQLite; PostgreSQL is
// copied with pg_dump.
func (s *Store) Backup(ctx context.Context, path string) error {
	if !s.Embedded() {
		return errors.New("postgres: copy it with pg_dump")
	}
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	if _, err := s.write.ExecContext(ctx, "VACUUM INTO $1", path); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Sync(), f.Close())
}

// NewID returns a random id.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails: see crypto/rand
	return hex.EncodeToString(b[:])
}

// micros and instant turn a time into what the tables hold, and back.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
