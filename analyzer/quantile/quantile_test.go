package quantile_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"sizeterm/analyzer/quantile"
)

func of(seconds int64, values ...int32) *quantile.Summary {
	s := &quantile.Summary{}
	for _, v := range values {
		s.Add(v, seconds)
	}
	return s
}

func at(t require.TestingT, s *quantile.Summary, basisPoints int) int32 {
	v, ok := s.Quantile(basisPoints)
	require.True(t, ok)
	return v
}

// The five values and their quantiles of both types are the table of algorithms.md 4.1.
func TestDefinitionsOnFiveValues(t *testing.T) {
	s := of(300, 3000, 1000, 5000, 2000, 4000)
	require.EqualValues(t, 3000, at(t, s, 5000), "type 1")
	require.EqualValues(t, 5000, at(t, s, 9500), "type 1")
	var seven [2]int32
	require.True(t, s.Type7(seven[:], 5000, 9500))
	require.Equal(t, [2]int32{3000, 4800}, seven, "type 7, as PERCENTILE.INC")
	require.EqualValues(t, 3000, s.Mean())
	require.EqualValues(t, 1500, s.Seconds())
	require.EqualValues(t, 5, s.Samples())
}

// 28 % of 25 values is rank 7 exactly; ceil(0.28*25) in floating point is 8 (algorithms.md 4.1).
func TestRankIsExact(t *testing.T) {
	require.EqualValues(t, 7, quantile.Rank(25, 2800))
	share, n := 0.28, 25.0
	require.EqualValues(t, 8, int64(math.Ceil(share*n)), "why ranks are integers")
	require.EqualValues(t, 1, quantile.Rank(10, 0))
	require.EqualValues(t, math.MaxInt64, quantile.Rank(math.MaxInt64, 10_000), "128-bit product")
	require.Panics(t, func() { quantile.Rank(1, 10_001) })
}

// 50 for 100 s and 10 for 900 s: by time P90 is 10, and only above it 50. Counting samples would give P50 = 10, P90 = 50.
func TestWeightsAreSeconds(t *testing.T) {
	var s quantile.Summary
	s.Add(50, 100)
	s.Add(10, 900)
	require.EqualValues(t, 10, at(t, &s, 9000))
	require.EqualValues(t, 50, at(t, &s, 9001))
	require.EqualValues(t, 14, s.Mean())
	require.EqualValues(t, 100, s.From(11))
	require.EqualValues(t, 1000, s.From(10))
	require.False(t, s.Type7(make([]int32, 1), 5000), "type 7 of samples of several lengths means nothing")
}

func TestEmpty(t *testing.T) {
	var s quantile.Summary
	_, ok := s.Quantile(5000)
	require.False(t, ok)
	require.False(t, s.Type7(make([]int32, 1), 5000))
	require.Zero(t, s.Mean())
	require.Zero(t, s.From(0))
	s.Raise(70_000)
	require.Zero(t, s.Max())
	s.Merge(&quantile.Summary{})
	require.Zero(t, s.Samples())
	s.AddValues(nil, 0)
}

func TestCallersMistakesPanic(t *testing.T) {
	var s quantile.Summary
	require.Panics(t, func() { s.Add(-1, 300) })
	require.Panics(t, func() { s.Add(1, 0) })
	require.Panics(t, func() { s.AddValues([]uint16{1}, 0) })
}

func TestValuesAboveTheLimitKeepTheirMaximum(t *testing.T) {
	s := of(60, 100, 10_600, 70_000, 80_000)
	require.EqualValues(t, 10_600, at(t, s, 5000), "106 % is seen in real traces")
	require.EqualValues(t, quantile.Limit, at(t, s, 7500))
	require.EqualValues(t, 80_000, s.Max())
	require.EqualValues(t, 120, s.From(quantile.Limit))
	require.EqualValues(t, 120, s.From(90_000), "what is above the limit is not told apart")
	s.Raise(90_000)
	require.EqualValues(t, 90_000, s.Max())
}

func TestSampleSplitIntoPartsCountsOnce(t *testing.T) {
	var s quantile.Summary
	s.AddValues([]uint16{7}, 256) // 300 s = 256 + 32 + 8 + 4
	for _, seconds := range []int64{32, 8, 4} {
		s.AddExtra([]uint16{7}, seconds)
	}
	require.EqualValues(t, 1, s.Samples())
	require.EqualValues(t, 300, s.Seconds())
	require.EqualValues(t, 7, at(t, &s, 5000))
}

func TestResetKeepsNothing(t *testing.T) {
	s := of(60, 1, 2, 3)
	s.Add(9000, 61)
	s.Reset()
	require.Zero(t, s.Samples())
	s.Add(5, 60)
	require.EqualValues(t, 5, at(t, s, 10_000))
	require.EqualValues(t, 5, s.Max())
	require.EqualValues(t, 60, s.From(0))
}

// draw makes values of one of the shapes that matter: few, many (past the change of form), constant, above the limit.
func draw(t *rapid.T, name string) []int32 {
	n := rapid.SampledFrom([]int{0, 1, 2, 30, 9000}).Draw(t, name+"N")
	top := rapid.SampledFrom([]int32{1, 900, 10_001, 70_000}).Draw(t, name+"Top")
	seed := rapid.Uint32().Draw(t, name+"Seed")
	out := make([]int32, n)
	for i := range out {
		seed = seed*1664525 + 1013904223
		out[i] = int32(seed>>4) % top
	}
	return out
}

func TestEqualsSortedValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values, bp := draw(t, "values"), rapid.IntRange(0, 10_000).Draw(t, "bp")
		if len(values) == 0 {
			return
		}
		s := of(300, values...)
		slices.Sort(values)
		want := values[max(1, (len(values)*bp+9_999)/10_000)-1]
		require.Equal(t, min(want, quantile.Limit), at(t, s, bp))
		require.Equal(t, values[len(values)-1], s.Max())
		var seven [1]int32
		require.True(t, s.Type7(seven[:], bp))
		h := (len(values) - 1) * bp
		low, high := min(values[h/10_000], quantile.Limit), min(values[min(h/10_000+1, len(values)-1)], quantile.Limit)
		require.Equal(t, low+int32((int64(h%10_000)*int64(high-low)+5_000)/10_000), seven[0])
	})
}

// gonum's Empirical is the nearest rank too; the shares are such that its floating-point rank is right.
func TestEqualsGonum(t *testing.T) {
	values := []float64{}
	var s quantile.Summary
	for i := range 1000 {
		v := int32(i * i % 997)
		values = append(values, float64(v))
		s.Add(v, 60)
	}
	slices.Sort(values)
	for _, p := range []int{50, 75, 90, 95, 99} {
		require.EqualValues(t, stat.Quantile(float64(p)/100, stat.Empirical, values, nil), at(t, &s, 100*p))
	}
}

// weighted adds each value for its seconds, which repeats in the reference as many times.
func TestWeightsEqualRepetition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var weighted quantile.Summary
		var repeated []int32
		for range rapid.IntRange(1, 50).Draw(t, "n") {
			v, seconds := rapid.Int32Range(0, 300).Draw(t, "v"), rapid.IntRange(1, 5).Draw(t, "seconds")
			weighted.Add(v, int64(seconds))
			for range seconds {
				repeated = append(repeated, v)
			}
		}
		bp := rapid.IntRange(0, 10_000).Draw(t, "bp")
		require.Equal(t, at(t, of(1, repeated...), bp), at(t, &weighted, bp))
		require.Equal(t, of(1, repeated...).Mean(), weighted.Mean())
	})
}

func bytesOf(t require.TestingT, s *quantile.Summary) []byte {
	out, err := s.MarshalBinary()
	require.NoError(t, err)
	return out
}

func TestMergeEqualsWholeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		second := rapid.SampledFrom([]int64{300, 60}).Draw(t, "second")
		whole := of(300, a...)
		for _, v := range b {
			whole.Add(v, second)
		}
		ab, ba := of(300, a...), of(second, b...)
		ab.Merge(of(second, b...))
		ba.Merge(of(300, a...))
		require.Equal(t, bytesOf(t, whole), bytesOf(t, ab))
		require.Equal(t, bytesOf(t, whole), bytesOf(t, ba))
		require.Equal(t, whole.Samples(), ba.Samples())
		require.Equal(t, whole.Seconds(), ba.Seconds())
		require.Equal(t, whole.Max(), ba.Max())
		if whole.Samples() > 0 {
			require.Equal(t, at(t, whole, 9500), at(t, ba, 9500))
			require.Equal(t, whole.Mean(), ab.Mean())
		}
	})
}

func TestEncodingIsCanonicalAndReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := draw(t, "values")
		s := of(300, values...)
		slices.Reverse(values)
		code := bytesOf(t, s)
		require.Equal(t, code, bytesOf(t, of(300, values...)))
		var back quantile.Summary
		require.NoError(t, back.UnmarshalBinary(code))
		require.Equal(t, code, bytesOf(t, &back))
		if s.Samples() > 0 {
			require.Equal(t, at(t, s, 9900), at(t, &back, 9900))
		}
		for cut := range min(len(code), 20) {
			if back.UnmarshalBinary(code[:cut]) == nil {
				require.Equal(t, code[:cut], bytesOf(t, &back), "a shorter encoding may only be another valid one")
			}
		}
	})
}

func FuzzSummary(f *testing.F) {
	for _, s := range []*quantile.Summary{of(300), of(300, 1, 2, 2), of(1, 70_000)} {
		f.Add(bytesOf(f, s))
	}
	mixed := of(60, 5, 6)
	mixed.Add(7, 61)
	f.Add(bytesOf(f, mixed))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s quantile.Summary
		if err := s.UnmarshalBinary(data); err != nil {
			require.ErrorIs(t, err, quantile.ErrDamaged)
			return
		}
		require.Equal(t, data, bytesOf(t, &s), "what is accepted is canonical")
		if s.Samples() > 0 {
			require.LessOrEqual(t, at(t, &s, 5000), at(t, &s, 9500))
			s.Mean()
		}
	})
}
