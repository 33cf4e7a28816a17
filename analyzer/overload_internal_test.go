package analyzer

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The rule of algorithms 3.2, level by level and with plain divisions.
func TestOverloadIsTheRuleAtEveryLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var got Overload
		want := Overload{above: make([]bound, levels)}
		for range rapid.IntRange(1, 20).Draw(t, "n") {
			top := rapid.SampledFrom([]int32{1, 300, 2500, 10_000, 65_535}).Draw(t, "top")
			low := rapid.Int32Range(0, top).Draw(t, "low")
			avg := rapid.Int32Range(low, top).Draw(t, "avg")
			high, seconds := rapid.Int32Range(avg, top).Draw(t, "high"), rapid.Int64Range(1, 31_622_400).Draw(t, "seconds")
			got.add(low, avg, high, seconds)
			want.Seconds += seconds
			for i := range int64(levels) {
				level, ms := (i+1)*levelStep, seconds*1000
				l, a, h := int64(low), int64(avg), int64(high)
				switch {
				case h <= level:
				case l > level:
					want.above[i].lo, want.above[i].hi = want.above[i].lo+ms, want.above[i].hi+ms
				default:
					want.above[i].lo += max(0, ms*(a-level)/(h-level))
					if a >= level {
						want.above[i].hi += ms
					} else {
						want.above[i].hi += (ms*(a-l) + level - l - 1) / (level - l)
					}
				}
			}
		}
		got.reach(levels)
		require.Equal(t, want, got)
	})
}
