package analyzer

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"sizeterm/analyzer/demand"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
)

// entry is a machine in one size, one region and one kind of purchase: what becomes a VM.
type entry struct {
	*thing
	size, region uint32
	spot         bool
	days         []usedDay       // rising
	covered      map[int32]int64 // micro-hours under a reservation or savings plan by day; nil is none
	vm           *VM             // in its place in Analysis.VMs, until these are sorted
	softwareOS   string          // of software rows, for machines whose own rows do not say
	windows      int64           // micro-units of software rows that are the Windows licence
	rate, list   rateAt
	osDay        int32 // of the latest line that says the operating system
	tagDay       int32 // of the latest line with tags
	lastDay      int32 // of the latest line
	long         bool  // rows of more than a day
	several      bool  // more than 24 hours a day
	negative     bool  // credits beyond the hours of their day
	known        Known
	split        bool           // the thing has other entries: samples are told apart by day
	mine         map[int32]bool // days whose samples are its, where split
}

// usedDay is the time of one day.
type usedDay struct {
	day    int32
	rest   int64      // micro-hours of which only the day is known
	hourly *[24]int64 // micro-hours of which the hour is known; nil none
}

func (d *usedDay) total() int64 {
	sum := d.rest
	if d.hourly != nil {
		for _, v := range d.hourly {
			sum += v
		}
	}
	return sum
}

// rateAt is the price of an hour as a row states it. Rows of pay-as-you-go outrank rows of reservations, which often say
// 0 or nothing, and later days outrank earlier ones.
type rateAt struct {
	onDemand bool
	day      int32
	rate     int64
}

func (r rateAt) or(o rateAt) rateAt {
	switch {
	case o.rate <= 0:
		return r
	case r.rate <= 0:
		return o
	case r.onDemand != o.onDemand:
		if r.onDemand {
			return r
		}
		return o
	case r.day != o.day:
		if r.day > o.day {
			return r
		}
		return o
	case r.rate > o.rate:
		return r
	}
	return o
}

// entries forms the entries of a machine from its lines; money without hours goes to the entry it belongs to.
func (r *run) entries(t *thing) []*entry {
	var out []*entry
	for _, l := range t.lines {
		if s := &r.a.skuList[l.sku]; s.kind == usage.Compute {
			r.addCompute(r.entryOf(&out, t, s), l, s)
		}
	}
	for _, l := range t.lines {
		s := &r.a.skuList[l.sku]
		if s.kind == usage.Compute || len(out) == 0 || !r.inside(l.day) {
			continue
		}
		e := r.owner(out, l.day, s)
		e.vm.Cost += l.cost
		if s.kind == usage.Software {
			e.vm.SoftwareCost += l.cost
			e.softwareOS = max(e.softwareOS, r.a.text(s.os))
			if r.a.text(s.os) == "windows" {
				e.windows += l.cost
			}
		}
	}
	for _, e := range out {
		e.split = len(out) > 1
		r.describe(e)
	}
	return out
}

func (r *run) entryOf(entries *[]*entry, t *thing, s *sku) *entry {
	spot := s.model == usage.Spot
	for _, e := range *entries {
		if e.size == s.size && e.region == s.region && e.spot == spot {
			return e
		}
	}
	e := &entry{thing: t, size: s.size, region: s.region, spot: spot, vm: r.newVM()}
	*entries = append(*entries, e)
	return e
}

// newVM returns the next place in Analysis.VMs: a machine takes 2 KB, and must not stand in memory twice.
func (r *run) newVM() *VM {
	at := len(r.out.VMs)
	r.out.VMs = r.out.VMs[:at+1] // there is room: see countEntries
	return &r.out.VMs[at]
}

// countEntries returns the number of entries that the lines of all machines form.
func (r *run) countEntries() int {
	n := 0
	type what struct {
		size, region uint32
		spot         bool
	}
	var of []what
	for _, t := range r.things {
		of = of[:0]
		for _, l := range t.lines {
			s := &r.a.skuList[l.sku]
			if w := (what{s.size, s.region, s.model == usage.Spot}); s.kind == usage.Compute && !slices.Contains(of, w) {
				of = append(of, w)
			}
		}
		n += len(of)
	}
	return n
}

// addCompute counts the hours and the money of one line.
func (r *run) addCompute(e *entry, l lineRef, s *sku) {
	n := len(e.days)
	if n == 0 || e.days[n-1].day != l.day {
		e.days = append(e.days, usedDay{day: l.day})
		n++
	}
	d := &e.days[n-1]
	if l.hour >= 0 {
		if d.hourly == nil {
			d.hourly = &[24]int64{}
		}
		d.hourly[l.hour] += l.hours
	} else {
		d.rest += l.hours
	}
	e.long = e.long || l.long
	vm := e.vm
	if (s.model == usage.Reservation || s.model == usage.SavingsPlan) && (r.inside(l.day) || r.leads(l.day)) {
		if e.covered == nil {
			e.covered = map[int32]int64{}
		}
		e.covered[l.day] += l.hours
	}
	if r.inside(l.day) {
		vm.Hours += l.hours
		vm.Cost += l.cost
		switch s.model {
		case usage.Reservation:
			vm.Covered += l.hours
		case usage.SavingsPlan:
			vm.PlanCovered += l.hours
		}
	}
	onDemand := s.model == usage.OnDemand || s.model == usage.UnknownModel
	e.rate = e.rate.or(rateAt{onDemand, l.day, l.rate})
	e.list = e.list.or(rateAt{onDemand, l.day, l.list})
	if os := r.a.text(s.os); os != "" && (vm.OS == "" || l.day > e.osDay || l.day == e.osDay && os > vm.OS) {
		vm.OS, e.osDay = os, l.day
	}
	if l.day > e.lastDay {
		e.lastDay, vm.HybridBenefit = l.day, false
	}
	vm.HybridBenefit = vm.HybridBenefit || r.a.text(s.licence) == "hybrid_benefit"
	if tags := r.a.text(l.tags); tags != "" && (vm.Tags == "" || l.day > e.tagDay || l.day == e.tagDay && tags > vm.Tags) {
		vm.Tags, e.tagDay = tags, l.day
	}
}

// owner finds the entry that a row without hours belongs to: the one of its size, else the one with most hours that day,
// else the one with most days.
func (r *run) owner(entries []*entry, day int32, s *sku) *entry {
	return slices.MaxFunc(entries, func(x, y *entry) int {
		same := func(e *entry) int64 {
			if s.size != 0 && e.size == s.size {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(same(x), same(y)), cmp.Compare(x.hoursOn(day), y.hoursOn(day)),
			cmp.Compare(len(x.days), len(y.days)), cmp.Compare(r.a.text(y.size), r.a.text(x.size)),
			cmp.Compare(r.a.text(y.region), r.a.text(x.region)), -boolCompare(x.spot, y.spot))
	})
}

func boolCompare(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

func (e *entry) hoursOn(day int32) int64 {
	at, ok := slices.BinarySearchFunc(e.days, day, func(d usedDay, day int32) int { return cmp.Compare(d.day, day) })
	if !ok {
		return 0
	}
	return e.days[at].total()
}

// describe fills in what does not depend on samples.
func (r *run) describe(e *entry) {
	vm, text := e.vm, r.a.text
	vm.Customer, vm.Subscription, vm.ResourceGroup = text(e.customer), text(e.subscription), text(e.group)
	vm.Resource, vm.Name = text(e.resource), text(e.thing.vm)
	vm.Refused = e.refused
	vm.ScaleSet = strings.Contains(vm.Resource, "/virtualmachinescalesets/")
	vm.Size, vm.Region, vm.Currency, vm.Spot = catalog.Size(text(e.size)), catalog.Region(text(e.region)), text(e.currency), e.spot
	vm.OS = cmp.Or(vm.OS, e.softwareOS)
	if vm.LicenceCost = vm.SoftwareCost; vm.OS == "windows" {
		vm.LicenceCost -= e.windows
	}
	vm.Rate, vm.ListRate = e.rate.rate, e.list.rate
	for i := range e.days {
		d := &e.days[i]
		if d.total() <= 0 {
			continue
		}
		from, to := d.span()
		if vm.FirstSeen.IsZero() {
			vm.FirstSeen = dayTime(d.day).Add(from)
		}
		vm.LastSeen = dayTime(d.day).Add(to)
	}
}

// add puts the hours of the entry's days into its profile and its member of a pool, either of which may be nil. The days
// whose hours are not known wait in the member until the pool knows all that are.
func (r *run) add(e *entry, profile *demand.Series, m *joined) {
	clock := &r.clock
	*clock = newClock(clock.on, int(r.days))
	end := r.byID[e.customer].end() // a day that was cut off is a gap, and not in the demand
	for i := range e.days {
		d := &e.days[i]
		total := d.total()
		if m != nil && total > 0 && d.day < end && r.leads(d.day) {
			r.addLead(e, d, total, m)
		}
		if !r.inside(d.day) || d.day >= end || total == 0 {
			continue
		}
		if total < 0 {
			e.negative = true
			continue
		}
		at := int(d.day - r.first)
		e.known.Hours += total
		hours, source := r.hoursOf(e, d, total)
		if source != notKnown {
			e.known.Metered += total
		}
		if source == fromBill {
			e.known.Billed += total
		}
		e.several = e.several || d.hourly == nil && total > demand.FullDay
		if source == notKnown {
			hours = evenly(total)
		}
		clock.day(at, hourOfWeek(d.day), &hours, source != notKnown)
		if profile != nil {
			addDay(profile, at, total, &hours, source)
		}
		switch {
		case m == nil:
		case source == notKnown:
			m.waiting = append(m.waiting, waiting{at, total})
			e.vm.ran(at, total, nil)
		default:
			addDay(&m.Series, at, total, &hours, source)
			e.vm.ran(at, total, &hours)
		}
	}
	e.vm.known = e.known
	if m != nil {
		r.addCovered(e, m)
	}
	r.rhythm(e)
}

// addLead adds the hours of a day before the window.
func (r *run) addLead(e *entry, d *usedDay, total int64, m *joined) {
	if m.Lead == nil {
		m.Lead = make([]int64, 24*int(r.lead))
	}
	hours, source := r.hoursOf(e, d, total)
	if source == notKnown {
		hours = evenly(total)
	}
	for h, micro := range hours {
		m.Lead[24*int(d.day-r.first+r.lead)+h] += micro
	}
}

// addCovered adds what reservations and savings plans covered by day.
func (r *run) addCovered(e *entry, m *joined) {
	if len(e.covered) > 0 && m.CoveredDays == nil {
		m.CoveredDays = make([]int64, int(r.lead+r.days))
	}
	for day, micro := range e.covered {
		m.CoveredDays[day-r.first+r.lead] += micro
	}
}

func addDay(s *demand.Series, at int, total int64, hours *[24]int64, from source) {
	if from == notKnown {
		s.AddDay(at, total)
		return
	}
	s.AddHours(at, hours)
}

// source says how the hours of a day are known.
type source uint8

const (
	notKnown source = iota
	fromBill
	fromMetrics
)

// hoursOf returns the hours of a day where they are known: hourly rows say them, a multiple of 24 hours leaves no choice,
// and else metrics may tell.
func (r *run) hoursOf(e *entry, d *usedDay, total int64) (hours [24]int64, from source) {
	if d.hourly != nil && d.rest == 0 && slices.Min(d.hourly[:]) >= 0 {
		return *d.hourly, fromBill
	}
	if short := (demand.FullDay - total%demand.FullDay) % demand.FullDay; short <= demand.FullDay-nearlyDay {
		return evenly(total), fromBill
	}
	var marks demand.Day
	found := false
	for _, m := range e.machines {
		if more, ok := m.days.on(d.day); ok {
			marks.Merge(&more)
			found = true
		}
	}
	if found {
		if hours, ok := marks.Hours(total); ok {
			return hours, fromMetrics
		}
	}
	return hours, notKnown
}

// evenly spreads micro-hours over a day, the remainder of the division over its first hours.
func evenly(total int64) (hours [24]int64) {
	for h := range hours {
		hours[h] = total / 24
		if int64(h) < total%24 {
			hours[h]++
		}
	}
	return hours
}

// span returns the first and last instant of a day that are known to be billed, from its midnight.
func (d *usedDay) span() (from, to time.Duration) {
	if d.hourly == nil || d.rest != 0 {
		return 0, 24 * time.Hour
	}
	first, last := -1, 0
	for h, micro := range d.hourly {
		if micro > 0 && first < 0 {
			first = h
		}
		if micro > 0 {
			last = h + 1
		}
	}
	return time.Duration(max(0, first)) * time.Hour, time.Duration(last) * time.Hour
}
