package quantile_test

import (
	"syscall"
	"testing"
	"time"

	"sizeterm/analyzer/quantile"
)

// noise is a CPU-like value in hundredths of a point.
func noise(seed *uint32) uint16 {
	*seed = *seed*1664525 + 1013904223
	return uint16((*seed>>9)%900 + (*seed>>20)%300)
}

// cpu returns the processor time of this process, which other work on the machine does not lengthen as much as the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// lowest calls round and reports the lowest processor nanoseconds of a value.
func lowest(b *testing.B, values int, round func()) {
	best := time.Hour
	for b.Loop() {
		start := cpu()
		round()
		best = min(best, cpu()-start)
	}
	b.ReportMetric(float64(best)/float64(values), "cpu-ns/value")
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
	lowest(b, groups*each, func() {
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
	})
}

// BenchmarkGroupsInBlocks is the same with values that arrive a machine and day at a time, as the analyzer adds them.
func BenchmarkGroupsInBlocks(b *testing.B) {
	const groups, blocks, size = 2000, 18, 288
	values := make([]uint16, 1<<16)
	seed := uint32(1)
	for i := range values {
		values[i] = noise(&seed)
	}
	lowest(b, groups*blocks*size, func() {
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
	})
}

// BenchmarkTrack packs 30 days of 5-minute values of a machine and unpacks them into a summary.
func BenchmarkTrack(b *testing.B) {
	const days, each, machines = 30, 288, 100
	var sum quantile.Summary
	var room [each]uint16
	bytes, seed := 0, uint32(1)
	lowest(b, days*each*machines, func() {
		bytes = 0
		for range machines {
			var track quantile.Track
			for day := range uint16(days) {
				for i := range room {
					room[i] = noise(&seed)
				}
				track.Put(day, room[:])
			}
			track.Trim(nil)
			sum.Reset()
			sum.Expect(days * each)
			track.Parts(func(_ uint16, values []uint16) { sum.AddValues(values, 300) })
			bytes += track.Bytes()
		}
	})
	b.ReportMetric(float64(bytes)/(days*each*machines), "bytes/value")
}
