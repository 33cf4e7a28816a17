package rightsize

import (
	"fmt"
	"strings"

	"sizeterm/pricing/catalog"
)

// burst is the replay of a load on a burstable size: what stayed unmet because credits were gone, in millionths of a vCPU times
// seconds, and the lowest credit bank, in the same unit. It is exact but for the division that throttles, which rounds down.
type burst struct {
	Unmet  int64 // starting with the credits of a new machine
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
// Unordered loads are known by day only: each day then takes all that it spends before it earns anything, which is the worst order.
// The use of an interval is its highest value throughout. It is false where the size is not burstable.
//
// A credit is one vCPU for a minute on sizes of the first generation, and two on those of the second, whose documented formula
// halves what is earned and spent; credits and caps of each size are the catalog's.
func replayOn(series []Load, unordered bool, vcpus int64, target catalog.Size) (burst, bool) {
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
		cap: int64(shape.Burst.MaxCredits) * credit, vcpus: vcpus, series: series, unordered: unordered,
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
	unordered              bool
}

func (r *replay) run(bank int64) (unmet, lowest int64) {
	lowest = bank
	if r.unordered {
		return r.byDay(bank)
	}
	for _, l := range r.series {
		use, seconds := r.use(l), int64(l.Seconds)
		had := min(use, r.most, r.base+bank/seconds)
		unmet += (use - had) * seconds
		bank = max(0, min(r.cap, bank+(r.base-had)*seconds))
		lowest = min(lowest, bank)
	}
	return unmet, lowest
}

// byDay takes what a day spends before what it earns.
func (r *replay) byDay(bank int64) (unmet, lowest int64) {
	lowest = bank
	for i := 0; i < len(r.series); {
		spent, earned, day := int64(0), int64(0), r.series[i].Day
		for ; i < len(r.series) && r.series[i].Day == day; i++ {
			use, seconds := r.use(r.series[i]), int64(r.series[i].Seconds)
			if use > r.most {
				unmet, use = unmet+(use-r.most)*seconds, r.most
			}
			spent += max(0, use-r.base) * seconds
			earned += max(0, r.base-use) * seconds
		}
		if spent > bank {
			unmet, spent = unmet+spent-bank, bank
		}
		lowest = min(lowest, bank-spent)
		bank = min(r.cap, bank+earned) - spent // earned first: of all orders the one that leaves least
	}
	return unmet, lowest
}

// use returns the demand of an interval.
func (r *replay) use(l Load) int64 { return int64(l.High) * r.vcpus * (micro / int64(whole)) }

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
	if len(m.Series) == 0 {
		if base := int64(to.shape.Burst.BaselineBasisPoints) * to.vcpus; work(m.CPUMax.Max) > base {
			return Reason{"burst_unknown", fmt.Sprintf("above the baseline of %s at times, and its intervals are not at hand to replay the credits", to.name)}, false
		}
		return Reason{}, true
	}
	series := m.Series
	if speed.Ratio != whole {
		series = make([]Load, len(m.Series))
		for i, l := range m.Series {
			l.High = onTarget(l.High, speed.Ratio)
			series[i] = l
		}
	}
	if b, ok := replayOn(series, m.Unordered, from.vcpus, to.name); !ok || !b.Feasible() {
		return Reason{"burst", fmt.Sprintf("credits of %s run out: %s vCPU-hours unmet, %s from an empty bank", to.name, vcpuHours(b.Unmet), vcpuHours(b.Empty))}, false
	}
	return Reason{}, true
}

func vcpuHours(n int64) string { return fmt.Sprintf("%.2f", float64(n)/micro/3600) }
