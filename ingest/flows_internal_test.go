package ingest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest/usage"
)

// More times than may be open at once: each is given out once, in the order of the file, and what comes too late is counted.
func TestFlowsGiveOutWhatWaitedLongest(t *testing.T) {
	f := newFlows()
	f.most = 4
	var starts []int64
	put := func(resource int32, start int64, read int64) {
		c := usage.NewSampleColumns(nil)
		o := flow{flowKey: flowKey{resource, start}, line: 1, seconds: 60, sums: [5]int64{usage.NullInt, usage.NullInt, read, usage.NullInt, usage.NullInt}}
		o.totals = [5]int64{usage.NullInt, usage.NullInt, usage.NullInt, usage.NullInt, usage.NullInt}
		o.appendTo(&c)
		c.Part[0] = partUnnamed
		out := f.add(&c)
		starts = append(starts, out.Start...)
	}
	for i := range int64(10) {
		put(0, 60*i, 1)
		put(0, 60*i, 2)
	}
	require.Zero(t, f.late)
	put(0, 0, 5)
	require.EqualValues(t, 1, f.late)
	like := usage.NewSampleColumns(nil)
	rest := f.rest(&like)
	starts = append(starts, rest.Start...)
	require.Equal(t, []int64{0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 0}, starts)
	require.EqualValues(t, 5, rest.DiskRead[len(rest.DiskRead)-1])
	require.EqualValues(t, 3, rest.DiskRead[0])
	require.Empty(t, f.index)
}

// A machine with more parts than there are bits: all of them are added.
func TestFlowsOfManyParts(t *testing.T) {
	f := newFlows()
	for part := range int32(100) {
		c := usage.NewSampleColumns(nil)
		o := flow{flowKey: flowKey{3, 60}, line: 1, seconds: 60, sums: [5]int64{1, usage.NullInt, usage.NullInt, usage.NullInt, usage.NullInt}, totals: [5]int64{usage.NullInt, usage.NullInt, usage.NullInt, usage.NullInt, usage.NullInt}}
		o.appendTo(&c)
		c.Part[0] = part + 1
		f.add(&c)
	}
	like := usage.NewSampleColumns(nil)
	rest := f.rest(&like)
	require.Equal(t, []int64{100}, rest.NetIn)
}
