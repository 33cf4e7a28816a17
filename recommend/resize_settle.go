package recommend

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"sizeterm/recommend/rightsize"
)

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
	s.round++
	for _, plan := range []int{0, 1, -1} {
		t, err := s.try(plan)
		if err != nil {
			return nil, 0, err
		}
		trials = append(trials, t)
	}
	s.forget()
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
	return s.attribute(p, c, best, now, sums[best])
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
