package bill

import (
	"math"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const small = `{"schema":"resopt-case/1","id":"x","currency":"USD","slots":[{"hours":2}],"run_denominator":1,
"sizes":{"A":{"group":"G","ratio":1,"payg_micro":5}},
"vms":[{"id":"v","scope":"s/a","candidates":[{"size":"A"}],"run":[3]}],
"offers":[{"id":"o","kind":"reservation","size":"A","scope":"s","from":0,"to":1,"price_micro":7,"max_qty":2},
{"id":"p","kind":"savings_plan","scope":"s","from":0,"to":1,"step_micro":1,"max_qty":2,"rates_micro":{"A":3}}],
"existing":[{"id":"e","kind":"savings_plan","qty":1,"scope":"s","from":0,"to":1,"step_micro":1,"rates_micro":{"A":3}}],
"rules":{"coverage_order":"highest_payg_first","min_new_utilization":0.5,"upfront_budget_micro":9},"expected":{"anything":[]}}`

func TestParse(t *testing.T) {
	p, err := Parse(strings.NewReader(small))
	require.NoError(t, err)
	require.Equal(t, "1/2", p.Rules.MinNewUtilization.String())
	require.EqualValues(t, 9, *p.Rules.UpfrontBudget)
	require.EqualValues(t, 1, p.Existing[0].Qty)
	// 3 instances, 2 h: one reserved (7), a plan of 1 more per hour (2) beside the existing one: 2/3 instance covered of 2 left.
	b, err := Evaluate(p, Decision{Purchases: map[string]int64{"o": 1, "p": 1}})
	require.NoError(t, err)
	require.Equal(t, "40/3", b.Payg.String())
	require.Equal(t, "9", b.Commitment.String())
	fraction := strings.Replace(small, `0.5,"up`, `"4/5","up`, 1)
	p, err = Parse(strings.NewReader(fraction))
	require.NoError(t, err)
	require.Equal(t, "4/5", p.Rules.MinNewUtilization.String())
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{`"price_micro":7,`, ``, `offers[0].price_micro: missing`},
		{`"price_micro":7`, `"price_micro":-7`, `offers[0].price_micro: -7: negative`},
		{`"price_micro":7`, `"price_micro":7.5`, `offers[0].price_micro: 7.5: want an integer of at most 63 bits`},
		{`"price_micro":7`, `"price_micro":"7"`, `offers[0].price_micro: "7": want an integer`},
		{`"price_micro":7`, `"price_micro":null`, `offers[0].price_micro: null: want an integer`},
		{`"price_micro":7`, `"price_micro":7,"price_micro":8`, `offers[0]: field "price_micro": twice`},
		{`"max_qty":2}`, `"max_qty":2,"upfront":7}`, `offers[0]: field "upfront": unknown`},
		{`"max_qty":2}`, `"max_qty":99999999999999999999}`, `offers[0].max_qty: 99999999999999999999: want an integer`},
		{`resopt-case/1`, `resopt-case/2`, `schema: "resopt-case/2": want "resopt-case/1"`},
		{`"hours":2`, `"hours":-2`, `slots[0].hours: -2: negative`},
		{`[{"hours":2}]`, `{}`, `slots: {}: want a list`},
		{`"ratio":1`, `"ratio":0`, `sizes["A"].ratio: 0: want at least 1`},
		{`"payg_micro":5`, `"payg":5`, `sizes["A"].payg_micro: missing`},
		{`"payg_micro":5`, `"payg_micro":-5`, `sizes["A"].payg_micro: -5: negative`},
		{`"group":"G"`, `"group":""`, `sizes["A"].group: empty`},
		{`"run":[3]`, `"run":[3,4]`, `vms[0].run: 2 values for 1 slots`},
		{`"run":[3]`, `"run":[-3]`, `vms[0].run[0]: -3: negative`},
		{`[{"size":"A"}]`, `[]`, `vms[0].candidates: none`},
		{`[{"size":"A"}]`, `[{"size":"B"}]`, `vms[0].candidates[0].size: "B": not in sizes`},
		{`[{"size":"A"}]`, `[{"size":"A"},{"size":"A"}]`, `vms[0].candidates[1].size: "A": twice`},
		{`"scope":"s/a"`, `"scope":"s//a"`, `vms[0].scope: "s//a": want a path without empty parts`},
		{`"id":"p","kind":"savings_plan"`, `"id":"p","kind":"lease"`, `offers[1].kind: "lease": want "reservation" or "savings_plan"`},
		{`"id":"p"`, `"id":"o"`, `offers[1].id: "o": twice`},
		{`"to":1,"price`, `"to":2,"price`, `offers[0].to: 2: there are 1 slots`},
		{`"from":0,"to":1,"price`, `"from":1,"to":0,"price`, `offers[0].from: 1: want 0 to 0`},
		{`"qty":1`, `"qty":-1`, `existing[0].qty: -1: negative`},
		{`"rates_micro":{"A":3}}],
"exi`, `"rates_micro":{"B":3}}],
"exi`, `offers[1].rates_micro["B"]: not in sizes`},
		{`"run_denominator":1`, `"run_denominator":0`, `run_denominator: 0: want at least 1`},
		{`highest_payg_first`, `dearest`, `rules.coverage_order: "dearest": want`},
		{`0.5,"up`, `1.5,"up`, `rules.min_new_utilization: 3/2: want 0 to 1`},
		{`0.5,"up`, `5e-1,"up`, `rules.min_new_utilization: "5e-1": not a number`},
		{`"upfront_budget_micro":9`, `"upfront_budget_micro":-9`, `rules.upfront_budget_micro: -9: negative`},
		{`"upfront_budget_micro":9`, `"budget":9`, `rules: field "budget": unknown`},
		{`"expected":{"anything":[]}}`, `"expected":{}} {}`, `more than one JSON value`},
		{`"expected":{"anything":[]}}`, `"expected":{}`, `unexpected EOF`},
		{small, ` `, `empty: want an object`},
		{`[{"hours":2}]`, `[{"hours":9223372036854775807},{"hours":1}]`, `slots[1].hours: 1: too large`},
		{`"expected":{"anything":[]}}`, `"evaluations":[{"decision":{"sizes":{"w":"A"}}}]}`, `evaluations[0].decision.sizes["w"]: no such vm`},
		{`"expected":{"anything":[]}}`, `"evaluations":[{"decision":{"purchases":{"q":1}}}]}`, `evaluations[0].decision.purchases["q"]: no such offer`},
		{`"ratio":1`, `"ratio":9223372036854775807`, `vms[0].run[0]: 3: too large`},
		{`{"schema"`, "\ufeff" + `{"schema"`, ``},
		{`"run":[3]`, `"run":[9223372036854775807]`, ``},
	} {
		text := strings.Replace(small, c.old, c.new, 1)
		require.NotEqual(t, small, text, c.old)
		_, err := Parse(strings.NewReader(text))
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, c.want)
	}
}

func TestParseIgnoresExpected(t *testing.T) {
	for _, file := range caseFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		whole, err := Parse(strings.NewReader(string(text)))
		require.NoError(t, err)
		cut := strings.Replace(string(text), `"objective_micro"`, `"objective_lie"`, -1)
		same, err := Parse(strings.NewReader(cut))
		require.NoError(t, err)
		require.Equal(t, whole, same)
	}
}

func TestDecisionsThatNameNothing(t *testing.T) {
	p, err := Parse(strings.NewReader(small))
	require.NoError(t, err)
	for want, d := range map[string]Decision{
		`purchases["q"]: no such offer`:    {Purchases: map[string]int64{"q": 1}},
		`purchases["o"]: -1: negative`:     {Purchases: map[string]int64{"o": -1}},
		`sizes["w"]: no such vm`:           {Sizes: map[string]string{"w": "A"}},
		`sizes["v"]: "B": not a candidate`: {Sizes: map[string]string{"v": "B"}},
	} {
		_, err := Evaluate(p, d)
		require.EqualError(t, err, want)
	}
	b, err := Evaluate(p, Decision{Purchases: map[string]int64{"o": 3, "p": 0}})
	require.NoError(t, err)
	require.Equal(t, []string{"o: quantity 3 is above 2"}, b.Violations)
	p.Rules.Order = "random"
	_, err = Evaluate(p, Decision{})
	require.ErrorContains(t, err, "rules.coverage_order")
}

func TestTooLargeIsAnError(t *testing.T) {
	p, err := Parse(strings.NewReader(small))
	require.NoError(t, err)
	p.VMs = append(p.VMs, p.VMs[0])
	p.VMs[1].ID, p.VMs[1].Run = "w", []int64{math.MaxInt64 - 1}
	_, err = Evaluate(p, Decision{})
	require.EqualError(t, err, "vms[1].run[0]: 9223372036854775806: too large")
	p.VMs = p.VMs[:1]
	p.Existing = append(p.Existing, Existing{Commitment: p.Offers[0].Commitment, Qty: math.MaxInt64}, Existing{Commitment: p.Offers[0].Commitment, Qty: 5})
	p.Existing[1].ID, p.Existing[2].ID = "f", "g"
	_, err = Evaluate(p, Decision{})
	require.EqualError(t, err, "existing[2].qty: 5: too large")
	p.Existing = nil // a huge quantity of an offer is money, not usage: it stays exact
	b, err := Evaluate(p, Decision{Purchases: map[string]int64{"o": math.MaxInt64}})
	require.NoError(t, err)
	require.Equal(t, "64563604257983430649", b.Commitment.String()) // 7 x (2^63 - 1)
}

func FuzzParse(f *testing.F) {
	f.Add(small)
	f.Add(`{"schema":"resopt-case/1","slots":[]}`)
	f.Add(`[`)
	f.Add(strings.Replace(small, `"hours":2`, `"hours":9223372036854775807`, 1))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := Parse(strings.NewReader(text))
		require.NoError(t, err)
		require.Equal(t, p, again)
		if b, err := Evaluate(p, Decision{}); err == nil {
			require.True(t, b.Payg.Sign() >= 0)
		}
	})
}

// Exact against math/big on numbers around the limits of a machine word.
func TestExactEqualsBig(t *testing.T) {
	number := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-9, 9), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, math.MinInt64 + 1, 1 << 62}))
	exact := rapid.Custom(func(r *rapid.T) Exact {
		den := number.Filter(func(n int64) bool { return n != 0 }).Draw(r, "den")
		return Frac(number.Draw(r, "num"), den)
	})
	rapid.Check(t, func(r *rapid.T) {
		x, y := exact.Draw(r, "x"), exact.Draw(r, "y")
		a, b := x.Rat(), y.Rat()
		require.Zero(r, new(big.Rat).Add(a, b).Cmp(x.Add(y).Rat()))
		require.Zero(r, new(big.Rat).Sub(a, b).Cmp(x.Sub(y).Rat()))
		require.Zero(r, new(big.Rat).Mul(a, b).Cmp(x.Mul(y).Rat()))
		require.Equal(r, a.Cmp(b), x.Cmp(y))
		require.Equal(r, a.Sign(), x.Sign())
		require.Equal(r, a.RatString(), x.String())
		require.Equal(r, a.IsInt(), x.IsWhole())
		if y.Sign() != 0 {
			require.Zero(r, new(big.Rat).Quo(a, b).Cmp(x.Quo(y).Rat()))
		}
		back, err := ParseExact(x.String())
		require.NoError(r, err)
		require.Zero(r, back.Cmp(x))
		f, _ := a.Float64()
		require.InEpsilon(r, 1+math.Abs(f), 1+math.Abs(x.Float()), 1e-12)
	})
	require.Equal(t, "0", Exact{}.String())
	require.Panics(t, func() { Whole(1).Quo(Exact{}) })
	require.Panics(t, func() { Frac(1, 0) })
}

func TestRoundHalfEven(t *testing.T) {
	for text, want := range map[string]int64{"1/2": 0, "3/2": 2, "-1/2": 0, "-3/2": -2, "5/3": 2, "-5/3": -2, "7": 7, "2.4999": 2} {
		x, err := ParseExact(text)
		require.NoError(t, err)
		n, ok := x.Round()
		require.True(t, ok)
		require.Equal(t, want, n, text)
	}
	_, ok := Whole(math.MaxInt64).Add(Whole(1)).Round()
	require.False(t, ok)
	for _, bad := range []string{"", "x", "1/0", "0x10", "1e5", "1/2/3", "+1"} {
		_, err := ParseExact(bad)
		require.Error(t, err, bad)
	}
}

func BenchmarkSimulatorYear(b *testing.B) {
	p := &Problem{ID: "year", Currency: "USD", RunDenominator: 1, Sizes: map[string]Size{}}
	p.Rules.Order = HighestFirst
	for range 8760 {
		p.Slots = append(p.Slots, Slot{Hours: 1})
	}
	for i := range 10 {
		name := string(rune('A' + i))
		p.Sizes[name] = Size{Group: "G", Ratio: int64(100 * (1 + i%4)), Payg: int64(96000 * (1 + i%4))}
		vm := VM{ID: name, Scope: "shared/" + name, Candidates: []Candidate{{Size: name}}}
		for t := range p.Slots {
			vm.Run = append(vm.Run, int64((t*(i+3))%7))
		}
		p.VMs = append(p.VMs, vm)
	}
	p.Offers = []Offer{{Commitment: Commitment{ID: "o", Kind: Reservation, Scope: "shared", To: 8760, Size: "A"}, Price: 497000000, MaxQty: 100}}
	for _, order := range []Order{HighestFirst, Proportional} {
		p.Rules.Order = order
		b.Run(string(order), func(b *testing.B) {
			s, err := NewSimulator(p)
			require.NoError(b, err)
			for b.Loop() {
				s.Run(make([]int, 10), []int64{20})
			}
		})
	}
}
