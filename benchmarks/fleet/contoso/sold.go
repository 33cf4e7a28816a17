package contoso

import (
	"fmt"

	"sizeterm/pricing/money"
	"sizeterm/recommend/order/vendortest"
)

// SoldOf turns the ledger of the fake vendor into what the month after has.
func SoldOf(ledger []vendortest.Purchase) ([]Bought, error) {
	var all []Bought
	for _, p := range ledger {
		total, err := money.Parse(p.Total, money.Code(p.Currency))
		if err != nil {
			return nil, fmt.Errorf("ledger: %s: %w", p.ID, err)
		}
		b := Bought{ReservationOrder: p.ID, Name: p.Token, Size: p.Size, Region: p.Region, Term: p.Term, Quantity: p.Quantity, Total: total, Monthly: p.Plan == "monthly", At: p.At}
		if p.Via == "partner-center" {
			b.Order, b.ReservationOrder = p.ID, "r-"+p.ID // the entitlement that the fake vendor shows
		}
		all = append(all, b)
	}
	return all, nil
}

// WriteNext makes the files of the month after from a ledger file of the fake vendor, and puts them into a folder.
func WriteNext(dir string, seed uint64, ledger string, course Course) error {
	vendor, err := vendortest.New(vendortest.Config{Ledger: ledger})
	if err != nil {
		return err
	}
	list, err := SoldOf(vendor.Purchases())
	if err := vendor.Close(); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	files, err := Next(seed, list, course)
	if err != nil {
		return err
	}
	return put(dir, files)
}
