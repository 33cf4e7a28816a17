// Package billtest makes up small problems for tests of the bill simulator and of the solver: every feature of resopt-case/1 appears,
// alone and together. The same seed gives the same problem.
package billtest

import (
	"fmt"
	"math/rand/v2"

	"sizeterm/recommend/bill"
)

// Features says what may appear in a made-up problem; without any it is one pool with one scope.
type Features struct {
	Scopes, Plans, Sizes, Existing, Budget, Utilization bool
	Ties                                                bool         // prices that make many decisions cost the same
	Strict                                              bool         // with Utilization: always a rule, and a hard one
	Orders                                              []bill.Order // one is picked; none means HighestFirst
	MostDecisions                                       int          // quantities are capped so that there are no more decisions; 0 means 2 000
}

// Everything lets all features appear.
func Everything() Features {
	return Features{Scopes: true, Plans: true, Sizes: true, Existing: true, Budget: true, Utilization: true,
		Orders: []bill.Order{bill.HighestFirst, bill.LowestFirst, bill.Proportional}}
}

var scopes = []string{"shared", "shared/a", "shared/b", "shared/a/x", "shared/a/y", "shared/ab", "shared/b/z"}

// Problem makes up a problem from a seed.
func Problem(seed uint64, f Features) *bill.Problem {
	r := rand.New(rand.NewPCG(seed, 7))
	p := &bill.Problem{ID: fmt.Sprint("random-", seed), Currency: "USD", RunDenominator: pick[int64](r, 1, 1, 2, 60), Sizes: map[string]bill.Size{}}
	for range 1 + r.IntN(4) {
		p.Slots = append(p.Slots, bill.Slot{Hours: 1 + r.Int64N(5)})
	}
	p.Rules.Order = bill.HighestFirst
	if len(f.Orders) > 0 {
		p.Rules.Order = f.Orders[r.IntN(len(f.Orders))]
	}
	names := sizes(r, p)
	vms(r, p, f, names)
	offers(r, p, f, names)
	if f.Existing && r.IntN(2) == 0 {
		existing(r, p, f, names)
	}
	if f.Budget && r.IntN(3) == 0 {
		budget := r.Int64N(300)
		p.Rules.UpfrontBudget = &budget
	}
	if f.Utilization && (f.Strict || r.IntN(3) == 0) {
		share := bill.Frac(r.Int64N(11), 10)
		if f.Strict {
			share = bill.Frac(5+r.Int64N(6), 10)
		}
		p.Rules.MinNewUtilization = &share
	}
	if f.Ties {
		level(r, p)
	}
	limit(p, f)
	return p
}

// level makes prices so round that many decisions cost the same: 10 a unit-hour, commitments at exactly that or half of it.
func level(r *rand.Rand, p *bill.Problem) {
	for name, s := range p.Sizes {
		s.Payg = 10 * s.Ratio
		p.Sizes[name] = s
	}
	for i := range p.Offers {
		o := &p.Offers[i]
		o.Price, o.Step = 0, min(o.Step, 1)*10
		for _, slot := range p.Slots[o.From:o.To] {
			o.Price += slot.Hours * p.Sizes[o.Size].Ratio * pick[int64](r, 5, 10)
		}
		for name := range o.Rates {
			o.Rates[name] = 5 * p.Sizes[name].Ratio
		}
		if o.Kind == bill.SavingsPlan {
			o.Price = 0
		}
		o.Upfront = o.Price
	}
	for v := range p.VMs {
		p.VMs[v].Candidates = append([]bill.Candidate(nil), p.VMs[v].Candidates...)
		for j := range p.VMs[v].Candidates {
			p.VMs[v].Candidates[j].Risk = 0
		}
	}
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func sizes(r *rand.Rand, p *bill.Problem) []string {
	var names []string
	for g := range 1 + r.IntN(2) {
		perUnit := 5 + r.Int64N(20)
		for i := range 1 + r.IntN(3) {
			name := fmt.Sprintf("%c%d", 'P'+g, i)
			ratio := int64(1) << i
			if r.IntN(4) == 0 {
				ratio++
			}
			payg := perUnit * ratio
			if r.IntN(2) == 0 {
				payg += r.Int64N(6)
			}
			p.Sizes[name] = bill.Size{Group: fmt.Sprintf("G%d", g), Ratio: ratio, Payg: payg}
			names = append(names, name)
		}
	}
	return names
}

func scope(r *rand.Rand, f Features) string {
	if !f.Scopes {
		return scopes[0]
	}
	return scopes[r.IntN(len(scopes))]
}

func vms(r *rand.Rand, p *bill.Problem, f Features, names []string) {
	for v := range 1 + r.IntN(3) {
		vm := bill.VM{ID: fmt.Sprint("v", v), Scope: scope(r, f)}
		order := r.Perm(len(names))
		count := 1
		if f.Sizes {
			count += r.IntN(min(2, len(names)))
		}
		for _, i := range order[:count] {
			vm.Candidates = append(vm.Candidates, bill.Candidate{Size: names[i], Risk: pick[int64](r, 0, 0, r.Int64N(40))})
		}
		for range p.Slots {
			vm.Run = append(vm.Run, r.Int64N(3*p.RunDenominator+1))
		}
		if v > 0 && r.IntN(3) == 0 { // an equal twin, or one that only runs differently
			twin := p.VMs[v-1]
			vm.Scope, vm.Candidates = twin.Scope, twin.Candidates
			if r.IntN(2) == 0 {
				vm.Run = twin.Run
			}
		}
		p.VMs = append(p.VMs, vm)
	}
}

func commitment(r *rand.Rand, p *bill.Problem, f Features, names []string) bill.Commitment {
	c := bill.Commitment{Kind: bill.Reservation, Scope: scope(r, f), To: len(p.Slots)}
	if r.IntN(2) == 0 {
		c.From = r.IntN(len(p.Slots))
		c.To = c.From + 1 + r.IntN(len(p.Slots)-c.From)
	}
	if !f.Plans || r.IntN(3) > 0 {
		c.Size = names[r.IntN(len(names))]
		return c
	}
	c.Kind, c.Step, c.Rates = bill.SavingsPlan, 1+r.Int64N(30), map[string]int64{}
	for _, name := range names {
		if r.IntN(5) > 0 {
			c.Rates[name] = p.Sizes[name].Payg * (4 + r.Int64N(6)) / 10
		}
	}
	return c
}

func offers(r *rand.Rand, p *bill.Problem, f Features, names []string) {
	for i := range 1 + r.IntN(3) {
		o := bill.Offer{Commitment: commitment(r, p, f, names), MaxQty: r.Int64N(7)}
		o.ID = fmt.Sprint("o", 9-i)
		if o.Kind == bill.Reservation {
			for _, slot := range p.Slots[o.From:o.To] {
				o.Price += slot.Hours * p.Sizes[o.Size].Payg
			}
			o.Price = o.Price * (2 + r.Int64N(8)) / 10
		}
		if r.IntN(2) == 0 {
			o.Upfront = o.Price
		}
		p.Offers = append(p.Offers, o)
	}
}

func existing(r *rand.Rand, p *bill.Problem, f Features, names []string) {
	for i := range 1 + r.IntN(2) {
		e := bill.Existing{Commitment: commitment(r, p, f, names), Qty: r.Int64N(4)}
		e.ID = fmt.Sprint("e", i)
		p.Existing = append(p.Existing, e)
	}
}

// limit lowers quantities until enumeration is cheap.
func limit(p *bill.Problem, f Features) {
	most := f.MostDecisions
	if most == 0 {
		most = 2000
	}
	for Decisions(p) > most {
		largest := 0
		for i := range p.Offers {
			if p.Offers[i].MaxQty > p.Offers[largest].MaxQty {
				largest = i
			}
		}
		p.Offers[largest].MaxQty--
	}
}

// Decisions counts the decisions of a problem.
func Decisions(p *bill.Problem) int {
	n := 1
	for _, o := range p.Offers {
		n *= int(o.MaxQty) + 1
	}
	for _, vm := range p.VMs {
		n *= len(vm.Candidates)
	}
	return n
}

// Each calls visit with every decision by position, in canonical order: smaller quantities of earlier offers first, then earlier candidates.
func Each(p *bill.Problem, visit func(choice []int, quantity []int64)) {
	choice, quantity := make([]int, len(p.VMs)), make([]int64, len(p.Offers))
	var pickSize func(v int)
	pickSize = func(v int) {
		if v == len(choice) {
			visit(choice, quantity)
			return
		}
		for choice[v] = range p.VMs[v].Candidates {
			pickSize(v + 1)
		}
	}
	var buy func(i int)
	buy = func(i int) {
		if i == len(quantity) {
			pickSize(0)
			return
		}
		for quantity[i] = 0; quantity[i] <= p.Offers[i].MaxQty; quantity[i]++ {
			buy(i + 1)
		}
	}
	buy(0)
}
