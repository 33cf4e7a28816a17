package rightsize

import (
	"fmt"
	"strings"

	"sizeterm/pricing/catalog"
)

// burst is the replay of a load on a burstable size: what may have stayed unmet because credits were gone, in millionths of a vCPU times
// seconds, and the lowest credit bank, in the same unit.
type burst struct {
	Unmet  int64 // starting with the credits of a new machine, at most
	Empty  int64 // starting without credits: after a redeployment or on another host the bank is lost
	Lowest int64 // of the bank, starting with the credits of a new machine
}

// Feasible reports whether nothing was unmet, from a full and from an empty bank.
func (b burst) Feasible() bool { return b.Unmet == 0 && b.Empty == 0 }

const (
	micro  = 1_000_000 // of a vCPU
	minute = 60
)

// replayOn runs a load, in percent of vcpus vCPUs as fast as the target's, on a burstable size (reference 3.5): what is used above the
// baseline comes out of the bank, what is used below goes into it up to the cap, and with an empty bank only the baseline is had.
//
// Of an interval the lowest, average and highest use are known, not their order. Its average settles what is earned less what is
// spent; what is spent is at most what a use would spend that is at its highest or at its lowest all the time; and it is taken to
// spend before it earns. So whatever happened inside the intervals, no more was unmet. A gap of an hour or more may have been a
// redeployment: behind it the bank holds no more than that of a new machine, or nothing. It is false where the size is not burstable.
//
// A credit is one vCPU for a minute on sizes of the first generation, and two on those of the second, whose documented formula
// halves what is earned and spent; credits and caps of each size are the catalog's.
func replayOn(series []Load, vcpus int64, target catalog.Size) (burst, bool) {
	shape, ok := target.Shape()
	if !ok || !shape.Burstable || shape.VCPUs <= 0 {
		return burst{}, false
	}
	credit := int64(minute * micro) // a vCPU for a minute
	if strings.HasSuffix(string(target), "_v2") {
		credit *= 2
	}
	r := replay{
		base: int64(shape.Burst.BaselineBasisPoints) * int64(shape.VCPUs) * micro / int64(whole), most: int64(shape.VCPUs) * micro,
		cap: int64(shape.Burst.MaxCredits) * credit, vcpus: vcpus, series: series,
	}
	full := int64(shape.Burst.InitialCredits) * credit
	out := burst{}
	out.Unmet, out.Lowest = r.run(min(full, r.cap))
	out.Empty, _ = r.run(0)
	return out, true
}

// replay holds one replay; amounts are millionths of a vCPU, banks that times seconds.
type replay struct {
	base, most, cap, vcpus int64
	series                 []Load
}

func (r *replay) run(start int64) (unmet, lowest int64) {
	bank := start
	lowest = bank
	for i := range r.series {
		l := &r.series[i]
		if i > 0 && l.Start-r.series[i-1].Start-int64(r.series[i-1].Seconds) >= 3600 {
			bank = min(bank, start)
		}
		seconds := int64(l.Seconds)
		unmet += r.excess(l, r.most)
		spent := r.excess(l, r.base)
		earned := max(0, spent+(r.base-r.use(l.Avg))*seconds)
		if spent > bank {
			unmet, spent = unmet+spent-bank, bank
		}
		lowest = min(lowest, bank-spent)
		bank = max(0, min(r.cap, bank+earned)-spent) // earned first: of all orders the one that leaves least under the cap
	}
	return unmet, lowest
}

// excess is the most that an interval can have used above a level.
func (r *replay) excess(l *Load, level int64) int64 {
	low, avg, high, seconds := r.use(l.Low), r.use(l.Avg), r.use(l.High), int64(l.Seconds)
	switch {
	case high <= level:
		return 0
	case low >= level, high <= low:
		return max(0, avg-level) * seconds
	}
	return mulDiv((high-level)*seconds, max(0, avg-low), high-low, true)
}

// use turns a share of the machine into millionths of a vCPU.
func (r *replay) use(p Percent) int64 { return int64(p) * r.vcpus * (micro / int64(whole)) }

// burstFits says whether a burstable target is enough. Without a series only a machine that never exceeds the baseline is.
func (s *Sizer) burstFits(m *Machine, from, to *kind, speed Speed) (Reason, bool) {
	if !to.shape.Burstable || to == from {
		return Reason{}, true
	}
	if why, ok := s.measured(m); !ok {
		return why, false
	}
	if m.CPUMax.Samples == 0 {
		return Reason{"average_only", "credits are replayed on interval maxima, which are not known"}, false
	}
	// In vCPUs of the target: a slower vCPU has more to do.
	work := func(p Percent) int64 { return mulDiv(int64(p)*from.vcpus, int64(whole), int64(speed.Ratio), true) }
	base := int64(to.shape.Burst.BaselineBasisPoints) * to.vcpus
	// What lasts is the baseline: a level that rises much for it will use up any credits.
	if why, ok := m.steady(Percent(min(int64(whole), base*int64(speed.Ratio)/(int64(whole)*from.vcpus)))); !ok {
		return why, false
	}
	if work(m.CPUMax.Max) <= base {
		return Reason{}, true
	}
	series := m.series()
	if len(series) == 0 {
		return Reason{"burst_unknown", fmt.Sprintf("above the baseline of %s at times, and its hours are not at hand to replay the credits", to.name)}, false
	}
	if speed.Ratio != whole {
		slower := make([]Load, len(series))
		for i, l := range series {
			l.Low, l.Avg, l.High = onTarget(l.Low, speed.Ratio), onTarget(l.Avg, speed.Ratio), onTarget(l.High, speed.Ratio)
			slower[i] = l
		}
		series = slower
	}
	if b, ok := replayOn(series, from.vcpus, to.name); !ok || !b.Feasible() {
		return Reason{"burst", fmt.Sprintf("credits of %s may run out: up to %s vCPU-hours unmet, %s from an empty bank", to.name, vcpuHours(b.Unmet), vcpuHours(b.Empty))}, false
	}
	return Reason{}, true
}

func vcpuHours(n int64) string { return fmt.Sprintf("%.2f", float64(n)/micro/3600) }
