package analyzer

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sums and seconds of every hour are those of the samples, whatever lengths they have, in one week or merged from several.
func TestWeekAddsUp(t *testing.T) {
	dice := rand.New(rand.NewPCG(7, 2026))
	for range 300 {
		var parts [3]week
		var sums, seconds [168]int64
		lengths := [...][]int64{{300}, {300, 60}, {3600, 900}, {61, 59, 300}, {1}}[dice.IntN(5)]
		for range dice.IntN(200) {
			at, length := hourOf(500_000+dice.Int64N(400)), lengths[dice.IntN(len(lengths))]
			n := 1 + dice.Int64N(12)
			sum := dice.Int64N(1 << dice.IntN(36))
			sums[at], seconds[at] = sums[at]+sum*length, seconds[at]+n*length
			parts[dice.IntN(3)].add(at, sum, n, length)
		}
		for i := range parts[1:] {
			parts[0].merge(&parts[i+1])
		}
		for h := range 168 {
			require.Equal(t, sums[h], parts[0].sum(h))
			require.Equal(t, seconds[h], parts[0].seconds(h))
		}
	}
}

// By hand: five Mondays of twelve samples in an hour are 60 and at 10 % a sum of 60 000, one byte and two for each hour of the week.
// 1970-01-05 was a Monday.
func TestWeekIsSmall(t *testing.T) {
	var w week
	for week := range int64(5) {
		w.add(hourOf(4*24+168*week), 12*1000, 12, 300)
	}
	require.Equal(t, []int64{5 * 3600, 5 * 3600 * 1000}, []int64{w.seconds(0), w.sum(0)})
	require.Equal(t, []int{168, 2 * 168}, []int{len(w.counts), len(w.sums)})
}

// Segments keep their index whatever comes later, and are ranked by day, length, and the extra parts of odd lengths last.
func TestSegmentsAreRanked(t *testing.T) {
	all := []segment{segmentOf(3, 300, false), segmentOf(4, 60, false), segmentOf(4, 60, true), segmentOf(4, 300, false)}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}} {
		var m machine
		for i, at := range order {
			require.EqualValues(t, i, m.segment(all[at]))
		}
		for i, at := range order {
			require.EqualValues(t, i, m.segment(all[at]), "again")
			require.Equal(t, at, order[m.ranked(at)], "%v", order)
		}
	}
}
