package ingest

import (
	"math/bits"
	"slices"
	"sync"
)

// A dictionary of a Parquet file holds the texts of one column in one row group, and the next row group numbers the same
// texts anew. codeBook numbers the texts of a column through the whole file, so that combinations of cells that were
// understood in one row group are known in the next.
type codeBook struct {
	mu    sync.Mutex
	known map[string]int32
	last  int32 // number given last; 0 is null
	size  int   // bytes of texts in known
}

// codeBookBytes bounds the texts that a book remembers. Behind it the same text gets another number, and is understood anew.
const codeBookBytes = 8 << 20

// numbers returns the number of each text of a dictionary.
func (k *codeBook) numbers(texts [][]byte) []int32 {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make([]int32, len(texts))
	for i, text := range texts {
		n, ok := k.known[string(text)]
		if !ok {
			if k.size += len(text) + 16; k.known == nil || k.size > codeBookBytes {
				k.known, k.size = map[string]int32{}, len(text)
			}
			k.last++
			n = k.last
			k.known[string(text)] = n
		}
		out[i] = n
	}
	return out
}

// codedColumn is a column of a block that tells combinations apart.
type codedColumn struct {
	*blockColumn
	numbers []int32 // of the codes; nil where all rows are null
	shift   int     // of the number in the key
}

// codedSlot is what a table was made for: whether the cells of a slot tell its combinations apart, or the number that they all have.
type codedSlot struct {
	counts bool
	only   int32
	bits   int // that a number has in the key
}

// codedKey is a combination: the numbers of its cells, side by side, and the number that find is given.
type codedKey struct {
	low, high uint64
	of        uint32
}

func (k codedKey) hash() uint64 {
	high, low := bits.Mul64(k.low^0x9e3779b97f4a7c15, k.high^uint64(k.of)<<32^0xbf58476d1ce4e5b9)
	return high ^ low
}

// coded knows combinations by the numbers that their cells have in the code books of a Parquet file.
type coded[T any] struct {
	block   *block
	columns []codedColumn
	slots   []codedSlot
	usable  bool // all cells of the block have codes, and the key has room for them
	table   []*codedCombo[T]
	n       int
	last    *codedCombo[T]
	key     codedKey // of the row that was looked up last
	open    bool     // which was new: add must follow
	all     bool     // most rows are looked up: keys are made for a block at once
	keys    []codedKey
}

// codedCombo is a combination by its key.
type codedCombo[T any] struct {
	key codedKey
	combo[T]
}

// codedMost is the most combinations that are remembered: of machines some 25 MB a worker.
const codedMost = 1 << 15

// find returns a combination, nil where it is new.
func (c *coded[T]) find(row int, of uint32) *combo[T] {
	var key codedKey
	if c.all {
		key = c.keys[row]
	} else {
		key = keyOf(c.columns, row)
	}
	key.of = of
	if c.last != nil && c.last.key == key {
		return &c.last.combo
	}
	mask := uint64(len(c.table) - 1)
	for at := key.hash(); ; at++ {
		known := c.table[at&mask]
		if known == nil {
			c.key, c.open = key, true
			return nil
		}
		if known.key == key {
			c.last = known
			return &known.combo
		}
	}
}

// keyOf returns the key of a row.
func keyOf(columns []codedColumn, row int) (key codedKey) {
	for i := range columns {
		column, at := &columns[i], row
		if column.at != nil {
			at = int(column.at[row])
		}
		if at < 0 || column.numbers == nil {
			continue
		}
		n := uint64(column.numbers[column.codes[at]])
		if column.shift < 64 {
			key.low |= n << column.shift
		} else {
			key.high |= n << (column.shift - 64)
		}
	}
	return key
}

// fill makes the keys of all rows of the block, a column at a time.
func (c *coded[T]) fill() {
	c.keys = slices.Grow(c.keys[:0], c.block.rows)[:c.block.rows]
	clear(c.keys)
	for i := range c.columns {
		column := &c.columns[i]
		numbers, shift := column.numbers, column.shift
		if numbers == nil || column.at != nil || shift >= 64 {
			for row := range c.keys {
				key := keyOf(c.columns[i:i+1], row)
				c.keys[row].low |= key.low
				c.keys[row].high |= key.high
			}
			continue
		}
		for row, code := range column.codes[:len(c.keys)] {
			c.keys[row].low |= uint64(numbers[code]) << (shift & 63)
		}
	}
}

// add gives the combination that was looked up last its meaning.
func (c *coded[T]) add(value T) *combo[T] {
	if c.n >= codedMost {
		c.forget()
	}
	known := &codedCombo[T]{key: c.key, combo: combo[T]{value: value}}
	if c.n++; 2*c.n > len(c.table) {
		old := c.table
		c.table = make([]*codedCombo[T], 2*len(old))
		for _, k := range old {
			if k != nil {
				c.place(k)
			}
		}
	}
	c.place(known)
	c.last, c.open = known, false
	return &known.combo
}

func (c *coded[T]) place(known *codedCombo[T]) {
	at, mask := known.key.hash(), uint64(len(c.table)-1)
	for c.table[at&mask] != nil {
		at++
	}
	c.table[at&mask] = known
}

func (c *coded[T]) forget() { c.table, c.n, c.last = make([]*codedCombo[T], 64), 0, nil }

// turned reports whether the cells of a row have codes, after finding out where those of its block lie.
func (c *coded[T]) turned(r *row, slots []int) bool {
	if c.block != r.block {
		c.turn(r, slots)
	}
	return c.usable
}

// turn finds out where the codes of another block lie. The table is of no use any more where cells that were the same in all
// rows so far differ now, or a number does not fit.
func (c *coded[T]) turn(r *row, slots []int) {
	c.block, c.columns, c.usable, c.open = r.block, c.columns[:0], false, false
	fresh := c.slots == nil
	if fresh {
		c.slots = make([]codedSlot, len(slots))
	}
	anew, shift := fresh, 0
	defer func() {
		if anew {
			c.forget()
		}
	}()
	for k, slot := range slots {
		column, s := r.block.columns[r.cols[slot]], &c.slots[k]
		var numbers []int32
		only, most, one := int32(0), int32(0), true // null in all rows
		if !column.none(0, r.block.rows) {
			if column.dict == nil {
				return
			}
			numbers, most = column.dict.numbered()
			only, one = most, len(numbers) == 1 && column.at == nil
		}
		if fresh {
			*s = codedSlot{only: only}
		}
		if !s.counts && (!one || only != s.only) {
			s.counts, s.bits, anew = true, bits.Len32(uint32(max(most, s.only))), true
		}
		if !s.counts {
			continue
		}
		if need := bits.Len32(uint32(most)); need > s.bits {
			s.bits, anew = need+1, true
		}
		if c.columns = append(c.columns, codedColumn{column, numbers, shift}); shift%64+s.bits > 64 {
			shift = (shift + 63) / 64 * 64 // a number lies in one word
			c.columns[len(c.columns)-1].shift = shift
		}
		shift += s.bits
	}
	if c.usable = shift <= 128; c.usable && c.all {
		c.fill()
	}
}
