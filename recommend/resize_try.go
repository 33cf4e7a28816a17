package recommend

import (
	"fmt"
	"maps"
	"slices"

	"sizeterm/analyzer"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend/rightsize"
)

// trial is the pools with the sizes of one plan, decided.
type trial struct {
	pools   map[poolAt]*decision
	touched map[poolAt]bool
	budgets map[totalKey]*Budget
}

// triedPool is a pool with some changes.
type triedPool struct {
	poolAt
	moves string
}

// attempt is what was decided for a pool with some changes, nil where no machine is left in it, and the round in which it was last asked for.
type attempt struct {
	decision *decision
	used     int
}

// try decides the pools of all accounts under one of their plans; plan -1 is today's sizes.
func (s *sizing) try(plan int) (*trial, error) {
	t := &trial{pools: map[poolAt]*decision{}, touched: map[poolAt]bool{}}
	changes := map[int]analyzer.Change{}
	moves := map[poolAt][]byte{} // what changes in a pool: the same changes make the same pool
	for _, one := range s.subjects {
		key := one.account()
		if plan < 0 || s.small[one] {
			continue
		}
		action, ok := s.accounts[key].proposed[plan][one]
		if !ok {
			continue
		}
		here, to := poolAt{key, poolName(one.first.Region, one.first.Size)}, one.first.Size
		if action == rightsize.Resize {
			to = sizeOf(s.accounts[key].sizes[plan][one])
		}
		there := poolAt{key, poolName(one.first.Region, to)}
		moves[here] = fmt.Appendf(moves[here], "%d %s %s;", one.vms[0], action, to)
		if there != here {
			moves[there] = fmt.Appendf(moves[there], "%d %s %s;", one.vms[0], action, to)
		}
		t.touched[here], t.touched[there] = true, true
		maps.Copy(changes, one.changes(action, to, s.in.Analysis.Window.From))
	}
	if len(changes) == 0 {
		t.pools = s.today
		return t, nil
	}
	for at := range s.today {
		if a := s.accounts[at.totalKey]; s.limited && a != nil && len(a.proposed[plan]) > 0 {
			t.touched[at] = true
		}
	}
	for at, d := range s.today {
		if !t.touched[at] {
			t.pools[at] = d
		}
	}
	return t, s.decideAll(t, changes, moves)
}

// decideAll decides the touched pools of a trial. One with the same changes as lately is taken from there; the others are made of their
// machines. A limit on cash changes decisions, so that none can be taken again.
func (s *sizing) decideAll(t *trial, changes map[int]analyzer.Change, moves map[poolAt][]byte) error {
	missing := map[poolAt]bool{}
	for at := range t.touched {
		s.touched[at] = true
		known, ok := s.tried[triedPool{at, string(moves[at])}]
		switch {
		case !ok || s.limited:
			missing[at] = true
			s.tried[triedPool{at, string(moves[at])}] = &attempt{used: s.round}
		case known.decision != nil:
			t.pools[at] = known.decision
			fallthrough
		default:
			known.used = s.round
		}
	}
	pools := grow(s.in.Analysis.Repool(changes, func(customer, currency string, region catalog.Region, group string) bool {
		return missing[poolAt{totalKey{customer, moneyCode(currency)}, string(region) + "/" + group}]
	}), s.in.growth)
	var fresh []*decision
	for i := range pools {
		d, err := decide(&pools[i], s.in)
		if err != nil {
			return err
		}
		at := poolOf(&pools[i])
		s.tried[triedPool{at, string(moves[at])}].decision = d
		t.pools[at], fresh = d, append(fresh, d)
	}
	var err error
	t.budgets, err = keepWithin(fresh, s.in)
	return err
}

// forget drops the attempts of rounds before the last: a change that is taken back leads to the round before it.
func (s *sizing) forget() {
	for tried, a := range s.tried {
		if a.used < s.round-1 {
			delete(s.tried, tried)
		}
	}
}

// monthly is what a pool costs a month, in micro-units, and what the lines planned for it save of that.
type monthly struct{ payg, software, saved int64 }

func (m monthly) cost() int64 { return m.payg + m.software - m.saved }

func (m monthly) plus(o monthly) monthly {
	return monthly{m.payg + o.payg, m.software + o.software, m.saved + o.saved}
}

// monthly evaluates a decision; one without prices, and a pool that no machine is in, cost nothing that is known.
func (d *decision) monthly(in *Input) (monthly, error) {
	if d == nil || d.low == nil {
		return monthly{}, nil
	}
	payg, err := d.low.amount(d.low.evaluate(nil).payg, monthHours, d.currency)
	if err != nil {
		return monthly{}, err
	}
	software, err := d.low.amount(d.low.software(), monthHours, d.currency)
	if err != nil {
		return monthly{}, err
	}
	lines, err := d.linesOf(in)
	if err != nil {
		return monthly{}, err
	}
	saved := int64(0)
	for i := range lines {
		saved += lines[i].SavingMonth.Micros
	}
	if d.sold == nil {
		reason, _ := d.unworthy(lines, in)
		d.idle = reason != ""
	}
	if d.idle {
		saved = 0
	}
	return monthly{payg.Micros, software.Micros, saved}, nil
}

// sum evaluates the pools of a component.
func (s *sizing) sum(t *trial, pools []poolAt) (monthly, error) {
	total := monthly{}
	for _, at := range pools {
		m, err := t.pools[at].monthly(s.in)
		if err != nil {
			return total, err
		}
		total = total.plus(m)
	}
	return total, nil
}

// component is pools that a change of size ties together.
type component struct {
	account  totalKey
	pools    []poolAt
	subjects []*subject // that change under one of the plans
}

// forced reports whether a machine must change whatever that saves.
func (c *component) forced() bool {
	return slices.ContainsFunc(c.subjects, func(s *subject) bool { return s.advice.Forced })
}

// components groups the pools that the changes of both plans tie together.
func (s *sizing) components() []component {
	index, set := map[poolAt]int{}, []int{}
	var names []poolAt
	at := func(p poolAt) int {
		if _, ok := index[p]; !ok {
			index[p] = len(set)
			set, names = append(set, len(set)), append(names, p)
		}
		i := index[p]
		for set[i] != i {
			i = set[i]
		}
		return i
	}
	for _, p := range slices.SortedFunc(maps.Keys(s.today), comparePools) {
		if a := s.accounts[p.totalKey]; s.limited && a != nil && len(a.proposed[0])+len(a.proposed[1]) > 0 {
			first := at(poolAt{p.totalKey, ""})
			set[at(p)] = first
		}
	}
	changed := map[*subject]int{}
	for _, key := range sortedKeysOf(s.accounts) {
		a := s.accounts[key]
		for _, one := range a.subjects {
			for plan := range a.proposed {
				action, ok := a.proposed[plan][one]
				if !ok || s.small[one] {
					continue
				}
				here := at(poolAt{key, poolName(one.first.Region, one.first.Size)})
				changed[one] = here
				if action == rightsize.Resize {
					there := at(poolAt{key, poolName(one.first.Region, sizeOf(a.sizes[plan][one]))})
					set[there] = here
				}
			}
		}
	}
	byRoot, out := map[int]int{}, []component{}
	for _, p := range names {
		root := at(p)
		if _, ok := byRoot[root]; !ok {
			byRoot[root] = len(out)
			out = append(out, component{account: p.totalKey})
		}
		c := &out[byRoot[root]]
		c.pools = append(c.pools, p)
	}
	for _, one := range s.subjects {
		if here, ok := changed[one]; ok {
			for set[here] != here {
				here = set[here]
			}
			c := &out[byRoot[here]]
			c.subjects = append(c.subjects, one)
		}
	}
	return out
}
