package rightsize

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// TestRow: the size of today first, prices and risks in the unit of the problem, names and groups apart by region.
func TestRow(t *testing.T) {
	s := plainSizer(t, nil)
	m := machineOf("Standard_D8s_v5", level(28, 500, 1500, 4000), 4000)
	a := advise(t, s, m)
	frame := Frame{Scope: "shared/sub/rg", Run: []int64{1}, Unit: 3, Months: 12}
	vm, sizes, err := s.Row(m, &a, frame)
	require.NoError(t, err)
	require.Equal(t, "westeurope/Standard_D8s_v5", vm.Candidates[0].Size)
	require.Zero(t, vm.Candidates[0].Risk)
	to := sizes["westeurope/Standard_D4s_v5"]
	require.Equal(t, "westeurope/Dsv5 Series", to.Group)
	require.Equal(t, int64(3*2_240_000_000), to.Payg)
	group, _ := catalog.Size("Standard_D4s_v5").Group()
	require.Equal(t, group.Ratio, to.Ratio)
	for _, c := range vm.Candidates {
		if c.Size == "westeurope/Standard_D4s_v5" {
			require.Equal(t, int64(20_000_000*10_000*3), c.Risk, "20 once, in thirds of 1e-10")
		}
		require.Contains(t, sizes, c.Size)
	}
	m.Spot = true
	vm, _, err = s.Row(m, &a, frame)
	require.NoError(t, err)
	require.Len(t, vm.Candidates, 1, "a machine that is left alone has its size alone")
	m.Spot, m.OS = false, pricing.Windows
	a = advise(t, s, m)
	_, sizes, err = s.Row(m, &a, frame)
	require.NoError(t, err)
	require.Equal(t, int64(3*8*460_000_000), sizes["westeurope/Standard_D8s_v5/windows"].Software)
	_, _, err = s.Row(m, &Advice{}, frame)
	require.ErrorContains(t, err, "no size with a price")
}

// TestOwnedGroups: a size that an owned reservation could cover stays among the candidates, dearer as it is by the hour.
func TestOwnedGroups(t *testing.T) {
	const group = "Esv5 Series"
	m := machineOf("Standard_D4s_v5", level(28, 500, 3000, 8500), 9000)
	has := func(s *Sizer) bool {
		a := advise(t, s, m)
		vm, sizes, err := s.Row(m, &a, Frame{Scope: "shared", Run: []int64{1}, Unit: 1, Months: 1})
		require.NoError(t, err)
		for _, c := range vm.Candidates {
			if sizes[c.Size].Group == "westeurope/"+group {
				return true
			}
		}
		return false
	}
	require.False(t, has(plainSizer(t, nil)))
	require.True(t, has(plainSizer(t, func(p *Policy) { p.Groups = []string{group} })))
}

// TestSequence: resize, wait as long as the policy table says, buy, wait, verify.
func TestSequence(t *testing.T) {
	resize, buy, verify := Sequence(testDay)
	wait := catalog.RulesOn(testDay).WaitDays
	require.Positive(t, wait)
	require.Equal(t, testDay, resize)
	require.Equal(t, testDay.AddDate(0, 0, wait), buy)
	require.Equal(t, testDay.AddDate(0, 0, 2*wait), verify)
}

// TestPublishedCases: every published case is a joint problem; those without a choice of size too.
func TestPublishedCases(t *testing.T) {
	for id, want := range map[string]string{
		"s1-newsvendor": "5482150000", "s2-two-terms": "", "s3-isf-nonproportional": "", "s4-existing-expiry-scope": "", "s5-savings-plan-joint": "", "s6-rightsize-joint": "1916096000",
	} {
		f, err := os.Open(filepath.Join("../../../shared/cases", id+".json"))
		if err != nil {
			t.Logf("not here: %v", err)
			return
		}
		p, err := solve.ReadCase(f)
		f.Close()
		require.NoError(t, err)
		exact, err := solve.Case(p, solve.Options{})
		require.NoError(t, err)
		got, err := Joint(p, JointOptions{Nodes: 100_000})
		require.NoError(t, err)
		require.Zero(t, got.Joint.Bill.Objective.Cmp(exact.Bill.Objective), "%s: %s, want %s", id, got.Joint.Bill.Objective, exact.Bill.Objective)
		if id == "s6-rightsize-joint" {
			require.Equal(t, want, got.Joint.Bill.Objective.String())
		}
		check(t, got)
	}
}

// TestLoopWithPlans: with savings plans, budgets and least utilisations the price loop keeps its promises: a bound below the optimum,
// a plan that obeys the rules.
func TestLoopWithPlans(t *testing.T) {
	for seed := range uint64(12) {
		p := small(seed)
		plan := bill.Offer{Commitment: bill.Commitment{ID: "plan", Kind: bill.SavingsPlan, Scope: "shared", To: len(p.Slots), Step: 40_000, Rates: map[string]int64{}}, MaxQty: 8}
		for name, size := range p.Sizes {
			plan.Rates[name] = size.Payg * 7 / 10
		}
		p.Offers = append(p.Offers, plan)
		switch seed % 3 {
		case 1:
			for i := range p.Offers {
				p.Offers[i].Upfront = p.Offers[i].Price
			}
			budget := 3 * p.Offers[0].Price
			p.Rules.UpfrontBudget = &budget
		case 2:
			least := bill.Frac(9, 10)
			p.Rules.MinNewUtilization = &least
		}
		want, err := solve.Case(p, solve.Options{})
		require.NoError(t, err)
		require.True(t, want.Complete)
		got, err := priceLoop(p, JointOptions{Nodes: 2000, Steps: 200}, nil)
		require.NoError(t, err)
		require.True(t, got.Bill.Feasible)
		require.GreaterOrEqual(t, got.Bill.Objective.Cmp(want.Bill.Objective), 0, "seed %d", seed)
		require.LessOrEqual(t, got.Bound.Cmp(want.Bill.Objective), 0, "seed %d: bound %s, optimum %s", seed, got.Bound, want.Bill.Objective)
	}
}

func TestJointRefuses(t *testing.T) {
	_, err := Joint(&bill.Problem{}, JointOptions{})
	require.ErrorContains(t, err, "run_denominator")
	p := small(1)
	p.VMs[0].Candidates = nil
	_, err = Joint(p, JointOptions{})
	require.ErrorContains(t, err, "candidates")
}

// fleetOf is machines of many sizes with made-up loads, as the analyzer would hand them over: without series.
func fleetOf(n int) []*Machine {
	r := rand.New(rand.NewPCG(1, 2))
	sizes := []catalog.Size{"Standard_D4s_v5", "Standard_D8s_v5", "Standard_D16s_v5", "Standard_E8s_v5", "Standard_E16s_v5", "Standard_D8ds_v5", "Standard_D4s_v3", "Standard_F8s_v2", "Standard_D8as_v5"}
	var loads []*Machine
	for range 50 {
		loads = append(loads, machineOf("Standard_D4s_v5", randomSeries(r, 30), 0))
	}
	out := make([]*Machine, n)
	for i := range out {
		m := *loads[r.IntN(len(loads))]
		m.ID, m.Size, m.Series = fmt.Sprintf("vm%05d", i), sizes[r.IntN(len(sizes))], nil
		m.Memory = Stats{Samples: 1, Max: Percent(r.IntN(9000)), P99: 3000}
		out[i] = &m
	}
	return out
}

// BenchmarkAdvise is 5 000 machines against every size that West Europe sells.
func BenchmarkAdvise(b *testing.B) {
	machines := fleetOf(5000)
	for b.Loop() {
		s := plainSizer(b, nil)
		for _, m := range machines {
			if _, err := s.Advise(m); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkJoint is 5 000 machines in 20 groups over 672 hours that all differ, a harder case than fleets that mostly run through.
func BenchmarkJoint(b *testing.B) {
	p := estate(1, 5000, 672, 20)
	for b.Loop() {
		got, err := Joint(p, JointOptions{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(100*got.Joint.Gap().Float(), "gap-%")
	}
}
