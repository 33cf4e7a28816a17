package solve

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/bill"
)

// harsh makes a problem of the size of the given cases in which everything may meet.
func harsh(seed uint64) *bill.Problem {
	r := rand.New(rand.NewPCG(seed, 31))
	p := &bill.Problem{ID: fmt.Sprint("harsh-", seed), Currency: "USD", RunDenominator: []int64{1, 60, 10}[r.IntN(3)], Sizes: map[string]bill.Size{}}
	p.Rules.Order = []bill.Order{bill.HighestFirst, bill.LowestFirst, bill.Proportional}[r.IntN(3)]
	slots := 4 + r.IntN(9)
	for range slots {
		p.Slots = append(p.Slots, bill.Slot{Hours: 100 + r.Int64N(700)})
	}
	var names []string
	for g := range 1 + r.IntN(3) {
		unit := 40_000 + r.Int64N(30_000)
		uniform := r.IntN(2) == 0
		for i := range 1 + r.IntN(3) {
			name := fmt.Sprintf("S%d_%d", g, i)
			payg := unit << i
			if !uniform {
				payg += r.Int64N(unit / 4)
			}
			p.Sizes[name] = bill.Size{Group: fmt.Sprint("G", g), Ratio: 1 << i, Payg: payg}
			names = append(names, name)
		}
	}
	scopes := []string{"root", "root/a", "root/a/x", "root/a/x/p", "root/a/x/q", "root/a/y", "root/b", "root/b/z", "root/b/z/w"}
	for v := range 2 + r.IntN(4) {
		vm := bill.VM{ID: fmt.Sprint("v", v), Scope: scopes[r.IntN(len(scopes))]}
		n := 1
		if r.IntN(2) == 0 {
			n = 1 + r.IntN(min(3, len(names)))
		}
		for k, i := range r.Perm(len(names))[:n] {
			c := bill.Candidate{Size: names[i]}
			if k > 0 {
				c.Risk = r.Int64N(200_000_000)
			}
			vm.Candidates = append(vm.Candidates, c)
		}
		level := 1 + r.Int64N(6)
		for range slots {
			vm.Run = append(vm.Run, r.Int64N(level*p.RunDenominator+1))
		}
		p.VMs = append(p.VMs, vm)
	}
	for i := range 2 + r.IntN(3) {
		c := bill.Commitment{ID: fmt.Sprint("o", i), Kind: bill.Reservation, Scope: scopes[r.IntN(4)*r.IntN(3)], To: slots, Size: names[r.IntN(len(names))]}
		if r.IntN(3) == 0 {
			c.From = r.IntN(slots)
			c.To = c.From + 1 + r.IntN(slots-c.From)
		}
		hours := int64(0)
		for _, s := range p.Slots[c.From:c.To] {
			hours += s.Hours
		}
		o := bill.Offer{Commitment: c, MaxQty: 3 + r.Int64N(15)}
		o.Price = p.Sizes[o.Size].Payg * hours * (35 + r.Int64N(40)) / 100
		if r.IntN(3) == 0 {
			o.Kind, o.Size, o.Price, o.Step, o.MaxQty = bill.SavingsPlan, "", 0, 10_000+r.Int64N(20_000), 20+r.Int64N(60)
			o.Rates = map[string]int64{}
			for _, name := range names {
				if r.IntN(5) > 0 {
					o.Rates[name] = p.Sizes[name].Payg * (50 + r.Int64N(35)) / 100
				}
			}
		}
		if r.IntN(2) == 0 {
			o.Upfront = max(o.Price, hours*o.Step)
		}
		p.Offers = append(p.Offers, o)
	}
	for i := range r.IntN(3) {
		c := bill.Commitment{ID: fmt.Sprint("e", i), Kind: bill.Reservation, Scope: scopes[r.IntN(len(scopes))], To: 1 + r.IntN(slots), Size: names[r.IntN(len(names))]}
		p.Existing = append(p.Existing, bill.Existing{Commitment: c, Qty: 1 + r.Int64N(4)})
	}
	if r.IntN(3) == 0 {
		b := r.Int64N(3_000_000_000)
		p.Rules.UpfrontBudget = &b
	}
	if r.IntN(3) == 0 {
		u := bill.Frac(50+r.Int64N(51), 100)
		p.Rules.MinNewUtilization = &u
	}
	return p
}

// decisions counts the decisions of a problem, up to most.
func decisions(p *bill.Problem, most int64) int64 {
	n := int64(1)
	for i := range p.Offers {
		if n *= p.Offers[i].MaxQty + 1; n > most {
			return most + 1
		}
	}
	for i := range p.VMs {
		if n *= int64(len(p.VMs[i].Candidates)); n > most {
			return most + 1
		}
	}
	return n
}

// Deep scope trees, several plans, staggered ranges, rules, a budget, sizes to choose and every order of coverage together, at the size
// of the given cases: each is solved to the end, and where all decisions can be tried the result is the same.
// (1 000 of them take 11 s on one core, the slowest below 0.7 s.)
func TestHarshMixturesAreSolvedToTheEnd(t *testing.T) {
	n, compared := uint64(200), 0
	if testing.Short() {
		n = 60
	}
	for seed := range n {
		p := harsh(seed)
		if decisions(p, 3000) <= 3000 {
			compared++
			equals(t, p, brute(t, p), Options{})
			continue
		}
		s, err := Case(p, Options{})
		require.NoError(t, err)
		require.True(t, s.Complete && s.Bill.Feasible, p.ID)
		require.Zero(t, s.Bound.Cmp(s.Bill.Objective), p.ID)
	}
	require.Greater(t, compared, int(n)/8, "some are compared with enumeration")
}
