package recommend

import (
	"fmt"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/rightsize"
)

// tariff is what an hour of any size costs a customer today: as the pools of today price it where the size is in use, and as the
// book does where it is not.
type tariff struct {
	in       *Input
	kinds    map[string]string
	rates    map[place]price
	rows     map[place]money.Rate // the lowest on-demand price of the rows
	software map[place]money.Rate
}

// place is a size of a customer in a region and currency.
type place struct {
	customer string
	currency money.Code
	region   catalog.Region
	size     catalog.Size
}

func newTariff(in *Input, today []*decision) *tariff {
	t := &tariff{in: in, kinds: sourceKinds(in.Book), rates: map[place]price{}, rows: map[place]money.Rate{}, software: map[place]money.Rate{}}
	for _, d := range today {
		at := place{d.pool.Customer, d.currency, d.pool.Region, ""}
		for size, p := range d.market.rates {
			at.size = size
			t.rates[at] = p
			if rate, _ := rowRate(d.pool, size); rate > 0 {
				t.rows[at] = rate
			}
		}
		for size, rate := range d.market.software {
			at.size = size
			t.software[at] = rate
		}
	}
	return t
}

// rowRate returns what the rows of the customer say of a size that no machine has any more after a resize, 0 where they say nothing.
func (t *tariff) rowRate(pool *analyzer.Pool, size catalog.Size) money.Rate {
	if t == nil {
		return 0
	}
	return t.rows[place{pool.Customer, money.Code(pool.Currency), pool.Region, size}]
}

// compute returns the compute price of a size.
func (t *tariff) compute(at place) (price, bool) {
	if p, ok := t.rates[at]; ok {
		return p, true
	}
	offer, err := fresh(t.in, at.size, at.region, pricing.PayAsYouGo, at.currency)
	if err != nil {
		return price{}, false
	}
	return price{t.in.Policy.payer(offer.Rate), offer.Source, t.kinds[offer.Source], offer.Since}, true
}

// licence returns what Windows adds to an hour of a size.
func (t *tariff) licence(at place) (money.Rate, bool) {
	if rate, ok := t.software[at]; ok {
		return rate, true
	}
	windows, errW := t.in.Book.Offer(at.size, at.region, pricing.Windows, pricing.PayAsYouGo, at.currency)
	linux, errL := t.in.Book.Offer(at.size, at.region, pricing.Linux, pricing.PayAsYouGo, at.currency)
	if errW != nil || errL != nil || windows.Rate < linux.Rate {
		return 0, false
	}
	return windows.Rate - linux.Rate, true
}

// prices returns the prices of one customer for a Sizer.
func (t *tariff) prices(customer string) rightsize.Prices {
	return func(size catalog.Size, region catalog.Region, os pricing.OS, currency money.Code) (money.Rate, bool) {
		at := place{customer, currency, region, size}
		p, ok := t.compute(at)
		if !ok || os != pricing.Windows {
			return p.rate, ok
		}
		licence, ok := t.licence(at)
		return p.rate + licence, ok
	}
}

// doubtful says why prices of other sizes cannot be set against that of the size of today: rows that bill more than the public list
// would make every size of the list look cheap. Rows that bill less understate a saving, which is safe.
func (t *tariff) doubtful(at place) (rightsize.Reason, bool) {
	p, ok := t.rates[at]
	if !ok || p.kind != rowsKind {
		return rightsize.Reason{}, false
	}
	offer, err := fresh(t.in, at.size, at.region, pricing.PayAsYouGo, at.currency)
	offer.Rate = t.in.Policy.payer(offer.Rate)
	if err != nil || p.rate <= offer.Rate || !apart(int64(p.rate), int64(offer.Rate), t.in.Policy.PriceTolerance) {
		return rightsize.Reason{}, false
	}
	return rightsize.Reason{Code: "size_price_basis", Detail: fmt.Sprintf("the rows bill %s an hour of %s, %s says %s: prices of other sizes cannot be set against it; give a price sheet",
		p.rate.Decimal(), at.size, offer.Source, offer.Rate.Decimal())}, true
}
