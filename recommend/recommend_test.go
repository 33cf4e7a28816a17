package recommend_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
	"sizeterm/recommend"
)

// The day of every plan here, and a region.
var asOf = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)

const region = catalog.Region("polandcentral")

// tariff is the prices of one size: pay-as-you-go an hour, and the term totals ("" where not sold).
type tariff struct {
	size             catalog.Size
	hour, one, three string
}

// book builds a price book of one retail source.
func book(t testing.TB, tariffs ...tariff) *pricing.Book {
	t.Helper()
	source := pricing.Source{Name: "test list", AsOf: asOf.AddDate(0, 0, -10), Currency: "USD", Kind: "retail"}
	var offers []pricing.Offer
	for _, f := range tariffs {
		rate, err := money.ParseRate(f.hour)
		require.NoError(t, err)
		offers = append(offers, pricing.Offer{Size: f.size, Region: region, Term: pricing.PayAsYouGo, Rate: rate, Currency: "USD", Source: source.Name})
		for term, text := range map[pricing.Term]string{pricing.OneYear: f.one, pricing.ThreeYear: f.three} {
			if text == "" {
				continue
			}
			total, err := money.Parse(text, "USD")
			require.NoError(t, err)
			offers = append(offers, pricing.Offer{Size: f.size, Region: region, Term: term, Total: total, Currency: "USD", Source: source.Name})
		}
	}
	b := pricing.NewBuilder()
	b.Add(source, offers)
	built, err := b.Build()
	require.NoError(t, err)
	return built
}

// member is demand of one size: the instances in each hour.
func member(size catalog.Size, hours []int64) analyzer.Member {
	ratio := int64(100)
	if group, ok := size.Group(); ok {
		ratio = group.Ratio
	}
	micro := make([]int64, len(hours))
	for i, n := range hours {
		micro[i] = n * demand.Full
	}
	return analyzer.Member{Subscription: "s1", ResourceGroup: "rg1", Size: size, Ratio: ratio, OS: "linux", VMs: 1, Series: demand.Series{Flat: micro, Stacked: micro}}
}

// always is n instances in each of so many hours.
func always(n int64, hours int) []int64 {
	series := make([]int64, hours)
	for i := range series {
		series[i] = n
	}
	return series
}

// input is a customer with one pool.
func input(t testing.TB, b *pricing.Book, members ...analyzer.Member) recommend.Input {
	t.Helper()
	hours := len(members[0].Series.Flat)
	pool := analyzer.Pool{Customer: "c1", Currency: "USD", Region: region, Members: members, Exact: true, Days: max(28, hours/24)}
	if group, ok := members[0].Size.Group(); ok {
		pool.Group, pool.Flexible = group.Name, true
	} else {
		pool.Group = string(members[0].Size)
	}
	return recommend.Input{
		Book: b, Policy: recommend.DefaultPolicy(), HasList: true,
		Analysis: &analyzer.Analysis{
			AsOf: asOf, Window: demand.Window{From: asOf.Add(-time.Duration(hours) * time.Hour), To: asOf},
			Pools: []analyzer.Pool{pool}, Coverage: []analyzer.Coverage{{Customer: "c1", Name: "Customer One"}},
		},
	}
}

func plan(t *testing.T, in recommend.Input) *recommend.Plan {
	t.Helper()
	p, err := recommend.Recommend(in)
	require.NoError(t, err)
	return p
}

func compared(t *testing.T, p *recommend.Plan, choice recommend.Choice) recommend.Compared {
	t.Helper()
	for _, row := range p.Pools[0].Compare {
		if row.Choice == choice {
			return row
		}
	}
	t.Fatalf("no row %s in %+v", choice, p.Pools[0].Compare)
	return recommend.Compared{}
}

func reasons(p *recommend.Plan) (codes []string) {
	for _, n := range p.NotRecommended {
		codes = append(codes, n.Reason)
	}
	return codes
}

func quantity(buy []recommend.Purchase) (n int64) {
	for _, p := range buy {
		n += p.Quantity
	}
	return n
}

// Worked by hand: four D2s_v5 all the time for 28 days = 672 h at 0.10 are 268.80; a one-year total of 525.60 is 0.06 an
// hour, so four cost 161.28 and save 107.52; a three-year total of 1051.20 is 0.04 an hour: 107.52, saving 161.28.
func TestSteadyDemandIsReservedWhole(t *testing.T) {
	in := input(t, book(t, tariff{"Standard_D2s_v5", "0.10", "525.60", "1051.20"}), member("Standard_D2s_v5", always(4, 672)))
	p := plan(t, in)
	one, three := compared(t, p, recommend.P1Y), compared(t, p, recommend.P3Y)
	require.Equal(t, "268.80", p.Pools[0].PayGCost.Decimal())
	require.EqualValues(t, 4, quantity(one.Buy))
	require.Equal(t, "161.28", one.Cost.Decimal())
	require.Equal(t, "107.52", one.Saving.Decimal())
	require.Equal(t, "161.28", three.Saving.Decimal())
	require.InDelta(t, 0.6, one.Threshold.Value, 1e-12)
	require.InDelta(t, 0.4, three.Threshold.Value, 1e-12)
	require.InDelta(t, 7.2, one.BreakEvenMonths.Value, 1e-9, "60 %% of twelve months")
	require.Equal(t, recommend.P3Y, p.Pools[0].Chosen)
	require.Len(t, p.Lines, 1)
	l := p.Lines[0]
	require.Equal(t, "175.20", l.SavingMonth.Decimal(), "4 x (0.10 - 0.04) x 730")
	require.Equal(t, "6307.20", l.SavingTerm.Decimal(), "4 x 0.06 x 26280")
	require.Equal(t, "4204.80", l.TotalPrice.Decimal())
	require.Equal(t, 1.0, l.Marginal.Last.Value)
	require.Equal(t, 0.0, l.Marginal.Next.Value)
	require.Zero(t, p.Pools[0].Certificate.Gap)
	require.Equal(t, p.Totals[0].PayGMonth.Micros-p.Totals[0].PlanMonth.Micros, p.Totals[0].Joint.Micros)
}

// worked-numbers.yaml, E1 with its derived series: best quantity 68 for every r/p in (0.4643, 0.6428].
func TestPublishedSeriesRecommends68(t *testing.T) {
	var hours []int64
	for _, level := range [][2]int64{{20, 65}, {40, 67}, {30, 68}, {1, 80}, {40, 75}, {25, 90}, {11, 110}, {1, 127}} {
		hours = append(hours, always(level[1], int(level[0]))...)
	}
	require.Len(t, hours, 168)
	for _, total := range []string{"410.00", "480.00", "560.00"} { // r/p 0.468, 0.548, 0.639
		in := input(t, book(t, tariff{"Standard_D2s_v5", "0.10", total, ""}), member("Standard_D2s_v5", hours))
		require.EqualValues(t, 68, quantity(compared(t, plan(t, in), recommend.P1Y).Buy), total)
	}
}

// worked-numbers.yaml, E2b: the published sample of one DS13_v2, 709 hours, with its savings for one and two.
func TestPublishedReservationDetails(t *testing.T) {
	hours := append(append([]int64{2, 2, 2}, always(1, 703)...), 1, 0, 0)
	m := member("Standard_DS13_v2", hours)
	m.Series.Flat[706] = 983353
	b := book(t, tariff{"Standard_DS13_v2", "0.519", "", "7951.00"}) // 0.302549467275493 x 26280
	in := input(t, b, m)
	in.Analysis.AsOf = time.Date(2019, 5, 1, 0, 0, 0, 0, time.UTC) // the size was sold then
	p := plan(t, in)
	row := compared(t, p, recommend.P3Y)
	require.EqualValues(t, 1, quantity(row.Buy))
	require.Equal(t, "368.481360", fmt.Sprintf("%.6f", float64(row.PayGCost.Micros)/1e6))
	require.InDelta(t, 152.416788, float64(row.Saving.Micros)/1e6, 1e-5)
	require.Len(t, p.Reference, 1)
	require.EqualValues(t, 1, p.Reference[0].Quantity)
	require.InDelta(t, 152.416788, float64(p.Reference[0].NetSavings.Micros)/1e6, 1e-5)
}

// worked-numbers.yaml, E8: two instances 16 h a day and ten for 8 h, 0.085 an hour, 39.42 a month reserved: best is 2.
func TestAverageRuleWouldBuyTwiceAsMuch(t *testing.T) {
	var hours []int64
	for range 28 {
		hours = append(append(hours, always(2, 16)...), always(10, 8)...)
	}
	in := input(t, book(t, tariff{"Standard_D2s_v5", "0.085", "473.04", ""}), member("Standard_D2s_v5", hours))
	row := compared(t, plan(t, in), recommend.P1Y)
	require.EqualValues(t, 2, quantity(row.Buy))
	month := func(a money.Amount) float64 { return float64(a.Micros) / 1e6 / 672 * 730 }
	require.InDelta(t, 289.57, month(row.PayGCost), 0.005)
	require.InDelta(t, 244.31, month(row.Cost), 0.005)
}

// worked-numbers.yaml, tie: busy 6 of 10 hours at r/p = 0.6: the smaller quantity, and the tie is reported.
func TestTieBuysTheSmallerQuantity(t *testing.T) {
	var hours []int64
	for range 72 {
		hours = append(append(hours, always(1, 6)...), always(0, 4)...)
	}
	in := input(t, book(t, tariff{"Standard_D2s_v5", "0.10", "525.60", ""}), member("Standard_D2s_v5", hours))
	p := plan(t, in)
	require.Zero(t, quantity(compared(t, p, recommend.P1Y).Buy))
	require.Empty(t, p.Lines)
	require.True(t, p.Pools[0].Marginal[0].TieAtThreshold)
	require.Contains(t, reasons(p), "not_used_enough")
}

// worked-numbers.yaml, isf_pool: sizes of one group fill each other's gaps: 8 units at 4.80 instead of 4 at 6.40.
func TestSizesOfAGroupShareReservations(t *testing.T) {
	var ds2, ds3 []int64
	for range 72 {
		ds2 = append(append(ds2, always(2, 5)...), always(0, 5)...)
		ds3 = append(append(ds3, always(0, 5)...), always(1, 5)...)
	}
	b := book(t, tariff{"Standard_DS1_v2", "0.10", "525.60", ""}, tariff{"Standard_DS2_v2", "0.20", "1051.20", ""}, tariff{"Standard_DS3_v2", "0.40", "2102.40", ""})
	in := input(t, b, member("Standard_DS1_v2", always(4, 720)), member("Standard_DS2_v2", ds2), member("Standard_DS3_v2", ds3))
	in.Analysis.AsOf = time.Date(2019, 5, 1, 0, 0, 0, 0, time.UTC)
	p := plan(t, in)
	row := compared(t, p, recommend.P1Y)
	require.Equal(t, []recommend.Purchase{{Size: "Standard_DS1_v2", Term: pricing.OneYear, Quantity: 8}}, row.Buy)
	require.Equal(t, "576.00", row.PayGCost.Decimal(), "8.00 in 10 hours")
	require.Equal(t, "345.60", row.Cost.Decimal(), "4.80 in 10 hours")
}

// worked-numbers.yaml, daily_only: with the hours of a day unknown the saving of one unit a day is between -0.24 and 0.96.
func TestUnknownHoursGiveAnIntervalAndNoGamble(t *testing.T) {
	half, first := always(0, 672), always(0, 672)
	for h := range half {
		half[h] = demand.Full // two machines of 12 h spread over the day: one instance in each hour
		if h%24 < 12 {
			first[h] = 2 * demand.Full
		}
	}
	m := member("Standard_D2s_v5", always(1, 672))
	m.Series = demand.Series{Flat: half, Stacked: first}
	in := input(t, book(t, tariff{"Standard_D2s_v5", "0.10", "525.60", ""}), m)
	in.Analysis.Pools[0].Exact = false
	p := plan(t, in)
	require.Zero(t, quantity(compared(t, p, recommend.P1Y).Buy), "50 %% busy at worst is below 60 %%")
	require.Empty(t, p.Lines)
	require.Equal(t, "67.20", p.Pools[0].PayGCost.Decimal())
}
