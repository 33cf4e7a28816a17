package report

import (
	"fmt"
	"slices"
	"strings"

	"sizeterm/analyzer"
	"sizeterm/recommend"
)

// onlyCustomer returns the part of p that concerns one customer, or p itself where customer is empty. Nothing that could
// name another customer stays: remarks whose subject is not this customer's go, and so do the names of files.
func onlyCustomer(p *recommend.Plan, customer string) *recommend.Plan {
	if customer == "" {
		return p
	}
	q := customerPart(p, customer)
	q.Files = slices.Clone(p.Files)
	for i := range q.Files {
		q.Files[i].Name = strings.TrimSpace(fmt.Sprintf("%s %d", q.Files[i].Kind, i+1))
	}
	q.Prices = slices.Clone(p.Prices)
	for i := range q.Prices {
		name, alias := q.Prices[i].Name, fmt.Sprintf("price sheet %d", i+1)
		if q.Prices[i].Kind == "embedded" || name == "" {
			continue
		}
		q.Prices[i].Name = alias
		for j := range q.Lines { // keep made them copies
			if rest, ok := strings.CutPrefix(q.Lines[j].PriceSource, name); ok {
				q.Lines[j].PriceSource = alias + rest
			}
		}
	}
	for j := range q.Lines {
		q.Lines[j].Evidence = nil // it names files
	}
	return q
}

// forCustomer returns p at the prices that the customer pays, without the partner's side of its lines and totals: cost, margin, credit,
// and the sentence about it. It is nil where p cannot be stated so.
func forCustomer(p *recommend.Plan) *recommend.Plan {
	if p = p.ForCustomer(); p == nil {
		return nil
	}
	q := *p
	q.Totals = slices.Clone(p.Totals)
	for i := range q.Totals {
		q.Totals[i].Margin = nil
	}
	q.Policy.PartnerCreditRate = 0
	q.Lines = slices.Clone(p.Lines)
	for i := range q.Lines {
		l := &q.Lines[i]
		if l.Partner == nil {
			continue
		}
		said := l.Partner.Words()
		l.Reasons = slices.DeleteFunc(slices.Clone(l.Reasons), func(reason string) bool { return said != "" && reason == said })
		l.Partner = nil
	}
	return &q
}

// customerPart returns a copy of p with one customer's things and remarks only; Files stays as it is.
func customerPart(p *recommend.Plan, customer string) *recommend.Plan {
	q := *p
	q.Profiles = keep(p.Profiles, func(x *analyzer.Profile) bool { return x.Customer == customer })
	q.VMs = keep(p.VMs, func(x *analyzer.VM) bool { return x.Customer == customer })
	q.Pools = keep(p.Pools, func(x *recommend.Pool) bool { return x.Customer == customer })
	q.Lines = keep(p.Lines, func(x *recommend.Line) bool { return x.Customer == customer })
	if p.Answer != nil {
		q.Answer = &recommend.Answer{
			Totals: keep(p.Answer.Totals, func(x *recommend.TotalChange) bool { return x.Customer == customer }),
			Lines:  keep(p.Answer.Lines, func(x *recommend.LineChange) bool { return x.Customer == customer }),
		}
	}
	q.Later = keep(p.Later, func(x *recommend.Later) bool { return x.Customer == customer })
	q.Rescopes = keep(p.Rescopes, func(x *recommend.Rescope) bool { return x.Customer == customer })
	q.Reference = keep(p.Reference, func(x *recommend.Reference) bool { return x.Customer == customer })
	q.Asked = keep(p.Asked, func(x *recommend.Reference) bool { return x.Customer == customer })
	q.Lookbacks = keep(p.Lookbacks, func(x *recommend.Reach) bool { return x.Customer == customer })
	q.Totals = keep(p.Totals, func(x *recommend.Total) bool { return x.Customer == customer })

	own := subjectsOf(p, customer)
	q.Resizes = keep(p.Resizes, func(x *recommend.Resize) bool { return own[x.VM] })
	q.Sized = keep(p.Sized, func(x *recommend.Sized) bool { return x.Customer == customer })
	q.NotRecommended = keep(p.NotRecommended, func(x *recommend.NotRecommended) bool { return owns(own, x.Subject) })
	q.Warnings = keep(p.Warnings, func(x *analyzer.Warning) bool { return owns(own, x.Subject) })
	return &q
}

// subjectsOf collects the names by which remarks may speak of a customer's things, and of no one else's.
func subjectsOf(p *recommend.Plan, customer string) map[string]bool {
	own := map[string]bool{}
	add := func(owner string, names ...string) {
		for _, name := range names {
			if mine, seen := own[name]; !seen {
				own[name] = owner == customer
			} else {
				own[name] = mine && owner == customer
			}
		}
	}
	add(customer, customer)
	for i := range p.VMs {
		add(p.VMs[i].Customer, p.VMs[i].Resource, p.VMs[i].Name)
	}
	for i := range p.Profiles {
		add(p.Profiles[i].Customer, fmt.Sprintf("%s in %s", p.Profiles[i].Size, p.Profiles[i].Region))
	}
	for i := range p.Pools {
		pool := &p.Pools[i]
		add(pool.Customer, pool.ID, fmt.Sprintf("%s in %s", pool.Group, pool.Region))
		for j := range pool.Existing {
			add(pool.Customer, pool.Existing[j].ID)
		}
	}
	for i := range p.Lines {
		add(p.Lines[i].Customer, p.Lines[i].ID)
	}
	delete(own, "")
	return own
}

// owns reports whether a subject is one of own, or begins with one followed by a separator ("customer/region/group").
func owns(own map[string]bool, subject string) bool {
	if own[subject] {
		return true
	}
	for i, r := range subject {
		if strings.ContainsRune("/ ,:|", r) && own[subject[:i]] {
			return true
		}
	}
	return false
}

// keep returns the elements of in for which ok holds, in order.
func keep[T any](in []T, ok func(*T) bool) []T {
	var out []T
	for i := range in {
		if ok(&in[i]) {
			out = append(out, in[i])
		}
	}
	return out
}
