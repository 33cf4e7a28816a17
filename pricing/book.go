package pricing

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// ErrNoOffer says that a book has no price that may be used.
var ErrNoOffer = errors.New("no offer")

// Reasons of a NoOfferError.
const (
	ReasonNoPrice       = "no_price"          // no source has it
	ReasonOtherCurrency = "other_currency"    // only in another currency
	ReasonSuspect       = "suspect_price"     // there is one, not to be trusted
	ReasonBaseCompute   = "base_compute_only" // reservations have no operating system
)

// NoOfferError says which price a book does not have and why. It wraps ErrNoOffer.
type NoOfferError struct {
	Size     catalog.Size
	Region   catalog.Region
	OS       OS
	Term     Term
	Currency money.Code
	Reason   string // one of the Reason constants
	Detail   string
}

// Error says what is missing and why, on one line.
func (e *NoOfferError) Error() string {
	return fmt.Sprintf("%s in %s, %s %s %s: %s: %s", e.Size, e.Region, e.OS, e.Term, e.Currency, e.Detail, ErrNoOffer)
}

// Unwrap returns ErrNoOffer.
func (e *NoOfferError) Unwrap() error { return ErrNoOffer }

// slots is the number of prices of a size in a region and currency.
const slots = int(systems) * int(terms)

// ref points to an offer: its batch counted from 1 and its place therein.
type ref uint32

const (
	refBits   = 24
	maxBatch  = 1 << refBits
	maxSource = 1<<(32-refBits) - 1
)

// Book holds offers at one instant. It never changes once built and may be used
// by many goroutines.
type Book struct {
	sources    []Source
	batches    [][]Offer
	marks      [][]uint8 // per offer a place in flagSets
	flagSets   []flagSet // the first is empty
	sizes      map[catalog.Size]int32
	regions    map[catalog.Region]int32
	currencies []money.Code
	cells      [][][]ref // currency, region, size*slots+slot -> winner, 0 none
	below      map[ref]ref
	hash       func() string
	terms      *PartnerTerms // of a book that SoldAt made, nil otherwise
	list       *Book         // of the customer, over the marked-up prices; nil where there is none
}

type flagSet struct {
	flags  []string
	refuse string // the flag that refuses, "" for none
}

// Offer returns the price of one instance of size in region, in currency. A
// price that is missing, in another currency or refused is a *NoOfferError,
// which wraps ErrNoOffer. Reservations are of base compute: ask for Linux.
func (b *Book) Offer(size catalog.Size, region catalog.Region, os OS, term Term, currency money.Code) (Offer, error) {
	if b.list != nil {
		if o, err := b.listed(size, region, os, term, currency); !errors.Is(err, errNotListed) {
			return o, err
		}
	}
	return b.offer(size, region, os, term, currency)
}

// offer is Offer without the customer's list.
func (b *Book) offer(size catalog.Size, region catalog.Region, os OS, term Term, currency money.Code) (Offer, error) {
	r := b.find(size, region, os, term, currency)
	if r != 0 {
		if m := b.mark(r); m == 0 || b.flagSets[m].refuse == "" {
			if o := b.at(r); o.check() == nil {
				return o, nil
			}
		}
	}
	return Offer{}, b.missing(NoOfferError{Size: size, Region: region, OS: os, Term: term, Currency: currency}, r)
}

// SoftwareRate returns what Windows adds to base compute per instance and hour:
// the cost that goes on beside a reservation. It needs both prices.
func (b *Book) SoftwareRate(size catalog.Size, region catalog.Region, currency money.Code) (money.Rate, error) {
	windows, err := b.Offer(size, region, Windows, PayAsYouGo, currency)
	if err != nil {
		return 0, err
	}
	linux, err := b.Offer(size, region, Linux, PayAsYouGo, currency)
	if err != nil {
		return 0, err
	}
	if windows.Rate < linux.Rate {
		return 0, &NoOfferError{Size: size, Region: region, OS: Windows, Currency: currency, Reason: ReasonSuspect,
			Detail: fmt.Sprintf("Windows at %s is below base compute at %s", windows.Rate.Decimal(), linux.Rate.Decimal())}
	}
	return windows.Rate - linux.Rate, nil
}

// Candidates returns every price of a cell, refused ones too, the one that
// counts first. The others come from sources of lower precedence.
func (b *Book) Candidates(size catalog.Size, region catalog.Region, os OS, term Term, currency money.Code) []Offer {
	var out []Offer
	for r := b.find(size, region, os, term, currency); r != 0; r = b.below[r] {
		out = append(out, b.at(r))
	}
	return out
}

// Offers returns what counts for size in region in every currency, operating
// system and term, refused prices too.
func (b *Book) Offers(size catalog.Size, region catalog.Region) []Offer {
	var out []Offer
	for _, currency := range b.currencies {
		for slot := range slots {
			if r := b.find(size, region, OS(slot/int(terms)), Term(slot%int(terms)), currency); r != 0 {
				out = append(out, b.at(r))
			}
		}
	}
	slices.SortFunc(out, compareOffers)
	return out
}

// All yields every price that counts, refused ones too, ordered by region,
// size, operating system, term and currency.
func (b *Book) All() iter.Seq[Offer] {
	return func(yield func(Offer) bool) {
		for r := range b.winners() {
			if !yield(b.at(r)) {
				return
			}
		}
	}
}

// Suspects returns every price that counts and carries a flag, in the order of All.
func (b *Book) Suspects() []Offer {
	var out []Offer
	for r := range b.winners() {
		if b.mark(r) != 0 {
			out = append(out, b.at(r))
		}
	}
	return out
}

// Len returns how many prices count, refused ones too.
func (b *Book) Len() int {
	n := 0
	for range b.winners() {
		n++
	}
	return n
}

// Sources returns where the prices come from, the highest precedence last.
func (b *Book) Sources() []Source { return slices.Clone(b.sources) }

// Source returns the source of that name.
func (b *Book) Source(name string) (Source, bool) {
	i := slices.IndexFunc(b.sources, func(s Source) bool { return s.Name == name })
	if i < 0 {
		return Source{}, false
	}
	return b.sources[i], true
}

// Hash returns the SHA-256 of the sources and of every price that counts: equal
// books have equal hashes, whatever the order of rows in a source. It is worked
// out when first asked.
func (b *Book) Hash() string { return b.hash() }

func (b *Book) find(size catalog.Size, region catalog.Region, os OS, term Term, currency money.Code) ref {
	c := slices.Index(b.currencies, currency)
	if c < 0 || os >= systems || term >= terms {
		return 0
	}
	r, ok := b.regions[region]
	if !ok || b.cells[c][r] == nil {
		return 0
	}
	s, ok := b.sizes[size]
	if !ok {
		return 0
	}
	return b.cells[c][r][int(s)*slots+slotOf(os, term)]
}

func slotOf(os OS, term Term) int { return int(os)*int(terms) + int(term) }

func refOf(batch, index int) ref { return ref((batch+1)<<refBits | index) }

func (r ref) batch() int { return int(r>>refBits) - 1 }
func (r ref) index() int { return int(r & (maxBatch - 1)) }

func (b *Book) mark(r ref) uint8 { return b.marks[r.batch()][r.index()] }

// at returns the offer with the flags of the book.
func (b *Book) at(r ref) Offer {
	o := b.batches[r.batch()][r.index()]
	o.Suspect = b.flagSets[b.mark(r)].flags
	if b.terms != nil {
		o.Source, o.Line = b.sources[r.batch()].Name, ""
		b.terms.mark(&o)
	}
	return o
}

// missing completes e: why r, which may be none, is no answer.
func (b *Book) missing(e NoOfferError, r ref) error {
	switch {
	case r != 0:
		o := b.at(r)
		e.Reason = ReasonSuspect
		e.Detail = fmt.Sprintf("the price of %s (%s) is refused: %s", o.Source, o.Line, strings.Join(o.Suspect, ", "))
	case e.OS != Linux && e.Term != PayAsYouGo:
		e.Reason, e.Detail = ReasonBaseCompute, "reservations are sold for base compute: ask for Linux"
	default:
		e.Reason, e.Detail = ReasonNoPrice, "no source has this price"
		var others []string
		for _, c := range b.currencies {
			if b.find(e.Size, e.Region, e.OS, e.Term, c) != 0 {
				others = append(others, string(c))
			}
		}
		if others != nil {
			e.Reason, e.Detail = ReasonOtherCurrency, "only priced in "+strings.Join(others, ", ")
		}
	}
	return &e
}

// winners yields the refs of all prices that count, in the order of All.
func (b *Book) winners() iter.Seq[ref] {
	return func(yield func(ref) bool) {
		sizes := slices.Sorted(maps.Keys(b.sizes))
		for _, region := range slices.Sorted(maps.Keys(b.regions)) {
			for _, size := range sizes {
				if !b.yieldSize(b.regions[region], int(b.sizes[size])*slots, yield) {
					return
				}
			}
		}
	}
}

// yieldSize yields the prices of one size in one region: by operating system,
// term and currency.
func (b *Book) yieldSize(region int32, at int, yield func(ref) bool) bool {
	for slot := range slots {
		for _, byRegion := range b.cells { // currencies are sorted
			cells := byRegion[region]
			if cells != nil && cells[at+slot] != 0 && !yield(cells[at+slot]) {
				return false
			}
		}
	}
	return true
}

func (b *Book) setHash() {
	b.hash = sync.OnceValue(func() string {
		h := sha256.New()
		for _, s := range b.sources {
			fmt.Fprintf(h, "%s\x00%s\x00%s\n", s.Name, s.AsOf.UTC().Format("2006-01-02"), s.SHA256)
		}
		if b.list != nil {
			fmt.Fprintf(h, "%s\n", b.list.Hash())
		}
		var line []byte
		for r := range b.winners() {
			o := b.at(r)
			line = line[:0]
			for _, text := range []string{string(o.Region), string(o.Size), string(o.Currency), o.Source} {
				line = append(append(line, text...), 0)
			}
			for _, n := range []int64{int64(o.OS), int64(o.Term), int64(o.Rate), o.Total.Micros} {
				line = append(strconv.AppendInt(line, n, 10), 0)
			}
			for _, flag := range o.Suspect {
				line = append(append(line, flag...), 0)
			}
			h.Write(append(line, '\n'))
		}
		return hex.EncodeToString(h.Sum(nil))
	})
}
