package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/store"
)

// addresses make fresh databases: SQLite, and PostgreSQL within TestOnPostgres, which has the build tag "engines".
var addresses = map[string]func(*testing.T) string{"sqlite": func(t *testing.T) string { return filepath.Join(t.TempDir(), "store.db") }}

func onEach(t *testing.T, test func(t *testing.T, address string)) {
	for name, address := range addresses {
		t.Run(name, func(t *testing.T) { test(t, address(t)) })
	}
}

// hands do jobs as a test says.
type hands struct {
	mu     sync.Mutex
	do     func(ctx context.Context, j Job, n int) error // n counts the times, from 1
	times  map[Job]int
	gaveUp map[Job]string
	at     map[Job]int // how many do it right now
	most   int
}

func newHands(do func(ctx context.Context, j Job, n int) error) *hands {
	return &hands{do: do, times: map[Job]int{}, gaveUp: map[Job]string{}, at: map[Job]int{}}
}

func (h *hands) Do(ctx context.Context, j Job) error {
	h.mu.Lock()
	h.times[j]++
	n := h.times[j]
	h.at[j]++
	h.most = max(h.most, h.at[j])
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.at[j]--
		h.mu.Unlock()
	}()
	return h.do(ctx, j, n)
}

func (h *hands) GaveUp(_ context.Context, j Job, why error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gaveUp[j] = why.Error()
	return nil
}

func (h *hands) count(j Job) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.times[j]
}

func (h *hands) reason(j Job) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.gaveUp[j]
}

func queue(t *testing.T, address string, work Work, o Options) (*Queue, *store.Store) {
	t.Helper()
	s, err := store.Open(context.Background(), address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	if o.Poll == 0 {
		o.Poll = 20 * time.Millisecond
	}
	q, err := Open(context.Background(), s, work, o)
	require.NoError(t, err)
	return q, s
}

func started(t *testing.T, q *Queue) {
	t.Helper()
	require.NoError(t, q.Start(context.Background()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.NoError(t, q.Stop(ctx))
	})
}

func enqueue(t *testing.T, q *Queue, s *store.Store, list ...Job) {
	t.Helper()
	require.NoError(t, s.Partner(store.Local).In(context.Background(), func(_ *store.Partner, tx *sql.Tx) error {
		for _, j := range list {
			if err := q.Enqueue(context.Background(), tx, j); err != nil {
				return err
			}
		}
		return nil
	}))
}

func soon(t *testing.T, ok func() bool, what string) {
	t.Helper()
	require.Eventually(t, ok, 20*time.Second, 10*time.Millisecond, what)
}

// A job is there when its transaction is, and not before; while it waits it is there once.
func TestAJobComesWithItsTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, address string) {
		ctx := context.Background()
		h := newHands(func(context.Context, Job, int) error { return nil })
		q, s := queue(t, address, h, Options{})
		j := Job{What: Read, Tenant: store.Local, Subject: "u1"}
		boom := errors.New("boom")
		require.ErrorIs(t, s.Partner(store.Local).In(ctx, func(_ *store.Partner, tx *sql.Tx) error {
			require.NoError(t, q.Enqueue(ctx, tx, j))
			return boom
		}), boom)
		n, _, err := q.Waiting(ctx)
		require.NoError(t, err)
		require.Zero(t, n)
		enqueue(t, q, s, j, j, Job{What: Read, Tenant: store.Local, Subject: "u2"})
		enqueue(t, q, s, j)
		n, oldest, err := q.Waiting(ctx)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.WithinDuration(t, time.Now(), oldest, time.Minute)
		started(t, q)
		soon(t, func() bool {
			return h.count(j) == 1 && h.count(Job{What: Read, Tenant: store.Local, Subject: "u2"}) == 1
		}, "both are done")
		soon(t, func() bool { n, _, err := q.Waiting(ctx); return err == nil && n == 0 }, "and nothing waits")
		enqueue(t, q, s, j)
		soon(t, func() bool { return h.count(j) == 2 }, "what is done can be asked for again")
	})
}

// Two processes work on one queue: every job is done once, and none by both.
func TestTwoWorkersNeverDoOneJob(t *testing.T) {
	onEach(t, func(t *testing.T, address string) {
		h := newHands(func(context.Context, Job, int) error { time.Sleep(5 * time.Millisecond); return nil })
		one, s := queue(t, address, h, Options{Workers: 3})
		two, _ := queue(t, address, h, Options{Workers: 3})
		var all []Job
		for i := range 30 {
			all = append(all, Job{What: Plan, Tenant: store.Local, Subject: fmt.Sprint(i)})
		}
		enqueue(t, one, s, all...)
		started(t, one)
		started(t, two)
		for _, j := range all {
			soon(t, func() bool { return h.count(j) == 1 }, j.Subject)
		}
		time.Sleep(50 * time.Millisecond)
		for _, j := range all {
			require.Equal(t, 1, h.count(j))
		}
		require.Equal(t, 1, h.most)
	})
}

// A job that cannot be done is set aside at once with its reason; a panic is an error like others.
func TestAPoisonedJobIsSetAside(t *testing.T) {
	onEach(t, func(t *testing.T, address string) {
		h := newHands(func(_ context.Context, j Job, _ int) error {
			switch j.Subject {
			case "poison":
				return SetAside(errors.New("no table at all"))
			case "panic":
				panic("boom")
			}
			return nil
		})
		q, s := queue(t, address, h, Options{})
		poison, panics, good := Job{What: Read, Tenant: store.Local, Subject: "poison"}, Job{What: Read, Tenant: store.Local, Subject: "panic"}, Job{What: Read, Tenant: store.Local, Subject: "good"}
		enqueue(t, q, s, poison, panics, good)
		started(t, q)
		soon(t, func() bool {
			return h.reason(poison) == "no table at all" && h.count(good) == 1 && h.count(panics) == 1
		}, "all were tried")
		require.Equal(t, 1, h.count(poison))
		soon(t, func() bool { n, _, err := q.Waiting(context.Background()); return err == nil && n == 1 }, "only the panic is tried again, later")
	})
}

func row(attempt int) *rivertype.JobRow { return &rivertype.JobRow{Attempt: attempt} }

func TestRetriesWaitLongerAndLonger(t *testing.T) {
	b := backoff{func() time.Time { return time.Time{} }}
	last := time.Duration(0)
	for attempt, want := range []time.Duration{5 * time.Second, 20 * time.Second, 80 * time.Second, 320 * time.Second, 1280 * time.Second, time.Hour, time.Hour} {
		got := b.NextRetry(row(attempt + 1)).Sub(time.Time{})
		require.GreaterOrEqual(t, got, want)
		require.Less(t, got, want+want/10)
		require.GreaterOrEqual(t, got+want/10, last)
		last = got
	}
}

// A worker that is gone without a word, as after kill -9: the job is given to another one after the lease, and one that
// ends its process again and again is set aside.
func TestAJobOfADeadWorkerIsDoneByAnother(t *testing.T) {
	onEach(t, func(t *testing.T, address string) {
		ctx := context.Background()
		h := newHands(func(context.Context, Job, int) error { return nil })
		q, s := queue(t, address, h, Options{Lease: 300 * time.Millisecond})
		j, killer := Job{What: Plan, Tenant: store.Local, Subject: "contoso"}, Job{What: Read, Tenant: store.Local, Subject: "killer"}
		enqueue(t, q, s, j, killer)
		// What a killed process leaves: a job that runs, an attempt counted, a lease that nobody renews.
		at := "now() - interval '1 second'"
		if s.Embedded() {
			at = "datetime('now', '-1 second')"
		}
		_, err := s.DB().ExecContext(ctx, "UPDATE river_job SET state = 'running', attempted_at = "+at+", attempt = CASE WHEN id = (SELECT min(id) FROM river_job) THEN 1 ELSE 5 END")
		require.NoError(t, err)
		got, err := s.Lease(ctx, leaseOf(1), "dead", time.Now(), 300*time.Millisecond)
		require.NoError(t, err)
		require.True(t, got)
		started(t, q)
		soon(t, func() bool { return h.count(j) == 1 }, "another one does it")
		soon(t, func() bool { return h.reason(killer) != "" }, "five times is enough")
		require.Zero(t, h.count(killer))
	})
}

// A worker whose lease another one took stops.
func TestAWorkerWithoutItsLeaseStops(t *testing.T) {
	onEach(t, func(t *testing.T, address string) {
		ctx := context.Background()
		stopped := make(chan struct{})
		h := newHands(func(ctx context.Context, _ Job, n int) error {
			if n > 1 {
				return nil
			}
			<-ctx.Done()
			close(stopped)
			return ctx.Err()
		})
		q, s := queue(t, address, h, Options{Lease: 300 * time.Millisecond})
		j := Job{What: Plan, Tenant: store.Local, Subject: "contoso"}
		enqueue(t, q, s, j)
		started(t, q)
		soon(t, func() bool { return h.count(j) == 1 }, "it runs")
		_, err := s.DB().ExecContext(ctx, "UPDATE leases SET holder = 'other'")
		require.NoError(t, err)
		select {
		case <-stopped:
		case <-time.After(10 * time.Second):
			t.Fatal("it goes on")
		}
	})
}

func TestStopWaitsForWhatRuns(t *testing.T) {
	onEach(t, func(t *testing.T, address string) {
		h := newHands(func(ctx context.Context, _ Job, _ int) error { time.Sleep(100 * time.Millisecond); return ctx.Err() })
		q, s := queue(t, address, h, Options{})
		j := Job{What: Plan, Tenant: store.Local, Subject: "contoso"}
		enqueue(t, q, s, j)
		require.NoError(t, q.Start(context.Background()))
		soon(t, func() bool { return h.count(j) == 1 }, "it runs")
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		require.NoError(t, q.Stop(ctx))
		n, _, err := q.Waiting(context.Background())
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestNightly(t *testing.T) {
	n := nightly(2*time.Hour + 30*time.Minute)
	day := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	require.Equal(t, day.Add(150*time.Minute), n.Next(day))
	require.Equal(t, day.Add(150*time.Minute+24*time.Hour), n.Next(day.Add(150*time.Minute)))
	require.Equal(t, day.Add(150*time.Minute+24*time.Hour), n.Next(day.Add(20*time.Hour)))
}

// A job that cannot be done yet is begun again, as often as it takes, and each end is told once.
func TestLaterIsNoTry(t *testing.T) {
	onEach(t, func(t *testing.T, address string) {
		ctx := context.Background()
		h := newHands(func(_ context.Context, _ Job, n int) error {
			if n <= 2*Tries {
				return Later(time.Millisecond)
			}
			return nil
		})
		ends := make(chan End, 10)
		q, s := queue(t, address, h, Options{Ended: func(_ Job, e End) { ends <- e }})
		j := Job{What: Plan, Tenant: store.Local, Subject: "contoso"}
		enqueue(t, q, s, j)
		_, busy, err := q.Busy(ctx, store.Local)
		require.NoError(t, err)
		require.True(t, busy)
		_, busy, err = q.Busy(ctx, "other")
		require.NoError(t, err)
		require.False(t, busy)
		standings, err := q.Standings(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, standings["waiting"].Jobs)
		started(t, q)
		require.Equal(t, Done, <-ends)
		require.Equal(t, 2*Tries+1, h.count(j))
	})
}

// TestBusyWaitsForNoWriter: pages ask whether work goes on, and must not wait for an upload that is being put on the disk.
func TestBusyWaitsForNoWriter(t *testing.T) {
	onEach(t, func(t *testing.T, address string) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		q, s := queue(t, address, nil, Options{})
		enqueue(t, q, s, Job{What: Plan, Tenant: store.Local, Subject: "contoso"})
		tx, err := s.DB().BeginTx(ctx, nil) // the only connection that writes, where the database is a file
		require.NoError(t, err)
		defer func() { _ = tx.Rollback() }()
		_, busy, err := q.Busy(ctx, store.Local)
		require.NoError(t, err)
		require.True(t, busy)
	})
}
