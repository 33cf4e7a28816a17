package recommend_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend"
)

// TestRetiringSizesMove: DS3_v2 retires on 2028-05-01. Where the policy looks so far ahead it moves, though the size that stays costs three
// times as much; where it does not, it stays and the size is named.
func TestRetiringSizesMove(t *testing.T) {
	old, next := tariff{"Standard_DS3_v2", "0.10", "", ""}, tariff{"Standard_D4ds_v5", "0.30", "1576.80", "3153.60"}
	u := unit{name: "old", size: "Standard_DS3_v2", avg: 30, max: 50, memory: 50}
	with := func(months int) *recommend.Plan {
		return sized(t, func(in *recommend.Input) { in.Policy.Sizing.RetireMonths = months }, []tariff{old, next}, u)
	}
	stays := with(12)
	require.Empty(t, stays.Resizes)
	require.EqualValues(t, "Standard_D4ds_v5", stays.Sized[0].Successor)
	p := with(24)
	require.Len(t, p.Resizes, 1)
	r := &p.Resizes[0]
	require.EqualValues(t, "Standard_D4ds_v5", r.To)
	require.Equal(t, "-146.00", r.AloneMonth.Round(), "0.20 an hour more")
	require.Contains(t, r.Reasons, "Standard_DS3_v2 retires on 2028-05-01: Standard_D4ds_v5 is the cheapest that stays; the policy moves machines 24 months before, whatever that saves")
	// 0.10 an hour; 3 153.60 for three years are 87.60 a month, so that the plan costs 14.60 more than today.
	require.Equal(t, "87.60", p.Totals[0].PlanMonth.Round())
	require.True(t, r.Forced())
	require.Equal(t, "14.60", p.Totals[0].Forced.Round())
	require.Contains(t, r.Reasons, "no saving: it costs 14.60 USD a month more than staying, and is made because the vendor ends the size")
}

// TestEveryChangeIsWorthIt: on random fleets no change is made without which the plan would cost no more, and what each is worth is said.
func TestEveryChangeIsWorthIt(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 31))
		units, own := random(r, 3+r.IntN(5))
		p := sized(t, func(in *recommend.Input) { in.Existing = own }, all, units...)
		for i := range p.Resizes {
			one := &p.Resizes[i]
			require.Positive(t, one.WithoutMonth.Micros, "seed %d: %s %s to %s: %v", seed, one.Name, one.From, one.To, one.Reasons)
		}
	}
}

// TestMoreSizesNeverCostMore: one more size to choose from never raises the cost of the plan, where no rule of the policy weighs changes.
func TestMoreSizesNeverCostMore(t *testing.T) {
	free := func(in *recommend.Input) {
		in.Policy.MinSavingMonth = 0
		s := &in.Policy.Sizing
		s.ResizeCost, s.FamilyCost, s.OverloadCost, s.MinSavingMonth, s.MinSavingShare, s.OneStep = 0, 0, 0, 0, 0, false
	}
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 17))
		units, own := random(r, 2+r.IntN(3))
		cost := func(tariffs []tariff) (sum int64) {
			for _, total := range sized(t, func(in *recommend.Input) { free(in); in.Existing = own }, tariffs, units...).Totals {
				sum += total.PlanMonth.Micros
			}
			return sum
		}
		most := cost(all)
		for i := range all {
			used := slices.ContainsFunc(units, func(u unit) bool { return u.size == all[i].size }) ||
				slices.ContainsFunc(own, func(e recommend.Existing) bool { return e.Size == all[i].size })
			if !used {
				less := append(slices.Clone(all[:i]), all[i+1:]...)
				require.LessOrEqual(t, most, cost(less)+10, "seed %d without %s", seed, all[i].size)
			}
		}
	}
}

// TestFewerColumnsNeverShrinkMore: whatever columns a file of metrics loses, no machine moves to a size that it could not have moved to with
// all of them. Fleets are read, analysed and planned as files are.
func TestFewerColumnsNeverShrinkMore(t *testing.T) {
	moved := 0
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 41))
		units, _ := random(r, 4)
		for i := range units {
			u := &units[i]
			u.memory, u.disk, u.rises = max(5, u.memory), 1+r.Int64N(120), r.IntN(4) == 0
		}
		for range 8 {
			lack := 1 + r.IntN(1<<columnsOfMetrics-1)
			fewer := slices.Clone(units)
			for i := range fewer {
				fewer[i].lacks = lack
			}
			for _, one := range sized(t, nil, all, fewer...).Resizes {
				if one.Action != "resize" {
					continue
				}
				moved++
				u := units[slices.IndexFunc(units, func(u unit) bool { return u.name == one.Name })]
				only := slices.DeleteFunc(slices.Clone(all), func(t tariff) bool { return t.size != u.size && t.size != one.To })
				p := sized(t, nil, only, u)
				require.Len(t, p.Resizes, 1, "seed %d, lacking %07b: %+v to %s", seed, lack, u, one.To)
				require.Equal(t, one.To, p.Resizes[0].To)
			}
		}
	}
	require.Greater(t, moved, 5)
}

// TestQuota: three D8s of 32 GiB would move to E4s, 4 vCPUs of another quota family each. The plan says so; with 8 vCPUs free two move, with 3
// none can, and a quota that is not named limits nothing.
func TestQuota(t *testing.T) {
	var units []unit
	for _, name := range []string{"a", "b", "c"} {
		units = append(units, unit{name: name, size: "Standard_D8s_v5", avg: 10, max: 20, memory: 70})
	}
	free := func(vcpus int64) *recommend.Plan {
		return sized(t, func(in *recommend.Input) {
			if vcpus >= 0 {
				in.Policy.Sizing.Quota = map[string]int64{string(region) + "/StandardESv5Family": vcpus}
			}
		}, []tariff{e4s, d8s}, units...)
	}
	p := free(-1)
	require.Equal(t, []recommend.Quota{{Customer: "c1", Region: region, Family: "standardESv5Family", Machines: 3, VCPUs: 12}}, p.Quotas)
	require.Contains(t, p.Resizes[0].Check, "quota of standardESv5Family in "+string(region)+": 4 vCPUs a machine")
	p = free(8)
	require.Len(t, p.Resizes, 2)
	require.Equal(t, []recommend.Quota{{Customer: "c1", Region: region, Family: "standardESv5Family", Machines: 2, VCPUs: 8, Free: 8, Known: true}}, p.Quotas)
	require.Contains(t, reasons(p), "quota")
	check(t, p)
	require.Empty(t, free(3).Resizes)
	require.Len(t, free(12).Resizes, 3)
}
