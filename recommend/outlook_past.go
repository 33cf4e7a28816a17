package recommend

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
	"sizeterm/recommend/forecast"
)

// PastSpec says how past advice is judged.
type PastSpec struct {
	// FirstDays is the history before the first day of advice (28 where 0), EveryDays the distance to the next (7), ReplayDays how long
	// each is followed (90), all in days.
	FirstDays, EveryDays, ReplayDays int
	// AgainDays is after how many days of a replay each rule is asked again, what it bought until then counted as owned; 0: never.
	// It is how a partner works who buys what each month's plan says.
	AgainDays int
	// BookAt returns the prices that were known on a day; nil: the input's book for every day.
	BookAt func(day time.Time) (*pricing.Book, error)
	// Threads is how many pools are worked on at once; the result does not depend on it.
	Threads int
}

// Past is what past advice would have earned in one currency.
type Past struct {
	Currency money.Code
	Pools    []PastPool // by the Pool of a trial
	Result   *forecast.Backtest
}

// PastPool names the pool of trials.
type PastPool struct {
	ID, Customer string
	Region       catalog.Region
	Group        string
}

// LookBack asks of every pool what the plan's rule would have earned had it been followed on past days, beside simpler rules and
// whoever knew the future: each decision knows only the days before it and the prices of that day, and what came is billed exactly.
// Reservations that the customer owned are left out: the whole usage is decided about. Pools that cannot be judged are returned
// with their reason. It fails with forecast.ErrTooShort where the window holds no day that leaves four weeks to follow.
func LookBack(in Input, spec PastSpec) ([]Past, []NotRecommended, error) {
	if in.Analysis == nil || in.Book == nil {
		return nil, nil, fmt.Errorf("look back: an analysis and a price book are needed")
	}
	run := forecast.Spec{Policy: in.Policy.forecast(in.Analysis.AsOf), Terms: in.Policy.forecastTerms(), FirstDay: max(7, cmp.Or(spec.FirstDays, 28)),
		EveryDays: cmp.Or(spec.EveryDays, 7), ReplayDays: cmp.Or(spec.ReplayDays, 90), Threads: spec.Threads}
	run.AgainDays = cmp.Or(spec.AgainDays, run.ReplayDays)
	if days := in.Analysis.Window.Days(); days < run.FirstDay+28 {
		return nil, nil, fmt.Errorf("the files hold %d whole days, but %d before the first advice and 28 after it are needed: %w", days, run.FirstDay, forecast.ErrTooShort)
	}
	var left []NotRecommended
	byCurrency := map[money.Code][]*pastPool{}
	for i := range in.Analysis.Pools {
		p := &pastPool{pool: &in.Analysis.Pools[i]}
		if why := p.prepare(&in); why != "" {
			left = append(left, NotRecommended{Customer: p.pool.Customer, Subject: fmt.Sprintf("%s in %s", p.pool.Group, p.pool.Region), Reason: "no_price", Detail: why})
			continue
		}
		currency := money.Code(p.pool.Currency)
		byCurrency[currency] = append(byCurrency[currency], p)
	}
	var all []Past
	for currency, pools := range byCurrency {
		past, err := lookBack(pools, &in, spec, run)
		if err != nil {
			return nil, nil, err
		}
		past.Currency = currency
		all = append(all, past)
	}
	slices.SortFunc(all, func(a, b Past) int { return cmp.Compare(a.Currency, b.Currency) })
	return all, left, nil
}

// forecastTerms returns the terms that the policy allows.
func (p Policy) forecastTerms() forecast.Terms {
	allowed := func(term pricing.Term) bool { return len(p.Terms) == 0 || slices.Contains(p.Terms, term.String()) }
	return forecast.Terms{OneYear: allowed(pricing.OneYear), ThreeYear: allowed(pricing.ThreeYear)}
}

// lookBack judges the pools of one currency.
func lookBack(pools []*pastPool, in *Input, spec PastSpec, run forecast.Spec) (Past, error) {
	var past Past
	var list []forecast.Pool
	byID := map[string]*pastPool{}
	for _, p := range pools {
		list = append(list, p.ahead)
		byID[p.ahead.ID] = p
		past.Pools = append(past.Pools, PastPool{p.ahead.ID, p.pool.Customer, p.pool.Region, p.pool.Group})
	}
	books, err := spec.booksOf(in, run)
	if err != nil {
		return past, err
	}
	run.PricesAt = func(p *forecast.Pool, day int) forecast.Prices { return byID[p.ID].pricesOn(in, day, books[day]) }
	past.Result, err = forecast.Run(list, run)
	return past, err
}

// booksOf returns the book of each day on which rules are asked.
func (s PastSpec) booksOf(in *Input, run forecast.Spec) (map[int]*pricing.Book, error) {
	books := map[int]*pricing.Book{}
	for origin := run.FirstDay; origin <= in.Analysis.Window.Days(); origin += run.EveryDays {
		for day := origin; day <= min(origin+run.ReplayDays, in.Analysis.Window.Days()); day += run.AgainDays {
			if books[day] = in.Book; s.BookAt == nil {
				continue
			}
			book, err := s.BookAt(in.Analysis.Window.From.AddDate(0, 0, day))
			if err != nil {
				return nil, err
			}
			books[day] = book
		}
	}
	return books, nil
}

// pastPool is a pool whose past is judged.
type pastPool struct {
	pool  *analyzer.Pool
	ratio int64
	ahead forecast.Pool
}

// prepare states the pool for the backtest at today's prices; it returns why that cannot be done.
func (p *pastPool) prepare(in *Input) string {
	d := p.decisionOn(in, in.Analysis.AsOf, in.Book)
	if len(d.market.rates) == 0 {
		return "no pay-as-you-go price for any of its sizes"
	}
	if len(d.market.offers[pricing.OneYear])+len(d.market.offers[pricing.ThreeYear]) == 0 {
		return "no reservation price: " + d.market.refused[pricing.ThreeYear].detail
	}
	_, p.ratio = d.unit()
	hours := in.Analysis.Window.Hours()
	priced := func(s catalog.Size) bool { _, ok := d.market.rates[s]; return ok }
	p.ahead = forecast.Pool{ID: id("pool", p.pool.Customer, p.pool.Currency, string(p.pool.Region), p.pool.Group), Customer: p.pool.Customer,
		Units: unitsIn(p.pool, hours, priced), Gaps: p.pool.Gaps, Step: p.ratio * demand.Full, Prices: d.stepPrices(p.ratio)}
	for _, size := range sortedSizes(d.market.rates) {
		own := unitsIn(p.pool, hours, func(s catalog.Size) bool { return s == size })
		p.ahead.Sizes = append(p.ahead.Sizes, forecast.Size{Name: string(size), Ratio: d.market.ratios[size] * demand.Full, Units: own.Stacked})
	}
	return ""
}

// decisionOn is the pool's market on a day.
func (p *pastPool) decisionOn(in *Input, day time.Time, book *pricing.Book) *decision {
	then, analysis := *in, *in.Analysis
	analysis.AsOf = day
	then.Analysis, then.Book = &analysis, book
	return &decision{pool: p.pool, market: newMarket(p.pool, &then), currency: money.Code(p.pool.Currency), order: bill.HighestFirst, asOf: day}
}

// pricesOn returns the prices of a day of advice: what was sold then, at the price that was known then.
func (p *pastPool) pricesOn(in *Input, day int, book *pricing.Book) forecast.Prices {
	if book == nil {
		book = in.Book
	}
	d := p.decisionOn(in, in.Analysis.Window.From.AddDate(0, 0, day), book)
	if len(d.market.rates) == 0 {
		return forecast.Prices{}
	}
	return d.stepPrices(p.ratio)
}
