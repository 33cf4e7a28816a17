package ingest

import (
	"encoding/binary"
	"math/bits"
)

// hundredths8 is hundredths of a text of n bytes, 1 to 8, in one word; mark is the decimal mark, as a digit, in every byte.
func hundredths8(text uint64, n int, mark uint64) (int32, bool) {
	x := (text ^ ones*'0') << (64 - 8*n) >> (64 - 8*n) // bytes behind the text are 0
	place := 8 * n                                     // bits before the mark
	found := zeros(x ^ mark)
	if found != 0 {
		place = bits.TrailingZeros64(found) &^ 7
	}
	if place == 0 || place > 32 {
		return 0, false
	}
	whole, fraction := x<<(64-place)>>32, x>>place>>8 // the former in the lower four bytes, to the right
	if (notDigits(whole)|notDigits(fraction))&highs != 0 {
		return 0, false
	}
	return int32((eightDigits(whole|fraction<<32&0x00ffffff00000000) + 50) / 100), true
}

// notDigits sets the high bit of bytes that are not from 0 to 9, and maybe of others where there are such bytes.
func notDigits(x uint64) uint64 { return (x + ones*0x76) | x }

// eightDigits returns the number whose digits are the bytes of x, the first lowest.
func eightDigits(x uint64) uint64 {
	x = x*10 + x>>8
	return ((x&0x000000ff000000ff)*0x000f424000000064 + (x>>16&0x000000ff000000ff)*0x0000271000000001) >> 32
}

// divider divides by the same number many times.
type divider struct{ by, inverse, most uint64 }

// rounded returns v/by, a half rounded up, for v up to 10^16 and a divider from 1.
func (d *divider) rounded(v, by uint64) uint64 {
	if by != d.by { // v*inverse>>64 is exact as long as v*by < 2^64
		*d = divider{by: by, inverse: ^uint64(0)/by + 1, most: ^uint64(0) / by}
	}
	v += by / 2
	if v >= d.most || by == 1 {
		return v / by
	}
	quotient, _ := bits.Mul64(v, d.inverse)
	return quotient
}

// daytime8 reads 15:04:05 as seconds.
func daytime8(x uint64) (int64, bool) {
	const marks, colons = 0x0000ff0000ff0000, 0x00003a00003a0000
	d := (x ^ ones*'0') &^ marks
	if x&marks != colons {
		return 0, false
	}
	h, m, s := d&0xff*10+d>>8&0xff, d>>24&0xff*10+d>>32&0xff, d>>48&0xff*10+d>>56
	if ((d+ones*0x76)|d)&highs != 0 || h > 23 || m > 59 || s > 59 {
		return 0, false
	}
	return int64(h*3600 + m*60 + s), true
}

// hundredths reads a short plain number, "12.3456", as hundredths, half up; false for everything else.
func hundredths(cell []byte, mark byte) (int32, bool) {
	var v int32
	i := 0
	for i < len(cell) && i < 5 && cell[i]-'0' < 10 {
		v = v*10 + int32(cell[i]-'0')
		i++
	}
	if i == 0 || i > 4 {
		return 0, false
	}
	v *= 100
	if i == len(cell) {
		return v, true
	}
	if cell[i] != mark {
		return 0, false
	}
	scale := int32(10)
	for i++; i < len(cell); i++ {
		d := cell[i] - '0'
		if d > 9 {
			return 0, false
		}
		switch scale {
		case 10:
			v += 10 * int32(d)
			scale = 1
		case 1:
			v += int32(d)
			scale = 0
		case 0:
			if d >= 5 {
				v++
			}
			scale = -1
		}
	}
	return v, true
}

// whole reads up to 18 digits, the first eight at once.
func whole(cell []byte) (int64, bool) {
	if len(cell) == 0 || len(cell) > 18 {
		return 0, false
	}
	var v uint64
	if len(cell) >= 8 {
		x := binary.LittleEndian.Uint64(cell) ^ ones*'0'
		if notDigits(x)&highs != 0 {
			return 0, false
		}
		v = eightDigits(x)
		cell = cell[8:]
	}
	for _, b := range cell {
		if b-'0' > 9 {
			return 0, false
		}
		v = v*10 + uint64(b-'0')
	}
	return int64(v), true
}
