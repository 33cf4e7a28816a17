package pricing

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"sizeterm/pricing/money"
)

// marker finds prices that look wrong and flags them in a book under construction.
type marker struct {
	book   *Book
	places map[string]uint8 // flag set, joined -> its place
	groups []member         // sizes that share a flexibility group, group by group
	lists  []string         // per batch what its prices may be compared with
	err    error
}

// member is a size of a flexibility group.
type member struct {
	size  int32
	group string
	ratio int64
}

func newMarker(b *Book) *marker {
	m := &marker{book: b, places: map[string]uint8{}}
	for _, s := range b.sources {
		kind := s.Kind
		if kind == "embedded" || kind == "retail" {
			kind = "list" // both are the vendor's public list
		}
		m.lists = append(m.lists, kind)
	}
	return m
}

// add gives the offer at r more flags.
func (m *marker) add(r ref, flags ...string) {
	if len(flags) == 0 {
		return
	}
	mark := &m.book.marks[r.batch()][r.index()]
	all := slices.Concat(m.book.flagSets[*mark].flags, flags)
	slices.Sort(all)
	all = slices.Compact(all)
	key := strings.Join(all, "|")
	place, ok := m.places[key]
	if !ok {
		if len(m.book.flagSets) > 255 {
			m.err = errors.New("more than 255 combinations of price flags")
			return
		}
		place = uint8(len(m.book.flagSets))
		m.places[key] = place
		m.book.flagSets = append(m.book.flagSets, flagSet{flags: all, refuse: refusal(all)})
	}
	*mark = place
}

// run looks at every region and currency.
func (m *marker) run() error {
	m.findGroups()
	for _, byRegion := range m.book.cells {
		for _, cells := range byRegion {
			for at := 0; at < len(cells); at += slots {
				m.size(cells[at : at+slots])
			}
			if cells == nil {
				continue
			}
			for _, term := range []Term{PayAsYouGo, OneYear, ThreeYear} {
				m.group(cells, slotOf(Linux, term))
			}
		}
	}
	for over, under := range m.book.below {
		m.twice(over, under)
	}
	return m.err
}

func (m *marker) findGroups() {
	for i, size := range m.book.sizeNames() {
		if g, ok := size.Group(); ok {
			m.groups = append(m.groups, member{int32(i), g.Name, g.Ratio})
		}
	}
	slices.SortFunc(m.groups, func(a, b member) int { return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.size, b.size)) })
}

// offer returns the offer at r, nil where there is none or it is refused.
func (m *marker) offer(r ref) *Offer {
	if r == 0 || m.book.flagSets[m.book.mark(r)].refuse != "" {
		return nil
	}
	return &m.book.batches[r.batch()][r.index()]
}

// size compares the prices of one size with each other.
func (m *marker) size(cells []ref) {
	linux, windows := m.offer(cells[slotOf(Linux, PayAsYouGo)]), m.offer(cells[slotOf(Windows, PayAsYouGo)])
	if linux != nil && windows != nil && linux.Rate == windows.Rate {
		m.add(cells[slotOf(Linux, PayAsYouGo)], FlagLinuxEqualsWindows)
		return
	}
	for _, term := range []Term{OneYear, ThreeYear} {
		reserved := m.offer(cells[slotOf(Linux, term)])
		if linux == nil || reserved == nil {
			continue
		}
		if payg, err := linux.Cost(term); err == nil && reserved.Total.Cmp(payg) > 0 {
			m.add(cells[slotOf(Linux, term)], FlagAbovePAYG)
		}
	}
}

// group compares the prices per unit inside each flexibility group: equal
// ratios mean equal cost, so that a price or a ratio far from the median of
// three or more is not what it says. List prices are compared with list prices
// only: a negotiated one may be far below.
func (m *marker) group(cells []ref, slot int) {
	var run []unitPrice
	for i, mb := range m.groups {
		if i > 0 && m.groups[i-1].group != mb.group {
			m.spread(run)
			run = run[:0]
		}
		r := cells[int(mb.size)*slots+slot]
		if o := m.offer(r); o != nil {
			if unit, err := money.New(int64(o.Rate)+o.Total.Micros, "").MulDiv(1000, mb.ratio); err == nil {
				run = append(run, unitPrice{r, unit.Micros})
			}
		}
	}
	m.spread(run)
}

// spread compares the prices of one group, kind of source by kind of source.
func (m *marker) spread(run []unitPrice) {
	slices.SortFunc(run, func(a, b unitPrice) int {
		return cmp.Or(cmp.Compare(m.lists[a.ref.batch()], m.lists[b.ref.batch()]), cmp.Compare(a.unit, b.unit), cmp.Compare(a.ref, b.ref))
	})
	for len(run) > 0 {
		n := 1
		for n < len(run) && m.lists[run[n].ref.batch()] == m.lists[run[0].ref.batch()] {
			n++
		}
		m.far(run[:n])
		run = run[n:]
	}
}

// unitPrice is a price per unit of a flexibility group, in any scale.
type unitPrice struct {
	ref  ref
	unit int64
}

// far flags what is far from the median of three prices or more, sorted.
func (m *marker) far(run []unitPrice) {
	if len(run) < 3 {
		return
	}
	median := run[(len(run)-1)/2].unit
	for _, u := range run {
		switch {
		case u.unit/2 >= median || u.unit <= median/2:
			m.add(u.ref, FlagFarOffGroup)
		case u.unit/5*4 > median || u.unit < median/5*4:
			m.add(u.ref, FlagOffGroup)
		}
	}
}

// twice flags a price that is far from that of the next source below.
func (m *marker) twice(over, under ref) {
	a, b := &m.book.batches[over.batch()][over.index()], m.offer(under)
	if b == nil {
		return
	}
	x, y := int64(a.Rate)+a.Total.Micros, int64(b.Rate)+b.Total.Micros
	if x/2 >= y || y/2 >= x {
		m.add(over, FlagTwiceOther)
	}
}
