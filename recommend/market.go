package recommend

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// market is what the members of one pool cost by the hour and what can be bought for them on the day of the plan.
type market struct {
	rates    map[catalog.Size]price           // compute price of each size in use
	software map[catalog.Size]money.Rate      // licence price an hour of Windows machines, where known
	offers   map[pricing.Term][]pricing.Offer // reservations that can be bought, smallest ratio first
	ratios   map[catalog.Size]int64
	refused  map[pricing.Term]refusal // why a term has no offer
	noPrice  []unpriced               // sizes in use without a price
	warnings []analyzer.Warning
}

// unpriced returns why a size has no price.
func (m *market) unpriced(size catalog.Size) unpriced {
	for _, u := range m.noPrice {
		if u.size == size {
			return u
		}
	}
	return unpriced{size, pricing.ErrNoOffer}
}

// unpriced is a size without a usable price and why.
type unpriced struct {
	size catalog.Size
	err  error
}

// price is a compute price an instance-hour and where it comes from.
type price struct {
	rate   money.Rate
	source string
	kind   string // of the source: "retail", "negotiated", ..., or "rows"
	since  time.Time
}

// refusal is the reason for which a term cannot be bought.
type refusal struct {
	reason, detail string
}

// rowsWords says that a price was read off the rows.
func (in *Input) rowsWords() string {
	if in.sold {
		return "what is paid by the hour today"
	}
	return "on-demand price on the customer's own rows"
}

// rowsKind is the kind of a price that was read off the customer's own rows.
const rowsKind = "rows"

// newMarket looks up the prices of pool on the day of the plan. A size without a price, a term without an offer and a
// doubtful price are said, never filled in.
func newMarket(pool *analyzer.Pool, in *Input) *market {
	m := &market{
		rates: map[catalog.Size]price{}, software: map[catalog.Size]money.Rate{}, offers: map[pricing.Term][]pricing.Offer{},
		ratios: map[catalog.Size]int64{}, refused: map[pricing.Term]refusal{},
	}
	kinds := sourceKinds(in.Book)
	known := in.priced[pool]
	for _, size := range sizesOf(pool) {
		m.ratios[size] = ratioOf(pool, size)
		if known != nil && known.rates[size].rate == 0 { // the plan had no price to decide at; a customer's list changes nothing about that
			m.noPrice = append(m.noPrice, known.unpriced(size))
			continue
		}
		m.addRate(pool, size, in, kinds)
	}
	for size, p := range m.rates { // after the licences, which are differences of list prices
		p.rate = in.Policy.payer(p.rate)
		m.rates[size] = p
	}
	for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
		m.addOffers(pool, term, in, kinds)
	}
	return m
}

// addRate finds the compute price of size: the negotiated sheet, then the customer's own rows, then the book.
func (m *market) addRate(pool *analyzer.Pool, size catalog.Size, in *Input, kinds map[string]string) {
	currency := money.Code(pool.Currency)
	offer, err := fresh(in, size, pool.Region, pricing.PayAsYouGo, currency)
	rows, spread := rowRate(pool, size)
	if rows == 0 {
		rows = in.tariff.rowRate(pool, size)
	}
	subject := fmt.Sprintf("%s in %s", size, pool.Region)
	switch {
	case err == nil && (kinds[offer.Source] != "retail" && kinds[offer.Source] != "embedded" || rows == 0):
		m.rates[size] = price{offer.Rate, offer.Source, kinds[offer.Source], offer.Since}
	case rows != 0:
		m.rates[size] = price{rows, in.rowsWords(), rowsKind, in.Analysis.AsOf}
	default:
		m.noPrice = append(m.noPrice, unpriced{size, err})
		return
	}
	if spread {
		m.warn("rates_differ", subject, "the rows bill this size at several on-demand prices; the lowest is used, which understates the saving")
	}
	if err == nil && rows != 0 && apart(int64(offer.Rate), int64(rows), in.Policy.PriceTolerance) {
		m.warn("price_mismatch", subject, fmt.Sprintf("the rows say %s an hour, %s says %s; used: %s", rows.Decimal(), offer.Source, offer.Rate.Decimal(), m.rates[size].rate.Decimal()))
	}
	if err == nil && len(offer.Suspect) > 0 && m.rates[size].source == offer.Source {
		m.warn("price_suspect", subject, offer.Source+": "+strings.Join(offer.Suspect, ", "))
	}
	m.addSoftware(pool, size, in)
}

// addSoftware finds what Windows adds to an hour of size: the difference of the Windows and the compute price, from the
// rows where they bill Windows, else from the book.
func (m *market) addSoftware(pool *analyzer.Pool, size catalog.Size, in *Input) {
	for i := range pool.Members {
		member := &pool.Members[i]
		if member.Size != size || member.OS != "windows" {
			continue
		}
		if member.Rate > int64(m.rates[size].rate) {
			m.software[size] = max(m.software[size], money.Rate(member.Rate)-m.rates[size].rate)
			continue
		}
		windows, errW := in.Book.Offer(size, pool.Region, pricing.Windows, pricing.PayAsYouGo, money.Code(pool.Currency))
		linux, errL := in.Book.Offer(size, pool.Region, pricing.Linux, pricing.PayAsYouGo, money.Code(pool.Currency))
		if errW == nil && errL == nil && windows.Rate > linux.Rate {
			m.software[size] = max(m.software[size], windows.Rate-linux.Rate)
		} else {
			m.warn("software_unknown", fmt.Sprintf("%s in %s", size, pool.Region), "the Windows licence of this size has no price; it is left out of software costs, which no reservation changes")
		}
	}
}

// addOffers gathers the reservations of term that can be bought for the pool: the sizes of its group, or the one size.
func (m *market) addOffers(pool *analyzer.Pool, term pricing.Term, in *Input, kinds map[string]string) {
	last := refusal{"no_price", fmt.Sprintf("no %s price for any size of %s in %s (%s)", term, pool.Group, pool.Region, pool.Currency)}
	for _, size := range purchasable(pool) {
		offer, err := fresh(in, size, pool.Region, term, money.Code(pool.Currency))
		if err != nil {
			if last.reason == "no_price" && !errors.Is(err, pricing.ErrNoOffer) {
				last = refusal{"price_too_old", err.Error()}
			}
			continue
		}
		if verdict := catalog.Eligible(size, term.Years(), in.Analysis.AsOf); !verdict.OK {
			last = refusal{verdict.Reason, fmt.Sprintf("%s: %s", size, verdict.Detail)}
			continue
		}
		if why, ok := m.comparable(pool, offer, kinds); !ok {
			last = why
			continue
		}
		m.offers[term] = append(m.offers[term], offer)
		m.ratios[size] = ratioOf(pool, size)
	}
	if len(m.offers[term]) == 0 {
		m.refused[term] = last
		return
	}
	sort.SliceStable(m.offers[term], func(i, j int) bool {
		a, b := m.offers[term][i], m.offers[term][j]
		if m.ratios[a.Size] != m.ratios[b.Size] {
			return m.ratios[a.Size] < m.ratios[b.Size]
		}
		return a.Size < b.Size
	})
}

// errTooOld says that a price exists and is older than the policy allows.
var errTooOld = errors.New("the price is older than the policy allows")

// fresh returns the compute price of size unless the policy finds its source too old.
func fresh(in *Input, size catalog.Size, region catalog.Region, term pricing.Term, currency money.Code) (pricing.Offer, error) {
	offer, err := in.Book.Offer(size, region, pricing.Linux, term, currency)
	if err != nil || in.Policy.MaxPriceAge == 0 || offer.Source == pricing.CustomerList {
		return offer, err
	}
	source, ok := in.Book.Source(offer.Source)
	if age := in.Analysis.AsOf.Sub(source.AsOf); ok && age > in.Policy.MaxPriceAge {
		return offer, fmt.Errorf("%s in %s: %s is %d days old: %w", size, region, source.Name, int(age/(24*time.Hour)), errTooOld)
	}
	return offer, nil
}

// comparable reports whether a reservation price and the pay-as-you-go prices of the pool are prices to the same buyer: a
// partner's or negotiated reservation price is never set against a public list price.
func (m *market) comparable(pool *analyzer.Pool, offer pricing.Offer, kinds map[string]string) (refusal, bool) {
	if kind := kinds[offer.Source]; kind == "retail" || kind == "embedded" || kind == pricing.CustomerListKind {
		return refusal{}, true
	}
	for _, size := range sizesOf(pool) {
		if p, ok := m.rates[size]; ok && (p.kind == "retail" || p.kind == "embedded") {
			return refusal{"price_basis", fmt.Sprintf("%s is a negotiated reservation price of %s, but %s has only a public list price: give its pay-as-you-go price too", offer.Size, offer.Source, size)}, false
		}
	}
	return refusal{}, true
}

func (m *market) warn(code, subject, detail string) {
	m.warnings = append(m.warnings, analyzer.Warning{Code: code, Subject: subject, Detail: detail})
}

// uniform reports whether an hour of every priced size costs the same per unit, exactly: then no order of coverage matters.
func (m *market) uniform() bool {
	var first catalog.Size
	for _, size := range sortedSizes(m.rates) {
		if first == "" {
			first = size
			continue
		}
		if int64(m.rates[size].rate)*m.ratios[first] != int64(m.rates[first].rate)*m.ratios[size] {
			return false
		}
	}
	return true
}

// purchasable returns the sizes whose reservations could serve the pool, smallest ratio first.
func purchasable(pool *analyzer.Pool) []catalog.Size {
	if !pool.Flexible {
		return sizesOf(pool)
	}
	return catalog.GroupSizes(pool.Group)
}

// ratioOf returns the ratio x 100 of size in the pool's group; 100 where the pool has no group.
func ratioOf(pool *analyzer.Pool, size catalog.Size) int64 {
	if group, ok := size.Group(); pool.Flexible && ok {
		return group.Ratio
	}
	return 100
}

// sizesOf returns the sizes in use, sorted.
func sizesOf(pool *analyzer.Pool) []catalog.Size {
	seen := map[catalog.Size]bool{}
	for i := range pool.Members {
		seen[pool.Members[i].Size] = true
	}
	return sortedSizes(seen)
}

// rowRate returns the lowest on-demand price of size on the customer's rows of machines that bill compute alone, 0 where
// they say none, and whether they say several.
func rowRate(pool *analyzer.Pool, size catalog.Size) (rate money.Rate, several bool) {
	for i := range pool.Members {
		member := &pool.Members[i]
		if member.Size != size || member.OS != "linux" || member.Rate == 0 {
			continue
		}
		found := money.Rate(member.Rate)
		several = several || rate != 0 && found != rate
		if rate == 0 || found < rate {
			rate = found
		}
	}
	return rate, several
}

func sourceKinds(book *pricing.Book) map[string]string {
	kinds := map[string]string{}
	for _, source := range book.Sources() {
		kinds[source.Name] = source.Kind
	}
	return kinds
}

func sortedSizes[V any](m map[catalog.Size]V) []catalog.Size {
	sizes := make([]catalog.Size, 0, len(m))
	for size := range m {
		sizes = append(sizes, size)
	}
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] < sizes[j] })
	return sizes
}

// apart reports whether a and b differ by more than the share tolerance of the larger.
func apart(a, b int64, tolerance float64) bool {
	larger := max(a, b)
	return float64(larger-min(a, b)) > tolerance*float64(larger)
}
