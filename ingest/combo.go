package ingest

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// combos knows what the cells of some slots mean together, so that each distinct combination of cells is understood once.
// Exports repeat themselves: the combination that followed the last one the last time is tried first, then the last one,
// and only then the table. It forgets everything when its keys take more than comboBytes.
type combos[T any] struct {
	slots   []int // those that the file has
	last    *combo[T]
	table   []*combo[T] // by hash, open addressing
	n, size int
	seed    maphash.Seed
	key     []byte // of the row that was looked up last
	hash    uint64
	coded   coded[T]
}

// combo is a combination and what it means.
type combo[T any] struct {
	key   []byte // a number, then each cell behind its length
	hash  uint64
	next  *combo[T] // what followed it the last time
	value T
}

// comboBytes bounds the keys of one table: a row of a machine has some 700 bytes that tell who and what it is.
const comboBytes = 16 << 20

// find returns the combination of a row, nil where it is new: then add must follow. of tells apart what the cells alone do not.
func (c *combos[T]) find(r *row, of uint32) *combo[T] {
	if r.block == nil {
		return c.search(r, of)
	}
	known := c.coded.find(r, of, c.slots)
	if known == nil {
		return c.search(r, of)
	}
	if known.combo == nil {
		if known.combo = c.search(r, of); known.combo == nil {
			c.coded.open = known // for add
		}
	}
	return known.combo
}

// search is find for rows whose cells have no codes.
func (c *combos[T]) search(r *row, of uint32) *combo[T] {
	last := c.last
	if last != nil {
		if next := last.next; next != nil && c.matches(next.key, r, of) {
			c.last = next
			return next
		}
		if c.matches(last.key, r, of) {
			return last
		}
	}
	c.key = binary.LittleEndian.AppendUint32(c.key[:0], of)
	for _, slot := range c.slots {
		cell, _ := r.cell(slot)
		c.key = append(binary.LittleEndian.AppendUint32(c.key, uint32(len(cell))), cell...)
	}
	if c.table == nil {
		c.seed = maphash.MakeSeed()
		c.table = make([]*combo[T], 64)
	}
	c.hash = maphash.Bytes(c.seed, c.key)
	for at := c.hash; ; at++ {
		known := c.table[at&uint64(len(c.table)-1)]
		if known == nil {
			return nil
		}
		if known.hash == c.hash && bytes.Equal(known.key, c.key) {
			c.follow(known)
			return known
		}
	}
}

// matches reports whether a row has the cells of a key.
func (c *combos[T]) matches(key []byte, r *row, of uint32) bool {
	if binary.LittleEndian.Uint32(key) != of {
		return false
	}
	at := 4
	for _, slot := range c.slots {
		cell, _ := r.cell(slot)
		n := int(binary.LittleEndian.Uint32(key[at:]))
		if at += 4; n != len(cell) || !bytes.Equal(key[at:at+n], cell) {
			return false
		}
		at += n
	}
	return true
}

// follow remembers what came after the last combination.
func (c *combos[T]) follow(known *combo[T]) {
	if c.last != nil {
		c.last.next = known
	}
	c.last = known
}

// add gives the combination that was looked up last, and was new, its meaning.
func (c *combos[T]) add(value T) *combo[T] {
	if c.size += len(c.key); c.size > comboBytes {
		c.table, c.last, c.n, c.size = make([]*combo[T], 64), nil, 0, len(c.key)
	}
	known := &combo[T]{key: bytes.Clone(c.key), hash: c.hash, value: value}
	if c.n++; 2*c.n > len(c.table) {
		old := c.table
		c.table = make([]*combo[T], 2*len(old))
		for _, k := range old {
			if k != nil {
				c.place(k)
			}
		}
	}
	c.place(known)
	c.follow(known)
	if c.coded.open != nil {
		c.coded.open.combo, c.coded.open = known, nil
	}
	return known
}

// place enters a combination into the table.
func (c *combos[T]) place(known *combo[T]) {
	at := known.hash
	for c.table[at&uint64(len(c.table)-1)] != nil {
		at++
	}
	c.table[at&uint64(len(c.table)-1)] = known
}

// coded knows combinations by the codes that their cells have in the dictionaries of a Parquet file, as long as these last.
type coded[T any] struct {
	block   *block
	columns []*blockColumn // that have a dictionary of more than one text, or nulls
	made    []codedFrom    // what the table was made for
	usable  bool           // all cells have codes, and few enough
	table   []codedCombo[T]
	open    *codedCombo[T] // what add has to fill
}

// codedColumns is the most columns whose codes tell combinations apart.
const codedColumns = 14

// codedCombo is a combination by its codes, the first of which is the number that find is given; nil where it is not known.
type codedCombo[T any] struct {
	codes [codedColumns + 1]int32
	combo *combo[T]
}

// find returns the place of a combination, which is empty where it is new; nil where the cells have no codes.
func (c *coded[T]) find(r *row, of uint32, slots []int) *codedCombo[T] {
	if c.block != r.block {
		c.turn(r, slots)
	}
	if !c.usable {
		return nil
	}
	var codes [codedColumns + 1]int32
	codes[0] = int32(of)
	hash := uint64(of)
	for i, column := range c.columns {
		code := int32(-1)
		if at := column.index(r.n); at >= 0 {
			code = column.codes[at]
		}
		codes[i+1] = code
		hash = (hash ^ uint64(uint32(code))) * 0x9e3779b97f4a7c15
	}
	known := &c.table[hash>>32%uint64(len(c.table))]
	if known.codes != codes || known.combo == nil {
		*known = codedCombo[T]{codes: codes}
	}
	return known
}

// codedFrom is the dictionary of a cell, nil where it is null throughout, and whether its codes tell combinations apart.
type codedFrom struct {
	dict   *dictOf
	counts bool
}

// codedPlaces is the size of the table; of two combinations that want one place the later one has it.
const codedPlaces = 1 << 13

// turn finds out where the codes of another block lie.
func (c *coded[T]) turn(r *row, slots []int) {
	var made []codedFrom
	c.block, c.columns, c.usable, c.open = r.block, c.columns[:0], true, nil
	for _, slot := range slots {
		column := r.block.columns[r.cols[slot]]
		from := codedFrom{}
		if !column.none(0, r.block.rows) {
			if column.dict == nil {
				c.usable = false
				return
			}
			from = codedFrom{column.dict, len(column.dict.texts) > 1 || column.at != nil}
		}
		if made = append(made, from); from.counts {
			c.columns = append(c.columns, column)
		}
	}
	if c.usable = len(c.columns) <= codedColumns; c.usable && !slices.Equal(made, c.made) {
		c.made, c.table = made, make([]codedCombo[T], codedPlaces)
	}
}
