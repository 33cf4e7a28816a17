package forecast_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer/demand"
	"sizeterm/recommend/forecast"
)

// traces is where the collected real series lie; a test says so and goes on where they are absent.
const traces = "../../../shared/data/traces"

// rows calls yield with the cells of every line after the header.
func rows(t *testing.T, name string, yield func(cells []string)) bool {
	f, err := os.Open(filepath.Join(traces, name))
	if err != nil {
		t.Logf("%s is not here: %v", name, err)
		return false
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		lines = bufio.NewScanner(z)
	}
	for first := true; lines.Scan(); first = false {
		if !first {
			yield(strings.Split(lines.Text(), ","))
		}
	}
	require.NoError(t, lines.Err())
	return true
}

func number(t *testing.T, text string) int {
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// bitbrains maps the 250 machines of the trace (July to September 2013) to pools: a machine with n cores is n units, five customers by
// the number of the machine, pools of a customer by whether a machine has up to 2, 4 or more cores. A machine runs in the hours in which
// it has samples. Hours in which a tenth of the machines of the
// hour before fall silent at once are holes of the record (a few at the turn of months, and on 16 July) and take the hour before.
func bitbrains(t *testing.T) []forecast.Pool {
	const start, days = 1372636800 / 3600, 91 // 2013-07-01 00:00 UTC
	pools := map[string]*forecast.Pool{}
	seen := make([]int, 24*days)
	ok := rows(t, "bitbrains_rnd/bitbrains_rnd_hourly.csv.gz", func(c []string) {
		vm, hour, cores := number(t, c[1]), number(t, c[2])/3600-start, number(t, c[4])
		if hour < 0 || hour >= len(seen) {
			return
		}
		kind := "large"
		if cores <= 2 {
			kind = "small"
		} else if cores <= 4 {
			kind = "medium"
		}
		customer := fmt.Sprint("customer ", vm/2%5)
		id := customer + " " + kind
		if pools[id] == nil {
			pools[id] = &forecast.Pool{ID: id, Customer: customer, Step: demand.Full, Prices: prices, Units: demand.NewSeries(24 * days)}
		}
		pools[id].Units.AddHour(hour, int64(cores)*demand.Full)
		seen[hour]++
	})
	if !ok {
		return nil
	}
	hole := make([]bool, len(seen))
	for h := 1; h < len(seen); h++ {
		if hole[h] = 10*seen[h] < 9*seen[h-1]; hole[h] {
			seen[h] = seen[h-1]
		}
	}
	var list []forecast.Pool
	for customer := range 5 {
		for _, kind := range []string{"small", "medium", "large"} {
			p := pools[fmt.Sprintf("customer %d %s", customer, kind)]
			if p == nil {
				continue
			}
			for h := 1; h < len(seen); h++ {
				if hole[h] {
					p.Units.Flat[h] = p.Units.Flat[h-1]
				}
			}
			list = append(list, *p)
		}
	}
	return list
}

// Origins every week from the 28th day on, each replayed for four weeks. A quarter of one year cannot judge a year: all is censored.
func TestBitbrains(t *testing.T) {
	pools := bitbrains(t)
	if pools == nil {
		return
	}
	b, err := forecast.Run(pools, forecast.Spec{Policy: policyOfTests(), Terms: forecast.Terms{OneYear: true}, ReplayDays: 28, Threads: 2})
	require.NoError(t, err)
	s, err := b.Summarize(nil)
	require.NoError(t, err)
	t.Logf("%d pools, %d trials, interval of savings %.3f (ties shared %.3f), of demand %.3f (%.3f below, %.3f above); clairvoyant %.3f of payg",
		len(pools), s.Trials, s.Coverage, s.Calibrated, s.Demand, s.Below, s.Above, share(s.Clairvoyant, s.Payg))
	for _, r := range s.Scores {
		t.Logf("    %-10s capture %.3f, regret %.4f of payg, loss in %.3f of trials, worst %.3f", r.Rule, r.Capture, share(r.Regret, s.Payg), r.Loss, r.Worst)
	}
	require.Greater(t, s.Scores[0].Capture, 0.88)
	require.LessOrEqual(t, s.Scores[0].Loss, 0.03)
	require.GreaterOrEqual(t, s.Coverage, 0.85)
	require.GreaterOrEqual(t, s.Demand, 0.85)
}

// Machines that come into view with the window are older than it; only those that appear later have a birth.
func TestBitbrainsLifetimes(t *testing.T) {
	first, last := map[string]int{}, map[string]int{}
	begin, end := 1<<62, 0
	ok := rows(t, "bitbrains_rnd/bitbrains_rnd_lifetimes.csv", func(c []string) {
		from, to := number(t, c[2])/3600, number(t, c[3])/3600
		if at, known := first[c[1]]; !known || from < at {
			first[c[1]] = from
		}
		last[c[1]] = max(last[c[1]], to)
		begin, end = min(begin, from), max(end, to)
	})
	if !ok {
		return
	}
	var lives []forecast.Life
	for vm, from := range first {
		if from == begin {
			continue // its age is not known
		}
		lives = append(lives, forecast.Life{To: (last[vm] - from) / 24, Ended: last[vm] < end-24, Units: 1})
	}
	s, err := forecast.NewSurvival(lives)
	require.NoError(t, err)
	month, _ := s.At(30)
	t.Logf("%d machines were born inside the window; %.3f of them live beyond 30 days", len(lives), month)
	require.Greater(t, month, 0.0)
}

// azureV2 maps the 250 machines of the sample of Azure's trace of 2019 (30 days) to pools: a subscription is a customer, a machine of n cores
// n units, pools of a customer by number of cores; a machine runs from its creation to its deletion. There are 30 days, the last of them without
// its last five minutes, which count as used.
func azureV2(t *testing.T) (list []forecast.Pool, machines, whole int) {
	const days, second = 30, 3600
	at := map[string]int{}
	rows(t, "azure_v2/azure_v2_vmtable_sample.csv", func(c []string) {
		from, to, cores := number(t, c[3])/second, (number(t, c[4])+300+second-1)/second, number(t, c[9])
		if machines++; from == 0 && to >= 24*days {
			whole++
		}
		id := c[1] + " " + c[9]
		if _, ok := at[id]; !ok {
			at[id] = len(list)
			list = append(list, forecast.Pool{ID: id, Customer: c[1], Step: demand.Full, Prices: prices, Units: demand.NewSeries(24 * days)})
		}
		for h := from; h < min(to, 24*days); h++ {
			list[at[id]].Units.AddHour(h, int64(cores)*demand.Full)
		}
	})
	return list, machines, whole
}

// Every machine of the sample lives for all of its 30 days: the sample was drawn so. Decided after 14 days, all rules buy all, nothing is
// lost, and the range holds; of how long demand lasts it tells nothing.
func TestAzureV2(t *testing.T) {
	pools, machines, whole := azureV2(t)
	if len(pools) == 0 {
		return
	}
	require.Equal(t, machines, whole)
	b, err := forecast.Run(pools, forecast.Spec{Policy: policyOfTests(), Terms: forecast.Terms{OneYear: true}, FirstDay: 14, EveryDays: 1 << 20, ReplayDays: 16, LeastDays: 16, Threads: 2})
	require.NoError(t, err)
	s, err := b.Summarize(nil)
	require.NoError(t, err)
	t.Logf("%d machines, %d pools; capture %.3f, range holds %.3f", machines, len(pools), s.Scores[0].Capture, s.Coverage)
	require.InDelta(t, 1, s.Scores[0].Capture, 1e-9)
	require.Zero(t, s.Scores[0].Loss)
	require.Greater(t, s.Coverage, 0.9)
}
