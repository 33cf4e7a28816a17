package quantile_test

import (
	"testing"

	"sizeterm/analyzer/quantile"
)

// noise is a CPU-like value in hundredths of a point.
func noise(seed *uint32) uint16 {
	*seed = *seed*1664525 + 1013904223
	return uint16((*seed>>9)%900 + (*seed>>20)%300)
}

// BenchmarkGroups adds 10 million values to 2 000 groups in turn and asks each for four quantiles.
func BenchmarkGroups(b *testing.B) {
	const groups, each = 2000, 5000
	shares := []int{5000, 9000, 9500, 9900}
	values := make([]uint16, 1<<16)
	seed := uint32(1)
	for i := range values {
		values[i] = noise(&seed)
	}
	for range b.N {
		var all [groups]quantile.Summary
		for i := range each {
			for g := range all {
				all[g].Add(int32(values[(i*groups+g)&(1<<16-1)]), 300)
			}
		}
		var out [4]int32
		for g := range all {
			all[g].Quantiles(out[:], shares...)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*groups*each), "ns/value")
}

// BenchmarkGroupsInBlocks is the same with values that arrive a machine and day at a time, as the analyzer adds them.
func BenchmarkGroupsInBlocks(b *testing.B) {
	const groups, blocks, size = 2000, 18, 288
	values := make([]uint16, 1<<16)
	seed := uint32(1)
	for i := range values {
		values[i] = noise(&seed)
	}
	for range b.N {
		var all [groups]quantile.Summary
		for i := range blocks {
			for g := range all {
				from := (i*groups + g) * size & (1<<16 - 1) % (1<<16 - size)
				all[g].AddValues(values[from:from+size], 300)
			}
		}
		var out [4]int32
		for g := range all {
			all[g].Quantiles(out[:], 5000, 9000, 9500, 9900)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*groups*blocks*size), "ns/value")
}

// BenchmarkTrack packs 30 days of 5-minute values of a machine and unpacks them into a summary.
func BenchmarkTrack(b *testing.B) {
	const days, each = 30, 288
	var sum quantile.Summary
	bytes := 0
	for range b.N {
		var track quantile.Track
		seed := uint32(1)
		for day := range uint16(days) {
			for range each {
				track.Add(day, noise(&seed))
			}
			track.Pack()
		}
		track.Seal()
		sum.Reset()
		track.Parts(func(_ uint16, values []uint16) { sum.AddValues(values, 300) })
		bytes = track.Bytes()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*days*each), "ns/value")
	b.ReportMetric(float64(bytes)/(days*each), "bytes/value")
}
