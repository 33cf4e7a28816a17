package recommend

import (
	"fmt"
	"slices"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// windows is the operating system whose licence is in the price of an hour.
const windows = "windows"

// soldWords says, without an amount, why the lines of a pool were left out of a plan that was decided at other prices.
var soldWords = map[string]string{
	"saving_too_small": "what it would save is less than the policy asks for",
	"expected_loss":    "what would pay when the window repeats is not expected to when the demand moves and ends as it did in the past",
}

// sell states the plan once more at the prices that the customer pays, where those are not the prices of the plan: the same sizes and
// quantities through the same simulator, decided on nothing anew. A plan that cannot be stated so says why; no document for the customer
// is then made of it. Totals say what stays with the partner.
func (p *Plan) sell(o *outcome, in *Input) error {
	if in.Policy.resold() {
		sold, err := p.soldPlan(o, in)
		if err == nil {
			err = p.sameAs(sold)
		}
		if err != nil {
			p.warn("no_customer_view", "policy", "the plan cannot be stated at the customer's prices: "+err.Error())
			p.sort()
		} else {
			p.Sold = sold
			p.overLimit()
			p.atTheirs()
		}
	}
	return p.margins(in)
}

// overLimit warns where a limit on cash, which is kept at the plan's own prices, is exceeded at those that the customer pays.
func (p *Plan) overLimit() {
	limit, ok := p.Policy.limit()
	for i := range p.Sold.Totals {
		t := &p.Sold.Totals[i]
		if most := t.dearest(p.Policy.BillingPlan); ok && most > limit {
			p.warn("limit_before_markup", t.Customer, fmt.Sprintf("at the customer's prices a month takes up to %s, more than the limit of %s: the limit is kept at the partner's prices; lower it by the difference",
				money.New(most, t.Currency).Round(), money.New(limit, t.Currency).Round()))
			p.sort()
		}
	}
}

// ForCustomer returns the plan at the prices that the customer pays: the plan itself where those are its own, nil where it could not be
// stated (a warning no_customer_view says why). It has no figure of the partner's in it, except where the policy knows an earned credit
// and no markup: then its lines have a Partner side, and the totals too.
func (p *Plan) ForCustomer() *Plan {
	if p.Policy.resold() {
		return p.Sold
	}
	return p
}

// sameAs asserts that another plan buys and changes the same.
func (p *Plan) sameAs(q *Plan) error {
	if len(p.Lines) != len(q.Lines) || len(p.Resizes) != len(q.Resizes) || len(p.Later) != len(q.Later) {
		return fmt.Errorf("%d lines, %d changes of size and %d later purchases became %d, %d and %d", len(p.Lines), len(p.Resizes), len(p.Later), len(q.Lines), len(q.Resizes), len(q.Later))
	}
	for i := range p.Lines {
		if a, b := &p.Lines[i], &q.Lines[i]; a.ID != b.ID || a.Quantity != b.Quantity || a.Scope != b.Scope {
			return fmt.Errorf("line %s x %d became %s x %d", a.ID, a.Quantity, b.ID, b.Quantity)
		}
	}
	for i := range p.Resizes {
		if a, b := &p.Resizes[i], &q.Resizes[i]; a.ID != b.ID || a.To != b.To || a.Action != b.Action {
			return fmt.Errorf("change %s to %s became %s to %s", a.ID, a.To, b.ID, b.To)
		}
	}
	return nil
}

// seller states decisions at the prices that the customer pays.
type seller struct {
	in    Input // at these prices
	terms pricing.PartnerTerms
	// proportional says that the plan was decided at prices of which the customer's are all the same multiple.
	proportional bool
	today        []*decision
	tariff       *tariff // of the sizes that machines change to
	from         *Input  // as the plan was decided
	pools        map[*analyzer.Pool]*analyzer.Pool
	sold         map[*decision]*decision
}

// newSeller puts the input at the customer's prices: the partner's own are not in it.
func newSeller(o *outcome, in *Input) (*seller, error) {
	list := in.CustomerBook
	if in.Policy.CustomerPrices != "" && list == nil {
		return nil, fmt.Errorf("the price list %q, which the policy names as the customer's, is not among the files", in.Policy.CustomerPrices)
	}
	s := &seller{in: *in, from: in, terms: in.Policy.terms(), proportional: in.Policy.Objective != Partner && list == nil, today: o.today, pools: map[*analyzer.Pool]*analyzer.Pool{}, sold: map[*decision]*decision{}}
	s.in.CustomerBook = nil
	s.in.sold, s.in.tariff, s.in.draft, s.in.pieces, s.in.priced = true, nil, false, map[*analyzer.Pool]scope{}, map[*analyzer.Pool]*market{}
	s.in.Policy.Objective, s.in.Policy.PartnerCreditRate, s.in.Policy.Markup, s.in.Policy.CustomerPrices = Customer, 0, 0, ""
	s.in.Policy.MaxUpfront, s.in.Policy.MaxMonth = nil, nil // they were kept when it was decided
	var err error
	if s.in.Book, err = in.Book.SoldAt(s.terms, list); err != nil {
		return nil, err
	}
	known := map[*analyzer.Pool]*market{}
	for _, d := range o.today {
		known[d.pool] = d.market
	}
	a := *in.Analysis
	a.VMs = slices.Clone(a.VMs)
	for i := range a.VMs {
		vm := &a.VMs[i]
		if err := s.mark(&vm.Rate, &vm.ListRate, &vm.Cost, &vm.SoftwareCost, &vm.LicenceCost); err != nil {
			return nil, err
		}
		if vm.OS != windows { // the rates of Windows machines are those of their pools
			s.listed(vm.Size, vm.Region, money.Code(vm.Currency), 0, &vm.Rate, &vm.ListRate)
		}
	}
	a.Pools = slices.Clone(a.Pools)
	for i := range a.Pools {
		was := &in.Analysis.Pools[i]
		pool, err := s.pool(was, known[was])
		if err != nil {
			return nil, err
		}
		a.Pools[i] = *pool
	}
	s.in.Analysis = &a
	return s, nil
}

// mark turns prices and amounts by the hour into the customer's.
func (s *seller) mark(values ...*int64) error {
	for _, v := range values {
		rate, err := s.terms.PriceRate(money.Rate(*v))
		if err != nil {
			return err
		}
		*v = int64(rate)
	}
	return nil
}

// listed turns rates of rows into those of the customer's list, where it has the size: base compute, and what is more of an hour.
func (s *seller) listed(size catalog.Size, region catalog.Region, currency money.Code, more money.Rate, rates ...*int64) {
	offer, err := s.in.Book.Offer(size, region, pricing.Linux, pricing.PayAsYouGo, currency)
	if err != nil || offer.Source != pricing.CustomerList {
		return
	}
	for _, rate := range rates {
		if *rate != 0 {
			*rate = int64(offer.Rate + more)
		}
	}
}

// licence returns what Windows adds to an hour of a size for the customer: by its list, else as the plan knows it, sold on.
func (s *seller) licence(size catalog.Size, pool *analyzer.Pool, m *market) (money.Rate, error) {
	if s.from.CustomerBook != nil {
		if rate, err := s.from.CustomerBook.SoftwareRate(size, pool.Region, money.Code(pool.Currency)); err == nil {
			return rate, nil
		}
	}
	return s.terms.PriceRate(m.software[size])
}

// pool returns a pool with the customer's prices on its rows; m is what the plan knows of its prices, nil where that is to be looked up.
func (s *seller) pool(was *analyzer.Pool, m *market) (*analyzer.Pool, error) {
	if pool := s.pools[was]; pool != nil {
		return pool, nil
	}
	if m == nil {
		m = newMarket(was, s.from)
	}
	pool := *was
	pool.Members, pool.Left = slices.Clone(was.Members), slices.Clone(was.Left)
	for _, members := range [][]analyzer.Member{pool.Members, pool.Left} {
		for i := range members {
			member := &members[i]
			if err := s.mark(&member.Rate, &member.ListRate, &member.Licences); err != nil {
				return nil, err
			}
			more := money.Rate(0)
			if member.OS == windows {
				var err error
				if more, err = s.licence(member.Size, was, m); err != nil {
					return nil, err
				}
			}
			s.listed(member.Size, was.Region, money.Code(was.Currency), more, &member.Rate, &member.ListRate)
		}
	}
	s.pools[was] = &pool
	s.in.priced[&pool] = m
	return &pool, nil
}

// read returns what was read, before anything was set apart, at the customer's prices.
func (s *seller) read(was *Input) (*Input, error) {
	in, a := *was, *was.Analysis
	in.Book, in.Policy, in.sold, in.Analysis = s.in.Book, s.in.Policy, true, &a
	a.Pools = slices.Clone(a.Pools)
	for i := range a.Pools {
		pool, err := s.pool(&was.Analysis.Pools[i], nil)
		if err != nil {
			return nil, err
		}
		a.Pools[i] = *pool
	}
	return &in, nil
}

// at returns a decision at the customer's prices.
func (s *seller) at(d *decision) (*decision, error) {
	if d == nil || s.sold[d] != nil {
		return s.sold[d], nil
	}
	pool, err := s.pool(d.pool, d.market)
	if err != nil {
		return nil, err
	}
	in := s.in
	if d.piece {
		in.pieces[pool] = d.scope
	} else if !slices.Contains(s.today, d) {
		in.tariff = s.tariff
	}
	in.draft = d.draft
	e, err := prepare(pool, &in)
	if err != nil {
		return nil, err
	}
	s.sold[d] = e
	e.terms = slices.DeleteFunc(e.terms, func(t pricing.Term) bool { return !slices.Contains(d.terms, t) }) // its list may know more
	if e.sold = d; (d.low == nil) != (e.low == nil) || !slices.Equal(d.terms, e.terms) {
		return nil, fmt.Errorf("%s in %s: something has no price for the customer", d.pool.Group, d.pool.Region)
	}
	if d.low == nil {
		return e, nil
	}
	if d.fanSaves.Currency != "" && s.proportional {
		e.fanSaves = d.fanSaves
		if err := s.mark(&e.fanSaves.Micros); err != nil {
			return nil, err
		}
	}
	return e, e.follow(d, &in)
}

// follow chooses what another decision about the same pool chose.
func (d *decision) follow(was *decision, in *Input) error {
	if was.scope != d.scope { // a question asked of another scope
		d.scope, d.bounds, d.result.Scope = was.scope, nil, was.result.Scope
		if err := d.lookAhead(in); err != nil {
			return err
		}
	}
	var err error
	if !d.draft {
		if d.mixed, err = d.mix(in); err != nil {
			return err
		}
	}
	nothing := d.expected.evaluate(nil)
	for _, other := range was.result.Compare {
		row, err := d.row(other.Choice, other.Buy)
		if err != nil {
			return err
		}
		whole := was.wholes[other.Choice]
		if other.Choice == was.result.Chosen && other.Choice != PAYG {
			whole = was.whole
		}
		saving := nothing.cost().Sub(d.expected.evaluate(whole).cost())
		if row.ExpectedSaving, err = d.expected.amount(saving, int64(d.result.Hours), d.currency); err != nil {
			return err
		}
		d.result.Compare = append(d.result.Compare, row)
	}
	d.futures = was.futures
	d.whole, d.wholes, d.later, d.idle, d.dropped = was.whole, was.wholes, was.later, was.idle, was.dropped
	d.ahead.Units = was.ahead.Units
	d.result.Chosen, d.result.Held, d.result.Limited = was.result.Chosen, was.result.Held, was.result.Limited
	return d.prove(d.mixed)
}

// all states a list of decisions.
func (s *seller) all(list []*decision) (sold []*decision, err error) {
	for _, d := range list {
		e, err := s.at(d)
		if err != nil {
			return nil, err
		}
		sold = append(sold, e)
	}
	return sold, nil
}

// soldPlan is the plan at the customer's prices.
func (p *Plan) soldPlan(o *outcome, in *Input) (*Plan, error) {
	s, err := newSeller(o, in)
	if err != nil {
		return nil, err
	}
	q := &Plan{AsOf: p.AsOf, Files: p.Files, Prices: s.in.Book.Sources(), Window: p.Window, Profiles: p.Profiles, VMs: s.in.Analysis.VMs, Policy: s.in.Policy,
		Warnings: slices.Clone(o.warned), NotRecommended: slices.Clone(o.refused)}
	all := &outcome{}
	if all.read, err = s.read(o.read); err != nil {
		return nil, err
	}
	if all.today, err = s.all(o.today); err != nil {
		return nil, err
	}
	s.tariff = newTariff(&s.in, all.today)
	if all.sizes, err = s.sizes(o.sizes, q, all.today); err != nil {
		return nil, err
	}
	if all.decisions, err = s.all(o.decisions); err != nil {
		return nil, err
	}
	for _, c := range o.sizes.cuts {
		its := cut{whole: s.sold[c.whole]}
		for _, piece := range c.pieces {
			its.pieces = append(its.pieces, s.sold[piece])
		}
		its.warn()
		if err := all.sizes.gains(its.whole, its.pieces, &s.in); err != nil {
			return nil, err
		}
	}
	if q.Rescopes, err = s.rescopes(p.Rescopes, in); err != nil {
		return nil, err
	}
	if err := q.fill(all, &s.in); err != nil {
		return nil, err
	}
	s.fallBack(p, q, all)
	return q, nil
}

// rescopes states what wider scopes of owned reservations avoid, one after another as they were found.
func (s *seller) rescopes(was []Rescope, in *Input) ([]Rescope, error) {
	if len(was) == 0 {
		return nil, nil
	}
	at := s.in
	at.Existing = slices.Clone(in.Existing)
	for i := range at.Existing {
		if e := &at.Existing[i]; e.widened != "" {
			e.Scope, e.widened = e.widened, ""
		}
	}
	pools := in.Analysis.Pools
	if in.undivided != nil {
		pools = in.undivided
	}
	var list []Rescope
	for i := range pools {
		pool, err := s.pool(&pools[i], nil)
		if err != nil {
			return nil, err
		}
		for j := range at.Existing {
			e := &at.Existing[j]
			k := slices.IndexFunc(was, func(r Rescope) bool {
				return r.Reservation == e.ID && r.Pool == id("pool", pool.Customer, pool.Currency, string(pool.Region), pool.Group)
			})
			if k < 0 {
				continue
			}
			r, err := rescopeTo(pool, e, was[k].To, &at)
			if err != nil {
				return nil, err
			}
			list = append(list, *r)
		}
	}
	return list, nil
}

// rescopeTo widens the scope of a reservation and states what that avoids in a pool.
func rescopeTo(pool *analyzer.Pool, e *Existing, to string, in *Input) (*Rescope, error) {
	d := &decision{pool: pool, market: newMarket(pool, in), currency: money.Code(pool.Currency), asOf: in.Analysis.AsOf, order: bill.HighestFirst}
	if !d.market.uniform() {
		d.order = bill.Proportional
	}
	before, err := d.unserved(in)
	if err != nil {
		return nil, err
	}
	from := e.Scope
	e.widened, e.Scope = from, to
	after, err := d.unserved(in)
	if err != nil {
		return nil, err
	}
	return d.rescope(e, from, to, before.Sub(after))
}
