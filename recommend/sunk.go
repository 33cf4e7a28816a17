package recommend

import (
	"fmt"
	"slices"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
)

// withoutPlanned returns the analysis without the usage that savings plans covered, and a warning for each pool that had some.
//
// A savings plan is sunk: a reservation for usage under it saves no pay-as-you-go price, it frees dollars of the plan. Those are worth what
// they find: usage of the same size above the plan is priced at pay-as-you-go and counted; what they might find in other sizes and regions
// the rows do not say, and it counts for nothing, so that the saving is understated, never overstated.
func withoutPlanned(a *analyzer.Analysis) *analyzer.Analysis {
	if !slices.ContainsFunc(a.Pools, func(p analyzer.Pool) bool { return plannedHours(&p) > 0 }) {
		return a
	}
	less := *a
	less.Pools = slices.Clone(a.Pools)
	for i := range less.Pools {
		pool := &less.Pools[i]
		planned := plannedHours(pool)
		if planned == 0 {
			continue
		}
		pool.Members = slices.Clone(pool.Members)
		for j := range pool.Members {
			m := &pool.Members[j]
			m.Series = uncovered(m.Series, m.PlanCovered)
		}
		pool.Warnings = append(slices.Clone(pool.Warnings), analyzer.Warning{Code: "savings_plan_usage", Subject: fmt.Sprintf("%s in %s", pool.Group, pool.Region),
			Detail: fmt.Sprintf("%d hours ran under a savings plan, which comes after reservations: only usage above it saves pay-as-you-go prices, and what freed dollars of the plan would find in other sizes is not counted; plan again when it ends", planned/analyzerHour)})
	}
	return &less
}

// plannedHours returns the micro-hours of a pool that savings plans covered.
func plannedHours(p *analyzer.Pool) int64 {
	sum := int64(0)
	for i := range p.Members {
		sum += max(0, p.Members[i].PlanCovered)
	}
	return sum
}

// uncovered returns a series without what a savings plan of constant strength serves of it: in each hour at most level micro-instances,
// with the level at which so many micro-hours are served in all. That is what the bill simulator makes of a plan that is sunk: what a
// reservation covers frees the plan for the usage above, so that q instances save what the hours above level + q cost less.
func uncovered(s demand.Series, planned int64) demand.Series {
	if planned <= 0 {
		return s
	}
	exact := s.Exact()
	less := demand.Series{Flat: above(s.Flat, planned)}
	if exact {
		less.Stacked = less.Flat
		return less
	}
	less.Stacked = above(s.Stacked, planned)
	return less
}

// above returns what is left of each hour above the level under which planned micro-hours lie; the level rounds up in favour of the plan.
func above(hours []int64, planned int64) []int64 {
	sorted := slices.Clone(hours)
	slices.Sort(sorted)
	level, below := int64(0), int64(0) // all hours from i on reach the level
	for i, n := range sorted {
		n = max(0, n)
		rest := int64(len(sorted) - i)
		if step := n - level; step > (planned-below)/rest {
			level += (planned - below + rest - 1) / rest
			below = planned
			break
		}
		below += (n - level) * rest
		level = n
	}
	out := make([]int64, len(hours))
	for i, n := range hours {
		out[i] = max(0, max(0, n)-level)
	}
	return out
}
