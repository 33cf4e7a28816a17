package analyzer

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestByTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	var w waitingRows
	for _, n := range []int{1, 2, 64, 500, 512, stagedMost} {
		for _, span := range []int64{1, 300, 90_000, lastDay * daySeconds} {
			rows := make([]staged, n)
			for i := range rows {
				rows[i] = staged{start: rng.Int64N(span + 1), seconds: int32(i)}
			}
			want := slices.Clone(rows)
			slices.SortStableFunc(want, func(x, y staged) int { return int(x.start - y.start) })
			w.byTime(rows)
			require.Equal(t, want, rows, "%d rows in %d seconds", n, span)
		}
	}
}

// However many rows wait, what is known of them is the same: rows of some machines in any order, where there is room for all of
// them, for some, and for none beyond the least.
func TestRoomOfWaitingRowsChangesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	type of struct {
		machine uint32
		staged
	}
	var rows []of
	for machine := range uint32(3) {
		for i := range int64(3000) {
			s := staged{start: 86400*20_000 + 300*i, seconds: 300, has: 1 << cpuAvg}
			s.values[cpuAvg] = uint16(rng.IntN(10_001))
			rows = append(rows, of{machine, s})
		}
	}
	rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	var want []byte
	for _, taken := range []int{0, stagedRoom - 700, stagedRoom} {
		a := New(Options{})
		a.waiting.room = taken
		for i := range rows {
			require.NoError(t, a.wait(a.machine(sampleKey{resource: a.words.id(string(rune('a' + rows[i].machine)))}), rows[i].staged))
		}
		got, err := a.MarshalBinary()
		require.NoError(t, err)
		if want == nil {
			want = got
		}
		require.True(t, bytes.Equal(want, got))
	}
}
