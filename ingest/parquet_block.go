package ingest

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// block is some rows of a Parquet file: the columns that the form of the file needs, as they lie in its pages. It belongs
// to one goroutine at a time.
type block struct {
	rows    int
	line    int64          // number of its first row, from 1
	columns []*blockColumn // by column of the file, nil where it is not needed
	odd     bool           // some cells are no text, or its rows may be too long
}

// blockColumn is the values of a column in a block. Null rows have no value.
type blockColumn struct {
	*valueForm
	page    *heldPage
	rooms   rooming
	at      []int32 // the value of each row, -1 for null; nil where row i has value i
	codes   []int32 // into dict, instead of the next four
	dict    *dictOf // texts of all codes, and numbers
	longs   []int64 // INT64 and INT32
	doubles []float64
	bytes   []byte // texts, one behind the other
	offsets []int32

	shown int // the row whose text is in text, plus 1
	text  []byte
}

// valueForm says what the numbers of a column are.
type valueForm struct {
	element   *format.SchemaElement
	scale     int
	timestamp int64 // units in a second of a point in time, 0 for other numbers
	date      bool  // days since 1970
	decimal   bool
}

// whole reports whether numbers are what they say: no decimals, no times.
func (f *valueForm) whole() bool { return f.scale == 0 && f.timestamp == 0 && !f.date && !f.decimal }

// dictOf is the dictionary of a column in a row group.
type dictOf struct {
	texts   [][]byte
	longs   []int64
	doubles []float64
	odd     bool // some texts are none, or too long
	longest int

	book   *codeBook // of the column
	once   sync.Once
	number []int32 // by code
	most   int32   // the highest of them
}

// numbered returns the numbers that the texts have in the whole file, and the highest of them.
func (d *dictOf) numbered() ([]int32, int32) {
	d.once.Do(func() {
		if d.number = d.book.numbers(d.texts); len(d.number) > 0 {
			d.most = slices.Max(d.number)
		}
	})
	return d.number, d.most
}

// heldPage is a page whose memory goes back when the last block of it was read.
type heldPage struct {
	page parquet.Page
	uses atomic.Int32
}

func (h *heldPage) release() {
	if h.uses.Add(-1) == 0 {
		parquet.Release(h.page)
	}
}

// free gives the pages back. Nothing may point into the block any more.
func (b *block) free() {
	for _, c := range b.columns {
		if c == nil {
			continue
		}
		if c.page != nil {
			c.page.release()
		}
		c.rooms.free()
	}
	b.columns = nil
}

// rooming is memory of a column that goes back when its block was read. What is not used is nil.
type rooming struct {
	at, codes, offsets *[]int32
	longs              *[]int64
	doubles            *[]float64
	bytes              *[]byte
}

func (r *rooming) free() {
	for _, room := range [...]*[]int32{r.at, r.codes, r.offsets} {
		if room != nil {
			rooms.Put(room)
		}
	}
	if r.longs != nil {
		longRooms.Put(r.longs)
	}
	if r.doubles != nil {
		doubleRooms.Put(r.doubles)
	}
	if r.bytes != nil {
		byteRooms.Put(r.bytes)
	}
	*r = rooming{}
}

// rooms keeps slices of blockRows places and one more, and noRows is one for columns that are null throughout.
var (
	rooms       = sync.Pool{New: func() any { return new(make([]int32, blockRows+1)) }}
	longRooms   = sync.Pool{New: func() any { return new(make([]int64, blockRows)) }}
	doubleRooms = sync.Pool{New: func() any { return new(make([]float64, blockRows)) }}
	byteRooms   = sync.Pool{New: func() any { return new([]byte) }}
	noRows      = slices.Repeat([]int32{-1}, blockRows)
)

// cell returns the text of a row and column, empty for null. It is valid until that of another row of the column is asked for.
func (b *block) cell(row, col int) []byte {
	c := b.columns[col]
	if c == nil {
		return nil
	}
	i := row
	if c.at != nil {
		if i = int(c.at[row]); i < 0 {
			return nil
		}
	}
	switch {
	case c.dict != nil:
		return c.dict.texts[c.codes[i]]
	case c.offsets != nil:
		from, to := c.offsets[i], c.offsets[i+1]
		return c.bytes[from:to:to]
	}
	if c.shown != row+1 {
		c.shown = row + 1
		if c.doubles != nil {
			c.text = appendDouble(c.text[:0], c.doubles[i])
		} else {
			c.text = c.appendLong(c.text[:0], c.longs[i])
		}
	}
	return c.text
}

// appendLong appends an integer as the text that a CSV export has for it.
func (f *valueForm) appendLong(out []byte, v int64) []byte {
	if f.whole() {
		return strconv.AppendInt(out, v, 10)
	}
	if f.date {
		return appendText(out, parquet.Int32Value(int32(v)), f.element)
	}
	return appendText(out, parquet.Int64Value(v), f.element)
}

// none reports whether all rows from one to another are null.
func (c *blockColumn) none(from, to int) bool {
	if c == nil {
		return true
	}
	if c.at == nil {
		return false
	}
	for _, i := range c.at[from:to] {
		if i >= 0 {
			return false
		}
	}
	return true
}

// odd reports whether cells of the column are no text or too long, and the length of the longest.
func (c *blockColumn) odd(field int) (odd bool, longest int) {
	switch {
	case c.dict != nil:
		return c.dict.odd, c.dict.longest
	case c.offsets == nil:
		return false, 0
	}
	plain := plainBytes(c.bytes[c.offsets[0]:c.offsets[len(c.offsets)-1]])
	for i := 1; i < len(c.offsets); i++ {
		from, to := c.offsets[i-1], c.offsets[i]
		longest = max(longest, int(to-from))
		odd = odd || !plain && faultOf(c.bytes[from:to]) != nil
	}
	return odd || longest > field, longest
}

// plainBytes reports whether all bytes are from 0x20 to 0x7e.
func plainBytes(text []byte) bool {
	for len(text) >= 8 {
		x := binary.LittleEndian.Uint64(text)
		if (x|(x-ones*0x20)|(x+ones))&highs != 0 {
			return false
		}
		text = text[8:]
	}
	for _, b := range text {
		if b < 0x20 || b > 0x7e {
			return false
		}
	}
	return true
}

// doublesOf returns the doubles of the rows from one to another, NaN for null. They lie in the page where that is possible, else
// in room. It returns false for columns of other types.
func (c *blockColumn) doublesOf(from, to int, room *[]float64) (values []float64, ok bool) {
	if c.doubles != nil && c.at == nil {
		return c.doubles[from:to], true
	}
	if c.doubles == nil && (c.dict == nil || c.dict.doubles == nil) {
		return nil, false
	}
	*room = (*room)[:0]
	for row := from; row < to; row++ {
		i, v := row, math.NaN()
		if c.at != nil {
			i = int(c.at[row])
		}
		if i >= 0 && c.dict != nil {
			v = c.dict.doubles[c.codes[i]]
		} else if i >= 0 {
			v = c.doubles[i]
		}
		*room = append(*room, v)
	}
	return *room, true
}

// longsOf is doublesOf of integers, with usage.NullInt for null.
func (c *blockColumn) longsOf(from, to int, null int64, room *[]int64) (values []int64, ok bool) {
	if c.longs != nil && c.at == nil {
		return c.longs[from:to], true
	}
	if c.longs == nil && (c.dict == nil || c.dict.longs == nil) {
		return nil, false
	}
	*room = (*room)[:0]
	for row := from; row < to; row++ {
		i, v := row, null
		if c.at != nil {
			i = int(c.at[row])
		}
		if i >= 0 && c.dict != nil {
			v = c.dict.longs[c.codes[i]]
		} else if i >= 0 {
			v = c.longs[i]
		}
		*room = append(*room, v)
	}
	return *room, true
}
