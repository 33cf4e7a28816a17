package sheet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// remote is a fake of the retail prices API with faults. It answers pages of
// size items and links to the next with $skip, as the real one does.
type remote struct {
	items    map[string][]map[string]any // by region and price type
	size     int
	currency string
	asked    []string // links in order
	before   func(n int, link string) (*http.Response, error)
	after    func(n int, p map[string]any)
}

var filterOf = regexp.MustCompile(`^serviceName eq 'Virtual Machines' and armRegionName eq '([a-z0-9]+)' and priceType eq '([A-Za-z]+)'$`)

func (r *remote) Do(request *http.Request) (*http.Response, error) {
	link := request.URL.String()
	r.asked = append(r.asked, link)
	n := len(r.asked)
	if r.before != nil {
		if response, err := r.before(n, link); response != nil || err != nil {
			return response, err
		}
	}
	query := request.URL.Query()
	match := filterOf.FindStringSubmatch(query.Get("$filter"))
	if match == nil || query.Get("currencyCode") == "" {
		return answer(400, "bad filter"), nil
	}
	items := r.items[match[1]+" "+match[2]]
	skip, _ := strconv.Atoi(query.Get("$skip"))
	if skip > len(items) || skip == len(items) && skip > 0 {
		return answer(400, "skip past the end"), nil
	}
	part := items[skip:min(skip+r.size, len(items))]
	p := map[string]any{"BillingCurrency": r.currency, "Items": part, "Count": len(part), "NextPageLink": nil}
	if skip+r.size < len(items) {
		query.Set("$skip", strconv.Itoa(skip+r.size))
		next := url.URL{Scheme: request.URL.Scheme, Host: request.URL.Host, Path: request.URL.Path, RawQuery: query.Encode()}
		p["NextPageLink"] = next.String()
	}
	if r.after != nil {
		r.after(n, p)
	}
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return answer(200, string(text)), nil
}

func answer(code int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// machines returns n consumption items of one region, each its own size.
func machines(region string, n int) []map[string]any {
	var out []map[string]any
	for _, s := range catalog.Sizes() {
		if len(out) == n {
			break
		}
		short := strings.ReplaceAll(strings.TrimPrefix(string(s), "Standard_"), "_", " ")
		if strings.Contains(short, "Promo") {
			continue
		}
		out = append(out, item(string(s), short, fmt.Sprintf("0.%03d", len(out)+1), "armRegionName", region))
	}
	return out
}

func newRemote(n int) *remote {
	return &remote{size: 100, currency: "USD", items: map[string][]map[string]any{
		"westeurope Consumption": machines("westeurope", n),
		"westeurope Reservation": {item("Standard_D4s_v5", "D4s v5", "1189", "type", "Reservation", "reservationTerm", "1 Year")},
	}}
}

var askWestEurope = Query{Regions: []catalog.Region{"westeurope"}, Currency: "USD", AsOf: day("2026-11-24")}

// fetcher returns a Fetcher on r that notes its waits instead of sleeping.
func fetcher(r Doer, waits *[]time.Duration) *Fetcher {
	return &Fetcher{Client: r, Sleep: func(_ context.Context, d time.Duration) error {
		if waits != nil {
			*waits = append(*waits, d)
		}
		return nil
	}}
}

func TestFetchReadsToTheEnd(t *testing.T) {
	for _, n := range []int{1, 99, 100, 101, 200, 345} {
		r := newRemote(n)
		progress := 0
		f := fetcher(r, nil)
		f.Progress = func(pages, _ int) { progress = pages }
		s, rejects, err := f.Fetch(t.Context(), askWestEurope)
		require.NoError(t, err, "%d items", n)
		require.Empty(t, rejects)
		require.Len(t, s.Offers, n+1)
		require.Equal(t, day("2026-11-24"), s.Source.AsOf)
		require.Equal(t, "retail prices API: westeurope, USD", s.Source.Name)
		require.Equal(t, "retail", s.Source.Kind)
		require.Len(t, s.Source.SHA256, 64)
		require.Positive(t, progress)
		var file bytes.Buffer
		require.NoError(t, WriteSnapshot(&file, s))
		back, offers, _, err := Read("saved", &file)
		require.NoError(t, err)
		require.Equal(t, s.Source.Name, back.Name)
		require.ElementsMatch(t, lines(s.Offers), lines(offers))
	}
}

func TestFetchAsksWhatTheAPIWants(t *testing.T) {
	r := newRemote(101)
	_, _, err := fetcher(r, nil).Fetch(t.Context(), askWestEurope)
	require.NoError(t, err)
	first, err := url.Parse(r.asked[0])
	require.NoError(t, err)
	require.Equal(t, "prices.azure.com", first.Host)
	require.Equal(t, "2023-01-01-preview", first.Query().Get("api-version"))
	require.Equal(t, "'primary'", first.Query().Get("meterRegion"))
	require.Equal(t, "'USD'", first.Query().Get("currencyCode"), "no part of the filter")
	second, err := url.Parse(r.asked[1])
	require.NoError(t, err)
	require.Equal(t, "90", second.Query().Get("$skip"), "ten items are read again to notice drift")
}

func TestFetchWaitsAndTriesAgain(t *testing.T) {
	var waits []time.Duration
	r := newRemote(10)
	r.before = func(n int, _ string) (*http.Response, error) {
		switch n {
		case 1:
			return answer(429, "slow down", "Retry-After", "17"), nil
		case 2:
			return answer(503, "", "Date", "Tue, 24 Nov 2026 10:00:00 GMT", "Retry-After", "Tue, 24 Nov 2026 10:00:42 GMT"), nil
		case 3:
			return nil, errors.New("connection reset")
		case 4:
			return answer(200, `{"Items":[`), nil
		case 5:
			return answer(500, "", "Retry-After", "999999999"), nil
		}
		return nil, nil
	}
	_, _, err := fetcher(r, &waits).Fetch(t.Context(), askWestEurope)
	require.NoError(t, err)
	require.Equal(t, []time.Duration{17 * time.Second, 42 * time.Second, 4 * time.Second, 8 * time.Second, longestWait}, waits)
}

func TestFetchGivesUp(t *testing.T) {
	var waits []time.Duration
	r := newRemote(10)
	r.before = func(int, string) (*http.Response, error) { return answer(503, ""), nil }
	_, _, err := fetcher(r, &waits).Fetch(t.Context(), askWestEurope)
	require.ErrorIs(t, err, ErrUnavailable)
	require.Len(t, r.asked, 6)
	require.Equal(t, []time.Duration{1e9, 2e9, 4e9, 8e9, 16e9}, waits)
	r = newRemote(10)
	r.before = func(int, string) (*http.Response, error) { return answer(404, ""), nil }
	_, _, err = fetcher(r, nil).Fetch(t.Context(), askWestEurope)
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrUnavailable)
	require.Len(t, r.asked, 1, "what no repetition changes is not repeated")
	ctx, cancel := context.WithCancel(t.Context())
	r = newRemote(10)
	r.before = func(int, string) (*http.Response, error) { cancel(); return nil, ctx.Err() }
	_, _, err = fetcher(r, nil).Fetch(ctx, askWestEurope)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, sleep(ctx, time.Hour), context.Canceled)
	require.NoError(t, sleep(t.Context(), time.Nanosecond))
}

func TestFetchRefusesCutLists(t *testing.T) {
	check := func(name string, want error, fault func(n int, p map[string]any)) {
		t.Helper()
		r := newRemote(345)
		r.after = fault
		s, _, err := fetcher(r, nil).Fetch(t.Context(), askWestEurope)
		require.ErrorIs(t, err, want, name)
		require.Empty(t, s.Offers, name)
	}
	items := func(p map[string]any) []map[string]any { return p["Items"].([]map[string]any) }
	check("refers to itself", ErrIncomplete, func(n int, p map[string]any) {
		if n == 2 {
			next := p["NextPageLink"].(string)
			p["NextPageLink"] = strings.Replace(next, "skip=190", "skip=100", 1)
		}
	})
	check("holds fewer than it counts", ErrIncomplete, func(n int, p map[string]any) {
		if n == 2 {
			p["Items"] = items(p)[:50]
		}
	})
	check("a short page in the middle", ErrIncomplete, func(n int, p map[string]any) {
		if n == 2 {
			p["Items"], p["Count"] = items(p)[:50], 50
		}
	})
	check("another currency", ErrIncomplete, func(n int, p map[string]any) {
		if n == 3 {
			p["BillingCurrency"] = "EUR"
		}
	})
	check("another region", ErrIncomplete, func(n int, p map[string]any) {
		if n == 1 {
			p["Items"] = append([]map[string]any{item("Standard_D4s_v5", "D4s v5", "1", "armRegionName", "eastus")}, items(p)[1:]...)
		}
	})
	check("another host", ErrIncomplete, func(n int, p map[string]any) {
		if n == 1 {
			p["NextPageLink"] = "https://elsewhere.example/api?$skip=100"
		}
	})
	check("drifts every time", ErrDrift, func(_ int, p map[string]any) {
		if list := items(p); len(list) == 100 && p["NextPageLink"] != nil {
			p["Items"] = append(list[1:100:100], item("Standard_D4s_v5", "D4s v5", "1"))
		}
	})
	r := newRemote(0)
	_, _, err := fetcher(r, nil).Fetch(t.Context(), askWestEurope)
	require.ErrorIs(t, err, ErrIncomplete, "a region without a price is a wrong question")
	r = newRemote(200)
	r.after = func(n int, p map[string]any) {
		if n == 1 {
			p["NextPageLink"] = nil // cut behind a full page
		}
	}
	s, _, err := fetcher(r, nil).Fetch(t.Context(), askWestEurope)
	require.NoError(t, err)
	require.Len(t, s.Offers, 201, "what lies behind a full last page is asked for")
}

func TestFetchReadsAnewAfterDrift(t *testing.T) {
	r := newRemote(345)
	extra := item("Standard_D4s_v5", "D4s v5", "9", "armRegionName", "westeurope", "productName", "Virtual Machines New Series", "effectiveStartDate", "2020-01-01T00:00:00Z")
	r.before = func(n int, _ string) (*http.Response, error) {
		if n == 3 { // a row comes in before what was read
			r.items["westeurope Consumption"] = append([]map[string]any{extra}, r.items["westeurope Consumption"]...)
		}
		return nil, nil
	}
	s, _, err := fetcher(r, nil).Fetch(t.Context(), askWestEurope)
	require.NoError(t, err)
	require.Equal(t, 347, s.Source.Read, "every item of the changed list, each once")
}

func TestFetchResumes(t *testing.T) {
	store := Folder(t.TempDir())
	r := newRemote(345)
	r.before = func(n int, _ string) (*http.Response, error) {
		if n >= 3 {
			return answer(400, ""), nil
		}
		return nil, nil
	}
	f := fetcher(r, nil)
	f.Store = store
	_, _, err := f.Fetch(t.Context(), askWestEurope)
	require.Error(t, err)
	r.before, r.asked = nil, nil
	resumed, _, err := f.Fetch(t.Context(), askWestEurope)
	require.NoError(t, err)
	require.Len(t, r.asked, 3, "pages 3 and 4 and the reservations")
	whole, _, err := fetcher(newRemote(345), nil).Fetch(t.Context(), askWestEurope)
	require.NoError(t, err)
	require.Equal(t, whole, resumed, "as if it had not been interrupted")
	tomorrow := askWestEurope
	tomorrow.AsOf = day("2026-11-25")
	r.asked = nil
	_, _, err = f.Fetch(t.Context(), tomorrow)
	require.NoError(t, err)
	require.Len(t, r.asked, 5, "pages of another day are not used")
}

func TestFetchChecksItsQuestion(t *testing.T) {
	for _, q := range []Query{{}, {Regions: []catalog.Region{"westeurope"}, Currency: "USD"},
		{Regions: []catalog.Region{"westeurope"}, Currency: "XYZ", AsOf: day("2026-11-24")}, {Currency: "USD", AsOf: day("2026-11-24")}} {
		_, _, err := fetcher(newRemote(1), nil).Fetch(t.Context(), q)
		require.Error(t, err)
	}
}

func TestFetchInAnotherCurrencyIsMarked(t *testing.T) {
	r := newRemote(3)
	r.currency = "EUR"
	for _, list := range r.items {
		for _, i := range list {
			i["currencyCode"] = "EUR"
		}
	}
	q := askWestEurope
	q.Currency = "EUR"
	s, _, err := fetcher(r, nil).Fetch(t.Context(), q)
	require.NoError(t, err)
	require.Contains(t, s.Source.Note, "reference conversions")
	b := pricing.NewBuilder()
	b.Add(s.Source, s.Offers)
	book, err := b.Build()
	require.NoError(t, err)
	o, err := book.Offer(catalog.Sizes()[0], "westeurope", pricing.Linux, pricing.PayAsYouGo, "EUR")
	require.NoError(t, err)
	require.Equal(t, money.Code("EUR"), o.Currency)
}
