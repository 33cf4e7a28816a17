package analyzer

import (
	"encoding/binary"
	"math/bits"

	"sizeterm/analyzer/quantile"
)

// packedDays is the hours of days in rising order, each in about half of the hundred bytes of its cells: how many days after the one
// before as a varint, the widths of its columns in two bytes, the lowest of each column (sum in two bytes, high, quarters), then the
// columns themselves, each as 24 differences from the lowest in as many bits as the largest needs. A column whose values are all equal,
// as quarters of a machine that never stops are, takes no bits. Equal days have equal bytes.
type packedDays struct {
	bytes  []byte
	before int32 // the day that the first one is counted from
	last   int32
}

// dayHead is the bytes of a day between its number and its columns.
const dayHead = 6

// follows reports whether a day is after all that are packed.
func (p *packedDays) follows(day int32) bool { return len(p.bytes) == 0 || day > p.last }

// append packs a day that follows.
func (p *packedDays) append(d *loadedDay) {
	var sums, highs, quarters [24]uint16
	for h, c := range d.hours {
		sums[h], highs[h], quarters[h] = c.sum, uint16(c.high), uint16(c.quarters)
	}
	sum, sumBits := below(&sums)
	high, highBits := below(&highs)
	quarter, quarterBits := below(&quarters)
	from := p.last
	if len(p.bytes) == 0 {
		from = p.before
	}
	var buffer [binary.MaxVarintLen32 + dayHead + 3*(16+8+8) + 8]byte // words are written whole
	n := binary.PutUvarint(buffer[:], uint64(d.day-from))
	binary.LittleEndian.PutUint16(buffer[n:], uint16(sumBits|highBits<<5|quarterBits<<9))
	binary.LittleEndian.PutUint16(buffer[n+2:], sum)
	buffer[n+4], buffer[n+5] = uint8(high), uint8(quarter)
	n += dayHead
	quantile.PackBits(buffer[n:], sums[:], sumBits)
	n += 3 * sumBits
	quantile.PackBits(buffer[n:], highs[:], highBits)
	n += 3 * highBits
	quantile.PackBits(buffer[n:], quarters[:], quarterBits)
	n += 3 * quarterBits
	p.bytes, p.last = append(p.bytes, buffer[:n]...), d.day
}

// below takes the lowest value from all, and returns it and the bits that the largest difference needs.
func below(column *[24]uint16) (low uint16, width int) {
	low, high := column[0], column[0]
	for _, v := range column {
		low, high = min(low, v), max(high, v)
	}
	for i := range column {
		column[i] -= low
	}
	return low, bits.Len16(high - low)
}

// dayWalk goes through packed days.
type dayWalk struct {
	day  int32
	body []byte // of the day: head and columns
	rest []byte
}

func (p *packedDays) walk() dayWalk { return dayWalk{day: p.before, rest: p.bytes} }

// next goes to the next day, and reports whether there is one.
func (w *dayWalk) next() bool {
	if len(w.rest) == 0 {
		return false
	}
	step, n := binary.Uvarint(w.rest)
	sumBits, highBits, quarterBits := widthsOf(w.rest[n:])
	end := n + dayHead + 3*(sumBits+highBits+quarterBits)
	w.day, w.body, w.rest = w.day+int32(step), w.rest[n:end], w.rest[end:]
	return true
}

func widthsOf(body []byte) (sums, highs, quarters int) {
	widths := int(binary.LittleEndian.Uint16(body))
	return widths & 31, widths >> 5 & 15, widths >> 9
}

// hours unpacks the day.
func (w *dayWalk) hours() (out hoursOfDay) {
	var columns [3*(16+8+8) + 8]byte // words are read whole
	copy(columns[:], w.body[dayHead:])
	sumBits, highBits, quarterBits := widthsOf(w.body)
	sum, high, quarter := binary.LittleEndian.Uint16(w.body[2:]), w.body[4], w.body[5]
	highs, quarters := columns[3*sumBits:], columns[3*(sumBits+highBits):]
	for h := range out {
		out[h] = hourCell{sum + bitsAt(columns[:], h, sumBits), high + uint8(bitsAt(highs, h, highBits)), quarter + uint8(bitsAt(quarters, h, quarterBits))}
	}
	return out
}

// bitsAt returns a value of a column.
func bitsAt(column []byte, at, width int) uint16 {
	bit := at * width
	return uint16(binary.LittleEndian.Uint32(column[bit/8:]) >> (bit % 8) & (1<<width - 1))
}

// each calls yield for the days in rising order; it may change what it is given, which is used again.
func (p *packedDays) each(yield func(*loadedDay)) {
	var d loadedDay
	for w := p.walk(); w.next(); {
		d = loadedDay{w.day, w.hours()}
		yield(&d)
	}
}

// count returns the number of days.
func (p *packedDays) count() (n int) {
	for w := p.walk(); w.next(); {
		n++
	}
	return n
}

// those returns the days that count: in the memory of p where they are all from the first of them on.
func (p *packedDays) those(accept func(int32) bool) (out packedDays) {
	w, any, gap := p.walk(), false, false
	first := w
	for w.next() {
		switch {
		case accept(w.day):
			any = true
		case any:
			gap = true
		default:
			first = w
		}
	}
	switch {
	case !any:
		return packedDays{}
	case !gap:
		return packedDays{bytes: first.rest[:len(first.rest):len(first.rest)], before: first.day, last: p.last}
	}
	for w := first; w.next(); {
		if accept(w.day) {
			out.bytes = append(binary.AppendUvarint(out.bytes, uint64(w.day-out.last)), w.body...)
			out.last = w.day
		}
	}
	return out
}
