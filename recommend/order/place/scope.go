package place

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"sizeterm/recommend/order"
)

// ScopeBody is what PATCH …/reservationOrders/{order}/reservations/{reservation} takes to set a scope.
type ScopeBody struct {
	Properties scopeProperties `json:"properties"`
}

type scopeProperties struct {
	AppliedScopeType string   `json:"appliedScopeType"`
	AppliedScopes    []string `json:"appliedScopes,omitempty"`
}

// Scope returns the body that sets the scope which an order wants.
func Scope(l *order.Line) ScopeBody {
	if l.Scope == "shared" {
		return ScopeBody{scopeProperties{AppliedScopeType: "Shared"}}
	}
	return ScopeBody{scopeProperties{"Single", []string{l.Scope}}}
}

// ScopeSteps lists the calls that set the scope after a purchase: the second step under the Azure plan.
func ScopeSteps(o *order.Order) []Step {
	at := management + ordersPath + "/{reservationOrderId}"
	if o.Result != nil && o.Result.ReservationOrder != "" {
		at = management + ordersPath + "/" + o.Result.ReservationOrder
	}
	return []Step{
		{Note: "find the reservations of the order", Method: "GET", URL: at + "/reservations" + apiVersion},
		{Note: "set the scope of each; it may be repeated, it buys nothing", Method: "PATCH", URL: at + "/reservations/{reservationId}" + apiVersion, Body: Scope(&o.Line)},
	}
}

// Rescope sets the scope of every reservation of an order that was bought. Repeating it does no harm.
func (c *Capacity) Rescope(ctx context.Context, o *order.Order) error {
	if o.Result == nil || o.Result.ReservationOrder == "" {
		return &order.Refusal{Order: o.ID, Code: "no_reservation_order", Detail: "the vendor's reservation order is not known yet", WayOut: "sizeterm order reconcile asks for it"}
	}
	at := c.base() + ordersPath + "/" + url.PathEscape(o.Result.ReservationOrder) + "/reservations"
	raw, err := c.list(ctx, "reservations", at+apiVersion, c.headers())
	if err != nil {
		return err
	}
	if len(raw) == 0 {
		return errors.New("reservations: the order has none yet")
	}
	for _, text := range raw {
		var r struct {
			Name string `json:"name"`
		}
		if err := decode(text, &r); err != nil {
			return fmt.Errorf("reservations: %w", err)
		}
		id := r.Name[strings.LastIndexByte(r.Name, '/')+1:] // samples write order/reservation
		if _, err := c.ask(ctx, "scope", Request{Method: "PATCH", URL: at + "/" + url.PathEscape(id) + apiVersion, Header: c.headers(), Body: encode(Scope(&o.Line))}); err != nil {
			return err
		}
	}
	return nil
}
