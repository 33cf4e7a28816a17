package rightsize

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// TestLargerNeverMoreOverload: more capacity never raises either bound, and what a capacity admits a larger one admits.
func TestLargerNeverMoreOverload(t *testing.T) {
	s := plainSizer(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		m := machineOf("Standard_D16s_v5", randomSeries(r, 8), 0)
		var before Overload
		admitted := false
		for c := Percent(400); c <= whole; c += 400 {
			o := m.overloadAt(c)
			if before.Known && (o.High > before.High || o.Low > before.Low || o.Low > o.High) {
				t.Fatalf("capacity %d: %v after %v", c, o, before)
			}
			_, ok := s.cpuFits(m, s.kind(m.Size), c)
			if admitted && !ok {
				t.Fatalf("capacity %d is refused, a smaller one is not", c)
			}
			before, admitted = o, ok
		}
		if !admitted {
			t.Fatal("the size of today is refused")
		}
	})
}

// columns are what a file of metrics may lack, as the analyzer leaves it out of a machine.
var columns = []struct {
	name   string
	remove func(*Machine)
}{
	{"memory", func(m *Machine) { m.Memory = Stats{} }},
	{"maxima", func(m *Machine) {
		m.CPUMax, m.Series = Stats{}, nil
		unbounded(m)
	}},
	{"averages", func(m *Machine) { m.CPUAvg, m.First, m.Second, m.Week = Stats{}, -1, -1, nil }},
	{"minima", unbounded},
	{"bounds", func(m *Machine) { m.Overload = nil }},
	{"hours", func(m *Machine) { m.Series = nil }},
	{"disk bandwidth", func(m *Machine) { m.DiskBandwidth = Stats{} }},
	{"disk operations", func(m *Machine) { m.DiskOperations = Stats{} }},
	{"network", func(m *Machine) { m.NetworkOut = Stats{} }},
}

// unbounded raises the upper bound of overload to what it is where the lowest use is not known.
func unbounded(m *Machine) {
	if bound := m.Overload; bound != nil {
		m.Overload = func(p Percent) (low, high int64) {
			low, high = bound(p)
			return low / 2, min(1000*m.OverloadSeconds, 2*high)
		}
	}
}

// TestRemovingMetrics: whatever measures are taken away, all 512 ways of some machines and any of random ones, no size that has less of
// anything becomes feasible, and none is proposed that was not feasible before.
func TestRemovingMetrics(t *testing.T) {
	s := fewSizes(t)
	shrunk := 0
	for seed := range uint64(3) {
		m := measuredMachine(rand.New(rand.NewPCG(seed, 3)))
		full := judged(t, s, m)
		for mask := range 1 << len(columns) {
			shrunk += noneMore(t, s, without(m, mask), full)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := measuredMachine(rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 4)))
		some := rapid.IntRange(0, 1<<len(columns)-1).Draw(rt, "columns that the file lacks")
		more := some | rapid.IntRange(0, 1<<len(columns)-1).Draw(rt, "columns taken away as well")
		shrunk += noneMore(t, s, without(m, more), judged(t, s, without(m, some)))
	})
	require.Greater(t, shrunk, 500, "nothing was put to the test")
}

// fewSizes sells some sizes of each kind, with and without known limits.
func fewSizes(t *testing.T) *Sizer {
	names := map[catalog.Size]bool{}
	for _, n := range strings.Fields("D2s_v5 D4s_v5 D8s_v5 D2as_v5 D4as_v5 D8as_v5 E2s_v5 E4s_v5 E8s_v5 D2ls_v5 D4ls_v5 D8ls_v5 D2s_v4 D4s_v4 D2s_v3 D4s_v3 D8s_v3 E4s_v3 E2s_v3 " +
		"B2s_v2 B4s_v2 B8s_v2 B2ms B4ms B8ms F4s_v2 F8s_v2 F2s_v2 DS2_v2 DS3_v2 DS4_v2 D4ds_v5 D2ds_v5 D8ds_v5") {
		names[catalog.Size("Standard_"+n)] = true
	}
	s, err := New(Options{AsOf: testDay, Prices: func(size catalog.Size, region catalog.Region, os pricing.OS, currency money.Code) (money.Rate, bool) {
		rate, ok := plainPrices(size, region, os, currency)
		return rate, ok && names[size]
	}})
	require.NoError(t, err)
	return s
}

// measuredMachine is a random machine of which everything was measured.
func measuredMachine(r *rand.Rand) *Machine {
	size := []catalog.Size{"Standard_D8s_v5", "Standard_E4s_v3", "Standard_B4ms", "Standard_F8s_v2", "Standard_DS4_v2", "Standard_E8s_v5", "Standard_D8ds_v5"}[r.IntN(7)]
	series := randomSeries(r, 1+r.IntN(12))
	for i := len(series) / 2; i < len(series) && r.IntN(3) > 0; i++ { // the level rises, not the maxima
		series[i].Avg = series[i].High
	}
	if r.IntN(2) == 0 {
		for i := range series[:len(series)/2] {
			series[i].Low, series[i].Avg = series[i].Low/8, series[i].Avg/8
		}
	}
	m := machineOf(size, series, Percent(1+r.IntN(9000)))
	upTo := func(most int) Stats { return used(Percent(r.IntN(most) >> r.IntN(4))) }
	m.DiskBandwidth, m.DiskOperations, m.NetworkOut = upTo(10_000), upTo(10_000), upTo(20_000_000)
	return m
}

func without(m *Machine, mask int) *Machine {
	less := *m
	for i, c := range columns {
		if mask>>i&1 == 1 {
			c.remove(&less)
		}
	}
	return &less
}

// noneMore requires that no smaller size is feasible for a machine that was not before, and returns how many were.
func noneMore(t *testing.T, s *Sizer, less *Machine, before map[catalog.Size]Alternative) (n int) {
	from := s.kind(less.Size)
	for to, a := range judged(t, s, less) {
		b := &s.kind(to).shape
		smaller := a.Capacity < whole || b.MemoryMiB < from.shape.MemoryMiB || b.DiskIOPS < from.shape.DiskIOPS || b.DiskBytesPerSecond < from.shape.DiskBytesPerSecond ||
			b.NetworkMbps < from.shape.NetworkMbps || b.Burstable && !from.shape.Burstable
		if before[to].Feasible && smaller {
			n++
		}
		if a.Feasible && smaller {
			require.True(t, before[to].Feasible, "%s to %s becomes feasible", less.Size, to)
		}
	}
	a := advise(t, s, less)
	if a.Action == Shutdown {
		require.NotZero(t, less.CPUMax.Samples*less.NetworkOut.Samples)
	}
	return n
}

// TestAdviceIsPure: advising again, or after another machine, changes nothing.
func TestAdviceIsPure(t *testing.T) {
	s := plainSizer(t, nil)
	r := rand.New(rand.NewPCG(9, 9))
	var machines []*Machine
	for i := range 20 {
		m := machineOf([]catalog.Size{"Standard_D8s_v5", "Standard_E16s_v5", "Standard_D4s_v3"}[i%3], randomSeries(r, 14), Percent(1000+r.IntN(8000)))
		m.ID = fmt.Sprint("vm", i)
		machines = append(machines, m)
	}
	var forward, backward []Advice
	for _, m := range machines {
		forward = append(forward, advise(t, s, m))
	}
	other := plainSizer(t, nil)
	for _, m := range slices.Backward(machines) {
		backward = append(backward, advise(t, other, m))
	}
	slices.Reverse(backward)
	require.Equal(t, forward, backward)
}

// small is a random problem that can be tried out completely.
func small(seed uint64) *bill.Problem {
	r := rand.New(rand.NewPCG(seed, 21))
	p := estate(seed, 4, 4, 2)
	for i := range p.Offers {
		p.Offers[i].MaxQty = 6
	}
	p.Rules.Order = []bill.Order{bill.HighestFirst, bill.LowestFirst, bill.Proportional}[r.IntN(3)]
	if r.IntN(2) == 0 { // not one price a unit
		s := p.Sizes["S0_1"]
		s.Payg += s.Payg / 7
		p.Sizes["S0_1"] = s
	}
	if r.IntN(2) == 0 { // a term of half the time, and one at a narrower scope
		o := p.Offers[0]
		o.ID, o.To, o.Price = "half", 2, o.Price*11/20
		p.Offers = append(p.Offers, o)
		e := p.Existing[1]
		e.ID, e.Scope, e.Qty = "narrow", "shared/sub1", 2
		p.Existing = append(p.Existing, e)
	}
	return p
}

// brute returns the least objective of all sizes with exact purchases for each.
func brute(t *testing.T, p *bill.Problem) bill.Exact {
	choice := make([]int, len(p.VMs))
	var best *bill.Exact
	for {
		fixed := *p
		fixed.VMs = slices.Clone(p.VMs)
		for v, j := range choice {
			fixed.VMs[v].Candidates = p.VMs[v].Candidates[j : j+1]
		}
		got, err := solve.Case(&fixed, solve.Options{})
		require.NoError(t, err)
		require.True(t, got.Complete)
		if best == nil || got.Bill.Objective.Cmp(*best) < 0 {
			best = &got.Bill.Objective
		}
		v := 0
		for ; v < len(choice); v++ {
			if choice[v]++; choice[v] < len(p.VMs[v].Candidates) {
				break
			}
			choice[v] = 0
		}
		if v == len(choice) {
			return *best
		}
	}
}

// TestJointOptimal: small problems are solved exactly; the price loop alone finds plans no cheaper and bounds no higher than the optimum.
func TestJointOptimal(t *testing.T) {
	apart := 0.0
	for seed := range uint64(30) {
		p := small(seed)
		want := brute(t, p)
		got, err := Joint(p, JointOptions{Nodes: 100_000})
		require.NoError(t, err)
		require.Zero(t, want.Cmp(got.Joint.Bill.Objective), "seed %d: %s, want %s", seed, got.Joint.Bill.Objective, want)
		require.Zero(t, want.Cmp(got.Joint.Bound), "seed %d: bound", seed)
		loop, err := priceLoop(p, JointOptions{Nodes: 2000, Steps: 400}, nil)
		require.NoError(t, err)
		require.GreaterOrEqual(t, loop.Bill.Objective.Cmp(want), 0, "seed %d", seed)
		require.LessOrEqual(t, loop.Bound.Cmp(want), 0, "seed %d: bound %s above the optimum %s", seed, loop.Bound, want)
		apart = max(apart, loop.Gap().Float())
	}
	t.Logf("largest gap of the price loop on 4 machines: %.1f %%", 100*apart)
}

// TestJointLaws: joint costs at most as much as either; a candidate more never raises it; the order of machines and offers changes
// nothing; the number of processors changes nothing.
func TestJointLaws(t *testing.T) {
	for seed := range uint64(25) {
		p := small(seed)
		got, err := Joint(p, JointOptions{})
		require.NoError(t, err)
		check(t, got)
		fewer := *p
		fewer.VMs = slices.Clone(p.VMs)
		for v := range fewer.VMs {
			fewer.VMs[v].Candidates = p.VMs[v].Candidates[:max(1, len(p.VMs[v].Candidates)-1)]
		}
		less, err := Joint(&fewer, JointOptions{})
		require.NoError(t, err)
		require.LessOrEqual(t, got.Joint.Bill.Objective.Cmp(less.Joint.Bill.Objective), 0, "seed %d", seed)

		turned := *p
		turned.VMs, turned.Offers, turned.Existing = slices.Clone(p.VMs), slices.Clone(p.Offers), slices.Clone(p.Existing)
		slices.Reverse(turned.VMs)
		slices.Reverse(turned.Offers)
		slices.Reverse(turned.Existing)
		again, err := Joint(&turned, JointOptions{})
		require.NoError(t, err)
		require.Equal(t, got, again)
	}
	p := estate(3, 300, 56, 6)
	two, err := Joint(p, JointOptions{Steps: 200})
	require.NoError(t, err)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one, err := Joint(p, JointOptions{Steps: 200})
	require.NoError(t, err)
	require.Equal(t, two, one)
	check(t, one)
}

func check(t *testing.T, got *Together) {
	require.LessOrEqual(t, got.Joint.Bill.Objective.Cmp(got.ResizeOnly.Bill.Objective), 0)
	require.LessOrEqual(t, got.Joint.Bill.Objective.Cmp(got.ReserveOnly.Bill.Objective), 0)
	require.LessOrEqual(t, got.ResizeOnly.Bill.Objective.Cmp(got.Today.Objective), 0)
	require.LessOrEqual(t, got.ReserveOnly.Bill.Objective.Cmp(got.Today.Objective), 0)
	for _, o := range []Outcome{got.Joint, got.ResizeOnly, got.ReserveOnly} {
		require.LessOrEqual(t, o.Bound.Cmp(o.Bill.Objective), 0)
		require.True(t, o.Bill.Feasible)
	}
}

// TestKernel: the exact kernel of a pool agrees with branch and bound on random terms, with existing reservations at any scope.
func TestKernel(t *testing.T) {
	used := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		p := &bill.Problem{ID: "k", Currency: "USD", RunDenominator: 1 + r.Int64N(3), Sizes: map[string]bill.Size{}}
		p.Rules.Order = []bill.Order{bill.HighestFirst, bill.LowestFirst, bill.Proportional}[r.IntN(3)]
		slots := 1 + r.IntN(6)
		for range slots {
			p.Slots = append(p.Slots, bill.Slot{Hours: 1 + r.Int64N(50)})
		}
		for i, name := range []string{"A", "B", "C"} {
			p.Sizes[name] = bill.Size{Group: "G", Ratio: 1 << i, Payg: 100 << i}
			vm := bill.VM{ID: name, Scope: []string{"s/a", "s/b"}[r.IntN(2)], Candidates: []bill.Candidate{{Size: name}}}
			for range slots {
				vm.Run = append(vm.Run, r.Int64N(5))
			}
			p.VMs = append(p.VMs, vm)
		}
		size := []string{"A", "B"}[r.IntN(2)]
		add := func(id string, from, to int) {
			hours := int64(0)
			for _, slot := range p.Slots[from:to] {
				hours += slot.Hours
			}
			price := hours * p.Sizes[size].Payg * (30 + r.Int64N(60)) / 100
			p.Offers = append(p.Offers, bill.Offer{Commitment: bill.Commitment{ID: id, Kind: bill.Reservation, Scope: "s", From: from, To: to, Size: size}, Price: price, MaxQty: 100})
		}
		cutAt := r.IntN(slots + 1)
		add("long", 0, slots)
		add("one", 0, cutAt)
		add("two", cutAt, slots)
		p.Existing = []bill.Existing{{Commitment: bill.Commitment{ID: "e", Kind: bill.Reservation, Scope: []string{"s", "s/a"}[r.IntN(2)], To: slots, Size: "A"}, Qty: r.Int64N(5)}}
		rows, _ := collapse(p, make([]int, len(p.VMs)))
		buy, ok := kernel(rows)
		if !ok {
			continue
		}
		used++
		got, err := bill.Evaluate(p, bill.Decision{Purchases: buy})
		require.NoError(t, err)
		want, err := solve.Case(p, solve.Options{})
		require.NoError(t, err)
		require.Zero(t, got.Objective.Cmp(want.Bill.Objective), "seed %d: %s, want %s", seed, got.Objective, want.Bill.Objective)
	}
	require.Greater(t, used, 250)
}

// TestDescend: the search along offers finds what branch and bound finds, or nearly, where prices a unit differ.
func TestDescend(t *testing.T) {
	worst := 0.0
	for seed := range uint64(30) {
		p := estate(seed, 12, 6, 1)
		s := p.Sizes["S0_1"]
		s.Payg += s.Payg / 5
		p.Sizes["S0_1"] = s
		o := p.Offers[0]
		o.ID, o.Size, o.Price = "large", "S0_2", o.Price*39/10
		p.Offers = append(p.Offers, o)
		rows, _ := collapse(p, make([]int, len(p.VMs)))
		buy, err := descend(rows)
		require.NoError(t, err)
		got, err := bill.Evaluate(rows, bill.Decision{Purchases: buy})
		require.NoError(t, err)
		want, err := solve.Case(rows, solve.Options{})
		require.NoError(t, err)
		worst = max(worst, got.Objective.Sub(want.Bill.Objective).Quo(want.Bill.Objective).Float())
	}
	t.Logf("at worst %.3f %% above the optimum", 100*worst)
	require.Less(t, worst, 0.005)
}
