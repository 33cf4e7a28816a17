package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"time"

	"sizeterm/cmd/sizeterm/internal/jobs"
	"sizeterm/cmd/sizeterm/internal/metrics"
	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/recommend/order"
	"sizeterm/recommend/order/prove"
)

// verifier is who the journal names where the service compares orders with files by itself.
const verifier = "service"

// provesNothing are the kinds of files that say nothing of bills, usage or reservations.
var provesNothing = []string{"samples", "prices", "policy", "note", "recommendations", "empty", "unknown"}

// verifyNow compares the orders of a customer that were sent with the files that concern it, and keeps what it finds by month.
// It waits for files that came together, and does nothing where files and orders are those of the last time.
func (p *pipeline) verifyNow(ctx context.Context, tenant, customer string) error {
	waits, err := p.unread(ctx, tenant)
	if err != nil {
		return err
	}
	if waits {
		return jobs.Later(500 * time.Millisecond)
	}
	t := p.db.Partner(tenant)
	d := &order.Desk{Store: t.Orders(), Policy: order.DefaultPolicy(), Now: p.now}
	orders, first, err := sentOrders(ctx, d, customer)
	if err != nil || len(orders) == 0 {
		return err
	}
	uploads, err := p.concerning(ctx, t, customer)
	if err != nil {
		return err
	}
	uploads = slices.DeleteFunc(uploads, func(u store.Upload) bool {
		return slices.Contains(provesNothing, u.Kind) || !u.Last.IsZero() && u.Last.Before(first)
	})
	mark, err := proofMark(orders, uploads)
	if err != nil || len(uploads) == 0 {
		return err
	}
	if last, err := t.ProofMark(ctx, customer); err != nil || last == mark {
		return err
	}
	report, err := p.compare(ctx, orders, uploads)
	if err != nil || report == nil {
		return err
	}
	if err := d.Proved(ctx, verifier, report.Proofs()); err != nil {
		return err
	}
	months := slices.DeleteFunc(report.Months(), func(m prove.Month) bool { return !strings.EqualFold(m.Customer, customer) })
	if err := t.PutProofs(ctx, mark, months); err != nil {
		return err
	}
	return errors.Join(p.emit(ctx, t, "verification", happened{ID: customer, State: "made"}), p.show(ctx))
}

// sentOrders are the orders of a customer that the vendor has heard of, and when the first of them was sent.
func sentOrders(ctx context.Context, d *order.Desk, customer string) (sent []order.Order, first time.Time, err error) {
	all, err := d.Orders(ctx)
	for _, o := range all {
		if o.Attempt == nil || !strings.EqualFold(o.Line.Customer, customer) {
			continue
		}
		if first.IsZero() || o.Attempt.At.Before(first) {
			first = o.Attempt.At
		}
		sent = append(sent, o)
	}
	return sent, first, err
}

// proofMark names what a proof is made of: the files, and what was bought. That an order was verified changes nothing.
func proofMark(orders []order.Order, uploads []store.Upload) (string, error) {
	type bought struct {
		ID, Hash string
		Attempt  *order.Attempt
		Result   *order.Result
		Returns  []order.Return
	}
	basis := struct {
		Release string
		Orders  []bought
		Files   []string
	}{Release: release}
	for i := range orders {
		o := &orders[i]
		b := bought{ID: o.ID, Hash: o.Line.Hash(), Attempt: o.Attempt, Returns: o.Returns}
		if o.Result != nil { // reconciliation may add what the files say
			b.Result = &order.Result{VendorOrder: o.Result.VendorOrder}
		}
		basis.Orders = append(basis.Orders, b)
	}
	for _, u := range uploads {
		basis.Files = append(basis.Files, u.SHA256+" "+u.Customer)
	}
	slices.Sort(basis.Files)
	text, err := json.Marshal(basis)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

// compare reads the uploads and proves the orders by them; nil where they say nothing.
func (p *pipeline) compare(ctx context.Context, orders []order.Order, uploads []store.Upload) (*prove.Report, error) {
	inputs, options, err := p.inputs(ctx, uploads)
	if err != nil {
		return nil, err
	}
	if inputs, err = p.common.distinct(inputs); err != nil {
		return nil, err
	}
	books := &prove.Books{}
	for _, in := range inputs {
		if _, err := p.common.readBook(ctx, books, in, options(in)); err != nil {
			return nil, err
		}
	}
	report, err := prove.Verify(orders, books, prove.Options{Now: p.now()})
	if errors.Is(err, prove.ErrNothing) {
		return nil, nil
	}
	return report, err
}

// verifyAll asks for the comparison of every customer of a tenant: orders may have been bought since its files came.
func (p *pipeline) verifyAll(ctx context.Context, tenant string) error {
	t := p.db.Partner(tenant)
	customers, err := t.Customers(ctx)
	if err != nil || p.queue == nil {
		return err
	}
	return t.In(ctx, func(_ *store.Partner, tx *sql.Tx) error {
		for _, c := range customers {
			if err := p.queue.Enqueue(ctx, tx, jobs.Job{What: jobs.Verify, Tenant: tenant, Subject: c.ID}); err != nil {
				return err
			}
		}
		return nil
	})
}

// ordersShown adds to a portfolio how many orders of all tenants are in which state, and what was promised and came true.
func (p *pipeline) ordersShown(ctx context.Context, into *metrics.Portfolio) error {
	tenants, err := p.db.Tenants(ctx)
	if err != nil {
		return err
	}
	into.Orders, into.Verified = map[string]int{}, map[string]metrics.Verification{}
	for _, tenant := range tenants {
		t := p.db.Partner(tenant.ID)
		orders, err := (&order.Desk{Store: t.Orders()}).Orders(ctx)
		if err != nil {
			return err
		}
		for _, o := range orders {
			into.Orders[string(o.State)]++
		}
		months, err := t.Proofs(ctx)
		if err != nil {
			return err
		}
		for _, m := range months {
			for _, s := range m.Sums {
				v := into.Verified[s.Currency]
				v.Promised += units(s.Promised.Micros)
				v.Realised += units(s.Realised.Micros)
				into.Verified[s.Currency] = v
			}
		}
	}
	return nil
}

// units is an amount as a metric has it.
func units(micros int64) float64 {
	f, _ := big.NewRat(micros, 1_000_000).Float64()
	return f
}
