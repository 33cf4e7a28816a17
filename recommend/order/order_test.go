package order

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func usd(micros int64) money.Amount { return money.New(micros, "USD") }

// exampleLine is three D2s v5 for three years at 1 118.00 each: 3 354.00.
func exampleLine() Line {
	return Line{
		ID: "line-1", Customer: "c0dc4a63-61a9-47d7-87f1-e0d07079901a", Subscription: "11111111-1111-4111-8111-111111111111", Scope: "shared",
		Region: "polandcentral", Size: "Standard_D2s_v5", Term: pricing.ThreeYear, Quantity: 3, Flexible: true, BillingPlan: "monthly",
		UnitPrice: usd(1_118_000_000), TotalPrice: usd(3_354_000_000), PriceSource: "sheet", PriceAsOf: start, SavingMonth: usd(128_000_000),
		Rate: 1_150_000_000, AsOf: start,
	}
}

// clock is a clock that tests move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) forward(d time.Duration) { c.now = c.now.Add(d) }

func newDesk() (*Desk, *clock) {
	c := &clock{start}
	return &Desk{Store: NewMemory(), Policy: DefaultPolicy(), Now: c.Now}, c
}

func planOf(lines ...Line) *Plan {
	return &Plan{SHA256: strings.Repeat("ab", 32), AsOf: start, Lines: lines}
}

// drafted makes an order of the line in the state.
func drafted(t require.TestingT, d *Desk, line Line, state State) Order {
	ctx := context.Background()
	made, err := d.Draft(ctx, "anna", planOf(line), "")
	require.NoError(t, err)
	id := made[0].Order.ID
	if state == Requested || state == Approved {
		require.NoError(t, d.Request(ctx, "anna", id))
	}
	if state == Approved {
		require.NoError(t, d.Approve(ctx, "bob", line.TotalPrice, id))
	}
	return get(t, d, id)
}

func get(t require.TestingT, d *Desk, id string) Order {
	all, err := d.Orders(context.Background())
	require.NoError(t, err)
	for _, o := range all {
		if o.ID == id {
			return o
		}
	}
	require.Fail(t, "no order "+id)
	return Order{}
}

// eventOf is a sound event of the kind for the order.
func eventOf(o *Order, kind string, now time.Time) Event {
	line := exampleLine()
	e := Event{Order: "o-1", Kind: kind, At: now, Actor: "bob"}
	switch kind {
	case kindDrafted, kindChanged, kindRequoted:
		e.Line = &line
	case kindApproved:
		e.Approval = &Approval{By: "bob", At: now, Expires: now.Add(time.Hour), Hash: o.Line.Hash()}
	case kindSending, kindSaved:
		e.Attempt = &Attempt{Number: 1, Via: "arm", At: now}
	case kindReturned:
		e.Return = &Return{At: now, Quantity: 1}
	case kindExecuted, kindReconciled:
		e.Result = &Result{ReservationOrder: "r", At: now}
	}
	return e
}

// Every kind of event in every state: what the table lists changes the state to what it says, everything else changes
// nothing. The pictures of the design, written out.
func TestOnlyListedTransitionsExist(t *testing.T) {
	const listed = `
 draft: changed>draft requested>requested cancelled>cancelled
 requested: changed>requested requested>requested approved>approved rejected>rejected cancelled>cancelled
 approved: changed>requested rejected>rejected expired>expired cancelled>cancelled requoted>requested sending>sending
 sending: saved>sending executed>executed failed>failed lost>unknown
 executed: asked>executed reconciled>reconciled scoped>executed
 failed: changed>requested requested>requested cancelled>cancelled asked>failed reconciled>reconciled
 unknown: asked>unknown failed>failed reconciled>reconciled
 reconciled: verified>verified cancelled>cancelled exchanged>exchanged scoped>reconciled returned>reconciled
 verified: verified>verified cancelled>cancelled exchanged>exchanged scoped>verified returned>verified
 expired: changed>requested requested>requested cancelled>cancelled
 rejected:
 cancelled:
 exchanged:`
	count := 0
	for _, row := range strings.Split(strings.TrimSpace(listed), "\n") {
		state, rest, _ := strings.Cut(strings.TrimSpace(row), ":")
		want := map[string]string{}
		for _, move := range strings.Fields(rest) {
			kind, to, _ := strings.Cut(move, ">")
			want[kind] = to
			count++
		}
		for kind := range moves {
			line := exampleLine()
			o := Order{ID: "o-1", Lineage: line.lineage(), State: State(state), Revision: 4, Line: line, Requester: "anna"}
			o.Approval = &Approval{By: "bob", At: start, Expires: start.Add(time.Hour), Hash: line.Hash()}
			o.Attempt = &Attempt{Number: 1, Via: "arm", At: start}
			o.Result = &Result{ReservationOrder: "r", At: start}
			before := o
			err := o.Apply(eventOf(&o, kind, start))
			if to, ok := want[kind]; ok {
				require.NoError(t, err, "%s %s", state, kind)
				require.Equal(t, State(to), o.State, "%s %s", state, kind)
				require.Equal(t, before.Revision+1, o.Revision)
				continue
			}
			require.ErrorIs(t, err, ErrTransition, "%s %s", state, kind)
			require.Equal(t, before, o, "%s %s", state, kind)
		}
	}
	require.Equal(t, 42, count)
	var o Order
	require.NoError(t, o.Apply(eventOf(&o, kindDrafted, start)))
	require.Equal(t, Draft, o.State)
	require.Len(t, Transitions(), 35) // pairs of states; several kinds share one
}

// What an event says is judged beyond its kind; what is refused changes nothing.
func TestApplyRefusesWhatAnEventMustNotSay(t *testing.T) {
	line := exampleLine()
	approved := Order{ID: "o-1", Lineage: line.lineage(), State: Approved, Revision: 3, Line: line, Requester: "anna",
		Approval: &Approval{By: "bob", At: start, Expires: start.Add(time.Hour), Hash: line.Hash()}}
	requested := approved
	requested.State, requested.Approval = Requested, nil
	dearer := line
	dearer.UnitPrice, dearer.TotalPrice = usd(2_000_000_000), usd(6_000_000_000)
	other := line
	other.Customer = "somebody-else"
	euro := line
	euro.UnitPrice.Currency, euro.TotalPrice.Currency = "EUR", "EUR"
	wrong := line
	wrong.TotalPrice = usd(1)
	for _, c := range []struct {
		name, want string
		o          Order
		e          Event
	}{
		{"approval by the requester", "another person", requested, Event{Kind: kindApproved, Actor: "anna", Approval: &Approval{By: "anna", Expires: start.Add(time.Hour), Hash: line.Hash()}}},
		{"approval in another's name", "another person's name", requested, Event{Kind: kindApproved, Actor: "eve", Approval: &Approval{By: "bob", Expires: start.Add(time.Hour), Hash: line.Hash()}}},
		{"approval of another price", "another line or price", requested, Event{Kind: kindApproved, Actor: "bob", Approval: &Approval{By: "bob", Expires: start.Add(time.Hour), Hash: dearer.Hash()}}},
		{"approval that has expired", "expired already", requested, Event{Kind: kindApproved, Actor: "bob", Approval: &Approval{By: "bob", Expires: start, Hash: line.Hash()}}},
		{"approval without one", "brings no approval", requested, Event{Kind: kindApproved, Actor: "bob"}},
		{"sending after the approval expired", "expired on", approved, Event{Kind: kindSending, Actor: "bob", At: start.Add(time.Hour), Attempt: &Attempt{Number: 1}}},
		{"sending without an attempt", "no attempt", approved, Event{Kind: kindSending, Actor: "bob"}},
		{"a change to another customer", "keeps its line", approved, Event{Kind: kindChanged, Actor: "bob", Line: &other}},
		{"a change of currency", "keeps its line", approved, Event{Kind: kindChanged, Actor: "bob", Line: &euro}},
		{"a total that is not quantity times price", "is not 3 x", approved, Event{Kind: kindChanged, Actor: "bob", Line: &wrong}},
		{"nobody", "names its order", approved, Event{Kind: kindSending, Attempt: &Attempt{Number: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := c.o
			c.e.Order = "o-1"
			if c.e.At.IsZero() {
				c.e.At = start
			}
			require.ErrorContains(t, c.o.Apply(c.e), c.want)
			require.Equal(t, before, c.o)
		})
	}
	tampered := approved
	tampered.Line = dearer // changed behind the back of the approval
	require.ErrorContains(t, tampered.Apply(Event{Order: "o-1", Kind: kindSending, Actor: "bob", At: start, Attempt: &Attempt{Number: 1}}), "not about this line and price")
}

// The hash of an approval changes with each thing that is approved, and with nothing else.
func TestHashCoversWhatIsBought(t *testing.T) {
	base := exampleLine()
	hashes := map[string]string{base.Hash(): "base"}
	for name, change := range map[string]func(*Line){
		"id": func(l *Line) { l.ID = "x" }, "customer": func(l *Line) { l.Customer = "x" }, "subscription": func(l *Line) { l.Subscription = "x" },
		"scope": func(l *Line) { l.Scope = "x" }, "region": func(l *Line) { l.Region = "westeurope" }, "size": func(l *Line) { l.Size = "Standard_D4s_v5" },
		"term": func(l *Line) { l.Term = pricing.OneYear }, "quantity": func(l *Line) { l.Quantity++ }, "flexible": func(l *Line) { l.Flexible = false },
		"plan": func(l *Line) { l.BillingPlan = "upfront" }, "unit": func(l *Line) { l.UnitPrice.Micros++ }, "total": func(l *Line) { l.TotalPrice.Micros++ },
		"currency": func(l *Line) { l.UnitPrice.Currency = "EUR" }, "partner": func(l *Line) { l.PartnerOnRecord = "1" },
	} {
		l := base
		change(&l)
		require.NotContains(t, hashes, l.Hash(), name)
		hashes[l.Hash()] = name
	}
	same := base
	same.PriceSource, same.SavingMonth, same.Resizes, same.Resized = "elsewhere", usd(1), []string{"x"}, []string{"y"}
	require.Equal(t, base.Hash(), same.Hash())
}

func TestDraftingTwiceMakesNothingTwice(t *testing.T) {
	d, _ := newDesk()
	ctx := context.Background()
	first := drafted(t, d, exampleLine(), Draft)
	again, err := d.Draft(ctx, "carl", planOf(exampleLine()), "")
	require.NoError(t, err)
	require.False(t, again[0].New)
	require.Equal(t, first, again[0].Order)

	// A newer plan changes a draft, and says so; once asked for, the order stays as it is.
	more := exampleLine()
	more.Quantity, more.TotalPrice, more.Subscription, more.BillingPlan = 4, usd(4_472_000_000), "", "upfront"
	again, err = d.Draft(ctx, "carl", planOf(more), "")
	require.NoError(t, err)
	require.EqualValues(t, 4, again[0].Order.Line.Quantity)
	require.Equal(t, first.Line.Subscription, again[0].Order.Line.Subscription, "named by hand before")
	require.NotEmpty(t, again[0].Note)
	require.NoError(t, d.Request(ctx, "anna", first.ID))
	again, err = d.Draft(ctx, "carl", planOf(exampleLine()), "")
	require.NoError(t, err)
	require.EqualValues(t, 4, again[0].Order.Line.Quantity)
	require.Contains(t, again[0].Note, "the plan now says 3 x 1118.00 USD")

	// A closed order frees its need, under another id and mark; another customer's lines are left alone.
	require.NoError(t, d.Cancel(ctx, "anna", "", first.ID))
	again, err = d.Draft(ctx, "carl", planOf(exampleLine()), "")
	require.NoError(t, err)
	require.True(t, again[0].New)
	require.NotEqual(t, first.Token(), again[0].Order.Token())
	again, err = d.Draft(ctx, "carl", planOf(exampleLine()), "nobody")
	require.NoError(t, err)
	require.Empty(t, again)
}

// The bad input of the issue, each refused with its reason, journalled, and without effect.
func TestRefusalsAreJournalled(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name, code string
		act        func(d *Desk, c *clock, o Order) error
	}{
		{"approval by the requester", "requester_approves", func(d *Desk, _ *clock, o Order) error { return d.Approve(ctx, "anna", o.Line.TotalPrice, o.ID) }},
		{"wrong sum", "wrong_sum", func(d *Desk, _ *clock, o Order) error { return d.Approve(ctx, "bob", usd(3_353_999_999), o.ID) }},
		{"wrong currency", "wrong_currency", func(d *Desk, _ *clock, o Order) error {
			return d.Approve(ctx, "bob", money.New(3_354_000_000, "EUR"), o.ID)
		}},
		{"unknown order", "unknown_order", func(d *Desk, _ *clock, o Order) error { return d.Approve(ctx, "bob", o.Line.TotalPrice, "o-none") }},
		{"cap of the customer", "cap_customer", func(d *Desk, _ *clock, o Order) error {
			d.Policy.CapCustomer = Cap{true, 3_353_999_999}
			return d.Approve(ctx, "bob", o.Line.TotalPrice, o.ID)
		}},
		{"cap of zero", "cap_month", func(d *Desk, _ *clock, o Order) error {
			d.Policy.CapMonth = Cap{Set: true}
			return d.Approve(ctx, "bob", o.Line.TotalPrice, o.ID)
		}},
		{"cap below zero", "cap_approver", func(d *Desk, _ *clock, o Order) error {
			d.Policy.CapApprover = Cap{true, -1}
			return d.Approve(ctx, "bob", o.Line.TotalPrice, o.ID)
		}},
		{"a step skipped", "not_now", func(d *Desk, _ *clock, o Order) error { return d.Verify(ctx, "bob", "fine", o.ID) }},
		{"asked for twice", "not_now", func(d *Desk, _ *clock, o Order) error { return d.Request(ctx, "carl", o.ID) }},
		{"a changed line that cannot be", "bad_line", func(d *Desk, _ *clock, o Order) error {
			o.Line.Quantity = 0
			return d.Change(ctx, "carl", map[string]Line{o.ID: o.Line})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, clk := newDesk()
			o := drafted(t, d, exampleLine(), Requested)
			err := c.act(d, clk, o)
			require.ErrorIs(t, err, ErrRefused)
			var r *Refusal
			require.True(t, errors.As(err, &r))
			require.Equal(t, c.code, r.Code)
			require.Equal(t, o, get(t, d, o.ID))
			audit, err := d.Audit(ctx)
			require.NoError(t, err)
			require.EqualValues(t, 1, audit.Refusals)
		})
	}
}

// One of two orders is refused: neither is approved.
func TestAnActOnSeveralIsDoneForAllOrNone(t *testing.T) {
	d, _ := newDesk()
	ctx := context.Background()
	second := exampleLine()
	second.ID, second.Region = "line-2", "westeurope"
	one, two := drafted(t, d, exampleLine(), Requested), drafted(t, d, second, Draft)
	require.ErrorIs(t, d.Approve(ctx, "bob", usd(6_708_000_000), one.ID, two.ID), ErrRefused)
	require.Equal(t, Requested, get(t, d, one.ID).State)
	require.NoError(t, d.Request(ctx, "anna", two.ID))
	require.NoError(t, d.Approve(ctx, "bob", usd(6_708_000_000), one.ID, two.ID, one.ID)) // named twice, counted once
	require.Equal(t, Approved, get(t, d, two.ID).State)
}

// Caps count what others committed: 3 354 twice is above 6 000, in the month, for the customer and for the approver.
func TestCapsAddUp(t *testing.T) {
	ctx := context.Background()
	second := exampleLine()
	second.ID, second.Region = "line-2", "westeurope"
	try := func(set func(*Policy), approver string, wait time.Duration, customer string) error {
		d, clk := newDesk()
		set(&d.Policy)
		drafted(t, d, exampleLine(), Approved)
		clk.forward(wait)
		line := second
		line.Customer = customer
		o := drafted(t, d, line, Requested)
		return d.Approve(ctx, approver, usd(3_354_000_000), o.ID)
	}
	limit := Cap{true, 6_000_000_000}
	mine, month := exampleLine().Customer, 10*24*time.Hour // into December
	require.ErrorContains(t, try(func(p *Policy) { p.CapCustomer = limit }, "bob", 0, mine), "6708.00 USD, allowed is 6000.00 USD (cap_customer)")
	require.NoError(t, try(func(p *Policy) { p.CapCustomer = limit }, "bob", 0, "another"))
	require.ErrorContains(t, try(func(p *Policy) { p.CapMonth = limit }, "carl", 0, "another"), "cap_month")
	require.NoError(t, try(func(p *Policy) { p.CapMonth = limit }, "carl", month, "another"))
	require.ErrorContains(t, try(func(p *Policy) { p.CapApprover = limit }, "bob", 0, "another"), "cap_approver")
	require.NoError(t, try(func(p *Policy) { p.CapApprover = limit }, "carl", 0, "another"))
	require.NoError(t, try(func(p *Policy) { p.CapApprover = Cap{true, 6_708_000_000} }, "bob", 0, "another"), "exactly the cap")
}

func TestCapText(t *testing.T) {
	for text, want := range map[string]Cap{"": {}, "0": {Set: true}, "1000.50": {true, 1_000_500_000}, "-1": {true, -1_000_000}} {
		var c Cap
		require.NoError(t, c.UnmarshalText([]byte(text)))
		require.Equal(t, want, c)
		back, err := c.MarshalText()
		require.NoError(t, err)
		var again Cap
		require.NoError(t, again.UnmarshalText(back))
		require.Equal(t, c, again)
	}
	var c Cap
	require.Error(t, c.UnmarshalText([]byte("1,000")))
	require.Error(t, c.UnmarshalText([]byte("unlimited")))
}

// An approval holds for 72 hours to the second, whatever the clock did before, over DST nights, leap days and years.
func TestExpiryFollowsTheClockOfTheDesk(t *testing.T) {
	ctx := context.Background()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		d, clk := newDesk()
		clk.now = time.Date(2027+random.IntN(5), time.Month(1+random.IntN(12)), 1+random.IntN(31), random.IntN(24), random.IntN(60), 0, 0, time.UTC)
		o := drafted(t, d, exampleLine(), Approved)
		clk.forward(-time.Hour) // a step back of the clock expires nothing
		expired, err := d.Expire(ctx, "clock")
		require.NoError(t, err)
		require.Empty(t, expired)
		clk.forward(time.Hour + 72*time.Hour - time.Second)
		expired, err = d.Expire(ctx, "clock")
		require.NoError(t, err)
		require.Empty(t, expired)
		clk.forward(time.Second + time.Duration(random.IntN(400))*24*time.Hour)
		expired, err = d.Expire(ctx, "clock")
		require.NoError(t, err)
		require.Equal(t, []string{o.ID}, expired)
		require.Equal(t, Expired, get(t, d, o.ID).State)
		_, err = d.Audit(ctx)
		require.NoError(t, err)
	}
}

// A changed line goes back to be approved, and who changed it cannot do that.
func TestAChangedLineIsApprovedAgain(t *testing.T) {
	ctx := context.Background()
	d, _ := newDesk()
	o := drafted(t, d, exampleLine(), Approved)
	line := o.Line
	line.Quantity, line.TotalPrice = 2, usd(2_236_000_000)
	require.NoError(t, d.Change(ctx, "carl", map[string]Line{o.ID: line}))
	changed := get(t, d, o.ID)
	require.Equal(t, Requested, changed.State)
	require.Nil(t, changed.Approval)
	require.ErrorIs(t, d.Approve(ctx, "carl", line.TotalPrice, o.ID), ErrRefused)
	require.NoError(t, d.Approve(ctx, "bob", line.TotalPrice, o.ID))
}

// trials is how often the long tests run: ORDER_TRIALS beyond the short slice of every change.
func trials(t *testing.T, short int) int {
	if text := os.Getenv("ORDER_TRIALS"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		return n
	}
	return short
}

// Any edit, deletion, swap, insertion, repetition or cut of a journal is found.
func TestAuditFindsEveryTampering(t *testing.T) {
	ctx := context.Background()
	d, clk := newDesk()
	for i := range 12 {
		line := exampleLine()
		line.Customer = fmt.Sprintf("customer-%d", i)
		drafted(t, d, line, []State{Draft, Requested, Approved}[i%3])
		clk.forward(time.Minute)
		_ = d.Approve(ctx, "anna", line.TotalPrice, "o-none")
	}
	var journal []Entry
	require.NoError(t, d.Store.Journal(ctx, func(e Entry) error { journal = append(journal, e); return nil }))
	whole, err := d.Audit(ctx)
	require.NoError(t, err)
	orders, err := d.Orders(ctx)
	require.NoError(t, err)
	verify := func(entries []Entry) error {
		audit := NewAudit()
		var last *Entry
		for i, e := range entries {
			if err := audit.Add(e); err != nil {
				return err
			}
			if e.Seq == whole.Head().Seq {
				last = &entries[i]
			}
		}
		if err := whole.Head().Anchored(last); err != nil {
			return err
		}
		return audit.Compare(orders)
	}
	require.NoError(t, verify(journal))
	random := rand.New(rand.NewPCG(7, 7))
	for trial := range trials(t, 2000) {
		bad := tamper(random, journal)
		require.ErrorIs(t, verify(bad), ErrTampered, "trial %d", trial)
	}
}

// tamper changes a copy of the journal in one of seven ways; some mend the chain behind the change, as who has the file
// could, and are found by what was kept elsewhere or by the orders.
func tamper(random *rand.Rand, journal []Entry) []Entry {
	bad := append([]Entry(nil), journal...)
	i, j := random.IntN(len(bad)), random.IntN(len(bad)-1)
	if j >= i {
		j++
	}
	switch random.IntN(7) {
	case 0: // one byte of the text
		at := random.IntN(len(bad[i].Event))
		bad[i].Event = bad[i].Event[:at] + string(rune('a'+bad[i].Event[at]%25)) + bad[i].Event[at+1:]
		if bad[i].Event == journal[i].Event {
			bad[i].Event += " "
		}
	case 1:
		bad = append(bad[:i], bad[i+1:]...)
	case 2:
		bad[i], bad[j] = bad[j], bad[i]
	case 3:
		bad = bad[:i]
	case 4:
		bad = append(bad[:i+1], bad[i:]...)
	case 5: // an edit with every later hash made anew
		bad[i].Event = strings.Replace(bad[i].Event, `"actor":"`, `"actor":"x`, 1)
		bad = resealed(bad)
	case 6: // a deletion with everything after it made anew
		bad = resealed(append(bad[:i], bad[i+1:]...))
	}
	return bad
}

func resealed(entries []Entry) []Entry {
	head := Head{}
	for i := range entries {
		entries[i].Seq, entries[i].Prev = head.Seq+1, head.Hash
		entries[i].Hash = entries[i].hash()
		head = Head{entries[i].Seq, entries[i].Hash}
	}
	return entries
}

// However people act, the journal replays to the orders, the requester of an approved order is not its approver, and each
// need has one open order.
func TestAnyHistoryReplays(t *testing.T) {
	ctx := context.Background()
	people := []string{"anna", "bob", "carl"}
	rapid.Check(t, func(t *rapid.T) {
		d, clk := newDesk()
		d.Policy.CapCustomer = Cap{rapid.Bool().Draw(t, "capped"), 5_000_000_000}
		var ids []string
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			who := rapid.SampledFrom(people).Draw(t, "who")
			line := exampleLine()
			line.ID = rapid.SampledFrom([]string{"line-1", "line-2"}).Draw(t, "line")
			if line.ID == "line-2" {
				line.Region = "westeurope"
			}
			made, err := d.Draft(ctx, who, planOf(line), "")
			require.NoError(t, err)
			ids = append(ids, made[0].Order.ID)
			id := rapid.SampledFrom(ids).Draw(t, "id")
			switch rapid.IntRange(0, 6).Draw(t, "act") {
			case 0:
				_ = d.Request(ctx, who, id)
			case 1, 2:
				_ = d.Approve(ctx, who, line.TotalPrice, id)
			case 3:
				_ = d.Reject(ctx, who, "no", id)
			case 4:
				_ = d.Cancel(ctx, who, "no", id)
			case 5:
				clk.forward(time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour)
				_, err = d.Expire(ctx, who)
				require.NoError(t, err)
			case 6:
				_ = d.Change(ctx, who, map[string]Line{id: get(t, d, id).Line})
			}
		}
		_, err := d.Audit(ctx)
		require.NoError(t, err)
		all, err := d.Orders(ctx)
		require.NoError(t, err)
		open := map[string]bool{}
		sum := int64(0)
		for _, o := range all {
			if o.State == Approved {
				require.NotEqual(t, o.Requester, o.Approval.By)
				require.Equal(t, o.Line.Hash(), o.Approval.Hash)
				sum += o.Line.TotalPrice.Micros
			}
			require.False(t, o.State.Open() && open[o.Lineage])
			open[o.Lineage] = open[o.Lineage] || o.State.Open()
		}
		if d.Policy.CapCustomer.Set {
			require.LessOrEqual(t, sum, d.Policy.CapCustomer.Micros)
		}
	})
}

// The plan that the program prints is read whole; a plan that somebody edited is not.
func TestReadPlan(t *testing.T) {
	const good = `{"schema":"sizeterm.plan/1","as_of":"2026-11-01T00:00:00Z",
 "prices":[{"source":"sheet","as_of":"2026-07-01T00:00:00Z"},{"source":"sheet two","as_of":"2026-08-01T00:00:00Z"}],
 "vms":[{"customer":"C1","resource":"/vm/a","region":"westeurope"},{"customer":"c1","resource":"/vm/b","region":"polandcentral"},{"customer":"c1","name":"c","region":"westeurope"}],
 "resizes":[{"id":"resize-1","vm":"/vm/a","action":"resize"},{"id":"resize-2","vm":"/vm/a","action":"shutdown"},{"id":"resize-3","vm":"/vm/b","action":"resize"},{"id":"resize-4","vm":"c","action":"resize"}],
 "pools":[{"id":"pool-1","rates":[{"size":"Standard_D2s_v5","rate":"0.115"}]}],
 "lines":[{"id":"line-1","pool":"pool-1","action":"reserve","customer":"C1","subscription":"","scope":"shared","region":"westeurope","size":"Standard_D2s_v5","term":"P3Y",
  "quantity":3,"flexibility":"on","billing_plan":"monthly","unit_price":"1118.00","total_price":"3354.00","currency":"USD","price_source":"sheet two (line 4)","saving_month":"128.00","partner_on_record":null}]}`
	p, err := ReadPlan(strings.NewReader(good))
	require.NoError(t, err)
	require.Len(t, p.SHA256, 64)
	l := p.Lines[0]
	require.Equal(t, "c1", l.Customer)
	require.Equal(t, usd(3_354_000_000), l.TotalPrice)
	require.EqualValues(t, 1_150_000_000, l.Rate)
	require.Equal(t, []string{"resize-1", "resize-4"}, l.Resizes)
	require.Equal(t, []string{"a", "c"}, l.Resized)
	require.Equal(t, "2026-08-01", l.PriceAsOf.Format(time.DateOnly))
	for name, change := range map[string][2]string{
		"another schema":           {"sizeterm.plan/1", "sizeterm.plan/2"},
		"no day":                   {`"as_of":"2026-11-01T00:00:00Z",` + "\n", ""},
		"an edited quantity":       {`"quantity":3`, `"quantity":30`},
		"an edited total":          {"3354.00", "335.40"},
		"a unit price of nothing":  {`"1118.00"`, `"0.00"`},
		"a price that is none":     {`"1118.00"`, `"free"`},
		"no currency":              {`"currency":"USD"`, `"currency":""`},
		"another action":           {`"action":"reserve"`, `"action":"sell"`},
		"another flexibility":      {`"flexibility":"on"`, `"flexibility":"maybe"`},
		"a size that does not be":  {`"size":"Standard_D2s_v5","term"`, `"size":"Standard_D2s_v99","term"`},
		"a size in other words":    {`"size":"Standard_D2s_v5","term"`, `"size":"D2s v5","term"`},
		"pay-as-you-go as a term":  {`"term":"P3Y"`, `"term":"PAYG"`},
		"a term of five years":     {`"term":"P3Y"`, `"term":"P5Y"`},
		"nobody's line":            {`"customer":"C1","sub`, `"customer":"","sub`},
		"another billing plan":     {`"billing_plan":"monthly"`, `"billing_plan":"weekly"`},
		"a rate that is no number": {`"rate":"0.115"`, `"rate":"x"`},
		"no JSON":                  {"{", "["},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, good, change[0])
			_, err := ReadPlan(strings.NewReader(strings.Replace(good, change[0], change[1], 1)))
			require.Error(t, err)
		})
	}
	twice := strings.Replace(good, `"lines":[{`, `"lines":[`+good[strings.Index(good, `"lines":[`)+9:len(good)-2]+`,{`, 1)
	_, err = ReadPlan(strings.NewReader(twice))
	require.ErrorContains(t, err, "twice")
}

func FuzzReadPlan(f *testing.F) {
	f.Add([]byte(`{"schema":"sizeterm.plan/1","as_of":"2026-11-01T00:00:00Z","lines":[{"id":"l","action":"reserve"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ReadPlan(strings.NewReader(string(text)))
		if err != nil {
			return
		}
		for _, l := range p.Lines {
			require.NoError(t, l.Check())
		}
	})
}

// A journal of any bytes is refused or replays; it never stops the program.
func FuzzAudit(f *testing.F) {
	d, _ := newDesk()
	drafted(f, d, exampleLine(), Approved)
	_ = d.Store.Journal(context.Background(), func(e Entry) error { f.Add(e.Event); return nil })
	f.Fuzz(func(t *testing.T, text string) {
		e := Entry{Seq: 1, Event: text}
		e.Hash = e.hash()
		audit := NewAudit()
		if audit.Add(e) == nil {
			var event Event
			require.NoError(t, json.Unmarshal([]byte(text), &event))
		}
	})
}
