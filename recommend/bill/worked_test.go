package bill_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/bill"
)

// pool is one flexibility group in one scope at a price per unit-hour in micro-units.
type pool struct {
	p    *bill.Problem
	unit int64
}

func newPool(unit int64, den int64, hours ...int64) *pool {
	p := &bill.Problem{ID: "worked", Currency: "USD", RunDenominator: den, Sizes: map[string]bill.Size{}}
	for _, h := range hours {
		p.Slots = append(p.Slots, bill.Slot{Hours: h})
	}
	p.Rules.Order = bill.HighestFirst
	return &pool{p, unit}
}

func (w *pool) size(name, group string, ratio int64) *pool {
	w.p.Sizes[name] = bill.Size{Group: group, Ratio: ratio, Payg: ratio * w.unit}
	return w
}

func (w *pool) vm(id, size string, run ...int64) *pool {
	w.p.VMs = append(w.p.VMs, bill.VM{ID: id, Scope: "shared/sub/" + id, Candidates: []bill.Candidate{{Size: size}}, Run: run})
	return w
}

func (w *pool) offer(size string, price int64) *pool {
	w.p.Offers = append(w.p.Offers, bill.Offer{Commitment: bill.Commitment{ID: size, Kind: bill.Reservation, Scope: "shared", To: len(w.p.Slots), Size: size},
		Price: price, MaxQty: 100})
	return w
}

func (w *pool) buy(t *testing.T, size string, n int64) bill.Bill {
	t.Helper()
	b, err := bill.Evaluate(w.p, bill.Decision{Purchases: map[string]int64{size: n}})
	require.NoError(t, err)
	return b
}

// E4, understand-vm-reservation-charges: one reservation, hours with partial use by two VMs. Unused capacity does not carry over.
func TestPartialHours(t *testing.T) {
	for _, hour := range []struct {
		quarters [2]int64 // quarter hours of two VMs
		payg     string   // quarter hours charged
	}{{[2]int64{3, 2}, "1"}, {[2]int64{4, 4}, "4"}, {[2]int64{2, 4}, "2"}, {[2]int64{2, 2}, "0"}} {
		w := newPool(4, 4, 1).size("D2", "D", 1).vm("a", "D2", hour.quarters[0]).vm("b", "D2", hour.quarters[1]).offer("D2", 0)
		require.Equal(t, hour.payg, w.buy(t, "D2", 1).Payg.String(), "%v", hour)
	}
	w := newPool(1, 1, 1).size("core", "SQL", 1).vm("db", "core", 16).offer("core", 0)
	require.Equal(t, "8", w.buy(t, "core", 8).Payg.String(), "8 reserved cores, 16 run")
	require.Equal(t, "0", w.buy(t, "core", 16).Payg.String())
	// 1:00-1:30 then 1:30-2:00: 60 minutes; 1:00-1:45 and 1:30-2:00: 75, of which 15 are charged.
	minutes := newPool(60, 60, 1).size("D2", "D", 1).vm("a", "D2", 45).vm("b", "D2", 30).offer("D2", 0)
	require.Equal(t, "15", minutes.buy(t, "D2", 1).Payg.String())
	// The idle first hour of a reservation does not pay for the second hour's peak.
	lost := newPool(1, 1, 1, 1).size("D2", "D", 1).vm("a", "D2", 0, 2).offer("D2", 0)
	require.Equal(t, "1", lost.buy(t, "D2", 1).Payg.String())
}

// E5, VM size flexibility: one DS4_v2 (ratio 8) covers other sizes of its group by their ratios, and no size of another group.
func TestSizeFlexibility(t *testing.T) {
	ratio := map[string]int64{"DS1_v2": 1, "DS2_v2": 2, "DS3_v2": 4, "DS4_v2": 8, "DS5_v2": 16}
	start := func() *pool {
		w := newPool(1, 1, 1).size("DS11_v2", "memory", 2).size("DS12_v2", "memory", 4)
		for name, r := range ratio {
			w.size(name, "DSv2", r)
		}
		return w.offer("DS4_v2", 0)
	}
	share := func(w *pool) (covered, used string) {
		b := w.buy(t, "DS4_v2", 1)
		all, reserved := bill.Exact{}, bill.Exact{}
		for _, r := range b.Rows {
			units := bill.Whole(w.p.Sizes[r.Size].Ratio)
			all, reserved = all.Add(r.Used.Mul(units)), reserved.Add(r.Reserved.Mul(units))
		}
		return reserved.Quo(all).String(), b.Nodes[0].Utilization().String()
	}
	check := func(w *pool, covered, used string) {
		t.Helper()
		gotCovered, gotUsed := share(w)
		require.Equal(t, covered, gotCovered)
		require.Equal(t, used, gotUsed)
	}
	check(start().vm("a", "DS1_v2", 8), "1", "1")
	check(start().vm("a", "DS2_v2", 2).vm("b", "DS3_v2", 1), "1", "1")
	check(start().vm("a", "DS5_v2", 1), "1/2", "1")
	check(start().vm("a", "DS1_v2", 3), "1", "3/8") // 0.375 of the reservation is used
	check(start().vm("a", "DS11_v2", 1), "0", "0")
	check(start().vm("a", "DS12_v2", 1), "0", "0")

	v3 := func() *pool {
		return newPool(1, 1, 1).size("D2s", "Dsv3", 1).size("D4s", "Dsv3", 2).size("D8s", "Dsv3", 4).offer("D4s", 0)
	}
	require.Equal(t, "2", v3().vm("a", "D8s", 1).buy(t, "D4s", 1).Payg.String(), "half of one D8s_v3")
	require.Equal(t, "0", v3().vm("a", "D2s", 2).buy(t, "D4s", 1).Payg.String(), "two D2s_v3")
	require.Equal(t, "16", v3().vm("a", "D8s", 4).buy(t, "D4s", 0).Payg.String(), "4 x D8s_v3 are 16 units of D2s_v3, not 4")
}

// E8: 2 instances 16 h a day and 10 for 8 h, 0.085 an hour, a reservation at 39.42 a month of 730 h. Three months make the hours whole:
// 1460 h of 2 and 730 h of 10. Costs by hand: q=2: 3 x 78.84 + 730 x 8 x 0.085 = 732.92, a third of it 244.31.
func TestMonthlyCostByQuantity(t *testing.T) {
	w := newPool(85_000, 1, 1460, 730).size("c5", "c", 1).vm("a", "c5", 2, 10).offer("c5", 3*39_420_000)
	for q, month := range map[int64]string{0: "289567", 1: "266937", 2: "244307", 3: "263043", 4: "281780", 5: "300517", 10: "394200"} {
		third := w.buy(t, "c5", q).Objective.Quo(bill.Whole(3_000)) // thousandths
		n, ok := third.Round()
		require.True(t, ok)
		require.Equal(t, month, bill.Whole(n).String(), "q=%d", q)
	}
	third := w.buy(t, "c5", 3).Payg.Sub(w.buy(t, "c5", 2).Payg).Quo(bill.Whole(-3_000))
	n, _ := third.Round()
	require.EqualValues(t, 20683, n, "what the third instance costs at pay-as-you-go: 20.68 a month")
	excess, _ := w.buy(t, "c5", 4).Objective.Sub(w.buy(t, "c5", 2).Objective).Quo(bill.Whole(3_000)).Round()
	require.EqualValues(t, 37473, excess, "what the rule of the average, 4.667 instances, loses: 37.47 a month")
}

// E10: amortised cost and charge-back.
func TestAmortisedCost(t *testing.T) {
	require.Equal(t, "1", bill.Amortize(bill.Whole(365), 1, 365).String())
	day, _ := bill.Amortize(bill.Whole(12_016_00), 1, 366).Round()
	require.EqualValues(t, 32_83, day, "2019-10-23 for one year holds a 29 February: 366 days")
	november, _ := bill.Amortize(bill.Whole(12_016_000), 30, 366).Round()
	require.EqualValues(t, 984_918, november, "unrounded 984.918; thirty rounded days make 984.90")
	require.EqualValues(t, 984_90, 30*day)

	day1 := bill.Whole(1_000_000) // a day of a reservation that costs 1.00
	w := newPool(1, 2, 24).size("D2", "D", 1).vm("a", "D2", 1).vm("b", "D2", 1).offer("D2", 1_000_000)
	b := w.buy(t, "D2", 1)
	for _, r := range b.Rows {
		require.Equal(t, "500000", day1.Mul(r.Reserved).Quo(b.Nodes[0].New).String(), "two VMs, half each: 0.50 each")
	}
	w = newPool(1, 2, 24).size("D2", "D", 1).vm("a", "D2", 1).offer("D2", 1_000_000)
	b = w.buy(t, "D2", 1)
	require.Equal(t, "500000", day1.Mul(b.Nodes[0].Utilization()).String(), "used 0.50, unused 0.50")
	require.Panics(t, func() { bill.Amortize(bill.Whole(1), 1, 0) })
}

// isf_pool: pooled by flexibility, 8 units (one DS4_v2) cost 4.80 in 10 h; by size only the 4 constant units pay: 6.40.
func TestPoolingBySizeFlexibility(t *testing.T) {
	w := newPool(100_000, 1, 5, 5).size("DS1", "DS", 1).size("DS2", "DS", 2).size("DS3", "DS", 4).size("DS4", "DS", 8).
		vm("a", "DS1", 4, 4).vm("b", "DS2", 2, 0).vm("c", "DS3", 0, 1).offer("DS4", 4_800_000).offer("DS1", 600_000)
	require.Equal(t, "8000000", w.buy(t, "DS1", 0).Objective.String())
	require.Equal(t, "6400000", w.buy(t, "DS1", 4).Objective.String())
	require.Equal(t, "4800000", w.buy(t, "DS4", 1).Objective.String())
}

// daily_only: 12 h a day of one VM lose 0.24 a day with one reservation; two such VMs gain -0.24 when stacked, 0.96 when they alternate.
func TestDailyBounds(t *testing.T) {
	saving := func(run ...int64) string {
		w := newPool(100_000, 1, 12, 12).size("D2", "D", 1).vm("a", "D2", run...).offer("D2", 24*60_000)
		return w.buy(t, "D2", 0).Objective.Sub(w.buy(t, "D2", 1).Objective).String()
	}
	require.Equal(t, "-240000", saving(1, 0))
	require.Equal(t, "-240000", saving(2, 0))
	require.Equal(t, "960000", saving(1, 1))
	// tie: 6 busy hours of 10 at r/p = 0.6 earn nothing.
	w := newPool(100_000, 1, 6, 4).size("D2", "D", 1).vm("a", "D2", 1, 0).offer("D2", 600_000)
	require.Zero(t, w.buy(t, "D2", 0).Objective.Cmp(w.buy(t, "D2", 1).Objective))
}

// joint: 20 reserved units after four VMs halved leave four idle; 16 are the joint optimum (worked-numbers `joint`).
func TestReservationForTheOldSizeIsIdle(t *testing.T) {
	w := newPool(100_000, 1, 1).size("S", "G", 1).size("L", "G", 2).vm("keep", "L", 6).vm("halve", "S", 4).offer("S", 60_000)
	require.Equal(t, "1200000", w.buy(t, "S", 20).Objective.String())
	require.Equal(t, "4/5", w.buy(t, "S", 20).Nodes[0].Utilization().String())
	require.Equal(t, "960000", w.buy(t, "S", 16).Objective.String())
}

// Software meters continue whatever covers the compute (E1: 75 reserved VMs still pay the Windows meter).
func TestSoftwareContinues(t *testing.T) {
	w := newPool(100, 1, 10).size("D2", "D", 1).vm("a", "D2", 80).offer("D2", 600)
	s := w.p.Sizes["D2"]
	s.Software = 40
	w.p.Sizes["D2"] = s
	without, with := w.buy(t, "D2", 0), w.buy(t, "D2", 75)
	require.Equal(t, "32000", without.Software.String())
	require.Equal(t, "32000", with.Software.String())
	require.Equal(t, "5000", with.Payg.String(), "five VMs pay compute and software")
	require.Equal(t, "82000", with.Objective.String()) // 45000 + 5000 + 32000
	text, err := with.MarshalJSON()
	require.NoError(t, err)
	require.Contains(t, string(text), `"software_micro":"32000"`)
}

// A plan spends its commitment on the greatest percentage discount, not on the greatest dollar discount, and the last instance in part.
func TestPlanOrderIsByPercentage(t *testing.T) {
	w := newPool(1, 1, 1).size("cheap", "A", 10).size("dear", "B", 100).vm("a", "cheap", 1).vm("b", "dear", 1)
	plan := bill.Commitment{ID: "sp", Kind: bill.SavingsPlan, Scope: "shared", To: 1, Step: 1, Rates: map[string]int64{"cheap": 5, "dear": 60}}
	w.p.Offers = []bill.Offer{{Commitment: plan, MaxQty: 100}}
	b := w.buy(t, "sp", 35) // 5 covers "cheap" (50 % off against 40 %), 30 cover half of "dear"
	require.Equal(t, "50", b.Payg.String())
	require.Equal(t, "85", b.Objective.String())
	require.Equal(t, "1/2", b.Rows[1].Planned.String())
}

// The rules allow what meets them exactly.
func TestRulesHoldAtTheirLimit(t *testing.T) {
	w := newPool(10, 1, 1, 1).size("S", "G", 1).vm("a", "S", 1, 0).offer("S", 7)
	w.p.Offers[0].Upfront = 7
	half, budget := bill.Frac(1, 2), int64(7)
	w.p.Rules.MinNewUtilization, w.p.Rules.UpfrontBudget = &half, &budget
	require.True(t, w.buy(t, "S", 1).Feasible, "used one hour of two, cash 7 of 7")
	require.Equal(t, []string{"upfront 14 is above the budget of 7", "shared|G: utilisation 1/4 is below 1/2"}, w.buy(t, "S", 2).Violations)
}
