package recommend

import (
	"sizeterm/pricing/money"
	"sizeterm/recommend/rightsize"
)

// sizes states what was decided about sizes.
func (s *seller) sizes(was *sizing, q *Plan, today []*decision) (*sizing, error) {
	is := &sizing{in: &s.in, tariff: s.tariff, today: map[poolAt]*decision{}, accounts: map[totalKey]*account{}, small: map[*subject]bool{}, overfull: map[*subject]bool{}, without: map[*subject]int64{}, adopted: true}
	for _, d := range today {
		is.today[poolOf(d.pool)] = d
	}
	twins := map[*subject]*subject{}
	sizers := map[string]*rightsize.Sizer{}
	for _, one := range was.subjects {
		two, err := s.subject(one, sizers)
		if err != nil {
			return nil, err
		}
		twins[one], is.small[two], is.overfull[two] = two, was.small[one], was.overfull[one]
		if dearer, ok := was.without[one]; ok && s.proportional {
			if err := s.mark(&dearer); err != nil {
				return nil, err
			}
			is.without[two] = dearer
		}
		is.subjects = append(is.subjects, two)
	}
	for key, a := range was.accounts {
		is.accounts[key] = a.of(twins)
	}
	for _, t := range was.trials {
		sold := &trial{pools: map[poolAt]*decision{}}
		for _, c := range was.settled {
			for _, at := range c.pools {
				d, err := s.at(t.pools[at])
				if err != nil {
					return nil, err
				}
				sold.pools[at] = d
			}
		}
		is.trials = append(is.trials, sold)
	}
	for _, c := range was.settled {
		sums, err := is.sums(is.trials, c.pools)
		if err != nil {
			return nil, err
		}
		its := c.component
		its.subjects = nil
		for _, one := range c.subjects {
			its.subjects = append(its.subjects, twins[one])
		}
		if err := is.adopt(q, &its, c.plan, sums); err != nil {
			return nil, err
		}
	}
	if len(was.subjects) > 0 {
		is.report(q)
	}
	return is, is.reserveAlone()
}

// subject states the advice on a machine.
func (s *seller) subject(was *subject, sizers map[string]*rightsize.Sizer) (*subject, error) {
	is := *was
	is.first = &s.in.Analysis.VMs[was.vms[0]]
	customer := is.first.Customer
	var err error
	if sizers[customer] == nil {
		policy := s.in.Policy.Sizing
		if sizers[customer], err = rightsize.New(rightsize.Options{AsOf: s.in.Analysis.AsOf, Prices: s.tariff.prices(customer), Policy: &policy}); err != nil {
			return nil, err
		}
	}
	is.sizer = sizers[customer]
	machine := *was.machine
	rate := int64(machine.Rate)
	if err := s.mark(&rate); err != nil {
		return nil, err
	}
	machine.Rate = money.Rate(rate)
	is.machine = &machine
	if is.fixed.Code == "size_price_basis" {
		if why, ok := s.tariff.doubtful(is.place()); ok {
			is.fixed = why
		}
	}
	is.advice, err = is.sizer.Reprice(is.machine, was.advice)
	return &is, err
}

// of returns the account with the proposals for other subjects, and nothing saved yet.
func (a *account) of(twins map[*subject]*subject) *account {
	is := &account{gap: a.gap, parts: a.parts, free: a.free}
	for _, one := range a.subjects {
		is.subjects = append(is.subjects, twins[one])
	}
	for plan := range a.proposed {
		proposed, sizes := map[*subject]rightsize.Action{}, map[*subject]string{}
		for one, action := range a.proposed[plan] {
			proposed[twins[one]] = action
		}
		for one, size := range a.sizes[plan] {
			sizes[twins[one]] = size
		}
		is.proposed, is.sizes = append(is.proposed, proposed), append(is.sizes, sizes)
	}
	return is
}
