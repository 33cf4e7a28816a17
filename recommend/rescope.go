package recommend

import (
	"fmt"
	"slices"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// Rescope is advice to widen the scope of an owned reservation that stands idle in its own scope and would serve demand outside it. It
// costs nothing and is no purchase, so it comes before buying: every other figure of the plan counts the reservation at its wider scope.
type Rescope struct {
	ID, Reservation, Customer, Pool string
	Region                          catalog.Region
	Size                            catalog.Size
	Quantity                        int64
	From, To                        string // scopes: "/subscriptions/…/resourcegroups/…", "/subscriptions/…", "shared"
	Until                           time.Time
	Currency                        money.Code
	// SavingMonth is the pay-as-you-go cost that the wider scope avoids before anything is bought, a month of 730 hours of the year
	// ahead, the reservation counted until it ends.
	SavingMonth money.Amount
	Reason      string
}

// widen finds the reservations whose scope is better widened, and returns the input with them widened. Reservations with size
// flexibility off hold capacity where they are and stay; so do those of another agreement.
func widen(in Input) (Input, []Rescope, error) {
	var advice []Rescope
	existing := slices.Clone(in.Existing)
	in.Existing = existing
	for i := range in.Analysis.Pools {
		pool := &in.Analysis.Pools[i]
		for j := range existing {
			e := &existing[j]
			if scopePath(e.Scope) == sharedScope || e.ExactSize || !serves(*e, pool, &in) {
				continue
			}
			d := &decision{pool: pool, market: newMarket(pool, &in), currency: money.Code(pool.Currency), asOf: in.Analysis.AsOf, order: bill.HighestFirst}
			if len(d.market.rates) == 0 {
				break
			}
			if !d.market.uniform() {
				d.order = bill.Proportional
			}
			found, err := d.widest(e, &in)
			if err != nil {
				return in, nil, err
			}
			if found != nil {
				e.widened, e.Scope = e.Scope, found.To
				advice = append(advice, *found)
			}
		}
	}
	return in, advice, nil
}

// widest returns the scope at which a reservation avoids most, nil where that is the one it has; of equal ones the narrower.
func (d *decision) widest(e *Existing, in *Input) (*Rescope, error) {
	at := e.Scope
	defer func() { e.Scope = at }()
	now, err := d.unserved(in)
	if err != nil {
		return nil, err
	}
	best, least := "", now
	for _, wider := range widerThan(at) {
		e.Scope = wider
		cost, err := d.unserved(in)
		if err != nil {
			return nil, err
		}
		if cost.Cmp(least) < 0 {
			best, least = wider, cost
		}
	}
	if best == "" {
		return nil, nil
	}
	return d.rescope(e, at, best, now.Sub(least))
}

// rescope states that the scope of a reservation is to be widened, which avoids so much of the year ahead.
func (d *decision) rescope(e *Existing, at, best string, avoided bill.Exact) (*Rescope, error) {
	r := &Rescope{
		ID: id("rescope", d.pool.Customer, e.ID), Reservation: e.ID, Customer: d.pool.Customer, Pool: id("pool", d.pool.Customer, d.pool.Currency, string(d.pool.Region), d.pool.Group),
		Region: d.pool.Region, Size: e.Size, Quantity: e.Quantity, From: at, To: best, Until: e.Until, Currency: d.currency,
	}
	saved, ok := avoided.Mul(bill.Frac(pricing.HoursOfMonth, pricing.HoursOfYear)).Quo(bill.Whole(moneyScale)).Round()
	if !ok {
		return nil, fmt.Errorf("re-scoping %s: %w", e.ID, money.ErrOverflow)
	}
	r.SavingMonth = money.New(saved, d.currency)
	r.Reason = fmt.Sprintf("%d x %s stand idle at times in %s while the same group pays by the hour outside it: change the scope to %s first; it is free, and less is bought for it",
		e.Quantity, e.Size, at, best)
	return r, nil
}

// unserved is what the year ahead costs at pay-as-you-go beside what is owned, on the conservative reading of the hours.
func (d *decision) unserved(in *Input) (bill.Exact, error) {
	existing := existingOf(d.pool, in)
	for _, e := range existing {
		d.market.ratios[e.Size] = ratioOf(d.pool, e.Size)
	}
	classes := classesOf(d.pool, d.market, in.Analysis.Window.Hours(), stacked)
	a, err := newAhead(d.pool, d.market, classes, periods(d.asOf, 1, existing, 0, []int64{0}), aheadSpec{years: 1, existing: existing, order: d.order, starts: []int64{0}})
	if err != nil {
		return bill.Exact{}, err
	}
	return a.evaluate(nil).payg, nil
}

// widerThan lists the scopes around one, the narrowest first.
func widerThan(at string) []string {
	switch node := scopePath(at); {
	case node == sharedScope:
		return nil
	case countLevels(node) > 1:
		return []string{narrow(part(node+"/", 1), "").name, sharedScope}
	}
	return []string{sharedScope}
}

// countLevels returns how deep a node lies under the shared scope.
func countLevels(node string) int {
	n := 0
	for _, c := range node {
		if c == '/' {
			n++
		}
	}
	return n
}
