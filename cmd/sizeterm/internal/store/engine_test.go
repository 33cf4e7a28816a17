package store

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// engine is a kind of database that must pass this suite. address makes a fresh one.
type engine struct {
	name    string
	address func(t *testing.T) string
}

// engines are SQLite, and PostgreSQL within TestOnPostgres, which has the build tag "engines".
var engines = []engine{{"sqlite", func(t *testing.T) string { return filepath.Join(t.TempDir(), "store?#%.db") }}} // marks that must not end the name

// onEach runs the test on a fresh database of each engine.
func onEach(t *testing.T, test func(t *testing.T, s *Store)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { test(t, opened(t, e.address(t))) })
	}
}

func opened(t *testing.T, address string) *Store {
	t.Helper()
	s, err := Open(context.Background(), address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// partners returns the views of two tenants.
func partners(t *testing.T, s *Store) (one, two *Partner) {
	t.Helper()
	for _, id := range []string{"one", "two"} {
		require.NoError(t, s.AddTenant(context.Background(), Tenant{ID: id, Name: "Partner " + id, Created: start}))
	}
	return s.Partner("one"), s.Partner("two")
}
