package analyzer

import (
	"time"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing/catalog"
)

// defaultMinAge is the age below which a machine is young: most machines that live less than a day die within a week
// (algorithms 2.4), so a commitment must not count on one before.
const defaultMinAge = 7 * 24 * time.Hour

// Options of an Accumulator. The zero value works.
type Options struct {
	// AsOf is the instant of the judgement: rows from it on are left out. Zero is the day after the last usage day.
	AsOf time.Time
	// LookbackDays limits the window to so many days before its end; 0 is all that the files hold.
	LookbackDays int
	// MinAge is the age that a machine needs to count in Pool.Members; 0 is seven days, negative counts every machine.
	MinAge time.Duration
	// SizesOnly keeps the utilisation of sizes in regions and nothing of single machines or hours: a fraction of the time and memory
	// where nothing else is asked for. Charges are refused with ErrSizesOnly; an Analysis has the Profiles, which are Untimed, and
	// the Groupings by family. Samples before the window do not count, not even of machines that have no others.
	SizesOnly bool
}

func (o Options) minAge() time.Duration {
	if o.MinAge == 0 {
		return defaultMinAge
	}
	return max(0, o.MinAge)
}

// Analysis is what an Accumulator found. Every slice is sorted by the identity of its elements.
type Analysis struct {
	AsOf          time.Time
	Window        demand.Window // the last whole weeks that the files hold; all of it where they hold less than a week
	Lead          int           // days of the files before the window that a lookback of 60 days reaches
	Coverage      []Coverage
	Profiles      []Profile
	Groupings     []Grouping
	VMs           []VM
	Pools         []Pool
	ShowBack      []ShowBack
	Inferred      []Inferred
	Subscriptions []Subscription
	Strangers     []string // names of machines that were measured and are in no charge row, sorted
	Warnings      []Warning
}

// Grouping is the utilisation of machines pooled by something wider or narrower than a size: pooled fleet time.
type Grouping struct {
	Customer               string
	By                     string // "family", "subscription" or "resource_group"
	Key                    string // the resource group behind its subscription and a slash
	VMs                    int
	CPUAvg, CPUMax, Memory Distribution
	VMP95                  Spread
}

// Inferred is a reservation or savings plan that is known only because rows of the window say that it covered them.
type Inferred struct {
	Customer string
	Benefit  string         // its identifier, as the rows say
	Plan     bool           // a savings plan; false is a reservation
	Size     catalog.Size   // "" where no row says it
	Region   catalog.Region // "" where rows of several regions were covered
	Covered  int64          // micro-hours of machines that it covered in the window
	Unused   int64          // micro-hours that the rows say nothing used
	Quantity int64          // instances of Size that it must have at least, by its busiest day; 0 where Size is unknown or for a plan
	From, To time.Time      // first and last day seen, To exclusive
}

// Subscription names a subscription as the rows print it.
type Subscription struct {
	ID, Name string
}
