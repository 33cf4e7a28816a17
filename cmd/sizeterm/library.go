package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"sizeterm/cmd/sizeterm/internal/metrics"
	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/cmd/sizeterm/internal/web"
	"sizeterm/ingest"
	"sizeterm/recommend"
)

// library keeps what tenants sent in a folder, and the newest plan of each in memory: the same files give the same plan, so
// that it is made again after a restart. It is safe for several goroutines of one process.
//
//	DIR/TENANT/files/SHA256/NAME    the bytes as they came
//	DIR/TENANT/receipts/SHA256.json what was found in them
type library struct {
	dir     string
	common  *common
	policy  string
	prices  []string
	now     func() time.Time
	work    sync.Mutex       // held while a plan is made: one at a time
	metrics *metrics.Metrics // nil counts nothing
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

func newLibrary(dir string, c *common, now func() time.Time) *library {
	quiet := *c
	quiet.quiet, quiet.in = true, strings.NewReader("")
	return &library{dir: dir, common: &quiet, now: now, tenants: map[string]*shelf{}}
}

// at is a path within a tenant's folder. Tenants have plain names.
func (l *library) at(tenant string, parts ...string) string {
	return filepath.Join(append([]string{l.dir, tenant}, parts...)...)
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

// Receive implements web.Files.
func (l *library) Receive(ctx context.Context, tenant, by, name string, body io.Reader) (web.Upload, error) {
	name = plainName(name)
	for _, dir := range []string{"files", "receipts", "incoming"} {
		if err := os.MkdirAll(l.at(tenant, dir), 0o700); err != nil {
			return web.Upload{}, err
		}
	}
	f, err := os.CreateTemp(l.at(tenant, "incoming"), "part-*")
	if err != nil {
		return web.Upload{}, err
	}
	defer os.Remove(f.Name())
	digest := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, digest), body)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return web.Upload{}, err
	}
	id := hex.EncodeToString(digest.Sum(nil))
	if known, err := l.receipt(tenant, id); err == nil {
		l.count(metrics.Duplicate, size)
		return known, nil
	}
	home := l.at(tenant, "files", id)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return web.Upload{}, err
	}
	path := filepath.Join(home, name)
	if err := os.Rename(f.Name(), path); err != nil {
		return web.Upload{}, err
	}
	if err := errors.Join(syncDir(home), syncDir(filepath.Dir(home))); err != nil {
		return web.Upload{}, err
	}
	up := web.Upload{ID: id, Name: name, Size: size, By: by, At: l.now()}
	start := time.Now()
	rejects := l.look(ctx, path, &up)
	if l.metrics != nil {
		l.metrics.Took(metrics.Ingest, time.Since(start))
		l.metrics.Rows(up.Accepted(), up.Rejected(), rejects)
	}
	l.count(metrics.Accepted, size)
	return up, l.keep(tenant, up)
}

// count counts a received file.
func (l *library) count(result metrics.Result, size int64) {
	if l.metrics != nil {
		l.metrics.Upload(result, size)
	}
}

// look finds out what a file holds.
func (l *library) look(ctx context.Context, path string, up *web.Upload) []ingest.RowError {
	files, err := (&reading{}).files()
	if err != nil {
		up.Refused = err.Error()
		return nil
	}
	inputs, err := ingest.Discover([]string{path}, l.common.in)
	if err != nil {
		up.Refused = withoutFolder(err.Error(), path)
		return nil
	}
	up.Parts = nil
	var rejects []ingest.RowError
	for _, in := range inputs {
		file, bad := l.common.checkFile(ctx, in, files)
		for i := range bad {
			bad[i].File = shortPart(bad[i].File, path)
		}
		rejects = append(rejects, bad...)
		part := web.Part{
			Name: shortPart(file.Name, path), Kind: file.Kind, Dialect: file.Dialect, Grain: file.Grain, Refused: withoutFolder(file.Refused, path),
			Rows: file.Rows, Accepted: file.Accepted, Rejected: file.Rejected, Customers: file.Customers, Notices: file.Notices,
		}
		part.From, _ = time.Parse(time.RFC3339, file.From) // empty where it has no period
		part.To, _ = time.Parse(time.RFC3339, file.To)
		up.Parts = append(up.Parts, part)
	}
	return rejects
}

// shortPart names a file, or the file of an archive, without our folders.
func shortPart(name, path string) string {
	if rest, ok := strings.CutPrefix(name, path+"/"); ok {
		return filepath.Base(path) + "/" + rest
	}
	return filepath.Base(name)
}

// withoutFolder takes our folders out of a message.
func withoutFolder(text, path string) string {
	return strings.ReplaceAll(text, filepath.Dir(path)+string(filepath.Separator), "")
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// keep writes a receipt.
func (l *library) keep(tenant string, up web.Upload) error {
	return writeFile(l.at(tenant, "receipts", up.ID+".json"), func(w io.Writer) error { return json.NewEncoder(w).Encode(up) })
}

func (l *library) receipt(tenant, id string) (web.Upload, error) {
	var up web.Upload
	if len(id) != sha256.Size*2 || strings.Trim(id, "0123456789abcdef") != "" {
		return up, web.ErrNone
	}
	text, err := os.ReadFile(l.at(tenant, "receipts", id+".json"))
	if errors.Is(err, os.ErrNotExist) {
		return up, web.ErrNone
	}
	if err != nil {
		return up, err
	}
	return up, json.Unmarshal(text, &up)
}

// Uploads implements web.Files.
func (l *library) Uploads(_ context.Context, tenant string) ([]web.Upload, error) {
	entries, err := os.ReadDir(l.at(tenant, "receipts"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []web.Upload
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue
		}
		up, err := l.receipt(tenant, id)
		if err != nil {
			return nil, err
		}
		all = append(all, up)
	}
	slices.SortFunc(all, func(a, b web.Upload) int { return b.At.Compare(a.At) })
	return all, nil
}

// Rejects implements web.Files.
func (l *library) Rejects(ctx context.Context, tenant, id string, w io.Writer) error {
	up, err := l.receipt(tenant, id)
	if err != nil {
		return err
	}
	return ingest.WriteRejects(w, l.look(ctx, l.at(tenant, "files", id, up.Name), &up))
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
		if l.done != nil {
			l.done(tenant, planned, time.Since(start), err)
		}
		l.mu.Lock()
		if err == nil {
			s.planned = planned
		}
		again := s.again
		s.again = false
		if !again {
			s.progress = web.Progress{}
			if err != nil {
				s.progress.Failed = withoutFolder(err.Error(), l.at(tenant, "files", "x"))
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
	uploads, err := l.Uploads(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, up := range uploads {
		sound := up.Refused == "" && !slices.ContainsFunc(up.Parts, func(p web.Part) bool { return p.Refused != "" })
		if sound {
			paths = append(paths, l.at(tenant, "files", up.ID, up.Name))
		}
	}
	slices.Sort(paths)
	if len(paths) == 0 {
		return nil, errors.New("no file that can be used was sent")
	}
	job := &recommending{common: l.common, policyPath: l.policy, prices: l.prices}
	opts, err := job.options(recommend.DefaultPolicy().MinAge)
	if err != nil {
		return nil, err
	}
	g, err := l.common.gather(ctx, paths, &job.reading, opts)
	if err != nil {
		return nil, err
	}
	in, err := job.input(g)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	plan, err := recommend.Recommend(in)
	if err != nil {
		return nil, err
	}
	if l.metrics != nil {
		l.metrics.Took(metrics.Recommend, time.Since(start))
	}
	return &web.Planned{ID: planID(plan), At: l.now(), Plan: plan, Input: in}, nil
}

// planID names a plan by its content.
func planID(p *recommend.Plan) string {
	digest := sha256.New()
	_ = report.Write(digest, p, report.JSON, report.Options{Version: release}) // a hash never fails
	return hex.EncodeToString(digest.Sum(nil))[:16]
}
