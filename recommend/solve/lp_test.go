package solve

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"

	"sizeterm/recommend/bill"
	"sizeterm/recommend/bill/billtest"
)

// linear is the linear relaxation of a problem without its utilisation rule (fractional quantities and sizes, every order of coverage
// at its best), written from the definition and apart from the solver's own: minimise offset + cost·x over rows·x <= right, x >= 0.
// Every right side is at least 0, so x = 0 is a start.
type linear struct {
	offset bill.Exact
	cost   []bill.Exact
	rows   []map[int]bill.Exact
	right  []bill.Exact
}

func (l *linear) variable(cost bill.Exact) int {
	l.cost = append(l.cost, cost)
	return len(l.cost) - 1
}

func (l *linear) row(right bill.Exact, terms map[int]bill.Exact) {
	l.rows, l.right = append(l.rows, terms), append(l.right, right)
}

func relax(p *bill.Problem) *linear {
	l := &linear{}
	one := bill.Whole(1)
	size := make([][]int, len(p.VMs))
	for v, vm := range p.VMs { // the share of the first candidate is what the others leave
		others, stay := map[int]bill.Exact{}, bill.Exact{}
		for j, c := range vm.Candidates {
			cost := bill.Whole(c.Risk)
			for t, slot := range p.Slots {
				cost = cost.Add(bill.Frac(slot.Hours*vm.Run[t]*p.Sizes[c.Size].Payg, p.RunDenominator))
			}
			if j == 0 {
				stay, size[v] = cost, []int{-1}
				continue
			}
			size[v] = append(size[v], l.variable(cost.Sub(stay)))
			others[size[v][j]] = one
		}
		l.offset = l.offset.Add(stay)
		l.row(one, others)
	}
	commitments, quantity := []bill.Commitment{}, []int{}
	for i := range p.Offers {
		o := &p.Offers[i]
		cost := bill.Whole(o.Price)
		for _, slot := range p.Slots[o.From:o.To] {
			cost = cost.Add(bill.Whole(o.Step * slot.Hours))
		}
		n := l.variable(cost)
		l.row(bill.Whole(o.MaxQty), map[int]bill.Exact{n: one})
		commitments, quantity = append(commitments, o.Commitment), append(quantity, n)
	}
	if b := p.Rules.UpfrontBudget; b != nil {
		cash := map[int]bill.Exact{}
		for i, n := range quantity {
			cash[n] = bill.Whole(p.Offers[i].Upfront)
		}
		l.row(bill.Whole(*b), cash)
	}
	for _, e := range p.Existing {
		commitments = append(commitments, e.Commitment)
	}
	for t := range p.Slots {
		l.slot(p, t, size, commitments, quantity)
	}
	return l
}

func (l *linear) slot(p *bill.Problem, t int, size [][]int, commitments []bill.Commitment, quantity []int) {
	one := bill.Whole(1)
	limit := make([]map[int]bill.Exact, len(commitments))
	for v, vm := range p.VMs {
		run := bill.Frac(vm.Run[t], p.RunDenominator)
		for j, c := range vm.Candidates {
			covered, right := map[int]bill.Exact{}, bill.Exact{}
			if j > 0 {
				covered[size[v][j]] = run.Neg()
			} else {
				right = run
				for _, x := range size[v][1:] {
					covered[x] = run
				}
			}
			for k := range commitments {
				m := &commitments[k]
				w, ok := weight(p, m, c.Size)
				if !ok || !within(m.Scope, vm.Scope) || t < m.From || t >= m.To {
					continue
				}
				f := l.variable(bill.Whole(-p.Slots[t].Hours * p.Sizes[c.Size].Payg))
				covered[f] = one
				if limit[k] == nil {
					limit[k] = map[int]bill.Exact{}
				}
				limit[k][f] = bill.Whole(w)
			}
			l.row(right, covered)
		}
	}
	for k, m := range commitments {
		capacity := bill.Whole(m.Step)
		if m.Kind == bill.Reservation {
			capacity = bill.Whole(p.Sizes[m.Size].Ratio)
		}
		switch {
		case limit[k] == nil:
		case k >= len(quantity):
			l.row(bill.Whole(p.Existing[k-len(quantity)].Qty).Mul(capacity), limit[k])
		default:
			limit[k][quantity[k]] = capacity.Neg()
			l.row(bill.Exact{}, limit[k])
		}
	}
}

// solve returns the exact minimum by the simplex method in rational numbers with Bland's rule, which always ends.
func (l *linear) solve() bill.Exact {
	m, n := len(l.rows), len(l.cost)
	a := make([][]bill.Exact, m+1) // compact tableau, last column right side, last row cost
	basic, free := make([]int, m), make([]int, n)
	for i := range a {
		a[i] = make([]bill.Exact, n+1)
	}
	for i, r := range l.rows {
		for j, x := range r {
			a[i][j] = x
		}
		a[i][n], basic[i] = l.right[i], n+i
	}
	copy(a[m], l.cost)
	for j := range free {
		free[j] = j
	}
	for {
		column := -1
		for j := range free {
			if a[m][j].Sign() < 0 && (column < 0 || free[j] < free[column]) {
				column = j
			}
		}
		if column < 0 {
			return l.offset.Sub(a[m][n])
		}
		row, least := -1, bill.Exact{}
		for i := range basic {
			if a[i][column].Sign() <= 0 {
				continue
			}
			ratio := a[i][n].Quo(a[i][column])
			if c := ratio.Cmp(least); row < 0 || c < 0 || c == 0 && basic[i] < basic[row] {
				row, least = i, ratio
			}
		}
		p := bill.Whole(1).Quo(a[row][column])
		for j := range a[row] {
			a[row][j] = a[row][j].Mul(p)
		}
		a[row][column] = p
		for i := range a {
			f := a[i][column]
			if i == row || f.Sign() == 0 {
				continue
			}
			for j, x := range a[row] {
				if x.Sign() != 0 && j != column {
					a[i][j] = a[i][j].Sub(f.Mul(x))
				}
			}
			a[i][column] = f.Mul(p).Neg()
		}
		basic[row], free[column] = free[column], basic[row]
	}
}

// gonum solves the same program in floating point.
func (l *linear) gonum() (float64, error) {
	n, m := len(l.cost), len(l.rows)
	a, basis := mat.NewDense(m, n+m, nil), make([]int, m)
	cost, right := make([]float64, n+m), make([]float64, m)
	for i, r := range l.rows {
		for j, x := range r {
			a.Set(i, j, x.Float())
		}
		a.Set(i, n+i, 1)
		basis[i], right[i] = n+i, l.right[i].Float()
	}
	for j, c := range l.cost {
		cost[j] = c.Float()
	}
	value, _, err := lp.Simplex(cost, a, right, 0, basis)
	return value + l.offset.Float(), err
}

// rootBound is the dual bound of the search before it branches. Quantities in p are lowered to those that can be worth their price, as
// the search does, so that both relaxations are of the same problem.
func rootBound(t *testing.T, p *bill.Problem) float64 {
	m, err := newModel(MergeSlots(p))
	require.NoError(t, err)
	for i := range p.Offers {
		p.Offers[i].MaxQty = m.most[i]
	}
	_, value, _ := m.sharper(m.newPrices(), m.wholeBox(), m.newBound())
	return value
}

// The dual bound never exceeds the exact linear relaxation, mostly equals it, and that never exceeds the optimum.
func TestBoundsAgainstRelaxation(t *testing.T) {
	f := billtest.Everything()
	f.Utilization, f.MostDecisions = false, 400
	const n = 300
	equal := 0
	for seed := range uint64(n) {
		p := billtest.Problem(seed, f)
		got, err := Case(p, Options{})
		require.NoError(t, err)
		dual := rootBound(t, p)
		value := relax(p).solve()
		require.LessOrEqual(t, value.Cmp(got.Bill.Objective), 0, p.ID)
		slack := 1e-9 * (1 + value.Float())
		require.LessOrEqual(t, dual, value.Float()+slack, "%s: dual bound above the relaxation", p.ID)
		if dual >= value.Float()-1e-4*(1+value.Float()) {
			equal++
		}
	}
	require.GreaterOrEqual(t, equal, n*95/100, "dual prices of the relaxation prove its value")
}

func TestRelaxationOfCases(t *testing.T) {
	for _, file := range caseFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		p, err := ReadCase(bytes.NewReader(text))
		require.NoError(t, err)
		var answer struct {
			Expected struct {
				Bound string `json:"lp_bound_micro"`
			}
		}
		require.NoError(t, json.Unmarshal(text, &answer))
		value := relax(p).solve()
		require.Equal(t, answer.Expected.Bound, value.String(), file)
		dual := rootBound(t, p)
		require.InEpsilon(t, value.Float(), dual, 1e-6, file)
		require.LessOrEqual(t, dual, value.Float()*(1+1e-9), file)
	}
}

// gonum's simplex can walk in circles for ever on degenerate programs, so it is asked only about one that it is known to finish.
func TestGonumAgrees(t *testing.T) {
	for seed := range uint64(12) {
		p := billtest.Problem(seed, billtest.Features{MostDecisions: 400})
		value, err := relax(p).gonum()
		require.NoError(t, err)
		require.InDelta(t, relax(p).solve().Float(), value, 1e-6*(1+value), p.ID)
	}
}
