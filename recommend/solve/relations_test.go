package solve

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/bill"
	"sizeterm/recommend/bill/billtest"
)

func optimum(t *testing.T, p *bill.Problem) *Solution {
	t.Helper()
	s, err := Case(p, Options{})
	require.NoError(t, err, p.ID)
	require.True(t, s.Complete, p.ID)
	require.LessOrEqual(t, s.Bound.Cmp(s.Bill.Objective), 0, p.ID)
	return s
}

// relation compares the optimum of made-up problems with that of a changed copy. Existing features are those of f.
func relation(t *testing.T, f billtest.Features, change func(r *rand.Rand, p *bill.Problem), check func(before, after bill.Exact) bool) {
	t.Helper()
	f.MostDecisions = 200
	for seed := range uint64(150) {
		before := optimum(t, billtest.Problem(seed, f))
		p := billtest.Problem(seed, f)
		for v := range p.VMs { // twins share their slices
			p.VMs[v].Run, p.VMs[v].Candidates = slices.Clone(p.VMs[v].Run), slices.Clone(p.VMs[v].Candidates)
		}
		change(rand.New(rand.NewPCG(seed, 3)), p)
		after := optimum(t, p)
		require.True(t, check(before.Bill.Objective, after.Bill.Objective), "%s: %s, then %s", p.ID, before.Bill.Objective, after.Bill.Objective)
	}
}

func same(before, after bill.Exact) bool     { return before.Cmp(after) == 0 }
func notLower(before, after bill.Exact) bool { return before.Cmp(after) <= 0 }
func notMore(before, after bill.Exact) bool  { return after.Cmp(before) <= 0 }

func TestOptimumScalesWithMoney(t *testing.T) {
	relation(t, billtest.Everything(), func(_ *rand.Rand, p *bill.Problem) {
		for name, s := range p.Sizes {
			s.Payg *= 3
			p.Sizes[name] = s
		}
		for v := range p.VMs {
			for j := range p.VMs[v].Candidates {
				p.VMs[v].Candidates[j].Risk *= 3
			}
		}
		scale := func(c *bill.Commitment) {
			c.Step *= 3
			for size := range c.Rates {
				c.Rates[size] *= 3
			}
		}
		for i := range p.Offers {
			p.Offers[i].Price *= 3
			p.Offers[i].Upfront *= 3
			scale(&p.Offers[i].Commitment)
		}
		for i := range p.Existing {
			scale(&p.Existing[i].Commitment)
		}
		if p.Rules.UpfrontBudget != nil {
			*p.Rules.UpfrontBudget *= 3
		}
	}, func(before, after bill.Exact) bool { return before.Mul(bill.Whole(3)).Cmp(after) == 0 })
}

func TestOptimumIgnoresTheOrderOfRows(t *testing.T) {
	relation(t, billtest.Everything(), func(r *rand.Rand, p *bill.Problem) {
		r.Shuffle(len(p.VMs), func(i, j int) { p.VMs[i], p.VMs[j] = p.VMs[j], p.VMs[i] })
		r.Shuffle(len(p.Offers), func(i, j int) { p.Offers[i], p.Offers[j] = p.Offers[j], p.Offers[i] })
		slices.Reverse(p.Existing)
	}, same)
}

// Slots may be permuted where they share every range, and any slot split in two.
func TestOptimumIgnoresTheOrderAndNumberOfSlots(t *testing.T) {
	relation(t, billtest.Everything(), func(_ *rand.Rand, p *bill.Problem) {
		p.Slots = append(slices.Clone(p.Slots[:1]), p.Slots...)
		p.Slots[0].Hours = 1
		p.Slots[1].Hours--
		for v := range p.VMs {
			p.VMs[v].Run = append(slices.Clone(p.VMs[v].Run[:1]), p.VMs[v].Run...)
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
	}, same)
	f := billtest.Everything()
	relation(t, f, func(r *rand.Rand, p *bill.Problem) {
		for i := range p.Offers {
			if c := p.Offers[i]; c.From != 0 || c.To != len(p.Slots) {
				return
			}
		}
		for i := range p.Existing {
			if c := p.Existing[i]; c.From != 0 || c.To != len(p.Slots) {
				return
			}
		}
		r.Shuffle(len(p.Slots), func(i, j int) {
			p.Slots[i], p.Slots[j] = p.Slots[j], p.Slots[i]
			for v := range p.VMs {
				p.VMs[v].Run[i], p.VMs[v].Run[j] = p.VMs[v].Run[j], p.VMs[v].Run[i]
			}
		})
	}, same)
}

// Precondition: the row has one candidate; otherwise two rows may choose two sizes.
func TestOptimumIgnoresSplitRows(t *testing.T) {
	f := billtest.Everything()
	f.Sizes = false
	relation(t, f, func(r *rand.Rand, p *bill.Problem) {
		half := p.VMs[0]
		half.ID, half.Run = "half", slices.Clone(half.Run)
		half.Candidates = []bill.Candidate{{Size: half.Candidates[0].Size}}
		for t := range half.Run {
			half.Run[t] = r.Int64N(half.Run[t] + 1)
			p.VMs[0].Run[t] -= half.Run[t]
		}
		p.VMs = append(p.VMs, half)
	}, same)
}

// Preconditions: a fixed total price, so no savings plan, and no utilisation rule, which idle hours would break.
func TestOptimumIgnoresAnIdleSlot(t *testing.T) {
	f := billtest.Everything()
	f.Plans, f.Utilization = false, false
	relation(t, f, func(_ *rand.Rand, p *bill.Problem) {
		for i := range p.Offers {
			if p.Offers[i].To == len(p.Slots) {
				p.Offers[i].To++
			}
		}
		p.Slots = append(p.Slots, bill.Slot{Hours: 9})
		for v := range p.VMs {
			p.VMs[v].Run = append(p.VMs[v].Run, 0)
		}
	}, same)
}

func TestDearerOffersNeverLowerTheOptimum(t *testing.T) {
	relation(t, billtest.Everything(), func(r *rand.Rand, p *bill.Problem) {
		o := &p.Offers[r.IntN(len(p.Offers))]
		o.Price += r.Int64N(30)
		o.Upfront += r.Int64N(30)
	}, notLower)
}

// Precondition of the second: no utilisation rule, because existing units are counted as used before new ones.
func TestAddedOffersAndReservationsNeverRaiseTheOptimum(t *testing.T) {
	relation(t, billtest.Everything(), func(r *rand.Rand, p *bill.Problem) {
		o := p.Offers[r.IntN(len(p.Offers))]
		o.ID, o.Price, o.MaxQty = "added", o.Price*9/10, 2
		p.Offers = append(p.Offers, o)
	}, notMore)
	f := billtest.Everything()
	f.Utilization = false
	relation(t, f, func(r *rand.Rand, p *bill.Problem) {
		vm := p.VMs[r.IntN(len(p.VMs))]
		c := bill.Commitment{ID: "gift", Kind: bill.Reservation, Scope: vm.Scope, To: len(p.Slots), Size: vm.Candidates[0].Size}
		p.Existing = append(p.Existing, bill.Existing{Commitment: c, Qty: 1})
	}, notMore)
}

// Preconditions: nothing exists, no budget, and caps that do not bind (they are doubled, and a decision can be doubled).
func TestDoubledDemandCostsAtMostDouble(t *testing.T) {
	f := billtest.Everything()
	f.Existing, f.Budget = false, false
	relation(t, f, func(_ *rand.Rand, p *bill.Problem) {
		for v := range p.VMs {
			for t := range p.VMs[v].Run {
				p.VMs[v].Run[t] *= 2
			}
			for j := range p.VMs[v].Candidates {
				p.VMs[v].Candidates[j].Risk *= 2
			}
		}
		for i := range p.Offers {
			p.Offers[i].MaxQty *= 2
		}
	}, func(before, after bill.Exact) bool { return after.Cmp(before.Mul(bill.Whole(2))) <= 0 })
}

// Preconditions: no savings plan, and no utilisation rule, which forbids other decisions in each order.
func TestOptimaOfTheThreeOrders(t *testing.T) {
	f := billtest.Everything()
	f.Plans, f.Utilization, f.MostDecisions = false, false, 200
	for seed := range uint64(150) {
		var cost []bill.Exact
		for _, order := range []bill.Order{bill.HighestFirst, bill.Proportional, bill.LowestFirst} {
			f.Orders = []bill.Order{order}
			cost = append(cost, optimum(t, billtest.Problem(seed, f)).Bill.Objective)
		}
		require.True(t, cost[0].Cmp(cost[1]) <= 0 && cost[1].Cmp(cost[2]) <= 0, "seed %d: %v", seed, cost)
	}
}

// Preconditions: no savings plan and best-case coverage. Two subscriptions that share their offers cost no more than apart.
func TestMergedPoolsNeverCostMore(t *testing.T) {
	f := billtest.Features{Sizes: true, MostDecisions: 100, Orders: []bill.Order{bill.HighestFirst}}
	for seed := range uint64(100) {
		a, b := billtest.Problem(seed, f), billtest.Problem(seed, f)
		r := rand.New(rand.NewPCG(seed, 5))
		for v := range b.VMs {
			b.VMs[v].Run = slices.Clone(b.VMs[v].Run)
			for t := range b.VMs[v].Run {
				b.VMs[v].Run[t] = r.Int64N(4)
			}
		}
		apart := optimum(t, a).Bill.Objective.Add(optimum(t, b).Bill.Objective)
		for _, vm := range b.VMs {
			vm.ID += "b"
			a.VMs = append(a.VMs, vm)
		}
		for i := range a.Offers {
			a.Offers[i].MaxQty *= 2
		}
		require.LessOrEqual(t, optimum(t, a).Bill.Objective.Cmp(apart), 0, "seed %d", seed)
	}
}

// Ties: the least commitment, then the least quantity, then the smallest quantities in the order of the offers, then the earliest candidates.
func TestTies(t *testing.T) {
	start := func() *bill.Problem {
		p := &bill.Problem{ID: "tie", Currency: "USD", RunDenominator: 1, Slots: []bill.Slot{{Hours: 10}}, Sizes: map[string]bill.Size{
			"S": {Group: "G", Ratio: 1, Payg: 10}, "L": {Group: "G", Ratio: 2, Payg: 20}, "X": {Group: "H", Ratio: 1, Payg: 10}}}
		p.Rules.Order = bill.HighestFirst
		p.VMs = []bill.VM{{ID: "v", Scope: "s", Candidates: []bill.Candidate{{Size: "S"}}, Run: []int64{2}}}
		return p
	}
	offer := func(id, size string, price int64) bill.Offer {
		return bill.Offer{Commitment: bill.Commitment{ID: id, Kind: bill.Reservation, Scope: "s", To: 1, Size: size}, Price: price, MaxQty: 3}
	}
	check := func(p *bill.Problem, want map[string]int64, size string) {
		t.Helper()
		equalsBrute(t, p)
		s := optimum(t, p)
		require.Equal(t, want, s.Decision.Purchases)
		require.Equal(t, size, s.Decision.Sizes["v"])
	}
	p := start()
	p.Offers = []bill.Offer{offer("o", "S", 100)} // r = p
	check(p, map[string]int64{}, "S")
	p.Offers = []bill.Offer{offer("o", "S", 80), offer("b", "L", 160)} // equal money: one L rather than two S
	check(p, map[string]int64{"b": 1}, "S")
	p.Offers = []bill.Offer{offer("z", "S", 80), offer("a", "S", 80)} // equal quantity: the first offer stays smallest
	check(p, map[string]int64{"a": 2}, "S")
	p.Offers = []bill.Offer{offer("z", "S", 0)} // free, and useless beyond two
	check(p, map[string]int64{"z": 2}, "S")
	p.Offers = []bill.Offer{offer("z", "S", 80), offer("a", "S", 80)} // the later of two equal offers is sold out after one
	p.Offers[1].MaxQty = 1
	check(p, map[string]int64{"z": 1, "a": 1}, "S")
	p = start()
	p.VMs[0].Candidates = []bill.Candidate{{Size: "X"}, {Size: "S"}} // equal cost: the earliest candidate
	check(p, map[string]int64{}, "X")
	p.VMs[0].Candidates = []bill.Candidate{{Size: "S"}, {Size: "X"}}
	p.Offers = []bill.Offer{offer("o", "S", 80)}
	p.VMs[0].Candidates[1].Risk = -40 // both decisions cost 160: X without a commitment wins
	check(p, map[string]int64{}, "X")
}

// Twice the same problem, same bytes, whatever was solved between.
func TestSameBytes(t *testing.T) {
	f := billtest.Everything()
	for seed := range uint64(30) {
		first, err := optimum(t, billtest.Problem(seed, f)).MarshalJSON()
		require.NoError(t, err)
		optimum(t, billtest.Problem(seed+1, f))
		second, err := optimum(t, billtest.Problem(seed, f)).MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, string(first), string(second))
	}
}
