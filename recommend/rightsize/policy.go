package rightsize

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Rule says how much CPU a target must have: the quantile of a share of the time, in basis points, of the interval maximum is at
// most Limit of the target. Shares that are kept are 9000, 9500, 9900 and 10000.
//
//	share, limit    vCPU saved and overload on Azure traces out of sample (reference 3.3)
//	9900, 9000      12.5 %, no machine with more than 1 % of the time above its size
//	9500, 8000      44 %, none, at most 0.38 % of the time
//	9900 of avg     65 %, 7 of 12 machines: why averages do not count
type Rule struct {
	Share int
	Limit Percent
}

// Policy is the rules of sizes. DefaultPolicy holds where the user says nothing.
//
//	field               default     effect of another value
//	Production          P99, 90 %   see Rule
//	Relaxed             P95, 80 %   for machines that RelaxedTags name
//	Overload            0.50 %      beside Relaxed and P99 within the target: short peaks that the intervals prove to be short; 0 asks
//	                                for the quantile alone (traces: 41.5 % instead of 42.0 % saved, the same machines overloaded)
//	Proven              true        refuses a smaller size that allows, or may allow, less disk or network than today where their use was not
//	                                measured: without it, taking a measure away could make a size feasible; false proposes it with a check
//	AverageLimit        none        50 % admits machines without interval maxima whose P99 of the average stays below half the target
//	MemoryMargin        20 %        15 % is what VPA and KRR add; memory does not queue, it ends the process
//	Censored            0.50 %      share of the time at the ceiling from which demand is unknown: 36 minutes in 5 days
//	MinDays             7           3 days do not hold a weekend
//	MinSavingMonth      5           a reboot and a test cost more than what it earns in a year
//	MinSavingShare      10 %        below, drift of prices and load eats it
//	OneStep             true        more than half of the capacity at once only where the rest stays at most OneStepFree busy
//	OneStepFree         40 %        of the target at P99
//	RetireMonths        12          a machine whose size retires within so many months moves to its successor whatever that saves: it would be
//	                                stopped or moved by the vendor; 0 leaves it, and names the successor
//	ResizeCost          20          once, whole units of the currency: reboot, window, test; goes against the saving of the horizon
//	FamilyCost          60          once more where the series changes: images, drivers, licences, quota
//	OverloadCost        20          times the upper overload bound times the price of the machine, in each month: 1 % hurts like a fifth
type Policy struct {
	Production, Relaxed         Rule
	RelaxedTags                 []string // "environment=dev" or "environment"; a machine with one of them is relaxed
	Overload                    Percent  // upper bound of the guaranteed overload that is enough beside Relaxed and P99 within the target; 0 is none
	AverageLimit                Percent
	Proven                      bool // disks and network must be measured where a target allows less of them, or may
	MemoryMargin                Percent
	Censored                    Percent
	MinDays                     int
	MinSavingMonth              int64
	MinSavingShare              Percent
	OneStep                     bool
	OneStepFree                 Percent
	RetireMonths                int
	ResizeCost, FamilyCost      int64
	OverloadCost                int64
	HorizonMonths               int64 // over which one-time costs are spread
	NoFamilyChange, NoBurstable bool
	ByTag                       []TagRule            // other limits for machines with a tag; of two rules for one the first counts
	Exempt                      []string             // machines by ID or name, or tags as in RelaxedTags
	Snoozed                     map[string]time.Time // machines by ID or name, or tags, until a day
	Alternatives                int                  // how many are kept of each machine
	Quota                       map[string]int64     // free vCPUs of a quota family, by "family" or "region/family"; one that is not named is not known
	Groups                      []string             // flexibility groups of reservations that are owned: a size of each is kept
}

// DefaultPolicy returns the rules that hold where the user says nothing.
func DefaultPolicy() Policy {
	return Policy{
		Production: Rule{9900, 9000}, Relaxed: Rule{9500, 8000},
		RelaxedTags: []string{"environment=dev", "environment=test", "env=dev", "env=test"},
		Overload:    50, Proven: true, MemoryMargin: 2000, Censored: 50, MinDays: 7, MinSavingMonth: 5, MinSavingShare: 1000, OneStep: true, OneStepFree: 4000, RetireMonths: 12,
		ResizeCost: 20, FamilyCost: 60, OverloadCost: 20, HorizonMonths: 12, Alternatives: 8,
	}
}

// Validate returns what makes the policy meaningless, naming the field, or nil.
func (p *Policy) Validate() error {
	for name, r := range map[string]Rule{"production": p.Production, "relaxed": p.Relaxed} {
		if !slices.Contains([]int{9000, 9500, 9900, 10000}, r.Share) || r.Limit <= 0 || r.Limit > whole {
			return fmt.Errorf("%s: share %d, limit %d: want a share of 9000, 9500, 9900 or 10000 and a limit from 1 to 10000", name, r.Share, r.Limit)
		}
	}
	switch {
	case p.Overload < 0 || p.AverageLimit < 0 || p.MemoryMargin < 0 || p.Censored < 0 || p.MinSavingShare < 0 || p.OneStepFree < 0:
		return fmt.Errorf("overload, average_limit, memory_margin, censored, min_saving_share, one_step_free: want at least 0")
	case p.RetireMonths < 0:
		return fmt.Errorf("retire_months: %d: want at least 0", p.RetireMonths)
	case slices.ContainsFunc(p.ByTag, func(r TagRule) bool {
		return len(r.Tags) == 0 || or(r.MinSavingMonth, 0) < 0 || or(r.MinSavingShare, 0) < 0
	}):
		return fmt.Errorf("by_tag: want tags in every rule, and limits of at least 0")
	case p.MinDays < 1:
		return fmt.Errorf("min_days: %d: want at least 1", p.MinDays)
	case p.MinSavingMonth < 0 || p.ResizeCost < 0 || p.FamilyCost < 0 || p.OverloadCost < 0:
		return fmt.Errorf("min_saving_month, resize_cost, family_cost, overload_cost: want at least 0")
	case p.HorizonMonths < 1:
		return fmt.Errorf("horizon_months: %d: want at least 1", p.HorizonMonths)
	case slices.ContainsFunc(slices.Collect(maps.Values(p.Quota)), func(free int64) bool { return free < 0 }):
		return fmt.Errorf("quota: want at least 0 vCPUs")
	case p.Alternatives < 2:
		return fmt.Errorf("alternatives: %d: want at least 2", p.Alternatives)
	}
	return nil
}

// TagRule is what is different for machines with one of some tags; nil is not different.
type TagRule struct {
	Tags           []string // as in RelaxedTags
	MinSavingMonth *int64
	MinSavingShare *Percent
	OneStep        *bool
}

// MinSaving returns the smallest saving a month for which a machine is changed, in whole units of the currency and as a share of its cost.
func (p *Policy) MinSaving(m *Machine) (month int64, share Percent) {
	month, share = p.MinSavingMonth, p.MinSavingShare
	for i := len(p.ByTag) - 1; i >= 0; i-- {
		if r := &p.ByTag[i]; tagged(m, r.Tags) {
			month, share = or(r.MinSavingMonth, month), or(r.MinSavingShare, share)
		}
	}
	return month, share
}

// oneStep reports whether a machine gives back no more than half at once.
func (p *Policy) oneStep(m *Machine) bool {
	out := p.OneStep
	for i := len(p.ByTag) - 1; i >= 0; i-- {
		if r := &p.ByTag[i]; tagged(m, r.Tags) {
			out = or(r.OneStep, out)
		}
	}
	return out
}

func or[T any](p *T, otherwise T) T {
	if p != nil {
		return *p
	}
	return otherwise
}

// rule returns the rule of a machine.
func (p *Policy) rule(m *Machine) Rule {
	if tagged(m, p.RelaxedTags) {
		return p.Relaxed
	}
	return p.Production
}

// excused returns why a machine is left as it is by policy.
func (p *Policy) excused(m *Machine, on time.Time) (Reason, bool) {
	if slices.Contains(p.Exempt, m.ID) || m.Name != "" && slices.Contains(p.Exempt, m.Name) || tagged(m, p.Exempt) {
		return Reason{"exempt", "the policy leaves this machine as it is"}, true
	}
	latest := time.Time{}
	for name, until := range p.Snoozed {
		if (name == m.ID || name == m.Name || tagged(m, []string{name})) && on.Before(until) && until.After(latest) {
			latest = until
		}
	}
	if !latest.IsZero() {
		return Reason{"snoozed", "put off until " + latest.Format(time.DateOnly)}, true
	}
	return Reason{}, false
}

// tagged reports whether a machine has one of the tags, given as a name or as name=value; letters of either case are alike.
func tagged(m *Machine, tags []string) bool {
	for name, value := range m.Tags {
		for _, tag := range tags {
			wantName, wantValue, valued := strings.Cut(tag, "=")
			if strings.EqualFold(name, wantName) && (!valued || strings.EqualFold(value, wantValue)) {
				return true
			}
		}
	}
	return false
}
