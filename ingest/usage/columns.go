package usage

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/bitutil"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// Texts is a column of texts: Index[i] points into Dict, which is small and shared by many rows, so that a caller
// resolves each distinct text once.
type Texts struct {
	Index []int32
	Dict  []string
	nulls nulls
}

// At returns the text of row i, and false where it is null.
func (t *Texts) At(i int) (string, bool) {
	if t.nulls.at(i) {
		return "", false
	}
	return t.Dict[t.Index[i]], true
}

// Text returns the text of row i, "" where it is null.
func (t *Texts) Text(i int) string {
	s, _ := t.At(i)
	return s
}

// Null reports whether row i is null.
func (t *Texts) Null(i int) bool { return t.nulls.at(i) }

// Ints is a nullable column of 64-bit integers. Values of null rows mean nothing.
type Ints struct {
	Values []int64
	nulls  nulls
}

// At returns the value of row i, and false where it is null.
func (n *Ints) At(i int) (int64, bool) { return n.Values[i], !n.nulls.at(i) }

// Hundredths is a nullable column of percentages in hundredths of a point.
type Hundredths struct {
	Values []int32
	nulls  nulls
}

// At returns the value of row i, and false where it is null.
func (h *Hundredths) At(i int) (int32, bool) { return h.Values[i], !h.nulls.at(i) }

// nulls is a validity bitmap as Arrow keeps it; an empty one means that no row is null.
type nulls struct {
	bits   []byte
	offset int
}

func (n nulls) at(i int) bool { return len(n.bits) > 0 && !bitutil.BitIsSet(n.bits, n.offset+i) }

func nullsOf(a arrow.Array) nulls {
	if a.NullN() == 0 {
		return nulls{}
	}
	return nulls{bits: a.NullBitmapBytes(), offset: a.Data().Offset()}
}

func textsOf(a arrow.Array) Texts {
	d := a.(*array.Dictionary)
	words := d.Dictionary().(*array.String)
	dict := make([]string, words.Len())
	for i := range dict {
		dict[i] = words.Value(i)
	}
	return Texts{Index: d.Indices().(*array.Int32).Int32Values(), Dict: dict, nulls: nullsOf(a)}
}

func intsOf(a arrow.Array) Ints {
	v := a.(*array.Int64)
	return Ints{Values: v.Int64Values(), nulls: nullsOf(a)}
}

// wordsOf wraps row indexes and their dictionary as an Arrow array; an index below 0 is null.
func wordsOf(index []int32, dict *array.String) arrow.Array {
	clean, valid, missing := make([]int32, len(index)), make([]byte, bitutil.BytesForBits(int64(len(index)))), 0
	for i, at := range index {
		if at < 0 {
			missing++
			continue
		}
		clean[i] = at
		bitutil.SetBit(valid, i)
	}
	data := array.NewData(word, len(clean), []*memory.Buffer{bitmap(valid, missing), memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(clean))}, nil, missing, 0)
	defer data.Release()
	data.SetDictionary(dict.Data())
	return array.NewDictionaryData(data)
}

func bitmap(valid []byte, missing int) *memory.Buffer {
	if missing == 0 {
		return nil
	}
	return memory.NewBufferBytes(valid)
}
