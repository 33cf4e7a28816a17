package report

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// Trace is where the figures of one line, pool, resize or customer come from: each computed again from what stands before it, the prices with
// their source and date, the machines, and the files.
type Trace struct {
	ID, Title string
	Pool      string // id of the pool, "" where it is about several or none
	Steps     []TraceStep
	Prices    []TracePrice
	Machines  []TraceMachine
	More      int // machines that are not listed
	Files     []recommend.File
}

// TraceStep is one figure: the formula, the same with its values, and what the plan says.
type TraceStep struct {
	What, Formula, Values, Result string
	// Differs says that the figure, computed again, is another one than the plan's: a fault of ours.
	Differs bool
}

// TracePrice is one price that the figures rest on.
type TracePrice struct {
	What, Price, Source, Date string
}

// TraceMachine is one machine whose hours the figures rest on.
type TraceMachine struct {
	Name, Resource, Hours, Ratio string
	Size                         string // "from → to" where the plan resizes it
}

// tracedMachines is the number of machines that a trace lists.
const tracedMachines = 500

// TraceOf explains the line, pool, resize or customer of p with the id; ok is false where there is none.
func TraceOf(p *recommend.Plan, id string) (t *Trace, ok bool) {
	for i := range p.Lines {
		if l := &p.Lines[i]; l.ID == id {
			t := &Trace{ID: id, Title: lineTitle(l), Pool: l.Pool, Files: p.Files}
			pool := poolOf(p, l.Pool)
			t.line(l, pool)
			t.pool(p, pool)
			t.reservation(p, l)
			return t, true
		}
	}
	if pool := poolOf(p, id); pool != nil {
		t := &Trace{ID: id, Title: PoolName(pool), Pool: id, Files: p.Files}
		t.pool(p, pool)
		return t, true
	}
	for i := range p.Resizes {
		if r := &p.Resizes[i]; r.ID == id {
			t := &Trace{ID: id, Title: resizeTitle(r), Files: p.Files}
			t.resize(p, r)
			return t, true
		}
	}
	for i := range p.Totals {
		if total := &p.Totals[i]; total.Customer == id {
			if t == nil {
				t = &Trace{ID: id, Title: customerTitle(total), Files: p.Files}
			}
			t.total(p, total)
		}
	}
	return t, t != nil
}

func poolOf(p *recommend.Plan, id string) *recommend.Pool {
	for i := range p.Pools {
		if p.Pools[i].ID == id {
			return &p.Pools[i]
		}
	}
	return nil
}

// step adds a figure; again is what it is when computed again.
func (t *Trace) step(what, formula, values, again, said string) {
	t.Steps = append(t.Steps, TraceStep{what, formula, values, said, again != said})
}

// line explains the figures of a line.
func (t *Trace) line(l *recommend.Line, pool *recommend.Pool) {
	if total, err := l.UnitPrice.Mul(l.Quantity); err == nil {
		t.step("Total", "quantity × price of one for the whole term", fmt.Sprintf("%s × %s", count(l.Quantity), amount(l.UnitPrice)), amount(total), amount(l.TotalPrice))
	}
	if rate, ok := rateOf(pool, l.Size); ok && rate > 0 {
		hours := int64(pricing.HoursOfYear) * int64(l.Term.Years())
		r := new(big.Rat).SetFrac64(l.UnitPrice.Micros, 1_000_000*hours)
		p := new(big.Rat).SetFrac64(int64(rate), 10_000_000_000)
		share, _ := new(big.Rat).Quo(r, p).Float64()
		said := l.Marginal.Threshold
		t.Steps = append(t.Steps, TraceStep{"Pays from", "price ÷ hours of the term ÷ pay-as-you-go rate an hour",
			fmt.Sprintf("%s ÷ %s h ÷ %s %s an hour", amount(l.UnitPrice), count(hours), rate.Decimal(), l.Currency), percent(said), math.Abs(share-said) > 1e-6})
	}
	t.Steps = append(t.Steps, TraceStep{What: "Busy hours of the last unit", Formula: "hours in which the demand reaches it ÷ hours of the window, in the less favourable case",
		Values: "one unit is " + l.Marginal.Unit, Result: fractionText(l.Marginal.Last)})
	if l.BreakEvenMonths.Has {
		t.Steps = append(t.Steps, TraceStep{What: "Earned back", Formula: "total ÷ what pay-as-you-go would cost a month for the same use", Values: amount(l.TotalPrice), Result: breakEvenWords(l)})
	}
	t.Steps = append(t.Steps, TraceStep{What: "Saves a month", Formula: "the bill without the line − the bill with it, simulated hour by hour, for 730 hours",
		Values: "window " + amount(l.SavingWindow), Result: amount(l.SavingMonth)})
}

func fractionText(f recommend.Fraction) string {
	if !f.Has {
		return "not known"
	}
	return percent(f.Value)
}

// rateOf is the pay-as-you-go rate of a size in its pool.
func rateOf(pool *recommend.Pool, size catalog.Size) (money.Rate, bool) {
	if pool == nil {
		return 0, false
	}
	for i := range pool.Rates {
		if pool.Rates[i].Size == size {
			return pool.Rates[i].Rate, true
		}
	}
	return 0, false
}

// pool explains the comparison of a pool, and lists its prices and machines.
func (t *Trace) pool(p *recommend.Plan, pool *recommend.Pool) {
	if pool == nil {
		return
	}
	for i := range pool.Compare {
		c := &pool.Compare[i]
		if saving, err := c.PayGCost.Sub(c.Cost); err == nil {
			t.step("Pool, "+choiceWords(c.Choice), "pay-as-you-go − cost of the choice, simulated over "+countOf(pool.Hours, "hour"), amount(c.PayGCost)+" − "+amount(c.Cost), amount(saving), amount(c.Saving))
		}
	}
	for i := range pool.Rates {
		r := &pool.Rates[i]
		t.Prices = append(t.Prices, TracePrice{"Pay-as-you-go " + shortSize(r.Size), fmt.Sprintf("%s %s an hour", r.Rate.Decimal(), pool.Currency), r.Source, sourceDay(p, r.Source)})
	}
	resized := map[string]catalog.Size{}
	for i := range p.Resizes {
		if r := &p.Resizes[i]; r.Action == "resize" {
			resized[r.VM] = r.To
		}
	}
	for i := range p.VMs {
		vm := &p.VMs[i]
		size, words := vm.Size, shortSize(vm.Size)
		if to, ok := resized[vm.Resource]; ok {
			size, words = to, words+" → "+shortSize(to)
		}
		group, grouped := size.Group()
		if vm.Customer != pool.Customer || vm.Region != pool.Region || vm.Currency != string(pool.Currency) || vm.Spot || vm.Hours <= 0 ||
			!(grouped && pool.Flexible && group.Name == pool.Group || string(size) == pool.Group) {
			continue
		}
		if len(t.Machines) == tracedMachines {
			t.More++
			continue
		}
		name := vm.Name
		if name == "" {
			name = lastPart(vm.Resource)
		}
		ratio := "1"
		if grouped && pool.UnitRatio > 0 {
			ratio = string(share(float64(group.Ratio) / float64(pool.UnitRatio)))
		}
		t.Machines = append(t.Machines, TraceMachine{Name: name, Resource: vm.Resource, Size: words, Hours: units(vm.Hours), Ratio: ratio})
	}
}

// reservation adds the price of a line's reservation.
func (t *Trace) reservation(p *recommend.Plan, l *recommend.Line) {
	t.Prices = append([]TracePrice{{fmt.Sprintf("Reservation %s, %s", shortSize(l.Size), term(l.Term.Years())), amount(l.UnitPrice) + " for the whole term", l.PriceSource, sourceDay(p, l.PriceSource)}}, t.Prices...)
}

// sourceDay is the date of the price source with whose name a text begins; the longest name counts.
func sourceDay(p *recommend.Plan, text string) string {
	found, longest := "", 0
	for i := range p.Prices {
		if name := p.Prices[i].Name; len(name) > longest && strings.HasPrefix(text, name) {
			found, longest = day(p.Prices[i].AsOf), len(name)
		}
	}
	return found
}

// WriteTrace prints a trace as text, what came from files with its hidden characters shown.
func WriteTrace(w io.Writer, t *Trace) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", clean(t.Title), clean(t.ID))
	for _, s := range t.Steps {
		fmt.Fprintf(&b, "\n%s: %s\n  %s\n  %s\n", s.What, clean(s.Result), s.Formula, clean(s.Values))
		if s.Differs {
			b.WriteString("  COMPUTED AGAIN IT DIFFERS: please report this\n")
		}
	}
	if len(t.Prices) > 0 {
		b.WriteString("\nPrices\n")
	}
	for _, p := range t.Prices {
		fmt.Fprintf(&b, "  %s: %s; %s%s\n", clean(p.What), p.Price, clean(p.Source), dated(p.Date))
	}
	if len(t.Machines) > 0 {
		fmt.Fprintf(&b, "\nMachines (%s)\n", count(int64(len(t.Machines)+t.More)))
	}
	for _, m := range t.Machines {
		fmt.Fprintf(&b, "  %s  %s  %s h, %s units each\n", clean(m.Name), m.Size, m.Hours, m.Ratio)
	}
	b.WriteString("\nFiles\n")
	for i := range t.Files {
		f := &t.Files[i]
		fmt.Fprintf(&b, "  %s  %s  %s rows, %s refused  sha256 %s\n", clean(f.Name), f.Kind, count(f.Rows), count(f.Rejected), f.SHA256)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func dated(date string) string {
	if date == "" {
		return ""
	}
	return ", dated " + date
}
