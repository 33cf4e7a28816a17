package metrics

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Portfolio is what the newest plans of all customers say together. Amounts are sums in their own currency.
type Portfolio struct {
	Plans        int                     // customers with a plan
	Month        map[string]Month        // by currency
	Lines        map[CurrencyTerm]Lines  // what the plans recommend to buy
	Recommended  map[string]int          // by action: "reserve", "resize", "shutdown", "schedule"; and "not_recommended"
	Orders       map[string]int          // orders by state; nil where there is no purchase workflow
	Expiring     map[int]int             // owned reservations that end within so many days
	Verified     map[string]Verification // by currency; nil where nothing was verified yet
	OldestPrices time.Time               // of the sources that lines rest on; zero where there are none
}

// Month are amounts a month of 730 hours.
type Month struct {
	PayG, Software, Plan           float64
	ResizeOnly, ReserveOnly, Joint float64
	CoveredWorth, CompleteWorth    float64 // of the window, at pay-as-you-go prices: what reservations cover of all usage
}

// CurrencyTerm is a currency and "P1Y" or "P3Y".
type CurrencyTerm struct{ Currency, Term string }

// Lines are the lines to buy of one currency and term.
type Lines struct {
	Count                     int
	Commitment, SavingMonth   float64 // totals of the whole term; saving a month
	utilization, utilizedCost float64
}

// Verification compares what was promised with what came.
type Verification struct{ Promised, Realised float64 }

// planJSON is the part of a plan (sizeterm.plan/1) that the series need.
type planJSON struct {
	Schema string
	Prices []struct {
		Source string
		AsOf   time.Time `json:"as_of"`
	}
	Pools []struct {
		ID       string
		Currency string
		PayG     string `json:"payg_cost"`
		Gross    string `json:"gross_cost"`
		Chosen   string
		Compare  []struct {
			Term        string
			Utilization *float64
		}
		Existing []struct {
			ID    string
			Until time.Time
		}
	}
	Lines          []lineJSON
	Resizes        []struct{ Action string }
	NotRecommended []json.RawMessage `json:"not_recommended"`
	Totals         []struct {
		Currency string
		PayG     string `json:"payg_month"`
		Software string `json:"software_month"`
		Plan     string `json:"plan_month"`
		Saving   struct {
			Resize  string `json:"resize_only"`
			Reserve string `json:"reserve_only"`
			Joint   string
		} `json:"saving_month"`
	}
}

type lineJSON struct {
	Action, Pool, Currency, Term string
	Total                        string `json:"total_price"`
	Saving                       string `json:"saving_month"`
	Source                       string `json:"price_source"`
}

// NewPortfolio sums plans, each the JSON of one customer's newest plan. Now is the day from which the end of reservations is
// counted. A plan of another schema, or one with an amount that is no number, is an error.
func NewPortfolio(plans [][]byte, now time.Time) (*Portfolio, error) {
	p := &Portfolio{Month: map[string]Month{}, Lines: map[CurrencyTerm]Lines{}, Recommended: map[string]int{}, Expiring: map[int]int{30: 0, 90: 0}}
	for i, text := range plans {
		if err := p.add(text, now); err != nil {
			return nil, fmt.Errorf("metrics: plan %d of %d: %w", i+1, len(plans), err)
		}
	}
	return p, nil
}

func (p *Portfolio) add(text []byte, now time.Time) error {
	var plan planJSON
	if err := json.Unmarshal(text, &plan); err != nil {
		return err
	}
	if plan.Schema != "sizeterm.plan/1" {
		return fmt.Errorf("schema %q: want sizeterm.plan/1", plan.Schema)
	}
	p.Plans++
	a := amounts{}
	for _, t := range plan.Totals {
		m := p.Month[t.Currency]
		for _, part := range []struct {
			to   *float64
			text string
		}{{&m.PayG, t.PayG}, {&m.Software, t.Software}, {&m.Plan, t.Plan}, {&m.ResizeOnly, t.Saving.Resize}, {&m.ReserveOnly, t.Saving.Reserve}, {&m.Joint, t.Saving.Joint}} {
			*part.to += a.of(part.text)
		}
		p.Month[t.Currency] = m
	}
	p.addPools(&plan, &a, now)
	p.addLines(&plan, &a)
	for _, r := range plan.Resizes {
		p.Recommended[r.Action]++
	}
	p.Recommended["not_recommended"] += len(plan.NotRecommended)
	return a.err
}

// addPools counts what owned reservations cover and when they end. One reservation may serve several pools.
func (p *Portfolio) addPools(plan *planJSON, a *amounts, now time.Time) {
	ends := map[string]time.Time{}
	for _, pool := range plan.Pools {
		m := p.Month[pool.Currency]
		gross := a.of(pool.Gross)
		m.CompleteWorth += gross
		m.CoveredWorth += gross - a.of(pool.PayG)
		p.Month[pool.Currency] = m
		for _, e := range pool.Existing {
			ends[e.ID] = e.Until
		}
	}
	for _, until := range ends {
		for days := range p.Expiring {
			if until.After(now) && !until.After(now.AddDate(0, 0, days)) {
				p.Expiring[days]++
			}
		}
	}
}

// addLines counts what is to be bought, and how busy it is expected to be: that of its pool's choice, weighted by price.
func (p *Portfolio) addLines(plan *planJSON, a *amounts) {
	used := map[string]float64{}
	for _, pool := range plan.Pools {
		for _, c := range pool.Compare {
			if c.Term == pool.Chosen && c.Utilization != nil {
				used[pool.ID] = *c.Utilization
			}
		}
	}
	for _, l := range plan.Lines {
		p.Recommended[l.Action]++
		at := CurrencyTerm{l.Currency, l.Term}
		sum, total := p.Lines[at], a.of(l.Total)
		sum.Count++
		sum.Commitment += total
		sum.SavingMonth += a.of(l.Saving)
		if share, ok := used[l.Pool]; ok {
			sum.utilization += share * total
			sum.utilizedCost += total
		}
		p.Lines[at] = sum
	}
	p.datePrices(plan)
}

// datePrices finds the oldest source of prices that a line rests on: the source of a line names it first, and then the row.
func (p *Portfolio) datePrices(plan *planJSON) {
	for _, s := range plan.Prices {
		used := slices.ContainsFunc(plan.Lines, func(l lineJSON) bool { return strings.HasPrefix(l.Source, s.Source) })
		if used && (p.OldestPrices.IsZero() || s.AsOf.Before(p.OldestPrices)) {
			p.OldestPrices = s.AsOf
		}
	}
}

// amounts reads decimal strings and keeps the first error.
type amounts struct{ err error }

func (a *amounts) of(text string) float64 {
	if text == "" {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("%q: not an amount", text)
	}
	return v
}

// Show replaces what the business series say.
func (m *Metrics) Show(p *Portfolio) {
	m.portfolio.set(p)
	if !p.OldestPrices.IsZero() {
		m.priceBook.Set(float64(p.OldestPrices.Unix()))
		m.show(m.priceBook)
	}
}

// portfolioCollector gives the series of the portfolio that was set last, so that what is gone leaves no series behind.
type portfolioCollector struct {
	mutex sync.Mutex
	now   *Portfolio
}

func newPortfolioCollector() *portfolioCollector { return &portfolioCollector{} }

func (c *portfolioCollector) set(p *Portfolio) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = p
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
}

// The business series.
var (
	plansDesc       = describe("plans", "Customers that have a plan.")
	paygDesc        = describe("payg_month_amount", "Compute at pay-as-you-go prices a month of 730 hours, over all plans.", "currency")
	softwareDesc    = describe("software_month_amount", "Licences that reservations do not cover, a month.", "currency")
	planDesc        = describe("plan_month_amount", "Compute a month when the plans are carried out.", "currency")
	savingDesc      = describe("saving_month_amount", "Saving a month by part: resize_only, reserve_only or joint; the parts do not add up.", "currency", "part")
	commitmentDesc  = describe("commitment_amount", "Total of the lines to buy over their whole term.", "currency", "term")
	lineSavingDesc  = describe("line_saving_month_amount", "Saving a month of the lines to buy.", "currency", "term")
	linesDesc       = describe("lines", "Lines to buy.", "currency", "term")
	coverageDesc    = describe("reservation_coverage_ratio", "Share of compute, at pay-as-you-go prices, that owned reservations cover.", "currency")
	utilizationDesc = describe("planned_utilization_ratio", "Expected utilisation of the lines to buy, weighted by price.", "currency", "term")
	recommendedDesc = describe("recommendations", "Recommendations of the plans by action.", "action")
	ordersDesc      = describe("orders", "Orders by state.", "state")
	expiringDesc    = describe("commitments_expiring", "Owned reservations that end within so many days.", "days")
	promisedDesc    = describe("promised_saving_amount", "Saving that the lines verified so far promised for the verified months.", "currency")
	realisedDesc    = describe("realised_saving_amount", "Saving of these lines that came true.", "currency")
	realisedRatio   = describe("realised_ratio", "Realised by promised saving; may exceed 1.", "currency")
)

// Describe implements prometheus.Collector.
func (c *portfolioCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{plansDesc, paygDesc, softwareDesc, planDesc, savingDesc, commitmentDesc, lineSavingDesc, linesDesc,
		coverageDesc, utilizationDesc, recommendedDesc, ordersDesc, expiringDesc, promisedDesc, realisedDesc, realisedRatio} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *portfolioCollector) Collect(out chan<- prometheus.Metric) {
	c.mutex.Lock()
	p := c.now
	c.mutex.Unlock()
	if p == nil {
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(plansDesc, float64(p.Plans))
	for currency, m := range p.Month {
		gauge(paygDesc, m.PayG, currency)
		gauge(softwareDesc, m.Software, currency)
		gauge(planDesc, m.Plan, currency)
		gauge(savingDesc, m.ResizeOnly, currency, "resize_only")
		gauge(savingDesc, m.ReserveOnly, currency, "reserve_only")
		gauge(savingDesc, m.Joint, currency, "joint")
		if m.CompleteWorth > 0 {
			gauge(coverageDesc, m.CoveredWorth/m.CompleteWorth, currency)
		}
	}
	for at, l := range p.Lines {
		gauge(linesDesc, float64(l.Count), at.Currency, at.Term)
		gauge(commitmentDesc, l.Commitment, at.Currency, at.Term)
		gauge(lineSavingDesc, l.SavingMonth, at.Currency, at.Term)
		if l.utilizedCost > 0 {
			gauge(utilizationDesc, l.utilization/l.utilizedCost, at.Currency, at.Term)
		}
	}
	for action, n := range p.Recommended {
		gauge(recommendedDesc, float64(n), action)
	}
	for state, n := range p.Orders {
		gauge(ordersDesc, float64(n), state)
	}
	for days, n := range p.Expiring {
		gauge(expiringDesc, float64(n), strconv.Itoa(days))
	}
	for currency, v := range p.Verified {
		gauge(promisedDesc, v.Promised, currency)
		gauge(realisedDesc, v.Realised, currency)
		if v.Promised > 0 {
			gauge(realisedRatio, v.Realised/v.Promised, currency)
		}
	}
}
