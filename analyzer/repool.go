package analyzer

import (
	"cmp"
	"slices"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing/catalog"
)

// spell is a run of days of the window, [from, to), on each of which a machine ran as long.
type spell struct {
	from, to int
	micro    int64      // micro-hours of a day
	known    bool       // to the hour
	hours    *[24]int64 // nil where known and even, or not known
}

// ran adds a day to the spells; hours is nil where they are not known.
func (vm *VM) ran(day int, micro int64, hours *[24]int64) {
	s := spell{from: day, to: day + 1, micro: micro, known: hours != nil}
	if hours != nil && *hours != evenly(micro) {
		own := *hours
		s.hours = &own
	}
	if n := len(vm.spells); n > 0 {
		if last := &vm.spells[n-1]; last.to == day && last.micro == micro && last.known == s.known && last.hours == nil && s.hours == nil {
			last.to++
			return
		}
	}
	vm.spells = append(vm.spells, s)
}

// Demand returns when the machine ran in a window of so many days; hours that are not known are bounded for it alone. It is
// nothing for machines that count in no pool: young ones, Spot machines, classic deployments, those without a size.
func (vm *VM) Demand(days int) demand.Series {
	out := demand.NewSeries(24 * days)
	vm.each(nil, func(day int, micro int64, hours *[24]int64) {
		if hours == nil {
			out.AddDay(day, micro)
			return
		}
		for h, v := range hours {
			out.AddHour(24*day+h, v)
		}
	})
	return out
}

// each calls yield for each day; hours is nil where they are not known. With a schedule only its hours count of days that are known.
func (vm *VM) each(schedule func(hour int) bool, yield func(day int, micro int64, hours *[24]int64)) {
	for _, s := range vm.spells {
		for day := s.from; day < s.to; day++ {
			if !s.known {
				yield(day, s.micro, nil)
				continue
			}
			hours := evenly(s.micro)
			if s.hours != nil {
				hours = *s.hours
			}
			micro := s.micro
			if schedule != nil {
				micro = 0
				for h := range hours {
					if !schedule(24*day + h) {
						hours[h] = 0
					}
					micro += hours[h]
				}
			}
			yield(day, micro, &hours)
		}
	}
}

// Change is what becomes of a machine in Repool.
type Change struct {
	Size     catalog.Size        // "" where it is gone
	Schedule func(hour int) bool // the hours of the window in which it still runs, by their number; nil is all
}

// Repool returns the pools of the same machines with other sizes: the hours of each machine go to the pool of its size, and hours
// that are not known are bounded anew within their new pool. Changes are by the index of Analysis.VMs; machines without one stay as
// they are. Machines that are in no pool stay out. Prices of rows stay with the sizes that they were billed for. Without changes
// the pools are those of the analysis. Only pools that wanted names are made; nil is all.
func (a *Analysis) Repool(changes map[int]Change, wanted func(customer, currency string, region catalog.Region, group string) bool) []Pool {
	r := &repool{words: newWords(), pools: map[poolKey]*pooled{}, days: a.Window.Days(), rates: map[rateKey]*Member{}}
	gaps := map[string][]int{}
	for i := range a.Pools {
		old := &a.Pools[i]
		gaps[old.Customer] = old.Gaps
		if wanted != nil && !wanted(old.Customer, old.Currency, old.Region, old.Group) {
			continue
		}
		p := r.pool(old.Customer, old.Currency, old.Region, old.Group)
		p.Pool = *old
		p.Members, p.Known, p.Young = nil, Known{}, slices.Clone(old.Young)
		for j := range old.Members {
			m := &old.Members[j]
			r.rates[rateKey{p, r.member(m.Subscription, m.ResourceGroup, m.Size, m.OS)}] = m
		}
	}
	for i := range a.VMs {
		vm := &a.VMs[i]
		change, ok := changes[i]
		if !ok {
			change.Size = vm.Size
		}
		if vm.Spot || vm.Young || vm.Classic() || vm.Size == "" || change.Size == "" {
			continue
		}
		if group, _, _ := sharing(change.Size); wanted == nil || wanted(vm.Customer, vm.Currency, vm.Region, group) {
			r.place(vm, change, gaps[vm.Customer])
		}
	}
	var out []Pool
	for _, p := range r.pools {
		if p.finish(r.days) {
			out = append(out, p.Pool)
		}
	}
	sortPools(out)
	return out
}

// repool is a Repool on its way.
type repool struct {
	words words
	pools map[poolKey]*pooled
	rates map[rateKey]*Member
	days  int
}

type rateKey struct {
	pool   *pooled
	member memberKey
}

func (r *repool) pool(customer, currency string, region catalog.Region, group string) *pooled {
	key := poolKey{r.words.id(customer), r.words.id(currency), region, group}
	p := r.pools[key]
	if p == nil {
		p = &pooled{members: map[memberKey]*joined{}}
		r.pools[key] = p
	}
	return p
}

func (r *repool) member(subscription, group string, size catalog.Size, os string) memberKey {
	return memberKey{r.words.id(subscription), r.words.id(group), size, os}
}

// sharing returns the flexibility group of a size and its ratio there; a size without one is its own.
func sharing(size catalog.Size) (name string, ratio int64, flexible bool) {
	if group, ok := size.Group(); ok {
		return group.Name, group.Ratio, true
	}
	return string(size), 100, false
}

// place adds a machine to the pool of its new size.
func (r *repool) place(vm *VM, change Change, gaps []int) {
	name, ratio, flexible := sharing(change.Size)
	p := r.pool(vm.Customer, vm.Currency, vm.Region, name)
	if p.Customer == "" && p.Group == "" {
		p.Pool = Pool{Customer: vm.Customer, Currency: vm.Currency, Region: vm.Region, Group: name, Flexible: flexible, Days: r.days - len(gaps), Gaps: gaps}
	}
	os := cmp.Or(vm.OS, "linux")
	key := r.member(vm.Subscription, vm.ResourceGroup, change.Size, os)
	m := p.members[key]
	if m == nil {
		m = &joined{Member: Member{Subscription: vm.Subscription, ResourceGroup: vm.ResourceGroup, Size: change.Size, Ratio: ratio, OS: os,
			Series: demand.NewSeries(24 * r.days)}}
		if was := r.rates[rateKey{p, key}]; was != nil {
			m.rate.rate, m.list.rate = was.Rate, was.ListRate
			m.Lead, m.CoveredDays = was.Lead, was.CoveredDays
		}
		p.members[key] = m
	}
	m.Covered += vm.Covered
	m.PlanCovered += vm.PlanCovered
	m.Licences += vm.LicenceCost
	if vm.known.Hours > 0 {
		m.VMs++
	}
	p.Known.add(vm.known)
	vm.each(change.Schedule, func(day int, micro int64, hours *[24]int64) {
		if hours == nil {
			m.waiting = append(m.waiting, waiting{day, micro})
			return
		}
		for h, v := range hours {
			m.Series.AddHour(24*day+h, v)
		}
	})
}

// TagMap returns the tags of the machine by name in lower case; nil where it has none or they cannot be read.
func (vm *VM) TagMap() map[string]string { return parseTags(vm.Tags) }
