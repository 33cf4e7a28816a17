package recommend_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend"
)

// Two are owned for s1, where one machine runs; three run in s2. The idle one serves s2 once its scope is widened: 0.10 x 730 = 73.00 a
// month for nothing, and two are bought instead of three.
func TestIdleReservationsAreRescopedBeforeBuying(t *testing.T) {
	a, b := member("Standard_D2s_v5", always(1, 672)), member("Standard_D2s_v5", always(3, 672))
	b.Subscription = "s2"
	in := input(t, book(t, d2s), a, b)
	e := owned(2, asOf.AddDate(9, 0, 0))
	e.Scope = "/subscriptions/s1"
	in.Existing = []recommend.Existing{e}
	p := plan(t, in)
	require.Len(t, p.Rescopes, 1)
	r := p.Rescopes[0]
	require.Equal(t, []string{"r1", "/subscriptions/s1", "shared", "73.00"}, []string{r.Reservation, r.From, r.To, r.SavingMonth.Decimal()})
	require.EqualValues(t, 2, p.Lines[0].Quantity)
	require.Contains(t, strings.Join(p.Lines[0].Reasons, "\n"), "widened from /subscriptions/s1 to shared")
	require.Equal(t, "73.00", p.Totals[0].Rescoped.Decimal())
	require.Equal(t, "146.00", p.Totals[0].PayGMonth.Decimal(), "two of three machines in s2: the third is served once the scope is wider")
	require.Equal(t, "87.60", p.Totals[0].Joint.Decimal(), "2 x (0.10 - 0.04) x 730: what the wider scope avoids is no part of it")
	require.Equal(t, "/subscriptions/s1", in.Existing[0].Scope, "the input is not touched")
}

// What is used where it is, holds capacity (flexibility off) or belongs to another agreement keeps its scope.
func TestWhatIsUsedKeepsItsScope(t *testing.T) {
	for name, change := range map[string]func(*recommend.Existing){
		"used":               func(e *recommend.Existing) { e.Quantity = 1 },
		"capacity":           func(e *recommend.Existing) { e.ExactSize = true },
		"another agreement":  func(e *recommend.Existing) { e.Agreement = "ea" },
		"ended":              func(e *recommend.Existing) { e.Until = asOf },
		"everywhere already": func(e *recommend.Existing) { e.Scope = "shared" },
		"of another region":  func(e *recommend.Existing) { e.Region = "westeurope" },
		"of another series":  func(e *recommend.Existing) { e.Size = "Standard_E2s_v5" },
		"of other customers": func(e *recommend.Existing) { e.Customer = "c2" },
	} {
		a, b := member("Standard_D2s_v5", always(1, 672)), member("Standard_D2s_v5", always(3, 672))
		b.Subscription = "s2"
		in := input(t, book(t, d2s), a, b)
		e := owned(2, asOf.AddDate(9, 0, 0))
		e.Scope = "/subscriptions/s1"
		change(&e)
		in.Existing = []recommend.Existing{e}
		require.Empty(t, plan(t, in).Rescopes, name)
	}
}

// A resource group's idle reservation is widened no further than it must be: to its subscription where that serves as much.
func TestScopesAreWidenedNoFurtherThanNeeded(t *testing.T) {
	a, b := member("Standard_D2s_v5", always(1, 672)), member("Standard_D2s_v5", always(1, 672))
	b.ResourceGroup = "rg2"
	in := input(t, book(t, d2s), a, b)
	e := owned(2, asOf.AddDate(9, 0, 0))
	e.Scope = "/subscriptions/s1/resourcegroups/rg1"
	in.Existing = []recommend.Existing{e}
	p := plan(t, in)
	require.Equal(t, "/subscriptions/s1", p.Rescopes[0].To)
	require.Empty(t, p.Lines)
	require.Contains(t, reasons(p), "covered_by_existing")

	b.Subscription = "s2"
	in = input(t, book(t, d2s), a, b)
	in.Existing = []recommend.Existing{e}
	require.Equal(t, "shared", plan(t, in).Rescopes[0].To)
}

// It is counted until it ends: half of the year ahead makes half of 73.00.
func TestRescopingCountsUntilTheEnd(t *testing.T) {
	a, b := member("Standard_D2s_v5", always(1, 672)), member("Standard_D2s_v5", always(1, 672))
	b.Subscription = "s2"
	in := input(t, book(t, d2s), a, b)
	e := owned(2, asOf.Add(4380*time.Hour))
	e.Scope = "/subscriptions/s1"
	in.Existing = []recommend.Existing{e}
	require.Equal(t, "36.50", plan(t, in).Rescopes[0].SavingMonth.Decimal())
}
