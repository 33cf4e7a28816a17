package web

import (
	"context"
	"errors"
	"io"
	"time"

	"sizeterm/recommend"
)

// Upload is one file that was received, and what was found in it.
type Upload struct {
	ID   string // stays the same; the same bytes again have it too
	Name string
	Size int64 // bytes
	By   string
	At   time.Time
	// State is "received" until somebody reads the file, then "reading", and "accepted" or "refused" in the end.
	State string
	// Parts are what the file holds: one, or one for each file of an archive.
	Parts []Part
	// Refused says why the file as a whole cannot be used, "" where it can; Hint says the way out.
	Refused, Hint string
}

// Part is one readable file.
type Part struct {
	Name, Kind, Dialect, Grain, Refused string
	From, To                            time.Time // zero where it has no period
	Rows, Accepted, Rejected            int64
	Days                                []string // on which its rows begin, YYYY-MM-DD, sorted; none where a row covers more
	Customers                           []string
	Missing, Notices                    []string // what a better plan needs and what is odd, each a clause
}

// Rejected is the number of rows that were refused.
func (u *Upload) Rejected() int64 { return u.sum(func(p *Part) int64 { return p.Rejected }) }

// Rows is the number of rows that were read.
func (u *Upload) Rows() int64 { return u.sum(func(p *Part) int64 { return p.Rows }) }

// Accepted is the number of rows that count.
func (u *Upload) Accepted() int64 { return u.sum(func(p *Part) int64 { return p.Accepted }) }

func (u *Upload) sum(of func(*Part) int64) int64 {
	total := int64(0)
	for i := range u.Parts {
		total += of(&u.Parts[i])
	}
	return total
}

// Planned is a plan with its name.
type Planned struct {
	ID   string // of the plan's content: the same plan has the same
	At   time.Time
	Plan *recommend.Plan
	// Input is what the plan was made of: what a what-if is computed from.
	Input recommend.Input
	// Customers are the plans that Plan was put together from, by the customer's id; nil where it was made as one. Each has
	// a window of its own.
	Customers map[string]*Planned
}

// of is the plan of which the customer's part is shown.
func (p *Planned) of(customer string) *Planned {
	if own, ok := p.Customers[customer]; ok {
		return own
	}
	return p
}

// Progress is what is being done with a tenant's files.
type Progress struct {
	Running bool
	Stage   string // "reading", "deciding"; a word for people
	Since   time.Time
	Failed  string // why the last run gave no plan; "" where it did
}

// ErrNone says that there is no such thing in the tenant, whether it exists elsewhere or not.
var ErrNone = errors.New("there is no such thing here")

// Sent is a file as its sender calls it.
type Sent struct {
	Tenant, By, Name string
	Customer         string // for whom it is; "" where its rows say it
}

// Receiver takes what a tenant sends.
type Receiver interface {
	// Receive takes a file and returns its receipt once the bytes are safe. The same bytes again give the same receipt.
	Receive(ctx context.Context, f Sent, body io.Reader) (Upload, error)
}

// Files keeps what a tenant sent.
type Files interface {
	// Uploads returns the tenant's files, the newest first.
	Uploads(ctx context.Context, tenant string) ([]Upload, error)
	// Upload returns one file; ErrNone where there is no such file.
	Upload(ctx context.Context, tenant, id string) (Upload, error)
	// Rejects writes the refused rows of a file as CSV; ErrNone where there is no such file.
	Rejects(ctx context.Context, tenant, id string, w io.Writer) error
}

// Plans keeps the plans that were made of a tenant's files.
type Plans interface {
	// Plan returns the plan called id, the newest where id is empty; ErrNone where there is none.
	Plan(ctx context.Context, tenant, id string) (Planned, error)
	// Refresh asks for new plans of all that the tenant sent; it returns before there are any. Files that come ask for theirs
	// by themselves.
	Refresh(ctx context.Context, tenant string) error
	// Progress says what is being done.
	Progress(ctx context.Context, tenant string) (Progress, error)
}
