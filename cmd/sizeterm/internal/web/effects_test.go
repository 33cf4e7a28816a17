package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/recommend"
)

// A table ends where its machines are used up, and not by the clock: the row that holds needs none.
func TestATableIsBoundedByMachines(t *testing.T) {
	whole := &Planned{Input: recommend.Input{Analysis: &analyzer.Analysis{VMs: []analyzer.VM{{Customer: "c1"}, {Customer: "c1"}, {Customer: "c2"}}}}}
	c := &customerView{ID: "c1", Plan: &recommend.Plan{}, Whole: whole}
	all := newTables(nil)
	all.most = 3 // one plan of the two machines of c1, and not another
	one := &table{want: 3, done: make(chan struct{})}
	all.compute(one, c, "rule", []RuleTry{{Value: "1"}, {Value: "2", Now: true}, {Value: "3"}})
	require.Contains(t, one.rows[0].Failed, "a price book are needed", "it was tried")
	require.Empty(t, one.rows[1].Failed)
	require.Equal(t, "not computed: a plan of 2 machines for each value is more than a page may ask for; sizeterm recommend --policy tells it", one.rows[2].Failed)
}
