package recommend

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend/bill"
)

// period is a part of the time ahead in which the same existing reservations are live and the demand is as likely to live.
type period struct {
	hours int64 // of the part, times weightScale where weighted: the hours that count
	from  int64 // hours after the day of the plan
	live  []int // existing reservations that run, by index
}

// weightScale is the resolution of the probability that demand is still there: one millionth.
const weightScale = 1_000_000

// hoursOfYears returns the hours of n years.
func hoursOfYears(n int) int64 { return int64(n) * pricing.HoursOfYear }

// periods cuts the years after asOf into parts, in order: at each date on which a purchase can be made and each year after it,
// at each start and end of an existing reservation, and, where demand may be lost, at each month of 730 hours. Parts that
// differ in nothing are joined, but never across a purchase. With loss > 0 the hours of a part are weighted with the
// probability (1-loss)^month that the demand is still there.
func periods(asOf time.Time, years int, existing []Existing, loss float64, starts []int64) []period {
	end := hoursOfYears(years)
	bounds := map[int64]bool{}
	for _, start := range starts {
		for at := start; at < end; at += pricing.HoursOfYear {
			bounds[at] = true
		}
	}
	cuts := []int64{0, end}
	for at := range bounds {
		cuts = append(cuts, at)
	}
	for _, e := range existing {
		cuts = append(cuts, hourAhead(asOf, e.From, end), untilHour(asOf, e, end))
	}
	if loss > 0 {
		for m := int64(1); m*pricing.HoursOfMonth < end; m++ {
			cuts = append(cuts, m*pricing.HoursOfMonth)
		}
	}
	slices.Sort(cuts)
	var parts []period
	for i := 1; i < len(cuts); i++ {
		from, to := cuts[i-1], cuts[i]
		if from == to {
			continue
		}
		part := period{hours: to - from, from: from}
		if loss > 0 {
			part.hours *= survivors(loss, from/pricing.HoursOfMonth)
		}
		for j, e := range existing {
			if hourAhead(asOf, e.From, end) <= from && from < untilHour(asOf, e, end) {
				part.live = append(part.live, j)
			}
		}
		if n := len(parts); n > 0 && !bounds[from] && slices.Equal(parts[n-1].live, part.live) {
			parts[n-1].hours += part.hours
			continue
		}
		parts = append(parts, part)
	}
	return parts
}

// survivors returns (1-loss)^months in millionths.
func survivors(loss float64, months int64) int64 {
	return int64(math.Round(math.Pow(1-loss, float64(months)) * weightScale))
}

// hourAhead returns how many hours after asOf t is, within [0, end].
func hourAhead(asOf, t time.Time, end int64) int64 {
	return min(max(0, int64(t.Sub(asOf)/time.Hour)), end)
}

// untilHour returns the hour at which e ends; a reservation that renews itself does not end within the horizon.
func untilHour(asOf time.Time, e Existing, end int64) int64 {
	if e.AutoRenew {
		return end
	}
	return hourAhead(asOf, e.Until, end)
}

// row is the demand of one scope, size and operating system of a pool.
type row struct {
	scope     string
	size      catalog.Size
	windows   bool
	instances []int64 // micro-instances in each hour class
}

// hourClasses is one profile of a pool in which the hours of the window that are alike in every row are one class.
type hourClasses struct {
	count []int64 // hours of the window in each class
	class []int   // class of each hour of the window; noClass where no file covers the day
	rows  []row
}

// noClass marks an hour of a day that no file covers.
const noClass = -1

// profileOf selects the Flat or the Stacked profile of a series.
type profileOf func(demand.Series) []int64

func flat(s demand.Series) []int64    { return s.Flat }
func stacked(s demand.Series) []int64 { return s.Stacked }

// classesOf merges the hours of the pool's window that are alike. Members whose size has no price stay out: nothing is
// decided about them. Days that no file covers stay out too: they are unknown, not idle.
func classesOf(pool *analyzer.Pool, m *market, hours int, profile profileOf) hourClasses {
	var rows []row
	var columns [][]int64
	for i := range pool.Members {
		member := &pool.Members[i]
		if _, ok := m.rates[member.Size]; !ok {
			continue
		}
		rows = append(rows, row{scope: path(member.Subscription, member.ResourceGroup), size: member.Size, windows: member.OS == "windows"})
		columns = append(columns, profile(member.Series))
	}
	classes := hourClasses{rows: rows}
	seen := map[string]int{}
	key := make([]byte, 0, 8*len(rows))
	for h := range hours {
		if slices.Contains(pool.Gaps, h/24) {
			classes.class = append(classes.class, noClass)
			continue
		}
		key = key[:0]
		for _, column := range columns {
			key = fmt.Appendf(key, "%d,", column[h])
		}
		at, ok := seen[string(key)]
		if !ok {
			at = len(classes.count)
			seen[string(key)] = at
			classes.count = append(classes.count, 0)
			for r, column := range columns {
				classes.rows[r].instances = append(classes.rows[r].instances, max(0, column[h]))
			}
		}
		classes.count[at]++
		classes.class = append(classes.class, at)
	}
	return classes
}

// path is the scope of usage as the bill simulator knows it. A slash inside a name would make another level, so it goes.
func path(subscription, group string) string {
	clean := func(s string) string {
		if s = strings.ReplaceAll(s, "/", "_"); s == "" {
			return "-"
		}
		return s
	}
	return sharedScope + "/" + clean(subscription) + "/" + clean(group)
}

// sharedScope is the scope that every subscription of a customer lies in.
const sharedScope = "shared"

// scopePath turns the scope of an existing reservation into a node of the simulator's tree.
func scopePath(scope string) string {
	parts := strings.Split(strings.Trim(strings.ToLower(scope), "/"), "/")
	if len(parts) >= 2 && parts[0] == "subscriptions" {
		if len(parts) >= 4 {
			return path(parts[1], parts[3])
		}
		return sharedScope + "/" + parts[1]
	}
	return sharedScope
}

// problem states the pool's usage ahead for the bill simulator: for every period and class of hours a slot, which counts
// the class's hours of the window once for each hour of the period. Money is in 1e-10 units, so that no rate is rounded.
func problem(c hourClasses, m *market, parts []period, existing []Existing, order bill.Order) *bill.Problem {
	p := &bill.Problem{ID: "pool", RunDenominator: demand.Full, Sizes: map[string]bill.Size{}, Rules: bill.Rules{Order: order}}
	for size, ratio := range m.ratios {
		p.Sizes[string(size)] = bill.Size{Group: "pool", Ratio: ratio, Payg: int64(m.rates[size].rate)}
	}
	for r, row := range c.rows {
		name := string(row.size)
		if row.windows {
			name += " windows"
			p.Sizes[name] = bill.Size{Group: "pool", Ratio: m.ratios[row.size], Payg: int64(m.rates[row.size].rate), Software: int64(m.software[row.size])}
		}
		p.VMs = append(p.VMs, bill.VM{ID: fmt.Sprintf("%05d", r), Scope: row.scope, Candidates: []bill.Candidate{{Size: name}}})
	}
	spans := make([][2]int, len(parts))
	for i, part := range parts {
		spans[i][0] = len(p.Slots)
		for k, n := range c.count {
			p.Slots = append(p.Slots, bill.Slot{Hours: n * part.hours})
			for r := range c.rows {
				p.VMs[r].Run = append(p.VMs[r].Run, c.rows[r].instances[k])
			}
		}
		spans[i][1] = len(p.Slots)
	}
	for i, part := range parts {
		for _, j := range part.live {
			addExisting(p, m, existing[j], fmt.Sprintf("%05d.%05d", j, i), spans[i])
		}
	}
	return p
}

// addExisting adds reservation e to the slots of span: as capacity of its group, or, where its size flexibility is off,
// straight off the usage of its size in its scope.
func addExisting(p *bill.Problem, m *market, e Existing, id string, span [2]int) {
	if !e.ExactSize {
		p.Existing = append(p.Existing, bill.Existing{Qty: e.Quantity, Commitment: bill.Commitment{
			ID: id, Kind: bill.Reservation, Scope: scopePath(e.Scope), From: span[0], To: span[1], Size: string(e.Size)}})
		return
	}
	node := scopePath(e.Scope)
	for t := span[0]; t < span[1]; t++ {
		left := e.Quantity * demand.Full
		for v := range p.VMs {
			size := strings.TrimSuffix(p.VMs[v].Candidates[0].Size, " windows")
			if size != string(e.Size) || !inScope(p.VMs[v].Scope, node) {
				continue
			}
			take := min(left, p.VMs[v].Run[t])
			p.VMs[v].Run[t] -= take
			left -= take
		}
	}
}

// inScope reports whether the path scope lies at or below node.
func inScope(scope, node string) bool { return scope == node || strings.HasPrefix(scope, node+"/") }

// netUnits returns for each slot the units (source ratio x 100, times 1e6) inside a scope that the existing reservations of that
// scope and of narrower ones leave, by the recursion over nested scopes: the deepest first, each as far as its usage goes
// (algorithms 1.5). Existing reservations of wider scopes come after new ones of this scope.
func netUnits(p *bill.Problem, scope string) []int64 {
	var nodes []bill.Existing
	for _, e := range p.Existing {
		if inScope(e.Scope, scope) {
			nodes = append(nodes, e)
		}
	}
	sort.SliceStable(nodes, func(i, j int) bool {
		return strings.Count(nodes[i].Scope, "/") > strings.Count(nodes[j].Scope, "/")
	})
	units := make([]int64, len(p.Slots))
	left := make([]int64, len(p.VMs))
	for t := range p.Slots {
		for v := range p.VMs {
			left[v] = 0
			if inScope(p.VMs[v].Scope, scope) {
				left[v] = p.VMs[v].Run[t] * p.Sizes[p.VMs[v].Candidates[0].Size].Ratio
			}
		}
		for i := range nodes {
			e := &nodes[i]
			if t < e.From || t >= e.To {
				continue
			}
			capacity := e.Qty * p.Sizes[e.Size].Ratio * demand.Full
			for v := range p.VMs {
				if inScope(p.VMs[v].Scope, e.Scope) {
					take := min(capacity, left[v])
					left[v] -= take
					capacity -= take
				}
			}
		}
		for v := range left {
			units[t] += left[v]
		}
	}
	return units
}
