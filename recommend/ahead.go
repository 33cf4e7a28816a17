package recommend

import (
	"fmt"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// moneyScale is how many units of the simulator's money make one micro-unit: the 1e-10 of rates times 3, so that a third
// of a three-year total, the share of one year, is a whole number.
const moneyScale = 3 * 10_000

// ahead is a pool's time ahead under one profile, ready for the simulator.
type ahead struct {
	parts   []period
	slots   []int // first slot of each part, and the number of slots at the end
	years   int
	hours   int64   // of the window
	count   []int64 // hours of the window in each class
	weight  int64   // what one hour of a part counts when the demand is certain
	problem *bill.Problem
	sim     *bill.Simulator
	offers  []ticket
	prices  []bill.Exact // of each offer, for its span, in 1/moneyScale micro-units
	left    []int64      // by slot: see net
}

// ticket is one thing that can be bought in an ahead: size and term, from the start of a year on.
type ticket struct {
	size  catalog.Size
	term  pricing.Term
	year  int
	total money.Amount
}

// newAhead prepares the time ahead of a pool: years long, under the profile c, with the existing reservations of parts.
// Renewals add, for every one-year offer, the same offer at the start of each later year. A price due in a later year is
// due only if the demand is still there: it is weighted like the hours of parts.
func newAhead(pool *analyzer.Pool, m *market, c hourClasses, parts []period, spec aheadSpec) (*ahead, error) {
	a := &ahead{parts: parts, years: spec.years, count: c.count, weight: 1, problem: problem(c, m, parts, spec.existing, spec.order)}
	for _, n := range c.count {
		a.hours += n
	}
	if spec.loss > 0 {
		a.weight = weightScale
	}
	for name, size := range a.problem.Sizes {
		size.Payg *= 3
		size.Software *= 3
		a.problem.Sizes[name] = size
	}
	for i := range parts {
		a.slots = append(a.slots, i*len(c.count))
	}
	a.slots = append(a.slots, len(parts)*len(c.count))
	for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
		for _, offer := range m.offers[term] {
			a.addOffer(offer, 0, weightScale)
			for year := 1; spec.renewals && term == pricing.OneYear && year < spec.years; year++ {
				a.addOffer(offer, year, survivors(spec.loss, int64(12*year)))
			}
		}
	}
	var err error
	if a.sim, err = bill.NewSimulator(a.problem); err != nil {
		return nil, fmt.Errorf("pool %s of %s in %s: %w", pool.Group, pool.Customer, pool.Region, err)
	}
	return a, nil
}

// aheadSpec says which time ahead is wanted.
type aheadSpec struct {
	years    int
	existing []Existing
	order    bill.Order
	loss     float64
	renewals bool
}

// addOffer adds offer, bought at the start of year; weight is the probability that it is bought at all, in millionths.
func (a *ahead) addOffer(offer pricing.Offer, year int, weight int64) {
	span := min(offer.Term.Years(), a.years-year)
	price := bill.Whole(offer.Total.Micros).Mul(bill.Whole(moneyScale)).Mul(bill.Frac(int64(span), int64(offer.Term.Years())))
	a.prices = append(a.prices, price.Mul(bill.Frac(weight, weightScale)))
	from, to := a.yearSlots(year, year+span)
	a.problem.Offers = append(a.problem.Offers, bill.Offer{
		Commitment: bill.Commitment{ID: fmt.Sprintf("%s.%d.%s", offer.Term, year, offer.Size), Kind: bill.Reservation,
			Scope: sharedScope, From: from, To: to, Size: string(offer.Size)},
		MaxQty: 1 << 40, // no price here: the simulator's hours are those of the window and the horizon multiplied
	})
	a.offers = append(a.offers, ticket{offer.Size, offer.Term, year, offer.Total})
}

// yearSlots returns the slots of the years [from, to).
func (a *ahead) yearSlots(from, to int) (int, int) {
	first, last := len(a.problem.Slots), 0
	for i, part := range a.parts {
		if part.year >= from && part.year < to {
			first, last = min(first, a.slots[i]), max(last, a.slots[i+1])
		}
	}
	return min(first, last), last
}

// order is a quantity of each ticket of an ahead.
type order map[ticketKey]int64

// ticketKey names a ticket.
type ticketKey struct {
	size catalog.Size
	term pricing.Term
	year int
}

// orderOf returns purchases made today as an order.
func orderOf(purchases []Purchase) order {
	o := order{}
	for _, p := range purchases {
		o[ticketKey{p.Size, p.Term, 0}] += p.Quantity
	}
	return o
}

// evaluated is what an order costs over the horizon, in the simulator's money.
type evaluated struct {
	payg, software, commitment bill.Exact
	nodes                      []bill.NodeUse
}

// evaluate runs the bill simulator for an order.
func (a *ahead) evaluate(o order) evaluated {
	quantity := make([]int64, len(a.offers))
	for i, t := range a.offers {
		quantity[i] = o[ticketKey{t.size, t.term, t.year}]
	}
	b := a.sim.Run(make([]int, len(a.problem.VMs)), quantity)
	e := evaluated{payg: a.ahead(b.Payg), software: a.ahead(b.Software), nodes: b.Nodes}
	for i, q := range quantity {
		e.commitment = e.commitment.Add(a.prices[i].Mul(bill.Whole(q)))
	}
	return e
}

// ahead turns what the simulator says of the hours of the window, each counted once for every hour of the horizon, into
// money of the horizon.
func (a *ahead) ahead(x bill.Exact) bill.Exact {
	return x.Quo(bill.Whole(max(1, a.hours)).Mul(bill.Whole(a.weight)))
}

// cost is what is paid for compute.
func (e evaluated) cost() bill.Exact { return e.payg.Add(e.commitment) }

// net returns for each slot the units that existing reservations leave.
func (a *ahead) net() []int64 {
	if a.left == nil {
		a.left = netUnits(a.problem)
	}
	return a.left
}

// horizonHours returns the unweighted hours of the horizon.
func (a *ahead) horizonHours() int64 { return hoursOfYears(a.years) }

// amount turns the simulator's money over the horizon into an Amount for hours of it: a window, a month, the whole.
func (a *ahead) amount(x bill.Exact, hours int64, currency money.Code) (money.Amount, error) {
	micros, ok := x.Mul(bill.Frac(hours, a.horizonHours())).Quo(bill.Whole(moneyScale)).Round()
	if !ok {
		return money.Amount{}, fmt.Errorf("%s %s: %w", x, currency, money.ErrOverflow)
	}
	return money.New(micros, currency), nil
}

// utilization returns the share of the new units that the order's usage fills; absent where nothing is bought.
func (e evaluated) utilization() Fraction {
	bought, used := bill.Exact{}, bill.Exact{}
	for _, n := range e.nodes {
		bought, used = bought.Add(n.New), used.Add(n.Used)
	}
	if bought.Sign() == 0 {
		return Fraction{}
	}
	return Fraction{used.Quo(bought).Float(), true}
}
