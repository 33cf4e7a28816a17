package recommend

import (
	"cmp"
	"fmt"
	"slices"

	"sizeterm/pricing/catalog"
	"sizeterm/recommend/rightsize"
)

// Quota is vCPUs of a quota family that machines need which come from other families. Those that they leave are not counted: they are free
// only after the change.
type Quota struct {
	Customer string
	Region   catalog.Region
	Family   string // empty where the catalog does not know it
	Machines int
	VCPUs    int64
	Free     int64 // that the policy says are free
	Known    bool  // the policy says so
}

// needed returns the vCPUs of another family that a change needs, false where it needs none.
func (r *Resize) needed() (vcpus int64, ok bool) {
	if r.Action != string(rightsize.Resize) || r.From.Family() == r.To.Family() {
		return 0, false
	}
	shape, _ := r.To.Shape()
	return int64(shape.VCPUs) * int64(r.Machines), true
}

// quotas adds up what the changes of a plan need, by customer, region and family.
func (s *sizing) quotas(p *Plan) []Quota {
	var out []Quota
	for i := range p.Resizes {
		r := &p.Resizes[i]
		vcpus, ok := r.needed()
		if !ok {
			continue
		}
		family := r.To.Family()
		at := slices.IndexFunc(out, func(q Quota) bool { return q.Customer == r.Customer && q.Region == r.Region && q.Family == family })
		if at < 0 {
			q := Quota{Customer: r.Customer, Region: r.Region, Family: family}
			q.Free, q.Known = s.in.Policy.Sizing.FreeQuota(r.Region, family)
			at, out = len(out), append(out, q)
		}
		out[at].Machines += r.Machines
		out[at].VCPUs += vcpus
	}
	slices.SortFunc(out, func(a, b Quota) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Family, b.Family))
	})
	return out
}

// withinQuota takes back changes, those that seem worth least first, until what is left fits the quota that the policy says is free.
func (s *sizing) withinQuota(p *Plan, final map[poolAt]*decision, cost int64) (map[poolAt]*decision, int64, error) {
	for {
		over := s.overQuota(p)
		if len(over) == 0 {
			return final, cost, nil
		}
		for _, one := range over {
			s.small[one], s.overfull[one] = true, true
		}
		clear(s.without)
		var err error
		if final, cost, err = s.evaluate(p); err != nil {
			return nil, 0, err
		}
	}
}

// overQuota returns the changes worth least of those that a quota has no room for. Moves that must be made go last.
func (s *sizing) overQuota(p *Plan) (out []*subject) {
	for _, q := range s.quotas(p) {
		if !q.Known || q.VCPUs <= q.Free {
			continue
		}
		var list []*Resize
		for i := range p.Resizes {
			if r := &p.Resizes[i]; r.Customer == q.Customer && r.Region == q.Region && r.To.Family() == q.Family {
				list = append(list, r)
			}
		}
		slices.SortStableFunc(list, func(a, b *Resize) int {
			if a.subject.advice.Forced != b.subject.advice.Forced {
				if b.subject.advice.Forced {
					return -1
				}
				return 1
			}
			return cmp.Compare(a.worth(), b.worth())
		})
		for _, r := range list {
			if vcpus, ok := r.needed(); ok && q.VCPUs > q.Free {
				q.VCPUs -= vcpus
				out = append(out, r.subject)
			}
		}
	}
	return out
}

// quotaReason says why a change was taken back.
var quotaReason = rightsize.Reason{Code: "quota", Detail: "the quota of the family has no room for all that would move there: raise it, and plan again"}

// quotaWords says which quota family the machines of a line count in; a reservation gives no quota.
func (l *Line) quotaWords() string {
	shape, _ := l.Size.Shape()
	return fmt.Sprintf("quota family %s in %s: %d vCPUs if all run as this size; a reservation raises no quota", cmp.Or(l.Size.Family(), "not known"), l.Region, int64(shape.VCPUs)*l.Quantity)
}
