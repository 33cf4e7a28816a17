package recommend

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// AllPools is the word of Policy.CapacityPriority for every pool.
const AllPools = "all"

// holdsCapacity reports whether the policy wants capacity priority in a pool: it names "all", the group or a size of it.
func (p Policy) holdsCapacity(pool *analyzer.Pool) bool {
	return slices.ContainsFunc(p.CapacityPriority, func(name string) bool {
		if name == AllPools || strings.EqualFold(name, pool.Group) {
			return true
		}
		size, ok := catalog.SizeOf(name)
		return ok && slices.ContainsFunc(pool.Members, func(m analyzer.Member) bool { return m.Size == size })
	})
}

// forCapacity returns the input with the pools that are to have capacity priority cut into what such reservations serve: one size of one
// subscription each, without size flexibility. What owned reservations serve is taken off first, as if they lasted: it understates what
// is to be bought when they end, and the plan says when to look again. Sizes stay as they are: capacity is held for what runs.
func (in Input) forCapacity(p *Plan) Input {
	if len(in.Policy.CapacityPriority) == 0 {
		return in
	}
	in.Policy.NoResize = true
	less := *in.Analysis
	less.Pools = nil
	type slice struct {
		at    scope
		index int
	}
	var cuts []slice
	for i := range in.Analysis.Pools {
		pool := &in.Analysis.Pools[i]
		if !in.Policy.holdsCapacity(pool) {
			less.Pools = append(less.Pools, *pool)
			continue
		}
		existing := existingOf(pool, &in)
		members := pool.Members
		if len(existing) > 0 {
			members = unservedMembers(pool, existing)
			p.Warnings = append(p.Warnings, stillOwned(pool, existing))
		}
		for _, key := range sizesBySubscription(members) {
			piece := *pool
			piece.Flexible, piece.Group, piece.Warnings = false, string(key.size), nil
			piece.Members = slices.DeleteFunc(slices.Clone(members), func(m analyzer.Member) bool { return m.Subscription != key.subscription || m.Size != key.size })
			if !used(&piece) {
				p.refuse(pool.Customer, fmt.Sprintf("%s in %s", key.size, pool.Region), "covered_by_existing", "existing reservations cover all of it in subscription "+key.subscription)
				continue
			}
			cuts = append(cuts, slice{narrow(key.subscription, ""), len(less.Pools)})
			less.Pools = append(less.Pools, piece)
		}
		p.Warnings = append(p.Warnings, pool.Warnings...)
	}
	in.undivided, in.Analysis, in.pieces = in.Analysis.Pools, &less, map[*analyzer.Pool]scope{}
	for _, c := range cuts {
		in.pieces[&less.Pools[c.index]] = scope{name: c.at.name, subscription: c.at.subscription}
	}
	return in
}

// stillOwned says when what is owned ends, after which capacity priority has to be looked at again.
func stillOwned(pool *analyzer.Pool, existing []Existing) analyzer.Warning {
	first := slices.MinFunc(existing, func(a, b Existing) int { return a.Until.Compare(b.Until) })
	return analyzer.Warning{Code: "capacity_priority_owned", Subject: fmt.Sprintf("%s in %s", pool.Group, pool.Region),
		Detail: fmt.Sprintf("what %d owned reservations serve is counted as if they lasted; plan again before %s, when the first of them ends", len(existing), first.Until.Format(time.DateOnly))}
}

// used reports whether a pool has any hours.
func used(pool *analyzer.Pool) bool {
	return slices.ContainsFunc(pool.Members, func(m analyzer.Member) bool {
		return slices.ContainsFunc(m.Series.Flat, func(n int64) bool { return n > 0 })
	})
}

// sizeOfSubscription is a size in one subscription.
type sizeOfSubscription struct {
	subscription string
	size         catalog.Size
}

func sizesBySubscription(members []analyzer.Member) []sizeOfSubscription {
	seen := map[sizeOfSubscription]bool{}
	for i := range members {
		seen[sizeOfSubscription{members[i].Subscription, members[i].Size}] = true
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b sizeOfSubscription) int {
		return cmp.Or(cmp.Compare(a.subscription, b.subscription), cmp.Compare(a.size, b.size))
	})
}

// unservedMembers returns the members of a pool less what owned reservations serve in each hour, the narrowest scope first.
func unservedMembers(pool *analyzer.Pool, existing []Existing) []analyzer.Member {
	members := slices.Clone(pool.Members)
	byDepth := slices.Clone(existing)
	slices.SortStableFunc(byDepth, func(a, b Existing) int {
		return cmp.Compare(strings.Count(scopePath(b.Scope), "/"), strings.Count(scopePath(a.Scope), "/"))
	})
	serve := func(of func(*analyzer.Member) *[]int64) {
		for i := range members {
			hours := of(&members[i])
			*hours = slices.Clone(*hours)
		}
		for _, e := range byDepth {
			node := scopePath(e.Scope)
			var served []int
			for i := range members {
				m := &members[i]
				if inScope(path(m.Subscription, m.ResourceGroup), node) && (!e.ExactSize || m.Size == e.Size) {
					served = append(served, i)
				}
			}
			if len(served) == 0 {
				continue
			}
			for h := range *of(&members[served[0]]) {
				left := e.Quantity * ratioOf(pool, e.Size) * demand.Full
				for _, i := range served {
					ratio := ratioOf(pool, members[i].Size)
					hour := &(*of(&members[i]))[h]
					take := min(max(0, *hour)*ratio, left)
					left -= take
					*hour -= (take + ratio - 1) / ratio
				}
			}
		}
	}
	exact := make([]bool, len(members))
	for i := range members {
		exact[i] = members[i].Series.Exact()
	}
	serve(func(m *analyzer.Member) *[]int64 { return &m.Series.Flat })
	serve(func(m *analyzer.Member) *[]int64 { return &m.Series.Stacked })
	for i := range members {
		if exact[i] {
			members[i].Series.Stacked = members[i].Series.Flat
		}
	}
	return members
}

// mostDivided is the most subscriptions of a pool that are decided one by one; a pool of more stays at the shared scope.
const mostDivided = 12

// divide decides each subscription of a pool by itself. Where the sizes of a group differ in price a unit, a shared reservation may serve
// the cheap ones while the dear ones pay by the hour, and a narrower scope keeps it where it saves most (algorithms 1.5). It returns nil
// where the shared scope is expected to save as much, or where something is owned that both would use.
func (d *decision) divide(in *Input) ([]*decision, error) {
	row, bought := d.chosenRow()
	subscriptions := d.scopesOf(EachSubscription)
	if d.low == nil || d.market.uniform() || !bought || d.result.Chosen == Set || d.result.Limited || len(d.existing) > 0 || len(subscriptions) < 2 || len(subscriptions) > mostDivided || in.scope != nil {
		return nil, nil
	}
	apart := *in
	apart.pieces, apart.draft = map[*analyzer.Pool]scope{}, false
	var list []*decision
	expected := int64(0)
	for _, at := range subscriptions {
		piece := inside(d.pool, at)
		piece.Warnings = nil
		apart.pieces[piece] = scope{name: at.name, subscription: at.subscription}
		one, err := decide(piece, &apart)
		if err != nil {
			return nil, err
		}
		if its, ok := one.chosenRow(); ok {
			expected += its.ExpectedSaving.Micros
		}
		list = append(list, one)
	}
	if expected <= row.ExpectedSaving.Micros {
		return nil, nil
	}
	cut{d, list}.warn()
	return list, nil
}

// warn says with the first piece what narrower scopes are expected to save.
func (c cut) warn() {
	gain := int64(0)
	for _, piece := range c.pieces {
		if row, ok := piece.chosenRow(); ok {
			gain += row.ExpectedSaving.Micros
		}
	}
	row, _ := c.whole.chosenRow()
	d, first := c.whole, c.pieces[0].market
	first.warn("narrow_scope", fmt.Sprintf("%s in %s", d.pool.Group, d.pool.Region),
		fmt.Sprintf("sizes differ in price a unit: reservations of one subscription each are expected to save %s %s more in the window than shared ones, which serve cheap sizes too; set the scope after the purchase",
			money.New(gain-row.ExpectedSaving.Micros, d.currency).Round(), d.currency))
	first.warnings = append(first.warnings, d.pool.Warnings...)
}

// divided replaces pools whose reservations are better kept in their subscriptions. Pools in which sizes change, and those of customers
// with a limit on cash, stay whole.
func (s *sizing) divided(decisions, today []*decision, in *Input) ([]*decision, error) {
	var out []*decision
	for _, d := range decisions {
		if !slices.Contains(today, d) || s.limited {
			out = append(out, d)
			continue
		}
		pieces, err := d.divide(in)
		if err != nil {
			return nil, err
		}
		if pieces == nil {
			out = append(out, d)
			continue
		}
		out = append(out, pieces...)
		s.cuts = append(s.cuts, cut{d, pieces})
		if err := s.gains(d, pieces, in); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// gains adds to what reserving alone saves of a customer what pieces save more than their pool.
func (s *sizing) gains(d *decision, pieces []*decision, in *Input) error {
	a := s.accounts[totalKey{d.pool.Customer, d.currency}]
	if a == nil {
		return nil
	}
	was, err := d.monthly(in)
	if err != nil {
		return err
	}
	a.reserveOnly -= was.saved
	for _, piece := range pieces {
		is, err := piece.monthly(in)
		if err != nil {
			return err
		}
		a.reserveOnly += is.saved
	}
	return nil
}

// pieceWords says what a line of a narrower scope asks for.
func (d *decision) pieceWords() []string {
	if d.pool.Flexible {
		return []string{fmt.Sprintf("the scope is to be %s: buy it shared, then set the scope", d.scope)}
	}
	return []string{fmt.Sprintf("capacity priority: this size in %s alone, size flexibility off; buy it shared, then set the scope and optimise for capacity priority (a priority, not a guarantee)", d.scope)}
}
