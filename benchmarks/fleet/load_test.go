package fleet

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRandIsItsSeedAndNames(t *testing.T) {
	a, b, c, d := NewRand(1, "x", "y"), NewRand(1, "x", "y"), NewRand(1, "xy"), NewRand(2, "x", "y")
	first := a.Uint64()
	require.Equal(t, first, b.Uint64())
	require.NotEqual(t, first, c.Uint64(), "names are parted")
	require.NotEqual(t, first, d.Uint64())
	// The numbers themselves are pinned: files of earlier versions must come out again. 0xe220a8397b1dcdaf is the first
	// output of splitmix64 with state 0 in the reference implementation.
	var zero Rand
	require.Equal(t, uint64(0xe220a8397b1dcdaf), zero.Uint64())
}

func TestBelowIsEven(t *testing.T) {
	r, counts := NewRand(3), [10]int{}
	for range 100_000 {
		counts[r.Below(10)]++
	}
	for _, n := range counts {
		require.InDelta(t, 10_000, n, 400) // four standard deviations: sqrt(100000 * 0.1 * 0.9) = 95
	}
}

func TestGUIDHasTheFormOfVersion4(t *testing.T) {
	r := NewRand(1)
	seen := map[string]bool{}
	for range 1000 {
		id := r.GUID()
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
		require.False(t, seen[id])
		seen[id] = true
	}
}

// A quantile table gives back its own points at its ranks, rises, and ends below its last value.
func TestAtInterpolates(t *testing.T) {
	for _, s := range shapes {
		for i, rank := range ranks[:12] {
			require.Equal(t, s.Peak[i], at(&s.Peak, rank))
		}
		last := int32(-1)
		for rank := range int32(1024) {
			v := at(&s.Residual, rank)
			require.GreaterOrEqual(t, v, last)
			last = v
		}
		require.LessOrEqual(t, last, s.Residual[12])
	}
	table := [13]int32{0, 16, 51, 102, 256, 512, 768, 922, 973, 1003, 1014, 1021, 1024}
	require.Equal(t, int32(300), at(&table, 300), "the table of the ranks themselves is the identity")
}

// The loads keep what was measured: the mean is near the level, the maximum is not below the average, and an office is
// quiet on weekends.
func TestLoadKeepsTheShape(t *testing.T) {
	for _, a := range Archetypes() {
		t.Run(a.String(), func(t *testing.T) {
			sum, n := 0, 0
			var work, rest int
			for machine := range 40 {
				l := NewLoad(a, 600, NewRand(9, a.String(), string(rune('a'+machine))))
				for i := range 4 * 168 * 4 {
					hour := i / 4 % 168
					avg, top := l.Next(hour)
					if avg > top || avg < 1 || top > ceiling {
						t.Fatalf("average %d, maximum %d", avg, top)
					}
					sum, n = sum+avg, n+1
					switch {
					case hour < 120 && hour%24 >= 9 && hour%24 < 17:
						work += avg * 16 // 16 weekend hours for 40 of weekdays
					case hour >= 120 && hour%24 >= 9 && hour%24 < 17:
						rest += avg * 40
					}
				}
			}
			require.InDelta(t, 600, sum/n, 150, "mean of all machines")
			if a == Office {
				require.Greater(t, work, 2*rest)
			}
		})
	}
}

func TestMostMachinesAreBelowTenPercent(t *testing.T) {
	r, below, values := NewRand(5), 0, []int{}
	for range 10_000 {
		v := Level(&r)
		values = append(values, v)
		if v < 1000 {
			below++
		}
	}
	require.InDelta(t, 0.70, float64(below)/10_000, 0.04) // 0.684 of the sample; interpolation between its quantiles adds a little
	slices.Sort(values)
	require.Greater(t, values[9_900], 5_000, "a heavy tail")
	busy := 0
	for range 10_000 {
		if BusyLevel(&r) >= 2_500 {
			busy++
		}
	}
	require.InDelta(t, 0.10, float64(busy)/10_000, 0.02) // P90 of the machine days is 26.6 %
}

func TestMemoryStaysInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(512, 1<<20).Draw(t, "total")
		used := rapid.IntRange(0, 1000).Draw(t, "used")
		m := NewMemory(total, used, NewRand(rapid.Uint64().Draw(t, "seed")))
		for range 500 {
			free := m.Next()
			if free < 16 || free > total || free%16 != 0 {
				t.Fatalf("free %d of %d", free, total)
			}
		}
	})
}
