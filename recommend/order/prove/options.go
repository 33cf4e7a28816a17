package prove

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/ingest/usage"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/order"
)

// Choice is one thing to do with a reservation, valued against keeping it as it is. Value is what it is better by until the
// reservation ends, if the usage of the files' days repeats: money back and instalments saved, less what the usage that it
// covers costs on demand. Of what an exchange buys only a loss over its term counts: a gain could be had without it.
type Choice struct {
	Action     string   `json:"action"` // "keep", "rescope", "refund" or "exchange"
	Quantity   int64    `json:"quantity"`
	Detail     string   `json:"detail"`
	Value      Sum      `json:"value"`
	Commitment Sum      `json:"commitment"` // that is cancelled, or handed in
	Refund     Sum      `json:"refund"`     // money that comes back
	Fee        Sum      `json:"fee"`
	FeeAtMost  Sum      `json:"fee_at_most"` // the fee that the vendor reserves the right to
	Cap        []CapUse `json:"cap,omitempty"`
	New        *NewBuy  `json:"new,omitempty"`
	Allowed    bool     `json:"allowed"`
	Reasons    []string `json:"reasons"` // why it is not allowed, or what to know
}

// NewBuy is what an exchange buys.
type NewBuy struct {
	Size     string `json:"size"`
	Region   string `json:"region"`
	Term     string `json:"term"`
	Quantity int64  `json:"quantity"`
	Total    Sum    `json:"total"`
	Source   string `json:"price_source"`
	// Worth is what it saves over its term beyond its price, by itself.
	Worth Sum `json:"worth"`
}

// Advice is what can be done with one reservation, the best first.
type Advice struct {
	Owned
	What        string   `json:"what"`
	Utilization *float64 `json:"utilization"`
	Choices     []Choice `json:"choices"`
	Note        string   `json:"note,omitempty"`
}

// Terms are the circumstances of an advice.
type Terms struct {
	Now    time.Time
	Book   *pricing.Book
	Ledger Ledger
	// USD turns amounts into US dollars for the cap; nil knows dollars only.
	USD func(money.Amount) (money.Amount, bool)
}

// OwnedOf lists what the customers own: orders that were bought here, and reservations of the lists that no order explains.
// Prices that no file tells are those of the book.
func OwnedOf(orders []order.Order, b *Books, book *pricing.Book) []*Owned {
	var all []*Owned
	claims := b.claims(orders)
	for _, c := range claims {
		l := &c.o.Line
		if c.o.Held() == 0 {
			continue
		}
		h := &Owned{Order: c.o.ID, Customer: l.Customer, Scope: "shared", Size: l.Size, Region: l.Region, Term: l.Term, Quantity: c.o.Held(), Start: c.from, End: c.to,
			Monthly: l.BillingPlan == "monthly", Flexible: l.Flexible}
		if !c.o.ScopeLeft() {
			h.Scope = l.Scope
		}
		h.Total, _ = l.UnitPrice.Mul(h.Quantity)
		for id := range c.orders {
			h.ReservationOrder = max(h.ReservationOrder, id)
		}
		for reservation, of := range b.orderOf {
			if of == h.ReservationOrder && reservation != of {
				h.Reservation = max(h.Reservation, reservation)
			}
		}
		all = append(all, h)
	}
	for _, x := range b.held {
		if slices.ContainsFunc(claims, func(c *claim) bool { return c.mine(x.ID) || c.mine(x.Order) }) || x.Agreement == "ea" {
			continue
		}
		if h := listed(x.ID, x.Order, x.Customer, x.Scope, x.Size, x.Region, x.Quantity, x.TermMonths, x.Start, x.End, !x.ExactSize, b, book); h != nil {
			all = append(all, h)
		}
	}
	slices.SortStableFunc(all, func(x, y *Owned) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Order, y.Order), cmp.Compare(x.Reservation, y.Reservation))
	})
	return all
}

func listed(id, orderID, customer, scope, size, region string, quantity int64, months int, start, end time.Time, flexible bool, b *Books, book *pricing.Book) *Owned {
	h := &Owned{Reservation: id, ReservationOrder: orElse(orderID, id), Customer: customer, Scope: scope, Size: catalog.Size(size), Region: catalog.Region(region), Quantity: quantity,
		Start: start, End: end, Flexible: flexible, Term: pricing.OneYear, Estimated: true}
	if months == 36 {
		h.Term = pricing.ThreeYear
	}
	if h.Start.IsZero() {
		h.Start = end.AddDate(-h.Term.Years(), 0, 0)
	}
	for k := range b.rates {
		if k.customer == customer {
			h.Total.Currency = k.currency
		}
	}
	if o, err := book.Offer(h.Size, h.Region, pricing.Linux, h.Term, h.Total.Currency); err == nil {
		h.Total, _ = o.Total.Mul(quantity)
	}
	for _, t := range b.deals {
		amount, err := money.Parse(orElse(t.Amount, "x"), money.Code(t.Currency))
		if t.Order != h.ReservationOrder || t.Event != "purchase" || err != nil || t.Quantity == 0 {
			continue
		}
		if t.Recurring {
			amount, _ = amount.Mul(int64(h.Term.Months()))
		}
		h.Total, _ = amount.MulDiv(quantity, t.Quantity)
		h.Monthly, h.Estimated = t.Recurring, false
		break
	}
	return h
}

// Advise values what can be done with each reservation, of which all are owned.
func Advise(h *Owned, all []*Owned, b *Books, t Terms) (Advice, error) {
	a := Advice{Owned: *h, What: fmt.Sprintf("%d x %s %s %s until %s", h.Quantity, h.Size, h.Region, h.Term, h.End.Format(time.DateOnly)), Choices: []Choice{}}
	p := b.poolOf(h.Customer, h.Region, h.Size, h.Total.Currency, all, t.Book)
	a.Utilization = b.useOf(h)
	switch {
	case p.days == 0:
		a.Note = "no usage of the customer among the files: nothing can be valued"
		return a, nil
	case h.Total.Micros <= 0:
		a.Note = "neither a file nor the price book tells what it costs"
		return a, nil
	case p.missing:
		a.Note = "an on-demand price of the pool is missing: nothing can be valued"
		return a, nil
	}
	if !h.Flexible {
		a.Note = "capacity priority covers its exact size only; it is valued as if it covered its group"
	}
	if h.Estimated {
		a.Note = "its price is that of the price book today: no file tells what was paid"
	}
	v := &valuer{h: h, pool: p, books: b, terms: t, all: all, left: max(days(t.Now, h.End), 0)}
	var err error
	if v.keep, err = p.payg(h, h.Quantity, h.Scope, nil); err != nil {
		return a, err
	}
	for _, step := range []func() ([]Choice, error){v.kept, v.rescoped, v.refunded, v.exchanged} {
		choices, err := step()
		if err != nil {
			return a, err
		}
		a.Choices = append(a.Choices, choices...)
	}
	if a.Utilization != nil && *a.Utilization == 0 && v.keep.Cmp(v.without) < 0 {
		a.Note = "the files show no use of it though its scope has usage: look whether it is provisioned and which scope it has; the values suppose that it applies from now on"
	}
	slices.SortStableFunc(a.Choices, func(x, y Choice) int {
		return cmp.Or(-cmp.Compare(truth(x.Allowed), truth(y.Allowed)), -cmp.Compare(x.Value.Micros, y.Value.Micros))
	})
	return a, nil
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// valuer values the choices of one reservation.
type valuer struct {
	h     *Owned
	pool  *pool
	books *Books
	terms Terms
	all   []*Owned
	left  int64 // days until it ends
	keep  bill.Exact
	best  int64 // instances that are better given back than kept

	without bill.Exact // what the pool pays without the reservation
}

func (v *valuer) sum(micros bill.Exact) (Sum, error) {
	a, err := amountOf(micros, v.h.Total.Currency)
	return Sum{a}, err
}

func (v *valuer) choice(action string, quantity int64, detail string) Choice {
	zero := Sum{money.New(0, v.h.Total.Currency)}
	return Choice{Action: action, Quantity: quantity, Detail: detail, Value: zero, Commitment: zero, Refund: zero, Fee: zero, FeeAtMost: zero, Allowed: true, Reasons: []string{}}
}

// kept is the choice that the others are measured by.
func (v *valuer) kept() ([]Choice, error) {
	var err error
	v.without, err = v.pool.payg(v.h, 0, v.h.Scope, nil)
	return []Choice{v.choice("keep", v.h.Quantity, "as it is")}, err
}

// useOf is how much of a reservation is used in the files, from two days after it began on; nil where they hold no such day.
func (b *Books) useOf(h *Owned) *float64 {
	from, to, ok := b.span(h.Customer)
	first := max(from, dayOf(h.Start)+settleDays)
	to = min(to, dayOf(h.End))
	if !ok || first >= to {
		return nil
	}
	mine := map[string]bool{h.ReservationOrder: true, h.Reservation: true}
	delete(mine, "")
	var hours bill.Exact
	for _, r := range b.rowsOf(h.Customer) {
		if r.day < first || r.day >= to || r.kind != usage.Compute || !mine[r.benefit] && !mine[b.order(r.benefit)] {
			continue
		}
		ratio := ratioOf(r.size, h.Size)
		if r.ratio > 0 {
			ratio = bill.Frac(r.ratio, 100)
		}
		hours = hours.Add(bill.Whole(r.hours).Mul(ratio))
	}
	f := roundShare(hours.Quo(bill.Whole(h.Quantity * 24 * int64(to-first)).Mul(bill.Whole(1_000_000))))
	return &f
}

// rescoped tries the shared scope, where it is narrower, and each subscription that uses the group, where it is not.
func (v *valuer) rescoped() ([]Choice, error) {
	scopes := map[string]bool{"shared": true}
	for _, vm := range v.pool.problem.VMs {
		sub := strings.Split(vm.Scope, "/")[1]
		if sub != "none" {
			scopes["/subscriptions/"+sub] = true
		}
	}
	var best *Choice
	for _, scope := range sorted(scopes) {
		if scope == v.h.Scope {
			continue
		}
		cost, err := v.pool.payg(v.h, v.h.Quantity, scope, nil)
		if err != nil {
			return nil, err
		}
		c := v.choice("rescope", v.h.Quantity, "to "+scope)
		if c.Value, err = v.sum(v.pool.ahead(v.keep.Sub(cost), v.left)); err != nil {
			return nil, err
		}
		c.Reasons = append(c.Reasons, "free at any time; nothing is given back")
		if c.Value.Micros > 0 && (best == nil || c.Value.Micros > best.Value.Micros) {
			best = &c
		}
	}
	if best == nil {
		return nil, nil
	}
	return []Choice{*best}, nil
}

func sorted(set map[string]bool) []string {
	var all []string
	for s := range set {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

// refunded finds how many instances are better given back, and values that.
func (v *valuer) refunded() ([]Choice, error) {
	var best Choice
	step := max(1, v.h.Quantity/200)
	for q := step; ; q += step {
		q = min(q, v.h.Quantity)
		c, err := v.refund(q)
		if err != nil {
			return nil, err
		}
		if best.Action == "" || c.Value.Micros > best.Value.Micros {
			best = c
		}
		if q == v.h.Quantity {
			if best.Value.Micros > 0 {
				v.best = best.Quantity
			}
			return []Choice{best}, nil
		}
	}
}

// refund values giving back q instances.
func (v *valuer) refund(q int64) (Choice, error) {
	c := v.choice("refund", q, fmt.Sprintf("%d of %d", q, v.h.Quantity))
	commitment, paid, lower, err := v.remainder(q)
	if err != nil {
		return c, err
	}
	rules := catalog.RulesOn(v.terms.Now)
	fee, err := commitment.MulDiv(int64(rules.FeeBasisPoints), 10_000)
	if err != nil {
		return c, err
	}
	most, err := commitment.MulDiv(int64(rules.ReservedFeeBasisPoints), 10_000)
	if err != nil {
		return c, err
	}
	cost, err := v.pool.payg(v.h, v.h.Quantity-q, v.h.Scope, nil)
	if err != nil {
		return c, err
	}
	gain := bill.Whole(commitment.Micros - fee.Micros).Sub(v.pool.ahead(cost.Sub(v.keep), v.left))
	if c.Value, err = v.sum(gain); err != nil {
		return c, err
	}
	c.Commitment, c.Refund, c.Fee, c.FeeAtMost = Sum{commitment}, Sum{paid}, Sum{fee}, Sum{most}
	if lower != "" {
		c.Reasons = append(c.Reasons, lower)
	}
	c.Reasons = append(c.Reasons, "prorated by UTC days; the partner asks for it, not the customer")
	uses, ok := v.terms.Ledger.Caps(v.h.Customer, v.terms.Now, commitment, paid, v.usd)
	if !ok {
		c.Allowed = false
		c.Reasons = append(c.Reasons, "the cap is in US dollars and no rate for "+string(commitment.Currency)+" is given: --usd-rate")
		return c, nil
	}
	c.Cap = uses
	for _, u := range uses {
		if u.Fits {
			continue
		}
		text := fmt.Sprintf("over the cap of %s in 365 days by %s (%s)", u.Limit.Round(), u.After.Round(), u.Reading)
		if u.Free != "" {
			text += ", free on " + u.Free
		}
		c.Reasons = append(c.Reasons, text)
		c.Allowed = c.Allowed && u.Reading != ByCommitment // the stricter reading decides
	}
	return c, nil
}

func (v *valuer) usd(a money.Amount) (money.Amount, bool) {
	if a.Currency == "USD" || a.IsZero() {
		return money.New(a.Micros, "USD"), true
	}
	if v.terms.USD == nil {
		return a, false
	}
	return v.terms.USD(a)
}

// remainder is what is left of q instances at the lower of purchase price and today's.
func (v *valuer) remainder(q int64) (commitment, paid money.Amount, lower string, err error) {
	commitment, paid, err = v.h.Remainder(v.terms.Now, q)
	if err != nil {
		return commitment, paid, "", err
	}
	offer, err := v.terms.Book.Offer(v.h.Size, v.h.Region, pricing.Linux, v.h.Term, v.h.Total.Currency)
	if err != nil {
		return commitment, paid, "today's price is not known: where it is lower than the purchase price, less comes back", nil
	}
	today, err := offer.Total.Mul(v.h.Quantity)
	if err != nil || today.Micros >= v.h.Total.Micros {
		return commitment, paid, "", err
	}
	lower = fmt.Sprintf("today's price %s is below the purchase price %s: it counts", today, v.h.Total)
	if commitment, err = commitment.MulDiv(today.Micros, v.h.Total.Micros); err != nil {
		return commitment, paid, lower, err
	}
	return commitment, money.New(min(paid.Micros, commitment.Micros), paid.Currency), lower, nil
}

// exchanged values handing in what is better given back for a reservation that the customer can use, the best two.
func (v *valuer) exchanged() ([]Choice, error) {
	q := v.best
	if q == 0 {
		return nil, nil // every instance is worth more than what is left of its price
	}
	var all []Choice
	seen := map[string]bool{}
	for _, r := range v.books.rowsOf(v.h.Customer) {
		key := string(r.region) + "|" + groupOf(r.size)
		if r.currency != v.h.Total.Currency || seen[key] || r.size == "" {
			continue
		}
		seen[key] = true
		found, err := v.into(q, r.region, r.size)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortStableFunc(all, func(x, y Choice) int {
		return cmp.Or(-cmp.Compare(x.Value.Micros, y.Value.Micros), -cmp.Compare(x.New.Worth.Micros, y.New.Worth.Micros))
	})
	return all[:min(2, len(all))], nil
}

// into values exchanging q instances for a reservation of the group of a size in a region, for either term.
func (v *valuer) into(q int64, region catalog.Region, like catalog.Size) ([]Choice, error) {
	p := v.pool
	same := region == v.h.Region && groupOf(like) == p.group
	if !same {
		p = v.books.poolOf(v.h.Customer, region, like, v.h.Total.Currency, v.all, v.terms.Book)
	}
	if p.missing || len(p.problem.VMs) == 0 {
		return nil, nil
	}
	commitment, paid, err := v.h.Remainder(v.terms.Now, q)
	if err != nil {
		return nil, err
	}
	lost, err := v.pool.payg(v.h, v.h.Quantity-q, v.h.Scope, nil)
	if err != nil {
		return nil, err
	}
	var all []Choice
	for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
		offer, ok := v.smallest(region, like, term)
		if !ok {
			continue
		}
		c, found, err := v.best1(q, p, same, offer, commitment, paid, lost)
		if err != nil {
			return nil, err
		}
		if found {
			all = append(all, c)
		}
	}
	return all, nil
}

// smallest is the offer of the smallest size of a group that is sold on the day.
func (v *valuer) smallest(region catalog.Region, like catalog.Size, term pricing.Term) (pricing.Offer, bool) {
	sizes := []catalog.Size{like}
	if g, ok := like.Group(); ok {
		sizes = catalog.GroupSizes(g.Name)
		slices.SortStableFunc(sizes, func(x, y catalog.Size) int {
			a, _ := x.Group()
			b, _ := y.Group()
			return cmp.Compare(a.Ratio, b.Ratio)
		})
	}
	for _, s := range sizes {
		if !catalog.Eligible(s, term.Years(), v.terms.Now).OK {
			continue
		}
		if o, err := v.terms.Book.Offer(s, region, pricing.Linux, term, v.h.Total.Currency); err == nil {
			return o, true
		}
	}
	return pricing.Offer{}, false
}

// best1 finds the quantity of one offer: as many as are worth most, and at least as many as cost what is handed in.
func (v *valuer) best1(q int64, p *pool, same bool, o pricing.Offer, commitment, paid money.Amount, lost bill.Exact) (Choice, bool, error) {
	least := (commitment.Micros + o.Total.Micros - 1) / o.Total.Micros
	changed, n := v.h, v.h.Quantity-q
	if !same {
		changed, n = nil, 0
	}
	before, err := p.payg(changed, n, v.h.Scope, nil)
	if err != nil {
		return Choice{}, false, err
	}
	termDays := int64(o.Term.Years()) * 365
	p.addSize(v.books, o.Size)
	if p.missing {
		return Choice{}, false, nil
	}
	value := func(quantity int64) (bill.Exact, error) {
		add := bill.Existing{Qty: quantity, Commitment: bill.Commitment{ID: "new", Kind: bill.Reservation, Scope: "shared", To: int(p.days), Size: string(o.Size)}}
		after, err := p.payg(changed, n, v.h.Scope, &add)
		return p.ahead(before.Sub(after), termDays).Sub(bill.Whole(o.Total.Micros).Mul(bill.Whole(quantity))), err
	}
	// The worth of one more instance only falls: go up while it is worth it.
	quantity := max(least, 1)
	best, err := value(quantity)
	if err != nil {
		return Choice{}, false, err
	}
	for step := max(quantity/50, 1); quantity < 10_000; quantity += step {
		next, err := value(quantity + step)
		if err != nil {
			return Choice{}, false, err
		}
		if next.Cmp(best) <= 0 {
			break
		}
		best = next
	}
	c := v.choice("exchange", q, fmt.Sprintf("%d of %d for %d x %s %s %s", q, v.h.Quantity, quantity, o.Size, o.Region, o.Term))
	total, err := o.Total.Mul(quantity)
	if err != nil {
		return c, false, err
	}
	// What the new one saves beyond its price it would save without an exchange as well: only a loss counts here.
	alone, err := v.sum(best)
	if err != nil {
		return c, false, err
	}
	gain := bill.Whole(min(alone.Micros, 0)).Add(bill.Whole(commitment.Micros)).Sub(v.pool.ahead(lost.Sub(v.keep), v.left))
	c.Reasons = append(c.Reasons, fmt.Sprintf("the new one by itself is worth %s over its term", alone.Round()))
	if c.Value, err = v.sum(gain); err != nil {
		return c, false, err
	}
	c.Commitment, c.Refund = Sum{commitment}, Sum{paid}
	c.New = &NewBuy{string(o.Size), string(o.Region), o.Term.String(), quantity, Sum{total}, o.Source, alone}
	v.exchangeRules(&c, total, commitment)
	return c, true, nil
}

// exchangeRules judges an exchange by the dated rules.
func (v *valuer) exchangeRules(c *Choice, total, commitment money.Amount) {
	rules := catalog.RulesOn(v.h.Start)
	if !rules.Exchangeable {
		c.Allowed = false
		c.Reasons = append(c.Reasons, fmt.Sprintf("it was bought on %s: reservations bought from %s on cannot be exchanged", v.h.Start.Format(time.DateOnly), rules.ExchangeEnds.Format(time.DateOnly)))
	}
	if total.Micros < commitment.Micros {
		c.Allowed = false
		c.Reasons = append(c.Reasons, fmt.Sprintf("the new one costs %s, less than the %s handed in", total, commitment))
	}
	c.Reasons = append(c.Reasons, "no fee, does not count against the cap, the term starts anew")
	if !catalog.RulesOn(v.terms.Now).Exchangeable {
		c.Reasons = append(c.Reasons, "the new one cannot be exchanged again")
	}
}

// errNoReservation says that no file names the reservation's id.
var errNoReservation = errors.New("no file names the id of the reservation: give a reservation list or details")

// ID is the full id of the reservation, as the calls on it take it.
func (h *Owned) ID() (string, error) {
	if h.Reservation == "" || h.ReservationOrder == "" {
		return "", errNoReservation
	}
	return "/providers/microsoft.capacity/reservationOrders/" + h.ReservationOrder + "/reservations/" + h.Reservation, nil
}
