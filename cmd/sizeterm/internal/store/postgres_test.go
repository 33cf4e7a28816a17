//go:build engines

package store

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// schemaOf makes a schema of its own in the database that SIZETERM_TEST_POSTGRES names, and returns the address of it.
func schemaOf(t *testing.T) string {
	t.Helper()
	address := os.Getenv("SIZETERM_TEST_POSTGRES")
	require.NotEmpty(t, address, "SIZETERM_TEST_POSTGRES names a PostgreSQL: .ci/engines starts one")
	db, err := sql.Open("pgx", address)
	require.NoError(t, err)
	schema := "t" + NewID()
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

func TestAPasswordIsNeverPrinted(t *testing.T) {
	for _, address := range []string{"postgres://u:canary@127.0.0.1:1/x", "postgres://u:canary@host:port/x", "postgres://u:canary@[::1/x"} {
		_, err := Open(context.Background(), address)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "canary")
	}
}

// TestOnPostgres runs the tests that pass on SQLite on PostgreSQL too.
func TestOnPostgres(t *testing.T) {
	all := engines
	engines = []engine{{"postgres", schemaOf}}
	t.Cleanup(func() { engines = all })
	for name, test := range map[string]func(*testing.T){
		"OrdersSurviveTheProcess":           TestOrdersSurviveTheProcess,
		"TheDatabaseHoldsTheRules":          TestTheDatabaseHoldsTheRules,
		"AuditFindsWhatTheGuardsDidNotStop": TestAuditFindsWhatTheGuardsDidNotStop,
		"AFailedUpdateLeavesNothing":        TestAFailedUpdateLeavesNothing,
		"TwoOpeningsOfOneDatabase":          TestTwoOpeningsOfOneDatabase,
		"TenantsHaveOrdersOfTheirOwn":       TestTenantsHaveOrdersOfTheirOwn,
		"AnotherTenantsThingsDoNotExist":    TestAnotherTenantsThingsDoNotExist,
		"TheSameBytesAreOneUpload":          TestTheSameBytesAreOneUpload,
		"TwentyAtOnceMakeOneUpload":         TestTwentyAtOnceMakeOneUpload,
		"UploadsAreListedInPages":           TestUploadsAreListedInPages,
		"PlansAreKeptWithTheirBytes":        TestPlansAreKeptWithTheirBytes,
		"InKeepsAllOrNothing":               TestInKeepsAllOrNothing,
		"TheAuditFindsChanges":              TestTheAuditFindsChanges,
		"EventsAreSeenInTheirOrder":         TestEventsAreSeenInTheirOrder,
		"People":                            TestPeople,
		"ALinkWorksOnce":                    TestALinkWorksOnce,
		"Keys":                              TestKeys,
		"Sessions":                          TestSessions,
		"IdempotencyKeys":                   TestIdempotencyKeys,
		"ALeaseHasOneHolder":                TestALeaseHasOneHolder,
		"Ready":                             TestReady,
	} {
		t.Run(name, test)
	}
}
