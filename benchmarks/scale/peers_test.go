package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/stretchr/testify/require"
)

// What the peers read is what sizeterm counts: on one worker and on two, with batches made ahead or as they are needed.
func TestPeersReadTheSameSamples(t *testing.T) {
	p := point{machines: 100, days: 1, workers: 2, measures: 1, sizes: 50}
	name := filepath.Join(t.TempDir(), "samples.arrow")
	require.NoError(t, p.write(name))
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	r, err := ipc.NewFileReader(f)
	require.NoError(t, err)
	rows, sum := int64(0), int64(0)
	for i := range r.NumRecords() {
		rec, err := r.Record(i)
		require.NoError(t, err)
		rows += rec.NumRows()
		for _, v := range rec.Column(4).(*array.Int32).Int32Values() {
			sum += int64(v)
		}
	}
	require.Equal(t, p.samples(), rows)
	require.InDelta(t, 200+13*17.5+299, float64(sum)/float64(rows), 10, "mean of what next draws for 100 machines")

	require.NoError(t, p.run())
	want := p.found
	require.Equal(t, answer{Groups: 50, Samples: rows, Quantiles: want.Quantiles}, want)
	p.workers, p.ahead = 1, true
	require.NoError(t, p.run())
	require.Equal(t, want, p.found)
	p.sizes = 0
	require.NoError(t, p.run())
	require.Equal(t, p.samples(), p.found.Samples)
	require.EqualValues(t, 100, p.found.Groups)
}
