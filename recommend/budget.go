package recommend

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
)

// Limits of the search under a budget.
const (
	priceSteps  = 40      // prices of cash that are tried
	mostOptions = 2_000   // of a pool: pairs of quantities; a larger pool offers those that are best at some price of cash
	mostStates  = 200_000 // of the dynamic programme; beyond it the gap says what is left
)

// Budget is how a plan meets a limit on cash, today's purchases, later ones and renewals counted; amounts of savings are expected ones, a
// month of 730 hours.
type Budget struct {
	UpfrontLimit, MonthLimit money.Amount // a negative limit is none
	Upfront, Month           money.Amount // what the plan pays up front today, and in its dearest calendar month
	SavingLost               money.Amount // expected saving a month that the limit costs
	// LaterLost is the part of it that purchases of later days would save: of those that start in a month above the limit the ones go first
	// that save least for their cash. That is a rule and no optimum; Gap counts all of it as if another choice could keep it.
	LaterLost money.Amount
	// Gap is how much more, as a share of the expected saving, another choice within the limit could at most save; 0 is proved best
	// among whole numbers of the size in which each term is counted.
	Gap float64
}

// allowance is one thing that a pool can do, what cash it takes and what it is expected to save, both in micro-units.
type allowance struct {
	whole        order
	cash, saving int64
}

// limit returns the cash that the lines of a customer may take at once, in micro-units; ok is false where there is no limit.
func (p Policy) limit() (micros int64, ok bool) {
	micros = math.MaxInt64
	if p.BillingPlan == "upfront" && p.MaxUpfront != nil {
		micros, ok = *p.MaxUpfront, true
	}
	if p.MaxMonth != nil && *p.MaxMonth < micros {
		micros, ok = *p.MaxMonth, true
	}
	return micros, ok
}

// cashOf returns what purchases of today take at once: their totals up front, or their first instalments, the largest.
func (d *decision) cashOf(buy []Purchase, plan string) (int64, error) {
	sum := money.New(0, d.currency)
	for _, p := range buy {
		total, err := d.totalOf(p).Mul(p.Quantity)
		if err != nil {
			return 0, err
		}
		if plan != "upfront" {
			total = total.Split(12 * p.Term.Years())[0]
		}
		if sum, err = sum.Add(total); err != nil {
			return 0, err
		}
	}
	return sum.Micros, nil
}

// keepWithin changes decisions so that each customer's purchases stay within the policy's limit on cash, at the most expected saving.
func keepWithin(decisions []*decision, in *Input) (map[totalKey]*Budget, error) {
	limit, ok := in.Policy.limit()
	if !ok {
		return nil, nil
	}
	groups := map[totalKey][]*decision{}
	for _, d := range decisions {
		if d.expected != nil {
			key := totalKey{d.pool.Customer, d.currency}
			groups[key] = append(groups[key], d)
		}
	}
	budgets := map[totalKey]*Budget{}
	for key, group := range groups {
		b, err := shareOut(group, limit, in)
		if err != nil {
			return nil, fmt.Errorf("budget of %s: %w", key.customer, err)
		}
		budgets[key] = b
	}
	return budgets, nil
}

// shareOut shares a limit out over the pools of a customer.
func shareOut(group []*decision, limit int64, in *Input) (*Budget, error) {
	code := group[0].currency
	b := &Budget{UpfrontLimit: amountOrNone(in.Policy.MaxUpfront, code), MonthLimit: amountOrNone(in.Policy.MaxMonth, code), Upfront: money.New(0, code), Month: money.New(0, code), SavingLost: money.New(0, code)}
	free, used := int64(0), int64(0)
	for _, d := range group {
		now, err := d.allowanceOf(d.whole, in)
		if err != nil {
			return nil, err
		}
		free, used = free+now.saving, used+now.cash
	}
	saving, bound := free, float64(free)
	if used > limit {
		kept, most, err := bestWithin(group, limit, in)
		if err != nil {
			return nil, err
		}
		used, saving, bound = 0, 0, most
		for i, d := range group {
			used, saving = used+kept[i].cash, saving+kept[i].saving
			d.result.Limited = d.result.Limited || !sameOrder(d.whole, kept[i].whole)
			if err := d.restrict(kept[i].whole); err != nil {
				return nil, err
			}
		}
	}
	lost, dearest, err := limitLater(group, limit, in)
	if err != nil {
		return nil, err
	}
	saving -= lost
	b.SavingLost, b.LaterLost = money.New(free-saving, code), money.New(lost, code)
	if over := bound - float64(saving); over > 0.5*float64(len(group)) && bound > 0 {
		b.Gap = over / bound
	}
	b.Month = money.New(dearest, code)
	if in.Policy.BillingPlan == "upfront" {
		b.Upfront = money.New(used, code)
	}
	return b, nil
}

func amountOrNone(micros *int64, code money.Code) money.Amount {
	if micros == nil {
		return money.New(-1, code)
	}
	return money.New(*micros, code)
}

// allowanceOf evaluates what a pool buys over the horizon.
func (d *decision) allowanceOf(whole order, in *Input) (allowance, error) {
	now, _ := whole.split(d)
	cash, err := d.cashOf(now, in.Policy.BillingPlan)
	if err != nil {
		return allowance{}, err
	}
	saved := d.expected.evaluate(nil).cost().Sub(d.expected.evaluate(whole).cost())
	saving, err := d.expected.amount(saved, pricing.HoursOfMonth, d.currency)
	return allowance{whole, cash, saving.Micros}, err
}

// restrict makes a pool buy something else than its best: less, because cash is short or caution asks for it.
func (d *decision) restrict(whole order) error {
	d.lines, d.hourly = nil, nil
	if sameOrder(d.whole, whole) {
		return nil
	}
	buy, later := whole.split(d)
	row, err := d.row(Mixed, buy)
	if err != nil {
		return err
	}
	saving := d.expected.evaluate(nil).cost().Sub(d.expected.evaluate(whole).cost())
	if row.ExpectedSaving, err = d.expected.amount(saving, int64(d.result.Hours), d.currency); err != nil {
		return err
	}
	d.whole, d.wholes[Mixed], d.later, d.result.Chosen = whole, whole, later, Mixed
	if len(buy) == 0 {
		d.result.Chosen = PAYG
	}
	at := slices.IndexFunc(d.result.Compare, func(c Compared) bool { return c.Choice == Mixed })
	if at < 0 {
		d.result.Compare = append(d.result.Compare, row)
	} else {
		d.result.Compare[at] = row
	}
	d.result.Marginal, d.result.Curve = nil, map[pricing.Term][]Point{}
	return d.prove(d.mixed)
}

func sameOrder(a, b order) bool {
	for key, n := range a {
		if b[key] != n {
			return false
		}
	}
	for key, n := range b {
		if a[key] != n {
			return false
		}
	}
	return true
}

// bestWithin chooses one allowance for each pool so that their cash fits and the saving is greatest: a knapsack with many choices, by
// dynamic programming over states of which none is dearer and saves less than another. bound is more than any choice can save: what all
// pools save at the price of cash at which they just fit, plus the limit at that price (reference 1.10).
func bestWithin(group []*decision, limit int64, in *Input) (kept []allowance, bound float64, err error) {
	lists := make([][]allowance, len(group))
	for i, d := range group {
		if lists[i], err = d.allowances(in); err != nil {
			return nil, 0, err
		}
	}
	price := priceOfCash(lists, limit)
	rest := make([]float64, len(lists)+1) // the most that the pools from i on can save beyond the price of their cash
	for i := len(lists) - 1; i >= 0; i-- {
		best := 0.0
		for _, a := range lists[i] {
			best = max(best, float64(a.saving)-price*float64(a.cash))
		}
		rest[i] = rest[i+1] + best
	}
	type state struct {
		cash, saving int64
		from, took   int // in the states before, of the list
	}
	layers := [][]state{{{}}}
	exact := true
	greedy := greedyWithin(lists, limit, price)
	for i, list := range lists {
		var next []state
		for j, s := range layers[i] {
			for k, a := range list {
				if a.cash > limit-s.cash {
					continue
				}
				n := state{s.cash + a.cash, s.saving + a.saving, j, k}
				if float64(n.saving)+rest[i+1]+price*float64(limit-n.cash) >= float64(greedy)-0.5 {
					next = append(next, n)
				}
			}
		}
		slices.SortStableFunc(next, func(a, b state) int { return cmp.Or(cmp.Compare(a.cash, b.cash), cmp.Compare(b.saving, a.saving)) })
		var front []state
		for _, s := range next {
			if len(front) == 0 || s.saving > front[len(front)-1].saving {
				front = append(front, s)
			}
		}
		if len(front) > mostStates {
			exact = false
			thin := front[:0]
			for j := range mostStates {
				thin = append(thin, front[j*len(front)/mostStates])
			}
			front = thin
		}
		layers = append(layers, front)
	}
	last := layers[len(layers)-1]
	at := len(last) - 1 // the dearest state saves most
	kept = make([]allowance, len(lists))
	total := int64(0)
	for i := len(lists) - 1; i >= 0; i-- {
		s := layers[i+1][at]
		kept[i], at = lists[i][s.took], s.from
		total += kept[i].saving
	}
	if exact && allPairs(group) {
		return kept, float64(total), nil
	}
	bound, err = most(group, limit, price, in)
	return kept, bound, err
}

// priceOfCash finds the price at which the pools just fit the limit.
func priceOfCash(lists [][]allowance, limit int64) (price float64) {
	value := func(price float64) (sum, cash float64) {
		for _, list := range lists {
			best := allowance{}
			for _, a := range list {
				if float64(a.saving)-price*float64(a.cash) > float64(best.saving)-price*float64(best.cash) {
					best = a
				}
			}
			sum += float64(best.saving) - price*float64(best.cash)
			cash += float64(best.cash)
		}
		return sum + price*float64(limit), cash
	}
	low, high := 0.0, 1000.0
	bound := math.Inf(1)
	for range 60 {
		mid := (low + high) / 2
		v, cash := value(mid)
		if v < bound {
			price, bound = mid, v
		}
		if cash > float64(limit) {
			low = mid
		} else {
			high = mid
		}
	}
	return price
}

// greedyWithin is what the pools save that fit one after another at a price of cash: a start that the search has to beat.
func greedyWithin(lists [][]allowance, limit int64, price float64) int64 {
	saving := int64(0)
	for _, list := range lists {
		best := allowance{}
		for _, a := range list {
			if a.cash <= limit && float64(a.saving)-price*float64(a.cash) > float64(best.saving)-price*float64(best.cash) {
				best = a
			}
		}
		saving, limit = saving+best.saving, limit-best.cash
	}
	return saving
}

// allPairs reports whether every pair of quantities of every pool was an allowance, so that the knapsack proves its result.
func allPairs(group []*decision) bool {
	for _, d := range group {
		if len(d.terms) > 0 && !d.pairs() {
			return false
		}
	}
	return true
}
