package recommend

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/rightsize"
)

// jointUnit is how many units of the joint problem's money make 1e-10 of the currency and an hour of the window: a third of a
// three-year total, the share of one year, is then a whole number.
const jointUnit = 3

// joint is the year ahead of one customer in one currency as a problem of sizes and reservations. Its hours are those of the window,
// each counted once for every hour of the year, as in ahead. It guides the choice of sizes; what is printed is decided and evaluated
// again, pool by pool.
type joint struct {
	in      *Input
	account totalKey
	tariff  *tariff
	days    int
	gaps    []int
	parts   []period
	first   []int // slot of each part, and the number of slots at the end
	own     []Existing
	problem *bill.Problem
	today   map[string]*decision // of each pool of today, by poolName
	reached map[string]bool      // pools that a machine with a choice could be in
	rows    []jointRow
	uniform bool
}

// jointRow is usage that takes one size.
type jointRow struct {
	vm     bill.VM
	series []int64
}

// poolName names a pool within one customer and currency, as Row names groups.
func poolName(region catalog.Region, size catalog.Size) string {
	if group, ok := size.Group(); ok {
		return string(region) + "/" + group.Name
	}
	return string(region) + "/" + string(size)
}

// solve decides sizes and reservations of the subjects together; nil where none has a choice.
func (j *joint) solve(list []*subject) (*rightsize.Together, error) {
	j.problem = &bill.Problem{ID: "sizes", RunDenominator: demand.Full, Sizes: map[string]bill.Size{}}
	j.reached, j.uniform = map[string]bool{}, true
	hours := j.in.Analysis.Window.Hours() - 24*len(j.gaps)
	free := map[*subject]bill.VM{}
	for _, s := range list {
		vm, err := j.choices(s, hours)
		if err != nil {
			return nil, err
		}
		if len(vm.Candidates) > 1 {
			free[s] = vm
		}
	}
	if len(free) == 0 {
		return nil, nil
	}
	j.addRows(list, free)
	j.addSlots()
	j.addCommitments(hours)
	j.problem.Rules.Order = bill.Proportional
	if j.uniform {
		j.problem.Rules.Order = bill.HighestFirst
	}
	return rightsize.Joint(j.problem, rightsize.JointOptions{})
}

// resizable reports whether another size is what could be done: other actions, and a move that must be made, come before a choice.
func (s *subject) resizable() bool {
	return !s.advice.Forced && (s.advice.Action == rightsize.Resize || s.advice.Action == rightsize.Keep)
}

// choices returns the row of a subject, with its size alone where it must stay.
func (j *joint) choices(s *subject, hours int) (bill.VM, error) {
	vm := bill.VM{}
	if s.fixed.Code != "" || len(s.advice.Alternatives) == 0 || !s.resizable() {
		return vm, nil
	}
	vm, sizes, err := s.sizer.Row(s.machine, &s.advice, rightsize.Frame{Scope: path(s.first.Subscription, s.first.ResourceGroup), Unit: jointUnit, Months: 12})
	if err != nil || len(vm.Candidates) < 2 {
		return bill.VM{}, err
	}
	// Risks are for a year of hours; the problem counts each hour of the window once for each of the year.
	for i := range vm.Candidates {
		c := &vm.Candidates[i]
		if c.Risk > math.MaxInt64/int64(max(1, hours)) {
			return bill.VM{}, nil
		}
		c.Risk *= int64(hours)
	}
	for name, size := range sizes {
		j.problem.Sizes[name] = size
		j.reached[size.Group] = true
	}
	vm.ID = fmt.Sprintf("%07d", s.vms[0])
	s.row = vm.ID
	return vm, nil
}

// addRows adds the machines with a choice, and all others in their pools, added up by scope and size.
func (j *joint) addRows(list []*subject, free map[*subject]bill.VM) {
	fixed := map[string]int{}
	for _, s := range list {
		series := s.series(j.in.Analysis)
		if series == nil {
			continue
		}
		if vm, ok := free[s]; ok {
			j.rows = append(j.rows, jointRow{vm, series})
			continue
		}
		at := s.place()
		if s.advice.Forced && s.fixed.Code == "" {
			at.size = s.advice.To
		}
		if !j.reached[poolName(at.region, at.size)] || s.advice.Action == rightsize.Shutdown {
			continue
		}
		name, ok := j.addSize(at, s.first.OS == "windows")
		if !ok {
			continue
		}
		scope := path(s.first.Subscription, s.first.ResourceGroup)
		key := scope + "\x00" + name
		row, ok := fixed[key]
		if !ok {
			row = len(j.rows)
			fixed[key] = row
			j.rows = append(j.rows, jointRow{bill.VM{ID: fmt.Sprintf("f%07d", row), Scope: scope, Candidates: []bill.Candidate{{Size: name}}}, make([]int64, len(series))})
		}
		for h, v := range series {
			j.rows[row].series[h] += v
		}
	}
}

// addSize adds a size in use to the problem, false where it has no price.
func (j *joint) addSize(at place, windows bool) (string, bool) {
	name := string(at.region) + "/" + string(at.size)
	if windows {
		name += "/windows"
	}
	if _, ok := j.problem.Sizes[name]; ok {
		return name, true
	}
	p, ok := j.tariff.compute(at)
	if !ok {
		return "", false
	}
	size := bill.Size{Group: poolName(at.region, at.size), Ratio: 100, Payg: int64(p.rate) * jointUnit}
	if group, ok := at.size.Group(); ok {
		size.Ratio = group.Ratio
	}
	if windows {
		licence, _ := j.tariff.licence(at)
		size.Software = int64(licence) * jointUnit
	}
	j.problem.Sizes[name] = size
	return name, true
}

// addSlots merges the hours of the window in which every row is alike, for each period of the year.
func (j *joint) addSlots() {
	columns, seen := [][]int64{}, map[string]bool{}
	for i := range j.rows {
		if key := seriesKey(j.rows[i].series); !seen[key] {
			seen[key] = true
			columns = append(columns, j.rows[i].series)
		}
	}
	var count []int64
	var at []int // an hour of each class
	classes, key := map[string]int{}, make([]byte, 0, 8*len(columns))
	for h := range 24 * j.days {
		if slices.Contains(j.gaps, h/24) {
			continue
		}
		key = key[:0]
		for _, c := range columns {
			key = binary.AppendVarint(key, c[h])
		}
		k, ok := classes[string(key)]
		if !ok {
			k = len(count)
			classes[string(key)] = k
			count, at = append(count, 0), append(at, h)
		}
		count[k]++
	}
	for _, part := range j.parts {
		for _, n := range count {
			j.problem.Slots = append(j.problem.Slots, bill.Slot{Hours: n * part.hours})
		}
	}
	for i := range j.rows {
		vm := j.rows[i].vm
		vm.Run = make([]int64, 0, len(j.problem.Slots))
		for range j.parts {
			for _, h := range at {
				vm.Run = append(vm.Run, max(0, j.rows[i].series[h]))
			}
		}
		j.problem.VMs = append(j.problem.VMs, vm)
	}
	for i := range len(j.parts) + 1 {
		j.first = append(j.first, i*len(count))
	}
}

// seriesKey tells series apart.
func seriesKey(series []int64) string {
	key := make([]byte, 0, 4*len(series))
	for _, v := range series {
		key = binary.AppendVarint(key, v)
	}
	return string(key)
}

// addCommitments adds what can be bought for the pools in reach, and what is owned.
func (j *joint) addCommitments(hours int) {
	for _, name := range slices.Sorted(maps.Keys(j.reached)) {
		d := j.today[name]
		if d == nil {
			d = j.strange(name)
		}
		j.uniform = j.uniform && d.market.uniform() && j.oneUnitPrice(name)
		for _, term := range j.terms(d) {
			offer, ok := d.step(term)
			if !ok {
				continue
			}
			ratio := d.market.ratios[offer.Size]
			share := int64(jointUnit / term.Years()) // of one year
			if term.Years() != 1 && term.Years() != 3 || offer.Total.Micros > math.MaxInt64/10_000/share/int64(max(1, hours)) {
				continue
			}
			at := string(d.pool.Region) + "/" + string(offer.Size)
			if _, ok := j.problem.Sizes[at]; !ok {
				j.problem.Sizes[at] = bill.Size{Group: name, Ratio: ratio}
			}
			j.problem.Offers = append(j.problem.Offers, bill.Offer{Price: offer.Total.Micros * 10_000 * share * int64(hours), MaxQty: j.most(name)/(ratio*demand.Full) + 1,
				Commitment: bill.Commitment{ID: name + " " + term.String(), Kind: bill.Reservation, Scope: sharedScope, To: len(j.problem.Slots), Size: at}})
		}
	}
	for k, e := range j.own {
		name := poolName(e.Region, e.Size)
		if !j.reached[name] || e.ExactSize {
			continue
		}
		at := string(e.Region) + "/" + string(e.Size)
		if _, ok := j.problem.Sizes[at]; !ok {
			size := bill.Size{Group: name, Ratio: 100}
			if group, ok := e.Size.Group(); ok {
				size.Ratio = group.Ratio
			}
			j.problem.Sizes[at] = size
		}
		for i, part := range j.parts {
			if slices.Contains(part.live, k) {
				j.problem.Existing = append(j.problem.Existing, bill.Existing{Qty: e.Quantity, Commitment: bill.Commitment{ID: fmt.Sprintf("%05d.%05d", k, i), Kind: bill.Reservation,
					Scope: scopePath(e.Scope), From: j.first[i], To: j.first[i+1], Size: at}})
			}
		}
	}
}

// oneUnitPrice reports whether all sizes of a pool cost the same a unit.
func (j *joint) oneUnitPrice(name string) bool {
	first, found := bill.Size{}, false
	for _, key := range slices.Sorted(maps.Keys(j.problem.Sizes)) {
		size := j.problem.Sizes[key]
		if size.Group != name || size.Payg == 0 {
			continue
		}
		if found && size.Payg*first.Ratio != first.Payg*size.Ratio {
			return false
		}
		first, found = size, true
	}
	return true
}

// most returns the most units that could ever run in a pool.
func (j *joint) most(name string) int64 {
	sum := int64(0)
	for i := range j.problem.VMs {
		vm := &j.problem.VMs[i]
		ratio := int64(0)
		for _, c := range vm.Candidates {
			if size := j.problem.Sizes[c.Size]; size.Group == name {
				ratio = max(ratio, size.Ratio)
			}
		}
		if ratio > 0 {
			sum += ratio * slices.Max(vm.Run)
		}
	}
	return sum
}

// strange states a pool in which no machine is today.
func (j *joint) strange(name string) *decision {
	pool := &analyzer.Pool{Customer: j.account.customer, Currency: string(j.account.currency), Days: j.days - len(j.gaps), Gaps: j.gaps}
	for _, key := range slices.Sorted(maps.Keys(j.problem.Sizes)) {
		if j.problem.Sizes[key].Group != name {
			continue
		}
		size := sizeOf(key)
		group, flexible := size.Group()
		region, _, _ := strings.Cut(key, "/")
		pool.Region, pool.Flexible, pool.Group = catalog.Region(region), flexible, cmp.Or(group.Name, string(size))
		pool.Members = append(pool.Members, analyzer.Member{Size: size, OS: "linux", Ratio: max(100, group.Ratio), Series: demand.NewSeries(0)})
	}
	d := &decision{pool: pool, market: newMarket(pool, j.in), currency: j.account.currency, asOf: j.in.Analysis.AsOf}
	d.describe(j.in)
	d.gate(j.in)
	return d
}

// terms returns the terms at which demand is valued: three years only where demand lasts long enough for them to be chosen.
func (j *joint) terms(d *decision) []pricing.Term {
	flip := d.flip()
	return slices.DeleteFunc(slices.Clone(d.terms), func(t pricing.Term) bool {
		return t == pricing.ThreeYear && flip.Has && j.in.Policy.MonthlyLoss >= flip.Value
	})
}
