package analyzer

import (
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer/quantile"
	"sizeterm/ingest/usage"
)

// small returns an accumulator with a little of everything.
func small(t require.TestingT) *Accumulator {
	a := New(Options{LookbackDays: 14})
	var c usage.ChargeBatch
	for i, model := range []usage.Model{usage.OnDemand, usage.Reservation} {
		c.Append(usage.ChargeRow{Customer: "c", CustomerName: "C", Subscription: "s", Resource: "r", VM: "v", Size: "Standard_D2s_v5",
			Region: "westeurope", Kind: usage.Compute, Model: model, Start: 86_400, End: 90_000, Hours: 1e6 * int64(i+1), HasHours: true,
			Cost: -7, Currency: "EUR", Tags: "{}", Export: "actual", Dataset: "d"})
	}
	rec := c.Record()
	defer rec.Release()
	require.NoError(t, a.Add(rec))
	avg, high, free := int32(1200), int32(70_000), int64(1<<33)
	var s usage.SampleBatch
	s.Append(usage.SampleRow{Resource: "r", Start: 86_400, Seconds: 300, CPUAvg: &avg, CPUMax: &high})
	s.Append(usage.SampleRow{Resource: "r", VM: "v", Start: 86_700, Seconds: 301, CPUAvg: &avg, MemoryAvailable: &free})
	samples := s.Record()
	defer samples.Release()
	require.NoError(t, a.Add(samples))
	return a
}

func encoded(t require.TestingT, a *Accumulator) []byte {
	code, err := a.MarshalBinary()
	require.NoError(t, err)
	return code
}

func TestUnmarshalRefusesDamage(t *testing.T) {
	code := encoded(t, small(t))
	var a Accumulator
	require.NoError(t, a.UnmarshalBinary(code))
	require.Equal(t, code, encoded(t, &a))
	for cut := range code {
		require.ErrorIs(t, a.UnmarshalBinary(code[:cut]), quantile.ErrDamaged)
	}
	for i := range code {
		bad := append([]byte(nil), code...)
		bad[i] ^= 4
		require.ErrorIs(t, a.UnmarshalBinary(bad), quantile.ErrDamaged)
	}
	require.Equal(t, code, encoded(t, &a), "a refused encoding changes nothing")
}

// FuzzDecode reads bodies whose checksum would be right.
func FuzzDecode(f *testing.F) {
	for _, a := range []*Accumulator{New(Options{}), small(f)} {
		code := encoded(f, a)
		f.Add(code[len(magic) : len(code)-sha256.Size])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := decodeBody(body)
		if err != nil {
			require.ErrorIs(t, err, quantile.ErrDamaged)
			return
		}
		code := encoded(t, a)
		var back Accumulator
		require.NoError(t, back.UnmarshalBinary(code))
		require.Equal(t, code, encoded(t, &back))
	})
}

func TestCodesKeepOrderAndThirteenBits(t *testing.T) {
	last := uint16(0)
	for v := int64(0); v < 8191<<14; v += 1 + v/777 {
		c := code(v)
		require.GreaterOrEqual(t, c, last)
		require.LessOrEqual(t, abs(decode(c)-v)*8192, v, "%d", v)
		last = c
	}
	require.EqualValues(t, 65_535, code(1<<60))
	require.EqualValues(t, 8191<<14, decode(65_535))
	require.Zero(t, code(-1))
	for c := range 1 << 16 {
		require.EqualValues(t, c, code(decode(uint16(c))), "a code is its own code")
	}
}

func abs(v int64) int64 { return max(v, -v) }
