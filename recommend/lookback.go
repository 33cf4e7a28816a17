package recommend

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/rule"
)

// lookbackDays are those that Microsoft's recommender offers.
var lookbackDays = []int{7, 30, 60}

// Reach says whether the files of a customer reach as far back as one of Microsoft's lookbacks.
type Reach struct {
	Customer string
	Days     int
	Covered  bool
	Detail   string // why not, or which days within are missing; empty where every day is there
}

// lookBack adds what Microsoft's recommender says of the usage as it was billed: of each size at the shared scope, in each subscription, and
// in the resource groups that somebody owned reservations for or asked about, over 7, 30 and 60 days. The days are those before the end of
// the window; in is what was read, before sizes change and before what savings plans serve is set apart.
func (p *Plan) lookBack(in *Input, asked *asked) error {
	theirs := *in
	theirs.Policy.Objective = Customer
	reach, plan := map[string][]Reach{}, newBeside(p)
	for i := range in.Analysis.Pools {
		pool := in.Analysis.Pools[i]
		pool.Members = slices.Concat(pool.Members, pool.Left)
		if reach[pool.Customer] == nil {
			reach[pool.Customer] = in.lookbacksOf(&pool)
			p.Lookbacks = append(p.Lookbacks, reach[pool.Customer]...)
		}
		d := &decision{pool: &pool, market: newMarket(&pool, &theirs), currency: money.Code(pool.Currency), asOf: in.Analysis.AsOf, existing: existingOf(&pool, in)}
		for _, l := range reach[pool.Customer] {
			if !l.Covered {
				continue
			}
			for _, at := range d.ruleScopes(asked) {
				refs, err := d.ruleAt(at, l.Days, in)
				if err != nil {
					return err
				}
				for i := range refs {
					refs[i].Difference = plan.differs(d, &refs[i])
				}
				p.Asked = append(p.Asked, refs...)
			}
		}
	}
	slices.SortStableFunc(p.Lookbacks, func(a, b Reach) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Days, b.Days))
	})
	return nil
}

// lookbacksOf says which lookbacks the files of a pool's customer cover: those that begin no earlier than the files do. Days without a row
// within are unknown, and left out.
func (in *Input) lookbacksOf(pool *analyzer.Pool) []Reach {
	a := in.Analysis
	held := a.Lead + a.Window.Days()
	for i := range a.Coverage {
		if c := &a.Coverage[i]; c.Customer == pool.Customer && !c.From.IsZero() {
			held = min(held, int(a.Window.To.Sub(c.From)/(24*time.Hour)))
		}
	}
	var list []Reach
	for _, days := range lookbackDays {
		l := Reach{Customer: pool.Customer, Days: days, Covered: days <= held}
		missing := 0
		for _, g := range coveredGaps(pool, a) {
			if g >= a.Lead+a.Window.Days()-days {
				missing++
			}
		}
		switch {
		case !l.Covered:
			l.Detail = fmt.Sprintf("not covered: the files hold the last %d days before %s", max(0, held), a.Window.To.Format(time.DateOnly))
		case missing > 0:
			l.Detail = fmt.Sprintf("%d of the days have no row and are left out", missing)
		}
		list = append(list, l)
	}
	return list
}

// coveredGaps are the days without rows, counted from the first day of the lead.
func coveredGaps(pool *analyzer.Pool, a *analyzer.Analysis) []int {
	gaps := slices.Clone(pool.LeadGaps)
	for _, g := range pool.Gaps {
		gaps = append(gaps, a.Lead+g)
	}
	return gaps
}

// ruleScopes lists the scopes that the rule is asked at.
func (d *decision) ruleScopes(asked *asked) []scope {
	list := append([]scope{{}}, d.scopesOf(EachSubscription)...)
	wanted := map[string]bool{}
	for _, e := range d.existing {
		wanted[e.Scope] = strings.Contains(e.Scope, "/resourcegroups/")
	}
	for _, s := range d.scopesOf(EachResourceGroup) {
		if wanted[s.name] || asked != nil && (asked.wanted == EachResourceGroup || named(s, asked.wanted)) {
			list = append(list, s)
		}
	}
	return list
}

// ruleAt asks the rule about each size of a pool at one scope; it returns where something is worth buying.
func (d *decision) ruleAt(at scope, days int, in *Input) ([]Reference, error) {
	part := *d
	part.pool, part.scope = inside(d.pool, at), at
	var refs []Reference
	for _, size := range sizesOf(part.pool) {
		priced, ok := d.market.rates[size]
		if !ok {
			continue
		}
		asks := rule.New(part.uncovered(size, days, in.Analysis), rateOf(priced.rate), rateOf(0))
		for _, term := range termsOf {
			offer, ok := d.offerOf(Purchase{Size: size, Term: term})
			if !ok {
				continue
			}
			ref, err := part.reference(offer, asks)
			if err != nil {
				return nil, err
			}
			if ref.Quantity > 0 {
				ref.LookbackDays, ref.Billed, ref.Scope = days, true, at.String()
				refs = append(refs, ref)
			}
		}
	}
	return refs, nil
}

// uncovered returns the micro-instances of a size in each hour of the last days that the files cover, less what a reservation or savings
// plan covered on the rows, which the rule leaves out. The rows say on which days, not in which hours: it is taken off evenly.
func (d *decision) uncovered(size catalog.Size, days int, a *analyzer.Analysis) []int64 {
	lead := 24 * a.Lead
	total := make([]int64, lead+len(d.pool.Members[0].Series.Flat))
	paid := make([]int64, (len(total)+23)/24)
	for i := range d.pool.Members {
		m := &d.pool.Members[i]
		if m.Size != size {
			continue
		}
		for h, n := range m.Lead {
			total[h] += n
		}
		for h, n := range m.Series.Flat {
			total[lead+h] += n
		}
		for day, n := range coveredByDay(m, a.Lead) {
			paid[day] += n
		}
	}
	for day, covered := range paid {
		hours := total[24*day : min(len(total), 24*day+24)]
		used := int64(0)
		for _, n := range hours {
			used += n
		}
		if used > 0 && covered > 0 {
			scaleTo(hours, used-covered, used)
		}
	}
	first := max(0, len(paid)-days)
	var gaps []int
	for _, g := range coveredGaps(d.pool, a) {
		gaps = append(gaps, g-first)
	}
	return withoutGaps(total[24*first:], gaps)
}

// coveredByDay is what was covered of a member by day; without days it is that of the window, spread as the usage is.
func coveredByDay(m *analyzer.Member, lead int) []int64 {
	covered, sum := m.Covered+m.PlanCovered, m.Series.Sum()
	if m.CoveredDays != nil || covered <= 0 || sum <= 0 {
		return m.CoveredDays
	}
	byDay := make([]int64, lead+(len(m.Series.Flat)+23)/24)
	for h, n := range m.Series.Flat {
		byDay[lead+h/24] += n
	}
	scaleTo(byDay[lead:], covered, sum)
	return byDay
}

// beside is what the plan does where the rule is asked.
type beside struct {
	days    int
	bought  map[[5]string][]string // by customer, currency, region, group and term
	resized map[[2]string]bool     // by customer and size
}

// newBeside gathers what the plan does. What is bought of one size alone stands under the group of the size.
func newBeside(p *Plan) *beside {
	b := &beside{days: p.Window.Days(), bought: map[[5]string][]string{}, resized: map[[2]string]bool{}}
	for i := range p.Lines {
		l := &p.Lines[i]
		group := string(l.Size)
		if g, ok := l.Size.Group(); ok {
			group = g.Name
		}
		key := [5]string{l.Customer, string(l.Currency), string(l.Region), group, l.Term.String()}
		b.bought[key] = append(b.bought[key], fmt.Sprintf("%d x %s", l.Quantity, sizeText(l.Size)))
	}
	for i := range p.Resizes {
		b.resized[[2]string{p.Resizes[i].Customer, string(p.Resizes[i].From)}] = true
	}
	return b
}

// differs says in one sentence why the plan differs from the rule on the usage as it was billed.
func (b *beside) differs(d *decision, ref *Reference) string {
	words := fmt.Sprintf("the rule repeats %d days of %s%s for %s", ref.LookbackDays, sizeText(ref.Size), ref.where(), yearsOf(ref.Term))
	plan := "the plan buys nothing for that term"
	if ours := b.bought[[5]string{ref.Customer, string(ref.Currency), string(ref.Region), d.pool.Group, ref.Term.String()}]; len(ours) > 0 {
		plan = fmt.Sprintf("the plan buys %s for all of %s", strings.Join(ours, " and "), d.pool.Group)
	}
	reason := fmt.Sprintf("it looks at %d days, at every size that a reservation serves, at what is owned until it ends and at how long the demand lasts", b.days)
	if b.resized[[2]string{ref.Customer, string(ref.Size)}] {
		reason += ", and machines of this size change theirs first"
	}
	return words + "; " + plan + ": " + reason
}

// where is the scope of a recommendation in words.
func (r *Reference) where() string {
	switch {
	case r.Scope == sharedScope:
		return " alone"
	case strings.Contains(r.Scope, "/resourcegroups/"):
		return " in one resource group alone"
	}
	return " in one subscription alone"
}

func yearsOf(term pricing.Term) string {
	if term == pricing.OneYear {
		return "a year"
	}
	return "three years"
}
