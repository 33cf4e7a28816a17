package usage

import (
	"math"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// NullInt and NullPercent stand for null in the slices of SampleColumns.
const (
	NullInt     int64 = math.MinInt64
	NullPercent int32 = math.MinInt32
)

// SampleColumns gathers samples as plain slices, one a column of SampleSchema, which Record wraps as Arrow arrays without
// copying: it is what a reader of gigabytes fills, where SampleBatch is for tests and small tables. Texts are indexes into
// the Words of their column, -1 is null. Resource, Start, Seconds and Line must have one value a row; any other slice has
// one a row or is empty, and then the column is null throughout.
type SampleColumns struct {
	ResourceWords, VMWords, SizeWords, RegionWords *Words

	Resource, VM, Size, Region                  []int32
	Start, Line                                 []int64
	Seconds                                     []int32
	CPUAvg, CPUMax, CPUMin, MemoryUsed          []int32
	MemoryAvailable                             []int64
	NetIn, NetOut, DiskRead, DiskWrite, DiskOps []int64
	Part                                        []int32 // which of several rows of one machine and time it is, for whoever adds them up; in no record
}

// NewSampleColumns returns empty columns with the dictionaries of others, which may belong to another goroutine, or with
// their own where others is nil.
func NewSampleColumns(others *SampleColumns) SampleColumns {
	if others == nil {
		others = &SampleColumns{ResourceWords: new(Words), VMWords: new(Words), SizeWords: new(Words), RegionWords: new(Words)}
	}
	return SampleColumns{ResourceWords: others.ResourceWords, VMWords: others.VMWords, SizeWords: others.SizeWords, RegionWords: others.RegionWords}
}

// Len returns the number of rows gathered since the last Record.
func (c *SampleColumns) Len() int { return len(c.Start) }

// Record returns the gathered rows as a record of SampleSchema, which the caller releases. The slices go over to the
// record; the columns start anew with the same dictionaries.
func (c *SampleColumns) Record() arrow.Record {
	n := len(c.Start)
	null := nullsFor(n)
	cols := []arrow.Array{
		wordsColumn(c.Resource, n, c.ResourceWords, null), wordsColumn(c.VM, n, c.VMWords, null),
		wordsColumn(c.Size, n, c.SizeWords, null), wordsColumn(c.Region, n, c.RegionWords, null),
		intColumn(c.Start, n, null), percentColumn(c.Seconds, n, null),
		percentColumn(c.CPUAvg, n, null), percentColumn(c.CPUMax, n, null), percentColumn(c.CPUMin, n, null),
		intColumn(c.MemoryAvailable, n, null), percentColumn(c.MemoryUsed, n, null),
		intColumn(c.NetIn, n, null), intColumn(c.NetOut, n, null), intColumn(c.DiskRead, n, null),
		intColumn(c.DiskWrite, n, null), intColumn(c.DiskOps, n, null), intColumn(c.Line, n, null),
	}
	c.renew(n)
	return recordOf(SampleSchema, cols, n)
}

// shorts and longs are the columns.
func (c *SampleColumns) shorts() [10]*[]int32 {
	return [...]*[]int32{&c.Resource, &c.VM, &c.Size, &c.Region, &c.Seconds, &c.CPUAvg, &c.CPUMax, &c.CPUMin, &c.MemoryUsed, &c.Part}
}

func (c *SampleColumns) longs() [8]*[]int64 {
	return [...]*[]int64{&c.Start, &c.Line, &c.MemoryAvailable, &c.NetIn, &c.NetOut, &c.DiskRead, &c.DiskWrite, &c.DiskOps}
}

// Take appends n rows of other columns with the same dictionaries, from their row at on. Both fill the same columns.
func (c *SampleColumns) Take(from *SampleColumns, at, n int) {
	theirs := from.shorts()
	for i, s := range c.shorts() {
		if len(*theirs[i]) > 0 {
			*s = append(*s, (*theirs[i])[at:at+n]...)
		}
	}
	large := from.longs()
	for i, s := range c.longs() {
		if len(*large[i]) > 0 {
			*s = append(*s, (*large[i])[at:at+n]...)
		}
	}
}

// Truncate cuts all columns to at most n rows.
func (c *SampleColumns) Truncate(n int) {
	for _, s := range c.shorts() {
		*s = (*s)[:min(n, len(*s))]
	}
	for _, s := range c.longs() {
		*s = (*s)[:min(n, len(*s))]
	}
}

// Reset drops all rows.
func (c *SampleColumns) Reset() { c.Truncate(0) }

// renew gives the columns in use new slices of the same size, from records that were released where there are some.
func (c *SampleColumns) renew(n int) {
	for _, s := range c.shorts() {
		if *s != nil {
			*s = arrow.Int32Traits.CastFromBytes(reused(4 * n))[:0]
		}
	}
	for _, s := range c.longs() {
		if *s != nil {
			*s = arrow.Int64Traits.CastFromBytes(reused(8 * n))[:0]
		}
	}
}

// spare keeps the memory of released columns. A record that somebody retains keeps its own.
type spare struct{ pool sync.Pool }

var spares = &spare{}

// reused returns at least n bytes, all of them usable.
func reused(n int) []byte {
	if p, ok := spares.pool.Get().(*[]byte); ok && cap(*p) >= n {
		return (*p)[:cap(*p)]
	}
	return arrow.Int64Traits.CastToBytes(make([]int64, (n+7)/8))
}

// Allocate is not used: columns bring their memory.
func (s *spare) Allocate(n int) []byte { return make([]byte, n) }

// Reallocate is not used: columns do not grow.
func (s *spare) Reallocate(n int, b []byte) []byte { return append(make([]byte, 0, n), b...)[:n] }

// Free takes back the memory of a column whose last holder released it.
func (s *spare) Free(b []byte) {
	if b = b[:cap(b)&^7]; cap(b) >= 1024 {
		s.pool.Put(&b)
	}
}

// lent returns an array over memory that goes back to spares.
func lent(t arrow.DataType, n int, values, valid []byte, missing int) arrow.Array {
	data := array.NewData(t, n, []*memory.Buffer{bitmap(valid, missing), memory.NewBufferWithAllocator(values, spares)}, nil, missing, 0)
	for _, b := range data.Buffers() {
		if b != nil {
			b.Release() // the data holds them now
		}
	}
	defer data.Release()
	return array.MakeFromData(data)
}

// allNull is the memory of columns that are null throughout: zeros, shared by all of them.
type allNull struct{ zeros []byte }

var nothing = allNull{zeros: make([]byte, 8<<13)}

func nullsFor(n int) allNull {
	if 8*n <= len(nothing.zeros) {
		return nothing
	}
	return allNull{zeros: make([]byte, 8*n)}
}

func (z allNull) array(t arrow.DataType, width, n int) arrow.Array {
	data := array.NewData(t, n, []*memory.Buffer{memory.NewBufferBytes(z.zeros[:bitutil.BytesForBits(int64(n))]), memory.NewBufferBytes(z.zeros[:width*n])}, nil, n, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// intColumn wraps values, whose NullInt are null.
func intColumn(values []int64, n int, null allNull) arrow.Array {
	if len(values) == 0 && n > 0 {
		return null.array(arrow.PrimitiveTypes.Int64, 8, n)
	}
	var valid []byte
	missing := 0
	for i, v := range values {
		if v == NullInt {
			if valid == nil {
				valid = allValid(n)
			}
			bitutil.ClearBit(valid, i)
			values[i] = 0
			missing++
		}
	}
	return lent(arrow.PrimitiveTypes.Int64, n, arrow.Int64Traits.CastToBytes(values), valid, missing)
}

// percentColumn wraps values, whose NullPercent are null.
func percentColumn(values []int32, n int, null allNull) arrow.Array {
	if len(values) == 0 && n > 0 {
		return null.array(arrow.PrimitiveTypes.Int32, 4, n)
	}
	var valid []byte
	missing := 0
	for i, v := range values {
		if v == NullPercent {
			if valid == nil {
				valid = allValid(n)
			}
			bitutil.ClearBit(valid, i)
			values[i] = 0
			missing++
		}
	}
	return lent(arrow.PrimitiveTypes.Int32, n, arrow.Int32Traits.CastToBytes(values), valid, missing)
}

// wordsColumn wraps indexes, of which -1 is null.
func wordsColumn(index []int32, n int, w *Words, null allNull) arrow.Array {
	if len(index) == 0 && n > 0 {
		data := array.NewData(word, n, []*memory.Buffer{memory.NewBufferBytes(null.zeros[:bitutil.BytesForBits(int64(n))]), memory.NewBufferBytes(null.zeros[:4*n])}, nil, n, 0)
		defer data.Release()
		data.SetDictionary(w.array().Data())
		return array.NewDictionaryData(data)
	}
	var valid []byte
	missing := 0
	for i, v := range index {
		if v < 0 {
			if valid == nil {
				valid = allValid(n)
			}
			bitutil.ClearBit(valid, i)
			index[i] = 0
			missing++
		}
	}
	values := memory.NewBufferWithAllocator(arrow.Int32Traits.CastToBytes(index), spares)
	data := array.NewData(word, n, []*memory.Buffer{bitmap(valid, missing), values}, nil, missing, 0)
	values.Release()
	defer data.Release()
	data.SetDictionary(w.array().Data())
	return array.NewDictionaryData(data)
}

func allValid(n int) []byte {
	valid := make([]byte, bitutil.BytesForBits(int64(n)))
	for i := range valid {
		valid[i] = 0xff
	}
	return valid
}
