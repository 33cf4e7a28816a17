package recommend

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing/catalog"
	"sizeterm/recommend/rightsize"
)

// Policy is the rules of a plan. DefaultPolicy gives the values that the documentation explains; every field can be set by
// the user and is printed with the plan.
type Policy struct {
	// MinDaysOneYear is the number of complete days that the files must cover before any commitment is recommended, and
	// MinDaysNormal the number from which three years are and the decision may rest on more than the conservative end.
	//
	//	complete days   what is recommended                                why
	//	< 7             nothing                                            a weekend would decide
	//	7 - 27          one year, quantities of the Stacked profile        month-end and holidays unseen
	//	>= 28           one and three years                                four whole weeks
	MinDaysOneYear, MinDaysNormal int
	// MinAge is the age below which a machine's hours do not count as demand of a commitment.
	//
	//	age        share still running a year later (synthetic mix, method note)
	//	new        1 %
	//	>= 30 d    13 %; the short-lived mode ends within the first week
	MinAge time.Duration
	// MonthlyLoss is the assumed probability that the demand of a pool ends in a month. It decides between one year and
	// three; the effect at a one-year price of 60 % and a three-year price of 40 % of PAYG, over 36 months and PAYG = 100 a month:
	//
	//	loss a month   three years   one year, renewed   better
	//	1 %            1440          1924                three years
	//	3 %            1440          1566                three years
	//	5 %            1440          1319                one year
	MonthlyLoss float64
	// LossMonths is how many pool-months of observation MonthlyLoss is worth against what the files show.
	//
	//	seen in the files               loss used, from 2 % worth 200     worth 50
	//	no loss in 200 pool-months      1.0 %                             0.4 %
	//	10 losses in 150 pool-months    4.0 %                             5.5 %
	LossMonths float64
	// ExpirePerQuarter is the greatest share of a pool's reservations that may expire in one quarter; 0 or 1 is no limit. The plan says
	// how to spread the purchases and what waiting forgoes; its totals are those of buying at once.
	ExpirePerQuarter float64
	// RiskAversion is the weight of the worst fifth of the futures of a pool's savings against their mean: 0 looks at the expected cost
	// alone, 1 at the worst fifth alone. What it takes away is named on the pool. Regret on seeded fleets, of pay-as-you-go:
	//
	//	aversion   over one year   over three years
	//	0          5.0 %           6.6 %
	//	0.1        5.1 %           6.6 %
	//	0.3        6.0 %           6.9 %
	RiskAversion float64
	// Decide is on what quantities are decided: OnFan, the futures of each pool as far as the recent hours support them too, or OnWindow, the
	// recent hours repeated until the demand ends. Regret of drifting seeded fleets, of pay-as-you-go (METHOD section 10):
	//
	//	decide     one year   three years   one year, asked monthly   three years, asked monthly
	//	window     5.5 %      9.0 %         7.4 %                     10.5 %
	//	fan        5.2 %      9.2 %         6.1 %                     9.9 %
	Decide string
	// HorizonMonths is the time over which one year (renewed) and three years are compared.
	HorizonMonths int
	// MinSavingMonth is the smallest saving a month, in whole units of the currency, for which a line is worth an order.
	MinSavingMonth int64
	// BillingPlan is "upfront" or "monthly": the total is the same, monthly keeps the cash.
	BillingPlan string
	// MaxUpfront limits what a customer pays up front, MaxMonth what falls due in any month (one payment up front counts), both in
	// micro-units of the customer's currency, for the lines of the plan and what it plans for later; nil is no limit. A limit is never
	// exceeded.
	MaxUpfront, MaxMonth *int64
	// Terms are the terms that may be bought; both where empty.
	Terms []string
	// CapacityPriority names the pools (flexibility groups, sizes of them, or AllPools) whose reservations hold capacity: bought in the
	// exact size that runs, for one subscription each, without size flexibility. Sizes then stay as they are in the whole plan.
	//
	//	                       flexible, shared       capacity priority
	//	3 x D4s, 2 x D8s       14 x D2s, for all      3 x D4s and 2 x D8s, each for its subscription
	//	a D8s is replaced      still used             idle
	CapacityPriority []string
	// PriceAge is the age of a price source from which the plan warns.
	//
	//	age       what can have happened
	//	30 d      a monthly price list has been replaced
	//	90 d      reservation lists have been re-priced (reservation prices of E v5 changed on 2026-06-01)
	PriceAge time.Duration
	// MaxPriceAge is the age of a price source beyond which nothing that rests on it is recommended; 0 is no limit, because a
	// plan is a proposal and the price is asked for again before a purchase.
	MaxPriceAge time.Duration
	// PriceTolerance is the relative difference between the price on the customer's rows and the book's beyond which the
	// plan warns.
	PriceTolerance float64
	// Objective is whose cost is minimised: Customer (pay-as-you-go at its price) or Partner (pay-as-you-go less the partner earned
	// credit). At r/p of 60 % and a credit of 15 % a unit pays for the customer from 60.0 % of the hours and for the partner from 70.6 %.
	Objective string
	// PartnerCreditRate is the partner earned credit on consumption, as a share; 0 where the partner has none. Markup is
	// what the partner adds to its cost, as a share.
	PartnerCreditRate, Markup float64
	// CustomerPrices names the price list of the customer, Input.CustomerBook; empty where its prices are the partner's and the markup.
	CustomerPrices string
	// PartnerOnRecord is printed on each line; it cannot be changed after the purchase.
	PartnerOnRecord string
	// NoResize leaves every machine on its size; Sizing is the rules of sizes otherwise.
	NoResize bool
	Sizing   rightsize.Policy
}

// On what quantities are decided, Policy.Decide.
const (
	OnFan    = "fan"
	OnWindow = "window"
)

// resold reports whether the customer pays other prices than those of the plan.
func (p Policy) resold() bool {
	return p.Objective == Partner || p.Markup > 0 || p.CustomerPrices != ""
}

// onFan reports whether the futures have a say in quantities.
func (p Policy) onFan() bool { return p.Decide == OnFan || p.RiskAversion > 0 }

// DefaultPolicy returns the rules that apply when the user says nothing.
func DefaultPolicy() Policy {
	return Policy{
		MinDaysOneYear: 7, MinDaysNormal: 28, MinAge: 7 * 24 * time.Hour,
		MonthlyLoss: 0.02, LossMonths: 200, HorizonMonths: 36, MinSavingMonth: 1, BillingPlan: "monthly", Objective: Customer,
		Decide: OnWindow, PriceAge: 90 * 24 * time.Hour, PriceTolerance: 0.02,
		Sizing: rightsize.DefaultPolicy(),
	}
}

// Validate returns what makes the policy meaningless, naming the field, or nil.
func (p Policy) Validate() error {
	switch {
	case p.MinDaysOneYear < 0 || p.MinDaysNormal < p.MinDaysOneYear:
		return fmt.Errorf("min_days_normal: %d: want at least min_days_one_year (%d), and neither below 0", p.MinDaysNormal, p.MinDaysOneYear)
	case p.MonthlyLoss < 0 || p.MonthlyLoss >= 1:
		return fmt.Errorf("monthly_loss: %v: want a share from 0 to below 1", p.MonthlyLoss)
	case !(p.LossMonths >= 0):
		return fmt.Errorf("loss_months: %v: want at least 0", p.LossMonths)
	case !(p.ExpirePerQuarter >= 0 && p.ExpirePerQuarter <= 1):
		return fmt.Errorf("expire_per_quarter: %v: want a share from 0 to 1", p.ExpirePerQuarter)
	case !(p.RiskAversion >= 0 && p.RiskAversion <= 1):
		return fmt.Errorf("risk_aversion: %v: want a share from 0 to 1", p.RiskAversion)
	case p.Decide != "" && p.Decide != OnFan && p.Decide != OnWindow:
		return fmt.Errorf("decide: %q: want %s or %s", p.Decide, OnFan, OnWindow)
	case p.HorizonMonths < 12 || p.HorizonMonths > 60 || p.HorizonMonths%12 != 0:
		return fmt.Errorf("horizon_months: %d: want 12, 24, 36, 48 or 60", p.HorizonMonths)
	case p.BillingPlan != "upfront" && p.BillingPlan != "monthly":
		return fmt.Errorf("billing_plan: %q: want upfront or monthly", p.BillingPlan)
	case p.MaxUpfront != nil && *p.MaxUpfront < 0 || p.MaxMonth != nil && *p.MaxMonth < 0:
		return fmt.Errorf("max_upfront, max_month: want at least 0")
	case p.Objective != "" && p.Objective != Customer && p.Objective != Partner:
		return fmt.Errorf("objective: %q: want customer or partner", p.Objective)
	case p.PartnerCreditRate < 0 || p.PartnerCreditRate >= 1:
		return fmt.Errorf("partner_credit_rate: %v: want a share from 0 to below 1", p.PartnerCreditRate)
	case p.Markup < 0 || p.Markup > 10:
		return fmt.Errorf("markup: %v: want a share from 0 to 10", p.Markup)
	case p.PriceTolerance < 0:
		return fmt.Errorf("price_tolerance: %v: want a share of at least 0", p.PriceTolerance)
	case p.MinAge < 0 || p.PriceAge < 0 || p.MaxPriceAge < 0:
		return fmt.Errorf("min_age_days, price_age_days, max_price_age_days: want at least 0")
	}
	for _, name := range p.CapacityPriority {
		_, isSize := catalog.SizeOf(name)
		isGroup := slices.ContainsFunc(catalog.Groups(), func(g string) bool { return strings.EqualFold(g, name) })
		if name != AllPools && !isSize && !isGroup {
			return fmt.Errorf("capacity_priority: %q: want all, a flexibility group or a size", name)
		}
	}
	for _, term := range p.Terms {
		if term != "P1Y" && term != "P3Y" {
			return fmt.Errorf("terms: %q: want P1Y or P3Y", term)
		}
	}
	if !p.NoResize {
		if err := p.Sizing.Validate(); err != nil {
			return fmt.Errorf("sizing: %w", err)
		}
	}
	return nil
}
