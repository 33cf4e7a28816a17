package usage_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest/usage"
)

// filled returns columns with n rows, CPU null on every third.
func filled(c *usage.SampleColumns, n int, from int64) {
	for i := range n {
		c.Resource = append(c.Resource, c.ResourceWords.Index(fmt.Sprintf("vm%d", i%7)))
		c.Start = append(c.Start, from+int64(i))
		c.Seconds = append(c.Seconds, 300)
		c.Line = append(c.Line, int64(i))
		cpu := int32(i)
		if i%3 == 0 {
			cpu = usage.NullPercent
		}
		c.CPUAvg = append(c.CPUAvg, cpu)
		c.NetOut = append(c.NetOut, usage.NullInt)
	}
}

func TestColumnsEqualTheBatch(t *testing.T) {
	c := usage.NewSampleColumns(nil)
	filled(&c, 100, 0)
	require.Equal(t, 100, c.Len())
	rec := c.Record()
	defer rec.Release()
	require.Zero(t, c.Len())
	s, err := usage.SamplesOf(rec)
	require.NoError(t, err)
	require.Equal(t, 100, s.Len())
	for i := range 100 {
		require.Equal(t, fmt.Sprintf("vm%d", i%7), s.Resource.Text(i))
		cpu, ok := s.CPUAvg.At(i)
		require.Equal(t, i%3 != 0, ok)
		if ok {
			require.EqualValues(t, i, cpu)
		}
		_, ok = s.NetOut.At(i)
		require.False(t, ok)
		require.True(t, s.Size.Null(i), "a column without values is null throughout")
		_, ok = s.MemoryAvailable.At(i)
		require.False(t, ok)
	}
}

// A record that somebody retains keeps its values while later records use released memory again.
func TestRetainedRecordsKeepTheirMemory(t *testing.T) {
	c := usage.NewSampleColumns(nil)
	filled(&c, 500, 1000)
	kept := c.Record()
	kept.Retain()
	kept.Release()
	for round := range 20 {
		filled(&c, 500, int64(round)*10_000)
		rec := c.Record()
		rec.Release()
	}
	s, err := usage.SamplesOf(kept)
	require.NoError(t, err)
	for i, start := range s.Start {
		require.EqualValues(t, 1000+i, start)
	}
	kept.Release()
}

// Dictionaries made earlier stay what they are while texts are added.
func TestEarlierDictionariesDoNotChange(t *testing.T) {
	c := usage.NewSampleColumns(nil)
	filled(&c, 3, 0)
	first := c.Record()
	defer first.Release()
	for i := range 5000 {
		c.ResourceWords.Index(fmt.Sprintf("new%d", i))
	}
	filled(&c, 10, 0)
	second := c.Record()
	defer second.Release()
	s, err := usage.SamplesOf(first)
	require.NoError(t, err)
	require.Len(t, s.Resource.Dict, 3)
	require.Equal(t, "vm2", s.Resource.Text(2))
	s, err = usage.SamplesOf(second)
	require.NoError(t, err)
	require.Equal(t, "vm6", s.Resource.Text(6))
}

func TestEmptyColumns(t *testing.T) {
	c := usage.NewSampleColumns(nil)
	rec := c.Record()
	defer rec.Release()
	s, err := usage.SamplesOf(rec)
	require.NoError(t, err)
	require.Zero(t, s.Len())
}
