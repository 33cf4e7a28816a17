package ingest

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
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
	if !c.coded.turned(r, c.slots) {
		return c.search(r, of)
	}
	return c.coded.find(r.n, of)
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
	if c.coded.open {
		return c.coded.add(value)
	}
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
