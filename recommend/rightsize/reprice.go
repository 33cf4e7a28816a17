package rightsize

import (
	"fmt"
	"slices"
)

// Reprice returns advice as it reads at the prices of s: the same sizes and the same action for the same machine, every amount anew. It
// fails where one of the sizes has no price here.
func (s *Sizer) Reprice(m *Machine, was Advice) (Advice, error) {
	from := s.kind(m.Size)
	if from == nil || len(was.Alternatives) == 0 {
		return was, nil
	}
	now, err := s.today(m, from)
	if err != nil {
		return was, err
	}
	if now == nil {
		return was, fmt.Errorf("no price of %s in %s in %s", m.Size, m.Region, m.Currency)
	}
	is := was
	is.Alternatives, is.Reasons = slices.Clone(was.Alternatives), slices.Clone(was.Reasons)
	is.Alternatives[0].Rate, is.Alternatives[0].Software, is.Alternatives[0].CostMonth = now.Rate, now.Software, now.CostMonth
	for i := 1; i < len(is.Alternatives); i++ {
		if err := s.reprice(m, &is.Alternatives[i], now); err != nil {
			return was, err
		}
	}
	for i := range is.Reasons {
		for j := range was.Alternatives { // a reason that names an amount is that of an alternative
			if why := was.Alternatives[j].Why; why.Code == smallSaving && why == was.Reasons[i] {
				is.Reasons[i] = is.Alternatives[j].Why
			}
		}
	}
	return is, s.rewant(m, was.wanting, now, &is)
}

// rewant states anew what a size would save that only a measure is missing for.
func (s *Sizer) rewant(m *Machine, was, now *Alternative, is *Advice) error {
	if was == nil {
		return nil
	}
	wanting := *was
	if err := s.reprice(m, &wanting, now); err != nil {
		return err
	}
	is.wanting = &wanting
	for i := range is.Reasons {
		if is.Reasons[i] == was.wouldDo() {
			is.Reasons[i] = wanting.wouldDo()
		}
	}
	return nil
}

func (s *Sizer) reprice(m *Machine, a, now *Alternative) error {
	to := s.kind(a.Size)
	p, ok := s.price(to, marketOf(m))
	if !ok {
		return fmt.Errorf("no price of %s in %s in %s", a.Size, m.Region, m.Currency)
	}
	a.Rate, a.Software = p.rate, p.software
	var err error
	if a.CostMonth, err = cost(m, p.rate+p.software); err != nil {
		return err
	}
	if a.Saving, err = now.CostMonth.Sub(a.CostMonth); err != nil {
		return fmt.Errorf("%s: saving: %w", m.ID, err)
	}
	if a.Why.Code == smallSaving {
		a.Why = a.savesTooLittle()
	}
	return s.risk(m, s.kind(m.Size), to, a, now)
}
