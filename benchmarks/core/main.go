// Command core is sizeterm's own side of a race: it reads files and analyses them as `sizeterm analyze` does, with the whole
// reader (header found, every cell validated, rejects kept, sums exact), and prints what it found as one line of JSON. It
// leaves out prices, the plan and the printing of profiles, which no peer does.
//
//	core [-workers N] [-hash] [-cpuprofile FILE] FILE...
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"

	"sizeterm/analyzer"
	"sizeterm/ingest"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // as the program does
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("core", flag.ContinueOnError)
	flags.SetOutput(stderr)
	workers := flags.Int("workers", 0, "goroutines that parse; 0 is one for each processor")
	hash := flags.Bool("hash", false, "hash the files too, as plans do")
	profile := flags.String("cpuprofile", "", "write a CPU profile to this `file`")
	memory := flags.String("memprofile", "", "write a profile of all allocations to this `file`")
	readOnly := flags.Bool("read", false, "read only, do not analyse")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *workers > 0 {
		runtime.GOMAXPROCS(*workers)
	}
	err := profiled(*profile, *memory, func() error {
		a, err := analyse(flags.Args(), ingest.Options{Workers: *workers, SkipHash: !*hash}, *readOnly)
		if err != nil {
			return err
		}
		return json.NewEncoder(stdout).Encode(a)
	})
	if err != nil {
		fmt.Fprintln(stderr, "core:", err)
		return 1
	}
	return 0
}

// profiled calls work, under the profiler where a file is named.
func profiled(cpu, memory string, work func() error) error {
	if cpu != "" {
		f, err := os.Create(cpu)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	err := work()
	if err != nil || memory == "" {
		return err
	}
	f, err := os.Create(memory)
	if err != nil {
		return err
	}
	defer f.Close()
	return pprof.Lookup("allocs").WriteTo(f, 0)
}

// result is what was found. Percent figures are hundredths; Max adds each machine's maximum, P95 each machine's P95.
type result struct {
	Rows     int64  `json:"rows"`
	Accepted int64  `json:"accepted"`
	Rejected int64  `json:"rejected"`
	Dialect  string `json:"dialect"`
	Profiles int    `json:"profiles"`
	Machines int    `json:"machines"`
	Pools    int    `json:"pools"`
	Hours    int64  `json:"micro_hours"`
	P95      int64  `json:"p95"`
	Max      int64  `json:"max"`
	HeapMB   uint64 `json:"heap_mb"`
}

func analyse(paths []string, opts ingest.Options, readOnly bool) (*result, error) {
	inputs, err := ingest.Discover(paths, os.Stdin)
	if err != nil {
		return nil, err
	}
	out, all := &result{}, analyzer.New(analyzer.Options{})
	for _, in := range inputs {
		r, err := ingest.NewReader(in, opts)
		if err != nil {
			return nil, err
		}
		for r.Next() {
			if readOnly {
				continue
			}
			if err := all.Add(r.Record()); err != nil {
				return nil, err
			}
		}
		if err := r.Err(); err != nil {
			return nil, err
		}
		s := r.Summary()
		out.Rows, out.Accepted, out.Rejected, out.Dialect = out.Rows+s.Rows, out.Accepted+s.Accepted, out.Rejected+s.Rejected, s.Dialect
	}
	a, err := all.Analysis()
	if err != nil {
		return nil, err
	}
	out.Profiles, out.Machines, out.Pools = len(a.Profiles), len(a.VMs), len(a.Pools)
	for i := range a.VMs {
		out.Hours += a.VMs[i].Hours
		out.P95 += int64(a.VMs[i].CPUAvg.P95)
		out.Max += int64(a.VMs[i].CPUAvg.Max)
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	out.HeapMB = stats.Sys >> 20
	return out, nil
}
