package report

import (
	"cmp"
	"fmt"

	"sizeterm/analyzer"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
	"sizeterm/recommend/rightsize"
)

// resizeTitle says what changes.
func resizeTitle(r *recommend.Resize) string {
	title := lastPart(r.VM) + ": " + actionWords(r.Action)
	if r.Action == string(rightsize.Resize) {
		title += " from " + shortSize(r.From) + " to " + shortSize(r.To)
	}
	return title
}

// resize explains the figures of a resize.
func (t *Trace) resize(p *recommend.Plan, r *recommend.Resize) {
	ran := ""
	for i := range p.VMs {
		if vm := &p.VMs[i]; isOf(vm, r) {
			ran = ", " + units(vm.Hours) + " h in the window"
			t.Machines = append(t.Machines, TraceMachine{Name: cmp.Or(vm.Name, lastPart(vm.Resource)), Resource: vm.Resource, Size: shortSize(vm.Size), Hours: units(vm.Hours), Ratio: "1"})
		}
	}
	monthly := func(what string, i int, said money.Amount) {
		if i >= len(r.Alternatives) {
			return
		}
		a := &r.Alternatives[i]
		values := a.Rate.Decimal() + " an hour"
		if a.Software > 0 {
			values = "(" + a.Rate.Decimal() + " + " + a.Software.Decimal() + " for the licence) an hour"
		}
		t.Steps = append(t.Steps, TraceStep{what, "rate and licence an hour × the hours of a month in which the machine runs as it did", values + ", " + shortSize(a.Size) + ran, amount(said), a.CostMonth != said})
		if source, rate := sourceOfRate(p, r, string(a.Size)); rate == a.Rate {
			t.Prices = append(t.Prices, TracePrice{"Pay-as-you-go " + shortSize(a.Size), a.Rate.Decimal() + " " + string(said.Currency) + " an hour", source, sourceDay(p, source)})
		}
	}
	monthly("Costs a month, as it is", 0, r.CostMonthBefore)
	if r.Action == string(rightsize.Resize) {
		monthly("Costs a month, changed", r.Chosen, r.CostMonthAfter)
	} else {
		t.Steps = append(t.Steps, TraceStep{What: "Costs a month, changed", Formula: "what is left of the hours", Values: actionWords(r.Action), Result: amount(r.CostMonthAfter)})
	}
	if by, err := r.CostMonthBefore.Sub(r.CostMonthAfter); err == nil {
		t.Steps = append(t.Steps, TraceStep{What: "Falls by the hour", Formula: "cost as it is − cost changed, at pay-as-you-go", Values: amount(r.CostMonthBefore) + " − " + amount(r.CostMonthAfter), Result: amount(by)})
	}
	t.Steps = append(t.Steps,
		TraceStep{What: "Frees alone", Formula: "the simulated bill of all machines as they are − the bill with the change, nothing bought, owned reservations counted; compute only", Values: "730 hours", Result: amount(r.AloneMonth)},
		TraceStep{What: "Frees beside reservations", Formula: "the same with the plan's reservations, at the price of the last unit that it frees", Values: "730 hours", Result: amount(r.SavingMonth)})
	if sum, err := r.SavingMonth.Add(r.SoftwareMonth); err == nil {
		t.step("Saves a month", "freed beside reservations + licences", amount(r.SavingMonth)+" + "+amount(r.SoftwareMonth), amount(sum), amount(saves(r)))
	}
	if r.OverloadKnown && overloadWords(r) != "" {
		t.Steps = append(t.Steps, TraceStep{What: "Overload", Formula: "share of the measured time in which the demand would have been above the new size, bounds at the grain of the samples", Values: overloadBasis(p, r), Result: overloadWords(r)})
	}
}

// isOf reports whether a resize is about the machine.
func isOf(vm *analyzer.VM, r *recommend.Resize) bool {
	return vm.Customer == r.Customer && cmp.Or(vm.Resource, vm.Name) == r.VM && vm.Size == r.From
}

// overloadBasis says from how much time an overload was taken.
func overloadBasis(p *recommend.Plan, r *recommend.Resize) string {
	for i := range p.VMs {
		if vm := &p.VMs[i]; isOf(vm, r) {
			return plural(count(vm.CPUAvg.Samples), "sample") + " of CPU on " + countOf(vm.SampleDays, "day")
		}
	}
	return ""
}

// sourceOfRate finds a size's rate among the pools of the resize's customer and region.
func sourceOfRate(p *recommend.Plan, r *recommend.Resize, size string) (source string, rate money.Rate) {
	for i := range p.Pools {
		pool := &p.Pools[i]
		if pool.Customer != r.Customer || pool.Region != r.Region || pool.Currency != r.SavingMonth.Currency {
			continue
		}
		for j := range pool.Rates {
			if string(pool.Rates[j].Size) == size {
				return pool.Rates[j].Source, pool.Rates[j].Rate
			}
		}
	}
	return "", 0
}

// total explains the headline of a customer in one currency.
func (t *Trace) total(p *recommend.Plan, total *recommend.Total) {
	for i := range p.Prices {
		source := &p.Prices[i]
		if source.Currency == total.Currency {
			t.Prices = append(t.Prices, TracePrice{source.Kind, countOf(source.Rows, "price"), source.Name, day(source.AsOf)})
		}
	}
	zero := money.New(0, total.Currency)
	lines, alone, beside := zero, zero, zero
	sums := true
	add := func(to *money.Amount, x money.Amount) {
		sum, err := to.Add(x)
		*to, sums = sum, sums && err == nil
	}
	n, m := 0, 0
	for i := range p.Lines {
		if l := &p.Lines[i]; l.Customer == total.Customer && l.Currency == total.Currency {
			add(&lines, l.SavingMonth)
			n++
		}
	}
	for i := range p.Resizes {
		if r := &p.Resizes[i]; r.Customer == total.Customer && r.SavingMonth.Currency == total.Currency {
			add(&alone, r.AloneMonth)
			add(&beside, r.SavingMonth)
			m++
		}
	}
	t.Steps = append(t.Steps, TraceStep{What: "Now, a month", Formula: "compute of all pools at pay-as-you-go, owned reservations counted, simulated hour by hour, for 730 hours",
		Values: fmt.Sprintf("window %s to %s", day(p.Window.From), lastDay(p.Window.To)), Result: amount(total.PayGMonth)})
	if !sums {
		return
	}
	if joint, err := alone.Add(lines); err == nil && total.Rescoped.IsZero() {
		t.step("Saves a month", "what the resizes free alone + what the lines save", fmt.Sprintf("%s (%s) + %s (%s)", amount(alone), countOf(m, "resize"), amount(lines), countOf(n, "line")), amount(joint), amount(total.Joint))
	}
	if with, err := total.PayGMonth.Sub(total.Joint); err == nil {
		t.step("With this plan, a month", "now − saving", amount(total.PayGMonth)+" − "+amount(total.Joint), amount(with), amount(total.PlanMonth))
	}
	if only, err := total.ReserveOnly.Add(beside); err == nil {
		t.step("Saves a month, seen the other way", "a plan that only reserves + what the resizes free beside its reservations", amount(total.ReserveOnly)+" + "+amount(beside), amount(only), amount(total.Joint))
	}
	cash := zero
	for i := range total.Cash {
		add(&cash, total.Cash[i].Amount)
	}
	commitment := zero
	for i := range p.Lines {
		if l := &p.Lines[i]; l.Customer == total.Customer && l.Currency == total.Currency {
			add(&commitment, l.TotalPrice)
		}
	}
	if sums {
		t.step("Payments", "totals of all lines", countOf(n, "line"), amount(commitment), amount(cash))
	}
}
