// Command scale measures how the time and the memory of the analysis grow: Arrow batches of five-minute samples, made in memory
// as they are needed, of 1 000 to 100 000 machines over 7 to 365 days, on one core and on two. It prints a table and draws both.
//
//	go run ./benchmarks/scale -picture docs/pictures/scaling.svg
//
// A batch is 8192 rows by time: average and maximum of CPU, free memory and outgoing network, or fewer with -measures. Each
// worker takes the machines of its half. With -against DuckDB and Polars answer about the same samples in turn. Making the batches is not counted. Points of more than -most samples are left out.
// Beside the clock stands the processor time of a sample, added and analysed, which says more where the machine is shared.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/apache/arrow/go/v15/arrow"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(stderr)
	most := flags.Int64("most", 150_000_000, "most `samples` of a point")
	picture := flags.String("picture", "", "draw time and memory into this SVG or PNG `file`")
	processor := flags.Bool("processor", false, "draw processor time, where the machine is shared and the clock says nothing")
	measures := flags.Int("measures", 4, "`measures` of a sample: 1 the average of CPU, 2 its maximum too, 4 free memory and network too")
	ahead := flags.Bool("ahead", false, "make all batches of a point before its clock starts (45 bytes a sample): nothing else is in the caches' way")
	against := flags.String("against", "", "ask DuckDB and Polars of this Python `interpreter` too, about the same samples in memory, and print one line: 10 000 machines over 7 days in -sizes, or each of 100 000 machines of a day")
	rounds := flags.Int("rounds", 1, "measure every point `n` times, and tell the round whose clock is the median")
	sizes := flags.Int("sizes", 0, "gather `sizes` and regions alone, of so many (analyze --sizes-only), instead of two sizes and each machine")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *against != "" {
		like := point{machines: 10_000, days: 7, workers: 2, measures: 1, sizes: *sizes}
		if *sizes == 0 {
			like.machines, like.days = 100_000, 1
		}
		if err := like.race(*against, *rounds, stdout); err != nil {
			fmt.Fprintln(stderr, "scale:", err)
			return 1
		}
		return 0
	}
	points, err := measure(*most, *rounds, point{measures: *measures, sizes: *sizes, ahead: *ahead}, stdout)
	if err == nil && *picture != "" {
		err = draw(points, *processor, *picture)
	}
	if err != nil {
		fmt.Fprintln(stderr, "scale:", err)
		return 1
	}
	return 0
}

// point is one measurement.
type point struct {
	machines, days, workers int
	measures                int           // of a sample
	sizes                   int           // gathered alone; 0 gathers machines
	ahead                   bool          // all batches are made before the clock starts
	wall, adding            time.Duration // adding all batches and the analysis; adding alone
	added, analysed         time.Duration // processor time of adding, and of merging and the analysis
	bytes                   int64         // of the accumulators once all is added and merged
	found                   answer
}

func (p *point) samples() int64 { return int64(p.machines) * int64(p.days) * perDay }

const (
	perDay    = 288
	batchRows = 8192
)

// measure runs all points that are not too many samples, each as like says.
func measure(most int64, rounds int, like point, stdout io.Writer) (out []point, err error) {
	fmt.Fprintf(stdout, "| machines | days | samples | cores | add s | with analysis s | M samples/s | processor ns/sample: adding | analysing | KB/machine |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, machines := range []int{1000, 10_000, 100_000} {
		for _, days := range []int{1, 7, 30, 90, 365} {
			for _, workers := range []int{1, 2} {
				like.machines, like.days, like.workers = machines, days, workers
				if like.samples() > most || like.sizes > machines {
					continue
				}
				all := make([]point, max(1, rounds))
				for i := range all {
					all[i] = like
					if err := all[i].run(); err != nil {
						return nil, err
					}
				}
				slices.SortFunc(all, func(a, b point) int { return cmp.Compare(a.wall, b.wall) })
				p := all[(len(all)-1)/2]
				out = append(out, p)
				fmt.Fprintf(stdout, "| %d | %d | %d | %d | %.2f | %.2f | %.1f | %.1f | %.1f | %.2f |\n", machines, days, p.samples(), workers, p.adding.Seconds(), p.wall.Seconds(),
					float64(p.samples())/p.wall.Seconds()/1e6, float64(p.added)/float64(p.samples()), float64(p.analysed)/float64(p.samples()), float64(p.bytes)/1000/float64(machines))
			}
		}
	}
	return out, nil
}

// run measures one point.
func (p *point) run() error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(p.workers))
	feeds := make([]*feed, p.workers)
	var work sync.WaitGroup
	for w := range feeds {
		work.Go(func() {
			feeds[w] = newFeed(w*p.machines/p.workers, (w+1)*p.machines/p.workers, p.days, p.measures, p.sizes)
			if p.ahead {
				feeds[w].make()
			}
		})
	}
	work.Wait()
	before := heap()
	parts := make([]*analyzer.Accumulator, p.workers)
	adding, added, errs := make([]time.Duration, p.workers), make([]time.Duration, p.workers), make([]error, p.workers)
	for w := range parts {
		parts[w] = analyzer.New(analyzer.Options{SizesOnly: p.sizes > 0})
		work.Go(func() {
			runtime.LockOSThread() // its processor time is that of this worker
			defer runtime.UnlockOSThread()
			for rec := feeds[w].next(); rec != nil && errs[w] == nil; rec = feeds[w].next() {
				start, began := time.Now(), spent(thread)
				errs[w] = parts[w].Add(rec)
				adding[w] += time.Since(start)
				added[w] += spent(thread) - began
				if !p.ahead {
					rec.Release()
				}
			}
		})
	}
	work.Wait()
	for w := range parts {
		p.adding = max(p.adding, adding[w])
		p.added += added[w]
		if errs[w] != nil {
			return errs[w]
		}
	}
	start, began := time.Now(), spent(syscall.RUSAGE_SELF)
	for _, other := range parts[1:] {
		if err := parts[0].Merge(other); err != nil {
			return err
		}
	}
	all := parts[0]
	clear(parts)
	a, err := all.Analysis()
	if err != nil {
		return err
	}
	p.wall, p.analysed = p.adding+time.Since(start), spent(syscall.RUSAGE_SELF)-began
	if got, want := len(a.VMs), p.machines; p.sizes == 0 && got != want {
		return fmt.Errorf("%d machines came out, %d went in", got, want)
	}
	if got := len(a.Profiles); p.sizes > 0 && got != p.sizes {
		return fmt.Errorf("%d sizes came out, %d went in", got, p.sizes)
	}
	p.found = answerOf(a, p.sizes > 0)
	a = nil
	for _, f := range feeds { // what the next batch would stand in is no accumulator
		c := &f.cols
		f.cols = usage.SampleColumns{ResourceWords: c.ResourceWords, VMWords: c.VMWords, SizeWords: c.SizeWords, RegionWords: c.RegionWords}
	}
	p.bytes = heap() - before
	runtime.KeepAlive(all)
	runtime.KeepAlive(feeds)
	return nil
}

// feed makes batches of samples by time.
type feed struct {
	cols           usage.SampleColumns
	names          []int32
	sizes, regions []int32 // by machine
	from           int
	slot, at, last int
	measures       int
	seed           uint64
	made           []arrow.Record // ahead, in the order in which next returns them
	taken          int
}

func newFeed(from, to, days, measures, sizes int) *feed {
	f := &feed{cols: usage.NewSampleColumns(nil), from: from, last: days * perDay, measures: measures}
	for m := from; m < to; m++ {
		f.names = append(f.names, f.cols.ResourceWords.Index(fmt.Sprintf("/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/virtualmachines/vm%06d", m)))
		size, region := [2]string{"Standard_D2s_v5", "Standard_D4s_v5"}[m%2], "westeurope"
		if sizes > 0 {
			size, region = fmt.Sprintf("Standard_X%d", m%sizes%40), fmt.Sprintf("region%d", m%sizes/40)
		}
		f.sizes, f.regions = append(f.sizes, f.cols.SizeWords.Index(size)), append(f.regions, f.cols.RegionWords.Index(region))
	}
	return f
}

// dice returns a number below n.
func (f *feed) dice(n uint64) int32 {
	f.seed ^= f.seed << 13
	f.seed ^= f.seed >> 7
	f.seed ^= f.seed << 17
	return int32(f.seed % n)
}

// make makes all batches.
func (f *feed) make() {
	var made []arrow.Record
	for rec := f.next(); rec != nil; rec = f.next() {
		made = append(made, rec)
	}
	f.made = made
}

// next returns the next batch, nil at the end.
func (f *feed) next() arrow.Record {
	if f.taken < len(f.made) {
		f.taken++
		return f.made[f.taken-1]
	}
	c := &f.cols
	const monday = 1791158400 // 2026-10-05
	for c.Len() < batchRows && f.slot < f.last {
		c.Resource, c.Size, c.Region = append(c.Resource, f.names[f.at]), append(c.Size, f.sizes[f.at]), append(c.Region, f.regions[f.at])
		c.Start, c.Seconds, c.Line = append(c.Start, monday+300*int64(f.slot)), append(c.Seconds, 300), append(c.Line, int64(c.Len()))
		f.seed = uint64(f.from+f.at+1)*0x9e3779b97f4a7c15 ^ uint64(f.slot+1)*0xbf58476d1ce4e5b9 // the same whatever the shares of workers
		avg := 200 + 13*int32((f.from+f.at)%40) + f.dice(300) + f.dice(300)
		c.CPUAvg = append(c.CPUAvg, avg)
		if f.measures > 1 {
			c.CPUMax = append(c.CPUMax, avg+f.dice(1000))
		}
		if f.measures > 2 {
			c.MemoryAvailable, c.NetOut = append(c.MemoryAvailable, 4<<30+int64(f.dice(1<<30))), append(c.NetOut, int64(f.dice(1<<20)))
		}
		if f.at++; f.at == len(f.names) {
			f.at, f.slot = 0, f.slot+1
		}
	}
	if c.Len() == 0 {
		return nil
	}
	return c.Record()
}

// thread asks Linux for the processor time of the calling thread; elsewhere it is not told, and counts as none.
const thread = 1

// spent returns the processor time of this process or thread.
func spent(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what pools hold goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
