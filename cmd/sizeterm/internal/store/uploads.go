package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// UploadState is where an upload stands.
type UploadState string

// The states. A refused upload keeps its reason and its bytes; a removed one has neither bytes nor a part in any plan.
const (
	UploadReceived UploadState = "received" // its bytes are in the archive, nobody has read them
	UploadReading  UploadState = "reading"
	UploadAccepted UploadState = "accepted" // it was read, and plans use it
	UploadRefused  UploadState = "refused"  // it cannot be used; Reason says why
	UploadRemoved  UploadState = "removed"
)

// Upload is the receipt of a file and what became of it.
type Upload struct {
	ID       string
	Customer string // for whom it was given; "" where the rows say it
	Name     string // as the sender calls it, folders included, with "/"
	Size     int64  // bytes
	SHA256   string // hex; the name of its bytes in the archive
	Author   string // id of a user or a key, or "batch"
	Received time.Time
	State    UploadState

	// What reading it said. Total = Accepted + Rejected rows.
	Kind, Dialect, Grain      string
	First, Last               time.Time // the period of its rows, Last exclusive; zero where it has none
	Total, Accepted, Rejected int64
	Days                      []string     // days of usage that its rows cover, YYYY-MM-DD, sorted
	Parts                     []UploadPart // one, or one for each file of an archive; none where it was not read
	Customers                 []string     // whose rows it holds, sorted
	Rejects                   string       // SHA-256 of the rejected rows as CSV in the archive, "" for none
	Reason, Hint              string       // why it was refused, and the way out
	Attempts                  int          // times that reading it was tried
	Changed                   time.Time    // of the last change of this row
}

// Received records a received file. Where the same bytes are there for the same customer already, it returns that upload,
// and fresh is false.
func (p *Partner) Received(ctx context.Context, u Upload) (stored Upload, fresh bool, err error) {
	err = p.In(ctx, func(p *Partner, _ *sql.Tx) error {
		n, err := p.exec(ctx, "INSERT INTO uploads (tenant, id, customer, name, size, sha256, author, received, state, changed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'received', $8) ON CONFLICT (tenant, customer, sha256) WHERE state <> 'removed' DO NOTHING",
			u.ID, u.Customer, u.Name, u.Size, u.SHA256, u.Author, micros(u.Received))
		if err != nil {
			return err
		}
		fresh = n == 1
		stored, err = p.uploadWhere(ctx, "customer = $2 AND sha256 = $3 AND state <> 'removed'", u.Customer, u.SHA256)
		return err
	})
	return stored, fresh, err
}

const uploadColumns = "SELECT id, customer, name, size, sha256, author, received, state, kind, dialect, grain, first, last, total, accepted, rejected, days, rejects, reason, hint, attempts, changed, parts FROM uploads WHERE tenant = $1"

func scanUpload(scan func(...any) error) (Upload, error) {
	var u Upload
	var received, first, last, changed int64
	var days, parts string
	err := scan(&u.ID, &u.Customer, &u.Name, &u.Size, &u.SHA256, &u.Author, &received, &u.State, &u.Kind, &u.Dialect, &u.Grain, &first, &last, &u.Total, &u.Accepted, &u.Rejected, &days, &u.Rejects, &u.Reason, &u.Hint, &u.Attempts, &changed, &parts)
	u.Received, u.First, u.Last, u.Changed, u.Days = instant(received), instant(first), instant(last), instant(changed), daysOf(days)
	if err == nil && parts != "" {
		err = json.Unmarshal([]byte(parts), &u.Parts)
	}
	return u, err
}

func (p *Partner) uploadWhere(ctx context.Context, where string, args ...any) (Upload, error) {
	u, err := scanUpload(func(into ...any) error { return p.row(ctx, uploadColumns+" AND "+where, args, into...) })
	if err != nil {
		return u, err
	}
	err = p.each(ctx, "SELECT customer FROM upload_customers WHERE tenant = $1 AND upload = $2 ORDER BY customer", []any{u.ID}, func(r *sql.Rows) error {
		var c string
		err := r.Scan(&c)
		u.Customers = append(u.Customers, c)
		return err
	})
	return u, err
}

// Upload returns one upload.
func (p *Partner) Upload(ctx context.Context, id string) (Upload, error) {
	return p.uploadWhere(ctx, "id = $2", id)
}

// UploadBySum returns the upload of these bytes for the customer, removed ones left out.
func (p *Partner) UploadBySum(ctx context.Context, customer, sha256 string) (Upload, error) {
	return p.uploadWhere(ctx, "customer = $2 AND sha256 = $3 AND state <> 'removed'", customer, sha256)
}

// Page bounds a list: at most Limit rows (0 is 100) behind the one with the id After.
type Page struct {
	After string
	Limit int
}

// UploadFilter chooses uploads; zero fields choose all.
type UploadFilter struct {
	Customer string // given for it, or with rows of it
	States   []UploadState
	Page     Page
}

// Uploads lists uploads, the newest first, removed ones only where they are asked for.
func (p *Partner) Uploads(ctx context.Context, f UploadFilter) ([]Upload, error) {
	query, args := uploadColumns, []any{}
	add := func(clause string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			clause = strings.Replace(clause, "?", placeholder(len(args)+1), 1)
		}
		query += " AND " + clause
	}
	if f.Customer != "" {
		add("(customer = ? OR id IN (SELECT upload FROM upload_customers c WHERE c.tenant = $1 AND c.customer = ?))", f.Customer, f.Customer)
	}
	if len(f.States) == 0 {
		add("state <> 'removed'")
	} else {
		var marks []string
		var values []any
		for _, state := range f.States {
			marks, values = append(marks, "?"), append(values, string(state))
		}
		add("state IN ("+strings.Join(marks, ", ")+")", values...)
	}
	if f.Page.After != "" {
		at, err := p.Upload(ctx, f.Page.After)
		if err != nil {
			return nil, err
		}
		add("(received < ? OR received = ? AND id < ?)", micros(at.Received), micros(at.Received), at.ID)
	}
	var all []Upload
	err := p.each(ctx, query+" ORDER BY received DESC, id DESC"+limited(f.Page.Limit), args, func(r *sql.Rows) error {
		u, err := scanUpload(r.Scan)
		all = append(all, u)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, p.customersOf(ctx, all)
}

// customersOf fills in whose rows the uploads hold.
func (p *Partner) customersOf(ctx context.Context, all []Upload) error {
	at := map[string]int{}
	for i := range all {
		at[all[i].ID] = i
	}
	return p.each(ctx, "SELECT upload, customer FROM upload_customers WHERE tenant = $1 ORDER BY upload, customer", nil, func(r *sql.Rows) error {
		var upload, customer string
		err := r.Scan(&upload, &customer)
		if i, ok := at[upload]; ok {
			all[i].Customers = append(all[i].Customers, customer)
		}
		return err
	})
}

// SetUpload records what became of an upload: state, what reading it said, and whose rows it holds. It takes the upload as
// the caller saw it: ErrConflict says that it was removed meanwhile.
func (p *Partner) SetUpload(ctx context.Context, u Upload) error {
	parts, err := partsText(u.Parts)
	if err != nil {
		return err
	}
	return p.In(ctx, func(p *Partner, _ *sql.Tx) error {
		err := p.one(ctx, "UPDATE uploads SET state = $3, kind = $4, dialect = $5, grain = $6, first = $7, last = $8, total = $9, accepted = $10, rejected = $11, days = $12, rejects = $13, reason = $14, hint = $15, attempts = $16, changed = $17, parts = $18 WHERE tenant = $1 AND id = $2 AND state <> 'removed'",
			u.ID, string(u.State), u.Kind, u.Dialect, u.Grain, micros(u.First), micros(u.Last), u.Total, u.Accepted, u.Rejected, daysText(u.Days), u.Rejects, u.Reason, u.Hint, u.Attempts, micros(u.Changed), parts)
		if errors.Is(err, ErrNotFound) {
			if _, err := p.Upload(ctx, u.ID); err == nil {
				return ErrConflict
			}
		}
		if err != nil {
			return err
		}
		if _, err := p.exec(ctx, "DELETE FROM upload_customers WHERE tenant = $1 AND upload = $2", u.ID); err != nil {
			return err
		}
		for _, c := range u.Customers {
			if _, err := p.exec(ctx, "INSERT INTO upload_customers (tenant, upload, customer) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", u.ID, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// UploadsCalled lists the uploads of a name that an author sent, removed ones left out.
func (p *Partner) UploadsCalled(ctx context.Context, name, author string) ([]Upload, error) {
	var all []Upload
	err := p.each(ctx, uploadColumns+" AND name = $2 AND author = $3 AND state <> 'removed' ORDER BY received, id", []any{name, author}, func(r *sql.Rows) error {
		u, err := scanUpload(r.Scan)
		all = append(all, u)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, p.customersOf(ctx, all)
}

// Sums lists the SHA-256 of every file in the archive that an upload of any tenant needs.
func (s *Store) Sums(ctx context.Context) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT sha256 FROM uploads WHERE state <> 'removed' UNION SELECT rejects FROM uploads WHERE state <> 'removed' AND rejects <> '' ORDER BY 1")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var sum string
		if err := rows.Scan(&sum); err != nil {
			return nil, err
		}
		all = append(all, sum)
	}
	return all, rows.Err()
}

// Stored returns the bytes that the tenant's uploads hold in the archive, removed ones left out.
func (p *Partner) Stored(ctx context.Context) (bytes int64, err error) {
	err = p.row(ctx, "SELECT coalesce(sum(size), 0) FROM uploads WHERE tenant = $1 AND state <> 'removed'", nil, &bytes)
	return bytes, err
}

// Wanted reports whether an upload of any tenant that is not removed still needs the bytes with the hash.
func (s *Store) Wanted(ctx context.Context, sha256 string) (bool, error) {
	var n int
	err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM uploads WHERE state <> 'removed' AND (sha256 = $1 OR rejects = $1)", sha256).Scan(&n)
	return n > 0, err
}
