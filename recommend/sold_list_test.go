package recommend_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// listing gives an input a price list of the customer.
func listing(t *testing.T, in *recommend.Input, tariffs ...tariff) {
	in.CustomerBook, in.Policy.CustomerPrices = book(t, tariffs...), "contoso.csv"
}

// Worked by hand: a D2s that runs all the time costs the partner 0.10 an hour and 1051.20 for three years. The customer's list says 0.13 and
// 1314.00: 94.90 a month by the hour, 36.50 reserved, saving 58.40; the partner keeps 94.90 - 73.00 = 21.90 today and 36.50 - 29.20 = 7.30.
func TestCustomerPriceList(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(1, 672)))
	listing(t, &in, tariff{"Standard_D2s_v5", "0.13", "", "1314.00"})
	p := plan(t, in)
	q := p.ForCustomer()
	require.NotNil(t, q, warnings(p))
	l, m := q.Lines[0], p.Totals[0].Margin
	require.Equal(t, []string{"1314.00", "58.40", "94.90", "36.50"}, []string{l.UnitPrice.Decimal(), l.SavingMonth.Decimal(), q.Totals[0].PayGMonth.Decimal(), q.Totals[0].PlanMonth.Decimal()})
	require.Contains(t, l.PriceSource, pricing.CustomerList)
	require.Equal(t, []string{"21.90", "7.30"}, []string{m.Today.Decimal(), m.Plan.Decimal()})
	v := p.Lines[0].Partner
	require.Equal(t, []string{"36.50", "7.30", "58.40"}, []string{v.PriceMonth.Decimal(), v.MarginMonth.Decimal(), v.CustomerSavingMonth.Decimal()})
	require.NotContains(t, warnings(p), "not_listed")
	require.Nil(t, l.Partner)
	require.Empty(t, q.Policy.CustomerPrices)
}

// What the list does not have is the partner's price with the markup, and both plans say which prices those are: here the hours, 0.11 with
// 10 %; the list's 1314.00 stays as it is.
func TestCustomerPriceListFallsBack(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(1, 672)))
	in.Policy.Markup = 0.10
	listing(t, &in, tariff{"Standard_D2s_v5", "0.13", "", ""}, tariff{"Standard_E2s_v5", "0.2", "", ""})
	p := plan(t, in)
	q := p.ForCustomer()
	require.NotNil(t, q, warnings(p))
	require.Equal(t, "1156.32", q.Lines[0].UnitPrice.Decimal(), "1051.20 and 10 %%")
	require.Equal(t, "94.90", q.Totals[0].PayGMonth.Decimal())
	require.Contains(t, warnings(p), "not_listed")
	require.Contains(t, warnings(q), "not_listed")
	for _, w := range q.Warnings {
		require.NotContains(t, w.Detail, "markup")
		require.NotContains(t, w.Detail, "contoso.csv")
	}
	in.CustomerBook = nil
	p = plan(t, in)
	require.Nil(t, p.ForCustomer())
	require.Contains(t, warnings(p), "no_customer_view")
}

// A list at which the reservation costs more than the hours: the plan stands, and says that the customer loses.
func TestCustomerPriceListThatLoses(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", always(1, 672)))
	listing(t, &in, tariff{"Standard_D2s_v5", "0.04", "", "1314.00"})
	p := plan(t, in)
	require.NotNil(t, p.ForCustomer(), warnings(p))
	require.Contains(t, warnings(p), "loses_at_list")
	require.Equal(t, recommend.Partner, p.Lines[0].Partner.GoodFor)
	require.Negative(t, p.Sold.Lines[0].SavingMonth.Micros)
}

// Rows of Windows bill compute and licence as one: 0.20 and 0.12. The list knows compute at 0.30 and no Windows, so the licence is sold on
// with the markup of 10 %, 0.132. Where it knows Windows too, at 0.45, the licence is 0.15.
func TestCustomerPriceListAndWindows(t *testing.T) {
	for _, c := range []struct{ windows, month string }{{"", "96.36"}, {"0.45", "109.50"}} {
		m := member("Standard_D2s_v5", always(1, 672))
		m.OS, m.Rate = "windows", 3_200_000_000
		in := input(t, book(t, tariff{"Standard_D2s_v5", "0.20", "1051.20", "2102.40"}), m)
		in.Policy.Markup = 0.10
		listing(t, &in, tariff{"Standard_D2s_v5", "0.30", "1314.00", "2628.00"})
		if c.windows != "" {
			in.CustomerBook = withWindows(t, in.CustomerBook, "Standard_D2s_v5", c.windows)
		}
		p := plan(t, in)
		require.Equal(t, "87.60", p.Totals[0].SoftwareMonth.Decimal())
		require.NotNil(t, p.ForCustomer(), warnings(p))
		require.Equal(t, c.month, p.Sold.Totals[0].SoftwareMonth.Decimal())
		require.Equal(t, "219.00", p.Sold.Totals[0].PayGMonth.Decimal())
	}
}

// Oracle: a plan at a list that has every price is, in its totals and lines, the plan decided at these prices, on random fleets.
func TestCustomerPriceListAgainstAPlanDecidedAtIt(t *testing.T) {
	own := []tariff{{"Standard_D2s_v5", "0.13", "700.00", "1400.00"}, {"Standard_D4s_v5", "0.27", "1350.00", "2700.00"}, {"Standard_D8s_v5", "0.51", "2650.00", "5200.00"},
		{"Standard_E2s_v5", "0.15", "854.10", "1700.20"}, {"Standard_E4s_v5", "0.33", "1718.20", "3406.40"}}
	same := 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 12))
		units, owned := random(r, 2+r.IntN(6))
		with := func(list bool) func(*recommend.Input) {
			return func(in *recommend.Input) {
				in.Existing, in.Policy.MinSavingMonth = owned, 0
				in.Policy.Sizing.MinSavingMonth, in.Policy.Sizing.ResizeCost, in.Policy.Sizing.FamilyCost = 0, 0, 0
				if list {
					listing(t, in, own...)
				}
			}
		}
		p := sized(t, with(true), all, units...)
		q := p.ForCustomer()
		require.NotNil(t, q, warnings(p))
		check(t, q)
		direct := sized(t, with(false), own, units...)
		if fmt.Sprint(bought(direct)) != fmt.Sprint(bought(q)) || len(direct.Resizes) != len(q.Resizes) {
			continue
		}
		same++
		for i := range q.Totals { // what one side alone would do is decided at other prices
			a, b := direct.Totals[i], q.Totals[i]
			require.Equal(t, []any{a.PayGMonth, a.PlanMonth, a.Joint, a.SavingLow, a.SavingHigh, a.Upfront, a.ShowBack, a.Cash}, []any{b.PayGMonth, b.PlanMonth, b.Joint, b.SavingLow, b.SavingHigh, b.Upfront, b.ShowBack, b.Cash}, "seed %d", seed)
		}
		for i := range q.Lines {
			a, b := direct.Lines[i], q.Lines[i]
			require.Equal(t, []any{a.UnitPrice, a.SavingMonth, a.SavingMonthLow, a.SavingMonthHigh, a.Marginal.Threshold}, []any{b.UnitPrice, b.SavingMonth, b.SavingMonthLow, b.SavingMonthHigh, b.Marginal.Threshold})
		}
	}
	require.GreaterOrEqual(t, same, 2)
}

// withWindows adds the price of a Windows hour to a list.
func withWindows(t *testing.T, list *pricing.Book, size, hour string) *pricing.Book {
	b := pricing.NewBuilder()
	var offers []pricing.Offer
	for o := range list.All() {
		offers = append(offers, o)
		if o.Term == pricing.PayAsYouGo && string(o.Size) == size {
			w := o
			w.OS = pricing.Windows
			rate, err := money.ParseRate(hour)
			require.NoError(t, err)
			w.Rate = rate
			offers = append(offers, w)
		}
	}
	b.Add(list.Sources()[0], offers)
	built, err := b.Build()
	require.NoError(t, err)
	return built
}
