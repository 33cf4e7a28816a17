package catalog

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// raw reads a collected file, the oracle of the embedded tables; nil without it.
func raw(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../shared/data", name))
	if err != nil {
		t.Logf("without the collected files only the tables themselves are tested: %v", err)
		return nil
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		r, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	rows, err := csv.NewReader(r).ReadAll()
	require.NoError(t, err)
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = row[i]
		}
		out = append(out, m)
	}
	return out
}

func TestShapesEqualTheCollectedFile(t *testing.T) {
	for _, row := range raw(t, "vm_sizes.csv") {
		name := Size(row["arm_sku_name"])
		shape, ok := name.Shape()
		require.Equal(t, row["vcpus"] != "", ok, name)
		require.Equal(t, row["family"], name.Family())
		if !ok {
			continue
		}
		require.Equal(t, row["vcpus"], strconv.Itoa(shape.VCPUs), name)
		require.Equal(t, row["vcpus_available"], strconv.Itoa(shape.VCPUsAvailable), name)
		gib, _ := new(big.Rat).SetString(row["memory_gib"])
		require.Equal(t, gib.Mul(gib, big.NewRat(1024, 1)).RatString(), strconv.FormatInt(shape.MemoryMiB, 10), name)
		require.Equal(t, row["max_data_disks"], strconv.Itoa(shape.MaxDataDisks), name)
		require.Equal(t, row["max_nics"], strconv.Itoa(shape.MaxNICs), name)
		require.Equal(t, row["premium_io"] == "true", shape.PremiumIO, name)
		require.Equal(t, row["accelerated_networking"] == "true", shape.AcceleratedNet, name)
		require.Equal(t, row["cpu_arch"], shape.Arch, name)
		require.Equal(t, row["hyperv_generations"], strings.Join(shape.Generations, "|"), name)
		require.Equal(t, row["is_burstable"] == "true", shape.Burstable, name)
		require.Equal(t, row["gpu"], shape.GPU, name)
		if shape.Burstable {
			pct, err := strconv.ParseFloat(row["burst_base_cpu_pct"], 64)
			require.NoError(t, err)
			require.InDelta(t, pct*100, shape.Burst.BaselineBasisPoints, 0.001, name)
		}
	}
}

func TestGroupsEqualTheCollectedFile(t *testing.T) {
	for _, row := range raw(t, "isf_ratio.csv") {
		name := row["ArmSkuName"]
		s, ok := SizeOf(name)
		if !strings.HasPrefix(name, "Standard_") {
			require.False(t, ok, "%s is no machine size", name)
			continue
		}
		g, grouped := s.Group()
		require.True(t, ok && grouped, name)
		require.Equal(t, row["InstanceSizeFlexibilityGroup"], g.Name)
		ratio, _ := new(big.Rat).SetString(row["Ratio"])
		require.Equal(t, ratio.Mul(ratio, big.NewRat(100, 1)).RatString(), strconv.FormatInt(g.Ratio, 10), name)
	}
}

func TestOffersEqualTheCollectedFile(t *testing.T) {
	rows := raw(t, "vm_size_regions.csv.gz")
	for _, row := range rows {
		s, r := Size(row["arm_sku_name"]), Region(row["region"])
		offered, known := s.OfferedIn(r)
		require.True(t, offered && known, "%s %s", s, r)
		if row["zones"] == "" {
			require.Nil(t, s.Zones(r))
		} else if got := strings.Join(s.Zones(r), "|"); got != row["zones"] {
			t.Fatalf("%s %s: zones %q, want %q", s, r, got, row["zones"])
		}
	}
	offered := 0
	for _, s := range Sizes() {
		for _, r := range Regions() {
			if is, _ := s.OfferedIn(r); is {
				offered++
			}
		}
	}
	if rows != nil {
		require.Equal(t, len(rows), offered)
	}
}

func TestRegionSpellingsEqualTheCollectedFile(t *testing.T) {
	geographies := []string{"asiapacific", "australia", "azurestack", "global", "japan", "unitedstates", "ussouthcentral"}
	for _, row := range raw(t, "finops_open_data/Regions.csv") {
		got, ok := RegionOf(row["OriginalValue"])
		if slices.Contains(geographies, row["RegionId"]) {
			require.False(t, ok, row["OriginalValue"])
			continue
		}
		require.True(t, ok, row["OriginalValue"])
		require.Equal(t, row["RegionId"], string(got), row["OriginalValue"])
	}
}

// The series read off the names agree with the quota families.
func TestRulesHitWholeFamilies(t *testing.T) {
	want := map[string]string{
		"d": "standardDFamily", "ds": "standardDSFamily", "d_v2": "standardDv2Family standardDv2PromoFamily",
		"ds_v2": "standardDSv2Family standardDSv2PromoFamily", "ls": "standardLSFamily", "f": "standardFFamily", "fs": "standardFSFamily",
		"fs_v2": "standardFSv2Family", "ls_v2": "standardLSv2Family", "g": "standardGFamily", "gs": "standardGSFamily",
		"a_v2": "standardAv2Family", "am_v2": "standardAv2Family", "bs": "standardBSFamily", "bls": "standardBSFamily", "bms": "standardBSFamily",
		"d_v3": "standardDv3Family", "ds_v3": "standardDSv3Family", "e_v3": "standardEv3Family", "es_v3": "standardESv3Family",
		"dc_v2": "standardDCSv2Family", "dcs_v2": "standardDCSv2Family",
	}
	families := map[string]bool{}
	for _, list := range want {
		for _, f := range strings.Fields(list) {
			families[f] = true
		}
	}
	for _, s := range Sizes() {
		_, ruled := ruleOf(seriesOf(s))
		require.Equal(t, families[s.Family()], ruled, "%s of %s", s, s.Family())
		if ruled {
			require.Contains(t, want[seriesOf(s)], s.Family(), s)
		}
	}
}

func TestEmbeddedTablesNameSourceAndDate(t *testing.T) {
	for _, name := range []string{"sizes.csv.gz", "regions.csv.gz"} {
		f, err := tables.Open(name)
		require.NoError(t, err)
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		head := make([]byte, 400)
		_, err = io.ReadFull(z, head)
		require.NoError(t, err)
		require.Contains(t, string(head), "# as_of 20")
	}
}
