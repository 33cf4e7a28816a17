package money

import (
	"math"
	"math/big"
	"sync"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// small draws amounts whose sums fit.
func small(t *rapid.T, name string) Amount {
	return New(rapid.Int64Range(-1e17, 1e17).Draw(t, name), "USD")
}

func must(t *rapid.T) func(Amount, error) Amount {
	return func(a Amount, err error) Amount {
		require.NoError(t, err)
		return a
	}
}

func TestAdditionIsAGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ok := must(t)
		a, b, c := small(t, "a"), small(t, "b"), small(t, "c")
		require.Equal(t, ok(a.Add(b)), ok(b.Add(a)))
		require.Equal(t, ok(ok(a.Add(b)).Add(c)), ok(a.Add(ok(b.Add(c)))))
		require.Equal(t, a, ok(ok(a.Add(b)).Sub(b)))
		require.Equal(t, a, ok(a.Add(Amount{})))
		require.True(t, ok(a.Sub(a)).IsZero())
		require.Equal(t, a.Cmp(b), -b.Cmp(a))
	})
}

func TestMulDivLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ok := must(t)
		a := small(t, "a")
		n := rapid.Int64Range(1, 80).Draw(t, "n")
		require.Equal(t, a, ok(a.MulDiv(n, n)))
		require.Equal(t, ok(a.Mul(n)), ok(a.MulDiv(n*3, 3)))
		require.Equal(t, ok(a.MulDiv(n, 7)), ok(a.MulDiv(-n, -7)))
		negated := ok(a.Mul(-1))
		require.Equal(t, ok(negated.MulDiv(n, 7)), ok(ok(a.MulDiv(n, 7)).Mul(-1)), "half to even has no favourite sign")
		twelfth := ok(a.MulDiv(1, 12))
		require.LessOrEqual(t, math.Abs(float64(twelfth.Micros)*12-float64(a.Micros)), 6.0+math.Abs(float64(a.Micros))*1e-15, "at most half a micro a part")
	})
}

// r x 730 h = total / 12, exactly, whatever the total: the convention of 8760 hours.
func TestMonthOfAReservation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ok := must(t)
		total := New(rapid.Int64Range(0, 1e15).Draw(t, "total"), "USD")
		require.Equal(t, ok(total.MulDiv(1, 12)), ok(total.MulDiv(730, 8760)))
		require.Equal(t, ok(total.MulDiv(1, 36)), ok(total.MulDiv(730, 26280)))
	})
}

func TestRatesRoundOnceAgainstShopspring(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Rate(rapid.Int64Range(0, 1e14).Draw(t, "rate"))
		hours := rapid.Int64Range(0, 8_760_000_000).Draw(t, "microhours")
		want := decimal.New(int64(r), -10).Mul(decimal.New(hours, -6)).RoundBank(6)
		got, err := r.PerHours(hours, "USD")
		if !want.Shift(6).BigInt().IsInt64() {
			require.ErrorIs(t, err, ErrOverflow)
			return
		}
		require.NoError(t, err)
		require.True(t, want.Equal(decimal.New(got.Micros, -6)), "%s/h x %d: %s, want %s", r.Decimal(), hours, got, want)
		back, err := ParseRate(r.Decimal())
		require.NoError(t, err)
		require.Equal(t, r, back)
		same, err := r.MulDiv(100, 100)
		require.NoError(t, err)
		require.Equal(t, r, same)
	})
	_, err := Rate(math.MaxInt64).PerHours(math.MaxInt64, "USD")
	require.ErrorIs(t, err, ErrOverflow)
	_, err = Rate(math.MaxInt64).MulDiv(2, 1)
	require.ErrorIs(t, err, ErrOverflow)
	require.Panics(t, func() { _, _ = Rate(1).MulDiv(1, 0) })
}

// Rounding row by row drifts; a Sum does not: 200 rows of half a cent.
func TestSumDoesNotDrift(t *testing.T) {
	var exact Sum
	rounded := New(0, "USD")
	for range 200 {
		exact.AddProduct(1, 5_000_000_000) // half a micro-unit
		row, err := Rate(1).PerHours(5_000_000_000, "USD")
		require.NoError(t, err)
		rounded, err = rounded.Add(row)
		require.NoError(t, err)
	}
	got, err := exact.Amount("USD")
	require.NoError(t, err)
	require.Equal(t, int64(100), got.Micros)
	require.Zero(t, rounded.Micros, "half to even of each half is nothing")
}

func TestSumOfPartsIsTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var whole Sum
		parts := make([]Sum, rapid.IntRange(1, 5).Draw(t, "parts"))
		for i := range rapid.IntRange(0, 40).Draw(t, "rows") {
			r, h := Rate(rapid.Int64Range(0, 1e13).Draw(t, "r")), rapid.Int64Range(-1e12, 1e12).Draw(t, "h")
			whole.AddProduct(r, h)
			parts[i%len(parts)].AddProduct(r, h)
			a := small(t, "a")
			whole.AddAmount(a)
			parts[(i+1)%len(parts)].AddAmount(a)
		}
		var merged Sum
		for i := range parts {
			merged.AddSum(parts[len(parts)-1-i])
		}
		require.Equal(t, whole.big(), merged.big())
		require.Zero(t, whole.Cmp(merged))
		require.Equal(t, whole.big().Cmp(parts[0].big()), whole.Cmp(parts[0]))
	})
}

func TestSubSumOfTheSmallest(t *testing.T) {
	var low Sum
	low.hi = minHigh
	var s Sum
	s.SubSum(low)
	_, err := s.Amount("USD")
	require.ErrorIs(t, err, ErrOverflow, "the smallest sum has no opposite")
	require.Equal(t, new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 127)).String(), low.big().String())
}

// Parts differ from their exact share by less than one unit, and a larger
// weight never gets less.
func TestAllocateIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := New(rapid.Int64Range(0, 1e15).Draw(t, "a"), "USD")
		weights := append(rapid.SliceOfN(rapid.Int64Range(0, 1000), 1, 20).Draw(t, "w"), 1)
		parts := a.Allocate(weights)
		total := int64(0)
		for _, w := range weights {
			total += w
		}
		for i, p := range parts {
			exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(a.Micros), big.NewInt(weights[i])), big.NewInt(total))
			off := new(big.Rat).Sub(new(big.Rat).SetInt64(p.Micros), exact)
			require.Negative(t, off.Abs(off).Cmp(big.NewRat(1, 1)))
			for k := range parts {
				if weights[k] > weights[i] {
					require.GreaterOrEqual(t, parts[k].Micros, p.Micros)
				}
			}
		}
	})
}

func TestSplitOfMinorUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cents := rapid.Int64Range(0, 1e12).Draw(t, "cents")
		n := rapid.IntRange(1, 36).Draw(t, "n")
		parts := New(cents*10_000, "USD").Split(n)
		for i, p := range parts {
			require.Zero(t, p.Micros%10_000, "an instalment is paid in whole cents")
			require.LessOrEqual(t, parts[0].Micros-p.Micros, int64(10_000))
			require.True(t, i == 0 || p.Micros <= parts[i-1].Micros, "the larger come first")
		}
	})
}

func TestDecimalTextIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := New(rapid.Int64().Draw(t, "micros"), rapid.SampledFrom([]Code{"USD", "JPY", "KWD", "CLF", "EUR"}).Draw(t, "code"))
		back, err := Parse(a.Decimal(), a.Currency)
		require.NoError(t, err)
		require.Equal(t, a, back)
	})
}

// Values are copied, never shared: many goroutines may use one.
func TestValuesAreFreeOfState(t *testing.T) {
	total := New(2_377_000_000, "USD")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				if got, err := total.MulDiv(1, 12); err != nil || got.Micros != 198_083_333 {
					t.Error(got, err)
				}
			}
		})
	}
	wait.Wait()
}

func BenchmarkPerHours(b *testing.B) {
	for b.Loop() {
		_, _ = Rate(3_025_490_000).PerHours(709_000_000, "USD")
	}
}

func BenchmarkSumAddProduct(b *testing.B) {
	var s Sum
	for b.Loop() {
		s.AddProduct(3_025_490_000, 24_000_000)
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Parse("0.161000000000000136", "USD")
	}
}
