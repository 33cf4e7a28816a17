package dialect

import (
	"math/big"
	"math/bits"
	"strings"
)

// Total is an exact sum of Decimals of any scale: it neither rounds nor depends on the order. The zero Total is 0 and
// ready. It is not safe for two goroutines; parts are added with Merge.
type Total struct {
	usual [32]part // by scale
	parts map[int16]*part
}

// part is the sum of the numbers of one scale, in 192-bit two's complement.
type part struct{ lo, mid, hi uint64 }

// Add adds d.
func (t *Total) Add(d Decimal) { t.part(d.Scale).add(d) }

func (p *part) add(d Decimal) {
	var borrow uint64
	if d.Negative {
		p.lo, borrow = bits.Sub64(p.lo, d.Lo, 0)
		p.mid, borrow = bits.Sub64(p.mid, d.Hi, borrow)
		p.hi -= borrow
		return
	}
	p.lo, borrow = bits.Add64(p.lo, d.Lo, 0)
	p.mid, borrow = bits.Add64(p.mid, d.Hi, borrow)
	p.hi += borrow
}

func (t *Total) part(scale int16) *part {
	if scale >= 0 && int(scale) < len(t.usual) {
		return &t.usual[scale]
	}
	if t.parts == nil {
		t.parts = map[int16]*part{}
	}
	p := t.parts[scale]
	if p == nil {
		p = &part{}
		t.parts[scale] = p
	}
	return p
}

// each calls do for the sum of each scale that is not 0.
func (t *Total) each(do func(scale int16, p *part)) {
	for scale := range t.usual {
		if t.usual[scale] != (part{}) {
			do(int16(scale), &t.usual[scale])
		}
	}
	for scale, p := range t.parts {
		do(scale, p)
	}
}

// Merge adds all of o.
func (t *Total) Merge(o *Total) {
	o.each(func(scale int16, from *part) {
		p := t.part(scale)
		var carry uint64
		p.lo, carry = bits.Add64(p.lo, from.lo, 0)
		p.mid, carry = bits.Add64(p.mid, from.mid, carry)
		p.hi += from.hi + carry
	})
}

// Near reports whether the sum is d but for one unit of d's last place, or a hundredth where d has more places.
func (t *Total) Near(d Decimal) bool {
	diff := *t
	diff.parts = nil
	for scale, p := range t.parts {
		*diff.part(scale) = *p
	}
	diff.Add(d.Neg())
	scale := max(d.Scale, 2)
	diff.each(func(s int16, _ *part) { scale = max(scale, s) })
	sum := new(big.Int)
	diff.each(func(s int16, p *part) {
		n := p.big()
		sum.Add(sum, n.Mul(n, bigPow10(int(scale)-int(s))))
	})
	return sum.CmpAbs(bigPow10(int(scale)-max(0, min(2, int(d.Scale))))) <= 0
}

// String returns the exact sum as a decimal without needless zeros, "0" when nothing was added.
func (t *Total) String() string {
	scale := int16(0)
	t.each(func(s int16, _ *part) { scale = max(scale, s) })
	sum := new(big.Int)
	t.each(func(s int16, p *part) {
		n := p.big()
		sum.Add(sum, n.Mul(n, bigPow10(int(scale)-int(s))))
	})
	text := sum.Text(10)
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	if pad := int(scale) + 1 - len(text); pad > 0 {
		text = strings.Repeat("0", pad) + text
	}
	whole, fraction := text[:len(text)-int(scale)], strings.TrimRight(text[len(text)-int(scale):], "0")
	if fraction != "" {
		whole += "." + fraction
	}
	return sign + whole
}

// big returns the signed value.
func (p *part) big() *big.Int {
	n := new(big.Int).SetInt64(int64(p.hi))
	n.Add(n.Lsh(n, 64), new(big.Int).SetUint64(p.mid))
	return n.Add(n.Lsh(n, 64), new(big.Int).SetUint64(p.lo))
}
