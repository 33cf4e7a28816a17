package recommend

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

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
	tried    map[triedPool]*decision
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
	s := &sizing{in: in, tariff: newTariff(in, today), today: map[poolAt]*decision{}, accounts: map[totalKey]*account{}, small: map[*subject]bool{}, overfull: map[*subject]bool{}, without: map[*subject]int64{}, touched: map[poolAt]bool{}, tried: map[triedPool]*decision{}, budgets: budgets, limited: budgets != nil}
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
	for at := range t.touched {
		s.touched[at] = true
	}
	pools := grow(s.in.Analysis.Repool(changes), s.in.growth)
	var fresh []*decision
	for i := range pools {
		at := poolOf(&pools[i])
		if !t.touched[at] {
			t.pools[at] = s.today[at]
			continue
		}
		tried := triedPool{at, string(moves[at])}
		d := s.tried[tried]
		if d == nil || s.limited { // a limit on cash changes decisions
			var err error
			if d, err = decide(&pools[i], s.in); err != nil {
				return nil, err
			}
			s.tried[tried] = d
		}
		t.pools[at], fresh = d, append(fresh, d)
	}
	var err error
	t.budgets, err = keepWithin(fresh, s.in)
	return t, err
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

// least is what a change must free beside reservations, in micro-units a month: what the policy asks for, and what the change and the
// possible overload weigh. A shut-down only asks for the first.
func (r *Resize) least(p *rightsize.Policy) int64 {
	weight := int64(0)
	if r.Action == string(rightsize.Resize) {
		alt := &r.Alternatives[r.Chosen]
		weight = alt.RiskMonth.Micros + alt.RiskOnce.Micros/p.HorizonMonths
	}
	month, _ := p.MinSaving(r.subject.machine)
	return max(weight, month*1_000_000)
}

// saved is what a change frees beside reservations and saves in licences, in micro-units a month.
func (r *Resize) saved() int64 { return r.SavingMonth.Micros + r.SoftwareMonth.Micros }

// worth is the least that a change can be said to be worth: its share of what all save together, or what the plan would cost more
// without it.
func (r *Resize) worth() int64 { return min(r.saved(), r.WithoutMonth.Micros) }

// rounds is how often changes that free too little beside reservations are taken back and the rest decided again.
const rounds = 6

// settle tries the plans and takes for each component the one that costs least; then it shares out what the changes save. Changes
// that free too little are taken back, unless the plan then costs more than they seemed worth: two machines may change places.
func (s *sizing) settle(p *Plan) ([]*decision, error) {
	final, cost, err := s.evaluate(p)
	if err == nil {
		final, cost, err = s.withinQuota(p, final, cost)
	}
	needed := map[*subject]bool{}
	for round := 0; err == nil && round < rounds; round++ {
		var taken []*Resize
		allowed := int64(0)
		for i := range p.Resizes {
			r := &p.Resizes[i]
			if least := r.least(&s.in.Policy.Sizing); !needed[r.subject] && !r.subject.advice.Forced && r.worth() < max(1, least) {
				taken, allowed = append(taken, r), allowed+least
			}
		}
		if len(taken) == 0 {
			break
		}
		slices.SortStableFunc(taken, func(a, b *Resize) int { return cmp.Compare(a.worth(), b.worth()) })
		for _, r := range taken {
			s.small[r.subject] = true
		}
		var then int64
		if final, then, err = s.evaluate(p); err == nil && then-cost > allowed {
			// Some of them carry others: first those that seemed worth least.
			for i, r := range taken {
				delete(s.small, r.subject)
				needed[r.subject] = needed[r.subject] || i <= len(taken)/2
			}
			final, then, err = s.evaluate(p)
		}
		cost = then
	}
	if err == nil {
		final, err = s.polish(p, final, cost)
	}
	if err == nil {
		final, _, err = s.withinQuota(p, final, cost)
	}
	if err != nil {
		return nil, err
	}
	out := make([]*decision, 0, len(final))
	for _, d := range final {
		if d.draft && d.low != nil {
			d.draft = false
			if err := d.certify(d.mixed); err != nil {
				return nil, err
			}
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(final), comparePools) {
		out = append(out, final[at])
	}
	return out, nil
}

// tries is how many changes that seem to free too little are tried one by one.
const tries = 12

// polish tries the plan without each of the changes that still seem to free too little, the least first: one without which the plan
// costs no more than the change weighs is taken back, of the others what the plan would cost more is kept as their figure.
func (s *sizing) polish(p *Plan, final map[poolAt]*decision, cost int64) (map[poolAt]*decision, error) {
	for range tries {
		worst, least := s.doubtful(p)
		if worst == nil {
			break
		}
		s.small[worst] = true
		_, then, err := s.evaluate(p)
		if err != nil {
			return nil, err
		}
		if then-cost < max(1, least) {
			clear(s.without) // they were of another plan
		} else {
			delete(s.small, worst)
			s.without[worst] = then - cost
		}
		if final, cost, err = s.evaluate(p); err != nil {
			return nil, err
		}
	}
	return final, nil
}

// doubtful returns the change that seems to free least beside reservations, less than it must, and was not tried yet; nil where there is
// none.
func (s *sizing) doubtful(p *Plan) (*subject, int64) {
	var worst *Resize
	for i := range p.Resizes {
		r := &p.Resizes[i]
		if _, tried := s.without[r.subject]; tried || r.subject.advice.Forced || r.worth() >= max(1, r.least(&s.in.Policy.Sizing)) {
			continue
		}
		if worst == nil || r.worth() < worst.worth() {
			worst = r
		}
	}
	if worst == nil {
		return nil, 0
	}
	return worst.subject, worst.least(&s.in.Policy.Sizing)
}

// evaluate decides the pools under each of the plans, and fills what changes. It returns the decisions and what they cost a month in
// the pools that changes touch; currencies are added only to compare the same pools.
func (s *sizing) evaluate(p *Plan) (map[poolAt]*decision, int64, error) {
	var trials []*trial
	for _, plan := range []int{0, 1, -1} {
		t, err := s.try(plan)
		if err != nil {
			return nil, 0, err
		}
		trials = append(trials, t)
	}
	p.Resizes, p.Sizing = nil, Sizing{}
	final, err := s.choose(p, trials)
	cost := int64(0)
	for at, d := range final {
		if !s.touched[at] {
			continue
		}
		m, monthlyErr := d.monthly(s.in)
		if monthlyErr != nil {
			return nil, 0, monthlyErr
		}
		cost += m.cost()
	}
	return final, cost, err
}

// choose takes for each component the cheapest of the plans, compute and licences; of equal ones the first. It returns the decisions
// of all pools and appends what changes to the plan.
func (s *sizing) choose(p *Plan, trials []*trial) (map[poolAt]*decision, error) {
	final := maps.Clone(s.today)
	for _, a := range s.accounts {
		a.resizeOnly, a.reserveOnly, a.resizeAll, a.forced = 0, 0, 0, false
	}
	s.trials, s.settled = trials, nil
	for _, c := range s.components() {
		sums, err := s.sums(trials, c.pools)
		if err != nil {
			return nil, err
		}
		best := 0
		for plan := range sums {
			if sums[plan].cost() < sums[best].cost() && (plan < 2 || !c.forced()) {
				best = plan
			}
		}
		for _, at := range c.pools {
			delete(final, at)
			if d := trials[best].pools[at]; d != nil {
				final[at] = d
			}
		}
		if best < 2 && s.limited {
			s.budgets[c.account] = trials[best].budgets[c.account]
		}
		if err := s.adopt(p, &c, best, sums); err != nil {
			return nil, err
		}
	}
	return final, s.reserveAlone()
}

// sums evaluates the pools of a component under each of the plans.
func (s *sizing) sums(trials []*trial, pools []poolAt) (sums []monthly, err error) {
	for _, t := range trials {
		m, err := s.sum(t, pools)
		if err != nil {
			return nil, err
		}
		sums = append(sums, m)
	}
	return sums, nil
}

// adopt takes one of the plans for a component.
func (s *sizing) adopt(p *Plan, c *component, best int, sums []monthly) error {
	s.settled = append(s.settled, settled{*c, best})
	now := sums[2]
	a := s.accounts[c.account]
	a.resizeOnly += max(0, now.payg-sums[1].payg)
	a.resizeAll += max(0, now.payg+now.software-sums[1].payg-sums[1].software)
	a.forced = a.forced || c.forced()
	if best != 0 {
		p.Sizing.FellBack++
	}
	if best >= 2 {
		return nil
	}
	return s.attribute(p, c, best, s.trials, now, sums[best])
}

// reserveAlone adds up what reserving at today's sizes saves.
func (s *sizing) reserveAlone() error {
	for at, d := range s.today {
		a := s.accounts[at.totalKey]
		if a == nil {
			continue
		}
		m, err := d.monthly(s.in)
		if err != nil {
			return err
		}
		a.reserveOnly += m.saved
	}
	return nil
}

// day prints a date of the sequence.
func day(t time.Time) string { return t.Format(time.DateOnly) }
