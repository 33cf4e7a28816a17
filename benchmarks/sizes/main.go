// Command sizes measures how long sizes and reservations of one customer take to decide together, after the analysis: by default 5 000
// machines of one region with 30 days of made-up five-minute samples, against every size that the region sells and the embedded
// prices know. It writes one table of figures and goals: at most 10 s, 1 GiB and a gap of 0.1 %.
//
//	go run ./benchmarks/sizes -out benchmarks/results/DATE-sizes.md
//
// A third of the machines works in office hours that differ. Making the samples and analysing them are not counted in the time; the
// peak of memory is that of the whole process.
package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"syscall"
	"time"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/sheet"
	"sizeterm/recommend"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("sizes", flag.ContinueOnError)
	flags.SetOutput(stderr)
	machines := flags.Int("machines", 5000, "number of machines")
	days := flags.Int("days", 30, "days of samples")
	out := flags.String("out", "-", "write the table into this `file`")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	text, err := measure(*machines, *days)
	if err == nil && *out != "-" {
		err = os.WriteFile(*out, []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(stderr, "sizes:", err)
		return 1
	}
	fmt.Fprint(stdout, text)
	return 0
}

const (
	region   = "polandcentral"
	interval = 300 // seconds
)

var asOf = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// measure makes a fleet, analyses it and decides it.
func measure(machines, days int) (string, error) {
	analysis, err := analyse(machines, days)
	if err != nil {
		return "", err
	}
	builder := pricing.NewBuilder()
	for _, s := range sheet.Embedded() {
		builder.Add(s.Source, s.Offers)
	}
	book, err := builder.Build()
	if err != nil {
		return "", err
	}
	runtime.GC()
	start, cpu := time.Now(), processor()
	plan, err := recommend.Recommend(recommend.Input{Analysis: analysis, Book: book, HasList: true, Policy: recommend.DefaultPolicy()})
	if err != nil {
		return "", err
	}
	return table(plan, machines, days, time.Since(start), processor()-cpu), nil
}

// table prints what was measured beside the goals.
func table(plan *recommend.Plan, machines, days int, wall, cpu time.Duration) string {
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return err.Error() + "\n"
	}
	sold := 0
	for _, size := range catalog.Sizes() {
		if offered, known := size.OfferedIn(region); offered && known {
			sold++
		}
	}
	text := fmt.Sprintf("# Sizes and reservations together\n\n%d machines, %d days of %d s, %d candidate sizes of the catalog (%d sold in %s), %d cores, %s %s/%s.\n\n",
		machines, days, interval, len(catalog.Sizes()), sold, region, runtime.GOMAXPROCS(0), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	text += "| figure | goal | measured |\n|---|---:|---:|\n"
	text += fmt.Sprintf("| time after the analysis | 10 s | %.1f s |\n| processor time of it | | %.1f s |\n", wall.Seconds(), cpu.Seconds())
	text += fmt.Sprintf("| peak memory of the process, analysis included | 1024 MiB | %d MiB |\n", self.Maxrss/1024)
	text += fmt.Sprintf("| gap of the joint plan | 0.1 %% | %.3f %% |\n| machines with a choice | | %d |\n| changes | | %d |\n", 100*plan.Sizing.Gap, plan.Sizing.Free, len(plan.Resizes))
	return text
}

// processor returns the processor time spent so far.
func processor() time.Duration {
	var self syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &self) != nil {
		return 0
	}
	return time.Duration(self.Utime.Nano() + self.Stime.Nano())
}

// load is a made-up machine.
type load struct {
	name     string
	size     catalog.Size
	high     float64 // highest CPU, percent
	memory   int32
	from, to int // office hours; 0, 24 is always
}

// loads makes a fleet of machines; the same number makes the same fleet.
func loads(machines int) []load {
	r := rand.New(rand.NewPCG(1, 2))
	sizes := []catalog.Size{"Standard_D2s_v5", "Standard_D4s_v5", "Standard_D8s_v5", "Standard_D16s_v5", "Standard_E4s_v5", "Standard_E8s_v5", "Standard_E16s_v5", "Standard_D4ds_v5",
		"Standard_D8ds_v5", "Standard_D4s_v3", "Standard_D8s_v3", "Standard_F8s_v2", "Standard_D4as_v5", "Standard_D8as_v5"}
	out := make([]load, machines)
	for i := range out {
		out[i] = load{fmt.Sprintf("vm%05d", i), sizes[r.IntN(len(sizes))], float64(3 + r.IntN(95)), int32(500 + r.IntN(9000)), 0, 24}
		if r.IntN(3) == 0 {
			out[i].from = 5 + r.IntN(5)
			out[i].to = out[i].from + 6 + r.IntN(10)
		}
	}
	return out
}

// analyse feeds the rows of each machine to an accumulator.
func analyse(machines, days int) (*analyzer.Analysis, error) {
	a := analyzer.New(analyzer.Options{})
	for i, l := range loads(machines) {
		var charges usage.ChargeBatch
		var samples usage.SampleBatch
		l.rows(&charges, &samples, days, uint64(i))
		rows, values := charges.Record(), samples.Record()
		err := a.Add(rows)
		if err == nil {
			err = a.Add(values)
		}
		rows.Release()
		values.Release()
		if err != nil {
			return nil, err
		}
	}
	return a.Analysis()
}

// rows appends the charges and samples of a machine.
func (l *load) rows(charges *usage.ChargeBatch, samples *usage.SampleBatch, days int, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 3))
	resource := "/subscriptions/s1/resourcegroups/rg" + fmt.Sprint(seed%40) + "/providers/microsoft.compute/virtualmachines/" + l.name
	for n := range days {
		day := asOf.AddDate(0, 0, n-days)
		charges.Append(usage.ChargeRow{Customer: "c1", Subscription: "s1", ResourceGroup: fmt.Sprintf("rg%d", seed%40), Resource: resource, VM: l.name, Size: string(l.size), Region: region,
			OS: "linux", Kind: usage.Compute, Model: usage.OnDemand, Start: day.Unix(), End: day.AddDate(0, 0, 1).Unix(), Hours: int64(l.to-l.from) * usage.MicroHour, HasHours: true,
			Currency: "USD", Export: "actual", Dataset: "d1", Line: int64(n)})
		for at := 3600 * l.from; at < 3600*l.to; at += interval {
			wave := 0.5 + 0.5*math.Sin(float64(at)/86_400*2*math.Pi)
			high := int32(100 * l.high * (0.3 + 0.6*wave + 0.1*r.Float64()))
			avg, memory := high/3, l.memory
			// Of all that is measured, so that no size is refused for lack of a measure: few disk operations and little network.
			disk, operations, out := int64(high)*500, int64(high)*10, int64(high)*100
			samples.Append(usage.SampleRow{Resource: resource, Start: day.Unix() + int64(at), Seconds: interval, CPUAvg: &avg, CPUMax: &high, MemoryUsed: &memory,
				DiskRead: &disk, DiskWrite: &disk, DiskOps: &operations, NetOut: &out})
		}
	}
}
