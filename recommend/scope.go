package recommend

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend/bill"
)

// scope is where a reservation applies: everywhere, in one subscription, or in one resource group of it.
type scope struct {
	node         string // of the simulator's tree; empty is all of the pool
	name         string // as a plan prints it: "/subscriptions/…" or "/subscriptions/…/resourcegroups/…"; empty is shared
	subscription string
}

func (s scope) String() string { return cmp.Or(s.name, sharedScope) }

func (s scope) shared() bool { return s.name == "" }

// narrow returns the scope of a subscription, or of a resource group of it where group is not empty.
func narrow(subscription, group string) scope {
	node, name := path(subscription, group), "/subscriptions/"+strings.ToLower(subscription)
	if group == "" {
		return scope{node[:strings.LastIndexByte(node, '/')], name, subscription}
	}
	return scope{node, name + "/resourcegroups/" + strings.ToLower(group), subscription}
}

// Words for scopes that a Change can ask for beside "shared" and the name of one.
const (
	EachSubscription  = "subscription"
	EachResourceGroup = "resource_group"
)

// scopesOf lists the scopes of a kind, or of a name, in which a pool has priced usage, sorted. The name of a subscription may be its id
// alone, that of a resource group SUBSCRIPTION/GROUP; case does not matter.
func (d *decision) scopesOf(wanted string) []scope {
	found := map[string]scope{}
	for i := range d.pool.Members {
		m := &d.pool.Members[i]
		if _, ok := d.market.rates[m.Size]; !ok || m.Subscription == "" {
			continue
		}
		subscription := narrow(m.Subscription, "")
		if wanted == EachSubscription || named(subscription, wanted) {
			found[subscription.name] = subscription
		}
		if group := narrow(m.Subscription, m.ResourceGroup); m.ResourceGroup != "" && (wanted == EachResourceGroup || named(group, wanted)) {
			found[group.name] = group
		}
	}
	var list []scope
	for _, s := range found {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b scope) int { return cmp.Compare(a.name, b.name) })
	return list
}

// named reports whether text names the scope.
func named(s scope, text string) bool {
	text = strings.ToLower(strings.Trim(text, "/"))
	text = strings.TrimPrefix(text, "subscriptions/")
	if subscription, group, ok := strings.Cut(text, "/"); ok {
		text = subscription + "/resourcegroups/" + strings.TrimPrefix(group, "resourcegroups/")
	}
	return s.name == "/subscriptions/"+text
}

// takeScope evaluates what was chosen at another scope, with the quantities that it has: of several scopes of a kind, the one at which it
// costs least. A pool without usage at the scope stays as it is.
func (d *decision) takeScope(in *Input) error {
	row, bought := d.chosenRow()
	if in.scope == nil || in.scope.wanted == sharedScope || !bought || len(row.Buy) == 0 || d.piece {
		return nil
	}
	list := d.scopesOf(in.scope.wanted)
	if len(list) == 0 {
		return nil
	}
	in.scope.taken = true
	best, least := list[0], bill.Exact{}
	for i, s := range list {
		a, err := newAhead(d.pool, d.market, d.recent(d.classes[0]), periods(d.asOf, 1, d.existing, 0, []int64{0}), aheadSpec{years: 1, existing: d.existing, order: d.order, starts: []int64{0}, scope: s.node})
		if err != nil {
			return err
		}
		if cost := a.evaluate(orderOf(row.Buy)).cost(); i == 0 || cost.Cmp(least) < 0 {
			best, least = s, cost
		}
	}
	return d.moveTo(best, row, in)
}

// moveTo evaluates a choice at a scope and takes it as set by hand. What was proved to be least at the shared scope stays the bound where
// prices a unit are the same: then no narrower scope costs less.
func (d *decision) moveTo(at scope, row Compared, in *Input) error {
	proved := d.result.Certificate
	d.scope, d.bounds, d.lines, d.hourly = at, nil, nil, nil
	if err := d.lookAhead(in); err != nil {
		return err
	}
	moved, err := d.row(Set, row.Buy)
	if err != nil {
		return err
	}
	saving := d.expected.evaluate(nil).cost().Sub(d.expected.evaluate(d.whole).cost())
	if moved.ExpectedSaving, err = d.expected.amount(saving, int64(d.result.Hours), d.currency); err != nil {
		return err
	}
	d.result.Compare = slices.DeleteFunc(d.result.Compare, func(c Compared) bool { return c.Choice == Set })
	d.result.Compare, d.result.Chosen, d.result.Scope = append(d.result.Compare, moved), Set, at.String()
	d.ahead.Units = unitsIn(inside(d.pool, at), in.Analysis.Window.Hours(), func(s catalog.Size) bool { _, ok := d.market.rates[s]; return ok })
	d.result.Marginal, d.result.Curve = nil, map[pricing.Term][]Point{}
	if err := d.prove(d.mixed); err != nil {
		return err
	}
	if c := &d.result.Certificate; d.market.uniform() && !d.draft && c.Cost.Micros > 0 {
		c.Bound = lesser(proved.Bound, c.Cost)
		c.Gap = float64(c.Cost.Micros-c.Bound.Micros) / float64(c.Cost.Micros)
	}
	return nil
}

// inside returns the pool with the members of a scope alone.
func inside(pool *analyzer.Pool, at scope) *analyzer.Pool {
	part := *pool
	part.Members = slices.DeleteFunc(slices.Clone(pool.Members), func(m analyzer.Member) bool { return !at.holds(&m) })
	return &part
}

// holds reports whether a member's usage lies in the scope.
func (s scope) holds(m *analyzer.Member) bool {
	return s.node == "" || inScope(path(m.Subscription, m.ResourceGroup), s.node)
}

// asked is a scope that a Change asks for.
type asked struct {
	wanted string
	taken  bool // some pool has usage there
}

// words says what the scope of a question means.
func (a *asked) words() string {
	switch a.wanted {
	case sharedScope:
		return "the same reservations, applied everywhere"
	case EachSubscription:
		return "the same reservations, each pool's applied to one subscription: the one in which they cost least"
	case EachResourceGroup:
		return "the same reservations, each pool's applied to one resource group: the one in which they cost least"
	}
	return fmt.Sprintf("the same reservations, applied to %s alone where a pool has usage in it", a.wanted)
}
