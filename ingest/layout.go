package ingest

import (
	"encoding/binary"
	"math/bits"
)

// masks says what stands where in 64 bytes of text: bit i is byte i.
type masks struct{ delim, line, quote, cr, odd uint64 }

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// masksOf returns the masks of the 64 bytes of block. Odd bytes are those that are not plain ASCII text: above 0x7e, or
// below 0x20 and neither tab nor line end.
func masksOf(block []byte, delim byte) (m masks) {
	d, q := ones*uint64(delim), uint64(ones*'"')
	for i := 0; i < 64; i += 8 {
		x := binary.LittleEndian.Uint64(block[i : i+8])
		m.delim |= gather(zeros(x^d)) << i
		m.line |= gather(zeros(x^ones*'\n')) << i
		m.quote |= gather(zeros(x^q)) << i
		m.cr |= gather(zeros(x^ones*'\r')) << i
		control := ^((x | highs) - ones*0x20) & highs &^ x
		m.odd |= gather((x&highs)|control&^zeros(x^ones*'\t')|zeros(x^ones*0x7f)) << i
	}
	m.odd &^= m.line | m.cr
	return m
}

// zeros returns the high bit of each byte of x that is 0, and nothing else.
func zeros(x uint64) uint64 { return ^(((x & ^uint64(highs)) + (highs - ones)) | x) & highs }

// gather packs the high bits of eight bytes into one byte.
func gather(x uint64) uint64 { return (x >> 7) * 0x0102040810204080 >> 56 }

// scan is what the blocks so far tell the next one, and what was found in them. The assembly knows its form.
type scan struct {
	inside  uint64 // all ones where the block begins inside of quotes
	before  uint64 // 1 where a cell begins with the block
	after   uint64 // 1 where a quote closed a cell at the end of the block before
	afterCR uint64 // 1 where that block ended with a carriage return
	odd     uint64 // not 0 where some bytes are odd
	wrapped uint64 // not 0 where line feeds are inside of quotes
	lines   uint64 // line feeds
	broken  uint64 // 1 where the quotes or carriage returns are not where they belong
}

// block takes in the masks of 64 bytes and returns where cells end. open is the bit behind the text, of which nobody knows
// yet what it will be; 0 where the block is full.
func (s *scan) block(m masks, open uint64) (ends uint64) {
	if cr := m.cr<<1 | s.afterCR; cr&^(m.line|open) != 0 {
		s.broken = 1 // a carriage return alone ends no line
	}
	s.afterCR = m.cr >> 63
	s.odd |= m.odd
	s.lines += uint64(bits.OnesCount64(m.line))
	ends = m.delim | m.line
	if m.quote|s.inside|s.after == 0 {
		s.before, s.after = ends>>63, 0
		return ends
	}
	within := prefixXor(m.quote) ^ s.inside
	opens, closes := m.quote&within, m.quote&^within
	ends &^= within
	follow := m.delim | m.line | m.quote | m.cr | open
	if opens&^((ends|closes)<<1|s.before) != 0 || (closes<<1|s.after)&^follow != 0 {
		s.broken = 1
	}
	s.wrapped |= m.line & within
	s.before, s.after = (ends|closes)>>63, closes>>63
	s.inside = uint64(int64(within) >> 63)
	return ends
}

// scanPlain is scanBlocks without wide instructions.
func scanPlain(data []byte, delim byte, ends []uint64, s *scan) {
	for b := range ends {
		if ends[b] = s.block(masksOf(data[64*b:64*b+64], delim), 0); s.broken != 0 {
			return
		}
	}
}

// layout is where the cells of a text end, found without looking at rows.
type layout struct {
	ends    []uint64 // bits of delimiters and line feeds outside of quotes
	cut     int      // offset behind the last line feed outside of quotes
	lines   int      // line feeds before cut
	odd     bool     // some bytes are not plain ASCII text
	wrapped bool     // some line feeds are inside of quotes
	at      []uint32 // see positions
}

// index fills the layout of data[:n], whose rest does not matter. It returns false where the quotes are not where
// RFC 4180 has them: at the first and the last byte of a cell, or doubled inside; then a slower reader has to find out
// which rows are bad. An open quote at the end is no fault.
func (l *layout) index(data []byte, n int, delim byte) bool {
	blocks, whole := (n+63)/64, n/64
	if cap(l.ends) < blocks {
		l.ends = make([]uint64, blocks)
	}
	l.ends = l.ends[:blocks]
	s := scan{before: 1}
	scanBlocks(data[:64*whole], delim, l.ends[:whole], &s)
	if rest := n % 64; rest > 0 && s.broken == 0 {
		var last [64]byte
		copy(last[:], data[64*whole:n])
		m, keep := masksOf(last[:], delim), uint64(1)<<rest-1
		m.delim, m.odd = m.delim&keep, m.odd&keep
		l.ends[whole] = s.block(m, 1<<rest)
	}
	l.cut, l.lines, l.odd, l.wrapped = 0, 0, s.odd != 0, s.wrapped != 0
	if s.broken != 0 {
		l.odd = true
		return false
	}
	l.findCut(data[:n], int(s.lines))
	return true
}

// findCut finds the last line feed outside of quotes.
func (l *layout) findCut(data []byte, lines int) {
	for b := len(l.ends) - 1; b >= 0; b-- {
		for ends := l.ends[b]; ends != 0; {
			bit := 63 - bits.LeadingZeros64(ends)
			if at := 64*b + bit; data[at] == '\n' {
				l.cut, l.lines = at+1, lines-countLines(data[at+1:])
				return
			}
			ends &^= 1 << bit
		}
	}
}

// positions returns the offsets of the cell ends before cut, with that of the end before the first one in front of them:
// offset -1, so that cell i lies between positions[i]+1 and positions[i+1]. It is valid until the layout is used again.
func (l *layout) positions() []uint32 {
	words := l.ends[:(l.cut+63)/64]
	n := 0
	for _, w := range words {
		n += bits.OnesCount64(w)
	}
	const room = 64 // what is written at a time
	if cap(l.at) < n+1+room {
		l.at = make([]uint32, n+1+room+n/8)
	}
	l.at = l.at[:cap(l.at)]
	l.at[0] = 1<<32 - 1
	flatten(words, l.at[1:n+1+room])
	for n > 0 && int(l.at[n]) >= l.cut { // cells of the row that is cut
		n--
	}
	return l.at[:n+1]
}

// flattenPlain writes the numbers of the bits of words that are set.
func flattenPlain(words []uint64, out []uint32) {
	n := 0
	for i, w := range words {
		for ; w != 0; w &= w - 1 {
			out[n] = uint32(64*i + bits.TrailingZeros64(w))
			n++
		}
	}
}

// prefixXor returns for each bit the parity of the bits up to and with it.
func prefixXor(x uint64) uint64 {
	x ^= x << 1
	x ^= x << 2
	x ^= x << 4
	x ^= x << 8
	x ^= x << 16
	return x ^ x<<32
}
