package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"sizeterm/cmd/sizeterm/internal/report"
	"sizeterm/recommend"
)

// slug names a customer in addresses: a customer's own id may hold any character, and does not belong into a log.
func slug(customer string) string {
	sum := sha256.Sum256([]byte("sizeterm.customer/1\x00" + customer))
	return hex.EncodeToString(sum[:8])
}

// planView is a plan with what pages need of it, told once.
type planView struct {
	Planned
	Standings []report.Standing
	Sums      []report.Sum
	Fresh     map[string]time.Time // of each customer, the end of the last usage
	mu        sync.Mutex
	told      map[string]*customerView // by slug
	json      []byte                   // the document, nil until it is asked for
}

// customerView is one customer's part of a plan, in words.
type customerView struct {
	Slug, ID, Name string
	Plan           *recommend.Plan
	Told           *report.Told
	Whole          *Planned // what Plan is the customer's part of
	mu             sync.Mutex
	effects        map[string]*table // by rule and value
}

// viewsKept is the number of plans whose words are kept: one of each of a few tenants, and the one before.
const viewsKept = 16

// views keeps the last plans that were looked at.
type views struct {
	mu   sync.Mutex
	kept map[string]*planView
	used []string // keys, the least recently used first
}

func newViews() views { return views{kept: map[string]*planView{}} }

// view returns the tenant's plan called id, the newest where id is empty.
func (s *Server) view(ctx context.Context, id string) (*planView, error) {
	tenant := principalOf(ctx).Tenant
	planned, err := s.Plans.Plan(ctx, tenant, id)
	if err != nil {
		return nil, err
	}
	return s.views.of(tenant, planned), nil
}

func (v *views) of(tenant string, planned Planned) *planView {
	key := tenant + "\x00" + planned.ID
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, k := range v.used {
		if k == key {
			v.used = append(append(v.used[:i:i], v.used[i+1:]...), key)
			return v.kept[key]
		}
	}
	if len(v.used) >= viewsKept {
		delete(v.kept, v.used[0])
		v.used = v.used[1:]
	}
	view := newPlanView(planned)
	v.kept[key], v.used = view, append(v.used, key)
	return view
}

func newPlanView(planned Planned) *planView {
	p := planned.Plan
	v := &planView{Planned: planned, Standings: report.Standings(p), Sums: report.Sums(p), Fresh: map[string]time.Time{}, told: map[string]*customerView{}}
	for i := range p.VMs {
		vm := &p.VMs[i]
		if vm.LastSeen.After(v.Fresh[vm.Customer]) {
			v.Fresh[vm.Customer] = vm.LastSeen
		}
	}
	return v
}

// customer returns the customer behind a slug; ErrNone where the plan has none.
func (v *planView) customer(slugged string) (*customerView, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c, ok := v.told[slugged]; ok {
		return c, nil
	}
	for _, st := range v.Standings {
		if slug(st.Total.Customer) != slugged {
			continue
		}
		whole := v.of(st.Total.Customer)
		part := report.OfCustomer(whole.Plan, st.Total.Customer)
		c := &customerView{Slug: slugged, ID: st.Total.Customer, Name: st.Total.CustomerName, Plan: part, Told: report.Tell(part), Whole: whole}
		if c.Name == "" {
			c.Name = c.ID
		}
		if c.Name == "" {
			c.Name = "Customer not named"
		}
		v.told[slugged] = c
		return c, nil
	}
	return nil, ErrNone
}

// pool returns the customer's pool called id.
func (c *customerView) pool(id string) (*recommend.Pool, error) {
	for i := range c.Plan.Pools {
		if c.Plan.Pools[i].ID == id {
			return &c.Plan.Pools[i], nil
		}
	}
	return nil, ErrNone
}
