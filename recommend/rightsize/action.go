package rightsize

import (
	"cmp"
	"fmt"
	"time"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Idle is the judgement whether a machine does anything, by two rules side by side.
//
//	rule         CPU                                                            network out
//	Microsoft's  P95 of the maximum below 3 %, average of the last 3 days <= 2 %   below 2 % of the size's limit
//	ours         P99 of the maximum at most 5 %, average at most 2 %, 14 days      P95 at most 100 kbit/s, and measured
//
// Theirs looks at a week and not at the network where no limit is known; ours wants two weeks, so that a job of every Sunday counts
// twice, and a network that was measured: a relay has no load either.
type Idle struct {
	Microsofts, Ours bool
	NetworkUnknown   bool // Microsoft's rule was judged without the network
	Detail           string
}

const (
	idleDays    = 14
	idleMax     = 500 // P99 of the maximum
	idleMean    = 200
	idleNetwork = 100 // kbit/s
	advisorMax  = 300
	advisorMean = 200
	// advisorNetwork is the share of the size's limit, at P95: Advisor says "less than 2 %" without a quantile.
	advisorNetwork = 200
	officeHours    = 14 * 5 // from 06:00 to 20:00 on weekdays
	hoursOfAWeek   = 168
)

func (s *Sizer) idle(m *Machine) Idle {
	if _, ok := s.enough(m, &m.CPUMax); !ok || m.CPUMax.Samples == 0 || m.Split {
		return Idle{NetworkUnknown: true}
	}
	recent := m.Recent
	if recent < 0 {
		recent = m.CPUAvg.Max // of the whole window: no less than that of its last days
	}
	known := m.CPUAvg.Samples > 0 || m.Recent >= 0
	limit := int64(0) // in kbit/s
	if k := s.kind(m.Size); k != nil {
		limit = 1000 * k.shape.NetworkMbps
	}
	i := Idle{NetworkUnknown: m.NetworkOut.Samples == 0 || limit <= 0}
	quiet := i.NetworkUnknown || int64(m.NetworkOut.P95)*int64(whole) < advisorNetwork*limit
	i.Microsofts = known && m.CPUMax.P95 < advisorMax && recent <= advisorMean && quiet
	i.Ours = min(m.daysOf(&m.CPUMax), m.daysOf(&m.CPUAvg), m.daysOf(&m.NetworkOut)) >= idleDays && m.CPUAvg.Samples > 0 && m.CPUMax.P99 <= idleMax && m.CPUAvg.P99 <= idleMean &&
		m.NetworkOut.Samples > 0 && m.NetworkOut.P95 <= idleNetwork
	if i.Microsofts || i.Ours {
		i.Detail = fmt.Sprintf("P99 of the CPU maximum %s, of the average %s, over %d days", m.CPUMax.P99, m.CPUAvg.P99, m.Days)
		if m.NetworkOut.Samples > 0 {
			i.Detail += fmt.Sprintf(", network out %d kbit/s at P95", m.NetworkOut.P95)
		}
	}
	return i
}

// Hours is a schedule: the machine runs from 06:00 to 20:00 UTC on weekdays and is deallocated otherwise.
type Hours struct {
	OffPerWeek int // hours
	// Running is the share of the hours that stay. A reservation is worth its price only where a unit is used for more than r/p of
	// the hours: below that share the machine should not be reserved, and what is reserved for it stands idle.
	Running   float64
	CostMonth money.Amount
	Saving    money.Amount
	Detail    string
}

// OfficeHour reports whether a machine on a schedule runs in the hour that begins at t.
func OfficeHour(t time.Time) bool {
	t = t.UTC()
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && t.Hour() >= 6 && t.Hour() < 20
}

// hours proposes a schedule where every hour of the night and the weekend is idle and the day is not, and the machine runs through.
func (s *Sizer) hours(m *Machine, now *Alternative) *Hours {
	if m.Week == nil || m.Pattern != "always" || m.Old != "" || m.daysOf(&m.CPUAvg) < idleDays || m.ScaleSet != "" {
		return nil
	}
	day, n := int64(0), int64(0)
	for h, v := range m.Week {
		switch office := h < 120 && h%24 >= 6 && h%24 < 20; {
		case v < 0, !office && v > idleMean:
			return nil
		case office:
			day, n = day+int64(v), n+1
		}
	}
	if day < 2*idleMean*n {
		return nil
	}
	out := &Hours{OffPerWeek: hoursOfAWeek - officeHours, Running: float64(officeHours) / hoursOfAWeek}
	var err error
	if out.CostMonth, err = now.CostMonth.MulDiv(officeHours, hoursOfAWeek); err != nil {
		return nil
	}
	if out.Saving, err = now.CostMonth.Sub(out.CostMonth); err != nil {
		return nil
	}
	out.Detail = fmt.Sprintf("idle in all %d hours of nights and weekends: running %.1f %% of the hours saves %s a month at pay-as-you-go; "+
		"a reservation for it would have to cost less than that share of the price", out.OffPerWeek, 100*out.Running, out.Saving.Round())
	return out
}

// upsize returns the cheapest size with half as much CPU again, where demand was cut off, or where the machine is above its rule today.
func (s *Sizer) upsize(m *Machine, all []Alternative) catalog.Size {
	if _, ok := s.enough(m, &m.CPUMax); !ok || m.CPUMax.Samples == 0 || m.Split {
		return ""
	}
	rule := s.policy.rule(m)
	cutOff := m.Censored >= s.policy.Censored && m.Censored > 0
	if !cutOff && fits(m.CPUMax.at(rule.Share), rule.Limit, whole) {
		return ""
	}
	for i := range all {
		if a := &all[i]; a.Feasible && a.Capacity >= whole+whole/2 {
			return a.Size
		}
	}
	return ""
}

// successor returns the cheapest feasible size that neither retires nor is closed to reservations, where the machine's own does.
func (s *Sizer) successor(from *kind, all []Alternative) catalog.Size {
	if from.retires.IsZero() && from.reservable {
		return ""
	}
	best := -1
	for i := range all {
		a := &all[i]
		k := s.kind(a.Size)
		if !a.Feasible || !k.reservable || !k.retires.IsZero() {
			continue
		}
		if best < 0 || cmp.Or(a.CostMonth.Cmp(all[best].CostMonth), cmp.Compare(a.Size, all[best].Size)) < 0 {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return all[best].Size
}

// instances returns how many instances of a scale set carry its average load, one at least: counts follow averages, because load
// moves between instances, and sizes follow maxima. 0 where it cannot be told.
func (s *Sizer) instances(m *Machine) int64 {
	if m.ScaleSet == "" || m.Instances < 2 {
		return 0
	}
	if _, ok := s.measured(m); !ok || m.CPUAvg.Samples == 0 || m.CPUMax.Samples == 0 {
		return 0
	}
	limit := int64(s.policy.Relaxed.Limit)
	n := (m.Instances*int64(m.CPUAvg.P95) + limit - 1) / limit
	// Two may not become one unless the maximum fits too: nothing is left to share a peak with.
	if peak := (m.Instances*int64(m.CPUMax.P95) + int64(whole) - 1) / int64(whole); n < peak && n < 2 {
		n = min(peak, 2)
	}
	return min(m.Instances, max(1, n))
}
