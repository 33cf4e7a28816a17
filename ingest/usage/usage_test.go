package usage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest/usage"
)

func TestChargeBatchRoundTrip(t *testing.T) {
	var b usage.ChargeBatch
	rows := []usage.ChargeRow{
		{Customer: "c1", Resource: "r1", Size: "Standard_D2s_v5", Region: "westeurope", Kind: usage.Compute, Model: usage.OnDemand,
			Start: 86400, End: 172800, Hours: 24 * usage.MicroHour, HasHours: true, Rate: 960000000, HasRate: true, Cost: 2304000,
			Currency: "USD", Export: "actual", Dataset: "d", Line: 2},
		{Customer: "c1", Kind: usage.Purchase, Model: usage.Reservation, Cost: 841000000, Currency: "USD", Export: "actual", Dataset: "d", Line: 3},
	}
	for _, r := range rows {
		b.Append(r)
	}
	require.Equal(t, 2, b.Len())
	rec := b.Record()
	defer rec.Release()
	require.Zero(t, b.Len())
	c, err := usage.ChargesOf(rec)
	require.NoError(t, err)
	require.Equal(t, 2, c.Len())
	require.Equal(t, "Standard_D2s_v5", c.Size.Text(0))
	require.True(t, c.Size.Null(1), "an empty text is null")
	hours, ok := c.Hours.At(0)
	require.True(t, ok)
	require.EqualValues(t, 24*usage.MicroHour, hours)
	_, ok = c.Hours.At(1)
	require.False(t, ok, "hours that a file does not say are null, not zero")
	require.Equal(t, []int64{2, 3}, c.Line)
	require.Equal(t, "d", c.Dataset.Text(1))
}

func TestSampleBatchKeepsMissingApartFromZero(t *testing.T) {
	zero, used := int32(0), int64(1<<30)
	var b usage.SampleBatch
	b.Append(usage.SampleRow{Resource: "r1", Start: 900, Seconds: 900, CPUAvg: &zero, MemoryAvailable: &used, Line: 2})
	b.Append(usage.SampleRow{Resource: "r1", Start: 1800, Seconds: 900, Line: 3})
	rec := b.Record()
	defer rec.Release()
	s, err := usage.SamplesOf(rec)
	require.NoError(t, err)
	v, ok := s.CPUAvg.At(0)
	require.True(t, ok)
	require.Zero(t, v)
	_, ok = s.CPUAvg.At(1)
	require.False(t, ok)
	require.Equal(t, []int32{900, 900}, s.Seconds)
	free, ok := s.MemoryAvailable.At(0)
	require.True(t, ok)
	require.EqualValues(t, 1<<30, free)
}

func TestViewsRefuseAnotherSchema(t *testing.T) {
	var b usage.SampleBatch
	rec := b.Record()
	defer rec.Release()
	_, err := usage.ChargesOf(rec)
	require.ErrorContains(t, err, "not the charge schema")
	var c usage.ChargeBatch
	charges := c.Record()
	defer charges.Release()
	_, err = usage.SamplesOf(charges)
	require.ErrorContains(t, err, "not the sample schema")
}

func TestDictionariesAreSharedByRecords(t *testing.T) {
	var w usage.Words
	require.EqualValues(t, -1, w.Index(""))
	require.EqualValues(t, 0, w.Index("a"))
	require.EqualValues(t, 1, w.IndexBytes([]byte("b")))
	require.EqualValues(t, 0, w.IndexBytes([]byte("a")))
	require.Equal(t, 2, w.Len())
}

// A record without any text of a column, and then one with texts: a dictionary that was handed out empty once shifted every
// later text by one, so that a scale set's samples went to another instance.
func TestWordsAfterAnEmptyDictionary(t *testing.T) {
	var b usage.SampleBatch
	b.Append(usage.SampleRow{Resource: "r1", Start: 900, Seconds: 900, Line: 2})
	first := b.Record()
	defer first.Release()
	for _, vm := range []string{"vm_1", "vm_2"} {
		b.Append(usage.SampleRow{Resource: "r1", VM: vm, Start: 900, Seconds: 900, Line: 3})
	}
	second := b.Record()
	defer second.Release()
	s, err := usage.SamplesOf(second)
	require.NoError(t, err)
	require.Equal(t, "vm_1", s.VM.Text(0))
	require.Equal(t, "vm_2", s.VM.Text(1))
}
