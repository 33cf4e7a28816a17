package pricing

import (
	"time"

	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

// Explanation is everything that is known of a size in a region on a day.
type Explanation struct {
	Size   catalog.Size
	Region catalog.Region
	On     time.Time

	Shape      catalog.Shape
	ShapeKnown bool
	Family     string // quota family, "" when unknown
	Group      catalog.Group
	Grouped    bool // false: a reservation fits this size only

	Offered, OfferedKnown bool
	Zones                 []string
	Retirement            time.Time // zero where none is announced

	OneYear, ThreeYear catalog.Verdict // whether reservations can be bought on the day
	Prices             []PriceLine     // every price of every source, what counts first
}

// PriceLine is one price with what a reader must know to trust it.
type PriceLine struct {
	Offer   Offer
	Source  Source
	AgeDays int    // of the source on the day
	Counts  bool   // false: a source of higher precedence has the same price
	Refused string // the flag that makes the book refuse it, "" for none
	// DiscountBasisPoints is what a reservation saves against pay-as-you-go all
	// the time, in 1/100 percent; known only where HasDiscount.
	DiscountBasisPoints int
	HasDiscount         bool
}

// Explain gathers what book and catalog know of size in region on a day.
func (b *Book) Explain(size catalog.Size, region catalog.Region, on time.Time) Explanation {
	e := Explanation{Size: size, Region: region, On: on, Family: size.Family(), Zones: size.Zones(region),
		OneYear: catalog.Eligible(size, 1, on), ThreeYear: catalog.Eligible(size, 3, on)}
	e.Shape, e.ShapeKnown = size.Shape()
	e.Group, e.Grouped = size.Group()
	e.Offered, e.OfferedKnown = size.OfferedIn(region)
	e.Retirement, _ = size.Retirement()
	for _, top := range b.Offers(size, region) {
		for i, o := range b.Candidates(size, region, top.OS, top.Term, top.Currency) {
			e.Prices = append(e.Prices, b.priceLine(o, i == 0, on))
		}
	}
	return e
}

func (b *Book) priceLine(o Offer, counts bool, on time.Time) PriceLine {
	source, _ := b.Source(o.Source)
	line := PriceLine{Offer: o, Source: source, AgeDays: source.AgeDays(on), Counts: counts, Refused: refusal(o.Suspect)}
	payg, err := b.Offer(o.Size, o.Region, Linux, PayAsYouGo, o.Currency)
	if o.Term == PayAsYouGo || err != nil {
		return line
	}
	if full, err := payg.Cost(o.Term); err == nil {
		line.DiscountBasisPoints, line.HasDiscount = discount(o.Total, full)
	}
	return line
}

// discount returns 1 - total/full in basis points.
func discount(total, full money.Amount) (int, bool) {
	share, err := money.New(wholeBasisPoints, "").MulDiv(total.Micros, full.Micros)
	if err != nil {
		return 0, false
	}
	return wholeBasisPoints - int(share.Micros), true
}
