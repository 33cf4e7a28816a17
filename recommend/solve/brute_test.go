package solve

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/bill"
	"sizeterm/recommend/bill/billtest"
)

// brute returns the canonical optimum by trying every decision in rational arithmetic.
func brute(t testing.TB, p *bill.Problem) *found {
	s, err := bill.NewSimulator(p)
	require.NoError(t, err)
	var best *found
	billtest.Each(p, func(choice []int, quantity []int64) {
		b := s.Run(choice, quantity)
		if !b.Feasible {
			return
		}
		f := &found{objective: b.Objective, commitment: b.Commitment, choice: append([]int(nil), choice...), amounts: append([]int64(nil), quantity...)}
		for _, n := range quantity {
			f.quantity = f.quantity.Add(bill.Whole(n))
		}
		if best == nil || f.before(best) {
			best = f
		}
	})
	return best
}

// equalsBrute solves a problem and compares objective and canonical decision with enumeration.
func equalsBrute(t testing.TB, p *bill.Problem) {
	want := brute(t, p)
	equals(t, p, want, Options{})
	equals(t, p, want, Options{leaf: 1, blind: true})
}

func equals(t testing.TB, p *bill.Problem, want *found, o Options) {
	got, err := Case(p, o)
	require.NoError(t, err)
	require.Equal(t, want.objective.String(), got.Bill.Objective.String(), p.ID)
	require.True(t, got.Complete && got.Bill.Feasible, p.ID)
	require.Zero(t, got.Bound.Cmp(got.Bill.Objective), p.ID)
	for i, o := range p.Offers {
		require.Equal(t, want.amounts[i], got.Decision.Purchases[o.ID], "%s: %s", p.ID, o.ID)
	}
	for v, vm := range p.VMs {
		require.Equal(t, vm.Candidates[want.choice[v]].Size, got.Decision.Sizes[vm.ID], "%s: %s", p.ID, vm.ID)
	}
}

// The full run is 20 000 fleets: SIZETERM_FLEETS=20000 go test -run TestCaseEqualsBruteForce ./recommend/solve
func fleets(t testing.TB) uint64 {
	if text := os.Getenv("SIZETERM_FLEETS"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		return n
	}
	return 2000
}

func TestCaseEqualsBruteForce(t *testing.T) {
	n := fleets(t)
	f := billtest.Everything()
	f.MostDecisions = 300
	for seed := range n {
		equalsBrute(t, billtest.Problem(seed, f))
	}
}

// Where many decisions cost the same, and where the utilisation rule decides: larger, so that boxes are discarded and not enumerated.
func TestTiesAndRulesEqualBruteForce(t *testing.T) {
	n := fleets(t) / 4
	for seed := range n {
		equalsBrute(t, billtest.Problem(seed, billtest.Features{Ties: true, Scopes: seed%2 == 0, Plans: seed%3 == 0, Sizes: seed%5 == 0, MostDecisions: 600}))
		equalsBrute(t, billtest.Problem(seed, billtest.Features{Utilization: true, Strict: true, Scopes: true, Existing: true, MostDecisions: 600}))
	}
}

// A savings plan with rates of 0 costs its commitment however much it covers, and one that is not bought, or of which none is owned, covers
// nothing; sizes may be free by the hour.
func TestRatesOfNothingEqualBruteForce(t *testing.T) {
	plans := 0
	for seed := range uint64(400) {
		f := billtest.Everything()
		f.MostDecisions = 200
		p := billtest.Problem(seed, f)
		free := func(rates map[string]int64) {
			for size := range rates {
				if (uint64(len(size))+seed)%2 == 0 || len(rates) == 1 {
					rates[size] = 0
				}
			}
			plans += min(1, len(rates))
		}
		for i := range p.Offers {
			free(p.Offers[i].Rates)
		}
		for i := range p.Existing {
			if free(p.Existing[i].Rates); p.Existing[i].Rates != nil && seed%3 == 0 {
				p.Existing[i].Qty = 0
			}
		}
		equalsBrute(t, p)
	}
	require.Greater(t, plans, 50)
}
