package shard_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"sizeterm/analyzer"
	"sizeterm/analyzer/shard"
	"sizeterm/ingest"
)

// TestMain is also the child that TestKilledRunResumes kills: with the folder in the environment it scans two shards,
// says so, and hangs in the third.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SHARD_TEST_DIR"); dir != "" {
		if err := hang(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func hang(dir string) error {
	store, err := shard.Open(dir)
	if err != nil {
		return err
	}
	w := work(store, &opened{})
	w.Runner = hangAfter(2)
	_, err = w.Run(context.Background())
	return err
}

// hangAfter runs that many shards one by one, leaves half a partial, and then never returns.
type hangAfter int

func (n hangAfter) Run(ctx context.Context, shards []shard.Shard, scan func(context.Context, shard.Shard) error) error {
	for i, s := range shards {
		if i == int(n) {
			if err := os.WriteFile(filepath.Join(os.Getenv("SHARD_TEST_DIR"), s.Name+".1.tmp"), []byte("half"), 0o600); err != nil {
				return err
			}
			fmt.Println("ready")
			select {}
		}
		if err := scan(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// opened counts how often the inputs were opened to be read.
type opened struct{ n atomic.Int64 }

// inputs are the metrics of four machines on three days, a file a day, and one bad row.
func inputs(o *opened) (out []ingest.Input) {
	for d := range 3 {
		var b strings.Builder
		b.WriteString("timestamp,resource_id,grain_seconds,vm_size,region,cpu_avg,cpu_max\n")
		for h := range 24 {
			for m := range 4 {
				fmt.Fprintf(&b, "2026-10-%02dT%02d:00:00Z,/subscriptions/s/vm/m%d,3600,Standard_D2s_v5,westeurope,%d.%d,%d\n", d+5, h, m, h+m, d, 40+h)
			}
		}
		if d == 1 {
			b.WriteString("2026-10-06T00:00:00Z,/subscriptions/s/vm/m9,3600,Standard_D2s_v5,westeurope,much,\n")
		}
		text := b.String()
		out = append(out, ingest.Input{Name: fmt.Sprintf("day%d.csv", d), Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
			o.n.Add(1)
			return io.NopCloser(strings.NewReader(text)), nil
		}})
	}
	return out
}

func work(store *shard.Store, o *opened) *shard.Work {
	return &shard.Work{Inputs: inputs(o), Parts: 2, Store: store, Runner: shard.Local{Workers: 2}}
}

func open(t *testing.T, dir string) *shard.Store {
	store, err := shard.Open(dir)
	require.NoError(t, err)
	return store
}

func run(t *testing.T, w *shard.Work) (*shard.Result, []byte) {
	out, err := w.Run(context.Background())
	require.NoError(t, err)
	code, err := out.Accumulator.MarshalBinary()
	require.NoError(t, err)
	return out, code
}

// whole reads the inputs without shards.
func whole(t *testing.T) []byte {
	a := analyzer.New(analyzer.Options{})
	for _, in := range inputs(&opened{}) {
		r, err := ingest.NewReader(in, ingest.Options{})
		require.NoError(t, err)
		for r.Next() {
			require.NoError(t, a.Add(r.Record()))
		}
		require.NoError(t, r.Err())
	}
	code, err := a.MarshalBinary()
	require.NoError(t, err)
	return code
}

func TestShardsEqualTheWhole(t *testing.T) {
	want := whole(t)
	for _, parts := range []int{0, 1, 2, 5} {
		for _, workers := range []int{1, 3} {
			w := work(open(t, t.TempDir()), &opened{})
			w.Parts, w.Runner = parts, shard.Local{Workers: workers}
			out, code := run(t, w)
			require.Equal(t, want, code, "%d parts on %d workers", parts, workers)
			require.Len(t, out.Files, 3)
			require.EqualValues(t, 97, out.Files[1].Summary.Rows)
			require.EqualValues(t, 1, out.Files[1].Rejected)
			require.Equal(t, "much", out.Files[1].Rejects[0].Value)
			require.ErrorContains(t, out.Files[1].Rejects[0].RowError(), `day1.csv:98: column "cpu_avg": "much"`)
		}
	}
}

func TestASecondRunReadsNothing(t *testing.T) {
	dir := t.TempDir()
	_, first := run(t, work(open(t, dir), &opened{}))
	o := &opened{}
	w := work(open(t, dir), o)
	w.Runner = nil
	out, second := run(t, w)
	require.Equal(t, first, second)
	require.Equal(t, 6, out.Resumed)
	require.EqualValues(t, 3, o.n.Load(), "each input once, for its hash")
}

// TestKilledRunResumes kills a child with SIGKILL between its shards and inside of one.
func TestKilledRunResumes(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "SHARD_TEST_DIR="+dir)
	stdout, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait(), "killed")

	left := names(t, dir)
	require.Len(t, left, 3, "two partials and half of one")
	o := &opened{}
	out, code := run(t, work(open(t, dir), o))
	require.Equal(t, 2, out.Resumed)
	require.EqualValues(t, 3+4, o.n.Load(), "three hashes and the four shards that were missing")
	require.Equal(t, whole(t), code)
	require.Len(t, names(t, dir), 6, "nothing half-written stays")
}

func names(t *testing.T, dir string) (out []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestADamagedPartialIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	_, want := run(t, work(open(t, dir), &opened{}))
	path := filepath.Join(dir, names(t, dir)[0])
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, bad := range [][]byte{nil, data[:len(data)/2], append([]byte{data[0] ^ 1}, data[1:]...), append(data[:len(data)-1:len(data)-1], data[len(data)-1]^1)} {
		require.NoError(t, os.WriteFile(path, bad, 0o600))
		_, code := run(t, work(open(t, dir), &opened{}))
		require.Equal(t, want, code)
		again, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, data, again, "the same bytes as before")
	}
}

func TestOtherOptionsAreOtherPartials(t *testing.T) {
	dir := t.TempDir()
	run(t, work(open(t, dir), &opened{}))
	w := work(open(t, dir), &opened{})
	w.Analysis.LookbackDays = 2
	out, _ := run(t, w)
	require.Zero(t, out.Resumed)
	w.Reading.Workers, w.Reading.BatchRows = 1, 10
	out, _ = run(t, w)
	require.Equal(t, 6, out.Resumed, "how it is read changes no row")
}

func TestErrorsKeepWhatIsFinished(t *testing.T) {
	dir := t.TempDir()
	w := work(open(t, dir), &opened{})
	w.Runner = shard.Local{Workers: 1}
	w.Inputs = append(w.Inputs, ingest.Input{Name: "picture.png", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("\x89PNG not a table\n\x00")), nil
	}})
	_, err := w.Run(context.Background())
	require.ErrorContains(t, err, "picture.png")
	require.Len(t, names(t, dir), 6)

	gone := errors.New("gone")
	w.Inputs[3].Open = func() (io.ReadCloser, error) { return nil, gone }
	_, err = w.Run(context.Background())
	require.ErrorIs(t, err, gone)
}

func TestCancelledRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := work(open(t, t.TempDir()), &opened{})
	_, err := w.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestLocalReturnsTheFirstErrorAndStartsNothingAfterIt(t *testing.T) {
	bad := errors.New("bad")
	started := 0
	err := shard.Local{Workers: 1}.Run(context.Background(), make([]shard.Shard, 10), func(context.Context, shard.Shard) error {
		started++
		return bad
	})
	require.ErrorIs(t, err, bad)
	require.Equal(t, 1, started)
	require.NoError(t, shard.Local{}.Run(context.Background(), nil, nil))
}

func TestOpenRefusesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := shard.Open(path)
	require.ErrorContains(t, err, "not a directory")
}
