package analyzer_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/analyzer/demand"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
)

func join(parts ...[]usage.ChargeRow) (out []usage.ChargeRow) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// The export of 1 to 7 October and the later one of 1 to 14 October state the first week twice.
func TestALaterExportReplacesTheDaysItRepeats(t *testing.T) {
	early := with(days("a", 0, 7, 12), func(r *usage.ChargeRow) { r.Dataset = "d1" })
	later := with(days("a", 0, 14, 24), func(r *usage.ChargeRow) { r.Dataset = "d2" })
	out := analyze(t, analyzer.Options{}, charges(later...), charges(early...))
	require.EqualValues(t, 14*24e6, out.VMs[0].Hours)
	require.EqualValues(t, 7, out.Coverage[0].Superseded)
	require.Contains(t, codes(out.Warnings), "superseded_rows")
}

func TestActualAndAmortizedAreNeverAdded(t *testing.T) {
	actual := with(days("a", 0, 7, 24), func(r *usage.ChargeRow) { r.Cost = 0 })
	amortized := with(days("a", 0, 8, 24), func(r *usage.ChargeRow) { r.Export, r.Dataset = "amortized", "z" })
	out := analyze(t, analyzer.Options{}, charges(amortized...), charges(actual...))
	require.EqualValues(t, 7*24e6, out.VMs[0].Hours, "the last week of eight days")
	require.Equal(t, []string{"actual", "amortized"}, out.Coverage[0].Exports, "the eighth day is in the amortized export only")
	require.EqualValues(t, 5_520_000, out.VMs[0].Cost, "that day: 24 x 0.23")
}

// 24 h in two rows, a part covered by a reservation; a row of -4 h corrects one of 28.
func TestRowsOfADayAreNetted(t *testing.T) {
	rows := join(days("a", 0, 7, 10), with(days("a", 0, 7, 14), func(r *usage.ChargeRow) {
		r.Model, r.Benefit, r.BenefitSize, r.Rate = usage.Reservation, "res", "Standard_D2s_v5", 0
	}), days("b", 0, 7, 28), with(days("b", 0, 7, 4), func(r *usage.ChargeRow) { r.Hours, r.Cost = -r.Hours, -r.Cost }))
	out := analyze(t, analyzer.Options{}, charges(rows...))
	pool := out.Pools[0]
	require.True(t, pool.Exact)
	require.EqualValues(t, 2*7*24e6, pool.Members[0].Series.Sum())
	require.EqualValues(t, 7*14e6, pool.Members[0].Covered)
	require.EqualValues(t, 2_300_000_000, pool.Members[0].Rate, "rows under a reservation state no price")
	require.EqualValues(t, 7*24e6, out.VMs[1].Hours)
	require.Equal(t, []analyzer.Inferred{{Customer: "c1", Benefit: "res", Size: "Standard_D2s_v5", Region: "westeurope",
		Covered: 7 * 14e6, Quantity: 2, From: day0, To: day0.AddDate(0, 0, 7)}}, out.Inferred,
		"14 h of D4 are 28 h of D2: two reservations at least")
}

func TestCreditsBeyondTheDayAreNoNegativeDemand(t *testing.T) {
	out := analyze(t, analyzer.Options{}, charges(join(days("a", 0, 7, 24), days("a", 3, 4, -30))...))
	require.EqualValues(t, (7*24-30)*1e6, out.VMs[0].Hours, "the sum of the rows")
	require.EqualValues(t, 6*24e6, out.Pools[0].Members[0].Series.Sum())
	require.Equal(t, []string{"credits"}, codes(out.Pools[0].Warnings))
}

func TestHourlyRowsAreExact(t *testing.T) {
	var rows []usage.ChargeRow
	for n := range 7 {
		for hour := 9; hour < 17; hour++ {
			r := charge("a", n, 1)
			r.Start, r.End = day(n)+int64(hour)*3600, day(n)+int64(hour+1)*3600
			rows = append(rows, r)
		}
	}
	out := analyze(t, analyzer.Options{}, charges(rows...))
	pool := out.Pools[0]
	require.True(t, pool.Exact)
	require.EqualValues(t, demand.Full, pool.Members[0].Series.Stacked[9])
	require.Zero(t, pool.Members[0].Series.Flat[8])
	require.Equal(t, day0.Add(9*time.Hour), out.VMs[0].FirstSeen)
	require.Equal(t, day0.AddDate(0, 0, 6).Add(17*time.Hour), out.VMs[0].LastSeen)
}

// A row of a week with 84 h is 12 h a day, and only that.
func TestARowOfSeveralDaysIsSpread(t *testing.T) {
	r := charge("a", 0, 84)
	r.End = day(7)
	out := analyze(t, analyzer.Options{}, charges(r))
	require.Equal(t, 7, out.Pools[0].Days)
	require.EqualValues(t, 84e6, out.Pools[0].Members[0].Series.Sum())
	require.EqualValues(t, demand.Full, out.Pools[0].Members[0].Series.Stacked[24+11])
	require.Zero(t, out.Pools[0].Members[0].Series.Stacked[24+12])
	require.Equal(t, []string{"long_periods"}, codes(out.Pools[0].Warnings))
}

func TestMoreThanADayIsSeveralInstances(t *testing.T) {
	out := analyze(t, analyzer.Options{}, charges(days("set", 0, 7, 30)...))
	m := out.Pools[0].Members[0]
	require.EqualValues(t, 2*demand.Full, m.Series.Stacked[5])
	require.EqualValues(t, demand.Full, m.Series.Stacked[6])
	require.Equal(t, []string{"several_instances"}, codes(out.Pools[0].Warnings))
}

// Windows and Linux machines of one group share a pool, because a reservation covers the compute part of both; the
// licence row belongs to its machine. Spot is listed only.
func TestWindowsLicencesAndSpot(t *testing.T) {
	windows := with(days("w", 0, 7, 24), func(r *usage.ChargeRow) { r.OS, r.Rate = "windows", 4_000_000_000 })
	software := with(days("h", 0, 7, 0), func(r *usage.ChargeRow) {
		r.Kind, r.HasHours, r.Cost, r.Size, r.OS = usage.Software, false, 100, "", "windows"
	})
	hybrid := with(days("h", 0, 7, 24), func(r *usage.ChargeRow) { r.Licence = "hybrid_benefit" })
	spot := with(days("s", 0, 7, 24), func(r *usage.ChargeRow) { r.Model = usage.Spot })
	out := analyze(t, analyzer.Options{}, charges(join(windows, software, hybrid, spot)...))
	require.Len(t, out.Pools, 1)
	require.Len(t, out.Pools[0].Members, 2)
	require.Equal(t, "linux", out.Pools[0].Members[0].OS)
	require.EqualValues(t, 2_300_000_000, out.Pools[0].Members[0].Rate)
	require.EqualValues(t, 4_000_000_000, out.Pools[0].Members[1].Rate)
	h, s, w := out.VMs[0], out.VMs[1], out.VMs[2]
	require.True(t, h.HybridBenefit)
	require.EqualValues(t, 700, h.SoftwareCost)
	require.EqualValues(t, 700+7*5_520_000, h.Cost)
	require.True(t, s.Spot)
	require.Equal(t, "windows", w.OS)
	require.Equal(t, 2, out.Profiles[0].VMs, "Spot is no part of a profile")
	require.Equal(t, out.VMs[1].Hours, out.VMs[0].Hours)
}

// What licences cost beside what OS says: all of the rows of a machine that bills as Linux; of one that bills as Windows, also while a
// reservation covers its compute, only those of other products. It goes with the machine into the pool of its new size.
func TestLicencesInRowsOfTheirOwn(t *testing.T) {
	licence := func(vm, os string, cost int64) []usage.ChargeRow {
		return with(days(vm, 0, 7, 0), func(r *usage.ChargeRow) {
			r.Kind, r.HasHours, r.Cost, r.Size, r.OS = usage.Software, false, cost, "", os
		})
	}
	windows := with(days("w", 0, 7, 24), func(r *usage.ChargeRow) { r.OS = "windows" })
	a := analyze(t, analyzer.Options{}, charges(join(days("l", 0, 7, 24), licence("l", "windows", 100), licence("l", "", 10), windows, licence("w", "windows", 1000), licence("w", "", 1))...))
	require.Equal(t, []int64{770, 7}, []int64{a.VMs[0].LicenceCost, a.VMs[1].LicenceCost})
	require.Equal(t, []int64{770, 7007}, []int64{a.VMs[0].SoftwareCost, a.VMs[1].SoftwareCost})
	licences := func(pools []analyzer.Pool) (out []int64) {
		for _, p := range pools {
			for _, m := range p.Members {
				out = append(out, m.Licences)
			}
		}
		return out
	}
	require.Equal(t, []int64{770, 7}, licences(a.Pools))
	require.Equal(t, []int64{770, 7}, licences(a.Repool(map[int]analyzer.Change{0: {Size: "Standard_D4s_v5"}}, nil)))
	require.Equal(t, []int64{7}, licences(a.Repool(map[int]analyzer.Change{0: {}}, nil)), "it ends with the machine")
}

func TestPlanCoverageIsDemandToo(t *testing.T) {
	rows := with(days("a", 0, 7, 24), func(r *usage.ChargeRow) { r.Model, r.Benefit = usage.SavingsPlan, "plan" })
	out := analyze(t, analyzer.Options{}, charges(rows...))
	m := out.Pools[0].Members[0]
	require.EqualValues(t, 7*24e6, m.PlanCovered)
	require.EqualValues(t, 7*24e6, m.Series.Sum())
	require.True(t, out.Inferred[0].Plan)
	require.Zero(t, out.Inferred[0].Quantity)
}

// Machines first seen 3 days before the end are young; one seen on the first day is not, and neither is a new instance
// of an old scale set.
func TestYoungMachinesAreLeftOut(t *testing.T) {
	set := func(rows []usage.ChargeRow) []usage.ChargeRow {
		return with(rows, func(r *usage.ChargeRow) {
			r.Resource = "/subscriptions/s1/resourcegroups/rg1/providers/microsoft.compute/virtualmachinescalesets/web"
		})
	}
	rows := join(days("old", 0, 14, 24), days("new", 11, 14, 24), set(days("web_1", 0, 14, 24)), set(days("web_2", 11, 14, 24)))
	out := analyze(t, analyzer.Options{}, charges(rows...))
	pool := out.Pools[0]
	require.Equal(t, 3, pool.Members[0].VMs)
	require.Len(t, pool.Young, 1)
	require.Equal(t, day0.AddDate(0, 0, 11), pool.Young[0].Since)
	require.EqualValues(t, 72e6, pool.Young[0].Hours)
	require.EqualValues(t, (14+14+3)*24e6, pool.Members[0].Series.Sum())
	require.EqualValues(t, (14+14+3+3)*24e6, out.Profiles[0].Hours, "a profile counts them")
	require.True(t, out.VMs[0].Young)

	all := analyze(t, analyzer.Options{MinAge: -1}, charges(rows...))
	require.Empty(t, all.Pools[0].Young)
	require.Equal(t, 4, all.Pools[0].Members[0].VMs)
}

func TestPoolsAndMembers(t *testing.T) {
	change := func(vm string, f func(*usage.ChargeRow)) []usage.ChargeRow { return with(days(vm, 0, 7, 24), f) }
	out := analyze(t, analyzer.Options{}, charges(join(
		days("a", 0, 7, 24),
		change("b", func(r *usage.ChargeRow) { r.Size = "Standard_D8s_v5" }),
		change("c", func(r *usage.ChargeRow) { r.Subscription, r.ResourceGroup = "s2", "rg9" }),
		change("d", func(r *usage.ChargeRow) { r.Region = "northeurope" }),
		change("e", func(r *usage.ChargeRow) { r.Currency = "USD" }),
		change("f", func(r *usage.ChargeRow) { r.Customer = "c2" }),
		change("g", func(r *usage.ChargeRow) { r.Size = "Standard_Unheard_v9" }),
	)...))
	require.Len(t, out.Pools, 5)
	require.Equal(t, "Standard_Unheard_v9", out.Pools[2].Group, "a size without a group is a pool of its own")
	require.False(t, out.Pools[2].Flexible)
	require.EqualValues(t, 100, out.Pools[2].Members[0].Ratio)
	require.Equal(t, catalog.Region("northeurope"), out.Pools[0].Region)
	main := out.Pools[1]
	require.Len(t, main.Members, 3)
	require.EqualValues(t, 2*main.Members[0].Ratio, main.Members[1].Ratio, "D8 is two D4")
	require.Equal(t, "s2", main.Members[2].Subscription)
	require.Equal(t, "USD", out.Pools[3].Currency)
	require.Equal(t, "c2", out.Pools[4].Customer)
	require.Equal(t, "g", out.VMs[4].Name)
	require.Equal(t, analyzer.StateSizeUnknown, out.VMs[4].State)
}

func TestAMachineWithoutSizeHasNoPool(t *testing.T) {
	out := analyze(t, analyzer.Options{}, charges(with(days("a", 0, 7, 24), func(r *usage.ChargeRow) { r.Size = "" })...))
	require.Empty(t, out.Pools)
	require.Equal(t, analyzer.StateSizeUnknown, out.VMs[0].State)
	require.Len(t, out.Profiles, 1)
}

func TestTheLatestPriceCounts(t *testing.T) {
	rows := with(days("a", 0, 14, 24), func(r *usage.ChargeRow) {
		if r.Line >= 10 {
			r.Rate = 2_400_000_000
		}
	})
	out := analyze(t, analyzer.Options{}, charges(rows...))
	require.EqualValues(t, 2_400_000_000, out.Pools[0].Members[0].Rate)
	require.EqualValues(t, 2_400_000_000, out.VMs[0].Rate)
}

func TestShowBack(t *testing.T) {
	tagged := with(days("a", 0, 7, 24), func(r *usage.ChargeRow) { r.Tags = `"Env": "prod","owner": "x"` })
	json := with(days("b", 0, 7, 24), func(r *usage.ChargeRow) { r.Tags, r.ResourceGroup = `{"env":"test"}`, "rg2" })
	bare := days("c", 0, 7, 12)
	out := analyze(t, analyzer.Options{}, charges(join(tagged, json, bare)...))
	const full, half = 7 * 24e6, 7 * 12e6
	slice := func(by, key string, hours, cost int64) analyzer.ShowBack {
		return analyzer.ShowBack{Customer: "c1", Currency: "EUR", By: by, Key: key, Hours: hours, Cost: cost}
	}
	require.Equal(t, []analyzer.ShowBack{
		slice("resource_group", "s1/rg1", full+half, 57_960_000),
		slice("resource_group", "s1/rg2", full, 38_640_000),
		slice("subscription", "s1", 2*full+half, 96_600_000),
		slice("tag:env", "", half, 19_320_000),
		slice("tag:env", "prod", full, 38_640_000),
		slice("tag:env", "test", full, 38_640_000),
		slice("tag:owner", "", full+half, 57_960_000),
		slice("tag:owner", "x", full, 38_640_000),
	}, out.ShowBack)
}

func TestWindow(t *testing.T) {
	span := func(n int, opts analyzer.Options) (from, length int) {
		out := analyze(t, opts, charges(days("a", 0, n, 24)...))
		return int(out.Window.From.Sub(day0).Hours() / 24), out.Window.Days()
	}
	for _, c := range []struct {
		name       string
		files      int
		opts       analyzer.Options
		from, days int
	}{
		{"four whole weeks of a month", 31, analyzer.Options{}, 3, 28},
		{"all whole weeks", 40, analyzer.Options{}, 5, 35},
		{"whole weeks below four", 13, analyzer.Options{}, 6, 7},
		{"less than a week is all there is", 5, analyzer.Options{}, 0, 5},
		{"lookback", 40, analyzer.Options{LookbackDays: 30}, 12, 28},
		{"as of", 40, analyzer.Options{AsOf: day0.AddDate(0, 0, 30)}, 2, 28},
		{"as of the future ends with the files", 28, analyzer.Options{AsOf: day0.AddDate(0, 0, 60)}, 0, 28},
	} {
		from, days := span(c.files, c.opts)
		require.Equal(t, [2]int{c.from, c.days}, [2]int{from, days}, c.name)
	}
}

// The export of a running day has 24-hour machines with 9 hours on its last day.
func TestACutLastDayIsNoDayOfLittleDemand(t *testing.T) {
	rows := join(days("a", 0, 14, 24), days("b", 0, 14, 24), days("a", 14, 15, 9), days("b", 14, 15, 9))
	out := analyze(t, analyzer.Options{}, charges(rows...))
	require.Equal(t, day0.AddDate(0, 0, 14), out.Window.To)
	require.Equal(t, day0.AddDate(0, 0, 15), out.AsOf)
	require.True(t, out.Coverage[0].Partial)
	require.Equal(t, 14, out.Coverage[0].Days)
	require.True(t, out.Pools[0].Exact)
	require.Contains(t, codes(out.Warnings), "partial_last_day")
}

func TestMissingDaysAreGapsAndNotIdle(t *testing.T) {
	out := analyze(t, analyzer.Options{}, charges(join(days("a", 0, 5, 24), days("a", 8, 14, 24))...))
	pool := out.Pools[0]
	require.Equal(t, []int{5, 6, 7}, pool.Gaps)
	require.Equal(t, 11, pool.Days)
	require.EqualValues(t, demand.Full, out.Profiles[0].Concurrency.P50)
	require.EqualValues(t, demand.Full, out.Profiles[0].Concurrency.Mean, "the mean of the days that are known")
	require.Equal(t, []time.Time{day0.AddDate(0, 0, 5), day0.AddDate(0, 0, 6), day0.AddDate(0, 0, 7)}, out.Coverage[0].Missing)
	require.Equal(t, []string{"gaps"}, codes(pool.Warnings))
}

func TestAMachineThatEndedBeforeTheWindowIsGone(t *testing.T) {
	out := analyze(t, analyzer.Options{}, charges(join(days("a", 0, 1, 24), days("b", 0, 8, 24))...))
	require.Equal(t, analyzer.StateGone, out.VMs[0].State)
	require.Zero(t, out.VMs[0].Hours)
	require.Equal(t, 1, out.Profiles[0].VMs)
	require.Equal(t, day0.AddDate(0, 0, 1), out.VMs[0].LastSeen)
}

func TestUnusedReservationsAreInferred(t *testing.T) {
	unused := with(days("", 0, 7, 6), func(r *usage.ChargeRow) {
		r.Kind, r.Model, r.Resource, r.Benefit, r.BenefitSize, r.Subscription = usage.Unused, usage.Reservation, "", "res", "Standard_D4s_v5", ""
	})
	covered := with(days("a", 0, 7, 18), func(r *usage.ChargeRow) {
		r.Model, r.Benefit, r.BenefitSize = usage.Reservation, "res", "Standard_D4s_v5"
	})
	out := analyze(t, analyzer.Options{}, charges(join(unused, covered)...))
	require.EqualValues(t, 7*6e6, out.Inferred[0].Unused)
	require.EqualValues(t, 1, out.Inferred[0].Quantity)
	require.Len(t, out.VMs, 1, "what nothing used is no machine")
	require.Len(t, out.ShowBack, 2)
}

func TestNamesOfCustomersAndSubscriptions(t *testing.T) {
	rows := with(days("a", 0, 7, 24), func(r *usage.ChargeRow) { r.SubscriptionName = "Production" })
	rows[3].SubscriptionName = ""
	out := analyze(t, analyzer.Options{}, charges(rows...))
	require.Equal(t, []analyzer.Subscription{{ID: "s1", Name: "Production"}}, out.Subscriptions)
}
