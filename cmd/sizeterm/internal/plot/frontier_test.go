package plot

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// Two machines: at no overload the first may save 10, at 0.5 % the second 30; what needs more than the picture shows is left out, and so
// are machines of others.
func TestFrontier(t *testing.T) {
	usd := func(units int64) money.Amount { return money.New(units*1_000_000, "USD") }
	point := func(high float64, saving int64) recommend.FrontierPoint {
		return recommend.FrontierPoint{High: high, Saving: usd(saving)}
	}
	plan := &recommend.Plan{
		Sized: []recommend.Sized{
			{Customer: "c1", Frontier: []recommend.FrontierPoint{point(0, 0), point(0, 10)}},
			{Customer: "c1", Frontier: []recommend.FrontierPoint{point(0, 0), point(0.005, 30), point(0.5, 90)}},
			{Customer: "c2", Frontier: []recommend.FrontierPoint{point(0, 700)}},
		},
		Resizes: []recommend.Resize{{Customer: "c1", Action: "resize", OverloadHigh: 0.005, OverloadKnown: true, CostMonthBefore: usd(50), CostMonthAfter: usd(20), SavingMonth: usd(5)}},
	}
	pic, ok := Frontier(plan, &recommend.Total{Customer: "c1", Currency: "USD"})
	require.True(t, ok)
	require.Contains(t, pic.Alt, "could save 40 USD a month by the hour; the plan resizes 1 of them")
	var b bytes.Buffer
	require.NoError(t, pic.SVG(&b))
	require.Contains(t, b.String(), "this plan: 1 resized, at most 0.50 %")
	_, ok = Frontier(plan, &recommend.Total{Customer: "c3", Currency: "USD"})
	require.False(t, ok)
}
