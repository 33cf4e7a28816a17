// Package jobs runs what need not be answered at once: reading an upload, making a plan, the nightly run. It is River on
// the program's own database, so a job is enqueued in the transaction that records why, and is there when that is.
//
// A job is done at least once and never by two workers at a time: its worker holds a lease that it renews, and a job whose
// lease ran out, because its process was killed or hangs, is given to another worker after half a minute. Whatever a job
// does must bear being begun again; readings resume from the partials of package shard.
//
// A job that fails is tried again after 5 seconds, 20, 80 and so on, Tries times in all; one that fails with SetAside is
// not. Either way Work hears of the end, so that it can record why. A job that ends the process counts as tried.
//
// River is used through database/sql with both engines (riversqlite, riverdatabasesql), because that is what lets a job
// share the transaction of package store; the price is that workers ask for jobs, twice a second, and are not told.
package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"sizeterm/cmd/sizeterm/internal/store"
)

// Kind says what a job does.
type Kind string

// The kinds of jobs.
const (
	Read  Kind = "read"  // of an upload: what it is, and whose rows it holds
	Plan  Kind = "plan"  // of a customer
	Batch Kind = "batch" // the nightly run
	// Verify compares the orders of a customer with the files that came after.
	Verify Kind = "verify"
)

// Job is one piece of work.
type Job struct {
	What    Kind   `json:"what" river:"unique"`
	Tenant  string `json:"tenant" river:"unique"`  // empty for Batch
	Subject string `json:"subject" river:"unique"` // upload or customer
	// Cause tells jobs about the same subject apart. A job that comes while another one like it is being done is dropped, so
	// one that must see what is new names it here.
	Cause string `json:"cause,omitempty" river:"unique"`
}

// Kind implements river.JobArgs.
func (Job) Kind() string { return "sizeterm" }

// Work does jobs.
type Work interface {
	// Do does the job. It returns SetAside(err) where trying again would not help.
	Do(ctx context.Context, j Job) error
	// GaveUp hears that the job will not be tried again, and why.
	GaveUp(ctx context.Context, j Job, why error) error
}

// Tries is how often a job is tried.
const Tries = 5

// setAside marks an error that trying again would not mend.
type setAside struct{ error }

func (s setAside) Unwrap() error { return s.error }

// SetAside marks an error as one that trying again would not mend.
func SetAside(err error) error { return setAside{err} }

// later asks for another try that does not count.
type later struct{ wait time.Duration }

func (l later) Error() string { return "later: in " + l.wait.String() }

// Later is the error of a job that cannot be done yet: it is begun again after wait, and this try does not count.
func Later(wait time.Duration) error { return later{wait} }

// IsLater reports whether an error is one of Later.
func IsLater(err error) bool {
	var l later
	return errors.As(err, &l)
}

// End says how a try of a job ended.
type End string

// The ends.
const (
	Done    End = "done"
	Retried End = "retried" // it failed and will be tried again
	Aside   End = "aside"   // it will not be tried again
)

// Options of a queue. The zero value works.
type Options struct {
	Workers int           // jobs at a time; 0 is 2
	Timeout time.Duration // of one job; 0 is 1 hour
	Poll    time.Duration // between questions for new jobs; 0 is half a second
	Lease   time.Duration // after which a job of a dead worker is given to another; 0 is 30 seconds
	Nightly time.Duration // after midnight UTC when Batch is enqueued every day; 0 is never
	Log     *slog.Logger  // nil discards
	Now     func() time.Time
	Ended   func(j Job, end End) // hears of the end of every try, where set
}

// Queue takes jobs, and works on them between Start and Stop.
type Queue struct {
	client *river.Client[*sql.Tx]
	reader *river.Client[*sql.Tx] // lists jobs without waiting for who writes
	store  *store.Store
	work   Work
	o      Options
	stop   context.CancelFunc
	done   chan struct{}
}

// Open opens the queue of the database and makes its tables where they are missing. work may be nil where jobs are only
// enqueued.
func Open(ctx context.Context, s *store.Store, work Work, o Options) (*Queue, error) {
	o = o.filled()
	driver := driverOf(s, s.DB())
	if err := migrate(ctx, driver, o.Log); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	q := &Queue{store: s, work: work, o: o}
	config := &river.Config{Logger: o.Log, JobTimeout: o.Timeout, FetchPollInterval: o.Poll, FetchCooldown: min(o.Poll, 100*time.Millisecond),
		RescueStuckJobsAfter: 2 * o.Timeout, MaxAttempts: Tries + 20, RetryPolicy: backoff{o.Now}}
	if work != nil {
		workers := river.NewWorkers()
		if err := river.AddWorkerSafely(workers, &worker{q: q}); err != nil {
			return nil, err
		}
		config.Workers = workers
		config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: o.Workers}}
		if o.Nightly > 0 {
			config.PeriodicJobs = []*river.PeriodicJob{river.NewPeriodicJob(nightly(o.Nightly), func() (river.JobArgs, *river.InsertOpts) { return Job{What: Batch}, once }, nil)}
		}
	}
	client, err := river.NewClient(driver, config)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	q.client = client
	if q.reader, err = river.NewClient(driverOf(s, s.Reading()), &river.Config{Logger: o.Log}); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return q, nil
}

// driverOf is the driver of the queue for a pool of the store.
func driverOf(s *store.Store, db *sql.DB) riverdriver.Driver[*sql.Tx] {
	if s.Embedded() {
		return riversqlite.New(db)
	}
	return riverdatabasesql.New(db)
}

func (o Options) filled() Options {
	if o.Workers == 0 {
		o.Workers = 2
	}
	if o.Timeout == 0 {
		o.Timeout = time.Hour
	}
	if o.Poll == 0 {
		o.Poll = 500 * time.Millisecond
	}
	if o.Lease == 0 {
		o.Lease = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ended == nil {
		o.Ended = func(Job, End) {}
	}
	return o
}

// migrate makes River's tables. Two programs may do so at once: one of them fails and finds it done.
func migrate(ctx context.Context, driver riverdriver.Driver[*sql.Tx], log *slog.Logger) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: log})
	if err != nil {
		return err
	}
	for range 20 {
		if _, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// once keeps a job that waits from being enqueued again. One that is being done may be: what it has read may have changed.
var once = &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateScheduled, rivertype.JobStateRunning}}}

// Enqueue adds a job in the transaction. A job that waits already is not added twice.
func (q *Queue) Enqueue(ctx context.Context, tx *sql.Tx, j Job) error {
	if _, err := q.client.InsertTx(ctx, tx, j, once); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	return nil
}

// Start begins to work, until Stop.
func (q *Queue) Start(ctx context.Context) error {
	ctx, q.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := q.client.Start(ctx); err != nil {
		q.stop()
		return fmt.Errorf("jobs: %w", err)
	}
	q.done = make(chan struct{})
	go q.rescue(ctx)
	return nil
}

// Stop lets running jobs end until ctx does, and breaks them off then: they are begun again later.
func (q *Queue) Stop(ctx context.Context) error {
	err := q.client.Stop(ctx)
	if err != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = q.client.StopAndCancel(hard)
	}
	q.stop()
	<-q.done
	return err
}

// Waiting returns how many jobs wait or run, and since when the oldest of them.
func (q *Queue) Waiting(ctx context.Context) (n int, oldest time.Time, err error) {
	list, err := q.reader.JobList(ctx, river.NewJobListParams().First(10_000).States(rivertype.JobStateAvailable, rivertype.JobStateRetryable, rivertype.JobStateScheduled, rivertype.JobStateRunning))
	if err != nil {
		return 0, oldest, fmt.Errorf("jobs: %w", err)
	}
	for _, job := range list.Jobs {
		if oldest.IsZero() || job.CreatedAt.Before(oldest) {
			oldest = job.CreatedAt
		}
	}
	return len(list.Jobs), oldest, nil
}

// Standing is how many jobs are in a state, and since when the oldest of them is there.
type Standing struct {
	Jobs   int
	Oldest time.Time
}

// standings are the states of jobs in words.
var standings = map[string][]rivertype.JobState{
	"waiting":   {rivertype.JobStateAvailable, rivertype.JobStateScheduled},
	"running":   {rivertype.JobStateRunning},
	"retrying":  {rivertype.JobStateRetryable},
	"set aside": {rivertype.JobStateCancelled, rivertype.JobStateDiscarded},
}

// Standings counts the jobs that wait, run, are tried again or were set aside in the last day, at most 10,000 of each.
func (q *Queue) Standings(ctx context.Context) (map[string]Standing, error) {
	all := map[string]Standing{}
	for word, states := range standings {
		list, err := q.reader.JobList(ctx, river.NewJobListParams().First(10_000).States(states...))
		if err != nil {
			return nil, fmt.Errorf("jobs: %w", err)
		}
		s := Standing{Jobs: len(list.Jobs)}
		for _, job := range list.Jobs {
			if s.Oldest.IsZero() || job.CreatedAt.Before(s.Oldest) {
				s.Oldest = job.CreatedAt
			}
		}
		all[word] = s
	}
	return all, nil
}

// Busy reports whether a job of the tenant waits for a worker or has one, and since when.
func (q *Queue) Busy(ctx context.Context, tenant string) (since time.Time, busy bool, err error) {
	list, err := q.reader.JobList(ctx, river.NewJobListParams().First(10_000).States(rivertype.JobStateAvailable, rivertype.JobStateRunning))
	if err != nil {
		return since, false, fmt.Errorf("jobs: %w", err)
	}
	for _, job := range list.Jobs {
		var args Job
		if err := json.Unmarshal(job.EncodedArgs, &args); err != nil || args.Tenant != tenant {
			continue
		}
		if !busy || job.CreatedAt.Before(since) {
			since, busy = job.CreatedAt, true
		}
	}
	return since, busy, nil
}

// leaseOf names the lease of a job.
func leaseOf(id int64) string { return fmt.Sprintf("job:%d", id) }

// rescue gives jobs whose worker is dead back to the queue.
func (q *Queue) rescue(ctx context.Context) {
	defer close(q.done)
	tick := time.NewTicker(q.o.Lease / 3)
	defer tick.Stop()
	for {
		if err := q.rescueOnce(ctx); err != nil && ctx.Err() == nil {
			q.o.Log.Warn("rescue of jobs failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (q *Queue) rescueOnce(ctx context.Context) error {
	list, err := q.client.JobList(ctx, river.NewJobListParams().First(1000).States(rivertype.JobStateRunning))
	if err != nil {
		return err
	}
	now := q.o.Now()
	for _, job := range list.Jobs {
		if job.AttemptedAt == nil || now.Sub(*job.AttemptedAt) < q.o.Lease {
			continue
		}
		if _, _, err := q.store.LeaseHolder(ctx, leaseOf(job.ID), now); !errors.Is(err, store.ErrNotFound) {
			continue
		}
		if _, err := q.store.DB().ExecContext(ctx, "UPDATE river_job SET state = 'available' WHERE id = $1 AND state = 'running' AND attempt = $2", job.ID, job.Attempt); err != nil {
			return err
		}
		q.o.Log.Warn("job of a dead worker given back", "job", job.ID, "attempt", job.Attempt)
	}
	return nil
}

// worker does the jobs.
type worker struct {
	river.WorkerDefaults[Job]
	q *Queue
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, job *river.Job[Job]) error {
	q := w.q
	if job.Attempt > Tries { // the process ended in it, again and again
		return w.giveUp(ctx, job.Args, fmt.Errorf("it was tried %d times and ended the program or its time each time", Tries))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	holder := store.NewID()
	got, err := q.store.Lease(ctx, leaseOf(job.ID), holder, q.o.Now(), q.o.Lease)
	if err != nil {
		return err
	}
	if !got {
		return river.JobSnooze(q.o.Lease)
	}
	renewed := make(chan struct{})
	go func() { // a worker that cannot renew its lease stops before another one begins
		defer close(renewed)
		q.renew(ctx, cancel, job.ID, holder)
	}()
	err = safely(ctx, q.work, job.Args)
	cancel()
	<-renewed
	ctx = context.WithoutCancel(ctx)
	if released := q.store.Release(ctx, leaseOf(job.ID), holder); released != nil {
		q.o.Log.Warn("lease not given back", "job", job.ID, "error", released)
	}
	var final setAside
	var wait later
	switch {
	case errors.As(err, &wait):
		return river.JobSnooze(wait.wait)
	case err == nil:
		q.o.Ended(job.Args, Done)
	case errors.As(err, &final) || job.Attempt >= Tries:
		return w.giveUp(ctx, job.Args, err)
	default:
		q.o.Ended(job.Args, Retried)
	}
	return err
}

// giveUp ends a job for good.
func (w *worker) giveUp(ctx context.Context, j Job, why error) error {
	if err := w.q.work.GaveUp(ctx, j, why); err != nil {
		return err
	}
	w.q.o.Ended(j, Aside)
	return river.JobCancel(why)
}

// safely does the job and turns a panic into an error: one bad file does not end the service.
func safely(ctx context.Context, work Work, j Job) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("internal error: %v", cause)
		}
	}()
	return work.Do(ctx, j)
}

func (q *Queue) renew(ctx context.Context, cancel context.CancelFunc, id int64, holder string) {
	tick := time.NewTicker(q.o.Lease / 3)
	defer tick.Stop()
	until := q.o.Now().Add(q.o.Lease)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := q.o.Now()
		got, err := q.store.Lease(ctx, leaseOf(id), holder, now, q.o.Lease)
		switch {
		case err == nil && got:
			until = now.Add(q.o.Lease)
		case err == nil || now.After(until.Add(-q.o.Lease/4)):
			cancel()
			return
		}
	}
}

// backoff waits 5 s, 20 s, 80 s ..., an hour at most, and up to a tenth more.
type backoff struct{ now func() time.Time }

func (b backoff) NextRetry(job *rivertype.JobRow) time.Time {
	wait := 5 * time.Second
	for range min(job.Attempt-1, 6) {
		wait *= 4
	}
	wait = min(wait, time.Hour)
	return b.now().Add(wait + rand.N(wait/10))
}

// nightly is the schedule of a time of day, UTC.
type nightly time.Duration

func (n nightly) Next(now time.Time) time.Time {
	at := now.UTC().Truncate(24 * time.Hour).Add(time.Duration(n))
	if !at.After(now) {
		at = at.Add(24 * time.Hour)
	}
	return at
}
