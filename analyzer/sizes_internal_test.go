package analyzer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/stretchr/testify/require"

	"sizeterm/ingest/usage"
)

// sizeRows returns rows of nine machines of three sizes over three days, in any order: averages, some with maxima, some a minute long.
func sizeRows(rng *rand.Rand) (out []usage.SampleRow) {
	for i := range int64(9 * 3 * 288) {
		avg, top := rng.Int32N(10_000), int32(10_000)
		row := usage.SampleRow{Resource: fmt.Sprint("m", i%9), Size: fmt.Sprint("Standard_X", i%3), Region: "westeurope", Start: 86_400*20_000 + i/9*300, Seconds: 300, CPUAvg: &avg}
		if i%5 == 0 {
			row.CPUMax = &top
		}
		if i%11 == 0 {
			row.Seconds = 60
		}
		out = append(out, row)
	}
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func recordOf(rows []usage.SampleRow) arrow.Record {
	var b usage.SampleBatch
	for _, row := range rows {
		b.Append(row)
	}
	return b.Record()
}

// However many values wait and stay as they came, what is known of the sizes is the same: all, few (they are packed in the middle of
// a record), and in two parts that are too many only once they are merged.
func TestWaitingOfSizesChangesNothing(t *testing.T) {
	defer func(most int) { binMost = most }(binMost)
	rows := sizeRows(rand.New(rand.NewPCG(3, 9)))
	half := len(rows) / 2
	var want []byte
	var figures *Analysis
	for _, most := range []int{binMost, 6000, 4096, 100} {
		binMost = most
		a, b := New(Options{SizesOnly: true}), New(Options{SizesOnly: true})
		require.NoError(t, a.Add(recordOf(rows[:half])))
		require.NoError(t, b.Add(recordOf(rows[half:])))
		require.NoError(t, a.Merge(b))
		require.LessOrEqual(t, a.sizes.raw, most)
		got, err := a.Analysis()
		require.NoError(t, err)
		code, err := a.MarshalBinary()
		require.NoError(t, err)
		if want == nil {
			want, figures = code, got
			require.GreaterOrEqual(t, a.sizes.raw, len(rows), "they stay as they came")
		}
		require.Equal(t, want, code, most)
		require.Equal(t, figures, got, most)
	}
}

// More lengths of samples than there are kinds for are counted as well, each with its weight.
func TestMoreLengthsThanKinds(t *testing.T) {
	var rows []usage.SampleRow
	total := int64(0)
	for i := range int32(1<<(32-dayBits) + 500) {
		avg := i % 10_000
		rows = append(rows, usage.SampleRow{Resource: "m", Size: "Standard_X1", Region: "westeurope", Start: 86_400 * 20_000, Seconds: i + 1, CPUAvg: &avg})
		total += int64(i + 1)
	}
	rec := recordOf(rows)
	a, whole := New(Options{SizesOnly: true}), New(Options{})
	require.NoError(t, errors.Join(a.Add(rec), whole.Add(rec)))
	got, err := a.Analysis()
	require.NoError(t, err)
	want, err := whole.Analysis()
	require.NoError(t, err)
	require.Equal(t, want.Profiles[0].CPUAvg, got.Profiles[0].CPUAvg)
	require.EqualValues(t, len(rows), got.Profiles[0].CPUAvg.Samples)
	require.Equal(t, total, got.Profiles[0].CPUAvg.Seconds)
}
