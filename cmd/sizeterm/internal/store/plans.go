package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Plan is one plan of one customer.
type Plan struct {
	ID, Customer string
	Created      time.Time
	AsOf         time.Time
	// Fingerprint names all that the plan was made of: equal fingerprints give equal plans.
	Fingerprint string
	SHA256      string // of the JSON, hex; set by AddPlan
	Lines       int
	Author      string // id of a user or a key, or "batch"
	Totals      []PlanTotal
}

// PlanTotal is the headline of a plan in one currency: micro-units a month of 730 hours; Upfront once.
type PlanTotal struct {
	Currency                                                        string
	PayG, Software, Planned, Saving, SavingLow, SavingHigh, Upfront int64
}

// AddPlan keeps a plan and its JSON (sizeterm.plan/1). The customer must be there.
func (p *Partner) AddPlan(ctx context.Context, plan Plan, document []byte) error {
	sum := sha256.Sum256(document)
	packed, err := pack(document)
	if err != nil {
		return err
	}
	return p.In(ctx, func(p *Partner, _ *sql.Tx) error {
		_, err := p.exec(ctx, "INSERT INTO plans (tenant, id, customer, created, as_of, fingerprint, sha256, lines, author, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
			plan.ID, plan.Customer, micros(plan.Created), micros(plan.AsOf), plan.Fingerprint, hex.EncodeToString(sum[:]), plan.Lines, plan.Author, packed)
		if err != nil {
			return err
		}
		for _, t := range plan.Totals {
			if _, err := p.exec(ctx, "INSERT INTO plan_totals (tenant, plan, currency, payg, software, planned, saving, saving_low, saving_high, upfront) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
				plan.ID, t.Currency, t.PayG, t.Software, t.Planned, t.Saving, t.SavingLow, t.SavingHigh, t.Upfront); err != nil {
				return err
			}
		}
		return nil
	})
}

func pack(document []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(document); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

const planColumns = "SELECT id, customer, created, as_of, fingerprint, sha256, lines, author FROM plans p WHERE tenant = $1"

func scanPlan(scan func(...any) error) (Plan, error) {
	var plan Plan
	var created, asOf int64
	err := scan(&plan.ID, &plan.Customer, &created, &asOf, &plan.Fingerprint, &plan.SHA256, &plan.Lines, &plan.Author)
	plan.Created, plan.AsOf = instant(created), instant(asOf)
	return plan, err
}

// Plan returns one plan.
func (p *Partner) Plan(ctx context.Context, id string) (Plan, error) {
	return p.planWhere(ctx, " AND id = $2", id)
}

// LatestPlan returns the newest plan of a customer.
func (p *Partner) LatestPlan(ctx context.Context, customer string) (Plan, error) {
	return p.planWhere(ctx, " AND customer = $2 ORDER BY created DESC, id DESC LIMIT 1", customer)
}

func (p *Partner) planWhere(ctx context.Context, where string, args ...any) (Plan, error) {
	plan, err := scanPlan(func(into ...any) error { return p.row(ctx, planColumns+where, args, into...) })
	if err != nil {
		return plan, err
	}
	list := []Plan{plan}
	err = p.totalsOf(ctx, list)
	return list[0], err
}

// Plans lists the plans of a customer, or of all where customer is empty, the newest first.
func (p *Partner) Plans(ctx context.Context, customer string, page Page) ([]Plan, error) {
	query, args := planColumns, []any{}
	if customer != "" {
		args = append(args, customer)
		query += " AND customer = " + placeholder(len(args)+1)
	}
	if page.After != "" {
		at, err := p.Plan(ctx, page.After)
		if err != nil {
			return nil, err
		}
		args = append(args, micros(at.Created), at.ID)
		created, id := placeholder(len(args)), placeholder(len(args)+1)
		query += fmt.Sprintf(" AND (created < %s OR created = %s AND id < %s)", created, created, id)
	}
	return p.plans(ctx, query+" ORDER BY created DESC, id DESC"+limited(page.Limit), args)
}

// LatestPlans returns the newest plan of each customer, by customer.
func (p *Partner) LatestPlans(ctx context.Context) ([]Plan, error) {
	return p.plans(ctx, planColumns+" AND id = (SELECT q.id FROM plans q WHERE q.tenant = $1 AND q.customer = p.customer ORDER BY q.created DESC, q.id DESC LIMIT 1) ORDER BY customer", nil)
}

func (p *Partner) plans(ctx context.Context, query string, args []any) ([]Plan, error) {
	var all []Plan
	err := p.each(ctx, query, args, func(r *sql.Rows) error {
		plan, err := scanPlan(r.Scan)
		all = append(all, plan)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, p.totalsOf(ctx, all)
}

// totalsOf fills in the headlines.
func (p *Partner) totalsOf(ctx context.Context, all []Plan) error {
	for i := range all {
		err := p.each(ctx, "SELECT currency, payg, software, planned, saving, saving_low, saving_high, upfront FROM plan_totals WHERE tenant = $1 AND plan = $2 ORDER BY currency", []any{all[i].ID}, func(r *sql.Rows) error {
			var t PlanTotal
			err := r.Scan(&t.Currency, &t.PayG, &t.Software, &t.Planned, &t.Saving, &t.SavingLow, &t.SavingHigh, &t.Upfront)
			all[i].Totals = append(all[i].Totals, t)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// PlanDocument returns the JSON of a plan, after checking it against the hash that AddPlan kept.
func (p *Partner) PlanDocument(ctx context.Context, id string) ([]byte, error) {
	var packed []byte
	var want string
	if err := p.row(ctx, "SELECT body, sha256 FROM plans WHERE tenant = $1 AND id = $2", []any{id}, &packed, &want); err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", id, err)
	}
	document, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", id, err)
	}
	if sum := sha256.Sum256(document); hex.EncodeToString(sum[:]) != want {
		return nil, fmt.Errorf("plan %s: its bytes are not those that were stored", id)
	}
	return document, nil
}

// placeholder is the mark of the nth argument.
func placeholder(n int) string { return "$" + strconv.Itoa(n) }

// limited is the clause of a page.
func limited(n int) string {
	if n <= 0 {
		n = 100
	}
	return " LIMIT " + strconv.Itoa(n)
}
