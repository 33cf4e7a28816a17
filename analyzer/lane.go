package analyzer

// lane is where the samples of a machine wait while they follow each other: same length, same measures, each beginning
// where the one before ends, all on one day. Such a run needs no times, and is sorted, summed up and packed at once. The
// values stand on the stage.
type lane struct {
	next    int64  // when a sample that continues the run begins
	at      uint32 // place on the stage of its values
	seconds int32  // of each sample
	has     uint16 // the measures of each
	room    uint16 // samples that may still follow
}

const (
	// runRows is the longest run: a day of five minutes. A shorter one costs more bytes a value, a longer one more memory
	// that waits.
	runRows = 288
	// pageLanes is the number of lanes whose values are made room for at once, pageShift the bits of a place within them.
	pageLanes = 64
	pageShift = 15
	// shortRun is the length below which the samples of a run are not worth a run, and wait as rows.
	shortRun = 8
)

// stage is the values of the runs, by column. The first lane is nobody's: what has no place goes there.
type stage struct {
	lanes    []lane
	machines []*machine          // of each lane
	pages    [columns][][]uint16 // of pageLanes lanes each; nil where no lane had a run
	used     []bool              // by page: a lane had a run
	ready    uint16              // columns that have all pages that are used
}

func newStage() stage {
	return stage{lanes: make([]lane, 1), machines: make([]*machine, 1), used: []bool{true}}
}

// placeOf returns where the values of a lane begin.
func placeOf(lane uint32) uint32 {
	return lane/pageLanes<<pageShift | lane%pageLanes*runRows
}

// laneOf returns the lane of a machine, making it where there is none.
func (s *stage) laneOf(m *machine) uint32 {
	if m.lane == 0 {
		m.lane = uint32(len(s.lanes))
		s.lanes, s.machines = append(s.lanes, lane{at: placeOf(m.lane)}), append(s.machines, m)
		if m.lane%pageLanes == 0 {
			s.used = append(s.used, false)
		}
	}
	return m.lane
}

// use says that a lane has a run.
func (s *stage) use(lane uint32) {
	if page := lane / pageLanes; !s.used[page] {
		s.used[page], s.ready = true, 0
	}
}

// grow makes room for columns where there is a run.
func (s *stage) grow(some uint16) {
	if s.ready|some == s.ready {
		return
	}
	for which := range s.pages {
		if some>>which&1 == 0 {
			continue
		}
		pages := append(s.pages[which], make([][]uint16, len(s.used)-len(s.pages[which]))...)
		for page, used := range s.used {
			if used && pages[page] == nil {
				pages[page] = make([]uint16, pageLanes*runRows)
			}
		}
		s.pages[which] = pages
	}
	s.ready |= some
}

// drop gives back the room of all runs, which must be closed.
func (s *stage) drop() {
	s.pages, s.ready = [columns][][]uint16{}, 0
	clear(s.used)
	s.used[0] = true
}

// length returns the number of samples in a lane's run.
func (s *stage) length(lane uint32) int { return int(s.lanes[lane].at - placeOf(lane)) }

// put writes the values of the rows before end to their places.
func (s *stage) put(b *batch, end int) {
	if b.placed == end {
		return
	}
	s.grow(b.some)
	to := b.to[b.placed:end]
	for which := range s.pages {
		if b.some>>which&1 == 0 {
			continue
		}
		pages := s.pages[which]
		for i, v := range b.values[which][b.placed:end][:len(to)] {
			at := to[i]
			pages[at>>pageShift][at&(1<<pageShift-1)] = v
		}
	}
	b.placed = end
}

// begin begins a run with a sample.
func (l *lane) begin(base uint32, start int64, seconds int32, has uint16) {
	left := (daySeconds - start%daySeconds + int64(seconds) - 1) / int64(seconds) // samples of this day
	if start >= lastDay*daySeconds {
		left = 1 // no sample begins later
	}
	*l = lane{next: start + int64(seconds), at: base + 1, seconds: seconds, has: has, room: uint16(min(left, runRows) - 1)}
}

// addRow counts a row that does not continue the run of its machine.
func (a *Accumulator) addRow(row int) error {
	s, b := &a.stage, &a.batch
	at, has := a.laneAt(row), b.has[row]
	if has&(measured|strange) == 0 {
		return nil // a row without any measure says nothing, not even that the machine ran
	}
	m, l := s.machines[at], &s.lanes[at]
	if has&strange != 0 {
		return a.addSample(m, &b.rows, row)
	}
	start, seconds, base := b.rows.start[row], b.rows.seconds[row], placeOf(at)
	follows := l.seconds == 0 || l.next == start && l.seconds == seconds && l.has == has
	n := s.length(at)
	if n > 0 {
		s.put(b, row)
		if err := a.closeRun(at); err != nil {
			return err
		}
	}
	if follows || n > 1 {
		s.use(at)
		l.begin(base, start, seconds, has)
		b.to[row] = base
		return nil
	}
	*l = lane{next: start + int64(seconds), at: base, seconds: seconds, has: has} // rows out of order make no runs
	return a.addSample(m, &b.rows, row)
}

// stretch is the samples of a run.
type stretch struct {
	day     int32
	start   int64
	seconds int32
	has     uint16
	n       int
	values  [columns][]uint16 // of the measures in has
}

// stretch returns the run of a lane.
func (s *stage) stretch(at uint32) stretch {
	l := &s.lanes[at]
	out := stretch{seconds: l.seconds, has: l.has, n: s.length(at)}
	out.start = l.next - int64(out.n)*int64(l.seconds)
	out.day = int32(out.start / daySeconds)
	base := placeOf(at)
	from := int(base & (1<<pageShift - 1))
	for which := range out.values {
		if l.has>>which&1 != 0 {
			out.values[which] = s.pages[which][base>>pageShift][from : from+out.n]
		}
	}
	return out
}

// closeRun moves the run of a lane into its machine.
func (a *Accumulator) closeRun(at uint32) error {
	s := &a.stage
	run, m := s.stretch(at), s.machines[at]
	s.lanes[at].at, s.lanes[at].room = placeOf(at), 0
	if run.n < shortRun {
		return a.addRows(m, &run)
	}
	if len(m.segments) > maxSegments {
		return errSegments
	}
	m.addValues(&run)
	m.addWeek(&run)
	m.addBounds(&run)
	if run.seconds <= 3600 {
		from := int(run.start - int64(run.day)*daySeconds)
		m.days.mark(run.day, from, from+run.n*int(run.seconds))
		if run.values[cpuAvg] != nil || run.values[cpuMax] != nil {
			m.hours.on(run.day).addRun(from, &run)
		}
	}
	return nil
}

// addRows lets the samples of a short run wait as rows.
func (a *Accumulator) addRows(m *machine, run *stretch) error {
	for i := range run.n {
		s := staged{start: run.start + int64(i)*int64(run.seconds), seconds: run.seconds, has: run.has & measured}
		for which, values := range run.values[:measures] {
			if values != nil {
				s.values[which] = values[i]
			}
		}
		if low := run.values[cpuLow]; low != nil {
			s.low = low[i]
		}
		if err := a.wait(m, s); err != nil {
			return err
		}
	}
	return nil
}

// addValues moves the values of a run into the tracks of the machine.
func (m *machine) addValues(run *stretch) {
	m.eachPart(run.day, run.seconds, func(segment uint16) {
		for which, values := range run.values[:measures] {
			if values != nil {
				m.track(measure(which)).Put(segment, values)
			}
		}
	})
}

// addWeek counts the CPU averages of a run in the hours of the week.
func (m *machine) addWeek(run *stretch) {
	values, seconds := run.values[cpuAvg], int64(run.seconds)
	if values == nil || seconds > 3600 {
		return
	}
	for start := run.start; len(values) > 0; {
		hour := start / 3600
		n := min(len(values), int((3600*(hour+1)-start+seconds-1)/seconds))
		sum := int64(0)
		for _, v := range values[:n] {
			sum += int64(v)
		}
		m.weekly().add(hourOf(hour), sum, int64(n), seconds)
		start += int64(n) * seconds
		values = values[n:]
	}
}

// addBounds counts a run in the bounds of overload.
func (m *machine) addBounds(run *stretch) {
	avg, high, low := run.values[cpuAvg], run.values[cpuMax], run.values[cpuLow]
	if high == nil {
		return
	}
	o, sum := m.bounds(), tally{ms: uint64(run.seconds) * 1000}
	for i, h := range high {
		l, top := int32(0), int32(h)
		if low != nil {
			l = int32(low[i])
		}
		if avg == nil {
			o.addMax(top, int64(run.seconds))
			continue
		}
		a := int32(avg[i])
		sum.add(o, min(l, a), a, max(top, a))
	}
	sum.into(o)
}
