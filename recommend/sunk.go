package recommend

import (
	"fmt"
	"math/bits"
	"slices"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
)

// withoutPlanned returns the analysis without the usage that savings plans covered, and a warning for each pool that had some.
//
// A savings plan is sunk: a reservation for usage under it saves no pay-as-you-go price, it only frees dollars of the plan. What those are
// worth depends on what else they would find, which the rows do not say, so they count for nothing: the saving is understated, never
// overstated. The rows do not say in which hours the plan covered a size; its share is taken off every hour.
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
			Detail: fmt.Sprintf("%d hours ran under a savings plan and are left out: a reservation for them would only free dollars of the plan; plan again when it ends", planned/analyzerHour)})
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

// uncovered returns a series without so many micro-hours, taken off in proportion.
func uncovered(s demand.Series, planned int64) demand.Series {
	total := int64(0)
	for _, n := range s.Flat {
		total += max(0, n)
	}
	if planned <= 0 || total <= 0 {
		return s
	}
	left := uint64(max(0, total-planned))
	scale := func(hours []int64) []int64 {
		out := make([]int64, len(hours))
		for i, n := range hours {
			hi, lo := bits.Mul64(uint64(max(0, n)), left)
			share, _ := bits.Div64(hi, lo, uint64(total)) // left <= total, so it fits
			out[i] = int64(share)
		}
		return out
	}
	exact := s.Exact()
	less := demand.Series{Flat: scale(s.Flat), Stacked: scale(s.Stacked)}
	if exact {
		less.Stacked = less.Flat
	}
	return less
}
