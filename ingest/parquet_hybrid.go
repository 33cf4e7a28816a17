package ingest

import (
	"encoding/binary"

	"github.com/parquet-go/bitpack"
)

// hybrid reads numbers of some bits each, as Parquet keeps codes and levels: runs of equal numbers, and runs of numbers side
// by side, eight at a time, the lowest bits first. The zero value is of no bits and holds as many zeros as are asked for.
type hybrid struct {
	data   []byte // behind which spare bytes can be read, as far as its capacity goes
	next8  int    // where the next run begins
	width  int
	left   int   // numbers of the run
	equal  bool  // they are all the same
	number int32 // which
	bit    int   // of data: where the next number begins, where they are not
}

func newHybrid(data []byte, width int) hybrid { return hybrid{data: data, width: width} }

// same returns the number that the next n are; false where they are not all of one run of equal ones. Then none is used up.
func (h *hybrid) same(n int) (number int32, ok bool) {
	if h.width == 0 {
		return 0, true
	}
	if n == 0 || h.left == 0 && !h.begin() || !h.equal || h.left < n {
		return 0, false
	}
	h.left -= n
	return h.number, true
}

// next sets out to the next numbers; false where there are not as many.
func (h *hybrid) next(out []int32) bool {
	if h.width == 0 {
		clear(out)
		return true
	}
	for len(out) > 0 {
		if h.left == 0 && !h.begin() {
			return false
		}
		n := min(h.left, len(out))
		if h.equal {
			fill(out[:n], h.number)
		} else {
			h.unpack(out[:n])
		}
		h.left -= n
		out = out[n:]
	}
	return true
}

// begin begins with the next run that has numbers.
func (h *hybrid) begin() bool {
	for h.left == 0 {
		head, n := binary.Uvarint(h.data[h.next8:])
		if n <= 0 || head>>1 > 1<<31 {
			return false
		}
		at := h.next8 + n
		if h.equal = head&1 == 0; h.equal {
			size := (h.width + 7) / 8
			if at+size > len(h.data) {
				return false
			}
			var four [4]byte
			copy(four[:], h.data[at:at+size])
			h.number, h.left, h.next8 = int32(binary.LittleEndian.Uint32(four[:])), int(head>>1), at+size
			continue
		}
		size := min(int(head>>1)*h.width, len(h.data)-at) // the last run of some writers ends with its last number
		h.bit, h.left, h.next8 = 8*at, min(8*int(head>>1), 8*size/h.width), at+size
	}
	return true
}

// unpack reads numbers that lie side by side.
func (h *hybrid) unpack(out []int32) {
	data, width, bit, mask := h.data, h.width, h.bit, uint64(1)<<h.width-1
	if last := (bit+(len(out)-1)*width)/8 + spare; last <= cap(data) {
		data = data[:last]
	} else {
		data = append(append(make([]byte, 0, len(data)+spare), data...), make([]byte, spare)...)
	}
	if n := len(out) &^ 7; n > 0 && bit&7 == 0 && width < 32 {
		bitpack.Unpack(out[:n], data[bit>>3:], uint(width))
		out, bit = out[n:], bit+n*width
	}
	for i := range out {
		out[i] = int32(binary.LittleEndian.Uint64(data[bit>>3:]) >> (bit & 7) & mask)
		bit += width
	}
	h.bit = bit
}
