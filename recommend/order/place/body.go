package place

import (
	"strings"

	"sizeterm/recommend/order"
)

// CartBody is what POST /v1/customers/{customer}/carts takes.
type CartBody struct {
	Attestation bool       `json:"PartnerOnRecordAttestationAccepted"`
	LineItems   []CartLine `json:"lineItems"`
}

// CartLine is one line of a cart: each order has a cart of its own, so that an outcome belongs to one order.
type CartLine struct {
	ID            int           `json:"id"`
	CatalogItemID string        `json:"catalogItemId"` // product:sku:availability; availabilities change: fetched just before
	FriendlyName  string        `json:"friendlyName"`  // our token
	Quantity      int64         `json:"quantity"`
	BillingCycle  string        `json:"billingCycle"` // one_time or monthly
	TermDuration  string        `json:"termDuration"` // P1Y or P3Y
	Participants  []participant `json:"participants,omitempty"`
	Provisioning  provisioning  `json:"provisioningContext"`
}

type participant struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type provisioning struct {
	SubscriptionID string `json:"subscriptionId"`
	Scope          string `json:"scope"`
}

// Cart returns the cart of one order. reseller is the partner id of an indirect reseller, "" without one.
func Cart(o *order.Order, catalogItem, reseller string) CartBody {
	line := CartLine{
		CatalogItemID: catalogItem, FriendlyName: o.Token(), Quantity: o.Line.Quantity, BillingCycle: billingCycle(&o.Line), TermDuration: o.Line.Term.String(),
		// Under the Azure plan the scope is shared at the purchase, whatever is asked for: a narrower one is set afterwards.
		Provisioning: provisioning{SubscriptionID: o.Line.Subscription, Scope: "shared"},
	}
	if reseller != "" {
		line.Participants = []participant{{"transaction_reseller", reseller}}
	}
	return CartBody{Attestation: true, LineItems: []CartLine{line}}
}

func billingCycle(l *order.Line) string {
	if l.BillingPlan == "upfront" {
		return "one_time"
	}
	return "monthly"
}

// InventoryBody is what POST /v1/extensions/product/checkInventory takes.
type InventoryBody struct {
	TargetItems []inventoryItem  `json:"TargetItems"`
	Context     inventoryContext `json:"InventoryContext"`
}

type inventoryItem struct {
	ProductID string `json:"ProductId"`
	SkuID     string `json:"SkuId"`
}

type inventoryContext struct {
	Customer     string `json:"customerId"`
	Subscription string `json:"azureSubscriptionId"`
	Region       string `json:"armRegionName"`
}

// Inventory returns the question whether a product and SKU may be sold to the subscription of an order.
func Inventory(o *order.Order, product, sku string) InventoryBody {
	return InventoryBody{
		TargetItems: []inventoryItem{{product, sku}},
		Context:     inventoryContext{o.Line.Customer, o.Line.Subscription, string(o.Line.Region)},
	}
}

// PurchaseBody is what calculatePrice and the purchase of the Capacity API take.
type PurchaseBody struct {
	Sku        skuName            `json:"sku"`
	Location   string             `json:"location"`
	Properties purchaseProperties `json:"properties"`
	Tags       map[string]string  `json:"tags,omitempty"`
}

type skuName struct {
	Name string `json:"name"`
}

type purchaseProperties struct {
	ResourceType     string                   `json:"reservedResourceType"`
	BillingScope     string                   `json:"billingScopeId"`
	Term             string                   `json:"term"`
	BillingPlan      string                   `json:"billingPlan"`
	Quantity         int64                    `json:"quantity"`
	DisplayName      string                   `json:"displayName"`
	AppliedScopeType string                   `json:"appliedScopeType"`
	AppliedScopes    []string                 `json:"appliedScopes"` // null for shared
	Renew            bool                     `json:"renew"`
	Resource         reservedResourceProperty `json:"reservedResourceProperties"`
}

type reservedResourceProperty struct {
	Flexibility string `json:"instanceFlexibility"`
}

// tokenTag is the tag under which ARM keeps our token.
const tokenTag = "sizeterm"

// Purchase returns the body of one order. Renewal is off: a renewal is a decision of its own.
func Purchase(o *order.Order) PurchaseBody {
	l := &o.Line
	p := purchaseProperties{
		ResourceType: "VirtualMachines", BillingScope: "/subscriptions/" + l.Subscription, Term: l.Term.String(),
		BillingPlan: strings.ToUpper(l.BillingPlan[:1]) + l.BillingPlan[1:], Quantity: l.Quantity, DisplayName: o.Token(),
		AppliedScopeType: "Shared", Resource: reservedResourceProperty{"On"},
	}
	if l.Scope != "shared" {
		p.AppliedScopeType, p.AppliedScopes = "Single", []string{l.Scope}
	}
	if !l.Flexible {
		p.Resource.Flexibility = "Off"
	}
	return PurchaseBody{Sku: skuName{string(l.Size)}, Location: string(l.Region), Properties: p, Tags: map[string]string{tokenTag: o.Token()}}
}

// Step is one call of a purchase as an export shows it: Body is nil where there is none.
type Step struct {
	Note    string            `json:"note"`
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    any               `json:"body,omitempty"`
}

// CartSteps lists the calls that buy an order through Partner Center. What only the catalogue knows stands in braces.
func CartSteps(o *order.Order, f order.Facts) []Step {
	c, s := "/v1/customers/"+o.Line.Customer, o.Line.Subscription
	p := &PartnerCenter{Facts: map[string]order.Facts{f.Customer: f}}
	query := p.query(o)
	return []Step{
		{Note: "register the subscription once, then wait until GET …/registrationstatus says registered", Method: "POST", URL: partnerCenter + c + "/subscriptions/" + s + "/registrations"},
		{Note: "find the product", Method: "GET", URL: partnerCenter + "/v1/products?" + query + "&targetView=" + targetView},
		{Note: "find the SKU whose dynamicAttributes are armSkuName " + string(o.Line.Size) + ", armRegionName " + string(o.Line.Region) + ", duration " + durationOf(&o.Line), Method: "GET", URL: partnerCenter + "/v1/products/{product}/skus?" + query},
		{Note: "fetch the availability just before the cart: it changes", Method: "GET", URL: partnerCenter + "/v1/products/{product}/skus/{sku}/availabilities?" + query},
		{Note: "isRestricted must be false", Method: "POST", URL: partnerCenter + "/v1/extensions/product/checkInventory?country=" + p.country(o), Body: Inventory(o, "{product}", "{sku}")},
		{Note: "keep the id of the cart before going on", Method: "POST", URL: partnerCenter + c + "/carts", Body: Cart(o, "{product}:{sku}:{availability}", f.Reseller)},
		{Note: "this buys: after a time-out repeat with the same MS-RequestId, never with a new cart", Method: "POST", URL: partnerCenter + c + "/carts/{cart}/checkout", Headers: map[string]string{"MS-RequestId": "{one GUID for this checkout}"}},
	}
}

// CapacitySteps lists the calls that buy an order through the Capacity API.
func CapacitySteps(o *order.Order) []Step {
	return []Step{
		{Note: "no order may bear the tag " + tokenTag + "=" + o.Token() + "; if this list fails, buy nothing", Method: "GET", URL: management + ordersPath + apiVersion},
		{Note: "pricingCurrencyTotal must be " + o.Line.TotalPrice.String() + "; keep reservationOrderId", Method: "POST", URL: management + "/providers/Microsoft.Capacity/calculatePrice" + apiVersion, Body: Purchase(o)},
		{Note: "this buys: send it once, then ask with GET whether it is there", Method: "POST", URL: management + ordersPath + "/{reservationOrderId}/purchase" + apiVersion, Body: Purchase(o)},
	}
}

// Returned is a reservation, or a part of it, that goes back: its full id and how many instances.
type Returned struct {
	ReservationID string `json:"reservationId"`
	Quantity      int64  `json:"quantity"`
}

// properties wraps what the calls on existing reservations take.
type properties[T any] struct {
	Properties T `json:"properties"`
}

type exchanged struct {
	Purchase []PurchaseBody `json:"reservationsToPurchase"`
	Exchange []Returned     `json:"reservationsToExchange"`
}

type session struct {
	ID string `json:"sessionId"`
}

type returning struct {
	Session string   `json:"sessionId,omitempty"`
	Scope   string   `json:"scope"`
	Return  Returned `json:"reservationToReturn"`
	Reason  string   `json:"returnReason,omitempty"`
}

// CalculateExchange is the body of POST …/calculateExchange: what would be bought for what goes back.
func CalculateExchange(buy *order.Order, back ...Returned) any {
	return properties[exchanged]{exchanged{[]PurchaseBody{Purchase(buy)}, back}}
}

// Exchange is the body of POST …/exchange: the session of calculateExchange, which holds for some ten minutes and once.
func Exchange(sessionID string) any { return properties[session]{session{sessionID}} }

// CalculateRefund is the body of POST …/reservationOrders/{order}/calculateRefund.
func CalculateRefund(reservationOrder string, back Returned) any {
	return struct {
		ID         string    `json:"id"`
		Properties returning `json:"properties"`
	}{reservationOrder, returning{Scope: "Reservation", Return: back}}
}

// Return is the body of POST …/reservationOrders/{order}/return: the session of calculateRefund and the reason.
func Return(sessionID string, back Returned, reason string) any {
	return properties[returning]{returning{sessionID, "Reservation", back, reason}}
}

// RefundSteps lists the calls that give back a part of a reservation.
func RefundSteps(reservationOrder string, back Returned, reason string) []Step {
	at := management + ordersPath + "/" + reservationOrder
	return []Step{
		{Note: "read policyErrors, consumedRefundsTotal and the amounts before going on; keep sessionId", Method: "POST", URL: at + "/calculateRefund" + apiVersion, Body: CalculateRefund("/providers/microsoft.capacity/reservationOrders/"+reservationOrder, back)},
		{Note: "this gives it back: once, with the session, which holds for minutes", Method: "POST", URL: at + "/return" + apiVersion, Body: Return("{sessionId}", back, reason)},
	}
}

// ExchangeSteps lists the calls that exchange a part of a reservation for another.
func ExchangeSteps(buy *order.Order, back Returned) []Step {
	return []Step{
		{Note: "read policyErrors and netPayable before going on; the answer is asynchronous; keep sessionId", Method: "POST", URL: management + "/providers/Microsoft.Capacity/calculateExchange" + apiVersion, Body: CalculateExchange(buy, back)},
		{Note: "this exchanges it: once, with the session, which holds for minutes", Method: "POST", URL: management + "/providers/Microsoft.Capacity/exchange" + apiVersion, Body: Exchange("{sessionId}")},
	}
}
