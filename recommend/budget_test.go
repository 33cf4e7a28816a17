package recommend_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/recommend"
)

// Three pools that compete for cash.
var rivals = []tariff{d2s, {"Standard_E2s_v5", "0.13", "700.00", "1300.00"}, {"Standard_D2as_v5", "0.09", "420.00", "1000.00"}}

// rivalry is a customer with one pool of each rival, its machines starting and stopping.
func rivalry(t testing.TB, seed uint64) recommend.Input {
	r := rand.New(rand.NewPCG(seed, 3))
	var pools []analyzer.Pool
	for _, f := range rivals {
		hours := make([]int64, 672)
		level := 1 + r.Int64N(3)
		for h := range hours {
			hours[h] = level + r.Int64N(2)*int64(h/168%2)
		}
		pools = append(pools, input(t, book(t, rivals...), member(f.size, hours)).Analysis.Pools...)
	}
	in := input(t, book(t, rivals...), member(d2s.size, always(1, 672)))
	in.Analysis.Pools = pools
	in.Policy.BillingPlan = "upfront"
	return in
}

// The best that a limit allows, found by trying every quantity of every pool, is what the plan buys; nothing is ever above the limit.
func TestBudgetIsMetExactlyAndWell(t *testing.T) {
	bound := 0
	for seed := range uint64(12) {
		in := rivalry(t, seed)
		in.Policy.Terms = []string{"P3Y"}
		base := plan(t, in)
		limit := int64(1000+700*seed) * 1_000_000
		type option struct{ cash, saving int64 }
		var pools [][]option
		for _, pool := range base.Pools {
			options := []option{{}}
			for q := int64(1); q <= 4; q++ {
				at := recommend.Setting{ID: fmt.Sprintf("%s/%s/P3Y", pool.ID, pool.UnitSize), Quantity: q}
				after, err := recommend.WhatIf(in, base, recommend.Change{Set: []recommend.Setting{at}})
				require.NoError(t, err)
				for _, p := range after.Pools {
					if row := p.Compare[len(p.Compare)-1]; p.ID == pool.ID && row.Choice == recommend.Set {
						options = append(options, option{q * unitPrice(after, pool.UnitSize), row.ExpectedSaving.Micros})
					}
				}
			}
			pools = append(pools, options)
		}
		best := int64(0)
		for _, a := range pools[0] {
			for _, b := range pools[1] {
				for _, c := range pools[2] {
					if a.cash+b.cash+c.cash <= limit {
						best = max(best, a.saving+b.saving+c.saving)
					}
				}
			}
		}
		in.Policy.MaxUpfront = &limit
		p := plan(t, in)
		saving := int64(0)
		for _, pool := range p.Pools {
			for _, row := range pool.Compare {
				if row.Choice == pool.Chosen {
					saving += row.ExpectedSaving.Micros
				}
			}
		}
		require.InDelta(t, best, saving, 3, "seed %d: each pool is rounded to a micro-unit", seed)
		require.LessOrEqual(t, p.Totals[0].Upfront.Micros, limit)
		require.Equal(t, p.Totals[0].Upfront, p.Totals[0].Budget.Upfront)
		require.Zero(t, p.Totals[0].Budget.Gap)
		if p.Totals[0].Upfront.Cmp(base.Totals[0].Upfront) < 0 {
			bound++
			require.Positive(t, p.Totals[0].Budget.SavingLost.Micros)
		}
	}
	require.Greater(t, bound, 4, "the limit binds in most of them")
}

func unitPrice(p *recommend.Plan, size any) int64 {
	for i := range p.Lines {
		if fmt.Sprint(p.Lines[i].Size) == fmt.Sprint(size) {
			return p.Lines[i].UnitPrice.Micros
		}
	}
	return 0
}

// Both terms, monthly: no month of the calendar is above the limit, more cash never saves less, and none buys nothing.
func TestMonthlyLimit(t *testing.T) {
	for seed := range uint64(6) {
		in := rivalry(t, seed)
		in.Policy.BillingPlan = "monthly"
		if seed%2 == 1 {
			in.Existing = []recommend.Existing{owned(1, asOf.AddDate(0, 5, 0))}
		}
		last := int64(-1)
		for _, units := range []int64{0, 40, 90, 150, 100_000} {
			limit := units * 1_000_000
			in.Policy.MaxMonth = &limit
			p := plan(t, in)
			for _, c := range p.Totals[0].Cash {
				require.LessOrEqual(t, c.Amount.Micros, limit)
			}
			saving := int64(0)
			for _, pool := range p.Pools {
				for _, row := range pool.Compare {
					if row.Choice == pool.Chosen {
						saving += row.ExpectedSaving.Micros
					}
				}
			}
			require.GreaterOrEqual(t, saving, last, "seed %d, %d a month", seed, units)
			last = saving
			if units == 0 {
				require.Empty(t, p.Lines)
			}
		}
	}
}

// Four machines are owned until the end of the next month and planned for then: 4 x 1051.20 for three years, 29.20 a month each. A limit of
// 60.00 in any month leaves two (58.40), one of 2200.00 up front two (2102.40); the rest stays at pay-as-you-go, and the plan says so.
func TestLimitsHoldForLaterPurchases(t *testing.T) {
	for billing, limit := range map[string]int64{"monthly": 60_000_000, "upfront": 2_200_000_000} {
		in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
		in.Existing = []recommend.Existing{owned(4, asOf.Add(730*time.Hour))}
		in.Policy.BillingPlan = billing
		free := plan(t, in)
		require.EqualValues(t, 4, free.Later[0].Quantity)
		in.Policy.MaxMonth = &limit
		p := plan(t, in)
		require.Empty(t, p.Lines)
		require.EqualValues(t, 2, p.Later[0].Quantity, billing)
		require.True(t, p.Pools[0].Limited)
		require.Positive(t, p.Totals[0].Budget.SavingLost.Micros)
		require.Equal(t, p.Totals[0].Budget.SavingLost, p.Totals[0].Budget.LaterLost, "nothing was bought today")
		require.Positive(t, p.Totals[0].Budget.Gap, "what another choice could keep is bounded by what was lost")
		require.LessOrEqual(t, p.Totals[0].Budget.Month.Micros, limit)
		require.Equal(t, map[string]string{"monthly": "58.40", "upfront": "2102.40"}[billing], p.Totals[0].Budget.Month.Decimal())
	}
}

// Both calendars stand side by side for the whole term, later purchases beside them, and each adds up to what is bought.
func TestCalendarsOfBothBillingPlans(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	in.Existing = []recommend.Existing{owned(1, asOf.Add(730*time.Hour))}
	for _, billing := range []string{"monthly", "upfront"} {
		in.Policy.BillingPlan = billing
		p := plan(t, in)
		sums := map[string]int64{}
		for _, day := range p.Totals[0].Calendar {
			sums["upfront"] += day.Upfront.Micros
			sums["monthly"] += day.Monthly.Micros
			sums["later upfront"] += day.LaterUpfront.Micros
			sums["later monthly"] += day.LaterMonthly.Micros
		}
		require.Equal(t, map[string]int64{"upfront": 3_153_600_000, "monthly": 3_153_600_000, "later upfront": 1_051_200_000, "later monthly": 1_051_200_000}, sums, "3 x 1051.20 now, one when the owned one ends")
		first := p.Totals[0].Calendar[0]
		require.Equal(t, []string{"3153.60", "87.60"}, []string{first.Upfront.Decimal(), first.Monthly.Decimal()})
	}
}

// The last day of a month stays the last day: each part falls into its own month.
func TestPartsFallIntoTheirOwnMonths(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(1, 672)))
	in.Analysis.AsOf = time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	cash := plan(t, in).Totals[0].Cash
	require.Len(t, cash, 36)
	require.Equal(t, "2027-02-28", cash[2].Date.Format(time.DateOnly))
	require.Equal(t, "2028-02-29", cash[14].Date.Format(time.DateOnly))
}
