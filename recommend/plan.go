// Package recommend decides, for each customer, which reservations to buy for one year, three years or not at all, and
// says why: profiles, demand, prices and a policy in, one Plan out.
//
// Every amount in a Plan comes out of the bill simulator (package bill), in integers, rounded half-even once; the report
// prints it and adds nothing. Money fields without suffix cover the window, those that end in Month cover 730 hours, those
// that end in Term the whole term. Shares, thresholds and utilisations are fractions in [0, 1].
//
// The package refuses to guess: a size without a price, a pool with too few days, a series that is no longer sold become a
// NotRecommended with its reason, never a line. It reads no clock, no file and no network: the same Input gives the same
// Plan, on any number of threads.
package recommend

import (
	"time"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Input is all that a plan depends on.
type Input struct {
	// Analysis is what was used and measured.
	Analysis *analyzer.Analysis
	// Existing lists the reservations that the customers own; HasList says that a reservation list was given at all,
	// for without one the reservations seen in the rows are only inferred.
	Existing []Existing
	HasList  bool
	// Book is the prices.
	Book *pricing.Book
	// CustomerBook is the customer's own price list, which Policy.CustomerPrices names; nil where there is none. It decides nothing:
	// what is bought is stated at it once more, for the customer.
	CustomerBook *pricing.Book
	// Policy is the rules; DefaultPolicy where the user gave none.
	Policy Policy
	// Files describes the files that were read, for the record.
	Files []File

	ahead     *prospect                  // what the past says of the time ahead; Recommend fills it
	set       settings                   // quantities that the user fixed; WhatIf fills it
	scope     *asked                     // at which the plan's reservations are evaluated; WhatIf fills it
	growth    int64                      // of all usage, in basis points; WhatIf fills it
	tariff    *tariff                    // prices of today, while sizes are tried
	pieces    map[*analyzer.Pool]scope   // of pools that are parts of one; forCapacity and divide fill it
	undivided []analyzer.Pool            // before forCapacity
	draft     bool                       // decisions are tried, and need no certificate yet
	sold      bool                       // prices are the customer's, of a plan that was decided on others
	priced    map[*analyzer.Pool]*market // of pools at the customer's prices: what the plan knew of them
}

// File describes one file that went into the plan.
type File struct {
	Name, SHA256, Kind, Dialect string
	Rows, Accepted, Rejected    int64
	SetApart                    int64 // of the accepted: rows that concern no virtual machine
	From, To                    time.Time
	Grain                       string // "hour", "day", "5m", ...; empty where it has none
}

// Existing is a reservation that a customer owns.
type Existing struct {
	ID, Customer string
	// Scope is "shared", "/subscriptions/{guid}" or "/subscriptions/{guid}/resourcegroups/{name}", lower case.
	Scope    string
	Size     catalog.Size
	Region   catalog.Region
	Quantity int64
	// From and Until bound the term, Until exclusive; a zero From means already running.
	From, Until time.Time
	AutoRenew   bool
	ExactSize   bool   // instance size flexibility off
	Agreement   string // "ea" is never netted
	Evidence    string // file and line

	widened string // the scope that it has today, where the plan counts on a wider one
}

// Plan is the answer: one list of decisions for each customer with the proof of each.
type Plan struct {
	AsOf           time.Time
	Files          []File
	Prices         []pricing.Source
	Window         demand.Window
	Profiles       []analyzer.Profile
	VMs            []analyzer.VM
	Resizes        []Resize
	Sized          []Sized // every machine of the analysis that runs
	Sizing         Sizing
	Quotas         []Quota // that resizes need, by customer, region and family
	Pools          []Pool
	Lines          []Line
	Rescopes       []Rescope // owned reservations to apply more widely before anything is bought
	Later          []Later   // what falls due after AsOf, by date
	NotRecommended []NotRecommended
	Reference      []Reference // Microsoft's rule on the hours of the plan's own figures, with the sizes that the plan leaves
	Asked          []Reference // Microsoft's rule on the usage as it was billed, by scope and lookback
	Lookbacks      []Reach     // which lookbacks Asked covers
	Totals         []Total
	Warnings       []analyzer.Warning
	Policy         Policy
	Answer         *Answer // of a plan that WhatIf made, nil otherwise
	// Sold is the same plan at the prices that the customer pays, nil where those are the plan's own (see ForCustomer).
	Sold *Plan
}

// Basis says on what a figure rests.
type Basis string

// The bases of a saving.
const (
	// Lookback is the window repeated: what the same usage would have cost.
	Lookback Basis = "lookback"
	// Forecast is the expectation under the demand's assumed persistence.
	Forecast Basis = "forecast"
)

// Choice names a row of Pool.Compare.
type Choice string

// The choices that are compared.
const (
	PAYG  Choice = "PAYG"
	P1Y   Choice = "P1Y"
	P3Y   Choice = "P3Y"
	Mixed Choice = "MIX"
	// Set is what the user set by hand (WhatIf); it is not judged, only evaluated.
	Set Choice = "SET"
)

// Purchase is a quantity of one size and term.
type Purchase struct {
	Size     catalog.Size
	Term     pricing.Term
	Quantity int64
}

// Compared is one row of the comparison of a pool: what one choice costs over the window's hours.
type Compared struct {
	Choice Choice
	Basis  Basis
	// HorizonMonths is the time over which the row was evaluated, with existing reservations until their expiry; its money
	// is scaled back to the hours of the window.
	HorizonMonths int
	Buy           []Purchase
	// PayGCost is the cost of buying nothing over the same horizon; Cost is that of this choice; Saving = PayGCost - Cost.
	PayGCost, Cost, Saving money.Amount
	// SavingLow and SavingHigh bound the saving where the hours of a day are not known: Stacked and Flat demand.
	SavingLow, SavingHigh money.Amount
	SavingShare           float64 // Saving / PayGCost; 0 where PayGCost is 0
	// Threshold is r/p: the share of hours that a unit must be used to pay for itself. Has is false for PAYG and MIX.
	Threshold Fraction
	// BreakEvenMonths is the month in which the term total is earned back; Has is false beyond the term.
	BreakEvenMonths      Fraction
	BreakEvenUtilization Fraction // the average utilisation below which the choice costs more than PAYG
	Utilization          Fraction // average utilisation of the units of this choice
	// ExpectedSaving is the saving over the policy's horizon, scaled to the window, when the demand ends with the policy's
	// probability each month and one-year purchases are renewed only while it lasts: what the choice is made on.
	ExpectedSaving money.Amount
}

// Fraction is a number that may be absent.
type Fraction struct {
	Value float64
	Has   bool
}

// Marginal is the proof of a quantity: how busy the last unit bought is, how busy the next one would be, and the
// threshold between them. One unit is the smallest step that can be bought.
type Marginal struct {
	Term       pricing.Term
	Last, Next Fraction // Last absent where nothing is bought
	// Threshold is r/p. Required is what the last unit had to exceed: the threshold divided by the share of the term that
	// the demand is expected to last. Required >= Threshold.
	Threshold, Required float64
	Unit                string // what one unit is, e.g. "1 x Standard_D2s_v5"
	TieAtThreshold      bool   // the next unit would exactly break even; the smaller quantity was taken
}

// Certificate bounds how far a decision can be from the optimum: Bound <= optimum <= Cost.
type Certificate struct {
	Cost, Bound money.Amount
	Gap         float64 // (Cost - Bound) / Cost, 0 where exact
}

// Point is one point of a savings curve.
type Point struct {
	Quantity int64 // units of the smallest size that can be bought
	Saving   money.Amount
}

// Pool is one demand that reservations can serve, and what was decided for it.
type Pool struct {
	ID       string
	Customer string
	Currency money.Code
	Region   catalog.Region
	Group    string
	Flexible bool
	Scope    string // "shared": under the Azure plan the scope is shared at purchase
	Hours    int    // hours of the window's days that the files cover: what every money figure without suffix stands for
	Days     int    // complete days that the files cover
	Exact    bool
	// Demand is the units x 1e6 in each hour after existing reservations of today, Gross before them; one unit is the
	// smallest size of the group in use or for sale.
	Demand, Gross demand.Series
	UnitRatio     int64 // source ratio x 100 of one unit
	UnitSize      catalog.Size
	Units         Units
	PayGCost      money.Amount // compute of the window at PAYG after existing reservations
	SoftwareCost  money.Amount // licences of the window, the same under every choice
	GrossCost     money.Amount // compute of the window at PAYG before existing reservations
	Compare       []Compared
	Chosen        Choice
	Marginal      []Marginal
	Certificate   Certificate
	Limited       bool   // a limit on cash keeps it below its best
	Held          string // why caution keeps it below its best: a short history, the policy's risk aversion; empty where it does not
	Curve         map[pricing.Term][]Point
	Existing      []Existing
	Rates         []SizeRate
	Persistence   Persistence
	Outlook       *Outlook // the fan of futures; nil where nothing is bought
}

// Units are percentiles over the hours of the window of the units used, in 1e-6 units, of the Flat profile after existing
// reservations.
type Units struct {
	P50, P95, Max, Mean int64
}

// SizeRate is the price of one size in a pool and where it comes from.
type SizeRate struct {
	Size   catalog.Size
	Rate   money.Rate
	Source string
	Totals map[pricing.Term]money.Amount
}

// Persistence is the assumption that decides between one year and three.
type Persistence struct {
	MonthlyLoss float64  // probability that the demand ends in a month
	Source      string   // where it comes from
	FlipsAt     Fraction // the monthly loss at which the choice between one year and three changes
	// Lasts is the share of today's demand that the forecast expects after one, two and three years; zero where nothing is bought.
	Lasts [3]float64
}

// Line is one order line: what to buy, what it saves and why.
type Line struct {
	ID, Pool                                                               string
	Customer                                                               string
	Subscription                                                           string // subscription that carries the purchase; empty for shared scope without a choice
	Scope                                                                  string
	Region                                                                 catalog.Region
	Size                                                                   catalog.Size
	Term                                                                   pricing.Term
	Quantity                                                               int64
	Ratio                                                                  int64 // of Size in its group x 100
	NormalizedSize                                                         catalog.Size
	QuantityNormalized                                                     float64
	Flexible                                                               bool
	BillingPlan                                                            string // "upfront" or "monthly"
	UnitPrice, TotalPrice                                                  money.Amount
	Currency                                                               money.Code
	PriceSource                                                            string
	SavingWindow, SavingMonth, SavingMonthLow, SavingMonthHigh, SavingTerm money.Amount
	Forecast                                                               *LineForecast
	BreakEvenMonths                                                        Fraction
	BreakEvenDate                                                          time.Time // zero where beyond the term
	Marginal                                                               Marginal
	Partner                                                                *PartnerView
	PartnerOnRecord                                                        string
	Eligibility                                                            []string
	Reasons                                                                []string
	Evidence                                                               []string
}

// LineForecast is what a line saves a month over its term in a few hundred possible futures (package forecast): the mean, the range from
// the 5th to the 95th percentile, and the share of futures in which it costs more than pay-as-you-go. It is nil where the history is
// too poor for one; a reason of the line says why.
type LineForecast struct {
	SavingMonthMean, P5, P95 money.Amount
	LossProbability          float64
	// BreakEvenMonths is when the mean of the futures has earned the total back; Has is false, and the date zero, beyond the term.
	BreakEvenMonths Fraction
	BreakEvenDate   time.Time
	DropToLoss      float64  // share by which the demand must fall at once, and stay, for a loss; 1 where no fall does
	Weeks           int      // whole weeks of history behind it
	WeeklyDrift     float64  // standard deviation of the lasting part of a week's change of level
	Wide            []string // what makes the range wide: gaps, few weeks, daily data, a demand that appeared
}

// PartnerView is the same line from the partner's side.
type PartnerView struct {
	CostMonth, PriceMonth, MarginMonth, CreditLostMonth money.Amount
	// SavingMonth is what the partner's own cost falls by, earned credit counted; CustomerSavingMonth what the customer's does, both at
	// cost prices; the customer's at its own price list where there is one.
	SavingMonth, CustomerSavingMonth money.Amount
	Threshold                        float64 // r_partner / (p x (1 - PEC))
	CustomerThreshold                float64 // r/p
	GoodFor                          string  // Both, Customer, Partner, Neither
}

// NotRecommended says what was not recommended and why: every machine and size is in a line or here.
type NotRecommended struct {
	Customer string
	Subject  string
	Reason   string // a code
	Detail   string
	Way      string // the nearest eligible way; empty where there is none, or nothing stands in the way but the money
}

// Reference is what Microsoft's own rule recommends, for comparison. Its money covers the days that it looks back.
type Reference struct {
	Customer, Scope                   string
	Region                            catalog.Region
	Size                              catalog.Size
	Term                              pricing.Term
	Currency                          money.Code
	LookbackDays                      int
	Billed                            bool   // the usage as it was billed: sizes of today
	pool                              string // id of the pool of the plan; empty where Billed
	Quantity                          int64
	CostWithout, CostWith, NetSavings money.Amount
	Difference                        string
}

// Total is the bottom line of one customer in one currency, a month of 730 hours.
type Total struct {
	Customer, CustomerName              string
	Currency                            money.Code
	PayGMonth, SoftwareMonth, PlanMonth money.Amount
	ResizeOnly, ReserveOnly, Joint      money.Amount // savings a month, compute only
	Forced                              money.Amount // what moves that must be made cost a month, licences too; taken off Joint and SoftwareSaved already
	Rescoped                            money.Amount // what wider scopes of owned reservations avoid a month; PayGMonth counts them as done
	SoftwareSaved                       money.Amount // what the resizes save in licences a month, beside Joint
	SavingLow, SavingHigh               money.Amount // of Joint, from the grain of the hours
	Upfront                             money.Amount
	Budget                              *Budget   // how the limits on cash are met; nil without limits
	Cash                                []Cash    // of the lines, under the policy's billing plan
	Calendar                            []Payment // of both billing plans, later purchases beside
	ShowBack                            []ShowBack
	Margin                              *Margin // what stays with the partner; nil where the policy knows neither credit nor markup
}

// Margin is the bottom line of one customer from the partner's side, a month of 730 hours, compute only, today and with the plan: what
// the customer pays, what it costs the partner less the credit that it earns, and what stays.
type Margin struct {
	PriceToday, PricePlan   money.Amount
	CostToday, CostPlan     money.Amount // less the credit
	CreditToday, CreditPlan money.Amount
	Today, Plan             money.Amount // price less cost
}

// Cash is a payment that falls due.
type Cash struct {
	Date   time.Time
	Amount money.Amount
}

// ShowBack is the share of one subscription, resource group or tag value.
type ShowBack struct {
	By, Key              string
	PayGMonth, PlanMonth money.Amount
}
