package recommend_test

import (
	"fmt"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend"
)

func bought(p *recommend.Plan) (texts []string) {
	for _, l := range p.Lines {
		texts = append(texts, fmt.Sprintf("%d x %s %s %s flexible=%v", l.Quantity, l.Size, l.Term, l.Scope, l.Flexible))
	}
	sort.Strings(texts)
	return texts
}

// Three D4s in s1, one in s2, a D2s in s1 that runs all the time: with size flexibility 9 x D2s everywhere, with capacity priority each size
// in its own subscription. Machines that take turns in two subscriptions share one reservation everywhere, and none when each needs its own.
func TestCapacityPriority(t *testing.T) {
	prices := book(t, d2s, tariff{"Standard_D4s_v5", "0.20", "1051.20", "2102.40"})
	a, b, c := member("Standard_D4s_v5", always(3, 672)), member("Standard_D4s_v5", always(1, 672)), member("Standard_D2s_v5", always(1, 672))
	b.Subscription = "s2"
	in := input(t, prices, a, b, c)
	require.Equal(t, []string{"9 x Standard_D2s_v5 P3Y shared flexible=true"}, bought(plan(t, in)))
	for _, names := range [][]string{{"all"}, {"Dsv5 Series"}, {"Standard_D2s_v5"}} {
		in.Policy.CapacityPriority = names
		require.NoError(t, in.Policy.Validate())
		p := plan(t, in)
		require.Equal(t, []string{
			"1 x Standard_D2s_v5 P3Y /subscriptions/s1 flexible=false", "1 x Standard_D4s_v5 P3Y /subscriptions/s2 flexible=false", "3 x Standard_D4s_v5 P3Y /subscriptions/s1 flexible=false",
		}, bought(p), names)
		ids := map[string]bool{}
		for _, l := range p.Lines {
			ids[l.ID], ids[l.Pool] = true, true
			require.NotEmpty(t, l.Subscription)
			require.Contains(t, fmt.Sprint(l.Eligibility), "capacity priority: this size in /subscriptions/")
		}
		require.Len(t, ids, 6, "every line and pool has its own id")
		require.Equal(t, "394.20", p.Totals[0].Joint.Decimal(), "9 units x (0.10 - 0.04) x 730: as much as shared ones, for all run all the time")
	}
	in.Policy.CapacityPriority = []string{"Esv5 Series"}
	require.Equal(t, []string{"9 x Standard_D2s_v5 P3Y shared flexible=true"}, bought(plan(t, in)))
	in.Policy.CapacityPriority = []string{"everything"}
	require.ErrorContains(t, in.Policy.Validate(), "capacity_priority")

	var am, pm []int64
	for range 28 {
		am, pm = append(append(am, always(1, 12)...), always(0, 12)...), append(append(pm, always(0, 12)...), always(1, 12)...)
	}
	day, night := member("Standard_D2s_v5", am), member("Standard_D2s_v5", pm)
	night.Subscription = "s2"
	in = input(t, prices, day, night)
	in.Policy.Terms = []string{"P1Y"}
	require.Equal(t, []string{"1 x Standard_D2s_v5 P1Y shared flexible=true"}, bought(plan(t, in)))
	in.Policy.CapacityPriority = []string{"all"}
	require.Empty(t, plan(t, in).Lines, "each is used half of the hours, r/p is 0.6")
}

// What is owned serves first, in its own scope: two of three D4s are owned, one is left to buy, and nothing is called idle.
func TestCapacityPriorityBesideWhatIsOwned(t *testing.T) {
	in := input(t, book(t, d2s, tariff{"Standard_D4s_v5", "0.20", "1051.20", "2102.40"}), member("Standard_D4s_v5", always(3, 672)))
	in.Existing = []recommend.Existing{owned(4, asOf.AddDate(9, 0, 0))} // 4 x D2s: two D4s
	in.Policy.CapacityPriority = []string{"all"}
	p := plan(t, in)
	require.Equal(t, []string{"1 x Standard_D4s_v5 P3Y /subscriptions/s1 flexible=false"}, bought(p))
	require.Contains(t, warnings(p), "capacity_priority_owned")
	require.NotContains(t, warnings(p), "reservation_idle")
	in.Existing[0].Quantity = 6
	p = plan(t, in)
	require.Empty(t, p.Lines)
	require.Equal(t, []string{"covered_by_existing"}, reasons(p))
}

// A unit of D4s costs 0.10 an hour, one of D2s 0.05, and a reservation of a unit 0.04. Two D4s of s1 run in turns with two D2s of s2, 80 %
// of the hours against 50 %: shared units serve both in proportion, so part of them saves 0.01 only; in s1 alone they save 0.06.
func TestNarrowScopeWherePricesDiffer(t *testing.T) {
	var dear []int64
	for range 28 {
		dear = append(append(dear, always(2, 19)...), always(0, 5)...)
	}
	a, b := member("Standard_D4s_v5", dear), member("Standard_D2s_v5", always(4, 672))
	b.Subscription = "s2"
	in := input(t, book(t, tariff{"Standard_D2s_v5", "0.042", "", "1051.20"}, tariff{"Standard_D4s_v5", "0.20", "", "2102.40"}), a, b)
	p := plan(t, in)
	require.Equal(t, []string{"4 x Standard_D2s_v5 P3Y /subscriptions/s1 flexible=true"}, bought(p))
	require.Contains(t, warnings(p), "narrow_scope")
	// 2 x 0.20 x 19/24 x 730 - 4 x 0.04 x 730 = 231.17 - 116.80
	require.Equal(t, "114.37", p.Totals[0].Joint.Round())

	same := input(t, book(t, d2s, tariff{"Standard_D4s_v5", "0.20", "1051.20", "2102.40"}), a, b)
	for _, l := range plan(t, same).Lines {
		require.Equal(t, "shared", l.Scope, "where a unit costs the same the shared scope is never worse")
	}
}
