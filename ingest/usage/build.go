package usage

import (
	"sync"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Words interns texts: each distinct text has one index. The zero value is ready. Several goroutines may use it at once,
// so that what they read in parallel has one dictionary.
type Words struct {
	mutex   sync.Mutex
	index   map[string]int32
	texts   []byte  // all texts, one behind the other
	offsets []int32 // where each begins, and the end
	dict    *array.String
}

// Index returns the index of text, adding it where it is new. The empty text is null: its index is -1.
func (w *Words) Index(text string) int32 {
	if text == "" {
		return -1
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if at, ok := w.index[text]; ok {
		return at
	}
	return w.add(text)
}

// IndexBytes is Index for bytes; it allocates only where the text is new.
func (w *Words) IndexBytes(text []byte) int32 {
	if len(text) == 0 {
		return -1
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if at, ok := w.index[string(text)]; ok {
		return at
	}
	return w.add(string(text))
}

// Len returns the number of distinct texts.
func (w *Words) Len() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return len(w.index)
}

func (w *Words) add(text string) int32 {
	if w.index == nil {
		w.index = map[string]int32{}
		w.offsets = append(w.offsets[:0], 0) // an empty dictionary may have been handed out before: see array
	}
	at := int32(len(w.index))
	w.index[text] = at
	w.texts = append(w.texts, text...)
	w.offsets = append(w.offsets, int32(len(w.texts)))
	w.dict = nil
	return at
}

// array returns the texts as an Arrow array. It borrows the memory to which later texts are only appended, so that arrays
// made earlier stay what they are and none is copied.
func (w *Words) array() *array.String {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.dict == nil {
		n := len(w.index)
		if n == 0 {
			w.offsets = append(w.offsets[:0], 0)
		}
		offsets := memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(w.offsets[: n+1 : n+1]))
		texts := memory.NewBufferBytes(w.texts[:len(w.texts):len(w.texts)])
		data := array.NewData(arrow.BinaryTypes.String, n, []*memory.Buffer{nil, offsets, texts}, nil, 0, 0)
		defer data.Release()
		w.dict = array.NewStringData(data)
	}
	return w.dict
}

// SampleRow is one row of SampleSchema in Go's terms. An empty text is null, and so is a nil measure.
type SampleRow struct {
	Resource, VM, Size, Region                  string
	Start, Line                                 int64
	Seconds                                     int32
	CPUAvg, CPUMax, CPUMin, MemoryUsed          *int32
	MemoryAvailable                             *int64
	NetIn, NetOut, DiskRead, DiskWrite, DiskOps *int64
}

// SampleBatch gathers sample rows for Record. The zero value is ready.
type SampleBatch struct {
	words [4]Words
	rows  []SampleRow
}

// Append adds a row.
func (b *SampleBatch) Append(row SampleRow) { b.rows = append(b.rows, row) }

// Len returns the number of rows gathered since the last Record.
func (b *SampleBatch) Len() int { return len(b.rows) }

// Record returns the gathered rows as a record of SampleSchema, which the caller releases, and empties the batch.
func (b *SampleBatch) Record() arrow.Record {
	n := len(b.rows)
	cols := make([]arrow.Array, SampleSchema.NumFields())
	for w, at := range []func(*SampleRow) string{
		func(r *SampleRow) string { return r.Resource }, func(r *SampleRow) string { return r.VM },
		func(r *SampleRow) string { return r.Size }, func(r *SampleRow) string { return r.Region },
	} {
		index := make([]int32, n)
		for i := range b.rows {
			index[i] = b.words[w].Index(at(&b.rows[i]))
		}
		cols[w] = wordsOf(index, b.words[w].array())
	}
	cols[4] = numbersOf(n, func(i int) (int64, bool) { return b.rows[i].Start, true })
	cols[5] = percentsOf(n, func(i int) *int32 { return &b.rows[i].Seconds })
	for c, at := range []func(*SampleRow) *int32{
		func(r *SampleRow) *int32 { return r.CPUAvg }, func(r *SampleRow) *int32 { return r.CPUMax },
		func(r *SampleRow) *int32 { return r.CPUMin },
	} {
		cols[6+c] = percentsOf(n, func(i int) *int32 { return at(&b.rows[i]) })
	}
	cols[10] = percentsOf(n, func(i int) *int32 { return b.rows[i].MemoryUsed })
	for col, at := range map[int]func(*SampleRow) *int64{
		9: func(r *SampleRow) *int64 { return r.MemoryAvailable }, 11: func(r *SampleRow) *int64 { return r.NetIn },
		12: func(r *SampleRow) *int64 { return r.NetOut }, 13: func(r *SampleRow) *int64 { return r.DiskRead },
		14: func(r *SampleRow) *int64 { return r.DiskWrite }, 15: func(r *SampleRow) *int64 { return r.DiskOps },
		16: func(r *SampleRow) *int64 { return &r.Line },
	} {
		cols[col] = numbersOf(n, func(i int) (int64, bool) {
			if v := at(&b.rows[i]); v != nil {
				return *v, true
			}
			return 0, false
		})
	}
	b.rows = b.rows[:0]
	return recordOf(SampleSchema, cols, n)
}

func recordOf(schema *arrow.Schema, cols []arrow.Array, n int) arrow.Record {
	rec := array.NewRecord(schema, cols, int64(n))
	for _, c := range cols {
		c.Release()
	}
	return rec
}

func numbersOf(n int, at func(int) (int64, bool)) arrow.Array {
	values, valid, missing := make([]int64, n), make([]byte, bitutil.BytesForBits(int64(n))), 0
	for i := range values {
		v, ok := at(i)
		if !ok {
			missing++
			continue
		}
		values[i] = v
		bitutil.SetBit(valid, i)
	}
	return fixedOf(arrow.PrimitiveTypes.Int64, n, arrow.Int64Traits.CastToBytes(values), valid, missing)
}

func percentsOf(n int, at func(int) *int32) arrow.Array {
	values, valid, missing := make([]int32, n), make([]byte, bitutil.BytesForBits(int64(n))), 0
	for i := range values {
		v := at(i)
		if v == nil {
			missing++
			continue
		}
		values[i] = *v
		bitutil.SetBit(valid, i)
	}
	return fixedOf(arrow.PrimitiveTypes.Int32, n, arrow.Int32Traits.CastToBytes(values), valid, missing)
}

func arrayOf(t arrow.DataType, n int, buffers []*memory.Buffer, missing int) arrow.Array {
	data := array.NewData(t, n, buffers, nil, missing, 0)
	defer data.Release()
	return array.MakeFromData(data)
}
