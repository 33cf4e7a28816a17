package catalog

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Every name is found in every spelling that files have: no two names share a key.
func TestEverySizeInEverySpelling(t *testing.T) {
	for name := range sizes().byName {
		short := strings.TrimPrefix(string(name), "Standard_")
		for _, text := range []string{string(name), strings.ToLower(string(name)), strings.ToUpper(string(name)), short,
			strings.ReplaceAll(short, "_", " "), strings.ReplaceAll(strings.ToLower(short), "_", ""), " " + short + "\t"} {
			got, ok := SizeOf(text)
			require.True(t, ok && got == name, "%q of %s: %q", text, name, got)
		}
	}
	require.Len(t, sizes().byKey, len(sizes().byName))
}

func TestShapesAreWhole(t *testing.T) {
	for _, name := range Sizes() {
		s, ok := name.Shape()
		require.True(t, ok)
		require.Positive(t, s.VCPUs, name)
		require.Positive(t, s.VCPUsAvailable, name)
		require.LessOrEqual(t, s.VCPUsAvailable, s.VCPUs, name)
		require.Positive(t, s.MemoryMiB, name)
		require.NotEmpty(t, s.Generations, name)
		require.Contains(t, []string{"x64", "Arm64"}, s.Arch, name)
		require.Equal(t, s.Burstable, s.Burst != Burst{}, name)
		require.LessOrEqual(t, s.Burst.InitialCredits, s.Burst.MaxCredits, name)
		require.NotEmpty(t, name.Family(), name)
		parts := strings.Split(strings.TrimPrefix(string(name), "Standard_"), "_")
		if before, _, constrained := strings.Cut(parts[0], "-"); constrained && before != "" {
			require.Less(t, s.VCPUsAvailable, s.VCPUs, "%s has fewer cores than its parent", name)
		}
	}
}

// A size with constrained cores weighs and costs what its parent does.
func TestConstrainedSizesShareTheRatioOfTheirParent(t *testing.T) {
	seen := 0
	for _, name := range Sizes() {
		g, grouped := name.Group()
		base, rest, constrained := strings.Cut(string(name), "-")
		if !constrained || !grouped {
			continue
		}
		parent, ok := SizeOf(base + strings.TrimLeft(rest, "0123456789"))
		if !ok {
			continue
		}
		pg, grouped := parent.Group()
		if !grouped {
			continue // HB120rs_v2 has no row in the source
		}
		require.Equal(t, pg, g, "%s of %s", name, parent)
		seen++
	}
	require.Greater(t, seen, 150)
}

func TestGroupsAreSortedAndDisjoint(t *testing.T) {
	owner := map[Size]string{}
	for _, name := range Groups() {
		members := GroupSizes(name)
		require.NotEmpty(t, members)
		for i, s := range members {
			require.Empty(t, owner[s], "%s is in two groups", s)
			owner[s] = name
			if i > 0 {
				a, _ := members[i-1].Group()
				b, _ := s.Group()
				require.True(t, a.Ratio < b.Ratio || a.Ratio == b.Ratio && members[i-1] < s)
			}
			members[i] = "changed"
		}
		require.NotEqual(t, Size("changed"), GroupSizes(name)[0], "callers cannot change the table")
	}
}

// Once a term is no longer sold it is not sold again, and three years never
// outlive one year.
func TestSaleEndsOnce(t *testing.T) {
	all := Sizes()
	first, last := day("2024-01-01").Unix(), day("2029-12-31").Unix()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(all).Draw(t, "size")
		early := rapid.Int64Range(first, last).Draw(t, "early")
		late := rapid.Int64Range(early, last).Draw(t, "late")
		a, b := day("1970-01-01").AddDate(0, 0, int(early/86400)), day("1970-01-01").AddDate(0, 0, int(late/86400))
		for _, years := range []int{1, 3} {
			if !Eligible(s, years, a).OK {
				require.False(t, Eligible(s, years, b).OK, "%s %d on %s and %s", s, years, a, b)
			}
		}
		if Eligible(s, 3, a).OK {
			require.True(t, Eligible(s, 1, a).OK, "%s on %s", s, a)
		}
		if retired, ok := s.Retirement(); ok && !a.Before(retired) {
			require.False(t, Eligible(s, 1, a).OK)
		}
	})
}

// What the house runs on today: which of all sizes can be reserved on 2026-11-24.
func TestEligibilityToday(t *testing.T) {
	reasons := map[string]int{}
	for _, s := range Sizes() {
		one, three := Eligible(s, 1, day("2026-11-24")), Eligible(s, 3, day("2026-11-24"))
		require.Equal(t, one.OK, three.OK, "%s: both terms of the old series have ended", s)
		reasons[one.Reason]++
	}
	require.Equal(t, map[string]int{"": len(Sizes()) - reasons[ReasonNoLongerSold] - reasons[ReasonPromo] - reasons[ReasonSeries] - reasons[ReasonRetired],
		ReasonNoLongerSold: reasons[ReasonNoLongerSold], ReasonPromo: 16, ReasonSeries: 14, ReasonRetired: 4}, reasons)
	require.Greater(t, reasons[ReasonNoLongerSold], 100)
	require.Greater(t, reasons[""], 1200)
}

func TestZonesAreOfRegionsThatHaveThem(t *testing.T) {
	regionsWithSizes := 0
	for _, r := range Regions() {
		n := 0
		for _, s := range Sizes() {
			offered, known := s.OfferedIn(r)
			zones := s.Zones(r)
			require.True(t, slices.IsSorted(zones))
			if !offered || !known {
				require.Nil(t, zones)
			}
			if offered {
				n++
			}
		}
		if n > 0 {
			regionsWithSizes++
			require.Greater(t, n, 100, r)
		}
	}
	require.Equal(t, 45, regionsWithSizes)
}

func TestSpellingsDoNotOverlap(t *testing.T) {
	names := map[string]Region{}
	for _, r := range Regions() {
		require.Empty(t, names[r.Name()], "%s and %s are called %q", r, names[r.Name()], r.Name())
		names[r.Name()] = r
	}
	require.Greater(t, len(regions().exact), 450)
	_, ok := RegionOf("ch-north")
	require.False(t, ok, "China and Switzerland both shorten so: nobody's")
}

// The tables load once and may be asked by many at a time.
func TestManyMayAsk(t *testing.T) {
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for _, s := range Sizes()[:200] {
				if _, ok := SizeOf(string(s)); !ok {
					t.Error(s)
				}
				s.OfferedIn("westeurope")
			}
		})
	}
	wait.Wait()
}
