package pricing

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// wholeBasisPoints is one: shares of money are whole 1/100 of a percent.
const wholeBasisPoints = 10_000

// PartnerTerms are what stands between a list price, the partner's cost and the
// customer's price. Shares are basis points: 1500 is 15 %. The zero value is a
// partner without credit who sells at cost.
type PartnerTerms struct {
	// CreditBasisPoints is the partner earned credit on pay-as-you-go
	// consumption (0 or 1500). Reservations earn none.
	CreditBasisPoints int
	// MarkupBasisPoints is what the customer pays above list for pay-as-you-go;
	// below zero is a discount.
	MarkupBasisPoints int
	// ReservationMarkupBasisPoints is what the customer pays above the
	// partner's price of a reservation.
	ReservationMarkupBasisPoints int
}

// Check refuses terms that make no sense: a credit outside 0 to 100 %, a
// discount of everything.
func (t PartnerTerms) Check() error {
	switch {
	case t.CreditBasisPoints < 0 || t.CreditBasisPoints > wholeBasisPoints:
		return fmt.Errorf("partner earned credit of %d basis points: not between 0 and 10000", t.CreditBasisPoints)
	case t.MarkupBasisPoints <= -wholeBasisPoints || t.ReservationMarkupBasisPoints <= -wholeBasisPoints:
		return fmt.Errorf("markup of %d and %d basis points: the customer would pay nothing", t.MarkupBasisPoints, t.ReservationMarkupBasisPoints)
	}
	return nil
}

// CostRate returns what pay-as-you-go at list costs the partner: list less the credit.
func (t PartnerTerms) CostRate(list money.Rate) (money.Rate, error) {
	return list.MulDiv(int64(wholeBasisPoints-t.CreditBasisPoints), wholeBasisPoints)
}

// PriceRate returns what the customer pays for pay-as-you-go at list.
func (t PartnerTerms) PriceRate(list money.Rate) (money.Rate, error) {
	return list.MulDiv(int64(wholeBasisPoints+t.MarkupBasisPoints), wholeBasisPoints)
}

// PriceTotal returns what the customer pays for a reservation that costs the
// partner total: reservation rows of the partner's price list are his cost already.
func (t PartnerTerms) PriceTotal(total money.Amount) (money.Amount, error) {
	return total.MulDiv(int64(wholeBasisPoints+t.ReservationMarkupBasisPoints), wholeBasisPoints)
}

// SoldTotal is PriceTotal of one instance, rounded half to even to what the
// currency is paid in: so many instances cost so many times what is printed.
func (t PartnerTerms) SoldTotal(unit money.Amount) (money.Amount, error) {
	sold, err := t.PriceTotal(unit)
	if err != nil {
		return sold, err
	}
	grain := int64(1)
	for range 6 - sold.Currency.MinorUnits() {
		grain *= 10
	}
	if sold, err = sold.MulDiv(1, grain); err != nil {
		return sold, err
	}
	return sold.Mul(grain)
}

// mark turns the partner's price of o into the customer's; one that does not
// fit becomes no price at all.
func (t PartnerTerms) mark(o *Offer) {
	var err error
	if o.Term == PayAsYouGo {
		o.Rate, err = t.PriceRate(o.Rate)
	} else {
		o.Total, err = t.SoldTotal(o.Total)
	}
	if err != nil {
		o.Rate, o.Total = 0, money.Amount{}
	}
}

// The source of prices of the customer's own list, in a book that SoldAt made.
const (
	CustomerList     = "customer price list"
	CustomerListKind = "customer"
)

// SoldAt returns the book as the customer of a partner with these terms sees
// it: the prices of its own list, where one is given and has them, and the
// partner's marked up elsewhere, reservations in whole minor units. No source
// of the partner's bears its name or hash, which would lead to its own prices;
// the list is the source CustomerList. Offer and SoftwareRate look into the
// list; what lists offers knows the partner's only.
func (b *Book) SoldAt(terms PartnerTerms, list *Book) (*Book, error) {
	if err := terms.Check(); err != nil {
		return nil, err
	}
	out := *b
	out.terms, out.list, out.sources = &terms, list, slices.Clone(b.sources)
	for i := range out.sources {
		s := &out.sources[i]
		s.Name, s.SHA256, s.Note = fmt.Sprintf("price list %d", i+1), "", ""
	}
	if list != nil && len(list.sources) > 0 {
		own := list.sources[len(list.sources)-1]
		own.Name, own.Kind, own.Note = CustomerList, CustomerListKind, ""
		out.sources = append(out.sources, own)
	}
	out.setHash()
	return &out, nil
}

// errNotListed says that the customer's list does not have a price, and that the marked-up one counts.
var errNotListed = errors.New("not in the customer's list")

// listed returns a price of the customer's list. A price of Windows without one of base compute counts for nothing, and base compute
// without Windows goes with the licence as the partner sells it: so the licence is never the difference of two price lists.
func (b *Book) listed(size catalog.Size, region catalog.Region, os OS, term Term, currency money.Code) (Offer, error) {
	o, err := b.list.Offer(size, region, Linux, term, currency)
	if err != nil || os == Linux {
		return ofList(o, err)
	}
	if windows, err := b.list.Offer(size, region, os, term, currency); err == nil {
		return ofList(windows, nil)
	}
	with, err := b.offer(size, region, os, term, currency)
	if err != nil {
		return Offer{}, err
	}
	without, err := b.offer(size, region, Linux, term, currency)
	if err != nil {
		return Offer{}, err
	}
	o.OS, o.Rate = os, o.Rate+with.Rate-without.Rate
	return ofList(o, nil)
}

func ofList(o Offer, err error) (Offer, error) {
	if err != nil {
		return Offer{}, errNotListed
	}
	o.Source = CustomerList
	return o, nil
}

// CreditLost returns the credit that payg of list consumption would have
// earned and that a reservation in its place does not.
func (t PartnerTerms) CreditLost(payg money.Amount) (money.Amount, error) {
	return payg.MulDiv(int64(t.CreditBasisPoints), wholeBasisPoints)
}

// Instalments returns the monthly payments of a reservation of total: equal but
// for the rounding to whole minor units, which the earlier months bear. They
// add up to total: paying monthly costs no more. PayAsYouGo panics.
func Instalments(total money.Amount, term Term) []money.Amount {
	if term == PayAsYouGo {
		panic("pricing: Instalments of pay-as-you-go")
	}
	return total.Split(term.Months())
}

// HybridBenefitCores returns the Windows Server core licences that a machine of
// vcpus takes under Azure Hybrid Benefit: eight at least, in eights above.
func HybridBenefitCores(vcpus int) int { return max(8, (vcpus+7)/8*8) }

// Conversion shows an amount in another currency. Only prices in the currency
// of the price list are real: a converted figure is for reading, and names its
// rate and day.
type Conversion struct {
	From, To money.Code
	Rate     money.Rate // units of To for one unit of From
	On       time.Time
	Source   string
}

// Convert returns a in the other currency, rounded once. An amount that is not
// in From panics.
func (c Conversion) Convert(a money.Amount) (money.Amount, error) {
	if a.Currency != c.From {
		panic(fmt.Sprintf("pricing: %s through a conversion from %s", a, c.From))
	}
	out, err := money.New(a.Micros, c.To).MulDiv(int64(c.Rate), 10_000_000_000)
	if err != nil {
		return money.Amount{}, fmt.Errorf("to %s: %w", c.To, err)
	}
	return out, nil
}
