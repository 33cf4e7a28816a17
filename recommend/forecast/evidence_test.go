package forecast_test

import (
	"fmt"
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
	for _, terms := range []forecast.Terms{{OneYear: true}, {OneYear: true, ThreeYear: true}} {
		days := 182 + 365
		if terms.ThreeYear {
			days = 182 + 1095
		}
		pools := portfolio(1, 8, days)
		pol := forecast.DefaultPolicy()
		pol.Paths = 100
		b, err := forecast.Run(pools, forecast.Spec{Policy: pol, Terms: terms, FirstDay: 182, EveryDays: 10000, ReplayDays: days - 182, Threads: 2})
		require.NoError(t, err)
		show(t, b, "all", nil)
		for _, k := range kinds {
			show(t, b, k, func(x *forecast.Trial) bool { return kindOf(x) == k })
		}
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
		t.Logf("fleets that lost: %d of %d", lost, len(fleets))
	}
}
