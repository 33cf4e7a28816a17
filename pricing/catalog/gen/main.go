//go:build ignore

// Command gen writes the embedded tables of package catalog from the collected
// public facts in ../shared/data. Run it from the root of the repository:
//
//	go run pricing/catalog/gen/main.go ../shared/data
//
// It writes pricing/catalog/sizes.csv.gz and regions.csv.gz; the same input
// gives the same bytes. Each table opens with lines that begin with '#' and
// name source and date.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"log"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func main() {
	log.SetFlags(0)
	data := "../shared/data"
	if len(os.Args) > 1 {
		data = os.Args[1]
	}
	if err := run(data, "pricing/catalog"); err != nil {
		log.Fatal(err)
	}
}

func run(data, out string) error {
	if err := writeSizes(data, filepath.Join(out, "sizes.csv.gz")); err != nil {
		return err
	}
	return writeRegions(data, filepath.Join(out, "regions.csv.gz"))
}

// table is a CSV file with its rows by column name.
type table []map[string]string

func read(path string) (table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	c := csv.NewReader(r)
	c.Comment = '#'
	rows, err := c.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var t table
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = row[i]
		}
		t = append(t, m)
	}
	return t, nil
}

const sizesHeader = `# Virtual machine sizes: one row a size. Facts from public files, in a table of our own.
# as_of 2026-08-01 resource SKU dumps of 45 regions (DarrenJohns/djtools-azure-vm-sku-locator f31f817): family .. generations, offered
# as_of 2026-01-26 pricing calculator: temp disk, GPU, ACU, IOPS; a temp disk the calculator leaves open is 0 where the
#   name of a v5 or later size (Bsv2 and DCsv3 too) has no d, else unknown (-1)
# as_of 2026-11-29 (days of collection 28 and 29) MicrosoftDocs/azure-compute-docs, pages of the series (gen/limits.csv): disk, network and cached limits; where the
#   calculator says another limit of the disks the lower counts (B1s: 10 MB/s of the page, not 22.5); a size of constrained cores has those of its parent
# as_of 2026-11-24 (day of collection) microsoft/finops-toolkit InstanceSizeFlexibility.csv 5b32714: group and ratio x 100, virtual machine sizes only
# as_of 2026-11-24 (day of collection) MicrosoftDocs/azure-compute-docs bv1, bsv2, basv2, bpsv2: burst = baseline in 1/100 percent of the whole VM, initial, hourly and banked credits
# Rows without vcpus are names that only price lists know: their shape is unknown. offered: a digit per region of the
# regions table that has sizes, in order: - not offered, else the sum of 1, 2, 4 for zones 1, 2, 3.
`

var sizeColumns = []string{"name", "family", "vcpus", "vcpus_available", "memory_mib", "data_disks", "nics", "features",
	"arch", "generations", "temp_mib", "gpu", "acu", "disk_iops", "disk_bytes_s", "cached_iops", "cached_bytes_s", "network_mbits_s", "burst", "group", "ratio100", "offered"}

func writeSizes(data, path string) error {
	sizes, err := read(filepath.Join(data, "vm_sizes.csv"))
	if err != nil {
		return err
	}
	offered, err := offers(data)
	if err != nil {
		return err
	}
	burst, err := read(filepath.Join(data, "burstable_baseline.csv"))
	if err != nil {
		return err
	}
	credits := map[string]string{}
	for _, b := range burst {
		credits[b["arm_sku_name"]] = strings.Join([]string{scaled(b["base_cpu_pct_of_vm"], 100), b["initial_credits"],
			b["credits_per_hour"], b["max_banked_credits"]}, ":")
	}
	limits, err := limitsOf(filepath.Join("pricing", "catalog", "gen", "limits.csv"))
	if err != nil {
		return err
	}
	byName := map[string][]string{}
	for _, s := range sizes {
		name := s["arm_sku_name"]
		byName[name] = sizeRow(s, limits[parent.ReplaceAllString(name, "$1$2")], credits[name], offered[name])
	}
	priced, err := pricedNames(data)
	if err != nil {
		return err
	}
	for _, name := range priced {
		if byName[name] == nil {
			byName[name] = append([]string{name}, make([]string, len(sizeColumns)-1)...)
		}
	}
	rows := [][]string{sizeColumns}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		rows = append(rows, byName[name])
	}
	return write(path, sizesHeader, rows)
}

// parent matches a size of constrained cores: Standard_E16-4s_v5 has disks and network of Standard_E16s_v5.
var parent = regexp.MustCompile(`^(Standard_[A-Z]+[0-9]+)-[0-9]+([a-z]*_.*)$`)

// limitsOf reads the limits of sizes, with bytes for 10^6 bytes.
func limitsOf(path string) (map[string]map[string]string, error) {
	rows, err := read(path)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]string{}
	for _, r := range rows {
		out[r["size"]] = map[string]string{"disk_iops": r["disk_iops"], "disk_bytes_s": scaled(r["disk_mbytes_s"], 1_000_000),
			"cached_iops": r["cached_iops"], "cached_bytes_s": scaled(r["cached_mbytes_s"], 1_000_000), "network_mbits_s": r["network_mbits_s"]}
	}
	return out, nil
}

func sizeRow(s, limits map[string]string, burst, offered string) []string {
	if s["vcpus"] == "" {
		offered = "" // known by its group only
	}
	return []string{s["arm_sku_name"], s["family"], s["vcpus"], s["vcpus_available"], scaled(s["memory_gib"], 1024),
		s["max_data_disks"], s["max_nics"], features(s), s["cpu_arch"], s["hyperv_generations"], tempDisk(s), s["gpu"], s["acu"],
		lower(s["uncached_disk_iops"], limits["disk_iops"]), lower(s["uncached_disk_bytes_per_s"], limits["disk_bytes_s"]),
		lower(s["cached_temp_iops"], limits["cached_iops"]), limits["cached_bytes_s"], limits["network_mbits_s"], burst, s["isf_group"], scaled(s["isf_ratio"], 100), offered}
}

// lower returns the lower of two whole numbers, one where the other is blank: a limit must hold whichever source is right.
func lower(a, b string) string {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	switch {
	case errX != nil:
		return b
	case errY != nil || x <= y:
		return a
	}
	return b
}

func features(s map[string]string) string {
	out := ""
	for _, f := range [][2]string{{"premium_io", "p"}, {"accelerated_networking", "a"}, {"ephemeral_os_disk", "e"}, {"encryption_at_host", "h"}} {
		if s[f[0]] == "true" {
			out += f[1]
		}
	}
	return out
}

// noTempDisk matches names of series whose names say d where there is a temp disk.
var noTempDisk = regexp.MustCompile(`^Standard_(([DEF]|DC|EC)[0-9]+(-[0-9]+)?[a-ce-z]*(_cc)?_v[5-9]|B[0-9]+[a-ce-z]*_v2|DC[0-9]+s_v3)$`)

func tempDisk(s map[string]string) string {
	switch text := s["temp_disk_gib"]; {
	case text != "":
		return scaled(text, 1024)
	case noTempDisk.MatchString(s["arm_sku_name"]):
		return "0"
	case s["vcpus"] == "":
		return ""
	}
	return "-1"
}

// scaled multiplies decimal text and rounds to a whole number.
func scaled(text string, by int64) string {
	if text == "" {
		return ""
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		log.Fatalf("%q: not a number", text)
	}
	r.Mul(r, new(big.Rat).SetInt64(by))
	return r.FloatString(0)
}

// offers returns for each size its digit per region, regions in sorted order.
func offers(data string) (map[string]string, error) {
	rows, err := read(filepath.Join(data, "vm_size_regions.csv.gz"))
	if err != nil {
		return nil, err
	}
	regions := offeredRegions(rows)
	out := map[string]string{}
	for _, row := range rows {
		name := row["arm_sku_name"]
		digits := []byte(out[name])
		if len(digits) == 0 {
			digits = bytes.Repeat([]byte("-"), len(regions))
		}
		mask := 0
		for _, z := range strings.FieldsFunc(row["zones"], func(r rune) bool { return r == '|' }) {
			n, err := strconv.Atoi(z)
			if err != nil || n < 1 || n > 3 {
				return nil, fmt.Errorf("vm_size_regions: zone %q", z)
			}
			mask |= 1 << (n - 1)
		}
		at, _ := slices.BinarySearch(regions, row["region"])
		digits[at] = byte('0' + mask)
		out[name] = string(digits)
	}
	return out, nil
}

func offeredRegions(rows table) []string {
	seen := map[string]bool{}
	for _, row := range rows {
		seen[row["region"]] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

var sizeName = regexp.MustCompile(`^Standard_[A-Z]+[0-9][A-Za-z0-9_-]*$`)

// pricedNames returns the size names that only price lists know.
func pricedNames(data string) ([]string, error) {
	seen := map[string]bool{}
	for _, file := range []string{"payg_best.csv.gz", "retail_prices.csv.gz"} {
		rows, err := read(filepath.Join(data, file))
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			name := strings.TrimSpace(row["arm_sku_name"])
			if sizeName.MatchString(name) && !strings.Contains(strings.ToLower(name), "_type") && !strings.Contains(name, "ADHType") && !strings.HasSuffix(name, "_SPECIAL") {
				seen[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}

const regionsHeader = `# Regions and how files spell them. sizes is "yes" where the size list says what is offered.
# as_of 2026-05-20 microsoft/finops-toolkit 04d370f Regions.csv (spellings and names)
# as_of 2026-08-01 resource SKU dumps of 45 regions (djtools f31f817)
`

// notRegions are values of the source that name a geography, no place to run a VM.
var notRegions = []string{"asiapacific", "australia", "azurestack", "global", "japan", "unitedstates", "ussouthcentral"}

func writeRegions(data, path string) error {
	rows, err := read(filepath.Join(data, "finops_open_data/Regions.csv"))
	if err != nil {
		return err
	}
	offered, err := read(filepath.Join(data, "vm_size_regions.csv.gz"))
	if err != nil {
		return err
	}
	withSizes := offeredRegions(offered)
	names, spellings := map[string]string{}, map[string][]string{}
	for _, row := range rows {
		id := row["RegionId"]
		if slices.Contains(notRegions, id) {
			continue
		}
		names[id] = row["RegionName"]
		spellings[id] = append(spellings[id], strings.TrimSpace(row["OriginalValue"]))
	}
	out := [][]string{{"region", "name", "sizes", "spellings"}}
	for _, id := range slices.Sorted(maps.Keys(names)) {
		has := ""
		if slices.Contains(withSizes, id) {
			has = "yes"
		}
		slices.Sort(spellings[id])
		out = append(out, []string{id, names[id], has, strings.Join(slices.Compact(spellings[id]), "|")})
	}
	return write(path, regionsHeader, out)
}

func write(path, header string, rows [][]string) error {
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(z, header); err != nil {
		return err
	}
	w := csv.NewWriter(z)
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, buf.Bytes(), 0o644)
}
