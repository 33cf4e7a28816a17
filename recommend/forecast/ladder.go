package forecast

import (
	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// Tranche is a part of a line that is bought some quarters later, so that reservations do not all expire together.
type Tranche struct {
	Term     pricing.Term
	Quarters int // from now
	Quantity int64
	// Delay is the expected saving that waiting forgoes.
	Delay money.Amount
}

// Ladder spreads the lines of a decision over quarters so that no more than the policy's share of all reservations, owned and new,
// expires in one quarter. The units that are surest, the lowest, are bought first. Waiting forgoes what they would have saved, which
// is why the default policy has no limit. A share that cannot hold one unit a quarter is kept by one unit a quarter.
func (f *Fan) Ladder(d Decision) []Tranche {
	expires := map[int]int64{} // steps that expire in each quarter
	total := d.OneYear + d.ThreeYear
	for _, e := range f.pool.Existing {
		if e.Days > 0 {
			expires[quarterOf(e.Days)] += e.Units / f.pool.Step
			total += e.Units / f.pool.Step
		}
	}
	most := max(1, int64(f.policy.ExpirePerQuarter*float64(total)+1e-9))
	var tranches []Tranche
	for _, l := range d.Lines {
		left := l.Quantity
		for quarter := 0; left > 0; quarter++ {
			at := quarter + 4*l.Term.Years()
			n := min(left, most-expires[at])
			if n <= 0 {
				continue
			}
			expires[at] += n
			left -= n
			lost, _ := bill.Whole(l.SavingMonth.Mean.Micros).Mul(bill.Frac(3*int64(quarter)*n, l.Quantity)).Round()
			tranches = append(tranches, Tranche{l.Term, quarter, n, money.New(lost, f.pool.currency())})
		}
	}
	return tranches
}

// quarterOf returns the quarter from now in which a day lies.
func quarterOf(day int) int { return day * 4 / daysOfYear }
