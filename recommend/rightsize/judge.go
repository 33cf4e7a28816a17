package rightsize

import (
	"fmt"
	"math"
)

// Overload bounds the share of the measured time in which a target would have had too little CPU: Low <= truth <= High, guaranteed.
// Known is false where nothing bounds it.
type Overload struct {
	Low, High float64
	Known     bool
}

// capacity returns the CPU of a target in percent of the machine at worst, and false where speeds cannot be compared. It is capped
// far above any measure.
func capacity(from, to *kind) (Percent, Speed, bool) {
	speed := compare(from.series, to.series)
	if speed.Ratio == 0 {
		return 0, speed, false
	}
	return Percent(min(math.MaxInt32, to.vcpus*int64(speed.Ratio)/from.vcpus)), speed, true
}

// overloadAt bounds the overload of a machine on a capacity. What was not bounded stays unknown.
func (m *Machine) overloadAt(capacity Percent) Overload {
	if m.Overload == nil || m.OverloadSeconds <= 0 || m.Split {
		return Overload{}
	}
	low, high := m.Overload(capacity)
	total := float64(m.OverloadSeconds) * 1000
	return Overload{float64(low) / total, min(1, float64(high)/total), true}
}

// highAtMost reports whether the upper bound is at most limit, in integers.
func (m *Machine) highAtMost(capacity, limit Percent) bool {
	if m.Overload == nil || m.OverloadSeconds <= 0 || m.Split || limit <= 0 {
		return false
	}
	_, high := m.Overload(capacity)
	return high*10 <= int64(limit)*m.OverloadSeconds // high/1000 / seconds <= limit/10000
}

// cpuFits says whether the CPU of a target is enough. Less than today is enough only where it was measured, for long enough, without
// demand cut off, without a rising level, and by the rule: the quantile of the interval maximum; or, where the intervals bound the
// overload itself, that bound, the relaxed quantile, and P99 within the target.
func (s *Sizer) cpuFits(m *Machine, from *kind, capacity Percent) (Reason, bool) {
	if capacity >= whole {
		return Reason{}, true
	}
	if why, ok := s.measured(m); !ok {
		return why, false
	}
	if why, ok := m.steady(capacity); !ok {
		return why, false
	}
	if base := Percent(from.shape.Burst.BaselineBasisPoints); from.shape.Burstable && m.CPUMax.P95 >= base-base/20 && m.CPUMax.Max <= base+base/20 {
		return Reason{"censored", "it stays at the baseline of its burstable size: without credits more was wanted than measured"}, false
	}
	rule, relaxed := s.policy.rule(m), s.policy.Relaxed
	if m.CPUMax.Samples == 0 {
		if q := m.CPUAvg.P99; s.policy.AverageLimit == 0 || !fits(q, s.policy.AverageLimit, capacity) {
			return Reason{"average_only", fmt.Sprintf("no interval maxima: P99 of the average would be %s of the target, and averages hide peaks", onTarget(q, capacity))}, false
		}
		return Reason{}, true
	}
	q := m.CPUMax.at(rule.Share)
	within := fits(q, rule.Limit, capacity)
	if !within && s.policy.Overload > 0 {
		within = fits(m.CPUMax.at(relaxed.Share), relaxed.Limit, capacity) && m.highAtMost(capacity, s.policy.Overload) && fits(m.CPUMax.P99, whole, capacity)
	}
	if !within {
		return Reason{"cpu", fmt.Sprintf("P%g of the interval maximum would be %s of the target, above %s", float64(rule.Share)/100, onTarget(q, capacity), rule.Limit)}, false
	}
	if s.policy.oneStep(m) && capacity < whole/2 && !fits(m.CPUMax.P99, s.policy.OneStepFree, capacity) {
		return Reason{"one_step", fmt.Sprintf("more than half at once, and P99 would be %s of the target, above %s: one step first", onTarget(m.CPUMax.P99, capacity), s.policy.OneStepFree)}, false
	}
	return Reason{}, true
}

// steady says whether the level is known not to rise much for a capacity.
func (m *Machine) steady(capacity Percent) (Reason, bool) {
	switch {
	case m.First < 0 || m.Second < 0:
		return Reason{"drift_unknown", "averages were not measured, so that it is not known whether the level rises"}, false
	case m.drifts(capacity):
		return Reason{"drift", fmt.Sprintf("mean CPU rose from %s to %s between the halves of its days, much for the target", m.First, m.Second)}, false
	}
	return Reason{}, true
}

// measured says whether what was measured allows any shrinking.
func (s *Sizer) measured(m *Machine) (Reason, bool) {
	switch {
	case m.CPUMax.Samples == 0 && m.CPUAvg.Samples == 0 && m.Refused != "":
		return Reason{"samples_refused", m.Refused}, false
	case m.CPUMax.Samples == 0 && m.CPUAvg.Samples == 0:
		return Reason{"no_metrics", "CPU was not measured"}, false
	case m.Split:
		return Reason{"resized", "it had several sizes in the window, so that its measures are of neither"}, false
	case m.Censored >= s.policy.Censored && m.Censored > 0:
		return Reason{"censored", fmt.Sprintf("%s of the time at the ceiling: more was wanted than measured", m.Censored)}, false
	case m.CPUMax.Samples == 0:
		return s.enough(m, &m.CPUAvg)
	}
	return s.enough(m, &m.CPUMax)
}

// fits reports whether q of the machine is at most limit of the capacity.
func fits(q, limit, capacity Percent) bool {
	return int64(q)*int64(whole) <= int64(limit)*int64(capacity)
}

// onTarget returns what q of the machine is of a target, rounded up.
func onTarget(q, capacity Percent) Percent {
	if capacity <= 0 {
		return math.MaxInt32
	}
	return Percent(min(math.MaxInt32, (int64(q)*int64(whole)+int64(capacity)-1)/int64(capacity)))
}

// memoryFits says whether the memory of a target is enough: at least today's, or the highest use with its margin.
func (s *Sizer) memoryFits(m *Machine, from, to *kind) (Reason, bool) {
	a, b := from.shape.MemoryMiB, to.shape.MemoryMiB
	switch {
	case b >= a && a > 0:
		return Reason{}, true
	case a <= 0 || b <= 0:
		return Reason{"memory_unknown", fmt.Sprintf("the memory of %s or %s is not known", from.name, to.name)}, false
	case m.Memory.Samples == 0 || m.Split:
		return Reason{"memory_unknown", fmt.Sprintf("memory was not measured: at least today's %d GiB", a>>10)}, false
	case a*int64(m.Memory.Max)*int64(whole+s.policy.MemoryMargin) > b*int64(whole)*int64(whole):
		return Reason{"memory", fmt.Sprintf("the highest use of %s of %d GiB and a margin of %s do not fit into %d GiB", m.Memory.Max, a>>10, s.policy.MemoryMargin, b>>10)}, false
	}
	if why, ok := s.enough(m, &m.Memory); !ok {
		why.Detail = "memory was " + why.Detail
		return why, false
	}
	return Reason{}, true
}

// limited is a limit of a size beside CPU and memory, and what is known of its use.
type limited struct {
	what     string
	code     string // of the reason
	measured bool
	from, to int64   // the limits, in unit; below 1 is not known
	high     int64   // the quantile of the rule, in thousandths of unit
	unit     string  // for people
	limit    Percent // of the target that may be used
}

// limits returns the limits of disks and network of a machine on a target. Uses of disks are kept as shares of the limit of the size of
// today, so that they say something only where that is known.
func (s *Sizer) limits(m *Machine, from, to *kind) [3]limited {
	rule, a, b := s.policy.rule(m), &from.shape, &to.shape
	usable := func(use *Stats) bool {
		_, ok := s.enough(m, use)
		return ok && !m.Split && use.Samples > 0
	}
	disk := func(what string, use *Stats, from, to, scale int64, unit string) limited {
		l := limited{what: what, code: "disk", from: from / scale, to: to / scale, unit: unit, limit: rule.Limit}
		if from > 0 && usable(use) {
			l.measured, l.high = true, mulDiv(from, int64(use.at(rule.Share)), scale*int64(whole)/1000, true)
		}
		return l
	}
	net := limited{what: "network out", code: "network", from: a.NetworkMbps, to: b.NetworkMbps, unit: "Mbit/s", limit: rule.Limit}
	if usable(&m.NetworkOut) {
		net.measured, net.high = true, int64(m.NetworkOut.at(rule.Share)) // kilobits are thousandths
	}
	return [3]limited{
		disk("disk bandwidth", &m.DiskBandwidth, a.DiskBytesPerSecond, b.DiskBytesPerSecond, 1_000_000, "MB/s"),
		disk("disk operations", &m.DiskOperations, a.DiskIOPS, b.DiskIOPS, 1, "a second"),
		net,
	}
}

// fits says whether a limit of a target is enough: at least today's, or the use within the limit of the CPU rule. proven is false where
// the target may allow less than what is used, because either is not known.
func (l *limited) fits() (why Reason, proven, ok bool) {
	switch {
	case l.from > 0 && l.to >= l.from:
		return Reason{}, true, true
	case l.to <= 0 || !l.measured:
		return Reason{}, false, true
	case l.high*int64(whole) > 1000*l.to*int64(l.limit):
		return Reason{l.code, fmt.Sprintf("%s of %s %s would be above %s of the target's %d", l.what, thousandths(l.high), l.unit, l.limit, l.to)}, true, false
	}
	return Reason{}, true, true
}

// thousandths prints a number of thousandths.
func thousandths(n int64) string {
	if n >= 10_000 {
		return fmt.Sprint((n + 500) / 1000)
	}
	return fmt.Sprintf("%.3g", float64(n)/1000)
}

// refused says whether a limit that nothing proves to be enough makes a size unfit. It does where the target has less, or may have. Where
// nothing is known of today's limit a size that has no less CPU and memory is no step down, and the limit is left to be looked at.
func (l *limited) refused(smaller bool) bool { return l.from > 0 || smaller }

// unproven says what must be looked at where a limit could not be judged; empty where nothing need be.
func (l *limited) unproven() string {
	switch {
	case l.to <= 0 && l.from > 0:
		return fmt.Sprintf("%s: up to %d %s today, the limit there is not known", l.what, l.from, l.unit)
	case l.to <= 0:
		return l.what + ": the limits of both sizes are not known"
	case l.from <= 0:
		return fmt.Sprintf("%s: at most %d %s there, today's limit is not known, and its use was not measured", l.what, l.to, l.unit)
	}
	return fmt.Sprintf("%s: at most %d %s instead of %d, and its use was not measured", l.what, l.to, l.unit, l.from)
}

// String returns the percentage for people, such as "12.5 %".
func (p Percent) String() string { return fmt.Sprintf("%g %%", float64(p)/100) }
