package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sizeterm/analyzer"
	"sizeterm/analyzer/shard"
	"sizeterm/cmd/sizeterm/internal/jobs"
	"sizeterm/cmd/sizeterm/internal/metrics"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/ingest"
	"sizeterm/ingest/archive"
	"sizeterm/ingest/upload"
	"sizeterm/recommend"
)

// pipeline is the way of a received file: into the archive and the database, through reading, to the plans of the customers
// whose rows it holds. It reads and decides with the code of recommend and check. It is safe for several goroutines, and
// for several processes as far as archive and database are.
type pipeline struct {
	common   *common
	db       *store.Store
	archive  *archive.Archive
	partials *shard.Store
	queue    *jobs.Queue // nil where nobody waits: the batch reads and plans by itself
	plans    recommending
	metrics  *metrics.Metrics // nil where nobody asks
	quota    int64            // bytes that one tenant may keep, 0 is any number
	now      func() time.Time
	// made, where set, hears of every new plan with what it was made of.
	made  func(tenant string, stored store.Plan, plan *recommend.Plan, in recommend.Input)
	hooks *webhooks // of tenants; nil where nobody tells them
	later sync.Map  // laterKept by tenant and customer
	// night is the nightly run; nil where there is none.
	night func(ctx context.Context) error
	turns sync.Map // *sync.Mutex by tenant and customer: one plan of a customer is made at a time
}

// house is where a service or a batch keeps its things.
type house struct {
	dataDir  string // of the database, the archive, unfinished uploads and partials
	database string // postgres://..., "" is a file of dataDir
	archive  string // azblob://, s3:// or a folder, "" is a folder of dataDir
}

// places returns where the database and the received files are.
func (h *house) places() (database, archive string) {
	return cmp.Or(h.database, filepath.Join(h.dataDir, "sizeterm.db")), cmp.Or(h.archive, filepath.Join(h.dataDir, "archive"))
}

// openPipeline opens database, archive and partials.
func openPipeline(ctx context.Context, c *common, h house, plans recommending) (*pipeline, error) {
	if err := os.MkdirAll(h.dataDir, 0o700); err != nil {
		return nil, err
	}
	address, files := h.places()
	quiet := *c
	quiet.quiet, quiet.in = true, strings.NewReader("")
	plans.common = &quiet
	p := &pipeline{common: &quiet, plans: plans, now: now}
	var err error
	if p.db, err = store.Open(ctx, address); err != nil {
		if away := new(net.OpError); errors.As(err, &away) {
			return nil, &hintError{code: exitUnavailable, err: err, hint: "The database does not answer: run again when it does, or look at --database."}
		}
		return nil, err
	}
	if p.archive, err = archive.Open(ctx, files, filepath.Join(h.dataDir, "copies")); err != nil {
		return nil, errors.Join(&hintError{code: exitUnavailable, err: err, hint: "--archive names a folder, azblob://CONTAINER or s3://BUCKET."}, p.db.Close())
	}
	if p.partials, err = shard.Open(filepath.Join(h.dataDir, "partials")); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *pipeline) close() error { return errors.Join(p.archive.Close(), p.db.Close()) }

// record implements upload.Recorder: the row of the upload, the act in the audit and the job that reads it come together.
func (p *pipeline) record(ctx context.Context, f upload.File) (upload.Receipt, error) {
	receipts, err := p.recordAll(ctx, f.Owner.Tenant, []upload.File{f})
	if err != nil {
		return upload.Receipt{}, err
	}
	return receipts[0], nil
}

// recordAll records files of one tenant: all of them, or none.
func (p *pipeline) recordAll(ctx context.Context, tenant string, files []upload.File) ([]upload.Receipt, error) {
	var receipts []upload.Receipt
	err := p.db.Partner(tenant).In(ctx, func(t *store.Partner, tx *sql.Tx) error {
		for _, f := range files {
			receipt, err := p.recordIn(ctx, t, tx, f)
			if err != nil {
				return err
			}
			receipts = append(receipts, receipt)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, r := range receipts {
		if p.metrics == nil {
			continue
		}
		result := metrics.Accepted
		if !r.Fresh {
			result = metrics.Duplicate
		}
		p.metrics.Upload(result, r.Size)
	}
	return receipts, nil
}

func (p *pipeline) recordIn(ctx context.Context, t *store.Partner, tx *sql.Tx, f upload.File) (upload.Receipt, error) {
	u, fresh, err := t.Received(ctx, store.Upload{ID: store.NewID(), Customer: f.Customer, Name: f.Name, Size: f.Size, SHA256: f.SHA256, Author: f.Owner.Author, Received: p.now()})
	if err != nil {
		return upload.Receipt{}, err
	}
	receipt := upload.Receipt{ID: u.ID, Name: u.Name, Customer: u.Customer, Size: u.Size, SHA256: u.SHA256, State: string(u.State), Fresh: fresh}
	if !fresh {
		return receipt, nil
	}
	if left, err := p.left(ctx, t); err != nil {
		return receipt, err
	} else if left < 0 {
		return receipt, &upload.Problem{Type: "urn:sizeterm:problem:quota", Title: "The quota is used up", Status: http.StatusInsufficientStorage, Detail: "Others sent files meanwhile: remove old ones, or ask for more."}
	}
	if err := t.Record(ctx, store.Act{At: p.now(), Actor: f.Owner.Author, Action: "upload.received", Object: u.ID}); err != nil {
		return receipt, err
	}
	if p.queue != nil {
		if err := p.queue.Enqueue(ctx, tx, jobs.Job{What: jobs.Read, Tenant: f.Owner.Tenant, Subject: u.ID}); err != nil {
			return receipt, err
		}
	}
	return receipt, p.emit(ctx, t, "upload", happened{ID: u.ID, State: string(u.State)})
}

// room implements upload.Options.Room.
func (p *pipeline) room(ctx context.Context, tenant string) (int64, error) {
	return p.left(ctx, p.db.Partner(tenant))
}

// left is how many bytes a tenant may still keep; negative where it keeps too much.
func (p *pipeline) left(ctx context.Context, t *store.Partner) (int64, error) {
	if p.quota == 0 {
		return math.MaxInt64, nil
	}
	stored, err := t.Stored(ctx)
	return p.quota - stored, err
}

// emit tells whoever watches what something is at now, and why where there is a reason.
func (p *pipeline) emit(ctx context.Context, t *store.Partner, kind string, what happened) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	_, err = t.Emit(ctx, store.Event{At: p.now(), Kind: kind, Subject: what.ID, Body: string(body)})
	return err
}

// happened is the body of an event.
type happened struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// patience is how long a plan waits for files that came and were not read yet: files that come together make one plan.
const patience = 2 * time.Minute

// unread reports whether a file that came within patience waits to be read.
func (p *pipeline) unread(ctx context.Context, tenant string) (bool, error) {
	list, err := p.db.Partner(tenant).Uploads(ctx, store.UploadFilter{States: []store.UploadState{store.UploadReceived, store.UploadReading}, Page: store.Page{Limit: 1}})
	return len(list) > 0 && p.now().Sub(list[0].Received) < patience, err
}

// planNow makes the plan of a customer once the files that came with what asks for it are read.
func (p *pipeline) planNow(ctx context.Context, tenant, customer string) error {
	waits, err := p.unread(ctx, tenant)
	if err != nil {
		return err
	}
	if waits {
		return jobs.Later(500 * time.Millisecond)
	}
	_, made, err := p.plan(ctx, tenant, customer, "service")
	if err != nil || made == nil {
		return err
	}
	return p.show(ctx)
}

// show makes the metrics those of the newest plans of all tenants.
func (p *pipeline) show(ctx context.Context) error {
	if p.metrics == nil {
		return nil
	}
	documents, err := p.newest(ctx)
	if err != nil {
		return err
	}
	portfolio, err := metrics.NewPortfolio(documents, p.now())
	if err != nil {
		return err
	}
	if err := p.ordersShown(ctx, portfolio); err != nil {
		return err
	}
	p.metrics.Show(portfolio)
	return nil
}

// newest returns the newest plan of every customer of every tenant.
func (p *pipeline) newest(ctx context.Context) ([][]byte, error) {
	tenants, err := p.db.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	var documents [][]byte
	for _, t := range tenants {
		plans, err := p.db.Partner(t.ID).LatestPlans(ctx)
		if err != nil {
			return nil, err
		}
		for _, plan := range plans {
			document, err := p.db.Partner(t.ID).PlanDocument(ctx, plan.ID)
			if err != nil {
				return nil, err
			}
			documents = append(documents, document)
		}
	}
	return documents, nil
}

// Do implements jobs.Work.
func (p *pipeline) Do(ctx context.Context, j jobs.Job) error {
	var hint *hintError
	var err error
	switch j.What {
	case jobs.Read:
		start := p.now()
		err = p.read(ctx, j.Tenant, j.Subject)
		p.took(metrics.Ingest, start)
	case jobs.Plan:
		err = p.planNow(ctx, j.Tenant, j.Subject)
	case jobs.Verify:
		err = p.verifyNow(ctx, j.Tenant, j.Subject)
	case jobs.Batch:
		if p.night != nil {
			err = p.night(ctx)
		}
	default:
		return jobs.SetAside(fmt.Errorf("no job is called %q", j.What))
	}
	if errors.As(err, &hint) && hint.code == exitInputRefused {
		return jobs.SetAside(err) // the same bytes will be refused again
	}
	return err
}

// GaveUp implements jobs.Work: a file that cannot be read is set aside with its reason.
func (p *pipeline) GaveUp(ctx context.Context, j jobs.Job, why error) error {
	t := p.db.Partner(j.Tenant)
	switch j.What {
	case jobs.Read:
	case jobs.Plan:
		return p.emit(ctx, t, "plan", happened{j.Subject, "failed", why.Error()})
	default:
		return nil // the run of the next night begins anew
	}
	u, err := t.Upload(ctx, j.Subject)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	u.State, u.Reason, u.Hint, u.Changed = store.UploadRefused, p.reason(why, u), hintOf(why), p.now()
	p.countRefused(u)
	return p.keep(ctx, t, u, nil)
}

// reason is an error in words that name the file as its sender does.
func (p *pipeline) reason(err error, u store.Upload) string {
	text := err.Error()
	if path, found := p.archive.Path(context.Background(), u.SHA256); found == nil {
		text = strings.ReplaceAll(text, path, u.Name)
	}
	return text
}

func hintOf(err error) string {
	var hint *hintError
	if errors.As(err, &hint) {
		return hint.hint
	}
	return ""
}

// keep writes an upload, asks for the plans of the customers, and tells whoever watches.
func (p *pipeline) keep(ctx context.Context, t *store.Partner, u store.Upload, customers []string) error {
	err := t.In(ctx, func(t *store.Partner, tx *sql.Tx) error {
		if err := t.SetUpload(ctx, u); err != nil {
			return err
		}
		for _, c := range customers {
			if err := t.PutCustomer(ctx, store.Customer{ID: c, Created: p.now()}); err != nil {
				return err
			}
			if p.queue != nil {
				for _, what := range []jobs.Kind{jobs.Plan, jobs.Verify} {
					if err := p.queue.Enqueue(ctx, tx, jobs.Job{What: what, Tenant: t.Tenant(), Subject: c, Cause: u.ID}); err != nil {
						return err
					}
				}
			}
		}
		return p.emit(ctx, t, "upload", happened{u.ID, string(u.State), u.Reason})
	})
	if errors.Is(err, store.ErrConflict) {
		return nil // it was removed meanwhile
	}
	return err
}

// read finds out what an upload is. A file that cannot be used is refused with its reason, which is no error.
func (p *pipeline) read(ctx context.Context, tenant, id string) error {
	t := p.db.Partner(tenant)
	u, err := t.Upload(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.State != store.UploadReceived && u.State != store.UploadReading {
		return nil // removed, or read by an earlier try
	}
	if err != nil {
		return err
	}
	u.State, u.Attempts, u.Changed = store.UploadReading, u.Attempts+1, p.now()
	if err := p.keep(ctx, t, u, nil); err != nil {
		return err
	}
	rejects, err := p.look(ctx, &u)
	if err != nil {
		return err
	}
	if len(rejects) > 0 {
		var b bytes.Buffer
		if err := ingest.WriteRejects(&b, rejects); err != nil {
			return err
		}
		if u.Rejects, _, err = p.archive.Put(ctx, &b); err != nil {
			return err
		}
	}
	if p.metrics != nil {
		p.metrics.Rows(u.Accepted, u.Rejected, rejects)
	}
	u.State, u.Changed = store.UploadAccepted, p.now()
	if u.Reason != "" {
		u.State = store.UploadRefused
		p.countRefused(u)
	}
	customers := u.Customers
	if u.State == store.UploadAccepted && len(customers) == 0 { // prices, rules, measurements: they may concern every customer
		all, err := t.Customers(ctx)
		if err != nil {
			return err
		}
		for _, c := range all {
			customers = append(customers, c.ID)
		}
	}
	if u.State == store.UploadRefused {
		customers = nil
	}
	return p.keep(ctx, t, u, customers)
}

// look reads the file of an upload to its end and writes into u what it is.
func (p *pipeline) look(ctx context.Context, u *store.Upload) ([]ingest.RowError, error) {
	inputs, options, err := p.inputs(ctx, []store.Upload{*u})
	if err != nil {
		if errors.Is(err, archive.ErrDamaged) || ctx.Err() != nil {
			return nil, err
		}
		u.Reason, u.Hint = p.reason(err, *u), hintOf(err)
		return nil, nil
	}
	var rejects []ingest.RowError
	u.Total, u.Accepted, u.Rejected, u.Customers, u.Days, u.Parts = 0, 0, 0, nil, nil, nil
	for _, in := range inputs {
		file, bad := p.common.checkFile(ctx, in, options(in))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rejects = append(rejects, bad...)
		u.Total, u.Accepted, u.Rejected = u.Total+file.Rows, u.Accepted+file.Accepted, u.Rejected+file.Rejected
		u.Kind, u.Dialect, u.Grain = joined(u.Kind, file.Kind), joined(u.Dialect, file.Dialect), joined(u.Grain, file.Grain)
		u.First, u.Last = widened(u.First, u.Last, file.From, file.To)
		u.Customers = append(u.Customers, file.Customers...)
		u.Parts = append(u.Parts, partOf(&file))
		u.Days = append(u.Days, u.Parts[len(u.Parts)-1].Days...)
		if file.Refused != "" && u.Reason == "" {
			u.Reason, u.Hint = file.Refused, file.Way
		}
	}
	if u.Customer != "" && u.Kind != "note" && u.Reason == "" {
		u.Customers = append(u.Customers, u.Customer)
	}
	slices.Sort(u.Customers)
	slices.Sort(u.Days)
	u.Customers, u.Days = slices.Compact(u.Customers), slices.Compact(u.Days)
	return rejects, nil
}

// partOf is what pages show of a file that was read.
func partOf(f *checked) store.UploadPart {
	part := store.UploadPart{Name: f.Name, Kind: f.Kind, Dialect: f.Dialect, Grain: f.Grain, Total: f.Rows, Accepted: f.Accepted, Rejected: f.Rejected, Customers: f.Customers, Notices: f.Notices, Refused: f.Refused}
	part.First, part.Last = widened(part.First, part.Last, f.From, f.To)
	for _, day := range f.days {
		part.Days = append(part.Days, day.Format(time.DateOnly))
	}
	for _, a := range f.SetApart {
		rows := "rows"
		if a.Rows == 1 {
			rows = "row"
		}
		part.Notices = append(part.Notices, fmt.Sprintf("%d %s set apart: %s", a.Rows, rows, apartText[a.Reason]))
	}
	for _, m := range f.Missing {
		text, _, _ := strings.Cut(lackText[f.Kind+" "+m], ": say --") // a page has no flags
		part.Missing = append(part.Missing, text)
	}
	return part
}

// joined is one word for the files of an archive.
func joined(a, b string) string {
	if a == "" || a == b || b == "" {
		return a + strings.TrimPrefix(b, a)
	}
	return "mixed"
}

// widened is the period of both.
func widened(from, to time.Time, first, last string) (time.Time, time.Time) {
	a, err := time.Parse(time.RFC3339, first)
	b, err2 := time.Parse(time.RFC3339, last)
	if err != nil || err2 != nil {
		return from, to // it has none
	}
	if from.IsZero() || a.Before(from) {
		from = a
	}
	if b.After(to) {
		to = b
	}
	return from, to
}

// inputs lists the inputs that uploads hold, by the names that their senders gave, and how each is read: a row of a day
// after its file was received is none, and rows that name no customer are of the one for whom the file was given.
func (p *pipeline) inputs(ctx context.Context, uploads []store.Upload) ([]ingest.Input, func(ingest.Input) ingest.Options, error) {
	options, err := p.plans.files()
	if err != nil {
		return nil, nil, err
	}
	var files []ingest.StoredFile
	for _, u := range uploads {
		path, err := p.archive.Path(ctx, u.SHA256)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, ingest.StoredFile{Path: path, Name: u.Name})
	}
	inputs, err := ingest.Stored(files, options.Limits)
	if err != nil {
		return nil, nil, refused("Send the file again, or another form of it: see docs/FORMATS.md.", err)
	}
	return inputs, func(in ingest.Input) ingest.Options {
		own := options
		for _, u := range uploads { // the oldest first
			if in.Name == u.Name || strings.HasPrefix(in.Name, u.Name+"/") {
				// The plan of the customer that it was sent for would leave out the rows of another one, and no other plan would take it.
				own.Now, own.Customer, own.SentFor = u.Received, u.Customer, u.Customer
			}
		}
		return own
	}, nil
}

// concerning lists the accepted uploads that the plan of a customer is made of: its own, those with rows of it, and those of
// no customer, such as price sheets; the oldest first.
func (p *pipeline) concerning(ctx context.Context, t *store.Partner, customer string) ([]store.Upload, error) {
	others, err := othersLists(ctx, t, customer)
	if err != nil {
		return nil, err
	}
	var list []store.Upload
	page := store.Page{Limit: 500}
	for {
		part, err := t.Uploads(ctx, store.UploadFilter{States: []store.UploadState{store.UploadAccepted}, Page: page})
		if err != nil {
			return nil, err
		}
		for _, u := range part {
			if u.Customer == customer || u.Customer == "" && (len(u.Customers) == 0 || slices.Contains(u.Customers, customer)) && !others[strings.ToLower(u.Name)] {
				list = append(list, u)
			}
		}
		if len(part) < page.Limit {
			break
		}
		page.After = part[len(part)-1].ID
	}
	slices.Reverse(list)
	return list, nil
}

// othersLists are the price lists, by name in lower case, at which other customers buy: none of them is the partner's.
func othersLists(ctx context.Context, t *store.Partner, customer string) (map[string]bool, error) {
	all, err := t.Customers(ctx)
	if err != nil {
		return nil, err
	}
	lists, own := map[string]bool{}, ""
	for _, c := range all {
		values, err := said([]byte(c.Policy))
		if err != nil {
			return nil, err
		}
		name := strings.ToLower(values[customerPrices])
		if c.ID == customer {
			own = name
		} else if name != "" {
			lists[name] = true
		}
	}
	delete(lists, own) // several may buy at one list
	return lists, nil
}

// fingerprint names all that the plan of a customer depends on.
func (p *pipeline) fingerprint(uploads []store.Upload, c store.Customer) (string, error) {
	parts := []string{"sizeterm.fingerprint/1", release, fmt.Sprint(analyzer.CoreVersion), c.ID, c.Policy, p.plans.locale, p.plans.asOf, fmt.Sprint(p.plans.lookback), p.plans.currency,
		p.plans.reading.currency, p.plans.reading.customer, strings.Join(slices.Sorted(slices.Values(p.plans.currencies)), ",")}
	for _, path := range append(slices.Clone(p.plans.prices), p.plans.policyPath) {
		if path == "" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return "", refused("--prices and --policy name files.", err)
		}
		parts = append(parts, sum(text))
	}
	var files []string
	for _, u := range uploads {
		files = append(files, u.SHA256+" "+u.Name+" "+u.Customer)
	}
	slices.Sort(files)
	digest := sha256.Sum256([]byte(strings.Join(append(parts, files...), "\x00")))
	return hex.EncodeToString(digest[:]), nil
}

// plan makes the plan of a customer where anything that it depends on has changed since the last one, and keeps it. made is nil
// where the last plan still stands.
func (p *pipeline) plan(ctx context.Context, tenant, customer, author string) (stored store.Plan, made *recommend.Plan, err error) {
	turn, _ := p.turns.LoadOrStore(tenant+"\x00"+customer, &sync.Mutex{})
	turn.(*sync.Mutex).Lock()
	defer turn.(*sync.Mutex).Unlock()
	t := p.db.Partner(tenant)
	c, uploads, mark, err := p.basis(ctx, t, customer)
	if err != nil {
		return stored, nil, err
	}
	last, err := t.LatestPlan(ctx, customer)
	if err == nil && last.Fingerprint == mark {
		return last, nil, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return stored, nil, err
	}
	plan, in, err := p.decide(ctx, c, uploads)
	if err != nil {
		return stored, nil, err
	}
	var document bytes.Buffer
	if err := report.Write(&document, plan, report.JSON, report.Options{Version: release}); err != nil {
		return stored, nil, err
	}
	stored = store.Plan{ID: store.NewID(), Customer: customer, Created: p.now(), AsOf: plan.AsOf, Fingerprint: mark, Lines: len(plan.Lines), Author: author, Totals: totalsOf(plan)}
	err = t.In(ctx, func(t *store.Partner, _ *sql.Tx) error {
		if name := nameOf(plan); name != "" {
			if err := t.PutCustomer(ctx, store.Customer{ID: customer, Name: name, Created: p.now()}); err != nil {
				return err
			}
		}
		if err := t.AddPlan(ctx, stored, document.Bytes()); err != nil {
			return err
		}
		if err := t.Record(ctx, store.Act{At: p.now(), Actor: author, Action: "plan.made", Object: stored.ID}); err != nil {
			return err
		}
		return p.emit(ctx, t, "plan", happened{ID: stored.ID, State: "made"})
	})
	if err != nil {
		return stored, nil, err
	}
	if p.made != nil {
		p.made(tenant, stored, plan, in)
	}
	return stored, plan, nil
}

// basis is what the plan of a customer depends on now, and the fingerprint of it.
func (p *pipeline) basis(ctx context.Context, t *store.Partner, customer string) (c store.Customer, uploads []store.Upload, mark string, err error) {
	if c, err = t.Customer(ctx, customer); err != nil {
		return c, nil, "", err
	}
	if uploads, err = p.concerning(ctx, t, customer); err != nil {
		return c, nil, "", err
	}
	mark, err = p.fingerprint(uploads, c)
	return c, uploads, mark, err
}

// decide reads the uploads and makes the plan of one customer.
func (p *pipeline) decide(ctx context.Context, c store.Customer, uploads []store.Upload) (*recommend.Plan, recommend.Input, error) {
	var in recommend.Input
	inputs, options, err := p.inputs(ctx, uploads)
	if err != nil {
		return nil, in, err
	}
	if inputs, err = p.common.distinct(inputs); err != nil {
		return nil, in, err
	}
	opts, err := p.plans.options(recommend.DefaultPolicy().MinAge)
	if err != nil {
		return nil, in, err
	}
	start := p.now()
	g, err := p.common.collect(ctx, inputs, options, opts, p.partials)
	if err != nil {
		return nil, in, err
	}
	house, err := p.housePolicy()
	if err != nil {
		return nil, in, err
	}
	g.policies = append(house, g.policies...)
	if c.Policy != "" {
		g.policies = append(g.policies, policyFile{"the customer's policy", []byte(c.Policy)})
	}
	p.took(metrics.Analyze, start)
	start = p.now()
	job := p.plans
	job.only, job.policyPath = c.ID, "" // it is the first of the policies: a customer's own wins
	if in, err = job.input(g); err != nil {
		return nil, in, err
	}
	plan, err := job.ask(in)
	p.took(metrics.Recommend, start)
	return plan, in, err
}

// housePolicy is the file of --policy, which holds for every customer that says nothing else; none where there is no such file.
func (p *pipeline) housePolicy() ([]policyFile, error) {
	if p.plans.policyPath == "" {
		return nil, nil
	}
	text, err := os.ReadFile(p.plans.policyPath)
	if err != nil {
		return nil, refused("--policy names a YAML file; see docs/POLICY.md.", err)
	}
	return []policyFile{{p.plans.policyPath, text}}, nil
}

// countRefused counts a file that was acknowledged and is of no use.
func (p *pipeline) countRefused(u store.Upload) {
	if p.metrics != nil {
		p.metrics.Upload(metrics.Refused, u.Size)
	}
}

func (p *pipeline) took(stage metrics.Stage, start time.Time) {
	if p.metrics != nil {
		p.metrics.Took(stage, p.now().Sub(start))
	}
}

// totalsOf is the headline of a plan.
func totalsOf(plan *recommend.Plan) []store.PlanTotal {
	var all []store.PlanTotal
	for _, t := range plan.Totals {
		all = append(all, store.PlanTotal{Currency: string(t.Currency), PayG: t.PayGMonth.Micros, Software: t.SoftwareMonth.Micros, Planned: t.PlanMonth.Micros,
			Saving: t.Joint.Micros, SavingLow: t.SavingLow.Micros, SavingHigh: t.SavingHigh.Micros, Upfront: t.Upfront.Micros})
	}
	return all
}

func nameOf(plan *recommend.Plan) string {
	for _, t := range plan.Totals {
		if t.CustomerName != "" {
			return t.CustomerName
		}
	}
	return ""
}

// ofCustomer leaves what concerns one customer in an analysis.
func ofCustomer(a *analyzer.Analysis, customer string) *analyzer.Analysis {
	part := *a
	part.Profiles = chosen(a.Profiles, func(x analyzer.Profile) bool { return x.Customer == customer })
	part.Groupings = chosen(a.Groupings, func(x analyzer.Grouping) bool { return x.Customer == customer })
	part.VMs = chosen(a.VMs, func(x analyzer.VM) bool { return x.Customer == customer })
	part.Pools = chosen(a.Pools, func(x analyzer.Pool) bool { return x.Customer == customer })
	part.ShowBack = chosen(a.ShowBack, func(x analyzer.ShowBack) bool { return x.Customer == customer })
	part.Inferred = chosen(a.Inferred, func(x analyzer.Inferred) bool { return x.Customer == customer })
	return &part
}

func chosen[T any](list []T, keep func(T) bool) []T {
	var kept []T
	for _, x := range list {
		if keep(x) {
			kept = append(kept, x)
		}
	}
	return kept
}

// take puts a file into the archive and records it, for whoever has its bytes at hand.
func (p *pipeline) take(ctx context.Context, owner upload.Owner, name string, body io.Reader) (upload.Receipt, error) {
	digest, size, err := p.archive.Put(ctx, body)
	if err != nil {
		return upload.Receipt{}, err
	}
	return p.record(ctx, upload.File{Owner: owner, Name: name, Size: size, SHA256: digest})
}
