// Package vendortest is a made-up vendor for tests and demos: the calls of Partner Center and of Azure's Capacity API that
// buy reservations, with a ledger of its own that survives its end, and faults drawn from a seed.
//
// It is as unhelpful as the documents allow: a Capacity purchase that is sent twice is bought twice, an order may be
// missing from every list for 15 minutes, and a call that times out may have worked, or may work a little later.
package vendortest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"time"

	"sizeterm/recommend/order"
	"sizeterm/recommend/order/place"
)

// Offer is something that the vendor sells. Unit is a decimal number in Currency.
type Offer struct {
	Size, Region, Term string
	Unit, Currency     string
}

// Faults are chances in thousandths, each for every call to which it can happen.
type Faults struct {
	Busy          int // 429
	Broken        int // 500, nothing done
	BrokenAfter   int // 500, though it was done
	Silent        int // no answer, nothing done
	SilentAfter   int // no answer, though it was done
	Late          int // no answer, and it is done half a minute later
	Expired       int // the session of a quote has ended
	PriceChanged  int
	WrongCurrency int
	Cut           int // a list that ends before it is complete
	Restricted    int
	Partial       int // a checkout that says 201 and has errors instead of the order
	Hidden        int // an order that no list shows for 15 minutes
}

// Mixed are the faults of the promise that nothing is bought twice: each of them, often.
func Mixed() Faults {
	return Faults{Busy: 40, Broken: 40, BrokenAfter: 25, Silent: 40, SilentAfter: 40, Late: 20, Expired: 60, PriceChanged: 30, WrongCurrency: 20, Cut: 60, Restricted: 30, Partial: 60, Hidden: 300}
}

// OffersOf are the lines of a plan as a vendor sells them: what the plan says is the price.
func OffersOf(p *order.Plan) []Offer {
	var offers []Offer
	for i := range p.Lines {
		l := &p.Lines[i]
		offers = append(offers, Offer{string(l.Size), string(l.Region), l.Term.String(), l.UnitPrice.Decimal(), string(l.UnitPrice.Currency)})
	}
	return offers
}

// Config is what a vendor is made of. The zero Faults have none.
type Config struct {
	Offers []Offer
	Faults Faults
	Seed   uint64
	// Ledger is the file that keeps carts, sessions and purchases; empty keeps them in memory.
	Ledger string
	// Now is the clock. A call with the header X-Test-Now brings its own instant, which counts.
	Now func() time.Time
}

// Purchase is one purchase in the ledger.
type Purchase struct {
	Token    string    `json:"token"`
	Via      string    `json:"via"`
	ID       string    `json:"id"` // order, or reservation order
	Cart     string    `json:"cart,omitempty"`
	Quantity int64     `json:"quantity"`
	Total    string    `json:"total"`
	Currency string    `json:"currency"`
	At       time.Time `json:"at"`
	Visible  time.Time `json:"visible"`
	Customer string    `json:"customer,omitempty"`
	Size     string    `json:"size,omitempty"`
	Region   string    `json:"region,omitempty"`
	Term     string    `json:"term,omitempty"`
	Plan     string    `json:"plan,omitempty"`  // "upfront" or "monthly"
	Scope    string    `json:"scope,omitempty"` // as it was set after the purchase
}

// cart of the ledger.
type cart struct {
	ID, Customer, Token, CatalogItem, Term, Cycle string
	Quantity                                      int64
	Ordered                                       string // id of the order
	Request                                       string // MS-RequestId that bought it
}

// session is a price that is held for a purchase.
type session struct {
	ID, Total, Currency, Token string
	Quantity                   int64
	At                         time.Time
}

// record is one line of the ledger file.
type record struct {
	Cart     *cart     `json:"cart,omitempty"`
	Session  *session  `json:"session,omitempty"`
	Purchase *Purchase `json:"purchase,omitempty"`
}

// Vendor is the vendor. It implements place.Wire and http.Handler and is safe for many callers.
type Vendor struct {
	mu        sync.Mutex
	config    Config
	random    *rand.Rand
	file      *os.File
	now       time.Time
	carts     map[string]*cart
	sessions  map[string]*session
	purchases []*Purchase
	late      []delayed
	counts    map[string]int
}

// delayed is work that is done after its caller has gone.
type delayed struct {
	at time.Time
	do func()
}

// New returns a vendor and reads its ledger where there is one.
func New(config Config) (*Vendor, error) {
	v := &Vendor{config: config, random: rand.New(rand.NewPCG(config.Seed, 0x5eed)), carts: map[string]*cart{}, sessions: map[string]*session{}, counts: map[string]int{}}
	if config.Ledger == "" {
		return v, nil
	}
	if err := v.load(); err != nil {
		return nil, err
	}
	var err error
	v.file, err = os.OpenFile(config.Ledger, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return v, err
}

func (v *Vendor) load() error {
	f, err := os.Open(v.config.Ledger)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		v.take(r)
	}
	return lines.Err()
}

func (v *Vendor) take(r record) {
	switch {
	case r.Cart != nil:
		v.carts[r.Cart.ID] = r.Cart
	case r.Session != nil:
		v.sessions[r.Session.ID] = r.Session
	case r.Purchase != nil:
		for i, p := range v.purchases {
			if p.ID == r.Purchase.ID && r.Purchase.Scope != "" { // its scope was set: no second purchase
				v.purchases[i] = r.Purchase
				return
			}
		}
		v.purchases = append(v.purchases, r.Purchase)
	}
}

// write puts a record into the ledger, on disk before anybody hears of it.
func (v *Vendor) write(r record) {
	v.take(r)
	if v.file == nil {
		return
	}
	text, err := json.Marshal(r)
	if err == nil {
		_, err = v.file.Write(append(text, '\n'))
	}
	if err == nil && r.Purchase != nil {
		err = v.file.Sync()
	}
	if err != nil {
		panic(fmt.Sprintf("vendortest: ledger: %v", err))
	}
}

// Close closes the ledger.
func (v *Vendor) Close() error {
	if v.file == nil {
		return nil
	}
	return v.file.Close()
}

// Purchases returns the ledger: what was really bought, however it was answered.
func (v *Vendor) Purchases() []Purchase {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := make([]Purchase, 0, len(v.purchases))
	for _, p := range v.purchases {
		all = append(all, *p)
	}
	return all
}

// Bought counts the purchases under a token.
func (v *Vendor) Bought(token string) int {
	n := 0
	for _, p := range v.Purchases() {
		if p.Token == token {
			n++
		}
	}
	return n
}

// Happened counts the faults by name.
func (v *Vendor) Happened() map[string]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	counts := map[string]int{}
	for name, n := range v.counts {
		counts[name] = n
	}
	return counts
}

// ErrSilent is the answer that never came.
var ErrSilent = errors.New("no answer")

// Call implements place.Wire.
func (v *Vendor) Call(ctx context.Context, r place.Request) (place.Response, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return place.Response{}, err
	}
	v.tick(r)
	switch {
	case v.chance("429", v.config.Faults.Busy):
		return answer(429, `{"code":429,"description":"too many requests"}`, "retry-after", "1"), nil
	case v.chance("500", v.config.Faults.Broken):
		return answer(500, `{"code":500,"description":"internal error"}`), nil
	case v.chance("time-out", v.config.Faults.Silent):
		return place.Response{}, ErrSilent
	case v.chance("stall, done later", v.config.Faults.Late):
		v.late = append(v.late, delayed{v.now.Add(30 * time.Second), func() { v.route(r) }})
		return place.Response{}, ErrSilent
	}
	resp := v.route(r)
	switch {
	case v.chance("500 after success", v.config.Faults.BrokenAfter):
		return answer(500, `<html>gateway</html>`), nil
	case v.chance("time-out after success", v.config.Faults.SilentAfter):
		return place.Response{}, ErrSilent
	}
	return resp, nil
}

// tick moves the clock and does what is due.
func (v *Vendor) tick(r place.Request) {
	if at, err := time.Parse(time.RFC3339Nano, r.Header["X-Test-Now"]); err == nil {
		if at.After(v.now) {
			v.now = at
		}
	} else if v.config.Now != nil {
		v.now = v.config.Now()
	}
	due := v.late
	v.late = nil
	for _, d := range due {
		if v.now.Before(d.at) {
			v.late = append(v.late, d)
			continue
		}
		d.do()
	}
}

// chance draws whether a fault happens.
func (v *Vendor) chance(name string, thousandths int) bool {
	if thousandths == 0 || v.random.IntN(1000) >= thousandths {
		return false
	}
	v.counts[name]++
	return true
}

func answer(status int, body string, header ...string) place.Response {
	h := map[string]string{}
	for i := 0; i+1 < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return place.Response{Status: status, Header: h, Body: []byte(body)}
}

func answerJSON(status int, body any) place.Response {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("vendortest: %v", err))
	}
	return answer(status, string(text))
}

// route finds what a call is about.
func (v *Vendor) route(r place.Request) place.Response {
	path := r.URL
	if _, after, ok := strings.Cut(path, "://"); ok {
		_, path, _ = strings.Cut(after, "/")
	}
	path, query, _ := strings.Cut(strings.TrimPrefix(path, "/"), "?")
	parts := strings.Split(path, "/")
	switch {
	case strings.HasPrefix(path, "providers/Microsoft.Capacity/"):
		return v.capacity(r, parts[2:], query)
	case parts[0] == "v1" && len(parts) > 1:
		return v.partnerCenter(r, parts[1:], query)
	case parts[0] == "v1.0":
		return v.priceSheet()
	}
	return answer(404, `{"code":404,"description":"no such call"}`)
}
