package prove

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest/usage"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend/order"
)

func date(text string) time.Time { return at(text + "T00:00:00Z") }

func owned(total string, term pricing.Term, start string, monthly bool) *Owned {
	s := date(start)
	return &Owned{Reservation: resID, ReservationOrder: resOrder, Customer: customer, Scope: "shared", Size: "Standard_D4s_v5", Region: "westeurope", Term: term, Quantity: 1,
		Start: s, End: s.AddDate(term.Years(), 0, 0), Total: usd(total), Monthly: monthly, Flexible: true}
}

// The documents' own examples (domain.md 11, numbers 7 to 9), and one that is paid at once.
func TestWhatIsLeft(t *testing.T) {
	for _, c := range []struct {
		name             string
		h                *Owned
		on               string
		commitment, paid string
	}{
		// 100 a month for 36 months, cancelled at month 12: 24 x 100. By days: 731 of 1096 days are left of 2026-01-01 to 2029-01-01.
		{"monthly at month 12", owned("3600", pricing.ThreeYear, "2026-01-01", true), "2027-01-01", "2401.094891", "101.094891"},
		// 2400 at once for a year, half of it over (184 of 365 days are left on 2 July): 1209.86.
		{"upfront after half", owned("2400", pricing.OneYear, "2026-01-01", false), "2026-07-01", "1209.863014", "1209.863014"},
		{"on the first day", owned("2400", pricing.OneYear, "2026-01-01", false), "2026-01-01", "2400.00", "2400.00"},
		{"on the last day", owned("2400", pricing.OneYear, "2026-01-01", false), "2026-12-31", "6.575342", "6.575342"},
		{"afterwards", owned("2400", pricing.OneYear, "2026-01-01", false), "2027-06-01", "0.00", "0.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			commitment, paid, err := c.h.remainder(date(c.on), 1)
			require.NoError(t, err)
			require.Equal(t, c.commitment, commitment.Decimal())
			require.Equal(t, c.paid, paid.Decimal())
		})
	}
	_, _, err := owned("1", pricing.OneYear, "2026-01-01", false).remainder(date("2026-02-01"), 2)
	require.Error(t, err)
}

func dollars(a money.Amount) (money.Amount, bool) { return a, a.Currency == "USD" }

// 36 x 3000 = 108 000 cannot be cancelled until 50 000 are left (58 000 paid); what was given back leaves the window after
// 365 days, and each customer has a cap of his own.
func TestTheCapUnderBothReadings(t *testing.T) {
	l := Ledger{
		{customer, "", date("2026-01-10"), usd("30000"), usd("1000"), ""},
		{customer, "", date("2026-06-01"), usd("10000"), usd("500"), ""},
		{"someone else", "", date("2026-06-01"), usd("50000"), usd("50000"), ""},
	}
	check := func(on, commitment string, fits bool, free string) {
		t.Helper()
		uses, ok := l.caps(customer, date(on), usd(commitment), usd("100"), dollars)
		require.True(t, ok)
		require.Equal(t, byCommitment, uses[0].Reading)
		require.Equal(t, fits, uses[0].Fits)
		require.Equal(t, free, uses[0].Free)
		require.True(t, uses[1].Fits, "little money came back")
	}
	check("2026-07-01", "10000", true, "")
	check("2026-07-01", "10000.01", false, "2027-01-10")
	check("2027-01-09", "10000.01", false, "2027-01-10")
	check("2027-01-10", "40000", true, "")
	check("2026-07-01", "50000", false, "2027-06-01")
	check("2026-07-01", "50000.01", false, "")
	_, ok := l.caps(customer, date("2026-07-01"), money.New(1, "EUR"), money.New(0, "EUR"), dollars)
	require.False(t, ok)
}

func book(t *testing.T) *pricing.Book {
	b := pricing.NewBuilder()
	offer := func(size string, region catalog.Region, term pricing.Term, total string) pricing.Offer {
		return pricing.Offer{Size: catalog.Size(size), Region: region, OS: pricing.Linux, Term: term, Total: usd(total), Currency: "USD", Source: "test"}
	}
	b.Add(pricing.Source{Name: "test", Kind: "test", AsOf: date("2026-11-01"), Currency: "USD"}, []pricing.Offer{
		offer("Standard_D2s_v5", "westeurope", pricing.OneYear, "438"), offer("Standard_D4s_v5", "westeurope", pricing.OneYear, "876"),
		offer("Standard_E2s_v5", "westeurope", pricing.OneYear, "438"), offer("Standard_E2s_v5", "westeurope", pricing.ThreeYear, "900"),
	})
	made, err := b.Build()
	require.NoError(t, err)
	return made
}

func advise(t *testing.T, b *Books, h *Owned, now string, ledger Ledger) map[string]Choice {
	t.Helper()
	a, err := Advise(h, []*Owned{h}, b, Terms{Now: at(now), Book: book(t), Ledger: ledger, USD: dollars})
	require.NoError(t, err)
	byAction := map[string]Choice{}
	for _, c := range a.Choices {
		if _, ok := byAction[c.Action]; !ok {
			byAction[c.Action] = c
		}
	}
	return byAction
}

// Two D4s reserved for a year from 2026-11-02 for 1752 USD, one of them runs (November, 28 days of files from the 3rd). On
// 2026-12-02 335 of 365 days are left: giving one back brings 876 x 335 / 365 = 804 and costs nothing, for nothing is
// covered by it.
func TestRefundOfThePartThatIsNotUsed(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D4s_v5", 3, 30, resID)
	f.runs(subB, "Standard_E2s_v5", 3, 30, "")
	b := f.into(t, &Books{})
	h := owned("1752", pricing.OneYear, "2026-11-02", false)
	h.Quantity = 2
	// No row of the group is on demand in the files: nothing could be valued without this one hour.
	f.row(usage.ChargeRow{Subscription: subA, ResourceGroup: "x", Size: "Standard_D4s_v5", OS: "linux", Kind: usage.Compute, Model: usage.OnDemand, Start: date("2026-11-03").Unix(), Hours: 1, HasHours: true, Rate: 2_000_000_000, HasRate: true})
	b = f.into(t, b)
	got := advise(t, b, h, "2026-12-02T12:00:00Z", nil)
	require.Equal(t, "804.00", got["refund"].Value.Round())
	require.EqualValues(t, 1, got["refund"].Quantity)
	require.Equal(t, "804.00", got["refund"].Commitment.Decimal())
	require.Equal(t, "0.00", got["refund"].Fee.Decimal())
	require.Equal(t, "96.48", got["refund"].FeeAtMost.Decimal()) // 12 %
	require.True(t, got["refund"].Allowed)
	require.Equal(t, "0.00", got["keep"].Value.Decimal())
	// An exchange must not be smaller than the 804 handed in: one E2s for three years is 900. By itself that saves
	// 1095 x 24 x 0.20 = 5256, less 900, which it would without an exchange: the exchange is worth the 804.
	x := got["exchange"]
	require.Equal(t, "Standard_E2s_v5", x.New.Size)
	require.Equal(t, "900.00", x.New.Total.Decimal())
	require.Equal(t, "804.00", x.Value.Round())
	require.True(t, x.Allowed)
	// The cap is full: refund is not allowed, the exchange is.
	full := Ledger{{customer, "", date("2026-11-20"), usd("49500"), usd("0"), ""}}
	got = advise(t, b, h, "2026-12-02T12:00:00Z", full)
	require.False(t, got["refund"].Allowed)
	require.True(t, got["exchange"].Allowed)
}

// Reservations bought from 2027-02-01 on cannot be exchanged; the day before they can.
func TestTheEndOfExchanges(t *testing.T) {
	f := &file{}
	f.runs(subB, "Standard_E2s_v5", 1, 30, "")
	f.runs(subB, "Standard_D4s_v5", 1, 1, "")
	b := f.into(t, &Books{})
	for start, allowed := range map[string]bool{"2027-01-31": true, "2027-02-01": false} {
		got := advise(t, b, owned("876", pricing.OneYear, start, false), "2027-03-01T00:00:00Z", nil)
		require.Equal(t, allowed, got["exchange"].Allowed, start)
	}
}

// A reservation of one subscription while the other runs the machines: the shared scope is worth what it then covers,
// 0.20 an hour for 24 x 335 hours.
func TestAnotherScope(t *testing.T) {
	f := &file{}
	f.runs(subB, "Standard_D4s_v5", 1, 30, "")
	b := f.into(t, &Books{})
	h := owned("876", pricing.OneYear, "2026-11-02", false)
	h.Scope = "/subscriptions/" + subA
	got := advise(t, b, h, "2026-12-02T00:00:00Z", nil)
	require.Equal(t, "1608.00", got["rescope"].Value.Decimal())
	require.Equal(t, "to /subscriptions/"+subB, got["rescope"].Detail)
}

// What cannot be valued says why, and nothing is proposed.
func TestNoValueWithoutPrices(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D4s_v5", 1, 30, resID)
	b := f.into(t, &Books{})
	h := owned("876", pricing.OneYear, "2026-11-02", false)
	h.Region = "northeurope"
	a, err := Advise(h, []*Owned{h}, b, Terms{Now: date("2026-12-02"), Book: book(t), USD: dollars})
	require.NoError(t, err)
	require.Empty(t, a.Choices)
	require.Contains(t, a.Note, "price")
	a, err = Advise(h, []*Owned{h}, &Books{}, Terms{Now: date("2026-12-02"), Book: book(t), USD: dollars})
	require.NoError(t, err)
	require.Contains(t, a.Note, "no usage")
}

func TestOwnedAndLedger(t *testing.T) {
	o := bought("monthly")
	o.Returns = []order.Return{{At: date("2026-11-20"), Quantity: 1, Commitment: usd("800"), Refund: usd("20")}}
	b := &Books{}
	b.AddHeld(usage.Holding{Commitment: usage.Commitment{ID: resID, Order: resOrder, Customer: customer, Size: "Standard_D4s_v5", Region: "westeurope", Quantity: 2, TermMonths: 12, End: date("2027-11-02")}},
		usage.Holding{Commitment: usage.Commitment{ID: "old", Customer: customer, Size: "Standard_D4s_v5", Region: "westeurope", Quantity: 3, TermMonths: 12, End: date("2027-01-01")}},
		usage.Holding{Commitment: usage.Commitment{ID: "ea", Customer: customer, Size: "Standard_D4s_v5", Region: "westeurope", Quantity: 3, TermMonths: 12, End: date("2027-01-01"), Agreement: "ea"}})
	b.rates = map[rateKey]map[money.Rate]int64{{customer, "westeurope", "Standard_D4s_v5", "USD"}: {1: 1}}
	all := OwnedOf([]order.Order{o}, b, book(t))
	require.Len(t, all, 2, "the order's own is on the list too, and an EA one is none of ours")
	byID := map[string]*Owned{}
	for _, h := range all {
		byID[h.Reservation] = h
	}
	require.EqualValues(t, 1, byID[resID].Quantity)
	require.Equal(t, "876.00", byID[resID].Total.Decimal())
	require.True(t, byID["old"].Estimated)
	require.Equal(t, "2628.00", byID["old"].Total.Decimal()) // 3 x 876 of the book
	id, err := byID[resID].ID()
	require.NoError(t, err)
	require.Equal(t, "/providers/microsoft.capacity/reservationOrders/"+resOrder+"/reservations/"+resID, id)
	b.AddTransactions(Transaction{Day: date("2026-11-20"), Event: "refund", Order: resOrder, Amount: "-800", Currency: "USD"}, Transaction{Day: date("2026-10-01"), Event: "refund", Order: "x", Amount: "-55", Currency: "USD"})
	l := LedgerOf([]order.Order{o}, b)
	require.Len(t, l, 2, "what the order tells is not counted again")
	require.Equal(t, "55.00", l[0].Commitment.Decimal())
}

// Without size flexibility a reservation of one D4s covers no D2s: while two of these run and no D4s does, all of it is better
// given back, 876 x 335 / 365 = 804. With flexibility it covers both, 2 x 0.10 x 24 x 335 = 1608, and nothing is.
// A D4s that runs is covered either way.
func TestCapacityPriorityIsValuedOnItsExactSize(t *testing.T) {
	f := &file{}
	f.runs(subA, "Standard_D2s_v5", 1, 30, "")
	f.runs(subB, "Standard_D2s_v5", 1, 30, "")
	b := f.into(t, &Books{})
	h := owned("876", pricing.OneYear, "2026-11-02", false)
	h.Flexible = false
	got := advise(t, b, h, "2026-12-02T00:00:00Z", nil)
	require.Equal(t, "804.00", got["refund"].Value.Decimal())
	h.Flexible = true
	got = advise(t, b, h, "2026-12-02T00:00:00Z", nil)
	require.Equal(t, "-804.00", got["refund"].Value.Decimal()) // 804 - 1608

	f = &file{}
	f.runs(subA, "Standard_D4s_v5", 1, 30, "")
	f.runs(subB, "Standard_D2s_v5", 1, 30, "")
	b = f.into(t, &Books{})
	h.Flexible = false
	got = advise(t, b, h, "2026-12-02T00:00:00Z", nil)
	require.Equal(t, "-804.00", got["refund"].Value.Decimal()) // 804 - 0.20 x 24 x 335
	h.Scope = "/subscriptions/" + subB
	got = advise(t, b, h, "2026-12-02T00:00:00Z", nil)
	require.Equal(t, "804.00", got["refund"].Value.Decimal(), "its scope has no D4s")
	require.Equal(t, "1608.00", got["rescope"].Value.Decimal())
}
