package order

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing/money"
)

// vendor is a Placer that answers what a test says.
type vendor struct {
	quote    Quote
	quoteErr error
	outcome  Outcome
	cart     string
	found    Finding
	findErr  error
	placed   []Order
	during   func() // runs while the purchase is under way
}

func (v *vendor) Quote(context.Context, *Order) (Quote, error) { return v.quote, v.quoteErr }

func (v *vendor) Place(_ context.Context, o *Order, save func(Attempt) error) Outcome {
	v.placed = append(v.placed, *o)
	if v.cart != "" {
		a := *o.Attempt
		a.Cart = v.cart
		if err := save(a); err != nil {
			return Outcome{Answer: NotBought, Reason: err.Error()}
		}
	}
	if v.during != nil {
		v.during()
	}
	return v.outcome
}

func (v *vendor) Find(context.Context, *Order) (Finding, error) { return v.found, v.findErr }

// allFacts answers every question about the example.
func allFacts() map[string]Facts {
	yes := true
	l := exampleLine()
	return map[string]Facts{l.Customer: {
		Customer: l.Customer, Country: "PL", Agreement: "azure-plan", Role: "sales-agent", Access: &yes,
		Subscriptions: []SubscriptionFacts{{ID: l.Subscription, Tenant: l.Customer, State: "Active", Registered: &yes, PartnerOnRecord: "5357564"}},
	}}
}

func good() *vendor {
	return &vendor{quote: Quote{Total: usd(3_354_000_000), Via: "partner-center"}, outcome: Outcome{Answer: Bought, Result: Result{VendorOrder: "v-1"}}}
}

func submitted(t *testing.T, d *Desk, v *vendor, id string) Sent {
	t.Helper()
	sent, err := d.Submit(context.Background(), "anna", Submission{Placer: v, Facts: allFacts()}, id)
	require.NoError(t, err)
	require.Len(t, sent, 1)
	return sent[0]
}

func TestApprovedOrderIsBoughtAtTheApprovedPrice(t *testing.T) {
	d, _ := newDesk()
	o := drafted(t, d, exampleLine(), Approved)
	v := good()
	v.cart = "cart-7"
	require.Equal(t, Sent{Order: o.ID, State: Executed}, submitted(t, d, v, o.ID))
	o = get(t, d, o.ID)
	require.Equal(t, "v-1", o.Result.VendorOrder)
	require.Equal(t, usd(3_354_000_000), *o.Result.Quoted)
	require.Equal(t, "cart-7", o.Attempt.Cart)
	require.Len(t, v.placed, 1)
	require.Equal(t, Sending, v.placed[0].State, "written before the vendor hears of it")
	again := submitted(t, d, v, o.ID)
	require.ErrorContains(t, again.Err, "already_sent")
	require.Len(t, v.placed, 1)
}

// A quote that differs, up or down, goes back to approval at the new price; nothing is sent.
func TestADifferentQuoteGoesBackToApproval(t *testing.T) {
	for _, c := range []struct {
		total     money.Amount
		tolerance int64
		code      string
		unit      int64 // of the order afterwards
	}{
		{usd(3_354_000_003), 0, "price_changed", 1_118_000_001}, // one millionth an instance, up
		{usd(3_353_999_997), 0, "price_changed", 1_117_999_999}, // and down
		{usd(3_600_000_000), 0, "price_changed", 1_200_000_000},
		{usd(3_387_540_000), 100, "", 1_118_000_000},              // 1 % more, 1 % allowed
		{usd(3_387_540_003), 100, "price_changed", 1_129_180_001}, // a hair above
		{usd(0), 0, "price_changed", 1_118_000_000},               // no price: back to approval as it was
		{money.New(3_354_000_000, "EUR"), 0, "wrong_currency", 1_118_000_000},
	} {
		d, _ := newDesk()
		d.Policy.QuoteTolerance = c.tolerance
		o := drafted(t, d, exampleLine(), Approved)
		v := good()
		v.quote.Total = c.total
		sent := submitted(t, d, v, o.ID)
		after := get(t, d, o.ID)
		require.Equal(t, c.unit, after.Line.UnitPrice.Micros, "%s", c.total)
		if c.code == "" {
			require.Equal(t, Executed, after.State)
			continue
		}
		var r *Refusal
		require.True(t, errors.As(sent.Err, &r))
		require.Equal(t, c.code, r.Code)
		require.Equal(t, Requested, after.State)
		require.Nil(t, after.Approval)
		require.Empty(t, v.placed)
	}
}

func TestNothingIsSentWithoutAQuote(t *testing.T) {
	d, _ := newDesk()
	o := drafted(t, d, exampleLine(), Approved)
	v := good()
	v.quoteErr = errors.New("unreachable")
	sent := submitted(t, d, v, o.ID)
	require.ErrorContains(t, sent.Err, "nothing was sent")
	require.NotErrorIs(t, sent.Err, ErrRefused)
	require.Equal(t, Approved, get(t, d, o.ID).State)
	v.quoteErr = &Refusal{Order: o.ID, Code: "not_sold"}
	require.ErrorIs(t, submitted(t, d, v, o.ID).Err, ErrRefused)
	require.Empty(t, v.placed)
}

func TestAnExpiredApprovalSendsNothing(t *testing.T) {
	d, clk := newDesk()
	o := drafted(t, d, exampleLine(), Approved)
	clk.forward(72 * time.Hour)
	v := good()
	require.ErrorContains(t, submitted(t, d, v, o.ID).Err, "expired")
	require.Empty(t, v.placed)
	_, err := d.Expire(context.Background(), "clock")
	require.NoError(t, err)
	require.ErrorContains(t, submitted(t, d, v, o.ID).Err, "not_approved")
}

// While one process is sending, another neither sends nor declares the outcome unknown; after the lease it asks.
func TestTheLeaseOfTheSender(t *testing.T) {
	ctx := context.Background()
	d, clk := newDesk()
	o := drafted(t, d, exampleLine(), Approved)
	v := good()
	v.outcome = Outcome{Answer: NoAnswer, Reason: "silence"}
	v.during = func() {
		clk.forward(9 * time.Minute)
		sent, err := d.Reconcile(ctx, "bob", map[string]Placer{"partner-center": v}, o.ID)
		require.NoError(t, err)
		require.ErrorContains(t, sent[0].Err, "another process may be sending it")
		require.Equal(t, Sending, get(t, d, o.ID).State)
		require.ErrorContains(t, submitted(t, d, good(), o.ID).Err, "already_sent")
	}
	require.Equal(t, Unknown, submitted(t, d, v, o.ID).State)

	// A process that died while sending: unknown once its lease is over, and asked about.
	second := exampleLine()
	second.ID, second.Region = "line-2", "westeurope"
	o = drafted(t, d, second, Approved)
	v = good()
	v.during = func() { panic("killed") }
	require.Panics(t, func() { submitted(t, d, v, o.ID) })
	clk.forward(10 * time.Minute)
	sent, err := d.Reconcile(ctx, "bob", map[string]Placer{"partner-center": v}, o.ID)
	require.NoError(t, err)
	require.NoError(t, sent[0].Err)
	require.Equal(t, Unknown, get(t, d, o.ID).State)
}

// What the vendor's books say decides; what they do not say is waited for, and only after half an hour believed.
func TestUnknownIsSettledByTheBooks(t *testing.T) {
	ctx := context.Background()
	ask := func(wait time.Duration, found Finding, findErr error) (Order, error) {
		d, clk := newDesk()
		o := drafted(t, d, exampleLine(), Approved)
		v := good()
		v.outcome = Outcome{Answer: NoAnswer}
		submitted(t, d, v, o.ID)
		clk.forward(wait)
		v.found, v.findErr = found, findErr
		sent, err := d.Reconcile(ctx, "bob", map[string]Placer{"partner-center": v}, o.ID)
		require.NoError(t, err)
		_, err = d.Audit(ctx)
		require.NoError(t, err)
		return get(t, d, o.ID), sent[0].Err
	}
	there := Finding{Results: []Result{{VendorOrder: "v-1", ReservationOrder: "r-1"}}}
	o, err := ask(0, there, nil)
	require.NoError(t, err)
	require.Equal(t, Reconciled, o.State)
	require.Equal(t, "r-1", o.Result.ReservationOrder)
	o, err = ask(30*time.Minute-time.Second, Finding{}, nil)
	require.NoError(t, err)
	require.Equal(t, Unknown, o.State)
	require.Equal(t, 1, o.Asked)
	o, _ = ask(30*time.Minute, Finding{}, nil)
	require.Equal(t, Failed, o.State)
	o, _ = ask(30*time.Hour, Finding{Pending: true}, nil)
	require.Equal(t, Unknown, o.State)
	o, err = ask(30*time.Hour, Finding{}, errors.New("half a list"))
	require.ErrorContains(t, err, "half a list")
	require.Equal(t, Unknown, o.State)
	o, err = ask(0, Finding{Results: []Result{{VendorOrder: "v-1"}, {VendorOrder: "v-2"}}}, nil)
	require.ErrorContains(t, err, "bought_twice")
	require.ErrorContains(t, err, "v-1, v-2")
	require.Equal(t, Unknown, o.State)
}

// A new attempt after a failure carries the cart of the old one, and has a request id of its own.
func TestANewAttemptKeepsTheCart(t *testing.T) {
	ctx := context.Background()
	d, _ := newDesk()
	o := drafted(t, d, exampleLine(), Approved)
	v := good()
	v.cart, v.outcome = "cart-1", Outcome{Answer: NotBought, Reason: "credit limit"}
	require.Equal(t, Failed, submitted(t, d, v, o.ID).State)
	require.Equal(t, "credit limit", get(t, d, o.ID).Reason)
	require.NoError(t, d.Request(ctx, "anna", o.ID))
	require.NoError(t, d.Approve(ctx, "bob", o.Line.TotalPrice, o.ID))
	v.cart, v.outcome = "", good().outcome
	require.Equal(t, Executed, submitted(t, d, v, o.ID).State)
	first, second := v.placed[0].Attempt, v.placed[1].Attempt
	require.Equal(t, []any{1, 2, "", "cart-1"}, []any{first.Number, second.Number, first.Cart, second.Cart})
	require.NotEqual(t, first.RequestID, second.RequestID)
	require.Regexp(t, guid, second.RequestID)
}

// A failed order whose purchase turns up after all is reconciled, not bought again.
func TestALatePurchaseOfAFailedOrderIsFound(t *testing.T) {
	d, _ := newDesk()
	o := drafted(t, d, exampleLine(), Approved)
	v := good()
	v.outcome = Outcome{Answer: NotBought}
	submitted(t, d, v, o.ID)
	v.found = Finding{Results: []Result{{VendorOrder: "v-1"}}}
	_, err := d.Reconcile(context.Background(), "bob", map[string]Placer{"partner-center": v}, o.ID)
	require.NoError(t, err)
	require.Equal(t, Reconciled, get(t, d, o.ID).State)
	sent, err := d.Reconcile(context.Background(), "bob", nil, o.ID, "o-none")
	require.NoError(t, err)
	require.NoError(t, sent[0].Err)
	require.ErrorIs(t, sent[1].Err, ErrRefused)
}

// Each check with the facts that decide it: the verdict, and a way out wherever it is not "ok".
func TestPreflight(t *testing.T) {
	no, few, many := false, 5, 6
	for _, c := range []struct {
		name, code string
		want       Verdict
		change     func(f *Facts, o *Order)
	}{
		{"everything known", "", fine, func(*Facts, *Order) {}},
		{"no subscription", "subscription_named", stop, func(_ *Facts, o *Order) { o.Line.Subscription = "" }},
		{"subscription of another tenant", "subscription_tenant", stop, func(f *Facts, _ *Order) { f.Subscriptions[0].Tenant = "other" }},
		{"tenant not known", "subscription_tenant", ask, func(f *Facts, _ *Order) { f.Subscriptions[0].Tenant = "" }},
		{"suspended", "subscription_active", stop, func(f *Facts, _ *Order) { f.Subscriptions[0].State = "suspended" }},
		{"state not known", "subscription_active", ask, func(f *Facts, _ *Order) { f.Subscriptions[0].State = "" }},
		{"not registered", "subscription_registered", stop, func(f *Facts, _ *Order) { f.Subscriptions[0].Registered = &no }},
		{"registration not known", "subscription_registered", ask, func(f *Facts, _ *Order) { f.Subscriptions[0].Registered = nil }},
		{"agreement not known", "agreement", ask, func(f *Facts, _ *Order) { f.Agreement = "" }},
		{"legacy agreement", "agreement", warn, func(f *Facts, _ *Order) { f.Agreement = "legacy" }},
		{"single scope under the Azure plan", "scope", warn, func(f *Facts, o *Order) { o.Line.Scope = "/subscriptions/x"; f.Subscriptions[0].QuotaFree = &many }},
		{"market not sold", "market", stop, func(f *Facts, _ *Order) { f.Country = "CN" }},
		{"market unclear", "market", ask, func(f *Facts, _ *Order) { f.Country = "BR" }},
		{"market not known", "market", ask, func(f *Facts, _ *Order) { f.Country = "" }},
		{"size no longer sold", "eligibility", stop, func(_ *Facts, o *Order) { o.Line.Size = "Standard_D2s_v3" }},
		{"helpdesk buys", "agent_role", stop, func(f *Facts, _ *Order) { f.Role = "helpdesk-agent" }},
		{"role not known", "agent_role", ask, func(f *Facts, _ *Order) { f.Role = "" }},
		{"agents without access", "agent_access", warn, func(f *Facts, _ *Order) { f.Access = &no }},
		{"access not known", "agent_access", warn, func(f *Facts, _ *Order) { f.Access = nil }},
		{"another partner", "partner_on_record", stop, func(_ *Facts, o *Order) { o.Line.PartnerOnRecord = "1" }},
		{"partner not known", "partner_on_record", ask, func(f *Facts, _ *Order) { f.Subscriptions[0].PartnerOnRecord = "" }},
		{"reseller not named", "reseller", stop, func(f *Facts, _ *Order) { f.Indirect = true }},
		{"quota too small", "quota", warn, func(f *Facts, o *Order) {
			f.Agreement = "legacy"
			o.Line.Scope = "/subscriptions/x"
			f.Subscriptions[0].QuotaFree = &few
		}},
		{"resizes first", "resizes_first", ask, func(_ *Facts, o *Order) { o.Line.Resizes = []string{"resize-1"} }},
		{"price of no day", "price_age", warn, func(_ *Facts, o *Order) { o.Line.PriceAsOf = time.Time{} }},
		{"old price", "price_age", warn, func(_ *Facts, o *Order) { o.Line.PriceAsOf = start.AddDate(0, 0, -2) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := newDesk()
			o := Order{ID: "o-1", Line: exampleLine()}
			f := allFacts()[o.Line.Customer]
			c.change(&f, &o)
			found := c.code == ""
			for _, check := range d.Preflight(&o, &f, nil) {
				require.Equal(t, check.Verdict != fine, check.WayOut != "", check.Code)
				if c.code == "" || check.Code != c.code {
					continue
				}
				found = true
				require.Equal(t, c.want, check.Verdict, check.Detail)
			}
			require.True(t, found)
			if c.code == "" {
				for _, check := range d.Preflight(&o, &f, nil) {
					require.Equal(t, fine, check.Verdict, check.Code)
				}
			}
		})
	}
}

// The machines of resizes that come first are named; of an order that knows no names, the ids.
func TestResizesFirstNamesMachines(t *testing.T) {
	d, _ := newDesk()
	o := Order{ID: "o-1", Line: exampleLine()}
	o.Line.Resizes = []string{"resize-1", "resize-2", "resize-3", "resize-4", "resize-5"}
	detail := func() string {
		checks := d.Preflight(&o, &Facts{ResizesDone: []string{"resize-2"}}, nil)
		return checks[slices.IndexFunc(checks, func(c Check) bool { return c.Code == "resizes_first" })].Detail
	}
	require.Equal(t, "resizes of the same plan come first: resize-1, resize-3, resize-4 and 1 more", detail())
	o.Line.Resized = []string{"web", "web", "sql", "app", "dev"}
	require.Equal(t, "resizes of the same plan come first: web (resize-1), sql (resize-3), app (resize-4) and 1 more", detail())
}

// Another plan's order for machines of the same group: open, it stops; bought lately, it is waited for.
func TestRivalsOfAnotherPlan(t *testing.T) {
	d, clk := newDesk()
	mine := Order{ID: "o-1", Plan: "a", Line: exampleLine()}
	rival := Order{ID: "o-2", Plan: "b", Line: exampleLine(), State: Approved}
	rival.Line.Size = "Standard_D8s_v5" // same flexibility group
	verdict := func(code string) Verdict {
		f := allFacts()[mine.Line.Customer]
		for _, c := range d.Preflight(&mine, &f, []Order{mine, rival}) {
			if c.Code == code {
				return c.Verdict
			}
		}
		return ""
	}
	require.Equal(t, stop, verdict("open_order"))
	rival.State, rival.Attempt = Reconciled, &Attempt{At: start}
	require.Equal(t, fine, verdict("open_order"))
	require.Equal(t, stop, verdict("waiting_window"))
	clk.forward(25 * 24 * time.Hour)
	require.Equal(t, fine, verdict("waiting_window"))
	clk.now = start
	for _, change := range []func(){func() { rival.Plan = "a" }, func() { rival.Plan = "b"; rival.Line.Region = "westeurope" }, func() { rival.Line.Region = mine.Line.Region; rival.Line.Size = "Standard_E8s_v5" }} {
		change()
		require.Equal(t, fine, verdict("waiting_window"))
	}
}

// What nobody can answer stops the purchase, unless who buys answers for it; the journal keeps for what.
func TestQuestionsAreAnsweredByWhoBuys(t *testing.T) {
	d, _ := newDesk()
	o := drafted(t, d, exampleLine(), Approved)
	facts := allFacts()
	f := facts[o.Line.Customer]
	f.Subscriptions[0].PartnerOnRecord = ""
	facts[o.Line.Customer] = f
	sent, err := d.Submit(context.Background(), "anna", Submission{Placer: good(), Facts: facts}, o.ID)
	require.NoError(t, err)
	require.ErrorContains(t, sent[0].Err, "partner_on_record")
	sent, err = d.Submit(context.Background(), "anna", Submission{Placer: good(), Facts: facts, Accept: []string{"partner_on_record"}}, o.ID)
	require.NoError(t, err)
	require.Equal(t, Executed, sent[0].State)
	require.Equal(t, []string{"partner_on_record"}, get(t, d, o.ID).Attempt.Accepted)
}
