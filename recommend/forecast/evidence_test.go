package forecast_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

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

func show(t *testing.T, b *forecast.Backtest, name string, keep func(*forecast.Trial) bool) forecast.Summary {
	s, err := b.Summarize(keep)
	require.NoError(t, err)
	t.Logf("%-10s %d trials (%d censored), bought %d; coverage %.3f calibrated %.3f; demand %.3f (%.3f below, %.3f above)", name, s.Trials, s.Censored, s.Bought, s.Coverage, s.Calibrated, s.Demand, s.Below, s.Above)
	for _, r := range s.Scores {
		t.Logf("    %-10s saving %.3f of payg, capture %.3f, regret %.4f of payg, loss %.3f, worst %.3f", r.Rule, float64(r.Saving.Micros)/float64(s.Payg.Micros), r.Capture, float64(r.Regret.Micros)/float64(s.Payg.Micros), r.Loss, r.Worst)
	}
	return s
}

func TestExplore(t *testing.T) {
	var again, three, n int
	fmt.Sscan(os.Getenv("AGAIN"), &again)
	fmt.Sscan(os.Getenv("THREE"), &three)
	fmt.Sscan(os.Getenv("N"), &n)
	pol := forecast.DefaultPolicy()
	pol.Paths = 100
	fmt.Sscan(os.Getenv("RISK"), &pol.RiskAversion)
	fmt.Sscan(os.Getenv("WIDE"), &pol.Widening)
	fmt.Sscan(os.Getenv("MONTHS"), &pol.LossMonths)
	fmt.Sscan(os.Getenv("LOSS"), &pol.MonthlyLoss)
	terms, days := forecast.Terms{OneYear: true}, 182+365
	if three > 0 {
		terms.ThreeYear, days = true, 182+1095
	}
	pools := portfolio(1, n, days)
	b, err := forecast.Run(pools, forecast.Spec{Policy: pol, Terms: terms, FirstDay: 182, EveryDays: 10000, AgainDays: again, ReplayDays: days - 182, Threads: 1})
	require.NoError(t, err)
	line := ""
	for _, k := range append([]string{""}, kinds...) {
		s, err := b.Summarize(func(x *forecast.Trial) bool { return k == "" || kindOf(x) == k })
		require.NoError(t, err)
		line += fmt.Sprintf("\n%-10s cov %.3f cal %.3f dem %.3f (%.3f, %.3f) clair %.3f regret", k, s.Coverage, s.Calibrated, s.Demand, s.Below, s.Above, float64(s.Clairvoyant.Micros)/float64(s.Payg.Micros))
		for _, r := range s.Scores {
			if r.Rule != forecast.ByNothing {
				line += fmt.Sprintf(" %s %.4f/%.3f", r.Rule[:4], float64(r.Regret.Micros)/float64(s.Payg.Micros), r.Loss)
			}
		}
	}
	hist := [11]float64{}
	dh := [11]float64{}
	over := func(h *[11]float64, r [2]float64) {
		for i := range 20 {
			u := r[0] + (r[1]-r[0])*(float64(i)+.5)/20
			h[min(10, int(u*10))] += 1.0 / 20
		}
	}
	for _, x := range b.Trials {
		if x.Has {
			over(&hist, x.Rank)
		}
		over(&dh, x.DemandRank)
	}
	line += fmt.Sprintf("\n%.1f\n%.1f", hist, dh)
	fleets := map[string]int64{}
	for _, x := range b.Trials {
		fleets[x.Customer] += x.Outcomes[0].Saving.Micros
	}
	lost := 0
	for _, v := range fleets {
		if v < 0 {
			lost++
		}
	}
	t.Logf("again %d three %d risk %v: fleets that lost %d of %d%s", again, three, pol.RiskAversion, lost, len(fleets), line)
}
