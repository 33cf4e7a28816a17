package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/recommend/order"
)

// desks are the desks of the tenants, each on an order file of its own.
type desks struct {
	dir  string
	mu   sync.Mutex
	open map[string]*order.Desk
}

// desk returns the desk of a tenant.
func (d *desks) desk(tenant string) (*order.Desk, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, ok := d.open[tenant]; ok {
		return known, nil
	}
	dir := filepath.Join(d.dir, tenant)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := store.Open(context.Background(), filepath.Join(dir, "orders.db"))
	if err != nil {
		return nil, err
	}
	if d.open == nil {
		d.open = map[string]*order.Desk{}
	}
	d.open[tenant] = &order.Desk{Store: file, Policy: order.DefaultPolicy(), Now: now}
	return d.open[tenant], nil
}
