package rightsize

import (
	"fmt"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Percent is a share in hundredths of a percent point: 9550 is 95.5 %. It may exceed 10000.
type Percent int32

// whole is all of a machine, and all of the time.
const whole Percent = 10_000

// Stats are exact quantiles of one measure, weighted with time. Samples == 0 means that nothing was measured and that no other
// field means anything.
type Stats struct {
	Samples, Seconds              int64
	Days                          int // on which it was measured; 0 where that is known of the machine only
	P50, P90, P95, P99, Max, Mean Percent
}

// at returns the quantile of a share in basis points; only those that are kept can be asked for, others give the next higher one.
func (s *Stats) at(share int) Percent {
	switch {
	case share <= 9000:
		return s.P90
	case share <= 9500:
		return s.P95
	case share <= 9900:
		return s.P99
	}
	return s.Max
}

// Load is one measured interval of CPU, in percent of the machine. Of an interval without a lowest value Low is 0, and without a
// highest value High is the average.
type Load struct {
	Start          int64 // seconds from any midnight
	Seconds        int32
	Low, Avg, High Percent
}

// Answer is what is known about a property of a machine. The zero Answer is that nothing is known.
type Answer uint8

// The answers.
const (
	No Answer = 1 + iota
	Yes
)

// Needs is what is known of how a machine is built. What is unknown is taken to be needed where the current size offers it and
// keeping it costs nothing (premium storage, accelerated networking, temp disk, generation), and is left for a person to check
// where a size must be given up otherwise (number of disks and network interfaces).
type Needs struct {
	DataDisks, NICs int    // number in use, 0 is unknown: write -1 for none
	Generation      string // of the hypervisor, "V1" or "V2"; empty is unknown
	Zone            string // "1", "2", "3"; empty is unknown or none
	PremiumDisks    Answer
	Accelerated     Answer // accelerated networking is in use
	TempDisk        Answer // the local temporary disk is in use
	EphemeralOS     Answer // the OS disk lies on the local disk
	NVMe            Answer // the image and the disks are ready for an NVMe controller
	Pinned          bool   // availability set, dedicated host or licence: the family must not change
}

// Machine is one machine as it was billed and measured. ID names it in results; nothing else about it is looked up.
type Machine struct {
	ID, Name      string
	Size          catalog.Size
	Region        catalog.Region
	OS            pricing.OS
	HybridBenefit bool // no licence cost whatever the size
	Currency      money.Code
	// Rate is the on-demand price of an instance-hour of compute where the price list lacks the size, 0 is unknown. A list price of
	// the same list is preferred: two prices are compared only from one list.
	Rate        money.Rate
	Hours       int64 // micro-hours billed in the window
	WindowHours int64 // hours of the window; 0 is taken as always on

	CPUMax, CPUAvg                Stats   // interval maxima and interval averages, in percent of the machine
	Memory                        Stats   // used share of the size's memory
	DiskBandwidth, DiskOperations Stats   // share of the size's uncached limit
	NetworkOut                    Stats   // kilobits per second instead of hundredths of a percent
	Recent                        Percent // highest CPU average of the last 3 days; -1 where not known
	Days                          int     // days with samples: as many independent blocks at most
	Old                           string  // the last day with samples where that lies before all that was billed; empty where it does not
	Refused                       string  // what measurements of it were refused and why; empty where none was
	Censored                      Percent // share of the time at 98 % of CPU or more
	First, Second                 Percent // mean CPU average of the two halves of the days; -1 where not known
	// Overload returns the least and the most milliseconds of OverloadSeconds in which the CPU was above a threshold in percent of
	// the machine; nil where it was not bounded.
	Overload        func(Percent) (low, high int64)
	OverloadSeconds int64
	// Series returns the CPU of each interval in order of time, for the replay of credits; nil where it is not known. It is asked for
	// only where a burstable size comes into question, and may be called more than once.
	Series  func() []Load
	Week    *[168]Percent // mean CPU by hour of week from Monday 00:00 UTC, -1 where not measured; nil where not known
	Pattern string        // of its hours, as the analyzer names it: "always", "office_hours", ...

	Needs     Needs
	ScaleSet  string // instances of one name are sized together
	Instances int64  // of the scale set
	Young     bool   // too young to be judged
	Spot      bool
	Split     bool // had several sizes in the window, so that its measures are of neither
	Tags      map[string]string
}

// month is how many micro-hours of 730 the machine runs in a month.
func (m *Machine) month() int64 {
	if m.WindowHours <= 0 {
		return pricing.HoursOfMonth * 1_000_000
	}
	return m.Hours/m.WindowHours*pricing.HoursOfMonth + m.Hours%m.WindowHours*pricing.HoursOfMonth/m.WindowHours
}

// enough returns why a measure tells too little for a smaller size: it must have been taken on as many days as the policy asks for, and
// on days of the bill. Each measure is judged by its own days, so that another one that lasts longer or is missing changes nothing.
func (s *Sizer) enough(m *Machine, use *Stats) (Reason, bool) {
	switch {
	case m.Old != "":
		return Reason{"metrics_old", fmt.Sprintf("measured until %s, before all days that were billed", m.Old)}, false
	case m.daysOf(use) < s.policy.MinDays:
		detail := fmt.Sprintf("measured on %d days, fewer than %d", m.daysOf(use), s.policy.MinDays)
		if m.Refused != "" {
			detail += "; " + m.Refused
		}
		return Reason{"too_few_days", detail}, false
	}
	return Reason{}, true
}

// daysOf returns the days on which a measure was taken.
func (m *Machine) daysOf(use *Stats) int {
	if use.Days > 0 {
		return min(m.Days, use.Days)
	}
	return m.Days
}

// series returns the intervals, nil where they are not known.
func (m *Machine) series() []Load {
	if m.Series == nil {
		return nil
	}
	return m.Series()
}

// drifts reports whether the level rose so much that the past says little about a target: by more than 5 points of the target and by
// a quarter of the new level. Two points more of a machine of 16 vCPUs are a third of a target of one. A level that falls makes the
// past the safer guide.
func (m *Machine) drifts(capacity Percent) bool {
	step := m.Second - m.First
	return m.First >= 0 && m.Second >= 0 && onTarget(max(0, step), capacity) > 500 && 4*step > m.Second
}
