package vendortest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sizeterm/pricing/money"
	"sizeterm/recommend/order/place"
)

// product and sku name the entry of offer i: a product a size, a SKU an offer.
func (v *Vendor) product(i int) string {
	for j := range v.config.Offers {
		if v.config.Offers[j].Size == v.config.Offers[i].Size {
			return fmt.Sprintf("DZH318Z0T%03d", j)
		}
	}
	return ""
}

func sku(i int) string { return fmt.Sprintf("%04d", i+1) }

func (v *Vendor) offerOf(product, skuID string) (int, bool) {
	for i := range v.config.Offers {
		if v.product(i) == product && sku(i) == skuID {
			return i, true
		}
	}
	return 0, false
}

// page is one page of a list of Partner Center: one item, and a link to the next. A list that is cut has fewer items than
// its count says.
func (v *Vendor) page(r place.Request, query string, items []any) place.Response {
	values, _ := url.ParseQuery(query)
	at, _ := strconv.Atoi(values.Get("at"))
	end := min(at+1, len(items))
	body := map[string]any{"totalCount": len(items), "items": append([]any{}, items[min(at, end):end]...)}
	if end < len(items) && !v.chance("list cut", v.config.Faults.Cut) {
		values.Set("at", strconv.Itoa(end))
		base, _, _ := strings.Cut(r.URL, "?")
		body["links"] = map[string]any{"next": map[string]any{"uri": base + "?" + values.Encode()}}
	}
	return answerJSON(200, body)
}

func (v *Vendor) partnerCenter(r place.Request, parts []string, query string) place.Response {
	switch {
	case parts[0] == "products" && len(parts) == 1:
		return v.page(r, query, v.products())
	case parts[0] == "products" && len(parts) == 3:
		return v.page(r, query, v.skus(parts[1]))
	case parts[0] == "products" && len(parts) == 5:
		return v.page(r, query, []any{map[string]any{"id": "DZH318Z0AV" + parts[3], "productId": parts[1], "skuId": parts[3]}})
	case parts[0] == "extensions":
		return v.inventory(r)
	case parts[0] == "customers" && len(parts) > 2:
		return v.customer(r, parts[1], parts[2:], query)
	}
	return answer(404, `{"code":404,"description":"no such call"}`)
}

func (v *Vendor) products() []any {
	var all []any
	seen := map[string]bool{}
	for i := range v.config.Offers {
		if id := v.product(i); !seen[id] {
			seen[id] = true
			all = append(all, map[string]any{"id": id, "title": "Reserved VM Instance, " + v.config.Offers[i].Size})
		}
	}
	return all
}

func (v *Vendor) skus(product string) []any {
	var all []any
	for i, o := range v.config.Offers {
		if v.product(i) != product {
			continue
		}
		duration := strings.TrimSuffix(strings.TrimPrefix(o.Term, "P"), "Y") + "Year"
		if o.Term != "P1Y" {
			duration += "s"
		}
		all = append(all, map[string]any{
			"id": sku(i), "productId": product, "title": "Reserved VM Instance, " + o.Size, "supportedBillingCycles": []string{"one_time", "monthly"},
			"dynamicAttributes": map[string]string{"armSkuName": o.Size, "armRegionName": o.Region, "duration": duration},
		})
	}
	return all
}

func (v *Vendor) inventory(r place.Request) place.Response {
	var body struct {
		TargetItems []struct{ ProductID, SkuID string }
	}
	if json.Unmarshal(r.Body, &body) != nil {
		return answer(400, `{"code":400,"description":"bad body"}`)
	}
	all := []any{}
	for _, item := range body.TargetItems {
		entry := map[string]any{"productId": item.ProductID, "skuId": item.SkuID, "isRestricted": false, "restrictions": []any{}}
		if v.chance("restricted SKU", v.config.Faults.Restricted) {
			entry["isRestricted"] = true
			entry["restrictions"] = []any{map[string]any{"reasonCode": "NotAvailableForSubscription"}}
		}
		if _, ok := v.offerOf(item.ProductID, item.SkuID); ok {
			all = append(all, entry)
		}
	}
	return answerJSON(200, all)
}

func (v *Vendor) priceSheet() place.Response {
	var text strings.Builder
	text.WriteString("\ufeffProductTitle,ProductID,SKuId,SkuTitle,TermDuration,Market,Currency,UnitPrice\n")
	for i, o := range v.config.Offers {
		fmt.Fprintf(&text, "Reserved,%s,%s,%s,%s,US,%s,%s\n", v.product(i), sku(i), o.Size, o.Term, v.currency(o), v.unit(o))
	}
	return answer(200, text.String())
}

// unit is the price of an offer now.
func (v *Vendor) unit(o Offer) string {
	if v.chance("price changed", v.config.Faults.PriceChanged) {
		price, _ := money.Parse(o.Unit, money.Code(o.Currency))
		price.Micros += []int64{-1_000_000, 1_000_000}[v.random.IntN(2)]
		return price.Decimal()
	}
	return o.Unit
}

func (v *Vendor) currency(o Offer) string {
	if v.chance("wrong currency", v.config.Faults.WrongCurrency) {
		return "JPY"
	}
	return o.Currency
}

func (v *Vendor) customer(r place.Request, customer string, parts []string, query string) place.Response {
	switch {
	case parts[0] == "subscriptions":
		return answer(200, `{"subscriptionId":"`+parts[1]+`","status":"registered"}`)
	case parts[0] == "orders":
		return v.page(r, query, v.orders(customer))
	case parts[0] == "entitlements":
		return v.page(r, query, v.entitlements(customer))
	case parts[0] == "carts" && len(parts) == 1 && r.Method == "POST":
		return v.newCart(r, customer)
	case parts[0] == "carts" && len(parts) > 1:
		c := v.carts[parts[1]]
		if c == nil || c.Customer != customer {
			return answer(404, `{"code":404,"description":"no such cart"}`)
		}
		if len(parts) == 3 {
			return v.checkout(r, c)
		}
		return answerJSON(200, shown(c))
	}
	return answer(404, `{"code":404,"description":"no such call"}`)
}

func (v *Vendor) orders(customer string) []any {
	all := []any{}
	for _, p := range v.purchases {
		if p.Cart != "" && p.Customer == customer && !v.now.Before(p.Visible) {
			all = append(all, shownOrder(p))
		}
	}
	return all
}

func shownOrder(p *Purchase) map[string]any {
	return map[string]any{"id": p.ID, "currencyCode": p.Currency, "status": "completed", "lineItems": []any{map[string]any{"lineItemNumber": 0, "friendlyName": p.Token, "quantity": p.Quantity}}}
}

func (v *Vendor) entitlements(customer string) []any {
	all := []any{}
	for _, p := range v.purchases {
		if p.Cart != "" && p.Customer == customer && !v.now.Before(p.Visible) {
			all = append(all, map[string]any{
				"entitlementType": "VirtualMachineReservedInstance", "referenceOrder": map[string]any{"id": p.ID},
				"entitledArtifacts": []any{map[string]any{"resourceId": "r-" + p.ID}},
			})
		}
	}
	return all
}

func (v *Vendor) newCart(r place.Request, customer string) place.Response {
	var body place.CartBody
	if json.Unmarshal(r.Body, &body) != nil || len(body.LineItems) != 1 || !body.Attestation {
		return answer(400, `{"code":10010,"description":"bad cart"}`)
	}
	line := body.LineItems[0]
	c := &cart{ID: fmt.Sprintf("cart-%d", len(v.carts)+1), Customer: customer, Token: line.FriendlyName, CatalogItem: line.CatalogItemID, Term: line.TermDuration, Cycle: line.BillingCycle, Quantity: line.Quantity}
	v.write(record{Cart: c})
	return answerJSON(201, shown(c))
}

func shown(c *cart) map[string]any {
	status := "Active"
	if c.Ordered != "" {
		status = "Ordered"
	}
	return map[string]any{"id": c.ID, "status": status, "lineItems": []any{map[string]any{"id": 0, "catalogItemId": c.CatalogItem, "friendlyName": c.Token, "quantity": c.Quantity, "error": nil}}}
}

// checkout buys a cart once. The same request is answered again, another one is told that it came too late.
func (v *Vendor) checkout(r place.Request, c *cart) place.Response {
	if c.Ordered != "" {
		if c.Request != r.Header["MS-RequestId"] {
			return answer(400, `{"code":800065,"description":"cart already submitted"}`)
		}
		v.counts["duplicate answer"]++
		for _, p := range v.purchases {
			if p.ID == c.Ordered {
				return answerJSON(201, map[string]any{"orders": []any{shownOrder(p)}, "orderErrors": []any{}})
			}
		}
	}
	if v.chance("partial checkout", v.config.Faults.Partial) {
		return answer(201, `{"orders":[],"orderErrors":[{"orderGroupId":"0","code":800010,"description":"not in the inventory"}]}`)
	}
	parts := strings.Split(c.CatalogItem, ":")
	i, ok := v.offerOf(parts[0], parts[1])
	if !ok {
		return answer(400, `{"code":400019,"description":"availability changed"}`)
	}
	o := v.config.Offers[i]
	p := v.bought(Purchase{Token: c.Token, Via: "partner-center", Cart: c.ID, Quantity: c.Quantity, Customer: c.Customer, Currency: o.Currency,
		Size: o.Size, Region: o.Region, Term: o.Term, Plan: planOf(c.Cycle)}, o.Unit)
	done := *c
	done.Ordered, done.Request = p.ID, r.Header["MS-RequestId"]
	v.write(record{Cart: &done})
	// Samples of this answer begin with a stray character.
	resp := answerJSON(201, map[string]any{"orders": []any{shownOrder(p)}, "orderErrors": []any{}})
	resp.Body = append([]byte("\ufeff"), resp.Body...)
	return resp
}

// bought enters a purchase into the ledger.
func (v *Vendor) bought(p Purchase, unit string) *Purchase {
	price, _ := money.Parse(unit, money.Code(p.Currency))
	total, _ := price.Mul(p.Quantity)
	p.ID, p.Total, p.At, p.Visible = orElse(p.ID, fmt.Sprintf("order-%d", len(v.purchases)+1)), total.Decimal(), v.now, v.now
	if v.chance("missing from lists for 15 minutes", v.config.Faults.Hidden) {
		p.Visible = v.now.Add(15 * time.Minute)
	}
	v.write(record{Purchase: &p})
	return v.purchases[len(v.purchases)-1]
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func planOf(cycle string) string {
	if cycle == "monthly" {
		return cycle
	}
	return "upfront"
}
