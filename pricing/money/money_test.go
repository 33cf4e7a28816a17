package money

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseReadsPlainDecimals(t *testing.T) {
	check := func(text string, want int64) {
		t.Helper()
		a, err := Parse(text, "USD")
		require.NoError(t, err, text)
		require.Equal(t, New(want, "USD"), a, text)
	}
	check("1482.00", 1_482_000_000)
	check("0.104", 104_000)
	check("-0.5", -500_000)
	check("+7", 7_000_000)
	check(".25", 250_000)
	check("5.", 5_000_000)
	check("0000000000000000000000012.5", 12_500_000)
	check("-9223372036854.775808", math.MinInt64)
	check("9223372036854.775807", math.MaxInt64)
	// Half to even behind the sixth decimal; one more digit breaks the tie.
	check("0.0000005", 0)
	check("0.0000015", 2)
	check("0.0000025", 2)
	check("0.00000250000000000000000001", 3)
	check("-0.0000015", -2)
	// The provider's own widest price text, 25 significant digits.
	check("0.0000000072922557592391990000", 0)
	check("0.161000000000000136", 161_000)
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", ".", "-", "1,234", "1e3", " 1", "1 ", "0x10", "1_000", "NaN", "Inf", "$1", "1.2.3", "--1", "1.-2", "١", "1.2٣", "0.0000000x"} {
		_, err := Parse(text, "USD")
		require.ErrorIs(t, err, ErrSyntax, "%q", text)
	}
	for _, text := range []string{"9223372036854.775808", "-9223372036854.775809", "9223372036854.7758075", "99999999999999999999999999", "18446744073709.551616"} {
		_, err := Parse(text, "USD")
		require.ErrorIs(t, err, ErrOverflow, text)
	}
}

func TestDecimalAndRound(t *testing.T) {
	check := func(micros int64, c Code, exact, people string) {
		t.Helper()
		require.Equal(t, exact, New(micros, c).Decimal())
		require.Equal(t, people, New(micros, c).Round())
	}
	check(1_482_000_000, "USD", "1482.00", "1482.00")
	check(104_000, "USD", "0.104", "0.10")
	check(105_000, "USD", "0.105", "0.10") // half to even: 10.5 cents are 10
	check(115_000, "USD", "0.115", "0.12")
	check(-5_000, "USD", "-0.005", "0.00") // nothing has no sign
	check(-15_000, "USD", "-0.015", "-0.02")
	check(1_500_000, "JPY", "1.5", "2")
	check(2_000_000, "JPY", "2", "2")
	check(1_234_567, "KWD", "1.234567", "1.235")
	check(0, "USD", "0.00", "0.00")
	check(math.MinInt64, "USD", "-9223372036854.775808", "-9223372036854.78")
	require.Equal(t, "1482.00 USD", New(1_482_000_000, "USD").String())
}

// Worked by hand: 2377 USD is a real one-year total of D8_v4 in West Europe.
func TestMulDivRoundsOnceHalfEven(t *testing.T) {
	total := New(2_377_000_000, "USD")
	month, err := total.MulDiv(1, 12) // 198.08333.. in micros 198083333.33
	require.NoError(t, err)
	require.Equal(t, "198.083333", month.Decimal())
	hour, err := total.MulDiv(1, 8760) // 0.271347031963..
	require.NoError(t, err)
	require.Equal(t, "0.271347", hour.Decimal())
	month730, err := total.MulDiv(730, 8760) // r x 730 = total / 12 exactly
	require.NoError(t, err)
	require.Equal(t, month, month730)
	block, err := New(5_000_000, "USD").MulDiv(250, 100) // domain 11, check 13
	require.NoError(t, err)
	require.Equal(t, "12.50", block.Decimal())
	require.Panics(t, func() { _, _ = total.MulDiv(1, 0) })
	_, err = New(math.MaxInt64, "USD").Mul(2)
	require.ErrorIs(t, err, ErrOverflow)
	lowest, err := New(math.MinInt64, "USD").MulDiv(math.MinInt64, math.MinInt64)
	require.NoError(t, err)
	require.Equal(t, int64(math.MinInt64), lowest.Micros)
	_, err = New(math.MinInt64, "USD").Mul(-1)
	require.ErrorIs(t, err, ErrOverflow)
}

func TestTwoCurrenciesNeverAdd(t *testing.T) {
	usd, eur := New(1, "USD"), New(1, "EUR")
	require.Panics(t, func() { _, _ = usd.Add(eur) })
	require.Panics(t, func() { _, _ = usd.Sub(eur) })
	require.Panics(t, func() { usd.Cmp(eur) })
	require.Panics(t, func() { _, _ = usd.Add(New(1, "")) }, "an amount without currency is a bug too")
	require.Panics(t, func() { var s Sum; s.AddAmount(usd); s.AddAmount(eur) })
	require.Panics(t, func() { var s Sum; s.AddAmount(usd); _, _ = s.Amount("EUR") })
	var total Amount
	total, err := total.Add(eur)
	require.NoError(t, err)
	require.Equal(t, eur, total, "the zero Amount starts any total")
	same, err := eur.Sub(Amount{})
	require.NoError(t, err)
	require.Equal(t, eur, same)
}

func TestAddAndSubDetectOverflow(t *testing.T) {
	top, bottom := New(math.MaxInt64, "USD"), New(math.MinInt64, "USD")
	_, err := top.Add(New(1, "USD"))
	require.ErrorIs(t, err, ErrOverflow)
	_, err = bottom.Add(New(-1, "USD"))
	require.ErrorIs(t, err, ErrOverflow)
	_, err = bottom.Sub(New(1, "USD"))
	require.ErrorIs(t, err, ErrOverflow)
	_, err = New(0, "USD").Sub(bottom)
	require.ErrorIs(t, err, ErrOverflow)
	edge, err := top.Add(bottom)
	require.NoError(t, err)
	require.Equal(t, int64(-1), edge.Micros)
}

func TestCodes(t *testing.T) {
	c, err := ParseCode(" usd ")
	require.NoError(t, err)
	require.Equal(t, Code("USD"), c)
	for _, text := range []string{"", "US", "USDX", "XYZ", "D A", "SD ", "€"} {
		_, err := ParseCode(text)
		require.ErrorIs(t, err, ErrCurrency, "%q", text)
	}
	require.Equal(t, 2, Code("EUR").MinorUnits())
	require.Equal(t, 0, Code("JPY").MinorUnits())
	require.Equal(t, 3, Code("KWD").MinorUnits())
	require.Equal(t, 4, Code("CLF").MinorUnits())
	require.Zero(t, len(codes)%4, "every code stands with its blank")
}

func TestRates(t *testing.T) {
	r, err := ParseRate("0.302549")
	require.NoError(t, err)
	require.Equal(t, Rate(3_025_490_000), r)
	require.Equal(t, "0.302549", r.Decimal())
	require.Equal(t, "3", Rate(30_000_000_000).Decimal())
	require.Equal(t, "0", Rate(0).Decimal())
	require.Equal(t, "-0.0000000001", Rate(-1).Decimal())
	// Domain 11, check 3: 709 h of a reservation at .302549 plus 3 h at .519.
	reserved, err := r.PerHours(709_000_000, "USD")
	require.NoError(t, err)
	require.Equal(t, "214.507241", reserved.Decimal())
	_, err = ParseRate("0.12345678901")
	require.ErrorIs(t, err, ErrPrecision)
	same, err := ParseRate("0.12345678900000000")
	require.NoError(t, err)
	require.Equal(t, Rate(1_234_567_890), same, "zeros behind the tenth decimal lose nothing")
	_, err = ParseRate("922337204")
	require.ErrorIs(t, err, ErrOverflow)
	_, err = ParseRate("free")
	require.ErrorIs(t, err, ErrSyntax)
	block, err := ParseRate("5.00")
	require.NoError(t, err)
	hour, err := block.MulDiv(1, 100)
	require.NoError(t, err)
	require.Equal(t, "0.05", hour.Decimal())
}

func TestSumRoundsOnceAndIgnoresOrder(t *testing.T) {
	// Three times a third of a micro-unit is one micro-unit; rounding each first gives none.
	var s Sum
	for range 3 {
		s.AddProduct(1, 3_333_333_334)
	}
	a, err := s.Amount("USD")
	require.NoError(t, err)
	require.Equal(t, int64(1), a.Micros)
	rapid.Check(t, func(t *rapid.T) {
		rates := rapid.SliceOfN(rapid.Int64Range(-1e12, 1e12), 1, 30).Draw(t, "rates")
		hours := rapid.Int64Range(-1e12, 1e12).Draw(t, "hours")
		cut := rapid.IntRange(0, len(rates)).Draw(t, "cut")
		var whole, left, right Sum
		for i, r := range rates {
			whole.AddProduct(Rate(r), hours)
			part := &left
			if i >= cut {
				part = &right
			}
			part.AddProduct(Rate(r), hours)
		}
		right.AddSum(left)
		require.Equal(t, 0, whole.Cmp(right))
		right.SubSum(whole)
		require.Equal(t, 0, right.Cmp(Sum{}))
	})
}

func TestSumOverflowIsSticky(t *testing.T) {
	var s Sum
	for range 4 {
		s.AddProduct(math.MaxInt64, math.MaxInt64)
	}
	for range 4 {
		s.AddProduct(math.MinInt64, math.MaxInt64)
	}
	_, err := s.Amount("USD")
	require.ErrorIs(t, err, ErrOverflow)
	var large Sum
	large.AddProduct(math.MaxInt64, math.MaxInt64)
	_, err = large.Amount("USD")
	require.ErrorIs(t, err, ErrOverflow, "fits 128 bits, not an Amount")
}

func TestSplitKeepsTheTotal(t *testing.T) {
	parts := New(2_377_000_000, "USD").Split(12) // 2377.00 = 4 x 198.09 + 8 x 198.08
	require.Equal(t, "198.09", parts[3].Decimal())
	require.Equal(t, "198.08", parts[4].Decimal())
	yen := New(100_000_000, "JPY").Split(3)
	require.Equal(t, []string{"34", "33", "33"}, []string{yen[0].Decimal(), yen[1].Decimal(), yen[2].Decimal()})
	rapid.Check(t, func(t *rapid.T) {
		a := New(rapid.Int64().Draw(t, "micros"), rapid.SampledFrom([]Code{"USD", "JPY", "KWD"}).Draw(t, "code"))
		checkParts(t, a, a.Split(rapid.IntRange(1, 40).Draw(t, "n")))
		weights := rapid.SliceOfN(rapid.Int64Range(0, math.MaxInt64/64), 1, 40).Draw(t, "weights")
		weights = append(weights, 1)
		checkParts(t, a, a.Allocate(weights))
	})
	require.Panics(t, func() { New(1, "USD").Split(0) })
	require.Panics(t, func() { New(1, "USD").Allocate([]int64{0, 0}) })
	require.Panics(t, func() { New(1, "USD").Allocate([]int64{2, -1}) })
	require.Panics(t, func() { New(1, "USD").Allocate([]int64{math.MaxInt64, math.MaxInt64}) })
}

func checkParts(t *rapid.T, want Amount, parts []Amount) {
	sum := new(big.Int)
	for _, p := range parts {
		sum.Add(sum, big.NewInt(p.Micros))
		require.Equal(t, want.Currency, p.Currency)
	}
	require.Equal(t, big.NewInt(want.Micros).String(), sum.String())
}

func TestAllocateGivesTheRestToTheLargestRemainder(t *testing.T) {
	// 10 over 1:1:1 leaves one, the first of equals gets it; over 5:3:3 (4.54, 2.72, 2.72) both threes.
	require.Equal(t, []Amount{New(4, "USD"), New(3, "USD"), New(3, "USD")}, New(10, "USD").Allocate([]int64{1, 1, 1}))
	require.Equal(t, []Amount{New(4, "USD"), New(3, "USD"), New(3, "USD")}, New(10, "USD").Allocate([]int64{5, 3, 3}))
}

// One million products against math/big (issue 4).
func TestMulDivAgainstBig(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2026))
	wide := func() int64 { return int64(random.Uint64()) >> random.IntN(64) }
	num, den, quo, rem := new(big.Int), new(big.Int), new(big.Int), new(big.Int)
	for range 1_000_000 {
		x, n, d := wide(), wide(), wide()
		if d == 0 {
			d = 1
		}
		got, err := mulDiv(x, n, d)
		num.Mul(num.SetInt64(x), den.SetInt64(n))
		den.SetInt64(d)
		if den.Sign() < 0 {
			num.Neg(num)
			den.Neg(den)
		}
		quo.DivMod(num, den, rem) // rem >= 0, quo rounded down
		switch rem.Lsh(rem, 1).Cmp(den) {
		case 1:
			quo.Add(quo, one)
		case 0:
			quo.Add(quo, rem.And(quo, one))
		}
		if !quo.IsInt64() {
			if err == nil {
				t.Fatalf("%d * %d / %d: %d, want overflow (%s)", x, n, d, got, quo)
			}
			continue
		}
		if err != nil || got != quo.Int64() {
			t.Fatalf("%d * %d / %d: %d %v, want %s", x, n, d, got, err, quo)
		}
	}
}

var one = big.NewInt(1)

// shopspring/decimal reads the same texts and rounds them alike.
func TestParseAgainstShopspring(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,12}(\.[0-9]{1,25})?`).Draw(t, "text")
		a, err := Parse(text, "USD")
		require.NoError(t, err)
		want, err := decimal.NewFromString(text)
		require.NoError(t, err)
		rounded := want.RoundBank(6)
		require.True(t, rounded.Equal(decimal.New(a.Micros, -6)), "%s: %s", text, a.Decimal())
		back, err := decimal.NewFromString(a.Decimal())
		require.NoError(t, err)
		require.True(t, back.Equal(rounded))
		shown, err := decimal.NewFromString(a.Round())
		require.NoError(t, err)
		require.True(t, shown.Equal(rounded.RoundBank(2)), "%s: %s", a.Decimal(), a.Round())
	})
}

func TestSumAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Sum
		want := new(big.Int)
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			x := rapid.Int64().Draw(t, "x")
			y := rapid.Int64Range(-1e15, 1e15).Draw(t, "y")
			s.AddProduct(Rate(x), y)
			want.Add(want, new(big.Int).Mul(big.NewInt(x), big.NewInt(y)))
		}
		micros := rapid.Int64().Draw(t, "micros")
		s.AddAmount(New(micros, "USD"))
		want.Add(want, new(big.Int).Mul(big.NewInt(micros), big.NewInt(atomsPerMicro)))
		require.Equal(t, want.String(), s.big().String())
		got, err := s.Amount("USD")
		expected := decimal.NewFromBigInt(want, -16).RoundBank(6).Shift(6)
		if expected.BigInt().IsInt64() {
			require.NoError(t, err)
			require.Equal(t, expected.BigInt().Int64(), got.Micros)
		} else {
			require.ErrorIs(t, err, ErrOverflow)
		}
	})
}

func (s Sum) big() *big.Int {
	out := new(big.Int).Lsh(big.NewInt(s.hi), 64)
	return out.Add(out, new(big.Int).SetUint64(s.lo))
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"1482.00", "-0.0000005", "1e3", "..", "9223372036854.775808"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text, "USD")
		if err != nil {
			return
		}
		again, err := Parse(a.Decimal(), "USD")
		if err != nil || again != a {
			t.Fatalf("%q: %s: %v %v", text, a.Decimal(), again, err)
		}
		if r, err := ParseRate(text); err == nil {
			if back, err := ParseRate(r.Decimal()); err != nil || back != r {
				t.Fatalf("%q: rate %s: %v %v", text, r.Decimal(), back, err)
			}
		}
	})
}
