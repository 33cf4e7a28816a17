package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"sizeterm/recommend/order/prove"
)

// PutProofs keeps what was found of customers in months: all of it or nothing. What was found of the same customer and month
// before is replaced. mark names what the proofs were made of.
func (p *Partner) PutProofs(ctx context.Context, mark string, months []prove.Month) error {
	return p.In(ctx, func(p *Partner, _ *sql.Tx) error {
		for _, m := range months {
			body, err := json.Marshal(m)
			if err != nil {
				return err
			}
			if _, err := p.exec(ctx, "INSERT INTO proofs (tenant, customer, month, made, mark, body) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, customer, month) DO UPDATE SET made = excluded.made, mark = excluded.mark, body = excluded.body",
				m.Customer, m.Month, micros(m.At), mark, string(body)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Proofs returns everything that was found, by customer and month.
func (p *Partner) Proofs(ctx context.Context) ([]prove.Month, error) {
	var all []prove.Month
	err := p.each(ctx, "SELECT customer, month, body FROM proofs WHERE tenant = $1 ORDER BY customer, month", nil, func(r *sql.Rows) error {
		var customer, month, body string
		if err := r.Scan(&customer, &month, &body); err != nil {
			return err
		}
		var m prove.Month
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			return fmt.Errorf("proof of %s: %w", month, err)
		}
		all = append(all, m)
		return nil
	})
	return all, err
}

// ProofMark returns the mark of the newest proof of a customer, "" where there is none.
func (p *Partner) ProofMark(ctx context.Context, customer string) (string, error) {
	var mark string
	err := p.row(ctx, "SELECT mark FROM proofs WHERE tenant = $1 AND customer = $2 ORDER BY made DESC, month DESC LIMIT 1", []any{customer}, &mark)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return mark, err
}
