package rightsize

import (
	"math"
	"math/bits"
	"slices"

	"sizeterm/analyzer/quantile"
)

// Measure fills the CPU figures of a machine from its series: quantiles, overload, censoring, level of both halves, days. It is for
// callers that hold a series (back-tests, replays, examples); the analyzer's figures are the same.
func (m *Machine) Measure(series []Load) {
	m.Series = func() []Load { return series }
	m.CPUMax, m.CPUAvg, m.Days, m.Censored = Stats{}, Stats{}, 0, 0
	m.First, m.Second, m.Recent = -1, -1, -1
	m.Overload, m.OverloadSeconds = nil, 0
	if len(series) == 0 {
		return
	}
	var high, avg quantile.Summary
	censored, day := int64(0), int64(math.MinInt64)
	for _, l := range series {
		high.Add(int32(l.High), int64(l.Seconds))
		avg.Add(int32(l.Avg), int64(l.Seconds))
		if l.High >= ceiling {
			censored += int64(l.Seconds)
		}
		if l.Start/86_400 != day {
			m.Days, day = m.Days+1, l.Start/86_400
		}
	}
	m.CPUMax, m.CPUAvg = statsOf(&high), statsOf(&avg)
	m.Censored = Percent((censored*int64(whole) + high.Seconds()/2) / high.Seconds())
	half := len(series) / 2
	if half > 0 {
		m.First, m.Second = mean(series[:half]), mean(series[half:])
	}
	m.bound(series)
}

// ceiling is the use from which a sample hides demand.
const ceiling Percent = 9800

func statsOf(s *quantile.Summary) Stats {
	var q [4]int32
	if !s.Quantiles(q[:], 5000, 9000, 9500, 9900) {
		return Stats{}
	}
	return Stats{Samples: s.Samples(), Seconds: s.Seconds(), P50: Percent(q[0]), P90: Percent(q[1]), P95: Percent(q[2]), P99: Percent(q[3]),
		Max: Percent(s.Max()), Mean: Percent(s.Mean())}
}

func mean(series []Load) Percent {
	sum, seconds := int64(0), int64(0)
	for _, l := range series {
		sum, seconds = sum+int64(l.Avg)*int64(l.Seconds), seconds+int64(l.Seconds)
	}
	return Percent((sum + seconds/2) / max(1, seconds))
}

// bound keeps the series sorted by its highest value, so that a threshold looks only at what exceeds it.
func (m *Machine) bound(series []Load) {
	sorted := slices.Clone(series)
	slices.SortFunc(sorted, func(a, b Load) int { return int(b.High) - int(a.High) })
	m.OverloadSeconds = 0
	for _, l := range series {
		m.OverloadSeconds += int64(l.Seconds)
	}
	m.Overload = func(threshold Percent) (low, high int64) {
		for _, l := range sorted {
			if l.High <= threshold {
				break
			}
			a, b := l.above(threshold)
			low, high = low+a, high+b
		}
		return low, high
	}
}

// above bounds the milliseconds of an interval above a threshold (reference 3.2): none where the highest is at most the threshold,
// all where the lowest is above it, and between (avg-t)/(max-t) and (avg-min)/(t-min) of it otherwise. The lower bound is rounded
// down and the upper one up.
func (l Load) above(t Percent) (low, high int64) {
	ms := int64(l.Seconds) * 1000
	switch {
	case l.High <= t:
		return 0, 0
	case l.Low > t:
		return ms, ms
	}
	if l.Avg > t {
		low = ms * int64(l.Avg-t) / int64(l.High-t)
	}
	high = ms
	if room := int64(t - l.Low); room > 0 {
		high = min(ms, (ms*int64(max(0, l.Avg-l.Low))+room-1)/room)
	}
	return min(low, high), high
}

// mulDiv returns a*b/c rounded up or down, for positive numbers, in 128 bits.
func mulDiv(a, b, c int64, up bool) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if up {
		var carry uint64
		lo, carry = bits.Add64(lo, uint64(c-1), 0)
		hi += carry
	}
	if hi >= uint64(c) {
		return 1<<63 - 1
	}
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(min(q, 1<<63-1))
}
