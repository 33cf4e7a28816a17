//go:build engines

package jobs

import (
	"database/sql"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/store"
)

// schemaOf makes a schema of its own in the database that SIZETERM_TEST_POSTGRES names, and returns the address of it.
func schemaOf(t *testing.T) string {
	t.Helper()
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
	return u.String()
}

// TestOnPostgres runs the tests that pass on SQLite on PostgreSQL too.
func TestOnPostgres(t *testing.T) {
	all := addresses
	addresses = map[string]func(*testing.T) string{"postgres": schemaOf}
	t.Cleanup(func() { addresses = all })
	for name, test := range map[string]func(*testing.T){
		"AJobComesWithItsTransaction":      TestAJobComesWithItsTransaction,
		"TwoWorkersNeverDoOneJob":          TestTwoWorkersNeverDoOneJob,
		"APoisonedJobIsSetAside":           TestAPoisonedJobIsSetAside,
		"AJobOfADeadWorkerIsDoneByAnother": TestAJobOfADeadWorkerIsDoneByAnother,
		"AWorkerWithoutItsLeaseStops":      TestAWorkerWithoutItsLeaseStops,
		"StopWaitsForWhatRuns":             TestStopWaitsForWhatRuns,
	} {
		t.Run(name, test)
	}
}
