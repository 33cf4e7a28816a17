package analyzer

import (
	"cmp"
	"errors"
	"math/bits"
	"sync"

	"sizeterm/analyzer/quantile"
	"sizeterm/pricing/catalog"
)

// ErrSizesOnly is the answer to charges where Options.SizesOnly is set.
var ErrSizesOnly = errors.New("analyzer: charges among the utilisation of sizes alone")

// sizes gathers samples by size and region where nothing else is asked for (Options.SizesOnly). The values of a size, day and
// length of sample wait in chunks until there are binMost of all sizes; then each lot becomes a block of the track of its size. What
// waits when all is read stays where it is, two bytes a value, and is lent to the track: packing it for one analysis would take longer
// than that. The track is that of a machine without a name; the machines that were seen stand among the machines without samples, to be counted.
type sizes struct {
	lanes  []sizeLane // by lane of a size
	binOf  []uint32   // by lane: the bin that it is at
	kinds  []kind     // the first is nobody's
	kindOf map[kind]uint32
	bins   []sizeBin // the first is nobody's
	index  map[binKey]uint32
	pages  [measures][]*quantile.Page // values, by chunk
	next   []uint32                   // by chunk: the one that follows it in its bin; the first is of rows without a place
	to     []uint32                   // by row: the place of its values
	placed int                        // rows whose values are there
	raw    int                        // values that tracks hold as they came
}

// sizeLane is where the next row of a size goes if it is of a class: what most rows look at.
type sizeLane struct {
	at uint32 // place of its values; none where it would be the first of a chunk
	class
}

// class is a kind and a day, what the rows of a size have in common that become one block; 0 is nobody's.
type class uint32

// kind is a length of samples and a set of measures.
type kind struct {
	seconds int32
	has     uint16
}

const dayBits = 17 // of a class; lastDay needs them

func (c class) day() int32 { return int32(c & (1<<dayBits - 1)) }

// binKey is what the values that become one block have in common.
type binKey struct {
	lane uint32 // of the size
	class
}

// sizeBin is the values of a key that wait: those of full chunks, and used ones in the last.
type sizeBin struct {
	binKey
	first, last, used uint32
	full              uint32 // chunks before the last
}

const (
	binChunk     = 256 // values, which stand side by side: several machines of a size share a chunk
	binPageShift = 15  // bits of a place in a page
	// binLot is the number of values from which on they are packed together.
	binLot = 1 << 14
)

// binMost is how many values wait before all are packed, and how many the tracks hold as they came: 64 MiB each. Tests lower it.
var binMost = 1 << 25

// addSizes counts the rows of the batch by size.
func (a *Accumulator) addSizes() error {
	b, s := &a.batch, &a.sizes
	n := len(b.rows.start)
	s.to, s.placed = resized(s.to, n), 0
	for row := 0; row < n; {
		of, end := a.classOf(row), row+b.alike(row)
		for row < end {
			if row += s.follow(&a.view, row, end, of); row == end {
				break
			}
			s.to[row] = 0
			if a.counts(row) {
				if err := a.addSizeRow(row, of); err != nil {
					return err
				}
			}
			row++
		}
	}
	s.put(b, n)
	return nil
}

// alike returns how many rows from one on are of its day, length and measures.
func (b *batch) alike(row int) int {
	start := b.rows.start[row:]
	seconds, has := b.rows.seconds[row:][:len(start)], b.has[row:][:len(start)]
	from, length, set := start[0]-start[0]%daySeconds, seconds[0], has[0]
	for i, begins := range start {
		if uint64(begins-from) >= daySeconds || seconds[i] != length || has[i] != set {
			return i
		}
	}
	return len(start)
}

// follow gives rows of a class, from one on, the places that follow those of their sizes, and returns how many there were before the
// first that has none.
func (s *sizes) follow(v *sampleView, row, end int, of class) int {
	to := s.to[row:end]
	resource, vm := v.texts[0].index[row:end][:len(to)], v.texts[1].index[row:end][:len(to)]
	size, region := v.texts[2].index[row:end][:len(to)], v.texts[3].index[row:end][:len(to)]
	known, lanes, turn := v.last, s.lanes, v.turn
	for i := range to {
		r := resource[i]
		if uint(r) >= uint(len(known)) {
			return i
		}
		last := &known[r]
		if last.turn != turn || last.vm != vm[i] || last.size != size[i] || last.region != region[i] {
			return i
		}
		l := &lanes[last.lane]
		if l.class != of || l.at%binChunk == 0 {
			return i
		}
		to[i] = l.at
		l.at++
	}
	return len(to)
}

// put writes the values of the rows before end to their places.
func (s *sizes) put(b *batch, end int) {
	to := s.to[s.placed:end]
	for which := range s.pages {
		if b.some>>which&1 == 0 || len(to) == 0 {
			continue
		}
		s.grow(which)
		pages := s.pages[which]
		for i, v := range b.values[which][s.placed:end][:len(to)] {
			pages[to[i]>>binPageShift][to[i]&(1<<binPageShift-1)] = v
		}
	}
	s.placed = end
}

// grow makes room for a measure in all chunks.
func (s *sizes) grow(which int) {
	for len(s.pages[which])<<binPageShift < max(1, len(s.next))*binChunk {
		s.pages[which] = append(s.pages[which], new(quantile.Page))
	}
}

// sizeLane returns the lane of the size of a row, after noting the machine that it is of.
func (a *Accumulator) sizeLane(row int) uint32 {
	v, s := &a.view, &a.sizes
	resource, vm, size, region := v.texts[0].index[row], v.texts[1].index[row], v.texts[2].index[row], v.texts[3].index[row]
	if resource >= 0 {
		if last := &v.last[resource]; last.turn == v.turn && last.vm == vm && last.size == size && last.region == region {
			return last.lane
		}
	}
	key := a.sampleKeyAt(row)
	a.machine(key)
	lane := a.stage.laneOf(a.machine(sampleKey{size: key.size, region: key.region}))
	if n := int(lane) + 1 - len(s.lanes); n > 0 {
		s.lanes, s.binOf = append(s.lanes, make([]sizeLane, n)...), append(s.binOf, make([]uint32, n)...)
	}
	if resource >= 0 {
		v.last[resource] = lastLane{turn: v.turn, vm: vm, size: size, region: region, lane: lane}
	}
	return lane
}

// classOf returns the class of a row; 0 where its values do not go into bins.
func (a *Accumulator) classOf(row int) class {
	s, day := &a.sizes, a.batch.rows.start[row]/daySeconds
	k := kind{a.batch.rows.seconds[row], a.batch.has[row]}
	if k.has&strange != 0 || k.has&measured == 0 || k.seconds <= 0 || day < 0 || day > lastDay {
		return 0
	}
	at := s.kindOf[k]
	if at == 0 {
		if at = uint32(max(1, len(s.kinds))); at>>(32-dayBits) != 0 {
			return 0 // so many lengths are no lengths
		}
		if s.kindOf == nil {
			s.kindOf, s.kinds = map[kind]uint32{}, make([]kind, 1)
		}
		s.kinds, s.kindOf[k] = append(s.kinds, k), at
	}
	return class(at<<dayBits | uint32(day))
}

// addSizeRow counts a row of a class that does not go where the one before of its size went.
func (a *Accumulator) addSizeRow(row int, of class) error {
	b, s := &a.batch, &a.sizes
	if b.has[row]&(measured|strange) == 0 {
		return nil
	}
	lane := a.sizeLane(row)
	if of == 0 {
		return a.addSample(a.stage.machines[lane], &b.rows, row)
	}
	if len(s.next)*binChunk*bits.OnesCount16(b.some) >= binMost {
		s.put(b, row)
		if err := a.closeBins(true); err != nil {
			return err
		}
	}
	s.leave(lane)
	bin := &s.bins[s.bin(binKey{lane, of})]
	if bin.used == binChunk {
		chunk := s.newChunk()
		s.next[bin.last], bin.last, bin.used = chunk, chunk, 0
		bin.full++
	}
	s.to[row] = bin.last*binChunk + bin.used
	s.lanes[lane] = sizeLane{at: s.to[row] + 1, class: of}
	return nil
}

// leave says how many values the last chunk of the bin of a lane has by now.
func (s *sizes) leave(lane uint32) {
	if l := &s.lanes[lane]; l.at != 0 {
		bin := &s.bins[s.binOf[lane]]
		bin.used = l.at - bin.last*binChunk
		l.at = 0
	}
}

// bin returns the bin of a key, making it where there is none, and lets its lane be at it.
func (s *sizes) bin(key binKey) uint32 {
	if s.index == nil {
		s.index, s.bins, s.next = map[binKey]uint32{}, make([]sizeBin, 1), make([]uint32, 1)
	}
	at := s.binOf[key.lane]
	if s.bins[at].binKey == key {
		return at
	}
	at = s.index[key]
	if at == 0 {
		at = uint32(len(s.bins))
		chunk := s.newChunk()
		s.index[key], s.bins = at, append(s.bins, sizeBin{binKey: key, first: chunk, last: chunk})
	}
	s.binOf[key.lane] = at
	return at
}

func (s *sizes) newChunk() uint32 {
	s.next = append(s.next, 0)
	return uint32(len(s.next) - 1)
}

// sizeProfiles writes the figures of every size, and those of families, where nothing else was gathered.
func (r *run) sizeProfiles(entries []*entry) {
	vms := map[Key]int{}
	for key := range r.a.machines {
		if key.resource != 0 || key.vm != 0 {
			vms[Key{Region: catalog.Region(r.a.text(key.region)), Size: catalog.Size(r.a.text(key.size))}]++
		}
	}
	families := map[string]*fleet{}
	var mutex sync.Mutex
	each(jobsOf(entries), func(j *job, w *worker) {
		for _, e := range j.entries {
			f := &w.one
			f.reset()
			r.gatherAll(e, f, e.machines, r.accept(e, e.machines), nil)
			p := Profile{Key: Key{Region: e.vm.Region, Size: e.vm.Size}, Untimed: true}
			p.VMs = vms[p.Key]
			p.CPUAvg, p.CPUMax, p.Memory = distributionOf(&f.sums[kindAvg]), distributionOf(&f.sums[kindMax]), distributionOf(&f.sums[kindMemory])
			p.Warnings = profileWarnings(&p)
			f.vms = p.VMs
			mutex.Lock()
			r.out.Profiles = append(r.out.Profiles, p)
			pooledIn(families, cmp.Or(p.Size.Family(), string(p.Size))).merge(f)
			mutex.Unlock()
		}
	})
	for family, f := range families {
		r.out.Groupings = append(r.out.Groupings, f.grouping("", "family", family))
	}
	r.sortProfiles()
}
