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

// fleet makes a pool of a kind: days of history and future in one series. Every kind has a daily shape, noise that is gone the next
// week, a level that walks, and a chance of being shut down in any month; on top of that
//
//	stable     nothing
//	growing    1 to 2.5 % more a week for half a year at most, beginning at any time of three and a half years
//	weekly     a third to two thirds of the machines run in office hours only
//	seasonal   a yearly wave of 15 to 40 %, its phase unknown
//	migrating  once in three and a half years the level moves to 5-60 % of it within 4 to 20 weeks
//	shutdown   a chance of being shut down that is four times as high
func fleet(kind string, seed uint64, days int) forecast.Pool {
	rng := rand.New(rand.NewPCG(seed, uint64(len(kind))<<32|uint64(kind[0])))
	n := 4 + rng.IntN(60)
	skip := 0
	if days < spanOfEvents { // a short series is a piece of a long one
		skip = rng.IntN(spanOfEvents - days)
	}
	walk, noise := 0.004+0.012*rng.Float64(), 0.005+0.02*rng.Float64()
	office := 0.25 * rng.Float64()
	loss := 0.008
	switch kind {
	case "weekly":
		office = 0.33 + 0.33*rng.Float64()
	case "shutdown":
		loss *= 4
	}
	wave, phase := 0.15+0.25*rng.Float64(), rng.Float64()
	growth, start, length := 0.01+0.015*rng.Float64(), rng.IntN(spanOfEvents)-skip, 7*(8+rng.IntN(18))
	moves, takes, leaves := rng.IntN(spanOfEvents)-skip, 7*(4+rng.IntN(16)), 0.05+0.55*rng.Float64()
	p := forecast.Pool{ID: fmt.Sprintf("%s-%d", kind, seed), Step: stepUnits, Prices: prices, Units: demand.NewSeries(24 * days)}
	p.Sizes = []forecast.Size{{Name: "D2s_v5", Ratio: stepUnits, Units: make([]int64, 24*days)}, {Name: "D4s_v5", Ratio: 2 * stepUnits, Units: make([]int64, 24*days)}}
	share := 0.3 + 0.4*rng.Float64()
	level, week, alive := 0.0, 0.0, true
	for d := range days {
		if d%7 == 0 {
			level += walk * rng.NormFloat64() * math.Sqrt(0.5) / math.Sqrt(rng.ExpFloat64()+0.5)
			week = noise * rng.NormFloat64()
			alive = alive && rng.Float64() > 1-math.Pow(1-loss, 7/30.4)
		}
		log := level + week
		switch {
		case kind == "growing" && d >= start && d < start+length:
			level += math.Log1p(growth) / 7
		case kind == "seasonal":
			log += wave * math.Sin(2*math.Pi*(float64(d)/365+phase))
		case kind == "migrating" && d >= moves:
			log += math.Log(leaves) * math.Min(1, float64(d-moves)/float64(takes))
		}
		if !alive {
			break
		}
		if d%28 == 0 { // machines are resized within the group
			share = min(max(share+0.06*rng.NormFloat64(), 0), 1)
		}
		for h := range 24 {
			running := float64(n) * math.Exp(log)
			if d%7 > 4 || h < 8 || h >= 18 {
				running *= 1 - office
			}
			steps := int64(running) + int64(rng.IntN(3)/2)
			large := int64(share*running/2) * 2
			p.Units.AddHour(24*d+h, steps*stepUnits)
			p.Sizes[0].Units[24*d+h], p.Sizes[1].Units[24*d+h] = (steps-large)*stepUnits, large*stepUnits
		}
	}
	return p
}
