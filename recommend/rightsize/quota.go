package rightsize

import (
	"strings"

	"sizeterm/pricing/catalog"
)

// FreeQuota returns how many vCPUs of a quota family the policy says are free in a region, by "region/family" before "family"; letters of
// either case are alike. It is false where the policy does not say.
func (p *Policy) FreeQuota(region catalog.Region, family string) (vcpus int64, known bool) {
	for _, key := range []string{string(region) + "/" + family, family} {
		for name, free := range p.Quota {
			if strings.EqualFold(name, key) {
				return free, true
			}
		}
	}
	return 0, false
}

// quotaFits reports whether one machine fits into the free quota of another family. Within its family it has its quota already, unless it
// grows; how many machines a plan moves there is the plan's to add up.
func (s *Sizer) quotaFits(m *Machine, from, to *kind) (free int64, ok bool) {
	need := int64(to.shape.VCPUs)
	if from.name.Family() == to.name.Family() {
		need -= int64(from.shape.VCPUs)
	}
	free, known := s.policy.FreeQuota(m.Region, to.name.Family())
	return free, !known || need <= max(0, free)
}
