package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/solve"
)

// moneyScale is how many units of the simulator's money make one micro-unit: the 1e-10 of rates times 3, so that a third
// of a three-year total, the share of one year, is a whole number.
const moneyScale = 3 * 10_000

// ahead is a pool's time ahead under one profile, ready for the simulator.
type ahead struct {
	parts   []period
	slots   []int // first slot of each part, and the number of slots at the end
	years   int
	hours   int64           // of the window
	weight  int64           // what one hour of a part counts when the demand is certain
	levels  [][]solve.Level // of each part: units that existing reservations leave, in how many hours of the window
	scope   string          // of what can be bought, as a node of the simulator's tree
	usage   *bill.Problem   // every scope and size by itself, existing reservations included: what a show-back needs
	problem *bill.Problem   // what is evaluated: usage, or where every unit costs the same its sum after existing reservations
	sim     *bill.Simulator
	offers  []ticket
	prices  []bill.Exact // of each offer, for its span, in 1/moneyScale micro-units
	known   map[string]evaluated

	licences bill.Exact // of the horizon, of rows of their own: as a day of the window costs on average
}

// ticket is one thing that can be bought in an ahead: size and term, from an hour after the day of the plan on.
type ticket struct {
	ticketKey
	total money.Amount
}

// newAhead prepares the time ahead of a pool: years long, under the profile c, with the existing reservations of parts.
// Every one-year offer can be bought at each start and each year after it, every three-year offer at each start: today, and
// where owned reservations end within the horizon, on those days and whenever something bought on them ends. A price due
// later is due only if the demand is still there: it is weighted like the hours of parts.
func newAhead(pool *analyzer.Pool, m *market, c hourClasses, parts []period, spec aheadSpec) (*ahead, error) {
	a := &ahead{parts: parts, years: spec.years, weight: 1, scope: cmp.Or(spec.scope, sharedScope), usage: problem(c, m, parts, spec.existing, spec.order), known: map[string]evaluated{}}
	for _, n := range c.count {
		a.hours += n
	}
	if spec.loss > 0 {
		a.weight = weightScale
	}
	for name, size := range a.usage.Sizes {
		size.Payg *= 3
		size.Software *= 3
		a.usage.Sizes[name] = size
	}
	a.licences = licencesOf(pool, m).Mul(bill.Frac(a.horizonHours(), 24*max(1, int64(pool.Days))))
	a.level(c)
	a.problem = a.usage
	for i := range parts {
		a.slots = append(a.slots, i*len(c.count))
	}
	a.slots = append(a.slots, len(parts)*len(c.count))
	if m.uniform() && a.scope == sharedScope {
		a.collapse(m)
	}
	for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
		for _, offer := range m.offers[term] {
			for _, at := range spec.dates(term) {
				a.addOffer(offer, at, spec.loss)
			}
		}
	}
	if spec.probe > 0 {
		a.addProbes(spec.probe)
	}
	var err error
	if a.sim, err = bill.NewSimulator(a.problem); err != nil {
		return nil, fmt.Errorf("pool %s of %s in %s: %w", pool.Group, pool.Customer, pool.Region, err)
	}
	return a, nil
}

// level gathers for each part the units that its existing reservations leave to new ones of the ahead's scope.
func (a *ahead) level(c hourClasses) {
	net := netUnits(a.usage, a.scope)
	for i := range a.parts {
		hours := map[int64]int64{}
		for k, n := range c.count {
			hours[net[i*len(c.count)+k]] += n
		}
		var levels []solve.Level
		for units, n := range hours {
			levels = append(levels, solve.Level{Units: units, Weight: n})
		}
		slices.SortFunc(levels, func(x, y solve.Level) int { return cmp.Compare(x.Units, y.Units) })
		a.levels = append(a.levels, levels)
	}
}

// collapse replaces the usage by its sum after existing reservations: where every unit costs the same, new reservations of
// the shared scope cover the same money whichever row they fall on (algorithms 1.5). The show-back compares both.
func (a *ahead) collapse(m *market) {
	size := sortedSizes(m.rates)[0]
	ratio := m.ratios[size]
	p := &bill.Problem{ID: "pool", RunDenominator: demand.Full * ratio, Sizes: a.usage.Sizes, Rules: a.usage.Rules,
		VMs: []bill.VM{{ID: "units", Scope: sharedScope, Candidates: []bill.Candidate{{Size: string(size)}}}}}
	a.slots = nil
	for i, part := range a.parts {
		a.slots = append(a.slots, len(p.Slots))
		for _, l := range a.levels[i] {
			p.Slots = append(p.Slots, bill.Slot{Hours: l.Weight * part.hours})
			p.VMs[0].Run = append(p.VMs[0].Run, l.Units)
		}
	}
	a.slots = append(a.slots, len(p.Slots))
	a.problem = p
}

// aheadSpec says which time ahead is wanted.
type aheadSpec struct {
	years    int
	existing []Existing
	order    bill.Order
	loss     float64
	starts   []int64 // hours after the day of the plan on which something can be bought for the first time; 0 is today
	scope    string  // of what can be bought; empty is shared
	probe    int64   // ratio of a step that can be had in each part alone, for bounds; 0 is none
}

// probeSize is the size of a probe.
const probeSize = catalog.Size("probe")

// dates returns the hours at which a term can be bought. Three years are bought again only where purchases are staggered.
func (s aheadSpec) dates(term pricing.Term) []int64 {
	if term == pricing.ThreeYear && len(s.starts) == 1 && s.years <= term.Years() {
		return s.starts
	}
	var dates []int64
	for _, start := range s.starts {
		for at := start; at < hoursOfYears(s.years); at += pricing.HoursOfYear {
			dates = append(dates, at)
		}
	}
	slices.Sort(dates)
	return slices.Compact(dates)
}

// addOffer adds offer, bought at an hour, if the demand is still there then. A term that reaches beyond the horizon is charged
// for the part within it: as much of its price as of the hours for which the demand is expected to last through it.
func (a *ahead) addOffer(offer pricing.Offer, at int64, loss float64) {
	until := min(at+offer.Term.Hours(), hoursOfYears(a.years))
	price := bill.Whole(offer.Total.Micros).Mul(bill.Whole(moneyScale))
	switch {
	case until == at+offer.Term.Hours():
		price = price.Mul(bill.Frac(alive(loss, at), weightScale))
	case loss == 0:
		price = price.Mul(bill.Frac(until-at, offer.Term.Hours()))
	default:
		price = price.Mul(bill.Frac(a.truncated(at, offer.Term, loss), weightScale))
	}
	a.prices = append(a.prices, price)
	from, to := a.slotsBetween(at, until)
	a.problem.Offers = append(a.problem.Offers, bill.Offer{
		Commitment: bill.Commitment{ID: fmt.Sprintf("%s.%d.%s", offer.Term, at, offer.Size), Kind: bill.Reservation,
			Scope: a.scope, From: from, To: to, Size: string(offer.Size)},
		MaxQty: 1 << 40, // no price here: the simulator's hours are those of the window and the horizon multiplied
	})
	a.offers = append(a.offers, ticket{ticketKey{offer.Size, offer.Term, at}, offer.Total})
}

// addProbes adds for each part a step that covers it and costs nothing.
func (a *ahead) addProbes(ratio int64) {
	a.problem.Sizes[string(probeSize)] = bill.Size{Group: "pool", Ratio: ratio}
	for i, part := range a.parts {
		a.problem.Offers = append(a.problem.Offers, bill.Offer{
			Commitment: bill.Commitment{ID: fmt.Sprintf("probe.%d", part.from), Kind: bill.Reservation, Scope: sharedScope,
				From: a.slots[i], To: a.slots[i+1], Size: string(probeSize)},
			MaxQty: 1 << 40,
		})
		a.offers = append(a.offers, ticket{ticketKey: ticketKey{probeSize, pricing.PayAsYouGo, part.from}})
		a.prices = append(a.prices, bill.Exact{})
	}
}

// truncated returns the share, in millionths, of a term's expected hours that lie between at and the end of the horizon.
func (a *ahead) truncated(at int64, term pricing.Term, loss float64) int64 {
	weighted := int64(0)
	for _, part := range a.parts {
		if part.from >= at {
			weighted += part.hours
		}
	}
	return int64(math.Round(float64(weighted) / (float64(term.Hours()) * lasting(loss, term))))
}

// alive returns the probability, in millionths, that the demand is still there after so many hours.
func alive(loss float64, hours int64) int64 {
	return int64(math.Round(math.Pow(1-loss, float64(hours)/float64(pricing.HoursOfMonth)) * weightScale))
}

// partsBetween returns the parts that start in the hours [from, to), as a half-open range of indexes.
func (a *ahead) partsBetween(from, to int64) (int, int) {
	first, last := len(a.parts), 0
	for i, part := range a.parts {
		if part.from >= from && part.from < to {
			first, last = min(first, i), max(last, i+1)
		}
	}
	return min(first, last), last
}

// slotsBetween returns the slots of the parts that start in the hours [from, to).
func (a *ahead) slotsBetween(from, to int64) (int, int) {
	first, last := a.partsBetween(from, to)
	return a.slots[first], a.slots[last]
}

// order is a quantity of each ticket of an ahead.
type order map[ticketKey]int64

// ticketKey names a ticket.
type ticketKey struct {
	size catalog.Size
	term pricing.Term
	at   int64 // hours after the day of the plan; 0 is today
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
	payg, commitment bill.Exact
	nodes            []bill.NodeUse
}

// quantities returns an order by the offers of the simulator.
func (a *ahead) quantities(o order) []int64 {
	quantity := make([]int64, len(a.offers))
	for i, t := range a.offers {
		quantity[i] = o[t.ticketKey]
	}
	return quantity
}

// rough returns about what an order costs by the hour over the horizon, and what it commits to: some ten times faster than evaluate, to find
// where that must look.
func (a *ahead) rough(o order) (payg, commitment float64) {
	quantity := a.quantities(o)
	for i, q := range quantity {
		if q != 0 {
			commitment += a.prices[i].Float() * float64(q)
		}
	}
	return a.sim.Estimate(make([]int, len(a.problem.VMs)), quantity) / (float64(max(1, a.hours)) * float64(a.weight)), commitment
}

// lowest returns the smallest quantity of at least 0 with the least cost, which is convex in it, from a first guess. What is dearer is told
// from the rough costs where they differ by more than slack, and else by the exact ones.
func lowest(q int64, slack float64, rough func(int64) float64, exact func(int64) bill.Exact) int64 {
	known := map[int64]float64{}
	about := func(n int64) float64 {
		if c, ok := known[n]; ok {
			return c
		}
		known[n] = rough(n)
		return known[n]
	}
	compare := func(m, n int64) int {
		if d := about(m) - about(n); math.Abs(d) > slack {
			return cmp.Compare(d, 0)
		}
		return exact(m).Cmp(exact(n))
	}
	q = near(q, about)
	for q > 0 && compare(q-1, q) <= 0 {
		q--
	}
	for compare(q+1, q) < 0 {
		q++
	}
	return q
}

// near returns a quantity about the lowest point: steps double while they gain, and become finer where they do not.
func near(q int64, cost func(int64) float64) int64 {
	for step := int64(1); step >= 1; {
		switch {
		case q >= step && cost(q-step) < cost(q):
			q, step = q-step, 2*step
		case cost(q+step) < cost(q):
			q, step = q+step, 2*step
		default:
			step /= 2
		}
	}
	return q
}

// slack is how far two rough costs may be apart by the error of rough alone: a hundred times what the simulator's estimate may err.
func (a *ahead) slack() float64 {
	payg, _ := a.rough(nil)
	return 1e-10 * payg
}

// evaluate runs the bill simulator for an order, once for each.
func (a *ahead) evaluate(o order) evaluated {
	quantity := a.quantities(o)
	key := fmt.Sprint(quantity)
	if e, ok := a.known[key]; ok {
		return e
	}
	b := a.sim.Run(make([]int, len(a.problem.VMs)), quantity)
	e := evaluated{payg: a.ahead(b.Payg), nodes: b.Nodes}
	for i, q := range quantity {
		e.commitment = e.commitment.Add(a.prices[i].Mul(bill.Whole(q)))
	}
	a.known[key] = e
	return e
}

// ahead turns what the simulator says of the hours of the window, each counted once for every hour of the horizon, into
// money of the horizon.
func (a *ahead) ahead(x bill.Exact) bill.Exact {
	return x.Quo(bill.Whole(max(1, a.hours)).Mul(bill.Whole(a.weight)))
}

// cost is what is paid for compute.
func (e evaluated) cost() bill.Exact { return e.payg.Add(e.commitment) }

// licencesOf returns what the machines whose price is known were billed for licences in rows of their own in the window, in
// 1/moneyScale micro-units: Windows beside a compute meter without it, SQL Server, Red Hat, SUSE.
func licencesOf(pool *analyzer.Pool, m *market) bill.Exact {
	sum := bill.Exact{}
	for i := range pool.Members {
		if _, ok := m.rates[pool.Members[i].Size]; ok {
			sum = sum.Add(bill.Whole(pool.Members[i].Licences))
		}
	}
	return sum.Mul(bill.Whole(moneyScale))
}

// software returns what licences cost over the horizon: the same whatever covers the compute.
func (a *ahead) software() bill.Exact {
	sum := bill.Exact{}
	for v := range a.usage.VMs {
		vm := &a.usage.VMs[v]
		rate := a.usage.Sizes[vm.Candidates[0].Size].Software
		if rate == 0 {
			continue
		}
		hours := bill.Exact{}
		for t, slot := range a.usage.Slots {
			hours = hours.Add(bill.Whole(slot.Hours).Mul(bill.Whole(vm.Run[t])))
		}
		sum = sum.Add(hours.Mul(bill.Whole(rate)))
	}
	return a.ahead(sum.Quo(bill.Whole(a.usage.RunDenominator))).Add(a.licences)
}

// most returns the most units that existing reservations ever leave.
func (a *ahead) most() int64 {
	most := int64(0)
	for _, levels := range a.levels {
		for _, l := range levels {
			most = max(most, l.Units)
		}
	}
	return most
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
