package bill

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Where a product of numerators or denominators leaves 63 bits and the reduced result does not, and where it does too, sums,
// differences, products and quotients are those of math/big.
func TestExactAtTheEdgeOfTheWords(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	edge := func() Exact {
		factors := []int64{1, 2, 3, 8760, 26280, 730, 672, 1_000_000, 10_000_000_000, math.MaxInt64 / 3, math.MaxInt32, math.MaxInt64}
		pick := func() int64 { return factors[random.IntN(len(factors))] }
		n := pick() - random.Int64N(3)
		if random.IntN(2) == 0 {
			n = -n
		}
		return Frac(n, pick())
	}
	small, wide := 0, 0
	for range 20_000 {
		x, y := edge(), edge()
		same := func(op string, got Exact, want *big.Rat) {
			if got.Rat().Cmp(want) != 0 || got.String() != want.RatString() || (got.wide != nil) != (FromRat(want).wide != nil) {
				t.Fatalf("%s %s %s = %s, want %s", x, op, y, got, want.RatString())
			}
			if got.wide == nil {
				small++
			} else {
				wide++
			}
		}
		same("+", x.Add(y), new(big.Rat).Add(x.Rat(), y.Rat()))
		same("-", x.Sub(y), new(big.Rat).Sub(x.Rat(), y.Rat()))
		same("*", x.Mul(y), new(big.Rat).Mul(x.Rat(), y.Rat()))
		if y.Sign() != 0 {
			same("/", x.Quo(y), new(big.Rat).Quo(x.Rat(), y.Rat()))
		}
	}
	require.Greater(t, small, 10_000, "sums and products in two words")
	require.Greater(t, wide, 10_000, "and beyond")
}
