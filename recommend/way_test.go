package recommend_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/recommend"
)

// DESIGN section 1: what is not eligible is listed with its reason and the nearest eligible way.
func TestWhatIsNotEligibleSaysTheNearestWay(t *testing.T) {
	dv3, fsv2, g := tariff{"Standard_D2s_v3", "0.10", "525.60", "1051.20"}, tariff{"Standard_F2s_v2", "0.10", "525.60", "1051.20"}, tariff{"Standard_G1", "0.10", "525.60", "1051.20"}
	one := func(f tariff) recommend.Input { return input(t, book(t, d2s, f), member(f.size, always(4, 672))) }
	machine := func(change func(*analyzer.VM)) recommend.Input {
		in := one(d2s)
		vm := analyzer.VM{Customer: "c1", Name: "vm-1", Resource: "/subscriptions/s1/resourcegroups/rg1/providers/microsoft.compute/virtualmachines/vm-1", Size: "Standard_D2s_v5", Region: region, Currency: "USD", State: analyzer.StateNoMetrics}
		change(&vm)
		in.Analysis.VMs = append(in.Analysis.VMs, vm)
		return in
	}
	for name, c := range map[string]struct {
		in          func() recommend.Input
		reason, way string
	}{
		"closed series": {func() recommend.Input { return one(dv3) }, "no_longer_sold", "resize first, for example D2s_v3 to D2s_v5"},
		"other term is sold": {func() recommend.Input {
			in := one(fsv2)
			in.Analysis.AsOf = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
			return in
		}, "no_longer_sold", "buy it for one year"},
		"series not covered": {func() recommend.Input { return one(g) }, "series_not_covered", "resize"},
		"promo":              {func() recommend.Input { return one(tariff{"Standard_D2_v2_Promo", "0.10", "525.60", "1051.20"}) }, "promo_size", "resize"},
		"spot":               {func() recommend.Input { return machine(func(vm *analyzer.VM) { vm.Spot = true }) }, "spot", "regular machine"},
		"classic": {func() recommend.Input {
			return machine(func(vm *analyzer.VM) {
				vm.Resource = "/subscriptions/s1/resourcegroups/rg1/providers/microsoft.classiccompute/virtualmachines/vm-1"
			})
		}, "classic", "Resource Manager"},
		"unknown size":      {func() recommend.Input { return machine(func(vm *analyzer.VM) { vm.State = analyzer.StateSizeUnknown }) }, "size_unknown", "ServiceType"},
		"too few days":      {func() recommend.Input { in := one(d2s); in.Analysis.Pools[0].Days = 5; return in }, "too_few_days", "2 complete days more: from 2026-11-04"},
		"too few for three": {func() recommend.Input { in := one(d2s); in.Analysis.Pools[0].Days = 20; return in }, "too_few_days", "one year can be bought until then"},
		"too young": {func() recommend.Input {
			in := one(d2s)
			in.Analysis.Pools[0].Young = []analyzer.Excluded{{Resource: "/x/vm-2", Size: "Standard_D2s_v5"}}
			return in
		}, "too_young", "7 days old"},
		"no price":   {func() recommend.Input { return input(t, book(t, d2s), member("Standard_D8s_v5", always(1, 672))) }, "no_price", "--prices"},
		"old prices": {func() recommend.Input { in := one(d2s); in.Policy.MaxPriceAge = time.Hour; return in }, "price_too_old", "sizeterm prices fetch"},
		"policy":     {func() recommend.Input { in := one(d2s); in.Policy.Terms = []string{"P1Y"}; return in }, "policy_terms", "policy"},
		"reservations unknown": {func() recommend.Input {
			in := one(d2s)
			in.HasList = false
			in.Analysis.Pools[0].Members[0].Covered = 672 * demand.Full
			return in
		}, "reservations_unknown", "reservation list"},
	} {
		p := plan(t, c.in())
		found := false
		for _, n := range p.NotRecommended {
			if n.Reason == c.reason {
				found = true
				require.Contains(t, n.Way, c.way, name)
			}
		}
		require.True(t, found, "%s: %v", name, reasons(p))
	}
}
