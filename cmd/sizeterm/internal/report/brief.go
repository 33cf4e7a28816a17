package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// Most of what a table without Verbose lists: remarks of a code, machines to resize, files and price sources.
const (
	briefRemarks = 2
	briefRows    = 8
)

// brief prints what a person reads first: the decision and what must be known before acting on it.
func (p *page) brief(s *story) {
	for i := range s.Customers {
		p.briefCustomer(&s.Customers[i])
	}
	p.briefRemarks("Not recommended, and why", s.Not)
	p.briefReference(s)
	p.briefRemarks("Warnings", s.Warnings)
	p.section("Made from")
	p.briefGrid(inputColumns, inputRows(s.Plan), "files"+rejectedIn(s.Plan.Files))
	p.WriteString("\n")
	p.briefGrid(sourceColumns, sourceRows(s.Plan), "price sources")
	p.WriteString("\n")
	p.paragraph(0, "--verbose for the reasons of each line, --out DIR for pictures and every format")
}

// briefCustomer prints the headline of a customer, its lines and what is special about some of them.
func (p *page) briefCustomer(c *customerStory) {
	p.section(c.Title)
	for _, f := range c.Brief {
		p.fact(f, 0)
	}
	if len(c.Lines) > 0 {
		p.WriteString("\n")
		p.indented(p.overview(c))
		p.paragraph(0, "Total: the whole term. Busy: hours in which the last unit bought is used; it must exceed Needed.")
	}
	for _, n := range c.Notes {
		p.hanging("- ", numbersText(n.Numbers)+": "+n.Text, noLimit)
	}
	p.later(c.Later, briefRows)
	if len(c.Resizes) == 0 {
		return
	}
	p.WriteString("\nResize first\n")
	p.indented(p.resizes(c.Resizes[:min(briefRows, len(c.Resizes))]))
	if more := len(c.Resizes) - briefRows; more > 0 {
		p.paragraph(0, "… and "+count(int64(more))+" more machines")
	}
}

// briefGrid prints the first rows of a table and how many of which kind follow.
func (p *page) briefGrid(columns []column, rows [][]string, what string) {
	more := len(rows) - briefRows
	if more > 0 {
		rows = rows[:briefRows]
	}
	p.indented(grid(columns, rows, p.width))
	if more > 0 {
		p.paragraph(0, fmt.Sprintf("… and %s more %s", count(int64(more)), what))
	}
}

// rejectedIn says how many rows were refused in the files that a short list leaves out.
func rejectedIn(files []recommend.File) string {
	sum := int64(0)
	for i := briefRows; i < len(files); i++ {
		sum += files[i].Rejected
	}
	if sum == 0 {
		return ""
	}
	return ", with " + count(sum) + " rejected rows"
}

// noLimit is a number of lines that no text has.
const noLimit = 1 << 30

// hanging prints text behind a mark, further lines indented under it; of more than limit lines the rest is cut.
func (p *page) hanging(mark, s string, limit int) {
	lines := wrap(clean(s), p.width-len(mark))
	if len(lines) > limit {
		const cut = " …"
		lines = lines[:limit]
		lines[limit-1] = wrap(lines[limit-1], p.width-len(mark)-len(cut))[0] + cut
	}
	for _, line := range lines {
		p.WriteString(mark + line + "\n")
		mark = strings.Repeat(" ", len(mark))
	}
}

// briefRemarks prints groups of coded remarks: one alone in its words, of several their meaning and the first.
func (p *page) briefRemarks(title string, groups []remarks) {
	if len(groups) == 0 {
		return
	}
	p.section(title)
	for _, g := range groups {
		if len(g.Items) == 1 && g.Items[0].Detail != "" {
			p.hanging("- ", g.Code+": "+g.Items[0].brief(), 2)
			continue
		}
		p.hanging("- ", fmt.Sprintf("%s: %s (%s)", g.Code, g.Words, count(int64(len(g.Items)))), 2)
		for _, item := range g.Items[:min(briefRemarks, len(g.Items))] {
			p.hanging("  - ", item.brief(), 1)
		}
	}
}

// brief is a remark with the last part of its subject's identifier.
func (r remark) brief() string {
	if strings.HasPrefix(r.Subject, "/") {
		r.Subject = lastPart(r.Subject)
	}
	return remark{shorten(clean(r.Subject), 60), r.Detail}.sentence()
}

// briefReference says what Microsoft's own rule would save beside ours, and where the two differ most.
func (p *page) briefReference(s *story) {
	if len(s.Reference) == 0 {
		return
	}
	p.section("Microsoft's own rule on the same hours")
	for i := range s.Customers {
		c := &s.Customers[i]
		duel, ok := duelOf(s, c)
		if !ok {
			continue
		}
		if len(s.Customers) > 1 {
			p.hanging("", c.Title+":", 1)
		}
		p.hanging("- ", fmt.Sprintf("it would save %s in the %s looked at, with the better term of each pool; this plan saves %s%s",
			amount(duel.theirs), hoursSeen(s.Plan), amount(duel.ours), duel.ends()), noLimit)
		p.hanging("- ", duel.words(), 3)
	}
}

// hoursSeen says in how many hours, which are fewer than the window's where figures of a pool rest on its last weeks.
func hoursSeen(p *recommend.Plan) string {
	for i := range p.Pools {
		if p.Pools[i].Hours > 0 && 2*p.Pools[i].Hours < p.Window.Hours() {
			return "hours of each pool"
		}
	}
	return countOf(p.Window.Hours(), "hour")
}

// duel is a customer's saving under Microsoft's rule and under the plan, over the hours of the window.
type duel struct {
	theirs, ours money.Amount
	ending       bool            // reservations that are owned end within the term of what is bought
	most         *referenceStory // the pool in which the two differ most; nil where they buy the same
	mostOurs     string          // what the plan buys there
}

func (d *duel) ends() string {
	if d.ending {
		return ", counting what is owned only until it ends"
	}
	return ""
}

func (d *duel) words() string {
	if d.most == nil {
		return "both buy the same wherever the rule buys"
	}
	return fmt.Sprintf("they differ most in %s: the rule buys the worth of %s × %s for %s, this plan %s",
		d.most.Pool, thousands(string(share(d.most.Theirs))), d.most.Unit, term(d.most.Years), d.mostOurs)
}

// duelOf sets the rule beside the plan; ok is false where the rule says nothing of the customer or a sum does not fit.
func duelOf(s *story, c *customerStory) (d duel, ok bool) {
	widest := -1.0
	for i := range s.Plan.Pools {
		pool := &s.Plan.Pools[i]
		if pool.Customer != c.Total.Customer || pool.Currency != c.Currency {
			continue
		}
		ours, bought := oursIn(pool, c.Lines)
		best := bestReference(s.Reference, pool.ID)
		theirs := money.New(0, c.Currency)
		if best != nil {
			ok = true
			theirs = best.Saving
		}
		d.ending = d.ending || bought != "nothing" && slices.ContainsFunc(pool.Existing, func(e recommend.Existing) bool { return !e.AutoRenew })
		if best != nil && best.Theirs != best.Ours {
			if far := abs(float64(ours.Micros) - float64(theirs.Micros)); far > widest {
				widest, d.most, d.mostOurs = far, best, bought
			}
		}
		var err1, err2 error
		d.theirs, err1 = money.New(d.theirs.Micros, c.Currency).Add(theirs)
		d.ours, err2 = money.New(d.ours.Micros, c.Currency).Add(ours)
		if err1 != nil || err2 != nil {
			return d, false
		}
	}
	return d, ok
}

func abs(v float64) float64 { return max(v, -v) }

// oursIn is what the plan saves and buys in a pool; a sum that does not fit is the largest amount.
func oursIn(pool *recommend.Pool, lines []lineStory) (money.Amount, string) {
	sum := money.New(0, pool.Currency)
	var bought []string
	for i := range lines {
		l := lines[i].Line
		if l.Pool != pool.ID {
			continue
		}
		bought = append(bought, fmt.Sprintf("%s × %s for %s", count(l.Quantity), shortSize(l.Size), term(l.Term.Years())))
		if more, err := sum.Add(money.New(l.SavingWindow.Micros, pool.Currency)); err == nil {
			sum = more
		}
	}
	if len(bought) == 0 {
		return sum, "nothing"
	}
	return sum, join(bought)
}

// bestReference is the term of a pool with which Microsoft's rule saves most; nil where it has none.
func bestReference(list []referenceStory, pool string) *referenceStory {
	var best *referenceStory
	for i := range list {
		if r := &list[i]; r.PoolID == pool && (best == nil || r.Saving.Micros > best.Saving.Micros) {
			best = r
		}
	}
	return best
}

// briefFacts is the headline of a customer in a line or two a fact.
func briefFacts(t *recommend.Total, lines []lineStory, pools map[string]*recommend.Pool, p *recommend.Plan) []fact {
	now := amount(t.PayGMonth) + " a month for compute at pay-as-you-go prices" + lessCredit(&p.Policy)
	if !t.SoftwareMonth.IsZero() {
		now += ", " + figure(t.SoftwareMonth) + " for licences"
	}
	saving := amount(t.Joint) + " a month"
	if part, ok := shareOf(t.Joint, t.PayGMonth); ok {
		saving += " (" + part + " of compute)"
	}
	if _, ok := rangeWords(t.SavingLow, t.SavingHigh); ok {
		saving += ", " + figure(t.SavingLow) + " to " + figure(t.SavingHigh) + " as unknown hours fall"
	}
	facts := []fact{{"Now", []string{now}}, {"With this plan", []string{amount(t.PlanMonth) + " a month"}}, {"Saving", []string{saving}}}
	for _, more := range savingOf(t)[1:] {
		facts = append(facts, fact{"", []string{more}})
	}
	facts = append(facts, rescopeFact(p, t), marginFact(t))
	if len(lines) == 0 {
		return append(facts, fact{"To buy", []string{"nothing; the reasons stand below"}})
	}
	return append(facts,
		fact{"How sure", []string{evidenceOf(lines, pools).brief(p.Policy.MinDaysNormal)}},
		fact{"Cash", nonEmpty(briefCash(t), otherPlan(t, p.Policy.BillingPlan))},
		fact{"Budget", budgetWords(t.Budget)})
}

// briefCash is the first payments and their number.
func briefCash(t *recommend.Total) string {
	n := len(t.Cash)
	if n == 0 {
		return amount(t.Upfront) + " up front"
	}
	if t.Upfront.IsZero() {
		return fmt.Sprintf("%s a month at first, %s up front; %s until %s", amount(t.Cash[0].Amount), figure(t.Upfront), countOf(n, "payment"), day(t.Cash[n-1].Date))
	}
	text := fmt.Sprintf("%s up front", amount(t.Upfront))
	if t.Cash[0].Amount.Cmp(t.Upfront) != 0 {
		text += fmt.Sprintf(", with the first part %s on %s", figure(t.Cash[0].Amount), day(t.Cash[0].Date))
	}
	if n > 1 {
		text += fmt.Sprintf("; then %s a month at first; %s until %s", figure(t.Cash[1].Amount), countOf(n, "payment"), day(t.Cash[n-1].Date))
	}
	return text
}

// note is something special about some lines.
type note struct {
	Numbers []int
	Text    string
}

// notesOf says what a reader of the overview must know of its lines beyond their figures; lines of which the same is true
// share a note, and notes of the same lines are one.
func notesOf(lines []lineStory, pools map[string]*recommend.Pool, p *recommend.Plan) []note {
	var byText []note
	for i := range lines {
		for _, text := range specials(lines[i].Line, pools[lines[i].Line.Pool], p) {
			at := slices.IndexFunc(byText, func(n note) bool { return n.Text == text })
			if at < 0 {
				byText, at = append(byText, note{Text: text}), len(byText)
			}
			if n := &byText[at]; !slices.Contains(n.Numbers, lines[i].Number) {
				n.Numbers = append(n.Numbers, lines[i].Number)
			}
		}
	}
	var notes []note
	for _, n := range byText {
		at := slices.IndexFunc(notes, func(m note) bool { return slices.Equal(m.Numbers, n.Numbers) })
		if at < 0 {
			notes = append(notes, n)
			continue
		}
		notes[at].Text += "; " + n.Text
	}
	return notes
}

// specials are the special things about one line, in the order of their weight.
func specials(l *recommend.Line, pool *recommend.Pool, p *recommend.Plan) []string {
	var out []string
	if figure(l.SavingMonthLow) != figure(l.SavingMonthHigh) {
		out = append(out, fmt.Sprintf("saves %s to %s a month, as unknown hours fall", figure(l.SavingMonthLow), figure(l.SavingMonthHigh)))
	}
	if pool != nil {
		out = append(out, poolSpecials(pool, p)...)
	}
	if l.Scope != "shared" && l.Scope != "" {
		out = append(out, "scope "+l.Scope+" only")
	}
	if !l.Flexible {
		out = append(out, "this size only")
	}
	if v := l.Partner; v != nil && v.GoodFor != recommend.Both {
		out = append(out, "good for "+goodForWords[v.GoodFor])
	}
	if l.PartnerOnRecord != "" {
		out = append(out, "partner on record "+l.PartnerOnRecord+", final once bought")
	}
	return append(out, priceSpecials(l, p)...)
}

// poolSpecials are the special things about a line's pool: both terms, what is owned, no proof.
func poolSpecials(pool *recommend.Pool, p *recommend.Plan) []string {
	var out []string
	one, three := false, false
	for i := range p.Lines {
		if l := &p.Lines[i]; l.Pool == pool.ID {
			one, three = one || l.Term.Years() == 1, three || l.Term.Years() == 3
		}
	}
	if one && three {
		out = append(out, "one and three years together serve "+shortSize(pool.UnitSize)+" and the sizes it can stand for in "+string(pool.Region))
	}
	var owned []string
	for i := range pool.Existing {
		e := &pool.Existing[i]
		until := " until " + day(e.Until)
		if e.AutoRenew {
			until = ", renewed on " + day(e.Until)
		}
		owned = append(owned, count(e.Quantity)+" × "+shortSize(e.Size)+until)
	}
	const shown = 2
	if len(owned) > shown {
		owned = append(owned[:shown], count(int64(len(owned)-shown))+" more")
	}
	if len(owned) > 0 {
		out = append(out, "owned and counted first: "+join(owned))
	}
	if pool.Chosen == recommend.Set {
		out = append(out, "set by hand: another choice could cost "+percent(pool.Certificate.Gap)+" less")
	} else if pool.Held != "" {
		out = append(out, "kept below its best: "+pool.Held)
	} else if pool.Limited {
		out = append(out, "kept below its best by the budget")
	} else if pool.Certificate.Gap != 0 {
		out = append(out, "not proved best: another choice could cost at most "+percentUp(pool.Certificate.Gap)+" less")
	}
	return out
}

// priceSpecials are the doubts about the price of a line.
func priceSpecials(l *recommend.Line, p *recommend.Plan) []string {
	var out []string
	for i := range p.Warnings {
		w := &p.Warnings[i]
		if w.Code != "prices_old" || w.Subject == "" || !strings.HasPrefix(l.PriceSource, w.Subject) {
			continue
		}
		for j := range p.Prices {
			if s := &p.Prices[j]; s.Name == w.Subject {
				age := int(p.AsOf.Sub(s.AsOf) / (24 * time.Hour))
				out = append(out, fmt.Sprintf("price of %s, %s old: get a current one before buying", day(s.AsOf), countOf(age, "day")))
				break
			}
		}
	}
	for _, doubt := range doubtsOf(l, p) {
		out = append(out, "in doubt: "+doubt)
	}
	return out
}

// numbersText lists numbers with runs drawn together: "1-4, 9".
func numbersText(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		part := fmt.Sprint(numbers[i])
		if j > i {
			part += "-" + fmt.Sprint(numbers[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ", ")
}
