package analyzer

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sizeterm/analyzer/demand"
	"sizeterm/analyzer/quantile"
)

// shares are the quantiles of a Distribution, in basis points.
var shares = []int{5000, 9000, 9500, 9900}

// distributionOf writes the quantiles of a summary.
func distributionOf(s *quantile.Summary) Distribution {
	var q, seven [4]int32
	ok, typed := s.Both(q[:], seven[:], shares...)
	if !ok {
		return Distribution{}
	}
	d := Distribution{Samples: s.Samples(), Seconds: s.Seconds(), P50: Percent(q[0]), P90: Percent(q[1]), P95: Percent(q[2]),
		P99: Percent(q[3]), Max: Percent(s.Max()), Mean: Percent(s.Mean())}
	if typed {
		d.Type7 = &Type7{Percent(seven[0]), Percent(seven[1]), Percent(seven[2]), Percent(seven[3])}
	}
	return d
}

// kinds of figures that are pooled over machines.
const (
	kindAvg = iota
	kindMax
	kindMemory
	kinds
)

// fleet is pooled time of several machines, and the P95 of each.
type fleet struct {
	sums [kinds]quantile.Summary
	p95  []Percent
	vms  int
	days []dailySum // of the averages of one machine
}

func (f *fleet) merge(o *fleet) {
	for i := range f.sums {
		f.sums[i].Merge(&o.sums[i])
	}
	f.p95 = append(f.p95, o.p95...)
	f.vms += o.vms
}

func (f *fleet) reset() {
	for i := range f.sums {
		f.sums[i].Reset()
	}
	f.p95, f.vms = f.p95[:0], 0
}

func (f *fleet) spread() Spread {
	if len(f.p95) == 0 {
		return Spread{}
	}
	slices.Sort(f.p95)
	at := func(bp int) Percent { return f.p95[quantile.Rank(int64(len(f.p95)), bp)-1] }
	return Spread{N: len(f.p95), P50: at(5000), P90: at(9000), Max: f.p95[len(f.p95)-1]}
}

// job is what one worker measures and pools: some whole resource groups, or a part of a large one.
type job struct {
	entries []*entry
	split   bool // a part of a resource group
}

// groupKey names a resource group, or a subscription where group is "".
type groupKey struct{ customer, subscription, group string }

// shared is what is pooled over jobs.
type shared struct {
	mutex         sync.Mutex
	sizes         map[Key]*fleet
	subscriptions map[groupKey]*fleet
	groups        map[groupKey]*fleet // those that are split
	whole         []Grouping          // those that are not
}

// pooledIn returns the fleet of a key, making it where it is new.
func pooledIn[K comparable](m map[K]*fleet, key K) *fleet {
	return pooledFrom(m, key, nil)
}

// pooledFrom is pooledIn with fleets whose memory a worker uses again.
func pooledFrom[K comparable](m map[K]*fleet, key K, w *worker) *fleet {
	f := m[key]
	if f == nil {
		if f = w.fleet(); f == nil {
			f = &fleet{}
		}
		m[key] = f
	}
	return f
}

// worker is the memory of one worker.
type worker struct {
	one  fleet    // of one machine
	free []*fleet // empty ones
}

// fleet returns an empty fleet; nil where w is nil.
func (w *worker) fleet() *fleet {
	if w == nil {
		return nil
	}
	n := len(w.free) - 1
	if n < 0 {
		return &fleet{}
	}
	f := w.free[n]
	w.free = w.free[:n]
	return f
}

// done gives back a fleet that was merged.
func (w *worker) done(f *fleet) {
	f.reset()
	w.free = append(w.free, f)
}

// profiles writes the figures of every machine, and the pooled ones of sizes, families, subscriptions and resource groups.
// Jobs run in parallel; what they share are sums of integers, so that their order changes nothing.
func (r *run) profiles(entries []*entry, g *groups) {
	all := &shared{sizes: map[Key]*fleet{}, subscriptions: map[groupKey]*fleet{}, groups: map[groupKey]*fleet{}}
	each(jobsOf(entries), func(j *job, w *worker) { r.pool(j, w, all) })
	families := map[groupKey]*fleet{}
	for key, f := range all.sizes {
		pooledIn(families, groupKey{key.Customer, cmp.Or(key.Size.Family(), string(key.Size)), ""}).merge(f)
	}
	out := all.whole
	for key, f := range families {
		out = append(out, f.grouping(key.customer, "family", key.subscription))
	}
	for key, f := range all.subscriptions {
		out = append(out, f.grouping(key.customer, "subscription", key.subscription))
	}
	for key, f := range all.groups {
		out = append(out, f.grouping(key.customer, "resource_group", key.subscription+"/"+key.group))
	}
	r.out.Groupings = slices.DeleteFunc(out, func(g Grouping) bool { return g.VMs == 0 })
	for key, p := range g.profiles {
		out := r.newProfile(key, p)
		if f := all.sizes[key]; f != nil {
			out.CPUAvg, out.CPUMax = distributionOf(&f.sums[kindAvg]), distributionOf(&f.sums[kindMax])
			out.Memory, out.VMP95 = distributionOf(&f.sums[kindMemory]), f.spread()
		}
		out.Warnings = profileWarnings(out)
		r.out.Profiles = append(r.out.Profiles, *out)
	}
	r.sortProfiles()
}

// sortProfiles sorts profiles and groupings by their names.
func (r *run) sortProfiles() {
	slices.SortFunc(r.out.Groupings, func(x, y Grouping) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.By, y.By), cmp.Compare(x.Key, y.Key))
	})
	slices.SortFunc(r.out.Profiles, func(x, y Profile) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Region, y.Region), cmp.Compare(x.Size, y.Size))
	})
}

func (r *run) newProfile(key Key, p *profiled) *Profile {
	out := &Profile{Key: key, Hours: p.hours, Exact: p.series.Exact()}
	var gaps []int
	for _, e := range p.entries {
		if e.vm.Hours > 0 || r.metricsOnly() {
			out.VMs++
		}
		if c := r.byID[e.customer]; c != nil {
			gaps = c.gap.days
		}
	}
	hours := p.series.Without(gaps).Flat
	var q [5]int64
	if demand.Percentiles(q[:], hours, 5000, 9000, 9500, 9900, 10_000) {
		sum := p.series.Without(gaps).Sum()
		out.Concurrency = Concurrency{P50: q[0], P90: q[1], P95: q[2], P99: q[3], Max: q[4], Mean: (sum + int64(len(hours))/2) / int64(len(hours))}
	}
	return out
}

// jobSize is the number of machines from which on a job is large enough to be worth its merges.
const jobSize = 32

// jobsOf sorts entries by resource group and cuts them into jobs.
func jobsOf(entries []*entry) []*job {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(x, y *entry) int {
		return cmp.Or(cmp.Compare(x.vm.Customer, y.vm.Customer), cmp.Compare(x.vm.Subscription, y.vm.Subscription),
			cmp.Compare(x.vm.ResourceGroup, y.vm.ResourceGroup))
	})
	var out []*job
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && groupOf(sorted[to]) == groupOf(sorted[from]) {
			to++
		}
		switch last := len(out) - 1; {
		case to-from >= 2*jobSize:
			for part := range slices.Chunk(sorted[from:to], jobSize) {
				out = append(out, &job{entries: part, split: true})
			}
		case last >= 0 && !out[last].split && len(out[last].entries) < jobSize:
			out[last].entries = append(out[last].entries, sorted[from:to]...)
		default:
			out = append(out, &job{entries: slices.Clone(sorted[from:to])})
		}
		from = to
	}
	return out
}

func groupOf(e *entry) groupKey {
	return groupKey{e.vm.Customer, e.vm.Subscription, e.vm.ResourceGroup}
}

// each runs the jobs on as many workers as there are processors.
func each[J any](jobs []J, do func(J, *worker)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(jobs)) {
		wait.Go(func() {
			var w worker
			for {
				at := int(next.Add(1)) - 1
				if at >= len(jobs) {
					return
				}
				do(jobs[at], &w)
			}
		})
	}
	wait.Wait()
}

// pool measures the machines of a job and pools them.
func (r *run) pool(j *job, w *worker, all *shared) {
	sizes, subscriptions := map[Key]*fleet{}, map[groupKey]*fleet{}
	scratch, group := &w.one, w.fleet()
	var whole []Grouping
	for i, e := range j.entries {
		scratch.reset()
		r.measure(e, scratch)
		if !e.spot {
			pooledFrom(sizes, Key{e.vm.Customer, e.vm.Region, e.vm.Size}, w).merge(scratch)
			group.merge(scratch)
		}
		if i+1 < len(j.entries) && groupOf(j.entries[i+1]) == groupOf(e) {
			continue
		}
		pooledFrom(subscriptions, groupKey{e.vm.Customer, e.vm.Subscription, ""}, w).merge(group)
		if !j.split {
			whole = append(whole, group.grouping(e.vm.Customer, "resource_group", e.vm.Subscription+"/"+e.vm.ResourceGroup))
			group.reset()
		}
	}
	all.mutex.Lock()
	defer all.mutex.Unlock()
	for key, f := range sizes {
		pooledIn(all.sizes, key).merge(f)
		w.done(f)
	}
	for key, f := range subscriptions {
		pooledIn(all.subscriptions, key).merge(f)
		w.done(f)
	}
	if j.split {
		pooledIn(all.groups, groupOf(j.entries[0])).merge(group)
	}
	w.done(group)
	all.whole = append(all.whole, whole...)
}

// grouping writes what was pooled.
func (f *fleet) grouping(customer, by, key string) Grouping {
	return Grouping{Customer: customer, By: by, Key: key, VMs: f.vms, CPUAvg: distributionOf(&f.sums[kindAvg]),
		CPUMax: distributionOf(&f.sums[kindMax]), Memory: distributionOf(&f.sums[kindMemory]), VMP95: f.spread()}
}

// profileWarnings says what is doubtful about a profile.
func profileWarnings(p *Profile) []Warning {
	var out []Warning
	warn := func(is bool, code, detail string) {
		if is {
			out = append(out, Warning{code, string(p.Size), detail})
		}
	}
	warn(p.CPUAvg.Samples > 0 && p.CPUMax.Samples == 0, "average_only", "no interval maxima: peaks inside an interval are not seen")
	warn(p.CPUAvg.Samples+p.CPUMax.Samples > 0 && p.Memory.Samples == 0, "memory_unknown", "no memory was measured")
	_, known := p.Size.Shape()
	warn(!known && p.Size != "", "size_unknown", "the catalog does not know this size")
	return out
}

// gatherAll adds the values of an entry to the figures that are pooled, and shows averages to note, which may be nil.
func (r *run) gatherAll(e *entry, f *fleet, machines []*machine, accept func(int32) bool, note func(segment, []uint16)) {
	values := 0
	for _, m := range machines {
		values += len(m.segments) * runRows
	}
	for i := range f.sums {
		f.sums[i].Expect(values)
	}
	for _, m := range machines {
		gather(&f.sums[kindAvg], m, cpuAvg, accept, note)
		gather(&f.sums[kindMax], m, cpuMax, accept, nil)
	}
	r.gatherMemory(e, machines, &f.sums[kindMemory], accept)
	if e.vm.Hours > 0 || r.metricsOnly() {
		f.vms++
	}
}

// accept returns which days of an entry's samples count: from the first day of the window on where there are any, and
// all of them else; and where the machine had another size on some days, only the days on which this one was billed most.
func (r *run) accept(e *entry, machines []*machine) func(day int32) bool {
	recent := false
	for _, m := range machines {
		for _, s := range m.segments {
			recent = recent || s.day >= r.first
		}
	}
	from := int32(-1 << 31)
	if recent {
		from = r.first
	}
	if !e.split {
		return func(day int32) bool { return day >= from }
	}
	return func(day int32) bool { return day >= from && e.mine[day] }
}

// note adds values of a day to its sum.
func (f *fleet) note(s segment, values []uint16) {
	sum := int64(0)
	for _, v := range values {
		sum += int64(v)
	}
	f.days = append(f.days, dailySum{s.day, sum * s.seconds(), int64(len(values)) * s.seconds()})
}

// gather adds a machine's values of one measure on the days that count, and shows them to note, which may be nil.
func gather(to *quantile.Summary, m *machine, which measure, accept func(int32) bool, note func(segment, []uint16)) {
	each := func(s segment, values []uint16) {
		if note != nil {
			note(s, values)
		}
		if s.extra() {
			to.AddExtra(values, s.seconds())
		} else {
			to.AddValues(values, s.seconds())
		}
	}
	if m.segmentsOf(which, accept, each) && to.Max() >= quantile.Limit {
		to.Raise(m.top[which])
	}
}

// segmentsOf calls yield for the accepted segments of a measure; it is false when there are none.
func (m *machine) segmentsOf(which measure, accept func(int32) bool, yield func(segment, []uint16)) bool {
	any := false
	if track := m.tracks[which]; track != nil {
		track.Parts(func(at uint16, values []uint16) {
			if s := m.segments[at]; accept(s.day) {
				any = true
				yield(s, values)
			}
		})
	}
	return any
}

// gatherMemory adds the used share of memory: as measured, or from the free bytes and the memory of the size.
func (r *run) gatherMemory(e *entry, machines []*machine, to *quantile.Summary, accept func(int32) bool) {
	for _, m := range machines {
		gather(to, m, memoryUsed, accept, nil)
	}
	shape, ok := e.vm.Size.Shape()
	if to.Samples() > 0 || !ok || shape.MemoryMiB <= 0 {
		return
	}
	r.gatherShare(machines, memoryFree, accept, to, func(units int64) int64 {
		total := shape.MemoryMiB << 20
		if units*freeUnit > total+total/100 {
			return quantile.Limit // more is free than the size has: no share of it
		}
		return max(0, (2*10_000*(total-units*freeUnit)+total)/(2*total))
	})
}

// gatherShare adds coded numbers as shares in hundredths of a percent.
func (r *run) gatherShare(machines []*machine, which measure, accept func(int32) bool, to *quantile.Summary, share func(int64) int64) {
	var buffer []uint16
	for _, m := range machines {
		m.segmentsOf(which, accept, func(s segment, values []uint16) {
			buffer = buffer[:0]
			for _, v := range values {
				buffer = append(buffer, uint16(min(quantile.Limit, share(decode(v)))))
			}
			if s.extra() {
				to.AddExtra(buffer, s.seconds())
			} else {
				to.AddValues(buffer, s.seconds())
			}
		})
	}
}

// measure fills in the figures of a machine that samples tell, and leaves what is pooled in f.
func (r *run) measure(e *entry, f *fleet) {
	machines := e.machines
	if len(machines) == 0 {
		machines = e.set
	}
	accept := r.accept(e, machines)
	f.days = f.days[:0]
	r.gatherAll(e, f, machines, accept, f.note)
	f.days = joinDays(f.days)
	vm := e.vm
	vm.CPUAvg, vm.CPUMax, vm.Memory = distributionOf(&f.sums[kindAvg]), distributionOf(&f.sums[kindMax]), distributionOf(&f.sums[kindMemory])
	var sum quantile.Summary
	for _, m := range machines {
		gather(&sum, m, networkOut, accept, nil)
	}
	vm.NetworkOut = decoded(distributionOf(&sum), &sum)
	if shape, ok := vm.Size.Shape(); ok {
		vm.DiskBandwidth = r.ofLimit(machines, diskBandwidth, accept, shape.DiskBytesPerSecond/1000)
		vm.DiskOperations = r.ofLimit(machines, diskOps, accept, shape.DiskIOPS)
	}
	vm.Week, vm.load = weekOf(e, machines), loadOf(machines, accept)
	vm.Overload = overloadOf(e, machines, &f.sums[kindAvg])
	if best := f.best(); best.Samples() > 0 {
		vm.Censored = percentOf(best.From(ceiling), best.Seconds())
		p95 := vm.CPUMax.P95
		if vm.CPUMax.Samples == 0 {
			p95 = vm.CPUAvg.P95
		}
		f.p95 = append(f.p95, p95)
	}
	days := f.days
	vm.Rhythm.load(days, &vm.Week)
	vm.SampleDays, vm.LastSample = sampleDays(machines, accept)
	vm.Days = MeasuredDays{CPUAvg: daysOf(machines, cpuAvg, accept), CPUMax: daysOf(machines, cpuMax, accept), Memory: daysOf(machines, memoryUsed, accept),
		NetworkOut: daysOf(machines, networkOut, accept), DiskBandwidth: daysOf(machines, diskBandwidth, accept), DiskOperations: daysOf(machines, diskOps, accept)}
	if vm.Days.Memory == 0 {
		vm.Days.Memory = daysOf(machines, memoryFree, accept)
	}
	vm.State = r.state(e, days)
	r.doubts(e, vm.SampleDays)
}

// best is the distribution of maxima, or of averages where there are none.
func (f *fleet) best() *quantile.Summary {
	if f.sums[kindMax].Samples() > 0 {
		return &f.sums[kindMax]
	}
	return &f.sums[kindAvg]
}

// sampleDays counts the accepted days with samples, and returns the last.
func sampleDays(machines []*machine, accept func(int32) bool) (n int, last time.Time) {
	days := map[int32]bool{}
	for _, m := range machines {
		for _, s := range m.segments {
			if accept(s.day) {
				days[s.day] = true
			}
		}
	}
	for day := range days {
		if at := dayTime(day); at.After(last) {
			last = at
		}
	}
	return len(days), last
}

// daysOf counts the accepted days on which a measure was taken.
func daysOf(machines []*machine, which measure, accept func(int32) bool) int {
	var days []int32
	for _, m := range machines {
		if track := m.tracks[which]; track != nil {
			track.Segments(func(at uint16) {
				if day := m.segments[at].day; accept(day) && (len(days) == 0 || days[len(days)-1] != day) {
					days = append(days, day)
				}
			})
		}
	}
	slices.Sort(days)
	return len(slices.Compact(days))
}

// ofLimit returns the distribution of a measure as a share of the size's limit, nothing where that is not known.
func (r *run) ofLimit(machines []*machine, which measure, accept func(int32) bool, limit int64) Distribution {
	if limit <= 0 {
		return Distribution{}
	}
	var sum quantile.Summary
	r.gatherShare(machines, which, accept, &sum, func(v int64) int64 { return (2*10_000*v + limit) / (2 * limit) })
	return distributionOf(&sum)
}

// decoded returns a distribution of coded numbers as one of numbers.
func decoded(d Distribution, s *quantile.Summary) Distribution {
	if d.Samples == 0 {
		return d
	}
	whole := func(p Percent) Percent { return Percent(min(decode(uint16(min(p, quantile.Limit))), 1<<31-1)) }
	d.P50, d.P90, d.P95, d.P99, d.Max, d.Type7 = whole(d.P50), whole(d.P90), whole(d.P95), whole(d.P99), whole(d.Max), nil
	sum := int64(0)
	s.Parts(func(value int32, seconds int64) { sum += decode(uint16(value)) * seconds })
	d.Mean = Percent(min(1<<31-1, (sum+d.Seconds/2)/d.Seconds))
	return d
}

// weekOf returns the mean CPU average by hour of the week; -1 where nothing was measured, everywhere where the machine
// had several sizes, because the week does not tell them apart.
func weekOf(e *entry, machines []*machine) (out [168]Percent) {
	sum := &week{}
	for _, m := range machines {
		switch {
		case m.week == nil || e.split:
		case len(machines) == 1:
			sum = m.week
		default:
			sum.merge(m.week)
		}
	}
	for h := range out {
		out[h] = -1
		if n := sum.seconds(h); n > 0 {
			out[h] = Percent((sum.sum(h) + n/2) / n)
		}
	}
	return out
}

// The rule of an idle machine is the provider's own for a shut-down, without its network part: P95 of CPU below 3 %, and
// at most 2 % on average over the last three days with samples (domain 7.1).
const (
	ceiling      = 9800 // at or above, more was wanted than could be had
	idleP95      = 300
	idleRecent   = 200
	recentDays   = 3
	minDaysOfCPU = 7
	// fullCPU and fullMemory are what a share of the machine can be at most, with a point for rounding: sums over cores, and
	// bytes of another size, are not shares of this one.
	fullCPU    = 10_100
	fullMemory = 10_100
)

// state judges a machine whose figures are known.
func (r *run) state(e *entry, days []dailySum) State {
	vm := e.vm
	if vm.Hours <= 0 && !r.metricsOnly() {
		return StateGone
	}
	if _, known := vm.Size.Shape(); !known && (vm.Size != "" || !r.metricsOnly()) {
		return StateSizeUnknown
	}
	high := vm.CPUMax
	if high.Samples == 0 {
		high = vm.CPUAvg
	}
	recent := days
	for len(recent) > 0 && recent[0].day <= days[len(days)-1].day-recentDays {
		recent = recent[1:]
	}
	switch {
	case high.Samples == 0 && e.twin:
		return StateAmbiguous
	case high.Samples == 0 && e.refused.Rows > 0:
		return StateRefused
	case high.Samples == 0:
		return StateNoMetrics
	case max(high.Max, vm.CPUAvg.Max) > fullCPU:
		return StateAboveFull
	case vm.Memory.Max > fullMemory:
		return StateMemoryOther
	case vm.SampleDays < minDaysOfCPU:
		return StateTooFew
	case high.P95 < idleP95 && meanOf(recent) <= idleRecent:
		return StateIdle
	case vm.Memory.Samples == 0:
		return StateMemoryUnknown
	}
	return StateOK
}

// metricsOnly reports whether there are samples without any charges.
func (r *run) metricsOnly() bool { return len(r.customers) == 0 }
