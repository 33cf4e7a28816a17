package analyzer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"sizeterm/analyzer/demand"
	"sizeterm/analyzer/quantile"
	"sizeterm/pricing/catalog"
)

// Analysis returns what the rows added so far say. It is a function of the set of rows and the options alone, and may be
// called again after more rows.
func (a *Accumulator) Analysis() (*Analysis, error) {
	if err := a.drainAll(); err != nil {
		return nil, err
	}
	if !a.opts.SizesOnly {
		var values, hours quantile.Shelf
		for _, m := range a.machines {
			m.trim(&values, &hours)
		}
		values.Close()
		hours.Close()
	}
	r := &run{a: a, byID: map[uint32]*customer{}, out: &Analysis{}}
	r.collect()
	r.choose()
	r.out.AsOf, r.out.Window, r.out.Lead = r.asOf, r.window, int(r.lead)
	ages := r.list()
	r.newNames()
	strangers := r.match()
	r.matchRefused()
	var money sync.WaitGroup // what needs the rows alone, beside the machines
	money.Go(r.inferred)
	money.Go(r.showBack)
	defer money.Wait()
	var entries []*entry
	g := &groups{pools: map[poolKey]*pooled{}, profiles: map[Key]*profiled{}}
	if a.opts.SizesOnly {
		r.sizeProfiles(r.measured(g))
		r.out.VMs = nil
		r.finishVMs(nil)
		return r.out, nil
	}
	if r.metricsOnly() {
		entries = r.measured(g)
	} else {
		r.out.VMs = make([]VM, 0, r.countEntries())
		for _, t := range r.things {
			entries = append(entries, r.split(r.entries(t))...)
		}
		for _, e := range entries {
			r.place(e, g, ages)
			r.byID[e.customer].known.add(e.known)
		}
		r.stranger(strangers)
	}
	r.profiles(entries, g)
	r.pools(g)
	r.coverage()
	r.finishVMs(entries)
	return r.out, nil
}

// split gives each day of a machine of several entries to the one with most hours, and the days between to none: the
// samples of the day are its.
func (r *run) split(entries []*entry) []*entry {
	if len(entries) < 2 {
		return entries
	}
	slices.SortFunc(entries, func(x, y *entry) int {
		return cmp.Or(cmp.Compare(x.vm.Size, y.vm.Size), cmp.Compare(x.vm.Region, y.vm.Region), boolCompare(x.spot, y.spot))
	})
	best := map[int32]*entry{}
	for _, e := range entries {
		e.mine = map[int32]bool{}
		for i := range e.days {
			day := e.days[i].day
			if b := best[day]; b == nil || e.days[i].total() > b.hoursOn(day) {
				best[day] = e
			}
		}
	}
	for day, e := range best {
		e.mine[day] = true
	}
	return entries
}

// measured forms the entries of samples when there are no charges: size and region are what the samples say.
func (r *run) measured(g *groups) []*entry {
	var out []*entry
	r.out.VMs = make([]VM, 0, len(r.measuredMachines()))
	for _, m := range r.measuredMachines() {
		key, text := m.key, r.a.text
		e := &entry{thing: &thing{thingKey: thingKey{resource: key.resource, vm: key.vm}, machines: []*machine{m}}, size: key.size, region: key.region, vm: r.newVM()}
		*e.vm = VM{Resource: text(key.resource), Size: catalog.Size(text(key.size)), Region: catalog.Region(text(key.region)),
			Name: cmp.Or(text(key.vm), text(key.resource)[strings.LastIndexByte(text(key.resource), '/')+1:])}
		first, last := m.segments[m.ranked(0)].day, m.segments[m.ranked(len(m.segments)-1)].day
		e.vm.FirstSeen, e.vm.LastSeen = dayTime(first), dayTime(last+1)
		p := g.profile(r, Key{"", e.vm.Region, e.vm.Size})
		e.vm.Hours = r.addMarks(m, &p.series)
		p.hours += e.vm.Hours
		p.entries = append(p.entries, e)
		out = append(out, e)
	}
	return out
}

// addMarks adds the hours in which a machine was measured, and returns how many micro-hours of the window they are.
func (r *run) addMarks(m *machine, series *demand.Series) int64 {
	sum := int64(0)
	m.days.each(func(day int32, marks *demand.Day) {
		if !r.inside(day) {
			return
		}
		for h := range 24 {
			micro := int64(marks.Slots(h)) * demand.Full / 12
			series.AddHour(24*int(day-r.first)+h, micro)
			sum += micro
		}
	})
	return sum
}

// stranger warns of samples that belong to no machine of the charges.
func (r *run) stranger(names []string) {
	if len(names) == 0 {
		return
	}
	r.out.Strangers = names
	shown := names[:min(3, len(names))]
	detail := strings.Join(shown, ", ")
	if len(names) > len(shown) {
		detail += ", ..."
	}
	r.warn("metrics_without_charges", "", fmt.Sprintf("%d measured machines are in no charge row: %s", len(names), detail))
}

// sortVMs sorts machines by their names; what is sorted, as they nearly always are, stays where it is.
func sortVMs(vms []VM) {
	compare := func(x, y *VM) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Subscription, y.Subscription),
			cmp.Compare(x.ResourceGroup, y.ResourceGroup), cmp.Compare(x.Resource, y.Resource), cmp.Compare(x.Name, y.Name),
			cmp.Compare(x.Size, y.Size), cmp.Compare(x.Region, y.Region), cmp.Compare(x.Currency, y.Currency), boolCompare(x.Spot, y.Spot))
	}
	sorted := true
	for i := 1; i < len(vms) && sorted; i++ {
		sorted = compare(&vms[i-1], &vms[i]) <= 0
	}
	if sorted {
		return
	}
	order := make([]*VM, len(vms))
	for i := range vms {
		order[i] = &vms[i]
	}
	slices.SortFunc(order, compare)
	out := make([]VM, len(vms))
	for i, vm := range order {
		out[i] = *vm
	}
	copy(vms, out)
}

// finishVMs writes the machines, the subscriptions and the rest of the warnings.
func (r *run) finishVMs(entries []*entry) {
	unmeasured := 0
	for _, e := range entries {
		if e.vm.State == StateNoMetrics {
			unmeasured++
		}
	}
	if sortVMs(r.out.VMs); len(r.out.VMs) == 0 { // no entry has a machine any more
		r.out.VMs = nil
	}
	if unmeasured > 0 && len(r.a.machines) > 0 {
		r.warn("charges_without_metrics", "", fmt.Sprintf("%d billed machines were not measured", unmeasured))
	}
	if r.a.refused > 0 {
		r.warn("impossible_samples", "", fmt.Sprintf("%d measured values are negative, and count as missing", r.a.refused))
	}
	if r.a.undated > 0 {
		r.warn("impossible_times", "", fmt.Sprintf("%d rows are of no time: before 1970, after 2199, longer than a year or without length; they are left out", r.a.undated))
	}
	for key, name := range r.a.names {
		if !key.customer {
			r.out.Subscriptions = append(r.out.Subscriptions, Subscription{ID: r.a.text(key.id), Name: r.a.text(name)})
		}
	}
	slices.SortFunc(r.out.Subscriptions, func(x, y Subscription) int { return cmp.Compare(x.ID, y.ID) })
	slices.SortFunc(r.out.Warnings, func(x, y Warning) int {
		return cmp.Or(cmp.Compare(x.Code, y.Code), cmp.Compare(x.Subject, y.Subject), cmp.Compare(x.Detail, y.Detail))
	})
}
