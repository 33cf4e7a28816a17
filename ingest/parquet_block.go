package ingest

import (
	"bytes"
	"encoding/binary"
	"fmt"
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
	at      []int32  // the value of each row, -1 for null; nil where row i has value i
	room    *[]int32 // that at lies in, nil where it lies in none of its own
	codes   []int32  // into dict, instead of the next four
	dict    *dictOf  // texts of all codes, and numbers
	longs   []int64  // INT64 and INT32
	doubles []float64
	bytes   []byte // texts, one behind the other
	offsets []uint32

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
		if c != nil && c.page != nil {
			c.page.release()
			c.page = nil
		}
		if c != nil && c.room != nil {
			rooms.Put(c.room)
			c.room, c.at = nil, nil
		}
	}
}

// rooms keeps slices of blockRows places, and noRows is one for columns that are null throughout.
var (
	rooms  = sync.Pool{New: func() any { return new(make([]int32, blockRows)) }}
	noRows = slices.Repeat([]int32{-1}, blockRows)
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

// pageReader cuts the pages of a column of a row group into columns of blocks.
type pageReader struct {
	valueForm
	pages         parquet.Pages
	dict          *dictOf
	named         parquet.Dictionary // of which dict was made
	all           blockColumn        // the page
	levels        []byte             // of the page: 0 for null; empty where all rows have values, or none has
	values, value int                // of the page, and those before next
	rows          int                // of the page
	next          int                // its first row that no block has
	field         int
}

// ready reads the next page where the last one is used up, and returns how many rows of it are left.
func (p *pageReader) ready() (int, error) {
	for p.next == p.rows {
		p.drop()
		page, err := p.pages.ReadPage()
		if err != nil {
			return 0, err
		}
		p.rows, p.next = int(page.NumRows()), 0
		p.all = blockColumn{valueForm: &p.valueForm, page: &heldPage{page: page}}
		p.all.page.uses.Store(1)
		if err := p.open(page); err != nil {
			return 0, err
		}
	}
	return p.rows - p.next, nil
}

func (p *pageReader) drop() {
	if p.all.page != nil {
		p.all.page.release()
		p.all.page = nil
	}
}

// open takes the values of a page and holds them against each other, so that nobody behind meets a damaged one.
func (p *pageReader) open(page parquet.Page) error {
	c, values := &p.all, 0
	data := page.Data()
	switch dict := page.Dictionary(); {
	case dict != nil:
		if p.dict == nil || p.named != dict {
			p.dict, p.named = p.readDictionary(dict), dict
		}
		c.dict, c.codes = p.dict, data.Int32()
		values = len(c.codes)
		for _, code := range c.codes {
			if uint(code) >= uint(len(c.dict.texts)) {
				return fmt.Errorf("code %d of a dictionary of %d", code, len(c.dict.texts))
			}
		}
	case page.NumNulls() == page.NumRows():
	default:
		values = p.plain(page)
	}
	p.levels, p.values, p.value = page.DefinitionLevels(), values, 0
	switch n := len(p.levels); {
	case n == 0 && page.NumNulls() == 0 && values != p.rows:
		return fmt.Errorf("%d values of %d rows", values, p.rows)
	case n > 0 && n != p.rows:
		return fmt.Errorf("%d levels of %d rows", n, p.rows)
	case n > 0 && n-bytes.Count(p.levels, []byte{0}) != values:
		return fmt.Errorf("%d values, %d levels of them", values, n-bytes.Count(p.levels, []byte{0}))
	}
	return nil
}

// plain takes the values of a page without a dictionary and returns their number. Unusual types become texts at once.
func (p *pageReader) plain(page parquet.Page) int {
	c, data := &p.all, page.Data()
	switch kind := page.Type().Kind(); {
	case kind == parquet.Int64:
		c.longs = data.Int64()
		return len(c.longs)
	case kind == parquet.Int32:
		c.longs = widened(data.Int32())
		return len(c.longs)
	case kind == parquet.Double:
		c.doubles = data.Double()
		return len(c.doubles)
	case kind == parquet.ByteArray && !p.decimal:
		c.bytes, c.offsets = data.ByteArray()
		for i := 1; i < len(c.offsets); i++ {
			if c.offsets[i] < c.offsets[i-1] || int(c.offsets[i]) > len(c.bytes) {
				panic("texts lie outside of their page")
			}
		}
		return max(0, len(c.offsets)-1)
	}
	c.offsets = []uint32{0}
	var some [64]parquet.Value
	for values := page.Values(); ; {
		n, err := values.ReadValues(some[:])
		for _, v := range some[:n] {
			if !v.IsNull() {
				c.bytes = appendText(c.bytes, v, p.element)
				c.offsets = append(c.offsets, uint32(len(c.bytes)))
			}
		}
		if err != nil || n == 0 {
			return len(c.offsets) - 1
		}
	}
}

func widened(values []int32) []int64 {
	out := make([]int64, len(values))
	for i, v := range values {
		out[i] = int64(v)
	}
	return out
}

// readDictionary takes the values of a dictionary.
func (p *pageReader) readDictionary(from parquet.Dictionary) *dictOf {
	d := &dictOf{texts: make([][]byte, from.Len())}
	var all []byte
	ends := make([]int, from.Len())
	for i := range ends {
		v := from.Index(int32(i))
		switch v.Kind() {
		case parquet.Int64:
			d.longs = append(d.longs, v.Int64())
		case parquet.Int32:
			d.longs = append(d.longs, int64(v.Int32()))
		case parquet.Double:
			d.doubles = append(d.doubles, v.Double())
		case parquet.ByteArray:
			if !p.decimal {
				d.texts[i] = v.ByteArray() // in the memory of the dictionary
				continue
			}
		}
		all = appendText(all, v, p.element)
		ends[i] = len(all)
	}
	from0 := 0
	for i, end := range ends {
		if end > 0 {
			d.texts[i] = all[from0:end:end]
			from0 = end
		}
		d.longest = max(d.longest, len(d.texts[i]))
		d.odd = d.odd || faultOf(d.texts[i]) != nil
	}
	d.odd = d.odd || d.longest > p.field
	return d
}

// faultOf returns why a cell is no text.
func faultOf(cell []byte) error {
	if plainBytes(cell) {
		return nil
	}
	if err := soundText(cell); err != nil || cell[len(cell)-1] != '\r' {
		return err
	}
	return errControl
}

// take returns the next n rows of the page.
func (p *pageReader) take(n int) *blockColumn {
	from, to := p.next, p.next+n
	p.next = to
	c := p.all
	c.page.uses.Add(1)
	first := p.value
	if len(p.levels) > 0 {
		p.value += n - bytes.Count(p.levels[from:to], []byte{0})
	} else {
		p.value = min(p.values, first+n)
	}
	switch have := p.value - first; {
	case have == 0:
		c.at = noRows[:n]
		return &c
	case have < n:
		c.room = rooms.Get().(*[]int32)
		c.at = (*c.room)[:n]
		at := int32(first)
		for i, level := range p.levels[from:to] {
			if c.at[i] = -1; level > 0 {
				c.at[i] = at
				at++
			}
		}
		return &c
	}
	from, to = first, p.value
	switch {
	case c.codes != nil:
		c.codes = c.codes[from:to]
	case c.longs != nil:
		c.longs = c.longs[from:to]
	case c.doubles != nil:
		c.doubles = c.doubles[from:to]
	case c.offsets != nil:
		c.offsets = c.offsets[from : to+1]
	}
	return &c
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
