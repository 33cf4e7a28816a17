package prove

import (
	"fmt"
	"slices"
	"time"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

// given is something that went back earlier: it counts against the cap for 365 days.
type given struct {
	Customer, ReservationOrder string
	On                         time.Time
	Commitment, Refund         money.Amount
	Source                     string
}

// Readings of the cap. The documents limit the "cancelled commitment" and count instalments that are still to come; the
// vendor's answer to calculateRefund counts "consumed refunds", which are money that came back. The first is the stricter
// and decides; both are shown.
const (
	byCommitment = "cancelled commitment"
	byRefund     = "money refunded"
)

// CapUse is the cap of one customer under one reading.
type CapUse struct {
	Reading string `json:"reading"`
	Used    Sum    `json:"used"`  // in the 365 days before
	After   Sum    `json:"after"` // with what is proposed
	Limit   Sum    `json:"limit"`
	Fits    bool   `json:"fits"`
	// Free is the day on which enough of what is used has left the window; "" where it fits today or never does.
	Free string `json:"free,omitempty"`
}

// Ledger keeps what went back, by customer.
type Ledger []given

// LedgerOf gathers returns of orders, and refunds and cancellations among the transactions of the only customer there is.
// Exchanges do not count. What an order tells is not counted again from a transaction of its reservation order.
func LedgerOf(orders []order.Order, b *Books) Ledger {
	var all Ledger
	customers := map[string]bool{}
	told := map[string]bool{}
	for i := range orders {
		o := &orders[i]
		customers[o.Line.Customer] = true
		for _, r := range o.Returns {
			if o.Result != nil {
				told[o.Result.ReservationOrder] = true
			}
			if !r.Exchange {
				all = append(all, given{o.Line.Customer, "", r.At, r.Commitment, r.Refund, "order " + o.ID})
			}
		}
	}
	for id := range b.names {
		customers[id] = true
	}
	for _, t := range b.deals {
		if t.Event != "refund" && t.Event != "cancel" || told[t.Order] || len(customers) != 1 {
			continue
		}
		amount, err := money.Parse(orElse(t.Amount, "0"), money.Code(t.Currency))
		if err != nil {
			continue
		}
		amount.Micros = max(amount.Micros, -amount.Micros)
		for id := range customers {
			all = append(all, given{id, t.Order, t.Day, amount, amount, fmt.Sprintf("%s:%d", t.File, t.Line)})
		}
	}
	slices.SortStableFunc(all, func(x, y given) int { return x.On.Compare(y.On) })
	return all
}

// caps says under both readings whether the customer may give back commitment and refund on a day. usd turns an amount into
// US dollars, in which the cap is; ok is false where no rate is known.
func (l Ledger) caps(customer string, on time.Time, commitment, refund money.Amount, usd func(money.Amount) (money.Amount, bool)) (uses []CapUse, ok bool) {
	rules := catalog.RulesOn(on)
	limit := money.New(rules.RefundCapUSD*1_000_000, "USD")
	for _, reading := range []struct {
		name string
		of   func(given) money.Amount
		now  money.Amount
	}{{byCommitment, func(g given) money.Amount { return g.Commitment }, commitment}, {byRefund, func(g given) money.Amount { return g.Refund }, refund}} {
		type entry struct {
			on     time.Time
			micros int64
		}
		var inside []entry
		used := money.New(0, "USD")
		for _, g := range l {
			if g.Customer != customer || days(g.On, on) >= int64(rules.RefundWindowDays) || g.On.After(on) {
				continue
			}
			amount, known := usd(reading.of(g))
			if !known {
				return nil, false
			}
			used.Micros += amount.Micros
			inside = append(inside, entry{g.On, amount.Micros})
		}
		now, known := usd(reading.now)
		if !known {
			return nil, false
		}
		after := money.New(used.Micros+now.Micros, "USD")
		use := CapUse{Reading: reading.name, Used: Sum{used}, After: Sum{after}, Limit: Sum{limit}, Fits: after.Micros <= limit.Micros}
		for left, i := after.Micros, 0; !use.Fits && i < len(inside) && use.Free == ""; i++ {
			if left -= inside[i].micros; left <= limit.Micros {
				use.Free = inside[i].on.AddDate(0, 0, rules.RefundWindowDays).UTC().Format(time.DateOnly)
			}
		}
		uses = append(uses, use)
	}
	return uses, true
}
