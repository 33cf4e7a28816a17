package forecast

import (
	"fmt"
	"slices"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/money"
)

// Pool is the demand that reservations of one customer, currency, region and flexibility group can serve, up to the day of the
// decision, as it will be after the right-sizing that is planned.
type Pool struct {
	// ID keys the randomness; Customer names the peers that the pool resembles most.
	ID, Customer string
	// Units in use in each hour, existing reservations not subtracted. Quantities are decided on Stacked; where Flat differs, the upper
	// end of the interval comes from it.
	Units demand.Series
	// Gaps are days of the series, counted from 0, that no file covers: unknown, not zero.
	Gaps []int
	// Step is how many units a quantity of 1 covers in an hour.
	Step int64
	// Sizes tells the same units by size. Only Microsoft's rule looks at them; where there are none it sees one size of one Step.
	Sizes []Size
	// Existing are the reservations that the customer owns already.
	Existing []Cover
	Prices   Prices
}

// Size is the part of a pool's demand that is of one size.
type Size struct {
	Name  string
	Ratio int64 // units of one instance
	Units []int64
}

// Cover is capacity that is there already and ends.
type Cover struct {
	Units int64
	Days  int // from the day of the decision until it expires
	// Renewed says that what it serves will be decided about again when it ends, so that it counts for good: a purchase today that waits
	// for its end would lie idle until then. (Netted to its day instead, a pool asked every quarter bought far more than it used, because
	// the year ahead looks short of what will be bought again.) What ends within a week is netted to its day all the same.
	Renewed bool
}

// Prices are those of a quantity of 1. A total of 0 says that the term is not to be had.
type Prices struct {
	Payg               money.Rate
	OneYear, ThreeYear money.Amount
}

// Reason is why advice is withheld or an interval is wide. Codes are too_few_days, short_history, few_weeks, gaps, appeared, ended,
// unknown_hours and no_price.
type Reason struct {
	Code, Detail string
	Stops        bool // no reservation is recommended
}

// Codes of reasons, Reason.Code.
const (
	tooFewDays   = "too_few_days"  // the files cover fewer days than a commitment needs
	shortHistory = "short_history" // one year at the conservative end only
	fewWeeks     = "few_weeks"     // drift rests on the portfolio rather than on the pool
	gapsInFiles  = "gaps"          // days that no file covers
	appeared     = "appeared"      // the demand began inside the window
	ended        = "ended"         // the demand ended inside the window
	unknownHours = "unknown_hours" // daily data: two profiles bound the hours
	noPrice      = "no_price"      // no pay-as-you-go price, or no reservation to be had
)

const hoursOfDay, hoursOfWeek = 24, 7 * 24

// check refuses what would give a wrong answer rather than none.
func (p *Pool) check() error {
	switch n := len(p.Units.Stacked); {
	case n%hoursOfDay != 0 || len(p.Units.Flat) != n:
		return fmt.Errorf("pool %q: %d and %d hours: want whole days, the same in both profiles", p.ID, len(p.Units.Flat), n)
	case p.Step < 1:
		return fmt.Errorf("pool %q: step %d: want at least 1", p.ID, p.Step)
	case p.Prices.Payg < 0 || p.Prices.OneYear.Micros < 0 || p.Prices.ThreeYear.Micros < 0:
		return fmt.Errorf("pool %q: negative price", p.ID)
	}
	one, three := p.Prices.OneYear, p.Prices.ThreeYear
	if one.Micros > 0 && three.Micros > 0 && one.Currency != three.Currency {
		return fmt.Errorf("pool %q: prices in %s and %s", p.ID, one.Currency, three.Currency)
	}
	for _, profile := range [][]int64{p.Units.Flat, p.Units.Stacked} {
		for h, u := range profile {
			if u < 0 {
				return fmt.Errorf("pool %q: hour %d: %d units: negative", p.ID, h, u)
			}
		}
	}
	for _, c := range p.Existing {
		if c.Units < 0 {
			return fmt.Errorf("pool %q: existing reservation of %d units: negative", p.ID, c.Units)
		}
	}
	return nil
}

// currency returns that of the prices.
func (p *Pool) currency() money.Code {
	if p.Prices.OneYear.Micros > 0 {
		return p.Prices.OneYear.Currency
	}
	return p.Prices.ThreeYear.Currency
}

// until returns the pool as it was known after some days: the first days of its series. Sizes follow.
func (p *Pool) until(days int) Pool {
	cut := *p
	part := func(units []int64) []int64 { return units[:min(len(units), days*hoursOfDay)] }
	cut.Units.Flat, cut.Units.Stacked = part(p.Units.Flat), part(p.Units.Stacked)
	cut.Gaps = nil
	for _, g := range p.Gaps {
		if g < days {
			cut.Gaps = append(cut.Gaps, g)
		}
	}
	cut.Sizes = slices.Clone(p.Sizes)
	for i := range cut.Sizes {
		cut.Sizes[i].Units = part(cut.Sizes[i].Units)
	}
	return cut
}

// days returns the length of the series.
func (p *Pool) days() int { return len(p.Units.Stacked) / hoursOfDay }

// total returns the price of a term and whether it is to be had.
func (p *Pool) total(term pricing.Term, terms Terms) (money.Amount, bool) {
	if term == pricing.ThreeYear {
		return p.Prices.ThreeYear, terms.ThreeYear && p.Prices.ThreeYear.Micros > 0
	}
	return p.Prices.OneYear, terms.OneYear && p.Prices.OneYear.Micros > 0
}
