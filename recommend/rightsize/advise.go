package rightsize

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Alternative is one size for a machine. Money is of a month in which the machine runs as it did, at pay-as-you-go prices.
type Alternative struct {
	Size      catalog.Size
	Feasible  bool
	Why       Reason // what makes it not feasible; of a feasible size that the policy does not propose, why not
	Capacity  Percent
	Speed     Speed
	Overload  Overload
	CPU       Percent // P99 of the interval maximum (of the average where there is none) in percent of the target
	Memory    Percent // highest memory in percent of the target
	Rate      money.Rate
	Software  money.Rate   // licence an hour
	CostMonth money.Amount // compute and licence
	Saving    money.Amount // CostMonth today less CostMonth; negative where it is dearer
	RiskOnce  money.Amount // pseudo-cost of the change: reboot, test, other family
	RiskMonth money.Amount // pseudo-cost of the overload that is possible
	Lost      []string     // what the target lacks
	Check     []string     // what is not known and must be looked at before
	Unproven  []string     // limits of disks and network that the target has less of, or may have, beside a use that was not measured
	Fit       Fit
}

// Action is what is advised.
type Action string

// The actions.
const (
	Keep     Action = "keep"
	Resize   Action = "resize"
	Shutdown Action = "shutdown"
	Schedule Action = "schedule"
	Scale    Action = "scale_in" // fewer instances of a scale set before another size
)

// Advice is what can be done about one machine.
type Advice struct {
	ID           string
	Action       Action
	To           catalog.Size // of a Resize
	Reasons      []Reason
	Alternatives []Alternative // the current size first, then by cost; feasible ones and the rest of the frontier
	Frontier     []int         // of Alternatives: no other has both less overload and more saving; by rising saving
	Upsize       catalog.Size  // where demand was cut off or is above the rule today: the cheapest size with half as much again
	Forced       bool          // the move is to be made whatever it saves: the size of today retires soon
	Successor    catalog.Size  // where the series retires or can no longer be reserved: the cheapest feasible size that stays
	Idle         Idle
	Hours        *Hours       // where a schedule would fit
	wanting      *Alternative // the cheapest size that only a measure or limit is missing for
	Instances    int64        // of a scale set: how many are enough, 0 where not judged
	// Blocks and Bound are what history can say about the time ahead: with no overload in Blocks independent blocks (days) its rate
	// is below Bound with 95 % confidence (rule of three). Bound is 1 for fewer than 3 blocks.
	Blocks int
	Bound  float64
}

// Advise judges every size for a machine. The same machine gives the same advice. It fails only where amounts do not fit.
func (s *Sizer) Advise(m *Machine) (Advice, error) {
	out := Advice{ID: m.ID, Action: Keep, Blocks: m.Days, Bound: min(1, 3/max(1, float64(m.Days)))}
	from := s.kind(m.Size)
	if from == nil {
		out.Reasons = []Reason{{"size_unknown", fmt.Sprintf("the catalog does not know %q", m.Size)}}
		return out, nil
	}
	now, err := s.today(m, from)
	if err != nil {
		return out, err
	}
	if now == nil {
		out.Reasons = []Reason{{"no_price", fmt.Sprintf("no price of %s in %s in %s", m.Size, m.Region, m.Currency)}}
		return out, nil
	}
	all, err := s.alternatives(m, from, now)
	if err != nil {
		return out, err
	}
	out.Idle, out.Hours, out.Instances = s.idle(m), s.hours(m, now), s.instances(m)
	out.Upsize, out.Successor = s.upsize(m, all), s.successor(from, all)
	out.Alternatives, out.Frontier = s.keep(now, all, out.Upsize, out.Successor)
	for i := range out.Alternatives {
		a := &out.Alternatives[i]
		s.describe(m, from, s.kind(a.Size), a)
	}
	s.choose(m, &out, all)
	return out, nil
}

// today is the alternative of staying, nil without a price.
func (s *Sizer) today(m *Machine, from *kind) (*Alternative, error) {
	p, ok := s.price(from, marketOf(m))
	if !ok {
		if m.Rate <= 0 || marketOf(m).os == pricing.Windows {
			return nil, nil
		}
		p = priced{kind: from, rate: m.Rate}
	}
	zero := money.New(0, m.Currency)
	a := &Alternative{Size: m.Size, Feasible: true, Capacity: whole, Speed: Speed{whole, true, "the same size"}, Rate: p.rate, Software: p.software,
		Saving: zero, RiskOnce: zero, RiskMonth: zero, Overload: m.overloadAt(whole)}
	var err error
	a.CostMonth, err = cost(m, p.rate+p.software)
	s.describe(m, from, from, a)
	return a, err
}

func cost(m *Machine, rate money.Rate) (money.Amount, error) {
	amount, err := rate.PerHours(m.month(), m.Currency)
	if err != nil {
		return amount, fmt.Errorf("%s: a month: %w", m.ID, err)
	}
	return amount, nil
}

// option is a size that the gates let through for machines of one size and needs, with all that does not depend on measures.
type option struct {
	priced
	capacity    Percent // 0 where speeds cannot be compared
	speed       Speed
	lost, check []string
}

// build names what options depend on.
type build struct {
	from *kind
	at   market
	need Needs
}

// options returns the sizes that the gates let through, the cheapest first.
func (s *Sizer) options(m *Machine, from *kind) []option {
	key := build{from, marketOf(m), m.Needs}
	s.mu.Lock()
	list, ok := s.builds[key]
	s.mu.Unlock()
	if ok {
		return list
	}
	for _, to := range s.sold(key.at) {
		if to.kind == from {
			continue
		}
		if _, ok := s.gate(m, from, to.kind); !ok {
			continue
		}
		o := option{priced: to}
		o.capacity, o.speed, _ = capacity(from, to.kind)
		o.lost, o.check = lost(m, from, to.kind)
		list = append(list, o)
	}
	s.mu.Lock()
	s.builds[key] = list
	s.mu.Unlock()
	return list
}

// verdict is what the CPU says of a capacity.
type verdict struct {
	why      Reason
	ok       bool
	overload Overload
}

// alternatives judges every other size that can be had where the machine runs, by rising price.
func (s *Sizer) alternatives(m *Machine, from *kind, now *Alternative) ([]Alternative, error) {
	var out []Alternative
	byCapacity := map[Percent]verdict{}
	options := s.options(m, from)
	for i := range options {
		to := &options[i]
		if to.rate+to.software > dearest*(now.Rate+now.Software) {
			break
		}
		if to.capacity == 0 {
			continue
		}
		if _, ok := s.memoryFits(m, from, to.kind); !ok {
			continue
		}
		v, ok := byCapacity[to.capacity]
		if !ok {
			v.why, v.ok = s.cpuFits(m, from, to.capacity)
			v.overload = m.overloadAt(to.capacity)
			byCapacity[to.capacity] = v
		}
		a := Alternative{Size: to.name, Feasible: v.ok, Why: v.why, Capacity: to.capacity, Speed: to.speed, Overload: v.overload,
			Rate: to.rate, Software: to.software, Lost: to.lost, Check: to.check}
		a.judge(s, m, from, to.kind)
		var err error
		if a.CostMonth, err = cost(m, to.rate+to.software); err != nil {
			return nil, err
		}
		if a.Saving, err = now.CostMonth.Sub(a.CostMonth); err != nil {
			return nil, fmt.Errorf("%s: saving: %w", m.ID, err)
		}
		if err := s.risk(m, from, to.kind, &a, now); err != nil {
			return nil, fmt.Errorf("%s: risk: %w", m.ID, err)
		}
		out = append(out, a)
	}
	return out, nil
}

// dearest is how many times the price of today an alternative may have: enough for the next size up, and for a size that an idle
// reservation would cover.
const dearest = 3

// judge adds to the verdict on the CPU what credits, disks and network say.
func (a *Alternative) judge(s *Sizer, m *Machine, from, to *kind) {
	say := func(why Reason, ok bool) {
		if !ok && a.Feasible {
			a.Feasible, a.Why = false, why
		}
	}
	if a.Feasible && to.shape.Burstable {
		say(s.burstFits(m, from, to, a.Speed))
	}
	for _, l := range s.limits(m, from, to) {
		why, proven, ok := l.fits()
		say(why, ok)
		if !proven && s.policy.Proven && l.refused(a.smaller(from, to)) {
			say(Reason{"unmeasured", l.unproven()}, false)
		}
	}
}

// smaller reports whether a target has less CPU or memory than the size of today.
func (a *Alternative) smaller(from, to *kind) bool {
	return a.Capacity < whole || to.shape.MemoryMiB < from.shape.MemoryMiB || to.shape.Burstable && !from.shape.Burstable
}

// describe fills what people read of an alternative.
func (s *Sizer) describe(m *Machine, from, to *kind, a *Alternative) {
	q := m.CPUMax.P99
	if m.CPUMax.Samples == 0 {
		q = m.CPUAvg.P99
	}
	if m.CPUMax.Samples+m.CPUAvg.Samples > 0 {
		a.CPU = onTarget(q, a.Capacity)
	}
	if m.Memory.Samples > 0 && from.shape.MemoryMiB > 0 && to.shape.MemoryMiB > 0 {
		a.Memory = Percent(mulDiv(from.shape.MemoryMiB, int64(m.Memory.Max), to.shape.MemoryMiB, true))
	}
	if to != from {
		for _, l := range s.limits(m, from, to) {
			if _, proven, _ := l.fits(); !proven {
				a.Unproven = append(a.Unproven, l.unproven())
			}
		}
	}
	a.Fit = s.fit(m, from, to, a)
}

// risk prices the change, and the overload beyond what the machine has today.
func (s *Sizer) risk(m *Machine, from, to *kind, a, now *Alternative) (err error) {
	once := s.policy.ResizeCost
	if to.series != from.series {
		once += s.policy.FamilyCost
	}
	a.RiskOnce = money.New(once*1_000_000, m.Currency)
	a.RiskMonth = money.New(0, m.Currency)
	if extra := a.Overload.High - now.Overload.High; a.Overload.Known && extra > 0 {
		a.RiskMonth, err = now.CostMonth.MulDiv(s.policy.OverloadCost*int64(extra*1e6), 1_000_000)
	}
	return err
}

// keep returns the alternatives worth showing, the current size first, and the frontier among them; some always.
func (s *Sizer) keep(now *Alternative, all []Alternative, always ...catalog.Size) ([]Alternative, []int) {
	list := []Alternative{*now}
	front := frontier(now, all)
	groups, wanted := map[string]bool{}, s.policy.Groups
	for i := range all {
		a := &all[i]
		group, _ := a.Size.Group()
		key := cmp.Or(group.Name, string(a.Size))
		first := a.Feasible && !groups[key]
		if first {
			groups[key] = true
		}
		useful := a.Saving.Micros > 0 && (first || front[i])
		if useful && len(list) < s.policy.Alternatives || first && slices.Contains(wanted, group.Name) || slices.Contains(always, a.Size) {
			list = append(list, *a)
		}
	}
	index := []int{}
	onFront := frontier(now, list[1:])
	for i := range list[1:] {
		if onFront[i] {
			index = append(index, i+1)
		}
	}
	slices.SortFunc(index, func(a, b int) int { return cmp.Compare(list[a].Saving.Micros, list[b].Saving.Micros) })
	return list, append([]int{0}, index...)
}

// frontier marks the alternatives with a saving that no other beats in both overload and saving. Alternatives come by rising cost;
// of equal ones the first counts.
func frontier(now *Alternative, all []Alternative) map[int]bool {
	out := map[int]bool{}
	least := 2.0
	for i := range all {
		a := &all[i]
		if a.Overload.Known && a.Saving.Micros > 0 && a.Overload.High < least && (a.Feasible || a.Why.Code == "cpu" || a.Why.Code == "one_step" || a.Why.Code == "unmeasured") {
			least = a.Overload.High
			out[i] = true
		}
	}
	return out
}

// choose decides on the action at pay-as-you-go prices: the plan decides again together with reservations.
func (s *Sizer) choose(m *Machine, out *Advice, all []Alternative) {
	because := func(code, format string, args ...any) {
		out.Reasons = append(out.Reasons, Reason{code, fmt.Sprintf(format, args...)})
	}
	if why, ok := s.policy.excused(m, s.asOf); ok {
		out.Reasons = append(out.Reasons, why)
		return
	}
	switch {
	case m.Young:
		because("young", "too young to be judged")
		return
	case m.Spot:
		because("spot", "a Spot machine is not sized for saving")
		return
	case out.Idle.Ours:
		out.Action = Shutdown
		because("idle", "%s", out.Idle.Detail)
		return
	case out.Instances > 0 && out.Instances < m.Instances:
		out.Action = Scale
		because("instances", "%d of %d instances carry the average load; then size on the maximum", out.Instances, m.Instances)
		return
	}
	best := s.best(m, out)
	from := s.kind(m.Size)
	switch {
	case s.retiresSoon(from) && out.Successor != "":
		out.Action, out.To, out.Forced = Resize, out.Successor, true
		because("retires", "%s retires on %s: %s is the cheapest that stays", m.Size, from.retires.Format(time.DateOnly), out.Successor)
		return
	case s.retiresSoon(from):
		because("no_successor", "%s retires on %s, and no size that stays is known to be enough: measure it, and choose by hand", m.Size, from.retires.Format(time.DateOnly))
		return
	case best > 0:
		a := &out.Alternatives[best]
		out.Action, out.To = Resize, a.Size
		because("smaller_fits", "P99 %s of %s, overload at most %.3f %% of the measured time", a.CPU, a.Size, 100*a.Overload.High)
	case out.Hours != nil:
		out.Action = Schedule
		because("schedule", "%s", out.Hours.Detail)
	default:
		s.why(m, out, all)
	}
	if out.Successor != "" {
		because("successor", "%s retires or can no longer be reserved: %s is the cheapest that stays", m.Size, out.Successor)
	}
	if out.Upsize != "" {
		because("undersized", "demand was cut off or is above the rule today: %s has half as much again", out.Upsize)
	}
}

// retiresSoon reports whether a size retires within the months of the policy.
func (s *Sizer) retiresSoon(k *kind) bool {
	return s.policy.RetireMonths > 0 && !k.retires.IsZero() && !k.retires.After(s.asOf.AddDate(0, s.policy.RetireMonths, 0))
}

// best returns the index of the feasible alternative with the least cost and risk that saves enough, 0 for staying. The reason why
// a feasible one is passed over goes into its Why.
func (s *Sizer) best(m *Machine, out *Advice) int {
	now, best, least := &out.Alternatives[0], 0, int64(0)
	month, share := s.policy.MinSaving(m)
	for i := 1; i < len(out.Alternatives); i++ {
		a := &out.Alternatives[i]
		if !a.Feasible {
			continue
		}
		net := a.Saving.Micros - a.RiskMonth.Micros - a.RiskOnce.Micros/s.policy.HorizonMonths
		if a.Saving.Micros < month*1_000_000 || !savesShare(a.Saving, now.CostMonth, share) {
			a.Why = a.savesTooLittle()
			continue
		}
		if net <= 0 {
			a.Why = Reason{"risk", "the change and the possible overload weigh more than the saving"}
			continue
		}
		if net > least {
			best, least = i, net
		}
	}
	return best
}

// smallSaving is the code of the only reason that names an amount.
const smallSaving = "small_saving"

func (a *Alternative) savesTooLittle() Reason {
	if a.Saving.Micros <= 0 {
		return Reason{smallSaving, fmt.Sprintf("saves nothing: it costs %s more a month", money.New(-a.Saving.Micros, a.Saving.Currency).Round())}
	}
	return Reason{smallSaving, fmt.Sprintf("saves %s a month, less than the policy asks for", a.Saving.Round())}
}

// unmeasured returns the cheapest size that only the lack of a measure or limit of disks or network keeps from being proposed, nil where
// there is none that saves enough.
func (s *Sizer) unmeasured(m *Machine, out *Advice, all []Alternative) *Alternative {
	month, share := s.policy.MinSaving(m)
	for i := range all {
		if a := &all[i]; a.Why.Code == "unmeasured" && a.Saving.Micros >= max(1, month*1_000_000) && savesShare(a.Saving, out.Alternatives[0].CostMonth, share) {
			return a
		}
	}
	return nil
}

// wouldDo says what a size would save that only a measure or limit is missing for.
func (a *Alternative) wouldDo() Reason {
	return Reason{"unmeasured", fmt.Sprintf("%s would do by CPU and memory and save %s a month at pay-as-you-go, but %s", a.Size, a.Saving.Round(), a.Why.Detail)}
}

func savesShare(saving, cost money.Amount, share Percent) bool {
	return mulDiv(max(0, saving.Micros), int64(whole), 1, false) >= mulDiv(max(0, cost.Micros), int64(share), 1, true)
}

// gated returns what the catalog's conditions hold against the dearest cheaper size that CPU and memory would let through, false where
// there is none.
func (s *Sizer) gated(m *Machine, now *Alternative) (Reason, bool) {
	from, list := s.kind(m.Size), s.sold(marketOf(m))
	for i := range slices.Backward(list) {
		to := &list[i]
		capacity, _, ok := capacity(from, to.kind)
		if !ok || to.kind == from || to.rate+to.software >= now.Rate+now.Software || to.shape.Burstable {
			continue
		}
		if why, open := s.gate(m, from, to.kind); !open {
			_, memory := s.memoryFits(m, from, to.kind)
			if _, cpu := s.cpuFits(m, from, capacity); cpu && memory {
				return Reason{why.Code, fmt.Sprintf("%s: %s", to.name, why.Detail)}, true
			}
		}
	}
	return Reason{}, false
}

// why gives the reason for staying: what holds back a cheaper size that would do, or else the dearest cheaper one that would not.
func (s *Sizer) why(m *Machine, out *Advice, all []Alternative) {
	if why, ok := s.measured(m); !ok {
		out.Reasons = append(out.Reasons, why)
		return
	}
	for i := 1; i < len(out.Alternatives); i++ {
		if a := &out.Alternatives[i]; a.Feasible && a.Why.Code != "" && a.Saving.Micros > 0 {
			out.Reasons = append(out.Reasons, a.Why)
			return
		}
	}
	if a := s.unmeasured(m, out, all); a != nil {
		wanting := *a
		out.wanting = &wanting
		out.Reasons = append(out.Reasons, wanting.wouldDo())
		return
	}
	for i := range slices.Backward(all) {
		a := &all[i]
		if !a.Feasible && a.Saving.Micros > 0 {
			out.Reasons = append(out.Reasons, Reason{a.Why.Code, fmt.Sprintf("%s: %s", a.Size, a.Why.Detail)})
			return
		}
	}
	if m.Memory.Samples == 0 {
		out.Reasons = append(out.Reasons, Reason{"memory_unknown", "memory was not measured, and no cheaper size has as much"})
		return
	}
	if why, ok := s.gated(m, &out.Alternatives[0]); ok {
		out.Reasons = append(out.Reasons, why)
		return
	}
	out.Reasons = append(out.Reasons, Reason{"fits", fmt.Sprintf("no cheaper size is enough; %s at P99 today", out.Alternatives[0].CPU)})
}
