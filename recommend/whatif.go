package recommend

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Change is a question to a plan: what if. The zero Change asks nothing.
type Change struct {
	// Set fixes quantities bought now; everything else of these pools stays as the plan has it, and other pools are decided as before.
	Set []Setting
	// Rule buys what Microsoft's rule buys on the same hours, each size by itself at the shared scope, instead of what the plan does.
	Rule bool
	// Growth changes the usage of every hour, as a share: 0.1 is a tenth more, -0.2 a fifth less. It is rounded to 0.0001.
	Growth float64
	// Scope evaluates the plan's own reservations at another scope: EachSubscription, EachResourceGroup, the id of a subscription,
	// SUBSCRIPTION/GROUP, or the full name of either. Empty leaves it. The quantities stay; what they cover changes.
	Scope string
	// Policy replaces the rules of the plan where it is not nil: other terms, limits on cash.
	Policy *Policy
}

// Setting fixes how many of a size are bought now for a term.
type Setting struct {
	// ID is that of a line, the number of a line as the report counts them ("3"), or POOL/SIZE/TERM with the id of a pool, such as
	// "pool-cfb4ae80fbe9/Standard_D2s_v5/P3Y".
	ID       string
	Quantity int64
}

// Answer is what a Change makes of a plan. Every figure of it comes from the same simulator as the plan's.
type Answer struct {
	Asked  []string      // the question in words
	Notes  []string      // what the figures leave out: purchases planned for later days, of the plan and of the changed one
	Totals []TotalChange // by customer and currency
	Lines  []LineChange  // lines whose quantity or saving changes
}

// TotalChange is the bottom line before and after.
type TotalChange struct {
	Customer      string
	Currency      money.Code
	Before, After Total
	Cost, Saving  money.Amount // after minus before, a month
}

// LineChange is what is bought of one size and term before and after. Savings are a month of 730 hours.
type LineChange struct {
	ID, Pool, Customer        string
	Region                    catalog.Region
	Size                      catalog.Size
	Term                      pricing.Term
	Currency                  money.Code
	ScopeBefore, ScopeAfter   string // empty where nothing is bought
	Before, After             int64
	SavingBefore, SavingAfter money.Amount
}

// WhatIf evaluates a change of the plan that Recommend makes of in. base is that plan where the caller has it already, nil otherwise. The
// plan that comes back carries its Answer. It fails where Recommend does, and where a Setting names nothing, a size that is not sold
// or a negative quantity.
func WhatIf(in Input, base *Plan, change Change) (*Plan, error) {
	var err error
	if base == nil {
		if base, err = Recommend(in); err != nil {
			return nil, err
		}
	}
	changed := in
	wanted := change.Set
	if change.Rule {
		wanted = append(base.ruleSettings(), wanted...)
	}
	if changed.set, err = base.settings(wanted); err != nil {
		return nil, err
	}
	if change.Policy != nil {
		if err := change.Policy.Validate(); err != nil {
			return nil, err
		}
		changed.Policy = *change.Policy
	}
	if change.Growth <= -1 || change.Growth > 100 {
		return nil, fmt.Errorf("growth: %v: want a share above -1 and at most 100", change.Growth)
	}
	changed.Analysis, changed.growth = grown(in.Analysis, change.Growth), int64(basisPoints(change.Growth))
	if change.Scope != "" {
		changed.scope = &asked{wanted: strings.ToLower(change.Scope)}
	}
	after, err := Recommend(changed)
	if err != nil {
		return nil, err
	}
	if s := changed.scope; s != nil && !s.taken && s.wanted != sharedScope && len(after.Lines) > 0 {
		return nil, fmt.Errorf("scope: %q: no pool that is bought for has usage there", change.Scope)
	}
	if at := changed.set.unused(); at != "" {
		return nil, fmt.Errorf("set: %s: not sold, or nothing can be bought for its pool", at)
	}
	if after.Answer, err = base.compareWith(after); err != nil {
		return nil, err
	}
	after.Answer.Asked = change.words(base)
	return after, nil
}

// settings holds fixed quantities by pool.
type settings map[string][]*fixed

// fixed is one fixed quantity and whether a pool took it.
type fixed struct {
	Purchase
	taken bool
}

// settings resolves the ids of fixed quantities.
func (p *Plan) settings(list []Setting) (settings, error) {
	s := settings{}
	for _, want := range list {
		pool, buy, err := p.resolve(want)
		if err != nil {
			return nil, fmt.Errorf("set: %w", err)
		}
		s[pool] = append(s[pool], &fixed{Purchase: buy})
	}
	return s, nil
}

func (p *Plan) resolve(want Setting) (pool string, buy Purchase, err error) {
	if want.Quantity < 0 || want.Quantity > 1_000_000 {
		return "", buy, fmt.Errorf("%s: quantity %d: want 0 to 1000000", want.ID, want.Quantity)
	}
	number, notNumber := strconv.Atoi(want.ID)
	for i := range p.Lines {
		if l := &p.Lines[i]; l.ID == want.ID || notNumber == nil && number == i+1 {
			return l.Pool, Purchase{l.Size, l.Term, want.Quantity}, nil
		}
	}
	parts := strings.Split(want.ID, "/")
	if len(parts) != 3 {
		return "", buy, fmt.Errorf("%q: no line of this id or number, and not POOL/SIZE/TERM", want.ID)
	}
	at := slices.IndexFunc(p.Pools, func(pool Pool) bool { return pool.ID == parts[0] })
	if at < 0 {
		return "", buy, fmt.Errorf("%q: no pool %q", want.ID, parts[0])
	}
	for _, term := range termsOf {
		if term.String() == parts[2] {
			size := catalog.Size(parts[1])
			if !strings.HasPrefix(parts[1], "Standard_") {
				size = catalog.Size("Standard_" + parts[1])
			}
			return parts[0], Purchase{size, term, want.Quantity}, nil
		}
	}
	return "", buy, fmt.Errorf("%q: term %q: want P1Y or P3Y", want.ID, parts[2])
}

// unused names a fixed quantity that no pool took; "" where all were.
func (s settings) unused() string {
	var names []string
	for pool, list := range s {
		for _, f := range list {
			if !f.taken {
				names = append(names, settingID(pool, f.Purchase))
			}
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// fix replaces the quantities of a choice by those that are set for the pool. ok is false where none is.
func (d *decision) fix(chosen order, set settings) (whole order, ok bool) {
	list := set[d.result.ID]
	whole = order{}
	for key, n := range chosen {
		whole[key] = n
	}
	for _, f := range list {
		if _, sold := d.offerOf(f.Purchase); !sold {
			continue
		}
		f.taken, ok = true, true
		key := ticketKey{f.Size, f.Term, 0}
		delete(whole, key)
		if f.Quantity > 0 {
			whole[key] = f.Quantity
		}
		for year := 1; f.Term == pricing.OneYear && year < d.expected.years; year++ { // renewed as it is
			key.at = hoursOfYears(year)
			delete(whole, key)
			if f.Quantity > 0 {
				whole[key] = f.Quantity
			}
		}
	}
	return whole, ok
}

// takeSet adds the quantities that are set as a choice of their own, and chooses it.
func (d *decision) takeSet(in *Input) error {
	whole, ok := d.fix(d.whole, in.set)
	if !ok {
		return nil
	}
	buy, _ := whole.split(d)
	row, err := d.row(Set, buy)
	if err != nil {
		return err
	}
	saving := d.expected.evaluate(nil).cost().Sub(d.expected.evaluate(whole).cost())
	if row.ExpectedSaving, err = d.expected.amount(saving, int64(d.result.Hours), d.currency); err != nil {
		return err
	}
	d.result.Compare = append(d.result.Compare, row)
	d.whole, d.wholes[Set], d.result.Chosen = whole, whole, Set
	return nil
}

// grown returns the analysis with every pool's hours multiplied by 1 + share.
func grown(a *analyzer.Analysis, share float64) *analyzer.Analysis {
	points := int64(basisPoints(share))
	if points == 0 {
		return a
	}
	more := *a
	more.Pools = grow(a.Pools, points)
	return &more
}

// grow returns the pools with every hour multiplied by 1 + points/10 000.
func grow(pools []analyzer.Pool, points int64) []analyzer.Pool {
	if points == 0 {
		return pools
	}
	more := slices.Clone(pools)
	scale := func(n int64) int64 {
		if n > 1<<49 || n < 0 { // a credit of hours stays as it is
			return n
		}
		return (n*(10_000+points) + 5_000) / 10_000
	}
	series := func(hours []int64) []int64 {
		out := make([]int64, len(hours))
		for i, n := range hours {
			out[i] = scale(n)
		}
		return out
	}
	for i := range more {
		members := slices.Clone(more[i].Members)
		for j := range members {
			m := &members[j]
			exact := m.Series.Exact()
			m.Series = demand.Series{Flat: series(m.Series.Flat), Stacked: series(m.Series.Stacked)}
			if exact {
				m.Series.Stacked = m.Series.Flat
			}
			m.Covered = scale(m.Covered)
		}
		more[i].Members = members
	}
	return more
}

// compareWith says what changes from p to after.
func (p *Plan) compareWith(after *Plan) (*Answer, error) {
	a := &Answer{}
	for _, was := range p.Totals {
		for _, is := range after.Totals {
			if is.Customer != was.Customer || is.Currency != was.Currency {
				continue
			}
			c := TotalChange{Customer: was.Customer, Currency: was.Currency, Before: was, After: is}
			var err1, err2 error
			c.Cost, err1 = is.PlanMonth.Sub(was.PlanMonth)
			c.Saving, err2 = is.Joint.Sub(was.Joint)
			if err := errors.Join(err1, err2); err != nil {
				return nil, err
			}
			a.Totals = append(a.Totals, c)
		}
	}
	changes := map[string]*LineChange{}
	add := func(l *Line, isAfter bool) {
		zero := money.New(0, l.Currency)
		c, ok := changes[l.ID]
		if !ok {
			c = &LineChange{ID: l.ID, Pool: l.Pool, Customer: l.Customer, Region: l.Region, Size: l.Size, Term: l.Term, Currency: l.Currency, SavingBefore: zero, SavingAfter: zero}
			changes[l.ID] = c
		}
		if isAfter {
			c.After, c.SavingAfter, c.ScopeAfter = l.Quantity, l.SavingMonth, l.Scope
		} else {
			c.Before, c.SavingBefore, c.ScopeBefore = l.Quantity, l.SavingMonth, l.Scope
		}
	}
	for i := range p.Lines {
		add(&p.Lines[i], false)
	}
	for i := range after.Lines {
		add(&after.Lines[i], true)
	}
	for _, c := range changes {
		if c.Before != c.After || c.SavingBefore != c.SavingAfter || c.ScopeBefore != c.ScopeAfter {
			a.Lines = append(a.Lines, *c)
		}
	}
	slices.SortFunc(a.Lines, func(x, y LineChange) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.Region, y.Region), cmp.Compare(x.Pool, y.Pool), cmp.Compare(x.Size, y.Size), cmp.Compare(x.Term, y.Term))
	})
	a.Notes = append(leftOut("the plan", p, a.Lines), leftOut("the changed plan", after, a.Lines)...)
	return a, nil
}

// words states the question for the record.
func (c Change) words(base *Plan) []string {
	var said []string
	if c.Rule {
		said = append(said, "what Microsoft's own rule buys on the same hours, each size by itself")
	}
	for _, s := range c.Set {
		pool, buy, _ := base.resolve(s)
		for i := range base.Pools {
			if p := &base.Pools[i]; p.ID == pool {
				said = append(said, fmt.Sprintf("%d x %s for %s in %s, %s", buy.Quantity, buy.Size, years(buy.Term), p.Region, p.Customer))
			}
		}
	}
	if c.Scope != "" {
		said = append(said, (&asked{wanted: strings.ToLower(c.Scope)}).words())
	}
	if c.Growth != 0 {
		said = append(said, fmt.Sprintf("the usage of every hour times %s", strconv.FormatFloat(1+float64(basisPoints(c.Growth))/10_000, 'f', -1, 64)))
	}
	if c.Policy != nil {
		said = append(said, base.Policy.changesTo(*c.Policy)...)
	}
	return said
}

// changesTo lists in words the rules that differ.
func (p Policy) changesTo(q Policy) []string {
	var said []string
	if !slices.Equal(p.Terms, q.Terms) {
		said = append(said, "only these terms: "+strings.Join(q.Terms, ", "))
	}
	if p.MonthlyLoss != q.MonthlyLoss {
		said = append(said, fmt.Sprintf("the demand ends with %s a month", percent(q.MonthlyLoss)))
	}
	if p.Objective != q.Objective {
		said = append(said, "the cost of the "+q.Objective+" is minimised")
	}
	if p.BillingPlan != q.BillingPlan {
		said = append(said, "paid "+q.BillingPlan)
	}
	for _, limit := range []struct {
		text     string
		was, now *int64
	}{{"up front", p.MaxUpfront, q.MaxUpfront}, {"in any month", p.MaxMonth, q.MaxMonth}} {
		if limit.now != nil && (limit.was == nil || *limit.was != *limit.now) {
			said = append(said, fmt.Sprintf("at most %s paid %s, by each customer in its currency", money.New(*limit.now, "USD").Decimal(), limit.text))
		}
	}
	return said
}

// leftOut names the purchases that a plan keeps for later days in the pools of changed lines: no figure of today's lines counts
// them, so a quantity bought today may seem to save what the plan saves later.
func leftOut(which string, p *Plan, changed []LineChange) []string {
	var notes []string
	for i := range p.Later {
		l := &p.Later[i]
		in := slices.ContainsFunc(changed, func(c LineChange) bool { return c.Pool == l.Pool })
		if l.Action == "buy" && in {
			notes = append(notes, fmt.Sprintf("not counted here: %s also buys %d x %s in %s on %s, which saves %s %s a month from then on",
				which, l.Quantity, sizeText(l.Size), l.Region, day(l.Date), l.SavingMonth.Round(), l.Currency))
		}
	}
	return notes
}
