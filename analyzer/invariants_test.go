package analyzer_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/ingest/usage"
)

// rises checks that quantiles do not fall and lie below the maximum.
func rises(t require.TestingT, d analyzer.Distribution) {
	if d.Samples == 0 {
		require.Equal(t, analyzer.Distribution{}, d, "nothing measured says nothing")
		return
	}
	for _, pair := range [][2]analyzer.Percent{{0, d.P50}, {d.P50, d.P90}, {d.P90, d.P95}, {d.P95, d.P99}, {d.P99, d.Max}, {d.Mean, d.Max}} {
		require.LessOrEqual(t, pair[0], pair[1], "%+v", d)
	}
	require.GreaterOrEqual(t, d.Seconds, d.Samples)
	if s := d.Type7; s != nil {
		require.LessOrEqual(t, s.P50, s.P99)
	}
}

// TestInvariants checks on drawn data what holds for any.
func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dice(rapid.Uint32().Draw(t, "seed"))
		a := analyzer.New(analyzer.Options{LookbackDays: d.n(3) * 7})
		addAll(t, a, drawCharges(&d, d.n(200)), drawSamples(&d, d.n(300)), 64)
		out, err := a.Analysis()
		require.NoError(t, err)
		for _, vm := range out.VMs {
			for _, dist := range []analyzer.Distribution{vm.CPUAvg, vm.CPUMax, vm.Memory, vm.NetworkOut, vm.DiskOperations} {
				rises(t, dist)
			}
			overloadFalls(t, vm.Overload)
			require.GreaterOrEqual(t, vm.Cost, vm.SoftwareCost-1<<40)
			require.False(t, vm.Spot && vm.Young)
			require.NotEmpty(t, vm.State)
		}
		for _, p := range out.Profiles {
			rises(t, p.CPUAvg)
			rises(t, p.CPUMax)
			require.LessOrEqual(t, p.VMP95.P50, p.VMP95.Max)
			require.LessOrEqual(t, p.Concurrency.P99, p.Concurrency.Max)
		}
		poolsAddUp(t, out)
		showBackAddsUp(t, out)
	})
}

func overloadFalls(t require.TestingT, o *analyzer.Overload) {
	if o == nil {
		return
	}
	lastLo, lastHi := o.Seconds*1000, o.Seconds*1000
	for threshold := analyzer.Percent(0); threshold <= 11_000; threshold += 125 {
		lo, hi := o.At(threshold)
		require.LessOrEqual(t, lo, hi)
		require.LessOrEqual(t, lo, lastLo)
		require.LessOrEqual(t, hi, lastHi)
		lastLo, lastHi = lo, hi
	}
}

// poolsAddUp checks that the demand of members is what the pools know, and that Flat never exceeds Stacked above a level.
func poolsAddUp(t require.TestingT, out *analyzer.Analysis) {
	for _, p := range out.Pools {
		sum, total := int64(0), demand.NewSeries(out.Window.Hours())
		for _, m := range p.Members {
			require.Len(t, m.Series.Flat, out.Window.Hours())
			require.Positive(t, m.VMs)
			sum += m.Series.Sum()
			total.Add(m.Series)
		}
		require.Equal(t, sum, p.Known.Hours)
		require.LessOrEqual(t, p.Known.Billed, p.Known.Metered)
		require.LessOrEqual(t, p.Known.Metered, p.Known.Hours)
		require.Equal(t, out.Window.Days(), p.Days+len(p.Gaps))
		for level := int64(0); level < 4*demand.Full; level += demand.Full / 2 {
			flat, stacked := total.Above(level)
			require.LessOrEqual(t, flat, stacked+24*int64(out.Window.Days()*len(p.Members)*len(out.VMs)), "but for the remainders of divisions")
		}
		for _, gap := range p.Gaps {
			require.Zero(t, total.Flat[24*gap])
		}
	}
}

// showBackAddsUp checks that subscriptions, resource groups and every tag add up to the same hours and cost.
func showBackAddsUp(t require.TestingT, out *analyzer.Analysis) {
	type key struct{ customer, currency, by string }
	sums := map[key][2]int64{}
	for _, s := range out.ShowBack {
		k := key{s.Customer, s.Currency, s.By}
		sums[k] = [2]int64{sums[k][0] + s.Hours, sums[k][1] + s.Cost}
	}
	for k, got := range sums {
		k.by = "subscription"
		require.Equal(t, sums[k], got)
	}
}

// TestTwiceTheMachinesAreTwiceTheDemand renames every machine of a fleet and adds it again.
func TestTwiceTheMachinesAreTwiceTheDemand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []usage.ChargeRow
		for m := range rapid.IntRange(1, 5).Draw(t, "machines") {
			for n := range 14 {
				rows = append(rows, charge(fmt.Sprint("vm", m), n, float64(rapid.IntRange(0, 24).Draw(t, "hours"))))
			}
		}
		twins := append([]usage.ChargeRow(nil), rows...)
		for i := range twins {
			twins[i].Resource += "twin"
		}
		one, two := analyze(t, analyzer.Options{}, charges(rows...)), analyze(t, analyzer.Options{}, charges(append(twins, rows...)...))
		require.Equal(t, one.Window, two.Window)
		require.Len(t, two.Pools, len(one.Pools))
		for i, p := range one.Pools {
			require.Equal(t, p.Members[0].Series.Times(2), two.Pools[i].Members[0].Series)
			require.Equal(t, 2*p.Members[0].VMs, two.Pools[i].Members[0].VMs)
		}
		for i, p := range one.Profiles {
			require.Equal(t, 2*p.Hours, two.Profiles[i].Hours)
		}
	})
}

// TestARowCutInTwoIsTheSameRow splits hours and cost of every row over two rows.
func TestARowCutInTwoIsTheSameRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dice(rapid.Uint32().Draw(t, "seed"))
		rows := drawCharges(&d, 100)
		var cut []usage.ChargeRow
		for _, r := range rows {
			if r.End-r.Start > 86_400 { // spread by rounding each part
				cut = append(cut, r)
				continue
			}
			first, second := r, r
			first.Hours, first.Cost = r.Hours/3, r.Cost/3
			second.Hours, second.Cost = r.Hours-first.Hours, r.Cost-first.Cost
			cut = append(cut, first, second)
		}
		one, two := analyze(t, analyzer.Options{}, charges(rows...)), analyze(t, analyzer.Options{}, charges(cut...))
		require.Equal(t, one.VMs, two.VMs)
		require.Equal(t, one.Pools, two.Pools)
		require.Equal(t, one.ShowBack, two.ShowBack)
		require.Equal(t, one.Inferred, two.Inferred)
	})
}

// Another customer changes nothing of the first, as long as its files cover the same days.
func TestCustomersAreApart(t *testing.T) {
	own := append(days("a", 0, 14, 24), days("b", 0, 14, 7)...)
	other := with(days("b", 0, 14, 9), func(r *usage.ChargeRow) { r.Customer, r.Resource = "c2", r.Resource+"x" })
	alone, both := analyze(t, analyzer.Options{}, charges(own...)), analyze(t, analyzer.Options{}, charges(append(other, own...)...))
	require.Equal(t, alone.Pools, both.Pools[:1])
	require.Equal(t, alone.VMs, both.VMs[:2])
	require.Equal(t, alone.Profiles, both.Profiles[:1])
	require.Equal(t, alone.Coverage, both.Coverage[:1])
	require.Equal(t, "c2", both.Pools[1].Customer)
}
