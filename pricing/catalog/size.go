package catalog

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// Size is the canonical ARM name of a virtual machine size, "Standard_D4s_v5".
type Size string

// Shape is what a size is made of. Counts and capacities are of the whole
// machine. A field that is -1, an Arch that is "" and Features that is false
// are not known from the sources.
type Shape struct {
	VCPUs          int // of the parent size where cores are constrained
	VCPUsAvailable int // that the guest sees and licences count
	MemoryMiB      int64
	MaxDataDisks   int
	MaxNICs        int

	PremiumIO, AcceleratedNet       bool
	EphemeralOSDisk, EncryptionHost bool

	Arch        string   // "x64" or "Arm64"
	Generations []string // of the hypervisor, "V1", "V2"
	TempDiskMiB int64    // 0: has none; -1: not known
	GPU         string   // "1X A10"; "" none or not known
	ACU         int      // compute units per core, -1 not known

	DiskIOPS, DiskBytesPerSecond     int64 // limits of uncached premium disks together, without bursting; -1 not known
	CachedIOPS, CachedBytesPerSecond int64 // limits of cached disks, -1 not known
	NetworkMbps                      int64 // limit of what goes out over all interfaces, 10^6 bits a second; -1 not known

	Burstable bool
	Burst     Burst // of burstable sizes
}

// Burst is what a burstable size may use for long, and its credits.
type Burst struct {
	BaselineBasisPoints                        int // of the whole machine: 2250 is 22.5 %
	InitialCredits, CreditsPerHour, MaxCredits int
}

// Group is an instance-size-flexibility group and the weight of one size in it.
type Group struct {
	Name  string
	Ratio int64 // the source's ratio x 100; compared only within one group
}

type size struct {
	shape   *Shape // nil: a name that only price lists know
	family  string
	group   Group
	offered string // a digit per region that has sizes
}

type sizeTable struct {
	byName  map[Size]*size
	byKey   map[string]Size
	all     []Size
	members map[string][]Size
}

var sizes = sync.OnceValue(loadSizes)

// SizeOf returns the size that text names in any spelling: case, blanks,
// underscores and the prefix Standard make no difference ("D4s v5",
// "standard_d4s_v5"). A name the tables do not hold is false: meter names of
// two sizes, dedicated hosts and pseudo-sizes are.
func SizeOf(text string) (Size, bool) {
	t := sizes()
	if _, ok := t.byName[Size(text)]; ok {
		return Size(text), true
	}
	s, ok := t.byKey[sizeKey(text)]
	return s, ok
}

// Sizes returns every size with a known shape, by name.
func Sizes() []Size { return slices.Clone(sizes().all) }

// Shape returns what s is made of, false where the sources do not say.
func (s Size) Shape() (Shape, bool) {
	if e := sizes().byName[s]; e != nil && e.shape != nil {
		shape := *e.shape
		shape.Generations = slices.Clone(shape.Generations)
		return shape, true
	}
	return Shape{}, false
}

// Family returns the quota family of s ("standardDSv3Family"), "" when unknown.
func (s Size) Family() string {
	if e := sizes().byName[s]; e != nil {
		return e.family
	}
	return ""
}

// Group returns the flexibility group of s. False means that a reservation of s
// fits s only: there is no group, or none is known.
func (s Size) Group() (Group, bool) {
	if e := sizes().byName[s]; e != nil && e.group.Name != "" {
		return e.group, true
	}
	return Group{}, false
}

// GroupSizes returns the real sizes of a group by ratio, then name; nil for an
// unknown group.
func GroupSizes(name string) []Size { return slices.Clone(sizes().members[name]) }

// Groups returns the names of all flexibility groups of virtual machines, sorted.
func Groups() []string {
	out := make([]string, 0, len(sizes().members))
	for name := range sizes().members {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// OfferedIn reports whether s can be had in r; known is false where the sources
// say nothing about the size or the region.
func (s Size) OfferedIn(r Region) (offered, known bool) {
	zones, known := s.zones(r)
	return known && zones != '-', known
}

// Zones returns the availability zones ("1", "2", "3") in which s is offered in
// r; nil where it is offered without zones, not offered, or not known.
func (s Size) Zones(r Region) []string {
	mask, known := s.zones(r)
	if !known || mask == '-' {
		return nil
	}
	var out []string
	for i, zone := range []string{"1", "2", "3"} {
		if (mask-'0')&(1<<i) != 0 {
			out = append(out, zone)
		}
	}
	return out
}

func (s Size) zones(r Region) (mask byte, known bool) {
	e, at := sizes().byName[s], regions().column(r)
	if e == nil || e.offered == "" || at < 0 {
		return 0, false
	}
	return e.offered[at], true
}

func sizeKey(text string) string { return strings.TrimPrefix(letters(text), "standard") }

func loadSizes() *sizeTable {
	t := &sizeTable{byName: map[Size]*size{}, byKey: map[string]Size{}, members: map[string][]Size{}}
	table := rows("sizes.csv.gz")
	column := map[string]int{}
	for i, name := range table[0] {
		column[name] = i
	}
	for _, row := range table[1:] {
		cell := func(name string) string { return row[column[name]] }
		name, e := Size(cell("name")), &size{family: cell("family"), offered: cell("offered")}
		if cell("vcpus") != "" {
			e.shape = shapeOf(cell)
			t.all = append(t.all, name)
		}
		if g := cell("group"); g != "" {
			e.group = Group{Name: g, Ratio: number(cell("ratio100"), 0)}
			t.members[g] = append(t.members[g], name)
		}
		t.byName[name] = e
		t.byKey[sizeKey(string(name))] = name
	}
	for _, members := range t.members {
		slices.SortFunc(members, func(a, b Size) int {
			return cmp.Or(cmp.Compare(t.byName[a].group.Ratio, t.byName[b].group.Ratio), cmp.Compare(a, b))
		})
	}
	return t
}

func shapeOf(cell func(string) string) *Shape {
	has := func(letter string) bool { return strings.Contains(cell("features"), letter) }
	count := func(name string) int { return int(number(cell(name), -1)) }
	shape := &Shape{
		VCPUs: count("vcpus"), VCPUsAvailable: count("vcpus_available"),
		MemoryMiB: number(cell("memory_mib"), -1), MaxDataDisks: count("data_disks"), MaxNICs: count("nics"),
		PremiumIO: has("p"), AcceleratedNet: has("a"), EphemeralOSDisk: has("e"), EncryptionHost: has("h"),
		Arch: cell("arch"), TempDiskMiB: number(cell("temp_mib"), -1), GPU: cell("gpu"), ACU: count("acu"),
		DiskIOPS: number(cell("disk_iops"), -1), DiskBytesPerSecond: number(cell("disk_bytes_s"), -1),
		CachedIOPS: number(cell("cached_iops"), -1), CachedBytesPerSecond: number(cell("cached_bytes_s"), -1),
		NetworkMbps: number(cell("network_mbits_s"), -1),
	}
	if g := cell("generations"); g != "" {
		shape.Generations = strings.Split(g, "|")
	}
	if parts := strings.Split(cell("burst"), ":"); len(parts) == 4 {
		shape.Burstable = true
		shape.Burst = Burst{BaselineBasisPoints: int(number(parts[0], 0)), InitialCredits: int(number(parts[1], 0)),
			CreditsPerHour: int(number(parts[2], 0)), MaxCredits: int(number(parts[3], 0))}
	}
	return shape
}
