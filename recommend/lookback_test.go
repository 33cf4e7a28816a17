package recommend_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/recommend"
)

// asked finds one answer of the rule on the usage as it was billed.
func asked(p *recommend.Plan, scope string, days int, term pricing.Term) (found recommend.Reference) {
	for _, r := range p.Asked {
		if r.Scope == scope && r.LookbackDays == days && r.Term == term && r.Size == "Standard_D2s_v5" {
			found = r
		}
	}
	return found
}

// Two subscriptions over three days before a window of four weeks: s1 runs two machines all the time, and four in the last week; s2 one, and
// before the window three. Worked by hand at 0.10 an hour, 1 051.20 for three years (0.04 an hour):
//
//	7 days, shared      5 machines: 168 h · 5 · 0.06 saved                              =  50.40
//	7 days, s1          4: 168 · 4 · 0.06                                               =  40.32
//	30 days, shared     two days of 5, 21 of 3, 7 of 5: in 9 of 30 days 5, less than 0.4: 3, 720 · 3 · 0.06 = 129.60
//	30 days, s2         1: 720 · 0.06                                                   =  43.20
func TestLookbacksAndScopesOfTheRule(t *testing.T) {
	week := func(first, second int64) []int64 { return append(always(first, 504), always(second, 168)...) }
	one, two := member("Standard_D2s_v5", week(2, 4)), member("Standard_D2s_v5", always(1, 672))
	two.Subscription, two.ResourceGroup = "s2", "rg2"
	micro := func(n int64) []int64 {
		hours := always(n*demand.Full, 72)
		return hours
	}
	one.Lead, two.Lead = micro(2), micro(3)
	in := input(t, book(t, tariff{"Standard_D2s_v5", "0.10", "543.12", "1051.20"}), one, two)
	in.Analysis.Lead = 3
	p := plan(t, in)
	for _, want := range []struct {
		scope    string
		days     int
		quantity int64
		saving   string
	}{
		{"shared", 7, 5, "50.40"}, {"/subscriptions/s1", 7, 4, "40.32"}, {"/subscriptions/s2", 7, 1, "10.08"},
		{"shared", 30, 3, "129.60"}, {"/subscriptions/s1", 30, 2, "86.40"}, {"/subscriptions/s2", 30, 1, "43.20"},
	} {
		got := asked(p, want.scope, want.days, pricing.ThreeYear)
		require.Equal(t, want.quantity, got.Quantity, "%s, %d days", want.scope, want.days)
		require.Equal(t, want.saving, got.NetSavings.Decimal(), "%s, %d days", want.scope, want.days)
		require.True(t, got.Billed)
		require.NotEmpty(t, got.Difference)
	}
	require.Zero(t, asked(p, "/subscriptions/s1/resourcegroups/rg1", 7, pricing.ThreeYear).Quantity, "nobody asked about the group")
	require.Equal(t, []recommend.Reach{{Customer: "c1", Days: 7, Covered: true}, {Customer: "c1", Days: 30, Covered: true},
		{Customer: "c1", Days: 60, Detail: "not covered: the files hold the last 31 days before 2026-11-02"}}, p.Lookbacks)
	require.Len(t, p.Reference, 2, "the plan is compared with the rule on its own window, as before")

	in.Existing = []recommend.Existing{{ID: "r", Customer: "c1", Scope: "/subscriptions/s1/resourcegroups/rg1", Size: "Standard_D2s_v5", Region: region, Quantity: 1, Until: asOf.AddDate(1, 0, 0)}}
	require.EqualValues(t, 4, asked(plan(t, in), "/subscriptions/s1/resourcegroups/rg1", 7, pricing.ThreeYear).Quantity, "a scope that somebody owns reservations of")
}

// What a reservation covered on a day is left out of that day alone: of four machines two were covered in the last week, none before.
// Files that begin inside a lookback do not cover it, and days without rows are no idle days.
func TestTheRuleLeavesOutWhatWasCovered(t *testing.T) {
	m := member("Standard_D2s_v5", always(4, 672))
	m.CoveredDays = append(make([]int64, 21), always(2*demand.FullDay, 7)...)
	m.Covered = 14 * demand.FullDay
	in := input(t, book(t, tariff{"Standard_D2s_v5", "0.10", "543.12", "1051.20"}), m)
	require.EqualValues(t, 2, asked(plan(t, in), "shared", 7, pricing.ThreeYear).Quantity)

	in.Analysis.Coverage[0].From = asOf.AddDate(0, 0, -6)
	p := plan(t, in)
	require.Empty(t, p.Asked)
	require.Equal(t, "not covered: the files hold the last 6 days before 2026-11-02", p.Lookbacks[0].Detail)

	in.Analysis.Coverage[0].From = time.Time{}
	in.Analysis.Pools[0].Gaps = []int{26, 27}
	p = plan(t, in)
	require.Equal(t, "2 of the days have no row and are left out", p.Lookbacks[0].Detail)
	require.Equal(t, "14.40", asked(p, "shared", 7, pricing.ThreeYear).NetSavings.Decimal(), "five days of two machines: 120 · 2 · 0.06")
}

// A machine that was gone before the window ran in the lookback.
func TestTheRuleSeesWhatHasLeft(t *testing.T) {
	in := input(t, book(t, tariff{"Standard_D2s_v5", "0.10", "543.12", "1051.20"}), member("Standard_D2s_v5", always(1, 672)))
	gone := member("Standard_D2s_v5", always(0, 672))
	gone.VMs, gone.Subscription, gone.Lead = 0, "s2", always(demand.Full, 48)
	in.Analysis.Lead, in.Analysis.Pools[0].Left = 2, []analyzer.Member{gone}
	got := asked(plan(t, in), "shared", 30, pricing.ThreeYear)
	require.EqualValues(t, 1, got.Quantity)
	require.Equal(t, "72.00", got.CostWithout.Decimal(), "672 + 48 hours at 0.10")
}
