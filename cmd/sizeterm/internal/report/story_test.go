package report

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/pricing"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// Monthly parts of 100.00 over three months are 33.34, 33.33 and 33.33: one run, not two.
func TestCashTellsRoundingAsOneRun(t *testing.T) {
	total := &recommend.Total{Upfront: dollars(0), Cash: []recommend.Cash{
		{Date: date(2026, 11, 1), Amount: dollars(33_34)}, {Date: date(2026, 12, 1), Amount: dollars(33_33)}, {Date: date(2027, 1, 1), Amount: dollars(33_33)},
		{Date: date(2027, 2, 1), Amount: dollars(20_00)},
	}}
	require.Equal(t, []string{
		"0.00 USD up front",
		"33.33 to 33.34 USD a month from 2026-11-01 to 2027-01-01 (3 payments); 20.00 USD on 2027-02-01",
	}, cashWords(total))

	for i := range 20 {
		total.Cash = append(total.Cash, recommend.Cash{Date: date(2027, 3, 1+i), Amount: dollars(int64(100_00 + 100*i))})
	}
	require.Contains(t, cashWords(total)[1], "and so on; the calendar holds every payment")
	require.Equal(t, []string{"5.00 USD up front"}, cashWords(&recommend.Total{Upfront: dollars(5_00)}))
}

// A condition of every line is said once above them, that of one line stays with it.
func TestConditionsOfEveryLineAreSaidOnce(t *testing.T) {
	plan := contosoPlan()
	plan.Lines[0].Eligibility = []string{"check the roles", "sold for three years"}
	plan.Lines[1].Eligibility = []string{"sold for one year", "check the roles"}
	c := newStory(plan, true).Customers[0]
	require.Equal(t, []string{"check the roles"}, textsOf(c.Facts, "Before buying"))
	require.Equal(t, []string{"sold for three years"}, textsOf(c.Lines[0].Facts, "Eligibility"))
	require.Equal(t, []string{"sold for one year"}, textsOf(c.Lines[1].Facts, "Eligibility"))
	require.Equal(t, []string{"check the roles", "sold for three years"}, plan.Lines[0].Eligibility, "the plan itself is untouched")

	plan.Lines = plan.Lines[:1]
	c = newStory(plan, true).Customers[0]
	require.Empty(t, textsOf(c.Facts, "Before buying"))
	require.Len(t, textsOf(c.Lines[0].Facts, "Eligibility"), 2)
}

// Microsoft recommends 3 x D4s and 1 x D8s (ratios 4 and 8 of D2s's 2): 3*2 + 4 = 10 units of D2s. Of the saving
// 100.10 + 50.05 = 150.15. The plan buys 6 x D4s = 12 units.
func TestReferenceIsComparedInUnitsOfThePool(t *testing.T) {
	plan := contosoPlan()
	plan.Reference = []recommend.Reference{
		{Customer: contoso, Region: "polandcentral", Size: "Standard_D4s_v5", Term: pricing.ThreeYear, Currency: "USD", LookbackDays: 30, Quantity: 3, NetSavings: dollars(100_10), Difference: "a"},
		{Customer: contoso, Region: "polandcentral", Size: "Standard_D8s_v5", Term: pricing.ThreeYear, Currency: "USD", LookbackDays: 30, Quantity: 1, NetSavings: dollars(50_05), Difference: "a"},
		{Customer: contoso, Region: "polandcentral", Size: "Standard_D4s_v5", Term: pricing.ThreeYear, Currency: "USD", LookbackDays: 7, Quantity: 99, NetSavings: dollars(1)},
		{Customer: fabrikam, Region: "polandcentral", Size: "Standard_D4s_v5", Term: pricing.ThreeYear, Currency: "USD", LookbackDays: 60, Quantity: 99},
	}
	require.Equal(t, []referenceStory{{
		PoolID: poolD, Pool: "Dsv5 Series in polandcentral", Unit: "D2s_v5", Years: 3, LookbackDays: 30, Theirs: 10, Ours: 12,
		Bought: "3 × D4s_v5 + 1 × D8s_v5", Saving: dollars(150_15), Differences: []string{"a"},
	}}, referenceOf(plan))
}

func TestGroupsStandBySizeThenCode(t *testing.T) {
	groups := groupWarnings([]analyzer.Warning{{Code: "b", Detail: "1"}, {Code: "z"}, {Code: "a"}, {Code: "b", Detail: "2"}})
	var codes []string
	for _, g := range groups {
		codes = append(codes, g.Code)
	}
	require.Equal(t, []string{"b", "a", "z"}, codes)
	require.Equal(t, []remark{{Detail: "1"}, {Detail: "2"}}, groups[0].Items)
	require.Equal(t, "some new code", codeWords("some_new_code"))
	require.Equal(t, "no reason given", codeWords(""))
}

// Each line is told even where the plan holds no total for its customer.
func TestALineWithoutATotalIsTold(t *testing.T) {
	plan := contosoPlan()
	plan.Totals = nil
	s := newStory(plan, true)
	require.Len(t, s.Customers, 1)
	require.Len(t, s.Customers[0].Lines, 2)
	require.Equal(t, contoso+", USD", s.Customers[0].Title)
}

func TestWhatIsSaidOfALine(t *testing.T) {
	plan := contosoPlan()
	line, pool := &plan.Lines[0], &plan.Pools[0]
	why := strings.Join(whyWords(line, pool), "\n")
	require.Contains(t, why, "the last unit (1 x Standard_D4s_v5) was busy 98.2 % of the hours; it pays from 38.8 %\none more would have been busy 31.0 %")
	line.Reasons = append(line.Reasons, "the last unit is used 98.2 % of the hours")
	require.NotContains(t, strings.Join(whyWords(line, pool), "\n"), "one more would have been busy", "the plan has said it")

	pool.Compare[1].ExpectedSaving, pool.Compare[2].ExpectedSaving = dollars(200_00), dollars(301_50)
	require.Equal(t, "expected saving of as many hours if 2.0 % of the demand ends each month: one year 200.00 USD; three years 301.50 USD (chosen)", expectedWords(pool))

	require.Equal(t, []string{"2 × Standard_D2s_v5 (shared) until 2027-03-01"}, existingWords(pool, nil))
	require.Empty(t, existingWords(pool, []string{"existing reservation res-1 is counted first"}))
	require.Contains(t, strings.Join(partnerWords(line), "\n"), "good for the customer only")
	line.Partner.GoodFor = recommend.Both
	require.NotContains(t, strings.Join(partnerWords(line), "\n"), "good for the customer only")
	require.Equal(t, "not within the term", breakEvenWords(&plan.Lines[1]))

	require.Contains(t, riskWords(&plan.Lines[1], &plan.Pools[1], plan), "the 14 days that were seen are not typical")
	require.Contains(t, scopeWords(line, pool), "(worth 12 × Standard_D2s_v5)")
	require.Empty(t, persistenceWords(recommend.Persistence{}))
	require.Equal(t, "not proved to be the best: a better choice could cost at most 1.2 % less", whyWords(&plan.Lines[1], &plan.Pools[1])[2])
}

// The range is said only where both ends print differently.
func TestRange(t *testing.T) {
	_, ok := rangeWords(usd(1_001_000), usd(1_002_000))
	require.False(t, ok)
	_, ok = rangeWords(money.Amount{}, money.Amount{})
	require.False(t, ok)
	text, ok := rangeWords(dollars(-1_00), dollars(1_00))
	require.True(t, ok)
	require.Contains(t, text, "between -1.00 and 1.00")
}

func TestSavingNamesResizesOnceThereAreSome(t *testing.T) {
	total := contosoTotal()
	require.Len(t, savingOf(&total), 1)
	total.ResizeOnly = dollars(100_00)
	require.Contains(t, savingOf(&total)[1], "not the sum")
}

func TestCommonFolder(t *testing.T) {
	check := func(want string, names ...string) {
		t.Helper()
		var files []recommend.File
		for _, n := range names {
			files = append(files, recommend.File{Name: n})
		}
		require.Equal(t, want, commonFolder(files))
	}
	check("", "in/a.csv")
	check("in/", "in/a.csv", "in/b.csv")
	check("in/", "in/x/a.csv", "in/b.csv")
	check("", "a.csv", "in/b.csv")
	check("", "in1/a.csv", "in2/a.csv")
	check("", "", "")
}

func TestResizesAreShownToTheirOwner(t *testing.T) {
	plan := twoCustomers()
	plan.Resizes = []recommend.Resize{
		{ID: "r1", VM: frontends, From: "Standard_D4s_v5", To: "Standard_D2s_v5", Action: "resize", SavingMonth: dollars(10_00), SoftwareMonth: dollars(0), OverloadHigh: 0.012, OverloadKnown: true},
		{ID: "r2", VM: "fabrikam-vm", Action: "shutdown", SavingMonth: money.New(1e9, "JPY")},
	}
	text := string(render(t, plan, Table, Options{Customer: contoso}))
	require.Contains(t, text, "web-01   D4s_v5  D2s_v5  resize  at most 1.2 %          10.00")
	require.NotContains(t, text, "shutdown")
	require.Contains(t, string(render(t, plan, Markdown, Options{})), "Resize first")
	require.Contains(t, string(render(t, plan, HTML, Options{})), "Resize first")
}

func TestInstantsAreUTC(t *testing.T) {
	warsaw := time.FixedZone("CET", 3600)
	require.Equal(t, "2026-10-31T23:00:00Z", instant(time.Date(2026, 11, 1, 0, 0, 0, 0, warsaw)))
	require.Equal(t, "", instant(time.Time{}))
	require.Nil(t, optionalInstant(time.Time{}))
	require.Nil(t, optionalText(""))
}
