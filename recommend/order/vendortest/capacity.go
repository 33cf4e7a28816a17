package vendortest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order/place"
)

// capacity answers the calls below providers/Microsoft.Capacity.
func (v *Vendor) capacity(r place.Request, parts []string, query string) place.Response {
	switch {
	case parts[0] == "calculatePrice":
		return v.calculatePrice(r)
	case parts[0] == "reservationOrders" && len(parts) == 1:
		return v.reservations(r, query)
	case parts[0] == "reservationOrders" && len(parts) == 2:
		for _, p := range v.purchases {
			if p.ID == parts[1] && !v.now.Before(p.Visible) {
				return answerJSON(200, shownReservation(p))
			}
		}
		return answer(404, `{"error":{"code":"NotFound","message":"no such order"}}`)
	case parts[0] == "reservationOrders" && len(parts) == 3 && parts[2] == "purchase":
		return v.purchase(r, parts[1])
	case parts[0] == "reservationOrders" && len(parts) >= 3 && parts[2] == "reservations":
		return v.reservation(r, parts[1], parts[3:])
	}
	return answer(404, `{"error":{"code":"NotFound","message":"no such call"}}`)
}

func (v *Vendor) offer(b *place.PurchaseBody) (Offer, bool) {
	for _, o := range v.config.Offers {
		if strings.EqualFold(o.Size, b.Sku.Name) && strings.EqualFold(o.Region, b.Location) && o.Term == b.Properties.Term {
			return o, true
		}
	}
	return Offer{}, false
}

// calculatePrice holds a price under a new id, as each call does.
func (v *Vendor) calculatePrice(r place.Request) place.Response {
	var body place.PurchaseBody
	o, ok := Offer{}, false
	if json.Unmarshal(r.Body, &body) == nil {
		o, ok = v.offer(&body)
	}
	if !ok || v.chance("restricted SKU", v.config.Faults.Restricted) {
		return answer(400, `{"error":{"code":"BadRequest","message":"not available for the subscription"}}`)
	}
	price, _ := money.Parse(v.unit(o), money.Code(o.Currency))
	total, _ := price.Mul(body.Properties.Quantity)
	currency := v.currency(o)
	s := &session{ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", len(v.sessions)+1), Total: total.Decimal(), Currency: currency, Token: body.Tags["sizeterm"], Quantity: body.Properties.Quantity, At: v.now}
	v.write(record{Session: s})
	amount := func(a money.Amount) map[string]any {
		return map[string]any{"currencyCode": currency, "amount": json.Number(a.Decimal())}
	}
	properties := map[string]any{"reservationOrderId": s.ID, "pricingCurrencyTotal": amount(total), "billingCurrencyTotal": amount(total), "skuTitle": "Reserved VM Instance, " + o.Size}
	if body.Properties.BillingPlan == "Monthly" {
		term, _ := pricing.ParseTerm(o.Term)
		schedule := []any{}
		for n, part := range pricing.Instalments(total, term) {
			schedule = append(schedule, map[string]any{"dueDate": v.now.AddDate(0, n, 0).Format(time.DateOnly), "pricingCurrencyTotal": amount(part)})
		}
		properties["paymentSchedule"] = schedule
	}
	return answerJSON(200, map[string]any{"properties": properties})
}

// reservation lists the one reservation of an order, or sets its scope. Partner Center's orders are known here as "r-" and
// their id.
func (v *Vendor) reservation(r place.Request, id string, parts []string) place.Response {
	for _, p := range v.purchases {
		if p.ID != strings.TrimPrefix(id, "r-") || v.now.Before(p.Visible) {
			continue
		}
		if len(parts) == 0 {
			return answerJSON(200, map[string]any{"value": []any{map[string]any{"name": id + "/1", "properties": map[string]any{"appliedScopeType": orElse(p.Scope, "Shared")}}}})
		}
		var body place.ScopeBody
		if r.Method != "PATCH" || json.Unmarshal(r.Body, &body) != nil {
			return answer(400, `{"error":{"code":"BadRequest","message":"bad scope"}}`)
		}
		scoped := *p
		scoped.Scope = body.Properties.AppliedScopeType
		v.write(record{Purchase: &scoped})
		return answer(200, `{}`)
	}
	return answer(404, `{"error":{"code":"NotFound","message":"no such order"}}`)
}

func shownReservation(p *Purchase) map[string]any {
	return map[string]any{
		"id": "/providers/microsoft.capacity/reservationOrders/" + p.ID, "type": "Microsoft.Capacity/reservationOrders", "name": p.ID,
		"tags": map[string]string{"sizeterm": p.Token}, "properties": map[string]any{"provisioningState": "Succeeded", "originalQuantity": p.Quantity},
	}
}

// reservations lists orders, three a page. A page that is cut is no whole JSON.
func (v *Vendor) reservations(r place.Request, query string) place.Response {
	values, _ := url.ParseQuery(query)
	at, _ := strconv.Atoi(values.Get("at"))
	all := []any{}
	for _, p := range v.purchases {
		if p.Via == "arm" && !v.now.Before(p.Visible) {
			all = append(all, shownReservation(p))
		}
	}
	end := min(at+3, len(all))
	body := map[string]any{"value": append([]any{}, all[min(at, end):end]...)}
	if end < len(all) {
		values.Set("at", strconv.Itoa(end))
		base, _, _ := strings.Cut(r.URL, "?")
		body["nextLink"] = base + "?" + values.Encode()
	}
	resp := answerJSON(200, body)
	if v.chance("list cut", v.config.Faults.Cut) {
		resp.Body = resp.Body[:len(resp.Body)/2]
	}
	return resp
}

// purchase buys, each time it is called.
func (v *Vendor) purchase(r place.Request, id string) place.Response {
	var body place.PurchaseBody
	s := v.sessions[id]
	if s == nil || json.Unmarshal(r.Body, &body) != nil {
		return answer(400, `{"error":{"code":"BadRequest","message":"no such order"}}`)
	}
	if v.now.Sub(s.At) > 10*time.Minute || v.chance("session expired", v.config.Faults.Expired) {
		return answer(400, `{"error":{"code":"BadRequest","message":"Session timed out, calculate the price again"}}`)
	}
	total, _ := money.Parse(s.Total, money.Code(s.Currency))
	unit, _ := total.MulDiv(1, s.Quantity)
	p := v.bought(Purchase{Token: body.Tags["sizeterm"], Via: "arm", ID: s.ID, Quantity: body.Properties.Quantity, Currency: s.Currency,
		Size: body.Sku.Name, Region: body.Location, Term: body.Properties.Term, Plan: strings.ToLower(body.Properties.BillingPlan)}, unit.Decimal())
	return answerJSON(200, shownReservation(p))
}
