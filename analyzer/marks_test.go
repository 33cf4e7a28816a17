package analyzer

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/analyzer/demand"
)

// A calendar says what a map of days would.
func TestCalendarIsAMapOfDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c, part calendar
		want := map[int32]*demand.Day{}
		for i := range rapid.IntRange(0, 40).Draw(t, "n") {
			day, from := rapid.Int32Range(100, 108).Draw(t, "day"), rapid.SampledFrom([]int{0, 0, 0, 300, 43_200}).Draw(t, "from")
			to := rapid.SampledFrom([]int{86_400, 86_400, 43_200, 86_700, 86_399}).Draw(t, "to")
			half := &c
			if i%2 == 1 {
				half = &part
			}
			half.mark(day, from, to)
			for d, seconds := range map[int32][2]int{day: {from, to}, day + 1: {0, to - daySeconds}} {
				if seconds[1] > 0 && want[d] == nil {
					want[d] = &demand.Day{}
				}
				if seconds[1] > 0 {
					want[d].Mark(seconds[0], seconds[1])
				}
			}
		}
		c.merge(&part)
		got, last := map[int32]*demand.Day{}, int32(0)
		c.each(func(day int32, marks *demand.Day) {
			require.Greater(t, day, last)
			last = day
			copied := *marks
			got[day] = &copied
		})
		require.Equal(t, want, got)
		require.Equal(t, len(want), c.count())
		for day := int32(99); day < 111; day++ {
			marks, ok := c.on(day)
			require.Equal(t, want[day] != nil, ok)
			if ok {
				require.Equal(t, *want[day], marks)
			}
		}
		for i := 1; i < len(c.whole); i++ {
			require.Less(t, c.whole[i-1].to, c.whole[i].from, "spans are apart")
		}
	})
}
