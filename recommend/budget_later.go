package recommend

import (
	"cmp"
	"slices"

	"sizeterm/pricing"
)

// planned is a purchase that a pool keeps for a later day.
type planned struct {
	d     *decision
	key   ticketKey
	cash  int64   // of one, when it falls due
	worth float64 // expected saving of the last one for each unit of that cash
}

// months adds up what a customer's pools pay in each calendar month, for what is bought today and later.
func months(group []*decision, in *Input) (map[int]int64, error) {
	paid := map[int]int64{}
	for _, d := range group {
		for key, n := range d.whole {
			total, err := d.totalOf(Purchase{key.size, key.term, n}).Mul(n)
			if err != nil {
				return nil, err
			}
			for _, c := range payments(total, key.term, d.day(key.at), in.Policy.BillingPlan) {
				paid[monthOf(c.Date)] += c.Amount.Micros
			}
		}
	}
	return paid, nil
}

// limitLater leaves out purchases planned for later days until no month is above the limit: month by month, of those that start in it
// the ones that save least for their cash. A purchase that goes takes its renewals with it. lost is the expected saving a month that
// this costs, dearest what the dearest month pays then.
func limitLater(group []*decision, limit int64, in *Input) (lost, dearest int64, err error) {
	before := map[*decision]int64{}
	for _, d := range group {
		a, err := d.allowanceOf(d.whole, in)
		if err != nil {
			return 0, 0, err
		}
		before[d] = a.saving
	}
	cut := map[*decision]bool{}
	for {
		paid, err := months(group, in)
		if err != nil {
			return 0, 0, err
		}
		month, over := firstAbove(paid, limit)
		if over <= 0 {
			dearest = mostPaid(paid)
			break
		}
		list := startingIn(group, month, in)
		if len(list) == 0 { // only what is bought today, which fits
			dearest = mostPaid(paid)
			break
		}
		worst := list[0]
		worst.d.leaveOut(worst.key, max(1, min((over+worst.cash-1)/max(1, worst.cash), worst.d.whole[worst.key])))
		cut[worst.d] = true
	}
	for _, d := range group {
		if !cut[d] {
			continue
		}
		if err := d.decideLess(); err != nil {
			return 0, 0, err
		}
		a, err := d.allowanceOf(d.whole, in)
		if err != nil {
			return 0, 0, err
		}
		lost += before[d] - a.saving
	}
	return lost, dearest, nil
}

// firstAbove returns the first month that pays more than the limit, and by how much; 0 where none does.
func firstAbove(paid map[int]int64, limit int64) (month int, over int64) {
	for m, sum := range paid {
		if sum > limit && (over == 0 || m < month) {
			month, over = m, sum-limit
		}
	}
	return month, over
}

func mostPaid(paid map[int]int64) int64 {
	most := int64(0)
	for _, sum := range paid {
		most = max(most, sum)
	}
	return most
}

// startingIn lists the later purchases that start in a month, those that save least for their cash first.
func startingIn(group []*decision, month int, in *Input) []planned {
	var list []planned
	for _, d := range group {
		for key, n := range d.whole {
			if key.at == 0 || n == 0 || monthOf(d.day(key.at)) != month {
				continue
			}
			unit := d.totalOf(Purchase{key.size, key.term, 1})
			p := planned{d: d, key: key, cash: payments(unit, key.term, d.day(key.at), in.Policy.BillingPlan)[0].Amount.Micros}
			saved := d.expected.evaluate(d.whole.with(key, -1)).cost().Sub(d.expected.evaluate(d.whole).cost())
			p.worth = saved.Float() / float64(max(1, p.cash))
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b planned) int {
		return cmp.Or(cmp.Compare(a.worth, b.worth), cmp.Compare(a.d.result.ID, b.d.result.ID), cmp.Compare(a.key.at, b.key.at), cmp.Compare(a.key.term, b.key.term), cmp.Compare(a.key.size, b.key.size))
	})
	return list
}

// leaveOut takes n of a later purchase and of its renewals out of what is bought over the horizon.
func (d *decision) leaveOut(key ticketKey, n int64) {
	less := order{}
	for k, q := range d.whole {
		chained := k.size == key.size && k.term == key.term && k.at >= key.at && (k.at-key.at)%key.term.Hours() == 0
		if chained {
			q = max(0, q-n)
		}
		if q > 0 {
			less[k] = q
		}
	}
	d.whole = less
}

// decideLess evaluates again what is left of a choice when later purchases were left out.
func (d *decision) decideLess() error {
	_, d.later = d.whole.split(d)
	d.lines, d.hourly, d.result.Limited = nil, nil, true
	saving := d.expected.evaluate(nil).cost().Sub(d.expected.evaluate(d.whole).cost())
	expected, err := d.expected.amount(saving, int64(d.result.Hours), d.currency)
	if err != nil {
		return err
	}
	for i := range d.result.Compare {
		if row := &d.result.Compare[i]; row.Choice == d.result.Chosen && row.Choice != PAYG {
			row.ExpectedSaving = expected
		}
	}
	d.result.Marginal, d.result.Curve = nil, map[pricing.Term][]Point{}
	return d.prove(d.mixed)
}
