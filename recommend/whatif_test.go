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
