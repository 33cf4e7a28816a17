package rightsize

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

var testDay = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// plainPrices prices every size at 0.04 a vCPU (constrained ones too) and 0.004 a GiB an hour, burstable sizes at half; Windows adds 0.046 a vCPU. Only USD is sold.
func plainPrices(size catalog.Size, _ catalog.Region, os pricing.OS, currency money.Code) (money.Rate, bool) {
	shape, ok := size.Shape()
	if !ok || currency != "USD" {
		return 0, false
	}
	rate := int64(shape.VCPUs)*400_000_000 + shape.MemoryMiB*40_000_000/1024
	if shape.Burstable {
		rate /= 2
	}
	if os == pricing.Windows {
		rate += int64(shape.VCPUsAvailable) * 460_000_000
	}
	return money.Rate(rate), true
}

func plainSizer(t testing.TB, change func(*Policy)) *Sizer {
	p := DefaultPolicy()
	if change != nil {
		change(&p)
	}
	s, err := New(Options{AsOf: testDay, Policy: &p, Prices: plainPrices})
	require.NoError(t, err)
	return s
}

// level is n days of 5-minute intervals at one level.
func level(days int, low, avg, high Percent) []Load {
	out := make([]Load, 288*days)
	for i := range out {
		out[i] = Load{Start: int64(300 * i), Seconds: 300, Low: low, Avg: avg, High: high}
	}
	return out
}

// used is a measure that was the same all the time.
func used(p Percent) Stats {
	return Stats{Samples: 1, Seconds: 300, P50: p, P90: p, P95: p, P99: p, Max: p, Mean: p}
}

// machineOf is an always-on Linux machine in West Europe with a series and a highest use of memory, none where it is 0. It hardly uses
// disks (1 % of the limits) and network (1 Mbit/s).
func machineOf(size catalog.Size, series []Load, memory Percent) *Machine {
	m := &Machine{ID: "vm1", Name: "vm1", Size: size, Region: "westeurope", Currency: "USD", Recent: -1, Pattern: "always",
		DiskBandwidth: used(100), DiskOperations: used(100), NetworkOut: used(1000)}
	m.Measure(series)
	if memory > 0 {
		m.Memory = used(memory)
	}
	return m
}

// randomSeries is some days of intervals with peaks.
func randomSeries(r *rand.Rand, days int) []Load {
	base, peak := Percent(r.IntN(6000)), Percent(r.IntN(4000))
	out := level(days, 0, 0, 0)
	for i := range out {
		l := &out[i]
		l.Low = base * Percent(r.IntN(100)) / 100
		l.Avg = l.Low + Percent(r.IntN(500))
		l.High = l.Avg + Percent(r.IntN(1000))
		if r.IntN(50) == 0 {
			l.High += peak
		}
	}
	return out
}

// find returns the alternative of a size, nil where it is not among them.
func find(a Advice, size catalog.Size) *Alternative {
	for i := range a.Alternatives {
		if a.Alternatives[i].Size == size {
			return &a.Alternatives[i]
		}
	}
	return nil
}

// judged returns whether a size is feasible for a machine, whether or not it is worth showing.
func judged(t testing.TB, s *Sizer, m *Machine) map[catalog.Size]Alternative {
	from := s.kind(m.Size)
	require.NotNil(t, from)
	now, err := s.today(m, from)
	require.NoError(t, err)
	require.NotNil(t, now)
	list, err := s.alternatives(m, from, now)
	require.NoError(t, err)
	out := map[catalog.Size]Alternative{}
	for _, a := range list {
		out[a.Size] = a
	}
	return out
}
