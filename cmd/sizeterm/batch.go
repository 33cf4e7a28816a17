package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"gocloud.dev/blob"

	"sizeterm/cmd/sizeterm/internal/jobs"
	"sizeterm/cmd/sizeterm/internal/metrics"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/ingest/upload"
)

// batching are the flags of the nightly run.
type batching struct {
	recommending
	house
	watch    []string
	tenant   string
	textfile string
	settle   time.Duration
	mail     mailing
	hook     telling
	tenants  *webhooks // of the service, which tells each tenant's what is due; nil in the batch
}

// batchLease is the name of the lease that one run holds, and how long it lasts without being renewed.
const (
	batchLease    = "batch"
	batchLeaseFor = 20 * time.Second
)

func newBatch(c *common) *cobra.Command {
	b := &batching{recommending: recommending{common: c}}
	cmd := &cobra.Command{
		Use:   "batch [FLAGS]",
		Short: "One run over every customer with new data; safe to start twice; for cron, systemd, Kubernetes",
		Long: `Takes new files from the watched folders and containers, reads whatever was uploaded and not read yet, makes the plan
of every customer for whom anything changed since the last one, compares it with that, writes reports, and tells those
who want to know. One run works at a time: another one that is started meanwhile ends at once with exit code 0. A run
that was killed is gone on with by the next one. A customer whose plan fails does not stop the others.

Exit codes: 0 done, or another run works; 1 unexpected; 2 usage; 3 done, but files or customers were refused;
5 a remote (database, container, mail server, webhook) is unavailable: run again.`,
		Example: `  sizeterm batch --watch /srv/exports --out /srv/reports
  sizeterm batch --watch azblob://exports --textfile /var/lib/node_exporter/sizeterm.prom`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return b.run(cmd.Context()) },
	}
	b.house.flags(cmd)
	f := cmd.Flags()
	b.fileFlags(cmd)
	f.StringArrayVar(&b.watch, "watch", nil, "folder or container (azblob://, s3://) from which new files are taken (repeatable)")
	f.StringVar(&b.tenant, "tenant", store.Local, "partner for whom watched files are taken")
	f.StringVar(&b.out, "out", "", "write the reports of new plans below this folder or container (azblob://, s3://): CUSTOMER/DATE-ID/")
	f.StringVar(&b.textfile, "textfile", "", "write metrics to this file, for the textfile collector of node_exporter")
	f.DurationVar(&b.settle, "settle", 2*time.Minute, "leave watched files alone that changed less than this ago: they may still be written")
	f.StringArrayVar(&b.prices, "prices", nil, "price sheet over the embedded prices (repeatable; the last one wins)")
	f.StringVar(&b.policyPath, "policy", "", "YAML file with the rules of the plans")
	b.mail.flags(cmd)
	b.hook.flags(cmd)
	return cmd
}

// flags of where things are kept: those of serve.
func (h *house) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&h.dataDir, "data-dir", "", "folder that keeps everything (default: sizeterm in the data folder of the user)")
	f.StringVar(&h.database, "database", "", "PostgreSQL instead of a file of the data folder: postgres://USER:PASSWORD@HOST/DATABASE")
	f.StringVar(&h.archive, "archive", "", "folder or container (azblob://, s3://) of received files (default: a folder of the data folder)")
}

// outcome is what a run did.
type outcome struct {
	Taken       int      // new files from watched places
	Read        int      // files
	Refused     []string // files, with the reason
	Plans, Same int      // customers with a new plan, and those whose plan stands
	Failed      []string // customers, with the reason
	remote      []error  // what could not be reached
}

// newPlan is a plan that is news.
type newPlan struct {
	Tenant   string   `json:"tenant"`
	Customer string   `json:"customer"`
	Name     string   `json:"name"`
	Plan     string   `json:"plan"`
	Lines    int      `json:"lines"`
	Changes  []change `json:"changes"`
	First    bool     `json:"first"`
	Reports  string   `json:"reports,omitempty"`
}

func (b *batching) run(ctx context.Context) (err error) {
	if err := errors.Join(b.mail.check(), b.hook.check()); err != nil {
		return err
	}
	if b.dataDir == "" {
		if b.dataDir, err = userDataDir(); err != nil {
			return err
		}
	}
	p, err := openPipeline(ctx, b.common, b.house, b.recommending)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	p.metrics = metrics.New(release)
	o, got, err := b.once(ctx, p)
	if !got {
		if err == nil {
			b.note("another run is at work: nothing to do")
		}
		return err
	}
	return errors.Join(err, b.tell(context.WithoutCancel(ctx), p, o, err))
}

// once does the work under the lease of the run; got is false where another run has it.
func (b *batching) once(ctx context.Context, p *pipeline) (o *outcome, got bool, err error) {
	holder := store.NewID()
	if got, err = p.db.Lease(ctx, batchLease, holder, now(), batchLeaseFor); err != nil || !got {
		return nil, false, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		renewLease(ctx, cancel, p.db, holder)
	}()
	o, err = b.work(ctx, p)
	cancel(nil)
	<-renewed
	return o, true, errors.Join(err, p.db.Release(context.WithoutCancel(ctx), batchLease, holder))
}

// errLost says that another run took the lease.
var errLost = errors.New("the lease of the run was lost: another run works")

func renewLease(ctx context.Context, cancel context.CancelCauseFunc, db *store.Store, holder string) {
	tick := time.NewTicker(batchLeaseFor / 4)
	defer tick.Stop()
	for missed := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		got, err := db.Lease(ctx, batchLease, holder, now(), batchLeaseFor)
		if missed++; err == nil && got {
			missed = 0
		} else if err == nil || missed == 3 {
			cancel(errLost)
			return
		}
	}
}

// work is the run: files, readings, plans, news.
func (b *batching) work(ctx context.Context, p *pipeline) (*outcome, error) {
	o := &outcome{}
	if err := b.openChannels(ctx, p); err != nil {
		return o, err
	}
	for _, place := range b.watch {
		if err := b.takeFrom(ctx, p, place, o); err != nil {
			if ctx.Err() != nil {
				return o, context.Cause(ctx)
			}
			o.remote = append(o.remote, fmt.Errorf("%s: %w", masked(place), err))
		}
	}
	tenants, err := p.db.Tenants(ctx)
	if err != nil {
		return o, err
	}
	for _, t := range tenants {
		if err := b.readAll(ctx, p, t.ID, o); err != nil {
			return o, err
		}
		customers, err := p.db.Partner(t.ID).Customers(ctx)
		if err != nil {
			return o, err
		}
		for _, c := range customers {
			err := b.planOne(ctx, p, t.ID, c, o)
			if ctx.Err() != nil {
				return o, context.Cause(ctx)
			}
			if err != nil {
				o.Failed = append(o.Failed, fmt.Sprintf("%s: %v", c.ID, err))
				b.note("%s: %v", printable(c.ID), err)
			}
		}
		if err := b.prove(ctx, p, t.ID, customers, o); err != nil {
			return o, err
		}
	}
	return o, b.announce(ctx, p, o)
}

// prove compares what each customer bought with the files that are new; the service leaves that to its jobs.
func (b *batching) prove(ctx context.Context, p *pipeline, tenant string, customers []store.Customer, o *outcome) error {
	if p.queue != nil {
		return p.verifyAll(ctx, tenant)
	}
	for _, c := range customers {
		err := p.verifyNow(ctx, tenant, c.ID)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && !jobs.IsLater(err) { // files that came meanwhile are for the next run
			o.Failed = append(o.Failed, fmt.Sprintf("%s: orders not compared with the files: %v", c.ID, err))
			b.note("%s: orders not compared with the files: %v", printable(c.ID), err)
		}
	}
	return nil
}

// readAll reads what nobody has read yet.
func (b *batching) readAll(ctx context.Context, p *pipeline, tenant string, o *outcome) error {
	t := p.db.Partner(tenant)
	waiting, err := t.Uploads(ctx, store.UploadFilter{States: []store.UploadState{store.UploadReceived, store.UploadReading}, Page: store.Page{Limit: 1 << 30}})
	if err != nil {
		return err
	}
	slices.Reverse(waiting) // the oldest first
	for _, u := range waiting {
		start := now()
		if err := p.read(ctx, tenant, u.ID); err != nil {
			return err
		}
		p.took(metrics.Ingest, start)
		u, err := t.Upload(ctx, u.ID)
		if err != nil {
			return err
		}
		o.Read++
		if u.State == store.UploadRefused {
			o.Refused = append(o.Refused, fmt.Sprintf("%s: %s", u.Name, u.Reason))
			b.note("%s: refused: %s", printable(u.Name), u.Reason)
		}
	}
	return nil
}

// planOne makes the plan of one customer where anything changed, and its reports. A panic of one customer is an error of that one.
func (b *batching) planOne(ctx context.Context, p *pipeline, tenant string, c store.Customer, o *outcome) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("internal error: %v", cause)
		}
	}()
	t := p.db.Partner(tenant)
	stored, plan, err := p.plan(ctx, tenant, c.ID, "batch")
	if err != nil {
		return err
	}
	if plan == nil {
		o.Same++
	} else {
		o.Plans++
		if err := b.sayChanges(ctx, t, stored); err != nil {
			return err
		}
	}
	err = b.reports(ctx, p, t, stored, plan)
	if errors.Is(err, errPlace) {
		o.remote = append(o.remote, err)
		return nil
	}
	return err
}

// sayChanges notes how a new plan differs from the one before it.
func (b *batching) sayChanges(ctx context.Context, t *store.Partner, stored store.Plan) error {
	before, err := beforeThat(ctx, t, stored.Customer)
	if err != nil {
		return err
	}
	made, err := compared(ctx, t, stored, before)
	if err != nil {
		return err
	}
	b.note("%s: %d lines, %d changes", printable(stored.Customer), made.Lines, len(made.Changes))
	return nil
}

// takeFrom takes new files from a watched place: a folder or a container.
func (b *batching) takeFrom(ctx context.Context, p *pipeline, place string, o *outcome) error {
	path, local := strings.CutPrefix(place, "file://")
	if local || !strings.Contains(place, "://") {
		return b.takeFolder(ctx, p, path, o)
	}
	bucket, err := blob.OpenBucket(ctx, place)
	if err != nil {
		return err
	}
	defer bucket.Close()
	list := bucket.List(nil)
	for {
		object, err := list.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if object.IsDir || strings.HasPrefix(filepath.Base(object.Key), ".") || isNote(object.Key) {
			continue
		}
		open := func() (io.ReadCloser, error) { return bucket.NewReader(ctx, object.Key, nil) }
		if err := b.takeOne(ctx, p, object.Key, object.Size, object.ModTime, open, o); err != nil {
			return err
		}
	}
}

func (b *batching) takeFolder(ctx context.Context, p *pipeline, root string, o *outcome) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != root && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || isNote(d.Name()) {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return b.takeOne(ctx, p, filepath.ToSlash(name), info.Size(), info.ModTime(), func() (io.ReadCloser, error) { return os.Open(path) }, o)
	})
}

// takeOne takes a file that is new. One that replaces another of its name takes its place: an export that was written anew
// must not be counted beside its earlier self.
func (b *batching) takeOne(ctx context.Context, p *pipeline, name string, size int64, changed time.Time, open func() (io.ReadCloser, error), o *outcome) error {
	if now().Sub(changed) < b.settle {
		return nil
	}
	t := p.db.Partner(b.tenant)
	known, err := t.UploadsCalled(ctx, name, "batch")
	if err != nil {
		return err
	}
	for _, u := range known {
		if u.Size == size && u.Received.After(changed) {
			return nil
		}
	}
	body, err := open()
	if err != nil {
		return err
	}
	defer body.Close()
	receipt, err := p.take(ctx, upload.Owner{Tenant: b.tenant, Author: "batch"}, name, body)
	if err != nil {
		return err
	}
	if receipt.Fresh {
		o.Taken++
	}
	for _, u := range known {
		if u.ID == receipt.ID {
			continue
		}
		u.State, u.Changed, u.Reason = store.UploadRemoved, now(), "replaced by "+receipt.ID
		if err := t.SetUpload(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// tell writes metrics of what the run did, and turns its outcome into the error of the command.
func (b *batching) tell(ctx context.Context, p *pipeline, o *outcome, failed error) error {
	if o == nil {
		return nil
	}
	p.metrics.Batch(o.Plans, len(o.Failed))
	if failed == nil && len(o.Failed) == 0 && len(o.remote) == 0 {
		p.metrics.Succeeded("batch", now())
	}
	var errs []error
	if b.textfile != "" {
		errs = append(errs, b.exposed(ctx, p))
	}
	if failed == nil {
		b.note("%d files taken, %d read, %d refused; %d plans made, %d unchanged, %d failed", o.Taken, o.Read, len(o.Refused), o.Plans, o.Same, len(o.Failed))
	}
	if err := errors.Join(errs...); err != nil || failed != nil {
		return err
	}
	if err := errors.Join(o.remote...); err != nil {
		return &hintError{code: exitUnavailable, err: err, hint: "What was done is kept; run again."}
	}
	if refused := slices.Concat(o.Refused, o.Failed); len(refused) > 0 {
		hint := "They are named above; the others are done."
		if b.quiet {
			hint = strings.Join(refused, "\n") + "\nThe others are done."
		}
		return &hintError{code: exitInputRefused, err: fmt.Errorf("%d files or customers were refused", len(refused)), hint: hint}
	}
	return nil
}

// exposed writes the metrics of the run and of all newest plans.
func (b *batching) exposed(ctx context.Context, p *pipeline) error {
	if err := p.show(ctx); err != nil {
		return err
	}
	return p.metrics.WriteTextfile(b.textfile)
}

// plainName makes a folder name of what somebody else said: no folders, no hidden files, nothing that a terminal acts on.
func plainName(name string) string {
	name = printable(name[strings.LastIndexAny(name, `/\`)+1:])
	name = strings.TrimLeft(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) || r == '\ufffd' {
			return '_'
		}
		return r
	}, name), ". ")
	const longest = 120
	if len(name) > longest {
		name = name[len(name)-longest:] // the ending says how it is packed
		name = strings.ToValidUTF8(name, "")
	}
	if name == "" {
		return "file"
	}
	return name
}
