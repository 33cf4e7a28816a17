package recommend_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/sheet"
	"sizeterm/recommend"
)

// BenchmarkSizes is 5 000 machines of one customer and region with made-up loads, a third of them in office hours that differ, against
// every size that the region sells and the embedded book prices: advice, joint plan, and the pools decided with what comes out. The
// analysis is made before; how many samples it had does not matter any more.
func BenchmarkSizes(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	sizes := []catalog.Size{"Standard_D2s_v5", "Standard_D4s_v5", "Standard_D8s_v5", "Standard_D16s_v5", "Standard_E4s_v5", "Standard_E8s_v5", "Standard_E16s_v5", "Standard_D4ds_v5",
		"Standard_D8ds_v5", "Standard_D4s_v3", "Standard_D8s_v3", "Standard_F8s_v2", "Standard_D4as_v5", "Standard_D8as_v5"}
	var units []unit
	for i := range 5000 {
		u := unit{name: fmt.Sprintf("vm%04d", i), size: sizes[r.IntN(len(sizes))], max: float64(3 + r.IntN(95)), memory: float64(5 + r.IntN(90)), group: fmt.Sprintf("rg%d", r.IntN(40))}
		u.avg = u.max / 3
		if r.IntN(3) == 0 {
			from := 5 + r.IntN(5)
			u.hours = [2]int{from, from + 6 + r.IntN(10)}
		}
		units = append(units, u)
	}
	a := fleet(b, units...)
	b.ReportMetric(float64(len(catalog.Sizes())), "sizes")
	builder := pricing.NewBuilder()
	for _, s := range sheet.Embedded() {
		builder.Add(s.Source, s.Offers)
	}
	prices, err := builder.Build()
	require.NoError(b, err)
	debug.FreeOSMemory()
	var peak atomic.Uint64
	stop := make(chan bool)
	go func() {
		for m := (runtime.MemStats{}); ; time.Sleep(50 * time.Millisecond) {
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapInuse))
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	for b.Loop() {
		p, err := recommend.Recommend(recommend.Input{Analysis: a, Book: prices, HasList: true, Policy: recommend.DefaultPolicy()})
		require.NoError(b, err)
		b.ReportMetric(100*p.Sizing.Gap, "gap-%")
		b.ReportMetric(float64(len(p.Resizes)), "resizes")
	}
	close(stop)
	b.ReportMetric(float64(peak.Load())/(1<<20), "MiB-of-heap")
}
