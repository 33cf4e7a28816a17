package pricing

import (
	"fmt"
	"maps"
	"slices"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Builder gathers sources into a Book. Precedence is the order of Add: a later
// source wins over an earlier one, price by price.
type Builder struct {
	sources []Source
	batches [][]Offer
}

// NewBuilder returns a builder without sources.
func NewBuilder() *Builder { return &Builder{} }

// Add puts the offers of one source above everything added before. It keeps
// offers: the caller no longer changes them. Their Source is the name of
// source; offers without one get it. Of two offers for the same thing the one
// with the later Since counts; two different ones of one day are a conflict,
// and the book refuses both.
func (b *Builder) Add(source Source, offers []Offer) {
	source.Rows = len(offers)
	for i := range offers {
		offers[i].Source = source.Name
	}
	b.sources = append(b.sources, source)
	b.batches = append(b.batches, offers)
}

// Build returns the book of all sources added, with suspect prices flagged. An
// offer that cannot be a price (zero, without currency) is an error: readers
// reject such rows; so are two sources of one name.
func (b *Builder) Build() (*Book, error) {
	if len(b.sources) > maxSource {
		return nil, fmt.Errorf("%d price sources: at most %d", len(b.sources), maxSource)
	}
	book := &Book{sources: slices.Clone(b.sources), batches: slices.Clone(b.batches), flagSets: make([]flagSet, 1),
		sizes: map[catalog.Size]int32{}, regions: map[catalog.Region]int32{}, below: map[ref]ref{}}
	book.setHash()
	names := map[string]bool{}
	for i, s := range b.sources {
		if s.Name == "" || names[s.Name] {
			return nil, fmt.Errorf("price source %q: the name is missing or taken", s.Name)
		}
		names[s.Name] = true
		if len(b.batches[i]) > maxBatch {
			return nil, fmt.Errorf("price source %q: %d offers: at most %d", s.Name, len(b.batches[i]), maxBatch)
		}
		if err := book.number(b.batches[i]); err != nil {
			return nil, fmt.Errorf("price source %q: %w", s.Name, err)
		}
	}
	marker := newMarker(book)
	for i, offers := range book.batches {
		book.marks = append(book.marks, make([]uint8, len(offers)))
		for k := range offers {
			book.place(refOf(i, k), marker)
		}
	}
	return book, marker.run()
}

// number gives every size, region and currency its place.
func (b *Book) number(offers []Offer) error {
	var size catalog.Size
	var region catalog.Region
	var currency money.Code
	for i := range offers {
		o := &offers[i]
		if err := o.check(); err != nil {
			return fmt.Errorf("%s: %s in %s: %w", o.Line, o.Size, o.Region, err)
		}
		if o.Size == size && o.Region == region && o.Currency == currency {
			continue // the terms and systems of one size mostly follow each other
		}
		size, region, currency = o.Size, o.Region, o.Currency
		if _, ok := b.sizes[size]; !ok {
			b.sizes[size] = int32(len(b.sizes))
		}
		if _, ok := b.regions[region]; !ok {
			b.regions[region] = int32(len(b.regions))
		}
		if !slices.Contains(b.currencies, currency) {
			b.currencies = append(b.currencies, currency)
			slices.Sort(b.currencies)
		}
	}
	return nil
}

// place puts an offer on top of its cell.
func (b *Book) place(r ref, m *marker) {
	o := &b.batches[r.batch()][r.index()]
	m.add(r, o.Suspect...)
	cell := b.cell(o)
	old := *cell
	if old == 0 || old.batch() != r.batch() {
		if old != 0 {
			b.below[r] = old
		}
		*cell = r
		return
	}
	prior := &b.batches[old.batch()][old.index()]
	switch {
	case o.Since.After(prior.Since):
		if under := b.below[old]; under != 0 {
			b.below[r] = under
			delete(b.below, old)
		}
		*cell = r
	case o.Since.Equal(prior.Since) && (o.Rate != prior.Rate || o.Total != prior.Total):
		m.add(old, FlagConflict)
	}
}

func (b *Book) cell(o *Offer) *ref {
	c, _ := slices.BinarySearch(b.currencies, o.Currency)
	for len(b.cells) < len(b.currencies) {
		b.cells = append(b.cells, make([][]ref, len(b.regions)))
	}
	region := b.regions[o.Region]
	if b.cells[c][region] == nil {
		b.cells[c][region] = make([]ref, len(b.sizes)*slots)
	}
	return &b.cells[c][region][int(b.sizes[o.Size])*slots+slotOf(o.OS, o.Term)]
}

// sizeNames returns the sizes of the book in the order of their numbers.
func (b *Book) sizeNames() []catalog.Size {
	out := make([]catalog.Size, len(b.sizes))
	for s, i := range maps.All(b.sizes) {
		out[i] = s
	}
	return out
}
