package recommend

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sizeterm/pricing"
)

// fellBackShown is how many prices a warning names.
const fellBackShown = 6

// fallBack says, in the plan and in what the customer gets, which prices of the latter its own list does not have. Totals that rest on
// two lists are said to do so.
func (s *seller) fallBack(p, q *Plan, all *outcome) {
	if s.from.CustomerBook == nil {
		return
	}
	missing, listed := map[string]map[string]bool{}, map[string]int{} // by customer
	note := func(customer, what string, own bool) {
		if own {
			listed[customer]++
			return
		}
		if missing[customer] == nil {
			missing[customer] = map[string]bool{}
		}
		missing[customer][what] = true
	}
	for _, d := range slices.Concat(all.today, all.decisions) {
		for size, rate := range d.market.rates {
			note(d.pool.Customer, fmt.Sprintf("%s in %s by the hour", size, d.pool.Region), rate.source == pricing.CustomerList)
		}
	}
	for i := range q.Lines {
		l := &q.Lines[i]
		note(l.Customer, fmt.Sprintf("%s in %s for %s", l.Size, l.Region, years(l.Term)), strings.HasPrefix(l.PriceSource, pricing.CustomerList))
	}
	for customer, prices := range missing {
		names := slices.Sorted(maps.Keys(prices))
		some := strings.Join(names[:min(len(names), fellBackShown)], ", ")
		if more := len(names) - fellBackShown; more > 0 {
			some += fmt.Sprintf(" and %d more", more)
		}
		if listed[customer] == 0 {
			some += "; none of the prices that the documents need are in it: is it the right list?"
		}
		q.warn("not_listed", customer, "not in the customer's price list, and stated as they are offered: "+some)
		p.warn("not_listed", customer, fmt.Sprintf("%s does not have these prices, documents for the customer state them at the partner's prices with the markup of %s: %s", s.from.Policy.CustomerPrices, percent(s.from.Policy.Markup), some))
	}
	p.sort()
	q.sort()
}

// atTheirs states the customer's side of each line at the customer's own list, where there is one, and warns of lines that cost it more
// than pay-as-you-go: the plan was decided at other prices.
func (p *Plan) atTheirs() {
	if p.Policy.CustomerPrices == "" {
		return
	}
	for i := range p.Lines {
		l, sold := &p.Lines[i], &p.Sold.Lines[i]
		if v := l.Partner; v != nil {
			said := v.Words()
			v.CustomerSavingMonth, v.CustomerThreshold = sold.SavingMonth, sold.Marginal.Threshold
			v.judge(l)
			l.Reasons = slices.DeleteFunc(l.Reasons, func(reason string) bool { return reason == said })
			if words := v.Words(); words != "" {
				l.Reasons = append(l.Reasons, words)
			}
		}
		if sold.SavingMonth.Micros <= 0 {
			p.warn("loses_at_list", l.ID, fmt.Sprintf("%d x %s for %s: at the prices of %s the customer saves %s %s a month by it", l.Quantity, l.Size, years(l.Term), p.Policy.CustomerPrices, sold.SavingMonth.Round(), sold.Currency))
		}
	}
	p.sort()
}
