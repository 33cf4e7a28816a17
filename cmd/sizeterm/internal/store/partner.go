package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Partner is the view of one tenant. Every query of it binds the tenant.
type Partner struct {
	s      *Store
	tenant string
	tx     *sql.Tx // of In, else nil
}

// Partner returns the view of the tenant with the id. It asks nothing: the view of a tenant that does not exist is empty
// and takes no writes.
func (s *Store) Partner(tenant string) *Partner { return &Partner{s: s, tenant: tenant} }

// Tenant returns the id of the tenant.
func (p *Partner) Tenant() string { return p.tenant }

// In runs fn in one transaction: what the Partner that it is given writes is kept as a whole where fn returns nil, and not
// at all where it returns an error. tx is for what is written beside, such as jobs. fn must not use p itself.
func (p *Partner) In(ctx context.Context, fn func(p *Partner, tx *sql.Tx) error) error {
	if p.tx != nil {
		return fn(p, p.tx)
	}
	return p.s.in(ctx, p.s.write, func(tx *sql.Tx) error { return fn(&Partner{p.s, p.tenant, tx}, tx) })
}

// bound panics where a query does not name the tenant.
func bound(query string) string {
	if !strings.Contains(query, "tenant") || !strings.Contains(query, "$1") {
		panic("store: a query without its tenant: " + query)
	}
	return query
}

// exec writes, with the tenant as $1, and returns how many rows were touched.
func (p *Partner) exec(ctx context.Context, query string, args ...any) (int64, error) {
	db := interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
	}(p.s.write)
	if p.tx != nil {
		db = p.tx
	}
	result, err := db.ExecContext(ctx, bound(query), append([]any{p.tenant}, args...)...)
	if err != nil {
		return 0, told(err)
	}
	return result.RowsAffected()
}

// one writes exactly one row: none is ErrNotFound.
func (p *Partner) one(ctx context.Context, query string, args ...any) error {
	n, err := p.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// row reads one row, with the tenant as $1; none is ErrNotFound.
func (p *Partner) row(ctx context.Context, query string, args []any, into ...any) error {
	args = append([]any{p.tenant}, args...)
	var row *sql.Row
	if p.tx != nil {
		row = p.tx.QueryRowContext(ctx, bound(query), args...)
	} else {
		row = p.s.read.QueryRowContext(ctx, bound(query), args...)
	}
	return told(row.Scan(into...))
}

// each reads rows, with the tenant as $1, and calls scan for each.
func (p *Partner) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	args = append([]any{p.tenant}, args...)
	var rows *sql.Rows
	var err error
	if p.tx != nil {
		rows, err = p.tx.QueryContext(ctx, bound(query), args...)
	} else {
		rows, err = p.s.read.QueryContext(ctx, bound(query), args...)
	}
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// told turns the errors of both engines into those of this package.
func told(err error) error {
	var state interface{ SQLState() string } // PostgreSQL
	var code interface{ Code() int }         // SQLite
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.As(err, &state) && state.SQLState() == "23505", errors.As(err, &code) && (code.Code() == 2067 || code.Code() == 1555):
		return fmt.Errorf("%w: it is there already", ErrConflict)
	case errors.As(err, &state) && state.SQLState() == "23503", errors.As(err, &code) && code.Code() == 787:
		return ErrNotFound // what it belongs to is not there
	}
	return err
}

// Tenant is a partner.
type Tenant struct {
	ID, Name string
	Created  time.Time
}

// AddTenant adds a tenant. ErrConflict says that the id is taken.
func (s *Store) AddTenant(ctx context.Context, t Tenant) error {
	_, err := s.write.ExecContext(ctx, "INSERT INTO tenants (id, name, created) VALUES ($1, $2, $3)", t.ID, t.Name, micros(t.Created))
	return told(err)
}

// SetTenant changes the name of a tenant.
func (s *Store) SetTenant(ctx context.Context, t Tenant) error {
	result, err := s.write.ExecContext(ctx, "UPDATE tenants SET name = $2 WHERE id = $1", t.ID, t.Name)
	if err != nil {
		return told(err)
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// Tenants lists all tenants by id.
func (s *Store) Tenants(ctx context.Context) ([]Tenant, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT id, name, created FROM tenants ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Tenant
	for rows.Next() {
		var t Tenant
		var created int64
		if err := rows.Scan(&t.ID, &t.Name, &created); err != nil {
			return nil, err
		}
		t.Created = instant(created)
		all = append(all, t)
	}
	return all, rows.Err()
}

// Customer is one of the partner's. Its id is that of the usage rows: the tenant GUID or the name, lower case.
type Customer struct {
	ID, Name string
	Policy   string // YAML over the default policy, "" for none
	Created  time.Time
}

// PutCustomer adds a customer, or changes its name where it is there and Name is not empty. It leaves the policy alone.
func (p *Partner) PutCustomer(ctx context.Context, c Customer) error {
	_, err := p.exec(ctx, "INSERT INTO customers (tenant, id, name, created) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, id) DO UPDATE SET name = CASE WHEN excluded.name = '' THEN customers.name ELSE excluded.name END", c.ID, c.Name, micros(c.Created))
	return err
}

// SetPolicy changes the policy of a customer.
func (p *Partner) SetPolicy(ctx context.Context, customer, policy string) error {
	return p.one(ctx, "UPDATE customers SET policy = $3 WHERE tenant = $1 AND id = $2", customer, policy)
}

const customerColumns = "SELECT id, name, policy, created FROM customers WHERE tenant = $1"

func scanCustomer(scan func(...any) error) (Customer, error) {
	var c Customer
	var created int64
	err := scan(&c.ID, &c.Name, &c.Policy, &created)
	c.Created = instant(created)
	return c, err
}

// Customer returns one customer.
func (p *Partner) Customer(ctx context.Context, id string) (Customer, error) {
	return scanCustomer(func(into ...any) error { return p.row(ctx, customerColumns+" AND id = $2", []any{id}, into...) })
}

// Customers lists the customers by id.
func (p *Partner) Customers(ctx context.Context) ([]Customer, error) {
	var all []Customer
	err := p.each(ctx, customerColumns+" ORDER BY id", nil, func(r *sql.Rows) error {
		c, err := scanCustomer(r.Scan)
		all = append(all, c)
		return err
	})
	return all, err
}
