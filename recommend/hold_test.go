package recommend_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend"
)

// weekly is n machines on weekdays and m at weekends, for so many days from a Monday.
func weekly(n, m int64, days int) (hours []int64) {
	for d := range days {
		if d%7 < 5 {
			hours = append(hours, always(n, 24)...)
		} else {
			hours = append(hours, always(m, 24)...)
		}
	}
	return hours
}

// Ten on weekdays and four at weekends, fourteen days: units five to ten are used 5/7 = 71.4 % of the hours, above the 60 % of one year.
// What fourteen days tell surely is less: the lower end (5 %) of Beta(1 + 10, 1 + 4) is 0.489, so
// four are bought. After 28 days all ten are.
func TestShortHistoryBuysWhatIsSure(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", weekly(10, 4, 14)))
	in.Analysis.Pools[0].Days = 14
	p := plan(t, in)
	require.EqualValues(t, 10, quantity(compared(t, p, recommend.P1Y).Buy), "the row shows what the window repeated would buy")
	require.Len(t, p.Lines, 1)
	require.EqualValues(t, 4, p.Lines[0].Quantity)
	require.Equal(t, "P1Y", p.Lines[0].Term.String())
	require.Contains(t, p.Pools[0].Held, "4 x D2s_v5 of 10 x D2s_v5")
	require.Contains(t, p.Lines[0].Reasons, p.Pools[0].Held)
	require.Contains(t, p.Lines[0].Forecast.Wide, "14 days with data, fewer than 28: one year only, and only what is used at the lower end")
	require.Contains(t, reasons(p), "too_few_days", "three years")

	long := input(t, book(t, d2s), member("Standard_D2s_v5", weekly(10, 4, 28)))
	require.Empty(t, plan(t, long).Pools[0].Held)
}

// The gates of a demand that began inside the window count from its first day: twenty days buy for one year only, five nothing. A pool that
// rests at the weekend with which the window begins has not begun then.
func TestGatesCountFromTheFirstDayOfDemand(t *testing.T) {
	begins := func(idle, days int) *recommend.Plan {
		return plan(t, input(t, book(t, d2s), member("Standard_D2s_v5", append(always(0, 24*idle), always(6, 24*days)...))))
	}
	p := begins(8, 20)
	require.Len(t, p.Lines, 1)
	require.Equal(t, "P1Y", p.Lines[0].Term.String())
	require.Contains(t, refusal(p, "too_few_days"), "its demand began on")
	p = begins(37, 5)
	require.Empty(t, p.Lines)
	require.Contains(t, refusal(p, "too_few_days"), "a commitment needs at least 7")
	p = begins(8, 48)
	require.Equal(t, "P3Y", p.Lines[0].Term.String())

	office := append(always(0, 48), weekly(6, 0, 26)...)
	p = plan(t, input(t, book(t, d2s), member("Standard_D2s_v5", office)))
	require.Equal(t, "P3Y", p.Lines[0].Term.String(), "%v", reasons(p))
}

func refusal(p *recommend.Plan, reason string) string {
	for _, n := range p.NotRecommended {
		if n.Reason == reason {
			return n.Detail
		}
	}
	return ""
}

// Where losses weigh, less is bought, never more; the pool says what was taken away, and a limit on cash never brings it back.
func TestRiskAversionOfThePolicy(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", steps(20, 14, 23, 9, 17, 25, 12, 20)))
	last := int64(1 << 40)
	for _, aversion := range []float64{0, 0.5, 1} {
		in.Policy.RiskAversion = aversion
		p := plan(t, in)
		bought := int64(0)
		for _, l := range p.Lines {
			bought += l.Quantity * int64(l.Term.Years())
		}
		require.LessOrEqual(t, bought, last, "aversion %v", aversion)
		require.Equal(t, aversion > 0, p.Pools[0].Held != "", "aversion %v: %q", aversion, p.Pools[0].Held)
		last = bought
	}
	in.Policy.RiskAversion = 0.5
	held := plan(t, in)
	for _, l := range held.Later {
		require.LessOrEqual(t, l.Quantity, quantities(held), "no more is renewed than is bought: %+v", l)
	}
	limit := held.Lines[0].TotalPrice.Micros * 3
	in.Policy.MaxUpfront, in.Policy.BillingPlan = &limit, "upfront"
	rich := plan(t, in)
	require.Equal(t, quantities(held), quantities(rich))
	limit = held.Lines[0].TotalPrice.Micros / 2
	poor := plan(t, in)
	require.Less(t, quantities(poor), quantities(held))
	in.Policy.RiskAversion = 1.5
	require.ErrorContains(t, in.Policy.Validate(), "risk_aversion")
}

func quantities(p *recommend.Plan) (n int64) {
	for _, l := range p.Lines {
		n += l.Quantity
	}
	return n
}

// Decided on the fan a plan says what the futures support, buys never more than the recent hours do, and keeps its proof.
func TestDecidedOnTheFan(t *testing.T) {
	in := input(t, book(t, d2s), member("Standard_D2s_v5", append(always(10, 504), always(6, 168)...))) // it fell in the last week
	window := plan(t, in)
	require.Empty(t, window.Pools[0].Held)
	require.NotContains(t, strings.Join(window.Lines[0].Reasons, "\n"), "futures of the")
	in.Policy.Decide = recommend.OnFan
	fan := plan(t, in)
	require.Less(t, quantities(fan), quantities(window))
	require.Contains(t, fan.Pools[0].Held, "the futures support less than the recent hours")
	require.Contains(t, strings.Join(fan.Lines[0].Reasons, "\n"), "decided on 200 futures")
	require.Equal(t, fan.Pools, plan(t, in).Pools, "the same again")
	in = input(t, book(t, d2s), member("Standard_D2s_v5", always(5, 672)))
	in.Policy.Decide = recommend.OnFan
	flat := plan(t, in)
	require.EqualValues(t, 5, quantities(flat), "%v", reasons(flat))
	require.Empty(t, flat.Pools[0].Held)
	require.Contains(t, strings.Join(flat.Lines[0].Reasons, "\n"), "decided on 200 futures")
	in.Policy.Decide = "dice"
	require.ErrorContains(t, in.Policy.Validate(), "decide")
}
