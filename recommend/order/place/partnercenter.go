package place

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

const (
	partnerCenter = "https://api.partnercenter.microsoft.com"
	partnerSales  = "https://api.partner.microsoft.com"
	targetView    = "AzureReservationsVM"
	// ViaPartnerCenter is the name of this way of buying.
	ViaPartnerCenter = "partner-center"
)

// PartnerCenter buys with carts. Base and Sales are the hosts, empty for the vendor's.
type PartnerCenter struct {
	Link
	Base, Sales string
	Facts       map[string]order.Facts // by customer: country, agreement, reseller
}

func (p *PartnerCenter) base() string { return orElse(p.Base, partnerCenter) }

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (p *PartnerCenter) country(o *order.Order) string {
	return url.QueryEscape(orElse(p.Facts[o.Line.Customer].Country, "US"))
}

// query chooses the catalogue: without reservationScope it is that of the legacy agreement.
func (p *PartnerCenter) query(o *order.Order) string {
	q := "country=" + p.country(o)
	if p.Facts[o.Line.Customer].Agreement != "legacy" {
		q += "&reservationScope=AzurePlan"
	}
	return q
}

// headers are those of every call; MS-CorrelationId is for tracing only.
func (p *PartnerCenter) headers(o *order.Order, call string) map[string]string {
	h := map[string]string{"Accept": "application/json", "Content-Type": "application/json", "MS-CorrelationId": idOf("correlation", o.ID, call)}
	if o.Attempt != nil {
		h["MS-CorrelationId"] = idOf("correlation", o.Attempt.RequestID, call)
	}
	return h
}

// item is a product and SKU of the catalogue.
type item struct {
	Product, Sku string
	Cycles       []string
}

// sku is the part of a catalogue entry that is compared.
type sku struct {
	ID         string            `json:"id"`
	ProductID  string            `json:"productId"`
	Cycles     []string          `json:"supportedBillingCycles"`
	Attributes map[string]string `json:"dynamicAttributes"`
}

func durationOf(l *order.Line) string {
	if l.Term.Years() == 1 {
		return "1Year"
	}
	return fmt.Sprintf("%dYears", l.Term.Years())
}

// find looks the line up by its attributes, never by its title. A *order.Refusal says that it is not sold, or not clearly.
func (p *PartnerCenter) find(ctx context.Context, o *order.Order) (item, error) {
	header := p.headers(o, "catalog")
	products, err := p.list(ctx, "products", p.base()+"/v1/products?"+p.query(o)+"&targetView="+targetView, header)
	if err != nil {
		return item{}, err
	}
	var found []item
	for _, raw := range products {
		var product struct {
			ID string `json:"id"`
		}
		if err := decode(raw, &product); err != nil {
			return item{}, fmt.Errorf("products: %w", err)
		}
		skus, err := p.list(ctx, "skus", p.base()+"/v1/products/"+url.PathEscape(product.ID)+"/skus?"+p.query(o), header)
		if err != nil {
			return item{}, err
		}
		for _, raw := range skus {
			var s sku
			if err := decode(raw, &s); err != nil {
				return item{}, fmt.Errorf("skus of %s: %w", product.ID, err)
			}
			if s.is(&o.Line) {
				found = append(found, item{product.ID, s.ID, s.Cycles})
			}
		}
	}
	switch {
	case len(found) == 0:
		return item{}, &order.Refusal{Order: o.ID, Code: "not_sold", Detail: fmt.Sprintf("the catalogue has no %s in %s for %s", o.Line.Size, o.Line.Region, durationOf(&o.Line)), WayOut: "make the plan again with another size or term"}
	case len(found) > 1:
		return item{}, &order.Refusal{Order: o.ID, Code: "ambiguous", Detail: fmt.Sprintf("the catalogue has %d entries for %s in %s", len(found), o.Line.Size, o.Line.Region), WayOut: "buy by hand: order export --format steps"}
	case !slices.Contains(found[0].Cycles, billingCycle(&o.Line)):
		return item{}, &order.Refusal{Order: o.ID, Code: "billing_cycle", Detail: fmt.Sprintf("it is sold %s only", strings.Join(found[0].Cycles, " or ")), WayOut: "change billing_plan in the CSV of the order"}
	}
	return found[0], nil
}

func (s *sku) is(l *order.Line) bool {
	at := func(name string) string { return s.Attributes[name] }
	return strings.EqualFold(at("armSkuName"), string(l.Size)) && strings.EqualFold(at("armRegionName"), string(l.Region)) &&
		strings.EqualFold(strings.TrimSuffix(at("duration"), "s"), strings.TrimSuffix(durationOf(l), "s"))
}

// Quote implements order.Placer: the price of the SKU in the partner's price sheet of today.
func (p *PartnerCenter) Quote(ctx context.Context, o *order.Order) (order.Quote, error) {
	it, err := p.find(ctx, o)
	if err != nil {
		return order.Quote{}, err
	}
	at := orElse(p.Sales, partnerSales) + "/v1.0/sales/pricesheets(Market='" + p.country(o) + "',PricesheetView='azure_reservations')/$value?timeline=current"
	resp, err := p.ask(ctx, "price sheet", Request{Method: "GET", URL: at, Header: p.headers(o, "price sheet")})
	if err != nil {
		return order.Quote{}, err
	}
	unit, err := priceIn(resp.Body, it, o)
	if err != nil {
		return order.Quote{}, err
	}
	total, err := unit.Mul(o.Line.Quantity)
	return order.Quote{Total: total, Via: ViaPartnerCenter}, err
}

// priceIn finds the one price of an item for the term of the line in a price sheet.
func priceIn(text []byte, it item, o *order.Order) (money.Amount, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff")))
	rows, err := r.ReadAll()
	if err != nil {
		return money.Amount{}, fmt.Errorf("price sheet: %w", err)
	}
	if len(rows) == 0 {
		return money.Amount{}, errors.New("price sheet: it is empty")
	}
	column := func(name string) int {
		return slices.IndexFunc(rows[0], func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
	}
	at := [5]int{column("ProductID"), column("SkuId"), column("TermDuration"), column("Currency"), column("UnitPrice")}
	if slices.Contains(at[:], -1) {
		return money.Amount{}, fmt.Errorf("price sheet: columns %q: ProductID, SKuId, TermDuration, Currency or UnitPrice is missing", rows[0])
	}
	var found []money.Amount
	for _, row := range rows[1:] {
		if row[at[0]] != it.Product || row[at[1]] != it.Sku || row[at[2]] != o.Line.Term.String() {
			continue
		}
		currency, err := money.ParseCode(row[at[3]])
		if err != nil {
			return money.Amount{}, fmt.Errorf("price sheet: currency: %q: %w", row[at[3]], err)
		}
		price, err := money.Parse(row[at[4]], currency)
		if err != nil {
			return money.Amount{}, fmt.Errorf("price sheet: price: %q: %w", row[at[4]], err)
		}
		if !slices.Contains(found, price) {
			found = append(found, price)
		}
	}
	if len(found) != 1 {
		return money.Amount{}, fmt.Errorf("price sheet: %d prices for %s:%s %s: want one", len(found), it.Product, it.Sku, o.Line.Term)
	}
	return found[0], nil
}

// Place implements order.Placer.
func (p *PartnerCenter) Place(ctx context.Context, o *order.Order, save func(order.Attempt) error) order.Outcome {
	// 1. Was it bought by an earlier attempt? The books decide; where they cannot be read nothing is bought.
	if o.Attempt.Number > 1 {
		if outcome, done := earlier(ctx, p, o); done {
			return outcome
		}
	}
	// 2. May it be bought?
	it, no := p.may(ctx, o)
	if no != nil {
		return *no
	}
	// 3. A cart, known to us before it can buy anything.
	a := *o.Attempt
	if a.Cart == "" || !p.reusable(ctx, o) {
		cart, err := p.cart(ctx, o, it)
		if err != nil {
			return notBought(err)
		}
		a.Cart = cart
		if err := save(a); err != nil {
			return notBought(fmt.Errorf("the cart could not be written down: %w", err))
		}
	}
	// 4. The checkout.
	return p.checkout(ctx, o, a, save)
}

func notBought(err error) order.Outcome {
	return order.Outcome{Answer: order.NotBought, Reason: err.Error()}
}

func noAnswer(err error) order.Outcome {
	return order.Outcome{Answer: order.NoAnswer, Reason: err.Error()}
}

// earlier asks the books about attempts before this one. done says that nothing is to be bought now.
func earlier(ctx context.Context, p order.Placer, o *order.Order) (order.Outcome, bool) {
	found, err := p.Find(ctx, o)
	switch {
	case err != nil:
		return notBought(fmt.Errorf("an earlier attempt may have bought it, and the vendor's books could not be read: %w", err)), true
	case len(found.Results) > 0:
		return order.Outcome{Answer: order.Bought, Result: found.Results[0], Reason: "bought by an earlier attempt"}, true
	case found.Pending:
		return noAnswer(errors.New("an earlier attempt is still under way")), true
	}
	return order.Outcome{}, false
}

// may asks whether the subscription is registered, and whether the item may be sold to it.
func (p *PartnerCenter) may(ctx context.Context, o *order.Order) (item, *order.Outcome) {
	no := func(err error) (item, *order.Outcome) {
		outcome := notBought(err)
		return item{}, &outcome
	}
	customer := p.base() + "/v1/customers/" + url.PathEscape(o.Line.Customer)
	resp, err := p.ask(ctx, "registration", Request{Method: "GET", URL: customer + "/subscriptions/" + url.PathEscape(o.Line.Subscription) + "/registrationstatus", Header: p.headers(o, "registration")})
	if err != nil {
		return no(err)
	}
	var registration struct {
		Status string `json:"status"`
	}
	if err := decode(resp.Body, &registration); err != nil || registration.Status != "registered" {
		return no(fmt.Errorf("registration: the subscription is %q: register it first", registration.Status))
	}
	it, err := p.find(ctx, o)
	if err != nil {
		return no(err)
	}
	resp, err = p.ask(ctx, "inventory", Request{Method: "POST", URL: p.base() + "/v1/extensions/product/checkInventory?country=" + p.country(o), Header: p.headers(o, "inventory"), Body: encode(Inventory(o, it.Product, it.Sku))})
	if err != nil {
		return no(err)
	}
	if err := restricted(resp.Body, it); err != nil {
		return no(err)
	}
	return it, nil
}

// restricted reads the answer of the inventory check. An item that it leaves out is one that it does not know.
func restricted(text []byte, it item) error {
	var items []struct {
		ProductID    string `json:"productId"`
		SkuID        string `json:"skuId"`
		Restricted   bool   `json:"isRestricted"`
		Restrictions []struct {
			Reason string `json:"reasonCode"`
		} `json:"restrictions"`
	}
	if err := decode(text, &items); err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	for _, i := range items {
		if !strings.EqualFold(i.ProductID, it.Product) || i.SkuID != it.Sku {
			continue
		}
		if !i.Restricted {
			return nil
		}
		var reasons []string
		for _, r := range i.Restrictions {
			reasons = append(reasons, r.Reason)
		}
		return fmt.Errorf("inventory: restricted: %s", strings.Join(reasons, ", "))
	}
	return errors.New("inventory: the answer leaves the item out: it is not known")
}

// cart makes a cart. It buys nothing: a cart whose answer is lost is never checked out.
func (p *PartnerCenter) cart(ctx context.Context, o *order.Order, it item) (string, error) {
	raw, err := p.list(ctx, "availabilities", p.base()+"/v1/products/"+url.PathEscape(it.Product)+"/skus/"+url.PathEscape(it.Sku)+"/availabilities?"+p.query(o), p.headers(o, "availabilities"))
	if err != nil {
		return "", err
	}
	var availability struct {
		ID string `json:"id"`
	}
	if len(raw) != 1 {
		return "", fmt.Errorf("availabilities: %d of %s:%s: want one", len(raw), it.Product, it.Sku)
	}
	if err := decode(raw[0], &availability); err != nil {
		return "", fmt.Errorf("availabilities: %w", err)
	}
	body := Cart(o, it.Product+":"+it.Sku+":"+availability.ID, p.Facts[o.Line.Customer].Reseller)
	resp, err := p.ask(ctx, "cart", Request{Method: "POST", URL: p.base() + "/v1/customers/" + url.PathEscape(o.Line.Customer) + "/carts", Header: p.headers(o, "cart"), Body: encode(body)})
	if err != nil {
		return "", err
	}
	c, err := readCart(resp.Body)
	if err != nil {
		return "", err
	}
	return c.ID, nil
}

// cart as the vendor shows it.
type cart struct {
	ID        string `json:"id"`
	Status    string `json:"status"`
	LineItems []struct {
		FriendlyName string          `json:"friendlyName"`
		Quantity     json.Number     `json:"quantity"`
		Error        json.RawMessage `json:"error"`
	} `json:"lineItems"`
}

func readCart(text []byte) (*cart, error) {
	var c cart
	if err := decode(text, &c); err != nil {
		return nil, fmt.Errorf("cart: %w", err)
	}
	if c.ID == "" || len(c.LineItems) != 1 {
		return nil, fmt.Errorf("cart: id %q with %d lines: want one line", c.ID, len(c.LineItems))
	}
	if e := string(c.LineItems[0].Error); e != "" && e != "null" {
		return nil, fmt.Errorf("cart: the line was refused: %.300s", e)
	}
	return &c, nil
}

// reusable reports whether the cart of an earlier attempt is still open with the same line. Using it again cannot buy
// twice, because a cart is checked out once.
func (p *PartnerCenter) reusable(ctx context.Context, o *order.Order) bool {
	resp, err := p.ask(ctx, "cart", p.cartRequest(o))
	if err != nil {
		return false
	}
	c, err := readCart(resp.Body)
	return err == nil && c.Status == "Active" && c.LineItems[0].FriendlyName == o.Token() && c.LineItems[0].Quantity.String() == fmt.Sprint(o.Line.Quantity)
}

func (p *PartnerCenter) cartRequest(o *order.Order) Request {
	return Request{Method: "GET", URL: p.base() + "/v1/customers/" + url.PathEscape(o.Line.Customer) + "/carts/" + url.PathEscape(o.Attempt.Cart), Header: p.headers(o, "cart")}
}

// checkout buys. After silence it repeats with the same request id, which the vendor recognises, as he does the cart; after
// an answer that leaves the outcome open it repeats nothing.
func (p *PartnerCenter) checkout(ctx context.Context, o *order.Order, a order.Attempt, save func(order.Attempt) error) order.Outcome {
	var last error
	silent := false
	for n := range 3 {
		if n > 0 {
			if err := p.pause(ctx, last, n); err != nil {
				break
			}
		}
		header := p.headers(o, fmt.Sprint("checkout", n))
		header["MS-RequestId"] = a.RequestID
		resp, err := p.once(ctx, "checkout", Request{Method: "POST", URL: p.base() + "/v1/customers/" + url.PathEscape(o.Line.Customer) + "/carts/" + url.PathEscape(a.Cart) + "/checkout", Header: header})
		if err != nil {
			last, silent = err, true
			continue
		}
		if resp.Status != 429 {
			return checkedOut(resp, silent)
		}
		// Answered: the next call is another request, and is written down before it is made.
		last = statusOf("checkout", resp)
		a.RequestID = idOf("request", a.RequestID)
		if err := save(a); err != nil {
			last = err
			break
		}
	}
	if silent {
		return noAnswer(last)
	}
	return notBought(last)
}

// underWay are errors that say that the cart is, or was, being bought by another request.
var underWay = []string{"800060", "800064", "800065"}

// checkedOut reads the answer to a checkout. silent says that an earlier request was not answered: then only the books can
// say that nothing was bought.
func checkedOut(resp Response, silent bool) order.Outcome {
	if resp.Status/100 != 2 {
		s := statusOf("checkout", resp)
		if silent || resp.Status/100 != 4 || resp.Status == 409 || resp.Status == 408 || slices.Contains(underWay, s.Vendor) {
			return noAnswer(s)
		}
		return notBought(s)
	}
	var result struct {
		Orders []vendorOrder `json:"orders"`
		Errors []struct {
			Code        any    `json:"code"`
			Description string `json:"description"`
		} `json:"orderErrors"`
	}
	if err := decode(resp.Body, &result); err != nil {
		return noAnswer(fmt.Errorf("checkout: the answer cannot be read: %w", err))
	}
	switch {
	case len(result.Orders) == 1 && result.Orders[0].ID != "":
		return order.Outcome{Answer: order.Bought, Result: order.Result{VendorOrder: result.Orders[0].ID, Status: result.Orders[0].Status}}
	case len(result.Orders) == 0 && len(result.Errors) > 0 && !silent:
		return notBought(fmt.Errorf("checkout: %v %s", result.Errors[0].Code, result.Errors[0].Description))
	}
	return noAnswer(fmt.Errorf("checkout: %d orders and %d errors for one line", len(result.Orders), len(result.Errors)))
}

// vendorOrder is an order of the vendor's list.
type vendorOrder struct {
	ID        string `json:"id"`
	Status    string `json:"status"`
	LineItems []struct {
		FriendlyName string `json:"friendlyName"`
	} `json:"lineItems"`
}

// gone are the states of vendor orders that bought nothing.
var gone = []string{"cancelled", "error", "failed", "expired"}

// Find implements order.Placer: orders by our token, and the cart where there is none.
func (p *PartnerCenter) Find(ctx context.Context, o *order.Order) (order.Finding, error) {
	customer := p.base() + "/v1/customers/" + url.PathEscape(o.Line.Customer)
	raw, err := p.list(ctx, "orders", customer+"/orders", p.headers(o, "orders"))
	if err != nil {
		return order.Finding{}, err
	}
	var f order.Finding
	for _, text := range raw {
		var v vendorOrder
		if err := decode(text, &v); err != nil {
			return f, fmt.Errorf("orders: %w", err)
		}
		if slices.Contains(gone, strings.ToLower(v.Status)) {
			continue
		}
		for _, line := range v.LineItems {
			if line.FriendlyName == o.Token() {
				f.Results = append(f.Results, order.Result{VendorOrder: v.ID, Status: v.Status})
			}
		}
	}
	switch {
	case len(f.Results) > 0:
		f.Results[0].ReservationOrder = p.entitlement(ctx, o, f.Results[0].VendorOrder)
	case o.Attempt != nil && o.Attempt.Cart != "":
		return f, p.askCart(ctx, o, &f)
	}
	return f, nil
}

// askCart finds out whether the cart was bought though the list does not show it yet.
func (p *PartnerCenter) askCart(ctx context.Context, o *order.Order, f *order.Finding) error {
	resp, err := p.ask(ctx, "cart", p.cartRequest(o))
	var status *Status
	if errors.As(err, &status) && status.Code == 404 {
		return nil // carts live for seven days
	}
	if err != nil {
		return err
	}
	var c cart
	if err := decode(resp.Body, &c); err != nil {
		return fmt.Errorf("cart: %w", err)
	}
	f.Pending = c.Status != "Active"
	return nil
}

// entitlement is the Azure reservation order of a vendor order, "" where it cannot be told yet.
func (p *PartnerCenter) entitlement(ctx context.Context, o *order.Order, vendorOrder string) string {
	raw, err := p.list(ctx, "entitlements", p.base()+"/v1/customers/"+url.PathEscape(o.Line.Customer)+"/entitlements", p.headers(o, "entitlements"))
	if err != nil {
		return ""
	}
	for _, text := range raw {
		var e struct {
			Type      string                        `json:"entitlementType"`
			Order     struct{ ID string }           `json:"referenceOrder"`
			Artifacts []struct{ ResourceID string } `json:"entitledArtifacts"`
		}
		if decode(text, &e) == nil && strings.EqualFold(e.Type, "VirtualMachineReservedInstance") && e.Order.ID == vendorOrder && len(e.Artifacts) == 1 {
			return strings.ToLower(e.Artifacts[0].ResourceID)
		}
	}
	return ""
}
