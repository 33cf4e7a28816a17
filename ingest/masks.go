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

// masksPlain is masksOf without wide instructions.
func masksPlain(data []byte, delim byte, out []masks) {
	d, q := ones*uint64(delim), uint64(ones*'"')
	for b := range out {
		block := data[64*b : 64*b+64]
		var m masks
		for i := 0; i < 64; i += 8 {
			x := binary.LittleEndian.Uint64(block[i:])
			m.delim |= gather(zeros(x^d)) << i
			m.line |= gather(zeros(x^ones*'\n')) << i
			m.quote |= gather(zeros(x^q)) << i
			m.cr |= gather(zeros(x^ones*'\r')) << i
			control := ^((x | highs) - ones*0x20) & highs &^ x
			m.odd |= gather((x&highs)|control&^zeros(x^ones*'\t')) << i
		}
		out[b] = m
	}
}

// zeros returns the high bit of each byte of x that is 0, and nothing else.
func zeros(x uint64) uint64 { return ^(((x & ^uint64(highs)) + (highs - ones)) | x) & highs }

// gather packs the high bits of eight bytes into one byte.
func gather(x uint64) uint64 { return (x >> 7) * 0x0102040810204080 >> 56 }

// layout is where the cells of a text end, found without looking at rows.
type layout struct {
	ends    []uint64 // bits of delimiters and line feeds outside of quotes
	cut     int      // offset behind the last line feed outside of quotes
	lines   int      // line feeds before cut
	odd     bool     // some bytes are not plain ASCII text
	wrapped bool     // some line feeds are inside of quotes
	masks   []masks
}

// index fills the layout of data[:n], whose capacity is a multiple of 64 and whose rest does not matter. It returns false
// where the quotes are not where RFC 4180 has them: at the first and the last byte of a cell, or doubled inside; then a
// slower reader has to find out which rows are bad. An open quote at the end is no fault.
func (l *layout) index(data []byte, n int, delim byte) bool {
	blocks := (n + 63) / 64
	if cap(l.masks) < blocks {
		l.masks, l.ends = make([]masks, blocks), make([]uint64, blocks)
	}
	l.masks, l.ends = l.masks[:blocks], l.ends[:blocks]
	masksOf(data[:blocks*64], delim, l.masks)
	l.cut, l.lines, l.odd, l.wrapped = 0, 0, false, false
	passed := 0
	if rest := n % 64; rest > 0 {
		m, keep := &l.masks[blocks-1], uint64(1)<<rest-1
		m.delim, m.line, m.quote, m.cr, m.odd = m.delim&keep, m.line&keep, m.quote&keep, m.cr&keep, m.odd&keep
	}
	var inside uint64                     // all ones where the block begins inside of quotes
	before, after := uint64(1), uint64(0) // a cell begins here; a cell must end here
	afterCR := uint64(0)
	for b := range l.masks {
		m := &l.masks[b]
		var open uint64 // the byte behind the text: nobody knows yet what it is
		if rest := n % 64; rest > 0 && b == blocks-1 {
			open = 1 << rest
		}
		if cr := m.cr<<1 | afterCR; cr&^(m.line|open) != 0 {
			l.odd = true
			return false // a carriage return alone ends no line
		}
		afterCR = m.cr >> 63
		l.odd = l.odd || m.odd&^(m.line|m.cr) != 0
		structure := m.delim | m.line
		if m.quote|inside|after != 0 {
			within := prefixXor(m.quote) ^ inside
			opens, closes := m.quote&within, m.quote&^within
			structure &^= within
			follow := m.delim | m.line | m.quote | m.cr | open
			if opens&^((structure|closes)<<1|before) != 0 || (closes<<1|after)&^follow != 0 {
				l.odd = true
				return false
			}
			l.wrapped = l.wrapped || m.line&within != 0
			before, after = (structure|closes)>>63, closes>>63
			inside = uint64(int64(within) >> 63)
		} else {
			before, after = structure>>63, 0
		}
		l.ends[b] = structure
		if line := m.line & structure; line != 0 {
			rest := bits.LeadingZeros64(line)
			l.cut = 64*b + 64 - rest
			l.lines = passed + bits.OnesCount64(m.line<<rest)
		}
		passed += bits.OnesCount64(m.line)
	}
	return true
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
