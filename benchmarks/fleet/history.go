package fleet

import (
	"fmt"
	"iter"
	"strconv"
	"time"

	"sizeterm/ingest/usage"
)

// Story is how the demand of a fleet changes over months. Advice is tested on all of them: what was right on the first
// months is paid for in the later ones.
type Story uint8

// The stories of demand.
const (
	Stable       Story = iota // as many machines all the time
	Growing                   // a few more each month, half as many again after a year
	Weekly                    // a base all the time, and as many again in office hours
	Seasonal                  // a base, and half as many again in November and December
	Migrating                 // machines move one by one to sizes of another family, gone from the first after a year
	ShuttingDown              // two thirds of the machines end at the middle of the history
)

// Stories returns all of them, in order.
func Stories() []Story { return []Story{Stable, Growing, Weekly, Seasonal, Migrating, ShuttingDown} }

// String returns the name in lower case.
func (s Story) String() string {
	return [...]string{"stable", "growing", "weekly", "seasonal", "migrating", "shutting down"}[s]
}

// History is a fleet over months as the analyzer reads it: one compute row a machine and day. The customer is the story's
// name, everything runs in one region and subscription, prices are in dollars.
type History struct {
	Seed     uint64
	Story    Story
	Machines int       // at the start, at least 1
	From     time.Time // a UTC midnight
	Days     int
}

// sizes of the fleet before and after a migration, with their prices an hour in 1e-10 of a dollar (list, Poland Central, 2026-08).
var (
	oldSizes = [...]usageSize{{"Standard_D4s_v5", 2_300_000_000}, {"Standard_D8s_v5", 4_600_000_000}, {"Standard_D2s_v5", 1_150_000_000}}
	newSizes = [...]usageSize{{"Standard_D4as_v5", 2_080_000_000}, {"Standard_D8as_v5", 4_160_000_000}, {"Standard_D2as_v5", 1_040_000_000}}
)

type usageSize struct {
	name string
	rate int64
}

// Charges yields the rows in the order of days, then machines.
func (h History) Charges() iter.Seq[usage.ChargeRow] {
	return func(yield func(usage.ChargeRow) bool) {
		sub := NewRand(h.Seed, "subscription", h.Story.String())
		subscription := sub.GUID()
		for day := range h.Days {
			for machine := range h.count(day) {
				hours := h.hours(machine, day)
				if hours == 0 {
					continue
				}
				if row := h.row(subscription, machine, day, hours); !yield(row) {
					return
				}
			}
		}
	}
}

// count returns the number of machines that may exist on a day.
func (h History) count(day int) int {
	switch h.Story {
	case Growing:
		return h.Machines + h.Machines*day/730
	case Weekly:
		return 2 * h.Machines
	case Seasonal:
		return h.Machines + h.Machines/2
	}
	return h.Machines
}

// hours returns the micro-hours that a machine runs on a day.
func (h History) hours(machine, day int) int64 {
	const whole = 24_000_000
	r := NewRand(h.Seed, "day", strconv.Itoa(machine), strconv.Itoa(day))
	date := h.From.AddDate(0, 0, day)
	extra := machine >= h.Machines
	switch {
	case h.Story == Weekly && extra:
		if d := date.Weekday(); d == time.Saturday || d == time.Sunday {
			return 0
		}
		return int64(r.Between(11*60, 13*60)) * 1_000_000 / 60
	case h.Story == Seasonal && extra && date.Month() < time.November:
		return 0
	case h.Story == ShuttingDown && machine%3 != 0 && day >= h.Days/2:
		return 0
	case h.Story == Growing && extra && machine == h.count(day)-1 && h.count(day) > h.count(day-1):
		return int64(r.Between(1, 24)) * 1_000_000 // the day on which it is made
	case r.Below(400) == 0:
		return int64(r.Between(1, 23)) * 1_000_000 // a stop for maintenance
	}
	return whole
}

// row returns the billed row. A machine migrates on a day of its own.
func (h History) row(subscription string, machine, day int, hours int64) usage.ChargeRow {
	size := oldSizes[machine%len(oldSizes)]
	if h.Story == Migrating && day*h.Machines >= (machine+1)*365 {
		size = newSizes[machine%len(newSizes)]
	}
	vm := fmt.Sprintf("vm-%04d", machine)
	start := h.From.AddDate(0, 0, day).Unix()
	return usage.ChargeRow{
		Customer: h.Story.String(), CustomerName: h.Story.String(), Subscription: subscription, SubscriptionName: "Production",
		ResourceGroup: "rg-app", Resource: "/subscriptions/" + subscription + "/resourcegroups/rg-app/providers/microsoft.compute/virtualmachines/" + vm,
		VM: vm, Size: size.name, Region: "polandcentral", OS: "linux", Currency: "USD", Export: "actual", Dataset: "history",
		Kind: usage.Compute, Model: usage.OnDemand, Start: start, End: start + 86_400,
		Hours: hours, HasHours: true, Rate: size.rate, HasRate: true, ListRate: size.rate, HasListRate: true,
		Cost: size.rate / 10_000 * (hours / 1_000) / 1_000, Line: int64(day*h.count(day) + machine + 2),
	}
}
