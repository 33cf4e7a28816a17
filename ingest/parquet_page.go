package ingest

import (
	"bytes"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
)

// pageReader cuts the pages of a column of a row group, as parquet-go decodes them, into columns of blocks.
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
	book          *codeBook
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

func (p *pageReader) close() {
	p.drop()
	p.pages.Close()
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
			p.dict, p.named = p.dictionary(dict.Len(), func(i int) parquet.Value { return dict.Index(int32(i)) }, p.field, p.book), dict
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
		var offsets []uint32
		c.bytes, offsets = data.ByteArray()
		c.offsets = make([]int32, len(offsets))
		for i, at := range offsets {
			if c.offsets[i] = int32(at); at > math.MaxInt32 || int(at) > len(c.bytes) || i > 0 && at < offsets[i-1] {
				panic("texts lie outside of their page")
			}
		}
		return max(0, len(c.offsets)-1)
	}
	c.offsets = []int32{0}
	var some [64]parquet.Value
	for values := page.Values(); ; {
		n, err := values.ReadValues(some[:])
		for _, v := range some[:n] {
			if !v.IsNull() {
				c.bytes = appendText(c.bytes, v, p.element)
				c.offsets = append(c.offsets, int32(len(c.bytes)))
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

// dictionary takes the n values of a dictionary, each of which may have so many bytes.
func (f *valueForm) dictionary(n int, value func(int) parquet.Value, field int, book *codeBook) *dictOf {
	d := &dictOf{texts: make([][]byte, n), book: book}
	var all []byte
	ends := make([]int, n)
	for i := range ends {
		v := value(i)
		switch v.Kind() {
		case parquet.Int64:
			d.longs = append(d.longs, v.Int64())
		case parquet.Int32:
			d.longs = append(d.longs, int64(v.Int32()))
		case parquet.Double:
			d.doubles = append(d.doubles, v.Double())
		case parquet.ByteArray:
			if !f.decimal {
				d.texts[i] = v.ByteArray() // in the memory of the dictionary
				continue
			}
		}
		all = appendText(all, v, f.element)
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
	d.odd = d.odd || d.longest > field
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
func (p *pageReader) take(n int) (*blockColumn, error) {
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
		return &c, nil
	case have < n:
		c.rooms.at = rooms.Get().(*[]int32)
		c.at = (*c.rooms.at)[:n]
		at := int32(first)
		for i, level := range p.levels[from:to] {
			if c.at[i] = -1; level > 0 {
				c.at[i] = at
				at++
			}
		}
		return &c, nil
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
	return &c, nil
}
