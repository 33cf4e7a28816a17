package solve

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const tiny = `{"schema":"resopt-case/1","id":"x","currency":"USD","slots":[{"hours":2},{"hours":3}],"run_denominator":2,
"sizes":{"A":{"group":"G","ratio":1,"payg_micro":5},"B":{"group":"G","ratio":3,"payg_micro":14}},
"vms":[{"id":"v","scope":"s/a","candidates":[{"size":"A"},{"size":"B","risk_micro":2}],"run":[3,1]}],
"offers":[{"id":"o","kind":"reservation","size":"A","scope":"s","from":0,"to":2,"price_micro":17,"max_qty":2,"upfront_micro":17},
{"id":"p","kind":"savings_plan","scope":"s","from":0,"to":2,"step_micro":1,"max_qty":2,"rates_micro":{"A":3}}],
"existing":[{"id":"e","kind":"reservation","size":"B","qty":1,"scope":"s/a","from":1,"to":2}],
"rules":{"coverage_order":"proportional","min_new_utilization":"1/2","upfront_budget_micro":20},"evaluations":[{"decision":{"purchases":{"o":1}}}]}`

// Whatever parses is solved, with a bound below a decision that breaks no rule, and written as JSON; nothing panics.
func FuzzCase(f *testing.F) {
	f.Add(tiny)
	for _, change := range [][2]string{
		{`"slots":[{"hours":2},{"hours":3}]`, `"slots":[]`}, {`"hours":2`, `"hours":0`}, {`"hours":3`, `"hours":9223372036854775807`},
		{`"price_micro":17`, `"price_micro":9223372036854775807`}, {`"max_qty":2`, `"max_qty":9223372036854775807`},
		{`"step_micro":1`, `"step_micro":0`}, {`"A":3`, `"A":0`}, {`"payg_micro":5`, `"payg_micro":0`}, {`"risk_micro":2`, `"risk_micro":-9`},
		{`"run":[3,1]`, `"run":[0,0]`}, {`"budget_micro":20`, `"budget_micro":0`}, {`"from":1,"to":2`, `"from":2,"to":2`},
	} {
		f.Add(strings.Replace(tiny, change[0], change[1], 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		p, err := ReadCase(strings.NewReader(text))
		if err != nil {
			return
		}
		s, err := Case(p, Options{Nodes: 20})
		if err != nil {
			return // usage too large, or an evaluation that names what is not there
		}
		require.True(t, s.Bill.Feasible)
		require.LessOrEqual(t, s.Bound.Cmp(s.Bill.Objective), 0)
		var out bytes.Buffer
		require.NoError(t, WriteSolution(&out, s))
		require.True(t, json.Valid(out.Bytes()))
	})
}

// The shape of the line, as CONTRACT.md lists it. By hand: v on A uses 3/2 in 2 h and 1/2 in 3 h; the existing B covers the second
// slot; 15 remain at 5 (3/2 x 2 x 5). One reservation costs 17 and saves 10; two per hour of the plan cover 2/3 and save 20/3 for 10;
// nothing is bought.
func TestSolutionLine(t *testing.T) {
	p, err := ReadCase(strings.NewReader(tiny))
	require.NoError(t, err)
	s, err := Case(p, Options{})
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, WriteSolution(&out, s))
	require.Equal(t, `{"case":"x","objective_micro":"15","purchases":{},"sizes":{"v":"A"},"commitment_micro":"0","payg_micro":"15",`+
		`"risk_micro":"0","upfront_micro":"0","bound_micro":"15","gap":0,"utilization":{},"evaluations":[{"objective_micro":"22",`+
		`"commitment_micro":"17","payg_micro":"5","risk_micro":"0","upfront_micro":"17","feasible":false,"utilization":{"s|G":"2/5"}}]}`+"\n", out.String())
}

func TestCaseRefuses(t *testing.T) {
	p, err := ReadCase(strings.NewReader(tiny))
	require.NoError(t, err)
	p.Evaluations[0].Purchases["q"] = 1
	_, err = Case(p, Options{})
	require.EqualError(t, err, `evaluations[0].purchases["q"]: no such offer`)
	p.Evaluations, p.VMs[0].Run[0], p.Offers[0].MaxQty = nil, 1<<60, 1<<60
	_, err = Case(p, Options{})
	require.ErrorIs(t, err, ErrTooLarge)
	require.ErrorContains(t, err, `offer "o": max_qty: up to 1152921504606846976 can be of use`)
	p.RunDenominator = 0
	_, err = Case(p, Options{})
	require.EqualError(t, err, "run_denominator: 0: want at least 1")
}

// expected is never read: wrong answers in a file change nothing.
func TestCaseDoesNotReadExpected(t *testing.T) {
	for _, file := range caseFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var lines [2]bytes.Buffer
		for i, content := range []string{string(text), strings.ReplaceAll(string(text), `_micro": "`, `_micro": "9`)} {
			p, err := ReadCase(strings.NewReader(content))
			require.NoError(t, err)
			s, err := Case(p, Options{})
			require.NoError(t, err)
			require.NoError(t, WriteSolution(&lines[i], s))
		}
		require.Equal(t, lines[0].String(), lines[1].String())
	}
}
