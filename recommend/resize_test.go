package recommend_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/stretchr/testify/require"

	"sizeterm/analyzer"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend"
)

// unit is a machine of a made-up fleet: four weeks, the load of every hour alike.
type unit struct {
	name     string
	size     catalog.Size
	hours    [2]int  // of each day, from and to; {0, 0} is always
	days     int     // with metrics; 0 is all, -1 none
	avg, max float64 // percent
	memory   float64 // percent used; below 0 not measured
	freeGiB  int64   // free memory instead of memory, where above 0
	nameless bool    // the metrics name the machine only
	group    string
	os       string
	tags     string
	set      string // scale set
	office   bool   // idle from 20:00 to 06:00 and on weekends
	bare     bool   // disks and network were not measured; else they are hardly used
	disk     int64  // MB/s instead, where above 0
	rises    bool   // twice the average in the second half
	lacks    int    // columns of the metrics that the file lacks, as bits
}

const fleetDays = 28

var quiet, few int64 = 100_000, 10_000 // bytes a second, and thousandths of an operation

// fleet analyses machines, in the order given.
func fleet(t testing.TB, units ...unit) *analyzer.Analysis {
	t.Helper()
	a := analyzer.New(analyzer.Options{})
	var rows usage.ChargeBatch
	var samples usage.SampleBatch
	for _, u := range units {
		u.charges(&rows)
		u.samples(&samples)
	}
	for _, rec := range []arrow.Record{rows.Record(), samples.Record()} {
		require.NoError(t, a.Add(rec))
		rec.Release()
	}
	out, err := a.Analysis()
	require.NoError(t, err)
	return out
}

func (u unit) resource() string {
	group := u.group
	if group == "" {
		group = "rg1"
	}
	if u.set != "" {
		return "/subscriptions/s1/resourcegroups/" + group + "/providers/microsoft.compute/virtualmachinescalesets/" + u.set
	}
	return "/subscriptions/s1/resourcegroups/" + group + "/providers/microsoft.compute/virtualmachines/" + u.name
}

func (u unit) span() (from, to int) {
	if u.hours == [2]int{} {
		return 0, 24
	}
	return u.hours[0], u.hours[1]
}

func (u unit) charges(b *usage.ChargeBatch) {
	if u.size == "" {
		return
	}
	group, os := u.group, u.os
	if group == "" {
		group = "rg1"
	}
	if os == "" {
		os = "linux"
	}
	from, to := u.span()
	for n := range fleetDays {
		day := asOf.AddDate(0, 0, n-fleetDays)
		b.Append(usage.ChargeRow{Customer: "c1", Subscription: "s1", ResourceGroup: group, Resource: u.resource(), VM: u.name, Size: string(u.size), Region: string(region), OS: os,
			Kind: usage.Compute, Model: usage.OnDemand, Start: day.Unix(), End: day.AddDate(0, 0, 1).Unix(), Hours: int64(to-from) * usage.MicroHour, HasHours: true,
			Currency: "USD", Export: "actual", Dataset: "d1", Line: int64(n), Tags: u.tags})
	}
}

func (u unit) samples(b *usage.SampleBatch) {
	days := u.days
	if days == 0 {
		days = fleetDays
	}
	from, to := u.span()
	for n := fleetDays - days; n < fleetDays && days > 0; n++ {
		for hour := from; hour < to; hour++ {
			at := asOf.AddDate(0, 0, n-fleetDays).Add(time.Duration(hour) * time.Hour)
			avg, high, memory := int32(u.avg*100), int32(u.max*100), int32(u.memory*100)
			if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday || at.Hour() < 6 || at.Hour() >= 20 {
				if u.office {
					avg, high = 100, 150
				}
			}
			if u.rises && 2*n > 2*fleetDays-days {
				avg = min(2*avg, high)
			}
			low := avg / 2
			row := usage.SampleRow{Resource: u.resource(), Start: at.Unix(), Seconds: 3600, CPUAvg: &avg, CPUMax: &high, CPUMin: &low}
			if !u.bare {
				row.DiskRead, row.DiskWrite, row.DiskOps, row.NetOut = &quiet, &quiet, &few, &quiet
			}
			if disk := u.disk * 1_000_000; disk > 0 {
				row.DiskRead = &disk
			}
			if u.set != "" {
				row.VM = u.name
			}
			if u.nameless {
				row.Resource, row.VM = "", u.name
			}
			free := u.freeGiB << 30
			switch {
			case free > 0:
				row.MemoryAvailable = &free
			case u.memory >= 0:
				row.MemoryUsed = &memory
			}
			u.lack(&row)
			b.Append(row)
		}
	}
}

const columnsOfMetrics = 7

// lack takes columns away.
func (u unit) lack(row *usage.SampleRow) {
	for i, remove := range [columnsOfMetrics]func(){
		func() { row.CPUAvg = nil }, func() { row.CPUMax = nil }, func() { row.CPUMin = nil }, func() { row.MemoryUsed = nil },
		func() { row.NetOut = nil }, func() { row.DiskRead, row.DiskWrite = nil, nil }, func() { row.DiskOps = nil },
	} {
		if u.lacks>>i&1 == 1 {
			remove()
		}
	}
}

var d4s, d8s, e2s, e4s = tariff{"Standard_D4s_v5", "0.20", "1051.20", "2102.40"}, tariff{"Standard_D8s_v5", "0.40", "2102.40", "4204.80"},
	tariff{"Standard_E2s_v5", "0.13", "683.28", "1366.56"}, tariff{"Standard_E4s_v5", "0.26", "1366.56", "2733.12"}

// sized is the plan of a fleet.
func sized(t testing.TB, change func(*recommend.Input), tariffs []tariff, units ...unit) *recommend.Plan {
	t.Helper()
	in := recommend.Input{Analysis: fleet(t, units...), Book: book(t, tariffs...), HasList: true, Policy: recommend.DefaultPolicy()}
	if change != nil {
		change(&in)
	}
	p, err := recommend.Recommend(in)
	require.NoError(t, err)
	return p
}

var family = []tariff{d2s, d4s, d8s}

// Worked by hand: a D8s at 0.40 costs 292.00 a month and needs half. Three years cost 0.16 an hour: 116.80, saving 175.20. A D4s costs
// 146.00 by the hour, and 58.40 under three years: together 233.60. The resize frees what a reserved D4s costs, 58.40, and not the
// 146.00 that it would free by the hour.
func TestResizeIsWorthWhatItFrees(t *testing.T) {
	p := sized(t, nil, family, unit{name: "vm", size: "Standard_D8s_v5", avg: 10, max: 20, memory: 20})
	require.Len(t, p.Resizes, 1)
	r := &p.Resizes[0]
	require.Equal(t, catalog.Size("Standard_D4s_v5"), r.To)
	require.Equal(t, "58.40", r.SavingMonth.Decimal())
	require.Equal(t, "146.00", r.AloneMonth.Decimal())
	require.Equal(t, "292.00", r.CostMonthBefore.Decimal())
	require.Equal(t, "146.00", r.CostMonthAfter.Decimal())
	total := p.Totals[0]
	require.Equal(t, []string{"146.00", "175.20", "233.60", "58.40"},
		[]string{total.ResizeOnly.Decimal(), total.ReserveOnly.Decimal(), total.Joint.Decimal(), total.PlanMonth.Decimal()})
	require.Len(t, p.Lines, 1)
	require.Equal(t, int64(2), p.Lines[0].Quantity, "two D2s are a D4s")
	require.Equal(t, "87.60", p.Lines[0].SavingMonth.Decimal())
	require.Contains(t, fmt.Sprint(p.Lines[0].Reasons), "1 machines of its pool change first; buy from 2026-11-27", "the policy table says 25 days")
	require.Contains(t, fmt.Sprint(r.Reasons), "58.40 USD a month beside reservations, 146.00 if nothing were reserved")
	check(t, p)
}

// Units under a reservation that is owned and has no other use are worth nothing to leave, and free to move into.
func TestIdleReservations(t *testing.T) {
	vm := unit{name: "vm", size: "Standard_D8s_v5", avg: 10, max: 20, memory: 20}
	own := func(size catalog.Size) func(*recommend.Input) {
		return func(in *recommend.Input) {
			in.Existing = []recommend.Existing{{ID: "r1", Customer: "c1", Scope: "shared", Size: size, Region: region, Quantity: 1, Until: asOf.AddDate(5, 0, 0)}}
		}
	}
	p := sized(t, own("Standard_D8s_v5"), family, vm)
	require.Empty(t, p.Resizes)
	require.Equal(t, "worth_nothing", p.Sized[0].Reasons[0].Code)
	// The reservation of an E4s stands idle: D4s would do at 58.40 reserved, but E4s costs nothing more.
	p = sized(t, own("Standard_E4s_v5"), append([]tariff{e2s, e4s}, family...), vm)
	require.Len(t, p.Resizes, 1)
	require.Equal(t, catalog.Size("Standard_E4s_v5"), p.Resizes[0].To)
	require.Empty(t, p.Lines)
	require.Equal(t, p.Totals[0].PayGMonth, p.Totals[0].Joint)
	check(t, p)
}

// check asserts what holds of every plan: the joint plan saves at least as much as either alone, licences included; what resizes
// save beside reservations is what they add to a plan that only reserves; what they save alone and what the lines save are together
// the saving of the plan; and costs of today less the saving are those of the plan.
func check(t testing.TB, p *recommend.Plan) {
	t.Helper()
	type sums struct{ beside, alone, licences, lines int64 }
	found := map[string]*sums{}
	at := func(customer, currency string) *sums {
		key := customer + currency
		if found[key] == nil {
			found[key] = &sums{}
		}
		return found[key]
	}
	for _, r := range p.Resizes {
		s := at(r.Customer, string(r.SavingMonth.Currency))
		s.beside, s.alone, s.licences = s.beside+r.SavingMonth.Micros, s.alone+r.AloneMonth.Micros, s.licences+r.SoftwareMonth.Micros
	}
	for _, l := range p.Lines {
		at(l.Customer, string(l.Currency)).lines += l.SavingMonth.Micros
	}
	for _, total := range p.Totals {
		s := at(total.Customer, string(total.Currency))
		require.Equal(t, total.Joint.Micros, s.alone+s.lines)
		require.Equal(t, total.Joint.Micros-total.ReserveOnly.Micros, s.beside)
		require.Equal(t, total.SoftwareSaved.Micros, s.licences)
		require.Equal(t, total.PayGMonth.Micros-total.Joint.Micros, total.PlanMonth.Micros)
		require.GreaterOrEqual(t, total.Joint.Micros+s.licences, max(total.ResizeOnly.Micros, total.ReserveOnly.Micros))
		byGroup, plan := int64(0), int64(0)
		for _, b := range total.ShowBack {
			if b.By == "resource_group" {
				byGroup, plan = byGroup+b.PayGMonth.Micros, plan+b.PlanMonth.Micros
			}
		}
		require.InDelta(t, total.PayGMonth.Micros, byGroup, 50)
		require.InDelta(t, total.PlanMonth.Micros, plan, 50)
	}
}

// What cannot be judged stays as it is, each with its own state and reason.
func TestBadMachinesAreNeverGuessed(t *testing.T) {
	idle := unit{size: "Standard_D8s_v5", avg: 10, max: 20, memory: 20}
	like := func(change func(*unit)) unit {
		u := idle
		u.name = "vm"
		change(&u)
		return u
	}
	for name, c := range map[string]struct {
		units  []unit
		state  analyzer.State
		reason string
		change func(*recommend.Input)
	}{
		"no metrics":        {[]unit{like(func(u *unit) { u.days = -1 })}, analyzer.StateNoMetrics, "no_metrics", nil},
		"memory unknown":    {[]unit{like(func(u *unit) { u.memory = -1 })}, analyzer.StateMemoryUnknown, "memory_unknown", nil},
		"three days":        {[]unit{like(func(u *unit) { u.days = 3 })}, analyzer.StateTooFew, "few_measured_days", nil},
		"CPU above 100 %":   {[]unit{like(func(u *unit) { u.avg, u.max = 10, 130 })}, analyzer.StateAboveFull, "cpu_above_100", nil},
		"size unknown":      {[]unit{like(func(u *unit) { u.size = "Standard_Q9_v9" })}, analyzer.StateSizeUnknown, "size_unknown", nil},
		"other memory":      {[]unit{like(func(u *unit) { u.freeGiB = 100 })}, analyzer.StateMemoryOther, "memory_of_another_size", nil},
		"more memory used":  {[]unit{like(func(u *unit) { u.memory = 180 })}, analyzer.StateMemoryOther, "memory_of_another_size", nil},
		"two of one name":   {[]unit{like(func(u *unit) { u.nameless = true }), like(func(u *unit) { u.group, u.days = "rg2", -1 })}, analyzer.StateAmbiguous, "ambiguous_name", nil},
		"not billed":        {[]unit{like(func(u *unit) { u.name = "busy"; u.max = 90 }), like(func(u *unit) { u.size = "" })}, analyzer.StateOK, "not_billed", nil},
		"reservations":      {[]unit{like(func(*unit) {})}, analyzer.StateOK, "size_reservations_unknown", func(in *recommend.Input) { in.HasList = false; in.Analysis.VMs[0].Covered = 1 }},
		"savings plan":      {[]unit{like(func(*unit) {})}, analyzer.StateOK, "size_savings_plan", func(in *recommend.Input) { in.Analysis.VMs[0].PlanCovered = 1 }},
		"reserved exactly":  {[]unit{like(func(*unit) {})}, analyzer.StateOK, "size_reserved_exactly", func(in *recommend.Input) { in.Existing = exactly }},
		"demand is cut off": {[]unit{like(func(u *unit) { u.avg, u.max = 60, 99 })}, analyzer.StateOK, "", nil},
		"exempt":            {[]unit{like(func(*unit) {})}, analyzer.StateOK, "", func(in *recommend.Input) { in.Policy.Sizing.Exempt = []string{"vm"} }},
		"exempt by tag":     {[]unit{like(func(u *unit) { u.tags = `{"Keep":"Yes"}` })}, analyzer.StateOK, "", func(in *recommend.Input) { in.Policy.Sizing.Exempt = []string{"keep=yes"} }},
		"snoozed": {[]unit{like(func(*unit) {})}, analyzer.StateOK, "", func(in *recommend.Input) {
			in.Policy.Sizing.Snoozed = map[string]time.Time{"vm": asOf.AddDate(0, 0, 1)}
		}},
		"small saving": {[]unit{like(func(*unit) {})}, analyzer.StateOK, "", func(in *recommend.Input) { in.Policy.Sizing.MinSavingMonth = 59 }},
		"off":          {[]unit{like(func(*unit) {})}, analyzer.StateOK, "", func(in *recommend.Input) { in.Policy.NoResize = true }},
	} {
		t.Run(name, func(t *testing.T) {
			p := sized(t, c.change, family, c.units...)
			require.Empty(t, p.Resizes)
			require.Equal(t, c.state, p.VMs[0].State)
			if c.reason != "" {
				require.Contains(t, reasons(p), c.reason)
			}
			check(t, p)
		})
	}
	require.Len(t, sized(t, nil, family, like(func(*unit) {})).Resizes, 1, "the same machine without a fault")
}

var exactly = []recommend.Existing{{ID: "r1", Customer: "c1", Scope: "shared", Size: "Standard_D8s_v5", Region: region, Quantity: 1, Until: asOf.AddDate(5, 0, 0), ExactSize: true}}

// A machine without memory metrics may move to a size that has as much.
func TestUnknownMemoryKeepsTodays(t *testing.T) {
	p := sized(t, nil, []tariff{e4s, d2s, d4s, d8s}, unit{name: "vm", size: "Standard_D8s_v5", avg: 10, max: 20, memory: -1})
	require.Len(t, p.Resizes, 1)
	require.Equal(t, catalog.Size("Standard_E4s_v5"), p.Resizes[0].To, "32 GiB like the D8s")
	require.Contains(t, fmt.Sprint(p.Resizes[0].Reasons), "memory was not measured")
}

// A machine that does nothing is shut down, and nothing is reserved for it.
func TestIdleMachinesAreShutDown(t *testing.T) {
	calm := unit{name: "vm", size: "Standard_D8s_v5", avg: 1, max: 2, memory: 20}
	p := sized(t, nil, family, calm)
	require.Len(t, p.Resizes, 1, "with 800 kbit/s a smaller size, no shut-down")
	require.Equal(t, "resize", p.Resizes[0].Action)
	calm.bare = true
	p = sized(t, nil, family, calm)
	require.Empty(t, p.Resizes, "without measures of network and disks neither")
	require.Contains(t, reasons(p), "unmeasured")
	a := fleet(t, calm)
	a.VMs[0].NetworkOut = analyzer.Distribution{Samples: 1, Seconds: 300, P95: 50}
	p, err := recommend.Recommend(recommend.Input{Analysis: a, Book: book(t, family...), HasList: true, Policy: recommend.DefaultPolicy()})
	require.NoError(t, err)
	require.Len(t, p.Resizes, 1)
	require.Equal(t, "shutdown", p.Resizes[0].Action)
	require.Equal(t, "0.00", p.Resizes[0].CostMonthAfter.Decimal())
	require.Empty(t, p.Lines)
	require.Equal(t, "0.00", p.Totals[0].PlanMonth.Decimal())
	check(t, p)
}

// Licences are saved beside the compute: half the vCPUs of Windows.
func TestLicencesFall(t *testing.T) {
	p := sized(t, func(in *recommend.Input) { in.Policy.MinSavingMonth = 1 }, family, unit{name: "vm", size: "Standard_D8s_v5", avg: 10, max: 20, memory: 20, os: "windows"})
	require.Empty(t, p.Resizes, "the test's book has no Windows prices: an unknown licence is not free")
	require.Contains(t, fmt.Sprint(p.Sized[0].Reasons), "no_price")
}

// random draws a fleet and what the customer owns.
func random(r *rand.Rand, n int) (units []unit, own []recommend.Existing) {
	sizes := []catalog.Size{"Standard_D4s_v5", "Standard_D8s_v5", "Standard_E4s_v5"}
	for i := range n {
		u := unit{name: fmt.Sprintf("vm%02d", i), size: sizes[r.IntN(len(sizes))], max: float64(5 + r.IntN(90)), memory: float64(5 + r.IntN(80)), group: fmt.Sprintf("rg%d", r.IntN(2))}
		u.avg = u.max / 2
		if r.IntN(3) == 0 {
			u.hours = [2]int{8, 8 + 1 + r.IntN(12)}
		}
		if r.IntN(6) == 0 {
			u.memory = -1
		}
		units = append(units, u)
	}
	for i := range r.IntN(3) {
		own = append(own, recommend.Existing{ID: fmt.Sprintf("r%d", i), Customer: "c1", Scope: "shared", Size: sizes[r.IntN(len(sizes))], Region: region, Quantity: 1,
			Until: asOf.AddDate(0, 3+r.IntN(60), 0)})
	}
	return units, own
}

var all = []tariff{d2s, d4s, d8s, e2s, e4s}

// Office hours are 70 of 168. By the hour they cost 292.00 x 70/168 = 121.67 a month, less than the 175.20 of a year's reservation that
// runs through, so the schedule frees 53.53; three years cost 116.80, and then it frees nothing.
func TestScheduleAgainstReservation(t *testing.T) {
	vm := unit{name: "vm", size: "Standard_D8s_v5", avg: 40, max: 80, memory: 20, office: true}
	oneYear := func(in *recommend.Input) { in.Policy.Terms = []string{"P1Y"} }
	p := sized(t, oneYear, family, vm)
	require.Len(t, p.Resizes, 1)
	r := &p.Resizes[0]
	require.Equal(t, "schedule", r.Action)
	require.Equal(t, "121.666667", r.CostMonthAfter.Decimal())
	require.Equal(t, "53.533333", r.SavingMonth.Decimal())
	require.Empty(t, p.Lines)
	check(t, p)
	p = sized(t, nil, family, vm)
	require.Empty(t, p.Resizes, "three years cost less than the office hours alone")
	require.Equal(t, "worth_nothing", p.Sized[0].Reasons[0].Code)
	check(t, p)
}

// Four instances at 20 % on average and 30 % at most: one would carry the average, two carry the peak too. The other two go, and what is
// left is reserved.
func TestFewerInstances(t *testing.T) {
	var units []unit
	for i := range 4 {
		units = append(units, unit{name: fmt.Sprintf("web_%d", i), set: "web", size: "Standard_D2s_v5", avg: 20, max: 30, memory: 90})
	}
	p := sized(t, nil, family, units...)
	require.Len(t, p.Resizes, 1)
	r := &p.Resizes[0]
	require.Equal(t, "scale_in", r.Action)
	require.Equal(t, 4, r.Machines)
	require.Equal(t, []string{"292.00", "146.00", "58.40"}, []string{r.CostMonthBefore.Decimal(), r.CostMonthAfter.Decimal(), r.SavingMonth.Decimal()})
	require.Equal(t, int64(2), p.Lines[0].Quantity)
	check(t, p)
}

// Under a limit on cash the laws hold, and the limit does.
func TestResizeWithinALimit(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 5))
		units, own := random(r, 4)
		limit := int64(60_000_000)
		p := sized(t, func(in *recommend.Input) { in.Existing, in.Policy.MaxMonth = own, &limit }, all, units...)
		check(t, p)
		for _, total := range p.Totals {
			for _, c := range total.Cash {
				require.LessOrEqual(t, c.Amount.Micros, limit)
			}
			require.NotNil(t, total.Budget)
		}
	}
}

// Laws on random fleets: check, the order of machines, and a metric taken away, which never lets a machine shrink that did not.
func TestResizeLaws(t *testing.T) {
	rounds := 25
	if testing.Short() {
		rounds = 6
	}
	for seed := range uint64(rounds) {
		r := rand.New(rand.NewPCG(seed, 7))
		units, own := random(r, 2+r.IntN(6))
		with := func(in *recommend.Input) { in.Existing = own }
		p := sized(t, with, all, units...)
		check(t, p)
		r.Shuffle(len(units), func(i, j int) { units[i], units[j] = units[j], units[i] })
		again := sized(t, with, all, units...)
		again.VMs, p.VMs = nil, nil // hold functions
		require.Equal(t, describe(p), describe(again), "order of machines")
		feasible := func(p *recommend.Plan) map[string]bool {
			out := map[string]bool{}
			for _, r := range p.Resizes {
				for _, a := range r.Alternatives {
					out[r.Name+string(a.Size)] = a.Feasible
				}
			}
			return out
		}
		before := feasible(p)
		for i := range units {
			units[i].memory = -1
		}
		for name, ok := range feasible(sized(t, with, all, units...)) {
			if was, judged := before[name]; judged && !was {
				require.False(t, ok, "%s without memory metrics", name)
			}
		}
	}
}

func describe(p *recommend.Plan) string {
	text := ""
	for _, r := range p.Resizes {
		text += fmt.Sprintln(r.ID, r.VM, r.To, r.SavingMonth, r.AloneMonth, r.Reasons)
	}
	for _, l := range p.Lines {
		text += fmt.Sprintln(l.ID, l.Size, l.Term, l.Quantity, l.SavingMonth)
	}
	return text + fmt.Sprintf("%+v", p.Totals)
}

// Against every combination of sizes, through the whole path: no choice of the feasible sizes, each with its best reservations, costs
// less than the plan.
func TestJointAgainstEnumeration(t *testing.T) {
	cases := 12
	if testing.Short() {
		cases = 4
	}
	policy := func(in *recommend.Input) {
		in.Policy.Terms, in.Policy.MonthlyLoss, in.Policy.MinSavingMonth = []string{"P3Y"}, 0, 0
		s := &in.Policy.Sizing
		s.ResizeCost, s.FamilyCost, s.OverloadCost, s.MinSavingMonth, s.MinSavingShare, s.OneStep = 0, 0, 0, 0, 0, false
	}
	for seed := range uint64(cases) {
		r := rand.New(rand.NewPCG(seed, 11))
		units, own := random(r, 2+r.IntN(2))
		for i := range own {
			own[i].Until = asOf.AddDate(40, 0, 0)
		}
		p := sized(t, func(in *recommend.Input) { policy(in); in.Existing = own }, all, units...)
		options := make([][]catalog.Size, len(units))
		for i, u := range units {
			options[i] = []catalog.Size{u.size}
			for _, f := range all {
				one := sized(t, func(in *recommend.Input) {
					policy(in)
					in.Policy.Sizing.Alternatives = 50
					in.Existing = []recommend.Existing{{ID: "x", Customer: "c1", Scope: "shared", Size: f.size, Region: region, Quantity: 1, Until: asOf.AddDate(40, 0, 0)}}
				}, []tariff{f, priceOf(u.size)}, u)
				for _, a := range one.Resizes {
					if a.To == f.size {
						options[i] = append(options[i], f.size)
					}
				}
			}
		}
		best, choice := int64(1)<<62, make([]catalog.Size, len(units))
		var walk func(i int)
		walk = func(i int) {
			if i < len(units) {
				for _, size := range options[i] {
					choice[i] = size
					walk(i + 1)
				}
				return
			}
			moved := append([]unit(nil), units...)
			for k := range moved {
				moved[k].size = choice[k]
			}
			cost := int64(0)
			for _, total := range sized(t, func(in *recommend.Input) { policy(in); in.Policy.NoResize = true; in.Existing = own }, all, moved...).Totals {
				cost += total.PlanMonth.Micros
			}
			best = min(best, cost)
		}
		walk(0)
		require.LessOrEqual(t, p.Totals[0].PlanMonth.Micros, best+10, "seed %d: %v", seed, options)
	}
}

func priceOf(size catalog.Size) tariff {
	for _, f := range all {
		if f.size == size {
			return f
		}
	}
	return tariff{}
}
