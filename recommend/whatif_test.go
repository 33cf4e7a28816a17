package recommend_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend"
)

// Four machines always on: the plan buys 4 for three years. Two: 2 x (0.10 - 0.04) x 730 = 87.60 a month instead of 175.20. Six: two
// of them idle, 4 x 0.10 x 730 - 6 x 0.04 x 730 = 116.80. What is asked is answered, not judged.
func TestWhatIfTheQuantityWereAnother(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	base := plan(t, in)
	require.Equal(t, "175.20", base.Lines[0].SavingMonth.Decimal())
	for quantity, saving := range map[int64]string{2: "87.60", 6: "116.80", 12: "-58.40"} {
		for _, id := range []string{base.Lines[0].ID, "1", base.Pools[0].ID + "/D2s_v5/P3Y"} {
			after, err := recommend.WhatIf(in, base, recommend.Change{Set: []recommend.Setting{{ID: id, Quantity: quantity}}})
			require.NoError(t, err)
			require.EqualValues(t, quantity, after.Lines[0].Quantity)
			require.Equal(t, recommend.Set, after.Pools[0].Chosen)
			require.Equal(t, saving, after.Lines[0].SavingMonth.Decimal())
			require.Len(t, after.Answer.Lines, 1)
			require.EqualValues(t, 4, after.Answer.Lines[0].Before)
			require.EqualValues(t, quantity, after.Answer.Lines[0].After)
			require.Equal(t, "175.20", after.Answer.Totals[0].Before.Joint.Decimal())
			require.Equal(t, saving, after.Answer.Totals[0].After.Joint.Decimal())
		}
	}
	after, err := recommend.WhatIf(in, nil, recommend.Change{Set: []recommend.Setting{{ID: "1", Quantity: 0}}})
	require.NoError(t, err)
	require.Empty(t, after.Lines)
	require.Contains(t, reasons(after), "set_to_nothing")
	require.EqualValues(t, 0, after.Answer.Lines[0].After)
}

// The quantity that the plan chose, set by hand, changes nothing.
func TestWhatIfNothingChanges(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	in.Existing = []recommend.Existing{owned(2, asOf.Add(730*time.Hour))}
	base := plan(t, in)
	after, err := recommend.WhatIf(in, base, recommend.Change{Set: []recommend.Setting{{ID: "1", Quantity: base.Lines[0].Quantity}}})
	require.NoError(t, err)
	require.Empty(t, after.Answer.Lines)
	require.Equal(t, base.Totals, after.Totals)
	require.Equal(t, base.Later, after.Later)
	require.Equal(t, base.Pools[0].Certificate, after.Pools[0].Certificate)
}

// Half as much usage again: six for three years. Only one year: four at 0.06, (0.10 - 0.06) x 4 x 730 = 116.80 a month.
func TestWhatIfUsageGrowsOrTermsChange(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	after, err := recommend.WhatIf(in, nil, recommend.Change{Growth: 0.5})
	require.NoError(t, err)
	require.EqualValues(t, 6, after.Lines[0].Quantity)
	require.EqualValues(t, 4_000_000, in.Analysis.Pools[0].Members[0].Series.Flat[0], "the input is not touched")

	policy := in.Policy
	policy.Terms = []string{"P1Y"}
	after, err = recommend.WhatIf(in, nil, recommend.Change{Policy: &policy})
	require.NoError(t, err)
	require.Equal(t, "116.80", after.Lines[0].SavingMonth.Decimal())
	require.Len(t, after.Answer.Lines, 2, "three years go, one year comes")
}

func TestWhatIfRefusesWhatIsNotThere(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(4, 672)))
	pool := plan(t, in).Pools[0].ID
	for id, want := range map[string]string{"7": "no line", "nonsense": "no line", "pool-x/D2s_v5/P3Y": "no pool", pool + "/D2s_v5/P2Y": "want P1Y or P3Y", pool + "/D64s_v5/P3Y": "not sold"} {
		_, err := recommend.WhatIf(in, nil, recommend.Change{Set: []recommend.Setting{{ID: id, Quantity: 1}}})
		require.ErrorContains(t, err, want)
	}
	_, err := recommend.WhatIf(in, nil, recommend.Change{Set: []recommend.Setting{{ID: "1", Quantity: -1}}})
	require.ErrorContains(t, err, "quantity -1")
	_, err = recommend.WhatIf(in, nil, recommend.Change{Growth: -1})
	require.ErrorContains(t, err, "growth")
}

// Three machines of one subscription and one of another, all the time: four for three years at 0.04 instead of 0.10 save 175.20 a month
// everywhere. In s1 alone one of the four is idle: 3 x 0.10 x 730 - 4 x 0.04 x 730 = 102.20; in s2 alone three are: -43.80.
func TestWhatIfTheScopeWereNarrower(t *testing.T) {
	a, b := member("Standard_D2s_v5", always(3, 672)), member("Standard_D2s_v5", always(1, 672))
	b.Subscription, b.ResourceGroup = "s2", "rg2"
	in := input(t, book(t, d2s), a, b)
	base := plan(t, in)
	require.Equal(t, "shared", base.Lines[0].Scope)
	for scope, want := range map[string][2]string{
		"shared": {"shared", "175.20"}, "subscription": {"/subscriptions/s1", "102.20"}, "resource_group": {"/subscriptions/s1/resourcegroups/rg1", "102.20"},
		"S2": {"/subscriptions/s2", "-43.80"}, "/subscriptions/s2/resourceGroups/RG2": {"/subscriptions/s2/resourcegroups/rg2", "-43.80"}, "s1/rg1": {"/subscriptions/s1/resourcegroups/rg1", "102.20"},
	} {
		after, err := recommend.WhatIf(in, base, recommend.Change{Scope: scope})
		require.NoError(t, err, scope)
		l := after.Lines[0]
		require.EqualValues(t, 4, l.Quantity, scope)
		require.Equal(t, base.Lines[0].ID, l.ID, "the same line")
		require.Equal(t, want, [2]string{l.Scope, l.SavingMonth.Decimal()}, scope)
		require.Equal(t, want[1], after.Answer.Totals[0].After.Joint.Decimal(), scope)
		require.NotEmpty(t, after.Answer.Asked)
		if scope == "shared" {
			require.Empty(t, after.Answer.Lines)
			continue
		}
		require.Equal(t, [2]string{"shared", want[0]}, [2]string{after.Answer.Lines[0].ScopeBefore, after.Answer.Lines[0].ScopeAfter})
		require.Equal(t, base.Pools[0].Certificate.Bound, after.Pools[0].Certificate.Bound, "no narrower scope costs less than the shared optimum")
	}
	_, err := recommend.WhatIf(in, base, recommend.Change{Scope: "s9"})
	require.ErrorContains(t, err, "scope")
}

// What is owned for the other subscription stays where it is: one of s2's machine is owned there, three are bought for everywhere, and
// in s1 they are all used.
func TestWhatIfTheScopeBesideWhatIsOwned(t *testing.T) {
	a, b := member("Standard_D2s_v5", always(3, 672)), member("Standard_D2s_v5", always(1, 672))
	b.Subscription = "s2"
	in := input(t, book(t, d2s), a, b)
	e := owned(1, asOf.AddDate(9, 0, 0))
	e.Scope = "/subscriptions/s2"
	in.Existing = []recommend.Existing{e}
	after, err := recommend.WhatIf(in, nil, recommend.Change{Scope: "s1"})
	require.NoError(t, err)
	require.EqualValues(t, 3, after.Lines[0].Quantity)
	require.Equal(t, after.Answer.Lines[0].SavingBefore, after.Answer.Lines[0].SavingAfter)
	// One that applies everywhere is used after the three of s1, by the machine of s2: nothing is idle either.
	in.Existing[0].Scope = "shared"
	after, err = recommend.WhatIf(in, nil, recommend.Change{Scope: "s1", Set: []recommend.Setting{{ID: "1", Quantity: 3}}})
	require.NoError(t, err)
	require.Equal(t, after.Answer.Lines[0].SavingBefore, after.Answer.Lines[0].SavingAfter, "the shared one then serves s2")
}
