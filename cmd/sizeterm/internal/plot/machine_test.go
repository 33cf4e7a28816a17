package plot

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
	"sizeterm/recommend/rightsize"
)

// A machine of 4 vCPUs and 16 GiB that the plan moves to 2 vCPUs and 8 GiB: half of both. Its strip has a row for each measure, its week
// a square for each measured hour, and its choice a dot for each size of the frontier.
func TestOfMachine(t *testing.T) {
	vm := analyzer.VM{Customer: "c1", Resource: "r1", Name: "<b>vm</b>", Size: "Standard_D4s_v5"}
	vm.CPUMax = analyzer.Distribution{Samples: 10, P50: 1000, P95: 3000, P99: 3500, Max: 4200}
	vm.CPUAvg = analyzer.Distribution{Samples: 10, P50: 500, P95: 1500, P99: 1800, Max: 2000}
	vm.Memory = analyzer.Distribution{Samples: 10, P50: 2000, P95: 2500, P99: 2600, Max: 2700}
	for h := range vm.Week {
		vm.Week[h] = analyzer.Percent(h)
	}
	vm.Week[5] = -1
	usd := func(units int64) money.Amount { return money.New(units*1_000_000, "USD") }
	plan := &recommend.Plan{
		Sized: []recommend.Sized{{Customer: "c1", VM: "r1", Name: vm.Name, Size: vm.Size, Frontier: []recommend.FrontierPoint{
			{Size: "Standard_D4s_v5", Saving: usd(0), Feasible: true}, {Size: "Standard_D2s_v5", Saving: usd(70), Feasible: true}, {Size: "Standard_B2s_v2", High: 0.004, Saving: usd(90)}}}},
		Resizes: []recommend.Resize{{Customer: "c1", VM: "r1", From: vm.Size, To: "Standard_D2s_v5", Action: "resize", Chosen: 1,
			Alternatives: []rightsize.Alternative{{Size: vm.Size}, {Size: "Standard_D2s_v5", Capacity: 5000}}}},
	}
	drawn := OfMachine(plan, &vm)
	require.Len(t, drawn, 3)
	strip, week, choice := string(drawn[0].SVG), string(drawn[1].SVG), string(drawn[2].SVG)
	require.Contains(t, drawn[0].Alt, "CPU, highest median 10 %, P95 30 %, P99 35 %, highest 42 %")
	// Half of the axis from 150 to 920 is 535, on the rows of CPU and memory: three.
	require.Equal(t, 3, strings.Count(strip, `class="level" stroke="currentColor" d="M535 `))
	require.Equal(t, 167, strings.Count(week, `class="heat"`), "an hour was not measured")
	require.Equal(t, 1, strings.Count(choice, `class="chosen"`))
	require.Equal(t, 1, strings.Count(choice, `class="tight"`))
	require.Contains(t, drawn[2].Alt, "B2s_v2 saves 90 with at most 0.40 % overload")
	for _, e := range drawn {
		require.NotContains(t, string(e.SVG), "<b>")
	}

	bare := analyzer.VM{Customer: "c1", Resource: "r2", Size: "Standard_D4s_v5"}
	for h := range bare.Week {
		bare.Week[h] = -1
	}
	require.Empty(t, OfMachine(plan, &bare), "nothing was measured")
}
