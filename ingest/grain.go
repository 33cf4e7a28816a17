package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"sizeterm/ingest/dialect"
)

// errGrain says that nothing tells how long an interval of the file is.
var errGrain = errors.New("one time a resource and no column grain_seconds: the length of the interval is unknown")

// pace gathers the distances between samples.
type pace struct {
	clock       dialect.Clock
	last        map[string]int64
	diffs       map[int64]int
	n           int
	gcd, common int64
	first       int64
	seen        bool
}

// interval returns the seconds between samples of a file that has no column for them, or for rows in which it is empty (0 is
// "unknown" there): the most frequent distance between
// two samples of one resource where it is frequent enough, else the greatest length that divides all distances.
func (r *Reader) interval(head []byte, whole bool) (int64, error) {
	p := r.plan
	_, seconds := p.slots["seconds"]
	_, named := p.slots["grain"]
	if _, ok := p.slots["timeend"]; ok {
		return 1, nil
	}
	g := &pace{clock: r.note.clock(), last: map[string]int64{}, diffs: map[int64]int{}}
	if err := g.rows(p, bytes.NewReader(head), r.opts); err != nil && whole {
		return 0, err
	}
	if seconds || named { // for rows in which the column is empty
		if g.n == 0 {
			return 0, nil
		}
		return g.result(), nil
	}
	if g.n == 0 && !whole {
		if err := g.all(r.in, r.opts, p); err != nil {
			return 0, err
		}
	}
	grain := g.result()
	if grain == 0 {
		return 0, fmt.Errorf("%w: %w", errGrain, ErrMissingColumn)
	}
	return grain, nil
}

// result chooses the interval.
func (g *pace) result() int64 {
	best, most := int64(0), 0
	for d, n := range g.diffs {
		if n > most || (n == most && d < best) {
			best, most = d, n
		}
	}
	switch {
	case 2*most >= g.n && g.n > 0:
		return best
	case g.gcd >= 60:
		return g.gcd
	case g.n > 0:
		return best
	}
	return g.common
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// seriesOf returns what the samples of a row follow each other in: the machine, and in narrow tables its metric and instance
// too, because the metrics of one time are stamped some seconds apart.
func seriesOf(p *plan, r *row) []byte {
	resource := r.text(sResource)
	if !flowing(p.match) {
		return resource
	}
	if absent(resource) {
		resource = r.text(nComputer)
	}
	instance := r.text(nInstance)
	if _, ok := p.slots["tags"]; ok {
		instance = instanceIn(r.text(nTags))
	}
	return bytes.Join([][]byte{bytes.ToLower(resource), r.text(nNamespace), r.text(nMetric), instance}, []byte{0})
}

// see looks at one sample.
func (g *pace) see(resource, when []byte) {
	at, err := g.clock.Parse(when)
	if err != nil {
		return
	}
	if !g.seen {
		g.first, g.seen = at, true
	}
	g.common = gcd(g.common, max(at-g.first, g.first-at))
	before, ok := g.last[string(resource)]
	g.last[string(resource)] = at
	if d := max(at-before, before-at); ok && d > 0 {
		g.diffs[d]++
		g.n++
		g.gcd = gcd(g.gcd, d)
	}
}

// rows looks at all rows of a text.
func (g *pace) rows(p *plan, r io.Reader, opts Options) error {
	c := &chunker{r: r, delim: p.delim, limits: opts.Limits.filled(), line: p.firstLine}
	s := p.splitter(opts)
	var at row
	for {
		run, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for data := run.data; len(data) > 0; {
			end, blank, err := s.split(data, &at)
			data = data[end:]
			if !blank && err == nil {
				g.see(seriesOf(p, &at), at.text(sTime))
			}
		}
		if g.n > 1000 {
			return nil
		}
	}
}

// all looks at the file from its beginning until a resource appears for the second time.
func (g *pace) all(in Input, opts Options, p *plan) error {
	opts.SkipHash = true
	t, err := openText(in, opts)
	if err != nil {
		return err
	}
	defer t.Close()
	if _, err := t.Discard(p.rowsAt); err != nil {
		return err
	}
	return g.rows(p, t, opts)
}

// grainOf reads an interval: seconds, "PT5M", "5m", "00:05:00". 0 is none.
func grainOf(cell []byte) int64 {
	text := strings.ToUpper(string(cell))
	if d, err := dialect.ParseDecimal(cell, '.'); err == nil {
		n, exact, err := d.Units(0)
		if err != nil || !exact {
			return 0
		}
		return n
	}
	if h, rest, ok := strings.Cut(text, ":"); ok {
		min, sec, _ := strings.Cut(rest, ":")
		return 3600*small(h) + 60*small(min) + small(sec)
	}
	text = strings.TrimPrefix(text, "P")
	var total int64
	for text != "" {
		text = strings.TrimPrefix(text, "T")
		i := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
		if i <= 0 {
			return 0
		}
		unit := map[byte]int64{'D': daySeconds, 'H': 3600, 'M': 60, 'S': 1}[text[i]]
		if unit == 0 {
			return 0
		}
		total += small(text[:i]) * unit
		text = text[i+1:]
	}
	return total
}

// small reads up to six digits.
func small(digits string) int64 {
	var n int64
	if len(digits) > 6 {
		return 0
	}
	for _, d := range []byte(digits) {
		if d < '0' || d > '9' {
			return 0
		}
		n = n*10 + int64(d-'0')
	}
	return n
}
