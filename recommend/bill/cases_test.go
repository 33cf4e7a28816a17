package bill

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// caseFiles returns the worked cases that lie beside the repository; without them the tests that need them say so and go on.
func caseFiles(t testing.TB) []string {
	files, _ := filepath.Glob("../../../shared/cases/*.json")
	if len(files) == 0 {
		t.Log("the worked cases are not beside this repository: nothing compared")
	}
	return files
}

func TestCasesEvaluate(t *testing.T) {
	for _, file := range caseFiles(t) {
		data, err := os.Open(file)
		require.NoError(t, err)
		p, err := Parse(data)
		data.Close()
		require.NoError(t, err, file)
		var answers struct {
			Evaluations []map[string]any
			Expected    struct {
				Objective_micro, Baseline_micro string
				Canonical                       struct {
					Purchases map[string]int64
					Sizes     map[string]string
				}
			}
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &answers))
		require.Equal(t, len(answers.Evaluations), len(p.Evaluations))
		for i, d := range p.Evaluations {
			b, err := Evaluate(p, d)
			require.NoError(t, err)
			got, err := json.Marshal(b)
			require.NoError(t, err)
			delete(answers.Evaluations[i], "decision")
			want, err := json.Marshal(answers.Evaluations[i])
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(got), "%s: evaluation %d", file, i)
		}
		best, err := Evaluate(p, Decision{answers.Expected.Canonical.Purchases, answers.Expected.Canonical.Sizes})
		require.NoError(t, err)
		require.Equal(t, answers.Expected.Objective_micro, best.Objective.String())
		nothing, err := Evaluate(p, Decision{})
		require.NoError(t, err)
		require.Equal(t, answers.Expected.Baseline_micro, nothing.Objective.String())
	}
}
