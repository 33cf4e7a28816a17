package rightsize

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Prices returns the price of an instance-hour, false where none may be used. Linux is base compute, Windows the same with its
// licence. All prices of one currency must come from lists that can be compared.
type Prices func(catalog.Size, catalog.Region, pricing.OS, money.Code) (money.Rate, bool)

// BookPrices returns the pay-as-you-go prices of a book.
func BookPrices(book *pricing.Book) Prices {
	return func(size catalog.Size, region catalog.Region, os pricing.OS, currency money.Code) (money.Rate, bool) {
		offer, err := book.Offer(size, region, os, pricing.PayAsYouGo, currency)
		return offer.Rate, err == nil
	}
}

// Options are what a Sizer works with. Policy is DefaultPolicy where it is nil.
type Options struct {
	AsOf   time.Time // the day of the advice: retirement and eligibility are judged on it
	Prices Prices
	Policy *Policy
}

// Sizer advises on machines. It may be used by many goroutines.
type Sizer struct {
	asOf    time.Time
	prices  Prices
	policy  Policy
	sizes   []kind // every size with a shape, by name
	at      map[catalog.Size]int
	mu      sync.Mutex
	markets map[market][]priced
	builds  map[build][]option
}

// kind is a size with all that the gates ask.
type kind struct {
	name        catalog.Size
	shape       catalog.Shape
	series      string
	version     int
	vcpus       int64 // that the guest sees
	group       catalog.Group
	grouped     bool
	retires     time.Time
	reservable  bool   // for one or three years on the day
	gpu         string // the model, without the count
	generations string
}

// market is where prices hold.
type market struct {
	region   catalog.Region
	currency money.Code
	os       pricing.OS
}

// priced is a size that can be had in a market.
type priced struct {
	*kind
	rate, software money.Rate
}

// New returns a Sizer, or what is wrong with the policy.
func New(o Options) (*Sizer, error) {
	s := &Sizer{asOf: o.AsOf, prices: o.Prices, policy: DefaultPolicy(), at: map[catalog.Size]int{}, markets: map[market][]priced{}, builds: map[build][]option{}}
	if o.Policy != nil {
		s.policy = *o.Policy
	}
	if o.Prices == nil {
		return nil, fmt.Errorf("prices: none")
	}
	if err := s.policy.Validate(); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	for _, name := range catalog.Sizes() {
		shape, _ := name.Shape()
		k := kind{name: name, shape: shape, series: seriesOf(name), vcpus: int64(shape.VCPUsAvailable), generations: strings.Join(shape.Generations, "|")}
		k.version = generationOf(k.series)
		k.group, k.grouped = name.Group()
		k.retires, _ = name.Retirement()
		k.reservable = catalog.Eligible(name, 1, o.AsOf).OK || catalog.Eligible(name, 3, o.AsOf).OK
		if shape.GPU != "" {
			_, model, _ := strings.Cut(shape.GPU, " ")
			k.gpu = cmp.Or(model, shape.GPU)
		}
		s.at[name] = len(s.sizes)
		s.sizes = append(s.sizes, k)
	}
	return s, nil
}

// kind returns what is known of a size, nil where the catalog does not know its shape.
func (s *Sizer) kind(size catalog.Size) *kind {
	i, ok := s.at[size]
	if !ok || s.sizes[i].vcpus <= 0 {
		return nil
	}
	return &s.sizes[i]
}

// sold returns the sizes that can be had in a market with their prices, the cheapest first.
func (s *Sizer) sold(at market) []priced {
	s.mu.Lock()
	defer s.mu.Unlock()
	if list, ok := s.markets[at]; ok {
		return list
	}
	list := []priced{}
	for i := range s.sizes {
		k := &s.sizes[i]
		if offered, known := k.name.OfferedIn(at.region); !offered || !known || k.vcpus <= 0 {
			continue
		}
		if p, ok := s.price(k, at); ok {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b priced) int {
		return cmp.Or(cmp.Compare(a.rate+a.software, b.rate+b.software), cmp.Compare(a.name, b.name))
	})
	s.markets[at] = list
	return list
}

// price returns a size with its prices in a market, false where one of them is missing: an unknown licence is not free.
func (s *Sizer) price(k *kind, at market) (priced, bool) {
	rate, ok := s.prices(k.name, at.region, pricing.Linux, at.currency)
	if !ok || rate <= 0 {
		return priced{}, false
	}
	p := priced{kind: k, rate: rate}
	if at.os == pricing.Windows {
		all, ok := s.prices(k.name, at.region, pricing.Windows, at.currency)
		if !ok || all < rate {
			return priced{}, false
		}
		p.software = all - rate
	}
	return p, true
}

// marketOf returns the market of a machine: under Hybrid Benefit no licence is billed.
func marketOf(m *Machine) market {
	os := m.OS
	if m.HybridBenefit {
		os = pricing.Linux
	}
	return market{m.Region, m.Currency, os}
}
