package recommend_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// Worked by hand: a D2s that runs all the time costs 0.10 an hour, 73.00 a month; three years cost 1051.20, 29.20 a month. With a markup of
// 12.5 % the customer pays 0.1125 an hour, 82.125 a month, and 1182.60 for three years, 32.85 a month: it saves 49.275. The partner's
// credit of 15 % on 73.00 is 10.95, so it keeps 82.125 - 62.05 = 20.075 today and 32.85 - 29.20 = 3.65 with the plan.
func TestSoldPlan(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(1, 672)))
	in.Policy.Markup, in.Policy.PartnerCreditRate = 0.125, 0.15
	for _, objective := range []string{recommend.Customer, recommend.Partner} {
		in.Policy.Objective = objective
		p := plan(t, in)
		q := p.ForCustomer()
		require.NotNil(t, q, warnings(p))
		require.Len(t, q.Lines, 1)
		l, m := q.Lines[0], p.Totals[0].Margin
		require.Nil(t, l.Partner)
		require.Nil(t, q.Totals[0].Margin)
		require.Equal(t, []string{"1182.60", "1182.60", "49.275", "82.125", "32.85"},
			[]string{l.UnitPrice.Decimal(), l.TotalPrice.Decimal(), l.SavingMonth.Decimal(), q.Totals[0].PayGMonth.Decimal(), q.Totals[0].PlanMonth.Decimal()})
		require.Equal(t, []string{"82.125", "62.05", "10.95", "20.075", "32.85", "29.20", "0.00", "3.65"},
			[]string{m.PriceToday.Decimal(), m.CostToday.Decimal(), m.CreditToday.Decimal(), m.Today.Decimal(), m.PricePlan.Decimal(), m.CostPlan.Decimal(), m.CreditPlan.Decimal(), m.Plan.Decimal()}, objective)
		require.Equal(t, "32.85", p.Lines[0].Partner.PriceMonth.Decimal())
	}
	in.Policy.Objective, in.Policy.Markup = recommend.Customer, 0
	p := plan(t, in)
	require.Same(t, p, p.ForCustomer())
	require.Nil(t, p.Sold)
	require.Equal(t, "73.00", p.Totals[0].Margin.PriceToday.Decimal())
}

// Oracle: a plan at the customer's prices is, figure by figure, the plan that the program decides when it is given those prices, on
// random fleets with owned reservations, limits and other rules, wherever both decide the same.
func TestSoldPlanAgainstOneDecidedAtItsPrices(t *testing.T) {
	rounds, same := 12, 0
	if testing.Short() {
		rounds = 5
	}
	dearer := []tariff{{"Standard_D2s_v5", "0.125", "657.00", "1314.00"}, {"Standard_D4s_v5", "0.25", "1314.00", "2628.00"}, {"Standard_D8s_v5", "0.50", "2628.00", "5256.00"},
		{"Standard_E2s_v5", "0.1625", "854.10", "1708.20"}, {"Standard_E4s_v5", "0.325", "1708.20", "3416.40"}} // all, a quarter dearer
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 11))
		units, own := random(r, 2+r.IntN(6))
		with := func(markup float64) func(*recommend.Input) {
			return func(in *recommend.Input) {
				in.Existing, in.Policy.Markup = own, markup
				in.Policy.MinSavingMonth, in.Policy.Sizing.MinSavingMonth, in.Policy.Sizing.ResizeCost, in.Policy.Sizing.FamilyCost = 0, 0, 0, 0
				if seed%4 == 3 {
					in.Policy.CapacityPriority = []string{"all"}
				}
			}
		}
		p := sized(t, with(0.25), all, units...)
		q := p.ForCustomer()
		require.NotNil(t, q, warnings(p))
		check(t, q)
		direct := sized(t, with(0), dearer, units...)
		if fmt.Sprint(bought(direct)) != fmt.Sprint(bought(q)) || len(direct.Resizes) != len(q.Resizes) {
			continue
		}
		same++
		require.Equal(t, direct.Totals, q.Totals, "seed %d", seed)
		require.Equal(t, direct.Later, q.Later)
		require.Equal(t, [][]recommend.Reference{direct.Reference, direct.Asked}, [][]recommend.Reference{q.Reference, q.Asked})
		require.Equal(t, direct.NotRecommended, q.NotRecommended)
		require.Equal(t, direct.Sized, q.Sized)
		for i := range q.Pools {
			a, b := direct.Pools[i], q.Pools[i]
			for j := range b.Rates {
				b.Rates[j].Source = a.Rates[j].Source
			}
			require.True(t, reflect.DeepEqual(a, b), "seed %d, pool %d", seed, i)
		}
		for i := range q.Lines {
			a, b := direct.Lines[i], q.Lines[i]
			a.PriceSource, b.PriceSource, a.Evidence, b.Evidence = "", "", nil, nil
			require.Equal(t, a, b)
		}
		for i := range q.Resizes { // what one change was tried without is rounded before
			a, b := direct.Resizes[i], q.Resizes[i]
			require.Equal(t, []any{a.ID, a.CostMonthBefore, a.CostMonthAfter, a.Alternatives, a.SoftwareMonth}, []any{b.ID, b.CostMonthBefore, b.CostMonthAfter, b.Alternatives, b.SoftwareMonth})
			for _, pair := range [][2]money.Amount{{a.SavingMonth, b.SavingMonth}, {a.AloneMonth, b.AloneMonth}, {a.WithoutMonth, b.WithoutMonth}} {
				require.InDelta(t, pair[0].Micros, pair[1].Micros, 2)
			}
		}
	}
	require.GreaterOrEqual(t, same, rounds*2/3)
}
