package place

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

const (
	management = "https://management.azure.com"
	ordersPath = "/providers/Microsoft.Capacity/reservationOrders"
	apiVersion = "?api-version=2022-11-01"
	// ViaCapacity is the name of this way of buying.
	ViaCapacity = "arm"
)

// Capacity buys with Azure's Capacity API, which has no idempotency key: an order bears our token as a tag, orders are
// listed before each attempt to buy, and a purchase is sent once. Base is the host, empty for the vendor's.
type Capacity struct {
	Link
	Base string
}

func (c *Capacity) base() string { return orElse(c.Base, management) }

func (c *Capacity) headers() map[string]string {
	return map[string]string{"Accept": "application/json", "Content-Type": "application/json"}
}

// amount is money as the vendor writes it.
type amount struct {
	Currency string      `json:"currencyCode"`
	Amount   json.Number `json:"amount"`
}

func (a *amount) money() (money.Amount, error) {
	code, err := money.ParseCode(a.Currency)
	if err != nil {
		return money.Amount{}, fmt.Errorf("currency: %q: %w", a.Currency, err)
	}
	m, err := money.Parse(a.Amount.String(), code)
	if err != nil {
		return m, fmt.Errorf("amount: %q: %w", a.Amount, err)
	}
	return m, nil
}

// price is the answer of calculatePrice.
type price struct {
	Properties struct {
		ReservationOrder string `json:"reservationOrderId"`
		Pricing          amount `json:"pricingCurrencyTotal"`
		Schedule         []struct {
			Pricing amount `json:"pricingCurrencyTotal"`
		} `json:"paymentSchedule"`
	} `json:"properties"`
}

// Quote implements order.Placer. The pricing currency is compared: the billing currency of later instalments is not fixed.
func (c *Capacity) Quote(ctx context.Context, o *order.Order) (order.Quote, error) {
	resp, err := c.ask(ctx, "calculatePrice", Request{Method: "POST", URL: c.base() + "/providers/Microsoft.Capacity/calculatePrice" + apiVersion, Header: c.headers(), Body: encode(Purchase(o))})
	var status *Status
	if errors.As(err, &status) && status.Code/100 == 4 && status.Code != 429 && status.Code != 401 && status.Code != 403 {
		return order.Quote{}, &order.Refusal{Order: o.ID, Code: "not_sold", Detail: status.Error(), WayOut: "make the plan again with another size or term"}
	}
	if err != nil {
		return order.Quote{}, err
	}
	var p price
	if err := decode(resp.Body, &p); err != nil {
		return order.Quote{}, fmt.Errorf("calculatePrice: %w", err)
	}
	if p.Properties.ReservationOrder == "" {
		return order.Quote{}, errors.New("calculatePrice: the answer names no reservation order")
	}
	total, err := p.total(&o.Line)
	if err != nil {
		return order.Quote{}, fmt.Errorf("calculatePrice: %w", err)
	}
	return order.Quote{Total: total, Via: ViaCapacity, ReservationOrder: strings.ToLower(p.Properties.ReservationOrder)}, nil
}

// total is the price of the whole term. With monthly payments the printed total is that of one instalment, so that the
// schedule is added up, and must be complete.
func (p *price) total(l *order.Line) (money.Amount, error) {
	if l.BillingPlan == "upfront" {
		return p.Properties.Pricing.money()
	}
	months := 12 * l.Term.Years()
	if len(p.Properties.Schedule) != months {
		return money.Amount{}, fmt.Errorf("%d instalments, want %d", len(p.Properties.Schedule), months)
	}
	sum, err := p.Properties.Schedule[0].Pricing.money()
	for _, s := range p.Properties.Schedule[1:] {
		next, bad := s.Pricing.money()
		if bad == nil && next.Currency != sum.Currency {
			bad = fmt.Errorf("instalments in %s and %s", sum.Currency, next.Currency)
		}
		if err = errors.Join(err, bad); err != nil {
			return sum, err
		}
		sum, err = sum.Add(next)
	}
	return sum, err
}

// Place implements order.Placer.
func (c *Capacity) Place(ctx context.Context, o *order.Order, save func(order.Attempt) error) order.Outcome {
	a := *o.Attempt
	var last error
	for n := range 3 {
		if n > 0 {
			if err := c.pause(ctx, last, n); err != nil {
				break
			}
		}
		// The books first, each time. Another try of the same order would bear the same tag.
		if outcome, done := earlier(ctx, c, o); done {
			return outcome
		}
		resp, err := c.once(ctx, "purchase", Request{Method: "POST", URL: c.base() + ordersPath + "/" + url.PathEscape(a.ReservationOrder) + "/purchase" + apiVersion, Header: c.headers(), Body: encode(Purchase(o))})
		if err != nil {
			return c.watch(ctx, o, err)
		}
		failure := statusOf("purchase", resp)
		last = failure
		switch {
		case resp.Status/100 == 2:
			return c.bought(ctx, o, resp)
		case resp.Status == 429: // not looked at: it may be sent again
		case resp.Status == 400 && strings.Contains(failure.Message, "Session"):
			// The price was held too long ago. A new one must be the approved one, or nothing is bought.
			if err := c.again(ctx, o, &a, save); err != nil {
				return notBought(err)
			}
		case resp.Status/100 == 4 && resp.Status != 408 && resp.Status != 409:
			return notBought(failure)
		default:
			return c.watch(ctx, o, failure)
		}
	}
	return notBought(last)
}

// again takes a new session at the same price.
func (c *Capacity) again(ctx context.Context, o *order.Order, a *order.Attempt, save func(order.Attempt) error) error {
	q, err := c.Quote(ctx, o)
	if err != nil {
		return err
	}
	if q.Total != o.Line.TotalPrice {
		return fmt.Errorf("the session expired, and the new price %s is not the approved %s", q.Total, o.Line.TotalPrice)
	}
	a.ReservationOrder = q.ReservationOrder
	return save(*a)
}

// vendorReservation is a reservation order as the vendor shows it.
type vendorReservation struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Tags       map[string]string `json:"tags"`
	Properties struct {
		State string `json:"provisioningState"`
	} `json:"properties"`
}

func (v *vendorReservation) result() order.Result {
	return order.Result{ReservationOrder: strings.ToLower(v.Name), Status: v.Properties.State}
}

// bought reads the answer to a purchase. One that the vendor has only taken on is looked at until he is done.
func (c *Capacity) bought(ctx context.Context, o *order.Order, resp Response) order.Outcome {
	var v vendorReservation
	if err := decode(resp.Body, &v); err != nil || v.Name == "" {
		return c.watch(ctx, o, fmt.Errorf("purchase: the answer cannot be read: %.200q", resp.Body))
	}
	switch v.Properties.State {
	case "Succeeded":
		return order.Outcome{Answer: order.Bought, Result: v.result()}
	case "Failed":
		return notBought(errors.New("purchase: the vendor says that it failed"))
	}
	return c.watch(ctx, o, fmt.Errorf("purchase: it is %q", v.Properties.State))
}

// watch asks a few times after a purchase whose answer was not heard, or is not final. It never buys.
func (c *Capacity) watch(ctx context.Context, o *order.Order, why error) order.Outcome {
	for n := range 3 {
		if n > 0 && c.Wait != nil {
			if c.Wait(ctx, 5*time.Second) != nil {
				break
			}
		}
		v, err := c.get(ctx, o)
		if err == nil && v != nil && v.Properties.State == "Succeeded" {
			return order.Outcome{Answer: order.Bought, Result: v.result()}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return noAnswer(why)
}

// get asks for the reservation order of the attempt, nil where there is none.
func (c *Capacity) get(ctx context.Context, o *order.Order) (*vendorReservation, error) {
	resp, err := c.ask(ctx, "reservation order", Request{Method: "GET", URL: c.base() + ordersPath + "/" + url.PathEscape(o.Attempt.ReservationOrder) + apiVersion, Header: c.headers()})
	var status *Status
	if errors.As(err, &status) && status.Code == 404 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var v vendorReservation
	if err := decode(resp.Body, &v); err != nil {
		return nil, fmt.Errorf("reservation order: %w", err)
	}
	if v.Tags[tokenTag] != o.Token() {
		return nil, nil
	}
	return &v, nil
}

// Find implements order.Placer: all orders are listed, for there is no filter by tag, and the attempt's own is asked for.
func (c *Capacity) Find(ctx context.Context, o *order.Order) (order.Finding, error) {
	var f order.Finding
	raw, err := c.list(ctx, "reservation orders", c.base()+ordersPath+apiVersion, c.headers())
	if err != nil {
		return f, err
	}
	var all []vendorReservation
	for _, text := range raw {
		var v vendorReservation
		if err := decode(text, &v); err != nil {
			return f, fmt.Errorf("reservation orders: %w", err)
		}
		if v.Tags[tokenTag] == o.Token() {
			all = append(all, v)
		}
	}
	if o.Attempt != nil && o.Attempt.ReservationOrder != "" {
		own, err := c.get(ctx, o)
		if err != nil {
			return f, err
		}
		if own != nil && !slices.ContainsFunc(all, func(v vendorReservation) bool { return strings.EqualFold(v.Name, own.Name) }) {
			all = append(all, *own)
		}
	}
	for _, v := range all {
		switch state := v.Properties.State; {
		case slices.Contains(gone, strings.ToLower(state)):
		case state == "Succeeded":
			f.Results = append(f.Results, v.result())
		default:
			f.Pending = true
		}
	}
	return f, nil
}
