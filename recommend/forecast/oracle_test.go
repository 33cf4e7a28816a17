package forecast_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/forecast"
	"sizeterm/recommend/solve"
)

// oracle is a rule that nobody can follow: it knows the law of the generator and every number of its pool, the level of the day
// without noise and the phase of the wave included. What it does not know is what nobody can: how the level will walk, when the
// pool will be shut down, and an event that has not begun. It buys what costs least on paths of the generator itself, renewals as
// recourse, so no rule that decides once and does not see the future can be expected to regret less, but for the error of the sample.
type oracle struct {
	seed  uint64
	kind  string
	days  int
	paths int
}

// at returns the world of the pool as it is on a day.
func (o *oracle) at(day int) *world {
	w := newWorld(o.kind, o.seed, o.days)
	w.rng.Float64() // the draws of fleet beside those of the world, in its order
	for d := range day {
		if _, _, ok := w.next(); !ok {
			break
		}
		if d%28 == 0 {
			w.rng.NormFloat64()
		}
		for range 24 {
			w.rng.IntN(3)
		}
	}
	return w
}

// future returns the world going on under other luck.
func (w world) future(rng *rand.Rand) *world {
	w.rng = rng
	left := spanOfEvents - w.skip - w.day
	if w.kind == "growing" && w.start >= w.day {
		w.drawGrowth()
		w.start = w.day + rng.IntN(left)
	}
	if w.kind == "migrating" && w.moves >= w.day {
		w.drawMove()
		w.moves = w.day + rng.IntN(left)
	}
	return &w
}

// buy returns what costs least.
func (o *oracle) buy(known *forecast.Pool, terms forecast.Terms) (one, three int64, err error) {
	day := len(known.Units.Flat) / 24
	now := o.at(day)
	if !now.alive {
		return 0, 0, nil
	}
	owned := int64(0)
	for _, e := range known.Existing {
		if e.Days > 7 {
			owned += e.Units / known.Step
		}
	}
	futures := make([]path, o.paths)
	for i := range futures {
		w := now.future(rand.New(rand.NewPCG(o.seed+uint64(day)<<32, uint64(i))))
		for y := range futures[i].years {
			futures[i].years[y] = w.year(owned)
		}
	}
	return least(futures, terms)
}

// path is three years of a future: in each the level at its start and the hours at each number of steps, in thirds.
type path struct{ years [3]yearOfPath }

type yearOfPath struct {
	level float64
	hours map[int64]int64
}

func (w *world) year(owned int64) yearOfPath {
	y := yearOfPath{hours: map[int64]int64{}}
	for d := range 365 {
		busy, quiet, ok := w.next()
		if !ok {
			break
		}
		if d == 0 {
			y.level = busy
		}
		office := int64(10)
		if (w.day-1)%7 > 4 {
			office = 0
		}
		for _, part := range []struct{ steps, hours int64 }{{int64(busy), office}, {int64(quiet), 24 - office}} {
			y.hours[part.steps-owned] += 2 * part.hours
			y.hours[part.steps+1-owned] += part.hours
		}
	}
	return y
}

// renewalGroups is how many groups of paths of like level renew alike.
const renewalGroups = 8

// least is the mix of least expected cost on paths; renewals know the level of the day.
func least(paths []path, terms forecast.Terms) (one, three int64, err error) {
	const rates = 10_000 // micro-units in 1e-10
	h := solve.Horizon{Step: 1, Payg: int64(prices.Payg), OneYear: prices.OneYear.Micros * rates, ThreeYear: prices.ThreeYear.Micros * rates}
	if !terms.ThreeYear {
		h.ThreeYear = 26_280*h.Payg + 1
	}
	for y := range 3 {
		group, parts := slices.Clone(paths), 1
		if y > 0 {
			group = slices.DeleteFunc(group, func(p path) bool { return p.years[y].level == 0 })
			slices.SortStableFunc(group, func(a, b path) int { return cmp.Compare(a.years[y].level, b.years[y].level) })
			parts = renewalGroups
		}
		for k := range parts {
			part := group[k*len(group)/parts : (k+1)*len(group)/parts]
			if len(part) == 0 {
				continue
			}
			d, err := expected(part, y, len(paths))
			if err != nil {
				return 0, 0, err
			}
			h.Years = append(h.Years, solve.Year{Demand: d, AliveNum: int64(len(part)), AliveDen: int64(len(paths))})
		}
	}
	mix, err := h.Best()
	if err != nil {
		return 0, 0, err
	}
	return mix.OneYear[0], mix.ThreeYear, nil
}

// expected is the demand of some paths in a year, each as likely as one of all.
func expected(part []path, year, all int) (solve.Demand, error) {
	sum := map[int64]int64{}
	for _, p := range part {
		for steps, n := range p.years[year].hours {
			sum[max(0, steps)] += n
		}
	}
	var levels []solve.Level
	for steps, n := range sum {
		levels = append(levels, solve.Level{Units: steps, Weight: n})
	}
	d, err := solve.NewDemand(levels)
	if err != nil {
		return d, err
	}
	return d.Times(1, 3*int64(all))
}

// ask replays all pools of a backtest under the oracle and returns its regret on the drifting fleets, of pay-as-you-go, and how many
// fleets of all it lost.
func (r *reached) ask(t *testing.T, pools []forecast.Pool, spec forecast.Spec) (regret float64, lost int) {
	t.Helper()
	saved := make([]int64, len(pools))
	var group sync.WaitGroup
	turn := make(chan struct{}, 2)
	for i := range pools {
		kind := kindOf(&r.trials[i])
		seed, err := strconv.ParseUint(pools[i].ID[len(kind)+1:], 10, 64)
		require.NoError(t, err)
		turn <- struct{}{}
		group.Go(func() {
			defer func() { <-turn }()
			o := oracle{seed: seed, kind: kind, days: len(pools[i].Units.Flat) / 24, paths: 100}
			a, err := forecast.Follow(&pools[i], spec.FirstDay, spec, func(known *forecast.Pool) (int64, int64, error) { return o.buy(known, spec.Terms) })
			if err != nil {
				t.Error(err)
			}
			saved[i] = a.Micros
		})
	}
	group.Wait()
	payg, best, got, fleets := 0.0, 0.0, 0.0, map[string]int64{}
	for i := range r.trials {
		x := &r.trials[i]
		fleets[x.Customer] += saved[i]
		if drifts(kindOf(x)) {
			payg, best, got = payg+float64(x.Payg.Micros), best+float64(x.Clairvoyant.Micros), got+float64(saved[i])
		}
	}
	for _, s := range fleets {
		if s < 0 {
			lost++
		}
	}
	t.Logf("the oracle: regret on drifting fleets %.4f, %d fleets lost", (best-got)/payg, lost)
	return (best - got) / payg, lost
}
