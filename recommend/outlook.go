package recommend

import (
	"fmt"
	"math"
	"slices"
	"time"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/forecast"
)

// prospect is what the past of all pools says of the time ahead.
type prospect struct {
	portfolio *forecast.Portfolio // nil where the window is not whole days
	machines  *machines
}

// newProspect learns from the weekly history of every pool, as the files hold it.
func newProspect(in *Input) (*prospect, error) {
	var pools []forecast.Pool
	hours := in.Analysis.Window.Hours()
	if hours%24 != 0 {
		return &prospect{}, nil
	}
	lived, err := lifetimes(in)
	if err != nil {
		return nil, err
	}
	for i := range in.Analysis.Pools {
		pool := &in.Analysis.Pools[i]
		all := func(catalog.Size) bool { return true }
		pools = append(pools, forecast.Pool{ID: fmt.Sprint(i), Customer: pool.Customer, Units: unitsIn(pool, hours, all), Gaps: pool.Gaps, Step: demand.Full})
	}
	portfolio, err := forecast.NewPortfolio(pools, in.Policy.forecast(in.Analysis.AsOf))
	return &prospect{portfolio, lived}, err
}

// forecast returns the policy as the package forecast knows it. A loss of 0 is a hundredth of a percent there: no path lives for ever.
func (p Policy) forecast(asOf time.Time) forecast.Policy {
	f := forecast.DefaultPolicy()
	f.MinDaysOneYear, f.MinDaysNormal = max(7, p.MinDaysOneYear), max(7, p.MinDaysOneYear, p.MinDaysNormal)
	f.MonthlyLoss, f.RiskAversion, f.OnFan = max(1e-4, p.MonthlyLoss), p.RiskAversion, p.onFan()
	if p.LossMonths > 0 {
		f.LossMonths = p.LossMonths
	}
	if p.ExpirePerQuarter > 0 {
		f.ExpirePerQuarter = p.ExpirePerQuarter
	}
	rules := catalog.RulesOn(asOf)
	f.Refund = forecast.RefundRule{Cap: money.New(rules.RefundCapUSD*1_000_000, refundCurrency), Fee: float64(rules.FeeBasisPoints) / 10_000}
	return f
}

// refundCurrency is that of the vendor's cap on refunds; pools of other currencies have no refund option, for nothing is converted.
const refundCurrency = "USD"

// unitsIn returns the units (source ratio x 100, times 1e6) of the members whose size is wanted, in each hour of the window.
func unitsIn(pool *analyzer.Pool, hours int, wanted func(catalog.Size) bool) demand.Series {
	sum := demand.NewSeries(hours)
	for i := range pool.Members {
		m := &pool.Members[i]
		if wanted(m.Size) {
			units := demand.Series{Flat: notNegative(m.Series.Flat), Stacked: notNegative(m.Series.Stacked)}
			if m.Series.Exact() {
				units.Stacked = units.Flat
			}
			sum.Add(units.Times(ratioOf(pool, m.Size)))
		}
	}
	return sum
}

func notNegative(hours []int64) []int64 {
	out := make([]int64, len(hours))
	for i, h := range hours {
		out[i] = max(0, h)
	}
	return out
}

// look finds how long the demand of a pool is taken to last, and stops the advice where it has ended or nobody knows whether it has.
func (d *decision) look(in *Input) error {
	d.silence(in)
	d.loss = in.Policy.MonthlyLoss
	d.result.Persistence = Persistence{MonthlyLoss: d.loss, Source: "policy: an assumption, not measured on this customer"}
	if in.ahead.portfolio == nil {
		return nil
	}
	hours := in.Analysis.Window.Hours()
	priced := func(s catalog.Size) bool { _, ok := d.market.rates[s]; return ok }
	d.ahead = forecast.Pool{ID: d.result.ID, Customer: d.pool.Customer, Units: unitsIn(d.pool, hours, priced), Gaps: d.pool.Gaps, Step: demand.Full}
	basis, err := in.ahead.portfolio.Basis(&d.ahead)
	if err != nil {
		return err
	}
	if basis.Measured {
		d.loss = basis.PlannedLoss
		d.result.Persistence.MonthlyLoss, d.result.Persistence.Source = d.loss, basis.Source
	} else {
		d.result.Persistence.Source = basis.Source
	}
	d.began = basis.Began
	d.settle(in)
	d.young(basis, in)
	for _, r := range basis.Reasons {
		if r.Code == "ended" && len(d.terms) > 0 {
			d.terms = nil
			d.refuse(fmt.Sprintf("%s in %s", d.pool.Group, d.pool.Region), "ended", "the demand ended inside the window: "+r.Detail)
		}
	}
	return nil
}

// settle finds from which day on the figures of the pool count: where the last four weeks differ from the window, they are what the
// time ahead is made of, and what all money of the pool covers.
func (d *decision) settle(in *Input) {
	first, change := d.ahead.Recent()
	if d.first = first; first == 0 {
		return
	}
	d.result.Hours = len(withoutGaps(make([]int64, in.Analysis.Window.Hours()), d.pool.Gaps)) - d.unseen()
	code, word := "demand_fell", "less"
	if change > 0 {
		code, word = "demand_rose", "more"
	}
	d.market.warn(code, fmt.Sprintf("%s in %s", d.pool.Group, d.pool.Region),
		fmt.Sprintf("the last four weeks used %s %s than the window on average: the figures of this pool rest on them", percent(math.Abs(change)), word))
}

// unseen is how many covered hours of the window lie before the first day that counts.
func (d *decision) unseen() int {
	return 24*d.first - 24*len(slices.DeleteFunc(slices.Clone(d.pool.Gaps), func(g int) bool { return g >= d.first }))
}

// recent returns classes with the hours that count alone.
func (d *decision) recent(c hourClasses) hourClasses {
	if d.first == 0 {
		return c
	}
	short := hourClasses{count: make([]int64, len(c.count)), class: slices.Clone(c.class), rows: c.rows}
	for h, class := range short.class {
		if h < 24*d.first || class == noClass {
			short.class[h] = noClass
			continue
		}
		short.count[class]++
	}
	return short
}

// foretell adds to lines what the fan says of them, in the order of purchase, and what makes a forecast wide or impossible.
func (d *decision) foretell(lines []Line, in *Input) error {
	if in.ahead.portfolio == nil || len(lines) == 0 {
		return nil
	}
	d.fanPool(in)
	fan, err := in.ahead.portfolio.Fan(&d.ahead)
	if err != nil {
		return err
	}
	basis := fan.Basis()
	d.result.Persistence.Lasts = basis.Persistence
	if basis.Stopped() {
		for i := range lines {
			lines[i].Reasons = append(lines[i].Reasons, "no forecast: "+basis.Reasons[0].Detail)
		}
		return nil
	}
	var buy []forecast.Purchase
	for i := range lines {
		l := &lines[i]
		buy = append(buy, forecast.Purchase{Term: l.Term, Units: l.Quantity * l.Ratio * demand.Full, Total: l.TotalPrice.Micros})
	}
	for i, w := range fan.Worth(buy) {
		lines[i].foretold(w, basis, in.Analysis.AsOf)
	}
	if err := d.show(fan, buy, in); err != nil {
		return err
	}
	if d.futures != "" {
		said := d.futures
		if d.fanSaves.Currency != "" {
			said += fmt.Sprintf(", and save %s %s a month", d.fanSaves.Round(), d.currency)
		}
		lines[0].Reasons = append(lines[0].Reasons, said)
	}
	if d.result.Held != "" {
		lines[0].Reasons = append(lines[0].Reasons, d.result.Held)
	}
	lines[0].Reasons = append(lines[0].Reasons, d.result.Outlook.options(d.currency)...)
	return nil
}

// foretold fills the forecast of a line.
func (l *Line) foretold(w forecast.Line, basis forecast.Basis, asOf time.Time) {
	f := &LineForecast{SavingMonthMean: w.SavingMonth.Mean, P5: w.SavingMonth.P5, P95: w.SavingMonth.P95,
		LossProbability: math.Round(w.Loss*1e6) / 1e6, DropToLoss: w.DropToLoss, Weeks: basis.Weeks, WeeklyDrift: math.Round(basis.WeeklyDrift*1e6) / 1e6}
	for _, r := range basis.Reasons {
		f.Wide = append(f.Wide, r.Detail)
	}
	if w.EarnedBack {
		f.BreakEvenMonths = Fraction{math.Round(w.BreakEvenMonths*1e6) / 1e6, true}
		f.BreakEvenDate = afterMonths(asOf, w.BreakEvenMonths)
	}
	l.Forecast = f
	if w.DropToLoss < 1 {
		l.Reasons = append(l.Reasons, fmt.Sprintf("it becomes a loss when the demand falls by more than %s at once and stays there", percent(w.DropToLoss)))
	}
}

// fanPool completes the pool as the fan wants it: priced a step, with what existing reservations really cover until each ends.
func (d *decision) fanPool(in *Input) {
	_, ratio := d.unit()
	d.ahead.Step, d.ahead.Prices, d.ahead.Existing = ratio*demand.Full, d.stepPrices(ratio), nil
	most, nominal := int64(0), int64(0)
	for h, gross := range d.result.Gross.Stacked {
		most = max(most, (gross-d.result.Demand.Stacked[h])*ratio)
	}
	for _, e := range d.existing {
		nominal += e.Quantity * d.market.ratios[e.Size] * demand.Full
	}
	for _, e := range d.existing {
		units := e.Quantity * d.market.ratios[e.Size] * demand.Full
		if most < nominal {
			units = int64(float64(units) * float64(most) / float64(nominal))
		}
		cover := forecast.Cover{Units: units, Days: int(e.Until.Sub(in.Analysis.AsOf) / (24 * time.Hour)), Renewed: e.AutoRenew}
		d.ahead.Existing = append(d.ahead.Existing, cover)
	}
}

// stepPrices returns the prices of a step of a ratio: pay-as-you-go as the pool's usage pays on average, and the term totals of the
// size in which each term is counted, for as many units. A total that does not fit is none.
func (d *decision) stepPrices(ratio int64) forecast.Prices {
	prices := forecast.Prices{Payg: money.Rate(math.Round(d.unitPrice() * float64(ratio)))}
	for _, term := range termsOf {
		offer, ok := d.step(term)
		if !ok {
			continue
		}
		total, err := offer.Total.MulDiv(ratio, d.market.ratios[offer.Size])
		if err != nil {
			continue
		}
		if term == pricing.OneYear {
			prices.OneYear = total
		} else {
			prices.ThreeYear = total
		}
	}
	return prices
}

// losesAhead reports whether lines together are not expected to save anything.
func losesAhead(lines []Line) bool {
	sum := int64(0)
	for i := range lines {
		if lines[i].Forecast == nil {
			return false
		}
		sum += lines[i].Forecast.SavingMonthMean.Micros * int64(lines[i].Term.Years())
	}
	return len(lines) > 0 && sum <= 0
}
