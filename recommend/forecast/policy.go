package forecast

import (
	"fmt"

	"sizeterm/pricing/money"
)

// Policy is the numbers that a forecast assumes. DefaultPolicy has the values that the documentation explains; zero values are meant
// as they stand.
type Policy struct {
	// Seed keys all draws together with pool, path and week. The same seed gives the same bytes.
	Seed uint64
	// Paths is the number of futures.
	//
	//	paths   standard error of P5, in ranks     of a probability of loss of 10 %
	//	100     2.2 of 5                           3.0 points
	//	200     3.1 of 10                          2.1 points
	//	400     4.4 of 20                          1.5 points
	Paths int
	// MinDaysOneYear and MinDaysNormal are the days with data from which one year, and from which three years are considered
	// (recommend.Policy has the table).
	MinDaysOneYear, MinDaysNormal int
	// MonthlyLoss is the probability that the demand of a pool breaks away in a month before anything is known of the portfolio, and
	// LossMonths the pool-months of observation that this assumption is worth (the strength of its Beta prior).
	//
	//	observed                       loss assumed with 2 % worth 200 pool-months
	//	nothing                        2.0 %
	//	no loss in 200 pool-months     1.0 %
	//	no loss in 800 pool-months     0.4 %
	//	10 losses in 150 pool-months   4.0 %
	//
	// Worth 50, the intervals over three years held 84 % on the seeded fleets, because a quiet half-year is no proof of a quiet future;
	// worth 200 they hold 87 %.
	MonthlyLoss, LossMonths float64
	// WeeklyDrift is the standard deviation of the lasting part of a week's change of level before anything is known, as a share, and
	// DriftWeeks the weeks of observation that the peers' value is worth against the pool's own.
	//
	//	drift a week   level after a year, one standard deviation
	//	0.5 %          3.6 %
	//	1.5 %          11 %
	//	3 %            22 %
	WeeklyDrift float64
	DriftWeeks  float64
	// Widening multiplies the drift of a path, because the drift of a pool is not the same for ever and a short past shows the quiet
	// part of it. It is what a backtest tunes; the shares of realised savings inside the interval from P5 to P95 were, on seeded fleets:
	//
	//	widening   over a month   over one year   over three years   regret over one year, of pay-as-you-go
	//	0.8        79 %           88 %            88 %               5.0 %
	//	1.25       86 %           89 %            87 %               5.0 %
	//	1.5        89 %           89 %            87 %               5.1 %
	//	2          92 %           89 %            86 %               5.3 %
	Widening float64
	// Trend is the share of a pool's own trend (shrunk to that of its peers) that is carried on for a quarter; beyond, it fades. Waves
	// and projects end: on the seeded fleets of the backtest every share above 0 cost money.
	//
	//	share   regret over one year, of pay-as-you-go   over three years   over a month
	//	0       5.1 %                                    6.6 %              1.2 %
	//	0.5     5.2 %                                    6.8 %              1.3 %
	//	1       5.4 %                                    7.1 %              2.0 %
	Trend float64
	// OnFan makes quantities those of least expected cost on the paths of a fan, as far as the recent hours support them too; false takes
	// what costs least when the recent hours repeat and end with the loss that is believed. Risk aversion above 0 includes it.
	OnFan bool
	// RiskAversion is the weight of the worst Tail of savings against their mean, from 0 (expected cost alone) to 1.
	//
	//	aversion   regret over one year, of pay-as-you-go   over three years
	//	0          5.0 %                                    6.6 %
	//	0.1        5.1 %                                    6.6 %
	//	0.3        6.0 %                                    6.9 %
	RiskAversion, Tail float64
	// PriceCutChance is the probability that pay-as-you-go and reservation prices fall by PriceCut before a renewal.
	PriceCutChance, PriceCut float64
	// ExpirePerQuarter is the greatest share of a customer's reservations that may expire in one quarter; 1 is no limit.
	ExpirePerQuarter float64
	// Refund is what may be cancelled, and at what fee.
	Refund RefundRule
}

// RefundRule is the part of the vendor's dated policy that an option's worth depends on.
type RefundRule struct {
	Cap money.Amount // cancelled commitment of a customer in twelve months, in the currency of the prices; zero: no refund is counted on
	Fee float64      // share of the prorated refund that is kept back
}

// DefaultPolicy returns the rules that apply when the user says nothing.
func DefaultPolicy() Policy {
	return Policy{
		Seed: 1, Paths: 200, MinDaysOneYear: 7, MinDaysNormal: 28,
		MonthlyLoss: 0.02, LossMonths: 200, WeeklyDrift: 0.015, DriftWeeks: 4, Widening: 1.5,
		RiskAversion: 0, Tail: 0.2, PriceCutChance: 0.05, PriceCut: 0.1, ExpirePerQuarter: 1,
	}
}

// Validate returns what makes the policy meaningless, naming the field, or nil.
func (p Policy) Validate() error {
	share := func(name string, value float64) error {
		if !(value >= 0 && value <= 1) {
			return fmt.Errorf("%s: %v: want a share from 0 to 1", name, value)
		}
		return nil
	}
	switch {
	case p.Paths < 20 || p.Paths > 500:
		return fmt.Errorf("paths: %d: want 20 to 500", p.Paths)
	case p.MinDaysOneYear < 7 || p.MinDaysNormal < p.MinDaysOneYear:
		return fmt.Errorf("min_days_one_year: %d, min_days_normal: %d: want at least 7, rising", p.MinDaysOneYear, p.MinDaysNormal)
	case !(p.MonthlyLoss > 0 && p.MonthlyLoss < 1):
		return fmt.Errorf("monthly_loss: %v: want a share above 0 and below 1", p.MonthlyLoss)
	case !(p.LossMonths > 0) || !(p.DriftWeeks > 0):
		return fmt.Errorf("loss_months: %v, drift_weeks: %v: want more than 0", p.LossMonths, p.DriftWeeks)
	case !(p.WeeklyDrift > 0 && p.WeeklyDrift < 1):
		return fmt.Errorf("weekly_drift: %v: want a share above 0 and below 1", p.WeeklyDrift)
	case !(p.Widening >= 0.1 && p.Widening <= 10):
		return fmt.Errorf("widening: %v: want 0.1 to 10", p.Widening)
	case !(p.Tail > 0 && p.Tail <= 1):
		return fmt.Errorf("tail: %v: want a share above 0", p.Tail)
	case !(p.ExpirePerQuarter > 0 && p.ExpirePerQuarter <= 1):
		return fmt.Errorf("expire_per_quarter: %v: want a share above 0", p.ExpirePerQuarter)
	case p.Refund.Cap.Micros < 0:
		return fmt.Errorf("refund_cap: %s: negative", p.Refund.Cap)
	}
	for name, value := range map[string]float64{"trend": p.Trend, "risk_aversion": p.RiskAversion, "price_cut_chance": p.PriceCutChance, "price_cut": p.PriceCut, "refund_fee": p.Refund.Fee} {
		if err := share(name, value); err != nil {
			return err
		}
	}
	return nil
}
