package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
)

// answer is what is compared: who answers must have counted the same samples and groups, and found the same percentiles.
type answer struct {
	Groups    int64 `json:"groups"`
	Samples   int64 `json:"samples"`
	Quantiles int64 `json:"quantiles"` // sum of P50, P90, P95 and P99 of the average of CPU of all groups, in hundredths of a point
}

// add counts a group.
func (a *answer) add(d *analyzer.Distribution) {
	a.Groups++
	a.Samples += d.Samples
	a.Quantiles += int64(d.P50) + int64(d.P90) + int64(d.P95) + int64(d.P99)
}

// answerOf is sizeterm's answer about sizes or machines.
func answerOf(a *analyzer.Analysis, sizes bool) (out answer) {
	for i := range a.Profiles {
		if sizes {
			out.add(&a.Profiles[i].CPUAvg)
		}
	}
	for i := range a.VMs {
		if !sizes {
			out.add(&a.VMs[i].CPUAvg)
		}
	}
	return out
}

// peer is a program that holds the samples and answers whenever it is asked.
type peer struct {
	name, version string
	process       *exec.Cmd
	ask           io.WriteCloser
	answers       *json.Decoder
	seconds       []float64
}

// newPeer starts benchmarks/peers/memory_peer.py, which reads the samples of a file.
func newPeer(python, name, file, by string, threads int) (*peer, error) {
	p := &peer{name: name, process: exec.Command(python, filepath.Join("benchmarks", "peers", "memory_peer.py"), name, file, by, strconv.Itoa(threads))}
	p.process.Stderr = os.Stderr
	var err error
	if p.ask, err = p.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.answers = json.NewDecoder(bufio.NewReader(out))
	return p, p.process.Start()
}

// round asks once. It is an error when the answer is another one than want.
func (p *peer) round(want answer) error {
	if _, err := io.WriteString(p.ask, "again\n"); err != nil {
		return err
	}
	var got struct {
		answer
		Version string
		Seconds float64
	}
	if err := p.answers.Decode(&got); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	if got.answer != want {
		return fmt.Errorf("%s answers %+v, sizeterm %+v", p.name, got.answer, want)
	}
	p.version, p.seconds = got.Version, append(p.seconds, got.Seconds)
	return nil
}

func (p *peer) end() error { return errors.Join(p.ask.Close(), p.process.Wait()) }

// race asks DuckDB, Polars and sizeterm in turn about the same samples in memory and prints medians; ratios are medians over the rounds.
func (p point) race(python string, rounds int, stdout io.Writer) error {
	folder, err := os.MkdirTemp("", "sizeterm-scale")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file, by := filepath.Join(folder, "samples.arrow"), "machines"
	if p.sizes > 0 {
		by = "sizes"
	}
	if err := p.write(file); err != nil {
		return err
	}
	var peers []*peer
	for _, name := range []string{"duckdb", "polars"} {
		other, err := newPeer(python, name, file, by, p.workers)
		if err != nil {
			return err
		}
		defer other.end()
		peers = append(peers, other)
	}
	p.ahead = true
	var ours []float64
	var groups int64
	for range max(1, rounds) {
		now := p
		if err := now.run(); err != nil {
			return err
		}
		ours = append(ours, now.wall.Seconds())
		groups = now.found.Groups
		for _, other := range peers {
			if err := other.round(now.found); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(stdout, "%d samples of %d %s on %d cores: sizeterm %.2f s", p.samples(), groups, by, p.workers, median(ours))
	for _, other := range peers {
		ratios := make([]float64, len(ours))
		for i := range ours {
			ratios[i] = other.seconds[i] / ours[i]
		}
		fmt.Fprintf(stdout, "; %s %s %.2f s, %.1f times as long", other.name, other.version, median(other.seconds), median(ratios))
	}
	fmt.Fprintln(stdout)
	return nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// write writes what the peers need of the samples as an Arrow file.
func (p point) write(name string) (err error) {
	columns := []int{0, 2, 3, 4, 6}
	var fields []arrow.Field
	for i, c := range columns {
		f := usage.SampleSchema.Field(c)
		f.Name, f.Metadata = [...]string{"resource", "size", "region", "start", "cpu"}[i], arrow.Metadata{}
		fields = append(fields, f)
	}
	schema := arrow.NewSchema(fields, nil)
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(schema))
	if err != nil {
		return err
	}
	feed := newFeed(0, p.machines, p.days, 1, p.sizes)
	for rec := feed.next(); rec != nil; rec = feed.next() {
		var cols []arrow.Array
		for _, c := range columns {
			cols = append(cols, rec.Column(c))
		}
		part := array.NewRecord(schema, cols, rec.NumRows())
		if err := w.Write(part); err != nil {
			return err
		}
		part.Release()
		rec.Release()
	}
	return w.Close()
}
