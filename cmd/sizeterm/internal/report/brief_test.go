package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// briefly is the table that a person reads first, blanks drawn together.
func briefly(t *testing.T, p *recommend.Plan) string {
	t.Helper()
	return strings.Join(strings.Fields(string(render(t, p, Table, version))), " ")
}

// The headline in few lines, against the figures of the fixture; the first payment holds 5,800.00 up front and a part of
// 14,070.00 / 36 = 390.83.
func TestBriefHeadline(t *testing.T) {
	text := briefly(t, contosoPlan())
	for _, want := range []string{
		"Now 1,946.33 USD a month for compute at pay-as-you-go prices, 447.57 for licences",
		"With this plan 1,133.41 USD a month",
		"Saving 812.92 USD a month (41.8 % of compute), 798.33 to 827.51 as unknown hours fall",
		"How sure 14 complete days (fewer than 28); hours of partly used machines unknown, the worse case decides; 2.0 % of the demand assumed to end each month; forecast: 270.00 USD a month expected, since use moves and ends; each line is a loss in 6.2 % of futures; 1 line without forecast",
		"Cash 5,800.00 USD up front, with the first part 6,190.83 on 2026-11-24; then 390.83 a month at first; 36 payments until 2029-10-24",
		"98.2 % 38.8 % 2028-01-27", // nothing was asked beyond the share from which it pays
		"100.0 % 62.7 % not in term",
		"--verbose for the reasons of each line, --out DIR for pictures and every format",
	} {
		require.Contains(t, text, want)
	}
	for _, only := range []string{"Goes wrong if", "Evidence", "Why ours differs", "Rules"} {
		require.NotContains(t, text, only)
		require.Contains(t, string(render(t, contosoPlan(), Table, Options{Verbose: true})), only)
	}
}

func TestBriefCash(t *testing.T) {
	require.Equal(t, "0.00 USD up front", briefCash(&recommend.Total{Upfront: dollars(0)}))
	monthly := &recommend.Total{Upfront: dollars(0), Cash: []recommend.Cash{{Date: date(2026, 11, 1), Amount: dollars(33_34)}, {Date: date(2026, 12, 1), Amount: dollars(33_33)}}}
	require.Equal(t, "33.34 USD a month at first, 0.00 up front; 2 payments until 2026-12-01", briefCash(monthly))
	once := &recommend.Total{Upfront: dollars(5_00), Cash: []recommend.Cash{{Date: date(2026, 11, 1), Amount: dollars(5_00)}}}
	require.Equal(t, "5.00 USD up front", briefCash(once))
}

func TestNumbersText(t *testing.T) {
	require.Equal(t, "1-4, 6, 9-10", numbersText([]int{1, 2, 3, 4, 6, 9, 10}))
	require.Equal(t, "7", numbersText([]int{7}))
	require.Equal(t, "", numbersText(nil))
}

// What is true of several lines is said once with their numbers, what is true of one with its own; most lines have nothing.
func TestNotes(t *testing.T) {
	plan := contosoPlan()
	plan.Warnings = nil
	require.Equal(t, []note{
		{[]int{1}, "saves 510.78 to 539.96 a month, as unknown hours fall; owned and counted first: 2 × D2s_v5 until 2027-03-01; " +
			"good for the customer only: the partner's earned credit ends; partner on record 4711, final once bought"},
		{[]int{2}, "not proved best: another choice could cost at most 1.2 % less; scope /subscriptions/11111111-1111-4111-8111-111111111111 only; this size only"},
	}, newStory(plan, true).Customers[0].Notes)

	// The book of both lines is of 2026-08-01: 30 + 30 + 31 + 24 = 115 days before 2026-11-24.
	plain := recommend.Line{Customer: contoso, Currency: "USD", Scope: "shared", Flexible: true, PriceSource: "embedded retail book (x.csv:7)"}
	plan.Lines = []recommend.Line{plain, plain, plain}
	plan.Lines[1].PriceSource = "another"
	plan.Warnings = contosoPlan().Warnings
	plan.Warnings[0].Code, plan.Warnings[0].Subject = "prices_old", "embedded retail book"
	require.Equal(t, []note{{[]int{1, 3}, "price of 2026-08-01, 115 days old: get a current one before buying"}}, newStory(plan, true).Customers[0].Notes)
}

func TestNotesOfAPool(t *testing.T) {
	plan := contosoPlan()
	pool := plan.Pools[0]
	require.Len(t, poolSpecials(&pool, plan), 1)
	owned := pool.Existing[0]
	owned.AutoRenew = true
	pool.Existing = []recommend.Existing{owned, owned, owned, owned}
	require.Equal(t, []string{"owned and counted first: 2 × D2s_v5, renewed on 2027-03-01, 2 × D2s_v5, renewed on 2027-03-01 and 2 more"}, poolSpecials(&pool, plan))
	plan.Lines[1].Pool = pool.ID
	require.Contains(t, poolSpecials(&pool, plan)[0], "one and three years together serve D2s_v5")
}

// The rule saves 355.48 in its only pool; the plan saves 483.63 there and 264.70 in the other: 748.33. Theirs, 8 x D4s, are
// 16 units of D2s, ours 12.
func TestBriefReference(t *testing.T) {
	text := briefly(t, contosoPlan())
	require.Contains(t, text, "it would save 355.48 USD in the 672 hours looked at, with the better term of each pool; "+
		"this plan saves 748.33 USD, counting what is owned only until it ends")
	require.Contains(t, text, "they differ most in Dsv5 Series in polandcentral: the rule buys the worth of 16 × D2s_v5 for 3 years, this plan 6 × D4s_v5 for 3 years")

	plan := contosoPlan()
	plan.Reference[0].Quantity = 6
	require.Contains(t, briefly(t, plan), "both buy the same wherever the rule buys")

	// Of two terms the better one counts: 400.00 for one year beats 355.48 for three.
	plan = contosoPlan()
	one := plan.Reference[0]
	one.Term, one.NetSavings, one.Quantity = pricing.OneYear, dollars(400_00), 7
	plan.Reference = append(plan.Reference, one)
	plan.Pools[0].Existing[0].AutoRenew = true
	require.Contains(t, briefly(t, plan), "it would save 400.00 USD in the 672 hours looked at, with the better term of each pool; this plan saves 748.33 USD - they")

	plan.Lines[0].SavingWindow, plan.Lines[1].SavingWindow = usd(1<<62), usd(1<<62)
	require.NotContains(t, briefly(t, plan), "it would save", "a sum that does not fit is no sum")
}

// A hundred files are a few rows and a number, and rejected rows are not lost.
func TestLongListsAreCut(t *testing.T) {
	plan := contosoPlan()
	for i := range 30 {
		plan.Files = append(plan.Files, recommend.File{Name: fmt.Sprint("in/", i), Kind: "charges", Rejected: int64(i)})
		plan.Resizes = append(plan.Resizes, recommend.Resize{VM: frontends, Action: "resize", SavingMonth: dollars(int64(i))})
		plan.NotRecommended = append(plan.NotRecommended, recommend.NotRecommended{Subject: frontends, Reason: "covered", Detail: strings.Repeat("word ", 60)})
	}
	text := string(render(t, plan, Table, version))
	require.Contains(t, text, "… and 24 more files, with 420 rejected rows\n", "6 to 29 were left out: 24 x 17.5 = 420")
	require.Contains(t, text, "… and 22 more machines\n")
	require.Equal(t, briefRemarks, strings.Count(text, "  - web-01: word"))
	require.Less(t, strings.Count(text, "\n"), 100)
	requireNarrow(t, []byte(text), MaxWidth)
}

// An amount of another customer's is never in the sum, nor one in another currency.
func TestBriefReferenceIsPerCustomer(t *testing.T) {
	plan := twoCustomers()
	plan.Pools = append(plan.Pools, recommend.Pool{ID: "yen", Customer: fabrikam, Currency: "JPY", Region: "japaneast", Group: "X", UnitSize: "Standard_B2ms"})
	plan.Reference = append(plan.Reference, recommend.Reference{Customer: fabrikam, Region: "japaneast", Size: "Standard_B2ms", Term: pricing.OneYear,
		Currency: "JPY", Quantity: 3, NetSavings: money.New(900_000_000, "JPY")})
	text := briefly(t, plan)
	require.Contains(t, text, "it would save 355.48 USD")
	require.Contains(t, text, "it would save 900 JPY in the 672 hours looked at, with the better term of each pool; this plan saves 0 JPY")
	require.Contains(t, text, "the worth of 3 × B2ms for 1 year, this plan nothing")
}
