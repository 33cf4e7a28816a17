package plot

import (
	"math"
	"math/rand/v2"
	"time"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// october is four whole weeks.
func october() demand.Window {
	return demand.Window{From: date(2026, 10, 26), To: date(2026, 11, 23)}
}

// officePool is a made-up pool: 10 units always, up to 9 more in office hours, a batch at night, and two reserved units. The
// choice buys 5 x D4s (10 units) for three years and 2 x D2s for one.
func officePool(w demand.Window, seed uint64) *recommend.Pool {
	rng := rand.New(rand.NewPCG(seed, 1))
	gross := make([]int64, w.Hours())
	stacked := make([]int64, w.Hours())
	for h := range gross {
		t := w.From.Add(time.Duration(h) * time.Hour)
		units := 10.0
		if t.Weekday() != time.Saturday && t.Weekday() != time.Sunday && t.Hour() >= 7 && t.Hour() < 19 {
			units += 4 + 4*math.Sin(math.Pi*float64(t.Hour()-7)/12) + rng.Float64()*1.5
		}
		if t.Hour() == 2 {
			units += 4
		}
		if t.Weekday() == time.Wednesday && t.Hour() == 20 {
			units += 5
		}
		gross[h] = int64(units * demand.Full)
		stacked[h] = gross[h]
		if t.Hour() < 6 {
			stacked[h] += 2 * demand.Full
		} else if t.Hour() > 17 {
			stacked[h] -= 2 * demand.Full
		}
	}
	net := func(series []int64) []int64 {
		out := make([]int64, len(series))
		for i, v := range series {
			out[i] = max(0, v-2*demand.Full)
		}
		return out
	}
	return &recommend.Pool{
		ID: "pool-1", Customer: "contoso", Currency: "USD", Region: "polandcentral", Group: "Dsv5 Series", Flexible: true, Scope: "shared",
		Hours: w.Hours(), Days: w.Days(), UnitRatio: 200, UnitSize: "Standard_D2s_v5",
		Gross:  demand.Series{Flat: gross, Stacked: stacked},
		Demand: demand.Series{Flat: net(gross), Stacked: net(stacked)},
		Compare: []recommend.Compared{
			{Choice: recommend.PAYG},
			{Choice: recommend.P1Y, Threshold: recommend.Fraction{Value: 0.6205, Has: true}},
			{Choice: recommend.P3Y, Threshold: recommend.Fraction{Value: 0.388, Has: true}},
			{Choice: recommend.Mixed, Buy: []recommend.Purchase{
				{Size: "Standard_D4s_v5", Term: pricing.ThreeYear, Quantity: 3}, {Size: "Standard_D2s_v5", Term: pricing.OneYear, Quantity: 2}}},
		},
		Chosen: recommend.Mixed,
		Curve: map[pricing.Term][]recommend.Point{
			pricing.OneYear: curve(net(gross), 0.0715), pricing.ThreeYear: curve(net(gross), 0.0446),
		},
	}
}

// curve is the saving of q units at 0.115 an hour pay-as-you-go and r an hour reserved, q from 0 to 20.
func curve(net []int64, r float64) []recommend.Point {
	const payg = 0.115
	var points []recommend.Point
	for q := range int64(21) {
		saving := 0.0
		for _, units := range net {
			saving += payg*float64(min(units, q*demand.Full))/demand.Full - r*float64(q)
		}
		points = append(points, recommend.Point{Quantity: q, Saving: money.New(int64(saving*1e6), "USD")})
	}
	return points
}

// madeUpPlan is a plan of one pool with machines that work office hours, and its payments.
func madeUpPlan() *recommend.Plan {
	w := october()
	pool := officePool(w, 1)
	plan := &recommend.Plan{AsOf: w.To, Window: w, Pools: []recommend.Pool{*pool}}
	rng := rand.New(rand.NewPCG(7, 7))
	for i, size := range []catalog.Size{"Standard_D4s_v5", "Standard_E8s_v5", "Standard_B2ms", "Standard_F16s_v2"} {
		key := analyzer.Key{Customer: "contoso", Region: "polandcentral", Size: size}
		low := analyzer.Percent(300 + 600*i)
		plan.Profiles = append(plan.Profiles, analyzer.Profile{
			Key: key, VMs: 3 + 2*i, Hours: int64(9-i) * 1e9,
			CPUAvg: analyzer.Distribution{Samples: 1000, P50: low, P90: 3 * low, P95: 4 * low, P99: 5*low + 1000, Max: 9900},
		})
		for range 3 + 2*i {
			vm := analyzer.VM{Customer: "contoso", Region: key.Region, Size: size, CPUAvg: analyzer.Distribution{Samples: 100, P95: 3*low + analyzer.Percent(rng.IntN(1500))}}
			for h := range vm.Week {
				vm.Week[h] = low + analyzer.Percent(rng.IntN(200))
				if day, hour := h/24, h%24; day < 5 && hour >= 7 && hour < 18 {
					vm.Week[h] += 2*low + analyzer.Percent(300*(5-abs(hour-12)))
				}
				if i == 0 && h >= 160 {
					vm.Week[h] = -1
				}
			}
			plan.VMs = append(plan.VMs, vm)
		}
	}
	total := recommend.Total{Customer: "contoso", CustomerName: "Contoso Ltd", Currency: "USD", Upfront: money.New(5_800_000_000, "USD")}
	total.Cash = append(total.Cash, recommend.Cash{Date: w.To, Amount: money.New(6_190_830_000, "USD")})
	for i := 1; i < 36; i++ {
		amount := money.New(390_830_000, "USD")
		if i < 12 {
			amount = money.New(671_250_000, "USD")
		}
		total.Cash = append(total.Cash, recommend.Cash{Date: w.To.AddDate(0, i, 0), Amount: amount})
	}
	plan.Totals = append(plan.Totals, total)
	plan.Reference = []recommend.Reference{
		{Customer: "contoso", Region: "polandcentral", Size: "Standard_D4s_v5", Term: pricing.ThreeYear, Currency: "USD", LookbackDays: 30, Quantity: 8},
		{Customer: "contoso", Region: "polandcentral", Size: "Standard_D4s_v5", Term: pricing.ThreeYear, Currency: "USD", LookbackDays: 7, Quantity: 2},
	}
	return plan
}

func abs(n int) int { return max(n, -n) }
