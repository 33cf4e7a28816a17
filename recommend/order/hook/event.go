package hook

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"sizeterm/recommend/order"
)

// Event is a CloudEvent 1.0 about one order.
type Event struct {
	SpecVersion string    `json:"specversion"` // "1.0"
	ID          string    `json:"id"`          // the same on every repetition
	Source      string    `json:"source"`
	Type        string    `json:"type"` // "sizeterm.order.approved" ...
	Subject     string    `json:"subject,omitempty"`
	Time        time.Time `json:"time"`
	ContentType string    `json:"datacontenttype"`
	Data        Data      `json:"data"`
}

// Data is what an Event of ours says: the order as it was after the event. Money is decimal text.
type Data struct {
	Seq              int64       `json:"seq"` // in the journal: events of an order sort by it
	Order            string      `json:"order"`
	State            order.State `json:"state"`
	Actor            string      `json:"actor"`
	Reason           string      `json:"reason,omitempty"`
	Customer         string      `json:"customer"`
	Subscription     string      `json:"subscription"`
	Scope            string      `json:"scope"`
	Size             string      `json:"size"`
	Region           string      `json:"region"`
	Term             string      `json:"term"`
	Quantity         int64       `json:"quantity"`
	BillingPlan      string      `json:"billing_plan"`
	TotalPrice       string      `json:"total_price"`
	Currency         string      `json:"currency"`
	VendorOrder      string      `json:"vendor_order,omitempty"`
	ReservationOrder string      `json:"reservation_order,omitempty"`
}

// silent are the events that move no order and concern nobody outside.
var silent = []string{"refused", "saved", "asked"}

// Told reports whether an entry of the journal is told to endpoints.
func Told(f *order.Fact) bool { return !slices.Contains(silent, f.Kind) }

// eventOf is the event of an entry; o is the order after it.
func eventOf(source string, f *order.Fact, o *order.Order) Event {
	l := &o.Line
	e := Event{
		SpecVersion: "1.0", ID: "evt_" + f.Hash[:min(32, len(f.Hash))], Source: source, Type: "sizeterm.order." + f.Kind, Subject: f.Order, Time: f.At, ContentType: "application/json",
		Data: Data{Seq: f.Seq, Order: f.Order, State: o.State, Actor: f.Actor, Reason: f.Reason, Customer: l.Customer, Subscription: l.Subscription, Scope: l.Scope, Size: string(l.Size), Region: string(l.Region),
			Term: l.Term.String(), Quantity: l.Quantity, BillingPlan: l.BillingPlan, TotalPrice: l.TotalPrice.Decimal(), Currency: string(l.TotalPrice.Currency)},
	}
	if o.Result != nil {
		e.Data.VendorOrder, e.Data.ReservationOrder = o.Result.VendorOrder, o.Result.ReservationOrder
	}
	return e
}

func (e *Event) body() ([]byte, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	return text, nil
}
