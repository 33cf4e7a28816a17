package upload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sizeterm/ingest/archive"
)

// Limits bound what is taken. A zero field is its default.
type Limits struct {
	File      int64         // bytes of one file; 2 GiB
	Chunk     int64         // bytes of one chunk with a checksum, for they wait unacknowledged for its end; 64 MiB
	OpenUser  int           // unfinished uploads of one person; 5
	Open      int           // unfinished uploads of one tenant; 20
	Reserve   int64         // bytes of the disk that uploads never fill; 16 MiB
	Lifetime  time.Duration // of an unfinished upload after its last byte; 24 h
	MinRate   int64         // bytes a second below which a connection is cut; 1 KiB
	Name      int           // bytes of a name; 1024
	Multipart int           // files of one form; 100
}

func (l Limits) filled() Limits {
	set := func(v *int64, standard int64) {
		if *v == 0 {
			*v = standard
		}
	}
	count := func(v *int, standard int) {
		if *v == 0 {
			*v = standard
		}
	}
	set(&l.File, 2<<30)
	set(&l.Chunk, 64<<20)
	set(&l.Reserve, 16<<20)
	set(&l.MinRate, 1<<10)
	count(&l.OpenUser, 5)
	count(&l.Open, 20)
	count(&l.Name, 1024)
	count(&l.Multipart, 100)
	if l.Lifetime == 0 {
		l.Lifetime = 24 * time.Hour
	}
	return l
}

// Owner is who sends files.
type Owner struct {
	Tenant string
	Author string // id of a person or a key
}

// File is a file that has been received whole and lies in the archive.
type File struct {
	Owner    Owner
	Customer string // for whom it is; "" where its rows say it
	Name     string // as the sender calls it; a path with "/" that leads nowhere else
	Size     int64
	SHA256   string
}

// Receipt is what a sender gets for a file. The same file gets the same receipt.
type Receipt struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Customer string `json:"customer,omitempty"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"`
	State    string `json:"state"`
	Fresh    bool   `json:"fresh"` // false: these bytes were here already
}

// Recorder records a received file. It is called again where the process was killed before its result was seen, so it must
// answer the same file with the same receipt. What it returns an error for is not acknowledged; a *Problem is passed on.
type Recorder func(ctx context.Context, f File) (Receipt, error)

// Options make a Door. Dir, Archive, Owner, Record and Now are needed.
type Options struct {
	Dir     string // of unfinished uploads; on the disk of the archive's folder, finishing is a link
	Archive *archive.Archive
	Owner   func(*http.Request) (Owner, error) // a *Problem is passed on, any other error is 403
	Record  Recorder
	// Room returns how many bytes the tenant may still store; nil is "as many as there is disk".
	Room   func(ctx context.Context, tenant string) (int64, error)
	Now    func() time.Time
	Limits Limits
	Log    *slog.Logger      // nil discards
	Point  func(name string) // hears of each delicate place; tests kill the process there
	// Refused hears of everything that is turned away, by the word of its Problem (see Reasons); nil is nobody.
	Refused func(reason string)
}

// Door is the handler. Mount it so that the path that it sees is "/", "/NAME" or "/ID" (http.StripPrefix).
type Door struct {
	o    Options
	mu   sync.Mutex
	busy map[string]*session // of uploads that a request is working on
	open map[string]Owner    // unfinished uploads
	bad  error               // a failed fsync
}

// New opens the door: it makes the folder, and takes stock of the uploads that an earlier process left unfinished. Call
// Recover next.
func New(o Options) (*Door, error) {
	o.Limits = o.Limits.filled()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Point == nil {
		o.Point = func(string) {}
	}
	if o.Refused == nil {
		o.Refused = func(string) {}
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("upload: %w", err)
	}
	d := &Door{o: o, busy: map[string]*session{}, open: map[string]Owner{}}
	return d, d.takeStock()
}

// takeStock lists unfinished uploads and removes what was half made.
func (d *Door) takeStock() error {
	entries, err := os.ReadDir(d.o.Dir)
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	for _, e := range entries {
		id := e.Name()
		if !validID(id) {
			if err := os.RemoveAll(filepath.Join(d.o.Dir, id)); err != nil {
				return fmt.Errorf("upload: %w", err)
			}
			continue
		}
		info, err := d.readInfo(id)
		if err != nil {
			d.o.Log.Error("unfinished upload set aside", "upload", id, "error", err)
			continue
		}
		if info.Receipt == nil {
			d.open[id] = info.Owner
		}
	}
	return nil
}

// Err says why nothing is taken, nil while all is well: the disk has failed or is full. It is for /readyz.
func (d *Door) Err() error { return d.disk(0) }

// failed notes that an fsync failed. It is never tried again: after a failure the kernel may call lost bytes clean.
func (d *Door) failed(err error) *Problem {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bad == nil {
		d.bad = err
		d.o.Log.Error("the disk failed: no more uploads are taken", "error", err)
	}
	return broken(err)
}

// admit counts a new upload, or says why it is one too many.
func (d *Door) admit(id string, o Owner) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	user, tenant := 0, 0
	for _, other := range d.open {
		if other.Tenant == o.Tenant {
			tenant++
			if other.Author == o.Author {
				user++
			}
		}
	}
	if user >= d.o.Limits.OpenUser || tenant >= d.o.Limits.Open {
		p := problem(http.StatusTooManyRequests, "too-many-uploads", "Too many unfinished uploads", "At most %d for one person and %d for one partner: finish or cancel some.", d.o.Limits.OpenUser, d.o.Limits.Open)
		p.retry = 30
		return p
	}
	d.open[id] = o
	return nil
}

func (d *Door) closed(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, id)
}

// session is the hold that one request has on an upload. A later request for the same upload breaks it off: a client that
// comes back has given up the connection that it had.
type session struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// hold takes the upload for one request, breaking off an earlier one.
func (d *Door) hold(ctx context.Context, id string) (context.Context, func(), error) {
	for {
		d.mu.Lock()
		earlier := d.busy[id]
		if earlier == nil {
			ctx, cancel := context.WithCancel(ctx)
			s := &session{cancel, make(chan struct{})}
			d.busy[id] = s
			d.mu.Unlock()
			return ctx, func() {
				d.mu.Lock()
				delete(d.busy, id)
				d.mu.Unlock()
				cancel()
				close(s.done)
			}, nil
		}
		d.mu.Unlock()
		earlier.cancel()
		select {
		case <-earlier.done:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(10 * time.Second):
			return nil, nil, problem(http.StatusLocked, "locked", "The upload is busy", "Another request is writing to it. Try again.")
		}
	}
}

// roomFor says whether size more bytes may be stored.
func (d *Door) roomFor(ctx context.Context, o Owner, size int64) error {
	if size > d.o.Limits.File {
		return tooLarge(d.o.Limits.File)
	}
	if err := d.disk(size); err != nil || d.o.Room == nil {
		return err
	}
	left, err := d.o.Room(ctx, o.Tenant)
	if err != nil {
		return err
	}
	if size > left {
		return problem(http.StatusInsufficientStorage, "quota", "The quota is used up", "%d bytes are left: remove old files, or ask for more.", max(left, 0))
	}
	return nil
}

// disk says whether the disk takes size more bytes.
func (d *Door) disk(size int64) error {
	d.mu.Lock()
	bad := d.bad
	d.mu.Unlock()
	if bad != nil {
		return broken(bad)
	}
	if free, ok := freeBytes(d.o.Dir); ok && free-size < d.o.Limits.Reserve {
		return diskFull(errors.New("too little free space"))
	}
	return nil
}

// Recover finishes uploads whose last byte was acknowledged to a client that may never come back, and removes those that
// have expired. It is called once after New and from time to time.
func (d *Door) Recover(ctx context.Context) error {
	entries, err := os.ReadDir(d.o.Dir)
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	var failed []error
	for _, e := range entries {
		if id := e.Name(); validID(id) {
			failed = append(failed, d.recoverOne(ctx, id))
		}
	}
	return errors.Join(failed...)
}

func (d *Door) recoverOne(ctx context.Context, id string) error {
	d.mu.Lock()
	working := d.busy[id] != nil
	d.mu.Unlock()
	if working {
		return nil
	}
	ctx, release, err := d.hold(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	p, err := d.load(id)
	var gone *Problem
	if errors.As(err, &gone) && gone.Status == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	defer p.close()
	if p.info.Receipt == nil && p.offset == p.info.Size {
		return d.finish(ctx, p)
	}
	if d.o.Now().After(d.expires(p)) {
		d.o.Log.Info("upload expired", "upload", id)
		return d.drop(id)
	}
	return nil
}
