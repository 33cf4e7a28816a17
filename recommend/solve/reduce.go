package solve

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"sizeterm/recommend/bill"
)

// MergeSlots returns the problem with slots that cannot be told apart (the same usage, the same commitments active) added up, which
// changes no bill. The order of what remains is kept, so ranges stay ranges. Who splits a problem does so first: its parts have fewer
// rows, so more of their slots are alike.
func MergeSlots(p *bill.Problem) *bill.Problem {
	at := map[string]int{}
	var first []int // the slot that stands for each merged one
	merged := *p
	merged.Slots = nil
	var key []byte
	for t, slot := range p.Slots {
		key = appendSlot(key[:0], p, t)
		i, ok := at[string(key)]
		if !ok {
			at[string(key)] = len(first)
			first = append(first, t)
			merged.Slots = append(merged.Slots, slot)
			continue
		}
		merged.Slots[i].Hours += slot.Hours
	}
	merged.VMs = slices.Clone(p.VMs)
	for v := range merged.VMs {
		run := make([]int64, len(first))
		for i, t := range first {
			run[i] = p.VMs[v].Run[t]
		}
		merged.VMs[v].Run = run
	}
	merged.Offers, merged.Existing = slices.Clone(p.Offers), slices.Clone(p.Existing)
	for i := range merged.Offers {
		narrow(&merged.Offers[i].Commitment, first)
	}
	for i := range merged.Existing {
		narrow(&merged.Existing[i].Commitment, first)
	}
	return &merged
}

// appendSlot appends what tells slot t from others.
func appendSlot(key []byte, p *bill.Problem, t int) []byte {
	for v := range p.VMs {
		key = binary.AppendVarint(key, p.VMs[v].Run[t])
	}
	for i := range p.Offers {
		key = strconv.AppendBool(key, active(&p.Offers[i].Commitment, t))
	}
	for i := range p.Existing {
		key = strconv.AppendBool(key, active(&p.Existing[i].Commitment, t))
	}
	return key
}

func active(c *bill.Commitment, t int) bool { return c.From <= t && t < c.To }

// narrow turns a range of slots into the range of those that stand for them.
func narrow(c *bill.Commitment, first []int) {
	from, to := 0, 0
	for i, t := range first {
		if t < c.From {
			from = i + 1
		}
		if t < c.To {
			to = i + 1
		}
	}
	c.From, c.To = min(from, to), to
}

// split returns the parts of a problem that cannot influence each other: VMs are tied by commitments that reach them both, and
// with a budget everything that costs cash is tied. Each part keeps the order of its VMs and offers; vms and offers say where they were.
type component struct {
	problem *bill.Problem
	vms     []int
	offers  []int
}

func split(p *bill.Problem, tieCash bool) []component {
	n, m := len(p.VMs), len(p.Offers)
	groups := newForest(n + m + len(p.Existing) + 1)
	cash := n + m + len(p.Existing)
	for i := range p.Offers {
		tie(groups, p, &p.Offers[i].Commitment, n+i)
		if tieCash && p.Offers[i].Upfront > 0 {
			groups.union(n+i, cash)
		}
	}
	for i := range p.Existing {
		tie(groups, p, &p.Existing[i].Commitment, n+m+i)
	}
	at := map[int]int{}
	var parts []component
	part := func(i int) *component {
		root := groups.find(i)
		k, ok := at[root]
		if !ok {
			k = len(parts)
			at[root] = k
			own := *p
			own.VMs, own.Offers, own.Existing = nil, nil, nil
			parts = append(parts, component{problem: &own})
		}
		return &parts[k]
	}
	for v := range p.VMs {
		c := part(v)
		c.vms, c.problem.VMs = append(c.vms, v), append(c.problem.VMs, p.VMs[v])
	}
	for i := range p.Offers {
		c := part(n + i)
		c.offers, c.problem.Offers = append(c.offers, i), append(c.problem.Offers, p.Offers[i])
	}
	for i := range p.Existing {
		c := part(n + m + i)
		c.problem.Existing = append(c.problem.Existing, p.Existing[i])
	}
	return parts
}

func tie(groups *forest, p *bill.Problem, c *bill.Commitment, node int) {
	for v := range p.VMs {
		if reaches(p, c, &p.VMs[v]) {
			groups.union(v, node)
		}
	}
}

// reaches reports whether a commitment can cover a VM on one of its candidates.
func reaches(p *bill.Problem, c *bill.Commitment, vm *bill.VM) bool {
	return within(c.Scope, vm.Scope) && slices.ContainsFunc(vm.Candidates, func(j bill.Candidate) bool {
		_, ok := weight(p, c, j.Size)
		return ok
	})
}

// weight returns how much of a commitment one instance of a size takes: units of a reservation, money per hour of a savings plan.
func weight(p *bill.Problem, c *bill.Commitment, size string) (int64, bool) {
	if c.Kind == bill.SavingsPlan {
		rate, ok := c.Rates[size]
		return rate, ok
	}
	s := p.Sizes[size]
	return s.Ratio, s.Group == p.Sizes[c.Size].Group
}

func within(node, scope string) bool {
	return scope == node || strings.HasPrefix(scope, node+"/")
}

// forest is union-find: sets of numbers that are tied together.
type forest struct{ parent []int }

func newForest(n int) *forest {
	f := &forest{make([]int, n)}
	for i := range f.parent {
		f.parent[i] = i
	}
	return f
}

func (f *forest) find(i int) int {
	for f.parent[i] != i {
		f.parent[i] = f.parent[f.parent[i]]
		i = f.parent[i]
	}
	return i
}

func (f *forest) union(i, j int) { f.parent[f.find(i)] = f.find(j) }
