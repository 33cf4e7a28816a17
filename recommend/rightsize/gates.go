package rightsize

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Reason says why something is so: a code that does not change, and a sentence for people.
type Reason struct{ Code, Detail string }

// gate applies the hard conditions of the catalog: what a target must have whatever is measured. It returns what forbids it.
func (s *Sizer) gate(m *Machine, from, to *kind) (Reason, bool) {
	need, a, b := &m.Needs, &from.shape, &to.shape
	fail := func(code, format string, args ...any) (Reason, bool) {
		return Reason{code, fmt.Sprintf(format, args...)}, false
	}
	switch {
	case a.Arch != b.Arch:
		return fail("architecture", "%s runs on %s, the machine on %s", to.name, orUnknown(b.Arch), orUnknown(a.Arch))
	case from.gpu != to.gpu:
		return fail("gpu", "%s has %s, the machine %s", to.name, orNone(to.gpu), orNone(from.gpu))
	case a.GPU != b.GPU && a.GPU != "":
		return fail("gpu", "%s has %s, the machine %s; how many are used is not known", to.name, b.GPU, a.GPU)
	case a.PremiumIO && !b.PremiumIO && need.PremiumDisks != No:
		return fail("premium_storage", "%s has no premium storage", to.name)
	case a.AcceleratedNet && !b.AcceleratedNet && need.Accelerated != No:
		return fail("accelerated_networking", "%s has no accelerated networking", to.name)
	case a.EphemeralOSDisk && !b.EphemeralOSDisk && need.EphemeralOS == Yes:
		return fail("ephemeral_os_disk", "%s cannot hold the OS disk locally", to.name)
	case !generationFits(need.Generation, a.Generations, b.Generations):
		return fail("generation", "%s boots %s; the machine is %s", to.name, orUnknown(strings.Join(b.Generations, " or ")), orUnknown(generationText(need.Generation, a.Generations)))
	case (from.version >= nvmeFrom) != (to.version >= nvmeFrom) && need.NVMe != Yes:
		return fail("disk_controller", "sizes of version %d and later have NVMe disk controllers: not by a plain resize", nvmeFrom)
	case !tempFits(need.TempDisk, a.TempDiskMiB, b.TempDiskMiB):
		return fail("temp_disk", "a size with a local temporary disk and one without cannot be crossed by a resize; %s", tempText(a.TempDiskMiB, b.TempDiskMiB))
	case need.DataDisks > 0 && b.MaxDataDisks >= 0 && need.DataDisks > b.MaxDataDisks:
		return fail("data_disks", "%s takes %d data disks, the machine has %d", to.name, b.MaxDataDisks, need.DataDisks)
	case need.NICs > 0 && b.MaxNICs >= 0 && need.NICs > b.MaxNICs:
		return fail("network_interfaces", "%s takes %d network interfaces, the machine has %d", to.name, b.MaxNICs, need.NICs)
	}
	return s.policyGate(m, from, to)
}

// nvmeFrom is the version of series from which sizes offer NVMe controllers only (compute SKU list, DiskControllerTypes: 554 sizes,
// as the domain reference has it; versions 6 and 7 are 560 sizes of the table here). Source and date: Azure SKU list, 2026-08-01.
const nvmeFrom = 6

// policyGate applies dates, zones, families and what the policy forbids.
func (s *Sizer) policyGate(m *Machine, from, to *kind) (Reason, bool) {
	free, quota := s.quotaFits(m, from, to)
	switch zone := m.Needs.Zone; {
	case to == from:
		return Reason{}, true
	case zone != "" && !slices.Contains(to.name.Zones(m.Region), zone):
		return Reason{"zone", fmt.Sprintf("%s is not offered in zone %s", to.name, zone)}, false
	case !to.retires.IsZero():
		return Reason{"retires", fmt.Sprintf("%s retires on %s", to.name, to.retires.Format(time.DateOnly))}, false
	case strings.HasSuffix(string(to.name), "_Promo"):
		return Reason{"promo", "promotional sizes end without notice"}, false
	case to.series != from.series && (m.Needs.Pinned || s.policy.NoFamilyChange):
		return Reason{"family", "the family of this machine must not change"}, false
	case !quota:
		return Reason{"quota", fmt.Sprintf("%s needs %d vCPUs of %s, %d are free in %s", to.name, to.shape.VCPUs, to.name.Family(), free, m.Region)}, false
	case to.shape.Burstable && !from.shape.Burstable && s.policy.NoBurstable:
		return Reason{"burstable", "the policy does not move machines to burstable sizes"}, false
	}
	return Reason{}, true
}

// generationFits reports whether a target boots what the machine is. A generation that is not known is any that its size boots.
func generationFits(known string, from, to []string) bool {
	if known != "" {
		return slices.Contains(to, known)
	}
	if len(from) == 0 {
		return len(to) == 0
	}
	for _, g := range from {
		if !slices.Contains(to, g) {
			return false
		}
	}
	return true
}

func generationText(known string, from []string) string {
	if known != "" {
		return known
	}
	return strings.Join(from, " or ")
}

// tempFits reports whether the local disk allows a resize: both have one, or both have none. A disk of unknown size is neither.
func tempFits(used Answer, from, to int64) bool {
	switch {
	case from < 0 || to < 0:
		return from < 0 && to < 0
	case used == Yes && to < from:
		return false
	}
	return (from == 0) == (to == 0)
}

func tempText(from, to int64) string {
	text := func(mib int64) string {
		switch {
		case mib < 0:
			return "unknown"
		case mib == 0:
			return "none"
		}
		return fmt.Sprintf("%d GiB", mib>>10)
	}
	return "today " + text(from) + ", there " + text(to)
}

// lost lists what a target has less of, and what must be looked at before the move because it is not known.
func lost(m *Machine, from, to *kind) (lost, check []string) {
	a, b := &from.shape, &to.shape
	lose := func(is bool, format string, args ...any) {
		if is {
			lost = append(lost, fmt.Sprintf(format, args...))
		}
	}
	look := func(is bool, format string, args ...any) {
		if is {
			check = append(check, fmt.Sprintf(format, args...))
		}
	}
	lose(b.TempDiskMiB >= 0 && b.TempDiskMiB < a.TempDiskMiB, "temporary disk: %d GiB instead of %d", b.TempDiskMiB>>10, a.TempDiskMiB>>10)
	lose(a.EncryptionHost && !b.EncryptionHost, "encryption at host")
	lose(a.EphemeralOSDisk && !b.EphemeralOSDisk, "ephemeral OS disk")
	lose(a.PremiumIO && !b.PremiumIO, "premium storage")
	lose(a.AcceleratedNet && !b.AcceleratedNet, "accelerated networking")
	lose(b.CachedIOPS > 0 && b.CachedIOPS < a.CachedIOPS, "cached disks: %d operations a second instead of %d", b.CachedIOPS, a.CachedIOPS)
	lose(b.CachedBytesPerSecond > 0 && b.CachedBytesPerSecond < a.CachedBytesPerSecond, "cached disks: %d MB/s instead of %d", b.CachedBytesPerSecond/1e6, a.CachedBytesPerSecond/1e6)
	lose(from.reservable && !to.reservable, "no reservation of this series can be bought")
	zonesA, zonesB := from.name.Zones(m.Region), to.name.Zones(m.Region)
	for _, zone := range zonesA {
		lose(!slices.Contains(zonesB, zone), "zone %s", zone)
	}
	look(m.Needs.DataDisks == 0 && b.MaxDataDisks < a.MaxDataDisks, "at most %d data disks (today up to %d): how many there are is not known", b.MaxDataDisks, a.MaxDataDisks)
	look(m.Needs.NICs == 0 && b.MaxNICs < a.MaxNICs, "at most %d network interfaces (today up to %d): how many there are is not known", b.MaxNICs, a.MaxNICs)
	look(from.name.Family() != to.name.Family(), "quota of %s in %s: %d vCPUs a machine", orUnknown(to.name.Family()), m.Region, b.VCPUs)
	return lost, check
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}

func orNone(text string) string {
	if text == "" {
		return "no GPU"
	}
	return text
}
