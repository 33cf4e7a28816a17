package analyzer

import (
	"cmp"
	"errors"
	"sync"

	"sizeterm/pricing/catalog"
)

// ErrSizesOnly is the answer to charges where Options.SizesOnly is set.
var ErrSizesOnly = errors.New("analyzer: charges among the utilisation of sizes alone")

// sizes gathers samples by size and region where nothing else is asked for (Options.SizesOnly). The values of a size, day and
// length of sample wait side by side until they are worth a block of its track. The track is that of a machine without a name;
// the machines that were seen stand among the machines without samples, to be counted.
type sizes struct {
	lanes   []sizeLane           // by lane of a size
	bins    []sizeBin            // the first is nobody's
	values  [measures][][]uint16 // by bin: as long as its room
	index   map[binKey]uint32
	to      []uint32 // by row: bin and place in it
	waiting int      // values that there is memory for
}

// sizeLane is the bin that the last row of a size went to, and n of it: what most rows look at.
type sizeLane struct {
	from    int64 // when its day begins
	bin     uint32
	n, room uint16
	seconds int32
	has     uint16
}

// binKey is what the values that become one block have in common.
type binKey struct {
	lane    uint32 // of the size
	day     int32
	seconds int32
	has     uint16
}

// sizeBin is the values of a key that wait.
type sizeBin struct {
	binKey
	n, room int
}

const (
	// binShift is the bits of a place in a bin, binRows the most rows of one. A block of so many values of a size takes some two bits
	// a value, and few blocks make up a day.
	binShift = 12
	binRows  = 1 << binShift
	binFirst = 256
	// binMost is the values that bins have memory for before all are emptied: 32 MiB.
	binMost = 1 << 24
	// binsMost is the most bins, which a place has room for.
	binsMost = 1 << (32 - binShift)
)

// addSizes counts the rows of the batch by size.
func (a *Accumulator) addSizes() error {
	b, v, s := &a.batch, &a.view, &a.sizes
	start, seconds, has := b.rows.start, b.rows.seconds, b.has
	resource, vm, size, region := v.texts[0].index, v.texts[1].index, v.texts[2].index, v.texts[3].index
	s.to = resized(s.to, len(start))
	placed := 0
	for i := range start {
		if r := resource[i]; uint(r) < uint(len(v.last)) {
			last := &v.last[r]
			if last.turn == v.turn && last.vm == vm[i] && last.size == size[i] && last.region == region[i] {
				l := &s.lanes[last.lane]
				if uint64(start[i]-l.from) < daySeconds && l.seconds == seconds[i] && l.has == has[i] && l.n < l.room {
					s.to[i] = l.bin<<binShift | uint32(l.n)
					l.n++
					continue
				}
			}
		}
		s.put(b, placed, i)
		placed = i + 1
		if a.counts(i) {
			if err := a.addSizeRow(i); err != nil {
				return err
			}
		}
	}
	s.put(b, placed, len(start))
	return nil
}

// put writes the values of rows to their bins.
func (s *sizes) put(b *batch, from, to int) {
	for which := range b.values[:measures] {
		if b.some>>which&1 == 0 || from == to {
			continue
		}
		values, bins := b.values[which][from:to], s.values[which]
		for i, at := range s.to[from:to][:len(values)] {
			if bin := bins[at>>binShift]; len(bin) > 0 { // without room for the measure its rows have none
				bin[at&(binRows-1)] = values[i]
			}
		}
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
	s.leave(lane)
	at, ok := s.index[key]
	if !ok {
		if len(s.bins) == binsMost {
			if err := a.closeBins(); err != nil {
				return err
			}
		}
		at = s.newBin(key)
	}
	bin := &s.bins[at]
	if bin.n == bin.room {
		if err := a.widenBin(at); err != nil {
			return err
		}
	}
	for which := range s.values {
		if has>>which&1 != 0 {
			s.values[which][at][bin.n] = b.values[which][row]
		}
	}
	bin.n++
	s.lanes[lane] = sizeLane{from: int64(key.day) * daySeconds, bin: at, n: uint16(bin.n), room: uint16(bin.room), seconds: key.seconds, has: has}
	return nil
}

// leave says how many values the bin of a lane has by now.
func (s *sizes) leave(lane uint32) {
	if l := &s.lanes[lane]; l.room > 0 {
		s.bins[l.bin].n = int(l.n)
		l.room = 0
	}
}

// newBin makes a bin without room.
func (s *sizes) newBin(key binKey) uint32 {
	if s.index == nil {
		s.index, s.bins = map[binKey]uint32{}, make([]sizeBin, 1)
		for which := range s.values {
			s.values[which] = make([][]uint16, 1)
		}
	}
	at := uint32(len(s.bins))
	s.index[key], s.bins = at, append(s.bins, sizeBin{binKey: key})
	for which := range s.values {
		s.values[which] = append(s.values[which], nil)
	}
	return at
}

// widenBin makes room in a bin that is full.
func (a *Accumulator) widenBin(at uint32) error {
	s := &a.sizes
	bin := &s.bins[at]
	if bin.room == binRows {
		return a.closeBin(at)
	}
	if s.waiting > binMost {
		if err := a.emptyBins(); err != nil {
			return err
		}
	}
	room := min(binRows, max(binFirst, 2*bin.room))
	for which := range s.values {
		if bin.has>>which&1 != 0 {
			s.waiting += room - bin.room
			s.values[which][at] = append(make([]uint16, 0, room), s.values[which][at]...)[:room]
		}
	}
	bin.room = room
	return nil
}

// closeBin moves the values of a bin into the track of its size.
func (a *Accumulator) closeBin(at uint32) error {
	bin := &a.sizes.bins[at]
	if bin.n == 0 {
		return nil
	}
	m := a.stage.machines[bin.lane]
	if len(m.segments) > maxSegments {
		return errSegments
	}
	run := stretch{day: bin.day, seconds: bin.seconds, n: bin.n}
	for which := range run.values[:measures] {
		if bin.has>>which&1 != 0 {
			run.values[which] = a.sizes.values[which][at][:bin.n]
		}
	}
	m.addValues(&run)
	bin.n = 0
	return nil
}

// emptyBins closes all bins and takes their room.
func (a *Accumulator) emptyBins() error {
	s := &a.sizes
	for lane := range s.lanes {
		s.leave(uint32(lane))
	}
	for at := range s.bins {
		if err := a.closeBin(uint32(at)); err != nil {
			return err
		}
		s.bins[at].room = 0
	}
	for which := range s.values {
		clear(s.values[which])
	}
	s.waiting = 0
	return nil
}

// closeBins closes all bins and forgets them.
func (a *Accumulator) closeBins() error {
	err := a.emptyBins()
	a.sizes = sizes{lanes: a.sizes.lanes, to: a.sizes.to}
	return err
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
			r.gatherAll(e, f, e.machines, r.accept(e, e.machines))
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
