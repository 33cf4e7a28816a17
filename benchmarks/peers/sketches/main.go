// Command sketches shows why percentiles are kept exact: it puts the same values into sizeterm's summaries, into t-digests and
// into DDSketches, group by group in turn as a file by time has them, and prints what a value costs, what a group holds, and
// how far P50, P90, P95 and P99 are from sorting.
//
//	go run ./sketches [-values 10000000] [-groups 2000,100000]
//
// Values are CPU percentages with two decimals: a level for each group, noise, and rare spikes. Time is processor time of one
// goroutine; bytes are what the heap holds beyond the values before.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/caio/go-tdigest/v4"

	"sizeterm/analyzer/quantile"
)

// levels are the shares whose quantiles are asked for.
var levels = []float64{0.5, 0.9, 0.95, 0.99}

func main() {
	values := flag.Int("values", 10_000_000, "values in all")
	groups := flag.String("groups", "2000,100000", "numbers of groups")
	flag.Parse()
	fmt.Printf("%s, %s, one goroutine\n", runtime.Version(), runtime.GOARCH)
	for _, text := range strings.Split(*groups, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > *values {
			fmt.Fprintf(os.Stderr, "sketches: groups %q: not a number from 1 to %d\n", text, *values)
			os.Exit(2)
		}
		table(made(*values, n), n)
	}
}

// made returns values in hundredths; value i is of group i mod groups.
func made(n, groups int) []uint16 {
	rng := rand.New(rand.NewPCG(1, 2))
	out := make([]uint16, n)
	for i := range out {
		level := 300 + (i%groups*7919)%4000/3
		v := float64(level) + rng.NormFloat64()*120
		if rng.IntN(200) == 0 {
			v += rng.Float64() * 6000
		}
		out[i] = uint16(min(10_000, max(0, v)))
	}
	return out
}

// sketch is one group's summary by one method: values and quantiles in points.
type sketch interface {
	add(value uint16) error
	quantiles(out []float64) error // at levels
}

type exact struct{ quantile.Summary }

func (e *exact) add(v uint16) error { e.Add(int32(v), 300); return nil }
func (e *exact) quantiles(out []float64) error {
	var at [4]int32
	e.Quantiles(at[:], 5000, 9000, 9500, 9900)
	for i, v := range at {
		out[i] = float64(v) / 100
	}
	return nil
}

type digest struct{ *tdigest.TDigest }

func (d digest) add(v uint16) error { return d.Add(float64(v) / 100) }
func (d digest) quantiles(out []float64) error {
	for i, level := range levels {
		out[i] = d.Quantile(level)
	}
	return nil
}

type dd struct{ *ddsketch.DDSketch }

func (d dd) add(v uint16) error { return d.Add(float64(v) / 100) }
func (d dd) quantiles(out []float64) error {
	got, err := d.GetValuesAtQuantiles(levels)
	copy(out, got)
	return err
}

// methods make an empty sketch each.
var methods = []struct {
	name string
	make func() (sketch, error)
}{
	{"exact (sizeterm)", func() (sketch, error) { return &exact{}, nil }},
	{"t-digest, compression 100", func() (sketch, error) { return digestOf(100) }},
	{"t-digest, compression 1000", func() (sketch, error) { return digestOf(1000) }},
	{"DDSketch, 1 %", func() (sketch, error) { return ddOf(0.01) }},
	{"DDSketch, 0.1 %", func() (sketch, error) { return ddOf(0.001) }},
}

func digestOf(compression float64) (sketch, error) {
	d, err := tdigest.New(tdigest.Compression(compression), tdigest.LocalRandomNumberGenerator(1))
	return digest{d}, err
}

func ddOf(accuracy float64) (sketch, error) {
	d, err := ddsketch.NewDefaultDDSketch(accuracy)
	return dd{d}, err
}

// table prints one line a method.
func table(values []uint16, groups int) {
	want := sorted(values, groups)
	fmt.Printf("\n%d values in %d groups\n\n| method | add ns/value | ask ns/value | bytes/group | worst error, points | mean error, points |\n|---|---:|---:|---:|---:|---:|\n", len(values), groups)
	for _, m := range methods {
		if err := line(m.name, m.make, values, groups, want); err != nil {
			fmt.Fprintf(os.Stderr, "sketches: %s: %v\n", m.name, err)
			os.Exit(1)
		}
	}
}

func line(name string, make1 func() (sketch, error), values []uint16, groups int, want [][]float64) error {
	before := heap()
	all := make([]sketch, groups)
	for i := range all {
		var err error
		if all[i], err = make1(); err != nil {
			return err
		}
	}
	start := spent()
	for i, v := range values {
		if err := all[i%groups].add(v); err != nil {
			return err
		}
	}
	adding, bytes := spent()-start, heap()-before
	start = spent()
	worst, sum, at := 0.0, 0.0, make([]float64, len(levels))
	for i, s := range all {
		if err := s.quantiles(at); err != nil {
			return err
		}
		for k, got := range at {
			off := max(got-want[i][k], want[i][k]-got)
			worst, sum = max(worst, off), sum+off
		}
	}
	asking := spent() - start
	each := func(d time.Duration) float64 { return float64(d) / float64(len(values)) }
	fmt.Printf("| %s | %.1f | %.1f | %d | %.4f | %.4f |\n", name, each(adding), each(asking), bytes/int64(groups), worst, sum/float64(4*groups))
	return nil
}

// sorted returns the nearest ranks of each group by sorting.
func sorted(values []uint16, groups int) [][]float64 {
	out := make([][]float64, groups)
	var group []uint16
	for g := range out {
		group = group[:0]
		for i := g; i < len(values); i += groups {
			group = append(group, values[i])
		}
		slices.Sort(group)
		for _, level := range levels {
			rank := (len(group)*int(level*10_000+0.5) + 9_999) / 10_000
			out[g] = append(out[g], float64(group[max(1, rank)-1])/100)
		}
	}
	return out
}

// heap returns the bytes that are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// spent returns the processor time of this process.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
