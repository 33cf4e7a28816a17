package recommend

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"time"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/forecast"
)

// decision is everything that was found out about one pool.
type decision struct {
	pool     *analyzer.Pool
	market   *market
	existing []Existing
	currency money.Code
	order    bill.Order // how reservations spread over usage; it matters only where prices a unit differ
	scope    scope      // where what is bought applies
	piece    bool       // the pool is the part of one that lies in the scope

	low      *ahead         // the year ahead on the Stacked profile: what quantities are decided on
	bounds   []*ahead       // the year ahead under every other reading of the same usage: Flat hours, other orders of coverage
	classes  [2]hourClasses // Stacked and Flat; the same where the hours are exact
	long     *ahead         // the whole horizon on the Stacked profile, demand repeated
	expected *ahead         // the whole horizon on the Stacked profile, demand weighted with its persistence

	asOf    time.Time
	loss    float64          // probability that the demand ends in a month: measured where there is evidence, else the policy's
	ahead   forecast.Pool    // the pool as the forecast knows it
	days    int              // complete days that the gates count: since the demand began, where that was inside the window
	began   int              // day of the window on which it began
	first   int              // day of the window from which on its figures count: 0, or that of the last weeks where the level moved
	terms   []pricing.Term   // that may be bought
	starts  []int64          // hours after the day of the plan at which something can be bought for the first time
	whole   order            // what the choice buys over the whole horizon
	wholes  map[Choice]order // what each row of the comparison does
	mixed   mixed            // the best of both terms without a limit on cash
	later   order            // of it, what is planned for later, renewals included
	result  Pool
	sold    *decision // of which this is the same at other prices; nil mostly
	idle    bool      // its lines counted for nothing when sizes were compared
	dropped string    // the reason for which its lines were left out; empty where they were not
	lines   []Line    // of what was chosen, once asked for
	futures string    // what the futures said of quantities, where they were asked

	fanSaves money.Amount // what those save a month; without currency where it is not known
	draft    bool         // no certificate yet: sizes are being tried
	hourly   []float64    // what one more unit costs in each hour, once asked for, and by the hour
	byHour   float64
	refused  []NotRecommended
}

// decide compares the choices for one pool and picks one.
func decide(pool *analyzer.Pool, in *Input) (*decision, error) {
	d, err := prepare(pool, in)
	if err != nil || d.low == nil {
		return d, err
	}
	return d, d.compare(in)
}

// prepare finds out about a pool what does not depend on what is chosen; its simulators are nil where no size has a price.
func prepare(pool *analyzer.Pool, in *Input) (*decision, error) {
	d := &decision{pool: pool, market: newMarket(pool, in), currency: money.Code(pool.Currency), order: bill.HighestFirst, asOf: in.Analysis.AsOf}
	d.existing, d.draft, d.days = existingOf(pool, in), in.draft, pool.Days
	if d.scope, d.piece = in.pieces[pool]; d.piece {
		d.existing = nil // what they serve was taken off, or there are none
	}
	for _, e := range d.existing {
		d.market.ratios[e.Size] = ratioOf(pool, e.Size)
	}
	if !d.market.uniform() {
		d.order = bill.Proportional
	}
	d.describe(in)
	d.refuseSizes()
	if len(d.market.rates) == 0 {
		return d, nil
	}
	d.gate(in)
	if err := d.look(in); err != nil {
		return nil, err
	}
	if err := d.lookAhead(in); err != nil {
		return nil, err
	}
	return d, d.measure(in)
}

// describe fills what is known before any price.
func (d *decision) describe(in *Input) {
	pool := d.pool
	d.result = Pool{
		ID: d.poolID(), Customer: pool.Customer, Currency: d.currency,
		Region: pool.Region, Group: pool.Group, Flexible: pool.Flexible, Scope: d.scope.String(), Hours: in.Analysis.Window.Hours() - 24*len(pool.Gaps),
		Days: pool.Days, Exact: pool.Exact, Existing: d.existing, Chosen: PAYG, Curve: map[pricing.Term][]Point{},
		PayGCost: money.New(0, d.currency), SoftwareCost: money.New(0, d.currency), GrossCost: money.New(0, d.currency),
	}
	for _, size := range sortedSizes(d.market.rates) {
		rate := SizeRate{Size: size, Rate: d.market.rates[size].rate, Source: in.Policy.priceWords(d.market.rates[size].source), Totals: map[pricing.Term]money.Amount{}}
		for term, offers := range d.market.offers {
			for _, o := range offers {
				if o.Size == size {
					rate.Totals[term] = o.Total
				}
			}
		}
		d.result.Rates = append(d.result.Rates, rate)
	}
}

// poolID is stable from run to run; that of a part of a pool names its scope.
func (d *decision) poolID() string {
	p := d.pool
	if d.piece {
		return id("pool", p.Customer, p.Currency, string(p.Region), p.Group, d.scope.name)
	}
	return id("pool", p.Customer, p.Currency, string(p.Region), p.Group)
}

// refuseSizes says for which sizes in use there is no price, and why.
func (d *decision) refuseSizes() {
	for _, u := range d.market.noPrice {
		reason, why := "no_price", fmt.Sprintf("no pay-as-you-go price in %s", d.currency)
		var none *pricing.NoOfferError
		switch {
		case errors.Is(u.err, errTooOld):
			reason, why = "price_too_old", u.err.Error()
		case errors.As(u.err, &none) && none.Reason == "suspect_price":
			reason, why = "suspect_price", none.Error()
		}
		d.refuse(fmt.Sprintf("%s in %s", u.size, d.pool.Region), reason,
			fmt.Sprintf("%s, for %s: give a price sheet with --prices, or fetch live prices", why, d.hoursText(u.size)))
	}
}

func (d *decision) hoursText(size catalog.Size) string {
	hours := int64(0)
	for i := range d.pool.Members {
		if d.pool.Members[i].Size == size {
			for _, h := range d.pool.Members[i].Series.Flat {
				hours += h
			}
		}
	}
	return fmt.Sprintf("the %d hours that it ran in the window", hours/analyzerHour)
}

// analyzerHour is one hour in micro-hours.
const analyzerHour = 1_000_000

// gate finds the terms that may be bought: by the days that the files cover, by what is sold, and by policy.
func (d *decision) gate(in *Input) {
	days, policy := d.pool.Days, in.Policy
	subject := fmt.Sprintf("%s in %s", d.pool.Group, d.pool.Region)
	if days < policy.MinDaysOneYear {
		d.refuse(subject, "too_few_days", fmt.Sprintf("the files cover %d complete days of the window; a commitment needs at least %d", days, policy.MinDaysOneYear))
		return
	}
	if covered := d.covered(); covered > 0 && !in.HasList {
		d.refuse(subject, "reservations_unknown", fmt.Sprintf("reservations covered %d hours of its usage, but no reservation list was given: what they still cover, and until when, is unknown; give the list before buying", covered/analyzerHour))
		return
	}
	for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
		why, refusedTerm := d.market.refused[term]
		switch {
		case refusedTerm:
			d.refuse(subject+", "+term.String(), why.reason, why.detail)
		case term == pricing.ThreeYear && days < policy.MinDaysNormal:
			d.refuse(subject+", "+term.String(), "too_few_days", fmt.Sprintf("the files cover %d complete days of the window; three years need at least %d", days, policy.MinDaysNormal))
		case len(policy.Terms) > 0 && !containsText(policy.Terms, term.String()):
			d.refuse(subject+", "+term.String(), "policy_terms", "the policy does not allow this term")
		default:
			d.terms = append(d.terms, term)
		}
	}
}

// covered returns the micro-hours of the pool's window that reservations covered, as the rows say.
func (d *decision) covered() int64 {
	sum := int64(0)
	for i := range d.pool.Members {
		sum += d.pool.Members[i].Covered
	}
	return sum
}

func (d *decision) refuse(subject, reason, detail string) {
	d.refused = append(d.refused, NotRecommended{Customer: d.pool.Customer, Subject: subject, Reason: reason, Detail: detail})
}

// lookAhead prepares the simulators.
func (d *decision) lookAhead(in *Input) error {
	hours, asOf := in.Analysis.Window.Hours(), in.Analysis.AsOf
	years := max(1, in.Policy.HorizonMonths/12)
	low := classesOf(d.pool, d.market, hours, stacked)
	d.classes = [2]hourClasses{low, low}
	if !d.pool.Exact {
		d.classes[1] = classesOf(d.pool, d.market, hours, flat)
	}
	low = d.recent(low)
	d.starts = d.dates(years)
	spec := aheadSpec{years: 1, existing: d.existing, order: d.order, starts: []int64{0}, scope: d.scope.node}
	year := periods(asOf, 1, d.existing, 0, spec.starts)
	var err error
	if d.low, err = newAhead(d.pool, d.market, low, year, spec); err != nil {
		return err
	}
	if err := d.addBounds(year, spec); err != nil {
		return err
	}
	spec.years, spec.starts = years, d.starts
	if d.long, err = newAhead(d.pool, d.market, low, periods(asOf, years, d.existing, 0, d.starts), spec); err != nil {
		return err
	}
	spec.loss = d.loss
	d.expected, err = newAhead(d.pool, d.market, low, periods(asOf, years, d.existing, spec.loss, d.starts), spec)
	return err
}

// addBounds prepares the other readings of the usage: hours spread flat where they are not known, and the luckiest and the
// unluckiest order of coverage where prices a unit differ.
func (d *decision) addBounds(year []period, spec aheadSpec) error {
	orders := []bill.Order{d.order}
	if d.order == bill.Proportional {
		orders = []bill.Order{bill.Proportional, bill.LowestFirst, bill.HighestFirst}
	}
	for i, classes := range d.classes {
		if i == 1 && d.pool.Exact {
			break
		}
		for _, order := range orders {
			if i == 0 && order == d.order {
				continue
			}
			spec.order = order
			bound, err := newAhead(d.pool, d.market, d.recent(classes), year, spec)
			if err != nil {
				return err
			}
			d.bounds = append(d.bounds, bound)
		}
	}
	return nil
}

// measure fills the costs of the window without any purchase, and the units in each hour.
func (d *decision) measure(in *Input) error {
	var err error
	hours := int64(d.result.Hours)
	nothing := d.low.evaluate(nil)
	if d.result.PayGCost, err = d.low.amount(nothing.payg, hours, d.currency); err != nil {
		return err
	}
	if d.result.SoftwareCost, err = d.low.amount(d.low.software(), hours, d.currency); err != nil {
		return err
	}
	var gross money.Sum
	for i := range d.pool.Members {
		member := &d.pool.Members[i]
		for _, h := range member.Series.Flat[24*d.first:] {
			gross.AddProduct(d.market.rates[member.Size].rate, h)
		}
	}
	if d.result.GrossCost, err = gross.Amount(d.currency); err != nil {
		return err
	}
	d.result.UnitSize, d.result.UnitRatio = d.unit()
	d.result.Demand, d.result.Gross = d.units()
	d.result.Units = unitsOf(withoutGaps(d.result.Demand.Flat, d.pool.Gaps)[d.unseen():])
	return nil
}

// unit returns the step in which the pool is counted: the smallest size that can be bought, else the smallest in use.
func (d *decision) unit() (size catalog.Size, ratio int64) {
	best := int64(math.MaxInt64)
	consider := func(s catalog.Size) {
		if r := d.market.ratios[s]; r < best {
			size, best = s, r
		}
	}
	for _, term := range []pricing.Term{pricing.OneYear, pricing.ThreeYear} {
		if offers := d.market.offers[term]; len(offers) > 0 {
			consider(offers[0].Size)
		}
	}
	if size == "" {
		for _, s := range sortedSizes(d.market.rates) {
			consider(s)
		}
	}
	return size, best
}

// compare evaluates the choices and picks the one with the highest expected saving; of equal ones the smaller commitment. A
// choice that buys everything later buys nothing today, and is PAYG until then.
func (d *decision) compare(in *Input) error {
	mix, err := d.mix(in)
	if err != nil {
		return err
	}
	d.mixed = mix
	options, err := d.options(mix)
	if err != nil {
		return err
	}
	best := bill.Exact{}
	nothing := d.expected.evaluate(nil)
	d.wholes = map[Choice]order{}
	for _, o := range options {
		d.wholes[o.choice] = o.whole
		row, err := d.row(o.choice, o.buy)
		if err != nil {
			return err
		}
		saving := nothing.cost().Sub(d.expected.evaluate(o.whole).cost())
		if row.ExpectedSaving, err = d.expected.amount(saving, int64(d.result.Hours), d.currency); err != nil {
			return err
		}
		d.result.Compare = append(d.result.Compare, row)
		if saving.Cmp(best) > 0 && (row.SavingLow.Micros > 0 || len(o.buy) == 0) {
			best, d.whole, d.result.Chosen = saving, o.whole, o.choice
			if len(o.buy) == 0 {
				d.result.Chosen = PAYG
			}
		}
	}
	d.preferPure(options)
	if err := d.takeSet(in); err != nil {
		return err
	}
	_, d.later = d.whole.split(d)
	whole, why, err := d.careful(in)
	if err != nil {
		return err
	}
	if why != "" {
		return d.hold(whole, why)
	}
	return d.prove(mix)
}

// option is a choice: what it buys today, and over the whole horizon.
type option struct {
	choice Choice
	buy    []Purchase
	whole  order
}

// options lists the choices: nothing, the best of each term by itself, the best of both.
func (d *decision) options(mix mixed) ([]option, error) {
	list := []option{{choice: PAYG}}
	for _, term := range d.terms {
		o := option{choice: Choice(term.String())}
		var err error
		if d.staggered() {
			if o.whole, err = d.stagger(d.long, []pricing.Term{term}); err == nil {
				o.buy, _ = o.whole.split(d)
			}
		} else if o.buy, err = d.newsvendor(term); err == nil {
			o.whole = d.withRenewals(o.buy)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	if len(d.terms) > 0 {
		list = append(list, option{Mixed, mix.now, mix.whole})
	}
	return list, nil
}

// preferPure names the chosen mix after the single term that it is, where it is one.
func (d *decision) preferPure(options []option) {
	if d.result.Chosen != Mixed {
		return
	}
	mix := options[len(options)-1]
	for _, o := range options {
		if o.choice != PAYG && samePurchases(o.buy, mix.buy) {
			d.result.Chosen = o.choice
			return
		}
	}
}

// row evaluates one choice over the year ahead and scales it to the window.
func (d *decision) row(choice Choice, buy []Purchase) (Compared, error) {
	row := Compared{Choice: choice, Basis: Lookback, HorizonMonths: 12, Buy: buy}
	order := orderOf(buy)
	hours := int64(d.result.Hours)
	baseLow, costLow := d.low.evaluate(nil), d.low.evaluate(order)
	var err error
	amount := func(a *ahead, x bill.Exact) money.Amount {
		var m money.Amount
		if err == nil {
			m, err = a.amount(x, hours, d.currency)
		}
		return m
	}
	row.PayGCost, row.Cost = amount(d.low, baseLow.cost()), amount(d.low, costLow.cost())
	if err == nil {
		row.Saving, err = row.PayGCost.Sub(row.Cost)
	}
	row.SavingLow, row.SavingHigh = row.Saving, row.Saving
	for _, bound := range d.bounds {
		other := amount(bound, bound.evaluate(nil).cost().Sub(bound.evaluate(order).cost()))
		row.SavingLow, row.SavingHigh = lesser(row.SavingLow, other), greater(row.SavingHigh, other)
	}
	if row.PayGCost.Micros > 0 {
		row.SavingShare = float64(row.Saving.Micros) / float64(row.PayGCost.Micros)
	}
	row.Utilization = costLow.utilization()
	d.breakEven(&row, baseLow, costLow)
	return row, err
}

// breakEven fills threshold and break-even of a row: the share of hours, and the months, in which its units pay for
// themselves.
func (d *decision) breakEven(row *Compared, base, with evaluated) {
	if term, ok := termOf(row.Choice); ok {
		row.Threshold = d.threshold(term)
	}
	avoided := base.payg.Sub(with.payg)
	if avoided.Sign() <= 0 {
		return
	}
	months := 0.0
	for _, p := range row.Buy {
		months = max(months, float64(12*p.Term.Years()))
	}
	total := bill.Exact{}
	for _, p := range row.Buy {
		total = total.Add(bill.Whole(d.totalOf(p).Micros).Mul(bill.Whole(p.Quantity)))
	}
	if at := total.Mul(bill.Whole(moneyScale)).Quo(avoided).Mul(bill.Whole(12)).Float(); at <= months {
		row.BreakEvenMonths = Fraction{at, true}
	}
	if u := row.Utilization; u.Has {
		row.BreakEvenUtilization = Fraction{with.commitment.Quo(avoided).Float() * u.Value, true}
	}
}

// threshold returns r/p of the size in which a term is counted, p being the compute price of the pool's hours a unit.
func (d *decision) threshold(term pricing.Term) Fraction {
	offer, ok := d.step(term)
	p := d.unitPrice()
	if !ok || p <= 0 {
		return Fraction{}
	}
	r := float64(offer.Total.Micros) * 10_000 / float64(term.Hours()) / float64(d.market.ratios[offer.Size])
	return Fraction{r / p, true}
}

// unitPrice returns the price of one unit-hour in 1e-10 for a ratio of 0.01: that of the pool's usage on average, exactly that
// of each size where all cost the same a unit.
func (d *decision) unitPrice() float64 {
	var cost, units float64
	for i := range d.pool.Members {
		member := &d.pool.Members[i]
		p, ok := d.market.rates[member.Size]
		if !ok {
			continue
		}
		if d.market.uniform() {
			return float64(p.rate) / float64(d.market.ratios[member.Size])
		}
		for _, h := range member.Series.Flat {
			cost += float64(h) * float64(p.rate)
			units += float64(h) * float64(d.market.ratios[member.Size])
		}
	}
	if units == 0 {
		return 0
	}
	return cost / units
}

// cheapest returns the offer of term with the lowest price a unit, the smallest size of equal ones.
func (d *decision) cheapest(term pricing.Term) (pricing.Offer, bool) {
	var best pricing.Offer
	found := false
	for _, o := range d.market.offers[term] {
		// Price a unit compared without division: a/x < b/y when a*y < b*x.
		if !found || bill.Whole(o.Total.Micros).Mul(bill.Whole(d.market.ratios[best.Size])).Cmp(bill.Whole(best.Total.Micros).Mul(bill.Whole(d.market.ratios[o.Size]))) < 0 {
			best, found = o, true
		}
	}
	return best, found
}

// totalOf returns the term total of one instance of p.
func (d *decision) totalOf(p Purchase) money.Amount {
	for _, o := range d.market.offers[p.Term] {
		if o.Size == p.Size {
			return o.Total
		}
	}
	return money.Amount{}
}

func termOf(c Choice) (pricing.Term, bool) {
	switch c {
	case P1Y:
		return pricing.OneYear, true
	case P3Y:
		return pricing.ThreeYear, true
	}
	return pricing.PayAsYouGo, false
}

func samePurchases(a, b []Purchase) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// sortPurchases puts long terms and large sizes first: the order in which savings are attributed.
func (d *decision) sortPurchases(buy []Purchase) []Purchase {
	sort.Slice(buy, func(i, j int) bool {
		a, b := buy[i], buy[j]
		if a.Term != b.Term {
			return a.Term > b.Term
		}
		if ra, rb := d.market.ratios[a.Size], d.market.ratios[b.Size]; ra != rb {
			return ra > rb
		}
		return a.Size < b.Size
	})
	return buy
}

func lesser(a, b money.Amount) money.Amount {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

func greater(a, b money.Amount) money.Amount {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

func containsText(list []string, text string) bool {
	for _, item := range list {
		if item == text {
			return true
		}
	}
	return false
}
