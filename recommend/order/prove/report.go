package prove

import (
	"fmt"
	"time"

	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

// Sum is an amount that is printed as a decimal number; its currency stands beside it.
type Sum struct{ money.Amount }

// MarshalText writes the amount as exact decimal text.
func (s Sum) MarshalText() ([]byte, error) { return []byte(s.Decimal()), nil }

// Verdicts of a finding.
const (
	// Bought.
	isBought    = "bought"
	notFound    = "not_found" // no file shows it
	isDifferent = "different" // what the files show is not what was ordered
	// Charged.
	asQuoted     = "as_quoted"
	chargedOther = "differs"
	chargedTwice = "charged_twice"
	notCharged   = "not_charged"  // files of that kind cover the day, and do not have it
	notInFiles   = "not_in_files" // no file could show it
	nothingDue   = "nothing_due"
	beforeStart  = "before_purchase"
	// Applied.
	unused   = "unused" // 0 %: no gain at all
	partly   = "partly" // 1 to 99 %: not exploited
	full     = "full"   // 100 %: full gain
	tooEarly = "too_early"
)

// Bought says whether an order was bought, and how that is known.
type Bought struct {
	Verdict string `json:"verdict"`
	Detail  string `json:"detail"`
	Source  string `json:"source"` // file and line, or kind of file
}

// Charged compares one month's charges with the quote.
type Charged struct {
	Verdict    string `json:"verdict"`
	Expected   Sum    `json:"expected"`
	Amount     Sum    `json:"charged"` // in the currency of the order
	Difference Sum    `json:"difference"`
	// Billed is the amount on the invoice, in BillingCurrency, and Exchange the rate between the two; "" where there is none.
	Billed          string `json:"billed,omitempty"`
	BillingCurrency string `json:"billing_currency,omitempty"`
	Exchange        string `json:"exchange,omitempty"`
	Rounding        string `json:"rounding,omitempty"` // the rule that the line follows
	Invoice         string `json:"invoice,omitempty"`
	Source          string `json:"source"`
	Detail          string `json:"detail,omitempty"`
}

// Applied says how much of a reservation was used.
type Applied struct {
	Verdict       string   `json:"verdict"`
	Utilization   *float64 `json:"utilization"` // [0, 1]; null where no file says it
	ReservedHours string   `json:"reserved_hours"`
	UsedHours     string   `json:"used_hours"`
	Source        string   `json:"source"`
	Detail        string   `json:"detail,omitempty"`
	WayOut        string   `json:"way_out,omitempty"`
}

// Split says where the difference between promise and result comes from. Its parts add up to the difference exactly.
type Split struct {
	LateStart        Sum `json:"late_start"`        // days after the plan on which it did not run yet
	Price            Sum `json:"price"`             // charged or on-demand prices other than planned
	OtherReservation Sum `json:"other_reservation"` // another reservation, bought later, took its usage
	Scope            Sum `json:"scope"`             // usage outside of where it applies
	Demand           Sum `json:"demand"`            // less, or more, usage than in the plan
}

// Saving compares what was promised with what came true over the same hours.
type Saving struct {
	Known      bool   `json:"known"`
	Promised   Sum    `json:"promised"`
	Realised   Sum    `json:"realised"`
	Difference Sum    `json:"difference"` // realised - promised
	Split      Split  `json:"split"`
	Value      Sum    `json:"value"`     // the covered hours at their on-demand price
	Cost       Sum    `json:"cost"`      // the reservation, amortised over the same hours
	RateFrom   string `json:"rate_from"` // where the on-demand price comes from
	Detail     string `json:"detail,omitempty"`
}

// Finding is one order in one month.
type Finding struct {
	Order    string `json:"order"`
	Line     string `json:"line"`
	State    string `json:"state"`
	Customer string `json:"customer"`
	Name     string `json:"customer_name,omitempty"`
	Month    string `json:"month"` // 2026-11
	What     string `json:"what"`
	Currency string `json:"currency"`
	Days     int    `json:"days"` // days of usage of the month that the files hold since the purchase
	// ReservationOrder is the vendor's, as the files name it; "" where they do not.
	ReservationOrder string  `json:"reservation_order,omitempty"`
	Bought           Bought  `json:"bought"`
	Charged          Charged `json:"charged"`
	Applied          Applied `json:"applied"`
	Saving           Saving  `json:"saving"`
}

// Unmatched is a charge without an order, or an order without a charge.
type Unmatched struct {
	Order    string `json:"order,omitempty"`
	Customer string `json:"customer"`
	What     string `json:"what"`
	Day      string `json:"day"`
	Amount   Sum    `json:"amount"`
	Currency string `json:"currency"`
	Source   string `json:"source"`
	Detail   string `json:"detail"`
}

// InvoiceSum adds up the reservation lines of one invoice in one currency, those with an order and those without.
type InvoiceSum struct {
	Invoice   string `json:"invoice"`
	Currency  string `json:"currency"`
	Lines     int    `json:"lines"`
	Subtotal  Sum    `json:"subtotal"`
	Tax       Sum    `json:"tax"`
	Total     Sum    `json:"total"`
	Matched   Sum    `json:"matched"`   // subtotal of lines with an order
	Unmatched Sum    `json:"unmatched"` // subtotal of lines without
	Detail    string `json:"detail,omitempty"`
}

// CustomerMonth adds up the findings of one customer, month and currency.
type CustomerMonth struct {
	Customer   string `json:"customer"`
	Name       string `json:"customer_name,omitempty"`
	Month      string `json:"month"`
	Currency   string `json:"currency"`
	Orders     int    `json:"orders"`
	Promised   Sum    `json:"promised"`
	Realised   Sum    `json:"realised"`
	Difference Sum    `json:"difference"`
	Split      Split  `json:"split"`
	Charged    Sum    `json:"charged"`
	Unknown    int    `json:"unknown"` // orders whose saving the files do not show: they are in no sum
	Fee        Sum    `json:"fee"`     // the partner's share of the realised saving, 0 where it is none
}

// Report is the whole proof.
type Report struct {
	Schema          string          `json:"schema"` // "sizeterm.proof/1"
	At              time.Time       `json:"at"`
	Findings        []Finding       `json:"findings"`
	Customers       []CustomerMonth `json:"customers"`
	Invoices        []InvoiceSum    `json:"invoices"`
	UnmatchedCharge []Unmatched     `json:"unmatched_charges"`
	UnmatchedOrder  []Unmatched     `json:"unmatched_orders"`
	Warnings        []string        `json:"warnings"`
}

// Proofs are what the journal keeps of the report: the newest month of each order that the files show.
func (r *Report) Proofs() []order.Proof {
	newest := map[string]*Finding{}
	var ids []string
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Bought.Verdict == notFound {
			continue
		}
		if newest[f.Order] == nil {
			ids = append(ids, f.Order)
		}
		newest[f.Order] = f
	}
	var all []order.Proof
	for _, id := range ids {
		f := newest[id]
		text := fmt.Sprintf("%s: %s, charged %s, used %s", f.Month, f.Bought.Verdict, f.Charged.Verdict, f.Applied.Verdict)
		if f.Saving.Known {
			text += fmt.Sprintf(", promised %s, realised %s %s", f.Saving.Promised.Round(), f.Saving.Realised.Round(), f.Currency)
		}
		all = append(all, order.Proof{Order: id, Text: text, ReservationOrder: f.ReservationOrder, Complete: f.Applied.Utilization != nil || f.Charged.Verdict == asQuoted})
	}
	return all
}
