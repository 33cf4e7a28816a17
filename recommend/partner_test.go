package recommend_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend"
)

// r/p is 0.60 for the customer and 0.60/0.85 = 0.7059 for the partner. Two machines run all the time, a third 65 % of the hours (437 of
// 672): the third is good for the customer only. Worked by hand, a year: the customer's line of three saves
// 0.10 x 8760 x (2 + 437/672) - 3 x 525.60 = 744.85, 62.07 a month; the credit lost is 15 % of 0.10 x 730 x 2.6503 = 29.02, so that the
// partner saves 33.05. With the partner's objective two are bought: 2 x (0.085 x 8760 - 525.60) = 438.00, 36.50 a month; the customer
// saves 36.50 + 0.015 x 730 x 2 = 58.40.
func TestObjective(t *testing.T) {
	hours := append(always(3, 437), always(2, 235)...)
	make := func(objective string) recommend.Line {
		in := input(t, book(t, tariff{"Standard_D2s_v5", "0.10", "525.60", ""}), member("Standard_D2s_v5", hours))
		in.Policy.Objective, in.Policy.PartnerCreditRate, in.Policy.MonthlyLoss, in.Policy.LossMonths = objective, 0.15, 0, 1e9
		p := plan(t, in)
		require.Len(t, p.Lines, 1, objective)
		require.Equal(t, objective == recommend.Partner, strings.Contains(strings.Join(warnings(p), " "), "partner_objective"))
		return p.Lines[0]
	}
	l := make(recommend.Customer)
	require.EqualValues(t, 3, l.Quantity)
	require.InDelta(t, 0.60, l.Partner.CustomerThreshold, 1e-9)
	require.InDelta(t, 0.60/0.85, l.Partner.Threshold, 1e-9)
	require.Equal(t, []string{"62.07", "29.02", "33.05", "62.07", "customer"},
		[]string{l.SavingMonth.Round(), l.Partner.CreditLostMonth.Round(), l.Partner.SavingMonth.Round(), l.Partner.CustomerSavingMonth.Round(), l.Partner.GoodFor})
	require.Contains(t, strings.Join(l.Reasons, "\n"), "good for the customer only")

	l = make(recommend.Partner)
	require.EqualValues(t, 2, l.Quantity)
	require.InDelta(t, 0.60, l.Partner.CustomerThreshold, 1e-9)
	require.InDelta(t, 0.60/0.85, l.Partner.Threshold, 1e-9)
	require.Equal(t, []string{"36.50", "21.90", "36.50", "58.40", "both"},
		[]string{l.SavingMonth.Round(), l.Partner.CreditLostMonth.Round(), l.Partner.SavingMonth.Round(), l.Partner.CustomerSavingMonth.Round(), l.Partner.GoodFor})
	require.Contains(t, strings.Join(l.Evidence, "\n"), "0.085 USD an hour, test list, less 15.0 % partner earned credit")
}

// Without a credit both objectives are one.
func TestObjectivesWithoutCreditAreOne(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", append(always(4, 300), always(1, 372)...)))
	ours := plan(t, in)
	in.Policy.Objective = recommend.Partner
	theirs := plan(t, in)
	require.Equal(t, ours.Lines, theirs.Lines)
	in.Policy.Objective = "nobody"
	require.ErrorContains(t, in.Policy.Validate(), "objective")
}
