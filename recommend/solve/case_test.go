package solve

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func caseFiles(t testing.TB) []string {
	files, _ := filepath.Glob("../../../shared/cases/*.json")
	if len(files) == 0 {
		t.Log("the worked cases are not beside this repository: nothing compared")
	}
	return files
}

func TestCases(t *testing.T) {
	for _, file := range caseFiles(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		p, err := ReadCase(bytes.NewReader(text))
		require.NoError(t, err)
		start := time.Now()
		s, err := Case(p, Options{})
		require.NoError(t, err)
		took := time.Since(start)
		var answers struct {
			Evaluations []map[string]any
			Expected    map[string]any
		}
		require.NoError(t, json.Unmarshal(text, &answers))
		var out bytes.Buffer
		require.NoError(t, WriteSolution(&out, s))
		var got map[string]any
		require.NoError(t, json.Unmarshal(out.Bytes(), &got))
		t.Logf("%s objective %s bound %s relaxation %v gap %v nodes %d in %s", p.ID, s.Bill.Objective, s.Bound, answers.Expected["lp_bound_micro"], got["gap"], s.Nodes, took)

		want := answers.Expected
		canonical := want["canonical"].(map[string]any)
		require.Equal(t, canonical["purchases"], got["purchases"])
		require.Equal(t, canonical["sizes"], got["sizes"])
		for _, field := range []string{"objective_micro", "commitment_micro", "payg_micro", "risk_micro", "upfront_micro", "utilization"} {
			require.Equal(t, want[field], got[field], "%s: %s", file, field)
		}
		require.Equal(t, want["objective_micro"], got["bound_micro"])
		require.Zero(t, got["gap"])
		require.True(t, s.Complete)
		evaluations := got["evaluations"].([]any)
		require.Len(t, evaluations, len(answers.Evaluations))
		for i, e := range answers.Evaluations {
			delete(e, "decision")
			require.Equal(t, any(e), evaluations[i])
		}
	}
}
