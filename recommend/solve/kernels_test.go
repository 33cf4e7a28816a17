package solve

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/recommend/bill"
)

// hours returns made-up units per hour: levels in steps of 1/2, so that part hours occur.
func hours(r *rand.Rand, n int, most int64) []int64 {
	units := make([]int64, n)
	for i := range units {
		units[i] = r.Int64N(2*most + 1)
	}
	return units
}

func demand(t testing.TB, units []int64) Demand {
	d, err := Hourly(units)
	require.NoError(t, err)
	return d
}

// enumerate returns the least cost over 0..most and the smallest quantity that has it.
func enumerate(most int64, cost func(q int64) bill.Exact) (int64, bill.Exact) {
	best, least := int64(0), cost(0)
	for q := int64(1); q <= most; q++ {
		if c := cost(q); c.Cmp(least) < 0 {
			best, least = q, c
		}
	}
	return best, least
}

// simulate is the cost of q by the bill simulator: kernel and simulator must agree to the last digit.
func simulate(t *testing.T, units []int64, p Pool, q int64) bill.Exact {
	problem := &bill.Problem{RunDenominator: p.Step, Sizes: map[string]bill.Size{"S": {Group: "G", Ratio: 1, Payg: p.Payg}}}
	problem.Rules.Order = bill.HighestFirst
	for range units {
		problem.Slots = append(problem.Slots, bill.Slot{Hours: 1})
	}
	problem.VMs = []bill.VM{{ID: "v", Scope: "s", Candidates: []bill.Candidate{{Size: "S"}}, Run: units}}
	problem.Offers = []bill.Offer{{Commitment: bill.Commitment{ID: "o", Kind: bill.Reservation, Scope: "s", To: len(units), Size: "S"}, Price: p.Cost, MaxQty: q}}
	b, err := bill.Evaluate(problem, bill.Decision{Purchases: map[string]int64{"o": q}})
	require.NoError(t, err)
	return b.Objective
}

func TestNewsvendorEqualsEnumeration(t *testing.T) {
	for seed := range uint64(1500) {
		r := rand.New(rand.NewPCG(seed, 1))
		units := hours(r, 1+r.IntN(12), 6)
		p := Pool{Demand: demand(t, units), Step: 2, Payg: r.Int64N(10), Cost: r.Int64N(60)}
		q, err := p.Best()
		require.NoError(t, err)
		want, least := enumerate(9, p.Total)
		require.Equal(t, want, q, "seed %d", seed)
		require.Zero(t, simulate(t, units, p, q).Cmp(least))
		c, ok := p.Certify(q)
		require.True(t, ok)
		require.Zero(t, c.Gap().Sign())
		require.True(t, c.Relaxed.Cmp(c.Cost) <= 0, "seed %d: dual bound %s above cost %s", seed, c.Relaxed, c.Cost)
		for fraction := int64(0); fraction < 16; fraction++ { // no fractional quantity beats the dual bound
			at := bill.Frac(p.Cost, p.Step).Mul(bill.Whole(fraction)).Add(p.restAbove(fraction))
			require.True(t, c.Relaxed.Cmp(at) <= 0, "seed %d", seed)
		}
		if limit, ok := p.Threshold(); ok && q > 0 {
			require.Positive(t, p.Marginal(q-1).Cmp(limit), "M1: the last unit is busier than r/p")
			require.LessOrEqual(t, p.Marginal(q).Cmp(limit), 0, "and the next one is not")
		}
		_, better := p.Certify(q + 1)
		require.Equal(t, p.Total(q+1).Cmp(least) == 0, better, "a dearer quantity is not certified")
	}
}

// Worked by hand in worked-numbers.yaml.
func TestNewsvendorWorked(t *testing.T) {
	window := func(levels ...Level) Demand {
		d, err := NewDemand(levels)
		require.NoError(t, err)
		return d
	}
	best := func(p Pool) int64 {
		q, err := p.Best()
		require.NoError(t, err)
		return q
	}
	// E1_series: 108 of 168 hours have demand >= 68, 78 have >= 69; so 68 is best for r/p in [78/168, 108/168).
	e1 := window(Level{65, 20}, Level{67, 40}, Level{68, 30}, Level{80, 1}, Level{75, 40}, Level{90, 25}, Level{110, 11}, Level{127, 1})
	require.Equal(t, "168", e1.Hours().String())
	for cost, want := range map[int64]int64{78: 68, 107: 68, 108: 67, 77: 75} {
		require.Equal(t, want, best(Pool{e1, 1, 1, cost}), "cost %d", cost)
	}
	// E2b_series: 709.983353 unit-hours, PAYG 0.519, reservation 709 h x 0.302549467275493; one of the two unit-hour levels above 1.
	e2 := window(Level{2_000_000, 3}, Level{1_000_000, 703}, Level{983_353, 1}, Level{0, 2})
	p := Pool{e2, 1_000_000, 519_000_000_000_000, 302_549_467_275_493 * 709}
	require.EqualValues(t, 1, best(p))
	require.InDelta(t, 368.4813602070006, p.Total(0).Float()/1e15, 1e-9)
	require.InDelta(t, 216.064572298325, p.Total(1).Float()/1e15, 1e-9)
	require.InDelta(t, 152.416787908675, p.Total(0).Sub(p.Total(1)).Float()/1e15, 1e-9)
	require.InDelta(t, -60.5337843896494, p.Total(0).Sub(p.Total(2)).Float()/1e15, 1e-9)
	require.Equal(t, "3", e2.Above(1_000_000).Quo(bill.Whole(1_000_000)).String(), "three unit-hours above 1")
	// E8: third instance busy 8 h of 24 at r/p = 39.42/(0.085 x 730) = 0.635: two.
	require.EqualValues(t, 2, best(Pool{window(Level{2, 1460}, Level{10, 730}), 1, 85_000, 3 * 39_420_000}))
	// tie: 6 of 10 hours at r/p = 0.6: the smaller quantity.
	tie := Pool{window(Level{1, 6}, Level{0, 4}), 1, 100_000, 600_000}
	require.Zero(t, best(tie))
	limit, _ := tie.Threshold()
	require.Zero(t, tie.Marginal(0).Cmp(limit), "and the tie can be seen")
	// isf_pool: eight units of 0.06 in ten hours.
	require.EqualValues(t, 8, best(Pool{window(Level{8, 10}), 1, 100_000, 600_000}))
}

func TestChainAndRenewalsEqualEnumeration(t *testing.T) {
	for seed := range uint64(800) {
		r := rand.New(rand.NewPCG(seed, 2))
		h := Horizon{Step: 2, Payg: r.Int64N(10), OneYear: r.Int64N(30), ThreeYear: r.Int64N(70)}
		chain := seed%2 == 0
		for y := range 2 + r.IntN(2) {
			year := Year{Demand: demand(t, hours(r, 1+r.IntN(6), 3)), NoPurchase: chain && y > 0}
			if !chain && r.IntN(2) == 0 {
				year.AliveNum, year.AliveDen = 1+r.Int64N(3), 4
				var err error
				year.Demand, err = year.Demand.Times(year.AliveNum, 5)
				require.NoError(t, err)
			}
			h.Years = append(h.Years, year)
		}
		mix, err := h.Best()
		require.NoError(t, err)
		best, least := enumerate(4, func(x3 int64) bill.Exact { // the year's best beside x3 by enumeration
			sum := bill.Whole(h.ThreeYear * x3)
			for i, y := range h.Years {
				_, cost := enumerate(4, func(x1 int64) bill.Exact {
					if y.NoPurchase && x1 > 0 {
						return bill.Whole(math.MaxInt64)
					}
					m := Mix{ThreeYear: x3, OneYear: make([]int64, len(h.Years))}
					m.OneYear[i] = x1
					only := Horizon{Step: h.Step, Payg: h.Payg, OneYear: h.OneYear, Years: h.Years[i : i+1]}
					return only.Total(Mix{ThreeYear: x3, OneYear: m.OneYear[i : i+1]})
				})
				sum = sum.Add(cost)
			}
			return sum
		})
		require.Equal(t, best, mix.ThreeYear, "seed %d", seed)
		require.Zero(t, h.Total(mix).Cmp(least), "seed %d", seed)
		c, ok := h.Certify(mix)
		require.True(t, ok)
		require.True(t, c.Relaxed.Cmp(c.Cost) <= 0, "seed %d", seed)
		mix.ThreeYear += 9
		if _, ok = h.Certify(mix); ok {
			require.Zero(t, h.Total(h.Complete(mix.ThreeYear)).Cmp(least), "seed %d: only what is free is certified", seed)
		}
	}
}

// Case s2: quarters of 2190 h; the year wants 10, the rest 7: three for one year and seven for three.
func TestChainWorked(t *testing.T) {
	level := func(units ...int64) Demand {
		d, err := demand(t, units).Times(2190, 1)
		require.NoError(t, err)
		return d
	}
	h := Horizon{Step: 1, Payg: 96_000, OneYear: 497_000_000, ThreeYear: 957_000_000, Years: []Year{
		{Demand: level(10, 10, 9, 10)}, {Demand: level(7, 7, 6, 7, 5, 4, 5, 3), NoPurchase: true}}}
	mix, err := h.Best()
	require.NoError(t, err)
	require.Equal(t, Mix{ThreeYear: 7, OneYear: []int64{3, 0}}, mix)
	require.Equal(t, "8190000000", h.Total(mix).String())
	c, ok := h.Certify(mix)
	require.True(t, ok)
	require.Equal(t, "8190000000", c.Relaxed.String())
}

// Hazard, not discount, decides (reference 1.2): r1/p = .6, r3/p = .4, PAYG = 100 a month, 36 months. At 3 % a month three years win
// 1440 against 1566, at 5 % one year at a time wins with 1319.
func TestHazardDecidesTheTerm(t *testing.T) {
	for _, c := range []struct {
		hazard      float64
		three, mean int64
	}{{0.01, 1, 1924}, {0.03, 1, 1566}, {0.05, 0, 1319}} {
		const den = 1 << 20
		month, alive := demand(t, []int64{1}), 1.0
		h := Horizon{Step: 1, Payg: 100, OneYear: 720, ThreeYear: 1440}
		for range 3 {
			year := Year{AliveNum: int64(alive * den), AliveDen: den}
			var months []Demand
			for range 12 {
				d, err := month.Times(int64(alive*den), den)
				require.NoError(t, err)
				months = append(months, d)
				alive *= 1 - c.hazard
			}
			var err error
			year.Demand, err = Sum(months...)
			require.NoError(t, err)
			require.Len(t, year.Demand.parts, 1, "months of one window share its histogram")
			h.Years = append(h.Years, year)
		}
		mix, err := h.Best()
		require.NoError(t, err)
		require.Equal(t, c.three, mix.ThreeYear, "hazard %v", c.hazard)
		rolling := h.Complete(0)
		require.InDelta(t, c.mean, h.Total(rolling).Float(), 1)
	}
}

func TestCoverEqualsEnumeration(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 3))
		packs := []Pack{{"a", 1 + r.Int64N(2), r.Int64N(40)}, {"b", 2 + r.Int64N(3), r.Int64N(70)}, {"c", 5, r.Int64N(120)}}
		p := Pool{Demand: demand(t, hours(r, 1+r.IntN(8), 6)), Step: 2, Payg: r.Int64N(10)}
		least := bill.Whole(math.MaxInt64)
		for a := range int64(13) {
			for b := range int64(7) {
				for c := range int64(4) {
					cost := bill.Whole(a*packs[0].Cost + b*packs[1].Cost + c*packs[2].Cost).Add(p.Rest(a*packs[0].Ratio + b*packs[1].Ratio + c*packs[2].Ratio))
					if cost.Cmp(least) < 0 {
						least = cost
					}
				}
			}
		}
		_, proof, err := BestCover(p, packs)
		require.NoError(t, err)
		require.Zero(t, proof.Cost.Cmp(least), "seed %d: %s, enumerated %s", seed, proof.Cost, least)
		require.True(t, proof.Relaxed.Cmp(least) <= 0, "seed %d", seed)
	}
}

// Case s3: two X2 and one X8 beat the cheapest size per unit alone.
func TestCoverWorked(t *testing.T) {
	// units of X1: a is one X8, b one X2 in four slots of 1752 h, c 5, 4, 2, 1, 1 of X1.
	d, err := demand(t, []int64{15, 14, 12, 11, 9}).Times(1752, 1)
	require.NoError(t, err)
	packs := []Pack{{"X1", 1, 112_000_000}, {"X2", 2, 205_000_000}, {"X8", 8, 760_000_000}}
	buy, proof, err := BestCover(Pool{Demand: d, Step: 1, Payg: 20_000}, packs)
	require.NoError(t, err)
	require.Equal(t, []Package{{"X8", 1}, {"X2", 2}}, buy)
	require.Equal(t, "1345200000", proof.Cost.String())
	require.Equal(t, "1315200000", proof.Relaxed.String(), "the LP bound of the case")
	c, err := Cover(packs, 12)
	require.NoError(t, err)
	for q, want := range []int64{0, 112, 205, 317, 410, 522, 615, 727, 760, 872, 965, 1077, 1170} {
		require.Equal(t, want*1_000_000, c.Cost(int64(q)))
	}
}

// Equal money: the larger size, then the name; and no purchase before an equal one.
func TestCoverTies(t *testing.T) {
	c, err := Cover([]Pack{{"a", 1, 10}, {"b", 2, 20}, {"c", 2, 20}}, 4)
	require.NoError(t, err)
	buy, steps := c.Packages(4)
	require.Equal(t, []Package{{"b", 2}}, buy)
	require.EqualValues(t, 4, steps)
	buy, proof, err := BestCover(Pool{Demand: demand(t, []int64{1, 1, 3}), Step: 1, Payg: 10}, []Pack{{"a", 1, 30}})
	require.NoError(t, err)
	require.Empty(t, buy, "30 for three busy hours at 10: a tie buys nothing")
	require.Equal(t, "50", proof.Cost.String())
}

func TestHorizonCoverEqualsHorizon(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 4))
		h := Horizon{Step: 2, Payg: r.Int64N(10), OneYear: r.Int64N(30), ThreeYear: r.Int64N(70)}
		for range 3 {
			h.Years = append(h.Years, Year{Demand: demand(t, hours(r, 5, 4))})
		}
		mix, err := h.Best()
		require.NoError(t, err)
		// With proportional prices the covering finds the same cost, whatever sizes there are.
		one := []Pack{{"s", 1, h.OneYear}, {"m", 2, 2 * h.OneYear}}
		three := []Pack{{"s", 1, h.ThreeYear}, {"l", 4, 4 * h.ThreeYear}}
		_, total, err := h.BestCover(one, three)
		require.NoError(t, err)
		require.Zero(t, total.Cmp(h.Total(mix)), "seed %d", seed)
		one[1].Cost-- // a cheaper offer never raises the total
		_, cheaper, err := h.BestCover(one, three)
		if one[1].Cost >= 0 {
			require.NoError(t, err)
			require.LessOrEqual(t, cheaper.Cmp(total), 0)
		} else {
			require.Error(t, err)
		}
	}
}

func TestBlendEqualsEnumerationBySimulator(t *testing.T) {
	orders := []bill.Order{bill.HighestFirst, bill.Proportional, bill.LowestFirst}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		n, cost := 1+r.IntN(6), r.Int64N(80)
		problem := &bill.Problem{RunDenominator: 2, Sizes: map[string]bill.Size{}}
		problem.Offers = []bill.Offer{{Commitment: bill.Commitment{ID: "o", Kind: bill.Reservation, Scope: "s", To: n, Size: "0"}, Price: cost}}
		for range n {
			problem.Slots = append(problem.Slots, bill.Slot{Hours: 1})
		}
		var rows []Mixed
		for i := range 1 + r.IntN(3) {
			name := fmt.Sprint(i)
			rows = append(rows, Mixed{hours(r, n, 3), r.Int64N(20)})
			problem.Sizes[name] = bill.Size{Group: "G", Ratio: 1, Payg: rows[i].Payg}
			problem.VMs = append(problem.VMs, bill.VM{ID: name, Scope: "s", Candidates: []bill.Candidate{{Size: name}}, Run: rows[i].Units})
		}
		b, err := NewBlend(2, cost, rows)
		require.NoError(t, err)
		for _, order := range orders {
			problem.Rules.Order = order
			s, err := bill.NewSimulator(problem)
			require.NoError(t, err)
			want, least := enumerate(b.Most(), func(q int64) bill.Exact {
				return s.Run(make([]int, len(rows)), []int64{q}).Objective
			})
			got := b.Best(order)
			require.Equal(t, want, got, "seed %d %s", seed, order)
			require.Zero(t, b.Total(got, order).Cmp(least), "seed %d %s", seed, order)
		}
		q := b.Best(bill.Proportional)
		require.True(t, b.Total(q, bill.HighestFirst).Cmp(b.Total(q, bill.Proportional)) <= 0)
		require.True(t, b.Total(q, bill.Proportional).Cmp(b.Total(q, bill.LowestFirst)) <= 0)
	}
}

// Reference section 8, M12 and M2: a dearer reservation or less use never raises the quantity, and it never exceeds the peak.
func TestQuantityIsMonotone(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 6))
		units := hours(r, 1+r.IntN(12), 6)
		p := Pool{Demand: demand(t, units), Step: 2, Payg: 1 + r.Int64N(9), Cost: r.Int64N(60)}
		q := p.best()
		require.LessOrEqual(t, q, (slices.Max(units)+1)/2)
		p.Cost++
		require.LessOrEqual(t, p.best(), q)
		p.Cost--
		units[r.IntN(len(units))] = 0
		p.Demand = demand(t, units)
		require.LessOrEqual(t, p.best(), q)
	}
}

func TestDemandRefuses(t *testing.T) {
	_, err := Hourly([]int64{1, -1})
	require.EqualError(t, err, "units: -1: negative")
	_, err = Hourly([]int64{math.MaxInt64, 1})
	require.ErrorIs(t, err, ErrTooLarge)
	_, err = NewDemand([]Level{{1, -1}})
	require.Error(t, err)
	_, err = NewDemand([]Level{{1, mostWeight}})
	require.ErrorIs(t, err, ErrTooLarge)
	d := demand(t, []int64{3, 0, 1})
	_, err = d.Times(-1, 2)
	require.Error(t, err)
	_, err = d.Times(1, 0)
	require.Error(t, err)
	_, err = d.Times(mostWeight+1, 3)
	require.ErrorIs(t, err, ErrTooLarge)
	a, err := d.Times(1, mostWeight-1)
	require.NoError(t, err)
	b, err := d.Times(1, mostWeight-2)
	require.NoError(t, err)
	_, err = Sum(a, b)
	require.ErrorIs(t, err, ErrTooLarge)
	_, err = Pool{Demand: d, Step: 0}.Best()
	require.Error(t, err)
	_, err = Pool{Demand: d, Step: 1, Payg: -1}.Best()
	require.Error(t, err)
	_, err = Horizon{Step: 1, Years: []Year{{Demand: d, AliveNum: 3, AliveDen: 2}}}.Best()
	require.ErrorContains(t, err, "years[0]: alive 3/2")
	_, err = Horizon{Step: 1, OneYear: -1, Years: []Year{{Demand: d}}}.Best()
	require.Error(t, err)
	_, err = Cover(nil, 3)
	require.Error(t, err)
	_, err = Cover([]Pack{{"a", 0, 1}}, 3)
	require.Error(t, err)
	_, err = Cover([]Pack{{"a", 1, math.MaxInt64}}, 3)
	require.ErrorIs(t, err, ErrTooLarge)
	_, err = NewBlend(0, 1, nil)
	require.Error(t, err)
	_, err = NewBlend(1, 1, []Mixed{{[]int64{1}, 1}, {[]int64{1, 2}, 1}})
	require.ErrorContains(t, err, "rows[1]: 2 hours, not 1")
	_, err = NewBlend(1, 1, []Mixed{{[]int64{math.MaxInt64}, 2}})
	require.ErrorIs(t, err, ErrTooLarge)
}

// Nothing to decide: no hours, no use, no price, r >= p, r = 0, less than one unit.
func TestEdges(t *testing.T) {
	best := func(p Pool) int64 { q, err := p.Best(); require.NoError(t, err); return q }
	require.Zero(t, best(Pool{Demand{}, 1, 5, 0}))
	require.Zero(t, best(Pool{demand(t, []int64{0, 0}), 1, 5, 0}))
	require.Zero(t, best(Pool{demand(t, []int64{4, 4}), 1, 5, 10}), "r = p buys nothing (M10)")
	require.EqualValues(t, 4, best(Pool{demand(t, []int64{4, 4}), 1, 5, 9}))
	require.EqualValues(t, 4, best(Pool{demand(t, []int64{4, 0}), 1, 5, 0}), "what is free is bought up to the peak")
	require.Zero(t, best(Pool{demand(t, []int64{1, 1}), 4, 5, 3}), "a quarter of one is worth 2.5, not 3")
	require.EqualValues(t, 1, best(Pool{demand(t, []int64{1, 1}), 4, 5, 2}))
	_, ok := Pool{Demand{}, 1, 5, 0}.Threshold()
	require.False(t, ok)
	require.Zero(t, Pool{}.Marginal(0).Sign())
	require.Zero(t, Certificate{}.Gap().Sign())
	mix, err := Horizon{Step: 1}.Best()
	require.NoError(t, err)
	require.Zero(t, mix.ThreeYear)
	_, ok = Horizon{Step: 1}.Certify(Mix{OneYear: []int64{1}})
	require.False(t, ok)
	// Large pools: 5 000 million units at a large price stay exact.
	d, err := NewDemand([]Level{{5_000_000_000_000, 8760}})
	require.NoError(t, err)
	require.EqualValues(t, 5_000_000, best(Pool{d, 1_000_000, 1_000_000_000_000, 8759_000_000_000_000}))
}

func TestCurve(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	units := make([]int64, 500)
	for i := range units {
		units[i] = r.Int64N(400)
	}
	p := Pool{Demand: demand(t, units), Step: 1, Payg: 10, Cost: 2500}
	curve := p.Curve(40)
	require.LessOrEqual(t, len(curve), 43)
	q := p.best()
	require.EqualValues(t, 0, curve[0].Quantity)
	require.Equal(t, slices.Max(units), curve[len(curve)-1].Quantity)
	for i, c := range curve {
		require.Zero(t, c.Total.Cmp(p.Total(c.Quantity)))
		if i > 0 {
			require.Greater(t, c.Quantity, curve[i-1].Quantity)
			require.True(t, c.Marginal.Cmp(curve[i-1].Marginal) <= 0, "marginal hours never increase")
		}
	}
	require.True(t, slices.ContainsFunc(curve, func(c Point) bool { return c.Quantity == q }))
	odd := Pool{Demand: demand(t, []int64{5}), Step: 2, Payg: 1, Cost: 0}.Curve(9)
	require.EqualValues(t, 3, odd[len(odd)-1].Quantity, "two and a half need three, not more (M2)")
	require.Len(t, Pool{Demand: demand(t, []int64{3, 1}), Step: 1, Payg: 2, Cost: 1}.Curve(99), 4)
}

// Shuffled hours and split parts give the same answers.
func TestOrderAndPartsDoNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 8))
	units := hours(r, 60, 20)
	whole := Pool{Demand: demand(t, units), Step: 2, Payg: 7, Cost: 200}
	r.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
	sum, err := Sum(demand(t, units[:13]), demand(t, units[13:]), Demand{})
	require.NoError(t, err)
	parts := whole
	parts.Demand = sum
	for q := range int64(25) {
		require.Zero(t, whole.Total(q).Cmp(parts.Total(q)))
		require.Zero(t, whole.Marginal(q).Cmp(parts.Marginal(q)))
	}
	require.Equal(t, whole.best(), parts.best())
}

func TestWideEqualsBig(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 11))
	word := func() uint64 { return []uint64{r.Uint64(), math.MaxUint64, 0, 1, 1 << 63}[r.IntN(5)] }
	limit := new(big.Int).Lsh(big.NewInt(1), 192)
	for range 5000 {
		a, b, n := wide{word(), word(), word()}, wide{word(), word(), word()}, word()
		mod := func(x *big.Int) string { return x.Mod(x, limit).String() }
		require.Equal(t, mod(new(big.Int).Add(a.int(), b.int())), a.add(b).int().String())
		require.Equal(t, mod(new(big.Int).Sub(a.int(), b.int())), a.sub(b).int().String())
		require.Equal(t, mod(new(big.Int).Mul(a.int(), new(big.Int).SetUint64(n))), a.times(n).int().String())
		require.Equal(t, a.int().Cmp(b.int()), a.cmp(b))
	}
}

func TestSortEqualsSort(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 10))
	for _, most := range []int64{1, 2, 2048, 2049, 1 << 40, math.MaxInt64} {
		for _, n := range []int{0, 1, 2, 300, 3000} {
			units := make([]int64, n)
			for i := range units {
				units[i] = r.Int64N(most)
			}
			want := slices.Sorted(slices.Values(units))
			require.Equal(t, want, append([]int64(nil), sortUnits(units)...))
		}
	}
}

// BenchmarkPools: 200 pools x 8 760 hours, from unsorted hours to the best mix of one and three years. The target is 200 ms.
func BenchmarkPools(b *testing.B) {
	r := rand.New(rand.NewPCG(3, 9))
	pools := make([][]int64, 200)
	for i := range pools {
		for range 8760 {
			pools[i] = append(pools[i], r.Int64N(50_000_000))
		}
	}
	for b.Loop() {
		for _, units := range pools {
			d, err := Hourly(units)
			require.NoError(b, err)
			later, err := d.Times(4, 5)
			require.NoError(b, err)
			h := Horizon{Step: 1_000_000, Payg: 96_000, OneYear: 497_000_000, ThreeYear: 957_000_000, Years: []Year{
				{Demand: d}, {Demand: later, AliveNum: 4, AliveDen: 5}, {Demand: later, AliveNum: 4, AliveDen: 5}}}
			_, err = h.Best()
			require.NoError(b, err)
		}
	}
}
