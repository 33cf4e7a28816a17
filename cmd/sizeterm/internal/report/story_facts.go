package report

import (
	"fmt"
	"slices"
	"strings"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// customerFacts is the headline: what is paid now, with the plan, what that saves, how sure it is and what cash it needs.
func customerFacts(t *recommend.Total, lines []lineStory, pools map[string]*recommend.Pool, p *recommend.Plan) []fact {
	now := amount(t.PayGMonth) + " a month for compute at pay-as-you-go prices" + lessCredit(&p.Policy)
	if !t.SoftwareMonth.IsZero() {
		now += ", and " + amount(t.SoftwareMonth) + " for software licences, which no reservation changes"
	}
	facts := []fact{
		{"Now", []string{now}},
		{"With this plan", []string{amount(t.PlanMonth) + " a month"}},
		{"Saving", savingOf(t)},
		rescopeFact(p, t),
		marginFact(t),
	}
	if len(lines) == 0 {
		return append(facts, fact{"To buy", []string{"nothing; the reasons stand below"}})
	}
	return append(facts,
		fact{"How sure", certainty(lines, pools, p)},
		fact{"Cash", nonEmpty(append(cashWords(t), otherPlan(t, p.Policy.BillingPlan))...)},
		fact{"Budget", budgetWords(t.Budget)},
		fact{beforeBuying, hoist(lines)})
}

// lessCredit says that costs are the partner's, where they are.
func lessCredit(policy *recommend.Policy) string {
	if policy.Objective != recommend.Partner || policy.PartnerCreditRate == 0 {
		return ""
	}
	return " less the earned credit of " + percent(policy.PartnerCreditRate) + " (the partner's cost)"
}

// savingOf is the saving a month with its share, its range and its parts.
func savingOf(t *recommend.Total) []string {
	text := amount(t.Joint) + " a month"
	if part, ok := shareOf(t.Joint, t.PayGMonth); ok {
		text += " (" + part + " of compute)"
	}
	if between, ok := rangeWords(t.SavingLow, t.SavingHigh); ok {
		text += ", " + between
	}
	out := []string{text}
	if !t.ResizeOnly.IsZero() {
		out = append(out, fmt.Sprintf("resizing alone would save %s, reserving alone %s; both together save what is stated here, not the sum",
			amount(t.ResizeOnly), amount(t.ReserveOnly)))
	}
	if t.Forced.Micros > 0 {
		out = append(out, "moves that must be made, since the vendor ends the size, cost "+amount(t.Forced)+" a month; that is taken off already")
	}
	if !t.SoftwareSaved.IsZero() {
		out = append(out, "licences fall by "+amount(t.SoftwareSaved)+" a month beside it")
	}
	return out
}

// rangeWords is "between a and b", and false where both print alike or there is no range.
func rangeWords(low, high money.Amount) (string, bool) {
	if amount(low) == amount(high) || low.IsZero() && high.IsZero() {
		return "", false
	}
	return "between " + figure(low) + " and " + figure(high) + " depending on the hours in which partly used machines ran", true
}

// evidence is on what a customer's saving rests.
type evidence struct {
	days        int  // fewest complete days of a pool; -1 where no pool is known
	exact       bool // every hour is known
	lines       []lineStory
	persistence []recommend.Persistence
}

// evidenceOf gathers the evidence of lines.
func evidenceOf(lines []lineStory, pools map[string]*recommend.Pool) evidence {
	e := evidence{days: -1, exact: true, lines: lines}
	seen := map[string]bool{}
	for _, l := range lines {
		pool := pools[l.Line.Pool]
		if pool == nil {
			continue
		}
		if e.days < 0 || pool.Days < e.days {
			e.days = pool.Days
		}
		e.exact = e.exact && pool.Exact
		if text := persistenceWords(pool.Persistence); text != "" && !seen[text] {
			seen[text] = true
			e.persistence = append(e.persistence, pool.Persistence)
		}
	}
	return e
}

// brief says it in a line or two.
func (e evidence) brief(normal int) string {
	var parts []string
	if e.days >= 0 {
		text := countOf(e.days, "complete day")
		if e.days < normal {
			text += fmt.Sprintf(" (fewer than %d)", normal)
		}
		parts = append(parts, text)
		if e.exact {
			parts = append(parts, "every hour known")
		} else {
			parts = append(parts, "hours of partly used machines unknown, the worse case decides")
		}
	}
	for _, a := range e.persistence {
		if text := percent(a.MonthlyLoss) + " of the demand assumed to end each month"; !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return strings.Join(append(parts, forecastWords(e.lines)), "; ")
}

// certainty says on what the saving rests: how long was looked at, whether hours are known, and which assumption decides.
func certainty(lines []lineStory, pools map[string]*recommend.Pool, p *recommend.Plan) []string {
	e := evidenceOf(lines, pools)
	var out []string
	if e.days >= 0 {
		out = append(out, measuredWords(e.days, e.exact, p.Policy.MinDaysNormal))
	}
	out = append(out, "the saving supposes that use goes on as in this period", forecastWords(e.lines))
	for _, a := range e.persistence {
		out = append(out, persistenceWords(a))
	}
	return out
}

// measuredWords says how much was seen.
func measuredWords(days int, exactHours bool, normal int) string {
	text := "measured over " + countOf(days, "complete day")
	if days < normal {
		text += fmt.Sprintf(" (fewer than %d: month-ends and holidays were not seen)", normal)
	}
	if exactHours {
		return text + ", every hour known"
	}
	return text + "; for machines that ran part of a day only the daily hours are known, and quantities are decided on the less favourable case"
}

// forecastWords sums up what the forecasts of lines say. Means add up; ranges do not, so each line has its own.
func forecastWords(lines []lineStory) string {
	var sum money.Sum
	low, high, without, currency := 1.0, 0.0, 0, money.Code("")
	for _, l := range lines {
		f := l.Line.Forecast
		if f == nil {
			without++
			continue
		}
		sum.AddAmount(f.SavingMonthMean)
		currency = f.SavingMonthMean.Currency
		low, high = min(low, f.LossProbability), max(high, f.LossProbability)
	}
	total, err := sum.Amount(currency)
	if without == len(lines) || err != nil {
		return "no forecast"
	}
	text := "forecast: " + amount(total) + " a month expected, since use moves and ends"
	if low, high := percent(low), percent(high); low == high {
		text += "; each line is a loss in " + low + " of futures"
	} else {
		text += "; a line is a loss in " + low + " to " + high + " of futures"
	}
	if without > 0 {
		text += "; " + countOf(without, "line") + " without forecast"
	}
	return text
}

// persistenceWords states the assumption behind one year or three.
func persistenceWords(a recommend.Persistence) string {
	if a.MonthlyLoss == 0 && a.Source == "" {
		return ""
	}
	text := "one year or three was decided assuming that " + percent(a.MonthlyLoss) + " of the demand ends each month"
	if a.Source != "" {
		text += " (" + a.Source + ")"
	}
	return text
}

// cashWords is the up-front payment and the payments after it, those in a row that differ by rounding only told as one.
func cashWords(t *recommend.Total) []string {
	out := []string{amount(t.Upfront) + " up front"}
	var spans []string
	for i := 0; i < len(t.Cash); {
		j, low, high := i, t.Cash[i].Amount, t.Cash[i].Amount
		for ; j < len(t.Cash); j++ {
			next := t.Cash[j].Amount
			if max(next.Micros, high.Micros)-min(next.Micros, low.Micros) > roundingMicros {
				break
			}
			low.Micros, high.Micros = min(low.Micros, next.Micros), max(high.Micros, next.Micros)
		}
		spans = append(spans, cashSpan(t.Cash[i:j], low, high))
		i = j
	}
	const shown = 6
	if len(spans) > shown {
		spans = append(spans[:shown], "and so on; the calendar holds every payment")
	}
	if len(spans) > 0 {
		out = append(out, strings.Join(spans, "; "))
	}
	return out
}

// roundingMicros is the difference between payments that are told as one: monthly parts of a total differ by cents.
const roundingMicros = 500_000

// cashSpan is a run of payments between low and high.
func cashSpan(run []recommend.Cash, low, high money.Amount) string {
	first, last := run[0], run[len(run)-1]
	if len(run) == 1 {
		return amount(first.Amount) + " on " + day(first.Date)
	}
	paid := amount(high)
	if figure(low) != figure(high) {
		paid = figure(low) + " to " + paid
	}
	return fmt.Sprintf("%s a month from %s to %s (%s)", paid, day(first.Date), day(last.Date), countOf(len(run), "payment"))
}

// lineTitle is what to buy in one sentence.
func lineTitle(l *recommend.Line) string {
	return fmt.Sprintf("Buy %s × %s in %s for %s", count(l.Quantity), l.Size, l.Region, term(l.Term.Years()))
}

// lineFacts is the block of one line: price, saving, why, break-even, what could make it wrong.
func lineFacts(l *recommend.Line, pool *recommend.Pool, p *recommend.Plan, partner bool) []fact {
	facts := []fact{
		{"Price", []string{priceWords(l)}},
		{"Saves", savesWords(l)},
		{"Why", whyWords(l, pool)},
		{"Earned back", earnedWords(l)},
		{"Goes wrong if", riskWords(l, pool, p)},
		{"Applies to", []string{scopeWords(l, pool)}},
	}
	if pool != nil {
		facts = append(facts, fact{"Owned already", existingWords(pool, l.Reasons)})
	}
	if partner && l.Partner != nil {
		facts = append(facts, fact{"Partner", partnerWords(l)})
	}
	if l.PartnerOnRecord != "" {
		facts = append(facts, fact{"On record", []string{"partner on record " + l.PartnerOnRecord + "; it cannot be changed after the purchase"}})
	}
	return append(facts, fact{"Eligibility", l.Eligibility}, fact{"Evidence", l.Evidence})
}

// beforeBuying labels the conditions that hold for every line.
const beforeBuying = "Before buying"

// hoist takes the conditions that hold for every one of several lines off the lines, to be said once.
func hoist(lines []lineStory) []string {
	if len(lines) < 2 {
		return nil
	}
	var common []string
	for _, sentence := range lines[0].Line.Eligibility {
		everywhere := true
		for _, l := range lines[1:] {
			everywhere = everywhere && slices.Contains(l.Line.Eligibility, sentence)
		}
		if everywhere {
			common = append(common, sentence)
		}
	}
	for i := range lines {
		for j := range lines[i].Facts {
			if f := &lines[i].Facts[j]; f.Label == "Eligibility" {
				f.Texts = slices.DeleteFunc(slices.Clone(f.Texts), func(s string) bool { return slices.Contains(common, s) })
			}
		}
	}
	return common
}

func priceWords(l *recommend.Line) string {
	text := fmt.Sprintf("%s each for the whole term, %s in all, ", amount(l.UnitPrice), amount(l.TotalPrice))
	switch l.BillingPlan {
	case "upfront":
		text += "paid at once"
	case "monthly":
		text += "paid in monthly parts"
	default:
		text += "billing plan " + l.BillingPlan
	}
	if l.PriceSource != "" {
		text += "; price from " + l.PriceSource
	}
	return text
}

func savesWords(l *recommend.Line) []string {
	text := amount(l.SavingMonth) + " a month"
	if between, ok := rangeWords(l.SavingMonthLow, l.SavingMonthHigh); ok {
		text += ", " + between
	}
	text += "; " + amount(l.SavingTerm) + " over the term if use stays as in this period"
	out := []string{text}
	if f := l.Forecast; f != nil {
		text := fmt.Sprintf("forecast over the term: %s a month on average, nine times in ten between %s and %s, a loss in %s of futures",
			amount(f.SavingMonthMean), figure(f.P5), figure(f.P95), percent(f.LossProbability))
		if len(f.Wide) > 0 {
			text += "; the range is wide because of " + strings.Join(f.Wide, ", ")
		}
		out = append(out, text)
	}
	return out
}

// whyWords is the proof of the quantity and the comparison with the other terms. The plan's own reasons say the first; where
// it gives none, they are said from its figures.
func whyWords(l *recommend.Line, pool *recommend.Pool) []string {
	out := append([]string(nil), l.Reasons...)
	if m := &l.Marginal; !m.Last.Has || !strings.Contains(strings.Join(out, "\n"), percent(m.Last.Value)) {
		out = append(marginalWords(m), out...)
	}
	if pool == nil {
		return out
	}
	if text := compareWords(pool); text != "" {
		out = append(out, text)
	}
	if text := expectedWords(pool); text != "" {
		out = append(out, text)
	}
	if c := pool.Certificate; c.Gap != 0 {
		out = append(out, fmt.Sprintf("not proved to be the best: a better choice could cost at most %s less", percentUp(c.Gap)))
	}
	return out
}

// marginalWords says how busy the last unit was and how busy one more would be.
func marginalWords(m *recommend.Marginal) []string {
	var out []string
	if m.Last.Has {
		unit := ""
		if m.Unit != "" {
			unit = " (" + m.Unit + ")"
		}
		out = append(out, fmt.Sprintf("the last unit%s was busy %s of the hours; it pays from %s", unit, percent(m.Last.Value), percent(m.Threshold)))
	}
	if m.Next.Has {
		out = append(out, "one more would have been busy "+percent(m.Next.Value))
	}
	if m.TieAtThreshold {
		out = append(out, "one more would exactly break even, so the smaller quantity was taken")
	}
	return out
}

// compareWords is the cost of each choice, the chosen one marked.
func compareWords(pool *recommend.Pool) string {
	if len(pool.Compare) == 0 {
		return ""
	}
	var parts []string
	for i := range pool.Compare {
		c := &pool.Compare[i]
		text := choiceWords(c.Choice) + " " + amount(c.Cost)
		var notes []string
		if c.Choice != recommend.PAYG {
			notes = append(notes, percent(c.SavingShare)+" less")
		}
		if c.Choice == pool.Chosen {
			notes = append(notes, "chosen")
		}
		if len(notes) > 0 {
			text += " (" + strings.Join(notes, ", ") + ")"
		}
		parts = append(parts, text)
	}
	return "cost of the " + countOf(pool.Hours, "hour") + " looked at: " + strings.Join(parts, "; ")
}

// expectedWords is what each choice is expected to save when demand may end: what the choice was made on.
func expectedWords(pool *recommend.Pool) string {
	var parts []string
	known := false
	for i := range pool.Compare {
		c := &pool.Compare[i]
		if c.Choice == recommend.PAYG {
			continue
		}
		known = known || !c.ExpectedSaving.IsZero()
		text := choiceWords(c.Choice) + " " + amount(c.ExpectedSaving)
		if c.Choice == pool.Chosen {
			text += " (chosen)"
		}
		parts = append(parts, text)
	}
	if !known {
		return ""
	}
	return "expected saving of as many hours if " + percent(pool.Persistence.MonthlyLoss) + " of the demand ends each month: " + strings.Join(parts, "; ")
}

// choiceWords names a row of the comparison.
func choiceWords(c recommend.Choice) string {
	switch c {
	case recommend.PAYG:
		return "pay-as-you-go"
	case recommend.P1Y:
		return "one year"
	case recommend.P3Y:
		return "three years"
	case recommend.Mixed:
		return "both terms mixed"
	}
	return string(c)
}

// earnedWords says when a line has earned its price: as forecast, and if nothing changes.
func earnedWords(l *recommend.Line) []string {
	same := breakEvenWords(l)
	f := l.Forecast
	switch {
	case f == nil:
		return []string{same}
	case !f.BreakEvenMonths.Has && !l.BreakEvenMonths.Has:
		return []string{same + ", neither as forecast nor if use stays as in this period"}
	case !f.BreakEvenMonths.Has:
		return []string{"not expected within the term, since use moves and ends (forecast)", same + ", if use stays as in this period"}
	}
	return []string{fmt.Sprintf("expected after %s, on %s, since use moves and ends (forecast)", months(f.BreakEvenMonths.Value), day(f.BreakEvenDate)), same + ", if use stays as in this period"}
}

func breakEvenWords(l *recommend.Line) string {
	if !l.BreakEvenMonths.Has {
		return "not within the term"
	}
	text := "after " + months(l.BreakEvenMonths.Value)
	if !l.BreakEvenDate.IsZero() {
		text += ", on " + day(l.BreakEvenDate)
	}
	return text
}

// riskWords says what would make the line a mistake.
func riskWords(l *recommend.Line, pool *recommend.Pool, p *recommend.Plan) []string {
	var out []string
	if l.BreakEvenMonths.Has {
		out = append(out, "the demand ends within "+months(l.BreakEvenMonths.Value)+" of the purchase")
	}
	if m := l.Marginal; m.Threshold > 0 {
		out = append(out, "the last unit is used less than "+percent(m.Threshold)+" of the time")
	}
	if pool != nil {
		if at := pool.Persistence.FlipsAt; at.Has {
			out = append(out, fmt.Sprintf("more of the demand ends than assumed: from %s a month another term is better", percent(at.Value)))
		}
		if pool.Days < p.Policy.MinDaysNormal {
			out = append(out, "the "+countOf(pool.Days, "day")+" that were seen are not typical")
		}
	}
	for _, doubt := range doubtsOf(l, p) {
		out = append(out, "this doubt is true: "+doubt)
	}
	return out
}

// doubtsOf are the warnings about a line, its pool or its size.
func doubtsOf(l *recommend.Line, p *recommend.Plan) []string {
	var out []string
	for i := range p.Warnings {
		w := &p.Warnings[i]
		if w.Subject == l.ID || w.Subject == l.Pool || w.Subject == fmt.Sprintf("%s in %s", l.Size, l.Region) {
			out = append(out, w.Detail)
		}
	}
	return out
}

func scopeWords(l *recommend.Line, pool *recommend.Pool) string {
	text := "scope " + l.Scope
	if l.Scope == "shared" {
		text = "all subscriptions of the customer (shared scope)"
	}
	if l.Subscription != "" {
		text += ", bought in subscription " + l.Subscription
	}
	if !l.Flexible {
		return text + "; this size only (capacity priority or a size without flexibility group)"
	}
	text += "; size flexibility on"
	if pool != nil && pool.Group != "" {
		text += ": any size of " + pool.Group
	}
	if l.NormalizedSize != "" && l.NormalizedSize != l.Size {
		text += fmt.Sprintf(" (worth %s × %s)", share(l.QuantityNormalized), l.NormalizedSize)
	}
	return text
}

// existingWords lists the reservations that were counted first, but for those that the reasons speak of.
func existingWords(pool *recommend.Pool, reasons []string) []string {
	var out []string
	said := strings.Join(reasons, "\n")
	for i := range pool.Existing {
		e := &pool.Existing[i]
		if e.ID != "" && strings.Contains(said, e.ID) {
			continue
		}
		text := fmt.Sprintf("%s × %s (%s) until %s", count(e.Quantity), e.Size, e.Scope, day(e.Until))
		if e.AutoRenew {
			text += ", renews itself"
		}
		out = append(out, text)
	}
	return out
}

func partnerWords(l *recommend.Line) []string {
	v := l.Partner
	out := []string{fmt.Sprintf("cost %s, price %s, margin %s a month; earned credit lost %s a month",
		amount(v.CostMonth), figure(v.PriceMonth), figure(v.MarginMonth), figure(v.CreditLostMonth))}
	return append(out, fmt.Sprintf("for the partner a unit pays from %s of the hours and the line saves %s a month, for the customer from %s and %s",
		percent(v.Threshold), figure(v.SavingMonth), percent(v.CustomerThreshold), figure(v.CustomerSavingMonth)), "good for "+goodForWords[v.GoodFor])
}

// marginFact is what stays with the partner, today and with the plan.
func marginFact(t *recommend.Total) fact {
	m := t.Margin
	if m == nil {
		return fact{"Margin", nil}
	}
	side := func(stays, price, cost, credit money.Amount) string {
		return fmt.Sprintf("%s a month (the customer pays %s, the partner %s, an earned credit of %s counted)", amount(stays), figure(price), figure(cost), figure(credit))
	}
	return fact{"Margin", []string{"today " + side(m.Today, m.PriceToday, m.CostToday, m.CreditToday), "with this plan " + side(m.Plan, m.PricePlan, m.CostPlan, m.CreditPlan)}}
}

// goodForWords say for whom a line is good.
var goodForWords = map[string]string{recommend.Both: "both sides", recommend.Customer: "the customer only: the partner's earned credit ends", recommend.Partner: "the partner only", recommend.Neither: "neither side"}

// basisFacts is what the plan was made from: the rules that decided.
func basisFacts(p *recommend.Plan) []fact {
	r := p.Policy
	terms := []string{pricing.OneYear.String(), pricing.ThreeYear.String()}
	if len(r.Terms) > 0 {
		terms = r.Terms
	}
	rules := []string{
		fmt.Sprintf("terms allowed: %s; billing %s", join(terms), r.BillingPlan),
		fmt.Sprintf("no purchase below %s, three years only from %s", countOf(r.MinDaysOneYear, "complete day"), countOf(r.MinDaysNormal, "complete day")),
		fmt.Sprintf("machines younger than %s do not count as lasting demand", countOf(int(r.MinAge.Hours()/24), "day")),
		fmt.Sprintf("%s of the demand is assumed to end each month, seen over %s", percent(r.MonthlyLoss), countOf(r.HorizonMonths, "month")),
	}
	return []fact{{"Rules", rules}}
}

// budgetWords say how a limit on cash is met; nothing where there is none.
func budgetWords(b *recommend.Budget) []string {
	if b == nil {
		return nil
	}
	var limits []string
	if b.UpfrontLimit.Micros >= 0 {
		limits = append(limits, "at most "+amount(b.UpfrontLimit)+" up front")
	}
	if b.MonthLimit.Micros >= 0 {
		limits = append(limits, "at most "+amount(b.MonthLimit)+" in any month")
	}
	said := join(limits) + ": " + figure(b.Month) + " used"
	switch {
	case b.SavingLost.IsZero():
		return []string{said + "; the limit costs nothing"}
	case b.Gap == 0:
		said += "; it costs " + amount(b.SavingLost) + " of expected saving a month, the least possible"
	case b.Gap < 0.001:
		said += "; it costs " + amount(b.SavingLost) + " of expected saving a month, proved to be within 0.1 % of the best"
	default:
		said += "; it costs " + amount(b.SavingLost) + " of expected saving a month; another choice could save at most " + percent(b.Gap) + " more"
	}
	words := []string{said}
	if b.LaterLost.Micros > 0 {
		words = append(words, amount(b.LaterLost)+" of that is of purchases of later days, left out one by one, those that save least for their cash first: a rule, no optimum")
	}
	return words
}
