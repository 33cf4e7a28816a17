package solve

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/bill"
)

// fleetSize is the size of a made-up problem with real proportions of prices.
type fleetSize struct{ vms, candidates, offers, slots int }

func fleet(seed uint64, n fleetSize, order bill.Order) *bill.Problem {
	r := rand.New(rand.NewPCG(seed, 11))
	p := &bill.Problem{ID: fmt.Sprintf("fleet-%d", seed), Currency: "USD", RunDenominator: 1, Sizes: map[string]bill.Size{}}
	p.Rules.Order = order
	for range n.slots {
		p.Slots = append(p.Slots, bill.Slot{Hours: 8760 / int64(n.slots)})
	}
	var names []string
	for g := range 3 {
		unit := 40_000 + r.Int64N(30_000)
		for i := range 3 {
			name := fmt.Sprintf("S%d_%d", g, i)
			p.Sizes[name] = bill.Size{Group: fmt.Sprint("G", g), Ratio: 1 << i, Payg: unit<<i + r.Int64N(2)*r.Int64N(unit/10)}
			names = append(names, name)
		}
	}
	scopes := []string{"shared/a/x", "shared/a/y", "shared/b/z"}
	for v := range n.vms {
		vm := bill.VM{ID: fmt.Sprint("v", v), Scope: scopes[r.IntN(3)]}
		for _, i := range r.Perm(len(names))[:n.candidates] {
			vm.Candidates = append(vm.Candidates, bill.Candidate{Size: names[i], Risk: r.Int64N(200_000_000)})
		}
		for range n.slots {
			vm.Run = append(vm.Run, r.Int64N(5))
		}
		p.VMs = append(p.VMs, vm)
	}
	for i := range n.offers {
		p.Offers = append(p.Offers, fleetOffer(r, p, i, names))
	}
	p.Existing = []bill.Existing{{Commitment: bill.Commitment{ID: "old", Kind: bill.Reservation, Scope: "shared", To: n.slots / 2, Size: names[0]}, Qty: 3}}
	return p
}

func fleetOffer(r *rand.Rand, p *bill.Problem, i int, names []string) bill.Offer {
	slots := len(p.Slots)
	scope := []string{"shared", "shared", "shared/a", "shared/b"}[r.IntN(4)]
	c := bill.Commitment{ID: fmt.Sprint("o", i), Kind: bill.Reservation, Scope: scope, To: slots, Size: names[r.IntN(len(names))]}
	o := bill.Offer{Commitment: c, MaxQty: 40}
	if i%3 == 2 {
		o.From = r.IntN(slots / 2)
		o.To = o.From + slots/2
	}
	o.Price = p.Sizes[o.Size].Payg * 8760 / int64(slots) * int64(o.To-o.From) * (55 + r.Int64N(12)) / 100
	o.Upfront = o.Price
	if i == 3 {
		o.Kind, o.Size, o.Price, o.Upfront, o.Scope, o.Step, o.MaxQty = bill.SavingsPlan, "", 0, 0, "shared", 50_000, 100
		o.Rates = map[string]int64{}
		for _, name := range names {
			o.Rates[name] = p.Sizes[name].Payg * (65 + r.Int64N(10)) / 100
		}
	}
	return o
}

// ladder is one pool with a one-year offer in each of many months: staggered ranges.
func ladder(offers int, peak int64, order bill.Order, uniform bool) *bill.Problem {
	r := rand.New(rand.NewPCG(1, 1))
	p := &bill.Problem{ID: "ladder", Currency: "USD", RunDenominator: 1, Sizes: map[string]bill.Size{
		"A": {Group: "G", Ratio: 1, Payg: 100}, "B": {Group: "G", Ratio: 2, Payg: 230}, "C": {Group: "G", Ratio: 4, Payg: 350}}}
	if uniform {
		p.Sizes["B"], p.Sizes["C"] = bill.Size{Group: "G", Ratio: 2, Payg: 200}, bill.Size{Group: "G", Ratio: 4, Payg: 400}
	}
	p.Rules.Order = order
	for range offers + 11 {
		p.Slots = append(p.Slots, bill.Slot{Hours: 730})
	}
	for i, s := range []string{"A", "B", "C"} {
		vm := bill.VM{ID: s, Scope: "s/" + s, Candidates: []bill.Candidate{{Size: s}}}
		for range p.Slots {
			vm.Run = append(vm.Run, r.Int64N(peak/int64(i+1)))
		}
		p.VMs = append(p.VMs, vm)
	}
	for i := range offers {
		p.Offers = append(p.Offers, bill.Offer{Commitment: bill.Commitment{ID: fmt.Sprintf("m%02d", i), Kind: bill.Reservation, Scope: "s", From: i, To: i + 12, Size: "A"},
			Price: 730 * 12 * 60, MaxQty: 300})
	}
	return p
}

// What a search does not finish it says: the gap is above 0, the bound below the objective and above nothing, and more work never
// makes either worse.
func TestGapIsReported(t *testing.T) {
	p := ladder(6, 30, bill.LowestFirst, false)
	first, err := Case(p, Options{Nodes: 50})
	require.NoError(t, err)
	require.False(t, first.Complete)
	require.Positive(t, first.Gap().Sign())
	require.Positive(t, first.Bound.Sign())
	require.Negative(t, first.Bound.Cmp(first.Bill.Objective))
	require.NotEqual(t, "0", first.gap().String())
	more, err := Case(p, Options{Nodes: 3000})
	require.NoError(t, err)
	require.LessOrEqual(t, more.Bill.Objective.Cmp(first.Bill.Objective), 0)
	require.GreaterOrEqual(t, more.Bound.Cmp(first.Bound), 0)
	require.True(t, first.Bound.Cmp(more.Bill.Objective) <= 0, "a bound holds for every decision")
}

// Uniform prices make a ladder totally unimodular (reference 1.2): the bound of the relaxation is the optimum, to the last digit.
func TestLadderIsExact(t *testing.T) {
	for _, order := range []bill.Order{bill.HighestFirst, bill.LowestFirst} {
		for _, offers := range []int{3, 6, 12} {
			s, err := Case(ladder(offers, 40, order, true), Options{Nodes: 2000})
			require.NoError(t, err)
			require.Equal(t, s.Bill.Objective.String(), s.Bound.String(), "%d offers", offers)
		}
	}
}

// D = (1, 2, 1), a term of two, cost 3, PAYG 2: together 6, unit by unit 7 (reference 1.2).
func TestStaggeredIsNotSolvedByLayers(t *testing.T) {
	p := ladder(1, 3, bill.HighestFirst, true)
	p.Slots, p.VMs = []bill.Slot{{Hours: 1}, {Hours: 1}, {Hours: 1}}, p.VMs[:1]
	p.Sizes = map[string]bill.Size{"A": {Group: "G", Ratio: 1, Payg: 2}}
	p.VMs[0].Run = []int64{1, 2, 1}
	offer := p.Offers[0]
	offer.Price, offer.From, offer.To, offer.MaxQty = 3, 0, 2, 3
	later := offer
	later.ID, later.From, later.To = "later", 1, 3
	p.Offers = []bill.Offer{offer, later}
	s, err := Case(p, Options{})
	require.NoError(t, err)
	require.Equal(t, "6", s.Bill.Objective.String())
}

// Fleets of several VMs, sizes, scopes, a plan and existing reservations, with a budget or a utilisation rule: solved to the end, with
// the bound of the relaxation below.
func TestFleets(t *testing.T) {
	for seed := range uint64(2) {
		for _, order := range []bill.Order{bill.HighestFirst, bill.Proportional, bill.LowestFirst} {
			p := fleet(seed, fleetSize{6, 2, 6, 8}, order)
			if seed == 1 {
				budget, share := int64(3_000_000_000), bill.Frac(8, 10)
				p.Rules.UpfrontBudget, p.Rules.MinNewUtilization = &budget, &share
			}
			s, err := Case(p, Options{})
			require.NoError(t, err)
			require.True(t, s.Complete && s.Bill.Feasible)
			require.LessOrEqual(t, relax(p).solve().Cmp(s.Bill.Objective), 0)
		}
	}
}

// Twelve equal VMs are 3^12 decisions, of which only the counts differ.
func TestEqualVMs(t *testing.T) {
	p := fleet(1, fleetSize{1, 3, 3, 6}, bill.HighestFirst)
	for i := range 11 {
		vm := p.VMs[0]
		vm.ID = fmt.Sprint("twin", i)
		p.VMs = append(p.VMs, vm)
	}
	s, err := Case(p, Options{})
	require.NoError(t, err)
	require.True(t, s.Complete)
	require.Less(t, s.Nodes, 1000)
}

func BenchmarkFleet(b *testing.B) {
	p := fleet(0, fleetSize{8, 2, 6, 12}, bill.HighestFirst)
	for b.Loop() {
		s, err := Case(p, Options{})
		require.NoError(b, err)
		require.True(b, s.Complete)
	}
}
