package analyzer

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sizeterm/analyzer/demand"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
)

// poolKey names a pool, memberKey a member of one.
type poolKey struct {
	customer, currency uint32
	region             catalog.Region
	group              string
}

type memberKey struct {
	subscription, group uint32
	size                catalog.Size
	os                  string
}

// pooled is a pool on its way.
type pooled struct {
	Pool
	members map[memberKey]*joined
	several int // machines that are several instances
	long    int // machines with rows of more than a day
	credits int // machines with more credits than hours on a day
	noOS    int
}

// joined is a member on its way.
type joined struct {
	Member
	rate, list rateAt
	waiting    []waiting
}

// waiting is the time of a machine on a day of the window of which the hours are not known.
type waiting struct {
	day   int
	micro int64
}

// groups is the demand of all pools and profiles on its way.
type groups struct {
	pools    map[poolKey]*pooled
	profiles map[Key]*profiled
}

// profiled is the concurrency of a profile on its way.
type profiled struct {
	series  demand.Series
	entries []*entry
	hours   int64
}

// place puts the demand of an entry where it belongs: its profile, and its pool unless it is young or a classic deployment. Spot machines have
// neither: they are listed only.
func (r *run) place(e *entry, g *groups, ages map[resourceKey]int32) {
	if e.spot {
		r.add(e, nil, nil)
		return
	}
	vm := e.vm
	profile := g.profile(r, Key{vm.Customer, vm.Region, vm.Size})
	profile.entries = append(profile.entries, e)
	profile.hours += vm.Hours
	if vm.Size == "" || vm.Classic() {
		r.add(e, &profile.series, nil)
		return
	}
	pool := g.pool(r, e)
	if vm.Young = r.young(e, ages); vm.Young {
		r.add(e, &profile.series, nil)
		if vm.Hours != 0 {
			pool.Young = append(pool.Young, Excluded{Resource: vm.Resource, Size: vm.Size, Hours: vm.Hours,
				Since: dayTime(ages[resourceKey{e.customer, e.resource}])})
		}
		return
	}
	m := pool.member(r, e)
	r.add(e, &profile.series, m)
	pool.count(e, m)
}

// young reports whether a machine is younger than Options.MinAge at the end of the window. The age is that of its
// resource: instances of a scale set come and go. What was there on the first day of a customer's files is of unknown
// age, and old enough.
func (r *run) young(e *entry, ages map[resourceKey]int32) bool {
	first, ok := ages[resourceKey{e.customer, e.resource}]
	if !ok || e.resource == 0 || first <= r.byID[e.customer].from {
		return false
	}
	return r.window.To.Sub(dayTime(first)) < r.a.opts.minAge()
}

func (g *groups) profile(r *run, key Key) *profiled {
	p := g.profiles[key]
	if p == nil {
		p = &profiled{series: demand.NewSeries(24 * int(r.days))}
		g.profiles[key] = p
	}
	return p
}

func (g *groups) pool(r *run, e *entry) *pooled {
	group, flexible := e.vm.Size.Group()
	key := poolKey{e.customer, e.currency, e.vm.Region, string(e.vm.Size)}
	if flexible {
		key.group = group.Name
	}
	p := g.pools[key]
	if p == nil {
		c := r.byID[e.customer]
		gaps := c.gap.days
		p = &pooled{members: map[memberKey]*joined{}, Pool: Pool{Customer: e.vm.Customer, Currency: e.vm.Currency,
			Region: e.vm.Region, Group: key.group, Flexible: flexible, Days: int(r.days) - len(gaps), Gaps: gaps,
			LeadGaps: c.gaps(r.first-r.lead, r.lead)}}
		g.pools[key] = p
	}
	return p
}

func (p *pooled) member(r *run, e *entry) *joined {
	os := cmp.Or(e.vm.OS, "linux")
	key := memberKey{e.subscription, e.group, e.vm.Size, os}
	m := p.members[key]
	if m == nil {
		ratio := int64(100)
		if group, ok := e.vm.Size.Group(); ok {
			ratio = group.Ratio
		}
		m = &joined{Member: Member{Subscription: e.vm.Subscription, ResourceGroup: e.vm.ResourceGroup, Size: e.vm.Size,
			Ratio: ratio, OS: os, Series: demand.NewSeries(24 * int(r.days))}}
		p.members[key] = m
	}
	return m
}

// count adds up what the pool and the member say about an entry whose demand was added.
func (p *pooled) count(e *entry, m *joined) {
	m.rate, m.list = m.rate.or(e.rate), m.list.or(e.list)
	m.Covered += e.vm.Covered
	m.PlanCovered += e.vm.PlanCovered
	m.Licences += e.vm.LicenceCost
	if e.known.Hours > 0 {
		m.VMs++
	}
	p.Known.add(e.known)
	for _, doubt := range []struct {
		is    bool
		count *int
	}{{e.several, &p.several}, {e.long, &p.long}, {e.negative, &p.credits}, {e.vm.OS == "", &p.noOS}} {
		if doubt.is {
			*doubt.count++
		}
	}
}

func (k *Known) add(o Known) {
	k.Hours += o.Hours
	k.Billed += o.Billed
	k.Metered += o.Metered
}

// pools writes the pools in order.
func (r *run) pools(g *groups) {
	for _, p := range g.pools {
		if p.finish(int(r.days)) {
			p.warnings()
			r.out.Pools = append(r.out.Pools, p.Pool)
		}
	}
	sortPools(r.out.Pools)
}

// finish writes the members of a pool in order, and reports whether there is anything in it.
func (p *pooled) finish(days int) bool {
	p.Exact = true
	p.shape(days)
	for _, m := range p.members {
		m.Rate, m.ListRate = m.rate.rate, m.list.rate
		if m.VMs > 0 {
			p.Members = append(p.Members, m.Member)
			p.Exact = p.Exact && m.Series.Exact()
		} else if m.Lead != nil {
			p.Left = append(p.Left, m.Member)
		}
	}
	sortMembers(p.Left)
	sortMembers(p.Members)
	slices.SortFunc(p.Young, func(x, y Excluded) int {
		return cmp.Or(cmp.Compare(x.Resource, y.Resource), cmp.Compare(x.Size, y.Size), x.Since.Compare(y.Since), cmp.Compare(x.Hours, y.Hours))
	})
	return len(p.Members) > 0 || len(p.Young) > 0
}

func sortMembers(members []Member) {
	slices.SortFunc(members, func(x, y Member) int {
		return cmp.Or(cmp.Compare(x.Subscription, y.Subscription), cmp.Compare(x.ResourceGroup, y.ResourceGroup),
			cmp.Compare(x.Size, y.Size), cmp.Compare(x.OS, y.OS))
	})
}

func sortPools(pools []Pool) {
	slices.SortFunc(pools, func(x, y Pool) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Currency, y.Currency),
			cmp.Compare(x.Region, y.Region), cmp.Compare(x.Group, y.Group))
	})
}

// shape puts the days whose hours are not known into the series of the members, in the shape that bounds the usage of the
// whole pool: on the peaks of what is known in Stacked, into its valleys in Flat. Whole instances of a day are known.
func (p *pooled) shape(days int) {
	unknown, machines := make([]int64, days), make([]int64, days)
	for _, m := range p.members {
		for i := range m.waiting {
			w := &m.waiting[i]
			if whole := w.micro / demand.FullDay * demand.FullDay; whole > 0 {
				m.Series.AddDay(w.day, whole)
				w.micro -= whole
			}
			unknown[w.day] += w.micro * m.Ratio
			machines[w.day] += m.Ratio
		}
	}
	shapes := make([]*demand.Shape, days)
	for day, total := range unknown {
		if total == 0 {
			continue
		}
		var known [24]int64
		for _, m := range p.members {
			for h := range known {
				known[h] += m.Series.Flat[24*day+h] * m.Ratio
			}
		}
		shape := demand.ShapeOf(&known, total, machines[day]*demand.Full)
		shapes[day] = &shape
	}
	for _, m := range p.members {
		for _, w := range m.waiting {
			if w.micro > 0 {
				m.Series.AddShaped(w.day, w.micro, shapes[w.day])
			}
		}
	}
}

// warnings says what is doubtful about the pool's demand.
func (p *pooled) warnings() {
	warn := func(n int, code, detail string) {
		if n > 0 {
			p.Warnings = append(p.Warnings, Warning{code, p.Group, fmt.Sprintf("%d machines %s", n, detail)})
		}
	}
	warn(p.credits, "credits", "have days on which credits exceed the hours; those days count as no use")
	warn(p.long, "long_periods", "are billed for periods of more than a day, spread evenly over its days")
	warn(p.noOS, "os_unknown", "do not say their operating system and count as linux")
	warn(p.several, "several_instances", "have more than 24 hours a day and count as the fewest instances that can have them")
	if n := len(p.Gaps); n > 0 {
		p.Warnings = append(p.Warnings, Warning{"gaps", p.Group, fmt.Sprintf("%d days of the window are not covered by the files", n)})
	}
	slices.SortFunc(p.Warnings, func(x, y Warning) int { return cmp.Compare(x.Code, y.Code) })
}

// inferred finds the reservations and savings plans that rows of the window name.
func (r *run) inferred() {
	type key struct{ customer, benefit uint32 }
	type found struct {
		Inferred
		regions map[uint32]bool
		byDay   map[int32]int64 // micro-hours of the reservation's own size
		unsized bool
	}
	all := map[key]*found{}
	for _, ref := range r.cells {
		for i := range ref.lines {
			l := &ref.lines[i]
			s := &r.a.skuList[l.sku]
			if s.benefit == 0 || s.kind != usage.Compute && s.kind != usage.Unused || !r.inside(ref.day) {
				continue
			}
			f := all[key{ref.customer, s.benefit}]
			if f == nil {
				f = &found{regions: map[uint32]bool{}, byDay: map[int32]int64{}}
				f.Customer, f.Benefit = r.a.text(ref.customer), r.a.text(s.benefit)
				f.From = dayTime(ref.day)
				all[key{ref.customer, s.benefit}] = f
			}
			f.Plan = f.Plan || s.model == usage.SavingsPlan
			f.From, f.To = earlier(f.From, dayTime(ref.day)), later(f.To, dayTime(ref.day+1))
			f.Size = max(f.Size, catalog.Size(r.a.text(s.benefitSize)))
			if s.region != 0 {
				f.regions[s.region] = true
			}
			if s.kind == usage.Unused {
				f.Unused += l.hours
				f.byDay[ref.day] += l.hours
				continue
			}
			f.Covered += l.hours
			ratio, ok := r.ratio(s)
			f.unsized = f.unsized || !ok
			f.byDay[ref.day] += l.hours * ratio / 100
		}
	}
	for _, f := range all {
		if regions := r.texts(f.regions); len(regions) == 1 {
			f.Region = catalog.Region(regions[0])
		}
		if !f.Plan && !f.unsized && f.Size != "" {
			for _, hours := range f.byDay {
				f.Quantity = max(f.Quantity, (hours+demand.FullDay-1)/demand.FullDay)
			}
		}
		r.out.Inferred = append(r.out.Inferred, f.Inferred)
	}
	slices.SortFunc(r.out.Inferred, func(x, y Inferred) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Benefit, y.Benefit))
	})
}

// ratio returns the units x 100 of a row's machine in units of the reservation that covered it: as the row says, or by
// the ratios of the group that both sizes are of.
func (r *run) ratio(s *sku) (int64, bool) {
	if s.ratio > 0 {
		return s.ratio, true
	}
	if s.size == s.benefitSize {
		return 100, s.size != 0
	}
	own, ok := catalog.Size(r.a.text(s.size)).Group()
	other, ok2 := catalog.Size(r.a.text(s.benefitSize)).Group()
	if !ok || !ok2 || own.Name != other.Name {
		return 0, false
	}
	return own.Ratio * 100 / other.Ratio, true
}

func earlier(x, y time.Time) time.Time {
	if y.Before(x) {
		return y
	}
	return x
}

func later(x, y time.Time) time.Time {
	if y.After(x) {
		return y
	}
	return x
}
