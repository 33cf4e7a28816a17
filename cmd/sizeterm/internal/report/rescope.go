package report

import (
	"fmt"

	"sizeterm/recommend"
)

// rescopeView is an owned reservation to apply more widely before anything is bought.
type rescopeView struct {
	ID          string `json:"id"`
	Reservation string `json:"reservation"`
	Customer    string `json:"customer"`
	Pool        string `json:"pool"`
	Region      string `json:"region"`
	Size        string `json:"size"`
	Quantity    int64  `json:"quantity"`
	From        string `json:"from_scope"`
	To          string `json:"to_scope"`
	Until       string `json:"until"`
	Currency    string `json:"currency"`
	SavingMonth string `json:"saving_month"`
	Reason      string `json:"reason"`
}

func newRescopeView(r *recommend.Rescope) rescopeView {
	return rescopeView{ID: r.ID, Reservation: r.Reservation, Customer: r.Customer, Pool: r.Pool, Region: string(r.Region), Size: string(r.Size), Quantity: r.Quantity,
		From: r.From, To: r.To, Until: instant(r.Until), Currency: string(r.Currency), SavingMonth: exact(r.SavingMonth), Reason: r.Reason}
}

// rescopeFact says which owned reservations come before any purchase; no texts where none does.
func rescopeFact(p *recommend.Plan, t *recommend.Total) fact {
	f := fact{Label: "Re-scope first"}
	for i := range p.Rescopes {
		if r := &p.Rescopes[i]; r.Customer == t.Customer && r.Currency == t.Currency {
			f.Texts = append(f.Texts, fmt.Sprintf("owned %s × %s in %s (%s): from %s to %s; it costs nothing and avoids %s a month on average over the year ahead, which the figures here count as done",
				count(r.Quantity), shortSize(r.Size), r.Region, r.Reservation, r.From, r.To, amount(r.SavingMonth)))
		}
	}
	return f
}
