package forecast_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing/money"
	"sizeterm/recommend/forecast"
)

// portfolio makes n fleets of each kind; a fleet is a customer with three pools of its kind.
func portfolio(seed uint64, n, days int) []forecast.Pool {
	var pools []forecast.Pool
	for i := range n {
		for _, kind := range kinds {
			for k := range 3 {
				p := fleet(kind, seed+uint64(100*i+k), days)
				p.Customer = fmt.Sprintf("%s fleet %d", kind, i)
				pools = append(pools, p)
			}
		}
	}
	return pools
}

func kindOf(t *forecast.Trial) string {
	for _, k := range kinds {
		if len(t.Customer) > len(k) && t.Customer[:len(k)] == k {
			return k
		}
	}
	return ""
}

// reached is what a backtest of seeded fleets came to, each kind by itself and all together.
type reached struct {
	all, drifting, stable forecast.Summary
	lost, fleets          int // fleets that would have been better off with pay-as-you-go
	worst                 float64
	trials                []forecast.Trial // in the order of the pools
}

func drifts(kind string) bool { return kind != "stable" && kind != "weekly" }

// reach runs fleets through a backtest from one origin, half a year into the series, and logs the table of docs.
func reach(t *testing.T, pools []forecast.Pool, spec forecast.Spec) reached {
	t.Helper()
	spec.EveryDays, spec.Threads = 1<<20, 2
	b, err := forecast.Run(pools, spec)
	require.NoError(t, err)
	sum := func(name string, keep func(kind string) bool) forecast.Summary {
		s, err := b.Summarize(func(x *forecast.Trial) bool { return keep(kindOf(x)) })
		require.NoError(t, err)
		line := fmt.Sprintf("%-9s %3d trials, interval holds %.3f (ties shared %.3f), of demand %.3f (%.3f below); clairvoyant %.3f of payg, regret", name, s.Trials, s.Coverage, s.Calibrated, s.Demand, s.Below, share(s.Clairvoyant, s.Payg))
		for _, r := range s.Scores {
			line += fmt.Sprintf(" %s %.4f", r.Rule, share(r.Regret, s.Payg))
		}
		t.Log(line)
		return s
	}
	r := reached{all: sum("all", func(string) bool { return true }), trials: b.Trials}
	for _, k := range kinds {
		s := sum(k, func(kind string) bool { return kind == k })
		if k == "stable" {
			r.stable = s
		}
	}
	r.drifting = sum("drifting", drifts)
	saved, before := map[string]float64{}, map[string]float64{}
	for _, x := range b.Trials {
		saved[x.Customer] += float64(x.Outcomes[0].Saving.Micros)
		before[x.Customer] += float64(x.Before.Micros)
	}
	r.fleets = len(saved)
	for c, v := range saved {
		if v < 0 {
			r.lost++
			r.worst = max(r.worst, -v/before[c])
		}
	}
	t.Logf("%d of %d fleets lost, the worst %.3f of what it cost before", r.lost, r.fleets, r.worst)
	return r
}

func share(a, of money.Amount) float64 { return float64(a.Micros) / float64(of.Micros) }

// The aims were: intervals that hold 85 to 95 %, a regret of at most half of Microsoft's rule's on drifting fleets and no greater on stable
// ones, and a saving of at least 0 in 97 % of fleets. The policy's numbers were chosen on the portfolios of seeds 1, 10001 and 20001, the
// rule also on 30001 to 50001; what follows are the means of six other portfolios (500001 to 1000001) with 100 paths:
//
//	                              over a month   over one year   over three years
//	interval of the saving holds  0.912          0.892           0.915   (10, 8 and 5 fleets of each kind)
//	    of a single portfolio     0.857-0.933    0.856-0.932     0.869-0.951
//	interval of demand holds      0.927          0.928           0.898
//	regret, drifting              0.0126         0.0679          0.0826   of pay-as-you-go
//	    Microsoft's rule          0.0138         0.0719          0.1001
//	    lookback quantile         0.0130         0.0704          0.0935
//	    always-on floor           0.0244         0.0643          0.0851
//	    the fan's decision        0.0134         0.0640          0.0845
//	regret, stable                0.0025         0.0245          0.0403
//	    Microsoft's rule          0.0049         0.0280          0.0460
//	fleets that lost              0 of 504       44 of 432       31 of 288
//
// Reached: the coverages, the regret on stable fleets, and M17 (a month). Missed: half of Microsoft's regret on drifting fleets, and a
// saving in 97 % of fleets over a year or three; docs/METHOD.md says why neither is in reach of a rule that decides once. The tests
// hold what was reached, on 500001, and fail when calibration drifts out of 85 to 95 %.
func policyOfTests() forecast.Policy {
	p := forecast.DefaultPolicy()
	p.Paths = 100
	return p
}

func holds(t *testing.T, low float64, s forecast.Summary) {
	t.Helper()
	require.GreaterOrEqual(t, s.Coverage, low, "the interval of savings is too narrow")
	require.LessOrEqual(t, s.Coverage, 0.95, "the interval of savings is too wide")
	require.GreaterOrEqual(t, s.Demand, low, "the interval of demand is too narrow")
	require.LessOrEqual(t, s.Demand, 0.95, "the interval of demand is too wide")
}

func regret(s forecast.Summary, rule forecast.Rule) float64 {
	return share(s.Scores[slices.Index(forecast.Rules(), rule)].Regret, s.Payg)
}

func TestSeededFleetsOverAYear(t *testing.T) {
	pools := portfolio(500001, 12, 182+365)
	spec := forecast.Spec{Policy: policyOfTests(), Terms: forecast.Terms{OneYear: true}, FirstDay: 182}
	r := reach(t, pools, spec)
	holds(t, 0.85, r.all)
	require.LessOrEqual(t, regret(r.drifting, forecast.ByPlan), 1.02*regret(r.drifting, forecast.ByVendor))
	require.LessOrEqual(t, regret(r.stable, forecast.ByPlan), 1.05*regret(r.stable, forecast.ByVendor))
	require.LessOrEqual(t, float64(r.lost), 0.12*float64(r.fleets))
	least, lost := r.ask(t, pools, spec)
	require.Less(t, least, regret(r.drifting, forecast.ByPlan), "who knows the law of the fleets regrets less")
	require.Greater(t, float64(lost), 0.03*float64(r.fleets), "and still loses more fleets than the aim allows")
}

func TestSeededFleetsOverThreeYears(t *testing.T) {
	pools := portfolio(500001, 8, 182+1095)
	spec := forecast.Spec{Policy: policyOfTests(), Terms: both, FirstDay: 182, ReplayDays: 1095}
	r := reach(t, pools, spec)
	holds(t, 0.85, r.all)
	require.LessOrEqual(t, regret(r.drifting, forecast.ByPlan), regret(r.drifting, forecast.ByVendor))
	require.LessOrEqual(t, regret(r.stable, forecast.ByPlan), regret(r.stable, forecast.ByVendor))
	require.LessOrEqual(t, float64(r.lost), 0.16*float64(r.fleets))
	least, lost := r.ask(t, pools, spec)
	require.Greater(t, least, 0.5*regret(r.drifting, forecast.ByVendor), "the aim is out of reach even for who knows the law of the fleets")
	require.LessOrEqual(t, regret(r.drifting, forecast.ByPlan), 1.25*least)
	require.Greater(t, float64(lost), 0.03*float64(r.fleets))
}

// A partner buys each month what the plan of that month says; so does whoever follows Microsoft's rule. Over six portfolios of 48 fleets the
// plan regrets 69 % of it on drifting fleets, on the twelve fleets of this one 81 %.
func TestSeededFleetsAskedEachMonth(t *testing.T) {
	r := reach(t, portfolio(500001, 2, 182+1095), forecast.Spec{Policy: policyOfTests(), Terms: both, FirstDay: 182, ReplayDays: 1095, AgainDays: 28})
	require.LessOrEqual(t, regret(r.drifting, forecast.ByPlan), 0.85*regret(r.drifting, forecast.ByVendor))
	require.LessOrEqual(t, regret(r.stable, forecast.ByPlan), regret(r.stable, forecast.ByVendor))
}

// M17: trained on 60 days, replayed over the next 30.
func TestSeededFleetsOverAMonth(t *testing.T) {
	r := reach(t, portfolio(500001, 14, 90), forecast.Spec{Policy: policyOfTests(), Terms: both, FirstDay: 60, ReplayDays: 30})
	holds(t, 0.85, r.all)
	require.LessOrEqual(t, float64(r.lost), 0.03*float64(r.fleets))
	require.LessOrEqual(t, r.worst, 0.02)
}
