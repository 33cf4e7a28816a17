package recommend

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/bill"
)

// Later is what falls due after the day of the plan and within its horizon: the end of an owned reservation, a purchase that is
// better made then than now, a renewal. It is a plan, not an order line: nothing of it is bought now, its price is today's, and the
// next plan decides again on fresh usage.
type Later struct {
	ID     string
	Action string // "buy", "renew" or "expires"
	Date   time.Time
	Pool   string
	Customer,
	Reservation string // id of the owned reservation that ends; empty otherwise
	Region   catalog.Region
	Size     catalog.Size
	Term     pricing.Term // PayAsYouGo where a reservation ends
	Quantity int64
	Currency money.Code
	// UnitPrice and TotalPrice are today's price, for the whole term; zero where a reservation ends.
	UnitPrice, TotalPrice money.Amount
	// SavingMonth is what the purchase saves in a month of 730 hours while it runs, when usage goes on as in the window.
	SavingMonth money.Amount
	Reason      string
}

// due lists what falls due in a pool: the ends of owned reservations, and where something is bought now or later, the purchases
// and renewals that the choice counts on.
func (d *decision) due(bought bool) ([]Later, error) {
	var list []Later
	end := hoursOfYears(d.long.years)
	for _, e := range d.existing {
		if at := hourAhead(d.asOf, e.Until, end); !e.AutoRenew && at < end {
			list = append(list, Later{
				ID: id("due", d.pool.Customer, e.ID, "expires"), Action: "expires", Date: e.Until, Pool: d.result.ID, Customer: d.pool.Customer,
				Reservation: e.ID, Region: d.pool.Region, Size: e.Size, Quantity: e.Quantity, Currency: d.currency,
				UnitPrice: money.New(0, d.currency), TotalPrice: money.New(0, d.currency), SavingMonth: money.New(0, d.currency),
				Reason: "an owned reservation ends; it is counted until then",
			})
		}
	}
	for key, n := range d.later {
		if !bought && !d.opens(key.at) {
			continue
		}
		l, err := d.laterPurchase(key, n)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	sortLater(list)
	return list, nil
}

// opens reports whether an owned reservation ends at an hour.
func (d *decision) opens(at int64) bool {
	for _, e := range d.existing {
		if !e.AutoRenew && hourAhead(d.asOf, e.Until, hoursOfYears(d.long.years)) == at {
			return true
		}
	}
	return false
}

// opening returns the first hour at which something planned is bought because an owned reservation ends.
func (d *decision) opening() (first int64, ok bool) {
	for key := range d.later {
		if d.opens(key.at) && (!ok || key.at < first) {
			first, ok = key.at, true
		}
	}
	return first, ok
}

// laterPurchase states a planned purchase of n of a ticket.
func (d *decision) laterPurchase(key ticketKey, n int64) (Later, error) {
	unit := d.totalOf(Purchase{key.size, key.term, n})
	l := Later{
		ID: id("later", d.pool.Customer, string(d.pool.Region), string(key.size), key.term.String(), fmt.Sprint(key.at)), Action: "buy", Date: d.day(key.at),
		Pool: d.result.ID, Customer: d.pool.Customer, Region: d.pool.Region, Size: key.size, Term: key.term, Quantity: n, Currency: d.currency, UnitPrice: unit,
	}
	var err error
	if l.TotalPrice, err = unit.Mul(n); err != nil {
		return l, err
	}
	without := d.whole.with(key, -n)
	saved := d.long.evaluate(without).cost().Sub(d.long.evaluate(d.whole).cost())
	hours := min(key.term.Hours(), d.long.horizonHours()-key.at)
	if l.SavingMonth, err = d.long.amount(saved.Mul(bill.Frac(pricing.HoursOfMonth, hours)), d.long.horizonHours(), d.currency); err != nil {
		return l, err
	}
	l.Reason = d.whyLater(key)
	if strings.HasPrefix(l.Reason, "renewal") {
		l.Action = "renew"
	}
	return l, nil
}

// whyLater says what makes a purchase due on its day.
func (d *decision) whyLater(key ticketKey) string {
	var ends []string
	for _, e := range d.existing {
		if at := hourAhead(d.asOf, e.Until, hoursOfYears(d.long.years)); !e.AutoRenew && at == key.at {
			ends = append(ends, fmt.Sprintf("%d x %s", e.Quantity, sizeText(e.Size)))
		}
	}
	if len(ends) > 0 {
		return "its demand is served by " + strings.Join(ends, " and ") + " until then: bought now, it would be paid twice until that day"
	}
	for other := range d.whole {
		if other.at+other.term.Hours() == key.at {
			return "renewal of what ends on that day, if the demand is still there"
		}
	}
	return "better bought then than now"
}

func sortLater(list []Later) {
	key := func(l *Later) string {
		return strings.Join([]string{l.Date.Format(time.RFC3339), l.Customer, string(l.Currency), l.Action, string(l.Region), string(l.Size), l.Term.String(), l.ID}, "\x00")
	}
	sort.SliceStable(list, func(i, j int) bool { return key(&list[i]) < key(&list[j]) })
}
