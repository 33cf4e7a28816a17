package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Act is something that somebody did, beside what happens to orders: those have a journal of their own.
type Act struct {
	Seq    int64     `json:"-"`
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`            // id of a user or a key, or the name of a program
	Action string    `json:"action"`           // such as "signed_in" or "upload.removed"
	Object string    `json:"object,omitempty"` // id of what it was done to
	Detail string    `json:"detail,omitempty"`
}

// ErrTampered says that the audit is not what was written.
var ErrTampered = errors.New("the record was changed")

// actHash chains an act to the one before it.
func actHash(seq int64, prev, act string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "sizeterm.audit/1\n%d\n%s\n%s", seq, prev, act))
	return hex.EncodeToString(sum[:])
}

// Record adds an act to the audit. Inside of In it is kept with what it tells of, or not at all.
func (p *Partner) Record(ctx context.Context, a Act) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return p.In(ctx, func(p *Partner, tx *sql.Tx) error {
		if !p.s.Embedded() { // one after the other
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext('audit'), hashtext($1))", p.tenant); err != nil {
				return err
			}
		}
		var seq int64
		var prev string
		err := p.row(ctx, "SELECT seq, hash FROM audit WHERE tenant = $1 ORDER BY seq DESC LIMIT 1", nil, &seq, &prev)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		seq++
		_, err = p.exec(ctx, "INSERT INTO audit (tenant, seq, act, prev, hash) VALUES ($1, $2, $3, $4, $5)", seq, string(text), prev, actHash(seq, prev, string(text)))
		return err
	})
}

// Acts lists the audit backwards: at most limit acts (0 is 100) before the one with the number before; 0 is the end.
func (p *Partner) Acts(ctx context.Context, before int64, limit int) ([]Act, error) {
	if before <= 0 {
		before = 1 << 62
	}
	var all []Act
	err := p.each(ctx, "SELECT seq, act FROM audit WHERE tenant = $1 AND seq < $2 ORDER BY seq DESC"+limited(limit), []any{before}, func(r *sql.Rows) error {
		var a Act
		var seq int64
		var text string
		if err := r.Scan(&seq, &text); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(text), &a)
		a.Seq = seq
		all = append(all, a)
		return err
	})
	return all, err
}

// VerifyAudit reads the audit from its beginning and returns how many acts it holds. An edited, deleted or swapped act is
// ErrTampered and named; that acts were cut off its end shows only against a number that was kept elsewhere.
func (p *Partner) VerifyAudit(ctx context.Context) (int64, error) {
	var n int64
	var last string
	err := p.each(ctx, "SELECT seq, act, prev, hash FROM audit WHERE tenant = $1 ORDER BY seq", nil, func(r *sql.Rows) error {
		var seq int64
		var act, prev, hash string
		if err := r.Scan(&seq, &act, &prev, &hash); err != nil {
			return err
		}
		if seq != n+1 || prev != last || hash != actHash(seq, prev, act) {
			return fmt.Errorf("act %d: %w", seq, ErrTampered)
		}
		n, last = seq, hash
		return nil
	})
	return n, err
}
