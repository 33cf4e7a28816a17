package sheet

import (
	"cmp"
	"errors"
	"fmt"
	"io"
)

// Limits bound what a price file may cost to read. A zero field is its default; a negative one is "no limit".
type Limits struct {
	Unpacked int64 // bytes of one file, or of one entry of an archive, after unpacking; 8 GiB
	Ratio    int64 // unpacked bytes for each packed one, counted from 4 MiB on; 200
	Entries  int   // entries of one archive; 100
	Record   int   // bytes of one row, quoted line ends included; 1 MiB
	Field    int   // bytes of one cell, or of one text in JSON; 64 KiB
	Columns  int   // columns of a header; 512
	Depth    int   // nesting of a JSON document; 32
}

// filled returns l with its zero fields set to the defaults and its negative ones to "as much as there is".
func (l Limits) filled() Limits {
	return Limits{
		Unpacked: limit(l.Unpacked, 8<<30), Ratio: limit(l.Ratio, 200), Entries: limit(l.Entries, 100), Record: limit(l.Record, 1<<20),
		Field: limit(l.Field, 64<<10), Columns: limit(l.Columns, 512), Depth: limit(l.Depth, 32),
	}
}

func limit[N int | int64](set, standard N) N {
	if set < 0 {
		return 1 << 62
	}
	return cmp.Or(set, standard)
}

var errField = errors.New("cell of too many bytes")

// guarded passes JSON on until it nests deeper, or holds a longer text, than the limits allow.
type guarded struct {
	r            io.Reader
	limits       Limits
	depth, text  int // how deep the document is open, and the bytes of the text so far
	in, escaping bool
	err          error // once the document went beyond
}

func (g *guarded) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.r.Read(p)
	for _, b := range p[:n] {
		if g.step(b); g.depth > g.limits.Depth {
			g.err = fmt.Errorf("JSON nested deeper than %d: %w", g.limits.Depth, ErrTooLarge)
			return 0, g.err
		}
		if g.text > g.limits.Field {
			g.err = fmt.Errorf("a text of more than %d bytes: %w", g.limits.Field, ErrTooLarge)
			return 0, g.err
		}
	}
	return n, err
}

// step takes one byte of the document.
func (g *guarded) step(b byte) {
	switch {
	case g.in && (g.escaping || b == '\\'):
		g.escaping = !g.escaping
		g.text++
	case b == '"':
		g.in, g.text = !g.in, 0
	case g.in:
		g.text++
	case b == '{' || b == '[':
		g.depth++
	case b == '}' || b == ']':
		g.depth--
	}
}
