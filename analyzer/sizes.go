package analyzer

import (
	"cmp"
	"errors"
	"math/bits"
	"sync"

	"sizeterm/pricing/catalog"
)

// ErrSizesOnly is the answer to charges where Options.SizesOnly is set.
var ErrSizesOnly = errors.New("analyzer: charges among the utilisation of sizes alone")

// sizes gathers samples by size and region where nothing else is asked for (Options.SizesOnly). The values of a size, day and
// length of sample wait in chunks until there are binMost of all sizes; then each lot becomes a block of the track of its size. What
// waits when all is read stays as it is, two bytes a value: packing it for one analysis would take longer than that. The track is
// that of a machine without a name; the machines that were seen stand among the machines without samples, to be counted.
type sizes struct {
	lanes  []sizeLane // by lane of a size
	bins   []sizeBin  // the first is nobody's
	index  map[binKey]uint32
	pages  [measures][]*binPage // values, by chunk
	next   []uint32             // by chunk: the one that follows it in its bin; the first is of rows without a place
	to     []uint32             // by row: the place of its values
	placed int                  // rows whose values are there
	raw    int                  // values that tracks hold as they came
}

// sizeLane is where the next row of a size goes, if it is of the day that begins at from: what most rows look at.
type sizeLane struct {
	from    int64
	at      uint32 // place of its values
	bin     uint32
	seconds int32
	has     uint16
	room    uint16 // rows that the chunk has places for
}

// binKey is what the values that become one block have in common.
type binKey struct {
	lane    uint32 // of the size
	day     int32
	seconds int32
	has     uint16
}

// sizeBin is the values of a key that wait: those of full chunks, and used ones in the last.
type sizeBin struct {
	binKey
	first, last, used uint32
	full              uint32 // chunks before the last
}

type binPage [1 << binPageShift]uint16

const (
	binChunk     = 128 // values: 288 of a machine and day take three chunks
	binPageShift = 15  // bits of a place in a page
	// binLot is the most values that are packed together.
	binLot = 1 << 14
)

// binMost is how many values wait before all are packed, and how many the tracks hold as they came: 64 MiB each. Tests lower it.
var binMost = 1 << 25

// addSizes counts the rows of the batch by size.
func (a *Accumulator) addSizes() error {
	b, v, s := &a.batch, &a.view, &a.sizes
	start := b.rows.start
	s.to, s.placed = resized(s.to, len(start)), 0
	seconds, has, to := b.rows.seconds[:len(start)], b.has[:len(start)], s.to[:len(start)]
	resource, vm, size, region := v.texts[0].index[:len(start)], v.texts[1].index[:len(start)], v.texts[2].index[:len(start)], v.texts[3].index[:len(start)]
	known, lanes, turn := v.last, s.lanes, v.turn
	for i, begins := range start {
		if r := resource[i]; uint(r) < uint(len(known)) {
			last := &known[r]
			if last.turn == turn && last.vm == vm[i] && last.size == size[i] && last.region == region[i] {
				l := &lanes[last.lane]
				if uint64(begins-l.from) < daySeconds && l.seconds == seconds[i] && l.has == has[i] && l.room > 0 {
					to[i] = l.at
					l.at++
					l.room--
					continue
				}
			}
		}
		to[i] = 0
		if a.counts(i) {
			if err := a.addSizeRow(i); err != nil {
				return err
			}
			lanes = s.lanes
		}
	}
	s.put(b, len(start))
	return nil
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
		s.pages[which] = append(s.pages[which], new(binPage))
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
	for int(lane) >= len(s.lanes) {
		s.lanes = append(s.lanes, sizeLane{})
	}
	if resource >= 0 {
		v.last[resource] = lastLane{turn: v.turn, vm: vm, size: size, region: region, lane: lane}
	}
	return lane
}

// addSizeRow counts a row that does not go where the one before of its size went.
func (a *Accumulator) addSizeRow(row int) error {
	b, s := &a.batch, &a.sizes
	has := b.has[row]
	if has&(measured|strange) == 0 {
		return nil
	}
	lane := a.sizeLane(row)
	if has&strange != 0 {
		return a.addSample(a.stage.machines[lane], &b.rows, row)
	}
	key := binKey{lane: lane, day: int32(b.rows.start[row] / daySeconds), seconds: b.rows.seconds[row], has: has}
	if len(s.next)*binChunk*bits.OnesCount16(b.some) >= binMost {
		s.put(b, row)
		if err := a.closeBins(true); err != nil {
			return err
		}
	}
	s.leave(lane)
	at := s.lanes[lane].bin
	if at == 0 || s.bins[at].binKey != key {
		at = s.binOf(key)
	}
	bin := &s.bins[at]
	if bin.used == binChunk {
		chunk := s.newChunk()
		s.next[bin.last], bin.last, bin.used = chunk, chunk, 0
		bin.full++
	}
	s.to[row] = bin.last*binChunk + bin.used
	bin.used++
	s.lanes[lane] = sizeLane{from: int64(key.day) * daySeconds, at: s.to[row] + 1, bin: at, seconds: key.seconds, has: has, room: uint16(binChunk - bin.used)}
	return nil
}

// leave says how many values the last chunk of the bin of a lane has by now.
func (s *sizes) leave(lane uint32) {
	if l := &s.lanes[lane]; l.bin > 0 {
		s.bins[l.bin].used = binChunk - uint32(l.room)
		l.room = 0
	}
}

// binOf returns the bin of a key, making it where there is none.
func (s *sizes) binOf(key binKey) uint32 {
	if s.index == nil {
		s.index, s.bins, s.next = map[binKey]uint32{}, make([]sizeBin, 1), make([]uint32, 1)
	}
	at, ok := s.index[key]
	if !ok {
		at = uint32(len(s.bins))
		chunk := s.newChunk()
		s.index[key], s.bins = at, append(s.bins, sizeBin{binKey: key, first: chunk, last: chunk})
	}
	return at
}

func (s *sizes) newChunk() uint32 {
	s.next = append(s.next, 0)
	return uint32(len(s.next) - 1)
}

// closeBins moves all values into the tracks of their sizes, packed or as they are, and forgets the bins.
func (a *Accumulator) closeBins(packed bool) error {
	s := &a.sizes
	for lane := range s.lanes {
		s.leave(uint32(lane))
	}
	if !packed {
		a.reserve()
	}
	var lot [measures][]uint16
	for at := range s.bins[min(1, len(s.bins)):] {
		bin := &s.bins[at+1]
		for chunk := bin.first; chunk != 0; chunk = s.next[chunk] {
			used := uint32(binChunk)
			if chunk == bin.last {
				used = bin.used
			}
			for which := range lot {
				if bin.has>>which&1 != 0 {
					place := chunk * binChunk
					lot[which] = append(lot[which], s.pages[which][place>>binPageShift][place&(1<<binPageShift-1):][:used]...)
				}
			}
			if chunk == bin.last || len(lot[bits.TrailingZeros16(bin.has)]) >= binLot {
				if err := a.closeLot(bin, &lot, packed); err != nil {
					return err
				}
			}
		}
	}
	clear(s.lanes)
	a.sizes = sizes{lanes: s.lanes, to: s.to, placed: s.placed, raw: s.raw}
	return nil
}

// reserve makes room in the tracks of the sizes for the values of all bins.
func (a *Accumulator) reserve() {
	s := &a.sizes
	counts := make([][measures]int, len(s.lanes))
	for i := range s.bins {
		bin := &s.bins[i]
		for which := range measures {
			if bin.has>>which&1 != 0 {
				counts[bin.lane][which] += int(bin.full*binChunk + bin.used)
			}
		}
	}
	for lane := range counts {
		for which, n := range counts[lane] {
			if n > 0 {
				a.stage.machines[lane].track(measure(which)).Reserve(n)
			}
		}
	}
}

// closeLot moves values of a bin into the tracks of its size, and empties them.
func (a *Accumulator) closeLot(bin *sizeBin, lot *[measures][]uint16, packed bool) error {
	m := a.stage.machines[bin.lane]
	if len(m.segments) > maxSegments {
		return errSegments
	}
	m.eachPart(bin.day, bin.seconds, func(segment uint16) {
		for which, values := range lot {
			switch {
			case len(values) == 0:
			case packed:
				m.track(measure(which)).Put(segment, values)
			default:
				m.track(measure(which)).Add(segment, values...)
				a.sizes.raw += len(values)
			}
		}
	})
	for which := range lot {
		lot[which] = lot[which][:0]
	}
	return nil
}

// packRaw packs what tracks hold as it came once it is too much.
func (a *Accumulator) packRaw() {
	if a.sizes.raw <= binMost {
		return
	}
	for _, m := range a.machines {
		m.trim(nil, nil)
	}
	a.sizes.raw = 0
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
