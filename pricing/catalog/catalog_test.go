package catalog

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSizeOfReadsEverySpelling(t *testing.T) {
	check := func(text string, want Size) {
		t.Helper()
		got, ok := SizeOf(text)
		require.True(t, ok, text)
		require.Equal(t, want, got)
	}
	check("Standard_D4s_v5", "Standard_D4s_v5")
	check("standard_d4s_v5", "Standard_D4s_v5")
	check("D4s v5", "Standard_D4s_v5")
	check(" D4S_V5 ", "Standard_D4s_v5")
	check("Standard_E16-4s_v3", "Standard_E16-4s_v3")
	check("E16-4s v3", "Standard_E16-4s_v3")
	check("standard_D1", "Standard_D1")
	check("DS1 v2", "Standard_DS1_v2")
	check("Standard_A0", "Standard_A0") // only price lists know it
	for _, text := range []string{"", "Standard", "D4s", "D2 v2/DS2 v2", "D4s v5 Spot", "Dsv3_Type4", "Ddsv4_Type 1",
		"arm_sku_name_placeholder", "Ebsv5", "Basic_A1", "Standard_D4s_v5é"} {
		_, ok := SizeOf(text)
		require.False(t, ok, "%q", text)
	}
}

func TestShapes(t *testing.T) {
	require.GreaterOrEqual(t, len(Sizes()), 1400)
	d4, ok := Size("Standard_D4s_v5").Shape()
	require.True(t, ok)
	require.Equal(t, Shape{VCPUs: 4, VCPUsAvailable: 4, MemoryMiB: 16 * 1024, MaxDataDisks: 8, MaxNICs: 2, PremiumIO: true,
		AcceleratedNet: true, EncryptionHost: true, Arch: "x64", Generations: []string{"V1", "V2"}, TempDiskMiB: 0,
		ACU: -1, DiskIOPS: 6400, DiskBytesPerSecond: 145_000_000, CachedIOPS: -1, CachedBytesPerSecond: -1, NetworkMbps: 12_500}, d4)
	e3, _ := Size("Standard_E8-2s_v3").Shape()
	require.Equal(t, []int64{12800, 192_000_000, 16000, 128_000_000, 4000}, []int64{e3.DiskIOPS, e3.DiskBytesPerSecond, e3.CachedIOPS, e3.CachedBytesPerSecond, e3.NetworkMbps},
		"the limits of the parent of constrained cores")
	m, _ := Size("Standard_M64s").Shape()
	require.Equal(t, []int64{-1, -1, -1}, []int64{m.DiskIOPS, m.CachedBytesPerSecond, m.NetworkMbps}, "not collected: unknown")
	constrained, _ := Size("Standard_E16-4s_v3").Shape()
	require.Equal(t, 16, constrained.VCPUs)
	require.Equal(t, 4, constrained.VCPUsAvailable)
	b4, _ := Size("Standard_B4ms").Shape()
	require.True(t, b4.Burstable)
	require.Equal(t, Burst{BaselineBasisPoints: 2250, InitialCredits: 120, CreditsPerHour: 54, MaxCredits: 1296}, b4.Burst)
	b1, _ := Size("Standard_B1ls").Shape()
	require.Equal(t, int64(512), b1.MemoryMiB)
	arm, _ := Size("Standard_D2ps_v5").Shape()
	require.Equal(t, "Arm64", arm.Arch)
	unknown, ok := Size("Standard_D2ds_v7").Shape()
	require.True(t, ok)
	require.Equal(t, int64(-1), unknown.TempDiskMiB, "it has a temp disk, how large is not known")
	_, ok = Size("Standard_A0").Shape()
	require.False(t, ok, "a name of a price list has no shape")
	_, ok = Size("Standard_NV28adms_V710_v5").Shape()
	require.False(t, ok, "known by its group only")
	d4.Generations[0] = "changed"
	again, _ := Size("Standard_D4s_v5").Shape()
	require.Equal(t, "V1", again.Generations[0], "callers cannot change the table")
}

// TestLimitsRise: within a series a larger size never has lower limits, which a slip of the pen in the collected pages would break.
func TestLimitsRise(t *testing.T) {
	series, known := map[string][]Size{}, 0
	name := regexp.MustCompile(`^Standard_([A-Z]+)([0-9]+)([a-z]*)_?(v[0-9]+)?$`)
	for _, s := range Sizes() {
		if m := name.FindStringSubmatch(string(s)); m != nil && !strings.Contains(m[3], "i") {
			series[m[1]+m[3]+m[4]] = append(series[m[1]+m[3]+m[4]], s)
		}
	}
	for key, list := range series {
		slices.SortFunc(list, func(a, b Size) int { x, _ := a.Shape(); y, _ := b.Shape(); return x.VCPUsAvailable - y.VCPUsAvailable })
		var last Shape
		for _, s := range list {
			now, _ := s.Shape()
			if now.DiskIOPS > 0 {
				known++
				require.GreaterOrEqual(t, now.DiskIOPS, last.DiskIOPS, "%s of %s", s, key)
				require.GreaterOrEqual(t, now.DiskBytesPerSecond, last.DiskBytesPerSecond, "%s of %s", s, key)
			}
			if now.NetworkMbps > 0 && s != "Standard_E20s_v4" { // its page says less than that of 16 vCPUs
				require.GreaterOrEqual(t, now.NetworkMbps, last.NetworkMbps, "%s of %s", s, key)
			}
			last = now
		}
	}
	require.Greater(t, known, 200)
}

func TestGroups(t *testing.T) {
	check := func(s Size, name string, ratio int64) {
		t.Helper()
		g, ok := s.Group()
		require.True(t, ok, s)
		require.Equal(t, Group{name, ratio}, g)
	}
	// From the collected isf_ratio.csv: ratios are the source's own, often fractions, not core counts.
	check("Standard_D2s_v5", "Dsv5 Series", 200)
	check("Standard_D96s_v5", "Dsv5 Series", 9600)
	check("Standard_DS5_v2", "DSv2 Series", 1600)
	check("Standard_A2_v2", "Av2 Series", 210)
	check("Standard_E8-2s_v3", "ESv3 Series", 800)
	check("Standard_E8s_v3", "ESv3 Series", 800)
	check("Standard_E64s_v3", "ESv3 Series", 5760)
	check("Standard_B1ls", "BS Series", 25)
	check("Standard_F72s_v2", "FSv2 Series", 7200)
	check("Standard_B4ls_v2", "Bsv2 Series", 2827)
	for _, exact := range []Size{"Standard_D2s_v7", "Standard_DS2_v2_Promo", "Standard_NV12s_v3", "Standard_A0", "nothing"} {
		_, ok := exact.Group()
		require.False(t, ok, exact)
	}
	high, _ := Size("Standard_DS11_v2").Group()
	require.Equal(t, "DSv2 Series High Memory", high.Name, "not the group of DS1..DS5")
	require.Equal(t, []Size{"Standard_DS1_v2", "Standard_DS2_v2", "Standard_DS3_v2", "Standard_DS4_v2", "Standard_DS5_v2"}, GroupSizes("DSv2 Series"))
	require.Nil(t, GroupSizes("Foundry_Agent_P3"))
	groups := Groups()
	require.True(t, slices.IsSorted(groups))
	members := 0
	for _, name := range groups {
		require.NotContains(t, name, "Host")
		require.NotContains(t, name, "Redis")
		for _, s := range GroupSizes(name) {
			members++
			g, ok := s.Group()
			require.True(t, ok)
			require.Equal(t, name, g.Name)
			require.Positive(t, g.Ratio)
			require.True(t, strings.HasPrefix(string(s), "Standard_"), s)
		}
	}
	require.Equal(t, 1337, members, "the source's rows of real sizes")
}

func TestRegions(t *testing.T) {
	check := func(text string, want Region) {
		t.Helper()
		got, ok := RegionOf(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"EastUS", "eastus", "US East", "East US", " us east "} {
		check(text, "eastus")
	}
	check("West Europe", "westeurope")
	check("EU West", "westeurope")
	check("AP Southeast", "southeastasia")
	check("US South Central", "southcentralus")
	check("PL Central", "polandcentral")
	check("CH North", "switzerlandnorth")
	for _, text := range []string{"", "Global", "unassigned", "Japan", "Mars North"} {
		_, ok := RegionOf(text)
		require.False(t, ok, "%q", text)
	}
	require.Equal(t, "West Europe", Region("westeurope").Name())
	require.Equal(t, "moon", Region("moon").Name())
	for _, r := range Regions() {
		check(string(r), r)
		check(r.Name(), r)
	}
}

func TestOfferedIn(t *testing.T) {
	offered, known := Size("Standard_D4s_v5").OfferedIn("westeurope")
	require.True(t, offered && known)
	require.Equal(t, []string{"1", "2", "3"}, Size("Standard_D4s_v5").Zones("westeurope"))
	offered, known = Size("Standard_PB6s").OfferedIn("polandcentral")
	require.True(t, known)
	require.False(t, offered)
	_, known = Size("Standard_D4s_v5").OfferedIn("chinaeast2")
	require.False(t, known, "the size list does not cover the region")
	_, known = Size("Standard_A0").OfferedIn("westeurope")
	require.False(t, known)
	require.Nil(t, Size("Standard_PB6s").Zones("polandcentral"))
}

func day(text string) time.Time { return date(text) }

// The dates are those of domain 6.1: the first day on which nothing is sold.
func TestEligibleFollowsTheDatedTable(t *testing.T) {
	check := func(s Size, years int, on, want string) {
		t.Helper()
		v := Eligible(s, years, day(on))
		require.Equal(t, want, v.Reason, "%s %dy on %s: %+v", s, years, on, v)
		require.Equal(t, want == "", v.OK)
		require.NotEmpty(t, v.Source)
	}
	check("Standard_DS2_v2", 3, "2025-04-30", "")
	check("Standard_DS2_v2", 3, "2025-05-01", ReasonNoLongerSold)
	check("Standard_DS2_v2", 1, "2026-06-30", "")
	check("Standard_DS2_v2", 1, "2026-07-01", ReasonNoLongerSold)
	check("Standard_D13_v2", 1, "2026-07-01", ReasonNoLongerSold)
	check("Standard_L8s", 3, "2025-06-01", ReasonNoLongerSold)
	check("Standard_DS2_v2", 1, "2028-05-01", ReasonRetired)
	for _, s := range []Size{"Standard_F4", "Standard_F4s", "Standard_F4s_v2", "Standard_L8s_v2", "Standard_A2_v2", "Standard_A2m_v2", "Standard_B2ms", "Standard_B1ls"} {
		check(s, 3, "2025-11-14", "")
		check(s, 3, "2025-11-15", ReasonNoLongerSold)
		check(s, 1, "2026-06-30", "")
		check(s, 1, "2026-11-24", ReasonNoLongerSold)
	}
	for _, s := range []Size{"Standard_D4_v3", "Standard_D4s_v3", "Standard_E4_v3", "Standard_E16-4s_v3", "Standard_E64is_v3"} {
		check(s, 3, "2026-06-30", "")
		check(s, 3, "2026-07-01", ReasonNoLongerSold)
		check(s, 1, "2026-07-01", ReasonNoLongerSold)
	}
	for _, s := range []Size{"Standard_D4s_v5", "Standard_E4s_v4", "Standard_B2s_v2", "Standard_F4as_v6", "Standard_L8s_v3", "Standard_NV12s_v3"} {
		check(s, 1, "2026-11-24", "")
		check(s, 3, "2026-11-24", "")
	}
	check("Standard_DC4s_v2", 1, "2025-12-01", ReasonRetiresInTerm)
	check("Standard_DC4s_v2", 1, "2026-06-30", ReasonRetired)
	check("Standard_DC4s_v3", 3, "2026-11-24", "")
	check("Standard_DS2_v2_Promo", 1, "2025-01-01", ReasonPromo)
	check("Standard_A3", 1, "2025-01-01", ReasonSeries)
	check("Standard_GS2", 1, "2025-01-01", ReasonSeries)
	check("Standard_D4s_v5", 5, "2026-11-24", ReasonUnknownTerm)
	check("Standard_D4s_v9", 1, "2026-11-24", ReasonUnknownSize)
}

// 23:30 in New York on 30 June is 1 July in UTC, the vendor's day.
func TestEligibleJudgesTheDayInUTC(t *testing.T) {
	night := time.Date(2026, 6, 30, 23, 30, 0, 0, time.FixedZone("", -4*3600))
	require.Equal(t, ReasonNoLongerSold, Eligible("Standard_D4s_v3", 1, night).Reason)
}

func TestRetirement(t *testing.T) {
	on, ok := Size("Standard_DS2_v2").Retirement()
	require.True(t, ok)
	require.Equal(t, day("2028-05-01"), on)
	_, ok = Size("Standard_D4s_v3").Retirement()
	require.False(t, ok)
}

func TestRulesAndMarkets(t *testing.T) {
	r := RulesOn(day("2027-01-31"))
	require.True(t, r.Exchangeable)
	require.Equal(t, int64(50_000), r.RefundCapUSD)
	require.Equal(t, 25, r.WaitDays)
	require.Equal(t, r.WaitDays, slices.Max(r.WaitDaysSaid))
	require.Zero(t, r.FeeBasisPoints)
	require.False(t, RulesOn(day("2027-02-01")).Exchangeable)
	require.False(t, MarketSells("cn").OK)
	require.False(t, MarketSells("RU").OK)
	brazil := MarketSells("BR")
	require.True(t, brazil.OK)
	require.Equal(t, ReasonMarketUnclear, brazil.Reason)
	require.Equal(t, Verdict{OK: true, Source: policySource}, MarketSells("PL"))
	for _, s := range Sources() {
		_, err := time.Parse(time.DateOnly, s.AsOf)
		require.NoError(t, err, s.Table)
	}
}

func FuzzNames(f *testing.F) {
	for _, text := range []string{"Standard_D4s_v5", "US East", "", "\xff", "chnorth"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, ok := SizeOf(text); ok {
			if again, ok := SizeOf(string(s)); !ok || again != s {
				t.Fatalf("%q: %q is not its own name", text, s)
			}
		}
		if r, ok := RegionOf(text); ok {
			if again, ok := RegionOf(string(r)); !ok || again != r {
				t.Fatalf("%q: %q is not its own name", text, r)
			}
		}
	})
}

func BenchmarkSizeOf(b *testing.B) {
	for _, text := range []string{"Standard_D4s_v5", "standard_d4s_v5"} {
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				SizeOf(text)
			}
		})
	}
}
