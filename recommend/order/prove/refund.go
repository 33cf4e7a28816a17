package prove

import (
	"fmt"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// refunded finds how many instances are better given back, and values that.
func (v *valuer) refunded() ([]Choice, error) {
	var best Choice
	step := max(1, v.h.Quantity/200)
	for q := step; ; q += step {
		q = min(q, v.h.Quantity)
		c, err := v.refund(q)
		if err != nil {
			return nil, err
		}
		if best.Action == "" || c.Value.Micros > best.Value.Micros {
			best = c
		}
		if q == v.h.Quantity {
			if best.Value.Micros > 0 {
				v.best = best.Quantity
			}
			return []Choice{best}, nil
		}
	}
}

// refund values giving back q instances.
func (v *valuer) refund(q int64) (Choice, error) {
	c := v.choice("refund", q, fmt.Sprintf("%d of %d", q, v.h.Quantity))
	commitment, paid, lower, err := v.remainder(q)
	if err != nil {
		return c, err
	}
	rules := catalog.RulesOn(v.terms.Now)
	fee, err := commitment.MulDiv(int64(rules.FeeBasisPoints), 10_000)
	if err != nil {
		return c, err
	}
	most, err := commitment.MulDiv(int64(rules.ReservedFeeBasisPoints), 10_000)
	if err != nil {
		return c, err
	}
	cost, err := v.pool.payg(v.h, v.h.Quantity-q, v.h.Scope, nil)
	if err != nil {
		return c, err
	}
	gain := bill.Whole(commitment.Micros - fee.Micros).Sub(v.pool.ahead(cost.Sub(v.keep), v.left))
	if c.Value, err = v.sum(gain); err != nil {
		return c, err
	}
	c.Commitment, c.Refund, c.Fee, c.FeeAtMost = Sum{commitment}, Sum{paid}, Sum{fee}, Sum{most}
	if lower != "" {
		c.Reasons = append(c.Reasons, lower)
	}
	c.Reasons = append(c.Reasons, "prorated by UTC days; the partner asks for it, not the customer")
	uses, ok := v.terms.Ledger.caps(v.h.Customer, v.terms.Now, commitment, paid, v.usd)
	if !ok {
		c.Allowed = false
		c.Reasons = append(c.Reasons, "the cap is in US dollars and no rate for "+string(commitment.Currency)+" is given: --usd-rate")
		return c, nil
	}
	c.Cap = uses
	for _, u := range uses {
		if u.Fits {
			continue
		}
		text := fmt.Sprintf("over the cap of %s in 365 days by %s (%s)", u.Limit.Round(), u.After.Round(), u.Reading)
		if u.Free != "" {
			text += ", free on " + u.Free
		}
		c.Reasons = append(c.Reasons, text)
		c.Allowed = c.Allowed && u.Reading != byCommitment // the stricter reading decides
	}
	return c, nil
}

func (v *valuer) usd(a money.Amount) (money.Amount, bool) {
	if a.Currency == "USD" || a.IsZero() {
		return money.New(a.Micros, "USD"), true
	}
	if v.terms.USD == nil {
		return a, false
	}
	return v.terms.USD(a)
}

// remainder is what is left of q instances at the lower of purchase price and today's.
func (v *valuer) remainder(q int64) (commitment, paid money.Amount, lower string, err error) {
	commitment, paid, err = v.h.remainder(v.terms.Now, q)
	if err != nil {
		return commitment, paid, "", err
	}
	offer, err := v.terms.Book.Offer(v.h.Size, v.h.Region, pricing.Linux, v.h.Term, v.h.Total.Currency)
	if err != nil {
		return commitment, paid, "today's price is not known: where it is lower than the purchase price, less comes back", nil
	}
	today, err := offer.Total.Mul(v.h.Quantity)
	if err != nil || today.Micros >= v.h.Total.Micros {
		return commitment, paid, "", err
	}
	lower = fmt.Sprintf("today's price %s is below the purchase price %s: it counts", today, v.h.Total)
	if commitment, err = commitment.MulDiv(today.Micros, v.h.Total.Micros); err != nil {
		return commitment, paid, lower, err
	}
	return commitment, money.New(min(paid.Micros, commitment.Micros), paid.Currency), lower, nil
}
