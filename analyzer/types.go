// Package analyzer turns Arrow records of charges and samples into what every decision rests on: the utilisation of each
// customer, region and size and of each virtual machine, and the units that each pool used in each hour.
//
// Units: hours are micro-hours, percentages are hundredths of a point, times are UTC, money is micro-units. Every result
// is a function of the set of rows alone: the order of records, files, shards and goroutines changes no byte of it.
// Missing is not zero: a Distribution without samples is not a distribution of zeros, an hour that no file covers is not
// an idle hour, and a machine without metrics is not an idle machine.
//
// The package refuses a record of another schema and a merge of two accumulators of different options; it never refuses
// data, which the reader has already judged, but says as Warnings what it could not judge itself.
package analyzer

import (
	"strings"
	"time"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing/catalog"
)

// Percent is a share in hundredths of a percent point: 9550 is 95.5 %. It may exceed 10000 where a source does.
type Percent int32

// Distribution is a set of exact quantiles of one measure: nearest rank (Hyndman-Fan type 1), each sample weighted by the
// seconds it covers, at a resolution of 0.01 point. Samples == 0 means that nothing was measured and no other field means
// anything.
type Distribution struct {
	Samples                       int64
	Seconds                       int64
	P50, P90, P95, P99, Max, Mean Percent
	Type7                         *Type7 // nil where samples of several lengths make it meaningless
}

// Type7 is the same distribution by the interpolated quantile that Excel's PERCENTILE.INC and numpy compute
// (Hyndman-Fan type 7, unweighted, rounded half-up to 0.01 point). It stands beside the exact figures for people who
// compare, always under this name, and decides nothing.
type Type7 struct {
	P50, P90, P95, P99 Percent
}

// Concurrency is the distribution over the hours of the window of the number of instances that ran, in micro-instances
// (1e6 is one instance for the whole hour), of the Flat profile.
type Concurrency struct {
	P50, P90, P95, P99, Max, Mean int64
}

// Key names a profile.
type Key struct {
	Customer string
	Region   catalog.Region
	Size     catalog.Size
}

// Spread is the distribution over machines of each machine's own figure; N machines had one.
type Spread struct {
	N             int
	P50, P90, Max Percent
}

// Profile is the utilisation of one size in one region of one customer: pooled fleet time, except VMP95.
type Profile struct {
	Key
	VMs         int
	Hours       int64 // micro-hours billed in the window, credits netted
	Concurrency Concurrency
	Exact       bool // every machine's hours of the window are known to the hour
	CPUAvg      Distribution
	CPUMax      Distribution
	Memory      Distribution // used share of the size's memory
	VMP95       Spread       // over machines, of each machine's P95 of the interval maximum (of the average where there is no maximum)
	Untimed     bool         // by Options.SizesOnly: Hours, Concurrency, Exact and VMP95 say nothing
	Warnings    []Warning
}

// State says what could be judged about a machine.
type State string

// The states of a machine.
const (
	StateOK            State = "ok"
	StateIdle          State = "idle"                   // P95 of CPU below 3 %, average of the last 3 days at most 2 % (Azure Advisor's shut-down rule without network)
	StateNoMetrics     State = "no_metrics"             // billed, but no sample
	StateRefused       State = "samples_refused"        // billed, and all samples of its CPU were refused where they were read
	StateMemoryUnknown State = "memory_unknown"         // CPU measured, memory not
	StateTooFew        State = "too_few"                // samples of less than 7 days
	StateSizeUnknown   State = "size_unknown"           // the catalog does not know its size
	StateGone          State = "gone"                   // billed in the files, but not in the window
	StateAmbiguous     State = "ambiguous_name"         // measured under a name that several machines have, so that whose samples they are is unknown
	StateAboveFull     State = "cpu_above_100"          // CPU above 101 %: the samples are not shares of the machine
	StateMemoryOther   State = "memory_of_another_size" // more memory measured than its size has: the samples are of another size or machine
)

// MeasuredDays counts the days on which each measure of a machine was taken.
type MeasuredDays struct {
	CPUAvg, CPUMax, Memory, NetworkOut, DiskBandwidth, DiskOperations int
}

// VM is one machine: one resource of one size; a machine that was resized in the window appears once for each size.
type VM struct {
	Customer, Subscription, ResourceGroup string
	Resource, Name                        string
	ScaleSet                              bool // Name is an instance of the scale set Resource
	Size                                  catalog.Size
	Region                                catalog.Region
	OS                                    string // "linux", "windows" or "" where the file does not say
	HybridBenefit                         bool
	Spot                                  bool
	Hours                                 int64     // micro-hours billed in the window, credits netted; measured ones in a run without charges
	Covered, PlanCovered                  int64     // of these: under a reservation, under a savings plan
	FirstSeen, LastSeen                   time.Time // first and last instant billed in all that the files hold
	CPUAvg, CPUMax, Memory                Distribution
	NetworkOut                            Distribution // kilobits per second instead of hundredths of a percent, four significant digits
	DiskBandwidth, DiskOperations         Distribution // share of the size's uncached limit; Samples == 0 where the limit or the measure is not known
	SampleDays                            int          // days with samples that count: as many independent blocks at most
	Days                                  MeasuredDays // the same of each measure
	LastSample                            time.Time    // the last of these days; zero where there are none
	Censored                              Percent      // share of the measured time at 98 % of CPU or more: demand that was cut off
	Overload                              *Overload    // nil where no CPU was measured, or for several sizes
	Rhythm                                Rhythm
	Young                                 bool           // younger than Options.MinAge
	Week                                  [168]Percent   // mean CPU average by hour of week from Monday 00:00 UTC; -1 where nothing was measured
	Refused                               RefusedSamples // rows of its measurements that were refused; Rows is 0 where none was
	State                                 State
	Currency                              string
	Rate, ListRate                        int64 // on-demand and list price an instance-hour, 1e-10, as the rows say; 0 is unknown
	Cost                                  int64 // micro-units billed in the window, its software rows included
	SoftwareCost                          int64 // of these: software rows
	LicenceCost                           int64 // of these: what OS does not say; the Windows licence of a machine that bills as Windows in other rows is left out
	Tags                                  string
	Warnings                              []Warning

	spells []spell    // when it ran, where it counts in a pool
	load   packedDays // how busy it was in each hour
	known  Known
}

// Classic reports whether the machine is a classic deployment (before the Resource Manager), which no reservation is recommended for.
func (v *VM) Classic() bool { return strings.Contains(v.Resource, "/microsoft.classiccompute/") }

// Warning is a doubt about a figure that travels with it.
type Warning struct {
	Code    string // one word or two_words, stable
	Subject string // what it is about: a machine, a size, a file
	Detail  string // one sentence for a person
}

// Pool is the demand that one reservation group can serve: machines of one customer, currency, region and flexibility
// group (or of one exact size where the size has no group).
type Pool struct {
	Customer string
	Currency string
	Region   catalog.Region
	Group    string // the flexibility group; the size itself where it has none
	Flexible bool   // false: exact size only
	Members  []Member
	Exact    bool       // every member's hours are known to the hour
	Days     int        // complete days of the window that the files cover
	Gaps     []int      // the other days of the window, counted from 0: their hours are unknown, and the zeros of a Series there are not zero demand
	Left     []Member   // members that ran only in the days of Analysis.Lead: their Series are empty
	LeadGaps []int      // days of Analysis.Lead that the files do not cover, counted from its first
	Known    Known      // of the members' hours
	Young    []Excluded // machines younger than the age limit, left out of Members
	Warnings []Warning
}

// Member is the part of a pool's demand that comes from one scope and size.
type Member struct {
	Subscription, ResourceGroup string
	Size                        catalog.Size
	Ratio                       int64  // units x 100 that one instance takes in the group; 100 where there is no group
	OS                          string // "linux" or "windows"
	VMs                         int
	Series                      demand.Series // micro-instances in each hour of the window: all used hours, covered or not
	Lead                        []int64       // micro-instances in each hour of Analysis.Lead, spread over the day where its hours are not known; nil is none
	CoveredDays                 []int64       // micro-hours of each day, from the first of Analysis.Lead, that a reservation or savings plan covered; nil is none
	Covered                     int64         // micro-hours of these that a reservation covered
	PlanCovered                 int64         // micro-hours of these that a savings plan covered
	Licences                    int64         // micro-units of the window: the LicenceCost of the machines
	Rate                        int64         // on-demand price an instance-hour from the customer's own rows, 1e-10; 0 unknown
	ListRate                    int64         // list price from the customer's own rows, 1e-10; 0 unknown
}

// Known says how many micro-hours of the window are known to the hour.
type Known struct {
	Hours   int64 // all of them
	Billed  int64 // known from the bills alone: days of 24 hours and hourly rows
	Metered int64 // known with the help of the times of the metrics, Billed included
}

// Excluded names a machine whose hours a commitment must not count on.
type Excluded struct {
	Resource string
	Size     catalog.Size
	Hours    int64 // micro-hours in the window
	Since    time.Time
}

// Coverage says which days the files of a customer cover.
type Coverage struct {
	Customer, Name string
	Currencies     []string
	From, To       time.Time   // first day and the day after the last day that any usage row names
	Days           int         // days in [From, To) with usage rows, the last one only when it is complete
	Missing        []time.Time // days in [From, To) without any usage row
	Partial        bool        // the last day is not complete, and the window ends before it
	Exports        []string    // kinds of export whose rows count, sorted
	Superseded     int64       // rows that a later export or another kind of export replaced
	Known          Known       // of all machines' hours in the window
}

// ShowBack is what one slice of a customer cost in the window: by subscription, resource group or tag.
type ShowBack struct {
	Customer, Currency string
	By                 string // "subscription", "resource_group" or "tag:NAME" (the name in lower case)
	Key                string // the resource group behind its subscription and a slash; "" for what has no such tag
	Hours              int64  // micro-hours of compute
	Cost               int64  // micro-units billed: compute and software rows of machines
}
