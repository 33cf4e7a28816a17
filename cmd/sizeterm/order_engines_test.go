//go:build engines

package main

import (
	"database/sql"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/store"
)

// onPostgres keeps the orders of the test in a schema of its own in the database that SIZETERM_TEST_POSTGRES names.
func onPostgres(t *testing.T) *buying {
	t.Helper()
	b := newBuying(t)
	address := os.Getenv("SIZETERM_TEST_POSTGRES")
	require.NotEmpty(t, address, "SIZETERM_TEST_POSTGRES names a PostgreSQL: .ci/engines starts one")
	db, err := sql.Open("pgx", address)
	require.NoError(t, err)
	schema := "t" + store.NewID()
	_, err = db.Exec("CREATE SCHEMA " + schema)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + schema + " CASCADE")
		require.NoError(t, err)
		require.NoError(t, db.Close())
	})
	u, err := url.Parse(address)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	b.orders = u.String()
	return b
}

// The same as with SQLite: processes that submit at once buy once, and one that is killed at a named point buys nothing twice.
func TestPurchasesOnPostgreSQL(t *testing.T) {
	t.Run("at once", func(t *testing.T) {
		b := onPostgres(t)
		b.approve()
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() { b.run(nil, "submit", "--all", "--execute", "--via", []string{"arm", "partner-center"}[i%2]) })
		}
		wait.Wait()
		b.check("after all")
		require.Len(t, b.bought(), 2)
		require.Contains(t, b.do("audit", "verify"), "every one follows")
	})
	for _, via := range []string{"partner-center", "arm"} {
		points := pointsOf(t, via)
		for i := 3; i < len(points); i += 13 {
			t.Run(strings.ReplaceAll(via+" "+points[i], " ", "_"), func(t *testing.T) {
				b := onPostgres(t)
				b.approve()
				code, _, errs := b.run([]string{"ORDER_TEST_KILL=" + points[i]}, "submit", "--all", "--via", via, "--execute")
				require.Equal(t, -1, code, "never reached: %s", errs)
				b.settle(via, points[i])
			})
		}
	}
}
