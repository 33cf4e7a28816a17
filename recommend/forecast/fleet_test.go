package forecast_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"sizeterm/analyzer/demand"
	"sizeterm/pricing/money"
	"sizeterm/recommend/forecast"
)

// kinds are the seeded fleets of issue 8.
var kinds = []string{"stable", "growing", "weekly", "seasonal", "migrating", "shutdown"}

const stepUnits = 200 * demand.Full // ratio 2.00

// prices are those of D2s_v5 in Southeast Asia: pay-as-you-go 0.12, one year 649, three years 1 246 (shared price file, r/p 0.617 and 0.395).
var prices = forecast.Prices{Payg: 1_200_000_000, OneYear: money.New(649_000_000, "USD"), ThreeYear: money.New(1_246_000_000, "USD")}

// spanOfEvents is the time, in days, in which a growth or a migration begins once: three years and a half.
const spanOfEvents = 1277

// world is a pool of a kind as it goes from day to day. Every kind has a daily shape, noise that is gone the next week, a level that
// walks, and a chance of being shut down in any month; on top of that
//
//	stable     nothing
//	growing    1 to 2.5 % more a week for half a year at most, beginning at any time of three and a half years
//	weekly     a third to two thirds of the machines run in office hours only
//	seasonal   a yearly wave of 15 to 40 %, its phase unknown
//	migrating  once in three and a half years the level moves to 5-60 % of it within 4 to 20 weeks
//	shutdown   a chance of being shut down that is four times as high
type world struct {
	rng  *rand.Rand
	kind string
	// What does not change: machines at first, how much the level walks and shivers in a week, the share that rests outside office hours,
	// the chance of being shut down in a month, the yearly wave.
	n                                      int
	walk, noise, office, loss, wave, phase float64
	// The event of growing and migrating pools: growth a week from start on for length days; from moves on to leaves within takes days.
	growth, leaves              float64
	start, length, moves, takes int
	skip, day                   int // days of three and a half years before the first day of the series, and days gone since then
	level, week                 float64
	alive                       bool
}

func newWorld(kind string, seed uint64, days int) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, uint64(len(kind))<<32|uint64(kind[0]))), kind: kind, loss: 0.008, alive: true}
	w.n = 4 + w.rng.IntN(60)
	if days < spanOfEvents { // a short series is a piece of a long one
		w.skip = w.rng.IntN(spanOfEvents - days)
	}
	w.walk, w.noise = 0.004+0.012*w.rng.Float64(), 0.005+0.02*w.rng.Float64()
	w.office = 0.25 * w.rng.Float64()
	switch kind {
	case "weekly":
		w.office = 0.33 + 0.33*w.rng.Float64()
	case "shutdown":
		w.loss *= 4
	}
	w.wave, w.phase = 0.15+0.25*w.rng.Float64(), w.rng.Float64()
	w.drawGrowth()
	w.drawMove()
	return w
}

func (w *world) drawGrowth() {
	w.growth, w.start, w.length = 0.01+0.015*w.rng.Float64(), w.rng.IntN(spanOfEvents)-w.skip, 7*(8+w.rng.IntN(18))
}

func (w *world) drawMove() {
	w.moves, w.takes, w.leaves = w.rng.IntN(spanOfEvents)-w.skip, 7*(4+w.rng.IntN(16)), 0.05+0.55*w.rng.Float64()
}

// next goes through a day and returns how many machines run in office hours and in the others; false when the pool was shut down.
func (w *world) next() (busy, quiet float64, ok bool) {
	d := w.day
	w.day++
	if d%7 == 0 {
		w.level += w.walk * w.rng.NormFloat64() * math.Sqrt(0.5) / math.Sqrt(w.rng.ExpFloat64()+0.5)
		w.week = w.noise * w.rng.NormFloat64()
		w.alive = w.alive && w.rng.Float64() > 1-math.Pow(1-w.loss, 7/30.4)
	}
	log := w.level + w.week
	switch {
	case w.kind == "growing" && d >= w.start && d < w.start+w.length:
		w.level += math.Log1p(w.growth) / 7
	case w.kind == "seasonal":
		log += w.wave * math.Sin(2*math.Pi*(float64(d)/365+w.phase))
	case w.kind == "migrating" && d >= w.moves:
		log += math.Log(w.leaves) * math.Min(1, float64(d-w.moves)/float64(w.takes))
	}
	running := float64(w.n) * math.Exp(log)
	return running, running * (1 - w.office), w.alive
}

// fleet makes a pool of a kind: days of history and future in one series.
func fleet(kind string, seed uint64, days int) forecast.Pool {
	w := newWorld(kind, seed, days)
	rng := w.rng
	p := forecast.Pool{ID: fmt.Sprintf("%s-%d", kind, seed), Step: stepUnits, Prices: prices, Units: demand.NewSeries(24 * days)}
	p.Sizes = []forecast.Size{{Name: "D2s_v5", Ratio: stepUnits, Units: make([]int64, 24*days)}, {Name: "D4s_v5", Ratio: 2 * stepUnits, Units: make([]int64, 24*days)}}
	share := 0.3 + 0.4*rng.Float64()
	for d := range days {
		busy, quiet, ok := w.next()
		if !ok {
			break
		}
		if d%28 == 0 { // machines are resized within the group
			share = min(max(share+0.06*rng.NormFloat64(), 0), 1)
		}
		for h := range 24 {
			running := busy
			if !inOffice(d, h) {
				running = quiet
			}
			steps := int64(running) + int64(rng.IntN(3)/2)
			large := int64(share*running/2) * 2
			p.Units.AddHour(24*d+h, steps*stepUnits)
			p.Sizes[0].Units[24*d+h], p.Sizes[1].Units[24*d+h] = (steps-large)*stepUnits, large*stepUnits
		}
	}
	return p
}

func inOffice(day, hour int) bool { return day%7 <= 4 && hour >= 8 && hour < 18 }
