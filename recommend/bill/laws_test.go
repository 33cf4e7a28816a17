package bill_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/bill"
	"sizeterm/recommend/bill/billtest"
)

// law checks a relation between the bills of a problem and of a changed copy, on made-up problems and decisions.
func law(t *testing.T, change func(p *bill.Problem) *bill.Problem, check func(before, after bill.Bill) bool) {
	t.Helper()
	for seed := range uint64(300) {
		p := billtest.Problem(seed, billtest.Everything())
		d := decision(rand.New(rand.NewPCG(seed, 2)), p)
		before, err := bill.Evaluate(p, d)
		require.NoError(t, err)
		changed := change(billtest.Problem(seed, billtest.Everything()))
		after, err := bill.Evaluate(changed, d)
		require.NoError(t, err)
		require.True(t, check(before, after), "seed %d: %s, then %s", seed, before.Objective, after.Objective)
	}
}

func equal(before, after bill.Bill) bool {
	return before.Objective.Cmp(after.Objective) == 0 && slices.EqualFunc(before.Nodes, after.Nodes, func(a, b bill.NodeUse) bool {
		return a.Key() == b.Key() && a.Utilization().Cmp(b.Utilization()) == 0
	})
}

func TestScalingMoneyScalesTheBill(t *testing.T) {
	scale := func(p *bill.Problem) *bill.Problem {
		for name, s := range p.Sizes {
			s.Payg *= 7
			p.Sizes[name] = s
		}
		for v := range p.VMs {
			p.VMs[v].Candidates = slices.Clone(p.VMs[v].Candidates)
			for j := range p.VMs[v].Candidates {
				p.VMs[v].Candidates[j].Risk *= 7
			}
		}
		for i := range p.Offers {
			p.Offers[i].Price *= 7
			scalePlan(&p.Offers[i].Commitment)
		}
		for i := range p.Existing {
			scalePlan(&p.Existing[i].Commitment)
		}
		return p
	}
	law(t, scale, func(a, b bill.Bill) bool { return a.Objective.Mul(bill.Whole(7)).Cmp(b.Objective) == 0 })
}

func scalePlan(c *bill.Commitment) {
	c.Step *= 7
	for size := range c.Rates {
		c.Rates[size] *= 7
	}
}

func TestOrderOfRowsChangesNothing(t *testing.T) {
	law(t, func(p *bill.Problem) *bill.Problem {
		slices.Reverse(p.VMs)
		slices.Reverse(p.Offers)
		slices.Reverse(p.Existing)
		return p
	}, equal)
}

func TestSplittingASlotChangesNothing(t *testing.T) {
	law(t, func(p *bill.Problem) *bill.Problem {
		first := p.Slots[0].Hours
		p.Slots = append([]bill.Slot{{Hours: 1}, {Hours: first - 1}}, p.Slots[1:]...)
		for v := range p.VMs {
			p.VMs[v].Run = append([]int64{p.VMs[v].Run[0]}, p.VMs[v].Run...)
		}
		shift := func(c *bill.Commitment) {
			if c.From > 0 {
				c.From++
			}
			c.To++
		}
		for i := range p.Offers {
			shift(&p.Offers[i].Commitment)
		}
		for i := range p.Existing {
			shift(&p.Existing[i].Commitment)
		}
		return p
	}, equal)
}

func TestSplittingARowChangesNothing(t *testing.T) {
	for seed := range uint64(300) {
		p := billtest.Problem(seed, billtest.Everything())
		d := decision(rand.New(rand.NewPCG(seed, 3)), p)
		before, err := bill.Evaluate(p, d)
		require.NoError(t, err)
		vm := &p.VMs[0]
		half := bill.VM{ID: "half", Scope: vm.Scope, Candidates: slices.Clone(vm.Candidates), Run: slices.Clone(vm.Run)}
		for j := range half.Candidates {
			half.Candidates[j].Risk = 0
		}
		vm.Run = slices.Clone(vm.Run)
		for t := range vm.Run {
			vm.Run[t] /= 3
			half.Run[t] -= vm.Run[t]
		}
		p.VMs = append(p.VMs, half)
		d.Sizes["half"] = d.Sizes[vm.ID]
		after, err := bill.Evaluate(p, d)
		require.NoError(t, err)
		require.True(t, equal(before, after), "seed %d", seed)
	}
}

func TestAnIdleSlotAtTheSameTotalChangesOnlyUtilisation(t *testing.T) {
	law(t, func(p *bill.Problem) *bill.Problem {
		for i := range p.Offers {
			if p.Offers[i].Kind == bill.SavingsPlan { // a plan commits by the hour: a longer range would cost more
				continue
			}
			if p.Offers[i].To == len(p.Slots) {
				p.Offers[i].To++
			}
		}
		p.Slots = append(p.Slots, bill.Slot{Hours: 5})
		for v := range p.VMs {
			p.VMs[v].Run = append(p.VMs[v].Run, 0)
		}
		return p
	}, func(a, b bill.Bill) bool { return a.Objective.Cmp(b.Objective) == 0 })
}

func TestAnExistingReservationNeverRaisesTheBill(t *testing.T) {
	law(t, func(p *bill.Problem) *bill.Problem {
		size := p.VMs[0].Candidates[0].Size
		p.Existing = append(p.Existing, bill.Existing{Commitment: bill.Commitment{ID: "gift", Kind: bill.Reservation, Scope: p.VMs[0].Scope,
			To: len(p.Slots), Size: size}, Qty: 1})
		return p
	}, func(a, b bill.Bill) bool { return b.Objective.Cmp(a.Objective) <= 0 })
}

// Without savings plans best <= proportional <= worst; with one the order can flip.
func TestOrdersWithoutPlans(t *testing.T) {
	f := billtest.Everything()
	f.Plans = false
	for seed := range uint64(300) {
		p := billtest.Problem(seed, f)
		d := decision(rand.New(rand.NewPCG(seed, 4)), p)
		var cost []bill.Exact
		for _, order := range []bill.Order{bill.HighestFirst, bill.Proportional, bill.LowestFirst} {
			p.Rules.Order = order
			b, err := bill.Evaluate(p, d)
			require.NoError(t, err)
			cost = append(cost, b.Objective)
		}
		require.True(t, cost[0].Cmp(cost[1]) <= 0 && cost[1].Cmp(cost[2]) <= 0, "seed %d: %v", seed, cost)
	}
}

// A plan that is not bought, or of which none is owned, is no plan: at rates of 0 neither.
func TestNoPlanCoversNothing(t *testing.T) {
	free := func(p *bill.Problem) *bill.Problem {
		c := bill.Commitment{ID: "zz", Kind: bill.SavingsPlan, Scope: p.VMs[0].Scope, To: len(p.Slots), Step: 1, Rates: map[string]int64{}}
		for name := range p.Sizes {
			c.Rates[name] = 0
		}
		p.Offers = append(p.Offers, bill.Offer{Commitment: c, MaxQty: 3})
		c.ID = "zzz"
		p.Existing = append(p.Existing, bill.Existing{Commitment: c})
		return p
	}
	law(t, free, equal)
}
