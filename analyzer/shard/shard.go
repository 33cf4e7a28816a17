// Package shard reads many inputs in pieces, on any number of workers, and merges what they found.
//
// A shard is one input and one part of the machines in it. Its result, a partial, is a function of the bytes of the input
// and the options alone; it is written once, under a name made of those, and never changed. A run that was interrupted
// finds the partials of the shards that were finished and reads only the rest, and the merged result is the same, byte
// for byte, however the work was cut, ordered and interrupted.
//
// The package refuses no rows, which ingest does, and judges none, which analyzer does. A partial that is damaged is read
// again. What runs the shards is behind an interface of one method: Local does it in this process.
package shard

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"sync"

	"sizeterm/analyzer"
	"sizeterm/ingest"
)

// Shard is a piece of work: the rows of one input that concern one part of the machines.
type Shard struct {
	Input       int    // index of Work.Inputs
	Part, Parts int    // of the machines
	Name        string // of its partial: the same for the same bytes, options and core version
}

// Runner runs scan for every shard, once or more often, in any order and on any number of workers. It returns the first
// error, after which it starts no other shard; it returns when nothing runs any more.
type Runner interface {
	Run(ctx context.Context, shards []Shard, scan func(context.Context, Shard) error) error
}

// Local runs shards on goroutines of this process; 0 workers are as many as there are processors.
type Local struct {
	Workers int
}

// Run implements Runner.
func (l Local) Run(ctx context.Context, shards []Shard, scan func(context.Context, Shard) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	todo := make(chan Shard)
	var wait sync.WaitGroup
	workers := l.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for range min(workers, len(shards)) {
		wait.Go(func() {
			for s := range todo {
				if err := scan(ctx, s); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	for _, s := range shards {
		select {
		case todo <- s:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(todo)
	wait.Wait()
	return context.Cause(ctx)
}

// Work is a run over inputs. Inputs and Store are needed; the zero value of the rest works.
type Work struct {
	Inputs   []ingest.Input // each once: ingest.Duplicates finds twins
	Reading  ingest.Options
	Analysis analyzer.Options
	Parts    int    // of the machines of each input, which bounds the memory of a shard; 0 is 1
	Store    *Store // where partials lie
	Runner   Runner // nil is Local{}
}

// Result is what a run found.
type Result struct {
	Accumulator *analyzer.Accumulator
	Files       []File // one for each input, in order
	Resumed     int    // shards whose partials an earlier run had written
}

// Run reads what no earlier run has read, and merges all. An error of an input is that of ingest and begins with the
// input's name; partials that were finished before it stay.
func (w *Work) Run(ctx context.Context) (*Result, error) {
	shards, err := w.shards(ctx)
	if err != nil {
		return nil, err
	}
	var todo []Shard
	for _, s := range shards {
		if !w.Store.has(s.Name) {
			todo = append(todo, s)
		}
	}
	runner := w.Runner
	if runner == nil {
		runner = Local{}
	}
	if err := runner.Run(ctx, todo, w.scan); err != nil {
		return nil, err
	}
	out, err := w.merge(shards)
	if err != nil {
		return nil, err
	}
	out.Resumed = len(shards) - len(todo)
	w.Store.sweep(shards)
	return out, nil
}

// shards lists the work and names it.
func (w *Work) shards(ctx context.Context) ([]Shard, error) {
	parts := max(1, w.Parts)
	names := make([][sha256.Size]byte, len(w.Inputs))
	inputs := make([]Shard, len(w.Inputs))
	for i := range inputs {
		inputs[i].Input = i
	}
	err := Local{}.Run(ctx, inputs, func(_ context.Context, s Shard) error {
		sum, err := w.hash(w.Inputs[s.Input])
		names[s.Input] = sum
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []Shard
	for i, sum := range names {
		for part := range parts {
			out = append(out, Shard{i, part, parts, fmt.Sprintf("%x-%d-of-%d", sum[:16], part, parts)})
		}
	}
	return out, nil
}

// hash returns the identity of what an input gives: its bytes, what else its rows depend on, and the version of the core.
func (w *Work) hash(in ingest.Input) (out [sha256.Size]byte, err error) {
	r, err := in.Open()
	if err != nil {
		return out, fmt.Errorf("%s: %w", in.Name, err)
	}
	defer r.Close()
	h := sha256.New()
	reading := w.Reading
	reading.Workers, reading.BatchRows, reading.SkipHash = 0, 0, false // they change no row
	head, err := json.Marshal([]any{analyzer.CoreVersion, in.Name, in.Dataset, in.Export, reading, w.Analysis})
	if err != nil {
		return out, fmt.Errorf("%s: %w", in.Name, err)
	}
	h.Write(append(head, 0)) // the name is part of it: some kinds of files name their machine by it
	if _, err := io.Copy(h, r); err != nil {
		return out, fmt.Errorf("%s: %w", in.Name, err)
	}
	h.Sum(out[:0])
	return out, nil
}

// scan reads one shard and writes its partial.
func (w *Work) scan(ctx context.Context, s Shard) error {
	in := w.Inputs[s.Input]
	r, err := ingest.NewReader(in, w.Reading)
	if err != nil {
		return err
	}
	defer r.Close()
	a := analyzer.New(w.Analysis)
	a.Only(s.Part, s.Parts)
	for r.Next() {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := a.Add(r.Record()); err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
	}
	if err := r.Err(); err != nil {
		return err
	}
	code, err := a.MarshalBinary()
	if err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	head, err := fileOf(r)
	if err != nil {
		return fmt.Errorf("%s: %w", in.Name, err)
	}
	return w.Store.put(s.Name, head, code)
}

// merge joins the partials. One that is damaged is read again.
func (w *Work) merge(shards []Shard) (*Result, error) {
	out := &Result{Accumulator: analyzer.New(w.Analysis), Files: make([]File, len(w.Inputs))}
	for _, s := range shards {
		head, code, err := w.Store.get(s.Name)
		if err != nil {
			if err := w.again(s); err != nil {
				return nil, err
			}
			if head, code, err = w.Store.get(s.Name); err != nil {
				return nil, err
			}
		}
		var a analyzer.Accumulator
		if err := a.UnmarshalBinary(code); err != nil {
			return nil, fmt.Errorf("shard: partial %s: %w", s.Name, err)
		}
		if err := out.Accumulator.Merge(&a); err != nil {
			return nil, fmt.Errorf("shard: partial %s: %w", s.Name, err)
		}
		if s.Part == 0 { // every part of an input read the whole of it
			if err := json.Unmarshal(head, &out.Files[s.Input]); err != nil {
				return nil, fmt.Errorf("shard: partial %s: %w", s.Name, err)
			}
		}
	}
	return out, nil
}

// again reads a shard whose partial is damaged.
func (w *Work) again(s Shard) error {
	if err := w.Store.remove(s.Name); err != nil {
		return err
	}
	return w.scan(context.Background(), s)
}
