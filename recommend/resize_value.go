package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/rightsize"
)

// monthHours is a month.
const monthHours = pricing.HoursOfMonth

func moneyCode(text string) money.Code { return money.Code(text) }

// attribute writes the changes of a component. What they free beside reservations is the difference of the two plans that both
// reserve; what they free alone is the difference of two that do not. Both are shared out: the first by what the plan would cost more
// without each, tried where that was in doubt and else at what its hours are worth at the margin of its pools; the second by
// pay-as-you-go prices.
func (s *sizing) attribute(p *Plan, c *component, plan int, now, then monthly) error {
	a := s.accounts[c.account]
	var list []Resize
	var beside, alone, licences []float64
	for _, one := range c.subjects {
		action, ok := a.proposed[plan][one]
		if !ok {
			continue
		}
		to := catalog.Size("")
		if action == rightsize.Resize {
			to = sizeOf(a.sizes[plan][one])
		}
		r, err := s.resize(one, action, to)
		if err != nil {
			return err
		}
		frees := s.worth(one, action, to, s.trials[2], s.trials[plan])
		if exact, ok := s.without[one]; ok {
			frees, r.WithoutExact = float64(exact)-r.licenceFell, true
		}
		r.WithoutMonth = money.New(int64(math.Round(frees+r.licenceFell)), c.account.currency)
		list = append(list, r)
		beside = append(beside, frees)
		alone = append(alone, r.rateFell)
		licences = append(licences, r.licenceFell)
	}
	for i, micros := range spread(now.payg-now.saved-then.payg+then.saved, beside) {
		list[i].SavingMonth = money.New(micros, c.account.currency)
	}
	for i, micros := range spread(now.payg-then.payg, alone) {
		list[i].AloneMonth = money.New(micros, c.account.currency)
	}
	for i, micros := range spread(now.software-then.software, licences) {
		list[i].SoftwareMonth = money.New(micros, c.account.currency)
	}
	p.Resizes = append(p.Resizes, list...)
	return nil
}

// resize states a change.
func (s *sizing) resize(one *subject, action rightsize.Action, to catalog.Size) (Resize, error) {
	now := &one.advice.Alternatives[0]
	r := Resize{
		ID: id("resize", one.first.Customer, one.resource(), string(one.first.Size), string(one.first.Region)), VM: one.resource(), Customer: one.first.Customer,
		Name: one.first.Name, Region: one.first.Region, Machines: len(one.vms), From: one.first.Size, To: to, Action: string(action), CostMonthBefore: now.CostMonth,
		Alternatives: one.advice.Alternatives, Frontier: one.advice.Frontier, subject: one,
	}
	if one.machine.ScaleSet != "" {
		r.Name = lastPart(one.first.Resource)
	}
	hours := float64(one.machine.Hours) / 1e6 * float64(monthHours) / float64(one.machine.WindowHours) / 1e4 // from 1e-10 an hour to micro-units a month
	if action != rightsize.Resize {
		share := one.stays(action)
		var err error
		r.OverloadLow, r.OverloadHigh, r.OverloadKnown, r.Fit = now.Overload.Low, now.Overload.High, now.Overload.Known, now.Fit
		r.rateFell, r.licenceFell = float64(now.Rate)*hours*(1-share.Float()), float64(now.Software)*hours*(1-share.Float())
		if action == rightsize.Shutdown {
			r.licenceFell += s.licences(one)
		}
		r.CostMonthAfter, err = now.CostMonth.MulDiv(share.num, share.den)
		return r, err
	}
	r.Chosen = slices.IndexFunc(one.advice.Alternatives, func(a rightsize.Alternative) bool { return a.Size == to })
	if r.Chosen < 0 {
		return r, fmt.Errorf("%s: %s is no alternative", r.VM, to)
	}
	alt := &one.advice.Alternatives[r.Chosen]
	r.CostMonthAfter, r.Fit, r.Lost, r.Check = alt.CostMonth, alt.Fit, alt.Lost, slices.Concat(alt.Check, alt.Unproven)
	r.OverloadLow, r.OverloadHigh, r.OverloadKnown = alt.Overload.Low, alt.Overload.High, alt.Overload.Known
	r.rateFell, r.licenceFell = float64(now.Rate-alt.Rate)*hours, float64(now.Software-alt.Software)*hours
	return r, nil
}

// fewer is the share that stays.
type fewer struct{ num, den int64 }

func (p fewer) Float() float64 { return float64(p.num) / float64(p.den) }

// stays returns the share of the hours that a change other than a resize leaves.
func (s *subject) stays(action rightsize.Action) fewer {
	switch action {
	case rightsize.Schedule:
		return fewer{168 - int64(s.advice.Hours.OffPerWeek), 168}
	case rightsize.Scale:
		return fewer{s.advice.Instances, s.machine.Instances}
	}
	return fewer{0, 1}
}

// licences returns what the machines of a subject are billed a month for licences in rows of their own, in micro-units.
func (s *sizing) licences(one *subject) float64 {
	sum := int64(0)
	for _, i := range one.vms {
		sum += s.in.Analysis.VMs[i].LicenceCost
	}
	return float64(sum) * float64(monthHours) / float64(one.machine.WindowHours)
}

// explain writes the reasons of a change, in the order in which a reader asks.
func (s *sizing) explain(r *Resize) {
	one, say := r.subject, func(format string, args ...any) { r.Reasons = append(r.Reasons, fmt.Sprintf(format, args...)) }
	m, adv := one.machine, &one.advice
	switch r.Action {
	case string(rightsize.Shutdown):
		say("idle: %s; ask its owner before it is deallocated", adv.Idle.Detail)
		if adv.Idle.Microsofts {
			say("Azure Advisor's own rule would shut it down too")
		} else {
			say("Azure Advisor's own rule would not shut it down: it asks for P95 of the maximum below 3 %% and no average above 2 %% in the last 3 days")
		}
	case string(rightsize.Schedule):
		say("%s", adv.Hours.Detail)
		say("hours are UTC; what is reserved for it would stand idle in %d hours a week: the plan reserves for what stays", adv.Hours.OffPerWeek)
	case string(rightsize.Scale):
		say("%d of %d instances carry the average load; a size is judged again on the maximum once they are fewer", adv.Instances, m.Instances)
	case string(rightsize.Resize):
		alt := &adv.Alternatives[r.Chosen]
		if m.CPUMax.Samples > 0 {
			say("CPU: P99 of the interval maximum is %s of %s, and would be %s of %s", m.CPUMax.P99, sizeText(r.From), alt.CPU, sizeText(r.To))
		} else if m.CPUAvg.Samples > 0 {
			say("CPU: P99 of the average is %s of %s, and would be %s of %s; no maxima were measured", m.CPUAvg.P99, sizeText(r.From), alt.CPU, sizeText(r.To))
		}
		if r.OverloadKnown && m.CPUMax.Samples > 0 {
			say("overload: the new size would have been too small for %s to %s of the measured time; with none in %d days the rate ahead is below %s at 95 %% confidence",
				smallPercent(r.OverloadLow), smallPercent(r.OverloadHigh), adv.Blocks, percent(adv.Bound))
		}
		if m.Memory.Samples > 0 {
			say("memory: at most %s of the new size was used", alt.Memory)
		} else {
			say("memory was not measured: the new size has at least as much")
		}
		if !alt.Speed.Same {
			say("processors differ: a vCPU is taken to be at least %s as fast (%s)", alt.Speed.Ratio, alt.Speed.Basis)
		}
	}
	if r.Action == string(rightsize.Resize) && adv.Hours != nil {
		say("a schedule would fit as well, of today's size: %s", adv.Hours.Detail)
	}
	for _, what := range r.Lost {
		say("lost: %s", what)
	}
	for _, what := range r.Check {
		say("check before: %s", what)
	}
	currency := r.SavingMonth.Currency
	if r.WithoutExact {
		say("without this one change the plan would cost %s %s a month more: it was decided again without it", r.WithoutMonth.Round(), currency)
	} else {
		say("without this one change the plan would cost about %s %s a month more, at what a unit of its pools is worth in the plan", r.WithoutMonth.Round(), currency)
	}
	switch {
	case r.Forced() && r.saved() < 0:
		say("no saving: it costs %s %s a month more than staying, and is made because the vendor ends the size", money.New(-r.saved(), currency).Round(), currency)
	case r.saved() <= 0:
		say("by itself it frees nothing: it makes room that other changes of the plan use")
	}
	say("its share of what the changes save together: %s %s a month beside reservations, %s if nothing were reserved", money.New(r.SavingMonth.Micros, currency).Round(), currency, r.AloneMonth.Round())
	if r.SoftwareMonth.Micros != 0 {
		say("licences fall by %s %s a month", r.SoftwareMonth.Round(), currency)
	}
	resize, buy, _ := rightsize.Sequence(s.in.Analysis.AsOf)
	switch {
	case adv.Forced:
		say("%s; the policy moves machines %d months before, whatever that saves", adv.Reasons[len(adv.Reasons)-1].Detail, s.in.Policy.Sizing.RetireMonths)
	case adv.Successor != "" && r.Action == string(rightsize.Resize):
		say("%s retires, or can no longer be reserved", sizeText(r.From))
	}
	say("change it from %s, and buy reservations of its pool from %s, when usage shows the new size", day(resize), day(buy))
}

// smallPercent prints a share that may be tiny.
func smallPercent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

// report fills what the plan says of each machine, and names those that could not be judged.
func (s *sizing) report(p *Plan) {
	changed := map[*subject]*Resize{}
	for i := range p.Resizes {
		s.explain(&p.Resizes[i])
		changed[p.Resizes[i].subject] = &p.Resizes[i]
	}
	for _, one := range s.subjects {
		r := changed[one]
		for _, i := range one.vms {
			p.Sized = append(p.Sized, s.sized(one, i, r))
		}
		if s.overfull[one] {
			p.refuse(one.first.Customer, cmp.Or(one.first.Name, one.resource()), quotaReason.Code, quotaReason.Detail)
		}
		if why, ok := one.unjudged(); ok && r == nil {
			p.refuse(one.first.Customer, cmp.Or(one.first.Name, one.resource()), why.Code, why.Detail)
		}
		p.Sizing.Machines += len(one.vms)
	}
	for _, name := range s.in.Analysis.Strangers {
		p.refuse("", name, "not_billed", "measured, but in no charge row of these files: what it costs, and for whom, is unknown")
	}
	for _, a := range s.accounts {
		p.Sizing.Free, p.Sizing.Parts, p.Sizing.Gap = p.Sizing.Free+a.free, p.Sizing.Parts+a.parts, max(p.Sizing.Gap, a.gap)
	}
	p.Quotas = s.quotas(p)
	resize, buy, verify := rightsize.Sequence(s.in.Analysis.AsOf)
	p.Sizing.ResizeDate, p.Sizing.BuyDate, p.Sizing.VerifyDate = day(resize), day(buy), day(verify)
	slices.SortFunc(p.Resizes, func(a, b Resize) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.SavingMonth.Currency, b.SavingMonth.Currency), cmp.Compare(a.VM, b.VM), cmp.Compare(a.From, b.From),
			cmp.Compare(a.ID, b.ID))
	})
}

// orderOfWork tells lines of pools that machines leave or enter to wait: a purchase is hard to undo, and has the size of after.
func (s *sizing) orderOfWork(p *Plan) {
	changes := map[string]int{}
	for i := range p.Resizes {
		r := &p.Resizes[i]
		names := []string{poolName(r.Region, r.From)}
		if to := poolName(r.Region, r.To); r.To != "" && to != names[0] {
			names = append(names, to)
		}
		for _, name := range names {
			changes[poolID(r.Customer, string(r.SavingMonth.Currency), name)]++
		}
	}
	_, buy, verify := rightsize.Sequence(s.in.Analysis.AsOf)
	for i := range p.Lines {
		if n := changes[p.Lines[i].Pool]; n > 0 {
			p.Lines[i].Reasons = append(p.Lines[i].Reasons, fmt.Sprintf("%d machines of its pool change first; buy from %s, when usage shows it and a new run says the same, and look at the utilisation from %s",
				n, day(buy), day(verify)))
		}
	}
}

// poolID is the ID of a pool by its name within a customer and currency.
func poolID(customer, currency, name string) string {
	region, group, _ := strings.Cut(name, "/")
	return id("pool", customer, currency, region, group)
}

// total adds what the changes save to the bottom lines. A customer without changes has nothing to resize.
func (s *sizing) total(p *Plan, totals map[totalKey]*Total) error {
	changed := map[totalKey]bool{}
	for i := range p.Resizes {
		r := &p.Resizes[i]
		key := totalKey{r.Customer, r.SavingMonth.Currency}
		t := totals[key]
		changed[key] = true
		var err error
		if r.Forced() && r.saved() < 0 {
			if t.Forced, err = t.Forced.Add(money.New(-r.saved(), key.currency)); err != nil {
				return err
			}
		}
		for _, part := range []struct {
			sum  *money.Amount
			more money.Amount
		}{{&t.Joint, r.AloneMonth}, {&t.SavingLow, r.AloneMonth}, {&t.SavingHigh, r.AloneMonth}, {&t.SoftwareSaved, r.SoftwareMonth}} {
			if *part.sum, err = part.sum.Add(part.more); err != nil {
				return err
			}
		}
	}
	for key, a := range s.accounts {
		if t := totals[key]; t != nil && changed[key] {
			t.ResizeOnly, t.ReserveOnly = money.New(a.resizeOnly, key.currency), money.New(a.reserveOnly, key.currency)
			if err := s.checkJoint(a, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// jointSlack is how many micro-units the sums of rounded savings may differ.
const jointSlack = 1_000

// checkJoint asserts that the plan costs at most as much, licences included, as one that only resizes and one that only reserves. Moves that
// must be made may cost more, and what is set by hand is only evaluated.
func (s *sizing) checkJoint(a *account, t *Total) error {
	if a.forced || s.adopted || len(s.in.set) > 0 || s.in.scope != nil {
		return nil
	}
	if joint, best := t.Joint.Micros+t.SoftwareSaved.Micros, max(a.resizeAll, a.reserveOnly); joint < best-jointSlack {
		return fmt.Errorf("%s: sizes and reservations together save %d micro-units a month, one of them alone %d", t.Customer, joint, best)
	}
	return nil
}

// sized states what was found out about one machine.
func (s *sizing) sized(one *subject, i int, r *Resize) Sized {
	vm := &s.in.Analysis.VMs[i]
	out := Sized{Customer: vm.Customer, VM: cmp.Or(vm.Resource, vm.Name), Name: vm.Name, Size: vm.Size, State: vm.State, Action: string(rightsize.Keep), Idle: one.advice.Idle,
		Upsize: one.advice.Upsize, Successor: one.advice.Successor, Bound: one.advice.Bound, Blocks: one.advice.Blocks}
	if i == one.vms[0] && one.fixed.Code == "" {
		out.Frontier = one.frontier()
	}
	to := catalog.Size("")
	switch {
	case r != nil:
		out.Action, out.To = r.Action, r.To
		to = r.To
	case one.fixed.Code != "":
		out.Reasons = []rightsize.Reason{one.fixed}
	case s.overfull[one]:
		out.Reasons = []rightsize.Reason{quotaReason}
	case s.small[one]:
		out.Reasons = []rightsize.Reason{{Code: "small_saving", Detail: "beside reservations a change would free less than the policy asks for"}}
	case one.advice.Action != rightsize.Keep:
		out.Reasons = []rightsize.Reason{{Code: "worth_nothing", Detail: string(one.advice.Action) + " would do, but what it frees beside the reservations that are owned or planned does not outweigh the change"}}
	default:
		out.Reasons = one.advice.Reasons
	}
	out.Reference = one.sizer.Reference(one.machine, to)
	return out
}

// frontier lists the sizes of the frontier whose overload is known.
func (s *subject) frontier() []FrontierPoint {
	var out []FrontierPoint
	for _, i := range s.advice.Frontier {
		if a := &s.advice.Alternatives[i]; a.Overload.Known {
			out = append(out, FrontierPoint{a.Size, a.Overload.Low, a.Overload.High, a.Saving, a.Feasible})
		}
	}
	return out
}

// unjudged returns why nothing could be said about the size of a subject; false where it was judged, or left alone on purpose.
func (s *subject) unjudged() (rightsize.Reason, bool) {
	if s.fixed.Code != "" && s.fixed.Code != "size_unknown" && s.fixed.Code != "not_running" {
		return s.fixed, true
	}
	for _, why := range s.advice.Reasons {
		switch why.Code {
		case "no_metrics", "samples_refused", "memory_unknown", "average_only", "resized", "no_successor", "unmeasured", "drift_unknown", "metrics_old":
			return why, true
		case "too_few_days":
			return rightsize.Reason{Code: "few_measured_days", Detail: why.Detail}, true
		}
	}
	return rightsize.Reason{}, false
}
