package rightsize

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/pricing"
	"sizeterm/pricing/catalog"
	"sizeterm/pricing/money"
)

func advise(t testing.TB, s *Sizer, m *Machine) Advice {
	a, err := s.Advise(m)
	require.NoError(t, err)
	return a
}

// TestAdvise works a D8s_v5 (8 vCPUs, 32 GiB; 0.448 an hour at the plain prices, 327.04 a month) that is 40 % busy at P99 and holds
// 12.8 GiB: D4s_v5 has 16 GiB, 12.8 + 20 % are 15.36, P99 is 80 % of it. It costs 163.52 and saves as much. Half of the D4s_v5 would be
// above the rule.
func TestAdvise(t *testing.T) {
	s := plainSizer(t, nil)
	m := machineOf("Standard_D8s_v5", level(28, 500, 1500, 4000), 4000)
	a := advise(t, s, m)
	require.Equal(t, Resize, a.Action)
	require.Equal(t, catalog.Size("Standard_D4s_v5"), a.To)
	require.Equal(t, "smaller_fits", a.Reasons[0].Code)
	now, to := a.Alternatives[0], find(a, "Standard_D4s_v5")
	require.Equal(t, m.Size, now.Size)
	require.Equal(t, "327.04", now.CostMonth.Decimal())
	require.Equal(t, "163.52", to.CostMonth.Decimal())
	require.Equal(t, "163.52", to.Saving.Decimal())
	require.Equal(t, [3]Percent{5000, 8000, 8000}, [3]Percent{to.Capacity, to.CPU, to.Memory})
	require.Equal(t, Overload{0, 0, true}, to.Overload)
	require.Equal(t, "20.00", to.RiskOnce.Decimal())
	// 30 - 10 (CPU above 70 %); 25 - 10 (memory above 75 %); 15 and 10 (hardly used); 20 - 2 - 2 (disks, interfaces).
	require.Equal(t, 20+15+15+10+16, to.Fit.Score())
	lost := 0
	for _, p := range to.Fit.Points {
		require.NotEmpty(t, p.Reason)
		lost += p.Lost
	}
	require.Equal(t, 100, to.Fit.Score()+lost, "every point is explained")
	require.Equal(t, 28, a.Blocks)
	require.InDelta(t, 3.0/28, a.Bound, 1e-12)
	require.Empty(t, a.Upsize)
	require.Empty(t, a.Successor)
	for _, alt := range a.Alternatives[1:] {
		require.True(t, alt.Feasible || alt.Why.Code != "", "%s", alt.Size)
	}
}

// TestFrontier: each point has more saving and more overload than the one before, and the first is staying.
func TestFrontier(t *testing.T) {
	s := plainSizer(t, nil)
	series := level(28, 500, 1500, 3000)
	for i := range series {
		if i%20 == 0 {
			series[i].High, series[i].Avg = 7000, 4000
		}
	}
	a := advise(t, s, machineOf("Standard_D16s_v5", series, 500))
	require.Equal(t, 0, a.Frontier[0])
	require.Greater(t, len(a.Frontier), 2)
	for i := 1; i < len(a.Frontier); i++ {
		before, now := a.Alternatives[a.Frontier[i-1]], a.Alternatives[a.Frontier[i]]
		require.Positive(t, now.Saving.Cmp(before.Saving))
		if i > 1 {
			require.Greater(t, now.Overload.High, before.Overload.High)
		}
	}
}

// TestKeeps: a machine that cannot shrink says why.
func TestKeeps(t *testing.T) {
	s := plainSizer(t, func(p *Policy) {
		p.NoBurstable, p.Exempt, p.Snoozed = true, []string{"keep", "tier=gold"}, map[string]time.Time{"later": testDay.AddDate(0, 0, 1), "was": testDay}
	})
	idle := func() *Machine { return machineOf("Standard_D8s_v5", level(28, 0, 1000, 2000), 1000) }
	for _, c := range []struct {
		name   string
		change func(*Machine)
		code   string
		action Action
	}{
		{"nothing measured", func(m *Machine) { *m = *machineOf("Standard_D8s_v5", nil, 0) }, "no_metrics", Keep},
		{"memory unknown", func(m *Machine) { m.Memory, m.Size = Stats{}, "Standard_E8s_v5" }, "memory_unknown", Keep},
		{"three days", func(m *Machine) { m.Measure(level(3, 0, 100, 200)) }, "too_few_days", Keep},
		{"size unknown", func(m *Machine) { m.Size = "Standard_Q9" }, "size_unknown", Keep},
		{"no price", func(m *Machine) { m.Currency = "CHF" }, "no_price", Keep},
		{"young", func(m *Machine) { m.Young = true }, "young", Keep},
		{"spot", func(m *Machine) { m.Spot = true }, "spot", Keep},
		{"by name", func(m *Machine) { m.Name = "keep" }, "exempt", Keep},
		{"by tag", func(m *Machine) { m.Tags = map[string]string{"Tier": "Gold"} }, "exempt", Keep},
		{"snoozed", func(m *Machine) { m.ID = "later" }, "snoozed", Keep},
		{"no longer snoozed", func(m *Machine) { m.ID = "was" }, "smaller_fits", Resize},
		{"busy", func(m *Machine) { m.Measure(level(28, 5000, 6000, 8000)); m.Memory.Max = 9000 }, "cpu", Keep},
	} {
		m := idle()
		c.change(m)
		a := advise(t, s, m)
		require.Equal(t, c.action, a.Action, "%s: %+v", c.name, a.Reasons)
		require.Equal(t, c.code, a.Reasons[0].Code, "%s: %+v", c.name, a.Reasons)
	}
}

func TestWindows(t *testing.T) {
	s := plainSizer(t, nil)
	m := machineOf("Standard_D8s_v5", level(28, 500, 1500, 4000), 4000)
	m.OS = pricing.Windows
	a := advise(t, s, m)
	require.Equal(t, "595.68", a.Alternatives[0].CostMonth.Decimal(), "(0.448 + 8 x 0.046) x 730: the licence goes with the vCPUs")
	require.Equal(t, "297.84", find(a, "Standard_D4s_v5").Saving.Decimal())
	m.HybridBenefit = true
	require.Equal(t, "163.52", find(advise(t, s, m), "Standard_D4s_v5").Saving.Decimal())
}

// TestHoursOfMonth: half the hours of the window are half the month.
func TestHoursOfMonth(t *testing.T) {
	m := &Machine{Hours: 336 * 1_000_000, WindowHours: 672}
	require.EqualValues(t, 365_000_000, m.month())
	require.EqualValues(t, 730_000_000, (&Machine{}).month())
}

func TestIdle(t *testing.T) {
	s := plainSizer(t, nil)
	m := machineOf("Standard_D8s_v5", level(14, 0, 50, 200), 1000)
	i := s.idle(m)
	require.True(t, i.Microsofts)
	require.False(t, i.Ours, "the network was not measured")
	m.NetworkOut = Stats{Samples: 1, P95: 100}
	require.True(t, s.idle(m).Ours)
	require.Equal(t, Shutdown, advise(t, s, m).Action)
	m.NetworkOut.P95 = 101
	require.False(t, s.idle(m).Ours)
	m = machineOf("Standard_D8s_v5", level(14, 0, 50, 300), 1000)
	require.False(t, s.idle(m).Microsofts, "P95 of the maximum is not below 3 %")
	m = machineOf("Standard_D8s_v5", level(7, 0, 50, 200), 1000)
	m.NetworkOut = Stats{Samples: 1, P95: 1}
	require.True(t, s.idle(m).Microsofts)
	require.False(t, s.idle(m).Ours, "a week is not two")
	m.Recent = 201
	require.False(t, s.idle(m).Microsofts, "busy in the last days")
}

// TestSchedule: busy from 06:00 to 20:00 on weekdays, 70 of 168 hours: 98 off, 58.3 % of the price saved, and a reservation has to be
// worth it at 41.7 % of the hours.
func TestSchedule(t *testing.T) {
	s := plainSizer(t, nil)
	m := machineOf("Standard_D2s_v5", level(14, 0, 3000, 9500), 9000)
	m.Week = &[168]Percent{}
	for h := range 120 {
		if h%24 >= 6 && h%24 < 20 {
			m.Week[h] = 6000
		}
	}
	a := advise(t, s, m)
	require.Equal(t, Schedule, a.Action)
	require.Equal(t, 98, a.Hours.OffPerWeek)
	require.InDelta(t, 0.416667, a.Hours.Running, 1e-6)
	require.Equal(t, "47.69", a.Hours.Saving.Round(), "0.112 x 730 = 81.76, of which 98/168")
	m.Week[150] = 201
	require.Nil(t, advise(t, s, m).Hours, "a job on Sunday")
	m.Week[150] = -1
	require.Nil(t, advise(t, s, m).Hours, "an hour that nobody saw")
	m.Week[150], m.Pattern = 0, "office_hours"
	require.Nil(t, advise(t, s, m).Hours, "it has its schedule")
}

// TestUpsize: a share of the time at the ceiling asks for half as much again; D4s_v5 goes to 8 vCPUs.
func TestUpsize(t *testing.T) {
	s := plainSizer(t, nil)
	series := level(28, 2000, 5000, 7000)
	for i := range series {
		if i%10 == 0 {
			series[i].High = 10000
		}
	}
	a := advise(t, s, machineOf("Standard_D4s_v5", series, 9000))
	require.Equal(t, Keep, a.Action)
	require.Equal(t, "censored", a.Reasons[0].Code)
	up := s.kind(a.Upsize)
	require.NotNil(t, up)
	require.GreaterOrEqual(t, up.vcpus, int64(6))
	require.Equal(t, "undersized", a.Reasons[len(a.Reasons)-1].Code)
}

// TestSuccessor: D4s_v3 can no longer be reserved; the size that stays is of a series that can, with as much memory, and has a
// temporary disk as it has.
func TestSuccessor(t *testing.T) {
	s := plainSizer(t, nil)
	a := advise(t, s, machineOf("Standard_D4s_v3", level(28, 4000, 6000, 8500), 0))
	k := s.kind(a.Successor)
	require.NotNil(t, k, "%+v", a.Reasons)
	require.True(t, k.reservable && k.retires.IsZero())
	require.GreaterOrEqual(t, k.shape.MemoryMiB, int64(16<<10))
	require.Positive(t, k.shape.TempDiskMiB)
	require.Empty(t, advise(t, s, machineOf("Standard_D4s_v5", level(28, 4000, 6000, 8500), 0)).Successor)
}

// TestInstances: 10 instances at 40 % of average at P95 are 4 busy ones, 5 at 80 % each: the count first, then the size.
func TestInstances(t *testing.T) {
	s := plainSizer(t, nil)
	m := machineOf("Standard_D4s_v5", level(28, 2000, 4000, 6000), 3000)
	m.ScaleSet, m.Instances = "set", 10
	a := advise(t, s, m)
	require.Equal(t, Scale, a.Action)
	require.EqualValues(t, 5, a.Instances)
	m.Instances = 2
	require.EqualValues(t, 2, advise(t, s, m).Instances, "two at 60 % of maximum each do not fit into one")
	m.Measure(level(28, 500, 1000, 2000))
	require.EqualValues(t, 1, advise(t, s, m).Instances)
	m.ScaleSet = ""
	require.Zero(t, advise(t, s, m).Instances)
}

// TestSmallSaving: what saves less than the policy asks for is said and not proposed.
func TestSmallSaving(t *testing.T) {
	s := plainSizer(t, func(p *Policy) { p.MinSavingMonth = 1000 })
	a := advise(t, s, machineOf("Standard_D8s_v5", level(28, 500, 1500, 4000), 4000))
	require.Equal(t, Keep, a.Action)
	require.Equal(t, "small_saving", a.Reasons[0].Code)
	s = plainSizer(t, func(p *Policy) { p.ResizeCost = 10_000 })
	require.Equal(t, "risk", advise(t, s, machineOf("Standard_D8s_v5", level(28, 500, 1500, 4000), 4000)).Reasons[0].Code)
}

// TestRateOfRows: a size that no list has is priced by the machine's own rows, compute alone.
func TestRateOfRows(t *testing.T) {
	s, err := New(Options{AsOf: testDay, Prices: func(size catalog.Size, r catalog.Region, os pricing.OS, c money.Code) (money.Rate, bool) {
		if size == "Standard_D8s_v5" {
			return 0, false
		}
		return plainPrices(size, r, os, c)
	}})
	require.NoError(t, err)
	m := machineOf("Standard_D8s_v5", level(28, 500, 1500, 4000), 4000)
	require.Equal(t, "no_price", advise(t, s, m).Reasons[0].Code)
	m.Rate = 5_000_000_000
	require.Equal(t, "365.00", advise(t, s, m).Alternatives[0].CostMonth.Decimal())
	m.OS = pricing.Windows
	require.Equal(t, "no_price", advise(t, s, m).Reasons[0].Code, "the licence has no price")
}

func TestPolicy(t *testing.T) {
	p := DefaultPolicy()
	require.NoError(t, p.Validate())
	for name, change := range map[string]func(*Policy){
		"production":       func(p *Policy) { p.Production.Share = 9800 },
		"relaxed":          func(p *Policy) { p.Relaxed.Limit = 10001 },
		"min_days":         func(p *Policy) { p.MinDays = 0 },
		"overload":         func(p *Policy) { p.Overload = -1 },
		"min_saving_month": func(p *Policy) { p.MinSavingMonth = -1 },
		"horizon_months":   func(p *Policy) { p.HorizonMonths = 0 },
		"alternatives":     func(p *Policy) { p.Alternatives = 1 },
	} {
		p := DefaultPolicy()
		change(&p)
		require.ErrorContains(t, p.Validate(), name)
		_, err := New(Options{Prices: plainPrices, Policy: &p})
		require.ErrorContains(t, err, name)
	}
	_, err := New(Options{})
	require.ErrorContains(t, err, "prices")
	m := &Machine{Tags: map[string]string{"Environment": "dev"}}
	require.True(t, tagged(m, []string{"environment"}))
	require.True(t, tagged(m, []string{"x", "ENVIRONMENT=Dev"}))
	require.False(t, tagged(m, []string{"environment=prod", "env"}))
}

// TestBurstable: a D2s_v5 whose maximum never exceeds 20 % may run on a B-size without a look at credits; with peaks the credits are
// replayed, and without its series it stays.
func TestBurstable(t *testing.T) {
	s := plainSizer(t, nil)
	from, to := s.kind("Standard_D2s_v5"), s.kind("Standard_B2s_v2")
	m := machineOf("Standard_D2s_v5", level(28, 0, 500, 2000), 4000)
	speed := compare(from.series, to.series)
	require.True(t, speed.Same)
	m.Series = nil
	_, ok := s.burstFits(m, from, to, speed)
	require.True(t, ok)
	series := level(28, 0, 500, 2000)
	series[100].High = 9000
	m = machineOf("Standard_D2s_v5", series, 4000)
	_, ok = s.burstFits(m, from, to, speed)
	require.True(t, ok, "hours of earning pay for five minutes")
	m.Series = nil
	why, ok := s.burstFits(m, from, to, speed)
	require.False(t, ok)
	require.Equal(t, "burst_unknown", why.Code)
	series[0].High = 9000
	m = machineOf("Standard_D2s_v5", series, 4000)
	why, ok = s.burstFits(m, from, to, speed)
	require.False(t, ok, "the first interval finds an empty bank after a redeployment")
	require.Equal(t, "burst", why.Code)
	why, _ = s.burstFits(machineOf("Standard_D2s_v5", nil, 0), from, to, speed)
	require.Equal(t, "no_metrics", why.Code)
}

// TestGatedSaysWhy: a promotional D4_v2 has a local disk of unknown size, so that no resize is known to be possible; that is the reason for
// staying, and not that the size is right.
func TestGatedSaysWhy(t *testing.T) {
	a := advise(t, plainSizer(t, nil), machineOf("Standard_D4_v2_Promo", level(14, 100, 500, 1500), 2500))
	require.Equal(t, Keep, a.Action)
	require.Equal(t, "temp_disk", a.Reasons[0].Code, "%v", a.Reasons)
}
