package ingest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"

	"github.com/parquet-go/bitpack"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// columnPages is a column of a row group on its way into blocks.
type columnPages interface {
	// ready goes on to the next page where the last one is used up, and returns how many rows of it are left.
	ready() (int, error)
	// take returns the next rows, which ready has promised.
	take(n int) (*blockColumn, error)
	close()
}

// rawPages reads the pages of a column of the usual kinds and encodings itself. A page stays as it was unpacked, some bits a
// row, and its values become those of a block when the block is cut: where parquet-go decodes a page at once, a row group of
// a hundred thousand rows in one page would stand in memory several times over. What is unusual is left to pageReader.
type rawPages struct {
	valueForm
	kind     parquet.Kind
	optional bool
	field    int
	book     *codeBook
	file     *bufio.Reader
	header   *thrift.Decoder
	codec    compress.Codec
	most     int64 // bytes of a page
	begun    bool  // a page was opened

	packed, page []byte // as it lies in the file, and unpacked; both with spare bytes behind
	dict         *dictOf
	levels       hybrid // 0 for null, where some rows may be
	nullable     bool
	coded        bool
	codes        hybrid
	values       []byte // where they are not coded
	left         int    // rows
	marks        []int32
}

// errUnusual is a page that rawPages does not read.
var errUnusual = errors.New("an unusual page")

// plainDictionary is what old writers call the encoding of codes, which most files of today still do.
const plainDictionary format.Encoding = 2

// spare is how many bytes behind a page can be read.
const spare = bitpack.PaddingInt32 + 8

// newRawPages returns the pages of a column, nil where they are of an unusual kind.
func newRawPages(r io.ReaderAt, chunk parquet.ColumnChunk, meta *format.ColumnMetaData, form valueForm) *rawPages {
	p := &rawPages{valueForm: form, kind: chunk.Type().Kind()}
	switch {
	case p.kind == parquet.Int32, p.kind == parquet.Int64, p.kind == parquet.Double:
	case p.kind == parquet.ByteArray && !form.decimal:
	default:
		return nil
	}
	for _, e := range meta.Encoding {
		switch e {
		case format.Plain, plainDictionary, format.RLEDictionary, format.RLE, format.BitPacked:
		default:
			return nil
		}
	}
	node, ok := chunk.(interface{ Node() parquet.Node })
	if !ok {
		return nil
	}
	p.optional = node.Node().Optional()
	if meta.Codec != format.Uncompressed {
		p.codec = parquet.LookupCompressionCodec(meta.Codec)
	}
	at := meta.DataPageOffset
	if meta.DictionaryPageOffset != 0 {
		at = meta.DictionaryPageOffset
	}
	p.most = max(slack, meta.TotalCompressedSize, meta.TotalUncompressedSize)
	p.file = bufio.NewReaderSize(io.NewSectionReader(r, at, meta.TotalCompressedSize), 16<<10)
	p.header = thrift.NewDecoder((&thrift.CompactProtocol{}).NewReader(p.file))
	return p
}

func (p *rawPages) close() {}

func (p *rawPages) ready() (int, error) {
	for p.left == 0 {
		var h format.PageHeader
		if err := p.header.Decode(&h); err != nil {
			return 0, err
		}
		if err := p.fetch(&h); err != nil {
			return 0, err
		}
		var err error
		switch {
		case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
			err = p.openDictionary(&h)
		case h.Type == format.DataPage && h.DataPageHeader.Valid:
			err = p.openFirst(&h)
		case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
			err = p.openSecond(&h)
		}
		if err != nil {
			return 0, err
		}
	}
	return p.left, nil
}

// fetch reads a page as it lies in the file.
func (p *rawPages) fetch(h *format.PageHeader) error {
	n := int64(h.CompressedPageSize)
	if n < 0 || n > p.most || h.UncompressedPageSize < 0 || int64(h.UncompressedPageSize) > p.most {
		return fmt.Errorf("a page of %d bytes, %d unpacked, is larger than its column", n, h.UncompressedPageSize)
	}
	p.packed = roomFor(p.packed, int(n))
	if _, err := io.ReadFull(p.file, p.packed); err != nil {
		return err
	}
	if h.CRC != 0 && uint32(h.CRC) != crc32.ChecksumIEEE(p.packed) {
		return errors.New("a page has another checksum than it says")
	}
	return nil
}

// roomFor returns a slice of n bytes with spare ones behind, in the memory of s where that is enough.
func roomFor(s []byte, n int) []byte {
	if cap(s) < n+spare {
		s = make([]byte, n+spare)
	}
	return s[:n]
}

// unpack returns what a page or the part of one is unpacked, in the memory of room.
func (p *rawPages) unpack(room, packed []byte, size int) ([]byte, error) {
	if p.codec == nil {
		return packed, nil
	}
	room = roomFor(room, max(0, size))
	out, err := p.codec.Decode(room, packed)
	if err == nil && cap(out) < len(out)+spare {
		out = append(roomFor(nil, len(out))[:0], out...)
	}
	return out, err
}

// openDictionary reads the dictionary, whose texts stay where it was unpacked.
func (p *rawPages) openDictionary(h *format.PageHeader) error {
	if p.dict != nil {
		return nil
	}
	n := int(h.DictionaryPageHeader.V.NumValues)
	data, err := p.unpack(nil, p.packed, int(h.UncompressedPageSize))
	if err != nil {
		return err
	}
	if p.codec == nil {
		p.packed = nil // it is the dictionary's now
	}
	if n < 0 || n > len(data) {
		return fmt.Errorf("a dictionary of %d values in %d bytes", n, len(data))
	}
	values := make([]parquet.Value, 0, n)
	for range n {
		var v parquet.Value
		if v, data, err = p.value(data); err != nil {
			return err
		}
		values = append(values, v)
	}
	p.dict = p.dictionary(n, func(i int) parquet.Value { return values[i] }, p.field, p.book)
	return nil
}

var errShort = fmt.Errorf("a page ends in the middle of its values: %w", io.ErrUnexpectedEOF)

// value reads the first value of plain data.
func (p *rawPages) value(data []byte) (v parquet.Value, rest []byte, err error) {
	size := 8
	switch p.kind {
	case parquet.Int32:
		size = 4
	case parquet.ByteArray:
		text, rest, ok := firstText(data)
		if !ok {
			return v, nil, errShort
		}
		return parquet.ByteArrayValue(text), rest, nil
	}
	if len(data) < size {
		return v, nil, errShort
	}
	switch p.kind {
	case parquet.Int32:
		v = parquet.Int32Value(int32(binary.LittleEndian.Uint32(data)))
	case parquet.Int64:
		v = parquet.Int64Value(int64(binary.LittleEndian.Uint64(data)))
	default:
		v = parquet.DoubleValue(math.Float64frombits(binary.LittleEndian.Uint64(data)))
	}
	return v, data[size:], nil
}

// firstText cuts the first text, behind its length, from plain data.
func firstText(data []byte) (text, rest []byte, ok bool) {
	if len(data) < 4 {
		return nil, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(data))
	if n > uint64(len(data)-4) {
		return nil, nil, false
	}
	return data[4 : 4+n : 4+n], data[4+n:], true
}

// openFirst opens a page of the first version: levels and values are packed together.
func (p *rawPages) openFirst(h *format.PageHeader) (err error) {
	v := &h.DataPageHeader.V
	if p.optional && v.DefinitionLevelEncoding != format.RLE {
		return errUnusual
	}
	if p.page, err = p.unpack(p.page, p.packed, int(h.UncompressedPageSize)); err != nil {
		return err
	}
	data := p.page
	if p.nullable = p.optional; p.nullable {
		levels, rest, ok := firstText(data)
		if !ok {
			return errShort
		}
		p.levels = newHybrid(data[4:4+len(levels)], 1)
		data = rest
	}
	return p.open(int(v.NumValues), v.Encoding, data)
}

// openSecond opens a page of the second version: levels lie in front of the values, and are not packed.
func (p *rawPages) openSecond(h *format.PageHeader) (err error) {
	v := &h.DataPageHeaderV2.V
	repeated, levels := int64(v.RepetitionLevelsByteLength), int64(v.DefinitionLevelsByteLength)
	if repeated < 0 || levels < 0 || repeated+levels > int64(len(p.packed)) {
		return errShort
	}
	packed := p.packed[repeated+levels:]
	p.nullable = p.optional && levels > 0
	p.levels = newHybrid(p.packed[repeated:repeated+levels], 1)
	if v.IsCompressed.Valid && !v.IsCompressed.V {
		return p.open(int(v.NumValues), v.Encoding, packed)
	}
	if p.page, err = p.unpack(p.page, packed, int(h.UncompressedPageSize)-int(repeated+levels)); err != nil {
		return err
	}
	return p.open(int(v.NumValues), v.Encoding, p.page)
}

// open begins with the values of a page.
func (p *rawPages) open(rows int, encoding format.Encoding, data []byte) error {
	if rows < 0 {
		return fmt.Errorf("a page of %d rows", rows)
	}
	p.values, p.codes = nil, hybrid{}
	switch p.coded = encoding == plainDictionary || encoding == format.RLEDictionary; {
	case !p.coded && encoding != format.Plain:
		return errUnusual
	case !p.coded:
		p.values = data
	case p.dict == nil:
		return errors.New("codes without a dictionary")
	case len(data) > 0:
		if data[0] > 32 {
			return fmt.Errorf("codes of %d bits", data[0])
		}
		p.codes = newHybrid(data[1:], int(data[0]))
	}
	p.left, p.begun = rows, true
	return nil
}

// take returns the next rows as a column of a block.
func (p *rawPages) take(n int) (*blockColumn, error) {
	c, have := &blockColumn{valueForm: &p.valueForm}, n
	p.left -= n
	if level, same := p.levels.same(n); p.nullable && same {
		if level == 0 {
			c.at, have = noRows[:n], 0
		}
	} else if p.nullable {
		p.marks = slices.Grow(p.marks[:0], n)[:n]
		if !p.levels.next(p.marks) {
			return nil, errShort
		}
		have = c.mark(p.marks)
	}
	switch {
	case p.coded:
		return c, p.takeCodes(c, have)
	case p.kind == parquet.ByteArray:
		return c, p.texts(c, have)
	}
	return c, p.numbers(c, have)
}

// takeCodes takes the next codes.
func (p *rawPages) takeCodes(c *blockColumn, n int) error {
	c.dict = p.dict
	most := uint32(0)
	if code, same := p.codes.same(n); same && code == 0 {
		c.codes = firstCodes[:n]
	} else {
		c.rooms.codes = rooms.Get().(*[]int32)
		c.codes = (*c.rooms.codes)[:n]
		if same {
			fill(c.codes, code)
		} else if !p.codes.next(c.codes) {
			return errShort
		}
		for _, code := range c.codes {
			most = max(most, uint32(code))
		}
	}
	if n > 0 && int64(most) >= int64(len(c.dict.texts)) {
		return fmt.Errorf("code %d of a dictionary of %d", most, len(c.dict.texts))
	}
	return nil
}

// firstCodes are those of rows that all have the first text of a dictionary.
var firstCodes [blockRows]int32

func fill(out []int32, number int32) {
	for i := range out {
		out[i] = number
	}
}

// mark sets the places of the values of rows with levels, and returns how many there are.
func (c *blockColumn) mark(levels []int32) int {
	have := 0
	for _, level := range levels {
		have += int(level)
	}
	switch have {
	case len(levels):
		return have
	case 0:
		c.at = noRows[:len(levels)]
		return 0
	}
	c.rooms.at = rooms.Get().(*[]int32)
	c.at = (*c.rooms.at)[:len(levels)]
	at := int32(0)
	for i, level := range levels {
		if c.at[i] = -1; level > 0 {
			c.at[i] = at
			at++
		}
	}
	return have
}

// texts copies texts from the page to a block.
func (p *rawPages) texts(c *blockColumn, n int) error {
	c.rooms.bytes, c.rooms.offsets = byteRooms.Get().(*[]byte), rooms.Get().(*[]int32)
	out, offsets := (*c.rooms.bytes)[:0], (*c.rooms.offsets)[:n+1]
	offsets[0] = 0
	for i := range n {
		text, rest, ok := firstText(p.values)
		if !ok || len(out)+len(text) > math.MaxInt32 {
			return errShort
		}
		out, p.values = append(out, text...), rest
		offsets[i+1] = int32(len(out))
	}
	*c.rooms.bytes = out
	c.bytes, c.offsets = out, offsets
	return nil
}

// numbers copies numbers from the page to a block.
func (p *rawPages) numbers(c *blockColumn, n int) error {
	size := 8
	if p.kind == parquet.Int32 {
		size = 4
	}
	if len(p.values) < n*size {
		return errShort
	}
	data := p.values[:n*size]
	p.values = p.values[n*size:]
	if p.kind == parquet.Double {
		c.rooms.doubles = doubleRooms.Get().(*[]float64)
		c.doubles = (*c.rooms.doubles)[:n]
		for i := range c.doubles {
			c.doubles[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
		return nil
	}
	c.rooms.longs = longRooms.Get().(*[]int64)
	c.longs = (*c.rooms.longs)[:n]
	for i := range c.longs {
		if size == 4 {
			c.longs[i] = int64(int32(binary.LittleEndian.Uint32(data[4*i:])))
		} else {
			c.longs[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
		}
	}
	return nil
}
