package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

// incoming is what a shop or ERP says: that it bought an approved order.
type incoming struct {
	SpecVersion string `json:"specversion"`
	Type        string `json:"type"`
	Source      string `json:"source"`
	Data        struct {
		Order            string `json:"order"`
		VendorOrder      string `json:"vendor_order"`
		ReservationOrder string `json:"reservation_order"`
		Paid             string `json:"paid"`
		Currency         string `json:"currency"`
	} `json:"data"`
}

// TypeBought is the type of the one message that is taken: an order was bought in the partner's own shop.
const TypeBought = "sizeterm.order.bought"

// Take takes a message that came in. One that is not signed with a secret of ours is refused and leaves no trace: anybody
// can send those. One that is, and is too old, was taken before, or asks for what is not allowed, is refused and journalled.
// The refusal is a *order.Refusal.
func Take(ctx context.Context, d *order.Desk, header func(name string) string, body []byte, secrets []Secret) error {
	id, err := Verify(header, body, secrets, d.Now())
	if errors.Is(err, ErrSignature) {
		return &order.Refusal{Code: "webhook_signature", Detail: err.Error(), WayOut: "sign it with the secret of this endpoint"}
	}
	const actor = "webhook"
	no := func(code, detail, way string) error {
		r := &order.Refusal{Order: id, Code: code, Detail: detail, WayOut: way}
		if err := d.Refuse(ctx, actor, r); err != nil {
			return err
		}
		return r
	}
	if err != nil {
		return no("webhook_time", err.Error(), "send it again with the time of now; set the clock")
	}
	heard, err := d.Heard(ctx, id)
	if err != nil {
		return err
	}
	if heard {
		return no("webhook_replayed", fmt.Sprintf("message %s was taken before", id), "none: it is done")
	}
	var m incoming
	if err := json.Unmarshal(body, &m); err != nil || m.SpecVersion != "1.0" || m.Type != TypeBought {
		return no("webhook_type", fmt.Sprintf("type %q: only %s is taken", m.Type, TypeBought), "send a CloudEvent 1.0 of that type")
	}
	code, err := money.ParseCode(m.Data.Currency)
	if err != nil {
		return no("wrong_currency", err.Error(), "name the currency in data.currency")
	}
	paid, err := money.Parse(m.Data.Paid, code)
	if err != nil {
		return no("bad_amount", "paid: "+err.Error(), "write data.paid as decimal text")
	}
	return d.Bought(ctx, actor, order.Hand{VendorOrder: m.Data.VendorOrder, ReservationOrder: m.Data.ReservationOrder, Paid: paid, Message: id}, m.Data.Order)
}
