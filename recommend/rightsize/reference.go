package rightsize

import (
	"fmt"

	"sizeterm/pricing/catalog"
)

// Reference is what the rules of others say of a machine, so that a difference can be explained.
type Reference struct {
	// UserFacing and Other are the sizes that Azure Advisor would move to, for both kinds of workload; empty where it keeps the
	// machine. The texts say why.
	UserFacing, Other       catalog.Size
	UserFacingWhy, OtherWhy string
	Shutdown                bool // Azure Advisor's shutdown
	NetworkUnknown          bool // Advisor's network rule could not be judged: it was not measured, or the tables do not know the size's limit
	// Fit is the score of the Azure Optimization Engine for the size that is asked about, in tenths of a point of 5.
	Fit int
}

// Reference applies the rules of Azure Advisor (thresholds of its documentation, 2026-07: CPU and network out at P95 at most 40 % and
// memory at P100 at most 60 % of the target where users wait, all at most 80 % elsewhere, the network where it is known; target cheaper at retail, sold in the region, with the same
// accelerated networking and premium storage) and scores the size to, which may be empty, as the Azure Optimization Engine does.
// Advisor measures maxima of 30-minute averages; here the interval maximum stands for them, and the average where there is none.
func (s *Sizer) Reference(m *Machine, to catalog.Size) Reference {
	idle := s.idle(m)
	out := Reference{NetworkUnknown: idle.NetworkUnknown, Shutdown: idle.Microsofts}
	from := s.kind(m.Size)
	if from == nil {
		return out
	}
	out.UserFacing, out.UserFacingWhy = s.advisor(m, from, 4000, 6000)
	out.Other, out.OtherWhy = s.advisor(m, from, 8000, 8000)
	if k := s.kind(to); k != nil {
		out.Fit = engineFit(engineOf(m, from, k))
	}
	return out
}

func (s *Sizer) advisor(m *Machine, from *kind, cpu, memory Percent) (catalog.Size, string) {
	q := m.CPUMax.P95
	switch {
	case m.CPUMax.Samples == 0 && m.CPUAvg.Samples == 0:
		return "", "CPU was not measured"
	case m.Memory.Samples == 0:
		return "", "memory was not measured"
	case m.CPUMax.Samples == 0:
		q = m.CPUAvg.P95
	}
	now, ok := s.price(from, marketOf(m))
	if !ok {
		return "", "no retail price of the size of today"
	}
	for _, to := range s.sold(marketOf(m)) {
		a, b := &from.shape, &to.shape
		switch {
		case to.rate+to.software >= now.rate+now.software:
			return "", fmt.Sprintf("no cheaper size stays at %s of CPU and %s of memory", cpu, memory)
		case a.PremiumIO && !b.PremiumIO, a.AcceleratedNet && !b.AcceleratedNet, a.Arch != b.Arch, from.gpu != to.gpu:
		case int64(q)*from.vcpus > int64(cpu)*to.vcpus, int64(m.Memory.Max)*a.MemoryMiB > int64(memory)*b.MemoryMiB:
		case m.NetworkOut.Samples > 0 && b.NetworkMbps > 0 && int64(m.NetworkOut.P95)*int64(whole) > 1000*b.NetworkMbps*int64(cpu):
		case b.Burstable && !from.shape.Burstable && !advisorBurst(m, from, to.kind):
		default:
			return to.name, fmt.Sprintf("%s an hour less at retail; reservations and discounts are not looked at", (now.rate + now.software - to.rate - to.software).Decimal())
		}
	}
	return "", "nothing cheaper is sold"
}

// advisorBurst is Advisor's rule for burstable targets: as many cores, average below the baseline, P95 below twice the baseline,
// credits that last.
func advisorBurst(m *Machine, from, to *kind) bool {
	base := Percent(to.shape.Burst.BaselineBasisPoints)
	if to.vcpus != from.vcpus || m.CPUAvg.Samples == 0 || m.CPUAvg.Mean >= base || m.CPUMax.P95 >= 2*base || from.shape.AcceleratedNet {
		return false
	}
	series := m.series()
	if len(series) == 0 {
		return m.CPUMax.Max <= base
	}
	b, ok := replayOn(series, from.vcpus, to.name)
	return ok && b.Unmet == 0
}

// engine is what the fit score of the Azure Optimization Engine looks at. Counts, limits and measures that are -1 are not known.
type engine struct {
	DataDisks, MaxDataDisks int64
	NICs, MaxNICs           int64
	IOPS, MaxIOPS           int64
	MiBps, MaxMiBps         int64
	CPU, Memory             Percent // P99 of what is used today
	Mbps                    int64
}

// engineFit is the fit score of the Azure Optimization Engine in tenths, 50 at best (FinOps toolkit,
// Recommend-AdvisorCostAugmentedToBlobStorage; domain reference 7.2). It keeps its quirk: too many disks or network interfaces set the
// score to 1 and checks go on, so that a late one raises a lower score.
func engineFit(in engine) int {
	score := 50
	count := func(have, most int64) {
		switch {
		case have < 0 || most < 0:
			score -= 10
		case have > most:
			score = 10
		}
	}
	count(in.DataDisks, in.MaxDataDisks)
	count(in.NICs, in.MaxNICs)
	limit := func(used, most int64, unknownLimit int) {
		switch {
		case most < 0:
			score -= unknownLimit
		case used < 0:
			score -= 5
		case used >= most:
			score -= 10
		}
	}
	limit(in.IOPS, in.MaxIOPS, 10)
	limit(in.MiBps, in.MaxMiBps, 0)
	if in.CPU < 0 || in.CPU >= 3000 {
		score -= 5
	}
	if in.Memory < 0 || in.Memory >= 5000 {
		score -= 5
	}
	if in.Mbps < 0 || in.Mbps >= 750 {
		score--
	}
	return max(0, score)
}

func engineOf(m *Machine, from, to *kind) engine {
	count := func(n int) int64 {
		switch {
		case n == 0:
			return -1
		case n < 0:
			return 0
		}
		return int64(n)
	}
	used := func(s *Stats, limit int64) int64 {
		if s.Samples == 0 || limit <= 0 {
			return -1
		}
		return mulDiv(limit, int64(s.P99), int64(whole), true)
	}
	in := engine{
		DataDisks: count(m.Needs.DataDisks), MaxDataDisks: int64(to.shape.MaxDataDisks), NICs: count(m.Needs.NICs), MaxNICs: int64(to.shape.MaxNICs),
		IOPS: used(&m.DiskOperations, from.shape.DiskIOPS), MaxIOPS: to.shape.DiskIOPS,
		MiBps: used(&m.DiskBandwidth, from.shape.DiskBytesPerSecond), MaxMiBps: to.shape.DiskBytesPerSecond,
		CPU: -1, Memory: -1, Mbps: -1,
	}
	if in.MiBps > 0 {
		in.MiBps >>= 20
	}
	if in.MaxMiBps > 0 {
		in.MaxMiBps >>= 20
	}
	if m.CPUMax.Samples > 0 {
		in.CPU = m.CPUMax.P99
	} else if m.CPUAvg.Samples > 0 {
		in.CPU = m.CPUAvg.P99
	}
	if m.Memory.Samples > 0 {
		in.Memory = m.Memory.P99
	}
	if m.NetworkOut.Samples > 0 {
		in.Mbps = int64(m.NetworkOut.P99) / 1000
	}
	return in
}

// cores is the rule of several peers: the vCPUs in use at a quantile times a comfort factor, rounded up. Azure Migrate multiplies P95
// by 1.3 or more; OptScale divides P99 by its target of 80 %, a factor of 1.25; Flexera multiplies P95 by 1.5.
func cores(vcpus int64, use, comfort Percent) int64 {
	return mulDiv(vcpus*int64(use), int64(comfort), int64(whole)*int64(whole), true)
}
