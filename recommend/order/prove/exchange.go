package prove

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

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
		p = v.books.poolOf(poolKey{v.h.Customer, region, groupOf(like), v.h.Total.Currency}, v.all, v.terms.Book)
	}
	if p.missing || len(p.problem.VMs) == 0 {
		return nil, nil
	}
	t := trial{valuer: v, back: q, pool: p, same: same}
	var err error
	if t.commitment, t.paid, err = v.h.remainder(v.terms.Now, q); err != nil {
		return nil, err
	}
	if t.lost, err = v.pool.payg(v.h, v.h.Quantity-q, v.h.Scope, nil); err != nil {
		return nil, err
	}
	var all []Choice
	for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
		offer, ok := v.smallest(region, like, term)
		if !ok {
			continue
		}
		c, found, err := t.choose(offer)
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

// trial is an exchange of some instances for something of a pool.
type trial struct {
	*valuer
	back             int64 // instances that are handed in
	pool             *pool // that the new reservation serves
	same             bool  // it is the pool of the old one
	commitment, paid money.Amount
	lost             bill.Exact // what the old pool pays without those instances
}

// choose finds the quantity of one offer: as many as are worth most, and at least as many as cost what is handed in.
func (t *trial) choose(o pricing.Offer) (c Choice, found bool, err error) {
	worth, ok, err := t.worthOf(o)
	if err != nil || !ok {
		return c, false, err
	}
	// The worth of one more instance only falls: go up while it is worth it.
	quantity := max((t.commitment.Micros+o.Total.Micros-1)/o.Total.Micros, 1)
	best, err := worth(quantity)
	if err != nil {
		return c, false, err
	}
	for step := max(quantity/50, 1); quantity < 10_000; quantity += step {
		next, err := worth(quantity + step)
		if err != nil {
			return c, false, err
		}
		if next.Cmp(best) <= 0 {
			break
		}
		best = next
	}
	c = t.choice("exchange", t.back, fmt.Sprintf("%d of %d for %d x %s %s %s", t.back, t.h.Quantity, quantity, o.Size, o.Region, o.Term))
	total, err := o.Total.Mul(quantity)
	if err != nil {
		return c, false, err
	}
	// What the new one saves beyond its price it would save without an exchange as well: only a loss counts here.
	alone, err := t.sum(best)
	if err != nil {
		return c, false, err
	}
	gain := bill.Whole(min(alone.Micros, 0)).Add(bill.Whole(t.commitment.Micros)).Sub(t.valuer.pool.ahead(t.lost.Sub(t.keep), t.left))
	c.Reasons = append(c.Reasons, fmt.Sprintf("the new one by itself is worth %s over its term", alone.Round()))
	if c.Value, err = t.sum(gain); err != nil {
		return c, false, err
	}
	c.Commitment, c.Refund = Sum{t.commitment}, Sum{t.paid}
	c.New = &NewBuy{string(o.Size), string(o.Region), o.Term.String(), quantity, Sum{total}, o.Source, alone}
	t.exchangeRules(&c, total, t.commitment)
	return c, true, nil
}

// worthOf returns what a number of instances of an offer saves over its term beyond its price, in micros; ok is false where a
// price of the pool is missing.
func (t *trial) worthOf(o pricing.Offer) (worth func(quantity int64) (bill.Exact, error), ok bool, err error) {
	changed, n := t.h, t.h.Quantity-t.back
	if !t.same {
		changed, n = nil, 0
	}
	before, err := t.pool.payg(changed, n, t.h.Scope, nil)
	if err != nil {
		return nil, false, err
	}
	t.pool.addSize(t.books, o.Size)
	termDays := int64(o.Term.Years()) * 365
	return func(quantity int64) (bill.Exact, error) {
		add := bill.Existing{Qty: quantity, Commitment: bill.Commitment{ID: "new", Kind: bill.Reservation, Scope: "shared", To: int(t.pool.days), Size: string(o.Size)}}
		after, err := t.pool.payg(changed, n, t.h.Scope, &add)
		return t.pool.ahead(before.Sub(after), termDays).Sub(bill.Whole(o.Total.Micros).Mul(bill.Whole(quantity))), err
	}, !t.pool.missing, nil
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
