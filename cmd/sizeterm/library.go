package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"

	"sizeterm/cmd/sizeterm/internal/jobs"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/ingest"
	"sizeterm/ingest/upload"
	"sizeterm/recommend"
)

// library gives the pages what tenants sent and the newest plans of their customers. Both are in the archive and the
// database, where jobs and the batch put them; what pages need of a plan beside its document, for questions what if, is kept
// in memory, and made again from the partials where another process made the plan. It is safe for several goroutines.
type library struct {
	p       *pipeline
	door    *upload.Door
	log     *slog.Logger
	ctx     context.Context // of what goes on between requests
	going   sync.WaitGroup
	work    sync.Mutex // held while a plan is opened: one at a time
	mu      sync.Mutex
	shelves map[string]*shelf // by tenant
}

// shelf is what is in memory of one tenant.
type shelf struct {
	open    map[string]*web.Planned // by customer
	tried   map[string]bool         // ids of plans that were opened, or could not be
	opening int
	whole   *web.Planned // all of open, nil when one of them has changed
}

// newLibrary makes a library whose work between requests ends with ctx; wait for it with going.
func newLibrary(ctx context.Context, p *pipeline, door *upload.Door, log *slog.Logger) *library {
	l := &library{ctx: ctx, p: p, door: door, log: log, shelves: map[string]*shelf{}}
	p.made = l.put
	return l
}

// shelf returns what is in memory of a tenant; mu is held.
func (l *library) shelf(tenant string) *shelf {
	s := l.shelves[tenant]
	if s == nil {
		s = &shelf{open: map[string]*web.Planned{}, tried: map[string]bool{}}
		l.shelves[tenant] = s
	}
	return s
}

// put keeps a plan that was made.
func (l *library) put(tenant string, stored store.Plan, plan *recommend.Plan, in recommend.Input) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.shelf(tenant)
	s.tried[stored.ID] = true
	s.whole = nil
	s.open[stored.Customer] = &web.Planned{ID: stored.ID, At: stored.Created, Plan: plan, Input: in}
}

// Receive implements web.Files: what it returns is on the disk and recorded, and a job reads it.
func (l *library) Receive(ctx context.Context, in web.Sent, body io.Reader) (web.Upload, error) {
	receipt, err := l.door.Take(ctx, upload.File{Owner: upload.Owner{Tenant: in.Tenant, Author: in.By}, Customer: in.Customer, Name: in.Name, Size: -1}, body)
	if err != nil {
		if l.p.metrics != nil {
			l.p.metrics.TurnedAway(upload.ReasonOf(err))
		}
		return web.Upload{}, refusedUpload(err)
	}
	u, err := l.p.db.Partner(in.Tenant).Upload(ctx, receipt.ID)
	return uploadOf(u), none(err)
}

// refusedUpload turns what the door refuses into what a page says.
func refusedUpload(err error) error {
	var large *http.MaxBytesError
	var p *upload.Problem
	switch {
	case errors.As(err, &large):
		return large
	case errors.As(err, &p):
		return &web.Problem{Type: p.Type, Title: p.Title, Status: p.Status, Detail: p.Detail}
	}
	return err
}

// uploadOf is an upload as pages show it.
func uploadOf(u store.Upload) web.Upload {
	up := web.Upload{ID: u.ID, Name: u.Name, Size: u.Size, By: u.Author, At: u.Received, State: string(u.State), Refused: u.Reason, Hint: u.Hint}
	for _, p := range u.Parts {
		up.Parts = append(up.Parts, web.Part{Name: p.Name, Kind: p.Kind, Dialect: p.Dialect, Grain: p.Grain, Refused: strings.TrimPrefix(p.Refused, p.Name+": "), From: p.First, To: p.Last,
			Rows: p.Total, Accepted: p.Accepted, Rejected: p.Rejected, Days: p.Days, Customers: p.Customers, Missing: p.Missing, Notices: p.Notices})
	}
	if u.State == store.UploadAccepted && len(u.Parts) == 0 { // read before parts were kept
		up.Parts = []web.Part{{Name: u.Name, Kind: u.Kind, Dialect: u.Dialect, Grain: u.Grain, From: u.First, To: u.Last, Rows: u.Total, Accepted: u.Accepted, Rejected: u.Rejected, Customers: u.Customers}}
	}
	for i := range up.Parts { // rows that name no customer are of the one for whom the file was given
		if p := &up.Parts[i]; u.Customer != "" && len(p.Customers) == 0 {
			p.Customers = []string{u.Customer}
		}
	}
	return up
}

// mostUploads is the number of uploads that a page looks at.
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

// Upload implements web.Files.
func (l *library) Upload(ctx context.Context, tenant, id string) (web.Upload, error) {
	u, err := l.p.db.Partner(tenant).Upload(ctx, id)
	if err == nil && u.State == store.UploadRemoved {
		err = web.ErrNone
	}
	return uploadOf(u), none(err)
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

// Plan implements web.Plans. The newest is that of every customer together; while a plan that another process made is
// opened, the one before stands in for it.
func (l *library) Plan(ctx context.Context, tenant, id string) (web.Planned, error) {
	latest, err := l.p.db.Partner(tenant).LatestPlans(ctx)
	if err != nil {
		return web.Planned{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.shelf(tenant)
	for _, stored := range latest {
		if !s.tried[stored.ID] {
			s.tried[stored.ID] = true
			s.opening++
			l.going.Go(func() { l.reopen(l.ctx, tenant, stored) })
		}
	}
	if s.whole == nil {
		s.whole = together(s.open)
	}
	switch {
	case s.whole == nil:
	case id == "" || id == s.whole.ID:
		return *s.whole, nil
	default:
		for _, one := range s.open {
			if one.ID == id {
				return *one, nil
			}
		}
	}
	return web.Planned{}, web.ErrNone
}

// reopen makes again what pages need of a plan of the database. Where the plan would be another one by now, because of other
// rules, prices or a newer program, a new one is asked for instead.
func (l *library) reopen(ctx context.Context, tenant string, stored store.Plan) {
	l.work.Lock()
	defer l.work.Unlock()
	err := func() error {
		c, uploads, mark, err := l.p.basis(ctx, l.p.db.Partner(tenant), stored.Customer)
		if err != nil {
			return err
		}
		if mark != stored.Fingerprint {
			return l.ask(ctx, tenant, []string{stored.Customer})
		}
		plan, in, err := l.p.decide(ctx, c, uploads)
		if err == nil {
			l.put(tenant, stored, plan, in)
		}
		return err
	}()
	if err != nil && ctx.Err() == nil {
		l.log.Error("a plan could not be opened", "plan", stored.ID)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shelf(tenant).opening--
}

// together is the plan of all customers, nil where there is none.
func together(open map[string]*web.Planned) *web.Planned {
	var customers []string
	for c := range open {
		customers = append(customers, c)
	}
	slices.Sort(customers)
	if len(customers) == 0 {
		return nil
	}
	if len(customers) == 1 {
		return open[customers[0]]
	}
	whole := &web.Planned{Customers: map[string]*web.Planned{}}
	names := sha256.New()
	var plans []*recommend.Plan
	for _, c := range customers {
		one := open[c]
		names.Write([]byte(one.ID + "\x00"))
		whole.Customers[c] = one
		if one.At.After(whole.At) {
			whole.At = one.At
		}
		plans = append(plans, one.Plan)
	}
	whole.ID, whole.Plan = hex.EncodeToString(names.Sum(nil))[:16], joinedPlans(plans)
	return whole
}

// joinedPlans puts the plans of several customers, by customer, side by side: the window is that of all of them, the day that of the newest.
func joinedPlans(plans []*recommend.Plan) *recommend.Plan {
	all := *plans[0]
	all.Sold = nil // documents for a customer are made of its own plan
	for _, p := range plans[1:] {
		if p.AsOf.After(all.AsOf) {
			all.AsOf = p.AsOf
		}
		if p.Window.From.Before(all.Window.From) {
			all.Window.From = p.Window.From
		}
		if p.Window.To.After(all.Window.To) {
			all.Window.To = p.Window.To
		}
		for _, f := range p.Files {
			if !slices.ContainsFunc(all.Files, func(g recommend.File) bool { return g.SHA256 == f.SHA256 && g.Name == f.Name }) {
				all.Files = append(slices.Clip(all.Files), f)
			}
		}
		for _, source := range p.Prices {
			known := false
			for _, other := range all.Prices {
				known = known || other.SHA256 == source.SHA256 && other.Name == source.Name
			}
			if !known {
				all.Prices = append(slices.Clip(all.Prices), source)
			}
		}
		for _, w := range p.Warnings {
			if !slices.Contains(all.Warnings, w) {
				all.Warnings = append(slices.Clip(all.Warnings), w)
			}
		}
		all.Profiles = slices.Concat(all.Profiles, p.Profiles)
		all.VMs = slices.Concat(all.VMs, p.VMs)
		all.Resizes = slices.Concat(all.Resizes, p.Resizes)
		all.Sized = slices.Concat(all.Sized, p.Sized)
		all.Pools = slices.Concat(all.Pools, p.Pools)
		all.Lines = slices.Concat(all.Lines, p.Lines)
		all.Later = slices.Concat(all.Later, p.Later)
		all.Rescopes = slices.Concat(all.Rescopes, p.Rescopes)
		all.NotRecommended = slices.Concat(all.NotRecommended, p.NotRecommended)
		all.Reference = slices.Concat(all.Reference, p.Reference)
		all.Asked = slices.Concat(all.Asked, p.Asked)
		all.Lookbacks = slices.Concat(all.Lookbacks, p.Lookbacks)
		all.Totals = slices.Concat(all.Totals, p.Totals)
	}
	return &all
}

// Progress implements web.Plans.
func (l *library) Progress(ctx context.Context, tenant string) (web.Progress, error) {
	since, busy, err := l.p.queue.Busy(ctx, tenant)
	if err != nil {
		return web.Progress{}, err
	}
	if busy {
		reading, err := l.p.unread(ctx, tenant)
		if reading {
			return web.Progress{Running: true, Stage: "reading the files", Since: since}, err
		}
		return web.Progress{Running: true, Stage: "making the plan", Since: since}, err
	}
	l.mu.Lock()
	opening := l.shelf(tenant).opening
	l.mu.Unlock()
	if opening > 0 {
		return web.Progress{Running: true, Stage: "opening the plan", Since: l.p.now()}, nil
	}
	failed, err := l.failed(ctx, tenant)
	return web.Progress{Failed: failed}, err
}

// lookedBack is how many events are searched for a failed plan.
const lookedBack = 100

// failed says why the last plan could not be made, "" where it could.
func (l *library) failed(ctx context.Context, tenant string) (string, error) {
	t := l.p.db.Partner(tenant)
	last, err := t.LastEvent(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil // a tenant that did nothing yet
	}
	if err != nil {
		return "", err
	}
	events, err := t.Events(ctx, max(0, last-lookedBack), lookedBack)
	if err != nil {
		return "", err
	}
	for _, e := range slices.Backward(events) {
		if e.Kind != "plan" {
			continue
		}
		var h happened
		err := json.Unmarshal([]byte(e.Body), &h)
		return h.Reason, err
	}
	return "", nil
}

// Events implements web.Happened.
func (l *library) Events(ctx context.Context, tenant string, after int64) ([]web.Event, error) {
	events, err := l.p.db.Partner(tenant).Events(ctx, after, 0)
	if err != nil {
		return nil, err
	}
	var all []web.Event
	for _, e := range events {
		all = append(all, web.Event{Seq: e.Seq, Kind: e.Kind, Body: e.Body})
	}
	return all, nil
}

// LastEvent implements web.Happened.
func (l *library) LastEvent(ctx context.Context, tenant string) (int64, error) {
	return l.p.db.Partner(tenant).LastEvent(ctx)
}

// Refresh implements web.Plans.
func (l *library) Refresh(ctx context.Context, tenant string) error {
	customers, err := l.p.db.Partner(tenant).Customers(ctx)
	if err != nil {
		return err
	}
	var ids []string
	for _, c := range customers {
		ids = append(ids, c.ID)
	}
	return l.ask(ctx, tenant, ids)
}

// resume enqueues whatever an earlier process, or one without workers, left to be read or planned. What is done already costs
// a look.
func (l *library) resume(ctx context.Context, tenant string) error {
	t := l.p.db.Partner(tenant)
	waiting, err := t.Uploads(ctx, store.UploadFilter{States: []store.UploadState{store.UploadReceived, store.UploadReading}, Page: store.Page{Limit: mostUploads}})
	if err != nil {
		return err
	}
	err = t.In(ctx, func(_ *store.Partner, tx *sql.Tx) error {
		for _, u := range waiting {
			if err := l.p.queue.Enqueue(ctx, tx, jobs.Job{What: jobs.Read, Tenant: tenant, Subject: u.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, l.Refresh(ctx, tenant))
}

// ask enqueues the plans of customers.
func (l *library) ask(ctx context.Context, tenant string, customers []string) error {
	return l.p.db.Partner(tenant).In(ctx, func(_ *store.Partner, tx *sql.Tx) error {
		for _, c := range customers {
			if err := l.p.queue.Enqueue(ctx, tx, jobs.Job{What: jobs.Plan, Tenant: tenant, Subject: c}); err != nil {
				return err
			}
		}
		return nil
	})
}
