package sheet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// RetailURL is where the retail prices API answers. It needs no credentials and
// knows the public cloud only.
const RetailURL = "https://prices.azure.com/api/retail/prices"

var (
	// ErrUnavailable says that the remote did not answer, after all attempts: try again later.
	ErrUnavailable = errors.New("the price list is unavailable")
	// ErrDrift says that the list kept changing while it was read.
	ErrDrift = errors.New("the price list changed while it was read")
)

// Doer sends requests; *http.Client is one.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// PageStore keeps pages so that an interrupted fetch goes on where it stopped.
// Get returns nil where there is none.
type PageStore interface {
	Get(key string) ([]byte, error)
	Put(key string, page []byte) error
}

// Fetcher reads the retail price list page by page to its end. The zero value
// of every field but Client works.
type Fetcher struct {
	Client Doer
	// URL is RetailURL where empty. Every next page must be on the same host.
	URL string
	// Attempts is how often a page is asked for, 6 where zero. The wait between
	// is what Retry-After says, else 1, 2, 4 ... 64 seconds.
	Attempts int
	// Sleep waits; it returns early with the error of a context that ends.
	Sleep func(context.Context, time.Duration) error
	// Store resumes an earlier fetch of the same day; nil keeps nothing.
	Store PageStore
	// Progress is told after each page how many pages and items there are; may be nil.
	Progress func(pages, items int)
}

// Query says which prices to fetch.
type Query struct {
	Regions  []catalog.Region
	Currency money.Code // only USD is real; the others are reference conversions
	AsOf     time.Time  // the day of the snapshot: rows in force then are chosen
}

// Limits of what a price list can be.
const (
	maxPages = 5000
	maxPage  = 64 << 20
	overlap  = 10 // items of the page before that are read again, to notice drift
	restarts = 3  // of a list that changed while it was read
)

// Fetch reads consumption and reservation prices of all regions asked for. A
// list that is cut off, refers to itself, is of another region or currency, or
// keeps changing is an error (ErrIncomplete, ErrDrift), never a complete one; a
// remote that does not answer is ErrUnavailable.
func (f *Fetcher) Fetch(ctx context.Context, q Query) (Snapshot, []Reject, error) {
	if len(q.Regions) == 0 || q.AsOf.IsZero() {
		return Snapshot{}, nil, errors.New("fetch prices: regions and a day are wanted")
	}
	if _, err := money.ParseCode(string(q.Currency)); err != nil {
		return Snapshot{}, nil, fmt.Errorf("fetch prices: %w", err)
	}
	regions := slices.Sorted(slices.Values(q.Regions))
	day := q.AsOf.UTC().Truncate(24 * time.Hour)
	c := newChooser(fmt.Sprintf("retail prices API: %s, %s", join(regions), q.Currency), day)
	c.kind = RetailPages
	run := &fetch{Fetcher: f, ctx: ctx, day: day.Format(time.DateOnly), currency: q.Currency, digest: sha256.New()}
	for _, region := range slices.Compact(regions) {
		for _, kind := range []string{"Consumption", "Reservation"} {
			items, err := run.list(region, kind)
			if err != nil {
				return Snapshot{}, nil, fmt.Errorf("%s prices of %s: %w", strings.ToLower(kind), region, err)
			}
			if len(items) == 0 {
				c.note("no reservation prices in " + string(region))
			}
			for i := range items {
				c.retail(&items[i])
			}
		}
	}
	source, offers, rejects := c.result()
	source.SHA256 = hex.EncodeToString(run.digest.Sum(nil))
	return Snapshot{Source: source, Offers: offers}, rejects, nil
}

func join(regions []catalog.Region) string {
	var names []string
	for _, r := range regions {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// fetch is one run of a Fetcher.
type fetch struct {
	*Fetcher
	ctx          context.Context
	day          string
	currency     money.Code
	digest       hash.Hash
	pages, items int
}

// retailPage is a page of the API.
type retailPage struct {
	BillingCurrency string
	Items           []retailItem
	NextPageLink    string
	Count           int
}

// list reads one filtered list to its end, anew where it changed meanwhile.
func (f *fetch) list(region catalog.Region, kind string) ([]retailItem, error) {
	query := url.Values{"api-version": {"2023-01-01-preview"}, "meterRegion": {"'primary'"}, "currencyCode": {"'" + string(f.currency) + "'"},
		"$filter": {fmt.Sprintf("serviceName eq 'Virtual Machines' and armRegionName eq '%s' and priceType eq '%s'", region, kind)}}
	base := f.URL
	if base == "" {
		base = RetailURL
	}
	first := base + "?" + query.Encode()
	for restart := 0; ; restart++ {
		l := &list{fetch: f, first: first, region: region, seen: map[string]bool{}, known: map[string]bool{}, sum: sha256.New(), fresh: restart > 0}
		err := l.read()
		if errors.Is(err, ErrDrift) && restart < restarts {
			continue
		}
		if err == nil && len(l.items) == 0 && kind == "Consumption" {
			err = fmt.Errorf("not one item: %w", ErrIncomplete)
		}
		f.digest.Write(l.sum.Sum(nil))
		return l.items, err
	}
}

// list is one list under reading.
type list struct {
	*fetch
	first  string
	region catalog.Region
	seen   map[string]bool // links followed
	known  map[string]bool // identities of items
	sum    hash.Hash       // of the pages
	items  []retailItem
	size   int  // items of a full page
	fresh  bool // pages kept earlier are not used
}

func (l *list) read() error {
	link := l.first
	for page := 0; link != ""; page++ {
		if page >= maxPages {
			return fmt.Errorf("more than %d pages: %w", maxPages, ErrIncomplete)
		}
		if l.seen[link] {
			return fmt.Errorf("page %d links to a page before it: %w", page, ErrIncomplete)
		}
		l.seen[link] = true
		asked, again := l.back(link, page)
		p, err := l.page(asked, page)
		if err != nil {
			return fmt.Errorf("page %d: %w", page+1, err)
		}
		if err := l.take(p, page, again); err != nil {
			return fmt.Errorf("page %d: %w", page+1, err)
		}
		link = p.NextPageLink
		if link == "" && l.full(p) {
			if link, err = l.beyond(); err != nil {
				return err
			}
		}
	}
	return nil
}

// back moves a link of the form ...$skip=N back by a few items, which must then
// be those read last.
func (l *list) back(link string, page int) (asked string, again int) {
	u, err := url.Parse(link)
	if err != nil || page == 0 {
		return link, 0
	}
	query := u.Query()
	skip, err := strconv.Atoi(query.Get("$skip"))
	if err != nil || skip != len(l.items) {
		return link, 0
	}
	again = min(overlap, skip)
	query.Set("$skip", strconv.Itoa(skip-again))
	u.RawQuery = query.Encode()
	return u.String(), again
}

// take checks a page and appends its items.
func (l *list) take(p *retailPage, page, again int) error {
	if p.Count != 0 && p.Count != len(p.Items) {
		return fmt.Errorf("it counts %d items and holds %d: %w", p.Count, len(p.Items), ErrIncomplete)
	}
	if page == 0 {
		l.size = len(p.Items)
	} else if p.NextPageLink != "" && len(p.Items) < l.size {
		return fmt.Errorf("%d items where the others have %d, and the list goes on: %w", len(p.Items), l.size, ErrIncomplete)
	}
	if len(p.Items) < again || !slices.Equal(p.Items[:again], l.items[len(l.items)-again:]) {
		return ErrDrift
	}
	for _, item := range p.Items[again:] {
		switch {
		case item.ArmRegionName != string(l.region):
			return fmt.Errorf("an item of %q: the filter was not obeyed: %w", item.ArmRegionName, ErrIncomplete)
		case item.CurrencyCode != string(l.currency):
			return fmt.Errorf("an item in %q: %w", item.CurrencyCode, ErrIncomplete)
		case l.known[item.identity()]:
			return ErrDrift
		}
		l.known[item.identity()] = true
		l.items = append(l.items, item)
	}
	return nil
}

// identity is what no two items of one list share.
func (i *retailItem) identity() string {
	return strings.Join([]string{i.MeterID, i.SkuID, i.Type, i.ReservationTerm, string(i.TierMinimumUnits), i.EffectiveStartDate,
		i.ArmSkuName, i.ProductName, i.MeterName}, "|")
}

// full reports whether a last page may be a cut: it is as long as a page can be.
func (l *list) full(p *retailPage) bool {
	return len(p.Items) > 0 && len(p.Items) == l.size && len(p.Items)%100 == 0
}

// beyond returns a link behind the items read; the list has ended where the
// remote refuses it or has nothing there.
func (l *list) beyond() (string, error) {
	u, err := url.Parse(l.first)
	if err != nil {
		return "", err
	}
	query := u.Query()
	query.Set("$skip", strconv.Itoa(len(l.items)))
	u.RawQuery = query.Encode()
	link := u.String()
	p, err := l.page(link, len(l.items))
	var status *statusError
	if errors.As(err, &status) && status.code == http.StatusBadRequest {
		return "", nil
	}
	if err != nil || len(p.Items) == 0 {
		return "", err
	}
	return link, nil
}

// statusError is an answer that no repetition changes.
type statusError struct{ code int }

func (e *statusError) Error() string { return fmt.Sprintf("answered with status %d", e.code) }

// page returns a page, from the store or the remote.
func (l *list) page(link string, number int) (*retailPage, error) {
	key := fmt.Sprintf("%s-%x", l.day, sha256.Sum256([]byte(link)))
	if l.Store != nil && !l.fresh {
		body, err := l.Store.Get(key)
		if err != nil {
			return nil, err
		}
		if body != nil {
			if p, err := l.decode(body); err == nil {
				return l.counted(p, body), nil
			}
		}
	}
	if err := l.sameHost(link); err != nil {
		return nil, err
	}
	body, p, err := l.ask(link)
	if err != nil {
		return nil, err
	}
	if l.Store != nil {
		if err := l.Store.Put(key, body); err != nil {
			return nil, fmt.Errorf("keep page %d: %w", number+1, err)
		}
	}
	return l.counted(p, body), nil
}

func (l *list) counted(p *retailPage, body []byte) *retailPage {
	l.sum.Write(body)
	l.pages++
	l.fetch.items += len(p.Items)
	if l.Progress != nil {
		l.Progress(l.pages, l.fetch.items)
	}
	return p
}

func (l *list) decode(body []byte) (*retailPage, error) {
	p := &retailPage{}
	if err := json.Unmarshal(body, p); err != nil {
		return nil, err
	}
	if p.BillingCurrency != string(l.currency) {
		return nil, fmt.Errorf("prices in %q instead of %s: %w", p.BillingCurrency, l.currency, ErrIncomplete)
	}
	return p, nil
}

// sameHost refuses a link that leads elsewhere than the list began.
func (l *list) sameHost(link string) error {
	u, err := url.Parse(link)
	if err != nil {
		return fmt.Errorf("link %q: %w", link, err)
	}
	first, err := url.Parse(l.first)
	if err != nil {
		return err
	}
	if u.Scheme != first.Scheme || u.Host != first.Host {
		return fmt.Errorf("link to %q leads to another host: %w", u.Host, ErrIncomplete)
	}
	return nil
}
