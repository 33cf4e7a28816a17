package order

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Store keeps orders and their journal. Nothing that a Tx appended is visible to others before Update returns nil, and
// then it survives the end of the process.
type Store interface {
	// Update runs fn alone: no other Update runs beside it, in this process or another. Where fn returns an error nothing
	// that it appended is kept.
	Update(ctx context.Context, fn func(Tx) error) error
	// Read runs fn on a state between two updates. fn appends nothing.
	Read(ctx context.Context, fn func(Tx) error) error
	// Journal yields every entry in its stored order until yield returns an error.
	Journal(ctx context.Context, yield func(Entry) error) error
}

// Tx is the view of one transaction.
type Tx interface {
	// Order returns the order with the id; ok is false where there is none.
	Order(id string) (o Order, ok bool, err error)
	// Orders returns all orders, sorted by id.
	Orders() ([]Order, error)
	// Append applies the event to its order and adds it to the journal; a refusal is added only.
	Append(e Event) error
}

// Memory is a Store that lasts as long as the process: for dry runs and tests. Use NewMemory.
type Memory struct {
	mu      sync.Mutex
	orders  map[string]Order
	entries []Entry
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{orders: map[string]Order{}} }

// Update implements Store.
func (m *Memory) Update(_ context.Context, fn func(Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	tx := &memoryTx{store: m, fresh: map[string]Order{}}
	if n := len(m.entries); n > 0 {
		tx.head = Head{m.entries[n-1].Seq, m.entries[n-1].Hash}
	}
	if err := fn(tx); err != nil {
		return err
	}
	for id, o := range tx.fresh {
		m.orders[id] = o
	}
	m.entries = append(m.entries, tx.entries...)
	return nil
}

// Read implements Store.
func (m *Memory) Read(_ context.Context, fn func(Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return fn(&memoryTx{store: m, fresh: map[string]Order{}})
}

// Journal implements Store.
func (m *Memory) Journal(_ context.Context, yield func(Entry) error) error {
	m.mu.Lock()
	entries := slices.Clone(m.entries)
	m.mu.Unlock()
	for _, e := range entries {
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

type memoryTx struct {
	store   *Memory
	fresh   map[string]Order
	entries []Entry
	head    Head
}

func (t *memoryTx) Order(id string) (Order, bool, error) {
	if o, ok := t.fresh[id]; ok {
		return o, true, nil
	}
	o, ok := t.store.orders[id]
	return o, ok, nil
}

func (t *memoryTx) Orders() ([]Order, error) {
	var all []Order
	for id, o := range t.store.orders {
		if _, changed := t.fresh[id]; !changed {
			all = append(all, o)
		}
	}
	for _, o := range t.fresh {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b Order) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

func (t *memoryTx) Append(e Event) error {
	if e.Kind != kindRefused {
		o, ok := t.fresh[e.Order]
		if !ok {
			o = t.store.orders[e.Order]
		}
		if err := o.Apply(e); err != nil {
			return err
		}
		for _, other := range t.store.orders {
			if other.ID != o.ID && other.Lineage == o.Lineage && other.State.Open() && o.State.Open() {
				return fmt.Errorf("order %s: order %s is open for the same need", o.ID, other.ID)
			}
		}
		t.fresh[e.Order] = o
	}
	entry, err := Seal(t.head, e)
	if err != nil {
		return err
	}
	t.head = Head{entry.Seq, entry.Hash}
	t.entries = append(t.entries, entry)
	return nil
}
