package place

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

const subscription = "ed3a1871-612d-abcd-a849-c2542a68be83"

// example is the order of the published samples: one Standard_D1 in West US for a year, paid monthly.
func example() *order.Order {
	return &order.Order{ID: "o-000000000001", Line: order.Line{
		ID: "line-1", Customer: "customer-1", Subscription: subscription, Scope: "shared", Region: "westus", Size: "Standard_D1", Term: pricing.OneYear,
		Quantity: 1, Flexible: true, BillingPlan: "monthly", UnitPrice: money.New(46_000_000, "USD"), TotalPrice: money.New(46_000_000, "USD"),
	}, Attempt: &order.Attempt{Number: 1, RequestID: "11111111-2222-3333-4444-555555555555"}}
}

func TestScopesAndFlexibilityOfAPurchase(t *testing.T) {
	o := example()
	o.Line.Scope, o.Line.Flexible, o.Line.BillingPlan = "/subscriptions/"+subscription+"/resourcegroups/rg", false, "upfront"
	p := Purchase(o).Properties
	require.Equal(t, "Single", p.AppliedScopeType)
	require.Equal(t, []string{o.Line.Scope}, p.AppliedScopes)
	require.Equal(t, "Off", p.Resource.Flexibility)
	require.Equal(t, "Upfront", p.BillingPlan)
}

// The published answer of calculatePrice: 46 USD an instalment, of which it prints three.
func TestPublishedPriceOfInstalments(t *testing.T) {
	const answer = `{"properties":{"reservationOrderId":"6D9CEC54-7de8-abcd-9de7-80f5d634f2d2","pricingCurrencyTotal":{"currencyCode":"USD","amount":46.0},
 "paymentSchedule":[%s]}}`
	one := `{"dueDate":"2019-05-14","pricingCurrencyTotal":{"currencyCode":"USD","amount":46}}`
	quote := func(instalments string) (order.Quote, error) {
		w := &script{answers: []reply{{200, strings.Replace(answer, "%s", instalments, 1), nil}}}
		return (&Capacity{Link: Link{Wire: w}}).Quote(context.Background(), example())
	}
	q, err := quote(strings.TrimSuffix(strings.Repeat(one+",", 12), ","))
	require.NoError(t, err)
	require.Equal(t, money.New(552_000_000, "USD"), q.Total) // 12 x 46
	require.Equal(t, "6d9cec54-7de8-abcd-9de7-80f5d634f2d2", q.ReservationOrder)
	_, err = quote(one + "," + one + "," + one)
	require.ErrorContains(t, err, "3 instalments, want 12")
	_, err = quote(strings.Repeat(one+",", 11) + strings.Replace(one, "USD", "EUR", 1))
	require.ErrorContains(t, err, "USD and EUR")
	_, err = quote("")
	require.Error(t, err)
}

// reply is one scripted answer; err is errSilence.
type reply struct {
	status int
	body   string
	err    error
}

// script answers calls in turn and keeps them.
type script struct {
	answers []reply
	calls   []Request
}

func (s *script) Call(_ context.Context, r Request) (Response, error) {
	s.calls = append(s.calls, r)
	if len(s.answers) == 0 {
		return Response{}, errors.New("unplugged")
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	return Response{Status: a.status, Body: []byte(a.body), Header: map[string]string{"retry-after": "2"}}, a.err
}

// urls lists the calls without their hosts and queries.
func (s *script) urls() []string {
	var all []string
	for _, c := range s.calls {
		u := c.Method + " " + strings.TrimPrefix(strings.TrimPrefix(c.URL, management), partnerCenter)
		u, _, _ = strings.Cut(u, "?")
		all = append(all, strings.TrimPrefix(strings.Replace(u, "/providers/Microsoft.Capacity", "", 1), ""))
	}
	return all
}

func keep(o *order.Order) func(order.Attempt) error {
	return func(a order.Attempt) error { o.Attempt = &a; return nil }
}

var errSilence = errors.New("connection reset")

const (
	none  = `{"value":[]}`
	gone4 = `{"error":{"code":"NotFound"}}`
)

// Nothing is bought before the list was read, and nothing is bought where it cannot be.
func TestCapacityReadsTheBooksBeforeItBuys(t *testing.T) {
	order1 := func() *order.Order { o := example(); o.Attempt.ReservationOrder = "r-1"; return o }
	o := order1()
	w := &script{answers: []reply{{200, none, nil}, {404, gone4, nil}, {200, `{"name":"R-1","properties":{"provisioningState":"Succeeded"}}`, nil}}}
	out := (&Capacity{Link: Link{Wire: w}}).Place(context.Background(), o, keep(o))
	require.Equal(t, order.Bought, out.Answer)
	require.Equal(t, "r-1", out.Result.ReservationOrder)
	require.Equal(t, []string{"GET /reservationOrders", "GET /reservationOrders/r-1", "POST /reservationOrders/r-1/purchase"}, w.urls())

	// The list fails, whichever way: no purchase is sent.
	for name, answers := range map[string][]reply{
		"refused": {{403, "{}", nil}}, "silent": {{0, "", errSilence}, {0, "", errSilence}, {0, "", errSilence}, {0, "", errSilence}}, "cut": {{200, `{"value":[{"na`, nil}},
		"no list": {{200, `{}`, nil}}, "a page that comes round": {{200, `{"value":[],"nextLink":"` + management + ordersPath + apiVersion + `"}`, nil}},
		"another host": {{200, `{"value":[],"nextLink":"https://elsewhere.example/x"}`, nil}},
	} {
		w := &script{answers: answers}
		o := order1()
		out := (&Capacity{Link: Link{Wire: w}}).Place(context.Background(), o, keep(o))
		require.Equal(t, order.NotBought, out.Answer, name)
		for _, u := range w.urls() {
			require.NotContains(t, u, "purchase", name)
		}
	}

	// Too many requests: the books once more, then the purchase once more.
	o = order1()
	w = &script{answers: []reply{{200, none, nil}, {404, gone4, nil}, {429, "", nil}, {200, none, nil}, {404, gone4, nil}, {202, `{"name":"r-1","properties":{"provisioningState":"Succeeded"}}`, nil}}}
	waited := time.Duration(0)
	out = (&Capacity{Link: Link{Wire: w, Wait: func(_ context.Context, d time.Duration) error { waited += d; return nil }}}).Place(context.Background(), o, keep(o))
	require.Equal(t, order.Bought, out.Answer)
	require.Equal(t, 2*time.Second, waited, "as long as Retry-After says")
	require.Len(t, w.calls, 6)

	// An earlier try is in the books: it is not bought again.
	o = order1()
	w = &script{answers: []reply{{200, `{"value":[{"name":"r-0","tags":{"sizeterm":"` + o.Token() + `"},"properties":{"provisioningState":"Succeeded"}}]}`, nil}, {404, gone4, nil}}}
	out = (&Capacity{Link: Link{Wire: w}}).Place(context.Background(), o, keep(o))
	require.Equal(t, "r-0", out.Result.ReservationOrder)
	require.Len(t, w.calls, 2)
}

// After errSilence, or an answer that leaves it open, Capacity only asks.
func TestCapacityNeverSendsAPurchaseTwice(t *testing.T) {
	for name, answer := range map[string]reply{
		"errSilence": {0, "", errSilence}, "500": {500, "", nil}, "409": {409, "", nil}, "408": {408, "", nil}, "200 of nothing": {200, "<html>", nil},
		"being made": {202, `{"name":"r-1","properties":{"provisioningState":"Creating"}}`, nil},
	} {
		o := example()
		o.Attempt.ReservationOrder = "r-1"
		w := &script{answers: []reply{{200, none, nil}, {404, gone4, nil}, answer, {404, gone4, nil}, {404, gone4, nil}, {404, gone4, nil}}}
		out := (&Capacity{Link: Link{Wire: w}}).Place(context.Background(), o, keep(o))
		require.Equal(t, order.NoAnswer, out.Answer, name)
		purchases := 0
		for _, u := range w.urls() {
			if strings.HasSuffix(u, "/purchase") {
				purchases++
			}
		}
		require.Equal(t, 1, purchases, name)
	}
}

// After errSilence Partner Center is asked again with the very same request id and cart; after an answer with another.
func TestCheckoutRepeatsTheSameRequest(t *testing.T) {
	run := func(answers ...reply) (*script, order.Outcome, *order.Order, int) {
		o, saved := example(), 0
		w := &script{answers: answers}
		out := (&PartnerCenter{Link: Link{Wire: w}}).checkout(context.Background(), o, *o.Attempt, func(a order.Attempt) error { saved++; o.Attempt = &a; return nil })
		return w, out, o, saved
	}
	const bought = "\ufeff" + `{"orders":[{"id":"v-1","status":"completed","lineItems":[]}],"orderErrors":[]}`
	w, out, _, saved := run(reply{0, "", errSilence}, reply{201, bought, nil})
	require.Equal(t, order.Bought, out.Answer)
	require.Equal(t, "v-1", out.Result.VendorOrder)
	require.Zero(t, saved)
	require.Equal(t, w.calls[0].Header["MS-RequestId"], w.calls[1].Header["MS-RequestId"])
	require.NotEqual(t, w.calls[0].Header["MS-CorrelationId"], w.calls[1].Header["MS-CorrelationId"])

	w, out, o, saved := run(reply{429, "", nil}, reply{201, bought, nil})
	require.Equal(t, order.Bought, out.Answer)
	require.Equal(t, 1, saved, "the new id is written down first")
	require.Equal(t, o.Attempt.RequestID, w.calls[1].Header["MS-RequestId"])
	require.NotEqual(t, w.calls[0].Header["MS-RequestId"], w.calls[1].Header["MS-RequestId"])

	for name, c := range map[string]struct {
		answers []reply
		want    order.Answer
	}{
		"refused":                    {[]reply{{400, `{"code":800023,"description":"credit"}`, nil}}, order.NotBought},
		"refused after errSilence":   {[]reply{{0, "", errSilence}, {400, `{"code":800065}`, nil}}, order.NoAnswer},
		"other refusal after":        {[]reply{{0, "", errSilence}, {400, `{"code":800023}`, nil}}, order.NoAnswer},
		"cart being processed":       {[]reply{{409, `{"code":800064}`, nil}}, order.NoAnswer},
		"cart already submitted":     {[]reply{{400, `{"code":"800065"}`, nil}}, order.NoAnswer},
		"500":                        {[]reply{{500, "", nil}}, order.NoAnswer},
		"errSilence three times":     {[]reply{{0, "", errSilence}, {0, "", errSilence}, {0, "", errSilence}}, order.NoAnswer},
		"busy three times":           {[]reply{{429, "", nil}, {429, "", nil}, {429, "", nil}}, order.NotBought},
		"errSilence, then busy":      {[]reply{{0, "", errSilence}, {429, "", nil}, {429, "", nil}}, order.NoAnswer},
		"errors instead of orders":   {[]reply{{201, `{"orders":[],"orderErrors":[{"code":800010}]}`, nil}}, order.NotBought},
		"errors after errSilence":    {[]reply{{0, "", errSilence}, {201, `{"orders":[],"orderErrors":[{"code":800010}]}`, nil}}, order.NoAnswer},
		"neither orders nor errors":  {[]reply{{201, `{}`, nil}}, order.NoAnswer},
		"an answer that is not JSON": {[]reply{{201, "<html>", nil}}, order.NoAnswer},
	} {
		_, out, _, _ := run(c.answers...)
		require.Equal(t, c.want, out.Answer, name)
	}
}

// A new attempt uses the open cart of the one before, and asks the books first.
func TestASecondAttemptUsesTheOpenCart(t *testing.T) {
	o := example()
	o.Attempt.Number, o.Attempt.Cart = 2, "cart-1"
	open := `{"id":"cart-1","status":"Active","lineItems":[{"friendlyName":"` + o.Token() + `","quantity":1,"error":null}]}`
	skus := `{"items":[{"id":"0001","supportedBillingCycles":["monthly"],"dynamicAttributes":{"armSkuName":"standard_d1","armRegionName":"westus","duration":"1Year"}}]}`
	answers := func(first ...reply) []reply {
		return append(first, reply{200, `{"status":"registered"}`, nil}, reply{200, `{"items":[{"id":"P"}]}`, nil}, reply{200, skus, nil},
			reply{200, `[{"productId":"P","skuId":"0001","isRestricted":false}]`, nil}, reply{200, open, nil}, reply{201, `{"orders":[{"id":"v-1"}]}`, nil})
	}
	w := &script{answers: answers(reply{200, `{"totalCount":0,"items":[]}`, nil}, reply{200, open, nil})}
	out := (&PartnerCenter{Link: Link{Wire: w}}).Place(context.Background(), o, keep(o))
	require.Equal(t, order.Bought, out.Answer, out.Reason)
	require.Contains(t, w.urls()[len(w.urls())-1], "/carts/cart-1/checkout")
	require.Equal(t, "GET /v1/customers/customer-1/orders", w.urls()[0])

	for name, c := range map[string]struct {
		first []reply
		want  order.Answer
	}{
		"a list that says three and has none": {[]reply{{200, `{"totalCount":3,"items":[]}`, nil}}, order.NotBought},
		"a cart that was ordered":             {[]reply{{200, `{"items":[]}`, nil}, {200, strings.Replace(open, "Active", "Ordered", 1), nil}}, order.NoAnswer},
		"an order in the books":               {[]reply{{200, `{"items":[{"id":"v-9","status":"completed","lineItems":[{"friendlyName":"` + o.Token() + `"}]}]}`, nil}}, order.Bought},
	} {
		w := &script{answers: c.first}
		out := (&PartnerCenter{Link: Link{Wire: w}}).Place(context.Background(), o, keep(o))
		require.Equal(t, c.want, out.Answer, name)
		for _, u := range w.urls() {
			require.NotContains(t, u, "checkout", name)
		}
	}
}

// A list that is shorter than it says is no list: nothing can be concluded from what is missing in it.
func TestAListThatIsCutIsAnError(t *testing.T) {
	o := example()
	for _, body := range []string{`{"totalCount":3,"items":[]}`, `{"totalCount":0,"items":[{"id":"v"}]}`, `{"items":[`, `[]`, ``} {
		_, err := (&PartnerCenter{Link: Link{Wire: &script{answers: []reply{{200, body, nil}}}}}).Find(context.Background(), o)
		require.ErrorIs(t, err, errCut, body)
	}
}

// What the catalogue must say before a cart is made.
func TestWhatIsNotSoldIsNotBought(t *testing.T) {
	sku := func(size, region, duration, cycles string) string {
		return `{"items":[{"id":"1","supportedBillingCycles":[` + cycles + `],"dynamicAttributes":{"armSkuName":"` + size + `","armRegionName":"` + region + `","duration":"` + duration + `"}}]}`
	}
	for name, c := range map[string]struct{ skus, code string }{
		"another size":     {sku("Standard_D2", "westus", "1Year", `"monthly"`), "not_sold"},
		"another region":   {sku("Standard_D1", "westus2", "1Year", `"monthly"`), "not_sold"},
		"another term":     {sku("Standard_D1", "westus", "3Years", `"monthly"`), "not_sold"},
		"up-front only":    {sku("Standard_D1", "westus", "1Year", `"one_time"`), "billing_cycle"},
		"two of the same":  {strings.Replace(sku("Standard_D1", "westus", "1Year", `"monthly"`), `{"items":[`, `{"items":[`+strings.TrimSuffix(strings.TrimPrefix(sku("Standard_D1", "westus", "1Year", `"monthly"`), `{"items":[`), `]}`)+`,`, 1), "ambiguous"},
		"an empty product": {`{"items":[]}`, "not_sold"},
	} {
		w := &script{answers: []reply{{200, `{"items":[{"id":"P"}]}`, nil}, {200, c.skus, nil}}}
		_, err := (&PartnerCenter{Link: Link{Wire: w}}).Quote(context.Background(), example())
		var r *order.Refusal
		require.True(t, errors.As(err, &r), "%s: %v", name, err)
		require.Equal(t, c.code, r.Code, name)
	}
	require.ErrorContains(t, restricted([]byte(`[{"productId":"p","skuId":"1","isRestricted":true,"restrictions":[{"reasonCode":"NotAvailableForSubscription"}]}]`), item{Product: "P", Sku: "1"}), "NotAvailableForSubscription")
	require.ErrorContains(t, restricted([]byte(`[]`), item{Product: "P", Sku: "1"}), "leaves the item out")
}

func TestPriceSheetHasOnePrice(t *testing.T) {
	o, it := example(), item{Product: "P", Sku: "1"}
	const head = "\ufeffProductID,SKuId,TermDuration,Currency,UnitPrice\n"
	price, err := priceIn([]byte(head+"P,1,P3Y,USD,99\nP,1,P1Y,USD,46.5\nP,1,P1Y,USD,46.5\nQ,1,P1Y,USD,1\n"), it, o)
	require.NoError(t, err)
	require.Equal(t, money.New(46_500_000, "USD"), price)
	for _, bad := range []string{"", "a,b\n1,2\n", head, head + "P,1,P1Y,USD,46\nP,1,P1Y,USD,47\n", head + "P,1,P1Y,USD,free\n", head + "P,1,P1Y,,46\n", head + "P,1\n"} {
		_, err := priceIn([]byte(bad), it, o)
		require.Error(t, err, bad)
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add(201, `{"orders":[{"id":"v"}]}`)
	f.Add(409, `{"code":800064}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		out := checkedOut(Response{Status: status, Body: []byte(body)}, true)
		require.NotEqual(t, order.NotBought, out.Answer, "after errSilence only the books can say no")
		var c Capacity
		w := &script{answers: []reply{{status, body, nil}}}
		c.Wire = w
		_, _ = c.Quote(context.Background(), example())
		_, _ = c.Find(context.Background(), example())
	})
}
