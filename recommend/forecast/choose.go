package forecast

import (
	"fmt"
	"math"

	"sizeterm/recommend/solve"
)

// leastLossMonths is how many pool-months of a partner's history must have been watched before they move the policy's monthly loss.
//
//	watched        what they can tell of a loss of 2 % a month
//	1 month        nothing: one loss would be expected in four years of one pool
//	12 months      0.2 losses expected; the prior of 200 pool-months keeps 94 % of the weight
//	200 months     4 losses expected; as much weight as the prior
const leastLossMonths = 12

// RecentDays is the part of a window that everything rests on where the level moved: four whole weeks. movedShare is by how much they
// must differ from the mean of the window: beyond the noise of four weeks. The whole window would buy twice what is in use where
// demand halved less than 38 % of the window ago (r/p of one year 0.62), and none of what began in the last third of it.
//
// Regret over one year, three years and a month, of pay-as-you-go, on six portfolios of seeded fleets that were used for nothing else,
// 26 weeks of history (nine for the month):
//
//	quantities rest on                     one year   three years   a month
//	the last four weeks                    4.8 %      6.2 %         0.9 %
//	all weeks                              5.0 %      6.8 %         1.3 %
//	all weeks, the last four where moved   4.8 %      6.2 %         1.0 %
//	the paths of a fan (Fan.Decide)        4.7 %      6.4 %         1.2 %
//	Microsoft's rule                       5.1 %      7.0 %         1.2 %
const (
	RecentDays = 28
	movedShare = 0.05
)

// Recent returns from which day of the series on quantities rest, and by what share the mean of the last four weeks differs from that
// of the whole series. A series of less than eight weeks, or whose last four are half unknown, rests on all its days.
func (p *Pool) Recent() (from int, change float64) {
	days := p.days()
	if days < 2*RecentDays {
		return 0, 0
	}
	mean := func(from int) (sum float64, covered int) {
		for _, u := range recent(p.Units.Stacked, p.Gaps, days-from) {
			sum, covered = sum+float64(u), covered+1
		}
		return sum / float64(max(1, covered)), covered
	}
	all, _ := mean(0)
	last, covered := mean(days - RecentDays)
	if all == 0 || covered < RecentDays*hoursOfDay/2 {
		return 0, 0
	}
	if change = last/all - 1; math.Abs(change) > movedShare {
		return days - RecentDays, change
	}
	return 0, change
}

// Choose returns what a plan buys of a pool: the mix of least expected cost over three years when the recent hours repeat, end with the
// basis's loss a month, and one-year reservations are renewed while they last. Existing reservations that end within a week do not
// count; the others count for good. With Policy.OnFan it is what costs least on the futures (Fan.Within) of what that supports. It is the rule that a backtest judges, and the plan's own on a pool with one price a unit.
func (pf *Portfolio) Choose(p *Pool, terms Terms) (Decision, error) {
	basis, err := pf.Basis(p)
	d := Decision{Basis: basis}
	if err != nil || basis.Stopped() {
		return d, err
	}
	m, err := marketOf(p.Prices, terms.OneYear, terms.ThreeYear && basis.Days >= pf.policy.MinDaysNormal)
	if err != nil {
		return d, fmt.Errorf("pool %q: %w", p.ID, err)
	}
	from, _ := p.Recent()
	hours := recent(p.Units.Stacked, p.Gaps, p.days()-from)
	owned := p.owned()
	for h := range hours {
		hours[h] = max(0, hours[h]-owned)
	}
	window, err := solve.Hourly(hours)
	if err != nil || len(hours) == 0 {
		return d, err
	}
	h := solve.Horizon{Step: p.Step, Payg: m.payg, OneYear: m.one, ThreeYear: m.three}
	for y := range years {
		lasts := int64(0)
		for month := 12 * y; month < 12*y+12; month++ {
			lasts += survivors(basis.PlannedLoss, month)
		}
		year, err := window.Times(hoursOfMonth*lasts, int64(len(hours))*millionth)
		if err != nil {
			return d, fmt.Errorf("pool %q: %w", p.ID, err)
		}
		h.Years = append(h.Years, solve.Year{Demand: year, AliveNum: survivors(basis.PlannedLoss, 12*y), AliveDen: millionth, NoPurchase: m.noOne})
	}
	if d.Neutral, err = h.Best(); err != nil {
		return d, fmt.Errorf("pool %q: %w", p.ID, err)
	}
	d.OneYear, d.ThreeYear = d.Neutral.OneYear[0], d.Neutral.ThreeYear
	if basis.Days < pf.policy.MinDaysNormal {
		h := pastOf(p)
		d.OneYear = min(d.OneYear, p.surely(&h, m, pf.Use(p.Customer)))
	}
	if d.OneYear+d.ThreeYear == 0 || !pf.policy.OnFan && pf.policy.RiskAversion == 0 {
		return d, nil
	}
	fan, err := pf.Fan(p)
	if err != nil {
		return d, err
	}
	within, err := fan.Within(d.ThreeYear, d.OneYear, terms)
	d.ThreeYear, d.OneYear = within.ThreeYear, within.OneYear
	return d, err
}

const hoursOfMonth, millionth = 730, 1_000_000

// survivors returns (1-loss)^months in millionths.
func survivors(loss float64, months int) int64 {
	return int64(math.Round(math.Pow(1-loss, float64(months)) * millionth))
}
