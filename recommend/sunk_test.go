package recommend

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer/demand"
	"sizeterm/recommend/bill"
)

// Usage of 1, 2, 4 and 4 instances, 5 instance-hours of it under a plan: the level is 1.3333, for 1 + 3 x 1.3333 = 5; what is left above it
// is 0, 0.6667, 2.6667 and 2.6667. Without the plan nothing changes; a plan for all leaves nothing.
func TestUncovered(t *testing.T) {
	s := demand.Series{Flat: []int64{1e6, 2e6, 4e6, 4e6}}
	s.Stacked = s.Flat
	require.Equal(t, []int64{0, 666_666, 2_666_666, 2_666_666}, uncovered(s, 5e6).Flat)
	require.Equal(t, s, uncovered(s, 0))
	for _, all := range []int64{11e6, 12e6} {
		require.Equal(t, []int64{0, 0, 0, 0}, uncovered(s, all).Flat)
	}
	require.True(t, uncovered(s, 5e6).Exact())
	require.Equal(t, []int64{0, 0}, above([]int64{-5, 3}, 9), "a credit is no usage")
}

// The series is what the bill simulator makes of the plan as sunk: for every quantity of a reservation the pay-as-you-go cost of the
// usage beside the plan is that of what uncovered leaves, above the quantity.
func TestUncoveredIsTheSimulatorsSunkPlan(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	const price, rate = 10, 7
	for range 50 {
		hours := make([]int64, 24)
		p := &bill.Problem{RunDenominator: 1_000_000, Sizes: map[string]bill.Size{"A": {Group: "G", Ratio: 1, Payg: price}}, Rules: bill.Rules{Order: bill.HighestFirst},
			VMs: []bill.VM{{ID: "v", Scope: "s/a", Candidates: []bill.Candidate{{Size: "A"}}}}}
		for h := range hours {
			hours[h] = r.Int64N(6) * 1_000_000
			p.Slots = append(p.Slots, bill.Slot{Hours: 1})
		}
		p.VMs[0].Run = hours
		level := 1 + r.Int64N(3)
		served := int64(0)
		for _, n := range hours {
			served += min(n, level*1_000_000)
		}
		p.Existing = []bill.Existing{{Qty: 1, Commitment: bill.Commitment{ID: "plan", Kind: bill.SavingsPlan, Scope: "s", To: 24, Step: level * rate, Rates: map[string]int64{"A": rate}}}}
		p.Offers = []bill.Offer{{MaxQty: 9, Commitment: bill.Commitment{ID: "o", Kind: bill.Reservation, Scope: "s", To: 24, Size: "A"}}}
		sim, err := bill.NewSimulator(p)
		require.NoError(t, err)
		left := above(hours, served)
		for q := range int64(6) {
			sum := int64(0)
			for _, n := range left {
				sum += max(0, n-q*1_000_000)
			}
			require.Equal(t, bill.Frac(sum*price, 1_000_000).String(), sim.Run([]int{0}, []int64{q}).Payg.String())
		}
	}
}
