package analyzer

import (
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"sizeterm/analyzer/quantile"
)

// sampleRows are the columns of a record of samples.
type sampleRows struct {
	start                                         []int64
	seconds                                       []int32
	cpuAvg, cpuMax, cpuMin, used                  ints[int32]
	free, netOut, diskRead, diskWrite, operations ints[int64]
	large                                         bool // one of the latter has a value
}

// ints is a nullable column.
type ints[T int32 | int64] struct {
	values []T
	bits   []byte // validity; nil when no row is null
	offset int
	none   bool // every row is null
}

func (c *ints[T]) at(row int) (T, bool) {
	if c.none {
		return 0, false
	}
	if c.bits != nil {
		if at := c.offset + row; c.bits[at/8]>>(at%8)&1 == 0 {
			return 0, false
		}
	}
	return c.values[row], true
}

func intsOf[T int32 | int64](column arrow.Array, values []T) ints[T] {
	out := ints[T]{values: values, none: column.NullN() == column.Len()}
	if column.NullN() > 0 {
		out.bits, out.offset = column.NullBitmapBytes(), column.Data().Offset()
	}
	return out
}

func samplesOf(rec arrow.Record) sampleRows {
	short := func(i int) ints[int32] {
		return intsOf(rec.Column(i), rec.Column(i).(*array.Int32).Int32Values())
	}
	long := func(i int) ints[int64] {
		return intsOf(rec.Column(i), rec.Column(i).(*array.Int64).Int64Values())
	}
	out := sampleRows{
		start: long(4).values, seconds: short(5).values, cpuAvg: short(6), cpuMax: short(7), cpuMin: short(8),
		free: long(9), used: short(10), netOut: long(12), diskRead: long(13), diskWrite: long(14), operations: long(15),
	}
	out.large = !(out.free.none && out.netOut.none && out.diskRead.none && out.diskWrite.none && out.operations.none)
	return out
}

// cpuLow stands beside the measures in a batch: the lowest CPU of the interval, of which no distribution is kept.
const (
	cpuLow  = measures
	columns = cpuLow + 1
)

// What has says of a row beside its measures.
const (
	measured = 1<<measures - 1
	strange  = 1 << 15 // a value is negative or too large for two bytes
)

// batch is a record of samples on its way: every measure as a column of two-byte values, made by loops without branches
// where a column has no nulls, and for every row which of them it has and where they go.
type batch struct {
	rows   sampleRows
	has    []uint16          // by row: a bit a measure, cpuLow and strange
	values [columns][]uint16 // by row, meaningless where has says so
	some   uint16            // the columns in use
	all    uint16            // of these: rows without the value are none
	to     []uint32          // by row: its place on the stage, 0 for rows that have none
	placed int               // rows whose values are on the stage
}

// read points b at the columns of a record.
func (b *batch) read(rec arrow.Record) {
	b.rows = samplesOf(rec)
	n, r := len(b.rows.start), &b.rows
	b.has, b.to = resized(b.has, n), resized(b.to, n)
	clear(b.has)
	b.some, b.all, b.placed = 0, 0, 0
	b.percents(cpuAvg, &r.cpuAvg)
	b.percents(cpuMax, &r.cpuMax)
	b.percents(cpuLow, &r.cpuMin)
	b.percents(memoryUsed, &r.used)
	if r.large {
		b.coded(memoryFree, &r.free, freeUnits)
		b.coded(networkOut, &r.netOut, kilobits)
		b.coded(diskOps, &r.operations, thousands)
		b.disk()
	}
	switch all := b.all; {
	case b.uniform():
		filled(b.has, all)
	case all != 0:
		for i := range b.has {
			b.has[i] |= all
		}
	}
}

// uniform reports whether all rows have the same measures, none of them strange.
func (b *batch) uniform() bool { return b.all == b.some }

// filled sets all of s to v.
func filled[T any](s []T, v T) {
	if len(s) == 0 {
		return
	}
	s[0] = v
	for n := 1; n < len(s); n *= 2 {
		copy(s[n:], s[:n])
	}
}

// resized returns a slice of n values of which nothing is known, with the memory of s where it is enough.
func resized[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// column makes room for a measure that some row has.
func (b *batch) column(which measure) []uint16 {
	b.some |= 1 << which
	b.values[which] = resized(b.values[which], len(b.has))
	return b.values[which]
}

// percents reads a column of percentages.
func (b *batch) percents(which measure, c *ints[int32]) {
	if c.none {
		return
	}
	out, bits := b.column(which), uint32(0)
	for i, v := range c.values[:len(out)] {
		out[i] = uint16(v)
		bits |= uint32(v)
	}
	if c.bits == nil && bits <= quantile.Limit {
		b.all |= 1 << which
		return
	}
	for i := range out {
		if v, ok := c.at(i); ok {
			b.note(i, which, v < 0 || v > quantile.Limit)
		}
	}
}

// note says that a row has a measure.
func (b *batch) note(row int, which measure, isStrange bool) {
	b.has[row] |= 1 << which
	if isStrange {
		b.has[row] |= strange
	}
}

// The units of what is kept as coded numbers: free memory in freeUnit, kilobits of 125 bytes, and what the columns say in
// thousandths.
func freeUnits(v int64) int64 { return (v + freeUnit/2) / freeUnit }
func kilobits(v int64) int64  { return (v + 62) / 125 }
func thousands(v int64) int64 { return (v + 500) / 1000 }

// coded reads a column that is kept as coded numbers.
func (b *batch) coded(which measure, c *ints[int64], unit func(int64) int64) {
	if c.none {
		return
	}
	out, bits := b.column(which), int64(0)
	for i, v := range c.values[:len(out)] {
		out[i] = code(unit(v))
		bits |= v
	}
	if c.bits == nil && bits >= 0 {
		b.all |= 1 << which
		return
	}
	for i := range out {
		if v, ok := c.at(i); ok {
			b.note(i, which, v < 0)
		}
	}
}

// disk reads what is read and written together.
func (b *batch) disk() {
	read, write := &b.rows.diskRead, &b.rows.diskWrite
	if read.none && write.none {
		return
	}
	out := b.column(diskBandwidth)
	for i := range out {
		r, hasRead := read.at(i)
		w, hasWrite := write.at(i)
		if hasRead || hasWrite {
			b.note(i, diskBandwidth, r < 0 || w < 0)
			out[i] = code(thousands(r + w))
		}
	}
}
