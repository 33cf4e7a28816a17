package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/rightsize"
)

// subject is a machine, or the instances of a scale set in one size, whose size is decided.
type subject struct {
	vms     []int // of Analysis.VMs
	first   *analyzer.VM
	machine *rightsize.Machine
	sizer   *rightsize.Sizer
	advice  rightsize.Advice
	fixed   rightsize.Reason // why it stays whatever the advice; Code is empty where it may change
	row     string           // its ID in the joint problem; empty where it has no choice there
}

// resource names a subject as the plan does.
func (s *subject) resource() string { return cmp.Or(s.first.Resource, s.first.Name) }

func (s *subject) account() totalKey {
	return totalKey{s.first.Customer, money.Code(s.first.Currency)}
}

func (s *subject) place() place {
	return place{s.first.Customer, money.Code(s.first.Currency), s.first.Region, s.first.Size}
}

// subjects groups the machines of the analysis, in its order.
func subjects(a *analyzer.Analysis) []*subject {
	type key struct {
		customer, currency, resource, os string
		size                             catalog.Size
	}
	var out []*subject
	sets := map[key]*subject{}
	for i := range a.VMs {
		vm := &a.VMs[i]
		if vm.Size == "" || vm.State == analyzer.StateGone {
			continue
		}
		k := key{vm.Customer, vm.Currency, vm.Resource, vm.OS, vm.Size}
		if s := sets[k]; s != nil && vm.ScaleSet {
			s.vms = append(s.vms, i)
			continue
		}
		s := &subject{vms: []int{i}, first: vm}
		if vm.ScaleSet {
			sets[k] = s
		}
		out = append(out, s)
	}
	return out
}

// describe fills the machine of a subject, and says why it must stay where what was billed or measured does not allow a judgement.
func (s *subject) describe(in *Input, gaps []int) {
	hours := in.Analysis.Window.Hours() - 24*len(gaps)
	for n, i := range s.vms {
		vm := &in.Analysis.VMs[i]
		m := machineOf(vm, hours)
		if n == 0 {
			s.machine = m
		} else {
			s.machine = worse(s.machine, m)
		}
		s.fix(vm, in)
	}
	if s.first.ScaleSet && len(s.vms) > 1 {
		s.machine.ScaleSet = s.first.Resource
		// Instances that come and go are counted by whoever scales them.
		if !slices.ContainsFunc(s.vms, func(i int) bool { return in.Analysis.VMs[i].Rhythm.Pattern != "always" }) {
			s.machine.Instances = int64(len(s.vms))
		}
	}
}

// machineOf turns what the analyzer says of a machine into what a Sizer judges.
func machineOf(vm *analyzer.VM, hours int) *rightsize.Machine {
	m := &rightsize.Machine{
		ID: cmp.Or(vm.Resource, vm.Name), Name: vm.Name, Size: vm.Size, Region: vm.Region, HybridBenefit: vm.HybridBenefit, Currency: money.Code(vm.Currency),
		Hours: vm.Hours, WindowHours: int64(hours), CPUMax: statsOf(vm.CPUMax, vm.Days.CPUMax), CPUAvg: statsOf(vm.CPUAvg, vm.Days.CPUAvg), Memory: statsOf(vm.Memory, vm.Days.Memory),
		DiskBandwidth: statsOf(vm.DiskBandwidth, vm.Days.DiskBandwidth), DiskOperations: statsOf(vm.DiskOperations, vm.Days.DiskOperations), NetworkOut: statsOf(vm.NetworkOut, vm.Days.NetworkOut),
		Days: vm.SampleDays, Censored: rightsize.Percent(vm.Censored), First: rightsize.Percent(vm.Rhythm.First), Second: rightsize.Percent(vm.Rhythm.Second),
		Pattern: vm.Rhythm.Pattern, Young: vm.Young, Spot: vm.Spot, Tags: vm.TagMap(),
		Refused: vm.Refused.First,
	}
	if vm.OS == "windows" {
		m.OS = pricing.Windows
	}
	if vm.Rate > 0 && vm.OS != "windows" {
		m.Rate = money.Rate(vm.Rate)
	}
	m.Series = func() []rightsize.Load { return loadsOf(vm.HourlyCPU()) }
	m.Recent = recentOf(vm)
	if o := vm.Overload; o != nil {
		m.OverloadSeconds = o.Seconds
		m.Overload = func(p rightsize.Percent) (low, high int64) { return o.At(analyzer.Percent(p)) }
	}
	week := [168]rightsize.Percent{}
	for h, v := range vm.Week {
		week[h] = rightsize.Percent(v)
	}
	m.Week = &week
	if !vm.LastSample.IsZero() && !vm.FirstSeen.IsZero() && vm.LastSample.Before(vm.FirstSeen.Truncate(24*time.Hour)) {
		m.Old = day(vm.LastSample)
	}
	for _, w := range vm.Warnings {
		m.Split = m.Split || w.Code == "resized"
	}
	return m
}

// loadsOf turns hours into intervals whose lowest use is not known.
func loadsOf(hours []analyzer.HourLoad) []rightsize.Load {
	out := make([]rightsize.Load, len(hours))
	for i, h := range hours {
		out[i] = rightsize.Load{Start: 3600 * h.Hour, Seconds: h.Seconds, Avg: rightsize.Percent(h.Avg), High: rightsize.Percent(h.High)}
	}
	return out
}

// recentDays is how many days the shut-down rule of Azure Advisor looks at last.
const recentDays = 3

// recentOf returns the highest average of an hour in the last days that were measured, -1 where none was.
func recentOf(vm *analyzer.VM) rightsize.Percent {
	high := analyzer.Percent(-1)
	hours := vm.HourlyCPU()
	for i := len(hours) - 1; i >= 0 && hours[i].Hour > hours[len(hours)-1].Hour-24*recentDays; i-- {
		high = max(high, hours[i].Avg)
	}
	return rightsize.Percent(high)
}

// busiest joins the intervals of two machines: in each the higher use of both, and the shorter time measured.
func busiest(a, b []rightsize.Load) []rightsize.Load {
	out := make([]rightsize.Load, 0, len(a))
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch x, y := &a[i], &b[j]; {
		case x.Start < y.Start:
			i++
		case x.Start > y.Start:
			j++
		default:
			out = append(out, rightsize.Load{Start: x.Start, Seconds: min(x.Seconds, y.Seconds), Low: max(x.Low, y.Low), Avg: max(x.Avg, y.Avg), High: max(x.High, y.High)})
			i, j = i+1, j+1
		}
	}
	return out
}

func statsOf(d analyzer.Distribution, days int) rightsize.Stats {
	return rightsize.Stats{Samples: d.Samples, Seconds: d.Seconds, Days: days, P50: rightsize.Percent(d.P50), P90: rightsize.Percent(d.P90),
		P95: rightsize.Percent(d.P95), P99: rightsize.Percent(d.P99), Max: rightsize.Percent(d.Max), Mean: rightsize.Percent(d.Mean)}
}

// fix keeps a subject as it is where one of its machines cannot be judged. The first reason counts.
func (s *subject) fix(vm *analyzer.VM, in *Input) {
	because := func(is bool, code, format string, args ...any) {
		if is && s.fixed.Code == "" {
			s.fixed = rightsize.Reason{Code: code, Detail: fmt.Sprintf(format, args...)}
		}
	}
	_, known := vm.Size.Shape()
	because(!known, "size_unknown", "the catalog does not know %q", vm.Size)
	because(vm.State == analyzer.StateAmbiguous, "ambiguous_name", "several machines are called %s, and the metrics name no resource: whose they are is unknown", vm.Name)
	because(vm.State == analyzer.StateAboveFull, "cpu_above_100", "CPU of up to %s was measured, which is no share of the machine: per-core sums, or metrics of another size",
		rightsize.Percent(max(vm.CPUMax.Max, vm.CPUAvg.Max)))
	because(vm.State == analyzer.StateMemoryOther, "memory_of_another_size", "more memory was measured than %s has: the metrics are of another size or machine", vm.Size)
	because(slices.ContainsFunc(vm.Warnings, func(w analyzer.Warning) bool { return w.Code == "scale_set_average" }), "scale_set_average",
		"measured only as the average of its scale set, which hides what one instance needs")
	because(vm.Covered > 0 && !in.HasList, "size_reservations_unknown", "a reservation covers it, but no reservation list was given: what a change would free is unknown")
	because(vm.PlanCovered > 0, "size_savings_plan", "a savings plan covers it: what a change would free is worth what the plan pays for it, which the files do not say")
	because(vm.Hours <= 0, "not_running", "it was not billed in the window")
	for i := range in.Existing {
		e := &in.Existing[i]
		because(e.ExactSize && e.Size == vm.Size && e.Region == vm.Region && (e.Customer == "" || e.Customer == vm.Customer) && e.Until.After(in.Analysis.AsOf) && e.Agreement != "ea" &&
			inScope(path(vm.Subscription, vm.ResourceGroup), scopePath(e.Scope)), "size_reserved_exactly", "reservation %s without size flexibility is for its size", e.ID)
	}
}

// worse joins what is known of two instances of a scale set: a size must suit the busiest one.
func worse(a, b *rightsize.Machine) *rightsize.Machine {
	out := *a
	out.Hours += b.Hours
	out.WindowHours = a.WindowHours
	for _, s := range []struct{ to, more *rightsize.Stats }{{&out.CPUMax, &b.CPUMax}, {&out.CPUAvg, &b.CPUAvg}, {&out.Memory, &b.Memory},
		{&out.DiskBandwidth, &b.DiskBandwidth}, {&out.DiskOperations, &b.DiskOperations}, {&out.NetworkOut, &b.NetworkOut}} {
		*s.to = worseStats(*s.to, *s.more)
	}
	out.Days, out.Censored, out.Old = max(a.Days, b.Days), max(a.Censored, b.Censored), cmp.Or(a.Old, b.Old)
	out.Refused = cmp.Or(a.Refused, b.Refused)
	switch {
	case min(a.First, a.Second, b.First, b.Second) < 0:
		out.First, out.Second = -1, -1
	case b.Second-b.First > a.Second-a.First:
		out.First, out.Second = b.First, b.Second
	}
	out.Split, out.Young = a.Split || b.Split, a.Young || b.Young
	out.Week = nil
	out.Recent = max(a.Recent, b.Recent)
	out.Series = func() []rightsize.Load { return busiest(a.Series(), b.Series()) }
	out.Overload, out.OverloadSeconds = nil, 0
	if a.Overload != nil && b.Overload != nil && a.OverloadSeconds > 0 && b.OverloadSeconds > 0 {
		out.OverloadSeconds = a.OverloadSeconds
		out.Overload = func(p rightsize.Percent) (low, high int64) {
			lowA, highA := a.Overload(p)
			lowB, highB := b.Overload(p)
			scale := float64(a.OverloadSeconds) / float64(b.OverloadSeconds)
			return max(lowA, int64(math.Floor(float64(lowB)*scale))), max(highA, int64(math.Ceil(float64(highB)*scale)))
		}
	}
	return &out
}

func worseStats(a, b rightsize.Stats) rightsize.Stats {
	if a.Samples == 0 || b.Samples == 0 {
		return rightsize.Stats{}
	}
	return rightsize.Stats{Samples: min(a.Samples, b.Samples), Seconds: min(a.Seconds, b.Seconds), Days: min(a.Days, b.Days), P50: max(a.P50, b.P50), P90: max(a.P90, b.P90),
		P95: max(a.P95, b.P95), P99: max(a.P99, b.P99), Max: max(a.Max, b.Max), Mean: max(a.Mean, b.Mean)}
}

// series returns the hours of a subject in the worse reading, nil where it counts in no pool.
func (s *subject) series(a *analyzer.Analysis) []int64 {
	var sum []int64
	for _, i := range s.vms {
		vm := &a.VMs[i]
		if vm.Spot || vm.Young {
			continue
		}
		hours := vm.Demand(a.Window.Days()).Stacked
		if sum == nil {
			sum = hours
			continue
		}
		for h, v := range hours {
			sum[h] += v
		}
	}
	return sum
}

// changes returns what an action makes of each machine of a subject; to is the size of a resize.
func (s *subject) changes(action rightsize.Action, to catalog.Size, from time.Time) map[int]analyzer.Change {
	out := map[int]analyzer.Change{}
	for n, i := range s.vms {
		switch action {
		case rightsize.Shutdown:
			out[i] = analyzer.Change{}
		case rightsize.Resize:
			out[i] = analyzer.Change{Size: to}
		case rightsize.Schedule:
			out[i] = analyzer.Change{Size: s.first.Size, Schedule: func(hour int) bool { return rightsize.OfficeHour(from.Add(time.Duration(hour) * time.Hour)) }}
		case rightsize.Scale:
			if int64(n) >= s.advice.Instances {
				out[i] = analyzer.Change{}
			}
		}
	}
	return out
}

// freed returns the hours that a change other than a resize frees.
func (s *subject) freed(action rightsize.Action, in *Input) []int64 {
	a := in.Analysis
	sum := make([]int64, 24*a.Window.Days())
	for i, change := range s.changes(action, "", a.Window.From) {
		vm := &a.VMs[i]
		for h, v := range vm.Demand(a.Window.Days()).Stacked {
			if change.Schedule == nil || !change.Schedule(h) {
				sum[h] += v
			}
		}
	}
	return sum
}

// sizeOf reads a size off its name in a joint problem.
func sizeOf(name string) catalog.Size {
	_, size, _ := strings.Cut(name, "/")
	return catalog.Size(strings.TrimSuffix(size, "/windows"))
}
