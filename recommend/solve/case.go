package solve

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"

	"sizeterm/recommend/bill"
)

// Options limits the work of Case. The zero Options is ready to use.
type Options struct {
	// Nodes is how many boxes a component's search examines before it stops and reports the gap that is left. 0 means 100 000, or
	// fewer for large components, so that it stops after some seconds: 14 000 for 20 VMs x 3 sizes x 24 slots.
	Nodes int

	// For tests, so that the proof does all the work: boxes of so few decisions are enumerated (0 means leafSize), and the search starts
	// from no purchases alone.
	leaf  int
	blind bool
}

// Solution is the best decision of a problem and what is proved about it. WriteSolution is its JSON.
type Solution struct {
	Case     string
	Decision bill.Decision // every VM with its size, and every offer that is bought
	Bill     bill.Bill     // of the decision, by the simulator
	// Bound is proved: no decision costs less. It equals Bill.Objective when the search was complete.
	Bound       bill.Exact
	Complete    bool // the optimum, and the canonical one among equals
	Nodes       int  // parts of the search that were examined
	Evaluations []bill.Bill
}

// Gap returns (objective - bound)/objective; 0 is an optimum.
func (s *Solution) Gap() bill.Exact { return Certificate{Cost: s.Bill.Objective, Bound: s.Bound}.Gap() }

// Case returns the decision of least objective of a problem and a lower bound that proves it. Among decisions of equal objective it is
// the canonical one: least commitment, then least total quantity, then smallest quantities in the order of the offers, then earliest
// candidates. It handles every feature of resopt-case/1 and any mixture of them.
//
// How: slots that cannot be told apart are merged, and parts that no commitment or budget ties together are solved apart. Each part is
// searched by branch and bound over boxes (a range for each quantity, the candidates left for each VM). A box is discarded by the dual
// bound with unit, plan and cash prices (reference section 7), improved by supergradient steps; by monotony, because more capacity
// never raises the rest, in any coverage order; or because no quantity in it reaches the utilisation asked for. What the bound allows
// no more is cut off the ranges. Floating point only discards what costs more than the best by ten thousand times its rounding error;
// everything else is compared exactly, so with Complete the result is exact.
//
// It fails on a meaningless problem, and on one in which more than 2^52 of an offer could be of use; otherwise never because of its size:
// where Options.Nodes end the search the gap is reported. The same problem gives the same solution.
func Case(p *bill.Problem, o Options) (*Solution, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	s, err := solveParts(p, o, false)
	if err != nil {
		return nil, err
	}
	if p.Rules.UpfrontBudget != nil && !s.Bill.Feasible { // together the parts spend more cash than there is: solve them together
		if s, err = solveParts(p, o, true); err != nil {
			return nil, err
		}
	}
	for i, d := range p.Evaluations {
		b, err := bill.Evaluate(p, d)
		if err != nil {
			return nil, fmt.Errorf("evaluations[%d].%w", i, err)
		}
		s.Evaluations = append(s.Evaluations, b)
	}
	return s, nil
}

// solveParts solves the components of a problem one by one. Without tieCash the budget binds each of them alone, so that the sum may
// exceed it; a sum within it is the optimum.
func solveParts(p *bill.Problem, o Options, tieCash bool) (*Solution, error) {
	s := &Solution{Case: p.ID, Complete: true, Decision: bill.Decision{Purchases: map[string]int64{}, Sizes: map[string]string{}}}
	objective := bill.Exact{}
	for _, part := range split(p, tieCash) {
		m, err := newModel(MergeSlots(part.problem))
		if err != nil {
			return nil, err
		}
		r := newExplorer(m)
		if o.leaf > 0 {
			r.leaf = o.leaf
		}
		r.blind = o.blind
		r.solve(m.patience(o.Nodes))
		s.Nodes += r.nodes
		objective = objective.Add(r.best.objective)
		bound := r.best.objective
		if r.floor < math.Inf(1) {
			s.Complete = false
			bound = m.below(r.floor, bound)
		}
		s.Bound = s.Bound.Add(bound)
		for i, at := range part.offers {
			if n := r.best.amounts[i]; n > 0 {
				s.Decision.Purchases[p.Offers[at].ID] = n
			}
		}
		for i, at := range part.vms {
			s.Decision.Sizes[p.VMs[at].ID] = p.VMs[at].Candidates[r.best.choice[i]].Size
		}
	}
	var err error
	if s.Bill, err = bill.Evaluate(p, s.Decision); err != nil {
		return nil, err
	}
	if s.Bill.Objective.Cmp(objective) != 0 { // the parts must add up to the whole: a broken promise of this package, never of the input
		return nil, fmt.Errorf("%s: parts cost %s, the whole %s", p.ID, objective, s.Bill.Objective)
	}
	return s, nil
}

// patience returns how many nodes to examine when the caller does not say.
func (m *model) patience(nodes int) int {
	if nodes > 0 {
		return nodes
	}
	work := 1
	for v := range m.uses {
		for _, uses := range m.uses[v] {
			work += nodeSteps * len(m.hours) * (1 + len(uses))
		}
	}
	return max(1000, min(100_000, 1_000_000_000/work))
}

// below turns a bound in floating point into an exact one: the integer below it; or cost itself, the best that was found, when no other
// cost lies between them, because all costs are multiples of the same fraction.
func (m *model) below(f float64, cost bill.Exact) bill.Exact {
	least := bill.FromRat(new(big.Rat).SetFloat64(f - m.tolerance))
	if unit, ok := m.unit(); least.Cmp(cost) >= 0 || ok && least.Cmp(cost.Sub(unit)) > 0 {
		return cost
	}
	return floor(f - m.tolerance)
}

// unit returns a fraction of which every cost of the problem is a multiple. Proportional coverage and savings plans have none.
func (m *model) unit() (bill.Exact, bool) {
	if m.p.Rules.Order == bill.Proportional {
		return bill.Exact{}, false
	}
	for i := range m.sources {
		if m.sources[i].group == "" {
			return bill.Exact{}, false
		}
	}
	unit := bill.Frac(1, m.p.RunDenominator)
	ratios := int64(1)
	for _, s := range m.p.Sizes {
		if ratios = ratios / gcd(ratios, s.Ratio) * s.Ratio; ratios > mostWeight {
			return bill.Exact{}, false
		}
	}
	return unit.Quo(bill.Whole(ratios)), true
}

// floor returns the greatest integer that is not above f.
func floor(f float64) bill.Exact {
	n, _ := big.NewFloat(math.Floor(f)).Int(nil)
	return bill.FromRat(new(big.Rat).SetInt(n))
}

// ReadCase reads one problem in the form resopt-case/1; see bill.Parse for what it refuses.
func ReadCase(r io.Reader) (*bill.Problem, error) { return bill.Parse(r) }

// MarshalJSON writes the object that `sizeterm solve --output json` prints for a case: money as text (an integer or "num/den"), the gap
// as a number with six decimals, rounded up.
func (s *Solution) MarshalJSON() ([]byte, error) {
	utilization := map[string]string{}
	for _, n := range s.Bill.Nodes {
		utilization[n.Key()] = n.Utilization().String()
	}
	evaluations := s.Evaluations
	if evaluations == nil {
		evaluations = []bill.Bill{}
	}
	return json.Marshal(struct {
		Case        string            `json:"case"`
		Objective   bill.Exact        `json:"objective_micro"`
		Purchases   map[string]int64  `json:"purchases"`
		Sizes       map[string]string `json:"sizes"`
		Commitment  bill.Exact        `json:"commitment_micro"`
		Payg        bill.Exact        `json:"payg_micro"`
		Risk        bill.Exact        `json:"risk_micro"`
		Upfront     bill.Exact        `json:"upfront_micro"`
		Bound       bill.Exact        `json:"bound_micro"`
		Gap         json.Number       `json:"gap"`
		Utilization map[string]string `json:"utilization"`
		Evaluations []bill.Bill       `json:"evaluations"`
	}{s.Case, s.Bill.Objective, s.Decision.Purchases, s.Decision.Sizes, s.Bill.Commitment, s.Bill.Payg, s.Bill.Risk, s.Bill.Upfront,
		s.Bound, s.gap(), utilization, evaluations})
}

// gap never hides what is left: it rounds up to six decimals.
func (s *Solution) gap() json.Number {
	millionths := s.Gap().Mul(bill.Whole(1_000_000)).Rat()
	n := new(big.Int).Neg(millionths.Num())
	n.Neg(n.Div(n, millionths.Denom()))
	f, _ := new(big.Rat).SetFrac(n, big.NewInt(1_000_000)).Float64()
	return json.Number(fmt.Sprint(f))
}

// WriteSolution writes s as one line of JSON.
func WriteSolution(w io.Writer, s *Solution) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
