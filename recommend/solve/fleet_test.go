package solve

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

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

func show(t *testing.T, name string, p *bill.Problem, nodes int) {
	start := time.Now()
	s, err := Case(p, Options{Nodes: nodes})
	require.NoError(t, err, name)
	t.Logf("%-36s nodes %6d gap %.6f complete %v %s", name, s.Nodes, s.Gap().Float(), s.Complete, time.Since(start))
}

func TestProbe(t *testing.T) {
	const nodes = 20000
	for _, order := range []bill.Order{bill.HighestFirst, bill.Proportional, bill.LowestFirst} {
		show(t, "ladder 6 uniform "+string(order), ladder(6, 40, order, true), nodes)
		show(t, "ladder 25 uniform "+string(order), ladder(25, 40, order, true), nodes)
		show(t, "ladder 2 "+string(order), ladder(2, 10, order, false), nodes)
		show(t, "ladder 4 "+string(order), ladder(4, 10, order, false), nodes)
		show(t, "ladder 6 "+string(order), ladder(6, 40, order, false), nodes)
		show(t, "ladder 25 "+string(order), ladder(25, 40, order, false), nodes)
		for seed := range uint64(3) {
			q := fleet(seed, fleetSize{8, 1, 6, 12}, order)
			budget := int64(5_000_000_000)
			q.Rules.UpfrontBudget = &budget
			show(t, "budget "+string(order), q, nodes)
			q = fleet(seed, fleetSize{8, 2, 6, 12}, order)
			share := bill.Frac(9, 10)
			q.Rules.MinNewUtilization = &share
			show(t, "utilisation "+string(order), q, nodes)
			q = fleet(seed, fleetSize{8, 2, 6, 12}, order)
			q.Offers[4] = q.Offers[3]
			q.Offers[4].ID = "o4"
			q.Offers[4].Scope = "shared/a"
			q.Offers[5] = q.Offers[0]
			q.Offers[5].ID = "o5"
			show(t, "two plans, twin offer "+string(order), q, nodes)
			show(t, "20 VMs "+string(order), fleet(seed, fleetSize{20, 3, 8, 24}, order), nodes)
		}
		q := fleet(1, fleetSize{1, 3, 3, 6}, order)
		for i := range 11 {
			vm := q.VMs[0]
			vm.ID = fmt.Sprint("twin", i)
			q.VMs = append(q.VMs, vm)
		}
		show(t, "12 twins "+string(order), q, nodes)
	}
}
