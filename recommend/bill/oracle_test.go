package bill_test

import (
	"math/big"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/bill"
	"sizeterm/recommend/bill/billtest"
)

// oracle evaluates a decision in plain big.Rat, written from the case README alone and sharing nothing with the simulator. It returns
// payg and, by "node|group", the utilisation of new units.
func oracle(p *bill.Problem, choice []int, quantity []int64) (*big.Rat, map[string]*big.Rat) {
	type key struct{ scope, size string }
	payg, used, bought := new(big.Rat), map[string]*big.Rat{}, map[string]*big.Rat{}
	within := func(node, scope string) bool { return node == scope || strings.HasPrefix(scope, node+"/") }
	for t, slot := range p.Slots {
		use := map[key]*big.Rat{}
		for v, vm := range p.VMs {
			k := key{vm.Scope, vm.Candidates[choice[v]].Size}
			if use[k] == nil {
				use[k] = new(big.Rat)
			}
			use[k].Add(use[k], big.NewRat(vm.Run[t], p.RunDenominator))
		}
		keys := make([]key, 0, len(use))
		for k := range use {
			keys = append(keys, k)
		}
		// 1. reservations by (node, group)
		type place struct{ node, group string }
		old, fresh := map[place]int64{}, map[place]int64{}
		places := map[place]bool{}
		for _, e := range p.Existing {
			if e.Kind == bill.Reservation && e.From <= t && t < e.To {
				at := place{e.Scope, p.Sizes[e.Size].Group}
				old[at] += e.Qty * p.Sizes[e.Size].Ratio
				places[at] = true
			}
		}
		for i, o := range p.Offers {
			if o.Kind == bill.Reservation && o.From <= t && t < o.To {
				at := place{o.Scope, p.Sizes[o.Size].Group}
				fresh[at] += quantity[i] * p.Sizes[o.Size].Ratio
				places[at] = true
			}
		}
		var order []place
		for at := range places {
			order = append(order, at)
		}
		sort.Slice(order, func(i, j int) bool {
			di, dj := strings.Count(order[i].node, "/"), strings.Count(order[j].node, "/")
			if di != dj {
				return di > dj
			}
			return order[i].node+"|"+order[i].group < order[j].node+"|"+order[j].group
		})
		for _, at := range order {
			var rows []key
			eligible := new(big.Rat)
			for _, k := range keys {
				if s := p.Sizes[k.size]; s.Group == at.group && within(at.node, k.scope) {
					rows = append(rows, k)
					eligible.Add(eligible, new(big.Rat).Mul(use[k], big.NewRat(s.Ratio, 1)))
				}
			}
			sort.Slice(rows, func(i, j int) bool {
				a, b := p.Sizes[rows[i].size], p.Sizes[rows[j].size]
				if c := a.Payg*b.Ratio - b.Payg*a.Ratio; c != 0 {
					return c > 0 == (p.Rules.Order == bill.HighestFirst)
				}
				if rows[i].size != rows[j].size {
					return rows[i].size < rows[j].size
				}
				return rows[i].scope < rows[j].scope
			})
			room := big.NewRat(old[at]+fresh[at], 1)
			covered := new(big.Rat)
			share := new(big.Rat)
			if eligible.Sign() > 0 {
				share.Quo(room, eligible)
			}
			if share.Cmp(big.NewRat(1, 1)) > 0 {
				share.SetInt64(1)
			}
			for _, k := range rows {
				ratio := big.NewRat(p.Sizes[k.size].Ratio, 1)
				units := new(big.Rat).Mul(use[k], ratio)
				take := new(big.Rat).Mul(units, share)
				if p.Rules.Order != bill.Proportional {
					take.Set(units)
					if take.Cmp(room) > 0 {
						take.Set(room)
					}
					room.Sub(room, take)
				}
				covered.Add(covered, take)
				use[k].Sub(use[k], take.Quo(take, ratio))
			}
			name := at.node + "|" + at.group
			if fresh[at] > 0 {
				if used[name] == nil {
					used[name], bought[name] = new(big.Rat), new(big.Rat)
				}
				if covered.Sub(covered, big.NewRat(old[at], 1)).Sign() > 0 {
					used[name].Add(used[name], covered.Mul(covered, big.NewRat(slot.Hours, 1)))
				}
				bought[name].Add(bought[name], big.NewRat(fresh[at]*slot.Hours, 1))
			}
		}
		// 2. savings plans
		type spend struct {
			bill.Commitment
			qty int64
		}
		var plans []spend
		for _, e := range p.Existing {
			plans = append(plans, spend{e.Commitment, e.Qty})
		}
		for i, o := range p.Offers {
			plans = append(plans, spend{o.Commitment, quantity[i]})
		}
		sort.SliceStable(plans, func(i, j int) bool {
			di, dj := strings.Count(plans[i].Scope, "/"), strings.Count(plans[j].Scope, "/")
			return di > dj || di == dj && plans[i].ID < plans[j].ID
		})
		for _, plan := range plans {
			if plan.Kind != bill.SavingsPlan || t < plan.From || t >= plan.To {
				continue
			}
			sort.Slice(keys, func(i, j int) bool {
				a, b := keys[i], keys[j]
				if c := plan.Rates[a.size]*p.Sizes[b.size].Payg - plan.Rates[b.size]*p.Sizes[a.size].Payg; c != 0 {
					return c < 0
				}
				return a.size < b.size || a.size == b.size && a.scope < b.scope
			})
			money := big.NewRat(plan.qty*plan.Step, 1)
			for _, k := range keys {
				rate, ok := plan.Rates[k.size]
				if !ok || !within(plan.Scope, k.scope) {
					continue
				}
				cost := new(big.Rat).Mul(use[k], big.NewRat(rate, 1))
				if cost.Cmp(money) > 0 {
					use[k].Sub(use[k], new(big.Rat).Quo(money, big.NewRat(rate, 1)))
					money.SetInt64(0)
					break
				}
				money.Sub(money, cost)
				use[k].SetInt64(0)
			}
		}
		for k, n := range use {
			payg.Add(payg, new(big.Rat).Mul(n, big.NewRat(p.Sizes[k.size].Payg*slot.Hours, 1)))
		}
	}
	for name := range used {
		used[name].Quo(used[name], bought[name])
	}
	return payg, used
}

func TestEvaluateEqualsOracle(t *testing.T) {
	for seed := range uint64(1500) {
		p := billtest.Problem(seed, billtest.Everything())
		s, err := bill.NewSimulator(p)
		require.NoError(t, err)
		r := rand.New(rand.NewPCG(seed, 1))
		for range 4 {
			d := decision(r, p)
			choice, quantity, err := s.Resolve(d)
			require.NoError(t, err)
			b, err := s.Evaluate(d)
			require.NoError(t, err)
			payg, use := oracle(p, choice, quantity)
			require.Equal(t, payg.RatString(), b.Payg.String(), "seed %d", seed)
			for _, n := range b.Nodes {
				want := "0"
				if u := use[n.Key()]; u != nil {
					want = u.RatString()
				}
				require.Equal(t, want, n.Utilization().String(), "seed %d %s", seed, n.Key())
			}
			require.InDelta(t, b.Payg.Float(), s.Estimate(choice, quantity), 1e-6)
			checkParts(t, b)
		}
	}
}

// checkParts asserts what holds between the parts of any bill.
func checkParts(t *testing.T, b bill.Bill) {
	sum := b.Commitment.Add(b.Payg).Add(b.Software).Add(b.Risk)
	require.Zero(t, sum.Cmp(b.Objective))
	rows := bill.Exact{}
	for _, r := range b.Rows {
		rows = rows.Add(r.Payg)
		require.Zero(t, r.Reserved.Add(r.Planned).Add(r.Paid).Cmp(r.Used))
		require.True(t, r.Reserved.Sign() >= 0 && r.Planned.Sign() >= 0 && r.Paid.Sign() >= 0)
	}
	require.Zero(t, rows.Cmp(b.Payg), "rows add up to the total at full precision (M5)")
	for _, n := range b.Nodes {
		require.True(t, n.Used.Sign() >= 0 && n.Used.Cmp(n.New) <= 0)
	}
	require.Equal(t, b.Feasible, len(b.Violations) == 0)
}

func decision(r *rand.Rand, p *bill.Problem) bill.Decision {
	d := bill.Decision{Purchases: map[string]int64{}, Sizes: map[string]string{}}
	for _, o := range p.Offers {
		d.Purchases[o.ID] = r.Int64N(o.MaxQty + 2)
	}
	for _, vm := range p.VMs {
		d.Sizes[vm.ID] = vm.Candidates[r.IntN(len(vm.Candidates))].Size
	}
	return d
}
