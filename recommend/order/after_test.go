package order

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func code(t *testing.T, err error) string {
	t.Helper()
	var r *Refusal
	require.True(t, errors.As(err, &r), "%v", err)
	return r.Code
}

// A purchase by hand is recorded once, of an approved order, at the approved price, with the name that the vendor gave it.
func TestBoughtByHand(t *testing.T) {
	ctx := context.Background()
	d, _ := newDesk()
	o := drafted(t, d, exampleLine(), Approved)
	paid := o.Line.TotalPrice
	hand := Hand{VendorOrder: "V-7", ReservationOrder: "ABC", Paid: paid}
	require.Equal(t, "no_vendor_order", code(t, d.Bought(ctx, "anna", Hand{Paid: paid}, o.ID)))
	require.Equal(t, "unknown_order", code(t, d.Bought(ctx, "anna", hand, "o-none")))
	dear := hand
	dear.Paid.Micros += 30_000 // three cents for three instances
	require.Equal(t, "price_changed", code(t, d.Bought(ctx, "anna", dear, o.ID)))
	euro := hand
	euro.Paid.Currency = "EUR"
	require.Equal(t, "wrong_currency", code(t, d.Bought(ctx, "anna", euro, o.ID)))
	require.NoError(t, d.Bought(ctx, "anna", hand, o.ID))
	after := get(t, d, o.ID)
	require.Equal(t, Executed, after.State)
	require.Equal(t, "abc", after.Result.ReservationOrder)
	require.Equal(t, ViaPortal, after.Attempt.Via)
	require.Equal(t, "already_sent", code(t, d.Bought(ctx, "anna", hand, o.ID)))
	_, err := d.Audit(ctx)
	require.NoError(t, err)
}

func TestBoughtAfterTheApprovalEnded(t *testing.T) {
	d, now := newDesk()
	o := drafted(t, d, exampleLine(), Approved)
	now.forward(73 * time.Hour)
	require.Equal(t, "expired", code(t, d.Bought(context.Background(), "anna", Hand{VendorOrder: "V", Paid: o.Line.TotalPrice}, o.ID)))
}

// Under the Azure plan the narrower scope is a second step, tracked until it is done.
func TestTheScopeIsASecondStep(t *testing.T) {
	ctx := context.Background()
	d, _ := newDesk()
	l := exampleLine()
	l.Scope = "/subscriptions/" + l.Subscription
	o := drafted(t, d, l, Approved)
	require.Equal(t, "no_scope_step", code(t, d.Rescoped(ctx, "anna", o.ID)))
	require.NoError(t, d.Bought(ctx, "anna", Hand{VendorOrder: "V", Paid: o.Line.TotalPrice}, o.ID))
	o = get(t, d, o.ID)
	require.True(t, o.ScopeLeft())
	require.NoError(t, d.Rescoped(ctx, "anna", o.ID))
	o = get(t, d, o.ID)
	require.False(t, o.ScopeLeft())
	require.Equal(t, Executed, o.State)
	require.Equal(t, "no_scope_step", code(t, d.Rescoped(ctx, "anna", o.ID)))
}

// What goes back is taken off what is held; with the last of it the order is closed.
func TestReturns(t *testing.T) {
	ctx := context.Background()
	d, _ := newDesk()
	o := drafted(t, d, exampleLine(), Approved) // three instances
	require.NoError(t, d.Bought(ctx, "anna", Hand{VendorOrder: "V", Paid: o.Line.TotalPrice}, o.ID))
	require.NoError(t, d.Proved(ctx, "anna", []Proof{{Order: o.ID, Text: "2026-12: bought", ReservationOrder: "r-1", Complete: true}}))
	o = get(t, d, o.ID)
	require.Equal(t, Verified, o.State)
	require.Equal(t, "r-1", o.Result.ReservationOrder)
	require.EqualValues(t, 3, o.Held())
	back := Return{Quantity: 2, Commitment: usd(1_000_000), Refund: usd(900_000)}
	require.NoError(t, d.Returned(ctx, "anna", o.ID, back))
	o = get(t, d, o.ID)
	require.EqualValues(t, 1, o.Held())
	require.Equal(t, Verified, o.State)
	require.Equal(t, "not_now", code(t, d.Returned(ctx, "anna", o.ID, Return{Quantity: 0})))
	back.Exchange, back.Quantity = true, 1
	require.NoError(t, d.Returned(ctx, "anna", o.ID, back))
	o = get(t, d, o.ID)
	require.Equal(t, Exchanged, o.State)
	require.Len(t, o.Returns, 2)
	require.Zero(t, o.Held())
	_, err := d.Audit(ctx)
	require.NoError(t, err)
}

// The files settle what was not heard, once, and name the same proof only once.
func TestFilesSettleAnOrder(t *testing.T) {
	ctx := context.Background()
	d, _ := newDesk()
	o := drafted(t, d, exampleLine(), Approved)
	v := good()
	v.outcome = Outcome{Answer: NoAnswer, Reason: "time-out"}
	require.Equal(t, Unknown, submitted(t, d, v, o.ID).State)
	none := []Proof{{Order: o.ID, Text: "found"}}
	require.NoError(t, d.Proved(ctx, "files", none))
	require.Equal(t, Unknown, get(t, d, o.ID).State, "no name of the vendor's")
	none[0].ReservationOrder = "r-1"
	require.NoError(t, d.Proved(ctx, "files", none))
	require.Equal(t, Reconciled, get(t, d, o.ID).State)
	none[0].Complete = true
	for range 2 {
		require.NoError(t, d.Proved(ctx, "files", none))
	}
	facts, err := d.Journal(ctx, o.ID, 0, 0)
	require.NoError(t, err)
	verified := 0
	for _, f := range facts {
		if f.Kind == kindVerified {
			verified++
		}
	}
	require.Equal(t, 1, verified)
	one, err := d.Journal(ctx, "", 2, 1)
	require.NoError(t, err)
	require.Len(t, one, 1)
	require.EqualValues(t, 3, one[0].Seq)
}

func TestReminders(t *testing.T) {
	ends := time.Date(2027, 3, 15, 14, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		now   string
		stage int
	}{{"2027-02-12", 0}, {"2027-02-13", 30}, {"2027-03-07", 30}, {"2027-03-08", 7}, {"2027-03-15", 7}, {"2027-03-16", 0}} {
		now, err := time.Parse(time.DateOnly, c.now)
		require.NoError(t, err)
		r, ok := Remind(now, ends, true)
		require.Equal(t, c.stage != 0, ok, c.now)
		if ok {
			require.Equal(t, c.stage, r.Stage, c.now)
			require.Contains(t, r.Detail, "renews itself")
		}
	}
}
