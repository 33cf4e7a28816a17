package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"sizeterm/cmd/sizeterm/internal/metrics"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/ingest"
	"sizeterm/ingest/upload"
	"sizeterm/recommend"
)

// library gives the pages what tenants sent and the plan that is made of it: files rest in the archive and the database, where
// the batch finds them too, and the newest plan of each tenant in memory, because the same files give the same plan. It is
// safe for several goroutines of one process.
type library struct {
	p       *pipeline
	now     func() time.Time
	work    sync.Mutex // held while a plan is made: one at a time
	mu      sync.Mutex
	tenants map[string]*shelf
	// done, where set, hears of every plan that was made or failed.
	done func(tenant string, planned *web.Planned, took time.Duration, err error)
}

// shelf is what is known of one tenant.
type shelf struct {
	planned  *web.Planned
	progress web.Progress
	again    bool // asked for once more while one was made
}

func newLibrary(p *pipeline, now func() time.Time) *library {
	return &library{p: p, now: now, tenants: map[string]*shelf{}}
}

// plainName makes a file name of what a client said: no folders, no hidden files, nothing that a terminal acts on.
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

// Receive implements web.Files: the file is read at once, and its receipt says what it is.
func (l *library) Receive(ctx context.Context, tenant, by, name string, body io.Reader) (web.Upload, error) {
	receipt, err := l.p.take(ctx, upload.Owner{Tenant: tenant, Author: by}, plainName(name), body)
	if err != nil {
		return web.Upload{}, err
	}
	start := time.Now()
	if err := l.p.read(ctx, tenant, receipt.ID); err != nil {
		return web.Upload{}, err
	}
	if l.p.metrics != nil {
		l.p.metrics.Took(metrics.Ingest, time.Since(start))
	}
	u, err := l.p.db.Partner(tenant).Upload(ctx, receipt.ID)
	return uploadOf(u), none(err)
}

// uploadOf is an upload as pages show it.
func uploadOf(u store.Upload) web.Upload {
	up := web.Upload{ID: u.ID, Name: u.Name, Size: u.Size, By: u.Author, At: u.Received, Refused: u.Reason}
	if u.Reason == "" && u.State != store.UploadReceived {
		up.Parts = []web.Part{{Name: u.Name, Kind: u.Kind, Dialect: u.Dialect, Grain: u.Grain, From: u.First, To: u.Last, Rows: u.Total, Accepted: u.Accepted, Rejected: u.Rejected, Customers: u.Customers}}
	}
	return up
}

// mostUploads is the number of uploads that a page and a plan look at.
const mostUploads = 10_000

// Uploads implements web.Files.
func (l *library) Uploads(ctx context.Context, tenant string) ([]web.Upload, error) {
	kept, err := l.p.db.Partner(tenant).Uploads(ctx, store.UploadFilter{Page: store.Page{Limit: mostUploads}})
	if err != nil {
		return nil, err
	}
	all := make([]web.Upload, 0, len(kept))
	for _, u := range kept {
		all = append(all, uploadOf(u))
	}
	return all, nil
}

// Rejects implements web.Files.
func (l *library) Rejects(ctx context.Context, tenant, id string, w io.Writer) error {
	u, err := l.p.db.Partner(tenant).Upload(ctx, id)
	if err != nil {
		return none(err)
	}
	if u.Rejects == "" {
		return ingest.WriteRejects(w, nil)
	}
	f, err := l.p.archive.Open(ctx, u.Rejects)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return errors.Join(err, f.Close())
}

// Plan implements web.Plans.
func (l *library) Plan(_ context.Context, tenant, id string) (web.Planned, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.tenants[tenant]; s != nil && s.planned != nil && (id == "" || id == s.planned.ID) {
		return *s.planned, nil
	}
	return web.Planned{}, web.ErrNone
}

// Progress implements web.Plans.
func (l *library) Progress(_ context.Context, tenant string) (web.Progress, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.tenants[tenant]; s != nil {
		return s.progress, nil
	}
	return web.Progress{}, nil
}

// Refresh implements web.Plans.
func (l *library) Refresh(ctx context.Context, tenant string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.tenants[tenant]
	if s == nil {
		s = &shelf{}
		l.tenants[tenant] = s
	}
	if s.progress.Running {
		s.again = true
		return nil
	}
	s.progress = web.Progress{Running: true, Stage: "reading the files", Since: l.now()}
	go l.run(context.WithoutCancel(ctx), tenant, s)
	return nil
}

// run makes plans until nobody asked for another one meanwhile.
func (l *library) run(ctx context.Context, tenant string, s *shelf) {
	for {
		start := time.Now()
		planned, err := l.plan(ctx, tenant)
		l.mu.Lock()
		if err == nil {
			s.planned = planned
		}
		l.mu.Unlock()
		if l.done != nil {
			l.done(tenant, planned, time.Since(start), err)
		}
		l.mu.Lock()
		again := s.again
		s.again = false
		if !again {
			s.progress = web.Progress{}
			if err != nil {
				s.progress.Failed = err.Error()
			}
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
	}
}

// plan makes the plan of all files of a tenant that can be read.
func (l *library) plan(ctx context.Context, tenant string) (planned *web.Planned, err error) {
	l.work.Lock()
	defer l.work.Unlock()
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the plan failed: %v", cause)
		}
	}()
	uploads, err := l.p.db.Partner(tenant).Uploads(ctx, store.UploadFilter{States: []store.UploadState{store.UploadAccepted}, Page: store.Page{Limit: mostUploads}})
	if err != nil {
		return nil, err
	}
	if len(uploads) == 0 {
		return nil, errors.New("no file that can be used was sent")
	}
	slices.Reverse(uploads) // the oldest first
	inputs, options, err := l.p.inputs(ctx, uploads)
	if err != nil {
		return nil, err
	}
	if inputs, err = l.p.common.distinct(inputs); err != nil {
		return nil, err
	}
	opts, err := l.p.plans.options(recommend.DefaultPolicy().MinAge)
	if err != nil {
		return nil, err
	}
	start := l.now()
	g, err := l.p.common.collect(ctx, inputs, options, opts, l.p.partials)
	if err != nil {
		return nil, err
	}
	l.p.took(metrics.Analyze, start)
	start = l.now()
	job := l.p.plans
	in, err := job.input(g)
	if err != nil {
		return nil, err
	}
	plan, err := recommend.Recommend(in)
	if err != nil {
		return nil, err
	}
	l.p.took(metrics.Recommend, start)
	return &web.Planned{ID: planID(plan), At: l.now(), Plan: plan, Input: in}, nil
}

// newest returns the newest plan of each tenant.
func (l *library) newest() []*recommend.Plan {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []*recommend.Plan
	for _, s := range l.tenants {
		if s.planned != nil {
			all = append(all, s.planned.Plan)
		}
	}
	return all
}

// planID names a plan by its content.
func planID(p *recommend.Plan) string {
	digest := sha256.New()
	_ = report.Write(digest, p, report.JSON, report.Options{Version: release}) // a hash never fails
	return hex.EncodeToString(digest.Sum(nil))[:16]
}
