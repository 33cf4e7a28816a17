package catalog

import (
	"slices"
	"strings"
	"sync"
)

// Region is the canonical name of a place to run a machine, "westeurope".
type Region string

type regionTable struct {
	names     map[Region]string
	exact     map[string]Region // spellings in lower case
	byKey     map[string]Region // spellings, letters and digits; "" where two regions share one
	all       []Region
	withSizes map[Region]int
}

var regions = sync.OnceValue(loadRegions)

// RegionOf returns the region that text names in any known spelling ("West
// Europe", "EU West", "westeurope"). Geographies such as "Global" and spellings
// the tables do not hold are false.
func RegionOf(text string) (Region, bool) {
	t := regions()
	if _, ok := t.names[Region(text)]; ok {
		return Region(text), true
	}
	if r, ok := t.exact[strings.ToLower(strings.TrimSpace(text))]; ok {
		return r, true
	}
	r := t.byKey[letters(text)]
	return r, r != ""
}

// Regions returns every region, sorted.
func Regions() []Region { return slices.Clone(regions().all) }

// Name returns how people write r ("West Europe"), r itself when unknown.
func (r Region) Name() string {
	if name := regions().names[r]; name != "" {
		return name
	}
	return string(r)
}

// column returns the place of r among the regions whose sizes are listed, or -1.
func (t *regionTable) column(r Region) int {
	if at, ok := t.withSizes[r]; ok {
		return at
	}
	return -1
}

func loadRegions() *regionTable {
	t := &regionTable{names: map[Region]string{}, exact: map[string]Region{}, byKey: map[string]Region{}, withSizes: map[Region]int{}}
	table := rows("regions.csv.gz")
	for _, row := range table[1:] {
		r := Region(row[0])
		t.names[r] = row[1]
		t.all = append(t.all, r)
		if row[2] == "yes" {
			t.withSizes[r] = len(t.withSizes)
		}
		for _, spelling := range strings.Split(row[3], "|") {
			t.exact[strings.ToLower(spelling)] = r
		}
	}
	for spelling, r := range t.exact {
		t.claim(letters(spelling), r)
	}
	for _, r := range t.all { // names count only where no spelling has taken the key
		for _, text := range []string{string(r), t.names[r]} {
			if _, taken := t.byKey[letters(text)]; !taken {
				t.byKey[letters(text)] = r
			}
		}
	}
	return t
}

// claim gives key to r, or to nobody when another region has it.
func (t *regionTable) claim(key string, r Region) {
	if other, taken := t.byKey[key]; taken && other != r {
		r = ""
	}
	t.byKey[key] = r
}
