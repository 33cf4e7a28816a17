package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"sizeterm/benchmarks/fleet/contoso"
	"sizeterm/cmd/sizeterm/internal/jobs"
	"sizeterm/cmd/sizeterm/internal/metrics"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/ingest/upload"
)

// What goes on beside the requests of the service.
const (
	jobPoll      = 250 * time.Millisecond // between questions for jobs
	jobsMayTake  = 4 * time.Second        // of running jobs at the stop; what is broken off is begun again
	queueLook    = 5 * time.Second        // between looks at the queue for the metrics
	doorRecovery = time.Hour              // between searches for uploads that nobody goes on with, and for what has expired
)

// employ opens the door for files and starts the workers: they read what comes, make the plans and do the nightly run. stop,
// which is called once ctx has ended, waits for them.
func (s *serving) employ(ctx context.Context, p *pipeline, log *slog.Logger) (lib *library, stop func() error, err error) {
	door, err := upload.New(upload.Options{Dir: filepath.Join(s.dataDir, "unfinished"), Archive: p.archive, Owner: doorOwner, Record: p.record, Room: p.room, Now: now, Log: log, Refused: p.metrics.TurnedAway, Limits: s.uploads})
	if err != nil {
		return nil, nil, err
	}
	lib = newLibrary(ctx, p, door, log)
	p.night = func(ctx context.Context) error { return s.night(ctx, p) }
	p.queue, err = jobs.Open(ctx, p.db, p, jobs.Options{Poll: jobPoll, Nightly: s.nightly, Now: now, Ended: func(j jobs.Job, end jobs.End) { ended(p.metrics, log, j, end) }})
	if err != nil {
		return nil, nil, err
	}
	if err := errors.Join(door.Recover(ctx), p.db.Sweep(ctx, now())); err != nil {
		return nil, nil, err
	}
	if err := p.show(ctx); err != nil {
		log.Error("plans not shown as metrics")
	}
	tenants, err := p.db.Tenants(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := p.queue.Start(ctx); err != nil {
		return nil, nil, err
	}
	for _, t := range tenants {
		if err := lib.resume(ctx, t.ID); err != nil {
			log.Error("what was left undone could not be gone on with")
		}
		_, _ = lib.Plan(ctx, t.ID, "") // so that the first page need not wait
	}
	lib.going.Go(func() { lookAfter(ctx, p, door, log) })
	return lib, func() error {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), jobsMayTake)
		defer cancel()
		err := p.queue.Stop(stopping)
		lib.going.Wait()
		return err
	}, nil
}

// doorOwner says whose files a request brings: the routes have let it through.
func doorOwner(r *http.Request) (upload.Owner, error) {
	tenant, id := web.Asking(r.Context())
	return upload.Owner{Tenant: tenant, Author: id}, nil
}

// ended counts and logs the end of a job.
func ended(m *metrics.Metrics, log *slog.Logger, j jobs.Job, end jobs.End) {
	kind := string(j.What)
	switch end {
	case jobs.Done:
		m.Job(kind, metrics.Done)
		m.Succeeded(kind, now())
		log.Info("job done", "kind", kind)
	case jobs.Retried:
		m.Job(kind, metrics.Retried)
		log.Warn("job failed and will be tried again", "kind", kind)
	case jobs.Aside:
		m.Job(kind, metrics.Discarded)
		log.Warn("job set aside", "kind", kind)
	}
}

// lookAfter keeps the metrics of the queue, and finishes or removes uploads that nobody goes on with, until ctx ends.
func lookAfter(ctx context.Context, p *pipeline, door *upload.Door, log *slog.Logger) {
	look, recovery := time.NewTicker(queueLook), time.NewTicker(doorRecovery)
	defer look.Stop()
	defer recovery.Stop()
	for {
		standings, err := p.queue.Standings(ctx)
		for state, s := range standings {
			age := time.Duration(0)
			if !s.Oldest.IsZero() {
				age = now().Sub(s.Oldest)
			}
			p.metrics.Queue(state, s.Jobs, age)
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("the queue could not be looked at")
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-recovery.C:
			if err := errors.Join(door.Recover(ctx), p.db.Sweep(ctx, now())); err != nil && ctx.Err() == nil {
				log.Warn("unfinished uploads and expired sessions could not be looked after")
			}
		}
	}
}

// night is the nightly run: what batch does, but for reports. It tells the webhooks of tenants what is due as well.
func (s *serving) night(ctx context.Context, p *pipeline) error {
	b := &batching{recommending: p.plans, house: s.house, watch: s.watch, tenant: store.Local, settle: 2 * time.Minute, mail: s.mail, hook: s.hook, tenants: p.hooks}
	o, got, err := b.once(ctx, p)
	if err != nil || !got {
		return err
	}
	p.metrics.Batch(o.Plans, len(o.Failed))
	return errors.Join(append(o.remote, p.show(ctx))...)
}

// bringDemo uploads the demo's files, all of them or none.
func bringDemo(ctx context.Context, lib *library, tenant, by string) error {
	files, err := contoso.Files(contoso.Seed)
	if err != nil {
		return err
	}
	var all []upload.File
	for _, f := range files {
		sum, size, err := lib.p.archive.Put(ctx, bytes.NewReader(f.Data))
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		all = append(all, upload.File{Owner: upload.Owner{Tenant: tenant, Author: by}, Name: f.Name, Size: size, SHA256: sum})
	}
	_, err = lib.p.recordAll(ctx, tenant, all)
	return err
}
