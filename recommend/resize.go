package recommend

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"

	"sizeterm/analyzer"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/rightsize"
)

// sizing decides the sizes of all machines together with the reservations of their pools: advice for each machine, one joint problem
// for each customer and currency, and then the pools decided again with the sizes that it proposes. Sizes stay as they are wherever
// that costs less.
type sizing struct {
	in       *Input
	tariff   *tariff
	subjects []*subject
	today    map[poolAt]*decision
	accounts map[totalKey]*account
	small    map[*subject]bool  // whose change frees too little beside reservations, or is taken back for another reason
	overfull map[*subject]bool  // of these: a quota has no room for it
	adopted  bool               // decided elsewhere, at other prices
	without  map[*subject]int64 // what the plan would cost more a month without this one change, micro-units, where that was tried
	touched  map[poolAt]bool    // pools that a change was ever tried in
	tried    map[triedPool]*attempt
	round    int                  // of trying all plans
	hours    map[*subject][]int64 // see hoursOf
	alike    map[string][]int64
	budgets  map[totalKey]*Budget
	limited  bool      // a limit on cash ties all pools of a customer together
	trials   []*trial  // the pools under each plan, as last decided
	settled  []settled // which plan was taken for each component
	cuts     []cut     // pools that were decided by subscription in the end
}

// settled is a component with the plan that was taken for it.
type settled struct {
	component
	plan int
}

// cut is a pool and what was decided for each of its subscriptions instead.
type cut struct {
	whole  *decision
	pieces []*decision
}

// account is one customer in one currency on the way.
type account struct {
	subjects                []*subject
	proposed                []map[*subject]rightsize.Action // plans to try: jointly chosen sizes, and those that are best with nothing bought
	sizes                   []map[*subject]string           // of a resize in each plan
	gap                     float64
	parts, free             int
	resizeOnly, reserveOnly int64 // savings a month in micro-units
	resizeAll               int64 // resizeOnly with licences
	forced                  bool  // some machine moves whatever that saves
}

// poolAt names a pool.
type poolAt struct {
	totalKey
	name string // see poolName
}

func comparePools(a, b poolAt) int {
	return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.currency, b.currency), cmp.Compare(a.name, b.name))
}

func poolOf(p *analyzer.Pool) poolAt {
	return poolAt{totalKey{p.Customer, moneyCode(p.Currency)}, string(p.Region) + "/" + p.Group}
}

// rightsize decides sizes, fills Resizes, Sized and Sizing, and returns the decisions for the pools as they then are. Budgets are those
// of today's sizes, and become those of the sizes that are chosen.
func (p *Plan) rightsize(today []*decision, budgets map[totalKey]*Budget, in *Input) ([]*decision, *sizing, error) {
	s := &sizing{in: in, tariff: newTariff(in, today), today: map[poolAt]*decision{}, accounts: map[totalKey]*account{}, small: map[*subject]bool{}, overfull: map[*subject]bool{}, without: map[*subject]int64{}, touched: map[poolAt]bool{}, tried: map[triedPool]*attempt{}, budgets: budgets, limited: budgets != nil}
	for _, d := range today {
		s.today[poolOf(d.pool)] = d
	}
	if in.Policy.NoResize || len(today) == 0 {
		return today, s, nil
	}
	in.tariff, in.draft = s.tariff, true
	defer func() { in.tariff, in.draft = nil, false }()
	if err := s.advise(); err != nil {
		return nil, nil, err
	}
	for _, key := range sortedKeysOf(s.accounts) {
		if err := s.propose(key, s.accounts[key]); err != nil {
			return nil, nil, fmt.Errorf("sizes of %s: %w", key.customer, err)
		}
	}
	final, err := s.settle(p)
	if err != nil {
		return nil, nil, err
	}
	s.report(p)
	return final, s, nil
}

func sortedKeysOf[V any](m map[totalKey]V) []totalKey {
	return slices.SortedFunc(maps.Keys(m), func(a, b totalKey) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.currency, b.currency))
	})
}

// gapsOf returns the days of the window that the files of a customer do not cover.
func (s *sizing) gapsOf(customer string) []int {
	for i := range s.in.Analysis.Pools {
		if p := &s.in.Analysis.Pools[i]; p.Customer == customer {
			return p.Gaps
		}
	}
	return nil
}

// advise judges every machine by itself.
func (s *sizing) advise() error {
	s.subjects = subjects(s.in.Analysis)
	sizers := map[string]*rightsize.Sizer{}
	gaps := map[string][]int{}
	for _, one := range s.subjects {
		customer := one.first.Customer
		if sizers[customer] == nil {
			policy := s.in.Policy.Sizing
			policy.Groups = s.ownedGroups(customer)
			sizer, err := rightsize.New(rightsize.Options{AsOf: s.in.Analysis.AsOf, Prices: s.tariff.prices(customer), Policy: &policy})
			if err != nil {
				return err
			}
			sizers[customer], gaps[customer] = sizer, s.gapsOf(customer)
		}
		one.sizer = sizers[customer]
		one.describe(s.in, gaps[customer])
		if why, ok := s.tariff.doubtful(one.place()); ok && one.fixed.Code == "" {
			one.fixed = why
		}
		key := one.account()
		if s.accounts[key] == nil {
			s.accounts[key] = &account{}
		}
		s.accounts[key].subjects = append(s.accounts[key].subjects, one)
	}
	return s.adviseAll()
}

// adviseAll asks for the advice on all machines, on as many threads as there are processors.
func (s *sizing) adviseAll() error {
	errs := make([]error, len(s.subjects))
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wait.Go(func() {
			for i := w; i < len(s.subjects); i += workers {
				s.subjects[i].advice, errs[i] = s.subjects[i].sizer.Advise(s.subjects[i].machine)
			}
		})
	}
	wait.Wait()
	return cmp.Or(errs...)
}

// ownedGroups lists the flexibility groups of reservations that a customer owns.
func (s *sizing) ownedGroups(customer string) []string {
	var out []string
	for _, e := range s.owned(customer) {
		if group, ok := e.Size.Group(); ok {
			out = append(out, group.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// owned lists the live reservations of a customer, by id.
func (s *sizing) owned(customer string) []Existing {
	var out []Existing
	for _, e := range s.in.Existing {
		if e.Agreement != "ea" && (e.Customer == "" || e.Customer == customer) && e.Until.After(s.in.Analysis.AsOf) {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b Existing) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// propose solves the joint problem of an account.
func (s *sizing) propose(key totalKey, a *account) error {
	own := s.owned(key.customer)
	j := &joint{in: s.in, account: key, tariff: s.tariff, days: s.in.Analysis.Window.Days(), gaps: s.gapsOf(key.customer),
		parts: periods(s.in.Analysis.AsOf, 1, own, 0, nil), own: own, today: map[string]*decision{}}
	for at, d := range s.today {
		if at.totalKey == key {
			j.today[at.name] = d
		}
	}
	both, err := j.solve(a.subjects)
	if err != nil {
		return err
	}
	for range 2 {
		a.proposed, a.sizes = append(a.proposed, map[*subject]rightsize.Action{}), append(a.sizes, map[*subject]string{})
	}
	for _, one := range a.subjects {
		if one.fixed.Code == "" && !one.resizable() {
			for plan := range a.proposed {
				a.proposed[plan][one] = one.advice.Action
				if one.advice.Forced {
					a.sizes[plan][one] = string(one.first.Region) + "/" + string(one.advice.To)
				}
			}
		}
	}
	if both == nil {
		return nil
	}
	a.gap, a.parts = both.Joint.Gap().Float(), both.Parts
	for plan, decision := range []bill.Decision{both.Joint.Decision, both.ResizeOnly.Decision} {
		for _, one := range a.subjects {
			if one.row == "" {
				continue
			}
			if plan == 0 {
				a.free++
			}
			if name, ok := decision.Sizes[one.row]; ok && sizeOf(name) != one.first.Size {
				a.proposed[plan][one], a.sizes[plan][one] = rightsize.Resize, name
			}
		}
	}
	return nil
}
